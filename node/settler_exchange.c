/* Shows our log and our opinions to the peers and collects their cosignatures (protocol 9.1, 9.2).
 */
#include "node/settler.h"

#include <string.h>

#include "attest/checkpoint.h"
#include "attest/cosign.h"
#include "attest/leaf.h"
#include "attest/witness.h"
#include "base/arena.h"
#include "config/config.h"
#include "ledger/checkpoints.h"
#include "ledger/log.h"
#include "ledger/observations.h"
#include "ledger/store.h"
#include "node/clock.h"
#include "node/exchange.h"
#include "node/log.h"

#define HEARTBEAT_MS 30000 /* protocol 9.2 wants heads at least every 60 s */
#define CORRECTIONS_MAX 4  /* of the size, in a row */
#define CLAIM_MS 1000      /* a claim is proved so fast or not at all */
#define GRACE_MS 250       /* for the slower peers while a payout waits for this exchange */

/* One exchange under way. */
struct exchange_round {
    struct weir_settler *settler;
    struct weir_scope *scope;
    struct weir_book *book;
    size_t book_index;
    struct weir_log log;
    struct weir_checkpoint_row newest; /* what all peers shall cosign in the end */
    struct weir_merkle_head head;      /* what the peer at hand is shown */
    struct weir_slice note;
    unsigned cosigner_count; /* of the newest */
};

/* A peer that is far behind gets an older head of ours first, so that one message stays bounded. */
static enum weir_err choose_head(struct exchange_round *round, uint64_t old)
{
    struct weir_checkpoint_row row = round->newest;
    if (row.head.size - old > WEIR_EXCHANGE_LEAVES_MAX) {
        uint64_t wanted = old + WEIR_EXCHANGE_LEAVES_MAX / 2;
        enum weir_err err = weir_checkpoint_covering(round->settler->worker.store, round->scope,
                                                     round->log.log_id, wanted, &row);
        if (err != WEIR_OK)
            return err;
    }
    round->head = row.head;
    round->note = row.note;
    return WEIR_OK;
}

/* Leaf 0 and the maintenance notices: peers cannot open them by themselves. */
static enum weir_err
put_shown(struct exchange_round *round, uint64_t first, struct weir_exchange *exchange)
{
    struct weir_store *store = round->settler->worker.store;
    struct weir_observation *observations;
    size_t count;
    struct weir_salt_range range = {first, round->head.size};
    enum weir_err err =
        weir_observations(store, round->scope, round->log.log_id, range, &observations, &count);
    if (err != WEIR_OK)
        return err;
    struct weir_shown_leaf *shown =
        weir_take(round->scope, WEIR_EXCHANGE_SHOWN_MAX, sizeof(*shown));
    if (shown == NULL)
        return round->scope->err;
    size_t used = 0;
    for (size_t i = 0; err == WEIR_OK && i < count && used < WEIR_EXCHANGE_SHOWN_MAX; i++) {
        if (observations[i].kind != WEIR_LEAF_DEFINITION &&
            observations[i].kind != WEIR_LEAF_MAINTENANCE)
            continue;
        shown[used].seq = observations[i].seq;
        shown[used].payload = observations[i].payload;
        err = weir_log_salt(store, round->scope, round->log.log_id, observations[i].seq,
                            &shown[used].salt);
        used++;
    }
    exchange->shown = shown;
    exchange->shown_count = used;
    return err;
}

/* Our newest opinions that the peer has not acknowledged. */
static enum weir_err
put_opinions(struct exchange_round *round, uint64_t known_serial, struct weir_exchange *exchange)
{
    const struct weir_book *book = round->book;
    struct weir_exchange_opinion *opinions =
        weir_take(round->scope, book->tracked_count, sizeof(*opinions));
    if (opinions == NULL)
        return round->scope->err;
    exchange->opinions = opinions;
    for (size_t i = 0; i < book->tracked_count; i++) {
        const struct weir_tracked *tracked = &book->tracked[i];
        struct weir_opinion_row row;
        if (!tracked->has_opinion || tracked->serial <= known_serial ||
            exchange->opinion_count == WEIR_EXCHANGE_OPINIONS_MAX)
            continue;
        enum weir_err err = weir_opinion_last(
            round->settler->worker.store, round->scope, &book->agreement->hash,
            round->settler->worker.keys.set.set.node.bytes, tracked->window, &row);
        if (err != WEIR_OK)
            return err;
        opinions[exchange->opinion_count++] =
            (struct weir_exchange_opinion){row.opinion, row.signature};
    }
    return WEIR_OK;
}

/* The body for a peer that has `old` leaves. */
static enum weir_err make_body(struct exchange_round *round,
                               uint64_t old,
                               uint64_t known_serial,
                               struct weir_slice *body)
{
    struct weir_scope *scope = round->scope;
    struct weir_store *store = round->settler->worker.store;
    struct weir_merkle_proof proof;
    struct weir_range range = {old, old, round->head.size};
    enum weir_err err = weir_log_prove_consistency(store, scope, round->log.log_id, range, &proof);
    struct weir_add_checkpoint request = {
        .old_size = old, .hash_count = proof.count, .hashes = proof.hashes};
    if (err == WEIR_OK)
        err = weir_note_parse(scope, round->note, &request.note);
    struct weir_buffer text = {.capacity_max = WEIR_WITNESS_BODY_BYTES_MAX};
    if (err == WEIR_OK)
        err = weir_add_checkpoint_print(scope, &request, &text);
    struct weir_exchange exchange = {.request = weir_buffer_slice(&text), .first = old};
    struct weir_salt_range leaves = {old, round->head.size};
    if (err == WEIR_OK && leaves.end > leaves.start)
        err = weir_log_leaves(store, scope, round->log.log_id, leaves, &exchange.leaves);
    if (err == WEIR_OK && leaves.end > leaves.start)
        err = put_shown(round, old, &exchange);
    if (err == WEIR_OK)
        err = put_opinions(round, known_serial, &exchange);
    struct weir_buffer printed = {.capacity_max = WEIR_EXCHANGE_BYTES_MAX};
    if (err == WEIR_OK)
        err = weir_exchange_print(scope, &exchange, &printed);
    *body = weir_buffer_slice(&printed);
    return err;
}

/* The cosignature line a peer answered: verified with its key, then stored. */
static enum weir_err take_cosignature(struct exchange_round *round,
                                      const struct weir_witness *witness,
                                      struct weir_slice line)
{
    struct weir_scope *scope = round->scope;
    struct weir_note own;
    struct weir_note answer;
    struct weir_cosignature cosignature;
    enum weir_err err = weir_note_parse(scope, round->note, &own);
    if (err == WEIR_OK)
        err = weir_note_lines_parse(scope, own.text, line, &answer);
    const struct weir_note_line *verified = NULL;
    if (err == WEIR_OK)
        err = weir_note_verify(scope, &answer, &witness->cosign_key, 1, &verified);
    if (err == WEIR_OK)
        err = weir_cosignature_read(scope, verified, &cosignature);
    if (err != WEIR_OK)
        return weir_note(scope, "cosignature of '%s'", witness->peer->name);
    struct weir_buffer text = {.capacity_max = WEIR_NOTE_BYTES_MAX};
    err = weir_note_line_print(scope, verified, &text);
    const struct weir_cosignature_row row = {
        .size = round->head.size,
        .cosigner = weir_take_text(scope, verified->name.data, verified->name.length),
        .cosigned_s = cosignature.time_s,
        .line = weir_buffer_slice(&text),
    };
    if (err == WEIR_OK)
        err = weir_cosignature_put(round->settler->worker.store, scope, round->log.log_id, &row);
    if (err == WEIR_OK && round->head.size == round->newest.head.size)
        round->cosigner_count++;
    return err;
}

static const struct weir_witness *witness_of(const struct weir_agreement *agreement,
                                             const struct weir_contact *contact)
{
    for (size_t i = 0; i < agreement->witness_count; i++)
        if (agreement->witnesses[i].peer == contact->peer)
            return &agreement->witnesses[i];
    return NULL;
}

/* The head of our log that the peer shows, if our own key has signed it: anybody can claim a number
 * or a difference. */
static enum weir_err fetch_own_head(struct exchange_round *round,
                                    struct weir_contact *contact,
                                    struct weir_merkle_head *head)
{
    struct weir_scope *scope = round->scope;
    const struct weir_agreement *agreement = round->book->agreement;
    char hex[WEIR_HASH_HEX_BYTES];
    weir_hash_hex(&round->log.origin_hash, hex);
    /* Nobody else is served meanwhile. */
    uint32_t longest_ms =
        contact->peer->timeout_ms < CLAIM_MS ? (uint32_t)contact->peer->timeout_ms : CLAIM_MS;
    const struct weir_http_request request = {
        .url = weir_peer_url(scope, contact, weir_take_printf(scope, "/%s/checkpoint", hex)),
        .limits = {.total_ms = longest_ms,
                   .first_byte_ms = longest_ms,
                   .body_bytes_max = WEIR_NOTE_BYTES_MAX},
        .allow_private = contact->peer->private_is_allowed,
    };
    struct weir_http_result result;
    struct weir_note note;
    struct weir_checkpoint checkpoint;
    if (request.url == NULL)
        return scope->err;
    enum weir_err err = weir_http_call(round->settler->http, scope, &request, &result);
    if (err == WEIR_OK)
        err = weir_http_require_ok(scope, &result);
    if (err == WEIR_OK)
        err = weir_checkpoint_note_parse(scope, result.body, &note, &checkpoint);
    if (err == WEIR_OK)
        err =
            weir_note_verify(scope, &note, &agreement->witnesses[agreement->own].log_key, 1, NULL);
    if (err == WEIR_OK && !weir_slice_equals_text(checkpoint.origin, round->log.origin))
        err = weir_fail(scope, WEIR_E_CONFLICT, "it is the checkpoint of another log");
    if (err != WEIR_OK)
        return weir_note(scope, "the head of our log that '%s' claims to have",
                         contact->peer->name);
    *head = checkpoint.head;
    return WEIR_OK;
}

/* AHEAD when the peer shows our own signature on a head that this ledger does not lead to: longer,
 * or as long with other leaves.  Then this is an old copy, and everything it signs is a fork. */
static enum weir_err check_rolled_back(struct exchange_round *round, struct weir_contact *contact)
{
    struct weir_scope *scope = round->scope;
    struct weir_merkle_head theirs;
    struct weir_hash root;
    enum weir_err err = fetch_own_head(round, contact, &theirs);
    if (err != WEIR_OK)
        return err;
    if (theirs.size > round->newest.head.size)
        return weir_fail(scope, WEIR_E_AHEAD,
                         "'%s' has our own signature on %llu leaves of '%s', this ledger has %llu: "
                         "it was rolled back and must not sign; restore the newer one",
                         contact->peer->name, (unsigned long long)theirs.size, round->log.origin,
                         (unsigned long long)round->newest.head.size);
    err = weir_log_root(round->settler->worker.store, scope, round->log.log_id, theirs.size, &root);
    if (err == WEIR_OK && !weir_hash_equal(&root, &theirs.root))
        err = weir_fail(scope, WEIR_E_AHEAD,
                        "'%s' has our own signature on other %llu leaves of '%s' than this ledger: "
                        "it was rolled back and must not sign; restore the newer one",
                        contact->peer->name, (unsigned long long)theirs.size, round->log.origin);
    return err;
}

/* The same, for a peer that claims it: one that shows nothing has given a wrong answer. */
static enum weir_err prove_claim(struct exchange_round *round, struct weir_contact *contact)
{
    enum weir_err err = check_rolled_back(round, contact);
    return err != WEIR_OK ? err
                          : weir_fail(round->scope, WEIR_E_RANGE,
                                      "'%s' claims to know more of our log than it shows",
                                      contact->peer->name);
}

/* A well-formed 409: the peer wants to go on from another size.  One that never has enough is left
 * alone for a while. */
static enum weir_err take_size(struct exchange_round *round, struct weir_peer_call *call)
{
    struct weir_contact *contact = call->contact;
    uint64_t size;
    enum weir_err err = weir_witness_size_parse(round->scope, call->result.body, &size);
    if (err != WEIR_OK)
        return err;
    if (size > round->newest.head.size)
        return prove_claim(round, contact);
    contact->known_size[round->book_index] = size;
    if (++contact->corrections > CORRECTIONS_MAX) {
        contact->corrections = 0;
        weir_peer_failed(contact, "never content with a size");
        return WEIR_OK;
    }
    round->book->must_exchange = true; /* again, from there */
    round->settler->did_something = true;
    return WEIR_OK;
}

/* Failures of this process, not of a peer's answer. */
static bool is_fatal(enum weir_err err)
{
    return err == WEIR_E_STORE || err == WEIR_E_CORRUPT || err == WEIR_E_IO ||
           err == WEIR_E_MEMORY || err == WEIR_E_BUSY || err == WEIR_E_UNREACHABLE ||
           err == WEIR_E_AHEAD;
}

/* What the peer answered.  Only a well-formed 409 tells a size; everything else is a failure. */
static enum weir_err take_answer(struct exchange_round *round, struct weir_peer_call *call)
{
    struct weir_contact *contact = call->contact;
    const struct weir_http_result *result = &call->result;
    if (!call->is_answered)
        return WEIR_OK;
    if (result->status == WEIR_WITNESS_OK) {
        const struct weir_witness *witness = witness_of(round->book->agreement, contact);
        enum weir_err err = take_cosignature(round, witness, result->body);
        if (err != WEIR_OK)
            return err;
        contact->corrections = 0;
        contact->known_size[round->book_index] = round->head.size;
        contact->known_serial[round->book_index] = round->book->serial;
        if (round->head.size < round->newest.head.size) {
            round->book->must_exchange = true; /* it is catching up */
            round->settler->did_something = true;
        }
        return WEIR_OK;
    }
    if (result->status == WEIR_WITNESS_WRONG_SIZE &&
        strcmp(result->content_type, WEIR_WITNESS_SIZE_TYPE) == 0)
        return take_size(round, call);
    weir_log(WEIR_LOG_WARN, "peer_refused", "peer=%s path=%s status=%u body=\"%.200s\"",
             contact->peer->name, call->path, result->status,
             result->body.data == NULL ? "" : (const char *)result->body.data);
    contact->quiet_until_ms = weir_clock_monotonic_ms() + 1000;
    /* A conflict is our fork or the peer's lie: the one stops us, the other costs it our patience.
     */
    return result->status == WEIR_WITNESS_WRONG_SIZE ? prove_claim(round, contact) : WEIR_OK;
}

/* The cosignatures that a report needs are there. */
struct cosigned {
    unsigned needed;
    unsigned have;
};

static bool is_cosigned(void *context, struct weir_peer_call *ended)
{
    struct cosigned *cosigned = context;
    cosigned->have += ended->is_answered && ended->result.status == WEIR_WITNESS_OK;
    return cosigned->have >= cosigned->needed;
}

/* A breach of ours is not paid yet: then nobody is waited for longer than needed. */
static bool is_urgent(const struct weir_book *book)
{
    for (size_t i = 0; i < book->tracked_count; i++)
        if (book->tracked[i].own_tier > book->tracked[i].level)
            return true;
    return false;
}

static enum weir_err send_all(struct exchange_round *round)
{
    struct cosigned cosigned = {.needed = round->book->agreement->terms.m - 1U};
    const struct weir_peer_patience patience = {
        .is_enough = is_urgent(round->book) ? is_cosigned : NULL,
        .context = &cosigned,
        .grace_ms = GRACE_MS,
    };
    struct weir_settler *settler = round->settler;
    struct weir_peer_call calls[WEIR_PEERS_MAX];
    struct weir_checkpoint_row shown[WEIR_PEERS_MAX];
    size_t count = 0;
    enum weir_err err = WEIR_OK;
    for (size_t i = 0; err == WEIR_OK && i < settler->contact_count; i++) {
        struct weir_contact *contact = &settler->contacts[i];
        struct weir_peer_call *call = &calls[count];
        if (witness_of(round->book->agreement, contact) == NULL)
            continue;
        uint64_t known = contact->known_size[round->book_index];
        *call = (struct weir_peer_call){.contact = contact, .path = WEIR_PATH_LOG};
        uint64_t old = known > round->newest.head.size ? round->newest.head.size : known;
        err = choose_head(round, old);
        shown[count] = (struct weir_checkpoint_row){.head = round->head, .note = round->note};
        if (err == WEIR_OK)
            err = make_body(round, old, contact->known_serial[round->book_index], &call->body);
        if (err == WEIR_OK)
            err = weir_peer_call_start(settler, round->scope, call);
        count++;
    }
    if (err == WEIR_OK)
        err = weir_peer_calls_finish(settler, round->scope, calls, count, &patience);
    for (size_t i = 0; err == WEIR_OK && i < count; i++) {
        round->head = shown[i].head;
        round->note = shown[i].note;
        err = take_answer(round, &calls[i]);
        if (err == WEIR_OK || is_fatal(err))
            continue;
        weir_log_failure(WEIR_LOG_WARN, "peer_answer_refused", round->scope);
        weir_peer_failed(calls[i].contact, "a wrong answer");
        err = WEIR_OK;
    }
    return err;
}

/* Where others' cosignatures are needed to see (m > 2), the note as collected goes round. */
static enum weir_err send_cosigned(struct exchange_round *round)
{
    struct weir_settler *settler = round->settler;
    const struct weir_peer_patience patience = {.longest_ms = GRACE_MS};
    struct weir_peer_call calls[WEIR_PEERS_MAX];
    size_t count = 0;
    struct weir_slice note;
    enum weir_err err = weir_checkpoint_note(settler->worker.store, round->scope, round->log.log_id,
                                             round->head.size, &note);
    for (size_t i = 0; err == WEIR_OK && i < settler->contact_count; i++) {
        struct weir_contact *contact = &settler->contacts[i];
        if (witness_of(round->book->agreement, contact) == NULL ||
            contact->known_size[round->book_index] != round->newest.head.size)
            continue;
        calls[count] =
            (struct weir_peer_call){.contact = contact, .path = WEIR_PATH_COSIGNED, .body = note};
        err = weir_peer_call_start(settler, round->scope, &calls[count]);
        count++;
    }
    return err != WEIR_OK ? err
                          : weir_peer_calls_finish(settler, round->scope, calls, count, &patience);
}

enum weir_err weir_settler_exchange(struct weir_settler *settler,
                                    struct weir_scope *scope,
                                    struct weir_book *book)
{
    int64_t now_ms = weir_clock_monotonic_ms();
    bool is_due = now_ms - book->exchanged_ms >= HEARTBEAT_MS;
    if (!book->must_exchange && !is_due) {
        weir_settler_wake_at(settler, book->exchanged_ms + HEARTBEAT_MS);
        return WEIR_OK;
    }
    struct exchange_round round = {
        .settler = settler,
        .scope = scope,
        .book = book,
        .book_index = (size_t)(book - settler->books),
    };
    enum weir_err err = weir_log_load(settler->worker.store, scope, book->log_id, &round.log);
    if (err == WEIR_OK)
        err = weir_settler_head(settler, scope, book, 0, &round.head);
    if (err == WEIR_OK)
        err = weir_checkpoint_covering(settler->worker.store, scope, book->log_id, round.head.size,
                                       &round.newest);
    if (err != WEIR_OK)
        return err;
    book->must_exchange = false;
    book->exchanged_ms = now_ms;
    err = send_all(&round);
    unsigned needed = book->agreement->terms.m - 1U;
    if (err == WEIR_OK && round.cosigner_count >= needed &&
        round.newest.head.size > book->cosigned_size) {
        book->cosigned_size = round.newest.head.size;
        settler->did_something = true;
    }
    if (err == WEIR_OK && needed > 1 && round.cosigner_count > 1)
        err = send_cosigned(&round);
    if (err == WEIR_OK && round.cosigner_count < needed && needed > 0)
        weir_settler_wake_at(settler, now_ms + 1000);
    return err;
}
