/* HTML written front to back into a bounded buffer: literals go in as they are, everything from
 * outside is escaped.  The first failure sticks and is returned by weir_html_end.  Floor 3: pure.
 */
#ifndef WEIR_NODE_HTML_OUT_H
#define WEIR_NODE_HTML_OUT_H

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "metrics/ratio.h"

struct weir_html {
    struct weir_scope *scope;
    struct weir_buffer buffer;
    enum weir_err err;
};

void weir_html_begin(struct weir_html *html, struct weir_scope *scope, size_t bytes_max);

/* As it is; the format makes numbers and literals only. */
void weir_html_put(struct weir_html *html, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Escaped for text and for attributes in double quotes; bytes that are no UTF-8 become U+FFFD. */
void weir_html_text(struct weir_html *html, const char *text);

/* <time> with the UTC time; the page's script turns it into an age.  Outside the years 1 to 9999:
 * a dash. */
void weir_html_age(struct weir_html *html, int64_t unix_ms);
/* The time itself. */
void weir_html_time(struct weir_html *html, int64_t unix_ms);

/* "99.9950 %", rounded down so that nothing below 100 % ever reads as 100; a dash without data. */
void weir_html_percent(struct weir_html *html, struct weir_ratio ratio);

/* Hours, minutes or seconds with at most one decimal, rounded down. */
void weir_html_duration(struct weir_html *html, uint64_t ms);

/* First and last digits of a long name, all of it in the title. */
void weir_html_short(struct weir_html *html, const char *text);

/* Errors: LIMIT, MEMORY. */
WEIR_CHECKED enum weir_err weir_html_end(struct weir_html *html, struct weir_slice *text);

#endif /* WEIR_NODE_HTML_OUT_H */
