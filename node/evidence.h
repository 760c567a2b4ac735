/* Whether an opinion in the ledger can serve as evidence for others (protocol 9.4): its leaves are
 * here, its head is cosigned by enough others, its maker did not contradict itself; and which of
 * its leaves came too late (9.2).  Used by the settler that proposes and by the api that answers.
 * Floor 3: reads the ledger. */
#ifndef WEIR_NODE_EVIDENCE_H
#define WEIR_NODE_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attest/account.h"
#include "base/err.h"
#include "ledger/opinions.h"
#include "node/agreement.h"
#include "node/proofs.h"

struct weir_store;

/* Where to look. */
struct weir_evidence_check {
    struct weir_store *store;
    struct weir_scope *scope;
    const struct weir_agreement *agreement;
};

/* Errors: STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_evidence_is_usable(const struct weir_evidence_check *check,
                                                   uint8_t witness,
                                                   const struct weir_opinion *opinion,
                                                   bool *is_usable);

/* Where the agreement pays early: whether a stored opinion and others of its maker about the same
 * window cannot both be honest, one following a final one or falling below an earlier tier
 * (protocol 10).  If so both are kept as proof of it.  Errors: STORE, MEMORY, BUSY. */
WEIR_CHECKED enum weir_err weir_evidence_compare(const struct weir_evidence_check *check,
                                                 const struct weir_opinion_row *given,
                                                 bool *contradicts);

/* Runs of peers' leaves that were shown to us more than 120 s + maxSkewMs after their ticks, while
 * we were up (since `started_ms`).  Errors: STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_evidence_stale(const struct weir_evidence_check *check,
                                               const struct weir_proof_part *parts,
                                               size_t part_count,
                                               int64_t started_ms,
                                               struct weir_stale_leaves **stale,
                                               size_t *stale_count);

#endif /* WEIR_NODE_EVIDENCE_H */
