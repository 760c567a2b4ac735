#include "attest/bcs.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"

#define GROUP_BITS 7
#define MORE_GROUPS 0x80u

static enum weir_err
put_little(struct weir_scope *scope, struct weir_buffer *buffer, uint64_t value, size_t width)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < width; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
    return weir_buffer_put(scope, buffer, bytes, width);
}

enum weir_err weir_bcs_put_u8(struct weir_scope *scope, struct weir_buffer *buffer, uint8_t value)
{
    return put_little(scope, buffer, value, 1);
}

enum weir_err weir_bcs_put_bool(struct weir_scope *scope, struct weir_buffer *buffer, bool value)
{
    return put_little(scope, buffer, value, 1);
}

enum weir_err weir_bcs_put_u32(struct weir_scope *scope, struct weir_buffer *buffer, uint32_t value)
{
    return put_little(scope, buffer, value, 4);
}

enum weir_err weir_bcs_put_u64(struct weir_scope *scope, struct weir_buffer *buffer, uint64_t value)
{
    return put_little(scope, buffer, value, 8);
}

enum weir_err
weir_bcs_put_length(struct weir_scope *scope, struct weir_buffer *buffer, uint32_t value)
{
    uint8_t bytes[5];
    size_t count = 0;
    while (value >= MORE_GROUPS) {
        bytes[count++] = (uint8_t)(value | MORE_GROUPS);
        value >>= GROUP_BITS;
    }
    bytes[count++] = (uint8_t)value;
    return weir_buffer_put(scope, buffer, bytes, count);
}

enum weir_err
weir_bcs_put_bytes(struct weir_scope *scope, struct weir_buffer *buffer, struct weir_slice bytes)
{
    if (bytes.length > WEIR_BCS_LENGTH_MAX)
        return weir_fail(scope, WEIR_E_LIMIT, "%zu bytes in one BCS sequence", bytes.length);
    enum weir_err err = weir_bcs_put_length(scope, buffer, (uint32_t)bytes.length);
    if (err != WEIR_OK)
        return err;
    return weir_buffer_put(scope, buffer, bytes.data, bytes.length);
}

enum weir_err
weir_bcs_put_text(struct weir_scope *scope, struct weir_buffer *buffer, struct weir_slice text)
{
    if (!weir_utf8_is_valid(text))
        return weir_fail(scope, WEIR_E_PARSE, "a text that is not UTF-8");
    return weir_bcs_put_bytes(scope, buffer, text);
}

/* Cuts `width` bytes off and reads them as a little-endian number. */
static enum weir_err
get_little(struct weir_scope *scope, struct weir_slice *rest, size_t width, uint64_t *value)
{
    assert(width <= 8);
    if (rest->length < width)
        return weir_fail(scope, WEIR_E_PARSE, "BCS ends within a number");
    uint64_t number = 0;
    for (size_t i = 0; i < width; i++)
        number |= (uint64_t)rest->data[i] << 8 * i;
    rest->data += width;
    rest->length -= width;
    *value = number;
    return WEIR_OK;
}

enum weir_err weir_bcs_get_u8(struct weir_scope *scope, struct weir_slice *rest, uint8_t *value)
{
    uint64_t number = 0;
    enum weir_err err = get_little(scope, rest, 1, &number);
    if (err == WEIR_OK)
        *value = (uint8_t)number;
    return err;
}

enum weir_err weir_bcs_get_bool(struct weir_scope *scope, struct weir_slice *rest, bool *value)
{
    if (rest->length > 0 && rest->data[0] > 1)
        return weir_fail(scope, WEIR_E_PARSE, "a BCS bool of %u", rest->data[0]);
    uint64_t number = 0;
    enum weir_err err = get_little(scope, rest, 1, &number);
    if (err == WEIR_OK)
        *value = number == 1;
    return err;
}

enum weir_err weir_bcs_get_u32(struct weir_scope *scope, struct weir_slice *rest, uint32_t *value)
{
    uint64_t number = 0;
    enum weir_err err = get_little(scope, rest, 4, &number);
    if (err == WEIR_OK)
        *value = (uint32_t)number;
    return err;
}

enum weir_err weir_bcs_get_u64(struct weir_scope *scope, struct weir_slice *rest, uint64_t *value)
{
    return get_little(scope, rest, 8, value);
}

enum weir_err weir_bcs_get_length(struct weir_scope *scope,
                                  struct weir_slice *rest,
                                  uint32_t max,
                                  uint32_t *value)
{
    uint64_t number = 0;
    size_t count = 0;
    for (;;) {
        if (count == rest->length || count == 5)
            return weir_fail(scope, WEIR_E_PARSE, "a BCS length without its end");
        uint8_t group = rest->data[count];
        number |= (uint64_t)(group & ~MORE_GROUPS) << GROUP_BITS * count;
        count++;
        if ((group & MORE_GROUPS) != 0)
            continue;
        if (group == 0 && count > 1)
            return weir_fail(scope, WEIR_E_PARSE, "a BCS length that has a shorter form");
        break;
    }
    if (number > max)
        return weir_fail(scope, WEIR_E_PARSE, "a BCS length of %llu, of at most %u",
                         (unsigned long long)number, max);
    rest->data += count;
    rest->length -= count;
    *value = (uint32_t)number;
    return WEIR_OK;
}

enum weir_err
weir_bcs_get_bytes(struct weir_scope *scope, struct weir_slice *rest, struct weir_slice *bytes)
{
    struct weir_slice behind = *rest;
    uint32_t length;
    enum weir_err err = weir_bcs_get_length(scope, &behind, WEIR_BCS_LENGTH_MAX, &length);
    if (err != WEIR_OK)
        return err;
    if (length > behind.length)
        return weir_fail(scope, WEIR_E_PARSE, "BCS ends within a sequence");
    *bytes = (struct weir_slice){behind.data, length};
    rest->data = behind.data + length;
    rest->length = behind.length - length;
    return WEIR_OK;
}

enum weir_err
weir_bcs_get_text(struct weir_scope *scope, struct weir_slice *rest, struct weir_slice *text)
{
    struct weir_slice behind = *rest;
    struct weir_slice bytes;
    enum weir_err err = weir_bcs_get_bytes(scope, &behind, &bytes);
    if (err != WEIR_OK)
        return err;
    if (!weir_utf8_is_valid(bytes))
        return weir_fail(scope, WEIR_E_PARSE, "a BCS text that is not UTF-8");
    *rest = behind;
    *text = bytes;
    return WEIR_OK;
}

enum weir_err weir_bcs_get_end(struct weir_scope *scope, struct weir_slice rest)
{
    if (rest.length != 0)
        return weir_fail(scope, WEIR_E_PARSE, "%zu bytes behind the end of BCS", rest.length);
    return WEIR_OK;
}
