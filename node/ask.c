#include "node/ask.h"

#include <string.h>

#include "base/arena.h"
#include "node/frame.h"

static struct weir_slice cut(struct weir_body *body, size_t length)
{
    struct weir_slice bytes = {NULL, 0};
    if (body->scope->err != WEIR_OK)
        return bytes;
    if (length > body->rest.length) {
        (void)weir_fail(body->scope, WEIR_E_PARSE, "a frame's body is cut off");
        return bytes;
    }
    bytes = (struct weir_slice){body->rest.data, length};
    body->rest.data += length;
    body->rest.length -= length;
    return bytes;
}

uint64_t weir_body_uint(struct weir_body *body, size_t bytes)
{
    struct weir_slice part = cut(body, bytes);
    uint64_t value = 0;
    for (size_t i = 0; i < part.length; i++)
        value = value << 8 | part.data[i];
    return value;
}

unsigned __int128 weir_body_u128(struct weir_body *body)
{
    unsigned __int128 high = weir_body_uint(body, 8);
    return high << 64 | weir_body_uint(body, 8);
}

void weir_body_bytes(struct weir_body *body, void *bytes, size_t length)
{
    struct weir_slice part = cut(body, length);
    memset(bytes, 0, length);
    if (part.length > 0)
        memcpy(bytes, part.data, part.length);
}

struct weir_slice weir_body_slice(struct weir_body *body)
{
    return cut(body, (size_t)weir_body_uint(body, 4));
}

enum weir_err weir_body_end(struct weir_body *body)
{
    if (body->scope->err == WEIR_OK && body->rest.length != 0)
        return weir_fail(body->scope, WEIR_E_PARSE, "something follows a frame's body");
    return body->scope->err;
}

static enum weir_err
put_u128(struct weir_scope *scope, struct weir_buffer *buffer, unsigned __int128 value)
{
    enum weir_err err = weir_buffer_u64(scope, buffer, (uint64_t)(value >> 64));
    return err != WEIR_OK ? err : weir_buffer_u64(scope, buffer, (uint64_t)value);
}

static enum weir_err
put_slice(struct weir_scope *scope, struct weir_buffer *buffer, struct weir_slice bytes)
{
    if (bytes.length > WEIR_FRAME_BODY_MAX)
        return weir_fail(scope, WEIR_E_LIMIT, "%zu bytes in a frame", bytes.length);
    enum weir_err err = weir_buffer_u32(scope, buffer, (uint32_t)bytes.length);
    return err != WEIR_OK ? err : weir_buffer_put(scope, buffer, bytes.data, bytes.length);
}

static enum weir_err ask(struct weir_scope *scope,
                         int signer,
                         enum weir_frame_type type,
                         struct weir_slice question,
                         struct weir_body *answer)
{
    answer->scope = scope;
    enum weir_err err =
        weir_frame_ask(scope, signer, type, question, WEIR_ASK_TIMEOUT_MS, &answer->rest);
    return err == WEIR_OK ? err : weir_note(scope, "the signer");
}

enum weir_err weir_ask_keys(struct weir_scope *scope, int signer, struct weir_ask_keys *keys)
{
    struct weir_body answer;
    enum weir_err err = ask(scope, signer, WEIR_FRAME_KEYS, (struct weir_slice){NULL, 0}, &answer);
    if (err != WEIR_OK)
        return err;
    struct weir_slice text = weir_body_slice(&answer);
    weir_body_bytes(&answer, keys->gas.bytes, WEIR_ADDRESS_BYTES);
    weir_body_bytes(&answer, keys->report.bytes, WEIR_ADDRESS_BYTES);
    err = weir_body_end(&answer);
    return err != WEIR_OK ? err : weir_key_set_parse(scope, text, &keys->set);
}

enum weir_err weir_ask_checkpoint(struct weir_scope *scope,
                                  int signer,
                                  const struct weir_checkpoint *checkpoint,
                                  struct weir_slice *note)
{
    struct weir_buffer text = {.capacity_max = WEIR_CHECKPOINT_BYTES_MAX};
    struct weir_body answer;
    enum weir_err err = weir_checkpoint_print(scope, checkpoint, &text);
    if (err == WEIR_OK)
        err = ask(scope, signer, WEIR_FRAME_CHECKPOINT, weir_buffer_slice(&text), &answer);
    if (err == WEIR_OK)
        *note = answer.rest;
    return err;
}

enum weir_err weir_ask_cosign(struct weir_scope *scope,
                              int signer,
                              struct weir_slice add_checkpoint_body,
                              struct weir_ask_cosigned *cosigned)
{
    struct weir_body answer;
    enum weir_err err = ask(scope, signer, WEIR_FRAME_COSIGN, add_checkpoint_body, &answer);
    if (err != WEIR_OK)
        return err;
    cosigned->answer.status = (enum weir_witness_status)weir_body_uint(&answer, 2);
    cosigned->answer.size = weir_body_uint(&answer, 8);
    struct weir_slice reason = weir_body_slice(&answer);
    cosigned->line = weir_body_slice(&answer);
    cosigned->answer.reason = weir_take_text(scope, reason.data, reason.length);
    return weir_body_end(&answer);
}

static enum weir_err take_signature(struct weir_body *answer, struct weir_signature *signature)
{
    weir_body_bytes(answer, signature->bytes, sizeof(signature->bytes));
    return weir_body_end(answer);
}

enum weir_err weir_ask_opinion(struct weir_scope *scope,
                               int signer,
                               struct weir_slice proof,
                               struct weir_opinion *given,
                               struct weir_signature *signature)
{
    struct weir_body answer;
    uint8_t fields[WEIR_OPINION_BYTES];
    struct weir_signature signed_by;
    enum weir_err err = ask(scope, signer, WEIR_FRAME_OPINION, proof, &answer);
    if (err != WEIR_OK)
        return err;
    weir_body_bytes(&answer, fields, sizeof(fields));
    err = take_signature(&answer, &signed_by);
    if (err == WEIR_OK)
        err = weir_opinion_read(scope, (struct weir_slice){fields, sizeof(fields)}, given);
    if (err == WEIR_OK)
        *signature = signed_by;
    return err;
}

enum weir_err weir_ask_report(struct weir_scope *scope,
                              int signer,
                              struct weir_slice proof,
                              const struct weir_stale_leaves *stale,
                              size_t stale_count,
                              struct weir_signature *signature)
{
    struct weir_buffer question = {.capacity_max = WEIR_FRAME_BODY_MAX};
    struct weir_body answer;
    enum weir_err err = weir_buffer_u32(scope, &question, (uint32_t)stale_count);
    for (size_t i = 0; err == WEIR_OK && i < stale_count; i++) {
        err = weir_buffer_put(scope, &question, stale[i].origin.bytes, WEIR_HASH_BYTES);
        if (err == WEIR_OK)
            err = weir_buffer_u64(scope, &question, stale[i].first);
        if (err == WEIR_OK)
            err = weir_buffer_u64(scope, &question, stale[i].end);
    }
    if (err == WEIR_OK)
        err = weir_buffer_put(scope, &question, proof.data, proof.length);
    if (err == WEIR_OK)
        err = ask(scope, signer, WEIR_FRAME_REPORT, weir_buffer_slice(&question), &answer);
    return err != WEIR_OK ? err : take_signature(&answer, signature);
}

enum weir_err weir_ask_statement(struct weir_scope *scope,
                                 int signer,
                                 enum weir_statement_purpose purpose,
                                 const struct weir_statement_value *values,
                                 struct weir_signed_statement *made)
{
    struct weir_buffer question = {.capacity_max = WEIR_STATEMENT_BYTES_MAX};
    enum weir_err err = weir_buffer_u8(scope, &question, (uint8_t)purpose);
    const struct weir_statement_field *field;
    for (size_t i = 0;
         err == WEIR_OK && (field = weir_statement_field((uint8_t)purpose, i)) != NULL; i++)
        err = field->kind == WEIR_FIELD_U64 ? weir_buffer_u64(scope, &question, values[i].number)
                                            : put_slice(scope, &question, values[i].bytes);
    struct weir_body answer;
    if (err == WEIR_OK)
        err = ask(scope, signer, WEIR_FRAME_STATEMENT, weir_buffer_slice(&question), &answer);
    if (err != WEIR_OK)
        return err;
    made->message = weir_body_slice(&answer);
    weir_body_bytes(&answer, made->signature, sizeof(made->signature));
    return weir_body_end(&answer);
}

enum weir_err weir_ask_sign_transaction(struct weir_scope *scope,
                                        int signer,
                                        const struct weir_ask_transaction *transaction,
                                        struct weir_slice *raw)
{
    struct weir_buffer question = {.capacity_max = WEIR_FRAME_BODY_MAX};
    const struct weir_ask_transaction *t = transaction;
    enum weir_err err = weir_buffer_put(scope, &question, t->job.bytes, WEIR_HASH_BYTES);
    if (err == WEIR_OK)
        err = weir_buffer_u8(scope, &question, t->kind);
    if (err == WEIR_OK)
        err = weir_buffer_u64(scope, &question, t->chain_id);
    if (err == WEIR_OK)
        err = weir_buffer_u64(scope, &question, t->nonce);
    if (err == WEIR_OK)
        err = put_u128(scope, &question, t->tip);
    if (err == WEIR_OK)
        err = put_u128(scope, &question, t->fee_cap);
    if (err == WEIR_OK)
        err = weir_buffer_u64(scope, &question, t->gas);
    if (err == WEIR_OK)
        err = weir_buffer_u8(scope, &question, t->is_clearing ? 1 : 0);
    if (err == WEIR_OK)
        err = weir_buffer_put(scope, &question, t->to.bytes, WEIR_ADDRESS_BYTES);
    if (err == WEIR_OK)
        err = put_u128(scope, &question, t->value);
    if (err == WEIR_OK)
        err = put_slice(scope, &question, t->data);
    struct weir_body answer;
    if (err == WEIR_OK)
        err = ask(scope, signer, WEIR_FRAME_TX, weir_buffer_slice(&question), &answer);
    if (err == WEIR_OK)
        *raw = answer.rest;
    return err;
}
