/* Double entry: every movement of money debits one account and credits another of the same asset.
 * A payout is booked pending before it is sent, and posted or voided when its outcome is final;
 * each of these is a row of its own and no row is ever changed.  Ids follow from the intent, so a
 * replay books nothing twice.  Amounts are 32-byte big-endian numbers in the file.  Floor 2: I/O.
 */
#ifndef WEIR_LEDGER_TRANSFERS_H
#define WEIR_LEDGER_TRANSFERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/money.h"

struct weir_store;

/* Finds or makes the account `name` ("escrow/0x…", "customer/0x…", "gas/0x…") of one asset.
 * Errors: STORE, BUSY. */
WEIR_CHECKED enum weir_err weir_account_open(struct weir_store *store,
                                             struct weir_scope *scope,
                                             const char *name,
                                             uint16_t asset,
                                             int64_t *account_id);

struct weir_account_row {
    int64_t account_id;
    const char *name;
    struct weir_money debits_pending;
    struct weir_money debits_posted;
    struct weir_money credits_pending;
    struct weir_money credits_posted;
};

/* Errors: NOT_FOUND, STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_account_load(struct weir_store *store,
                                             struct weir_scope *scope,
                                             int64_t account_id,
                                             struct weir_account_row *row);
WEIR_CHECKED enum weir_err weir_account_list(struct weir_store *store,
                                             struct weir_scope *scope,
                                             struct weir_account_row **rows,
                                             size_t *row_count);

enum weir_transfer_kind {
    WEIR_TRANSFER_PENDING = 1,
    WEIR_TRANSFER_POST = 2,   /* of a pending one; may be less than it: the rest is released */
    WEIR_TRANSFER_VOID = 3,   /* of a pending one, amount 0 */
    WEIR_TRANSFER_DIRECT = 4, /* posted at once: funding, fees, withdrawals seen on chain */
};

struct weir_transfer {
    struct weir_hash id;
    enum weir_transfer_kind kind;
    struct weir_hash cause; /* the intent; for DIRECT what identifies the movement on chain */
    int64_t debit;          /* account that gives */
    int64_t credit;         /* account that gets */
    struct weir_money amount;
    const char *detail; /* e.g. the transaction */
    int64_t made_ms;
};

/* SHA-256("weir/transfer/v1\0" || cause || u8 kind). */
struct weir_hash weir_transfer_id(const struct weir_hash *cause, enum weir_transfer_kind kind);

/* Books a PENDING or DIRECT one (`id` is derived, the field is ignored); the same again changes
 * nothing.  Errors: CONFLICT (booked before with other accounts or amount), ASSET (an account of
 * another asset), OVERFLOW, STORE, BUSY. */
WEIR_CHECKED enum weir_err weir_transfer_book(struct weir_store *store,
                                              struct weir_scope *scope,
                                              const struct weir_transfer *transfer);

/* Ends the pending transfer of `cause`: posts `amount` of it, or voids it.  The same again changes
 * nothing.  Errors: NOT_FOUND (nothing pending), CONFLICT (ended otherwise before, or more than was
 * pending), STORE, BUSY. */
WEIR_CHECKED enum weir_err weir_transfer_post(struct weir_store *store,
                                              struct weir_scope *scope,
                                              const struct weir_hash *cause,
                                              struct weir_money amount,
                                              int64_t now_ms,
                                              const char *detail);
WEIR_CHECKED enum weir_err weir_transfer_void(struct weir_store *store,
                                              struct weir_scope *scope,
                                              const struct weir_hash *cause,
                                              int64_t now_ms,
                                              const char *detail);

/* Of one cause, oldest first.  Errors: STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_transfer_list(struct weir_store *store,
                                              struct weir_scope *scope,
                                              const struct weir_hash *cause,
                                              struct weir_transfer **transfers,
                                              size_t *transfer_count);

#endif /* WEIR_LEDGER_TRANSFERS_H */
