// Vectors for whoever computes terms, addresses, digests or calldata without a chain. Everything here comes from ethers
// and from the layout written down in rails/evm/contracts/README.md; nothing is asked from the contracts.
import { Interface, TypedDataEncoder, concat, getCreate2Address, getCreateAddress, keccak256, solidityPacked, toBeHex, toUtf8Bytes, zeroPadValue } from 'ethers';

import { BREACH_TYPES, artifact, hashTerms, makeTerms, makeWitnesses, signReport } from './agreement.mjs';

const FACTORY = '0x5FbDB2315678afecb367f032d93F642f64180aa3';
const CHAIN_ID = 31337;
const PARTIES = { provider: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8', customer: '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC' };

/** Windows per cap period where the cap can bind, else 0. */
function bindWindows(terms) {
  const period = terms.capWindows === 0 || terms.capWindows > terms.count ? terms.count : terms.capWindows;
  return BigInt(period) * terms.tiers[terms.tiers.length - 1].payout > terms.cap ? period : 0;
}

/** The immutable arguments of a clone. */
export function packTerms(terms) {
  const head = solidityPacked(
    ['bytes32', 'address', 'address', 'address', 'uint64', 'uint32', 'uint32', 'uint32', 'uint32', 'uint32', 'uint96',
      'uint8', 'bool', 'uint8', 'uint8', 'uint8', 'uint64', 'uint32', 'uint32', 'bytes32', 'bytes32'],
    [hashTerms(terms), terms.provider, terms.customer, terms.asset, terms.start, terms.length, terms.count,
      terms.settleDelay, terms.claimWindow, bindWindows(terms), terms.cap, terms.calendar, terms.early, terms.m,
      terms.witnesses.length, terms.tiers.length, terms.nonce, terms.maxSkewMs, terms.capWindows, terms.gauge,
      terms.document]);
  const tiers = terms.tiers.map(({ payout, num, den }) => solidityPacked(['uint96', 'uint64', 'uint64'], [payout, num, den]));
  const witnesses = terms.witnesses.map(({ key, node }) => solidityPacked(['address', 'bytes32'], [key, node]));
  return concat([head, ...tiers, ...witnesses]);
}

/** Creation code of a clone. */
export function cloneInitCode(implementation, args) {
  const bytes = (args.length - 2) / 2;
  return concat(['0x61', toBeHex(bytes + 45, 2), '0x3d81600a3d39f3363d3d373d3d3d363d73', implementation,
    '0x5af43d82803e903d91602b57fd5bf3', args]);
}

async function makeVector(name, terms, witnesses, signers, report) {
  const implementation = getCreateAddress({ from: FACTORY, nonce: 1 });
  const args = packTerms(terms);
  const address = getCreate2Address(FACTORY, hashTerms(terms), keccak256(cloneInitCode(implementation, args)));
  const domain = { name: 'weir', version: '1', chainId: CHAIN_ID, verifyingContract: address };
  const breach = { terms: hashTerms(terms), epoch: 0n, ...report };
  const agreement = { getAddress: async () => address };
  const call = await signReport({ agreement, chainId: CHAIN_ID, terms, witnesses, signers, ...report });
  return {
    name,
    chainId: CHAIN_ID,
    factory: FACTORY.toLowerCase(),
    implementation: implementation.toLowerCase(),
    terms,
    termsHash: hashTerms(terms),
    immutableArguments: args,
    address: address.toLowerCase(),
    openCalldata: new Interface(artifact('WeirFactory').abi).encodeFunctionData('open', [terms]),
    domainSeparator: TypedDataEncoder.hashDomain(domain),
    breach,
    breachStructHash: TypedDataEncoder.hashStruct('Breach', BREACH_TYPES, breach),
    breachDigest: TypedDataEncoder.hash(domain, BREACH_TYPES, breach),
    witnessPrivateKeys: witnesses.map((witness) => witness.privateKey),
    signers,
    who: call[5],
    sigs: call[6],
    reportCalldata: new Interface(artifact('WeirAgreement').abi).encodeFunctionData('report', call),
  };
}

/** All vectors, with every number as decimal text. */
export async function makeVectors() {
  const three = makeWitnesses(3);
  const five = makeWitnesses(5);
  const token = '0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512';
  const root = keccak256(toUtf8Bytes('evidence'));
  const tiers8 = Array.from({ length: 8 }, (_, i) => ({ num: BigInt(99 - i), den: 100n, payout: BigInt(1000 * (i + 1)) }));
  const weekStart = 4070908800 + 86400 * ((8 - new Date(4070908800000).getUTCDay()) % 7);
  const vectors = [
    await makeVector('fixed windows, native coin, 2 of 3', makeTerms({ ...PARTIES, witnesses: three, start: 4070908800 }),
      three, [0, 2], { word: 0n, mask: 1n, tier: 1, evidenceRoot: root }),
    await makeVector('iso weeks, token, 3 of 5, cap that can bind', makeTerms({
      ...PARTIES, witnesses: five, start: weekStart, calendar: 1, length: 604800, count: 520, settleDelay: 3600,
      claimWindow: 80000000, cap: 100000n, capWindows: 500, asset: token, nonce: 7n, document: keccak256(toUtf8Bytes('contract')),
    }), five, [1, 2, 4], { word: 3n, mask: (1n << 100n) - 1n, tier: 2, evidenceRoot: root }),
    await makeVector('calendar months, early, 8 tiers, 1 of 1', makeTerms({
      ...PARTIES, witnesses: three.slice(0, 1), start: 4070908800, calendar: 2, length: 0, count: 12, early: true, m: 1, claimWindow: 40000000,
      tiers: tiers8, cap: 8000n, capWindows: 1, nonce: (1n << 64n) - 1n, maxSkewMs: 0, gauge: zeroPadValue('0xff', 32),
    }), three.slice(0, 1), [0], { word: 0n, mask: 0xfffn, tier: 8, evidenceRoot: root }),
  ];
  return JSON.parse(JSON.stringify(vectors, (_, value) => (typeof value === 'bigint' || typeof value === 'number' ? String(value) : value)));
}
