#include "metrics/close.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/number.h"
#include "base/text.h"
#include "metrics/calendar.h"
#include "metrics/gauge.h"
#include "metrics/pairs.h"

#define FORMAT "weir-close-1"

static enum weir_err check(struct weir_scope *scope, const struct weir_close *close)
{
    struct weir_interval window = close->window;
    if (window.start_ms < WEIR_TIME_MIN_MS || window.end_ms > WEIR_TIME_END_MS ||
        window.start_ms >= window.end_ms)
        return weir_fail(scope, WEIR_E_RANGE, "the window is empty or outside all years");
    if (close->class_count > WEIR_CLOSE_CLASS_MAX)
        return weir_fail(scope, WEIR_E_LIMIT, "more than %d classes", WEIR_CLOSE_CLASS_MAX);
    if (close->input_count > WEIR_TALLY_MAX)
        return weir_fail(scope, WEIR_E_RANGE, "too many events");
    for (size_t i = 0; i < close->class_count; i++) {
        const struct weir_close_class *row = &close->classes[i];
        if (!weir_text_is_plain(row->class_name, WEIR_GAUGE_CLASS_MAX))
            return weir_fail(scope, WEIR_E_RANGE, "the name of class %zu", i);
        if (i > 0 && weir_slice_compare(row[-1].class_name, row->class_name) >= 0)
            return weir_fail(scope, WEIR_E_RANGE, "class %zu is not in order", i);
    }
    return WEIR_OK;
}

static enum weir_err
put_class(struct weir_scope *scope, struct weir_buffer *buffer, const struct weir_close_class *row)
{
    const struct weir_tally *tally = &row->tally;
    if (weir_buffer_printf(
            scope, buffer, "class %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " ",
            tally->num, tally->den, tally->units, tally->replanned, tally->last_num) != WEIR_OK ||
        weir_buffer_put(scope, buffer, row->class_name.data, row->class_name.length) != WEIR_OK)
        return scope->err;
    return weir_buffer_put(scope, buffer, "\n", 1);
}

static enum weir_err put_hash(struct weir_scope *scope,
                              struct weir_buffer *buffer,
                              const char *key,
                              const struct weir_hash *hash)
{
    char hex[WEIR_HASH_HEX_BYTES];
    weir_hash_hex(hash, hex);
    return weir_pairs_text(scope, buffer, key, weir_slice_text(hex));
}

enum weir_err weir_close_print(struct weir_scope *scope,
                               const struct weir_close *close,
                               struct weir_buffer *buffer)
{
    size_t before = buffer->length;
    if (check(scope, close) != WEIR_OK)
        return weir_note(scope, "window close");
    for (size_t i = 0; i < close->class_count; i++)
        if (put_class(scope, buffer, &close->classes[i]) != WEIR_OK)
            return weir_note(scope, "window close");
    if (weir_pairs_u64(scope, buffer, "count", close->input_count) != WEIR_OK ||
        weir_pairs_i64(scope, buffer, "end_ms", close->window.end_ms) != WEIR_OK ||
        weir_pairs_text(scope, buffer, "format", weir_slice_text(FORMAT)) != WEIR_OK ||
        put_hash(scope, buffer, "gauge", &close->gauge) != WEIR_OK ||
        put_hash(scope, buffer, "inputs", &close->inputs) != WEIR_OK ||
        weir_pairs_u64(scope, buffer, "revision", close->revision) != WEIR_OK ||
        weir_pairs_i64(scope, buffer, "start_ms", close->window.start_ms) != WEIR_OK)
        return weir_note(scope, "window close");
    if (buffer->length - before > WEIR_CLOSE_TEXT_MAX)
        return weir_fail(scope, WEIR_E_LIMIT, "a window close longer than %zu bytes",
                         WEIR_CLOSE_TEXT_MAX);
    return WEIR_OK;
}

static enum weir_err
get_class(struct weir_scope *scope, struct weir_slice value, struct weir_close_class *row)
{
    uint64_t *const numbers[] = {&row->tally.num, &row->tally.den, &row->tally.units,
                                 &row->tally.replanned, &row->tally.last_num};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct weir_slice number;
        if (!weir_slice_cut(&value, ' ', &number))
            return weir_fail(scope, WEIR_E_PARSE, "five numbers and a name are wanted");
        if (weir_u64_parse(scope, number, WEIR_TALLY_MAX, numbers[i]) != WEIR_OK)
            return scope->err;
    }
    row->class_name = value;
    return WEIR_OK;
}

static enum weir_err
get_line(struct weir_scope *scope, const struct weir_pairs *line, struct weir_close *close)
{
    if (weir_slice_equals_text(line->key, "count"))
        return weir_u64_parse(scope, line->value, WEIR_TALLY_MAX, &close->input_count);
    if (weir_slice_equals_text(line->key, "end_ms"))
        return weir_i64_parse(scope, line->value, WEIR_TIME_MIN_MS, WEIR_TIME_END_MS,
                              &close->window.end_ms);
    if (weir_slice_equals_text(line->key, "start_ms"))
        return weir_i64_parse(scope, line->value, WEIR_TIME_MIN_MS, WEIR_TIME_END_MS,
                              &close->window.start_ms);
    if (weir_slice_equals_text(line->key, "gauge"))
        return weir_hex_parse(scope, line->value, close->gauge.bytes, WEIR_HASH_BYTES);
    if (weir_slice_equals_text(line->key, "inputs"))
        return weir_hex_parse(scope, line->value, close->inputs.bytes, WEIR_HASH_BYTES);
    if (weir_slice_equals_text(line->key, "revision")) {
        uint64_t revision;
        if (weir_u64_parse(scope, line->value, UINT32_MAX, &revision) != WEIR_OK)
            return scope->err;
        close->revision = (uint32_t)revision;
        return WEIR_OK;
    }
    if (weir_slice_equals_text(line->key, "format") && weir_slice_equals_text(line->value, FORMAT))
        return WEIR_OK;
    return weir_fail(scope, WEIR_E_PARSE, "unknown key or format");
}

/* Reads all lines; `classes` has room for WEIR_CLOSE_CLASS_MAX. */
static enum weir_err read_lines(struct weir_scope *scope,
                                struct weir_slice text,
                                struct weir_close_class *classes,
                                struct weir_close *close)
{
    struct weir_pairs pairs = {.rest = text};
    while (pairs.rest.length > 0) {
        enum weir_err err = weir_pairs_next(scope, &pairs);
        if (err == WEIR_OK && !weir_slice_equals_text(pairs.key, "class"))
            err = get_line(scope, &pairs, close);
        else if (err == WEIR_OK && close->class_count == WEIR_CLOSE_CLASS_MAX)
            err = weir_fail(scope, WEIR_E_LIMIT, "more than %d classes", WEIR_CLOSE_CLASS_MAX);
        else if (err == WEIR_OK)
            err = get_class(scope, pairs.value, &classes[close->class_count++]);
        if (err != WEIR_OK)
            return weir_note(scope, "line %u", pairs.number);
    }
    return WEIR_OK;
}

enum weir_err
weir_close_parse(struct weir_scope *scope, struct weir_slice text, struct weir_close *close)
{
    struct weir_buffer again = {0};
    if (text.length > WEIR_CLOSE_TEXT_MAX)
        return weir_fail(scope, WEIR_E_LIMIT, "a window close of %zu bytes", text.length);
    struct weir_close_class *classes = weir_take(scope, WEIR_CLOSE_CLASS_MAX, sizeof(*classes));
    if (classes == NULL)
        return scope->err;
    struct weir_close parsed = {.classes = classes};
    if (read_lines(scope, text, classes, &parsed) != WEIR_OK ||
        weir_close_print(scope, &parsed, &again) != WEIR_OK)
        return weir_note(scope, "window close");
    if (!weir_slice_equal(weir_buffer_slice(&again), text))
        return weir_fail(scope, WEIR_E_PARSE, "window close: not in canonical form");
    *close = parsed;
    return WEIR_OK;
}

const struct weir_tally *weir_close_find(const struct weir_close *close,
                                         struct weir_slice class_name)
{
    for (size_t i = 0; i < close->class_count; i++)
        if (weir_slice_equal(close->classes[i].class_name, class_name))
            return &close->classes[i].tally;
    return NULL;
}
