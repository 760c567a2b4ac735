#include "ledger/fold_ticks.h"

#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "ledger/observations.h"
#include "ledger/sql.h"
#include "ledger/tick_rows.h"
#include "metrics/window.h"

static bool is_within(struct weir_interval interval, struct weir_interval window)
{
    return weir_interval_ms(interval) == 0 ||
           (interval.start_ms >= window.start_ms && interval.end_ms <= window.end_ms);
}

static enum weir_err fold_move(struct weir_fold *fold,
                               struct weir_scope *scope,
                               const struct weir_time_move *move,
                               int sign)
{
    int64_t ms = sign * move->sign * (int64_t)weir_interval_ms(move->interval);
    if (ms == 0 || move->state == WEIR_STATE_UNKNOWN)
        return WEIR_OK;
    int64_t up_ms = move->state == WEIR_STATE_UP ? ms : 0;
    return weir_sums_add_time(fold->sums, fold->store, scope, fold->window, up_ms, ms - up_ms);
}

/* Across windows, or with maintenance. */
static enum weir_err fold_slowly(struct weir_fold *fold,
                                 struct weir_scope *scope,
                                 const struct weir_insertion *insertion,
                                 int sign)
{
    const struct weir_log_state *state = fold->state;
    struct weir_closed_time_changes changes;
    enum weir_err err =
        weir_availability_insert(scope, &state->gauge, insertion, &state->maintenance, &changes);
    for (size_t i = 0; i < changes.count && err == WEIR_OK; i++)
        err = weir_sums_add_time(fold->sums, fold->store, scope, changes.items[i].window,
                                 sign * changes.items[i].up_ms, sign * changes.items[i].down_ms);
    if (err != WEIR_OK)
        return err;
    return weir_window_at(scope, &state->gauge.windows, insertion->tick->tick_ms, &fold->window);
}

enum weir_err weir_fold_insertion(struct weir_fold *fold,
                                  struct weir_scope *scope,
                                  const struct weir_insertion *insertion,
                                  int sign)
{
    struct weir_time_move moves[2];
    const struct weir_log_state *state = fold->state;
    assert(state->has_maintenance);
    enum weir_err err = weir_availability_moves(scope, &state->gauge, insertion, moves);
    if (err != WEIR_OK)
        return err;
    if (state->maintenance.count > 0 || !is_within(moves[0].interval, fold->window) ||
        !is_within(moves[1].interval, fold->window))
        return fold_slowly(fold, scope, insertion, sign);
    err = fold_move(fold, scope, &moves[0], sign);
    return err == WEIR_OK ? fold_move(fold, scope, &moves[1], sign) : err;
}

enum weir_err weir_fold_newest(struct weir_fold *fold, struct weir_scope *scope)
{
    struct weir_log_state *state = fold->state;
    if (state->has_tick || state->tick_ms < 0)
        return WEIR_OK;
    uint64_t seq = 0;
    enum weir_err err = weir_tick_last(fold->store, scope, state->log_id, &state->tick, &seq);
    if (err == WEIR_OK && state->tick.tick_ms != state->tick_ms)
        err = weir_fail(scope, WEIR_E_CORRUPT, "head.tick_ms of log %lld is not its newest tick",
                        (long long)state->log_id);
    state->has_tick = err == WEIR_OK;
    return err;
}

enum weir_err weir_fold_maintenance(struct weir_fold *fold, struct weir_scope *scope)
{
    struct weir_log_state *state = fold->state;
    if (state->has_maintenance)
        return WEIR_OK;
    struct weir_logged_maintenance all;
    const struct weir_interval always = {.start_ms = INT64_MIN, .end_ms = INT64_MAX};
    enum weir_err err = weir_window_maintenance(fold->store, scope, state->log_id, always, &all);
    if (err != WEIR_OK)
        return err;
    struct weir_maintenance *kept = NULL;
    if (all.list.count > 0) {
        struct weir_scope lasting = {.arena = weir_lasting_arena(fold->store)};
        kept = weir_take(&lasting, all.list.count, sizeof(*kept));
        if (kept == NULL)
            return weir_fail(scope, WEIR_E_MEMORY, "%s", lasting.fault);
        memcpy(kept, all.list.items, all.list.count * sizeof(*kept));
    }
    state->maintenance = (struct weir_maintenance_list){.items = kept, .count = all.list.count};
    state->has_maintenance = true;
    return WEIR_OK;
}

/* The tick that counts at a time, if there is one. */
struct counting {
    bool is_present;
    struct weir_placed_tick placed;
};

static enum weir_err counting_at(struct weir_fold *fold,
                                 struct weir_scope *scope,
                                 int64_t tick_ms,
                                 struct counting *found)
{
    enum weir_err err =
        weir_result_at(fold->store, scope, fold->state->log_id, tick_ms, &found->placed);
    found->is_present = err == WEIR_OK;
    return err == WEIR_E_NOT_FOUND ? WEIR_OK : err;
}

/* Puts a tick between its stored neighbours, or takes it away. */
static enum weir_err
place(struct weir_fold *fold, struct weir_scope *scope, const struct counting *counting, int sign)
{
    struct weir_placed_tick previous;
    struct weir_placed_tick next;
    struct weir_insertion insertion = {.tick = &counting->placed.tick};
    if (!counting->is_present)
        return WEIR_OK;
    int64_t log_id = fold->state->log_id;
    int64_t tick_ms = insertion.tick->tick_ms;
    enum weir_err err = weir_result_before(fold->store, scope, log_id, tick_ms, &previous);
    if (err == WEIR_OK)
        insertion.previous = &previous.tick;
    if (err == WEIR_OK || err == WEIR_E_NOT_FOUND)
        err = weir_result_after(fold->store, scope, log_id, tick_ms, &next);
    if (err == WEIR_OK)
        insertion.next = &next.tick;
    if (err != WEIR_OK && err != WEIR_E_NOT_FOUND)
        return err;
    return weir_fold_insertion(fold, scope, &insertion, sign);
}

/* From the tick that counted at a time to the one that counts now. */
static enum weir_err change(struct weir_fold *fold,
                            struct weir_scope *scope,
                            const struct counting *before,
                            const struct counting *after)
{
    if (before->is_present && after->is_present && before->placed.seq == after->placed.seq)
        return WEIR_OK;
    enum weir_err err = place(fold, scope, before, -1);
    return err == WEIR_OK ? place(fold, scope, after, 1) : err;
}

static enum weir_err
row_add(struct weir_fold *fold, struct weir_scope *scope, const struct weir_placed_tick *placed)
{
    return weir_sql_run(
        fold->store, scope,
        "INSERT INTO tick(log_id, tick_ms, seq, state, reason, latency_ms) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        WEIR_VALUES(weir_value_i64(fold->state->log_id), weir_value_i64(placed->tick.tick_ms),
                    weir_value_u64(placed->seq), weir_value_u64(placed->tick.state),
                    weir_value_u64(placed->tick.reason), weir_value_u64(placed->tick.latency_ms)));
}

/* Later than all others, the usual case: nothing has to be looked up. */
static enum weir_err
add_newest(struct weir_fold *fold, struct weir_scope *scope, const struct weir_placed_tick *placed)
{
    struct weir_log_state *state = fold->state;
    struct weir_insertion insertion = {.previous = &state->tick, .tick = &placed->tick};
    enum weir_err err = weir_fold_insertion(fold, scope, &insertion, 1);
    if (err == WEIR_OK)
        err = row_add(fold, scope, placed);
    if (err == WEIR_OK)
        state->tick = placed->tick;
    return err;
}

/* Loads the newest tick of an event-fed gauge into the state. */
static enum weir_err newest_result(struct weir_fold *fold, struct weir_scope *scope)
{
    struct weir_placed_tick newest;
    if (fold->state->has_tick)
        return WEIR_OK;
    enum weir_err err = weir_result_last(fold->store, scope, fold->state->log_id, &newest);
    if (err == WEIR_E_NOT_FOUND)
        return WEIR_OK;
    if (err == WEIR_OK) {
        fold->state->tick = newest.tick;
        fold->state->has_tick = true;
    }
    return err;
}

enum weir_err weir_fold_result_add(struct weir_fold *fold,
                                   struct weir_scope *scope,
                                   const struct weir_event *event,
                                   uint64_t seq)
{
    struct weir_placed_tick added = {.tick = weir_event_tick(event), .seq = seq};
    struct counting before = {0};
    struct counting after = {0};
    enum weir_err err = newest_result(fold, scope);
    if (err != WEIR_OK)
        return err;
    if (fold->state->has_tick && added.tick.tick_ms > fold->state->tick.tick_ms)
        return add_newest(fold, scope, &added);
    fold->state->has_tick = false;
    err = counting_at(fold, scope, added.tick.tick_ms, &before);
    if (err == WEIR_OK)
        err = row_add(fold, scope, &added);
    if (err == WEIR_OK)
        err = counting_at(fold, scope, added.tick.tick_ms, &after);
    return err == WEIR_OK ? change(fold, scope, &before, &after) : err;
}

enum weir_err weir_fold_result_remove(struct weir_fold *fold,
                                      struct weir_scope *scope,
                                      const struct weir_event *event,
                                      uint64_t seq)
{
    struct counting before = {0};
    struct counting after = {0};
    int64_t tick_ms = weir_event_tick(event).tick_ms;
    fold->state->has_tick = false;
    enum weir_err err = counting_at(fold, scope, tick_ms, &before);
    if (err == WEIR_OK)
        err = weir_sql_run(fold->store, scope,
                           "DELETE FROM tick WHERE log_id = ? AND tick_ms = ? AND seq = ?",
                           WEIR_VALUES(weir_value_i64(fold->state->log_id), weir_value_i64(tick_ms),
                                       weir_value_u64(seq)));
    if (err == WEIR_OK)
        err = counting_at(fold, scope, tick_ms, &after);
    return err == WEIR_OK ? change(fold, scope, &before, &after) : err;
}

/* Closed time of one window from its ticks. */
static enum weir_err window_time(struct weir_fold *fold,
                                 struct weir_scope *scope,
                                 struct weir_interval window,
                                 struct weir_closed_time *closed)
{
    struct weir_window_ticks ticks;
    const struct weir_log_state *state = fold->state;
    enum weir_err err = weir_window_ticks(fold->store, scope, state->log_id, window, &ticks);
    int64_t up_ms = 0;
    int64_t down_ms = 0;
    for (size_t i = 1; err == WEIR_OK && i < ticks.ticks.count; i++) {
        struct weir_insertion pair = {.previous = &ticks.ticks.items[i - 1],
                                      .tick = &ticks.ticks.items[i]};
        struct weir_closed_time_changes changes;
        err = weir_availability_insert(scope, &state->gauge, &pair, &state->maintenance, &changes);
        for (size_t k = 0; err == WEIR_OK && k < changes.count; k++) {
            if (changes.items[k].window.start_ms != window.start_ms)
                continue;
            up_ms += changes.items[k].up_ms;
            down_ms += changes.items[k].down_ms;
        }
    }
    *closed = (struct weir_closed_time){.up_ms = (uint64_t)up_ms, .down_ms = (uint64_t)down_ms};
    return err;
}

/* Replaces what is stored for one window by what its ticks say. */
static enum weir_err
window_again(struct weir_fold *fold, struct weir_scope *scope, struct weir_interval window)
{
    struct weir_closed_time closed;
    enum weir_err err = window_time(fold, scope, window, &closed);
    if (err != WEIR_OK)
        return err;
    struct weir_rows rows;
    weir_rows_begin(&rows, fold->store, scope,
                    "SELECT up_ms, down_ms FROM gauge_window "
                    "WHERE log_id = ? AND class = ? AND start_ms = ?",
                    WEIR_VALUES(weir_value_i64(fold->state->log_id),
                                weir_value_text(WEIR_CLASS_ALL), weir_value_i64(window.start_ms)));
    int64_t up_ms = (int64_t)closed.up_ms;
    int64_t down_ms = (int64_t)closed.down_ms;
    if (weir_rows_next(&rows)) {
        up_ms -= weir_row_i64(&rows, 0);
        down_ms -= weir_row_i64(&rows, 1);
    }
    err = weir_rows_end(&rows);
    if (err != WEIR_OK || (up_ms == 0 && down_ms == 0))
        return err;
    return weir_sums_add_time(fold->sums, fold->store, scope, window, up_ms, down_ms);
}

/* From the first tick to the newest: elsewhere nothing is measured.  Empty without ticks. */
static enum weir_err
measured_span(struct weir_fold *fold, struct weir_scope *scope, struct weir_interval *span)
{
    struct weir_window_ticks first;
    struct weir_tick newest;
    uint64_t seq = 0;
    const struct weir_interval nothing = {.start_ms = INT64_MIN, .end_ms = INT64_MIN};
    int64_t log_id = fold->state->log_id;
    *span = (struct weir_interval){0};
    enum weir_err err = weir_window_ticks(fold->store, scope, log_id, nothing, &first);
    if (err != WEIR_OK || first.ticks.count == 0)
        return err;
    err = weir_tick_last(fold->store, scope, log_id, &newest, &seq);
    *span =
        (struct weir_interval){.start_ms = first.ticks.items[0].tick_ms, .end_ms = newest.tick_ms};
    return err;
}

enum weir_err weir_fold_windows_again(struct weir_fold *fold,
                                      struct weir_scope *scope,
                                      struct weir_interval planned)
{
    struct weir_interval span;
    fold->state->has_maintenance = false;
    enum weir_err err = weir_sums_flush(fold->sums, fold->store, scope);
    if (err == WEIR_OK)
        err = weir_fold_maintenance(fold, scope);
    if (err == WEIR_OK)
        err = measured_span(fold, scope, &span);
    if (err != WEIR_OK)
        return err;
    span = weir_interval_clip(span, planned);
    const struct weir_windows *windows = &fold->state->gauge.windows;
    struct weir_interval window = {.end_ms = span.start_ms};
    for (size_t count = 0; err == WEIR_OK && window.end_ms < span.end_ms; count++) {
        if (count == WEIR_AVAILABILITY_WINDOWS_MAX)
            return weir_fail(scope, WEIR_E_LIMIT, "maintenance of more than %d windows",
                             WEIR_AVAILABILITY_WINDOWS_MAX);
        err = weir_window_at(scope, windows, window.end_ms, &window);
        if (err == WEIR_OK)
            err = window_again(fold, scope, window);
    }
    return err == WEIR_OK ? weir_sums_flush(fold->sums, fold->store, scope) : err;
}
