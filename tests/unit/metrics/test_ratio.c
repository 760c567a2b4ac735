/* Goal: thresholds are decided in integers, budgets rounded down, tiers as the protocol says.
 * Method: the threshold and budget vectors, where a floating-point comparison is wrong, and tables.
 */
#include "metrics/ratio.h"

#include "base/number.h"
#include "tests/unit/metrics/with_scope.h"
#include "tests/unit/metrics/with_vectors.h"

static void thresholds_agree_with_the_vectors(void **state)
{
    struct weir_scope *scope = *state;
    const struct weir_ratio target = {95, 100};
    with_vectors_need("metrics/vectors");
    struct with_table table = with_vectors_table(scope, "metrics/vectors/threshold.csv");
    for (size_t i = 0; i < table.row_count; i++) {
        struct weir_ratio value = {with_table_u64(&table, i, "n"), with_table_u64(&table, i, "d")};
        struct weir_slice below = with_table_get(&table, i, "below_95_exact");
        assert_int_equal(weir_ratio_is_below(value, target), weir_slice_equals_text(below, "1"));
        if (value.den > 0 && value.num < UINT64_C(1) << 63)
            assert_int_equal(weir_ratio_ppm(value.num, value.den),
                             with_table_u64(&table, i, "ppm_half_up"));
    }
}

static void budgets_agree_with_the_vectors(void **state)
{
    struct weir_scope *scope = *state;
    with_vectors_need("metrics/vectors");
    struct with_table table = with_vectors_table(scope, "metrics/vectors/budget_ms.csv");
    assert_int_equal(table.row_count, 24);
    for (size_t i = 0; i < table.row_count; i++) {
        struct weir_ratio target = {with_table_u64(&table, i, "slo_num"),
                                    with_table_u64(&table, i, "slo_den")};
        uint64_t month_ms = with_table_u64(&table, i, "month_ms");
        uint64_t budget_ms = weir_budget_ms_floor(month_ms, target);
        assert_int_equal(budget_ms, with_table_u64(&table, i, "allowed_down_ms_floor"));
        assert_false(
            weir_ratio_is_below((struct weir_ratio){month_ms - budget_ms, month_ms}, target));
        assert_true(
            weir_ratio_is_below((struct weir_ratio){month_ms - budget_ms - 1, month_ms}, target));
    }
}

static void a_tier_is_reached_strictly_below_its_ratio(void **state)
{
    (void)state;
    const struct weir_ratio tiers[] = {{999, 1000}, {99, 100}, {9, 10}};
    static const struct {
        struct weir_ratio value;
        unsigned tier;
    } rows[] = {
        {{1000, 1000}, 0}, {{999, 1000}, 0}, {{998, 1000}, 1}, {{990, 1000}, 1}, {{989, 1000}, 2},
        {{900, 1000}, 2},  {{899, 1000}, 3}, {{0, 1000}, 3},   {{0, 0}, 0},      {{0, 1}, 3},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(weir_tier_reached(rows[i].value, tiers, 3), rows[i].tier);
    assert_int_equal(weir_tier_reached((struct weir_ratio){0, 1}, tiers, 0), 0);
}

static void ratios_read_back_and_bad_ones_are_refused(void **state)
{
    struct weir_scope *scope = *state;
    static const char *const good[] = {"95/100", "1/1", "1/9223372036854775807"};
    static const char *const bad[] = {"0/1",
                                      "2/1",
                                      "1/0",
                                      "1",
                                      "1/2/3",
                                      "+1/2",
                                      "01/2",
                                      "1/ 2",
                                      "1e2/3",
                                      "NaN/1",
                                      "",
                                      "/",
                                      "1/9223372036854775808"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct weir_ratio ratio;
        char text[WEIR_RATIO_TEXT_BYTES];
        with_scope_expect(scope, weir_ratio_parse(scope, weir_slice_text(good[i]), &ratio));
        weir_ratio_print(ratio, text);
        assert_string_equal(text, good[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct weir_ratio ratio = {7, 8};
        assert_int_not_equal(weir_ratio_parse(scope, weir_slice_text(bad[i]), &ratio), WEIR_OK);
        assert_true(ratio.num == 7 && ratio.den == 8);
        weir_scope_recover(scope);
    }
}

static void percentages_are_exact(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_ratio ratio;
    with_scope_expect(scope, weir_percent_parse(scope, weir_slice_text("99.95"), &ratio));
    assert_true(ratio.num == 9995 && ratio.den == 10000);
    with_scope_expect(scope, weir_percent_parse(scope, weir_slice_text("100"), &ratio));
    assert_true(ratio.num == 100 && ratio.den == 100);
    with_scope_expect_error(scope, weir_percent_parse(scope, weir_slice_text("100.1"), &ratio),
                            WEIR_E_RANGE, "at most 100");
    with_scope_expect_error(scope, weir_percent_parse(scope, weir_slice_text("0.0"), &ratio),
                            WEIR_E_RANGE, "above 0");
    with_scope_expect_error(scope, weir_percent_parse(scope, weir_slice_text("95 %"), &ratio),
                            WEIR_E_PARSE, "percentage");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scope(thresholds_agree_with_the_vectors),
        with_scope(budgets_agree_with_the_vectors),
        with_scope(a_tier_is_reached_strictly_below_its_ratio),
        with_scope(ratios_read_back_and_bad_ones_are_refused),
        with_scope(percentages_are_exact),
    };
    return cmocka_run_group_tests_name("ratio", tests, NULL, NULL);
}
