/* `weir ledger check`: recomputes what can be recomputed from the rows and compares: the leaves of
 * every log and their tiles, edges and checkpoints; salts and commitments; gauge windows and units;
 * accounts; ids, nonces and states of intents and attempts.  Stops at the first difference and
 * names it.  Reads one state of the file, writes nothing.  Floor 2: I/O. */
#ifndef WEIR_LEDGER_CHECK_H
#define WEIR_LEDGER_CHECK_H

#include <stdint.h>

#include "base/err.h"

struct weir_store;

/* Called now and then with the part being checked ("log w1.example/gauge/api") and how far it is.
 */
struct weir_progress {
    void (*tell)(void *context, const char *part, uint64_t done, uint64_t total);
    void *context;
};

struct weir_ledger_report {
    uint64_t logs;
    uint64_t leaves;
    uint64_t checkpoints;
    uint64_t windows;
    uint64_t units;
    uint64_t opinions;
    uint64_t intents;
    uint64_t attempts;
    uint64_t accounts;
    uint64_t transfers;
};

/* OK means that all agrees.  `progress` may be NULL.
 * Errors: CORRUPT (the text names the first difference: table, key, what was stored and what was
 * computed), STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_ledger_check(struct weir_store *store,
                                             struct weir_scope *scope,
                                             const struct weir_progress *progress,
                                             struct weir_ledger_report *report);

#endif /* WEIR_LEDGER_CHECK_H */
