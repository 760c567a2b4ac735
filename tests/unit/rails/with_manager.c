#include "tests/unit/rails/with_manager.h"

#include <string.h>

struct with_manager *with_begin(void **state)
{
    struct with_manager *f = *state;
    static const struct weir_hash id = {{42}};
    f->policy = with_policy();
    f->call = (struct weir_rail_call){
        .to = {{1, 2, 3}}, .data = weir_slice_text("report"), .gas = 100000};
    f->effect = (struct weir_rail_effect){
        .kind = WEIR_RAIL_EFFECT_LEVELS, .contract = {{1, 2, 3}}, .tier = 1};
    f->others_next = 0;
    f->now_ms = WITH_START_MS;
    weir_evm_job_init(&f->job, &id, WEIR_RAIL_PAYOUT, &f->call, &f->effect);
    return f;
}

const struct weir_rail_account *with_account(struct with_manager *f)
{
    f->account = (struct weir_rail_account){.address = f->signer.address};
    weir_rail_account_add(&f->account, &f->job);
    if (f->others_next > f->account.next_nonce)
        f->account.next_nonce = f->others_next;
    return &f->account;
}

struct weir_rail_action with_next(struct with_manager *f)
{
    return weir_evm_next(&f->policy, &f->job, with_account(f), f->now_ms);
}

void with_apply(struct with_manager *f, const struct weir_rail_event *event)
{
    struct weir_scope *scope = &f->signer.scope;
    enum weir_err err =
        weir_evm_apply(&f->policy, scope, &f->job, with_account(f), event, f->now_ms);
    if (err != WEIR_OK)
        fail_msg("%s", scope->fault);
}

struct weir_hash with_hash(uint64_t number)
{
    struct weir_hash hash = {{0xb1}};
    weir_put_u64(hash.bytes + 8, number);
    return hash;
}

/* A healthy chain on which nothing of ours has happened. */
struct weir_rail_event with_view(struct with_manager *f)
{
    (void)f;
    return (struct weir_rail_event){
        .kind = WEIR_RAIL_EVENT_VIEW,
        .view = {.chain_id = WITH_CHAIN_ID,
                 .head = {.number = 100, .hash = with_hash(100), .base_fee = 10 * WITH_GWEI},
                 .has_final = true,
                 .final = {.number = 92, .hash = with_hash(92)},
                 .nonce_latest = WITH_NONCE,
                 .has_nonce_final = true,
                 .nonce_final = WITH_NONCE,
                 .balance = 1000000000 * WITH_GWEI,
                 .tip = 2 * WITH_GWEI,
                 .effect_latest = WEIR_RAIL_KNOWN_NO,
                 .effect_final = WEIR_RAIL_KNOWN_NO,
                 .preflight = WEIR_RAIL_PREFLIGHT_PASSES},
    };
}

void with_look(struct with_manager *f, const struct weir_rail_event *event)
{
    f->now_ms = f->now_ms > f->job.run.wait_ms ? f->now_ms : f->job.run.wait_ms;
    assert_int_equal(with_next(f).kind, WEIR_RAIL_ACTION_LOOK);
    with_apply(f, event);
}

/* The process dies and starts again: only what rows hold is left. */
void with_restart(struct with_manager *f)
{
    memset(&f->job.run, 0, sizeof(f->job.run));
}

void with_prepared(struct with_manager *f)
{
    struct weir_rail_event view = with_view(f);
    with_look(f, &view);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_PREPARED);
}

void with_signed(struct with_manager *f)
{
    struct weir_rail_action action = with_next(f);
    struct weir_rail_event event;
    assert_int_equal(action.kind, WEIR_RAIL_ACTION_SIGN);
    with_sign(&f->signer, &f->job, action.attempt, &event);
    with_apply(f, &event);
}

void with_sent(struct with_manager *f, enum weir_rail_sent sent)
{
    struct weir_rail_action action = with_next(f);
    assert_int_equal(action.kind, WEIR_RAIL_ACTION_SEND);
    with_apply(f, &(struct weir_rail_event){.kind = WEIR_RAIL_EVENT_SENT,
                                            .attempt = action.attempt,
                                            .sent = sent,
                                            .text = "a node's words"});
}

void with_to_sent(struct with_manager *f)
{
    with_prepared(f);
    with_signed(f);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_SIGNED);
    with_sent(f, WEIR_RAIL_SENT_ACCEPTED);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_SENT);
}

/* The view in which attempt `index` is mined in block `number`. */
struct weir_rail_event
with_mined_view(struct with_manager *f, uint32_t index, uint64_t number, bool succeeded)
{
    struct weir_rail_event event = with_view(f);
    event.view.nonce_latest = f->job.nonce + 1;
    event.view.effect_latest = succeeded ? WEIR_RAIL_KNOWN_YES : WEIR_RAIL_KNOWN_NO;
    event.view.receipts[index] =
        (struct weir_rail_sighting){.is_found = true,
                                    .mined = {.attempt = index,
                                              .succeeded = succeeded,
                                              .block_number = number,
                                              .block_hash = with_hash(number),
                                              .gas_used = 70000,
                                              .gas_price = 12 * WITH_GWEI}};
    event.view.has_mined_block = f->job.is_mined;
    event.view.mined_block_hash = with_hash(number);
    event.view.head.number = number;
    event.view.final.number = number - 8;
    return event;
}

void with_to_mined(struct with_manager *f)
{
    with_to_sent(f);
    f->now_ms += f->policy.look_ms;
    struct weir_rail_event event = with_mined_view(f, 0, 101, true);
    with_look(f, &event);
    assert_int_equal(f->job.stage, WEIR_RAIL_STAGE_MINED);
}

struct weir_rail_event with_final_view(struct with_manager *f, uint32_t index, bool succeeded)
{
    struct weir_rail_event event = with_mined_view(f, index, f->job.mined.block_number, succeeded);
    event.view.head.number += 20;
    event.view.final.number = event.view.head.number - 8;
    event.view.nonce_final = f->job.nonce + 1;
    event.view.effect_final = succeeded ? WEIR_RAIL_KNOWN_YES : WEIR_RAIL_KNOWN_NO;
    return event;
}

/* Brings the job to an unsigned replacement. */
void with_bump(struct with_manager *f)
{
    f->now_ms += f->policy.bump_ms;
    struct weir_rail_event event = with_view(f);
    with_look(f, &event);
}

int with_manager_setup(void **state)
{
    static struct with_manager fixture;
    with_signer_open(&fixture.signer);
    *state = &fixture;
    return 0;
}

int with_manager_teardown(void **state)
{
    struct with_manager *fixture = *state;
    with_signer_close(&fixture->signer);
    return 0;
}
