/* What the duties collector, api and settler share: configuration, their handle of the ledger, who
 * this node is, its agreements and the logs of its gauges.  Made at the start of a duty; long-lived
 * things lie in `arena`, one piece of work at a time in `scratch`.  Floor 3. */
#ifndef WEIR_NODE_WORKER_H
#define WEIR_NODE_WORKER_H

#include <stdint.h>

#include "base/err.h"
#include "node/agreement.h"
#include "node/ask.h"
#include "node/duty.h"

/* In the data directory: this node's key set, written at every start. */
#define WEIR_OWN_KEY_SET "node.keyset"

struct weir_arena;
struct weir_config;
struct weir_store;

struct weir_worker {
    struct weir_duty *duty;
    const struct weir_config *config;
    struct weir_arena *arena;
    struct weir_scope scope; /* over `arena`: for what lives as long as the duty */
    struct weir_arena *scratch;
    struct weir_store *store;
    struct weir_ask_keys keys;
    struct weir_agreements agreements;
    int64_t *log_ids; /* of each configured gauge, in the order of the configuration */
};

/* Opens the ledger, asks the signer who we are, reads the agreements and opens the logs.
 * Errors: those of the parts; the caller logs them and ends. */
WEIR_CHECKED enum weir_err weir_worker_start(struct weir_worker *worker, struct weir_duty *duty);
void weir_worker_end(struct weir_worker *worker);

/* The own log of a gauge by its name; 0 when there is none. */
int64_t weir_worker_log(const struct weir_worker *worker, const char *gauge);

/* Makes or checks the ledger of a node before its duties start: schema, quick check, logs of all
 * gauges, assets and agreements.  Errors: those of the ledger. */
WEIR_CHECKED enum weir_err weir_ledger_prepare(struct weir_scope *scope,
                                               const struct weir_config *config);

/* Opens the configured node's ledger for a command.  Errors: NOT_FOUND, STORE, CORRUPT, CONFLICT.
 */
WEIR_CHECKED enum weir_err weir_ledger_open(struct weir_scope *scope,
                                            const struct weir_config *config,
                                            bool may_write,
                                            struct weir_store **store);

#endif /* WEIR_NODE_WORKER_H */
