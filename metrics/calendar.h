/* The proleptic Gregorian calendar in integers: dates, ISO weeks and times of UTC, read and written
 * strictly.  No time zone data, no locale, no clock: a zone is always an explicit offset or an
 * explicit list of boundaries.  Years 0001 to 9999.  Floor 1: pure. */
#ifndef WEIR_METRICS_CALENDAR_H
#define WEIR_METRICS_CALENDAR_H

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

#define WEIR_SECOND_MS INT64_C(1000)
#define WEIR_MINUTE_MS (60 * WEIR_SECOND_MS)
#define WEIR_HOUR_MS (60 * WEIR_MINUTE_MS)
#define WEIR_DAY_MS (24 * WEIR_HOUR_MS)
#define WEIR_WEEK_MS (7 * WEIR_DAY_MS)

/* First millisecond of year 1 and the first after year 9999: no time is outside. */
#define WEIR_TIME_MIN_MS (-INT64_C(62135596800) * 1000)
#define WEIR_TIME_END_MS (INT64_C(253402300800) * 1000)

#define WEIR_TIME_TEXT_BYTES 25 /* "2021-10-28T05:38:06.914Z" and NUL */
#define WEIR_DATE_TEXT_BYTES 11 /* "2021-10-28" and NUL */

struct weir_date {
    int32_t year;
    int32_t month; /* 1 .. 12 */
    int32_t day;   /* 1 .. 31 */
};

struct weir_iso_week {
    int32_t year; /* of the week's Thursday */
    int32_t week; /* 1 .. 53 */
};

/* Days since 1970-01-01; the date must exist. */
int64_t weir_days_of_date(struct weir_date date);
struct weir_date weir_date_of_days(int64_t days);
struct weir_iso_week weir_iso_week_of_days(int64_t days);

/* Days since the epoch of the day that contains `unix_ms`, in UTC. */
int64_t weir_days_of_time(int64_t unix_ms);

/* "2009-11-23", nothing else.  Errors: PARSE, RANGE (no such day). */
WEIR_CHECKED enum weir_err
weir_date_parse(struct weir_scope *scope, struct weir_slice text, int64_t *days);

/* RFC 3339 with 'T' and 'Z' or a numeric offset; fractions of a second are cut to milliseconds; a
 * leap second is refused.  Errors: PARSE, RANGE. */
WEIR_CHECKED enum weir_err
weir_time_parse(struct weir_scope *scope, struct weir_slice text, int64_t *unix_ms);

/* UTC with 'Z'; the milliseconds are shown only when they are not zero.  The time must lie in
 * [WEIR_TIME_MIN_MS, WEIR_TIME_END_MS). */
void weir_time_print(int64_t unix_ms, char text[static WEIR_TIME_TEXT_BYTES]);
void weir_date_print(int64_t days, char text[static WEIR_DATE_TEXT_BYTES]);

#endif /* WEIR_METRICS_CALENDAR_H */
