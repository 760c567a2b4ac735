/* The terms of one agreement (protocol section 2): what two parties agree on, and the name and the
 * address that follow from it.  The same bytes travel in the `open` call, in the configuration and
 * in the proof file.  Amounts are base units of the asset and fit 96 bits; times are unix seconds
 * as on chain (everything off chain is exactly 1000 times that).  Floor 1: pure. */
#ifndef WEIR_ATTEST_TERMS_H
#define WEIR_ATTEST_TERMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attest/address.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"
#include "metrics/ratio.h"
#include "metrics/window.h"

#define WEIR_WITNESSES_MAX 16
#define WEIR_NODE_BYTES 32
#define WEIR_AMOUNT_BITS 96
#define WEIR_TERMS_TYPE                                                                            \
    "Terms(address provider,address customer,address asset,bytes32 gauge,bytes32 document,"        \
    "uint8 calendar,uint32 length,uint64 start,uint32 count,bool early,uint32 settleDelay,"        \
    "uint32 claimWindow,uint32 maxSkewMs,uint96 cap,uint32 capWindows,uint8 m,"                    \
    "Witness[] witnesses,Tier[] tiers,uint64 nonce)" WEIR_TIER_TYPE WEIR_WITNESS_TYPE
#define WEIR_TIER_TYPE "Tier(uint64 num,uint64 den,uint96 payout)"
#define WEIR_WITNESS_TYPE "Witness(address key,bytes32 node)"
/* Words of the ABI encoding: the offset, 19 heads, two counts, and the items. */
#define WEIR_TERMS_BYTES_MAX (32 * (1 + 19 + 2 + 2 * WEIR_WITNESSES_MAX + 3 * WEIR_TIER_MAX))

struct weir_terms_witness {
    struct weir_address key;       /* of the report key */
    uint8_t node[WEIR_NODE_BYTES]; /* Ed25519 identity */
};

struct weir_terms_tier {
    struct weir_ratio ratio;
    unsigned __int128 payout; /* base units, for the window in total; below 2^96 */
};

struct weir_terms {
    struct weir_address provider;
    struct weir_address customer;
    struct weir_address asset; /* zero: the native coin */
    struct weir_hash gauge;
    struct weir_hash document;
    uint8_t calendar;  /* enum weir_calendar; foreign bytes may hold anything until checked */
    uint32_t length_s; /* 0 for months */
    uint64_t start_s;
    uint32_t count;
    bool early;
    uint32_t settle_delay_s;
    uint32_t claim_window_s;
    uint32_t max_skew_ms;
    unsigned __int128 cap; /* base units; below 2^96 */
    uint32_t cap_windows;
    uint8_t m;
    size_t witness_count;
    struct weir_terms_witness witnesses[WEIR_WITNESSES_MAX];
    size_t tier_count;
    struct weir_terms_tier tiers[WEIR_TIER_MAX]; /* tiers[j - 1] is tier j */
    uint64_t nonce;
};

/* EIP-712 hashStruct: the name of the agreement. */
struct weir_hash weir_terms_hash(const struct weir_terms *terms);

/* Appends the canonical ABI encoding `abi.encode(terms)`, which is the argument of `open`.
 * Errors: RANGE (an amount of 2^96 or more), LIMIT, MEMORY. */
WEIR_CHECKED enum weir_err weir_terms_write(struct weir_scope *scope,
                                            const struct weir_terms *terms,
                                            struct weir_buffer *buffer);

/* Strict: accepts exactly what weir_terms_write makes.  Errors: PARSE, RANGE. */
WEIR_CHECKED enum weir_err
weir_terms_read(struct weir_scope *scope, struct weir_slice bytes, struct weir_terms *terms);

/* All rules that `open` checks, except that the start lies in the future: that needs a clock.
 * Errors: RANGE, naming the field. */
WEIR_CHECKED enum weir_err weir_terms_check_open(struct weir_scope *scope,
                                                 const struct weir_terms *terms);

/* Those rules and what tools refuse besides: 2m <= n, maxSkewMs above a twentieth of the shortest
 * window, `early` on an event gauge.  Errors: RANGE, naming the field. */
WEIR_CHECKED enum weir_err
weir_terms_check(struct weir_scope *scope, const struct weir_terms *terms, bool is_event_gauge);

/* The windows of checked terms, as metrics/window.h computes them. */
struct weir_schedule weir_terms_schedule(const struct weir_terms *terms);

/* The ratios of the tiers, as weir_tier_reached takes them; returns how many. */
size_t weir_terms_ratios(const struct weir_terms *terms,
                         struct weir_ratio ratios[static WEIR_TIER_MAX]);

/* First second at which window `w` may be reported, and the first at which no longer.
 * The terms passed a check and w < count (asserted). */
uint64_t weir_terms_payable_s(const struct weir_terms *terms, uint64_t w);
uint64_t weir_terms_closed_s(const struct weir_terms *terms, uint64_t w);

/* Where the agreement lives: CREATE2 by `factory` of a minimal proxy to `implementation` with the
 * packed terms behind it and the terms' hash as salt. */
struct weir_address weir_terms_clone_address(const struct weir_terms *terms,
                                             const struct weir_address *factory,
                                             const struct weir_address *implementation);

#endif /* WEIR_ATTEST_TERMS_H */
