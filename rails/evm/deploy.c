#include "rails/evm/deploy.h"

#include <assert.h>

#include "attest/report.h"
#include "attest/terms.h"
#include "rails/evm/abi.h"
#include "rails/evm/artifacts/contracts.inc"
#include "rails/evm/artifacts/selectors.h"

#define CALL_BYTES_MAX ((size_t)64 * 1024)

/* Bounds, each above what was measured; gas that is not used is not paid. */
#define GAS_TRANSACTION 21000
#define GAS_CREATION 53000
#define GAS_DATA_BYTE 40        /* EIP-7623, the dearer of the two prices of calldata */
#define GAS_CODE_BYTE 200       /* stored code */
#define GAS_REPORT_FIXED 130000 /* checks, three fresh slots, two logs */
#define GAS_REPORT_SIGNER 6000
#define GAS_PUSH_TOKEN 250000  /* protocol section 7: 200000 fixed, of 63/64, and the reserve */
#define GAS_PUSH_NATIVE 130000 /* 50000 fixed, the value, perhaps a new account, the reserve */
#define PUSHES 3               /* what is due; asking for the balance; the balance */
#define GAS_OPEN 700000        /* 1400 bytes of proxy and packed terms, and all checks of them */
#define GAS_FUND 250000        /* a token may do much in a transfer */
#define GAS_MINT 120000
#define GAS_CONSTRUCTOR 1000000

static struct weir_buffer call_buffer(void)
{
    return (struct weir_buffer){.capacity_max = CALL_BYTES_MAX};
}

static void finish_call(struct weir_rail_call *call, const struct weir_buffer *data, uint64_t gas)
{
    call->data = weir_buffer_slice(data);
    call->gas = gas + GAS_TRANSACTION + (uint64_t)GAS_DATA_BYTE * call->data.length;
}

static enum weir_err prepare_report(struct weir_scope *scope,
                                    const struct weir_rail_report_order *order,
                                    struct weir_rail_call *call,
                                    struct weir_rail_effect *effect)
{
    const struct weir_report *report = order->report;
    struct weir_buffer data = call_buffer();
    if (report->signature_count == 0 || report->signature_count > WEIR_WITNESSES_MAX)
        return weir_fail(scope, WEIR_E_RANGE, "a report with %zu signatures",
                         report->signature_count);
    enum weir_err err = weir_abi_report(scope, report, &data);
    if (err != WEIR_OK)
        return err;
    bool is_native = weir_address_is_zero(&order->terms->asset);
    uint64_t push = is_native ? GAS_PUSH_NATIVE : GAS_PUSH_TOKEN;
    *call = (struct weir_rail_call){.to = order->agreement};
    finish_call(call, &data,
                GAS_REPORT_FIXED + PUSHES * push +
                    (uint64_t)GAS_REPORT_SIGNER * report->signature_count);
    *effect = (struct weir_rail_effect){
        .kind = WEIR_RAIL_EFFECT_LEVELS,
        .contract = order->agreement,
        .word = report->breach.word,
        .mask = report->breach.mask,
        .tier = report->breach.tier,
    };
    return WEIR_OK;
}

static enum weir_err prepare_open(struct weir_scope *scope,
                                  const struct weir_rail_open_order *order,
                                  struct weir_rail_call *call,
                                  struct weir_rail_effect *effect)
{
    struct weir_buffer data = call_buffer();
    enum weir_err err = weir_abi_open(scope, order->terms, &data);
    if (err != WEIR_OK)
        return err;
    *call = (struct weir_rail_call){.to = order->factory};
    finish_call(call, &data, GAS_OPEN);
    *effect =
        (struct weir_rail_effect){.kind = WEIR_RAIL_EFFECT_CODE, .contract = order->agreement};
    return WEIR_OK;
}

static enum weir_err prepare_fund(struct weir_scope *scope,
                                  const struct weir_rail_fund_order *order,
                                  struct weir_rail_call *call,
                                  struct weir_rail_effect *effect)
{
    struct weir_buffer data = call_buffer();
    if (order->amount == 0)
        return weir_fail(scope, WEIR_E_RANGE, "funding with nothing");
    bool is_native = weir_address_is_zero(&order->asset);
    enum weir_err err =
        is_native ? WEIR_OK : weir_abi_transfer(scope, &order->agreement, order->amount, &data);
    if (err != WEIR_OK)
        return err;
    *call = (struct weir_rail_call){.to = is_native ? order->agreement : order->asset,
                                    .value = is_native ? order->amount : 0};
    finish_call(call, &data, GAS_FUND);
    *effect = (struct weir_rail_effect){.kind = WEIR_RAIL_EFFECT_RECEIPT};
    return WEIR_OK;
}

static enum weir_err prepare_mint(struct weir_scope *scope,
                                  const struct weir_rail_mint_order *order,
                                  struct weir_rail_call *call,
                                  struct weir_rail_effect *effect)
{
    struct weir_buffer data = call_buffer();
    struct weir_word words[] = {weir_word_address(&order->to), weir_word_u128(order->amount)};
    enum weir_err err =
        weir_abi_call(scope, WEIR_EVM_TOKEN_MINT, words, sizeof(words) / sizeof(words[0]), &data);
    if (err != WEIR_OK)
        return err;
    *call = (struct weir_rail_call){.to = order->token};
    finish_call(call, &data, GAS_MINT);
    *effect = (struct weir_rail_effect){.kind = WEIR_RAIL_EFFECT_RECEIPT};
    return WEIR_OK;
}

static enum weir_err prepare_deploy(struct weir_scope *scope,
                                    enum weir_rail_deploy_what what,
                                    struct weir_rail_call *call,
                                    struct weir_rail_effect *effect)
{
    struct weir_buffer data = call_buffer();
    bool is_factory = what == WEIR_RAIL_DEPLOY_FACTORY;
    enum weir_err err = is_factory ? weir_buffer_put(scope, &data, weir_evm_factory_creation,
                                                     sizeof(weir_evm_factory_creation))
                                   : weir_buffer_put(scope, &data, weir_evm_demo_token_creation,
                                                     sizeof(weir_evm_demo_token_creation));
    if (err != WEIR_OK)
        return err;
    *call = (struct weir_rail_call){.is_creation = true};
    finish_call(call, &data,
                GAS_CREATION + GAS_CONSTRUCTOR + (uint64_t)GAS_CODE_BYTE * data.length);
    *effect = (struct weir_rail_effect){.kind = WEIR_RAIL_EFFECT_CREATED};
    return WEIR_OK;
}

enum weir_err weir_evm_prepare(struct weir_scope *scope,
                               const struct weir_rail_order *order,
                               struct weir_rail_call *call,
                               struct weir_rail_effect *effect)
{
    switch (order->kind) {
    case WEIR_RAIL_PAYOUT:
        return prepare_report(scope, &order->of.report, call, effect);
    case WEIR_RAIL_OPEN:
        return prepare_open(scope, &order->of.open, call, effect);
    case WEIR_RAIL_FUND:
        return prepare_fund(scope, &order->of.fund, call, effect);
    case WEIR_RAIL_DEPLOY:
        return prepare_deploy(scope, order->of.deploy, call, effect);
    case WEIR_RAIL_CALL:
        return prepare_mint(scope, &order->of.mint, call, effect);
    }
    return weir_fail(scope, WEIR_E_RANGE, "a kind of intent that this rail does not know");
}
