#include "metrics/tally.h"

static enum weir_err add_one(struct weir_scope *scope, uint64_t *sum, uint64_t more)
{
    if (__builtin_add_overflow(*sum, more, sum) || *sum > WEIR_TALLY_MAX)
        return weir_fail(scope, WEIR_E_OVERFLOW, "a count of a window exceeds 2^63");
    return WEIR_OK;
}

enum weir_err
weir_tally_add(struct weir_scope *scope, struct weir_tally *sum, const struct weir_tally *more)
{
    struct weir_tally total = *sum;
    if (add_one(scope, &total.num, more->num) != WEIR_OK ||
        add_one(scope, &total.den, more->den) != WEIR_OK ||
        add_one(scope, &total.units, more->units) != WEIR_OK ||
        add_one(scope, &total.replanned, more->replanned) != WEIR_OK ||
        add_one(scope, &total.last_num, more->last_num) != WEIR_OK)
        return scope->err;
    *sum = total;
    return WEIR_OK;
}

enum weir_err
weir_tally_subtract(struct weir_scope *scope, struct weir_tally *sum, const struct weir_tally *less)
{
    struct weir_tally rest;
    if (__builtin_sub_overflow(sum->num, less->num, &rest.num) ||
        __builtin_sub_overflow(sum->den, less->den, &rest.den) ||
        __builtin_sub_overflow(sum->units, less->units, &rest.units) ||
        __builtin_sub_overflow(sum->replanned, less->replanned, &rest.replanned) ||
        __builtin_sub_overflow(sum->last_num, less->last_num, &rest.last_num))
        return weir_fail(scope, WEIR_E_CORRUPT, "a window would count less than nothing");
    *sum = rest;
    return WEIR_OK;
}

struct weir_ratio weir_tally_ratio(const struct weir_tally *tally)
{
    return (struct weir_ratio){.num = tally->num, .den = tally->den};
}
