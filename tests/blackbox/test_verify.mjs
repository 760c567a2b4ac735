// Goal: weir-verify alone tells anybody, without a network, what a proof file proves and whether it was paid, and a file
// that was tampered with what exactly is wrong.
// Method: sample proofs that a C test program writes; every kind of answer and exit status; every tenth byte changed; the
// program run in a network namespace without any interface; its answers against a check by other libraries.
// ctest: timeout=300
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

const { WEIR_BUILD, WEIR_VERIFY_BIN, WEIR_BIN, WEIR_SOURCE } = process.env;
const OK = 0, USAGE = 3, MALFORMED = 10, EVIDENCE = 17, PAYMENT = 18;

const folder = mkdtempSync(join(tmpdir(), 'weir-verify-'));
const sample = (name) => join(folder, `${name}.weir-proof`);
const block = (name) => `0x${readFileSync(`${sample(name)}.block`, 'utf8')}`;
after(() => rmSync(folder, { recursive: true }));
before(() => {
  const made = spawnSync(join(WEIR_BUILD, 'test_proof'), ['write', folder], { encoding: 'utf8' });
  assert.equal(made.status, 0, made.stderr);
});

function verify(...args) {
  const { status, stdout, stderr } = spawnSync(WEIR_VERIFY_BIN, args, { encoding: 'utf8' });
  return { status, stdout, stderr };
}

/** The answer as JSON; exactly one object on one line. */
function ask(...args) {
  const { status, stdout } = verify(...args, '--json');
  assert.ok(stdout.endsWith('\n') && stdout.indexOf('\n') === stdout.length - 1, stdout);
  return { status, answer: JSON.parse(stdout) };
}

test('a payment is named until the hash of its block is given', () => {
  const named = verify(sample('paid'));
  assert.equal(named.status, OK);
  assert.match(named.stdout, /PROVED: breached at tier 2 or worse; payment named, not checked/);
  const paid = verify(sample('paid'), '--block-hash', block('paid'));
  assert.equal(paid.status, OK);
  assert.match(paid.stdout, /PROVED: breached at tier 2 or worse and paid\.\n/);
  assert.doesNotMatch(paid.stdout, /not checked/);
  const none = verify(sample('unpaid'));
  assert.equal(none.status, OK);
  assert.match(none.stdout, /No payment is shown\./);
});

test('a payment that is not shown is not said to be made', () => {
  assert.equal(verify(sample('unpaid'), '--block-hash', block('paid')).status, PAYMENT);
  const other = verify(sample('paid'), '--block-hash', block('owed'));
  assert.equal(other.status, PAYMENT);
  assert.match(other.stdout, /NOT PROVED: .*\n.*no payment in the file lies in the block with the trusted hash/);
  const owed = verify(sample('owed'), '--block-hash', block('owed'));
  assert.equal(owed.status, PAYMENT);
  assert.match(owed.stdout, /settled, but NOT PAID IN FULL/);
  assert.equal(ask(sample('owed'), '--block-hash', block('owed')).answer.payment, 'settled');
});

test('the words say what was promised, measured, signed and paid', () => {
  const { stdout } = verify(sample('paid'), '--block-hash', block('paid'));
  for (const part of ['gauge        web', 'tier 2       below 60/100: 60000000', 'Window 0: 2026-01-05T00:00:00', 'witness 0    5000/10000, tier 2',
    'cosigned by 2 others; observations shown', 'observations sealed', 'for 5000 ms of 10000: tier 2', 'Signed by 2 of 3 witnesses (2 needed): 0 1',
    'due 60000000, paid 60000000', 'give --contract'])
    assert.ok(stdout.includes(part), `'${part}' in\n${stdout}`);
});

test('the answer for programs is one JSON object with exact numbers as text', () => {
  const { status, answer } = ask(sample('windows'));
  assert.equal(status, OK);
  assert.deepEqual([answer.proved, answer.breached, answer.tier, answer.payment, answer.worth], [true, true, 1, 'none', '75000000']);
  assert.deepEqual(answer.windows.map(({ window }) => window), ['0', '2', '3']);
  assert.equal(answer.opinions.length, 9);
  assert.ok(answer.windows.every((window) => window.quorum_down_ms === '5000' && window.den === '10000'));
  const paid = ask(sample('paid'), '--block-hash', block('paid')).answer;
  assert.equal(paid.payment, 'paid');
  assert.deepEqual(paid.payments.map(({ trusted, paid: units }) => [trusted, units]), [[true, '60000000']]);
});

test('the agreement that is meant can be pinned', () => {
  const { contract, chain, terms } = ask(sample('paid')).answer;
  const pinned = verify(sample('paid'), '--contract', contract, '--chain', chain, '--terms', terms);
  assert.equal(pinned.status, OK);
  assert.doesNotMatch(pinned.stdout, /give --contract/);
  assert.equal(verify(sample('paid'), '--contract', '0x5FbDB2315678afecb367f032d93F642f64180aa3').status, EVIDENCE);
  assert.equal(verify(sample('paid'), '--chain', '1').status, EVIDENCE);
  assert.equal(verify(sample('paid'), '--terms', `0x${'00'.repeat(32)}`).status, EVIDENCE);
});

test('wrong use is said and has its own status', () => {
  for (const args of [[], ['a', 'b'], ['--nonsense', 'x'], [sample('paid'), '--block-hash'], [sample('paid'), '--block-hash', '0x12'],
    [sample('paid'), '--contract', '0x12'], [sample('paid'), '--chain', '0'], [sample('paid'), '--terms', 'x']]) {
    const { status, stdout, stderr } = verify(...args);
    assert.equal(status, USAGE, args.join(' '));
    assert.ok((stdout + stderr).length > 0);
  }
  assert.equal(verify('--help').status, OK);
  assert.match(verify('--help').stdout, /Example: weir-verify/);
  assert.match(verify('--version').stdout, /^weir-verify \d/);
});

test('what is no proof file is refused', () => {
  assert.equal(verify(join(folder, 'nothing')).status, 1);
  assert.equal(verify(folder).status, 1);
  for (const text of ['', '\n', 'weir/proof@v1\n', '\0'.repeat(1000), 'weir/proof@v1\n'.repeat(1000)]) {
    const file = join(folder, 'other');
    writeFileSync(file, text);
    assert.equal(verify(file).status, MALFORMED, JSON.stringify(text.slice(0, 40)));
    assert.equal(ask(file).answer.proved, false);
  }
});

test('each reason to refuse a proof has its own status', () => {
  for (let status = MALFORMED + 1; status <= PAYMENT; status++) {
    const file = sample(`bad-${status}`);
    assert.equal(verify(file).status, status, verify(file).stdout);
    const { answer } = ask(file);
    assert.equal(answer.proved, false);
    assert.match(answer.error.code, /^[A-Z_]+$/);
    assert.ok(answer.error.message.length > 10);
  }
});

test('a proof comes by standard input too', () => {
  const { status } = spawnSync(WEIR_VERIFY_BIN, ['-'], { input: readFileSync(sample('paid')) });
  assert.equal(status, OK);
});

test('no changed byte is accepted, and each is said to be somewhere', () => {
  const good = readFileSync(sample('paid'));
  const file = join(folder, 'changed');
  for (let at = 0; at < good.length; at += 10) {
    const bent = Buffer.from(good);
    bent[at] ^= 1;
    writeFileSync(file, bent);
    const { status, stdout } = verify(file);
    assert.ok(status >= MALFORMED && status <= PAYMENT, `byte ${at}: ${status}`);
    assert.match(stdout, /^NOT PROVED: .+\n {2}.+/);
  }
});

test('it needs no network, and has nothing to reach one with', () => {
  const alone = spawnSync('unshare', ['-rn', WEIR_VERIFY_BIN, sample('paid'), '--block-hash', block('paid')], { encoding: 'utf8' });
  const isAllowed = spawnSync('unshare', ['-rn', 'true']).status === 0;
  if (isAllowed) assert.equal(alone.status, OK, alone.stderr);
  const linked = spawnSync('ldd', [WEIR_VERIFY_BIN], { encoding: 'utf8' }).stdout;
  assert.match(linked, /libsodium/);
  assert.doesNotMatch(linked, /curl|sqlite|microhttpd|jansson|ssl\.so/);
});

test('`weir verify` gives the same answer', () => {
  const { status, stdout } = spawnSync(WEIR_BIN, ['verify', sample('paid'), '--json'], { encoding: 'utf8' });
  assert.equal(status, OK);
  assert.deepEqual(JSON.parse(stdout), ask(sample('paid')).answer);
});

test('other libraries compute the same report, witnesses and payment', async (context) => {
  const library = join(WEIR_SOURCE, 'tests/chain/lib/proof.mjs');
  let checkProof;
  try {
    ({ checkProof } = await import(library));
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    return context.skip('ethers is not installed');
  }
  for (const name of ['paid', 'events', 'windows', 'smallest']) {
    const theirs = checkProof(readFileSync(sample(name)));
    const { answer } = ask(sample(name));
    assert.deepEqual([answer.report, answer.terms, answer.contract.toLowerCase()], [theirs.breach, theirs.termsHash, theirs.proof.contract]);
    assert.deepEqual(answer.opinions.map(({ digest }) => digest), theirs.opinions);
    assert.deepEqual(answer.windows.map(({ window }) => Number(window)), theirs.windows);
    assert.deepEqual(answer.payments.map(({ block: hash, paid }) => [hash, paid]), theirs.payments.map(({ block: hash, paid }) => [hash, String(paid)]));
  }
  return undefined;
});
