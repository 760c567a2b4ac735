/* What operators asked for by commands: opening an agreement and funding it.  A request row becomes
 * a job with an id that follows from it, so asking twice does it once. */
#include "node/settler.h"

#include <string.h>

#include "base/arena.h"
#include "base/number.h"
#include "config/config.h"
#include "ledger/jobs.h"
#include "ledger/requests.h"
#include "ledger/store.h"
#include "node/clock.h"
#include "node/log.h"
#include "node/requests.h"

/* One request in hand. */
struct asked {
    struct weir_settler *settler;
    struct weir_scope *scope;
    const struct weir_request_row *row;
    struct weir_book *book;
    unsigned __int128 amount; /* of a funding */
    struct weir_hash job_id;
};

static enum weir_err read_request(struct asked *asked)
{
    struct weir_slice rest = asked->row->body;
    struct weir_slice name = rest;
    bool is_fund = strcmp(asked->row->kind, WEIR_REQUEST_FUND) == 0;
    if (is_fund && (!weir_slice_cut(&rest, ' ', &name) ||
                    weir_u128_parse(asked->scope, rest, &asked->amount) != WEIR_OK))
        return asked->scope->err != WEIR_OK
                   ? asked->scope->err
                   : weir_fail(asked->scope, WEIR_E_PARSE, "a funding without an amount");
    const char *text = weir_take_text(asked->scope, name.data, name.length);
    if (text == NULL)
        return asked->scope->err;
    const struct weir_agreement *agreement =
        weir_agreement_by_name(&asked->settler->worker.agreements, text);
    asked->book = agreement == NULL ? NULL : weir_settler_book(asked->settler, &agreement->hash);
    if (asked->book == NULL)
        return weir_fail(asked->scope, WEIR_E_NOT_FOUND, "no agreement '%s' in the configuration",
                         text);
    struct weir_sha256 state;
    weir_sha256_init(&state);
    weir_sha256_update(&state, asked->row->kind, strlen(asked->row->kind) + 1);
    weir_sha256_update(&state, asked->row->key, strlen(asked->row->key) + 1);
    weir_sha256_update(&state, agreement->hash.bytes, WEIR_HASH_BYTES);
    asked->job_id = weir_sha256_final(&state);
    return WEIR_OK;
}

static enum weir_err make_job(struct asked *asked)
{
    const struct weir_agreement *agreement = asked->book->agreement;
    bool is_fund = strcmp(asked->row->kind, WEIR_REQUEST_FUND) == 0;
    const struct weir_job_subject subject = {
        .chain_id = agreement->domain.chain_id,
        .terms = agreement->hash,
        .amount = asked->amount,
    };
    struct weir_rail_order order = {.kind = is_fund ? WEIR_RAIL_FUND : WEIR_RAIL_OPEN};
    if (is_fund)
        order.of.fund = (struct weir_rail_fund_order){
            .agreement = agreement->domain.contract,
            .asset = agreement->terms.asset,
            .amount = asked->amount,
        };
    else
        order.of.open = (struct weir_rail_open_order){
            .factory = agreement->factory,
            .agreement = agreement->domain.contract,
            .terms = &agreement->terms,
        };
    return weir_settler_order(asked->settler, asked->scope, asked->book->rail, &asked->job_id,
                              &order, &subject);
}

static enum weir_err answer(struct asked *asked, bool is_refused, const char *text)
{
    const struct weir_request_row outcome = {
        .request_id = asked->row->request_id,
        .is_refused = is_refused,
        .answer = weir_slice_text(text),
        .made_ms = weir_clock_now(),
    };
    return weir_request_answer(asked->settler->worker.store, asked->scope, &outcome);
}

/* The job is over: says how. */
static enum weir_err answer_job(struct asked *asked, const struct weir_rail_job_row *row)
{
    struct weir_stored_job *stored = weir_take(asked->scope, 1, sizeof(*stored));
    if (stored == NULL)
        return asked->scope->err;
    enum weir_err err = weir_job_read(asked->scope, row->bytes, stored);
    if (err != WEIR_OK)
        return err;
    if (row->stage == WEIR_RAIL_STAGE_REVERTED)
        return answer(asked, true, stored->job.reason);
    if (row->stage == WEIR_RAIL_STAGE_SUPERSEDED)
        return answer(asked, false, "done already by somebody else");
    char tx[WEIR_HASH_HEX_BYTES];
    weir_hash_hex(&stored->job.attempts[stored->job.mined.attempt].hash, tx);
    const char *text = weir_take_printf(asked->scope, "0x%s", tx);
    return text == NULL ? asked->scope->err : answer(asked, false, text);
}

static enum weir_err serve(struct asked *asked)
{
    struct weir_rail_job_row row;
    enum weir_err err = read_request(asked);
    if (err == WEIR_OK)
        err = weir_rail_job_load(asked->settler->worker.store, asked->scope, &asked->job_id, &row);
    if (err == WEIR_OK)
        return row.is_over ? answer_job(asked, &row) : WEIR_OK;
    if (asked->book != NULL && err == WEIR_E_NOT_FOUND) {
        weir_scope_recover(asked->scope);
        err = make_job(asked);
    }
    if (err == WEIR_OK || err == WEIR_E_STORE || err == WEIR_E_MEMORY || weir_err_retryable(err))
        return err; /* the request stays open */
    const char *why =
        weir_take_text(asked->scope, asked->scope->fault, strlen(asked->scope->fault));
    weir_scope_recover(asked->scope);
    return answer(asked, true, why == NULL ? "refused" : why);
}

enum weir_err weir_settler_requests(struct weir_settler *settler, struct weir_scope *scope)
{
    static const char *const kinds[] = {WEIR_REQUEST_OPEN, WEIR_REQUEST_FUND};
    settler->open_requests = 0;
    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        struct weir_request_row *rows;
        size_t count;
        enum weir_err err =
            weir_request_list_open(settler->worker.store, scope, kinds[k], &rows, &count);
        for (size_t i = 0; err == WEIR_OK && i < count; i++) {
            struct asked asked = {.settler = settler, .scope = scope, .row = &rows[i]};
            err = serve(&asked);
        }
        if (err != WEIR_OK)
            return err;
        settler->open_requests += count;
    }
    return WEIR_OK;
}
