#include "rails/evm/rpc.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/arena.h"
#include "rails/evm/rpc_json.h"
#include "rails/http.h"

#define TIMEOUT_MS 10000
#define BODY_BYTES_MAX ((size_t)8 * 1024 * 1024)
#define STATUS_OK 200
#define STATUS_TOO_MANY 429

static void free_json(json_t **root)
{
    json_decref(*root);
}
#define WEIR_AUTO_JSON __attribute__((cleanup(free_json)))

/* Foreign text becomes printable ASCII of bounded length. */
static void copy_text(char text[static WEIR_RPC_TEXT_BYTES], const char *foreign, size_t length)
{
    size_t kept = 0;
    for (size_t i = 0; i < length && kept + 1 < WEIR_RPC_TEXT_BYTES; i++)
        text[kept++] = foreign[i] >= ' ' && foreign[i] <= '~' ? foreign[i] : '?';
    text[kept] = '\0';
}

static void fail_call(struct weir_rpc_call *call, enum weir_rpc_class class, const char *why)
{
    call->class = class;
    call->is_null = false;
    copy_text(call->text, why, strlen(why));
}

static void fail_all(struct weir_rpc_batch *batch, enum weir_rpc_class class, const char *why)
{
    for (size_t i = 0; i < batch->count; i++)
        fail_call(&batch->calls[i], class, why);
}

/* Clients put revert data under "data" as a text, or one level deeper. */
static const json_t *data_text(const json_t *error)
{
    const json_t *data = json_object_get(error, "data");
    if (json_is_object(data)) {
        const json_t *inner = json_object_get(data, "data");
        data = inner != NULL ? inner : json_object_get(data, "message");
    }
    return json_is_string(data) ? data : NULL;
}

static void read_error(struct weir_scope *scope, struct weir_rpc_call *call, const json_t *error)
{
    const json_t *code = json_object_get(error, "code");
    const json_t *message = json_object_get(error, "message");
    if (!json_is_integer(code) || !json_is_string(message)) {
        fail_call(call, WEIR_RPC_NETWORK, "an error without code and message");
        return;
    }
    const json_t *data = data_text(error);
    struct weir_slice message_slice = {(const uint8_t *)json_string_value(message),
                                       json_string_length(message)};
    struct weir_slice data_slice = {(const uint8_t *)json_string_value(data),
                                    json_string_length(data)};
    call->code = json_integer_value(code);
    call->class = weir_rpc_classify(call->code, message_slice, data_slice);
    call->is_null = false;
    copy_text(call->text, json_string_value(message), json_string_length(message));
    if (data != NULL && !weir_rpc_json_bytes(scope, data, &call->data))
        call->data = (struct weir_slice){0}; /* a text, not bytes; it helped to classify */
}

static void read_reply(struct weir_scope *scope, struct weir_rpc_call *call, const json_t *reply)
{
    const json_t *version = json_object_get(reply, "jsonrpc");
    const json_t *result = json_object_get(reply, "result");
    const json_t *error = json_object_get(reply, "error");
    if (json_is_null(error))
        error = NULL; /* some nodes answer both members */
    if (!json_is_string(version) || json_string_length(version) != 3 ||
        memcmp(json_string_value(version), "2.0", 3) != 0) {
        fail_call(call, WEIR_RPC_NETWORK, "not a JSON-RPC 2.0 answer");
    } else if (error != NULL) {
        read_error(scope, call, error);
    } else if (result == NULL) {
        fail_call(call, WEIR_RPC_NETWORK, "an answer without result");
    } else if (json_is_null(result)) {
        call->class = WEIR_RPC_ANSWERED;
        call->is_null = true;
    } else if (weir_rpc_decode(scope, call, result)) {
        call->class = WEIR_RPC_ANSWERED;
        call->is_null = false;
    } else {
        fail_call(call, WEIR_RPC_NETWORK, "a result that is not of the expected form");
    }
}

/* The call a reply belongs to, or NULL; ids are whole numbers that we chose. */
static size_t index_of(const struct weir_rpc_batch *batch, const json_t *reply)
{
    const json_t *id = json_object_get(reply, "id");
    if (!json_is_integer(id) || json_integer_value(id) < 0)
        return SIZE_MAX;
    uint64_t number = (uint64_t)json_integer_value(id);
    if (number < batch->first_id || number - batch->first_id >= batch->count)
        return SIZE_MAX;
    return (size_t)(number - batch->first_id);
}

/* Each call is answered exactly once: with as many replies as calls, none unknown and none twice
 * leaves none missing. */
static const char *match_replies(const struct weir_rpc_batch *batch,
                                 const json_t *root,
                                 const json_t *replies[static WEIR_RPC_CALLS_MAX])
{
    if (json_array_size(root) != batch->count)
        return "another number of answers than questions";
    for (size_t i = 0; i < batch->count; i++) {
        const json_t *reply = json_array_get(root, i);
        size_t index = index_of(batch, reply);
        if (index == SIZE_MAX)
            return "an answer to a question nobody asked";
        if (replies[index] != NULL)
            return "two answers to one question";
        replies[index] = reply;
    }
    return NULL;
}

static const char *match_root(const struct weir_rpc_batch *batch,
                              const json_t *root,
                              const json_t *replies[static WEIR_RPC_CALLS_MAX])
{
    if (batch->count > 1)
        return json_is_array(root) ? match_replies(batch, root, replies)
                                   : "one answer to many questions";
    if (!json_is_object(root))
        return "not a JSON-RPC answer";
    if (index_of(batch, root) != 0)
        return "an answer to a question nobody asked";
    replies[0] = root;
    return NULL;
}

/* A refusal of the whole batch is one object with an error, usually without id. */
static bool read_refusal(struct weir_scope *scope, struct weir_rpc_batch *batch, const json_t *root)
{
    const json_t *id = json_object_get(root, "id");
    const json_t *error = json_object_get(root, "error");
    if (!json_is_object(root) || !json_is_object(error) || (id != NULL && !json_is_null(id)))
        return false;
    for (size_t i = 0; i < batch->count; i++)
        read_error(scope, &batch->calls[i], error);
    return true;
}

enum weir_err
weir_rpc_read(struct weir_scope *scope, struct weir_rpc_batch *batch, struct weir_slice answer)
{
    assert(batch->count > 0 && batch->count <= WEIR_RPC_CALLS_MAX);
    /* NUL is let in because anvil quotes revert data in its messages; every text is used with its
     * length. */
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL;
    json_error_t error;
    WEIR_AUTO_JSON json_t *root =
        json_loadb((const char *)answer.data, answer.length, flags, &error);
    if (root == NULL) {
        fail_all(batch, WEIR_RPC_NETWORK, "not JSON");
        return WEIR_OK;
    }
    if (read_refusal(scope, batch, root))
        return scope->err;
    const json_t *replies[WEIR_RPC_CALLS_MAX] = {NULL};
    const char *fault = match_root(batch, root, replies);
    if (fault != NULL) {
        fail_all(batch, WEIR_RPC_NETWORK, fault);
        return WEIR_OK;
    }
    for (size_t i = 0; i < batch->count; i++)
        read_reply(scope, &batch->calls[i], replies[i]);
    return scope->err;
}

enum weir_err weir_rpc_take(struct weir_scope *scope,
                            struct weir_rpc_batch *batch,
                            const struct weir_http_result *result)
{
    batch->retry_after_s = result->retry_after_s;
    if (result->reason != WEIR_HTTP_ANSWERED) {
        fail_all(batch, WEIR_RPC_NETWORK, result->detail);
        return WEIR_OK;
    }
    if (result->status == STATUS_TOO_MANY) {
        fail_all(batch, WEIR_RPC_LIMIT, "status 429: too many requests");
        return WEIR_OK;
    }
    if (result->status != STATUS_OK) {
        char text[WEIR_RPC_TEXT_BYTES];
        (void)snprintf(text, sizeof(text), "status %u", result->status); /* always fits */
        fail_all(batch, WEIR_RPC_NETWORK, text);
        return WEIR_OK;
    }
    return weir_rpc_read(scope, batch, result->body);
}

enum weir_err weir_rpc_submit(struct weir_http *http,
                              struct weir_scope *scope,
                              const struct weir_rpc_endpoint *endpoint,
                              struct weir_rpc_batch *batch,
                              uint32_t *ticket)
{
    static const char *const headers[] = {"Content-Type: application/json"};
    uint32_t timeout_ms = endpoint->timeout_ms == 0 ? TIMEOUT_MS : endpoint->timeout_ms;
    struct weir_http_request request = {
        .method = "POST",
        .url = endpoint->url,
        .headers = headers,
        .header_count = sizeof(headers) / sizeof(headers[0]),
        .limits = {.connect_ms = timeout_ms,
                   .first_byte_ms = timeout_ms,
                   .total_ms = timeout_ms,
                   .body_bytes_max =
                       endpoint->body_bytes_max == 0 ? BODY_BYTES_MAX : endpoint->body_bytes_max},
        .allow_private = endpoint->allow_private,
    };
    enum weir_err err = weir_rpc_print(scope, batch, &request.body);
    return err == WEIR_OK ? weir_http_submit(http, scope, &request, ticket) : err;
}

enum weir_err weir_rpc_exchange(struct weir_http *http,
                                struct weir_scope *scope,
                                const struct weir_rpc_endpoint *endpoint,
                                struct weir_rpc_batch *batch)
{
    uint32_t ticket = 0;
    struct weir_http_result result;
    enum weir_err err = weir_rpc_submit(http, scope, endpoint, batch, &ticket);
    if (err == WEIR_OK)
        err = weir_http_finish(http, scope, ticket, &result);
    if (err == WEIR_OK)
        err = weir_rpc_take(scope, batch, &result);
    weir_http_release(http, ticket);
    return err;
}

enum weir_err weir_rpc_require(struct weir_scope *scope, const struct weir_rpc_call *call)
{
    enum weir_err err = WEIR_E_RPC;
    switch (call->class) {
    case WEIR_RPC_ANSWERED:
        if (!call->is_null)
            return WEIR_OK;
        return weir_fail(scope, WEIR_E_NOT_FOUND, "%s: there is no such thing", call->method);
    case WEIR_RPC_NETWORK:
        err = WEIR_E_NETWORK;
        break;
    case WEIR_RPC_REVERTED:
        err = WEIR_E_REVERT;
        break;
    case WEIR_RPC_FUNDS:
        err = WEIR_E_FUNDS;
        break;
    case WEIR_RPC_NONCE_LOW:
    case WEIR_RPC_NONCE_HIGH:
    case WEIR_RPC_UNDERPRICED:
    case WEIR_RPC_KNOWN:
    case WEIR_RPC_LIMIT:
    case WEIR_RPC_UNSUPPORTED:
    case WEIR_RPC_FATAL:
    case WEIR_RPC_OTHER:
        break;
    }
    return weir_fail(scope, err, "%s: %s", call->method, call->text);
}
