/* Goal: an event has one text and one identity, and impossible events are put aside with a reason.
 * Method: print and parse of every type, every bit changed; a table of refusals; revisions and ties
 * in every order. */
#include "metrics/event.h"

#include <string.h>

#include "metrics/calendar.h"
#include "metrics/gauge.h"
#include "tests/unit/metrics/with_scope.h"

#define S(text) weir_slice_text(text)
#define NOW_MS INT64_C(1767607200000)

static struct weir_event sample(enum weir_event_type type)
{
    struct weir_event event = {.type = type,
                               .source = S("erp"),
                               .id = S("plan-7056"),
                               .rev = 3,
                               .subject = S("7056"),
                               .occurred_ms = NOW_MS};
    switch (type) {
    case WEIR_EVENT_JOB_PROMISED:
        event.order = S("SCMS-4");
        event.class_name = S("N/A");
        event.due = weir_due_of_day(20460, 0, 0);
        event.quantity = 400;
        break;
    case WEIR_EVENT_JOB_REPLANNED:
        event.by = WEIR_PARTY_US;
        event.due = weir_due_of_instant(NOW_MS + 5);
        break;
    case WEIR_EVENT_JOB_DELIVERED:
    case WEIR_EVENT_JOB_RETURNED:
        event.quantity = 1;
        break;
    case WEIR_EVENT_JOB_CANCELLED:
        event.by = WEIR_PARTY_CUSTOMER;
        break;
    case WEIR_EVENT_JOB_STARTED:
        event.class_name = S("Côte d'Ivoire");
        break;
    case WEIR_EVENT_PROBE_RESULT:
        event.state = WEIR_STATE_DOWN;
        event.reason = WEIR_REASON_STATUS;
        event.http_status = 503;
        event.latency_ms = 887;
        break;
    case WEIR_EVENT_MAINTENANCE_DECLARED:
        event.planned = (struct weir_interval){NOW_MS + 10, NOW_MS + 20};
        break;
    }
    return event;
}

static struct weir_slice printed(struct weir_scope *scope, const struct weir_event *event)
{
    struct weir_buffer buffer = {0};
    with_scope_expect(scope, weir_event_print(scope, event, &buffer));
    return weir_buffer_slice(&buffer);
}

static void the_text_of_a_promise_is_this(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_event event = sample(WEIR_EVENT_JOB_PROMISED);
    static const char text[] = "class N/A\n"
                               "due_end_ms 1767830400000\n"
                               "due_start_ms 1767744000000\n"
                               "format weir-event-1\n"
                               "id plan-7056\n"
                               "occurred_ms 1767607200000\n"
                               "order SCMS-4\n"
                               "quantity 400\n"
                               "rev 3\n"
                               "source erp\n"
                               "subject 7056\n"
                               "type job.promised\n";
    assert_true(weir_slice_equals_text(printed(scope, &event), text));
}

static void every_type_reads_back(void **state)
{
    struct weir_scope *scope = *state;
    for (unsigned type = 1; type <= 8; type++) {
        struct weir_event event = sample((enum weir_event_type)type);
        assert_int_equal(weir_event_check(&event, NOW_MS), WEIR_REFUSAL_NONE);
        struct weir_slice text = printed(scope, &event);
        struct weir_event parsed;
        struct weir_event read;
        with_scope_expect(scope, weir_event_parse(scope, text, &parsed));
        with_scope_expect(scope, weir_event_read(scope, text, &read));
        assert_true(weir_slice_equal(printed(scope, &read), text));
        assert_true(weir_slice_equal(printed(scope, &parsed), text));
        assert_int_equal(parsed.type, type);
        assert_int_equal(parsed.by, event.by);
        assert_int_equal(parsed.reason, event.reason);
        assert_int_equal(parsed.state, event.state);
        assert_true(parsed.planned.end_ms == event.planned.end_ms);
        const char *name = weir_event_type_name(parsed.type);
        assert_int_equal(weir_event_type_find(S(name)), type);
    }
    assert_null(weir_event_type_name((enum weir_event_type)0));
    assert_int_equal(weir_event_type_find(S("job.planned")), 0);
}

static void no_changed_byte_is_read_as_the_same_event(void **state)
{
    struct weir_scope *scope = *state;
    for (unsigned type = 1; type <= 8; type++) {
        struct weir_event event = sample((enum weir_event_type)type);
        struct weir_slice text = printed(scope, &event);
        uint8_t bytes[1024];
        memcpy(bytes, text.data, text.length);
        for (size_t bit = 0; bit < 8 * text.length; bit++) {
            struct weir_event parsed;
            struct weir_slice changed = {bytes, text.length};
            bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
            if (weir_event_parse(scope, changed, &parsed) == WEIR_OK)
                assert_true(weir_slice_equal(printed(scope, &parsed), changed));
            weir_scope_recover(scope);
            bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
        for (size_t length = 0; length < text.length; length++) {
            struct weir_event parsed;
            struct weir_slice cut = {bytes, length};
            assert_int_not_equal(weir_event_parse(scope, cut, &parsed), WEIR_OK);
            weir_scope_recover(scope);
        }
        weir_arena_clear(scope->arena);
    }
}

static void texts_that_are_not_canonical_are_refused(void **state)
{
    struct weir_scope *scope = *state;
#define REST "format weir-event-1\nid a\noccurred_ms 0\nrev 0\nsource s\nsubject j\n"
    static const char *const texts[] = {
        "",
        REST,
        REST "type job.planned\n",
        "by us\n" REST "type job.started\n",
        "class a\nclass a\n" REST "type job.started\n",
        "class \n" REST "type job.started\n",
        "class a \n" REST "type job.started\n",
        "class a\tb\n" REST "type job.started\n",
        "class a\xff\n" REST "type job.started\n",
        "class _all\n" REST "type job.started\n",
        REST "type job.started\nzone UTC\n",
        REST "type job.started",
        "format weir-event-1\nid a\noccurred_ms 00\nrev 0\nsource s\nsubject j\ntype job.started\n",
        "format weir-event-1\nid a\noccurred_ms 1e9\nrev 0\nsource s\nsubject j\ntype "
        "job.started\n",
        "id a\nformat weir-event-1\noccurred_ms 0\nrev 0\nsource s\nsubject j\ntype job.started\n",
        "id a\noccurred_ms 0\nrev 0\nsource s\nsubject j\ntype job.started\n",
        "format weir-event-1\nid a\noccurred_ms 0\nsource s\nsubject j\ntype job.started\n",
        "format weir-event-1\nid a\noccurred_ms 0\nquantity 0\nrev 0\nsource s\nsubject j\n"
        "type job.delivered\n",
    };
    struct weir_event event;
    with_scope_expect(scope, weir_event_parse(scope, S(REST "type job.started\n"), &event));
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (weir_event_parse(scope, S(texts[i]), &event) == WEIR_OK)
            fail_msg("accepted: %s", texts[i]);
        weir_scope_recover(scope);
    }
}

struct change {
    enum weir_event_type type;
    enum weir_refusal wanted;
    void (*change)(struct weir_event *event);
};

static void no_source(struct weir_event *event)
{
    event->source.length = 0;
}
static void no_due(struct weir_event *event)
{
    event->due = (struct weir_interval){0, 0};
}
static void no_by(struct weir_event *event)
{
    event->by = WEIR_PARTY_NONE;
}
static void no_state(struct weir_event *event)
{
    event->state = 0;
}
static void other_state(struct weir_event *event)
{
    event->state = WEIR_STATE_UP;
}
static void with_due(struct weir_event *event)
{
    event->due = weir_due_of_day(1, 0, 0);
}
static void with_latency(struct weir_event *event)
{
    event->latency_ms = 1;
}
static void due_before_itself(struct weir_event *event)
{
    event->due = (struct weir_interval){100, 50};
}
static void planned_backwards(struct weir_event *event)
{
    event->planned = (struct weir_interval){100, 50};
}
static void in_the_future(struct weir_event *event)
{
    event->occurred_ms = NOW_MS + WEIR_EVENT_SKEW_MS + 1;
}
static void beyond_all_years(struct weir_event *event)
{
    event->occurred_ms = WEIR_TIME_END_MS;
}
static void too_much(struct weir_event *event)
{
    event->quantity = WEIR_QUANTITY_MAX + 1;
}
static void revision_too_high(struct weir_event *event)
{
    event->rev = WEIR_REVISION_MAX + 1;
}
static void reserved_class(struct weir_event *event)
{
    event->class_name = S("_all");
}
static void line_in_the_id(struct weir_event *event)
{
    event->id = S("a\nb");
}
static void unknown_type(struct weir_event *event)
{
    event->type = (enum weir_event_type)99;
}

static void impossible_events_are_put_aside_with_the_reason(void **state)
{
    (void)state;
    static const struct change rows[] = {
        {WEIR_EVENT_JOB_PROMISED, WEIR_REFUSAL_MISSING_FIELD, no_source},
        {WEIR_EVENT_JOB_PROMISED, WEIR_REFUSAL_MISSING_FIELD, no_due},
        {WEIR_EVENT_JOB_CANCELLED, WEIR_REFUSAL_MISSING_FIELD, no_by},
        {WEIR_EVENT_JOB_REPLANNED, WEIR_REFUSAL_MISSING_FIELD, no_by},
        {WEIR_EVENT_PROBE_RESULT, WEIR_REFUSAL_STATE, no_state},
        {WEIR_EVENT_PROBE_RESULT, WEIR_REFUSAL_STATE, other_state},
        {WEIR_EVENT_JOB_DELIVERED, WEIR_REFUSAL_FOREIGN_FIELD, with_due},
        {WEIR_EVENT_JOB_DELIVERED, WEIR_REFUSAL_FOREIGN_FIELD, with_latency},
        {WEIR_EVENT_JOB_PROMISED, WEIR_REFUSAL_NEGATIVE_DURATION, due_before_itself},
        {WEIR_EVENT_MAINTENANCE_DECLARED, WEIR_REFUSAL_NEGATIVE_DURATION, planned_backwards},
        {WEIR_EVENT_JOB_DELIVERED, WEIR_REFUSAL_FUTURE, in_the_future},
        {WEIR_EVENT_JOB_DELIVERED, WEIR_REFUSAL_TIME, beyond_all_years},
        {WEIR_EVENT_JOB_DELIVERED, WEIR_REFUSAL_QUANTITY, too_much},
        {WEIR_EVENT_JOB_DELIVERED, WEIR_REFUSAL_REVISION, revision_too_high},
        {WEIR_EVENT_JOB_DELIVERED, WEIR_REFUSAL_TEXT, reserved_class},
        {WEIR_EVENT_JOB_DELIVERED, WEIR_REFUSAL_TEXT, line_in_the_id},
        {WEIR_EVENT_JOB_DELIVERED, WEIR_REFUSAL_TYPE, unknown_type},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct weir_event event = sample(rows[i].type);
        assert_int_equal(weir_event_check(&event, NOW_MS), WEIR_REFUSAL_NONE);
        rows[i].change(&event);
        enum weir_refusal refusal = weir_event_check(&event, NOW_MS);
        if (refusal != rows[i].wanted)
            fail_msg("row %zu: %s", i, weir_refusal_name(refusal));
    }
    struct weir_event event = sample(WEIR_EVENT_JOB_DELIVERED);
    event.occurred_ms = NOW_MS + WEIR_EVENT_SKEW_MS; /* just within the skew */
    assert_int_equal(weir_event_check(&event, NOW_MS), WEIR_REFUSAL_NONE);
}

static void the_highest_revision_counts_and_ties_go_to_the_greater_hash(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_event rows[4];
    for (unsigned i = 0; i < 4; i++)
        rows[i] = sample(WEIR_EVENT_JOB_DELIVERED);
    rows[0].quantity = 10;
    rows[1].quantity = 11; /* the same revision, another payload */
    rows[2].rev = 2;
    rows[2].quantity = 12;
    rows[3].id = S("other");
    struct weir_revision revisions[2];
    for (unsigned i = 0; i < 2; i++) {
        revisions[i].rev = rows[i].rev;
        revisions[i].payload_hash = weir_event_payload_hash(printed(scope, &rows[i]));
    }
    unsigned winner = weir_revision_compare(&revisions[0], &revisions[1]) > 0 ? 0 : 1;
    assert_int_equal(weir_revision_compare(&revisions[0], &revisions[0]), 0);
    for (unsigned order = 0; order < 256; order++) {
        struct weir_event events[8];
        size_t count = 0;
        /* each arrives twice, in an order made of the number's digits */
        for (unsigned i = 0; i < 4; i++) {
            events[count++] = rows[(order >> (2 * i) & 3) ^ i];
            events[count++] = rows[i];
        }
        with_scope_expect(scope, weir_event_keep_current(scope, events, &count));
        assert_int_equal(count, 2);
        assert_true(weir_slice_equals_text(events[0].id, "other"));
        assert_int_equal(events[1].quantity, rows[winner].quantity);
    }
}

static void the_digest_of_an_event_is_that_of_the_protocol(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_event event = sample(WEIR_EVENT_JOB_DELIVERED);
    struct weir_hash payload = weir_event_payload_hash(printed(scope, &event));
    uint8_t bytes[4 + 3 + 4 + 9 + 8 + 32] = "\0\0\0\3erp\0\0\0\x09plan-7056\0\0\0\0\0\0\0\3";
    memcpy(bytes + 28, payload.bytes, 32);
    struct weir_hash wanted = weir_sha256_of(bytes, sizeof(bytes));
    struct weir_hash got = weir_event_digest(&event, &payload);
    assert_true(weir_hash_equal(&got, &wanted));
}

static void a_bare_due_date_lasts_until_the_end_of_the_day_of_its_zone(void **state)
{
    (void)state;
    struct weir_interval utc = weir_due_of_day(0, 0, 0);
    assert_true(utc.start_ms == 0 && utc.end_ms == WEIR_DAY_MS);
    struct weir_interval seoul = weir_due_of_day(0, 9 * WEIR_HOUR_MS, 9 * WEIR_HOUR_MS);
    assert_true(seoul.start_ms == -9 * WEIR_HOUR_MS && seoul.end_ms == 15 * WEIR_HOUR_MS);
    struct weir_interval spring = weir_due_of_day(0, WEIR_HOUR_MS, 2 * WEIR_HOUR_MS);
    assert_true(spring.end_ms - spring.start_ms == 23 * WEIR_HOUR_MS);
    assert_false(weir_due_is_instant(spring));
    assert_true(weir_due_is_instant(weir_due_of_instant(5)));
}

static void an_event_feeds_the_gauges_it_bears_on(void **state)
{
    (void)state;
    struct weir_gauge otif = {.kind = WEIR_GAUGE_OTIF, .name = "otif"};
    struct weir_gauge site = {.kind = WEIR_GAUGE_AVAILABILITY, .name = "api", .subject = "7056"};
    struct weir_gauge probed = {.kind = WEIR_GAUGE_AVAILABILITY, .name = "7056"};
    struct weir_event promised = sample(WEIR_EVENT_JOB_PROMISED);
    struct weir_event started = sample(WEIR_EVENT_JOB_STARTED);
    struct weir_event probe = sample(WEIR_EVENT_PROBE_RESULT);
    struct weir_event maintenance = sample(WEIR_EVENT_MAINTENANCE_DECLARED);
    assert_true(weir_event_feeds(&promised, &otif));
    assert_false(weir_event_feeds(&started, &otif));
    assert_false(weir_event_feeds(&probe, &otif));
    assert_true(weir_event_feeds(&probe, &site));
    assert_false(weir_event_feeds(&probe, &probed));
    assert_true(weir_event_feeds(&maintenance, &site));
    assert_true(weir_event_feeds(&maintenance, &probed)); /* named after the gauge */
    otif.source = "other";
    site.subject = "elsewhere";
    assert_false(weir_event_feeds(&promised, &otif));
    assert_false(weir_event_feeds(&probe, &site));
    assert_false(weir_event_feeds(&maintenance, &site));
}

static void every_refusal_has_a_name_and_a_sentence(void **state)
{
    (void)state;
    for (unsigned refusal = 0; refusal <= WEIR_REFUSAL_TOO_LONG; refusal++) {
        assert_non_null(weir_refusal_name((enum weir_refusal)refusal));
        assert_non_null(weir_refusal_text((enum weir_refusal)refusal));
    }
    assert_null(weir_refusal_name((enum weir_refusal)99));
    assert_null(weir_refusal_text((enum weir_refusal)99));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scope(the_text_of_a_promise_is_this),
        with_scope(every_type_reads_back),
        with_scope(no_changed_byte_is_read_as_the_same_event),
        with_scope(texts_that_are_not_canonical_are_refused),
        with_scope(impossible_events_are_put_aside_with_the_reason),
        with_scope(the_highest_revision_counts_and_ties_go_to_the_greater_hash),
        with_scope(the_digest_of_an_event_is_that_of_the_protocol),
        with_scope(a_bare_due_date_lasts_until_the_end_of_the_day_of_its_zone),
        with_scope(an_event_feeds_the_gauges_it_bears_on),
        with_scope(every_refusal_has_a_name_and_a_sentence),
    };
    return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
