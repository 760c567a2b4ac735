// Writes vectors/agreement.json: fixed terms, their hash, address and a signed report as ethers computes them, for the
// tests of other implementations. `js/vectors.test.mjs` proves that the contracts agree with the file.
import { writeFileSync } from 'node:fs';

import { makeVectors } from '../lib/vectors.mjs';

writeFileSync(new URL('../vectors/agreement.json', import.meta.url), `${JSON.stringify(await makeVectors(), null, 2)}\n`);
console.log('wrote vectors/agreement.json');
