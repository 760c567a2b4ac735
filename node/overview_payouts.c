/* Agreements and payouts as JSON, with money as exact decimals of its asset. */
#include "node/overview.h"

#include "base/arena.h"
#include "base/number.h"
#include "ledger/jobs.h"
#include "node/job_codec.h"

static void write_address(struct weir_json *json, const char *key, const struct weir_address *value)
{
    char text[WEIR_ADDRESS_TEXT_BYTES];
    weir_address_print(value, text);
    weir_json_text(json, key, text);
}

static void write_hash(struct weir_json *json, const char *key, const struct weir_hash *hash)
{
    weir_json_0x(json, key, hash->bytes, WEIR_HASH_BYTES);
}

/* --- agreements ------------------------------------------------------------------------------- */

static void write_amount(const struct weir_known_agreement *known,
                         struct weir_json *json,
                         const char *key,
                         unsigned __int128 amount)
{
    weir_json_money(json, key, weir_money_make(known->row.asset, amount), known->asset.decimals);
}

static void write_asset(const struct weir_known_agreement *known, struct weir_json *json)
{
    weir_json_object(json, "asset");
    weir_json_text(json, "symbol", known->asset.symbol);
    if (weir_address_is_zero(&known->asset.token))
        weir_json_text(json, "address", "native");
    else
        write_address(json, "address", &known->asset.token);
    weir_json_u64(json, "decimals", known->asset.decimals);
    weir_json_close(json);
}

static const char *calendar_name(uint8_t calendar)
{
    switch ((enum weir_calendar)calendar) {
    case WEIR_CALENDAR_FIXED:
        return "fixed";
    case WEIR_CALENDAR_ISO_WEEK:
        return "iso_week";
    case WEIR_CALENDAR_MONTH:
        return "month";
    }
    return "unknown";
}

static void write_witnesses(const struct weir_terms *terms, struct weir_json *json)
{
    weir_json_array(json, "witnesses");
    for (size_t i = 0; i < terms->witness_count; i++) {
        weir_json_object(json, NULL);
        write_address(json, "key", &terms->witnesses[i].key);
        weir_json_hex(json, "node", terms->witnesses[i].node, WEIR_NODE_BYTES);
        weir_json_close(json);
    }
    weir_json_close(json);
}

static void write_tiers(const struct weir_known_agreement *known, struct weir_json *json)
{
    weir_json_array(json, "tiers");
    for (size_t j = 0; j < known->terms.tier_count; j++) {
        char below[WEIR_RATIO_TEXT_BYTES];
        weir_ratio_print(known->terms.tiers[j].ratio, below);
        weir_json_object(json, NULL);
        weir_json_u64(json, "tier", j + 1);
        weir_json_text(json, "below", below);
        write_amount(known, json, "payout", known->terms.tiers[j].payout);
        weir_json_close(json);
    }
    weir_json_close(json);
}

static void write_terms(const struct weir_known_agreement *known, struct weir_json *json)
{
    const struct weir_terms *terms = &known->terms;
    write_asset(known, json);
    write_address(json, "provider", &terms->provider);
    write_address(json, "customer", &terms->customer);
    write_hash(json, "gauge_hash", &terms->gauge);
    write_hash(json, "document", &terms->document);
    weir_json_text(json, "calendar", calendar_name(terms->calendar));
    weir_json_u64(json, "length_s", terms->length_s);
    weir_json_u64(json, "start_s", terms->start_s);
    weir_json_u64(json, "windows", terms->count);
    weir_json_bool(json, "early", terms->early);
    weir_json_u64(json, "settle_delay_s", terms->settle_delay_s);
    weir_json_u64(json, "claim_window_s", terms->claim_window_s);
    weir_json_u64(json, "max_skew_ms", terms->max_skew_ms);
    write_amount(known, json, "cap", terms->cap);
    weir_json_u64(json, "cap_windows", terms->cap_windows);
    weir_json_u64(json, "threshold", terms->m);
    write_witnesses(terms, json);
    write_tiers(known, json);
    weir_json_u64(json, "nonce", terms->nonce);
}

/* How far this node came with opening and funding it: the jobs that are about these terms. */
static enum weir_err write_chain_jobs(const struct weir_overview *overview,
                                      struct weir_scope *scope,
                                      const struct weir_hash *terms,
                                      struct weir_json *json)
{
    struct weir_rail_job_row *rows = NULL;
    size_t count = 0;
    enum weir_err err =
        weir_rail_job_list(overview->store, scope, false, WEIR_OVERVIEW_PAYOUTS_MAX, &rows, &count);
    weir_json_array(json, "jobs");
    for (size_t i = 0; err == WEIR_OK && i < count; i++) {
        if (rows[i].kind != WEIR_RAIL_OPEN && rows[i].kind != WEIR_RAIL_FUND)
            continue;
        struct weir_stored_job *stored = weir_take(scope, 1, sizeof(*stored));
        err = stored == NULL ? scope->err : weir_job_read(scope, rows[i].bytes, stored);
        if (err != WEIR_OK || !weir_hash_equal(&stored->subject.terms, terms))
            continue;
        weir_json_object(json, NULL);
        weir_json_text(json, "kind", rows[i].kind == WEIR_RAIL_OPEN ? "open" : "fund");
        weir_json_text(json, "stage", weir_rail_stage_name((enum weir_rail_stage)rows[i].stage));
        weir_json_text(json, "reason", stored->job.reason);
        weir_json_close(json);
    }
    weir_json_close(json);
    return err;
}

enum weir_err weir_overview_agreements(const struct weir_overview *overview,
                                       struct weir_scope *scope,
                                       struct weir_json *json)
{
    struct weir_known_agreement *known = NULL;
    size_t count = 0;
    enum weir_err err = weir_overview_load_agreements(overview, scope, &known, &count);
    weir_json_array(json, "agreements");
    for (size_t i = 0; err == WEIR_OK && i < count; i++) {
        const struct weir_agreement_row *row = &known[i].row;
        weir_json_object(json, NULL);
        weir_json_text(json, "name", row->name);
        write_hash(json, "terms", &row->terms_hash);
        weir_json_text(json, "gauge", known[i].gauge);
        weir_json_u64(json, "chain_id", row->chain_id);
        write_address(json, "contract", &row->clone);
        write_address(json, "factory", &row->factory);
        write_address(json, "implementation", &row->implementation);
        write_terms(&known[i], json);
        err = write_chain_jobs(overview, scope, &row->terms_hash, json);
        weir_json_close(json);
    }
    weir_json_close(json);
    return err;
}

/* --- payouts ---------------------------------------------------------------------------------- */

static const char *attempt_state_name(enum weir_rail_attempt_state state)
{
    switch (state) {
    case WEIR_RAIL_ATTEMPT_PREPARED:
        return "prepared";
    case WEIR_RAIL_ATTEMPT_SIGNED:
        return "signed";
    case WEIR_RAIL_ATTEMPT_SENT:
        return "sent";
    case WEIR_RAIL_ATTEMPT_DEAD:
        return "dead";
    }
    return "unknown";
}

static void write_wei(struct weir_json *json, const char *key, unsigned __int128 wei)
{
    char text[WEIR_U128_TEXT_BYTES];
    weir_u128_print(wei, text);
    weir_json_text(json, key, text);
}

static void write_attempts(const struct weir_rail_job *job, struct weir_json *json)
{
    weir_json_array(json, "attempts");
    for (uint32_t i = 0; i < job->attempt_count; i++) {
        const struct weir_rail_attempt *attempt = &job->attempts[i];
        weir_json_object(json, NULL);
        if (attempt->state == WEIR_RAIL_ATTEMPT_PREPARED)
            weir_json_null(json, "tx");
        else
            write_hash(json, "tx", &attempt->hash);
        weir_json_text(json, "state", attempt_state_name(attempt->state));
        weir_json_bool(json, "clearing", attempt->is_clearing);
        weir_json_u64(json, "nonce", attempt->nonce);
        write_wei(json, "max_fee_per_gas_wei", attempt->fee_cap);
        write_wei(json, "priority_fee_wei", attempt->tip);
        weir_json_i64(json, "signed_ms", attempt->signed_ms);
        weir_json_i64(json, "sent_ms", attempt->sent_ms);
        weir_json_close(json);
    }
    weir_json_close(json);
}

static void write_mined(const struct weir_rail_job *job, struct weir_json *json)
{
    if (!job->is_mined || job->mined.attempt >= job->attempt_count) {
        weir_json_null(json, "mined");
        return;
    }
    weir_json_object(json, "mined");
    write_hash(json, "tx", &job->attempts[job->mined.attempt].hash);
    weir_json_bool(json, "succeeded", job->mined.succeeded);
    weir_json_u64(json, "block", job->mined.block_number);
    write_hash(json, "block_hash", &job->mined.block_hash);
    weir_json_u64(json, "gas_used", job->mined.gas_used);
    write_wei(json, "gas_price_wei", job->mined.gas_price);
    weir_json_close(json);
}

static void write_job(const struct weir_stored_job *stored, struct weir_json *json)
{
    if (stored == NULL) {
        weir_json_null(json, "job");
        return;
    }
    weir_json_object(json, "job");
    weir_json_text(json, "stage", weir_rail_stage_name(stored->job.stage));
    weir_json_text(json, "alarm", weir_rail_alarm_name(stored->job.alarm));
    weir_json_text(json, "reason", stored->job.reason);
    write_attempts(&stored->job, json);
    write_mined(&stored->job, json);
    weir_json_close(json);
}

/* How the money stands: what was due, what was paid and by which transaction. */
static void write_money(const struct weir_known_payout *payout, struct weir_json *json)
{
    uint8_t decimals = payout->agreement->asset.decimals;
    weir_json_text(json, "transfer", weir_transfer_kind_name(payout->booked));
    weir_json_text(json, "asset", payout->agreement->asset.symbol);
    if (payout->has_due)
        weir_json_money(json, "due", payout->due, decimals);
    else
        weir_json_null(json, "due");
    if (payout->has_paid)
        weir_json_money(json, "paid", payout->paid, decimals);
    else
        weir_json_null(json, "paid");
    weir_json_text(json, "tx", payout->tx[0] == '\0' ? NULL : payout->tx);
}

static void write_payout(const struct weir_known_payout *payout, struct weir_json *json)
{
    const struct weir_intent *intent = &payout->intent;
    weir_json_object(json, NULL);
    weir_json_hash(json, "id", &intent->id);
    weir_json_text(json, "agreement", payout->agreement->row.name);
    weir_json_u64(json, "window", intent->window);
    weir_json_i64(json, "start_ms", payout->window.start_ms);
    weir_json_i64(json, "end_ms", payout->window.end_ms);
    weir_json_u64(json, "tier", intent->tier);
    weir_json_text(json, "state", weir_intent_state_name(intent->state));
    weir_json_text(json, "detail", intent->detail);
    weir_json_i64(json, "made_ms", intent->made_ms);
    weir_json_i64(json, "state_ms", intent->state_ms);
    write_money(payout, json);
    if (payout->has_report)
        weir_json_hash(json, "report", &payout->report);
    else
        weir_json_null(json, "report");
    write_job(payout->job, json);
    weir_json_close(json);
}

enum weir_err weir_overview_payouts(const struct weir_overview *overview,
                                    struct weir_scope *scope,
                                    const struct weir_overview_payout_query *query,
                                    struct weir_json *json)
{
    struct weir_known_payout *payouts = NULL;
    size_t count = 0;
    enum weir_err err = weir_overview_load_payouts(overview, scope, query, &payouts, &count);
    weir_json_array(json, "payouts");
    for (size_t i = 0; err == WEIR_OK && i < count; i++)
        write_payout(&payouts[i], json);
    weir_json_close(json);
    return err;
}
