// A node of one witness whose ledger holds a breach that nobody has settled yet, beside a chain of its own, in a state
// that can be brought back as often as a test wants.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const demo = join(process.env.WEIR_SOURCE ?? join(dirname(fileURLToPath(import.meta.url)), '../..'), 'tests/demo');
const load = (name) => import(pathToFileURL(join(demo, name)).href);
const { witnessConfig } = await load('config.mjs');
const { Node } = await load('node.mjs');
const { startChain, startService } = await load('world.mjs');

const WINDOW_S = 2;
const CAP = 500n * 10n ** 6n;
export const PAYOUT = 25n * 10n ** 6n;
// Blocks come fast, so that "final" is a matter of a tenth of a second.
const CHAIN_FLAGS = ['--block-time', '0.1', '--mixed-mining', '--slots-in-an-epoch', '1'];

const at = (ms) => new Promise((done) => setTimeout(done, Math.max(0, ms - Date.now())));

/** The process of a duty of the node whose supervisor is `parent`. */
export function dutyOf(parent, name) {
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)))
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const [, comm, rest] = /^\d+ \((.*)\) (.*)$/s.exec(stat);
      if (comm === name && rest.split(' ')[1] === String(parent)) return Number(pid);
    } catch {
      // It ended while we looked.
    }
  throw new Error(`no process ${name} under ${parent}`);
}

export class UnpaidBreach {
  /** Makes everything anew: chain, agreement, one window during which the service was down. */
  async make() {
    this.folder = mkdtempSync(join(tmpdir(), 'weir-unpaid-'));
    this.chain = await startChain(CHAIN_FLAGS);
    const service = await startService();
    const [, provider, customer] = this.chain.wallets;
    this.customer = customer.address;
    this.node = new Node({ binary: process.env.WEIR_BIN, folder: join(this.folder, 'node'), name: 'w1.example' });
    const { node, chain } = this;
    await node.init();
    await chain.provider.send('anvil_setBalance', [node.keys.gas, '0x56bc75e2d63100000']);
    const startMs = Math.ceil((Date.now() + 8000) / (WINDOW_S * 1000)) * WINDOW_S * 1000;
    const terms = {
      provider: provider.address, customer: customer.address, startMs, windows: 1, lengthS: WINDOW_S, threshold: 1,
      cap: '500.00', tiers: [{ below: '95', payout: '25.00' }], early: false, claimWindow: '24h', maxSkew: '100ms',
    };
    const text = witnessConfig({ node, nodes: [node], chain: { ...chain, poll: '50ms' }, service: service.url, terms,
      token: { address: chain.tokenAddress } });
    node.configure(text.replace('finality: finalized', 'finality: depth 1'), []);
    node.start();
    await node.ready();
    await this.#openAndFund(startMs);
    await service.down();
    // The settler shall find the breach later, under the eyes of the test.
    const settler = dutyOf(node.child.pid, 'settler');
    process.kill(settler, 'SIGSTOP');
    await at(startMs + WINDOW_S * 1000 + 1500);
    const stopped = node.stop();
    process.kill(settler, 'SIGKILL');
    await stopped;
    this.kept = join(this.folder, 'kept');
    cpSync(join(node.folder, 'data'), this.kept, { recursive: true });
    this.snapshot = await chain.provider.send('evm_snapshot', []);
    return this;
  }

  async #openAndFund(startMs) {
    const { node, chain } = this;
    await (await chain.token.mint(node.keys.gas, CAP)).wait();
    await node.command('agreement', 'open', 'shop-sla', '--wait', '30s');
    await node.command('agreement', 'fund', 'shop-sla', '500.00', '--wait', '30s');
    const shown = JSON.parse(await node.command('agreement', 'show', 'shop-sla', '--json')).agreements[0];
    this.agreement = chain.agreement(shown.contract);
    assert.equal(await chain.token.balanceOf(shown.contract), CAP, 'the escrow is funded');
    assert.ok(Date.now() < startMs, 'the agreement is open before its window');
    this.before = await chain.token.balanceOf(this.customer);
  }

  /** Brings chain and ledger back to the unpaid breach. */
  async restore() {
    const { chain, node } = this;
    await chain.provider.send('anvil_dropAllTransactions', []);
    assert.ok(await chain.provider.send('evm_revert', [this.snapshot]));
    this.snapshot = await chain.provider.send('evm_snapshot', []);
    rmSync(join(node.folder, 'data'), { recursive: true });
    cpSync(this.kept, join(node.folder, 'data'), { recursive: true });
    this.nonce = await chain.provider.getTransactionCount(node.keys.gas, 'latest');
  }

  /** What happened, seen from outside: paid, events, and transactions that our gas key spent. */
  async outcome() {
    const { chain, node } = this;
    const events = await chain.provider.send('eth_getLogs', [{
      fromBlock: '0x0', toBlock: 'latest', address: this.agreement.target,
      topics: [this.agreement.interface.getEvent('Settled').topicHash] }]);
    return {
      events: events.length,
      paid: await chain.token.balanceOf(this.customer) - this.before,
      transactions: await chain.provider.getTransactionCount(node.keys.gas, 'latest') - this.nonce,
      payouts: JSON.parse(await node.command('payout', 'list', '--json')).payouts.map((payout) => payout.state),
    };
  }

  async end(isKept) {
    await this.node?.stop();
    await this.chain?.stop();
    if (!isKept) rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Writes the node's log of one run where a person can find it. */
export function keepLog(folder, name, text) {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}
