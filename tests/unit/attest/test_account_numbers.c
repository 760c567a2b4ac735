/* Goal: whatever an opinion says about a window follows from the leaves shown, and no
 * neighbour or notice can be left out or slipped in (protocol sections 4 to 6).
 * Method: each number changed and signed again; logs with gaps, notices and clock steps. */
#include "attest/account.h"

#include "base/arena.h"
#include "metrics/settlement.h"
#include "tests/unit/attest/with_account.h"

/* Restores the opinion, then shows and signs again. */
static void give_back(struct proof_world *world, size_t place, const struct weir_opinion *good)
{
    world->sections[place].opinion = *good;
    proof_show(world, &world->sections[place]);
    lie(world, place);
}

static void every_number_is_recomputed(void **state)
{
    (void)state;
    struct proof_world world;
    proof_make(&world, proof_defaults());
    for (size_t place = 0; place < 2; place++) { /* open and sealed */
        struct weir_opinion *opinion = &world.sections[place].opinion;
        struct weir_opinion good = *opinion;
        opinion->num--;
        lie(&world, place);
        expect(&world, WEIR_E_RECOMPUTE, "the opinion's numbers differ");
        *opinion = good;
        opinion->den++;
        lie(&world, place);
        expect(&world, WEIR_E_RECOMPUTE, "the opinion's numbers differ");
        *opinion = good;
        opinion->inputs.bytes[0] ^= 1;
        lie(&world, place);
        expect(&world, WEIR_E_RECOMPUTE, "the opinion's down time differ");
        *opinion = good;
        opinion->tier = 1;
        lie(&world, place);
        expect(&world, WEIR_E_RECOMPUTE, "the opinion's tier differ");
        *opinion = good;
        opinion->tier = 3;
        lie(&world, place);
        expect(&world, WEIR_E_RECOMPUTE, "the opinion's tier differ");
        *opinion = good;
        lie(&world, place);
        expect(&world, WEIR_OK, "");
    }
    proof_free(&world);
}

static void both_neighbours_of_the_window_are_shown(void **state)
{
    (void)state;
    struct proof_world world;
    proof_make(&world, proof_defaults());
    for (size_t place = 0; place < 2; place++) {
        struct weir_proof_section *section = &world.sections[place];
        struct weir_opinion good = section->opinion;
        section->opinion.first_leaf++;
        proof_show(&world, section);
        lie(&world, place);
        expect(&world, WEIR_E_COMPLETENESS, "the neighbour before the window is not shown");
        give_back(&world, place, &good);
        section->opinion.end_leaf--;
        proof_show(&world, section);
        lie(&world, place);
        expect(&world, WEIR_E_COMPLETENESS, "the neighbour after the window is not shown");
        /* calling it early does not help: then the run must reach the end of the tree */
        section->opinion.phase = WEIR_PHASE_EARLY;
        lie(&world, place);
        expect(&world, WEIR_E_COMPLETENESS, "to the end of the tree");
        give_back(&world, place, &good);
        section->opinion.phase = WEIR_PHASE_EARLY; /* though all is sealed */
        section->opinion.end_leaf = section->opinion.tree_size;
        proof_show(&world, section);
        lie(&world, place);
        expect(&world, WEIR_E_RECOMPUTE, "the opinion's phase differ");
        give_back(&world, place, &good);
        expect(&world, WEIR_OK, "");
    }
    proof_free(&world);
}

static void more_leaves_than_needed_do_no_harm(void **state)
{
    (void)state;
    struct proof_world world;
    proof_make(&world, proof_defaults());
    struct weir_proof_section *section = &world.sections[1];
    section->opinion.first_leaf = 0;
    section->opinion.end_leaf = section->opinion.tree_size;
    proof_show(&world, section);
    lie(&world, 1);
    expect(&world, WEIR_OK, "");
    assert_true(account.opinions[1].ticks_up == 5 && account.opinions[1].ticks_down == 5);
    proof_free(&world);
}

/* A log that began within the window has no neighbour before it; that time is unknown, thus up. */
static void a_log_may_begin_within_the_window(void **state)
{
    (void)state;
    struct proof_world world;
    proof_begin(&world, proof_defaults(), WORLD_BYTES);
    for (unsigned w = 0; w < 3; w++)
        witness_log_ticks(&world.scope, &world.witnesses[w],
                          (struct weir_interval){PROOF_START_MS + 2000, PROOF_START_MS + 12000},
                          1000, (struct weir_interval){0, PROOF_START_MS + 9000});
    proof_make_sections(&world, 1);
    proof_report(&world, 2, 3);
    expect(&world, WEIR_OK, "");
    assert_true(account.opinions[0].num == 3000);
    proof_free(&world);
}

static void leaves_without_any_tick_show_nothing(void **state)
{
    (void)state;
    struct proof_world world;
    proof_begin(&world, proof_defaults(), WORLD_BYTES);
    proof_log_outages(&world);
    proof_make_sections(&world, 1);
    proof_report(&world, 2, 3);
    struct weir_proof_section *section = &world.sections[1];
    section->opinion.first_leaf = 0;
    section->opinion.end_leaf = 1; /* the definition alone */
    section->opinion.phase = WEIR_PHASE_EARLY;
    proof_show(&world, section);
    lie(&world, 1);
    expect(&world, WEIR_E_COMPLETENESS, "there is no tick among the leaves");
    proof_free(&world);
}

static void an_early_opinion_counts_what_is_sealed(void **state)
{
    (void)state;
    for (int is_early = 0; is_early < 2; is_early++) {
        struct proof_options options = proof_defaults();
        struct proof_world world;
        options.is_early = is_early != 0;
        proof_begin(&world, options, WORLD_BYTES);
        for (unsigned w = 0; w < 3; w++)
            witness_log_ticks(&world.scope, &world.witnesses[w],
                              (struct weir_interval){PROOF_START_MS - 1000, PROOF_START_MS + 7000},
                              1000, (struct weir_interval){PROOF_START_MS, PROOF_START_MS + 9000});
        proof_make_sections(&world, 1);
        assert_int_equal(world.sections[0].opinion.phase, WEIR_PHASE_EARLY);
        proof_report(&world, 2, 3);
        expect(&world, WEIR_OK, "");
        /* the newest tick says nothing yet: six seconds, not seven */
        assert_true(account.windows[0].quorum_down_ms == 6000 && account.opinions[1].num == 4000);
        world.sections[1].opinion.phase = WEIR_PHASE_FINAL;
        lie(&world, 1);
        expect(&world, WEIR_E_COMPLETENESS, "the neighbour after the window is not shown");
        proof_free(&world);
    }
}

static void time_without_ticks_counts_as_up(void **state)
{
    (void)state;
    struct proof_world world;
    proof_begin(&world, proof_defaults(), WORLD_BYTES);
    for (unsigned w = 0; w < 3; w++) {
        struct proof_witness *witness = &world.witnesses[w];
        const int64_t at_ms[] = {-1000, 1000, 8000, 11000};
        for (size_t i = 0; i < 4; i++)
            witness_log_tick(&world.scope, witness,
                             weir_tick_make(PROOF_START_MS + at_ms[i],
                                            i == 1 ? WEIR_REASON_TIMEOUT : WEIR_REASON_OK, 0, 1));
    }
    proof_make_sections(&world, 1);
    proof_report(&world, 1, 3);
    expect(&world, WEIR_OK, "");
    assert_true(account.opinions[0].num == 10000 - 2200); /* held for hold_ms, then unknown */
    proof_free(&world);
}

/* What a clock step says beyond "unknown" stands in its payload, which sealed leaves do not show.
 */
static void a_clock_step_is_judged_alike_in_open_and_sealed_leaves(void **state)
{
    (void)state;
    for (int reason = WEIR_REASON_CLOCK_FORWARD; reason <= WEIR_REASON_CLOCK_BACK; reason++) {
        struct proof_world world;
        proof_begin(&world, proof_defaults(), WORLD_BYTES);
        for (unsigned w = 0; w < 3; w++) {
            struct proof_witness *witness = &world.witnesses[w];
            for (int64_t second = -1; second <= 11; second++) {
                bool is_down = second >= 2 && second < 8;
                enum weir_reason why = is_down ? WEIR_REASON_DNS : WEIR_REASON_OK;
                if (second == 5)
                    why = (enum weir_reason)reason;
                witness_log_tick(
                    &world.scope, witness,
                    weir_tick_make(PROOF_START_MS + 1000 * second, why, 0, second == 5 ? 600 : 3));
            }
        }
        proof_make_sections(&world, 1);
        proof_report(&world, 1, 3);
        expect(&world, WEIR_OK, "");
        assert_true(account.opinions[0].num == account.opinions[1].num);
        assert_int_equal(account.opinions[0].ticks_unknown, 1);
        proof_free(&world);
    }
}

/* Logs the notice at every witness of `who`, then the outages. */
static void begin_with_notice(struct proof_world *world,
                              const struct weir_notice *notice,
                              int64_t logged_ms,
                              unsigned who)
{
    for (unsigned w = 0; w < 3; w++)
        if ((who & (1U << w)) != 0)
            proof_log_notice(world, w, notice, logged_ms);
    proof_log_outages(world);
    proof_make_sections(world, 1);
    proof_report(world, 1, 3);
}

static struct proof_options with_maintenance(void)
{
    struct proof_options options = proof_defaults();
    options.notice_ms = 5000;
    options.allowance_ms = 3000;
    return options;
}

static void maintenance_declared_in_time_is_taken_out_up_to_the_allowance(void **state)
{
    (void)state;
    struct proof_world world;
    uint64_t start_ms = (uint64_t)PROOF_START_MS;
    proof_begin(&world, with_maintenance(), WORLD_BYTES);
    struct weir_notice notice = proof_notice(&world, start_ms + 3000, start_ms + 8000, 1);
    begin_with_notice(&world, &notice, PROOF_START_MS - 3000, ALL_THREE);
    expect(&world, WEIR_OK, "");
    assert_true(account.opinions[0].den == 7000 && account.opinions[0].num == 5000);
    assert_true(account.windows[0].den_max == 7000);
    assert_int_equal(account.windows[0].tier, 1);
    assert_int_equal(world.sections[1].notice_count, 1);
    /* left out, the numbers do not fit any more */
    size_t count = world.sections[1].notice_count;
    world.sections[1].notice_count = 0;
    expect(&world, WEIR_E_RECOMPUTE, "window 0, witness 1: the opinion's numbers differ");
    world.sections[1].notice_count = count;
    /* altered, it is not the one in the log */
    struct weir_proof_notice *shown = weir_take(&world.scope, 2, sizeof(*shown));
    shown[0] = world.sections[1].notices[0];
    world.sections[1].notices = shown;
    shown[0].tick_ms--;
    expect(&world, WEIR_E_INCLUSION, "maintenance notice 1");
    shown[0].tick_ms++;
    shown[0].salt.bytes[1] ^= 1;
    expect(&world, WEIR_E_INCLUSION, "maintenance notice 1");
    shown[0].salt.bytes[1] ^= 1;
    shown[0].index++;
    expect(&world, WEIR_E_INCLUSION, "maintenance notice 1");
    shown[0].index--;
    /* shown twice, it stands in no order */
    shown[1] = shown[0];
    world.sections[1].notice_count = 2;
    expect(&world, WEIR_E_PARSE, "rising index");
    proof_free(&world);
}

static void a_witness_without_the_notice_keeps_the_larger_denominator(void **state)
{
    (void)state;
    struct proof_world world;
    uint64_t start_ms = (uint64_t)PROOF_START_MS;
    proof_begin(&world, with_maintenance(), WORLD_BYTES);
    struct weir_notice notice = proof_notice(&world, start_ms, start_ms + 3000, 1);
    begin_with_notice(&world, &notice, PROOF_START_MS - 6000, 3);
    expect(&world, WEIR_OK, "");
    assert_true(account.opinions[0].den == 7000 && account.opinions[2].den == 10000);
    assert_true(account.windows[0].den_max == 10000);
    proof_free(&world);
}

static void a_late_notice_changes_nothing(void **state)
{
    (void)state;
    struct proof_world world;
    uint64_t start_ms = (uint64_t)PROOF_START_MS;
    proof_begin(&world, with_maintenance(), WORLD_BYTES);
    struct weir_notice notice = proof_notice(&world, start_ms + 3000, start_ms + 8000, 1);
    begin_with_notice(&world, &notice, PROOF_START_MS - 2000, ALL_THREE);
    expect(&world, WEIR_OK, "");
    assert_true(account.opinions[1].den == 10000);
    assert_int_equal(account.windows[0].tier, 2);
    proof_free(&world);
}

static void a_notice_cannot_be_dated_back(void **state)
{
    (void)state;
    struct proof_world world;
    uint64_t start_ms = (uint64_t)PROOF_START_MS;
    proof_begin(&world, with_maintenance(), WORLD_BYTES);
    struct weir_notice notice = proof_notice(&world, start_ms + 3000, start_ms + 8000, 1);
    proof_log_outages(&world);
    proof_log_notice(&world, 1, &notice, PROOF_START_MS - 6000); /* after the fact */
    proof_make_sections(&world, 1);
    proof_report(&world, 1, 3);
    expect(&world, WEIR_E_COMPLETENESS, "dated before a tick that was logged earlier");
    proof_free(&world);
}

static void a_notice_is_the_providers_and_of_this_agreement(void **state)
{
    (void)state;
    struct proof_world world;
    uint64_t start_ms = (uint64_t)PROOF_START_MS;
    proof_begin(&world, with_maintenance(), WORLD_BYTES);
    struct weir_notice notice = proof_notice(&world, start_ms + 3000, start_ms + 8000, 1);
    notice.maintenance.to_ms++; /* what was signed ended earlier */
    begin_with_notice(&world, &notice, PROOF_START_MS - 6000, 2);
    expect(&world, WEIR_E_SIGNATURE, "the provider's maintenance notice");
    proof_free(&world);
    proof_begin(&world, with_maintenance(), WORLD_BYTES);
    world.proof.terms.nonce++;
    notice = proof_notice(&world, start_ms + 3000, start_ms + 8000, 1);
    world.proof.terms.nonce--;
    begin_with_notice(&world, &notice, PROOF_START_MS - 6000, 2);
    expect(&world, WEIR_E_EVIDENCE, "of another agreement");
    proof_free(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_is_recomputed),
        cmocka_unit_test(both_neighbours_of_the_window_are_shown),
        cmocka_unit_test(more_leaves_than_needed_do_no_harm),
        cmocka_unit_test(a_log_may_begin_within_the_window),
        cmocka_unit_test(leaves_without_any_tick_show_nothing),
        cmocka_unit_test(an_early_opinion_counts_what_is_sealed),
        cmocka_unit_test(time_without_ticks_counts_as_up),
        cmocka_unit_test(a_clock_step_is_judged_alike_in_open_and_sealed_leaves),
        cmocka_unit_test(maintenance_declared_in_time_is_taken_out_up_to_the_allowance),
        cmocka_unit_test(a_witness_without_the_notice_keeps_the_larger_denominator),
        cmocka_unit_test(a_late_notice_changes_nothing),
        cmocka_unit_test(a_notice_cannot_be_dated_back),
        cmocka_unit_test(a_notice_is_the_providers_and_of_this_agreement),
    };
    return cmocka_run_group_tests_name("account_numbers", tests, NULL, NULL);
}
