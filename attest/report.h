/* What turns opinions into one report (protocol sections 6, 7 and 9): the root over the evidence,
 * the choice and packing of m signatures, and the order in which witnesses send.  Floor 1: pure. */
#ifndef WEIR_ATTEST_REPORT_H
#define WEIR_ATTEST_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "attest/eip712.h"
#include "attest/opinion.h"
#include "attest/secp.h"
#include "attest/terms.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"

/* Of 255 windows by 16 witnesses. */
#define WEIR_EVIDENCE_MAX (255 * WEIR_WITNESSES_MAX)

/* One opinion of the set S, as the evidence root commits to it. */
struct weir_evidence_item {
    uint64_t window;
    uint8_t witness;         /* index in the terms */
    struct weir_hash digest; /* weir_opinion_digest */
};

/* A signed report as the contract takes it. */
struct weir_report {
    struct weir_breach breach;
    uint32_t who;                                         /* bit i: witness i signed */
    struct weir_signature signatures[WEIR_WITNESSES_MAX]; /* m of them, by index ascending */
    size_t signature_count;
};

/* RFC 6962 tree hash over `01 || witness || digest`.  The items must be in strictly ascending order
 * of (window, witness); at least one.  Errors: RANGE (order, count). */
WEIR_CHECKED enum weir_err weir_evidence_root(struct weir_scope *scope,
                                              const struct weir_evidence_item *items,
                                              size_t item_count,
                                              struct weir_hash *root);

/* Rank of witness `index` among the n of the terms for the report whose lowest window is `lo`
 * (protocol 9.3): 0 sends first. */
unsigned weir_report_rank(const struct weir_hash *terms_hash,
                          size_t witness_count,
                          uint64_t lo,
                          uint8_t tier,
                          uint8_t index);

/* Takes the m lowest of the witnesses that signed into the report: `signatures` has one place per
 * witness of the terms, bit i of `have` says that place i is filled.  The signatures are checked
 * again by weir_report_check.  Errors: QUORUM (fewer than m). */
WEIR_CHECKED enum weir_err weir_report_pack(struct weir_scope *scope,
                                            const struct weir_terms *terms,
                                            const struct weir_signature *signatures,
                                            uint32_t have,
                                            struct weir_report *report);

/* Steps 2, 9 and 10 of the contract: these terms and epoch 0, exactly m known signers, each
 * signature by the key of its witness.  Errors: QUORUM, RANGE (other terms, another epoch),
 * SIGNATURE (naming the witness). */
WEIR_CHECKED enum weir_err weir_report_check(struct weir_scope *scope,
                                             const struct weir_terms *terms,
                                             const struct weir_domain *domain,
                                             const struct weir_report *report);

#endif /* WEIR_ATTEST_REPORT_H */
