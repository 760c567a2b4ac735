#include "attest/rows.h"

#include <assert.h>
#include <string.h>

#define LEB128_BYTES_MAX 10
#define TICK_HEAD_BYTES 2 /* kind and flags, and a time of one byte */

size_t weir_leaf_row_bytes_min(bool is_open)
{
    return TICK_HEAD_BYTES + (is_open ? WEIR_ROW_TICK_BYTES : WEIR_HASH_BYTES);
}

struct weir_leaf_rows
weir_leaf_rows_open(struct weir_slice bytes, uint64_t first_seq, int64_t interval_ms, bool is_open)
{
    return (struct weir_leaf_rows){
        .rest = bytes,
        .next_seq = first_seq,
        .interval_ms = interval_ms,
        .is_first = true,
        .is_open = is_open,
    };
}

static enum weir_err
bad(struct weir_scope *scope, const struct weir_leaf_rows *rows, const char *what)
{
    return weir_fail(scope, WEIR_E_PARSE, "leaf %llu: %s", (unsigned long long)rows->next_seq,
                     what);
}

static enum weir_err
leb128_read(struct weir_scope *scope, struct weir_leaf_rows *rows, uint64_t *value)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < LEB128_BYTES_MAX && i < rows->rest.length; i++) {
        uint8_t byte = rows->rest.data[i];
        if (i == LEB128_BYTES_MAX - 1 && byte > 1)
            return bad(scope, rows, "a number above 64 bits");
        sum |= (uint64_t)(byte & 0x7f) << (7 * i);
        if ((byte & 0x80) != 0)
            continue;
        if (byte == 0 && i > 0)
            return bad(scope, rows, "a number that is written longer than needed");
        rows->rest.data += i + 1;
        rows->rest.length -= i + 1;
        *value = sum;
        return WEIR_OK;
    }
    return bad(scope, rows, "the row is cut off in a number");
}

static enum weir_err
leb128_put(struct weir_scope *scope, struct weir_buffer *buffer, uint64_t value)
{
    uint8_t bytes[LEB128_BYTES_MAX];
    size_t length = 0;
    do {
        bytes[length] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
        length++;
        value >>= 7;
    } while (value > 0);
    return weir_buffer_put(scope, buffer, bytes, length);
}

static uint64_t zigzag(int64_t value)
{
    return value >= 0 ? (uint64_t)value << 1 : ((uint64_t)(-(value + 1)) << 1) | 1;
}

static int64_t zigzag_back(uint64_t value)
{
    return (value & 1) == 0 ? (int64_t)(value >> 1) : -(int64_t)(value >> 1) - 1;
}

/* Cuts `length` bytes off the front. */
static enum weir_err take_bytes(struct weir_scope *scope,
                                struct weir_leaf_rows *rows,
                                uint64_t length,
                                struct weir_slice *cut)
{
    if (length > rows->rest.length)
        return bad(scope, rows, "the row is cut off");
    *cut = (struct weir_slice){rows->rest.data, (size_t)length};
    rows->rest.data += length;
    rows->rest.length -= (size_t)length;
    return WEIR_OK;
}

static enum weir_err
time_read(struct weir_scope *scope, struct weir_leaf_rows *rows, int64_t *tick_ms)
{
    uint64_t number = 0;
    enum weir_err err = leb128_read(scope, rows, &number);
    if (err != WEIR_OK)
        return err;
    if (rows->is_first) {
        if (number > INT64_MAX)
            return bad(scope, rows, "a time above 2^63-1");
        *tick_ms = (int64_t)number;
        return WEIR_OK;
    }
    int64_t tick;
    if (__builtin_add_overflow(rows->previous_ms, rows->interval_ms, &tick) ||
        __builtin_add_overflow(tick, zigzag_back(number), &tick) || tick < 0)
        return bad(scope, rows, "a time outside of all calendars");
    *tick_ms = tick;
    return WEIR_OK;
}

static bool is_tick(enum weir_leaf_kind kind)
{
    return kind == WEIR_LEAF_TICK || kind == WEIR_LEAF_MISSED;
}

static enum weir_err
payload_read(struct weir_scope *scope, struct weir_leaf_rows *rows, struct weir_leaf_row *row)
{
    uint64_t length = 0;
    if (is_tick(row->leaf.kind))
        length = WEIR_ROW_TICK_BYTES;
    else if (row->leaf.kind != WEIR_LEAF_DEFINITION) {
        enum weir_err err = leb128_read(scope, rows, &length);
        if (err != WEIR_OK)
            return err;
    }
    if (length > WEIR_ROW_PAYLOAD_MAX)
        return bad(scope, rows, "a payload above the limit");
    return take_bytes(scope, rows, length, &row->payload);
}

/* The heads that nearly all rows have, so that they need no second look. */
static bool is_common(uint8_t head)
{
    return head == (WEIR_LEAF_TICK << 4 | WEIR_LEAF_UP) ||
           head == (WEIR_LEAF_TICK << 4 | WEIR_LEAF_DOWN) ||
           head == (WEIR_LEAF_TICK << 4 | WEIR_LEAF_UNKNOWN);
}

/* Kind and flags are judged by the same rules as in a leaf: through its own reader. */
static enum weir_err head_check(struct weir_scope *scope,
                                const struct weir_leaf_rows *rows,
                                uint8_t head,
                                struct weir_leaf *leaf)
{
    if (is_common(head)) {
        *leaf = (struct weir_leaf){.kind = WEIR_LEAF_TICK,
                                   .flags = (enum weir_leaf_flags)(head & 0x0f),
                                   .seq = rows->next_seq};
        return WEIR_OK;
    }
    uint8_t bytes[WEIR_LEAF_BYTES] = {WEIR_LEAF_VERSION, head >> 4};
    weir_put_u64(bytes + 2, rows->next_seq);
    bytes[18] = head & 0x0f;
    enum weir_err err = weir_leaf_read(scope, (struct weir_slice){bytes, sizeof(bytes)}, leaf);
    return err == WEIR_OK ? err : weir_note(scope, "leaf %llu", (unsigned long long)rows->next_seq);
}

enum weir_err weir_leaf_rows_next(struct weir_scope *scope,
                                  struct weir_leaf_rows *rows,
                                  struct weir_leaf_row *row)
{
    struct weir_slice head = {NULL, 0};
    enum weir_err err = take_bytes(scope, rows, 1, &head);
    if (err == WEIR_OK)
        err = head_check(scope, rows, head.data[0], &row->leaf);
    if (err == WEIR_OK)
        err = time_read(scope, rows, &row->leaf.tick_ms);
    if (err != WEIR_OK)
        return err;
    row->payload = (struct weir_slice){NULL, 0};
    if (rows->is_open) {
        err = payload_read(scope, rows, row);
    } else {
        struct weir_slice commit = {NULL, 0};
        err = take_bytes(scope, rows, WEIR_HASH_BYTES, &commit);
        if (err == WEIR_OK)
            memcpy(row->leaf.commit.bytes, commit.data, WEIR_HASH_BYTES);
    }
    if (err != WEIR_OK)
        return err;
    rows->previous_ms = row->leaf.tick_ms;
    rows->is_first = false;
    rows->next_seq++;
    return WEIR_OK;
}

enum weir_err weir_leaf_rows_put(struct weir_scope *scope,
                                 struct weir_leaf_rows *state,
                                 const struct weir_leaf_row *row,
                                 struct weir_buffer *buffer)
{
    const struct weir_leaf *leaf = &row->leaf;
    assert(leaf->seq == state->next_seq && leaf->tick_ms >= 0);
    enum weir_err err =
        weir_buffer_u8(scope, buffer, (uint8_t)((unsigned)leaf->kind << 4 | (unsigned)leaf->flags));
    uint64_t time = (uint64_t)leaf->tick_ms;
    if (!state->is_first)
        time = zigzag(leaf->tick_ms - state->previous_ms - state->interval_ms);
    if (err == WEIR_OK)
        err = leb128_put(scope, buffer, time);
    if (err == WEIR_OK && !state->is_open)
        err = weir_buffer_put(scope, buffer, leaf->commit.bytes, WEIR_HASH_BYTES);
    if (err == WEIR_OK && state->is_open && leaf->kind != WEIR_LEAF_DEFINITION) {
        assert(!is_tick(leaf->kind) || row->payload.length == WEIR_ROW_TICK_BYTES);
        if (!is_tick(leaf->kind))
            err = leb128_put(scope, buffer, row->payload.length);
        if (err == WEIR_OK)
            err = weir_buffer_put(scope, buffer, row->payload.data, row->payload.length);
    }
    if (err != WEIR_OK)
        return err;
    state->previous_ms = leaf->tick_ms;
    state->is_first = false;
    state->next_seq++;
    return WEIR_OK;
}
