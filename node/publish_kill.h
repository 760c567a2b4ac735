/* The kill signal of an OTIF gauge, evaluated when windows became final or were revised (facts of
 * metrics/kill.h), and its runs recorded.  Floor 3. */
#ifndef WEIR_NODE_PUBLISH_KILL_H
#define WEIR_NODE_PUBLISH_KILL_H

#include <stdint.h>

#include "base/err.h"
#include "metrics/gauge.h"

struct weir_store;

struct weir_kill_work {
    const struct weir_gauge *gauge;
    int64_t log_id;
    int64_t now_ms;
    int64_t changed_ms; /* start of the first window that changed */
    int64_t final_ms;   /* windows that end at or before are final */
};

/* Records every run of breaches that is complete by now and was not acknowledged already; `*fired`
 * grows by the new ones.  Joins the transaction of the caller.  Errors: STORE, BUSY, MEMORY. */
WEIR_CHECKED enum weir_err weir_kill_publish(struct weir_store *store,
                                             struct weir_scope *scope,
                                             const struct weir_kill_work *work,
                                             uint64_t *fired);

#endif /* WEIR_NODE_PUBLISH_KILL_H */
