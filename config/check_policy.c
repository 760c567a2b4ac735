#include <string.h>

#include "base/arena.h"
#include "config/check.h"

static enum weir_err check_spend(const struct weir_check *check, size_t index)
{
    struct weir_config *config = check->config;
    struct weir_config_spend *spend = &config->policy.spends[index];
    struct weir_names assets = weir_names_of_assets(config);
    const char *list = "policy.spending";
    const char *payout = weir_take_printf(check->scope, "%s[%zu].max_per_payout", list, index);
    const char *day = weir_take_printf(check->scope, "%s[%zu].max_per_day", list, index);
    const struct weir_reference asset = {list, index, "asset", spend->asset_name};
    size_t found = 0;
    if (payout == NULL || day == NULL || weir_check_find(check, &assets, asset, &found) != WEIR_OK)
        return check->scope->err;
    spend->asset = &config->assets[found];
    for (size_t i = 0; i < index; i++) {
        if (config->policy.spends[i].asset == spend->asset)
            return weir_check_refuse(check, list, index, "asset", "this asset is listed twice");
    }
    if (weir_check_amount(check, payout, spend->asset, spend->payout_max_text,
                          &spend->payout_max) != WEIR_OK ||
        weir_check_amount(check, day, spend->asset, spend->day_max_text, &spend->day_max) !=
            WEIR_OK)
        return check->scope->err;
    if (weir_money_compare(spend->day_max, spend->payout_max) < 0)
        return weir_check_refuse(check, list, index, "max_per_day",
                                 "less than max_per_payout: one payout is too much");
    return WEIR_OK;
}

/* An agreement the signer would always refuse is a mistake of one of the two. */
static enum weir_err check_spending_of(const struct weir_check *check, size_t index)
{
    const struct weir_config *config = check->config;
    const struct weir_config_agreement *agreement = &config->agreements[index];
    const struct weir_config_tier *last = &agreement->tiers[agreement->tier_count - 1];
    for (size_t i = 0; i < config->policy.spend_count; i++) {
        const struct weir_config_spend *spend = &config->policy.spends[i];
        if (spend->asset != agreement->asset)
            continue;
        if (weir_money_compare(last->payout, spend->payout_max) <= 0)
            return WEIR_OK;
        return weir_check_refuse(check, "policy.spending", i, "max_per_payout",
                                 "the last tier of '%s' pays %s, more than the signer may sign",
                                 agreement->name, last->payout_text);
    }
    return weir_check_refuse(check, "agreements", index, "asset",
                             "policy.spending has no line for %s, so the signer would refuse every "
                             "payout",
                             agreement->asset_name);
}

enum weir_err weir_check_policy(const struct weir_check *check)
{
    const struct weir_config *config = check->config;
    for (size_t i = 0; i < config->policy.spend_count; i++) {
        if (check_spend(check, i) != WEIR_OK)
            return check->scope->err;
    }
    for (size_t i = 0; i < config->agreement_count; i++) {
        if (check_spending_of(check, i) != WEIR_OK)
            return check->scope->err;
    }
    return WEIR_OK;
}
