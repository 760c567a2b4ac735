#include "base/text.h"

#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "base/arena.h"

#define NEAREST_BYTES_MAX 64

void weir_hex_print(const uint8_t *bytes, size_t length, char *text)
{
    (void)sodium_bin2hex(text, 2 * length + 1, bytes, length); /* returns `text` */
}

char *weir_take_hex(struct weir_scope *scope, const uint8_t *bytes, size_t length)
{
    char *text = weir_take(scope, 2 * length + 1, 1);
    if (text != NULL)
        weir_hex_print(bytes, length, text);
    return text;
}

enum weir_err
weir_hex_parse(struct weir_scope *scope, struct weir_slice text, uint8_t *bytes, size_t length)
{
    if (text.length != 2 * length)
        return weir_fail(scope, WEIR_E_PARSE, "%zu characters where %zu hex digits belong",
                         text.length, 2 * length);
    size_t written = 0;
    const char *end = NULL;
    if (length > 0 && (sodium_hex2bin(bytes, length, (const char *)text.data, text.length, NULL,
                                      &written, &end) != 0 ||
                       written != length || end != (const char *)text.data + text.length))
        return weir_fail(scope, WEIR_E_PARSE, "something that is no hex digit");
    return WEIR_OK;
}

enum weir_err
weir_take_unhex(struct weir_scope *scope, struct weir_slice text, struct weir_slice *bytes)
{
    if (text.length % 2 != 0)
        return weir_fail(scope, WEIR_E_PARSE, "an odd number of hex digits");
    uint8_t *data = weir_take(scope, text.length / 2, 1);
    if (data == NULL)
        return scope->err;
    enum weir_err err = weir_hex_parse(scope, text, data, text.length / 2);
    if (err == WEIR_OK)
        *bytes = (struct weir_slice){data, text.length / 2};
    return err;
}

size_t weir_base64_bytes(size_t length)
{
    return (length + 2) / 3 * 4;
}

char *weir_take_base64(struct weir_scope *scope, const uint8_t *bytes, size_t length)
{
    size_t room = weir_base64_bytes(length) + 1;
    char *text = weir_take(scope, room, 1);
    if (text != NULL)
        (void)sodium_bin2base64(text, room, bytes, length, sodium_base64_VARIANT_ORIGINAL);
    return text;
}

/* libsodium 1.0.18 takes bytes from 0x80 up for digits. */
static bool is_ascii(struct weir_slice text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] >= 0x80)
            return false;
    return true;
}

/* Decodes into `bytes` (room for `room`) and compares the way back: libsodium accepts some unused
 * bits that a canonical text must not have. */
static enum weir_err base64_decode(struct weir_scope *scope,
                                   struct weir_slice text,
                                   uint8_t *bytes,
                                   size_t room,
                                   size_t *length)
{
    const char *end = NULL;
    if (text.length == 0) {
        *length = 0;
        return WEIR_OK;
    }
    if (text.length % 4 != 0 || !is_ascii(text) ||
        sodium_base642bin(bytes, room, (const char *)text.data, text.length, NULL, length, &end,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        end != (const char *)text.data + text.length)
        return weir_fail(scope, WEIR_E_PARSE, "not base64 with padding");
    char last[5];
    size_t tail = *length % 3 == 0 ? 3 : *length % 3;
    (void)sodium_bin2base64(last, sizeof(last), bytes + *length - tail, tail,
                            sodium_base64_VARIANT_ORIGINAL);
    if (memcmp(last, text.data + text.length - 4, 4) != 0)
        return weir_fail(scope, WEIR_E_PARSE, "base64 whose unused bits are not zero");
    return WEIR_OK;
}

enum weir_err
weir_take_unbase64(struct weir_scope *scope, struct weir_slice text, struct weir_slice *bytes)
{
    size_t room = text.length / 4 * 3;
    uint8_t *data = weir_take(scope, room, 1);
    if (data == NULL)
        return scope->err;
    size_t length = 0;
    enum weir_err err = base64_decode(scope, text, data, room, &length);
    if (err == WEIR_OK)
        *bytes = (struct weir_slice){data, length};
    return err;
}

enum weir_err
weir_base64_parse(struct weir_scope *scope, struct weir_slice text, uint8_t *bytes, size_t length)
{
    if (text.length != weir_base64_bytes(length))
        return weir_fail(scope, WEIR_E_PARSE, "%zu characters where base64 of %zu bytes belongs",
                         text.length, length);
    size_t written = 0;
    enum weir_err err = base64_decode(scope, text, bytes, length, &written);
    if (err == WEIR_OK && written != length)
        return weir_fail(scope, WEIR_E_PARSE, "%zu bytes where %zu belong", written, length);
    return err;
}

/* Length of the well-formed sequence at the front, or 0. */
static size_t utf8_sequence(const uint8_t *at, size_t left)
{
    static const struct {
        uint8_t first_min, first_max, second_min, second_max, length;
    } forms[] = {
        {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (at[0] < forms[i].first_min || at[0] > forms[i].first_max)
            continue;
        size_t length = forms[i].length;
        if (length > left)
            return 0;
        if (length > 1 && (at[1] < forms[i].second_min || at[1] > forms[i].second_max))
            return 0;
        for (size_t k = 2; k < length; k++)
            if ((at[k] & 0xc0) != 0x80)
                return 0;
        return length;
    }
    return 0;
}

bool weir_utf8_is_valid(struct weir_slice text)
{
    for (size_t at = 0; at < text.length;) {
        size_t step = utf8_sequence(text.data + at, text.length - at);
        if (step == 0)
            return false;
        at += step;
    }
    return true;
}

/* Levenshtein distance of two short texts. */
static size_t distance(const char *a, const char *b)
{
    size_t row[NEAREST_BYTES_MAX + 1];
    size_t a_length = strlen(a);
    size_t b_length = strlen(b);
    if (a_length > NEAREST_BYTES_MAX || b_length > NEAREST_BYTES_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= b_length; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[b_length];
}

const char *weir_nearest(const char *text, const char *const *candidates, size_t candidate_count)
{
    const char *best = NULL;
    size_t best_distance = strlen(text) / 3 + 2;
    for (size_t i = 0; i < candidate_count; i++) {
        size_t here = distance(text, candidates[i]);
        if (here < best_distance) {
            best_distance = here;
            best = candidates[i];
        }
    }
    return best;
}
