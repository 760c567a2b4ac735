/* Ticks as rows.  Those of a scheduled gauge are leaves whose times rise with their numbers, so a
 * time is found by halving; those of an event-fed gauge are in the table `tick`, by time, several
 * of one time among them.  Private to the ledger. */
#ifndef WEIR_LEDGER_TICK_ROWS_H
#define WEIR_LEDGER_TICK_ROWS_H

#include <stdint.h>

#include "attest/salt.h"
#include "base/err.h"
#include "ledger/observations.h"
#include "metrics/interval.h"
#include "metrics/tick.h"

struct weir_store;
struct weir_rows;

struct weir_placed_tick {
    struct weir_tick tick;
    uint64_t seq; /* its leaf */
};

/* For weir_tick_beside: parameters are the positions [start, end). */
#define WEIR_TICK_FIRST                                                                            \
    "SELECT position, tick_ms, flags, payload FROM observation WHERE position >= ? AND "           \
    "position < ? AND kind IN (2, 3) ORDER BY position LIMIT 1"
#define WEIR_TICK_LAST                                                                             \
    "SELECT position, tick_ms, flags, payload FROM observation WHERE position >= ? AND "           \
    "position < ? AND kind IN (2, 3) ORDER BY position DESC LIMIT 1"

/* From the columns of those statements. */
struct weir_placed_tick weir_tick_row(struct weir_rows *rows);

/* The one tick leaf the statement finds in a range.  Errors: NOT_FOUND (none; not recorded). */
WEIR_CHECKED enum weir_err weir_tick_beside(struct weir_store *store,
                                            struct weir_scope *scope,
                                            const char *sql,
                                            struct weir_salt_range range,
                                            int64_t log_id,
                                            struct weir_placed_tick *placed);

/* The smallest leaf number from which on every tick is at or after `at_ms`; `size` when none is. */
WEIR_CHECKED enum weir_err weir_tick_seek(struct weir_store *store,
                                          struct weir_scope *scope,
                                          int64_t log_id,
                                          uint64_t size,
                                          int64_t at_ms,
                                          uint64_t *seq);

/* Event-fed gauges: the ticks that count from the last before the window to the first at or after
 * its end.  `first` and `end` mean nothing for them and are 0. */
WEIR_CHECKED enum weir_err weir_result_ticks(struct weir_store *store,
                                             struct weir_scope *scope,
                                             int64_t log_id,
                                             struct weir_interval window,
                                             struct weir_window_ticks *ticks);
/* The newest that counts.  Errors: NOT_FOUND (none; not recorded). */
WEIR_CHECKED enum weir_err weir_result_last(struct weir_store *store,
                                            struct weir_scope *scope,
                                            int64_t log_id,
                                            struct weir_placed_tick *placed);
/* The one that counts at a time.  Errors: NOT_FOUND (none; not recorded). */
WEIR_CHECKED enum weir_err weir_result_at(struct weir_store *store,
                                          struct weir_scope *scope,
                                          int64_t log_id,
                                          int64_t tick_ms,
                                          struct weir_placed_tick *placed);
/* The nearest before or after a time, or at it for the two last. */
WEIR_CHECKED enum weir_err weir_result_before(struct weir_store *store,
                                              struct weir_scope *scope,
                                              int64_t log_id,
                                              int64_t tick_ms,
                                              struct weir_placed_tick *placed);
WEIR_CHECKED enum weir_err weir_result_after(struct weir_store *store,
                                             struct weir_scope *scope,
                                             int64_t log_id,
                                             int64_t tick_ms,
                                             struct weir_placed_tick *placed);

#endif /* WEIR_LEDGER_TICK_ROWS_H */
