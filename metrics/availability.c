#include "metrics/availability.h"

#include <assert.h>
#include <inttypes.h>

#include "base/arena.h"

int64_t
weir_tick_held_until(const struct weir_tick *tick, const struct weir_tick *next, int64_t hold_ms)
{
    int64_t end_ms;
    if (hold_ms == WEIR_UNLIMITED_MS || __builtin_add_overflow(tick->tick_ms, hold_ms, &end_ms))
        end_ms = INT64_MAX;
    if (next == NULL)
        return end_ms;
    int64_t stop_ms = next->tick_ms;
    if (next->reason == WEIR_REASON_CLOCK_FORWARD) {
        stop_ms -= next->latency_ms;
        if (stop_ms < tick->tick_ms)
            stop_ms = tick->tick_ms;
    }
    return stop_ms < end_ms ? stop_ms : end_ms;
}

static enum weir_err refuse_order(struct weir_scope *scope, int64_t first_ms, int64_t second_ms)
{
    return weir_fail(scope, WEIR_E_CONFLICT,
                     "a tick at %" PRId64 " ms cannot follow one at %" PRId64 " ms", second_ms,
                     first_ms);
}

/* What the neighbour before loses (or gains, when its time was open until now). */
static struct weir_time_move move_of_previous(const struct weir_insertion *insertion,
                                              int64_t hold_ms)
{
    const struct weir_tick *previous = insertion->previous;
    if (previous == NULL)
        return (struct weir_time_move){.sign = 1};
    struct weir_time_move move = {.state = previous->state, .sign = 1};
    int64_t before_ms = previous->tick_ms; /* open time is not stored */
    int64_t after_ms = weir_tick_held_until(previous, insertion->tick, hold_ms);
    if (insertion->next != NULL)
        before_ms = weir_tick_held_until(previous, insertion->next, hold_ms);
    move.interval = (struct weir_interval){before_ms, after_ms};
    if (after_ms < before_ms) {
        move.interval = (struct weir_interval){after_ms, before_ms};
        move.sign = -1;
    }
    return move;
}

static struct weir_time_move move_of_tick(const struct weir_insertion *insertion, int64_t hold_ms)
{
    struct weir_time_move move = {.state = insertion->tick->state, .sign = 1};
    if (insertion->next != NULL)
        move.interval = (struct weir_interval){
            insertion->tick->tick_ms,
            weir_tick_held_until(insertion->tick, insertion->next, hold_ms),
        };
    return move;
}

/* Adds a move's part in the window to the window's entry. */
static void apply(const struct weir_time_move *move,
                  const struct weir_interval_list *maintenance,
                  struct weir_closed_time_change *entry)
{
    struct weir_interval part = weir_interval_clip(move->interval, entry->window);
    uint64_t ms = weir_interval_ms(part) - weir_interval_list_common_ms(*maintenance, part);
    int64_t signed_ms = move->sign * (int64_t)ms;
    if (move->state == WEIR_STATE_UP)
        entry->up_ms += signed_ms;
    else if (move->state == WEIR_STATE_DOWN)
        entry->down_ms += signed_ms;
}

/* The smallest interval around both; empty ones are ignored. */
static struct weir_interval span_of(struct weir_interval a, struct weir_interval b)
{
    if (weir_interval_ms(a) == 0)
        return b;
    if (weir_interval_ms(b) == 0)
        return a;
    return (struct weir_interval){
        .start_ms = a.start_ms < b.start_ms ? a.start_ms : b.start_ms,
        .end_ms = a.end_ms > b.end_ms ? a.end_ms : b.end_ms,
    };
}

static enum weir_err count_windows(struct weir_scope *scope,
                                   const struct weir_gauge *gauge,
                                   struct weir_interval span,
                                   size_t *count)
{
    struct weir_interval window = {.end_ms = span.start_ms};
    size_t found = 0;
    while (window.end_ms < span.end_ms) {
        if (found == WEIR_AVAILABILITY_WINDOWS_MAX)
            return weir_fail(scope, WEIR_E_LIMIT, "one tick would touch more than %d windows",
                             WEIR_AVAILABILITY_WINDOWS_MAX);
        if (weir_window_next(scope, &gauge->windows, window, &window) != WEIR_OK)
            return scope->err;
        found++;
    }
    *count = found;
    return WEIR_OK;
}

static enum weir_err check_insertion(struct weir_scope *scope,
                                     const struct weir_insertion *insertion)
{
    int64_t tick_ms = insertion->tick->tick_ms;
    if (insertion->previous != NULL && insertion->previous->tick_ms >= tick_ms)
        return refuse_order(scope, insertion->previous->tick_ms, tick_ms);
    if (insertion->next != NULL && insertion->next->tick_ms <= tick_ms)
        return refuse_order(scope, tick_ms, insertion->next->tick_ms);
    return WEIR_OK;
}

enum weir_err weir_availability_moves(struct weir_scope *scope,
                                      const struct weir_gauge *gauge,
                                      const struct weir_insertion *insertion,
                                      struct weir_time_move moves[static 2])
{
    if (check_insertion(scope, insertion) != WEIR_OK)
        return scope->err;
    moves[0] = move_of_previous(insertion, gauge->availability.hold_ms);
    moves[1] = move_of_tick(insertion, gauge->availability.hold_ms);
    return WEIR_OK;
}

enum weir_err weir_availability_insert(struct weir_scope *scope,
                                       const struct weir_gauge *gauge,
                                       const struct weir_insertion *insertion,
                                       const struct weir_maintenance_list *declared,
                                       struct weir_closed_time_changes *changes)
{
    struct weir_time_move moves[2];
    if (weir_availability_moves(scope, gauge, insertion, moves) != WEIR_OK)
        return scope->err;
    struct weir_interval span = span_of(moves[0].interval, moves[1].interval);
    size_t window_count = 0;
    if (count_windows(scope, gauge, span, &window_count) != WEIR_OK)
        return scope->err;
    struct weir_closed_time_change *items = weir_take(scope, window_count, sizeof(*items));
    if (items == NULL)
        return scope->err;
    struct weir_interval window = {.end_ms = span.start_ms};
    size_t count = 0;
    for (size_t i = 0; i < window_count; i++) {
        struct weir_interval_list maintenance = {0};
        if (weir_window_next(scope, &gauge->windows, window, &window) != WEIR_OK ||
            weir_maintenance_accept(scope, &gauge->availability, window, declared, &maintenance) !=
                WEIR_OK)
            return scope->err;
        struct weir_closed_time_change entry = {.window = window};
        apply(&moves[0], &maintenance, &entry);
        apply(&moves[1], &maintenance, &entry);
        if (entry.up_ms != 0 || entry.down_ms != 0)
            items[count++] = entry;
    }
    *changes = (struct weir_closed_time_changes){.items = items, .count = count};
    return WEIR_OK;
}

/* The part of the window that has passed; a tick that is known proves that its time has come, even
 * where the reader's clock is a little behind. */
static struct weir_interval elapsed(struct weir_view view, const struct weir_tick *newest)
{
    struct weir_interval passed = {view.window.start_ms, view.as_of_ms};
    if (newest != NULL && newest->tick_ms > passed.end_ms)
        passed.end_ms = newest->tick_ms;
    return weir_interval_clip(view.window, passed);
}

/* The milliseconds of [start_ms, end_ms) that count, outside maintenance. */
static uint64_t counted_ms(struct weir_interval interval,
                           struct weir_interval passed,
                           struct weir_interval_list maintenance)
{
    struct weir_interval part = weir_interval_clip(interval, passed);
    return weir_interval_ms(part) - weir_interval_list_common_ms(maintenance, part);
}

enum weir_err weir_availability_at(struct weir_scope *scope,
                                   const struct weir_gauge *gauge,
                                   struct weir_view view,
                                   const struct weir_measured *measured,
                                   const struct weir_maintenance_list *declared,
                                   struct weir_availability *availability)
{
    struct weir_interval passed = elapsed(view, measured->newest);
    struct weir_interval_list maintenance = {0};
    if (weir_maintenance_accept(scope, &gauge->availability, view.window, declared, &maintenance) !=
        WEIR_OK)
        return scope->err;
    struct weir_availability result = {
        .up_ms = measured->closed.up_ms,
        .down_ms = measured->closed.down_ms,
        .maintenance_ms = weir_interval_list_common_ms(maintenance, passed),
    };
    if (measured->newest != NULL) {
        struct weir_interval held = {
            .start_ms = measured->newest->tick_ms,
            .end_ms = weir_tick_held_until(measured->newest, NULL, gauge->availability.hold_ms),
        };
        uint64_t open_ms = counted_ms(held, passed, maintenance);
        if (measured->newest->state == WEIR_STATE_UP)
            result.up_ms += open_ms;
        else if (measured->newest->state == WEIR_STATE_DOWN)
            result.down_ms += open_ms;
    }
    uint64_t total_ms = weir_interval_ms(passed);
    if (result.up_ms > total_ms || result.down_ms > total_ms ||
        result.up_ms + result.down_ms + result.maintenance_ms > total_ms)
        return weir_fail(scope, WEIR_E_CORRUPT,
                         "the window has %" PRIu64 " ms, but %" PRIu64 " up, %" PRIu64
                         " down and %" PRIu64 " in maintenance are stored",
                         total_ms, result.up_ms, result.down_ms, result.maintenance_ms);
    result.unknown_ms = total_ms - result.up_ms - result.down_ms - result.maintenance_ms;
    *availability = result;
    return WEIR_OK;
}

enum weir_err weir_availability_compute(struct weir_scope *scope,
                                        const struct weir_gauge *gauge,
                                        struct weir_view view,
                                        const struct weir_tick_list *ticks,
                                        const struct weir_maintenance_list *declared,
                                        struct weir_availability *availability)
{
    struct weir_interval_list maintenance = {0};
    if (weir_maintenance_accept(scope, &gauge->availability, view.window, declared, &maintenance) !=
        WEIR_OK)
        return scope->err;
    const struct weir_tick *newest = ticks->count > 0 ? &ticks->items[ticks->count - 1] : NULL;
    struct weir_interval passed = elapsed(view, newest);
    struct weir_availability result = {
        .maintenance_ms = weir_interval_list_common_ms(maintenance, passed),
    };
    for (size_t i = 0; i < ticks->count; i++) {
        const struct weir_tick *tick = &ticks->items[i];
        const struct weir_tick *next = i + 1 < ticks->count ? tick + 1 : NULL;
        if (next != NULL && next->tick_ms <= tick->tick_ms)
            return refuse_order(scope, tick->tick_ms, next->tick_ms);
        struct weir_interval held = {
            .start_ms = tick->tick_ms,
            .end_ms = weir_tick_held_until(tick, next, gauge->availability.hold_ms),
        };
        if (tick->state == WEIR_STATE_UP)
            result.up_ms += counted_ms(held, passed, maintenance);
        else if (tick->state == WEIR_STATE_DOWN)
            result.down_ms += counted_ms(held, passed, maintenance);
    }
    result.unknown_ms =
        weir_interval_ms(passed) - result.up_ms - result.down_ms - result.maintenance_ms;
    *availability = result;
    return WEIR_OK;
}

struct weir_ratio weir_availability_ratio(const struct weir_availability *availability)
{
    return (struct weir_ratio){
        .num = availability->up_ms,
        .den = availability->up_ms + availability->down_ms,
    };
}

struct weir_ratio weir_availability_strict_ratio(const struct weir_availability *availability)
{
    return (struct weir_ratio){
        .num = availability->up_ms,
        .den = availability->up_ms + availability->down_ms + availability->unknown_ms,
    };
}
