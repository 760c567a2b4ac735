/* On time in full (docs/formats-metrics.md 8).  The current events of one job (line) fold into an
 * outcome; a job, or all lines of one (order, due, class), is one unit, and each unit adds one
 * tally to its class and to WEIR_CLASS_ALL in the window of its first confirmed due date.  A store
 * keeps per job the last outcome (or folds the events known before again), subtracts its old tally
 * and adds the new. weir_otif_compute is the second way, over whole arrays; both agree.  Floor 1:
 * pure. */
#ifndef WEIR_METRICS_OTIF_H
#define WEIR_METRICS_OTIF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "metrics/event.h"
#include "metrics/gauge.h"
#include "metrics/tally.h"

enum weir_standing {
    WEIR_JOB_UNPROMISED = 0, /* nothing promised (yet), or another class than the gauge's */
    WEIR_JOB_WITHDRAWN = 1,  /* cancelled by the customer before it was due: not counted */
    WEIR_JOB_COUNTED = 2,
};

/* What one job amounts to.  Texts are borrowed from its events. */
struct weir_outcome {
    enum weir_standing standing;
    struct weir_slice subject;
    struct weir_slice order;      /* the job's own subject when it belongs to no order */
    struct weir_slice class_name; /* WEIR_CLASS_NONE when the promise has none */
    struct weir_interval due;     /* the first confirmed promise */
    struct weir_interval window;  /* where the due date lies */
    uint64_t promised;            /* 1 when no quantity was given */
    uint64_t on_time;             /* quantity in time and not returned, at most `promised` */
    uint64_t last_on_time;        /* the same against the last plan */
    uint8_t kept;                 /* 1: on time in full */
    uint8_t last_kept;
    uint8_t replanned;    /* 1: we moved the due date */
    uint8_t completed;    /* 1: delivered in full, in time or not */
    int64_t completed_ms; /* when, if completed */
};

/* Folds the events of one job, in any order; other types are skipped, several revisions of one
 * event are reduced to the one that counts.  `*outcome` is UNPROMISED when the gauge does not count
 * the job.  Of an event it reads type, by, source, id, rev, subject, order, class_name,
 * occurred_ms, due and quantity; a store that keeps those need not open the payload again.  All
 * events have the same subject (asserted). Errors: RANGE (due outside the frozen boundaries),
 * OVERFLOW, MEMORY. */
WEIR_CHECKED enum weir_err weir_job_fold(struct weir_scope *scope,
                                         const struct weir_gauge *gauge,
                                         const struct weir_event *events,
                                         size_t event_count,
                                         struct weir_outcome *outcome);

/* The tally of one job as a unit of its own (unit line); zero unless COUNTED. */
struct weir_tally weir_outcome_tally(const struct weir_gauge *gauge,
                                     const struct weir_outcome *outcome);

/* All lines of one (order, due, class): sums that a store keeps as plain integers. */
struct weir_commitment {
    uint64_t lines;
    uint64_t lines_kept;
    uint64_t lines_last_kept;
    uint64_t lines_replanned;
    uint64_t promised;
    uint64_t on_time;
    uint64_t last_on_time;
};

/* Adds or takes away a line's outcome; nothing happens unless it is COUNTED.  Errors: OVERFLOW,
 * CORRUPT. */
WEIR_CHECKED enum weir_err weir_commitment_add(struct weir_scope *scope,
                                               struct weir_commitment *commitment,
                                               const struct weir_outcome *outcome);
WEIR_CHECKED enum weir_err weir_commitment_subtract(struct weir_scope *scope,
                                                    struct weir_commitment *commitment,
                                                    const struct weir_outcome *outcome);

/* The tally of a commitment; zero when it has no lines. */
struct weir_tally weir_commitment_tally(const struct weir_gauge *gauge,
                                        const struct weir_commitment *commitment);

/* The key of the commitment a line belongs to: SHA-256 over order, due and class. */
struct weir_hash weir_commitment_key(const struct weir_outcome *outcome);

struct weir_tally_rows {
    struct weir_tally_row *items; /* sorted by class, then window */
    size_t count;
};

/* The tallies of all windows and classes, WEIR_CLASS_ALL among them, from all events in any order;
 * events of other types, sources or classes are skipped.  Errors: as weir_job_fold. */
WEIR_CHECKED enum weir_err weir_otif_compute(struct weir_scope *scope,
                                             const struct weir_gauge *gauge,
                                             const struct weir_event *events,
                                             size_t event_count,
                                             struct weir_tally_rows *rows);

struct weir_input_set {
    uint64_t count;          /* events */
    struct weir_hash digest; /* weir_inputs_digest_set of them */
};

/* The inputs of one window: all current OTIF events of the jobs whose first due date lies in it,
 * withdrawn ones too.  Errors: as weir_job_fold. */
WEIR_CHECKED enum weir_err weir_otif_inputs(struct weir_scope *scope,
                                            const struct weir_gauge *gauge,
                                            const struct weir_event *events,
                                            size_t event_count,
                                            struct weir_interval window,
                                            struct weir_input_set *inputs);

#endif /* WEIR_METRICS_OTIF_H */
