#include <string.h>

#include "base/arena.h"
#include "ledger/check_parts.h"
#include "ledger/logs.h"
#include "ledger/sql.h"
#include "ledger/tree.h"
#include "metrics/event.h"
#include "metrics/gauge.h"
#include "metrics/window.h"

#define ROWS_PER_ARENA 1024

/* The revisions of one (source, id), as they pass by. */
struct revisions {
    int64_t source_id;
    char id[WEIR_EVENT_FIELD_MAX];
    size_t id_length;
    uint64_t count;
    struct weir_revision counting;
    uint64_t counting_seq;
    uint64_t superseded_count;
    bool counting_is_superseded;
};

struct event_check {
    const struct weir_ledger_check *check;
    const struct weir_log *log;
    struct weir_gauge gauge;
    struct weir_scope batch;
    struct revisions revisions;
    uint64_t seq; /* of the row being looked at */
};

static enum weir_err row_fails(const struct event_check *events, const char *what)
{
    return weir_fail(events->check->scope, WEIR_E_CORRUPT, "observation %llu: %s",
                     (unsigned long long)events->seq, what);
}

/* Of all revisions one counts, and exactly the others are marked. */
static enum weir_err revisions_end(struct event_check *events)
{
    const struct revisions *revisions = &events->revisions;
    if (revisions->count == 0)
        return WEIR_OK;
    if (revisions->counting_is_superseded || revisions->superseded_count != revisions->count - 1) {
        events->seq = revisions->counting_seq;
        return row_fails(events, "event_superseded does not name exactly the other revisions");
    }
    return WEIR_OK;
}

static enum weir_err revision_take(struct event_check *events,
                                   struct weir_rows *rows,
                                   const struct weir_event *event,
                                   struct weir_slice text)
{
    struct revisions *revisions = &events->revisions;
    int64_t source_id = weir_row_i64(rows, 6);
    if (event->id.length > sizeof(revisions->id))
        return row_fails(events, "an event id is too long");
    if (revisions->source_id != source_id || revisions->id_length != event->id.length ||
        memcmp(revisions->id, event->id.data, event->id.length) != 0) {
        enum weir_err err = revisions_end(events);
        if (err != WEIR_OK)
            return err;
        *revisions = (struct revisions){.source_id = source_id, .id_length = event->id.length};
        memcpy(revisions->id, event->id.data, event->id.length);
    }
    if (weir_row_u64(rows, 2) != revisions->count)
        return row_fails(events, "the ordinals of its revisions have a gap");
    struct weir_revision revision = {.rev = event->rev,
                                     .payload_hash = weir_event_payload_hash(text)};
    bool is_superseded = weir_row_i64(rows, 9) != 0;
    revisions->superseded_count += is_superseded ? 1 : 0;
    if (revisions->count == 0 || weir_revision_compare(&revision, &revisions->counting) > 0) {
        revisions->counting = revision;
        revisions->counting_seq = events->seq;
        revisions->counting_is_superseded = is_superseded;
    }
    revisions->count++;
    return WEIR_OK;
}

/* The columns of the row say what its payload says. */
static enum weir_err
columns_compare(struct event_check *events, struct weir_rows *rows, const struct weir_event *event)
{
    bool is_otif = events->gauge.kind == WEIR_GAUGE_OTIF;
    bool is_promise = event->type == WEIR_EVENT_JOB_PROMISED;
    struct weir_interval window = {0};
    if (!weir_slice_equal(weir_row_peek(rows, 7), event->source))
        return row_fails(events, "event_source_id is not the source of its payload");
    if (!weir_slice_equal(weir_row_peek(rows, 8), event->id))
        return row_fails(events, "event_id is not the id of its payload");
    if (weir_row_i64(rows, 5) != event->occurred_ms)
        return row_fails(events, "tick_ms is not when the event occurred");
    if (weir_row_is_null(rows, 3) == is_otif ||
        (is_otif && !weir_slice_equal(weir_row_peek(rows, 3), event->subject)))
        return row_fails(events, "subject is not the subject of its payload");
    if (is_promise && weir_window_at(&events->batch, &events->gauge.windows, event->due.end_ms - 1,
                                     &window) != WEIR_OK)
        return row_fails(events, "the promise is due outside of the calendar");
    if (weir_row_is_null(rows, 4) == is_promise ||
        (is_promise && weir_row_i64(rows, 4) != window.start_ms))
        return row_fails(events, "window_ms is not the window its promise is due in");
    return WEIR_OK;
}

static enum weir_err event_compare(struct event_check *events, struct weir_rows *rows)
{
    struct weir_event event;
    struct weir_slice text = weir_row_peek(rows, 1);
    events->seq = weir_position_seq(weir_row_i64(rows, 0));
    if (weir_event_parse(&events->batch, text, &event) != WEIR_OK)
        return row_fails(events, events->batch.fault);
    enum weir_err err = columns_compare(events, rows, &event);
    return err == WEIR_OK ? revision_take(events, rows, &event, text) : err;
}

/* Every event leaf has its key columns, and only they have. */
static enum weir_err keys_count(struct event_check *events)
{
    int64_t position = 0;
    int64_t log_id = events->log->log_id;
    enum weir_err err = weir_sql_i64(
        events->check->store, events->check->scope,
        "SELECT position FROM observation WHERE position >= ?1 AND position < ?2 AND "
        "((kind = 4) <> (event_id IS NOT NULL) OR (event_id IS NOT NULL AND event_source_id NOT IN "
        "(SELECT event_source_id FROM event_source WHERE log_id = ?3))) LIMIT 1",
        WEIR_VALUES(weir_value_i64(weir_position(log_id, 0)),
                    weir_value_i64(weir_position(log_id, WEIR_SALT_INDEX_END)),
                    weir_value_i64(log_id)),
        &position);
    if (err == WEIR_E_NOT_FOUND)
        return WEIR_OK;
    events->seq = weir_position_seq(position);
    return err == WEIR_OK ? row_fails(events, "only events have keys, and all of them have") : err;
}

/* The events of a job are numbered in the order of their arrival, without a gap. */
static enum weir_err jobs_count(struct event_check *events)
{
    int64_t position = 0;
    enum weir_err err =
        weir_sql_i64(events->check->store, events->check->scope,
                     "SELECT min(position) FROM observation WHERE position >> 40 = ? AND subject "
                     "IS NOT NULL GROUP BY subject HAVING max(job_ordinal) + 1 <> count(*) LIMIT 1",
                     WEIR_VALUES(weir_value_i64(events->log->log_id)), &position);
    if (err == WEIR_E_NOT_FOUND)
        return WEIR_OK;
    events->seq = weir_position_seq(position);
    return err == WEIR_OK ? row_fails(events, "the job_ordinals of its job have a gap") : err;
}

static enum weir_err events_compare(struct event_check *events)
{
    struct weir_rows rows;
    uint64_t count = 0;
    weir_rows_begin(
        &rows, events->check->store, events->check->scope,
        "SELECT row.position, row.payload, row.ordinal, row.subject, row.window_ms, row.tick_ms, "
        "row.event_source_id, source.name, row.event_id, EXISTS (SELECT 1 FROM event_superseded "
        "WHERE event_superseded.position = row.position) FROM event_source AS source "
        "JOIN observation AS row ON row.event_source_id = source.event_source_id "
        "AND row.event_id IS NOT NULL WHERE source.log_id = ? "
        "ORDER BY row.event_source_id, row.event_id, row.ordinal",
        WEIR_VALUES(weir_value_i64(events->log->log_id)));
    while (weir_rows_next(&rows)) {
        if (count++ % ROWS_PER_ARENA == 0)
            weir_arena_clear(events->batch.arena);
        rows.err = event_compare(events, &rows);
    }
    enum weir_err err = weir_rows_end(&rows);
    return err == WEIR_OK ? revisions_end(events) : err;
}

enum weir_err weir_check_events(const struct weir_ledger_check *check, const struct weir_log *log)
{
    struct event_check *events = weir_take(check->scope, 1, sizeof(*events));
    if (events == NULL)
        return check->scope->err;
    events->check = check;
    events->log = log;
    events->batch.arena = weir_batch_arena(check->store, check->scope);
    if (events->batch.arena == NULL)
        return check->scope->err;
    enum weir_err err = weir_gauge_parse(check->scope, log->definition, &events->gauge);
    if (err == WEIR_OK)
        err = keys_count(events);
    if (err == WEIR_OK)
        err = events_compare(events);
    return err == WEIR_OK ? jobs_count(events) : err;
}
