/* Windows: how a gauge cuts time into half-open pieces, their labels, and the windows of an
 * agreement's terms (protocol section 3).  The default zone is UTC; any other zone is a list of
 * boundaries frozen into the gauge definition, because zone data differ between hosts.
 * Open structs, nothing owned.  Floor 1: pure. */
#ifndef WEIR_METRICS_WINDOW_H
#define WEIR_METRICS_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "metrics/interval.h"

#define WEIR_WINDOW_LABEL_BYTES 25 /* the longest is a time with milliseconds, with NUL */
#define WEIR_BOUNDARY_MAX 4096     /* of one frozen list: 78 years of weeks */
#define WEIR_SCHEDULE_END_S (INT64_C(1) << 40)

/* The numbers are those of the terms (protocol section 2). */
enum weir_calendar {
    WEIR_CALENDAR_FIXED = 0,
    WEIR_CALENDAR_ISO_WEEK = 1,
    WEIR_CALENDAR_MONTH = 2,
};

/* How a gauge cuts time. */
struct weir_windows {
    enum weir_calendar calendar;
    int64_t length_ms; /* fixed only, > 0 */
    int64_t anchor_ms; /* fixed only: windows are [anchor + k*length, ...), k any integer */
    const int64_t *boundaries_s; /* ascending window starts of another zone; NULL means UTC */
    size_t boundary_count;       /* 0, or 2 .. WEIR_BOUNDARY_MAX */
};

/* The window that contains `at_ms`.  Errors: RANGE (outside the frozen boundaries, or outside the
 * years 1 to 9999). */
WEIR_CHECKED enum weir_err weir_window_at(struct weir_scope *scope,
                                          const struct weir_windows *windows,
                                          int64_t at_ms,
                                          struct weir_interval *window);

/* The neighbours of `window`, which must be one of `windows`.  Errors: RANGE. */
WEIR_CHECKED enum weir_err weir_window_next(struct weir_scope *scope,
                                            const struct weir_windows *windows,
                                            struct weir_interval window,
                                            struct weir_interval *next);
WEIR_CHECKED enum weir_err weir_window_previous(struct weir_scope *scope,
                                                const struct weir_windows *windows,
                                                struct weir_interval window,
                                                struct weir_interval *previous);

/* "2026-W03", "2026-01", or for fixed windows the start, "2026-01-05T10:00:00Z". */
void weir_window_print(const struct weir_windows *windows,
                       struct weir_interval window,
                       char label[static WEIR_WINDOW_LABEL_BYTES]);

/* The inverse of weir_window_print.  Errors: PARSE, RANGE (no such window). */
WEIR_CHECKED enum weir_err weir_window_parse(struct weir_scope *scope,
                                             const struct weir_windows *windows,
                                             struct weir_slice label,
                                             struct weir_interval *window);

/* That the calendar's fields agree with each other and that frozen boundaries name consecutive
 * weeks or months.  Errors: RANGE. */
WEIR_CHECKED enum weir_err weir_windows_check(struct weir_scope *scope,
                                              const struct weir_windows *windows);

/* The windows of an agreement, numbered 0 .. count-1, in UTC. */
struct weir_schedule {
    enum weir_calendar calendar;
    uint32_t length_s; /* fixed >= 1; ISO week 604800; month 0 */
    uint32_t count;    /* >= 1 */
    uint64_t start_s;
};

/* The rules of protocol section 2 about calendar, length, start and count.  Errors: RANGE. */
WEIR_CHECKED enum weir_err weir_schedule_check(struct weir_scope *scope,
                                               const struct weir_schedule *schedule);

/* Window `w` in milliseconds.  The schedule has passed weir_schedule_check and w < count
 * (asserted). */
struct weir_interval weir_window_of_terms(const struct weir_schedule *schedule, uint64_t w);

/* The number of the window that contains `at_ms`; false before the first and after the last. */
bool weir_schedule_find(const struct weir_schedule *schedule, int64_t at_ms, uint64_t *w);

/* monthStart(k) of protocol section 3, in seconds; k = months since 1970-01, k <= 2^31. */
uint64_t weir_month_start_s(uint64_t k);

#endif /* WEIR_METRICS_WINDOW_H */
