#include "metrics/ratio.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/number.h"

#define RATIO_PART_MAX ((UINT64_C(1) << 63) - 1)
#define PERCENT_DECIMALS_MAX 12

bool weir_ratio_is_below(struct weir_ratio value, struct weir_ratio target)
{
    assert(target.den > 0);
    return value.den > 0 && weir_ratio_less(value.num, value.den, target.num, target.den);
}

enum weir_err
weir_ratio_parse(struct weir_scope *scope, struct weir_slice text, struct weir_ratio *ratio)
{
    struct weir_slice num;
    struct weir_ratio parsed;
    if (!weir_slice_cut(&text, '/', &num))
        return weir_fail(scope, WEIR_E_PARSE, "not a ratio of the form 95/100");
    if (weir_u64_parse(scope, num, RATIO_PART_MAX, &parsed.num) != WEIR_OK ||
        weir_u64_parse(scope, text, RATIO_PART_MAX, &parsed.den) != WEIR_OK)
        return weir_note(scope, "ratio");
    if (parsed.num == 0 || parsed.num > parsed.den)
        return weir_fail(scope, WEIR_E_RANGE, "a ratio above 0 and at most 1 is wanted");
    *ratio = parsed;
    return WEIR_OK;
}

void weir_ratio_print(struct weir_ratio ratio, char text[static WEIR_RATIO_TEXT_BYTES])
{
    (void)snprintf(text, WEIR_RATIO_TEXT_BYTES, "%" PRIu64 "/%" PRIu64, ratio.num, ratio.den);
}

enum weir_err
weir_percent_parse(struct weir_scope *scope, struct weir_slice text, struct weir_ratio *ratio)
{
    uint64_t num;
    uint64_t den;
    if (weir_decimal_parse(scope, text, PERCENT_DECIMALS_MAX, &num, &den) != WEIR_OK)
        return weir_note(scope, "percentage");
    if (num == 0 || num > 100 * den)
        return weir_fail(scope, WEIR_E_RANGE, "a percentage above 0 and at most 100 is wanted");
    *ratio = (struct weir_ratio){.num = num, .den = 100 * den};
    return WEIR_OK;
}

uint64_t weir_budget_ms_floor(uint64_t total_ms, struct weir_ratio target)
{
    assert(target.den > 0 && target.num <= target.den);
    return (uint64_t)((unsigned __int128)total_ms * (target.den - target.num) / target.den);
}

unsigned
weir_tier_reached(struct weir_ratio value, const struct weir_ratio *tiers, size_t tier_count)
{
    assert(tier_count <= WEIR_TIER_MAX);
    unsigned reached = 0;
    for (size_t i = 0; i < tier_count; i++)
        if (weir_ratio_is_below(value, tiers[i]))
            reached = (unsigned)i + 1;
    return reached;
}
