// Goal: the vectors for other implementations are true.
// Method: make them again with ethers; deploy the factory at their address and compare what the contracts answer.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { Contract, keccak256, toQuantity } from 'ethers';

import { startAnvil } from '../lib/anvil.mjs';
import { artifact, deploy } from '../lib/agreement.mjs';
import { makeVectors } from '../lib/vectors.mjs';

const stored = JSON.parse(readFileSync(new URL('../vectors/agreement.json', import.meta.url), 'utf8'));

test('the stored vectors are those that ethers makes', async () => {
  assert.deepEqual(await makeVectors(), stored);
});

test('the contracts agree with the vectors', { timeout: 60000 }, async () => {
  const chain = await startAnvil();
  try {
    // The first contract of the first well-known account has the address in the file.
    const factory = await deploy(chain.wallets[0], 'WeirFactory');
    assert.equal(factory.target.toLowerCase(), stored[0].factory);
    assert.equal((await factory.implementation()).toLowerCase(), stored[0].implementation);
    for (const vector of stored) {
      assert.equal(await factory.hashTerms(vector.terms), vector.termsHash, vector.name);
      assert.equal((await factory.predict(vector.terms)).toLowerCase(), vector.address, vector.name);
      await (await chain.wallets[0].sendTransaction({ to: factory.target, data: vector.openCalldata })).wait();
      const code = await chain.provider.getCode(vector.address);
      assert.equal(code.slice(2 + 2 * 45), vector.immutableArguments.slice(2), vector.name);
      const agreement = new Contract(vector.address, artifact('WeirAgreement').abi, chain.wallets[0]);
      assert.equal(await agreement.termsHash(), vector.termsHash, vector.name);
    }
    for (const vector of stored) await assertAccepted(chain, vector);
    assert.equal(keccak256(artifact('WeirAgreement').runtime), artifact('WeirAgreement').runtimeHash);
  } finally {
    await chain.stop();
  }
});

/** The signatures are good: the call passes one second after the last of its windows. */
async function assertAccepted(chain, vector) {
  const agreement = new Contract(vector.address, artifact('WeirAgreement').abi, chain.wallets[0]);
  const perWord = BigInt(Math.floor(255 / vector.terms.tiers.length));
  const behind = BigInt(vector.breach.word) * perWord + BigInt(BigInt(vector.breach.mask).toString(2).length);
  const time = await agreement.windowStart(behind) + BigInt(vector.terms.settleDelay);
  const call = { to: vector.address, data: vector.reportCalldata };
  const answer = await chain.provider.send('eth_call', [call, 'latest', {}, { time: toQuantity(time) }]);
  assert.equal(answer, '0x', vector.name);
}
