// Goal: a witness that was put back to an old copy of its data stops, also after its log has grown past what it had
// shown before: what it signed then cannot be taken back.
// Method: two witnesses; the data of one is replaced by an older copy while the other keeps what it has seen.
// ctest: timeout=200
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const source = (path) => import(pathToFileURL(join(process.env.WEIR_SOURCE, path)).href);
const { witnessConfig } = await source('tests/demo/config.mjs');
const { Node } = await source('tests/demo/node.mjs');
const { startChain, startService } = await source('tests/demo/world.mjs');

const folder = mkdtempSync(join(tmpdir(), 'weir-restored-'));
const chain = await startChain();
const service = await startService();
const [, provider, customer] = chain.wallets;
const nodes = [1, 2].map((i) => new Node({ binary: process.env.WEIR_BIN, folder: join(folder, `w${i}`), name: `w${i}.example` }));
const [victim, peer] = nodes;
let status = 1;

/** The size of the newest head of the victim's log that the peer has cosigned and shows. */
async function shownSize() {
  const logs = JSON.parse(readFileSync(join(folder, 'logs.json'), 'utf8'));
  const response = await fetch(`${peer.url}/${logs.hash}/checkpoint`);
  if (response.status === 404) return 0;
  assert.equal(response.status, 200);
  return Number((await response.text()).split('\n')[1]);
}

async function untilSize(size) {
  const end = Date.now() + 30000;
  for (;;) {
    const shown = await shownSize();
    if (shown >= size) return shown;
    assert.ok(Date.now() < end, `the peer shows ${shown} leaves, not ${size}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** Starts the victim and waits for its settler to refuse. */
async function mustRefuse(what) {
  const since = victim.lines.length;
  victim.start();
  const line = await victim.until((fields) => fields.error === 'AHEAD', `refusing (${what})`, 30000, since);
  assert.match(line.text, /has our own signature on/);
  await victim.stop();
  return line.text;
}

try {
  const { createHash } = await import('node:crypto');
  const { writeFileSync } = await import('node:fs');
  await Promise.all(nodes.map((node) => node.init()));
  const terms = {
    provider: provider.address, customer: customer.address, startMs: Math.ceil(Date.now() / 10000) * 10000, windows: 1000,
    lengthS: 10, threshold: 2, cap: '500.00', tiers: [{ below: '95', payout: '25.00' }],
  };
  for (const node of nodes)
    node.configure(witnessConfig({ node, nodes, chain, service: service.url, terms, token: { address: chain.tokenAddress },
      probe: { interval: '100ms', timeout: '90ms' } }), nodes.filter((other) => other !== node));
  const hash = createHash('sha256').update(`${victim.name}/gauge/shop`).digest('hex');
  writeFileSync(join(folder, 'logs.json'), JSON.stringify({ hash }));
  nodes.forEach((node) => node.start());
  await Promise.all(nodes.map((node) => node.ready()));
  await untilSize(20);

  await victim.stop();
  cpSync(join(victim.folder, 'data'), join(folder, 'old'), { recursive: true });
  const before = await shownSize();
  const since = victim.lines.length;
  victim.start();
  await victim.until((fields) => fields.event === 'ready', 'being ready again', 60000, since);
  await untilSize(before + 40);
  await victim.stop();
  rmSync(join(victim.folder, 'data'), { recursive: true });
  cpSync(join(folder, 'old'), join(victim.folder, 'data'), { recursive: true });

  // The first time it is shorter than what it had shown; the collector then fills the gap with leaves that say that
  // nothing was measured, so that later it is as long or longer, with other leaves.
  const seen = [];
  for (let start = 1; start <= 3; start++) seen.push(await mustRefuse(`start ${start}`));
  assert.ok(seen.some((text) => /on other \d+ leaves/.test(text)), `the fork was seen: ${seen.join('\n')}`);
  status = 0;
} finally {
  await Promise.all(nodes.map((node) => node.stop()));
  await service.down().catch(() => {});
  await chain.stop();
  if (status === 0) rmSync(folder, { recursive: true, force: true });
  else console.error(`files are kept in ${folder}`);
}
