/* Goal: set arithmetic on intervals is that of the milliseconds in them.
 * Method: random lists against bitmaps. */
#include "metrics/interval.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/metrics/with_scope.h"

#define SPAN 64
#define LIST_MAX 8

static void random_set(struct weir_scope *scope,
                       struct with_dice *random,
                       struct weir_interval_list *list,
                       bool marks[SPAN])
{
    struct weir_interval raw[LIST_MAX];
    size_t count = with_dice_below(random, LIST_MAX + 1);
    memset(marks, 0, SPAN);
    for (size_t i = 0; i < count; i++) {
        raw[i].start_ms = (int64_t)with_dice_below(random, SPAN);
        raw[i].end_ms = raw[i].start_ms - 3 + (int64_t)with_dice_below(random, 16);
        if (raw[i].end_ms > SPAN)
            raw[i].end_ms = SPAN;
        for (int64_t ms = raw[i].start_ms; ms < raw[i].end_ms; ms++)
            marks[ms] = true;
    }
    with_scope_expect(scope, weir_interval_list_join(scope, raw, count, list));
}

static void expect_marks(struct weir_interval_list list, const bool marks[SPAN])
{
    bool same[SPAN] = {false};
    uint64_t sum = 0;
    for (size_t i = 0; i < list.count; i++) {
        assert_true(list.items[i].start_ms < list.items[i].end_ms);
        assert_true(i == 0 || list.items[i - 1].end_ms < list.items[i].start_ms);
        for (int64_t ms = list.items[i].start_ms; ms < list.items[i].end_ms; ms++, sum++)
            same[ms] = true;
    }
    assert_memory_equal(same, marks, SPAN);
    assert_int_equal(weir_interval_list_ms(list), sum);
}

static void lists_are_the_sets_of_their_milliseconds(void **state)
{
    struct weir_scope *scope = *state;
    struct with_dice random = {.state = 3};
    printf("seed 3\n");
    for (unsigned round = 0; round < 20000; round++) {
        struct weir_interval_list a;
        struct weir_interval_list b;
        struct weir_interval_list rest;
        bool in_a[SPAN];
        bool in_b[SPAN];
        random_set(scope, &random, &a, in_a);
        random_set(scope, &random, &b, in_b);
        expect_marks(a, in_a);
        struct weir_interval some = {(int64_t)with_dice_below(&random, SPAN), 40};
        uint64_t common = 0;
        for (int64_t ms = some.start_ms; ms < some.end_ms; ms++)
            common += in_a[ms];
        assert_int_equal(weir_interval_list_common_ms(a, some), common);
        with_scope_expect(scope, weir_interval_list_subtract(scope, a, b, &rest));
        for (size_t ms = 0; ms < SPAN; ms++)
            in_a[ms] = in_a[ms] && !in_b[ms];
        expect_marks(rest, in_a);
        weir_arena_clear(scope->arena);
    }
}

static void the_longest_interval_does_not_overflow(void **state)
{
    (void)state;
    struct weir_interval all = {INT64_MIN, INT64_MAX};
    assert_true(weir_interval_ms(all) == UINT64_MAX);
    struct weir_interval none = {INT64_MAX, INT64_MIN};
    assert_int_equal(weir_interval_ms(none), 0);
    struct weir_interval clipped = weir_interval_clip(all, (struct weir_interval){5, 2});
    assert_int_equal(weir_interval_ms(clipped), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scope(lists_are_the_sets_of_their_milliseconds),
        with_scope(the_longest_interval_does_not_overflow),
    };
    return cmocka_run_group_tests_name("interval", tests, NULL, NULL);
}
