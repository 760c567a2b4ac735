// Checks a proof file with ethers and node:crypto alone, apart from the program that made it, and prints what it found:
//   node tests/chain/scripts/proof.mjs FILE
import { readFileSync } from 'node:fs';

import { checkProof } from '../lib/proof.mjs';

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error('usage: proof.mjs FILE');
  process.exit(3);
}
const { proof, termsHash, breach, windows, signers, payments } = checkProof(readFileSync(file));
console.log(JSON.stringify({ chain: String(proof.chainId), contract: proof.contract, terms: termsHash, report: breach, tier: proof.report.tier,
  windows, signers, payments: payments.map(({ block, due, paid }) => ({ block, due: String(due), paid: String(paid) })) }));
