/* Goal: the three forms of a CloudEvent give the same event, and whatever is not exactly one is
 * refused with the reason, alone.
 * Method: one event in all forms; a table of bent ones; batches; headers; permissions. */
#include "node/cloudevents.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "config/config.h"
#include "metrics/calendar.h"

#define RECEIVED_MS INT64_C(1767607200000) /* 2026-01-05T10:00:00Z */
#define ARENA_BYTES ((size_t)1 << 24)

static const char whole[] =
    "{\"specversion\":\"1.0\",\"id\":\"p-1\",\"source\":\"erp\",\"type\":\"job.promised\","
    "\"subject\":\"job-1\",\"time\":\"2026-01-05T09:30:00Z\",\"datacontenttype\":\"application/"
    "json\",\"traceparent\":\"00-abc\",\"data\":{\"due\":\"2026-01-16\",\"quantity\":40,"
    "\"order\":\"o\\u00e9\",\"class\":\"Air\",\"rev\":\"3\"}}";

static int setup(void **state)
{
    static struct weir_scope scope;
    scope = (struct weir_scope){.arena = weir_arena_new(ARENA_BYTES)};
    *state = &scope;
    return scope.arena == NULL;
}

static int teardown(void **state)
{
    struct weir_scope *scope = *state;
    weir_arena_free(scope->arena);
    return 0;
}

static struct weir_cloudevent parse(struct weir_scope *scope, const char *json)
{
    struct weir_cloudevent event;
    assert_int_equal(weir_cloudevent_parse(scope, weir_slice_text(json), RECEIVED_MS, &event),
                     WEIR_OK);
    return event;
}

static void expect_whole(const struct weir_cloudevent *event)
{
    if (event->refusal != WEIR_REFUSAL_NONE)
        fail_msg("refused: %s", event->detail);
    assert_int_equal(event->event.type, WEIR_EVENT_JOB_PROMISED);
    assert_true(weir_slice_equals_text(event->event.id, "p-1"));
    assert_true(weir_slice_equals_text(event->event.source, "erp"));
    assert_true(weir_slice_equals_text(event->event.subject, "job-1"));
    assert_true(weir_slice_equals_text(event->event.order, "o\xc3\xa9"));
    assert_true(weir_slice_equals_text(event->event.class_name, "Air"));
    assert_int_equal(event->event.occurred_ms, RECEIVED_MS - 30 * WEIR_MINUTE_MS);
    assert_int_equal(event->event.quantity, 40);
    assert_int_equal(event->event.rev, 3);
    assert_int_equal(event->event.due.end_ms - event->event.due.start_ms, WEIR_DAY_MS);
    assert_string_equal(event->detail, "");
}

static void a_whole_event_is_read(void **state)
{
    struct weir_cloudevent event = parse(*state, whole);
    expect_whole(&event);
    assert_int_equal(event.raw.length, strlen(whole));
}

/* The whole event with one piece of text replaced. */
static const char *bent(struct weir_scope *scope, const char *piece, const char *by)
{
    const char *at = strstr(whole, piece);
    assert_non_null(at);
    const char *text =
        weir_take_printf(scope, "%.*s%s%s", (int)(at - whole), whole, by, at + strlen(piece));
    assert_non_null(text);
    return text;
}

static const struct {
    const char *piece;
    const char *by;
    enum weir_refusal refusal;
    const char *detail; /* part of it */
} bends[] = {
    {"{\"specversion\"", "[\"specversion\"", WEIR_REFUSAL_SYNTAX, "column"},
    {"\"1.0\"", "\"1.1\"", WEIR_REFUSAL_SYNTAX, "specversion '1.1'"},
    {"\"specversion\":\"1.0\",", "", WEIR_REFUSAL_MISSING_FIELD, "'specversion'"},
    {"\"id\":\"p-1\",", "", WEIR_REFUSAL_MISSING_FIELD, "'id'"},
    {"\"p-1\"", "\"\"", WEIR_REFUSAL_MISSING_FIELD, "'id'"},
    {"\"p-1\"", "17", WEIR_REFUSAL_SYNTAX, "'id' is not a text"},
    {"\"p-1\"", "\" p\"", WEIR_REFUSAL_TEXT, "control"},
    {"\"p-1\"", "\"p\\n\"", WEIR_REFUSAL_TEXT, "control"},
    {"\"p-1\"", "\"\\ud800\"", WEIR_REFUSAL_SYNTAX, "column"},
    {"\"source\":\"erp\",", "", WEIR_REFUSAL_MISSING_FIELD, "'source'"},
    {"\"subject\":\"job-1\",", "", WEIR_REFUSAL_MISSING_FIELD, "'subject'"},
    {"\"time\":\"2026-01-05T09:30:00Z\",", "", WEIR_REFUSAL_MISSING_FIELD, "'time'"},
    {"09:30:00Z", "24:30:00Z", WEIR_REFUSAL_TIME, "occurred"},
    {"09:30:00Z", "10:05:00.001Z", WEIR_REFUSAL_FUTURE, "received"},
    {"\"job.promised\"", "\"job.promise\"", WEIR_REFUSAL_TYPE, "type 'job.promise'"},
    {"\"job.promised\"", "\"job.replanned\"", WEIR_REFUSAL_MISSING_FIELD, "needs"},
    {"\"job.promised\"", "\"probe.result\"", WEIR_REFUSAL_FOREIGN_FIELD, "does not have"},
    {"\"job.promised\"", "\"job.started\"", WEIR_REFUSAL_FOREIGN_FIELD, "does not have"},
    {"\"application/json\"", "\"text/plain\"", WEIR_REFUSAL_SYNTAX, "not JSON"},
    {"\"traceparent\"", "\"Trace\"", WEIR_REFUSAL_FOREIGN_FIELD, "no attribute 'Trace'"},
    {"\"traceparent\":\"00-abc\"", "\"trace\":{}", WEIR_REFUSAL_SYNTAX, "'trace' is not a text"},
    {"\"traceparent\":\"00-abc\"", "\"data_base64\":\"\"", WEIR_REFUSAL_FOREIGN_FIELD, "base64"},
    {"\"traceparent\"", "\"id\"", WEIR_REFUSAL_SYNTAX, "duplicate"},
    {"{\"due\"", "[\"due\"", WEIR_REFUSAL_SYNTAX, "column"},
    {"2026-01-16", "2026-02-30", WEIR_REFUSAL_TIME, "due '2026-02-30'"},
    {"\"due\":\"2026-01-16\",", "", WEIR_REFUSAL_MISSING_FIELD, "needs"},
    {"40", "0", WEIR_REFUSAL_QUANTITY, "quantity '0'"},
    {"40", "-1", WEIR_REFUSAL_QUANTITY, "quantity '-1'"},
    {"40", "40.0", WEIR_REFUSAL_SYNTAX, "data.quantity must be a whole number"},
    {"40", "1e999", WEIR_REFUSAL_SYNTAX, "column"},
    {"40", "NaN", WEIR_REFUSAL_SYNTAX, "column"},
    {"40", "true", WEIR_REFUSAL_SYNTAX, "data.quantity must be a whole number"},
    {"40", "\"4 0\"", WEIR_REFUSAL_QUANTITY, "quantity '4 0'"},
    {"\"Air\"", "7", WEIR_REFUSAL_SYNTAX, "data.class must be a text"},
    {"\"Air\"", "\"_all\"", WEIR_REFUSAL_TEXT, "reserved"},
    {"\"class\"", "\"colour\"", WEIR_REFUSAL_FOREIGN_FIELD, "no member 'colour'"},
    {"\"class\"", "\"due\"", WEIR_REFUSAL_SYNTAX, "duplicate"},
    {"\"rev\":\"3\"", "\"rev\":-3", WEIR_REFUSAL_REVISION, "rev '-3'"},
    {"}}", "}} ,", WEIR_REFUSAL_SYNTAX, "column"},
    {"}}", "}", WEIR_REFUSAL_SYNTAX, "column"},
};

static void every_bent_event_is_refused_with_its_reason(void **state)
{
    struct weir_scope *scope = *state;
    for (size_t i = 0; i < sizeof(bends) / sizeof(bends[0]); i++) {
        struct weir_cloudevent event = parse(scope, bent(scope, bends[i].piece, bends[i].by));
        if (event.refusal != bends[i].refusal || strstr(event.detail, bends[i].detail) == NULL)
            fail_msg("%s -> %s: %s: %s", bends[i].piece, bends[i].by,
                     weir_refusal_name(event.refusal), event.detail);
    }
}

static void what_is_no_object_is_refused(void **state)
{
    static const char *const texts[] = {"", " ", "null", "[]", "7", "\"x\"", "{", "\xff", "{}x"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(parse(*state, texts[i]).refusal, WEIR_REFUSAL_SYNTAX);
    assert_int_equal(parse(*state, "{}").refusal, WEIR_REFUSAL_MISSING_FIELD);
}

static void a_nul_byte_never_cuts_a_text_short(void **state)
{
    struct weir_scope *scope = *state;
    char bytes[sizeof(whole)];
    memcpy(bytes, whole, sizeof(whole));
    *strstr(bytes, "p-1") = '\0';
    struct weir_cloudevent event;
    const struct weir_slice json = {(const uint8_t *)bytes, sizeof(whole) - 1};
    assert_int_equal(weir_cloudevent_parse(scope, json, RECEIVED_MS, &event), WEIR_OK);
    assert_int_equal(event.refusal, WEIR_REFUSAL_SYNTAX);
    assert_int_equal(parse(scope, bent(scope, "p-1", "p\\u0000")).refusal, WEIR_REFUSAL_SYNTAX);
}

static void null_members_are_absent(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_cloudevent event = parse(scope, bent(scope, "40", "null"));
    assert_int_equal(event.refusal, WEIR_REFUSAL_NONE);
    assert_int_equal(event.event.quantity, 0);
}

static void an_event_beyond_the_limit_is_not_parsed(void **state)
{
    struct weir_scope *scope = *state;
    uint8_t *bytes = weir_take(scope, WEIR_CLOUDEVENT_BYTES_MAX + 1, 1);
    struct weir_cloudevent event;
    assert_non_null(bytes);
    const struct weir_slice json = {bytes, WEIR_CLOUDEVENT_BYTES_MAX + 1};
    assert_int_equal(weir_cloudevent_parse(scope, json, RECEIVED_MS, &event), WEIR_OK);
    assert_int_equal(event.refusal, WEIR_REFUSAL_TOO_LONG);
}

static void a_batch_takes_each_event_by_itself(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_cloudevents events;
    const char *json = weir_take_printf(scope, "[%s, %s, 7]", whole, bent(scope, "40", "-4"));
    assert_int_equal(
        weir_cloudevents_parse_batch(scope, weir_slice_text(json), RECEIVED_MS, 3, &events),
        WEIR_OK);
    assert_int_equal(events.count, 3);
    expect_whole(&events.items[0]);
    assert_int_equal(events.items[1].refusal, WEIR_REFUSAL_QUANTITY);
    assert_int_equal(events.items[2].refusal, WEIR_REFUSAL_SYNTAX);
    assert_true(weir_slice_equals_text(events.items[2].raw, "7"));
    struct weir_cloudevent again;
    assert_int_equal(weir_cloudevent_parse(scope, events.items[0].raw, RECEIVED_MS, &again),
                     WEIR_OK);
    expect_whole(&again);
}

static void a_batch_that_is_none_is_refused_as_a_whole(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_cloudevents events;
    static const struct {
        const char *json;
        enum weir_err err;
    } batches[] = {{"{}", WEIR_E_PARSE}, {"[", WEIR_E_PARSE}, {"[1,2]", WEIR_E_LIMIT}};
    for (size_t i = 0; i < sizeof(batches) / sizeof(batches[0]); i++) {
        assert_int_equal(weir_cloudevents_parse_batch(scope, weir_slice_text(batches[i].json),
                                                      RECEIVED_MS, 1, &events),
                         batches[i].err);
        weir_scope_recover(scope);
    }
    assert_int_equal(
        weir_cloudevents_parse_batch(scope, weir_slice_text("[]"), RECEIVED_MS, 1, &events),
        WEIR_OK);
    assert_int_equal(events.count, 0);
}

#define HEADER_COUNT 9
static const char body[] =
    "{\"due\":\"2026-01-16\",\"quantity\":40,\"order\":\"o\xc3\xa9\",\"class\":\"Air\",\"rev\":3}";
static const char *const good_headers[HEADER_COUNT][2] = {
    {"Host", "127.0.0.1"},
    {"Content-Type", "application/json; charset=utf-8"},
    {"ce-specversion", "1.0"},
    {"CE-ID", "p%2D1"},
    {"Ce-Source", "erp"},
    {"ce-type", "job.promised"},
    {"ce-subject", "job-1"},
    {"ce-time", "2026-01-05T09:30:00Z"},
    {"ce-extension", "anything%20at all"},
};

/* The good request, with one header's value replaced. */
static struct weir_cloudevent
binary(struct weir_scope *scope, size_t place, const char *value, const char *data)
{
    struct weir_cloudevent_header headers[HEADER_COUNT];
    struct weir_cloudevent event;
    for (size_t i = 0; i < HEADER_COUNT; i++) {
        headers[i].name = weir_slice_text(good_headers[i][0]);
        headers[i].value = weir_slice_text(i == place ? value : good_headers[i][1]);
    }
    const struct weir_cloudevent_request request = {headers, HEADER_COUNT, weir_slice_text(data)};
    assert_int_equal(weir_cloudevent_binary(scope, &request, RECEIVED_MS, &event), WEIR_OK);
    return event;
}

static void headers_give_the_same_event(void **state)
{
    struct weir_cloudevent event = binary(*state, HEADER_COUNT, NULL, body);
    expect_whole(&event);
}

static void bent_headers_are_refused(void **state)
{
    static const struct {
        size_t place;
        const char *value;
        enum weir_refusal refusal;
    } cases[] = {
        {1, "text/plain", WEIR_REFUSAL_SYNTAX}, {1, "application/jsonx", WEIR_REFUSAL_SYNTAX},
        {2, "1", WEIR_REFUSAL_SYNTAX},          {3, "p%2", WEIR_REFUSAL_SYNTAX},
        {3, "p%zz", WEIR_REFUSAL_SYNTAX},       {3, "p%00", WEIR_REFUSAL_TEXT},
        {3, "", WEIR_REFUSAL_MISSING_FIELD},    {5, "job.none", WEIR_REFUSAL_TYPE},
        {7, "2026-01-05", WEIR_REFUSAL_NONE},   {7, "yesterday", WEIR_REFUSAL_TIME},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct weir_cloudevent event = binary(*state, cases[i].place, cases[i].value, body);
        if (event.refusal != cases[i].refusal)
            fail_msg("%s: %s", cases[i].value, event.detail);
    }
    assert_int_equal(binary(*state, HEADER_COUNT, NULL, "{").refusal, WEIR_REFUSAL_SYNTAX);
    assert_int_equal(binary(*state, HEADER_COUNT, NULL, "[]").refusal, WEIR_REFUSAL_SYNTAX);
    assert_int_equal(binary(*state, HEADER_COUNT, NULL, "").refusal, WEIR_REFUSAL_MISSING_FIELD);
}

static void too_many_headers_and_repeated_ones_are_refused(void **state)
{
    struct weir_cloudevent_header headers[WEIR_CLOUDEVENT_HEADERS_MAX + 1];
    struct weir_cloudevent event;
    for (size_t i = 0; i <= WEIR_CLOUDEVENT_HEADERS_MAX; i++)
        headers[i] =
            (struct weir_cloudevent_header){weir_slice_text("ce-id"), weir_slice_text("x")};
    struct weir_cloudevent_request request = {headers, WEIR_CLOUDEVENT_HEADERS_MAX + 1, {0}};
    assert_int_equal(weir_cloudevent_binary(*state, &request, RECEIVED_MS, &event), WEIR_OK);
    assert_int_equal(event.refusal, WEIR_REFUSAL_TOO_LONG);
    request.header_count = 2;
    assert_int_equal(weir_cloudevent_binary(*state, &request, RECEIVED_MS, &event), WEIR_OK);
    assert_int_equal(event.refusal, WEIR_REFUSAL_SYNTAX);
}

static void a_source_sends_its_own_events_of_permitted_types_only(void **state)
{
    struct weir_scope *scope = *state;
    const char *types[] = {"job.promised", "job.delivered"};
    struct weir_config_source source = {.name = "erp", .event_types = {types, 2}};
    struct weir_cloudevent event = parse(scope, whole);
    assert_null(weir_source_denial(&source, &event.event));
    source.event_types.items++;
    source.event_types.count--;
    assert_non_null(strstr(weir_source_denial(&source, &event.event), "type"));
    source.name = "crm";
    assert_non_null(strstr(weir_source_denial(&source, &event.event), "source"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_event_is_read),
        cmocka_unit_test(every_bent_event_is_refused_with_its_reason),
        cmocka_unit_test(what_is_no_object_is_refused),
        cmocka_unit_test(a_nul_byte_never_cuts_a_text_short),
        cmocka_unit_test(null_members_are_absent),
        cmocka_unit_test(an_event_beyond_the_limit_is_not_parsed),
        cmocka_unit_test(a_batch_takes_each_event_by_itself),
        cmocka_unit_test(a_batch_that_is_none_is_refused_as_a_whole),
        cmocka_unit_test(headers_give_the_same_event),
        cmocka_unit_test(bent_headers_are_refused),
        cmocka_unit_test(too_many_headers_and_repeated_ones_are_refused),
        cmocka_unit_test(a_source_sends_its_own_events_of_permitted_types_only),
    };
    return cmocka_run_group_tests_name("cloudevents", tests, setup, teardown);
}
