/* Goal: the exact binomial tail names the first surprising number of misses.
 * Method: the published table for 95 %, edges, and Pascal's triangle for small cases. */
#include "metrics/significance.h"

#include "tests/unit/metrics/with_scope.h"

static enum weir_significance
significance_of(struct weir_scope *scope, struct weir_ratio target, uint64_t missed, uint64_t units)
{
    enum weir_significance result = WEIR_SIGNIFICANCE_NOT_COMPUTED;
    with_scope_expect(scope, weir_significance_compute(scope, target, missed, units, &result));
    weir_arena_clear(scope->arena);
    return result;
}

static void the_first_significant_counts_are_those_of_the_table(void **state)
{
    struct weir_scope *scope = *state;
    static const uint64_t rows[][2] = {{5, 2}, {10, 3}, {20, 4}, {40, 5}, {60, 7}, {100, 10}};
    const struct weir_ratio target = {95, 100};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t units = rows[i][0];
        for (uint64_t missed = 0; missed <= units; missed++)
            assert_int_equal(significance_of(scope, target, missed, units),
                             missed >= rows[i][1] ? WEIR_SIGNIFICANCE_SIGNIFICANT
                                                  : WEIR_SIGNIFICANCE_CHANCE);
    }
}

/* All outcomes of up to 12 coins, counted one by one, each kept with 2 of 3. */
static void small_cases_agree_with_counting_every_outcome(void **state)
{
    struct weir_scope *scope = *state;
    for (unsigned units = 0; units <= 12; units++) {
        for (unsigned missed = 0; missed <= units; missed++) {
            uint64_t tail = 0;
            uint64_t all = 0;
            for (unsigned outcome = 0; outcome < 1U << units; outcome++) {
                unsigned misses = (unsigned)__builtin_popcount(outcome);
                uint64_t weight = UINT64_C(1) << (units - misses); /* 2 ways to keep, 1 to miss */
                all += weight;
                tail += misses >= missed ? weight : 0;
            }
            assert_int_equal(significance_of(scope, (struct weir_ratio){4, 6}, missed, units),
                             20 * tail < all ? WEIR_SIGNIFICANCE_SIGNIFICANT
                                             : WEIR_SIGNIFICANCE_CHANCE);
        }
    }
}

static void edges_are_decided(void **state)
{
    struct weir_scope *scope = *state;
    const struct weir_ratio never = {1, 1};
    const struct weir_ratio fine = {999983, 1000003}; /* reduced, above a million */
    const struct weir_ratio reducible = {95000000, 100000000};
    assert_int_equal(significance_of(scope, never, 1, 1000), WEIR_SIGNIFICANCE_SIGNIFICANT);
    assert_int_equal(significance_of(scope, never, 0, 1000), WEIR_SIGNIFICANCE_CHANCE);
    assert_int_equal(significance_of(scope, fine, 1, 2), WEIR_SIGNIFICANCE_NOT_COMPUTED);
    assert_int_equal(significance_of(scope, reducible, 4, 20), WEIR_SIGNIFICANCE_SIGNIFICANT);
    assert_int_equal(significance_of(scope, never, 1, WEIR_SIGNIFICANCE_UNITS_MAX + 1),
                     WEIR_SIGNIFICANCE_NOT_COMPUTED);
    assert_int_equal(significance_of(scope, (struct weir_ratio){500001, 1000000}, 2200,
                                     WEIR_SIGNIFICANCE_UNITS_MAX),
                     WEIR_SIGNIFICANCE_SIGNIFICANT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scope(the_first_significant_counts_are_those_of_the_table),
        with_scope(small_cases_agree_with_counting_every_outcome),
        with_scope(edges_are_decided),
    };
    return cmocka_run_group_tests_name("significance", tests, NULL, NULL);
}
