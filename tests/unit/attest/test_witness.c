/* Goal: the answers to add-checkpoint are those of tlog-witness, in its order of checks.
 * Method: two transcripts answer for answer, with a witness of a few lines around the decision; the
 * limits of a request; and what is stored after an answer of 200. */
#include "attest/witness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "attest/cosign.h"
#include "base/arena.h"
#include "tests/unit/attest/with_tlog.h"

static struct weir_arena *arena;
static struct weir_scope scope;

static int open_scope(void **state)
{
    (void)state;
    arena = weir_arena_new((size_t)1 << 26);
    scope = (struct weir_scope){.arena = arena};
    return arena == NULL;
}

static int close_scope(void **state)
{
    (void)state;
    weir_arena_free(arena);
    return 0;
}

/* A witness of one log. */
struct witness {
    struct weir_slice origin;
    struct weir_vkey log_key;
    struct weir_vkey key;
    uint8_t secret[WEIR_ED25519_SECRET_BYTES];
    struct weir_merkle_head head;
    struct weir_slice stored;
};

static struct witness witness_make(const char *origin, const char *vkey, const uint8_t *seed)
{
    struct witness witness = {.origin = weir_slice_text(origin)};
    assert_int_equal(weir_vkey_parse(&scope, weir_slice_text(vkey), &witness.log_key), WEIR_OK);
    weir_ed25519_from_seed(seed, witness.secret);
    struct weir_ed25519_key public = weir_ed25519_public(witness.secret);
    witness.key =
        weir_vkey_make(weir_slice_text("peer1.example/w1"), WEIR_KEY_COSIGNATURE, &public);
    return witness;
}

/* Cosigns and stores; the answer's lines must be good for a log that adds them to its note. */
static void cosign(struct witness *witness,
                   const struct weir_add_checkpoint *request,
                   const struct weir_witness_log *log)
{
    struct weir_cosigner cosigner = {witness->key.name, witness->secret};
    struct weir_buffer lines = {0};
    struct weir_buffer stored = {0};
    assert_int_equal(
        weir_cosignature_sign(&scope, &cosigner, request->note.text, 1767139200, &lines), WEIR_OK);
    assert_int_equal(weir_witness_note(&scope, request, log, weir_buffer_slice(&lines), &stored),
                     WEIR_OK);
    witness->head = request->checkpoint.head;
    witness->stored = weir_buffer_slice(&stored);

    struct weir_note note;
    struct weir_checkpoint checkpoint;
    struct weir_vkey keys[] = {witness->log_key, witness->key};
    const struct weir_note_line *verified[2];
    assert_int_equal(weir_checkpoint_note_parse(&scope, witness->stored, &note, &checkpoint),
                     WEIR_OK);
    assert_int_equal(weir_note_verify(&scope, &note, keys, 2, verified), WEIR_OK);
    assert_true(verified[0] != NULL && verified[1] != NULL && note.line_count == 2);
}

static struct weir_witness_answer ask(struct witness *witness, struct weir_slice body)
{
    struct weir_add_checkpoint request;
    struct weir_witness_answer answer;
    if (weir_add_checkpoint_parse(&scope, body, &request) != WEIR_OK) {
        assert_int_equal(weir_witness_decide(&scope, NULL, NULL, &answer), WEIR_OK);
        assert_int_equal(scope.err, WEIR_OK);
        return answer;
    }
    if (request.note.lines[0].signature.length > 0) { /* else its base64 was not canonical */
        struct weir_buffer printed = {0};
        assert_int_equal(weir_add_checkpoint_print(&scope, &request, &printed), WEIR_OK);
        assert_true(weir_slice_equal(weir_buffer_slice(&printed), body));
    }
    struct weir_witness_log log = {
        .keys = &witness->log_key, .key_count = 1, .head = witness->head};
    bool is_known = weir_slice_equal(request.checkpoint.origin, witness->origin);
    assert_int_equal(weir_witness_decide(&scope, &request, is_known ? &log : NULL, &answer),
                     WEIR_OK);
    assert_int_equal(scope.err, WEIR_OK);
    if (answer.status == WEIR_WITNESS_OK)
        cosign(witness, &request, &log);
    return answer;
}

static void the_own_transcript_is_answered(void **state)
{
    (void)state;
    tlog_require();
    json_t *root = tlog_load("generated/witness-transcript.json");
    uint8_t seed[32];
    tlog_hex(root, "witness_seed_hex", seed, sizeof(seed));
    struct witness witness =
        witness_make(tlog_text(root, "origin"), tlog_text(root, "log_vkey"), seed);
    struct weir_vkey key;
    assert_int_equal(
        weir_vkey_parse(&scope, weir_slice_text(tlog_text(root, "witness_vkey")), &key), WEIR_OK);
    assert_int_equal(key.id, witness.key.id);
    size_t index;
    const json_t *step;
    json_array_foreach(tlog_get(root, "cases"), index, step)
    {
        struct weir_witness_answer answer = ask(&witness, weir_slice_text(tlog_text(step, "body")));
        if (answer.status != tlog_u64(step, "expect"))
            fail_msg("'%s' is answered with %d", tlog_text(step, "desc"), (int)answer.status);
        if (answer.status == WEIR_WITNESS_WRONG_SIZE) {
            char body[32];
            snprintf(body, sizeof(body), "%d\n", (int)answer.size);
            assert_string_equal(body, tlog_text(step, "expect_body"));
            assert_string_equal(WEIR_WITNESS_SIZE_TYPE, tlog_text(step, "expect_type"));
        }
        assert_int_equal(witness.head.size, tlog_u64(step, "state_after"));
    }
    assert_int_equal(index, 16);
    json_decref(root);
}

/* That implementation answers an unknown log with 403, where the specification says 404. */
static uint64_t status_of_the_specification(const json_t *request)
{
    const json_t *error = json_object_get(request, "expect_error_contains");
    if (error != NULL && strcmp(json_string_value(error), "unknown log") == 0)
        return WEIR_WITNESS_UNKNOWN_LOG;
    return tlog_u64(request, "status");
}

static void the_transcript_of_a_public_witness_is_answered(void **state)
{
    (void)state;
    tlog_require();
    json_t *root = tlog_load("torchwood/add-checkpoint-transcript.json");
    const uint8_t seed[32] = {9};
    size_t index;
    const json_t *sequence;
    size_t asked = 0;
    json_array_foreach(tlog_get(root, "sequences"), index, sequence)
    {
        struct witness witness =
            witness_make(tlog_text(sequence, "log_origin"), tlog_text(sequence, "log_vkey"), seed);
        size_t at;
        const json_t *request;
        json_array_foreach(tlog_get(sequence, "requests"), at, request)
        {
            struct weir_witness_answer answer =
                ask(&witness, weir_slice_text(tlog_text(request, "body")));
            if (answer.status != status_of_the_specification(request))
                fail_msg("request %zu is answered with %d", at, (int)answer.status);
            if (answer.status == WEIR_WITNESS_WRONG_SIZE) {
                struct weir_slice body = weir_slice_text(tlog_text(request, "expect_body"));
                uint64_t size;
                assert_int_equal(weir_witness_size_parse(&scope, body, &size), WEIR_OK);
                assert_int_equal(answer.size, size);
            }
            asked++;
        }
        assert_int_equal(witness.head.size, tlog_u64(sequence, "state_after"));
    }
    assert_int_equal(asked, 10);
    json_decref(root);
}

/* A log of our own, to ask what the transcripts do not. */
#define ORIGIN "w1.example/gauge/api"

static struct weir_hash leaves[8];

static struct weir_slice request_bytes(uint64_t old_size, uint64_t size, const uint8_t *seed)
{
    uint8_t secret[WEIR_ED25519_SECRET_BYTES];
    weir_ed25519_from_seed(seed, secret);
    struct weir_checkpoint checkpoint = {
        .origin = weir_slice_text(ORIGIN),
        .head = {.size = size, .root = weir_merkle_root(leaves, (size_t)size)},
    };
    struct weir_buffer note_bytes = {0};
    assert_int_equal(weir_checkpoint_sign(&scope, &checkpoint, secret, &note_bytes), WEIR_OK);
    struct weir_merkle_leaves list = {leaves, 8};
    struct weir_merkle_source source = weir_merkle_leaves_source(&list);
    struct weir_merkle_proof proof;
    assert_int_equal(weir_merkle_consistency_make(&source, &scope, old_size, size, &proof),
                     WEIR_OK);
    struct weir_add_checkpoint request = {
        .old_size = old_size, .hash_count = proof.count, .hashes = proof.hashes};
    assert_int_equal(weir_note_parse(&scope, weir_buffer_slice(&note_bytes), &request.note),
                     WEIR_OK);
    struct weir_buffer body = {0};
    assert_int_equal(weir_add_checkpoint_print(&scope, &request, &body), WEIR_OK);
    return weir_buffer_slice(&body);
}

static struct witness own_witness(const uint8_t *log_seed)
{
    uint8_t secret[WEIR_ED25519_SECRET_BYTES];
    weir_ed25519_from_seed(log_seed, secret);
    struct weir_ed25519_key public = weir_ed25519_public(secret);
    struct weir_vkey vkey = weir_vkey_make(weir_slice_text(ORIGIN), WEIR_KEY_ED25519, &public);
    struct weir_buffer text = {0};
    assert_int_equal(weir_vkey_print(&scope, &vkey, &text), WEIR_OK);
    const char *copy = weir_take_text(&scope, text.data, text.length);
    const uint8_t seed[32] = {9};
    return witness_make(ORIGIN, copy, seed);
}

static void a_log_and_a_witness_of_ours_understand_each_other(void **state)
{
    (void)state;
    const uint8_t seed[32] = {1};
    struct witness witness = own_witness(seed);
    for (size_t i = 0; i < 8; i++)
        leaves[i].bytes[0] = (uint8_t)i;
    for (uint64_t old_size = 0; old_size < 8; old_size++) {
        struct weir_slice body = request_bytes(old_size, old_size + 1, seed);
        assert_int_equal(ask(&witness, body).status, WEIR_WITNESS_OK);
        struct weir_witness_answer again = ask(&witness, body);
        assert_int_equal(again.status, WEIR_WITNESS_WRONG_SIZE);
        assert_int_equal(again.size, old_size + 1);
    }
    assert_int_equal(ask(&witness, request_bytes(8, 8, seed)).status, WEIR_WITNESS_OK); /* fresh */
}

static void another_history_is_never_cosigned(void **state)
{
    (void)state;
    const uint8_t seed[32] = {1};
    struct witness witness = own_witness(seed);
    for (size_t i = 0; i < 8; i++)
        leaves[i].bytes[0] = (uint8_t)i;
    assert_int_equal(ask(&witness, request_bytes(0, 5, seed)).status, WEIR_WITNESS_OK);
    leaves[2].bytes[0] ^= 1;
    assert_int_equal(ask(&witness, request_bytes(5, 5, seed)).status, WEIR_WITNESS_INCONSISTENT);
    assert_int_equal(ask(&witness, request_bytes(5, 7, seed)).status, WEIR_WITNESS_INCONSISTENT);
    assert_int_equal(ask(&witness, request_bytes(0, 7, seed)).status, WEIR_WITNESS_WRONG_SIZE);
    assert_int_equal(ask(&witness, request_bytes(3, 4, seed)).status, WEIR_WITNESS_WRONG_SIZE);
    assert_int_equal(witness.head.size, 5);
    leaves[2].bytes[0] ^= 1;
    assert_int_equal(ask(&witness, request_bytes(5, 7, seed)).status, WEIR_WITNESS_OK);
}

static void a_wrong_size_is_told_only_to_the_log(void **state)
{
    (void)state;
    const uint8_t seed[32] = {1};
    const uint8_t other[32] = {2};
    struct witness witness = own_witness(seed);
    assert_int_equal(ask(&witness, request_bytes(0, 5, seed)).status, WEIR_WITNESS_OK);
    assert_int_equal(ask(&witness, request_bytes(0, 6, other)).status, WEIR_WITNESS_UNTRUSTED);
}

/* A line with the witness's own name that nobody verified must not get into what it serves. */
static void foreign_lines_are_not_stored(void **state)
{
    (void)state;
    const uint8_t seed[32] = {1};
    struct witness witness = own_witness(seed);
    struct weir_slice body = request_bytes(0, 5, seed);
    uint8_t forged[WEIR_COSIGNATURE_BYTES] = {1};
    struct weir_note_line line = {
        .name = witness.key.name, .id = witness.key.id, .signature = {forged, sizeof(forged)}};
    struct weir_buffer with_line = {0};
    assert_int_equal(weir_buffer_put(&scope, &with_line, body.data, body.length), WEIR_OK);
    assert_int_equal(weir_note_line_print(&scope, &line, &with_line), WEIR_OK);
    assert_int_equal(ask(&witness, weir_buffer_slice(&with_line)).status, WEIR_WITNESS_OK);
}

static void a_request_has_limits(void **state)
{
    (void)state;
    const uint8_t seed[32] = {1};
    struct weir_slice body = request_bytes(0, 5, seed);
    struct weir_slice rest = body;
    struct weir_slice line;
    assert_true(weir_slice_line(&rest, &line));
    for (int count = 0; count <= WEIR_WITNESS_HASHES_MAX + 1; count++) {
        struct weir_buffer longer = {0};
        struct weir_add_checkpoint request;
        assert_int_equal(weir_buffer_text(&scope, &longer, "old 1\n"), WEIR_OK);
        for (int i = 0; i < count; i++)
            assert_int_equal(
                weir_buffer_text(&scope, &longer, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"),
                WEIR_OK);
        assert_int_equal(weir_buffer_put(&scope, &longer, rest.data, rest.length), WEIR_OK);
        enum weir_err err = weir_add_checkpoint_parse(&scope, weir_buffer_slice(&longer), &request);
        assert_int_equal(err, count <= WEIR_WITNESS_HASHES_MAX ? WEIR_OK : WEIR_E_LIMIT);
    }
    struct weir_add_checkpoint request;
    weir_scope_recover(&scope);
    uint8_t *large = weir_take(&scope, WEIR_WITNESS_BODY_BYTES_MAX + 1, 1);
    struct weir_slice too_large = {large, WEIR_WITNESS_BODY_BYTES_MAX + 1};
    assert_int_equal(weir_add_checkpoint_parse(&scope, too_large, &request), WEIR_E_LIMIT);
}

static void no_cut_of_a_request_is_taken(void **state)
{
    (void)state;
    const uint8_t seed[32] = {1};
    struct weir_slice body = request_bytes(3, 5, seed);
    for (size_t length = 0; length < body.length; length++) {
        struct weir_add_checkpoint request;
        struct weir_slice cut = {body.data, length};
        assert_int_not_equal(weir_add_checkpoint_parse(&scope, cut, &request), WEIR_OK);
        weir_scope_recover(&scope);
    }
}

static void the_size_in_an_answer_is_one_canonical_line(void **state)
{
    (void)state;
    static const char *const bodies[] = {"", "7", "07\n", "7\n\n", "7\n8\n", " 7\n", "-7\n", "\n"};
    uint64_t size = 0;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        assert_int_equal(weir_witness_size_parse(&scope, weir_slice_text(bodies[i]), &size),
                         WEIR_E_PARSE);
        weir_scope_recover(&scope);
    }
    assert_int_equal(weir_witness_size_parse(&scope, weir_slice_text("7\n"), &size), WEIR_OK);
    assert_int_equal(size, 7);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_scope, close_scope)
    const struct CMUnitTest tests[] = {
        TEST(the_own_transcript_is_answered),
        TEST(the_transcript_of_a_public_witness_is_answered),
        TEST(a_log_and_a_witness_of_ours_understand_each_other),
        TEST(another_history_is_never_cosigned),
        TEST(a_wrong_size_is_told_only_to_the_log),
        TEST(foreign_lines_are_not_stored),
        TEST(a_request_has_limits),
        TEST(no_cut_of_a_request_is_taken),
        TEST(the_size_in_an_answer_is_one_canonical_line),
    };
    return tlog_finish(cmocka_run_group_tests_name("witness", tests, NULL, NULL));
}
