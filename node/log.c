#include "node/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "metrics/calendar.h"
#include "node/clock.h"

#define LINE_BYTES 4096
#define JSON_BYTES (3 * LINE_BYTES + 16)

static const char *duty_name = "main";
static enum weir_log_level threshold = WEIR_LOG_INFO;
static bool is_json;

static const char *level_name(enum weir_log_level level)
{
    switch (level) {
    case WEIR_LOG_DEBUG:
        return "debug";
    case WEIR_LOG_INFO:
        return "info";
    case WEIR_LOG_WARN:
        return "warn";
    case WEIR_LOG_ERROR:
        return "error";
    }
    return "error";
}

void weir_log_duty(const char *name)
{
    duty_name = name;
}

void weir_log_threshold(enum weir_log_level lowest)
{
    threshold = lowest;
}

void weir_log_json(bool on)
{
    is_json = on;
}

static size_t put(char *out, const char *text)
{
    size_t length = strlen(text);
    memcpy(out, text, length);
    return length;
}

/* Turns `key=value key="value"` into one JSON object of strings; its length.  A byte of the line
 * becomes three at most. */
static size_t json_of(const char *line, size_t length, char out[static JSON_BYTES])
{
    bool is_value = false;
    bool is_quoted = false;
    size_t used = put(out, "{\"");
    for (size_t i = 0; i < length; i++) {
        if (!is_value && line[i] == '=') {
            used += put(out + used, "\":\"");
            is_value = true;
        } else if (is_value && line[i] == '"' && (is_quoted || line[i - 1] == '=')) {
            is_quoted = !is_quoted;
        } else if (is_value && !is_quoted && line[i] == ' ') {
            used += put(out + used, "\",\"");
            is_value = false;
        } else {
            if (line[i] == '"' || line[i] == '\\')
                out[used++] = '\\';
            out[used++] = line[i];
        }
    }
    return used + put(out + used, is_value ? "\"}\n" : "\":\"\"}\n");
}

void weir_log(enum weir_log_level level, const char *event, const char *fmt, ...)
{
    if (level < threshold)
        return;
    char line[LINE_BYTES];
    char time[WEIR_TIME_TEXT_BYTES];
    weir_time_print(weir_clock_now(), time);
    int head = snprintf(line, sizeof(line) - 1, "time=%s level=%s duty=%s event=%s ", time,
                        level_name(level), duty_name, event);
    size_t used = head < 0 ? 0 : (size_t)head;
    va_list args;
    va_start(args, fmt);
    int tail = vsnprintf(line + used, sizeof(line) - 1 - used, fmt, args);
    va_end(args);
    used += tail < 0 ? 0 : (size_t)tail;
    if (used > sizeof(line) - 2)
        used = sizeof(line) - 2;
    for (size_t i = 0; i < used; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = '?'; /* foreign bytes must not steer a terminal or forge a line */
    while (used > 0 && line[used - 1] == ' ')
        used--;
    char json[JSON_BYTES];
    size_t json_used = is_json ? json_of(line, used, json) : 0;
    line[used++] = '\n';
    /* One write per line keeps the lines of several duties apart; a lost log line is no error. */
    ssize_t written =
        is_json ? write(STDERR_FILENO, json, json_used) : write(STDERR_FILENO, line, used);
    (void)written;
}

void weir_log_failure(enum weir_log_level level, const char *event, struct weir_scope *scope)
{
    char quoted[WEIR_FAULT_BYTES];
    size_t length = strlen(scope->fault);
    for (size_t i = 0; i <= length; i++)
        quoted[i] = scope->fault[i] == '"' ? '\'' : scope->fault[i];
    weir_log(level, event, "error=%s text=\"%s\"", weir_err_name(scope->err), quoted);
    weir_scope_recover(scope);
}
