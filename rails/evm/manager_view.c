#include "rails/evm/manager_private.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* What a look says about starting, or going on with, something not yet signed. */
enum verdict {
    VERDICT_GO,
    VERDICT_WAIT, /* nothing is wrong, or it will pass by itself */
    VERDICT_DONE, /* the effect is final */
    VERDICT_HOLD, /* it will not pass soon */
};

struct judgement {
    enum verdict verdict;
    enum weir_rail_alarm alarm;
    const char *text;
};

static struct judgement judge_preflight(const struct weir_rail_view *view)
{
    const char *text = view->preflight_text;
    switch (view->preflight) {
    case WEIR_RAIL_PREFLIGHT_PASSES:
        return (struct judgement){VERDICT_GO, WEIR_RAIL_ALARM_NONE, ""};
    case WEIR_RAIL_PREFLIGHT_NOTHING_NEW: /* somebody's transaction is in the pool */
        return (struct judgement){VERDICT_WAIT, WEIR_RAIL_ALARM_NONE, ""};
    case WEIR_RAIL_PREFLIGHT_TRANSIENT:
        return (struct judgement){VERDICT_WAIT, WEIR_RAIL_ALARM_PREFLIGHT, text};
    case WEIR_RAIL_PREFLIGHT_REVERTS:
        return (struct judgement){VERDICT_HOLD, WEIR_RAIL_ALARM_PREFLIGHT, text};
    case WEIR_RAIL_PREFLIGHT_FUNDS:
        return (struct judgement){VERDICT_HOLD, WEIR_RAIL_ALARM_FUNDS, text};
    case WEIR_RAIL_PREFLIGHT_UNKNOWN:
    case WEIR_RAIL_PREFLIGHT_NOT_ASKED:
        break;
    }
    return (struct judgement){VERDICT_WAIT, WEIR_RAIL_ALARM_NETWORK,
                              "the simulation gave no answer"};
}

static struct judgement judge(const struct weir_evm_step *step, const struct weir_rail_job *job)
{
    const struct weir_rail_view *view = step->view;
    if (weir_evm_effect_is_shared(job)) {
        if (view->effect_final == WEIR_RAIL_KNOWN_YES)
            return (struct judgement){VERDICT_DONE, WEIR_RAIL_ALARM_NONE, ""};
        if (view->effect_latest == WEIR_RAIL_KNOWN_YES)
            return (struct judgement){VERDICT_WAIT, WEIR_RAIL_ALARM_NONE, ""};
        if (view->effect_latest == WEIR_RAIL_KNOWN_NOT)
            return (struct judgement){VERDICT_WAIT, WEIR_RAIL_ALARM_NETWORK,
                                      "the contract's state cannot be read"};
    }
    return judge_preflight(view);
}

bool weir_evm_add_attempt(const struct weir_evm_step *step,
                          struct weir_rail_job *job,
                          bool is_clearing)
{
    assert(job->has_nonce);
    const struct weir_rail_attempt *last = weir_evm_last_attempt(job);
    struct weir_rail_attempt attempt = {.is_clearing = is_clearing,
                                        .nonce = job->nonce,
                                        .gas =
                                            is_clearing ? WEIR_EVM_CLEARING_GAS : job->call->gas};
    bool is_affordable =
        last == NULL
            ? weir_evm_fees_first(step->policy, step->view, &attempt.fee_cap, &attempt.tip)
            : weir_evm_fees_bump(step->policy, step->view, last, &attempt.fee_cap, &attempt.tip);
    if (!is_affordable) {
        weir_evm_alarm(job, WEIR_RAIL_ALARM_FEE_CEILING, "the market is above the fee ceiling");
        return false;
    }
    if (job->attempt_count == WEIR_RAIL_ATTEMPTS_MAX) {
        weir_evm_alarm(job, WEIR_RAIL_ALARM_STUCK, "all attempts are used up");
        return false;
    }
    job->attempts[job->attempt_count++] = attempt;
    return true;
}

void weir_evm_lose_nonce(struct weir_rail_job *job)
{
    for (uint32_t i = 0; i < job->attempt_count; i++)
        if (job->attempts[i].nonce == job->nonce)
            job->attempts[i].state = WEIR_RAIL_ATTEMPT_DEAD;
    job->has_nonce = false;
    job->run.missing = 0;
    job->run.may_sign = false;
    job->run.must_bump = false;
}

static bool others_wait(const struct weir_evm_step *step, const struct weir_rail_job *job)
{
    return step->account->next_nonce > job->nonce + 1;
}

/* A nonce that its intent no longer needs still has to be used, or every later one waits for ever.
 */
static void clear_nonce(const struct weir_evm_step *step, struct weir_rail_job *job)
{
    if (weir_evm_add_attempt(step, job, true)) {
        job->stage = WEIR_RAIL_STAGE_PREPARED;
        job->run.may_sign = true;
        return;
    }
    weir_evm_wait(step, job, step->policy->hold_ms);
}

static void hold(const struct weir_evm_step *step,
                 struct weir_rail_job *job,
                 enum weir_rail_alarm alarm,
                 const char *text)
{
    bool is_second_revert = job->stage == WEIR_RAIL_STAGE_HELD &&
                            job->alarm == WEIR_RAIL_ALARM_PREFLIGHT &&
                            alarm == WEIR_RAIL_ALARM_PREFLIGHT;
    weir_evm_alarm(job, alarm, text);
    job->stage = WEIR_RAIL_STAGE_HELD;
    if (job->has_nonce && (is_second_revert || others_wait(step, job)))
        clear_nonce(step, job);
    else if (is_second_revert)
        job->stage = WEIR_RAIL_STAGE_REVERTED;
    else
        weir_evm_wait(step, job, step->policy->hold_ms);
}

/* Somebody else used the nonce set aside.  Until that is final a reorganisation may give it back,
 * and then nothing else would fill the gap.  Where only our own receipt shows the effect, a person
 * decides what to do: this may be an old copy of the ledger, and the stranger ourselves. */
static void lose_to_stranger(const struct weir_evm_step *step, struct weir_rail_job *job)
{
    bool is_final = step->view->has_nonce_final && step->view->nonce_final > job->nonce;
    bool is_shared = weir_evm_effect_is_shared(job);
    weir_evm_alarm(job, WEIR_RAIL_ALARM_FOREIGN_NONCE,
                   "the nonce set aside was used by somebody else");
    if (!is_final) {
        weir_evm_wait(step, job, step->policy->look_ms);
        return;
    }
    weir_evm_lose_nonce(job);
    job->stage = is_shared ? WEIR_RAIL_STAGE_INTENT : WEIR_RAIL_STAGE_HELD;
}

static bool is_affordable(const struct weir_evm_step *step, const struct weir_rail_job *job)
{
    unsigned __int128 fee_cap = 0;
    unsigned __int128 tip = 0;
    unsigned __int128 cost = 0;
    if (!weir_evm_fees_first(step->policy, step->view, &fee_cap, &tip))
        return true; /* the ceiling is another matter */
    return !__builtin_mul_overflow(fee_cap, (unsigned __int128)job->call->gas, &cost) &&
           !__builtin_add_overflow(cost, job->call->value, &cost) && cost <= step->view->balance;
}

/* The nonce of a job that has none: never one below the chain's, never one given out before.  A
 * chain ahead of a journal that is not empty means that somebody else uses the key: his
 * transactions count only when they are final. */
static bool choose_nonce(const struct weir_evm_step *step, struct weir_rail_job *job)
{
    const struct weir_rail_view *view = step->view;
    uint64_t own_next = step->account->next_nonce;
    if (own_next > 0 && view->nonce_latest > own_next) {
        const char *text = "the chain is ahead of this node's own nonces";
        if (!weir_evm_effect_is_shared(job) && !job->trusts_chain_nonce) {
            hold(step, job, WEIR_RAIL_ALARM_FOREIGN_NONCE, text);
            return false;
        }
        weir_evm_alarm(job, WEIR_RAIL_ALARM_FOREIGN_NONCE, text);
        if (!view->has_nonce_final || view->nonce_final < view->nonce_latest) {
            weir_evm_wait(step, job, step->policy->look_ms);
            return false;
        }
    }
    job->nonce = view->nonce_latest > own_next ? view->nonce_latest : own_next;
    job->has_nonce = true;
    return true;
}

static void prepare(const struct weir_evm_step *step, struct weir_rail_job *job)
{
    bool had_nonce = job->has_nonce;
    if (!is_affordable(step, job)) {
        hold(step, job, WEIR_RAIL_ALARM_FUNDS, "the gas account holds less than this may cost");
        return;
    }
    if (!had_nonce && step->account->open_nonces >= step->policy->in_flight_max) {
        weir_evm_wait(step, job, step->policy->look_ms);
        return;
    }
    weir_evm_alarm(job, WEIR_RAIL_ALARM_NONE, "");
    if (!had_nonce && !choose_nonce(step, job))
        return;
    if (weir_evm_add_attempt(step, job, false)) {
        job->stage = WEIR_RAIL_STAGE_PREPARED;
        job->run.may_sign = true;
        return;
    }
    job->has_nonce = had_nonce; /* nothing has seen it yet */
    char text[WEIR_RAIL_REASON_BYTES];
    memcpy(text, job->reason, sizeof(text));
    hold(step, job, job->alarm, text);
}

/* INTENT and HELD. */
static void take_start(const struct weir_evm_step *step, struct weir_rail_job *job)
{
    if (job->has_nonce && step->view->nonce_latest > job->nonce) {
        lose_to_stranger(step, job);
        return;
    }
    struct judgement judgement = judge(step, job);
    switch (judgement.verdict) {
    case VERDICT_GO:
        prepare(step, job);
        break;
    case VERDICT_WAIT:
        if (job->stage == WEIR_RAIL_STAGE_INTENT)
            weir_evm_alarm(job, judgement.alarm, judgement.text);
        weir_evm_wait(step, job, step->policy->look_ms);
        break;
    case VERDICT_DONE:
        weir_evm_alarm(job, WEIR_RAIL_ALARM_NONE, "");
        job->is_superseded = true;
        if (job->has_nonce)
            clear_nonce(step, job);
        else
            job->stage = WEIR_RAIL_STAGE_SUPERSEDED;
        break;
    case VERDICT_HOLD:
        hold(step, job, judgement.alarm, judgement.text);
        break;
    }
}

/* Nothing is signed yet, so the attempt itself may become the clearing one. */
static void give_up(struct weir_rail_job *job)
{
    struct weir_rail_attempt *last = weir_evm_last_attempt(job);
    assert(last != NULL && last->state == WEIR_RAIL_ATTEMPT_PREPARED);
    last->is_clearing = true;
    last->gas = WEIR_EVM_CLEARING_GAS;
    job->run.may_sign = true;
}

/* PREPARED: nonce and fields are durable and stay, so that signing again gives the same bytes. */
static void take_prepared(const struct weir_evm_step *step, struct weir_rail_job *job)
{
    const struct weir_rail_attempt *last = weir_evm_last_attempt(job);
    assert(last != NULL);
    if (step->view->nonce_latest > job->nonce) {
        lose_to_stranger(step, job);
        return;
    }
    if (last->is_clearing) {
        job->run.may_sign = true;
        return;
    }
    struct judgement judgement = judge(step, job);
    if (judgement.verdict == VERDICT_GO) {
        job->run.may_sign = true;
        return;
    }
    weir_evm_alarm(job, judgement.alarm, judgement.text);
    job->is_superseded = judgement.verdict == VERDICT_DONE;
    if (job->is_superseded || others_wait(step, job))
        give_up(job);
    else
        weir_evm_wait(step, job,
                      judgement.verdict == VERDICT_HOLD ? step->policy->hold_ms
                                                        : step->policy->look_ms);
}

void weir_evm_take_view(const struct weir_evm_step *step, struct weir_rail_job *job)
{
    job->run.may_sign = false;
    if (step->view->chain_id != step->policy->chain_id) {
        char text[WEIR_RAIL_REASON_BYTES];
        (void)snprintf(text, sizeof(text), "the node serves chain %llu instead of %llu",
                       (unsigned long long)step->view->chain_id,
                       (unsigned long long)step->policy->chain_id); /* always fits */
        weir_evm_alarm(job, WEIR_RAIL_ALARM_CHAIN, text);
        weir_evm_wait(step, job, step->policy->hold_ms);
        return;
    }
    job->run.looked_ms = step->now_ms;
    job->run.failures = 0;
    if (job->alarm == WEIR_RAIL_ALARM_NETWORK || job->alarm == WEIR_RAIL_ALARM_CHAIN)
        weir_evm_alarm(job, WEIR_RAIL_ALARM_NONE, "");
    switch (job->stage) {
    case WEIR_RAIL_STAGE_INTENT:
    case WEIR_RAIL_STAGE_HELD:
        take_start(step, job);
        break;
    case WEIR_RAIL_STAGE_PREPARED:
        take_prepared(step, job);
        break;
    case WEIR_RAIL_STAGE_SIGNED:
    case WEIR_RAIL_STAGE_SENT:
        weir_evm_take_sent(step, job);
        break;
    case WEIR_RAIL_STAGE_MINED:
        weir_evm_take_mined(step, job);
        break;
    case WEIR_RAIL_STAGE_FINAL:
    case WEIR_RAIL_STAGE_REVERTED:
    case WEIR_RAIL_STAGE_SUPERSEDED:
        break;
    }
}
