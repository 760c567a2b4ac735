// Goal: clients that are slow on purpose hold neither the node's attention nor its connections: others
// are answered at once, one address cannot take all places, and each slow connection is ended.
// Method: one address fills its places four ways (silent, headers byte by byte, body byte by byte, an
// answer never read) while another address asks; then everybody can come in again.
// ctest: timeout=180
import assert from 'node:assert/strict';
import { createConnection } from 'node:net';
import { after, before, test } from 'node:test';
import { ask, moment, RunningNode, tokenHash, until } from './with_node.mjs';

const PLACES = 24;
const PER_ADDRESS = 12;
const TIMEOUT_MS = 4000;
const END_MS = TIMEOUT_MS + 6000; // the listener looks every two seconds
const ATTACKERS = 60;
const ANSWER_MS = 1000;
const OTHER = '127.0.0.2';
const TOKEN = 'slow-token';

const sources = Array.from({ length: 40 }, (_, i) => `  - name: source-${i}
    events: [job.promised]
`).join('');
let node;
let attackers = [];

before(async () => {
    node = await RunningNode.create(`gauges:
  - name: parcels
    kind: otif
    window:
      calendar: iso_week
    target_percent: "95"
    otif:
      unit: line
sources:
  - name: erp
    token_sha256: ${tokenHash(TOKEN)}
    events: [job.promised]
${sources}`, { api: `  max_connections: ${PLACES}
  max_connections_per_address: ${PER_ADDRESS}
  timeout: ${TIMEOUT_MS / 1000}s
` });
    await node.start();
});

after(async () => {
    for (const { socket } of attackers)
        socket.destroy();
    const took = await node.stop();
    assert.ok(took < 2000, `SIGTERM took ${took} ms`);
});

// Opens connections that say `first` at once and then `drip` every so often.
function attack(count, first, drip) {
    const opened = Array.from({ length: count }, () => {
        const attacker = { isOpen: false, wasClosed: false, begun: Date.now() };
        attacker.socket = createConnection({ host: '127.0.0.1', port: node.port });
        attacker.socket.on('connect', () => {
            attacker.isOpen = true;
            attacker.socket.write(first);
        });
        if (first.startsWith('GET /v1')) // never read the answer
            attacker.socket.pause();
        else
            attacker.socket.resume();
        const timer = setInterval(() => attacker.isOpen && drip !== '' && attacker.socket.write(drip), 100);
        attacker.socket.on('error', () => {});
        attacker.socket.on('close', () => {
            clearInterval(timer);
            attacker.wasClosed = true;
            attacker.isOpen = false;
        });
        return attacker;
    });
    attackers.push(...opened);
    return opened;
}

// The other address is served all the while.
async function expectServed() {
    const began = Date.now();
    const answer = await ask({ ...node.target, localAddress: OTHER }, { path: '/-/healthy' });
    const took = Date.now() - began;
    assert.equal(answer.status, 200);
    assert.ok(took < ANSWER_MS, `another client waited ${took} ms`);
}

const ways = [
    ['silent connections', '', ''],
    ['headers that come byte by byte', 'GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ', 'a'],
    ['a first line that never ends', 'GET /', 'a'],
    ['a body that comes byte by byte', `POST /v1/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${TOKEN}\r\n`
        + 'Content-Type: application/cloudevents+json\r\nContent-Length: 1000000\r\n\r\n', ' '],
    ['answers that are asked for over and over and never read', 'GET /v1/status HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(50), ''],
];

for (const [name, first, drip] of ways)
    test(`${name} are ended and keep nobody out`, async () => {
        const begun = Date.now();
        const isRead = !first.startsWith('GET /v1');
        const opened = attack(ATTACKERS, first, drip);
        await until('places are full or given back', () => opened.every(({ isOpen, wasClosed }) => isOpen || wasClosed), 5000);
        while (Date.now() - begun < TIMEOUT_MS / 2) {
            await expectServed();
            if (isRead) // whoever does not read does not see the end
                assert.ok(opened.filter(({ isOpen }) => isOpen).length <= PER_ADDRESS + 1, 'one address holds too many places');
            await moment(200);
        }
        if (isRead)
            await until('every slow connection is ended', () => opened.every(({ wasClosed }) => wasClosed), END_MS);
        else
            await moment(END_MS - (Date.now() - begun));
        await until('the address may come again', () => ask(node.target, { path: '/-/healthy' })
            .then(({ status }) => status === 200, () => false), END_MS);
        for (const { socket } of opened)
            socket.destroy();
    });

test('what was ended is counted', async () => {
    await until('the count is written', async () => {
        const { text } = await node.get('/metrics');
        return Number(/^weir_api_slow_total (\d+)$/m.exec(text)?.[1] ?? 0) >= 2 * PER_ADDRESS;
    }, 10000);
});
