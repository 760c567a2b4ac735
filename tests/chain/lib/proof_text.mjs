// Reads the text of a proof file (docs/formats-proof.md) line by line. Written from the document alone, apart from the
// program's own reader. Everything is returned as strings, BigInts and Buffers; nothing is judged but the form.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

export const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();

/** The lines of a text, taken one after the other; `at` is the offset of the next one. */
class Lines {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  next() {
    const end = this.bytes.indexOf(10, this.at);
    assert.notEqual(end, -1, 'the text ends too early');
    const line = this.bytes.toString('utf8', this.at, end);
    this.at = end + 1;
    return line;
  }

  /** The words behind a keyword. */
  expect(keyword, count) {
    const [found, ...words] = this.next().split(' ');
    assert.equal(found, keyword);
    assert.equal(words.length, count, keyword);
    return words;
  }

  peek(keyword) {
    return this.bytes.toString('utf8', this.at, this.at + keyword.length + 1) === `${keyword} `;
  }

  hashes(count) {
    return Array.from({ length: Number(count) }, () => Buffer.from(this.next(), 'base64'));
  }

  block(bytes) {
    const lines = Math.ceil(Math.ceil(bytes / 3) * 4 / 76);
    const block = Buffer.from(Array.from({ length: lines }, () => this.next()).join(''), 'base64');
    assert.equal(block.length, bytes);
    return block;
  }

  /** A digest line over all that stands before it. */
  digest(keyword) {
    const computed = sha256(this.bytes.subarray(0, this.at)).toString('hex');
    assert.deepEqual(this.expect(keyword, 1), [computed], `${keyword}: the digest does not fit`);
    return computed;
  }
}

const base64 = (text) => Buffer.from(text, 'base64');

/** `count` times what `read` returns. */
const repeat = (count, read) => Array.from({ length: Number(count) }, read);

function readLeaves(lines) {
  const [first, count, form, bytes] = lines.expect('leaves', 4);
  const leaves = { first: Number(first), count: Number(count), isOpen: form === 'open', rows: lines.block(Number(bytes)), seeds: [] };
  if (leaves.isOpen) {
    const [seeds] = lines.expect('salts', 1);
    leaves.seeds = repeat(seeds, () => {
      const [level, index, seed] = lines.expect('seed', 3);
      return { level: Number(level), index: BigInt(index), bytes: Buffer.from(seed, 'hex') };
    });
  }
  return leaves;
}

function readNotice(lines) {
  const [index, tick, payload, salt, hashes] = lines.expect('notice', 5);
  return { index: Number(index), tickMs: BigInt(tick), payload: base64(payload), salt: Buffer.from(salt, 'hex'), path: lines.hashes(hashes) };
}

function readSection(lines) {
  const [window, witness] = lines.expect('window', 2);
  const [opinion, signature] = lines.expect('opinion', 2);
  const section = { window: Number(window), witness: Number(witness), opinion: base64(opinion), signature: `0x${signature}` };
  section.leaves = readLeaves(lines);
  const [tick, salt, hashes] = lines.expect('definition', 3);
  section.definition = { tickMs: BigInt(tick), salt: Buffer.from(salt, 'hex'), path: lines.hashes(hashes) };
  section.notices = repeat(lines.expect('notices', 1)[0], () => readNotice(lines));
  section.events = repeat(lines.expect('events', 1)[0], () => base64(lines.expect('event', 1)[0]));
  section.range = lines.hashes(lines.expect('range', 1)[0]);
  section.checkpoint = repeat(lines.expect('checkpoint', 1)[0], () => `${lines.next()}\n`).join('');
  return section;
}

function readPayment(lines) {
  const [tx, block, number, txIndex, logIndex, nodes] = lines.expect('payment', 6);
  const [header] = lines.expect('header', 1);
  return { tx, block, number: BigInt(number), txIndex: Number(txIndex), logIndex: Number(logIndex), header: base64(header),
    nodes: repeat(nodes, () => base64(lines.expect('node', 1)[0])) };
}

/** The parts of a proof file. */
export function readProof(bytes) {
  const lines = new Lines(bytes);
  assert.equal(lines.next(), 'weir/proof@v1');
  const [chainId, contract, factory, implementation] = lines.expect('chain', 4);
  const proof = { chainId: BigInt(chainId), contract, factory, implementation };
  proof.terms = base64(lines.expect('terms', 1)[0]);
  proof.gauge = base64(lines.expect('gauge', 1)[0]);
  const [epoch, word, mask, tier, evidenceRoot] = lines.expect('report', 5);
  proof.report = { epoch: BigInt(epoch), word: BigInt(word), mask: BigInt(mask), tier: Number(tier), evidenceRoot: `0x${evidenceRoot}` };
  proof.who = Number(lines.expect('who', 1)[0]);
  proof.signers = [...Array(16).keys()].filter((i) => proof.who >> i & 1);
  proof.signatures = proof.signers.map(() => `0x${lines.expect('signature', 1)[0]}`);
  proof.keySets = {};
  while (lines.peek('keyset')) {
    const [index, set, proofs] = lines.expect('keyset', 3);
    proof.keySets[index] = { set: base64(set), proofs: base64(proofs) };
  }
  proof.sections = [];
  while (lines.peek('window')) proof.sections.push(readSection(lines));
  proof.evidence = lines.digest('evidence');
  proof.payments = repeat(lines.expect('payments', 1)[0], () => readPayment(lines));
  lines.digest('end');
  assert.equal(lines.at, bytes.length, 'something follows the end');
  return proof;
}
