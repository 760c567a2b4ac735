#include <string.h>

#include "base/arena.h"
#include "ledger/log.h"
#include "ledger/sql.h"
#include "ledger/store.h"
#include "ledger/tree.h"

static enum weir_err
size_of(struct weir_store *store, struct weir_scope *scope, int64_t log_id, uint64_t *size)
{
    int64_t stored = 0;
    enum weir_err err = weir_sql_i64(store, scope, "SELECT size FROM head WHERE log_id = ?",
                                     WEIR_VALUES(weir_value_i64(log_id)), &stored);
    if (err == WEIR_E_NOT_FOUND)
        return weir_fail(scope, err, "there is no log %lld", (long long)log_id);
    *size = (uint64_t)stored;
    return err;
}

/* Everything of one proof is read from one state of the file. */
static enum weir_err prover_open(struct weir_store *store,
                                 struct weir_scope *scope,
                                 int64_t log_id,
                                 uint64_t size_wanted,
                                 struct weir_log_tree *tree)
{
    uint64_t size = 0;
    enum weir_err err = weir_store_read_begin(store, scope);
    if (err != WEIR_OK)
        return err;
    err = size_of(store, scope, log_id, &size);
    if (err == WEIR_OK && size_wanted > size)
        err = weir_fail(scope, WEIR_E_RANGE, "the log has %llu leaves, not %llu",
                        (unsigned long long)size, (unsigned long long)size_wanted);
    if (err == WEIR_OK)
        err = weir_tree_open(tree, store, scope, log_id);
    if (err != WEIR_OK)
        weir_store_read_end(store);
    return err;
}

static void prover_close(struct weir_log_tree *tree)
{
    struct weir_store *store = tree->store;
    weir_tree_close(tree);
    weir_store_read_end(store);
}

enum weir_err weir_log_root(struct weir_store *store,
                            struct weir_scope *scope,
                            int64_t log_id,
                            uint64_t size,
                            struct weir_hash *root)
{
    struct weir_log_tree tree;
    enum weir_err err = prover_open(store, scope, log_id, size, &tree);
    if (err != WEIR_OK)
        return err;
    struct weir_tile_source tiles = {.read = weir_tree_tile_read, .context = &tree, .size = size};
    struct weir_merkle_source source = weir_tile_source(&tiles);
    err = weir_merkle_fetch_root(&source, scope, size, root);
    prover_close(&tree);
    return err;
}

enum weir_err weir_log_prove_inclusion(struct weir_store *store,
                                       struct weir_scope *scope,
                                       int64_t log_id,
                                       struct weir_range leaf_and_size,
                                       struct weir_merkle_proof *proof)
{
    struct weir_log_tree tree;
    uint64_t size = leaf_and_size.size;
    enum weir_err err = prover_open(store, scope, log_id, size, &tree);
    if (err != WEIR_OK)
        return err;
    struct weir_tile_source tiles = {.read = weir_tree_tile_read, .context = &tree, .size = size};
    struct weir_merkle_source source = weir_tile_source(&tiles);
    err = weir_merkle_inclusion_make(&source, scope, leaf_and_size.start, size, proof);
    prover_close(&tree);
    return err;
}

enum weir_err weir_log_prove_consistency(struct weir_store *store,
                                         struct weir_scope *scope,
                                         int64_t log_id,
                                         struct weir_range old_and_size,
                                         struct weir_merkle_proof *proof)
{
    struct weir_log_tree tree;
    uint64_t size = old_and_size.size;
    enum weir_err err = prover_open(store, scope, log_id, size, &tree);
    if (err != WEIR_OK)
        return err;
    struct weir_tile_source tiles = {.read = weir_tree_tile_read, .context = &tree, .size = size};
    struct weir_merkle_source source = weir_tile_source(&tiles);
    err = weir_merkle_consistency_make(&source, scope, old_and_size.start, size, proof);
    prover_close(&tree);
    return err;
}

enum weir_err weir_log_prove_range(struct weir_store *store,
                                   struct weir_scope *scope,
                                   int64_t log_id,
                                   struct weir_range range,
                                   struct weir_merkle_proof *proof)
{
    struct weir_log_tree tree;
    enum weir_err err = prover_open(store, scope, log_id, range.size, &tree);
    if (err != WEIR_OK)
        return err;
    struct weir_tile_source tiles = {
        .read = weir_tree_tile_read, .context = &tree, .size = range.size};
    struct weir_merkle_source source = weir_tile_source(&tiles);
    err = weir_range_make(&source, scope, range, proof);
    prover_close(&tree);
    return err;
}

/* Where the leaves of a visit go. */
struct leaf_sink {
    uint64_t first;
    uint8_t *bytes;
};

static enum weir_err sink_visit(void *context,
                                struct weir_scope *scope,
                                uint64_t seq,
                                const uint8_t bytes[static WEIR_LEAF_BYTES])
{
    (void)scope;
    struct leaf_sink *sink = context;
    memcpy(sink->bytes + (seq - sink->first) * WEIR_LEAF_BYTES, bytes, WEIR_LEAF_BYTES);
    return WEIR_OK;
}

enum weir_err weir_log_leaves(struct weir_store *store,
                              struct weir_scope *scope,
                              int64_t log_id,
                              struct weir_salt_range range,
                              struct weir_slice *leaves)
{
    if (range.start > range.end)
        return weir_fail(scope, WEIR_E_RANGE, "a range of leaves that ends before it starts");
    struct weir_log_tree tree;
    enum weir_err err = prover_open(store, scope, log_id, range.end, &tree);
    if (err != WEIR_OK)
        return err;
    size_t count = (size_t)(range.end - range.start);
    struct leaf_sink sink = {.first = range.start,
                             .bytes = weir_take(scope, count, WEIR_LEAF_BYTES)};
    struct weir_leaf_visitor visitor = {.visit = sink_visit, .context = &sink};
    err = sink.bytes == NULL ? scope->err : weir_tree_visit(&tree, scope, range, &visitor);
    prover_close(&tree);
    if (err == WEIR_OK)
        *leaves = (struct weir_slice){.data = sink.bytes, .length = count * WEIR_LEAF_BYTES};
    return err;
}

static enum weir_err own_open(struct weir_store *store,
                              struct weir_scope *scope,
                              int64_t log_id,
                              struct weir_log_tree *tree)
{
    enum weir_err err = weir_tree_open(tree, store, scope, log_id);
    if (err == WEIR_OK && !tree->is_own)
        err = weir_fail(scope, WEIR_E_NOT_FOUND, "log %lld is a mirror: its salts are the peer's",
                        (long long)log_id);
    return err;
}

enum weir_err weir_log_salts(struct weir_store *store,
                             struct weir_scope *scope,
                             int64_t log_id,
                             struct weir_salt_range range,
                             struct weir_salt_seed seeds[static WEIR_SALT_COVER_MAX],
                             size_t *seed_count)
{
    struct weir_log_tree tree;
    enum weir_err err = own_open(store, scope, log_id, &tree);
    if (err == WEIR_OK)
        err = weir_salt_cover(scope, tree.salt_root, weir_salt_domain(), range, seeds, seed_count);
    weir_tree_close(&tree);
    return err;
}

enum weir_err weir_log_salt(struct weir_store *store,
                            struct weir_scope *scope,
                            int64_t log_id,
                            uint64_t seq,
                            struct weir_salt *salt)
{
    struct weir_log_tree tree;
    enum weir_err err = own_open(store, scope, log_id, &tree);
    if (err == WEIR_OK)
        err = weir_salt_make(scope, tree.salt_root, weir_salt_domain(), seq, salt);
    weir_tree_close(&tree);
    return err;
}
