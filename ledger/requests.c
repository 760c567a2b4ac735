#include "ledger/requests.h"

#include "ledger/sql.h"
#include "ledger/store.h"

#define SELECT                                                                                     \
    "SELECT r.request_id, r.kind, r.request_key, r.body, r.made_ms, o.request_id IS NOT NULL, "    \
    "coalesce(o.is_refused, 0), coalesce(o.answer, x'') FROM request r "                           \
    "LEFT JOIN request_outcome o ON o.request_id = r.request_id "

static void read_row(struct weir_rows *rows, struct weir_request_row *row)
{
    row->request_id = weir_row_i64(rows, 0);
    row->kind = weir_row_text(rows, 1);
    row->key = weir_row_text(rows, 2);
    row->body = weir_row_slice(rows, 3);
    row->made_ms = weir_row_i64(rows, 4);
    row->is_done = weir_row_u8(rows, 5) != 0;
    row->is_refused = weir_row_u8(rows, 6) != 0;
    row->answer = weir_row_slice(rows, 7);
}

/* The request that has this kind and key by now must be this one. */
static enum weir_err find_same(struct weir_store *store,
                               struct weir_scope *scope,
                               const struct weir_request_row *row,
                               int64_t *request_id)
{
    struct weir_rows rows;
    bool is_same = false;
    weir_rows_begin(&rows, store, scope,
                    "SELECT request_id, body FROM request WHERE kind = ? AND request_key = ?",
                    WEIR_VALUES(weir_value_text(row->kind), weir_value_text(row->key)));
    if (weir_rows_next(&rows)) {
        *request_id = weir_row_i64(&rows, 0);
        is_same = weir_slice_equal(weir_row_peek(&rows, 1), row->body);
    }
    enum weir_err err = weir_rows_end(&rows);
    if (err == WEIR_OK && !is_same)
        return weir_fail(scope, WEIR_E_CONFLICT, "'%s' was asked for with key '%s' and other words",
                         row->kind, row->key);
    return err;
}

enum weir_err weir_request_put(struct weir_store *store,
                               struct weir_scope *scope,
                               const struct weir_request_row *row,
                               int64_t *request_id)
{
    struct weir_work work;
    enum weir_err err = weir_work_begin(store, scope, &work);
    if (err != WEIR_OK)
        return err;
    err = weir_sql_run(store, scope,
                       "INSERT INTO request(kind, request_key, body, made_ms) VALUES(?, ?, ?, ?) "
                       "ON CONFLICT DO NOTHING",
                       WEIR_VALUES(weir_value_text(row->kind), weir_value_text(row->key),
                                   weir_value_slice(row->body), weir_value_i64(row->made_ms)));
    if (err == WEIR_OK)
        err = find_same(store, scope, row, request_id);
    return weir_work_end(store, scope, &work, err);
}

enum weir_err weir_request_list_open(struct weir_store *store,
                                     struct weir_scope *scope,
                                     const char *kind,
                                     struct weir_request_row **list,
                                     size_t *row_count)
{
    struct weir_collected found = {.item_bytes = sizeof(struct weir_request_row)};
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    SELECT "WHERE r.kind = ? AND o.request_id IS NULL ORDER BY r.request_id",
                    WEIR_VALUES(weir_value_text(kind)));
    while (weir_rows_next(&rows)) {
        struct weir_request_row *row = weir_collect(scope, &found);
        if (row == NULL)
            break;
        read_row(&rows, row);
    }
    enum weir_err err = weir_rows_end(&rows);
    *list = found.items;
    *row_count = found.count;
    return err != WEIR_OK ? err : scope->err;
}

enum weir_err weir_request_load(struct weir_store *store,
                                struct weir_scope *scope,
                                int64_t request_id,
                                struct weir_request_row *row)
{
    struct weir_rows rows;
    bool is_found = false;
    weir_rows_begin(&rows, store, scope, SELECT "WHERE r.request_id = ?",
                    WEIR_VALUES(weir_value_i64(request_id)));
    if (weir_rows_next(&rows)) {
        read_row(&rows, row);
        is_found = true;
    }
    enum weir_err err = weir_rows_end(&rows);
    if (err == WEIR_OK && !is_found)
        return weir_fail(scope, WEIR_E_NOT_FOUND, "no request %lld", (long long)request_id);
    return err;
}

enum weir_err weir_request_answer(struct weir_store *store,
                                  struct weir_scope *scope,
                                  const struct weir_request_row *outcome)
{
    struct weir_request_row known;
    enum weir_err err = weir_request_load(store, scope, outcome->request_id, &known);
    if (err != WEIR_OK || known.is_done)
        return err;
    return weir_sql_run(store, scope,
                        "INSERT INTO request_outcome(request_id, is_refused, answer, made_ms) "
                        "VALUES(?, ?, ?, ?) ON CONFLICT DO NOTHING",
                        WEIR_VALUES(weir_value_i64(outcome->request_id),
                                    weir_value_u64(outcome->is_refused ? 1 : 0),
                                    weir_value_slice(outcome->answer),
                                    weir_value_i64(outcome->made_ms)));
}
