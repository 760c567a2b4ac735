/* Agreements and payouts on the status page. */
#include "node/page.h"

#include <string.h>

#include "config/config.h"
#include "node/job_codec.h"

#define PAYOUTS_SHOWN 25

static void put_amount(struct weir_html *html,
                       const struct weir_known_agreement *agreement,
                       struct weir_money money)
{
    char text[WEIR_MONEY_TEXT_BYTES];
    weir_money_print(money, agreement->asset.decimals, text);
    weir_html_put(html, "<span class=\"nowrap\">%s ", text);
    weir_html_text(html, agreement->asset.symbol);
    weir_html_put(html, "</span>");
}

/* --- agreements ------------------------------------------------------------------------------- */

static void put_tiers(struct weir_html *html, const struct weir_known_agreement *known)
{
    for (size_t j = 0; j < known->terms.tier_count; j++) {
        const struct weir_terms_tier *tier = &known->terms.tiers[j];
        weir_html_put(html, "<div class=\"nowrap\">below ");
        weir_html_percent(html, tier->ratio);
        weir_html_put(html, ": ");
        put_amount(html, known, weir_money_make(known->row.asset, tier->payout));
        weir_html_put(html, "</div>");
    }
}

static void put_schedule(struct weir_html *html, const struct weir_known_agreement *known)
{
    const struct weir_terms *terms = &known->terms;
    weir_html_put(html, "%u × ", terms->count);
    if (terms->calendar == WEIR_CALENDAR_FIXED)
        weir_html_duration(html, (uint64_t)terms->length_s * 1000);
    else
        weir_html_put(html, "%s", terms->calendar == WEIR_CALENDAR_MONTH ? "month" : "week");
    weir_html_put(html, "<small>from ");
    weir_html_time(html, (int64_t)terms->start_s * 1000);
    weir_html_put(html, "</small>");
}

static void put_agreement(struct weir_html *html, const struct weir_known_agreement *known)
{
    char address[WEIR_ADDRESS_TEXT_BYTES];
    weir_html_put(html, "<tr><td data-label=\"Agreement\"><b>");
    weir_html_text(html, known->row.name);
    weir_html_put(html, "</b><small>");
    weir_html_text(html, known->gauge == NULL ? "its gauge is not measured here" : known->gauge);
    weir_html_put(html, "</small></td>");
    weir_page_cell(html, "Pays");
    put_tiers(html, known);
    weir_page_cell_end(html);
    weir_page_cell(html, "Windows");
    put_schedule(html, known);
    weir_page_cell_end(html);
    weir_page_cell(html, "Witnesses");
    weir_html_put(html, "%u of %zu", known->terms.m, known->terms.witness_count);
    weir_page_cell_end(html);
    weir_page_cell(html, "Customer");
    weir_address_print(&known->terms.customer, address);
    weir_html_short(html, address);
    weir_page_cell_end(html);
    weir_page_cell(html, "Contract");
    weir_address_print(&known->row.clone, address);
    weir_html_short(html, address);
    weir_html_put(html, "<small>chain %llu</small>", (unsigned long long)known->row.chain_id);
    weir_page_cell_end(html);
    weir_html_put(html, "</tr>\n");
}

enum weir_err weir_page_agreements(const struct weir_overview *overview,
                                   struct weir_scope *scope,
                                   struct weir_html *html)
{
    struct weir_known_agreement *known = NULL;
    size_t count = 0;
    enum weir_err err = weir_overview_load_agreements(overview, scope, &known, &count);
    if (err != WEIR_OK || count == 0)
        return err;
    weir_html_put(html,
                  "<section><h2>Agreements</h2>\n<table><thead><tr><th scope=\"col\">Agreement</th>"
                  "<th scope=\"col\">Pays</th><th scope=\"col\">Windows</th>"
                  "<th scope=\"col\">Witnesses</th><th scope=\"col\">Customer</th>"
                  "<th scope=\"col\">Contract</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < count; i++)
        put_agreement(html, &known[i]);
    weir_html_put(html, "</tbody></table></section>\n");
    return WEIR_OK;
}

/* --- payouts ---------------------------------------------------------------------------------- */

static enum weir_page_mood mood_of(enum weir_intent_state state)
{
    switch (state) {
    case WEIR_INTENT_SETTLED:
        return WEIR_MOOD_GOOD;
    case WEIR_INTENT_OPEN:
    case WEIR_INTENT_HELD:
        return WEIR_MOOD_WARN;
    case WEIR_INTENT_EXPIRED:
        return WEIR_MOOD_BAD;
    case WEIR_INTENT_SUPERSEDED:
        break;
    }
    return WEIR_MOOD_NONE;
}

/* How far the job has come, with the reason when something holds it up. */
static void put_state(struct weir_html *html, const struct weir_known_payout *payout)
{
    weir_page_pill(html, mood_of(payout->intent.state),
                   weir_intent_state_name(payout->intent.state));
    weir_html_put(html, "<small>");
    if (payout->job != NULL && payout->intent.state == WEIR_INTENT_OPEN) {
        weir_html_text(html, weir_rail_stage_name(payout->job->job.stage));
        weir_html_put(html, " ");
        weir_html_text(html, payout->job->job.reason);
    } else {
        weir_html_age(html, payout->intent.state_ms);
    }
    weir_html_put(html, "</small>");
}

/* The transaction that paid, or the newest that was signed. */
static void put_transaction(struct weir_html *html, const struct weir_known_payout *payout)
{
    char tx[2 + WEIR_HASH_HEX_BYTES] = "0x";
    const struct weir_rail_job *job = payout->job == NULL ? NULL : &payout->job->job;
    if (payout->tx[0] != '\0') {
        weir_html_short(html, payout->tx);
    } else if (job != NULL && job->attempt_count > 0 &&
               job->attempts[job->attempt_count - 1].state != WEIR_RAIL_ATTEMPT_PREPARED) {
        weir_hash_hex(&job->attempts[job->attempt_count - 1].hash, tx + 2);
        weir_html_short(html, tx);
    } else {
        weir_html_put(html, "–");
    }
}

static void put_proof(struct weir_html *html, const struct weir_known_payout *payout)
{
    char digest[WEIR_HASH_HEX_BYTES];
    if (!payout->has_report) {
        weir_html_put(html, "–");
        return;
    }
    weir_hash_hex(&payout->report, digest);
    weir_html_put(html, "<a href=\"/v1/reports/%s\">report</a>", digest);
}

static void put_payout(struct weir_html *html, const struct weir_known_payout *payout)
{
    weir_html_put(html, "<tr><td data-label=\"Window\"><b>");
    weir_html_text(html, payout->agreement->row.name);
    weir_html_put(html, "</b><small>window %llu, ", (unsigned long long)payout->intent.window);
    weir_html_time(html, payout->window.start_ms);
    weir_html_put(html, "</small></td>");
    weir_page_cell(html, "Tier");
    weir_html_put(html, "%u", payout->intent.tier);
    weir_page_cell_end(html);
    weir_page_number(html, "Amount");
    if (payout->has_paid)
        put_amount(html, payout->agreement, payout->paid);
    else if (payout->has_due)
        put_amount(html, payout->agreement, payout->due);
    else
        weir_html_put(html, "–");
    weir_html_put(html, "<small>%s</small>", weir_transfer_kind_name(payout->booked));
    weir_page_cell_end(html);
    weir_page_cell(html, "State");
    put_state(html, payout);
    weir_page_cell_end(html);
    weir_page_cell(html, "Transaction");
    put_transaction(html, payout);
    weir_page_cell_end(html);
    weir_page_cell(html, "Proof");
    put_proof(html, payout);
    weir_page_cell_end(html);
    weir_html_put(html, "</tr>\n");
}

enum weir_err weir_page_payouts(const struct weir_overview *overview,
                                struct weir_scope *scope,
                                struct weir_html *html)
{
    const struct weir_overview_payout_query query = {.limit = PAYOUTS_SHOWN};
    struct weir_known_payout *payouts = NULL;
    size_t count = 0;
    enum weir_err err = weir_overview_load_payouts(overview, scope, &query, &payouts, &count);
    if (err != WEIR_OK || overview->config->agreement_count == 0)
        return err;
    weir_html_put(html, "<section><h2>Payouts</h2>\n");
    if (count == 0) {
        weir_html_put(html, "<p class=\"note\">Nothing had to be paid so far.</p></section>\n");
        return WEIR_OK;
    }
    weir_html_put(html, "<table><thead><tr><th scope=\"col\">Window</th><th scope=\"col\">Tier</th>"
                        "<th scope=\"col\" class=\"num\">Amount</th><th scope=\"col\">State</th>"
                        "<th scope=\"col\">Transaction</th><th scope=\"col\">Proof</th>"
                        "</tr></thead><tbody>\n");
    for (size_t i = 0; i < count; i++)
        put_payout(html, &payouts[i]);
    weir_html_put(html, "</tbody></table></section>\n");
    return WEIR_OK;
}
