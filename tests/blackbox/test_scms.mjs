// Goal: the delivery history of nine years gives the published weekly numbers and kill runs byte for
// byte, once and again.
// Method: `weir import` of jobs.csv into gauges of both units, both kill rules and the share of
// quantity; `weir gauge history --csv` and `weir kill show` against the truth files; the same
// definitions evaluated by `weir gauge test` without a ledger.
// ctest: timeout=600 processors=2
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Node, expectSame, parseCsv, project, readCsv, vectors } from './with_measure.mjs';

const data = vectors('metrics/scms_otif');
const LINES = 10324;

const units = [['line', 'line'], ['order', 'commitment']];
const kills = [];
for (const [truthUnit, unit] of units)
    for (const rule of ['A', 'B'])
        for (const minDue of [1, 5])
            kills.push({ truthUnit, unit, rule, minDue, name: `${truthUnit}-${rule.toLowerCase()}-${minDue}` });

function gauge(name, unit, measure, kill) {
    return `  - name: ${name}
    kind: otif
    window:
      calendar: iso_week
    target_percent: "95"
    min_due: 20
    source: erp
    otif:
      unit: ${unit}
      measure: ${measure}
    kill:
      rule: ${kill.rule}
      min_due: ${kill.minDue}
`;
}

const node = new Node(`gauges:
${kills.map((kill) => gauge(kill.name, kill.unit, 'otif', kill)).join('')}${gauge('fill', 'line', 'fill', { rule: 'A', minDue: 1000000 })}
sources:
  - name: erp
    events: [job.promised, job.delivered]
    csv:
      date_format: YYYY-MM-DD
      rows:
        - type: job.promised
          fields:
            - {field: id, column: line_id, prefix: plan-}
            - {field: subject, column: line_id}
            - {field: order, column: order_id}
            - {field: class, column: class}
            - {field: occurred, column: due_date}
            - {field: due, column: due_date}
            - {field: quantity, column: qty}
        - type: job.delivered
          when_column: done_date
          fields:
            - {field: id, column: line_id, prefix: done-}
            - {field: subject, column: line_id}
            - {field: occurred, column: done_date}
            - {field: quantity, column: qty}
`);

const jobs = join(data, 'jobs.csv');
const first = node.json(['import', jobs]);
assert.equal(first.lines, String(LINES));
assert.equal(first.lines_refused, '0');
assert.equal(first.events, String(2 * LINES));
assert.equal(first.gauges.length, kills.length + 1);
for (const counts of first.gauges) {
    assert.equal(counts.added, String(2 * LINES), counts.gauge);
    assert.equal(counts.known, '0', counts.gauge);
}

const history = (name) => parseCsv(node.run(['gauge', 'history', name, '--csv']).stdout);
const trial = (name) => parseCsv(node.run(['gauge', 'test', name, jobs, '--csv']).stdout);
const numbers = ['class', 'window', 'num', 'den'];
const otifTruth = (file) => project(readCsv(join(data, file)), ['class', 'iso_week', 'otif_n', 'due_n']);

const lines = history('line-a-1');
expectSame(project(lines, numbers), otifTruth('truth_otif_line_weekly.csv'), 'lines');
assert.ok(lines.every((row) => row.stage === 'final' && row.revision === '0'));
const truth = readCsv(join(data, 'truth_otif_line_weekly.csv'));
expectSame(project(lines, ['below']), project(truth, ['below_95']), 'below target');
expectSame(project(history('order-a-1'), numbers), otifTruth('truth_otif_order_weekly.csv'), 'commitments');
expectSame(project(history('fill'), numbers),
    project(readCsv(join(data, 'truth_fill_qty_weekly.csv')), ['class', 'iso_week', 'qty_on_time', 'qty_due']),
    'quantities');
expectSame(project(trial('line-a-1'), numbers), project(lines, numbers), 'lines without a ledger');
expectSame(project(trial('order-b-5'), [...numbers, 'kill_since']),
    project(history('order-b-5'), [...numbers, 'kill_since']), 'commitments without a ledger');

// Runs: as they complete in the history, and as they were recorded.
const runs = readCsv(join(data, 'truth_kill_otif.csv'));
const recorded = node.json(['kill', 'show']).runs;
let runCount = 0;
for (const kill of kills) {
    const wanted = runs.filter((run) => run.unit === kill.truthUnit && run.rule === kill.rule
        && run.min_due === String(kill.minDue));
    assert.ok(wanted.length > 80, kill.name);
    runCount += wanted.length;
    expectSame(project(history(kill.name).filter((row) => row.kill_since !== ''), ['class', 'kill_since', 'window']),
        project(wanted, ['class', 'first_breach_week', 'fired_week']), `runs of ${kill.name}`);
    const fired = recorded.filter((run) => run.gauge === kill.name)
        .map((run) => `${run.class},${run.window}\n`).sort();
    expectSame(fired.join(''), wanted.map((run) => `${run.class},${run.fired_week}\n`).sort().join(''),
        `recorded runs of ${kill.name}`);
}
assert.equal(first.kill_signals, String(runCount));
assert.equal(recorded.length, runCount);

// An acknowledgement switches off what was final then, and nothing fires again.
node.run(['kill', 'ack', 'Air', '--gauge', 'line-a-1', '--reason', 'carrier replaced']);
const left = node.json(['kill', 'show', '--gauge', 'line-a-1']).runs;
assert.ok(left.length > 0 && left.every((run) => run.class !== 'Air'));
node.run(['kill', 'ack', 'Air', '--gauge', 'line-a-1', '--reason', 'again'], { expected: 1 });
node.run(['kill', 'ack', 'Truck', '--gauge', 'line-a-1'], { expected: 3 });

// The same file again: everything is known, nothing changes.
const before = node.run(['gauge', 'history', 'line-a-1', '--csv']).stdout;
const again = node.json(['import', jobs]);
for (const counts of again.gauges) {
    assert.equal(counts.added, '0', counts.gauge);
    assert.equal(counts.known, String(2 * LINES), counts.gauge);
}
assert.equal(again.windows_closed, '0');
assert.equal(again.verdicts, '0');
assert.equal(again.kill_signals, '0');
assert.equal(node.run(['gauge', 'history', 'line-a-1', '--csv']).stdout, before);
console.log(`${LINES} lines, ${lines.length} class-weeks, ${runCount} kill runs equal the truth files`);
