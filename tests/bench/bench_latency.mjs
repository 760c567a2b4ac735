// How long money takes: from the moment a payout may be made (the later of certain and payable) until the local chain
// has accepted its transaction, with three witnesses of which two must agree.
//   WEIR_BIN=build/release/weir node tests/bench/bench_latency.mjs [BREACHES]
// Each window of 4 s has one outage.  The terms pay early, so a breach is payable once it is certain: when the second
// witness has the answer of the probe that spends the budget of 200 ms: one interval after the first that failed.
// Where the bench cannot tell within a few milliseconds which probe that was, it takes the earlier moment.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { witnessConfig } from '../demo/config.mjs';
import { Node } from '../demo/node.mjs';
import { startChain, startService } from '../demo/world.mjs';

const BREACHES = Number(process.argv[2] ?? 40);
const WINDOW_S = 4;
const INTERVAL_MS = 250;
const OUTAGE_MS = 1300;
const FUNDS = 5000n * 10n ** 6n;

const at = (ms) => new Promise((done) => setTimeout(done, Math.max(0, ms - Date.now())));

function termsFor(chain, startMs) {
  const [, provider, customer] = chain.wallets;
  return {
    provider: provider.address, customer: customer.address, startMs, windows: BREACHES + 1, lengthS: WINDOW_S,
    threshold: 2, cap: '5000.00', tiers: [{ below: '95', payout: '25.00' }], maxSkew: '200ms',
  };
}

async function startNodes(folder, chain, service) {
  const nodes = [1, 2, 3].map((i) => new Node({ binary: process.env.WEIR_BIN, folder: join(folder, `w${i}`), name: `w${i}.example` }));
  await Promise.all(nodes.map((node) => node.init()));
  const startMs = Math.ceil((Date.now() + 14000) / (WINDOW_S * 1000)) * WINDOW_S * 1000;
  for (const node of nodes) {
    await chain.provider.send('anvil_setBalance', [node.keys.gas, '0x56bc75e2d63100000']);
    node.configure(witnessConfig({ node, nodes, chain, service: service.url, terms: termsFor(chain, startMs),
      token: { address: chain.tokenAddress }, probe: { interval: `${INTERVAL_MS}ms` } }), nodes.filter((other) => other !== node));
    node.start();
  }
  await Promise.all(nodes.map((node) => node.ready()));
  await (await chain.token.mint(nodes[0].keys.gas, FUNDS)).wait();
  await nodes[0].command('agreement', 'open', 'shop-sla', '--wait', '60s');
  await nodes[0].command('agreement', 'fund', 'shop-sla', '5000.00', '--wait', '60s');
  return { nodes, startMs };
}

const timesOf = (nodes, test) => nodes.map((node) => node.lines.find(test)).filter(Boolean).map((line) => Date.parse(line.time));

/** Milliseconds of the parts of one payout, or null when the window was not paid. */
function measure(nodes, window, windowMs) {
  const isHere = (line) => Number(line.window) === window && Number(line.tier) > 0;
  const sent = timesOf(nodes, (line) => line.event === 'job' && line.stage === 'sent' && isHere(line)).sort((a, b) => a - b);
  const right = nodes.flatMap((node) => node.lines).filter((line) => line.event === 'report_right' && isHere(line))
    .sort((a, b) => Date.parse(a.time) - Date.parse(b.time));
  const seenDown = nodes.map((node) => node.lines.find((line) => line.event === 'state_changed' && line.state === 'down'
    && Number(line.tick_ms) >= windowMs && Number(line.tick_ms) < windowMs + WINDOW_S * 1000))
    .filter(Boolean).map((line) => Number(line.tick_ms)).sort((a, b) => a - b);
  if (sent.length === 0 || right.length === 0 || seenDown.length < 2) return null;
  const certain = Math.min(seenDown[1] + Number(right[0].together_ms), seenDown[0] + INTERVAL_MS);
  return { total: sent[0] - certain, toRight: Date.parse(right[0].time) - certain, toSent: sent[0] - Date.parse(right[0].time) };
}

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)];

function table(results) {
  console.log(`| part | p50 ms | p99 ms | worst ms |  (${results.length} payouts)\n|---|---|---|---|`);
  for (const [name, key] of [['certain to report right', 'toRight'], ['report right to accepted', 'toSent'], ['certain to accepted', 'total']]) {
    const sorted = results.map((result) => result[key]).sort((a, b) => a - b);
    console.log(`| ${name} | ${quantile(sorted, 0.5)} | ${quantile(sorted, 0.99)} | ${sorted.at(-1)} |`);
  }
}

const folder = mkdtempSync(join(tmpdir(), 'weir-latency-'));
const chain = await startChain();
const service = await startService();
const { nodes, startMs } = await startNodes(folder, chain, service);
for (let window = 0; window < BREACHES; window++) {
  const windowMs = startMs + window * WINDOW_S * 1000;
  const downMs = windowMs + 500 + (window * 37) % INTERVAL_MS;
  await at(downMs);
  await service.down();
  await at(downMs + OUTAGE_MS);
  await service.up();
}
await at(startMs + BREACHES * WINDOW_S * 1000 + 3000);
await Promise.all(nodes.map((node) => node.stop()));
const results = Array.from({ length: BREACHES }, (_, window) => measure(nodes, window, startMs + window * WINDOW_S * 1000));
const paid = results.filter(Boolean);
if (process.env.WEIR_KEEP) console.log(`logs: ${folder}`);
else rmSync(folder, { recursive: true, force: true });
console.log(`${BREACHES} breaches, ${paid.length} paid and measured`);
if (paid.length > 0) table(paid);
await chain.stop();
process.exit(paid.length === BREACHES ? 0 : 1);
