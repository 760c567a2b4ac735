/* The duty "collector": one loop, one waiting place. */
#include "node/collector.h"

#include <string.h>

#include "base/arena.h"
#include "config/config.h"
#include "ledger/store.h"
#include "node/clock.h"
#include "node/log.h"
#include "node/sandbox.h"

#define RETRY_MS 50 /* when the ledger was busy */

/* --- beginning -------------------------------------------------------------------------------- */

/* The strictest bound of the agreements that rest on the gauge. */
static int64_t skew_of(const struct weir_config *config, const struct weir_gauge *gauge)
{
    int64_t skew_max_ms = INT64_MAX;
    for (size_t i = 0; i < config->agreement_count; i++) {
        const struct weir_config_agreement *agreement = &config->agreements[i];
        if (strcmp(agreement->gauge_name, gauge->name) == 0 && agreement->skew_max_ms < skew_max_ms)
            skew_max_ms = agreement->skew_max_ms;
    }
    return skew_max_ms == INT64_MAX ? WEIR_SKEW_DEFAULT_MS : skew_max_ms;
}

static enum weir_err add_gauge(struct weir_collector *collector, size_t number)
{
    struct weir_worker *worker = &collector->worker;
    const struct weir_config_gauge *configured = &worker->config->gauges[number];
    const struct weir_publication publication = {
        .gauge = &configured->definition, .log_id = worker->log_ids[number], .joins = true};
    if (!weir_gauge_is_scheduled(&configured->definition)) {
        collector->fed[collector->fed_count++] = publication;
        return WEIR_OK;
    }
    struct weir_probing *probing = &collector->probings[collector->probing_count++];
    *probing = (struct weir_probing){
        .configured = configured,
        .gauge = &configured->definition,
        .log_id = worker->log_ids[number],
        .skew_max_ms = skew_of(worker->config, &configured->definition),
        .window_end_ms = INT64_MIN,
        .publication = publication,
    };
    return weir_probing_begin(collector, &worker->scope, probing);
}

static enum weir_err make_queue(struct weir_collector *collector)
{
    struct weir_scope *scope = &collector->worker.scope;
    struct weir_tick_queue *queue = &collector->queue;
    queue->capacity = WEIR_MISSED_PER_TURN + 4 * collector->worker.config->gauge_count;
    queue->ticks = weir_take(scope, queue->capacity, sizeof(*queue->ticks));
    queue->owners = weir_take(scope, queue->capacity, sizeof(*queue->owners));
    return scope->err;
}

static enum weir_err begin(struct weir_collector *collector)
{
    struct weir_worker *worker = &collector->worker;
    struct weir_scope *scope = &worker->scope;
    const struct weir_config_collector *config = &worker->config->collector;
    size_t gauge_count = worker->config->gauge_count;
    collector->user_agent = weir_take_printf(scope, "User-Agent: %s", config->user_agent);
    collector->probings = weir_take(scope, gauge_count, sizeof(*collector->probings));
    collector->fed = weir_take(scope, gauge_count, sizeof(*collector->fed));
    if (scope->err != WEIR_OK || make_queue(collector) != WEIR_OK ||
        weir_references_begin(collector) != WEIR_OK)
        return scope->err;
    for (size_t i = 0; i < gauge_count; i++)
        if (add_gauge(collector, i) != WEIR_OK)
            return weir_note(scope, "gauge '%s'", worker->config->gauges[i].definition.name);
    size_t wanted = config->probes_parallel_max < collector->probing_count
                        ? config->probes_parallel_max
                        : collector->probing_count;
    size_t room = WEIR_HTTP_SLOTS_MAX - collector->references.count;
    collector->probe_slots = wanted < room ? wanted : room;
    if (collector->probe_slots == 0)
        collector->probe_slots = 1;
    collector->http = weir_http_new(collector->probe_slots + collector->references.count, NULL);
    if (collector->http == NULL)
        return weir_fail(scope, WEIR_E_MEMORY, "no memory for %zu probes", collector->probe_slots);
    collector->must_look = true;
    return WEIR_OK;
}

/* --- the loop --------------------------------------------------------------------------------- */

/* A failure that another try may mend.  After a failed write nothing about the file is certain, so
 * everything else ends the duty, and the next start recovers. */
static bool may_go_on(enum weir_err err)
{
    return err == WEIR_OK || err == WEIR_E_BUSY;
}

static enum weir_err turn(struct weir_collector *collector)
{
    collector->counters.turns++;
    collector->is_behind = false;
    weir_arena_clear(collector->worker.scratch);
    if (collector->queue.count > 0) { /* the ledger was busy: first what is waiting */
        enum weir_err err = weir_collector_record(collector);
        if (err != WEIR_OK)
            return err;
    }
    weir_collector_results(collector);
    weir_collector_catch_up(collector, weir_clock_now());
    enum weir_err err = weir_collector_record(collector);
    if (err != WEIR_OK)
        return err;
    weir_collector_launch(collector, weir_clock_now());
    err = weir_collector_publish(collector, weir_clock_now());
    if (err != WEIR_OK)
        return err;
    weir_collector_report(collector, weir_clock_now());
    return WEIR_OK;
}

/* The newest tick of a gauge that an agreement rests on. */
static int64_t newest_tick_of(const struct weir_collector *collector, const char *gauge)
{
    for (size_t i = 0; i < collector->probing_count; i++)
        if (strcmp(collector->probings[i].gauge->name, gauge) == 0)
            return collector->probings[i].last_ms;
    return INT64_MAX; /* fed by events: nothing will come from here */
}

/* Nothing is left to do: no schedule, or every window of every agreement is over and sealed. */
static bool is_idle(const struct weir_collector *collector)
{
    const struct weir_agreements *agreements = &collector->worker.agreements;
    if (collector->is_behind || collector->queue.count > 0)
        return false;
    if (collector->probing_count == 0)
        return !collector->must_look && !collector->has_news;
    for (size_t i = 0; i < agreements->count; i++) {
        const struct weir_agreement *agreement = &agreements->items[i];
        struct weir_interval last =
            weir_window_of_terms(&agreement->schedule, agreement->schedule.count - 1);
        if (newest_tick_of(collector, agreement->gauge.name) < last.end_ms)
            return false;
    }
    return agreements->count > 0;
}

/* Waits for answers, for time, for news, or for the end.  True when the node shall stop. */
static bool wait_for_news(struct weir_collector *collector, int patience_ms)
{
    struct weir_scope scope = {.arena = collector->worker.scratch};
    const struct weir_duty *duty = collector->worker.duty;
    struct pollfd extra[] = {
        {.fd = duty->stop_in, .events = POLLIN},
        {.fd = duty->wake_in, .events = POLLIN},
    };
    if (weir_http_wait(collector->http, &scope, extra, 2, patience_ms) != WEIR_OK) {
        weir_log_failure(WEIR_LOG_ERROR, "wait_failed", &scope);
        return true;
    }
    if (extra[1].revents != 0) {
        weir_duty_wake_clear(duty);
        collector->must_look = true;
        collector->publish_at_ms = 0;
    }
    return extra[0].revents != 0;
}

static int run(struct weir_collector *collector)
{
    struct weir_duty *duty = collector->worker.duty;
    for (;;) {
        enum weir_err err = turn(collector);
        if (!may_go_on(err))
            return 1;
        if (duty->until_idle && err == WEIR_OK && is_idle(collector))
            return 0;
        int patience_ms = weir_collector_patience(collector, weir_clock_now());
        if (err != WEIR_OK && patience_ms < RETRY_MS)
            patience_ms = RETRY_MS;
        if (wait_for_news(collector, patience_ms))
            break;
    }
    /* What came back in time is worth keeping; what is still under way will be missed. */
    weir_collector_results(collector);
    return may_go_on(weir_collector_record(collector)) ? 0 : 1;
}

int weir_collector_run(struct weir_duty *duty)
{
    struct weir_collector collector = {.probing_count = 0};
    struct weir_scope *scope = &collector.worker.scope;
    int status = 1;
    enum weir_err err = weir_worker_start(&collector.worker, duty);
    if (err == WEIR_OK)
        err = begin(&collector);
    if (err == WEIR_OK)
        err = weir_sandbox_enter(scope, WEIR_DUTY_COLLECTOR, NULL);
    if (err == WEIR_OK) {
        weir_duty_ready(duty);
        weir_log(WEIR_LOG_INFO, "collecting", "probed=%zu fed=%zu parallel=%zu references=%zu",
                 collector.probing_count, collector.fed_count, collector.probe_slots,
                 collector.references.count);
        status = run(&collector);
    } else {
        weir_log_failure(WEIR_LOG_ERROR, "collector_not_started", scope);
    }
    weir_http_free(collector.http);
    weir_worker_end(&collector.worker);
    return status;
}
