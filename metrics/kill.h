/* The kill signal of an OTIF gauge and class (docs/formats-metrics.md 9): two consecutive final
 * windows below the target, each with at least min_due units.  Rule A wants them consecutive in the
 * calendar (an empty window breaks the run), rule B skips empty ones.  It is latched: on until
 * acknowledged, and armed again from the next final window on.  Pure state machines; a store keeps
 * the open structs. Floor 1. */
#ifndef WEIR_METRICS_KILL_H
#define WEIR_METRICS_KILL_H

#include <stdbool.h>
#include <stdint.h>

#include "metrics/gauge.h"
#include "metrics/tally.h"

#define WEIR_KILL_RUN 2

/* One final window of the class. */
struct weir_final_window {
    struct weir_interval window;
    struct weir_tally tally;
};

/* A run of breaches, fed with final windows in the order of time; `{0}` before the first. */
struct weir_kill_run {
    uint64_t length;               /* breaching windows in a row */
    struct weir_interval first;    /* of the run; empty when length is 0 */
    struct weir_interval previous; /* the last window that had min_due units; empty: none */
};

/* Takes one more window.  True when the run has just reached WEIR_KILL_RUN.
 *   below target, enough units, follows the previous one or rule B  -> length + 1
 *   below target, enough units, else                                -> length 1
 *   not below target, enough units                                  -> length 0
 *   too few units                                                   -> unchanged (A: the gap breaks
 *                                                                      the run at the next window)
 */
bool weir_kill_run_next(struct weir_kill_run *run,
                        const struct weir_gauge *gauge,
                        const struct weir_final_window *next);

/* The latch; `{.acknowledged_until_ms = INT64_MIN}` before anything happened. */
struct weir_kill_signal {
    uint8_t is_on;
    struct weir_interval first; /* the two windows that set it; empty while it is off */
    struct weir_interval fired;
    int64_t acknowledged_until_ms; /* windows that end at or before this no longer set it */
};

/* Evaluates all final windows of the class, ascending.  Sets the signal if some window that ends
 * after acknowledged_until_ms closes a run of WEIR_KILL_RUN or more; never clears it: a late
 * revision does not undo what somebody may already have acted on. */
void weir_kill_evaluate(struct weir_kill_signal *signal,
                        const struct weir_gauge *gauge,
                        const struct weir_final_window *windows,
                        size_t window_count);

/* Clears the signal and arms it again from the next final window on.  `final_until_ms` is the end
 * of the newest final window known to whoever acknowledges. */
void weir_kill_acknowledge(struct weir_kill_signal *signal, int64_t final_until_ms);

#endif /* WEIR_METRICS_KILL_H */
