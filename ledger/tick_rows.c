#include "ledger/tick_rows.h"

#include "ledger/sql.h"
#include "ledger/tree.h"
#include "metrics/event.h"

/* The payload hash of the event that is stored as leaf `seq`. */
static enum weir_err payload_hash(struct weir_store *store,
                                  struct weir_scope *scope,
                                  int64_t position,
                                  struct weir_hash *hash)
{
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope, "SELECT payload FROM observation WHERE position = ?",
                    WEIR_VALUES(weir_value_i64(position)));
    bool is_found = weir_rows_next(&rows);
    if (is_found)
        *hash = weir_event_payload_hash(weir_row_peek(&rows, 0));
    enum weir_err err = weir_rows_end(&rows);
    if (err == WEIR_OK && !is_found)
        err = weir_fail(scope, WEIR_E_CORRUPT, "a tick names observation %lld, which is missing",
                        (long long)position);
    return err;
}

static struct weir_placed_tick result_row(struct weir_rows *rows)
{
    return (struct weir_placed_tick){
        .tick = {.tick_ms = weir_row_i64(rows, 0),
                 .state = weir_row_u8(rows, 2),
                 .reason = weir_row_u8(rows, 3),
                 .latency_ms = weir_row_u32(rows, 4)},
        .seq = weir_row_u64(rows, 1),
    };
}

/* Of several ticks of one time the one with the greatest payload hash counts, so that the order of
 * arrival cannot matter. */
static enum weir_err choose(struct weir_store *store,
                            struct weir_scope *scope,
                            int64_t log_id,
                            const struct weir_collected *ticks,
                            struct weir_placed_tick *chosen)
{
    const struct weir_placed_tick *items = ticks->items;
    struct weir_hash best = {{0}};
    if (ticks->count == 1)
        *chosen = items[0];
    for (size_t i = 0; i < ticks->count && ticks->count > 1; i++) {
        struct weir_hash hash = {{0}};
        enum weir_err err = payload_hash(store, scope, weir_position(log_id, items[i].seq), &hash);
        if (err != WEIR_OK)
            return err;
        if (i > 0 && weir_hash_compare(&hash, &best) < 0)
            continue;
        best = hash;
        *chosen = items[i];
    }
    return WEIR_OK;
}

enum weir_err weir_result_at(struct weir_store *store,
                             struct weir_scope *scope,
                             int64_t log_id,
                             int64_t tick_ms,
                             struct weir_placed_tick *placed)
{
    struct weir_collected ticks = {.item_bytes = sizeof(struct weir_placed_tick)};
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    "SELECT tick_ms, seq, state, reason, latency_ms FROM tick "
                    "WHERE log_id = ? AND tick_ms = ? ORDER BY seq",
                    WEIR_VALUES(weir_value_i64(log_id), weir_value_i64(tick_ms)));
    while (weir_rows_next(&rows)) {
        struct weir_placed_tick *tick = weir_collect(scope, &ticks);
        if (tick == NULL) {
            rows.err = scope->err;
            break;
        }
        *tick = result_row(&rows);
    }
    enum weir_err err = weir_rows_end(&rows);
    if (err != WEIR_OK)
        return err;
    if (ticks.count == 0)
        return WEIR_E_NOT_FOUND;
    return choose(store, scope, log_id, &ticks, placed);
}

static enum weir_err beside(struct weir_store *store,
                            struct weir_scope *scope,
                            const char *sql,
                            int64_t log_id,
                            int64_t tick_ms,
                            struct weir_placed_tick *placed)
{
    int64_t found_ms = 0;
    enum weir_err err = weir_sql_i64(
        store, scope, sql, WEIR_VALUES(weir_value_i64(log_id), weir_value_i64(tick_ms)), &found_ms);
    return err == WEIR_OK ? weir_result_at(store, scope, log_id, found_ms, placed) : err;
}

enum weir_err weir_result_before(struct weir_store *store,
                                 struct weir_scope *scope,
                                 int64_t log_id,
                                 int64_t tick_ms,
                                 struct weir_placed_tick *placed)
{
    return beside(store, scope,
                  "SELECT tick_ms FROM tick WHERE log_id = ? AND tick_ms < ? "
                  "ORDER BY tick_ms DESC LIMIT 1",
                  log_id, tick_ms, placed);
}

enum weir_err weir_result_after(struct weir_store *store,
                                struct weir_scope *scope,
                                int64_t log_id,
                                int64_t tick_ms,
                                struct weir_placed_tick *placed)
{
    return beside(store, scope,
                  "SELECT tick_ms FROM tick WHERE log_id = ? AND tick_ms > ? "
                  "ORDER BY tick_ms LIMIT 1",
                  log_id, tick_ms, placed);
}

enum weir_err weir_result_last(struct weir_store *store,
                               struct weir_scope *scope,
                               int64_t log_id,
                               struct weir_placed_tick *placed)
{
    return weir_result_before(store, scope, log_id, INT64_MAX, placed);
}

/* The times that matter, each once; the tick of a time is chosen afterwards. */
static enum weir_err times_between(struct weir_store *store,
                                   struct weir_scope *scope,
                                   int64_t log_id,
                                   struct weir_interval span,
                                   struct weir_collected *times)
{
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    "SELECT DISTINCT tick_ms FROM tick WHERE log_id = ? AND tick_ms >= ? "
                    "AND tick_ms <= ? ORDER BY tick_ms",
                    WEIR_VALUES(weir_value_i64(log_id), weir_value_i64(span.start_ms),
                                weir_value_i64(span.end_ms)));
    while (weir_rows_next(&rows)) {
        int64_t *time = weir_collect(scope, times);
        if (time == NULL) {
            rows.err = scope->err;
            break;
        }
        *time = weir_row_i64(&rows, 0);
    }
    return weir_rows_end(&rows);
}

enum weir_err weir_result_ticks(struct weir_store *store,
                                struct weir_scope *scope,
                                int64_t log_id,
                                struct weir_interval window,
                                struct weir_window_ticks *ticks)
{
    struct weir_placed_tick placed;
    struct weir_interval span = window; /* both ends belong to it here */
    enum weir_err err = weir_result_before(store, scope, log_id, window.start_ms, &placed);
    if (err == WEIR_OK)
        span.start_ms = placed.tick.tick_ms;
    if (err != WEIR_OK && err != WEIR_E_NOT_FOUND)
        return err;
    int64_t before_end_ms = window.end_ms == INT64_MIN ? INT64_MIN : window.end_ms - 1;
    err = weir_result_after(store, scope, log_id, before_end_ms, &placed);
    if (err == WEIR_OK)
        span.end_ms = placed.tick.tick_ms;
    if (err != WEIR_OK && err != WEIR_E_NOT_FOUND)
        return err;
    struct weir_collected times = {.item_bytes = sizeof(int64_t)};
    struct weir_collected found = {.item_bytes = sizeof(struct weir_tick)};
    err = times_between(store, scope, log_id, span, &times);
    for (size_t i = 0; err == WEIR_OK && i < times.count; i++) {
        struct weir_tick *tick = weir_collect(scope, &found);
        if (tick == NULL)
            return scope->err;
        err = weir_result_at(store, scope, log_id, ((int64_t *)times.items)[i], &placed);
        *tick = placed.tick;
    }
    ticks->ticks = (struct weir_tick_list){.items = found.items, .count = found.count};
    return err;
}
