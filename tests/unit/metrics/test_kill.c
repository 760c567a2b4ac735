/* Goal: the kill signal fires for exactly the runs of the truth, stays on until acknowledged, and
 * arms itself again with the next final window.
 * Method: the truth file of the SCMS data for both units, rules and minima; tables of short
 * histories. */
#include "metrics/kill.h"

#include <stdio.h>
#include <string.h>

#include "metrics/calendar.h"
#include "tests/unit/metrics/with_scms.h"
#include "tests/unit/metrics/with_scope.h"
#include "tests/unit/metrics/with_vectors.h"

/* Appends the runs of one class as the truth file writes them. */
static void put_runs(struct weir_scope *scope,
                     const struct weir_gauge *gauge,
                     const struct weir_tally_row *rows,
                     size_t row_count,
                     struct weir_buffer *buffer)
{
    struct weir_kill_run run = {0};
    for (size_t i = 0; i < row_count; i++) {
        struct weir_final_window next = {rows[i].window, rows[i].tally};
        char first[WEIR_WINDOW_LABEL_BYTES];
        char fired[WEIR_WINDOW_LABEL_BYTES];
        if (!weir_kill_run_next(&run, gauge, &next))
            continue;
        weir_window_print(&gauge->windows, run.first, first);
        weir_window_print(&gauge->windows, run.previous, fired);
        with_scope_expect(scope,
                          weir_buffer_printf(scope, buffer, "%s,%s,%u,%.*s,%s,%s\n",
                                             gauge->otif.unit == WEIR_UNIT_LINE ? "line" : "order",
                                             gauge->otif.kill_rule == WEIR_KILL_A ? "A" : "B",
                                             (unsigned)gauge->otif.kill_min_due,
                                             (int)rows[i].class_name.length,
                                             (const char *)rows[i].class_name.data, first, fired));
    }
}

/* The truth is ordered by unit, minimum, class, rule. */
static void runs_agree_with_the_truth(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_buffer buffer = {0};
    with_vectors_need(WITH_SCMS_FOLDER);
    struct with_events events = with_scms_jobs(scope);
    with_scope_expect(scope, weir_buffer_text(scope, &buffer,
                                              "unit,rule,min_due,class,first_breach_week,"
                                              "fired_week\n"));
    for (unsigned unit = WEIR_UNIT_LINE; unit <= WEIR_UNIT_COMMITMENT; unit++) {
        struct weir_gauge gauge = with_scms_gauge((enum weir_gauge_unit)unit, WEIR_MEASURE_OTIF);
        struct weir_tally_rows rows;
        with_scope_expect(scope,
                          weir_otif_compute(scope, &gauge, events.items, events.count, &rows));
        for (gauge.otif.kill_min_due = 1; gauge.otif.kill_min_due <= 5;
             gauge.otif.kill_min_due += 4) {
            for (size_t i = 0, end; i < rows.count; i = end) {
                for (end = i; end < rows.count && weir_slice_equal(rows.items[end].class_name,
                                                                   rows.items[i].class_name);)
                    end++;
                gauge.otif.kill_rule = WEIR_KILL_A;
                put_runs(scope, &gauge, rows.items + i, end - i, &buffer);
                gauge.otif.kill_rule = WEIR_KILL_B;
                put_runs(scope, &gauge, rows.items + i, end - i, &buffer);
            }
        }
    }
    with_vectors_compare(scope, weir_buffer_slice(&buffer),
                         WITH_SCMS_FOLDER "/truth_kill_otif.csv");
}

/* Week `w` with so many of so many kept. */
static struct weir_final_window week(int64_t w, uint64_t kept, uint64_t due)
{
    int64_t start_ms = 4 * WEIR_DAY_MS + w * WEIR_WEEK_MS;
    return (struct weir_final_window){
        .window = {start_ms, start_ms + WEIR_WEEK_MS},
        .tally = {.num = kept, .den = due, .units = due},
    };
}

static struct weir_gauge gauge_of(enum weir_kill_rule rule, uint64_t min_due)
{
    struct weir_gauge gauge = with_scms_gauge(WEIR_UNIT_LINE, WEIR_MEASURE_OTIF);
    gauge.otif.kill_rule = rule;
    gauge.otif.kill_min_due = min_due;
    return gauge;
}

static struct weir_kill_signal
evaluate(const struct weir_gauge *gauge, const struct weir_final_window *windows, size_t count)
{
    struct weir_kill_signal signal = {.acknowledged_until_ms = INT64_MIN};
    weir_kill_evaluate(&signal, gauge, windows, count);
    return signal;
}

static void an_empty_week_breaks_the_run_by_rule_a_and_is_skipped_by_rule_b(void **state)
{
    (void)state;
    struct weir_gauge a = gauge_of(WEIR_KILL_A, 20);
    struct weir_gauge b = gauge_of(WEIR_KILL_B, 20);
    struct weir_gauge none = gauge_of(WEIR_KILL_NONE, 0);
    const struct weir_final_window gap[] = {week(10, 10, 20), week(12, 10, 20)};
    const struct weir_final_window empty[] = {week(10, 10, 20), week(11, 0, 0), week(12, 10, 20)};
    const struct weir_final_window run[] = {week(10, 10, 20), week(11, 18, 20)};
    assert_false(evaluate(&a, gap, 2).is_on);
    assert_false(evaluate(&a, empty, 3).is_on);
    assert_true(evaluate(&b, gap, 2).is_on);
    assert_true(evaluate(&b, empty, 3).is_on);
    assert_true(evaluate(&a, run, 2).is_on);
    assert_false(evaluate(&none, run, 2).is_on);
}

static void a_thin_class_does_not_kill(void **state)
{
    (void)state;
    struct weir_gauge gauge = gauge_of(WEIR_KILL_A, 20);
    const struct weir_final_window thin[] = {week(10, 18, 19), week(11, 18, 19)};
    const struct weir_final_window exact[] = {week(10, 18, 20), week(11, 18, 20)};
    const struct weir_final_window met[] = {week(10, 19, 20), week(11, 19, 20)};
    assert_false(evaluate(&gauge, thin, 2).is_on);
    assert_true(evaluate(&gauge, exact, 2).is_on);
    assert_false(evaluate(&gauge, met, 2).is_on);
}

static void the_signal_stays_on_until_acknowledged(void **state)
{
    (void)state;
    struct weir_gauge gauge = gauge_of(WEIR_KILL_A, 20);
    struct weir_final_window weeks[] = {week(1, 10, 20), week(2, 10, 20), week(3, 20, 20)};
    struct weir_kill_signal signal = evaluate(&gauge, weeks, 3);
    assert_true(signal.is_on);
    assert_int_equal(signal.first.start_ms, weeks[0].window.start_ms);
    assert_int_equal(signal.fired.start_ms, weeks[1].window.start_ms);
    weeks[0].tally.num = 20; /* a late revision does not undo what was acted on */
    weir_kill_evaluate(&signal, &gauge, weeks, 3);
    assert_true(signal.is_on);
    weir_kill_acknowledge(&signal, weeks[2].window.end_ms);
    weeks[0].tally.num = 10;
    weir_kill_evaluate(&signal, &gauge, weeks, 3);
    assert_false(signal.is_on);
}

static void the_next_final_week_arms_it_again(void **state)
{
    (void)state;
    struct weir_gauge gauge = gauge_of(WEIR_KILL_A, 20);
    const struct weir_final_window weeks[] = {week(1, 10, 20), week(2, 10, 20), week(3, 10, 20),
                                              week(4, 20, 20), week(5, 10, 20), week(6, 10, 20)};
    struct weir_kill_signal signal = evaluate(&gauge, weeks, 2);
    weir_kill_acknowledge(&signal, weeks[1].window.end_ms);
    weir_kill_evaluate(&signal, &gauge, weeks, 2);
    assert_false(signal.is_on);
    weir_kill_evaluate(&signal, &gauge, weeks, 3); /* the breach simply goes on */
    assert_true(signal.is_on);
    assert_int_equal(signal.first.start_ms, weeks[1].window.start_ms);
    assert_int_equal(signal.fired.start_ms, weeks[2].window.start_ms);
    weir_kill_acknowledge(&signal, weeks[2].window.end_ms);
    weir_kill_evaluate(&signal, &gauge, weeks, 5);
    assert_false(signal.is_on);
    weir_kill_evaluate(&signal, &gauge, weeks, 6);
    assert_true(signal.is_on);
    assert_int_equal(signal.first.start_ms, weeks[4].window.start_ms);
    weir_kill_acknowledge(&signal, weeks[0].window.end_ms); /* never moves back */
    assert_int_equal(signal.acknowledged_until_ms, weeks[2].window.end_ms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scope(runs_agree_with_the_truth),
        with_scope(an_empty_week_breaks_the_run_by_rule_a_and_is_skipped_by_rule_b),
        with_scope(a_thin_class_does_not_kill),
        with_scope(the_signal_stays_on_until_acknowledged),
        with_scope(the_next_final_week_arms_it_again),
    };
    return cmocka_run_group_tests_name("kill", tests, NULL, NULL);
}
