/* Goal: the same events in any order, in any batches, across restarts and a kill give the same
 * windows, equal to what the pure core computes from all of them at once; importing them again
 * changes nothing.
 * Method: random histories with duplicates, later revisions and contradicting ones; shuffled,
 * batched at random; one process killed in the middle of a stream; the ledger's own check after
 * each. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger/log.h"
#include "ledger/observations.h"
#include "ledger/record.h"
#include "ledger/statements.h"
#include "ledger/windows.h"
#include "metrics/close.h"
#include "metrics/otif.h"
#include "tests/unit/ledger/with_ledger.h"

#define JOBS 150
#define EVENTS_MAX (JOBS * 8)
#define START_MS 1767225600000
#define DAY_MS 86400000

static const struct weir_interval ALWAYS = {.start_ms = INT64_MIN, .end_ms = INT64_MAX};
struct history {
    struct weir_event *items;
    size_t count;
};

static struct weir_event *event_add(struct weir_scope *scope,
                                    struct history *history,
                                    enum weir_event_type type,
                                    unsigned job,
                                    int64_t occurred_ms)
{
    struct weir_event *event = &history->items[history->count];
    *event = (struct weir_event){
        .type = type,
        .source = weir_slice_text(job % 5 == 0 ? "plant" : "erp"),
        .id = weir_slice_text(weir_take_printf(scope, "e%zu", history->count)),
        .subject = weir_slice_text(weir_take_printf(scope, "job-%u", job)),
        .order = weir_slice_text(weir_take_printf(scope, "order-%u", job / 3)),
        .occurred_ms = occurred_ms,
    };
    history->count++;
    return event;
}

/* The life of one job: promised, perhaps replanned, cancelled, delivered in parts, returned. */
static void job_add(struct weir_scope *scope, struct history *history, unsigned job, uint64_t *seed)
{
    static const char *const classes[] = {"milling", "turning", ""};
    int64_t promised_ms = START_MS + (int64_t)(with_ledger_random(seed) % 60) * DAY_MS;
    int64_t due_day = promised_ms / DAY_MS + 3 + (int64_t)(with_ledger_random(seed) % 20);
    struct weir_event *event = event_add(scope, history, WEIR_EVENT_JOB_PROMISED, job, promised_ms);
    event->class_name = weir_slice_text(classes[job / 3 % 3]);
    event->due = weir_due_of_day(due_day, 0, 0);
    event->quantity = 10;
    if (with_ledger_random(seed) % 5 == 0) {
        event = event_add(scope, history, WEIR_EVENT_JOB_REPLANNED, job, promised_ms + DAY_MS);
        event->due = weir_due_of_day(due_day + 4, 0, 0);
        event->by = WEIR_PARTY_US;
    }
    if (with_ledger_random(seed) % 9 == 0) {
        event = event_add(scope, history, WEIR_EVENT_JOB_CANCELLED, job, promised_ms + 2 * DAY_MS);
        event->by = with_ledger_random(seed) % 2 == 0 ? WEIR_PARTY_CUSTOMER : WEIR_PARTY_US;
        return;
    }
    for (unsigned part = 0; part < 2; part++) {
        int64_t delay = (int64_t)(with_ledger_random(seed) % 6) - 4;
        event = event_add(scope, history, WEIR_EVENT_JOB_DELIVERED, job,
                          (due_day + delay) * DAY_MS + 3600000);
        event->quantity = part == 0 && with_ledger_random(seed) % 3 == 0 ? 4 : 10;
    }
}

/* Adds later revisions of some events: of the same job, of another one, and contradicting ones. */
static void revisions_add(struct weir_scope *scope, struct history *history, uint64_t *seed)
{
    size_t originals = history->count;
    for (size_t i = 0; i < originals; i++) {
        uint64_t choice = with_ledger_random(seed) % 12;
        if (choice > 2)
            continue;
        struct weir_event *event = &history->items[history->count++];
        *event = history->items[i];
        event->rev += choice == 0 ? 0 : 1 + with_ledger_random(seed) % 3;
        event->occurred_ms += DAY_MS;
        if (choice == 2)
            event->subject = weir_slice_text(
                weir_take_printf(scope, "job-%u", (unsigned)(with_ledger_random(seed) % JOBS)));
    }
}

static struct history history_make(struct weir_scope *scope, uint64_t seed)
{
    struct history history = {.items = weir_take(scope, EVENTS_MAX, sizeof(struct weir_event))};
    assert_non_null(history.items);
    for (unsigned job = 0; job < JOBS; job++)
        job_add(scope, &history, job, &seed);
    revisions_add(scope, &history, &seed);
    return history;
}

static struct history shuffled(struct weir_scope *scope, struct history history, uint64_t seed)
{
    struct history other = {.items = weir_take(scope, history.count, sizeof(struct weir_event)),
                            .count = history.count};
    assert_non_null(other.items);
    memcpy(other.items, history.items, history.count * sizeof(struct weir_event));
    for (size_t i = history.count - 1; i > 0; i--) {
        size_t k = (size_t)(with_ledger_random(&seed) % (i + 1));
        struct weir_event event = other.items[i];
        other.items[i] = other.items[k];
        other.items[k] = event;
    }
    return other;
}

static void record_all(struct with_ledger *ledger,
                       int64_t log_id,
                       struct history history,
                       uint64_t seed,
                       struct weir_record_counts *counts)
{
    for (size_t done = 0; done < history.count;) {
        size_t batch = 1 + with_ledger_random(&seed) % 90;
        if (batch > history.count - done)
            batch = history.count - done;
        struct weir_events events = {
            .items = history.items + done, .count = batch, .received_ms = INT64_MAX / 2};
        with_ledger_expect(
            ledger, weir_record_events(ledger->store, &ledger->scope, log_id, &events, counts));
        done += batch;
        if (with_ledger_random(&seed) % 5 == 0)
            with_ledger_reopen(ledger);
    }
}

/* The revisions that count. */
static struct history current(struct with_ledger *ledger, struct history history)
{
    struct history copy = shuffled(&ledger->scope, history, 1);
    with_ledger_expect(ledger, weir_event_keep_current(&ledger->scope, copy.items, &copy.count));
    return copy;
}

/* The stored windows against weir_otif_compute over everything. */
static void tallies_compare(struct with_ledger *ledger,
                            int64_t log_id,
                            const struct weir_gauge *gauge,
                            struct history history)
{
    struct weir_tally_rows rows;
    struct weir_gauge_window *windows = NULL;
    size_t count = 0;
    struct history copy = current(ledger, history);
    with_ledger_expect(ledger,
                       weir_otif_compute(&ledger->scope, gauge, copy.items, copy.count, &rows));
    with_ledger_expect(ledger, weir_gauge_windows(ledger->store, &ledger->scope, log_id, NULL,
                                                  ALWAYS, &windows, &count));
    size_t found = 0;
    for (size_t i = 0; i < rows.count; i++) {
        if (rows.items[i].tally.den == 0)
            continue;
        assert_true(found < count);
        const struct weir_gauge_window *window = &windows[found++];
        assert_true(weir_slice_equals_text(rows.items[i].class_name, window->class_name));
        assert_int_equal(rows.items[i].window.start_ms, window->window.start_ms);
        assert_memory_equal(&rows.items[i].tally, &window->tally, sizeof(window->tally));
    }
    assert_int_equal(found, count);
    assert_true(count > 10);
}

static void in_any_order(struct with_ledger *ledger, enum weir_gauge_unit unit)
{
    uint64_t seed = 77;
    print_message("seed %llu\n", (unsigned long long)seed);
    struct history history = history_make(&ledger->scope, seed);
    const char *first = NULL;
    for (unsigned round = 0; round < 4; round++) {
        char *name = weir_take_printf(&ledger->scope, "otif-%u", round);
        struct weir_gauge gauge = with_ledger_otif(name, unit);
        int64_t log_id = with_ledger_log(ledger, &gauge);
        struct history order = shuffled(&ledger->scope, history, seed + round);
        struct weir_record_counts counts = {0};
        record_all(ledger, log_id, round == 0 ? history : order, seed + round, &counts);
        assert_int_equal(counts.added, history.count);
        assert_int_equal(counts.refused, 0);
        assert_true(counts.superseded > 10);
        tallies_compare(ledger, log_id, &gauge, history);
        char *query =
            weir_take_printf(&ledger->scope,
                             "SELECT class, start_ms, end_ms, num, den, units, replanned, "
                             "last_num FROM gauge_window WHERE log_id = %lld "
                             "ORDER BY class, start_ms",
                             (long long)log_id);
        const char *rows = with_ledger_text(ledger, query);
        if (first == NULL)
            first = rows;
        assert_string_equal(first, rows);
        record_all(ledger, log_id, order, seed, &counts);
        assert_int_equal(counts.added, history.count);
        assert_int_equal(counts.known, history.count);
        assert_string_equal(first, with_ledger_text(ledger, query));
    }
    with_ledger_check(ledger, NULL);
}

static void lines_in_any_order_give_the_windows_of_the_pure_core(void **state)
{
    in_any_order(*state, WEIR_UNIT_LINE);
}

static void commitments_in_any_order_give_the_windows_of_the_pure_core(void **state)
{
    in_any_order(*state, WEIR_UNIT_COMMITMENT);
}

/* Results about a site, many at the same time, some revised to another time. */
static struct history results_make(struct weir_scope *scope, uint64_t seed)
{
    static const enum weir_reason reasons[] = {WEIR_REASON_OK, WEIR_REASON_REPORTED,
                                               WEIR_REASON_UNREPORTED};
    struct history history = {.items = weir_take(scope, 600, sizeof(struct weir_event))};
    assert_non_null(history.items);
    for (size_t i = 0; i < 500; i++) {
        struct weir_event *event =
            event_add(scope, &history, WEIR_EVENT_PROBE_RESULT, 1,
                      START_MS + (int64_t)(with_ledger_random(&seed) % 400) * 5000);
        struct weir_tick tick =
            weir_tick_make(0, reasons[with_ledger_random(&seed) % 3], 0, (uint32_t)i);
        event->subject = weir_slice_text("site");
        event->order = (struct weir_slice){0};
        event->state = tick.state;
        event->reason = tick.reason;
        event->latency_ms = tick.latency_ms;
    }
    for (size_t i = 0; i < 60; i++) {
        struct weir_event *event = &history.items[history.count++];
        *event = history.items[with_ledger_random(&seed) % 500];
        event->rev = 1 + i % 3;
        event->occurred_ms = START_MS + (int64_t)(with_ledger_random(&seed) % 400) * 5000;
    }
    for (size_t i = 0; i < 5; i++) {
        struct weir_event *event =
            event_add(scope, &history, WEIR_EVENT_MAINTENANCE_DECLARED, 1,
                      START_MS + (int64_t)(with_ledger_random(&seed) % 400) * 5000);
        event->subject = weir_slice_text("site");
        event->order = (struct weir_slice){0};
        event->planned.start_ms = event->occurred_ms + 60000 * (int64_t)(i % 2);
        event->planned.end_ms = event->planned.start_ms + 200000;
    }
    return history;
}

static void results_in_any_order_give_the_same_windows(void **state)
{
    struct with_ledger *ledger = *state;
    uint64_t seed = 5;
    print_message("seed %llu\n", (unsigned long long)seed);
    struct history history = results_make(&ledger->scope, seed);
    const char *first = NULL;
    for (unsigned round = 0; round < 5; round++) {
        char *name = weir_take_printf(&ledger->scope, "site-%u", round);
        struct weir_gauge gauge = with_ledger_reported(name);
        int64_t log_id = with_ledger_log(ledger, &gauge);
        struct history order = shuffled(&ledger->scope, history, seed + round);
        struct weir_record_counts counts = {0};
        record_all(ledger, log_id, order, seed + round, &counts);
        assert_int_equal(counts.added, history.count);
        char *query = weir_take_printf(&ledger->scope,
                                       "SELECT start_ms, end_ms, up_ms, down_ms FROM gauge_window "
                                       "WHERE log_id = %lld ORDER BY start_ms",
                                       (long long)log_id);
        const char *rows = with_ledger_text(ledger, query);
        assert_true(strlen(rows) > 1000);
        if (first == NULL)
            first = rows;
        assert_string_equal(first, rows);
        record_all(ledger, log_id, shuffled(&ledger->scope, history, seed), seed, &counts);
        assert_int_equal(counts.known, history.count);
        assert_string_equal(first, with_ledger_text(ledger, query));
    }
    with_ledger_check(ledger, NULL);
}

/* The child records until it is killed; how far it came is what the file says. */
static void record_and_be_killed(struct with_ledger *ledger, struct history history, uint64_t when)
{
    with_ledger_close(ledger);
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct weir_store *store = NULL;
        struct weir_store_options options = {.mode = WEIR_STORE_WRITE};
        struct weir_record_counts counts = {0};
        struct weir_log log;
        if (weir_store_open(&ledger->scope, ledger->path, &options, &store) != WEIR_OK ||
            weir_log_find_gauge(store, &ledger->scope, "otif", &log) != WEIR_OK)
            _exit(1);
        for (size_t i = 0; i < history.count; i += 3) {
            size_t batch = history.count - i < 3 ? history.count - i : 3;
            struct weir_events events = {
                .items = history.items + i, .count = batch, .received_ms = INT64_MAX / 2};
            if (weir_record_events(store, &ledger->scope, log.log_id, &events, &counts) != WEIR_OK)
                _exit(1);
            if (write(ready[1], "x", 1) != 1)
                _exit(1);
        }
        _exit(0);
    }
    assert_int_equal(close(ready[1]), 0);
    char byte;
    for (uint64_t i = 0; i < when; i++)
        if (read(ready[0], &byte, 1) != 1)
            break;
    (void)kill(child, SIGKILL); /* it may have ended by itself */
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(close(ready[0]), 0);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    with_ledger_reopen(ledger);
}

static void a_stream_killed_anywhere_is_completed_by_importing_it_again(void **state)
{
    struct with_ledger *ledger = *state;
    uint64_t seed = 4242;
    print_message("seed %llu\n", (unsigned long long)seed);
    struct weir_gauge gauge = with_ledger_otif("otif", WEIR_UNIT_LINE);
    int64_t log_id = with_ledger_log(ledger, &gauge);
    struct history history = history_make(&ledger->scope, seed);
    for (unsigned round = 0; round < 12; round++) {
        struct history order = shuffled(&ledger->scope, history, seed + round);
        record_and_be_killed(ledger, order, with_ledger_random(&seed) % 40);
        with_ledger_check(ledger, NULL);
    }
    struct weir_record_counts counts = {0};
    record_all(ledger, log_id, history, seed, &counts);
    assert_int_equal(counts.added + counts.known, history.count);
    assert_true(counts.known > 0);
    tallies_compare(ledger, log_id, &gauge, history);
    with_ledger_check(ledger, NULL);
}

static void a_close_commits_to_its_inputs_and_late_events_make_a_revision(void **state)
{
    struct with_ledger *ledger = *state;
    struct weir_gauge gauge = with_ledger_otif("otif", WEIR_UNIT_LINE);
    int64_t log_id = with_ledger_log(ledger, &gauge);
    struct history history = history_make(&ledger->scope, 6);
    struct weir_record_counts counts = {0};
    struct weir_closing closing;
    size_t half = history.count / 2;
    record_all(ledger, log_id, (struct history){history.items, half}, 1, &counts);
    for (unsigned round = 0; round < 2; round++) {
        struct weir_interval *windows = NULL;
        size_t count = 0;
        with_ledger_expect(ledger, weir_window_list_unclosed(ledger->store, &ledger->scope, log_id,
                                                             INT64_MAX, 1000, &windows, &count));
        assert_true(count > 3);
        for (size_t i = 0; i < count; i++) {
            struct weir_input_set inputs;
            struct history seen =
                current(ledger, (struct history){history.items, round == 0 ? half : history.count});
            with_ledger_expect(ledger, weir_window_close(ledger->store, &ledger->scope, log_id,
                                                         windows[i], &closing));
            with_ledger_expect(ledger, weir_otif_inputs(&ledger->scope, &gauge, seen.items,
                                                        seen.count, windows[i], &inputs));
            assert_int_equal(closing.input_count, inputs.count);
            assert_true(weir_hash_equal(&closing.inputs, &inputs.digest));
            with_ledger_expect(ledger, weir_window_close(ledger->store, &ledger->scope, log_id,
                                                         windows[i], &closing));
            assert_false(closing.is_new);
        }
        with_ledger_check(ledger, NULL);
        if (round == 0)
            record_all(ledger, log_id, (struct history){history.items + half, history.count - half},
                       1, &counts);
    }
    assert_true(with_ledger_number(ledger, "SELECT max(revision) FROM window_close") == 1);
}

static void two_handles_record_the_events_of_one_log_in_turn(void **state)
{
    struct with_ledger *ledger = *state;
    struct weir_store *other = NULL;
    struct weir_store_options options = {.mode = WEIR_STORE_WRITE};
    struct weir_gauge gauge = with_ledger_otif("otif", WEIR_UNIT_COMMITMENT);
    int64_t log_id = with_ledger_log(ledger, &gauge);
    uint64_t seed = 99;
    struct history history = shuffled(&ledger->scope, history_make(&ledger->scope, seed), seed);
    struct weir_record_counts counts = {0};
    with_ledger_expect(ledger, weir_store_open(&ledger->scope, ledger->path, &options, &other));
    for (size_t done = 0; done < history.count;) {
        size_t batch = 1 + with_ledger_random(&seed) % 9;
        if (batch > history.count - done)
            batch = history.count - done;
        struct weir_events events = {
            .items = history.items + done, .count = batch, .received_ms = INT64_MAX / 2};
        struct weir_store *store = with_ledger_random(&seed) % 2 == 0 ? ledger->store : other;
        with_ledger_expect(ledger,
                           weir_record_events(store, &ledger->scope, log_id, &events, &counts));
        done += batch;
    }
    weir_store_close(other);
    tallies_compare(ledger, log_id, &gauge, history);
    with_ledger_check(ledger, NULL);
}

static void impossible_events_are_put_aside(void **state)
{
    struct with_ledger *ledger = *state;
    struct weir_gauge gauge = with_ledger_otif("otif", WEIR_UNIT_LINE);
    int64_t log_id = with_ledger_log(ledger, &gauge);
    struct history history = {.items = weir_take(&ledger->scope, 4, sizeof(struct weir_event))};
    struct weir_record_counts counts = {0};
    (void)event_add(&ledger->scope, &history, WEIR_EVENT_JOB_DELIVERED, 1, START_MS + DAY_MS);
    (void)event_add(&ledger->scope, &history, WEIR_EVENT_JOB_PROMISED, 2, START_MS); /* no due */
    (void)event_add(&ledger->scope, &history, WEIR_EVENT_PROBE_RESULT, 3, START_MS);
    (void)event_add(&ledger->scope, &history, WEIR_EVENT_JOB_DELIVERED, 4, START_MS);
    struct weir_events events = {
        .items = history.items, .count = history.count, .received_ms = START_MS};
    with_ledger_expect(ledger,
                       weir_record_events(ledger->store, &ledger->scope, log_id, &events, &counts));
    assert_int_equal(counts.added, 1);
    assert_int_equal(counts.refused, 3);
    assert_int_equal(with_ledger_number(ledger, "SELECT count(*) FROM refused"), 3);
    with_ledger_check(ledger, NULL);
}

static void completed_jobs_are_listed_until_somebody_states_so(void **state)
{
    struct with_ledger *ledger = *state;
    struct weir_gauge gauge = with_ledger_otif("otif", WEIR_UNIT_LINE);
    int64_t log_id = with_ledger_log(ledger, &gauge);
    struct history history = history_make(&ledger->scope, 8);
    struct weir_record_counts counts = {0};
    const char **subjects = NULL;
    size_t count = 0;
    size_t stated = 0;
    record_all(ledger, log_id, history, 1, &counts);
    for (unsigned round = 0; round < 400; round++) {
        with_ledger_expect(ledger, weir_statement_due(ledger->store, &ledger->scope, log_id, 7,
                                                      &subjects, &count));
        for (size_t i = 0; i < count; i++) {
            struct weir_statement_row row = {.log_id = log_id,
                                             .subject = subjects[i],
                                             .purpose = 3,
                                             .message = weir_slice_text(subjects[i]),
                                             .made_ms = START_MS};
            uint64_t leaf = 0;
            uint64_t again = 0;
            with_ledger_expect(ledger,
                               weir_statement_put(ledger->store, &ledger->scope, &row, &leaf));
            with_ledger_expect(ledger,
                               weir_statement_put(ledger->store, &ledger->scope, &row, &again));
            assert_int_equal(leaf, again);
            stated++;
        }
        if (count == 0)
            break;
    }
    assert_int_equal(count, 0);
    assert_true(stated > JOBS / 3);
    struct weir_statement_row *rows = NULL;
    with_ledger_expect(ledger,
                       weir_statement_list(ledger->store, &ledger->scope, "job-1", &rows, &count));
    with_ledger_check(ledger, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_ledger(lines_in_any_order_give_the_windows_of_the_pure_core),
        with_ledger(commitments_in_any_order_give_the_windows_of_the_pure_core),
        with_ledger(results_in_any_order_give_the_same_windows),
        with_ledger(a_stream_killed_anywhere_is_completed_by_importing_it_again),
        with_ledger(a_close_commits_to_its_inputs_and_late_events_make_a_revision),
        with_ledger(two_handles_record_the_events_of_one_log_in_turn),
        with_ledger(impossible_events_are_put_aside),
        with_ledger(completed_jobs_are_listed_until_somebody_states_so),
    };
    return cmocka_run_group_tests_name("record_events", tests, NULL, NULL);
}
