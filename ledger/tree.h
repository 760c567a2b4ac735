/* Leaves and tiles of a log as rows: reading leaf bytes and hashes in order, storing complete
 * tiles, and a prover's source.  Works for own logs and mirrors.  Private to the ledger. */
#ifndef WEIR_LEDGER_TREE_H
#define WEIR_LEDGER_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "attest/leaf.h"
#include "attest/merkle.h"
#include "attest/salt.h"
#include "attest/tile.h"
#include "base/err.h"
#include "base/hash.h"

struct weir_store;

/* The row id of an observation or a mirrored leaf. */
int64_t weir_position(int64_t log_id, uint64_t seq);
uint64_t weir_position_seq(int64_t position);

/* Whose leaves: salts are needed for own ones. */
struct weir_log_tree {
    struct weir_store *store;
    int64_t log_id;
    bool is_own;
    uint8_t salt_root[WEIR_SALT_SEED_BYTES];
};

/* Errors: NOT_FOUND, STORE. */
WEIR_CHECKED enum weir_err weir_tree_open(struct weir_log_tree *tree,
                                          struct weir_store *store,
                                          struct weir_scope *scope,
                                          int64_t log_id);
void weir_tree_close(struct weir_log_tree *tree); /* wipes the salt root */

/* Called for every leaf in order; `bytes` live during the call. */
struct weir_leaf_visitor {
    enum weir_err (*visit)(void *context,
                           struct weir_scope *scope,
                           uint64_t seq,
                           const uint8_t bytes[static WEIR_LEAF_BYTES]);
    void *context;
};

/* Errors: CORRUPT (a leaf is missing or no leaf), those of the visitor, STORE. */
WEIR_CHECKED enum weir_err weir_tree_visit(const struct weir_log_tree *tree,
                                           struct weir_scope *scope,
                                           struct weir_salt_range range,
                                           const struct weir_leaf_visitor *visitor);

/* The hashes of the leaves [range.start, range.end), from the rows. */
WEIR_CHECKED enum weir_err weir_tree_hashes(const struct weir_log_tree *tree,
                                            struct weir_scope *scope,
                                            struct weir_salt_range range,
                                            struct weir_hash *hashes);

/* The root over the last tile, which `leaf` completes: 255 leaves of it are in the edge already, so
 * eight hashes are enough. */
struct weir_hash weir_tile_root_of_edge(const struct weir_edge *edge, const struct weir_hash *leaf);

/* Stores the complete tile `number` of level 0, with its root, and every higher one that it
 * completes. */
WEIR_CHECKED enum weir_err weir_tile_put(struct weir_store *store,
                                         struct weir_scope *scope,
                                         int64_t tile_id,
                                         const struct weir_hash *root,
                                         const struct weir_hash hashes[static WEIR_TILE_WIDTH]);

int64_t weir_tile_id(int64_t log_id, unsigned level, uint64_t number);

/* Reads one tile (complete or not) for a tree of some size; the `read` of a weir_tile_source whose
 * context is a struct weir_log_tree. */
WEIR_CHECKED enum weir_err weir_tree_tile_read(void *context,
                                               struct weir_scope *scope,
                                               struct weir_tile tile,
                                               struct weir_hash *hashes);

#endif /* WEIR_LEDGER_TREE_H */
