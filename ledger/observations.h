/* Reading observations back: the ticks and maintenance that bear on a window, the events of a job
 * or of a window, payloads.  Floor 2: I/O. */
#ifndef WEIR_LEDGER_OBSERVATIONS_H
#define WEIR_LEDGER_OBSERVATIONS_H

#include <stddef.h>
#include <stdint.h>

#include "attest/leaf.h"
#include "attest/salt.h"
#include "base/err.h"
#include "base/slice.h"
#include "metrics/availability.h"
#include "metrics/event.h"
#include "metrics/interval.h"
#include "metrics/maintenance.h"

struct weir_store;

struct weir_observation {
    uint64_t seq;
    enum weir_leaf_kind kind;
    enum weir_leaf_flags flags;
    int64_t tick_ms;
    struct weir_slice payload;
};

/* Observations of an own log by position.  Errors: RANGE, STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_observations(struct weir_store *store,
                                             struct weir_scope *scope,
                                             int64_t log_id,
                                             struct weir_salt_range range,
                                             struct weir_observation **observations,
                                             size_t *observation_count);

/* The ticks of a scheduled gauge that bear on a window: those inside, the last one before and the
 * first one at or after its end.  `first` and `end` are the leaves from the first to one past the
 * last of these ticks: everything the log has in between, maintenance leaves too, lies in
 * [first, end). */
struct weir_window_ticks {
    struct weir_tick_list ticks;
    uint64_t first;
    uint64_t end;
    uint64_t size; /* of the log, in the same state of the file */
};

/* No tick at all gives an empty list.  Errors: NOT_FOUND, STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_window_ticks(struct weir_store *store,
                                             struct weir_scope *scope,
                                             int64_t log_id,
                                             struct weir_interval window,
                                             struct weir_window_ticks *ticks);

/* The newest tick; `*seq` is its leaf.  Errors: NOT_FOUND (none yet), STORE. */
WEIR_CHECKED enum weir_err weir_tick_last(struct weir_store *store,
                                          struct weir_scope *scope,
                                          int64_t log_id,
                                          struct weir_tick *tick,
                                          uint64_t *seq);

/* Maintenance as logged, and where: `seqs[i]` is the leaf of `list.items[i]`. */
struct weir_logged_maintenance {
    struct weir_maintenance_list list;
    const uint64_t *seqs;
};

/* All declarations whose planned time meets the window.  Errors: STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_window_maintenance(struct weir_store *store,
                                                   struct weir_scope *scope,
                                                   int64_t log_id,
                                                   struct weir_interval window,
                                                   struct weir_logged_maintenance *maintenance);

/* Events that count, with their leaves and canonical texts. */
struct weir_event_list {
    const struct weir_event *items;
    const struct weir_slice *texts;
    const uint64_t *seqs;
    size_t count;
};

/* The current events of one job of an OTIF gauge, by source and id.  Errors: STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_job_events(struct weir_store *store,
                                           struct weir_scope *scope,
                                           int64_t log_id,
                                           struct weir_slice subject,
                                           struct weir_event_list *events);

/* The inputs of one window of an OTIF gauge (metrics/otif.h, weir_otif_inputs), by source and id.
 * Errors: STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_window_events(struct weir_store *store,
                                              struct weir_scope *scope,
                                              int64_t log_id,
                                              struct weir_interval window,
                                              struct weir_event_list *events);

#endif /* WEIR_LEDGER_OBSERVATIONS_H */
