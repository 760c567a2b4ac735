#include <string.h>

#include "attest/terms.h"

#define SKEW_SHARE_OF_WINDOW 20
#define SHORTEST_MONTH_S (28 * UINT64_C(86400))

static enum weir_err check_parties(struct weir_scope *scope, const struct weir_terms *terms)
{
    if (weir_address_is_zero(&terms->provider))
        return weir_fail(scope, WEIR_E_RANGE, "'provider' is the zero address");
    if (weir_address_is_zero(&terms->customer))
        return weir_fail(scope, WEIR_E_RANGE, "'customer' is the zero address");
    if (weir_address_equal(&terms->provider, &terms->customer))
        return weir_fail(scope, WEIR_E_RANGE, "'provider' and 'customer' are the same");
    return WEIR_OK;
}

static enum weir_err check_times(struct weir_scope *scope, const struct weir_terms *terms)
{
    if (terms->calendar > WEIR_CALENDAR_MONTH)
        return weir_fail(scope, WEIR_E_RANGE, "'calendar' is %u, not 0, 1 or 2", terms->calendar);
    const struct weir_schedule schedule = weir_terms_schedule(terms);
    enum weir_err err = weir_schedule_check(scope, &schedule);
    if (err != WEIR_OK)
        return err;
    if (terms->early && terms->settle_delay_s != 0)
        return weir_fail(scope, WEIR_E_RANGE, "'early' needs 'settleDelay' 0, not %u",
                         terms->settle_delay_s);
    if (terms->claim_window_s <= terms->settle_delay_s)
        return weir_fail(scope, WEIR_E_RANGE, "'claimWindow' %u is not above 'settleDelay' %u",
                         terms->claim_window_s, terms->settle_delay_s);
    return WEIR_OK;
}

static enum weir_err check_witnesses(struct weir_scope *scope, const struct weir_terms *terms)
{
    if (terms->witness_count > WEIR_WITNESSES_MAX)
        return weir_fail(scope, WEIR_E_RANGE, "%zu 'witnesses', of at most %d",
                         terms->witness_count, WEIR_WITNESSES_MAX);
    if (terms->m < 1 || terms->m > terms->witness_count)
        return weir_fail(scope, WEIR_E_RANGE, "'m' is %u of %zu witnesses", terms->m,
                         terms->witness_count);
    struct weir_address previous = {{0}};
    for (size_t i = 0; i < terms->witness_count; i++) {
        if (weir_address_compare(&terms->witnesses[i].key, &previous) <= 0)
            return weir_fail(scope, WEIR_E_RANGE,
                             "the key of witness %zu is zero or not above the one before", i);
        previous = terms->witnesses[i].key;
    }
    return WEIR_OK;
}

/* The ratio 1/1 and the payout 0 stand before the first tier; the first may equal that ratio. */
static enum weir_err check_tiers(struct weir_scope *scope, const struct weir_terms *terms)
{
    if (terms->tier_count < 1 || terms->tier_count > WEIR_TIER_MAX)
        return weir_fail(scope, WEIR_E_RANGE, "%zu 'tiers', not 1 to %d", terms->tier_count,
                         WEIR_TIER_MAX);
    struct weir_terms_tier previous = {.ratio = {1, 1}, .payout = 0};
    for (size_t j = 0; j < terms->tier_count; j++) {
        const struct weir_terms_tier *tier = &terms->tiers[j];
        unsigned __int128 left = (unsigned __int128)tier->ratio.num * previous.ratio.den;
        unsigned __int128 right = (unsigned __int128)previous.ratio.num * tier->ratio.den;
        if (tier->ratio.den == 0 || left > right || (j > 0 && left == right))
            return weir_fail(scope, WEIR_E_RANGE,
                             "the ratio of tier %zu is above 1 or not below the one before", j + 1);
        if (tier->payout <= previous.payout || tier->payout >> WEIR_AMOUNT_BITS != 0)
            return weir_fail(scope, WEIR_E_RANGE,
                             "the payout of tier %zu is not above the one before, or needs more "
                             "than 96 bits",
                             j + 1);
        previous = *tier;
    }
    if (previous.payout > terms->cap || terms->cap >> WEIR_AMOUNT_BITS != 0)
        return weir_fail(scope, WEIR_E_RANGE,
                         "'cap' is below the last payout, or needs more than 96 bits");
    return WEIR_OK;
}

enum weir_err weir_terms_check_open(struct weir_scope *scope, const struct weir_terms *terms)
{
    enum weir_err err = check_parties(scope, terms);
    if (err == WEIR_OK)
        err = check_times(scope, terms);
    if (err == WEIR_OK)
        err = check_witnesses(scope, terms);
    if (err == WEIR_OK)
        err = check_tiers(scope, terms);
    return err;
}

/* Names are for reports and logs; a node that is two witnesses would count twice toward m. */
static enum weir_err check_nodes(struct weir_scope *scope, const struct weir_terms *terms)
{
    for (size_t i = 0; i < terms->witness_count; i++)
        for (size_t j = 0; j < i; j++)
            if (memcmp(terms->witnesses[i].node, terms->witnesses[j].node, WEIR_NODE_BYTES) == 0)
                return weir_fail(scope, WEIR_E_RANGE, "witnesses %zu and %zu are the same node", j,
                                 i);
    return WEIR_OK;
}

enum weir_err
weir_terms_check(struct weir_scope *scope, const struct weir_terms *terms, bool is_event_gauge)
{
    enum weir_err err = weir_terms_check_open(scope, terms);
    if (err == WEIR_OK)
        err = check_nodes(scope, terms);
    if (err != WEIR_OK)
        return err;
    if (2 * (size_t)terms->m <= terms->witness_count)
        return weir_fail(scope, WEIR_E_RANGE,
                         "'m' is %u of %zu witnesses: two disjoint quorums could disagree",
                         terms->m, terms->witness_count);
    uint64_t window_s = terms->calendar == WEIR_CALENDAR_MONTH ? SHORTEST_MONTH_S : terms->length_s;
    if ((uint64_t)terms->max_skew_ms * SKEW_SHARE_OF_WINDOW > window_s * 1000)
        return weir_fail(scope, WEIR_E_RANGE,
                         "'maxSkewMs' %u is above a twentieth of a window of %llu s",
                         terms->max_skew_ms, (unsigned long long)window_s);
    if (terms->early && is_event_gauge)
        return weir_fail(scope, WEIR_E_RANGE,
                         "'early' on an event gauge, whose misses can still be revised");
    return WEIR_OK;
}
