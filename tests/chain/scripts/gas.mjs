// Prints what a 3-of-5 payout costs, from the receipts of real transactions on a local chain.
import { zeroPadValue } from 'ethers';

import { startAnvil } from '../lib/anvil.mjs';
import { deploy, makeTerms, makeWitnesses, openAgreement, signReport } from '../lib/agreement.mjs';

const LENGTH_S = 60;
const WINDOWS = [1, 10, 100];
const PAYOUT = 25000n;
const CUSTOMER_HAS = 1n; // an account that exists, as the customer's does
const NATIVE = zeroPadValue('0x', 20);

/** Caps of the three columns; one tier, so that 100 windows fit one word. */
const CAPS = [
  { title: 'cannot bind', cap: 1000n * PAYOUT, warm: false },
  { title: 'can bind, first of period', cap: 500n * PAYOUT, warm: false },
  { title: 'can bind, later', cap: 500n * PAYOUT, warm: true },
];

async function measure(chain, factory, token, { cap, warm }, windows, nonce) {
  const [provider, sender] = chain.wallets;
  const customer = chain.wallets[2].address;
  const witnesses = makeWitnesses(5);
  const { timestamp } = await chain.provider.getBlock('latest');
  const terms = makeTerms({
    provider: provider.address, customer, witnesses, start: timestamp + 10, length: LENGTH_S, cap, nonce,
    asset: token ? await token.getAddress() : NATIVE,
    tiers: [{ num: 95n, den: 100n, payout: PAYOUT }],
    claimWindow: 10000000,
  });
  const agreement = await openAgreement(provider, factory, terms);
  const address = await agreement.getAddress();
  if (token) {
    await (await token.mint(address, cap)).wait();
    await (await token.mint(customer, CUSTOMER_HAS)).wait();
  } else {
    await (await provider.sendTransaction({ to: address, value: cap })).wait();
  }
  await chain.provider.send('evm_increaseTime', [LENGTH_S * 260]);
  await chain.provider.send('evm_mine', []);
  const send = async (mask) => {
    const args = await signReport({
      agreement, chainId: 31337, terms, witnesses, signers: [0, 2, 4], mask, tier: 1,
      evidenceRoot: '0x5f1c2d7a9be0c3f4a6b85d1e2f3948576a0b1c2d3e4f5061728394a5b6c7d8e9',
    });
    return (await agreement.connect(sender).report(...args, { gasLimit: 2000000 })).wait();
  };
  // The window used to warm the cap's slot lies beyond those that are measured.
  if (warm) await send(1n << 200n);
  const receipt = await send((1n << BigInt(windows)) - 1n << 20n);
  const [settled] = receipt.logs.map((log) => agreement.interface.parseLog(log)).filter((log) => log?.name === 'Settled');
  if (settled.args.paid !== BigInt(windows) * PAYOUT) throw new Error('the measured report did not pay in full');
  return Number(receipt.gasUsed);
}

async function main() {
  const chain = await startAnvil();
  try {
    const factory = await deploy(chain.wallets[0], 'WeirFactory');
    const token = await deploy(chain.wallets[0], 'DemoToken');
    console.log('gas of one report, 3 of 5 witnesses, one tier; in brackets per window');
    console.log(['asset ', ' windows', ...CAPS.map(({ title }) => `cap ${title}`.padStart(32))].join(''));
    let nonce = 0n;
    for (const asset of ['ETH', 'ERC-20']) {
      for (const windows of WINDOWS) {
        const cells = [];
        for (const column of CAPS) {
          const gas = await measure(chain, factory, asset === 'ETH' ? null : token, column, windows, nonce++);
          cells.push(`${gas} (${Math.round(gas / windows)})`.padStart(32));
        }
        console.log([asset.padEnd(6), String(windows).padStart(8), ...cells].join(''));
      }
    }
  } finally {
    await chain.stop();
  }
}

await main();
