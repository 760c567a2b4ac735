// Goal: what a proof file says follows for a stranger too who has ethers and no line of our code.
// Method: sample proofs that a C test program writes, checked by tests/chain/lib/proof.mjs; bytes of them changed.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';

import { checkProof } from '../lib/proof.mjs';
import { sha256 } from '../lib/proof_text.mjs';

const MAKER = join(process.env.WEIR_BUILD ?? '', 'test_proof');
const isThere = process.env.WEIR_BUILD !== undefined && existsSync(MAKER);
const skip = isThere ? false : 'WEIR_BUILD names no build with test_proof';
const folder = mkdtempSync(join(tmpdir(), 'weir-proof-'));
after(() => rmSync(folder, { recursive: true }));
if (isThere) execFileSync(MAKER, ['write', folder]);
const samples = (kind) => readdirSync(folder).filter((name) => name.endsWith('.weir-proof') && name.startsWith('bad-') === (kind === 'bad'));
const load = (name) => readFileSync(join(folder, name));

/** The file with its two digests made right again, as anybody can do who changes it. */
function reseal(text) {
  for (const keyword of ['evidence', 'end']) {
    const at = text.lastIndexOf(`\n${keyword} `) + 1;
    const digest = sha256(Buffer.from(text.slice(0, at), 'latin1')).toString('hex');
    text = `${text.slice(0, at)}${keyword} ${digest}${text.slice(at + keyword.length + 65)}`;
  }
  return Buffer.from(text, 'latin1');
}

test('every sample holds', { skip }, () => {
  assert.ok(samples('good').length >= 6);
  for (const name of samples('good')) assert.ok(checkProof(load(name)).windows.length >= 1, name);
});

test('what our verifier refuses, this check refuses too', { skip }, () => {
  assert.equal(samples('bad').length, 8);
  for (const name of samples('bad')) assert.throws(() => checkProof(load(name)), name);
});

test('the witnesses are recovered from the digest that ethers computes', { skip }, () => {
  const { terms, signers, proof } = checkProof(load('paid.weir-proof'));
  assert.deepEqual(signers, proof.signers.map((index) => terms.witnesses[index].key));
});

test('the payment is the one of the block whose hash stands beside the file', { skip }, () => {
  for (const [name, paid] of [['paid', 60000000n], ['owed', 1n]]) {
    const [payment] = checkProof(load(`${name}.weir-proof`)).payments;
    assert.equal(payment.block, `0x${load(`${name}.weir-proof.block`)}`);
    assert.deepEqual([payment.due, payment.paid], [60000000n, paid]);
  }
});

test('several windows stand in one report', { skip }, () => {
  const { windows, opinions } = checkProof(load('windows.weir-proof'));
  assert.deepEqual(windows, [0, 2, 3]);
  assert.equal(opinions.length, 9);
});

test('a changed digit, hash or signature is found though the digests were made right', { skip }, () => {
  const text = load('unpaid.weir-proof').toString('latin1');
  const changes = [
    ['\nchain 31337 ', '\nchain 31338 '],
    ['\nreport 0 0 ', '\nreport 1 0 '],
    [' 2 ', ' 1 '],
    ['\nwho 3\n', '\nwho 5\n'],
    ['\nsignature ', (at) => at + 40],
    ['\nopinion ', (at) => at + 200],
    ['\nleaves ', (at) => at + 60],
    ['\nseed ', (at) => at + 30],
    ['\ndefinition ', (at) => at + 40],
    ['\nrange ', (at) => at + 20],
    ['\nw1.example/gauge/web\n', '\nw9.example/gauge/web\n'],
    ['\ngauge ', (at) => at + 30],
    ['\nterms ', (at) => at + 700],
  ];
  for (const [from, to] of changes) {
    const at = text.indexOf(from);
    assert.notEqual(at, -1, from);
    const place = typeof to === 'string' ? -1 : to(at);
    const other = text[place] === 'a' ? 'b' : 'a';
    const bent = typeof to === 'string' ? text.replace(from, to) : `${text.slice(0, place)}${other}${text.slice(place + 1)}`;
    assert.throws(() => checkProof(reseal(bent)), from);
  }
});
