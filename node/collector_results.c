#include <string.h>

#include "base/arena.h"
#include "config/config.h"
#include "node/collector.h"
#include "node/log.h"

#define REFERENCE_MS 2000
#define REFERENCE_TAG UINT64_MAX /* no probing has this number */
#define US_PER_MS 1000

/* --- references ------------------------------------------------------------------------------- */

enum weir_err weir_references_begin(struct weir_collector *collector)
{
    struct weir_scope *scope = &collector->worker.scope;
    struct weir_reference_check *check = &collector->references;
    const struct weir_config_texts *names = &collector->worker.config->collector.references;
    for (size_t i = 0; i < names->count && check->count < WEIR_REFERENCES_MAX; i++) {
        const char *name = names->items[i];
        const char *port = strrchr(name, ':');
        /* Only that something answers there matters, so no more is asked than politeness wants. */
        bool is_tls = port != NULL && strcmp(port, ":443") == 0;
        const char *url = weir_take_printf(scope, "%s://%s/", is_tls ? "https" : "http", name);
        if (url == NULL)
            return scope->err;
        check->requests[check->count++] = (struct weir_http_request){
            .method = "HEAD",
            .url = url,
            .headers = &collector->user_agent,
            .header_count = 1,
            .limits = {.connect_ms = REFERENCE_MS,
                       .first_byte_ms = REFERENCE_MS,
                       .total_ms = REFERENCE_MS,
                       .body_bytes_max = 4096},
            .allow_private = true,
            .fresh_connection = true,
            .tag = REFERENCE_TAG,
        };
    }
    return WEIR_OK;
}

static void ask_references(struct weir_collector *collector)
{
    struct weir_reference_check *check = &collector->references;
    for (size_t i = 0; i < check->count; i++) {
        struct weir_scope scope = {.arena = collector->worker.scratch};
        check->tickets[i] = 0;
        if (weir_http_submit(collector->http, &scope, &check->requests[i], &check->tickets[i]) !=
            WEIR_OK) {
            check->tickets[i] = 0;
            weir_log_failure(WEIR_LOG_WARN, "reference_not_asked", &scope);
            continue;
        }
        check->running++;
    }
}

/* Records what the doubted probes found, now that the doubt has ended. */
static void end_doubt(struct weir_collector *collector, bool network_works)
{
    for (size_t i = 0; i < collector->probing_count; i++) {
        struct weir_probing *probing = &collector->probings[i];
        if (probing->state != WEIR_PROBE_DOUBTED)
            continue;
        struct weir_tick tick = probing->found;
        if (!network_works)
            tick = weir_tick_make(tick.tick_ms, WEIR_REASON_OWN_NETWORK, 0, tick.latency_ms);
        probing->state = WEIR_PROBE_IDLE;
        weir_queue_tick(collector, probing, &tick);
    }
}

static void take_reference(struct weir_collector *collector, const struct weir_http_result *result)
{
    struct weir_reference_check *check = &collector->references;
    bool is_reached = result->reason == WEIR_HTTP_ANSWERED || result->times.connected_us > 0;
    for (size_t i = 0; i < check->count; i++)
        if (check->tickets[i] == result->ticket) {
            check->tickets[i] = 0;
            check->running--;
        }
    if (is_reached) {
        for (size_t i = 0; i < check->count; i++) {
            weir_http_release(collector->http, check->tickets[i]);
            check->tickets[i] = 0;
        }
        check->running = 0;
    }
    if (check->running == 0) {
        if (!is_reached)
            weir_log(WEIR_LOG_WARN, "own_network_fails", "references=%zu", check->count);
        end_doubt(collector, is_reached);
    }
}

/* --- probes ----------------------------------------------------------------------------------- */

void weir_collector_abandon(struct weir_collector *collector, struct weir_probing *probing)
{
    if (probing->state == WEIR_PROBE_RUNNING) {
        weir_http_release(collector->http, probing->ticket);
        collector->probes_running--;
    }
    probing->state = WEIR_PROBE_IDLE;
}

static void take_probe(struct weir_collector *collector,
                       struct weir_probing *probing,
                       const struct weir_http_result *result)
{
    uint64_t latency_ms = result->times.total_us / US_PER_MS;
    struct weir_tick tick =
        weir_tick_make(probing->started_ms, weir_probe_judge(probing->gauge, result),
                       result->status, latency_ms > UINT32_MAX ? UINT32_MAX : (uint32_t)latency_ms);
    collector->probes_running--;
    probing->state = WEIR_PROBE_IDLE;
    if (collector->references.count == 0 || !weir_probe_is_doubtful(result)) {
        weir_queue_tick(collector, probing, &tick);
        return;
    }
    probing->state = WEIR_PROBE_DOUBTED;
    probing->found = tick;
    if (collector->references.running == 0)
        ask_references(collector);
    if (collector->references.running == 0)
        end_doubt(collector, false); /* not even asking was possible */
}

void weir_collector_results(struct weir_collector *collector)
{
    struct weir_http_result result;
    while (weir_http_next(collector->http, &result)) {
        if (result.tag == REFERENCE_TAG)
            take_reference(collector, &result);
        else if (collector->probings[result.tag].state == WEIR_PROBE_RUNNING &&
                 collector->probings[result.tag].ticket == result.ticket)
            take_probe(collector, &collector->probings[result.tag], &result);
        weir_http_release(collector->http, result.ticket);
    }
}
