/* Goal: hex and base64 have one text for each bytes, only well-formed UTF-8 is valid, and a typo
 * finds its word.
 * Method: the examples of RFC 4648, every single character and byte tried, all two-byte sequences
 * and the edges of the longer ones against a model. */
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/base/with_base.h"

#define SEED UINT64_C(5)

static void hex_goes_there_and_back(void **state)
{
    struct weir_scope *scope = *state;
    uint8_t bytes[256];
    uint8_t read[256];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)i;
    char *text = weir_take_hex(scope, bytes, sizeof(bytes));
    assert_int_equal(strlen(text), 512);
    assert_memory_equal(text, "000102030405060708090a0b0c0d0e0f1011", 36);
    with_base_expect(scope, weir_hex_parse(scope, weir_slice_text(text), read, sizeof(read)));
    assert_memory_equal(bytes, read, sizeof(bytes));
    struct weir_slice taken;
    with_base_expect(scope, weir_take_unhex(scope, weir_slice_text("00fFaB"), &taken));
    assert_int_equal(taken.length, 3);
    assert_memory_equal(taken.data, "\x00\xff\xab", 3);
    with_base_expect(scope, weir_take_unhex(scope, weir_slice_text(""), &taken));
    assert_int_equal(taken.length, 0);
}

static void only_hex_digits_are_hex(void **state)
{
    struct weir_scope *scope = *state;
    uint8_t byte;
    for (unsigned value = 0; value < 256; value++) {
        uint8_t text[2] = {'0', (uint8_t)value};
        const struct weir_slice slice = {text, 2};
        bool is_digit = (value >= '0' && value <= '9') || (value >= 'a' && value <= 'f') ||
                        (value >= 'A' && value <= 'F');
        enum weir_err err = weir_hex_parse(scope, slice, &byte, 1);
        if (is_digit)
            with_base_expect(scope, err);
        else
            with_base_refused(scope, err, WEIR_E_PARSE);
    }
    static const char *const refused[] = {"", "0", "000", "0x", " 0", "0 ", "00 "};
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        with_base_refused(scope, weir_hex_parse(scope, weir_slice_text(refused[i]), &byte, 1),
                          WEIR_E_PARSE);
    struct weir_slice taken;
    with_base_refused(scope, weir_take_unhex(scope, weir_slice_text("abc"), &taken), WEIR_E_PARSE);
}

static void the_examples_of_base64_agree(void **state)
{
    struct weir_scope *scope = *state;
    static const char *const cases[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t length = strlen(cases[i][0]);
        struct weir_slice read;
        uint8_t exact[8];
        assert_string_equal(weir_take_base64(scope, (const uint8_t *)cases[i][0], length),
                            cases[i][1]);
        assert_int_equal(weir_base64_bytes(length), strlen(cases[i][1]));
        with_base_expect(scope, weir_take_unbase64(scope, weir_slice_text(cases[i][1]), &read));
        assert_true(weir_slice_equals_text(read, cases[i][0]));
        with_base_expect(scope,
                         weir_base64_parse(scope, weir_slice_text(cases[i][1]), exact, length));
    }
}

static void every_length_goes_there_and_back(void **state)
{
    struct weir_scope *scope = *state;
    uint8_t bytes[300];
    uint64_t random = SEED;
    printf("seed %llu\n", (unsigned long long)SEED);
    for (size_t length = 0; length < sizeof(bytes); length++) {
        struct weir_slice read;
        for (size_t i = 0; i < length; i++)
            bytes[i] = (uint8_t)with_base_random(&random);
        const char *text = weir_take_base64(scope, bytes, length);
        with_base_expect(scope, weir_take_unbase64(scope, weir_slice_text(text), &read));
        assert_int_equal(read.length, length);
        assert_memory_equal(read.data, bytes, length);
    }
}

/* Every character in every place of a quantum: what is accepted prints back to the same text. */
static void one_text_for_each_bytes(void **state)
{
    struct weir_scope *scope = *state;
    static const char *const bases[] = {"AAAA", "AAA=", "AA=="};
    unsigned accepted = 0;
    for (size_t base = 0; base < 3; base++)
        for (size_t place = 0; place < 4; place++)
            for (unsigned value = 0; value < 256; value++) {
                uint8_t text[4];
                struct weir_slice read;
                memcpy(text, bases[base], 4);
                text[place] = (uint8_t)value;
                const struct weir_slice slice = {text, 4};
                if (weir_take_unbase64(scope, slice, &read) != WEIR_OK) {
                    weir_scope_recover(scope);
                    continue;
                }
                accepted++;
                const char *again = weir_take_base64(scope, read.data, read.length);
                assert_true(weir_slice_equals_text(slice, again));
            }
    /* Place by place.  A digit before padding must leave its unused bits zero: 16 or 4 of 64 do;
     * where '=' makes the text one byte shorter, it counts too. */
    assert_int_equal(accepted, (64 + 64 + 64 + 65) + (64 + 64 + 17 + 65) + (64 + 4 + 17 + 1));
}

static void what_is_no_base64_is_refused(void **state)
{
    struct weir_scope *scope = *state;
    static const char *const refused[] = {"A",     "AA",   "AAA",   "AAAAA",    "A===",
                                          "====",  "AA=A", "AAA==", "AAA=AAAA", "AA AA",
                                          "AAA\n", "AA-_", "AAAA ", " AAAA",    "AA==AAAA"};
    struct weir_slice read;
    uint8_t exact[4];
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        with_base_refused(scope, weir_take_unbase64(scope, weir_slice_text(refused[i]), &read),
                          WEIR_E_PARSE);
    with_base_refused(scope, weir_base64_parse(scope, weir_slice_text("AAAA"), exact, 2),
                      WEIR_E_PARSE);
    with_base_refused(scope, weir_base64_parse(scope, weir_slice_text("AAAA"), exact, 4),
                      WEIR_E_PARSE);
}

/* --- UTF-8 ------------------------------------------------------------------------------------ */

/* RFC 3629 by decoding: the shortest form of a scalar value. */
static bool model_is_valid(const uint8_t *bytes, size_t length)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    for (size_t at = 0; at < length;) {
        uint8_t first = bytes[at];
        size_t step = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
        if (step == 0 || first >= 0xf8 || at + step > length)
            return false;
        uint32_t value = step == 1 ? first : first & (0xffU >> (step + 1));
        for (size_t i = 1; i < step; i++) {
            if ((bytes[at + i] & 0xc0) != 0x80)
                return false;
            value = value << 6 | (bytes[at + i] & 0x3fU);
        }
        if (value < least[step] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
            return false;
        at += step;
    }
    return true;
}

static void short_sequences_are_judged_as_the_standard_does(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 256; first++) {
        uint8_t bytes[3] = {(uint8_t)first, 0, 0};
        assert_int_equal(weir_utf8_is_valid((struct weir_slice){bytes, 1}),
                         model_is_valid(bytes, 1));
        for (unsigned second = 0; second < 256; second++) {
            bytes[1] = (uint8_t)second;
            assert_int_equal(weir_utf8_is_valid((struct weir_slice){bytes, 2}),
                             model_is_valid(bytes, 2));
            for (unsigned third = 0x7f; third <= 0xc0; third += 0x41 / 5) {
                bytes[2] = (uint8_t)third;
                assert_int_equal(weir_utf8_is_valid((struct weir_slice){bytes, 3}),
                                 model_is_valid(bytes, 3));
            }
        }
    }
    assert_true(weir_utf8_is_valid((struct weir_slice){NULL, 0}));
}

static void four_bytes_reach_to_the_last_character(void **state)
{
    (void)state;
    static const uint8_t edges[] = {0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff};
    for (unsigned first = 0xf0; first < 0x100; first++)
        for (size_t i = 0; i < sizeof(edges); i++)
            for (size_t k = 0; k < sizeof(edges); k++)
                for (size_t m = 0; m < sizeof(edges); m++) {
                    const uint8_t bytes[] = {(uint8_t)first, edges[i], edges[k], edges[m]};
                    assert_int_equal(weir_utf8_is_valid((struct weir_slice){bytes, 4}),
                                     model_is_valid(bytes, 4));
                    assert_false(weir_utf8_is_valid((struct weir_slice){bytes, 3}));
                }
}

/* --- nearest ---------------------------------------------------------------------------------- */

static void a_typo_finds_its_word(void **state)
{
    (void)state;
    static const char *const words[] = {"interval", "timeout", "redirects", "url", "allow_private"};
    size_t count = sizeof(words) / sizeof(words[0]);
    assert_string_equal(weir_nearest("intervall", words, count), "interval");
    assert_string_equal(weir_nearest("intreval", words, count), "interval");
    assert_string_equal(weir_nearest("time_out", words, count), "timeout");
    assert_string_equal(weir_nearest("uri", words, count), "url");
    assert_string_equal(weir_nearest("allow-private", words, count), "allow_private");
    assert_string_equal(weir_nearest("url", words, count), "url");
    assert_null(weir_nearest("completely different", words, count));
    assert_null(weir_nearest("url", words, 0));
}

static void very_long_words_are_near_to_nothing(void **state)
{
    (void)state;
    char text[1000];
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    const char *const words[] = {text, "x"};
    assert_null(weir_nearest(text, words, 2));
    assert_string_equal(weir_nearest("", words, 2), "x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_base(hex_goes_there_and_back),
        with_base(only_hex_digits_are_hex),
        with_base(the_examples_of_base64_agree),
        with_base(every_length_goes_there_and_back),
        with_base(one_text_for_each_bytes),
        with_base(what_is_no_base64_is_refused),
        with_base(short_sequences_are_judged_as_the_standard_does),
        with_base(four_bytes_reach_to_the_last_character),
        with_base(a_typo_finds_its_word),
        with_base(very_long_words_are_near_to_nothing),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
