/* Opinions and reports: what moves money.  Both arrive as proof bytes and are computed again from
 * the leaves they show. */
#include "node/signer.h"

#include <stdlib.h>
#include <string.h>

#include "attest/account.h"
#include "attest/due.h"
#include "base/arena.h"
#include "config/config.h"
#include "ledger/store.h"
#include "ledger/vault.h"
#include "node/ask.h"
#include "node/clock.h"
#include "node/keyfile.h"

#define MADE_SKEW_MAX_MS (5 * 60 * 1000)
#define STALE_MAX 4096

/* The agreement a proof speaks about, when this node is a witness of it. */
static enum weir_err find_agreement(struct weir_signer *signer,
                                    struct weir_scope *scope,
                                    const struct weir_proof *proof,
                                    const struct weir_agreement **agreement)
{
    struct weir_hash hash = weir_terms_hash(&proof->terms);
    const struct weir_agreement *found = weir_agreement_by_hash(&signer->agreements, &hash);
    if (found == NULL)
        return weir_fail(scope, WEIR_E_DENIED, "policy agreement: not one of this configuration");
    if (found->own < 0)
        return weir_fail(scope, WEIR_E_DENIED, "policy witness: this node is no witness of '%s'",
                         found->name);
    if (proof->domain.chain_id != found->domain.chain_id ||
        !weir_address_equal(&proof->domain.contract, &found->domain.contract))
        return weir_fail(scope, WEIR_E_DENIED,
                         "policy contract: '%s' lives on another chain or at another address",
                         found->name);
    *agreement = found;
    return WEIR_OK;
}

static enum weir_err check_clock(struct weir_scope *scope, const struct weir_opinion *opinion)
{
    int64_t now_ms = weir_clock_now();
    if (opinion->made_at_ms > INT64_MAX ||
        llabs(now_ms - (int64_t)opinion->made_at_ms) > MADE_SKEW_MAX_MS)
        return weir_fail(scope, WEIR_E_CLOCK,
                         "policy clock: the opinion was made at %llu, the signer's clock says %lld",
                         (unsigned long long)opinion->made_at_ms, (long long)now_ms);
    return WEIR_OK;
}

/* Recomputes the one section of the proof as an opinion of this node. */
static enum weir_err check_opinion(struct weir_signer *signer,
                                   struct weir_scope *scope,
                                   struct weir_account *account,
                                   struct weir_account_opinion *opinion)
{
    const struct weir_agreement *agreement;
    const struct weir_proof *proof = &account->proof;
    enum weir_err err = find_agreement(signer, scope, proof, &agreement);
    if (err != WEIR_OK)
        return err;
    const struct weir_proof_section *section = &proof->sections[0];
    if (proof->section_count != 1 || section->witness != agreement->own)
        return weir_fail(scope, WEIR_E_DENIED, "policy own-opinion: exactly one section, our own");
    if (!weir_hash_equal(&section->opinion.origin,
                         &agreement->witnesses[agreement->own].origin_hash))
        return weir_fail(scope, WEIR_E_DENIED, "policy own-log: the leaves are of another log");
    err = check_clock(scope, &section->opinion);
    const struct weir_proof_rules rules = {.terms = &agreement->hash};
    const struct weir_section_needs needs = {.signature = false, .cosigners = 0};
    if (err == WEIR_OK)
        err = weir_account_prepare(scope, &rules, account);
    if (err == WEIR_OK)
        err = weir_account_section(scope, account, &rules, section, needs, opinion);
    return err;
}

/* What is signed for this window and revision: an earlier one if there is one, for whoever lost it
 * by a kill, else this one, written down first. */
static enum weir_err give_opinion(struct weir_signer *signer,
                                  struct weir_scope *scope,
                                  const struct weir_proof *proof,
                                  const struct weir_account_opinion *checked,
                                  struct weir_vault_opinion *given)
{
    const struct weir_opinion *claim = &proof->sections[0].opinion;
    bool is_given;
    enum weir_err err = weir_vault_opinion_find(signer->vault, scope, claim, &is_given, given);
    if (err != WEIR_OK || is_given)
        return err;
    *given = (struct weir_vault_opinion){.opinion = *claim, .digest = checked->digest};
    err = weir_keys_sign_digest(scope, signer->keys, WEIR_KEY_USE_REPORT, given->digest.bytes,
                                &given->signature);
    return err != WEIR_OK ? err
                          : weir_vault_opinion_put(signer->vault, scope, given, proof->terms.early);
}

enum weir_err weir_signer_opinion(struct weir_signer *signer,
                                  struct weir_scope *scope,
                                  struct weir_slice question,
                                  struct weir_buffer *answer)
{
    struct weir_account *account = weir_take(scope, 1, sizeof(*account));
    struct weir_account_opinion opinion;
    if (account == NULL)
        return scope->err;
    enum weir_err err = weir_proof_read(scope, question, &account->proof);
    if (err == WEIR_OK)
        err = check_opinion(signer, scope, account, &opinion);
    if (err != WEIR_OK)
        return err;
    struct weir_vault_opinion given;
    err = give_opinion(signer, scope, &account->proof, &opinion, &given);
    if (err != WEIR_OK)
        return err;
    uint8_t fields[WEIR_OPINION_BYTES];
    weir_opinion_write(&given.opinion, fields);
    err = weir_buffer_put(scope, answer, fields, sizeof(fields));
    return err != WEIR_OK ? err
                          : weir_buffer_put(scope, answer, given.signature.bytes,
                                            sizeof(given.signature.bytes));
}

/* Each witness speaks about its log of this gauge and no other that it might keep beside it. */
static enum weir_err check_origins(struct weir_scope *scope,
                                   const struct weir_agreement *agreement,
                                   const struct weir_proof *proof)
{
    for (size_t i = 0; i < proof->section_count; i++) {
        const struct weir_proof_section *section = &proof->sections[i];
        if (section->witness >= agreement->witness_count ||
            agreement->witnesses[section->witness].keys == NULL)
            return weir_fail(scope, WEIR_E_DENIED, "policy own-log: witness %u is unknown here",
                             section->witness);
        if (!weir_hash_equal(&section->opinion.origin,
                             &agreement->witnesses[section->witness].origin_hash))
            return weir_fail(scope, WEIR_E_DENIED,
                             "policy own-log: witness %u speaks about another log",
                             section->witness);
    }
    return WEIR_OK;
}

/* Our own opinions support the tier.  That we made them is known: their signatures by our report
 * key were verified with the rest. */
static enum weir_err check_own_part(struct weir_scope *scope,
                                    const struct weir_agreement *agreement,
                                    const struct weir_account *account)
{
    bool has_own = false;
    for (size_t i = 0; i < account->proof.section_count; i++) {
        const struct weir_account_opinion *opinion = &account->opinions[i];
        if (opinion->witness != agreement->own)
            continue;
        has_own = true;
        if (opinion->tier_counted < account->proof.report.breach.tier)
            return weir_fail(scope, WEIR_E_DENIED,
                             "policy own-verdict: window %llu reached tier %u here, not %u",
                             (unsigned long long)opinion->window, opinion->tier_counted,
                             account->proof.report.breach.tier);
    }
    if (!has_own)
        return weir_fail(scope, WEIR_E_DENIED, "policy own-verdict: our own opinion is missing");
    return WEIR_OK;
}

/* Protocol 7, steps 5 and 6, by our own clock. */
static enum weir_err check_time(struct weir_scope *scope,
                                const struct weir_agreement *agreement,
                                const struct weir_account *account)
{
    int64_t now_s = weir_clock_now() / 1000;
    const struct weir_account_window *windows = account->windows;
    uint64_t lowest = windows[0].window;
    uint64_t highest = windows[account->window_count - 1].window;
    if ((uint64_t)now_s < weir_terms_payable_s(&agreement->terms, highest))
        return weir_fail(scope, WEIR_E_CLOCK, "policy time: window %llu cannot be reported yet",
                         (unsigned long long)highest);
    if ((uint64_t)now_s >= weir_terms_closed_s(&agreement->terms, lowest))
        return weir_fail(scope, WEIR_E_CLOCK,
                         "policy time: window %llu cannot be reported any more",
                         (unsigned long long)lowest);
    return WEIR_OK;
}

static enum weir_err sign_report(struct weir_signer *signer,
                                 struct weir_scope *scope,
                                 const struct weir_account *account,
                                 struct weir_signature *signature)
{
    bool is_signed;
    enum weir_err err =
        weir_vault_report_find(signer->vault, scope, &account->breach, &is_signed, signature);
    if (err != WEIR_OK || is_signed)
        return err;
    uint64_t *windows = weir_take(scope, account->window_count, sizeof(*windows));
    if (windows == NULL)
        return scope->err;
    for (size_t i = 0; i < account->window_count; i++)
        windows[i] = account->windows[i].window;
    err = weir_keys_sign_digest(scope, signer->keys, WEIR_KEY_USE_REPORT, account->breach.bytes,
                                signature);
    const struct weir_vault_report report = {
        .terms = account->terms_hash,
        .digest = account->breach,
        .tier = account->proof.report.breach.tier,
        .windows = windows,
        .window_count = account->window_count,
        .signature = *signature,
    };
    return err != WEIR_OK ? err : weir_vault_report_put(signer->vault, scope, &report);
}

/* The list of late leaves before the proof. */
static enum weir_err read_stale(struct weir_scope *scope,
                                struct weir_body *body,
                                struct weir_stale_leaves **stale,
                                size_t *count)
{
    *count = (size_t)weir_body_uint(body, 4);
    if (scope->err == WEIR_OK && *count > STALE_MAX)
        return weir_fail(scope, WEIR_E_LIMIT, "%zu runs of late leaves", *count);
    struct weir_stale_leaves *list = weir_take(scope, *count, sizeof(*list));
    for (size_t i = 0; list != NULL && i < *count; i++) {
        weir_body_bytes(body, list[i].origin.bytes, WEIR_HASH_BYTES);
        list[i].first = weir_body_uint(body, 8);
        list[i].end = weir_body_uint(body, 8);
    }
    *stale = list;
    return scope->err;
}

enum weir_err weir_signer_report(struct weir_signer *signer,
                                 struct weir_scope *scope,
                                 struct weir_slice question,
                                 struct weir_buffer *answer)
{
    struct weir_body body = {.scope = scope, .rest = question};
    struct weir_stale_leaves *stale = NULL;
    size_t stale_count = 0;
    const struct weir_agreement *agreement = NULL;
    struct weir_account *account = weir_take(scope, 1, sizeof(*account));
    if (account == NULL)
        return scope->err;
    enum weir_err err = read_stale(scope, &body, &stale, &stale_count);
    if (err == WEIR_OK)
        err = weir_proof_read(scope, body.rest, &account->proof);
    if (err == WEIR_OK)
        err = find_agreement(signer, scope, &account->proof, &agreement);
    if (err != WEIR_OK)
        return err;
    const struct weir_proof_rules rules = {
        .terms = &agreement->hash, .stale = stale, .stale_count = stale_count};
    err = check_origins(scope, agreement, &account->proof);
    if (err == WEIR_OK)
        err = weir_account_check(scope, &rules, account);
    if (err == WEIR_OK)
        err = check_own_part(scope, agreement, account);
    if (err == WEIR_OK)
        err = check_time(scope, agreement, account);
    struct weir_signature signature;
    if (err == WEIR_OK)
        err = sign_report(signer, scope, account, &signature);
    return err != WEIR_OK
               ? err
               : weir_buffer_put(scope, answer, signature.bytes, sizeof(signature.bytes));
}
