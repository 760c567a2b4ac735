/* Goal: a text of lines and words is read one way or refused, and the first failure stays.
 * Method: every spelling of small lines; every byte at every place of a base64 line against the
 * constant-time reader of base/text.h; lines that are missing, doubled or too long. */
#include "attest/lexer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/text.h"

#define ARENA_BYTES ((size_t)16 * 1024 * 1024)

static int with_scope(void **state)
{
    static struct weir_scope scope;
    scope = (struct weir_scope){.arena = weir_arena_new(ARENA_BYTES)};
    *state = &scope;
    return scope.arena == NULL;
}

static int without_scope(void **state)
{
    struct weir_scope *scope = *state;
    weir_arena_free(scope->arena);
    return 0;
}

static struct weir_lexer begin(struct weir_scope *scope, const char *text)
{
    struct weir_lexer lines;
    weir_scope_recover(scope);
    weir_lexer_begin(&lines, scope, weir_slice_text(text));
    return lines;
}

static void a_line_is_read_word_by_word(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_lexer lines = begin(scope, "size 7 0xc0ff ee AQID\nend\n");
    uint8_t prefixed[2];
    uint8_t plain[1];
    assert_true(weir_lexer_peek(&lines, "size"));
    assert_false(weir_lexer_peek(&lines, "siz"));
    assert_false(weir_lexer_peek(&lines, "end"));
    weir_lexer_expect(&lines, "size");
    assert_true(weir_lexer_u64(&lines, 7) == 7);
    weir_lexer_0x(&lines, prefixed, 2);
    weir_lexer_hex(&lines, plain, 1);
    struct weir_slice bytes = weir_lexer_base64(&lines);
    weir_lexer_finish_line(&lines);
    assert_true(prefixed[0] == 0xc0 && prefixed[1] == 0xff && plain[0] == 0xee);
    assert_int_equal(bytes.length, 3);
    assert_memory_equal(bytes.data, "\1\2\3", 3);
    weir_lexer_expect(&lines, "end");
    weir_lexer_finish_line(&lines);
    assert_int_equal(weir_lexer_err(&lines), WEIR_OK);
    assert_int_equal(lines.rest.length, 0);
}

static void other_spellings_are_refused_with_the_line(void **state)
{
    struct weir_scope *scope = *state;
    static const char *const texts[] = {
        "size  7\n", "size 7 \n", " size 7\n",  "size 07\n", "size 8\n",   "size -1\n",
        "size\n",    "size \n",   "Size 7\n",   "sizes 7\n", "size 7",     "",
        "\n",        "size\t7\n", "size 7\r\n", "size +7\n", "size 7 x\n",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct weir_lexer lines = begin(scope, texts[i]);
        weir_lexer_expect(&lines, "size");
        (void)weir_lexer_u64(&lines, 7);
        weir_lexer_finish_line(&lines);
        if (weir_lexer_err(&lines) == WEIR_OK)
            fail_msg("'%s' was accepted", texts[i]);
        assert_non_null(strstr(scope->fault, "line 1"));
    }
}

static void hex_is_lowercase_and_complete(void **state)
{
    struct weir_scope *scope = *state;
    static const char *const texts[] = {"AB\n", "aB\n", "a\n", "abc\n", "abcd\n", "0xab\n", "g0\n"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct weir_lexer lines = begin(scope, texts[i]);
        uint8_t byte = 1;
        weir_lexer_next(&lines);
        weir_lexer_hex(&lines, &byte, 1);
        assert_int_equal(weir_lexer_err(&lines), WEIR_E_PARSE);
    }
    static const char *const prefixed[] = {"ab\n", "0Xab\n", "0x\n", "0xAB\n", "0xabc\n", "x\n"};
    for (size_t i = 0; i < sizeof(prefixed) / sizeof(prefixed[0]); i++) {
        struct weir_lexer lines = begin(scope, prefixed[i]);
        uint8_t byte = 1;
        weir_lexer_next(&lines);
        weir_lexer_0x(&lines, &byte, 1);
        assert_int_equal(weir_lexer_err(&lines), WEIR_E_PARSE);
        assert_int_equal(byte, 0);
    }
}

static void the_first_failure_stays(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_lexer lines = begin(scope, "a x\nb 1\n");
    weir_lexer_expect(&lines, "a");
    assert_true(weir_lexer_u64(&lines, 9) == 0);
    enum weir_err err = weir_lexer_err(&lines);
    weir_lexer_expect(&lines, "c");
    weir_lexer_refuse(&lines, WEIR_E_LIMIT, "something else");
    assert_int_equal(weir_lexer_err(&lines), err);
    assert_non_null(strstr(scope->fault, "line 1"));
    assert_false(weir_lexer_peek(&lines, "b"));
    assert_int_equal(weir_lexer_word(&lines).length, 0);
    assert_int_equal(weir_lexer_base64(&lines).length, 0);
    assert_null(weir_lexer_hashes(&lines, 0));
    assert_null(weir_lexer_block(&lines, 0).data);
    assert_null(weir_lexer_verbatim(&lines, 0).data);
}

/* The block reader has its own decoder: it takes exactly what the other one takes. */
static void a_block_is_the_base64_of_text_h(void **state)
{
    struct weir_scope *scope = *state;
    static const uint8_t bytes[6] = {0x00, 0xff, 0x10, 0x83, 0x5a, 0xc3};
    for (size_t length = 1; length <= sizeof(bytes); length++) {
        char text[16];
        (void)snprintf(text, sizeof(text), "%s\n", weir_take_base64(scope, bytes, length));
        size_t digits = strlen(text) - 1;
        for (size_t at = 0; at < digits; at++)
            for (unsigned value = 1; value < 256; value++) {
                char bent[16];
                uint8_t expected[8] = {0};
                memcpy(bent, text, sizeof(bent));
                bent[at] = (char)value;
                struct weir_scope other = {.arena = scope->arena};
                const struct weir_slice digits_only = {(const uint8_t *)bent, digits};
                bool is_good = value != '\n' &&
                               weir_base64_parse(&other, digits_only, expected, length) == WEIR_OK;
                struct weir_lexer lines = begin(scope, bent);
                struct weir_slice block = weir_lexer_block(&lines, length);
                assert_int_equal(weir_lexer_err(&lines) == WEIR_OK, is_good);
                if (is_good)
                    assert_memory_equal(block.data, expected, length);
            }
    }
}

static void a_block_has_full_lines_but_the_last(void **state)
{
    struct weir_scope *scope = *state;
    uint8_t bytes[200];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(7 * i);
    for (size_t length = 0; length <= sizeof(bytes); length++) {
        struct weir_buffer text = {.capacity_max = 4096};
        weir_scope_recover(scope);
        assert_int_equal(weir_lexer_put_block(scope, &text, (struct weir_slice){bytes, length}),
                         WEIR_OK);
        assert_int_equal(weir_buffer_u8(scope, &text, 0), WEIR_OK);
        struct weir_lexer lines = begin(scope, (const char *)text.data);
        struct weir_slice block = weir_lexer_block(&lines, length);
        assert_int_equal(weir_lexer_err(&lines), WEIR_OK);
        assert_int_equal(lines.rest.length, 0);
        assert_int_equal(block.length, length);
        assert_memory_equal(block.data, bytes, length);
        lines = begin(scope, (const char *)text.data);
        (void)weir_lexer_block(&lines, length + 1);
        assert_int_equal(weir_lexer_err(&lines), WEIR_E_PARSE);
    }
    struct weir_lexer lines = begin(scope, "AAAA\nAAAA\n"); /* could be one line */
    (void)weir_lexer_block(&lines, 6);
    assert_int_equal(weir_lexer_err(&lines), WEIR_E_PARSE);
    lines = begin(scope, "AAAA\n");
    (void)weir_lexer_block(&lines, UINT64_MAX);
    assert_int_equal(weir_lexer_err(&lines), WEIR_E_PARSE);
}

static void hashes_stand_one_to_a_line(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_hash hashes[3];
    struct weir_buffer text = {.capacity_max = 4096};
    for (size_t i = 0; i < 3; i++)
        hashes[i] = weir_sha256_of(&i, sizeof(i));
    assert_int_equal(weir_lexer_put_hashes(scope, &text, hashes, 3), WEIR_OK);
    assert_int_equal(weir_buffer_u8(scope, &text, 0), WEIR_OK);
    struct weir_lexer lines = begin(scope, (const char *)text.data);
    const struct weir_hash *read = weir_lexer_hashes(&lines, 3);
    assert_non_null(read);
    assert_memory_equal(read, hashes, sizeof(hashes));
    assert_int_equal(lines.number, 3);
    lines = begin(scope, (const char *)text.data);
    assert_null(weir_lexer_hashes(&lines, 4));
    assert_int_equal(weir_lexer_err(&lines), WEIR_E_PARSE);
    lines = begin(scope, (const char *)text.data);
    assert_null(weir_lexer_hashes(&lines, UINT64_MAX));
    assert_int_equal(weir_lexer_err(&lines), WEIR_E_PARSE);
    text.data[44] = ' '; /* the first line end */
    lines = begin(scope, (const char *)text.data);
    assert_null(weir_lexer_hashes(&lines, 3));
}

static void verbatim_lines_keep_every_byte(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_lexer lines = begin(scope, "a  b\n\n\xe2\x80\x94 x\nend\n");
    struct weir_slice text = weir_lexer_verbatim(&lines, 3);
    assert_true(weir_slice_equals_text(text, "a  b\n\n\xe2\x80\x94 x\n"));
    weir_lexer_expect(&lines, "end");
    assert_int_equal(weir_lexer_err(&lines), WEIR_OK);
    assert_int_equal(lines.number, 4);
    lines = begin(scope, "a\n");
    assert_null(weir_lexer_verbatim(&lines, 2).data);
    assert_int_equal(weir_lexer_err(&lines), WEIR_E_PARSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_line_is_read_word_by_word, with_scope, without_scope),
        cmocka_unit_test_setup_teardown(other_spellings_are_refused_with_the_line, with_scope,
                                        without_scope),
        cmocka_unit_test_setup_teardown(hex_is_lowercase_and_complete, with_scope, without_scope),
        cmocka_unit_test_setup_teardown(the_first_failure_stays, with_scope, without_scope),
        cmocka_unit_test_setup_teardown(a_block_is_the_base64_of_text_h, with_scope, without_scope),
        cmocka_unit_test_setup_teardown(a_block_has_full_lines_but_the_last, with_scope,
                                        without_scope),
        cmocka_unit_test_setup_teardown(hashes_stand_one_to_a_line, with_scope, without_scope),
        cmocka_unit_test_setup_teardown(verbatim_lines_keep_every_byte, with_scope, without_scope),
    };
    return cmocka_run_group_tests_name("lexer", tests, NULL, NULL);
}
