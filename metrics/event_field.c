#include "metrics/event_field.h"

#include <string.h>

#include "base/number.h"

static enum weir_refusal set_text(struct weir_slice *field, struct weir_slice text)
{
    *field = text; /* weir_event_check looks at the characters */
    return WEIR_REFUSAL_NONE;
}

static bool is_number(struct weir_slice text, uint64_t max, uint64_t *number)
{
    struct weir_scope scope = {0};
    return weir_u64_parse(&scope, text, max, number) == WEIR_OK;
}

static enum weir_refusal
set_number(struct weir_event *event, const char *name, struct weir_slice text)
{
    uint64_t number;
    if (strcmp(name, "rev") == 0)
        return is_number(text, WEIR_REVISION_MAX, &event->rev) ? WEIR_REFUSAL_NONE
                                                               : WEIR_REFUSAL_REVISION;
    if (strcmp(name, "quantity") == 0) {
        /* 0 would mean "no quantity given". */
        bool is_good = is_number(text, WEIR_QUANTITY_MAX, &number) && number > 0;
        event->quantity = is_good ? number : 0;
        return is_good ? WEIR_REFUSAL_NONE : WEIR_REFUSAL_QUANTITY;
    }
    if (strcmp(name, "http_status") == 0) {
        if (!is_number(text, UINT16_MAX, &number))
            return WEIR_REFUSAL_STATE;
        event->http_status = (uint16_t)number;
        return WEIR_REFUSAL_NONE;
    }
    if (strcmp(name, "latency_ms") == 0) {
        if (!is_number(text, UINT32_MAX, &number))
            return WEIR_REFUSAL_STATE;
        event->latency_ms = (uint32_t)number;
        return WEIR_REFUSAL_NONE;
    }
    return WEIR_REFUSAL_FOREIGN_FIELD;
}

static enum weir_refusal set_time(struct weir_event *event,
                                  const char *name,
                                  struct weir_slice text,
                                  const struct weir_time_format *format)
{
    struct weir_scope scope = {0};
    struct weir_interval interval;
    bool is_due = strcmp(name, "due") == 0;
    bool is_from = strcmp(name, "from") == 0;
    bool is_to = strcmp(name, "to") == 0;
    if (!is_due && !is_from && !is_to && strcmp(name, "occurred") != 0)
        return set_number(event, name, text);
    if (weir_time_format_parse(&scope, format, text, &interval) != WEIR_OK)
        return WEIR_REFUSAL_TIME;
    if (is_due)
        event->due = interval;
    else if (is_from)
        event->planned.start_ms = interval.start_ms;
    else if (is_to)
        /* "until the 5th" includes that day, "until 10:00" ends there. */
        event->planned.end_ms = weir_due_is_instant(interval) ? interval.start_ms : interval.end_ms;
    else
        event->occurred_ms = interval.start_ms;
    return WEIR_REFUSAL_NONE;
}

/* State and reason may come in any order, but must agree. */
static enum weir_refusal set_reason(struct weir_event *event, uint8_t reason)
{
    if (reason == 0 || (event->state != 0 && event->state != weir_reason_state(reason)))
        return WEIR_REFUSAL_STATE;
    event->reason = reason;
    event->state = weir_reason_state(reason);
    return WEIR_REFUSAL_NONE;
}

/* A bare state has the reason that says no more than the state. */
static enum weir_refusal set_state(struct weir_event *event, struct weir_slice text)
{
    uint8_t state = weir_state_find(text);
    if (weir_slice_equals_text(text, "degraded"))
        return set_reason(event, WEIR_REASON_DEGRADED);
    if (event->reason != 0)
        return state == event->state ? WEIR_REFUSAL_NONE : WEIR_REFUSAL_STATE;
    switch (state) {
    case WEIR_STATE_UP:
        return set_reason(event, WEIR_REASON_OK);
    case WEIR_STATE_DOWN:
        return set_reason(event, WEIR_REASON_REPORTED);
    case WEIR_STATE_UNKNOWN:
        return set_reason(event, WEIR_REASON_UNREPORTED);
    }
    return WEIR_REFUSAL_STATE;
}

enum weir_refusal weir_event_field_set(struct weir_event *event,
                                       const char *name,
                                       struct weir_slice text,
                                       const struct weir_time_format *format)
{
    if (text.length == 0)
        return WEIR_REFUSAL_NONE;
    if (strcmp(name, "id") == 0)
        return set_text(&event->id, text);
    if (strcmp(name, "source") == 0)
        return set_text(&event->source, text);
    if (strcmp(name, "subject") == 0)
        return set_text(&event->subject, text);
    if (strcmp(name, "order") == 0)
        return set_text(&event->order, text);
    if (strcmp(name, "class") == 0)
        return set_text(&event->class_name, text);
    if (strcmp(name, "state") == 0)
        return set_state(event, text);
    if (strcmp(name, "reason") == 0)
        return set_reason(event, weir_reason_find(text));
    if (strcmp(name, "type") == 0) {
        event->type = weir_event_type_find(text);
        return event->type == 0 ? WEIR_REFUSAL_TYPE : WEIR_REFUSAL_NONE;
    }
    if (strcmp(name, "by") == 0) {
        event->by = weir_party_find(text);
        return event->by == WEIR_PARTY_NONE ? WEIR_REFUSAL_FOREIGN_FIELD : WEIR_REFUSAL_NONE;
    }
    return set_time(event, name, text, format);
}
