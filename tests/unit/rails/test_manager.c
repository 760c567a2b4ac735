/* Goal: the first rows of the table in rails/evm/manager.c hold, from intent to wire, also when the
 * process dies in any stage and starts again.
 * Method: hand-made views and answers, one test per row; a restart forgets all but the rows. */
#include "rails/evm/manager.h"

#include <string.h>

#include "tests/unit/rails/with_manager.h"

static void a_breach_goes_all_the_way_to_a_final_effect(void **state)
{
    struct with_manager *f = with_begin(state);
    with_to_mined(f);
    struct weir_rail_event event = with_mined_view(f, 0, 101, true);
    f->now_ms += f->policy.look_ms;
    with_look(f, &event);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_MINED);
    event = with_final_view(f, 0, true);
    f->now_ms += f->policy.look_ms;
    with_look(f, &event);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_FINAL);
    assert_int_equal(f->job.mined.gas_used, 70000);
    assert_int_equal(with_next(f).kind, WEIR_RAIL_ACTION_NONE);
}

static void the_nonce_is_the_larger_of_chain_and_journal(void **state)
{
    struct with_manager *f = with_begin(state);
    with_prepared(f);
    assert_int_equal(f->job.nonce, WITH_NONCE);
    f = with_begin(state);
    f->others_next = WITH_NONCE + 3;
    with_prepared(f);
    assert_int_equal(f->job.nonce, WITH_NONCE + 3);
}

static void an_intent_with_a_reserved_nonce_is_prepared_with_it(void **state)
{
    struct with_manager *f = with_begin(state);
    f->job.has_nonce = true;
    f->job.nonce = WITH_NONCE + 1;
    f->others_next = WITH_NONCE + 4;
    with_prepared(f);
    assert_int_equal(f->job.attempts[0].nonce, WITH_NONCE + 1);
}

static void an_effect_that_is_final_ends_the_intent_without_a_nonce(void **state)
{
    struct with_manager *f = with_begin(state);
    struct weir_rail_event event = with_view(f);
    event.view.effect_latest = WEIR_RAIL_KNOWN_YES;
    with_look(f, &event);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_INTENT);
    assert_int_equal(with_next(f).kind, WEIR_RAIL_ACTION_WAIT);
    event.view.effect_final = WEIR_RAIL_KNOWN_YES;
    with_look(f, &event);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_SUPERSEDED);
    assert_int_equal(f->job.attempt_count, 0);
    assert_false(f->job.has_nonce);
}

static void nothing_is_signed_while_the_chain_cannot_be_read(void **state)
{
    struct with_manager *f = with_begin(state);
    struct weir_rail_event event = with_view(f);
    event.view.effect_latest = WEIR_RAIL_KNOWN_NOT;
    with_look(f, &event);
    assert_int_equal(f->job.alarm, WEIR_RAIL_ALARM_NETWORK);
    event = with_view(f);
    event.view.preflight = WEIR_RAIL_PREFLIGHT_UNKNOWN;
    with_look(f, &event);
    assert_int_equal(f->job.alarm, WEIR_RAIL_ALARM_NETWORK);
    const struct weir_rail_event silence = {
        .kind = WEIR_RAIL_EVENT_NO_ANSWER, .err = WEIR_E_NETWORK, .text = "refused"};
    for (int i = 0; i < 10; i++)
        with_look(f, &silence);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_INTENT);
    assert_int_equal(f->job.attempt_count, 0);
    assert_true(f->job.run.wait_ms - f->now_ms <= 16 * f->policy.retry_ms);
    with_prepared(f);
    assert_int_equal(f->job.alarm, WEIR_RAIL_ALARM_NONE);
}

static void a_simulation_decides_between_going_waiting_and_holding(void **state)
{
    static const struct {
        enum weir_rail_preflight preflight;
        enum weir_rail_stage stage;
        enum weir_rail_alarm alarm;
    } cases[] = {
        {WEIR_RAIL_PREFLIGHT_PASSES, WEIR_RAIL_STAGE_PREPARED, WEIR_RAIL_ALARM_NONE},
        {WEIR_RAIL_PREFLIGHT_NOTHING_NEW, WEIR_RAIL_STAGE_INTENT, WEIR_RAIL_ALARM_NONE},
        {WEIR_RAIL_PREFLIGHT_TRANSIENT, WEIR_RAIL_STAGE_INTENT, WEIR_RAIL_ALARM_PREFLIGHT},
        {WEIR_RAIL_PREFLIGHT_REVERTS, WEIR_RAIL_STAGE_HELD, WEIR_RAIL_ALARM_PREFLIGHT},
        {WEIR_RAIL_PREFLIGHT_FUNDS, WEIR_RAIL_STAGE_HELD, WEIR_RAIL_ALARM_FUNDS},
        {WEIR_RAIL_PREFLIGHT_UNKNOWN, WEIR_RAIL_STAGE_INTENT, WEIR_RAIL_ALARM_NETWORK},
        {WEIR_RAIL_PREFLIGHT_NOT_ASKED, WEIR_RAIL_STAGE_INTENT, WEIR_RAIL_ALARM_NETWORK},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct with_manager *f = with_begin(state);
        struct weir_rail_event event = with_view(f);
        event.view.preflight = cases[i].preflight;
        with_look(f, &event);
        assert_int_equal(f->job.stage, cases[i].stage);
        assert_int_equal(f->job.alarm, cases[i].alarm);
        if (cases[i].stage != WEIR_RAIL_STAGE_PREPARED) {
            assert_int_equal(with_next(f).kind, WEIR_RAIL_ACTION_WAIT);
            with_prepared(f); /* and it passes later */
        }
    }
}

static void a_second_refusal_in_simulation_ends_the_intent_without_gas(void **state)
{
    struct with_manager *f = with_begin(state);
    struct weir_rail_event event = with_view(f);
    event.view.preflight = WEIR_RAIL_PREFLIGHT_REVERTS;
    with_look(f, &event);
    with_look(f, &event);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_REVERTED);
    assert_int_equal(f->job.attempt_count, 0);
}

static void another_chain_changes_nothing(void **state)
{
    struct with_manager *f = with_begin(state);
    struct weir_rail_event event = with_view(f);
    event.view.chain_id = 999;
    with_look(f, &event);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_INTENT);
    assert_int_equal(f->job.alarm, WEIR_RAIL_ALARM_CHAIN);
    with_to_mined(f);
    event = with_final_view(f, 0, true);
    event.view.chain_id = 999;
    f->now_ms += f->policy.look_ms;
    with_look(f, &event);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_MINED);
    assert_int_equal(f->job.alarm, WEIR_RAIL_ALARM_CHAIN);
}

static void money_and_fee_ceilings_hold_an_intent_until_they_pass(void **state)
{
    struct with_manager *f = with_begin(state);
    struct weir_rail_event event = with_view(f);
    event.view.balance = 100000 * 20 * WITH_GWEI; /* needs 22 gwei per gas */
    with_look(f, &event);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_HELD);
    assert_int_equal(f->job.alarm, WEIR_RAIL_ALARM_FUNDS);
    event = with_view(f);
    event.view.head.base_fee = 499 * WITH_GWEI;
    with_look(f, &event);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_HELD);
    assert_int_equal(f->job.alarm, WEIR_RAIL_ALARM_FEE_CEILING);
    assert_false(f->job.has_nonce);
    with_prepared(f);
    assert_int_equal(f->job.alarm, WEIR_RAIL_ALARM_NONE);
}

static void a_full_pipeline_and_a_frozen_key_bind_no_nonce(void **state)
{
    struct with_manager *f = with_begin(state);
    struct weir_rail_account account = {.open_nonces = f->policy.in_flight_max};
    struct weir_rail_action action = weir_evm_next(&f->policy, &f->job, &account, f->now_ms);
    assert_int_equal(action.kind, WEIR_RAIL_ACTION_WAIT);
    account = (struct weir_rail_account){.is_frozen = true};
    action = weir_evm_next(&f->policy, &f->job, &account, f->now_ms);
    assert_int_equal(action.kind, WEIR_RAIL_ACTION_WAIT);
}

static void a_restart_before_the_signature_looks_again_and_signs_the_same_fields(void **state)
{
    struct with_manager *f = with_begin(state);
    struct weir_rail_event first;
    struct weir_rail_event second;
    with_prepared(f);
    with_sign(&f->signer, &f->job, 0, &first); /* signed, and then the process dies */
    with_restart(f);
    struct weir_rail_event event = with_view(f);
    event.view.head.base_fee = 77 * WITH_GWEI;
    with_look(f, &event);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_PREPARED);
    assert_int_equal(with_next(f).kind, WEIR_RAIL_ACTION_SIGN);
    with_sign(&f->signer, &f->job, 0, &second);
    assert_true(weir_slice_equal(first.raw, second.raw));
}

static void an_old_look_does_not_allow_a_signature(void **state)
{
    struct with_manager *f = with_begin(state);
    with_prepared(f);
    f->now_ms += f->policy.fresh_ms + 1;
    assert_int_equal(with_next(f).kind, WEIR_RAIL_ACTION_LOOK);
}

static void a_restart_after_the_signature_sends_the_stored_bytes(void **state)
{
    struct with_manager *f = with_begin(state);
    with_prepared(f);
    with_signed(f);
    struct weir_slice raw = f->job.attempts[0].raw;
    with_restart(f);
    struct weir_rail_action action = with_next(f);
    assert_int_equal(action.kind, WEIR_RAIL_ACTION_SEND);
    assert_true(weir_slice_equal(f->job.attempts[action.attempt].raw, raw));
    with_sent(f, WEIR_RAIL_SENT_ACCEPTED);
    with_restart(f);
    assert_int_equal(with_next(f).kind, WEIR_RAIL_ACTION_LOOK);
}

static void every_outcome_of_a_send_counts_as_sent(void **state)
{
    for (int sent = WEIR_RAIL_SENT_ACCEPTED; sent <= WEIR_RAIL_SENT_UNKNOWN; sent++) {
        struct with_manager *f = with_begin(state);
        with_prepared(f);
        with_signed(f);
        with_sent(f, (enum weir_rail_sent)sent);
        assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_SENT);
        assert_int_equal(f->job.nonce, WITH_NONCE);
        assert_int_equal(f->job.attempt_count, 1);
    }
    struct with_manager *f = with_begin(state);
    with_prepared(f);
    with_signed(f);
    with_apply(f, &(struct weir_rail_event){
                      .kind = WEIR_RAIL_EVENT_NO_ANSWER, .is_send = true, .err = WEIR_E_TIMEOUT});
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_SENT);
}

static void the_same_bytes_go_out_again_until_mined(void **state)
{
    struct with_manager *f = with_begin(state);
    with_to_sent(f);
    struct weir_slice raw = f->job.attempts[0].raw;
    unsigned sends = 0;
    for (int second = 0; second < 19; second++) {
        f->now_ms += 1000;
        struct weir_rail_action action = with_next(f);
        while (action.kind == WEIR_RAIL_ACTION_LOOK) {
            struct weir_rail_event event = with_view(f);
            with_apply(f, &event);
            action = with_next(f);
        }
        if (action.kind != WEIR_RAIL_ACTION_SEND)
            continue;
        assert_true(weir_slice_equal(f->job.attempts[action.attempt].raw, raw));
        with_sent(f, WEIR_RAIL_SENT_ACCEPTED);
        sends++;
    }
    assert_int_equal(sends, 1);
    assert_int_equal(f->job.attempt_count, 1);
}

static void a_slow_transaction_is_replaced_with_the_same_nonce_and_an_eighth_more(void **state)
{
    struct with_manager *f = with_begin(state);
    with_to_sent(f);
    with_bump(f);
    assert_int_equal(f->job.attempt_count, 2);
    const struct weir_rail_attempt *old = &f->job.attempts[0];
    const struct weir_rail_attempt *new = &f->job.attempts[1];
    assert_int_equal(new->nonce, old->nonce);
    assert_int_equal(new->gas, old->gas);
    assert_true(8 * new->fee_cap >= 9 * old->fee_cap);
    assert_true(8 * new->tip >= 9 * old->tip);
    with_signed(f);
    with_sent(f, WEIR_RAIL_SENT_ACCEPTED);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_SENT);
    f->now_ms += f->policy.look_ms;
    struct weir_rail_event event = with_mined_view(f, 0, 101, true); /* the older one wins */
    with_look(f, &event);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_MINED);
    assert_int_equal(f->job.mined.attempt, 0);
}

static void only_the_lowest_nonce_is_replaced(void **state)
{
    struct with_manager *f = with_begin(state);
    with_to_sent(f);
    f->now_ms += f->policy.bump_ms;
    struct weir_rail_event event = with_view(f);
    struct weir_rail_account account = *with_account(f);
    account.lowest_open_nonce = f->job.nonce - 1;
    assert_int_equal(
        weir_evm_apply(&f->policy, &f->signer.scope, &f->job, &account, &event, f->now_ms),
        WEIR_OK);
    assert_int_equal(f->job.attempt_count, 1);
}

static void a_ceiling_stops_the_replacing_but_not_the_sending(void **state)
{
    struct with_manager *f = with_begin(state);
    f->policy.fee_cap_max = 100 * WITH_GWEI;
    with_to_sent(f);
    unsigned rounds = 0;
    while (f->job.alarm != WEIR_RAIL_ALARM_FEE_CEILING) {
        with_bump(f);
        if (f->job.alarm == WEIR_RAIL_ALARM_FEE_CEILING)
            break;
        with_signed(f);
        with_sent(f, WEIR_RAIL_SENT_ACCEPTED);
        assert_true(rounds++ < WEIR_RAIL_ATTEMPTS_MAX + 8);
        if (f->job.alarm == WEIR_RAIL_ALARM_STUCK)
            fail_msg("the ceiling should come first");
    }
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_SENT);
    assert_int_equal(with_next(f).kind, WEIR_RAIL_ACTION_SEND);
    uint32_t last = f->job.attempt_count - 1;
    assert_true(f->job.attempts[last].fee_cap <= f->policy.fee_cap_max);
    assert_true(f->job.attempts[last].tip <= f->policy.tip_max);
}

static void a_node_that_finds_it_too_cheap_is_answered_at_once(void **state)
{
    struct with_manager *f = with_begin(state);
    with_prepared(f);
    with_signed(f);
    with_sent(f, WEIR_RAIL_SENT_UNDERPRICED);
    struct weir_rail_event event = with_view(f);
    event.view.head.base_fee = 60 * WITH_GWEI;
    with_look(f, &event);
    assert_int_equal(f->job.attempt_count, 2);
    assert_true(f->job.attempts[1].fee_cap >= 120 * WITH_GWEI);
    with_signed(f);
    with_sent(f, WEIR_RAIL_SENT_ACCEPTED);
    assert_int_equal(with_next(f).kind, WEIR_RAIL_ACTION_WAIT);
}

static void other_bytes_than_asked_for_are_refused(void **state)
{
    struct with_manager *f = with_begin(state);
    with_prepared(f);
    struct weir_rail_job twin = f->job;
    struct weir_rail_call other = f->call;
    struct weir_rail_event event;
    for (int i = 0; i < 5; i++) {
        twin = f->job;
        other = f->call;
        twin.call = &other;
        if (i == 0)
            other.to.bytes[0] ^= 1;
        if (i == 1)
            other.value = 1;
        if (i == 2)
            other.data = weir_slice_text("repost");
        if (i == 3)
            twin.attempts[0].nonce++;
        if (i == 4)
            twin.attempts[0].fee_cap++;
        with_sign(&f->signer, &twin, 0, &event);
        struct weir_rail_job before = f->job;
        assert_int_equal(weir_evm_apply(&f->policy, &f->signer.scope, &f->job, with_account(f),
                                        &event, f->now_ms),
                         WEIR_E_CORRUPT);
        weir_scope_recover(&f->signer.scope);
        assert_memory_equal(&before, &f->job, sizeof(before));
    }
    event.raw.length = 3;
    assert_int_not_equal(
        weir_evm_apply(&f->policy, &f->signer.scope, &f->job, with_account(f), &event, f->now_ms),
        WEIR_OK);
    weir_scope_recover(&f->signer.scope);
}

static void answers_to_questions_nobody_asked_are_refused(void **state)
{
    struct with_manager *f = with_begin(state);
    static const enum weir_rail_event_kind kinds[] = {
        WEIR_RAIL_EVENT_SIGNED, WEIR_RAIL_EVENT_SIGN_REFUSED, WEIR_RAIL_EVENT_SENT};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const struct weir_rail_event event = {.kind = kinds[i], .attempt = 3};
        assert_int_equal(weir_evm_apply(&f->policy, &f->signer.scope, &f->job, with_account(f),
                                        &event, f->now_ms),
                         WEIR_E_CORRUPT);
        weir_scope_recover(&f->signer.scope);
    }
}

static void a_clock_that_goes_back_delays_nothing_for_long(void **state)
{
    struct with_manager *f = with_begin(state);
    with_to_sent(f);
    f->now_ms -= 86400000;
    assert_int_equal(with_next(f).kind, WEIR_RAIL_ACTION_LOOK);
}

static void first_fees_stay_within_the_policy(void **state)
{
    struct with_manager *f = with_begin(state);
    struct with_random random = {20260101};
    for (int i = 0; i < 20000; i++) {
        struct weir_rail_view view = {.tip = with_random_next(&random) >>
                                             with_random_below(&random, 64)};
        view.head.base_fee = with_random_next(&random) >> with_random_below(&random, 64);
        unsigned __int128 cap = 0;
        unsigned __int128 tip = 0;
        if (!weir_evm_fees_first(&f->policy, &view, &cap, &tip)) {
            assert_true(view.head.base_fee + f->policy.tip_max > f->policy.fee_cap_max);
            continue;
        }
        assert_true(tip >= f->policy.tip_min && tip <= f->policy.tip_max && tip <= cap);
        assert_true(cap <= f->policy.fee_cap_max && cap >= view.head.base_fee + tip);
        const struct weir_rail_attempt attempt = {.fee_cap = cap, .tip = tip};
        unsigned __int128 next_cap = 0;
        unsigned __int128 next_tip = 0;
        if (!weir_evm_fees_bump(&f->policy, &view, &attempt, &next_cap, &next_tip))
            continue;
        assert_true(8 * next_cap >= 9 * cap && 8 * next_tip >= 9 * tip);
        assert_true(next_cap <= f->policy.fee_cap_max && next_tip <= f->policy.tip_max);
    }
}

static void bounds_that_cross_each_other_still_give_fees(void **state)
{
    struct with_manager *f = with_begin(state);
    struct weir_rail_view view = {.tip = WITH_GWEI, .head.base_fee = WITH_GWEI};
    unsigned __int128 cap = 0;
    unsigned __int128 tip = 0;
    f->policy.fee_cap_max = 20 * WITH_GWEI; /* below tip_max */
    f->policy.tip_min = 60 * WITH_GWEI;     /* above both */
    assert_false(weir_evm_fees_first(&f->policy, &view, &cap, &tip));
    f->policy.tip_min = 3 * WITH_GWEI;
    assert_true(weir_evm_fees_first(&f->policy, &view, &cap, &tip));
    assert_true(tip == 3 * WITH_GWEI && cap == 5 * WITH_GWEI);
    const struct weir_rail_attempt dear = {.fee_cap = 17 * WITH_GWEI, .tip = 17 * WITH_GWEI};
    assert_true(weir_evm_fees_bump(&f->policy, &view, &dear, &cap, &tip));
    assert_true(tip <= cap && cap <= f->policy.fee_cap_max);
}

static void names_are_complete(void **state)
{
    (void)state;
    for (int i = WEIR_RAIL_STAGE_INTENT; i <= WEIR_RAIL_STAGE_SUPERSEDED; i++)
        assert_non_null(weir_rail_stage_name((enum weir_rail_stage)i));
    for (int i = WEIR_RAIL_ALARM_NONE; i <= WEIR_RAIL_ALARM_GAP; i++)
        assert_non_null(weir_rail_alarm_name((enum weir_rail_alarm)i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_breach_goes_all_the_way_to_a_final_effect),
        cmocka_unit_test(the_nonce_is_the_larger_of_chain_and_journal),
        cmocka_unit_test(an_intent_with_a_reserved_nonce_is_prepared_with_it),
        cmocka_unit_test(an_effect_that_is_final_ends_the_intent_without_a_nonce),
        cmocka_unit_test(nothing_is_signed_while_the_chain_cannot_be_read),
        cmocka_unit_test(a_simulation_decides_between_going_waiting_and_holding),
        cmocka_unit_test(a_second_refusal_in_simulation_ends_the_intent_without_gas),
        cmocka_unit_test(another_chain_changes_nothing),
        cmocka_unit_test(money_and_fee_ceilings_hold_an_intent_until_they_pass),
        cmocka_unit_test(a_full_pipeline_and_a_frozen_key_bind_no_nonce),
        cmocka_unit_test(a_restart_before_the_signature_looks_again_and_signs_the_same_fields),
        cmocka_unit_test(an_old_look_does_not_allow_a_signature),
        cmocka_unit_test(a_restart_after_the_signature_sends_the_stored_bytes),
        cmocka_unit_test(every_outcome_of_a_send_counts_as_sent),
        cmocka_unit_test(the_same_bytes_go_out_again_until_mined),
        cmocka_unit_test(a_slow_transaction_is_replaced_with_the_same_nonce_and_an_eighth_more),
        cmocka_unit_test(only_the_lowest_nonce_is_replaced),
        cmocka_unit_test(a_ceiling_stops_the_replacing_but_not_the_sending),
        cmocka_unit_test(a_node_that_finds_it_too_cheap_is_answered_at_once),
        cmocka_unit_test(other_bytes_than_asked_for_are_refused),
        cmocka_unit_test(answers_to_questions_nobody_asked_are_refused),
        cmocka_unit_test(a_clock_that_goes_back_delays_nothing_for_long),
        cmocka_unit_test(first_fees_stay_within_the_policy),
        cmocka_unit_test(bounds_that_cross_each_other_still_give_fees),
        cmocka_unit_test(names_are_complete),
    };
    return cmocka_run_group_tests_name("manager", tests, with_manager_setup, with_manager_teardown);
}
