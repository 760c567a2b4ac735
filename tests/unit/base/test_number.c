/* Goal: exactly the canonical decimals are numbers, nothing that does not fit is taken, and ratios
 * compare without rounding.
 * Method: tables of texts, every number near a power of ten and of two, printed and read back,
 * comparison against a slow model, the published threshold vectors of the float trap. */
#include "base/number.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/base/with_base.h"

#define SEED UINT64_C(3)

static const char *const not_numbers[] = {
    "",    " ",   "-",   "+1",  "-1",  "01",    "00",  "1 ",  " 1",       "1a",  "0x1",
    "1e3", "1.0", "1,0", "NaN", "inf", "1e999", "\t1", "1\n", "\xd9\xa1", "1_0", "1/1"};

static void only_canonical_decimals_are_numbers(void **state)
{
    struct weir_scope *scope = *state;
    uint64_t small;
    unsigned __int128 large;
    for (size_t i = 0; i < sizeof(not_numbers) / sizeof(not_numbers[0]); i++) {
        struct weir_slice text = weir_slice_text(not_numbers[i]);
        with_base_refused(scope, weir_u64_parse(scope, text, UINT64_MAX, &small), WEIR_E_PARSE);
        with_base_refused(scope, weir_u128_parse(scope, text, &large), WEIR_E_PARSE);
    }
    const struct weir_slice with_nul = {(const uint8_t *)"1\0", 2};
    with_base_refused(scope, weir_u64_parse(scope, with_nul, UINT64_MAX, &small), WEIR_E_PARSE);
}

static void a_number_above_the_limit_is_out_of_range(void **state)
{
    struct weir_scope *scope = *state;
    uint64_t value = 7;
    with_base_expect(scope, weir_u64_parse(scope, weir_slice_text("100"), 100, &value));
    assert_int_equal(value, 100);
    with_base_refused(scope, weir_u64_parse(scope, weir_slice_text("101"), 100, &value),
                      WEIR_E_RANGE);
    assert_int_equal(value, 100); /* untouched */
    with_base_expect(
        scope, weir_u64_parse(scope, weir_slice_text("18446744073709551615"), UINT64_MAX, &value));
    assert_true(value == UINT64_MAX);
    with_base_refused(
        scope, weir_u64_parse(scope, weir_slice_text("18446744073709551616"), UINT64_MAX, &value),
        WEIR_E_RANGE);
    with_base_expect(scope, weir_u64_parse(scope, weir_slice_text("0"), 0, &value));
    assert_int_equal(value, 0);
}

static void check_round_trip(struct weir_scope *scope, unsigned __int128 value)
{
    char text[WEIR_U128_TEXT_BYTES];
    unsigned __int128 read = 0;
    weir_u128_print(value, text);
    with_base_expect(scope, weir_u128_parse(scope, weir_slice_text(text), &read));
    assert_true(read == value);
    assert_true(text[0] != '0' || value == 0);
}

static void every_printed_number_reads_back(void **state)
{
    struct weir_scope *scope = *state;
    unsigned __int128 ten = 1;
    uint64_t random = SEED;
    printf("seed %llu\n", (unsigned long long)SEED);
    for (unsigned bit = 0; bit < 128; bit++) {
        unsigned __int128 two = (unsigned __int128)1 << bit;
        check_round_trip(scope, two - 1);
        check_round_trip(scope, two);
        check_round_trip(scope, two + 1);
    }
    for (unsigned digits = 0; digits < 39; digits++, ten *= 10) {
        check_round_trip(scope, ten - 1);
        check_round_trip(scope, ten);
    }
    check_round_trip(scope, ~(unsigned __int128)0);
    for (unsigned i = 0; i < 2000; i++)
        check_round_trip(scope, (unsigned __int128)with_base_random(&random) << 64 |
                                    with_base_random(&random));
}

static void two_to_the_128_does_not_fit(void **state)
{
    struct weir_scope *scope = *state;
    unsigned __int128 value;
    char text[WEIR_U128_TEXT_BYTES];
    weir_u128_print(~(unsigned __int128)0, text);
    assert_string_equal(text, "340282366920938463463374607431768211455");
    static const char *const larger[] = {
        "340282366920938463463374607431768211456", "999999999999999999999999999999999999999",
        "1000000000000000000000000000000000000000",
        "10000000000000000000000000000000000000000000000000000000000000000000000000000000"};
    for (size_t i = 0; i < sizeof(larger) / sizeof(larger[0]); i++)
        with_base_refused(scope, weir_u128_parse(scope, weir_slice_text(larger[i]), &value),
                          WEIR_E_RANGE);
}

static void signed_numbers_have_one_zero_and_both_ends(void **state)
{
    struct weir_scope *scope = *state;
    static const struct {
        const char *text;
        int64_t value;
        enum weir_err err;
    } cases[] = {
        {"0", 0, WEIR_OK},
        {"-1", -1, WEIR_OK},
        {"9223372036854775807", INT64_MAX, WEIR_OK},
        {"-9223372036854775808", INT64_MIN, WEIR_OK},
        {"9223372036854775808", 0, WEIR_E_RANGE},
        {"-9223372036854775809", 0, WEIR_E_RANGE},
        {"-0", 0, WEIR_E_PARSE},
        {"--1", 0, WEIR_E_PARSE},
        {"-", 0, WEIR_E_PARSE},
        {"", 0, WEIR_E_PARSE},
        {"-01", 0, WEIR_E_PARSE},
        {"+5", 0, WEIR_E_PARSE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t value = 42;
        enum weir_err err =
            weir_i64_parse(scope, weir_slice_text(cases[i].text), INT64_MIN, INT64_MAX, &value);
        if (cases[i].err != WEIR_OK) {
            with_base_refused(scope, err, cases[i].err);
            continue;
        }
        with_base_expect(scope, err);
        assert_true(value == cases[i].value);
    }
    int64_t value;
    with_base_refused(scope, weir_i64_parse(scope, weir_slice_text("-6"), -5, 5, &value),
                      WEIR_E_RANGE);
    with_base_refused(scope, weir_i64_parse(scope, weir_slice_text("6"), -5, 5, &value),
                      WEIR_E_RANGE);
    with_base_expect(scope, weir_i64_parse(scope, weir_slice_text("-5"), -5, 5, &value));
}

static void decimals_keep_what_was_written(void **state)
{
    struct weir_scope *scope = *state;
    static const struct {
        const char *text;
        unsigned decimals_max;
        uint64_t num;
        uint64_t den;
        enum weir_err err;
    } cases[] = {
        {"99.95", 4, 9995, 100, WEIR_OK},
        {"99.950", 4, 99950, 1000, WEIR_OK},
        {"0.0", 4, 0, 10, WEIR_OK},
        {"7", 0, 7, 1, WEIR_OK},
        {"18446744073709551615", 0, UINT64_MAX, 1, WEIR_OK},
        {"18.446744073709551615", 18, UINT64_MAX, UINT64_C(1000000000000000000), WEIR_OK},
        {"18446744073709551616", 0, 0, 0, WEIR_E_RANGE},
        {"18446744073709551615.1", 1, 0, 0, WEIR_E_RANGE},
        {"99.95", 1, 0, 0, WEIR_E_RANGE},
        {"7.0", 0, 0, 0, WEIR_E_RANGE},
        {".5", 4, 0, 0, WEIR_E_PARSE},
        {"5.", 4, 0, 0, WEIR_E_PARSE},
        {"05.5", 4, 0, 0, WEIR_E_PARSE},
        {"5.5.5", 4, 0, 0, WEIR_E_PARSE},
        {"-5.5", 4, 0, 0, WEIR_E_PARSE},
        {"5,5", 4, 0, 0, WEIR_E_PARSE},
        {"5.-5", 4, 0, 0, WEIR_E_PARSE},
        {"", 4, 0, 0, WEIR_E_PARSE},
        {".", 4, 0, 0, WEIR_E_PARSE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t num = 1;
        uint64_t den = 1;
        enum weir_err err = weir_decimal_parse(scope, weir_slice_text(cases[i].text),
                                               cases[i].decimals_max, &num, &den);
        if (cases[i].err != WEIR_OK) {
            with_base_refused(scope, err, cases[i].err);
            continue;
        }
        with_base_expect(scope, err);
        assert_true(num == cases[i].num && den == cases[i].den);
    }
}

static void errors_show_foreign_text_harmlessly_and_short(void **state)
{
    struct weir_scope *scope = *state;
    uint64_t value;
    (void)!weir_u64_parse(scope, weir_slice_text("\x1b[31mred\n"), UINT64_MAX, &value);
    assert_non_null(strstr(scope->fault, "'?[31mred?'"));
    weir_scope_recover(scope);
    char text[1000];
    memset(text, 'x', sizeof(text));
    const struct weir_slice long_text = {(const uint8_t *)text, sizeof(text)};
    (void)!weir_u64_parse(scope, long_text, UINT64_MAX, &value);
    assert_true(strlen(scope->fault) < 150);
    weir_scope_recover(scope);
}

static void ratios_compare_as_fractions_do(void **state)
{
    (void)state;
    for (uint64_t a = 0; a < 12; a++)
        for (uint64_t b = 1; b < 12; b++)
            for (uint64_t c = 0; c < 12; c++)
                for (uint64_t d = 1; d < 12; d++)
                    assert_int_equal(weir_ratio_less(a, b, c, d), a * d < c * b);
    assert_true(weir_ratio_less(UINT64_MAX - 1, UINT64_MAX, 1, 1));
    assert_false(weir_ratio_less(UINT64_MAX, UINT64_MAX, 1, 1));
    /* A double calls this 0.95 exactly. */
    assert_true(
        weir_ratio_less(UINT64_C(9499999999999999999), UINT64_C(10000000000000000000), 95, 100));
    assert_true(weir_ratio_less(18999999, 20000000, 95, 100));
    assert_false(weir_ratio_less(19, 20, 95, 100));
}

static void parts_per_million_round_half_up(void **state)
{
    (void)state;
    assert_int_equal(weir_ratio_ppm(0, 7), 0);
    assert_int_equal(weir_ratio_ppm(7, 7), 1000000);
    assert_int_equal(weir_ratio_ppm(1, 3), 333333);
    assert_int_equal(weir_ratio_ppm(2, 3), 666667);
    assert_int_equal(weir_ratio_ppm(1, 2000000), 1); /* exactly half */
    assert_int_equal(weir_ratio_ppm(1, 2000001), 0);
    assert_int_equal(weir_ratio_ppm(18999999, 20000000), 950000); /* and yet below 95 % */
    assert_int_equal(weir_ratio_ppm(UINT64_C(1) << 63, UINT64_C(1) << 63), 1000000);
    assert_int_equal(weir_ratio_ppm(9138, 10324), 885122);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_base(only_canonical_decimals_are_numbers),
        with_base(a_number_above_the_limit_is_out_of_range),
        with_base(every_printed_number_reads_back),
        with_base(two_to_the_128_does_not_fit),
        with_base(signed_numbers_have_one_zero_and_both_ends),
        with_base(decimals_keep_what_was_written),
        with_base(errors_show_foreign_text_harmlessly_and_short),
        with_base(ratios_compare_as_fractions_do),
        with_base(parts_per_million_round_half_up),
    };
    return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
