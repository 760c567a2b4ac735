/* Reports in the making and made (protocol section 6): the unsigned proof that holds the evidence,
 * the signatures collected for its digest, and the complete proof.  Append-only.  Floor 2: I/O. */
#ifndef WEIR_LEDGER_REPORTS_H
#define WEIR_LEDGER_REPORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attest/opinion.h"
#include "attest/secp.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"

struct weir_store;

struct weir_report_row {
    struct weir_hash digest; /* EIP-712 of `breach`: the key */
    struct weir_breach breach;
    struct weir_slice proof;    /* proof file without the report's signatures */
    struct weir_slice complete; /* proof file with them; empty until it is known */
    bool is_own;                /* proposed here */
    int64_t made_ms;
};

/* The same digest again changes nothing.  Errors: STORE, BUSY. */
WEIR_CHECKED enum weir_err weir_report_put(struct weir_store *store,
                                           struct weir_scope *scope,
                                           const struct weir_report_row *row);

/* Errors: NOT_FOUND, STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_report_find(struct weir_store *store,
                                            struct weir_scope *scope,
                                            const struct weir_hash *digest,
                                            struct weir_report_row *row);

/* Those of one word of an agreement (terms), newest first, without their proofs (empty slices).
 * Errors: STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_report_list(struct weir_store *store,
                                            struct weir_scope *scope,
                                            const struct weir_hash *terms,
                                            uint64_t word,
                                            struct weir_report_row **rows,
                                            size_t *row_count);

/* One witness's signature over the report's digest; verified by the caller.  The first of a witness
 * stays.  Errors: NOT_FOUND (no such report), STORE, BUSY. */
WEIR_CHECKED enum weir_err weir_report_signature_put(struct weir_store *store,
                                                     struct weir_scope *scope,
                                                     const struct weir_hash *digest,
                                                     uint8_t witness,
                                                     const struct weir_signature *signature);

/* `signatures` has 16 places; bit i of `*have` says that place i was filled.
 * Errors: STORE. */
WEIR_CHECKED enum weir_err weir_report_signatures(struct weir_store *store,
                                                  struct weir_scope *scope,
                                                  const struct weir_hash *digest,
                                                  struct weir_signature *signatures,
                                                  uint32_t *have);

/* The signed proof file, own or received; the first one stays.  Errors: NOT_FOUND, STORE, BUSY. */
WEIR_CHECKED enum weir_err weir_report_complete(struct weir_store *store,
                                                struct weir_scope *scope,
                                                const struct weir_hash *digest,
                                                struct weir_slice complete,
                                                int64_t made_ms);

#endif /* WEIR_LEDGER_REPORTS_H */
