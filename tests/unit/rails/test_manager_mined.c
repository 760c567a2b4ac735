/* Goal: the last rows of the table in rails/evm/manager.c hold: mined, reorganised, failed, final,
 * overtaken, and a key that a stranger uses too.
 * Method: as test_manager.c. */
#include "rails/evm/manager.h"

#include <string.h>

#include "tests/unit/rails/with_manager.h"

static void final_needs_height_hash_and_effect(void **state)
{
    struct with_manager *f = with_begin(state);
    with_to_mined(f);
    struct weir_rail_event event = with_final_view(f, 0, true);
    event.view.has_final = false;
    f->now_ms += f->policy.look_ms;
    with_look(f, &event);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_MINED);
    event = with_final_view(f, 0, true);
    event.view.mined_block_hash =
        with_hash(7); /* the receipt names a block that is not the chain's */
    f->now_ms += f->policy.look_ms;
    with_look(f, &event);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_MINED);
    event = with_final_view(f, 0, true);
    event.view.effect_final = WEIR_RAIL_KNOWN_NO;
    f->now_ms += f->policy.look_ms;
    with_look(f, &event);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_MINED);
    assert_int_equal(f->job.alarm, WEIR_RAIL_ALARM_EFFECT_MISSING);
    event = with_final_view(f, 0, true);
    f->now_ms += f->policy.look_ms;
    with_look(f, &event);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_FINAL);
    assert_int_equal(f->job.alarm, WEIR_RAIL_ALARM_NONE);
}

static void after_a_reorganisation_the_same_bytes_go_out_at_once(void **state)
{
    struct with_manager *f = with_begin(state);
    with_to_mined(f);
    struct weir_slice raw = f->job.attempts[0].raw;
    struct weir_rail_event event = with_view(f);
    event.view.head.number = 101;
    event.view.has_mined_block = true;
    event.view.mined_block_hash = with_hash(1101); /* another block at that height */
    f->now_ms += f->policy.look_ms;
    with_look(f, &event);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_SENT);
    assert_false(f->job.is_mined);
    with_restart(f);
    event = with_view(f);
    with_look(f, &event);
    struct weir_rail_action action = with_next(f);
    assert_int_equal(action.kind, WEIR_RAIL_ACTION_SEND);
    assert_true(weir_slice_equal(f->job.attempts[action.attempt].raw, raw));
    assert_int_equal(f->job.attempt_count, 1);
}

static void a_move_into_another_block_is_followed(void **state)
{
    struct with_manager *f = with_begin(state);
    with_to_mined(f);
    struct weir_rail_event event = with_mined_view(f, 0, 103, true);
    f->now_ms += f->policy.look_ms;
    with_look(f, &event);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_MINED);
    assert_int_equal(f->job.mined.block_number, 103);
}

static void a_lagging_node_is_not_a_reorganisation(void **state)
{
    struct with_manager *f = with_begin(state);
    with_to_mined(f);
    struct weir_rail_event event = with_view(f); /* its head is at 100, we are in 101 */
    event.view.nonce_latest = WITH_NONCE;
    f->now_ms += f->policy.look_ms;
    with_look(f, &event);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_MINED);
    event = with_mined_view(f, 0, 101, true);
    event.view.receipts[0].is_found = false; /* the block is there, its receipts are not yet */
    f->now_ms += f->policy.look_ms;
    with_look(f, &event);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_MINED);
}

static void a_failed_transaction_ends_only_in_a_final_block(void **state)
{
    struct with_manager *f = with_begin(state);
    with_to_sent(f);
    f->now_ms += f->policy.look_ms;
    struct weir_rail_event event = with_mined_view(f, 0, 101, false);
    with_look(f, &event);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_MINED);
    event = with_final_view(f, 0, false);
    event.view.effect_final = WEIR_RAIL_KNOWN_YES; /* somebody was first */
    f->now_ms += f->policy.look_ms;
    with_look(f, &event);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_SUPERSEDED);
}

static void a_failed_transaction_is_tried_once_more_and_then_ends(void **state)
{
    struct with_manager *f = with_begin(state);
    for (unsigned round = 0; round < f->policy.revert_max; round++) {
        struct weir_rail_event event = with_view(f);
        event.view.nonce_latest = WITH_NONCE + round;
        with_look(f, &event);
        assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_PREPARED);
        assert_int_equal(f->job.nonce, WITH_NONCE + round);
        with_signed(f);
        with_sent(f, WEIR_RAIL_SENT_ACCEPTED);
        f->now_ms += f->policy.look_ms;
        event = with_mined_view(f, round, 101 + round, false);
        with_look(f, &event);
        f->now_ms += f->policy.look_ms;
        event = with_final_view(f, round, false);
        with_look(f, &event);
        assert_int_equal(f->job.attempts[round].state, WEIR_RAIL_ATTEMPT_DEAD);
    }
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_REVERTED);
    assert_int_equal(f->job.revert_count, 2);
}

/* Our nonce is final and none of our transactions has a receipt. */
static void lose_nonce(struct with_manager *f)
{
    struct weir_rail_event event = with_view(f);
    event.view.nonce_latest = f->job.nonce + 1;
    f->now_ms += f->policy.look_ms;
    for (int i = 0; i < 5; i++) { /* not final: nothing is believed */
        with_look(f, &event);
        assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_SENT);
        f->now_ms += f->policy.look_ms;
    }
    event.view.nonce_final = f->job.nonce + 1;
    with_look(f, &event);
}

static void a_strangers_use_of_our_nonce_reopens_a_payout_and_holds_a_transfer(void **state)
{
    struct with_manager *f = with_begin(state);
    with_to_sent(f);
    lose_nonce(f);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_INTENT);
    assert_int_equal(f->job.alarm, WEIR_RAIL_ALARM_FOREIGN_NONCE);
    struct weir_rail_event event = with_view(f);
    event.view.nonce_latest = WITH_NONCE + 1;
    with_look(f, &event);
    assert_int_equal(f->job.nonce, WITH_NONCE + 1);

    f = with_begin(state);
    f->effect.kind = WEIR_RAIL_EFFECT_RECEIPT;
    with_to_sent(f);
    lose_nonce(f);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_HELD);
    f->now_ms += 10 * f->policy.hold_ms;
    assert_int_equal(with_next(f).kind, WEIR_RAIL_ACTION_WAIT);
    with_restart(f);
    assert_int_equal(with_next(f).kind, WEIR_RAIL_ACTION_WAIT);
    weir_evm_job_resume(&f->job);
    event.view.nonce_latest = WITH_NONCE + 9;
    with_look(f, &event); /* his transactions are not final: they may vanish */
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_INTENT);
    event.view.nonce_final = WITH_NONCE + 9;
    with_look(f, &event);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_PREPARED);
    assert_int_equal(f->job.nonce, WITH_NONCE + 9);
}

static void a_nonce_set_aside_that_a_stranger_uses_is_lost_only_finally(void **state)
{
    static const enum weir_rail_effect_kind kinds[] = {WEIR_RAIL_EFFECT_LEVELS,
                                                       WEIR_RAIL_EFFECT_RECEIPT};
    static const enum weir_rail_stage stages[] = {WEIR_RAIL_STAGE_INTENT, WEIR_RAIL_STAGE_HELD};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct with_manager *f = with_begin(state);
        f->effect.kind = kinds[i];
        with_prepared(f);
        with_restart(f);
        struct weir_rail_event event = with_view(f);
        event.view.nonce_latest = WITH_NONCE + 1;
        with_look(f, &event);
        assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_PREPARED);
        assert_int_equal(f->job.alarm, WEIR_RAIL_ALARM_FOREIGN_NONCE);
        assert_int_equal(with_next(f).kind, WEIR_RAIL_ACTION_WAIT);
        event.view.nonce_final = WITH_NONCE + 1;
        with_look(f, &event);
        assert_int_equal(f->job.stage, stages[i]);
        assert_false(f->job.has_nonce);
    }
}

static void a_gap_below_our_nonces_is_told(void **state)
{
    struct with_manager *f = with_begin(state);
    with_to_sent(f);
    f->now_ms += f->policy.bump_ms;
    struct weir_rail_event event = with_view(f);
    event.view.nonce_latest = WITH_NONCE - 2;
    with_look(f, &event);
    assert_int_equal(f->job.alarm, WEIR_RAIL_ALARM_GAP);
}

static void a_chain_ahead_of_the_journal_holds_a_transfer(void **state)
{
    struct with_manager *f = with_begin(state);
    f->others_next = 2;
    f->effect.kind = WEIR_RAIL_EFFECT_RECEIPT;
    struct weir_rail_event event = with_view(f);
    with_look(f, &event);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_HELD);
    assert_int_equal(f->job.alarm, WEIR_RAIL_ALARM_FOREIGN_NONCE);
    assert_false(f->job.has_nonce);
    f = with_begin(state);
    f->others_next = 2;
    with_prepared(f); /* a payout cannot happen twice */
    assert_int_equal(f->job.alarm, WEIR_RAIL_ALARM_FOREIGN_NONCE);
}

static void a_superseded_transaction_is_replaced_by_an_empty_one(void **state)
{
    struct with_manager *f = with_begin(state);
    with_to_sent(f);
    f->now_ms += f->policy.bump_ms;
    struct weir_rail_event event = with_view(f);
    event.view.effect_latest = WEIR_RAIL_KNOWN_YES;
    event.view.effect_final = WEIR_RAIL_KNOWN_YES;
    with_look(f, &event);
    assert_true(f->job.is_superseded);
    assert_true(f->job.attempts[1].is_clearing);
    assert_int_equal(f->job.attempts[1].nonce, f->job.attempts[0].nonce);
    with_signed(f);
    with_sent(f, WEIR_RAIL_SENT_ACCEPTED);
    f->now_ms += f->policy.look_ms;
    event = with_mined_view(f, 1, 101, true);
    with_look(f, &event);
    event = with_final_view(f, 1, true);
    f->now_ms += f->policy.look_ms;
    with_look(f, &event);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_SUPERSEDED);
}

static void a_prepared_intent_that_is_overtaken_still_uses_its_nonce(void **state)
{
    struct with_manager *f = with_begin(state);
    with_prepared(f);
    with_restart(f);
    struct weir_rail_event event = with_view(f);
    event.view.effect_final = WEIR_RAIL_KNOWN_YES;
    with_look(f, &event);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_PREPARED);
    assert_true(f->job.attempts[0].is_clearing);
    with_signed(f);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_SIGNED);
}

static void a_refused_signature_waits_or_clears_the_way_for_others(void **state)
{
    const struct weir_rail_event refusal = {
        .kind = WEIR_RAIL_EVENT_SIGN_REFUSED, .err = WEIR_E_POLICY, .text = "daily limit"};
    struct with_manager *f = with_begin(state);
    with_prepared(f);
    with_apply(f, &refusal);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_PREPARED);
    assert_int_equal(f->job.alarm, WEIR_RAIL_ALARM_POLICY);
    assert_int_equal(with_next(f).kind, WEIR_RAIL_ACTION_WAIT);
    assert_false(f->job.attempts[0].is_clearing);
    f = with_begin(state);
    with_prepared(f);
    f->others_next = f->job.nonce + 2;
    with_apply(f, &refusal);
    assert_true(f->job.attempts[0].is_clearing);
    f->now_ms += 1;
    struct weir_rail_event event = with_view(f);
    with_look(f, &event);
    with_signed(f);
    f = with_begin(state);
    with_to_sent(f);
    with_bump(f);
    struct weir_rail_event late = refusal;
    late.attempt = 1;
    with_apply(f, &late);
    assert_int_equal(f->job.attempt_count, 1);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_SENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(final_needs_height_hash_and_effect),
        cmocka_unit_test(after_a_reorganisation_the_same_bytes_go_out_at_once),
        cmocka_unit_test(a_move_into_another_block_is_followed),
        cmocka_unit_test(a_lagging_node_is_not_a_reorganisation),
        cmocka_unit_test(a_failed_transaction_ends_only_in_a_final_block),
        cmocka_unit_test(a_failed_transaction_is_tried_once_more_and_then_ends),
        cmocka_unit_test(a_strangers_use_of_our_nonce_reopens_a_payout_and_holds_a_transfer),
        cmocka_unit_test(a_nonce_set_aside_that_a_stranger_uses_is_lost_only_finally),
        cmocka_unit_test(a_gap_below_our_nonces_is_told),
        cmocka_unit_test(a_chain_ahead_of_the_journal_holds_a_transfer),
        cmocka_unit_test(a_superseded_transaction_is_replaced_by_an_empty_one),
        cmocka_unit_test(a_prepared_intent_that_is_overtaken_still_uses_its_nonce),
        cmocka_unit_test(a_refused_signature_waits_or_clears_the_way_for_others),
    };
    return cmocka_run_group_tests_name("manager_mined", tests, with_manager_setup,
                                       with_manager_teardown);
}
