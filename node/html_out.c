#include "node/html_out.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "metrics/calendar.h"

#define PIECE_BYTES 1024
#define SHORT_HEAD 10
#define SHORT_TAIL 6

void weir_html_begin(struct weir_html *html, struct weir_scope *scope, size_t bytes_max)
{
    *html = (struct weir_html){.scope = scope, .buffer = {.capacity_max = bytes_max}};
}

static void put_bytes(struct weir_html *html, const void *bytes, size_t length)
{
    if (html->err == WEIR_OK)
        html->err = weir_buffer_put(html->scope, &html->buffer, bytes, length);
}

void weir_html_put(struct weir_html *html, const char *fmt, ...)
{
    char piece[PIECE_BYTES];
    va_list values;
    va_start(values, fmt);
    int length = vsnprintf(piece, sizeof(piece), fmt, values);
    va_end(values);
    if (length < 0 || (size_t)length >= sizeof(piece)) {
        if (html->err == WEIR_OK)
            html->err = weir_fail(html->scope, WEIR_E_LIMIT, "a piece of the page is too long");
        return;
    }
    put_bytes(html, piece, (size_t)length);
}

/* Length of the UTF-8 character at the front, 0 when it is none. */
static size_t character_length(const char *text)
{
    size_t left = strnlen(text, 4);
    for (size_t length = 1; length <= left; length++)
        if (weir_utf8_is_valid((struct weir_slice){(const uint8_t *)text, length}))
            return length;
    return 0;
}

static void put_character(struct weir_html *html, const char *text, size_t length)
{
    static const struct {
        char character;
        const char *escaped;
    } table[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (text[0] == table[i].character) {
            put_bytes(html, table[i].escaped, strlen(table[i].escaped));
            return;
        }
    bool is_control = (uint8_t)text[0] < 0x20 || text[0] == 0x7f;
    put_bytes(html, is_control ? " " : text, is_control ? 1 : length);
}

void weir_html_text(struct weir_html *html, const char *text)
{
    while (text != NULL && *text != '\0' && html->err == WEIR_OK) {
        size_t length = character_length(text);
        if (length == 0)
            put_bytes(html, "\xef\xbf\xbd", 3);
        else
            put_character(html, text, length);
        text += length == 0 ? 1 : length;
    }
}

static bool is_time(int64_t unix_ms)
{
    return unix_ms >= WEIR_TIME_MIN_MS && unix_ms < WEIR_TIME_END_MS;
}

void weir_html_age(struct weir_html *html, int64_t unix_ms)
{
    char text[WEIR_TIME_TEXT_BYTES];
    if (!is_time(unix_ms)) {
        weir_html_put(html, "–");
        return;
    }
    weir_time_print(unix_ms, text);
    weir_html_put(html, "<time datetime=\"%s\" data-age=\"%lld\">%s</time>", text,
                  (long long)unix_ms, text);
}

void weir_html_time(struct weir_html *html, int64_t unix_ms)
{
    char text[WEIR_TIME_TEXT_BYTES];
    if (!is_time(unix_ms)) {
        weir_html_put(html, "–");
        return;
    }
    weir_time_print(unix_ms, text);
    weir_html_put(html, "<time datetime=\"%s\">%s</time>", text, text);
}

void weir_html_percent(struct weir_html *html, struct weir_ratio ratio)
{
    if (ratio.den == 0) {
        weir_html_put(html, "–");
        return;
    }
    uint64_t ppm = (uint64_t)((unsigned __int128)ratio.num * 1000000 / ratio.den);
    weir_html_put(html, "%llu.%04llu %%", (unsigned long long)(ppm / 10000),
                  (unsigned long long)(ppm % 10000));
}

void weir_html_duration(struct weir_html *html, uint64_t ms)
{
    static const struct {
        uint64_t from_ms;
        uint64_t unit_ms;
        const char *name;
    } units[] = {{172800000, 86400000, "d"},
                 {7200000, 3600000, "h"},
                 {120000, 60000, "min"},
                 {0, 1000, "s"}};
    size_t i = 0;
    while (ms < units[i].from_ms)
        i++;
    uint64_t tenths = ms * 10 / units[i].unit_ms;
    if (tenths % 10 == 0)
        weir_html_put(html, "%llu %s", (unsigned long long)(tenths / 10), units[i].name);
    else
        weir_html_put(html, "%llu.%llu %s", (unsigned long long)(tenths / 10),
                      (unsigned long long)(tenths % 10), units[i].name);
}

void weir_html_short(struct weir_html *html, const char *text)
{
    size_t length = strlen(text);
    if (length <= SHORT_HEAD + SHORT_TAIL + 1) {
        weir_html_put(html, "<code>");
        weir_html_text(html, text);
        weir_html_put(html, "</code>");
        return;
    }
    char head[SHORT_HEAD + 1];
    memcpy(head, text, SHORT_HEAD);
    head[SHORT_HEAD] = '\0';
    weir_html_put(html, "<code title=\"");
    weir_html_text(html, text);
    weir_html_put(html, "\">");
    weir_html_text(html, head);
    weir_html_put(html, "…");
    weir_html_text(html, text + length - SHORT_TAIL);
    weir_html_put(html, "</code>");
}

enum weir_err weir_html_end(struct weir_html *html, struct weir_slice *text)
{
    if (html->err == WEIR_OK)
        *text = weir_buffer_slice(&html->buffer);
    return html->err;
}
