/* The account of a proof for people and for programs. */
#include "node/cmd/verify.h"

#include <string.h>

#include "attest/due.h"
#include "base/number.h"
#include "metrics/calendar.h"
#include "metrics/window.h"

static void print_amount(unsigned __int128 units, FILE *out)
{
    char text[WEIR_U128_TEXT_BYTES];
    weir_u128_print(units, text);
    (void)fputs(text, out);
}

/* Unknown tokens have unknown decimals: amounts are told in base units of the asset's address. */
static void print_asset(const struct weir_account *account, FILE *out)
{
    char text[WEIR_ADDRESS_TEXT_BYTES];
    weir_address_print(&account->proof.terms.asset, text);
    (void)fputs(weir_address_is_zero(&account->proof.terms.asset) ? "wei" : "base units of token ",
                out);
    if (!weir_address_is_zero(&account->proof.terms.asset))
        (void)fputs(text, out);
}

static void print_address(const char *before, const struct weir_address *address, FILE *out)
{
    char text[WEIR_ADDRESS_TEXT_BYTES];
    weir_address_print(address, text);
    (void)fprintf(out, "%s%s\n", before, text);
}

static void print_span(struct weir_interval span, FILE *out)
{
    char start[WEIR_TIME_TEXT_BYTES];
    char end[WEIR_TIME_TEXT_BYTES];
    weir_time_print(span.start_ms, start);
    weir_time_print(span.end_ms, end);
    (void)fprintf(out, "%s .. %s", start, end);
}

static void tell_promise(const struct weir_account *account, FILE *out)
{
    const struct weir_terms *terms = &account->proof.terms;
    char hex[WEIR_HASH_HEX_BYTES];
    weir_hash_hex(&account->terms_hash, hex);
    (void)fprintf(out, "Promised\n  gauge        %s", account->gauge.name);
    if (account->gauge.kind == WEIR_GAUGE_AVAILABILITY &&
        account->gauge.availability.probe.url != NULL)
        (void)fprintf(out, " (%s)", account->gauge.availability.probe.url);
    (void)fputc('\n', out);
    for (size_t j = 0; j < terms->tier_count; j++) {
        struct weir_ratio ratio = terms->tiers[j].ratio;
        (void)fprintf(out, "  tier %zu       below %llu/%llu: ", j + 1,
                      (unsigned long long)ratio.num, (unsigned long long)ratio.den);
        print_amount(terms->tiers[j].payout, out);
        (void)fputs(" in total for the window\n", out);
    }
    (void)fputs("  paid in      ", out);
    print_asset(account, out);
    print_address("\n  from         provider ", &terms->provider, out);
    print_address("  to           customer ", &terms->customer, out);
    print_address("  contract     ", &account->proof.domain.contract, out);
    (void)fprintf(out, "  chain        %llu\n  terms        %s\n",
                  (unsigned long long)account->proof.domain.chain_id, hex);
}

static void tell_opinion(const struct weir_account *account,
                         const struct weir_account_opinion *opinion,
                         FILE *out)
{
    (void)fprintf(out, "  witness %u    %llu/%llu, tier %u", opinion->witness,
                  (unsigned long long)opinion->num, (unsigned long long)opinion->den,
                  opinion->own_tier);
    if (weir_gauge_is_scheduled(&account->gauge))
        (void)fprintf(
            out, ": %llu ticks up, %llu down, %llu unknown", (unsigned long long)opinion->ticks_up,
            (unsigned long long)opinion->ticks_down, (unsigned long long)opinion->ticks_unknown);
    (void)fprintf(out, "\n               log %.*s, cosigned by %u other%s%s\n",
                  (int)opinion->origin.length, (const char *)opinion->origin.data,
                  opinion->cosigner_count, opinion->cosigner_count == 1 ? "" : "s",
                  opinion->is_open ? "; observations shown" : "; observations sealed");
    for (size_t i = 0; i < opinion->down.count; i++) {
        (void)fputs("               down ", out);
        print_span(opinion->down.items[i], out);
        (void)fprintf(out, " (%llu ms)\n",
                      (unsigned long long)weir_interval_ms(opinion->down.items[i]));
    }
}

static void
tell_window(const struct weir_account *account, const struct weir_account_window *window, FILE *out)
{
    (void)fprintf(out, "\nWindow %llu: ", (unsigned long long)window->window);
    print_span(window->interval, out);
    (void)fputc('\n', out);
    for (size_t i = 0; i < account->proof.section_count; i++)
        if (account->opinions[i].window == window->window)
            tell_opinion(account, &account->opinions[i], out);
    if (weir_gauge_is_scheduled(&account->gauge))
        (void)fprintf(out,
                      "  together     at least %u saw it down at the same moment for %llu ms of "
                      "%llu: tier %u\n",
                      account->proof.terms.m, (unsigned long long)window->quorum_down_ms,
                      (unsigned long long)window->den_max, window->tier);
    else
        (void)fprintf(out, "  together     all counted the same events: tier %u\n", window->tier);
}

static void tell_signers(const struct weir_account *account, FILE *out)
{
    const struct weir_report *report = &account->proof.report;
    (void)fprintf(out, "\nSigned by %zu of %zu witnesses (%u needed):", report->signature_count,
                  account->proof.terms.witness_count, account->proof.terms.m);
    for (unsigned i = 0; i < account->proof.terms.witness_count; i++)
        if ((report->who & (1U << i)) != 0)
            (void)fprintf(out, " %u", i);
    (void)fputs("\nWorth, if nothing was paid before: ", out);
    print_amount(account->worth, out);
    (void)fputc(' ', out);
    print_asset(account, out);
    (void)fputc('\n', out);
}

static void tell_payment(const struct weir_account_payment *payment, FILE *out)
{
    char block[WEIR_HASH_HEX_BYTES];
    char time[WEIR_TIME_TEXT_BYTES];
    weir_hash_hex(&payment->block, block);
    weir_time_print((int64_t)payment->block_time_s * 1000, time);
    (void)fprintf(out, "  block %llu (%s), 0x%s: due ", (unsigned long long)payment->block_number,
                  time, block);
    print_amount(payment->settled.due, out);
    (void)fputs(", paid ", out);
    print_amount(payment->settled.paid, out);
    (void)fputs(payment->state == WEIR_PAYMENT_TRUSTED ? ": in the block you trust\n"
                                                       : ": not checked against any chain\n",
                out);
}

bool weir_verify_is_paid(const struct weir_account *account)
{
    for (size_t i = 0; i < account->proof.payment_count; i++) {
        const struct weir_account_payment *payment = &account->payments[i];
        if (payment->state == WEIR_PAYMENT_TRUSTED && payment->settled.paid == payment->settled.due)
            return true;
    }
    return false;
}

static void tell_conclusion(const struct weir_account *account, FILE *out)
{
    (void)fprintf(out, "\nPROVED: breached at tier %u or worse", account->proof.report.breach.tier);
    switch (account->payment_state) {
    case WEIR_PAYMENT_NONE:
        (void)fputs(". No payment is shown.\n", out);
        return;
    case WEIR_PAYMENT_NAMED:
        (void)fputs("; payment named, not checked (give --block-hash from a source you trust).\n",
                    out);
        return;
    case WEIR_PAYMENT_TRUSTED:
        (void)fputs(weir_verify_is_paid(account)
                        ? " and paid.\n"
                        : " and settled, but NOT PAID IN FULL: the contract owes the rest.\n",
                    out);
        return;
    }
}

void weir_verify_tell(const struct weir_account *account, bool is_pinned, FILE *out)
{
    tell_promise(account, out);
    for (size_t i = 0; i < account->window_count; i++)
        tell_window(account, &account->windows[i], out);
    tell_signers(account, out);
    for (size_t i = 0; i < account->proof.payment_count; i++) {
        if (i == 0)
            (void)fputs("\nPayment\n", out);
        tell_payment(&account->payments[i], out);
    }
    tell_conclusion(account, out);
    if (!is_pinned)
        (void)fputs(
            "Check yourself that the contract above is your agreement, or give --contract.\n", out);
}

static void json_hash(const char *key, const struct weir_hash *hash, const char *after, FILE *out)
{
    char hex[WEIR_HASH_HEX_BYTES];
    weir_hash_hex(hash, hex);
    (void)fprintf(out, "\"%s\":\"0x%s\"%s", key, hex, after);
}

static void json_windows(const struct weir_account *account, FILE *out)
{
    for (size_t i = 0; i < account->window_count; i++) {
        const struct weir_account_window *window = &account->windows[i];
        (void)fprintf(out,
                      "%s{\"window\":\"%llu\",\"start_ms\":\"%lld\",\"end_ms\":\"%lld\","
                      "\"quorum_down_ms\":\"%llu\",\"den\":\"%llu\",\"tier\":%u,\"backers\":%u}",
                      i == 0 ? "" : ",", (unsigned long long)window->window,
                      (long long)window->interval.start_ms, (long long)window->interval.end_ms,
                      (unsigned long long)window->quorum_down_ms,
                      (unsigned long long)window->den_max, window->tier, window->backers);
    }
}

static void json_opinions(const struct weir_account *account, FILE *out)
{
    for (size_t i = 0; i < account->proof.section_count; i++) {
        const struct weir_account_opinion *opinion = &account->opinions[i];
        (void)fprintf(out,
                      "%s{\"window\":\"%llu\",\"witness\":%u,\"num\":\"%llu\",\"den\":\"%llu\","
                      "\"tier\":%u,\"cosigners\":%u,",
                      i == 0 ? "" : ",", (unsigned long long)opinion->window, opinion->witness,
                      (unsigned long long)opinion->num, (unsigned long long)opinion->den,
                      opinion->own_tier, opinion->cosigner_count);
        json_hash("digest", &opinion->digest, "}", out);
    }
}

static void json_payments(const struct weir_account *account, FILE *out)
{
    for (size_t i = 0; i < account->proof.payment_count; i++) {
        const struct weir_account_payment *payment = &account->payments[i];
        (void)fprintf(out, "%s{\"trusted\":%s,\"block_number\":\"%llu\",", i == 0 ? "" : ",",
                      payment->state == WEIR_PAYMENT_TRUSTED ? "true" : "false",
                      (unsigned long long)payment->block_number);
        json_hash("block", &payment->block, ",", out);
        json_hash("tx_named", &account->proof.payments[i].tx, ",\"due\":\"", out);
        print_amount(payment->settled.due, out);
        (void)fputs("\",\"paid\":\"", out);
        print_amount(payment->settled.paid, out);
        (void)fputs("\"}", out);
    }
}

static void json_address(const char *key, const struct weir_address *address, FILE *out)
{
    char text[WEIR_ADDRESS_TEXT_BYTES];
    weir_address_print(address, text);
    (void)fprintf(out, "\"%s\":\"%s\",", key, text);
}

/* Which agreement the account is about. */
static void json_place(const struct weir_account *account, FILE *out)
{
    const struct weir_proof *proof = &account->proof;
    (void)fprintf(out, "\"chain\":\"%llu\",", (unsigned long long)proof->domain.chain_id);
    json_address("contract", &proof->domain.contract, out);
    json_address("factory", &proof->factory, out);
    json_address("implementation", &proof->implementation, out);
    json_address("provider", &proof->terms.provider, out);
    json_address("customer", &proof->terms.customer, out);
    json_address("asset", &proof->terms.asset, out);
}

void weir_verify_tell_json(const struct weir_account *account, FILE *out)
{
    static const char *const states[] = {
        [WEIR_PAYMENT_NONE] = "none",
        [WEIR_PAYMENT_NAMED] = "named",
        [WEIR_PAYMENT_TRUSTED] = "settled",
    };
    bool is_paid = weir_verify_is_paid(account);
    (void)fprintf(out, "{\"proved\":true,\"breached\":true,\"tier\":%u,\"payment\":\"%s\",",
                  account->proof.report.breach.tier,
                  is_paid ? "paid" : states[account->payment_state]);
    json_place(account, out);
    json_hash("terms", &account->terms_hash, ",", out);
    json_hash("report", &account->breach, ",", out);
    json_hash("evidence", &account->proof.evidence, ",\"worth\":\"", out);
    print_amount(account->worth, out);
    (void)fprintf(out, "\",\"gauge\":\"%s\",\"who\":%u,\"windows\":[", account->gauge.name,
                  account->proof.report.who);
    json_windows(account, out);
    (void)fputs("],\"opinions\":[", out);
    json_opinions(account, out);
    (void)fputs("],\"payments\":[", out);
    json_payments(account, out);
    (void)fputs("]}\n", out);
}
