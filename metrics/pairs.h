/* Canonical line texts: one "key value\n" per line, keys in bytewise order.  Gauge definitions,
 * events and window closes are written so.  A value is the rest of its line; it has no control
 * characters and no space at either end, so that what is hashed is what a reader sees.
 * Floor 1: pure. */
#ifndef WEIR_METRICS_PAIRS_H
#define WEIR_METRICS_PAIRS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"

struct weir_pairs {
    struct weir_slice rest;
    struct weir_slice key; /* of the line just read */
    struct weir_slice value;
    unsigned number; /* of the line just read, from 1 */
};

/* Reads the next line; the caller stops when `rest` is empty.  Errors: PARSE (no line end, no
 * value, characters as above, or a key before the last one; equal keys are left to the caller). */
WEIR_CHECKED enum weir_err weir_pairs_next(struct weir_scope *scope, struct weir_pairs *pairs);

/* Well-formed UTF-8 of 1 to `length_max` bytes, without control characters and without a space at
 * either end. */
bool weir_text_is_plain(struct weir_slice text, size_t length_max);

WEIR_CHECKED enum weir_err weir_pairs_text(struct weir_scope *scope,
                                           struct weir_buffer *buffer,
                                           const char *key,
                                           struct weir_slice value);
WEIR_CHECKED enum weir_err weir_pairs_u64(struct weir_scope *scope,
                                          struct weir_buffer *buffer,
                                          const char *key,
                                          uint64_t value);
WEIR_CHECKED enum weir_err weir_pairs_i64(struct weir_scope *scope,
                                          struct weir_buffer *buffer,
                                          const char *key,
                                          int64_t value);

#endif /* WEIR_METRICS_PAIRS_H */
