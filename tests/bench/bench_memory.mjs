// What a node with many gauges takes: memory of all its processes together, and the time until it works.
//   WEIR_BIN=build/release/weir node tests/bench/bench_memory.mjs [GAUGES [SECONDS]]
// Every gauge probes a local service every 10 s.  Memory is PSS (each shared page counted once, divided among who share
// it) after SECONDS of work.  The start is taken apart by the node's own log: the check of the ledger and the opening
// of the keys (memory-hard by intent) are shown beside what remains.
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Node } from '../demo/node.mjs';
import { startService } from '../demo/world.mjs';

const GAUGES = Number(process.argv[2] ?? 1000);
const SECONDS = Number(process.argv[3] ?? 45);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function configuration(node, service) {
  const gauges = Array.from({ length: GAUGES }, (_, i) => `  - name: gauge-${i}
    kind: availability
    description: one of many
    window:
      calendar: month
    target_percent: "99.9"
    probe:
      url: ${service.url}
      interval: 10s
      timeout: 5s
      allow_private: true
`);
  return `node:
  name: ${node.name}
  passphrase_file: weir.passphrase
api:
  listen: "127.0.0.1:${node.port}"
gauges:
${gauges.join('')}`;
}

/** Kibibytes of the node's processes by name: proportional and private. */
function memoryOf(supervisor) {
  const found = [];
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)))
    try {
      const [, comm, rest] = /^\d+ \((.*)\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'));
      if (Number(pid) !== supervisor && rest.split(' ')[1] !== String(supervisor)) continue;
      const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
      const kib = (key) => Number(new RegExp(`^${key}: *(\\d+) kB`, 'm').exec(rollup)[1]);
      found.push({ name: Number(pid) === supervisor ? 'supervisor' : comm, pss: kib('Pss'), anonymous: kib('Pss_Anon') });
    } catch {
      // It ended while we looked.
    }
  return found;
}

const mib = (kib) => (kib / 1024).toFixed(1);

/** Starts the node; of the time from the start of its process until it is ready, what is not check or unlock is "rest". */
async function startOnce(node, what) {
  const from = node.lines.length;
  const began = Date.now();
  node.start();
  await node.until((line) => line.event === 'ready', 'being ready', 120000, from);
  const lines = node.lines.slice(from);
  const [checked, unlocked, ready] = ['ledger_checked', 'keys_unlocked', 'ready']
    .map((event) => lines.find((line) => line.event === event));
  const whole = Date.parse(ready.time) - began;
  const check = Number(checked.after_ms);
  const unlock = Number(unlocked.after_ms);
  console.log(`| ${what} | ${whole} | ${check} | ${unlock} | ${whole - check - unlock} |`);
}

/** Has the API answer what an operator's tools ask, so that its memory is in use. */
async function ask(node) {
  for (const path of ['/-/ready', '/metrics', '/v1/status', '/v1/gauges', '/v1/payouts', '/'])
    await (await fetch(node.url + path)).arrayBuffer();
}

const folder = mkdtempSync(join(tmpdir(), 'weir-memory-'));
const service = await startService();
const node = new Node({ binary: process.env.WEIR_BIN, folder: join(folder, 'node'), name: 'w1.example' });
await node.init();
node.configure(configuration(node, service), []);
console.log(`${GAUGES} gauges\n\n| start | whole ms | ledger check ms | key unlock ms | rest ms |\n|---|---|---|---|---|`);
await startOnce(node, 'first, empty ledger');
await pause(SECONDS * 1000);
await ask(node);
const memory = memoryOf(node.child.pid);
await node.stop();
await startOnce(node, 'second');
await node.stop();
console.log('\n| process | PSS MiB | of it anonymous MiB |\n|---|---|---|');
for (const { name, pss, anonymous } of memory) console.log(`| ${name} | ${mib(pss)} | ${mib(anonymous)} |`);
const sum = (key) => memory.reduce((total, process) => total + process[key], 0);
console.log(`| all | ${mib(sum('pss'))} | ${mib(sum('anonymous'))} |`);
await service.down();
rmSync(folder, { recursive: true, force: true });
process.exit(0);
