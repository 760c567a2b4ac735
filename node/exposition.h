/* The text of /metrics in its two formats, written front to back: text 0.0.4 and OpenMetrics 1.0.0.
 * The caller keeps the samples of one family together and gives no series twice.  Integers
 * and exact decimals only.  Floor 3: pure. */
#ifndef WEIR_NODE_EXPOSITION_H
#define WEIR_NODE_EXPOSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

#define WEIR_EXPOSITION_TEXT "text/plain; version=0.0.4; charset=utf-8"
#define WEIR_EXPOSITION_OPENMETRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define WEIR_LABELS_MAX 6

struct weir_exposition {
    struct weir_scope *scope;
    struct weir_buffer buffer;
    enum weir_err err; /* the first failure sticks */
    bool is_openmetrics;
};

struct weir_label {
    const char *name;
    const char *value; /* escaped by the writer */
};

/* Whether an Accept header asks for OpenMetrics 1.0.0 rather than text; NULL: text. */
bool weir_exposition_wants_openmetrics(const char *accept);

void weir_exposition_begin(struct weir_exposition *exposition,
                           struct weir_scope *scope,
                           bool is_openmetrics,
                           size_t bytes_max);

/* HELP and TYPE of a family, from node/metrics.def; an unknown name gets only its type "unknown"
 * ("untyped").  Counters are named with their _total. */
void weir_exposition_family(struct weir_exposition *exposition, const char *name);

/* One sample; a label with name NULL ends the list. */
void weir_exposition_i64(struct weir_exposition *exposition,
                         const char *name,
                         const struct weir_label *labels,
                         int64_t value);
/* Milliseconds as seconds with three decimals. */
void weir_exposition_ms(struct weir_exposition *exposition,
                        const char *name,
                        const struct weir_label *labels,
                        int64_t value_ms);

/* A sample whose name has its labels already: `weir_x{chain="base"}`. */
void weir_exposition_raw(struct weir_exposition *exposition, const char *series, int64_t value);

/* The length of the family's name in such a series: up to '{'. */
size_t weir_exposition_family_length(const char *series);

/* Whether a series that another process made may be printed as it is: a name and well-formed
 * labels. */
bool weir_exposition_is_series(const char *series);

/* Ends the text.  Errors: LIMIT, MEMORY. */
WEIR_CHECKED enum weir_err weir_exposition_end(struct weir_exposition *exposition,
                                               struct weir_slice *text);

#endif /* WEIR_NODE_EXPOSITION_H */
