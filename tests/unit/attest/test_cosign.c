/* Goal: cosignatures/v1 are made and checked as every C2SP witness does it.
 * Method: vectors with fixed keys byte for byte, checkpoints that real witnesses have cosigned, a
 * proof with three cosigners, and every bit of a cosignature spoilt. */
#include "attest/cosign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "attest/checkpoint.h"
#include "base/arena.h"
#include "tests/unit/attest/with_tlog.h"

#define SUNLIGHT_TIME_S 1767139200
#define FOLDER "000de184301123b9278c086a7d9f68c9577e83872224c197058fd90784ea9706"
#define FOLDER2 "88ad7a28caeb0b2aa890fdf0304c2fcaf59fca2ee140134ff8c1300bac493482"

static struct weir_arena *arena;
static struct weir_scope scope;

static int open_scope(void **state)
{
    (void)state;
    arena = weir_arena_new((size_t)1 << 24);
    scope = (struct weir_scope){.arena = arena};
    return arena == NULL;
}

static int close_scope(void **state)
{
    (void)state;
    weir_arena_free(arena);
    return 0;
}

static struct weir_vkey vkey_of(struct weir_slice text)
{
    struct weir_vkey vkey;
    assert_int_equal(weir_vkey_parse(&scope, text, &vkey), WEIR_OK);
    return vkey;
}

static void cosignatures_are_those_of_the_vectors(void **state)
{
    (void)state;
    tlog_require();
    json_t *root = tlog_load("generated/cosignature-vectors.json");
    const json_t *vector = tlog_get(root, "cosig_ed25519");
    struct weir_slice text = weir_slice_text(tlog_text(tlog_get(root, "log"), "text"));
    uint8_t seed[32];
    uint8_t secret[WEIR_ED25519_SECRET_BYTES];
    tlog_hex(vector, "seed_hex", seed, sizeof(seed));
    weir_ed25519_from_seed(seed, secret);
    uint64_t time_s = tlog_u64(vector, "timestamp");

    struct weir_buffer message = {0};
    assert_int_equal(weir_cosignature_message(&scope, text, time_s, &message), WEIR_OK);
    assert_true(
        weir_slice_equals_text(weir_buffer_slice(&message), tlog_text(vector, "signed_message")));
    struct weir_cosigner cosigner = {weir_slice_text(tlog_text(vector, "name")), secret};
    struct weir_buffer line = {0};
    assert_int_equal(weir_cosignature_sign(&scope, &cosigner, text, time_s, &line), WEIR_OK);
    assert_true(weir_slice_equals_text(weir_buffer_slice(&line), tlog_text(vector, "line")));

    struct weir_ed25519_key key = weir_ed25519_public(secret);
    struct weir_vkey vkey = weir_vkey_make(cosigner.name, WEIR_KEY_COSIGNATURE, &key);
    struct weir_buffer printed = {0};
    assert_int_equal(weir_vkey_print(&scope, &vkey, &printed), WEIR_OK);
    assert_true(weir_slice_equals_text(weir_buffer_slice(&printed), tlog_text(vector, "vkey")));
    json_decref(root);
}

static void probe_monitoring(const char *checkpoint_name, const char *about_name)
{
    json_t *about = tlog_load(about_name);
    const json_t *text = json_array_get(tlog_get(about, "verifier_keys"), 0);
    struct weir_vkey key = vkey_of(weir_slice_text(json_string_value(text)));
    struct weir_note note;
    struct weir_checkpoint checkpoint;
    assert_int_equal(
        weir_checkpoint_note_parse(&scope, tlog_read(&scope, checkpoint_name), &note, &checkpoint),
        WEIR_OK);
    const struct weir_note_line *line = NULL;
    struct weir_cosignature cosignature;
    assert_int_equal(weir_note_verify(&scope, &note, &key, 1, &line), WEIR_OK);
    assert_int_equal(weir_cosignature_read(&scope, line, &cosignature), WEIR_OK);
    assert_int_equal(cosignature.time_s, SUNLIGHT_TIME_S);
    json_decref(about);
}

static void checkpoints_cosigned_by_real_witnesses_verify(void **state)
{
    (void)state;
    tlog_require();
    probe_monitoring("sunlight/witness/" FOLDER "/checkpoint", "sunlight/witness/witness.v0.json");
    probe_monitoring("sunlight/witness/mirror/" FOLDER "/checkpoint",
                     "sunlight/witness/mirror/mirror.v0.json");
    probe_monitoring("sunlight/witness2/" FOLDER2 "/checkpoint",
                     "sunlight/witness2/witness.v0.json");
}

static void a_note_with_three_cosigners_verifies(void **state)
{
    (void)state;
    tlog_require();
    struct weir_slice proof = tlog_read(&scope, "generated/sample.tlog-proof");
    struct weir_slice line;
    while (weir_slice_line(&proof, &line) && line.length > 0)
        ; /* what follows the first empty line is the checkpoint */
    struct weir_note note;
    struct weir_checkpoint checkpoint;
    assert_int_equal(weir_checkpoint_note_parse(&scope, proof, &note, &checkpoint), WEIR_OK);
    struct weir_slice policy = tlog_read(&scope, "generated/sample.tlog-policy");
    struct weir_vkey keys[4];
    for (size_t i = 0; i < 4; i++) {
        assert_true(weir_slice_line(&policy, &line));
        const char *last = weir_take_text(&scope, line.data, line.length);
        keys[i] = vkey_of(weir_slice_text(strrchr(last, ' ') + 1));
    }
    const struct weir_note_line *verified[4];
    assert_int_equal(weir_note_verify(&scope, &note, keys, 4, verified), WEIR_OK);
    for (size_t i = 0; i < 4; i++)
        assert_ptr_equal(verified[i], &note.lines[i]);
}

static void every_spoilt_bit_of_a_cosignature_is_noticed(void **state)
{
    (void)state;
    uint8_t seed[32] = {3};
    uint8_t secret[WEIR_ED25519_SECRET_BYTES];
    weir_ed25519_from_seed(seed, secret);
    struct weir_slice text = weir_slice_text("o\n0\n\n");
    struct weir_cosigner cosigner = {weir_slice_text("w1.example/cosign"), secret};
    struct weir_buffer line = {0};
    assert_int_equal(weir_cosignature_sign(&scope, &cosigner, text, 1767139200, &line), WEIR_OK);
    struct weir_note note;
    assert_int_equal(weir_note_lines_parse(&scope, text, weir_buffer_slice(&line), &note), WEIR_OK);
    struct weir_ed25519_key public = weir_ed25519_public(secret);
    struct weir_vkey key = weir_vkey_make(cosigner.name, WEIR_KEY_COSIGNATURE, &public);
    assert_int_equal(weir_note_verify(&scope, &note, &key, 1, NULL), WEIR_OK);
    uint8_t *payload = weir_take(&scope, WEIR_COSIGNATURE_BYTES, 1);
    memcpy(payload, note.lines[0].signature.data, WEIR_COSIGNATURE_BYTES);
    note.lines[0].signature.data = payload;
    for (size_t bit = 0; bit < (size_t)8 * WEIR_COSIGNATURE_BYTES; bit++) {
        payload[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_not_equal(weir_note_verify(&scope, &note, &key, 1, NULL), WEIR_OK);
        weir_scope_recover(&scope);
        payload[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    note.lines[0].signature.length--;
    assert_int_equal(weir_note_verify(&scope, &note, &key, 1, NULL), WEIR_E_PARSE);
}

static void a_cosignature_needs_a_time(void **state)
{
    (void)state;
    uint8_t secret[WEIR_ED25519_SECRET_BYTES] = {0};
    struct weir_cosigner cosigner = {weir_slice_text("w1.example/cosign"), secret};
    struct weir_buffer line = {0};
    const uint64_t times[] = {0, (uint64_t)1 << 63, UINT64_MAX};
    for (size_t i = 0; i < 3; i++) {
        uint8_t payload[WEIR_COSIGNATURE_BYTES] = {0};
        weir_put_u64(payload, times[i]);
        struct weir_note_line read = {.signature = {payload, sizeof(payload)}};
        struct weir_cosignature cosignature;
        assert_int_equal(
            weir_cosignature_sign(&scope, &cosigner, weir_slice_text("o\n"), times[i], &line),
            WEIR_E_RANGE);
        weir_scope_recover(&scope);
        assert_int_equal(weir_cosignature_read(&scope, &read, &cosignature), WEIR_E_RANGE);
        weir_scope_recover(&scope);
    }
}

static void time_does_not_go_back(void **state)
{
    (void)state;
    uint64_t time_s = 0;
    assert_int_equal(weir_cosignature_time(&scope, 1767139200999, 1767139200, &time_s), WEIR_OK);
    assert_int_equal(time_s, 1767139200);
    assert_int_equal(weir_cosignature_time(&scope, 1767139200999, 1767139201, &time_s),
                     WEIR_E_CLOCK);
    weir_scope_recover(&scope);
    assert_int_equal(weir_cosignature_time(&scope, 999, 0, &time_s), WEIR_E_CLOCK);
    weir_scope_recover(&scope);
    assert_int_equal(weir_cosignature_time(&scope, -1, 0, &time_s), WEIR_E_CLOCK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_scope, close_scope)
    const struct CMUnitTest tests[] = {
        TEST(cosignatures_are_those_of_the_vectors),
        TEST(checkpoints_cosigned_by_real_witnesses_verify),
        TEST(a_note_with_three_cosigners_verifies),
        TEST(every_spoilt_bit_of_a_cosignature_is_noticed),
        TEST(a_cosignature_needs_a_time),
        TEST(time_does_not_go_back),
    };
    return tlog_finish(cmocka_run_group_tests_name("cosign", tests, NULL, NULL));
}
