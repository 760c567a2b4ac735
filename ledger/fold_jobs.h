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
#include "ledger/jobs_known.h"
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

/* An event of the job that has just been stored as leaf `seq` counts from now on; or one that
 * counted does so no longer.  The job's list of events follows. */
WEIR_CHECKED enum weir_err weir_fold_job_add(struct weir_fold *fold,
                                             struct weir_scope *scope,
                                             struct weir_known_job *job,
                                             const struct weir_event *event,
                                             uint64_t seq);
WEIR_CHECKED enum weir_err weir_fold_job_remove(struct weir_fold *fold,
                                                struct weir_scope *scope,
                                                struct weir_known_job *job,
                                                const struct weir_event *event,
                                                uint64_t seq);

#endif /* WEIR_LEDGER_FOLD_JOBS_H */
