/* Goal: slices compare and are cut without ever looking behind their end, and a buffer holds
 * exactly what was put into it, up to its limit. Method: edge cases, all pairs of short byte
 * strings, growth by random pieces. */
#include "base/slice.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/base/with_base.h"

#define SEED UINT64_C(2)

static void equality_is_by_length_and_bytes(void **state)
{
    (void)state;
    const struct weir_slice nothing = {NULL, 0};
    assert_true(weir_slice_equal(nothing, weir_slice_text("")));
    assert_true(weir_slice_equals_text(nothing, ""));
    assert_true(weir_slice_equals_text(weir_slice_text("abc"), "abc"));
    assert_false(weir_slice_equals_text(weir_slice_text("abc"), "abd"));
    assert_false(weir_slice_equals_text(weir_slice_text("abc"), "ab"));
    const struct weir_slice with_nul = {(const uint8_t *)"ab\0c", 4};
    assert_false(weir_slice_equals_text(with_nul, "ab"));
}

/* All byte strings over {0, 0x7f, 0x80, 0xff} of at most three bytes. */
static struct weir_slice byte_string(unsigned number, uint8_t bytes[static 3])
{
    static const uint8_t alphabet[] = {0, 0x7f, 0x80, 0xff};
    struct weir_slice made = {bytes, 0};
    unsigned first = 0;
    for (unsigned many = 1; number >= first + many; many *= 4) {
        first += many;
        made.length++;
    }
    number -= first;
    for (size_t i = made.length; i > 0; i--, number /= 4)
        bytes[i - 1] = alphabet[number % 4];
    return made;
}

static int model_compare(struct weir_slice a, struct weir_slice b)
{
    for (size_t i = 0; i < a.length && i < b.length; i++)
        if (a.data[i] != b.data[i])
            return a.data[i] < b.data[i] ? -1 : 1;
    return a.length < b.length ? -1 : a.length > b.length;
}

static void order_is_bytewise_and_a_prefix_comes_first(void **state)
{
    (void)state;
    uint8_t a_bytes[3];
    uint8_t b_bytes[3];
    for (unsigned i = 0; i < 85; i++)
        for (unsigned k = 0; k < 85; k++) {
            struct weir_slice a = byte_string(i, a_bytes);
            struct weir_slice b = byte_string(k, b_bytes);
            int order = weir_slice_compare(a, b);
            assert_int_equal((order > 0) - (order < 0), model_compare(a, b));
            assert_int_equal(weir_slice_equal(a, b), i == k);
        }
}

static void cutting_takes_the_separator_away(void **state)
{
    (void)state;
    struct weir_slice rest = weir_slice_text("a,,bc");
    struct weir_slice head;
    assert_true(weir_slice_cut(&rest, ',', &head));
    assert_true(weir_slice_equals_text(head, "a"));
    assert_true(weir_slice_cut(&rest, ',', &head));
    assert_int_equal(head.length, 0);
    assert_false(weir_slice_cut(&rest, ',', &head));
    assert_true(weir_slice_equals_text(rest, "bc"));
    rest = (struct weir_slice){NULL, 0};
    assert_false(weir_slice_cut(&rest, ',', &head));
}

static void a_line_without_end_is_no_line(void **state)
{
    (void)state;
    struct weir_slice rest = weir_slice_text("one\n\ntwo");
    struct weir_slice line;
    assert_true(weir_slice_line(&rest, &line));
    assert_true(weir_slice_equals_text(line, "one"));
    assert_true(weir_slice_line(&rest, &line));
    assert_int_equal(line.length, 0);
    assert_false(weir_slice_line(&rest, &line));
    assert_true(weir_slice_equals_text(rest, "two"));
}

static void a_buffer_holds_what_was_put_into_it(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_buffer buffer = {.capacity_max = 0};
    static uint8_t model[200000];
    size_t length = 0;
    uint64_t random = SEED;
    printf("seed %llu\n", (unsigned long long)SEED);
    while (length < 150000) {
        uint8_t piece[700];
        size_t bytes = with_base_random(&random) % sizeof(piece);
        for (size_t i = 0; i < bytes; i++)
            piece[i] = (uint8_t)with_base_random(&random);
        with_base_expect(scope, weir_buffer_put(scope, &buffer, piece, bytes));
        memcpy(model + length, piece, bytes);
        length += bytes;
    }
    assert_int_equal(weir_buffer_slice(&buffer).length, length);
    assert_memory_equal(weir_buffer_slice(&buffer).data, model, length);
}

static void a_buffer_never_passes_its_limit(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_buffer buffer = {.capacity_max = 10};
    with_base_expect(scope, weir_buffer_text(scope, &buffer, "12345678"));
    with_base_refused(scope, weir_buffer_text(scope, &buffer, "901"), WEIR_E_LIMIT);
    with_base_refused(scope, weir_buffer_put(scope, &buffer, "x", SIZE_MAX), WEIR_E_LIMIT);
    assert_int_equal(buffer.length, 8);
    with_base_expect(scope, weir_buffer_text(scope, &buffer, "90"));
    assert_memory_equal(buffer.data, "1234567890", 10);
    with_base_refused(scope, weir_buffer_u8(scope, &buffer, 1), WEIR_E_LIMIT);
}

static void a_buffer_needs_memory(void **state)
{
    (void)state;
    struct weir_scope scope = {0};
    struct weir_buffer buffer = {.capacity_max = 0};
    with_base_refused(&scope, weir_buffer_text(&scope, &buffer, "x"), WEIR_E_MEMORY);
    assert_int_equal(buffer.length, 0);
}

static void formatted_text_is_appended_without_its_nul(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_buffer buffer = {.capacity_max = 0};
    for (int i = 0; i < 300; i++)
        with_base_expect(scope, weir_buffer_printf(scope, &buffer, "%03d;", i));
    assert_int_equal(buffer.length, 1200);
    assert_memory_equal(buffer.data, "000;001;002;", 12);
    assert_memory_equal(buffer.data + 1196, "299;", 4);
}

static void integers_are_big_endian_and_come_back(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_buffer buffer = {.capacity_max = 0};
    static const uint8_t expected[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
                                       0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d};
    with_base_expect(scope, weir_buffer_u8(scope, &buffer, 0x01));
    with_base_expect(scope, weir_buffer_u32(scope, &buffer, 0x02030405));
    with_base_expect(scope, weir_buffer_u64(scope, &buffer, UINT64_C(0x060708090a0b0c0d)));
    assert_int_equal(buffer.length, sizeof(expected));
    assert_memory_equal(buffer.data, expected, sizeof(expected));
    assert_int_equal(weir_get_u16(expected), 0x0102);
    assert_int_equal(weir_get_u32(expected), 0x01020304);
    assert_int_equal(weir_get_u64(expected + 5), UINT64_C(0x060708090a0b0c0d));
    for (unsigned bit = 0; bit < 64; bit++) {
        uint8_t bytes[8];
        weir_put_u64(bytes, UINT64_C(1) << bit);
        assert_int_equal(weir_get_u64(bytes), UINT64_C(1) << bit);
        weir_put_u32(bytes, (uint32_t)(UINT64_C(1) << bit));
        assert_int_equal(weir_get_u32(bytes), (uint32_t)(UINT64_C(1) << bit));
    }
    for (unsigned value = 0; value <= UINT16_MAX; value++) {
        uint8_t bytes[2];
        weir_put_u16(bytes, (uint16_t)value);
        assert_int_equal(weir_get_u16(bytes), value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_base(equality_is_by_length_and_bytes),
        with_base(order_is_bytewise_and_a_prefix_comes_first),
        with_base(cutting_takes_the_separator_away),
        with_base(a_line_without_end_is_no_line),
        with_base(a_buffer_holds_what_was_put_into_it),
        with_base(a_buffer_never_passes_its_limit),
        with_base(a_buffer_needs_memory),
        with_base(formatted_text_is_appended_without_its_nul),
        with_base(integers_are_big_endian_and_come_back),
    };
    return cmocka_run_group_tests_name("slice", tests, NULL, NULL);
}
