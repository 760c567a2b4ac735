#include <string.h>

#include "base/arena.h"
#include "ledger/fold_jobs.h"
#include "ledger/logs.h"
#include "ledger/observations.h"
#include "ledger/sql.h"
#include "ledger/store.h"
#include "metrics/otif.h"

/* The order of (source, id). */
static bool is_before(const struct weir_stored_event *a, const struct weir_stored_event *b)
{
    int order = weir_slice_compare(a->event.source, b->event.source);
    return order != 0 ? order < 0 : weir_slice_compare(a->event.id, b->event.id) < 0;
}

/* Merge sort: as fast for an adversary's order as for any other. */
static void sort(struct weir_stored_event *texts, struct weir_stored_event *spare, size_t count)
{
    if (count < 2)
        return;
    size_t half = count / 2;
    sort(texts, spare, half);
    sort(texts + half, spare, count - half);
    memcpy(spare, texts, count * sizeof(*texts));
    size_t left = 0;
    size_t right = half;
    for (size_t i = 0; i < count; i++) {
        bool is_left = right == count || (left < half && !is_before(&spare[right], &spare[left]));
        texts[i] = is_left ? spare[left++] : spare[right++];
    }
}

static enum weir_err list_make(struct weir_scope *scope,
                               struct weir_stored_event *texts,
                               size_t count,
                               struct weir_event_list *events)
{
    struct weir_event *items = weir_take(scope, count, sizeof(*items));
    struct weir_slice *slices = weir_take(scope, count, sizeof(*slices));
    uint64_t *seqs = weir_take(scope, count, sizeof(*seqs));
    struct weir_stored_event *spare = weir_take(scope, count, sizeof(*spare));
    if (items == NULL || slices == NULL || seqs == NULL || spare == NULL)
        return scope->err;
    sort(texts, spare, count);
    for (size_t i = 0; i < count; i++) {
        items[i] = texts[i].event;
        slices[i] = texts[i].text;
        seqs[i] = texts[i].seq;
    }
    *events =
        (struct weir_event_list){.items = items, .texts = slices, .seqs = seqs, .count = count};
    return WEIR_OK;
}

enum weir_err weir_job_events(struct weir_store *store,
                              struct weir_scope *scope,
                              int64_t log_id,
                              struct weir_slice subject,
                              struct weir_event_list *events)
{
    struct weir_stored_events stored;
    enum weir_err err = weir_stored_events_of_job(store, scope, log_id, subject, &stored);
    return err == WEIR_OK ? list_make(scope, stored.items, stored.count, events) : err;
}

/* The jobs of which some promise was ever due in the window. */
static enum weir_err candidates(struct weir_store *store,
                                struct weir_scope *scope,
                                int64_t log_id,
                                int64_t window_ms,
                                struct weir_collected *subjects)
{
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    "SELECT DISTINCT subject FROM observation "
                    "WHERE position >> 40 = ? AND window_ms = ? ORDER BY subject",
                    WEIR_VALUES(weir_value_i64(log_id), weir_value_i64(window_ms)));
    while (weir_rows_next(&rows)) {
        struct weir_slice *subject = weir_collect(scope, subjects);
        if (subject == NULL)
            rows.err = scope->err;
        else
            *subject = weir_row_slice(&rows, 0);
    }
    return weir_rows_end(&rows);
}

/* Adds the job's events when its first confirmed promise is due in the window. */
static enum weir_err job_take(struct weir_store *store,
                              struct weir_scope *scope,
                              const struct weir_log_state *state,
                              struct weir_slice subject,
                              const struct weir_interval *window,
                              struct weir_collected *taken)
{
    struct weir_stored_events stored;
    struct weir_outcome outcome = {.standing = WEIR_JOB_UNPROMISED};
    enum weir_err err = weir_stored_events_of_job(store, scope, state->log_id, subject, &stored);
    if (err != WEIR_OK)
        return err;
    struct weir_event *events = weir_take(scope, stored.count, sizeof(*events));
    if (events == NULL)
        return scope->err;
    for (size_t i = 0; i < stored.count; i++)
        events[i] = stored.items[i].event;
    if (stored.count > 0)
        err = weir_job_fold(scope, &state->gauge, events, stored.count, &outcome);
    if (err != WEIR_OK || outcome.standing == WEIR_JOB_UNPROMISED ||
        outcome.window.start_ms != window->start_ms)
        return err;
    for (size_t i = 0; i < stored.count; i++) {
        struct weir_stored_event *item = weir_collect(scope, taken);
        if (item == NULL)
            return scope->err;
        *item = stored.items[i];
    }
    return WEIR_OK;
}

static enum weir_err window_events(struct weir_store *store,
                                   struct weir_scope *scope,
                                   int64_t log_id,
                                   struct weir_interval window,
                                   struct weir_event_list *events)
{
    struct weir_collected subjects = {.item_bytes = sizeof(struct weir_slice)};
    struct weir_collected taken = {.item_bytes = sizeof(struct weir_stored_event)};
    struct weir_log_state *state = NULL;
    enum weir_err err = weir_log_state_get(store, scope, log_id, &state);
    if (err == WEIR_OK)
        err = candidates(store, scope, log_id, window.start_ms, &subjects);
    const struct weir_slice *items = subjects.items;
    for (size_t i = 0; err == WEIR_OK && i < subjects.count; i++)
        err = job_take(store, scope, state, items[i], &window, &taken);
    return err == WEIR_OK ? list_make(scope, taken.items, taken.count, events) : err;
}

enum weir_err weir_window_events(struct weir_store *store,
                                 struct weir_scope *scope,
                                 int64_t log_id,
                                 struct weir_interval window,
                                 struct weir_event_list *events)
{
    enum weir_err err = weir_store_read_begin(store, scope);
    if (err != WEIR_OK)
        return err;
    err = window_events(store, scope, log_id, window, events);
    weir_store_read_end(store);
    return err;
}
