/* Subtrees of a log as draft-ietf-plants-merkle-tree-certs section 4 has them: leaves [start, end)
 * where start is a multiple of the smallest power of two >= end - start.  The general case behind
 * inclusion and consistency proofs (a tree is the subtree [0, size)).  Floor 1: pure. */
#ifndef WEIR_ATTEST_SUBTREE_H
#define WEIR_ATTEST_SUBTREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attest/merkle.h"
#include "base/err.h"
#include "base/hash.h"

struct weir_subtree {
    uint64_t start;
    uint64_t end; /* start <= end <= WEIR_MERKLE_SIZE_MAX */
};

/* Hashes of a proof as they came from outside; borrowed. */
struct weir_hash_list {
    const struct weir_hash *hashes;
    size_t count;
};

/* Empty ones are valid at any start. */
bool weir_subtree_is_valid(struct weir_subtree subtree);

/* The one or two valid subtrees that cover [start, end) with the least extra on the left; the
 * second is empty when one is enough. */
void weir_subtree_cover(struct weir_subtree interval, struct weir_subtree cover[static 2]);

/* MTH(D[start:end]).  Errors: RANGE (not valid), those of the source. */
WEIR_CHECKED enum weir_err weir_subtree_root(const struct weir_merkle_source *source,
                                             struct weir_scope *scope,
                                             struct weir_subtree subtree,
                                             struct weir_hash *root);

/* The path from leaf `index` to the subtree's root, bottom-up.  Errors: RANGE (subtree not valid,
 * index outside of it), those of the source. */
WEIR_CHECKED enum weir_err weir_subtree_inclusion_make(const struct weir_merkle_source *source,
                                                       struct weir_scope *scope,
                                                       struct weir_subtree subtree,
                                                       uint64_t index,
                                                       struct weir_merkle_proof *proof);

/* Errors: INCLUSION. */
WEIR_CHECKED enum weir_err weir_subtree_inclusion_check(struct weir_scope *scope,
                                                        struct weir_subtree subtree,
                                                        uint64_t index,
                                                        const struct weir_hash *leaf,
                                                        struct weir_hash_list path,
                                                        const struct weir_hash *root);

/* That the subtree is part of the tree of `size` leaves.  Errors: RANGE (not valid, end > size),
 * those of the source. */
WEIR_CHECKED enum weir_err weir_subtree_consistency_make(const struct weir_merkle_source *source,
                                                         struct weir_scope *scope,
                                                         struct weir_subtree subtree,
                                                         uint64_t size,
                                                         struct weir_merkle_proof *proof);

/* An empty subtree proves nothing and is accepted with the empty root and no hashes.
 * Errors: INCLUSION. */
WEIR_CHECKED enum weir_err weir_subtree_consistency_check(struct weir_scope *scope,
                                                          struct weir_subtree subtree,
                                                          const struct weir_hash *root,
                                                          const struct weir_merkle_head *head,
                                                          struct weir_hash_list path);

#endif /* WEIR_ATTEST_SUBTREE_H */
