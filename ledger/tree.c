#include "ledger/tree.h"

#include <assert.h>
#include <string.h>

#include "ledger/logs.h"
#include "ledger/sql.h"

#define TILE_LEVEL_MAX 5 /* 256^5 = 2^40 leaves */

int64_t weir_position(int64_t log_id, uint64_t seq)
{
    assert(log_id > 0 && seq <= (uint64_t)1 << WEIR_LOG_SEQ_BITS); /* also one past the last */
    return (int64_t)(((uint64_t)log_id << WEIR_LOG_SEQ_BITS) + seq);
}

uint64_t weir_position_seq(int64_t position)
{
    return (uint64_t)position & (((uint64_t)1 << WEIR_LOG_SEQ_BITS) - 1);
}

int64_t weir_tile_id(int64_t log_id, unsigned level, uint64_t number)
{
    assert(log_id > 0 && level < TILE_LEVEL_MAX && number < (uint64_t)1 << 32);
    return (int64_t)((uint64_t)log_id << 36 | (uint64_t)level << 32 | number);
}

enum weir_err weir_tree_open(struct weir_log_tree *tree,
                             struct weir_store *store,
                             struct weir_scope *scope,
                             int64_t log_id)
{
    *tree = (struct weir_log_tree){.store = store, .log_id = log_id};
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope, "SELECT is_own, salt_root FROM log WHERE log_id = ?",
                    WEIR_VALUES(weir_value_i64(log_id)));
    bool is_found = weir_rows_next(&rows);
    if (is_found) {
        tree->is_own = weir_row_i64(&rows, 0) != 0;
        weir_row_bytes(&rows, 1, tree->salt_root, tree->is_own ? sizeof(tree->salt_root) : 0);
    }
    enum weir_err err = weir_rows_end(&rows);
    if (err == WEIR_OK && !is_found)
        err = weir_fail(scope, WEIR_E_NOT_FOUND, "there is no log %lld", (long long)log_id);
    return err;
}

void weir_tree_close(struct weir_log_tree *tree)
{
    explicit_bzero(tree->salt_root, sizeof(tree->salt_root));
}

static enum weir_err
leaf_missing(struct weir_scope *scope, const struct weir_log_tree *tree, uint64_t seq)
{
    return weir_fail(scope, WEIR_E_CORRUPT, "log %lld has no leaf %llu", (long long)tree->log_id,
                     (unsigned long long)seq);
}

/* The bytes of an own leaf from its observation. */
static enum weir_err own_leaf(struct weir_rows *rows,
                              struct weir_salt_stream *salts,
                              uint64_t seq,
                              uint8_t bytes[static WEIR_LEAF_BYTES])
{
    struct weir_salt salt;
    bool has_salt = weir_salt_stream_next(salts, &salt);
    assert(has_salt);
    (void)has_salt; /* the stream was opened for as many */
    int64_t kind = weir_row_i64(rows, 1);
    int64_t flags = weir_row_i64(rows, 2);
    int64_t tick_ms = weir_row_i64(rows, 3);
    if (rows->err != WEIR_OK)
        return rows->err;
    if (kind < WEIR_LEAF_DEFINITION || kind > WEIR_LEAF_STATEMENT || flags < WEIR_LEAF_NONE ||
        flags > WEIR_LEAF_UNKNOWN || tick_ms < 0)
        return weir_fail(rows->scope, WEIR_E_CORRUPT, "observation %llu is no leaf",
                         (unsigned long long)seq);
    struct weir_leaf leaf = {
        .kind = (enum weir_leaf_kind)kind,
        .flags = (enum weir_leaf_flags)flags,
        .seq = seq,
        .tick_ms = tick_ms,
        .commit = weir_leaf_commit(&salt, weir_row_peek(rows, 4)),
    };
    weir_leaf_write(&leaf, bytes);
    struct weir_slice written = {bytes, WEIR_LEAF_BYTES};
    if (weir_leaf_read(rows->scope, written, &leaf) != WEIR_OK)
        return weir_note(rows->scope, "observation %llu", (unsigned long long)seq);
    return WEIR_OK;
}

static enum weir_err own_visit(const struct weir_log_tree *tree,
                               struct weir_scope *scope,
                               struct weir_salt_range range,
                               const struct weir_leaf_visitor *visitor)
{
    struct weir_salt_stream salts;
    enum weir_err err =
        weir_salt_stream_init(&salts, scope, tree->salt_root, weir_salt_domain(), range.start);
    if (err != WEIR_OK)
        return err;
    struct weir_rows rows;
    weir_rows_begin(&rows, tree->store, scope,
                    "SELECT position, kind, flags, tick_ms, payload FROM observation "
                    "WHERE position >= ? AND position < ? ORDER BY position",
                    WEIR_VALUES(weir_value_i64(weir_position(tree->log_id, range.start)),
                                weir_value_i64(weir_position(tree->log_id, range.end))));
    uint64_t next = range.start;
    while (weir_rows_next(&rows)) {
        uint8_t bytes[WEIR_LEAF_BYTES];
        if (weir_position_seq(weir_row_i64(&rows, 0)) != next)
            break;
        rows.err = own_leaf(&rows, &salts, next, bytes);
        if (rows.err == WEIR_OK)
            rows.err = visitor->visit(visitor->context, scope, next, bytes);
        if (rows.err == WEIR_OK)
            next++;
    }
    err = weir_rows_end(&rows);
    weir_salt_stream_clear(&salts);
    return err == WEIR_OK && next != range.end ? leaf_missing(scope, tree, next) : err;
}

static enum weir_err mirror_visit(const struct weir_log_tree *tree,
                                  struct weir_scope *scope,
                                  struct weir_salt_range range,
                                  const struct weir_leaf_visitor *visitor)
{
    struct weir_rows rows;
    weir_rows_begin(&rows, tree->store, scope,
                    "SELECT position, leaf FROM mirror_leaf "
                    "WHERE position >= ? AND position < ? ORDER BY position",
                    WEIR_VALUES(weir_value_i64(weir_position(tree->log_id, range.start)),
                                weir_value_i64(weir_position(tree->log_id, range.end))));
    uint64_t next = range.start;
    while (weir_rows_next(&rows)) {
        uint8_t bytes[WEIR_LEAF_BYTES];
        if (weir_position_seq(weir_row_i64(&rows, 0)) != next)
            break;
        weir_row_bytes(&rows, 1, bytes, sizeof(bytes));
        if (rows.err == WEIR_OK)
            rows.err = visitor->visit(visitor->context, scope, next, bytes);
        if (rows.err == WEIR_OK)
            next++;
    }
    enum weir_err err = weir_rows_end(&rows);
    return err == WEIR_OK && next != range.end ? leaf_missing(scope, tree, next) : err;
}

enum weir_err weir_tree_visit(const struct weir_log_tree *tree,
                              struct weir_scope *scope,
                              struct weir_salt_range range,
                              const struct weir_leaf_visitor *visitor)
{
    if (range.start >= range.end)
        return WEIR_OK;
    return tree->is_own ? own_visit(tree, scope, range, visitor)
                        : mirror_visit(tree, scope, range, visitor);
}

/* Where the hashes of a visit go. */
struct hash_sink {
    uint64_t first;
    struct weir_hash *hashes;
};

static enum weir_err sink_visit(void *context,
                                struct weir_scope *scope,
                                uint64_t seq,
                                const uint8_t bytes[static WEIR_LEAF_BYTES])
{
    (void)scope;
    struct hash_sink *sink = context;
    sink->hashes[seq - sink->first] = weir_leaf_hash(bytes);
    return WEIR_OK;
}

enum weir_err weir_tree_hashes(const struct weir_log_tree *tree,
                               struct weir_scope *scope,
                               struct weir_salt_range range,
                               struct weir_hash *hashes)
{
    struct hash_sink sink = {.first = range.start, .hashes = hashes};
    struct weir_leaf_visitor visitor = {.visit = sink_visit, .context = &sink};
    return weir_tree_visit(tree, scope, range, &visitor);
}

/* The roots of the complete tiles [first, first + count) of a level. */
static enum weir_err tile_roots(struct weir_store *store,
                                struct weir_scope *scope,
                                int64_t first_id,
                                size_t count,
                                struct weir_hash *roots)
{
    int64_t end_id = first_id + (int64_t)count;
    int64_t next_id = first_id;
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    "SELECT tile_id, root FROM tile WHERE tile_id >= ? AND tile_id < ? "
                    "ORDER BY tile_id",
                    WEIR_VALUES(weir_value_i64(first_id), weir_value_i64(end_id)));
    while (weir_rows_next(&rows)) {
        if (weir_row_i64(&rows, 0) != next_id)
            break;
        roots[next_id - first_id] = weir_row_hash(&rows, 1);
        next_id++;
    }
    enum weir_err err = weir_rows_end(&rows);
    if (err == WEIR_OK && next_id != end_id)
        err = weir_fail(scope, WEIR_E_CORRUPT, "tile %lld is missing", (long long)next_id);
    return err;
}

struct weir_hash weir_tile_root_of_edge(const struct weir_edge *edge, const struct weir_hash *leaf)
{
    assert(edge->size % WEIR_TILE_WIDTH == WEIR_TILE_WIDTH - 1);
    struct weir_hash root = *leaf;
    size_t count = (size_t)__builtin_popcountll(edge->size);
    for (unsigned level = 0; 1u << level < WEIR_TILE_WIDTH; level++)
        root = weir_merkle_node(&edge->stack[--count], &root);
    return root;
}

static enum weir_err tile_insert(struct weir_store *store,
                                 struct weir_scope *scope,
                                 int64_t tile_id,
                                 const struct weir_hash *root,
                                 const struct weir_hash *hashes)
{
    return weir_sql_run(store, scope, "INSERT INTO tile(tile_id, root, hashes) VALUES (?, ?, ?)",
                        WEIR_VALUES(weir_value_i64(tile_id), weir_value_hash(root),
                                    weir_value_blob(hashes, WEIR_TILE_WIDTH * WEIR_HASH_BYTES)));
}

enum weir_err weir_tile_put(struct weir_store *store,
                            struct weir_scope *scope,
                            int64_t tile_id,
                            const struct weir_hash *root,
                            const struct weir_hash hashes[static WEIR_TILE_WIDTH])
{
    struct weir_hash above[WEIR_TILE_WIDTH];
    int64_t log_id = tile_id >> 36;
    uint64_t number = (uint64_t)tile_id & UINT32_MAX;
    enum weir_err err = tile_insert(store, scope, tile_id, root, hashes);
    for (unsigned level = 1; err == WEIR_OK && level < TILE_LEVEL_MAX; level++) {
        if (number % WEIR_TILE_WIDTH != WEIR_TILE_WIDTH - 1)
            return WEIR_OK;
        number /= WEIR_TILE_WIDTH;
        int64_t below = weir_tile_id(log_id, level - 1, number * WEIR_TILE_WIDTH);
        err = tile_roots(store, scope, below, WEIR_TILE_WIDTH, above);
        struct weir_hash root_above = weir_tile_root(above);
        if (err == WEIR_OK)
            err =
                tile_insert(store, scope, weir_tile_id(log_id, level, number), &root_above, above);
    }
    return err;
}

static enum weir_err complete_tile(const struct weir_log_tree *tree,
                                   struct weir_scope *scope,
                                   struct weir_tile tile,
                                   struct weir_hash *hashes)
{
    struct weir_rows rows;
    weir_rows_begin(
        &rows, tree->store, scope, "SELECT hashes FROM tile WHERE tile_id = ?",
        WEIR_VALUES(weir_value_i64(weir_tile_id(tree->log_id, tile.level, tile.index))));
    bool is_found = weir_rows_next(&rows);
    if (is_found)
        weir_row_bytes(&rows, 0, hashes, WEIR_TILE_WIDTH * WEIR_HASH_BYTES);
    enum weir_err err = weir_rows_end(&rows);
    if (err == WEIR_OK && !is_found)
        err = weir_fail(scope, WEIR_E_CORRUPT, "log %lld has no tile %u/%llu",
                        (long long)tree->log_id, tile.level, (unsigned long long)tile.index);
    return err;
}

enum weir_err weir_tree_tile_read(void *context,
                                  struct weir_scope *scope,
                                  struct weir_tile tile,
                                  struct weir_hash *hashes)
{
    const struct weir_log_tree *tree = context;
    if (tile.width == WEIR_TILE_WIDTH)
        return complete_tile(tree, scope, tile, hashes);
    uint64_t first = tile.index * WEIR_TILE_WIDTH;
    if (tile.level == 0) {
        struct weir_salt_range range = {.start = first, .end = first + tile.width};
        return weir_tree_hashes(tree, scope, range, hashes);
    }
    return tile_roots(tree->store, scope, weir_tile_id(tree->log_id, tile.level - 1, first),
                      tile.width, hashes);
}
