/* Stored balances: the fold of transfers, kept beside them and recomputed by ledger/check.h.
 * Private to the ledger. */
#ifndef WEIR_LEDGER_BALANCES_H
#define WEIR_LEDGER_BALANCES_H

#include <stdint.h>

#include "base/err.h"
#include "base/money.h"
#include "ledger/transfers.h"

struct weir_store;

/* Adds one transfer to the four sums of both of its accounts; `released` is what stops being
 * pending (the whole pending amount for POST and VOID, zero otherwise).  Errors: OVERFLOW, CORRUPT,
 * STORE.
 */
WEIR_CHECKED enum weir_err weir_balance_move(struct weir_store *store,
                                             struct weir_scope *scope,
                                             const struct weir_transfer *transfer,
                                             struct weir_money released);

/* The same on a row in memory: `is_debit` chooses the side. */
WEIR_CHECKED enum weir_err weir_balance_apply(struct weir_scope *scope,
                                              struct weir_account_row *account,
                                              const struct weir_transfer *transfer,
                                              struct weir_money released,
                                              bool is_debit);

/* Errors: NOT_FOUND, ASSET. */
WEIR_CHECKED enum weir_err weir_balance_check(struct weir_store *store,
                                              struct weir_scope *scope,
                                              int64_t account_id,
                                              uint16_t asset);

#endif /* WEIR_LEDGER_BALANCES_H */
