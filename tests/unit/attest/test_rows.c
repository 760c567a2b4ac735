/* Goal: packed leaves have one encoding, and reading gives back what was written.
 * Method: random rows of all kinds, open and sealed, written and read; every byte changed and every
 * length cut; numbers written longer than needed; times at the ends of their range. */
#include "attest/rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

#define ROWS 200
#define ARENA_BYTES ((size_t)16 * 1024 * 1024)
#define INTERVAL_MS 250

static int with_scope(void **state)
{
    static struct weir_scope scope;
    scope = (struct weir_scope){.arena = weir_arena_new(ARENA_BYTES)};
    *state = &scope;
    return scope.arena == NULL;
}

static int without_scope(void **state)
{
    struct weir_scope *scope = *state;
    weir_arena_free(scope->arena);
    return 0;
}

/* A plain generator: the same rows in every run. */
static uint64_t next_number(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 24;
}

/* Row number `seq` of a made-up log. */
static struct weir_leaf_row make_row(uint64_t seq, bool is_open, int64_t *tick_ms, uint64_t *seed)
{
    static const uint8_t payload[300] = {7, 1, 2, 3};
    static const enum weir_leaf_kind kinds[] = {
        WEIR_LEAF_TICK, WEIR_LEAF_TICK,  WEIR_LEAF_MISSED,    WEIR_LEAF_EVENT,
        WEIR_LEAF_TICK, WEIR_LEAF_CLOSE, WEIR_LEAF_STATEMENT, WEIR_LEAF_MAINTENANCE,
    };
    struct weir_leaf_row row = {.leaf = {.kind = WEIR_LEAF_DEFINITION, .seq = seq}};
    if (seq > 0)
        row.leaf.kind = kinds[next_number(seed) % 8];
    if (row.leaf.kind == WEIR_LEAF_TICK)
        row.leaf.flags = (enum weir_leaf_flags)(1 + next_number(seed) % 3);
    if (row.leaf.kind == WEIR_LEAF_MISSED)
        row.leaf.flags = WEIR_LEAF_UNKNOWN;
    *tick_ms += (int64_t)(next_number(seed) % 1000) - 200;
    row.leaf.tick_ms = *tick_ms;
    if (!is_open) {
        memset(row.leaf.commit.bytes, (int)(next_number(seed) & 0xff), WEIR_HASH_BYTES);
        return row;
    }
    bool is_tick = row.leaf.kind == WEIR_LEAF_TICK || row.leaf.kind == WEIR_LEAF_MISSED;
    if (is_tick)
        row.payload = (struct weir_slice){payload, WEIR_ROW_TICK_BYTES};
    else if (row.leaf.kind != WEIR_LEAF_DEFINITION)
        row.payload = (struct weir_slice){payload, next_number(seed) % sizeof(payload)};
    return row;
}

static struct weir_slice write_rows(struct weir_scope *scope, bool is_open, size_t count)
{
    struct weir_buffer buffer = {.capacity_max = ARENA_BYTES};
    struct weir_leaf_rows rows =
        weir_leaf_rows_open((struct weir_slice){NULL, 0}, 0, INTERVAL_MS, is_open);
    int64_t tick_ms = 1767571200000;
    uint64_t seed = 5;
    for (uint64_t seq = 0; seq < count; seq++) {
        struct weir_leaf_row row = make_row(seq, is_open, &tick_ms, &seed);
        assert_int_equal(weir_leaf_rows_put(scope, &rows, &row, &buffer), WEIR_OK);
    }
    return weir_buffer_slice(&buffer);
}

static void what_is_written_is_read(void **state)
{
    struct weir_scope *scope = *state;
    for (int is_open = 0; is_open < 2; is_open++) {
        struct weir_slice bytes = write_rows(scope, is_open != 0, ROWS);
        struct weir_leaf_rows rows = weir_leaf_rows_open(bytes, 0, INTERVAL_MS, is_open != 0);
        int64_t tick_ms = 1767571200000;
        uint64_t seed = 5;
        for (uint64_t seq = 0; seq < ROWS; seq++) {
            struct weir_leaf_row expected = make_row(seq, is_open != 0, &tick_ms, &seed);
            struct weir_leaf_row row;
            assert_int_equal(weir_leaf_rows_next(scope, &rows, &row), WEIR_OK);
            assert_true(row.leaf.kind == expected.leaf.kind && row.leaf.seq == seq);
            assert_true(row.leaf.flags == expected.leaf.flags);
            assert_true(row.leaf.tick_ms == expected.leaf.tick_ms);
            assert_true(weir_hash_equal(&row.leaf.commit, &expected.leaf.commit) || is_open != 0);
            assert_true(weir_slice_equal(row.payload, expected.payload));
        }
        assert_int_equal(rows.rest.length, 0);
    }
}

/* Reads `count` rows and writes what was read; false when a row is refused. */
static bool survives(struct weir_scope *scope, struct weir_slice bytes, bool is_open, size_t count)
{
    struct weir_leaf_rows rows = weir_leaf_rows_open(bytes, 0, INTERVAL_MS, is_open);
    struct weir_leaf_rows again =
        weir_leaf_rows_open((struct weir_slice){NULL, 0}, 0, INTERVAL_MS, is_open);
    struct weir_buffer buffer = {.capacity_max = ARENA_BYTES};
    for (size_t i = 0; i < count; i++) {
        struct weir_leaf_row row;
        if (weir_leaf_rows_next(scope, &rows, &row) != WEIR_OK) {
            assert_true(scope->err == WEIR_E_PARSE || scope->err == WEIR_E_RANGE);
            weir_scope_recover(scope);
            return false;
        }
        assert_int_equal(weir_leaf_rows_put(scope, &again, &row, &buffer), WEIR_OK);
    }
    size_t used = bytes.length - rows.rest.length;
    assert_int_equal(buffer.length, used);
    assert_memory_equal(buffer.data, bytes.data, used);
    return true;
}

static void changed_rows_are_refused_or_written_back_the_same(void **state)
{
    struct weir_scope *scope = *state;
    unsigned refused = 0;
    for (int is_open = 0; is_open < 2; is_open++) {
        struct weir_slice bytes = write_rows(scope, is_open != 0, 12);
        uint8_t *bent = weir_take(scope, bytes.length, 1);
        assert_non_null(bent);
        for (size_t at = 0; at < bytes.length; at++)
            for (unsigned bit = 0; bit < 8; bit++) {
                memcpy(bent, bytes.data, bytes.length);
                bent[at] ^= (uint8_t)(1U << bit);
                refused +=
                    !survives(scope, (struct weir_slice){bent, bytes.length}, is_open != 0, 12);
            }
    }
    assert_true(refused > 100);
}

static void a_row_that_is_cut_off_is_refused(void **state)
{
    struct weir_scope *scope = *state;
    for (int is_open = 0; is_open < 2; is_open++) {
        struct weir_slice bytes = write_rows(scope, is_open != 0, 8);
        assert_true(survives(scope, bytes, is_open != 0, 8));
        for (size_t length = 0; length < bytes.length; length++) {
            uint8_t *exact = weir_take(scope, length, 1);
            assert_non_null(exact);
            memcpy(exact, bytes.data, length);
            assert_false(survives(scope, (struct weir_slice){exact, length}, is_open != 0, 8));
        }
    }
}

/* One sealed row: a tick that is up, with these bytes of time. */
static enum weir_err
read_time(struct weir_scope *scope, const uint8_t *time, size_t length, struct weir_leaf_row *row)
{
    uint8_t bytes[1 + 16 + WEIR_HASH_BYTES] = {WEIR_LEAF_TICK << 4 | WEIR_LEAF_UP};
    memcpy(bytes + 1, time, length);
    const struct weir_slice slice = {bytes, 1 + length + WEIR_HASH_BYTES};
    struct weir_leaf_rows rows = weir_leaf_rows_open(slice, 9, INTERVAL_MS, false);
    enum weir_err err = weir_leaf_rows_next(scope, &rows, row);
    weir_scope_recover(scope);
    return err;
}

static void numbers_are_written_as_short_as_they_can_be(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_leaf_row row;
    static const uint8_t max[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};
    static const uint8_t above[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01};
    static const uint8_t too_long[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02};
    static const uint8_t endless[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80};
    static const uint8_t padded[] = {0x81, 0x00};
    static const uint8_t zero[] = {0x00};
    assert_int_equal(read_time(scope, zero, 1, &row), WEIR_OK);
    assert_true(row.leaf.tick_ms == 0);
    assert_int_equal(read_time(scope, max, sizeof(max), &row), WEIR_OK);
    assert_true(row.leaf.tick_ms == INT64_MAX);
    assert_int_equal(read_time(scope, above, sizeof(above), &row), WEIR_E_PARSE);
    assert_int_equal(read_time(scope, too_long, sizeof(too_long), &row), WEIR_E_PARSE);
    assert_int_equal(read_time(scope, endless, sizeof(endless), &row), WEIR_E_PARSE);
    assert_int_equal(read_time(scope, padded, sizeof(padded), &row), WEIR_E_PARSE);
}

/* A second row whose time lies `zigzag` behind or before the first. */
static enum weir_err read_step(struct weir_scope *scope, int64_t first_ms, uint8_t last_byte)
{
    uint8_t bytes[2 * (1 + 10 + WEIR_HASH_BYTES)] = {0};
    struct weir_buffer buffer = {.capacity_max = sizeof(bytes)};
    struct weir_leaf_rows state =
        weir_leaf_rows_open((struct weir_slice){NULL, 0}, 3, INTERVAL_MS, false);
    struct weir_leaf_row row = {
        .leaf = {.kind = WEIR_LEAF_TICK, .flags = WEIR_LEAF_UP, .seq = 3, .tick_ms = first_ms}};
    assert_int_equal(weir_leaf_rows_put(scope, &state, &row, &buffer), WEIR_OK);
    memcpy(bytes, buffer.data, buffer.length);
    size_t at = buffer.length;
    bytes[at] = bytes[0];
    memset(bytes + at + 1, 0xff, 9);
    bytes[at + 1] = last_byte; /* lowest bit: the sign */
    bytes[at + 10] = 0x01;
    const struct weir_slice slice = {bytes, at + 11 + WEIR_HASH_BYTES};
    struct weir_leaf_rows rows = weir_leaf_rows_open(slice, 3, INTERVAL_MS, false);
    assert_int_equal(weir_leaf_rows_next(scope, &rows, &row), WEIR_OK);
    enum weir_err err = weir_leaf_rows_next(scope, &rows, &row);
    weir_scope_recover(scope);
    return err;
}

static void times_outside_of_their_range_are_refused(void **state)
{
    struct weir_scope *scope = *state;
    assert_int_equal(read_step(scope, 1000, 0xff), WEIR_E_PARSE);      /* -2^63 */
    assert_int_equal(read_step(scope, 1000, 0xfe), WEIR_E_PARSE);      /* 2^63 - 1 more */
    assert_int_equal(read_step(scope, INT64_MAX, 0xfe), WEIR_E_PARSE); /* the interval alone */
}

static void kinds_and_flags_are_those_of_a_leaf(void **state)
{
    struct weir_scope *scope = *state;
    for (unsigned head = 0; head < 256; head++) {
        uint8_t bytes[2 + WEIR_HASH_BYTES] = {(uint8_t)head, 0x05};
        uint8_t leaf_bytes[WEIR_LEAF_BYTES] = {WEIR_LEAF_VERSION, (uint8_t)(head >> 4)};
        struct weir_leaf leaf;
        struct weir_leaf_row row;
        weir_put_u64(leaf_bytes + 2, 1);
        leaf_bytes[18] = head & 0x0f;
        const struct weir_slice slice = {bytes, sizeof(bytes)};
        struct weir_leaf_rows rows = weir_leaf_rows_open(slice, 1, 0, false);
        enum weir_err as_leaf =
            weir_leaf_read(scope, (struct weir_slice){leaf_bytes, sizeof(leaf_bytes)}, &leaf);
        weir_scope_recover(scope);
        enum weir_err as_row = weir_leaf_rows_next(scope, &rows, &row);
        weir_scope_recover(scope);
        assert_int_equal(as_row, as_leaf);
    }
}

static void an_open_payload_above_the_limit_is_refused(void **state)
{
    struct weir_scope *scope = *state;
    size_t length = WEIR_ROW_PAYLOAD_MAX + 1;
    uint8_t *bytes = weir_take(scope, length + 8, 1);
    assert_non_null(bytes);
    const uint8_t head[] = {WEIR_LEAF_EVENT << 4, 0x00, 0x81, 0x80, 0x04}; /* 65537 */
    memcpy(bytes, head, sizeof(head));
    struct weir_leaf_rows rows =
        weir_leaf_rows_open((struct weir_slice){bytes, sizeof(head) + length}, 1, 0, true);
    struct weir_leaf_row row;
    assert_int_equal(weir_leaf_rows_next(scope, &rows, &row), WEIR_E_PARSE);
    bytes[2] = 0x80; /* one less */
    weir_scope_recover(scope);
    rows = weir_leaf_rows_open((struct weir_slice){bytes, sizeof(head) + length}, 1, 0, true);
    assert_int_equal(weir_leaf_rows_next(scope, &rows, &row), WEIR_OK);
    assert_int_equal(row.payload.length, WEIR_ROW_PAYLOAD_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_written_is_read, with_scope, without_scope),
        cmocka_unit_test_setup_teardown(changed_rows_are_refused_or_written_back_the_same,
                                        with_scope, without_scope),
        cmocka_unit_test_setup_teardown(a_row_that_is_cut_off_is_refused, with_scope,
                                        without_scope),
        cmocka_unit_test_setup_teardown(numbers_are_written_as_short_as_they_can_be, with_scope,
                                        without_scope),
        cmocka_unit_test_setup_teardown(times_outside_of_their_range_are_refused, with_scope,
                                        without_scope),
        cmocka_unit_test_setup_teardown(kinds_and_flags_are_those_of_a_leaf, with_scope,
                                        without_scope),
        cmocka_unit_test_setup_teardown(an_open_payload_above_the_limit_is_refused, with_scope,
                                        without_scope),
    };
    return cmocka_run_group_tests_name("rows", tests, NULL, NULL);
}
