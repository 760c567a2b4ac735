#include <string.h>

#include "base/arena.h"
#include "ledger/fold_jobs.h"
#include "ledger/observations.h"
#include "ledger/sql.h"
#include "ledger/store.h"

/* The order of (source, id). */
static bool is_before(const struct weir_job_text *a, const struct weir_job_text *b)
{
    int order = weir_slice_compare(a->event.source, b->event.source);
    return order != 0 ? order < 0 : weir_slice_compare(a->event.id, b->event.id) < 0;
}

/* Merge sort: as fast for an adversary's order as for any other. */
static void sort(struct weir_job_text *texts, struct weir_job_text *spare, size_t count)
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
                               struct weir_job_text *texts,
                               size_t count,
                               struct weir_event_list *events)
{
    struct weir_event *items = weir_take(scope, count, sizeof(*items));
    struct weir_slice *slices = weir_take(scope, count, sizeof(*slices));
    uint64_t *seqs = weir_take(scope, count, sizeof(*seqs));
    struct weir_job_text *spare = weir_take(scope, count, sizeof(*spare));
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

/* The leaf numbers of all jobs that the statement finds, joined. */
static enum weir_err seqs_join(struct weir_rows *rows, struct weir_buffer *seqs)
{
    while (weir_rows_next(rows)) {
        struct weir_slice some = weir_row_peek(rows, 0);
        rows->err = weir_buffer_put(rows->scope, seqs, some.data, some.length);
    }
    return weir_rows_end(rows);
}

static enum weir_err events_of(struct weir_store *store,
                               struct weir_scope *scope,
                               int64_t log_id,
                               struct weir_slice seqs,
                               struct weir_event_list *events)
{
    struct weir_job_text *texts = NULL;
    size_t count = 0;
    enum weir_err err = weir_job_texts(store, scope, log_id, seqs, &texts, &count);
    return err == WEIR_OK ? list_make(scope, texts, count, events) : err;
}

enum weir_err weir_job_events(struct weir_store *store,
                              struct weir_scope *scope,
                              int64_t log_id,
                              struct weir_slice subject,
                              struct weir_event_list *events)
{
    struct weir_rows rows;
    struct weir_buffer seqs = {0};
    enum weir_err err = weir_store_read_begin(store, scope);
    if (err != WEIR_OK)
        return err;
    weir_rows_begin(&rows, store, scope, "SELECT seqs FROM job WHERE log_id = ? AND subject = ?",
                    WEIR_VALUES(weir_value_i64(log_id), weir_value_text_slice(subject)));
    err = seqs_join(&rows, &seqs);
    if (err == WEIR_OK)
        err = events_of(store, scope, log_id, weir_buffer_slice(&seqs), events);
    weir_store_read_end(store);
    return err;
}

enum weir_err weir_window_events(struct weir_store *store,
                                 struct weir_scope *scope,
                                 int64_t log_id,
                                 struct weir_interval window,
                                 struct weir_event_list *events)
{
    struct weir_rows rows;
    struct weir_buffer seqs = {0};
    enum weir_err err = weir_store_read_begin(store, scope);
    if (err != WEIR_OK)
        return err;
    weir_rows_begin(&rows, store, scope,
                    "SELECT seqs FROM job WHERE log_id = ? AND window_start_ms = ?",
                    WEIR_VALUES(weir_value_i64(log_id), weir_value_i64(window.start_ms)));
    err = seqs_join(&rows, &seqs);
    if (err == WEIR_OK)
        err = events_of(store, scope, log_id, weir_buffer_slice(&seqs), events);
    weir_store_read_end(store);
    return err;
}
