// The demonstration: three witnesses watch a service, it fails, the customer is paid, anybody can check it.
// With --once it ends by itself, with status 0 only if every step was seen to happen.
import { execFile } from 'node:child_process';
import { mkdtempSync, mkdirSync, readFileSync, writeFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { witnessConfig } from './config.mjs';
import { Node } from './node.mjs';
import { startChain, startService } from './world.mjs';

const run = promisify(execFile);
const isOnce = process.argv.includes('--once');
const WINDOW_S = 10;
const DECIMALS = 6;
const began = Date.now();

const amount = (units) => {
  const text = String(units).padStart(DECIMALS + 1, '0');
  return `${text.slice(0, -DECIMALS)}.${text.slice(-DECIMALS)}`;
};
const say = (text) => console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(6)}s  ${text}`);
const title = (text) => console.log(`\n== ${text}`);
const at = (ms) => new Promise((done) => setTimeout(done, Math.max(0, ms - Date.now())));

function must(condition, what) {
  if (!condition) throw new Error(`not seen: ${what}`);
}

/** Prints the events of the nodes that tell the story, each the first time it happens in an act. */
function storyteller() {
  const told = new Set();
  const once = (key, text) => {
    if (told.has(key)) return;
    told.add(key);
    say(text);
  };
  const tell = (line, node) => {
    const where = `window ${line.window}`;
    if (line.event === 'opinion' && Number(line.tier) > 0)
      once(`opinion/${node.name}/${line.window}/${line.tier}`,
        `${node.name}: budget of ${where} is spent (${line.num}/${line.den} ms up at best), tier ${line.tier}; opinion ${line.revision} signed under a checkpoint`);
    if (line.event === 'report_right')
      once(`right/${line.window}/${line.tier}`, `${node.name}: seen down together for ${line.together_ms} ms: a report at tier ${line.tier} is right`);
    if (line.event === 'report_complete')
      say(`${node.name}: report on ${where} at tier ${line.tier} signed by witnesses ${line.signers}`);
    if (line.event === 'job' && line.stage === 'sent') once(`sent/${line.tx}`, `${node.name}: transaction ${line.tx} sent`);
    if (line.event === 'job' && line.stage === 'mined') once(`mined/${line.tx}`, `${node.name}: it is mined`);
    if (line.event === 'paid') once(`paid/${line.window}/${line.tier}`, `${node.name}: final; ${line.paid} ${line.asset} paid for ${where}`);
  };
  return tell;
}

class Demo {
  async setUp() {
    this.folder = mkdtempSync(join(tmpdir(), 'weir-demo-'));
    title('Setting the stage');
    this.chain = await startChain();
    this.service = await startService();
    const [, provider, customer] = this.chain.wallets;
    Object.assign(this, { provider, customer });
    this.nodes = [1, 2, 3].map((i) => new Node({
      binary: process.env.WEIR_BIN, folder: join(this.folder, `w${i}`), name: `w${i}.example` }));
    await Promise.all(this.nodes.map((node) => node.init()));
    for (const node of this.nodes)
      await this.chain.provider.send('anvil_setBalance', [node.keys.gas, '0x56bc75e2d63100000']);
    say(`local chain at ${this.chain.url}, service at ${this.service.url}, three witnesses in ${this.folder}`);
    this.startMs = Math.ceil((Date.now() + 18000) / (WINDOW_S * 1000)) * WINDOW_S * 1000;
    const terms = {
      provider: provider.address, customer: customer.address, startMs: this.startMs, windows: 360, lengthS: WINDOW_S,
      threshold: 2, cap: '500.00', tiers: [{ below: '95', payout: '25.00' }, { below: '60', payout: '60.00' }],
    };
    for (const node of this.nodes)
      node.configure(witnessConfig({ node, nodes: this.nodes, chain: this.chain, service: this.service.url, terms,
        token: { address: this.chain.tokenAddress } }), this.nodes.filter((other) => other !== node));
    const tell = storyteller();
    for (const node of this.nodes) node.watchers.push(tell);
    this.nodes.forEach((node) => node.start());
    await Promise.all(this.nodes.map((node) => node.ready()));
    say('all duties of all witnesses are up');
  }

  async openAndFund() {
    const [first] = this.nodes;
    const token = this.chain.token;
    await (await token.mint(first.keys.gas, 500n * 10n ** 6n)).wait();
    await first.command('agreement', 'open', 'shop-sla', '--wait', '60s');
    await first.command('agreement', 'fund', 'shop-sla', '500.00', '--wait', '60s');
    const shown = JSON.parse(await first.command('agreement', 'show', 'shop-sla', '--json')).agreements[0];
    this.contract = shown.contract;
    const held = await token.balanceOf(this.contract);
    must(held === 500n * 10n ** 6n, 'the escrow holds 500 tUSD');
    say(`agreement opened at ${this.contract} and funded with ${amount(held)} tUSD`);
    say('terms: below 95 % of any 10 s pays 25, below 60 % pays 60, as soon as two of three witnesses are certain');
    must(Date.now() < this.startMs, 'the agreement is open before its first window');
  }

  /** The start of the next window that has not begun. */
  nextWindow() {
    const index = Math.max(0, Math.ceil((Date.now() - this.startMs + 300) / (WINDOW_S * 1000)));
    return { index, startMs: this.startMs + index * WINDOW_S * 1000 };
  }

  paidLine(window) {
    return (line) => line.event === 'paid' && Number(line.window) === window;
  }

  /** Takes the service down for a while inside a fresh window; resolves when it is up again. */
  async outage(downMs) {
    const window = this.nextWindow();
    await at(window.startMs + 700);
    await this.service.down();
    say(`the service is DOWN (window ${window.index})`);
    await at(window.startMs + 700 + downMs);
    await this.service.up();
    say('the service is up again');
    return window;
  }

  async firstBreach() {
    title('A promise is kept');
    await at(this.startMs + 2500);
    say((await this.nodes[0].command('gauge', 'show', 'shop')).trim().split('\n').join('\n         '));
    title('A promise is broken');
    const before = await this.chain.token.balanceOf(this.customer.address);
    say(`customer's balance before: ${amount(before)} tUSD`);
    const window = this.nextWindow();
    const paid = Promise.any(this.nodes.map(async (node) => [node, await node.until(this.paidLine(window.index), 'the payout', 45000)]));
    paid.catch(() => {});
    await this.outage(2500);
    [this.payer, this.paid] = await paid;
    this.window = window.index;
    const after = await this.chain.token.balanceOf(this.customer.address);
    say(`customer's balance after: ${amount(after)} tUSD`);
    must(after > before, 'the customer was paid');
    this.paidAmount = after - before;
    const certain = this.nodes.flatMap((node) => node.lines)
      .filter((line) => line.event === 'report_right' && Number(line.window) === window.index).map((line) => Date.parse(line.time));
    const sent = this.nodes.flatMap((node) => node.lines)
      .filter((line) => line.event === 'job' && line.stage === 'sent' && Number(line.window) === window.index).map((line) => Date.parse(line.time));
    this.seconds = (Math.min(...sent) - Math.min(...certain)) / 1000;
    say(`from certain to sent: ${this.seconds.toFixed(3)} s`);
  }

  async verify(file, ...flags) {
    try {
      const { stdout } = await run(process.env.WEIR_VERIFY_BIN, [file, ...flags]);
      return { code: 0, text: stdout };
    } catch (error) {
      if (typeof error.code !== 'number') throw error;
      return { code: error.code, text: error.stdout };
    }
  }

  async proof() {
    title('Anybody can check it, offline');
    const folder = resolve('.demo');
    mkdirSync(folder, { recursive: true });
    this.proofFile = join(folder, `shop-sla-${this.window}.weir-proof`);
    await this.payer.command('proof', 'export', 'shop-sla', String(this.window), '--tier', '1', '--output', this.proofFile);
    say(`proof exported: ${this.proofFile} (${readFileSync(this.proofFile).length} bytes)`);
    const receipt = await this.chain.provider.getTransactionReceipt(this.paid.tx);
    const good = await this.verify(this.proofFile, '--contract', this.contract, '--block-hash', receipt.blockHash);
    say('weir-verify says:\n' + good.text.trim().split('\n').map((line) => `         | ${line}`).join('\n'));
    must(good.code === 0 && good.text.includes('PROVED: breached') && good.text.includes('and paid'), 'weir-verify says breached and paid');
    const named = await this.verify(this.proofFile);
    must(named.code === 0 && named.text.includes('named, not checked'), 'without a trusted block the payment is only named');
    const bytes = readFileSync(this.proofFile);
    const place = bytes.indexOf('\nrange ') + 12;
    bytes[place] = bytes[place] === 65 ? 66 : 65;
    const changed = join(this.folder, 'changed.weir-proof');
    writeFileSync(changed, bytes);
    const bad = await this.verify(changed);
    say(`one byte changed (at ${place}): ${bad.text.trim().split('\n').join(' ')} (exit status ${bad.code})`);
    must(bad.code >= 10 && bad.text.includes('NOT PROVED'), 'a changed proof is refused');
    this.verified = true;
  }

  async oneDown() {
    title('One witness of three is stopped: a second breach still pays');
    await this.nodes[2].stop();
    say(`${this.nodes[2].name} is stopped`);
    const before = await this.chain.token.balanceOf(this.customer.address);
    const window = this.nextWindow();
    const paid = Promise.any(this.nodes.slice(0, 2).map((node) => node.until(this.paidLine(window.index), 'the second payout', 45000)));
    paid.catch(() => {});
    await this.outage(2500);
    await paid;
    const after = await this.chain.token.balanceOf(this.customer.address);
    must(after > before, 'the second breach was paid');
    say(`customer's balance: ${amount(after)} tUSD`);
  }

  async twoDown() {
    title('Two of three are stopped: one alone can pay nothing');
    await this.nodes[1].stop();
    say(`${this.nodes[1].name} is stopped`);
    const before = await this.chain.token.balanceOf(this.customer.address);
    const window = await this.outage(2500);
    await at(window.startMs + WINDOW_S * 1000 + 3000);
    const after = await this.chain.token.balanceOf(this.customer.address);
    must(after === before, 'nothing was paid without a quorum');
    const measured = this.nodes[0].lines.some((line) => line.event === 'opinion' && Number(line.window) === window.index && Number(line.tier) > 0);
    must(measured, 'the remaining witness measured the breach');
    say('it measured the breach and signed its opinion, but no money moved');
  }

  async stay() {
    title('Staying up until Ctrl-C');
    for (const node of this.nodes.slice(1)) node.start();
    await Promise.all(this.nodes.slice(1).map((node) => node.ready()));
    for (const node of this.nodes) say(`${node.name}: status page ${node.url}/  (weir status --config ${node.config})`);
    say(`chain ${this.chain.url}, agreement ${this.contract}, token ${this.chain.tokenAddress}, service ${this.service.url}`);
    await new Promise((done) => process.once('SIGINT', done));
  }

  async tearDown(keep) {
    await Promise.all((this.nodes ?? []).map((node) => node.stop()));
    await this.service?.down().catch(() => {});
    await this.chain?.stop();
    if (keep) console.error(`the nodes' files are kept in ${this.folder}`);
    else if (this.folder) rmSync(this.folder, { recursive: true, force: true });
  }
}

const demo = new Demo();
let failed = null;
try {
  await demo.setUp();
  await demo.openAndFund();
  await demo.firstBreach();
  await demo.proof();
  await demo.oneDown();
  await demo.twoDown();
  if (!isOnce) await demo.stay();
} catch (error) {
  failed = error;
  console.error(`\nthe demonstration failed: ${error.message ?? error}`);
}
await demo.tearDown(failed !== null);
if (!failed)
  console.log(JSON.stringify({ payout_tx: demo.paid.tx, paid: amount(demo.paidAmount), asset: 'tUSD', proof: demo.proofFile,
    verified: demo.verified, seconds_breach_to_payout: demo.seconds }));
process.exit(failed ? 1 : 0);
