#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "ledger/check_parts.h"
#include "ledger/logs.h"
#include "ledger/observations.h"
#include "ledger/sql.h"
#include "ledger/tree.h"
#include "ledger/windows.h"
#include "metrics/close.h"
#include "metrics/otif.h"
#include "metrics/settlement.h"

/* One OTIF log. */
struct job_check {
    const struct weir_ledger_check *check;
    const struct weir_log *log;
    struct weir_gauge gauge;
    struct weir_scope batch; /* dropped with every window */
    uint64_t row_count;      /* rows of gauge_window that were right */
    uint64_t commitment_count;
};

/* Carries a failure of the batch's scope over. */
static enum weir_err carry(const struct job_check *jobs, enum weir_err err)
{
    return weir_fail(jobs->check->scope, err, "%s", jobs->batch.fault);
}

static bool is_same(const struct weir_tally *a, const struct weir_tally *b)
{
    return a->num == b->num && a->den == b->den && a->units == b->units &&
           a->replanned == b->replanned && a->last_num == b->last_num;
}

static enum weir_err row_differs(const struct job_check *jobs,
                                 const struct weir_tally_row *made,
                                 const struct weir_tally *stored)
{
    return weir_fail(
        jobs->check->scope, WEIR_E_CORRUPT,
        "gauge_window of class '%.*s' at %lld holds %llu/%llu (%llu units), its events "
        "give %llu/%llu (%llu units)",
        (int)made->class_name.length, (const char *)made->class_name.data,
        (long long)made->window.start_ms, (unsigned long long)stored->num,
        (unsigned long long)stored->den, (unsigned long long)stored->units,
        (unsigned long long)made->tally.num, (unsigned long long)made->tally.den,
        (unsigned long long)made->tally.units);
}

/* One class of one window: what the events give against the row. */
static enum weir_err row_compare(struct job_check *jobs, const struct weir_tally_row *made)
{
    struct weir_tally stored = {0};
    struct weir_rows rows;
    weir_rows_begin(&rows, jobs->check->store, jobs->check->scope,
                    "SELECT num, den, units, replanned, last_num FROM gauge_window "
                    "WHERE log_id = ? AND class = ? AND start_ms = ?",
                    WEIR_VALUES(weir_value_i64(jobs->log->log_id),
                                weir_value_text_slice(made->class_name),
                                weir_value_i64(made->window.start_ms)));
    bool is_found = weir_rows_next(&rows);
    if (is_found)
        stored = (struct weir_tally){
            .num = weir_row_u64(&rows, 0),
            .den = weir_row_u64(&rows, 1),
            .units = weir_row_u64(&rows, 2),
            .replanned = weir_row_u64(&rows, 3),
            .last_num = weir_row_u64(&rows, 4),
        };
    enum weir_err err = weir_rows_end(&rows);
    if (err != WEIR_OK)
        return err;
    if (!is_same(&stored, &made->tally))
        return row_differs(jobs, made, &stored);
    jobs->row_count += is_found ? 1 : 0;
    return WEIR_OK;
}

/* A line of a commitment and the key of the commitment. */
struct keyed_line {
    struct weir_hash key;
    struct weir_outcome outcome;
};

static int by_key(const void *left, const void *right)
{
    const struct keyed_line *a = left;
    const struct keyed_line *b = right;
    return weir_hash_compare(&a->key, &b->key);
}

static enum weir_err commitment_compare(struct job_check *jobs,
                                        const struct weir_hash *key,
                                        const struct weir_commitment *made)
{
    struct weir_rows rows;
    struct weir_commitment stored = {0};
    weir_rows_begin(
        &rows, jobs->check->store, jobs->check->scope,
        "SELECT lines, lines_kept, lines_last_kept, lines_replanned, promised, on_time, "
        "last_on_time FROM commitment WHERE log_id = ? AND commitment_key = ?",
        WEIR_VALUES(weir_value_i64(jobs->log->log_id), weir_value_hash(key)));
    if (weir_rows_next(&rows))
        stored = (struct weir_commitment){
            .lines = weir_row_u64(&rows, 0),
            .lines_kept = weir_row_u64(&rows, 1),
            .lines_last_kept = weir_row_u64(&rows, 2),
            .lines_replanned = weir_row_u64(&rows, 3),
            .promised = weir_row_u64(&rows, 4),
            .on_time = weir_row_u64(&rows, 5),
            .last_on_time = weir_row_u64(&rows, 6),
        };
    enum weir_err err = weir_rows_end(&rows);
    char text[WEIR_HASH_HEX_BYTES];
    weir_hash_hex(key, text);
    if (err == WEIR_OK && memcmp(&stored, made, sizeof(stored)) != 0)
        err =
            weir_fail(jobs->check->scope, WEIR_E_CORRUPT,
                      "commitment %s holds %llu lines (%llu kept), its events give %llu (%llu)",
                      text, (unsigned long long)stored.lines, (unsigned long long)stored.lines_kept,
                      (unsigned long long)made->lines, (unsigned long long)made->lines_kept);
    jobs->commitment_count++;
    return err;
}

/* The lines, sorted by key, as commitments. */
static enum weir_err
commitments_compare(struct job_check *jobs, const struct keyed_line *lines, size_t line_count)
{
    enum weir_err err = WEIR_OK;
    for (size_t i = 0; err == WEIR_OK && i < line_count;) {
        struct weir_commitment made = {0};
        size_t end = i;
        while (err == WEIR_OK && end < line_count &&
               weir_hash_equal(&lines[end].key, &lines[i].key))
            err = weir_commitment_add(jobs->check->scope, &made, &lines[end++].outcome);
        if (err == WEIR_OK)
            err = commitment_compare(jobs, &lines[i].key, &made);
        i = end;
    }
    return err;
}

/* The events of a window come sorted by source and id; by job they are folded. */
static int by_subject(const void *left, const void *right)
{
    const struct weir_event *a = left;
    const struct weir_event *b = right;
    int order = weir_slice_compare(a->subject, b->subject);
    return order != 0 ? order
                      : (a->occurred_ms > b->occurred_ms) - (a->occurred_ms < b->occurred_ms);
}

static enum weir_err lines_fold(struct job_check *jobs, const struct weir_event_list *events)
{
    struct weir_scope *batch = &jobs->batch;
    struct weir_event *sorted = weir_take(batch, events->count, sizeof(*sorted));
    struct keyed_line *lines = weir_take(batch, events->count, sizeof(*lines));
    if (sorted == NULL || lines == NULL)
        return carry(jobs, batch->err);
    if (events->count > 0) {
        memcpy(sorted, events->items, events->count * sizeof(*sorted));
        qsort(sorted, events->count, sizeof(*sorted), by_subject);
    }
    size_t line_count = 0;
    for (size_t i = 0; i < events->count;) {
        size_t end = i + 1;
        while (end < events->count && weir_slice_equal(sorted[end].subject, sorted[i].subject))
            end++;
        struct weir_outcome *outcome = &lines[line_count].outcome;
        if (weir_job_fold(batch, &jobs->gauge, sorted + i, end - i, outcome) != WEIR_OK)
            return carry(jobs, batch->err);
        jobs->check->report->units++;
        if (outcome->standing == WEIR_JOB_COUNTED)
            lines[line_count++].key = weir_commitment_key(outcome);
        i = end;
    }
    if (jobs->gauge.otif.unit != WEIR_UNIT_COMMITMENT)
        return WEIR_OK;
    qsort(lines, line_count, sizeof(*lines), by_key);
    return commitments_compare(jobs, lines, line_count);
}

/* What the newest close leaf of a window commits to. */
struct closed {
    bool is_closed;
    bool is_open; /* changed since */
    struct weir_hash inputs;
    uint64_t input_count;
    uint64_t seq;
};

static enum weir_err closed_load(struct job_check *jobs, int64_t start_ms, struct closed *closed)
{
    struct weir_rows rows;
    int64_t log_id = jobs->log->log_id;
    *closed = (struct closed){0};
    weir_rows_begin(&rows, jobs->check->store, jobs->check->scope,
                    "SELECT inputs, input_count, seq FROM window_close WHERE log_id = ? AND "
                    "start_ms = ? ORDER BY revision DESC LIMIT 1",
                    WEIR_VALUES(weir_value_i64(log_id), weir_value_i64(start_ms)));
    if (weir_rows_next(&rows))
        *closed = (struct closed){
            .is_closed = true,
            .inputs = weir_row_hash(&rows, 0),
            .input_count = weir_row_u64(&rows, 1),
            .seq = weir_row_u64(&rows, 2),
        };
    enum weir_err err = weir_rows_end(&rows);
    int64_t open = 0;
    if (err == WEIR_OK)
        err = weir_sql_i64(
            jobs->check->store, jobs->check->scope,
            "SELECT EXISTS (SELECT 1 FROM open_window WHERE log_id = ? AND start_ms = ?)",
            WEIR_VALUES(weir_value_i64(log_id), weir_value_i64(start_ms)), &open);
    closed->is_open = open != 0;
    return err;
}

/* A window that is not waiting to be closed is closed over exactly its inputs. */
static enum weir_err
close_compare(struct job_check *jobs, int64_t start_ms, const struct weir_event_list *events)
{
    struct closed closed;
    enum weir_err err = closed_load(jobs, start_ms, &closed);
    if (err != WEIR_OK || closed.is_open)
        return err;
    struct weir_hash *digests = weir_take(&jobs->batch, events->count, sizeof(*digests));
    if (digests == NULL)
        return carry(jobs, jobs->batch.err);
    for (size_t i = 0; i < events->count; i++) {
        struct weir_hash payload = weir_event_payload_hash(events->texts[i]);
        digests[i] = weir_event_digest(&events->items[i], &payload);
    }
    struct weir_hash inputs = weir_inputs_digest_set(digests, events->count);
    if (!closed.is_closed || closed.input_count != events->count ||
        !weir_hash_equal(&closed.inputs, &inputs))
        return weir_fail(jobs->check->scope, WEIR_E_CORRUPT,
                         "the window at %lld changed since its close and is not in open_window",
                         (long long)start_ms);
    return WEIR_OK;
}

static enum weir_err window_compare(struct job_check *jobs, int64_t start_ms)
{
    struct weir_event_list events;
    struct weir_tally_rows rows;
    struct weir_scope *batch = &jobs->batch;
    struct weir_interval window = {.start_ms = start_ms, .end_ms = start_ms + 1};
    weir_arena_clear(batch->arena);
    if (weir_window_events(jobs->check->store, batch, jobs->log->log_id, window, &events) !=
            WEIR_OK ||
        weir_otif_compute(batch, &jobs->gauge, events.items, events.count, &rows) != WEIR_OK)
        return carry(jobs, batch->err);
    jobs->check->report->windows++;
    enum weir_err err = WEIR_OK;
    for (size_t i = 0; err == WEIR_OK && i < rows.count; i++)
        if (rows.items[i].tally.den > 0)
            err = row_compare(jobs, &rows.items[i]);
    if (err == WEIR_OK)
        err = lines_fold(jobs, &events);
    return err == WEIR_OK ? close_compare(jobs, start_ms, &events) : err;
}

static enum weir_err starts_load(const struct job_check *jobs, struct weir_collected *starts)
{
    struct weir_rows rows;
    weir_rows_begin(&rows, jobs->check->store, jobs->check->scope,
                    "SELECT DISTINCT window_ms FROM observation "
                    "WHERE position >> 40 = ? AND window_ms IS NOT NULL ORDER BY window_ms",
                    WEIR_VALUES(weir_value_i64(jobs->log->log_id)));
    while (weir_rows_next(&rows)) {
        int64_t *start = weir_rows_collect(&rows, starts);
        if (start != NULL)
            *start = weir_row_i64(&rows, 0);
    }
    return weir_rows_end(&rows);
}

/* No row that nothing accounts for. */
static enum weir_err rows_count(const struct job_check *jobs, const char *sql, uint64_t expected)
{
    int64_t count = 0;
    enum weir_err err = weir_sql_i64(jobs->check->store, jobs->check->scope, sql,
                                     WEIR_VALUES(weir_value_i64(jobs->log->log_id)), &count);
    if (err == WEIR_OK && (uint64_t)count != expected)
        err = weir_fail(jobs->check->scope, WEIR_E_CORRUPT,
                        "%s: %lld, but the events account for %llu", sql, (long long)count,
                        (unsigned long long)expected);
    return err;
}

/* Every close row has a leaf that says the same. */
static enum weir_err closes_compare(const struct job_check *jobs)
{
    struct weir_rows rows;
    struct weir_scope *scope = jobs->check->scope;
    weir_rows_begin(
        &rows, jobs->check->store, scope,
        "SELECT window_close.start_ms, window_close.revision, window_close.inputs, "
        "window_close.input_count, observation.payload, observation.kind FROM window_close "
        "LEFT JOIN observation ON observation.position = (window_close.log_id << 40) + "
        "window_close.seq WHERE window_close.log_id = ?",
        WEIR_VALUES(weir_value_i64(jobs->log->log_id)));
    while (weir_rows_next(&rows)) {
        struct weir_close close;
        struct weir_hash inputs = weir_row_hash(&rows, 2);
        if (weir_row_is_null(&rows, 5) || weir_row_i64(&rows, 5) != WEIR_LEAF_CLOSE ||
            weir_close_parse(scope, weir_row_peek(&rows, 4), &close) != WEIR_OK ||
            close.window.start_ms != weir_row_i64(&rows, 0) ||
            close.revision != weir_row_u32(&rows, 1) ||
            close.input_count != weir_row_u64(&rows, 3) || !weir_hash_equal(&close.inputs, &inputs))
            rows.err = weir_fail(scope, WEIR_E_CORRUPT,
                                 "window_close at %lld revision %lld is not what its leaf says",
                                 (long long)sqlite3_column_int64(rows.statement, 0),
                                 (long long)sqlite3_column_int64(rows.statement, 1));
    }
    return weir_rows_end(&rows);
}

enum weir_err weir_check_jobs(const struct weir_ledger_check *check, const struct weir_log *log)
{
    struct job_check jobs = {.check = check, .log = log};
    struct weir_collected starts = {.item_bytes = sizeof(int64_t)};
    jobs.batch.arena = weir_batch_arena(check->store, check->scope);
    if (jobs.batch.arena == NULL)
        return check->scope->err;
    enum weir_err err = weir_gauge_parse(check->scope, log->definition, &jobs.gauge);
    if (err == WEIR_OK)
        err = starts_load(&jobs, &starts);
    for (size_t i = 0; err == WEIR_OK && i < starts.count; i++)
        err = window_compare(&jobs, ((const int64_t *)starts.items)[i]);
    if (err == WEIR_OK)
        err =
            rows_count(&jobs, "SELECT count(*) FROM gauge_window WHERE log_id = ?", jobs.row_count);
    if (err == WEIR_OK)
        err = rows_count(&jobs, "SELECT count(*) FROM commitment WHERE log_id = ?",
                         jobs.commitment_count);
    return err == WEIR_OK ? closes_compare(&jobs) : err;
}
