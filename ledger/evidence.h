/* What a proof needs besides leaves: the notes of heads as cosigned so far, the payloads and salts
 * that another node has shown of single leaves (its gauge definition, maintenance notices), and how
 * a report was paid.  The caller has verified everything.  Floor 2: I/O. */
#ifndef WEIR_LEDGER_EVIDENCE_H
#define WEIR_LEDGER_EVIDENCE_H

#include <stddef.h>
#include <stdint.h>

#include "attest/salt.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"

struct weir_store;

/* The note of one head of a log; a note with more cosignatures takes the place of the older one.
 * Errors: STORE, BUSY. */
WEIR_CHECKED enum weir_err weir_head_note_put(struct weir_store *store,
                                              struct weir_scope *scope,
                                              const struct weir_hash *origin_hash,
                                              uint64_t size,
                                              struct weir_slice note);
/* Errors: NOT_FOUND, STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_head_note_load(struct weir_store *store,
                                               struct weir_scope *scope,
                                               const struct weir_hash *origin_hash,
                                               uint64_t size,
                                               struct weir_slice *note);

/* When the newest head of a mirrored log with at most `size` leaves was cosigned here; untouched
 * when there is none.  Errors: STORE. */
WEIR_CHECKED enum weir_err weir_head_shown_before(struct weir_store *store,
                                                  struct weir_scope *scope,
                                                  const char *origin,
                                                  uint64_t size,
                                                  int64_t *cosigned_ms);

/* A leaf of a mirrored log whose content its owner has shown. */
struct weir_shown_leaf {
    uint64_t seq;
    struct weir_salt salt;
    struct weir_slice payload;
};
/* The first one stays.  Errors: STORE, BUSY. */
WEIR_CHECKED enum weir_err weir_shown_leaf_put(struct weir_store *store,
                                               struct weir_scope *scope,
                                               const struct weir_hash *origin_hash,
                                               const struct weir_shown_leaf *leaf);
/* All of a log, by position.  Errors: STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_shown_leaf_list(struct weir_store *store,
                                                struct weir_scope *scope,
                                                const struct weir_hash *origin_hash,
                                                struct weir_shown_leaf **leaves,
                                                size_t *leaf_count);

/* A payment of a report: `bytes` as node/proofs.c encodes it.  The same transaction again changes
 * nothing.  Errors: STORE, BUSY. */
WEIR_CHECKED enum weir_err weir_payment_put(struct weir_store *store,
                                            struct weir_scope *scope,
                                            const struct weir_hash *report,
                                            const struct weir_hash *tx,
                                            struct weir_slice bytes);
/* Of one report, by transaction.  Errors: STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_payment_list(struct weir_store *store,
                                             struct weir_scope *scope,
                                             const struct weir_hash *report,
                                             struct weir_slice **payments,
                                             size_t *payment_count);

#endif /* WEIR_LEDGER_EVIDENCE_H */
