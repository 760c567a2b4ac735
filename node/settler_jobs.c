/* Drives jobs on their rails: load, next, do, apply, store, again (rails/rail.h).  Every state is a
 * committed row before the next step, so a kill anywhere is followed by the same step again. */
#include "node/settler.h"

#include <stdio.h>
#include <string.h>

#include "attest/due.h"
#include "base/arena.h"
#include "config/config.h"
#include "ledger/intents.h"
#include "ledger/jobs.h"
#include "ledger/store.h"
#include "node/clock.h"
#include "node/job_codec.h"
#include "node/log.h"
#include "rails/evm/tx.h"
#include "rails/job.h"

#define JOBS_MAX 256
#define STEPS_MAX 12 /* of one job in one round; the rest goes on in the next */

static struct weir_evm_rail *rail_of(struct weir_settler *settler, uint64_t chain_id)
{
    for (size_t i = 0; i < settler->rail_count; i++)
        if (settler->rails[i].client.chain_id == chain_id)
            return &settler->rails[i];
    return NULL;
}

static enum weir_err store_job(struct weir_settler *settler,
                               struct weir_scope *scope,
                               const struct weir_stored_job *stored)
{
    struct weir_buffer bytes = {.capacity_max = 0};
    enum weir_err err = weir_job_write(scope, stored, &bytes);
    const struct weir_rail_job_row row = {
        .job_id = stored->job.id,
        .kind = (uint8_t)stored->job.kind,
        .stage = (uint8_t)stored->job.stage,
        .is_over = weir_rail_is_over(stored->job.stage),
        .bytes = weir_buffer_slice(&bytes),
        .made_ms = weir_clock_now(),
    };
    return err != WEIR_OK ? err : weir_rail_job_put(settler->worker.store, scope, &row);
}

/* What nonces of our key are taken on the chain: of the open jobs, and the highest ever given. */
static enum weir_err count_account(struct weir_settler *settler,
                                   struct weir_scope *scope,
                                   const struct weir_evm_rail *rail,
                                   bool only_open,
                                   struct weir_rail_account *account)
{
    struct weir_rail_job_row *rows;
    size_t count;
    uint64_t *next_nonce = &settler->next_nonce[rail - settler->rails];
    *account = (struct weir_rail_account){.address = settler->worker.keys.gas};
    enum weir_err err =
        weir_rail_job_list(settler->worker.store, scope, only_open, INT32_MAX, &rows, &count);
    struct weir_stored_job *stored = weir_take(scope, 1, sizeof(*stored));
    if (stored == NULL)
        return scope->err;
    for (size_t i = 0; err == WEIR_OK && i < count; i++) {
        err = weir_job_read(scope, rows[i].bytes, stored);
        if (err == WEIR_OK && stored->subject.chain_id == rail->client.chain_id)
            weir_rail_account_add(account, &stored->job);
    }
    if (account->next_nonce < *next_nonce)
        account->next_nonce = *next_nonce;
    *next_nonce = account->next_nonce;
    return err;
}

enum weir_err weir_settler_jobs_start(struct weir_settler *settler, struct weir_scope *scope)
{
    enum weir_err err = WEIR_OK;
    for (size_t i = 0; err == WEIR_OK && i < settler->rail_count; i++) {
        struct weir_rail_account account;
        err = count_account(settler, scope, &settler->rails[i], false, &account);
    }
    return err;
}

/* What this process has seen of a job outlives a round, not the process. */
static void runs_recall(const struct weir_settler *settler, struct weir_rail_job *job)
{
    for (size_t i = 0; i < WEIR_RUNS_MAX; i++)
        if (weir_hash_equal(&settler->runs[i].job, &job->id))
            memcpy(&job->run, settler->runs[i].seen, sizeof(job->run));
}

static void runs_keep(struct weir_settler *settler, const struct weir_rail_job *job)
{
    size_t place = settler->next_run;
    for (size_t i = 0; i < WEIR_RUNS_MAX; i++)
        if (weir_hash_equal(&settler->runs[i].job, &job->id))
            place = i;
    if (place == settler->next_run)
        settler->next_run = (settler->next_run + 1) % WEIR_RUNS_MAX;
    settler->runs[place].job = job->id;
    _Static_assert(sizeof(settler->runs[0].seen) >= sizeof(job->run), "room for it");
    memcpy(settler->runs[place].seen, &job->run, sizeof(job->run));
}

/* The signer's bytes for one attempt, kept as evidence of what may be on the wire. */
static enum weir_err sign_attempt(struct weir_settler *settler,
                                  struct weir_scope *scope,
                                  const struct weir_stored_job *stored,
                                  uint32_t number,
                                  struct weir_rail_event *event)
{
    const struct weir_rail_attempt *attempt = &stored->job.attempts[number];
    struct weir_ask_transaction asked = {
        .job = stored->job.id,
        .kind = (uint8_t)stored->job.kind,
        .chain_id = stored->subject.chain_id,
        .nonce = attempt->nonce,
        .tip = attempt->tip,
        .fee_cap = attempt->fee_cap,
        .gas = attempt->gas,
        .is_clearing = attempt->is_clearing,
        .to = attempt->is_clearing ? settler->worker.keys.gas : stored->call.to,
    };
    if (!attempt->is_clearing) {
        asked.value = stored->call.value;
        asked.data = stored->call.data;
    }
    *event = (struct weir_rail_event){.kind = WEIR_RAIL_EVENT_SIGNED, .attempt = number};
    enum weir_err err =
        weir_ask_sign_transaction(scope, settler->worker.duty->signer, &asked, &event->raw);
    if (err == WEIR_OK) {
        event->hash = weir_evm_tx_hash(event->raw);
        return WEIR_OK;
    }
    if (err == WEIR_E_IO || err == WEIR_E_TIMEOUT || err == WEIR_E_UNREACHABLE)
        return err; /* the signer is gone: the supervisor starts us all anew */
    event->kind = WEIR_RAIL_EVENT_SIGN_REFUSED;
    event->err = err;
    (void)snprintf(event->text, sizeof(event->text), "%.150s", scope->fault);
    weir_log_failure(WEIR_LOG_WARN, "transaction_refused", scope);
    return WEIR_OK;
}

static void log_stage(const struct weir_stored_job *stored, enum weir_rail_stage before)
{
    const struct weir_rail_job *job = &stored->job;
    char id[WEIR_HASH_HEX_BYTES];
    char tx[WEIR_HASH_HEX_BYTES] = "";
    weir_hash_hex(&job->id, id);
    if (job->attempt_count > 0)
        weir_hash_hex(&job->attempts[job->attempt_count - 1].hash, tx);
    if (job->stage != before || job->alarm != WEIR_RAIL_ALARM_NONE)
        weir_log(job->alarm == WEIR_RAIL_ALARM_NONE ? WEIR_LOG_INFO : WEIR_LOG_WARN, "job",
                 "job=%.16s stage=%s window=%llu tier=%u tx=0x%s alarm=%s reason=\"%s\"", id,
                 weir_rail_stage_name(job->stage), (unsigned long long)stored->subject.window,
                 stored->subject.tier, tx, weir_rail_alarm_name(job->alarm), job->reason);
}

/* One action and its event.  `*is_waiting` when there is nothing to do now. */
static enum weir_err do_step(struct weir_settler *settler,
                             struct weir_scope *scope,
                             struct weir_evm_rail *rail,
                             struct weir_stored_job *stored,
                             bool *is_waiting)
{
    struct weir_rail_account account;
    enum weir_err err = count_account(settler, scope, rail, true, &account);
    if (err != WEIR_OK)
        return err;
    const struct weir_rail_ops *ops = rail->base.ops;
    int64_t now_ms = weir_clock_now();
    struct weir_rail_action action = ops->next(&rail->base, &stored->job, &account, now_ms);
    struct weir_rail_event *event = weir_take(scope, 1, sizeof(*event));
    if (event == NULL)
        return scope->err;
    *is_waiting = action.kind == WEIR_RAIL_ACTION_NONE || action.kind == WEIR_RAIL_ACTION_WAIT;
    if (action.kind == WEIR_RAIL_ACTION_WAIT)
        weir_settler_wake_at(settler, weir_clock_monotonic_ms() + action.until_ms - now_ms);
    if (*is_waiting)
        return WEIR_OK;
    if (action.kind == WEIR_RAIL_ACTION_SIGN)
        err = sign_attempt(settler, scope, stored, action.attempt, event);
    else if ((*is_waiting = weir_settler_is_silent(settler, rail)))
        return WEIR_OK;
    else
        err = ops->perform(&rail->base, scope, &stored->job, &account, action, event);
    enum weir_rail_stage before = stored->job.stage;
    if (err == WEIR_OK)
        err = ops->apply(&rail->base, scope, &stored->job, &account, event, weir_clock_now());
    if (err == WEIR_OK && action.kind != WEIR_RAIL_ACTION_SIGN)
        weir_settler_heard(settler, rail, stored->job.run.failures > 0 ? WEIR_E_NETWORK : WEIR_OK);
    if (err == WEIR_OK)
        err = store_job(settler, scope, stored);
    if (err == WEIR_OK)
        log_stage(stored, before);
    return err;
}

/* Moves one job as far as it goes now. */
static enum weir_err
drive(struct weir_settler *settler, struct weir_scope *scope, const struct weir_rail_job_row *row)
{
    struct weir_stored_job *stored = weir_take(scope, 1, sizeof(*stored));
    if (stored == NULL)
        return scope->err;
    enum weir_err err = weir_job_read(scope, row->bytes, stored);
    if (err != WEIR_OK)
        return err;
    runs_recall(settler, &stored->job);
    struct weir_evm_rail *rail = rail_of(settler, stored->subject.chain_id);
    if (rail == NULL)
        return weir_fail(scope, WEIR_E_CONFIG, "chain %llu is not configured any more",
                         (unsigned long long)stored->subject.chain_id);
    bool is_waiting = false;
    for (unsigned i = 0; err == WEIR_OK && i < STEPS_MAX && !is_waiting; i++)
        err = do_step(settler, scope, rail, stored, &is_waiting);
    if (!is_waiting)
        settler->did_something = true;
    runs_keep(settler, &stored->job);
    return err;
}

enum weir_err weir_settler_jobs(struct weir_settler *settler, struct weir_scope *scope)
{
    struct weir_rail_job_row *rows;
    size_t count;
    enum weir_err err =
        weir_rail_job_list(settler->worker.store, scope, true, JOBS_MAX, &rows, &count);
    for (size_t i = 0; err == WEIR_OK && i < count; i++) {
        err = drive(settler, scope, &rows[i]);
        if (err == WEIR_E_STORE || err == WEIR_E_IO || err == WEIR_E_UNREACHABLE ||
            err == WEIR_E_MEMORY)
            return err;
        if (err != WEIR_OK) {
            weir_log_failure(WEIR_LOG_ERROR, "job_failed", scope);
            weir_settler_wake_at(settler, weir_clock_monotonic_ms() + 1000);
            err = WEIR_OK;
        }
    }
    return err;
}

enum weir_err weir_settler_order(struct weir_settler *settler,
                                 struct weir_scope *scope,
                                 struct weir_evm_rail *rail,
                                 const struct weir_hash *id,
                                 const struct weir_rail_order *order,
                                 const struct weir_job_subject *subject)
{
    struct weir_stored_job *stored = weir_take(scope, 1, sizeof(*stored));
    if (stored == NULL)
        return scope->err;
    stored->subject = *subject;
    enum weir_err err =
        rail->base.ops->prepare(&rail->base, scope, order, &stored->call, &stored->effect);
    if (err != WEIR_OK)
        return err;
    weir_evm_job_init(&stored->job, id, order->kind, &stored->call, &stored->effect);
    settler->did_something = true;
    return store_job(settler, scope, stored);
}

enum weir_err weir_settler_pay(struct weir_settler *settler,
                               struct weir_scope *scope,
                               struct weir_book *book,
                               const struct weir_proof *proof)
{
    struct weir_store *store = settler->worker.store;
    const struct weir_agreement *agreement = book->agreement;
    const struct weir_breach *breach = &proof->report.breach;
    struct weir_rail_job_row known;
    uint64_t window = proof->sections[0].window;
    struct weir_job_subject subject = {
        .chain_id = agreement->domain.chain_id,
        .terms = agreement->hash,
        .report = weir_breach_digest(&agreement->domain, breach),
        .window = window,
        .tier = breach->tier,
    };
    struct weir_hash id =
        weir_intent_id(subject.chain_id, &agreement->domain.contract, window, breach->tier);
    enum weir_err err = weir_rail_job_load(store, scope, &id, &known);
    if (err != WEIR_E_NOT_FOUND)
        return err; /* there is one already */
    weir_scope_recover(scope);
    const struct weir_lanes untouched = {0};
    struct weir_due due;
    err = weir_due_compute(scope, &agreement->terms, &untouched, breach, &due);
    subject.amount = due.amount;
    const struct weir_rail_order order = {
        .kind = WEIR_RAIL_PAYOUT,
        .of.report = {.agreement = agreement->domain.contract,
                      .terms = &agreement->terms,
                      .report = &proof->report},
    };
    if (err == WEIR_OK)
        err = weir_store_begin(store, scope, WEIR_WRITE_SHORT);
    if (err != WEIR_OK)
        return err;
    err = weir_settler_order(settler, scope, book->rail, &id, &order, &subject);
    if (err == WEIR_OK)
        err = weir_settler_book_payout(settler, scope, book, &id, subject.amount);
    if (err != WEIR_OK) {
        weir_store_rollback(store);
        return err;
    }
    return weir_store_commit(store, scope);
}
