/* Goal: the signer answers only who may ask, signs only what it has computed again, nothing that
 * contradicts an earlier signature, and writes down first; no peer of its sockets can end it.
 * Method: a real signer process on the evidence of three witnesses, asked what it must sign and
 * everything next to that. */
#include "node/signer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "attest/checkpoint.h"
#include "attest/cosign.h"
#include "attest/nautilus.h"
#include "attest/report.h"
#include "base/arena.h"
#include "base/text.h"
#include "ledger/log.h"
#include "ledger/vault.h"
#include "node/ask.h"
#include "node/frame.h"
#include "tests/unit/node/with_signer.h"

#define NOW_MS (WITNESSES_START_MS + 65000)
#define SHORT_MS 5000

/* One world for all tests: each uses windows of its own. */
static struct with_witnesses world;
static struct with_signer signer;

static int world_make(void **state)
{
    (void)state;
    with_witnesses_make(&world);
    /* Windows 0 to 5 are over; 30 s of each were down for everybody. */
    for (size_t w = 0; w < WITNESSES; w++)
        for (int64_t k = 0; k < 6; k++) {
            struct with_seconds minute = {k * 60, k * 60 + 60, k * 60 + 10, k * 60 + 40};
            if (k == 0)
                minute.from = -2;
            if (k == 5)
                minute.to += 2;
            with_witnesses_tick(&world, w, minute);
        }
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

static int restart(int64_t now_ms)
{
    int status = with_signer_stop(&signer);
    with_signer_start(&signer, &world, now_ms);
    return status;
}

static int settler(void)
{
    return signer.ask[WEIR_DUTY_SETTLER];
}

static int api(void)
{
    return signer.ask[WEIR_DUTY_API];
}

static void refused(enum weir_err given, enum weir_err expected, const char *text)
{
    with_signer_refused(&signer, given, expected, text);
}

static void expect(enum weir_err err)
{
    with_witnesses_expect(&world, err);
}

/* A raw question of a duty. */
static enum weir_err
ask_raw(enum weir_duty_id who, uint8_t type, struct weir_slice body, struct weir_slice *answer)
{
    return weir_frame_ask(&world.scope, signer.ask[who], (enum weir_frame_type)type, body, SHORT_MS,
                          answer);
}

/* --- who may ask ------------------------------------------------------------------------------ */

static void each_duty_may_ask_only_what_it_needs(void **state)
{
    (void)state;
    static const struct {
        uint8_t type;
        bool may[WEIR_DUTY_COUNT]; /* signer, collector, api, settler */
    } table[] = {
        {WEIR_FRAME_CHECKPOINT, {false, false, false, true}},
        {WEIR_FRAME_COSIGN, {false, false, true, false}},
        {WEIR_FRAME_OPINION, {false, false, false, true}},
        {WEIR_FRAME_REPORT, {false, false, true, true}},
        {WEIR_FRAME_STATEMENT, {false, false, false, true}},
        {WEIR_FRAME_TX, {false, false, false, true}},
        {0, {false}},
        {8, {false}},
        {255, {false}},
    };
    struct weir_slice answer;
    const struct weir_slice nonsense = weir_slice_text("nonsense");
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        for (int who = WEIR_DUTY_COLLECTOR; who < WEIR_DUTY_COUNT; who++) {
            enum weir_err err = ask_raw((enum weir_duty_id)who, table[i].type, nonsense, &answer);
            bool is_denied =
                err == WEIR_E_DENIED && strstr(world.scope.fault, "this duty may not ask") != NULL;
            assert_int_equal(is_denied, !table[i].may[who]);
            weir_scope_recover(&world.scope);
        }
}

static void keys_are_told_to_everybody_and_are_public(void **state)
{
    (void)state;
    struct weir_ask_keys keys;
    for (int who = WEIR_DUTY_COLLECTOR; who < WEIR_DUTY_COUNT; who++) {
        expect(weir_ask_keys(&world.scope, signer.ask[who], &keys));
        assert_true(weir_slice_equal(keys.set.bytes, world.items[0].set.bytes));
        struct weir_address gas = weir_keys_address(world.items[0].keys, WEIR_KEY_GAS);
        assert_true(weir_address_equal(&keys.gas, &gas));
    }
}

/* --- heads ------------------------------------------------------------------------------------ */

static struct weir_checkpoint head_of(size_t w, uint64_t size)
{
    struct weir_checkpoint checkpoint = {
        .origin = weir_slice_text(weir_origin_of(&world.scope, world.items[w].name, "web")),
        .head = {.size = size},
    };
    expect(weir_log_root(world.items[w].store, &world.scope, world.items[w].log_id, size,
                         &checkpoint.head.root));
    return checkpoint;
}

static void own_heads_only_grow_and_have_one_root_each(void **state)
{
    (void)state;
    struct weir_slice first;
    struct weir_slice again;
    struct weir_checkpoint head = head_of(0, 100);
    expect(weir_ask_checkpoint(&world.scope, settler(), &head, &first));
    expect(weir_ask_checkpoint(&world.scope, settler(), &head, &again));
    assert_true(weir_slice_equal(first, again));
    struct weir_note note;
    struct weir_checkpoint read;
    expect(weir_checkpoint_note_parse(&world.scope, first, &note, &read));
    const struct weir_agreement *agreement = with_witnesses_agreement(&world, 0, 0);
    expect(weir_note_verify(&world.scope, &note, &agreement->witnesses[agreement->own].log_key, 1,
                            NULL));

    struct weir_checkpoint forked = head;
    forked.head.root.bytes[0] ^= 1;
    refused(weir_ask_checkpoint(&world.scope, settler(), &forked, &again), WEIR_E_CONFLICT,
            "another root was signed");
    struct weir_checkpoint older = head_of(0, 99);
    refused(weir_ask_checkpoint(&world.scope, settler(), &older, &again), WEIR_E_STALE,
            "99 is older");
    assert_int_equal(restart(NOW_MS), 0);
    refused(weir_ask_checkpoint(&world.scope, settler(), &older, &again), WEIR_E_STALE,
            "99 is older");
    refused(weir_ask_checkpoint(&world.scope, settler(), &forked, &again), WEIR_E_CONFLICT,
            "another root was signed");
    struct weir_checkpoint newer = head_of(0, 101);
    expect(weir_ask_checkpoint(&world.scope, settler(), &newer, &again));
}

static void heads_of_other_logs_are_not_signed_as_own(void **state)
{
    (void)state;
    struct weir_slice note;
    struct weir_checkpoint head = head_of(1, 10);
    refused(weir_ask_checkpoint(&world.scope, settler(), &head, &note), WEIR_E_DENIED,
            "is not a log of this node");
    head.origin = weir_slice_text("w1.example/gauge/other");
    refused(weir_ask_checkpoint(&world.scope, settler(), &head, &note), WEIR_E_DENIED,
            "is not a log of this node");
}

/* An add-checkpoint body of witness 1's log. */
static struct weir_slice request(uint64_t old_size, uint64_t size)
{
    struct weir_merkle_proof proof = {.count = 0};
    struct weir_range range = {old_size, old_size, size};
    struct weir_buffer body = {.capacity_max = WEIR_WITNESS_BODY_BYTES_MAX};
    if (old_size > 0)
        expect(weir_log_prove_consistency(world.items[1].store, &world.scope, world.items[1].log_id,
                                          range, &proof));
    struct weir_hash *hashes = weir_take(&world.scope, proof.count, sizeof(*hashes));
    memcpy(hashes, proof.hashes, proof.count * sizeof(*hashes));
    struct weir_add_checkpoint made = {
        .old_size = old_size, .hash_count = proof.count, .hashes = hashes};
    expect(weir_note_parse(&world.scope, with_witnesses_note(&world, 1, size, 0), &made.note));
    expect(weir_add_checkpoint_print(&world.scope, &made, &body));
    return weir_buffer_slice(&body);
}

static struct weir_ask_cosigned cosign(struct weir_slice body)
{
    struct weir_ask_cosigned cosigned;
    expect(weir_ask_cosign(&world.scope, api(), body, &cosigned));
    return cosigned;
}

static void heads_of_peers_are_cosigned_as_the_witness_protocol_says(void **state)
{
    (void)state;
    struct weir_ask_cosigned first = cosign(request(0, 50));
    assert_int_equal(first.answer.status, WEIR_WITNESS_OK);
    struct weir_note text;
    struct weir_note line;
    expect(weir_note_parse(&world.scope, with_witnesses_note(&world, 1, 50, 0), &text));
    expect(weir_note_lines_parse(&world.scope, text.text, first.line, &line));
    const struct weir_agreement *agreement = with_witnesses_agreement(&world, 0, 0);
    expect(weir_note_verify(&world.scope, &line, &agreement->witnesses[agreement->own].cosign_key,
                            1, NULL));

    struct weir_ask_cosigned stale = cosign(request(0, 60));
    assert_int_equal(stale.answer.status, WEIR_WITNESS_WRONG_SIZE);
    assert_int_equal(stale.answer.size, 50);
    assert_int_equal(stale.line.length, 0);
    assert_int_equal(cosign(request(50, 60)).answer.status, WEIR_WITNESS_OK);
    assert_int_equal(restart(NOW_MS), 0);
    stale = cosign(request(50, 60));
    assert_int_equal(stale.answer.status, WEIR_WITNESS_WRONG_SIZE);
    assert_int_equal(stale.answer.size, 60);
    assert_int_equal(cosign(request(60, 60)).answer.status, WEIR_WITNESS_OK);
}

/* The body of a good request, with one part of its text replaced. */
static struct weir_slice bent(struct weir_slice body, const char *from, const char *to)
{
    const char *text = weir_take_text(&world.scope, body.data, body.length);
    const char *at = strstr(text, from);
    assert_non_null(at);
    return weir_slice_text(
        weir_take_printf(&world.scope, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)));
}

static void bad_requests_of_heads_get_the_status_of_their_fault(void **state)
{
    (void)state;
    struct weir_slice good = request(60, 70);
    assert_int_equal(cosign(weir_slice_text("")).answer.status, WEIR_WITNESS_MALFORMED);
    assert_int_equal(cosign(weir_slice_text("old x\n\n")).answer.status, WEIR_WITNESS_MALFORMED);
    assert_int_equal(
        cosign(bent(good, "w2.example/gauge/web\n", "w9.example/gauge/web\n")).answer.status,
        WEIR_WITNESS_UNKNOWN_LOG);
    assert_int_equal(
        cosign(bent(good, "w2.example/gauge/web\n70", "w2.example/gauge/web\n71")).answer.status,
        WEIR_WITNESS_UNTRUSTED);
    /* A name of which no key can be made must not end the signer. */
    static const char *const names[] = {"w2.example/gauge/a+b\n", "w2.example/gauge/a b\n",
                                        "w2.example/gauge/\n"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        enum weir_witness_status status =
            cosign(bent(good, "w2.example/gauge/web\n", names[i])).answer.status;
        assert_true(status == WEIR_WITNESS_UNKNOWN_LOG || status == WEIR_WITNESS_MALFORMED);
    }
    struct weir_slice unproved = request(0, 70);
    assert_int_equal(cosign(bent(unproved, "old 0\n", "old 60\n")).answer.status,
                     WEIR_WITNESS_INCONSISTENT);
    assert_int_equal(cosign(good).answer.status, WEIR_WITNESS_OK);
}

/* --- opinions --------------------------------------------------------------------------------- */

/* Asks for one opinion, with its evidence. */
static enum weir_err ask_opinion(const struct weir_opinion *opinion,
                                 struct weir_opinion *given,
                                 struct weir_signature *signature)
{
    struct weir_proof_section section = with_witnesses_section(&world, 0, opinion);
    struct weir_proof proof = with_witnesses_proof(&world, &section, 1, 1);
    return weir_ask_opinion(&world.scope, settler(), with_witnesses_bytes(&world, &proof), given,
                            signature);
}

static void an_opinion_is_signed_once_and_then_given_again(void **state)
{
    (void)state;
    struct weir_opinion given;
    struct weir_signature first;
    struct weir_signature again;
    struct weir_opinion opinion = with_witnesses_opinion(&world, 0, 0, 0, NOW_MS);
    assert_int_equal(opinion.tier, 2);
    assert_int_equal(opinion.phase, WEIR_PHASE_FINAL);
    expect(ask_opinion(&opinion, &given, &first));
    const struct weir_agreement *agreement = with_witnesses_agreement(&world, 0, 0);
    struct weir_hash digest = weir_opinion_digest(&agreement->domain, &opinion);
    expect(weir_secp_verify(&world.scope, &digest, &first,
                            &agreement->terms.witnesses[agreement->own].key));
    expect(ask_opinion(&opinion, &given, &again));
    assert_memory_equal(&first, &again, sizeof(first));

    /* A settler that was killed before it stored the answer asks anew, at another time: it gets
     * what is signed, not a second opinion. */
    struct weir_opinion later = opinion;
    later.made_at_ms += 700;
    assert_int_equal(restart(NOW_MS), 0);
    expect(ask_opinion(&later, &given, &again));
    assert_memory_equal(&first, &again, sizeof(first));
    assert_int_equal(given.made_at_ms, opinion.made_at_ms);
}

static void nothing_follows_a_final_opinion_where_it_pays_early(void **state)
{
    (void)state;
    struct weir_opinion given;
    struct weir_signature signature;
    struct weir_opinion opinion = with_witnesses_opinion(&world, 0, 0, 0, NOW_MS);
    expect(ask_opinion(&opinion, &given, &signature));
    opinion.revision = 1;
    refused(ask_opinion(&opinion, &given, &signature), WEIR_E_CONFLICT,
            "a final opinion of this window was signed");
}

static void a_wrong_number_is_recomputed_and_refused(void **state)
{
    (void)state;
    struct weir_opinion given;
    struct weir_signature signature;
    const struct weir_opinion right = with_witnesses_opinion(&world, 0, 1, 0, NOW_MS);
    struct weir_opinion wrong = right;
    wrong.num -= 1000;
    refused(ask_opinion(&wrong, &given, &signature), WEIR_E_RECOMPUTE, "numbers differ");
    wrong = right;
    wrong.tier = 1;
    refused(ask_opinion(&wrong, &given, &signature), WEIR_E_RECOMPUTE, "tier");
    wrong = right;
    wrong.inputs.bytes[3] ^= 4;
    refused(ask_opinion(&wrong, &given, &signature), WEIR_E_RECOMPUTE, "down time");
    wrong = right;
    wrong.phase = WEIR_PHASE_EARLY;
    refused(ask_opinion(&wrong, &given, &signature), WEIR_E_COMPLETENESS, "end of the tree");
}

static void an_opinion_is_made_now_and_about_the_own_log(void **state)
{
    (void)state;
    struct weir_opinion given;
    struct weir_signature signature;
    struct weir_opinion opinion = with_witnesses_opinion(&world, 0, 1, 0, NOW_MS - 301000);
    refused(ask_opinion(&opinion, &given, &signature), WEIR_E_CLOCK, "policy clock");
    opinion.made_at_ms = NOW_MS + 301000;
    refused(ask_opinion(&opinion, &given, &signature), WEIR_E_CLOCK, "policy clock");
    opinion.made_at_ms = UINT64_MAX;
    refused(ask_opinion(&opinion, &given, &signature), WEIR_E_CLOCK, "policy clock");

    struct weir_opinion foreign = with_witnesses_opinion(&world, 1, 1, 0, NOW_MS);
    struct weir_proof_section section = with_witnesses_section(&world, 1, &foreign);
    struct weir_proof proof = with_witnesses_proof(&world, &section, 1, 1);
    refused(weir_ask_opinion(&world.scope, settler(), with_witnesses_bytes(&world, &proof), &given,
                             &signature),
            WEIR_E_DENIED, "policy own-opinion");
    section.witness = with_witnesses_index(&world, 0);
    proof = with_witnesses_proof(&world, &section, 1, 1);
    refused(weir_ask_opinion(&world.scope, settler(), with_witnesses_bytes(&world, &proof), &given,
                             &signature),
            WEIR_E_DENIED, "policy own-log");
}

static void opinions_about_other_agreements_and_chains_are_refused(void **state)
{
    (void)state;
    struct weir_opinion given;
    struct weir_signature signature;
    struct weir_opinion opinion = with_witnesses_opinion(&world, 0, 1, 0, NOW_MS);
    struct weir_proof_section section = with_witnesses_section(&world, 0, &opinion);
    struct weir_proof proof = with_witnesses_proof(&world, &section, 1, 1);
    proof.terms.nonce++;
    refused(weir_ask_opinion(&world.scope, settler(), with_witnesses_bytes(&world, &proof), &given,
                             &signature),
            WEIR_E_DENIED, "policy agreement");
    proof = with_witnesses_proof(&world, &section, 1, 1);
    proof.domain.chain_id = 1;
    refused(weir_ask_opinion(&world.scope, settler(), with_witnesses_bytes(&world, &proof), &given,
                             &signature),
            WEIR_E_DENIED, "policy contract");
    proof = with_witnesses_proof(&world, &section, 1, 1);
    proof.domain.contract.bytes[0] ^= 1;
    refused(weir_ask_opinion(&world.scope, settler(), with_witnesses_bytes(&world, &proof), &given,
                             &signature),
            WEIR_E_DENIED, "policy contract");
}

/* --- a hostile other end ---------------------------------------------------------------------- */

static void a_question_cut_off_or_oversized_costs_only_its_own_channel(void **state)
{
    (void)state;
    struct weir_ask_keys keys;
    uint8_t oversized[5] = {0xff, 0xff, 0xff, 0xff, WEIR_FRAME_KEYS};
    uint8_t half[9] = {0, 0, 0, 100, WEIR_FRAME_TX, 1, 2, 3, 4};
    uint8_t empty[5] = {0, 0, 0, 0, 0};
    static const size_t lengths[] = {sizeof(oversized), sizeof(half), sizeof(empty)};
    const uint8_t *const bodies[] = {oversized, half, empty};
    for (size_t i = 0; i < 3; i++) {
        int who = i == 1 ? WEIR_DUTY_COLLECTOR : WEIR_DUTY_API;
        assert_int_equal(send(signer.ask[who], bodies[i], lengths[i], MSG_NOSIGNAL), lengths[i]);
        assert_int_equal(shutdown(signer.ask[who], SHUT_WR), 0);
        expect(weir_ask_keys(&world.scope, settler(), &keys));
        uint8_t byte;
        assert_int_equal(recv(signer.ask[who], &byte, 1, 0), 0); /* it hung up */
        assert_int_equal(restart(NOW_MS), 0);
    }
}

static void a_channel_that_failed_stays_shut(void **state)
{
    (void)state;
    struct weir_ask_keys keys;
    struct weir_slice answer;
    /* No time to wait: the answer comes when nobody wants it any more. */
    enum weir_err err =
        weir_frame_ask(&world.scope, api(), WEIR_FRAME_KEYS, weir_slice_text(""), 0, &answer);
    assert_int_equal(err, WEIR_E_TIMEOUT);
    weir_scope_recover(&world.scope);
    err = weir_ask_keys(&world.scope, api(), &keys);
    assert_true(err == WEIR_E_IO || err == WEIR_E_UNREACHABLE);
    weir_scope_recover(&world.scope);
    expect(weir_ask_keys(&world.scope, settler(), &keys));
    assert_int_equal(restart(NOW_MS), 0);
}

static void no_answer_holds_a_secret(void **state)
{
    (void)state;
    /* Every question with every byte of a good body bent in turn: an answer is a refusal or what
     * was asked for, and the signer lives. */
    struct weir_ask_keys keys;
    struct weir_opinion opinion = with_witnesses_opinion(&world, 0, 2, 0, NOW_MS);
    struct weir_proof_section section = with_witnesses_section(&world, 0, &opinion);
    struct weir_proof proof = with_witnesses_proof(&world, &section, 1, 1);
    struct weir_slice good = with_witnesses_bytes(&world, &proof);
    uint8_t *bad = (uint8_t *)weir_take_text(&world.scope, good.data, good.length);
    for (size_t i = 0; i < good.length; i += 13) {
        struct weir_slice answer = {NULL, 0};
        bad[i] ^= 0x11;
        enum weir_err err = ask_raw(WEIR_DUTY_SETTLER, WEIR_FRAME_OPINION,
                                    (struct weir_slice){bad, good.length}, &answer);
        bad[i] ^= 0x11;
        assert_int_not_equal(err, WEIR_OK);
        assert_true(strlen(world.scope.fault) < 400);
        weir_scope_recover(&world.scope);
    }
    expect(weir_ask_keys(&world.scope, settler(), &keys));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_duty_may_ask_only_what_it_needs),
        cmocka_unit_test(keys_are_told_to_everybody_and_are_public),
        cmocka_unit_test(own_heads_only_grow_and_have_one_root_each),
        cmocka_unit_test(heads_of_other_logs_are_not_signed_as_own),
        cmocka_unit_test(heads_of_peers_are_cosigned_as_the_witness_protocol_says),
        cmocka_unit_test(bad_requests_of_heads_get_the_status_of_their_fault),
        cmocka_unit_test(an_opinion_is_signed_once_and_then_given_again),
        cmocka_unit_test(nothing_follows_a_final_opinion_where_it_pays_early),
        cmocka_unit_test(a_wrong_number_is_recomputed_and_refused),
        cmocka_unit_test(an_opinion_is_made_now_and_about_the_own_log),
        cmocka_unit_test(opinions_about_other_agreements_and_chains_are_refused),
        cmocka_unit_test(a_question_cut_off_or_oversized_costs_only_its_own_channel),
        cmocka_unit_test(a_channel_that_failed_stays_shut),
        cmocka_unit_test(no_answer_holds_a_secret),
    };
    return cmocka_run_group_tests_name("signer", tests, world_make, world_drop);
}
