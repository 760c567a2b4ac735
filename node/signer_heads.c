/* Heads of logs: checkpoints of our own, cosignatures for those of others. */
#include "node/signer.h"

#include <stdio.h>
#include <string.h>

#include "attest/cosign.h"
#include "attest/lexer.h"
#include "attest/note.h"
#include "attest/witness.h"
#include "base/arena.h"
#include "config/config.h"
#include "ledger/store.h"
#include "ledger/vault.h"
#include "node/clock.h"
#include "node/keyfile.h"

enum weir_err
weir_signer_keys(struct weir_signer *signer, struct weir_scope *scope, struct weir_buffer *answer)
{
    struct weir_buffer text = {.capacity_max = WEIR_KEY_SET_FILE_BYTES_MAX};
    struct weir_address gas = weir_keys_address(signer->keys, WEIR_KEY_GAS);
    struct weir_address report = weir_keys_address(signer->keys, WEIR_KEY_REPORT);
    enum weir_err err = weir_key_set_print(scope, &signer->set, &text);
    if (err == WEIR_OK)
        err = weir_buffer_u32(scope, answer, (uint32_t)text.length);
    if (err == WEIR_OK)
        err = weir_buffer_put(scope, answer, text.data, text.length);
    if (err == WEIR_OK)
        err = weir_buffer_put(scope, answer, gas.bytes, WEIR_ADDRESS_BYTES);
    return err != WEIR_OK ? err : weir_buffer_put(scope, answer, report.bytes, WEIR_ADDRESS_BYTES);
}

/* "<node>/gauge/<gauge>" of this node, for a gauge that it is configured to measure. */
static bool is_own_origin(const struct weir_signer *signer, struct weir_slice origin)
{
    for (size_t i = 0; i < signer->config->gauge_count; i++) {
        char expected[WEIR_ORIGIN_BYTES_MAX + 1];
        int length = snprintf(expected, sizeof(expected), "%s/gauge/%s", signer->config->node.name,
                              signer->config->gauges[i].definition.name);
        if (length > 0 && (size_t)length < sizeof(expected) &&
            weir_slice_equals_text(origin, expected))
            return true;
    }
    return false;
}

/* Appends the signature line of one of our Ed25519 keys. */
static enum weir_err put_line(struct weir_scope *scope,
                              struct weir_slice name,
                              enum weir_key_type type,
                              const uint8_t *public_key,
                              struct weir_slice signature,
                              struct weir_buffer *answer)
{
    struct weir_ed25519_key key;
    memcpy(key.bytes, public_key, sizeof(key.bytes));
    const struct weir_note_line line = {
        .name = name, .id = weir_key_id(name, type, &key), .signature = signature};
    return weir_note_line_print(scope, &line, answer);
}

enum weir_err weir_signer_checkpoint(struct weir_signer *signer,
                                     struct weir_scope *scope,
                                     struct weir_slice question,
                                     struct weir_buffer *answer)
{
    struct weir_checkpoint checkpoint;
    enum weir_err err = weir_checkpoint_parse(scope, question, &checkpoint);
    if (err != WEIR_OK)
        return err;
    if (!is_own_origin(signer, checkpoint.origin))
        return weir_fail(scope, WEIR_E_DENIED, "'%.*s' is not a log of this node",
                         (int)checkpoint.origin.length, (const char *)checkpoint.origin.data);
    err = weir_vault_head_put(signer->vault, scope, checkpoint.origin, &checkpoint.head);
    uint8_t signature[WEIR_ED25519_SIGNATURE_BYTES];
    if (err == WEIR_OK)
        err = weir_keys_sign(scope, signer->keys, WEIR_KEY_USE_CHECKPOINT, question, signature);
    if (err == WEIR_OK)
        err = weir_buffer_put(scope, answer, question.data, question.length);
    if (err == WEIR_OK)
        err = weir_buffer_text(scope, answer, "\n");
    if (err != WEIR_OK)
        return err;
    return put_line(scope, checkpoint.origin, WEIR_KEY_ED25519,
                    weir_keys_ed25519(signer->keys, WEIR_KEY_LOG),
                    (struct weir_slice){signature, sizeof(signature)}, answer);
}

/* The log key of the peer whose name stands before "/gauge/" in the origin. */
static bool
find_log_key(const struct weir_signer *signer, struct weir_slice origin, struct weir_vkey *vkey)
{
    if (!weir_key_name_is_valid(origin))
        return false; /* no log of ours has such a name, and a key cannot be made of it */
    for (size_t p = 0; p < signer->config->peer_count; p++) {
        const char *name = signer->config->peers[p].name;
        size_t length = strlen(name);
        const struct weir_keyset *set = &signer->agreements.peer_keys[p].set;
        const struct weir_key *listed = weir_keyset_find(set, WEIR_PURPOSE_LOG, 0);
        if (listed == NULL || origin.length <= length + 7 ||
            memcmp(origin.data, name, length) != 0 ||
            memcmp(origin.data + length, "/gauge/", 7) != 0)
            continue;
        struct weir_ed25519_key key;
        memcpy(key.bytes, listed->bytes, sizeof(key.bytes));
        *vkey = weir_vkey_make(origin, WEIR_KEY_ED25519, &key);
        return true;
    }
    return false;
}

/* Signs `text` and records it before the line leaves. */
static enum weir_err cosign(struct weir_signer *signer,
                            struct weir_scope *scope,
                            const struct weir_add_checkpoint *request,
                            uint64_t last_s,
                            struct weir_buffer *line)
{
    struct weir_vault_cosigned cosigned = {.head = request->checkpoint.head};
    enum weir_err err = weir_cosignature_time(scope, weir_clock_now(), last_s, &cosigned.time_s);
    struct weir_buffer message = {.capacity_max = WEIR_NOTE_BYTES_MAX};
    if (err == WEIR_OK)
        err = weir_cosignature_message(scope, request->note.text, cosigned.time_s, &message);
    uint8_t payload[8 + WEIR_ED25519_SIGNATURE_BYTES];
    weir_put_u64(payload, cosigned.time_s);
    if (err == WEIR_OK)
        err = weir_keys_sign(scope, signer->keys, WEIR_KEY_USE_COSIGNATURE,
                             weir_buffer_slice(&message), payload + 8);
    if (err == WEIR_OK)
        err = weir_vault_cosigned_put(signer->vault, scope, request->checkpoint.origin,
                                      request->old_size, &cosigned);
    const char *name = weir_take_printf(scope, "%s/cosign", signer->config->node.name);
    if (err != WEIR_OK || name == NULL)
        return scope->err;
    return put_line(scope, weir_slice_text(name), WEIR_KEY_COSIGNATURE,
                    weir_keys_ed25519(signer->keys, WEIR_KEY_COSIGN),
                    (struct weir_slice){payload, sizeof(payload)}, line);
}

static enum weir_err put_decision(struct weir_scope *scope,
                                  const struct weir_witness_answer *decision,
                                  struct weir_slice line,
                                  struct weir_buffer *answer)
{
    uint8_t status[2];
    weir_put_u16(status, (uint16_t)decision->status);
    enum weir_err err = weir_buffer_put(scope, answer, status, sizeof(status));
    if (err == WEIR_OK)
        err = weir_buffer_u64(scope, answer, decision->size);
    const char *reason = decision->reason == NULL ? "" : decision->reason;
    if (err == WEIR_OK)
        err = weir_buffer_u32(scope, answer, (uint32_t)strlen(reason));
    if (err == WEIR_OK)
        err = weir_buffer_text(scope, answer, reason);
    if (err == WEIR_OK)
        err = weir_buffer_u32(scope, answer, (uint32_t)line.length);
    return err != WEIR_OK ? err : weir_buffer_put(scope, answer, line.data, line.length);
}

enum weir_err weir_signer_cosign(struct weir_signer *signer,
                                 struct weir_scope *scope,
                                 struct weir_slice question,
                                 struct weir_buffer *answer)
{
    struct weir_add_checkpoint request;
    struct weir_vkey vkey;
    struct weir_vault_cosigned last = {.head = {0, weir_merkle_empty()}};
    struct weir_witness_log log = {.keys = &vkey, .key_count = 1};
    bool is_readable = weir_add_checkpoint_parse(scope, question, &request) == WEIR_OK;
    if (!is_readable)
        weir_scope_recover(scope); /* the decision below is the answer: 400 */
    bool is_known = is_readable && find_log_key(signer, request.checkpoint.origin, &vkey);
    enum weir_err err = WEIR_OK;
    if (is_known)
        err = weir_vault_cosigned_load(signer->vault, scope, request.checkpoint.origin, &last);
    log.head = last.head;
    struct weir_witness_answer decision;
    if (err == WEIR_OK)
        err = weir_witness_decide(scope, is_readable ? &request : NULL, is_known ? &log : NULL,
                                  &decision);
    struct weir_buffer line = {.capacity_max = WEIR_NOTE_BYTES_MAX};
    if (err == WEIR_OK && decision.status == WEIR_WITNESS_OK)
        err = cosign(signer, scope, &request, last.time_s, &line);
    return err != WEIR_OK ? err : put_decision(scope, &decision, weir_buffer_slice(&line), answer);
}
