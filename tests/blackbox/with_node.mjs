// Helpers of the black-box tests that talk to a running node: one in a temporary folder with a port
// of its own, waited for by what it answers, and requests over TCP and over its control socket.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const program = process.env.WEIR_BIN;
const COMMAND_MS_MAX = 60000;
const READY_MS_MAX = 60000;
const READY_POLL_MS = 50;
const ANSWER_MS_MAX = 60000;

// A moment between two looks at a fact.
export const moment = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export const tokenHash = (token) => createHash('sha256').update(token).digest('hex');

// A port that nobody listens on at this moment.
export async function freePort() {
    const server = createServer();
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address();
    await new Promise((resolve) => server.close(resolve));
    return port;
}

// Waits until `look` gives something true, for a bounded time.
export async function until(what, look, ms = READY_MS_MAX) {
    const end = Date.now() + ms;
    for (;;) {
        const seen = await look();
        if (seen)
            return seen;
        if (Date.now() > end)
            assert.fail(`${what}: not within ${ms} ms`);
        await moment(READY_POLL_MS);
    }
}

// Status, headers and body of one request; `socketPath` instead of host and port for the control
// socket.
export function ask(target, { method = 'GET', path = '/', headers = {}, body = undefined } = {}) {
    return new Promise((resolve, reject) => {
        const outgoing = httpRequest({ ...target, method, path, headers, agent: false }, (answer) => {
            const chunks = [];
            answer.on('data', (chunk) => chunks.push(chunk));
            answer.on('error', reject);
            answer.on('end', () => {
                const bytes = Buffer.concat(chunks);
                resolve({ status: answer.statusCode, headers: answer.headers, bytes,
                    text: bytes.toString('utf8'), json: () => JSON.parse(bytes.toString('utf8')) });
            });
        });
        outgoing.setTimeout(ANSWER_MS_MAX, () => outgoing.destroy(new Error('no answer in time')));
        outgoing.on('error', reject);
        outgoing.end(body);
    });
}

export class RunningNode {
    // `sections`: text of the configuration behind node and api; `api`: more lines of the api section.
    static async create(sections, { name = 'w1.example', api = '' } = {}) {
        const node = new RunningNode();
        node.name = name;
        node.parent = mkdtempSync(join(tmpdir(), 'weir-node-'));
        process.on('exit', () => {
            node.child?.kill('SIGKILL');
            rmSync(node.parent, { recursive: true, force: true });
        });
        node.folder = join(node.parent, 'n');
        node.config = join(node.folder, 'weir.yaml');
        node.port = await freePort();
        const made = spawnSync(program, ['init', node.folder, '--name', name, '--kdf', 'interactive'],
            { encoding: 'utf8', timeout: COMMAND_MS_MAX });
        assert.equal(made.status, 0, made.stderr);
        writeFileSync(node.config, `node:
  name: ${name}
  data_dir: data
  key_file: weir.keys
  passphrase_file: weir.passphrase
api:
  listen: "127.0.0.1:${node.port}"
${api}${sections}`);
        return node;
    }

    get target() {
        return { host: '127.0.0.1', port: this.port };
    }

    get control() {
        return { socketPath: join(this.folder, 'data', 'control.sock') };
    }

    // Starts `weir run` and waits until it is ready, and until the one who answers is this node.
    async start() {
        this.log = '';
        this.child = spawn(program, ['run', '--config', this.config], { stdio: ['ignore', 'ignore', 'pipe'] });
        this.child.stderr.on('data', (text) => (this.log += text));
        this.ended = new Promise((resolve) =>
            this.child.on('exit', (status, signal) => resolve({ status, signal })));
        await until('the node is ready', async () => {
            if (this.child.exitCode !== null)
                assert.fail(`weir run ended with ${this.child.exitCode}:\n${this.log}`);
            return ask(this.target, { path: '/-/ready' }).then((answer) => answer.status === 200, () => false);
        });
        const ours = this.run(['key', 'show', '--json']).json();
        const theirs = (await this.get('/v1/status')).json();
        assert.equal(theirs.node, this.name);
        assert.equal(theirs.keys.identity, ours.identity);
    }

    // SIGTERM; gives the milliseconds it took to end.
    async stop() {
        const began = Date.now();
        this.child.kill('SIGTERM');
        const { status, signal } = await this.ended;
        assert.deepEqual({ status, signal }, { status: 0, signal: null }, this.log);
        return Date.now() - began;
    }

    run(words, { expected = 0 } = {}) {
        const result = spawnSync(program, [...words, '--config', this.config],
            { encoding: 'utf8', timeout: COMMAND_MS_MAX, maxBuffer: 64 * 1024 * 1024 });
        if (result.status !== expected)
            console.error(`weir ${words.join(' ')}\n${result.stdout.slice(0, 4000)}${result.stderr}`);
        assert.equal(result.status, expected, `exit status of weir ${words.join(' ')}`);
        return { ...result, json: () => JSON.parse(result.stdout) };
    }

    get(path, headers = {}) {
        return ask(this.target, { path, headers });
    }

    post(path, body, headers = {}) {
        return ask(this.target, { method: 'POST', path, headers, body });
    }

    file(name) {
        return readFileSync(join(this.folder, name), 'utf8');
    }
}
