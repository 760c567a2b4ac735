/* Merkle-Patricia proofs in tries whose keys are RLP-coded positions: the transactions and the
 * receipts of a block.  The verifier works from the nodes alone, in a loop over the key; the prover
 * builds the trie of a whole block, at most nine levels deep.  Floor 1: pure. */
#ifndef WEIR_ATTEST_TRIE_H
#define WEIR_ATTEST_TRIE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"

#define WEIR_TRIE_ITEMS_MAX 65536
#define WEIR_TRIE_NODES_MAX 16

/* Nodes from the root to the item, each hashed into the one before; a node shorter than 32 bytes
 * stands inside its parent and is not listed. */
struct weir_trie_proof {
    size_t node_count;
    struct weir_slice nodes[WEIR_TRIE_NODES_MAX];
};

/* Follows the proof to the item at `position`; every node must be canonical and must be used.
 * `value` points into the last node.  Errors: PARSE (a node is malformed), INCLUSION (a node does
 * not hash to what its parent says, the path leads elsewhere, nodes missing or left over). */
WEIR_CHECKED enum weir_err weir_trie_verify(struct weir_scope *scope,
                                            const struct weir_hash *root,
                                            uint64_t position,
                                            const struct weir_trie_proof *proof,
                                            struct weir_slice *value);

/* The proof of `items[position]` in the trie of all items of a block, and the trie's root.  Nodes
 * live in the arena, which needs room for some copies of the largest item.
 * Errors: RANGE (no such position), LIMIT, MEMORY. */
WEIR_CHECKED enum weir_err weir_trie_prove(struct weir_scope *scope,
                                           const struct weir_slice *items,
                                           size_t item_count,
                                           size_t position,
                                           struct weir_trie_proof *proof,
                                           struct weir_hash *root);

#endif /* WEIR_ATTEST_TRIE_H */
