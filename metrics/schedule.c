#include "metrics/window.h"

#include <assert.h>
#include <inttypes.h>

#include "metrics/calendar.h"

#define WEEK_S UINT64_C(604800)
#define MONTH_ROUNDING_S UINT64_C(1296000) /* half a month, and the mean month of protocol 3 */
#define MONTH_MEAN_S UINT64_C(2629746)
#define MONTHS_FROM_YEAR_0_MARCH UINT64_C(23638)

uint64_t weir_month_start_s(uint64_t k)
{
    assert(k <= UINT64_C(1) << 31);
    uint64_t a = k + MONTHS_FROM_YEAR_0_MARCH;
    uint64_t y = a / 12;
    uint64_t p = a % 12;
    return 86400 * (365 * y + y / 4 - y / 100 + y / 400 + (153 * p + 2) / 5 - 719468);
}

/* k0 of protocol section 3. */
static uint64_t first_month(const struct weir_schedule *schedule)
{
    return (schedule->start_s + MONTH_ROUNDING_S) / MONTH_MEAN_S;
}

/* windowStart(w) in seconds; w <= count, and the schedule ends before 2^40. */
static uint64_t window_start_s(const struct weir_schedule *schedule, uint64_t w)
{
    if (schedule->calendar == WEIR_CALENDAR_MONTH)
        return weir_month_start_s(first_month(schedule) + w);
    return schedule->start_s + w * schedule->length_s;
}

static enum weir_err check_end(struct weir_scope *scope, const struct weir_schedule *schedule)
{
    unsigned __int128 end_s;
    if (schedule->calendar == WEIR_CALENDAR_MONTH) {
        /* 2^40 s are less than 2^19 months; a larger count is refused before the formula. */
        if (schedule->count > UINT32_C(1) << 19)
            return weir_fail(scope, WEIR_E_RANGE, "the last window ends after 2^40 s");
        end_s = window_start_s(schedule, schedule->count);
    } else {
        end_s = schedule->start_s + (unsigned __int128)schedule->count * schedule->length_s;
    }
    if (end_s >= (unsigned __int128)WEIR_SCHEDULE_END_S)
        return weir_fail(scope, WEIR_E_RANGE, "the last window ends after 2^40 s");
    return WEIR_OK;
}

enum weir_err weir_schedule_check(struct weir_scope *scope, const struct weir_schedule *schedule)
{
    if (schedule->count == 0)
        return weir_fail(scope, WEIR_E_RANGE, "an agreement has at least one window");
    if (schedule->start_s >= (uint64_t)WEIR_SCHEDULE_END_S)
        return weir_fail(scope, WEIR_E_RANGE, "the first window starts after 2^40 s");
    switch (schedule->calendar) {
    case WEIR_CALENDAR_FIXED:
        if (schedule->length_s == 0)
            return weir_fail(scope, WEIR_E_RANGE, "a fixed window lasts at least one second");
        return check_end(scope, schedule);
    case WEIR_CALENDAR_ISO_WEEK:
        if (schedule->length_s != WEEK_S)
            return weir_fail(scope, WEIR_E_RANGE, "the length of a week is 604800 s, not %" PRIu32,
                             schedule->length_s);
        if ((schedule->start_s + 259200) % WEEK_S != 0)
            return weir_fail(scope, WEIR_E_RANGE, "a week starts on Monday 00:00 UTC");
        return check_end(scope, schedule);
    case WEIR_CALENDAR_MONTH:
        if (schedule->length_s != 0)
            return weir_fail(scope, WEIR_E_RANGE, "the length of a month is written as 0");
        if (weir_month_start_s(first_month(schedule)) != schedule->start_s)
            return weir_fail(scope, WEIR_E_RANGE, "a month starts on a 1st, 00:00 UTC");
        return check_end(scope, schedule);
    }
    return weir_fail(scope, WEIR_E_RANGE, "calendar %d does not exist", (int)schedule->calendar);
}

struct weir_interval weir_window_of_terms(const struct weir_schedule *schedule, uint64_t w)
{
    assert(w < schedule->count);
    return (struct weir_interval){
        .start_ms = (int64_t)(window_start_s(schedule, w) * 1000),
        .end_ms = (int64_t)(window_start_s(schedule, w + 1) * 1000),
    };
}

bool weir_schedule_find(const struct weir_schedule *schedule, int64_t at_ms, uint64_t *w)
{
    if (at_ms < weir_window_of_terms(schedule, 0).start_ms ||
        at_ms >= weir_window_of_terms(schedule, schedule->count - 1).end_ms)
        return false;
    uint64_t low = 0;
    uint64_t high = schedule->count - 1;
    while (low < high) {
        uint64_t middle = low + (high - low + 1) / 2;
        if (weir_window_of_terms(schedule, middle).start_ms <= at_ms)
            low = middle;
        else
            high = middle - 1;
    }
    *w = low;
    return true;
}
