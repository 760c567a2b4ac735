#!/usr/bin/env node
// The pinned npm compiler behind the command line that forge expects: --version and --standard-json.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const solc = createRequire(import.meta.url)('solc');

if (process.argv.includes('--version')) {
  const version = solc.version().replace(/\.Emscripten.*/, '.Linux.g++');
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${version}`);
} else if (process.argv.includes('--standard-json')) {
  process.stdout.write(solc.compile(readFileSync(0, 'utf8')));
} else {
  console.error('solc.mjs: only --version and --standard-json');
  process.exitCode = 2;
}
