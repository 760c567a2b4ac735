// Goal: one breach is paid exactly once, wherever SIGKILL strikes on the way from the stored observations to the final
// block.
// Method: a node of one witness holds an unpaid breach (with_payout.mjs).  Every system call of every process of
// `weir run --settle-only --until-idle` is a point; before the chosen one is made, that process dies (kill_at.c).  The
// command runs again and must end well; then the chain, asked by an independent client, must show one event, one
// payment and one transaction of ours, and the ledger must agree with itself.  Chain and ledger go back to the start.
// 300 points drawn with a seed (WEIR_SEED), all of them with WEIR_FULL=1; WEIR_POINT=PROCESS:CALL tries one.
// ctest: timeout=7200 processors=2
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PAYOUT, UnpaidBreach, keepLog } from './with_payout.mjs';

const POINTS = 300;
const WORKERS = 2;
const RUN_MS_MAX = 60000;
const PROCESSES = ['supervisor', 'signer', 'settler'];
const isFull = Boolean(process.env.WEIR_FULL);
const seed = Number(process.env.WEIR_SEED ?? (Date.now() % 2 ** 31));
const began = Date.now();

const folder = mkdtempSync(join(tmpdir(), 'weir-kill-points-'));
const killAt = join(folder, 'kill_at');
execFileSync('cc', ['-O2', '-o', killAt, join(import.meta.dirname, 'kill_at.c')]);
const definitions = execFileSync('cc', ['-E', '-dM', '-include', 'sys/syscall.h', '-x', 'c', '/dev/null']).toString();
const callNames = new Map(Array.from(definitions.matchAll(/^#define __NR_(\w+) (\d+)$/gm),
  ([, name, number]) => [Number(number), name]));

/** Numbers below `limit` from a small generator, so that a seed gives the same points everywhere. */
function drawer(start) {
  let state = start >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

/** Runs a program to its end; one that hangs is ended and has the status null. */
function run(program, ...args) {
  return new Promise((resolve, reject) => {
    // A leak check needs the ptrace that the watcher already holds.
    const env = { ...process.env, ASAN_OPTIONS: 'detect_leaks=0' };
    const child = spawn(program, args.map(String), { stdio: ['ignore', 'ignore', 'pipe'], env });
    let log = '';
    const timer = setTimeout(() => child.kill('SIGKILL'), RUN_MS_MAX);
    child.stderr.on('data', (bytes) => { log += bytes; });
    child.once('error', reject);
    child.once('close', (status) => {
      clearTimeout(timer);
      resolve({ status, log });
    });
  });
}

const settle = (breach) => [breach.node.binary, 'run', '--settle-only', '--until-idle', '--config', breach.node.config];

const readTrace = (path) => readFileSync(path, 'utf8').trim().split('\n').map((line) => line.split(' ').map(Number));

/** The points of one undisturbed run: each call of each process, with its name. */
async function baseline(breach) {
  await breach.restore();
  const trace = join(folder, 'baseline');
  const { status, log } = await run(killAt, trace, 0, 0, ...settle(breach));
  assert.equal(status, 0, `the undisturbed run ended with ${status}:\n${log}`);
  await expectPaidOnce(breach);
  const counts = PROCESSES.map(() => 0);
  return readTrace(trace).map(([process, number]) => {
    counts[process] += 1;
    return { process, call: counts[process], name: callNames.get(number) ?? String(number) };
  });
}

async function expectPaidOnce(breach) {
  const outcome = await breach.outcome();
  assert.deepEqual(outcome, { events: 1, paid: PAYOUT, transactions: 1, payouts: ['settled'] });
  const check = spawnSync(breach.node.binary, ['ledger', 'check', '--config', breach.node.config]);
  assert.equal(check.status, 0, `weir ledger check: ${check.stderr}`);
}

/** Tries one point; false when the run did not make that many calls this time. */
async function tryPoint(breach, worker, point) {
  await breach.restore();
  const trace = join(folder, `trace${worker}`);
  const first = await run(killAt, trace, point.process, point.call, ...settle(breach));
  const made = readTrace(trace).filter(([process]) => process === point.process);
  if (made.length < point.call) {
    assert.equal(first.status, 0, `nobody was killed, yet the run ended with ${first.status}:\n${first.log}`);
    await expectPaidOnce(breach);
    return false;
  }
  point.struck = callNames.get(made.at(-1)[1]);
  const [program, ...args] = settle(breach);
  const second = await run(program, ...args);
  try {
    assert.equal(second.status, 0, `the run after the kill ended with ${second.status}`);
    await expectPaidOnce(breach);
  } catch (error) {
    const path = keepLog(folder, `bad-${point.process}-${point.call}.log`, `${first.log}\n--- again ---\n${second.log}`);
    throw new Error(`killed ${PROCESSES[point.process]} before its call ${point.call} (${point.struck}): ${error.message}\n`
      + `both runs: ${path}`, { cause: error });
  }
  return true;
}

/** The points to try, in the order of trying. */
function choose(points) {
  if (process.env.WEIR_POINT) {
    const [number, call] = process.env.WEIR_POINT.split(':').map(Number);
    return { queue: [{ process: number, call }], wanted: 1 };
  }
  const queue = [...points];
  const draw = drawer(seed);
  for (let i = queue.length - 1; i > 0; i--) {
    const k = draw(i + 1);
    [queue[i], queue[k]] = [queue[k], queue[i]];
  }
  return { queue, wanted: isFull ? queue.length : POINTS };
}

/** Two chains with two ledgers work through the queue until `wanted` points have struck. */
async function work(breaches, { queue, wanted }) {
  const done = { tried: [], missed: [], bad: [] };
  let under = 0;
  await Promise.all(breaches.map(async (breach, worker) => {
    while (queue.length > 0 && done.tried.length + under < wanted) {
      const point = queue.shift();
      under += 1;
      try {
        (await tryPoint(breach, worker, point) ? done.tried : done.missed).push(point);
      } catch (error) {
        done.tried.push(point);
        done.bad.push(error.message);
      }
      under -= 1;
      if (done.tried.length % 100 === 0)
        console.log(`${((Date.now() - began) / 1000).toFixed(0)} s: ${done.tried.length} points, ${done.bad.length} bad`);
    }
  }));
  return done;
}

function tell(points, { tried, missed, bad }) {
  const count = (list, key) => {
    const found = new Map();
    for (const item of list) found.set(key(item), (found.get(key(item)) ?? 0) + 1);
    return [...found].map(([name, times]) => `${name} ${times}`);
  };
  console.log(`points struck: ${tried.length} of ${points.length} (seed ${seed}), not reached in their run: ${missed.length}, `
    + `bad: ${bad.length}, in ${((Date.now() - began) / 1000).toFixed(0)} s`);
  console.log(`  by process: ${count(tried, (point) => PROCESSES[point.process]).join(', ')}`);
  console.log(`  by call: ${count(tried, (point) => point.struck ?? point.name).join(', ')}`);
  for (const message of bad) console.log(message);
}

console.log(`seed ${seed} (WEIR_SEED repeats it)`);
const breaches = await Promise.all(Array.from({ length: WORKERS }, () => new UnpaidBreach().make()));
let isGood = false;
try {
  const points = await baseline(breaches[0]);
  console.log(`an undisturbed run makes ${points.length} system calls`);
  const chosen = choose(points);
  const done = await work(breaches, chosen);
  tell(points, done);
  isGood = done.bad.length === 0 && (isFull || done.tried.length === chosen.wanted);
} finally {
  await Promise.all(breaches.map((breach) => breach.end(!isGood)));
  if (isGood) rmSync(folder, { recursive: true, force: true });
}
process.exit(isGood ? 0 : 1);
