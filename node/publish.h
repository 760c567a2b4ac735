/* Publishing a gauge: closing the windows of event gauges when they are final, appending verdicts
 * with their revisions, firing the kill signal.  A call does what became due since the last one and
 * is cheap when nothing did; it may be killed anywhere, the next call goes on.  Used by the
 * collector, by `weir import`, and by whoever wants the ledger's history up to date.  Floor 3. */
#ifndef WEIR_NODE_PUBLISH_H
#define WEIR_NODE_PUBLISH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "metrics/gauge.h"

struct weir_store;

#define WEIR_PUBLISH_WINDOWS_MAX 256 /* finished per call */

/* One gauge and what is remembered about it between calls: `{.gauge = g, .log_id = id}` at first,
 * nothing of it must survive. */
struct weir_publication {
    const struct weir_gauge *gauge; /* borrowed */
    int64_t log_id;
    bool joins;      /* the caller has opened a write transaction; it ends it, and after a failure
                      * starts anew with everything but these three forgotten */
    bool is_known;   /* next_ms was looked up */
    int64_t next_ms; /* availability: start of the first window without its final verdict */
    uint64_t size;   /* of the log when it was last published */
    int64_t due_ms;  /* before this nothing changes by time alone */
};

/* Added up over calls; start with {0}. */
struct weir_published {
    uint64_t closes;   /* window-close leaves */
    uint64_t verdicts; /* revisions appended */
    uint64_t kills;    /* runs that fired */
    bool is_partial;   /* there is more to do: call again */
};

/* `now_ms` decides which windows have begun and are final.  Provisional verdicts are appended when
 * the judgement changes, not for every change of the number.  Errors: NOT_FOUND (log), RANGE (time
 * outside the frozen boundaries), STORE, BUSY, MEMORY. */
WEIR_CHECKED enum weir_err weir_publish_gauge(struct weir_store *store,
                                              struct weir_scope *scope,
                                              struct weir_publication *publication,
                                              int64_t now_ms,
                                              struct weir_published *published);

#endif /* WEIR_NODE_PUBLISH_H */
