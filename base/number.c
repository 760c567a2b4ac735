#include "base/number.h"

#include <assert.h>
#include <string.h>

#define DIGITS_U128_MAX 39
#define DECIMALS_MAX 18

/* Longest foreign text that is shown in an error. */
#define SHOWN_BYTES 40

static enum weir_err
refuse(struct weir_scope *scope, enum weir_err err, struct weir_slice text, const char *wanted)
{
    int shown = (int)(text.length < SHOWN_BYTES ? text.length : SHOWN_BYTES);
    char printable[SHOWN_BYTES + 1];
    for (int i = 0; i < shown; i++)
        printable[i] = (char)(text.data[i] >= 0x20 && text.data[i] < 0x7f ? text.data[i] : '?');
    printable[shown] = '\0';
    return weir_fail(scope, err, "'%s' is not %s", printable, wanted);
}

enum weir_err
weir_u128_parse(struct weir_scope *scope, struct weir_slice text, unsigned __int128 *value)
{
    const char *wanted = "a whole number without sign or leading zero";
    if (text.length == 0 || (text.length > 1 && text.data[0] == '0'))
        return refuse(scope, WEIR_E_PARSE, text, wanted);
    unsigned __int128 sum = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return refuse(scope, WEIR_E_PARSE, text, wanted);
        if (i >= DIGITS_U128_MAX || __builtin_mul_overflow(sum, (unsigned __int128)10, &sum) ||
            __builtin_add_overflow(sum, (unsigned __int128)(text.data[i] - '0'), &sum))
            return refuse(scope, WEIR_E_RANGE, text, "below 2^128");
    }
    *value = sum;
    return WEIR_OK;
}

enum weir_err
weir_u64_parse(struct weir_scope *scope, struct weir_slice text, uint64_t max, uint64_t *value)
{
    unsigned __int128 wide;
    enum weir_err err = weir_u128_parse(scope, text, &wide);
    if (err != WEIR_OK)
        return err;
    if (wide > max) {
        char limit[64] = "at most ";
        weir_u128_print(max, limit + strlen(limit));
        return refuse(scope, WEIR_E_RANGE, text, limit);
    }
    *value = (uint64_t)wide;
    return WEIR_OK;
}

enum weir_err weir_i64_parse(struct weir_scope *scope,
                             struct weir_slice text,
                             int64_t min,
                             int64_t max,
                             int64_t *value)
{
    bool is_negative = text.length > 0 && text.data[0] == '-';
    struct weir_slice digits = text;
    if (is_negative) {
        digits.data++;
        digits.length--;
    }
    unsigned __int128 size;
    enum weir_err err = weir_u128_parse(scope, digits, &size);
    if (err != WEIR_OK)
        return err;
    if (is_negative && size == 0)
        return refuse(scope, WEIR_E_PARSE, text, "a whole number (zero has no sign)");
    if (size > (unsigned __int128)INT64_MAX + (is_negative ? 1 : 0))
        return refuse(scope, WEIR_E_RANGE, text, "within 64 bits");
    __int128 number = is_negative ? -(__int128)size : (__int128)size;
    if (number < min || number > max)
        return refuse(scope, WEIR_E_RANGE, text, "within the permitted range");
    *value = (int64_t)number;
    return WEIR_OK;
}

enum weir_err weir_decimal_parse(struct weir_scope *scope,
                                 struct weir_slice text,
                                 unsigned decimals_max,
                                 uint64_t *num,
                                 uint64_t *den)
{
    assert(decimals_max <= DECIMALS_MAX);
    const char *wanted = "a decimal number such as 99.95";
    struct weir_slice fraction = text;
    struct weir_slice whole;
    bool has_point = weir_slice_cut(&fraction, '.', &whole);
    if (!has_point) {
        whole = text;
        fraction.length = 0;
    } else if (fraction.length == 0) {
        return refuse(scope, WEIR_E_PARSE, text, wanted);
    }
    if (fraction.length > decimals_max)
        return refuse(scope, WEIR_E_RANGE, text, "short enough (too many decimals)");
    unsigned __int128 sum;
    enum weir_err err = weir_u128_parse(scope, whole, &sum);
    if (err != WEIR_OK)
        return err;
    if (sum > UINT64_MAX)
        return refuse(scope, WEIR_E_RANGE, text, "within 64 bits");
    uint64_t scale = 1;
    for (size_t i = 0; i < fraction.length; i++) {
        if (fraction.data[i] < '0' || fraction.data[i] > '9')
            return refuse(scope, WEIR_E_PARSE, text, wanted);
        sum = sum * 10 + (unsigned)(fraction.data[i] - '0');
        scale *= 10;
        if (sum > UINT64_MAX)
            return refuse(scope, WEIR_E_RANGE, text, "within 64 bits");
    }
    *num = (uint64_t)sum;
    *den = scale;
    return WEIR_OK;
}

void weir_u128_print(unsigned __int128 value, char text[static WEIR_U128_TEXT_BYTES])
{
    char digits[WEIR_U128_TEXT_BYTES] = "";
    char *at = digits + sizeof(digits) - 1; /* filled from the end */
    do {
        *--at = (char)('0' + (int)(value % 10));
        value /= 10;
    } while (value > 0);
    memcpy(text, at, (size_t)(digits + sizeof(digits) - at));
}

bool weir_ratio_less(uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    assert(b > 0 && d > 0);
    return (unsigned __int128)a * d < (unsigned __int128)c * b;
}

uint64_t weir_ratio_ppm(uint64_t num, uint64_t den)
{
    assert(den > 0 && num <= (uint64_t)1 << 63);
    return (uint64_t)(((unsigned __int128)num * 2000000 + den) / ((unsigned __int128)den * 2));
}
