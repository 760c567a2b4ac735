/* Goal: the gas key signs what a rule allows and nothing else, never more than the limits of a day,
 * also after a restart, and the same question gets the same bytes.
 * Method: a real signer, one good question of each kind, and each rule broken alone. */
#include "node/signer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "attest/due.h"
#include "attest/opinion.h"
#include "attest/report.h"
#include "base/arena.h"
#include "config/config.h"
#include "node/ask.h"
#include "rails/evm/abi.h"
#include "rails/evm/tx.h"
#include "rails/job.h"
#include "tests/unit/node/with_signer.h"

#define NOW_MS (WITNESSES_START_MS + 130000)
#define DAY_MS INT64_C(86400000)
#define PLAY(amount) ((unsigned __int128)(amount)*1000000)
#define GWEI ((unsigned __int128)1000000000)

static struct with_witnesses world;
static struct with_signer signer;

/* Every test has its own record: nonces and days begin anew. */
static int world_make(void **state)
{
    (void)state;
    with_witnesses_make(&world);
    with_signer_start(&signer, &world, NOW_MS);
    return 0;
}

static int world_drop(void **state)
{
    (void)state;
    assert_int_equal(with_signer_stop(&signer), 0);
    with_witnesses_drop(&world);
    return 0;
}

static struct weir_hash job_of(unsigned number)
{
    struct weir_hash job = {{1, (uint8_t)number}};
    return job;
}

static const struct weir_agreement *token_deal(void)
{
    return with_witnesses_agreement(&world, 0, 0);
}

static const struct weir_agreement *coin_deal(void)
{
    return with_witnesses_agreement(&world, 0, 1);
}

static struct weir_ask_transaction question(uint8_t kind, unsigned job, uint64_t nonce)
{
    return (struct weir_ask_transaction){
        .job = job_of(job),
        .kind = kind,
        .chain_id = 31337,
        .nonce = nonce,
        .tip = GWEI,
        .fee_cap = 20 * GWEI,
        .gas = 200000,
    };
}

/* Funding the first agreement with tokens. */
static struct weir_ask_transaction fund(unsigned job, uint64_t nonce, unsigned __int128 amount)
{
    struct weir_ask_transaction asked = question(WEIR_RAIL_FUND, job, nonce);
    struct weir_buffer call = {.capacity_max = 0};
    with_witnesses_expect(
        &world, weir_abi_transfer(&world.scope, &token_deal()->domain.contract, amount, &call));
    asked.to = token_deal()->terms.asset;
    asked.data = weir_buffer_slice(&call);
    return asked;
}

/* A report that witnesses 0 and 1 have signed. */
static struct weir_report report_of(const struct weir_agreement *agreement, uint64_t window)
{
    struct weir_signature signatures[WEIR_WITNESSES_MAX];
    struct weir_report report = {.breach = {.terms = agreement->hash,
                                            .word = weir_window_word(&agreement->terms, window),
                                            .mask = weir_window_mask(&agreement->terms, window),
                                            .tier = 2,
                                            .evidence_root = {{7}}}};
    struct weir_hash digest = weir_breach_digest(&agreement->domain, &report.breach);
    uint32_t have = 0;
    for (size_t w = 0; w < 2; w++) {
        int index = with_witnesses_index(&world, w);
        with_witnesses_expect(&world, weir_keys_sign_digest(&world.scope, world.items[w].keys,
                                                            WEIR_KEY_USE_REPORT, digest.bytes,
                                                            &signatures[index]));
        have |= 1U << index;
    }
    with_witnesses_expect(
        &world, weir_report_pack(&world.scope, &agreement->terms, signatures, have, &report));
    return report;
}

static struct weir_ask_transaction payout(const struct weir_agreement *agreement,
                                          const struct weir_report *report,
                                          unsigned job,
                                          uint64_t nonce)
{
    struct weir_ask_transaction asked = question(WEIR_RAIL_PAYOUT, job, nonce);
    struct weir_buffer call = {.capacity_max = 0};
    with_witnesses_expect(&world, weir_abi_report(&world.scope, report, &call));
    asked.to = agreement->domain.contract;
    asked.data = weir_buffer_slice(&call);
    return asked;
}

static struct weir_slice signed_bytes(const struct weir_ask_transaction *asked)
{
    struct weir_slice raw;
    with_witnesses_expect(&world, weir_ask_sign_transaction(
                                      &world.scope, signer.ask[WEIR_DUTY_SETTLER], asked, &raw));
    return raw;
}

static void
refused(const struct weir_ask_transaction *asked, enum weir_err expected, const char *text)
{
    struct weir_slice raw = {NULL, 0};
    enum weir_err err =
        weir_ask_sign_transaction(&world.scope, signer.ask[WEIR_DUTY_SETTLER], asked, &raw);
    with_signer_refused(&signer, err, expected, text);
    assert_null(raw.data);
}

static void restart(int64_t now_ms)
{
    assert_int_equal(with_signer_stop(&signer), 0);
    with_signer_start(&signer, &world, now_ms);
}

static void the_same_question_gets_the_same_bytes_by_the_gas_key(void **state)
{
    (void)state;
    struct weir_report report = report_of(token_deal(), 3);
    const struct weir_ask_transaction asked[] = {fund(1, 0, PLAY(10)),
                                                 payout(token_deal(), &report, 2, 1)};
    for (size_t i = 0; i < 2; i++) {
        struct weir_slice first = signed_bytes(&asked[i]);
        restart(NOW_MS);
        struct weir_slice again = signed_bytes(&asked[i]);
        assert_true(weir_slice_equal(first, again));
        struct weir_evm_signed_tx tx;
        struct weir_address gas = weir_keys_address(world.items[0].keys, WEIR_KEY_GAS);
        with_witnesses_expect(&world, weir_evm_tx_read(&world.scope, first, &tx));
        assert_true(weir_address_equal(&tx.sender, &gas));
        assert_true(weir_slice_equal(tx.tx.data, asked[i].data));
        assert_int_equal(tx.tx.nonce, asked[i].nonce);
    }
}

static void chain_fee_and_gas_are_bounded(void **state)
{
    (void)state;
    struct weir_ask_transaction asked = fund(1, 0, PLAY(1));
    asked.chain_id = 1;
    refused(&asked, WEIR_E_POLICY, "policy chain-id");
    asked = fund(1, 0, PLAY(1));
    asked.fee_cap = 51 * GWEI;
    refused(&asked, WEIR_E_POLICY, "policy max-fee");
    asked = fund(1, 0, PLAY(1));
    asked.tip = asked.fee_cap + 1;
    refused(&asked, WEIR_E_POLICY, "policy max-fee");
    asked = fund(1, 0, PLAY(1));
    asked.gas = 1000001;
    refused(&asked, WEIR_E_POLICY, "policy max-gas");
    asked = fund(1, UINT64_MAX, PLAY(1));
    refused(&asked, WEIR_E_POLICY, "policy nonce");
    asked = fund(1, (uint64_t)1 << 63, PLAY(1));
    refused(&asked, WEIR_E_POLICY, "policy nonce");
    asked = fund(1, 0, PLAY(1));
    (void)signed_bytes(&asked);
}

static void funds_go_to_agreements_only(void **state)
{
    (void)state;
    struct weir_ask_transaction asked = fund(1, 0, PLAY(1));
    asked.to.bytes[0] ^= 1;
    refused(&asked, WEIR_E_POLICY, "policy to-contract");
    asked = fund(1, 0, PLAY(1));
    asked.value = 1;
    refused(&asked, WEIR_E_POLICY, "policy to-contract");
    for (size_t i = 0; i < 36; i++) { /* selector and receiver */
        asked = fund(1, 0, PLAY(1));
        uint8_t *data = (uint8_t *)weir_take_text(&world.scope, asked.data.data, asked.data.length);
        data[i] ^= 0x40;
        asked.data.data = data;
        struct weir_slice raw;
        enum weir_err err =
            weir_ask_sign_transaction(&world.scope, signer.ask[WEIR_DUTY_SETTLER], &asked, &raw);
        assert_int_equal(err, WEIR_E_POLICY);
        weir_scope_recover(&world.scope);
    }
    asked = question(WEIR_RAIL_FUND, 1, 0);
    asked.to = coin_deal()->domain.contract;
    asked.value = (unsigned __int128)1000000000 * GWEI; /* one coin */
    (void)signed_bytes(&asked);
    asked.data = weir_slice_text("x");
    refused(&asked, WEIR_E_POLICY, "policy to-contract");
}

static void only_configured_agreements_are_opened(void **state)
{
    (void)state;
    struct weir_ask_transaction asked = question(WEIR_RAIL_OPEN, 1, 0);
    struct weir_buffer call = {.capacity_max = 0};
    with_witnesses_expect(&world, weir_abi_open(&world.scope, &token_deal()->terms, &call));
    asked.to = token_deal()->factory;
    asked.data = weir_buffer_slice(&call);
    (void)signed_bytes(&asked);
    struct weir_terms terms = token_deal()->terms;
    terms.nonce++;
    call = (struct weir_buffer){.capacity_max = 0};
    with_witnesses_expect(&world, weir_abi_open(&world.scope, &terms, &call));
    asked.data = weir_buffer_slice(&call);
    refused(&asked, WEIR_E_POLICY, "policy to-contract");
}

static void a_payout_needs_a_complete_report_of_its_agreement(void **state)
{
    (void)state;
    struct weir_report report = report_of(token_deal(), 4);
    struct weir_ask_transaction asked = payout(token_deal(), &report, 1, 0);
    asked.to = coin_deal()->domain.contract;
    refused(&asked, WEIR_E_SIGNATURE, "policy evidence-valid");
    asked = payout(token_deal(), &report, 1, 0);
    asked.to = token_deal()->terms.asset;
    refused(&asked, WEIR_E_POLICY, "policy to-contract");
    asked = payout(token_deal(), &report, 1, 0);
    asked.value = 1;
    refused(&asked, WEIR_E_POLICY, "policy value");
    asked = fund(1, 0, PLAY(1));
    asked.kind = WEIR_RAIL_PAYOUT;
    asked.to = token_deal()->domain.contract;
    refused(&asked, WEIR_E_PARSE, "policy selector");
    struct weir_report forged = report;
    forged.signatures[1].bytes[40] ^= 1;
    asked = payout(token_deal(), &forged, 1, 0);
    refused(&asked, WEIR_E_SIGNATURE, "policy evidence-valid");
    forged = report;
    forged.breach.tier = 1; /* signed was tier 2 */
    asked = payout(token_deal(), &forged, 1, 0);
    refused(&asked, WEIR_E_SIGNATURE, "policy evidence-valid");
}

static void what_no_rule_knows_is_refused(void **state)
{
    (void)state;
    static const uint8_t kinds[] = {0, WEIR_RAIL_DEPLOY, WEIR_RAIL_CALL, 6, 255};
    for (size_t i = 0; i < sizeof(kinds); i++) {
        struct weir_ask_transaction asked = fund(1, 0, PLAY(1));
        asked.kind = kinds[i];
        refused(&asked, WEIR_E_POLICY, "policy selector");
    }
}

static void clearing_carries_nothing_and_goes_to_ourselves(void **state)
{
    (void)state;
    struct weir_ask_transaction asked = question(WEIR_RAIL_PAYOUT, 1, 0);
    asked.is_clearing = true;
    asked.to = weir_keys_address(world.items[0].keys, WEIR_KEY_GAS);
    (void)signed_bytes(&asked);
    struct weir_ask_transaction bent = asked;
    bent.value = 1;
    refused(&bent, WEIR_E_POLICY, "policy clearing");
    bent = asked;
    bent.to = token_deal()->terms.customer;
    refused(&bent, WEIR_E_POLICY, "policy clearing");
    bent = asked;
    bent.data = weir_slice_text("x");
    refused(&bent, WEIR_E_POLICY, "policy clearing");
}

static void a_nonce_belongs_to_one_job_for_ever(void **state)
{
    (void)state;
    struct weir_ask_transaction asked = fund(1, 5, PLAY(1));
    (void)signed_bytes(&asked);
    restart(NOW_MS);
    struct weir_ask_transaction other = fund(2, 5, PLAY(2));
    refused(&other, WEIR_E_CONFLICT, "nonce 5 was used for another job");
    asked.fee_cap += GWEI; /* a bump of the same job */
    (void)signed_bytes(&asked);
}

static void one_payout_and_one_day_have_their_limits_across_restarts(void **state)
{
    (void)state;
    struct weir_ask_transaction asked = fund(1, 0, PLAY(100) + 1);
    refused(&asked, WEIR_E_POLICY, "policy max-per-payout");
    asked = fund(1, 0, PLAY(100));
    (void)signed_bytes(&asked);
    asked = fund(2, 1, PLAY(50) + 1);
    refused(&asked, WEIR_E_POLICY, "policy max-per-day");
    restart(NOW_MS);
    refused(&asked, WEIR_E_POLICY, "policy max-per-day");
    asked = fund(2, 1, PLAY(50));
    (void)signed_bytes(&asked);
    asked.fee_cap += GWEI; /* bumping spends nothing more: one of the two is mined */
    (void)signed_bytes(&asked);
    asked = fund(3, 2, 1);
    refused(&asked, WEIR_E_POLICY, "policy max-per-day");
    with_signer_clock(&signer, NOW_MS - DAY_MS); /* a clock set back gives no new day */
    refused(&asked, WEIR_E_POLICY, "policy max-per-day");
    with_signer_clock(&signer, NOW_MS + DAY_MS);
    (void)signed_bytes(&asked);
}

static void one_job_cannot_spend_again_and_again(void **state)
{
    (void)state;
    struct weir_ask_transaction asked = fund(1, 0, PLAY(100));
    (void)signed_bytes(&asked);
    asked = fund(1, 1, PLAY(100)); /* the same job under another nonce is other money */
    refused(&asked, WEIR_E_POLICY, "policy max-per-day");
    asked = fund(1, 1, PLAY(10));
    (void)signed_bytes(&asked);
    asked = fund(1, 1, PLAY(50)); /* dearer under the same nonce: the dearest counts */
    (void)signed_bytes(&asked);
    asked = fund(2, 2, 1);
    refused(&asked, WEIR_E_POLICY, "policy max-per-day");
}

static void transactions_of_a_day_are_counted(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        struct weir_ask_transaction asked = fund(i, i, 1);
        (void)signed_bytes(&asked);
        (void)signed_bytes(&asked); /* again is not one more */
    }
    struct weir_ask_transaction asked = fund(9, 9, 1);
    refused(&asked, WEIR_E_POLICY, "policy rate");
    restart(NOW_MS);
    refused(&asked, WEIR_E_POLICY, "policy rate");
}

static void an_asset_without_a_limit_is_never_paid(void **state)
{
    (void)state;
    struct weir_ask_transaction asked = fund(1, 0, 1);
    assert_int_equal(with_signer_stop(&signer), 0);
    world.items[0].config->policy.spend_count = 0;
    with_signer_start(&signer, &world, NOW_MS);
    refused(&asked, WEIR_E_POLICY, "policy asset");
}

#define with_world(test) cmocka_unit_test_setup_teardown(test, world_make, world_drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_world(the_same_question_gets_the_same_bytes_by_the_gas_key),
        with_world(chain_fee_and_gas_are_bounded),
        with_world(funds_go_to_agreements_only),
        with_world(only_configured_agreements_are_opened),
        with_world(a_payout_needs_a_complete_report_of_its_agreement),
        with_world(what_no_rule_knows_is_refused),
        with_world(clearing_carries_nothing_and_goes_to_ourselves),
        with_world(a_nonce_belongs_to_one_job_for_ever),
        with_world(one_payout_and_one_day_have_their_limits_across_restarts),
        with_world(one_job_cannot_spend_again_and_again),
        with_world(transactions_of_a_day_are_counted),
        with_world(an_asset_without_a_limit_is_never_paid),
    };
    return cmocka_run_group_tests_name("signer_transactions", tests, NULL, NULL);
}
