#include "metrics/settlement.h"

#include <assert.h>
#include <inttypes.h>

#include "base/arena.h"
#include "metrics/sort.h"

#define DOMAIN_DOWN "weir/down/v1\n"
#define DOMAIN_SET "weir/set/v1\n"

/* The end of a state: the next tick or the end of the hold.  Only what every leaf shows in public
 * (time and state) decides, so that a peer who sees no payload computes the same: a logged clock
 * step is a tick of unknown state like any other. */
static int64_t
held_until(const struct weir_tick *tick, const struct weir_tick *next, int64_t hold_ms)
{
    int64_t end_ms;
    if (hold_ms == WEIR_UNLIMITED_MS || __builtin_add_overflow(tick->tick_ms, hold_ms, &end_ms))
        return next->tick_ms;
    return next->tick_ms < end_ms ? next->tick_ms : end_ms;
}

/* Joins [start, end) to the last interval or appends it; intervals come in ascending order. */
static void append(struct weir_interval *items, size_t *count, struct weir_interval interval)
{
    if (weir_interval_ms(interval) == 0)
        return;
    if (*count > 0 && items[*count - 1].end_ms >= interval.start_ms)
        items[*count - 1].end_ms = interval.end_ms;
    else
        items[(*count)++] = interval;
}

/* The sealed down time of the window before maintenance is taken out.  The interval of a tick is
 * sealed by the tick after it, so the newest tick says nothing yet. */
static enum weir_err sealed_down(struct weir_scope *scope,
                                 const struct weir_evidence *evidence,
                                 int64_t hold_ms,
                                 struct weir_interval window,
                                 struct weir_own_verdict *verdict)
{
    const struct weir_tick_list *ticks = &evidence->ticks;
    struct weir_interval *items = weir_take(scope, ticks->count, sizeof(*items));
    if (items == NULL)
        return scope->err;
    size_t count = 0;
    const struct weir_tick *previous = NULL;
    for (size_t i = 0; i < ticks->count; i++) {
        const struct weir_tick *tick = &ticks->items[i];
        if (i > 0 && tick->tick_ms <= tick[-1].tick_ms)
            return weir_fail(scope, WEIR_E_CONFLICT,
                             "a tick at %" PRId64 " ms cannot follow one at %" PRId64 " ms",
                             tick->tick_ms, tick[-1].tick_ms);
        if (previous != NULL && previous->state == WEIR_STATE_DOWN) {
            struct weir_interval held = {
                .start_ms = previous->tick_ms,
                .end_ms = held_until(previous, tick, hold_ms),
            };
            append(items, &count, weir_interval_clip(held, window));
        }
        previous = tick;
    }
    verdict->down = (struct weir_interval_list){.items = items, .count = count};
    verdict->sealed_until_ms = previous == NULL ? INT64_MIN : previous->tick_ms;
    return WEIR_OK;
}

enum weir_err weir_own_verdict_compute(struct weir_scope *scope,
                                       const struct weir_gauge *gauge,
                                       struct weir_interval window,
                                       const struct weir_evidence *evidence,
                                       struct weir_own_verdict *verdict)
{
    const struct weir_availability_rules *rules = &gauge->availability;
    struct weir_interval_list maintenance = {0};
    struct weir_own_verdict result = {0};
    if (weir_maintenance_accept(scope, rules, window, &evidence->maintenance, &maintenance) !=
            WEIR_OK ||
        sealed_down(scope, evidence, rules->hold_ms, window, &result) != WEIR_OK ||
        weir_interval_list_subtract(scope, result.down, maintenance, &result.down) != WEIR_OK)
        return scope->err;
    result.den = weir_interval_ms(window) - weir_interval_list_ms(maintenance);
    uint64_t down_ms = weir_interval_list_ms(result.down);
    assert(down_ms <= result.den);
    result.num = result.den - down_ms;
    result.is_final = result.sealed_until_ms >= window.end_ms;
    result.inputs = weir_inputs_digest_down(result.down);
    *verdict = result;
    return WEIR_OK;
}

unsigned weir_own_verdict_tier(const struct weir_own_verdict *verdict,
                               const struct weir_ratio *tiers,
                               size_t tier_count)
{
    struct weir_ratio value = {.num = verdict->num, .den = verdict->den};
    return weir_tier_reached(value, tiers, tier_count);
}

unsigned weir_tally_tier(const struct weir_gauge *gauge,
                         const struct weir_tally *tally,
                         const struct weir_ratio *tiers,
                         size_t tier_count)
{
    if (tally->units < gauge->minimum)
        return 0;
    return weir_tier_reached(weir_tally_ratio(tally), tiers, tier_count);
}

/* How many sets are down from `at_ms` on, and until when that stays so. */
struct moment {
    unsigned down;
    int64_t until_ms;
};

/* `next` holds per set the first interval that ends after `at_ms`. */
static struct moment
look(const struct weir_interval_list *sets, size_t set_count, size_t *next, int64_t at_ms)
{
    struct moment moment = {.until_ms = INT64_MAX};
    for (size_t i = 0; i < set_count; i++) {
        while (next[i] < sets[i].count && sets[i].items[next[i]].end_ms <= at_ms)
            next[i]++;
        if (next[i] == sets[i].count)
            continue;
        const struct weir_interval *interval = &sets[i].items[next[i]];
        bool is_down = interval->start_ms <= at_ms;
        int64_t edge_ms = is_down ? interval->end_ms : interval->start_ms;
        moment.down += is_down;
        if (edge_ms < moment.until_ms)
            moment.until_ms = edge_ms;
    }
    return moment;
}

uint64_t weir_quorum_down_ms(const struct weir_interval_list *sets, size_t set_count, unsigned m)
{
    assert(set_count <= WEIR_WITNESS_MAX && m >= 1);
    size_t next[WEIR_WITNESS_MAX] = {0};
    uint64_t down_ms = 0;
    int64_t at_ms = INT64_MIN;
    for (;;) {
        struct moment moment = look(sets, set_count, next, at_ms);
        if (moment.until_ms == INT64_MAX)
            return down_ms;
        if (moment.down >= m)
            down_ms += (uint64_t)(moment.until_ms - at_ms);
        at_ms = moment.until_ms;
    }
}

unsigned weir_quorum_tier(uint64_t quorum_down_ms,
                          uint64_t den_max,
                          const struct weir_ratio *tiers,
                          size_t tier_count)
{
    struct weir_ratio value = {
        .num = quorum_down_ms < den_max ? den_max - quorum_down_ms : 0,
        .den = den_max,
    };
    return weir_tier_reached(value, tiers, tier_count);
}

struct weir_hash weir_inputs_digest_down(struct weir_interval_list down)
{
    struct weir_sha256 state;
    weir_sha256_init(&state);
    weir_sha256_update(&state, DOMAIN_DOWN, sizeof(DOMAIN_DOWN) - 1);
    for (size_t i = 0; i < down.count; i++) {
        weir_sha256_u64(&state, (uint64_t)down.items[i].start_ms);
        weir_sha256_u64(&state, (uint64_t)down.items[i].end_ms);
    }
    return weir_sha256_final(&state);
}

static int by_bytes(const void *left, const void *right)
{
    return weir_hash_compare(left, right);
}

struct weir_hash weir_inputs_digest_set(struct weir_hash *digests, size_t digest_count)
{
    struct weir_sha256 state;
    weir_sort(digests, digest_count, sizeof(*digests), by_bytes);
    weir_sha256_init(&state);
    weir_sha256_update(&state, DOMAIN_SET, sizeof(DOMAIN_SET) - 1);
    for (size_t i = 0; i < digest_count; i++)
        weir_sha256_update(&state, digests[i].bytes, WEIR_HASH_BYTES);
    return weir_sha256_final(&state);
}
