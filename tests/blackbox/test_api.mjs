// Goal: every address of the API says what docs/api.md says, exactly and bounded; what it takes is
// durable before it answers; what is wrong is refused with code, message and hint.
// Method: one running node with a probed service and event gauges, asked over HTTP; ended by SIGTERM
// and by SIGKILL in between; the same numbers from the commands.
// ctest: timeout=300
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ask, RunningNode, tokenHash, until } from './with_node.mjs';

const ERP = 'erp-token-5f2c';
const MONITOR = 'monitor-token-77aa';
const STRUCTURED = 'application/cloudevents+json';
const BATCH = 'application/cloudevents-batch+json';
const DAY_MS = 86400000;
const WINDOW_MS = 10000;

const service = createServer((_, answer) => answer.end('well'));
await new Promise((resolve) => service.listen(0, '127.0.0.1', resolve));

const otif = (name) => `  - name: ${name}
    kind: otif
    description: 'Parcels <b onclick="x">& more</b>'
    window:
      calendar: iso_week
    target_percent: "95"
    source: erp
    otif:
      unit: line
`;
let node;

before(async () => {
    node = await RunningNode.create(`collector:
  references: ["127.0.0.1:${service.address().port}"]
gauges:
  - name: web
    kind: availability
    window:
      calendar: fixed
      length: 10s
      anchor: 1970-01-01T00:00:00Z
    target_percent: "95"
    lateness: 1s
    probe:
      url: http://127.0.0.1:${service.address().port}/
      interval: 250ms
      timeout: 200ms
      allow_private: true
  - name: reported
    kind: availability
    window:
      calendar: month
    target_percent: "99.9"
    source: monitor
    subject: site-a
    hold: none
${otif('parcels')}${otif('parcels-again')}sources:
  - name: erp
    token_sha256: ${tokenHash(ERP)}
    events: [job.promised, job.delivered, job.started]
  - name: monitor
    token_sha256: ${tokenHash(MONITOR)}
    events: [probe.result]
limits:
  event_max: 4KiB
  batch_max: 50
`);
    await node.start();
});

after(() => {
    service.closeAllConnections();
    service.close();
});

const now = () => new Date().toISOString();
const today = () => now().slice(0, 10);
const promise = (id, more = {}, data = {}) => ({ specversion: '1.0', id: `p-${id}`, source: 'erp', type: 'job.promised',
    subject: `job-${id}`, time: now(), ...more, data: { due: today(), class: 'Air', rev: 1, ...data } });
const delivery = (id) => ({ specversion: '1.0', id: `d-${id}`, source: 'erp', type: 'job.delivered',
    subject: `job-${id}`, time: now() });

function send(body, { token = ERP, type = STRUCTURED, headers = {} } = {}) {
    const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    return node.post('/v1/events', text, { ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(type === null ? {} : { 'content-type': type }), ...headers });
}

const counts = (answer) => Object.fromEntries(Object.entries(answer.json())
    .filter(([name]) => name !== 'reasons' && name !== 'error').map(([name, value]) => [name, Number(value)]));

function expectError(answer, status, code) {
    assert.equal(answer.status, status, answer.text);
    const { error } = answer.json();
    assert.deepEqual(Object.keys(error), ['code', 'message', 'hint']);
    assert.equal(error.code, code, answer.text);
    assert.ok(error.message.length > 0 && error.hint.length > 0);
    assert.match(answer.headers['content-type'], /^application\/json/);
}

// No number of the API is a JSON number: nothing is rounded on the way.
function expectNoNumbers(value, path = '$') {
    assert.notEqual(typeof value, 'number', path);
    if (value !== null && typeof value === 'object')
        for (const [name, inner] of Object.entries(value))
            expectNoNumbers(inner, `${path}.${name}`);
}

// --- health -------------------------------------------------------------------------------------

test('health and readiness answer', async () => {
    assert.equal((await node.get('/-/healthy')).text, 'ok\n');
    assert.equal((await node.get('/-/ready')).text, 'ready\n');
    const verbose = await node.get('/-/ready?verbose');
    assert.equal(verbose.status, 200);
    for (const part of ['ledger', 'signer', 'disk', 'collector', 'settler'])
        assert.match(verbose.text, new RegExp(`^\\[\\+\\] ${part}: `, 'm'));
    assert.equal((await node.get('/-/ready?verbose=1')).text.split('\n')[0], 'ready');
});

test('HEAD answers like GET without a body', async () => {
    for (const path of ['/', '/-/healthy', '/metrics', '/v1/status', '/v1/gauges/web']) {
        const head = await ask(node.target, { method: 'HEAD', path });
        assert.equal(head.status, 200, path);
        assert.equal(head.bytes.length, 0, path);
        assert.ok(Number(head.headers['content-length']) > 0, path);
    }
});

test('other paths and methods are errors', async () => {
    for (const path of ['/v1/nothing', '/v2/gauges', '/v1/gauges/', '/favicon.ico/x/y', '/v1/status/'])
        expectError(await node.get(path), 404, 'NOT_FOUND');
    expectError(await ask(node.target, { method: 'DELETE', path: '/v1/status' }), 405, 'DENIED');
    expectError(await ask(node.target, { method: 'PUT', path: '/v1/events' }), 405, 'DENIED');
    expectError(await node.post('/v1/status', ''), 405, 'DENIED');
    expectError(await node.get('/v1/events'), 404, 'NOT_FOUND');
});

test('strange requests neither crash nor hang', async () => {
    for (const path of ['/v1/gauges/..%2f..%2fetc%2fpasswd', '/v1/gauges/%00web', `/v1/gauges/${'a'.repeat(9000)}`,
        '/v1/gauges/web?window=%ff%fe', '/v1/gauges/web?window=', '/v1/gauges/web?class=%00', '/%2e%2e/%2e%2e'])
        assert.ok((await node.get(path)).status >= 200, path);
    await assert.rejects(async () => {
        const answer = await node.get(`/${'a'.repeat(100000)}`);
        assert.ok(answer.status >= 400 && answer.status < 500);
        throw new Error('refused');
    });
    assert.equal((await node.get('/-/healthy')).status, 200);
});

// --- gauges -------------------------------------------------------------------------------------

const RECORD = ['gauge', 'class', 'window', 'start_ms', 'end_ms', 'num', 'den', 'state', 'rev', 'def', 'inputs', 'as_of_ms'];

test('the record of a gauge is exact and in fixed order', async () => {
    const record = await until('a tick', async () => {
        const seen = (await node.get('/v1/gauges/web')).json();
        return seen.inputs?.n !== '0' && seen.den !== '0' && seen;
    });
    assert.deepEqual(Object.keys(record).slice(0, RECORD.length), RECORD);
    expectNoNumbers(record);
    assert.equal(record.gauge, 'web');
    assert.equal(record.class, '_all');
    assert.equal(BigInt(record.end_ms) - BigInt(record.start_ms), BigInt(WINDOW_MS));
    assert.equal(Number(record.start_ms) % WINDOW_MS, 0);
    assert.match(record.def, /^[0-9a-f]{64}$/);
    assert.match(record.inputs.digest, /^[0-9a-f]{64}$/);
    assert.equal(record.num, record.up_ms);
    assert.equal(Number(record.den), Number(record.up_ms) + Number(record.down_ms));
    assert.equal(record.target, '95/100');
    assert.equal(record.budget_ms, '500');
    assert.equal(node.run(['gauge', 'show', 'web', '--json']).json().definition_hash ?? record.def, record.def);
});

test('a final window never changes', async () => {
    const { end_ms: end, window } = (await node.get('/v1/gauges/web')).json();
    await until('the window is final', () => Date.now() > Number(end) + 1500, 20000);
    const path = `/v1/gauges/web?window=${encodeURIComponent(window)}`;
    const first = (await node.get(path)).json();
    const second = (await node.get(path)).json();
    assert.equal(first.stage, 'final');
    assert.ok(first.as_of_ms <= second.as_of_ms);
    assert.deepEqual({ ...first, as_of_ms: '' }, { ...second, as_of_ms: '' });
});

test('several windows come newest first', async () => {
    const { gauge, windows } = (await node.get('/v1/gauges/web?last=5')).json();
    assert.equal(gauge, 'web');
    assert.equal(windows.length, 5);
    expectNoNumbers(windows);
    for (let i = 1; i < windows.length; i++)
        assert.equal(windows[i].end_ms, windows[i - 1].start_ms);
});

test('wrong questions about gauges are refused', async () => {
    expectError(await node.get('/v1/gauges/nobody'), 404, 'NOT_FOUND');
    expectError(await node.get('/v1/gauges/web?window=yesterday'), 400, 'PARSE');
    expectError(await node.get('/v1/gauges/web?window=2026-11-21T10:00:01Z'), 400, 'RANGE');
    expectError(await node.get('/v1/gauges/parcels?window=2026-W54'), 400, 'RANGE');
    for (const last of ['401', '-1', '1e3', '', ' 1', '99999999999999999999'])
        assert.equal((await node.get(`/v1/gauges/web?last=${encodeURIComponent(last)}`)).status, 400, last);
});

test('the lists name what is configured', async () => {
    const { gauges } = (await node.get('/v1/gauges')).json();
    assert.deepEqual(gauges.map(({ name }) => name), ['web', 'reported', 'parcels', 'parcels-again']);
    expectNoNumbers(gauges);
    assert.deepEqual((await node.get('/v1/agreements')).json(), { agreements: [] });
    assert.deepEqual((await node.get('/v1/payouts')).json(), { payouts: [] });
    expectError(await node.get('/v1/payouts?agreement=nobody'), 404, 'NOT_FOUND');
    expectError(await node.get('/v1/payouts?limit=1001'), 400, 'RANGE');
    expectError(await node.get('/v1/reports/xyz'), 400, 'PARSE');
    expectError(await node.get(`/v1/reports/${'0'.repeat(64)}`), 404, 'NOT_FOUND');
});

// --- events -------------------------------------------------------------------------------------

test('only a source with its token may send', async () => {
    for (const headers of [{}, { authorization: 'Bearer' }, { authorization: 'Bearer ' }, { authorization: ERP },
        { authorization: `Bearer ${ERP}x` }, { authorization: `Bearer  ${ERP}` },
        { authorization: `Basic ${Buffer.from(`erp:${ERP}`).toString('base64')}` },
        { authorization: `Bearer ${tokenHash(ERP)}` }])
        expectError(await send(promise('intruder'), { token: null, headers }), 401, 'DENIED');
    assert.equal((await node.get('/v1/gauges/parcels')).json().den, '0');
});

test('an event feeds every gauge it fits, once', async () => {
    assert.deepEqual(counts(await send(promise('one'))), { events: 1, added: 2, known: 0, superseded: 0, refused: 0, unused: 0 });
    for (const name of ['parcels', 'parcels-again']) {
        const all = (await node.get(`/v1/gauges/${name}`)).json();
        assert.deepEqual([all.num, all.den, all.inputs.n], ['0', '1', '1']);
        assert.equal((await node.get(`/v1/gauges/${name}?class=Air`)).json().den, '1');
        assert.equal((await node.get(`/v1/gauges/${name}?class=Sea`)).json().den, '0');
    }
    const done = await send(delivery('one'));
    assert.equal(done.status, 200);
    assert.deepEqual((await node.get('/v1/gauges/parcels')).json().num, '1');
});

test('the same event again is known, a newer revision supersedes', async () => {
    const first = promise('two', {}, { quantity: 1 });
    assert.equal(counts(await send(first)).added, 2);
    assert.deepEqual(counts(await send(first)), { events: 1, added: 0, known: 2, superseded: 0, refused: 0, unused: 0 });
    const newer = { ...first, data: { ...first.data, rev: 2, quantity: 2 } };
    assert.deepEqual(counts(await send(newer)), { events: 1, added: 2, known: 0, superseded: 2, refused: 0, unused: 0 });
    const older = { ...first, data: { ...first.data, rev: 0, quantity: 3 } };
    assert.deepEqual(counts(await send(older)), { events: 1, added: 2, known: 0, superseded: 2, refused: 0, unused: 0 });
});

test('of two conflicting events one counts, whatever comes first', async () => {
    const base = promise('three');
    const texts = [{ ...base, data: { ...base.data, class: 'Sea' } }, base];
    for (const event of texts)
        assert.equal((await send(event)).status, 200);
    const sea = (await node.get('/v1/gauges/parcels?class=Sea')).json().den;
    for (const event of texts)
        assert.equal(counts(await send(event)).known, 2);
    assert.equal((await node.get('/v1/gauges/parcels?class=Sea')).json().den, sea);
});

test('an event that no gauge counts is said to be unused', async () => {
    const started = { ...delivery('one'), id: 's-one', type: 'job.started' };
    assert.deepEqual(counts(await send(started)), { events: 1, added: 0, known: 0, superseded: 0, refused: 0, unused: 1 });
});

test('binary mode says the same as structured mode', async () => {
    const event = promise('four');
    const { data, ...attributes } = event;
    const headers = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce-${name}`, value]));
    const binary = await send(data, { type: 'application/json', headers });
    assert.equal(counts(binary).added, 2, binary.text);
    assert.equal(counts(await send(event)).known, 2);
    const bare = delivery('four');
    const bareHeaders = Object.fromEntries(Object.entries(bare).map(([name, value]) => [`ce-${name}`, value]));
    assert.equal(counts(await send('', { type: null, headers: bareHeaders })).added, 2);
});

test('a batch counts its good events and names the bad ones', async () => {
    const batch = [promise('five'), { ...promise('six'), time: 'yesterday' }, promise('seven', {}, { quantity: -1 }), delivery('five'),
        promise('eight', { source: 'monitor' })];
    const answer = await send(batch, { type: BATCH });
    assert.equal(answer.status, 200);
    assert.deepEqual(counts(answer), { events: 5, added: 4, known: 0, superseded: 0, refused: 3, unused: 0 });
    const { reasons } = answer.json();
    assert.deepEqual(reasons.map(({ index }) => index), ['1', '2', '4']);
    for (const { reason } of reasons)
        assert.ok(reason.length > 5);
    assert.deepEqual(counts(await send([], { type: BATCH })), { events: 0, added: 0, known: 0, superseded: 0, refused: 0, unused: 0 });
});

test('what cannot be taken is refused and kept', async () => {
    const future = promise('nine', { time: new Date(Date.now() + DAY_MS).toISOString() });
    expectErrorKept(await send(future), 400, 'PARSE');
    expectErrorKept(await send('{"specversion":"1.0"'), 400, 'PARSE');
    expectErrorKept(await send('not json'), 400, 'PARSE');
    expectErrorKept(await send('{"specversion":"1.0","id":"a","id":"b"}'), 400, 'PARSE');
    expectErrorKept(await send({ ...promise('ten'), specversion: '0.3' }), 400, 'PARSE');
    expectErrorKept(await send(promise('ten', {}, { note: 'x' })), 400, 'PARSE');
    const counted = JSON.stringify(promise('ten', {}, { quantity: 7 }));
    for (const quantity of ['1e999', '-7', '0', '7.5', '1e3', '9223372036854775808', '"NaN"', 'NaN', '[7]', '"7\\u0000"'])
        expectErrorKept(await send(counted.replace('"quantity":7', `"quantity":${quantity}`)), 400, 'PARSE');
    expectErrorKept(await send(Buffer.concat([Buffer.from(counted), Buffer.from([0])])), 400, 'PARSE');
    expectErrorKept(await send(Buffer.from(counted.replace('job-ten', 'job-\xff'), 'latin1')), 400, 'PARSE');
    expectErrorKept(await send(promise('ten', { subject: 'a'.repeat(5000) })), 400, 'PARSE');
    expectErrorKept(await send({ ...delivery('one'), id: 'x', type: 'job.returned' }), 403, 'DENIED');
    expectErrorKept(await send({ ...delivery('one'), id: 'x', source: 'other' }), 403, 'DENIED');
    expectErrorKept(await send(promise('ten'), { token: MONITOR }), 403, 'DENIED');
    const { refused } = (await node.get('/v1/status')).json();
    assert.ok(refused.length >= 5);
    assert.ok(refused.every(({ origin }) => origin === 'erp' || origin === 'monitor'));
});

function expectErrorKept(answer, status, code) {
    expectError(answer, status, code);
    assert.equal(answer.json().refused, '1');
}

test('what is too large or of another kind is refused whole', async () => {
    expectError(await send(promise('ten'), { type: 'text/plain' }), 415, 'PARSE');
    expectError(await send(promise('ten'), { type: 'application/json' }), 415, 'PARSE');
    expectError(await send(promise('ten'), { type: null }), 415, 'PARSE');
    expectError(await send(promise('ten'), { type: BATCH }), 400, 'PARSE');
    expectError(await send(Array.from({ length: 51 }, (_, i) => promise(`many-${i}`)), { type: BATCH }), 413, 'LIMIT');
    expectError(await send(Buffer.alloc(9 * 1024 * 1024, ' '), { type: BATCH }), 413, 'LIMIT');
    assert.equal((await node.get('/-/healthy')).status, 200);
});

test('a probe result counts for the gauge of its subject', async () => {
    const result = { specversion: '1.0', id: 'r-1', source: 'monitor', type: 'probe.result', subject: 'site-a',
        time: new Date(Date.now() - 60000).toISOString(), data: { state: 'down', reason: 'timeout' } };
    assert.equal(counts(await send(result, { token: MONITOR })).added, 1);
    assert.equal(counts(await send({ ...result, id: 'r-2', subject: 'site-b' }, { token: MONITOR })).unused, 1);
    const record = (await node.get('/v1/gauges/reported')).json();
    assert.ok(Number(record.down_ms) > 0 || new Date().getUTCDate() === 1);
});

// --- metrics and page ---------------------------------------------------------------------------

function parseMetrics(text) {
    const families = new Map();
    const series = new Map();
    for (const line of text.split('\n').slice(0, -1)) {
        const type = /^# TYPE (\S+) (counter|gauge|untyped|unknown)$/.exec(line);
        if (type) {
            assert.ok(!families.has(type[1]), `${type[1]} comes twice`);
            families.set(type[1], type[2]);
            continue;
        }
        if (/^# (HELP \S+ .+|EOF)$/.test(line))
            continue;
        const sample = /^([a-zA-Z_][a-zA-Z0-9_]*(?:\{[^\n]*\})?) (-?[0-9]+(?:\.[0-9]{3})?)$/.exec(line);
        assert.ok(sample, line);
        assert.ok(!series.has(sample[1]), `${sample[1]} comes twice`);
        const name = sample[1].replace(/\{.*/, '');
        assert.ok([...families.keys()].at(-1) === name || [...families.keys()].at(-1) === name.replace(/_total$/, ''), line);
        series.set(sample[1], sample[2]);
    }
    return { families, series };
}

test('metrics come in both formats and say the same', async () => {
    const plain = await node.get('/metrics');
    assert.equal(plain.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
    const open = await node.get('/metrics', { accept: 'application/openmetrics-text; version=1.0.0' });
    assert.equal(open.headers['content-type'], 'application/openmetrics-text; version=1.0.0; charset=utf-8');
    assert.ok(open.text.endsWith('\n# EOF\n'));
    const a = parseMetrics(plain.text);
    const b = parseMetrics(open.text);
    assert.deepEqual([...a.series.keys()].sort(), [...b.series.keys()].sort());
    for (const [name, type] of b.families)
        assert.ok(type !== 'counter' || !name.endsWith('_total'), name);
    assert.equal(a.series.get('weir_ready'), '1');
    assert.equal(a.series.get(`weir_build_info{version="0.1.0",node="w1.example"}`), '1');
    assert.equal(a.series.get('weir_window_den{gauge="parcels",class="Air",window="current"}'),
        (await node.get('/v1/gauges/parcels?class=Air')).json().den);
    assert.equal(a.series.get('weir_kill_signal{gauge="parcels",class="_all"}'), '0');
    const verdicts = ['met', 'breached', 'insufficient', 'no_data'].map((verdict) =>
        a.series.get(`weir_window_verdict{gauge="web",class="_all",window="current",verdict="${verdict}"}`));
    assert.deepEqual([...verdicts].sort(), ['0', '0', '0', '1']);
    for (const state of ['open', 'held', 'settled', 'expired', 'superseded'])
        assert.equal(a.series.get(`weir_payouts{state="${state}"}`), '0');
    assert.ok(Number(a.series.get('weir_log_leaves{gauge="web"}')) > 1);
});

test('docs/api.md names every door and every metric', () => {
    const source = (name) => readFileSync(join(process.env.WEIR_SOURCE, name), 'utf8');
    const page = source('docs/api.md');
    const metrics = [...source('node/metrics.def').matchAll(/^WEIR_METRIC\((\w+), (\w+), "([^"]*)"\)$/gm)];
    assert.ok(metrics.length > 20);
    for (const [, name, type, help] of metrics)
        assert.ok(page.includes(`| \`${name}\` | ${type} | ${help} |`), name);
    const doors = node.run(['doctor', '--json', '--offline']).json().findings
        .filter(({ part }) => part === 'doors').flatMap(({ text }) => text.match(/\b(?:GET|POST) \/[^, ]*/g) ?? []);
    assert.ok(doors.length > 15);
    for (const door of doors)
        assert.ok(page.includes(`| \`${door}\` |`), door);
});

test('the page is whole without scripts and loads nothing from elsewhere', async () => {
    const { text, headers } = await node.get('/');
    assert.match(headers['content-type'], /^text\/html; charset=utf-8$/);
    for (const name of ['web', 'reported', 'parcels', 'parcels-again'])
        assert.ok(text.includes(`/v1/gauges/${name}"`), name);
    assert.ok(text.includes('Parcels &lt;b onclick=&quot;x&quot;&gt;&amp; more&lt;/b&gt;'));
    assert.ok(!text.includes('onclick="'));
    assert.ok(!/\{\{|\}\}/.test(text.replace(/<(style|script)[\s\S]*?<\/\1>/g, '')));
    const elsewhere = [...text.matchAll(/(?:src|href|action)="([^"]*)"/g)].map(([, url]) => url)
        .filter((url) => !/^(?:\/(?!\/)|#|data:)/.test(url));
    assert.deepEqual(elsewhere, []);
    const digest = (part) => createHash('sha256').update(part).digest('base64');
    const style = /<style>([\s\S]*?)<\/style>/.exec(text)[1];
    const script = /<script type="module">([\s\S]*?)<\/script>/.exec(text)[1];
    assert.ok(text.includes(`style-src 'sha256-${digest(style)}'`));
    assert.ok(text.includes(`script-src 'sha256-${digest(script)}'`));
});

// --- the whole ----------------------------------------------------------------------------------

test('the status has everything and no JSON number', async () => {
    const status = (await node.get('/v1/status')).json();
    assert.deepEqual(Object.keys(status), ['node', 'version', 'running', 'now_ms', 'started_ms', 'ready', 'health', 'keys',
        'gauges', 'agreements', 'payouts', 'kill_signals', 'duties', 'refused']);
    expectNoNumbers(status);
    assert.deepEqual(status.duties.map(({ duty }) => duty), ['api', 'collector', 'settler']);
    const shown = node.run(['status', '--json']).json();
    assert.deepEqual(Object.keys(shown), Object.keys(status));
    assert.equal(shown.running, true);
    assert.match(node.run(['status']).stdout, /^w1\.example: running, ready$/m);
});

test('what was answered survives a kill at once', async () => {
    const event = promise('survivor');
    assert.equal(counts(await send(event)).added, 2);
    node.child.kill('SIGKILL');
    await node.ended;
    await until('the port is free', () => node.get('/-/healthy').then(() => false, () => true));
    await node.start();
    assert.deepEqual(counts(await send(event)), { events: 1, added: 0, known: 2, superseded: 0, refused: 0, unused: 0 });
});

test('the node ends in time, and its ledger still speaks', async () => {
    assert.equal((await send(promise('last'))).status, 200);
    const took = await node.stop();
    assert.ok(took < 2000, `SIGTERM took ${took} ms`);
    const status = node.run(['status', '--json'], { expected: 2 }).json();
    assert.equal(status.running, false);
    assert.equal(status.ready, null);
    assert.match(node.run(['status'], { expected: 2 }).stdout, /not running; this is what its ledger knows/);
    const check = node.run(['ledger', 'check', '--json']).json();
    assert.equal(check.agrees, true);
    assert.ok(Number(check.leaves) > 20);
});
