// One witness node as the demonstration and the tests use it: its files, its process, its log.
import { spawn, execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync, appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);
const STOP_MS = 15000;

/** The fields of one logfmt line; quoted values lose their quotes. */
export function parseLogLine(line) {
  const fields = {};
  for (const match of line.matchAll(/([a-z0-9_]+)=("([^"]*)"|[^ ]*)/g)) fields[match[1]] = match[3] ?? match[2];
  return fields;
}

/** A port of the loopback address that was free a moment ago. */
export async function freePort() {
  const { createServer } = await import('node:net');
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

export class Node {
  /** `binary`: path of weir; `folder`: where the node's files go. */
  constructor({ binary, folder, name }) {
    Object.assign(this, { binary, folder, name, child: null, lines: [], watchers: [] });
    this.config = join(folder, 'weir.yaml');
  }

  /** Runs a command of the program for this node; resolves with its standard output. */
  async command(...args) {
    const { stdout } = await run(this.binary, [...args, '--config', this.config], { maxBuffer: 1 << 28 });
    return stdout;
  }

  /** Makes keys and files, then notes what others need to know. */
  async init() {
    await run(this.binary, ['init', this.folder, '--name', this.name, '--kdf', 'interactive']);
    this.keySet = await this.command('key', 'show', '--keyset');
    this.keys = JSON.parse(await this.command('key', 'show', '--json'));
    this.port = await freePort();
    this.url = `http://127.0.0.1:${this.port}`;
  }

  /** Writes the configuration and the key sets of the peers. */
  configure(text, peers) {
    mkdirSync(join(this.folder, 'peers'), { recursive: true });
    for (const peer of peers) writeFileSync(join(this.folder, 'peers', `${peer.name}.keyset`), peer.keySet);
    writeFileSync(this.config, text);
  }

  /** Starts `weir run`; every line of its log goes to the watchers and into `folder`/log. */
  start(...flags) {
    const child = spawn(this.binary, ['run', '--config', this.config, ...flags], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.child = child;
    this.ended = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
    this.killAtExit = () => child.kill('SIGKILL');
    process.once('exit', this.killAtExit);
    createInterface({ input: child.stderr }).on('line', (line) => {
      appendFileSync(join(this.folder, 'log'), line + '\n');
      const fields = parseLogLine(line);
      this.lines.push(fields);
      for (const watcher of [...this.watchers]) watcher(fields, this);
    });
    return this;
  }

  /** The next log line (from `since` on, an index into `lines`) for which `test` holds. */
  async until(test, what, milliseconds = 30000, since = 0) {
    const known = this.lines.slice(since).find(test);
    if (known) return known;
    return new Promise((resolve, reject) => {
      const finish = (outcome) => {
        clearTimeout(timer);
        this.watchers = this.watchers.filter((watcher) => watcher !== watch);
        outcome();
      };
      const watch = (fields) => { if (test(fields)) finish(() => resolve(fields)); };
      const timer = setTimeout(() => finish(() => reject(new Error(
        `${this.name}: ${what} did not happen within ${milliseconds} ms; its log is ${join(this.folder, 'log')}`))), milliseconds);
      this.watchers.push(watch);
      this.ended?.then(({ code, signal }) => finish(() => reject(new Error(
        `${this.name} ended (${signal ?? code}) before ${what}:\n${readFileSync(join(this.folder, 'log'), 'utf8').slice(-3000)}`))));
    });
  }

  ready() {
    return this.until((line) => line.event === 'ready', 'being ready', 60000);
  }

  async stop(signal = 'SIGTERM') {
    if (!this.child) return null;
    process.removeListener('exit', this.killAtExit);
    this.child.kill(signal);
    const timer = setTimeout(() => this.child?.kill('SIGKILL'), STOP_MS);
    const outcome = await this.ended;
    clearTimeout(timer);
    this.child = null;
    return outcome;
  }
}
