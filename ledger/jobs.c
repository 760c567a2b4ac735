#include "ledger/jobs.h"

#include "ledger/sql.h"
#include "ledger/store.h"

static enum weir_err
put_version(struct weir_store *store, struct weir_scope *scope, const struct weir_rail_job_row *row)
{
    int64_t version = 0;
    int64_t was_over = 0;
    enum weir_err err = weir_sql_i64(
        store, scope, "SELECT coalesce(max(version) + 1, 0) FROM rail_job WHERE job_id = ?",
        WEIR_VALUES(weir_value_hash(&row->job_id)), &version);
    if (err == WEIR_OK)
        err = weir_sql_i64(store, scope,
                           "SELECT count(*) FROM rail_job WHERE job_id = ? AND is_over = 1",
                           WEIR_VALUES(weir_value_hash(&row->job_id)), &was_over);
    if (err == WEIR_OK && was_over != 0)
        return weir_fail(scope, WEIR_E_CONFLICT, "the job is over");
    if (err != WEIR_OK)
        return err;
    return weir_sql_run(
        store, scope,
        "INSERT INTO rail_job(job_id, version, kind, stage, is_over, bytes, made_ms)"
        " VALUES(?, ?, ?, ?, ?, ?, ?)",
        WEIR_VALUES(weir_value_hash(&row->job_id), weir_value_i64(version),
                    weir_value_u64(row->kind), weir_value_u64(row->stage),
                    weir_value_u64(row->is_over ? 1 : 0), weir_value_slice(row->bytes),
                    weir_value_i64(row->made_ms)));
}

enum weir_err weir_rail_job_put(struct weir_store *store,
                                struct weir_scope *scope,
                                const struct weir_rail_job_row *row)
{
    struct weir_work work;
    enum weir_err err = weir_work_begin(store, scope, &work);
    if (err != WEIR_OK)
        return err;
    err = put_version(store, scope, row);
    if (err == WEIR_OK)
        err = weir_sql_run(
            store, scope,
            row->is_over ? "DELETE FROM open_rail_job WHERE job_id = ?"
                         : "INSERT INTO open_rail_job(job_id) VALUES(?) ON CONFLICT DO NOTHING",
            WEIR_VALUES(weir_value_hash(&row->job_id)));
    return weir_work_end(store, scope, &work, err);
}

static void read_row(struct weir_rows *rows, struct weir_rail_job_row *row)
{
    row->job_id = weir_row_hash(rows, 0);
    row->kind = weir_row_u8(rows, 1);
    row->stage = weir_row_u8(rows, 2);
    row->is_over = weir_row_u8(rows, 3) != 0;
    row->bytes = weir_row_slice(rows, 4);
    row->made_ms = weir_row_i64(rows, 5);
}

enum weir_err weir_rail_job_load(struct weir_store *store,
                                 struct weir_scope *scope,
                                 const struct weir_hash *job_id,
                                 struct weir_rail_job_row *row)
{
    struct weir_rows rows;
    bool is_found = false;
    weir_rows_begin(&rows, store, scope,
                    "SELECT job_id, kind, stage, is_over, bytes, made_ms FROM rail_job "
                    "WHERE job_id = ? ORDER BY version DESC LIMIT 1",
                    WEIR_VALUES(weir_value_hash(job_id)));
    if (weir_rows_next(&rows)) {
        read_row(&rows, row);
        is_found = true;
    }
    enum weir_err err = weir_rows_end(&rows);
    return err != WEIR_OK || is_found ? err : weir_fail(scope, WEIR_E_NOT_FOUND, "no such job");
}

#define LIST_HEAD                                                                                  \
    "SELECT j.job_id, j.kind, j.stage, j.is_over, j.bytes, j.made_ms FROM rail_job j "             \
    "JOIN rail_job f ON f.job_id = j.job_id AND f.version = 0 "
#define LIST_NEWEST                                                                                \
    "WHERE j.version = (SELECT max(version) FROM rail_job n WHERE n.job_id = j.job_id) "           \
    "ORDER BY f.made_ms, j.job_id LIMIT ?"

enum weir_err weir_rail_job_list(struct weir_store *store,
                                 struct weir_scope *scope,
                                 bool only_open,
                                 size_t limit,
                                 struct weir_rail_job_row **list,
                                 size_t *row_count)
{
    struct weir_collected found = {.item_bytes = sizeof(struct weir_rail_job_row)};
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    only_open ? LIST_HEAD "JOIN open_rail_job o ON o.job_id = j.job_id " LIST_NEWEST
                              : LIST_HEAD LIST_NEWEST,
                    WEIR_VALUES(weir_value_u64(limit)));
    while (weir_rows_next(&rows)) {
        struct weir_rail_job_row *row = weir_collect(scope, &found);
        if (row == NULL)
            break;
        read_row(&rows, row);
    }
    enum weir_err err = weir_rows_end(&rows);
    *list = found.items;
    *row_count = found.count;
    return err != WEIR_OK ? err : scope->err;
}
