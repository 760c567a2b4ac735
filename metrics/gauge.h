/* The definition of a gauge: everything that decides its number, as canonical text of sorted
 * "key value" lines.  The text is leaf 0 of the gauge's log, and its SHA-256 travels with every
 * number and stands in the terms of an agreement; equal for all nodes that measure the same
 * promise. Texts are NUL-terminated, borrowed (parse takes them from the scope's arena) and NULL
 * when absent. Floor 1: pure. */
#ifndef WEIR_METRICS_GAUGE_H
#define WEIR_METRICS_GAUGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"
#include "metrics/ratio.h"
#include "metrics/window.h"

#define WEIR_GAUGE_TEXT_MAX ((size_t)65536)
#define WEIR_GAUGE_NAME_MAX 63   /* a-z 0-9 . _ -, first a letter or digit */
#define WEIR_GAUGE_STATUS_MAX 16 /* expected status ranges */
#define WEIR_GAUGE_BODY_MAX 1024 /* bytes of expected text */
#define WEIR_GAUGE_URL_MAX 2048
#define WEIR_GAUGE_CLASS_MAX 128
#define WEIR_GAUGE_DURATION_MAX_MS (INT64_C(3660) * 86400000) /* ten years and a bit */

/* "none" in the text: a state holds until the next one, as in an imported log of changes; a
 * delivery is never too early. */
#define WEIR_UNLIMITED_MS INT64_MAX

enum weir_gauge_kind { WEIR_GAUGE_AVAILABILITY = 1, WEIR_GAUGE_OTIF = 2 };
enum weir_gauge_unit { WEIR_UNIT_LINE = 1, WEIR_UNIT_COMMITMENT = 2 };
enum weir_gauge_measure { WEIR_MEASURE_OTIF = 1, WEIR_MEASURE_FILL = 2 };
enum weir_kill_rule { WEIR_KILL_NONE = 0, WEIR_KILL_A = 1, WEIR_KILL_B = 2 };

/* An inclusive range of HTTP status codes, 100 .. 599. */
struct weir_status_range {
    uint16_t first;
    uint16_t last;
};

/* How to probe; `url` NULL: the gauge is fed by probe.result events about `subject`. */
struct weir_probe {
    const char *url;         /* http or https */
    const char *method;      /* "GET" or "HEAD" */
    const char *expect_body; /* text the body must contain, or NULL */
    int64_t interval_ms;
    int64_t timeout_ms;
    uint64_t body_bytes_max;
    uint32_t redirects_max;
    struct weir_status_range expect_status[WEIR_GAUGE_STATUS_MAX];
    size_t expect_status_count;
};

/* Availability only. */
struct weir_availability_rules {
    struct weir_probe probe;
    int64_t hold_ms;                  /* a state holds so long at most; or WEIR_UNLIMITED_MS */
    int64_t maintenance_notice_ms;    /* must be declared earlier than its start minus this */
    int64_t maintenance_allowance_ms; /* per window; what exceeds it is void */
};

/* OTIF only (docs/formats-metrics.md 8). */
struct weir_otif_rules {
    enum weir_gauge_unit unit;
    enum weir_gauge_measure measure;
    const char *class_name;      /* only jobs of this class, or NULL for all */
    int64_t early_ms;            /* earliest before the due day, or WEIR_UNLIMITED_MS */
    int64_t return_ms;           /* a return so long after the delivery undoes it; 0: never */
    uint32_t quantity_short_ppm; /* tolerated shortfall of quantity, < 1000000 */
    enum weir_kill_rule kill_rule;
    uint64_t kill_min_due; /* weeks with fewer units due do not count */
};

struct weir_gauge {
    const char *name;
    enum weir_gauge_kind kind;
    struct weir_windows windows;
    const char *zone;         /* "UTC", or the zone whose boundaries are frozen: shown only */
    const char *source;       /* only events of this source, or NULL */
    const char *subject;      /* availability fed by events: the site; else NULL */
    int64_t lateness_ms;      /* a window is final so long after its end */
    struct weir_ratio target; /* below it is a breach */
    uint64_t minimum;         /* OTIF: fewer units are "thin" and never paid; availability: 0 */
    struct weir_availability_rules availability;
    struct weir_otif_rules otif;
};

/* The defaults of a kind, to be filled by a configuration: UTC, lateness 10 min or 72 h, GET, 200,
 * 1 MiB, no redirects, minimum 20, kill rule A. */
void weir_gauge_init(struct weir_gauge *gauge, enum weir_gauge_kind kind);

/* That every value is in range and that the fields of the kind are present.  Errors: RANGE with the
 * key's name. */
WEIR_CHECKED enum weir_err weir_gauge_check(struct weir_scope *scope,
                                            const struct weir_gauge *gauge);

/* Canonical text only: weir_gauge_print of the result gives the same bytes.  Errors: PARSE, RANGE,
 * LIMIT, MEMORY. */
WEIR_CHECKED enum weir_err
weir_gauge_parse(struct weir_scope *scope, struct weir_slice text, struct weir_gauge *gauge);

/* Checks, then appends the canonical text to `buffer`.  Errors: RANGE, LIMIT, MEMORY. */
WEIR_CHECKED enum weir_err weir_gauge_print(struct weir_scope *scope,
                                            const struct weir_gauge *gauge,
                                            struct weir_buffer *buffer);

/* SHA-256 of the canonical text.  Errors: as weir_gauge_print. */
WEIR_CHECKED enum weir_err
weir_gauge_hash(struct weir_scope *scope, const struct weir_gauge *gauge, struct weir_hash *hash);

/* True for a gauge that is probed by schedule: its breach may be certain before the window ends. */
bool weir_gauge_is_scheduled(const struct weir_gauge *gauge);

#endif /* WEIR_METRICS_GAUGE_H */
