/* Goal: what one node prints another reads back, and nothing else.
 * Method: a full exchange; every truncation and every changed byte; counts that lie. */
#include "node/exchange.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "attest/leaf.h"
#include "base/arena.h"

static struct weir_scope scope;

static int arena_make(void **state)
{
    (void)state;
    scope = (struct weir_scope){.arena = weir_arena_new((size_t)256 << 20)};
    return scope.arena == NULL ? -1 : 0;
}

static int arena_drop(void **state)
{
    (void)state;
    weir_arena_free(scope.arena);
    return 0;
}

static struct weir_exchange full(void)
{
    static uint8_t leaves[3 * WEIR_LEAF_BYTES];
    static const struct weir_shown_leaf shown[2] = {
        {.seq = 7, .salt = {{1, 2}}, .payload = {(const uint8_t *)"notice", 6}},
        {.seq = 9, .salt = {{3}}, .payload = {(const uint8_t *)"\0\xff", 2}},
    };
    static const struct weir_exchange_opinion opinions[1] = {
        {.opinion = {.terms = {{1}},
                     .window = 5,
                     .revision = 3,
                     .phase = WEIR_PHASE_FINAL,
                     .tier = 2,
                     .num = 10,
                     .den = 20,
                     .inputs = {{2}},
                     .origin = {{3}},
                     .first_leaf = 1,
                     .end_leaf = 9,
                     .tree_size = 10,
                     .tree_root = {{4}},
                     .made_at_ms = 77},
         .signature = {{5, 6, 7}}},
    };
    for (size_t i = 0; i < sizeof(leaves); i++)
        leaves[i] = (uint8_t)(i * 31);
    return (struct weir_exchange){
        .request = weir_slice_text("old 7\nhash\n\norigin\n10\nroot\n\n- line\n"),
        .first = 7,
        .leaves = {leaves, sizeof(leaves)},
        .shown = shown,
        .shown_count = 2,
        .opinions = opinions,
        .opinion_count = 1,
    };
}

static struct weir_slice printed(const struct weir_exchange *exchange)
{
    struct weir_buffer buffer = {.capacity_max = WEIR_EXCHANGE_BYTES_MAX};
    assert_int_equal(weir_exchange_print(&scope, exchange, &buffer), WEIR_OK);
    return weir_buffer_slice(&buffer);
}

static void print_and_parse_are_inverse(void **state)
{
    (void)state;
    struct weir_exchange made = full();
    struct weir_exchange read;
    struct weir_slice text = printed(&made);
    assert_int_equal(weir_exchange_parse(&scope, text, &read), WEIR_OK);
    assert_true(weir_slice_equal(read.request, made.request));
    assert_int_equal(read.first, 7);
    assert_true(weir_slice_equal(read.leaves, made.leaves));
    assert_int_equal(read.shown_count, 2);
    assert_int_equal(read.shown[1].seq, 9);
    assert_memory_equal(&read.shown[0].salt, &made.shown[0].salt, sizeof(read.shown[0].salt));
    assert_true(weir_slice_equal(read.shown[1].payload, made.shown[1].payload));
    assert_int_equal(read.opinion_count, 1);
    assert_int_equal(read.opinions[0].opinion.made_at_ms, 77);
    assert_memory_equal(&read.opinions[0].signature, &made.opinions[0].signature, 64);
    assert_true(weir_slice_equal(printed(&read), text));

    const struct weir_exchange empty = {.request = weir_slice_text("old 0\n\n")};
    assert_int_equal(weir_exchange_parse(&scope, printed(&empty), &read), WEIR_OK);
    assert_true(weir_slice_equal(printed(&read), printed(&empty)));
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    struct weir_exchange made = full();
    struct weir_slice text = printed(&made);
    for (size_t length = 0; length < text.length; length++) {
        struct weir_exchange read;
        assert_int_not_equal(
            weir_exchange_parse(&scope, (struct weir_slice){text.data, length}, &read), WEIR_OK);
        weir_scope_recover(&scope);
    }
    struct weir_exchange read;
    uint8_t *longer = (uint8_t *)weir_take_text(&scope, text.data, text.length);
    longer[text.length] = '\n';
    assert_int_equal(
        weir_exchange_parse(&scope, (struct weir_slice){longer, text.length + 1}, &read),
        WEIR_E_PARSE);
    weir_scope_recover(&scope);
}

static void every_changed_byte_is_refused_or_says_something_else(void **state)
{
    (void)state;
    struct weir_exchange made = full();
    struct weir_slice text = printed(&made);
    uint8_t *bent = (uint8_t *)weir_take_text(&scope, text.data, text.length);
    for (size_t i = 0; i < text.length; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            struct weir_exchange read;
            bent[i] ^= (uint8_t)(1U << bit);
            struct weir_slice given = {bent, text.length};
            if (weir_exchange_parse(&scope, given, &read) == WEIR_OK)
                assert_true(weir_slice_equal(printed(&read), given));
            weir_scope_recover(&scope);
            bent[i] ^= (uint8_t)(1U << bit);
        }
}

static void counts_that_lie_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "weir/exchange@v1\nrequest 18446744073709551615\n",
        "weir/exchange@v1\nrequest 257\n",
        "weir/exchange@v1\nrequest 0\nleaves 0 131073\n",
        "weir/exchange@v1\nrequest 0\nleaves 9223372036854775807 131072\n",
        "weir/exchange@v1\nrequest 0\nleaves 18446744073709551615 0\n",
        "weir/exchange@v1\nrequest 0\nleaves 0 0\nshown 1025\n",
        "weir/exchange@v1\nrequest 0\nleaves 0 0\nshown 0\nopinions 4097\n",
        "weir/exchange@v1\nrequest 0\nleaves 0 0\nshown 0\nopinions 4096\n",
        "weir/exchange@v1\nrequest 0\nleaves 0 0\nshown -1\n",
        "weir/exchange@v1\nrequest 00\n",
        "weir/exchange@v2\n",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct weir_exchange read;
        assert_int_not_equal(weir_exchange_parse(&scope, weir_slice_text(texts[i]), &read),
                             WEIR_OK);
        weir_scope_recover(&scope);
    }
    struct weir_exchange read;
    assert_int_equal(
        weir_exchange_parse(
            &scope, (struct weir_slice){(const uint8_t *)"x", WEIR_EXCHANGE_BYTES_MAX + 1}, &read),
        WEIR_E_LIMIT);
    weir_scope_recover(&scope);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(print_and_parse_are_inverse),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(every_changed_byte_is_refused_or_says_something_else),
        cmocka_unit_test(counts_that_lie_are_refused),
    };
    return cmocka_run_group_tests_name("exchange", tests, arena_make, arena_drop);
}
