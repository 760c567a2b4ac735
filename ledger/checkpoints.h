/* Signed heads of the node's own logs and the cosignatures that others gave.  A checkpoint is
 * stored before it is published; sizes only grow, and one size has one root.  Only cosignatures
 * that the caller has verified are stored.  Floor 2: I/O. */
#ifndef WEIR_LEDGER_CHECKPOINTS_H
#define WEIR_LEDGER_CHECKPOINTS_H

#include <stddef.h>
#include <stdint.h>

#include "attest/merkle.h"
#include "base/err.h"
#include "base/slice.h"

struct weir_store;

struct weir_checkpoint_row {
    struct weir_merkle_head head;
    struct weir_slice note; /* text and the log's own signature */
    int64_t made_ms;
};

/* Errors: CONFLICT (the same size with another root, or a root that the log does not have at this
 * size), RANGE (beyond the log), STALE (a larger one is stored), STORE, BUSY.  The same one again
 * is fine. */
WEIR_CHECKED enum weir_err weir_checkpoint_put(struct weir_store *store,
                                               struct weir_scope *scope,
                                               int64_t log_id,
                                               const struct weir_checkpoint_row *row);

/* The smallest checkpoint that covers `size_min` leaves.  Errors: NOT_FOUND, STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_checkpoint_covering(struct weir_store *store,
                                                    struct weir_scope *scope,
                                                    int64_t log_id,
                                                    uint64_t size_min,
                                                    struct weir_checkpoint_row *row);
/* The newest.  Errors: NOT_FOUND, STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_checkpoint_last(struct weir_store *store,
                                                struct weir_scope *scope,
                                                int64_t log_id,
                                                struct weir_checkpoint_row *row);

/* One verified cosignature line of another node over a checkpoint of ours. */
struct weir_cosignature_row {
    uint64_t size;
    const char *cosigner;   /* key name, e.g. "w2.example/cosign" */
    uint64_t cosigned_s;    /* the time in the cosignature */
    struct weir_slice line; /* the signature line with its '\n' */
};

/* The first line of a cosigner for a size stays; a later one is ignored.
 * Errors: NOT_FOUND (no checkpoint of this size), STORE, BUSY. */
WEIR_CHECKED enum weir_err weir_cosignature_put(struct weir_store *store,
                                                struct weir_scope *scope,
                                                int64_t log_id,
                                                const struct weir_cosignature_row *row);

/* Of one checkpoint, by cosigner.  Errors: STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_cosignature_list(struct weir_store *store,
                                                 struct weir_scope *scope,
                                                 int64_t log_id,
                                                 uint64_t size,
                                                 struct weir_cosignature_row **rows,
                                                 size_t *row_count);

/* The note with all cosignatures stored for it: what is published and put into proofs.
 * Errors: NOT_FOUND, STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_checkpoint_note(struct weir_store *store,
                                                struct weir_scope *scope,
                                                int64_t log_id,
                                                uint64_t size,
                                                struct weir_slice *note);

#endif /* WEIR_LEDGER_CHECKPOINTS_H */
