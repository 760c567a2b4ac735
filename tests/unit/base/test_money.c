/* Goal: amounts of two assets never mix, nothing wraps around, and every amount prints exactly and
 * reads back.
 * Method: the edges of 128 bits, all decimals from 0 to 38, texts that are no amounts. */
#include "base/money.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/base/with_base.h"

#define USDC 1
#define ETHER 2
#define LARGEST (~(unsigned __int128)0)
#define SEED UINT64_C(4)

static void sums_and_rests_are_exact(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_money sum;
    struct weir_money rest;
    struct weir_money all = weir_money_make(USDC, LARGEST);
    struct weir_money one = weir_money_make(USDC, 1);
    with_base_expect(scope, weir_money_subtract(scope, all, one, &rest));
    assert_true(weir_money_units(rest) == LARGEST - 1);
    with_base_expect(scope, weir_money_add(scope, rest, one, &sum));
    assert_true(weir_money_units(sum) == LARGEST);
    assert_int_equal(sum.asset, USDC);
    with_base_expect(scope, weir_money_subtract(scope, all, all, &rest));
    assert_true(weir_money_is_zero(rest));
    assert_false(weir_money_is_zero(one));
}

static void nothing_wraps_around(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_money kept = weir_money_make(USDC, 7);
    struct weir_money all = weir_money_make(USDC, LARGEST);
    struct weir_money one = weir_money_make(USDC, 1);
    struct weir_money two = weir_money_make(USDC, 2);
    with_base_refused(scope, weir_money_add(scope, all, one, &kept), WEIR_E_OVERFLOW);
    with_base_refused(scope, weir_money_add(scope, all, all, &kept), WEIR_E_OVERFLOW);
    with_base_refused(scope, weir_money_subtract(scope, one, two, &kept), WEIR_E_OVERFLOW);
    assert_true(weir_money_units(kept) == 7); /* untouched */
}

static void assets_never_mix(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_money kept = weir_money_make(USDC, 7);
    struct weir_money usdc = weir_money_make(USDC, 5);
    struct weir_money ether = weir_money_make(ETHER, 5);
    with_base_refused(scope, weir_money_add(scope, usdc, ether, &kept), WEIR_E_ASSET);
    with_base_refused(scope, weir_money_subtract(scope, ether, usdc, &kept), WEIR_E_ASSET);
    assert_true(weir_money_units(kept) == 7 && kept.asset == USDC);
}

static void comparison_sees_every_unit(void **state)
{
    (void)state;
    struct weir_money less = weir_money_make(USDC, LARGEST - 1);
    struct weir_money more = weir_money_make(USDC, LARGEST);
    assert_true(weir_money_compare(less, more) < 0);
    assert_true(weir_money_compare(more, less) > 0);
    assert_int_equal(weir_money_compare(more, more), 0);
}

static void amounts_print_every_decimal(void **state)
{
    (void)state;
    static const struct {
        uint64_t units;
        uint8_t decimals;
        const char *text;
    } cases[] = {
        {0, 0, "0"},
        {0, 6, "0.000000"},
        {25, 6, "0.000025"},
        {1, 1, "0.1"},
        {10, 1, "1.0"},
        {12500000, 6, "12.500000"},
        {7, 0, "7"},
        {1000000, 6, "1.000000"},
        {UINT64_C(1000000000000000000), 18, "1.000000000000000000"},
    };
    char text[WEIR_MONEY_TEXT_BYTES];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        weir_money_print(weir_money_make(USDC, cases[i].units), cases[i].decimals, text);
        assert_string_equal(text, cases[i].text);
    }
    weir_money_print(weir_money_make(USDC, LARGEST), 38, text);
    assert_string_equal(text, "3.40282366920938463463374607431768211455");
    weir_money_print(weir_money_make(USDC, 1), 38, text);
    assert_string_equal(text, "0.00000000000000000000000000000000000001");
}

static void every_printed_amount_reads_back(void **state)
{
    struct weir_scope *scope = *state;
    uint64_t random = SEED;
    printf("seed %llu\n", (unsigned long long)SEED);
    for (uint8_t decimals = 0; decimals <= WEIR_MONEY_DECIMALS_MAX; decimals++)
        for (unsigned i = 0; i < 200; i++) {
            unsigned __int128 units =
                (unsigned __int128)with_base_random(&random) << 64 | with_base_random(&random);
            units >>= with_base_random(&random) % 128;
            struct weir_money money = weir_money_make(USDC, i == 0 ? LARGEST : units);
            struct weir_money read;
            char text[WEIR_MONEY_TEXT_BYTES];
            weir_money_print(money, decimals, text);
            with_base_expect(scope,
                             weir_money_parse(scope, weir_slice_text(text), USDC, decimals, &read));
            assert_int_equal(weir_money_compare(money, read), 0);
        }
}

static void short_amounts_are_filled_up(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_money money;
    with_base_expect(scope, weir_money_parse(scope, weir_slice_text("12.5"), USDC, 6, &money));
    assert_true(weir_money_units(money) == 12500000);
    with_base_expect(scope, weir_money_parse(scope, weir_slice_text("12"), USDC, 6, &money));
    assert_true(weir_money_units(money) == 12000000);
    with_base_expect(scope, weir_money_parse(scope, weir_slice_text("0"), USDC, 6, &money));
    assert_true(weir_money_is_zero(money));
}

static void what_is_no_amount_is_refused(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_money money = weir_money_make(USDC, 7);
    static const struct {
        const char *text;
        uint8_t decimals;
        enum weir_err err;
    } cases[] = {
        {"", 6, WEIR_E_PARSE},
        {".", 6, WEIR_E_PARSE},
        {".5", 6, WEIR_E_PARSE},
        {"5.", 6, WEIR_E_PARSE},
        {"05", 6, WEIR_E_PARSE},
        {"00.5", 6, WEIR_E_PARSE},
        {"-5", 6, WEIR_E_PARSE},
        {"+5", 6, WEIR_E_PARSE},
        {"1 000", 6, WEIR_E_PARSE},
        {"1,5", 6, WEIR_E_PARSE},
        {"1.5.5", 6, WEIR_E_PARSE},
        {"1e3", 6, WEIR_E_PARSE},
        {"0x1", 6, WEIR_E_PARSE},
        {"NaN", 6, WEIR_E_PARSE},
        {"1.1234567", 6, WEIR_E_RANGE},
        {"1.1000000", 6, WEIR_E_RANGE},
        {"1.0", 0, WEIR_E_RANGE},
        {"340282366920938463463374607431768211456", 0, WEIR_E_RANGE},
        {"4", 38, WEIR_E_RANGE},
        {"999999999999999999999999999999999999999999", 6, WEIR_E_RANGE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        with_base_refused(scope,
                          weir_money_parse(scope, weir_slice_text(cases[i].text), USDC,
                                           cases[i].decimals, &money),
                          cases[i].err);
    assert_true(weir_money_units(money) == 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_base(sums_and_rests_are_exact),
        with_base(nothing_wraps_around),
        with_base(assets_never_mix),
        with_base(comparison_sees_every_unit),
        with_base(amounts_print_every_decimal),
        with_base(every_printed_amount_reads_back),
        with_base(short_amounts_are_filled_up),
        with_base(what_is_no_amount_is_refused),
    };
    return cmocka_run_group_tests_name("money", tests, NULL, NULL);
}
