// An independent check of a proof file: ethers for the typed data, signatures and the receipt, node:crypto for the logs.
// It shares no code with the program and takes the recursive or naive way where the program takes the fast one.
import assert from 'node:assert/strict';

import { AbiCoder, Interface, Signature, TypedDataEncoder, computeAddress, decodeRlp, encodeRlp, getCreate2Address, hexlify, keccak256, recoverAddress, toBeHex } from 'ethers';

import { BREACH_TYPES, TERMS_TYPES } from './agreement.mjs';
import { KINDS, commitTo, ed25519, evidenceLeaf, hashLeaf, inclusionRoot, rangeRoot, readCheckpoint, readKeySet, readRows, treeRoot } from './proof_log.mjs';
import { readProof, sha256 } from './proof_text.mjs';
import { cloneInitCode, packTerms } from './vectors.mjs';

const field = (text) => text.split(',').map((item) => ({ type: item.split(' ')[0], name: item.split(' ')[1] }));
const OPINION_TYPES = { Opinion: field('bytes32 terms,uint64 window,uint32 revision,uint8 phase,uint8 tier,uint64 num,uint64 den,'
  + 'bytes32 inputs,bytes32 origin,uint64 firstLeaf,uint64 endLeaf,uint64 treeSize,bytes32 treeRoot,uint64 madeAtMs') };
const MAINTENANCE_TYPES = { Maintenance: field('bytes32 terms,uint64 from,uint64 to,uint64 nonce') };
const KEY_SET_TYPES = { KeySet: field('bytes32 node,bytes32 set') };
const SETTLED = new Interface(['event Settled(uint64 indexed word,uint256 fresh,uint8 tier,bytes32 evidenceRoot,uint256 due,uint256 paid)']);
const WITNESS = '(address key,bytes32 node)';
const TIER = '(uint64 num,uint64 den,uint96 payout)';
const TERMS_ABI = `(${TERMS_TYPES.Terms.map(({ type, name }) => `${type.replace('Witness', WITNESS).replace('Tier', TIER)} ${name}`).join(',')})`;

const coder = AbiCoder.defaultAbiCoder();
const same = (a, b, what) => assert.equal(a.toLowerCase(), b.toLowerCase(), what);
const recover = (digest, compact) => recoverAddress(digest, Signature.from(compact));

function readTerms(bytes) {
  const [terms] = coder.decode([TERMS_ABI], bytes);
  same(coder.encode([TERMS_ABI], [terms]), hexlify(bytes), 'terms are encoded canonically');
  const plain = (item, names) => Object.fromEntries(names.map(({ name }) => [name, item.getValue(name)]));
  const read = plain(terms, TERMS_TYPES.Terms);
  read.witnesses = Array.from(read.witnesses, (item) => plain(item, TERMS_TYPES.Witness));
  read.tiers = Array.from(read.tiers, (item) => plain(item, TERMS_TYPES.Tier));
  return read;
}

const numeric = (terms) => ({ ...terms, calendar: Number(terms.calendar), capWindows: Number(terms.capWindows), count: Number(terms.count) });

function checkAgreement(proof) {
  const terms = readTerms(proof.terms);
  same(hexlify(sha256(proof.gauge)), terms.gauge, 'the gauge is that of the terms');
  const hash = TypedDataEncoder.hashStruct('Terms', TERMS_TYPES, terms);
  const code = cloneInitCode(proof.implementation, packTerms(numeric(terms)));
  same(getCreate2Address(proof.factory, hash, keccak256(code)), proof.contract, 'the address of the agreement');
  return { terms, hash };
}

/** Key sets: the identity signed them, every key proved possession, node and report key are those of the terms. */
function checkKeySets(proof, terms) {
  const sets = {};
  for (const [index, { set, proofs }] of Object.entries(proof.keySets)) {
    const read = readKeySet(set);
    const part = (i) => proofs.subarray(64 * i, 64 * (i + 1));
    assert.equal(proofs.length, 64 * (1 + read.listed.length));
    assert.ok(ed25519(read.node, set, part(0)), 'the identity signed the key set');
    read.listed.forEach(({ purpose, bytes }, i) => {
      if (purpose === 4) {
        const digest = TypedDataEncoder.hash({ name: 'weir keys', version: '1' }, KEY_SET_TYPES, { node: read.node, set: sha256(set) });
        same(recover(digest, hexlify(part(1 + i))), computeAddress(hexlify(bytes)), 'possession of the report key');
      } else {
        assert.ok(ed25519(bytes, Buffer.concat([Buffer.from('weir/possession/v1\n'), sha256(set)]), part(1 + i)), 'possession');
      }
    });
    same(hexlify(read.node), terms.witnesses[index].node, 'the node of the terms');
    assert.ok(read.keys[4].some((key) => computeAddress(hexlify(key)) === terms.witnesses[index].key), 'the report key of the terms');
    sets[index] = read;
  }
  return sets;
}

/** The gauge's "key value" lines. */
const readGauge = (text) => Object.fromEntries(text.toString().trimEnd().split('\n').map((line) => {
  const at = line.indexOf(' ');
  return [line.slice(0, at), line.slice(at + 1)];
}));

const windowOf = (terms, window) => {
  assert.equal(Number(terms.calendar), 0, 'this check knows windows of fixed length');
  const start = (terms.start + BigInt(window) * terms.length) * 1000n;
  return { start, end: start + terms.length * 1000n };
};

const tierOf = (num, den, tiers) => tiers.reduce((tier, { num: n, den: d }, j) => (num * d < n * den ? j + 1 : tier), 0);

/** Sorted, disjoint, not touching. */
function join(spans) {
  const joined = [];
  for (const { start, end } of spans.filter((span) => span.start < span.end).sort((a, b) => (a.start < b.start ? -1 : 1))) {
    const last = joined.at(-1);
    if (last && start <= last.end) last.end = end > last.end ? end : last.end;
    else joined.push({ start, end });
  }
  return joined;
}

const subtract = (spans, cuts) => cuts.reduce((left, cut) => left.flatMap(({ start, end }) =>
  [{ start, end: end < cut.start ? end : cut.start }, { start: start > cut.end ? start : cut.end, end }]
    .filter((span) => span.start < span.end)), spans);
const lengthOf = (spans) => spans.reduce((sum, { start, end }) => sum + end - start, 0n);
const clip = (span, window) => ({ start: span.start > window.start ? span.start : window.start, end: span.end < window.end ? span.end : window.end });

/** The maintenance that counts: in time, first logged first, within the allowance. */
function acceptNotices(notices, gauge, window) {
  let left = BigInt(gauge.maintenance_allowance_ms);
  let accepted = [];
  const sorted = [...notices].sort((a, b) => (a.loggedMs < b.loggedMs ? -1 : 1));
  for (const { loggedMs, from, to } of sorted) {
    if (loggedMs >= from - BigInt(gauge.maintenance_notice_ms)) continue;
    for (const fresh of subtract([clip({ start: from, end: to }, window)].filter((span) => span.start < span.end), accepted)) {
      const granted = fresh.end - fresh.start < left ? fresh.end - fresh.start : left;
      left -= granted;
      accepted = join([...accepted, { start: fresh.start, end: fresh.start + granted }]);
    }
  }
  return accepted;
}

/** A probe gauge's verdict from its ticks, one down tick after the other. */
function judgeTicks(leaves, notices, gauge, window) {
  const ticks = leaves.filter(({ kind }) => kind === KINDS.tick || kind === KINDS.missed);
  ticks.slice(1).forEach(({ tickMs }, i) => assert.ok(tickMs > ticks[i].tickMs, 'ticks rise'));
  const hold = gauge.hold_ms === 'none' ? 1n << 62n : BigInt(gauge.hold_ms);
  const held = ticks.slice(0, -1).map(({ flags, tickMs }, i) => (flags === 2
    ? clip({ start: tickMs, end: ticks[i + 1].tickMs < tickMs + hold ? ticks[i + 1].tickMs : tickMs + hold }, window)
    : { start: 0n, end: 0n }));
  const maintenance = acceptNotices(notices, gauge, window);
  const down = subtract(join(held), maintenance);
  const den = window.end - window.start - lengthOf(maintenance);
  const inputs = sha256(Buffer.from('weir/down/v1\n'), ...down.flatMap(({ start, end }) => [start, end].map((at) => Buffer.from(toBeHex(at, 8).slice(2), 'hex'))));
  return { num: den - lengthOf(down), den, down, inputs, isFinal: ticks.at(-1).tickMs >= window.end, first: ticks[0], last: ticks.at(-1) };
}

function u32(text) {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(Buffer.byteLength(text));
  return Buffer.concat([length, Buffer.from(text)]);
}

/** An event gauge's close leaf and the digest of the events behind it; counting them again is the program's work. */
function judgeEvents(section, leaves, window) {
  assert.equal(leaves.length, 1);
  assert.equal(leaves[0].kind, KINDS.close);
  assert.equal(leaves[0].tickMs, window.end);
  if (!section.leaves.isOpen) return {};
  const digests = section.events.map((text) => {
    const event = readGauge(text);
    const rev = Buffer.alloc(8);
    rev.writeBigUInt64BE(BigInt(event.rev ?? 0));
    return sha256(u32(event.source), u32(event.id), rev, sha256(text));
  });
  const close = leaves[0].payload.toString().split('\n');
  const [num, den] = close.find((line) => line.startsWith('class ') && line.endsWith(' _all')).split(' ').slice(1, 3).map(BigInt);
  return { num, den, inputs: sha256(Buffer.from('weir/set/v1\n'), ...digests.sort(Buffer.compare)) };
}

function checkNotices(section, head, agreement, domain) {
  return section.notices.map(({ index, tickMs, payload, salt, path }) => {
    const leaf = hashLeaf({ kind: KINDS.maintenance, flags: 0, seq: index, tickMs, commit: commitTo(salt, payload) });
    assert.ok(inclusionRoot(leaf, index, head.size, path).equals(head.root), 'the notice is in the log');
    const [from, to, nonce] = [32, 40, 48].map((at) => payload.readBigUInt64BE(at));
    const digest = TypedDataEncoder.hash(domain, MAINTENANCE_TYPES, { terms: payload.subarray(0, 32), from, to, nonce });
    same(hexlify(payload.subarray(0, 32)), agreement.hash, 'a notice of this agreement');
    same(recover(digest, hexlify(payload.subarray(56))), agreement.terms.provider, 'the provider gave the notice');
    return { loggedMs: tickMs, from, to };
  });
}

/** One opinion: signature, head, leaves, definition, numbers. */
function checkSection(section, proof, agreement, keySets, domain) {
  const { terms, hash } = agreement;
  const names = OPINION_TYPES.Opinion.map(({ name }) => name);
  const types = OPINION_TYPES.Opinion.map(({ type }) => type);
  const values = coder.decode(types, section.opinion);
  same(coder.encode(types, values), hexlify(section.opinion), 'the opinion is encoded canonically');
  const opinion = Object.fromEntries(names.map((name, i) => [name, values[i]]));
  const digest = TypedDataEncoder.hash(domain, OPINION_TYPES, opinion);
  same(opinion.terms, hash, 'the opinion is about these terms');
  assert.equal(Number(opinion.window), section.window);
  same(recover(digest, section.signature), terms.witnesses[section.witness].key, 'the witness signed its opinion');
  const head = readCheckpoint(section.checkpoint, section.witness, keySets);
  assert.ok(head.isSigned, 'the log signed its head');
  assert.ok(head.cosigners.size >= Number(terms.m) - 1, 'others cosigned the head');
  same(hexlify(sha256(Buffer.from(head.origin))), opinion.origin, 'the origin');
  assert.equal(head.size, Number(opinion.treeSize));
  same(hexlify(head.root), opinion.treeRoot, 'the root');
  const gauge = readGauge(proof.gauge);
  const leaves = readRows(section.leaves, BigInt(gauge.interval_ms ?? 0), proof.gauge);
  assert.deepEqual([section.leaves.first, section.leaves.first + leaves.length], [Number(opinion.firstLeaf), Number(opinion.endLeaf)]);
  const root = rangeRoot(leaves.map(hashLeaf), section.leaves.first, head.size, section.range);
  assert.ok(root.equals(head.root), 'the leaves lead to the root');
  const definition = hashLeaf({ kind: KINDS.definition, flags: 0, seq: 0, tickMs: section.definition.tickMs, commit: commitTo(section.definition.salt, proof.gauge) });
  assert.ok(inclusionRoot(definition, 0, head.size, section.definition.path).equals(head.root), 'leaf 0 is the gauge');
  const window = windowOf(terms, section.window);
  const isProbe = gauge.kind === 'availability';
  const notices = checkNotices(section, head, agreement, domain);
  const verdict = isProbe ? judgeTicks(leaves, notices, gauge, window) : judgeEvents(section, leaves, window);
  for (const name of ['num', 'den'])
    if (verdict[name] !== undefined) assert.equal(opinion[name], verdict[name], name);
  if (verdict.inputs) same(hexlify(verdict.inputs), opinion.inputs, 'inputs');
  if (isProbe) {
    assert.equal(Number(opinion.tier), tierOf(opinion.num, opinion.den, terms.tiers), 'tier');
    assert.equal(Number(opinion.phase) === 1, verdict.isFinal, 'phase');
    assert.ok(opinion.firstLeaf === 0n || verdict.first.tickMs < window.start, 'the neighbour before');
    assert.ok(verdict.isFinal || opinion.endLeaf === opinion.treeSize, 'an early range ends with the tree');
  }
  return { ...section, opinion, digest, down: verdict.down };
}

/** Milliseconds in which at least m are down: a sum over all edges, not a sweep. */
function together(sets, m) {
  const edges = [...new Set(sets.flat().flatMap(({ start, end }) => [start, end]))].sort((a, b) => (a < b ? -1 : 1));
  return edges.slice(0, -1).reduce((sum, at, i) => (sets.filter((spans) => spans.some(({ start, end }) => start <= at && at < end)).length >= m
    ? sum + edges[i + 1] - at : sum), 0n);
}

function checkWindows(sections, proof, terms) {
  const lane = Math.floor(255 / terms.tiers.length);
  const windows = [...Array(lane).keys()].filter((bit) => proof.report.mask >> BigInt(bit) & 1n).map((bit) => Number(proof.report.word) * lane + bit);
  const witnesses = [...new Set(sections.map(({ witness }) => witness))];
  assert.deepEqual(sections.map(({ window, witness }) => [window, witness]), windows.flatMap((window) => witnesses.map((witness) => [window, witness])));
  for (const window of windows) {
    const here = sections.filter((section) => section.window === window);
    const backers = here.filter(({ opinion }) => Number(opinion.tier) >= proof.report.tier);
    assert.ok(backers.length >= Number(terms.m), 'm witnesses measured the tier');
    assert.ok(proof.signers.every((signer) => backers.some(({ witness }) => witness === signer)), 'signers measured what they sign');
    if (here[0].down) {
      const den = here.map(({ opinion }) => opinion.den).reduce((a, b) => (a > b ? a : b));
      const down = together(here.map((section) => section.down), Number(terms.m));
      assert.ok(tierOf(den > down ? den - down : 0n, den, terms.tiers) >= proof.report.tier, 'the quorum reaches the tier');
    } else {
      assert.equal(new Set(here.map(({ opinion }) => `${opinion.num}/${opinion.den} ${opinion.inputs}`)).size, 1, 'equal events');
    }
  }
  return windows;
}

/** The item at `key` (nibbles) of a Merkle-Patricia proof: every node hashes to what its parent says. */
function trieItem(root, key, nodes) {
  const left = [...nodes];
  const open = (reference) => {
    if (Array.isArray(reference)) return reference;
    const node = left.shift();
    assert.ok(node, 'a trie node is missing');
    same(keccak256(node), reference, 'a trie node');
    return decodeRlp(node);
  };
  const walk = (reference, path) => {
    const node = open(reference);
    if (node.length === 17) return path.length === 0 ? node[16] : walk(node[Number.parseInt(path[0], 16)], path.slice(1));
    const isLeaf = '23'.includes(node[0][2]);
    const own = '13'.includes(node[0][2]) ? node[0].slice(3) : node[0].slice(4);
    assert.ok(path.startsWith(own), 'the path of a trie node');
    return isLeaf ? (assert.equal(path, own), node[1]) : walk(node[1], path.slice(own.length));
  };
  const item = walk(root, key);
  assert.equal(left.length, 0, 'trie nodes are left over');
  return item;
}

/** What a payment's receipt settles, and in which block. */
function checkPayment(payment, proof) {
  const header = decodeRlp(payment.header);
  const block = keccak256(payment.header);
  same(block, payment.block, 'the hash of the header');
  assert.equal(BigInt(header[8]), payment.number);
  const item = trieItem(header[5], encodeRlp(payment.txIndex === 0 ? '0x' : toBeHex(payment.txIndex)).slice(2), payment.nodes);
  const [status, , , logs] = decodeRlp(Number.parseInt(item.slice(2, 4), 16) < 0x80 ? `0x${item.slice(4)}` : item);
  assert.equal(status, '0x01', 'the transaction succeeded');
  const [address, topics, data] = logs[payment.logIndex];
  same(address, proof.contract, 'the log is of the agreement');
  const settled = SETTLED.parseLog({ topics, data }).args;
  assert.equal(settled.word, proof.report.word);
  assert.equal(Number(settled.tier), proof.report.tier);
  same(settled.evidenceRoot, proof.report.evidenceRoot, 'the receipt is of this report');
  return { block, due: settled.due, paid: settled.paid };
}

/** Checks everything in the file; throws with the reason when something does not hold. */
export function checkProof(bytes) {
  const proof = readProof(bytes);
  const agreement = checkAgreement(proof);
  const { terms } = agreement;
  const domain = { name: 'weir', version: '1', chainId: proof.chainId, verifyingContract: proof.contract };
  const keySets = checkKeySets(proof, terms);
  const sections = proof.sections.map((section) => checkSection(section, proof, agreement, keySets, domain));
  const windows = checkWindows(sections, proof, terms);
  const root = treeRoot(sections.map(({ witness, digest }) => evidenceLeaf(Buffer.concat([Buffer.from([1, witness]), Buffer.from(digest.slice(2), 'hex')]))));
  same(hexlify(root), proof.report.evidenceRoot, 'the evidence root');
  const breach = TypedDataEncoder.hash(domain, BREACH_TYPES, { terms: agreement.hash, ...proof.report });
  assert.equal(proof.signers.length, Number(terms.m), 'm witnesses signed');
  const signers = proof.signatures.map((signature) => recover(breach, signature));
  proof.signers.forEach((index, i) => same(signers[i], terms.witnesses[index].key, `signature of witness ${index}`));
  return { proof, terms, termsHash: agreement.hash, breach, windows, signers, opinions: sections.map(({ digest }) => digest),
    payments: proof.payments.map((payment) => checkPayment(payment, proof)) };
}
