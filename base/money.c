#include "base/money.h"

#include <assert.h>
#include <string.h>

struct weir_money weir_money_make(uint16_t asset, unsigned __int128 base_units)
{
    assert(asset != 0);
    return (struct weir_money){.base_units = base_units, .asset = asset};
}

unsigned __int128 weir_money_units(struct weir_money money)
{
    assert(money.asset != 0);
    return money.base_units;
}

bool weir_money_is_zero(struct weir_money money)
{
    return money.base_units == 0;
}

enum weir_err weir_money_add(struct weir_scope *scope,
                             struct weir_money a,
                             struct weir_money b,
                             struct weir_money *sum)
{
    assert(a.asset != 0 && b.asset != 0);
    if (a.asset != b.asset)
        return weir_fail(scope, WEIR_E_ASSET, "asset %u with asset %u", a.asset, b.asset);
    unsigned __int128 total;
    if (__builtin_add_overflow(a.base_units, b.base_units, &total))
        return weir_fail(scope, WEIR_E_OVERFLOW, "the sum of two amounts of asset %u", a.asset);

    *sum = (struct weir_money){.base_units = total, .asset = a.asset};
    return WEIR_OK;
}

enum weir_err weir_money_subtract(struct weir_scope *scope,
                                  struct weir_money a,
                                  struct weir_money b,
                                  struct weir_money *rest)
{
    assert(a.asset != 0 && b.asset != 0);
    if (a.asset != b.asset)
        return weir_fail(scope, WEIR_E_ASSET, "asset %u with asset %u", a.asset, b.asset);
    if (b.base_units > a.base_units)
        return weir_fail(scope, WEIR_E_OVERFLOW, "less than nothing of asset %u", a.asset);

    *rest = (struct weir_money){.base_units = a.base_units - b.base_units, .asset = a.asset};
    return WEIR_OK;
}

int weir_money_compare(struct weir_money a, struct weir_money b)
{
    assert(a.asset != 0 && a.asset == b.asset);
    return (a.base_units > b.base_units) - (a.base_units < b.base_units);
}

void weir_money_print(struct weir_money money,
                      uint8_t decimals,
                      char text[static WEIR_MONEY_TEXT_BYTES])
{
    assert(decimals <= WEIR_MONEY_DECIMALS_MAX);
    char digits[WEIR_MONEY_TEXT_BYTES] = "";
    char *at = digits + sizeof(digits) - 1; /* filled from the end */
    unsigned __int128 rest = money.base_units;
    for (unsigned place = 0; rest > 0 || place <= decimals; place++) {
        if (place == decimals && decimals > 0)
            *--at = '.';
        *--at = (char)('0' + (int)(rest % 10));
        rest /= 10;
    }
    memcpy(text, at, (size_t)(digits + sizeof(digits) - at));
}

enum weir_err weir_money_parse(struct weir_scope *scope,
                               struct weir_slice text,
                               uint16_t asset,
                               uint8_t decimals,
                               struct weir_money *money)
{
    assert(asset != 0 && decimals <= WEIR_MONEY_DECIMALS_MAX);
    unsigned __int128 units = 0;
    unsigned places = 0;
    bool has_digit = false;
    bool has_point = false;
    for (size_t i = 0; i < text.length; i++) {
        uint8_t byte = text.data[i];
        if (byte == '.' && has_digit && !has_point) {
            has_point = true;
            has_digit = false;
            continue;
        }
        if (byte < '0' || byte > '9')
            return weir_fail(scope, WEIR_E_PARSE, "byte %zu is not part of an amount", i + 1);
        if (has_point && ++places > decimals)
            return weir_fail(scope, WEIR_E_RANGE, "more than the asset's %u decimals", decimals);
        has_digit = true;
        if (__builtin_mul_overflow(units, (unsigned __int128)10, &units) ||
            __builtin_add_overflow(units, (unsigned __int128)(byte - '0'), &units))
            return weir_fail(scope, WEIR_E_RANGE, "an amount of 2^128 base units or more");
    }
    if (!has_digit || (text.length > 1 && text.data[0] == '0' && text.data[1] != '.'))
        return weir_fail(scope, WEIR_E_PARSE, "not an amount such as 12.50");
    for (; places < decimals; places++)
        if (__builtin_mul_overflow(units, (unsigned __int128)10, &units))
            return weir_fail(scope, WEIR_E_RANGE, "an amount of 2^128 base units or more");
    *money = (struct weir_money){.base_units = units, .asset = asset};
    return WEIR_OK;
}
