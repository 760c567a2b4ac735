/* The numbers of a gauge window by window, as `weir gauge history` and the API show them: what the
 * ledger holds now, judged now, beside the newest revision that was published.  Reads only.
 * Floor 3. */
#ifndef WEIR_NODE_GAUGE_ROWS_H
#define WEIR_NODE_GAUGE_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "metrics/availability.h"
#include "metrics/gauge.h"
#include "metrics/tally.h"
#include "metrics/verdict.h"
#include "metrics/window.h"

struct weir_store;

#define WEIR_GAUGE_ROWS_MAX 1000000

struct weir_gauge_query {
    const struct weir_gauge *gauge;
    int64_t log_id;
    int64_t as_of_ms;          /* later time is not counted; normally now */
    struct weir_interval span; /* windows that meet it; {WEIR_TIME_MIN_MS, WEIR_TIME_END_MS}: all */
    const char *class_name;    /* NULL: all */
};

struct weir_gauge_row {
    const char *class_name; /* WEIR_CLASS_ALL for availability */
    struct weir_interval window;
    char label[WEIR_WINDOW_LABEL_BYTES];
    struct weir_verdict verdict; /* of the numbers below, at as_of_ms */
    struct weir_availability availability;
    struct weir_tally tally;
    bool is_published;
    uint32_t revision;               /* newest one published */
    struct weir_interval kill_first; /* the run that this window completes; empty: none */
};

/* By class, then window; all from one state of the file.  Errors: NOT_FOUND, LIMIT (more than
 * WEIR_GAUGE_ROWS_MAX windows), RANGE, STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_gauge_rows(struct weir_store *store,
                                           struct weir_scope *scope,
                                           const struct weir_gauge_query *query,
                                           struct weir_gauge_row **rows,
                                           size_t *row_count);

/* The row of the window that contains as_of_ms for WEIR_CLASS_ALL; the span and the class of the
 * query are not looked at.  Errors: as weir_gauge_rows. */
WEIR_CHECKED enum weir_err weir_gauge_row_now(struct weir_store *store,
                                              struct weir_scope *scope,
                                              const struct weir_gauge_query *query,
                                              struct weir_gauge_row *row);

/* Marks the runs of the kill signal in rows of one gauge that are sorted by class and window. */
void weir_gauge_rows_mark_kills(const struct weir_gauge *gauge,
                                struct weir_gauge_row *rows,
                                size_t row_count);

#endif /* WEIR_NODE_GAUGE_ROWS_H */
