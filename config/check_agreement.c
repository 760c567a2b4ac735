#include <string.h>

#include "base/arena.h"
#include "config/check.h"

static enum weir_err
refuse_term(const struct weir_check *check, size_t index, const char *key, const char *reason)
{
    return weir_check_refuse(check, "agreements", index, key, "%s", reason);
}

static enum weir_err resolve_names(const struct weir_check *check, size_t index)
{
    struct weir_config *config = check->config;
    struct weir_config_agreement *agreement = &config->agreements[index];
    const struct weir_names chains = weir_names_of_chains(config);
    const struct weir_names gauges = weir_names_of_gauges(config);
    const struct weir_names assets = weir_names_of_assets(config);
    const char *list = "agreements";
    const struct weir_reference to_chain = {list, index, "chain", agreement->chain_name};
    const struct weir_reference to_gauge = {list, index, "gauge", agreement->gauge_name};
    const struct weir_reference to_asset = {list, index, "asset", agreement->asset_name};
    size_t chain = 0;
    size_t gauge = 0;
    size_t asset = 0;
    if (weir_check_find(check, &chains, to_chain, &chain) != WEIR_OK ||
        weir_check_find(check, &gauges, to_gauge, &gauge) != WEIR_OK ||
        weir_check_find(check, &assets, to_asset, &asset) != WEIR_OK)
        return check->scope->err;
    agreement->chain = &config->chains[chain];
    agreement->gauge = &config->gauges[gauge];
    agreement->asset = &config->assets[asset];
    if (agreement->asset->chain != agreement->chain)
        return weir_check_refuse(check, list, index, "asset", "%s is an asset of the chain '%s'",
                                 agreement->asset_name, agreement->asset->chain_name);
    return WEIR_OK;
}

static enum weir_err check_parties(const struct weir_check *check, size_t index)
{
    static const struct weir_config_address zero;
    const struct weir_config_agreement *agreement = &check->config->agreements[index];
    if (memcmp(&agreement->provider, &zero, sizeof(zero)) == 0)
        return refuse_term(check, index, "provider", "the zero address is nobody");
    if (memcmp(&agreement->customer, &zero, sizeof(zero)) == 0)
        return refuse_term(check, index, "customer", "the zero address is nobody");
    if (memcmp(&agreement->customer, &agreement->provider, sizeof(zero)) == 0)
        return refuse_term(check, index, "customer", "provider and customer are the same");
    return WEIR_OK;
}

/* The shortest window of the calendar, in milliseconds. */
static int64_t window_min_ms(const struct weir_windows *windows)
{
    if (windows->calendar == WEIR_CALENDAR_FIXED)
        return windows->length_ms;
    return (windows->calendar == WEIR_CALENDAR_MONTH ? 28 : 7) * INT64_C(86400000);
}

static enum weir_err check_schedule(const struct weir_check *check, size_t index)
{
    const struct weir_config_agreement *agreement = &check->config->agreements[index];
    const struct weir_windows *windows = &agreement->gauge->definition.windows;
    if (strcmp(agreement->gauge->definition.zone, "UTC") != 0)
        return refuse_term(check, index, "gauge", "money needs a gauge with windows of UTC");
    if (agreement->start_ms % 1000 != 0 || agreement->start_ms < 0)
        return refuse_term(check, index, "start", "a whole second after 1970 is wanted");
    bool is_fixed = windows->calendar == WEIR_CALENDAR_FIXED;
    if (is_fixed && (agreement->start_ms - windows->anchor_ms) % windows->length_ms != 0)
        return refuse_term(check, index, "start",
                           "no window of the gauge starts then (its anchor and length say when)");
    if (is_fixed && windows->length_ms / 1000 > UINT32_MAX)
        return refuse_term(check, index, "gauge",
                           "the gauge's windows are too long for a contract");
    uint32_t length_s = is_fixed ? (uint32_t)(windows->length_ms / 1000) : 0;
    if (windows->calendar == WEIR_CALENDAR_ISO_WEEK)
        length_s = 604800;
    const struct weir_schedule schedule = {
        .calendar = windows->calendar,
        .length_s = length_s,
        .count = agreement->window_count,
        .start_s = (uint64_t)agreement->start_ms / 1000,
    };
    struct weir_scope inner = {.arena = check->scope->arena};
    if (weir_schedule_check(&inner, &schedule) != WEIR_OK)
        return refuse_term(check, index, "start", inner.fault);
    if (agreement->skew_max_ms > window_min_ms(windows) / 20)
        return refuse_term(check, index, "max_skew", "more than a twentieth of a window");
    return WEIR_OK;
}

static enum weir_err check_delays(const struct weir_check *check, size_t index)
{
    const struct weir_config_agreement *agreement = &check->config->agreements[index];
    const struct weir_gauge *gauge = &agreement->gauge->definition;
    if (agreement->settle_delay_ms % 1000 != 0)
        return refuse_term(check, index, "settle_delay", "whole seconds are wanted");
    if (agreement->claim_window_ms % 1000 != 0)
        return refuse_term(check, index, "claim_window", "whole seconds are wanted");
    if (agreement->claim_window_ms <= agreement->settle_delay_ms)
        return refuse_term(check, index, "claim_window", "not longer than settle_delay");
    if (agreement->pays_early && agreement->settle_delay_ms != 0)
        return refuse_term(check, index, "settle_delay", "early payment needs 0s");
    if (agreement->pays_early && !weir_gauge_is_scheduled(gauge))
        return refuse_term(check, index, "early",
                           "only a gauge with a probe knows a breach before the window ends");
    if (!weir_gauge_is_scheduled(gauge) && agreement->settle_delay_ms < gauge->lateness_ms)
        return refuse_term(check, index, "settle_delay", "shorter than the gauge's lateness");
    return WEIR_OK;
}

/* Puts the witnesses in the order of the terms. */
static enum weir_err check_witnesses(const struct weir_check *check, size_t index)
{
    struct weir_config_agreement *agreement = &check->config->agreements[index];
    struct weir_config_witness *all = agreement->witnesses;
    static const struct weir_config_address zero;
    for (size_t i = 1; i < agreement->witness_count; i++) {
        struct weir_config_witness moved = all[i];
        size_t k = i;
        for (; k > 0 && memcmp(&moved.key, &all[k - 1].key, sizeof(moved.key)) < 0; k--)
            all[k] = all[k - 1];
        all[k] = moved;
    }
    for (size_t i = 0; i < agreement->witness_count; i++) {
        if (memcmp(&all[i].key, &zero, sizeof(zero)) == 0)
            return refuse_term(check, index, "witnesses", "the zero address is no key");
        if (i > 0 && memcmp(&all[i].key, &all[i - 1].key, sizeof(zero)) == 0)
            return refuse_term(check, index, "witnesses", "two witnesses have the same key");
    }
    if (agreement->threshold > agreement->witness_count)
        return refuse_term(check, index, "threshold", "there are fewer witnesses than that");
    if (2U * agreement->threshold <= agreement->witness_count)
        return refuse_term(check, index, "threshold",
                           "more than half of the witnesses must be needed");
    return WEIR_OK;
}

static enum weir_err check_tier(const struct weir_check *check, size_t index, size_t number)
{
    struct weir_config_agreement *agreement = &check->config->agreements[index];
    struct weir_config_tier *tier = &agreement->tiers[number];
    const struct weir_config_tier *above = number == 0 ? NULL : tier - 1;
    const char *key = weir_path_take_index(check->scope, "tiers", number);
    const char *path =
        weir_take_printf(check->scope, "agreements[%zu].tiers[%zu].payout", index, number);
    if (key == NULL || path == NULL ||
        weir_check_amount(check, path, agreement->asset, tier->payout_text, &tier->payout) !=
            WEIR_OK)
        return check->scope->err;
    struct weir_ratio target = agreement->gauge->definition.target;
    if (above == NULL &&
        (weir_ratio_is_below(tier->ratio, target) || weir_ratio_is_below(target, tier->ratio)))
        return weir_check_refuse(check, "agreements", index, key,
                                 "the first tier is the target of the gauge, %s",
                                 agreement->gauge->target_percent);
    if (above == NULL && weir_money_is_zero(tier->payout))
        return refuse_term(check, index, key, "the payout is zero");
    if (above != NULL && !weir_ratio_is_below(tier->ratio, above->ratio))
        return refuse_term(check, index, key, "below_percent does not fall from tier to tier");
    if (above != NULL && weir_money_compare(tier->payout, above->payout) <= 0)
        return refuse_term(check, index, key, "the payout does not rise from tier to tier");
    return WEIR_OK;
}

static enum weir_err check_tiers(const struct weir_check *check, size_t index)
{
    struct weir_config_agreement *agreement = &check->config->agreements[index];
    const char *path = weir_take_printf(check->scope, "agreements[%zu].cap", index);
    if (path == NULL || weir_check_amount(check, path, agreement->asset, agreement->cap_text,
                                          &agreement->cap) != WEIR_OK)
        return check->scope->err;
    if (agreement->tier_count == 0)
        return refuse_term(check, index, "tiers", "at least one tier is needed");
    for (size_t i = 0; i < agreement->tier_count; i++) {
        if (check_tier(check, index, i) != WEIR_OK)
            return check->scope->err;
    }
    const struct weir_config_tier *last = &agreement->tiers[agreement->tier_count - 1];
    if (weir_money_compare(last->payout, agreement->cap) > 0)
        return refuse_term(check, index, "cap", "less than the payout of the last tier");
    return WEIR_OK;
}

enum weir_err weir_check_agreements(const struct weir_check *check)
{
    enum weir_err (*const steps[])(const struct weir_check *, size_t) = {
        resolve_names, check_parties, check_schedule, check_delays, check_witnesses, check_tiers};
    for (size_t i = 0; i < check->config->agreement_count; i++) {
        for (size_t k = 0; k < sizeof(steps) / sizeof(steps[0]); k++) {
            enum weir_err err = steps[k](check, i);
            if (err != WEIR_OK)
                return err;
        }
    }
    return WEIR_OK;
}
