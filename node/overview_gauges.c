/* The numbers of gauges: the exact record of facts 2 with what a person wants to see beside it. */
#include "node/overview.h"

#include <string.h>

#include "base/arena.h"
#include "base/number.h"
#include "config/config.h"
#include "ledger/log.h"
#include "ledger/observations.h"
#include "ledger/store.h"
#include "metrics/calendar.h"
#include "metrics/event.h"
#include "metrics/settlement.h"

/* One record being written. */
struct record {
    const struct weir_overview *overview;
    struct weir_scope *scope;
    const struct weir_gauge *gauge;
    const struct weir_gauge_row *row;
    const char *class_name;
    int64_t log_id;
    uint64_t log_size;
    struct weir_hash definition;
    bool has_inputs;
    uint64_t input_count;
    struct weir_hash inputs;
};

/* The gauge's own log as stored; `log->log_id` is 0 before the node first ran. */
static enum weir_err find_log(const struct weir_overview *overview,
                              struct weir_scope *scope,
                              const struct weir_gauge *gauge,
                              struct weir_log *log)
{
    enum weir_err err = weir_log_find_gauge(overview->store, scope, gauge->name, log);
    if (err != WEIR_E_NOT_FOUND)
        return err;
    weir_scope_recover(scope);
    *log = (struct weir_log){.gauge = gauge->name};
    return weir_gauge_hash(scope, gauge, &log->definition_hash);
}

/* --- rows ------------------------------------------------------------------------------------- */

/* The windows asked for, newest first. */
static enum weir_err list_windows(struct weir_scope *scope,
                                  const struct weir_overview *overview,
                                  const struct weir_overview_gauge_query *query,
                                  struct weir_interval *windows,
                                  size_t *window_count)
{
    const struct weir_windows *calendar = &query->gauge->definition.windows;
    enum weir_err err =
        query->window == NULL
            ? weir_window_at(scope, calendar, overview->now_ms, &windows[0])
            : weir_window_parse(scope, calendar, weir_slice_text(query->window), &windows[0]);
    *window_count = 1;
    while (err == WEIR_OK && *window_count < query->last) {
        err = weir_window_previous(scope, calendar, windows[*window_count - 1],
                                   &windows[*window_count]);
        *window_count += err == WEIR_OK;
    }
    if (err != WEIR_E_RANGE || query->last < 2)
        return err;
    weir_scope_recover(scope); /* before the frozen boundaries there are no windows */
    return WEIR_OK;
}

static void fill_empty(const struct weir_overview *overview,
                       const struct weir_gauge *gauge,
                       struct weir_interval window,
                       struct weir_gauge_row *row)
{
    const struct weir_view view = {window, overview->now_ms};
    *row = (struct weir_gauge_row){.window = window};
    row->verdict = gauge->kind == WEIR_GAUGE_OTIF
                       ? weir_verdict_of_tally(gauge, view, &row->tally)
                       : weir_verdict_of_availability(gauge, view, &row->availability);
    weir_window_print(&gauge->windows, window, row->label);
}

enum weir_err weir_overview_rows(const struct weir_overview *overview,
                                 struct weir_scope *scope,
                                 const struct weir_overview_gauge_query *query,
                                 int64_t *log_id,
                                 struct weir_gauge_row **rows,
                                 size_t *row_count)
{
    const struct weir_gauge *gauge = &query->gauge->definition;
    struct weir_log log;
    struct weir_gauge_row *found = NULL;
    size_t found_count = 0;
    size_t count = query->last > 1 ? query->last : 1;
    if (count > WEIR_OVERVIEW_WINDOWS_MAX)
        return weir_fail(scope, WEIR_E_LIMIT, "%zu windows; at most %d at once", count,
                         WEIR_OVERVIEW_WINDOWS_MAX);
    struct weir_interval *windows = weir_take(scope, count, sizeof(*windows));
    struct weir_gauge_row *items = weir_take(scope, count, sizeof(*items));
    if (windows == NULL || items == NULL)
        return scope->err;
    enum weir_err err = list_windows(scope, overview, query, windows, &count);
    if (err == WEIR_OK)
        err = find_log(overview, scope, gauge, &log);
    if (err != WEIR_OK)
        return err;
    const struct weir_gauge_query asked = {
        .gauge = gauge,
        .log_id = log.log_id,
        .as_of_ms = overview->now_ms,
        .span = {windows[count - 1].start_ms, windows[0].end_ms},
        .class_name = query->class_name == NULL ? WEIR_CLASS_ALL : query->class_name,
    };
    if (log.log_id != 0)
        err = weir_gauge_rows(overview->store, scope, &asked, &found, &found_count);
    if (err != WEIR_OK)
        return err;
    for (size_t i = 0; i < count; i++) {
        fill_empty(overview, gauge, windows[i], &items[i]);
        items[i].class_name = asked.class_name;
        for (size_t k = 0; k < found_count; k++)
            if (found[k].window.start_ms == windows[i].start_ms)
                items[i] = found[k];
    }
    *log_id = log.log_id;
    *rows = items;
    *row_count = count;
    return WEIR_OK;
}

/* --- inputs ----------------------------------------------------------------------------------- */

/* Whether the window's observations are few enough to be read for one request. */
static bool is_countable(const struct record *record)
{
    const struct weir_gauge *gauge = record->gauge;
    uint64_t most = record->log_size;
    if (weir_gauge_is_scheduled(gauge)) {
        uint64_t ticks =
            weir_interval_ms(record->row->window) / (uint64_t)gauge->availability.probe.interval_ms;
        most = ticks < most ? ticks : most;
    }
    return record->log_id != 0 && most <= WEIR_OVERVIEW_INPUTS_MAX;
}

/* SHA-256 of "weir/ticks/v1\n" and what decides the number: u64 time and payload of each tick that
 * bears on the window, then u64 logged, from and to of each declared maintenance that meets it. */
static struct weir_hash digest_of(const struct weir_tick_list *ticks,
                                  const struct weir_maintenance_list *maintenance)
{
    static const char domain[] = "weir/ticks/v1\n";
    struct weir_sha256 state;
    weir_sha256_init(&state);
    weir_sha256_update(&state, domain, sizeof(domain) - 1);
    for (size_t i = 0; i < ticks->count; i++) {
        uint8_t payload[WEIR_TICK_PAYLOAD_BYTES];
        weir_tick_write(&ticks->items[i], payload);
        weir_sha256_u64(&state, (uint64_t)ticks->items[i].tick_ms);
        weir_sha256_update(&state, payload, sizeof(payload));
    }
    for (size_t i = 0; i < maintenance->count; i++) {
        weir_sha256_u64(&state, (uint64_t)maintenance->items[i].logged_ms);
        weir_sha256_u64(&state, (uint64_t)maintenance->items[i].planned.start_ms);
        weir_sha256_u64(&state, (uint64_t)maintenance->items[i].planned.end_ms);
    }
    return weir_sha256_final(&state);
}

static enum weir_err digest_ticks(struct record *record)
{
    struct weir_store *store = record->overview->store;
    struct weir_window_ticks ticks = {0};
    struct weir_logged_maintenance maintenance = {0};
    enum weir_err err =
        weir_window_ticks(store, record->scope, record->log_id, record->row->window, &ticks);
    if (err == WEIR_OK)
        err = weir_window_maintenance(store, record->scope, record->log_id, record->row->window,
                                      &maintenance);
    if (err != WEIR_OK)
        return err;
    record->input_count = ticks.ticks.count + maintenance.list.count;
    record->inputs = digest_of(&ticks.ticks, &maintenance.list);
    record->has_inputs = true;
    return WEIR_OK;
}

/* The events of the window, of all its classes. */
static enum weir_err digest_events(struct record *record)
{
    struct weir_event_list events;
    enum weir_err err = weir_window_events(record->overview->store, record->scope, record->log_id,
                                           record->row->window, &events);
    if (err != WEIR_OK)
        return err;
    struct weir_hash *digests = weir_take(record->scope, events.count, sizeof(*digests));
    if (digests == NULL)
        return record->scope->err;
    for (size_t i = 0; i < events.count; i++) {
        struct weir_hash payload = weir_event_payload_hash(events.texts[i]);
        digests[i] = weir_event_digest(&events.items[i], &payload);
    }
    record->input_count = events.count;
    record->inputs = weir_inputs_digest_set(digests, events.count);
    record->has_inputs = true;
    return WEIR_OK;
}

static enum weir_err find_inputs(struct record *record)
{
    if (!is_countable(record))
        return WEIR_OK;
    return record->gauge->kind == WEIR_GAUGE_OTIF ? digest_events(record) : digest_ticks(record);
}

/* --- the record ------------------------------------------------------------------------------- */

static const char *state_of(const struct weir_verdict *verdict)
{
    if (verdict->judgement == WEIR_JUDGEMENT_NO_DATA)
        return "no_data";
    return verdict->is_thin ? "thin" : weir_stage_name(verdict->stage);
}

static void write_inputs(const struct record *record, struct weir_json *json)
{
    if (!record->has_inputs) {
        weir_json_null(json, "inputs");
        return;
    }
    weir_json_object(json, "inputs");
    weir_json_u64(json, "n", record->input_count);
    weir_json_hash(json, "digest", &record->inputs);
    weir_json_close(json);
}

/* What only this kind of gauge has. */
static void write_kind(const struct record *record, struct weir_json *json)
{
    const struct weir_gauge_row *row = record->row;
    if (record->gauge->kind == WEIR_GAUGE_OTIF) {
        weir_json_u64(json, "units", row->tally.units);
        weir_json_u64(json, "replanned", row->tally.replanned);
        weir_json_u64(json, "last_num", row->tally.last_num);
        return;
    }
    uint64_t counted_ms = weir_interval_ms(row->window) > row->availability.maintenance_ms
                              ? weir_interval_ms(row->window) - row->availability.maintenance_ms
                              : 0;
    weir_json_u64(json, "up_ms", row->availability.up_ms);
    weir_json_u64(json, "down_ms", row->availability.down_ms);
    weir_json_u64(json, "unknown_ms", row->availability.unknown_ms);
    weir_json_u64(json, "maintenance_ms", row->availability.maintenance_ms);
    weir_json_u64(json, "budget_ms", weir_budget_ms_floor(counted_ms, record->gauge->target));
}

static void write_record(const struct record *record, struct weir_json *json, const char *key)
{
    const struct weir_gauge_row *row = record->row;
    char target[WEIR_RATIO_TEXT_BYTES];
    weir_ratio_print(record->gauge->target, target);
    weir_json_object(json, key);
    weir_json_text(json, "gauge", record->gauge->name);
    weir_json_text(json, "class", record->class_name);
    weir_json_text(json, "window", row->label);
    weir_json_i64(json, "start_ms", row->window.start_ms);
    weir_json_i64(json, "end_ms", row->window.end_ms);
    weir_json_u64(json, "num", row->verdict.ratio.num);
    weir_json_u64(json, "den", row->verdict.ratio.den);
    weir_json_text(json, "state", state_of(&row->verdict));
    weir_json_u64(json, "rev", row->revision);
    weir_json_hash(json, "def", &record->definition);
    write_inputs(record, json);
    weir_json_i64(json, "as_of_ms", record->overview->now_ms);
    weir_json_text(json, "verdict", weir_judgement_name(row->verdict.judgement));
    weir_json_text(json, "stage", weir_stage_name(row->verdict.stage));
    weir_json_bool(json, "thin", row->verdict.is_thin != 0);
    weir_json_bool(json, "certain", row->verdict.is_certain != 0);
    weir_json_bool(json, "below_target", row->verdict.is_below != 0);
    weir_json_bool(json, "published", row->is_published);
    weir_json_text(json, "kind", record->gauge->kind == WEIR_GAUGE_OTIF ? "otif" : "availability");
    weir_json_text(json, "target", target);
    write_kind(record, json);
    weir_json_close(json);
}

/* `*record` gets everything about the gauge that its rows share. */
static enum weir_err begin_record(const struct weir_overview *overview,
                                  struct weir_scope *scope,
                                  const struct weir_gauge *gauge,
                                  struct record *record)
{
    struct weir_log log;
    enum weir_err err = find_log(overview, scope, gauge, &log);
    if (err != WEIR_OK)
        return err;
    *record = (struct record){
        .overview = overview,
        .scope = scope,
        .gauge = gauge,
        .log_id = log.log_id,
        .log_size = log.head.size,
        .definition = log.definition_hash,
    };
    return WEIR_OK;
}

enum weir_err weir_overview_gauge(const struct weir_overview *overview,
                                  struct weir_scope *scope,
                                  const struct weir_overview_gauge_query *query,
                                  struct weir_json *json)
{
    struct weir_gauge_row *rows = NULL;
    size_t count = 0;
    int64_t log_id;
    struct record record;
    enum weir_err err = begin_record(overview, scope, &query->gauge->definition, &record);
    if (err == WEIR_OK)
        err = weir_overview_rows(overview, scope, query, &log_id, &rows, &count);
    if (err != WEIR_OK)
        return err;
    if (query->last > 0) {
        weir_json_object(json, NULL);
        weir_json_text(json, "gauge", record.gauge->name);
        weir_json_array(json, "windows");
    }
    for (size_t i = 0; err == WEIR_OK && i < count; i++) {
        record.row = &rows[i];
        record.class_name = query->class_name == NULL ? WEIR_CLASS_ALL : query->class_name;
        if (query->last == 0)
            err = find_inputs(&record);
        if (err == WEIR_OK)
            write_record(&record, json, NULL);
    }
    if (query->last > 0) {
        weir_json_close(json);
        weir_json_close(json);
    }
    return err;
}

/* When something was last observed. */
static enum weir_err write_source(const struct record *record, struct weir_json *json)
{
    struct weir_tick tick;
    uint64_t seq;
    weir_json_u64(json, "leaves", record->log_size);
    if (record->gauge->kind == WEIR_GAUGE_OTIF || record->log_id == 0)
        return WEIR_OK;
    enum weir_err err =
        weir_tick_last(record->overview->store, record->scope, record->log_id, &tick, &seq);
    if (err == WEIR_E_NOT_FOUND) {
        weir_scope_recover(record->scope);
        weir_json_null(json, "last_tick");
        return WEIR_OK;
    }
    if (err != WEIR_OK)
        return err;
    weir_json_object(json, "last_tick");
    weir_json_i64(json, "tick_ms", tick.tick_ms);
    weir_json_text(json, "state", weir_state_name(tick.state));
    weir_json_text(json, "reason", weir_reason_name(tick.reason));
    weir_json_u64(json, "http_status", tick.http_status);
    weir_json_u64(json, "latency_ms", tick.latency_ms);
    weir_json_close(json);
    return WEIR_OK;
}

enum weir_err weir_overview_gauges(const struct weir_overview *overview,
                                   struct weir_scope *scope,
                                   struct weir_json *json)
{
    enum weir_err err = WEIR_OK;
    weir_json_array(json, "gauges");
    for (size_t i = 0; err == WEIR_OK && i < overview->config->gauge_count; i++) {
        const struct weir_overview_gauge_query query = {.gauge = &overview->config->gauges[i]};
        struct weir_gauge_row *rows = NULL;
        size_t count = 0;
        struct record record;
        err = begin_record(overview, scope, &query.gauge->definition, &record);
        if (err == WEIR_OK)
            err = weir_overview_rows(overview, scope, &query, &record.log_id, &rows, &count);
        if (err != WEIR_OK)
            return err;
        record.row = &rows[0];
        record.class_name = WEIR_CLASS_ALL;
        weir_json_object(json, NULL);
        weir_json_text(json, "name", query.gauge->definition.name);
        weir_json_text(json, "description", query.gauge->description);
        err = write_source(&record, json);
        write_record(&record, json, "current");
        weir_json_close(json);
    }
    weir_json_close(json);
    return err;
}
