// Goal: whatever a probed service does, each tick gets its reason in time; what our own network or
// our own rules prevent is unknown, and what ran while the node was away is missed.
// Method: a node that probes one hostile server under ten paths, read back by /metrics and by the
// history; once with a reference that answers, once with one that does not; ended and started again.
// ctest: timeout=300
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { createServer as createPlain } from 'node:net';
import { Node, parseCsv, program } from './with_measure.mjs';

const WAIT_MS_MAX = 60000;
const INTERVAL_MS = 500;

const listen = (server) => new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));
const block = Buffer.alloc(65536, 'x');

function pour(response) {
    const more = () => {
        while (response.write(block));
        response.once('drain', more);
    };
    response.on('error', () => {});
    more();
}

const answers = {
    '/ok': (response) => response.end('all is well'),
    '/status': (response) => response.writeHead(503).end('all is well'),
    '/body': (response) => response.end('something else'),
    '/huge': (response) => {
        response.writeHead(200, { 'content-length': 10 * 1024 ** 3 });
        pour(response);
    },
    '/endless': (response) => pour(response),
    '/slow': (response) => {
        response.writeHead(200, { 'content-length': 1000 });
        const drip = setInterval(() => response.write('x'), 1000);
        response.on('close', () => clearInterval(drip));
    },
    '/silent': () => {},
    '/bomb': (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(block),
    '/loop': (response) => response.writeHead(302, { location: '/loop' }).end(),
    '/moved': (response) => response.writeHead(301, { location: '/ok' }).end(),
    '/followed': (response) => response.writeHead(302, { location: '/ok' }).end(),
};
const server = createServer((request, response) => (answers[request.url] ?? answers['/status'])(response));
server.on('clientError', () => {});
const port = await listen(server);
const garbage = createPlain((socket) => socket.on('error', () => {}).end('this is no HTTP\r\n\r\n'));
const garbagePort = await listen(garbage);
const closed = createServer();
const closedPort = await listen(closed);
closed.close();

const here = `http://127.0.0.1:${port}`;
const gauges = [
    { name: 'ok', url: `${here}/ok`, reason: 'ok', state: 'up' },
    { name: 'status', url: `${here}/status`, reason: 'status' },
    { name: 'body', url: `${here}/body`, reason: 'body' },
    { name: 'huge', url: `${here}/huge`, reason: 'too_large' },
    { name: 'endless', url: `${here}/endless`, reason: 'too_large' },
    { name: 'slow', url: `${here}/slow`, reason: 'timeout', doubtful: true },
    { name: 'silent', url: `${here}/silent`, reason: 'timeout', doubtful: true },
    { name: 'bomb', url: `${here}/bomb`, reason: 'protocol' },
    { name: 'garbage', url: `http://127.0.0.1:${garbagePort}/`, reason: 'protocol' },
    { name: 'loop', url: `${here}/loop`, reason: 'redirect', more: 'redirects: 3' },
    { name: 'moved', url: `${here}/moved`, reason: 'redirect' },
    { name: 'followed', url: `${here}/followed`, reason: 'ok', state: 'up', more: 'redirects: 1' },
    { name: 'refused', url: `http://127.0.0.1:${closedPort}/`, reason: 'refused' },
    { name: 'private', url: `${here}/ok`, reason: 'forbidden', state: 'unknown', closed: true },
];

function sections(reference) {
    return `collector:
  references: ["127.0.0.1:${reference}"]
gauges:
${gauges.map((gauge) => `  - name: ${gauge.name}
    kind: availability
    window:
      calendar: fixed
      length: 1h
      anchor: 1970-01-01T00:00:00Z
    target_percent: "95"
    probe:
      url: ${gauge.url}
      expect_body: all is well
      interval: ${INTERVAL_MS}ms
      timeout: ${INTERVAL_MS - 100}ms
      size_max: 1MiB
      allow_private: ${gauge.closed !== true}
${gauge.more ? `      ${gauge.more}\n` : ''}`).join('')}`;
}

// Starts the node; resolves with its process and the address of its API.
function start(node) {
    const child = spawn(program, ['run', '--config', node.config], { stdio: ['ignore', 'ignore', 'pipe'] });
    process.on('exit', () => child.kill('SIGKILL'));
    return new Promise((resolve, reject) => {
        let log = '';
        child.stderr.on('data', (bytes) => {
            log += bytes;
            const listening = log.match(/event=listening host=127\.0\.0\.1 port=(\d+)/);
            if (listening && log.includes('event=ready'))
                resolve({ child, api: `http://127.0.0.1:${listening[1]}`, log: () => log });
        });
        child.on('exit', (code) => reject(new Error(`weir run ended with ${code}: ${log}`)));
    });
}

function stop(running) {
    running.child.removeAllListeners('exit');
    const ended = new Promise((resolve) => running.child.on('exit', resolve));
    running.child.kill('SIGTERM');
    return ended;
}

async function ticksByReason(api) {
    const text = await (await fetch(`${api}/metrics`)).text();
    return Object.fromEntries([...text.matchAll(/^weir_probe_ticks_total\{.*?reason="(\w+)".*?\} (\d+)/gm)]
        .map(([, reason, count]) => [reason, Number(count)]));
}

// Waits for a fact, for so long and no longer.
async function until(what, isTrue) {
    const end = Date.now() + WAIT_MS_MAX;
    while (!(await isTrue())) {
        assert.ok(Date.now() < end, `waited for ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
}

async function measure(reference, whenDoubtful) {
    const node = new Node(sections(reference));
    const keys = ['key', 'new', '--kdf', 'interactive'];
    node.file('weir.passphrase', 'a passphrase for this test only\n');
    node.run(keys);
    node.run(['key', 'new-record', '--nothing-was-signed']);
    const running = await start(node);
    const wanted = [...new Set(gauges.map((gauge) => (gauge.doubtful ? whenDoubtful : gauge.reason)))].sort();
    await until(`the reasons ${wanted}`, async () => {
        const ticks = await ticksByReason(running.api);
        return wanted.every((reason) => ticks[reason] >= 4);
    });
    const ticks = await ticksByReason(running.api);
    assert.deepEqual(Object.keys(ticks).filter((reason) => reason !== 'missed').sort(), wanted);
    for (const gauge of gauges) {
        const [row] = parseCsv(node.run(['gauge', 'history', gauge.name, '--csv']).stdout).slice(-1);
        const state = gauge.doubtful && whenDoubtful === 'own_network' ? 'unknown' : gauge.state ?? 'down';
        const [up, down] = [Number(row.up_ms), Number(row.down_ms)];
        const seen = up > 0 && down === 0 ? 'up' : up === 0 && down > 0 ? 'down' : up + down === 0 ? 'unknown' : 'mixed';
        assert.equal(seen, state, `${gauge.name}: up ${up} ms, down ${down} ms`);
    }
    return { node, running };
}

const lost = await measure(closedPort, 'own_network');
assert.equal(await stop(lost.running), 0);

const { node, running } = await measure(port, 'timeout');
assert.equal(await stop(running), 0);
const stopped = Date.now();
await until('three intervals to pass', () => Date.now() - stopped > 3 * INTERVAL_MS);
const again = await start(node);
await until('missed ticks', async () => ((await ticksByReason(again.api)).missed ?? 0) >= 2 * gauges.length);
await until('new ticks', async () => ((await ticksByReason(again.api)).ok ?? 0) >= 2);
assert.equal(await stop(again), 0);
node.run(['ledger', 'check']);
const rows = parseCsv(node.run(['gauge', 'history', 'ok', '--csv']).stdout);
assert.ok(rows.every((row) => row.down_ms === '0'), 'what was missed is not down');
server.closeAllConnections();
server.close();
garbage.close();
console.log(`${gauges.length} kinds of answers, each with its reason`);
