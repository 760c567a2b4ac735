/* RFC 6962 Merkle trees over SHA-256: the growing edge of a log (a compact range), roots, inclusion
 * and consistency proofs.  Proofs about many leaves: attest/range.h; about parts: attest/subtree.h.
 * A proof does not bind the size of the tree: take the size from the signed checkpoint, never from
 * the proof's sender.  Provers ask a `struct weir_merkle_source` for hashes of complete subtrees,
 * O(log n) of them.  Plain data.  Floor 1: pure. */
#ifndef WEIR_ATTEST_MERKLE_H
#define WEIR_ATTEST_MERKLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"

#define WEIR_MERKLE_SIZE_MAX ((uint64_t)INT64_MAX)
#define WEIR_MERKLE_PATH_MAX 64   /* hashes of an inclusion or consistency proof */
#define WEIR_MERKLE_PROOF_MAX 128 /* hashes of any proof; a range proof may need them */

/* SHA-256(0x00 || bytes), SHA-256(0x01 || left || right), SHA-256(""). */
struct weir_hash weir_merkle_leaf(struct weir_slice bytes);
struct weir_hash weir_merkle_node(const struct weir_hash *left, const struct weir_hash *right);
struct weir_hash weir_merkle_empty(void);

/* The root over `count` leaf hashes. */
struct weir_hash weir_merkle_root(const struct weir_hash *leaves, size_t count);

#define WEIR_EDGE_BYTES_MAX (8 + 63 * WEIR_HASH_BYTES)

/* All that is needed to append: the hashes of the complete subtrees that make up the first `size`
 * leaves, largest first, one per set bit of `size`.  `{0}` is the empty tree. */
struct weir_edge {
    uint64_t size;
    struct weir_hash stack[64];
};

/* Appends one leaf hash; size < WEIR_MERKLE_SIZE_MAX (asserted). */
void weir_edge_append(struct weir_edge *edge, const struct weir_hash *leaf);
void weir_edge_append_many(struct weir_edge *edge, const struct weir_hash *leaves, size_t count);

/* Appends a complete subtree of 2^level leaves; the size must be a multiple of that (asserted). */
void weir_edge_append_subtree(struct weir_edge *edge,
                              unsigned level,
                              const struct weir_hash *subtree);

struct weir_hash weir_edge_root(const struct weir_edge *edge);

/* u64 size || hashes of the stack.  Returns the length. */
size_t weir_edge_write(const struct weir_edge *edge, uint8_t bytes[static WEIR_EDGE_BYTES_MAX]);
/* Errors: PARSE (the length is not the one of its size). */
WEIR_CHECKED enum weir_err
weir_edge_read(struct weir_scope *scope, struct weir_slice bytes, struct weir_edge *edge);

/* Where a prover gets hashes from.  `subtree` sets `*hash` to MTH(D[index << level, (index + 1) <<
 * level)); it is only asked for subtrees that are complete within the size of the proof.  A store
 * of tiles: attest/tile.h. */
struct weir_merkle_source {
    enum weir_err (*subtree)(void *context,
                             struct weir_scope *scope,
                             unsigned level,
                             uint64_t index,
                             struct weir_hash *hash);
    void *context; /* borrowed */
};

/* A source over leaf hashes in memory; for short logs and tests, since it hashes on every question.
 * `leaves` must outlive the source. */
struct weir_merkle_leaves {
    const struct weir_hash *leaves;
    size_t count;
};
struct weir_merkle_source weir_merkle_leaves_source(struct weir_merkle_leaves *leaves);

struct weir_merkle_proof {
    size_t count;
    struct weir_hash hashes[WEIR_MERKLE_PROOF_MAX];
};

/* The edge and the root of the first `size` leaves.  Errors: those of the source. */
WEIR_CHECKED enum weir_err weir_edge_fetch(const struct weir_merkle_source *source,
                                           struct weir_scope *scope,
                                           uint64_t size,
                                           struct weir_edge *edge);
WEIR_CHECKED enum weir_err weir_merkle_fetch_root(const struct weir_merkle_source *source,
                                                  struct weir_scope *scope,
                                                  uint64_t size,
                                                  struct weir_hash *root);

/* RFC 6962 2.1.1, bottom-up.  Errors: RANGE (index >= size), those of the source. */
WEIR_CHECKED enum weir_err weir_merkle_inclusion_make(const struct weir_merkle_source *source,
                                                      struct weir_scope *scope,
                                                      uint64_t index,
                                                      uint64_t size,
                                                      struct weir_merkle_proof *proof);

/* RFC 6962 2.1.2.  Empty when old_size is 0 or equal to size.  Errors: RANGE (old_size > size),
 * those of the source. */
WEIR_CHECKED enum weir_err weir_merkle_consistency_make(const struct weir_merkle_source *source,
                                                        struct weir_scope *scope,
                                                        uint64_t old_size,
                                                        uint64_t size,
                                                        struct weir_merkle_proof *proof);

/* A tree as a signed checkpoint names it. */
struct weir_merkle_head {
    uint64_t size;
    struct weir_hash root;
};

/* RFC 9162 2.1.3.2: `leaf` (a leaf hash) is number `index` of the tree.  Errors: INCLUSION. */
WEIR_CHECKED enum weir_err weir_merkle_inclusion_check(struct weir_scope *scope,
                                                       const struct weir_merkle_head *head,
                                                       uint64_t index,
                                                       const struct weir_hash *leaf,
                                                       const struct weir_hash *hashes,
                                                       size_t hash_count);

/* RFC 9162 2.1.4.2: `head` extends `old`.  Equal sizes need equal roots and no hashes.  An old size
 * of 0 is always refused, for every tree extends the empty one: where a protocol allows it, as
 * tlog-witness does, its caller decides that.  Errors: INCLUSION. */
WEIR_CHECKED enum weir_err weir_merkle_consistency_check(struct weir_scope *scope,
                                                         const struct weir_merkle_head *old,
                                                         const struct weir_merkle_head *head,
                                                         const struct weir_hash *hashes,
                                                         size_t hash_count);

#endif /* WEIR_ATTEST_MERKLE_H */
