/* The transaction manager of the EVM rail: two pure functions over a weir_job, with the rules of
 * nonces, fees, replacement, rebroadcast and reorganisation.  The table stands in manager.c.
 * Nothing here does I/O, reads a clock or keeps state.  Floor 2, pure. */
#ifndef WEIR_RAILS_EVM_MANAGER_H
#define WEIR_RAILS_EVM_MANAGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "rails/job.h"

/* What an operator may set; zero fields take the default in weir_evm_policy_default. */
struct weir_evm_policy {
    uint64_t chain_id;
    uint32_t depth; /* final = this many blocks below the head; 0: the node's `finalized` block */
    unsigned __int128 tip_min;     /* wei per gas */
    unsigned __int128 tip_max;     /* bumping stops here: beyond it is no matter of price */
    unsigned __int128 fee_cap_max; /* wei per gas; above it a payout is held or waits */
    uint32_t look_ms;              /* between two looks at a transaction on its way */
    uint32_t resend_ms;            /* the same bytes again after this long without being mined */
    uint32_t bump_ms;              /* replace with higher fees after this long */
    uint32_t hold_ms;              /* try a held job again after this long */
    uint32_t retry_ms;             /* after a call without answer, doubled up to 16 times */
    uint32_t fresh_ms;             /* a look older than this does not allow a signature */
    uint32_t in_flight_max;        /* nonces of one key under way at once */
    uint32_t revert_max;           /* own transactions of one intent that may fail, finally */
};

struct weir_evm_policy weir_evm_policy_default(uint64_t chain_id);

/* A job at its beginning. */
void weir_evm_job_init(struct weir_rail_job *job,
                       const struct weir_hash *id,
                       enum weir_rail_kind kind,
                       const struct weir_rail_call *call,
                       const struct weir_rail_effect *effect);

/* What to do now.  `account` must already count this job. */
struct weir_rail_action weir_evm_next(const struct weir_evm_policy *policy,
                                      const struct weir_rail_job *job,
                                      const struct weir_rail_account *account,
                                      int64_t now_ms);

/* Takes an event into the job.  Signed bytes are read again and must be exactly what was asked for.
 * Errors: CORRUPT (an event the stage cannot have, other bytes than asked for), MEMORY.  The job is
 * then untouched. */
WEIR_CHECKED enum weir_err weir_evm_apply(const struct weir_evm_policy *policy,
                                          struct weir_scope *scope,
                                          struct weir_rail_job *job,
                                          const struct weir_rail_account *account,
                                          const struct weir_rail_event *event,
                                          int64_t now_ms);

/* Fees of a first attempt: tip within the policy's bounds, cap = 2 * base + tip, cut at the
 * ceiling.  False when the ceiling is below base + tip: not worth sending. */
bool weir_evm_fees_first(const struct weir_evm_policy *policy,
                         const struct weir_rail_view *view,
                         unsigned __int128 *fee_cap,
                         unsigned __int128 *tip);

/* Fees of a replacement: both at least 12.5 % (rounded up) above `attempt`, and enough for the
 * market.  False when a ceiling forbids it. */
bool weir_evm_fees_bump(const struct weir_evm_policy *policy,
                        const struct weir_rail_view *view,
                        const struct weir_rail_attempt *attempt,
                        unsigned __int128 *fee_cap,
                        unsigned __int128 *tip);

/* An operator has looked at an alarm that stops the job: it may go on. */
void weir_evm_job_resume(struct weir_rail_job *job);

#endif /* WEIR_RAILS_EVM_MANAGER_H */
