#include "ledger/observations.h"

#include "base/arena.h"
#include "ledger/logs.h"
#include "ledger/sql.h"
#include "ledger/store.h"
#include "ledger/tick_rows.h"
#include "ledger/tree.h"

enum weir_err weir_observations(struct weir_store *store,
                                struct weir_scope *scope,
                                int64_t log_id,
                                struct weir_salt_range range,
                                struct weir_observation **observations,
                                size_t *observation_count)
{
    struct weir_collected found = {.item_bytes = sizeof(struct weir_observation)};
    if (range.start > range.end || range.end > WEIR_SALT_INDEX_END)
        return weir_fail(scope, WEIR_E_RANGE, "no such range of observations");
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    "SELECT position, kind, flags, tick_ms, payload FROM observation "
                    "WHERE position >= ? AND position < ? ORDER BY position",
                    WEIR_VALUES(weir_value_i64(weir_position(log_id, range.start)),
                                weir_value_i64(weir_position(log_id, range.end))));
    while (weir_rows_next(&rows)) {
        struct weir_observation *observation = weir_collect(scope, &found);
        if (observation == NULL) {
            rows.err = scope->err;
            break;
        }
        *observation = (struct weir_observation){
            .seq = weir_position_seq(weir_row_i64(&rows, 0)),
            .kind = (enum weir_leaf_kind)weir_row_u8(&rows, 1),
            .flags = (enum weir_leaf_flags)weir_row_u8(&rows, 2),
            .tick_ms = weir_row_i64(&rows, 3),
            .payload = weir_row_slice(&rows, 4),
        };
    }
    enum weir_err err = weir_rows_end(&rows);
    if (err == WEIR_OK && found.count != range.end - range.start)
        err = weir_fail(scope, WEIR_E_RANGE, "the log has not all of these observations");
    if (err != WEIR_OK)
        return err;
    *observations = found.items;
    *observation_count = found.count;
    return WEIR_OK;
}

struct weir_placed_tick weir_tick_row(struct weir_rows *rows)
{
    struct weir_placed_tick placed = {.seq = weir_position_seq(weir_row_i64(rows, 0))};
    int64_t tick_ms = weir_row_i64(rows, 1);
    uint8_t state = weir_row_u8(rows, 2);
    if (rows->err == WEIR_OK)
        rows->err =
            weir_tick_read(rows->scope, weir_row_peek(rows, 3), tick_ms, state, &placed.tick);
    return placed;
}

enum weir_err weir_tick_beside(struct weir_store *store,
                               struct weir_scope *scope,
                               const char *sql,
                               struct weir_salt_range range,
                               int64_t log_id,
                               struct weir_placed_tick *placed)
{
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope, sql,
                    WEIR_VALUES(weir_value_i64(weir_position(log_id, range.start)),
                                weir_value_i64(weir_position(log_id, range.end))));
    bool is_found = weir_rows_next(&rows);
    struct weir_placed_tick found = {0};
    if (is_found)
        found = weir_tick_row(&rows);
    enum weir_err err = weir_rows_end(&rows);
    if (err == WEIR_OK && !is_found)
        return WEIR_E_NOT_FOUND;
    if (err == WEIR_OK)
        *placed = found;
    return err;
}

enum weir_err weir_tick_seek(struct weir_store *store,
                             struct weir_scope *scope,
                             int64_t log_id,
                             uint64_t size,
                             int64_t at_ms,
                             uint64_t *seq)
{
    struct weir_salt_range range = {.start = 0, .end = size};
    while (range.start < range.end) {
        struct weir_placed_tick found;
        uint64_t middle = range.start + (range.end - range.start) / 2;
        struct weir_salt_range rest = {.start = middle, .end = size};
        enum weir_err err = weir_tick_beside(store, scope, WEIR_TICK_FIRST, rest, log_id, &found);
        if (err != WEIR_OK && err != WEIR_E_NOT_FOUND)
            return err;
        if (err == WEIR_E_NOT_FOUND || found.tick.tick_ms >= at_ms)
            range.end = middle;
        else
            range.start = found.seq + 1;
    }
    *seq = range.start;
    return WEIR_OK;
}

/* The ticks among the leaves [range.start, range.end). */
static enum weir_err ticks_collect(struct weir_store *store,
                                   struct weir_scope *scope,
                                   int64_t log_id,
                                   struct weir_salt_range range,
                                   struct weir_window_ticks *ticks)
{
    struct weir_collected found = {.item_bytes = sizeof(struct weir_tick)};
    struct weir_rows rows;
    ticks->first = range.start;
    ticks->end = range.start;
    weir_rows_begin(&rows, store, scope,
                    "SELECT position, tick_ms, flags, payload FROM observation "
                    "WHERE position >= ? AND position < ? AND kind IN (2, 3) ORDER BY position",
                    WEIR_VALUES(weir_value_i64(weir_position(log_id, range.start)),
                                weir_value_i64(weir_position(log_id, range.end))));
    while (weir_rows_next(&rows)) {
        struct weir_placed_tick placed = weir_tick_row(&rows);
        struct weir_tick *tick = weir_collect(scope, &found);
        if (tick == NULL) {
            rows.err = scope->err;
            break;
        }
        *tick = placed.tick;
        ticks->end = placed.seq + 1;
    }
    ticks->ticks = (struct weir_tick_list){.items = found.items, .count = found.count};
    return weir_rows_end(&rows);
}

/* Leaves from the last tick before the window to one past the first at or after its end. */
static enum weir_err leaves_around(struct weir_store *store,
                                   struct weir_scope *scope,
                                   int64_t log_id,
                                   struct weir_interval window,
                                   struct weir_window_ticks *ticks)
{
    struct weir_salt_range range = {0};
    struct weir_placed_tick beside;
    enum weir_err err =
        weir_tick_seek(store, scope, log_id, ticks->size, window.start_ms, &range.start);
    struct weir_salt_range before = {.start = 0, .end = range.start};
    if (err == WEIR_OK)
        err = weir_tick_beside(store, scope, WEIR_TICK_LAST, before, log_id, &beside);
    if (err == WEIR_OK)
        range.start = beside.seq;
    if (err == WEIR_OK || err == WEIR_E_NOT_FOUND)
        err = weir_tick_seek(store, scope, log_id, ticks->size, window.end_ms, &range.end);
    if (err != WEIR_OK)
        return err;
    struct weir_salt_range after = {.start = range.end, .end = ticks->size};
    err = weir_tick_beside(store, scope, WEIR_TICK_FIRST, after, log_id, &beside);
    if (err == WEIR_OK)
        range.end = beside.seq + 1;
    if (err != WEIR_OK && err != WEIR_E_NOT_FOUND)
        return err;
    err = ticks_collect(store, scope, log_id, range, ticks);
    if (err == WEIR_OK && ticks->ticks.count > 0) {
        struct weir_salt_range exact = {.start = range.start, .end = ticks->end};
        err = weir_tick_beside(store, scope, WEIR_TICK_FIRST, exact, log_id, &beside);
        ticks->first = beside.seq;
    }
    return err;
}

static enum weir_err window_ticks(struct weir_store *store,
                                  struct weir_scope *scope,
                                  int64_t log_id,
                                  struct weir_interval window,
                                  struct weir_window_ticks *ticks)
{
    struct weir_log_state *state = NULL;
    enum weir_err err = weir_log_state_get(store, scope, log_id, &state);
    if (err != WEIR_OK)
        return err;
    *ticks = (struct weir_window_ticks){.size = state->edge.size};
    if (weir_gauge_is_scheduled(&state->gauge))
        return leaves_around(store, scope, log_id, window, ticks);
    return weir_result_ticks(store, scope, log_id, window, ticks);
}

enum weir_err weir_window_ticks(struct weir_store *store,
                                struct weir_scope *scope,
                                int64_t log_id,
                                struct weir_interval window,
                                struct weir_window_ticks *ticks)
{
    struct weir_window_ticks found;
    enum weir_err err = weir_store_read_begin(store, scope);
    if (err != WEIR_OK)
        return err;
    err = window_ticks(store, scope, log_id, window, &found);
    weir_store_read_end(store);
    if (err == WEIR_OK)
        *ticks = found;
    return err;
}

enum weir_err weir_tick_last(struct weir_store *store,
                             struct weir_scope *scope,
                             int64_t log_id,
                             struct weir_tick *tick,
                             uint64_t *seq)
{
    struct weir_placed_tick found;
    struct weir_salt_range all = {.start = 0, .end = WEIR_SALT_INDEX_END};
    enum weir_err err = weir_tick_beside(store, scope, WEIR_TICK_LAST, all, log_id, &found);
    if (err == WEIR_E_NOT_FOUND)
        err = weir_result_last(store, scope, log_id, &found);
    if (err == WEIR_E_NOT_FOUND)
        return weir_fail(scope, err, "log %lld has no tick yet", (long long)log_id);
    if (err != WEIR_OK)
        return err;
    *tick = found.tick;
    *seq = found.seq;
    return WEIR_OK;
}

enum weir_err weir_window_maintenance(struct weir_store *store,
                                      struct weir_scope *scope,
                                      int64_t log_id,
                                      struct weir_interval window,
                                      struct weir_logged_maintenance *maintenance)
{
    struct weir_collected items = {.item_bytes = sizeof(struct weir_maintenance)};
    struct weir_collected seqs = {.item_bytes = sizeof(uint64_t)};
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    "SELECT seq, logged_ms, start_ms, end_ms FROM maintenance "
                    "WHERE log_id = ? AND start_ms < ? AND end_ms > ? "
                    "ORDER BY logged_ms, start_ms, end_ms, seq",
                    WEIR_VALUES(weir_value_i64(log_id), weir_value_i64(window.end_ms),
                                weir_value_i64(window.start_ms)));
    while (weir_rows_next(&rows)) {
        struct weir_maintenance *item = weir_collect(scope, &items);
        uint64_t *seq = weir_collect(scope, &seqs);
        if (item == NULL || seq == NULL) {
            rows.err = scope->err;
            break;
        }
        *seq = weir_row_u64(&rows, 0);
        *item = (struct weir_maintenance){
            .logged_ms = weir_row_i64(&rows, 1),
            .planned = {.start_ms = weir_row_i64(&rows, 2), .end_ms = weir_row_i64(&rows, 3)},
        };
    }
    enum weir_err err = weir_rows_end(&rows);
    if (err != WEIR_OK)
        return err;
    maintenance->list = (struct weir_maintenance_list){.items = items.items, .count = items.count};
    maintenance->seqs = seqs.items;
    return WEIR_OK;
}
