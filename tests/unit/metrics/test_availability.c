/* Goal: published time is exact to the millisecond, for real probes and for any order of arrival.
 * Method: the truth file of the iamport probes in two zones and with two holds, byte for byte; and
 * random ticks, holds, clock steps and maintenance, put in one by one in random order, against the
 * computation over the whole array and against a model that looks at every millisecond. */
#include "metrics/availability.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "metrics/calendar.h"
#include "metrics/event_field.h"
#include "tests/unit/metrics/with_scope.h"
#include "tests/unit/metrics/with_vectors.h"

#define FOLDER "metrics/uptime_upptime"
#define SEOUL_MS (9 * WEIR_HOUR_MS)
#define MONTHS 28

static const struct weir_maintenance_list no_maintenance = {0};

static struct weir_tick_list ticks_of(struct weir_scope *scope,
                                      const struct with_table *table,
                                      const char *site,
                                      int64_t *as_of_ms)
{
    struct weir_time_format format = {0};
    struct weir_tick *ticks = weir_take(scope, table->row_count, sizeof(*ticks));
    size_t count = 0;
    assert_non_null(ticks);
    *as_of_ms = INT64_MIN;
    for (size_t i = 0; i < table->row_count; i++) {
        struct weir_event event = {.type = WEIR_EVENT_PROBE_RESULT};
        struct weir_slice time = with_table_get(table, i, "time");
        assert_int_equal(weir_event_field_set(&event, "occurred", time, &format),
                         WEIR_REFUSAL_NONE);
        if (event.occurred_ms > *as_of_ms)
            *as_of_ms = event.occurred_ms;
        if (!weir_slice_equals_text(with_table_get(table, i, "site"), site))
            continue;
        struct weir_slice status = with_table_get(table, i, "status");
        assert_int_equal(weir_event_field_set(&event, "state", status, &format), WEIR_REFUSAL_NONE);
        ticks[count++] = weir_event_tick(&event);
    }
    return (struct weir_tick_list){ticks, count};
}

/* Month starts from 2021-11 (or 10 where the zone sees them) on, in UTC and nine hours earlier. */
static struct weir_gauge gauge_of(int64_t boundaries_s[MONTHS + 2], int64_t offset_ms)
{
    struct weir_gauge gauge;
    uint64_t first = (2021 - 1970) * 12 + 9;
    weir_gauge_init(&gauge, WEIR_GAUGE_AVAILABILITY);
    gauge.windows.calendar = WEIR_CALENDAR_MONTH;
    if (offset_ms == 0)
        return gauge;
    for (unsigned i = 0; i < MONTHS + 2; i++)
        boundaries_s[i] = (int64_t)weir_month_start_s(first + i) - offset_ms / 1000;
    gauge.zone = "Asia/Seoul";
    gauge.windows.boundaries_s = boundaries_s;
    gauge.windows.boundary_count = MONTHS + 2;
    return gauge;
}

static void put_month(struct weir_scope *scope,
                      const struct weir_gauge *gauge,
                      const char *site,
                      struct weir_view view,
                      const struct weir_tick_list *ticks,
                      struct weir_buffer *buffer)
{
    struct weir_availability month;
    char label[WEIR_WINDOW_LABEL_BYTES];
    bool is_capped = gauge->availability.hold_ms != WEIR_UNLIMITED_MS;
    with_scope_expect(
        scope, weir_availability_compute(scope, gauge, view, ticks, &no_maintenance, &month));
    weir_window_print(&gauge->windows, view.window, label);
    with_scope_expect(scope, weir_buffer_printf(
                                 scope, buffer, "%s,%s,%s,%s,%" PRIu64 ",%" PRIu64 ",%" PRIu64 "\n",
                                 site, gauge->zone, label, is_capped ? "26h" : "none", month.up_ms,
                                 month.down_ms, month.unknown_ms));
}

static void put_zone(struct weir_scope *scope,
                     const char *site,
                     int64_t offset_ms,
                     const struct weir_tick_list *ticks,
                     int64_t as_of_ms,
                     struct weir_buffer *buffer)
{
    int64_t boundaries_s[MONTHS + 2];
    struct weir_gauge gauge = gauge_of(boundaries_s, offset_ms);
    struct weir_view view = {.as_of_ms = as_of_ms};
    with_scope_expect(scope,
                      weir_window_at(scope, &gauge.windows, ticks->items[0].tick_ms, &view.window));
    while (view.window.start_ms <= as_of_ms) {
        gauge.availability.hold_ms = WEIR_UNLIMITED_MS;
        put_month(scope, &gauge, site, view, ticks, buffer);
        gauge.availability.hold_ms = 26 * WEIR_HOUR_MS;
        put_month(scope, &gauge, site, view, ticks, buffer);
        if (view.window.end_ms > as_of_ms)
            return;
        with_scope_expect(scope,
                          weir_window_next(scope, &gauge.windows, view.window, &view.window));
    }
}

/* The columns of the truth that carry the number. */
static struct weir_slice projected_truth(struct weir_scope *scope)
{
    static const char *const columns[] = {"site",  "tz",      "month",     "hold_cap",
                                          "up_ms", "down_ms", "unknown_ms"};
    struct with_table table = with_vectors_table(scope, FOLDER "/truth_iamport_monthly.csv");
    struct weir_buffer buffer = {0};
    for (size_t row = 0; row < table.row_count; row++) {
        for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
            struct weir_slice field = with_table_get(&table, row, columns[i]);
            with_scope_expect(scope, weir_buffer_put(scope, &buffer, field.data, field.length));
            with_scope_expect(scope, weir_buffer_text(scope, &buffer, i == 6 ? "\n" : ","));
        }
    }
    return weir_buffer_slice(&buffer);
}

static void real_probes_give_the_published_months_of_two_zones(void **state)
{
    struct weir_scope *scope = *state;
    static const char *const sites[] = {"api-functionality", "payment-functionality"};
    struct weir_buffer buffer = {0};
    with_vectors_need(FOLDER);
    struct with_table table = with_vectors_table(scope, FOLDER "/iamport_probes.csv");
    for (size_t i = 0; i < 2; i++) {
        int64_t as_of_ms;
        struct weir_tick_list ticks = ticks_of(scope, &table, sites[i], &as_of_ms);
        put_zone(scope, sites[i], 0, &ticks, as_of_ms, &buffer);
        put_zone(scope, sites[i], SEOUL_MS, &ticks, as_of_ms, &buffer);
    }
    struct weir_slice wanted = projected_truth(scope);
    struct weir_slice got = weir_buffer_slice(&buffer);
    for (struct weir_slice a, b; weir_slice_line(&wanted, &a);) {
        assert_true(weir_slice_line(&got, &b));
        if (!weir_slice_equal(a, b))
            fail_msg("wanted '%.*s', got '%.*s'", (int)a.length, (const char *)a.data,
                     (int)b.length, (const char *)b.data);
    }
    assert_int_equal(got.length, 0);
}

/* --- random histories ------------------------------------------------------------------------- */

#define TICKS_MAX 24
#define DECLARED_MAX 3
#define SPAN_MS 400
#define WINDOW_MS 50
#define WINDOWS (SPAN_MS / WINDOW_MS)

struct history {
    struct weir_gauge gauge;
    struct weir_tick ticks[TICKS_MAX];
    size_t tick_count;
    struct weir_maintenance declared[DECLARED_MAX];
    struct weir_maintenance_list maintenance;
    int64_t as_of_ms;
};

static struct weir_tick random_tick(struct with_dice *random, int64_t tick_ms)
{
    static const enum weir_reason reasons[] = {
        WEIR_REASON_OK,      WEIR_REASON_STATUS,        WEIR_REASON_OWN_NETWORK, WEIR_REASON_OK,
        WEIR_REASON_TIMEOUT, WEIR_REASON_CLOCK_FORWARD, WEIR_REASON_CLOCK_BACK};
    enum weir_reason reason = reasons[with_dice_below(random, 7)];
    return weir_tick_make(tick_ms, reason, 0, (uint32_t)with_dice_below(random, 60));
}

static struct history random_history(struct with_dice *random)
{
    struct history history = {.tick_count = 0};
    weir_gauge_init(&history.gauge, WEIR_GAUGE_AVAILABILITY);
    history.gauge.windows.length_ms = WINDOW_MS;
    history.gauge.availability.hold_ms = with_dice_below(random, 4) == 0
                                             ? WEIR_UNLIMITED_MS
                                             : 1 + (int64_t)with_dice_below(random, 60);
    history.gauge.availability.maintenance_notice_ms = (int64_t)with_dice_below(random, 10);
    history.gauge.availability.maintenance_allowance_ms = (int64_t)with_dice_below(random, 40);
    int64_t at_ms = (int64_t)with_dice_below(random, 40);
    size_t count = with_dice_below(random, TICKS_MAX + 1);
    while (history.tick_count < count && at_ms < SPAN_MS) {
        history.ticks[history.tick_count++] = random_tick(random, at_ms);
        at_ms += 1 + (int64_t)with_dice_below(random, 40);
    }
    for (size_t i = 0; i < with_dice_below(random, DECLARED_MAX + 1); i++) {
        int64_t from_ms = (int64_t)with_dice_below(random, SPAN_MS);
        history.declared[i] = (struct weir_maintenance){
            .logged_ms = from_ms - (int64_t)with_dice_below(random, 20),
            .planned = {from_ms, from_ms + (int64_t)with_dice_below(random, 80)},
        };
        history.maintenance.count = i + 1;
    }
    history.as_of_ms = (int64_t)with_dice_below(random, SPAN_MS + 100);
    return history;
}

/* The state of one millisecond, looked up afresh. */
static uint8_t state_at(const struct history *history, int64_t at_ms)
{
    uint8_t state = 0;
    for (size_t i = 0; i < history->tick_count; i++) {
        const struct weir_tick *tick = &history->ticks[i];
        const struct weir_tick *next = i + 1 < history->tick_count ? tick + 1 : NULL;
        bool is_stopped = next != NULL && at_ms >= next->tick_ms;
        if (next != NULL && next->reason == WEIR_REASON_CLOCK_FORWARD)
            is_stopped = at_ms >= next->tick_ms - next->latency_ms;
        bool is_over = history->gauge.availability.hold_ms != WEIR_UNLIMITED_MS &&
                       at_ms >= tick->tick_ms + history->gauge.availability.hold_ms;
        if (at_ms >= tick->tick_ms && !is_stopped && !is_over)
            state = tick->state;
    }
    return state;
}

/* True if `a` is to be taken before `b`. */
static bool is_before(const struct weir_maintenance *a, const struct weir_maintenance *b)
{
    if (a->logged_ms != b->logged_ms)
        return a->logged_ms < b->logged_ms;
    if (a->planned.start_ms != b->planned.start_ms)
        return a->planned.start_ms < b->planned.start_ms;
    return a->planned.end_ms < b->planned.end_ms;
}

/* Which milliseconds of the window are maintenance: the first logged first, ms by ms. */
static void
mark_maintenance(const struct history *history, struct weir_interval window, bool marks[WINDOW_MS])
{
    const struct weir_availability_rules *rules = &history->gauge.availability;
    int64_t left_ms = rules->maintenance_allowance_ms;
    size_t count = history->maintenance.count;
    bool is_taken[DECLARED_MAX] = {false};
    memset(marks, 0, WINDOW_MS);
    for (size_t round = 0; round < count; round++) {
        const struct weir_maintenance *one = NULL;
        for (size_t i = 0; i < count; i++)
            if (!is_taken[i] && (one == NULL || is_before(&history->declared[i], one)))
                one = &history->declared[i];
        is_taken[one - history->declared] = true;
        int64_t latest_ms = one->planned.start_ms - rules->maintenance_notice_ms;
        for (int64_t ms = window.start_ms; ms < window.end_ms && one->logged_ms < latest_ms; ms++) {
            bool *mark = &marks[ms - window.start_ms];
            if (ms < one->planned.start_ms || ms >= one->planned.end_ms || *mark || left_ms == 0)
                continue;
            *mark = true;
            left_ms--;
        }
    }
}

static struct weir_availability naive(const struct history *history, struct weir_interval window)
{
    struct weir_availability time = {0};
    bool marks[WINDOW_MS];
    int64_t as_of_ms = history->as_of_ms;
    if (history->tick_count > 0 && history->ticks[history->tick_count - 1].tick_ms > as_of_ms)
        as_of_ms = history->ticks[history->tick_count - 1].tick_ms;
    mark_maintenance(history, window, marks);
    for (int64_t ms = window.start_ms; ms < window.end_ms && ms < as_of_ms; ms++) {
        uint8_t state = state_at(history, ms);
        if (marks[ms - window.start_ms])
            time.maintenance_ms++;
        else if (state == WEIR_STATE_UP)
            time.up_ms++;
        else if (state == WEIR_STATE_DOWN)
            time.down_ms++;
        else
            time.unknown_ms++;
    }
    return time;
}

/* Puts the ticks in, in random order, and sums what each changes. */
static void insert_all(struct weir_scope *scope,
                       struct with_dice *random,
                       const struct history *history,
                       struct weir_closed_time closed[WINDOWS])
{
    bool is_in[TICKS_MAX] = {false};
    memset(closed, 0, WINDOWS * sizeof(*closed));
    for (size_t left = history->tick_count; left > 0; left--) {
        size_t pick = with_dice_below(random, left);
        size_t at = 0;
        while (is_in[at] || pick-- > 0)
            at++;
        struct weir_insertion insertion = {.tick = &history->ticks[at]};
        for (size_t i = 0; i < history->tick_count; i++) {
            if (is_in[i] && i < at)
                insertion.previous = &history->ticks[i];
            if (is_in[i] && i > at && insertion.next == NULL)
                insertion.next = &history->ticks[i];
        }
        is_in[at] = true;
        struct weir_closed_time_changes changes;
        with_scope_expect(scope, weir_availability_insert(scope, &history->gauge, &insertion,
                                                          &history->maintenance, &changes));
        for (size_t i = 0; i < changes.count; i++) {
            size_t window = (size_t)(changes.items[i].window.start_ms / WINDOW_MS);
            closed[window].up_ms += (uint64_t)changes.items[i].up_ms;
            closed[window].down_ms += (uint64_t)changes.items[i].down_ms;
        }
    }
}

static void any_order_of_ticks_gives_the_time_of_every_millisecond(void **state)
{
    struct weir_scope *scope = *state;
    struct with_dice random = {.state = 35};
    printf("seed 35\n");
    for (unsigned round = 0; round < 4000; round++) {
        struct history history = random_history(&random);
        struct weir_closed_time closed[WINDOWS];
        struct weir_tick_list ticks = {history.ticks, history.tick_count};
        history.maintenance.items = history.declared;
        insert_all(scope, &random, &history, closed);
        for (size_t i = 0; i < WINDOWS; i++) {
            struct weir_view view = {
                .window = {(int64_t)i * WINDOW_MS, (int64_t)(i + 1) * WINDOW_MS},
                .as_of_ms = history.as_of_ms};
            struct weir_measured measured = {.closed = closed[i]};
            struct weir_availability stored;
            struct weir_availability computed;
            struct weir_availability wanted = naive(&history, view.window);
            if (history.tick_count > 0)
                measured.newest = &history.ticks[history.tick_count - 1];
            with_scope_expect(scope, weir_availability_at(scope, &history.gauge, view, &measured,
                                                          &history.maintenance, &stored));
            with_scope_expect(scope, weir_availability_compute(scope, &history.gauge, view, &ticks,
                                                               &history.maintenance, &computed));
            assert_memory_equal(&stored, &wanted, sizeof(wanted));
            assert_memory_equal(&computed, &wanted, sizeof(wanted));
        }
        weir_arena_clear(scope->arena);
    }
}

static void ticks_at_one_time_are_a_conflict(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_gauge gauge = {.kind = WEIR_GAUGE_AVAILABILITY,
                               .windows = {.length_ms = WINDOW_MS},
                               .availability = {.hold_ms = 10}};
    struct weir_tick ticks[] = {weir_tick_make(5, WEIR_REASON_OK, 200, 1),
                                weir_tick_make(5, WEIR_REASON_STATUS, 500, 1)};
    struct weir_insertion after = {.previous = &ticks[0], .tick = &ticks[1]};
    struct weir_insertion before = {.tick = &ticks[0], .next = &ticks[1]};
    struct weir_closed_time_changes changes;
    struct weir_availability time;
    struct weir_view view = {.window = {0, WINDOW_MS}, .as_of_ms = WINDOW_MS};
    struct weir_tick_list list = {ticks, 2};
    with_scope_expect_error(
        scope, weir_availability_insert(scope, &gauge, &after, &no_maintenance, &changes),
        WEIR_E_CONFLICT, "cannot follow");
    with_scope_expect_error(
        scope, weir_availability_insert(scope, &gauge, &before, &no_maintenance, &changes),
        WEIR_E_CONFLICT, "cannot follow");
    with_scope_expect_error(
        scope, weir_availability_compute(scope, &gauge, view, &list, &no_maintenance, &time),
        WEIR_E_CONFLICT, "cannot follow");
}

static void stored_sums_beyond_the_window_are_corrupt(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_gauge gauge = {.kind = WEIR_GAUGE_AVAILABILITY,
                               .windows = {.length_ms = WINDOW_MS},
                               .availability = {.hold_ms = 10}};
    struct weir_view view = {.window = {0, WINDOW_MS}, .as_of_ms = WINDOW_MS};
    struct weir_measured measured = {.closed = {.up_ms = 30, .down_ms = 21}};
    struct weir_availability time;
    with_scope_expect_error(
        scope, weir_availability_at(scope, &gauge, view, &measured, &no_maintenance, &time),
        WEIR_E_CORRUPT, "the window has 50 ms");
    measured.closed.down_ms = UINT64_MAX;
    with_scope_expect_error(
        scope, weir_availability_at(scope, &gauge, view, &measured, &no_maintenance, &time),
        WEIR_E_CORRUPT, "the window has 50 ms");
}

static void one_tick_never_touches_windows_without_end(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_gauge gauge = {.kind = WEIR_GAUGE_AVAILABILITY,
                               .windows = {.length_ms = 1000},
                               .availability = {.hold_ms = WEIR_UNLIMITED_MS}};
    struct weir_tick first = weir_tick_make(0, WEIR_REASON_OK, 200, 1);
    struct weir_tick last =
        weir_tick_make(INT64_C(1000) * WEIR_AVAILABILITY_WINDOWS_MAX + 1, WEIR_REASON_OK, 200, 1);
    struct weir_insertion insertion = {.previous = &first, .tick = &last};
    struct weir_closed_time_changes changes;
    with_scope_expect_error(
        scope, weir_availability_insert(scope, &gauge, &insertion, &no_maintenance, &changes),
        WEIR_E_LIMIT, "windows");
}

static void unknown_time_is_outside_the_ratio_and_inside_the_strict_one(void **state)
{
    (void)state;
    const struct weir_availability time = {
        .up_ms = 90, .down_ms = 10, .unknown_ms = 100, .maintenance_ms = 7};
    struct weir_ratio ratio = weir_availability_ratio(&time);
    struct weir_ratio strict = weir_availability_strict_ratio(&time);
    assert_true(ratio.num == 90 && ratio.den == 100);
    assert_true(strict.num == 90 && strict.den == 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scope(real_probes_give_the_published_months_of_two_zones),
        with_scope(any_order_of_ticks_gives_the_time_of_every_millisecond),
        with_scope(ticks_at_one_time_are_a_conflict),
        with_scope(stored_sums_beyond_the_window_are_corrupt),
        with_scope(one_tick_never_touches_windows_without_end),
        with_scope(unknown_time_is_outside_the_ratio_and_inside_the_strict_one),
    };
    return cmocka_run_group_tests_name("availability", tests, NULL, NULL);
}
