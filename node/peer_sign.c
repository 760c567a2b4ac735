#include "node/peer_sign.h"

#include <stdlib.h>
#include <string.h>

#include "attest/nautilus.h"
#include "attest/statement.h"
#include "base/arena.h"
#include "base/hash.h"
#include "base/text.h"
#include "node/ask.h"

/* Places in the table of fields. */
enum { FIELD_TO, FIELD_METHOD, FIELD_PATH, FIELD_BODY, FIELDS };

enum weir_err weir_peer_sign(struct weir_scope *scope,
                             int signer,
                             const struct weir_ed25519_key *receiver,
                             const struct weir_peer_request *request,
                             const char *headers[static 3])
{
    struct weir_hash body = weir_sha256_of(request->body.data, request->body.length);
    const struct weir_statement_value values[FIELDS] = {
        [FIELD_TO] = {.bytes = {receiver->bytes, sizeof(receiver->bytes)}},
        [FIELD_METHOD] = {.bytes = weir_slice_text(request->method)},
        [FIELD_PATH] = {.bytes = weir_slice_text(request->path)},
        [FIELD_BODY] = {.bytes = {body.bytes, sizeof(body.bytes)}},
    };
    struct weir_signed_statement made;
    enum weir_err err =
        weir_ask_statement(scope, signer, WEIR_STATEMENT_PEER_REQUEST, values, &made);
    if (err != WEIR_OK)
        return err;
    struct weir_statement statement;
    uint8_t intent;
    uint64_t time_ms;
    struct weir_slice payload;
    err = weir_nautilus_read(scope, made.message, &intent, &time_ms, &payload);
    if (err == WEIR_OK)
        err = weir_statement_read(scope, intent, payload, &statement);
    if (err != WEIR_OK)
        return err;
    const char *node = weir_take_hex(scope, statement.node, sizeof(statement.node));
    const char *message = weir_take_base64(scope, made.message.data, made.message.length);
    const char *signature = weir_take_base64(scope, made.signature, sizeof(made.signature));
    if (node == NULL || message == NULL || signature == NULL)
        return scope->err;
    headers[0] = weir_take_printf(scope, WEIR_HEADER_NODE ": %s", node);
    headers[1] = weir_take_printf(scope, WEIR_HEADER_MESSAGE ": %s", message);
    headers[2] = weir_take_printf(scope, WEIR_HEADER_SIGNATURE ": %s", signature);
    return scope->err;
}

/* The statement names exactly this request. */
static bool says_this(const struct weir_statement *statement,
                      const struct weir_keyset *sender,
                      const struct weir_ed25519_key *receiver,
                      const struct weir_peer_request *request)
{
    struct weir_hash body = weir_sha256_of(request->body.data, request->body.length);
    const struct weir_statement_value *values = statement->values;
    struct weir_slice to = {receiver->bytes, sizeof(receiver->bytes)};
    return memcmp(statement->node, sender->node.bytes, sizeof(statement->node)) == 0 &&
           weir_slice_equal(values[FIELD_TO].bytes, to) &&
           weir_slice_equals_text(values[FIELD_METHOD].bytes, request->method) &&
           weir_slice_equals_text(values[FIELD_PATH].bytes, request->path) &&
           weir_slice_equal(values[FIELD_BODY].bytes,
                            (struct weir_slice){body.bytes, sizeof(body.bytes)});
}

static enum weir_err check_signature(struct weir_scope *scope,
                                     const struct weir_keyset *sender,
                                     struct weir_slice message,
                                     const char *text)
{
    struct weir_ed25519_signature signature;
    enum weir_err err =
        weir_base64_parse(scope, weir_slice_text(text), signature.bytes, sizeof(signature.bytes));
    if (err != WEIR_OK)
        return weir_note(scope, WEIR_HEADER_SIGNATURE);
    const struct weir_key *listed;
    for (size_t place = 0;
         (listed = weir_keyset_find(sender, WEIR_PURPOSE_STATEMENT, place)) != NULL; place++) {
        struct weir_ed25519_key key;
        memcpy(key.bytes, listed->bytes, sizeof(key.bytes));
        if (weir_ed25519_verify(&key, message, &signature))
            return WEIR_OK;
    }
    return weir_fail(scope, WEIR_E_SIGNATURE, "no statement key of the peer signed this request");
}

enum weir_err weir_peer_verify(struct weir_scope *scope,
                               const struct weir_peer_check *check,
                               const struct weir_peer_request *request,
                               const struct weir_peer_headers *headers,
                               int64_t *sent_ms)
{
    if (headers->node == NULL || headers->message == NULL || headers->signature == NULL)
        return weir_fail(scope, WEIR_E_DENIED, "requests of peers must be signed");
    struct weir_slice message;
    struct weir_statement statement;
    uint8_t intent;
    uint64_t time_ms;
    struct weir_slice payload;
    enum weir_err err = weir_take_unbase64(scope, weir_slice_text(headers->message), &message);
    if (err == WEIR_OK)
        err = check_signature(scope, check->sender, message, headers->signature);
    if (err == WEIR_OK)
        err = weir_nautilus_read(scope, message, &intent, &time_ms, &payload);
    if (err == WEIR_OK && intent != WEIR_STATEMENT_PEER_REQUEST)
        err = weir_fail(scope, WEIR_E_DENIED, "a statement of purpose %u is no request", intent);
    if (err == WEIR_OK)
        err = weir_statement_read(scope, intent, payload, &statement);
    if (err == WEIR_OK && !says_this(&statement, check->sender, check->receiver, request))
        err = weir_fail(scope, WEIR_E_DENIED, "the signature is about another request");
    if (err != WEIR_OK)
        return err;
    if (time_ms > INT64_MAX || llabs(check->now_ms - (int64_t)time_ms) > WEIR_PEER_AGE_MAX_MS)
        return weir_fail(scope, WEIR_E_CLOCK, "the request says %llu ms, it is %lld ms here",
                         (unsigned long long)time_ms, (long long)check->now_ms);
    *sent_ms = (int64_t)time_ms;
    return WEIR_OK;
}
