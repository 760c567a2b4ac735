#include "node/gauge_rows.h"

#include <string.h>

#include "base/arena.h"
#include "ledger/observations.h"
#include "ledger/store.h"
#include "ledger/windows.h"
#include "metrics/calendar.h"
#include "metrics/kill.h"

/* What one pass over an availability gauge needs. */
struct measured {
    struct weir_measured newest;
    struct weir_tick tick; /* the newest */
    bool has_tick;
    struct weir_maintenance_list maintenance;
    const struct weir_gauge_window *windows; /* with something in them, ascending */
    size_t window_count;
    size_t window_next;
};

/* Rows being made; the arena holds them. */
struct made {
    struct weir_gauge_row *items;
    size_t count;
    size_t capacity;
};

static struct weir_gauge_row *add_row(struct weir_scope *scope, struct made *made)
{
    if (made->count == WEIR_GAUGE_ROWS_MAX) {
        (void)weir_fail(scope, WEIR_E_LIMIT, "more than %d windows: narrow the time asked for",
                        WEIR_GAUGE_ROWS_MAX);
        return NULL;
    }
    if (made->count == made->capacity) {
        size_t capacity = made->capacity == 0 ? 64 : made->capacity * 2;
        struct weir_gauge_row *items = weir_take(scope, capacity, sizeof(*items));
        if (items == NULL)
            return NULL;
        if (made->count > 0)
            memcpy(items, made->items, made->count * sizeof(*items));
        made->items = items;
        made->capacity = capacity;
    }
    struct weir_gauge_row *row = &made->items[made->count++];
    *row = (struct weir_gauge_row){0};
    return row;
}

/* --- event gauges that count ------------------------------------------------------------------ */

static enum weir_err tally_rows(struct weir_store *store,
                                struct weir_scope *scope,
                                const struct weir_gauge_query *query,
                                struct made *made)
{
    struct weir_gauge_window *windows = NULL;
    size_t count = 0;
    enum weir_err err = weir_gauge_windows(store, scope, query->log_id, query->class_name,
                                           query->span, &windows, &count);
    for (size_t i = 0; err == WEIR_OK && i < count; i++) {
        const struct weir_gauge_window *window = &windows[i];
        if (window->tally.den == 0)
            continue;
        struct weir_gauge_row *row = add_row(scope, made);
        if (row == NULL)
            return scope->err;
        const struct weir_view view = {window->window, query->as_of_ms};
        row->class_name = window->class_name;
        row->window = window->window;
        row->tally = window->tally;
        row->verdict = weir_verdict_of_tally(query->gauge, view, &window->tally);
        weir_window_print(&query->gauge->windows, row->window, row->label);
    }
    return err;
}

/* --- availability ----------------------------------------------------------------------------- */

/* The first tick; false when there is none. */
static enum weir_err first_tick(struct weir_store *store,
                                struct weir_scope *scope,
                                const struct weir_gauge_query *query,
                                bool *is_there,
                                int64_t *first_ms)
{
    const struct weir_interval nothing = {WEIR_TIME_MIN_MS, WEIR_TIME_MIN_MS};
    struct weir_window_ticks ticks;
    enum weir_err err = weir_window_ticks(store, scope, query->log_id, nothing, &ticks);
    *is_there = err == WEIR_OK && ticks.ticks.count > 0;
    if (*is_there)
        *first_ms = ticks.ticks.items[0].tick_ms;
    return err;
}

static enum weir_err load_measured(struct weir_store *store,
                                   struct weir_scope *scope,
                                   const struct weir_gauge_query *query,
                                   struct measured *measured)
{
    struct weir_logged_maintenance logged;
    struct weir_gauge_window *windows = NULL;
    uint64_t seq = 0;
    *measured = (struct measured){0};
    enum weir_err err = weir_tick_last(store, scope, query->log_id, &measured->tick, &seq);
    measured->has_tick = err == WEIR_OK;
    if (err == WEIR_E_NOT_FOUND) {
        weir_scope_recover(scope);
        err = WEIR_OK;
    }
    if (err == WEIR_OK)
        err = weir_gauge_windows(store, scope, query->log_id, WEIR_CLASS_ALL, query->span, &windows,
                                 &measured->window_count);
    if (err == WEIR_OK)
        err = weir_window_maintenance(store, scope, query->log_id, query->span, &logged);
    if (err != WEIR_OK)
        return err;
    measured->windows = windows;
    measured->maintenance = logged.list;
    measured->newest.newest = measured->has_tick ? &measured->tick : NULL;
    return WEIR_OK;
}

static enum weir_err fill_row(struct weir_scope *scope,
                              const struct weir_gauge_query *query,
                              struct measured *measured,
                              struct weir_interval window,
                              struct weir_gauge_row *row)
{
    const struct weir_view view = {window, query->as_of_ms};
    while (measured->window_next < measured->window_count &&
           measured->windows[measured->window_next].window.start_ms < window.start_ms)
        measured->window_next++;
    measured->newest.closed = (struct weir_closed_time){0};
    if (measured->window_next < measured->window_count &&
        measured->windows[measured->window_next].window.start_ms == window.start_ms)
        measured->newest.closed = measured->windows[measured->window_next].closed;
    row->class_name = WEIR_CLASS_ALL;
    row->window = window;
    weir_window_print(&query->gauge->windows, window, row->label);
    if (weir_availability_at(scope, query->gauge, view, &measured->newest, &measured->maintenance,
                             &row->availability) != WEIR_OK)
        return scope->err;
    row->verdict = weir_verdict_of_availability(query->gauge, view, &row->availability);
    return WEIR_OK;
}

/* The windows from the first tick on, or from the start of the span, that have begun. */
static enum weir_err availability_rows(struct weir_store *store,
                                       struct weir_scope *scope,
                                       const struct weir_gauge_query *query,
                                       struct made *made)
{
    struct measured measured;
    struct weir_interval window;
    bool is_there = false;
    int64_t first_ms = 0;
    enum weir_err err = load_measured(store, scope, query, &measured);
    if (err == WEIR_OK)
        err = first_tick(store, scope, query, &is_there, &first_ms);
    if (err != WEIR_OK || !is_there)
        return err;
    int64_t until_ms =
        query->as_of_ms > measured.tick.tick_ms ? query->as_of_ms : measured.tick.tick_ms;
    int64_t from_ms = first_ms > query->span.start_ms ? first_ms : query->span.start_ms;
    if (from_ms > until_ms || from_ms >= query->span.end_ms)
        return WEIR_OK;
    err = weir_window_at(scope, &query->gauge->windows, from_ms, &window);
    while (err == WEIR_OK && window.start_ms <= until_ms && window.start_ms < query->span.end_ms) {
        struct weir_gauge_row *row = add_row(scope, made);
        if (row == NULL || fill_row(scope, query, &measured, window, row) != WEIR_OK)
            return scope->err;
        err = weir_window_next(scope, &query->gauge->windows, window, &window);
    }
    if (err != WEIR_E_RANGE)
        return err;
    weir_scope_recover(scope); /* outside the frozen boundaries nothing is defined */
    return WEIR_OK;
}

/* --- what was published ----------------------------------------------------------------------- */

/* <0, 0, >0: a verdict before, of, or behind a row, in the order both are sorted by. */
static int verdict_order(const struct weir_verdict_row *verdict, const struct weir_gauge_row *row)
{
    int order = strcmp(verdict->class_name, row->class_name);
    if (order != 0)
        return order;
    if (verdict->window.start_ms == row->window.start_ms)
        return 0;
    return verdict->window.start_ms < row->window.start_ms ? -1 : 1;
}

static enum weir_err mark_published(struct weir_store *store,
                                    struct weir_scope *scope,
                                    const struct weir_gauge_query *query,
                                    struct made *made)
{
    struct weir_verdict_row *verdicts = NULL;
    size_t count = 0;
    size_t at = 0;
    enum weir_err err =
        weir_verdict_list(store, scope, query->log_id, query->span, &verdicts, &count);
    for (size_t i = 0; err == WEIR_OK && i < made->count; i++) {
        struct weir_gauge_row *row = &made->items[i];
        while (at < count && verdict_order(&verdicts[at], row) < 0)
            at++;
        for (; at < count && verdict_order(&verdicts[at], row) == 0; at++) {
            row->is_published = true;
            row->revision = verdicts[at].revision;
        }
    }
    return err;
}

void weir_gauge_rows_mark_kills(const struct weir_gauge *gauge,
                                struct weir_gauge_row *rows,
                                size_t row_count)
{
    struct weir_kill_run run = {0};
    if (gauge->kind != WEIR_GAUGE_OTIF || gauge->otif.kill_rule == WEIR_KILL_NONE)
        return;
    for (size_t i = 0; i < row_count; i++) {
        struct weir_gauge_row *row = &rows[i];
        if (i == 0 || strcmp(row->class_name, rows[i - 1].class_name) != 0)
            run = (struct weir_kill_run){0};
        if (row->verdict.stage != WEIR_STAGE_FINAL)
            continue;
        const struct weir_final_window window = {row->window, row->tally};
        if (weir_kill_run_next(&run, gauge, &window))
            row->kill_first = run.first;
    }
}

static enum weir_err read_rows(struct weir_store *store,
                               struct weir_scope *scope,
                               const struct weir_gauge_query *query,
                               struct made *made)
{
    enum weir_err err = query->gauge->kind == WEIR_GAUGE_OTIF
                            ? tally_rows(store, scope, query, made)
                            : availability_rows(store, scope, query, made);
    return err == WEIR_OK ? mark_published(store, scope, query, made) : err;
}

enum weir_err weir_gauge_rows(struct weir_store *store,
                              struct weir_scope *scope,
                              const struct weir_gauge_query *query,
                              struct weir_gauge_row **rows,
                              size_t *row_count)
{
    struct made made = {0};
    enum weir_err err = weir_store_read_begin(store, scope);
    if (err != WEIR_OK)
        return err;
    err = read_rows(store, scope, query, &made);
    weir_store_read_end(store);
    if (err != WEIR_OK)
        return err;
    weir_gauge_rows_mark_kills(query->gauge, made.items, made.count);
    *rows = made.items;
    *row_count = made.count;
    return WEIR_OK;
}

enum weir_err weir_gauge_row_now(struct weir_store *store,
                                 struct weir_scope *scope,
                                 const struct weir_gauge_query *query,
                                 struct weir_gauge_row *row)
{
    struct weir_gauge_query one = *query;
    struct weir_gauge_row *rows = NULL;
    size_t count = 0;
    one.class_name = WEIR_CLASS_ALL;
    if (weir_window_at(scope, &query->gauge->windows, query->as_of_ms, &one.span) != WEIR_OK ||
        weir_gauge_rows(store, scope, &one, &rows, &count) != WEIR_OK)
        return scope->err;
    for (size_t i = 0; i < count; i++)
        if (rows[i].window.start_ms == one.span.start_ms) {
            *row = rows[i];
            return WEIR_OK;
        }
    const struct weir_view view = {one.span, one.as_of_ms};
    *row = (struct weir_gauge_row){.class_name = WEIR_CLASS_ALL, .window = one.span};
    row->verdict = query->gauge->kind == WEIR_GAUGE_OTIF
                       ? weir_verdict_of_tally(query->gauge, view, &row->tally)
                       : weir_verdict_of_availability(query->gauge, view, &row->availability);
    weir_window_print(&query->gauge->windows, row->window, row->label);
    return WEIR_OK;
}
