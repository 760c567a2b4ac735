/* The SCMS delivery history as events, from its job table or from the shuffled stream, and the
 * gauges its truth files were made with. */
#ifndef WEIR_TESTS_UNIT_METRICS_WITH_SCMS_H
#define WEIR_TESTS_UNIT_METRICS_WITH_SCMS_H

#include "metrics/event.h"
#include "metrics/gauge.h"
#include "metrics/otif.h"

#define WITH_SCMS_FOLDER "metrics/scms_otif"

struct with_events {
    struct weir_event *items;
    size_t count;
};

struct with_events with_scms_jobs(struct weir_scope *scope);
struct with_events with_scms_stream(struct weir_scope *scope);

/* Weeks of UTC, 95 of 100. */
struct weir_gauge with_scms_gauge(enum weir_gauge_unit unit, enum weir_gauge_measure measure);

/* The rows as the truth files write them. */
struct weir_slice with_scms_print(struct weir_scope *scope,
                                  const struct weir_gauge *gauge,
                                  const struct weir_tally_rows *rows);

#endif /* WEIR_TESTS_UNIT_METRICS_WITH_SCMS_H */
