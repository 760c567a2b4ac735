/* The state of a node as JSON, read from its ledger and configuration: what the API serves and what
 * `weir status` prints when the node is not running.  Texts of /v1 documents are in docs/api.md.
 * Every integer is a string of decimal digits, keys have a fixed order.  Reads only; failures of
 * the JSON text itself stay in `json` and come out of weir_json_end.  Floor 3. */
#ifndef WEIR_NODE_OVERVIEW_H
#define WEIR_NODE_OVERVIEW_H

#include <stdint.h>

#include "base/err.h"
#include "metrics/interval.h"
#include "node/ask.h"
#include "node/gauge_rows.h"
#include "node/json_out.h"

struct weir_config;
struct weir_config_gauge;
struct weir_store;

#define WEIR_OVERVIEW_WINDOWS_MAX 400 /* of one gauge in one document */
#define WEIR_OVERVIEW_PAYOUTS_MAX 1000
#define WEIR_OVERVIEW_INPUTS_MAX 200000 /* observations read for one digest of inputs */

struct weir_overview {
    const struct weir_config *config;
    struct weir_store *store;
    int64_t now_ms;
    int64_t started_ms;               /* of the running node; 0: it is not running */
    const struct weir_ask_keys *keys; /* NULL: not known here */
};

/* The node at a glance: who it is, what its duties last said, gauges, agreements and payouts in
 * short.  Errors: STORE, BUSY, MEMORY. */
WEIR_CHECKED enum weir_err weir_overview_status(const struct weir_overview *overview,
                                                struct weir_scope *scope,
                                                struct weir_json *json);

/* Every configured gauge with the record of its current window.  Errors: as above, RANGE. */
WEIR_CHECKED enum weir_err weir_overview_gauges(const struct weir_overview *overview,
                                                struct weir_scope *scope,
                                                struct weir_json *json);

/* What is asked about one gauge. */
struct weir_overview_gauge_query {
    const struct weir_config_gauge *gauge;
    const char *class_name; /* NULL: all classes together */
    const char *window;     /* label; NULL: the current one */
    uint32_t last;          /* so many windows up to that one, newest first; 0: only that one */
};
/* One record, or with `last` an array of them under "windows".  Errors: as above, PARSE (the
 * label), LIMIT. */
WEIR_CHECKED enum weir_err weir_overview_gauge(const struct weir_overview *overview,
                                               struct weir_scope *scope,
                                               const struct weir_overview_gauge_query *query,
                                               struct weir_json *json);

/* The rows behind it, newest window first; a window without anything in it gets an empty row.
 * `*log_id` is the gauge's log, 0 before the node first ran.  Errors: as above. */
WEIR_CHECKED enum weir_err weir_overview_rows(const struct weir_overview *overview,
                                              struct weir_scope *scope,
                                              const struct weir_overview_gauge_query *query,
                                              int64_t *log_id,
                                              struct weir_gauge_row **rows,
                                              size_t *row_count);

/* Agreements with their terms, and how opening and funding went.  Errors: STORE, CORRUPT, MEMORY.
 */
WEIR_CHECKED enum weir_err weir_overview_agreements(const struct weir_overview *overview,
                                                    struct weir_scope *scope,
                                                    struct weir_json *json);

struct weir_overview_payout_query {
    const char *agreement; /* NULL: all */
    uint32_t limit;        /* newest first; at most WEIR_OVERVIEW_PAYOUTS_MAX */
};
/* Intents with the job that carries them, its transactions and what was booked.
 * Errors: NOT_FOUND (agreement), STORE, CORRUPT, MEMORY. */
WEIR_CHECKED enum weir_err weir_overview_payouts(const struct weir_overview *overview,
                                                 struct weir_scope *scope,
                                                 const struct weir_overview_payout_query *query,
                                                 struct weir_json *json);

#endif /* WEIR_NODE_OVERVIEW_H */
