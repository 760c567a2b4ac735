#include "base/arena.h"
#include "ledger/check_parts.h"
#include "ledger/logs.h"
#include "ledger/observations.h"
#include "ledger/sql.h"
#include "ledger/tick_rows.h"
#include "ledger/tree.h"
#include "metrics/availability.h"
#include "metrics/tally.h"

#define TICKS_PER_ARENA 1024

/* One availability log: windows are rebuilt from the ticks in the order of time. */
struct tick_check {
    const struct weir_ledger_check *check;
    const struct weir_log *log;
    struct weir_gauge gauge;
    struct weir_maintenance_list maintenance;
    struct weir_scope batch;
    struct weir_tick previous;
    bool has_previous;
    struct weir_interval window; /* being summed */
    int64_t up_ms;
    int64_t down_ms;
    uint64_t window_count; /* that have time in them */
};

/* The window is complete: its row must say the same. */
static enum weir_err window_end(struct tick_check *ticks)
{
    struct weir_rows rows;
    int64_t up_ms = 0;
    int64_t down_ms = 0;
    if (ticks->up_ms == 0 && ticks->down_ms == 0)
        return WEIR_OK;
    weir_rows_begin(&rows, ticks->check->store, ticks->check->scope,
                    "SELECT up_ms, down_ms FROM gauge_window "
                    "WHERE log_id = ? AND class = ? AND start_ms = ?",
                    WEIR_VALUES(weir_value_i64(ticks->log->log_id), weir_value_text(WEIR_CLASS_ALL),
                                weir_value_i64(ticks->window.start_ms)));
    if (weir_rows_next(&rows)) {
        up_ms = weir_row_i64(&rows, 0);
        down_ms = weir_row_i64(&rows, 1);
    }
    enum weir_err err = weir_rows_end(&rows);
    if (err == WEIR_OK && (up_ms != ticks->up_ms || down_ms != ticks->down_ms))
        err = weir_fail(ticks->check->scope, WEIR_E_CORRUPT,
                        "gauge_window at %lld holds %lld ms up and %lld ms down, its ticks give "
                        "%lld and %lld",
                        (long long)ticks->window.start_ms, (long long)up_ms, (long long)down_ms,
                        (long long)ticks->up_ms, (long long)ticks->down_ms);
    ticks->window_count++;
    ticks->check->report->windows++;
    return err;
}

static enum weir_err change_add(struct tick_check *ticks,
                                const struct weir_closed_time_change *change)
{
    if (change->window.start_ms != ticks->window.start_ms) {
        enum weir_err err = window_end(ticks);
        if (err != WEIR_OK)
            return err;
        ticks->window = change->window;
        ticks->up_ms = 0;
        ticks->down_ms = 0;
    }
    ticks->up_ms += change->up_ms;
    ticks->down_ms += change->down_ms;
    return WEIR_OK;
}

/* The next tick closes the time since the one before. */
static enum weir_err tick_add(struct tick_check *ticks, const struct weir_tick *tick)
{
    struct weir_insertion pair = {.previous = &ticks->previous, .tick = tick};
    struct weir_closed_time_changes changes = {0};
    enum weir_err err = WEIR_OK;
    if (ticks->has_previous)
        err = weir_availability_insert(&ticks->batch, &ticks->gauge, &pair, &ticks->maintenance,
                                       &changes);
    if (err != WEIR_OK)
        return weir_fail(ticks->check->scope, err, "%s", ticks->batch.fault);
    for (size_t i = 0; err == WEIR_OK && i < changes.count; i++)
        err = change_add(ticks, &changes.items[i]);
    ticks->previous = *tick;
    ticks->has_previous = true;
    return err;
}

static enum weir_err scheduled_fold(struct tick_check *ticks)
{
    struct weir_rows rows;
    uint64_t count = 0;
    int64_t log_id = ticks->log->log_id;
    weir_rows_begin(&rows, ticks->check->store, ticks->check->scope,
                    "SELECT position, tick_ms, flags, payload FROM observation "
                    "WHERE position >= ? AND position < ? AND kind IN (2, 3) ORDER BY position",
                    WEIR_VALUES(weir_value_i64(weir_position(log_id, 0)),
                                weir_value_i64(weir_position(log_id, WEIR_SALT_INDEX_END))));
    while (weir_rows_next(&rows)) {
        if (count++ % TICKS_PER_ARENA == 0)
            weir_arena_clear(ticks->batch.arena);
        struct weir_placed_tick placed = weir_tick_row(&rows);
        if (rows.err == WEIR_OK)
            rows.err = tick_add(ticks, &placed.tick);
    }
    return weir_rows_end(&rows);
}

/* Every result that counts has a row of `tick` that says the same, and there are no others. */
static enum weir_err results_compare(const struct tick_check *ticks)
{
    struct weir_rows rows;
    struct weir_scope *scope = ticks->check->scope;
    int64_t log_id = ticks->log->log_id;
    uint64_t expected = 0;
    weir_rows_begin(&rows, ticks->check->store, scope,
                    "SELECT row.position, row.payload, tick.state, tick.reason, tick.latency_ms "
                    "FROM observation AS row LEFT JOIN tick ON tick.log_id = ?1 AND tick.tick_ms = "
                    "row.tick_ms AND tick.seq = row.position - (?1 << 40) WHERE row.position >= ?2 "
                    "AND row.position < ?3 AND row.kind = 4 AND NOT EXISTS (SELECT 1 FROM "
                    "event_superseded WHERE event_superseded.position = row.position)",
                    WEIR_VALUES(weir_value_i64(log_id), weir_value_i64(weir_position(log_id, 0)),
                                weir_value_i64(weir_position(log_id, WEIR_SALT_INDEX_END))));
    while (weir_rows_next(&rows)) {
        struct weir_event event;
        rows.err = weir_event_parse(scope, weir_row_peek(&rows, 1), &event);
        if (rows.err != WEIR_OK || event.type != WEIR_EVENT_PROBE_RESULT)
            continue;
        struct weir_tick tick = weir_event_tick(&event);
        expected++;
        if (weir_row_is_null(&rows, 2) || weir_row_u8(&rows, 2) != tick.state ||
            weir_row_u8(&rows, 3) != tick.reason || weir_row_u32(&rows, 4) != tick.latency_ms)
            rows.err = weir_fail(
                scope, WEIR_E_CORRUPT, "tick: the row of leaf %llu is not what the leaf says",
                (unsigned long long)weir_position_seq(sqlite3_column_int64(rows.statement, 0)));
    }
    enum weir_err err = weir_rows_end(&rows);
    int64_t count = 0;
    if (err == WEIR_OK)
        err = weir_sql_i64(ticks->check->store, scope, "SELECT count(*) FROM tick WHERE log_id = ?",
                           WEIR_VALUES(weir_value_i64(log_id)), &count);
    if (err == WEIR_OK && (uint64_t)count != expected)
        err = weir_fail(scope, WEIR_E_CORRUPT, "tick has %lld rows, %llu results count",
                        (long long)count, (unsigned long long)expected);
    return err;
}

static enum weir_err results_fold(struct tick_check *ticks)
{
    struct weir_window_ticks found;
    const struct weir_interval always = {.start_ms = INT64_MIN, .end_ms = INT64_MAX};
    enum weir_err err = results_compare(ticks);
    if (err == WEIR_OK)
        err = weir_result_ticks(ticks->check->store, ticks->check->scope, ticks->log->log_id,
                                always, &found);
    for (size_t i = 0; err == WEIR_OK && i < found.ticks.count; i++) {
        if (i % TICKS_PER_ARENA == 0)
            weir_arena_clear(ticks->batch.arena);
        err = tick_add(ticks, &found.ticks.items[i]);
    }
    return err;
}

/* Each declaration stands in a leaf of the right kind. */
static enum weir_err maintenance_compare(const struct tick_check *ticks)
{
    int64_t seq = 0;
    enum weir_err err = weir_sql_i64(
        ticks->check->store, ticks->check->scope,
        "SELECT maintenance.seq FROM maintenance LEFT JOIN observation ON observation.position = "
        "(maintenance.log_id << 40) + maintenance.seq WHERE maintenance.log_id = ? AND "
        "(observation.kind IS NULL OR observation.kind NOT IN (4, 5) OR observation.tick_ms <> "
        "maintenance.logged_ms) LIMIT 1",
        WEIR_VALUES(weir_value_i64(ticks->log->log_id)), &seq);
    if (err == WEIR_E_NOT_FOUND)
        return WEIR_OK;
    if (err != WEIR_OK)
        return err;
    return weir_fail(ticks->check->scope, WEIR_E_CORRUPT,
                     "maintenance: leaf %lld is no declaration of that time", (long long)seq);
}

static enum weir_err windows_count(const struct tick_check *ticks)
{
    int64_t count = 0;
    enum weir_err err = weir_sql_i64(ticks->check->store, ticks->check->scope,
                                     "SELECT count(*) FROM gauge_window WHERE log_id = ?",
                                     WEIR_VALUES(weir_value_i64(ticks->log->log_id)), &count);
    if (err == WEIR_OK && (uint64_t)count != ticks->window_count)
        err = weir_fail(ticks->check->scope, WEIR_E_CORRUPT,
                        "gauge_window has %lld rows, the ticks give %llu", (long long)count,
                        (unsigned long long)ticks->window_count);
    return err;
}

enum weir_err weir_check_ticks(const struct weir_ledger_check *check, const struct weir_log *log)
{
    struct tick_check ticks = {.check = check, .log = log};
    struct weir_logged_maintenance logged;
    const struct weir_interval always = {.start_ms = INT64_MIN, .end_ms = INT64_MAX};
    ticks.batch.arena = weir_batch_arena(check->store, check->scope);
    if (ticks.batch.arena == NULL)
        return check->scope->err;
    enum weir_err err = weir_gauge_parse(check->scope, log->definition, &ticks.gauge);
    if (err == WEIR_OK)
        err = maintenance_compare(&ticks);
    if (err == WEIR_OK)
        err = weir_window_maintenance(check->store, check->scope, log->log_id, always, &logged);
    if (err != WEIR_OK)
        return err;
    ticks.maintenance = logged.list;
    err = weir_gauge_is_scheduled(&ticks.gauge) ? scheduled_fold(&ticks) : results_fold(&ticks);
    if (err == WEIR_OK)
        err = window_end(&ticks);
    return err == WEIR_OK ? windows_count(&ticks) : err;
}
