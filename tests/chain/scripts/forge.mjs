// Runs the contract tests: `node scripts/forge.mjs test [more arguments of forge]`. Ends with forge's status.
// First it makes sure that the committed bytes, which the tests run, are those of the sources.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { foundryBinary } from '../lib/anvil.mjs';

const chain = join(dirname(fileURLToPath(import.meta.url)), '..');
// Forge takes sources only from below its root, and they lie outside of this folder.
const root = join(chain, '../..');

function run(program, args) {
  const { status, error } = spawnSync(program, args, {
    stdio: 'inherit',
    cwd: root,
    env: { ...process.env, FOUNDRY_CONFIG: join(chain, 'foundry.toml') },
  });
  if (error) throw error;
  return status ?? 1; // null: ended by a signal
}

process.exitCode = run(process.execPath, [join(root, 'tools/evm_artifacts.mjs'), '--check'])
  || run(foundryBinary('forge'), process.argv.slice(2));
