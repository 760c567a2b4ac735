/* Goal: nine years of real deliveries give the published weekly numbers byte for byte, whatever the
 * order, the duplicates and the superseded revisions of the events.
 * Method: the truth files of the SCMS data; the shuffled stream forwards, backwards and in seeded
 * orders; and a store that folds one event after another, as the ledger does. */
#include <stdio.h>
#include <string.h>

#include "metrics/otif.h"
#include "tests/unit/metrics/with_scms.h"
#include "tests/unit/metrics/with_scope.h"
#include "tests/unit/metrics/with_vectors.h"

static void expect_truth(struct weir_scope *scope,
                         const struct weir_gauge *gauge,
                         struct with_events events,
                         const char *truth)
{
    struct weir_tally_rows rows;
    with_scope_expect(scope, weir_otif_compute(scope, gauge, events.items, events.count, &rows));
    with_vectors_compare(scope, with_scms_print(scope, gauge, &rows), truth);
}

static void lines_agree_with_the_truth(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_gauge gauge = with_scms_gauge(WEIR_UNIT_LINE, WEIR_MEASURE_OTIF);
    expect_truth(scope, &gauge, with_scms_jobs(scope),
                 WITH_SCMS_FOLDER "/truth_otif_line_weekly.csv");
}

static void commitments_agree_with_the_truth(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_gauge gauge = with_scms_gauge(WEIR_UNIT_COMMITMENT, WEIR_MEASURE_OTIF);
    expect_truth(scope, &gauge, with_scms_jobs(scope),
                 WITH_SCMS_FOLDER "/truth_otif_order_weekly.csv");
}

static void quantities_agree_with_the_truth(void **state)
{
    struct weir_scope *scope = *state;
    struct with_events events = with_scms_jobs(scope);
    struct weir_gauge lines = with_scms_gauge(WEIR_UNIT_LINE, WEIR_MEASURE_FILL);
    struct weir_gauge commitments = with_scms_gauge(WEIR_UNIT_COMMITMENT, WEIR_MEASURE_FILL);
    expect_truth(scope, &lines, events, WITH_SCMS_FOLDER "/truth_fill_qty_weekly.csv");
    expect_truth(scope, &commitments, events, WITH_SCMS_FOLDER "/truth_fill_qty_weekly.csv");
}

static void shuffle(struct with_events events, struct with_dice *random)
{
    for (size_t i = events.count; i > 1; i--) {
        size_t other = (size_t)with_dice_below(random, i);
        struct weir_event held = events.items[i - 1];
        events.items[i - 1] = events.items[other];
        events.items[other] = held;
    }
}

static void the_shuffled_stream_gives_the_same_in_every_order(void **state)
{
    struct weir_scope *scope = *state;
    struct with_dice random = {.state = 20090123};
    struct weir_gauge gauge = with_scms_gauge(WEIR_UNIT_LINE, WEIR_MEASURE_OTIF);
    struct with_events events = with_scms_stream(scope);
    assert_int_equal(events.count, 21888);
    printf("seed 20090123\n");
    for (unsigned order = 0; order < 4; order++) {
        expect_truth(scope, &gauge, events, WITH_SCMS_FOLDER "/truth_otif_line_weekly.csv");
        shuffle(events, &random);
    }
}

/* What a ledger keeps of one job: its events and the outcome it last counted. */
struct job {
    struct weir_slice subject;
    struct weir_event events[8];
    size_t count;
    struct weir_outcome outcome;
};

#define JOB_SLOTS 32768

static struct job *job_of(struct job *jobs, struct weir_slice subject)
{
    uint64_t slot = 14695981039346656037U;
    for (size_t i = 0; i < subject.length; i++)
        slot = (slot ^ subject.data[i]) * 1099511628211U;
    while (jobs[slot % JOB_SLOTS].subject.length > 0 &&
           !weir_slice_equal(jobs[slot % JOB_SLOTS].subject, subject))
        slot++;
    jobs[slot % JOB_SLOTS].subject = subject;
    return &jobs[slot % JOB_SLOTS];
}

/* Moves the counts of one window from the old outcome to the new one. */
static void move(struct weir_scope *scope,
                 struct weir_tally_rows *rows,
                 struct weir_slice class_name,
                 const struct weir_outcome *outcome,
                 const struct weir_tally *tally,
                 int sign)
{
    for (size_t i = 0; i < rows->count; i++) {
        struct weir_tally_row *row = &rows->items[i];
        if (row->window.start_ms != outcome->window.start_ms ||
            !weir_slice_equal(row->class_name, class_name))
            continue;
        if (sign > 0)
            with_scope_expect(scope, weir_tally_add(scope, &row->tally, tally));
        else
            with_scope_expect(scope, weir_tally_subtract(scope, &row->tally, tally));
        return;
    }
    fail_msg("a window that the whole computation does not have");
}

static void move_outcome(struct weir_scope *scope,
                         const struct weir_gauge *gauge,
                         struct weir_tally_rows *rows,
                         const struct weir_outcome *outcome,
                         int sign)
{
    struct weir_tally tally = weir_outcome_tally(gauge, outcome);
    if (outcome->standing != WEIR_JOB_COUNTED)
        return;
    move(scope, rows, outcome->class_name, outcome, &tally, sign);
    move(scope, rows, weir_slice_text(WEIR_CLASS_ALL), outcome, &tally, sign);
}

/* The windows are taken from the whole computation and emptied, so that only the sums are told. */
static void folding_event_by_event_gives_the_same_sums(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_gauge gauge = with_scms_gauge(WEIR_UNIT_LINE, WEIR_MEASURE_OTIF);
    struct with_events events = with_scms_stream(scope);
    struct job *jobs = weir_take(scope, JOB_SLOTS, sizeof(*jobs));
    struct weir_tally_rows rows;
    assert_non_null(jobs);
    with_scope_expect(scope, weir_otif_compute(scope, &gauge, events.items, events.count, &rows));
    for (size_t i = 0; i < rows.count; i++)
        rows.items[i].tally = (struct weir_tally){0};
    events.count =
        events.count / 4; /* the linear search of rows is the test's, not the product's */
    for (size_t i = 0; i < events.count; i++) {
        struct job *job = job_of(jobs, events.items[i].subject);
        assert_true(job->count < 8);
        job->events[job->count++] = events.items[i];
        move_outcome(scope, &gauge, &rows, &job->outcome, -1);
        with_scope_expect(scope,
                          weir_job_fold(scope, &gauge, job->events, job->count, &job->outcome));
        move_outcome(scope, &gauge, &rows, &job->outcome, 1);
    }
    struct weir_tally_rows whole;
    with_scope_expect(scope, weir_otif_compute(scope, &gauge, events.items, events.count, &whole));
    size_t next = 0;
    for (size_t i = 0; i < rows.count; i++) {
        if (rows.items[i].tally.units == 0)
            continue;
        assert_true(next < whole.count);
        assert_memory_equal(&rows.items[i].tally, &whole.items[next].tally,
                            sizeof(struct weir_tally));
        next++;
    }
    assert_int_equal(next, whole.count);
}

static void the_inputs_of_a_week_do_not_depend_on_the_order(void **state)
{
    struct weir_scope *scope = *state;
    struct with_dice random = {.state = 5};
    struct weir_gauge gauge = with_scms_gauge(WEIR_UNIT_LINE, WEIR_MEASURE_OTIF);
    struct with_events events = with_scms_stream(scope);
    struct weir_interval week;
    struct weir_input_set first;
    struct weir_input_set second;
    with_scope_expect(scope,
                      weir_window_parse(scope, &gauge.windows, weir_slice_text("2009-W48"), &week));
    with_scope_expect(scope,
                      weir_otif_inputs(scope, &gauge, events.items, events.count, week, &first));
    shuffle(events, &random);
    with_scope_expect(scope,
                      weir_otif_inputs(scope, &gauge, events.items, events.count, week, &second));
    assert_true(first.count > 0 && first.count == second.count);
    assert_true(weir_hash_equal(&first.digest, &second.digest));
    struct weir_tally_rows rows;
    with_scope_expect(scope, weir_otif_compute(scope, &gauge, events.items, events.count, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        if (rows.items[i].window.start_ms == week.start_ms &&
            weir_slice_equals_text(rows.items[i].class_name, WEIR_CLASS_ALL))
            assert_int_equal(first.count, 2 * rows.items[i].tally.units);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scope(lines_agree_with_the_truth),
        with_scope(commitments_agree_with_the_truth),
        with_scope(quantities_agree_with_the_truth),
        with_scope(the_shuffled_stream_gives_the_same_in_every_order),
        with_scope(folding_event_by_event_gives_the_same_sums),
        with_scope(the_inputs_of_a_week_do_not_depend_on_the_order),
    };
    with_vectors_need(WITH_SCMS_FOLDER);
    return cmocka_run_group_tests_name("otif_truth", tests, NULL, NULL);
}
