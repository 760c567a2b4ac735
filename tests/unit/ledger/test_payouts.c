/* Goal: what leads to a payment is stored exactly once, only ever appended to, and contradictions
 * are kept as evidence.
 * Method: real keys and terms, so that the ledger's check can verify every signature and id; each
 * function called again with the same and with other arguments. */
#include <string.h>

#include "attest/keccak.h"
#include "attest/opinion.h"
#include "attest/secp.h"
#include "attest/terms.h"
#include "ledger/agreements.h"
#include "ledger/attempts.h"
#include "ledger/check.h"
#include "ledger/intents.h"
#include "ledger/opinions.h"
#include "ledger/reports.h"
#include "ledger/transfers.h"
#include "tests/unit/ledger/with_ledger.h"

#define CHAIN 31337
#define NOW_MS 1767225600000

struct settlement {
    struct weir_agreement_row row;
    struct weir_terms terms;
    struct weir_secp *secp;
    uint8_t secret[WEIR_SECP_SECRET_BYTES];
    int64_t agreement_id;
};

static struct settlement agree(struct with_ledger *ledger)
{
    struct settlement made = {.secret = {[31] = 7}};
    const uint8_t random[32] = {1};
    struct weir_secp_key key;
    struct weir_buffer bytes = {0};
    made.secp = weir_secp_new(random);
    assert_non_null(made.secp);
    with_ledger_expect(ledger, weir_secp_key_of(made.secp, &ledger->scope, made.secret, &key));
    made.terms = (struct weir_terms){
        .provider = {{1}},
        .customer = {{2}},
        .asset = {{3}},
        .length_s = 10,
        .start_s = 1767225600,
        .count = 100,
        .claim_window_s = 600,
        .max_skew_ms = 100,
        .cap = 1000,
        .m = 1,
        .witness_count = 1,
        .witnesses = {{.node = {9}}},
        .tier_count = 1,
        .tiers = {{.ratio = {.num = 95, .den = 100}, .payout = 25}},
    };
    with_ledger_expect(ledger,
                       weir_secp_address(&ledger->scope, &key, &made.terms.witnesses[0].key));
    with_ledger_expect(ledger, weir_terms_write(&ledger->scope, &made.terms, &bytes));
    made.row = (struct weir_agreement_row){
        .name = "api",
        .terms_hash = weir_terms_hash(&made.terms),
        .terms = weir_buffer_slice(&bytes),
        .chain_id = CHAIN,
        .factory = {{4}},
        .implementation = {{5}},
        .made_ms = NOW_MS,
    };
    made.row.clone =
        weir_terms_clone_address(&made.terms, &made.row.factory, &made.row.implementation);
    struct weir_asset_row asset = {
        .chain_id = CHAIN, .token = made.terms.asset, .symbol = "TST", .decimals = 6};
    with_ledger_expect(ledger,
                       weir_asset_open(ledger->store, &ledger->scope, &asset, &made.row.asset));
    with_ledger_expect(
        ledger, weir_agreement_put(ledger->store, &ledger->scope, &made.row, &made.agreement_id));
    return made;
}

static void an_agreement_is_registered_once(void **state)
{
    struct with_ledger *ledger = *state;
    struct settlement made = agree(ledger);
    struct weir_agreement_row found;
    int64_t again = 0;
    with_ledger_expect(ledger,
                       weir_agreement_put(ledger->store, &ledger->scope, &made.row, &again));
    assert_int_equal(again, made.agreement_id);
    with_ledger_expect(ledger, weir_agreement_find_terms(ledger->store, &ledger->scope,
                                                         &made.row.terms_hash, &found));
    assert_string_equal(found.name, "api");
    assert_true(weir_slice_equal(found.terms, made.row.terms));
    struct weir_agreement_row other = made.row;
    other.clone.bytes[0] ^= 1;
    with_ledger_refused(ledger, weir_agreement_put(ledger->store, &ledger->scope, &other, &again),
                        WEIR_E_CONFLICT, "other terms");
    other.clone = made.row.clone;
    other.name = "other";
    with_ledger_refused(ledger, weir_agreement_put(ledger->store, &ledger->scope, &other, &again),
                        WEIR_E_CONFLICT, "belongs to another");
    struct weir_asset_row asset = {
        .chain_id = CHAIN, .token = made.terms.asset, .symbol = "TST", .decimals = 18};
    with_ledger_refused(ledger,
                        weir_asset_open(ledger->store, &ledger->scope, &asset, &other.asset),
                        WEIR_E_CONFLICT, "6 decimals");
    with_ledger_check(ledger, NULL);
    weir_secp_free(made.secp);
}

static struct weir_opinion_row
opinion_make(struct with_ledger *ledger, const struct settlement *made, uint64_t num)
{
    struct weir_domain domain = {.chain_id = CHAIN, .contract = made->row.clone};
    struct weir_opinion_row row = {
        .node = {9},
        .opinion = {.terms = made->row.terms_hash,
                    .window = 3,
                    .tier = 1,
                    .num = num,
                    .den = 10000,
                    .first_leaf = 1,
                    .end_leaf = 40,
                    .tree_size = 41,
                    .made_at_ms = NOW_MS},
        .stored_ms = NOW_MS,
    };
    row.digest = weir_opinion_digest(&domain, &row.opinion);
    with_ledger_expect(ledger, weir_secp_sign(made->secp, &ledger->scope, made->secret, &row.digest,
                                              &row.signature));
    return row;
}

static void a_second_opinion_of_one_revision_is_evidence(void **state)
{
    struct with_ledger *ledger = *state;
    struct settlement made = agree(ledger);
    struct weir_opinion_row first = opinion_make(ledger, &made, 5000);
    struct weir_opinion_row second = opinion_make(ledger, &made, 4000);
    struct weir_opinion_row found;
    enum weir_opinion_put outcome;
    bool is_known = true;
    with_ledger_expect(ledger, weir_opinion_put(ledger->store, &ledger->scope, &first, &outcome));
    assert_int_equal(outcome, WEIR_OPINION_STORED);
    with_ledger_expect(ledger, weir_opinion_put(ledger->store, &ledger->scope, &first, &outcome));
    assert_int_equal(outcome, WEIR_OPINION_KNOWN);
    with_ledger_expect(
        ledger, weir_equivocator_is_known(ledger->store, &ledger->scope, first.node, &is_known));
    assert_false(is_known);
    for (unsigned i = 0; i < 2; i++) {
        with_ledger_expect(ledger,
                           weir_opinion_put(ledger->store, &ledger->scope, &second, &outcome));
        assert_int_equal(outcome, WEIR_OPINION_CONTRADICTS);
    }
    with_ledger_expect(
        ledger, weir_equivocator_is_known(ledger->store, &ledger->scope, first.node, &is_known));
    assert_true(is_known);
    struct weir_equivocation_row *rows = NULL;
    size_t count = 0;
    with_ledger_expect(ledger,
                       weir_equivocation_list(ledger->store, &ledger->scope, &rows, &count));
    assert_int_equal(count, 1);
    with_ledger_expect(ledger, weir_opinion_last(ledger->store, &ledger->scope,
                                                 &made.row.terms_hash, first.node, 3, &found));
    assert_int_equal(found.opinion.num, 5000);
    with_ledger_expect(ledger,
                       weir_opinion_find(ledger->store, &ledger->scope, &first.digest, &found));
    assert_memory_equal(&found.signature, &first.signature, sizeof(found.signature));
    with_ledger_check(ledger, NULL);
    with_ledger_damage(ledger, "opinion", "UPDATE opinion SET signature = zeroblob(64)");
    with_ledger_check(ledger, "r or s");
    weir_secp_free(made.secp);
}

static void a_report_collects_its_signatures(void **state)
{
    struct with_ledger *ledger = *state;
    struct weir_report_row row = {
        .digest = {{1}},
        .breach = {.terms = {{2}}, .word = 4, .mask = {{[31] = 8}}, .tier = 2},
        .proof = weir_slice_text("unsigned"),
        .is_own = true,
        .made_ms = NOW_MS,
    };
    struct weir_report_row found;
    struct weir_signature signature = {{5}};
    struct weir_signature signatures[16];
    struct weir_hash unknown = {{9}};
    uint32_t have = 0;
    with_ledger_expect(ledger, weir_report_put(ledger->store, &ledger->scope, &row));
    with_ledger_expect(ledger, weir_report_put(ledger->store, &ledger->scope, &row));
    with_ledger_refused(
        ledger, weir_report_signature_put(ledger->store, &ledger->scope, &unknown, 1, &signature),
        WEIR_E_NOT_FOUND, "no such report");
    with_ledger_expect(ledger, weir_report_signature_put(ledger->store, &ledger->scope, &row.digest,
                                                         2, &signature));
    signature.bytes[0] = 6;
    with_ledger_expect(ledger, weir_report_signature_put(ledger->store, &ledger->scope, &row.digest,
                                                         2, &signature));
    with_ledger_expect(ledger, weir_report_signature_put(ledger->store, &ledger->scope, &row.digest,
                                                         0, &signature));
    with_ledger_expect(ledger, weir_report_signatures(ledger->store, &ledger->scope, &row.digest,
                                                      signatures, &have));
    assert_int_equal(have, 5);
    assert_int_equal(signatures[2].bytes[0], 5); /* the first one stays */
    with_ledger_expect(ledger, weir_report_complete(ledger->store, &ledger->scope, &row.digest,
                                                    weir_slice_text("signed"), NOW_MS));
    with_ledger_expect(ledger,
                       weir_report_find(ledger->store, &ledger->scope, &row.digest, &found));
    assert_true(weir_slice_equals_text(found.proof, "unsigned"));
    assert_true(weir_slice_equals_text(found.complete, "signed"));
    assert_int_equal(found.breach.mask.bytes[31], 8);
    struct weir_report_row *rows = NULL;
    size_t count = 0;
    with_ledger_expect(ledger, weir_report_list(ledger->store, &ledger->scope, &row.breach.terms, 4,
                                                &rows, &count));
    assert_int_equal(count, 1);
}

static void an_intent_is_made_once_and_ends_once(void **state)
{
    struct with_ledger *ledger = *state;
    struct settlement made = agree(ledger);
    struct weir_intent intent = {
        .agreement_id = made.agreement_id, .window = 3, .tier = 1, .made_ms = NOW_MS};
    struct weir_hash id;
    struct weir_hash expected = weir_intent_id(CHAIN, &made.row.clone, 3, 1);
    struct weir_intent *list = NULL;
    size_t count = 0;
    bool is_new = false;
    for (unsigned i = 0; i < 3; i++) {
        with_ledger_expect(ledger,
                           weir_intent_put(ledger->store, &ledger->scope, &intent, &id, &is_new));
        assert_int_equal(is_new, i == 0);
        assert_true(weir_hash_equal(&id, &expected));
    }
    with_ledger_expect(ledger, weir_intent_step(ledger->store, &ledger->scope, &id,
                                                WEIR_INTENT_HELD, NOW_MS + 1, "no money"));
    with_ledger_expect(ledger, weir_intent_step(ledger->store, &ledger->scope, &id,
                                                WEIR_INTENT_OPEN, NOW_MS + 2, NULL));
    with_ledger_expect(ledger,
                       weir_intent_list_open(ledger->store, &ledger->scope, 0, &list, &count));
    assert_int_equal(count, 1);
    assert_int_equal(list[0].state, WEIR_INTENT_OPEN);
    with_ledger_expect(ledger, weir_intent_step(ledger->store, &ledger->scope, &id,
                                                WEIR_INTENT_SETTLED, NOW_MS + 3, "block 5"));
    with_ledger_expect(ledger, weir_intent_step(ledger->store, &ledger->scope, &id,
                                                WEIR_INTENT_SETTLED, NOW_MS + 4, "block 6"));
    with_ledger_refused(
        ledger,
        weir_intent_step(ledger->store, &ledger->scope, &id, WEIR_INTENT_OPEN, NOW_MS, NULL),
        WEIR_E_CONFLICT, "is settled and cannot become open");
    with_ledger_expect(ledger,
                       weir_intent_list_open(ledger->store, &ledger->scope, 0, &list, &count));
    assert_int_equal(count, 0);
    with_ledger_expect(ledger,
                       weir_intent_list(ledger->store, &ledger->scope, 0, 10, &list, &count));
    assert_int_equal(count, 1);
    assert_string_equal(list[0].detail, "block 5");
    assert_int_equal(with_ledger_number(ledger, "SELECT count(*) FROM intent_step"), 4);
    with_ledger_check(ledger, NULL);
    with_ledger_damage(ledger, "intent_step", "DELETE FROM intent_step WHERE step = 1");
    with_ledger_check(ledger, "its id or its steps are wrong");
    weir_secp_free(made.secp);
}

static struct weir_attempt
attempt_make(const struct weir_hash *intent, uint64_t nonce, const char *raw)
{
    struct weir_attempt attempt = {
        .intent = *intent,
        .sender = {.chain_id = CHAIN, .key = {{8}}},
        .nonce = nonce,
        .raw = weir_slice_text(raw),
        .fee_per_gas = (unsigned __int128)5 << 70,
        .tip_per_gas = 2,
        .made_ms = NOW_MS,
    };
    attempt.hash = weir_keccak_of(raw, strlen(raw));
    return attempt;
}

static void attempts_of_one_intent_share_a_nonce(void **state)
{
    struct with_ledger *ledger = *state;
    struct weir_hash one = {{1}};
    struct weir_hash two = {{2}};
    uint64_t nonce = 0;
    struct weir_attempt first = attempt_make(&one, 7, "raw one");
    struct weir_attempt bumped = attempt_make(&one, 7, "raw one, dearer");
    struct weir_attempt stolen = attempt_make(&two, 7, "raw two");
    with_ledger_expect(
        ledger, weir_nonce_reserve(ledger->store, &ledger->scope, &first.sender, &one, 7, &nonce));
    assert_int_equal(nonce, 7);
    with_ledger_expect(
        ledger, weir_nonce_reserve(ledger->store, &ledger->scope, &first.sender, &two, 7, &nonce));
    assert_int_equal(nonce, 8);
    with_ledger_expect(
        ledger, weir_nonce_reserve(ledger->store, &ledger->scope, &first.sender, &one, 9, &nonce));
    assert_int_equal(nonce, 7);
    with_ledger_expect(ledger, weir_attempt_put(ledger->store, &ledger->scope, &first));
    with_ledger_expect(ledger, weir_attempt_put(ledger->store, &ledger->scope, &first));
    with_ledger_expect(ledger, weir_attempt_put(ledger->store, &ledger->scope, &bumped));
    with_ledger_refused(ledger, weir_attempt_put(ledger->store, &ledger->scope, &stolen),
                        WEIR_E_CONFLICT, "not reserved");
    struct weir_attempt_step step = {
        .state = WEIR_ATTEMPT_MINED, .block_hash = {{4}}, .block_number = 12, .now_ms = NOW_MS};
    with_ledger_expect(ledger,
                       weir_attempt_step(ledger->store, &ledger->scope, &bumped.hash, &step));
    step.state = WEIR_ATTEMPT_FINAL;
    with_ledger_expect(ledger,
                       weir_attempt_step(ledger->store, &ledger->scope, &bumped.hash, &step));
    step.state = WEIR_ATTEMPT_SENT;
    with_ledger_refused(ledger,
                        weir_attempt_step(ledger->store, &ledger->scope, &bumped.hash, &step),
                        WEIR_E_CONFLICT, "is final and cannot become sent");
    step = (struct weir_attempt_step){.state = WEIR_ATTEMPT_REPLACED, .now_ms = NOW_MS};
    with_ledger_expect(ledger,
                       weir_attempt_step(ledger->store, &ledger->scope, &first.hash, &step));
    struct weir_attempt *list = NULL;
    size_t count = 0;
    with_ledger_expect(ledger,
                       weir_attempt_list(ledger->store, &ledger->scope, &one, &list, &count));
    assert_int_equal(count, 2);
    assert_int_equal(list[1].state, WEIR_ATTEMPT_FINAL);
    assert_true(list[1].fee_per_gas == (unsigned __int128)5 << 70);
    with_ledger_expect(ledger, weir_attempt_list_open(ledger->store, &ledger->scope, &first.sender,
                                                      &list, &count));
    assert_int_equal(count, 0);
    with_ledger_check(ledger, NULL);
}

static void a_nonce_that_is_over_is_followed_by_a_fresh_one(void **state)
{
    struct with_ledger *ledger = *state;
    struct weir_hash one = {{1}};
    uint64_t nonce = 0;
    struct weir_attempt first = attempt_make(&one, 3, "raw");
    struct weir_attempt_step step = {.state = WEIR_ATTEMPT_REPLACED, .now_ms = NOW_MS};
    with_ledger_expect(
        ledger, weir_nonce_reserve(ledger->store, &ledger->scope, &first.sender, &one, 3, &nonce));
    with_ledger_expect(ledger, weir_attempt_put(ledger->store, &ledger->scope, &first));
    with_ledger_expect(ledger,
                       weir_attempt_step(ledger->store, &ledger->scope, &first.hash, &step));
    with_ledger_expect(
        ledger, weir_nonce_reserve(ledger->store, &ledger->scope, &first.sender, &one, 4, &nonce));
    assert_int_equal(nonce, 4);
    with_ledger_expect(ledger,
                       weir_nonce_last(ledger->store, &ledger->scope, &first.sender, &nonce));
    assert_int_equal(nonce, 4);
}

static void money_moves_twice_or_not_at_all(void **state)
{
    struct with_ledger *ledger = *state;
    struct settlement made = agree(ledger);
    struct weir_account_row row;
    struct weir_transfer transfer = {.kind = WEIR_TRANSFER_PENDING,
                                     .cause = {{1}},
                                     .amount = weir_money_make(made.row.asset, 25),
                                     .detail = "window 3",
                                     .made_ms = NOW_MS};
    with_ledger_expect(ledger, weir_account_open(ledger->store, &ledger->scope, "escrow",
                                                 made.row.asset, &transfer.debit));
    with_ledger_expect(ledger, weir_account_open(ledger->store, &ledger->scope, "customer",
                                                 made.row.asset, &transfer.credit));
    struct weir_money twenty = weir_money_make(made.row.asset, 20);
    with_ledger_refused(
        ledger,
        weir_transfer_post(ledger->store, &ledger->scope, &transfer.cause, twenty, NOW_MS, ""),
        WEIR_E_NOT_FOUND, "nothing is pending");
    with_ledger_expect(ledger, weir_transfer_book(ledger->store, &ledger->scope, &transfer));
    with_ledger_expect(ledger, weir_transfer_book(ledger->store, &ledger->scope, &transfer));
    with_ledger_expect(ledger,
                       weir_account_load(ledger->store, &ledger->scope, transfer.credit, &row));
    assert_true(weir_money_units(row.credits_pending) == 25);
    transfer.amount = weir_money_make(made.row.asset, 26);
    with_ledger_refused(ledger, weir_transfer_book(ledger->store, &ledger->scope, &transfer),
                        WEIR_E_CONFLICT, "booked before");
    with_ledger_refused(ledger,
                        weir_transfer_post(ledger->store, &ledger->scope, &transfer.cause,
                                           transfer.amount, NOW_MS, ""),
                        WEIR_E_CONFLICT, "more would be posted");
    for (unsigned i = 0; i < 2; i++)
        with_ledger_expect(ledger, weir_transfer_post(ledger->store, &ledger->scope,
                                                      &transfer.cause, twenty, NOW_MS, "tx"));
    with_ledger_refused(
        ledger, weir_transfer_void(ledger->store, &ledger->scope, &transfer.cause, NOW_MS, ""),
        WEIR_E_CONFLICT, "ended otherwise");
    with_ledger_expect(ledger,
                       weir_account_load(ledger->store, &ledger->scope, transfer.debit, &row));
    assert_true(weir_money_is_zero(row.debits_pending));
    assert_true(weir_money_units(row.debits_posted) == 20);
    transfer.cause.bytes[0] = 2;
    with_ledger_expect(ledger, weir_transfer_book(ledger->store, &ledger->scope, &transfer));
    for (unsigned i = 0; i < 2; i++)
        with_ledger_expect(ledger, weir_transfer_void(ledger->store, &ledger->scope,
                                                      &transfer.cause, NOW_MS, "reverted"));
    transfer.cause.bytes[0] = 3;
    transfer.kind = WEIR_TRANSFER_DIRECT;
    transfer.amount = weir_money_make(made.row.asset, ~(unsigned __int128)0);
    with_ledger_refused(ledger, weir_transfer_book(ledger->store, &ledger->scope, &transfer),
                        WEIR_E_OVERFLOW, "account");
    with_ledger_check(ledger, NULL);
    weir_secp_free(made.secp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_ledger(an_agreement_is_registered_once),
        with_ledger(a_second_opinion_of_one_revision_is_evidence),
        with_ledger(a_report_collects_its_signatures),
        with_ledger(an_intent_is_made_once_and_ends_once),
        with_ledger(attempts_of_one_intent_share_a_nonce),
        with_ledger(a_nonce_that_is_over_is_followed_by_a_fresh_one),
        with_ledger(money_moves_twice_or_not_at_all),
    };
    return cmocka_run_group_tests_name("payouts", tests, NULL, NULL);
}
