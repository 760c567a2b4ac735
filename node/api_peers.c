/* What peers send: the leaves, heads and opinions of their logs (protocol 9.1). */
#include "node/api.h"

#include <stdlib.h>
#include <string.h>

#include "attest/checkpoint.h"
#include "attest/cosign.h"
#include "attest/leaf.h"
#include "attest/notice.h"
#include "attest/witness.h"
#include "base/arena.h"
#include "config/config.h"
#include "ledger/evidence.h"
#include "ledger/log.h"
#include "ledger/mirror.h"
#include "ledger/opinions.h"
#include "ledger/store.h"
#include "node/clock.h"
#include "node/evidence.h"
#include "node/exchange.h"
#include "node/log.h"
#include "node/peer_sign.h"

/* One exchange being taken in. */
struct intake {
    struct weir_api *api;
    struct weir_scope *scope;
    struct weir_api_peer peer;
    struct weir_exchange exchange;
    struct weir_add_checkpoint request;
    const char *origin;
    struct weir_hash origin_hash;
    struct weir_vkey log_key;
};

enum weir_err weir_api_peer_find(struct weir_api *api,
                                 struct weir_scope *scope,
                                 const struct weir_api_request *request,
                                 struct weir_api_peer *peer)
{
    const struct weir_peer_headers headers = {
        .node = weir_api_header(request, WEIR_HEADER_NODE),
        .message = weir_api_header(request, WEIR_HEADER_MESSAGE),
        .signature = weir_api_header(request, WEIR_HEADER_SIGNATURE),
    };
    const struct weir_peer_request asked = {request->method, request->path, request->body};
    const struct weir_config *config = api->worker.config;
    for (size_t p = 0; headers.node != NULL && p < config->peer_count; p++) {
        const struct weir_key_set *keys = &api->worker.agreements.peer_keys[p];
        char node[WEIR_HASH_HEX_BYTES];
        weir_hash_hex((const struct weir_hash *)(const void *)keys->set.node.bytes, node);
        if (strcmp(node, headers.node) != 0)
            continue;
        *peer = (struct weir_api_peer){.peer = &config->peers[p], .keys = keys};
        const struct weir_peer_check check = {.sender = &keys->set,
                                              .receiver = &api->worker.keys.set.set.node,
                                              .now_ms = weir_clock_now()};
        return weir_peer_verify(scope, &check, &asked, &headers, &peer->sent_ms);
    }
    return weir_fail(scope, WEIR_E_DENIED, "requests at this path are signed by a configured peer");
}

/* The origin must be a log of the peer that asks: "<peer>/gauge/<gauge>". */
static enum weir_err read_origin(struct intake *intake)
{
    struct weir_slice origin = intake->request.checkpoint.origin;
    const char *name = intake->peer.peer->name;
    size_t length = strlen(name);
    if (origin.length <= length + 7 || memcmp(origin.data, name, length) != 0 ||
        memcmp(origin.data + length, "/gauge/", 7) != 0 || !weir_key_name_is_valid(origin))
        return weir_fail(intake->scope, WEIR_E_DENIED, "this is not a log of '%s'", name);
    intake->origin = weir_take_text(intake->scope, origin.data, origin.length);
    const struct weir_key *listed = weir_keyset_find(&intake->peer.keys->set, WEIR_PURPOSE_LOG, 0);
    if (intake->origin == NULL || listed == NULL)
        return weir_fail(intake->scope, WEIR_E_DENIED, "'%s' has no log key", name);
    struct weir_ed25519_key key;
    memcpy(key.bytes, listed->bytes, sizeof(key.bytes));
    intake->origin_hash = weir_origin_hash(origin);
    intake->log_key = weir_vkey_make(origin, WEIR_KEY_ED25519, &key);
    return weir_note_verify(intake->scope, &intake->request.note, &intake->log_key, 1, NULL);
}

/* Clocks of witnesses agree within the bound of every agreement between us (protocol 9.1). */
static enum weir_err check_skew(struct intake *intake)
{
    const struct weir_agreements *agreements = &intake->api->worker.agreements;
    int64_t differs_ms = llabs(weir_clock_now() - intake->peer.sent_ms);
    for (size_t i = 0; i < agreements->count; i++) {
        const struct weir_agreement *agreement = &agreements->items[i];
        bool is_shared = weir_agreement_witness(agreement, &intake->origin_hash) != NULL;
        if (is_shared && differs_ms > agreement->terms.max_skew_ms)
            return weir_fail(intake->scope, WEIR_E_CLOCK,
                             "our clocks differ by %lld ms; agreement '%s' allows %u",
                             (long long)differs_ms, agreement->name, agreement->terms.max_skew_ms);
    }
    return WEIR_OK;
}

/* Leaves whose content is shown must be those that were committed to. */
static enum weir_err keep_shown(struct intake *intake)
{
    const struct weir_exchange *exchange = &intake->exchange;
    uint64_t end = exchange->first + exchange->leaves.length / WEIR_LEAF_BYTES;
    enum weir_err err = WEIR_OK;
    for (size_t i = 0; err == WEIR_OK && i < exchange->shown_count; i++) {
        const struct weir_shown_leaf *shown = &exchange->shown[i];
        struct weir_leaf leaf;
        if (shown->seq < exchange->first || shown->seq >= end)
            return weir_fail(intake->scope, WEIR_E_PARSE, "leaf %llu is shown, but not sent",
                             (unsigned long long)shown->seq);
        const uint8_t *bytes =
            exchange->leaves.data + (shown->seq - exchange->first) * WEIR_LEAF_BYTES;
        err = weir_leaf_read(intake->scope, (struct weir_slice){bytes, WEIR_LEAF_BYTES}, &leaf);
        struct weir_hash commit = weir_leaf_commit(&shown->salt, shown->payload);
        if (err == WEIR_OK && !weir_hash_equal(&commit, &leaf.commit))
            err = weir_fail(intake->scope, WEIR_E_INCLUSION,
                            "what is shown of leaf %llu is not what it commits to",
                            (unsigned long long)shown->seq);
        if (err == WEIR_OK)
            err = weir_shown_leaf_put(intake->api->worker.store, intake->scope,
                                      &intake->origin_hash, shown);
    }
    return err;
}

/* An opinion by a witness about its own log, signed by the report key of the terms. */
static enum weir_err keep_opinion(struct intake *intake, const struct weir_exchange_opinion *given)
{
    struct weir_scope *scope = intake->scope;
    const struct weir_agreement *agreement =
        weir_agreement_by_hash(&intake->api->worker.agreements, &given->opinion.terms);
    if (agreement == NULL)
        return WEIR_OK; /* about an agreement that does not concern us */
    if (given->opinion.window >= agreement->terms.count)
        return weir_fail(scope, WEIR_E_RANGE, "an opinion on window %llu of %u",
                         (unsigned long long)given->opinion.window, agreement->terms.count);
    const struct weir_witness *witness = weir_agreement_witness(agreement, &given->opinion.origin);
    if (witness == NULL || witness->peer != intake->peer.peer)
        return weir_fail(scope, WEIR_E_EVIDENCE, "an opinion about a log that is not the sender's");
    struct weir_opinion_row row = {
        .opinion = given->opinion,
        .digest = weir_opinion_digest(&agreement->domain, &given->opinion),
        .signature = given->signature,
        .stored_ms = weir_clock_now(),
    };
    memcpy(row.node, agreement->terms.witnesses[witness->index].node, sizeof(row.node));
    enum weir_err err = weir_secp_verify(scope, &row.digest, &row.signature,
                                         &agreement->terms.witnesses[witness->index].key);
    enum weir_opinion_put outcome = WEIR_OPINION_KNOWN;
    if (err == WEIR_OK)
        err = weir_opinion_put(intake->api->worker.store, scope, &row, &outcome);
    bool contradicts = outcome == WEIR_OPINION_CONTRADICTS;
    const struct weir_evidence_check check = {intake->api->worker.store, scope, agreement};
    if (err == WEIR_OK && outcome == WEIR_OPINION_STORED)
        err = weir_evidence_compare(&check, &row, &contradicts);
    if (err == WEIR_OK && contradicts)
        weir_log(WEIR_LOG_ERROR, "equivocation", "peer=%s agreement=%s window=%llu revision=%u",
                 intake->peer.peer->name, agreement->name,
                 (unsigned long long)given->opinion.window, given->opinion.revision);
    return err;
}

static enum weir_err keep_all(struct intake *intake)
{
    struct weir_store *store = intake->api->worker.store;
    const struct weir_mirror_part part = {
        .origin = intake->origin,
        .first = intake->exchange.first,
        .leaves = intake->exchange.leaves,
        .head = intake->request.checkpoint.head,
    };
    uint64_t known_size = 0;
    int64_t log_id;
    enum weir_err err = weir_store_begin(store, intake->scope, WEIR_WRITE_SHORT);
    if (err != WEIR_OK)
        return err;
    err = weir_mirror_append(store, intake->scope, &part, &known_size, &log_id);
    if (err == WEIR_OK)
        err = keep_shown(intake);
    for (size_t i = 0; err == WEIR_OK && i < intake->exchange.opinion_count; i++)
        err = keep_opinion(intake, &intake->exchange.opinions[i]);
    if (err != WEIR_OK) {
        weir_store_rollback(store);
        return err;
    }
    return weir_store_commit(store, intake->scope);
}

static enum weir_err read_intake(struct intake *intake, const struct weir_api_request *request)
{
    struct weir_scope *scope = intake->scope;
    enum weir_err err = weir_api_peer_find(intake->api, scope, request, &intake->peer);
    if (err == WEIR_OK)
        err = weir_exchange_parse(scope, request->body, &intake->exchange);
    if (err == WEIR_OK)
        err = weir_add_checkpoint_parse(scope, intake->exchange.request, &intake->request);
    if (err == WEIR_OK)
        err = read_origin(intake);
    return err == WEIR_OK ? check_skew(intake) : err;
}

/* Whether we hold a head of this log of the same size with another root: then its owner has signed
 * two histories, and both heads are kept as proof (protocol section 10). */
static enum weir_err keep_fork(struct intake *intake, struct weir_scope *scope, bool *is_fork)
{
    struct weir_store *store = intake->api->worker.store;
    const struct weir_merkle_head *head = &intake->request.checkpoint.head;
    struct weir_note note;
    struct weir_checkpoint checkpoint;
    struct weir_buffer text = {.capacity_max = WEIR_NOTE_BYTES_MAX};
    struct weir_equivocation_row row = {
        .kind = "checkpoint", .subject = intake->origin_hash, .found_ms = weir_clock_now()};
    *is_fork = false;
    enum weir_err err =
        weir_head_note_load(store, scope, &intake->origin_hash, head->size, &row.first);
    if (err == WEIR_E_NOT_FOUND) {
        weir_scope_recover(scope);
        return WEIR_OK;
    }
    if (err == WEIR_OK)
        err = weir_checkpoint_note_parse(scope, row.first, &note, &checkpoint);
    if (err != WEIR_OK || weir_hash_equal(&checkpoint.head.root, &head->root))
        return err;
    err = weir_note_print(scope, &intake->request.note, &text);
    row.second = weir_buffer_slice(&text);
    memcpy(row.node, intake->peer.keys->set.node.bytes, sizeof(row.node));
    if (err == WEIR_OK)
        err = weir_equivocation_put(store, scope, &row);
    *is_fork = err == WEIR_OK;
    if (*is_fork)
        weir_log(WEIR_LOG_ERROR, "equivocation", "peer=%s log=%s size=%llu",
                 intake->peer.peer->name, intake->origin, (unsigned long long)head->size);
    return err;
}

/* 409 with the size that the peer must go on from. */
static enum weir_err wrong_size(struct intake *intake, struct weir_api_answer *answer)
{
    struct weir_log log;
    uint64_t size = 0;
    weir_scope_recover(intake->scope);
    enum weir_err err =
        weir_log_find_hash(intake->api->worker.store, intake->scope, &intake->origin_hash, &log);
    if (err == WEIR_OK)
        size = log.head.size;
    else if (err != WEIR_E_NOT_FOUND)
        return err;
    else
        weir_scope_recover(intake->scope);
    const char *text = weir_take_printf(intake->scope, "%llu\n", (unsigned long long)size);
    if (text == NULL)
        return intake->scope->err;
    *answer = (struct weir_api_answer){409, WEIR_WITNESS_SIZE_TYPE, weir_slice_text(text)};
    return WEIR_OK;
}

enum weir_err weir_api_peer_log(struct weir_api *api,
                                struct weir_scope *scope,
                                const struct weir_api_request *request,
                                struct weir_api_answer *answer)
{
    struct intake *intake = weir_take(scope, 1, sizeof(*intake));
    if (intake == NULL)
        return scope->err;
    intake->api = api;
    intake->scope = scope;
    enum weir_err err = read_intake(intake, request);
    if (err == WEIR_OK)
        err = keep_all(intake);
    if (err == WEIR_E_STALE)
        return wrong_size(intake, answer);
    if ((err == WEIR_E_CONFLICT || err == WEIR_E_INCLUSION) && intake->origin != NULL) {
        struct weir_scope aside = {.arena = scope->arena}; /* the peer hears the first failure */
        bool is_fork;
        if (keep_fork(intake, &aside, &is_fork) != WEIR_OK)
            weir_log_failure(WEIR_LOG_ERROR, "equivocation_not_kept", &aside);
    }
    if (err == WEIR_OK)
        err = weir_api_cosign(api, scope, intake->exchange.request, answer);
    if (err == WEIR_OK)
        weir_duty_wake(api->worker.duty, WEIR_DUTY_SETTLER);
    return err;
}

/* The lines of a note that known witnesses of any agreement of ours made, verified. */
static enum weir_err
verified_lines(struct intake *intake, const struct weir_note *note, struct weir_buffer *buffer)
{
    const struct weir_agreements *agreements = &intake->api->worker.agreements;
    for (size_t i = 0; i < agreements->count; i++) {
        const struct weir_agreement *agreement = &agreements->items[i];
        if (weir_agreement_witness(agreement, &intake->origin_hash) == NULL)
            continue;
        for (size_t w = 0; w < agreement->witness_count; w++) {
            const struct weir_note_line *line = NULL;
            if (agreement->witnesses[w].keys == NULL)
                continue;
            enum weir_err err = weir_note_verify(intake->scope, note,
                                                 &agreement->witnesses[w].cosign_key, 1, &line);
            if (err == WEIR_E_SIGNATURE)
                weir_scope_recover(intake->scope); /* this one has not signed */
            else if (err == WEIR_OK)
                err = weir_note_line_print(intake->scope, line, buffer);
            if (err != WEIR_OK && err != WEIR_E_SIGNATURE)
                return err;
        }
        return WEIR_OK; /* the witnesses of one agreement are enough */
    }
    return WEIR_OK;
}

enum weir_err weir_api_peer_cosigned(struct weir_api *api,
                                     struct weir_scope *scope,
                                     const struct weir_api_request *request,
                                     struct weir_api_answer *answer)
{
    struct intake *intake = weir_take(scope, 1, sizeof(*intake));
    struct weir_buffer kept = {.capacity_max = WEIR_NOTE_BYTES_MAX};
    const struct weir_note_line *own_line = NULL;
    if (intake == NULL)
        return scope->err;
    intake->api = api;
    intake->scope = scope;
    enum weir_err err = weir_api_peer_find(api, scope, request, &intake->peer);
    if (err == WEIR_OK)
        err = weir_checkpoint_note_parse(scope, request->body, &intake->request.note,
                                         &intake->request.checkpoint);
    if (err == WEIR_OK)
        err = read_origin(intake);
    if (err == WEIR_OK)
        err = weir_note_verify(scope, &intake->request.note, &intake->log_key, 1, &own_line);
    bool is_fork = false;
    if (err == WEIR_OK)
        err = keep_fork(intake, scope, &is_fork);
    if (is_fork)
        err = weir_fail(scope, WEIR_E_CONFLICT, "another root of this size was signed before");
    if (err == WEIR_OK)
        err = weir_buffer_put(scope, &kept, intake->request.note.text.data,
                              intake->request.note.text.length);
    if (err == WEIR_OK)
        err = weir_buffer_text(scope, &kept, "\n");
    if (err == WEIR_OK)
        err = weir_note_line_print(scope, own_line, &kept);
    if (err == WEIR_OK)
        err = verified_lines(intake, &intake->request.note, &kept);
    if (err == WEIR_OK)
        err = weir_head_note_put(api->worker.store, scope, &intake->origin_hash,
                                 intake->request.checkpoint.head.size, weir_buffer_slice(&kept));
    if (err == WEIR_OK)
        weir_api_text(answer, 200, weir_slice_text("kept\n"));
    weir_duty_wake(api->worker.duty, WEIR_DUTY_SETTLER);
    return err;
}
