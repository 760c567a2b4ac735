// Goal: an independent client (ethers) can open an agreement, sign a breach, bring it and see the customer paid.
// Method: a real local chain, one agreement in native coin and one in the demo token; three witnesses, two sign.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { id, zeroPadValue } from 'ethers';

import { startAnvil } from '../lib/anvil.mjs';
import { artifact, deploy, hashTerms, makeTerms, makeWitnesses, openAgreement, signReport } from '../lib/agreement.mjs';

const BOUND = { timeout: 60000 };
const LENGTH_S = 60;
const CHAIN_ID = 31337;

let chain;
let factory;
let token;
let nonce = 0n;

before(async () => {
  chain = await startAnvil();
  factory = await deploy(chain.wallets[0], 'WeirFactory');
  token = await deploy(chain.wallets[0], 'DemoToken');
}, BOUND);

after(async () => {
  await chain?.stop();
}, BOUND);

/** An agreement whose windows 0 and 1 are over. */
async function openPast(asset, funds) {
  const [provider, customer] = chain.wallets.slice(1);
  const witnesses = makeWitnesses(3);
  const { timestamp } = await chain.provider.getBlock('latest');
  const terms = makeTerms({
    provider: provider.address, customer: customer.address, witnesses, start: timestamp + 30, length: LENGTH_S, asset,
    nonce: nonce++,
  });
  const agreement = await openAgreement(provider, factory, terms);
  const address = await agreement.getAddress();
  if (asset === zeroPadValue('0x', 20)) await (await provider.sendTransaction({ to: address, value: funds })).wait();
  else await (await token.mint(address, funds)).wait();
  await chain.provider.send('evm_setNextBlockTimestamp', [timestamp + 30 + 2 * LENGTH_S]);
  await chain.provider.send('evm_mine', []);
  return { agreement, terms, witnesses, customer: customer.address };
}

function signed({ agreement, terms, witnesses }, change = {}) {
  return signReport({
    agreement, terms, witnesses, chainId: CHAIN_ID, signers: [0, 2], mask: 3n, tier: 1, evidenceRoot: id('evidence'), ...change,
  });
}

async function events(receipt, contract) {
  return receipt.logs.filter(({ address }) => address === contract.target).map((log) => contract.interface.parseLog(log));
}

test('the chain that answers is the one that was started', BOUND, async () => {
  assert.match(await chain.provider.send('web3_clientVersion', []), /^anvil\/v1\.7\.1/);
  process.kill(chain.pid, 0); // throws if there is no such process
});

test('the deployed code is the committed code', BOUND, async () => {
  const implementation = await factory.implementation();
  assert.equal(await chain.provider.getCode(implementation), artifact('WeirAgreement').runtime);
});

test('native coin: a signed breach pays the customer in the same transaction, once', BOUND, async () => {
  const opened = await openPast(zeroPadValue('0x', 20), 10n ** 9n);
  const { agreement, customer, terms } = opened;
  assert.equal(await agreement.termsHash(), hashTerms(terms));
  const before_ = await chain.provider.getBalance(customer);
  const args = await signed(opened);
  const receipt = await (await agreement.connect(chain.wallets[5]).report(...args)).wait();
  assert.equal(await chain.provider.getBalance(customer) - before_, 50000n);
  const [settled] = await events(receipt, agreement);
  assert.deepEqual(settled.args.toArray(), [0n, 3n, 1n, id('evidence'), 50000n, 50000n]);
  assert.deepEqual([await agreement.level(0), await agreement.level(1), await agreement.level(2)], [1n, 1n, 0n]);
  await assert.rejects(agreement.report.staticCall(...args), (error) => error.revert?.name === 'NothingNew');
  // The worse tier pays the difference.
  await (await agreement.report(...await signed(opened, { tier: 2, mask: 1n }))).wait();
  assert.equal(await chain.provider.getBalance(customer) - before_, 85000n);
});

test('token: a report pays the customer, and a short escrow pays what it has', BOUND, async () => {
  const opened = await openPast(token.target, 40000n);
  const { agreement, customer } = opened;
  const before_ = await token.balanceOf(customer);
  const receipt = await (await agreement.report(...await signed(opened))).wait();
  assert.equal(await token.balanceOf(customer) - before_, 40000n);
  const [settled, owed] = await events(receipt, agreement);
  assert.deepEqual([settled.args.due, settled.args.paid, owed.args.owed], [50000n, 40000n, 10000n]);
  await (await token.mint(agreement.target, 10000n)).wait();
  await (await agreement.connect(chain.wallets[7]).payOwed()).wait();
  assert.equal(await token.balanceOf(customer) - before_, 50000n);
});

test('a wrong report is refused with a typed error', BOUND, async () => {
  const opened = await openPast(zeroPadValue('0x', 20), 10n ** 9n);
  const { agreement, witnesses } = opened;
  const refusals = [
    [await signed(opened, { chainId: 1 }), 'BadSignature'],
    [await signed(opened, { signers: [0] }), 'BadSigners'],
    [await signed(opened, { signers: [0, 1, 2] }), 'BadSigners'],
    [await signed(opened, { witnesses: [...witnesses].reverse() }), 'BadSignature'],
    [await signed(opened, { tier: 3 }), 'BadTier'],
    [await signed(opened, { mask: 4n }), 'TooEarly'],
    [await signed(opened, { mask: 0n }), 'BadMask'],
    [[1n, ...(await signed(opened)).slice(1)], 'WrongEpoch'],
  ];
  for (const [args, name] of refusals) {
    await assert.rejects(agreement.report.staticCall(...args), (error) => {
      assert.equal(error.revert?.name, name);
      assert.equal(error.data.slice(0, 10), Object.entries(artifact('WeirAgreement').errors)
        .find(([signature]) => signature.startsWith(`${name}(`))[1].selector);
      return true;
    });
  }
});

test('months begin on chain where they begin in the calendar of JavaScript', BOUND, async () => {
  const [provider, customer] = chain.wallets.slice(1);
  const terms = makeTerms({
    provider: provider.address, customer: customer.address, witnesses: makeWitnesses(3), calendar: 2, length: 0, count: 4000,
    start: Date.UTC(2099, 11, 1) / 1000, cap: 4000n * 60000n,
  });
  const agreement = await openAgreement(provider, factory, terms);
  for (const w of [0, 1, 2, 3, 14, 15, 1202, 1203, 2403, 3999, 4000]) {
    assert.equal(await agreement.windowStart(w), BigInt(Date.UTC(2099, 11 + w, 1) / 1000), `month ${w}`);
  }
});
