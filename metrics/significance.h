/* How surprising a number of misses is: the exact binomial tail, in big integers
 * (docs/formats-metrics.md 9).  An annotation beside a breach in a thin window; it decides nothing.
 * Floor 1: pure. */
#ifndef WEIR_METRICS_SIGNIFICANCE_H
#define WEIR_METRICS_SIGNIFICANCE_H

#include <stdint.h>

#include "base/err.h"
#include "metrics/ratio.h"

#define WEIR_SIGNIFICANCE_UNITS_MAX 4096
#define WEIR_SIGNIFICANCE_RATIO_MAX UINT64_C(1000000) /* of a reduced target's denominator */

enum weir_significance {
    WEIR_SIGNIFICANCE_NOT_COMPUTED = 0, /* beyond the limits above */
    WEIR_SIGNIFICANCE_CHANCE = 1,
    WEIR_SIGNIFICANCE_SIGNIFICANT = 2,
};

/* SIGNIFICANT if at least `missed` of `units` would be missed in fewer than 5 of 100 cases, each
 * unit being kept with exactly the target's probability.  missed <= units.  Errors: MEMORY. */
WEIR_CHECKED enum weir_err weir_significance_compute(struct weir_scope *scope,
                                                     struct weir_ratio target,
                                                     uint64_t missed,
                                                     uint64_t units,
                                                     enum weir_significance *significance);

#endif /* WEIR_METRICS_SIGNIFICANCE_H */
