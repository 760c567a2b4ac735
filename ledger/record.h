/* Appending to a gauge's log.  One call takes many observations and stores, in one transaction,
 * each of them with its leaf, the Merkle edge and complete tiles, and the gauge's state (closed
 * time or tallies per window).  The same observations in any order, in any batches and across
 * restarts give the same gauge state, and what is known already is counted, not stored again. Every
 * distinct revision of an event is kept as an observation; which one counts is decided as
 * metrics/event.h says.  Floor 2: I/O. */
#ifndef WEIR_LEDGER_RECORD_H
#define WEIR_LEDGER_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "metrics/event.h"
#include "metrics/maintenance.h"
#include "metrics/tick.h"

struct weir_store;

/* Added up over calls; start with {0}. */
struct weir_record_counts {
    uint64_t added;      /* new leaves */
    uint64_t known;      /* stored before, byte for byte */
    uint64_t superseded; /* of the added: revisions that do not count (any more) */
    uint64_t refused;    /* put aside with a reason (ledger/sources.h) */
};

/* Ticks of a scheduled gauge: their times rise strictly.  A tick at a stored time is known when it
 * is the same and refused otherwise; one older than the newest stored is refused.
 * A tick with reason MISSED becomes a missed leaf.
 * Errors: NOT_FOUND (no such own log), CONFLICT (the gauge is not scheduled), STORE, BUSY. */
WEIR_CHECKED enum weir_err weir_record_ticks(struct weir_store *store,
                                             struct weir_scope *scope,
                                             int64_t log_id,
                                             const struct weir_tick *ticks,
                                             size_t tick_count,
                                             struct weir_record_counts *counts);

struct weir_events {
    const struct weir_event *items;
    size_t count;
    int64_t received_ms; /* by the node's clock: decides what comes from the future */
};

/* Events of a gauge that events feed, in any order.  Events that are impossible by themselves, from
 * the future, or do not feed this gauge are refused.  Of probe results of one time the one with the
 * greatest payload hash counts.
 * Errors: NOT_FOUND, CONFLICT (a scheduled gauge takes no events), STORE, BUSY. */
WEIR_CHECKED enum weir_err weir_record_events(struct weir_store *store,
                                              struct weir_scope *scope,
                                              int64_t log_id,
                                              const struct weir_events *events,
                                              struct weir_record_counts *counts);

/* A notice of maintenance for a scheduled gauge: `payload` is the signed message as it is put into
 * the leaf, `declared->logged_ms` the node's clock (raised to the newest tick when it is behind
 * it). The same payload again is known. Errors: NOT_FOUND, CONFLICT (not an availability gauge),
 * RANGE (empty interval), STORE, BUSY. */
WEIR_CHECKED enum weir_err weir_record_maintenance(struct weir_store *store,
                                                   struct weir_scope *scope,
                                                   int64_t log_id,
                                                   const struct weir_maintenance *declared,
                                                   struct weir_slice payload,
                                                   struct weir_record_counts *counts);

#endif /* WEIR_LEDGER_RECORD_H */
