#include "ledger/fold_jobs.h"

#include "base/arena.h"
#include "ledger/sql.h"
#include "ledger/tree.h"
#include "metrics/otif.h"

enum weir_err weir_stored_events_of_job(struct weir_store *store,
                                        struct weir_scope *scope,
                                        int64_t log_id,
                                        struct weir_slice subject,
                                        struct weir_stored_events *events)
{
    struct weir_collected found = {.item_bytes = sizeof(struct weir_stored_event)};
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    "SELECT position, payload FROM observation "
                    "WHERE position >> 40 = ? AND subject = ? AND NOT EXISTS (SELECT 1 FROM "
                    "event_superseded WHERE event_superseded.position = observation.position) "
                    "ORDER BY job_ordinal",
                    WEIR_VALUES(weir_value_i64(log_id), weir_value_text_slice(subject)));
    while (weir_rows_next(&rows)) {
        struct weir_stored_event *item = weir_collect(scope, &found);
        if (item == NULL) {
            rows.err = scope->err;
            break;
        }
        item->seq = weir_position_seq(weir_row_i64(&rows, 0));
        item->text = weir_row_slice(&rows, 1);
        if (rows.err == WEIR_OK)
            rows.err = weir_event_parse(scope, item->text, &item->event);
    }
    enum weir_err err = weir_rows_end(&rows);
    if (err == WEIR_OK)
        *events = (struct weir_stored_events){.items = found.items, .count = found.count};
    return err;
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
    if (outcome->standing == WEIR_JOB_UNPROMISED)
        return WEIR_OK;
    enum weir_err err = weir_sums_touch(fold->sums, fold->store, scope, outcome->window);
    if (err != WEIR_OK || outcome->standing != WEIR_JOB_COUNTED)
        return err;
    if (fold->state->gauge.otif.unit == WEIR_UNIT_COMMITMENT)
        return commitment_move(fold, scope, outcome, sign);
    return line_move(fold, scope, outcome, sign);
}

static enum weir_err outcome_of(struct weir_fold *fold,
                                struct weir_scope *scope,
                                const struct weir_event *events,
                                size_t count,
                                struct weir_outcome *outcome)
{
    *outcome = (struct weir_outcome){.standing = WEIR_JOB_UNPROMISED};
    if (count == 0)
        return WEIR_OK;
    return weir_job_fold(scope, &fold->state->gauge, events, count, outcome);
}

/* A job with and without one event, which stands last: its windows change by the difference. */
static enum weir_err job_change(struct weir_fold *fold,
                                struct weir_scope *scope,
                                const struct weir_event *events,
                                size_t count,
                                int64_t sign)
{
    struct weir_outcome poorer;
    struct weir_outcome richer;
    enum weir_err err = outcome_of(fold, scope, events, count - 1, &poorer);
    if (err == WEIR_OK)
        err = outcome_of(fold, scope, events, count, &richer);
    if (err == WEIR_OK)
        err = outcome_move(fold, scope, &poorer, -sign);
    return err == WEIR_OK ? outcome_move(fold, scope, &richer, sign) : err;
}

/* The job's events but leaf `seq`, with room for one more. */
static struct weir_event *
others_take(struct weir_scope *scope, const struct weir_known_job *job, uint64_t seq, size_t *count)
{
    struct weir_event *events = weir_take(scope, job->event_count + 1, sizeof(*events));
    *count = 0;
    for (size_t i = 0; events != NULL && i < job->event_count; i++)
        if (job->events[i].seq != seq)
            events[(*count)++] = job->events[i].event;
    return events;
}

enum weir_err weir_fold_job_add(struct weir_fold *fold,
                                struct weir_scope *scope,
                                struct weir_known_job *job,
                                const struct weir_event *event,
                                uint64_t seq)
{
    size_t count = 0;
    struct weir_event *events = others_take(scope, job, seq, &count);
    if (events == NULL)
        return scope->err;
    events[count] = *event;
    enum weir_err err = job_change(fold, scope, events, count + 1, 1);
    return err == WEIR_OK ? weir_job_event_add(fold->store, scope, job, event, seq) : err;
}

enum weir_err weir_fold_job_remove(struct weir_fold *fold,
                                   struct weir_scope *scope,
                                   struct weir_known_job *job,
                                   const struct weir_event *event,
                                   uint64_t seq)
{
    size_t count = 0;
    struct weir_event *events = others_take(scope, job, seq, &count);
    if (events == NULL)
        return scope->err;
    if (count + 1 != job->event_count)
        return weir_fail(scope, WEIR_E_CORRUPT, "leaf %llu is not among the events of its job",
                         (unsigned long long)seq);
    events[count] = *event;
    enum weir_err err = job_change(fold, scope, events, count + 1, -1);
    if (err == WEIR_OK)
        weir_job_event_remove(job, seq);
    return err;
}
