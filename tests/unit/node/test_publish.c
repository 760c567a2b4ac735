/* Goal: what is published follows what is known: a running window is judged at once, a breach that
 * is certain is said early, a final verdict changes only by a revision, the kill signal fires once,
 * and asking again changes nothing.
 * Method: a ledger in a temporary folder, three kinds of gauges, and a clock told by the test. */
#include "node/publish.h"

#include <string.h>

#include "ledger/kill.h"
#include "ledger/store.h"
#include "ledger/windows.h"
#include "metrics/calendar.h"
#include "node/gauge_rows.h"
#include "tests/unit/node/with_measuring.h"

/* One call until nothing is left to do, with what it must have appended. */
static struct weir_published
publish(struct with_measuring *with, struct weir_publication *publication, int64_t now_s)
{
    struct weir_published published = {0};
    do {
        with_measuring_expect(with, weir_publish_gauge(with->store, &with->scope, publication,
                                                       now_s * 1000, &published));
    } while (published.is_partial);
    return published;
}

static struct weir_publication publication_of(const struct with_measuring *with)
{
    return (struct weir_publication){.gauge = &with->gauge, .log_id = with->log_id};
}

static size_t verdicts_of(struct with_measuring *with, struct weir_verdict_row **rows)
{
    size_t count = 0;
    const struct weir_interval all = {WEIR_TIME_MIN_MS, WEIR_TIME_END_MS};
    with_measuring_expect(
        with, weir_verdict_list(with->store, &with->scope, with->log_id, all, rows, &count));
    return count;
}

static void expect_verdict(const struct weir_verdict_row *row,
                           int64_t start_s,
                           uint32_t revision,
                           enum weir_judgement judgement,
                           enum weir_stage stage)
{
    assert_int_equal(row->window.start_ms, start_s * 1000);
    assert_int_equal(row->revision, revision);
    assert_int_equal(row->verdict.judgement, judgement);
    assert_int_equal(row->verdict.stage, stage);
}

static void a_running_window_is_judged_and_becomes_final_once(void **state)
{
    struct with_measuring *with = *state;
    struct weir_verdict_row *rows;
    with_measuring_probed(with);
    struct weir_publication publication = publication_of(with);
    assert_int_equal(publish(with, &publication, 100).verdicts, 0);
    with_measuring_ticks(with, 100, 104, WEIR_REASON_OK);
    assert_int_equal(publish(with, &publication, 104).verdicts, 1);
    with_measuring_ticks(with, 104, 112, WEIR_REASON_OK);
    assert_int_equal(publish(with, &publication, 112).verdicts, 1); /* the next window began */
    assert_int_equal(publish(with, &publication, 114).verdicts, 0);
    with_measuring_ticks(with, 112, 116, WEIR_REASON_OK);
    assert_int_equal(publish(with, &publication, 115).verdicts, 1); /* end and lateness */
    assert_int_equal(publish(with, &publication, 116).verdicts, 0);
    assert_int_equal(verdicts_of(with, &rows), 3);
    expect_verdict(&rows[0], 100, 0, WEIR_JUDGEMENT_MET, WEIR_STAGE_PROVISIONAL);
    expect_verdict(&rows[1], 100, 1, WEIR_JUDGEMENT_MET, WEIR_STAGE_FINAL);
    assert_int_equal(rows[1].verdict.ratio.num, 10000);
    expect_verdict(&rows[2], 110, 0, WEIR_JUDGEMENT_MET, WEIR_STAGE_PROVISIONAL);
}

static void a_breach_that_is_certain_is_said_before_the_window_ends(void **state)
{
    struct with_measuring *with = *state;
    struct weir_verdict_row *rows;
    with_measuring_probed(with);
    struct weir_publication publication = publication_of(with);
    with_measuring_ticks(with, 100, 102, WEIR_REASON_OK);
    (void)publish(with, &publication, 102);
    with_measuring_ticks(with, 102, 104, WEIR_REASON_STATUS);
    (void)publish(with, &publication, 103); /* one second down is the whole budget, not more */
    with_measuring_ticks(with, 104, 105, WEIR_REASON_STATUS);
    (void)publish(with, &publication, 104);
    size_t count = verdicts_of(with, &rows);
    expect_verdict(&rows[count - 1], 100, (uint32_t)count - 1, WEIR_JUDGEMENT_BREACHED,
                   WEIR_STAGE_PROVISIONAL);
    assert_int_equal(rows[count - 1].verdict.is_certain, 1);
    assert_int_equal(rows[0].verdict.judgement, WEIR_JUDGEMENT_MET);
}

static void nothing_is_final_before_a_tick_seals_it(void **state)
{
    struct with_measuring *with = *state;
    struct weir_verdict_row *rows;
    with_measuring_probed(with);
    struct weir_publication publication = publication_of(with);
    with_measuring_ticks(with, 100, 105, WEIR_REASON_OK);
    (void)publish(with, &publication, 200); /* the node was away: missed ticks may follow */
    size_t count = verdicts_of(with, &rows);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(rows[i].verdict.stage, WEIR_STAGE_PROVISIONAL);
    with_measuring_ticks(with, 105, 201, WEIR_REASON_MISSED);
    (void)publish(with, &publication, 201);
    count = verdicts_of(with, &rows);
    size_t finals = 0;
    for (size_t i = 0; i < count; i++)
        finals += rows[i].verdict.stage == WEIR_STAGE_FINAL;
    assert_int_equal(finals, 9); /* the one that ends at 200 is not late enough yet */
}

static void another_process_goes_on_where_the_last_one_stopped(void **state)
{
    struct with_measuring *with = *state;
    struct weir_verdict_row *rows;
    with_measuring_probed(with);
    struct weir_publication first = publication_of(with);
    with_measuring_ticks(with, 0, 3000, WEIR_REASON_OK);
    struct weir_published published = {0};
    with_measuring_expect(
        with, weir_publish_gauge(with->store, &with->scope, &first, 3000000, &published));
    assert_true(published.is_partial); /* and now it is killed */
    struct weir_publication second = publication_of(with);
    assert_true(publish(with, &second, 3000).verdicts > 0);
    struct weir_publication third = publication_of(with);
    assert_int_equal(publish(with, &third, 3000).verdicts, 0);
    size_t count = verdicts_of(with, &rows);
    assert_int_equal(count, 300);
    for (size_t i = 0; i + 1 < count; i++)
        expect_verdict(&rows[i], (int64_t)i * 10, 0, WEIR_JUDGEMENT_MET, WEIR_STAGE_FINAL);
}

static void a_late_result_revises_what_it_changes(void **state)
{
    struct with_measuring *with = *state;
    struct weir_verdict_row *rows;
    with_measuring_fed(with);
    struct weir_publication publication = publication_of(with);
    with_measuring_result(with, 100, WEIR_REASON_OK);
    with_measuring_result(with, 140, WEIR_REASON_OK);
    assert_int_equal(publish(with, &publication, 145).verdicts, 5);
    assert_int_equal(publish(with, &publication, 145).verdicts, 0);
    with_measuring_result(with, 112, WEIR_REASON_REPORTED);
    assert_int_equal(publish(with, &publication, 146).verdicts, 3);
    assert_int_equal(verdicts_of(with, &rows), 8);
    expect_verdict(&rows[0], 100, 0, WEIR_JUDGEMENT_MET, WEIR_STAGE_FINAL);
    expect_verdict(&rows[2], 110, 1, WEIR_JUDGEMENT_BREACHED, WEIR_STAGE_FINAL);
    assert_int_equal(rows[2].verdict.ratio.num, 2000);
    struct weir_publication fresh = publication_of(with);
    assert_int_equal(publish(with, &fresh, 146).verdicts, 0);
}

static size_t kills_of(struct with_measuring *with, struct weir_kill_row **rows)
{
    size_t count = 0;
    with_measuring_expect(with,
                          weir_kill_list(with->store, &with->scope, with->log_id, rows, &count));
    return count;
}

static void two_final_windows_below_target_set_the_kill_signal_once(void **state)
{
    struct with_measuring *with = *state;
    struct weir_kill_row *kills;
    with_measuring_counted(with);
    struct weir_publication publication = publication_of(with);
    with_measuring_job(with, "a", 105, 0, 0);
    with_measuring_job(with, "b", 115, 1, 0);
    with_measuring_job(with, "c", 125, INT64_MAX, 0);
    struct weir_published published = publish(with, &publication, 134);
    assert_int_equal(published.closes, 2);
    assert_int_equal(published.kills, 0); /* the second window below is not final yet */
    published = publish(with, &publication, 135);
    assert_int_equal(published.closes, 1);
    assert_int_equal(published.kills, 2); /* of the class and of all */
    assert_int_equal(publish(with, &publication, 300).kills, 0);
    assert_int_equal(kills_of(with, &kills), 2);
    assert_int_equal(kills[0].window_start_ms, 120000);
    assert_non_null(strstr(kills[0].detail, "0/1"));
    assert_non_null(strstr(kills[0].detail, "together 2 of 2 missed: significant (5 %)"));
}

static void what_was_acknowledged_does_not_fire_again(void **state)
{
    struct with_measuring *with = *state;
    struct weir_kill_row *kills;
    with_measuring_counted(with);
    struct weir_publication publication = publication_of(with);
    with_measuring_job(with, "b", 115, 1, 0);
    with_measuring_job(with, "c", 125, 1, 0);
    assert_int_equal(publish(with, &publication, 140).kills, 2);
    const struct weir_kill_row ack = {.log_id = with->log_id,
                                      .class_name = "Air",
                                      .acked_ms = 150000,
                                      .acked_by = "tester",
                                      .reason = "known"};
    with_measuring_expect(with, weir_kill_ack(with->store, &with->scope, &ack));
    with_measuring_job(with, "a", 105, 1, 0); /* known only now: 110 would complete a run */
    (void)publish(with, &publication, 160);
    size_t count = kills_of(with, &kills);
    for (size_t i = 0; i < count; i++)
        if (strcmp(kills[i].class_name, "Air") == 0)
            assert_true(kills[i].window_start_ms == 120000 && kills[i].acked_ms == 150000);
    with_measuring_job(with, "d", 135, 1, 0); /* final at 145: before the acknowledgement */
    with_measuring_job(with, "e", 155, 1, 0);
    with_measuring_job(with, "f", 165, 1, 0);
    (void)publish(with, &publication, 180);
    count = kills_of(with, &kills);
    bool is_on = false;
    for (size_t i = 0; i < count; i++)
        is_on |= strcmp(kills[i].class_name, "Air") == 0 && kills[i].acked_ms < 0 &&
                 kills[i].window_start_ms == 160000;
    assert_true(is_on); /* armed again by what became final later */
}

static void a_job_that_moves_away_leaves_a_revision_behind(void **state)
{
    struct with_measuring *with = *state;
    struct weir_verdict_row *rows;
    with_measuring_counted(with);
    struct weir_publication publication = publication_of(with);
    with_measuring_job(with, "a", 105, 0, 0);
    (void)publish(with, &publication, 120);
    with_measuring_job(with, "a", 205, 0, 1); /* the promise was wrongly entered */
    struct weir_published published = publish(with, &publication, 130);
    assert_int_equal(published.closes, 1);
    assert_int_equal(verdicts_of(with, &rows), 4);
    expect_verdict(&rows[0], 100, 0, WEIR_JUDGEMENT_MET, WEIR_STAGE_FINAL);
    expect_verdict(&rows[1], 100, 1, WEIR_JUDGEMENT_NO_DATA, WEIR_STAGE_FINAL);
    (void)publish(with, &publication, 220);
    assert_int_equal(verdicts_of(with, &rows), 6);
}

static void a_running_window_below_target_is_not_breached_yet(void **state)
{
    struct with_measuring *with = *state;
    struct weir_verdict_row *rows;
    with_measuring_counted(with);
    struct weir_publication publication = publication_of(with);
    with_measuring_job(with, "a", 101, 1, 0);
    (void)publish(with, &publication, 103);
    assert_int_equal(verdicts_of(with, &rows), 2);
    expect_verdict(&rows[0], 100, 0, WEIR_JUDGEMENT_INSUFFICIENT, WEIR_STAGE_PROVISIONAL);
    assert_int_equal(rows[0].verdict.is_below, 1);
}

static void a_caller_with_a_transaction_of_its_own_is_joined(void **state)
{
    struct with_measuring *with = *state;
    struct weir_verdict_row *rows;
    struct weir_published published = {0};
    with_measuring_probed(with);
    with_measuring_ticks(with, 100, 120, WEIR_REASON_OK);
    struct weir_publication publication = publication_of(with);
    publication.joins = true;
    with_measuring_expect(with, weir_store_begin(with->store, &with->scope, WEIR_WRITE_STREAM));
    with_measuring_expect(
        with, weir_publish_gauge(with->store, &with->scope, &publication, 120000, &published));
    assert_true(published.verdicts > 0);
    weir_store_rollback(with->store);
    assert_int_equal(verdicts_of(with, &rows), 0);
}

/* --- rows ------------------------------------------------------------------------------------- */

static size_t rows_of(struct with_measuring *with, int64_t as_of_s, struct weir_gauge_row **rows)
{
    size_t count = 0;
    const struct weir_gauge_query query = {.gauge = &with->gauge,
                                           .log_id = with->log_id,
                                           .as_of_ms = as_of_s * 1000,
                                           .span = {WEIR_TIME_MIN_MS, WEIR_TIME_END_MS}};
    with_measuring_expect(with, weir_gauge_rows(with->store, &with->scope, &query, rows, &count));
    return count;
}

static void rows_show_every_window_since_the_first_tick(void **state)
{
    struct with_measuring *with = *state;
    struct weir_gauge_row *rows;
    with_measuring_probed(with);
    assert_int_equal(rows_of(with, 100, &rows), 0);
    with_measuring_ticks(with, 105, 112, WEIR_REASON_OK);
    assert_int_equal(rows_of(with, 136, &rows), 4);
    assert_int_equal(rows[0].availability.up_ms, 5000);
    assert_int_equal(rows[0].availability.unknown_ms, 5000);
    assert_int_equal(rows[1].availability.up_ms, 4000); /* held for three seconds */
    assert_int_equal(rows[1].availability.unknown_ms, 6000);
    assert_int_equal(rows[2].availability.unknown_ms, 10000);
    assert_int_equal(rows[3].availability.unknown_ms, 6000);
    assert_int_equal(rows[3].verdict.judgement, WEIR_JUDGEMENT_NO_DATA);
    assert_false(rows[0].is_published);
    struct weir_publication publication = publication_of(with);
    with_measuring_ticks(with, 112, 137, WEIR_REASON_MISSED);
    (void)publish(with, &publication, 137);
    (void)rows_of(with, 137, &rows);
    assert_true(rows[0].is_published && rows[0].revision == 0);
}

static void the_row_of_now_exists_without_any_observation(void **state)
{
    struct with_measuring *with = *state;
    struct weir_gauge_row row;
    with_measuring_counted(with);
    const struct weir_gauge_query query = {
        .gauge = &with->gauge, .log_id = with->log_id, .as_of_ms = 104000};
    with_measuring_expect(with, weir_gauge_row_now(with->store, &with->scope, &query, &row));
    assert_string_equal(row.label, "1970-01-01T00:01:40Z");
    assert_int_equal(row.verdict.judgement, WEIR_JUDGEMENT_NO_DATA);
    with_measuring_job(with, "a", 105, 0, 0);
    with_measuring_expect(with, weir_gauge_row_now(with->store, &with->scope, &query, &row));
    assert_int_equal(row.tally.den, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_measuring(a_running_window_is_judged_and_becomes_final_once),
        with_measuring(a_breach_that_is_certain_is_said_before_the_window_ends),
        with_measuring(nothing_is_final_before_a_tick_seals_it),
        with_measuring(another_process_goes_on_where_the_last_one_stopped),
        with_measuring(a_late_result_revises_what_it_changes),
        with_measuring(two_final_windows_below_target_set_the_kill_signal_once),
        with_measuring(what_was_acknowledged_does_not_fire_again),
        with_measuring(a_job_that_moves_away_leaves_a_revision_behind),
        with_measuring(a_running_window_below_target_is_not_breached_yet),
        with_measuring(a_caller_with_a_transaction_of_its_own_is_joined),
        with_measuring(rows_show_every_window_since_the_first_tick),
        with_measuring(the_row_of_now_exists_without_any_observation),
    };
    return cmocka_run_group_tests_name("publish", tests, NULL, NULL);
}
