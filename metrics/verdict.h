/* The published verdict of a window: what was promised against what is known, its stage, whether
 * the sample is thin.  Nothing here moves money.  `as_of` decides only the stage and how much of a
 * running window is counted.  Unknown is never a breach, and `insufficient` never hides one that is
 * certain (docs/formats-metrics.md 6).  Floor 1: pure. */
#ifndef WEIR_METRICS_VERDICT_H
#define WEIR_METRICS_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "metrics/availability.h"
#include "metrics/gauge.h"
#include "metrics/ratio.h"
#include "metrics/tally.h"

/* More unknown time than this share of the time that counts, and a window cannot be called met. */
#define WEIR_UNKNOWN_MAX_PPM 50000

enum weir_judgement {
    WEIR_JUDGEMENT_MET = 1,
    WEIR_JUDGEMENT_BREACHED = 2,
    WEIR_JUDGEMENT_INSUFFICIENT = 3,
    WEIR_JUDGEMENT_NO_DATA = 4,
};

enum weir_stage { WEIR_STAGE_PROVISIONAL = 1, WEIR_STAGE_FINAL = 2 };

struct weir_verdict {
    enum weir_judgement judgement;
    enum weir_stage stage;
    struct weir_ratio ratio; /* published; den 0: none */
    uint8_t is_thin;         /* 1: fewer units than the gauge's minimum */
    uint8_t is_below;        /* 1: the published ratio is below target, whatever the judgement */
    uint8_t is_certain;      /* 1: nothing that can still happen undoes the breach */
};

/* Final from the end of the window plus the gauge's lateness on. */
enum weir_stage
weir_stage_at(const struct weir_gauge *gauge, struct weir_interval window, int64_t as_of_ms);

/* Availability.  Breached: as soon as the budget of the whole window is certainly spent (probed
 * gauges), else only when final.  The values are those at view.as_of_ms. */
struct weir_verdict weir_verdict_of_availability(const struct weir_gauge *gauge,
                                                 struct weir_view view,
                                                 const struct weir_availability *availability);

/* Event gauges breach only when final: promises can be added and misses revised until then.  A
 * provisional window below target is INSUFFICIENT with is_below set. */
struct weir_verdict weir_verdict_of_tally(const struct weir_gauge *gauge,
                                          struct weir_view view,
                                          const struct weir_tally *tally);

/* "met", "breached", "insufficient", "no_data"; "provisional", "final". */
const char *weir_judgement_name(enum weir_judgement judgement);
const char *weir_stage_name(enum weir_stage stage);

#endif /* WEIR_METRICS_VERDICT_H */
