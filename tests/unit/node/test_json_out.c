/* Goal: what is written is JSON, whatever the text, in the order of the calls.
 * Method: one text with every kind of value, and jansson as an independent reader. */
#include "node/json_out.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/arena.h"

static void values_keep_their_order_and_exactness(void **state)
{
    (void)state;
    struct weir_scope scope = {.arena = weir_arena_new(1 << 20)};
    struct weir_json json;
    struct weir_slice text;
    const uint8_t bytes[] = {0xab, 0x01};
    weir_json_begin(&json, &scope, 0);
    weir_json_object(&json, NULL);
    weir_json_u64(&json, "large", UINT64_MAX);
    weir_json_i64(&json, "small", INT64_MIN);
    weir_json_count(&json, "count", 7);
    weir_json_bool(&json, "yes", true);
    weir_json_text(&json, "none", NULL);
    weir_json_array(&json, "list");
    weir_json_text(&json, NULL, "a");
    weir_json_object(&json, NULL);
    weir_json_close(&json);
    weir_json_close(&json);
    weir_json_0x(&json, "bytes", bytes, sizeof(bytes));
    weir_json_hex(&json, "hex", bytes, sizeof(bytes));
    weir_json_money(&json, "money", weir_money_make(1, 25), 6);
    assert_int_equal(weir_json_end(&json, &text), WEIR_OK);
    static const char expected[] =
        "{\"large\":\"18446744073709551615\",\"small\":\"-9223372036854775808\",\"count\":7,"
        "\"yes\":true,\"none\":null,\"list\":[\"a\",{}],\"bytes\":\"0xab01\",\"hex\":\"ab01\","
        "\"money\":\"0.000025\"}";
    assert_int_equal(text.length, strlen(expected));
    assert_memory_equal(text.data, expected, text.length);
    weir_arena_free(scope.arena);
}

static void any_bytes_become_text_that_another_reader_takes(void **state)
{
    (void)state;
    struct weir_scope scope = {.arena = weir_arena_new(1 << 20)};
    uint8_t all[512];
    for (size_t i = 0; i < sizeof(all); i++)
        all[i] = (uint8_t)(i ^ (i >> 8) * 0x5a);
    for (size_t i = 0; i < sizeof(all); i++) {
        struct weir_json json;
        struct weir_slice text;
        weir_json_begin(&json, &scope, 0);
        weir_json_array(&json, NULL);
        weir_json_slice(&json, NULL, (struct weir_slice){all + i, sizeof(all) - i});
        assert_int_equal(weir_json_end(&json, &text), WEIR_OK);
        json_error_t error;
        json_t *read = json_loadb((const char *)text.data, text.length, JSON_ALLOW_NUL, &error);
        assert_non_null(read);
        json_decref(read);
    }
    weir_arena_free(scope.arena);
}

static void a_limit_sticks_and_is_told_at_the_end(void **state)
{
    (void)state;
    struct weir_scope scope = {.arena = weir_arena_new(1 << 20)};
    struct weir_json json;
    struct weir_slice text = {0};
    weir_json_begin(&json, &scope, 32);
    weir_json_array(&json, NULL);
    for (unsigned i = 0; i < 100; i++)
        weir_json_text(&json, NULL, "some text");
    assert_int_equal(weir_json_end(&json, &text), WEIR_E_LIMIT);
    assert_null(text.data);
    weir_arena_free(scope.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_keep_their_order_and_exactness),
        cmocka_unit_test(any_bytes_become_text_that_another_reader_takes),
        cmocka_unit_test(a_limit_sticks_and_is_told_at_the_end),
    };
    return cmocka_run_group_tests_name("json_out", tests, NULL, NULL);
}
