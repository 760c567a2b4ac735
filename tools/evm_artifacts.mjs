#!/usr/bin/env node
// Compiles the contracts with the pinned compiler and writes what is committed in rails/evm/artifacts:
// one JSON file per contract, and the C files that the build embeds.
//   evm_artifacts.mjs --write    makes them again
//   evm_artifacts.mjs --check    fails unless compiling gives exactly the committed bytes
import { createRequire } from 'node:module';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { ARTIFACTS, SETTINGS, compile, compilerVersion } from '../tests/chain/lib/compiler.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const require = createRequire(join(HERE, '../tests/chain/package.json'));
const { Interface, keccak256 } = require('ethers');

const ABI_ORDER = ['constructor', 'receive', 'function', 'event', 'error'];
const BYTES_PER_LINE = 16;

/** Contracts whose creation code the program deploys. */
const EMBEDDED = [['WeirFactory', 'factory'], ['DemoToken', 'demo_token']];

function sortAbi(abi) {
  const rank = (entry) => ABI_ORDER.indexOf(entry.type);
  return [...abi].sort((a, b) => rank(a) - rank(b) || (a.name ?? '').localeCompare(b.name ?? '', 'en'));
}

/** What one JSON file holds; every value depends on sources, compiler and settings alone. */
function describe(name, output) {
  const { evm } = output;
  const abi = new Interface(output.abi);
  const texts = userTexts(output.userdoc);
  const table = (fragments, valueOf) => Object.fromEntries(
    fragments.map((fragment) => [fragment.format('sighash'), valueOf(fragment)]).sort(byKey));
  const functions = abi.fragments.filter((fragment) => fragment.type === 'function');
  const events = abi.fragments.filter((fragment) => fragment.type === 'event');
  const errors = abi.fragments.filter((fragment) => fragment.type === 'error');
  const immutables = Object.values(evm.deployedBytecode.immutableReferences ?? {}).flat()
    .map(({ start, length }) => ({ start, length })).sort((a, b) => a.start - b.start);
  return {
    contract: name,
    compiler: compilerVersion(),
    settings: SETTINGS,
    creation: `0x${evm.bytecode.object}`,
    runtime: `0x${evm.deployedBytecode.object}`,
    runtimeHash: keccak256(`0x${evm.deployedBytecode.object}`),
    immutables,
    selectors: table(functions, (fragment) => fragment.selector),
    topics: table(events, (fragment) => fragment.topicHash),
    errors: table(errors, (fragment) => ({ selector: fragment.selector, text: texts[fragment.format('sighash')] ?? '' })),
    abi: sortAbi(output.abi),
  };
}

function byKey([a], [b]) {
  return a < b ? -1 : 1;
}

/** The @notice of every error, by signature. */
function userTexts(userdoc) {
  return Object.fromEntries(Object.entries(userdoc.errors ?? {}).map(([key, [entry]]) => [key, entry.notice]));
}

function bytesOf(hex, indent = '    ') {
  const bytes = hex.slice(2).match(/../g).map((byte) => `0x${byte}`);
  const lines = [];
  for (let i = 0; i < bytes.length; i += BYTES_PER_LINE) lines.push(`${indent}${bytes.slice(i, i + BYTES_PER_LINE).join(', ')},`);
  return lines.join('\n');
}

function upperSnake(name) {
  return name.replace(/\(.*/, '').replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();
}

/** Creation code for the one file that deploys; read as `#include "rails/evm/artifacts/contracts.inc"`. */
function contractsInc(described) {
  const arrays = EMBEDDED.map(([name, noun]) => `/* Creation code of ${name}; its constructor takes nothing. */\n`
    + `static const unsigned char weir_evm_${noun}_creation[${described[name].creation.length / 2 - 1}] = {\n`
    + `${bytesOf(described[name].creation)}\n};\n`);
  return `/* Made by tools/evm_artifacts.mjs with solc ${compilerVersion()}. Do not edit. */\n${arrays.join('\n')}`;
}

/** Names for what is called, logged and compared. */
function selectorsH(described) {
  const lines = ['/* Selectors, event topics and code hash of the contracts in rails/evm/contracts.',
    ' * Made by tools/evm_artifacts.mjs. Do not edit. */',
    '#ifndef WEIR_RAILS_EVM_ARTIFACTS_SELECTORS_H', '#define WEIR_RAILS_EVM_ARTIFACTS_SELECTORS_H', ''];
  for (const [name, noun] of [['WeirFactory', 'FACTORY'], ['WeirAgreement', 'AGREEMENT'], ['DemoToken', 'TOKEN']]) {
    for (const [signature, selector] of Object.entries(described[name].selectors)) {
      lines.push(`/* ${signature} */`, `#define WEIR_EVM_${noun}_${upperSnake(signature)} ${selector}U`);
    }
    for (const [signature, topic] of Object.entries(described[name].topics)) {
      lines.push(`/* topic 0 of ${signature} */`, `#define WEIR_EVM_${noun}_TOPIC_${upperSnake(signature)} \\`,
        '    { \\', ...bytesOf(topic, '        ').split('\n').map((line) => `${line} \\`), '    }');
    }
    lines.push('');
  }
  lines.push('/* keccak-256 of the code of the implementation, which has no immutables: what eth_getCode must hash to. */',
    '#define WEIR_EVM_AGREEMENT_CODE_HASH \\', '    { \\',
    ...bytesOf(described.WeirAgreement.runtimeHash, '        ').split('\n').map((line) => `${line} \\`), '    }', '',
    '#endif /* WEIR_RAILS_EVM_ARTIFACTS_SELECTORS_H */', '');
  return lines.join('\n');
}

/** The typed errors of factory and agreement: WEIR_EVM_ERROR(selector, name, text), by selector. */
function errorsDef(described) {
  const rows = {};
  for (const name of ['WeirFactory', 'WeirAgreement']) {
    for (const [signature, { selector, text }] of Object.entries(described[name].errors)) {
      rows[selector] = { signature, text: plainText(text) };
    }
  }
  const lines = Object.entries(rows).sort(byKey).map(([selector, { signature, text }]) =>
    `WEIR_EVM_ERROR(${selector}U, "${signature}",\n               ${JSON.stringify(text)})`);
  return `/* Errors a call of the contracts can revert with; WEIR_EVM_ERROR(selector, signature, text).\n`
    + ` * Made by tools/evm_artifacts.mjs. Do not edit. */\n${lines.join('\n')}\n`;
}

/** A notice without the section it cites and without its full stop, to stand within a longer sentence. */
function plainText(notice) {
  if (notice === '') return 'raised inside the OpenZeppelin library';
  const text = notice.replace(/^[\d.]+: /, '').replace(/\.$/, '');
  return text[0].toLowerCase() + text.slice(1);
}

function build() {
  const compiled = compile();
  const described = Object.fromEntries(Object.entries(compiled).map(([name, output]) => [name, describe(name, output)]));
  const files = Object.fromEntries(Object.entries(described).map(
    ([name, text]) => [`${name}.json`, `${JSON.stringify(text, null, 2)}\n`]));
  files['contracts.inc'] = contractsInc(described);
  files['selectors.h'] = selectorsH(described);
  files['errors.def'] = errorsDef(described);
  return files;
}

function main(mode) {
  if (mode !== '--write' && mode !== '--check') {
    console.error('usage: evm_artifacts.mjs --write | --check');
    return 2;
  }
  const files = build();
  if (mode === '--write') {
    mkdirSync(ARTIFACTS, { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(ARTIFACTS, name), text);
    console.log(`wrote ${Object.keys(files).length} files`);
    return 0;
  }
  const differing = Object.entries(files)
    .filter(([name, text]) => !existsSync(join(ARTIFACTS, name)) || readFileSync(join(ARTIFACTS, name), 'utf8') !== text)
    .map(([name]) => name);
  if (differing.length > 0) {
    console.error(`rails/evm/artifacts: compiling gives other bytes for ${differing.join(', ')}; run tools/evm_artifacts.mjs --write`);
    return 1;
  }
  console.log(`rails/evm/artifacts: ${Object.keys(files).length} files are what solc ${compilerVersion()} makes`);
  return 0;
}

process.exitCode = main(process.argv[2]);
