// Goal: a provider's announcement goes from the wallet into the log, and only the provider's.
// Method: an independent wallet (ethers) signs what `weir maintenance message` prints.
// ctest: timeout=120
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const source = (path) => import(pathToFileURL(join(process.env.WEIR_SOURCE, path)).href);
const { Wallet, getAddress, verifyTypedData } = await source('tests/chain/node_modules/ethers/lib.esm/index.js');
const { witnessConfig } = await source('tests/demo/config.mjs');
const { Node } = await source('tests/demo/node.mjs');

const HOUR_MS = 3600 * 1000;
const address = (byte) => getAddress('0x' + byte.repeat(20));
const rfc3339 = (ms) => new Date(ms).toISOString();
// Test keys, worth nothing.
const provider = new Wallet('0x' + '11'.repeat(32));
const stranger = new Wallet('0x' + '22'.repeat(32));

const folder = mkdtempSync(join(tmpdir(), 'weir-maintenance-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const node = new Node({ binary: process.env.WEIR_BIN, folder: join(folder, 'node'), name: 'w1.example' });
await node.init();
const startMs = Math.ceil(Date.now() / HOUR_MS) * HOUR_MS;
const chain = { id: 31337, url: 'http://127.0.0.1:9/', factory: address('a1'), implementation: address('a2') };
const terms = {
  provider: provider.address, customer: address('c1'), startMs, windows: 100, lengthS: 3600, threshold: 1,
  cap: '500.00', tiers: [{ below: '95', payout: '25.00' }],
};
node.configure(witnessConfig({
  node, nodes: [node], chain, terms, token: { address: address('d1') }, service: 'http://127.0.0.1:9/',
}), []);

function weir(args, expected = 0) {
  const result = spawnSync(node.binary, [...args, '--config', node.config], { encoding: 'utf8' });
  assert.equal(result.status, expected, `${args.join(' ')}: ${result.stdout}${result.stderr}`);
  return result;
}

const from = startMs + 48 * HOUR_MS;
const span = ['--from', rfc3339(from), '--to', rfc3339(from + HOUR_MS)];
const message = JSON.parse(weir(['maintenance', 'message', 'shop-sla', ...span]).stdout);
assert.equal(message.primaryType, 'Maintenance');
assert.equal(message.message.from, String(from));
const { EIP712Domain, ...types } = message.types;
assert.equal(EIP712Domain.length, 4);
const signature = await provider.signTypedData(message.domain, types, message.message);
assert.equal(verifyTypedData(message.domain, types, message.message, signature), provider.address);

const add = (more, expected) => weir(['maintenance', 'add', 'shop-sla', ...more], expected);
const foreign = await stranger.signTypedData(message.domain, types, message.message);
assert.match(add([...span, '--signature', foreign], 11).stderr, /signature|signed/);
// Another hour than the one that was signed.
add(['--from', rfc3339(from), '--to', rfc3339(from + 2 * HOUR_MS), '--signature', signature], 11);
add([...span, '--signature', signature.slice(0, -4)], 1);
add([...span], 3);
add(['--from', 'tomorrow', '--to', rfc3339(from), '--signature', signature], 1);
assert.deepEqual(JSON.parse(add([...span, '--signature', signature, '--json'], 0).stdout), { added: true, in_time: true });
assert.deepEqual(JSON.parse(add([...span, '--signature', signature, '--json'], 0).stdout), { added: false });

// What has begun already is logged, and said not to count.
const past = ['--from', rfc3339(Date.now() - HOUR_MS), '--to', rfc3339(Date.now() + HOUR_MS)];
const late = JSON.parse(weir(['maintenance', 'message', 'shop-sla', ...past]).stdout);
const lateSignature = await provider.signTypedData(late.domain, types, late.message);
assert.match(add([...past, '--signature', lateSignature], 0).stdout, /too late/);
weir(['ledger', 'check']);
