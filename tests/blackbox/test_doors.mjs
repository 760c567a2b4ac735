// Goal: every way into the node is closed to whoever has no business there, says nothing it should
// not, and `weir doctor` names each of them in plain words.
// Method: one running node; its listener, control socket, peer paths, witness path and files tried by
// the wrong ones; secrets looked for in everything the node prints.
// ctest: timeout=180
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { ask, program, RunningNode, tokenHash } from './with_node.mjs';

const TOKEN = 'canary-token-e81b6a';
const SECTIONS = `gauges:
  - name: parcels
    kind: otif
    window:
      calendar: iso_week
    target_percent: "95"
    source: erp
    otif:
      unit: line
sources:
  - name: erp
    token_sha256: ${tokenHash(TOKEN)}
    events: [job.promised]
  - name: files
    events: [job.promised]
`;
const NOBODY = 65534;
let node;

before(async () => {
    node = await RunningNode.create(SECTIONS);
    await node.start();
});

const code = (answer) => answer.json().error.code;

test('nobody but this machine reaches the listener', async () => {
    const outside = Object.values(networkInterfaces()).flat()
        .find(({ internal, family }) => !internal && family === 'IPv4');
    if (outside === undefined) {
        console.log('this machine has no address but loopback: the listener was tried on that only');
        return;
    }
    const reason = await new Promise((resolve) => connect(node.port, outside.address)
        .on('connect', () => resolve('connected')).on('error', (error) => resolve(error.code)));
    assert.equal(reason, 'ECONNREFUSED');
});

test('another address must be asked for aloud', () => {
    const text = readFileSync(node.config, 'utf8');
    const config = join(node.folder, 'remote.yaml');
    writeFileSync(config, text.replace(/listen: .*/, 'listen: "0.0.0.0:8460"'), { mode: 0o600 });
    const refused = spawnSync(program, ['config', 'check', '--config', config], { encoding: 'utf8' });
    assert.equal(refused.status, 3);
    assert.match(refused.stderr, /allow_remote|loopback/);
    writeFileSync(config, text.replace(/listen: .*/, 'listen: "0.0.0.0:8460"\n  allow_remote: true'), { mode: 0o600 });
    const looked = spawnSync(program, ['doctor', '--offline', '--json', '--config', config], { encoding: 'utf8' });
    assert.equal(looked.status, 4, looked.stderr);
    assert.ok(JSON.parse(looked.stdout).findings.some(({ level, text: said }) => level === 'warn' && said.includes('0.0.0.0')));
});

test('the control socket answers this user only', async () => {
    const path = node.control.socketPath;
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal((await ask(node.control, { path: '/v1/status' })).json().node, 'w1.example');
    if (process.getuid() !== 0) {
        console.log('not root: another user was not tried');
        return;
    }
    const folders = [node.parent, node.folder, join(node.folder, 'data')];
    const modes = folders.map((folder) => statSync(folder).mode & 0o777);
    folders.forEach((folder) => chmodSync(folder, 0o755));
    chmodSync(path, 0o666);
    const script = `require('http').get({ socketPath: ${JSON.stringify(path)}, path: '/-/healthy' },
        (answer) => process.exit(answer.statusCode === 200 ? 10 : 11)).on('error', (error) => {
        process.exit(error.code === 'ECONNRESET' || error.code === 'EPIPE' || error.message === 'socket hang up' ? 12 : 13); })`;
    const other = spawnSync(process.execPath, ['-e', script], { uid: NOBODY, gid: NOBODY, cwd: '/', timeout: 20000 });
    const root = spawnSync(process.execPath, ['-e', script], { cwd: '/', timeout: 20000 });
    folders.forEach((folder, i) => chmodSync(folder, modes[i]));
    chmodSync(path, 0o600);
    assert.equal(other.status, 12, `another user: ${other.status} ${other.stderr}`);
    assert.equal(root.status, 10, `root: ${root.status} ${root.stderr}`);
});

test('peers without a valid signature are refused', async () => {
    const headers = { 'weir-node': 'w2.example', 'weir-statement': 'AAAA', 'weir-signature': 'AAAA' };
    for (const path of ['/peer/v1/log', '/peer/v1/cosigned', '/peer/v1/report', '/peer/v1/complete'])
        for (const given of [{}, headers, { ...headers, 'weir-node': 'w1.example' }, { 'weir-node': '\u00fc'.repeat(1000) }]) {
            const answer = await node.post(path, 'anything', given);
            assert.equal(answer.status, 403, `${path} ${answer.text}`);
            assert.ok(['DENIED', 'SIGNATURE'].includes(code(answer)), answer.text);
        }
});

test('the witness path takes only what a known log has signed', async () => {
    for (const body of ['', 'old 0\n', 'old 0\n\nsomebody/else\n1\nAAAA\n\n— somebody/else AAAA\n', '\0'.repeat(1000)]) {
        const answer = await node.post('/add-checkpoint', body);
        assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status}`);
    }
    assert.equal((await node.get(`/${'0'.repeat(64)}/checkpoint`)).status, 404);
    assert.equal((await node.get('/x/checkpoint')).status, 404);
});

test('secrets are nowhere in what the node says', async () => {
    await node.post('/v1/events', '{}', { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/cloudevents+json' });
    await node.post('/v1/events', '{}', { authorization: `Bearer ${TOKEN}x` });
    const passphrase = node.file('weir.passphrase').trim();
    const said = [node.log, (await node.get('/')).text, (await node.get('/v1/status')).text, (await node.get('/metrics')).text,
        node.run(['config', 'show']).stdout, node.run(['status', '--json']).stdout,
        node.run(['doctor', '--json', '--keys', '--offline']).stdout];
    for (const text of said)
        for (const secret of [TOKEN, tokenHash(TOKEN), passphrase])
            assert.ok(!text.includes(secret), text.slice(Math.max(0, text.indexOf(secret) - 200), text.indexOf(secret)));
});

test('the doctor names every door', () => {
    const { findings, warnings, running } = node.run(['doctor', '--json', '--offline']).json();
    assert.equal(warnings, '0');
    assert.equal(running, true);
    const doors = findings.filter(({ part }) => part === 'doors').map(({ text }) => text).join('\n');
    for (const named of [`127.0.0.1 port ${node.port}`, 'POST /v1/events', 'POST /peer/v1/report', 'POST /add-checkpoint', 'GET /metrics',
        'source erp may send with its token: job.promised', 'source files has no token', 'control.sock has mode 0600'])
        assert.ok(doors.includes(named), `${named} is not in:\n${doors}`);
    assert.match(node.run(['doctor', '--offline']).stdout, /Nothing to look at\./);
});

test('the doctor notices files that others can read, and other keys', () => {
    const complain = (words, pattern) => {
        const { findings } = node.run(['doctor', '--json', '--offline', ...words], { expected: 4 }).json();
        const warned = findings.filter(({ level }) => level === 'warn').map(({ text }) => text);
        assert.ok(warned.some((text) => pattern.test(text)), warned.join('\n'));
    };
    for (const [name, wide, narrow] of [['weir.keys', 0o644, 0o600], ['weir.passphrase', 0o640, 0o600], ['data', 0o755, 0o700],
        ['data/ledger.db', 0o604, 0o600], ['data/signer', 0o750, 0o700]]) {
        chmodSync(join(node.folder, name), wide);
        complain([], new RegExp(`${name.replaceAll('.', '\\.')} is open to others \\(mode 0${wide.toString(8)}\\)`));
        chmodSync(join(node.folder, name), narrow);
    }
    const passphrase = join(node.folder, 'weir.passphrase');
    const right = readFileSync(passphrase);
    writeFileSync(passphrase, 'another passphrase altogether\n');
    complain(['--keys'], /passphrase/);
    writeFileSync(passphrase, right);
    node.run(['doctor', '--json', '--offline', '--keys']);
});

test('the node ends within two seconds', async () => {
    const took = await node.stop();
    assert.ok(took < 2000, `SIGTERM took ${took} ms`);
    assert.equal(node.run(['doctor', '--json', '--offline']).json().running, false);
});
