/* What a window of an event gauge counts to, and sums of it.  All numbers are whole and only added
 * and subtracted, so the order of the events cannot matter.  Floor 1: pure. */
#ifndef WEIR_METRICS_TALLY_H
#define WEIR_METRICS_TALLY_H

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "metrics/interval.h"
#include "metrics/ratio.h"

/* The class that holds all classes of a gauge together, and that of jobs without a class. */
#define WEIR_CLASS_ALL "_all"
#define WEIR_CLASS_NONE "_none"

#define WEIR_TALLY_MAX ((UINT64_C(1) << 63) - 1)

struct weir_tally {
    uint64_t num;       /* kept promises, or quantity on time (measure fill) */
    uint64_t den;       /* promises, or quantity promised */
    uint64_t units;     /* promises */
    uint64_t replanned; /* promises whose due date we moved */
    uint64_t last_num;  /* `num` if the last plan were the promise */
};

/* One window of one class. */
struct weir_tally_row {
    struct weir_slice class_name;
    struct weir_interval window;
    struct weir_tally tally;
};

/* Errors: OVERFLOW (a field above WEIR_TALLY_MAX); `*sum` is then untouched. */
WEIR_CHECKED enum weir_err
weir_tally_add(struct weir_scope *scope, struct weir_tally *sum, const struct weir_tally *more);

/* Errors: CORRUPT (less than nothing would remain); `*sum` is then untouched. */
WEIR_CHECKED enum weir_err weir_tally_subtract(struct weir_scope *scope,
                                               struct weir_tally *sum,
                                               const struct weir_tally *less);

struct weir_ratio weir_tally_ratio(const struct weir_tally *tally);

#endif /* WEIR_METRICS_TALLY_H */
