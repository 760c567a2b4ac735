#include "metrics/gauge.h"

#include <assert.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "base/arena.h"
#include "base/number.h"
#include "metrics/calendar.h"
#include "metrics/pairs.h"

#define FORMAT "weir-gauge-1"
#define NONE "none"

enum value_type {
    VALUE_TEXT,
    VALUE_COUNT,    /* uint64_t */
    VALUE_PPM,      /* uint32_t below a million */
    VALUE_DURATION, /* int64_t >= 0, or "none" */
    VALUE_TIME,     /* int64_t */
    VALUE_RATIO,
    VALUE_STATUS,
    VALUE_BOUNDARIES,
    VALUE_FORMAT,
    VALUE_KIND, /* from here on one of a few words */
    VALUE_CALENDAR,
    VALUE_UNIT,
    VALUE_MEASURE,
    VALUE_KILL_RULE,
};

/* Which gauges have a key. */
enum applies {
    APPLIES_ALL,
    APPLIES_FIXED,
    APPLIES_CALENDAR,
    APPLIES_AVAILABILITY,
    APPLIES_PROBED,
    APPLIES_EVENT_FED,
    APPLIES_OTIF,
    APPLIES_KILL,
};

struct key_row {
    const char *key;
    enum value_type type;
    size_t offset;
    enum applies applies;
    int needed;
};

static const struct key_row keys[] = {
#define WEIR_GAUGE_KEY(key, type, field, applies, needed, manual)                                  \
    {key, VALUE_##type, offsetof(struct weir_gauge, field), APPLIES_##applies, needed},
#include "metrics/gauge_keys.def"
#undef WEIR_GAUGE_KEY
};
#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

/* Words are read and written as 32-bit numbers through the offsets of the table. */
_Static_assert(sizeof(enum weir_calendar) == sizeof(uint32_t), "an enum has 32 bits");

static const char *const kind_words[] =
    {[WEIR_GAUGE_AVAILABILITY] = "availability", [WEIR_GAUGE_OTIF] = "otif", NULL};
static const char *const calendar_words[] = {[WEIR_CALENDAR_FIXED] = "fixed",
                                             [WEIR_CALENDAR_ISO_WEEK] = "iso_week",
                                             [WEIR_CALENDAR_MONTH] = "month",
                                             NULL};
static const char *const unit_words[] =
    {[WEIR_UNIT_LINE] = "line", [WEIR_UNIT_COMMITMENT] = "commitment", NULL};
static const char *const measure_words[] =
    {[WEIR_MEASURE_OTIF] = "otif", [WEIR_MEASURE_FILL] = "fill", NULL};
static const char *const kill_words[] =
    {[WEIR_KILL_NONE] = NONE, [WEIR_KILL_A] = "a", [WEIR_KILL_B] = "b", NULL};

/* The words of a type, by value; a gap at 0 where no value is 0.  NULL for other types. */
static const char *const *words_of(enum value_type type, unsigned *count)
{
    *count = 3;
    if (type == VALUE_KIND)
        return kind_words;
    if (type == VALUE_CALENDAR)
        return calendar_words;
    if (type == VALUE_UNIT)
        return unit_words;
    if (type == VALUE_MEASURE)
        return measure_words;
    return type == VALUE_KILL_RULE ? kill_words : NULL;
}

static bool key_applies(const struct weir_gauge *gauge, enum applies applies)
{
    bool is_fixed = gauge->windows.calendar == WEIR_CALENDAR_FIXED;
    bool is_otif = gauge->kind == WEIR_GAUGE_OTIF;
    bool is_probed = !is_otif && gauge->availability.probe.url != NULL;
    switch (applies) {
    case APPLIES_ALL:
        return true;
    case APPLIES_FIXED:
        return is_fixed;
    case APPLIES_CALENDAR:
        return !is_fixed;
    case APPLIES_AVAILABILITY:
        return !is_otif;
    case APPLIES_PROBED:
        return is_probed;
    case APPLIES_EVENT_FED:
        return !is_otif && !is_probed;
    case APPLIES_OTIF:
        return is_otif;
    case APPLIES_KILL:
        return is_otif && gauge->otif.kill_rule != WEIR_KILL_NONE;
    }
    assert(0 && "a condition of the table");
    return false;
}

/* --- writing ---------------------------------------------------------------------------------- */

static enum weir_err
put_status(struct weir_scope *scope, struct weir_buffer *buffer, const struct weir_probe *probe)
{
    for (size_t i = 0; i < probe->expect_status_count; i++) {
        struct weir_status_range range = probe->expect_status[i];
        enum weir_err err =
            range.first == range.last
                ? weir_buffer_printf(scope, buffer, " %u", range.first)
                : weir_buffer_printf(scope, buffer, " %u-%u", range.first, range.last);
        if (err != WEIR_OK)
            return err;
    }
    return WEIR_OK;
}

static enum weir_err put_boundaries(struct weir_scope *scope,
                                    struct weir_buffer *buffer,
                                    const struct weir_windows *windows)
{
    for (size_t i = 0; i < windows->boundary_count; i++)
        if (weir_buffer_printf(scope, buffer, " %" PRId64, windows->boundaries_s[i]) != WEIR_OK)
            return scope->err;
    return WEIR_OK;
}

static enum weir_err put_value(struct weir_scope *scope,
                               struct weir_buffer *buffer,
                               const struct weir_gauge *gauge,
                               const struct key_row *row)
{
    const void *field = (const char *)gauge + row->offset;
    int64_t ms;
    uint64_t count;
    uint32_t small;
    char ratio[WEIR_RATIO_TEXT_BYTES];
    switch (row->type) {
    case VALUE_TEXT:
        return weir_buffer_printf(scope, buffer, " %s", *(const char *const *)field);
    case VALUE_COUNT:
        memcpy(&count, field, sizeof(count));
        return weir_buffer_printf(scope, buffer, " %" PRIu64, count);
    case VALUE_PPM:
        memcpy(&small, field, sizeof(small));
        return weir_buffer_printf(scope, buffer, " %" PRIu32, small);
    case VALUE_DURATION:
        memcpy(&ms, field, sizeof(ms));
        if (ms == WEIR_UNLIMITED_MS)
            return weir_buffer_text(scope, buffer, " " NONE);
        return weir_buffer_printf(scope, buffer, " %" PRId64, ms);
    case VALUE_TIME:
        memcpy(&ms, field, sizeof(ms));
        return weir_buffer_printf(scope, buffer, " %" PRId64, ms);
    case VALUE_RATIO:
        weir_ratio_print(*(const struct weir_ratio *)field, ratio);
        return weir_buffer_printf(scope, buffer, " %s", ratio);
    case VALUE_STATUS:
        return put_status(scope, buffer, &gauge->availability.probe);
    case VALUE_BOUNDARIES:
        return put_boundaries(scope, buffer, &gauge->windows);
    case VALUE_FORMAT:
        return weir_buffer_text(scope, buffer, " " FORMAT);
    case VALUE_KIND:
    case VALUE_CALENDAR:
    case VALUE_UNIT:
    case VALUE_MEASURE:
    case VALUE_KILL_RULE:
        memcpy(&small, field, sizeof(small));
        unsigned word_count;
        return weir_buffer_printf(scope, buffer, " %s", words_of(row->type, &word_count)[small]);
    }
    assert(0 && "a type of the table");
    return WEIR_E_RANGE;
}

/* An optional key that is not set is not written. */
static bool is_set(const struct weir_gauge *gauge, const struct key_row *row)
{
    if (row->needed)
        return true;
    if (row->type == VALUE_BOUNDARIES)
        return gauge->windows.boundary_count > 0;
    return *(const char *const *)(const void *)((const char *)gauge + row->offset) != NULL;
}

enum weir_err weir_gauge_print(struct weir_scope *scope,
                               const struct weir_gauge *gauge,
                               struct weir_buffer *buffer)
{
    if (weir_gauge_check(scope, gauge) != WEIR_OK)
        return scope->err;
    size_t before = buffer->length;
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (!key_applies(gauge, keys[i].applies) || !is_set(gauge, &keys[i]))
            continue;
        if (weir_buffer_text(scope, buffer, keys[i].key) != WEIR_OK ||
            put_value(scope, buffer, gauge, &keys[i]) != WEIR_OK ||
            weir_buffer_put(scope, buffer, "\n", 1) != WEIR_OK)
            return weir_note(scope, "gauge '%s'", gauge->name);
    }
    if (buffer->length - before > WEIR_GAUGE_TEXT_MAX)
        return weir_fail(scope, WEIR_E_LIMIT, "the definition of gauge '%s' is longer than %zu",
                         gauge->name, WEIR_GAUGE_TEXT_MAX);
    return WEIR_OK;
}

enum weir_err
weir_gauge_hash(struct weir_scope *scope, const struct weir_gauge *gauge, struct weir_hash *hash)
{
    struct weir_buffer buffer = {0};
    if (weir_gauge_print(scope, gauge, &buffer) != WEIR_OK)
        return scope->err;
    *hash = weir_sha256_of(buffer.data, buffer.length);
    return WEIR_OK;
}

/* --- reading ---------------------------------------------------------------------------------- */

static enum weir_err get_status_code(struct weir_scope *scope, struct weir_slice text, uint16_t *to)
{
    uint64_t code;
    if (weir_u64_parse(scope, text, 599, &code) != WEIR_OK)
        return scope->err;
    *to = (uint16_t)code;
    return WEIR_OK;
}

static enum weir_err
get_status(struct weir_scope *scope, struct weir_slice text, struct weir_probe *probe)
{
    size_t count = 0;
    for (bool is_last = false; !is_last; count++) {
        struct weir_slice item;
        struct weir_slice first;
        if (count == WEIR_GAUGE_STATUS_MAX)
            return weir_fail(scope, WEIR_E_LIMIT, "more than %d ranges", WEIR_GAUGE_STATUS_MAX);
        is_last = !weir_slice_cut(&text, ' ', &item);
        if (is_last)
            item = text;
        struct weir_status_range *range = &probe->expect_status[count];
        if (!weir_slice_cut(&item, '-', &first))
            first = item;
        if (get_status_code(scope, first, &range->first) != WEIR_OK ||
            get_status_code(scope, item, &range->last) != WEIR_OK)
            return scope->err;
    }
    probe->expect_status_count = count;
    return WEIR_OK;
}

static enum weir_err
get_boundaries(struct weir_scope *scope, struct weir_slice text, struct weir_windows *windows)
{
    size_t count = 1;
    for (size_t i = 0; i < text.length; i++)
        count += text.data[i] == ' ';
    if (count > WEIR_BOUNDARY_MAX)
        return weir_fail(scope, WEIR_E_LIMIT, "more than %d boundaries", WEIR_BOUNDARY_MAX);
    int64_t *boundaries = weir_take(scope, count, sizeof(*boundaries));
    if (boundaries == NULL)
        return scope->err;
    for (size_t i = 0; i < count; i++) {
        struct weir_slice item;
        if (!weir_slice_cut(&text, ' ', &item))
            item = text;
        if (weir_i64_parse(scope, item, WEIR_TIME_MIN_MS / 1000, WEIR_TIME_END_MS / 1000,
                           &boundaries[i]) != WEIR_OK)
            return scope->err;
    }
    windows->boundaries_s = boundaries;
    windows->boundary_count = count;
    return WEIR_OK;
}

static enum weir_err
get_word(struct weir_scope *scope, struct weir_slice text, enum value_type type, void *field)
{
    unsigned word_count;
    const char *const *words = words_of(type, &word_count);
    for (uint32_t i = 0; i < word_count; i++) {
        if (words[i] != NULL && weir_slice_equals_text(text, words[i])) {
            memcpy(field, &i, sizeof(i));
            return WEIR_OK;
        }
    }
    return weir_fail(scope, WEIR_E_PARSE, "not one of the words of this key");
}

static enum weir_err get_duration(struct weir_scope *scope, struct weir_slice text, void *field)
{
    int64_t ms = WEIR_UNLIMITED_MS;
    if (!weir_slice_equals_text(text, NONE) &&
        weir_i64_parse(scope, text, 0, WEIR_GAUGE_DURATION_MAX_MS, &ms) != WEIR_OK)
        return scope->err;
    memcpy(field, &ms, sizeof(ms));
    return WEIR_OK;
}

static enum weir_err get_text(struct weir_scope *scope, struct weir_slice text, const char **field)
{
    *field = weir_take_text(scope, text.data, text.length);
    return *field == NULL ? scope->err : WEIR_OK;
}

static enum weir_err get_small(struct weir_scope *scope, struct weir_slice text, void *field)
{
    uint64_t value;
    if (weir_u64_parse(scope, text, UINT32_MAX, &value) != WEIR_OK)
        return scope->err;
    uint32_t small = (uint32_t)value;
    memcpy(field, &small, sizeof(small));
    return WEIR_OK;
}

static enum weir_err get_value(struct weir_scope *scope,
                               struct weir_slice text,
                               const struct key_row *row,
                               struct weir_gauge *gauge)
{
    void *field = (char *)gauge + row->offset;
    switch (row->type) {
    case VALUE_TEXT:
        return get_text(scope, text, field);
    case VALUE_COUNT:
        return weir_u64_parse(scope, text, INT64_MAX, field);
    case VALUE_PPM:
        return get_small(scope, text, field);
    case VALUE_DURATION:
        return get_duration(scope, text, field);
    case VALUE_TIME:
        return weir_i64_parse(scope, text, WEIR_TIME_MIN_MS, WEIR_TIME_END_MS - 1, field);
    case VALUE_RATIO:
        return weir_ratio_parse(scope, text, field);
    case VALUE_STATUS:
        return get_status(scope, text, &gauge->availability.probe);
    case VALUE_BOUNDARIES:
        return get_boundaries(scope, text, &gauge->windows);
    case VALUE_FORMAT:
        if (!weir_slice_equals_text(text, FORMAT))
            return weir_fail(scope, WEIR_E_PARSE, "the format is not " FORMAT);
        return WEIR_OK;
    case VALUE_KIND:
    case VALUE_CALENDAR:
    case VALUE_UNIT:
    case VALUE_MEASURE:
    case VALUE_KILL_RULE:
        return get_word(scope, text, row->type, field);
    }
    assert(0 && "a type of the table");
    return WEIR_E_RANGE;
}

static enum weir_err read_lines(struct weir_scope *scope,
                                struct weir_slice text,
                                struct weir_gauge *gauge,
                                bool seen[static KEY_COUNT])
{
    struct weir_pairs pairs = {.rest = text};
    while (pairs.rest.length > 0) {
        size_t row = 0;
        if (weir_pairs_next(scope, &pairs) != WEIR_OK)
            return scope->err;
        while (row < KEY_COUNT && !weir_slice_equals_text(pairs.key, keys[row].key))
            row++;
        if (row == KEY_COUNT)
            return weir_fail(scope, WEIR_E_PARSE, "line %u: unknown key", pairs.number);
        if (seen[row])
            return weir_fail(scope, WEIR_E_PARSE, "line %u: '%s' again", pairs.number,
                             keys[row].key);
        seen[row] = true;
        if (get_value(scope, pairs.value, &keys[row], gauge) != WEIR_OK)
            return weir_note(scope, "line %u, '%s'", pairs.number, keys[row].key);
    }
    return WEIR_OK;
}

static enum weir_err check_seen(struct weir_scope *scope,
                                const struct weir_gauge *gauge,
                                const bool seen[static KEY_COUNT])
{
    for (size_t i = 0; i < KEY_COUNT; i++) {
        bool applies = key_applies(gauge, keys[i].applies);
        if (applies && keys[i].needed && !seen[i])
            return weir_fail(scope, WEIR_E_PARSE, "'%s' is missing", keys[i].key);
        if (!applies && seen[i])
            return weir_fail(scope, WEIR_E_PARSE, "such a gauge has no '%s'", keys[i].key);
    }
    return WEIR_OK;
}

enum weir_err
weir_gauge_parse(struct weir_scope *scope, struct weir_slice text, struct weir_gauge *gauge)
{
    struct weir_gauge parsed = {.kind = WEIR_GAUGE_AVAILABILITY};
    bool seen[KEY_COUNT] = {false};
    if (text.length > WEIR_GAUGE_TEXT_MAX)
        return weir_fail(scope, WEIR_E_LIMIT, "a gauge definition of %zu bytes", text.length);
    struct weir_buffer again = {0};
    if (read_lines(scope, text, &parsed, seen) != WEIR_OK ||
        check_seen(scope, &parsed, seen) != WEIR_OK ||
        weir_gauge_print(scope, &parsed, &again) != WEIR_OK)
        return weir_note(scope, "gauge definition");
    if (!weir_slice_equal(weir_buffer_slice(&again), text))
        return weir_fail(scope, WEIR_E_PARSE, "gauge definition: not in canonical form");
    *gauge = parsed;
    return WEIR_OK;
}
