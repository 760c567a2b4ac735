/* The jobs of the log that was appended to last, as far as they were touched: their current events,
 * parsed, and how many rows each has.  So the second event of a job reads nothing again.  Valid
 * while the log has the size at which the last batch ended; forgotten after a rollback.
 * Private to the ledger. */
#ifndef WEIR_LEDGER_JOBS_KNOWN_H
#define WEIR_LEDGER_JOBS_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "metrics/event.h"

struct weir_store;
struct weir_arena;

#define WEIR_JOBS_PLACES 32768 /* emptied when half are in use */

struct weir_job_event {
    struct weir_event event; /* texts in the jobs' arena */
    uint64_t seq;
};

struct weir_known_job {
    struct weir_slice subject;     /* length 0: an empty place */
    uint64_t row_count;            /* of its events, superseded ones too */
    struct weir_job_event *events; /* that count */
    size_t event_count;
    size_t capacity;
};

struct weir_known_jobs {
    int64_t log_id; /* 0: nothing is known */
    uint64_t size;
    size_t used_count;
    struct weir_arena *arena;
    struct weir_known_job *places; /* WEIR_JOBS_PLACES of them */
};

/* Around a batch: what does not belong to the log at this size is forgotten. */
void weir_jobs_begin(struct weir_store *store, int64_t log_id, uint64_t size);
void weir_jobs_end(struct weir_store *store, uint64_t size);

/* Makes room, if need be by forgetting all jobs.  Jobs that were got before are gone: called once
 * per event, before any of it. */
WEIR_CHECKED enum weir_err weir_jobs_trim(struct weir_store *store, struct weir_scope *scope);

/* The job if it is known here, else NULL. */
struct weir_known_job *weir_job_peek(struct weir_store *store, struct weir_slice subject);

/* The job, read from its rows unless it is known; an unheard-of one has no rows.
 * Errors: CORRUPT, STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_job_get(struct weir_store *store,
                                        struct weir_scope *scope,
                                        struct weir_slice subject,
                                        struct weir_known_job **job);

/* A job that certainly has no rows yet. */
WEIR_CHECKED enum weir_err weir_job_new(struct weir_store *store,
                                        struct weir_scope *scope,
                                        struct weir_slice subject,
                                        struct weir_known_job **job);

/* Adds an event that counts, copying it; or takes one away. */
WEIR_CHECKED enum weir_err weir_job_event_add(struct weir_store *store,
                                              struct weir_scope *scope,
                                              struct weir_known_job *job,
                                              const struct weir_event *event,
                                              uint64_t seq);
void weir_job_event_remove(struct weir_known_job *job, uint64_t seq);

#endif /* WEIR_LEDGER_JOBS_KNOWN_H */
