#include "ledger/windows.h"

#include "ledger/sql.h"

enum weir_err weir_gauge_window_list(struct weir_store *store,
                                     struct weir_scope *scope,
                                     const struct weir_gauge_window_query *query,
                                     struct weir_gauge_window_list *windows)
{
    struct weir_collected found = {.item_bytes = sizeof(struct weir_gauge_window)};
    struct weir_value wanted = weir_value_null();
    if (query->class_name != NULL)
        wanted = weir_value_text(query->class_name);
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    "SELECT class, start_ms, end_ms, up_ms, down_ms, num, den, units, replanned, "
                    "last_num FROM gauge_window WHERE log_id = ?1 AND (?2 IS NULL OR class = ?2) "
                    "AND start_ms < ?3 AND end_ms > ?4 ORDER BY class, start_ms",
                    WEIR_VALUES(weir_value_i64(query->log_id), wanted,
                                weir_value_i64(query->span.end_ms),
                                weir_value_i64(query->span.start_ms)));
    while (weir_rows_next(&rows)) {
        struct weir_gauge_window *window = weir_collect(scope, &found);
        if (window == NULL) {
            rows.err = scope->err;
            break;
        }
        *window = (struct weir_gauge_window){
            .class_name = weir_row_text(&rows, 0),
            .window = {.start_ms = weir_row_i64(&rows, 1), .end_ms = weir_row_i64(&rows, 2)},
            .closed = {.up_ms = weir_row_u64(&rows, 3), .down_ms = weir_row_u64(&rows, 4)},
            .tally = {.num = weir_row_u64(&rows, 5),
                      .den = weir_row_u64(&rows, 6),
                      .units = weir_row_u64(&rows, 7),
                      .replanned = weir_row_u64(&rows, 8),
                      .last_num = weir_row_u64(&rows, 9)},
        };
    }
    enum weir_err err = weir_rows_end(&rows);
    if (err != WEIR_OK)
        return err;
    *windows = (struct weir_gauge_window_list){.items = found.items, .count = found.count};
    return WEIR_OK;
}

static void verdict_read(struct weir_rows *rows, struct weir_verdict_row *row)
{
    *row = (struct weir_verdict_row){
        .class_name = weir_row_text(rows, 0),
        .window = {.start_ms = weir_row_i64(rows, 1), .end_ms = weir_row_i64(rows, 2)},
        .revision = weir_row_u32(rows, 3),
        .verdict = {.judgement = (enum weir_judgement)weir_row_u8(rows, 4),
                    .stage = (enum weir_stage)weir_row_u8(rows, 5),
                    .ratio = {.num = weir_row_u64(rows, 6), .den = weir_row_u64(rows, 7)},
                    .is_thin = weir_row_u8(rows, 8),
                    .is_below = weir_row_u8(rows, 9),
                    .is_certain = weir_row_u8(rows, 10)},
        .made_ms = weir_row_i64(rows, 11),
    };
}

#define VERDICT_COLUMNS                                                                            \
    "SELECT class, start_ms, end_ms, revision, judgement, stage, num, den, is_thin, is_below, "    \
    "is_certain, made_ms FROM verdict "

static bool is_same(const struct weir_verdict *a, const struct weir_verdict *b)
{
    return a->judgement == b->judgement && a->stage == b->stage && a->ratio.num == b->ratio.num &&
           a->ratio.den == b->ratio.den && a->is_thin == b->is_thin && a->is_below == b->is_below &&
           a->is_certain == b->is_certain;
}

static enum weir_err verdict_put(struct weir_store *store,
                                 struct weir_scope *scope,
                                 int64_t log_id,
                                 const struct weir_verdict_row *row,
                                 bool *is_new)
{
    struct weir_rows rows;
    struct weir_verdict_row newest;
    weir_rows_begin(&rows, store, scope,
                    VERDICT_COLUMNS "WHERE log_id = ? AND class = ? AND start_ms = ? "
                                    "ORDER BY revision DESC LIMIT 1",
                    WEIR_VALUES(weir_value_i64(log_id), weir_value_text(row->class_name),
                                weir_value_i64(row->window.start_ms)));
    bool is_found = weir_rows_next(&rows);
    if (is_found)
        verdict_read(&rows, &newest);
    enum weir_err err = weir_rows_end(&rows);
    const struct weir_verdict *verdict = &row->verdict;
    *is_new = !is_found || err != WEIR_OK || !is_same(&newest.verdict, verdict);
    if (err != WEIR_OK || !*is_new)
        return err;
    if (is_found && newest.verdict.stage == WEIR_STAGE_FINAL && verdict->stage != WEIR_STAGE_FINAL)
        return weir_fail(scope, WEIR_E_CONFLICT, "a provisional verdict after a final one");
    return weir_sql_run(
        store, scope,
        "INSERT INTO verdict(log_id, class, start_ms, revision, end_ms, judgement, stage, num, "
        "den, "
        "is_thin, is_below, is_certain, made_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        WEIR_VALUES(weir_value_i64(log_id), weir_value_text(row->class_name),
                    weir_value_i64(row->window.start_ms),
                    weir_value_u64(is_found ? (uint64_t)newest.revision + 1 : 0),
                    weir_value_i64(row->window.end_ms), weir_value_i64((int64_t)verdict->judgement),
                    weir_value_i64((int64_t)verdict->stage), weir_value_u64(verdict->ratio.num),
                    weir_value_u64(verdict->ratio.den), weir_value_u64(verdict->is_thin),
                    weir_value_u64(verdict->is_below), weir_value_u64(verdict->is_certain),
                    weir_value_i64(row->made_ms)));
}

enum weir_err weir_verdict_put(struct weir_store *store,
                               struct weir_scope *scope,
                               int64_t log_id,
                               const struct weir_verdict_row *row,
                               bool *is_new)
{
    struct weir_work work;
    bool is_added = false;
    enum weir_err err = weir_work_begin(store, scope, &work);
    if (err != WEIR_OK)
        return err;
    err = verdict_put(store, scope, log_id, row, &is_added);
    err = weir_work_end(store, scope, &work, err);
    if (err == WEIR_OK)
        *is_new = is_added;
    return err;
}

enum weir_err weir_verdict_list(struct weir_store *store,
                                struct weir_scope *scope,
                                int64_t log_id,
                                struct weir_interval span,
                                struct weir_verdict_row **verdicts,
                                size_t *verdict_count)
{
    struct weir_collected found = {.item_bytes = sizeof(struct weir_verdict_row)};
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    VERDICT_COLUMNS "WHERE log_id = ? AND start_ms < ? AND end_ms > ? "
                                    "ORDER BY class, start_ms, revision",
                    WEIR_VALUES(weir_value_i64(log_id), weir_value_i64(span.end_ms),
                                weir_value_i64(span.start_ms)));
    while (weir_rows_next(&rows)) {
        struct weir_verdict_row *row = weir_collect(scope, &found);
        if (row == NULL)
            rows.err = scope->err;
        else
            verdict_read(&rows, row);
    }
    enum weir_err err = weir_rows_end(&rows);
    if (err != WEIR_OK)
        return err;
    *verdicts = found.items;
    *verdict_count = found.count;
    return WEIR_OK;
}
