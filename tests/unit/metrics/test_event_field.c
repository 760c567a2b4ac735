/* Goal: foreign text becomes a field of an event exactly or is refused for the right reason; dates
 * follow the given format and nothing else.
 * Method: tables of formats and texts, good and bad. */
#include "metrics/event_field.h"

#include <string.h>

#include "metrics/calendar.h"
#include "tests/unit/metrics/with_scope.h"

#define S(text) weir_slice_text(text)

static void dates_follow_the_given_format(void **state)
{
    struct weir_scope *scope = *state;
    static const struct {
        const char *format;
        const char *text;
        const char *start; /* NULL: refused */
        int64_t length_ms;
    } rows[] = {
        {NULL, "2009-11-23", "2009-11-23T00:00:00Z", WEIR_DAY_MS},
        {NULL, "2009-11-23T10:00:00.5Z", "2009-11-23T10:00:00.500Z", 1},
        {NULL, "2009-11-23 10:00:00", NULL, 0},
        {"YYYY-MM-DD", "2009-11-23", "2009-11-23T00:00:00Z", WEIR_DAY_MS},
        {"YYYY-MM-DD", "2009-11-31", NULL, 0},
        {"YYYY-MM-DD", "2009-11-23 ", NULL, 0},
        {"YYYY-MM-DD", "2009-1-23", NULL, 0},
        {"D-Mon-YY", "2-Jun-06", "2006-06-02T00:00:00Z", WEIR_DAY_MS},
        {"D-Mon-YY", "23-Nov-09", "2009-11-23T00:00:00Z", WEIR_DAY_MS},
        {"D-Mon-YY", "23-nov-09", NULL, 0},
        {"M/D/YY", "3/4/09", "2009-03-04T00:00:00Z", WEIR_DAY_MS},
        {"D/M/YY", "3/4/09", "2009-04-03T00:00:00Z", WEIR_DAY_MS},
        {"M/D/YY", "13/4/09", NULL, 0},
        {"M/D/YY", "Date Not Captured", NULL, 0},
        {"M/D/YY", "", NULL, 0},
        {"DD.MM.YYYY hh:mm", "29.02.2016 14:16", "2016-02-29T14:16:00Z", 1},
        {"DD.MM.YYYY hh:mm", "29.02.2015 14:16", NULL, 0},
        {"DD.MM.YYYY hh:mm", "01.03.2015 24:00", NULL, 0},
        {"YYYYMMDDhhmmss.sssZ", "20211028053806.914Z", "2021-10-28T05:38:06.914Z", 1},
        {"YYYYMMDDhhmmss.sssZ", "20211028053806.914+0900", "2021-10-27T20:38:06.914Z", 1},
        {"YYYY-MM-DD hh:mm:ss Z", "1969-12-31 23:59:59 -01:00", "1970-01-01T00:59:59Z", 1},
        {"YYYY-MM-DD hh:mm:ss Z", "1969-12-31 23:59:60 UTC", NULL, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct weir_time_format format = {.text = rows[i].format};
        struct weir_interval interval = {0};
        char text[WEIR_TIME_TEXT_BYTES];
        enum weir_err err = weir_time_format_parse(scope, &format, S(rows[i].text), &interval);
        weir_scope_recover(scope);
        if ((err == WEIR_OK) != (rows[i].start != NULL))
            fail_msg("'%s' by '%s'", rows[i].text, rows[i].format);
        if (err != WEIR_OK)
            continue;
        weir_time_print(interval.start_ms, text);
        assert_string_equal(text, rows[i].start);
        assert_int_equal(interval.end_ms - interval.start_ms, rows[i].length_ms);
    }
}

static void a_day_is_that_of_the_given_zone(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_time_format format = {0};
    struct weir_interval day;
    with_scope_expect(scope, weir_offset_parse(scope, S("+09:00"), &format.offset_ms));
    with_scope_expect(scope, weir_time_format_parse(scope, &format, S("1970-01-02"), &day));
    assert_true(day.start_ms == 15 * WEIR_HOUR_MS);
    assert_true(day.end_ms == 39 * WEIR_HOUR_MS);
    int64_t offset_ms = 7;
    static const char *const bad[] = {"+24:00", "09:00", "+9:00", "Asia/Seoul", "", "+09:00 "};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(weir_offset_parse(scope, S(bad[i]), &offset_ms), WEIR_E_PARSE);
        weir_scope_recover(scope);
    }
    with_scope_expect(scope, weir_offset_parse(scope, S("UTC"), &offset_ms));
    assert_int_equal(offset_ms, 0);
}

static void formats_that_leave_out_a_unit_are_refused(void **state)
{
    struct weir_scope *scope = *state;
    static const char *const bad[] = {
        "YYYY-MM",
        "MM/DD",
        "YYYY-MM-DD mm",
        "YYYY-MM-DD hh:ss",
        "YYYY-MM-DD YY",
        "YYYY-MM-DD Z",
        "",
        "YYYY-MM-DD ---------------------------------------------------------"};
    static const char *const good[] = {"YYYY-MM-DD", "D-Mon-YY", "M/D/YY hh:mm",
                                       "YYYY-MM-DDThh:mm:ss.sssZ"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (weir_time_format_check(scope, bad[i]) != WEIR_E_CONFIG)
            fail_msg("'%s' is accepted", bad[i]);
        weir_scope_recover(scope);
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        with_scope_expect(scope, weir_time_format_check(scope, good[i]));
}

static void fields_are_set_or_refused_for_their_reason(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *text;
        enum weir_refusal refusal;
    } rows[] = {
        {"quantity", "400", WEIR_REFUSAL_NONE},
        {"quantity", "", WEIR_REFUSAL_NONE},
        {"quantity", "0", WEIR_REFUSAL_QUANTITY},
        {"quantity", "-3", WEIR_REFUSAL_QUANTITY},
        {"quantity", "1e999", WEIR_REFUSAL_QUANTITY},
        {"quantity", "NaN", WEIR_REFUSAL_QUANTITY},
        {"quantity", "1.5", WEIR_REFUSAL_QUANTITY},
        {"quantity", "007", WEIR_REFUSAL_QUANTITY},
        {"quantity", "1000000000000001", WEIR_REFUSAL_QUANTITY},
        {"rev", "-1", WEIR_REFUSAL_REVISION},
        {"rev", "2", WEIR_REFUSAL_NONE},
        {"due", "2009-02-30", WEIR_REFUSAL_TIME},
        {"due", "2009-02-28", WEIR_REFUSAL_NONE},
        {"occurred", "yesterday", WEIR_REFUSAL_TIME},
        {"by", "customer", WEIR_REFUSAL_NONE},
        {"by", "them", WEIR_REFUSAL_FOREIGN_FIELD},
        {"type", "job.promised", WEIR_REFUSAL_NONE},
        {"type", "job.planned", WEIR_REFUSAL_TYPE},
        {"state", "maybe", WEIR_REFUSAL_STATE},
        {"http_status", "65536", WEIR_REFUSAL_STATE},
        {"latency_ms", "4294967296", WEIR_REFUSAL_STATE},
        {"colour", "blue", WEIR_REFUSAL_FOREIGN_FIELD},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct weir_event event = {0};
        struct weir_time_format format = {0};
        enum weir_refusal refusal =
            weir_event_field_set(&event, rows[i].name, S(rows[i].text), &format);
        if (refusal != rows[i].refusal)
            fail_msg("%s '%s': %s", rows[i].name, rows[i].text, weir_refusal_name(refusal));
    }
}

/* Sets state and reason in both orders. */
static void expect_state(const char *state, const char *reason, uint8_t wanted)
{
    struct weir_time_format format = {0};
    const char *const fields[][2] = {{"state", state}, {"reason", reason}};
    for (unsigned first = 0; first < 2; first++) {
        struct weir_event event = {0};
        enum weir_refusal refusal = WEIR_REFUSAL_NONE;
        for (unsigned i = 0; i < 2 && refusal == WEIR_REFUSAL_NONE; i++) {
            const char *const *field = fields[first ^ i];
            refusal = weir_event_field_set(&event, field[0], S(field[1]), &format);
        }
        if (wanted == 0) {
            assert_int_equal(refusal, WEIR_REFUSAL_STATE);
            continue;
        }
        assert_int_equal(refusal, WEIR_REFUSAL_NONE);
        assert_int_equal(event.reason, wanted);
        assert_int_equal(event.state, weir_reason_state(wanted));
    }
}

static void state_and_reason_must_agree(void **state)
{
    (void)state;
    expect_state("up", "", WEIR_REASON_OK);
    expect_state("down", "", WEIR_REASON_REPORTED);
    expect_state("degraded", "", WEIR_REASON_DEGRADED);
    expect_state("unknown", "", WEIR_REASON_UNREPORTED);
    expect_state("", "timeout", WEIR_REASON_TIMEOUT);
    expect_state("down", "own_network", 0);
    expect_state("up", "timeout", 0);
    expect_state("down", "bored", 0);
}

static void maintenance_until_a_day_includes_that_day(void **state)
{
    (void)state;
    struct weir_event event = {0};
    struct weir_time_format format = {0};
    assert_int_equal(weir_event_field_set(&event, "from", S("1970-01-01"), &format), 0);
    assert_int_equal(weir_event_field_set(&event, "to", S("1970-01-02"), &format), 0);
    assert_true(event.planned.start_ms == 0 && event.planned.end_ms == 2 * WEIR_DAY_MS);
    assert_int_equal(weir_event_field_set(&event, "to", S("1970-01-02T00:00:00Z"), &format), 0);
    assert_true(event.planned.end_ms == WEIR_DAY_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scope(dates_follow_the_given_format),
        with_scope(a_day_is_that_of_the_given_zone),
        with_scope(formats_that_leave_out_a_unit_are_refused),
        with_scope(fields_are_set_or_refused_for_their_reason),
        with_scope(state_and_reason_must_agree),
        with_scope(maintenance_until_a_day_includes_that_day),
    };
    return cmocka_run_group_tests_name("event_field", tests, NULL, NULL);
}
