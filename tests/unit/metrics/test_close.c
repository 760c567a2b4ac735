/* Goal: a window close has one text, and no other text is accepted.
 * Method: print and parse; every bit changed; tables of what is refused. */
#include "metrics/close.h"

#include <string.h>

#include "metrics/calendar.h"
#include "tests/unit/metrics/with_scope.h"

#define S(text) weir_slice_text(text)

static struct weir_close sample(struct weir_close_class classes[2])
{
    classes[0] = (struct weir_close_class){S("Air Charter"), {17, 19, 19, 2, 18}};
    classes[1] = (struct weir_close_class){S("_all"), {17, 20, 20, 2, 18}};
    struct weir_close close = {
        .window = {1259020800000 - WEIR_DAY_MS, 1259020800000 + 6 * WEIR_DAY_MS},
        .revision = 1,
        .input_count = 40,
        .classes = classes,
        .class_count = 2,
    };
    memset(close.gauge.bytes, 0xab, WEIR_HASH_BYTES);
    memset(close.inputs.bytes, 0x01, WEIR_HASH_BYTES);
    return close;
}

static struct weir_slice printed(struct weir_scope *scope, const struct weir_close *close)
{
    struct weir_buffer buffer = {0};
    with_scope_expect(scope, weir_close_print(scope, close, &buffer));
    return weir_buffer_slice(&buffer);
}

static void the_text_is_this_and_reads_back(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_close_class classes[2];
    struct weir_close close = sample(classes);
    struct weir_close parsed;
    static const char text[] =
        "class 17 19 19 2 18 Air Charter\n"
        "class 17 20 20 2 18 _all\n"
        "count 40\n"
        "end_ms 1259539200000\n"
        "format weir-close-1\n"
        "gauge abababababababababababababababababababababababababababababababab\n"
        "inputs 0101010101010101010101010101010101010101010101010101010101010101\n"
        "revision 1\n"
        "start_ms 1258934400000\n";
    assert_true(weir_slice_equals_text(printed(scope, &close), text));
    with_scope_expect(scope, weir_close_parse(scope, S(text), &parsed));
    assert_true(weir_slice_equals_text(printed(scope, &parsed), text));
    assert_int_equal(weir_close_find(&parsed, S("_all"))->den, 20);
    assert_null(weir_close_find(&parsed, S("Truck")));
    close.class_count = 0; /* a window with nothing due closes, too */
    with_scope_expect(scope, weir_close_parse(scope, printed(scope, &close), &parsed));
    assert_int_equal(parsed.class_count, 0);
}

static void no_changed_byte_is_read_as_the_same_close(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_close_class classes[2];
    struct weir_close close = sample(classes);
    struct weir_slice text = printed(scope, &close);
    uint8_t bytes[1024];
    memcpy(bytes, text.data, text.length);
    for (size_t bit = 0; bit < 8 * text.length; bit++) {
        struct weir_close parsed;
        struct weir_slice changed = {bytes, text.length};
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        if (weir_close_parse(scope, changed, &parsed) == WEIR_OK)
            assert_true(weir_slice_equal(printed(scope, &parsed), changed));
        weir_scope_recover(scope);
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        if (bit % 512 == 0)
            weir_arena_clear(scope->arena);
    }
    for (size_t length = 0; length < text.length; length++) {
        struct weir_close parsed;
        struct weir_slice cut = {bytes, length};
        assert_int_not_equal(weir_close_parse(scope, cut, &parsed), WEIR_OK);
        weir_scope_recover(scope);
    }
}

static void classes_out_of_order_and_empty_windows_are_refused(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_close_class classes[2];
    struct weir_buffer buffer = {0};
    struct weir_close close = sample(classes);
    close.window.end_ms = close.window.start_ms;
    with_scope_expect_error(scope, weir_close_print(scope, &close, &buffer), WEIR_E_RANGE, "empty");
    close = sample(classes);
    classes[1].class_name = classes[0].class_name;
    with_scope_expect_error(scope, weir_close_print(scope, &close, &buffer), WEIR_E_RANGE, "order");
    classes[1].class_name = S("b\nc");
    with_scope_expect_error(scope, weir_close_print(scope, &close, &buffer), WEIR_E_RANGE, "name");
    close.class_count = WEIR_CLOSE_CLASS_MAX + 1;
    with_scope_expect_error(scope, weir_close_print(scope, &close, &buffer), WEIR_E_LIMIT,
                            "classes");
    assert_int_equal(buffer.length, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scope(the_text_is_this_and_reads_back),
        with_scope(no_changed_byte_is_read_as_the_same_close),
        with_scope(classes_out_of_order_and_empty_windows_are_refused),
    };
    return cmocka_run_group_tests_name("close", tests, NULL, NULL);
}
