/* The state of a node as JSON, read from its ledger and configuration: what the API serves and what
 * `weir status` prints when the node is not running.  Texts of /v1 documents are in docs/api.md.
 * Every integer is a string of decimal digits, keys have a fixed order.  Reads only; failures of
 * the JSON text itself stay in `json` and come out of weir_json_end.  Floor 3. */
#ifndef WEIR_NODE_OVERVIEW_H
#define WEIR_NODE_OVERVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attest/terms.h"
#include "base/err.h"
#include "ledger/agreements.h"
#include "ledger/intents.h"
#include "ledger/transfers.h"
#include "metrics/interval.h"
#include "node/ask.h"
#include "node/gauge_rows.h"
#include "node/json_out.h"

struct weir_config;
struct weir_config_gauge;
struct weir_health;
struct weir_store;
struct weir_stored_job;

#define WEIR_OVERVIEW_WINDOWS_MAX 400 /* of one gauge in one document */
#define WEIR_OVERVIEW_PAYOUTS_MAX 1000
#define WEIR_OVERVIEW_INPUTS_MAX 200000 /* observations read for one digest of inputs */

struct weir_overview {
    const struct weir_config *config;
    struct weir_store *store;
    int64_t now_ms;
    int64_t started_ms;               /* of the running node; 0: it is not running */
    const struct weir_ask_keys *keys; /* NULL: not known here */
    const struct weir_health *health; /* NULL: nobody was asked */
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

/* One agreement as the ledger has it. */
struct weir_known_agreement {
    struct weir_agreement_row row;
    struct weir_asset_row asset;
    struct weir_terms terms;
    const char *gauge; /* NULL: its gauge is not measured here */
};

/* All of them, by name.  Errors: STORE, CORRUPT, MEMORY. */
WEIR_CHECKED enum weir_err weir_overview_load_agreements(const struct weir_overview *overview,
                                                         struct weir_scope *scope,
                                                         struct weir_known_agreement **agreements,
                                                         size_t *agreement_count);

/* One intent, the job that carries it, and what was booked. */
struct weir_known_payout {
    struct weir_intent intent;
    const struct weir_known_agreement *agreement;
    struct weir_interval window;
    enum weir_transfer_kind booked; /* the newest entry; 0: nothing was booked */
    bool has_due;
    bool has_paid;
    struct weir_money due;
    struct weir_money paid;
    const char *tx;                    /* that paid, "" until then */
    const struct weir_stored_job *job; /* NULL: somebody else sends it, or nobody yet */
    bool has_report;                   /* `report` names the report that pays or will pay */
    struct weir_hash report;
};

struct weir_overview_payout_query {
    const char *agreement; /* NULL: all */
    uint32_t limit;        /* newest first; at most WEIR_OVERVIEW_PAYOUTS_MAX */
};
/* Errors: NOT_FOUND (agreement), STORE, CORRUPT, MEMORY. */
WEIR_CHECKED enum weir_err
weir_overview_load_payouts(const struct weir_overview *overview,
                           struct weir_scope *scope,
                           const struct weir_overview_payout_query *query,
                           struct weir_known_payout **payouts,
                           size_t *payout_count);

/* "none", "pending", "posted", "void", "direct". */
const char *weir_transfer_kind_name(enum weir_transfer_kind kind);

/* Agreements with their terms, and how opening and funding went.  Errors: as loading. */
WEIR_CHECKED enum weir_err weir_overview_agreements(const struct weir_overview *overview,
                                                    struct weir_scope *scope,
                                                    struct weir_json *json);

/* Payouts with every transaction that was signed for them.  Errors: as loading. */
WEIR_CHECKED enum weir_err weir_overview_payouts(const struct weir_overview *overview,
                                                 struct weir_scope *scope,
                                                 const struct weir_overview_payout_query *query,
                                                 struct weir_json *json);

#endif /* WEIR_NODE_OVERVIEW_H */
