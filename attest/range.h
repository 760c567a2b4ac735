/* Proof that a run of leaves [start, end) stands at exactly these positions of a tree: one hash per
 * maximal subtree wholly outside, left to right.  The check streams: begin, push every leaf hash in
 * order, finish.  After each push it knows the root of the tree that ended there, so a checkpoint
 * in the middle of the run is checked by a comparison.  Nothing counts before `finish` says OK.
 * The size must come from a signed checkpoint.  Plain data.  Floor 1: pure. */
#ifndef WEIR_ATTEST_RANGE_H
#define WEIR_ATTEST_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attest/merkle.h"
#include "base/err.h"
#include "base/hash.h"

struct weir_range {
    uint64_t start; /* start < end <= size */
    uint64_t end;
    uint64_t size; /* of the tree */
};

/* Errors: RANGE (not 0 <= start < end <= size <= WEIR_MERKLE_SIZE_MAX), those of the source. */
WEIR_CHECKED enum weir_err weir_range_make(const struct weir_merkle_source *source,
                                           struct weir_scope *scope,
                                           struct weir_range range,
                                           struct weir_merkle_proof *proof);

/* How many hashes the proof of this range has. */
size_t weir_range_hash_count(struct weir_range range);

struct weir_range_check {
    struct weir_range range;
    const struct weir_hash *hashes; /* borrowed: those right of the run */
    size_t hash_count;
    struct weir_edge edge; /* of the first edge.size leaves */
};

/* `hashes` must outlive the check.  Errors: RANGE (as above), INCLUSION (a wrong number of hashes).
 */
WEIR_CHECKED enum weir_err weir_range_begin(struct weir_range_check *check,
                                            struct weir_scope *scope,
                                            struct weir_range range,
                                            const struct weir_hash *hashes,
                                            size_t hash_count);

/* The hash of the next leaf.  Errors: INCLUSION (more leaves than the range has). */
WEIR_CHECKED enum weir_err weir_range_push(struct weir_range_check *check,
                                           struct weir_scope *scope,
                                           const struct weir_hash *leaf);

/* The index of the leaf that is expected next: start .. end. */
uint64_t weir_range_next(const struct weir_range_check *check);

/* MTH(D[0:next]); O(log n) hashes, meant for sizes at which a checkpoint exists. */
struct weir_hash weir_range_root_here(const struct weir_range_check *check);

/* All leaves were pushed and lead to `root`.  The check is used up.  Errors: INCLUSION. */
WEIR_CHECKED enum weir_err weir_range_finish(struct weir_range_check *check,
                                             struct weir_scope *scope,
                                             const struct weir_hash *root);

#endif /* WEIR_ATTEST_RANGE_H */
