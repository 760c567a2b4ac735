#include "metrics/event.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "base/number.h"
#include "metrics/calendar.h"
#include "metrics/pairs.h"

#define FORMAT "weir-event-1"

enum value_kind {
    VALUE_TEXT,
    VALUE_TIME,
    VALUE_NUMBER,  /* uint64_t */
    VALUE_LATENCY, /* uint32_t */
    VALUE_SHORT,   /* uint16_t */
    VALUE_FORMAT,
    VALUE_TYPE,
    VALUE_PARTY,
    VALUE_REASON,
};

struct key_row {
    const char *key;
    size_t length;
    enum value_kind kind;
    size_t offset;
    char letter;
};

static const struct key_row keys[] = {
#define WEIR_EVENT_KEY(key, kind, field, letter)                                                   \
    {key, sizeof(key) - 1, VALUE_##kind, offsetof(struct weir_event, field), letter},
#include "metrics/event_keys.def"
#undef WEIR_EVENT_KEY
};
#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

static enum weir_err put_word(struct weir_scope *scope,
                              struct weir_buffer *buffer,
                              const struct key_row *row,
                              const char *word)
{
    return weir_pairs_text(scope, buffer, row->key, weir_slice_text(word));
}

static enum weir_err put_line(struct weir_scope *scope,
                              const struct weir_event *event,
                              const struct key_row *row,
                              struct weir_buffer *buffer)
{
    const void *field = (const char *)event + row->offset;
    switch (row->kind) {
    case VALUE_TEXT:
        return weir_pairs_text(scope, buffer, row->key, *(const struct weir_slice *)field);
    case VALUE_TIME:
        return weir_pairs_i64(scope, buffer, row->key, *(const int64_t *)field);
    case VALUE_NUMBER:
        return weir_pairs_u64(scope, buffer, row->key, *(const uint64_t *)field);
    case VALUE_LATENCY:
        return weir_pairs_u64(scope, buffer, row->key, *(const uint32_t *)field);
    case VALUE_SHORT:
        return weir_pairs_u64(scope, buffer, row->key, *(const uint16_t *)field);
    case VALUE_FORMAT:
        return put_word(scope, buffer, row, FORMAT);
    case VALUE_TYPE:
        return put_word(scope, buffer, row, weir_event_type_name(event->type));
    case VALUE_PARTY:
        return put_word(scope, buffer, row, weir_party_name(event->by));
    case VALUE_REASON:
        return put_word(scope, buffer, row, weir_reason_name(event->reason));
    }
    assert(0 && "a kind of the table");
    return WEIR_E_RANGE;
}

enum weir_err weir_event_print(struct weir_scope *scope,
                               const struct weir_event *event,
                               struct weir_buffer *buffer)
{
    assert(weir_event_check(event, INT64_MAX) == WEIR_REFUSAL_NONE);
    size_t before = buffer->length;
    for (size_t i = 0; i < KEY_COUNT; i++)
        if ((keys[i].letter == 0 || weir_event_has(event, keys[i].letter)) &&
            put_line(scope, event, &keys[i], buffer) != WEIR_OK)
            return scope->err;
    if (buffer->length - before > WEIR_EVENT_TEXT_MAX)
        return weir_fail(scope, WEIR_E_LIMIT, "an event longer than %zu bytes",
                         WEIR_EVENT_TEXT_MAX);
    return WEIR_OK;
}

/* Words of a table; `found` is 0 when the word is not there. */
static enum weir_err refuse_word(struct weir_scope *scope, unsigned found)
{
    if (found == 0)
        return weir_fail(scope, WEIR_E_PARSE, "not one of the words of this key");
    return WEIR_OK;
}

static enum weir_err get_word(struct weir_scope *scope,
                              struct weir_slice text,
                              const struct key_row *row,
                              struct weir_event *event)
{
    if (row->kind == VALUE_TYPE) {
        event->type = weir_event_type_find(text);
        return refuse_word(scope, event->type);
    }
    if (row->kind == VALUE_PARTY) {
        event->by = weir_party_find(text);
        return refuse_word(scope, event->by);
    }
    if (row->kind == VALUE_REASON) {
        event->reason = weir_reason_find(text);
        event->state = weir_reason_state(event->reason);
        return refuse_word(scope, event->reason);
    }
    return refuse_word(scope, weir_slice_equals_text(text, FORMAT));
}

static enum weir_err get_number(struct weir_scope *scope,
                                struct weir_slice text,
                                const struct key_row *row,
                                struct weir_event *event)
{
    void *field = (char *)event + row->offset;
    uint64_t number;
    if (row->kind == VALUE_NUMBER)
        return weir_u64_parse(scope, text, WEIR_REVISION_MAX, field);
    uint64_t max = row->kind == VALUE_LATENCY ? UINT32_MAX : UINT16_MAX;
    if (weir_u64_parse(scope, text, max, &number) != WEIR_OK)
        return scope->err;
    if (row->kind == VALUE_LATENCY)
        *(uint32_t *)field = (uint32_t)number;
    else
        *(uint16_t *)field = (uint16_t)number;
    return WEIR_OK;
}

static enum weir_err get_value(struct weir_scope *scope,
                               struct weir_slice text,
                               const struct key_row *row,
                               struct weir_event *event)
{
    void *field = (char *)event + row->offset;
    switch (row->kind) {
    case VALUE_TEXT:
        *(struct weir_slice *)field = text;
        return WEIR_OK;
    case VALUE_TIME:
        return weir_i64_parse(scope, text, WEIR_TIME_MIN_MS, WEIR_TIME_END_MS, field);
    case VALUE_NUMBER:
    case VALUE_LATENCY:
    case VALUE_SHORT:
        return get_number(scope, text, row, event);
    case VALUE_FORMAT:
    case VALUE_TYPE:
    case VALUE_PARTY:
    case VALUE_REASON:
        return get_word(scope, text, row, event);
    }
    assert(0 && "a kind of the table");
    return WEIR_E_RANGE;
}

/* Keys come in the order of the table, so each line looks on from where the last one was found. */
static enum weir_err
read_lines(struct weir_scope *scope, struct weir_slice text, struct weir_event *event)
{
    struct weir_pairs pairs = {.rest = text};
    size_t next = 0;
    while (pairs.rest.length > 0) {
        if (weir_pairs_next(scope, &pairs) != WEIR_OK)
            return scope->err;
        const struct key_row *row = NULL;
        for (; row == NULL && next < KEY_COUNT; next++)
            if (keys[next].length == pairs.key.length &&
                memcmp(keys[next].key, pairs.key.data, pairs.key.length) == 0)
                row = &keys[next];
        if (row == NULL)
            return weir_fail(scope, WEIR_E_PARSE, "line %u: unknown key, or twice", pairs.number);
        if (get_value(scope, pairs.value, row, event) != WEIR_OK)
            return weir_note(scope, "line %u, '%s'", pairs.number, row->key);
    }
    return WEIR_OK;
}

enum weir_err
weir_event_read(struct weir_scope *scope, struct weir_slice text, struct weir_event *event)
{
    struct weir_event parsed = {0};
    if (text.length > WEIR_EVENT_TEXT_MAX)
        return weir_fail(scope, WEIR_E_LIMIT, "an event of %zu bytes", text.length);
    if (read_lines(scope, text, &parsed) != WEIR_OK)
        return weir_note(scope, "event");
    enum weir_refusal refusal = weir_event_check(&parsed, INT64_MAX);
    if (refusal != WEIR_REFUSAL_NONE)
        return weir_fail(scope, WEIR_E_PARSE, "event: %s", weir_refusal_text(refusal));
    *event = parsed;
    return WEIR_OK;
}

enum weir_err
weir_event_parse(struct weir_scope *scope, struct weir_slice text, struct weir_event *event)
{
    struct weir_event parsed = {0};
    /* What prints back to the same bytes has every key once, none missing and none to spare. */
    struct weir_buffer again = {0};
    if (weir_event_read(scope, text, &parsed) != WEIR_OK ||
        weir_event_print(scope, &parsed, &again) != WEIR_OK)
        return scope->err;
    if (!weir_slice_equal(weir_buffer_slice(&again), text))
        return weir_fail(scope, WEIR_E_PARSE, "event: not in canonical form");
    *event = parsed;
    return WEIR_OK;
}
