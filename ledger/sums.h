/* What a batch adds to the windows of one gauge, kept in memory and written at its end: many
 * observations of a batch fall into few windows.  Private to the ledger. */
#ifndef WEIR_LEDGER_SUMS_H
#define WEIR_LEDGER_SUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "metrics/gauge.h"
#include "metrics/interval.h"
#include "metrics/tally.h"

struct weir_store;

#define WEIR_SUM_PLACES 1024 /* written early when three quarters are in use */

/* One window of one class: numbers to be added, any sign. */
struct weir_sum {
    bool is_used;
    bool is_touched; /* the inputs changed, even if no number did: the window needs a close */
    char class_name[WEIR_GAUGE_CLASS_MAX + 1];
    size_t class_length;
    struct weir_interval window;
    int64_t up_ms;
    int64_t down_ms;
    int64_t num;
    int64_t den;
    int64_t units;
    int64_t replanned;
    int64_t last_num;
};

struct weir_sums {
    int64_t log_id;
    size_t used_count;
    struct weir_sum *newest; /* the one used last */
    struct weir_sum places[WEIR_SUM_PLACES];
};

/* Empty sums for a log; `sums` was zeroed once, or used before. */
void weir_sums_init(struct weir_sums *sums, int64_t log_id);

/* Errors: LIMIT (a class name too long), STORE. */
WEIR_CHECKED enum weir_err weir_sums_add_time(struct weir_sums *sums,
                                              struct weir_store *store,
                                              struct weir_scope *scope,
                                              struct weir_interval window,
                                              int64_t up_ms,
                                              int64_t down_ms);

/* Adds (sign 1) or takes away (-1) a tally of a class in a window, and of WEIR_CLASS_ALL. */
struct weir_sum_tally {
    struct weir_slice class_name;
    struct weir_interval window;
    struct weir_tally tally;
    int64_t sign;
};
WEIR_CHECKED enum weir_err weir_sums_add_tally(struct weir_sums *sums,
                                               struct weir_store *store,
                                               struct weir_scope *scope,
                                               const struct weir_sum_tally *added);

/* The window's inputs changed. */
WEIR_CHECKED enum weir_err weir_sums_touch(struct weir_sums *sums,
                                           struct weir_store *store,
                                           struct weir_scope *scope,
                                           struct weir_interval window);

/* Writes and empties.  Errors: CORRUPT (less than nothing would remain), STORE. */
WEIR_CHECKED enum weir_err
weir_sums_flush(struct weir_sums *sums, struct weir_store *store, struct weir_scope *scope);

#endif /* WEIR_LEDGER_SUMS_H */
