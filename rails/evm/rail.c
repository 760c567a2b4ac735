#include "rails/evm/rail.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "rails/evm/abi.h"
#include "rails/evm/deploy.h"
#include "rails/evm/tx.h"
#include "rails/http.h"

/* A question about one job.  A look at a chain with a depth rule takes two batches: only the first
 * tells which block is final. */
struct talk {
    struct weir_rail_talk base;
    const struct weir_rail_job *job;
    struct weir_rail_action action;
    struct weir_address account;
    struct weir_address created; /* where a creation with the job's nonce will be */
    bool is_second;
    struct weir_rpc_batch batch;
    struct weir_rail_view view;
    /* Where the answers land; NULL: not asked. */
    uint64_t chain_id;
    struct weir_rpc_block head;
    struct weir_rpc_block final;
    struct weir_rpc_block seen; /* the block that was final last time, as it is now */
    struct weir_rpc_block mined;
    struct weir_rpc_receipt receipts[WEIR_RAIL_ATTEMPTS_MAX];
    struct weir_slice effect_latest;
    struct weir_slice effect_final;
    struct weir_slice preflight;
    struct weir_hash sent;
    const struct weir_rpc_call *ask_head;
    const struct weir_rpc_call *ask_final;
    const struct weir_rpc_call *ask_seen;
    const struct weir_rpc_call *ask_nonce;
    const struct weir_rpc_call *ask_nonce_final;
    const struct weir_rpc_call *ask_balance;
    const struct weir_rpc_call *ask_tip;
    const struct weir_rpc_call *ask_mined;
    const struct weir_rpc_call *ask_receipts[WEIR_RAIL_ATTEMPTS_MAX];
    const struct weir_rpc_call *ask_effect_latest;
    const struct weir_rpc_call *ask_effect_final;
    const struct weir_rpc_call *ask_preflight;
    const struct weir_rpc_call *ask_sent;
};

_Static_assert(WEIR_RAIL_ATTEMPTS_MAX + 12 <= WEIR_RPC_CALLS_MAX, "one batch holds a whole look");

static struct weir_evm_rail *evm(struct weir_rail *rail)
{
    assert(rail->ops == &weir_evm_rail_ops);
    return (struct weir_evm_rail *)(void *)rail;
}

static bool has_answer(const struct weir_rpc_call *call)
{
    return call != NULL && call->class == WEIR_RPC_ANSWERED && !call->is_null;
}

/* The one call that shows the effect: `preview` answers "nothing new" exactly when every window
 * stands at the tier; code shows itself. */
static enum weir_err ask_effect(struct weir_scope *scope,
                                struct talk *talk,
                                struct weir_rpc_tag tag,
                                struct weir_slice *out,
                                const struct weir_rpc_call **call)
{
    const struct weir_rail_effect *effect = talk->job->effect;
    struct weir_rpc_message message = {.to = effect->contract};
    struct weir_buffer data = {0};
    switch (effect->kind) {
    case WEIR_RAIL_EFFECT_LEVELS:
        if (weir_abi_preview(scope, effect->word, effect->mask, effect->tier, &data) != WEIR_OK)
            return scope->err;
        message.data = weir_buffer_slice(&data);
        *call = weir_rpc_eth_call(scope, &talk->batch, &message, tag, out);
        return scope->err;
    case WEIR_RAIL_EFFECT_CODE:
        *call = weir_rpc_code(scope, &talk->batch, &effect->contract, tag, out);
        return scope->err;
    case WEIR_RAIL_EFFECT_CREATED:
        if (talk->job->has_nonce)
            *call = weir_rpc_code(scope, &talk->batch, &talk->created, tag, out);
        return scope->err;
    case WEIR_RAIL_EFFECT_RECEIPT:
        break;
    }
    return WEIR_OK;
}

/* Everything that is read at the final block, and the block that was final before. */
static enum weir_err ask_at_final(const struct weir_evm_rail *rail,
                                  struct weir_scope *scope,
                                  struct talk *talk,
                                  struct weir_rpc_tag tag)
{
    const struct weir_rpc_tag seen = {WEIR_RPC_NUMBER, rail->client.final_seen.number};
    if (rail->client.has_final)
        talk->ask_seen = weir_rpc_block_at(scope, &talk->batch, seen, &talk->seen);
    talk->ask_final = weir_rpc_block_at(scope, &talk->batch, tag, &talk->final);
    talk->ask_nonce_final =
        weir_rpc_nonce(scope, &talk->batch, &talk->account, tag, &talk->view.nonce_final);
    if (scope->err != WEIR_OK)
        return scope->err;
    return ask_effect(scope, talk, tag, &talk->effect_final, &talk->ask_effect_final);
}

static enum weir_err ask_receipts(struct weir_scope *scope, struct talk *talk)
{
    const struct weir_rail_job *job = talk->job;
    for (uint32_t i = 0; i < job->attempt_count; i++) {
        const struct weir_rail_attempt *attempt = &job->attempts[i];
        if (attempt->state == WEIR_RAIL_ATTEMPT_SIGNED || attempt->state == WEIR_RAIL_ATTEMPT_SENT)
            talk->ask_receipts[i] =
                weir_rpc_receipt_of(scope, &talk->batch, &attempt->hash, &talk->receipts[i]);
    }
    if (job->is_mined)
        talk->ask_mined = weir_rpc_block_at(
            scope, &talk->batch, (struct weir_rpc_tag){WEIR_RPC_NUMBER, job->mined.block_number},
            &talk->mined);
    return scope->err;
}

/* Whether something of this job may be signed next, so that it has to be simulated first. */
static bool needs_preflight(const struct weir_rail_job *job)
{
    if (job->stage == WEIR_RAIL_STAGE_PREPARED)
        return !job->attempts[job->attempt_count - 1].is_clearing;
    return job->stage == WEIR_RAIL_STAGE_INTENT || job->stage == WEIR_RAIL_STAGE_HELD;
}

static enum weir_err ask_preflight(struct weir_scope *scope, struct talk *talk)
{
    const struct weir_rail_call *call = talk->job->call;
    if (!needs_preflight(talk->job))
        return WEIR_OK;
    struct weir_rpc_message message = {
        .has_from = true,
        .from = talk->account,
        .is_creation = call->is_creation,
        .to = call->to,
        .gas = call->gas,
        .value = call->value,
        .data = call->data,
    };
    talk->ask_preflight =
        weir_rpc_eth_call(scope, &talk->batch, &message,
                          (struct weir_rpc_tag){.at = WEIR_RPC_PENDING}, &talk->preflight);
    return scope->err;
}

static enum weir_err
ask_look(struct weir_evm_rail *rail, struct weir_scope *scope, struct talk *talk)
{
    const struct weir_rpc_tag latest = {.at = WEIR_RPC_LATEST};
    const struct weir_rpc_tag finalized = {.at = WEIR_RPC_FINALIZED};
    struct weir_rpc_batch *batch = &talk->batch;
    talk->ask_head = weir_rpc_block_at(scope, batch, latest, &talk->head);
    talk->ask_nonce =
        weir_rpc_nonce(scope, batch, &talk->account, latest, &talk->view.nonce_latest);
    talk->ask_balance = weir_rpc_balance(scope, batch, &talk->account, latest, &talk->view.balance);
    talk->ask_tip = weir_rpc_tip(scope, batch, &talk->view.tip);
    if (scope->err != WEIR_OK || ask_receipts(scope, talk) != WEIR_OK ||
        ask_effect(scope, talk, latest, &talk->effect_latest, &talk->ask_effect_latest) !=
            WEIR_OK ||
        ask_preflight(scope, talk) != WEIR_OK)
        return scope->err;
    return rail->policy.depth == 0 ? ask_at_final(rail, scope, talk, finalized) : WEIR_OK;
}

/* Every batch carries the chain id: no answer counts that comes from another chain. */
static enum weir_err submit(struct weir_evm_rail *rail, struct weir_scope *scope, struct talk *talk)
{
    talk->batch.first_id = rail->client.serial;
    rail->client.serial += talk->batch.count;
    return weir_rpc_submit(rail->client.http, scope, &rail->client.endpoint, &talk->batch,
                           &talk->base.ticket);
}

static enum weir_err begin(struct weir_rail *base,
                           struct weir_scope *scope,
                           const struct weir_rail_job *job,
                           const struct weir_rail_account *account,
                           struct weir_rail_action action,
                           struct weir_rail_talk **talk)
{
    struct weir_evm_rail *rail = evm(base);
    assert(action.kind == WEIR_RAIL_ACTION_LOOK || action.kind == WEIR_RAIL_ACTION_SEND);
    struct talk *own = weir_take(scope, 1, sizeof(*own));
    if (own == NULL)
        return scope->err;
    own->job = job;
    own->action = action;
    own->account = account->address;
    enum weir_err err = job->has_nonce ? weir_evm_created_address(scope, &account->address,
                                                                  job->nonce, &own->created)
                                       : WEIR_OK;
    if (err == WEIR_OK && weir_rpc_chain_id(scope, &own->batch, &own->chain_id) == NULL)
        err = scope->err;
    if (err == WEIR_OK && action.kind == WEIR_RAIL_ACTION_LOOK)
        err = ask_look(rail, scope, own);
    if (err == WEIR_OK && action.kind == WEIR_RAIL_ACTION_SEND) {
        own->ask_sent =
            weir_rpc_send_raw(scope, &own->batch, job->attempts[action.attempt].raw, &own->sent);
        err = scope->err;
    }
    if (err == WEIR_OK)
        err = submit(rail, scope, own);
    if (err == WEIR_OK)
        *talk = &own->base;
    return err;
}

static void no_answer(const struct talk *talk,
                      struct weir_rail_event *event,
                      enum weir_err err,
                      const char *text)
{
    *event = (struct weir_rail_event){
        .kind = WEIR_RAIL_EVENT_NO_ANSWER,
        .is_send = talk->action.kind == WEIR_RAIL_ACTION_SEND,
        .attempt = talk->action.attempt,
        .err = err,
    };
    (void)snprintf(event->text, sizeof(event->text), "%.*s", WEIR_RAIL_REASON_BYTES - 1, text);
}

static struct weir_rail_head head_of(const struct weir_rpc_block *block)
{
    return (struct weir_rail_head){block->number, block->hash, block->timestamp_s, block->base_fee};
}

static enum weir_rail_known
read_effect(const struct talk *talk, const struct weir_rpc_call *call, struct weir_slice answer)
{
    struct weir_scope scope = {0};
    struct weir_word words[2];
    switch (talk->job->effect->kind) {
    case WEIR_RAIL_EFFECT_LEVELS: /* (fresh, due) */
        if (!has_answer(call) || weir_abi_read_words(&scope, answer, words, 2) != WEIR_OK)
            return WEIR_RAIL_KNOWN_NOT;
        return weir_word_is_zero(words[0]) ? WEIR_RAIL_KNOWN_YES : WEIR_RAIL_KNOWN_NO;
    case WEIR_RAIL_EFFECT_CODE:
        if (!has_answer(call))
            return WEIR_RAIL_KNOWN_NOT;
        return answer.length > 0 ? WEIR_RAIL_KNOWN_YES : WEIR_RAIL_KNOWN_NO;
    case WEIR_RAIL_EFFECT_CREATED:
        if (call == NULL)
            return WEIR_RAIL_KNOWN_NO;
        if (!has_answer(call))
            return WEIR_RAIL_KNOWN_NOT;
        return answer.length > 0 ? WEIR_RAIL_KNOWN_YES : WEIR_RAIL_KNOWN_NO;
    case WEIR_RAIL_EFFECT_RECEIPT:
        break;
    }
    return WEIR_RAIL_KNOWN_NO;
}

static enum weir_rail_preflight meaning_of(struct weir_slice data)
{
    struct weir_revert revert;
    if (!weir_abi_revert(data, &revert))
        return WEIR_RAIL_PREFLIGHT_REVERTS;
    switch (revert.meaning) {
    case WEIR_REVERT_DONE:
        return WEIR_RAIL_PREFLIGHT_NOTHING_NEW;
    case WEIR_REVERT_LATER:
        return WEIR_RAIL_PREFLIGHT_TRANSIENT;
    case WEIR_REVERT_FATAL:
        break;
    }
    return WEIR_RAIL_PREFLIGHT_REVERTS;
}

static void read_preflight(struct weir_scope *scope, struct talk *talk)
{
    const struct weir_rpc_call *call = talk->ask_preflight;
    struct weir_rail_view *view = &talk->view;
    view->preflight = WEIR_RAIL_PREFLIGHT_UNKNOWN;
    if (call == NULL) {
        view->preflight = WEIR_RAIL_PREFLIGHT_NOT_ASKED;
    } else if (has_answer(call)) {
        view->preflight = WEIR_RAIL_PREFLIGHT_PASSES;
    } else if (call->class == WEIR_RPC_FUNDS) {
        view->preflight = WEIR_RAIL_PREFLIGHT_FUNDS;
    } else if (call->class == WEIR_RPC_REVERTED) {
        char *text = weir_abi_revert_text(scope, call->data);
        view->preflight = meaning_of(call->data);
        (void)snprintf(view->preflight_text, sizeof(view->preflight_text), "%s",
                       text == NULL ? "the contract refuses" : text); /* cut is fine */
        return;
    }
    (void)snprintf(view->preflight_text, sizeof(view->preflight_text), "%s",
                   call == NULL ? "" : call->text); /* cut is fine */
}

static void read_receipts(struct talk *talk)
{
    for (uint32_t i = 0; i < talk->job->attempt_count; i++) {
        const struct weir_rpc_receipt *receipt = &talk->receipts[i];
        const struct weir_hash *asked = &talk->job->attempts[i].hash;
        if (!has_answer(talk->ask_receipts[i]) || !weir_hash_equal(&receipt->tx_hash, asked))
            continue;
        talk->view.receipts[i] = (struct weir_rail_sighting){
            .is_found = true,
            .mined = {.attempt = i,
                      .succeeded = receipt->succeeded,
                      .block_number = receipt->block_number,
                      .block_hash = receipt->block_hash,
                      .gas_used = receipt->gas_used,
                      .gas_price = receipt->gas_price},
        };
    }
    talk->view.has_mined_block =
        has_answer(talk->ask_mined) && talk->mined.number == talk->job->mined.block_number;
    if (talk->view.has_mined_block)
        talk->view.mined_block_hash = talk->mined.hash;
}

/* A receipt that could not be read must not look like one that is not there. */
static const struct weir_rpc_call *find_unanswered(const struct talk *talk)
{
    const struct weir_rpc_call *needed[] = {talk->ask_head, talk->ask_nonce, talk->ask_balance};
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        if (!has_answer(needed[i]))
            return needed[i];
    for (uint32_t i = 0; i < talk->job->attempt_count; i++)
        if (talk->ask_receipts[i] != NULL && talk->ask_receipts[i]->class != WEIR_RPC_ANSWERED)
            return talk->ask_receipts[i];
    return NULL;
}

static void read_final(struct talk *talk)
{
    talk->view.has_final = has_answer(talk->ask_final);
    if (talk->view.has_final)
        talk->view.final = head_of(&talk->final);
    talk->view.has_nonce_final = has_answer(talk->ask_nonce_final);
    talk->view.effect_final = read_effect(talk, talk->ask_effect_final, talk->effect_final);
}

/* The view is complete: it counts if the final block did not go back or change. */
static void conclude(struct weir_evm_rail *rail, struct talk *talk, struct weir_rail_event *event)
{
    read_final(talk);
    struct weir_scope quiet = {0};
    const struct weir_rail_head seen = head_of(&talk->seen);
    if (talk->view.has_final &&
        weir_client_take_final(&rail->client, &quiet, &talk->view.final,
                               has_answer(talk->ask_seen) ? &seen : NULL) != WEIR_OK) {
        no_answer(talk, event, quiet.err, quiet.fault);
        return;
    }
    *event = (struct weir_rail_event){.kind = WEIR_RAIL_EVENT_VIEW, .view = talk->view};
}

/* The block that the depth rule calls final, and what is read there. */
static enum weir_err
ask_second(struct weir_evm_rail *rail, struct weir_scope *scope, struct talk *talk)
{
    uint64_t head = talk->view.head.number;
    uint64_t depth = rail->policy.depth;
    struct weir_rpc_tag tag = {WEIR_RPC_NUMBER, head > depth ? head - depth : 0};
    talk->batch.count = 0;
    talk->is_second = true;
    if (weir_rpc_chain_id(scope, &talk->batch, &talk->chain_id) == NULL)
        return scope->err;
    enum weir_err err = ask_at_final(rail, scope, talk, tag);
    return err == WEIR_OK ? submit(rail, scope, talk) : err;
}

static enum weir_err take_look(struct weir_evm_rail *rail,
                               struct weir_scope *scope,
                               struct talk *talk,
                               struct weir_rail_event *event)
{
    const struct weir_rpc_call *missing = find_unanswered(talk);
    if (missing != NULL) {
        no_answer(talk, event, WEIR_E_NETWORK,
                  missing->text[0] == '\0' ? "no block" : missing->text);
        return WEIR_OK;
    }
    talk->view.chain_id = talk->chain_id;
    talk->view.head = head_of(&talk->head);
    talk->view.effect_latest = read_effect(talk, talk->ask_effect_latest, talk->effect_latest);
    read_receipts(talk);
    read_preflight(scope, talk);
    if (scope->err != WEIR_OK)
        return scope->err;
    if (rail->policy.depth != 0)
        return ask_second(rail, scope, talk);
    conclude(rail, talk, event);
    return WEIR_OK;
}

static enum weir_rail_sent sent_of(const struct talk *talk)
{
    const struct weir_rpc_call *call = talk->ask_sent;
    const struct weir_hash *expected = &talk->job->attempts[talk->action.attempt].hash;
    switch (call->class) {
    case WEIR_RPC_ANSWERED:
        return has_answer(call) && weir_hash_equal(&talk->sent, expected) ? WEIR_RAIL_SENT_ACCEPTED
                                                                          : WEIR_RAIL_SENT_UNKNOWN;
    case WEIR_RPC_KNOWN:
        return WEIR_RAIL_SENT_ACCEPTED;
    case WEIR_RPC_NONCE_LOW:
        return WEIR_RAIL_SENT_NONCE_LOW;
    case WEIR_RPC_NONCE_HIGH:
        return WEIR_RAIL_SENT_NONCE_HIGH;
    case WEIR_RPC_UNDERPRICED:
        return WEIR_RAIL_SENT_UNDERPRICED;
    case WEIR_RPC_FUNDS:
        return WEIR_RAIL_SENT_FUNDS;
    case WEIR_RPC_FATAL:
    case WEIR_RPC_UNSUPPORTED:
        return WEIR_RAIL_SENT_REFUSED;
    case WEIR_RPC_REVERTED:
    case WEIR_RPC_LIMIT:
    case WEIR_RPC_NETWORK:
    case WEIR_RPC_OTHER:
        break;
    }
    return WEIR_RAIL_SENT_UNKNOWN;
}

static enum weir_err finish(struct weir_rail *base,
                            struct weir_scope *scope,
                            struct weir_rail_talk *talk,
                            const struct weir_http_result *result,
                            struct weir_rail_event *event)
{
    struct weir_evm_rail *rail = evm(base);
    struct talk *own = (struct talk *)(void *)talk;
    own->base.ticket = 0;
    enum weir_err err = weir_rpc_take(scope, &own->batch, result);
    if (err != WEIR_OK)
        return err;
    const struct weir_rpc_call *identity = &own->batch.calls[0];
    if (!has_answer(identity)) {
        no_answer(own, event, WEIR_E_NETWORK, identity->text);
        return WEIR_OK;
    }
    if (own->chain_id != rail->policy.chain_id) {
        no_answer(own, event, WEIR_E_CHAIN, "the node serves another chain");
        return WEIR_OK;
    }
    if (own->action.kind == WEIR_RAIL_ACTION_SEND) {
        *event = (struct weir_rail_event){
            .kind = WEIR_RAIL_EVENT_SENT, .attempt = own->action.attempt, .sent = sent_of(own)};
        (void)snprintf(event->text, sizeof(event->text), "%s", own->ask_sent->text);
        return WEIR_OK;
    }
    if (!own->is_second)
        return take_look(rail, scope, own, event);
    conclude(rail, own, event);
    return WEIR_OK;
}

static enum weir_err perform(struct weir_rail *base,
                             struct weir_scope *scope,
                             const struct weir_rail_job *job,
                             const struct weir_rail_account *account,
                             struct weir_rail_action action,
                             struct weir_rail_event *event)
{
    struct weir_http *http = evm(base)->client.http;
    struct weir_rail_talk *talk = NULL;
    enum weir_err err = begin(base, scope, job, account, action, &talk);
    while (err == WEIR_OK && talk->ticket != 0) {
        uint32_t ticket = talk->ticket;
        struct weir_http_result result;
        err = weir_http_finish(http, scope, ticket, &result);
        if (err == WEIR_OK)
            err = finish(base, scope, talk, &result, event);
        weir_http_release(http, ticket);
    }
    return err;
}

static enum weir_err prepare(struct weir_rail *rail,
                             struct weir_scope *scope,
                             const struct weir_rail_order *order,
                             struct weir_rail_call *call,
                             struct weir_rail_effect *effect)
{
    (void)rail; /* the same order makes the same bytes on every chain */
    return weir_evm_prepare(scope, order, call, effect);
}

static struct weir_rail_action next(const struct weir_rail *rail,
                                    const struct weir_rail_job *job,
                                    const struct weir_rail_account *account,
                                    int64_t now_ms)
{
    const struct weir_evm_rail *own = (const struct weir_evm_rail *)(const void *)rail;
    return weir_evm_next(&own->policy, job, account, now_ms);
}

static enum weir_err apply(const struct weir_rail *rail,
                           struct weir_scope *scope,
                           struct weir_rail_job *job,
                           const struct weir_rail_account *account,
                           const struct weir_rail_event *event,
                           int64_t now_ms)
{
    const struct weir_evm_rail *own = (const struct weir_evm_rail *)(const void *)rail;
    return weir_evm_apply(&own->policy, scope, job, account, event, now_ms);
}

static void free_rail(struct weir_rail *rail)
{
    memset(evm(rail), 0, sizeof(struct weir_evm_rail)); /* it owns nothing */
}

const struct weir_rail_ops weir_evm_rail_ops = {
    .name = "evm",
    .prepare = prepare,
    .next = next,
    .apply = apply,
    .begin = begin,
    .finish = finish,
    .perform = perform,
    .free = free_rail,
};

void weir_evm_rail_init(struct weir_evm_rail *rail,
                        struct weir_http *http,
                        const struct weir_rpc_endpoint *endpoint,
                        const struct weir_evm_policy *policy)
{
    *rail = (struct weir_evm_rail){
        .base = {.ops = &weir_evm_rail_ops},
        .client = {.http = http,
                   .endpoint = *endpoint,
                   .chain_id = policy->chain_id,
                   .depth = policy->depth},
        .policy = *policy,
    };
}
