#include "metrics/pairs.h"

#include <string.h>

#include "base/text.h"

#define DIGITS_MAX 20 /* of 2^64 - 1 */

bool weir_text_is_plain(struct weir_slice text, size_t length_max)
{
    if (text.length == 0 || text.length > length_max || text.data[0] == ' ' ||
        text.data[text.length - 1] == ' ')
        return false;
    uint8_t all = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < 0x20 || text.data[i] == 0x7f)
            return false;
        all |= text.data[i];
    }
    return all < 0x80 || weir_utf8_is_valid(text);
}

enum weir_err weir_pairs_next(struct weir_scope *scope, struct weir_pairs *pairs)
{
    struct weir_slice line;
    struct weir_slice key;
    unsigned number = pairs->number + 1;
    if (!weir_slice_line(&pairs->rest, &line))
        return weir_fail(scope, WEIR_E_PARSE, "line %u does not end", number);
    if (!weir_slice_cut(&line, ' ', &key) || key.length == 0)
        return weir_fail(scope, WEIR_E_PARSE, "line %u is not of the form 'key value'", number);
    if (!weir_text_is_plain(line, line.length))
        return weir_fail(scope, WEIR_E_PARSE,
                         "line %u: the value is empty, not UTF-8, begins or ends with a space, or "
                         "has control characters",
                         number);
    if (weir_slice_compare(key, pairs->key) < 0)
        return weir_fail(scope, WEIR_E_PARSE, "line %u: the keys are not in order", number);
    pairs->key = key;
    pairs->value = line;
    pairs->number = number;
    return WEIR_OK;
}

/* Lines up to this length are put together first: events are written a hundred thousand times a
 * second, and most of their lines are short. */
#define SHORT_LINE_BYTES 128

enum weir_err weir_pairs_text(struct weir_scope *scope,
                              struct weir_buffer *buffer,
                              const char *key,
                              struct weir_slice value)
{
    char line[SHORT_LINE_BYTES];
    size_t key_length = strlen(key);
    size_t length = key_length + 1 + value.length + 1;
    if (length <= sizeof(line)) {
        memcpy(line, key, key_length);
        line[key_length] = ' ';
        memcpy(line + key_length + 1, value.data, value.length);
        line[length - 1] = '\n';
        return weir_buffer_put(scope, buffer, line, length);
    }
    if (weir_buffer_put(scope, buffer, key, key_length) != WEIR_OK ||
        weir_buffer_put(scope, buffer, " ", 1) != WEIR_OK ||
        weir_buffer_put(scope, buffer, value.data, value.length) != WEIR_OK)
        return scope->err;
    return weir_buffer_put(scope, buffer, "\n", 1);
}

static enum weir_err put_decimal(struct weir_scope *scope,
                                 struct weir_buffer *buffer,
                                 const char *key,
                                 uint64_t magnitude,
                                 bool is_negative)
{
    char text[1 + DIGITS_MAX]; /* filled from the end */
    size_t at = sizeof(text);
    do {
        text[--at] = (char)('0' + (int)(magnitude % 10));
        magnitude /= 10;
    } while (magnitude > 0);
    if (is_negative)
        text[--at] = '-';
    struct weir_slice value = {(const uint8_t *)text + at, sizeof(text) - at};
    return weir_pairs_text(scope, buffer, key, value);
}

enum weir_err weir_pairs_u64(struct weir_scope *scope,
                             struct weir_buffer *buffer,
                             const char *key,
                             uint64_t value)
{
    return put_decimal(scope, buffer, key, value, false);
}

enum weir_err
weir_pairs_i64(struct weir_scope *scope, struct weir_buffer *buffer, const char *key, int64_t value)
{
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    return put_decimal(scope, buffer, key, magnitude, value < 0);
}
