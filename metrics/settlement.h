/* A witness's own verdict for money (protocol section 4) and the quorum's (section 6, condition 2).
 * Money uses the certain ratio, the best still reachable: unknown and future time count as up, only
 * sealed down time counts against it, and only maintenance declared in time is taken out.  It never
 * rises as more is logged.  Integer arithmetic only; the same evidence gives the same bytes in the
 * daemon, the signer and the offline verifier.  Floor 1: pure. */
#ifndef WEIR_METRICS_SETTLEMENT_H
#define WEIR_METRICS_SETTLEMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "metrics/availability.h"
#include "metrics/gauge.h"
#include "metrics/interval.h"
#include "metrics/maintenance.h"
#include "metrics/ratio.h"
#include "metrics/tally.h"

#define WEIR_WITNESS_MAX 16

/* What one log holds that bears on one window: the tick leaves (probed or missed) inside it, the
 * neighbour before and, when there is one, the neighbour after; and all maintenance leaves. */
struct weir_evidence {
    struct weir_tick_list ticks;
    struct weir_maintenance_list maintenance;
};

struct weir_own_verdict {
    struct weir_interval_list down; /* maximal, in the window, sealed, without maintenance */
    uint64_t num;                   /* den - sealed down time */
    uint64_t den;                   /* window - maintenance */
    int64_t sealed_until_ms; /* all before it is sealed: the newest tick; INT64_MIN without one */
    uint8_t is_final;        /* 1: all of the window is sealed */
    struct weir_hash inputs; /* weir_inputs_digest_down of `down` */
};

/* Errors: CONFLICT (ticks not strictly ascending), MEMORY. */
WEIR_CHECKED enum weir_err weir_own_verdict_compute(struct weir_scope *scope,
                                                    const struct weir_gauge *gauge,
                                                    struct weir_interval window,
                                                    const struct weir_evidence *evidence,
                                                    struct weir_own_verdict *verdict);

/* The tier a witness may claim: weir_tier_reached of num/den. */
unsigned weir_own_verdict_tier(const struct weir_own_verdict *verdict,
                               const struct weir_ratio *tiers,
                               size_t tier_count);

/* The tier of an event gauge's final tally: 0 below the gauge's minimum count. */
unsigned weir_tally_tier(const struct weir_gauge *gauge,
                         const struct weir_tally *tally,
                         const struct weir_ratio *tiers,
                         size_t tier_count);

/* Milliseconds in which at least `m` of the sets are down at once.  set_count <= WEIR_WITNESS_MAX,
 * m >= 1. */
uint64_t weir_quorum_down_ms(const struct weir_interval_list *sets, size_t set_count, unsigned m);

/* The tier that (den_max - down) / den_max reaches; a quorum that is down longer than den_max (the
 * witnesses know of different maintenance) counts as a ratio of 0. */
unsigned weir_quorum_tier(uint64_t quorum_down_ms,
                          uint64_t den_max,
                          const struct weir_ratio *tiers,
                          size_t tier_count);

/* SHA-256 of "weir/down/v1\n" and u64 start, u64 end of each interval (protocol section 5). */
struct weir_hash weir_inputs_digest_down(struct weir_interval_list down);

/* SHA-256 of "weir/set/v1\n" and the sorted event digests; sorts `digests` in place. */
struct weir_hash weir_inputs_digest_set(struct weir_hash *digests, size_t digest_count);

#endif /* WEIR_METRICS_SETTLEMENT_H */
