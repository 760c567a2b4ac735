#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "config/config.h"
#include "ledger/record.h"
#include "ledger/status.h"
#include "ledger/store.h"
#include "metrics/window.h"
#include "node/clock.h"
#include "node/collector.h"
#include "node/import.h"
#include "node/log.h"

#define PUBLISH_EVERY_MS 2000
#define PUBLISH_GROUP 64 /* gauges in one transaction */
#define PUBLISH_TURN_MS 20
#define STATUS_EVERY_MS 5000
#define STATUS_ROWS_MAX 64
#define STATUS_NAME_BYTES 64

/* --- ticks ------------------------------------------------------------------------------------ */

static enum weir_err
record_queue(struct weir_collector *collector, struct weir_scope *scope, uint64_t *refused)
{
    const struct weir_tick_queue *queue = &collector->queue;
    struct weir_record_counts counts = {0};
    enum weir_err err = WEIR_OK;
    for (size_t i = 0; err == WEIR_OK && i < queue->count;) {
        size_t end = i + 1;
        while (end < queue->count && queue->owners[end] == queue->owners[i])
            end++;
        const struct weir_probing *probing = &collector->probings[queue->owners[i]];
        err = weir_record_ticks(collector->worker.store, scope, probing->log_id, &queue->ticks[i],
                                end - i, &counts);
        if (err != WEIR_OK)
            return weir_note(scope, "gauge '%s'", probing->gauge->name);
        i = end;
    }
    *refused = counts.refused;
    return err;
}

/* Whether a tick can change what is owed: it is not up, or it is the first behind a window. */
static bool matters(struct weir_collector *collector, size_t place)
{
    const struct weir_tick *tick = &collector->queue.ticks[place];
    struct weir_probing *probing = &collector->probings[collector->queue.owners[place]];
    struct weir_interval window;
    struct weir_scope scope = {0};
    probing->is_dirty = true;
    if (tick->tick_ms < probing->window_end_ms)
        return tick->state != WEIR_STATE_UP;
    probing->is_urgent = true;
    probing->window_end_ms = INT64_MAX; /* outside the frozen boundaries no window begins */
    if (weir_window_at(&scope, &probing->gauge->windows, tick->tick_ms, &window) == WEIR_OK)
        probing->window_end_ms = window.end_ms;
    return true;
}

enum weir_err weir_collector_record(struct weir_collector *collector)
{
    struct weir_scope scope = {.arena = collector->worker.scratch};
    struct weir_store *store = collector->worker.store;
    uint64_t refused = 0;
    if (collector->queue.count == 0)
        return WEIR_OK;
    weir_arena_clear(collector->worker.scratch);
    enum weir_err err = weir_store_begin(store, &scope, WEIR_WRITE_SHORT);
    if (err == WEIR_OK)
        err = record_queue(collector, &scope, &refused);
    if (err == WEIR_OK)
        err = weir_store_commit(store, &scope);
    else
        weir_store_rollback(store);
    if (err != WEIR_OK) {
        collector->counters.record_failures++;
        weir_log_failure(WEIR_LOG_ERROR, "ticks_not_recorded", &scope);
        return err;
    }
    if (refused > 0)
        weir_log(WEIR_LOG_ERROR, "ticks_refused", "count=%" PRIu64, refused);
    bool must_wake = false;
    for (size_t i = 0; i < collector->queue.count; i++)
        must_wake |= matters(collector, i);
    collector->queue.count = 0;
    if (must_wake)
        weir_duty_wake(collector->worker.duty, WEIR_DUTY_SETTLER);
    return WEIR_OK;
}

/* --- publishing ------------------------------------------------------------------------------- */

/* All gauges under one number: those that are probed first, then those that events feed. */
static struct weir_publication *publication_of(struct weir_collector *collector, size_t number)
{
    if (number < collector->probing_count)
        return &collector->probings[number].publication;
    return &collector->fed[number - collector->probing_count];
}

/* Whether the gauge may have something to say.  In a round everything is looked at. */
static bool wants_publishing(const struct weir_collector *collector,
                             size_t number,
                             int64_t now_ms,
                             bool is_round)
{
    if (number >= collector->probing_count)
        return is_round;
    const struct weir_probing *probing = &collector->probings[number];
    bool is_due = probing->publication.due_ms <= now_ms && probing->last_ms != INT64_MIN;
    return probing->is_urgent || (is_round && (probing->is_dirty || is_due));
}

static void forget(struct weir_collector *collector, const size_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct weir_publication *publication = publication_of(collector, numbers[i]);
        *publication = (struct weir_publication){
            .gauge = publication->gauge, .log_id = publication->log_id, .joins = true};
    }
}

/* One transaction for some gauges: all of them are published or none. */
static enum weir_err
publish_group(struct weir_collector *collector, const size_t *numbers, size_t count, int64_t now_ms)
{
    struct weir_scope scope = {.arena = collector->worker.scratch};
    struct weir_store *store = collector->worker.store;
    struct weir_published published = {0};
    bool is_partial = false;
    weir_arena_clear(collector->worker.scratch);
    enum weir_err err = weir_store_begin(store, &scope, WEIR_WRITE_STREAM);
    for (size_t i = 0; err == WEIR_OK && i < count; i++) {
        err = weir_publish_gauge(store, &scope, publication_of(collector, numbers[i]), now_ms,
                                 &published);
        is_partial |= published.is_partial;
    }
    if (err == WEIR_OK)
        err = weir_store_commit(store, &scope);
    else
        weir_store_rollback(store);
    if (err != WEIR_OK) {
        forget(collector, numbers, count);
        weir_log_failure(WEIR_LOG_ERROR, "gauges_not_published", &scope);
        return err;
    }
    for (size_t i = 0; i < count && !is_partial; i++)
        if (numbers[i] < collector->probing_count) {
            collector->probings[numbers[i]].is_dirty = false;
            collector->probings[numbers[i]].is_urgent = false;
        }
    collector->counters.verdicts += published.verdicts;
    collector->is_behind |= is_partial;
    collector->is_partial |= is_partial;
    if (published.kills > 0)
        weir_log(WEIR_LOG_WARN, "kill_signal_fired", "runs=%" PRIu64, published.kills);
    return WEIR_OK;
}

/* Whether gauges that events feed may have changed: somebody wrote to the ledger, or time moves
 * their windows on. */
static bool events_may_be_new(struct weir_collector *collector, struct weir_scope *scope)
{
    uint64_t version = 0;
    if (collector->fed_count == 0 || weir_import_is_under_way(collector->worker.config))
        return false;
    if (weir_store_version(collector->worker.store, scope, &version) != WEIR_OK) {
        weir_log_failure(WEIR_LOG_ERROR, "ledger_not_read", scope);
        return false;
    }
    bool is_new = version != collector->version || collector->must_look;
    collector->version = version;
    collector->must_look = false;
    for (size_t i = 0; !is_new && i < collector->fed_count; i++)
        is_new = collector->fed[i].due_ms <= weir_clock_now();
    return is_new;
}

enum weir_err weir_collector_publish(struct weir_collector *collector, int64_t now_ms)
{
    struct weir_scope scope = {.arena = collector->worker.scratch};
    int64_t began_ms = weir_clock_monotonic_ms();
    bool is_round = began_ms >= collector->publish_at_ms;
    size_t total = collector->probing_count;
    if (is_round && events_may_be_new(collector, &scope))
        collector->has_news = true;
    if (collector->has_news)
        total += collector->fed_count;
    size_t numbers[PUBLISH_GROUP];
    size_t count = 0;
    collector->is_partial = false;
    size_t number = is_round ? collector->publish_next : 0;
    for (; number < total; number++) {
        if (wants_publishing(collector, number, now_ms, is_round))
            numbers[count++] = number;
        bool is_last = number + 1 == total;
        if (count < PUBLISH_GROUP && !(is_last && count > 0))
            continue;
        enum weir_err err = publish_group(collector, numbers, count, now_ms);
        if (err != WEIR_OK)
            return err;
        count = 0;
        if (!is_last && weir_clock_monotonic_ms() - began_ms >= PUBLISH_TURN_MS) {
            collector->is_behind = true; /* probes must not wait: the rest comes in the next turn */
            collector->publish_next = number + 1;
            return WEIR_OK;
        }
    }
    if (is_round) {
        collector->has_news = false;
        collector->publish_next = 0;
        collector->publish_at_ms = collector->is_partial ? 0 : began_ms + PUBLISH_EVERY_MS;
    }
    return WEIR_OK;
}

/* --- what is told about oneself --------------------------------------------------------------- */

/* Rows with their texts. */
struct report {
    struct weir_status_row rows[STATUS_ROWS_MAX];
    char names[STATUS_ROWS_MAX][STATUS_NAME_BYTES];
    size_t count;
    int64_t now_ms;
};

static void report_add(struct report *report, const char *name, const char *label, int64_t value)
{
    if (report->count == STATUS_ROWS_MAX)
        return;
    size_t i = report->count++;
    if (label == NULL)
        (void)snprintf(report->names[i], STATUS_NAME_BYTES, "%s", name);
    else
        (void)snprintf(report->names[i], STATUS_NAME_BYTES, "%s{reason=\"%s\"}", name, label);
    report->rows[i] = (struct weir_status_row){
        .duty = "collector",
        .name = report->names[i],
        .value = value,
        .text = "",
        .updated_ms = report->now_ms,
    };
}

void weir_collector_report(struct weir_collector *collector, int64_t now_ms)
{
    struct report report = {.now_ms = now_ms};
    struct weir_scope scope = {.arena = collector->worker.scratch};
    struct weir_collector_counters *counters = &collector->counters;
    int64_t monotonic_ms = weir_clock_monotonic_ms();
    if (monotonic_ms < collector->status_at_ms)
        return;
    collector->status_at_ms = monotonic_ms + STATUS_EVERY_MS;
    for (unsigned reason = 1; reason < WEIR_REASON_COUNT; reason++)
        if (counters->by_reason[reason] > 0)
            report_add(&report, "weir_probe_ticks_total", weir_reason_name((uint8_t)reason),
                       (int64_t)counters->by_reason[reason]);
    report_add(&report, "weir_probe_gauges", NULL, (int64_t)collector->probing_count);
    report_add(&report, "weir_probes_running", NULL, (int64_t)collector->probes_running);
    report_add(&report, "weir_probe_lag_ms", NULL, counters->lag_ms_max);
    if (counters->tick_ms > 0)
        report_add(&report, "weir_probe_last_tick_ms", NULL, counters->tick_ms);
    report_add(&report, "weir_collector_turns_total", NULL, (int64_t)counters->turns);
    report_add(&report, "weir_collector_verdicts_total", NULL, (int64_t)counters->verdicts);
    report_add(&report, "weir_collector_record_failures_total", NULL,
               (int64_t)counters->record_failures);
    counters->lag_ms_max = 0;
    weir_arena_clear(collector->worker.scratch);
    if (weir_status_put(collector->worker.store, &scope, report.rows, report.count) != WEIR_OK)
        weir_log_failure(WEIR_LOG_WARN, "status_not_put", &scope);
}
