#include "node/settler.h"

#include <poll.h>
#include <string.h>

#include "base/arena.h"
#include "config/config.h"
#include "ledger/agreements.h"
#include "ledger/status.h"
#include "ledger/store.h"
#include "node/clock.h"
#include "node/log.h"
#include "node/sandbox.h"
#include "rails/http.h"

#define SLOTS 64
#define WAIT_MS_MAX 5000
#define STATUS_MS 2000
#define RETRY_MS 1000
#define SILENCE_MS_MIN 500 /* doubled up to 32 s */

void weir_settler_wake_at(struct weir_settler *settler, int64_t at_ms)
{
    if (at_ms < settler->wake_at_ms)
        settler->wake_at_ms = at_ms;
}

struct weir_book *weir_settler_book(struct weir_settler *settler, const struct weir_hash *terms)
{
    for (size_t i = 0; i < settler->book_count; i++)
        if (weir_hash_equal(&settler->books[i].agreement->hash, terms))
            return &settler->books[i];
    return NULL;
}

static enum weir_err make_rails(struct weir_settler *settler)
{
    const struct weir_config *config = settler->worker.config;
    struct weir_scope *scope = &settler->worker.scope;
    settler->rails = weir_take(scope, config->chain_count, sizeof(*settler->rails));
    settler->next_nonce = weir_take(scope, config->chain_count, sizeof(*settler->next_nonce));
    settler->silences = weir_take(scope, config->chain_count, sizeof(*settler->silences));
    if (settler->rails == NULL || settler->next_nonce == NULL || settler->silences == NULL)
        return scope->err;
    for (size_t i = 0; i < config->chain_count; i++) {
        const struct weir_config_chain *chain = &config->chains[i];
        const struct weir_rpc_endpoint endpoint = {
            .url = chain->rpc_url,
            .allow_private = chain->private_is_allowed,
            .timeout_ms = (uint32_t)chain->timeout_ms,
            .body_bytes_max = (size_t)chain->answer_bytes_max,
        };
        struct weir_evm_policy policy = weir_evm_policy_default(chain->chain_id);
        policy.depth = chain->finality == WEIR_CONFIG_FINALITY_DEPTH ? chain->finality_depth : 0;
        policy.fee_cap_max = chain->fee_per_gas_max_wei;
        policy.tip_min = chain->priority_fee_wei;
        policy.look_ms = (uint32_t)chain->poll_ms;
        weir_evm_rail_init(&settler->rails[i], settler->http, &endpoint, &policy);
    }
    settler->rail_count = config->chain_count;
    return WEIR_OK;
}

static struct weir_evm_rail *rail_of(struct weir_settler *settler, uint64_t chain_id)
{
    for (size_t i = 0; i < settler->rail_count; i++)
        if (settler->rails[i].client.chain_id == chain_id)
            return &settler->rails[i];
    return NULL;
}

/* A book for every agreement; only those we are a witness of are judged and exchanged. */
static enum weir_err make_books(struct weir_settler *settler)
{
    struct weir_worker *worker = &settler->worker;
    struct weir_scope *scope = &worker->scope;
    settler->books = weir_take(scope, worker->agreements.count, sizeof(*settler->books));
    if (settler->books == NULL)
        return scope->err;
    for (size_t i = 0; i < worker->agreements.count; i++) {
        struct weir_book *book = &settler->books[i];
        const struct weir_agreement *agreement = &worker->agreements.items[i];
        struct weir_agreement_row row;
        enum weir_err err = weir_agreement_find_terms(worker->store, scope, &agreement->hash, &row);
        if (err != WEIR_OK)
            return weir_note(scope, "agreement '%s'", agreement->name);
        *book = (struct weir_book){
            .agreement = agreement,
            .agreement_id = row.agreement_id,
            .log_id = weir_worker_log(worker, agreement->gauge.name),
            .rail = rail_of(settler, agreement->domain.chain_id),
            .tracked = weir_take(scope, WEIR_TRACKED_MAX, sizeof(*book->tracked)),
            .levels_read_ms = INT64_MIN / 2,
            .exchanged_ms = INT64_MIN / 2,
            .must_exchange = true,
        };
        if (book->tracked == NULL)
            return scope->err;
    }
    settler->book_count = worker->agreements.count;
    return WEIR_OK;
}

static enum weir_err make_contacts(struct weir_settler *settler)
{
    struct weir_worker *worker = &settler->worker;
    struct weir_scope *scope = &worker->scope;
    size_t count = worker->config->peer_count;
    if (count > WEIR_PEERS_MAX)
        return weir_fail(scope, WEIR_E_LIMIT, "%zu peers; at most %d", count, WEIR_PEERS_MAX);
    settler->contacts = weir_take(scope, count, sizeof(*settler->contacts));
    for (size_t i = 0; settler->contacts != NULL && i < count; i++)
        settler->contacts[i] = (struct weir_contact){
            .peer = &worker->config->peers[i],
            .keys = &worker->agreements.peer_keys[i],
            .known_size = weir_take(scope, settler->book_count, sizeof(uint64_t)),
            .known_serial = weir_take(scope, settler->book_count, sizeof(uint64_t)),
        };
    settler->contact_count = count;
    return scope->err;
}

static enum weir_err start(struct weir_settler *settler, struct weir_duty *duty)
{
    enum weir_err err = weir_worker_start(&settler->worker, duty);
    if (err != WEIR_OK)
        return err;
    settler->http = weir_http_new(SLOTS, NULL);
    settler->started_ms = weir_clock_now();
    if (settler->http == NULL)
        return weir_fail(&settler->worker.scope, WEIR_E_MEMORY, "no HTTP client");
    weir_http_stop_on(settler->http, duty->stop_in);
    err = make_rails(settler);
    if (err == WEIR_OK)
        err = make_books(settler);
    if (err == WEIR_OK)
        err = make_contacts(settler);
    struct weir_scope scope = {.arena = settler->worker.scratch};
    if (err == WEIR_OK && weir_settler_jobs_start(settler, &scope) != WEIR_OK)
        err = weir_fail(&settler->worker.scope, scope.err, "%s", scope.fault);
    weir_arena_clear(settler->worker.scratch);
    return err != WEIR_OK ? err
                          : weir_sandbox_enter(&settler->worker.scope, WEIR_DUTY_SETTLER, NULL);
}

/* Everything that is to be done about one agreement now. */
static enum weir_err
work_on(struct weir_settler *settler, struct weir_scope *scope, struct weir_book *book)
{
    if (book->agreement->own < 0 || book->log_id == 0 || book->rail == NULL)
        return WEIR_OK;
    if (book->agreement->terms.m == 1) {
        struct weir_merkle_head head; /* nobody else has to cosign */
        enum weir_err err = weir_settler_head(settler, scope, book, 0, &head);
        if (err != WEIR_OK)
            return err;
        book->cosigned_size = head.size;
    }
    enum weir_err err = weir_settler_track(settler, scope, book);
    if (err == WEIR_OK)
        err = weir_settler_judge(settler, scope, book);
    if (err == WEIR_OK)
        err = weir_settler_exchange(settler, scope, book);
    if (err == WEIR_OK)
        err = weir_settler_read_levels(settler, scope, book);
    if (err == WEIR_OK)
        err = weir_settler_report(settler, scope, book);
    return err;
}

/* Nothing goes on without the ledger and the signer, nor with a ledger that was rolled back. */
static bool is_fatal(const struct weir_settler *settler, enum weir_err err)
{
    return err == WEIR_E_STORE || err == WEIR_E_CORRUPT || err == WEIR_E_IO ||
           err == WEIR_E_AHEAD || err == WEIR_E_UNREACHABLE || settler->is_cut_off;
}

/* Looks, without waiting, at what ends this duty. */
static void look_for_end(struct weir_settler *settler)
{
    struct pollfd ends[] = {
        {.fd = settler->worker.duty->stop_in, .events = POLLIN},
        {.fd = settler->worker.duty->signer, .events = POLLIN}, /* says nothing unasked */
    };
    if (poll(ends, 2, 0) <= 0)
        return;
    settler->must_stop = settler->must_stop || ends[0].revents != 0;
    settler->is_cut_off = ends[1].revents != 0;
}

/* After one step of a round, whose memory is given back: a failure that is not the end of all stops
 * no other step. */
static enum weir_err
end_step(struct weir_settler *settler, struct weir_scope *scope, enum weir_err err)
{
    weir_arena_clear(settler->worker.scratch);
    if (err == WEIR_OK)
        return WEIR_OK;
    look_for_end(settler);
    bool is_end = is_fatal(settler, err) || settler->must_stop;
    if (settler->must_stop)
        weir_scope_recover(scope); /* whatever it was, we are going */
    else
        weir_log_failure(WEIR_LOG_ERROR, "settler_round", scope);
    weir_settler_wake_at(settler, weir_clock_monotonic_ms() + RETRY_MS);
    return is_end ? err : WEIR_OK;
}

static enum weir_err round_of_work(struct weir_settler *settler)
{
    enum weir_err (*const steps[])(struct weir_settler *, struct weir_scope *) = {
        weir_settler_requests, weir_settler_jobs, weir_settler_payouts, weir_settler_attest};
    struct weir_scope scope = {.arena = settler->worker.scratch};
    enum weir_err err = WEIR_OK;
    settler->did_something = false;
    settler->wake_at_ms = weir_clock_monotonic_ms() + WAIT_MS_MAX;
    for (size_t i = 0; err == WEIR_OK && !settler->must_stop && i < settler->book_count; i++)
        err = end_step(settler, &scope, work_on(settler, &scope, &settler->books[i]));
    for (size_t i = 0;
         err == WEIR_OK && !settler->must_stop && i < sizeof(steps) / sizeof(steps[0]); i++)
        err = end_step(settler, &scope, steps[i](settler, &scope));
    return err;
}

bool weir_settler_is_silent(struct weir_settler *settler, const struct weir_evm_rail *rail)
{
    const struct weir_silence *silence = &settler->silences[rail - settler->rails];
    if (weir_clock_monotonic_ms() >= silence->until_ms)
        return false;
    weir_settler_wake_at(settler, silence->until_ms);
    return true;
}

void weir_settler_heard(struct weir_settler *settler,
                        const struct weir_evm_rail *rail,
                        enum weir_err err)
{
    struct weir_silence *silence = &settler->silences[rail - settler->rails];
    bool is_silence = err == WEIR_E_NETWORK || err == WEIR_E_TIMEOUT;
    if (!is_silence) {
        *silence = (struct weir_silence){.failures = 0};
        return;
    }
    unsigned doublings = silence->failures < 6 ? silence->failures : 6;
    silence->failures++;
    silence->until_ms = weir_clock_monotonic_ms() + ((int64_t)SILENCE_MS_MIN << doublings);
}

/* Where each chain stands, for readiness and for `weir doctor`. */
static enum weir_err put_chain(struct weir_settler *settler,
                               struct weir_scope *scope,
                               const struct weir_config_chain *chain,
                               struct weir_evm_rail *rail)
{
    struct weir_rail_head head;
    struct weir_rail_head final;
    unsigned __int128 balance;
    const struct weir_address native = {{0}};
    if (weir_settler_is_silent(settler, rail))
        return WEIR_OK;
    enum weir_err err = weir_client_heads(&rail->client, scope, &head, &final);
    weir_settler_heard(settler, rail, err);
    if (err == WEIR_OK)
        err = weir_client_balance(&rail->client, scope, &native, &settler->worker.keys.gas,
                                  WEIR_CLIENT_LATEST, &balance);
    if (err != WEIR_OK)
        return err;
    int64_t updated_ms = weir_clock_now();
    int64_t wei = balance > INT64_MAX ? INT64_MAX : (int64_t)balance;
    const struct {
        const char *name;
        int64_t value;
    } values[] = {
        {"weir_chain_head_timestamp_seconds", (int64_t)head.timestamp_s},
        {"weir_chain_head_number", (int64_t)head.number},
        {"weir_chain_final_number", (int64_t) final.number},
        {"weir_gas_balance_wei", wei},
    };
    struct weir_status_row rows[sizeof(values) / sizeof(values[0])];
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        const char *name = weir_take_printf(scope, "%s{chain=\"%s\"}", values[i].name, chain->name);
        rows[i] = (struct weir_status_row){"settler", name, values[i].value, "", updated_ms};
        if (name == NULL)
            return scope->err;
    }
    return weir_status_put(settler->worker.store, scope, rows, sizeof(rows) / sizeof(rows[0]));
}

static enum weir_err put_counters(struct weir_settler *settler, struct weir_scope *scope)
{
    int64_t quiet = 0;
    for (size_t i = 0; i < settler->contact_count; i++)
        quiet += settler->contacts[i].failures > 0;
    int64_t updated_ms = weir_clock_now();
    const struct weir_status_row rows[] = {
        {"settler", "weir_intents_open", (int64_t)settler->open_intents, "", updated_ms},
        {"settler", "weir_requests_open", (int64_t)settler->open_requests, "", updated_ms},
        {"settler", "weir_peers_unreachable", quiet, "", updated_ms},
    };
    return weir_status_put(settler->worker.store, scope, rows, sizeof(rows) / sizeof(rows[0]));
}

static void put_status(struct weir_settler *settler)
{
    int64_t now_ms = weir_clock_monotonic_ms();
    if (now_ms < settler->status_at_ms) {
        weir_settler_wake_at(settler, settler->status_at_ms);
        return;
    }
    settler->status_at_ms = now_ms + STATUS_MS;
    struct weir_scope scope = {.arena = settler->worker.scratch};
    if (put_counters(settler, &scope) != WEIR_OK)
        weir_log_failure(WEIR_LOG_WARN, "status", &scope);
    for (size_t i = 0; i < settler->rail_count; i++)
        if (put_chain(settler, &scope, &settler->worker.config->chains[i], &settler->rails[i]) !=
            WEIR_OK)
            weir_log_failure(WEIR_LOG_WARN, "chain_not_seen", &scope);
    weir_arena_clear(settler->worker.scratch);
}

/* Nothing more will come of the windows of an agreement. */
static bool is_book_done(const struct weir_book *book)
{
    const struct weir_terms *terms = &book->agreement->terms;
    uint64_t now_s = (uint64_t)(weir_clock_now() / 1000);
    if (book->agreement->own >= 0 && book->next_window < terms->count)
        return false;
    for (size_t i = 0; i < book->tracked_count; i++) {
        const struct weir_tracked *tracked = &book->tracked[i];
        bool is_early =
            tracked->own_tier > 0 && now_s < weir_terms_payable_s(terms, tracked->window);
        if (is_early || !tracked->is_final || tracked->right_tier > tracked->level)
            return false;
    }
    return true;
}

/* Nothing is left that this process could do by waiting. */
static bool is_idle(const struct weir_settler *settler)
{
    if (settler->did_something || settler->open_intents > 0 || settler->open_requests > 0)
        return false;
    for (size_t i = 0; i < settler->book_count; i++)
        if (!is_book_done(&settler->books[i]))
            return false;
    return true;
}

/* The duty's one waiting place.  False when it shall end. */
static bool wait_for_work(struct weir_settler *settler)
{
    struct weir_duty *duty = settler->worker.duty;
    struct pollfd extra[] = {
        {.fd = duty->stop_in, .events = POLLIN},
        {.fd = duty->wake_in, .events = POLLIN},
        {.fd = duty->signer, .events = POLLIN}, /* readable: it is gone, or out of step with us */
    };
    int64_t left_ms = settler->wake_at_ms - weir_clock_monotonic_ms();
    if (settler->did_something || left_ms < 0)
        left_ms = 0;
    struct weir_scope scope = {.arena = settler->worker.scratch};
    if (weir_http_wait(settler->http, &scope, extra, 3, (int)left_ms) != WEIR_OK)
        weir_log_failure(WEIR_LOG_ERROR, "wait", &scope);
    struct weir_http_result late; /* answers nobody waits for any more */
    while (weir_http_next(settler->http, &late))
        weir_http_release(settler->http, late.ticket);
    if (extra[1].revents != 0)
        weir_duty_wake_clear(duty);
    settler->must_stop = settler->must_stop || extra[0].revents != 0;
    settler->is_cut_off = extra[2].revents != 0;
    return !settler->must_stop && !settler->is_cut_off;
}

/* Until the duty shall end; 1 when it cannot go on. */
static int work(struct weir_settler *settler)
{
    struct weir_duty *duty = settler->worker.duty;
    do {
        if (round_of_work(settler) != WEIR_OK)
            return settler->must_stop ? 0 : 1;
        put_status(settler);
    } while (!(duty->until_idle && is_idle(settler)) && wait_for_work(settler));
    return settler->is_cut_off ? 1 : 0;
}

int weir_settler_run(struct weir_duty *duty)
{
    static struct weir_settler settler; /* large; one per process */
    int status = 1;
    if (start(&settler, duty) == WEIR_OK) {
        weir_duty_ready(duty);
        status = work(&settler);
    } else {
        weir_log_failure(WEIR_LOG_ERROR, "cannot_start", &settler.worker.scope);
    }
    weir_http_free(settler.http);
    weir_worker_end(&settler.worker);
    return status;
}
