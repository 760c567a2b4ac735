/* Folds the events of jobs into the windows of an OTIF gauge.  Nothing is stored per job: its
 * events are found by subject, its tally before and after an event is computed, and the difference
 * goes to the windows.  Private to the ledger. */
#ifndef WEIR_LEDGER_FOLD_JOBS_H
#define WEIR_LEDGER_FOLD_JOBS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "ledger/fold_ticks.h"
#include "metrics/event.h"

struct weir_store;

/* A stored event; texts in the arena. */
struct weir_stored_event {
    struct weir_event event;
    struct weir_slice text;
    uint64_t seq;
};

struct weir_stored_events {
    struct weir_stored_event *items;
    size_t count;
};

/* The events of a job that count, in the order of the log.  Errors: CORRUPT, STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_stored_events_of_job(struct weir_store *store,
                                                     struct weir_scope *scope,
                                                     int64_t log_id,
                                                     struct weir_slice subject,
                                                     struct weir_stored_events *events);

/* An event of a job that has just been stored as leaf `seq` counts from now on. */
WEIR_CHECKED enum weir_err weir_fold_job_add(struct weir_fold *fold,
                                             struct weir_scope *scope,
                                             const struct weir_event *event,
                                             uint64_t seq);

/* An event of a job counts no longer: leaf `seq` was superseded by leaf `by`, which is stored and
 * not folded yet. */
WEIR_CHECKED enum weir_err weir_fold_job_remove(struct weir_fold *fold,
                                                struct weir_scope *scope,
                                                const struct weir_event *event,
                                                uint64_t seq,
                                                uint64_t by);

#endif /* WEIR_LEDGER_FOLD_JOBS_H */
