/* One job, one nonce, many attempts.  Rows: stage; columns: what happens.
 *
 *  stage      | next does          | view shows                          -> stage
 *  -----------+--------------------+----------------------------------------------------------------
 *  INTENT     | LOOK               | effect final                        -> SUPERSEDED
 *  HELD       | LOOK after hold_ms |   (a nonce it holds is cleared)     -> PREPARED (clearing)
 *             |                    | effect at the head, or pending      -> same, looks again
 *             |                    | preflight may pass later            -> same, looks again
 *             |                    | preflight reverts, money, ceiling   -> HELD; 2nd revert
 * REVERTED |                    | all well                            -> PREPARED (nonce, fields)
 *  PREPARED   | LOOK if not fresh, | nonce used by a stranger, finally   -> INTENT or HELD
 *             | else SIGN          | effect final, or given up           -> PREPARED (clearing)
 *             |                    | signed                              -> SIGNED
 *  SIGNED     | SEND               | any outcome, also none              -> SENT
 *  SENT       | LOOK every look_ms,| receipt of any attempt              -> MINED
 *             | same bytes again   | nonce final, none of ours thrice    -> INTENT or HELD
 *             | every resend_ms,   | too slow and the lowest nonce       -> SENT, one more attempt
 *             | SIGN and SEND a    |   at +12.5 %, clearing if superseded
 *             | replacement        | effect final by another hand        -> SENT, superseded
 *  MINED      | LOOK every look_ms | gone from a block that was replaced -> SENT, same bytes at
 * once |                    | final, succeeded, effect final      -> FINAL |                    |
 * final, succeeded, no effect         -> MINED with alarm |                    | final, failed,
 * effect final         -> SUPERSEDED |                    | final, failed                       ->
 * INTENT, later REVERTED |                    | final, clearing                     -> SUPERSEDED
 * or INTENT
 *
 * No answer changes no stage, except that a SIGNED job becomes SENT: the bytes may be out.  A node
 * of the wrong chain changes nothing.  A transfer of money (effect RECEIPT) whose nonce a stranger
 * used is HELD until an operator resumes it, because only its own receipt could tell. */
#include "rails/evm/manager.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "rails/evm/manager_private.h"
#include "rails/evm/tx.h"

#define BACKOFF_DOUBLINGS_MAX 4
#define FAILURES_ALARM 3

void weir_evm_job_init(struct weir_rail_job *job,
                       const struct weir_hash *id,
                       enum weir_rail_kind kind,
                       const struct weir_rail_call *call,
                       const struct weir_rail_effect *effect)
{
    *job = (struct weir_rail_job){.id = *id, .kind = kind, .call = call, .effect = effect};
}

void weir_evm_job_resume(struct weir_rail_job *job)
{
    if (job->stage == WEIR_RAIL_STAGE_HELD)
        job->stage = WEIR_RAIL_STAGE_INTENT;
    if (job->alarm == WEIR_RAIL_ALARM_FOREIGN_NONCE)
        job->trusts_chain_nonce = true;
    weir_evm_alarm(job, WEIR_RAIL_ALARM_NONE, "");
    memset(&job->run, 0, sizeof(job->run));
}

bool weir_evm_effect_is_shared(const struct weir_rail_job *job)
{
    return job->effect->kind == WEIR_RAIL_EFFECT_LEVELS ||
           job->effect->kind == WEIR_RAIL_EFFECT_CODE;
}

struct weir_rail_attempt *weir_evm_last_attempt(struct weir_rail_job *job)
{
    if (job->attempt_count == 0 || !job->has_nonce)
        return NULL;
    struct weir_rail_attempt *last = &job->attempts[job->attempt_count - 1];
    return last->nonce == job->nonce && last->state != WEIR_RAIL_ATTEMPT_DEAD ? last : NULL;
}

void weir_evm_alarm(struct weir_rail_job *job, enum weir_rail_alarm alarm, const char *text)
{
    job->alarm = alarm;
    (void)snprintf(job->reason, sizeof(job->reason), "%s", text); /* a cut text is still a text */
}

void weir_evm_wait(const struct weir_evm_step *step, struct weir_rail_job *job, uint32_t wait_ms)
{
    job->run.wait_ms = step->now_ms + wait_ms;
}

/* A clock that went back makes everything due: waiting for the old time could take for ever. */
static bool is_due(int64_t since_ms, uint32_t interval_ms, int64_t now_ms)
{
    return since_ms == 0 || now_ms < since_ms || now_ms - since_ms >= interval_ms;
}

static struct weir_rail_action wait_until(int64_t until_ms)
{
    return (struct weir_rail_action){.kind = WEIR_RAIL_ACTION_WAIT, .until_ms = until_ms};
}

static struct weir_rail_action look(void)
{
    return (struct weir_rail_action){.kind = WEIR_RAIL_ACTION_LOOK};
}

/* Of the last attempt. */
static struct weir_rail_action act(enum weir_rail_action_kind kind, const struct weir_rail_job *job)
{
    return (struct weir_rail_action){.kind = kind, .attempt = job->attempt_count - 1};
}

static struct weir_rail_action
sign_or_look(const struct weir_evm_policy *policy, const struct weir_rail_job *job, int64_t now_ms)
{
    bool is_fresh = job->run.looked_ms != 0 && now_ms >= job->run.looked_ms &&
                    now_ms - job->run.looked_ms <= policy->fresh_ms;
    return is_fresh && job->run.may_sign ? act(WEIR_RAIL_ACTION_SIGN, job) : look();
}

/* On the wire: look, and give the same bytes again to pools that may have forgotten them. */
static struct weir_rail_action
watch(const struct weir_evm_policy *policy, const struct weir_rail_job *job, int64_t now_ms)
{
    const struct weir_rail_attempt *last = &job->attempts[job->attempt_count - 1];
    if (job->run.must_bump || is_due(job->run.looked_ms, policy->look_ms, now_ms))
        return look();
    if (job->stage == WEIR_RAIL_STAGE_SENT && is_due(last->sent_ms, policy->resend_ms, now_ms))
        return act(WEIR_RAIL_ACTION_SEND, job);
    return wait_until(job->run.looked_ms + policy->look_ms);
}

static struct weir_rail_action begin(const struct weir_evm_policy *policy,
                                     const struct weir_rail_job *job,
                                     const struct weir_rail_account *account,
                                     int64_t now_ms)
{
    bool is_full = account->open_nonces >= policy->in_flight_max;
    if (!job->has_nonce && (account->is_frozen || is_full))
        return wait_until(now_ms + policy->look_ms);
    bool needs_operator = job->stage == WEIR_RAIL_STAGE_HELD &&
                          job->alarm == WEIR_RAIL_ALARM_FOREIGN_NONCE &&
                          !weir_evm_effect_is_shared(job);
    return needs_operator ? wait_until(now_ms + policy->hold_ms) : look();
}

static enum weir_rail_attempt_state last_state(const struct weir_rail_job *job)
{
    assert(job->attempt_count > 0 && job->attempt_count <= WEIR_RAIL_ATTEMPTS_MAX);
    return job->attempts[job->attempt_count - 1].state;
}

struct weir_rail_action weir_evm_next(const struct weir_evm_policy *policy,
                                      const struct weir_rail_job *job,
                                      const struct weir_rail_account *account,
                                      int64_t now_ms)
{
    if (weir_rail_is_over(job->stage))
        return (struct weir_rail_action){.kind = WEIR_RAIL_ACTION_NONE};
    if (now_ms < job->run.wait_ms)
        return wait_until(job->run.wait_ms);
    switch (job->stage) {
    case WEIR_RAIL_STAGE_INTENT:
    case WEIR_RAIL_STAGE_HELD:
        return begin(policy, job, account, now_ms);
    case WEIR_RAIL_STAGE_PREPARED:
        return sign_or_look(policy, job, now_ms);
    case WEIR_RAIL_STAGE_SIGNED:
        return act(WEIR_RAIL_ACTION_SEND, job);
    case WEIR_RAIL_STAGE_SENT:
        if (last_state(job) == WEIR_RAIL_ATTEMPT_PREPARED)
            return sign_or_look(policy, job, now_ms);
        if (last_state(job) == WEIR_RAIL_ATTEMPT_SIGNED)
            return act(WEIR_RAIL_ACTION_SEND, job);
        return watch(policy, job, now_ms);
    case WEIR_RAIL_STAGE_MINED:
        return watch(policy, job, now_ms);
    case WEIR_RAIL_STAGE_FINAL:
    case WEIR_RAIL_STAGE_REVERTED:
    case WEIR_RAIL_STAGE_SUPERSEDED:
        break;
    }
    return (struct weir_rail_action){.kind = WEIR_RAIL_ACTION_NONE};
}

static void back_off(const struct weir_evm_step *step, struct weir_rail_job *job)
{
    uint32_t doublings = job->run.failures;
    if (doublings > BACKOFF_DOUBLINGS_MAX)
        doublings = BACKOFF_DOUBLINGS_MAX;
    if (job->run.failures < UINT32_MAX)
        job->run.failures++;
    weir_evm_wait(step, job, step->policy->retry_ms << doublings);
}

/* After a send of any outcome the bytes count as out. */
static void mark_sent(struct weir_rail_job *job, uint32_t attempt, int64_t sent_ms)
{
    if (job->stage == WEIR_RAIL_STAGE_SIGNED)
        job->stage = WEIR_RAIL_STAGE_SENT;
    if (job->attempts[attempt].state == WEIR_RAIL_ATTEMPT_SIGNED)
        job->attempts[attempt].state = WEIR_RAIL_ATTEMPT_SENT;
    job->attempts[attempt].sent_ms = sent_ms;
}

static bool may_be_sent(const struct weir_rail_job *job, uint32_t attempt)
{
    return attempt < job->attempt_count &&
           (job->stage == WEIR_RAIL_STAGE_SIGNED || job->stage == WEIR_RAIL_STAGE_SENT) &&
           (job->attempts[attempt].state == WEIR_RAIL_ATTEMPT_SIGNED ||
            job->attempts[attempt].state == WEIR_RAIL_ATTEMPT_SENT);
}

static void take_no_answer(const struct weir_evm_step *step,
                           struct weir_rail_job *job,
                           const struct weir_rail_event *event)
{
    if (event->is_send && may_be_sent(job, event->attempt))
        mark_sent(job, event->attempt, step->now_ms);
    if (event->err == WEIR_E_CHAIN)
        weir_evm_alarm(job, WEIR_RAIL_ALARM_CHAIN, event->text);
    else if (job->run.failures + 1 >= FAILURES_ALARM && job->alarm == WEIR_RAIL_ALARM_NONE)
        weir_evm_alarm(job, WEIR_RAIL_ALARM_NETWORK, event->text);
    job->run.may_sign = false;
    back_off(step, job);
}

static void take_sent(const struct weir_evm_step *step,
                      struct weir_rail_job *job,
                      const struct weir_rail_event *event)
{
    mark_sent(job, event->attempt, step->now_ms);
    job->run.failures = 0;
    switch (event->sent) {
    case WEIR_RAIL_SENT_ACCEPTED:
        if (job->alarm == WEIR_RAIL_ALARM_NETWORK || job->alarm == WEIR_RAIL_ALARM_FUNDS)
            weir_evm_alarm(job, WEIR_RAIL_ALARM_NONE, "");
        break;
    case WEIR_RAIL_SENT_NONCE_LOW: /* something is mined at our nonce, perhaps ours */
        job->run.looked_ms = 0;
        break;
    case WEIR_RAIL_SENT_UNDERPRICED:
        job->run.must_bump = true;
        break;
    case WEIR_RAIL_SENT_FUNDS:
        weir_evm_alarm(job, WEIR_RAIL_ALARM_FUNDS, event->text);
        break;
    case WEIR_RAIL_SENT_REFUSED:
        weir_evm_alarm(job, WEIR_RAIL_ALARM_STUCK, event->text);
        break;
    case WEIR_RAIL_SENT_NONCE_HIGH: /* the node does not know our earlier ones yet: again later */
        break;
    case WEIR_RAIL_SENT_UNKNOWN: /* again soon, after a look */
        job->attempts[event->attempt].sent_ms = 0;
        back_off(step, job);
        break;
    }
}

/* Nothing but what was asked for may go on the wire, whoever signed it. */
static enum weir_err check_signed(struct weir_scope *scope,
                                  const struct weir_evm_step *step,
                                  const struct weir_rail_job *job,
                                  const struct weir_rail_event *event)
{
    const struct weir_rail_attempt *attempt = &job->attempts[event->attempt];
    struct weir_evm_signed_tx signed_tx;
    enum weir_err err = weir_evm_tx_read(scope, event->raw, &signed_tx);
    if (err != WEIR_OK)
        return weir_note(scope, "the signer's transaction");
    const struct weir_evm_tx *tx = &signed_tx.tx;
    const struct weir_rail_call *call = job->call;
    bool same_target = attempt->is_clearing
                           ? !tx->is_creation && tx->value == 0 && tx->data.length == 0 &&
                                 weir_address_equal(&tx->to, &step->account->address)
                           : tx->is_creation == call->is_creation && tx->value == call->value &&
                                 weir_slice_equal(tx->data, call->data) &&
                                 (call->is_creation || weir_address_equal(&tx->to, &call->to));
    bool same_frame = tx->type == WEIR_EVM_TX_DYNAMIC_FEE &&
                      tx->chain_id == step->policy->chain_id && tx->nonce == attempt->nonce &&
                      tx->gas_limit == attempt->gas && tx->max_fee == attempt->fee_cap &&
                      tx->max_priority_fee == attempt->tip && tx->access_list.length == 0 &&
                      weir_address_equal(&signed_tx.sender, &step->account->address);
    if (!same_target || !same_frame || !weir_hash_equal(&signed_tx.hash, &event->hash))
        return weir_fail(scope, WEIR_E_CORRUPT, "the signer signed something else than asked for");
    return WEIR_OK;
}

static void take_signed(const struct weir_evm_step *step,
                        struct weir_rail_job *job,
                        const struct weir_rail_event *event)
{
    struct weir_rail_attempt *attempt = &job->attempts[event->attempt];
    attempt->raw = event->raw;
    attempt->hash = event->hash;
    attempt->state = WEIR_RAIL_ATTEMPT_SIGNED;
    attempt->signed_ms = step->now_ms;
    job->run.may_sign = false;
    if (job->stage == WEIR_RAIL_STAGE_PREPARED)
        job->stage = WEIR_RAIL_STAGE_SIGNED;
    if (job->alarm == WEIR_RAIL_ALARM_POLICY || job->alarm == WEIR_RAIL_ALARM_PREFLIGHT)
        weir_evm_alarm(job, WEIR_RAIL_ALARM_NONE, "");
}

/* A refused replacement is dropped, what is out stays out.  A refused first attempt keeps its
 * nonce: it is tried again, or cleared once others wait behind it. */
static void take_refusal(const struct weir_evm_step *step,
                         struct weir_rail_job *job,
                         const struct weir_rail_event *event)
{
    struct weir_rail_attempt *attempt = &job->attempts[event->attempt];
    weir_evm_alarm(job, WEIR_RAIL_ALARM_POLICY, event->text);
    job->run.may_sign = false;
    if (job->stage == WEIR_RAIL_STAGE_SENT) {
        job->attempt_count--;
        job->attempts[job->attempt_count - 1].signed_ms = step->now_ms; /* not again at once */
        return;
    }
    bool others_wait = step->account->next_nonce > job->nonce + 1;
    if (others_wait && !attempt->is_clearing && !weir_err_retryable(event->err)) {
        attempt->is_clearing = true;
        attempt->gas = WEIR_EVM_CLEARING_GAS;
        return;
    }
    weir_evm_wait(step, job, step->policy->hold_ms);
}

/* Whether the event answers something the job could have asked. */
static bool fits(const struct weir_rail_job *job, const struct weir_rail_event *event)
{
    switch (event->kind) {
    case WEIR_RAIL_EVENT_VIEW:
    case WEIR_RAIL_EVENT_NO_ANSWER:
        return true;
    case WEIR_RAIL_EVENT_SIGNED:
    case WEIR_RAIL_EVENT_SIGN_REFUSED:
        return (job->stage == WEIR_RAIL_STAGE_PREPARED || job->stage == WEIR_RAIL_STAGE_SENT) &&
               job->attempt_count > 0 && event->attempt == job->attempt_count - 1 &&
               job->attempts[event->attempt].state == WEIR_RAIL_ATTEMPT_PREPARED;
    case WEIR_RAIL_EVENT_SENT:
        return may_be_sent(job, event->attempt);
    }
    return false;
}

enum weir_err weir_evm_apply(const struct weir_evm_policy *policy,
                             struct weir_scope *scope,
                             struct weir_rail_job *job,
                             const struct weir_rail_account *account,
                             const struct weir_rail_event *event,
                             int64_t now_ms)
{
    struct weir_evm_step step = {policy, account, NULL, now_ms};
    if (weir_rail_is_over(job->stage))
        return WEIR_OK; /* a late answer */
    if (!fits(job, event))
        return weir_fail(scope, WEIR_E_CORRUPT, "event %d does not fit a job in stage '%s'",
                         (int)event->kind, weir_rail_stage_name(job->stage));
    enum weir_err err = WEIR_OK;
    switch (event->kind) {
    case WEIR_RAIL_EVENT_VIEW:
        step.view = &event->view;
        weir_evm_take_view(&step, job);
        break;
    case WEIR_RAIL_EVENT_NO_ANSWER:
        take_no_answer(&step, job, event);
        break;
    case WEIR_RAIL_EVENT_SIGNED:
        err = check_signed(scope, &step, job, event);
        if (err == WEIR_OK)
            take_signed(&step, job, event);
        break;
    case WEIR_RAIL_EVENT_SIGN_REFUSED:
        take_refusal(&step, job, event);
        break;
    case WEIR_RAIL_EVENT_SENT:
        take_sent(&step, job, event);
        break;
    }
    return err;
}
