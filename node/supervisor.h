/* Starts the duties of one node as processes, starts them again when they fail, and ends them in
 * order.  Holds no key, parses no foreign bytes.  Runs until SIGINT or SIGTERM, or with
 * `until_idle` until every duty says that nothing is left to do. */
#ifndef WEIR_NODE_SUPERVISOR_H
#define WEIR_NODE_SUPERVISOR_H

#include <stdbool.h>

#include "base/err.h"

struct weir_config;

struct weir_run_options {
    bool until_idle;
    bool is_settler_only; /* signer and settler alone: to finish what the ledger already holds */
};

/* Blocks.  Returns the exit status of `weir run`: 0 after an ordered end, 1 when a duty could not
 * be started or kept failing. */
int weir_supervisor_run(const struct weir_config *config, struct weir_run_options options);

#endif /* WEIR_NODE_SUPERVISOR_H */
