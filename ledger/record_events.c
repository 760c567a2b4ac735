#include <assert.h>

#include "base/arena.h"
#include "ledger/fold_jobs.h"
#include "ledger/recorder.h"
#include "ledger/sources.h"
#include "ledger/sql.h"
#include "ledger/tree.h"
#include "metrics/window.h"

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
    bool is_promise; /* then `window` is where it is due */
    struct weir_interval window;
    struct weir_known_job *job; /* OTIF: NULL while it is not known */
};

static enum weir_err source_number(struct event_run *run, struct weir_slice source)
{
    struct weir_recorder *recorder = &run->recorder;
    if (run->source_id != 0 && weir_slice_equal(run->source, source))
        return WEIR_OK;
    struct weir_value log = weir_value_i64(recorder->append.state->log_id);
    enum weir_err err =
        weir_sql_run(recorder->store, &recorder->batch,
                     "INSERT INTO event_source(log_id, name) VALUES (?, ?) ON CONFLICT DO NOTHING",
                     WEIR_VALUES(log, weir_value_text_slice(source)));
    if (err == WEIR_OK)
        err = weir_sql_i64(recorder->store, &recorder->batch,
                           "SELECT event_source_id FROM event_source WHERE log_id = ? AND name = ?",
                           WEIR_VALUES(log, weir_value_text_slice(source)), &run->source_id);
    run->source = source;
    return err;
}

/* Appends the event as the `ordinal`-th of its revisions.  EXISTS when there is one already. */
static enum weir_err
append_event(struct event_run *run, const struct written *written, uint64_t ordinal, uint64_t *seq)
{
    const struct weir_event *event = written->event;
    const struct weir_gauge *gauge = &run->recorder.append.state->gauge;
    struct weir_append_key key = {
        .source_id = run->source_id,
        .event_id = event->id,
        .ordinal = ordinal,
        .has_window = written->is_promise,
        .window_ms = written->window.start_ms,
        .job_ordinal = written->job == NULL ? 0 : written->job->row_count,
    };
    if (gauge->kind == WEIR_GAUGE_OTIF)
        key.subject = event->subject;
    struct weir_append_leaf leaf = {.kind = WEIR_LEAF_EVENT,
                                    .tick_ms = event->occurred_ms,
                                    .payload = written->text,
                                    .key = &key};
    enum weir_err err = weir_append_add(&run->recorder.append, &run->recorder.batch, &leaf, seq);
    if (err != WEIR_OK)
        return err;
    run->recorder.counts.added++;
    if (written->job != NULL)
        written->job->row_count++;
    return WEIR_OK;
}

/* Lets the event count, as leaf `seq`. */
static enum weir_err fold_add(struct event_run *run, const struct written *written, uint64_t seq)
{
    struct weir_recorder *recorder = &run->recorder;
    struct weir_scope *scope = &recorder->batch;
    const struct weir_event *event = written->event;
    if (written->job != NULL)
        return weir_fold_job_add(&recorder->fold, scope, written->job, event, seq);
    if (event->type != WEIR_EVENT_MAINTENANCE_DECLARED)
        return weir_fold_result_add(&recorder->fold, scope, event, seq);
    struct weir_maintenance declared = {.logged_ms = event->occurred_ms, .planned = event->planned};
    enum weir_err err = weir_maintenance_row_add(recorder, scope, seq, &declared);
    return err == WEIR_OK ? weir_fold_windows_again(&recorder->fold, scope, event->planned) : err;
}

/* Lets the event of leaf `seq` count no longer. */
static enum weir_err fold_remove(struct event_run *run,
                                 struct weir_known_job *job,
                                 const struct weir_event *event,
                                 uint64_t seq)
{
    struct weir_recorder *recorder = &run->recorder;
    struct weir_scope *scope = &recorder->batch;
    if (job != NULL)
        return weir_fold_job_remove(&recorder->fold, scope, job, event, seq);
    if (event->type != WEIR_EVENT_MAINTENANCE_DECLARED)
        return weir_fold_result_remove(&recorder->fold, scope, event, seq);
    enum weir_err err = weir_sql_run(
        recorder->store, scope, "DELETE FROM maintenance WHERE log_id = ? AND seq = ?",
        WEIR_VALUES(weir_value_i64(recorder->append.state->log_id), weir_value_u64(seq)));
    return err == WEIR_OK ? weir_fold_windows_again(&recorder->fold, scope, event->planned) : err;
}

/* What is stored of one (source, id). */
struct revisions {
    uint64_t count;
    bool has_copy; /* the very event is among them */
    uint64_t seq;  /* of the one that counts */
    struct weir_revision counting;
    struct weir_event event;
};

static void
revision_take(struct weir_rows *rows, const struct written *written, struct revisions *revisions)
{
    struct weir_event event;
    struct weir_slice text = weir_row_slice(rows, 1);
    if (rows->err == WEIR_OK)
        rows->err = weir_event_parse(rows->scope, text, &event);
    if (rows->err != WEIR_OK)
        return;
    struct weir_revision revision = {.rev = event.rev,
                                     .payload_hash = weir_event_payload_hash(text)};
    revisions->has_copy = revisions->has_copy || weir_slice_equal(text, written->text);
    if (revisions->count == 0 || weir_revision_compare(&revision, &revisions->counting) > 0) {
        revisions->counting = revision;
        revisions->event = event;
        revisions->seq = weir_position_seq(weir_row_i64(rows, 0));
    }
    revisions->count++;
}

static enum weir_err
revisions_load(struct event_run *run, const struct written *written, struct revisions *revisions)
{
    struct weir_rows rows;
    weir_rows_begin(
        &rows, run->recorder.store, &run->recorder.batch,
        "SELECT position, payload FROM observation WHERE event_source_id = ? "
        "AND event_id = ? ORDER BY ordinal",
        WEIR_VALUES(weir_value_i64(run->source_id), weir_value_text_slice(written->event->id)));
    while (weir_rows_next(&rows))
        revision_take(&rows, written, revisions);
    return weir_rows_end(&rows);
}

static enum weir_err superseded_add(struct event_run *run, uint64_t seq)
{
    int64_t position = weir_position(run->recorder.append.state->log_id, seq);
    run->recorder.counts.superseded++;
    return weir_sql_run(run->recorder.store, &run->recorder.batch,
                        "INSERT INTO event_superseded(position) VALUES (?)",
                        WEIR_VALUES(weir_value_i64(position)));
}

static bool is_otif(const struct event_run *run)
{
    return run->recorder.append.state->gauge.kind == WEIR_GAUGE_OTIF;
}

/* Appends one more revision of an event.  Its job and that of the revision it may replace are got
 * first: read later, their rows would hold the new one already. */
static enum weir_err
revise(struct event_run *run, struct written *written, const struct revisions *revisions)
{
    struct weir_scope *scope = &run->recorder.batch;
    struct weir_known_job *old = NULL;
    uint64_t seq = 0;
    enum weir_err err = WEIR_OK;
    if (is_otif(run))
        err = weir_job_get(run->recorder.store, scope, revisions->event.subject, &old);
    if (err == WEIR_OK && is_otif(run))
        err = weir_job_get(run->recorder.store, scope, written->event->subject, &written->job);
    if (err == WEIR_OK)
        err = append_event(run, written, revisions->count, &seq);
    if (err == WEIR_E_EXISTS)
        err = weir_fail(scope, WEIR_E_CORRUPT, "an event has revisions left out");
    if (err != WEIR_OK)
        return err;
    struct weir_revision ours = {.rev = written->event->rev,
                                 .payload_hash = weir_event_payload_hash(written->text)};
    if (weir_revision_compare(&ours, &revisions->counting) < 0)
        return superseded_add(run, seq);
    err = fold_remove(run, old, &revisions->event, revisions->seq);
    if (err == WEIR_OK)
        err = superseded_add(run, revisions->seq);
    return err == WEIR_OK ? fold_add(run, written, seq) : err;
}

/* Appends an event of a job that is not known here, after its rows were looked at. */
static enum weir_err append_looking(struct event_run *run, struct written *written)
{
    struct weir_scope *scope = &run->recorder.batch;
    uint64_t seq = 0;
    enum weir_err err =
        weir_job_get(run->recorder.store, scope, written->event->subject, &written->job);
    if (err == WEIR_OK)
        err = append_event(run, written, 0, &seq);
    if (err == WEIR_E_EXISTS)
        err = weir_fail(scope, WEIR_E_CORRUPT, "a job has events left out");
    return err == WEIR_OK ? fold_add(run, written, seq) : err;
}

/* The row was refused: its (source, id) is stored, or its job is and was not known here. */
static enum weir_err again(struct event_run *run, struct written *written)
{
    struct revisions revisions = {0};
    enum weir_err err = revisions_load(run, written, &revisions);
    if (err != WEIR_OK)
        return err;
    if (revisions.count == 0)
        return append_looking(run, written);
    if (!revisions.has_copy)
        return revise(run, written, &revisions);
    run->recorder.counts.known++;
    return WEIR_OK;
}

/* A promise is nearly always the first event of its job, anything else nearly never: a promise of
 * an unknown job is tried as the first without looking, everything else looks. */
static enum weir_err job_find(struct event_run *run, struct written *written, bool *is_tried)
{
    struct weir_store *store = run->recorder.store;
    struct weir_slice subject = written->event->subject;
    enum weir_err err = weir_jobs_trim(store, &run->recorder.batch);
    if (err != WEIR_OK)
        return err;
    *is_tried = false;
    written->job = weir_job_peek(store, subject);
    if (written->job != NULL)
        return WEIR_OK;
    *is_tried = written->is_promise;
    return *is_tried ? WEIR_OK : weir_job_get(store, &run->recorder.batch, subject, &written->job);
}

/* Tries to be the first of its (source, id): one statement in the usual case. */
static enum weir_err record_one(struct event_run *run, struct written *written)
{
    uint64_t seq = 0;
    bool is_tried = false;
    enum weir_err err = source_number(run, written->event->source);
    if (err == WEIR_OK && is_otif(run))
        err = job_find(run, written, &is_tried);
    if (err != WEIR_OK)
        return err;
    err = append_event(run, written, 0, &seq);
    if (err == WEIR_E_EXISTS)
        return again(run, written);
    if (err == WEIR_OK && is_tried) {
        err = weir_job_new(run->recorder.store, &run->recorder.batch, written->event->subject,
                           &written->job);
        if (err == WEIR_OK)
            written->job->row_count = 1;
    }
    return err == WEIR_OK ? fold_add(run, written, seq) : err;
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
    struct written written = {.event = event, .is_promise = event->type == WEIR_EVENT_JOB_PROMISED};
    if (written.is_promise) {
        struct weir_scope aside = {0}; /* a due date outside of the frozen calendar is refused */
        const struct weir_gauge *gauge = &run->recorder.append.state->gauge;
        if (weir_window_at(&aside, &gauge->windows, event->due.end_ms - 1, &written.window) !=
            WEIR_OK)
            return refuse(run, event, aside.fault);
    }
    struct weir_buffer text = {.capacity_max = WEIR_EVENT_TEXT_MAX};
    enum weir_err err = weir_event_print(&run->recorder.batch, event, &text);
    written.text = weir_buffer_slice(&text);
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
