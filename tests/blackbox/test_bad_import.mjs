// Goal: no line of a file can do harm: each bad one is refused with file, line and reason and kept,
// the good ones around it count, and doing it again changes nothing.
// Method: one bad line of every kind between good ones, as CSV and as CloudEvents; lines too long
// and without end; files that are none.
import assert from 'node:assert/strict';
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Node, parseCsv } from './with_measure.mjs';

const node = new Node(`gauges:
  - name: deliveries
    kind: otif
    window:
      calendar: iso_week
    target_percent: "95"
    source: erp
    otif:
      unit: line
sources:
  - name: erp
    events: [job.promised, job.delivered]
    csv:
      date_format: YYYY-MM-DD
      rows:
        - type: job.promised
          fields:
            - {field: id, column: id}
            - {field: subject, column: job}
            - {field: class, column: class}
            - {field: occurred, column: made}
            - {field: due, column: due}
            - {field: quantity, column: qty}
  - name: bare
    events: [job.promised]
`);
const HEADER = 'id,job,class,made,due,qty\n';
const good = (i) => `p${i},job${i},Air,2026-01-02,2026-02-0${i},5\n`;
const NUL = '\0';

function importBad(name, content, { expected = 1, source = 'erp' } = {}) {
    const path = node.file(name, content);
    const result = node.run(['import', path, '--source', source, '--json'], { expected });
    const messages = result.stderr.split('\n').filter((line) => line.startsWith(`weir: ${path}:`))
        .map((line) => line.slice(`weir: ${path}:`.length));
    return { path, result, messages, counts: JSON.parse(result.stdout) };
}

const added = (counts) => Number(counts.gauges[0].added);
const due = () => parseCsv(node.run(['gauge', 'history', 'deliveries', '--csv', '--class', '_all']).stdout)
    .reduce((sum, row) => sum + Number(row.den), 0);

// Every kind of bad line, with the line number and the reason that must be told.
const bad = [
    ['p9,job9,Air,2026-01-02,2026-02-01', 'columns'],
    ['p9,job9,Air,2026-01-02,2026-02-01,5,more', 'columns'],
    ['p9,job9,Air,2026-01-02,2026-02-30,5', 'time'],
    ['p9,job9,Air,2026-13-01,2026-02-01,5', 'time'],
    ['p9,job9,Air,02/01/2026,2026-02-01,5', 'time'],
    ['p9,job9,Air,,2026-02-01,5', 'missing_field'],
    ['p9,job9,Air,2026-01-02,2026-02-01,-5', 'quantity'],
    ['p9,job9,Air,2026-01-02,2026-02-01,1e999', 'quantity'],
    ['p9,job9,Air,2026-01-02,2026-02-01,NaN', 'quantity'],
    ['p9,job9,Air,2026-01-02,2026-02-01,0x5', 'quantity'],
    ['p9,job9,Air,2026-01-02,2026-02-01,5.0', 'quantity'],
    ['p9,job9,Air,2026-01-02,2026-02-01,99999999999999999999', 'quantity'],
    [`p9,jo${NUL}b9,Air,2026-01-02,2026-02-01,5`, 'text'],
    ['p9,job9,A\u001bir,2026-01-02,2026-02-01,5', 'text'],
    ['p9,,Air,2026-01-02,2026-02-01,5', 'missing_field'],
    [',job9,Air,2026-01-02,2026-02-01,5', 'missing_field'],
    ['p9,job9,Air,2026-01-02,,5', 'missing_field'],
    ['p9,job9,_all,2026-01-02,2026-02-01,5', 'text'],
    ['p9,job9,Air,9026-01-02,2026-02-01,5', 'future'],
    ['p9,"job9"x,Air,2026-01-02,2026-02-01,5', 'syntax'],
    [`p9,${'j'.repeat(600)},Air,2026-01-02,2026-02-01,5`, 'text'],
    [`p9,${'j'.repeat(70000)},Air,2026-01-02,2026-02-01,5`, 'too_long'],
];
let content = HEADER + good(1);
const expectedPlaces = bad.map(([line, reason], i) => {
    content += `${line}\n`;
    return `${i + 3}: ${reason}: `;
});
content += good(2);
const first = importBad('bad.csv', content);
assert.equal(first.counts.lines_refused, String(bad.length));
assert.equal(first.counts.events, '2');
assert.equal(added(first.counts), 2);
const shown = Math.min(20, bad.length);
assert.equal(first.messages.length, shown);
expectedPlaces.slice(0, shown).forEach((place, i) =>
    assert.ok(first.messages[i].startsWith(place), `${first.messages[i]} does not begin with ${place}`));
assert.match(first.result.stderr, /2 more lines were refused/);
assert.equal(due(), 2);

// The same file again: the good lines are known, the bad ones as bad as before.
const again = importBad('bad.csv', content);
assert.equal(added(again.counts), 0);
assert.equal(again.counts.gauges[0].known, '2');
assert.equal(again.counts.lines_refused, String(bad.length));
assert.equal(due(), 2);

// Lines of one record each, with other line ends and a mark of byte order.
const ends = importBad('ends.csv', `\ufeff${HEADER}${good(3)}broken\r${good(4)}`.replaceAll('\n', '\r'));
assert.deepEqual([added(ends.counts), ends.messages[0].split(':')[0]], [2, '3']);

// A line without end: what is before it counts, the rest of the file is not read.
function longFile(name, bytes) {
    const path = node.file(name, HEADER + good(5));
    const file = openSync(path, 'r+');
    ftruncateSync(file, bytes);
    writeSync(file, `\n${good(6)}`, bytes);
    closeSync(file);
    return path;
}
const endless = longFile('endless.csv', 1024 ** 3);
const failed = node.run(['import', endless, '--source', 'erp'], { expected: 1 });
assert.match(failed.stderr, /endless\.csv:3: too_long/);
assert.match(failed.stderr, /endless\.csv:3: the line is longer than 16777216 bytes; the rest of the file was not read/);
assert.equal(due(), 5);
const long = longFile('long.csv', 4 * 1024 ** 2);
node.run(['import', long, '--source', 'erp'], { expected: 1 });
assert.equal(due(), 6, 'behind a line of 4 MiB the reading goes on');
const endlessJson = node.run(['import', longFile('endless.ndjson', 1024 ** 3), '--source', 'erp'], { expected: 1 });
assert.match(endlessJson.stderr, /endless\.ndjson:\d+: the line is longer than/);

// Files that are none.
for (const [name, text, message] of [
    ['empty.csv', '', /empty\.csv is empty/],
    ['other.csv', 'a,b\n1,2\n', /has no column 'id', which source 'erp' names/],
]) {
    const path = node.file(name, text);
    const { stderr, status } = node.run(['import', path, '--source', 'erp'], { expected: name === 'other.csv' ? 3 : 1 });
    assert.match(stderr, message, `${name} ${status}`);
}
assert.match(node.run(['import', node.file('a.csv', HEADER), '--source', 'bare'], { expected: 3 }).stderr, /no csv mapping/);
assert.match(node.run(['import', 'a.csv', '--source', 'epr'], { expected: 3 }).stderr, /no source 'epr'/);
node.run(['import', join(node.folder, 'absent.csv'), '--source', 'erp'], { expected: 1 });
node.run(['import', node.folder, '--source', 'erp'], { expected: 1 });

// CloudEvents, one per line.
const event = (more) => ({
    specversion: '1.0', id: 'c1', source: 'erp', type: 'job.promised', subject: 'cloud1',
    time: '2026-01-02T10:00:00Z', data: { due: '2026-02-03', class: 'Sea', quantity: 7 }, ...more,
});
const future = new Date(Date.now() + 3600e3).toISOString();
const badEvents = [
    ['{"specversion":"1.0",', 'syntax'],
    ['{"a":1,"a":2}', 'syntax'],
    ['[]', 'syntax'],
    ['NaN', 'syntax'],
    [JSON.stringify(event({})).replace('7', '1e999'), 'syntax'],
    [JSON.stringify(event({})).replace('7', 'NaN'), 'syntax'],
    [JSON.stringify(event({})).replace('7', '7.0'), 'syntax'],
    [JSON.stringify(event({})).replace('7', '-7'), 'quantity'],
    [JSON.stringify(event({})).replace('cloud1', 'clo\\u0000ud1'), 'syntax'],
    [`${JSON.stringify(event({}))} x`, 'syntax'],
    [event({ specversion: '0.3' }), 'syntax'],
    [event({ id: undefined }), 'missing_field'],
    [event({ time: undefined }), 'missing_field'],
    [event({ time: '2026-02-30T10:00:00Z' }), 'time'],
    [event({ time: future }), 'future'],
    [event({ type: 'job.promissed' }), 'type'],
    [event({ type: 'job.cancelled', data: { by: 'us' } }), 'not_permitted'],
    [event({ source: 'crm' }), 'not_permitted'],
    [event({ data: { due: '2026-02-03', colour: 'red' } }), 'foreign_field'],
    [event({ data: 'text' }), 'syntax'],
];
const badLines = badEvents.map(([item]) => (typeof item === 'string' ? item : JSON.stringify(item)));
const conflicting = event({ data: { due: '2026-02-10', class: 'Sea', quantity: 7 } });
const cloud = importBad('bad.ndjson', [
    JSON.stringify(event({})), ...badLines, JSON.stringify(event({})), '', JSON.stringify(conflicting),
].join('\n'));
assert.equal(cloud.counts.lines_refused, String(badEvents.length));
badEvents.forEach(([, reason], i) =>
    assert.ok(cloud.messages[i].startsWith(`${i + 2}: ${reason}: `), `${cloud.messages[i]} is not ${reason}`));
assert.deepEqual([added(cloud.counts), cloud.counts.gauges[0].known, cloud.counts.gauges[0].superseded], [2, '1', '1']);
assert.equal(due(), 7, 'of two that contradict each other one counts');
const sea = node.run(['gauge', 'history', 'deliveries', '--csv', '--class', 'Sea']).stdout;

// The conflict ends the same way round.
const other = new Node(`gauges:
  - name: deliveries
    kind: otif
    window:
      calendar: iso_week
    target_percent: "95"
    source: erp
    otif:
      unit: line
sources:
  - name: erp
    events: [job.promised]
`);
other.run(['import', other.file('conflict.ndjson', `${JSON.stringify(conflicting)}\n${JSON.stringify(event({}))}\n`)]);
assert.equal(other.run(['gauge', 'history', 'deliveries', '--csv', '--class', 'Sea']).stdout, sea);
console.log(`${bad.length} bad lines, ${badEvents.length} bad events, 3 lines without end: all refused, the rest taken`);
