/* Transactions of the gas key.  Every rule has a name ("policy max-fee: …") under which refusals
 * are logged and counted; what no rule allows is refused. */
#include "node/signer.h"

#include <string.h>

#include "attest/due.h"
#include "attest/report.h"
#include "base/arena.h"
#include "config/config.h"
#include "ledger/store.h"
#include "ledger/vault.h"
#include "node/ask.h"
#include "node/clock.h"
#include "node/keyfile.h"
#include "rails/evm/abi.h"
#include "rails/evm/tx.h"
#include "rails/job.h"

#define DAY_MS INT64_C(86400000)
#define NONCE_END ((uint64_t)1 << 62) /* far above what EIP-2681 or an account ever reaches */

/* What a transaction gives away, when it gives something away. */
struct outflow {
    const struct weir_config_asset *asset; /* NULL: nothing but gas */
    unsigned __int128 amount;
};

static const struct weir_config_chain *find_chain(const struct weir_config *config, uint64_t id)
{
    for (size_t i = 0; i < config->chain_count; i++)
        if (config->chains[i].chain_id == id)
            return &config->chains[i];
    return NULL;
}

static const struct weir_agreement *find_clone(const struct weir_signer *signer,
                                               const struct weir_ask_transaction *asked)
{
    for (size_t i = 0; i < signer->agreements.count; i++) {
        const struct weir_agreement *agreement = &signer->agreements.items[i];
        if (agreement->domain.chain_id == asked->chain_id &&
            weir_address_equal(&agreement->domain.contract, &asked->to))
            return agreement;
    }
    return NULL;
}

/* A payout: the call carries a complete report of an agreement we witness; its worth is computed
 * here, as if nothing had been paid before. */
static enum weir_err allow_payout(struct weir_signer *signer,
                                  struct weir_scope *scope,
                                  const struct weir_ask_transaction *asked,
                                  struct outflow *outflow)
{
    const struct weir_agreement *agreement = find_clone(signer, asked);
    if (agreement == NULL)
        return weir_fail(scope, WEIR_E_POLICY,
                         "policy to-contract: a payout goes to the contract of an agreement");
    struct weir_report report;
    enum weir_err err = weir_abi_read_report(scope, asked->data, &agreement->hash, &report);
    if (err != WEIR_OK)
        return weir_note(scope, "policy selector");
    err = weir_report_check(scope, &agreement->terms, &agreement->domain, &report);
    if (err != WEIR_OK)
        return weir_note(scope, "policy evidence-valid");
    const struct weir_lanes untouched = {0};
    struct weir_due due;
    err = weir_due_compute(scope, &agreement->terms, &untouched, &report.breach, &due);
    if (err == WEIR_OK && asked->value != 0)
        err = weir_fail(scope, WEIR_E_POLICY, "policy value: a report carries no coins");
    *outflow = (struct outflow){agreement->configured->asset, due.amount};
    return err;
}

/* Opening: exactly the terms of an agreement of ours, at its factory. */
static enum weir_err allow_open(struct weir_signer *signer,
                                struct weir_scope *scope,
                                const struct weir_ask_transaction *asked)
{
    for (size_t i = 0; i < signer->agreements.count; i++) {
        const struct weir_agreement *agreement = &signer->agreements.items[i];
        struct weir_buffer call = {.capacity_max = 0};
        enum weir_err err = weir_abi_open(scope, &agreement->terms, &call);
        if (err != WEIR_OK)
            return err;
        if (agreement->domain.chain_id == asked->chain_id && asked->value == 0 &&
            weir_address_equal(&agreement->factory, &asked->to) &&
            weir_slice_equal(weir_buffer_slice(&call), asked->data))
            return WEIR_OK;
    }
    return weir_fail(scope, WEIR_E_POLICY,
                     "policy to-contract: only configured agreements are opened, at their factory");
}

/* Funding: coins to an agreement, or its token transferred to it. */
static enum weir_err allow_fund(struct weir_signer *signer,
                                struct weir_scope *scope,
                                const struct weir_ask_transaction *asked,
                                struct outflow *outflow)
{
    for (size_t i = 0; i < signer->agreements.count; i++) {
        const struct weir_agreement *agreement = &signer->agreements.items[i];
        if (agreement->domain.chain_id != asked->chain_id)
            continue;
        outflow->asset = agreement->configured->asset;
        outflow->amount = asked->value;
        bool is_native = weir_address_is_zero(&agreement->terms.asset);
        if (is_native && asked->data.length == 0 &&
            weir_address_equal(&asked->to, &agreement->domain.contract))
            return WEIR_OK;
        if (is_native || asked->value != 0 ||
            !weir_address_equal(&asked->to, &agreement->terms.asset) || asked->data.length != 68)
            continue;
        struct weir_word amount;
        memcpy(amount.bytes, asked->data.data + 36, sizeof(amount.bytes));
        struct weir_buffer call = {.capacity_max = 0};
        if (!weir_word_get_u128(amount, &outflow->amount))
            continue;
        enum weir_err err =
            weir_abi_transfer(scope, &agreement->domain.contract, outflow->amount, &call);
        if (err != WEIR_OK)
            return err;
        if (weir_slice_equal(weir_buffer_slice(&call), asked->data))
            return WEIR_OK;
    }
    return weir_fail(scope, WEIR_E_POLICY,
                     "policy to-contract: funds go to the contract of an agreement only");
}

static enum weir_err allow_kind(struct weir_signer *signer,
                                struct weir_scope *scope,
                                const struct weir_ask_transaction *asked,
                                struct outflow *outflow)
{
    *outflow = (struct outflow){.asset = NULL};
    if (asked->is_clearing) {
        struct weir_address own = weir_keys_address(signer->keys, WEIR_KEY_GAS);
        if (asked->value != 0 || asked->data.length != 0 || !weir_address_equal(&asked->to, &own))
            return weir_fail(scope, WEIR_E_POLICY,
                             "policy clearing: an empty transaction to ourselves carries nothing");
        return WEIR_OK;
    }
    switch ((enum weir_rail_kind)asked->kind) {
    case WEIR_RAIL_PAYOUT:
        return allow_payout(signer, scope, asked, outflow);
    case WEIR_RAIL_OPEN:
        return allow_open(signer, scope, asked);
    case WEIR_RAIL_FUND:
        return allow_fund(signer, scope, asked, outflow);
    case WEIR_RAIL_DEPLOY:
    case WEIR_RAIL_CALL:
        break;
    }
    return weir_fail(scope, WEIR_E_POLICY, "policy selector: job kind %u is not signed for",
                     asked->kind);
}

static enum weir_err check_fees(struct weir_scope *scope,
                                const struct weir_config *config,
                                const struct weir_config_chain *chain,
                                const struct weir_ask_transaction *asked)
{
    uint64_t fee_max = config->policy.fee_per_gas_max_wei;
    if (chain->fee_per_gas_max_wei < fee_max)
        fee_max = chain->fee_per_gas_max_wei;
    if (asked->fee_cap > fee_max || asked->tip > asked->fee_cap)
        return weir_fail(scope, WEIR_E_POLICY, "policy max-fee: more than %llu wei per gas",
                         (unsigned long long)fee_max);
    if (asked->gas > config->policy.gas_max)
        return weir_fail(scope, WEIR_E_POLICY, "policy max-gas: %llu, at most %llu",
                         (unsigned long long)asked->gas,
                         (unsigned long long)config->policy.gas_max);
    return WEIR_OK;
}

/* Limits of the policy file, against what the signer's own file remembers of today. */
static enum weir_err check_spending(struct weir_signer *signer,
                                    struct weir_scope *scope,
                                    const struct weir_vault_transaction *transaction,
                                    const struct outflow *outflow)
{
    const struct weir_config_policy *policy = &signer->config->policy;
    unsigned __int128 spent = 0;
    uint64_t count = 0;
    enum weir_err err = weir_vault_day(signer->vault, scope, transaction, &spent, &count);
    if (err != WEIR_OK)
        return err;
    if (count >= policy->transactions_per_day_max)
        return weir_fail(scope, WEIR_E_POLICY, "policy rate: %u transactions were signed today",
                         policy->transactions_per_day_max);
    if (outflow->asset == NULL)
        return WEIR_OK;
    for (size_t i = 0; i < policy->spend_count; i++) {
        const struct weir_config_spend *limit = &policy->spends[i];
        if (limit->asset != outflow->asset)
            continue;
        if (outflow->amount > weir_money_units(limit->payout_max))
            return weir_fail(scope, WEIR_E_POLICY, "policy max-per-payout: more than %s %s",
                             limit->payout_max_text, limit->asset_name);
        unsigned __int128 total;
        if (__builtin_add_overflow(spent, outflow->amount, &total) ||
            total > weir_money_units(limit->day_max))
            return weir_fail(scope, WEIR_E_POLICY, "policy max-per-day: more than %s %s",
                             limit->day_max_text, limit->asset_name);
        return WEIR_OK;
    }
    return weir_fail(scope, WEIR_E_POLICY, "policy asset: '%s' is not in the list of spends",
                     outflow->asset->name);
}

static enum weir_err
read_asked(struct weir_scope *scope, struct weir_slice question, struct weir_ask_transaction *asked)
{
    struct weir_body body = {.scope = scope, .rest = question};
    weir_body_bytes(&body, asked->job.bytes, WEIR_HASH_BYTES);
    asked->kind = (uint8_t)weir_body_uint(&body, 1);
    asked->chain_id = weir_body_uint(&body, 8);
    asked->nonce = weir_body_uint(&body, 8);
    asked->tip = weir_body_u128(&body);
    asked->fee_cap = weir_body_u128(&body);
    asked->gas = weir_body_uint(&body, 8);
    asked->is_clearing = weir_body_uint(&body, 1) != 0;
    weir_body_bytes(&body, asked->to.bytes, WEIR_ADDRESS_BYTES);
    asked->value = weir_body_u128(&body);
    asked->data = weir_body_slice(&body);
    return weir_body_end(&body);
}

/* Signs, writes down, and only then hands out. */
static enum weir_err sign_and_keep(struct weir_signer *signer,
                                   struct weir_scope *scope,
                                   const struct weir_evm_tx *tx,
                                   const struct outflow *outflow,
                                   struct weir_vault_transaction *transaction,
                                   struct weir_buffer *answer)
{
    transaction->day = weir_clock_now() / DAY_MS;
    transaction->asset = outflow->asset == NULL ? NULL : outflow->asset->name;
    transaction->amount = outflow->amount;
    enum weir_err err = check_spending(signer, scope, transaction, outflow);
    struct weir_signature signature;
    if (err == WEIR_OK)
        err = weir_keys_sign_digest(scope, signer->keys, WEIR_KEY_USE_TRANSACTION,
                                    transaction->digest.bytes, &signature);
    if (err == WEIR_OK)
        err = weir_evm_tx_write(scope, tx, &signature, answer);
    if (err != WEIR_OK)
        return err;
    transaction->raw = weir_buffer_slice(answer);
    return weir_vault_transaction_put(signer->vault, scope, transaction);
}

enum weir_err weir_signer_transaction(struct weir_signer *signer,
                                      struct weir_scope *scope,
                                      struct weir_slice question,
                                      struct weir_buffer *answer)
{
    struct weir_ask_transaction asked;
    enum weir_err err = read_asked(scope, question, &asked);
    if (err != WEIR_OK)
        return err;
    const struct weir_config_chain *chain = find_chain(signer->config, asked.chain_id);
    if (chain == NULL)
        return weir_fail(scope, WEIR_E_POLICY, "policy chain-id: %llu is not configured",
                         (unsigned long long)asked.chain_id);
    if (asked.nonce >= NONCE_END)
        return weir_fail(scope, WEIR_E_POLICY, "policy nonce: %llu is none of an account",
                         (unsigned long long)asked.nonce);
    struct outflow outflow;
    err = check_fees(scope, signer->config, chain, &asked);
    if (err == WEIR_OK)
        err = allow_kind(signer, scope, &asked, &outflow);
    if (err != WEIR_OK)
        return err;
    const struct weir_evm_tx tx = {
        .type = WEIR_EVM_TX_DYNAMIC_FEE,
        .chain_id = asked.chain_id,
        .nonce = asked.nonce,
        .max_priority_fee = asked.tip,
        .max_fee = asked.fee_cap,
        .gas_limit = asked.gas,
        .to = asked.to,
        .value = asked.value,
        .data = asked.data,
    };
    struct weir_vault_transaction transaction = {
        .job = asked.job, .chain_id = asked.chain_id, .nonce = asked.nonce};
    struct weir_slice known;
    err = weir_evm_tx_digest(scope, &tx, &transaction.digest);
    if (err == WEIR_OK)
        err = weir_vault_transaction_find(signer->vault, scope, &transaction.digest, &known);
    if (err != WEIR_OK)
        return err;
    if (known.length > 0)
        return weir_buffer_put(scope, answer, known.data, known.length);
    return sign_and_keep(signer, scope, &tx, &outflow, &transaction, answer);
}
