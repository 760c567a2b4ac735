#include <assert.h>

#include "base/arena.h"
#include "ledger/fold_jobs.h"
#include "ledger/recorder.h"
#include "ledger/sources.h"
#include "ledger/sql.h"
#include "ledger/tree.h"

#define EVENTS_PER_ARENA 512 /* the batch's memory is dropped every so many events */

/* What one call remembers between its events. */
struct event_run {
    struct weir_recorder recorder;
    int64_t received_ms;
    struct weir_slice source; /* of the last event; the caller's bytes */
    int64_t source_id;
};

/* An event with its canonical text. */
struct written {
    const struct weir_event *event;
    struct weir_slice text;
};

static enum weir_err source_number(struct event_run *run, struct weir_slice source)
{
    struct weir_recorder *recorder = &run->recorder;
    if (run->source_id != 0 && weir_slice_equal(run->source, source))
        return WEIR_OK;
    enum weir_err err =
        weir_sql_run(recorder->store, &recorder->batch,
                     "INSERT INTO event_source(name) VALUES (?) ON CONFLICT DO NOTHING",
                     WEIR_VALUES(weir_value_text_slice(source)));
    if (err == WEIR_OK)
        err = weir_sql_i64(recorder->store, &recorder->batch,
                           "SELECT event_source_id FROM event_source WHERE name = ?",
                           WEIR_VALUES(weir_value_text_slice(source)), &run->source_id);
    run->source = source;
    return err;
}

static enum weir_err append_event(struct event_run *run, const struct written *written)
{
    struct weir_append_leaf leaf = {
        .kind = WEIR_LEAF_EVENT, .tick_ms = written->event->occurred_ms, .payload = written->text};
    run->recorder.counts.added++;
    return weir_append_add(&run->recorder.append, &run->recorder.batch, &leaf, NULL);
}

/* Lets the event count, as leaf `seq`. */
static enum weir_err fold_add(struct event_run *run, const struct weir_event *event, uint64_t seq)
{
    struct weir_recorder *recorder = &run->recorder;
    struct weir_scope *scope = &recorder->batch;
    if (recorder->append.state->gauge.kind == WEIR_GAUGE_OTIF)
        return weir_fold_job_add(&recorder->fold, scope, event, seq);
    if (event->type != WEIR_EVENT_MAINTENANCE_DECLARED)
        return weir_fold_result_add(&recorder->fold, scope, event, seq);
    struct weir_maintenance declared = {.logged_ms = event->occurred_ms, .planned = event->planned};
    enum weir_err err = weir_maintenance_row_add(recorder, scope, seq, &declared);
    return err == WEIR_OK ? weir_fold_windows_again(&recorder->fold, scope, event->planned) : err;
}

static enum weir_err
fold_remove(struct event_run *run, const struct weir_event *event, uint64_t seq)
{
    struct weir_recorder *recorder = &run->recorder;
    struct weir_scope *scope = &recorder->batch;
    if (recorder->append.state->gauge.kind == WEIR_GAUGE_OTIF)
        return weir_fold_job_remove(&recorder->fold, scope, event, seq);
    if (event->type != WEIR_EVENT_MAINTENANCE_DECLARED)
        return weir_fold_result_remove(&recorder->fold, scope, event, seq);
    enum weir_err err = weir_sql_run(
        recorder->store, scope, "DELETE FROM maintenance WHERE log_id = ? AND seq = ?",
        WEIR_VALUES(weir_value_i64(recorder->append.state->log_id), weir_value_u64(seq)));
    return err == WEIR_OK ? weir_fold_windows_again(&recorder->fold, scope, event->planned) : err;
}

/* The revision that counts so far. */
struct current {
    uint64_t rev;
    uint64_t seq;
    struct weir_slice text;
};

static enum weir_err text_of(struct event_run *run, uint64_t seq, struct weir_slice *text)
{
    struct weir_rows rows;
    int64_t position = weir_position(run->recorder.append.state->log_id, seq);
    weir_rows_begin(&rows, run->recorder.store, &run->recorder.batch,
                    "SELECT payload FROM observation WHERE position = ?",
                    WEIR_VALUES(weir_value_i64(position)));
    bool is_found = weir_rows_next(&rows);
    if (is_found)
        *text = weir_row_slice(&rows, 0);
    enum weir_err err = weir_rows_end(&rows);
    if (err == WEIR_OK && !is_found)
        err = weir_fail(&run->recorder.batch, WEIR_E_CORRUPT,
                        "an event names leaf %llu, which is missing", (unsigned long long)seq);
    return err;
}

static enum weir_err
current_load(struct event_run *run, const struct weir_event *event, struct current *current)
{
    struct weir_rows rows;
    weir_rows_begin(&rows, run->recorder.store, &run->recorder.batch,
                    "SELECT rev, seq FROM event_key WHERE log_id = ? AND event_source_id = ? "
                    "AND event_id = ?",
                    WEIR_VALUES(weir_value_i64(run->recorder.append.state->log_id),
                                weir_value_i64(run->source_id), weir_value_text_slice(event->id)));
    if (weir_rows_next(&rows)) {
        current->rev = weir_row_u64(&rows, 0);
        current->seq = weir_row_u64(&rows, 1);
    }
    enum weir_err err = weir_rows_end(&rows);
    return err == WEIR_OK ? text_of(run, current->seq, &current->text) : err;
}

/* Whether one of the revisions that lost is this very event. */
static enum weir_err
is_superseded_copy(struct event_run *run, const struct written *written, bool *is_copy)
{
    struct weir_rows rows;
    struct weir_collected seqs = {.item_bytes = sizeof(uint64_t)};
    weir_rows_begin(&rows, run->recorder.store, &run->recorder.batch,
                    "SELECT seq FROM event_superseded WHERE log_id = ? AND event_source_id = ? "
                    "AND event_id = ? AND rev = ?",
                    WEIR_VALUES(weir_value_i64(run->recorder.append.state->log_id),
                                weir_value_i64(run->source_id),
                                weir_value_text_slice(written->event->id),
                                weir_value_u64(written->event->rev)));
    while (weir_rows_next(&rows)) {
        uint64_t *seq = weir_collect(&run->recorder.batch, &seqs);
        if (seq == NULL) {
            rows.err = run->recorder.batch.err;
            break;
        }
        *seq = weir_row_u64(&rows, 0);
    }
    enum weir_err err = weir_rows_end(&rows);
    *is_copy = false;
    for (size_t i = 0; err == WEIR_OK && i < seqs.count && !*is_copy; i++) {
        struct weir_slice text = {0};
        err = text_of(run, ((const uint64_t *)seqs.items)[i], &text);
        *is_copy = err == WEIR_OK && weir_slice_equal(text, written->text);
    }
    return err;
}

static enum weir_err
superseded_add(struct event_run *run, const struct weir_event *event, uint64_t rev, uint64_t seq)
{
    run->recorder.counts.superseded++;
    return weir_sql_run(run->recorder.store, &run->recorder.batch,
                        "INSERT INTO event_superseded(log_id, event_source_id, event_id, rev, seq) "
                        "VALUES (?, ?, ?, ?, ?)",
                        WEIR_VALUES(weir_value_i64(run->recorder.append.state->log_id),
                                    weir_value_i64(run->source_id),
                                    weir_value_text_slice(event->id), weir_value_u64(rev),
                                    weir_value_u64(seq)));
}

/* The new revision counts from now on, the current one no longer. */
static enum weir_err supersede(struct event_run *run,
                               const struct written *written,
                               const struct current *current,
                               uint64_t seq)
{
    struct weir_event old;
    struct weir_scope *scope = &run->recorder.batch;
    enum weir_err err = weir_event_parse(scope, current->text, &old);
    if (err == WEIR_OK)
        err = fold_remove(run, &old, current->seq);
    if (err == WEIR_OK)
        err = superseded_add(run, written->event, current->rev, current->seq);
    if (err == WEIR_OK)
        err = weir_sql_run(run->recorder.store, scope,
                           "UPDATE event_key SET rev = ?, seq = ? WHERE log_id = ? AND "
                           "event_source_id = ? AND event_id = ?",
                           WEIR_VALUES(weir_value_u64(written->event->rev), weir_value_u64(seq),
                                       weir_value_i64(run->recorder.append.state->log_id),
                                       weir_value_i64(run->source_id),
                                       weir_value_text_slice(written->event->id)));
    return err == WEIR_OK ? fold_add(run, written->event, seq) : err;
}

/* An event whose (source, id) is stored: the same again, or one more revision. */
static enum weir_err again(struct event_run *run, const struct written *written)
{
    struct current current = {0};
    bool is_copy = false;
    enum weir_err err = current_load(run, written->event, &current);
    if (err != WEIR_OK)
        return err;
    is_copy = weir_slice_equal(current.text, written->text);
    if (!is_copy)
        err = is_superseded_copy(run, written, &is_copy);
    if (err != WEIR_OK || is_copy) {
        run->recorder.counts.known += is_copy ? 1 : 0;
        return err;
    }
    struct weir_revision ours = {.rev = written->event->rev,
                                 .payload_hash = weir_event_payload_hash(written->text)};
    struct weir_revision theirs = {.rev = current.rev,
                                   .payload_hash = weir_event_payload_hash(current.text)};
    uint64_t seq = run->recorder.append.state->edge.size;
    err = append_event(run, written);
    if (err != WEIR_OK)
        return err;
    if (weir_revision_compare(&ours, &theirs) > 0)
        return supersede(run, written, &current, seq);
    return superseded_add(run, written->event, written->event->rev, seq);
}

/* Tries to be the first of its (source, id): one statement in the usual case. */
static enum weir_err record_one(struct event_run *run, const struct written *written)
{
    struct weir_recorder *recorder = &run->recorder;
    const struct weir_event *event = written->event;
    uint64_t seq = recorder->append.state->edge.size;
    enum weir_err err = source_number(run, event->source);
    if (err == WEIR_OK)
        err = weir_sql_run(recorder->store, &recorder->batch,
                           "INSERT INTO event_key(log_id, event_source_id, event_id, rev, seq) "
                           "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                           WEIR_VALUES(weir_value_i64(recorder->append.state->log_id),
                                       weir_value_i64(run->source_id),
                                       weir_value_text_slice(event->id), weir_value_u64(event->rev),
                                       weir_value_u64(seq)));
    if (err != WEIR_OK)
        return err;
    if (weir_sql_changes(recorder->store) == 0)
        return again(run, written);
    err = append_event(run, written);
    return err == WEIR_OK ? fold_add(run, event, seq) : err;
}

static enum weir_err
refuse(struct event_run *run, const struct weir_event *event, const char *reason)
{
    struct weir_scope *scope = &run->recorder.batch;
    struct weir_buffer text = {.capacity_max = WEIR_REFUSED_BYTES_MAX};
    enum weir_err err = weir_buffer_printf(
        scope, &text, "source %.*s\nid %.*s\nrev %llu\ntype %s\nsubject %.*s\noccurred_ms %lld\n",
        (int)event->source.length, (const char *)event->source.data, (int)event->id.length,
        (const char *)event->id.data, (unsigned long long)event->rev,
        weir_event_type_name(event->type) == NULL ? "?" : weir_event_type_name(event->type),
        (int)event->subject.length, (const char *)event->subject.data,
        (long long)event->occurred_ms);
    struct weir_refused_row row = {
        .origin = run->recorder.append.state->gauge.name,
        .reason = reason,
        .bytes = weir_buffer_slice(&text),
        .length = text.length,
        .received_ms = run->received_ms,
    };
    return err == WEIR_OK ? weir_recorder_refuse(&run->recorder, scope, &row) : err;
}

static enum weir_err check_and_record(struct event_run *run, const struct weir_event *event)
{
    enum weir_refusal refusal = weir_event_check(event, run->received_ms);
    if (refusal != WEIR_REFUSAL_NONE)
        return refuse(run, event, weir_refusal_text(refusal));
    if (event->occurred_ms < 0)
        return refuse(run, event, "it occurred before 1970");
    if (!weir_event_feeds(event, &run->recorder.append.state->gauge))
        return refuse(run, event, "the gauge does not count such events");
    struct weir_buffer text = {.capacity_max = WEIR_EVENT_TEXT_MAX};
    enum weir_err err = weir_event_print(&run->recorder.batch, event, &text);
    struct written written = {.event = event, .text = weir_buffer_slice(&text)};
    return err == WEIR_OK ? record_one(run, &written) : err;
}

static enum weir_err events_record(struct event_run *run, const struct weir_events *events)
{
    struct weir_recorder *recorder = &run->recorder;
    const struct weir_gauge *gauge = &recorder->append.state->gauge;
    if (weir_gauge_is_scheduled(gauge))
        return weir_fail(&recorder->batch, WEIR_E_CONFLICT,
                         "gauge '%s' is probed by schedule and takes no events", gauge->name);
    enum weir_err err = WEIR_OK;
    if (gauge->kind == WEIR_GAUGE_AVAILABILITY)
        err = weir_fold_maintenance(&recorder->fold, &recorder->batch);
    for (size_t i = 0; i < events->count && err == WEIR_OK; i++) {
        if (i % EVENTS_PER_ARENA == 0)
            weir_arena_clear(recorder->batch.arena);
        err = check_and_record(run, &events->items[i]);
    }
    return err;
}

enum weir_err weir_record_events(struct weir_store *store,
                                 struct weir_scope *scope,
                                 int64_t log_id,
                                 const struct weir_events *events,
                                 struct weir_record_counts *counts)
{
    struct weir_work work;
    struct event_run run = {.received_ms = events->received_ms};
    enum weir_err err = weir_work_begin(store, scope, &work);
    if (err != WEIR_OK)
        return err;
    err = weir_recorder_begin(&run.recorder, store, scope, log_id);
    if (err == WEIR_OK) {
        err = events_record(&run, events);
        if (err != WEIR_OK)
            err = weir_recorder_fail(&run.recorder, scope);
    }
    if (err == WEIR_OK)
        err = weir_recorder_end(&run.recorder, scope);
    err = weir_work_end(store, scope, &work, err);
    if (err == WEIR_OK)
        weir_record_counts_add(counts, &run.recorder.counts);
    return err;
}
