/* Goal: a verdict over jobs follows from the events shown, which are all that the window was closed
 * with, and a witness that shows none says nothing else (protocol sections 4 to 6).
 * Method: event sets with one event missing, added or altered; opinions and close leaves with each
 * value changed and signed again; sealed liars. */
#include "attest/account.h"

#include "base/arena.h"
#include "metrics/calendar.h"
#include "metrics/otif.h"
#include "tests/unit/attest/with_account.h"

/* Restores the opinion, then shows and signs again. */
static void give_back(struct proof_world *world, size_t place, const struct weir_opinion *good)
{
    world->sections[place].opinion = *good;
    proof_show(world, &world->sections[place]);
    lie(world, place);
}

static struct weir_slice event_text(struct proof_world *world, const struct weir_event *event)
{
    struct weir_buffer text = {.capacity_max = WEIR_EVENT_TEXT_MAX};
    assert_int_equal(weir_event_print(&world->scope, event, &text), WEIR_OK);
    return weir_buffer_slice(&text);
}

static void the_events_shown_are_those_the_window_was_closed_with(void **state)
{
    (void)state;
    struct proof_world world;
    proof_make(&world, proof_event_defaults());
    expect(&world, WEIR_OK, "");
    assert_true(account.opinions[0].num == 2 && account.opinions[0].den == 4);
    assert_int_equal(account.windows[0].tier, 2);
    struct weir_proof_section *section = &world.sections[0];
    struct weir_slice events[9];
    memcpy(events, world.event_texts, sizeof(events));
    section->events = events;
    section->event_count = 7;
    expect(&world, WEIR_E_COMPLETENESS, "not exactly those");
    section->event_count = 8;
    struct weir_slice last = events[7];
    events[7] = events[6];
    events[6] = last;
    expect(&world, WEIR_E_PARSE, "event 8 is not in order");
    events[6] = events[7];
    events[7] = events[6];
    expect(&world, WEIR_E_PARSE, "event 8 is not in order"); /* the same twice */
    events[7] = last;
    /* one more of a job of this window, and one of a job of another day, which changes no number */
    static const char *const jobs[] = {"job-2", "job-9"};
    for (unsigned i = 0; i < 2; i++) {
        const struct weir_event more = {
            .type = WEIR_EVENT_JOB_PROMISED,
            .source = weir_slice_text("erp"),
            .id = weir_slice_text("c-9"),
            .subject = weir_slice_text(jobs[i]),
            .occurred_ms = PROOF_START_MS,
            .due = {PROOF_START_MS + WEIR_DAY_MS, PROOF_START_MS + 2 * WEIR_DAY_MS},
        };
        events[8] = event_text(&world, &more);
        section->event_count = 9;
        expect(&world, WEIR_E_COMPLETENESS, "not exactly those");
    }
    /* as many, but one of them tells something else */
    struct weir_event other;
    assert_int_equal(weir_event_parse(&world.scope, last, &other), WEIR_OK);
    other.occurred_ms++;
    events[7] = event_text(&world, &other);
    section->event_count = 8;
    expect(&world, WEIR_E_COMPLETENESS, "not exactly those");
    events[7] = weir_slice_text("no event");
    expect(&world, WEIR_E_PARSE, "event 8");
    proof_free(&world);
}

static void numbers_of_events_are_recomputed(void **state)
{
    (void)state;
    struct proof_world world;
    proof_make(&world, proof_event_defaults());
    struct weir_opinion good = world.sections[0].opinion;
    world.sections[0].opinion.num = 1;
    lie(&world, 0);
    expect(&world, WEIR_E_RECOMPUTE, "the events say 2/4 at 2");
    world.sections[0].opinion = good;
    world.sections[0].opinion.den = 5;
    lie(&world, 0);
    expect(&world, WEIR_E_RECOMPUTE, "the events say 2/4 at 2");
    world.sections[0].opinion = good;
    world.sections[0].opinion.tier = 1;
    lie(&world, 0);
    expect(&world, WEIR_E_RECOMPUTE, "says 2/4 at tier 1, the events say 2/4 at 2");
    world.sections[0].opinion = good;
    world.sections[0].opinion.inputs.bytes[0] ^= 1;
    lie(&world, 0);
    expect(&world, WEIR_E_EVIDENCE, "the close leaf is of something else");
    world.sections[0].opinion = good;
    lie(&world, 0);
    /* and a sealed opinion says what the open one shows */
    good = world.sections[1].opinion;
    world.sections[1].opinion.num = 1;
    lie(&world, 1);
    expect(&world, WEIR_E_RECOMPUTE, "witnesses 0 and 1 counted different events");
    world.sections[1].opinion = good;
    world.sections[1].opinion.den = 5;
    lie(&world, 1);
    expect(&world, WEIR_E_RECOMPUTE, "witnesses 0 and 1 counted different events");
    world.sections[1].opinion = good;
    world.sections[1].opinion.inputs.bytes[0] ^= 1;
    lie(&world, 1);
    expect(&world, WEIR_E_RECOMPUTE, "witnesses 0 and 1 counted different events");
    proof_free(&world);
}

/* Thin: fewer jobs than the gauge's minimum, so nothing is paid however bad they went. */
static void too_few_jobs_are_never_paid_and_sealed_liars_change_nothing(void **state)
{
    (void)state;
    struct proof_world world;
    struct proof_options options = proof_event_defaults();
    options.open = 4; /* the honest one is the last */
    proof_begin(&world, options, WORLD_BYTES);
    world.gauge.minimum = 5;
    struct weir_buffer text = {.capacity_max = WEIR_GAUGE_TEXT_MAX};
    assert_int_equal(weir_gauge_print(&world.scope, &world.gauge, &text), WEIR_OK);
    world.proof.gauge = weir_buffer_slice(&text);
    world.proof.terms.gauge = weir_sha256_of(text.data, text.length);
    proof_place(&world);
    for (unsigned w = 0; w < 3; w++)
        world.witnesses[w].leaves[0].payload = world.proof.gauge;
    proof_log_jobs(&world);
    proof_make_sections(&world, 1);
    assert_int_equal(world.sections[0].opinion.tier, 0);
    proof_report(&world, 1, 3);
    expect(&world, WEIR_E_NO_BREACH, "0 witnesses measured tier 1");
    for (size_t i = 0; i < 2; i++) { /* m of them lie about the tier alone */
        world.sections[i].opinion.tier = 2;
        lie(&world, i);
    }
    expect(&world, WEIR_E_RECOMPUTE, "witness 0 says tier 2, the events say tier 0");
    proof_free(&world);
}

static void somebody_must_show_the_events(void **state)
{
    (void)state;
    struct proof_world world;
    struct proof_options options = proof_event_defaults();
    options.open = 0;
    proof_make(&world, options);
    expect(&world, WEIR_E_COMPLETENESS, "nobody shows the events");
    proof_free(&world);
}

static void an_event_gauge_is_judged_once_and_late(void **state)
{
    (void)state;
    struct proof_world world;
    proof_make(&world, proof_event_defaults());
    for (size_t place = 0; place < 2; place++) {
        struct weir_opinion good = world.sections[place].opinion;
        world.sections[place].opinion.phase = WEIR_PHASE_EARLY;
        lie(&world, place);
        expect(&world, WEIR_E_COMPLETENESS, "the one leaf that closes the window");
        world.sections[place].opinion = good;
        world.sections[place].opinion.made_at_ms = (uint64_t)PROOF_START_MS + 2 * WEIR_DAY_MS - 1;
        lie(&world, place);
        expect(&world, WEIR_E_COMPLETENESS, "before the last event could come");
        world.sections[place].opinion = good;
        world.sections[place].opinion.first_leaf--; /* an event, then the close */
        proof_show(&world, &world.sections[place]);
        lie(&world, place);
        expect(&world, WEIR_E_COMPLETENESS, "the one leaf that closes the window");
        world.sections[place].opinion.end_leaf--; /* an event alone */
        proof_show(&world, &world.sections[place]);
        lie(&world, place);
        expect(&world, WEIR_E_COMPLETENESS, "the one leaf that closes the window");
        give_back(&world, place, &good);
    }
    expect(&world, WEIR_OK, "");
    proof_free(&world);
}

static void what_bears_on_nothing_is_not_in_the_file(void **state)
{
    (void)state;
    struct proof_world world;
    proof_make(&world, proof_event_defaults());
    struct weir_slice *events = weir_take(&world.scope, 8, sizeof(*events));
    memcpy(events, world.event_texts, 8 * sizeof(*events));
    world.sections[1].events = events;
    world.sections[1].event_count = 8;
    expect(&world, WEIR_E_COMPLETENESS, "events of a sealed section");
    proof_free(&world);
    struct proof_world probes;
    proof_make(&probes, proof_defaults());
    struct weir_slice one = weir_slice_text("x");
    probes.sections[1].events = &one;
    probes.sections[1].event_count = 1;
    expect(&probes, WEIR_E_COMPLETENESS, "a probe gauge has no events");
    proof_free(&probes);
}

static void a_notice_does_not_bear_on_events(void **state)
{
    (void)state;
    struct proof_world world;
    proof_begin(&world, proof_event_defaults(), WORLD_BYTES);
    struct weir_notice notice = proof_notice(&world, 5, 9, 1);
    proof_log_notice(&world, 1, &notice, 3);
    proof_log_jobs(&world);
    proof_make_sections(&world, 1);
    proof_report(&world, 2, 3);
    expect(&world, WEIR_OK, "");
    struct proof_witness *witness = &world.witnesses[1];
    const struct weir_proof_notice shown = {
        .index = 1,
        .tick_ms = 3,
        .payload = witness->leaves[1].payload,
        .salt = witness_salt(&world.scope, witness, 1),
        .inclusion = witness_inclusion(&world.scope, witness, 1, witness->leaf_count),
    };
    world.sections[1].notices = &shown;
    world.sections[1].notice_count = 1;
    expect(&world, WEIR_E_COMPLETENESS, "notices, or events");
    proof_free(&world);
}

/* One digit of the close leaf that every witness logged, changed. */
static void expect_bent_close(const char *key, size_t place, enum weir_err err, const char *part)
{
    struct proof_world world;
    proof_begin(&world, proof_event_defaults(), WORLD_BYTES);
    proof_log_jobs(&world);
    for (unsigned w = 0; w < 3; w++) {
        struct proof_witness *witness = &world.witnesses[w];
        struct witness_leaf *leaf = &witness->leaves[witness->leaf_count - 1];
        char *text = weir_take_text(&world.scope, leaf->payload.data, leaf->payload.length);
        char *found = strstr(text, key);
        assert_non_null(found);
        found += strlen(key) + place;
        *found = *found == '1' ? '2' : '1';
        leaf->payload = weir_slice_text(text);
    }
    proof_make_sections(&world, 1);
    proof_report(&world, 2, 3);
    expect(&world, err, part);
    proof_free(&world);
}

static void a_close_leaf_of_something_else_is_refused(void **state)
{
    (void)state;
    expect_bent_close("\nend_ms ", 12, WEIR_E_EVIDENCE, "the close leaf is of something else");
    expect_bent_close("\nstart_ms ", 12, WEIR_E_EVIDENCE, "the close leaf is of something else");
    expect_bent_close("\ngauge ", 0, WEIR_E_EVIDENCE, "the close leaf is of something else");
    expect_bent_close("count ", 0, WEIR_E_COMPLETENESS, "not exactly those");
}

static void a_close_leaf_stands_at_the_end_of_its_window(void **state)
{
    (void)state;
    struct proof_world world;
    proof_begin(&world, proof_event_defaults(), WORLD_BYTES);
    proof_log_jobs(&world);
    world.witnesses[1].leaves[world.witnesses[1].leaf_count - 1].tick_ms--;
    proof_make_sections(&world, 1);
    proof_report(&world, 2, 3);
    expect(&world, WEIR_E_COMPLETENESS, "the one leaf that closes the window");
    proof_free(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_events_shown_are_those_the_window_was_closed_with),
        cmocka_unit_test(numbers_of_events_are_recomputed),
        cmocka_unit_test(too_few_jobs_are_never_paid_and_sealed_liars_change_nothing),
        cmocka_unit_test(somebody_must_show_the_events),
        cmocka_unit_test(an_event_gauge_is_judged_once_and_late),
        cmocka_unit_test(what_bears_on_nothing_is_not_in_the_file),
        cmocka_unit_test(a_notice_does_not_bear_on_events),
        cmocka_unit_test(a_close_leaf_of_something_else_is_refused),
        cmocka_unit_test(a_close_leaf_stands_at_the_end_of_its_window),
    };
    return cmocka_run_group_tests_name("account_events", tests, NULL, NULL);
}
