/* A gauge evaluated on events in memory, without a ledger: what `weir gauge test` shows.  The same
 * metrics core as the daemon's, on its second way over whole arrays.  Pure.  Floor 3. */
#ifndef WEIR_NODE_GAUGE_TRIAL_H
#define WEIR_NODE_GAUGE_TRIAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "metrics/event.h"
#include "node/gauge_rows.h"

/* Rows by class and window of the events that feed the gauge; for a gauge with a probe every
 * probe.result counts.  `events` may be put into another order.  Errors: RANGE (time outside the
 * frozen boundaries), LIMIT, OVERFLOW, MEMORY. */
WEIR_CHECKED enum weir_err weir_gauge_trial(struct weir_scope *scope,
                                            const struct weir_gauge_query *query,
                                            struct weir_event *events,
                                            size_t event_count,
                                            struct weir_gauge_row **rows,
                                            size_t *row_count);

#endif /* WEIR_NODE_GAUGE_TRIAL_H */
