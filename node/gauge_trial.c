#include "node/gauge_trial.h"

#include "base/arena.h"
#include "metrics/calendar.h"
#include "metrics/otif.h"
#include "metrics/sort.h"

/* A tick and what decides between two of one time. */
struct candidate {
    struct weir_tick tick;
    struct weir_hash payload_hash;
};

/* All that availability rests on. */
struct trial {
    const struct weir_gauge_query *query;
    struct weir_tick *ticks;
    size_t tick_count;
    size_t tick_next; /* the first not before the window being made */
    struct weir_maintenance *maintenance;
    size_t maintenance_count;
};

static enum weir_err otif_trial(struct weir_scope *scope,
                                const struct weir_gauge_query *query,
                                const struct weir_event *events,
                                size_t event_count,
                                struct weir_gauge_row **rows,
                                size_t *row_count)
{
    struct weir_tally_rows tallies;
    const struct weir_gauge *gauge = query->gauge;
    if (weir_otif_compute(scope, gauge, events, event_count, &tallies) != WEIR_OK)
        return scope->err;
    struct weir_gauge_row *made = weir_take(scope, tallies.count, sizeof(*made));
    if (made == NULL)
        return scope->err;
    for (size_t i = 0; i < tallies.count; i++) {
        const struct weir_tally_row *tally = &tallies.items[i];
        const struct weir_view view = {tally->window, query->as_of_ms};
        made[i].class_name =
            weir_take_text(scope, tally->class_name.data, tally->class_name.length);
        if (made[i].class_name == NULL)
            return scope->err;
        made[i].window = tally->window;
        made[i].tally = tally->tally;
        made[i].verdict = weir_verdict_of_tally(gauge, view, &tally->tally);
        weir_window_print(&gauge->windows, tally->window, made[i].label);
    }
    weir_gauge_rows_mark_kills(gauge, made, tallies.count);
    *rows = made;
    *row_count = tallies.count;
    return WEIR_OK;
}

/* By time; of one time the greatest payload hash first, since that one counts. */
static int by_time(const void *left, const void *right)
{
    const struct candidate *a = left;
    const struct candidate *b = right;
    if (a->tick.tick_ms != b->tick.tick_ms)
        return a->tick.tick_ms < b->tick.tick_ms ? -1 : 1;
    return weir_hash_compare(&b->payload_hash, &a->payload_hash);
}

static bool is_counted(const struct weir_gauge *gauge, const struct weir_event *event)
{
    if (weir_gauge_is_scheduled(gauge))
        return event->type == WEIR_EVENT_PROBE_RESULT;
    return weir_event_feeds(event, gauge);
}

/* Sorts the events that count into ticks and maintenance. */
static enum weir_err gather(struct weir_scope *scope,
                            struct trial *trial,
                            const struct weir_event *events,
                            size_t event_count)
{
    struct weir_buffer text = {.capacity_max = WEIR_EVENT_TEXT_MAX};
    struct candidate *candidates = weir_take(scope, event_count, sizeof(*candidates));
    size_t count = 0;
    trial->ticks = weir_take(scope, event_count, sizeof(*trial->ticks));
    trial->maintenance = weir_take(scope, event_count, sizeof(*trial->maintenance));
    if (candidates == NULL || trial->ticks == NULL || trial->maintenance == NULL)
        return scope->err;
    for (size_t i = 0; i < event_count; i++) {
        if (!is_counted(trial->query->gauge, &events[i]))
            continue;
        if (events[i].type == WEIR_EVENT_MAINTENANCE_DECLARED) {
            trial->maintenance[trial->maintenance_count++] =
                (struct weir_maintenance){events[i].occurred_ms, events[i].planned};
            continue;
        }
        text.length = 0;
        if (weir_event_print(scope, &events[i], &text) != WEIR_OK)
            return scope->err;
        candidates[count].tick = weir_event_tick(&events[i]);
        candidates[count++].payload_hash = weir_event_payload_hash(weir_buffer_slice(&text));
    }
    weir_sort(candidates, count, sizeof(*candidates), by_time);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || candidates[i].tick.tick_ms != candidates[i - 1].tick.tick_ms)
            trial->ticks[trial->tick_count++] = candidates[i].tick;
    return WEIR_OK;
}

static int by_logged(const void *left, const void *right)
{
    const struct weir_maintenance *a = left;
    const struct weir_maintenance *b = right;
    if (a->logged_ms != b->logged_ms)
        return a->logged_ms < b->logged_ms ? -1 : 1;
    if (a->planned.start_ms != b->planned.start_ms)
        return a->planned.start_ms < b->planned.start_ms ? -1 : 1;
    return a->planned.end_ms < b->planned.end_ms ? -1 : a->planned.end_ms > b->planned.end_ms;
}

static enum weir_err
fill_row(struct weir_scope *scope, struct trial *trial, struct weir_gauge_row *row)
{
    const struct weir_view view = {row->window, trial->query->as_of_ms};
    const struct weir_maintenance_list declared = {trial->maintenance, trial->maintenance_count};
    while (trial->tick_next < trial->tick_count &&
           trial->ticks[trial->tick_next].tick_ms < row->window.start_ms)
        trial->tick_next++;
    size_t first = trial->tick_next > 0 ? trial->tick_next - 1 : 0;
    size_t end = trial->tick_next;
    while (end < trial->tick_count && trial->ticks[end].tick_ms < row->window.end_ms)
        end++;
    if (end < trial->tick_count)
        end++;
    const struct weir_tick_list around = {trial->ticks + first, end - first};
    if (weir_availability_compute(scope, trial->query->gauge, view, &around, &declared,
                                  &row->availability) != WEIR_OK)
        return scope->err;
    row->class_name = WEIR_CLASS_ALL;
    row->verdict = weir_verdict_of_availability(trial->query->gauge, view, &row->availability);
    weir_window_print(&trial->query->gauge->windows, row->window, row->label);
    return WEIR_OK;
}

static enum weir_err
count_windows(struct weir_scope *scope, const struct trial *trial, size_t *count)
{
    struct weir_interval window;
    const struct weir_windows *windows = &trial->query->gauge->windows;
    int64_t until_ms = trial->ticks[trial->tick_count - 1].tick_ms;
    if (trial->query->as_of_ms > until_ms)
        until_ms = trial->query->as_of_ms;
    if (weir_window_at(scope, windows, trial->ticks[0].tick_ms, &window) != WEIR_OK)
        return scope->err;
    for (*count = 0; window.start_ms <= until_ms; (*count)++) {
        if (*count == WEIR_GAUGE_ROWS_MAX)
            return weir_fail(scope, WEIR_E_LIMIT, "more than %d windows", WEIR_GAUGE_ROWS_MAX);
        if (weir_window_next(scope, windows, window, &window) != WEIR_OK) {
            weir_scope_recover(scope); /* behind the last frozen boundary nothing is defined */
            (*count)++;
            return WEIR_OK;
        }
    }
    return WEIR_OK;
}

static enum weir_err availability_trial(struct weir_scope *scope,
                                        struct trial *trial,
                                        struct weir_gauge_row **rows,
                                        size_t *row_count)
{
    size_t count = 0;
    if (trial->tick_count > 0 && count_windows(scope, trial, &count) != WEIR_OK)
        return scope->err;
    struct weir_gauge_row *made = weir_take(scope, count, sizeof(*made));
    if (made == NULL)
        return scope->err;
    weir_sort(trial->maintenance, trial->maintenance_count, sizeof(*trial->maintenance), by_logged);
    struct weir_interval window = {0};
    for (size_t i = 0; i < count; i++) {
        int64_t at_ms = i == 0 ? trial->ticks[0].tick_ms : window.end_ms;
        if (weir_window_at(scope, &trial->query->gauge->windows, at_ms, &window) != WEIR_OK)
            return scope->err;
        made[i].window = window;
        if (fill_row(scope, trial, &made[i]) != WEIR_OK)
            return scope->err;
    }
    *rows = made;
    *row_count = count;
    return WEIR_OK;
}

enum weir_err weir_gauge_trial(struct weir_scope *scope,
                               const struct weir_gauge_query *query,
                               struct weir_event *events,
                               size_t event_count,
                               struct weir_gauge_row **rows,
                               size_t *row_count)
{
    struct trial trial = {.query = query};
    if (weir_event_keep_current(scope, events, &event_count) != WEIR_OK)
        return scope->err;
    if (query->gauge->kind == WEIR_GAUGE_OTIF)
        return otif_trial(scope, query, events, event_count, rows, row_count);
    if (gather(scope, &trial, events, event_count) != WEIR_OK)
        return scope->err;
    return availability_trial(scope, &trial, rows, row_count);
}
