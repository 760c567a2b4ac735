/* The window-close payload of an event gauge: which events a verdict rests on and what they count
 * to, per class, as canonical text of sorted "key value" lines.  Logged when a window becomes final
 * (revision 0) and at every later change (1, 2, ...); never overwritten.  Floor 1: pure. */
#ifndef WEIR_METRICS_CLOSE_H
#define WEIR_METRICS_CLOSE_H

#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"
#include "metrics/interval.h"
#include "metrics/tally.h"

#define WEIR_CLOSE_CLASS_MAX 1024
#define WEIR_CLOSE_TEXT_MAX ((size_t)262144)

struct weir_close_class {
    struct weir_slice class_name; /* borrowed */
    struct weir_tally tally;
};

struct weir_close {
    struct weir_hash gauge; /* of the definition */
    struct weir_interval window;
    uint32_t revision;
    uint64_t input_count;
    struct weir_hash inputs;                /* weir_inputs_digest_set of the events */
    const struct weir_close_class *classes; /* ascending by name, none twice */
    size_t class_count;
};

/* Errors: RANGE (classes not ascending, empty window, a class name with control characters), LIMIT,
 * MEMORY. */
WEIR_CHECKED enum weir_err weir_close_print(struct weir_scope *scope,
                                            const struct weir_close *close,
                                            struct weir_buffer *buffer);

/* Canonical text only; names borrow from `text`.  Errors: PARSE, RANGE, LIMIT, MEMORY. */
WEIR_CHECKED enum weir_err
weir_close_parse(struct weir_scope *scope, struct weir_slice text, struct weir_close *close);

/* The tally of a class; NULL when the class had nothing due. */
const struct weir_tally *weir_close_find(const struct weir_close *close,
                                         struct weir_slice class_name);

#endif /* WEIR_METRICS_CLOSE_H */
