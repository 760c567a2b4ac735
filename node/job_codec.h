/* A rail's job as bytes for the ledger, and back: everything but what one process has merely seen
 * (`run`).  Version 1.  Floor 3, pure. */
#ifndef WEIR_NODE_JOB_CODEC_H
#define WEIR_NODE_JOB_CODEC_H

#include "base/err.h"
#include "base/slice.h"
#include "rails/job.h"

/* What a job is about, for the settler: the chain it runs on and, for payouts, its report. */
struct weir_job_subject {
    uint64_t chain_id;
    struct weir_hash terms;  /* zero when it is about no agreement */
    struct weir_hash report; /* zero unless it is a payout */
    uint64_t window;
    uint8_t tier;
    unsigned __int128 amount; /* base units that it moves: a payout's worth, a funding */
};

struct weir_stored_job {
    struct weir_job_subject subject;
    struct weir_rail_call call;
    struct weir_rail_effect effect;
    struct weir_rail_job job; /* its call and effect point into this struct */
};

/* Errors: LIMIT, MEMORY. */
WEIR_CHECKED enum weir_err weir_job_write(struct weir_scope *scope,
                                          const struct weir_stored_job *stored,
                                          struct weir_buffer *buffer);
/* Slices are copied into the arena.  Errors: CORRUPT, MEMORY. */
WEIR_CHECKED enum weir_err
weir_job_read(struct weir_scope *scope, struct weir_slice bytes, struct weir_stored_job *stored);

#endif /* WEIR_NODE_JOB_CODEC_H */
