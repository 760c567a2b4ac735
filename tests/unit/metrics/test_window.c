/* Goal: windows tile time without gap or overlap, in UTC, in frozen zones and in an agreement's
 * terms, and their labels name them.
 * Method: the boundary vectors of nine zones; the month formula of the protocol against a calendar
 * that counts days one by one from 1970 to 2469; walks through neighbours. */
#include "metrics/window.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "metrics/calendar.h"
#include "tests/unit/metrics/with_scope.h"
#include "tests/unit/metrics/with_vectors.h"

#define BOUNDARIES "metrics/vectors/boundaries.csv"
#define ZONE_BOUNDARIES_MAX 128

/* The consecutive windows of one zone and kind from row `first` on. */
static size_t zone_of(const struct with_table *table,
                      size_t first,
                      int64_t boundaries_s[ZONE_BOUNDARIES_MAX],
                      struct weir_windows *windows)
{
    struct weir_slice zone = with_table_get(table, first, "zone");
    struct weir_slice kind = with_table_get(table, first, "kind");
    size_t row = first;
    size_t count = 0;
    for (; row < table->row_count; row++) {
        if (!weir_slice_equal(with_table_get(table, row, "zone"), zone) ||
            !weir_slice_equal(with_table_get(table, row, "kind"), kind))
            break;
        boundaries_s[count++] = with_table_i64(table, row, "start_epoch");
        boundaries_s[count] = with_table_i64(table, row, "end_epoch");
    }
    *windows = (struct weir_windows){
        .calendar =
            weir_slice_equals_text(kind, "week") ? WEIR_CALENDAR_ISO_WEEK : WEIR_CALENDAR_MONTH,
        .boundaries_s = boundaries_s,
        .boundary_count = count + 1,
    };
    return row;
}

static void expect_window(struct weir_scope *scope,
                          const struct weir_windows *windows,
                          struct weir_interval wanted,
                          struct weir_slice label)
{
    const int64_t times[] = {wanted.start_ms, wanted.end_ms - 1,
                             wanted.start_ms + (wanted.end_ms - wanted.start_ms) / 3};
    struct weir_interval found;
    char text[WEIR_WINDOW_LABEL_BYTES];
    for (size_t i = 0; i < 3; i++) {
        with_scope_expect(scope, weir_window_at(scope, windows, times[i], &found));
        assert_int_equal(found.start_ms, wanted.start_ms);
        assert_int_equal(found.end_ms, wanted.end_ms);
    }
    weir_window_print(windows, found, text);
    assert_true(weir_slice_equals_text(label, text));
    with_scope_expect(scope, weir_window_parse(scope, windows, label, &found));
    assert_int_equal(found.start_ms, wanted.start_ms);
}

static void frozen_boundaries_give_the_windows_of_nine_zones(void **state)
{
    struct weir_scope *scope = *state;
    with_vectors_need("metrics/vectors");
    struct with_table table = with_vectors_table(scope, BOUNDARIES);
    assert_int_equal(table.row_count, 585);
    for (size_t first = 0; first < table.row_count;) {
        int64_t boundaries_s[ZONE_BOUNDARIES_MAX];
        struct weir_windows windows;
        size_t next = zone_of(&table, first, boundaries_s, &windows);
        with_scope_expect(scope, weir_windows_check(scope, &windows));
        for (; first < next; first++) {
            struct weir_interval wanted = {
                .start_ms = with_table_i64(&table, first, "start_epoch") * 1000,
                .end_ms = with_table_i64(&table, first, "end_epoch") * 1000,
            };
            expect_window(scope, &windows, wanted, with_table_get(&table, first, "label"));
        }
        struct weir_interval none;
        with_scope_expect_error(scope,
                                weir_window_at(scope, &windows, boundaries_s[0] * 1000 - 1, &none),
                                WEIR_E_RANGE, "outside the frozen boundaries");
        int64_t end_ms = boundaries_s[windows.boundary_count - 1] * 1000;
        with_scope_expect_error(scope, weir_window_at(scope, &windows, end_ms, &none), WEIR_E_RANGE,
                                "outside the frozen boundaries");
    }
}

static void utc_needs_no_boundaries(void **state)
{
    struct weir_scope *scope = *state;
    with_vectors_need("metrics/vectors");
    struct with_table table = with_vectors_table(scope, BOUNDARIES);
    for (size_t i = 0; i < table.row_count; i++) {
        if (!weir_slice_equals_text(with_table_get(&table, i, "zone"), "UTC"))
            continue;
        bool is_week = weir_slice_equals_text(with_table_get(&table, i, "kind"), "week");
        struct weir_windows windows = {.calendar =
                                           is_week ? WEIR_CALENDAR_ISO_WEEK : WEIR_CALENDAR_MONTH};
        struct weir_interval wanted = {
            .start_ms = with_table_i64(&table, i, "start_epoch") * 1000,
            .end_ms = with_table_i64(&table, i, "end_epoch") * 1000,
        };
        expect_window(scope, &windows, wanted, with_table_get(&table, i, "label"));
    }
}

static void neighbours_touch_and_lead_back(void **state)
{
    struct weir_scope *scope = *state;
    static const struct weir_windows kinds[] = {
        {.calendar = WEIR_CALENDAR_FIXED, .length_ms = 10000, .anchor_ms = 1767607200000},
        {.calendar = WEIR_CALENDAR_FIXED, .length_ms = 3333, .anchor_ms = -5},
        {.calendar = WEIR_CALENDAR_ISO_WEEK},
        {.calendar = WEIR_CALENDAR_MONTH},
    };
    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        struct weir_interval window;
        with_scope_expect(scope, weir_window_at(scope, &kinds[k], -7 * WEIR_DAY_MS, &window));
        for (unsigned i = 0; i < 1000; i++) {
            struct weir_interval next;
            struct weir_interval back;
            with_scope_expect(scope, weir_window_next(scope, &kinds[k], window, &next));
            assert_int_equal(next.start_ms, window.end_ms);
            with_scope_expect(scope, weir_window_previous(scope, &kinds[k], next, &back));
            assert_int_equal(back.start_ms, window.start_ms);
            assert_int_equal(back.end_ms, window.end_ms);
            window = next;
        }
    }
}

static void a_fixed_window_is_labelled_by_its_start(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_windows windows = {
        .calendar = WEIR_CALENDAR_FIXED, .length_ms = 10000, .anchor_ms = 0};
    struct weir_interval wanted = {1767607200000, 1767607210000};
    expect_window(scope, &windows, wanted, weir_slice_text("2026-01-05T10:00:00Z"));
    struct weir_interval none;
    with_scope_expect_error(
        scope, weir_window_parse(scope, &windows, weir_slice_text("2026-01-05T10:00:01Z"), &none),
        WEIR_E_RANGE, "no window has this label");
}

static void labels_that_name_no_window_are_refused(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_windows week = {.calendar = WEIR_CALENDAR_ISO_WEEK};
    struct weir_windows month = {.calendar = WEIR_CALENDAR_MONTH};
    static const char *const weeks[] = {"2025-W53", "2026-W00", "2026-W54", "2026-W3", "2026-03",
                                        "2026-W0a", "2026-w03", "",         "20x6-W03"};
    static const char *const months[] = {"2026-13", "2026-00", "2026-1", "2026-W01", "2026-01-01"};
    struct weir_interval none;
    for (size_t i = 0; i < sizeof(weeks) / sizeof(weeks[0]); i++) {
        assert_int_not_equal(weir_window_parse(scope, &week, weir_slice_text(weeks[i]), &none),
                             WEIR_OK);
        weir_scope_recover(scope);
    }
    for (size_t i = 0; i < sizeof(months) / sizeof(months[0]); i++) {
        assert_int_not_equal(weir_window_parse(scope, &month, weir_slice_text(months[i]), &none),
                             WEIR_OK);
        weir_scope_recover(scope);
    }
    with_scope_expect(scope, weir_window_parse(scope, &week, weir_slice_text("2026-W53"), &none));
}

static void boundaries_that_skip_a_window_are_refused(void **state)
{
    struct weir_scope *scope = *state;
    const int64_t skipped[] = {1766966400, 1767571200, 1768780800};
    const int64_t shifted[] = {1766966400, 1767571200 + 90000};
    const int64_t backwards[] = {1767571200, 1766966400};
    struct weir_windows windows = {.calendar = WEIR_CALENDAR_ISO_WEEK};
    windows.boundaries_s = skipped;
    windows.boundary_count = 3;
    with_scope_expect_error(scope, weir_windows_check(scope, &windows), WEIR_E_RANGE, "1 and 2");
    windows.boundaries_s = shifted;
    windows.boundary_count = 2;
    with_scope_expect_error(scope, weir_windows_check(scope, &windows), WEIR_E_RANGE, "0 and 1");
    windows.boundaries_s = backwards;
    with_scope_expect_error(scope, weir_windows_check(scope, &windows), WEIR_E_RANGE, "not after");
}

static bool is_leap(unsigned year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Counts seconds month by month, in the way of a wall calendar. */
static void the_month_formula_agrees_with_a_counted_calendar(void **state)
{
    (void)state;
    static const unsigned lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    uint64_t start_s = 0;
    uint64_t k = 0;
    for (unsigned year = 1970; year < 2470; year++) {
        for (unsigned month = 0; month < 12; month++, k++) {
            assert_int_equal(weir_month_start_s(k), start_s);
            start_s += UINT64_C(86400) * (lengths[month] + (month == 1 && is_leap(year)));
        }
    }
    assert_int_equal(k, 6000);
}

/* From every month of 500 years, the terms' windows are the months of the gauge's calendar. */
static void months_of_terms_are_calendar_months(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_windows utc = {.calendar = WEIR_CALENDAR_MONTH};
    for (uint64_t k = 0; k < 6000; k++) {
        struct weir_schedule schedule = {
            .calendar = WEIR_CALENDAR_MONTH, .count = 14, .start_s = weir_month_start_s(k)};
        with_scope_expect(scope, weir_schedule_check(scope, &schedule));
        for (uint64_t w = 0; w < schedule.count; w += 13) {
            struct weir_interval terms = weir_window_of_terms(&schedule, w);
            struct weir_interval calendar;
            with_scope_expect(scope, weir_window_at(scope, &utc, terms.start_ms, &calendar));
            assert_int_equal(terms.start_ms, calendar.start_ms);
            assert_int_equal(terms.end_ms, calendar.end_ms);
        }
        schedule.start_s += 1;
        with_scope_expect_error(scope, weir_schedule_check(scope, &schedule), WEIR_E_RANGE,
                                "starts on a 1st");
        schedule.start_s += 86399;
        with_scope_expect_error(scope, weir_schedule_check(scope, &schedule), WEIR_E_RANGE,
                                "starts on a 1st");
    }
}

static void weeks_of_terms_are_iso_weeks(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_windows utc = {.calendar = WEIR_CALENDAR_ISO_WEEK};
    struct weir_schedule schedule = {.calendar = WEIR_CALENDAR_ISO_WEEK,
                                     .length_s = 604800,
                                     .count = 26090,
                                     .start_s = 4 * 86400};
    with_scope_expect(scope, weir_schedule_check(scope, &schedule));
    for (uint64_t w = 0; w < schedule.count; w++) {
        struct weir_interval terms = weir_window_of_terms(&schedule, w);
        struct weir_interval calendar;
        with_scope_expect(scope, weir_window_at(scope, &utc, terms.start_ms, &calendar));
        assert_int_equal(terms.start_ms, calendar.start_ms);
        assert_int_equal(terms.end_ms, calendar.end_ms);
    }
    schedule.start_s += 86400;
    with_scope_expect_error(scope, weir_schedule_check(scope, &schedule), WEIR_E_RANGE, "Monday");
}

static void schedules_that_the_terms_forbid_are_refused(void **state)
{
    struct weir_scope *scope = *state;
    static const struct {
        struct weir_schedule schedule;
        const char *fault;
    } rows[] = {
        {{WEIR_CALENDAR_FIXED, 10, 0, 1767607200}, "at least one window"},
        {{WEIR_CALENDAR_FIXED, 0, 1, 1767607200}, "at least one second"},
        {{WEIR_CALENDAR_FIXED, 1, 1, UINT64_C(1) << 40}, "starts after 2^40"},
        {{WEIR_CALENDAR_FIXED, 1, 1, (UINT64_C(1) << 40) - 1}, "ends after 2^40"},
        {{WEIR_CALENDAR_FIXED, UINT32_MAX, UINT32_MAX, 1767607200}, "ends after 2^40"},
        {{WEIR_CALENDAR_ISO_WEEK, 604801, 1, 4 * 86400}, "604800"},
        {{WEIR_CALENDAR_MONTH, 2629746, 1, 0}, "written as 0"},
        {{WEIR_CALENDAR_MONTH, 0, UINT32_MAX, 0}, "ends after 2^40"},
        {{WEIR_CALENDAR_MONTH, 0, 500000, 0}, "ends after 2^40"},
        {{(enum weir_calendar)3, 1, 1, 0}, "does not exist"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        with_scope_expect_error(scope, weir_schedule_check(scope, &rows[i].schedule), WEIR_E_RANGE,
                                rows[i].fault);
    struct weir_schedule last = {WEIR_CALENDAR_FIXED, 1, 1, (UINT64_C(1) << 40) - 2};
    with_scope_expect(scope, weir_schedule_check(scope, &last));
}

static void a_time_is_found_in_its_window_of_terms(void **state)
{
    (void)state;
    static const struct weir_schedule schedules[] = {
        {WEIR_CALENDAR_FIXED, 10, 500, 1767607200},
        {WEIR_CALENDAR_ISO_WEEK, 604800, 53, 1766966400},
        {WEIR_CALENDAR_MONTH, 0, 25, 1767225600},
        {WEIR_CALENDAR_FIXED, 1, 1, 5},
    };
    for (size_t i = 0; i < sizeof(schedules) / sizeof(schedules[0]); i++) {
        const struct weir_schedule *schedule = &schedules[i];
        uint64_t found;
        for (uint64_t w = 0; w < schedule->count; w++) {
            struct weir_interval window = weir_window_of_terms(schedule, w);
            assert_true(weir_schedule_find(schedule, window.start_ms, &found));
            assert_int_equal(found, w);
            assert_true(weir_schedule_find(schedule, window.end_ms - 1, &found));
            assert_int_equal(found, w);
        }
        int64_t first_ms = weir_window_of_terms(schedule, 0).start_ms;
        int64_t end_ms = weir_window_of_terms(schedule, schedule->count - 1).end_ms;
        assert_false(weir_schedule_find(schedule, first_ms - 1, &found));
        assert_false(weir_schedule_find(schedule, end_ms, &found));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scope(frozen_boundaries_give_the_windows_of_nine_zones),
        with_scope(utc_needs_no_boundaries),
        with_scope(neighbours_touch_and_lead_back),
        with_scope(a_fixed_window_is_labelled_by_its_start),
        with_scope(labels_that_name_no_window_are_refused),
        with_scope(boundaries_that_skip_a_window_are_refused),
        with_scope(the_month_formula_agrees_with_a_counted_calendar),
        with_scope(months_of_terms_are_calendar_months),
        with_scope(weeks_of_terms_are_iso_weeks),
        with_scope(schedules_that_the_terms_forbid_are_refused),
        with_scope(a_time_is_found_in_its_window_of_terms),
    };
    return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
