/* Goal: a report is signed only when the evidence supports it, this node measured it itself, it is
 * the right agreement at the right time, and not without end.
 * Method: a real signer, a good proposal of three witnesses, and each rule broken alone. */
#include "node/signer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "attest/opinion.h"
#include "attest/report.h"
#include "base/arena.h"
#include "ledger/vault.h"
#include "node/ask.h"
#include "tests/unit/node/with_signer.h"

#define NOW_MS (WITNESSES_START_MS + 130000)

static struct with_witnesses world;
static struct with_signer signer;

/* Window 0: witnesses 0 and 1 saw 30 s down together, witness 2 saw nothing.
 * Window 1: witnesses 1 and 2 saw it down, witness 0 did not. */
static int world_make(void **state)
{
    (void)state;
    with_witnesses_make(&world);
    with_witnesses_tick(&world, 0, (struct with_seconds){-2, 130, 10, 40});
    with_witnesses_tick(&world, 1, (struct with_seconds){-2, 60, 10, 40});
    with_witnesses_tick(&world, 1, (struct with_seconds){60, 130, 70, 110});
    with_witnesses_tick(&world, 2, (struct with_seconds){-2, 130, 70, 110});
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

/* A proposal of the witnesses in `set`; `salt` makes different opinions of the same facts. */
static struct weir_proof proposal(uint64_t window, unsigned set, uint8_t tier, uint64_t salt)
{
    struct weir_proof_section sections[WITNESSES];
    size_t count = 0;
    for (size_t w = 0; w < WITNESSES; w++) {
        if ((set >> w & 1) == 0)
            continue;
        struct weir_opinion opinion =
            with_witnesses_opinion(&world, w, window, 0, NOW_MS + (int64_t)salt);
        sections[count++] = with_witnesses_section(&world, w, &opinion);
    }
    return with_witnesses_proof(&world, sections, count, tier);
}

static enum weir_err ask_who(enum weir_duty_id who,
                             struct weir_proof *proof,
                             const struct weir_stale_leaves *stale,
                             size_t stale_count,
                             struct weir_signature *signature)
{
    return weir_ask_report(&world.scope, signer.ask[who], with_witnesses_bytes(&world, proof),
                           stale, stale_count, signature);
}

static enum weir_err ask(struct weir_proof *proof, struct weir_signature *signature)
{
    return ask_who(WEIR_DUTY_API, proof, NULL, 0, signature);
}

static void refused(struct weir_proof *proof, enum weir_err expected, const char *text)
{
    struct weir_signature signature;
    with_signer_refused(&signer, ask(proof, &signature), expected, text);
}

static void a_report_that_all_evidence_supports_is_signed_alike_for_everybody(void **state)
{
    (void)state;
    const struct weir_agreement *agreement = with_witnesses_agreement(&world, 0, 0);
    struct weir_signature first;
    struct weir_signature again;
    struct weir_proof proof = proposal(0, 7, 2, 0);
    with_witnesses_expect(&world, ask(&proof, &first));
    struct weir_hash digest = weir_breach_digest(&agreement->domain, &proof.report.breach);
    with_witnesses_expect(&world,
                          weir_secp_verify(&world.scope, &digest, &first,
                                           &agreement->terms.witnesses[agreement->own].key));
    with_witnesses_expect(&world, ask_who(WEIR_DUTY_SETTLER, &proof, NULL, 0, &again));
    assert_memory_equal(&first, &again, sizeof(first));
    proof = proposal(0, 3, 1, 0); /* a milder tier and a smaller set are another report */
    with_witnesses_expect(&world, ask(&proof, &again));
    assert_memory_not_equal(&first, &again, sizeof(first));
}

static void a_tier_that_was_not_measured_here_is_not_signed(void **state)
{
    (void)state;
    struct weir_proof proof = proposal(1, 7, 2, 0);
    refused(&proof, WEIR_E_DENIED, "policy own-verdict: window 1 reached tier 0 here");
    proof = proposal(1, 6, 2, 0);
    refused(&proof, WEIR_E_DENIED, "our own opinion is missing");
}

static void faults_at_different_times_make_no_quorum(void **state)
{
    (void)state;
    struct weir_proof proof = proposal(0, 5, 2, 0);
    refused(&proof, WEIR_E_NO_BREACH, "are needed");
}

static void a_report_comes_neither_too_early_nor_too_late(void **state)
{
    (void)state;
    struct weir_proof proof = proposal(0, 7, 2, 0);
    with_signer_clock(&signer, WITNESSES_START_MS - 1000);
    refused(&proof, WEIR_E_CLOCK, "cannot be reported yet");
    with_signer_clock(&signer, WITNESSES_START_MS + WITNESSES_WINDOW_MS + 600 * 1000);
    refused(&proof, WEIR_E_CLOCK, "cannot be reported any more");
    with_signer_clock(&signer, WITNESSES_START_MS + WITNESSES_WINDOW_MS + 600 * 1000 - 1000);
    struct weir_signature signature;
    with_witnesses_expect(&world, ask(&proof, &signature));
    with_signer_clock(&signer, NOW_MS);
}

static void late_leaves_do_not_count_as_down(void **state)
{
    (void)state;
    struct weir_signature signature;
    struct weir_proof proof = proposal(0, 7, 2, 0);
    struct weir_stale_leaves stale = {
        .first = 0, .end = 60, .origin = proof.sections[0].opinion.origin};
    for (size_t i = 0; i < proof.section_count; i++)
        if (proof.sections[i].witness == with_witnesses_index(&world, 1))
            stale.origin = proof.sections[i].opinion.origin;
    with_signer_refused(&signer, ask_who(WEIR_DUTY_API, &proof, &stale, 1, &signature),
                        WEIR_E_NO_BREACH, "are needed");
    struct weir_stale_leaves *many = weir_take(&world.scope, 5000, sizeof(*many));
    with_signer_refused(&signer, ask_who(WEIR_DUTY_API, &proof, many, 5000, &signature),
                        WEIR_E_LIMIT, "runs of late leaves");
}

static void another_agreement_contract_or_chain_is_refused(void **state)
{
    (void)state;
    struct weir_proof proof = proposal(0, 7, 2, 0);
    proof.terms.nonce++;
    refused(&proof, WEIR_E_DENIED, "policy agreement");
    proof = proposal(0, 7, 2, 0);
    proof.domain.chain_id++;
    refused(&proof, WEIR_E_DENIED, "policy contract");
    proof = proposal(0, 7, 2, 0);
    proof.domain.contract = with_witnesses_agreement(&world, 0, 1)->domain.contract;
    refused(&proof, WEIR_E_DENIED, "policy contract");
    proof = proposal(0, 7, 2, 0);
    proof.factory.bytes[3] ^= 1;
    refused(&proof, WEIR_E_EVIDENCE, "does not follow");
    proof = proposal(0, 7, 2, 0);
    proof.report.breach.epoch = 1;
    refused(&proof, WEIR_E_EVIDENCE, "epoch 0");
    proof = proposal(0, 7, 2, 0);
    proof.report.breach.evidence_root.bytes[9] ^= 1;
    refused(&proof, WEIR_E_RECOMPUTE, "evidence root");
    proof = proposal(0, 7, 2, 0);
    proof.report.breach.tier = 3;
    refused(&proof, WEIR_E_RANGE, "tier");
}

/* One section of the proof, to be bent. */
static struct weir_proof_section *section_of(struct weir_proof *proof, size_t w)
{
    struct weir_proof_section *bent = weir_take(&world.scope, proof->section_count, sizeof(*bent));
    memcpy(bent, proof->sections, proof->section_count * sizeof(*bent));
    proof->sections = bent;
    for (size_t i = 0; i < proof->section_count; i++)
        if (bent[i].witness == with_witnesses_index(&world, w))
            return &bent[i];
    fail();
    return NULL;
}

static void evidence_of_others_is_checked_as_strictly_as_our_own(void **state)
{
    (void)state;
    struct weir_proof proof = proposal(0, 7, 2, 0);
    section_of(&proof, 1)->signature.bytes[5] ^= 1;
    refused(&proof, WEIR_E_SIGNATURE, "the opinion's signature");

    proof = proposal(0, 7, 2, 0);
    struct weir_proof_section *section = section_of(&proof, 1);
    section->checkpoint =
        with_witnesses_note(&world, 1, section->opinion.tree_size, 0); /* nobody cosigned */
    refused(&proof, WEIR_E_QUORUM, "cosignatures of other witnesses");

    proof = proposal(0, 7, 2, 0);
    section = section_of(&proof, 1);
    section->opinion.origin = with_witnesses_agreement(&world, 2, 0)
                                  ->witnesses[with_witnesses_index(&world, 2)]
                                  .origin_hash;
    refused(&proof, WEIR_E_DENIED, "policy own-log");

    proof = proposal(0, 7, 2, 0);
    proof.keys[with_witnesses_index(&world, 2)] = proof.keys[with_witnesses_index(&world, 1)];
    refused(&proof, WEIR_E_EVIDENCE, "is not that of the terms");
}

/* Last of all: it uses up what the record allows. */
static void after_64_reports_about_one_window_and_tier_no_more_are_signed(void **state)
{
    (void)state;
    struct weir_signature signature;
    unsigned given = 0;
    for (unsigned i = 1; i <= WEIR_VAULT_REPORTS_MAX + 1; i++) {
        struct weir_proof proof = proposal(0, 3, 2, i);
        enum weir_err err = ask(&proof, &signature);
        if (err != WEIR_OK) {
            with_signer_refused(&signer, err, WEIR_E_POLICY,
                                "64 reports about window 0 at tier 2 were signed already");
            break;
        }
        given++;
    }
    assert_int_equal(given, WEIR_VAULT_REPORTS_MAX - 1); /* one came in an earlier test */
    struct weir_proof known = proposal(0, 7, 2, 0);
    with_witnesses_expect(&world, ask(&known, &signature)); /* what was signed is given again */
    struct weir_proof milder = proposal(0, 3, 1, 200);
    with_witnesses_expect(&world, ask(&milder, &signature)); /* another tier has its own count */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_that_all_evidence_supports_is_signed_alike_for_everybody),
        cmocka_unit_test(a_tier_that_was_not_measured_here_is_not_signed),
        cmocka_unit_test(faults_at_different_times_make_no_quorum),
        cmocka_unit_test(a_report_comes_neither_too_early_nor_too_late),
        cmocka_unit_test(late_leaves_do_not_count_as_down),
        cmocka_unit_test(another_agreement_contract_or_chain_is_refused),
        cmocka_unit_test(evidence_of_others_is_checked_as_strictly_as_our_own),
        cmocka_unit_test(after_64_reports_about_one_window_and_tier_no_more_are_signed),
    };
    return cmocka_run_group_tests_name("signer_reports", tests, world_make, world_drop);
}
