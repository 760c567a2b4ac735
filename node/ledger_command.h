/* The ledger as commands open it: made when there is none yet and completed with the logs of gauges
 * that are new in the configuration, so that a command may come before the first `weir run`.
 * Floor 3. */
#ifndef WEIR_NODE_LEDGER_COMMAND_H
#define WEIR_NODE_LEDGER_COMMAND_H

#include "base/err.h"

struct weir_config;
struct weir_config_gauge;
struct weir_store;

/* For writing, with the logs of all configured gauges.  Caller closes.  Errors: STORE, BUSY,
 * CORRUPT, CONFLICT, IO. */
WEIR_CHECKED enum weir_err weir_ledger_for_command(struct weir_scope *scope,
                                                   const struct weir_config *config,
                                                   struct weir_store **store);

/* The configured gauge of that name, or CONFIG with the nearest one. */
WEIR_CHECKED enum weir_err weir_gauge_for_command(struct weir_scope *scope,
                                                  const struct weir_config *config,
                                                  const char *name,
                                                  const struct weir_config_gauge **gauge);

#endif /* WEIR_NODE_LEDGER_COMMAND_H */
