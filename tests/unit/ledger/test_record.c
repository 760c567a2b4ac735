/* Goal: ticks and notices become leaves and windows in one transaction; what is read back, proved
 * and recomputed agrees with the pure functions of the floors below. Method: real files; random
 * ticks in random batches with restarts between, several tiles long. */
#include "ledger/record.h"

#include <stdio.h>
#include <string.h>

#include "attest/range.h"
#include "attest/salt.h"
#include "ledger/log.h"
#include "ledger/observations.h"
#include "ledger/sources.h"
#include "ledger/windows.h"
#include "metrics/availability.h"
#include "tests/unit/ledger/with_ledger.h"

#define COUNT 1500
#define INTERVAL_MS 250
#define WINDOW_MS 10000
#define START_MS 1767225600000

static const struct weir_interval ALWAYS = {.start_ms = INT64_MIN, .end_ms = INT64_MAX};

static struct weir_tick tick_make(uint64_t *seed, int64_t tick_ms)
{
    static const enum weir_reason reasons[] = {
        WEIR_REASON_OK,      WEIR_REASON_OK,          WEIR_REASON_OK,    WEIR_REASON_STATUS,
        WEIR_REASON_TIMEOUT, WEIR_REASON_OWN_NETWORK, WEIR_REASON_MISSED};
    enum weir_reason reason = reasons[with_ledger_random(seed) % 7];
    return weir_tick_make(tick_ms, reason, reason == WEIR_REASON_OK ? 200 : 0,
                          (uint32_t)(with_ledger_random(seed) % 200));
}

static void ticks_fill(struct weir_tick *ticks, uint64_t seed)
{
    int64_t tick_ms = START_MS;
    for (size_t i = 0; i < COUNT; i++) {
        ticks[i] = tick_make(&seed, tick_ms);
        /* Usually the interval; sometimes a gap beyond the hold, sometimes over several windows. */
        uint64_t gap = with_ledger_random(&seed) % 100;
        tick_ms += gap == 0 ? 3 * WINDOW_MS : gap < 5 ? 4 * INTERVAL_MS : INTERVAL_MS;
    }
}

/* Compares every window with the second way of computing it. */
static void windows_compare(struct with_ledger *ledger,
                            int64_t log_id,
                            const struct weir_gauge *gauge,
                            const struct weir_tick_list *ticks,
                            const struct weir_maintenance_list *declared)
{
    struct weir_gauge_window *windows = NULL;
    size_t count = 0;
    with_ledger_expect(ledger, weir_gauge_windows(ledger->store, &ledger->scope, log_id, NULL,
                                                  ALWAYS, &windows, &count));
    assert_true(count > 3);
    const struct weir_tick *newest = &ticks->items[ticks->count - 1];
    for (size_t i = 0; i < count; i++) {
        struct weir_availability ours;
        struct weir_availability theirs;
        struct weir_view view = {.window = windows[i].window, .as_of_ms = newest->tick_ms};
        struct weir_measured measured = {.closed = windows[i].closed, .newest = newest};
        with_ledger_expect(
            ledger, weir_availability_at(&ledger->scope, gauge, view, &measured, declared, &ours));
        with_ledger_expect(ledger, weir_availability_compute(&ledger->scope, gauge, view, ticks,
                                                             declared, &theirs));
        assert_int_equal(ours.up_ms, theirs.up_ms);
        assert_int_equal(ours.down_ms, theirs.down_ms);
        assert_int_equal(ours.unknown_ms, theirs.unknown_ms);
        assert_int_equal(ours.maintenance_ms, theirs.maintenance_ms);
    }
}

static void ticks_in_any_batches_give_the_windows_of_the_pure_core(void **state)
{
    struct with_ledger *ledger = *state;
    static struct weir_tick ticks[COUNT];
    uint64_t seed = 20261121;
    print_message("seed %llu\n", (unsigned long long)seed);
    ticks_fill(ticks, seed);
    struct weir_gauge gauge = with_ledger_probed("api", WINDOW_MS, INTERVAL_MS);
    int64_t log_id = with_ledger_log(ledger, &gauge);
    struct weir_record_counts counts = {0};
    for (size_t done = 0; done < COUNT;) {
        size_t batch = 1 + with_ledger_random(&seed) % 200;
        if (batch > COUNT - done)
            batch = COUNT - done;
        with_ledger_expect(ledger, weir_record_ticks(ledger->store, &ledger->scope, log_id,
                                                     ticks + done, batch, &counts));
        done += batch;
        if (with_ledger_random(&seed) % 4 == 0)
            with_ledger_reopen(ledger);
    }
    assert_int_equal(counts.added, COUNT);
    struct weir_tick_list all = {.items = ticks, .count = COUNT};
    struct weir_maintenance_list none = {0};
    windows_compare(ledger, log_id, &gauge, &all, &none);
    with_ledger_check(ledger, NULL);
}

static void the_same_ticks_again_are_known_and_change_nothing(void **state)
{
    struct with_ledger *ledger = *state;
    static struct weir_tick ticks[COUNT];
    ticks_fill(ticks, 3);
    struct weir_gauge gauge = with_ledger_probed("api", WINDOW_MS, INTERVAL_MS);
    int64_t log_id = with_ledger_log(ledger, &gauge);
    struct weir_record_counts counts = {0};
    with_ledger_expect(
        ledger, weir_record_ticks(ledger->store, &ledger->scope, log_id, ticks, COUNT, &counts));
    const char *before = with_ledger_text(ledger, "SELECT * FROM gauge_window");
    with_ledger_expect(
        ledger, weir_record_ticks(ledger->store, &ledger->scope, log_id, ticks, COUNT, &counts));
    assert_int_equal(counts.added, COUNT);
    assert_int_equal(counts.known, COUNT);
    assert_int_equal(counts.refused, 0);
    assert_string_equal(before, with_ledger_text(ledger, "SELECT * FROM gauge_window"));
    assert_int_equal(with_ledger_number(ledger, "SELECT size FROM head"), COUNT + 1);
}

static void a_tick_from_the_past_is_put_aside_with_the_reason(void **state)
{
    struct with_ledger *ledger = *state;
    struct weir_gauge gauge = with_ledger_probed("api", WINDOW_MS, INTERVAL_MS);
    int64_t log_id = with_ledger_log(ledger, &gauge);
    struct weir_record_counts counts = {0};
    struct weir_tick ticks[] = {
        weir_tick_make(START_MS, WEIR_REASON_OK, 200, 5),
        weir_tick_make(START_MS + 500, WEIR_REASON_OK, 200, 5),
        weir_tick_make(START_MS + 250, WEIR_REASON_OK, 200, 5),
        weir_tick_make(START_MS + 500, WEIR_REASON_STATUS, 500, 5),
    };
    with_ledger_expect(ledger,
                       weir_record_ticks(ledger->store, &ledger->scope, log_id, ticks, 4, &counts));
    assert_int_equal(counts.added, 2);
    assert_int_equal(counts.refused, 2);
    struct weir_refused_row *refused = NULL;
    size_t count = 0;
    with_ledger_expect(ledger,
                       weir_refused_list(ledger->store, &ledger->scope, 10, &refused, &count));
    assert_int_equal(count, 2);
    assert_string_equal(refused[0].reason, "another tick is stored at its time");
    assert_string_equal(refused[1].reason, "older than the newest tick of its log");
    with_ledger_check(ledger, NULL);
}

static void the_ticks_of_a_window_come_with_their_neighbours(void **state)
{
    struct with_ledger *ledger = *state;
    struct weir_gauge gauge = with_ledger_probed("api", WINDOW_MS, INTERVAL_MS);
    int64_t log_id = with_ledger_log(ledger, &gauge);
    struct weir_record_counts counts = {0};
    static struct weir_tick ticks[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        ticks[i] = weir_tick_make(START_MS + (int64_t)i * INTERVAL_MS, WEIR_REASON_OK, 200, 1);
    with_ledger_expect(
        ledger, weir_record_ticks(ledger->store, &ledger->scope, log_id, ticks, COUNT, &counts));
    struct weir_window_ticks found;
    struct weir_interval window = {.start_ms = START_MS + 2 * WINDOW_MS,
                                   .end_ms = START_MS + 3 * WINDOW_MS};
    with_ledger_expect(ledger,
                       weir_window_ticks(ledger->store, &ledger->scope, log_id, window, &found));
    assert_int_equal(found.ticks.count, WINDOW_MS / INTERVAL_MS + 2);
    assert_int_equal(found.first, 2 * WINDOW_MS / INTERVAL_MS); /* leaf 0 is the definition */
    assert_int_equal(found.end, found.first + found.ticks.count);
    assert_int_equal(found.ticks.items[0].tick_ms, window.start_ms - INTERVAL_MS);
    assert_int_equal(found.ticks.items[found.ticks.count - 1].tick_ms, window.end_ms);
    window = (struct weir_interval){.start_ms = START_MS - 100, .end_ms = START_MS + 1};
    with_ledger_expect(ledger,
                       weir_window_ticks(ledger->store, &ledger->scope, log_id, window, &found));
    assert_int_equal(found.ticks.count, 2);
    assert_int_equal(found.first, 1);
    window = (struct weir_interval){.start_ms = INT64_MAX - 1, .end_ms = INT64_MAX};
    with_ledger_expect(ledger,
                       weir_window_ticks(ledger->store, &ledger->scope, log_id, window, &found));
    assert_int_equal(found.ticks.count, 1);
}

/* One range with its salts: leaves lead to the root, payloads to the leaves. */
static void range_prove(struct with_ledger *ledger, int64_t log_id, struct weir_range range)
{
    struct weir_scope *scope = &ledger->scope;
    struct weir_merkle_proof proof;
    struct weir_hash root;
    struct weir_slice leaves;
    struct weir_salt_range salts = {.start = range.start, .end = range.end};
    with_ledger_expect(ledger, weir_log_prove_range(ledger->store, scope, log_id, range, &proof));
    with_ledger_expect(ledger, weir_log_root(ledger->store, scope, log_id, range.size, &root));
    with_ledger_expect(ledger, weir_log_leaves(ledger->store, scope, log_id, salts, &leaves));
    struct weir_range_check check;
    with_ledger_expect(ledger, weir_range_begin(&check, scope, range, proof.hashes, proof.count));
    struct weir_salt_seed seeds[WEIR_SALT_COVER_MAX];
    size_t seed_count = 0;
    with_ledger_expect(ledger,
                       weir_log_salts(ledger->store, scope, log_id, salts, seeds, &seed_count));
    struct weir_salt_stream stream;
    with_ledger_expect(ledger, weir_salt_stream_open(&stream, scope, weir_salt_domain(), salts,
                                                     seeds, seed_count));
    struct weir_observation *observations = NULL;
    size_t count = 0;
    with_ledger_expect(
        ledger, weir_observations(ledger->store, scope, log_id, salts, &observations, &count));
    for (size_t i = 0; i < count; i++) {
        struct weir_leaf leaf;
        struct weir_salt salt;
        const uint8_t *bytes = leaves.data + i * WEIR_LEAF_BYTES;
        struct weir_slice slice = {bytes, WEIR_LEAF_BYTES};
        with_ledger_expect(ledger, weir_leaf_read(scope, slice, &leaf));
        assert_true(weir_salt_stream_next(&stream, &salt));
        struct weir_hash commit = weir_leaf_commit(&salt, observations[i].payload);
        assert_true(weir_hash_equal(&commit, &leaf.commit));
        struct weir_hash hash = weir_leaf_hash(bytes);
        with_ledger_expect(ledger, weir_range_push(&check, scope, &hash));
    }
    with_ledger_expect(ledger, weir_range_finish(&check, scope, &root));
}

static void every_size_the_log_had_can_be_proved(void **state)
{
    struct with_ledger *ledger = *state;
    struct weir_gauge gauge = with_ledger_probed("api", WINDOW_MS, INTERVAL_MS);
    int64_t log_id = with_ledger_log(ledger, &gauge);
    static struct weir_tick ticks[COUNT];
    static struct weir_hash roots[COUNT + 2];
    uint64_t seed = 11;
    ticks_fill(ticks, 5);
    for (size_t i = 0; i < COUNT; i += 3) {
        struct weir_record_counts counts = {0};
        struct weir_log log;
        with_ledger_expect(ledger, weir_record_ticks(ledger->store, &ledger->scope, log_id,
                                                     ticks + i, 3, &counts));
        with_ledger_expect(ledger, weir_log_load(ledger->store, &ledger->scope, log_id, &log));
        roots[log.head.size] = log.head.root;
    }
    for (size_t i = 0; i < 60; i++) {
        struct weir_merkle_proof proof;
        struct weir_hash root;
        uint64_t size = 4 + 3 * (with_ledger_random(&seed) % (COUNT / 3));
        uint64_t old = 4 + 3 * (with_ledger_random(&seed) % (size / 3));
        struct weir_merkle_head head = {.size = size, .root = roots[size]};
        struct weir_merkle_head older = {.size = old, .root = roots[old]};
        struct weir_range range = {.start = old, .end = size, .size = size};
        with_ledger_expect(ledger,
                           weir_log_root(ledger->store, &ledger->scope, log_id, size, &root));
        assert_true(weir_hash_equal(&root, &roots[size]));
        with_ledger_expect(ledger, weir_log_prove_consistency(ledger->store, &ledger->scope, log_id,
                                                              range, &proof));
        with_ledger_expect(ledger, weir_merkle_consistency_check(&ledger->scope, &older, &head,
                                                                 proof.hashes, proof.count));
        range.start = with_ledger_random(&seed) % size;
        range.end = range.start + 1 + with_ledger_random(&seed) % (size - range.start);
        range_prove(ledger, log_id, range);
        if (i % 10 == 0)
            weir_arena_clear(ledger->scope.arena);
    }
}

static void a_log_with_tiles_of_tiles_can_be_proved(void **state)
{
    struct with_ledger *ledger = *state;
    static struct weir_tick ticks[70000];
    struct weir_gauge gauge = with_ledger_probed("api", WINDOW_MS, INTERVAL_MS);
    int64_t log_id = with_ledger_log(ledger, &gauge);
    struct weir_record_counts counts = {0};
    for (size_t i = 0; i < 70000; i++)
        ticks[i] = weir_tick_make(START_MS + (int64_t)i * INTERVAL_MS, WEIR_REASON_OK, 200, 1);
    with_ledger_expect(
        ledger, weir_record_ticks(ledger->store, &ledger->scope, log_id, ticks, 65535, &counts));
    with_ledger_expect(ledger, weir_record_ticks(ledger->store, &ledger->scope, log_id,
                                                 ticks + 65535, 70000 - 65535, &counts));
    assert_int_equal(with_ledger_number(ledger, "SELECT count(*) FROM tile"), 273 + 1);
    range_prove(ledger, log_id, (struct weir_range){.start = 1, .end = 40, .size = 70001});
    range_prove(ledger, log_id, (struct weir_range){.start = 65500, .end = 65600, .size = 69999});
    range_prove(ledger, log_id, (struct weir_range){.start = 30000, .end = 30001, .size = 65536});
    with_ledger_check(ledger, NULL);
}

static void a_notice_counts_from_when_it_was_logged(void **state)
{
    struct with_ledger *ledger = *state;
    struct weir_gauge gauge = with_ledger_probed("api", WINDOW_MS, INTERVAL_MS);
    gauge.availability.maintenance_allowance_ms = 4000;
    gauge.availability.maintenance_notice_ms = 1000;
    int64_t log_id = with_ledger_log(ledger, &gauge);
    static struct weir_tick ticks[COUNT];
    struct weir_record_counts counts = {0};
    ticks_fill(ticks, 9);
    with_ledger_expect(
        ledger, weir_record_ticks(ledger->store, &ledger->scope, log_id, ticks, 400, &counts));
    /* One announced in time, and one dated back behind what was measured already. */
    struct weir_maintenance good = {
        .logged_ms = ticks[399].tick_ms + 1,
        .planned = {.start_ms = ticks[399].tick_ms + 5000, .end_ms = ticks[399].tick_ms + 30000}};
    struct weir_maintenance late = {
        .logged_ms = ticks[0].tick_ms,
        .planned = {.start_ms = ticks[100].tick_ms, .end_ms = ticks[200].tick_ms}};
    with_ledger_expect(ledger, weir_record_maintenance(ledger->store, &ledger->scope, log_id, &good,
                                                       weir_slice_text("good"), &counts));
    with_ledger_expect(ledger, weir_record_maintenance(ledger->store, &ledger->scope, log_id, &late,
                                                       weir_slice_text("late"), &counts));
    with_ledger_expect(ledger, weir_record_maintenance(ledger->store, &ledger->scope, log_id, &good,
                                                       weir_slice_text("good"), &counts));
    assert_int_equal(counts.known, 1);
    with_ledger_expect(ledger, weir_record_ticks(ledger->store, &ledger->scope, log_id, ticks + 400,
                                                 COUNT - 400, &counts));
    struct weir_logged_maintenance logged;
    with_ledger_expect(
        ledger, weir_window_maintenance(ledger->store, &ledger->scope, log_id, ALWAYS, &logged));
    assert_int_equal(logged.list.count, 2);
    struct weir_tick_list all = {.items = ticks, .count = COUNT};
    windows_compare(ledger, log_id, &gauge, &all, &logged.list);
    with_ledger_check(ledger, NULL);
}

static void a_changed_definition_needs_a_new_gauge(void **state)
{
    struct with_ledger *ledger = *state;
    struct weir_gauge gauge = with_ledger_probed("api", WINDOW_MS, INTERVAL_MS);
    struct weir_buffer text = {0};
    int64_t log_id = with_ledger_log(ledger, &gauge);
    assert_int_equal(with_ledger_log(ledger, &gauge), log_id);
    gauge.target.num = 96;
    with_ledger_expect(ledger, weir_gauge_print(&ledger->scope, &gauge, &text));
    with_ledger_refused(ledger,
                        weir_log_open(ledger->store, &ledger->scope, "node.example/gauge/api",
                                      weir_buffer_slice(&text), NULL, &log_id),
                        WEIR_E_CONFLICT, "needs a new gauge name");
    with_ledger_refused(ledger,
                        weir_log_open(ledger->store, &ledger->scope, "other.example/gauge/api",
                                      weir_buffer_slice(&text), NULL, &log_id),
                        WEIR_E_CONFLICT, "has a log already");
    struct weir_events none = {0};
    struct weir_record_counts counts = {0};
    with_ledger_refused(ledger,
                        weir_record_events(ledger->store, &ledger->scope, log_id, &none, &counts),
                        WEIR_E_CONFLICT, "takes no events");
}

static void a_transaction_rolled_back_leaves_no_trace_in_memory(void **state)
{
    struct with_ledger *ledger = *state;
    struct weir_gauge gauge = with_ledger_probed("api", WINDOW_MS, INTERVAL_MS);
    int64_t log_id = with_ledger_log(ledger, &gauge);
    static struct weir_tick ticks[COUNT];
    struct weir_record_counts counts = {0};
    ticks_fill(ticks, 13);
    with_ledger_expect(
        ledger, weir_record_ticks(ledger->store, &ledger->scope, log_id, ticks, 300, &counts));
    with_ledger_expect(ledger, weir_store_begin(ledger->store, &ledger->scope, WEIR_WRITE_STREAM));
    with_ledger_expect(ledger, weir_record_ticks(ledger->store, &ledger->scope, log_id, ticks + 300,
                                                 500, &counts));
    weir_store_rollback(ledger->store);
    with_ledger_expect(ledger, weir_record_ticks(ledger->store, &ledger->scope, log_id, ticks + 300,
                                                 COUNT - 300, &counts));
    with_ledger_check(ledger, NULL);
    assert_int_equal(with_ledger_number(ledger, "SELECT size FROM head"), COUNT + 1);
}

static void two_handles_append_to_one_log_in_turn(void **state)
{
    struct with_ledger *ledger = *state;
    struct weir_store *other = NULL;
    struct weir_store_options options = {.mode = WEIR_STORE_WRITE};
    struct weir_gauge gauge = with_ledger_probed("api", WINDOW_MS, INTERVAL_MS);
    int64_t log_id = with_ledger_log(ledger, &gauge);
    static struct weir_tick ticks[COUNT];
    struct weir_record_counts counts = {0};
    uint64_t seed = 17;
    ticks_fill(ticks, 17);
    with_ledger_expect(ledger, weir_store_open(&ledger->scope, ledger->path, &options, &other));
    for (size_t done = 0; done < COUNT;) {
        size_t batch = 1 + with_ledger_random(&seed) % 40;
        if (batch > COUNT - done)
            batch = COUNT - done;
        struct weir_store *store = with_ledger_random(&seed) % 2 == 0 ? ledger->store : other;
        with_ledger_expect(
            ledger, weir_record_ticks(store, &ledger->scope, log_id, ticks + done, batch, &counts));
        done += batch;
    }
    weir_store_close(other);
    assert_int_equal(counts.added, COUNT);
    struct weir_tick_list all = {.items = ticks, .count = COUNT};
    struct weir_maintenance_list none = {0};
    windows_compare(ledger, log_id, &gauge, &all, &none);
    with_ledger_check(ledger, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_ledger(ticks_in_any_batches_give_the_windows_of_the_pure_core),
        with_ledger(the_same_ticks_again_are_known_and_change_nothing),
        with_ledger(a_tick_from_the_past_is_put_aside_with_the_reason),
        with_ledger(the_ticks_of_a_window_come_with_their_neighbours),
        with_ledger(every_size_the_log_had_can_be_proved),
        with_ledger(a_log_with_tiles_of_tiles_can_be_proved),
        with_ledger(a_notice_counts_from_when_it_was_logged),
        with_ledger(a_changed_definition_needs_a_new_gauge),
        with_ledger(two_handles_append_to_one_log_in_turn),
        with_ledger(a_transaction_rolled_back_leaves_no_trace_in_memory),
    };
    return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
