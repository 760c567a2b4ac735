/* Proofs made from the ledger: the evidence of one witness for one window, from our own log or from
 * our mirror of a peer's, and whole proof files of a report.  Floor 3: reads the ledger. */
#ifndef WEIR_NODE_PROOFS_H
#define WEIR_NODE_PROOFS_H

#include <stdbool.h>
#include <stddef.h>

#include "attest/proof.h"
#include "base/err.h"
#include "ledger/opinions.h"
#include "ledger/reports.h"
#include "node/agreement.h"

struct weir_store;

/* An opinion and how to show it. */
struct weir_proof_part {
    uint8_t witness; /* index in the terms */
    const struct weir_opinion *opinion;
    const struct weir_signature *signature; /* NULL: not signed yet */
    bool is_open;                           /* own log only: show payloads and salts */
    struct weir_slice checkpoint;           /* NULL data: the note that the ledger has */
};

/* Everything in the arena.  Errors: NOT_FOUND (leaves or note not here), RANGE, STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_proof_section_make(struct weir_store *store,
                                                   struct weir_scope *scope,
                                                   const struct weir_agreement *agreement,
                                                   const struct weir_proof_part *part,
                                                   struct weir_proof_section *section);

/* Opinions about one window, in ascending order of witness, and the tier they are to show. */
struct weir_proof_parts {
    const struct weir_proof_part *items;
    size_t count;
    uint8_t tier;
};

/* A proof of these parts without breach signatures: evidence root computed, key sets included.
 * Errors: as above, EVIDENCE. */
WEIR_CHECKED enum weir_err weir_proof_make(struct weir_store *store,
                                           struct weir_scope *scope,
                                           const struct weir_agreement *agreement,
                                           struct weir_proof_parts parts,
                                           struct weir_proof *proof);

/* The bytes of a payment as the ledger keeps them, and back.  Errors: PARSE, MEMORY. */
WEIR_CHECKED enum weir_err weir_proof_payment_write(struct weir_scope *scope,
                                                    const struct weir_proof_payment *payment,
                                                    struct weir_buffer *buffer);
WEIR_CHECKED enum weir_err weir_proof_payment_read(struct weir_scope *scope,
                                                   struct weir_slice bytes,
                                                   struct weir_proof_payment *payment);

/* The file a customer gets: the complete report with every payment known, and this node's own part
 * opened.  Errors: NOT_FOUND (no complete report), and those of reading it. */
WEIR_CHECKED enum weir_err weir_proof_export(struct weir_store *store,
                                             struct weir_scope *scope,
                                             const struct weir_agreement *agreement,
                                             const struct weir_hash *report,
                                             struct weir_slice *bytes);

#endif /* WEIR_NODE_PROOFS_H */
