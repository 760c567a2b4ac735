#include "metrics/event.h"

#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "metrics/calendar.h"
#include "metrics/gauge.h"
#include "metrics/pairs.h"
#include "metrics/sort.h"
#include "metrics/tally.h"

struct type_row {
    const char *name;
    unsigned feeds; /* enum weir_gauge_kind, or 0 */
    const char *fields;
};

static const struct type_row types[] = {
#define WEIR_EVENT_TYPE(name, number, text, feeds, fields) [number] = {text, feeds, fields},
#include "metrics/event_types.def"
#undef WEIR_EVENT_TYPE
};
#define TYPE_COUNT (sizeof(types) / sizeof(types[0]))

static const char *const party_names[] =
    {[WEIR_PARTY_NONE] = NULL, [WEIR_PARTY_CUSTOMER] = "customer", [WEIR_PARTY_US] = "us"};
#define PARTY_COUNT (sizeof(party_names) / sizeof(party_names[0]))

struct weir_interval weir_due_of_day(int64_t days, int64_t start_offset_ms, int64_t end_offset_ms)
{
    return (struct weir_interval){
        .start_ms = days * WEIR_DAY_MS - start_offset_ms,
        .end_ms = (days + 1) * WEIR_DAY_MS - end_offset_ms,
    };
}

struct weir_interval weir_due_of_instant(int64_t unix_ms)
{
    return (struct weir_interval){unix_ms, unix_ms + 1};
}

bool weir_due_is_instant(struct weir_interval due)
{
    return due.end_ms - due.start_ms == 1;
}

/* --- checking --------------------------------------------------------------------------------- */

static bool is_time(int64_t unix_ms)
{
    return unix_ms >= WEIR_TIME_MIN_MS && unix_ms < WEIR_TIME_END_MS;
}

bool weir_event_has(const struct weir_event *event, char letter)
{
    switch (letter) {
    case 'b':
        return event->by != WEIR_PARTY_NONE;
    case 'c':
        return event->class_name.length > 0;
    case 'd':
        return event->due.start_ms != event->due.end_ms;
    case 'm':
        return event->planned.start_ms != event->planned.end_ms;
    case 'o':
        return event->order.length > 0;
    case 'p':
        return event->state != 0 || event->reason != 0 || event->http_status != 0 ||
               event->latency_ms != 0;
    case 'q':
        return event->quantity != 0;
    }
    assert(0 && "a letter of the table");
    return false;
}

static enum weir_refusal check_fields(const struct weir_event *event)
{
    const char *fields = types[event->type].fields;
    for (const char *letter = "bcdmopq"; *letter != '\0'; letter++) {
        char capital = (char)(*letter - 'a' + 'A');
        bool is_needed = strchr(fields, capital) != NULL;
        bool is_allowed = is_needed || strchr(fields, *letter) != NULL;
        bool is_there = weir_event_has(event, *letter);
        if (is_needed && !is_there)
            return WEIR_REFUSAL_MISSING_FIELD;
        if (is_there && !is_allowed)
            return WEIR_REFUSAL_FOREIGN_FIELD;
    }
    return WEIR_REFUSAL_NONE;
}

static bool is_optional_text(struct weir_slice text, size_t length_max)
{
    return text.length == 0 || weir_text_is_plain(text, length_max);
}

static enum weir_refusal check_texts(const struct weir_event *event)
{
    if (event->source.length == 0 || event->id.length == 0 || event->subject.length == 0)
        return WEIR_REFUSAL_MISSING_FIELD;
    if (!weir_text_is_plain(event->source, WEIR_EVENT_FIELD_MAX) ||
        !weir_text_is_plain(event->id, WEIR_EVENT_FIELD_MAX) ||
        !weir_text_is_plain(event->subject, WEIR_EVENT_FIELD_MAX) ||
        !is_optional_text(event->order, WEIR_EVENT_FIELD_MAX) ||
        !is_optional_text(event->class_name, WEIR_GAUGE_CLASS_MAX) ||
        weir_slice_equals_text(event->class_name, WEIR_CLASS_ALL))
        return WEIR_REFUSAL_TEXT;
    return WEIR_REFUSAL_NONE;
}

static enum weir_refusal check_interval(struct weir_interval interval)
{
    if (!is_time(interval.start_ms) || !is_time(interval.end_ms - 1))
        return WEIR_REFUSAL_TIME;
    return interval.end_ms < interval.start_ms ? WEIR_REFUSAL_NEGATIVE_DURATION : WEIR_REFUSAL_NONE;
}

static enum weir_refusal check_times(const struct weir_event *event)
{
    if (!is_time(event->occurred_ms))
        return WEIR_REFUSAL_TIME;
    enum weir_refusal refusal = WEIR_REFUSAL_NONE;
    if (weir_event_has(event, 'd'))
        refusal = check_interval(event->due);
    if (refusal == WEIR_REFUSAL_NONE && weir_event_has(event, 'm'))
        refusal = check_interval(event->planned);
    return refusal;
}

enum weir_refusal weir_event_check(const struct weir_event *event, int64_t received_ms)
{
    if ((size_t)event->type >= TYPE_COUNT || types[event->type].name == NULL)
        return WEIR_REFUSAL_TYPE;
    enum weir_refusal refusal = check_texts(event);
    if (refusal == WEIR_REFUSAL_NONE)
        refusal = check_fields(event);
    if (refusal == WEIR_REFUSAL_NONE)
        refusal = check_times(event);
    if (refusal != WEIR_REFUSAL_NONE)
        return refusal;
    if (event->rev > WEIR_REVISION_MAX)
        return WEIR_REFUSAL_REVISION;
    if (event->quantity > WEIR_QUANTITY_MAX)
        return WEIR_REFUSAL_QUANTITY;
    if (event->type == WEIR_EVENT_PROBE_RESULT &&
        (event->state == 0 || weir_reason_state(event->reason) != event->state))
        return WEIR_REFUSAL_STATE;
    if (event->by > WEIR_PARTY_US)
        return WEIR_REFUSAL_FOREIGN_FIELD;
    if (received_ms < INT64_MAX - WEIR_EVENT_SKEW_MS &&
        event->occurred_ms > received_ms + WEIR_EVENT_SKEW_MS)
        return WEIR_REFUSAL_FUTURE;
    return WEIR_REFUSAL_NONE;
}

const char *weir_refusal_name(enum weir_refusal refusal)
{
    switch (refusal) {
    case WEIR_REFUSAL_NONE:
        return "none";
#define WEIR_REFUSAL(name, number, short_name, text)                                               \
    case WEIR_REFUSAL_##name:                                                                      \
        return short_name;
#include "metrics/refusals.def"
#undef WEIR_REFUSAL
    }
    return NULL;
}

const char *weir_refusal_text(enum weir_refusal refusal)
{
    switch (refusal) {
    case WEIR_REFUSAL_NONE:
        return "it is accepted";
#define WEIR_REFUSAL(name, number, short_name, text)                                               \
    case WEIR_REFUSAL_##name:                                                                      \
        return text;
#include "metrics/refusals.def"
#undef WEIR_REFUSAL
    }
    return NULL;
}

/* --- identity --------------------------------------------------------------------------------- */

struct weir_hash weir_event_payload_hash(struct weir_slice canonical_text)
{
    return weir_sha256_of(canonical_text.data, canonical_text.length);
}

struct weir_hash weir_event_digest(const struct weir_event *event,
                                   const struct weir_hash *payload_hash)
{
    struct weir_sha256 state;
    weir_sha256_init(&state);
    weir_sha256_u32(&state, (uint32_t)event->source.length);
    weir_sha256_update(&state, event->source.data, event->source.length);
    weir_sha256_u32(&state, (uint32_t)event->id.length);
    weir_sha256_update(&state, event->id.data, event->id.length);
    weir_sha256_u64(&state, event->rev);
    weir_sha256_update(&state, payload_hash->bytes, WEIR_HASH_BYTES);
    return weir_sha256_final(&state);
}

int weir_revision_compare(const struct weir_revision *a, const struct weir_revision *b)
{
    if (a->rev != b->rev)
        return a->rev < b->rev ? -1 : 1;
    return weir_hash_compare(&a->payload_hash, &b->payload_hash);
}

static int compare_identity(const struct weir_event *a, const struct weir_event *b)
{
    int order = weir_slice_compare(a->source, b->source);
    return order != 0 ? order : weir_slice_compare(a->id, b->id);
}

/* By source and id; of one identity the highest revision comes first. */
static int by_rank(const void *left, const void *right)
{
    const struct weir_event *a = left;
    const struct weir_event *b = right;
    int order = compare_identity(a, b);
    if (order != 0)
        return order;
    return a->rev > b->rev ? -1 : a->rev < b->rev;
}

static enum weir_err hash_payload(struct weir_scope *scope,
                                  const struct weir_event *event,
                                  struct weir_buffer *room,
                                  struct weir_hash *hash)
{
    room->length = 0;
    if (weir_event_print(scope, event, room) != WEIR_OK)
        return scope->err;
    *hash = weir_event_payload_hash(weir_buffer_slice(room));
    return WEIR_OK;
}

/* Of `count` events with one identity and revision, puts that with the greatest hash first. */
static enum weir_err put_greatest_first(struct weir_scope *scope,
                                        struct weir_event *events,
                                        size_t count,
                                        struct weir_buffer *room)
{
    struct weir_hash greatest;
    if (count < 2)
        return WEIR_OK;
    for (size_t i = 0; i < count; i++) {
        struct weir_hash hash;
        if (hash_payload(scope, &events[i], room, &hash) != WEIR_OK)
            return scope->err;
        if (i == 0 || weir_hash_compare(&hash, &greatest) > 0) {
            greatest = hash;
            struct weir_event first = events[0];
            events[0] = events[i];
            events[i] = first;
        }
    }
    return WEIR_OK;
}

enum weir_err
weir_event_keep_current(struct weir_scope *scope, struct weir_event *events, size_t *event_count)
{
    struct weir_buffer room = {.capacity_max = WEIR_EVENT_TEXT_MAX};
    weir_sort(events, *event_count, sizeof(*events), by_rank);
    size_t kept = 0;
    for (size_t i = 0; i < *event_count;) {
        size_t next = i + 1;
        size_t ties = 1; /* events of this identity with the highest revision */
        for (; next < *event_count && compare_identity(&events[i], &events[next]) == 0; next++)
            ties += events[next].rev == events[i].rev;
        if (put_greatest_first(scope, &events[i], ties, &room) != WEIR_OK)
            return scope->err;
        events[kept++] = events[i];
        i = next;
    }
    *event_count = kept;
    return WEIR_OK;
}

const char *weir_event_type_name(enum weir_event_type type)
{
    return (size_t)type < TYPE_COUNT ? types[type].name : NULL;
}

enum weir_event_type weir_event_type_find(struct weir_slice name)
{
    for (size_t i = 0; i < TYPE_COUNT; i++)
        if (types[i].name != NULL && weir_slice_equals_text(name, types[i].name))
            return (enum weir_event_type)i;
    return (enum weir_event_type)0;
}

const char *weir_party_name(enum weir_party party)
{
    return (size_t)party < PARTY_COUNT ? party_names[party] : NULL;
}

enum weir_party weir_party_find(struct weir_slice name)
{
    if (weir_slice_equals_text(name, party_names[WEIR_PARTY_CUSTOMER]))
        return WEIR_PARTY_CUSTOMER;
    if (weir_slice_equals_text(name, party_names[WEIR_PARTY_US]))
        return WEIR_PARTY_US;
    return WEIR_PARTY_NONE;
}

struct weir_tick weir_event_tick(const struct weir_event *event)
{
    assert(event->type == WEIR_EVENT_PROBE_RESULT);
    return (struct weir_tick){
        .tick_ms = event->occurred_ms,
        .state = event->state,
        .reason = event->reason,
        .http_status = event->http_status,
        .latency_ms = event->latency_ms,
    };
}

bool weir_event_feeds(const struct weir_event *event, const struct weir_gauge *gauge)
{
    if ((size_t)event->type >= TYPE_COUNT || types[event->type].feeds != (unsigned)gauge->kind)
        return false;
    if (gauge->source != NULL && !weir_slice_equals_text(event->source, gauge->source))
        return false;
    if (gauge->kind == WEIR_GAUGE_OTIF)
        return true;
    if (event->type == WEIR_EVENT_MAINTENANCE_DECLARED &&
        weir_slice_equals_text(event->subject, gauge->name))
        return true;
    return gauge->subject != NULL && weir_slice_equals_text(event->subject, gauge->subject);
}
