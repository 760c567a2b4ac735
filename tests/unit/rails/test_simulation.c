/* Goal: whatever chain, node and power supply do, every intent ends, and a transfer of money is
 * made exactly once; no bytes go out that are not durable, and no nonce serves two intents. Method:
 * seeded random runs against a chain in memory with reorganisations, forgetful pools, lost answers
 * (sent, but not told), lagging heads, fee storms, a competing sender, and a process that dies
 * between any two steps; then the faults stop and everything must come to rest. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/rails/with_chain.h"

#define SEEDS_DEFAULT 400
#define FAULTY_STEPS 1500
#define QUIET_STEPS 6000
#define STEP_MS 250
#define DEPTH 8
#define REORGANISATION_MAX 6 /* shallower than what counts as final */

struct world {
    struct with_chain chain;
    struct with_signer *signer;
    struct weir_evm_policy policy;
    struct weir_rail_call calls[WITH_JOBS_MAX];
    struct weir_rail_effect effects[WITH_JOBS_MAX];
    struct weir_rail_job jobs[WITH_JOBS_MAX];   /* as the process holds them */
    struct weir_rail_job stored[WITH_JOBS_MAX]; /* as the rows hold them */
    size_t job_count;
    int64_t now_ms;
    bool is_faulty;
    unsigned crashes;
};

/* Totals over all seeds, to show that the faults really happened. */
static struct {
    unsigned reorganisations;
    unsigned crashes;
    unsigned lost_answers;
    unsigned replacements;
    unsigned superseded;
    unsigned finals;
    unsigned resumed;
} seen;

static void crash(struct world *w)
{
    seen.crashes++;
    for (size_t i = 0; i < w->job_count; i++) {
        w->jobs[i] = w->stored[i];
        memset(&w->jobs[i].run, 0, sizeof(w->jobs[i].run));
    }
}

static struct weir_rail_account account_of(const struct world *w)
{
    struct weir_rail_account account = {.address = w->signer->address};
    for (size_t i = 0; i < w->job_count; i++)
        weir_rail_account_add(&account, &w->jobs[i]);
    return account;
}

static void begin(struct world *w, struct with_signer *signer, uint64_t seed)
{
    static const char *const names[WITH_JOBS_MAX] = {"one", "two", "three", "four", "five", "six"};
    memset(w, 0, sizeof(*w));
    w->signer = signer;
    w->policy = with_policy();
    w->policy.depth = DEPTH;
    w->now_ms = 1700000000000;
    w->is_faulty = true;
    with_chain_init(&w->chain, seed, DEPTH);
    w->chain.scope = &signer->scope;
    w->job_count = 1 + with_random_below(&w->chain.random, WITH_JOBS_MAX);
    w->chain.job_count = w->job_count;
    for (uint32_t i = 0; i < w->job_count; i++) {
        bool is_payout = !with_random_once_in(&w->chain.random, 3);
        w->chain.effects[i] = is_payout ? WEIR_RAIL_EFFECT_LEVELS : WEIR_RAIL_EFFECT_RECEIPT;
        w->calls[i] =
            (struct weir_rail_call){.to = {{9}}, .data = weir_slice_text(names[i]), .gas = 100000};
        w->effects[i] = (struct weir_rail_effect){.kind = w->chain.effects[i], .tier = 1};
        const struct weir_hash id = {{(uint8_t)i}};
        weir_evm_job_init(&w->jobs[i], &id, is_payout ? WEIR_RAIL_PAYOUT : WEIR_RAIL_FUND,
                          &w->calls[i], &w->effects[i]);
        w->stored[i] = w->jobs[i];
    }
}

static bool happens(struct world *w, uint64_t often)
{
    return w->is_faulty && with_random_once_in(&w->chain.random, often);
}

/* What the world does by itself. */
static void turn_world(struct world *w)
{
    w->now_ms += (int64_t)with_random_below(&w->chain.random, 2 * STEP_MS);
    if (with_random_once_in(&w->chain.random, 4))
        with_chain_mine(&w->chain);
    if (happens(w, 60)) {
        seen.reorganisations++;
        with_chain_reorganise(&w->chain,
                              1 + with_random_below(&w->chain.random, REORGANISATION_MAX));
        with_chain_mine(&w->chain);
    }
    if (happens(w, 40))
        with_chain_drop(&w->chain);
    if (happens(w, 100))
        w->chain.base_fee = (1 + with_random_below(&w->chain.random, 120)) * WITH_GWEI;
    if (account_of(w).next_nonce > 0 && happens(w, 500))
        with_chain_use_nonce(&w->chain);
    if (happens(w, 300)) {
        uint32_t job = (uint32_t)with_random_below(&w->chain.random, w->job_count);
        if (w->chain.effects[job] == WEIR_RAIL_EFFECT_LEVELS)
            with_chain_compete(&w->chain, job);
    }
}

static void lose_answer(struct weir_rail_event *event, bool is_send, uint32_t attempt)
{
    seen.lost_answers++;
    *event = (struct weir_rail_event){.kind = WEIR_RAIL_EVENT_NO_ANSWER,
                                      .is_send = is_send,
                                      .attempt = attempt,
                                      .err = WEIR_E_TIMEOUT,
                                      .text = "lost"};
}

static void do_look(struct world *w, uint32_t index, struct weir_rail_event *event)
{
    event->kind = WEIR_RAIL_EVENT_VIEW;
    size_t lag = happens(w, 10) ? with_random_below(&w->chain.random, 5) : 0;
    with_chain_view(&w->chain, &w->jobs[index], index, lag, &event->view);
    if (happens(w, 50))
        event->view.preflight = WEIR_RAIL_PREFLIGHT_TRANSIENT;
    if (happens(w, 50))
        event->view.effect_latest = event->view.effect_final = WEIR_RAIL_KNOWN_NOT;
    if (happens(w, 60))
        event->view.chain_id = 1;
    if (happens(w, 8))
        lose_answer(event, false, 0);
}

static void
do_send(struct world *w, uint32_t index, uint32_t attempt, struct weir_rail_event *event)
{
    const struct weir_rail_attempt *sent = &w->jobs[index].attempts[attempt];
    const struct weir_rail_attempt *row = &w->stored[index].attempts[attempt];
    assert_true(weir_slice_equal(sent->raw, row->raw)); /* durable before it goes out */
    if (sent->is_clearing || attempt > 0)
        seen.replacements++;
    event->kind = WEIR_RAIL_EVENT_SENT;
    event->attempt = attempt;
    if (happens(w, 12)) { /* it never arrived */
        lose_answer(event, true, attempt);
        return;
    }
    event->sent = with_chain_send(&w->chain, sent->raw, index);
    if (happens(w, 6)) /* it arrived, and nobody told */
        lose_answer(event, true, attempt);
}

static void
do_sign(struct world *w, uint32_t index, uint32_t attempt, struct weir_rail_event *event)
{
    const struct weir_rail_attempt *asked = &w->jobs[index].attempts[attempt];
    const struct weir_rail_attempt *row = &w->stored[index].attempts[attempt];
    assert_true(asked->nonce == row->nonce && asked->fee_cap == row->fee_cap);
    if (happens(w, 30)) {
        *event = (struct weir_rail_event){
            .kind = WEIR_RAIL_EVENT_SIGN_REFUSED,
            .attempt = attempt,
            .err = with_random_once_in(&w->chain.random, 2) ? WEIR_E_POLICY : WEIR_E_TIMEOUT};
        return;
    }
    with_sign(w->signer, &w->jobs[index], attempt, event);
}

/* A person who knows the chain lets a held transfer go on. */
static void ask_operator(struct world *w, uint32_t index)
{
    struct weir_rail_job *job = &w->jobs[index];
    if (job->stage != WEIR_RAIL_STAGE_HELD || job->alarm != WEIR_RAIL_ALARM_FOREIGN_NONCE ||
        job->effect->kind != WEIR_RAIL_EFFECT_RECEIPT)
        return;
    assert_int_equal(with_chain_effects(&w->chain, index, w->chain.block_count - 1), 0);
    weir_evm_job_resume(job);
    w->stored[index] = *job;
    seen.resumed++;
}

/* One step of one job, with a death at every place where one can happen. */
static void turn_job(struct world *w, uint32_t index)
{
    struct weir_rail_job *job = &w->jobs[index];
    struct weir_rail_account account = account_of(w);
    struct weir_rail_action action = weir_evm_next(&w->policy, job, &account, w->now_ms);
    static struct weir_rail_event event;
    memset(&event, 0, sizeof(event));
    switch (action.kind) {
    case WEIR_RAIL_ACTION_NONE:
        return;
    case WEIR_RAIL_ACTION_WAIT:
        assert_true(action.until_ms > w->now_ms);
        return;
    case WEIR_RAIL_ACTION_LOOK:
        do_look(w, index, &event);
        break;
    case WEIR_RAIL_ACTION_SIGN:
        do_sign(w, index, action.attempt, &event);
        break;
    case WEIR_RAIL_ACTION_SEND:
        do_send(w, index, action.attempt, &event);
        break;
    }
    if (happens(w, 40)) { /* done, and not yet known to us */
        crash(w);
        return;
    }
    enum weir_err err =
        weir_evm_apply(&w->policy, &w->signer->scope, job, &account, &event, w->now_ms);
    if (err != WEIR_OK)
        fail_msg("%s", w->signer->scope.fault);
    if (happens(w, 40)) { /* known, and not yet stored */
        crash(w);
        return;
    }
    w->stored[index] = *job;
    if (happens(w, 40))
        crash(w);
}

/* No nonce serves two intents, and attempts of one nonce differ in fees only. */
static void check_nonces(const struct world *w)
{
    for (size_t i = 0; i < w->job_count; i++)
        for (uint32_t a = 0; a < w->jobs[i].attempt_count; a++)
            for (size_t j = i + 1; j < w->job_count; j++)
                for (uint32_t b = 0; b < w->jobs[j].attempt_count; b++)
                    assert_int_not_equal(w->jobs[i].attempts[a].nonce,
                                         w->jobs[j].attempts[b].nonce);
}

static void check_end(struct world *w, uint32_t index, uint64_t seed)
{
    const struct weir_rail_job *job = &w->jobs[index];
    unsigned effects = with_chain_effects(&w->chain, index, w->chain.block_count - 1);
    if (!weir_rail_is_over(job->stage))
        fail_msg("seed %llu: job %u rests in stage '%s' with alarm '%s': %s",
                 (unsigned long long)seed, index, weir_rail_stage_name(job->stage),
                 weir_rail_alarm_name(job->alarm), job->reason);
    if (effects != 1)
        fail_msg("seed %llu: job %u ended %s with %u effects", (unsigned long long)seed, index,
                 weir_rail_stage_name(job->stage), effects);
    assert_int_not_equal(job->stage, WEIR_RAIL_STAGE_REVERTED);
    seen.finals += job->stage == WEIR_RAIL_STAGE_FINAL;
    seen.superseded += job->stage == WEIR_RAIL_STAGE_SUPERSEDED;
}

static bool all_over(const struct world *w)
{
    for (size_t i = 0; i < w->job_count; i++)
        if (!weir_rail_is_over(w->jobs[i].stage))
            return false;
    return true;
}

static void run(struct with_signer *signer, uint64_t seed)
{
    static struct world w;
    begin(&w, signer, seed);
    for (int step = 0; step < FAULTY_STEPS + QUIET_STEPS && !(step > FAULTY_STEPS && all_over(&w));
         step++) {
        w.is_faulty = step < FAULTY_STEPS;
        if (step == FAULTY_STEPS)
            w.chain.base_fee = 10 * WITH_GWEI;
        turn_world(&w);
        uint32_t index = (uint32_t)with_random_below(&w.chain.random, w.job_count);
        turn_job(&w, index);
        ask_operator(&w, index);
    }
    check_nonces(&w);
    for (uint32_t i = 0; i < w.job_count; i++)
        check_end(&w, i, seed);
    assert_int_equal(signer->scope.err, WEIR_OK);
    weir_arena_clear(signer->scope.arena);
}

static void every_intent_ends_with_exactly_one_effect(void **state)
{
    struct with_signer *signer = *state;
    const char *wanted = getenv("WEIR_SEEDS");
    uint64_t seeds = wanted == NULL ? SEEDS_DEFAULT : strtoull(wanted, NULL, 10);
    printf("seeds 1..%llu\n", (unsigned long long)seeds);
    for (uint64_t seed = 1; seed <= seeds; seed++)
        run(signer, seed);
    printf("%u final, %u by others; %u reorganisations, %u crashes, %u lost answers, "
           "%u replacements, %u resumed by hand\n",
           seen.finals, seen.superseded, seen.reorganisations, seen.crashes, seen.lost_answers,
           seen.replacements, seen.resumed);
    assert_true(seen.resumed > 0);
    assert_true(seen.finals > 0 && seen.superseded > 0 && seen.replacements > 0);
    assert_true(seen.reorganisations > 0 && seen.crashes > 0 && seen.lost_answers > 0);
}

static int set_up(void **state)
{
    static struct with_signer signer;
    with_signer_open(&signer);
    *state = &signer;
    return 0;
}

static int tear_down(void **state)
{
    with_signer_close(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_intent_ends_with_exactly_one_effect),
    };
    return cmocka_run_group_tests_name("simulation", tests, set_up, tear_down);
}
