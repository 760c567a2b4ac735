#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "config/config.h"
#include "ledger/observations.h"
#include "node/clock.h"
#include "node/collector.h"
#include "node/log.h"

#define PATIENCE_MS_MAX 500 /* a step of the clock is noticed so soon */

static int64_t clock_offset(int64_t now_ms)
{
    return now_ms - weir_clock_monotonic_ms();
}

enum weir_err weir_probing_begin(struct weir_collector *collector,
                                 struct weir_scope *scope,
                                 struct weir_probing *probing)
{
    struct weir_tick newest;
    uint64_t seq = 0;
    int64_t interval_ms = probing->gauge->availability.probe.interval_ms;
    int64_t now_ms = weir_clock_now();
    probing->offset_ms = clock_offset(now_ms);
    enum weir_err err =
        weir_tick_last(collector->worker.store, scope, probing->log_id, &newest, &seq);
    if (err == WEIR_E_NOT_FOUND) {
        weir_scope_recover(scope);
        probing->last_ms = INT64_MIN;
        probing->due_ms = weir_tick_after(now_ms, interval_ms);
        return WEIR_OK;
    }
    if (err != WEIR_OK)
        return err;
    probing->last_reason = newest.reason;
    probing->last_ms = newest.tick_ms;
    probing->due_ms = weir_tick_after(newest.tick_ms, interval_ms);
    if (newest.tick_ms - now_ms > probing->skew_max_ms) {
        probing->step_ms = now_ms - newest.tick_ms;
        weir_log(WEIR_LOG_WARN, "clock_is_behind", "gauge=%s log_ahead_ms=%lld",
                 probing->gauge->name, (long long)-probing->step_ms);
    }
    return WEIR_OK;
}

void weir_queue_tick(struct weir_collector *collector,
                     struct weir_probing *probing,
                     const struct weir_tick *tick)
{
    struct weir_tick_queue *queue = &collector->queue;
    assert(queue->count < queue->capacity);
    assert(tick->tick_ms > probing->last_ms);
    queue->ticks[queue->count] = *tick;
    queue->owners[queue->count] = (uint32_t)(probing - collector->probings);
    queue->count++;
    if (tick->reason != probing->last_reason &&
        (tick->state != WEIR_STATE_UP || probing->last_reason != 0))
        weir_log(WEIR_LOG_INFO, "state_changed", "gauge=%s tick_ms=%lld state=%s reason=%s",
                 probing->gauge->name, (long long)tick->tick_ms, weir_state_name(tick->state),
                 weir_reason_name(tick->reason));
    probing->is_urgent |= weir_reason_state(probing->last_reason) != tick->state;
    probing->last_reason = tick->reason;
    probing->last_ms = tick->tick_ms;
    collector->counters.by_reason[tick->reason]++;
    if (tick->tick_ms > collector->counters.tick_ms)
        collector->counters.tick_ms = tick->tick_ms;
}

/* Room for what every gauge may still queue in this turn. */
static size_t room_for_missed(const struct weir_collector *collector)
{
    size_t reserved = 3 * collector->probing_count;
    size_t free_count = collector->queue.capacity - collector->queue.count;
    return free_count > reserved ? free_count - reserved : 0;
}

/* What ran while the clock was set cannot be placed in time: its tick is missed. */
static void begin_step(struct weir_collector *collector, struct weir_probing *probing, int64_t step)
{
    if (probing->state != WEIR_PROBE_IDLE) {
        weir_collector_abandon(collector, probing);
        if (probing->started_ms > probing->last_ms) {
            const struct weir_tick missed =
                weir_tick_make(probing->started_ms, WEIR_REASON_MISSED, 0, 0);
            weir_queue_tick(collector, probing, &missed);
        }
    }
    probing->step_ms += step;
    weir_log(WEIR_LOG_WARN, "clock_was_set", "gauge=%s step_ms=%lld", probing->gauge->name,
             (long long)step);
}

/* Logs the step as soon as time is behind the newest tick. */
static void finish_step(struct weir_collector *collector, struct weir_probing *probing, int64_t now)
{
    if (probing->step_ms == 0 || now <= probing->last_ms)
        return;
    uint64_t size = (uint64_t)llabs(probing->step_ms);
    const struct weir_tick tick = weir_tick_make(
        now, probing->step_ms > 0 ? WEIR_REASON_CLOCK_FORWARD : WEIR_REASON_CLOCK_BACK, 0,
        size > UINT32_MAX ? UINT32_MAX : (uint32_t)size);
    weir_queue_tick(collector, probing, &tick);
    probing->step_ms = 0;
    probing->due_ms = weir_tick_after(now, probing->gauge->availability.probe.interval_ms);
}

static void
look_at_clock(struct weir_collector *collector, struct weir_probing *probing, int64_t now)
{
    int64_t offset_ms = clock_offset(now);
    int64_t step = offset_ms - probing->offset_ms;
    if (step > probing->skew_max_ms || step < -probing->skew_max_ms) {
        begin_step(collector, probing, step);
        probing->offset_ms = offset_ms;
    }
    finish_step(collector, probing, now);
}

/* Ticks whose time went by, up to the one that can still run. */
static void
queue_missed(struct weir_collector *collector, struct weir_probing *probing, int64_t now)
{
    int64_t interval_ms = probing->gauge->availability.probe.interval_ms;
    int64_t current_ms = weir_tick_floor(now, interval_ms);
    if (probing->state != WEIR_PROBE_IDLE || probing->step_ms != 0)
        return;
    size_t room = room_for_missed(collector);
    for (; probing->due_ms < current_ms && room > 0; room--) {
        const struct weir_tick missed = weir_tick_make(probing->due_ms, WEIR_REASON_MISSED, 0, 0);
        if (missed.tick_ms > probing->last_ms)
            weir_queue_tick(collector, probing, &missed);
        probing->due_ms += interval_ms;
    }
    if (probing->due_ms < current_ms)
        collector->is_behind = true;
}

void weir_collector_catch_up(struct weir_collector *collector, int64_t now_ms)
{
    for (size_t i = 0; i < collector->probing_count; i++) {
        look_at_clock(collector, &collector->probings[i], now_ms);
        queue_missed(collector, &collector->probings[i], now_ms);
    }
}

static struct weir_http_request request_of(const struct weir_collector *collector,
                                           const struct weir_probing *probing)
{
    const struct weir_probe *probe = &probing->gauge->availability.probe;
    uint32_t timeout_ms = (uint32_t)probe->timeout_ms;
    return (struct weir_http_request){
        .method = probe->method,
        .url = probe->url,
        .headers = &collector->user_agent,
        .header_count = 1,
        .limits =
            {
                .connect_ms = timeout_ms,
                .first_byte_ms = timeout_ms,
                .total_ms = timeout_ms,
                .rate_bytes_s_min = 1, /* the time limit is what counts */
                .rate_grace_ms = timeout_ms,
                .body_bytes_max = (size_t)probe->body_bytes_max,
                .redirects_max = probe->redirects_max,
            },
        .allow_private = probing->configured->private_is_allowed,
        .fresh_connection = true,
        .tag = (uint64_t)(probing - collector->probings),
    };
}

/* Starts one probe; its tick bears the time of this moment.  False when no slot is free. */
static bool launch(struct weir_collector *collector, struct weir_probing *probing)
{
    struct weir_scope scope = {.arena = collector->worker.scratch};
    const struct weir_http_request request = request_of(collector, probing);
    int64_t now_ms = weir_clock_now();
    int64_t interval_ms = probing->gauge->availability.probe.interval_ms;
    if (now_ms <= probing->last_ms)
        return true; /* a small step back: wait until time has passed the newest tick */
    enum weir_err err = weir_http_submit(collector->http, &scope, &request, &probing->ticket);
    if (err == WEIR_E_LIMIT)
        return false;
    if (now_ms - probing->due_ms > collector->counters.lag_ms_max)
        collector->counters.lag_ms_max = now_ms - probing->due_ms;
    probing->due_ms += interval_ms;
    probing->started_ms = now_ms;
    probing->offset_ms = clock_offset(now_ms);
    if (err != WEIR_OK) {
        const struct weir_tick tick = weir_tick_make(now_ms, WEIR_REASON_OWN_LIMIT, 0, 0);
        weir_queue_tick(collector, probing, &tick);
        weir_log_failure(WEIR_LOG_ERROR, "probe_not_started", &scope);
        return true;
    }
    probing->state = WEIR_PROBE_RUNNING;
    collector->probes_running++;
    return true;
}

void weir_collector_launch(struct weir_collector *collector, int64_t now_ms)
{
    for (size_t i = 0; i < collector->probing_count; i++) {
        struct weir_probing *probing = &collector->probings[i];
        int64_t interval_ms = probing->gauge->availability.probe.interval_ms;
        if (collector->probes_running >= collector->probe_slots)
            return; /* a result makes room and comes back here */
        if (probing->state == WEIR_PROBE_IDLE && probing->step_ms == 0 &&
            probing->due_ms <= now_ms && now_ms - probing->due_ms < interval_ms &&
            !launch(collector, probing))
            return;
    }
}

int weir_collector_patience(const struct weir_collector *collector, int64_t now_ms)
{
    int64_t least = PATIENCE_MS_MAX;
    if (collector->is_behind)
        return 0;
    bool has_slot = collector->probes_running < collector->probe_slots;
    for (size_t i = 0; has_slot && i < collector->probing_count; i++) {
        const struct weir_probing *probing = &collector->probings[i];
        int64_t at_ms = probing->due_ms > probing->last_ms ? probing->due_ms : probing->last_ms + 1;
        int64_t until_ms = at_ms - now_ms;
        if (probing->state == WEIR_PROBE_IDLE && probing->step_ms == 0 && until_ms < least)
            least = until_ms;
    }
    int64_t monotonic_ms = weir_clock_monotonic_ms();
    if (collector->publish_at_ms - monotonic_ms < least)
        least = collector->publish_at_ms - monotonic_ms;
    if (collector->status_at_ms - monotonic_ms < least)
        least = collector->status_at_ms - monotonic_ms;
    return least < 0 ? 0 : (int)least;
}
