#include "rails/evm/manager_private.h"

#include <assert.h>
#include <string.h>

#define MISSING_MAX 3 /* looks at a used nonce without a receipt of ours */

/* The receipt of any attempt: the older, cheaper one can win. */
static const struct weir_rail_mined *find_receipt(const struct weir_rail_view *view,
                                                  const struct weir_rail_job *job)
{
    for (uint32_t i = 0; i < job->attempt_count; i++) {
        enum weir_rail_attempt_state state = job->attempts[i].state;
        bool is_out = state == WEIR_RAIL_ATTEMPT_SIGNED || state == WEIR_RAIL_ATTEMPT_SENT;
        if (is_out && job->attempts[i].nonce == job->nonce && view->receipts[i].is_found)
            return &view->receipts[i].mined;
    }
    return NULL;
}

/* Our nonce is used and none of our transactions shows.  A node may lag with its receipts, so this
 * is believed only after several looks and when the nonce is used in a final block. */
static void take_used_nonce(const struct weir_evm_step *step, struct weir_rail_job *job)
{
    job->run.missing++;
    bool is_final = step->view->has_nonce_final && step->view->nonce_final > job->nonce;
    if (!is_final || job->run.missing < MISSING_MAX)
        return;
    weir_evm_lose_nonce(job);
    weir_evm_alarm(job, WEIR_RAIL_ALARM_FOREIGN_NONCE,
                   "a transaction that is not ours was mined at our nonce");
    job->stage = weir_evm_effect_is_shared(job) ? WEIR_RAIL_STAGE_INTENT : WEIR_RAIL_STAGE_HELD;
}

static bool is_too_slow(const struct weir_evm_step *step,
                        const struct weir_rail_job *job,
                        const struct weir_rail_attempt *last)
{
    bool is_lowest = !step->account->has_lowest || step->account->lowest_open_nonce >= job->nonce;
    bool is_old = step->now_ms - last->signed_ms >= step->policy->bump_ms;
    return is_lowest && (is_old || job->run.must_bump);
}

/* An unsigned replacement has no meaning once something of ours is mined. */
static void enter_mined(struct weir_rail_job *job, const struct weir_rail_mined *receipt)
{
    if (job->attempts[job->attempt_count - 1].state == WEIR_RAIL_ATTEMPT_PREPARED)
        job->attempt_count--;
    job->mined = *receipt;
    job->is_mined = true;
    job->stage = WEIR_RAIL_STAGE_MINED;
    job->run.missing = 0;
    job->run.must_bump = false;
}

/* None of ours is mined: go on sending, dearer when it takes too long. */
static void take_pending(const struct weir_evm_step *step, struct weir_rail_job *job)
{
    const struct weir_rail_attempt *last = weir_evm_last_attempt(job);
    assert(last != NULL);
    job->run.missing = 0;
    if (weir_evm_effect_is_shared(job) && step->view->effect_final == WEIR_RAIL_KNOWN_YES)
        job->is_superseded = true;
    if (step->account->has_lowest && step->view->nonce_latest < step->account->lowest_open_nonce &&
        is_too_slow(step, job, last))
        weir_evm_alarm(job, WEIR_RAIL_ALARM_GAP,
                       "a nonce below all of ours is not used, so none of ours can be mined");
    if (last->state == WEIR_RAIL_ATTEMPT_PREPARED)
        job->run.may_sign = true;
    else if (last->state == WEIR_RAIL_ATTEMPT_SENT && is_too_slow(step, job, last))
        job->run.may_sign =
            weir_evm_add_attempt(step, job, job->is_superseded || last->is_clearing);
    job->run.must_bump = false;
}

void weir_evm_take_sent(const struct weir_evm_step *step, struct weir_rail_job *job)
{
    const struct weir_rail_mined *receipt = find_receipt(step->view, job);
    if (receipt != NULL) {
        enter_mined(job, receipt);
        weir_evm_take_mined(step, job);
    } else if (step->view->nonce_latest > job->nonce) {
        job->run.must_bump = false;
        take_used_nonce(step, job);
    } else {
        take_pending(step, job);
    }
}

/* The block we knew was replaced, and we are not in its successor: the same bytes go out again. */
static void take_reorganisation(struct weir_rail_job *job)
{
    struct weir_rail_attempt *last = weir_evm_last_attempt(job);
    assert(last != NULL);
    job->stage = WEIR_RAIL_STAGE_SENT;
    job->is_mined = false;
    job->mined = (struct weir_rail_mined){0};
    job->run.missing = 0;
    last->sent_ms = 0;
}

/* No receipt where there was one: a lagging node, or a reorganisation.  It is one when the node's
 * block at that height is another, or when its chain stays too short.  Erring costs nothing: the
 * bytes that go out again are the same. */
static void take_lost_receipt(const struct weir_evm_step *step, struct weir_rail_job *job)
{
    const struct weir_rail_view *view = step->view;
    bool is_other =
        view->has_mined_block && !weir_hash_equal(&view->mined_block_hash, &job->mined.block_hash);
    job->run.missing++;
    if (is_other || job->run.missing >= MISSING_MAX)
        take_reorganisation(job);
}

static void end(struct weir_rail_job *job, enum weir_rail_stage stage)
{
    job->stage = stage;
    if (stage != WEIR_RAIL_STAGE_REVERTED)
        weir_evm_alarm(job, WEIR_RAIL_ALARM_NONE, "");
}

static void take_final_success(const struct weir_evm_step *step, struct weir_rail_job *job)
{
    bool is_shown = job->effect->kind == WEIR_RAIL_EFFECT_RECEIPT ||
                    step->view->effect_final == WEIR_RAIL_KNOWN_YES;
    if (is_shown)
        end(job, WEIR_RAIL_STAGE_FINAL);
    else if (step->view->effect_final == WEIR_RAIL_KNOWN_NO)
        weir_evm_alarm(job, WEIR_RAIL_ALARM_EFFECT_MISSING,
                       "mined, final and successful, yet the effect does not show");
}

/* The nonce is gone for good; what remains is to begin anew or to end. */
static void take_final_failure(const struct weir_evm_step *step, struct weir_rail_job *job)
{
    bool is_clearing = job->attempts[job->mined.attempt].is_clearing;
    bool is_done = weir_evm_effect_is_shared(job) &&
                   (job->is_superseded || step->view->effect_final == WEIR_RAIL_KNOWN_YES);
    weir_evm_lose_nonce(job);
    if (is_done) {
        job->is_superseded = true;
        end(job, WEIR_RAIL_STAGE_SUPERSEDED);
        return;
    }
    if (!is_clearing)
        job->revert_count++;
    if (!is_clearing && job->revert_count >= step->policy->revert_max) {
        weir_evm_alarm(job, WEIR_RAIL_ALARM_NONE, "mined and reverted, in a final block");
        end(job, WEIR_RAIL_STAGE_REVERTED);
        return;
    }
    job->stage = WEIR_RAIL_STAGE_INTENT;
    job->is_mined = false;
    job->mined = (struct weir_rail_mined){0};
}

void weir_evm_take_mined(const struct weir_evm_step *step, struct weir_rail_job *job)
{
    const struct weir_rail_view *view = step->view;
    const struct weir_rail_mined *receipt = find_receipt(view, job);
    if (receipt == NULL) {
        take_lost_receipt(step, job);
        return;
    }
    job->run.missing = 0;
    bool same_height = receipt->block_number == job->mined.block_number;
    job->mined = *receipt;
    bool is_final = same_height && view->has_final && view->final.number >= receipt->block_number &&
                    view->has_mined_block &&
                    weir_hash_equal(&view->mined_block_hash, &receipt->block_hash);
    if (!is_final)
        return;
    if (receipt->succeeded && !job->attempts[receipt->attempt].is_clearing)
        take_final_success(step, job);
    else
        take_final_failure(step, job);
}
