#include "metrics/window.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "metrics/calendar.h"

#define MONDAY_SHIFT_DAYS 3 /* 1970-01-01 was a Thursday */
#define WINDOW_LENGTH_MAX_MS (366 * 10 * WEIR_DAY_MS)

/* A zone's week or month may be longer or shorter by clock changes, and by a day where a zone
 * crosses the date line. */
#define BOUNDARY_SLACK_S INT64_C(86400)

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

static enum weir_err check_time(struct weir_scope *scope, int64_t at_ms)
{
    if (at_ms < WEIR_TIME_MIN_MS || at_ms >= WEIR_TIME_END_MS)
        return weir_fail(scope, WEIR_E_RANGE, "time %" PRId64 " ms is outside the years 1 to 9999",
                         at_ms);
    return WEIR_OK;
}

/* Start of the month that is `months` after January of year 0. */
static int64_t month_start_ms(int64_t months)
{
    int64_t year = floor_div(months, 12);
    struct weir_date first = {
        .year = (int32_t)year, .month = (int32_t)(months - year * 12) + 1, .day = 1};
    return weir_days_of_date(first) * WEIR_DAY_MS;
}

static struct weir_interval month_of(int64_t at_ms)
{
    struct weir_date date = weir_date_of_days(weir_days_of_time(at_ms));
    int64_t months = (int64_t)date.year * 12 + date.month - 1;
    return (struct weir_interval){month_start_ms(months), month_start_ms(months + 1)};
}

static struct weir_interval regular_of(int64_t at_ms, int64_t length_ms, int64_t anchor_ms)
{
    int64_t start_ms = anchor_ms + floor_div(at_ms - anchor_ms, length_ms) * length_ms;
    return (struct weir_interval){start_ms, start_ms + length_ms};
}

/* Binary search for the last boundary at or before the time. */
static enum weir_err frozen_of(struct weir_scope *scope,
                               const struct weir_windows *windows,
                               int64_t at_ms,
                               struct weir_interval *window)
{
    size_t low = 0;
    size_t high = windows->boundary_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (windows->boundaries_s[middle] * 1000 <= at_ms)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || low == windows->boundary_count)
        return weir_fail(scope, WEIR_E_RANGE,
                         "time %" PRId64 " ms is outside the frozen boundaries of the zone", at_ms);
    window->start_ms = windows->boundaries_s[low - 1] * 1000;
    window->end_ms = windows->boundaries_s[low] * 1000;
    return WEIR_OK;
}

enum weir_err weir_window_at(struct weir_scope *scope,
                             const struct weir_windows *windows,
                             int64_t at_ms,
                             struct weir_interval *window)
{
    if (check_time(scope, at_ms) != WEIR_OK)
        return scope->err;
    if (windows->boundary_count > 0)
        return frozen_of(scope, windows, at_ms, window);
    switch (windows->calendar) {
    case WEIR_CALENDAR_FIXED:
        assert(windows->length_ms > 0);
        *window = regular_of(at_ms, windows->length_ms, windows->anchor_ms);
        return WEIR_OK;
    case WEIR_CALENDAR_ISO_WEEK:
        *window = regular_of(at_ms, WEIR_WEEK_MS, -MONDAY_SHIFT_DAYS * WEIR_DAY_MS);
        return WEIR_OK;
    case WEIR_CALENDAR_MONTH:
        *window = month_of(at_ms);
        return WEIR_OK;
    }
    assert(0 && "a calendar of the table");
    return WEIR_E_RANGE;
}

enum weir_err weir_window_next(struct weir_scope *scope,
                               const struct weir_windows *windows,
                               struct weir_interval window,
                               struct weir_interval *next)
{
    return weir_window_at(scope, windows, window.end_ms, next);
}

enum weir_err weir_window_previous(struct weir_scope *scope,
                                   const struct weir_windows *windows,
                                   struct weir_interval window,
                                   struct weir_interval *previous)
{
    return weir_window_at(scope, windows, window.start_ms - 1, previous);
}

/* The middle of a window lies on the same calendar week or month in every zone, because no zone is
 * more than a day away from UTC. */
static int64_t middle_days(struct weir_interval window)
{
    return weir_days_of_time(window.start_ms + (window.end_ms - window.start_ms) / 2);
}

void weir_window_print(const struct weir_windows *windows,
                       struct weir_interval window,
                       char label[static WEIR_WINDOW_LABEL_BYTES])
{
    int64_t days = middle_days(window);
    struct weir_iso_week week;
    switch (windows->calendar) {
    case WEIR_CALENDAR_FIXED:
        weir_time_print(window.start_ms, label);
        return;
    case WEIR_CALENDAR_ISO_WEEK:
        week = weir_iso_week_of_days(days);
        (void)snprintf(label, WEIR_WINDOW_LABEL_BYTES, "%04d-W%02d", week.year, week.week);
        return;
    case WEIR_CALENDAR_MONTH:
        weir_date_print(days, label);
        label[7] = '\0'; /* "2026-01-15" without the day */
        return;
    }
    assert(0 && "a calendar of the table");
}

/* A time inside the window that a well-formed label names. */
static enum weir_err label_time(struct weir_scope *scope,
                                enum weir_calendar calendar,
                                struct weir_slice label,
                                int64_t *inside_ms)
{
    char text[WEIR_WINDOW_LABEL_BYTES] = "";
    int64_t days;
    uint64_t week;
    if (calendar == WEIR_CALENDAR_FIXED)
        return weir_time_parse(scope, label, inside_ms);
    bool is_week = calendar == WEIR_CALENDAR_ISO_WEEK;
    if (label.length != (is_week ? 8U : 7U) || (is_week && label.data[5] != 'W'))
        return weir_fail(scope, WEIR_E_PARSE, "not a window of the form %s",
                         is_week ? "2026-W03" : "2026-01");
    if (is_week) {
        /* 4 January is always in week 1. */
        (void)snprintf(text, sizeof(text), "%.4s-01-04", (const char *)label.data);
        struct weir_slice number = {label.data + (label.data[6] == '0' ? 7 : 6),
                                    label.data[6] == '0' ? 1 : 2};
        if (weir_date_parse(scope, weir_slice_text(text), &days) != WEIR_OK ||
            weir_u64_parse(scope, number, 53, &week) != WEIR_OK)
            return weir_note(scope, "window label");
        days = floor_div(days + MONDAY_SHIFT_DAYS, 7) * 7 + ((int64_t)week - 1) * 7;
    } else {
        (void)snprintf(text, sizeof(text), "%.7s-15", (const char *)label.data);
        if (weir_date_parse(scope, weir_slice_text(text), &days) != WEIR_OK)
            return weir_note(scope, "window label");
    }
    *inside_ms = days * WEIR_DAY_MS;
    return WEIR_OK;
}

enum weir_err weir_window_parse(struct weir_scope *scope,
                                const struct weir_windows *windows,
                                struct weir_slice label,
                                struct weir_interval *window)
{
    int64_t inside_ms = 0;
    struct weir_interval found = {0};
    char text[WEIR_WINDOW_LABEL_BYTES];
    if (label_time(scope, windows->calendar, label, &inside_ms) != WEIR_OK ||
        weir_window_at(scope, windows, inside_ms, &found) != WEIR_OK)
        return scope->err;
    weir_window_print(windows, found, text);
    if (!weir_slice_equals_text(label, text))
        return weir_fail(scope, WEIR_E_RANGE, "no window has this label; the nearest is %s", text);
    *window = found;
    return WEIR_OK;
}

/* Each boundary starts the week or month that follows the one before. */
static enum weir_err check_boundaries(struct weir_scope *scope, const struct weir_windows *windows)
{
    struct weir_windows utc = {.calendar = windows->calendar};
    for (size_t i = 1; i < windows->boundary_count; i++) {
        int64_t start_s = windows->boundaries_s[i - 1];
        int64_t end_s = windows->boundaries_s[i];
        struct weir_interval expected = {0};
        struct weir_interval given = {start_s * 1000, end_s * 1000};
        if (start_s < WEIR_TIME_MIN_MS / 1000 || start_s >= end_s ||
            end_s >= WEIR_TIME_END_MS / 1000)
            return weir_fail(scope, WEIR_E_RANGE, "boundary %zu is not after the one before", i);
        if (weir_window_at(scope, &utc, given.start_ms + (given.end_ms - given.start_ms) / 2,
                           &expected) != WEIR_OK)
            return weir_note(scope, "boundary %zu", i);
        int64_t early_s = start_s - expected.start_ms / 1000;
        int64_t late_s = end_s - expected.end_ms / 1000;
        if (early_s < -BOUNDARY_SLACK_S || early_s > BOUNDARY_SLACK_S ||
            late_s < -BOUNDARY_SLACK_S || late_s > BOUNDARY_SLACK_S)
            return weir_fail(scope, WEIR_E_RANGE,
                             "boundaries %zu and %zu are not the edges of one window", i - 1, i);
    }
    return WEIR_OK;
}

enum weir_err weir_windows_check(struct weir_scope *scope, const struct weir_windows *windows)
{
    if (windows->calendar == WEIR_CALENDAR_FIXED) {
        if (windows->length_ms < WEIR_SECOND_MS || windows->length_ms > WINDOW_LENGTH_MAX_MS)
            return weir_fail(scope, WEIR_E_RANGE, "length_ms must be from 1 s to ten years");
        if (windows->boundary_count > 0)
            return weir_fail(scope, WEIR_E_RANGE, "fixed windows have no zone");
        return check_time(scope, windows->anchor_ms);
    }
    if (windows->calendar != WEIR_CALENDAR_ISO_WEEK && windows->calendar != WEIR_CALENDAR_MONTH)
        return weir_fail(scope, WEIR_E_RANGE, "calendar %d does not exist", (int)windows->calendar);
    if (windows->length_ms != 0 || windows->anchor_ms != 0)
        return weir_fail(scope, WEIR_E_RANGE, "only fixed windows have a length and an anchor");
    if (windows->boundary_count == 1 || windows->boundary_count > WEIR_BOUNDARY_MAX)
        return weir_fail(scope, WEIR_E_RANGE, "a zone needs 2 to %d boundaries", WEIR_BOUNDARY_MAX);
    return check_boundaries(scope, windows);
}
