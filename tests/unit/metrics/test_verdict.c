/* Goal: a verdict never calls unknown time a breach, never hides a certain one, and never judges
 * promises before they are final.
 * Method: tables of windows, one row per rule. */
#include "metrics/verdict.h"

#include "metrics/calendar.h"
#include "tests/unit/metrics/with_scope.h"

#define WINDOW_MS 100000
#define LATENESS_MS 600000
#define FINAL_MS (WINDOW_MS + LATENESS_MS)

static struct weir_gauge probe_gauge(void)
{
    struct weir_gauge gauge;
    weir_gauge_init(&gauge, WEIR_GAUGE_AVAILABILITY);
    gauge.availability.probe.url = "http://service.example/";
    gauge.target = (struct weir_ratio){99, 100};
    return gauge;
}

static struct weir_view at(int64_t as_of_ms)
{
    return (struct weir_view){.window = {0, WINDOW_MS}, .as_of_ms = as_of_ms};
}

static void availability_is_judged_by_the_rules(void **state)
{
    (void)state;
    struct weir_gauge gauge = probe_gauge();
    static const struct {
        struct weir_availability time;
        int64_t as_of_ms;
        enum weir_judgement judgement;
        unsigned is_certain;
    } rows[] = {
        {{100000, 0, 0, 0}, FINAL_MS, WEIR_JUDGEMENT_MET, 0},
        {{99000, 1000, 0, 0}, FINAL_MS, WEIR_JUDGEMENT_MET, 0},
        {{98999, 1001, 0, 0}, FINAL_MS, WEIR_JUDGEMENT_BREACHED, 1},
        /* 5 % unknown may be, more may not: 940 of 94,940 are below 99 %, but it is not certain */
        {{94060, 940, 5000, 0}, FINAL_MS, WEIR_JUDGEMENT_MET, 0},
        {{94040, 960, 5000, 0}, FINAL_MS, WEIR_JUDGEMENT_BREACHED, 0},
        {{94039, 960, 5001, 0}, FINAL_MS, WEIR_JUDGEMENT_INSUFFICIENT, 0},
        /* 30 % unknown: not met; but a spent budget shows through any amount of unknown time */
        {{70000, 0, 30000, 0}, FINAL_MS, WEIR_JUDGEMENT_INSUFFICIENT, 0},
        {{0, 1001, 98999, 0}, FINAL_MS, WEIR_JUDGEMENT_BREACHED, 1},
        {{0, 1000, 99000, 0}, FINAL_MS, WEIR_JUDGEMENT_INSUFFICIENT, 0},
        {{0, 0, 100000, 0}, FINAL_MS, WEIR_JUDGEMENT_NO_DATA, 0},
        {{0, 0, 0, 100000}, FINAL_MS, WEIR_JUDGEMENT_NO_DATA, 0},
        /* maintenance shrinks the budget with the window */
        {{49500, 500, 0, 50000}, FINAL_MS, WEIR_JUDGEMENT_MET, 0},
        {{49499, 501, 0, 50000}, FINAL_MS, WEIR_JUDGEMENT_BREACHED, 1},
        /* early: the budget of the whole window is 1000 ms */
        {{500, 1000, 0, 0}, 1500, WEIR_JUDGEMENT_MET, 0},
        {{500, 1001, 0, 0}, 1501, WEIR_JUDGEMENT_BREACHED, 1},
        {{0, 0, 0, 0}, 0, WEIR_JUDGEMENT_NO_DATA, 0},
        {{0, 0, 500, 0}, 500, WEIR_JUDGEMENT_NO_DATA, 0},
        {{500, 0, 500, 0}, 1000, WEIR_JUDGEMENT_INSUFFICIENT, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct weir_verdict verdict =
            weir_verdict_of_availability(&gauge, at(rows[i].as_of_ms), &rows[i].time);
        if (verdict.judgement != rows[i].judgement || verdict.is_certain != rows[i].is_certain)
            fail_msg("row %zu: %s", i, weir_judgement_name(verdict.judgement));
        assert_int_equal(verdict.stage,
                         rows[i].as_of_ms == FINAL_MS ? WEIR_STAGE_FINAL : WEIR_STAGE_PROVISIONAL);
        assert_int_equal(verdict.is_thin, 0);
    }
}

/* Imported events may come late and turn down time into up time. */
static void a_gauge_fed_by_events_breaches_only_when_final(void **state)
{
    (void)state;
    struct weir_gauge gauge = probe_gauge();
    const struct weir_availability time = {.up_ms = 500, .down_ms = 1001};
    gauge.availability.probe.url = NULL;
    gauge.subject = "site";
    struct weir_verdict verdict = weir_verdict_of_availability(&gauge, at(1501), &time);
    assert_int_equal(verdict.judgement, WEIR_JUDGEMENT_MET);
    assert_int_equal(verdict.is_below, 1);
    const struct weir_availability whole = {.up_ms = 98999, .down_ms = 1001};
    verdict = weir_verdict_of_availability(&gauge, at(FINAL_MS), &whole);
    assert_int_equal(verdict.judgement, WEIR_JUDGEMENT_BREACHED);
}

static void promises_breach_only_when_final(void **state)
{
    (void)state;
    struct weir_gauge gauge;
    weir_gauge_init(&gauge, WEIR_GAUGE_OTIF);
    gauge.target = (struct weir_ratio){95, 100};
    int64_t final_ms = WINDOW_MS + 3 * WEIR_DAY_MS;
    static const struct {
        struct weir_tally tally;
        enum weir_judgement provisional;
        enum weir_judgement final;
        unsigned is_thin;
    } rows[] = {
        {{19, 20, 20, 0, 19}, WEIR_JUDGEMENT_MET, WEIR_JUDGEMENT_MET, 0},
        {{18, 20, 20, 0, 18}, WEIR_JUDGEMENT_INSUFFICIENT, WEIR_JUDGEMENT_BREACHED, 0},
        {{18, 19, 19, 0, 18}, WEIR_JUDGEMENT_INSUFFICIENT, WEIR_JUDGEMENT_BREACHED, 1},
        {{19, 19, 19, 0, 19}, WEIR_JUDGEMENT_MET, WEIR_JUDGEMENT_MET, 1},
        {{0, 0, 0, 0, 0}, WEIR_JUDGEMENT_NO_DATA, WEIR_JUDGEMENT_NO_DATA, 1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct weir_verdict before =
            weir_verdict_of_tally(&gauge, at(final_ms - 1), &rows[i].tally);
        struct weir_verdict after = weir_verdict_of_tally(&gauge, at(final_ms), &rows[i].tally);
        assert_int_equal(before.judgement, rows[i].provisional);
        assert_int_equal(after.judgement, rows[i].final);
        assert_int_equal(after.is_thin, rows[i].is_thin);
        assert_int_equal(before.stage, WEIR_STAGE_PROVISIONAL);
        assert_int_equal(after.stage, WEIR_STAGE_FINAL);
        assert_int_equal(before.is_certain, 0);
        assert_int_equal(before.is_below, rows[i].final == WEIR_JUDGEMENT_BREACHED);
    }
}

static void every_word_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(weir_judgement_name(WEIR_JUDGEMENT_NO_DATA), "no_data");
    assert_string_equal(weir_judgement_name(WEIR_JUDGEMENT_INSUFFICIENT), "insufficient");
    assert_string_equal(weir_stage_name(WEIR_STAGE_PROVISIONAL), "provisional");
    assert_null(weir_judgement_name((enum weir_judgement)0));
    assert_null(weir_stage_name((enum weir_stage)0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scope(availability_is_judged_by_the_rules),
        with_scope(a_gauge_fed_by_events_breaches_only_when_final),
        with_scope(promises_breach_only_when_final),
        with_scope(every_word_has_a_name),
    };
    return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
