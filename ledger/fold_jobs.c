#include "ledger/fold_jobs.h"

#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "ledger/sql.h"
#include "ledger/tree.h"

#define SEQ_BYTES 8
#define MARK_KEPT 1
#define MARK_LAST_KEPT 2
#define MARK_REPLANNED 4
#define MARK_COMPLETED 8

void weir_job_read(struct weir_rows *rows, struct weir_job_row *job)
{
    struct weir_outcome *outcome = &job->outcome;
    job->seqs = weir_row_slice(rows, 1);
    *outcome = (struct weir_outcome){
        .subject = weir_row_slice(rows, 0),
        .standing = (enum weir_standing)weir_row_u8(rows, 2),
        .class_name = weir_row_slice(rows, 5),
        .order = weir_row_slice(rows, 6),
        .due = {.start_ms = weir_row_i64(rows, 7), .end_ms = weir_row_i64(rows, 8)},
        .promised = weir_row_u64(rows, 9),
        .on_time = weir_row_u64(rows, 10),
        .last_on_time = weir_row_u64(rows, 11),
        .completed_ms = weir_row_i64(rows, 13),
    };
    uint8_t marks = weir_row_u8(rows, 12);
    outcome->kept = (marks & MARK_KEPT) != 0;
    outcome->last_kept = (marks & MARK_LAST_KEPT) != 0;
    outcome->replanned = (marks & MARK_REPLANNED) != 0;
    outcome->completed = (marks & MARK_COMPLETED) != 0;
    if (!weir_row_is_null(rows, 3))
        outcome->window = (struct weir_interval){.start_ms = weir_row_i64(rows, 3),
                                                 .end_ms = weir_row_i64(rows, 4)};
}

static int64_t marks_of(const struct weir_outcome *outcome)
{
    return (outcome->kept ? MARK_KEPT : 0) | (outcome->last_kept ? MARK_LAST_KEPT : 0) |
           (outcome->replanned ? MARK_REPLANNED : 0) | (outcome->completed ? MARK_COMPLETED : 0);
}

static bool has_window(const struct weir_outcome *outcome)
{
    return outcome->standing != WEIR_JOB_UNPROMISED;
}

/* Both statements have the same parameters in the same order. */
static const char JOB_INSERT[] =
    "INSERT INTO job(subject, seqs, standing, window_start_ms, window_end_ms, class, order_name, "
    "due_start_ms, due_end_ms, promised, on_time, last_on_time, marks, completed_ms, log_id) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";
static const char JOB_UPDATE[] =
    "UPDATE job SET seqs = ?2, standing = ?3, window_start_ms = ?4, window_end_ms = ?5, "
    "class = ?6, order_name = ?7, due_start_ms = ?8, due_end_ms = ?9, promised = ?10, "
    "on_time = ?11, last_on_time = ?12, marks = ?13, completed_ms = ?14 "
    "WHERE log_id = ?15 AND subject = ?1";

static enum weir_err job_write(struct weir_fold *fold,
                               struct weir_scope *scope,
                               const char *sql,
                               const struct weir_job_row *job)
{
    const struct weir_outcome *outcome = &job->outcome;
    struct weir_value start = weir_value_null();
    struct weir_value end = weir_value_null();
    if (has_window(outcome)) {
        start = weir_value_i64(outcome->window.start_ms);
        end = weir_value_i64(outcome->window.end_ms);
    }
    return weir_sql_run(
        fold->store, scope, sql,
        WEIR_VALUES(weir_value_text_slice(outcome->subject), weir_value_slice(job->seqs),
                    weir_value_i64((int64_t)outcome->standing), start, end,
                    weir_value_text_slice(outcome->class_name),
                    weir_value_text_slice(outcome->order), weir_value_i64(outcome->due.start_ms),
                    weir_value_i64(outcome->due.end_ms), weir_value_u64(outcome->promised),
                    weir_value_u64(outcome->on_time), weir_value_u64(outcome->last_on_time),
                    weir_value_i64(marks_of(outcome)), weir_value_i64(outcome->completed_ms),
                    weir_value_i64(fold->state->log_id)));
}

static enum weir_err job_load(struct weir_fold *fold,
                              struct weir_scope *scope,
                              struct weir_slice subject,
                              bool *is_found,
                              struct weir_job_row *job)
{
    struct weir_rows rows;
    weir_rows_begin(
        &rows, fold->store, scope,
        "SELECT " WEIR_JOB_COLUMNS " FROM job WHERE log_id = ? AND subject = ?",
        WEIR_VALUES(weir_value_i64(fold->state->log_id), weir_value_text_slice(subject)));
    *is_found = weir_rows_next(&rows);
    if (*is_found)
        weir_job_read(&rows, job);
    return weir_rows_end(&rows);
}

enum weir_err weir_job_texts(struct weir_store *store,
                             struct weir_scope *scope,
                             int64_t log_id,
                             struct weir_slice seqs,
                             struct weir_job_text **texts,
                             size_t *text_count)
{
    size_t count = seqs.length / SEQ_BYTES;
    struct weir_job_text *found = weir_take(scope, count, sizeof(*found));
    if (found == NULL)
        return scope->err;
    for (size_t i = 0; i < count; i++) {
        found[i].seq = weir_get_u64(seqs.data + i * SEQ_BYTES);
        struct weir_rows rows;
        weir_rows_begin(&rows, store, scope, "SELECT payload FROM observation WHERE position = ?",
                        WEIR_VALUES(weir_value_i64(weir_position(log_id, found[i].seq))));
        bool is_found = weir_rows_next(&rows);
        if (is_found)
            found[i].text = weir_row_slice(&rows, 0);
        enum weir_err err = weir_rows_end(&rows);
        if (err == WEIR_OK && !is_found)
            err = weir_fail(scope, WEIR_E_CORRUPT, "a job names leaf %llu, which is missing",
                            (unsigned long long)found[i].seq);
        if (err == WEIR_OK)
            err = weir_event_parse(scope, found[i].text, &found[i].event);
        if (err != WEIR_OK)
            return err;
    }
    *texts = found;
    *text_count = count;
    return WEIR_OK;
}

/* The tally of a line as a unit, with sign. */
static enum weir_err line_move(struct weir_fold *fold,
                               struct weir_scope *scope,
                               const struct weir_outcome *outcome,
                               int64_t sign)
{
    struct weir_sum_tally moved = {
        .class_name = outcome->class_name,
        .window = outcome->window,
        .tally = weir_outcome_tally(&fold->state->gauge, outcome),
        .sign = sign,
    };
    return weir_sums_add_tally(fold->sums, fold->store, scope, &moved);
}

static enum weir_err commitment_load(struct weir_fold *fold,
                                     struct weir_scope *scope,
                                     const struct weir_hash *key,
                                     struct weir_commitment *commitment)
{
    struct weir_rows rows;
    *commitment = (struct weir_commitment){0};
    weir_rows_begin(
        &rows, fold->store, scope,
        "SELECT lines, lines_kept, lines_last_kept, lines_replanned, promised, on_time, "
        "last_on_time FROM commitment WHERE log_id = ? AND commitment_key = ?",
        WEIR_VALUES(weir_value_i64(fold->state->log_id), weir_value_hash(key)));
    if (weir_rows_next(&rows))
        *commitment = (struct weir_commitment){
            .lines = weir_row_u64(&rows, 0),
            .lines_kept = weir_row_u64(&rows, 1),
            .lines_last_kept = weir_row_u64(&rows, 2),
            .lines_replanned = weir_row_u64(&rows, 3),
            .promised = weir_row_u64(&rows, 4),
            .on_time = weir_row_u64(&rows, 5),
            .last_on_time = weir_row_u64(&rows, 6),
        };
    return weir_rows_end(&rows);
}

static enum weir_err commitment_store(struct weir_fold *fold,
                                      struct weir_scope *scope,
                                      const struct weir_hash *key,
                                      const struct weir_commitment *commitment)
{
    if (commitment->lines == 0)
        return weir_sql_run(fold->store, scope,
                            "DELETE FROM commitment WHERE log_id = ? AND commitment_key = ?",
                            WEIR_VALUES(weir_value_i64(fold->state->log_id), weir_value_hash(key)));
    return weir_sql_run(
        fold->store, scope,
        "INSERT INTO commitment(log_id, commitment_key, lines, lines_kept, lines_last_kept, "
        "lines_replanned, promised, on_time, last_on_time) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET lines = excluded.lines, lines_kept = excluded.lines_kept, "
        "lines_last_kept = excluded.lines_last_kept, lines_replanned = excluded.lines_replanned, "
        "promised = excluded.promised, on_time = excluded.on_time, "
        "last_on_time = excluded.last_on_time",
        WEIR_VALUES(weir_value_i64(fold->state->log_id), weir_value_hash(key),
                    weir_value_u64(commitment->lines), weir_value_u64(commitment->lines_kept),
                    weir_value_u64(commitment->lines_last_kept),
                    weir_value_u64(commitment->lines_replanned),
                    weir_value_u64(commitment->promised), weir_value_u64(commitment->on_time),
                    weir_value_u64(commitment->last_on_time)));
}

/* A line joins or leaves its commitment: the commitment's tally as a whole is replaced. */
static enum weir_err commitment_move(struct weir_fold *fold,
                                     struct weir_scope *scope,
                                     const struct weir_outcome *outcome,
                                     int64_t sign)
{
    struct weir_commitment commitment;
    struct weir_hash key = weir_commitment_key(outcome);
    struct weir_sum_tally moved = {
        .class_name = outcome->class_name, .window = outcome->window, .sign = -1};
    enum weir_err err = commitment_load(fold, scope, &key, &commitment);
    if (err != WEIR_OK)
        return err;
    moved.tally = weir_commitment_tally(&fold->state->gauge, &commitment);
    err = weir_sums_add_tally(fold->sums, fold->store, scope, &moved);
    if (err == WEIR_OK && sign > 0)
        err = weir_commitment_add(scope, &commitment, outcome);
    else if (err == WEIR_OK)
        err = weir_commitment_subtract(scope, &commitment, outcome);
    if (err != WEIR_OK)
        return err;
    moved.sign = 1;
    moved.tally = weir_commitment_tally(&fold->state->gauge, &commitment);
    err = weir_sums_add_tally(fold->sums, fold->store, scope, &moved);
    return err == WEIR_OK ? commitment_store(fold, scope, &key, &commitment) : err;
}

/* An outcome enters the windows (sign 1) or leaves them (-1). */
static enum weir_err outcome_move(struct weir_fold *fold,
                                  struct weir_scope *scope,
                                  const struct weir_outcome *outcome,
                                  int64_t sign)
{
    if (!has_window(outcome))
        return WEIR_OK;
    enum weir_err err = weir_sums_touch(fold->sums, fold->store, scope, outcome->window);
    if (err != WEIR_OK || outcome->standing != WEIR_JOB_COUNTED)
        return err;
    if (fold->state->gauge.otif.unit == WEIR_UNIT_COMMITMENT)
        return commitment_move(fold, scope, outcome, sign);
    return line_move(fold, scope, outcome, sign);
}

/* The job was just completed: somebody may want to state so. */
static enum weir_err
completed_add(struct weir_fold *fold, struct weir_scope *scope, const struct weir_outcome *outcome)
{
    return weir_sql_run(
        fold->store, scope, "INSERT INTO completed_job(log_id, subject) VALUES (?, ?)",
        WEIR_VALUES(weir_value_i64(fold->state->log_id), weir_value_text_slice(outcome->subject)));
}

/* Replaces a stored job by one with another set of events. */
static enum weir_err job_replace(struct weir_fold *fold,
                                 struct weir_scope *scope,
                                 const struct weir_job_row *old,
                                 const struct weir_job_row *job)
{
    enum weir_err err = outcome_move(fold, scope, &old->outcome, -1);
    if (err == WEIR_OK)
        err = outcome_move(fold, scope, &job->outcome, 1);
    if (err == WEIR_OK && job->outcome.completed && !old->outcome.completed)
        err = completed_add(fold, scope, &job->outcome);
    return err == WEIR_OK ? job_write(fold, scope, JOB_UPDATE, job) : err;
}

/* The first event of a job, tried without looking: `*is_new` false when the job is there. */
static enum weir_err job_begin(struct weir_fold *fold,
                               struct weir_scope *scope,
                               const struct weir_event *event,
                               const uint8_t seq[static SEQ_BYTES],
                               bool *is_new)
{
    struct weir_job_row job = {.seqs = {seq, SEQ_BYTES}};
    enum weir_err err = weir_job_fold(scope, &fold->state->gauge, event, 1, &job.outcome);
    if (err != WEIR_OK)
        return err;
    job.outcome.subject = event->subject;
    err = job_write(fold, scope, JOB_INSERT, &job);
    *is_new = weir_sql_changes(fold->store) == 1;
    if (err != WEIR_OK || !*is_new)
        return err;
    err = outcome_move(fold, scope, &job.outcome, 1);
    if (err == WEIR_OK && job.outcome.completed)
        err = completed_add(fold, scope, &job.outcome);
    return err;
}

/* One event more than the row says. */
static enum weir_err job_extend(struct weir_fold *fold,
                                struct weir_scope *scope,
                                const struct weir_job_row *old,
                                const struct weir_event *event,
                                const uint8_t seq[static SEQ_BYTES])
{
    struct weir_job_text *texts = NULL;
    size_t count = 0;
    enum weir_err err =
        weir_job_texts(fold->store, scope, fold->state->log_id, old->seqs, &texts, &count);
    if (err != WEIR_OK)
        return err;
    struct weir_event *events = weir_take(scope, count + 1, sizeof(*events));
    uint8_t *seqs = weir_take(scope, count + 1, SEQ_BYTES);
    if (events == NULL || seqs == NULL)
        return scope->err;
    for (size_t i = 0; i < count; i++)
        events[i] = texts[i].event;
    events[count] = *event;
    memcpy(seqs, old->seqs.data, old->seqs.length);
    memcpy(seqs + old->seqs.length, seq, SEQ_BYTES);
    struct weir_job_row job = {.seqs = {seqs, old->seqs.length + SEQ_BYTES}};
    err = weir_job_fold(scope, &fold->state->gauge, events, count + 1, &job.outcome);
    if (err != WEIR_OK)
        return err;
    job.outcome.subject = event->subject;
    return job_replace(fold, scope, old, &job);
}

enum weir_err weir_fold_job_add(struct weir_fold *fold,
                                struct weir_scope *scope,
                                const struct weir_event *event,
                                uint64_t seq)
{
    uint8_t seq_bytes[SEQ_BYTES];
    weir_put_u64(seq_bytes, seq);
    /* A promise is nearly always the first event of its job, anything else nearly never. */
    bool is_new = false;
    enum weir_err err = WEIR_OK;
    if (event->type == WEIR_EVENT_JOB_PROMISED) {
        err = job_begin(fold, scope, event, seq_bytes, &is_new);
        if (err != WEIR_OK || is_new)
            return err;
    }
    struct weir_job_row old;
    bool is_found = false;
    err = job_load(fold, scope, event->subject, &is_found, &old);
    if (err != WEIR_OK)
        return err;
    if (is_found)
        return job_extend(fold, scope, &old, event, seq_bytes);
    return job_begin(fold, scope, event, seq_bytes, &is_new);
}

/* What is left of the job without leaf `seq`. */
static enum weir_err job_without(struct weir_fold *fold,
                                 struct weir_scope *scope,
                                 const struct weir_job_row *old,
                                 uint64_t seq,
                                 struct weir_job_row *job)
{
    struct weir_job_text *texts = NULL;
    size_t count = 0;
    enum weir_err err =
        weir_job_texts(fold->store, scope, fold->state->log_id, old->seqs, &texts, &count);
    if (err != WEIR_OK)
        return err;
    struct weir_event *events = weir_take(scope, count, sizeof(*events));
    uint8_t *seqs = weir_take(scope, count, SEQ_BYTES);
    if (events == NULL || seqs == NULL)
        return scope->err;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (texts[i].seq == seq)
            continue;
        weir_put_u64(seqs + kept * SEQ_BYTES, texts[i].seq);
        events[kept++] = texts[i].event;
    }
    if (kept + 1 != count)
        return weir_fail(scope, WEIR_E_CORRUPT, "leaf %llu is not in the row of its job",
                         (unsigned long long)seq);
    *job = (struct weir_job_row){.seqs = {seqs, kept * SEQ_BYTES}};
    if (kept > 0)
        err = weir_job_fold(scope, &fold->state->gauge, events, kept, &job->outcome);
    job->outcome.subject = old->outcome.subject;
    return err;
}

enum weir_err weir_fold_job_remove(struct weir_fold *fold,
                                   struct weir_scope *scope,
                                   const struct weir_event *event,
                                   uint64_t seq)
{
    struct weir_job_row old;
    struct weir_job_row job;
    bool is_found = false;
    enum weir_err err = job_load(fold, scope, event->subject, &is_found, &old);
    if (err == WEIR_OK && !is_found)
        err = weir_fail(scope, WEIR_E_CORRUPT, "the job of leaf %llu has no row",
                        (unsigned long long)seq);
    if (err == WEIR_OK)
        err = job_without(fold, scope, &old, seq, &job);
    if (err != WEIR_OK)
        return err;
    if (job.seqs.length > 0)
        return job_replace(fold, scope, &old, &job);
    err = outcome_move(fold, scope, &old.outcome, -1);
    if (err != WEIR_OK)
        return err;
    return weir_sql_run(
        fold->store, scope, "DELETE FROM job WHERE log_id = ? AND subject = ?",
        WEIR_VALUES(weir_value_i64(fold->state->log_id), weir_value_text_slice(event->subject)));
}
