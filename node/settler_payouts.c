/* The books of payouts.  An intent is closed when the chain shows its effect in a final block,
 * whoever sent the transaction; the transfer is then posted with what was really paid, and the
 * receipt with its proof is kept for the proof file. */
#include "node/settler.h"

#include <string.h>

#include "attest/due.h"
#include "base/arena.h"
#include "config/config.h"
#include "ledger/agreements.h"
#include "ledger/evidence.h"
#include "ledger/intents.h"
#include "ledger/jobs.h"
#include "ledger/reports.h"
#include "ledger/store.h"
#include "ledger/transfers.h"
#include "node/clock.h"
#include "node/log.h"
#include "node/proofs.h"

#define RANGES_MAX 64 /* of WEIR_CLIENT_BLOCKS_MAX blocks, searched at once */

/* One intent being closed. */
struct closing {
    struct weir_settler *settler;
    struct weir_scope *scope;
    struct weir_book *book;
    const struct weir_intent *intent;
    struct weir_hash tx;
    struct weir_settlement settlement;
    const struct weir_settled_log *settled; /* the log that paid this intent */
};

enum weir_err weir_settler_book_payout(struct weir_settler *settler,
                                       struct weir_scope *scope,
                                       const struct weir_book *book,
                                       const struct weir_hash *intent,
                                       unsigned __int128 amount)
{
    struct weir_store *store = settler->worker.store;
    const struct weir_agreement *agreement = book->agreement;
    struct weir_agreement_row row;
    char clone[WEIR_ADDRESS_TEXT_BYTES];
    char customer[WEIR_ADDRESS_TEXT_BYTES];
    weir_address_print_hex(&agreement->domain.contract, clone);
    weir_address_print_hex(&agreement->terms.customer, customer);
    enum weir_err err = weir_agreement_load(store, scope, book->agreement_id, &row);
    if (err != WEIR_OK)
        return err;
    const char *from = weir_take_printf(scope, "escrow/%s", clone);
    const char *to = weir_take_printf(scope, "customer/%s", customer);
    struct weir_transfer transfer = {
        .kind = WEIR_TRANSFER_PENDING,
        .cause = *intent,
        .amount = weir_money_make(row.asset, amount),
        .detail = agreement->name,
        .made_ms = weir_clock_now(),
    };
    if (from == NULL || to == NULL)
        return scope->err;
    err = weir_account_open(store, scope, from, row.asset, &transfer.debit);
    if (err == WEIR_OK)
        err = weir_account_open(store, scope, to, row.asset, &transfer.credit);
    return err != WEIR_OK ? err : weir_transfer_book(store, scope, &transfer);
}

/* Goes back from the final block, range by range: this node may have been away for days. */
static enum weir_err search_chain(struct closing *closing)
{
    struct weir_scope *scope = closing->scope;
    const struct weir_agreement *agreement = closing->book->agreement;
    struct weir_client *client = &closing->book->rail->client;
    struct weir_rail_head head;
    struct weir_rail_head final;
    struct weir_settled_query query = {
        .agreement = agreement->domain.contract,
        .word = weir_window_word(&agreement->terms, closing->intent->window),
        .mask = weir_window_mask(&agreement->terms, closing->intent->window),
        .tier = closing->intent->tier,
    };
    enum weir_err err = weir_client_heads(client, scope, &head, &final);
    if (err != WEIR_OK)
        return err;
    query.to_block = final.number;
    for (unsigned range = 0;; range++) {
        uint64_t back = WEIR_CLIENT_BLOCKS_MAX - 1;
        query.from_block = query.to_block < back ? 0 : query.to_block - back;
        err = weir_client_find_settled(client, scope, &query, &closing->tx);
        if (err != WEIR_E_NOT_FOUND || query.from_block == 0 || range == RANGES_MAX)
            return err;
        weir_scope_recover(scope);
        query.to_block = query.from_block - 1;
    }
}

/* The transaction that settled the intent: our own when it is final, else whoever's log answers. */
static enum weir_err find_tx(struct closing *closing)
{
    struct weir_rail_job_row row;
    struct weir_scope *scope = closing->scope;
    enum weir_err err =
        weir_rail_job_load(closing->settler->worker.store, scope, &closing->intent->id, &row);
    if (err == WEIR_OK && row.stage == WEIR_RAIL_STAGE_FINAL) {
        struct weir_stored_job *stored = weir_take(scope, 1, sizeof(*stored));
        if (stored == NULL)
            return scope->err;
        err = weir_job_read(scope, row.bytes, stored);
        if (err == WEIR_OK)
            closing->tx = stored->job.attempts[stored->job.mined.attempt].hash;
        return err;
    }
    if (err != WEIR_OK && err != WEIR_E_NOT_FOUND)
        return err;
    weir_scope_recover(scope);
    return search_chain(closing);
}

static enum weir_err find_log(struct closing *closing)
{
    const struct weir_agreement *agreement = closing->book->agreement;
    enum weir_err err =
        weir_client_settlement(&closing->book->rail->client, closing->scope,
                               &agreement->domain.contract, &closing->tx, &closing->settlement);
    if (err != WEIR_OK)
        return err;
    struct weir_word mask = weir_window_mask(&agreement->terms, closing->intent->window);
    for (size_t i = 0; i < closing->settlement.log_count; i++) {
        const struct weir_settled_log *log = &closing->settlement.logs[i];
        bool is_it = log->settled.tier >= closing->intent->tier &&
                     weir_word_has(log->settled.fresh, weir_word_lowest(mask));
        if (is_it)
            closing->settled = log;
    }
    if (closing->settled == NULL)
        return weir_fail(closing->scope, WEIR_E_PAYMENT,
                         "the transaction does not settle window %llu",
                         (unsigned long long)closing->intent->window);
    return WEIR_OK;
}

/* Keeps header and receipt beside the report that they pay, when we have that report. */
static enum weir_err keep_payment(struct closing *closing)
{
    struct weir_scope *scope = closing->scope;
    struct weir_store *store = closing->settler->worker.store;
    const struct weir_agreement *agreement = closing->book->agreement;
    struct weir_payment payment;
    struct weir_report_row *reports;
    size_t count;
    enum weir_err err = weir_report_list(store, scope, &agreement->hash,
                                         closing->settled->settled.word, &reports, &count);
    if (err == WEIR_OK)
        err = weir_client_payment(&closing->book->rail->client, scope, &agreement->domain.contract,
                                  &closing->tx, &payment);
    struct weir_header header;
    if (err == WEIR_OK)
        err = weir_header_read(scope, payment.header, &header);
    if (err != WEIR_OK)
        return err;
    const struct weir_proof_payment shown = {
        .tx = closing->tx,
        .block = header.hash,
        .block_number = header.number,
        .tx_index = payment.transaction_index,
        .log_index = closing->settled->log_index,
        .header = payment.header,
        .nodes = payment.proof.nodes,
        .node_count = payment.proof.node_count,
    };
    struct weir_buffer bytes = {.capacity_max = 0};
    err = weir_proof_payment_write(scope, &shown, &bytes);
    for (size_t i = 0; err == WEIR_OK && i < count; i++)
        if (weir_hash_equal(&reports[i].breach.evidence_root,
                            &closing->settled->settled.evidence_root))
            err = weir_payment_put(store, scope, &reports[i].digest, &closing->tx,
                                   weir_buffer_slice(&bytes));
    return err;
}

static enum weir_err post(struct closing *closing)
{
    struct weir_scope *scope = closing->scope;
    struct weir_store *store = closing->settler->worker.store;
    const struct weir_settled *settled = &closing->settled->settled;
    struct weir_agreement_row row;
    char tx[WEIR_HASH_HEX_BYTES];
    weir_hash_hex(&closing->tx, tx);
    enum weir_err err = weir_agreement_load(store, scope, closing->book->agreement_id, &row);
    const char *detail = weir_take_printf(scope, "0x%s", tx);
    if (err != WEIR_OK || detail == NULL)
        return scope->err;
    /* A log may settle a higher tier than this intent: its own part was paid inside that one. */
    unsigned __int128 paid = settled->tier == closing->intent->tier ? settled->paid : 0;
    err = weir_transfer_post(store, scope, &closing->intent->id, weir_money_make(row.asset, paid),
                             weir_clock_now(), detail);
    if (err == WEIR_OK)
        err = weir_intent_step(store, scope, &closing->intent->id,
                               settled->tier == closing->intent->tier ? WEIR_INTENT_SETTLED
                                                                      : WEIR_INTENT_SUPERSEDED,
                               weir_clock_now(), detail);
    if (err != WEIR_OK)
        return err;
    char amount[WEIR_MONEY_TEXT_BYTES];
    const struct weir_config_asset *asset = closing->book->agreement->configured->asset;
    weir_money_print(weir_money_make(row.asset, settled->paid), asset->decimals, amount);
    weir_log(WEIR_LOG_INFO, "paid", "agreement=%s window=%llu tier=%u paid=%s asset=%s tx=%s",
             closing->book->agreement->name, (unsigned long long)closing->intent->window,
             settled->tier, amount, asset->name, detail);
    return WEIR_OK;
}

/* Whether the effect stands in a final block: read from the chain for every intent. */
static enum weir_err is_effective(struct closing *closing, bool *is_done)
{
    const uint64_t window = closing->intent->window;
    const struct weir_client_windows asked = {closing->book->agreement->domain.contract, &window,
                                              1};
    uint8_t level;
    enum weir_err err = weir_client_levels(&closing->book->rail->client, closing->scope, &asked,
                                           WEIR_CLIENT_FINAL, &level);
    *is_done = err == WEIR_OK && level >= closing->intent->tier;
    if (err == WEIR_OK)
        for (size_t i = 0; i < closing->book->tracked_count; i++)
            if (closing->book->tracked[i].window == window &&
                closing->book->tracked[i].level < level)
                closing->book->tracked[i].level = level;
    return err;
}

/* Whether no report can come any more: a final block lies behind the claim window.  Our own clock
 * may be wrong, and what is mined may take long to become final. */
static enum weir_err is_over(struct closing *closing, bool *is_closed)
{
    uint64_t closed_s =
        weir_terms_closed_s(&closing->book->agreement->terms, closing->intent->window);
    struct weir_rail_head head;
    struct weir_rail_head final;
    *is_closed = false;
    if ((uint64_t)(weir_clock_now() / 1000) < closed_s)
        return WEIR_OK; /* spares the question; a clock that is behind only delays */
    enum weir_err err =
        weir_client_heads(&closing->book->rail->client, closing->scope, &head, &final);
    *is_closed = err == WEIR_OK && final.timestamp_s >= closed_s;
    return err;
}

/* The claim window is over and nothing was paid. */
static enum weir_err expire(struct closing *closing)
{
    struct weir_store *store = closing->settler->worker.store;
    const char *why = "the claim window is over";
    enum weir_err err = weir_store_begin(store, closing->scope, WEIR_WRITE_SHORT);
    if (err != WEIR_OK)
        return err;
    err = weir_transfer_void(store, closing->scope, &closing->intent->id, weir_clock_now(), why);
    if (err == WEIR_E_NOT_FOUND) { /* it was never booked */
        weir_scope_recover(closing->scope);
        err = WEIR_OK;
    }
    if (err == WEIR_OK)
        err = weir_intent_step(store, closing->scope, &closing->intent->id, WEIR_INTENT_EXPIRED,
                               weir_clock_now(), why);
    if (err != WEIR_OK) {
        weir_store_rollback(store);
        return err;
    }
    return weir_store_commit(store, closing->scope);
}

/* What the payout of an intent is worth by the terms, as if nothing had been paid before. */
static enum weir_err book_if_missing(struct closing *closing)
{
    const struct weir_agreement *agreement = closing->book->agreement;
    const struct weir_breach breach = {
        .terms = agreement->hash,
        .word = weir_window_word(&agreement->terms, closing->intent->window),
        .mask = weir_window_mask(&agreement->terms, closing->intent->window),
        .tier = closing->intent->tier,
    };
    const struct weir_lanes untouched = {0};
    struct weir_due due;
    enum weir_err err =
        weir_due_compute(closing->scope, &agreement->terms, &untouched, &breach, &due);
    return err != WEIR_OK
               ? err
               : weir_settler_book_payout(closing->settler, closing->scope, closing->book,
                                          &closing->intent->id, due.amount);
}

static enum weir_err close_intent(struct closing *closing)
{
    struct weir_store *store = closing->settler->worker.store;
    bool is_done = false;
    bool is_closed = false;
    /* In this order: the level is read at or after the block that closes the claim window. */
    enum weir_err err = is_over(closing, &is_closed);
    if (err == WEIR_OK)
        err = is_effective(closing, &is_done);
    if (err != WEIR_OK)
        return err;
    if (!is_done)
        return is_closed ? expire(closing) : WEIR_OK;
    err = find_tx(closing);
    if (err == WEIR_OK)
        err = find_log(closing);
    if (err == WEIR_OK)
        err = keep_payment(closing);
    if (err == WEIR_OK)
        err = weir_store_begin(store, closing->scope, WEIR_WRITE_SHORT);
    if (err != WEIR_OK)
        return err;
    err = book_if_missing(closing);
    if (err == WEIR_OK)
        err = post(closing);
    if (err != WEIR_OK) {
        weir_store_rollback(store);
        return err;
    }
    return weir_store_commit(store, closing->scope);
}

static struct weir_book *book_of(struct weir_settler *settler, int64_t agreement_id)
{
    for (size_t i = 0; i < settler->book_count; i++)
        if (settler->books[i].agreement_id == agreement_id)
            return &settler->books[i];
    return NULL;
}

enum weir_err weir_settler_payouts(struct weir_settler *settler, struct weir_scope *scope)
{
    struct weir_intent *intents;
    size_t count;
    int64_t now_ms = weir_clock_monotonic_ms();
    if (now_ms < settler->payouts_at_ms) {
        weir_settler_wake_at(settler, settler->payouts_at_ms);
        return WEIR_OK;
    }
    enum weir_err err = weir_intent_list_open(settler->worker.store, scope, 0, &intents, &count);
    settler->open_intents = count;
    for (size_t i = 0; err == WEIR_OK && i < count; i++) {
        struct weir_book *book = book_of(settler, intents[i].agreement_id);
        if (book == NULL)
            continue; /* an agreement that is not configured any more */
        settler->payouts_at_ms = now_ms + book->agreement->configured->chain->poll_ms;
        if (book->rail == NULL || weir_settler_is_silent(settler, book->rail))
            continue;
        struct closing closing = {
            .settler = settler, .scope = scope, .book = book, .intent = &intents[i]};
        err = close_intent(&closing);
        weir_settler_heard(settler, book->rail, err);
        if (err != WEIR_OK && err != WEIR_E_STORE && err != WEIR_E_MEMORY) {
            weir_log_failure(WEIR_LOG_WARN, "payout_not_closed", scope);
            err = WEIR_OK;
        }
    }
    if (count > 0)
        weir_settler_wake_at(settler, settler->payouts_at_ms);
    return err;
}
