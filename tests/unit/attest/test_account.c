/* Goal: a report is believed only when its agreement, its witnesses, their signatures and what they
 * saw together bear it (protocol sections 2, 6 and 11).
 * Method: one good proof, and each rule broken alone: the file is signed again wherever the liar
 * could do so. */
#include "attest/account.h"

#include "attest/checkpoint.h"
#include "base/arena.h"
#include "metrics/calendar.h"
#include "tests/unit/attest/with_account.h"

static void a_good_proof_is_told_number_by_number(void **state)
{
    (void)state;
    struct proof_world world;
    proof_make(&world, proof_defaults());
    expect(&world, WEIR_OK, "");
    assert_int_equal(account.window_count, 1);
    assert_int_equal(account.checked_count, 3);
    assert_int_equal(account.opinion_set, ALL_THREE);
    assert_true(account.worth == DUE);
    const struct weir_account_window *window = &account.windows[0];
    assert_true(window->quorum_down_ms == 5000 && window->den_max == 10000);
    assert_int_equal(window->tier, 2);
    assert_int_equal(window->backers, 3);
    assert_true(window->interval.start_ms == PROOF_START_MS);
    for (size_t i = 0; i < 3; i++) {
        const struct weir_account_opinion *opinion = &account.opinions[i];
        int64_t down_ms = PROOF_START_MS + 3000 + 10 * (int64_t)i;
        assert_true(opinion->num == 5000 && opinion->den == 10000 && opinion->own_tier == 2);
        assert_true(opinion->ticks_down == 5 && opinion->ticks_up == 5);
        assert_int_equal(opinion->down.count, 1);
        assert_true(opinion->down.items[0].start_ms == down_ms);
        assert_int_equal(opinion->cosigner_count, 2);
        assert_int_equal(opinion->is_open, i == 0);
        assert_true(opinion->cosigned_s == PROOF_START_S + 3600 + (i == 0 ? 1 : 0));
    }
    assert_int_equal(account.payment_state, WEIR_PAYMENT_NONE);
    proof_free(&world);
}

static void the_caller_says_which_agreement_it_must_be(void **state)
{
    (void)state;
    struct proof_world world;
    proof_make(&world, proof_defaults());
    struct weir_hash terms = weir_terms_hash(&world.proof.terms);
    struct weir_address contract = world.proof.domain.contract;
    struct weir_proof_rules rules = {
        .terms = &terms, .contract = &contract, .chain_id = PROOF_CHAIN_ID};
    expect_rules(&world, &rules, WEIR_OK, "");
    terms.bytes[31] ^= 1;
    expect_rules(&world, &rules, WEIR_E_EVIDENCE, "another agreement");
    terms.bytes[31] ^= 1;
    contract.bytes[0] ^= 1;
    expect_rules(&world, &rules, WEIR_E_EVIDENCE, "another contract");
    contract.bytes[0] ^= 1;
    rules.chain_id++;
    expect_rules(&world, &rules, WEIR_E_EVIDENCE, "chain 31337");
    proof_free(&world);
}

static void a_contract_that_does_not_follow_from_the_terms_is_refused(void **state)
{
    (void)state;
    struct proof_world world;
    proof_make(&world, proof_defaults());
    world.proof.factory.bytes[3] ^= 1;
    expect(&world, WEIR_E_EVIDENCE, "does not follow");
    world.proof.factory.bytes[3] ^= 1;
    world.proof.implementation.bytes[3] ^= 1;
    expect(&world, WEIR_E_EVIDENCE, "does not follow");
    world.proof.implementation.bytes[3] ^= 1;
    world.proof.domain.contract.bytes[3] ^= 1;
    expect(&world, WEIR_E_EVIDENCE, "does not follow");
    proof_free(&world);
}

/* Prepares with another gauge, which the terms then name. */
static void expect_gauge(const struct weir_gauge *gauge, enum weir_err expected, const char *part)
{
    struct proof_world world;
    struct weir_buffer text = {.capacity_max = WEIR_GAUGE_TEXT_MAX};
    proof_make(&world, proof_defaults());
    assert_int_equal(weir_gauge_print(&world.scope, gauge, &text), WEIR_OK);
    world.proof.gauge = weir_buffer_slice(&text);
    world.proof.terms.gauge = weir_sha256_of(text.data, text.length);
    proof_place(&world);
    expect(&world, expected, part);
    proof_free(&world);
}

static void a_gauge_that_cannot_decide_over_money_is_refused(void **state)
{
    (void)state;
    static const int64_t weeks_s[] = {1766934000, 1767538800, 1768143600, 1768748400};
    struct weir_gauge gauge;
    weir_gauge_init(&gauge, WEIR_GAUGE_AVAILABILITY);
    gauge.name = "web";
    gauge.target = (struct weir_ratio){95, 100};
    gauge.windows.calendar = WEIR_CALENDAR_ISO_WEEK;
    gauge.availability.hold_ms = WEIR_UNLIMITED_MS;
    gauge.subject = "site";
    gauge.source = "somebody";
    expect_gauge(&gauge, WEIR_E_EVIDENCE, "other people's probes");
    weir_gauge_init(&gauge, WEIR_GAUGE_OTIF);
    gauge.name = "web";
    gauge.target = (struct weir_ratio){95, 100};
    gauge.windows.calendar = WEIR_CALENDAR_ISO_WEEK;
    expect_gauge(&gauge, WEIR_E_EVIDENCE, "shorter than the gauge's lateness");
    gauge.windows.boundaries_s = weeks_s;
    gauge.windows.boundary_count = 4;
    gauge.zone = "Asia/Seoul";
    expect_gauge(&gauge, WEIR_E_EVIDENCE, "not those of UTC");
}

static void a_gauge_that_is_not_that_of_the_terms_is_refused(void **state)
{
    (void)state;
    struct proof_world world;
    proof_make(&world, proof_defaults());
    struct weir_slice text = world.proof.gauge;
    uint8_t *bent = weir_take(&world.scope, text.length, 1);
    memcpy(bent, text.data, text.length);
    bent[text.length - 2] ^= 1;
    world.proof.gauge.data = bent;
    expect(&world, WEIR_E_EVIDENCE, "not the gauge of the terms");
    world.proof.terms.gauge = weir_sha256_of(bent, text.length);
    proof_place(&world);
    expect(&world, WEIR_E_RANGE, "the gauge definition");
    proof_free(&world);
}

static void terms_that_tools_refuse_are_refused(void **state)
{
    (void)state;
    struct proof_world world;
    proof_make(&world, proof_defaults());
    struct weir_terms good = world.proof.terms;
    world.proof.terms.m = 1;
    expect(&world, WEIR_E_RANGE, "disjoint quorums");
    world.proof.terms = good;
    world.proof.terms.max_skew_ms = 501;
    expect(&world, WEIR_E_RANGE, "twentieth");
    world.proof.terms = good;
    memcpy(world.proof.terms.witnesses[1].node, good.witnesses[0].node, WEIR_NODE_BYTES);
    expect(&world, WEIR_E_RANGE, "the same node");
    proof_free(&world);
    proof_make(&world, proof_event_defaults());
    world.proof.terms.early = true;
    world.proof.terms.settle_delay_s = 0;
    expect(&world, WEIR_E_EVIDENCE, "settleDelay");
    proof_free(&world);
}

static void key_sets_must_be_those_of_the_terms(void **state)
{
    (void)state;
    struct proof_world world;
    proof_make(&world, proof_defaults());
    struct weir_proof_keys own = world.proof.keys[1];
    world.proof.keys[1] = world.proof.keys[0];
    expect(&world, WEIR_E_EVIDENCE, "witness 1 is not that of the terms");
    world.proof.keys[1] = (struct weir_proof_keys){0};
    expect(&world, WEIR_E_EVIDENCE, "key set is not in the file");
    world.proof.keys[1] = own;
    /* the right node lists another report key */
    world.witnesses[1].report[0] ^= 1;
    witness_sign_keys(&world.scope, world.secp, &world.witnesses[1]);
    world.proof.keys[1] = world.witnesses[1].keys;
    expect(&world, WEIR_E_EVIDENCE, "witness 1 is not that of the terms");
    /* another node lists the right report key, and can prove that it has it */
    world.witnesses[1].report[0] ^= 1;
    struct proof_witness own_keys = world.witnesses[1];
    memcpy(world.witnesses[1].identity, world.witnesses[1].statement, sizeof(own_keys.identity));
    memcpy(world.witnesses[1].statement, own_keys.identity, sizeof(own_keys.identity));
    witness_sign_keys(&world.scope, world.secp, &world.witnesses[1]);
    world.proof.keys[1] = world.witnesses[1].keys;
    expect(&world, WEIR_E_EVIDENCE, "witness 1 is not that of the terms");
    world.witnesses[1] = own_keys;
    /* somebody else signs for the node */
    world.witnesses[1].identity[0] ^= 1;
    witness_sign_keys(&world.scope, world.secp, &world.witnesses[1]);
    world.proof.keys[1] = world.witnesses[1].keys;
    expect(&world, WEIR_E_SIGNATURE, "not signed by the node's identity");
    proof_free(&world);
}

static void a_report_about_impossible_windows_is_refused(void **state)
{
    (void)state;
    struct proof_world world;
    proof_make(&world, proof_defaults());
    struct weir_breach *breach = &world.proof.report.breach;
    struct weir_breach good = *breach;
    breach->epoch = 1;
    expect(&world, WEIR_E_EVIDENCE, "epoch 0");
    *breach = good;
    breach->word = 1;
    expect(&world, WEIR_E_RANGE, "beyond the last");
    breach->word = UINT64_MAX;
    expect(&world, WEIR_E_RANGE, "beyond the last");
    *breach = good;
    breach->mask = weir_word_bit(6);
    expect(&world, WEIR_E_RANGE, "beyond the last");
    breach->mask = weir_word_bit(255);
    expect(&world, WEIR_E_RANGE, "beyond its word");
    breach->mask = weir_word_bit(1);
    expect(&world, WEIR_E_COMPLETENESS, "same witnesses");
    *breach = good;
    breach->tier = 0;
    expect(&world, WEIR_E_RANGE, "tier 0");
    breach->tier = 3;
    expect(&world, WEIR_E_RANGE, "tier 3");
    proof_free(&world);
}

static void another_evidence_root_is_refused(void **state)
{
    (void)state;
    struct proof_world world;
    proof_make(&world, proof_defaults());
    struct weir_breach *breach = &world.proof.report.breach;
    breach->evidence_root.bytes[0] ^= 1;
    struct weir_hash digest = weir_breach_digest(&world.proof.domain, breach);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(weir_secp_sign(world.secp, &world.scope, world.witnesses[i].report,
                                        &digest, &world.proof.report.signatures[i]),
                         WEIR_OK);
    expect(&world, WEIR_E_RECOMPUTE, "evidence root");
    proof_free(&world);
}

/* s' = order - s and the other parity: the same signature, spelt in the upper half. */
static void raise_s(struct weir_signature *signature)
{
    static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
                                      0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b,
                                      0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41};
    uint8_t *s = signature->bytes + 32;
    s[0] &= 0x7f;
    int borrow = 0;
    for (int i = 31; i >= 0; i--) {
        int left = order[i] - s[i] - borrow;
        borrow = left < 0;
        s[i] = (uint8_t)(left & 0xff);
    }
    assert_true(s[0] >= 0x7f);
}

static void signatures_are_m_and_each_by_its_witness(void **state)
{
    (void)state;
    struct proof_world world;
    proof_make(&world, proof_defaults());
    struct weir_report *report = &world.proof.report;
    struct weir_report good = *report;
    report->signatures[0] = good.signatures[1];
    report->signatures[1] = good.signatures[0];
    expect(&world, WEIR_E_SIGNATURE, "witness 0");
    report->signatures[0] = good.signatures[0];
    expect(&world, WEIR_E_SIGNATURE, "witness 1");
    *report = good;
    raise_s(&report->signatures[1]);
    expect(&world, WEIR_E_SIGNATURE, "witness 1");
    *report = good;
    report->signatures[0].bytes[5] ^= 4;
    expect(&world, WEIR_E_SIGNATURE, "witness 0");
    *report = good;
    report->who = 5; /* says 2 for 1 */
    expect(&world, WEIR_E_SIGNATURE, "witness 2");
    report->who = 9;
    expect(&world, WEIR_E_QUORUM, "must sign");
    proof_report(&world, 2, 1);
    expect(&world, WEIR_E_QUORUM, "must sign");
    proof_report(&world, 2, ALL_THREE);
    expect(&world, WEIR_E_QUORUM, "must sign");
    proof_report(&world, 2, 6);
    expect(&world, WEIR_OK, "");
    proof_free(&world);
}

static void an_unsigned_proposal_is_good_only_where_no_signature_is_needed(void **state)
{
    (void)state;
    const struct weir_proof_rules proposal = {.needs_signatures = false};
    struct proof_world world;
    proof_make(&world, proof_defaults());
    proof_report(&world, 2, 0);
    expect(&world, WEIR_E_QUORUM, "must sign");
    expect_rules(&world, &proposal, WEIR_OK, "");
    /* but signatures that are there must be right */
    proof_report(&world, 2, 3);
    world.proof.report.signatures[0].bytes[0] ^= 1;
    expect_rules(&world, &proposal, WEIR_E_SIGNATURE, "witness 0");
    proof_free(&world);
}

static void nothing_signed_for_another_chain_or_contract_counts_here(void **state)
{
    (void)state;
    struct proof_world world;
    proof_make(&world, proof_defaults());
    world.proof.domain.chain_id++;
    expect(&world, WEIR_E_SIGNATURE, "window 0, witness 0");
    proof_sign_opinion(&world, &world.sections[0]);
    proof_sign_opinion(&world, &world.sections[1]);
    proof_sign_opinion(&world, &world.sections[2]);
    world.proof.report.breach.evidence_root = (struct weir_hash){{0}};
    struct weir_report old = world.proof.report;
    proof_report(&world, 2, 3);
    memcpy(world.proof.report.signatures, old.signatures, sizeof(old.signatures));
    expect(&world, WEIR_E_SIGNATURE, "the report: witness 0");
    proof_free(&world);
}

static void local_faults_at_different_times_are_no_breach(void **state)
{
    (void)state;
    struct proof_world world;
    proof_begin(&world, proof_defaults(), WORLD_BYTES);
    log_outage(&world, 0, 1000, 5000);
    log_outage(&world, 1, 5000, 9000);
    log_outage(&world, 2, 0, 0);
    proof_make_sections(&world, 1);
    proof_report(&world, 1, 3);
    expect(&world, WEIR_E_NO_BREACH, "saw it down together for 0 ms of 10000");
    proof_free(&world);
}

static void one_liar_alone_is_no_breach(void **state)
{
    (void)state;
    struct proof_world world;
    proof_begin(&world, proof_defaults(), WORLD_BYTES);
    log_outage(&world, 0, 0, 10000);
    log_outage(&world, 1, 0, 0);
    log_outage(&world, 2, 0, 0);
    proof_make_sections(&world, 1);
    proof_report(&world, 2, 3);
    expect(&world, WEIR_E_NO_BREACH, "1 witnesses measured tier 2 or worse; 2 are needed");
    proof_free(&world);
}

static void the_tier_is_that_of_the_time_together(void **state)
{
    (void)state;
    struct proof_world world;
    proof_begin(&world, proof_defaults(), WORLD_BYTES);
    log_outage(&world, 0, 1000, 6000);
    log_outage(&world, 1, 5000, 10000);
    log_outage(&world, 2, 0, 0);
    proof_make_sections(&world, 1);
    proof_report(&world, 2, 3); /* each alone lost half, together a tenth */
    expect(&world, WEIR_E_NO_BREACH, "reaches tier 1, not 2");
    proof_report(&world, 1, 3);
    expect(&world, WEIR_OK, "");
    assert_int_equal(account.windows[0].tier, 1);
    assert_true(account.worth == 25000000);
    proof_free(&world);
}

static void the_tier_is_at_most_what_m_witnesses_measured_alone(void **state)
{
    (void)state;
    struct proof_world world;
    proof_begin(&world, proof_defaults(), WORLD_BYTES);
    /* every moment of nine seconds is seen by two, but no one saw more than six */
    const int64_t spans[3][2] = {{0, 6000}, {3000, 9000}, {0, 0}};
    for (unsigned w = 0; w < 2; w++)
        log_outage(&world, w, spans[w][0], spans[w][1]);
    const struct weir_interval before = {PROOF_START_MS - 2000, PROOF_START_MS};
    const struct weir_interval none = {0, 0};
    witness_log_ticks(&world.scope, &world.witnesses[2], before, 1000, none);
    for (int64_t at = 0; at <= 11; at++) {
        bool is_down = at < 3 || (at >= 6 && at < 9);
        witness_log_tick(&world.scope, &world.witnesses[2],
                         weir_tick_make(PROOF_START_MS + 1000 * at,
                                        is_down ? WEIR_REASON_REFUSED : WEIR_REASON_OK, 0, 1));
    }
    world.proof.terms.tiers[1].ratio = (struct weir_ratio){30, 100};
    proof_place(&world);
    proof_make_sections(&world, 1);
    proof_report(&world, 1, 3);
    expect(&world, WEIR_OK, "");
    assert_true(account.windows[0].quorum_down_ms == 9000);
    assert_int_equal(account.windows[0].tier, 1);
    proof_report(&world, 2, 3);
    expect(&world, WEIR_E_NO_BREACH, "0 witnesses measured tier 2");
    proof_free(&world);
}

static void a_signer_measured_what_it_signs(void **state)
{
    (void)state;
    struct proof_world world;
    proof_begin(&world, proof_defaults(), WORLD_BYTES);
    log_outage(&world, 0, 1000, 9000);
    log_outage(&world, 1, 1000, 9000);
    log_outage(&world, 2, 0, 0);
    proof_make_sections(&world, 1);
    proof_report(&world, 2, 5);
    expect(&world, WEIR_E_QUORUM, "witness 2 signed a tier it did not measure");
    proof_report(&world, 2, 3);
    expect(&world, WEIR_OK, "");
    /* and its measurement is in the file */
    world.proof.section_count = 2;
    proof_report(&world, 2, 6);
    expect(&world, WEIR_E_QUORUM, "own measurement is not in the file");
    proof_report(&world, 2, 3);
    expect(&world, WEIR_OK, "");
    assert_int_equal(account.opinion_set, 3);
    proof_free(&world);
}

static void every_window_has_the_same_witnesses(void **state)
{
    (void)state;
    struct proof_world world;
    proof_begin(&world, proof_defaults(), WORLD_BYTES);
    proof_log_outages(&world);
    proof_make_sections(&world, 0x09);
    proof_report(&world, 2, 3);
    expect(&world, WEIR_OK, "");
    assert_int_equal(account.window_count, 2);
    assert_true(account.windows[1].window == 3 && account.worth == 2 * DUE);
    world.proof.section_count = 5;
    proof_report(&world, 2, 3);
    expect(&world, WEIR_E_COMPLETENESS, "same witnesses");
    world.sections[1] = world.sections[2]; /* {0, 2} in one window, {0, 1} in the other */
    memmove(&world.sections[2], &world.sections[3], 2 * sizeof(world.sections[0]));
    world.proof.section_count = 4;
    proof_report(&world, 2, 1);
    expect(&world, WEIR_E_COMPLETENESS, "same witnesses");
    world.proof.section_count = 0;
    expect(&world, WEIR_E_COMPLETENESS, "same witnesses");
    /* a section beyond those of the mask */
    proof_make_sections(&world, 0x29);
    memmove(&world.sections[2], &world.sections[3], 2 * sizeof(world.sections[0]));
    world.sections[4] = world.sections[6];
    world.proof.section_count = 5;
    world.proof.report.breach.mask = weir_word_u64(0x09);
    proof_report(&world, 2, 3);
    expect(&world, WEIR_E_COMPLETENESS, "same witnesses");
    proof_free(&world);
}

static void two_witnesses_cannot_show_the_same_log(void **state)
{
    (void)state;
    struct proof_world world;
    proof_begin(&world, proof_defaults(), WORLD_BYTES);
    proof_log_outages(&world);
    world.witnesses[2].origin = world.witnesses[1].origin;
    world.witnesses[2].leaves = world.witnesses[1].leaves;
    world.witnesses[2].leaf_count = world.witnesses[1].leaf_count;
    memcpy(world.witnesses[2].salt_root, world.witnesses[1].salt_root, WEIR_SALT_SEED_BYTES);
    proof_make_sections(&world, 1);
    proof_report(&world, 2, 3);
    expect(&world, WEIR_E_EVIDENCE, "witnesses 1 and 2 show the same log");
    proof_free(&world);
}

static void a_single_witness_can_be_an_agreement(void **state)
{
    (void)state;
    struct proof_options options = proof_defaults();
    options.witness_count = 1;
    options.m = 1;
    struct proof_world world;
    proof_make(&world, options);
    expect(&world, WEIR_OK, "");
    assert_int_equal(account.opinions[0].cosigner_count, 0);
    proof_free(&world);
}

static void leaves_that_came_too_late_are_unknown(void **state)
{
    (void)state;
    struct proof_world world;
    proof_make(&world, proof_defaults());
    proof_report(&world, 1, 0);
    struct weir_stale_leaves stale[] = {
        {world.sections[1].opinion.origin, 0, 10},
        {world.sections[2].opinion.origin, 0, 100},
    };
    struct weir_proof_rules rules = {.stale = stale, .stale_count = 0};
    expect_rules(&world, &rules, WEIR_OK, "");
    assert_true(account.windows[0].quorum_down_ms == 5000);
    rules.stale_count = 1;
    expect_rules(&world, &rules, WEIR_OK, "");
    assert_int_equal(account.opinions[1].own_tier, 2);
    assert_true(account.opinions[1].den == 10000);
    assert_true(account.opinions[1].tier_counted < 2);
    assert_true(account.opinions[1].ticks_unknown > 0);
    assert_true(account.windows[0].quorum_down_ms == 4990); /* of witnesses 0 and 2, and a rest */
    rules.stale_count = 2;
    expect_rules(&world, &rules, WEIR_OK, "");
    assert_true(account.windows[0].quorum_down_ms == 990);
    stale[0].end = 100;
    expect_rules(&world, &rules, WEIR_E_NO_BREACH, "1 witnesses measured");
    for (size_t i = 0; i < 2; i++)
        stale[i].origin.bytes[0] ^= 1; /* another log's */
    expect_rules(&world, &rules, WEIR_OK, "");
    assert_int_equal(account.opinions[1].tier_counted, 2);
    proof_free(&world);
}

static void a_failure_names_the_section_that_is_wrong(void **state)
{
    (void)state;
    struct proof_world world;
    proof_make(&world, proof_defaults());
    world.sections[1].opinion.num--;
    lie(&world, 1);
    expect(&world, WEIR_E_RECOMPUTE, "window 0, witness 1");
    assert_int_equal(account.checked_count, 1);
    proof_free(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_proof_is_told_number_by_number),
        cmocka_unit_test(the_caller_says_which_agreement_it_must_be),
        cmocka_unit_test(a_contract_that_does_not_follow_from_the_terms_is_refused),
        cmocka_unit_test(a_gauge_that_cannot_decide_over_money_is_refused),
        cmocka_unit_test(a_gauge_that_is_not_that_of_the_terms_is_refused),
        cmocka_unit_test(terms_that_tools_refuse_are_refused),
        cmocka_unit_test(key_sets_must_be_those_of_the_terms),
        cmocka_unit_test(a_report_about_impossible_windows_is_refused),
        cmocka_unit_test(another_evidence_root_is_refused),
        cmocka_unit_test(signatures_are_m_and_each_by_its_witness),
        cmocka_unit_test(an_unsigned_proposal_is_good_only_where_no_signature_is_needed),
        cmocka_unit_test(nothing_signed_for_another_chain_or_contract_counts_here),
        cmocka_unit_test(local_faults_at_different_times_are_no_breach),
        cmocka_unit_test(one_liar_alone_is_no_breach),
        cmocka_unit_test(the_tier_is_that_of_the_time_together),
        cmocka_unit_test(the_tier_is_at_most_what_m_witnesses_measured_alone),
        cmocka_unit_test(a_signer_measured_what_it_signs),
        cmocka_unit_test(every_window_has_the_same_witnesses),
        cmocka_unit_test(two_witnesses_cannot_show_the_same_log),
        cmocka_unit_test(a_single_witness_can_be_an_agreement),
        cmocka_unit_test(leaves_that_came_too_late_are_unknown),
        cmocka_unit_test(a_failure_names_the_section_that_is_wrong),
    };
    return cmocka_run_group_tests_name("account", tests, NULL, NULL);
}
