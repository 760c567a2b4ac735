/* Folds the events of jobs into the windows of an OTIF gauge.  A job's row names the leaves of its
 * current events and keeps their outcome, so that one more event subtracts the old tally and adds
 * the new one.  Private to the ledger. */
#ifndef WEIR_LEDGER_FOLD_JOBS_H
#define WEIR_LEDGER_FOLD_JOBS_H

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "ledger/fold_ticks.h"
#include "metrics/event.h"
#include "metrics/otif.h"

struct weir_rows;

/* An event of a job that counts now, or no longer, as leaf `seq`. */
WEIR_CHECKED enum weir_err weir_fold_job_add(struct weir_fold *fold,
                                             struct weir_scope *scope,
                                             const struct weir_event *event,
                                             uint64_t seq);
WEIR_CHECKED enum weir_err weir_fold_job_remove(struct weir_fold *fold,
                                                struct weir_scope *scope,
                                                const struct weir_event *event,
                                                uint64_t seq);

/* A row of `job`. */
struct weir_job_row {
    struct weir_slice seqs; /* 8 bytes each, big-endian */
    struct weir_outcome outcome;
};

#define WEIR_JOB_COLUMNS                                                                           \
    "subject, seqs, standing, window_start_ms, window_end_ms, class, order_name, due_start_ms, "   \
    "due_end_ms, promised, on_time, last_on_time, marks, completed_ms"

/* From those columns, first one first.  Copies into the arena. */
void weir_job_read(struct weir_rows *rows, struct weir_job_row *job);

/* The events of the leaves in `seqs`, read and parsed; texts in the arena. */
struct weir_job_text {
    struct weir_event event;
    struct weir_slice text;
    uint64_t seq;
};
WEIR_CHECKED enum weir_err weir_job_texts(struct weir_store *store,
                                          struct weir_scope *scope,
                                          int64_t log_id,
                                          struct weir_slice seqs,
                                          struct weir_job_text **texts,
                                          size_t *text_count);

#endif /* WEIR_LEDGER_FOLD_JOBS_H */
