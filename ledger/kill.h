/* The latched kill signal of a gauge's class: its runs and their acknowledgements, append-only.
 * The rule itself is metrics/kill.h; here is only what must survive.  Floor 2: I/O. */
#ifndef WEIR_LEDGER_KILL_H
#define WEIR_LEDGER_KILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct weir_store;

struct weir_kill_row {
    int64_t log_id;
    const char *class_name;
    int64_t window_start_ms; /* the window whose verdict fired it */
    int64_t fired_ms;
    const char *detail;   /* numbers and annotation, for people */
    int64_t acked_ms;     /* -1: still latched */
    const char *acked_by; /* "" until then */
    const char *reason;
};

/* Records that the signal fired; the same window again changes nothing (`*is_new` tells).
 * Errors: STORE, BUSY. */
WEIR_CHECKED enum weir_err weir_kill_fire(struct weir_store *store,
                                          struct weir_scope *scope,
                                          const struct weir_kill_row *row,
                                          bool *is_new);

/* Acknowledges every latched run of the class.  Errors: NOT_FOUND (nothing is latched), STORE,
 * BUSY. */
WEIR_CHECKED enum weir_err
weir_kill_ack(struct weir_store *store, struct weir_scope *scope, const struct weir_kill_row *ack);

/* By window; log_id 0 means of all gauges.  Errors: STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_kill_list(struct weir_store *store,
                                          struct weir_scope *scope,
                                          int64_t log_id,
                                          struct weir_kill_row **rows,
                                          size_t *row_count);

#endif /* WEIR_LEDGER_KILL_H */
