/* The agreements this node is a witness of, and the assets they pay in.  An agreement is its terms;
 * its address on chain follows from them.  Rows are never changed.  Floor 2: I/O. */
#ifndef WEIR_LEDGER_AGREEMENTS_H
#define WEIR_LEDGER_AGREEMENTS_H

#include <stddef.h>
#include <stdint.h>

#include "attest/address.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"

struct weir_store;

struct weir_agreement_row {
    int64_t agreement_id;
    const char *name; /* the operator's */
    struct weir_hash terms_hash;
    struct weir_slice terms; /* canonical ABI encoding */
    uint64_t chain_id;
    struct weir_address clone;
    struct weir_address factory;
    struct weir_address implementation;
    int64_t log_id; /* the own log of its gauge; 0: none here */
    uint16_t asset;
    int64_t made_ms;
};

/* Registers it, or finds the same again; `row->agreement_id` is ignored, `*agreement_id` set.
 * Errors: CONFLICT (the name or the address is taken by other terms), STORE, BUSY. */
WEIR_CHECKED enum weir_err weir_agreement_put(struct weir_store *store,
                                              struct weir_scope *scope,
                                              const struct weir_agreement_row *row,
                                              int64_t *agreement_id);

/* Errors: NOT_FOUND, STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_agreement_load(struct weir_store *store,
                                               struct weir_scope *scope,
                                               int64_t agreement_id,
                                               struct weir_agreement_row *row);
WEIR_CHECKED enum weir_err weir_agreement_find(struct weir_store *store,
                                               struct weir_scope *scope,
                                               const char *name,
                                               struct weir_agreement_row *row);
WEIR_CHECKED enum weir_err weir_agreement_find_terms(struct weir_store *store,
                                                     struct weir_scope *scope,
                                                     const struct weir_hash *terms_hash,
                                                     struct weir_agreement_row *row);

/* All of them, by name.  Errors: STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_agreement_list(struct weir_store *store,
                                               struct weir_scope *scope,
                                               struct weir_agreement_row **rows,
                                               size_t *row_count);

struct weir_asset_row {
    uint16_t asset; /* the number used by struct weir_money; never 0 */
    uint64_t chain_id;
    struct weir_address token; /* zero: the native coin */
    const char *symbol;
    uint8_t decimals;
};

/* Numbers the asset at its first sight.  Errors: CONFLICT (known with other decimals or symbol),
 * LIMIT (65,535 assets), STORE, BUSY. */
WEIR_CHECKED enum weir_err weir_asset_open(struct weir_store *store,
                                           struct weir_scope *scope,
                                           const struct weir_asset_row *row,
                                           uint16_t *asset);

/* Errors: NOT_FOUND, STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_asset_load(struct weir_store *store,
                                           struct weir_scope *scope,
                                           uint16_t asset,
                                           struct weir_asset_row *row);

#endif /* WEIR_LEDGER_AGREEMENTS_H */
