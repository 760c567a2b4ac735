#include "node/exposition.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    const char *type;
    const char *help;
} families[] = {
#define WEIR_METRIC(name, type, help) {#name, #type, help},
#include "node/metrics.def"
#undef WEIR_METRIC
};

#define FAMILIES (sizeof(families) / sizeof(families[0]))

/* --- content negotiation ---------------------------------------------------------------------- */

static struct weir_slice trim(struct weir_slice text)
{
    while (text.length > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text.data++;
        text.length--;
    }
    while (text.length > 0 &&
           (text.data[text.length - 1] == ' ' || text.data[text.length - 1] == '\t'))
        text.length--;
    return text;
}

static bool equals(struct weir_slice text, const char *word)
{
    return text.length == strlen(word) &&
           strncasecmp((const char *)text.data, word, text.length) == 0;
}

/* The piece before `separator`, or all that is left; false when nothing is. */
static bool next_piece(struct weir_slice *rest, uint8_t separator, struct weir_slice *piece)
{
    if (rest->length == 0)
        return false;
    if (!weir_slice_cut(rest, separator, piece)) {
        *piece = *rest;
        rest->length = 0;
    }
    *piece = trim(*piece);
    return true;
}

/* "0.7" as 700; 1000 without one; 0 for what is no weight. */
static unsigned weight_of(struct weir_slice text)
{
    unsigned weight = 0;
    unsigned unit = 100;
    if (text.length == 0 || (text.data[0] != '0' && text.data[0] != '1'))
        return 0;
    weight = text.data[0] == '1' ? 1000 : 0;
    for (size_t i = 2; i < text.length && unit > 0 && text.data[1] == '.'; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return 0;
        weight += unit * (unsigned)(text.data[i] - '0');
        unit /= 10;
    }
    return weight > 1000 ? 1000 : weight;
}

/* What one entry of the Accept header gives to the two formats, in thousandths. */
struct preference {
    unsigned openmetrics;
    unsigned text;
};

static void take_entry(struct weir_slice entry, struct preference *preference)
{
    struct weir_slice type;
    struct weir_slice parameter;
    unsigned weight = 1000;
    bool is_version_known = true;
    if (!next_piece(&entry, ';', &type))
        return;
    bool is_openmetrics = equals(type, "application/openmetrics-text");
    while (next_piece(&entry, ';', &parameter)) {
        struct weir_slice name;
        if (!weir_slice_cut(&parameter, '=', &name))
            continue;
        if (equals(trim(name), "q"))
            weight = weight_of(trim(parameter));
        else if (equals(trim(name), "version") && is_openmetrics)
            is_version_known = equals(trim(parameter), "1.0.0");
    }
    if (is_openmetrics && is_version_known && weight > preference->openmetrics)
        preference->openmetrics = weight;
    bool is_text = equals(type, "text/plain") || equals(type, "text/*") || equals(type, "*/*");
    if (is_text && weight > preference->text)
        preference->text = weight;
}

bool weir_exposition_wants_openmetrics(const char *accept)
{
    struct preference preference = {0, 0};
    struct weir_slice entry;
    if (accept == NULL)
        return false;
    struct weir_slice rest = weir_slice_text(accept);
    while (next_piece(&rest, ',', &entry))
        take_entry(entry, &preference);
    return preference.openmetrics > 0 && preference.openmetrics >= preference.text;
}

/* --- writing ---------------------------------------------------------------------------------- */

static void put(struct weir_exposition *exposition, const char *text)
{
    if (exposition->err == WEIR_OK)
        exposition->err = weir_buffer_text(exposition->scope, &exposition->buffer, text);
}

static void put_bytes(struct weir_exposition *exposition, const char *bytes, size_t length)
{
    if (exposition->err == WEIR_OK)
        exposition->err = weir_buffer_put(exposition->scope, &exposition->buffer, bytes, length);
}

void weir_exposition_begin(struct weir_exposition *exposition,
                           struct weir_scope *scope,
                           bool is_openmetrics,
                           size_t bytes_max)
{
    *exposition = (struct weir_exposition){
        .scope = scope, .buffer = {.capacity_max = bytes_max}, .is_openmetrics = is_openmetrics};
}

/* OpenMetrics names a counter's family without the _total of its samples. */
static size_t family_length(const struct weir_exposition *exposition, const char *name, bool counts)
{
    static const char total[] = "_total";
    size_t length = strlen(name);
    if (exposition->is_openmetrics && counts && length > sizeof(total) - 1 &&
        strcmp(name + length - (sizeof(total) - 1), total) == 0)
        return length - (sizeof(total) - 1);
    return length;
}

void weir_exposition_family(struct weir_exposition *exposition, const char *name)
{
    const char *type = exposition->is_openmetrics ? "unknown" : "untyped";
    const char *help = NULL;
    for (size_t i = 0; i < FAMILIES; i++)
        if (strcmp(families[i].name, name) == 0) {
            type = families[i].type;
            help = families[i].help;
        }
    size_t length = family_length(exposition, name, strcmp(type, "counter") == 0);
    if (help != NULL) {
        put(exposition, "# HELP ");
        put_bytes(exposition, name, length);
        put(exposition, " ");
        put(exposition, help);
        put(exposition, "\n");
    }
    put(exposition, "# TYPE ");
    put_bytes(exposition, name, length);
    put(exposition, " ");
    put(exposition, type);
    put(exposition, "\n");
}

static void put_value_escaped(struct weir_exposition *exposition, const char *value)
{
    for (const char *at = value; *at != '\0'; at++) {
        if (*at == '\\' || *at == '"')
            put(exposition, "\\");
        if (*at == '\n')
            put(exposition, "\\n");
        else
            put_bytes(exposition, at, 1);
    }
}

static void
put_series(struct weir_exposition *exposition, const char *name, const struct weir_label *labels)
{
    put(exposition, name);
    for (size_t i = 0; labels != NULL && labels[i].name != NULL; i++) {
        put(exposition, i == 0 ? "{" : ",");
        put(exposition, labels[i].name);
        put(exposition, "=\"");
        put_value_escaped(exposition, labels[i].value);
        put(exposition, labels[i + 1].name == NULL ? "\"}" : "\"");
    }
}

void weir_exposition_i64(struct weir_exposition *exposition,
                         const char *name,
                         const struct weir_label *labels,
                         int64_t value)
{
    char text[32];
    (void)snprintf(text, sizeof(text), " %lld\n", (long long)value);
    put_series(exposition, name, labels);
    put(exposition, text);
}

void weir_exposition_ms(struct weir_exposition *exposition,
                        const char *name,
                        const struct weir_label *labels,
                        int64_t value_ms)
{
    char text[40];
    uint64_t size = value_ms < 0 ? -(uint64_t)value_ms : (uint64_t)value_ms;
    (void)snprintf(text, sizeof(text), " %s%llu.%03llu\n", value_ms < 0 ? "-" : "",
                   (unsigned long long)(size / 1000), (unsigned long long)(size % 1000));
    put_series(exposition, name, labels);
    put(exposition, text);
}

void weir_exposition_raw(struct weir_exposition *exposition, const char *series, int64_t value)
{
    weir_exposition_i64(exposition, series, NULL, value);
}

size_t weir_exposition_family_length(const char *series)
{
    return strcspn(series, "{");
}

static bool is_name_character(char c, bool is_first)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (!is_first && c >= '0' && c <= '9');
}

/* A name; moves behind it. */
static bool skip_name(const char **at)
{
    const char *start = *at;
    while (is_name_character(**at, *at == start))
        (*at)++;
    return *at != start;
}

/* The escaped value of a label between its quotes; moves behind the second one. */
static bool skip_value(const char **at)
{
    if (*(*at)++ != '"')
        return false;
    for (; **at != '"'; (*at)++) {
        if (**at == '\0' || **at == '\n')
            return false;
        if (**at == '\\' && strchr("\\\"n", *++(*at)) == NULL)
            return false;
        if (**at == '\0')
            return false;
    }
    (*at)++;
    return true;
}

bool weir_exposition_is_series(const char *series)
{
    const char *at = series;
    if (!skip_name(&at))
        return false;
    if (*at == '\0')
        return true;
    if (*at != '{')
        return false;
    do {
        at++; /* '{' or ',' */
        if (!skip_name(&at) || *at++ != '=' || !skip_value(&at))
            return false;
    } while (*at == ',');
    return at[0] == '}' && at[1] == '\0';
}

enum weir_err weir_exposition_end(struct weir_exposition *exposition, struct weir_slice *text)
{
    if (exposition->is_openmetrics)
        put(exposition, "# EOF\n");
    if (exposition->err == WEIR_OK)
        *text = weir_buffer_slice(&exposition->buffer);
    return exposition->err;
}
