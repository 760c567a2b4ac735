/* Proposed reports and complete ones (protocol 9.4, 9.5).  A proposal is signed only when every
 * leaf it rests on is in our own mirror and nobody in it contradicted itself; the rest is
 * recomputed by the signer from the same bytes. */
#include "node/api.h"

#include <string.h>

#include "attest/account.h"
#include "base/arena.h"
#include "base/text.h"
#include "config/config.h"
#include "ledger/agreements.h"
#include "ledger/intents.h"
#include "ledger/log.h"
#include "ledger/opinions.h"
#include "ledger/reports.h"
#include "ledger/store.h"
#include "node/clock.h"
#include "node/evidence.h"
#include "node/log.h"
#include "node/proofs.h"

/* A proof that a peer sent, and the agreement it is about. */
struct received {
    struct weir_api *api;
    struct weir_scope *scope;
    struct weir_api_peer peer;
    struct weir_account *account;
    const struct weir_agreement *agreement;
};

static enum weir_err receive(struct received *received, const struct weir_api_request *request)
{
    struct weir_scope *scope = received->scope;
    received->account = weir_take(scope, 1, sizeof(*received->account));
    if (received->account == NULL)
        return scope->err;
    enum weir_err err = weir_api_peer_find(received->api, scope, request, &received->peer);
    if (err == WEIR_OK)
        err = weir_proof_read(scope, request->body, &received->account->proof);
    if (err != WEIR_OK)
        return err;
    struct weir_hash hash = weir_terms_hash(&received->account->proof.terms);
    received->agreement = weir_agreement_by_hash(&received->api->worker.agreements, &hash);
    if (received->agreement == NULL || received->agreement->own < 0)
        return weir_fail(scope, WEIR_E_DENIED, "this node is no witness of that agreement");
    return WEIR_OK;
}

/* The head that the section names is one our mirror of that log has, leaf by leaf. */
static enum weir_err check_leaves(struct received *received,
                                  const struct weir_proof_section *section)
{
    struct weir_store *store = received->api->worker.store;
    const struct weir_opinion *opinion = &section->opinion;
    struct weir_log log;
    struct weir_hash root;
    bool is_known;
    const struct weir_witness *witness = &received->agreement->witnesses[section->witness];
    if (witness->keys == NULL || !weir_hash_equal(&opinion->origin, &witness->origin_hash))
        return weir_fail(received->scope, WEIR_E_EVIDENCE, "witness %u speaks of another log",
                         section->witness);
    enum weir_err err = weir_equivocator_is_known(
        store, received->scope, received->agreement->terms.witnesses[section->witness].node,
        &is_known);
    if (err == WEIR_OK && is_known)
        return weir_fail(received->scope, WEIR_E_EVIDENCE, "witness %u has contradicted itself",
                         section->witness);
    if (err == WEIR_OK)
        err = weir_log_find_hash(store, received->scope, &opinion->origin, &log);
    if (err == WEIR_OK && log.head.size < opinion->tree_size)
        return weir_fail(received->scope, WEIR_E_COMPLETENESS,
                         "we have %llu leaves of '%s', the opinion rests on %llu",
                         (unsigned long long)log.head.size, log.origin,
                         (unsigned long long)opinion->tree_size);
    if (err == WEIR_OK)
        err = weir_log_root(store, received->scope, log.log_id, opinion->tree_size, &root);
    if (err == WEIR_OK && !weir_hash_equal(&root, &opinion->tree_root))
        err =
            weir_fail(received->scope, WEIR_E_EVIDENCE, "'%s' showed us other leaves", log.origin);
    return err == WEIR_OK ? err
                          : weir_note(received->scope, "window %llu, witness %u",
                                      (unsigned long long)section->window, section->witness);
}

static enum weir_err
find_stale(struct received *received, struct weir_stale_leaves **stale, size_t *stale_count)
{
    const struct weir_proof *proof = &received->account->proof;
    struct weir_proof_part *parts =
        weir_take(received->scope, proof->section_count, sizeof(*parts));
    if (parts == NULL)
        return received->scope->err;
    for (size_t i = 0; i < proof->section_count; i++)
        parts[i] = (struct weir_proof_part){.witness = proof->sections[i].witness,
                                            .opinion = &proof->sections[i].opinion};
    const struct weir_evidence_check check = {.store = received->api->worker.store,
                                              .scope = received->scope,
                                              .agreement = received->agreement};
    return weir_evidence_stale(&check, parts, proof->section_count, received->api->started_ms,
                               stale, stale_count);
}

enum weir_err weir_api_peer_report(struct weir_api *api,
                                   struct weir_scope *scope,
                                   const struct weir_api_request *request,
                                   struct weir_api_answer *answer)
{
    struct received received = {.api = api, .scope = scope};
    struct weir_stale_leaves *stale = NULL;
    size_t stale_count = 0;
    enum weir_err err = receive(&received, request);
    for (size_t i = 0; err == WEIR_OK && i < received.account->proof.section_count; i++)
        if (received.account->proof.sections[i].witness >= received.agreement->witness_count)
            err = weir_fail(scope, WEIR_E_EVIDENCE, "a witness that the terms do not know");
        else
            err = check_leaves(&received, &received.account->proof.sections[i]);
    if (err == WEIR_OK)
        err = find_stale(&received, &stale, &stale_count);
    struct weir_signature signature;
    if (err == WEIR_OK)
        err = weir_ask_report(scope, api->worker.duty->signer, request->body, stale, stale_count,
                              &signature);
    const char *hex = NULL;
    if (err == WEIR_OK)
        hex = weir_take_hex(scope, signature.bytes, sizeof(signature.bytes));
    if (hex != NULL)
        weir_api_text(answer, 200, weir_slice_text(hex));
    else if (err != WEIR_OK)
        weir_log(WEIR_LOG_INFO, "report_refused", "peer=%s text=\"%s\"",
                 received.peer.peer == NULL ? "" : received.peer.peer->name, scope->fault);
    return scope->err;
}

/* Records the complete report and the intent that it makes payable. */
static enum weir_err keep_complete(struct received *received, struct weir_slice bytes)
{
    struct weir_store *store = received->api->worker.store;
    struct weir_scope *scope = received->scope;
    const struct weir_account *account = received->account;
    struct weir_agreement_row agreement;
    const struct weir_report_row row = {
        .digest = account->breach,
        .breach = account->proof.report.breach,
        .proof = bytes,
        .made_ms = weir_clock_now(),
    };
    enum weir_err err =
        weir_agreement_find_terms(store, scope, &received->agreement->hash, &agreement);
    if (err == WEIR_OK)
        err = weir_report_put(store, scope, &row);
    if (err == WEIR_OK)
        err = weir_report_complete(store, scope, &row.digest, bytes, row.made_ms);
    for (size_t i = 0; err == WEIR_OK && i < account->window_count; i++) {
        const struct weir_intent intent = {
            .agreement_id = agreement.agreement_id,
            .window = account->windows[i].window,
            .tier = row.breach.tier,
            .made_ms = row.made_ms,
        };
        struct weir_hash id;
        bool is_new;
        err = weir_intent_put(store, scope, &intent, &id, &is_new);
    }
    return err;
}

enum weir_err weir_api_peer_complete(struct weir_api *api,
                                     struct weir_scope *scope,
                                     const struct weir_api_request *request,
                                     struct weir_api_answer *answer)
{
    struct received received = {.api = api, .scope = scope};
    enum weir_err err = receive(&received, request);
    if (err != WEIR_OK)
        return err;
    const struct weir_proof_rules rules = {
        .needs_signatures = true,
        .terms = &received.agreement->hash,
        .contract = &received.agreement->domain.contract,
    };
    err = weir_account_check(scope, &rules, received.account);
    if (err == WEIR_OK)
        err = weir_store_begin(api->worker.store, scope, WEIR_WRITE_SHORT);
    if (err != WEIR_OK)
        return err;
    err = keep_complete(&received, request->body);
    if (err != WEIR_OK) {
        weir_store_rollback(api->worker.store);
        return err;
    }
    err = weir_store_commit(api->worker.store, scope);
    if (err == WEIR_OK)
        weir_api_text(answer, 200, weir_slice_text("kept\n"));
    weir_duty_wake(api->worker.duty, WEIR_DUTY_SETTLER);
    return err;
}
