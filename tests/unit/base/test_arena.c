/* Goal: what is taken is zeroed, aligned and apart from everything else, and more than was set
 * aside is never given. Method: edge sizes, products that overflow, and random takings filled with
 * patterns. */
#include "base/arena.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/base/with_base.h"

#define SEED UINT64_C(1)
#define TAKINGS 2000
#define SMALL_BYTES ((size_t)4096)

static void what_is_taken_is_zeroed_and_aligned(void **state)
{
    struct weir_scope *scope = *state;
    for (size_t bytes = 1; bytes < 200; bytes++) {
        uint8_t *taken = weir_take(scope, 1, bytes);
        assert_non_null(taken);
        assert_int_equal((uintptr_t)taken % 16, 0);
        for (size_t i = 0; i < bytes; i++)
            assert_int_equal(taken[i], 0);
        memset(taken, 0xff, bytes);
    }
}

static void takings_never_overlap(void **state)
{
    struct weir_scope *scope = *state;
    static uint8_t *taken[TAKINGS];
    static size_t bytes[TAKINGS];
    uint64_t random = SEED;
    printf("seed %llu\n", (unsigned long long)SEED);
    for (size_t i = 0; i < TAKINGS; i++) {
        bytes[i] = with_base_random(&random) % 3000;
        taken[i] = weir_take(scope, bytes[i], 1);
        assert_non_null(taken[i]);
        memset(taken[i], (int)(i % 251), bytes[i]);
    }
    for (size_t i = 0; i < TAKINGS; i++)
        for (size_t k = 0; k < bytes[i]; k++)
            assert_int_equal(taken[i][k], i % 251);
}

static void nothing_is_a_valid_thing_to_take(void **state)
{
    struct weir_scope *scope = *state;
    const void *first = weir_take(scope, 0, 8);
    const void *second = weir_take(scope, 8, 0);
    assert_non_null(first);
    assert_non_null(second);
    assert_ptr_not_equal(first, second);
}

static void more_than_the_capacity_is_an_error(void **state)
{
    (void)state;
    struct weir_scope scope = {.arena = weir_arena_new(SMALL_BYTES)};
    assert_non_null(weir_take(&scope, SMALL_BYTES / 2, 1));
    assert_null(weir_take(&scope, SMALL_BYTES, 1));
    with_base_refused(&scope, scope.err, WEIR_E_MEMORY);
    assert_non_null(weir_take(&scope, SMALL_BYTES / 2, 1));
    assert_null(weir_take(&scope, 1, 1));
    with_base_refused(&scope, scope.err, WEIR_E_MEMORY);
    weir_arena_free(scope.arena);
}

static void a_product_that_overflows_is_an_error(void **state)
{
    struct weir_scope *scope = *state;
    static const size_t sizes[][2] = {{SIZE_MAX, 2},
                                      {SIZE_MAX / 2 + 1, 2},
                                      {SIZE_MAX, 1},
                                      {SIZE_MAX - 16, 1},
                                      {1, SIZE_MAX - 31}};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        assert_null(weir_take(scope, sizes[i][0], sizes[i][1]));
        with_base_refused(scope, scope->err, WEIR_E_MEMORY);
    }
    assert_null(weir_take_text(scope, "x", SIZE_MAX));
}

static void a_scope_without_an_arena_gives_nothing(void **state)
{
    (void)state;
    struct weir_scope scope = {0};
    assert_null(weir_take(&scope, 1, 1));
    with_base_refused(&scope, scope.err, WEIR_E_MEMORY);
}

static void clearing_gives_everything_back(void **state)
{
    (void)state;
    struct weir_scope scope = {.arena = weir_arena_new(SMALL_BYTES)};
    for (unsigned round = 0; round < 100; round++) {
        assert_int_equal(weir_arena_used(scope.arena), 0);
        uint8_t *taken = weir_take(&scope, SMALL_BYTES, 1);
        assert_non_null(taken);
        assert_int_equal(taken[0] | taken[SMALL_BYTES - 1], 0);
        memset(taken, 0xff, SMALL_BYTES);
        assert_int_equal(weir_arena_used(scope.arena), SMALL_BYTES);
        weir_arena_clear(scope.arena);
    }
    weir_arena_free(scope.arena);
    weir_arena_free(NULL);
}

static void a_large_arena_can_be_used_up_in_small_pieces(void **state)
{
    (void)state;
    const size_t capacity = (size_t)1024 * 1024;
    struct weir_scope scope = {.arena = weir_arena_new(capacity)};
    size_t taken = 0;
    while (weir_take(&scope, 64, 1) != NULL)
        taken += 64;
    assert_in_range(taken, capacity - 64, capacity);
    weir_arena_free(scope.arena);
}

static void texts_end_with_a_nul(void **state)
{
    struct weir_scope *scope = *state;
    char *text = weir_take_text(scope, "abcdef", 3);
    assert_string_equal(text, "abc");
    assert_string_equal(weir_take_text(scope, NULL, 0), "");
    assert_string_equal(weir_take_printf(scope, "%s-%05d%s", "a", 42, ""), "a-00042");
    char *longer = weir_take_printf(scope, "%20000s|", "x");
    assert_int_equal(strlen(longer), 20001);
    assert_int_equal(longer[20000], '|');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_base(what_is_taken_is_zeroed_and_aligned),
        with_base(takings_never_overlap),
        with_base(nothing_is_a_valid_thing_to_take),
        with_base(more_than_the_capacity_is_an_error),
        with_base(a_product_that_overflows_is_an_error),
        with_base(a_scope_without_an_arena_gives_nothing),
        with_base(clearing_gives_everything_back),
        with_base(a_large_arena_can_be_used_up_in_small_pieces),
        with_base(texts_end_with_a_nul),
    };
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
