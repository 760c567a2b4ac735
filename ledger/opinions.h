/* Opinions of witnesses, own and peers' (protocol section 5), and what proves that one contradicted
 * itself.  Unique by (terms, node, window, revision); a second, different one under the same key is
 * kept apart as evidence of equivocation.  The caller verifies signatures.  Floor 2: I/O. */
#ifndef WEIR_LEDGER_OPINIONS_H
#define WEIR_LEDGER_OPINIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attest/opinion.h"
#include "attest/secp.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"

struct weir_store;

struct weir_opinion_row {
    uint8_t node[WEIR_HASH_BYTES]; /* who made it */
    struct weir_opinion opinion;
    struct weir_hash digest; /* EIP-712, what was signed */
    struct weir_signature signature;
    int64_t stored_ms;
};

enum weir_opinion_put {
    WEIR_OPINION_STORED,
    WEIR_OPINION_KNOWN,      /* the same digest is stored */
    WEIR_OPINION_CONTRADICTS /* another digest is stored under its key; both are kept */
};

/* Stores it before it is released or counted.  `*outcome` tells which of the three happened; a
 * contradiction makes the node a known equivocator of these terms.  Errors: STORE, BUSY. */
WEIR_CHECKED enum weir_err weir_opinion_put(struct weir_store *store,
                                            struct weir_scope *scope,
                                            const struct weir_opinion_row *row,
                                            enum weir_opinion_put *outcome);

/* All of one window, by node, then revision.  Errors: STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_opinion_list(struct weir_store *store,
                                             struct weir_scope *scope,
                                             const struct weir_hash *terms,
                                             uint64_t window,
                                             struct weir_opinion_row **rows,
                                             size_t *row_count);

/* The one with the highest revision.  Errors: NOT_FOUND, STORE. */
WEIR_CHECKED enum weir_err weir_opinion_last(struct weir_store *store,
                                             struct weir_scope *scope,
                                             const struct weir_hash *terms,
                                             const uint8_t node[static WEIR_HASH_BYTES],
                                             uint64_t window,
                                             struct weir_opinion_row *row);

/* By digest; the signer's questions and proofs name opinions so.  Errors: NOT_FOUND, STORE. */
WEIR_CHECKED enum weir_err weir_opinion_find(struct weir_store *store,
                                             struct weir_scope *scope,
                                             const struct weir_hash *digest,
                                             struct weir_opinion_row *row);

/* Two things one node has signed that cannot both be honest (protocol section 10). */
struct weir_equivocation_row {
    const char *kind;              /* "opinion", "phase", "checkpoint", "keys" */
    uint8_t node[WEIR_HASH_BYTES]; /* who signed both */
    struct weir_hash subject;      /* terms, or origin hash */
    struct weir_slice first;       /* the two signed things, as bytes with their signatures */
    struct weir_slice second;
    int64_t found_ms;
};

/* Keeps the two as evidence; the same pair again changes nothing.  Errors: STORE, BUSY. */
WEIR_CHECKED enum weir_err weir_equivocation_put(struct weir_store *store,
                                                 struct weir_scope *scope,
                                                 const struct weir_equivocation_row *row);

/* All of them, oldest first.  Errors: STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_equivocation_list(struct weir_store *store,
                                                  struct weir_scope *scope,
                                                  struct weir_equivocation_row **rows,
                                                  size_t *row_count);

/* Whether a node is known to have equivocated at all.  Errors: STORE. */
WEIR_CHECKED enum weir_err weir_equivocator_is_known(struct weir_store *store,
                                                     struct weir_scope *scope,
                                                     const uint8_t node[static WEIR_HASH_BYTES],
                                                     bool *is_known);

#endif /* WEIR_LEDGER_OPINIONS_H */
