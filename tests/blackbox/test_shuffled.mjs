// Goal: the same events give the same bytes in any order, in batches of any size, with copies and
// superseded revisions among them, and with the process killed in the middle.
// Method: the shuffled stream of 21,888 events as CSV and as CloudEvents, in three orders, with
// batches of 1, 97 and 1,000; one run is killed when part of it is in the ledger and repeated.  All
// histories are equal to each other and to the truth file.
// ctest: timeout=600 processors=2
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Node, expectSame, parseCsv, project, readCsv, vectors } from './with_measure.mjs';

const data = vectors('metrics/vectors');
const truth = readCsv(join(vectors('metrics/scms_otif'), 'truth_otif_line_weekly.csv'));
const events = readCsv(join(data, 'scms_events_shuffled.csv'));
const EVENTS = 21888;
const SEED = 20090123;
// How much of the ledger is written when the import is killed: some batches are in, most are not.
const KILL_AT_BYTES = [['ledger.db-wal', 1e6], ['ledger.db', 2.5e6]];

function config(batch) {
    return `gauges:
  - name: deliveries
    kind: otif
    window:
      calendar: iso_week
    target_percent: "95"
    source: erp
    otif:
      unit: line
    kill:
      rule: A
      min_due: 5
sources:
  - name: erp
    events: [job.promised, job.delivered]
    csv:
      date_format: YYYY-MM-DD
      rows:
        - type: job.promised
          when_column: type
          when_equals: job.planned
          fields: &common
            - {field: id, column: id}
            - {field: rev, column: rev}
            - {field: subject, column: subject}
            - {field: class, column: cls}
            - {field: quantity, column: qty}
            - {field: occurred, column: time}
            - {field: due, column: due}
        - type: job.delivered
          when_column: type
          when_equals: job.delivered
          fields:
            - {field: id, column: id}
            - {field: rev, column: rev}
            - {field: subject, column: subject}
            - {field: class, column: cls}
            - {field: quantity, column: qty}
            - {field: occurred, column: done}
limits:
  batch_max: ${batch}
`.replace(' &common', '');
}

// Numbers that are the same everywhere (splitmix32).
let state = SEED;
function random(limit) {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) % limit;
}

function shuffled(items) {
    const order = [...items];
    for (let i = order.length - 1; i > 0; i--) {
        const other = random(i + 1);
        [order[i], order[other]] = [order[other], order[i]];
    }
    return order;
}

const columns = Object.keys(events[0]);
const csvOf = (items) => `${columns.join(',')}\n${project(items, columns)}`;

function cloudEvent(event) {
    const isPlan = event.type === 'job.planned';
    const occurred = isPlan ? event.time : event.done;
    return JSON.stringify({
        specversion: '1.0',
        id: event.id,
        source: event.source,
        type: isPlan ? 'job.promised' : 'job.delivered',
        subject: event.subject,
        time: `${occurred}T00:00:00Z`,
        data: {
            rev: Number(event.rev),
            class: event.cls,
            quantity: event.qty,
            ...(isPlan ? { due: event.due } : {}),
        },
    });
}

const historyOf = (node) => node.run(['gauge', 'history', 'deliveries', '--csv']).stdout;
const runsOf = (node) => node.json(['kill', 'show']).runs.map((run) => `${run.class},${run.window}`).sort().join('\n');

console.log(`seed ${SEED}`);
assert.equal(events.length, EVENTS);
const inOrder = new Node(config(1000));
const counts = inOrder.json(['import', inOrder.file('events.csv', csvOf(events))]).gauges[0];
const distinct = Number(counts.added);
assert.equal(distinct + Number(counts.known), EVENTS);
assert.ok(Number(counts.superseded) > 0 && Number(counts.known) > 0);
const wanted = historyOf(inOrder);
const wantedRuns = runsOf(inOrder);
const numbers = ['class', 'window', 'num', 'den'];
expectSame(project(parseCsv(wanted), numbers), project(truth, ['class', 'iso_week', 'otif_n', 'due_n']), 'in the order of the file');

const backwards = new Node(config(97));
backwards.run(['import', backwards.file('events.csv', csvOf([...events].reverse()))]);
expectSame(historyOf(backwards), wanted, 'backwards, in batches of 97');
assert.equal(runsOf(backwards), wantedRuns);

const cloud = new Node(config(1000));
cloud.run(['import', cloud.file('events.ndjson', shuffled(events).map((event) => `${cloudEvent(event)}\n`).join(''))]);
expectSame(historyOf(cloud), wanted, 'shuffled, as CloudEvents');
assert.equal(runsOf(cloud), wantedRuns);

// Killed in the middle, twice, and run again.
const killed = new Node(config(61));
const file = killed.file('events.csv', csvOf(shuffled(events)));
for (const [name, bytes] of KILL_AT_BYTES) {
    const path = join(killed.folder, 'data', name);
    const size = () => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    const signal = await killed.runUntil(['import', file], () => size() > bytes);
    assert.equal(signal, 'SIGKILL', `the import was killed at ${bytes} bytes of ${name}`);
}
const rest = killed.json(['import', file]).gauges[0];
assert.ok(Number(rest.added) > 0, 'something was left to import');
assert.ok(Number(rest.added) < distinct, 'something was imported before');
assert.equal(Number(rest.added) + Number(rest.known), EVENTS);
expectSame(historyOf(killed), wanted, 'killed in the middle');
assert.equal(runsOf(killed), wantedRuns);
assert.equal(killed.json(['import', file]).gauges[0].added, '0');
for (const node of [inOrder, killed])
    node.run(['ledger', 'check']);
console.log(`${EVENTS} events, ${distinct} of them distinct: four ways, one history`);
