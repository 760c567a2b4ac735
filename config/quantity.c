#include "config/read.h"

#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "base/number.h"
#include "base/slice.h"
#include "config/value.h"
#include "metrics/gauge.h"

/* A whole number and what follows it: "64KiB" -> 64, "KiB". */
static enum weir_err
number_cut(struct weir_scope *scope, const char *text, uint64_t *number, const char **unit)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0)
        return weir_fail(scope, WEIR_E_CONFIG, "'%s' does not begin with a number", text);
    struct weir_slice slice = {.data = (const uint8_t *)text, .length = digits};
    struct weir_scope inner = {0};
    if (weir_u64_parse(&inner, slice, UINT64_MAX, number) != WEIR_OK)
        return weir_fail(scope, WEIR_E_CONFIG, "'%s': %s", text, inner.fault);
    *unit = text + digits;
    return WEIR_OK;
}

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit duration_units[] = {{"w", 604800000}, {"d", 86400000}, {"h", 3600000},
                                             {"m", 60000},     {"s", 1000},     {"ms", 1}};
#define DURATION_UNITS (sizeof(duration_units) / sizeof(duration_units[0]))

static const struct unit size_units[] = {{"GiB", 1U << 30},
                                         {"MiB", 1U << 20},
                                         {"KiB", 1024},
                                         {"B", 1}};
#define SIZE_UNITS (sizeof(size_units) / sizeof(size_units[0]))

struct measure {
    const struct unit *units;
    size_t unit_count;
    const char *list;
};
static const struct measure duration_measure = {duration_units, DURATION_UNITS,
                                                "ms, s, m, h, d or w"};
static const struct measure size_measure = {size_units, SIZE_UNITS, "B, KiB, MiB or GiB"};

static enum weir_err measure_parse(struct weir_scope *scope,
                                   const struct measure *measure,
                                   const char *text,
                                   uint64_t *value)
{
    uint64_t number;
    const char *unit;
    if (number_cut(scope, text, &number, &unit) != WEIR_OK)
        return weir_note(scope, "a number and a unit (%s) are wanted", measure->list);
    if (*unit == '\0')
        return weir_fail(scope, WEIR_E_CONFIG, "'%s' has no unit; the units are %s", text,
                         measure->list);
    for (size_t i = 0; i < measure->unit_count; i++) {
        if (strcmp(unit, measure->units[i].name) != 0)
            continue;
        if (__builtin_mul_overflow(number, measure->units[i].factor, value) || *value > INT64_MAX)
            return weir_fail(scope, WEIR_E_CONFIG, "'%s' is too large", text);
        return WEIR_OK;
    }
    return weir_fail(scope, WEIR_E_CONFIG, "'%s' has the unknown unit '%s'; the units are %s", text,
                     unit, measure->list);
}

static const char *measure_print(struct weir_scope *scope,
                                 const struct measure *measure,
                                 const char *smallest,
                                 uint64_t value)
{
    if (value == 0)
        return weir_take_printf(scope, "0%s", smallest);
    size_t i = 0;
    while (value % measure->units[i].factor != 0)
        i++;
    return weir_take_printf(scope, "%llu%s", (unsigned long long)(value / measure->units[i].factor),
                            measure->units[i].name);
}

enum weir_err weir_duration_parse(struct weir_scope *scope, const char *text, uint64_t *duration_ms)
{
    return measure_parse(scope, &duration_measure, text, duration_ms);
}

const char *weir_duration_print(struct weir_scope *scope, uint64_t duration_ms)
{
    return measure_print(scope, &duration_measure, "s", duration_ms);
}

enum weir_err weir_size_parse(struct weir_scope *scope, const char *text, uint64_t *bytes)
{
    return measure_parse(scope, &size_measure, text, bytes);
}

/* "30gwei", "0.5gwei" or "1wei". */
static enum weir_err fee_parse(struct weir_scope *scope, const char *text, uint64_t *wei)
{
    size_t length = strspn(text, "0123456789.");
    struct weir_slice number = {.data = (const uint8_t *)text, .length = length};
    bool is_gwei = strcmp(text + length, "gwei") == 0;
    struct weir_scope inner = {0};
    uint64_t num;
    uint64_t den;
    if (!is_gwei && strcmp(text + length, "wei") != 0)
        return weir_fail(scope, WEIR_E_CONFIG, "'%s' is not a fee such as 30gwei or 1000wei", text);
    if (weir_decimal_parse(&inner, number, is_gwei ? 9 : 0, &num, &den) != WEIR_OK)
        return weir_fail(scope, WEIR_E_CONFIG, "'%s': %s", text, inner.fault);
    uint64_t factor = is_gwei ? 1000000000U / den : 1;
    if (__builtin_mul_overflow(num, factor, wei))
        return weir_fail(scope, WEIR_E_CONFIG, "'%s' is too large", text);
    return WEIR_OK;
}

static const char *fee_print(struct weir_scope *scope, uint64_t wei)
{
    if (wei % 1000000000U == 0)
        return weir_take_printf(scope, "%llugwei", (unsigned long long)(wei / 1000000000U));
    return weir_take_printf(scope, "%lluwei", (unsigned long long)wei);
}

void weir_option_store(void *target, struct weir_place place, uint64_t value)
{
    void *at = weir_place_of(target, place);
    if (place.bytes == 1)
        *(uint8_t *)at = (uint8_t)value;
    else if (place.bytes == 2)
        *(uint16_t *)at = (uint16_t)value;
    else if (place.bytes == 4)
        *(uint32_t *)at = (uint32_t)value;
    else {
        assert(place.bytes == 8);
        *(uint64_t *)at = value;
    }
}

uint64_t weir_option_get(const void *target, struct weir_place place)
{
    const void *at = weir_place_in(target, place);
    if (place.bytes == 1)
        return *(const uint8_t *)at;
    if (place.bytes == 2)
        return *(const uint16_t *)at;
    if (place.bytes == 4)
        return *(const uint32_t *)at;
    assert(place.bytes == 8);
    return *(const uint64_t *)at;
}

const char *weir_option_print_quantity(struct weir_scope *scope,
                                       const struct weir_option *option,
                                       uint64_t value)
{
    if (option->is_none_allowed && value == (uint64_t)WEIR_UNLIMITED_MS)
        return "none";
    if (option->kind == WEIR_OPTION_DURATION)
        return weir_duration_print(scope, value);
    if (option->kind == WEIR_OPTION_SIZE)
        return measure_print(scope, &size_measure, "B", value);
    if (option->kind == WEIR_OPTION_FEE)
        return fee_print(scope, value);
    return weir_take_printf(scope, "%llu", (unsigned long long)value);
}

enum weir_err weir_option_read_quantity(struct weir_scope *scope,
                                        const struct weir_option *option,
                                        const char *text,
                                        void *target)
{
    uint64_t value = 0;
    enum weir_err err;
    if (option->is_none_allowed && strcmp(text, "none") == 0) {
        weir_option_store(target, option->at[0], (uint64_t)WEIR_UNLIMITED_MS);
        return WEIR_OK;
    }
    if (option->kind == WEIR_OPTION_DURATION)
        err = weir_duration_parse(scope, text, &value);
    else if (option->kind == WEIR_OPTION_SIZE)
        err = weir_size_parse(scope, text, &value);
    else if (option->kind == WEIR_OPTION_FEE)
        err = fee_parse(scope, text, &value);
    else {
        struct weir_scope inner = {0};
        err = weir_u64_parse(&inner, weir_slice_text(text), UINT64_MAX, &value);
        if (err != WEIR_OK)
            return weir_fail(scope, WEIR_E_CONFIG, "'%s' is not a whole number", text);
    }
    if (err != WEIR_OK)
        return err;
    if (value < option->min || (option->max != 0 && value > option->max))
        return weir_fail(scope, WEIR_E_CONFIG, "'%s' is outside %s to %s", text,
                         weir_option_print_quantity(scope, option, option->min),
                         weir_option_print_quantity(scope, option, option->max));
    weir_option_store(target, option->at[0], value);
    return WEIR_OK;
}
