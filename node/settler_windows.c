/* Which windows are under watch, where they stand on chain, and what we ourselves think of them. */
#include "node/settler.h"

#include <string.h>

#include "attest/checkpoint.h"
#include "base/arena.h"
#include "config/config.h"
#include "ledger/checkpoints.h"
#include "ledger/log.h"
#include "ledger/observations.h"
#include "ledger/opinions.h"
#include "ledger/store.h"
#include "ledger/windows.h"
#include "metrics/settlement.h"
#include "node/clock.h"
#include "node/log.h"
#include "node/notices.h"
#include "node/proofs.h"

#define RETRY_MS 1000

/* What the ledger knows of our own opinions about a window. */
static enum weir_err recall(struct weir_settler *settler,
                            struct weir_scope *scope,
                            const struct weir_book *book,
                            struct weir_tracked *tracked)
{
    struct weir_opinion_row row;
    const uint8_t *node = settler->worker.keys.set.set.node.bytes;
    enum weir_err err = weir_opinion_last(settler->worker.store, scope, &book->agreement->hash,
                                          node, tracked->window, &row);
    if (err == WEIR_E_NOT_FOUND) {
        weir_scope_recover(scope);
        return WEIR_OK;
    }
    if (err != WEIR_OK)
        return err;
    tracked->has_opinion = true;
    tracked->own_tier = row.opinion.tier;
    tracked->is_final = row.opinion.phase == WEIR_PHASE_FINAL;
    tracked->revision = row.opinion.revision + 1;
    tracked->tree_size = row.opinion.tree_size;
    return WEIR_OK;
}

/* Forgets what is finished, so that there is room for new windows. */
static void compact(struct weir_book *book)
{
    size_t kept = 0;
    for (size_t i = 0; i < book->tracked_count; i++)
        if (!book->tracked[i].is_done)
            book->tracked[kept++] = book->tracked[i];
    book->tracked_count = kept;
}

enum weir_err
weir_settler_track(struct weir_settler *settler, struct weir_scope *scope, struct weir_book *book)
{
    const struct weir_terms *terms = &book->agreement->terms;
    uint64_t now_s = (uint64_t)(weir_clock_now() / 1000);
    for (size_t i = 0; i < book->tracked_count; i++) {
        struct weir_tracked *tracked = &book->tracked[i];
        bool is_settled = tracked->is_final && tracked->own_tier <= tracked->level &&
                          tracked->right_tier <= tracked->level;
        /* A settled window stays while there is room: a peer may still need our opinion on it. */
        if (now_s >= weir_terms_closed_s(terms, tracked->window) ||
            (is_settled && book->tracked_count > WEIR_TRACKED_MAX / 2))
            tracked->is_done = true;
    }
    compact(book);
    for (; book->next_window < terms->count && book->tracked_count < WEIR_TRACKED_MAX;
         book->next_window++) {
        struct weir_interval window =
            weir_window_of_terms(&book->agreement->schedule, book->next_window);
        if (window.start_ms > weir_clock_now()) {
            weir_settler_wake_at(settler,
                                 weir_clock_monotonic_ms() + window.start_ms - weir_clock_now());
            break;
        }
        if (now_s >= weir_terms_closed_s(terms, book->next_window))
            continue;
        struct weir_tracked *tracked = &book->tracked[book->tracked_count];
        *tracked = (struct weir_tracked){.window = book->next_window};
        enum weir_err err = recall(settler, scope, book, tracked);
        if (err != WEIR_OK)
            return err;
        if (tracked->has_opinion)
            tracked->serial = ++book->serial; /* peers may not have it: tell them again */
        book->tracked_count++;
    }
    return WEIR_OK;
}

/* Levels matter for windows that somebody may still report. */
static bool wants_level(const struct weir_tracked *tracked, size_t tier_count)
{
    return tracked->level < tier_count &&
           (tracked->own_tier > tracked->level || tracked->right_tier > tracked->level);
}

enum weir_err weir_settler_read_levels(struct weir_settler *settler,
                                       struct weir_scope *scope,
                                       struct weir_book *book)
{
    uint64_t windows[WEIR_CLIENT_WINDOWS_MAX];
    size_t places[WEIR_CLIENT_WINDOWS_MAX];
    size_t count = 0;
    int64_t now_ms = weir_clock_monotonic_ms();
    int64_t poll_ms = book->agreement->configured->chain->poll_ms;
    if (now_ms - book->levels_read_ms < poll_ms) {
        weir_settler_wake_at(settler, book->levels_read_ms + poll_ms);
        return WEIR_OK;
    }
    for (size_t i = 0; i < book->tracked_count && count < WEIR_CLIENT_WINDOWS_MAX; i++)
        if (wants_level(&book->tracked[i], book->agreement->tier_count)) {
            places[count] = i;
            windows[count++] = book->tracked[i].window;
        }
    if (count == 0 || weir_settler_is_silent(settler, book->rail))
        return WEIR_OK;
    book->levels_read_ms = now_ms;
    uint8_t levels[WEIR_CLIENT_WINDOWS_MAX];
    const struct weir_client_windows asked = {book->agreement->domain.contract, windows, count};
    enum weir_err err =
        weir_client_levels(&book->rail->client, scope, &asked, WEIR_CLIENT_LATEST, levels);
    weir_settler_heard(settler, book->rail, err);
    if (err != WEIR_OK) {
        /* The chain's silence stops nothing but sending; the next poll asks again. */
        weir_log_failure(WEIR_LOG_WARN, "levels_not_read", scope);
        return WEIR_OK;
    }
    for (size_t i = 0; i < count; i++)
        book->tracked[places[i]].level = levels[i];
    weir_settler_wake_at(settler, now_ms + poll_ms);
    return WEIR_OK;
}

enum weir_err weir_settler_head(struct weir_settler *settler,
                                struct weir_scope *scope,
                                const struct weir_book *book,
                                uint64_t size,
                                struct weir_merkle_head *head)
{
    struct weir_store *store = settler->worker.store;
    struct weir_log log;
    enum weir_err err = weir_log_load(store, scope, book->log_id, &log);
    if (err != WEIR_OK)
        return err;
    head->size = size == 0 ? log.head.size : size;
    err = weir_log_root(store, scope, book->log_id, head->size, &head->root);
    struct weir_checkpoint_row row = {.head = *head, .made_ms = weir_clock_now()};
    struct weir_checkpoint_row known;
    if (err == WEIR_OK)
        err = weir_checkpoint_covering(store, scope, book->log_id, head->size, &known);
    if (err == WEIR_OK && known.head.size == head->size)
        return WEIR_OK;
    if (err != WEIR_OK && err != WEIR_E_NOT_FOUND)
        return err;
    weir_scope_recover(scope);
    const struct weir_checkpoint checkpoint = {weir_slice_text(log.origin), *head};
    err = weir_ask_checkpoint(scope, settler->worker.duty->signer, &checkpoint, &row.note);
    return err != WEIR_OK ? err : weir_checkpoint_put(store, scope, book->log_id, &row);
}

/* Signs one opinion with its evidence and stores it; it is released by the next exchange. */
static enum weir_err give_opinion(struct weir_settler *settler,
                                  struct weir_scope *scope,
                                  struct weir_book *book,
                                  struct weir_opinion *opinion,
                                  struct weir_tracked *tracked)
{
    struct weir_store *store = settler->worker.store;
    const struct weir_agreement *agreement = book->agreement;
    const struct weir_proof_part part = {
        .witness = (uint8_t)agreement->own,
        .opinion = opinion,
        .is_open = !weir_gauge_is_scheduled(&agreement->gauge),
    };
    struct weir_proof proof;
    struct weir_buffer bytes = {.capacity_max = WEIR_PROOF_BYTES_MAX};
    uint8_t tier = opinion->tier == 0 ? 1 : opinion->tier; /* the signer ignores the report */
    struct weir_opinion_row row = {.stored_ms = weir_clock_now()};
    memcpy(row.node, settler->worker.keys.set.set.node.bytes, sizeof(row.node));
    const struct weir_proof_parts parts = {&part, 1, tier};
    enum weir_err err = weir_proof_make(store, scope, agreement, parts, &proof);
    if (err == WEIR_OK)
        err = weir_proof_write(scope, &proof, &bytes);
    /* What comes back may be an earlier one: given, but lost by a kill before it was stored here.
     */
    if (err == WEIR_OK)
        err = weir_ask_opinion(scope, settler->worker.duty->signer, weir_buffer_slice(&bytes),
                               opinion, &row.signature);
    row.opinion = *opinion;
    row.digest = weir_opinion_digest(&agreement->domain, opinion);
    enum weir_opinion_put outcome;
    if (err == WEIR_OK)
        err = weir_opinion_put(store, scope, &row, &outcome);
    if (err != WEIR_OK)
        return weir_note(scope, "opinion on window %llu of '%s'",
                         (unsigned long long)opinion->window, agreement->name);
    tracked->has_opinion = true;
    tracked->own_tier = opinion->tier;
    tracked->is_final = opinion->phase == WEIR_PHASE_FINAL;
    tracked->revision = opinion->revision + 1;
    tracked->tree_size = opinion->tree_size;
    tracked->serial = ++book->serial;
    book->must_exchange = true;
    settler->did_something = true;
    weir_log(opinion->tier > 0 ? WEIR_LOG_INFO : WEIR_LOG_DEBUG, "opinion",
             "agreement=%s window=%llu revision=%u phase=%s tier=%u num=%llu den=%llu",
             agreement->name, (unsigned long long)opinion->window, opinion->revision,
             opinion->phase == WEIR_PHASE_FINAL ? "final" : "early", opinion->tier,
             (unsigned long long)opinion->num, (unsigned long long)opinion->den);
    return WEIR_OK;
}

static struct weir_opinion blank(const struct weir_book *book, const struct weir_tracked *tracked)
{
    return (struct weir_opinion){
        .terms = book->agreement->hash,
        .window = tracked->window,
        .revision = tracked->revision,
        .origin = book->agreement->witnesses[book->agreement->own].origin_hash,
        .made_at_ms = (uint64_t)weir_clock_now(),
    };
}

/* A final opinion is given once, so it is given under a head that peers have cosigned: they sign no
 * older one later.  Without such a head over `end` leaves the present one is shown to them first.
 */
static bool has_cosigned_head(struct weir_settler *settler, struct weir_book *book, uint64_t end)
{
    if (book->cosigned_size >= end)
        return true;
    book->must_exchange = true;
    if (book->agreement->terms.m == 1)
        weir_settler_wake_at(settler, 0); /* nobody has to cosign: the next round takes it */
    return false;
}

/* Judges one window of a probe gauge at the present head of the log; gives an opinion when it is
 * due: at every growth while our tier exceeds the level, and once when all is sealed. */
static enum weir_err judge_ticks(struct weir_settler *settler,
                                 struct weir_scope *scope,
                                 struct weir_book *book,
                                 struct weir_tracked *tracked)
{
    const struct weir_agreement *agreement = book->agreement;
    struct weir_interval window = weir_window_of_terms(&agreement->schedule, tracked->window);
    struct weir_window_ticks found;
    enum weir_err err =
        weir_window_ticks(settler->worker.store, scope, book->log_id, window, &found);
    if (err != WEIR_OK || found.ticks.count == 0)
        return err;
    struct weir_evidence evidence = {.ticks = found.ticks};
    struct weir_own_verdict verdict;
    struct weir_notices notices = {.items = NULL};
    const struct weir_notice_query query = {agreement, window, found.size};
    err = weir_notices_own(settler->worker.store, scope, book->log_id, &query, &notices);
    evidence.maintenance = (struct weir_maintenance_list){notices.items, notices.count};
    if (err == WEIR_OK)
        err = weir_own_verdict_compute(scope, &agreement->gauge, window, &evidence, &verdict);
    if (err != WEIR_OK)
        return err;
    unsigned tier = weir_own_verdict_tier(&verdict, agreement->tiers, agreement->tier_count);
    bool is_final = verdict.is_final != 0;
    bool is_worse = agreement->terms.early && tier > tracked->level &&
                    (tier > tracked->own_tier || found.size > tracked->tree_size);
    if (!is_final && !is_worse)
        return WEIR_OK;
    if (is_final && !has_cosigned_head(settler, book, found.end))
        return WEIR_OK;
    struct weir_opinion opinion = blank(book, tracked);
    struct weir_merkle_head head;
    opinion.phase = is_final ? WEIR_PHASE_FINAL : WEIR_PHASE_EARLY;
    opinion.tier = (uint8_t)tier;
    opinion.num = verdict.num;
    opinion.den = verdict.den;
    opinion.inputs = verdict.inputs;
    opinion.first_leaf = found.first;
    opinion.end_leaf = is_final ? found.end : found.size;
    err =
        weir_settler_head(settler, scope, book, is_final ? book->cosigned_size : found.size, &head);
    if (err != WEIR_OK)
        return err;
    opinion.tree_size = head.size;
    opinion.tree_root = head.root;
    return give_opinion(settler, scope, book, &opinion, tracked);
}

/* The same for an event gauge, from the leaf that closed the window. */
static enum weir_err judge_events(struct weir_settler *settler,
                                  struct weir_scope *scope,
                                  struct weir_book *book,
                                  struct weir_tracked *tracked)
{
    const struct weir_agreement *agreement = book->agreement;
    struct weir_store *store = settler->worker.store;
    struct weir_interval window = weir_window_of_terms(&agreement->schedule, tracked->window);
    int64_t due_ms = window.end_ms + agreement->gauge.lateness_ms;
    if (weir_clock_now() < due_ms) {
        weir_settler_wake_at(settler, weir_clock_monotonic_ms() + due_ms - weir_clock_now());
        return WEIR_OK;
    }
    struct weir_closing closing;
    struct weir_gauge_window *found;
    size_t count;
    enum weir_err err = weir_window_close(store, scope, book->log_id, window, &closing);
    if (err == WEIR_OK)
        err =
            weir_gauge_windows(store, scope, book->log_id, WEIR_CLASS_ALL, window, &found, &count);
    if (err != WEIR_OK)
        return err;
    struct weir_tally tally = {0};
    for (size_t i = 0; i < count; i++)
        if (found[i].window.start_ms == window.start_ms)
            tally = found[i].tally;
    struct weir_opinion opinion = blank(book, tracked);
    struct weir_merkle_head head;
    opinion.phase = WEIR_PHASE_FINAL;
    opinion.tier = (uint8_t)weir_tally_tier(&agreement->gauge, &tally, agreement->tiers,
                                            agreement->tier_count);
    opinion.num = tally.num;
    opinion.den = tally.den;
    opinion.inputs = closing.inputs;
    opinion.first_leaf = closing.leaf;
    opinion.end_leaf = closing.leaf + 1;
    if (!has_cosigned_head(settler, book, opinion.end_leaf))
        return WEIR_OK;
    err = weir_settler_head(settler, scope, book, book->cosigned_size, &head);
    if (err != WEIR_OK)
        return err;
    opinion.tree_size = head.size;
    opinion.tree_root = head.root;
    return give_opinion(settler, scope, book, &opinion, tracked);
}

/* Failures of the ledger or of the way to the signer: this process must end. */
static bool is_fatal(enum weir_err err)
{
    return err == WEIR_E_STORE || err == WEIR_E_CORRUPT || err == WEIR_E_IO ||
           err == WEIR_E_UNREACHABLE || err == WEIR_E_TIMEOUT;
}

enum weir_err
weir_settler_judge(struct weir_settler *settler, struct weir_scope *scope, struct weir_book *book)
{
    bool is_probe = weir_gauge_is_scheduled(&book->agreement->gauge);
    enum weir_err err = WEIR_OK;
    for (size_t i = 0; err == WEIR_OK && i < book->tracked_count; i++) {
        struct weir_tracked *tracked = &book->tracked[i];
        if (tracked->is_final || tracked->is_done)
            continue;
        err = is_probe ? judge_ticks(settler, scope, book, tracked)
                       : judge_events(settler, scope, book, tracked);
        if (err == WEIR_OK || is_fatal(err))
            continue;
        /* The signer refuses what would contradict an earlier signature: nothing can follow it.
         * Anything else may pass, and other windows have nothing to do with it. */
        tracked->is_final = err == WEIR_E_CONFLICT;
        weir_log_failure(WEIR_LOG_ERROR, "opinion_refused", scope);
        weir_settler_wake_at(settler, weir_clock_monotonic_ms() + RETRY_MS);
        err = WEIR_OK;
    }
    return err;
}
