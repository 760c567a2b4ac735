/* Dates and times in a source's own format, which is always given and never guessed: 03/04 is
 * March in one file and April in the next.  A format is made of YYYY YY MM M Mon DD D hh mm ss sss
 * Z and literal characters; years of two digits are 2000 to 2099.  Floor 1: pure. */
#ifndef WEIR_METRICS_TIME_FORMAT_H
#define WEIR_METRICS_TIME_FORMAT_H

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "metrics/interval.h"

#define WEIR_TIME_FORMAT_MAX 64

/* A format as above and the zone of times that name none, east of UTC positive. */
struct weir_time_format {
    const char *text; /* NULL: RFC 3339, or a bare date "2009-11-23" */
    int64_t offset_ms;
};

/* That the format holds year, month and day once each, and no smaller unit without the larger.
 * Errors: CONFIG. */
WEIR_CHECKED enum weir_err weir_time_format_check(struct weir_scope *scope, const char *text);

/* "+09:00", "-03:30" or "UTC" (also "Z") in milliseconds.  Errors: PARSE. */
WEIR_CHECKED enum weir_err
weir_offset_parse(struct weir_scope *scope, struct weir_slice text, int64_t *offset_ms);

/* The time named by `text`: a bare date is its whole day, a time the one millisecond, so that
 * `start_ms` serves as the time of an event and the interval as a due date.
 * Errors: PARSE, RANGE. */
WEIR_CHECKED enum weir_err weir_time_format_parse(struct weir_scope *scope,
                                                  const struct weir_time_format *format,
                                                  struct weir_slice text,
                                                  struct weir_interval *interval);

#endif /* WEIR_METRICS_TIME_FORMAT_H */
