#include "metrics/pairs.h"

#include <inttypes.h>

#include "base/text.h"

bool weir_text_is_plain(struct weir_slice text, size_t length_max)
{
    if (text.length == 0 || text.length > length_max || text.data[0] == ' ' ||
        text.data[text.length - 1] == ' ')
        return false;
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] < 0x20 || text.data[i] == 0x7f)
            return false;
    return weir_utf8_is_valid(text);
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

enum weir_err weir_pairs_text(struct weir_scope *scope,
                              struct weir_buffer *buffer,
                              const char *key,
                              struct weir_slice value)
{
    if (weir_buffer_text(scope, buffer, key) != WEIR_OK ||
        weir_buffer_put(scope, buffer, " ", 1) != WEIR_OK ||
        weir_buffer_put(scope, buffer, value.data, value.length) != WEIR_OK)
        return scope->err;
    return weir_buffer_put(scope, buffer, "\n", 1);
}

enum weir_err weir_pairs_u64(struct weir_scope *scope,
                             struct weir_buffer *buffer,
                             const char *key,
                             uint64_t value)
{
    return weir_buffer_printf(scope, buffer, "%s %" PRIu64 "\n", key, value);
}

enum weir_err
weir_pairs_i64(struct weir_scope *scope, struct weir_buffer *buffer, const char *key, int64_t value)
{
    return weir_buffer_printf(scope, buffer, "%s %" PRId64 "\n", key, value);
}
