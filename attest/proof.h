/* The proof file `weir/proof@v1`: everything from which anybody recomputes whether windows of one
 * agreement were breached, who measured it, and what was paid (docs/formats-proof.md).  Text lines
 * in a fixed order; there is one byte sequence per proof, so reading and writing are inverse to
 * each other and a reader refuses every other spelling.  The same bytes travel between peers and to
 * the signer (then without breach signatures) and to the customer. Parsed slices point into the
 * input and the arena.  Checking: attest/account.h.  Floor 1: pure. */
#ifndef WEIR_ATTEST_PROOF_H
#define WEIR_ATTEST_PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attest/eip712.h"
#include "attest/merkle.h"
#include "attest/opinion.h"
#include "attest/report.h"
#include "attest/salt.h"
#include "attest/secp.h"
#include "attest/terms.h"
#include "attest/trie.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"

#define WEIR_PROOF_MAGIC "weir/proof@v1"
#define WEIR_PROOF_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define WEIR_PROOF_SECTIONS_MAX WEIR_EVIDENCE_MAX
#define WEIR_PROOF_LEAVES_MAX ((uint64_t)4 * 1024 * 1024) /* of one section */
#define WEIR_PROOF_NOTICES_MAX 4096
#define WEIR_PROOF_EVENTS_MAX ((uint64_t)1024 * 1024)
#define WEIR_PROOF_PAYMENTS_MAX 16
#define WEIR_PROOF_NODES_MAX WEIR_TRIE_NODES_MAX

struct weir_proof_path {
    const struct weir_hash *hashes;
    size_t count;
};

/* Consecutive leaves as packed rows (attest/rows.h); open rows show payloads, sealed ones only the
 * commitments. */
struct weir_proof_leaves {
    uint64_t first;
    uint64_t count;
    bool is_open;
    struct weir_slice rows;
};

/* Leaf 0 of the log: that it is the gauge of the terms. */
struct weir_proof_definition {
    int64_t tick_ms;
    struct weir_salt salt;
    struct weir_proof_path inclusion;
};

/* A maintenance notice in the log that counts for the window. */
struct weir_proof_notice {
    uint64_t index;
    int64_t tick_ms;
    struct weir_slice payload; /* attest/notice.h */
    struct weir_salt salt;
    struct weir_proof_path inclusion;
};

/* One witness's evidence for one window. */
struct weir_proof_section {
    uint64_t window;
    uint8_t witness; /* index in the terms */
    struct weir_opinion opinion;
    struct weir_signature signature;
    struct weir_proof_leaves leaves;
    const struct weir_salt_seed *seeds; /* open leaves only: the cover of their salts */
    size_t seed_count;
    struct weir_proof_definition definition;
    const struct weir_proof_notice *notices; /* by index ascending */
    size_t notice_count;
    const struct weir_slice *events; /* event gauges: canonical texts by source, then id */
    size_t event_count;
    struct weir_proof_path range;
    struct weir_slice checkpoint; /* the note, verbatim */
};

/* Where the report was settled.  Informative until a trusted block hash is at hand. */
struct weir_proof_payment {
    struct weir_hash tx;
    struct weir_hash block;
    uint64_t block_number;
    uint64_t tx_index;
    uint64_t log_index;       /* within the receipt */
    struct weir_slice header; /* RLP */
    const struct weir_slice *nodes;
    size_t node_count;
};

/* A witness's key set with its proofs of possession (attest/keyset.h). */
struct weir_proof_keys {
    struct weir_slice set;
    struct weir_slice proofs;
};

struct weir_proof {
    struct weir_domain domain; /* chain and clone */
    struct weir_address factory;
    struct weir_address implementation;
    struct weir_terms terms;
    struct weir_slice gauge; /* definition text */
    struct weir_report report;
    struct weir_proof_keys keys[WEIR_WITNESSES_MAX]; /* by witness index; empty: not in the file */
    const struct weir_proof_section *sections;       /* by window, then witness, ascending */
    size_t section_count;
    const struct weir_proof_payment *payments;
    size_t payment_count;
    struct weir_hash evidence; /* digest over all but the payments; set by reading and writing */
};

/* How much of a seed of that level stands in the file: of the lowest only the salt, because nothing
 * is computed from the rest of it, so nobody could tell whether it was changed. */
size_t weir_proof_seed_bytes(uint8_t level);

/* Strict.  The proof's digests have been compared and it has been found to be the canonical
 * spelling of what it says; nothing else is judged.
 * Errors: PARSE, RANGE, LIMIT (naming the line), MEMORY. */
WEIR_CHECKED enum weir_err
weir_proof_read(struct weir_scope *scope, struct weir_slice bytes, struct weir_proof *proof);

/* Appends the file; sets `proof->evidence`.  Errors: LIMIT, MEMORY, RANGE (terms). */
WEIR_CHECKED enum weir_err
weir_proof_write(struct weir_scope *scope, struct weir_proof *proof, struct weir_buffer *buffer);

#endif /* WEIR_ATTEST_PROOF_H */
