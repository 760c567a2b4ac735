#include <string.h>

#include "attest/checkpoint.h"
#include "attest/tile.h"
#include "base/arena.h"
#include "ledger/check_parts.h"
#include "ledger/sql.h"
#include "ledger/tree.h"

#define LEVELS 5 /* of complete tiles: 256^5 = 2^40 leaves */
#define TELL_EVERY 65536

/* A head that was signed or cosigned at some size. */
struct signed_head {
    struct weir_merkle_head head;
    const char *table;
};

/* The tree being rebuilt beside what is stored. */
struct rebuild {
    const struct weir_ledger_check *check;
    const struct weir_log *log;
    struct weir_edge edge;
    struct weir_hash tiles[LEVELS][WEIR_TILE_WIDTH];
    uint64_t tile_count;
    const struct signed_head *heads; /* by size */
    size_t head_count;
    size_t heads_done;
    int64_t tick_ms; /* of the newest tick or missed leaf; -1: none */
};

static enum weir_err tile_differs(const struct rebuild *rebuild,
                                  unsigned level,
                                  uint64_t number,
                                  const struct weir_hash *stored)
{
    const struct weir_hash *made = rebuild->tiles[level];
    for (uint64_t i = 0; i < WEIR_TILE_WIDTH; i++) {
        if (weir_hash_equal(&made[i], &stored[i]))
            continue;
        uint64_t span = (uint64_t)1 << (8 * level);
        uint64_t first = (number * WEIR_TILE_WIDTH + i) * span;
        if (level == 0)
            return weir_fail(rebuild->check->scope, WEIR_E_CORRUPT,
                             "leaf %llu does not hash to what tile 0/%llu holds",
                             (unsigned long long)first, (unsigned long long)number);
        return weir_fail(rebuild->check->scope, WEIR_E_CORRUPT,
                         "leaves [%llu, %llu) do not lead to what tile %u/%llu holds",
                         (unsigned long long)first, (unsigned long long)first + span, level,
                         (unsigned long long)number);
    }
    return weir_fail(rebuild->check->scope, WEIR_E_CORRUPT, "the root of tile %u/%llu is wrong",
                     level, (unsigned long long)number);
}

/* Compares one complete tile with its row. */
static enum weir_err
tile_compare(struct rebuild *rebuild, unsigned level, uint64_t number, struct weir_hash *root)
{
    struct weir_hash stored[WEIR_TILE_WIDTH];
    struct weir_rows rows;
    *root = weir_tile_root(rebuild->tiles[level]);
    weir_rows_begin(&rows, rebuild->check->store, rebuild->check->scope,
                    "SELECT root, hashes FROM tile WHERE tile_id = ?",
                    WEIR_VALUES(weir_value_i64(weir_tile_id(rebuild->log->log_id, level, number))));
    bool is_found = weir_rows_next(&rows);
    if (is_found) {
        struct weir_hash stored_root = weir_row_hash(&rows, 0);
        weir_row_bytes(&rows, 1, stored, sizeof(stored));
        if (rows.err == WEIR_OK && (memcmp(stored, rebuild->tiles[level], sizeof(stored)) != 0 ||
                                    !weir_hash_equal(&stored_root, root)))
            rows.err = tile_differs(rebuild, level, number, stored);
    }
    enum weir_err err = weir_rows_end(&rows);
    if (err == WEIR_OK && !is_found)
        err = weir_fail(rebuild->check->scope, WEIR_E_CORRUPT, "tile %u/%llu is missing", level,
                        (unsigned long long)number);
    rebuild->tile_count++;
    return err;
}

/* The tile of the newest leaf is full, and perhaps some above. */
static enum weir_err tiles_compare(struct rebuild *rebuild)
{
    uint64_t number = rebuild->edge.size / WEIR_TILE_WIDTH - 1;
    for (unsigned level = 0; level < LEVELS; level++) {
        struct weir_hash root;
        enum weir_err err = tile_compare(rebuild, level, number, &root);
        if (err != WEIR_OK || level + 1 == LEVELS)
            return err;
        rebuild->tiles[level + 1][number % WEIR_TILE_WIDTH] = root;
        if (number % WEIR_TILE_WIDTH != WEIR_TILE_WIDTH - 1)
            return WEIR_OK;
        number /= WEIR_TILE_WIDTH;
    }
    return WEIR_OK;
}

/* All heads that were signed at the size reached now. */
static enum weir_err heads_compare(struct rebuild *rebuild)
{
    while (rebuild->heads_done < rebuild->head_count &&
           rebuild->heads[rebuild->heads_done].head.size == rebuild->edge.size) {
        const struct signed_head *head = &rebuild->heads[rebuild->heads_done++];
        struct weir_hash root = weir_edge_root(&rebuild->edge);
        rebuild->check->report->checkpoints++;
        if (!weir_hash_equal(&root, &head->head.root))
            return weir_fail(rebuild->check->scope, WEIR_E_CORRUPT,
                             "the %s of size %llu has another root than the leaves", head->table,
                             (unsigned long long)head->head.size);
    }
    return WEIR_OK;
}

/* Times of ticks rise; a leaf stands at its own place. */
static enum weir_err
leaf_compare(struct rebuild *rebuild, uint64_t seq, const uint8_t bytes[static WEIR_LEAF_BYTES])
{
    struct weir_leaf leaf;
    struct weir_scope *scope = rebuild->check->scope;
    struct weir_slice slice = {bytes, WEIR_LEAF_BYTES};
    if (weir_leaf_read(scope, slice, &leaf) != WEIR_OK)
        return weir_note(scope, "leaf %llu", (unsigned long long)seq);
    if (leaf.seq != seq)
        return weir_fail(scope, WEIR_E_CORRUPT, "leaf %llu says that it is leaf %llu",
                         (unsigned long long)seq, (unsigned long long)leaf.seq);
    if (leaf.kind != WEIR_LEAF_TICK && leaf.kind != WEIR_LEAF_MISSED)
        return WEIR_OK;
    if (leaf.tick_ms <= rebuild->tick_ms)
        return weir_fail(scope, WEIR_E_CORRUPT, "the tick of leaf %llu is not after the one before",
                         (unsigned long long)seq);
    rebuild->tick_ms = leaf.tick_ms;
    return WEIR_OK;
}

/* The stored edge names the subtrees that make up the leaves: the first wrong one is named. */
static enum weir_err edge_compare(const struct rebuild *rebuild)
{
    struct weir_edge stored;
    struct weir_scope *scope = rebuild->check->scope;
    struct weir_rows rows;
    weir_rows_begin(&rows, rebuild->check->store, scope,
                    "SELECT edge, size FROM head WHERE log_id = ?",
                    WEIR_VALUES(weir_value_i64(rebuild->log->log_id)));
    if (weir_rows_next(&rows))
        rows.err = weir_edge_read(scope, weir_row_peek(&rows, 0), &stored);
    if (rows.err == WEIR_OK && weir_row_u64(&rows, 1) != stored.size)
        rows.err = weir_fail(scope, WEIR_E_CORRUPT, "head.size is not the size of head.edge");
    enum weir_err err = weir_rows_end(&rows);
    uint64_t first = 0;
    size_t place = 0;
    for (unsigned level = 63; err == WEIR_OK && level < 64; level--) {
        uint64_t span = (uint64_t)1 << level;
        if ((rebuild->edge.size & span) == 0)
            continue;
        if (!weir_hash_equal(&stored.stack[place], &rebuild->edge.stack[place]))
            return weir_fail(scope, WEIR_E_CORRUPT,
                             "leaves [%llu, %llu) do not hash to what head.edge holds",
                             (unsigned long long)first, (unsigned long long)first + span);
        place++;
        first += span;
    }
    return err;
}

static enum weir_err leaf_visit(void *context,
                                struct weir_scope *scope,
                                uint64_t seq,
                                const uint8_t bytes[static WEIR_LEAF_BYTES])
{
    (void)scope;
    struct rebuild *rebuild = context;
    enum weir_err err = leaf_compare(rebuild, seq, bytes);
    if (err != WEIR_OK)
        return err;
    struct weir_hash *hash = &rebuild->tiles[0][seq % WEIR_TILE_WIDTH];
    *hash = weir_leaf_hash(bytes);
    weir_edge_append(&rebuild->edge, hash);
    rebuild->check->report->leaves++;
    if (rebuild->edge.size % TELL_EVERY == 0)
        weir_check_tell(rebuild->check, rebuild->log->origin, rebuild->edge.size,
                        rebuild->log->head.size);
    if (rebuild->edge.size % WEIR_TILE_WIDTH == 0)
        err = tiles_compare(rebuild);
    if (err == WEIR_OK && rebuild->edge.size == rebuild->log->head.size)
        err = edge_compare(rebuild);
    return err == WEIR_OK ? heads_compare(rebuild) : err;
}

/* Checkpoints of an own log, heads cosigned of a mirror; by size. */
static enum weir_err heads_load(struct rebuild *rebuild)
{
    struct weir_collected found = {.item_bytes = sizeof(struct signed_head)};
    const struct weir_ledger_check *check = rebuild->check;
    struct weir_rows rows;
    weir_rows_begin(&rows, check->store, check->scope,
                    "SELECT size, root, 'checkpoint' FROM checkpoint WHERE log_id = ?1 "
                    "UNION ALL SELECT size, root, 'mirror_note' FROM mirror_note WHERE origin = ?2 "
                    "AND size <= ?3 ORDER BY 1",
                    WEIR_VALUES(weir_value_i64(rebuild->log->log_id),
                                weir_value_text(rebuild->log->origin),
                                weir_value_u64(rebuild->log->head.size)));
    while (weir_rows_next(&rows)) {
        struct signed_head *head = weir_rows_collect(&rows, &found);
        if (head == NULL)
            break;
        head->head.size = weir_row_u64(&rows, 0);
        head->head.root = weir_row_hash(&rows, 1);
        head->table = weir_row_text(&rows, 2);
    }
    rebuild->heads = found.items;
    rebuild->head_count = found.count;
    return weir_rows_end(&rows);
}

/* As many tiles as the size needs, none more. */
static enum weir_err tiles_count(const struct rebuild *rebuild)
{
    int64_t count = 0;
    int64_t log_id = rebuild->log->log_id;
    enum weir_err err = weir_sql_i64(
        rebuild->check->store, rebuild->check->scope,
        "SELECT count(*) FROM tile WHERE tile_id >= ? AND tile_id < ?",
        WEIR_VALUES(weir_value_i64(log_id << 36), weir_value_i64((log_id + 1) << 36)), &count);
    if (err == WEIR_OK && (uint64_t)count != rebuild->tile_count)
        err = weir_fail(rebuild->check->scope, WEIR_E_CORRUPT, "%lld tiles where there are %llu",
                        (long long)count, (unsigned long long)rebuild->tile_count);
    return err;
}

/* No leaf beyond the head. */
static enum weir_err leaves_count(const struct rebuild *rebuild)
{
    int64_t found = 0;
    int64_t log_id = rebuild->log->log_id;
    uint64_t size = rebuild->log->head.size;
    const char *sql = rebuild->log->is_own
                          ? "SELECT position FROM observation WHERE position >= ? AND position < ?"
                          : "SELECT position FROM mirror_leaf WHERE position >= ? AND position < ?";
    enum weir_err err =
        weir_sql_i64(rebuild->check->store, rebuild->check->scope, sql,
                     WEIR_VALUES(weir_value_i64(weir_position(log_id, size)),
                                 weir_value_i64(weir_position(log_id, WEIR_SALT_INDEX_END))),
                     &found);
    if (err == WEIR_E_NOT_FOUND)
        return WEIR_OK;
    if (err != WEIR_OK)
        return err;
    return weir_fail(rebuild->check->scope, WEIR_E_CORRUPT,
                     "leaf %llu stands beyond the head of %llu leaves",
                     (unsigned long long)weir_position_seq(found), (unsigned long long)size);
}

/* The row of the log and its first leaf say the same. */
static enum weir_err names_compare(const struct rebuild *rebuild)
{
    const struct weir_log *log = rebuild->log;
    struct weir_scope *scope = rebuild->check->scope;
    struct weir_hash origin = weir_origin_hash(weir_slice_text(log->origin));
    struct weir_hash definition = weir_sha256_of(log->definition.data, log->definition.length);
    if (!weir_hash_equal(&origin, &log->origin_hash))
        return weir_fail(scope, WEIR_E_CORRUPT, "log.origin_hash is not that of its origin");
    if (!log->is_own)
        return WEIR_OK;
    if (!weir_hash_equal(&definition, &log->definition_hash))
        return weir_fail(scope, WEIR_E_CORRUPT, "log.definition_hash is not that of its text");
    if (log->last_tick_ms != rebuild->tick_ms)
        return weir_fail(scope, WEIR_E_CORRUPT, "head.tick_ms is %lld, the newest tick %lld",
                         (long long)log->last_tick_ms, (long long)rebuild->tick_ms);
    struct weir_rows rows;
    weir_rows_begin(&rows, rebuild->check->store, scope,
                    "SELECT payload FROM observation WHERE position = ?",
                    WEIR_VALUES(weir_value_i64(weir_position(log->log_id, 0))));
    if (weir_rows_next(&rows) && !weir_slice_equal(weir_row_peek(&rows, 0), log->definition))
        rows.err = weir_fail(scope, WEIR_E_CORRUPT, "leaf 0 is not the gauge definition");
    return weir_rows_end(&rows);
}

enum weir_err weir_check_log(const struct weir_ledger_check *check, const struct weir_log *log)
{
    struct weir_log_tree tree;
    struct rebuild *rebuild = weir_take(check->scope, 1, sizeof(*rebuild));
    if (rebuild == NULL)
        return check->scope->err;
    *rebuild = (struct rebuild){.check = check, .log = log, .tick_ms = -1};
    struct weir_leaf_visitor visitor = {.visit = leaf_visit, .context = rebuild};
    struct weir_salt_range all = {.start = 0, .end = log->head.size};
    enum weir_err err = heads_load(rebuild);
    if (err == WEIR_OK)
        err = weir_tree_open(&tree, check->store, check->scope, log->log_id);
    if (err != WEIR_OK)
        return err;
    weir_check_tell(check, log->origin, 0, log->head.size);
    err = heads_compare(rebuild);
    if (err == WEIR_OK)
        err = weir_tree_visit(&tree, check->scope, all, &visitor);
    weir_tree_close(&tree);
    if (err == WEIR_OK && rebuild->heads_done != rebuild->head_count)
        err = weir_fail(check->scope, WEIR_E_CORRUPT,
                        "a checkpoint covers %llu leaves, there are %llu",
                        (unsigned long long)rebuild->heads[rebuild->heads_done].head.size,
                        (unsigned long long)log->head.size);
    if (err == WEIR_OK)
        err = tiles_count(rebuild);
    if (err == WEIR_OK)
        err = leaves_count(rebuild);
    return err == WEIR_OK ? names_compare(rebuild) : err;
}
