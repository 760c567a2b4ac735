/* The parts of `weir ledger check`.  Each reads its tables and fails with CORRUPT at the first
 * difference.  Private to the ledger. */
#ifndef WEIR_LEDGER_CHECK_PARTS_H
#define WEIR_LEDGER_CHECK_PARTS_H

#include <stdint.h>

#include "base/err.h"
#include "ledger/check.h"
#include "ledger/log.h"

struct weir_store;

struct weir_ledger_check {
    struct weir_store *store;
    struct weir_scope *scope;
    const struct weir_progress *progress; /* may be NULL */
    struct weir_ledger_report *report;
};

void weir_check_tell(const struct weir_ledger_check *check,
                     const char *part,
                     uint64_t done,
                     uint64_t total);

/* Leaves, tiles, edge, checkpoints and heads cosigned of one log. */
WEIR_CHECKED enum weir_err weir_check_log(const struct weir_ledger_check *check,
                                          const struct weir_log *log);

/* Keys, revisions and windows of one own log's events; closes. */
WEIR_CHECKED enum weir_err weir_check_events(const struct weir_ledger_check *check,
                                             const struct weir_log *log);
WEIR_CHECKED enum weir_err weir_check_jobs(const struct weir_ledger_check *check,
                                           const struct weir_log *log);

/* Ticks and closed time of one own availability log. */
WEIR_CHECKED enum weir_err weir_check_ticks(const struct weir_ledger_check *check,
                                            const struct weir_log *log);

/* Agreements, opinions, intents and attempts. */
WEIR_CHECKED enum weir_err weir_check_settlement(const struct weir_ledger_check *check);

/* Accounts and transfers. */
WEIR_CHECKED enum weir_err weir_check_money(const struct weir_ledger_check *check);

#endif /* WEIR_LEDGER_CHECK_PARTS_H */
