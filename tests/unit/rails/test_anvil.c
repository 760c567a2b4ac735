/* Goal: the rail does on a real chain what its tables say: deploys, opens, funds and pays, survives
 * reorganisations, forgotten transactions and fee storms, and proves its payment.
 * Method: anvil in a child process, jobs driven to their end with a clock of the test's own. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attest/due.h"
#include "attest/header.h"
#include "attest/report.h"
#include "attest/secp.h"
#include "rails/evm/client.h"
#include "rails/evm/deploy.h"
#include "rails/evm/rail.h"
#include "rails/http.h"
#include "rails/registry.h"
#include "tests/unit/rails/with_anvil.h"
#include "tests/unit/rails/with_job.h"

#define SKIPPED 77
#define WITNESSES 3
#define STEPS_MAX 300
#define DEPTH 3
#define FUNDS 1000000000 /* 1,000 of a token with 6 decimals */

struct fixture {
    bool has_anvil;
    struct with_anvil anvil;
    struct with_signer signer;
    struct weir_http *http;
    struct weir_evm_rail rail;
    struct weir_scope *scope;
    int64_t now_ms;
    struct weir_rail_job job;
    struct weir_rail_call call;
    struct weir_rail_effect effect;
    uint64_t next_nonce;
    bool is_holding; /* no block is mined while a job waits */
    struct weir_address factory;
    struct weir_address implementation;
    struct weir_address token;
    struct weir_address agreement;
    struct weir_terms terms;
    uint8_t witness_secrets[WITNESSES][WEIR_SECP_SECRET_BYTES];
};

static void ok(struct fixture *f, enum weir_err err)
{
    if (err != WEIR_OK)
        fail_msg("%s: %s", weir_err_name(err), f->scope->fault);
}

static void mine(struct fixture *f, const char *blocks)
{
    (void)with_anvil_do(&f->anvil, "anvil_mine", blocks);
}

static void order(struct fixture *f, const struct weir_rail_order *wanted)
{
    static uint8_t serial;
    const struct weir_hash id = {{++serial}};
    const struct weir_rail_ops *ops = f->rail.base.ops;
    ok(f, ops->prepare(&f->rail.base, f->scope, wanted, &f->call, &f->effect));
    weir_evm_job_init(&f->job, &id, wanted->kind, &f->call, &f->effect);
}

static struct weir_rail_account account_of(struct fixture *f)
{
    struct weir_rail_account account = {.address = f->signer.address, .next_nonce = f->next_nonce};
    weir_rail_account_add(&account, &f->job);
    f->next_nonce = account.next_nonce;
    return account;
}

/* One action; while the job waits, the test's clock jumps and the chain goes on. */
static void step(struct fixture *f)
{
    static struct weir_rail_event event;
    const struct weir_rail_ops *ops = f->rail.base.ops;
    struct weir_rail_account account = account_of(f);
    struct weir_rail_action action = ops->next(&f->rail.base, &f->job, &account, f->now_ms);
    memset(&event, 0, sizeof(event));
    switch (action.kind) {
    case WEIR_RAIL_ACTION_NONE:
        return;
    case WEIR_RAIL_ACTION_WAIT:
        f->now_ms = action.until_ms;
        if (!f->is_holding)
            mine(f, "[1]");
        return;
    case WEIR_RAIL_ACTION_SIGN:
        with_sign(&f->signer, &f->job, action.attempt, &event);
        break;
    case WEIR_RAIL_ACTION_LOOK:
    case WEIR_RAIL_ACTION_SEND:
        ok(f, ops->perform(&f->rail.base, f->scope, &f->job, &account, action, &event));
        break;
    }
    ok(f, ops->apply(&f->rail.base, f->scope, &f->job, &account, &event, f->now_ms));
}

static void drive_to(struct fixture *f, enum weir_rail_stage stage)
{
    for (int i = 0; i < STEPS_MAX && f->job.stage != stage; i++)
        step(f);
    if (f->job.stage != stage)
        fail_msg("the job rests in stage '%s' with alarm '%s': %s",
                 weir_rail_stage_name(f->job.stage), weir_rail_alarm_name(f->job.alarm),
                 f->job.reason);
}

static struct weir_address deploy(struct fixture *f, enum weir_rail_deploy_what what)
{
    struct weir_address created;
    order(f, &(struct weir_rail_order){.kind = WEIR_RAIL_DEPLOY, .of.deploy = what});
    drive_to(f, WEIR_RAIL_STAGE_FINAL);
    ok(f, weir_evm_created_address(f->scope, &f->signer.address, f->job.nonce, &created));
    return created;
}

/* Witnesses by ascending address. */
static void make_witnesses(struct fixture *f)
{
    for (size_t i = 0; i < WITNESSES; i++) {
        uint8_t secret[WEIR_SECP_SECRET_BYTES] = {[31] = (uint8_t)(100 + i)};
        struct weir_terms_witness witness = {.node = {(uint8_t)i}};
        struct weir_secp_key key;
        ok(f, weir_secp_key_of(f->signer.secp, f->scope, secret, &key));
        ok(f, weir_secp_address(f->scope, &key, &witness.key));
        size_t at = i;
        for (; at > 0 && weir_address_compare(&witness.key, &f->terms.witnesses[at - 1].key) < 0;
             at--) {
            f->terms.witnesses[at] = f->terms.witnesses[at - 1];
            memcpy(f->witness_secrets[at], f->witness_secrets[at - 1], sizeof(secret));
        }
        f->terms.witnesses[at] = witness;
        memcpy(f->witness_secrets[at], secret, sizeof(secret));
    }
}

static void make_terms(struct fixture *f)
{
    struct weir_rail_head head;
    struct weir_rail_head final;
    ok(f, weir_client_heads(&f->rail.client, f->scope, &head, &final));
    f->terms = (struct weir_terms){
        .provider = f->signer.address,
        .customer = {{0xc0, 0xff, 0xee}},
        .asset = f->token,
        .gauge = {{1}},
        .length_s = 60,
        .start_s = head.timestamp_s + 3600,
        .count = 1000,
        .early = true,
        .claim_window_s = 86400,
        .max_skew_ms = 500,
        .cap = 500000000,
        .m = 2,
        .witness_count = WITNESSES,
        .tier_count = 2,
        .tiers = {{{95, 100}, 25000000}, {{60, 100}, 60000000}},
    };
    make_witnesses(f);
}

/* A report by two of the three for window `window` at `tier`. */
static struct weir_report make_report(struct fixture *f, uint64_t window, uint8_t tier)
{
    const struct weir_domain domain = {WITH_CHAIN_ID, f->agreement};
    struct weir_report report = {.breach = {.terms = weir_terms_hash(&f->terms),
                                            .word = weir_window_word(&f->terms, window),
                                            .mask = weir_window_mask(&f->terms, window),
                                            .tier = tier,
                                            .evidence_root = {{0xee}}}};
    struct weir_hash digest = weir_breach_digest(&domain, &report.breach);
    struct weir_signature signatures[WITNESSES];
    for (size_t i = 0; i < WITNESSES; i++)
        ok(f, weir_secp_sign(f->signer.secp, f->scope, f->witness_secrets[i], &digest,
                             &signatures[i]));
    ok(f, weir_report_pack(f->scope, &f->terms, signatures, 5, &report));
    return report;
}

static void order_payout(struct fixture *f, const struct weir_report *report)
{
    order(f, &(struct weir_rail_order){.kind = WEIR_RAIL_PAYOUT,
                                       .of.report = {f->agreement, &f->terms, report}});
}

static unsigned __int128 balance(struct fixture *f, const struct weir_address *account)
{
    unsigned __int128 units = 0;
    ok(f, weir_client_balance(&f->rail.client, f->scope, &f->token, account, WEIR_CLIENT_LATEST,
                              &units));
    return units;
}

static struct fixture *fixture_of(void **state)
{
    struct fixture *f = *state;
    if (!f->has_anvil) {
        printf("SKIP: anvil is not installed; run \"npm ci\" in tests/chain first\n");
        skip();
    }
    return f;
}

static void the_chain_id_is_checked_at_connect(void **state)
{
    struct fixture *f = fixture_of(state);
    ok(f, weir_client_connect(&f->rail.client, f->scope));
    struct weir_client other = f->rail.client;
    other.chain_id = 1;
    assert_int_equal(weir_client_connect(&other, f->scope), WEIR_E_CHAIN);
    weir_scope_recover(f->scope);
    other = f->rail.client;
    other.endpoint.allow_private = false;
    assert_int_equal(weir_client_connect(&other, f->scope), WEIR_E_NETWORK);
    weir_scope_recover(f->scope);
}

static void contracts_are_deployed_opened_and_funded_by_jobs(void **state)
{
    struct fixture *f = fixture_of(state);
    const char *symbol = NULL;
    uint8_t decimals = 0;
    f->factory = deploy(f, WEIR_RAIL_DEPLOY_FACTORY);
    f->token = deploy(f, WEIR_RAIL_DEPLOY_TOKEN);
    ok(f, weir_client_factory(&f->rail.client, f->scope, &f->factory, &f->implementation));
    ok(f, weir_client_token(&f->rail.client, f->scope, &f->token, &decimals, &symbol));
    assert_int_equal(decimals, 6);
    assert_string_equal(symbol, "DEMO");
    order(f, &(struct weir_rail_order){.kind = WEIR_RAIL_CALL,
                                       .of.mint = {f->token, f->signer.address, FUNDS}});
    drive_to(f, WEIR_RAIL_STAGE_FINAL);
    make_terms(f);
    ok(f, weir_terms_check(f->scope, &f->terms, false));
    f->agreement = weir_terms_clone_address(&f->terms, &f->factory, &f->implementation);
    const struct weir_rail_order opening = {.kind = WEIR_RAIL_OPEN,
                                            .of.open = {f->factory, f->agreement, &f->terms}};
    order(f, &opening);
    drive_to(f, WEIR_RAIL_STAGE_FINAL);
    order(f, &opening); /* a second order finds the work done */
    drive_to(f, WEIR_RAIL_STAGE_SUPERSEDED);
    assert_int_equal(f->job.attempt_count, 0);
    order(f, &(struct weir_rail_order){.kind = WEIR_RAIL_FUND,
                                       .of.fund = {f->agreement, f->token, FUNDS / 2}});
    drive_to(f, WEIR_RAIL_STAGE_FINAL);
    struct weir_agreement_state found;
    ok(f, weir_client_agreement(&f->rail.client, f->scope, &f->agreement, &f->token,
                                WEIR_CLIENT_FINAL, &found));
    struct weir_hash hash = weir_terms_hash(&f->terms);
    assert_true(found.has_code && weir_hash_equal(&found.terms, &hash));
    assert_true(found.balance == FUNDS / 2 && found.owed == 0);
}

static void a_report_too_early_waits_and_then_pays_exactly_once(void **state)
{
    struct fixture *f = fixture_of(state);
    struct weir_report report = make_report(f, 0, 1);
    order_payout(f, &report);
    for (int i = 0; i < 6; i++)
        step(f);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_INTENT);
    assert_int_equal(f->job.alarm, WEIR_RAIL_ALARM_PREFLIGHT);
    char time[64];
    (void)snprintf(time, sizeof(time), "[%" PRIu64 "]", f->terms.start_s + 1000);
    (void)with_anvil_do(&f->anvil, "evm_setNextBlockTimestamp", time);
    mine(f, "[1]");
    drive_to(f, WEIR_RAIL_STAGE_FINAL);
    assert_true(balance(f, &f->terms.customer) == 25000000);
    assert_true(f->job.mined.gas_used > 40000 && f->job.mined.gas_used < 150000);
    struct weir_hash tx = f->job.attempts[f->job.mined.attempt].hash;
    order_payout(f, &report); /* the same breach again */
    drive_to(f, WEIR_RAIL_STAGE_SUPERSEDED);
    assert_true(balance(f, &f->terms.customer) == 25000000);

    const uint64_t windows[] = {0, 1};
    uint8_t levels[2] = {9, 9};
    const struct weir_client_windows asked = {f->agreement, windows, 2};
    ok(f, weir_client_levels(&f->rail.client, f->scope, &asked, WEIR_CLIENT_FINAL, levels));
    assert_int_equal(levels[0], 1);
    assert_int_equal(levels[1], 0);
    struct weir_settlement settlement;
    ok(f, weir_client_settlement(&f->rail.client, f->scope, &f->agreement, &tx, &settlement));
    assert_int_equal(settlement.log_count, 1);
    assert_true(settlement.logs[0].settled.paid == 25000000);
    assert_false(settlement.logs[0].has_owed);
    struct weir_settled_query query = {.agreement = f->agreement,
                                       .mask = report.breach.mask,
                                       .tier = 1,
                                       .to_block = settlement.block_number + 2};
    struct weir_hash same;
    ok(f, weir_client_find_settled(&f->rail.client, f->scope, &query, &same));
    assert_true(weir_hash_equal(&tx, &same));
    query.tier = 2;
    assert_int_equal(weir_client_find_settled(&f->rail.client, f->scope, &query, &same),
                     WEIR_E_NOT_FOUND);
    weir_scope_recover(f->scope);
    struct weir_payment payment;
    struct weir_header header;
    struct weir_settled settled;
    ok(f, weir_client_payment(&f->rail.client, f->scope, &f->agreement, &tx, &payment));
    ok(f, weir_payment_verify(f->scope, &payment, &f->agreement, &header, &settled));
    assert_true(weir_hash_equal(&header.hash, &settlement.block_hash));
    assert_true(settled.due == 25000000);
}

static void every_kind_of_question_is_understood(void **state)
{
    struct fixture *f = fixture_of(state);
    const struct weir_rpc_tag latest = {.at = WEIR_RPC_LATEST};
    const struct weir_rpc_tag pending = {.at = WEIR_RPC_PENDING};
    const struct weir_hash unknown = {{7}};
    const struct weir_hash sent = f->job.attempt_count > 0 ? f->job.attempts[0].hash : unknown;
    const struct weir_rpc_message message = {
        .has_from = true, .from = f->signer.address, .to = f->terms.customer, .value = 1};
    struct weir_rpc_batch batch = {0};
    struct weir_rpc_block block;
    struct weir_rpc_tx tx = {0};
    struct weir_rpc_tx none = {0};
    uint64_t gas = 0;
    uint64_t nonce = 0;
    unsigned __int128 price = 0;
    unsigned __int128 coins = 0;
    assert_non_null(weir_rpc_estimate(f->scope, &batch, &message, latest, &gas));
    assert_non_null(weir_rpc_gas_price(f->scope, &batch, &price));
    assert_non_null(weir_rpc_nonce(f->scope, &batch, &f->signer.address, pending, &nonce));
    assert_non_null(weir_rpc_balance(f->scope, &batch, &f->signer.address, latest, &coins));
    assert_non_null(weir_rpc_block_at(f->scope, &batch, latest, &block));
    assert_non_null(weir_rpc_tx_of(f->scope, &batch, &unknown, &none));
    assert_non_null(weir_rpc_tx_of(f->scope, &batch, &sent, &tx));
    ok(f, weir_client_exchange(&f->rail.client, f->scope, &batch));
    for (size_t i = 0; i < batch.count; i++)
        assert_int_equal(batch.calls[i].class, WEIR_RPC_ANSWERED);
    assert_int_equal(gas, 21000);
    assert_true(price > 0 && coins > 0);
    assert_int_equal(nonce, f->next_nonce);
    assert_true(block.header.length > 500);
    assert_true(batch.calls[5].is_null);
}

static void a_payout_that_is_reorganised_away_is_sent_again(void **state)
{
    struct fixture *f = fixture_of(state);
    struct weir_report report = make_report(f, 1, 1);
    order_payout(f, &report);
    drive_to(f, WEIR_RAIL_STAGE_MINED);
    (void)with_anvil_do(&f->anvil, "anvil_reorg", "[2,[]]");
    assert_true(balance(f, &f->terms.customer) == 25000000);
    drive_to(f, WEIR_RAIL_STAGE_SENT);
    drive_to(f, WEIR_RAIL_STAGE_FINAL);
    assert_int_equal(f->job.attempt_count, 1);
    assert_true(balance(f, &f->terms.customer) == 50000000);
}

static void a_transaction_that_pools_forget_is_sent_again_and_replaced(void **state)
{
    struct fixture *f = fixture_of(state);
    (void)with_anvil_do(&f->anvil, "evm_setAutomine", "[false]");
    f->is_holding = true;
    struct weir_report report = make_report(f, 2, 2);
    order_payout(f, &report);
    drive_to(f, WEIR_RAIL_STAGE_SENT);
    (void)with_anvil_do(&f->anvil, "anvil_dropAllTransactions", "[]");
    for (int i = 0; i < 60 && f->job.attempt_count < 2; i++)
        step(f);
    assert_int_equal(f->job.attempt_count, 2); /* dearer, with the same nonce */
    for (int i = 0; i < 4; i++)
        step(f);
    f->is_holding = false;
    (void)with_anvil_do(&f->anvil, "evm_setAutomine", "[true]");
    drive_to(f, WEIR_RAIL_STAGE_FINAL);
    assert_int_equal(f->job.attempts[0].nonce, f->job.attempts[1].nonce);
    assert_true(balance(f, &f->terms.customer) == 110000000);
}

static void a_fee_storm_is_answered_with_higher_fees(void **state)
{
    struct fixture *f = fixture_of(state);
    (void)with_anvil_do(&f->anvil, "evm_setAutomine", "[false]");
    f->is_holding = true;
    struct weir_report report = make_report(f, 3, 1);
    order_payout(f, &report);
    drive_to(f, WEIR_RAIL_STAGE_SENT);
    unsigned __int128 cap = f->job.attempts[0].fee_cap;
    (void)with_anvil_do(&f->anvil, "anvil_setNextBlockBaseFeePerGas", "[\"0x174876e800\"]");
    mine(f, "[1]"); /* evicts it */
    f->is_holding = false;
    (void)with_anvil_do(&f->anvil, "evm_setAutomine", "[true]");
    drive_to(f, WEIR_RAIL_STAGE_FINAL);
    assert_true(f->job.attempts[f->job.mined.attempt].fee_cap > cap);
    assert_true(balance(f, &f->terms.customer) == 135000000);
}

static void a_worse_tier_pays_the_difference_and_finalized_is_understood(void **state)
{
    struct fixture *f = fixture_of(state);
    f->rail.policy.depth = 0; /* the node's own finalized block */
    f->rail.client.depth = 0;
    f->rail.client.has_final = false;
    struct weir_report report = make_report(f, 3, 2);
    order_payout(f, &report);
    drive_to(f, WEIR_RAIL_STAGE_FINAL);
    assert_true(balance(f, &f->terms.customer) == 170000000);
}

static void a_deterministic_refusal_costs_no_gas(void **state)
{
    struct fixture *f = fixture_of(state);
    struct weir_report report = make_report(f, 4, 1);
    report.signatures[0].bytes[5] ^= 1;
    uint64_t nonce = f->next_nonce;
    order_payout(f, &report);
    drive_to(f, WEIR_RAIL_STAGE_REVERTED);
    assert_int_equal(f->job.attempt_count, 0);
    assert_int_equal(f->next_nonce, nonce);
    assert_non_null(strstr(f->job.reason, "BadSignature"));
}

static void another_chain_behind_the_same_url_stops_everything(void **state)
{
    struct fixture *f = fixture_of(state);
    struct weir_report report = make_report(f, 5, 1);
    order_payout(f, &report);
    (void)with_anvil_do(&f->anvil, "anvil_setChainId", "[999]");
    for (int i = 0; i < 6; i++)
        step(f);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_INTENT);
    assert_int_equal(f->job.alarm, WEIR_RAIL_ALARM_CHAIN);
    (void)with_anvil_do(&f->anvil, "anvil_setChainId", "[31337]");
    drive_to(f, WEIR_RAIL_STAGE_FINAL);
}

static void a_final_block_that_changes_stops_everything(void **state)
{
    struct fixture *f = fixture_of(state);
    struct weir_rail_head head;
    struct weir_rail_head final;
    ok(f, weir_client_heads(&f->rail.client, f->scope, &head, &final));
    (void)with_anvil_do(&f->anvil, "anvil_reorg", "[8,[]]");
    mine(f, "[1]");
    struct weir_report report = make_report(f, 6, 1);
    order_payout(f, &report);
    for (int i = 0; i < 6; i++)
        step(f);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_INTENT);
    assert_int_equal(f->job.alarm, WEIR_RAIL_ALARM_CHAIN);
    assert_true(f->rail.client.is_violated);
}

static int set_up(void **state)
{
    static struct fixture f;
    size_t rail_count = 0;
    with_signer_open(&f.signer);
    f.scope = &f.signer.scope;
    f.http = weir_http_new(4, NULL);
    f.has_anvil = with_anvil_start(&f.anvil, f.http, f.scope);
    f.now_ms = 1700000000000;
    *state = &f;
    if (weir_rail_find("evm") != &weir_evm_rail_ops || weir_rail_find("none") != NULL ||
        strcmp(weir_rail_names(&rail_count)[0], "evm") != 0)
        return -1;
    if (!f.has_anvil)
        return 0;
    struct weir_evm_policy policy = with_policy();
    policy.depth = DEPTH;
    const struct weir_rpc_endpoint endpoint = {.url = f.anvil.url, .allow_private = true};
    weir_evm_rail_init(&f.rail, f.http, &endpoint, &policy);
    char address[WEIR_ADDRESS_TEXT_BYTES];
    char params[128];
    weir_address_print_hex(&f.signer.address, address);
    (void)snprintf(params, sizeof(params), "[\"%s\",\"0x56bc75e2d63100000\"]", address);
    (void)with_anvil_do(&f.anvil, "anvil_setBalance", params);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    if (f->has_anvil)
        with_anvil_stop(&f->anvil);
    f->rail.base.ops = &weir_evm_rail_ops;
    f->rail.base.ops->free(&f->rail.base);
    weir_http_free(f->http);
    with_signer_close(&f->signer);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_chain_id_is_checked_at_connect),
        cmocka_unit_test(contracts_are_deployed_opened_and_funded_by_jobs),
        cmocka_unit_test(a_report_too_early_waits_and_then_pays_exactly_once),
        cmocka_unit_test(every_kind_of_question_is_understood),
        cmocka_unit_test(a_payout_that_is_reorganised_away_is_sent_again),
        cmocka_unit_test(a_transaction_that_pools_forget_is_sent_again_and_replaced),
        cmocka_unit_test(a_fee_storm_is_answered_with_higher_fees),
        cmocka_unit_test(a_worse_tier_pays_the_difference_and_finalized_is_understood),
        cmocka_unit_test(a_deterministic_refusal_costs_no_gas),
        cmocka_unit_test(another_chain_behind_the_same_url_stops_everything),
        cmocka_unit_test(a_final_block_that_changes_stops_everything),
    };
    int failed = cmocka_run_group_tests_name("anvil", tests, set_up, tear_down);
    bool is_installed = access(WEIR_SOURCE_DIR "/tests/chain/node_modules/@foundry-rs", F_OK) == 0;
    return failed == 0 && !is_installed ? SKIPPED : failed;
}
