/* Goal: what a witness claims and what a quorum pays is exactly the protocol's sections 4 to 6.
 * Method: a model that looks at every millisecond of small windows, on random evidence; the law
 * that a tier never falls as more is logged; the digests written out by hand. */
#include "metrics/settlement.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/metrics/with_scope.h"

#define TICKS_MAX 30
#define MAINTENANCE_MAX 3
#define WINDOW_START 100
#define WINDOW_END 220
#define WINDOW_MS (WINDOW_END - WINDOW_START)
#define SETS_MAX 5

static const struct weir_interval window = {WINDOW_START, WINDOW_END};
static const struct weir_ratio tiers[] = {{99, 100}, {95, 100}, {9, 10}, {1, 2}, {1, 4}};
#define TIER_COUNT (sizeof(tiers) / sizeof(tiers[0]))

struct log {
    struct weir_gauge gauge;
    struct weir_tick ticks[TICKS_MAX];
    struct weir_maintenance maintenance[MAINTENANCE_MAX];
    struct weir_evidence evidence;
};

static void random_log(struct with_dice *random, struct log *log)
{
    static const enum weir_reason reasons[] = {
        WEIR_REASON_OK,      WEIR_REASON_STATUS,        WEIR_REASON_TIMEOUT,
        WEIR_REASON_REFUSED, WEIR_REASON_MISSED,        WEIR_REASON_STATUS,
        WEIR_REASON_OK,      WEIR_REASON_CLOCK_FORWARD, WEIR_REASON_CLOCK_BACK};
    memset(log, 0, sizeof(*log));
    weir_gauge_init(&log->gauge, WEIR_GAUGE_AVAILABILITY);
    log->gauge.availability.hold_ms = 5 + (int64_t)with_dice_below(random, 30);
    log->gauge.availability.maintenance_notice_ms = (int64_t)with_dice_below(random, 8);
    log->gauge.availability.maintenance_allowance_ms = (int64_t)with_dice_below(random, 60);
    int64_t at_ms = WINDOW_START - 20 + (int64_t)with_dice_below(random, 30);
    size_t count = with_dice_below(random, TICKS_MAX + 1);
    for (size_t i = 0; i < count; i++) {
        log->ticks[i] = weir_tick_make(at_ms, reasons[with_dice_below(random, 9)], 0,
                                       (uint32_t)with_dice_below(random, 20));
        at_ms += 1 + (int64_t)with_dice_below(random, 14);
    }
    log->evidence.ticks = (struct weir_tick_list){log->ticks, count};
    count = with_dice_below(random, MAINTENANCE_MAX + 1);
    for (size_t i = 0; i < count; i++) {
        int64_t from_ms = WINDOW_START - 20 + (int64_t)with_dice_below(random, WINDOW_MS + 30);
        log->maintenance[i] = (struct weir_maintenance){
            .logged_ms = from_ms - (int64_t)with_dice_below(random, 16),
            .planned = {from_ms, from_ms + (int64_t)with_dice_below(random, 50)},
        };
    }
    log->evidence.maintenance = (struct weir_maintenance_list){log->maintenance, count};
}

/* --- the model: every millisecond by itself -----------------------------------------------------
 */

/* Down and sealed: the last tick at or before says down, is not too old, and a later tick
 * exists. */
static bool is_sealed_down(const struct log *log, int64_t at_ms)
{
    const struct weir_tick *last = NULL;
    const struct weir_tick *next = NULL;
    for (size_t i = 0; i < log->evidence.ticks.count; i++) {
        const struct weir_tick *tick = &log->ticks[i];
        if (tick->tick_ms <= at_ms)
            last = tick;
        else if (next == NULL)
            next = tick;
    }
    if (last == NULL || next == NULL || last->state != WEIR_STATE_DOWN)
        return false;
    return at_ms < last->tick_ms + log->gauge.availability.hold_ms;
}

/* True if `a` is to be taken before `b`. */
static bool is_before(const struct weir_maintenance *a, const struct weir_maintenance *b)
{
    if (a->logged_ms != b->logged_ms)
        return a->logged_ms < b->logged_ms;
    if (a->planned.start_ms != b->planned.start_ms)
        return a->planned.start_ms < b->planned.start_ms;
    return a->planned.end_ms < b->planned.end_ms;
}

static void mark_maintenance(const struct log *log, bool marks[WINDOW_MS])
{
    int64_t left_ms = log->gauge.availability.maintenance_allowance_ms;
    size_t count = log->evidence.maintenance.count;
    bool is_taken[MAINTENANCE_MAX] = {false};
    memset(marks, 0, WINDOW_MS);
    for (size_t round = 0; round < count; round++) {
        const struct weir_maintenance *one = NULL;
        for (size_t i = 0; i < count; i++)
            if (!is_taken[i] && (one == NULL || is_before(&log->maintenance[i], one)))
                one = &log->maintenance[i];
        is_taken[one - log->maintenance] = true;
        int64_t latest_ms = one->planned.start_ms - log->gauge.availability.maintenance_notice_ms;
        for (int64_t ms = WINDOW_START; ms < WINDOW_END && one->logged_ms < latest_ms; ms++) {
            bool *mark = &marks[ms - WINDOW_START];
            if (ms < one->planned.start_ms || ms >= one->planned.end_ms || *mark || left_ms == 0)
                continue;
            *mark = true;
            left_ms--;
        }
    }
}

struct model {
    bool is_down[WINDOW_MS]; /* and no maintenance */
    uint64_t num;
    uint64_t den;
};

static struct model model_of(const struct log *log)
{
    struct model model = {.den = 0};
    bool marks[WINDOW_MS];
    mark_maintenance(log, marks);
    for (int64_t ms = 0; ms < WINDOW_MS; ms++) {
        model.is_down[ms] = !marks[ms] && is_sealed_down(log, WINDOW_START + ms);
        model.den += !marks[ms];
        model.num += !marks[ms] && !model.is_down[ms];
    }
    return model;
}

/* The intervals are sorted, do not touch, and cover exactly the model's milliseconds. */
static void expect_intervals(const struct weir_interval_list *down, const bool *is_down)
{
    size_t at = 0;
    for (int64_t ms = 0; ms < WINDOW_MS; ms++) {
        if (!is_down[ms])
            continue;
        assert_true(at < down->count);
        assert_int_equal(down->items[at].start_ms, WINDOW_START + ms);
        while (ms < WINDOW_MS && is_down[ms])
            ms++;
        assert_int_equal(down->items[at].end_ms, WINDOW_START + ms);
        at++;
    }
    assert_int_equal(at, down->count);
}

static void a_witness_claims_what_the_milliseconds_say(void **state)
{
    struct weir_scope *scope = *state;
    struct with_dice random = {.state = 46};
    printf("seed 46\n");
    for (unsigned round = 0; round < 20000; round++) {
        struct log log;
        struct weir_own_verdict verdict;
        random_log(&random, &log);
        struct model model = model_of(&log);
        with_scope_expect(
            scope, weir_own_verdict_compute(scope, &log.gauge, window, &log.evidence, &verdict));
        assert_int_equal(verdict.den, model.den);
        assert_int_equal(verdict.num, model.num);
        expect_intervals(&verdict.down, model.is_down);
        size_t ticks = log.evidence.ticks.count;
        int64_t sealed_ms = ticks == 0 ? INT64_MIN : log.ticks[ticks - 1].tick_ms;
        assert_true(verdict.sealed_until_ms == sealed_ms);
        assert_int_equal(verdict.is_final, sealed_ms >= WINDOW_END);
        weir_arena_clear(scope->arena);
    }
}

/* Logs grow: one more tick, or one more declaration that is logged no earlier than the last tick.
 */
static void a_tier_never_falls_as_more_is_logged(void **state)
{
    struct weir_scope *scope = *state;
    struct with_dice random = {.state = 47};
    printf("seed 47\n");
    for (unsigned round = 0; round < 3000; round++) {
        struct log log;
        struct weir_own_verdict verdict;
        random_log(&random, &log);
        size_t tick_count = log.evidence.ticks.count;
        size_t maintenance_count = log.evidence.maintenance.count;
        unsigned highest = 0;
        log.evidence.ticks.count = 0;
        log.evidence.maintenance.count = 0;
        for (;;) {
            with_scope_expect(scope, weir_own_verdict_compute(scope, &log.gauge, window,
                                                              &log.evidence, &verdict));
            unsigned tier = weir_own_verdict_tier(&verdict, tiers, TIER_COUNT);
            assert_true(tier >= highest);
            highest = tier;
            size_t ticks = log.evidence.ticks.count;
            size_t declared = log.evidence.maintenance.count;
            if (ticks == tick_count && declared == maintenance_count)
                break;
            if (ticks < tick_count &&
                (declared == maintenance_count || with_dice_below(&random, 2) == 0)) {
                log.evidence.ticks.count++;
                continue;
            }
            if (ticks > 0 && log.maintenance[declared].logged_ms < log.ticks[ticks - 1].tick_ms)
                log.maintenance[declared].logged_ms = log.ticks[ticks - 1].tick_ms;
            log.evidence.maintenance.count++;
        }
        weir_arena_clear(scope->arena);
    }
}

static void a_quorum_is_down_only_where_enough_are_down_at_once(void **state)
{
    struct weir_scope *scope = *state;
    struct with_dice random = {.state = 62};
    printf("seed 62\n");
    for (unsigned round = 0; round < 5000; round++) {
        struct weir_interval_list sets[SETS_MAX];
        struct model models[SETS_MAX];
        size_t count = 1 + with_dice_below(&random, SETS_MAX);
        uint64_t den_max = 0;
        for (size_t i = 0; i < count; i++) {
            struct log log;
            struct weir_own_verdict verdict;
            random_log(&random, &log);
            models[i] = model_of(&log);
            with_scope_expect(scope, weir_own_verdict_compute(scope, &log.gauge, window,
                                                              &log.evidence, &verdict));
            sets[i] = verdict.down;
            den_max = verdict.den > den_max ? verdict.den : den_max;
        }
        for (unsigned m = 1; m <= count; m++) {
            uint64_t down_ms = 0;
            for (size_t ms = 0; ms < WINDOW_MS; ms++) {
                unsigned at_once = 0;
                for (size_t i = 0; i < count; i++)
                    at_once += models[i].is_down[ms];
                down_ms += at_once >= m;
            }
            assert_int_equal(weir_quorum_down_ms(sets, count, m), down_ms);
            unsigned tier = weir_quorum_tier(down_ms, den_max, tiers, TIER_COUNT);
            for (unsigned j = 1; j <= TIER_COUNT; j++) {
                int64_t rest = (int64_t)den_max - (int64_t)down_ms;
                bool is_reached = den_max > 0 && rest * (int64_t)tiers[j - 1].den <
                                                     (int64_t)(tiers[j - 1].num * den_max);
                assert_int_equal(tier >= j, is_reached);
            }
        }
        weir_arena_clear(scope->arena);
    }
}

static struct weir_own_verdict verdict_of(struct weir_scope *scope,
                                          const struct weir_gauge *gauge,
                                          const struct weir_evidence *evidence)
{
    struct weir_own_verdict verdict;
    with_scope_expect(scope, weir_own_verdict_compute(scope, gauge, window, evidence, &verdict));
    return verdict;
}

static struct weir_gauge simple_gauge(void)
{
    struct weir_gauge gauge;
    weir_gauge_init(&gauge, WEIR_GAUGE_AVAILABILITY);
    gauge.availability.hold_ms = 25;
    gauge.availability.maintenance_notice_ms = 10;
    gauge.availability.maintenance_allowance_ms = 40;
    return gauge;
}

static void time_is_sealed_by_the_next_leaf_only(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_gauge gauge = simple_gauge();
    const struct weir_tick ticks[] = {weir_tick_make(90, WEIR_REASON_STATUS, 500, 3),
                                      weir_tick_make(110, WEIR_REASON_OK, 200, 3),
                                      weir_tick_make(130, WEIR_REASON_STATUS, 500, 3),
                                      weir_tick_make(190, WEIR_REASON_MISSED, 0, 0)};
    struct weir_evidence evidence = {.ticks = {ticks, 1}};
    assert_int_equal(verdict_of(scope, &gauge, &evidence).num, WINDOW_MS);
    evidence.ticks.count = 2; /* [100, 110) */
    assert_int_equal(verdict_of(scope, &gauge, &evidence).num, WINDOW_MS - 10);
    evidence.ticks.count = 3; /* the last one says nothing yet */
    assert_int_equal(verdict_of(scope, &gauge, &evidence).num, WINDOW_MS - 10);
    evidence.ticks.count = 4; /* [130, 155), then the hold is over */
    struct weir_own_verdict verdict = verdict_of(scope, &gauge, &evidence);
    assert_int_equal(verdict.num, WINDOW_MS - 35);
    assert_int_equal(verdict.down.count, 2);
    assert_int_equal(verdict.down.items[1].end_ms, 155);
    assert_int_equal(verdict.sealed_until_ms, 190);
    assert_int_equal(verdict.is_final, 0);
}

static void a_logged_clock_step_makes_time_unknown_until_the_next_tick(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_gauge gauge = simple_gauge();
    const struct weir_tick ticks[] = {weir_tick_make(110, WEIR_REASON_STATUS, 500, 3),
                                      weir_tick_make(130, WEIR_REASON_CLOCK_FORWARD, 0, 15),
                                      weir_tick_make(140, WEIR_REASON_STATUS, 500, 3),
                                      weir_tick_make(141, WEIR_REASON_CLOCK_BACK, 0, 12),
                                      weir_tick_make(150, WEIR_REASON_OK, 200, 3)};
    struct weir_evidence evidence = {.ticks = {ticks, 5}};
    struct weir_own_verdict verdict = verdict_of(scope, &gauge, &evidence);
    assert_int_equal(verdict.down.count, 2); /* [110, 130) and [140, 141) */
    assert_int_equal(verdict.down.items[0].end_ms, 130);
    assert_int_equal(verdict.num, WINDOW_MS - 21);
}

static void maintenance_counts_only_with_notice_and_within_the_allowance(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_gauge gauge = simple_gauge();
    const struct weir_maintenance rows[] = {
        {.logged_ms = 110, .planned = {120, 130}}, /* notice of exactly 10: not before */
        {.logged_ms = 109, .planned = {120, 150}}, /* 30 ms of 40 */
        {.logged_ms = 110, .planned = {140, 200}}, /* 10 ms are left: [150, 160) */
        {.logged_ms = 120, .planned = {160, 210}}, /* logged later: nothing is left */
    };
    struct weir_evidence evidence = {.maintenance = {rows, 1}};
    assert_int_equal(verdict_of(scope, &gauge, &evidence).den, WINDOW_MS);
    evidence.maintenance.count = 2;
    assert_int_equal(verdict_of(scope, &gauge, &evidence).den, WINDOW_MS - 30);
    evidence.maintenance.count = 4;
    assert_int_equal(verdict_of(scope, &gauge, &evidence).den, WINDOW_MS - 40);
    const struct weir_tick ticks[] = {weir_tick_make(140, WEIR_REASON_STATUS, 500, 3),
                                      weir_tick_make(165, WEIR_REASON_OK, 200, 3)};
    evidence.ticks = (struct weir_tick_list){ticks, 2};
    struct weir_own_verdict verdict = verdict_of(scope, &gauge, &evidence);
    assert_int_equal(verdict.down.count, 1);
    assert_int_equal(verdict.down.items[0].start_ms, 160);
    assert_int_equal(verdict.num, WINDOW_MS - 45);
}

static void a_window_that_is_all_maintenance_reaches_no_tier(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_gauge gauge = simple_gauge();
    const struct weir_maintenance all = {.logged_ms = 10, .planned = {50, 500}};
    const struct weir_tick ticks[] = {weir_tick_make(90, WEIR_REASON_STATUS, 500, 3),
                                      weir_tick_make(230, WEIR_REASON_STATUS, 500, 3)};
    struct weir_evidence evidence = {.ticks = {ticks, 2}, .maintenance = {&all, 1}};
    gauge.availability.maintenance_allowance_ms = WINDOW_MS;
    struct weir_own_verdict verdict = verdict_of(scope, &gauge, &evidence);
    assert_true(verdict.num == 0 && verdict.den == 0);
    assert_int_equal(weir_own_verdict_tier(&verdict, tiers, TIER_COUNT), 0);
    assert_int_equal(weir_quorum_tier(0, 0, tiers, TIER_COUNT), 0);
    assert_int_equal(verdict.is_final, 1);
}

static void ticks_out_of_order_are_refused(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_gauge gauge = simple_gauge();
    const struct weir_tick ticks[] = {weir_tick_make(110, WEIR_REASON_OK, 200, 3),
                                      weir_tick_make(110, WEIR_REASON_OK, 200, 3)};
    struct weir_evidence evidence = {.ticks = {ticks, 2}};
    struct weir_own_verdict verdict;
    with_scope_expect_error(scope,
                            weir_own_verdict_compute(scope, &gauge, window, &evidence, &verdict),
                            WEIR_E_CONFLICT, "cannot follow");
}

/* An event gauge below its minimum pays nothing, however bad the ratio. */
static void a_thin_tally_reaches_no_tier(void **state)
{
    (void)state;
    struct weir_gauge gauge;
    weir_gauge_init(&gauge, WEIR_GAUGE_OTIF);
    const struct weir_tally thin = {.num = 0, .den = 19, .units = 19};
    const struct weir_tally enough = {.num = 18, .den = 20, .units = 20};
    assert_int_equal(weir_tally_tier(&gauge, &thin, tiers, TIER_COUNT), 0);
    assert_int_equal(weir_tally_tier(&gauge, &enough, tiers, TIER_COUNT), 2);
}

static void digests_are_those_of_the_protocol(void **state)
{
    (void)state;
    static const uint8_t bytes[] = "weir/down/v1\n"
                                   "\0\0\0\0\0\0\0\x64\0\0\0\0\0\0\0\x6e"
                                   "\0\0\0\0\0\0\0\x82\0\0\0\0\0\0\0\x9b";
    const struct weir_interval items[] = {{100, 110}, {130, 155}};
    struct weir_hash got = weir_inputs_digest_down((struct weir_interval_list){items, 2});
    struct weir_hash wanted = weir_sha256_of(bytes, sizeof(bytes) - 1);
    assert_true(weir_hash_equal(&got, &wanted));
    uint8_t set[12 + 2 * WEIR_HASH_BYTES] = "weir/set/v1\n";
    struct weir_hash digests[2];
    memset(&digests[0], 0xee, WEIR_HASH_BYTES);
    memset(&digests[1], 0x11, WEIR_HASH_BYTES);
    memset(set + 12, 0x11, WEIR_HASH_BYTES);
    memset(set + 12 + WEIR_HASH_BYTES, 0xee, WEIR_HASH_BYTES);
    got = weir_inputs_digest_set(digests, 2);
    wanted = weir_sha256_of(set, sizeof(set));
    assert_true(weir_hash_equal(&got, &wanted));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scope(a_witness_claims_what_the_milliseconds_say),
        with_scope(a_tier_never_falls_as_more_is_logged),
        with_scope(a_quorum_is_down_only_where_enough_are_down_at_once),
        with_scope(time_is_sealed_by_the_next_leaf_only),
        with_scope(a_logged_clock_step_makes_time_unknown_until_the_next_tick),
        with_scope(maintenance_counts_only_with_notice_and_within_the_allowance),
        with_scope(a_window_that_is_all_maintenance_reaches_no_tier),
        with_scope(ticks_out_of_order_are_refused),
        with_scope(a_thin_tally_reaches_no_tier),
        with_scope(digests_are_those_of_the_protocol),
    };
    return cmocka_run_group_tests_name("settlement", tests, NULL, NULL);
}
