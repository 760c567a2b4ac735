#include "attest/rlp.h"

#include <assert.h>
#include <string.h>

#define SHORT_BYTES 0x80u /* then the length up to 55 is in the prefix */
#define LONG_BYTES 0xb7u  /* plus the number of bytes of the length */
#define SHORT_LIST 0xc0u
#define LONG_LIST 0xf7u
#define SHORT_LENGTH_MAX 55
#define PREFIX_BYTES_MAX 9

/* The length behind a long prefix: 1 to 8 bytes, no leading zero, above 55. */
static enum weir_err
long_length(struct weir_scope *scope, struct weir_slice rest, size_t length_bytes, uint64_t *length)
{
    assert(length_bytes >= 1 && length_bytes <= 8);
    if (rest.length < 1 + length_bytes)
        return weir_fail(scope, WEIR_E_PARSE, "RLP ends within a length");
    if (rest.data[1] == 0)
        return weir_fail(scope, WEIR_E_PARSE, "an RLP length with a leading zero");
    uint64_t value = 0;
    for (size_t i = 1; i <= length_bytes; i++)
        value = value << 8 | rest.data[i];
    if (value <= SHORT_LENGTH_MAX)
        return weir_fail(scope, WEIR_E_PARSE, "an RLP length that has a shorter form");
    *length = value;
    return WEIR_OK;
}

/* Where the body of the first item begins and how long it is. */
static enum weir_err measure(struct weir_scope *scope,
                             struct weir_slice rest,
                             size_t *prefix_bytes,
                             uint64_t *body_bytes)
{
    uint8_t first = rest.data[0];
    *prefix_bytes = 1;
    if (first < SHORT_BYTES) {
        *prefix_bytes = 0;
        *body_bytes = 1;
        return WEIR_OK;
    }
    if (first <= LONG_BYTES) {
        *body_bytes = first - SHORT_BYTES;
        return WEIR_OK;
    }
    if (first >= SHORT_LIST && first <= LONG_LIST) {
        *body_bytes = first - SHORT_LIST;
        return WEIR_OK;
    }
    size_t length_bytes = first - (first < SHORT_LIST ? LONG_BYTES : LONG_LIST);
    *prefix_bytes = 1 + length_bytes;
    return long_length(scope, rest, length_bytes, body_bytes);
}

enum weir_err
weir_rlp_next(struct weir_scope *scope, struct weir_slice *rest, struct weir_rlp *item)
{
    if (rest->length == 0)
        return weir_fail(scope, WEIR_E_PARSE, "RLP ends where an item should be");
    size_t prefix_bytes = 0;
    uint64_t body_bytes = 0;
    enum weir_err err = measure(scope, *rest, &prefix_bytes, &body_bytes);
    if (err != WEIR_OK)
        return err;
    if (body_bytes > rest->length - prefix_bytes)
        return weir_fail(scope, WEIR_E_PARSE, "RLP ends within an item");
    const uint8_t *body = rest->data + prefix_bytes;
    if (rest->data[0] == SHORT_BYTES + 1 && body[0] < SHORT_BYTES)
        return weir_fail(scope, WEIR_E_PARSE, "an RLP byte that stands for itself has a prefix");
    size_t whole_bytes = prefix_bytes + (size_t)body_bytes;
    *item = (struct weir_rlp){
        .is_list = rest->data[0] >= SHORT_LIST,
        .body = {body, (size_t)body_bytes},
        .whole = {rest->data, whole_bytes},
    };
    rest->data += whole_bytes;
    rest->length -= whole_bytes;
    return WEIR_OK;
}

/* The next item, of the kind that is asked for; `*rest` moves only then. */
static enum weir_err next_of_kind(struct weir_scope *scope,
                                  struct weir_slice *rest,
                                  bool is_list,
                                  struct weir_slice *body)
{
    struct weir_slice behind = *rest;
    struct weir_rlp item;
    enum weir_err err = weir_rlp_next(scope, &behind, &item);
    if (err != WEIR_OK)
        return err;
    if (item.is_list != is_list)
        return weir_fail(scope, WEIR_E_PARSE, "RLP has %s where %s should be",
                         is_list ? "bytes" : "a list", is_list ? "a list" : "bytes");
    *rest = behind;
    *body = item.body;
    return WEIR_OK;
}

enum weir_err
weir_rlp_get_list(struct weir_scope *scope, struct weir_slice *rest, struct weir_slice *body)
{
    return next_of_kind(scope, rest, true, body);
}

enum weir_err
weir_rlp_get_bytes(struct weir_scope *scope, struct weir_slice *rest, struct weir_slice *bytes)
{
    return next_of_kind(scope, rest, false, bytes);
}

enum weir_err
weir_rlp_get_fixed(struct weir_scope *scope, struct weir_slice *rest, uint8_t *bytes, size_t length)
{
    struct weir_slice behind = *rest;
    struct weir_slice body;
    enum weir_err err = weir_rlp_get_bytes(scope, &behind, &body);
    if (err != WEIR_OK)
        return err;
    if (body.length != length)
        return weir_fail(scope, WEIR_E_PARSE, "RLP has %zu bytes where %zu should be", body.length,
                         length);
    memcpy(bytes, body.data, length);
    *rest = behind;
    return WEIR_OK;
}

/* An integer of at most `width` bytes, right-aligned into them. */
static enum weir_err
get_number(struct weir_scope *scope, struct weir_slice *rest, uint8_t *bytes, size_t width)
{
    struct weir_slice behind = *rest;
    struct weir_slice body;
    enum weir_err err = weir_rlp_get_bytes(scope, &behind, &body);
    if (err != WEIR_OK)
        return err;
    if (body.length > width)
        return weir_fail(scope, WEIR_E_PARSE, "an RLP integer of %zu bytes, of at most %zu",
                         body.length, width);
    if (body.length > 0 && body.data[0] == 0)
        return weir_fail(scope, WEIR_E_PARSE, "an RLP integer with a leading zero");
    memset(bytes, 0, width);
    memcpy(bytes + width - body.length, body.data, body.length);
    *rest = behind;
    return WEIR_OK;
}

enum weir_err weir_rlp_get_u64(struct weir_scope *scope, struct weir_slice *rest, uint64_t *value)
{
    uint8_t bytes[8];
    enum weir_err err = get_number(scope, rest, bytes, sizeof(bytes));
    if (err == WEIR_OK)
        *value = weir_get_u64(bytes);
    return err;
}

enum weir_err
weir_rlp_get_u128(struct weir_scope *scope, struct weir_slice *rest, unsigned __int128 *value)
{
    uint8_t bytes[16];
    enum weir_err err = get_number(scope, rest, bytes, sizeof(bytes));
    if (err == WEIR_OK)
        *value = (unsigned __int128)weir_get_u64(bytes) << 64 | weir_get_u64(bytes + 8);
    return err;
}

enum weir_err
weir_rlp_get_word(struct weir_scope *scope, struct weir_slice *rest, struct weir_word *value)
{
    uint8_t bytes[WEIR_WORD_BYTES];
    enum weir_err err = get_number(scope, rest, bytes, sizeof(bytes));
    if (err == WEIR_OK)
        memcpy(value->bytes, bytes, sizeof(bytes));
    return err;
}

enum weir_err weir_rlp_get_end(struct weir_scope *scope, struct weir_slice rest)
{
    if (rest.length != 0)
        return weir_fail(scope, WEIR_E_PARSE, "%zu bytes behind the end of RLP", rest.length);
    return WEIR_OK;
}

enum weir_err weir_rlp_check(struct weir_scope *scope, struct weir_slice bytes)
{
    struct weir_slice open[WEIR_RLP_DEPTH_MAX + 1]; /* what is left of each list around us */
    unsigned depth = 0;
    struct weir_slice rest = bytes;
    struct weir_rlp item;
    enum weir_err err = weir_rlp_next(scope, &rest, &item);
    if (err == WEIR_OK)
        err = weir_rlp_get_end(scope, rest);
    if (err != WEIR_OK)
        return err;
    open[0] = item.is_list ? item.body : rest;
    for (;;) { /* every turn takes a byte or closes a list, so it ends */
        if (open[depth].length == 0) {
            if (depth == 0)
                return WEIR_OK;
            depth--;
            continue;
        }
        err = weir_rlp_next(scope, &open[depth], &item);
        if (err != WEIR_OK)
            return err;
        if (!item.is_list)
            continue;
        if (depth == WEIR_RLP_DEPTH_MAX)
            return weir_fail(scope, WEIR_E_LIMIT, "RLP lists more than %d deep",
                             WEIR_RLP_DEPTH_MAX);
        open[++depth] = item.body;
    }
}

/* The prefix of a body of `length` bytes: 0x80 for bytes, 0xc0 for a list. */
static enum weir_err
put_prefix(struct weir_scope *scope, struct weir_buffer *buffer, unsigned base, uint64_t length)
{
    if (length <= SHORT_LENGTH_MAX)
        return weir_buffer_u8(scope, buffer, (uint8_t)(base + length));
    uint8_t prefix[PREFIX_BYTES_MAX];
    weir_put_u64(prefix + 1, length);
    size_t zeros = 0;
    while (prefix[1 + zeros] == 0)
        zeros++;
    prefix[zeros] = (uint8_t)(base + SHORT_LENGTH_MAX + (8 - zeros));
    return weir_buffer_put(scope, buffer, prefix + zeros, sizeof(prefix) - zeros);
}

enum weir_err weir_rlp_put_bytes(struct weir_scope *scope,
                                 struct weir_buffer *buffer,
                                 const void *bytes,
                                 size_t length)
{
    enum weir_err err = WEIR_OK;
    if (length != 1 || *(const uint8_t *)bytes >= SHORT_BYTES)
        err = put_prefix(scope, buffer, SHORT_BYTES, length);
    if (err != WEIR_OK)
        return err;
    return weir_buffer_put(scope, buffer, bytes, length);
}

/* A big-endian number without its leading zeros; zero is the empty string. */
static enum weir_err
put_number(struct weir_scope *scope, struct weir_buffer *buffer, const uint8_t *bytes, size_t width)
{
    size_t zeros = 0;
    while (zeros < width && bytes[zeros] == 0)
        zeros++;
    return weir_rlp_put_bytes(scope, buffer, bytes + zeros, width - zeros);
}

enum weir_err weir_rlp_put_u64(struct weir_scope *scope, struct weir_buffer *buffer, uint64_t value)
{
    uint8_t bytes[8];
    weir_put_u64(bytes, value);
    return put_number(scope, buffer, bytes, sizeof(bytes));
}

enum weir_err
weir_rlp_put_u128(struct weir_scope *scope, struct weir_buffer *buffer, unsigned __int128 value)
{
    struct weir_word word = weir_word_u128(value);
    return weir_rlp_put_word(scope, buffer, word);
}

enum weir_err
weir_rlp_put_word(struct weir_scope *scope, struct weir_buffer *buffer, struct weir_word value)
{
    return put_number(scope, buffer, value.bytes, WEIR_WORD_BYTES);
}

enum weir_err
weir_rlp_put_list(struct weir_scope *scope, struct weir_buffer *buffer, struct weir_slice items)
{
    enum weir_err err = put_prefix(scope, buffer, SHORT_LIST, items.length);
    if (err != WEIR_OK)
        return err;
    return weir_buffer_put(scope, buffer, items.data, items.length);
}
