#include "base/slice.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"

struct weir_slice weir_slice_text(const char *text)
{
    return (struct weir_slice){(const uint8_t *)text, strlen(text)};
}

bool weir_slice_equal(struct weir_slice a, struct weir_slice b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

bool weir_slice_equals_text(struct weir_slice slice, const char *text)
{
    return weir_slice_equal(slice, weir_slice_text(text));
}

int weir_slice_compare(struct weir_slice a, struct weir_slice b)
{
    size_t common = a.length < b.length ? a.length : b.length;
    int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
    if (order != 0)
        return order;
    return (a.length > b.length) - (a.length < b.length);
}

bool weir_slice_cut(struct weir_slice *rest, uint8_t separator, struct weir_slice *head)
{
    const uint8_t *found = rest->length == 0 ? NULL : memchr(rest->data, separator, rest->length);
    if (found == NULL)
        return false;
    size_t length = (size_t)(found - rest->data);
    *head = (struct weir_slice){rest->data, length};
    rest->data += length + 1;
    rest->length -= length + 1;
    return true;
}

bool weir_slice_line(struct weir_slice *rest, struct weir_slice *line)
{
    return weir_slice_cut(rest, '\n', line);
}

/* Makes room for `more` bytes behind the current end. */
static enum weir_err reserve(struct weir_scope *scope, struct weir_buffer *buffer, size_t more)
{
    size_t needed;
    if (__builtin_add_overflow(buffer->length, more, &needed))
        return weir_fail(scope, WEIR_E_LIMIT, "%zu more bytes", more);
    if (buffer->capacity_max != 0 && needed > buffer->capacity_max)
        return weir_fail(scope, WEIR_E_LIMIT, "%zu bytes where at most %zu are allowed", needed,
                         buffer->capacity_max);
    if (needed <= buffer->capacity)
        return WEIR_OK;
    size_t capacity = buffer->capacity < 128 ? 256 : 2 * buffer->capacity;
    if (capacity < needed)
        capacity = needed;
    uint8_t *data = weir_take(scope, capacity, 1);
    if (data == NULL)
        return scope->err;
    if (buffer->length > 0)
        memcpy(data, buffer->data, buffer->length);
    buffer->data = data;
    buffer->capacity = capacity;
    return WEIR_OK;
}

enum weir_err weir_buffer_put(struct weir_scope *scope,
                              struct weir_buffer *buffer,
                              const void *bytes,
                              size_t length)
{
    enum weir_err err = reserve(scope, buffer, length);
    if (err != WEIR_OK)
        return err;
    if (length > 0)
        memcpy(buffer->data + buffer->length, bytes, length);
    buffer->length += length;
    return WEIR_OK;
}

enum weir_err
weir_buffer_text(struct weir_scope *scope, struct weir_buffer *buffer, const char *text)
{
    return weir_buffer_put(scope, buffer, text, strlen(text));
}

enum weir_err
weir_buffer_printf(struct weir_scope *scope, struct weir_buffer *buffer, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int length = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    assert(length >= 0);
    enum weir_err err = reserve(scope, buffer, (size_t)length + 1); /* vsnprintf adds a NUL */
    if (err != WEIR_OK)
        return err;
    va_start(args, fmt);
    (void)vsnprintf((char *)buffer->data + buffer->length, (size_t)length + 1, fmt, args);
    va_end(args);
    buffer->length += (size_t)length;
    return WEIR_OK;
}

enum weir_err weir_buffer_u8(struct weir_scope *scope, struct weir_buffer *buffer, uint8_t value)
{
    return weir_buffer_put(scope, buffer, &value, 1);
}

enum weir_err weir_buffer_u32(struct weir_scope *scope, struct weir_buffer *buffer, uint32_t value)
{
    uint8_t bytes[4];
    weir_put_u32(bytes, value);
    return weir_buffer_put(scope, buffer, bytes, sizeof(bytes));
}

enum weir_err weir_buffer_u64(struct weir_scope *scope, struct weir_buffer *buffer, uint64_t value)
{
    uint8_t bytes[8];
    weir_put_u64(bytes, value);
    return weir_buffer_put(scope, buffer, bytes, sizeof(bytes));
}

struct weir_slice weir_buffer_slice(const struct weir_buffer *buffer)
{
    return (struct weir_slice){buffer->data, buffer->length};
}

void weir_put_u16(uint8_t *bytes, uint16_t value)
{
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
}

void weir_put_u32(uint8_t *bytes, uint32_t value)
{
    for (int i = 3; i >= 0; i--, value >>= 8)
        bytes[i] = (uint8_t)value;
}

/* Written out: compilers make one instruction of the eight stores, but not of a loop. */
void weir_put_u64(uint8_t *bytes, uint64_t value)
{
    bytes[0] = (uint8_t)(value >> 56);
    bytes[1] = (uint8_t)(value >> 48);
    bytes[2] = (uint8_t)(value >> 40);
    bytes[3] = (uint8_t)(value >> 32);
    bytes[4] = (uint8_t)(value >> 24);
    bytes[5] = (uint8_t)(value >> 16);
    bytes[6] = (uint8_t)(value >> 8);
    bytes[7] = (uint8_t)value;
}

uint16_t weir_get_u16(const uint8_t *bytes)
{
    return (uint16_t)((bytes[0] << 8) | bytes[1]);
}

uint32_t weir_get_u32(const uint8_t *bytes)
{
    return ((uint32_t)weir_get_u16(bytes) << 16) | weir_get_u16(bytes + 2);
}

uint64_t weir_get_u64(const uint8_t *bytes)
{
    return ((uint64_t)weir_get_u32(bytes) << 32) | weir_get_u32(bytes + 4);
}
