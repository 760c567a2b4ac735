// What a client of an agreement needs: deployment, terms, the typed data of protocol section 5 and 6, signatures.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Contract, ContractFactory, Signature, TypedDataEncoder, Wallet, keccak256, toBeHex, toUtf8Bytes, zeroPadValue } from 'ethers';

import { ARTIFACTS } from './compiler.mjs';

/** EIP-712 types of the terms, in the order of protocol section 2. */
export const TERMS_TYPES = {
  Terms: fields('address provider,address customer,address asset,bytes32 gauge,bytes32 document,uint8 calendar,uint32 length,'
    + 'uint64 start,uint32 count,bool early,uint32 settleDelay,uint32 claimWindow,uint32 maxSkewMs,uint96 cap,'
    + 'uint32 capWindows,uint8 m,Witness[] witnesses,Tier[] tiers,uint64 nonce'),
  Tier: fields('uint64 num,uint64 den,uint96 payout'),
  Witness: fields('address key,bytes32 node'),
};

/** EIP-712 types of a report. */
export const BREACH_TYPES = {
  Breach: fields('bytes32 terms,uint64 epoch,uint64 word,uint256 mask,uint8 tier,bytes32 evidenceRoot'),
};

function fields(text) {
  return text.split(',').map((field) => {
    const [type, name] = field.split(' ');
    return { type, name };
  });
}

/** The committed artifact of one contract: abi, creation, runtime, ... */
export function artifact(name) {
  return JSON.parse(readFileSync(join(ARTIFACTS, `${name}.json`), 'utf8'));
}

/** Deploys a contract from its committed creation code. */
export async function deploy(wallet, name) {
  const { abi, creation } = artifact(name);
  const contract = await new ContractFactory(abi, creation, wallet).deploy();
  await contract.waitForDeployment();
  return contract;
}

/** `count` witnesses with fixed keys, sorted as the terms want them. */
export function makeWitnesses(count) {
  const wallets = Array.from({ length: count }, (_, i) => new Wallet(keccak256(toUtf8Bytes(`weir witness ${i}`))));
  return wallets.sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
}

/** Terms with everything set to something reasonable; `changes` replaces fields. */
export function makeTerms({ provider, customer, witnesses, start, ...changes }) {
  return {
    provider,
    customer,
    asset: zeroPadValue('0x', 20),
    gauge: keccak256(toUtf8Bytes('gauge')),
    document: zeroPadValue('0x', 32),
    calendar: 0,
    length: 60,
    start,
    count: 1000,
    early: false,
    settleDelay: 0,
    claimWindow: 86400,
    maxSkewMs: 500,
    cap: 1000n * 60000n,
    capWindows: 0,
    m: Math.floor(witnesses.length / 2) + 1,
    witnesses: witnesses.map((witness, i) => ({ key: witness.address, node: toBeHex(i + 1, 32) })),
    tiers: [{ num: 95n, den: 100n, payout: 25000n }, { num: 60n, den: 100n, payout: 60000n }],
    nonce: 0n,
    ...changes,
  };
}

/** The hash of terms as an independent client computes it. */
export function hashTerms(terms) {
  return TypedDataEncoder.hashStruct('Terms', TERMS_TYPES, terms);
}

/** Opens an agreement and returns it as a contract of `wallet`. */
export async function openAgreement(wallet, factory, terms) {
  const predicted = await factory.predict(terms);
  await (await factory.connect(wallet).open(terms)).wait();
  return new Contract(predicted, artifact('WeirAgreement').abi, wallet);
}

/** The arguments of `report`, signed by `signers` (indices into `witnesses`). */
export async function signReport({ agreement, chainId, terms, witnesses, signers, word = 0n, mask, tier, evidenceRoot }) {
  const domain = { name: 'weir', version: '1', chainId, verifyingContract: await agreement.getAddress() };
  const breach = { terms: hashTerms(terms), epoch: 0n, word, mask, tier, evidenceRoot };
  let who = 0n;
  let sigs = '0x';
  for (const index of signers) {
    who |= 1n << BigInt(index);
    sigs += Signature.from(await witnesses[index].signTypedData(domain, BREACH_TYPES, breach)).compactSerialized.slice(2);
  }
  return [0n, word, mask, tier, evidenceRoot, who, sigs];
}
