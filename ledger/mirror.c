#include "ledger/mirror.h"

#include <assert.h>
#include <string.h>

#include "attest/checkpoint.h"
#include "attest/leaf.h"
#include "attest/tile.h"
#include "base/arena.h"
#include "ledger/sql.h"
#include "ledger/tree.h"

/* What is stored of a mirror. */
struct mirror {
    int64_t log_id; /* 0: nothing yet */
    struct weir_edge edge;
};

static enum weir_err mirror_load(struct weir_store *store,
                                 struct weir_scope *scope,
                                 const char *origin,
                                 struct mirror *mirror)
{
    struct weir_rows rows;
    *mirror = (struct mirror){0};
    weir_rows_begin(&rows, store, scope,
                    "SELECT log.log_id, log.is_own, head.edge FROM log "
                    "JOIN head ON head.log_id = log.log_id WHERE log.origin = ?",
                    WEIR_VALUES(weir_value_text(origin)));
    if (weir_rows_next(&rows)) {
        mirror->log_id = weir_row_i64(&rows, 0);
        if (weir_row_i64(&rows, 1) != 0)
            rows.err = weir_fail(scope, WEIR_E_CONFLICT, "'%s' is a log of this node", origin);
        else
            rows.err = weir_edge_read(scope, weir_row_peek(&rows, 2), &mirror->edge);
    }
    return weir_rows_end(&rows);
}

static enum weir_err mirror_make(struct weir_store *store,
                                 struct weir_scope *scope,
                                 const char *origin,
                                 struct mirror *mirror)
{
    static const struct weir_hash none = {{0}};
    uint8_t edge[WEIR_EDGE_BYTES_MAX];
    size_t length = weir_edge_write(&mirror->edge, edge);
    struct weir_hash origin_hash = weir_origin_hash(weir_slice_text(origin));
    enum weir_err err = weir_sql_run(
        store, scope,
        "INSERT INTO log(is_own, origin, origin_hash, gauge, definition, definition_hash, "
        "salt_root) VALUES (0, ?, ?, '', x'', ?, x'')",
        WEIR_VALUES(weir_value_text(origin), weir_value_hash(&origin_hash),
                    weir_value_hash(&none)));
    if (err != WEIR_OK)
        return err;
    mirror->log_id = weir_sql_last_id(store);
    return weir_sql_run(store, scope,
                        "INSERT INTO head(log_id, size, edge, tick_ms) VALUES (?, 0, ?, -1)",
                        WEIR_VALUES(weir_value_i64(mirror->log_id), weir_value_blob(edge, length)));
}

/* That the leaves which are stored already are the same bytes. */
static enum weir_err known_compare(struct weir_store *store,
                                   struct weir_scope *scope,
                                   const struct mirror *mirror,
                                   const struct weir_mirror_part *part,
                                   uint64_t end)
{
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    "SELECT position, leaf FROM mirror_leaf WHERE position >= ? AND position < ? "
                    "ORDER BY position",
                    WEIR_VALUES(weir_value_i64(weir_position(mirror->log_id, part->first)),
                                weir_value_i64(weir_position(mirror->log_id, end))));
    while (weir_rows_next(&rows)) {
        uint64_t seq = weir_position_seq(weir_row_i64(&rows, 0));
        struct weir_slice leaf = weir_row_peek(&rows, 1);
        const uint8_t *given = part->leaves.data + (seq - part->first) * WEIR_LEAF_BYTES;
        if (leaf.length != WEIR_LEAF_BYTES || memcmp(leaf.data, given, WEIR_LEAF_BYTES) != 0)
            rows.err = weir_fail(scope, WEIR_E_CONFLICT,
                                 "leaf %llu of '%s' is not the one it showed before",
                                 (unsigned long long)seq, part->origin);
    }
    return weir_rows_end(&rows);
}

/* Parsed, so that only leaves are stored, each at its own place. */
static enum weir_err leaf_add(struct weir_store *store,
                              struct weir_scope *scope,
                              struct mirror *mirror,
                              const uint8_t bytes[static WEIR_LEAF_BYTES],
                              struct weir_hash *hash)
{
    struct weir_leaf leaf;
    struct weir_slice slice = {bytes, WEIR_LEAF_BYTES};
    enum weir_err err = weir_leaf_read(scope, slice, &leaf);
    if (err == WEIR_OK && leaf.seq != mirror->edge.size)
        err = weir_fail(scope, WEIR_E_PARSE, "leaf %llu stands at place %llu",
                        (unsigned long long)leaf.seq, (unsigned long long)mirror->edge.size);
    if (err != WEIR_OK)
        return err;
    *hash = weir_leaf_hash(bytes);
    int64_t position = weir_position(mirror->log_id, mirror->edge.size);
    weir_edge_append(&mirror->edge, hash);
    return weir_sql_run(store, scope, "INSERT INTO mirror_leaf(position, leaf) VALUES (?, ?)",
                        WEIR_VALUES(weir_value_i64(position), weir_value_slice(slice)));
}

/* The tile that the newest leaf completed; `first_new` is the first leaf hashed in this call. */
static enum weir_err tile_store(struct weir_store *store,
                                struct weir_scope *scope,
                                const struct mirror *mirror,
                                struct weir_hash hashes[static WEIR_TILE_WIDTH],
                                uint64_t first_new)
{
    uint64_t first = mirror->edge.size - WEIR_TILE_WIDTH;
    if (first_new > first) {
        struct weir_log_tree tree = {.store = store, .log_id = mirror->log_id};
        struct weir_salt_range older = {.start = first, .end = first_new};
        enum weir_err err = weir_tree_hashes(&tree, scope, older, hashes);
        if (err != WEIR_OK)
            return err;
    }
    struct weir_hash root = weir_tile_root(hashes);
    return weir_tile_put(store, scope, weir_tile_id(mirror->log_id, 0, first / WEIR_TILE_WIDTH),
                         &root, hashes);
}

static enum weir_err leaves_add(struct weir_store *store,
                                struct weir_scope *scope,
                                struct mirror *mirror,
                                const struct weir_mirror_part *part)
{
    struct weir_hash hashes[WEIR_TILE_WIDTH];
    uint64_t first_new = mirror->edge.size;
    uint64_t end = part->first + part->leaves.length / WEIR_LEAF_BYTES;
    while (mirror->edge.size < end) {
        uint64_t seq = mirror->edge.size;
        const uint8_t *bytes = part->leaves.data + (seq - part->first) * WEIR_LEAF_BYTES;
        enum weir_err err = leaf_add(store, scope, mirror, bytes, &hashes[seq % WEIR_TILE_WIDTH]);
        if (err == WEIR_OK && mirror->edge.size % WEIR_TILE_WIDTH == 0)
            err = tile_store(store, scope, mirror, hashes, first_new);
        if (err != WEIR_OK)
            return err;
    }
    return WEIR_OK;
}

/* The tree over what is stored now must have the signed root. */
static enum weir_err root_check(struct weir_store *store,
                                struct weir_scope *scope,
                                const struct mirror *mirror,
                                const struct weir_mirror_part *part)
{
    struct weir_hash root = weir_edge_root(&mirror->edge);
    if (part->head.size > mirror->edge.size)
        return weir_fail(scope, WEIR_E_RANGE, "the checkpoint covers %llu leaves, only %llu came",
                         (unsigned long long)part->head.size,
                         (unsigned long long)mirror->edge.size);
    if (part->head.size < mirror->edge.size) {
        struct weir_log_tree tree = {.store = store, .log_id = mirror->log_id};
        struct weir_tile_source tiles = {
            .read = weir_tree_tile_read, .context = &tree, .size = part->head.size};
        struct weir_merkle_source source = weir_tile_source(&tiles);
        enum weir_err err = weir_merkle_fetch_root(&source, scope, part->head.size, &root);
        if (err != WEIR_OK)
            return err;
    }
    if (!weir_hash_equal(&root, &part->head.root))
        return weir_fail(scope, WEIR_E_INCLUSION, "the leaves of '%s' do not lead to its root",
                         part->origin);
    return WEIR_OK;
}

static enum weir_err mirror_append(struct weir_store *store,
                                   struct weir_scope *scope,
                                   const struct weir_mirror_part *part,
                                   struct mirror *mirror)
{
    uint64_t end = part->first + part->leaves.length / WEIR_LEAF_BYTES;
    uint64_t known = mirror->edge.size;
    if (part->leaves.length % WEIR_LEAF_BYTES != 0)
        return weir_fail(scope, WEIR_E_PARSE, "%zu bytes are no whole leaves", part->leaves.length);
    if (part->first > known)
        return weir_fail(scope, WEIR_E_STALE, "leaves from %llu on, but only %llu are known",
                         (unsigned long long)part->first, (unsigned long long)known);
    if (end > WEIR_SALT_INDEX_END)
        return weir_fail(scope, WEIR_E_RANGE, "a log of more than 2^%d leaves", WEIR_SALT_DEPTH);
    enum weir_err err = WEIR_OK;
    if (mirror->log_id == 0)
        err = mirror_make(store, scope, part->origin, mirror);
    if (err == WEIR_OK)
        err = known_compare(store, scope, mirror, part, known < end ? known : end);
    if (err == WEIR_OK)
        err = leaves_add(store, scope, mirror, part);
    if (err == WEIR_OK)
        err = root_check(store, scope, mirror, part);
    if (err != WEIR_OK || mirror->edge.size == known)
        return err;
    uint8_t edge[WEIR_EDGE_BYTES_MAX];
    size_t length = weir_edge_write(&mirror->edge, edge);
    return weir_sql_run(store, scope, "UPDATE head SET size = ?, edge = ? WHERE log_id = ?",
                        WEIR_VALUES(weir_value_u64(mirror->edge.size),
                                    weir_value_blob(edge, length), weir_value_i64(mirror->log_id)));
}

enum weir_err weir_mirror_append(struct weir_store *store,
                                 struct weir_scope *scope,
                                 const struct weir_mirror_part *part,
                                 uint64_t *known_size,
                                 int64_t *log_id)
{
    struct weir_work work;
    struct mirror mirror;
    enum weir_err err = weir_work_begin(store, scope, &work);
    if (err != WEIR_OK)
        return err;
    err = mirror_load(store, scope, part->origin, &mirror);
    *known_size = mirror.edge.size;
    if (err == WEIR_OK)
        err = mirror_append(store, scope, part, &mirror);
    err = weir_work_end(store, scope, &work, err);
    if (err == WEIR_OK) {
        *known_size = mirror.edge.size;
        *log_id = mirror.log_id;
    }
    return err;
}

static enum weir_err note_put(struct weir_store *store,
                              struct weir_scope *scope,
                              const char *origin,
                              uint64_t old_size,
                              const struct weir_mirror_note *note)
{
    struct weir_mirror_note last;
    enum weir_err err = weir_mirror_note_load(store, scope, origin, &last);
    if (err != WEIR_OK)
        return err;
    if (last.head.size != old_size || note->head.size < old_size)
        return weir_fail(scope, WEIR_E_STALE, "the head of '%s' cosigned last has %llu leaves",
                         origin, (unsigned long long)last.head.size);
    bool is_same_size = note->head.size == old_size && last.cosigned_ms != 0;
    if (is_same_size && !weir_hash_equal(&last.head.root, &note->head.root))
        return weir_fail(scope, WEIR_E_CONFLICT, "another root of '%s' was cosigned at size %llu",
                         origin, (unsigned long long)old_size);
    if (is_same_size)
        return WEIR_OK; /* what counts is when it was first cosigned */
    return weir_sql_run(
        store, scope,
        "INSERT INTO mirror_note(origin, size, root, note, cosigned_ms) VALUES (?, ?, ?, ?, ?)",
        WEIR_VALUES(weir_value_text(origin), weir_value_u64(note->head.size),
                    weir_value_hash(&note->head.root), weir_value_slice(note->note),
                    weir_value_i64(note->cosigned_ms)));
}

enum weir_err weir_mirror_note_put(struct weir_store *store,
                                   struct weir_scope *scope,
                                   const char *origin,
                                   uint64_t old_size,
                                   const struct weir_mirror_note *note)
{
    struct weir_work work;
    assert(note->cosigned_ms != 0);
    enum weir_err err = weir_work_begin(store, scope, &work);
    if (err != WEIR_OK)
        return err;
    err = note_put(store, scope, origin, old_size, note);
    return weir_work_end(store, scope, &work, err);
}

enum weir_err weir_mirror_note_load(struct weir_store *store,
                                    struct weir_scope *scope,
                                    const char *origin,
                                    struct weir_mirror_note *note)
{
    struct weir_rows rows;
    struct weir_mirror_note found = {0};
    weir_rows_begin(&rows, store, scope,
                    "SELECT size, root, note, cosigned_ms FROM mirror_note WHERE origin = ? "
                    "ORDER BY size DESC LIMIT 1",
                    WEIR_VALUES(weir_value_text(origin)));
    if (weir_rows_next(&rows))
        found = (struct weir_mirror_note){
            .head = {.size = weir_row_u64(&rows, 0), .root = weir_row_hash(&rows, 1)},
            .note = weir_row_slice(&rows, 2),
            .cosigned_ms = weir_row_i64(&rows, 3),
        };
    enum weir_err err = weir_rows_end(&rows);
    if (err == WEIR_OK)
        *note = found;
    return err;
}

enum weir_err weir_mirror_covers(struct weir_store *store,
                                 struct weir_scope *scope,
                                 const char *origin,
                                 struct weir_salt_range range,
                                 struct weir_mirror_cover **covers,
                                 size_t *cover_count)
{
    struct weir_collected found = {.item_bytes = sizeof(struct weir_mirror_cover)};
    uint64_t covered = 0;
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    "SELECT size, root, cosigned_ms FROM mirror_note WHERE origin = ? AND size > ? "
                    "ORDER BY size",
                    WEIR_VALUES(weir_value_text(origin), weir_value_u64(range.start)));
    while (covered < range.end && weir_rows_next(&rows)) {
        struct weir_mirror_cover *cover = weir_rows_collect(&rows, &found);
        if (cover == NULL)
            break;
        *cover = (struct weir_mirror_cover){
            .size = weir_row_u64(&rows, 0),
            .root = weir_row_hash(&rows, 1),
            .cosigned_ms = weir_row_i64(&rows, 2),
        };
        covered = cover->size;
    }
    enum weir_err err = weir_rows_end(&rows);
    if (err != WEIR_OK)
        return err;
    *covers = found.items;
    *cover_count = found.count;
    return WEIR_OK;
}
