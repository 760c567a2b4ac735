// Goal: what is committed is what the sources compile to, and what the page about the contracts says is true.
// Method: recompile and compare every byte; look up every selector, topic and error of the artifacts in the page.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

import { artifact } from '../lib/agreement.mjs';
import { CONTRACTS, DEPLOYED } from '../lib/compiler.mjs';

const TOOL = fileURLToPath(new URL('../../../tools/evm_artifacts.mjs', import.meta.url));

test('recompiling gives the committed bytes', { timeout: 120000 }, () => {
  const said = execFileSync(process.execPath, [TOOL, '--check'], { encoding: 'utf8' });
  assert.match(said, /are what solc 0\.8\.37/);
});

test('the page about the contracts names every selector, topic and error', () => {
  const page = readFileSync(join(CONTRACTS, 'README.md'), 'utf8');
  for (const name of ['WeirFactory', 'WeirAgreement']) {
    const { selectors, topics, errors } = artifact(name);
    const known = [...Object.entries(selectors), ...Object.entries(topics),
      ...Object.entries(errors).map(([signature, { selector }]) => [signature, selector])];
    for (const [signature, value] of known) {
      const line = page.split('\n').findIndex((text) => text.includes(`\`${value}\``));
      assert.ok(line >= 0, `${signature} ${value}`);
      const around = page.split('\n').slice(line - 1, line + 1).join('\n');
      assert.ok(around.includes(`${signature.replace(/\(.*/s, '')}(`), `${value} should be beside ${signature}`);
    }
  }
});

test('no artifact depends on the machine', () => {
  for (const name of DEPLOYED) {
    const { creation, runtime, settings } = artifact(name);
    assert.match(creation, /^0x[0-9a-f]+$/);
    assert.match(runtime, /^0x[0-9a-f]+$/);
    assert.deepEqual(settings.metadata, { bytecodeHash: 'none', appendCBOR: false });
    assert.ok(runtime.length / 2 < 24576, 'EIP-170');
  }
});
