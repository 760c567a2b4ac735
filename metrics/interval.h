/* Half-open intervals of unix milliseconds and small set arithmetic on sorted lists of them.  A
 * list owns nothing; its items live in the arena of whoever made it.  Floor 1: pure. */
#ifndef WEIR_METRICS_INTERVAL_H
#define WEIR_METRICS_INTERVAL_H

#include <stdint.h>

#include "base/err.h"

struct weir_interval {
    int64_t start_ms;
    int64_t end_ms; /* exclusive; an interval whose end is not after its start is empty */
};

/* Sorted by start, not empty, not overlapping, not touching: the maximal intervals of a set. */
struct weir_interval_list {
    const struct weir_interval *items;
    size_t count;
};

/* The common part, possibly empty. */
struct weir_interval weir_interval_clip(struct weir_interval a, struct weir_interval b);

/* Length in milliseconds; 0 for an empty one. */
uint64_t weir_interval_ms(struct weir_interval interval);

/* Sum of the lengths. */
uint64_t weir_interval_list_ms(struct weir_interval_list list);

/* The maximal intervals of the union of `count` intervals in any order; empty ones are dropped. */
WEIR_CHECKED enum weir_err weir_interval_list_join(struct weir_scope *scope,
                                                   const struct weir_interval *intervals,
                                                   size_t count,
                                                   struct weir_interval_list *joined);

/* What of `list` is not in `removed`. */
WEIR_CHECKED enum weir_err weir_interval_list_subtract(struct weir_scope *scope,
                                                       struct weir_interval_list list,
                                                       struct weir_interval_list removed,
                                                       struct weir_interval_list *rest);

/* How many milliseconds of `interval` lie in `list`. */
uint64_t weir_interval_list_common_ms(struct weir_interval_list list,
                                      struct weir_interval interval);

#endif /* WEIR_METRICS_INTERVAL_H */
