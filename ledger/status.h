/* What duties tell each other and the outside about themselves: counters and texts per duty, and a
 * few facts about the node.  Current values only; nothing here is evidence.  Floor 2: I/O. */
#ifndef WEIR_LEDGER_STATUS_H
#define WEIR_LEDGER_STATUS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct weir_store;

struct weir_status_row {
    const char *duty;
    const char *name; /* counter or gauge of /metrics, with its labels */
    int64_t value;
    const char *text; /* for what is no number; "" otherwise */
    int64_t updated_ms;
};

/* Sets all of them in one transaction.  Errors: STORE, BUSY. */
WEIR_CHECKED enum weir_err weir_status_put(struct weir_store *store,
                                           struct weir_scope *scope,
                                           const struct weir_status_row *rows,
                                           size_t row_count);

/* By duty and name.  Errors: STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_status_list(struct weir_store *store,
                                            struct weir_scope *scope,
                                            struct weir_status_row **rows,
                                            size_t *row_count);

/* Facts about this ledger, e.g. "node" = identity key in hex.  Set once; the same value again is
 * fine.  Errors: CONFLICT (another value is recorded), STORE, BUSY. */
WEIR_CHECKED enum weir_err weir_meta_set(struct weir_store *store,
                                         struct weir_scope *scope,
                                         const char *name,
                                         const char *value);

/* Errors: NOT_FOUND, STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_meta_get(struct weir_store *store,
                                         struct weir_scope *scope,
                                         const char *name,
                                         const char **value);

#endif /* WEIR_LEDGER_STATUS_H */
