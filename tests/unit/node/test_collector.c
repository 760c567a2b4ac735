/* Goal: what a probe found is judged by its definition, doubt falls on our own network only where
 * it can be at fault, every scheduled tick gets one leaf, and a clock that is set never makes time
 * go backwards in a log. Method: results made by hand; a collector without network whose clock is
 * told to it, against a model of the schedule. */
#include "node/collector.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "config/config.h"
#include "node/clock.h"
#include "node/log.h"

#define INTERVAL_MS 1000
#define QUEUE_CAPACITY 64
#define SEED UINT64_C(11)

/* --- judging ---------------------------------------------------------------------------------- */

static struct weir_gauge gauge_of(const char *expect_body)
{
    struct weir_gauge gauge;
    weir_gauge_init(&gauge, WEIR_GAUGE_AVAILABILITY);
    gauge.name = "web";
    gauge.availability.probe.url = "http://127.0.0.1/";
    gauge.availability.probe.interval_ms = INTERVAL_MS;
    gauge.availability.probe.timeout_ms = INTERVAL_MS;
    gauge.availability.probe.expect_body = expect_body;
    gauge.availability.probe.expect_status[0] = (struct weir_status_range){200, 204};
    gauge.availability.probe.expect_status[1] = (struct weir_status_range){301, 301};
    gauge.availability.probe.expect_status_count = 2;
    return gauge;
}

static struct weir_http_result answer(uint16_t status, const char *body)
{
    return (struct weir_http_result){
        .reason = WEIR_HTTP_ANSWERED, .status = status, .body = weir_slice_text(body)};
}

static void an_answer_is_judged_by_status_and_body(void **state)
{
    (void)state;
    struct weir_gauge plain = gauge_of(NULL);
    struct weir_gauge wordy = gauge_of("all is well");
    const struct {
        const struct weir_gauge *gauge;
        uint16_t status;
        const char *body;
        enum weir_reason reason;
    } cases[] = {
        {&plain, 200, "", WEIR_REASON_OK},
        {&plain, 204, "", WEIR_REASON_OK},
        {&plain, 301, "", WEIR_REASON_OK},
        {&plain, 205, "", WEIR_REASON_STATUS},
        {&plain, 199, "", WEIR_REASON_STATUS},
        {&plain, 500, "", WEIR_REASON_STATUS},
        {&plain, 302, "", WEIR_REASON_REDIRECT},
        {&wordy, 200, "today all is well.", WEIR_REASON_OK},
        {&wordy, 200, "all is wel", WEIR_REASON_BODY},
        {&wordy, 200, "", WEIR_REASON_BODY},
        {&wordy, 503, "all is well", WEIR_REASON_STATUS},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct weir_http_result result = answer(cases[i].status, cases[i].body);
        assert_int_equal(weir_probe_judge(cases[i].gauge, &result), cases[i].reason);
    }
}

static void every_failure_has_its_reason_and_its_doubt(void **state)
{
    (void)state;
    struct weir_gauge gauge = gauge_of(NULL);
    static const struct {
        enum weir_http_reason from;
        int os_errno;
        enum weir_reason reason;
        uint8_t tick_state;
        bool is_doubtful;
    } cases[] = {
        {WEIR_HTTP_BAD_URL, 0, WEIR_REASON_REDIRECT, WEIR_STATE_DOWN, false},
        {WEIR_HTTP_DNS, 0, WEIR_REASON_DNS, WEIR_STATE_DOWN, true},
        {WEIR_HTTP_REFUSED, ECONNREFUSED, WEIR_REASON_REFUSED, WEIR_STATE_DOWN, false},
        {WEIR_HTTP_REFUSED, 0, WEIR_REASON_REFUSED, WEIR_STATE_DOWN, true},
        {WEIR_HTTP_PRIVATE, 0, WEIR_REASON_FORBIDDEN, WEIR_STATE_UNKNOWN, false},
        {WEIR_HTTP_TLS, 0, WEIR_REASON_TLS, WEIR_STATE_DOWN, false},
        {WEIR_HTTP_TIMEOUT, 0, WEIR_REASON_TIMEOUT, WEIR_STATE_DOWN, true},
        {WEIR_HTTP_SLOW, 0, WEIR_REASON_TIMEOUT, WEIR_STATE_DOWN, true},
        {WEIR_HTTP_TOO_LARGE, 0, WEIR_REASON_TOO_LARGE, WEIR_STATE_DOWN, false},
        {WEIR_HTTP_REDIRECTS, 0, WEIR_REASON_REDIRECT, WEIR_STATE_DOWN, false},
        {WEIR_HTTP_ENCODED, 0, WEIR_REASON_PROTOCOL, WEIR_STATE_DOWN, false},
        {WEIR_HTTP_MALFORMED, 0, WEIR_REASON_PROTOCOL, WEIR_STATE_DOWN, false},
        {WEIR_HTTP_OWN_NETWORK, ENETUNREACH, WEIR_REASON_OWN_NETWORK, WEIR_STATE_UNKNOWN, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct weir_http_result result = {.reason = cases[i].from,
                                                .os_errno = cases[i].os_errno};
        enum weir_reason reason = weir_probe_judge(&gauge, &result);
        assert_int_equal(reason, cases[i].reason);
        assert_int_equal(weir_reason_state((uint8_t)reason), cases[i].tick_state);
        assert_int_equal(weir_probe_is_doubtful(&result), cases[i].is_doubtful);
    }
}

static void ticks_fall_on_multiples_of_the_interval(void **state)
{
    (void)state;
    assert_int_equal(weir_tick_floor(2999, 1000), 2000);
    assert_int_equal(weir_tick_floor(3000, 1000), 3000);
    assert_int_equal(weir_tick_floor(-1, 1000), -1000);
    assert_int_equal(weir_tick_floor(-1000, 1000), -1000);
    assert_int_equal(weir_tick_after(2999, 1000), 3000);
    assert_int_equal(weir_tick_after(3000, 1000), 4000);
}

/* --- schedule --------------------------------------------------------------------------------- */

/* A collector of one gauge whose wall clock is what the test says. */
struct bench {
    struct weir_collector collector;
    struct weir_probing probing;
    struct weir_config_gauge configured;
    struct weir_tick ticks[QUEUE_CAPACITY];
    uint32_t owners[QUEUE_CAPACITY];
    int64_t now_ms;
};

/* The clocks as they are at `now_ms`, without a step since the newest tick. */
static void agree(struct bench *bench, int64_t now_ms)
{
    bench->now_ms = now_ms;
    bench->probing.offset_ms = now_ms - weir_clock_monotonic_ms();
}

static void begin(struct bench *bench, int64_t last_ms, int64_t now_ms)
{
    *bench = (struct bench){.configured = {.definition = gauge_of(NULL)}};
    bench->probing = (struct weir_probing){
        .configured = &bench->configured,
        .gauge = &bench->configured.definition,
        .skew_max_ms = WEIR_SKEW_DEFAULT_MS,
        .last_ms = last_ms,
        .due_ms = weir_tick_after(last_ms, INTERVAL_MS),
    };
    bench->collector.probings = &bench->probing;
    bench->collector.probing_count = 1;
    bench->collector.queue = (struct weir_tick_queue){
        .ticks = bench->ticks, .owners = bench->owners, .capacity = QUEUE_CAPACITY};
    agree(bench, now_ms);
}

/* Ticks that time has passed since the last call, as the ledger would take them. */
static size_t catch_up(struct bench *bench)
{
    bench->collector.queue.count = 0;
    bench->collector.is_behind = false;
    weir_collector_catch_up(&bench->collector, bench->now_ms);
    for (size_t i = 1; i < bench->collector.queue.count; i++)
        assert_true(bench->ticks[i].tick_ms > bench->ticks[i - 1].tick_ms);
    return bench->collector.queue.count;
}

static void every_tick_that_passed_is_missed_once(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 10000, 13500);
    assert_int_equal(catch_up(&bench), 2);
    assert_int_equal(bench.ticks[0].tick_ms, 11000);
    assert_int_equal(bench.ticks[1].tick_ms, 12000);
    assert_int_equal(bench.ticks[0].reason, WEIR_REASON_MISSED);
    assert_int_equal(bench.probing.due_ms, 13000);
    assert_int_equal(catch_up(&bench), 0);
    agree(&bench, 14000);
    assert_int_equal(catch_up(&bench), 1);
    assert_int_equal(bench.probing.due_ms, 14000);
}

static void what_is_under_way_is_not_missed(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 10000, 11200);
    bench.probing.state = WEIR_PROBE_RUNNING;
    bench.probing.started_ms = 11000;
    bench.probing.due_ms = 12000;
    agree(&bench, 15500);
    assert_int_equal(catch_up(&bench), 0);
    const struct weir_tick found = weir_tick_make(11000, WEIR_REASON_TIMEOUT, 0, 900);
    bench.probing.state = WEIR_PROBE_IDLE;
    weir_queue_tick(&bench.collector, &bench.probing, &found);
    assert_int_equal(catch_up(&bench), 3); /* 12, 13, 14; 15 can still run */
    assert_int_equal(bench.probing.due_ms, 15000);
}

static void a_long_gap_is_filled_in_pieces(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 10000, 1010000);
    size_t total = 0;
    size_t turns = 0;
    do {
        size_t count = catch_up(&bench);
        assert_true(count > 0 && count <= QUEUE_CAPACITY - 3);
        total += count;
        turns++;
    } while (bench.collector.is_behind);
    assert_int_equal(total, 999);
    assert_true(turns > 1);
    assert_int_equal(bench.probing.due_ms, 1010000);
}

static void a_clock_set_forward_is_one_tick(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 10000, 10200);
    bench.now_ms = 70300;
    assert_int_equal(catch_up(&bench), 1);
    assert_int_equal(bench.ticks[0].tick_ms, 70300);
    assert_int_equal(bench.ticks[0].reason, WEIR_REASON_CLOCK_FORWARD);
    assert_in_range(bench.ticks[0].latency_ms, 60000, 60100);
    assert_int_equal(bench.probing.due_ms, 71000);
}

static void a_clock_set_back_waits_until_time_has_passed_the_newest_tick(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 10000, 10200);
    bench.now_ms = 5000;
    assert_int_equal(catch_up(&bench), 0);
    agree(&bench, 9999);
    assert_int_equal(catch_up(&bench), 0);
    agree(&bench, 10000);
    assert_int_equal(catch_up(&bench), 0);
    agree(&bench, 10001);
    assert_int_equal(catch_up(&bench), 1);
    assert_int_equal(bench.ticks[0].tick_ms, 10001);
    assert_int_equal(bench.ticks[0].reason, WEIR_REASON_CLOCK_BACK);
    assert_in_range(bench.ticks[0].latency_ms, 5100, 5300);
    assert_int_equal(bench.probing.due_ms, 11000);
}

static void a_step_within_the_bound_is_no_event(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 10000, 10200);
    bench.now_ms += WEIR_SKEW_DEFAULT_MS - 100;
    assert_int_equal(catch_up(&bench), 0);
    bench.probing.skew_max_ms = 100;
    assert_int_equal(catch_up(&bench), 1);
    assert_int_equal(bench.ticks[0].reason, WEIR_REASON_CLOCK_FORWARD);
}

static void a_probe_during_which_the_clock_was_set_is_missed(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 10000, 11100);
    bench.probing.state = WEIR_PROBE_DOUBTED;
    bench.probing.started_ms = 11000;
    bench.now_ms = 41000;
    assert_int_equal(catch_up(&bench), 2);
    assert_int_equal(bench.ticks[0].tick_ms, 11000);
    assert_int_equal(bench.ticks[0].reason, WEIR_REASON_MISSED);
    assert_int_equal(bench.ticks[1].reason, WEIR_REASON_CLOCK_FORWARD);
    assert_int_equal(bench.probing.state, WEIR_PROBE_IDLE);
}

/* splitmix64 */
static uint64_t random_next(uint64_t *random)
{
    uint64_t mixed = (*random += UINT64_C(0x9e3779b97f4a7c15));
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

/* However time goes, ticks rise strictly, and every scheduled time without a step in between has
 * exactly one leaf. */
static void time_never_goes_backwards_in_a_log(void **state)
{
    (void)state;
    struct bench bench;
    uint64_t random = SEED;
    int64_t last_ms = 10000;
    printf("seed %llu\n", (unsigned long long)SEED);
    begin(&bench, last_ms, 10200);
    for (unsigned turn = 0; turn < 5000; turn++) {
        int64_t go_ms = (int64_t)(random_next(&random) % 2500);
        if (random_next(&random) % 20 == 0)
            bench.now_ms += (int64_t)(random_next(&random) % 60000) - 30000; /* the clock is set */
        else
            agree(&bench, bench.now_ms + go_ms);
        size_t count = catch_up(&bench);
        for (size_t i = 0; i < count; i++) {
            assert_true(bench.ticks[i].tick_ms > last_ms);
            assert_true(bench.ticks[i].tick_ms <= bench.now_ms);
            if (bench.ticks[i].reason == WEIR_REASON_MISSED)
                assert_int_equal(bench.ticks[i].tick_ms, weir_tick_after(last_ms, INTERVAL_MS));
            last_ms = bench.ticks[i].tick_ms;
        }
        assert_int_equal(bench.probing.last_ms, last_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_judged_by_status_and_body),
        cmocka_unit_test(every_failure_has_its_reason_and_its_doubt),
        cmocka_unit_test(ticks_fall_on_multiples_of_the_interval),
        cmocka_unit_test(every_tick_that_passed_is_missed_once),
        cmocka_unit_test(what_is_under_way_is_not_missed),
        cmocka_unit_test(a_long_gap_is_filled_in_pieces),
        cmocka_unit_test(a_clock_set_forward_is_one_tick),
        cmocka_unit_test(a_clock_set_back_waits_until_time_has_passed_the_newest_tick),
        cmocka_unit_test(a_step_within_the_bound_is_no_event),
        cmocka_unit_test(a_probe_during_which_the_clock_was_set_is_missed),
        cmocka_unit_test(time_never_goes_backwards_in_a_log),
    };
    weir_log_threshold(WEIR_LOG_ERROR);
    return cmocka_run_group_tests_name("collector", tests, NULL, NULL);
}
