/* Goal: a checkpoint is three canonical lines and nothing else, and is printed back to them.
 * Method: real and example checkpoints, the edges of each line, spoilt ones, and our own signature
 * against the vectors. */
#include "attest/checkpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "tests/unit/attest/with_tlog.h"

#define EMPTY_ROOT "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

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

/* Parses, and checks the law: what is read prints back to the same bytes. */
static enum weir_err read_text(const char *text, struct weir_checkpoint *checkpoint)
{
    enum weir_err err = weir_checkpoint_parse(&scope, weir_slice_text(text), checkpoint);
    if (err != WEIR_OK) {
        weir_scope_recover(&scope);
        return err;
    }
    struct weir_buffer printed = {0};
    assert_int_equal(weir_checkpoint_print(&scope, checkpoint, &printed), WEIR_OK);
    assert_true(weir_slice_equals_text(weir_buffer_slice(&printed), text));
    return WEIR_OK;
}

static void three_lines_are_read(void **state)
{
    (void)state;
    struct weir_checkpoint checkpoint;
    assert_int_equal(read_text("example.com/behind-the-sofa\n20852163\n"
                               "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
                               &checkpoint),
                     WEIR_OK);
    assert_true(weir_slice_equals_text(checkpoint.origin, "example.com/behind-the-sofa"));
    assert_int_equal(checkpoint.head.size, 20852163);
    assert_int_equal(checkpoint.head.root.bytes[0], 0x0a);
    assert_int_equal(
        read_text("go.sum database tree\n9223372036854775807\n" EMPTY_ROOT "\n", &checkpoint),
        WEIR_OK); /* an origin may have spaces */
}

static void other_texts_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum weir_err err;
    } cases[] = {
        {"", WEIR_E_PARSE},
        {"o\n", WEIR_E_PARSE},
        {"o\n1\n", WEIR_E_PARSE},
        {"o\n1\n" EMPTY_ROOT, WEIR_E_PARSE},
        {"\n1\n" EMPTY_ROOT "\n", WEIR_E_PARSE},
        {"o\n1\n" EMPTY_ROOT "\n\n", WEIR_E_PARSE},
        {"o\n1\n" EMPTY_ROOT "\nextension\n", WEIR_E_PARSE},
        {"o\n1\n" EMPTY_ROOT "\nextension", WEIR_E_PARSE},
        {"o\n01\n" EMPTY_ROOT "\n", WEIR_E_PARSE},
        {"o\n00\n" EMPTY_ROOT "\n", WEIR_E_PARSE},
        {"o\n+1\n" EMPTY_ROOT "\n", WEIR_E_PARSE},
        {"o\n-1\n" EMPTY_ROOT "\n", WEIR_E_PARSE},
        {"o\n 1\n" EMPTY_ROOT "\n", WEIR_E_PARSE},
        {"o\n1 \n" EMPTY_ROOT "\n", WEIR_E_PARSE},
        {"o\n\n" EMPTY_ROOT "\n", WEIR_E_PARSE},
        {"o\n0x1\n" EMPTY_ROOT "\n", WEIR_E_PARSE},
        {"o\n1\n" EMPTY_ROOT " \n", WEIR_E_PARSE},
        {"o\n1\n" EMPTY_ROOT "\r\n", WEIR_E_PARSE},
        {"o\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n", WEIR_E_PARSE},
        {"o\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\n", WEIR_E_PARSE},
        {"o\n1\n47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=\n", WEIR_E_PARSE},
        {"o\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\n", WEIR_E_PARSE},
        {"o\n1\n\n", WEIR_E_PARSE},
        {"o\x01\n1\n" EMPTY_ROOT "\n", WEIR_E_PARSE},
        {"o\xff\n1\n" EMPTY_ROOT "\n", WEIR_E_PARSE},
        {"o\n9223372036854775808\n" EMPTY_ROOT "\n", WEIR_E_RANGE},
        {"o\n18446744073709551616\n" EMPTY_ROOT "\n", WEIR_E_RANGE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct weir_checkpoint checkpoint;
        if (read_text(cases[i].text, &checkpoint) != cases[i].err)
            fail_msg("case %zu has another outcome", i);
    }
}

static void an_origin_has_a_limit(void **state)
{
    (void)state;
    char text[WEIR_CHECKPOINT_BYTES_MAX + 16];
    struct weir_checkpoint checkpoint;
    snprintf(text, sizeof(text), "%0*d\n9223372036854775807\n%s\n", WEIR_ORIGIN_BYTES_MAX, 7,
             EMPTY_ROOT);
    assert_int_equal(strlen(text), WEIR_CHECKPOINT_BYTES_MAX);
    assert_int_equal(read_text(text, &checkpoint), WEIR_OK);
    snprintf(text, sizeof(text), "%0*d\n1\n%s\n", WEIR_ORIGIN_BYTES_MAX + 1, 7, EMPTY_ROOT);
    assert_int_equal(read_text(text, &checkpoint), WEIR_E_LIMIT);
}

static void an_origin_with_a_line_end_is_not_printed(void **state)
{
    (void)state;
    struct weir_checkpoint checkpoint = {.origin = weir_slice_text("a\nb")};
    struct weir_buffer printed = {0};
    assert_int_equal(weir_checkpoint_print(&scope, &checkpoint, &printed), WEIR_E_PARSE);
}

static void a_tree_without_leaves_has_one_root(void **state)
{
    (void)state;
    struct weir_checkpoint checkpoint;
    assert_int_equal(read_text("o\n0\n" EMPTY_ROOT "\n", &checkpoint), WEIR_OK);
    assert_true(weir_checkpoint_root_is_possible(&checkpoint));
    checkpoint.head.root.bytes[31] ^= 1;
    assert_false(weir_checkpoint_root_is_possible(&checkpoint));
    checkpoint.head.size = 1;
    assert_true(weir_checkpoint_root_is_possible(&checkpoint));
}

static void an_origin_hash_names_the_folder_of_a_public_witness(void **state)
{
    (void)state;
    struct weir_hash hash = weir_origin_hash(weir_slice_text("rome2026h1.example.org"));
    char text[WEIR_HASH_HEX_BYTES];
    weir_hash_hex(&hash, text);
    assert_string_equal(text, "000de184301123b9278c086a7d9f68c9577e83872224c197058fd90784ea9706");
}

static void our_signed_checkpoint_is_that_of_the_vectors(void **state)
{
    (void)state;
    tlog_require();
    json_t *root = tlog_load("generated/cosignature-vectors.json");
    const json_t *log = tlog_get(root, "log");
    uint8_t seed[32];
    uint8_t secret[WEIR_ED25519_SECRET_BYTES];
    tlog_hex(log, "seed_hex", seed, sizeof(seed));
    weir_ed25519_from_seed(seed, secret);
    const char *text = tlog_text(log, "text");
    struct weir_checkpoint checkpoint;
    assert_int_equal(read_text(text, &checkpoint), WEIR_OK);
    struct weir_buffer note_bytes = {0};
    assert_int_equal(weir_checkpoint_sign(&scope, &checkpoint, secret, &note_bytes), WEIR_OK);
    char *expected = weir_take_printf(&scope, "%s\n%s", text, tlog_text(log, "line"));
    assert_true(weir_slice_equals_text(weir_buffer_slice(&note_bytes), expected));

    struct weir_note note;
    struct weir_checkpoint parsed;
    struct weir_vkey key;
    assert_int_equal(
        weir_checkpoint_note_parse(&scope, weir_buffer_slice(&note_bytes), &note, &parsed),
        WEIR_OK);
    assert_int_equal(parsed.head.size, 300);
    assert_int_equal(weir_vkey_parse(&scope, weir_slice_text(tlog_text(log, "vkey")), &key),
                     WEIR_OK);
    assert_int_equal(weir_note_verify(&scope, &note, &key, 1, NULL), WEIR_OK);
    checkpoint.origin = weir_slice_text("go.sum database tree");
    assert_int_equal(weir_checkpoint_sign(&scope, &checkpoint, secret, &note_bytes), WEIR_E_PARSE);
    json_decref(root);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_scope, close_scope)
    const struct CMUnitTest tests[] = {
        TEST(three_lines_are_read),
        TEST(other_texts_are_refused),
        TEST(an_origin_has_a_limit),
        TEST(an_origin_with_a_line_end_is_not_printed),
        TEST(a_tree_without_leaves_has_one_root),
        TEST(an_origin_hash_names_the_folder_of_a_public_witness),
        TEST(our_signed_checkpoint_is_that_of_the_vectors),
    };
    return tlog_finish(cmocka_run_group_tests_name("checkpoint", tests, NULL, NULL));
}
