#include "ledger/checkpoints.h"

#include "ledger/log.h"
#include "ledger/sql.h"
#include "ledger/store.h"

static void checkpoint_read(struct weir_rows *rows, struct weir_checkpoint_row *row)
{
    *row = (struct weir_checkpoint_row){
        .head = {.size = weir_row_u64(rows, 0), .root = weir_row_hash(rows, 1)},
        .note = weir_row_slice(rows, 2),
        .made_ms = weir_row_i64(rows, 3),
    };
}

/* The one checkpoint the statement finds. */
static enum weir_err checkpoint_one(struct weir_store *store,
                                    struct weir_scope *scope,
                                    const char *sql,
                                    struct weir_value log,
                                    struct weir_value size,
                                    struct weir_checkpoint_row *row)
{
    struct weir_rows rows;
    struct weir_checkpoint_row found;
    weir_rows_begin(&rows, store, scope, sql, WEIR_VALUES(log, size));
    bool is_found = weir_rows_next(&rows);
    if (is_found)
        checkpoint_read(&rows, &found);
    enum weir_err err = weir_rows_end(&rows);
    if (err == WEIR_OK && !is_found)
        return WEIR_E_NOT_FOUND;
    if (err == WEIR_OK)
        *row = found;
    return err;
}

enum weir_err weir_checkpoint_covering(struct weir_store *store,
                                       struct weir_scope *scope,
                                       int64_t log_id,
                                       uint64_t size_min,
                                       struct weir_checkpoint_row *row)
{
    enum weir_err err =
        checkpoint_one(store, scope,
                       "SELECT size, root, note, made_ms FROM checkpoint WHERE log_id = ? "
                       "AND size >= ? ORDER BY size LIMIT 1",
                       weir_value_i64(log_id), weir_value_u64(size_min), row);
    if (err == WEIR_E_NOT_FOUND)
        return weir_fail(scope, err, "no checkpoint covers %llu leaves",
                         (unsigned long long)size_min);
    return err;
}

enum weir_err weir_checkpoint_last(struct weir_store *store,
                                   struct weir_scope *scope,
                                   int64_t log_id,
                                   struct weir_checkpoint_row *row)
{
    enum weir_err err =
        checkpoint_one(store, scope,
                       "SELECT size, root, note, made_ms FROM checkpoint WHERE log_id = ? "
                       "AND size <= ? ORDER BY size DESC LIMIT 1",
                       weir_value_i64(log_id), weir_value_i64(INT64_MAX), row);
    if (err == WEIR_E_NOT_FOUND)
        return weir_fail(scope, err, "the log has no checkpoint yet");
    return err;
}

static enum weir_err checkpoint_put(struct weir_store *store,
                                    struct weir_scope *scope,
                                    int64_t log_id,
                                    const struct weir_checkpoint_row *row)
{
    struct weir_checkpoint_row last;
    struct weir_hash root;
    enum weir_err err =
        checkpoint_one(store, scope,
                       "SELECT size, root, note, made_ms FROM checkpoint WHERE log_id = ? "
                       "AND size >= ? ORDER BY size DESC LIMIT 1",
                       weir_value_i64(log_id), weir_value_u64(row->head.size), &last);
    if (err == WEIR_OK && last.head.size == row->head.size &&
        weir_hash_equal(&last.head.root, &row->head.root))
        return WEIR_OK;
    if (err == WEIR_OK && last.head.size == row->head.size)
        return weir_fail(scope, WEIR_E_CONFLICT, "another root was signed at size %llu",
                         (unsigned long long)row->head.size);
    if (err == WEIR_OK)
        return weir_fail(scope, WEIR_E_STALE, "a checkpoint of %llu leaves is stored",
                         (unsigned long long)last.head.size);
    if (err != WEIR_E_NOT_FOUND)
        return err;
    err = weir_log_root(store, scope, log_id, row->head.size, &root);
    if (err == WEIR_OK && !weir_hash_equal(&root, &row->head.root))
        err = weir_fail(scope, WEIR_E_CONFLICT, "the log has another root at size %llu",
                        (unsigned long long)row->head.size);
    if (err != WEIR_OK)
        return err;
    return weir_sql_run(
        store, scope,
        "INSERT INTO checkpoint(log_id, size, root, note, made_ms) VALUES (?, ?, ?, ?, ?)",
        WEIR_VALUES(weir_value_i64(log_id), weir_value_u64(row->head.size),
                    weir_value_hash(&row->head.root), weir_value_slice(row->note),
                    weir_value_i64(row->made_ms)));
}

enum weir_err weir_checkpoint_put(struct weir_store *store,
                                  struct weir_scope *scope,
                                  int64_t log_id,
                                  const struct weir_checkpoint_row *row)
{
    struct weir_work work;
    enum weir_err err = weir_work_begin(store, scope, &work);
    if (err != WEIR_OK)
        return err;
    err = checkpoint_put(store, scope, log_id, row);
    return weir_work_end(store, scope, &work, err);
}

enum weir_err weir_cosignature_put(struct weir_store *store,
                                   struct weir_scope *scope,
                                   int64_t log_id,
                                   const struct weir_cosignature_row *row)
{
    struct weir_work work;
    enum weir_err err = weir_work_begin(store, scope, &work);
    if (err != WEIR_OK)
        return err;
    err = weir_sql_run(
        store, scope,
        "INSERT INTO cosignature(log_id, size, cosigner, cosigned_s, line) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT(log_id, size, cosigner) DO NOTHING",
        WEIR_VALUES(weir_value_i64(log_id), weir_value_u64(row->size),
                    weir_value_text(row->cosigner), weir_value_u64(row->cosigned_s),
                    weir_value_slice(row->line)));
    if (err == WEIR_E_EXISTS) {
        weir_scope_recover(scope);
        err = weir_fail(scope, WEIR_E_NOT_FOUND, "there is no checkpoint of size %llu",
                        (unsigned long long)row->size);
    }
    return weir_work_end(store, scope, &work, err);
}

enum weir_err weir_cosignature_list(struct weir_store *store,
                                    struct weir_scope *scope,
                                    int64_t log_id,
                                    uint64_t size,
                                    struct weir_cosignature_row **cosignatures,
                                    size_t *cosignature_count)
{
    struct weir_collected found = {.item_bytes = sizeof(struct weir_cosignature_row)};
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    "SELECT size, cosigner, cosigned_s, line FROM cosignature "
                    "WHERE log_id = ? AND size = ? ORDER BY cosigner",
                    WEIR_VALUES(weir_value_i64(log_id), weir_value_u64(size)));
    while (weir_rows_next(&rows)) {
        struct weir_cosignature_row *row = weir_rows_collect(&rows, &found);
        if (row != NULL)
            *row = (struct weir_cosignature_row){
                .size = weir_row_u64(&rows, 0),
                .cosigner = weir_row_text(&rows, 1),
                .cosigned_s = weir_row_u64(&rows, 2),
                .line = weir_row_slice(&rows, 3),
            };
    }
    enum weir_err err = weir_rows_end(&rows);
    if (err != WEIR_OK)
        return err;
    *cosignatures = found.items;
    *cosignature_count = found.count;
    return WEIR_OK;
}

static enum weir_err note_make(struct weir_store *store,
                               struct weir_scope *scope,
                               int64_t log_id,
                               uint64_t size,
                               struct weir_buffer *note)
{
    struct weir_checkpoint_row row;
    struct weir_cosignature_row *cosignatures = NULL;
    size_t count = 0;
    enum weir_err err = checkpoint_one(store, scope,
                                       "SELECT size, root, note, made_ms FROM checkpoint "
                                       "WHERE log_id = ? AND size = ?",
                                       weir_value_i64(log_id), weir_value_u64(size), &row);
    if (err == WEIR_E_NOT_FOUND)
        return weir_fail(scope, err, "there is no checkpoint of size %llu",
                         (unsigned long long)size);
    if (err == WEIR_OK)
        err = weir_buffer_put(scope, note, row.note.data, row.note.length);
    if (err == WEIR_OK)
        err = weir_cosignature_list(store, scope, log_id, size, &cosignatures, &count);
    for (size_t i = 0; err == WEIR_OK && i < count; i++)
        err = weir_buffer_put(scope, note, cosignatures[i].line.data, cosignatures[i].line.length);
    return err;
}

enum weir_err weir_checkpoint_note(struct weir_store *store,
                                   struct weir_scope *scope,
                                   int64_t log_id,
                                   uint64_t size,
                                   struct weir_slice *note)
{
    struct weir_buffer made = {0};
    enum weir_err err = weir_store_read_begin(store, scope);
    if (err != WEIR_OK)
        return err;
    err = note_make(store, scope, log_id, size, &made);
    weir_store_read_end(store);
    if (err == WEIR_OK)
        *note = weir_buffer_slice(&made);
    return err;
}
