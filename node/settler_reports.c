/* Which reports are right (protocol section 6), who proposes them and when (9.3), the signatures of
 * the others (9.4), and the complete report to everybody before it is sent (9.5). */
#include "node/settler.h"

#include <string.h>

#include "attest/account.h"
#include "attest/due.h"
#include "attest/report.h"
#include "base/arena.h"
#include "base/text.h"
#include "config/config.h"
#include "ledger/evidence.h"
#include "ledger/intents.h"
#include "ledger/log.h"
#include "ledger/mirror.h"
#include "ledger/reports.h"
#include "ledger/store.h"
#include "node/clock.h"
#include "node/evidence.h"
#include "node/exchange.h"
#include "node/log.h"
#include "node/proofs.h"

#define COMPLETE_MS 250
#define SLOT_BLOCKS 2 /* a slot is at least two block times (protocol 9.3) */

/* One report being put together. */
struct proposal {
    struct weir_settler *settler;
    struct weir_scope *scope;
    struct weir_book *book;
    struct weir_tracked *tracked;
    struct weir_account *account; /* recomputed from the proof */
    size_t wrong_part;            /* after a failed try: the part that was wrong */
    struct weir_slice bytes;      /* unsigned */
    struct weir_stale_leaves *stale;
    size_t stale_count;
    struct weir_signature signatures[WEIR_WITNESSES_MAX];
    uint32_t have; /* bit i: signature of witness i is there */
};

/* The newest opinion of each witness that can serve as evidence, by index. */
static enum weir_err
gather(struct proposal *proposal, struct weir_proof_part *parts, size_t *part_count)
{
    struct weir_opinion_row *rows;
    size_t row_count;
    const struct weir_agreement *agreement = proposal->book->agreement;
    struct weir_store *store = proposal->settler->worker.store;
    const struct weir_evidence_check check = {store, proposal->scope, agreement};
    enum weir_err err = weir_opinion_list(store, proposal->scope, &agreement->hash,
                                          proposal->tracked->window, &rows, &row_count);
    *part_count = 0;
    for (size_t w = 0; err == WEIR_OK && w < agreement->witness_count; w++) {
        const struct weir_opinion_row *newest = NULL;
        for (size_t i = 0; i < row_count; i++)
            if (memcmp(rows[i].node, agreement->terms.witnesses[w].node, WEIR_NODE_BYTES) == 0)
                newest = &rows[i]; /* rows rise by revision */
        bool is_usable = false;
        if (newest != NULL)
            err = weir_evidence_is_usable(&check, (uint8_t)w, &newest->opinion, &is_usable);
        if (is_usable)
            parts[(*part_count)++] = (struct weir_proof_part){
                .witness = (uint8_t)w,
                .opinion = &newest->opinion,
                .signature = &newest->signature,
                .is_open = (int)w == agreement->own && !weir_gauge_is_scheduled(&agreement->gauge),
            };
    }
    return err;
}

/* The tier that m of the parts support. */
static uint8_t backed_tier(const struct weir_agreement *agreement,
                           const struct weir_proof_part *parts,
                           size_t part_count)
{
    for (uint8_t tier = (uint8_t)agreement->tier_count; tier > 0; tier--) {
        unsigned backers = 0;
        for (size_t i = 0; i < part_count; i++)
            backers += parts[i].opinion->tier >= tier;
        if (backers >= agreement->terms.m)
            return tier;
    }
    return 0;
}

/* Makes the proof for one tier and recomputes it; NO_BREACH when the quorum does not reach it. */
static enum weir_err try_tier(struct proposal *proposal,
                              const struct weir_proof_part *parts,
                              size_t part_count,
                              uint8_t tier)
{
    struct weir_account *account = weir_take(proposal->scope, 1, sizeof(*account));
    struct weir_buffer bytes = {.capacity_max = WEIR_PROOF_BYTES_MAX};
    if (account == NULL)
        return proposal->scope->err;
    const struct weir_proof_parts all = {parts, part_count, tier};
    enum weir_err err = weir_proof_make(proposal->settler->worker.store, proposal->scope,
                                        proposal->book->agreement, all, &account->proof);
    proposal->wrong_part = SIZE_MAX;
    const struct weir_proof_rules rules = {.terms = &proposal->book->agreement->hash,
                                           .stale = proposal->stale,
                                           .stale_count = proposal->stale_count};
    if (err == WEIR_OK) {
        err = weir_account_check(proposal->scope, &rules, account);
        if (err != WEIR_OK && account->checked_count < part_count)
            proposal->wrong_part = account->checked_count;
    }
    if (err == WEIR_OK)
        err = weir_proof_write(proposal->scope, &account->proof, &bytes);
    if (err != WEIR_OK)
        return err;
    proposal->account = account;
    proposal->bytes = weir_buffer_slice(&bytes);
    return WEIR_OK;
}

/* A witness whose own evidence does not hold is left out, so that one liar stops nobody. */
static bool
drop_wrong_part(struct proposal *proposal, struct weir_proof_part *parts, size_t *part_count)
{
    size_t wrong = proposal->wrong_part;
    if (wrong >= *part_count)
        return false;
    weir_log(WEIR_LOG_WARN, "evidence_refused", "agreement=%s window=%llu witness=%u text=\"%s\"",
             proposal->book->agreement->name, (unsigned long long)proposal->tracked->window,
             parts[wrong].witness, proposal->scope->fault);
    weir_scope_recover(proposal->scope);
    memmove(&parts[wrong], &parts[wrong + 1], (*part_count - wrong - 1) * sizeof(*parts));
    (*part_count)--;
    return *part_count >= proposal->book->agreement->terms.m;
}

/* The worst tier above the level for which a report is right now; 0: none. */
static enum weir_err find_right_tier(struct proposal *proposal, uint8_t *right)
{
    struct weir_proof_part parts[WEIR_WITNESSES_MAX];
    size_t part_count;
    const struct weir_agreement *agreement = proposal->book->agreement;
    *right = 0;
    enum weir_err err = gather(proposal, parts, &part_count);
    if (err != WEIR_OK || part_count < agreement->terms.m)
        return err;
    const struct weir_evidence_check check = {proposal->settler->worker.store, proposal->scope,
                                              agreement};
    err = weir_evidence_stale(&check, parts, part_count, proposal->settler->started_ms,
                              &proposal->stale, &proposal->stale_count);
    uint8_t tier = backed_tier(agreement, parts, part_count);
    while (err == WEIR_OK && tier > proposal->tracked->level) {
        err = try_tier(proposal, parts, part_count, tier);
        if (err == WEIR_OK) {
            *right = tier;
            return WEIR_OK;
        }
        if (err == WEIR_E_NO_BREACH) {
            weir_scope_recover(proposal->scope);
            tier--;
        } else if (!drop_wrong_part(proposal, parts, &part_count)) {
            return err;
        } else {
            tier = backed_tier(agreement, parts, part_count);
        }
        err = WEIR_OK;
    }
    return err;
}

/* Bit i: the proof shows that witness i measured its tier itself.  Only they may sign it: the
 * report of another signer would be paid, but its proof would convince nobody. */
static uint32_t backers_of(const struct weir_account *account)
{
    uint32_t backers = 0;
    for (size_t i = 0; i < account->proof.section_count; i++)
        if (account->opinions[i].tier_counted >= account->proof.report.breach.tier)
            backers |= 1U << account->opinions[i].witness;
    return backers;
}

/* Keeps a signature that verifies; anything else is the peer's refusal. */
static void take_signature(struct proposal *proposal, uint8_t witness, struct weir_slice hex)
{
    struct weir_scope scope = {.arena = NULL};
    struct weir_signature signature;
    while (hex.length > 0 && hex.data[hex.length - 1] == '\n')
        hex.length--;
    const struct weir_terms *terms = &proposal->book->agreement->terms;
    if (weir_hex_parse(&scope, hex, signature.bytes, sizeof(signature.bytes)) != WEIR_OK ||
        weir_secp_verify(&scope, &proposal->account->breach, &signature,
                         &terms->witnesses[witness].key) != WEIR_OK) {
        weir_log_failure(WEIR_LOG_WARN, "report_signature_refused", &scope);
        return;
    }
    proposal->signatures[witness] = signature;
    proposal->have |= 1U << witness;
}

static int witness_of_contact(const struct weir_agreement *agreement,
                              const struct weir_contact *contact)
{
    for (size_t i = 0; i < agreement->witness_count; i++)
        if (agreement->witnesses[i].peer == contact->peer)
            return (int)i;
    return -1;
}

static bool has_enough(void *context, struct weir_peer_call *ended)
{
    struct proposal *proposal = context;
    int witness = witness_of_contact(proposal->book->agreement, ended->contact);
    bool may_sign = (backers_of(proposal->account) >> witness & 1) != 0;
    if (ended->is_answered && ended->result.status == 200 && may_sign)
        take_signature(proposal, (uint8_t)witness, ended->result.body);
    else if (ended->is_answered)
        weir_log(WEIR_LOG_INFO, "report_not_signed", "peer=%s status=%u body=\"%.300s\"",
                 ended->contact->peer->name, ended->result.status,
                 ended->result.body.length == 0 ? "" : (const char *)ended->result.body.data);
    return (unsigned)__builtin_popcount(proposal->have) >= proposal->book->agreement->terms.m;
}

/* Our own signature, when we measured the tier ourselves. */
static enum weir_err sign_own(struct proposal *proposal)
{
    const struct weir_agreement *agreement = proposal->book->agreement;
    for (size_t i = 0; i < proposal->account->proof.section_count; i++) {
        const struct weir_account_opinion *opinion = &proposal->account->opinions[i];
        if ((int)opinion->witness != agreement->own ||
            opinion->tier_counted < proposal->account->proof.report.breach.tier)
            continue;
        enum weir_err err = weir_ask_report(proposal->scope, proposal->settler->worker.duty->signer,
                                            proposal->bytes, proposal->stale, proposal->stale_count,
                                            &proposal->signatures[agreement->own]);
        if (err != WEIR_OK)
            return err;
        proposal->have |= 1U << agreement->own;
    }
    return WEIR_OK;
}

/* Sends the body to every peer that is a witness of the agreement. */
static enum weir_err tell_peers(struct proposal *proposal,
                                const char *path,
                                struct weir_slice body,
                                const struct weir_peer_patience *patience)
{
    struct weir_settler *settler = proposal->settler;
    struct weir_peer_call calls[WEIR_PEERS_MAX];
    size_t count = 0;
    enum weir_err err = WEIR_OK;
    for (size_t i = 0; err == WEIR_OK && i < settler->contact_count; i++) {
        struct weir_contact *contact = &settler->contacts[i];
        if (witness_of_contact(proposal->book->agreement, contact) < 0)
            continue;
        calls[count] = (struct weir_peer_call){.contact = contact, .path = path, .body = body};
        err = weir_peer_call_start(settler, proposal->scope, &calls[count]);
        count++;
    }
    return err != WEIR_OK
               ? err
               : weir_peer_calls_finish(settler, proposal->scope, calls, count, patience);
}

/* Stores the report and what was collected for it before anybody hears of it. */
static enum weir_err store_report(struct proposal *proposal)
{
    struct weir_store *store = proposal->settler->worker.store;
    const struct weir_report_row row = {
        .digest = proposal->account->breach,
        .breach = proposal->account->proof.report.breach,
        .proof = proposal->bytes,
        .is_own = true,
        .made_ms = weir_clock_now(),
    };
    const struct weir_intent intent = {
        .agreement_id = proposal->book->agreement_id,
        .window = proposal->tracked->window,
        .tier = row.breach.tier,
        .made_ms = row.made_ms,
    };
    struct weir_hash id;
    bool is_new;
    enum weir_err err = weir_intent_put(store, proposal->scope, &intent, &id, &is_new);
    return err != WEIR_OK ? err : weir_report_put(store, proposal->scope, &row);
}

static enum weir_err complete(struct proposal *proposal)
{
    struct weir_proof *proof = &proposal->account->proof;
    struct weir_store *store = proposal->settler->worker.store;
    const struct weir_agreement *agreement = proposal->book->agreement;
    const struct weir_hash *digest = &proposal->account->breach;
    struct weir_buffer bytes = {.capacity_max = WEIR_PROOF_BYTES_MAX};
    enum weir_err err = weir_report_pack(proposal->scope, &agreement->terms, proposal->signatures,
                                         proposal->have, &proof->report);
    for (uint8_t i = 0; err == WEIR_OK && i < agreement->witness_count; i++)
        if ((proposal->have & (1U << i)) != 0)
            err = weir_report_signature_put(store, proposal->scope, digest, i,
                                            &proposal->signatures[i]);
    if (err == WEIR_OK)
        err = weir_proof_write(proposal->scope, proof, &bytes);
    if (err == WEIR_OK)
        err = weir_report_complete(store, proposal->scope, digest, weir_buffer_slice(&bytes),
                                   weir_clock_now());
    if (err != WEIR_OK)
        return err;
    char hex[WEIR_HASH_HEX_BYTES];
    weir_hash_hex(digest, hex);
    weir_log(WEIR_LOG_INFO, "report_complete",
             "agreement=%s window=%llu tier=%u signers=0x%x digest=%s", agreement->name,
             (unsigned long long)proposal->tracked->window, proof->report.breach.tier,
             proof->report.who, hex);
    /* Protocol 9.5: to all before it is sent, but a peer that hangs holds no payment up. */
    const struct weir_peer_patience patience = {.longest_ms = COMPLETE_MS};
    err = tell_peers(proposal, WEIR_PATH_COMPLETE, weir_buffer_slice(&bytes), &patience);
    if (err == WEIR_OK)
        err = weir_settler_pay(proposal->settler, proposal->scope, proposal->book, proof);
    if (err == WEIR_OK)
        proposal->tracked->job_tier = proof->report.breach.tier;
    return err;
}

/* A proposal that lacked signatures is made again as it was while nobody new could sign it: every
 * other one would be a further report, of which each signer gives only so many (protocol 9.4). */
static enum weir_err repeat(struct proposal *proposal)
{
    struct weir_tracked *tracked = proposal->tracked;
    uint32_t backers = backers_of(proposal->account);
    if (tracked->proposed_ms != 0 && (backers & ~tracked->backers) == 0) {
        struct weir_report_row row;
        struct weir_account *account = weir_take(proposal->scope, 1, sizeof(*account));
        const struct weir_proof_rules rules = {.terms = &proposal->book->agreement->hash,
                                               .stale = proposal->stale,
                                               .stale_count = proposal->stale_count};
        enum weir_err err = account == NULL
                                ? proposal->scope->err
                                : weir_report_find(proposal->settler->worker.store, proposal->scope,
                                                   &tracked->proposed, &row);
        if (err == WEIR_OK)
            err = weir_proof_verify(proposal->scope, row.proof, &rules, account);
        if (err == WEIR_OK) {
            proposal->account = account;
            proposal->bytes = row.proof;
            return WEIR_OK;
        }
        if (err == WEIR_E_STORE || err == WEIR_E_MEMORY)
            return err;
        weir_scope_recover(proposal->scope); /* it holds no longer: the new one is taken */
    }
    tracked->proposed = proposal->account->breach;
    tracked->backers = backers;
    return WEIR_OK;
}

static enum weir_err propose(struct proposal *proposal)
{
    struct weir_tracked *tracked = proposal->tracked;
    const struct weir_agreement *agreement = proposal->book->agreement;
    const struct weir_peer_patience patience = {.is_enough = has_enough, .context = proposal};
    enum weir_err err = repeat(proposal);
    tracked->proposed_ms = weir_clock_monotonic_ms();
    if (err == WEIR_OK)
        err = store_report(proposal);
    if (err == WEIR_OK)
        err = sign_own(proposal);
    unsigned m = agreement->terms.m;
    if (err == WEIR_OK && (unsigned)__builtin_popcount(proposal->have) < m)
        err = tell_peers(proposal, WEIR_PATH_REPORT, proposal->bytes, &patience);
    if (err != WEIR_OK)
        return err;
    if ((unsigned)__builtin_popcount(proposal->have) < m) {
        weir_log(WEIR_LOG_INFO, "report_lacks_signatures",
                 "agreement=%s window=%llu have=%d need=%u", agreement->name,
                 (unsigned long long)tracked->window, __builtin_popcount(proposal->have), m);
        return WEIR_OK;
    }
    return complete(proposal);
}

/* A complete report of a peer about exactly this window, at this tier or worse: what its maker had
 * collected and could not send is not collected again. */
static enum weir_err send_theirs(struct proposal *proposal, uint8_t tier, bool *is_sent)
{
    const struct weir_terms *terms = &proposal->book->agreement->terms;
    struct weir_store *store = proposal->settler->worker.store;
    struct weir_word mask = weir_window_mask(terms, proposal->tracked->window);
    struct weir_report_row *rows;
    struct weir_report_row row = {.is_own = true};
    size_t count;
    *is_sent = false;
    enum weir_err err =
        weir_report_list(store, proposal->scope, &proposal->book->agreement->hash,
                         weir_window_word(terms, proposal->tracked->window), &rows, &count);
    for (size_t i = 0; err == WEIR_OK && row.complete.length == 0 && i < count; i++) {
        const struct weir_breach *breach = &rows[i].breach;
        if (breach->tier >= tier && memcmp(&breach->mask, &mask, sizeof(mask)) == 0)
            err = weir_report_find(store, proposal->scope, &rows[i].digest, &row);
    }
    if (err != WEIR_OK || row.complete.length == 0)
        return err;
    struct weir_proof proof;
    err = weir_proof_read(proposal->scope, row.complete, &proof);
    if (err == WEIR_OK)
        err = weir_settler_pay(proposal->settler, proposal->scope, proposal->book, &proof);
    if (err != WEIR_OK)
        return err;
    proposal->tracked->job_tier = row.breach.tier;
    *is_sent = true;
    return WEIR_OK;
}

/* Our turn comes rank slots after the report became right; after a fruitless try one round of all
 * ranks later again. */
static bool is_our_turn(struct proposal *proposal, uint8_t tier)
{
    const struct weir_agreement *agreement = proposal->book->agreement;
    struct weir_tracked *tracked = proposal->tracked;
    int64_t slot_ms = SLOT_BLOCKS * agreement->configured->chain->block_ms;
    unsigned rank = weir_report_rank(&agreement->hash, agreement->witness_count, tracked->window,
                                     tier, (uint8_t)agreement->own);
    int64_t turn_ms = tracked->right_ms + (int64_t)rank * slot_ms;
    if (tracked->proposed_ms != 0)
        turn_ms = tracked->proposed_ms + (int64_t)agreement->witness_count * slot_ms;
    int64_t now_ms = weir_clock_monotonic_ms();
    if (now_ms < turn_ms) {
        weir_settler_wake_at(proposal->settler, turn_ms);
        return false;
    }
    return true;
}

/* After a first payment inside the window the rest waits for its end (protocol section 10). */
static bool must_wait_for_end(const struct proposal *proposal)
{
    struct weir_interval window =
        weir_window_of_terms(&proposal->book->agreement->schedule, proposal->tracked->window);
    int64_t now_ms = weir_clock_now();
    if (proposal->tracked->level == 0 || now_ms >= window.end_ms)
        return false;
    weir_settler_wake_at(proposal->settler, weir_clock_monotonic_ms() + window.end_ms - now_ms);
    return true;
}

static bool is_payable(const struct proposal *proposal)
{
    const struct weir_terms *terms = &proposal->book->agreement->terms;
    uint64_t now_s = (uint64_t)(weir_clock_now() / 1000);
    uint64_t payable_s = weir_terms_payable_s(terms, proposal->tracked->window);
    if (now_s < payable_s)
        weir_settler_wake_at(proposal->settler,
                             weir_clock_monotonic_ms() + (int64_t)(payable_s - now_s) * 1000);
    return now_s >= payable_s && now_s < weir_terms_closed_s(terms, proposal->tracked->window);
}

static enum weir_err consider(struct proposal *proposal)
{
    struct weir_tracked *tracked = proposal->tracked;
    if (tracked->level >= proposal->book->agreement->tier_count || !is_payable(proposal) ||
        must_wait_for_end(proposal))
        return WEIR_OK;
    uint8_t tier;
    enum weir_err err = find_right_tier(proposal, &tier);
    if (err != WEIR_OK || tier == 0)
        return err;
    if (tier != tracked->right_tier) {
        tracked->right_tier = tier;
        tracked->right_ms = weir_clock_monotonic_ms();
        tracked->proposed_ms = 0;
        weir_log(WEIR_LOG_INFO, "report_right", "agreement=%s window=%llu tier=%u together_ms=%llu",
                 proposal->book->agreement->name, (unsigned long long)tracked->window, tier,
                 (unsigned long long)proposal->account->windows[0].quorum_down_ms);
    }
    if (tracked->job_tier >= tier || !is_our_turn(proposal, tier))
        return WEIR_OK;
    bool is_sent;
    err = send_theirs(proposal, tier, &is_sent);
    return err != WEIR_OK || is_sent ? err : propose(proposal);
}

enum weir_err
weir_settler_report(struct weir_settler *settler, struct weir_scope *scope, struct weir_book *book)
{
    for (size_t i = 0; i < book->tracked_count; i++) {
        struct proposal *proposal = weir_take(scope, 1, sizeof(*proposal));
        if (proposal == NULL)
            return scope->err;
        *proposal = (struct proposal){
            .settler = settler, .scope = scope, .book = book, .tracked = &book->tracked[i]};
        enum weir_err err = consider(proposal);
        if (err == WEIR_E_STORE || err == WEIR_E_CORRUPT || err == WEIR_E_MEMORY)
            return err;
        if (err != WEIR_OK) {
            weir_log_failure(WEIR_LOG_WARN, "report_failed", scope);
            weir_settler_wake_at(settler, weir_clock_monotonic_ms() + 1000);
        }
    }
    return WEIR_OK;
}
