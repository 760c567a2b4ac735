/* The state of gauges: sums per window and class, kept current by ledger/record.h, the closing of
 * windows of event gauges, and the history of published verdicts, append-only with revisions.
 * Floor 2: I/O. */
#ifndef WEIR_LEDGER_WINDOWS_H
#define WEIR_LEDGER_WINDOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "metrics/availability.h"
#include "metrics/interval.h"
#include "metrics/tally.h"
#include "metrics/verdict.h"

struct weir_store;

struct weir_gauge_window {
    const char *class_name; /* WEIR_CLASS_ALL for availability */
    struct weir_interval window;
    struct weir_closed_time closed; /* availability gauges: time between two ticks */
    struct weir_tally tally;        /* OTIF gauges */
};

/* Which windows of a gauge: of one class or (NULL) of all, that meet `span`. */
struct weir_gauge_window_query {
    int64_t log_id;
    const char *class_name;
    struct weir_interval span;
};

struct weir_gauge_window_list {
    struct weir_gauge_window *items;
    size_t count;
};

/* Those that have something in them, by class, then start.  Errors: STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_gauge_window_list(struct weir_store *store,
                                                  struct weir_scope *scope,
                                                  const struct weir_gauge_window_query *query,
                                                  struct weir_gauge_window_list *windows);

/* The same with the parts of the query and of the list apart. */
WEIR_CHECKED static inline enum weir_err weir_gauge_windows(struct weir_store *store,
                                                            struct weir_scope *scope,
                                                            int64_t log_id,
                                                            const char *class_name,
                                                            struct weir_interval span,
                                                            struct weir_gauge_window **windows,
                                                            size_t *window_count)
{
    const struct weir_gauge_window_query query = {
        .log_id = log_id, .class_name = class_name, .span = span};
    struct weir_gauge_window_list found = {0};
    enum weir_err err = weir_gauge_window_list(store, scope, &query, &found);
    if (err != WEIR_OK)
        return err;
    *windows = found.items;
    *window_count = found.count;
    return WEIR_OK;
}

/* Closes a window of an event gauge: puts a leaf into the log that commits to the number and digest
 * of its inputs and to its tallies (metrics/close.h).  Revision 0 the first time, one more when the
 * inputs have changed since the last close; else `*is_new` is false and nothing is written.
 * `*leaf` is the leaf of the close that holds.  The caller knows that the window is final.
 * Errors: NOT_FOUND (log), CONFLICT (not an event gauge), STORE, BUSY. */
struct weir_closing {
    bool is_new;
    uint32_t revision;
    uint64_t leaf;
    struct weir_hash inputs;
    uint64_t input_count;
};
WEIR_CHECKED enum weir_err weir_window_close(struct weir_store *store,
                                             struct weir_scope *scope,
                                             int64_t log_id,
                                             struct weir_interval window,
                                             struct weir_closing *closing);

/* Windows that end at or before `end_ms` and are not closed, or have changed since: what the
 * collector closes at finality.  At most `limit`, oldest first. */
struct weir_unclosed_query {
    int64_t log_id;
    int64_t end_ms;
    size_t limit;
};

struct weir_unclosed_list {
    struct weir_interval *items;
    size_t count;
};

/* Errors: STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_window_unclosed(struct weir_store *store,
                                                struct weir_scope *scope,
                                                const struct weir_unclosed_query *query,
                                                struct weir_unclosed_list *windows);

/* The same with the parts of the query and of the list apart. */
WEIR_CHECKED static inline enum weir_err weir_window_list_unclosed(struct weir_store *store,
                                                                   struct weir_scope *scope,
                                                                   int64_t log_id,
                                                                   int64_t end_ms,
                                                                   size_t limit,
                                                                   struct weir_interval **windows,
                                                                   size_t *window_count)
{
    const struct weir_unclosed_query query = {.log_id = log_id, .end_ms = end_ms, .limit = limit};
    struct weir_unclosed_list found = {0};
    enum weir_err err = weir_window_unclosed(store, scope, &query, &found);
    if (err != WEIR_OK)
        return err;
    *windows = found.items;
    *window_count = found.count;
    return WEIR_OK;
}

/* One published verdict. */
struct weir_verdict_row {
    const char *class_name;
    struct weir_interval window;
    uint32_t revision;           /* 0, 1, ... per class and window */
    struct weir_verdict verdict; /* ratio, judgement, stage, flags */
    int64_t made_ms;
};

/* Appends the verdict when it differs from the newest of its class and window in anything but the
 * time; `row->revision` is ignored.  A provisional one after a final one is refused.
 * Errors: CONFLICT (that), NOT_FOUND, STORE, BUSY. */
WEIR_CHECKED enum weir_err weir_verdict_put(struct weir_store *store,
                                            struct weir_scope *scope,
                                            int64_t log_id,
                                            const struct weir_verdict_row *row,
                                            bool *is_new);

/* All revisions of the windows that meet `span`, by class, start, revision.
 * Errors: STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_verdict_list(struct weir_store *store,
                                             struct weir_scope *scope,
                                             int64_t log_id,
                                             struct weir_interval span,
                                             struct weir_verdict_row **rows,
                                             size_t *row_count);

#endif /* WEIR_LEDGER_WINDOWS_H */
