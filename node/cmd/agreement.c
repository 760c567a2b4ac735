/* weir agreement open|fund|show. */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "base/arena.h"
#include "base/money.h"
#include "base/number.h"
#include "base/text.h"
#include "config/config.h"
#include "config/value.h"
#include "ledger/requests.h"
#include "ledger/store.h"
#include "metrics/calendar.h"
#include "node/agreement.h"
#include "node/clock.h"
#include "node/command.h"
#include "node/json_out.h"
#include "node/requests.h"
#include "node/worker.h"

#define WAIT_MS_DEFAULT (2 * 60 * 1000)
#define LOOK_MS 100

static const struct weir_config_agreement *find(struct weir_command *command,
                                                const struct weir_config *config)
{
    const char *name = command->operands[0];
    const struct weir_config_agreement *agreement = weir_config_find_agreement(config, name);
    if (agreement == NULL)
        (void)weir_fail(command->scope, WEIR_E_NOT_FOUND, "no agreement '%s' in %s", name,
                        command->config_path);
    return agreement;
}

static enum weir_err wait_option(struct weir_command *command, int64_t *wait_ms)
{
    const char *text = weir_command_option(command, "wait");
    *wait_ms = WAIT_MS_DEFAULT;
    if (text == NULL)
        return WEIR_OK;
    uint64_t duration_ms;
    enum weir_err err = weir_duration_parse(command->scope, text, &duration_ms);
    if (err == WEIR_OK)
        *wait_ms = (int64_t)duration_ms;
    return err;
}

/* Looks at the request's row until the settler has answered it. */
static enum weir_err await(struct weir_command *command,
                           struct weir_store *store,
                           int64_t request_id,
                           int64_t wait_ms,
                           struct weir_request_row *row)
{
    int64_t until_ms = weir_clock_monotonic_ms() + wait_ms;
    for (;;) {
        enum weir_err err = weir_request_load(store, command->scope, request_id, row);
        if (err != WEIR_OK || row->is_done)
            return err;
        if (weir_clock_monotonic_ms() >= until_ms)
            return weir_fail(command->scope, WEIR_E_UNKNOWN,
                             "no outcome yet; it goes on, ask again with the same words");
        (void)poll(NULL, 0, LOOK_MS);
    }
}

static int tell_outcome(struct weir_command *command, const struct weir_request_row *row)
{
    if (command->wants_json) {
        struct weir_json json;
        weir_json_begin(&json, command->scope, 0);
        weir_json_object(&json, NULL);
        weir_json_bool(&json, "done", !row->is_refused);
        weir_json_slice(&json, row->is_refused ? "reason" : "tx", row->answer);
        int status = weir_command_print_json(command, &json);
        return row->is_refused ? WEIR_EXIT_FAILED : status;
    }
    (void)printf("%s: %.*s\n", row->is_refused ? "refused" : "done", (int)row->answer.length,
                 (const char *)row->answer.data);
    return row->is_refused ? WEIR_EXIT_FAILED : WEIR_EXIT_OK;
}

/* Puts the request and waits for its outcome. */
static int ask(struct weir_command *command,
               const struct weir_config *config,
               const struct weir_request_row *request)
{
    struct weir_store *store = NULL;
    struct weir_request_row row;
    int64_t wait_ms;
    int64_t request_id;
    enum weir_err err = wait_option(command, &wait_ms);
    if (err == WEIR_OK)
        err = weir_ledger_open(command->scope, config, true, &store);
    if (err == WEIR_OK)
        err = weir_request_put(store, command->scope, request, &request_id);
    if (err == WEIR_OK)
        err = await(command, store, request_id, wait_ms, &row);
    int status = err == WEIR_OK ? tell_outcome(command, &row) : weir_command_fail(command);
    weir_store_close(store);
    return status;
}

int weir_cmd_agreement_open(struct weir_command *command)
{
    struct weir_config *config;
    if (weir_command_config(command, &config) != WEIR_OK || find(command, config) == NULL)
        return weir_command_fail(command);
    const struct weir_request_row request = {
        .kind = WEIR_REQUEST_OPEN,
        .key = command->operands[0],
        .body = weir_slice_text(command->operands[0]),
        .made_ms = weir_clock_now(),
    };
    return ask(command, config, &request);
}

int weir_cmd_agreement_fund(struct weir_command *command)
{
    struct weir_config *config;
    if (weir_command_config(command, &config) != WEIR_OK)
        return weir_command_fail(command);
    const struct weir_config_agreement *agreement = find(command, config);
    struct weir_money amount;
    if (agreement == NULL ||
        weir_money_parse(command->scope, weir_slice_text(command->operands[1]),
                         agreement->asset->number, agreement->asset->decimals, &amount) != WEIR_OK)
        return weir_command_fail(command);
    char units[WEIR_U128_TEXT_BYTES];
    weir_u128_print(weir_money_units(amount), units);
    uint8_t fresh[16];
    randombytes_buf(fresh, sizeof(fresh));
    const char *key = weir_command_option(command, "key");
    if (key == NULL)
        key = weir_take_hex(command->scope, fresh, sizeof(fresh));
    const char *body = weir_take_printf(command->scope, "%s %s", agreement->name, units);
    if (key == NULL || body == NULL)
        return weir_command_fail(command);
    const struct weir_request_row request = {
        .kind = WEIR_REQUEST_FUND,
        .key = key,
        .body = weir_slice_text(body),
        .made_ms = weir_clock_now(),
    };
    return ask(command, config, &request);
}

/* One agreement as the terms say it. */
static void put_agreement(struct weir_json *json, const struct weir_agreement *agreement)
{
    const struct weir_terms *terms = &agreement->terms;
    const struct weir_config_asset *asset = agreement->configured->asset;
    weir_json_object(json, NULL);
    weir_json_text(json, "name", agreement->name);
    weir_json_hash(json, "terms", &agreement->hash);
    weir_json_u64(json, "chain_id", agreement->domain.chain_id);
    weir_json_0x(json, "contract", agreement->domain.contract.bytes, WEIR_ADDRESS_BYTES);
    weir_json_0x(json, "provider", terms->provider.bytes, WEIR_ADDRESS_BYTES);
    weir_json_0x(json, "customer", terms->customer.bytes, WEIR_ADDRESS_BYTES);
    weir_json_0x(json, "asset", terms->asset.bytes, WEIR_ADDRESS_BYTES);
    weir_json_text(json, "asset_name", asset->name);
    weir_json_text(json, "gauge", agreement->gauge.name);
    weir_json_hash(json, "gauge_definition", &terms->gauge);
    weir_json_u64(json, "start_s", terms->start_s);
    weir_json_count(json, "length_s", terms->length_s);
    weir_json_count(json, "windows", terms->count);
    weir_json_bool(json, "early", terms->early);
    weir_json_count(json, "settle_delay_s", terms->settle_delay_s);
    weir_json_count(json, "claim_window_s", terms->claim_window_s);
    weir_json_count(json, "max_skew_ms", terms->max_skew_ms);
    weir_json_money(json, "cap", weir_money_make(asset->number, terms->cap), asset->decimals);
    weir_json_count(json, "m", terms->m);
    weir_json_array(json, "tiers");
    for (size_t j = 0; j < terms->tier_count; j++) {
        char ratio[WEIR_RATIO_TEXT_BYTES];
        weir_ratio_print(terms->tiers[j].ratio, ratio);
        weir_json_object(json, NULL);
        weir_json_text(json, "below", ratio);
        weir_json_money(json, "payout", weir_money_make(asset->number, terms->tiers[j].payout),
                        asset->decimals);
        weir_json_close(json);
    }
    weir_json_close(json);
    weir_json_array(json, "witnesses");
    for (size_t i = 0; i < terms->witness_count; i++) {
        weir_json_object(json, NULL);
        weir_json_0x(json, "key", terms->witnesses[i].key.bytes, WEIR_ADDRESS_BYTES);
        weir_json_hex(json, "node", terms->witnesses[i].node, WEIR_NODE_BYTES);
        weir_json_close(json);
    }
    weir_json_close(json);
    weir_json_close(json);
}

static void tell_agreement(const struct weir_agreement *agreement)
{
    const struct weir_terms *terms = &agreement->terms;
    const struct weir_config_asset *asset = agreement->configured->asset;
    char text[WEIR_ADDRESS_TEXT_BYTES];
    char hex[WEIR_HASH_HEX_BYTES];
    char amount[WEIR_MONEY_TEXT_BYTES];
    char start[WEIR_TIME_TEXT_BYTES];
    weir_hash_hex(&agreement->hash, hex);
    weir_address_print(&agreement->domain.contract, text);
    weir_time_print((int64_t)terms->start_s * 1000, start);
    (void)printf("%s\n  terms      %s\n  contract   %s on chain %llu\n", agreement->name, hex, text,
                 (unsigned long long)agreement->domain.chain_id);
    weir_address_print(&terms->provider, text);
    (void)printf("  provider   %s\n", text);
    weir_address_print(&terms->customer, text);
    (void)printf("  customer   %s\n", text);
    (void)printf("  gauge      %s\n  windows    %u from %s%s\n  witnesses  %u of %zu must agree\n",
                 agreement->gauge.name, terms->count, start,
                 terms->early ? ", paid as soon as certain" : "", terms->m, terms->witness_count);
    for (size_t j = 0; j < terms->tier_count; j++) {
        char ratio[WEIR_RATIO_TEXT_BYTES];
        weir_ratio_print(terms->tiers[j].ratio, ratio);
        weir_money_print(weir_money_make(asset->number, terms->tiers[j].payout), asset->decimals,
                         amount);
        (void)printf("  tier %zu     below %s: %s %s in total for the window\n", j + 1, ratio,
                     amount, asset->name);
    }
}

int weir_cmd_agreement_show(struct weir_command *command)
{
    struct weir_config *config;
    struct weir_agreements agreements;
    if (weir_command_config(command, &config) != WEIR_OK)
        return weir_command_fail(command);
    const struct weir_self nobody = {config->node.name, NULL};
    const char *wanted = command->operand_count > 0 ? command->operands[0] : NULL;
    if ((wanted != NULL && find(command, config) == NULL) ||
        weir_agreements_load(command->scope, config, nobody, &agreements) != WEIR_OK)
        return weir_command_fail(command);
    struct weir_json json;
    weir_json_begin(&json, command->scope, 0);
    weir_json_object(&json, NULL);
    weir_json_array(&json, "agreements");
    for (size_t i = 0; i < agreements.count; i++) {
        const struct weir_agreement *agreement = &agreements.items[i];
        if (wanted != NULL && strcmp(wanted, agreement->name) != 0)
            continue;
        put_agreement(&json, agreement);
        if (!command->wants_json)
            tell_agreement(agreement);
    }
    return command->wants_json ? weir_command_print_json(command, &json) : WEIR_EXIT_OK;
}
