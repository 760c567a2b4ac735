/* Heap sort: in place, no heap memory, O(n log n) at worst.  The order must be total over the items
 * that can occur, since equal ones may change places.  Floor 1: pure. */
#ifndef WEIR_METRICS_SORT_H
#define WEIR_METRICS_SORT_H

#include <stddef.h>

/* `compare` gives <0, 0, >0 for two items. */
void weir_sort(void *items,
               size_t count,
               size_t item_bytes,
               int (*compare)(const void *left, const void *right));

#endif /* WEIR_METRICS_SORT_H */
