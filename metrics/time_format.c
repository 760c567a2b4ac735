#include "metrics/time_format.h"

#include <stdbool.h>
#include <string.h>

#include "metrics/calendar.h"
#include "metrics/event.h"

enum part {
    PART_YEAR,
    PART_MONTH,
    PART_DAY,
    PART_HOUR,
    PART_MINUTE,
    PART_SECOND,
    PART_MILLISECOND,
    PART_ZONE,
    PART_COUNT,
};

struct token {
    const char *text;
    enum part part;
    unsigned digits_min; /* 0: not a number */
    unsigned digits_max;
    int32_t added; /* to the number */
};

/* The longer of two tokens that begin alike comes first. */
static const struct token tokens[] = {
    {"YYYY", PART_YEAR, 4, 4, 0},       {"YY", PART_YEAR, 2, 2, 2000}, {"Mon", PART_MONTH, 0, 0, 0},
    {"MM", PART_MONTH, 2, 2, 0},        {"M", PART_MONTH, 1, 2, 0},    {"DD", PART_DAY, 2, 2, 0},
    {"D", PART_DAY, 1, 2, 0},           {"hh", PART_HOUR, 2, 2, 0},    {"mm", PART_MINUTE, 2, 2, 0},
    {"sss", PART_MILLISECOND, 3, 3, 0}, {"ss", PART_SECOND, 2, 2, 0},  {"Z", PART_ZONE, 0, 0, 0},
};
#define TOKEN_COUNT (sizeof(tokens) / sizeof(tokens[0]))

static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
#define MONTH_NAME_BYTES 3

struct moment {
    int32_t parts[PART_COUNT];
    bool has[PART_COUNT];
    int64_t offset_ms;
};

static const struct token *token_at(const char *format)
{
    for (size_t i = 0; i < TOKEN_COUNT; i++)
        if (strncmp(format, tokens[i].text, strlen(tokens[i].text)) == 0)
            return &tokens[i];
    return NULL;
}

enum weir_err weir_time_format_check(struct weir_scope *scope, const char *text)
{
    bool has[PART_COUNT] = {false};
    if (strlen(text) > WEIR_TIME_FORMAT_MAX)
        return weir_fail(scope, WEIR_E_CONFIG, "a date format longer than %d characters",
                         WEIR_TIME_FORMAT_MAX);
    for (const char *at = text; *at != '\0';) {
        const struct token *token = token_at(at);
        if (token == NULL) {
            at++;
            continue;
        }
        if (has[token->part])
            return weir_fail(scope, WEIR_E_CONFIG, "date format '%s': '%s' names a part again",
                             text, token->text);
        has[token->part] = true;
        at += strlen(token->text);
    }
    if (!has[PART_YEAR] || !has[PART_MONTH] || !has[PART_DAY])
        return weir_fail(scope, WEIR_E_CONFIG, "date format '%s': year, month or day is missing",
                         text);
    for (unsigned part = PART_HOUR; part < PART_ZONE; part++)
        if (has[part + 1] && !has[part] && part + 1 != PART_ZONE)
            return weir_fail(scope, WEIR_E_CONFIG, "date format '%s': a unit is left out", text);
    if (has[PART_ZONE] && !has[PART_HOUR])
        return weir_fail(scope, WEIR_E_CONFIG, "date format '%s': a zone without a time", text);
    return WEIR_OK;
}

static bool
take_number(struct weir_slice *rest, unsigned digits_min, unsigned digits_max, int32_t *number)
{
    int32_t value = 0;
    unsigned digits = 0;
    while (digits < digits_max && digits < rest->length && rest->data[digits] >= '0' &&
           rest->data[digits] <= '9')
        value = value * 10 + (rest->data[digits++] - '0');
    if (digits < digits_min)
        return false;
    rest->data += digits;
    rest->length -= digits;
    *number = value;
    return true;
}

static bool take_month(struct weir_slice *rest, int32_t *month)
{
    if (rest->length < MONTH_NAME_BYTES)
        return false;
    for (int32_t i = 0; i < 12; i++) {
        if (memcmp(rest->data, month_names + (size_t)i * MONTH_NAME_BYTES, MONTH_NAME_BYTES) == 0) {
            rest->data += MONTH_NAME_BYTES;
            rest->length -= MONTH_NAME_BYTES;
            *month = i + 1;
            return true;
        }
    }
    return false;
}

static bool take_text(struct weir_slice *rest, const char *text)
{
    size_t length = strlen(text);
    if (rest->length < length || memcmp(rest->data, text, length) != 0)
        return false;
    rest->data += length;
    rest->length -= length;
    return true;
}

static bool take_offset(struct weir_slice *rest, int64_t *offset_ms)
{
    int32_t hours;
    int32_t minutes;
    *offset_ms = 0;
    if (take_text(rest, "UTC") || take_text(rest, "Z"))
        return true;
    bool is_west = take_text(rest, "-");
    if ((!is_west && !take_text(rest, "+")) || !take_number(rest, 2, 2, &hours))
        return false;
    (void)take_text(rest, ":"); /* "+0900" is common, too */
    if (!take_number(rest, 2, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *offset_ms = (hours * WEIR_HOUR_MS + minutes * WEIR_MINUTE_MS) * (is_west ? -1 : 1);
    return true;
}

enum weir_err
weir_offset_parse(struct weir_scope *scope, struct weir_slice text, int64_t *offset_ms)
{
    int64_t parsed;
    if (!take_offset(&text, &parsed) || text.length != 0)
        return weir_fail(scope, WEIR_E_PARSE, "not a zone of the form +09:00 or UTC");
    *offset_ms = parsed;
    return WEIR_OK;
}

/* Reads `text` by the format; false where they part. */
static bool take_moment(const char *format, struct weir_slice text, struct moment *moment)
{
    while (*format != '\0') {
        const struct token *token = token_at(format);
        if (token == NULL) {
            char literal[] = {*format++, '\0'};
            if (!take_text(&text, literal))
                return false;
            continue;
        }
        int32_t *part = &moment->parts[token->part];
        moment->has[token->part] = true;
        format += strlen(token->text);
        if (token->part == PART_ZONE) {
            if (!take_offset(&text, &moment->offset_ms))
                return false;
        } else if (token->digits_max == 0) {
            if (!take_month(&text, part))
                return false;
        } else {
            if (!take_number(&text, token->digits_min, token->digits_max, part))
                return false;
            *part += token->added;
        }
    }
    return text.length == 0;
}

static enum weir_err
interval_of(struct weir_scope *scope, const struct moment *moment, struct weir_interval *interval)
{
    const int32_t *parts = moment->parts;
    struct weir_date date = {parts[PART_YEAR], parts[PART_MONTH], parts[PART_DAY]};
    bool is_possible = date.year >= 1 && date.month >= 1 && date.month <= 12 && date.day >= 1 &&
                       date.day <= 31 && parts[PART_HOUR] < 24 && parts[PART_MINUTE] < 60 &&
                       parts[PART_SECOND] < 60;
    int64_t days = is_possible ? weir_days_of_date(date) : 0;
    if (!is_possible || weir_date_of_days(days).day != date.day)
        return weir_fail(scope, WEIR_E_RANGE, "there is no such date or time");
    struct weir_interval day = weir_due_of_day(days, moment->offset_ms, moment->offset_ms);
    if (moment->has[PART_HOUR])
        day = weir_due_of_instant(day.start_ms + parts[PART_HOUR] * WEIR_HOUR_MS +
                                  parts[PART_MINUTE] * WEIR_MINUTE_MS +
                                  parts[PART_SECOND] * WEIR_SECOND_MS + parts[PART_MILLISECOND]);
    if (day.start_ms < WEIR_TIME_MIN_MS || day.end_ms > WEIR_TIME_END_MS)
        return weir_fail(scope, WEIR_E_RANGE, "in UTC the time is outside the years 1 to 9999");
    *interval = day;
    return WEIR_OK;
}

/* RFC 3339, or a bare date. */
static enum weir_err parse_standard(struct weir_scope *scope,
                                    int64_t offset_ms,
                                    struct weir_slice text,
                                    struct weir_interval *interval)
{
    struct moment moment = {.offset_ms = offset_ms};
    int64_t unix_ms;
    if (take_moment("YYYY-MM-DD", text, &moment))
        return interval_of(scope, &moment, interval);
    if (weir_time_parse(scope, text, &unix_ms) != WEIR_OK)
        return scope->err;
    *interval = weir_due_of_instant(unix_ms);
    return WEIR_OK;
}

enum weir_err weir_time_format_parse(struct weir_scope *scope,
                                     const struct weir_time_format *format,
                                     struct weir_slice text,
                                     struct weir_interval *interval)
{
    struct moment moment = {.offset_ms = format->offset_ms};
    if (format->text == NULL)
        return parse_standard(scope, format->offset_ms, text, interval);
    if (!take_moment(format->text, text, &moment))
        return weir_fail(scope, WEIR_E_PARSE, "not a time of the form %s", format->text);
    return interval_of(scope, &moment, interval);
}
