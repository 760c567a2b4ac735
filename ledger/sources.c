#include "ledger/sources.h"

#include <string.h>

#include "ledger/sql.h"

static enum weir_err
source_put(struct weir_store *store, struct weir_scope *scope, const struct weir_source_row *row)
{
    struct weir_value token = weir_value_null();
    if (!weir_hash_is_zero(&row->token_hash))
        token = weir_value_hash(&row->token_hash);
    enum weir_err err = weir_sql_run(
        store, scope,
        "INSERT INTO source(name, token_hash, types, made_ms) VALUES (?, ?, ?, ?) "
        "ON CONFLICT(name) DO UPDATE SET token_hash = excluded.token_hash, types = excluded.types",
        WEIR_VALUES(weir_value_text(row->name), token, weir_value_text(row->types),
                    weir_value_i64(row->made_ms)));
    if (err == WEIR_E_EXISTS) {
        weir_scope_recover(scope);
        err = weir_fail(scope, WEIR_E_CONFLICT, "the token of source '%s' belongs to another one",
                        row->name);
    }
    return err;
}

enum weir_err weir_source_put(struct weir_store *store,
                              struct weir_scope *scope,
                              const struct weir_source_row *row,
                              int64_t *source_id)
{
    struct weir_work work;
    enum weir_err err = weir_work_begin(store, scope, &work);
    if (err != WEIR_OK)
        return err;
    int64_t found = 0;
    err = source_put(store, scope, row);
    if (err == WEIR_OK)
        err = weir_sql_i64(store, scope, "SELECT source_id FROM source WHERE name = ?",
                           WEIR_VALUES(weir_value_text(row->name)), &found);
    err = weir_work_end(store, scope, &work, err);
    if (err == WEIR_OK)
        *source_id = found;
    return err;
}

static void source_read(struct weir_rows *rows, struct weir_source_row *row)
{
    *row = (struct weir_source_row){
        .source_id = weir_row_i64(rows, 0),
        .name = weir_row_text(rows, 1),
        .types = weir_row_text(rows, 3),
        .made_ms = weir_row_i64(rows, 4),
    };
    if (!weir_row_is_null(rows, 2))
        row->token_hash = weir_row_hash(rows, 2);
}

enum weir_err weir_source_by_token(struct weir_store *store,
                                   struct weir_scope *scope,
                                   const struct weir_hash *token_hash,
                                   struct weir_source_row *row)
{
    struct weir_rows rows;
    struct weir_source_row found;
    weir_rows_begin(&rows, store, scope,
                    "SELECT source_id, name, token_hash, types, made_ms FROM source "
                    "WHERE token_hash = ?",
                    WEIR_VALUES(weir_value_hash(token_hash)));
    bool is_found = weir_rows_next(&rows);
    if (is_found)
        source_read(&rows, &found);
    enum weir_err err = weir_rows_end(&rows);
    if (err == WEIR_OK && !is_found)
        err = weir_fail(scope, WEIR_E_NOT_FOUND, "no source has this token");
    if (err == WEIR_OK)
        *row = found;
    return err;
}

enum weir_err weir_source_list(struct weir_store *store,
                               struct weir_scope *scope,
                               struct weir_source_row **sources,
                               size_t *source_count)
{
    struct weir_collected found = {.item_bytes = sizeof(struct weir_source_row)};
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    "SELECT source_id, name, token_hash, types, made_ms FROM source ORDER BY name",
                    NULL, 0);
    while (weir_rows_next(&rows)) {
        struct weir_source_row *row = weir_collect(scope, &found);
        if (row == NULL)
            rows.err = scope->err;
        else
            source_read(&rows, row);
    }
    enum weir_err err = weir_rows_end(&rows);
    if (err != WEIR_OK)
        return err;
    *sources = found.items;
    *source_count = found.count;
    return WEIR_OK;
}

/* The identity of a refusal: origin, reason and bytes. */
static struct weir_hash refused_digest(const struct weir_refused_row *row)
{
    struct weir_sha256 state;
    weir_sha256_init(&state);
    weir_sha256_u64(&state, strlen(row->origin));
    weir_sha256_update(&state, row->origin, strlen(row->origin));
    weir_sha256_u64(&state, strlen(row->reason));
    weir_sha256_update(&state, row->reason, strlen(row->reason));
    weir_sha256_u64(&state, row->length);
    weir_sha256_update(&state, row->bytes.data, row->bytes.length);
    return weir_sha256_final(&state);
}

enum weir_err weir_refused_put(struct weir_store *store,
                               struct weir_scope *scope,
                               const struct weir_refused_row *row)
{
    struct weir_work work;
    struct weir_hash digest = refused_digest(row);
    struct weir_slice kept = row->bytes;
    if (kept.length > WEIR_REFUSED_BYTES_MAX)
        kept.length = WEIR_REFUSED_BYTES_MAX;
    enum weir_err err = weir_work_begin(store, scope, &work);
    if (err != WEIR_OK)
        return err;
    err = weir_sql_run(
        store, scope,
        "INSERT INTO refused(digest, origin, reason, bytes, length, received_ms, times) "
        "VALUES (?, ?, ?, ?, ?, ?, 1) ON CONFLICT(digest) DO UPDATE SET times = times + 1",
        WEIR_VALUES(weir_value_hash(&digest), weir_value_text(row->origin),
                    weir_value_text(row->reason), weir_value_slice(kept),
                    weir_value_u64(row->length), weir_value_i64(row->received_ms)));
    return weir_work_end(store, scope, &work, err);
}

enum weir_err weir_refused_list(struct weir_store *store,
                                struct weir_scope *scope,
                                size_t limit,
                                struct weir_refused_row **refused,
                                size_t *refused_count)
{
    struct weir_collected found = {.item_bytes = sizeof(struct weir_refused_row)};
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    "SELECT refused_id, origin, reason, bytes, length, received_ms, times "
                    "FROM refused ORDER BY refused_id DESC LIMIT ?",
                    WEIR_VALUES(weir_value_i64((int64_t)(limit > INT64_MAX ? INT64_MAX : limit))));
    while (weir_rows_next(&rows)) {
        struct weir_refused_row *row = weir_collect(scope, &found);
        if (row == NULL) {
            rows.err = scope->err;
            break;
        }
        *row = (struct weir_refused_row){
            .refused_id = weir_row_u64(&rows, 0),
            .origin = weir_row_text(&rows, 1),
            .reason = weir_row_text(&rows, 2),
            .bytes = weir_row_slice(&rows, 3),
            .length = weir_row_u64(&rows, 4),
            .received_ms = weir_row_i64(&rows, 5),
            .times = weir_row_u64(&rows, 6),
        };
    }
    enum weir_err err = weir_rows_end(&rows);
    if (err != WEIR_OK)
        return err;
    *refused = found.items;
    *refused_count = found.count;
    return WEIR_OK;
}
