/* Jobs of the rails as the settler encodes them: every change of a job is a new row, the newest
 * counts.  What is signed in them stands beside as evidence (ledger/attempts.h).  Floor 2: I/O. */
#ifndef WEIR_LEDGER_JOBS_H
#define WEIR_LEDGER_JOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"

struct weir_store;

struct weir_rail_job_row {
    struct weir_hash job_id;
    uint8_t kind;
    uint8_t stage;
    bool is_over;
    struct weir_slice bytes;
    int64_t made_ms;
};

/* Appends the next version.  Errors: CONFLICT (the job is over), STORE, BUSY. */
WEIR_CHECKED enum weir_err weir_rail_job_put(struct weir_store *store,
                                             struct weir_scope *scope,
                                             const struct weir_rail_job_row *row);

/* The newest version.  Errors: NOT_FOUND, STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_rail_job_load(struct weir_store *store,
                                              struct weir_scope *scope,
                                              const struct weir_hash *job_id,
                                              struct weir_rail_job_row *row);

/* The newest versions of all jobs, or of those not over, oldest job first; at most `limit`.
 * Errors: STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_rail_job_list(struct weir_store *store,
                                              struct weir_scope *scope,
                                              bool only_open,
                                              size_t limit,
                                              struct weir_rail_job_row **rows,
                                              size_t *row_count);

#endif /* WEIR_LEDGER_JOBS_H */
