/* Which declared maintenance counts: only what was logged before its start minus the notice, and
 * per window only up to the allowance, first logged first (protocol section 4).  Once
 * counted it stays counted: later declarations only take what is left.  Floor 1: pure. */
#ifndef WEIR_METRICS_MAINTENANCE_H
#define WEIR_METRICS_MAINTENANCE_H

#include <stdint.h>

#include "base/err.h"
#include "metrics/gauge.h"
#include "metrics/interval.h"

/* One declaration.  `logged_ms` is when the node logged it, and at least the time of every tick
 * logged before it: a declaration cannot be dated back behind what is already measured. */
struct weir_maintenance {
    int64_t logged_ms;
    struct weir_interval planned;
};

struct weir_maintenance_list {
    const struct weir_maintenance *items; /* in any order */
    size_t count;
};

/* The parts of `window` that are maintenance.  A declaration counts if logged_ms < start - notice;
 * of its part in the window what no earlier one covers is granted from its beginning until the
 * allowance is used up.  Earlier is by logged_ms, then start, then end: the same declarations give
 * the same result in any order.  Errors: MEMORY. */
WEIR_CHECKED enum weir_err weir_maintenance_accept(struct weir_scope *scope,
                                                   const struct weir_availability_rules *rules,
                                                   struct weir_interval window,
                                                   const struct weir_maintenance_list *declared,
                                                   struct weir_interval_list *accepted);

#endif /* WEIR_METRICS_MAINTENANCE_H */
