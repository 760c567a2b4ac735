/* weir payout list|show. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/number.h"
#include "base/text.h"
#include "config/config.h"
#include "ledger/agreements.h"
#include "ledger/intents.h"
#include "ledger/jobs.h"
#include "ledger/store.h"
#include "ledger/transfers.h"
#include "metrics/calendar.h"
#include "node/command.h"
#include "node/job_codec.h"
#include "node/json_out.h"
#include "node/worker.h"
#include "rails/job.h"

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 100000

/* One payout with what belongs to it. */
struct payout {
    const struct weir_intent *intent;
    struct weir_agreement_row agreement;
    struct weir_asset_row asset;
    struct weir_transfer *transfers;
    size_t transfer_count;
    struct weir_stored_job *stored; /* NULL: this node did not send */
};

static enum weir_err load(struct weir_scope *scope,
                          struct weir_store *store,
                          const struct weir_intent *intent,
                          struct payout *payout)
{
    struct weir_rail_job_row row;
    *payout = (struct payout){.intent = intent};
    enum weir_err err = weir_agreement_load(store, scope, intent->agreement_id, &payout->agreement);
    if (err == WEIR_OK)
        err = weir_asset_load(store, scope, payout->agreement.asset, &payout->asset);
    if (err == WEIR_OK)
        err = weir_transfer_list(store, scope, &intent->id, &payout->transfers,
                                 &payout->transfer_count);
    if (err == WEIR_OK)
        err = weir_rail_job_load(store, scope, &intent->id, &row);
    if (err == WEIR_E_NOT_FOUND && payout->asset.asset != 0) {
        weir_scope_recover(scope);
        return WEIR_OK;
    }
    if (err != WEIR_OK)
        return err;
    payout->stored = weir_take(scope, 1, sizeof(*payout->stored));
    return payout->stored == NULL ? scope->err : weir_job_read(scope, row.bytes, payout->stored);
}

/* What was really paid: the posted transfer, if there is one. */
static const struct weir_transfer *posted(const struct payout *payout)
{
    for (size_t i = 0; i < payout->transfer_count; i++)
        if (payout->transfers[i].kind == WEIR_TRANSFER_POST)
            return &payout->transfers[i];
    return NULL;
}

static void put_attempts(struct weir_json *json, const struct weir_rail_job *job)
{
    weir_json_array(json, "attempts");
    for (uint32_t i = 0; i < job->attempt_count; i++) {
        const struct weir_rail_attempt *attempt = &job->attempts[i];
        weir_json_object(json, NULL);
        weir_json_0x(json, "tx", attempt->hash.bytes, WEIR_HASH_BYTES);
        weir_json_u64(json, "nonce", attempt->nonce);
        weir_json_u64(json, "gas", attempt->gas);
        weir_json_i64(json, "sent_ms", attempt->sent_ms);
        weir_json_close(json);
    }
    weir_json_close(json);
}

static void put_payout(struct weir_json *json, const struct payout *payout)
{
    const struct weir_intent *intent = payout->intent;
    const struct weir_transfer *paid = posted(payout);
    weir_json_object(json, NULL);
    weir_json_hash(json, "id", &intent->id);
    weir_json_text(json, "agreement", payout->agreement.name);
    weir_json_u64(json, "window", intent->window);
    weir_json_count(json, "tier", intent->tier);
    weir_json_text(json, "state", weir_intent_state_name(intent->state));
    weir_json_i64(json, "made_ms", intent->made_ms);
    weir_json_i64(json, "state_ms", intent->state_ms);
    weir_json_text(json, "detail", intent->detail);
    weir_json_text(json, "asset", payout->asset.symbol);
    if (paid != NULL)
        weir_json_money(json, "paid", paid->amount, payout->asset.decimals);
    else
        weir_json_null(json, "paid");
    if (payout->stored != NULL) {
        const struct weir_rail_job *job = &payout->stored->job;
        weir_json_text(json, "stage", weir_rail_stage_name(job->stage));
        weir_json_text(json, "alarm", weir_rail_alarm_name(job->alarm));
        weir_json_text(json, "reason", job->reason);
        put_attempts(json, job);
    }
    weir_json_close(json);
}

static void tell_line(const struct payout *payout)
{
    const struct weir_intent *intent = payout->intent;
    const struct weir_transfer *paid = posted(payout);
    char id[WEIR_HASH_HEX_BYTES];
    char time[WEIR_TIME_TEXT_BYTES];
    char amount[WEIR_MONEY_TEXT_BYTES] = "-";
    weir_hash_hex(&intent->id, id);
    weir_time_print(intent->state_ms, time);
    if (paid != NULL)
        weir_money_print(paid->amount, payout->asset.decimals, amount);
    (void)printf("%.12s  %-10s %-20s window %-6llu tier %u  %s %s\n", id,
                 weir_intent_state_name(intent->state), payout->agreement.name,
                 (unsigned long long)intent->window, intent->tier, amount,
                 paid == NULL ? "" : payout->asset.symbol);
}

static void tell_whole(const struct payout *payout)
{
    char time[WEIR_TIME_TEXT_BYTES];
    tell_line(payout);
    if (payout->stored != NULL) {
        const struct weir_rail_job *job = &payout->stored->job;
        (void)printf("  job        %s %s\n", weir_rail_stage_name(job->stage), job->reason);
        for (uint32_t i = 0; i < job->attempt_count; i++) {
            char tx[WEIR_HASH_HEX_BYTES];
            weir_hash_hex(&job->attempts[i].hash, tx);
            (void)printf("  attempt %u  nonce %llu, 0x%s\n", i + 1,
                         (unsigned long long)job->attempts[i].nonce, tx);
        }
        if (job->is_mined)
            (void)printf("  mined      block %llu\n", (unsigned long long)job->mined.block_number);
    }
    for (size_t i = 0; i < payout->transfer_count; i++) {
        static const char *const kinds[] = {[WEIR_TRANSFER_PENDING] = "pending",
                                            [WEIR_TRANSFER_POST] = "posted",
                                            [WEIR_TRANSFER_VOID] = "void",
                                            [WEIR_TRANSFER_DIRECT] = "direct"};
        const struct weir_transfer *transfer = &payout->transfers[i];
        char amount[WEIR_MONEY_TEXT_BYTES];
        weir_money_print(transfer->amount, payout->asset.decimals, amount);
        weir_time_print(transfer->made_ms, time);
        (void)printf("  %-9s  %s %s at %s %s\n", kinds[transfer->kind], amount,
                     payout->asset.symbol, time, transfer->detail);
    }
}

/* Shows those whose id begins with `prefix`; all with "". */
static enum weir_err show(struct weir_command *command,
                          struct weir_store *store,
                          const char *prefix,
                          size_t limit,
                          struct weir_json *json)
{
    struct weir_intent *intents;
    size_t count;
    size_t shown = 0;
    enum weir_err err = weir_intent_list(store, command->scope, 0, limit, &intents, &count);
    for (size_t i = 0; err == WEIR_OK && i < count; i++) {
        struct payout payout;
        char id[WEIR_HASH_HEX_BYTES];
        weir_hash_hex(&intents[i].id, id);
        if (strncmp(id, prefix, strlen(prefix)) != 0)
            continue;
        err = load(command->scope, store, &intents[i], &payout);
        if (err != WEIR_OK)
            return err;
        shown++;
        put_payout(json, &payout);
        if (!command->wants_json && prefix[0] != '\0')
            tell_whole(&payout);
        else if (!command->wants_json)
            tell_line(&payout);
    }
    if (err == WEIR_OK && shown == 0 && prefix[0] != '\0')
        return weir_fail(command->scope, WEIR_E_NOT_FOUND, "no payout whose id begins with '%s'",
                         prefix);
    if (err == WEIR_OK && shown == 0 && !command->wants_json)
        (void)puts("no payouts");
    return err;
}

static int run(struct weir_command *command, const char *prefix, uint64_t limit)
{
    struct weir_config *config;
    struct weir_store *store = NULL;
    struct weir_json json;
    weir_json_begin(&json, command->scope, 0);
    weir_json_object(&json, NULL);
    weir_json_array(&json, "payouts");
    enum weir_err err = weir_command_config(command, &config);
    if (err == WEIR_OK)
        err = weir_ledger_open(command->scope, config, false, &store);
    if (err == WEIR_OK)
        err = show(command, store, prefix, (size_t)limit, &json);
    int status = WEIR_EXIT_OK;
    if (err != WEIR_OK)
        status = weir_command_fail(command);
    else if (command->wants_json)
        status = weir_command_print_json(command, &json);
    weir_store_close(store);
    return status;
}

int weir_cmd_payout_list(struct weir_command *command)
{
    const char *text = weir_command_option(command, "limit");
    uint64_t limit = LIMIT_DEFAULT;
    if (text != NULL &&
        weir_u64_parse(command->scope, weir_slice_text(text), LIMIT_MAX, &limit) != WEIR_OK)
        return weir_command_fail(command);
    return run(command, "", limit);
}

int weir_cmd_payout_show(struct weir_command *command)
{
    return run(command, command->operands[0], LIMIT_MAX);
}
