/* Exact ratios of two integers: targets, tiers and gauge values.  They are compared by cross
 * multiplication in 128 bits and never divided, except for display.  Floor 1: pure. */
#ifndef WEIR_METRICS_RATIO_H
#define WEIR_METRICS_RATIO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

#define WEIR_TIER_MAX 8
#define WEIR_RATIO_TEXT_BYTES 42 /* two numbers of 20 digits, '/' and NUL */

struct weir_ratio {
    uint64_t num;
    uint64_t den; /* 0 only for "nothing to count" */
};

/* value < target; false when there is nothing to count (value.den == 0).  target.den > 0. */
bool weir_ratio_is_below(struct weir_ratio value, struct weir_ratio target);

/* "95/100" in canonical decimals, 0 < num <= den < 2^63.  Not reduced: the text stays what it was.
 * Errors: PARSE, RANGE. */
WEIR_CHECKED enum weir_err
weir_ratio_parse(struct weir_scope *scope, struct weir_slice text, struct weir_ratio *ratio);
void weir_ratio_print(struct weir_ratio ratio, char text[static WEIR_RATIO_TEXT_BYTES]);

/* "99.95" percent is 9995/10000; greater than 0, at most 100.  Errors: PARSE, RANGE. */
WEIR_CHECKED enum weir_err
weir_percent_parse(struct weir_scope *scope, struct weir_slice text, struct weir_ratio *ratio);

/* total_ms * (1 - target), rounded down: the downtime that may pass unpaid.  target <= 1. */
uint64_t weir_budget_ms_floor(uint64_t total_ms, struct weir_ratio target);

/* The largest tier j (counted from 1) with value < tiers[j - 1], else 0 (protocol section 4).
 * `tiers` fall strictly; tier_count <= WEIR_TIER_MAX. */
unsigned
weir_tier_reached(struct weir_ratio value, const struct weir_ratio *tiers, size_t tier_count);

#endif /* WEIR_METRICS_RATIO_H */
