// The log side of a proof, with node:crypto alone: keys, signed heads, leaves, salts, and the Merkle trees over them by
// the recursive definitions of RFC 6962, where the program works with compact ranges.
import assert from 'node:assert/strict';
import { createHmac, createPublicKey, verify } from 'node:crypto';

import { sha256 } from './proof_text.mjs';

const SALT_DOMAIN = Buffer.from('weir/salt/v1\0');
const LEAF_DOMAIN = Buffer.from('weir/obs/v1\0');
export const KINDS = { definition: 1, tick: 2, missed: 3, event: 4, maintenance: 5, close: 6 };
const PAYLOAD_BYTES = { 1: 0, 2: 7, 3: 7 };

export function ed25519(key, message, signature) {
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), key]);
  return verify(null, message, createPublicKey({ key: spki, format: 'der', type: 'spki' }), signature);
}

/** Keys of a key set by purpose number, and the node they belong to. */
export function readKeySet(set) {
  assert.equal(set.toString('latin1', 0, 13), 'weir/keys/v1\n');
  const keys = { 1: [], 2: [], 3: [], 4: [] };
  const listed = [];
  let at = 13 + 32 + 8 + 32 + 8;
  for (let left = set[at++]; left > 0; left--) {
    const [purpose, , length] = set.subarray(at, at + 3);
    const bytes = set.subarray(at + 3, at + 3 + length);
    keys[purpose].push(bytes);
    listed.push({ purpose, bytes });
    at += 3 + length;
  }
  assert.equal(at, set.length);
  return { node: set.subarray(13, 45), keys, listed };
}

const keyId = (name, type, key) => sha256(Buffer.from(name), Buffer.from([10, type]), key).subarray(0, 4);

/** A signed head: origin, size, root, whether its owner signed it, and which other witnesses did. */
export function readCheckpoint(note, witness, keySets) {
  const at = note.lastIndexOf('\n\n');
  const text = note.slice(0, at + 1);
  const [origin, size, root] = text.split('\n');
  const head = { origin, size: Number(size), root: Buffer.from(root, 'base64'), isSigned: false, cosigners: new Set() };
  for (const line of note.slice(at + 2).trimEnd().split('\n')) {
    const [dash, name, payload] = line.split(' ');
    assert.equal(dash, '—');
    const bytes = Buffer.from(payload, 'base64');
    const isBy = (key, type) => keyId(name, type, key).equals(bytes.subarray(0, 4));
    for (const key of keySets[witness].keys[2])
      if (name === origin && isBy(key, 1)) {
        assert.ok(ed25519(key, Buffer.from(text), bytes.subarray(4)), 'the log signature');
        head.isSigned = true;
      }
    for (const [other, { keys }] of Object.entries(keySets))
      for (const key of keys[3])
        if (Number(other) !== witness && isBy(key, 4)) {
          const time = bytes.readBigUInt64BE(4);
          assert.ok(ed25519(key, Buffer.from(`cosignature/v1\ntime ${time}\n${text}`), bytes.subarray(12)), 'a cosignature');
          head.cosigners.add(Number(other));
        }
  }
  return head;
}

const leafHash = (bytes) => sha256(Buffer.from([0]), bytes);
const nodeHash = (left, right) => sha256(Buffer.from([1]), left, right);
const splitAt = (size) => 2 ** Math.floor(Math.log2(size - 1));

/** Root of the tree over `items`, each already hashed. */
export function treeRoot(items) {
  if (items.length === 1) return items[0];
  const left = splitAt(items.length);
  return nodeHash(treeRoot(items.slice(0, left)), treeRoot(items.slice(left)));
}

export const evidenceLeaf = (bytes) => leafHash(bytes);

/** The root that leaves [first, first + n) and the hashes of everything beside them lead to. */
export function rangeRoot(leaves, first, size, proof) {
  const hashes = [...proof];
  const end = first + leaves.length;
  const walk = (lo, hi) => {
    if (hi <= first || lo >= end) {
      assert.ok(hashes.length > 0, 'a hash is missing');
      return hashes.shift();
    }
    if (hi - lo === 1) return leaves[lo - first];
    const middle = lo + splitAt(hi - lo);
    const left = walk(lo, middle);
    return nodeHash(left, walk(middle, hi));
  };
  const root = walk(0, size);
  assert.equal(hashes.length, 0, 'hashes are left over');
  return root;
}

/** RFC 9162 2.1.3.2: the path is bottom-up. */
export function inclusionRoot(leaf, index, size, path) {
  let [at, last, hash] = [index, size - 1, leaf];
  for (const other of path) {
    assert.notEqual(last, 0);
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(other, hash);
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else {
      hash = nodeHash(hash, other);
    }
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  assert.equal(last, 0);
  return hash;
}

/** The hash of one leaf. */
export function hashLeaf({ kind, flags, seq, tickMs, commit }) {
  const bytes = Buffer.alloc(51);
  bytes[0] = 1;
  bytes[1] = kind;
  bytes.writeBigUInt64BE(BigInt(seq), 2);
  bytes.writeBigUInt64BE(tickMs, 10);
  bytes[18] = flags;
  commit.copy(bytes, 19);
  return leafHash(bytes);
}

export const commitTo = (salt, payload) => sha256(LEAF_DOMAIN, salt, payload);

/** All salts that the seeds open, left to right. */
function expandSeeds(seeds) {
  const below = ({ level, bytes }) => (level === 0 ? [bytes.subarray(0, 16)] : [0, 1].flatMap((bit) =>
    below({ level: level - 1, bytes: createHmac('sha256', bytes).update(SALT_DOMAIN).update(Buffer.from([bit])).digest() })));
  return seeds.flatMap(below);
}

/** Leaves from packed rows; those of an open section with payload and recomputed commitment. */
export function readRows({ first, count, isOpen, rows, seeds }, intervalMs, gauge) {
  const salts = expandSeeds(seeds);
  const leaves = [];
  let at = 0;
  let previous = null;
  const number = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = rows[at++];
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length) => rows.subarray(at, at += length);
  for (let i = 0; i < count; i++) {
    const [head] = take(1);
    const leaf = { kind: head >> 4, flags: head & 15, seq: first + i };
    const step = number();
    const signed = step & 1n ? -(step >> 1n) - 1n : step >> 1n;
    leaf.tickMs = previous === null ? step : previous + intervalMs + signed;
    previous = leaf.tickMs;
    if (isOpen) {
      leaf.payload = leaf.kind === KINDS.definition ? gauge : take(PAYLOAD_BYTES[leaf.kind] ?? Number(number()));
      leaf.commit = commitTo(salts[i], leaf.payload);
    } else {
      leaf.commit = take(32);
    }
    leaves.push(leaf);
  }
  assert.equal(at, rows.length);
  return leaves;
}
