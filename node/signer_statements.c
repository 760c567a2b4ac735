/* Statements in Nautilus form: finished work, and requests to peers. */
#include "node/signer.h"

#include <string.h>

#include "attest/nautilus.h"
#include "attest/statement.h"
#include "base/arena.h"
#include "ledger/store.h"
#include "ledger/vault.h"
#include "node/ask.h"
#include "node/clock.h"
#include "node/keyfile.h"

static enum weir_err put_answer(struct weir_scope *scope,
                                struct weir_slice message,
                                const uint8_t signature[static WEIR_ED25519_SIGNATURE_BYTES],
                                struct weir_buffer *answer)
{
    enum weir_err err = weir_buffer_u32(scope, answer, (uint32_t)message.length);
    if (err == WEIR_OK)
        err = weir_buffer_put(scope, answer, message.data, message.length);
    return err != WEIR_OK ? err
                          : weir_buffer_put(scope, answer, signature, WEIR_ED25519_SIGNATURE_BYTES);
}

/* The fields of the purpose, in the order of the table. */
static enum weir_err
read_values(struct weir_scope *scope, struct weir_slice question, struct weir_statement *statement)
{
    struct weir_body body = {.scope = scope, .rest = question};
    statement->purpose = (uint8_t)weir_body_uint(&body, 1);
    if (scope->err == WEIR_OK && weir_statement_type(statement->purpose) == NULL)
        return weir_fail(scope, WEIR_E_DENIED, "policy purpose: %u is in no table",
                         statement->purpose);
    const struct weir_statement_field *field;
    for (size_t i = 0;
         scope->err == WEIR_OK && (field = weir_statement_field(statement->purpose, i)) != NULL;
         i++) {
        if (field->kind == WEIR_FIELD_U64)
            statement->values[i].number = weir_body_uint(&body, 8);
        else
            statement->values[i].bytes = weir_body_slice(&body);
    }
    return weir_body_end(&body);
}

/* Writes the Nautilus message of the statement at this moment and signs it. */
static enum weir_err sign_statement(struct weir_signer *signer,
                                    struct weir_scope *scope,
                                    const struct weir_statement *statement,
                                    struct weir_hash *payload_hash,
                                    struct weir_buffer *message,
                                    uint8_t signature[static WEIR_ED25519_SIGNATURE_BYTES])
{
    struct weir_buffer payload = {.capacity_max = WEIR_STATEMENT_BYTES_MAX};
    enum weir_err err = weir_statement_write(scope, statement, &payload);
    if (err == WEIR_OK)
        err = weir_nautilus_write(scope, statement->purpose, (uint64_t)weir_clock_now(),
                                  weir_buffer_slice(&payload), message);
    if (err == WEIR_OK)
        err = weir_keys_sign(scope, signer->keys, WEIR_KEY_USE_STATEMENT,
                             weir_buffer_slice(message), signature);
    if (err == WEIR_OK)
        *payload_hash = weir_sha256_of(payload.data, payload.length);
    return err;
}

/* A chained statement is made once per subject and stored before it leaves. */
static enum weir_err chained(struct weir_signer *signer,
                             struct weir_scope *scope,
                             const struct weir_hash *subject,
                             struct weir_statement *statement,
                             struct weir_buffer *answer)
{
    struct weir_vault_statement stored;
    bool is_made;
    enum weir_err err = weir_vault_statement_find(signer->vault, scope, subject, &is_made, &stored);
    if (err != WEIR_OK || is_made)
        return err != WEIR_OK ? err : put_answer(scope, stored.message, stored.signature, answer);
    err =
        weir_vault_statement_next(signer->vault, scope, &statement->sequence, &statement->previous);
    statement->config = signer->config_digest;
    stored = (struct weir_vault_statement){.subject = *subject};
    struct weir_buffer message = {.capacity_max = 2 * WEIR_STATEMENT_BYTES_MAX};
    if (err == WEIR_OK)
        err = sign_statement(signer, scope, statement, &stored.hash, &message, stored.signature);
    stored.sequence = statement->sequence;
    stored.message = weir_buffer_slice(&message);
    if (err == WEIR_OK)
        err = weir_vault_statement_put(signer->vault, scope, &stored);
    return err != WEIR_OK ? err : put_answer(scope, stored.message, stored.signature, answer);
}

enum weir_err weir_signer_statement(struct weir_signer *signer,
                                    struct weir_scope *scope,
                                    struct weir_slice question,
                                    struct weir_buffer *answer)
{
    struct weir_statement statement = {.sequence = 0};
    enum weir_err err = read_values(scope, question, &statement);
    if (err != WEIR_OK)
        return err;
    memcpy(statement.node, signer->set.set.node.bytes, sizeof(statement.node));
    if (weir_statement_type(statement.purpose)->is_chained) {
        struct weir_hash subject = weir_sha256_of(question.data, question.length);
        return chained(signer, scope, &subject, &statement, answer);
    }
    struct weir_buffer message = {.capacity_max = 2 * WEIR_STATEMENT_BYTES_MAX};
    struct weir_hash hash;
    uint8_t signature[WEIR_ED25519_SIGNATURE_BYTES];
    err = sign_statement(signer, scope, &statement, &hash, &message, signature);
    return err != WEIR_OK ? err : put_answer(scope, weir_buffer_slice(&message), signature, answer);
}
