/* Agreements and payouts read from the ledger, complete, for all who show them. */
#include "node/overview.h"

#include <string.h>

#include "attest/due.h"
#include "base/arena.h"
#include "ledger/evidence.h"
#include "ledger/jobs.h"
#include "ledger/log.h"
#include "ledger/reports.h"
#include "ledger/store.h"
#include "node/job_codec.h"

static enum weir_err load_agreement(const struct weir_overview *overview,
                                    struct weir_scope *scope,
                                    const struct weir_agreement_row *row,
                                    struct weir_known_agreement *known)
{
    struct weir_log log;
    *known = (struct weir_known_agreement){.row = *row};
    enum weir_err err = weir_asset_load(overview->store, scope, row->asset, &known->asset);
    if (err == WEIR_OK)
        err = weir_terms_read(scope, row->terms, &known->terms);
    if (err == WEIR_OK && row->log_id != 0) {
        err = weir_log_load(overview->store, scope, row->log_id, &log);
        known->gauge = err == WEIR_OK ? log.gauge : NULL;
    }
    return err == WEIR_OK ? err : weir_note(scope, "agreement '%s'", row->name);
}

enum weir_err weir_overview_load_agreements(const struct weir_overview *overview,
                                            struct weir_scope *scope,
                                            struct weir_known_agreement **agreements,
                                            size_t *agreement_count)
{
    struct weir_agreement_row *rows = NULL;
    size_t count = 0;
    enum weir_err err = weir_agreement_list(overview->store, scope, &rows, &count);
    if (err != WEIR_OK)
        return err;
    struct weir_known_agreement *known = weir_take(scope, count, sizeof(*known));
    if (known == NULL)
        return scope->err;
    for (size_t i = 0; err == WEIR_OK && i < count; i++)
        err = load_agreement(overview, scope, &rows[i], &known[i]);
    if (err != WEIR_OK)
        return err;
    *agreements = known;
    *agreement_count = count;
    return WEIR_OK;
}

const char *weir_transfer_kind_name(enum weir_transfer_kind kind)
{
    switch (kind) {
    case WEIR_TRANSFER_PENDING:
        return "pending";
    case WEIR_TRANSFER_POST:
        return "posted";
    case WEIR_TRANSFER_VOID:
        return "void";
    case WEIR_TRANSFER_DIRECT:
        return "direct";
    }
    return "none";
}

/* The job that carries the intent has its id. */
static enum weir_err load_job(const struct weir_overview *overview,
                              struct weir_scope *scope,
                              struct weir_known_payout *payout)
{
    struct weir_rail_job_row row;
    enum weir_err err = weir_rail_job_load(overview->store, scope, &payout->intent.id, &row);
    if (err == WEIR_E_NOT_FOUND) {
        weir_scope_recover(scope);
        return WEIR_OK;
    }
    struct weir_stored_job *stored = weir_take(scope, 1, sizeof(*stored));
    if (err != WEIR_OK || stored == NULL)
        return scope->err;
    payout->job = stored;
    return weir_job_read(scope, row.bytes, stored);
}

/* The newest entry says how it stands, the pending one how much was due. */
static enum weir_err load_transfers(const struct weir_overview *overview,
                                    struct weir_scope *scope,
                                    struct weir_known_payout *payout)
{
    struct weir_transfer *transfers = NULL;
    size_t count = 0;
    enum weir_err err =
        weir_transfer_list(overview->store, scope, &payout->intent.id, &transfers, &count);
    for (size_t i = 0; err == WEIR_OK && i < count; i++) {
        payout->booked = transfers[i].kind;
        if (transfers[i].kind == WEIR_TRANSFER_PENDING) {
            payout->has_due = true;
            payout->due = transfers[i].amount;
        }
        if (transfers[i].kind == WEIR_TRANSFER_POST) {
            payout->has_paid = true;
            payout->paid = transfers[i].amount;
            payout->tx = transfers[i].detail;
        }
    }
    return err;
}

/* Whether a payment by this report was seen. */
static enum weir_err is_paid(const struct weir_overview *overview,
                             struct weir_scope *scope,
                             const struct weir_hash *report,
                             bool *is_it)
{
    struct weir_slice *payments = NULL;
    size_t count = 0;
    enum weir_err err = weir_payment_list(overview->store, scope, report, &payments, &count);
    *is_it = err == WEIR_OK && count > 0;
    return err;
}

/* The report of our own job; else of those about this window and tier the one that was paid, or
 * the newest. */
static enum weir_err load_report(const struct weir_overview *overview,
                                 struct weir_scope *scope,
                                 struct weir_known_payout *payout)
{
    struct weir_report_row *rows = NULL;
    size_t count = 0;
    const struct weir_terms *terms = &payout->agreement->terms;
    if (payout->job != NULL && !weir_hash_is_zero(&payout->job->subject.report)) {
        payout->report = payout->job->subject.report;
        payout->has_report = true;
        return WEIR_OK;
    }
    unsigned bit = weir_word_lowest(weir_window_mask(terms, payout->intent.window));
    enum weir_err err =
        weir_report_list(overview->store, scope, &payout->agreement->row.terms_hash,
                         weir_window_word(terms, payout->intent.window), &rows, &count);
    bool is_it = false;
    for (size_t i = 0; err == WEIR_OK && !is_it && i < count; i++) {
        if (rows[i].breach.tier != payout->intent.tier || !weir_word_has(rows[i].breach.mask, bit))
            continue;
        err = is_paid(overview, scope, &rows[i].digest, &is_it);
        if (is_it || !payout->has_report)
            payout->report = rows[i].digest;
        payout->has_report = true;
    }
    return err;
}

static enum weir_err load_payout(const struct weir_overview *overview,
                                 struct weir_scope *scope,
                                 struct weir_known_payout *payout)
{
    struct weir_schedule schedule = weir_terms_schedule(&payout->agreement->terms);
    payout->tx = "";
    if (payout->intent.window < schedule.count)
        payout->window = weir_window_of_terms(&schedule, payout->intent.window);
    enum weir_err err = load_transfers(overview, scope, payout);
    if (err == WEIR_OK)
        err = load_job(overview, scope, payout);
    return err == WEIR_OK ? load_report(overview, scope, payout) : err;
}

/* The agreement a query names; 0: any. */
static enum weir_err find_agreement(struct weir_scope *scope,
                                    const struct weir_known_agreement *known,
                                    size_t count,
                                    const char *name,
                                    int64_t *agreement_id)
{
    *agreement_id = 0;
    if (name == NULL)
        return WEIR_OK;
    for (size_t i = 0; i < count; i++)
        if (strcmp(known[i].row.name, name) == 0)
            *agreement_id = known[i].row.agreement_id;
    return *agreement_id != 0 ? WEIR_OK
                              : weir_fail(scope, WEIR_E_NOT_FOUND, "no agreement '%.64s'", name);
}

static const struct weir_known_agreement *
agreement_of(const struct weir_known_agreement *known, size_t count, int64_t agreement_id)
{
    for (size_t i = 0; i < count; i++)
        if (known[i].row.agreement_id == agreement_id)
            return &known[i];
    return NULL;
}

enum weir_err weir_overview_load_payouts(const struct weir_overview *overview,
                                         struct weir_scope *scope,
                                         const struct weir_overview_payout_query *query,
                                         struct weir_known_payout **payouts,
                                         size_t *payout_count)
{
    struct weir_known_agreement *known = NULL;
    size_t known_count = 0;
    struct weir_intent *intents = NULL;
    size_t count = 0;
    int64_t only = 0;
    enum weir_err err = weir_overview_load_agreements(overview, scope, &known, &known_count);
    if (err == WEIR_OK)
        err = find_agreement(scope, known, known_count, query->agreement, &only);
    if (err == WEIR_OK)
        err = weir_intent_list(overview->store, scope, only, query->limit, &intents, &count);
    if (err != WEIR_OK)
        return err;
    struct weir_known_payout *items = weir_take(scope, count, sizeof(*items));
    if (items == NULL)
        return scope->err;
    size_t item_count = 0;
    for (size_t i = 0; err == WEIR_OK && i < count; i++) {
        struct weir_known_payout *item = &items[item_count];
        item->intent = intents[i];
        item->agreement = agreement_of(known, known_count, intents[i].agreement_id);
        if (item->agreement == NULL)
            continue;
        err = load_payout(overview, scope, item);
        item_count++;
    }
    *payouts = items;
    *payout_count = item_count;
    return err;
}
