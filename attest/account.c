#include "attest/account.h"

#include <assert.h>
#include <string.h>

#include "attest/due.h"
#include "attest/report.h"
#include "base/arena.h"
#include "metrics/settlement.h"

/* That the gauge can decide over money at all (protocol sections 2 and 4). */
static enum weir_err check_gauge(struct weir_scope *scope, const struct weir_account *account)
{
    const struct weir_gauge *gauge = &account->gauge;
    const struct weir_terms *terms = &account->proof.terms;
    bool is_scheduled = weir_gauge_is_scheduled(gauge);
    if (!is_scheduled && gauge->kind != WEIR_GAUGE_OTIF)
        return weir_fail(
            scope, WEIR_E_EVIDENCE,
            "the gauge is fed by other people's probes, which no witness can vouch for");
    if (strcmp(gauge->zone, "UTC") != 0)
        return weir_fail(scope, WEIR_E_EVIDENCE, "the windows of the gauge are not those of UTC");
    if (!is_scheduled && (int64_t)terms->settle_delay_s * 1000 < gauge->lateness_ms)
        return weir_fail(scope, WEIR_E_EVIDENCE,
                         "'settleDelay' %u s is shorter than the gauge's lateness of %lld ms",
                         terms->settle_delay_s, (long long)gauge->lateness_ms);
    enum weir_err err = weir_terms_check(scope, terms, !is_scheduled);
    return err == WEIR_OK ? err : weir_note(scope, "the terms");
}

/* The contract is where factory and terms put it, and the one that the caller means. */
static enum weir_err check_contract(struct weir_scope *scope,
                                    const struct weir_proof_rules *rules,
                                    const struct weir_proof *proof)
{
    struct weir_address clone =
        weir_terms_clone_address(&proof->terms, &proof->factory, &proof->implementation);
    if (!weir_address_equal(&clone, &proof->domain.contract))
        return weir_fail(scope, WEIR_E_EVIDENCE,
                         "the agreement's address does not follow from factory and terms");
    if (rules->contract != NULL && !weir_address_equal(rules->contract, &clone))
        return weir_fail(scope, WEIR_E_EVIDENCE, "the proof is about another contract");
    if (rules->chain_id != 0 && rules->chain_id != proof->domain.chain_id)
        return weir_fail(scope, WEIR_E_EVIDENCE, "the proof is about chain %llu, not %llu",
                         (unsigned long long)proof->domain.chain_id,
                         (unsigned long long)rules->chain_id);
    return WEIR_OK;
}

/* The key sets in the file are of the nodes and report keys that the terms name. */
static enum weir_err check_keys(struct weir_scope *scope, struct weir_account *account)
{
    const struct weir_proof *proof = &account->proof;
    for (unsigned i = 0; i < proof->terms.witness_count; i++) {
        const struct weir_terms_witness *witness = &proof->terms.witnesses[i];
        struct weir_keyset *set = &account->key_sets[i];
        if (proof->keys[i].set.length == 0)
            continue;
        enum weir_err err =
            weir_keyset_verify(scope, proof->keys[i].set, proof->keys[i].proofs, set);
        if (err != WEIR_OK)
            return weir_note(scope, "the key set of witness %u", i);
        if (memcmp(set->node.bytes, witness->node, WEIR_NODE_BYTES) != 0 ||
            !weir_keyset_has_report(set, &witness->key))
            return weir_fail(scope, WEIR_E_EVIDENCE,
                             "the key set of witness %u is not that of the terms", i);
    }
    return WEIR_OK;
}

enum weir_err weir_account_prepare(struct weir_scope *scope,
                                   const struct weir_proof_rules *rules,
                                   struct weir_account *account)
{
    const struct weir_proof *proof = &account->proof;
    account->terms_hash = weir_terms_hash(&proof->terms);
    if (rules->terms != NULL && !weir_hash_equal(rules->terms, &account->terms_hash))
        return weir_fail(scope, WEIR_E_EVIDENCE, "the proof is about another agreement");
    struct weir_hash definition = weir_sha256_of(proof->gauge.data, proof->gauge.length);
    if (!weir_hash_equal(&definition, &proof->terms.gauge))
        return weir_fail(scope, WEIR_E_EVIDENCE, "the gauge shown is not the gauge of the terms");
    enum weir_err err = weir_gauge_parse(scope, proof->gauge, &account->gauge);
    if (err != WEIR_OK)
        return weir_note(scope, "the gauge definition");
    err = check_gauge(scope, account);
    if (err == WEIR_OK)
        err = check_contract(scope, rules, proof);
    if (err == WEIR_OK)
        err = check_keys(scope, account);
    return err;
}

/* Each window has a section for every witness of one and the same set S. */
static enum weir_err check_set(struct weir_scope *scope, struct weir_account *account)
{
    const struct weir_proof *proof = &account->proof;
    uint64_t range[2];
    enum weir_err err = weir_due_range(scope, &proof->terms, proof->report.breach.word,
                                       proof->report.breach.mask, proof->report.breach.tier, range);
    if (err != WEIR_OK)
        return err;
    if (proof->report.breach.epoch != 0)
        return weir_fail(scope, WEIR_E_EVIDENCE, "version 1 has one witness set, epoch 0");
    size_t windows = weir_word_count(proof->report.breach.mask);
    size_t members = windows == 0 ? 0 : proof->section_count / windows;
    if (members == 0 || members * windows != proof->section_count)
        return weir_fail(scope, WEIR_E_COMPLETENESS, "every window needs the same witnesses");
    account->opinion_set = 0;
    for (size_t i = 0; i < members; i++) {
        if (proof->sections[i].witness >= proof->terms.witness_count)
            return weir_fail(scope, WEIR_E_EVIDENCE, "the terms know no witness %u",
                             proof->sections[i].witness);
        account->opinion_set |= 1U << proof->sections[i].witness;
    }
    uint64_t first = proof->report.breach.word * weir_lane_windows(&proof->terms);
    uint64_t at = 0;
    for (size_t w = 0; w < windows; w++, at++) {
        while (!weir_word_has(proof->report.breach.mask, (unsigned)at))
            at++;
        for (size_t i = 0; i < members; i++) {
            const struct weir_proof_section *section = &proof->sections[w * members + i];
            if (section->window != first + at || section->witness != proof->sections[i].witness)
                return weir_fail(scope, WEIR_E_COMPLETENESS,
                                 "every window of the report needs the same witnesses");
        }
    }
    account->window_count = windows;
    return WEIR_OK;
}

/* One log is one measurement: two witnesses cannot show the same one.  A cosignature covers the
 * text of a head only, so without this rule a copy of another witness's log would need nothing but
 * the copier's own signature. */
static enum weir_err check_origins(struct weir_scope *scope, const struct weir_account *account)
{
    const struct weir_proof_section *sections = account->proof.sections;
    for (size_t i = 0; i < account->proof.section_count; i++)
        for (size_t j = i; j > 0 && sections[j - 1].window == sections[i].window; j--)
            if (weir_hash_equal(&sections[j - 1].opinion.origin, &sections[i].opinion.origin))
                return weir_fail(scope, WEIR_E_EVIDENCE,
                                 "window %llu: witnesses %u and %u show the same log",
                                 (unsigned long long)sections[i].window, sections[j - 1].witness,
                                 sections[i].witness);
    return WEIR_OK;
}

static enum weir_err check_sections(struct weir_scope *scope,
                                    const struct weir_proof_rules *rules,
                                    struct weir_account *account)
{
    const struct weir_proof *proof = &account->proof;
    struct weir_evidence_item *items = weir_take(scope, proof->section_count, sizeof(*items));
    account->opinions = weir_take(scope, proof->section_count, sizeof(*account->opinions));
    if (items == NULL || account->opinions == NULL)
        return scope->err;
    const struct weir_section_needs needs = {
        .signature = true,
        .cosigners = proof->terms.m - 1U,
    };
    for (size_t i = 0; i < proof->section_count; i++) {
        account->checked_count = i;
        enum weir_err err = weir_account_section(scope, account, rules, &proof->sections[i], needs,
                                                 &account->opinions[i]);
        if (err != WEIR_OK)
            return err;
        items[i] = (struct weir_evidence_item){
            .window = proof->sections[i].window,
            .witness = proof->sections[i].witness,
            .digest = account->opinions[i].digest,
        };
    }
    account->checked_count = proof->section_count;
    struct weir_hash root;
    enum weir_err err = check_origins(scope, account);
    if (err == WEIR_OK)
        err = weir_evidence_root(scope, items, proof->section_count, &root);
    if (err != WEIR_OK)
        return err;
    if (!weir_hash_equal(&root, &proof->report.breach.evidence_root))
        return weir_fail(scope, WEIR_E_RECOMPUTE, "the evidence root is not that of the opinions");
    return WEIR_OK;
}

/* The worst tier that m of the opinions reach, each alone. */
static uint8_t backed_tier(const struct weir_account_opinion *opinions, size_t count, unsigned m)
{
    uint8_t tier = WEIR_TIER_MAX;
    for (; tier > 0; tier--) {
        unsigned backers = 0;
        for (size_t i = 0; i < count; i++)
            backers += opinions[i].tier_counted >= tier;
        if (backers >= m)
            break;
    }
    return tier;
}

/* Protocol section 6, condition 2, for a probe gauge. */
static enum weir_err check_together(struct weir_scope *scope,
                                    const struct weir_account *account,
                                    const struct weir_account_opinion *opinions,
                                    size_t count,
                                    struct weir_account_window *window)
{
    struct weir_interval_list down[WEIR_WITNESSES_MAX];
    struct weir_ratio tiers[WEIR_TIER_MAX];
    size_t tier_count = weir_terms_ratios(&account->proof.terms, tiers);
    for (size_t i = 0; i < count; i++) {
        down[i] = opinions[i].down;
        if (opinions[i].den > window->den_max)
            window->den_max = opinions[i].den;
    }
    window->quorum_down_ms = weir_quorum_down_ms(down, count, account->proof.terms.m);
    unsigned together =
        weir_quorum_tier(window->quorum_down_ms, window->den_max, tiers, tier_count);
    if (together < account->proof.report.breach.tier)
        return weir_fail(
            scope, WEIR_E_NO_BREACH,
            "window %llu: %u witnesses saw it down together for %llu ms of %llu, which "
            "reaches tier %u, not %u",
            (unsigned long long)window->window, account->proof.terms.m,
            (unsigned long long)window->quorum_down_ms, (unsigned long long)window->den_max,
            together, account->proof.report.breach.tier);
    if (together < window->tier)
        window->tier = (uint8_t)together;
    return WEIR_OK;
}

/* The same for an event gauge: all counted the same, and one of them shows the events.  What a
 * sealed opinion says is believed only as far as it is what the events shown give. */
static enum weir_err check_same(struct weir_scope *scope,
                                const struct weir_account_opinion *opinions,
                                size_t count,
                                struct weir_account_window *window)
{
    const struct weir_account_opinion *shown = NULL;
    for (size_t i = 0; i < count && shown == NULL; i++)
        shown = opinions[i].is_open ? &opinions[i] : NULL;
    if (shown == NULL)
        return weir_fail(scope, WEIR_E_COMPLETENESS, "window %llu: nobody shows the events",
                         (unsigned long long)window->window);
    for (size_t i = 0; i < count; i++) {
        const struct weir_account_opinion *other = &opinions[i];
        if (other->num != shown->num || other->den != shown->den ||
            !weir_hash_equal(&other->inputs, &shown->inputs))
            return weir_fail(scope, WEIR_E_RECOMPUTE,
                             "window %llu: witnesses %u and %u counted different events",
                             (unsigned long long)window->window, shown->witness, other->witness);
        if (other->own_tier != shown->own_tier)
            return weir_fail(scope, WEIR_E_RECOMPUTE,
                             "window %llu: witness %u says tier %u, the events say tier %u",
                             (unsigned long long)window->window, other->witness, other->own_tier,
                             shown->own_tier);
    }
    window->den_max = shown->den;
    return WEIR_OK;
}

static enum weir_err check_windows(struct weir_scope *scope, struct weir_account *account)
{
    const struct weir_terms *terms = &account->proof.terms;
    uint8_t tier = account->proof.report.breach.tier;
    struct weir_schedule schedule = weir_terms_schedule(terms);
    size_t members = account->proof.section_count / account->window_count;
    account->windows = weir_take(scope, account->window_count, sizeof(*account->windows));
    if (account->windows == NULL)
        return scope->err;
    for (size_t w = 0; w < account->window_count; w++) {
        const struct weir_account_opinion *opinions = &account->opinions[w * members];
        struct weir_account_window *window = &account->windows[w];
        window->window = opinions[0].window;
        window->interval = weir_window_of_terms(&schedule, window->window);
        for (size_t i = 0; i < members; i++)
            window->backers += opinions[i].tier_counted >= tier;
        if (window->backers < terms->m)
            return weir_fail(scope, WEIR_E_NO_BREACH,
                             "window %llu: %u witnesses measured tier %u or worse; %u are needed",
                             (unsigned long long)window->window, window->backers, tier, terms->m);
        window->tier = backed_tier(opinions, members, terms->m);
        enum weir_err err = weir_gauge_is_scheduled(&account->gauge)
                                ? check_together(scope, account, opinions, members, window)
                                : check_same(scope, opinions, members, window);
        if (err != WEIR_OK)
            return err;
    }
    return WEIR_OK;
}

/* Signers must themselves have measured what they sign. */
static enum weir_err check_signers(struct weir_scope *scope,
                                   const struct weir_proof_rules *rules,
                                   const struct weir_account *account)
{
    const struct weir_proof *proof = &account->proof;
    if (!rules->needs_signatures && proof->report.who == 0)
        return WEIR_OK;
    enum weir_err err = weir_report_check(scope, &proof->terms, &proof->domain, &proof->report);
    if (err != WEIR_OK)
        return weir_note(scope, "the report");
    for (size_t i = 0; i < proof->section_count; i++) {
        const struct weir_account_opinion *opinion = &account->opinions[i];
        bool has_signed = (proof->report.who & (1U << opinion->witness)) != 0;
        if (has_signed && opinion->tier_counted < proof->report.breach.tier)
            return weir_fail(scope, WEIR_E_QUORUM, "witness %u signed a tier it did not measure",
                             opinion->witness);
    }
    if ((proof->report.who & ~account->opinion_set) != 0)
        return weir_fail(scope, WEIR_E_QUORUM, "a signer's own measurement is not in the file");
    return WEIR_OK;
}

static enum weir_err check_payment(struct weir_scope *scope,
                                   const struct weir_proof_rules *rules,
                                   const struct weir_account *account,
                                   const struct weir_proof_payment *shown,
                                   struct weir_account_payment *payment)
{
    const struct weir_breach *breach = &account->proof.report.breach;
    struct weir_payment chain = {
        .header = shown->header,
        .transaction_index = shown->tx_index,
        .log_index = shown->log_index,
        .proof = {.node_count = shown->node_count},
    };
    for (size_t i = 0; i < shown->node_count; i++)
        chain.proof.nodes[i] = shown->nodes[i];
    struct weir_header header;
    enum weir_err err = weir_payment_verify(scope, &chain, &account->proof.domain.contract, &header,
                                            &payment->settled);
    if (err != WEIR_OK)
        return err;
    if (!weir_hash_equal(&header.hash, &shown->block) || header.number != shown->block_number)
        return weir_fail(scope, WEIR_E_PAYMENT, "the header is of another block than it says");
    if (payment->settled.word != breach->word || payment->settled.tier != breach->tier ||
        !weir_hash_equal(&payment->settled.evidence_root, &breach->evidence_root))
        return weir_fail(scope, WEIR_E_PAYMENT, "the receipt settles another report");
    const struct weir_word strange = weir_word_minus(payment->settled.fresh, breach->mask);
    if (!weir_word_is_zero(strange) || weir_word_is_zero(payment->settled.fresh) ||
        payment->settled.due > account->worth)
        return weir_fail(scope, WEIR_E_PAYMENT,
                         "the receipt settles more than the report is about, or nothing");
    bool is_trusted =
        rules->trusted_block != NULL && weir_hash_equal(rules->trusted_block, &header.hash);
    payment->state = is_trusted ? WEIR_PAYMENT_TRUSTED : WEIR_PAYMENT_NAMED;
    payment->block = header.hash;
    payment->block_number = header.number;
    payment->block_time_s = header.time_s;
    return WEIR_OK;
}

/* One log is one payment, however often the file names it. */
static bool is_named_before(const struct weir_proof *proof, size_t place)
{
    const struct weir_proof_payment *payment = &proof->payments[place];
    for (size_t i = 0; i < place; i++)
        if (weir_hash_equal(&proof->payments[i].block, &payment->block) &&
            proof->payments[i].tx_index == payment->tx_index &&
            proof->payments[i].log_index == payment->log_index)
            return true;
    return false;
}

static enum weir_err check_payments(struct weir_scope *scope,
                                    const struct weir_proof_rules *rules,
                                    struct weir_account *account)
{
    for (size_t i = 0; i < account->proof.payment_count; i++) {
        struct weir_account_payment *payment = &account->payments[i];
        enum weir_err err =
            check_payment(scope, rules, account, &account->proof.payments[i], payment);
        if (err != WEIR_OK)
            return weir_note(scope, "payment %zu", i + 1);
        if (is_named_before(&account->proof, i))
            return weir_fail(scope, WEIR_E_PAYMENT, "payment %zu stands in the file twice", i + 1);
        if (payment->state > account->payment_state)
            account->payment_state = payment->state;
    }
    if (rules->trusted_block != NULL && account->payment_state != WEIR_PAYMENT_TRUSTED)
        return weir_fail(scope, WEIR_E_PAYMENT,
                         account->proof.payment_count == 0
                             ? "the file shows no payment"
                             : "no payment in the file lies in the block with the trusted hash");
    return WEIR_OK;
}

enum weir_err weir_account_check(struct weir_scope *scope,
                                 const struct weir_proof_rules *rules,
                                 struct weir_account *account)
{
    enum weir_err err = weir_account_prepare(scope, rules, account);
    if (err == WEIR_OK)
        err = check_set(scope, account);
    if (err == WEIR_OK)
        err = check_sections(scope, rules, account);
    if (err == WEIR_OK)
        err = check_windows(scope, account);
    if (err == WEIR_OK)
        err = check_signers(scope, rules, account);
    if (err != WEIR_OK)
        return err;
    struct weir_due due;
    const struct weir_lanes untouched = {0};
    err = weir_due_compute(scope, &account->proof.terms, &untouched, &account->proof.report.breach,
                           &due);
    if (err != WEIR_OK)
        return err;
    account->worth = due.amount;
    account->breach = weir_breach_digest(&account->proof.domain, &account->proof.report.breach);
    return check_payments(scope, rules, account);
}

enum weir_err weir_proof_verify(struct weir_scope *scope,
                                struct weir_slice bytes,
                                const struct weir_proof_rules *rules,
                                struct weir_account *account)
{
    *account = (struct weir_account){.payment_state = WEIR_PAYMENT_NONE};
    enum weir_err err = weir_proof_read(scope, bytes, &account->proof);
    return err != WEIR_OK ? err : weir_account_check(scope, rules, account);
}
