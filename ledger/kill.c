#include "ledger/kill.h"

#include "ledger/sql.h"
#include "ledger/store.h"

enum weir_err weir_kill_fire(struct weir_store *store,
                             struct weir_scope *scope,
                             const struct weir_kill_row *row,
                             bool *is_new)
{
    enum weir_err err =
        weir_sql_run(store, scope,
                     "INSERT INTO kill_run(log_id, class, window_start_ms, fired_ms, detail) "
                     "VALUES(?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                     WEIR_VALUES(weir_value_i64(row->log_id), weir_value_text(row->class_name),
                                 weir_value_i64(row->window_start_ms),
                                 weir_value_i64(row->fired_ms), weir_value_text(row->detail)));
    *is_new = err == WEIR_OK && weir_sql_changes(store) == 1;
    return err;
}

enum weir_err
weir_kill_ack(struct weir_store *store, struct weir_scope *scope, const struct weir_kill_row *ack)
{
    enum weir_err err = weir_sql_run(
        store, scope,
        "INSERT INTO kill_ack(log_id, class, window_start_ms, acked_ms, acked_by, reason) "
        "SELECT r.log_id, r.class, r.window_start_ms, ?, ?, ? FROM kill_run r "
        "WHERE r.log_id = ? AND r.class = ? AND NOT EXISTS (SELECT 1 FROM kill_ack a "
        "WHERE a.log_id = r.log_id AND a.class = r.class "
        "AND a.window_start_ms = r.window_start_ms)",
        WEIR_VALUES(weir_value_i64(ack->acked_ms), weir_value_text(ack->acked_by),
                    weir_value_text(ack->reason), weir_value_i64(ack->log_id),
                    weir_value_text(ack->class_name)));
    if (err == WEIR_OK && weir_sql_changes(store) == 0)
        return weir_fail(scope, WEIR_E_NOT_FOUND, "no kill signal of class '%s' is latched",
                         ack->class_name);
    return err;
}

enum weir_err weir_kill_list(struct weir_store *store,
                             struct weir_scope *scope,
                             int64_t log_id,
                             struct weir_kill_row **list,
                             size_t *row_count)
{
    struct weir_collected found = {.item_bytes = sizeof(struct weir_kill_row)};
    struct weir_rows rows;
    weir_rows_begin(
        &rows, store, scope,
        "SELECT r.log_id, r.class, r.window_start_ms, r.fired_ms, r.detail, "
        "coalesce(a.acked_ms, -1), coalesce(a.acked_by, ''), coalesce(a.reason, '') "
        "FROM kill_run r LEFT JOIN kill_ack a ON a.log_id = r.log_id AND a.class = r.class "
        "AND a.window_start_ms = r.window_start_ms WHERE ?1 = 0 OR r.log_id = ?1 "
        "ORDER BY r.window_start_ms, r.log_id, r.class",
        WEIR_VALUES(weir_value_i64(log_id)));
    while (weir_rows_next(&rows)) {
        struct weir_kill_row *row = weir_collect(scope, &found);
        if (row == NULL)
            break;
        *row = (struct weir_kill_row){
            .log_id = weir_row_i64(&rows, 0),
            .class_name = weir_row_text(&rows, 1),
            .window_start_ms = weir_row_i64(&rows, 2),
            .fired_ms = weir_row_i64(&rows, 3),
            .detail = weir_row_text(&rows, 4),
            .acked_ms = weir_row_i64(&rows, 5),
            .acked_by = weir_row_text(&rows, 6),
            .reason = weir_row_text(&rows, 7),
        };
    }
    enum weir_err err = weir_rows_end(&rows);
    *list = found.items;
    *row_count = found.count;
    return err != WEIR_OK ? err : scope->err;
}
