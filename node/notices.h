/* Maintenance notices that count for one window of one agreement: signed by its provider for these
 * terms, planned to meet the window, and logged below a given size.  What is in a log for other
 * agreements on the same gauge does not count here (protocol section 4).  Floor 3. */
#ifndef WEIR_NODE_NOTICES_H
#define WEIR_NODE_NOTICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "ledger/evidence.h"
#include "metrics/maintenance.h"
#include "node/agreement.h"

struct weir_store;

struct weir_notice_query {
    const struct weir_agreement *agreement;
    struct weir_interval window;
    uint64_t size; /* of the log's head */
};

/* Of our own log: the leaves with their salts and payloads, and what they declare. */
struct weir_notices {
    struct weir_shown_leaf *leaves;
    struct weir_maintenance *items;
    size_t count;
};

/* Errors: STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_notices_own(struct weir_store *store,
                                            struct weir_scope *scope,
                                            int64_t log_id,
                                            const struct weir_notice_query *query,
                                            struct weir_notices *notices);

/* Whether a leaf that somebody has shown is such a notice. */
bool weir_notice_counts(const struct weir_notice_query *query, const struct weir_shown_leaf *leaf);

#endif /* WEIR_NODE_NOTICES_H */
