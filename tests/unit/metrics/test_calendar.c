/* Goal: dates, ISO weeks and times are exact, and nothing that does not exist is accepted.
 * Method: the generated vector table, every day of four centuries counted one by one, and a table
 * of texts. */
#include "metrics/calendar.h"

#include <stdbool.h>
#include <stdio.h>

#include "tests/unit/metrics/with_scope.h"
#include "tests/unit/metrics/with_vectors.h"

static void iso_weeks_agree_with_the_vectors(void **state)
{
    struct weir_scope *scope = *state;
    with_vectors_need("metrics/vectors");
    struct with_table table = with_vectors_table(scope, "metrics/vectors/isoweek.csv");
    assert_int_equal(table.row_count, 1965);
    for (size_t i = 0; i < table.row_count; i++) {
        char label[24];
        char date[WEIR_DATE_TEXT_BYTES];
        int64_t days = with_table_i64(&table, i, "days_since_epoch");
        struct weir_iso_week week = weir_iso_week_of_days(days);
        (void)snprintf(label, sizeof(label), "%04d-W%02d", week.year, week.week);
        assert_true(weir_slice_equals_text(with_table_get(&table, i, "iso_week"), label));
        weir_date_print(days, date);
        assert_true(weir_slice_equals_text(with_table_get(&table, i, "date"), date));
        int64_t parsed;
        with_scope_expect(scope, weir_date_parse(scope, weir_slice_text(date), &parsed));
        assert_int_equal(parsed, days);
    }
}

static bool is_leap(int32_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static void dates_follow_one_another_day_by_day(void **state)
{
    (void)state;
    static const int32_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    struct weir_date date = {.year = 1600, .month = 1, .day = 1};
    int64_t days = weir_days_of_date(date);
    for (; date.year < 2500; days++) {
        struct weir_date same = weir_date_of_days(days);
        assert_true(same.year == date.year && same.month == date.month && same.day == date.day);
        assert_int_equal(weir_days_of_date(date), days);
        int32_t length = lengths[date.month - 1] + (date.month == 2 && is_leap(date.year));
        if (++date.day > length) {
            date.day = 1;
            date.month = date.month % 12 + 1;
            date.year += date.month == 1;
        }
    }
    assert_int_equal(weir_days_of_date((struct weir_date){1970, 1, 1}), 0);
}

static void times_are_read_to_the_millisecond(void **state)
{
    struct weir_scope *scope = *state;
    static const struct {
        const char *text;
        int64_t unix_ms;
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2021-10-28T05:38:06.914Z", 1635399486914},
        {"2021-10-28T05:38:06.9149999Z", 1635399486914},
        {"2021-10-28T14:38:06.914+09:00", 1635399486914},
        {"2021-10-27T23:38:06.9-06:00", 1635399486900},
        {"1969-12-31T23:59:59.999Z", -1},
        {"0001-01-01T00:00:00Z", WEIR_TIME_MIN_MS},
        {"9999-12-31T23:59:59.999Z", WEIR_TIME_END_MS - 1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t unix_ms;
        with_scope_expect(scope, weir_time_parse(scope, weir_slice_text(rows[i].text), &unix_ms));
        assert_int_equal(unix_ms, rows[i].unix_ms);
    }
}

static void times_that_do_not_exist_are_refused(void **state)
{
    struct weir_scope *scope = *state;
    static const char *const texts[] = {
        "2021-02-29T00:00:00Z",
        "2021-13-01T00:00:00Z",
        "2021-00-10T00:00:00Z",
        "2021-01-32T00:00:00Z",
        "2021-01-01T24:00:00Z",
        "2021-01-01T23:60:00Z",
        "2016-12-31T23:59:60Z",
        "2021-01-01T00:00:00",
        "2021-01-01 00:00:00Z",
        "2021-01-01T00:00:00.Z",
        "2021-01-01T00:00:00z",
        "2021-01-01T00:00:00+0900",
        "2021-01-01T00:00:00+24:00",
        "2021-01-01T00:00:00Z ",
        " 2021-01-01T00:00:00Z",
        "21-01-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "1e9",
        "NaN",
        "",
        "9999-12-31T23:59:59-01:00",
        "2021-01-01T00:00:00.1234567890123456789Z",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        int64_t unix_ms = 7;
        assert_int_not_equal(weir_time_parse(scope, weir_slice_text(texts[i]), &unix_ms), WEIR_OK);
        assert_int_equal(unix_ms, 7);
        weir_scope_recover(scope);
    }
}

static void what_is_printed_reads_back(void **state)
{
    struct weir_scope *scope = *state;
    struct with_dice random = {.state = 11};
    for (unsigned i = 0; i < 20000; i++) {
        uint64_t span = (uint64_t)(WEIR_TIME_END_MS - WEIR_TIME_MIN_MS);
        int64_t unix_ms = WEIR_TIME_MIN_MS + (int64_t)with_dice_below(&random, span);
        if (i % 2 == 0)
            unix_ms -= unix_ms % 1000;
        char text[WEIR_TIME_TEXT_BYTES];
        int64_t same;
        weir_time_print(unix_ms, text);
        with_scope_expect(scope, weir_time_parse(scope, weir_slice_text(text), &same));
        assert_int_equal(same, unix_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scope(iso_weeks_agree_with_the_vectors),
        with_scope(dates_follow_one_another_day_by_day),
        with_scope(times_are_read_to_the_millisecond),
        with_scope(times_that_do_not_exist_are_refused),
        with_scope(what_is_printed_reads_back),
    };
    return cmocka_run_group_tests_name("calendar", tests, NULL, NULL);
}
