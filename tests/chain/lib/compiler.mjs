// The pinned compiler and its settings: one place for the artifacts, the tests and the byte-identity check.
import { createRequire } from 'node:module';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const CHAIN = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Folder of the Solidity sources. */
export const CONTRACTS = join(CHAIN, '../../rails/evm/contracts');

/** Folder of the committed results. */
export const ARTIFACTS = join(CHAIN, '../../rails/evm/artifacts');

/** The contracts that are deployed, in the order of the generated files. */
export const DEPLOYED = ['WeirFactory', 'WeirAgreement', 'DemoToken'];

/** The same as in foundry.toml. Without metadata the bytes depend on the code alone. */
export const SETTINGS = {
  evmVersion: 'cancun',
  viaIR: true,
  optimizer: { enabled: true, runs: 1000000 },
  metadata: { bytecodeHash: 'none', appendCBOR: false },
};

/** The compiler's own version text, for example `0.8.37+commit.6a4edba8.Emscripten.clang`. */
export function compilerVersion() {
  return require('solc').version();
}

/** Compiles every contract of CONTRACTS; throws with the compiler's text on any error or warning. */
export function compile() {
  const solc = require('solc');
  const sources = {};
  for (const file of readdirSync(CONTRACTS).filter((name) => name.endsWith('.sol')).sort()) {
    sources[file] = { content: readFileSync(join(CONTRACTS, file), 'utf8') };
  }
  const outputs = ['abi', 'userdoc', 'evm.bytecode.object', 'evm.deployedBytecode.object',
    'evm.deployedBytecode.immutableReferences', 'evm.methodIdentifiers'];
  const request = {
    language: 'Solidity',
    sources,
    settings: { ...SETTINGS, outputSelection: { '*': { '*': outputs } } },
  };
  const answer = JSON.parse(solc.compile(JSON.stringify(request), { import: readImport }));
  if (answer.errors?.length) {
    throw new Error(answer.errors.map((error) => error.formattedMessage).join('\n'));
  }
  return Object.fromEntries(DEPLOYED.map((name) => [name, answer.contracts[`${name}.sol`][name]]));
}

function readImport(path) {
  try {
    return { contents: readFileSync(join(CHAIN, 'node_modules', path), 'utf8') };
  } catch (error) {
    return { error: error.message };
  }
}
