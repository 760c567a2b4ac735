/* The messages that report keys sign (protocol sections 4 to 6 and 10), as EIP-712 typed data in
 * the domain of their agreement.  Each struct has its members in the order of its type string.
 * Digests are what is signed and what evidence refers to.  Floor 1: pure. */
#ifndef WEIR_ATTEST_OPINION_H
#define WEIR_ATTEST_OPINION_H

#include <stdint.h>

#include "attest/eip712.h"
#include "attest/word.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"

#define WEIR_OPINION_WORDS 14
#define WEIR_OPINION_BYTES (WEIR_OPINION_WORDS * WEIR_WORD_BYTES)
#define WEIR_OPINION_TYPE                                                                          \
    "Opinion(bytes32 terms,uint64 window,uint32 revision,uint8 phase,uint8 tier,uint64 num,"       \
    "uint64 den,bytes32 inputs,bytes32 origin,uint64 firstLeaf,uint64 endLeaf,uint64 treeSize,"    \
    "bytes32 treeRoot,uint64 madeAtMs)"
#define WEIR_BREACH_TYPE                                                                           \
    "Breach(bytes32 terms,uint64 epoch,uint64 word,uint256 mask,uint8 tier,bytes32 evidenceRoot)"
#define WEIR_CLEAN_TYPE                                                                            \
    "Clean(bytes32 terms,uint64 epoch,uint64 word,uint256 mask,bytes32 evidenceRoot)"
#define WEIR_MAINTENANCE_TYPE "Maintenance(bytes32 terms,uint64 from,uint64 to,uint64 nonce)"

enum weir_phase {
    WEIR_PHASE_EARLY = 0,
    WEIR_PHASE_FINAL = 1, /* all of the window is sealed */
};

/* What one witness measured in one window. */
struct weir_opinion {
    struct weir_hash terms;
    uint64_t window;
    uint32_t revision;
    uint8_t phase; /* enum weir_phase */
    uint8_t tier;
    uint64_t num;
    uint64_t den;
    struct weir_hash inputs;
    struct weir_hash origin; /* SHA-256 of the log's origin line */
    uint64_t first_leaf;     /* leaves [first, end) */
    uint64_t end_leaf;
    uint64_t tree_size;
    struct weir_hash tree_root;
    uint64_t made_at_ms;
};

/* Every window of the mask is breached at `tier` or worse. */
struct weir_breach {
    struct weir_hash terms;
    uint64_t epoch;
    uint64_t word;
    struct weir_word mask;
    uint8_t tier;
    struct weir_hash evidence_root;
};

/* No window of the mask is breached. */
struct weir_clean {
    struct weir_hash terms;
    uint64_t epoch;
    uint64_t word;
    struct weir_word mask;
    struct weir_hash evidence_root;
};

/* The provider's notice that it will be down from .. to (unix ms). */
struct weir_maintenance_message {
    struct weir_hash terms;
    uint64_t from_ms;
    uint64_t to_ms;
    uint64_t nonce;
};

struct weir_hash weir_opinion_digest(const struct weir_domain *domain,
                                     const struct weir_opinion *opinion);
struct weir_hash weir_breach_digest(const struct weir_domain *domain,
                                    const struct weir_breach *breach);
struct weir_hash weir_clean_digest(const struct weir_domain *domain,
                                   const struct weir_clean *clean);
struct weir_hash weir_maintenance_digest(const struct weir_domain *domain,
                                         const struct weir_maintenance_message *maintenance);

/* The 14 members as ABI words. */
void weir_opinion_write(const struct weir_opinion *opinion,
                        uint8_t bytes[static WEIR_OPINION_BYTES]);

/* The inverse: every member in its width, phase 0 or 1, firstLeaf < endLeaf <= treeSize, num <=
 * den.  Errors: PARSE, naming the member. */
WEIR_CHECKED enum weir_err
weir_opinion_read(struct weir_scope *scope, struct weir_slice bytes, struct weir_opinion *opinion);

#endif /* WEIR_ATTEST_OPINION_H */
