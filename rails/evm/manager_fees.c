#include "rails/evm/manager.h"

#include <assert.h>

#define GWEI ((unsigned __int128)1000000000)

struct weir_evm_policy weir_evm_policy_default(uint64_t chain_id)
{
    return (struct weir_evm_policy){
        .chain_id = chain_id,
        .depth = 0,
        .tip_min = GWEI,
        .tip_max = 50 * GWEI,
        .fee_cap_max = 500 * GWEI,
        .look_ms = 3000,
        .resend_ms = 30000,
        .bump_ms = 60000,
        .hold_ms = 30000,
        .retry_ms = 1000,
        .fresh_ms = 10000,
        .in_flight_max = 16,
        .revert_max = 2,
    };
}

static unsigned __int128 smaller(unsigned __int128 a, unsigned __int128 b)
{
    return a < b ? a : b;
}

static unsigned __int128 larger(unsigned __int128 a, unsigned __int128 b)
{
    return a > b ? a : b;
}

/* An operator may set the bounds across each other; the tighter one wins. */
static unsigned __int128 tip_ceiling(const struct weir_evm_policy *policy)
{
    return smaller(policy->tip_max, policy->fee_cap_max);
}

/* What the market asks for, within the policy; sums stay far below 2^128 because every number of a
 * view above a ceiling is cut first. */
static unsigned __int128 market_tip(const struct weir_evm_policy *policy,
                                    const struct weir_rail_view *view)
{
    return smaller(larger(view->tip, policy->tip_min), tip_ceiling(policy));
}

bool weir_evm_fees_first(const struct weir_evm_policy *policy,
                         const struct weir_rail_view *view,
                         unsigned __int128 *fee_cap,
                         unsigned __int128 *tip)
{
    unsigned __int128 base = view->head.base_fee;
    unsigned __int128 wanted_tip = market_tip(policy, view);
    if (base > policy->fee_cap_max || base + wanted_tip > policy->fee_cap_max)
        return false;
    *tip = wanted_tip;
    *fee_cap = smaller(2 * base + wanted_tip, policy->fee_cap_max);
    return true;
}

/* An eighth more, rounded up, and never the same: the rule of every client is 10 %. */
static unsigned __int128 raised(unsigned __int128 fee)
{
    return fee + fee / 8 + 1;
}

bool weir_evm_fees_bump(const struct weir_evm_policy *policy,
                        const struct weir_rail_view *view,
                        const struct weir_rail_attempt *attempt,
                        unsigned __int128 *fee_cap,
                        unsigned __int128 *tip)
{
    unsigned __int128 tip_least = raised(attempt->tip);
    unsigned __int128 cap_least = raised(attempt->fee_cap);
    if (tip_least > tip_ceiling(policy) || cap_least > policy->fee_cap_max)
        return false;
    unsigned __int128 new_tip = larger(tip_least, market_tip(policy, view));
    unsigned __int128 base = smaller(view->head.base_fee, policy->fee_cap_max);
    *tip = new_tip;
    *fee_cap = larger(cap_least, smaller(2 * base + new_tip, policy->fee_cap_max));
    assert(*tip <= *fee_cap);
    return true;
}
