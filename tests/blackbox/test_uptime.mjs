// Goal: real probes of a payment service, kept by somebody else, give the published up, down and
// unknown milliseconds of every month, byte for byte.
// Method: `weir import` of all probes at the time of the last one (the truth counts no later time),
// for two sites, with and without a longest hold, in the months of UTC and of Seoul.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Node, expectSame, parseCsv, project, readCsv, vectors } from './with_measure.mjs';

const data = vectors('metrics/uptime_upptime');
const sites = ['api-functionality', 'payment-functionality'];
const holds = [['none', 'none'], ['26h', '26h']];
const zones = ['UTC', 'Asia/Seoul'];

// Months of Seoul begin nine hours before those of UTC.
function boundaries() {
    const edges = [];
    for (let month = 9; month <= 9 + 30; month++)
        edges.push(new Date(Date.UTC(2021, month, 1) - 9 * 3600e3).toISOString().replace('.000', ''));
    return edges;
}

const gauges = [];
for (const site of sites)
    for (const zone of zones)
        for (const [hold, label] of holds)
            gauges.push({ site, zone, hold, label, name: `${site}-${zone === 'UTC' ? 'utc' : 'seoul'}-${label}` });

function gaugeText(gauge) {
    const zone = gauge.zone === 'UTC' ? '' : `      zone: ${gauge.zone}
      boundaries: [${boundaries().join(', ')}]
`;
    return `  - name: ${gauge.name}
    kind: availability
    window:
      calendar: month
${zone}    target_percent: "99.9"
    source: monitor
    subject: ${gauge.site}
    hold: ${gauge.hold}
`;
}

function rowText(site) {
    return `        - type: probe.result
          when_column: site
          when_equals: ${site}
          fields:
            - {field: id, column: time, prefix: ${site}/}
            - {field: subject, column: site}
            - {field: occurred, column: time}
            - {field: state, column: status}
            - {field: http_status, column: code}
            - {field: latency_ms, column: ms}
`;
}

const node = new Node(`gauges:
${gauges.map(gaugeText).join('')}
sources:
  - name: monitor
    events: [probe.result]
    csv:
      date_format: YYYY-MM-DDThh:mm:ss.sssZ
      rows:
${sites.map(rowText).join('')}`);

const probes = join(data, 'iamport_probes.csv');
const newest = Math.max(...readCsv(probes).map((row) => Date.parse(row.time)));
const clock = ['--clock', node.file('clock', `${newest}\n`)];
const first = node.json(['import', probes, ...clock]);
assert.equal(first.lines_refused, '0');
assert.equal(first.lines, '1740');

const truth = readCsv(join(data, 'truth_iamport_monthly.csv'));
const times = ['up_ms', 'down_ms', 'unknown_ms'];
let months = 0;
for (const gauge of gauges) {
    const wanted = truth.filter((row) => row.site === gauge.site && row.tz === gauge.zone
        && row.hold_cap === gauge.label);
    assert.ok(wanted.length >= 28, gauge.name);
    const rows = parseCsv(node.run(['gauge', 'history', gauge.name, '--csv', ...clock]).stdout);
    expectSame(project(rows, ['window', ...times]), project(wanted, ['month', ...times]), gauge.name);
    expectSame(project(rows, ['below']), project(wanted, ['below_99.9']), `${gauge.name} below target`);
    assert.ok(rows.every((row) => row.class === '_all' && row.maintenance_ms === '0'));
    const trial = parseCsv(node.run(['gauge', 'test', gauge.name, probes, '--csv', ...clock]).stdout);
    expectSame(project(trial, ['window', ...times]), project(rows, ['window', ...times]),
        `${gauge.name} without a ledger`);
    months += wanted.length;
}

// All months but the last are judged and final; unknown time does not hide a breach that is certain.
const rows = parseCsv(node.run(['gauge', 'history', gauges[0].name, '--csv', ...clock]).stdout);
assert.ok(rows.slice(0, -1).every((row) => row.stage === 'final' && row.revision !== ''));
assert.equal(rows.at(-1).stage, 'provisional');
assert.equal(`${rows[0].judgement} ${rows[0].certain}`, 'breached 1');
assert.equal(rows.find((row) => row.window === '2022-06').judgement, 'breached');
assert.equal(rows.find((row) => row.window === '2021-12').judgement, 'met');

// The same file again changes nothing.
const again = node.json(['import', probes, ...clock]);
for (const counts of again.gauges) {
    assert.equal(counts.added, '0', counts.gauge);
    assert.equal(counts.known, first.gauges.find((gauge) => gauge.gauge === counts.gauge).added, counts.gauge);
}
assert.equal(again.verdicts, '0');
console.log(`${months} months of ${gauges.length} gauges equal the truth file`);
