#include "metrics/calendar.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define DAYS_PER_ERA 146097    /* 400 years */
#define DAYS_TO_EPOCH 719468   /* from 0000-03-01 to 1970-01-01 */
#define FRACTION_DIGITS_MAX 18 /* of a second, in foreign text */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

/* Years are counted from March, so that a leap day is the last day of its year. */
int64_t weir_days_of_date(struct weir_date date)
{
    assert(date.month >= 1 && date.month <= 12 && date.day >= 1 && date.day <= 31);
    int64_t year = date.month <= 2 ? (int64_t)date.year - 1 : date.year;
    int64_t month = date.month > 2 ? date.month - 3 : date.month + 9;
    int64_t era = floor_div(year, 400);
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - DAYS_TO_EPOCH;
}

struct weir_date weir_date_of_days(int64_t days)
{
    int64_t shifted = days + DAYS_TO_EPOCH;
    int64_t era = floor_div(shifted, DAYS_PER_ERA);
    int64_t day_of_era = shifted - era * DAYS_PER_ERA;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    struct weir_date date = {
        .day = (int32_t)(day_of_year - (153 * month + 2) / 5 + 1),
        .month = (int32_t)(month < 10 ? month + 3 : month - 9),
    };
    date.year = (int32_t)(year_of_era + era * 400 + (date.month <= 2 ? 1 : 0));
    return date;
}

struct weir_iso_week weir_iso_week_of_days(int64_t days)
{
    /* 1970-01-01 was a Thursday; the year of a week is that of its Thursday. */
    int64_t thursday = floor_div(days + 3, 7) * 7;
    int32_t year = weir_date_of_days(thursday).year;
    int64_t new_year = weir_days_of_date((struct weir_date){.year = year, .month = 1, .day = 1});
    return (struct weir_iso_week){.year = year, .week = (int32_t)((thursday - new_year) / 7 + 1)};
}

int64_t weir_days_of_time(int64_t unix_ms)
{
    return floor_div(unix_ms, WEIR_DAY_MS);
}

/* Takes exactly `count` digits off the front; false when they are not there. */
static bool take_digits(struct weir_slice *rest, size_t count, int32_t *value)
{
    int32_t number = 0;
    if (rest->length < count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (rest->data[i] < '0' || rest->data[i] > '9')
            return false;
        number = number * 10 + (rest->data[i] - '0');
    }
    rest->data += count;
    rest->length -= count;
    *value = number;
    return true;
}

static bool take_character(struct weir_slice *rest, char wanted)
{
    if (rest->length == 0 || rest->data[0] != (uint8_t)wanted)
        return false;
    rest->data++;
    rest->length--;
    return true;
}

static bool take_date(struct weir_slice *rest, struct weir_date *date)
{
    return take_digits(rest, 4, &date->year) && take_character(rest, '-') &&
           take_digits(rest, 2, &date->month) && take_character(rest, '-') &&
           take_digits(rest, 2, &date->day);
}

static enum weir_err check_date(struct weir_scope *scope, struct weir_date date)
{
    bool plausible =
        date.year >= 1 && date.month >= 1 && date.month <= 12 && date.day >= 1 && date.day <= 31;
    if (plausible) {
        struct weir_date same = weir_date_of_days(weir_days_of_date(date));
        plausible = same.month == date.month && same.day == date.day;
    }
    if (!plausible)
        return weir_fail(scope, WEIR_E_RANGE, "there is no day %04d-%02d-%02d", date.year,
                         date.month, date.day);
    return WEIR_OK;
}

enum weir_err weir_date_parse(struct weir_scope *scope, struct weir_slice text, int64_t *days)
{
    struct weir_date date;
    if (!take_date(&text, &date) || text.length != 0)
        return weir_fail(scope, WEIR_E_PARSE, "not a date of the form 2009-11-23");
    if (check_date(scope, date) != WEIR_OK)
        return scope->err;
    *days = weir_days_of_date(date);
    return WEIR_OK;
}

struct day_time {
    int32_t hour;
    int32_t minute;
    int32_t second;
    int32_t millisecond;
    int32_t offset_minutes; /* east of UTC */
};

/* An optional fraction: digits after the third are read and dropped. */
static bool take_fraction(struct weir_slice *rest, int32_t *millisecond)
{
    *millisecond = 0;
    if (!take_character(rest, '.'))
        return true;
    int32_t weight = 100;
    size_t digits = 0;
    for (int32_t digit; take_digits(rest, 1, &digit); digits++) {
        *millisecond += digit * weight;
        weight /= 10;
    }
    return digits >= 1 && digits <= FRACTION_DIGITS_MAX;
}

static bool take_offset(struct weir_slice *rest, int32_t *minutes)
{
    *minutes = 0;
    if (take_character(rest, 'Z'))
        return true;
    bool is_west = take_character(rest, '-');
    int32_t hour;
    int32_t minute;
    if ((!is_west && !take_character(rest, '+')) || !take_digits(rest, 2, &hour) ||
        !take_character(rest, ':') || !take_digits(rest, 2, &minute) || hour > 23 || minute > 59)
        return false;
    *minutes = (hour * 60 + minute) * (is_west ? -1 : 1);
    return true;
}

static bool take_day_time(struct weir_slice *rest, struct day_time *time)
{
    return take_digits(rest, 2, &time->hour) && take_character(rest, ':') &&
           take_digits(rest, 2, &time->minute) && take_character(rest, ':') &&
           take_digits(rest, 2, &time->second) && take_fraction(rest, &time->millisecond) &&
           take_offset(rest, &time->offset_minutes);
}

enum weir_err weir_time_parse(struct weir_scope *scope, struct weir_slice text, int64_t *unix_ms)
{
    struct weir_date date;
    struct day_time time;
    if (!take_date(&text, &date) || !take_character(&text, 'T') || !take_day_time(&text, &time) ||
        text.length != 0)
        return weir_fail(scope, WEIR_E_PARSE, "not a time of the form 2009-11-23T10:00:00Z");
    if (check_date(scope, date) != WEIR_OK)
        return scope->err;
    if (time.hour > 23 || time.minute > 59 || time.second > 59)
        return weir_fail(scope, WEIR_E_RANGE, "there is no time %02d:%02d:%02d", time.hour,
                         time.minute, time.second);
    int64_t result = weir_days_of_date(date) * WEIR_DAY_MS + time.hour * WEIR_HOUR_MS +
                     (time.minute - time.offset_minutes) * WEIR_MINUTE_MS +
                     time.second * WEIR_SECOND_MS + time.millisecond;
    if (result < WEIR_TIME_MIN_MS || result >= WEIR_TIME_END_MS)
        return weir_fail(scope, WEIR_E_RANGE, "in UTC the time is outside the years 1 to 9999");
    *unix_ms = result;
    return WEIR_OK;
}

void weir_date_print(int64_t days, char text[static WEIR_DATE_TEXT_BYTES])
{
    struct weir_date date = weir_date_of_days(days);
    assert(date.year >= 1 && date.year <= 9999);
    /* The remainders are no-ops that show the compiler the width of each field. */
    (void)snprintf(text, WEIR_DATE_TEXT_BYTES, "%04u-%02u-%02u", (unsigned)date.year % 10000,
                   (unsigned)date.month % 100, (unsigned)date.day % 100);
}

void weir_time_print(int64_t unix_ms, char text[static WEIR_TIME_TEXT_BYTES])
{
    assert(unix_ms >= WEIR_TIME_MIN_MS && unix_ms < WEIR_TIME_END_MS);
    int64_t days = weir_days_of_time(unix_ms);
    unsigned rest = (unsigned)(unix_ms - days * WEIR_DAY_MS);
    weir_date_print(days, text);
    char *at = text + WEIR_DATE_TEXT_BYTES - 1;
    size_t room = WEIR_TIME_TEXT_BYTES - (WEIR_DATE_TEXT_BYTES - 1);
    unsigned hour = rest / 3600000 % 24;
    unsigned minute = rest / 60000 % 60;
    unsigned second = rest / 1000 % 60;
    if (rest % 1000 == 0)
        (void)snprintf(at, room, "T%02u:%02u:%02uZ", hour, minute, second); /* fits by the type */
    else
        (void)snprintf(at, room, "T%02u:%02u:%02u.%03uZ", hour, minute, second, rest % 1000);
}
