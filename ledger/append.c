#include "ledger/append.h"

#include <assert.h>
#include <string.h>

#include "ledger/jobs_known.h"
#include "ledger/sql.h"
#include "ledger/store_private.h"
#include "ledger/tree.h"

enum weir_err weir_append_begin(struct weir_append *append,
                                struct weir_store *store,
                                struct weir_scope *scope,
                                int64_t log_id)
{
    assert(store->is_writing);
    *append = (struct weir_append){.store = store};
    enum weir_err err = weir_log_state_get(store, scope, log_id, &append->state);
    if (err == WEIR_OK)
        err = weir_sql_prepare(store, scope,
                               "INSERT INTO observation(position, kind, flags, tick_ms, payload) "
                               "VALUES (?, ?, ?, ?, ?)",
                               &append->insert);
    if (err == WEIR_OK)
        err = weir_sql_prepare(
            store, scope,
            "INSERT INTO observation(position, kind, flags, tick_ms, payload, event_source_id, "
            "event_id, ordinal, subject, job_ordinal, window_ms) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            &append->insert_event);
    if (err != WEIR_OK)
        return err;
    struct weir_log_state *state = append->state;
    weir_log_state_hold(store, state);
    append->tile = weir_open_tile_get(store);
    weir_jobs_begin(store, log_id, state->edge.size);
    if (append->tile->log_id != log_id || append->tile->size != state->edge.size) {
        append->tile->log_id = log_id;
        append->tile->from = state->edge.size;
        append->tile->size = state->edge.size;
    }
    if (state->has_salts && state->salts.next == state->edge.size)
        return WEIR_OK;
    err = weir_salt_stream_init(&state->salts, scope, state->salt_root, weir_salt_domain(),
                                state->edge.size);
    state->has_salts = err == WEIR_OK;
    return err;
}

/* The tile of the newest leaf is full: what is not remembered of it is read from the rows. */
static enum weir_err
tile_finish(struct weir_append *append, struct weir_scope *scope, const struct weir_hash *root)
{
    struct weir_open_tile *tile = append->tile;
    uint64_t first = tile->size - WEIR_TILE_WIDTH;
    if (tile->from > first) {
        struct weir_log_tree tree = {
            .store = append->store, .log_id = append->state->log_id, .is_own = true};
        memcpy(tree.salt_root, append->state->salt_root, sizeof(tree.salt_root));
        struct weir_salt_range range = {.start = first, .end = tile->from};
        enum weir_err err = weir_tree_hashes(&tree, scope, range, tile->hashes);
        weir_tree_close(&tree);
        if (err != WEIR_OK)
            return err;
    }
    tile->from = tile->size;
    return weir_tile_put(append->store, scope,
                         weir_tile_id(append->state->log_id, 0, first / WEIR_TILE_WIDTH), root,
                         tile->hashes);
}

static int bind_slice(sqlite3_stmt *insert, int place, struct weir_slice text)
{
    return sqlite3_bind_text(insert, place, (const char *)text.data, (int)text.length,
                             SQLITE_STATIC);
}

static int key_bind(sqlite3_stmt *insert, const struct weir_append_key *key)
{
    int result = sqlite3_bind_int64(insert, 6, key->source_id);
    if (result == SQLITE_OK)
        result = bind_slice(insert, 7, key->event_id);
    if (result == SQLITE_OK)
        result = sqlite3_bind_int64(insert, 8, (int64_t)key->ordinal);
    if (result == SQLITE_OK)
        result = key->subject.length > 0 ? bind_slice(insert, 9, key->subject)
                                         : sqlite3_bind_null(insert, 9);
    if (result == SQLITE_OK)
        result = key->subject.length > 0 ? sqlite3_bind_int64(insert, 10, (int64_t)key->job_ordinal)
                                         : sqlite3_bind_null(insert, 10);
    if (result == SQLITE_OK)
        result = key->has_window ? sqlite3_bind_int64(insert, 11, key->window_ms)
                                 : sqlite3_bind_null(insert, 11);
    return result;
}

static enum weir_err row_insert(struct weir_append *append,
                                struct weir_scope *scope,
                                const struct weir_append_leaf *leaf)
{
    sqlite3_stmt *insert = leaf->key == NULL ? append->insert : append->insert_event;
    int64_t position = weir_position(append->state->log_id, append->state->edge.size);
    const void *bytes = leaf->payload.length == 0 ? (const void *)"" : leaf->payload.data;
    int result = sqlite3_bind_int64(insert, 1, position);
    if (result == SQLITE_OK)
        result = sqlite3_bind_int(insert, 2, (int)leaf->kind);
    if (result == SQLITE_OK)
        result = sqlite3_bind_int(insert, 3, (int)leaf->flags);
    if (result == SQLITE_OK)
        result = sqlite3_bind_int64(insert, 4, leaf->tick_ms);
    if (result == SQLITE_OK)
        result = sqlite3_bind_blob64(insert, 5, bytes, leaf->payload.length, SQLITE_STATIC);
    if (result == SQLITE_OK && leaf->key != NULL)
        result = key_bind(insert, leaf->key);
    if (result == SQLITE_OK)
        (void)sqlite3_step(insert); /* the reset says how it went */
    int reset = sqlite3_reset(insert);
    if (result != SQLITE_OK || reset != SQLITE_OK)
        return weir_sql_fail(append->store, scope, result != SQLITE_OK ? result : reset,
                             "an observation");
    return leaf->key != NULL && weir_sql_changes(append->store) == 0 ? WEIR_E_EXISTS : WEIR_OK;
}

enum weir_err weir_append_add(struct weir_append *append,
                              struct weir_scope *scope,
                              const struct weir_append_leaf *leaf,
                              uint64_t *seq)
{
    struct weir_log_state *state = append->state;
    struct weir_salt salt;
    if (leaf->tick_ms < 0)
        return weir_fail(scope, WEIR_E_RANGE, "a leaf cannot have a time before 1970");
    if (state->edge.size >= WEIR_SALT_INDEX_END)
        return weir_fail(scope, WEIR_E_LIMIT, "the log has 2^%d leaves", WEIR_SALT_DEPTH);
    enum weir_err err = row_insert(append, scope, leaf);
    if (err != WEIR_OK)
        return err;
    bool has_salt = weir_salt_stream_next(&state->salts, &salt);
    assert(has_salt);
    (void)has_salt; /* the stream goes to the end of the log */
    struct weir_leaf full = {
        .kind = leaf->kind,
        .flags = leaf->flags,
        .seq = state->edge.size,
        .tick_ms = leaf->tick_ms,
        .commit = weir_leaf_commit(&salt, leaf->payload),
    };
    uint8_t bytes[WEIR_LEAF_BYTES];
    weir_leaf_write(&full, bytes);
    struct weir_open_tile *tile = append->tile;
    struct weir_hash *hash = &tile->hashes[tile->size % WEIR_TILE_WIDTH];
    *hash = weir_leaf_hash(bytes);
    bool is_full = tile->size % WEIR_TILE_WIDTH == WEIR_TILE_WIDTH - 1;
    struct weir_hash root;
    if (is_full)
        root = weir_tile_root_of_edge(&state->edge, hash);
    weir_edge_append(&state->edge, hash);
    tile->size++;
    if (seq != NULL)
        *seq = full.seq;
    return is_full ? tile_finish(append, scope, &root) : WEIR_OK;
}

enum weir_err weir_append_end(struct weir_append *append, struct weir_scope *scope)
{
    const struct weir_log_state *state = append->state;
    uint8_t edge[WEIR_EDGE_BYTES_MAX];
    size_t length = weir_edge_write(&state->edge, edge);
    weir_log_state_hold(append->store, NULL);
    weir_jobs_end(append->store, state->edge.size);
    return weir_sql_run(append->store, scope,
                        "UPDATE head SET size = ?, edge = ?, tick_ms = ? WHERE log_id = ?",
                        WEIR_VALUES(weir_value_u64(state->edge.size), weir_value_blob(edge, length),
                                    weir_value_i64(state->tick_ms), weir_value_i64(state->log_id)));
}
