/* Checking a proof: recomputes everything that the file claims and says what it found, witness by
 * witness and window by window.  The same function runs in the api and the signer before a report
 * is signed, and in `weir-verify` on a customer's desk.  Rules are those of protocol sections 4 to
 * 6, 9 and 11; nothing is believed that can be computed.  Floor 1: pure. */
#ifndef WEIR_ATTEST_ACCOUNT_H
#define WEIR_ATTEST_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attest/keyset.h"
#include "attest/proof.h"
#include "attest/receipt.h"
#include "base/err.h"
#include "metrics/gauge.h"
#include "metrics/interval.h"

/* Leaves [first, end) of one log that came too late to count as down (protocol 9.2). */
struct weir_stale_leaves {
    struct weir_hash origin;
    uint64_t first;
    uint64_t end;
};

/* What the caller demands and knows.  `{0}` checks an unsigned proposal without outside help. */
struct weir_proof_rules {
    bool needs_signatures;                 /* a complete report: m signatures */
    const struct weir_hash *terms;         /* expected name of the agreement; NULL: any */
    const struct weir_address *contract;   /* expected address of the agreement; NULL: any */
    uint64_t chain_id;                     /* expected; 0: any */
    const struct weir_hash *trusted_block; /* hash of the paying block, by other means; NULL */
    const struct weir_stale_leaves *stale;
    size_t stale_count;
};

/* One opinion, recomputed. */
struct weir_account_opinion {
    uint64_t window;
    uint8_t witness;
    uint8_t own_tier;     /* of the opinion */
    uint8_t tier_counted; /* with stale leaves taken as unknown; what counts toward m */
    uint64_t num;
    uint64_t den;
    struct weir_interval_list down; /* counted toward the quorum; empty for event gauges */
    struct weir_hash inputs;
    struct weir_hash digest;
    uint64_t ticks_up;
    uint64_t ticks_down;
    uint64_t ticks_unknown;
    struct weir_slice origin; /* name of the log */
    unsigned cosigner_count;  /* other witnesses */
    uint64_t cosigned_s;      /* the earliest of their cosignatures */
    bool is_open;
};

struct weir_account_window {
    uint64_t window;
    struct weir_interval interval;
    uint64_t quorum_down_ms; /* at least m down at once; probe gauges */
    uint64_t den_max;
    uint8_t tier;     /* what could be reported: reached together, and by m witnesses alone */
    unsigned backers; /* witnesses whose own tier is at least the report's */
};

enum weir_payment_state {
    WEIR_PAYMENT_NONE,    /* the file names none */
    WEIR_PAYMENT_NAMED,   /* receipt and header agree, but nobody vouched for the block */
    WEIR_PAYMENT_TRUSTED, /* shown against the block hash the caller trusts */
};

struct weir_account_payment {
    enum weir_payment_state state;
    struct weir_settled settled;
    struct weir_hash block;
    uint64_t block_number;
    uint64_t block_time_s;
};

struct weir_account {
    struct weir_proof proof;
    struct weir_hash terms_hash;
    struct weir_gauge gauge;
    struct weir_keyset key_sets[WEIR_WITNESSES_MAX]; /* verified; key_count 0: not in the file */
    struct weir_account_opinion *opinions;           /* one per section, in its order */
    size_t checked_count; /* sections found right; after a failure the number of the wrong one */
    struct weir_account_window *windows;
    size_t window_count;
    uint32_t opinion_set;    /* S: bit i for witness i */
    struct weir_hash breach; /* digest that the witnesses sign */
    unsigned __int128 worth; /* base units for these windows at this tier, nothing paid before */
    struct weir_account_payment payments[WEIR_PROOF_PAYMENTS_MAX];
    enum weir_payment_state payment_state; /* the best of them */
};

/* Reads and checks.  Without `contract` the account is about whatever contract the file names: that
 * its address follows from the file's factory does not make it the agreement somebody funded.
 * Errors: PARSE, RANGE, LIMIT (malformed), EVIDENCE (terms, gauge, clone, key sets, another
 * agreement), SIGNATURE, QUORUM (cosignatures or signers missing), INCLUSION, COMPLETENESS
 * (neighbours, order or events missing), RECOMPUTE (a number differs), NO_BREACH (recomputed: the
 * quorum does not reach the tier), PAYMENT (the payment shown is of something else), MEMORY. */
WEIR_CHECKED enum weir_err weir_proof_verify(struct weir_scope *scope,
                                             struct weir_slice bytes,
                                             const struct weir_proof_rules *rules,
                                             struct weir_account *account);

/* As above, of a proof that is already read into `account->proof`. */
WEIR_CHECKED enum weir_err weir_account_check(struct weir_scope *scope,
                                              const struct weir_proof_rules *rules,
                                              struct weir_account *account);

/* One section alone, as the signer checks its own opinion before it signs: terms, gauge and key
 * sets must be in the account (weir_account_prepare).  `needs` says what of the section must hold.
 * Errors: as weir_proof_verify. */
struct weir_section_needs {
    bool signature;     /* the opinion is signed */
    unsigned cosigners; /* of other witnesses */
};
WEIR_CHECKED enum weir_err weir_account_prepare(struct weir_scope *scope,
                                                const struct weir_proof_rules *rules,
                                                struct weir_account *account);
WEIR_CHECKED enum weir_err weir_account_section(struct weir_scope *scope,
                                                const struct weir_account *account,
                                                const struct weir_proof_rules *rules,
                                                const struct weir_proof_section *section,
                                                struct weir_section_needs needs,
                                                struct weir_account_opinion *opinion);

#endif /* WEIR_ATTEST_ACCOUNT_H */
