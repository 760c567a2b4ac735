/* The published availability of a window (docs/formats-metrics.md 6): milliseconds up, down,
 * unknown and in maintenance.  A state holds until the next tick, at most hold_ms, then it is
 * unknown; before the first tick unknown; never past `as_of`.  What moves money is settlement.h,
 * not this. A store keeps per window the sums of *closed* time (between two ticks):
 * weir_availability_insert says how one tick, in any order, changes them, and weir_availability_at
 * adds the open end. weir_availability_compute is the second way, over a whole array; both agree.
 * Floor 1: pure. */
#ifndef WEIR_METRICS_AVAILABILITY_H
#define WEIR_METRICS_AVAILABILITY_H

#include <stdint.h>

#include "base/err.h"
#include "metrics/gauge.h"
#include "metrics/interval.h"
#include "metrics/maintenance.h"
#include "metrics/tick.h"

#define WEIR_AVAILABILITY_WINDOWS_MAX 100000 /* that one tick may touch */

/* The four add up to the part of the window before `as_of`. */
struct weir_availability {
    uint64_t up_ms;
    uint64_t down_ms;
    uint64_t unknown_ms;
    uint64_t maintenance_ms;
};

/* Closed time of one window: what a store keeps. */
struct weir_closed_time {
    uint64_t up_ms;
    uint64_t down_ms;
};

struct weir_closed_time_change {
    struct weir_interval window;
    int64_t up_ms; /* to be added, may be negative */
    int64_t down_ms;
};

struct weir_closed_time_changes {
    struct weir_closed_time_change
        *items; /* by window, ascending; only such that change something */
    size_t count;
};

/* A tick and the ones beside it in time, NULL where there is none. */
struct weir_insertion {
    const struct weir_tick *previous;
    const struct weir_tick *tick;
    const struct weir_tick *next;
};

/* Time that changes hands: `sign` times the interval, in a state.  May be empty. */
struct weir_time_move {
    struct weir_interval interval;
    int32_t sign; /* 1 or -1 */
    uint8_t state;
};

/* The two moves that putting `tick` between its neighbours makes, before windows and maintenance:
 * what the neighbour before gains or loses, and what the tick itself brings.  Takes no memory: for
 * a store's fast path, where both moves lie in one window without maintenance.
 * Errors: CONFLICT (two ticks at the same time, or not in order). */
WEIR_CHECKED enum weir_err weir_availability_moves(struct weir_scope *scope,
                                                   const struct weir_gauge *gauge,
                                                   const struct weir_insertion *insertion,
                                                   struct weir_time_move moves[static 2]);

/* How the closed time changes when `tick` is put between its neighbours, split at window edges and
 * without maintenance, in O(1) for ticks of the usual distance.  `declared` is all maintenance
 * known; when a new declaration arrives, the windows it touches are computed anew instead. Errors:
 * CONFLICT (two ticks at the same time, or not in order), LIMIT (more than
 * WEIR_AVAILABILITY_WINDOWS_MAX windows), RANGE, MEMORY. */
WEIR_CHECKED enum weir_err weir_availability_insert(struct weir_scope *scope,
                                                    const struct weir_gauge *gauge,
                                                    const struct weir_insertion *insertion,
                                                    const struct weir_maintenance_list *declared,
                                                    struct weir_closed_time_changes *changes);

/* One window as seen at `as_of_ms`, or at the newest tick if that is later. */
struct weir_view {
    struct weir_interval window;
    int64_t as_of_ms;
};

/* What a store knows of a window: its sums, and the newest tick of the gauge (NULL: none). */
struct weir_measured {
    struct weir_closed_time closed;
    const struct weir_tick *newest;
};

/* The published time from what is stored.  Before the window begins all is zero.  Errors: CORRUPT
 * (more time than the window has), MEMORY. */
WEIR_CHECKED enum weir_err weir_availability_at(struct weir_scope *scope,
                                                const struct weir_gauge *gauge,
                                                struct weir_view view,
                                                const struct weir_measured *measured,
                                                const struct weir_maintenance_list *declared,
                                                struct weir_availability *availability);

struct weir_tick_list {
    const struct weir_tick *items; /* strictly ascending in time */
    size_t count;
};

/* From all ticks, or from those inside the window and the nearest on both sides.
 * Errors: CONFLICT (ticks not strictly ascending), MEMORY. */
WEIR_CHECKED enum weir_err weir_availability_compute(struct weir_scope *scope,
                                                     const struct weir_gauge *gauge,
                                                     struct weir_view view,
                                                     const struct weir_tick_list *ticks,
                                                     const struct weir_maintenance_list *declared,
                                                     struct weir_availability *availability);

/* up / (up + down); den 0: no data. */
struct weir_ratio weir_availability_ratio(const struct weir_availability *availability);

/* up / (up + down + unknown): unknown counted as down. */
struct weir_ratio weir_availability_strict_ratio(const struct weir_availability *availability);

/* The end of what `tick` says about the time after it: the next tick or the end of the hold,
 * whichever is first; `next` NULL: the end of the hold.  A clock set forward ends it where the
 * clock stood before. */
int64_t
weir_tick_held_until(const struct weir_tick *tick, const struct weir_tick *next, int64_t hold_ms);

#endif /* WEIR_METRICS_AVAILABILITY_H */
