#include "rails/evm/rpc.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"

#define BODY_BYTES_MAX ((size_t)4 * 1024 * 1024)
#define QUANTITY_TEXT_BYTES 35 /* "0x", 32 digits, NUL */
#define HASH_TEXT_BYTES 67

static void print_quantity(unsigned __int128 value, char text[static QUANTITY_TEXT_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    char reversed[QUANTITY_TEXT_BYTES];
    size_t count = 0;
    do {
        reversed[count++] = digits[(unsigned)(value & 15)];
        value >>= 4;
    } while (value != 0);
    *text++ = '0';
    *text++ = 'x';
    while (count > 0)
        *text++ = reversed[--count];
    *text = '\0';
}

static const char *print_tag(struct weir_rpc_tag tag, char text[static QUANTITY_TEXT_BYTES])
{
    switch (tag.at) {
    case WEIR_RPC_LATEST:
        return "latest";
    case WEIR_RPC_PENDING:
        return "pending";
    case WEIR_RPC_FINALIZED:
        return "finalized";
    case WEIR_RPC_NUMBER:
        print_quantity(tag.number, text);
        return text;
    }
    assert(0 && "a tag that enum weir_rpc_at does not have");
    return "latest";
}

static void print_hash(const struct weir_hash *hash, char text[static HASH_TEXT_BYTES])
{
    text[0] = '0';
    text[1] = 'x';
    weir_hex_print(hash->bytes, WEIR_HASH_BYTES, text + 2);
}

static struct weir_rpc_call *add(struct weir_scope *scope,
                                 struct weir_rpc_batch *batch,
                                 const char *method,
                                 const char *params,
                                 enum weir_rpc_want want)
{
    if (params == NULL)
        return NULL; /* the caller's printing has recorded why */
    if (batch->count == WEIR_RPC_CALLS_MAX) {
        (void)weir_fail(scope, WEIR_E_LIMIT, "more than %d calls in a batch", WEIR_RPC_CALLS_MAX);
        return NULL;
    }
    struct weir_rpc_call *call = &batch->calls[batch->count++];
    *call = (struct weir_rpc_call){
        .method = method, .params = params, .want = want, .class = WEIR_RPC_NETWORK};
    return call;
}

static struct weir_rpc_call *into(struct weir_rpc_call *call, void *out)
{
    if (call != NULL)
        call->out = out;
    return call;
}

struct weir_rpc_call *
weir_rpc_chain_id(struct weir_scope *scope, struct weir_rpc_batch *batch, uint64_t *out)
{
    return into(add(scope, batch, "eth_chainId", "[]", WEIR_RPC_WANT_U64), out);
}

struct weir_rpc_call *
weir_rpc_block_number(struct weir_scope *scope, struct weir_rpc_batch *batch, uint64_t *out)
{
    return into(add(scope, batch, "eth_blockNumber", "[]", WEIR_RPC_WANT_U64), out);
}

struct weir_rpc_call *weir_rpc_block_at(struct weir_scope *scope,
                                        struct weir_rpc_batch *batch,
                                        struct weir_rpc_tag tag,
                                        struct weir_rpc_block *out)
{
    char text[QUANTITY_TEXT_BYTES];
    char *params = weir_take_printf(scope, "[\"%s\",false]", print_tag(tag, text));
    return into(add(scope, batch, "eth_getBlockByNumber", params, WEIR_RPC_WANT_BLOCK), out);
}

struct weir_rpc_call *weir_rpc_block_by_hash(struct weir_scope *scope,
                                             struct weir_rpc_batch *batch,
                                             const struct weir_hash *hash,
                                             struct weir_rpc_block *out)
{
    char text[HASH_TEXT_BYTES];
    print_hash(hash, text);
    char *params = weir_take_printf(scope, "[\"%s\",false]", text);
    return into(add(scope, batch, "eth_getBlockByHash", params, WEIR_RPC_WANT_BLOCK), out);
}

/* ["0xaddress","tag"], which three methods take. */
static char *address_params(struct weir_scope *scope,
                            const struct weir_address *address,
                            struct weir_rpc_tag tag)
{
    char account[WEIR_ADDRESS_TEXT_BYTES];
    char text[QUANTITY_TEXT_BYTES];
    weir_address_print_hex(address, account);
    return weir_take_printf(scope, "[\"%s\",\"%s\"]", account, print_tag(tag, text));
}

struct weir_rpc_call *weir_rpc_nonce(struct weir_scope *scope,
                                     struct weir_rpc_batch *batch,
                                     const struct weir_address *address,
                                     struct weir_rpc_tag tag,
                                     uint64_t *out)
{
    char *params = address_params(scope, address, tag);
    return into(add(scope, batch, "eth_getTransactionCount", params, WEIR_RPC_WANT_U64), out);
}

struct weir_rpc_call *weir_rpc_balance(struct weir_scope *scope,
                                       struct weir_rpc_batch *batch,
                                       const struct weir_address *address,
                                       struct weir_rpc_tag tag,
                                       unsigned __int128 *out)
{
    char *params = address_params(scope, address, tag);
    return into(add(scope, batch, "eth_getBalance", params, WEIR_RPC_WANT_U128), out);
}

struct weir_rpc_call *weir_rpc_code(struct weir_scope *scope,
                                    struct weir_rpc_batch *batch,
                                    const struct weir_address *address,
                                    struct weir_rpc_tag tag,
                                    struct weir_slice *out)
{
    char *params = address_params(scope, address, tag);
    return into(add(scope, batch, "eth_getCode", params, WEIR_RPC_WANT_BYTES), out);
}

static enum weir_err put_quantity(struct weir_scope *scope,
                                  struct weir_buffer *buffer,
                                  const char *name,
                                  unsigned __int128 value)
{
    char text[QUANTITY_TEXT_BYTES];
    if (value == 0)
        return WEIR_OK;
    print_quantity(value, text);
    return weir_buffer_printf(scope, buffer, ",\"%s\":\"%s\"", name, text);
}

static enum weir_err put_address(struct weir_scope *scope,
                                 struct weir_buffer *buffer,
                                 const char *name,
                                 const struct weir_address *address)
{
    char text[WEIR_ADDRESS_TEXT_BYTES];
    weir_address_print_hex(address, text);
    return weir_buffer_printf(scope, buffer, ",\"%s\":\"%s\"", name, text);
}

/* [{"data":"0x..",...},"tag"] */
static char *message_params(struct weir_scope *scope,
                            const struct weir_rpc_message *message,
                            struct weir_rpc_tag tag)
{
    struct weir_buffer buffer = {.capacity_max = BODY_BYTES_MAX};
    char text[QUANTITY_TEXT_BYTES];
    char *data = weir_take_hex(scope, message->data.data, message->data.length);
    if (data == NULL)
        return NULL;
    enum weir_err err = weir_buffer_text(scope, &buffer, "[{\"data\":\"0x");
    if (err == WEIR_OK)
        err = weir_buffer_text(scope, &buffer, data);
    if (err == WEIR_OK)
        err = weir_buffer_text(scope, &buffer, "\"");
    if (err == WEIR_OK && message->has_from)
        err = put_address(scope, &buffer, "from", &message->from);
    if (err == WEIR_OK && !message->is_creation)
        err = put_address(scope, &buffer, "to", &message->to);
    if (err == WEIR_OK)
        err = put_quantity(scope, &buffer, "gas", message->gas);
    if (err == WEIR_OK)
        err = put_quantity(scope, &buffer, "maxFeePerGas", message->fee_cap);
    if (err == WEIR_OK)
        err = put_quantity(scope, &buffer, "maxPriorityFeePerGas", message->tip);
    if (err == WEIR_OK)
        err = put_quantity(scope, &buffer, "value", message->value);
    if (err == WEIR_OK)
        err = weir_buffer_printf(scope, &buffer, "},\"%s\"]", print_tag(tag, text));
    return err == WEIR_OK ? weir_take_text(scope, buffer.data, buffer.length) : NULL;
}

struct weir_rpc_call *weir_rpc_eth_call(struct weir_scope *scope,
                                        struct weir_rpc_batch *batch,
                                        const struct weir_rpc_message *message,
                                        struct weir_rpc_tag tag,
                                        struct weir_slice *out)
{
    char *params = message_params(scope, message, tag);
    return into(add(scope, batch, "eth_call", params, WEIR_RPC_WANT_BYTES), out);
}

struct weir_rpc_call *weir_rpc_estimate(struct weir_scope *scope,
                                        struct weir_rpc_batch *batch,
                                        const struct weir_rpc_message *message,
                                        struct weir_rpc_tag tag,
                                        uint64_t *out)
{
    char *params = message_params(scope, message, tag);
    return into(add(scope, batch, "eth_estimateGas", params, WEIR_RPC_WANT_U64), out);
}

struct weir_rpc_call *
weir_rpc_tip(struct weir_scope *scope, struct weir_rpc_batch *batch, unsigned __int128 *out)
{
    const char *params = "[\"0x8\",\"latest\",[50]]";
    return into(add(scope, batch, "eth_feeHistory", params, WEIR_RPC_WANT_TIP), out);
}

struct weir_rpc_call *
weir_rpc_gas_price(struct weir_scope *scope, struct weir_rpc_batch *batch, unsigned __int128 *out)
{
    return into(add(scope, batch, "eth_gasPrice", "[]", WEIR_RPC_WANT_U128), out);
}

struct weir_rpc_call *weir_rpc_send_raw(struct weir_scope *scope,
                                        struct weir_rpc_batch *batch,
                                        struct weir_slice raw,
                                        struct weir_hash *out)
{
    char *hex = weir_take_hex(scope, raw.data, raw.length);
    char *params = hex == NULL ? NULL : weir_take_printf(scope, "[\"0x%s\"]", hex);
    return into(add(scope, batch, "eth_sendRawTransaction", params, WEIR_RPC_WANT_HASH), out);
}

static char *hash_params(struct weir_scope *scope, const struct weir_hash *hash)
{
    char text[HASH_TEXT_BYTES];
    print_hash(hash, text);
    return weir_take_printf(scope, "[\"%s\"]", text);
}

struct weir_rpc_call *weir_rpc_receipt_of(struct weir_scope *scope,
                                          struct weir_rpc_batch *batch,
                                          const struct weir_hash *tx,
                                          struct weir_rpc_receipt *out)
{
    char *params = hash_params(scope, tx);
    return into(add(scope, batch, "eth_getTransactionReceipt", params, WEIR_RPC_WANT_RECEIPT), out);
}

struct weir_rpc_call *weir_rpc_block_receipts(struct weir_scope *scope,
                                              struct weir_rpc_batch *batch,
                                              const struct weir_hash *block,
                                              struct weir_rpc_receipts *out)
{
    char *params = hash_params(scope, block);
    return into(add(scope, batch, "eth_getBlockReceipts", params, WEIR_RPC_WANT_RECEIPTS), out);
}

struct weir_rpc_call *weir_rpc_tx_of(struct weir_scope *scope,
                                     struct weir_rpc_batch *batch,
                                     const struct weir_hash *tx,
                                     struct weir_rpc_tx *out)
{
    char *params = hash_params(scope, tx);
    return into(add(scope, batch, "eth_getTransactionByHash", params, WEIR_RPC_WANT_TX), out);
}

struct weir_rpc_call *weir_rpc_logs(struct weir_scope *scope,
                                    struct weir_rpc_batch *batch,
                                    const struct weir_rpc_filter *filter,
                                    struct weir_rpc_logs *out)
{
    char topic[HASH_TEXT_BYTES];
    char account[WEIR_ADDRESS_TEXT_BYTES];
    char from[QUANTITY_TEXT_BYTES];
    char to[QUANTITY_TEXT_BYTES];
    print_hash(&filter->topic, topic);
    weir_address_print_hex(&filter->address, account);
    print_quantity(filter->from_block, from);
    print_quantity(filter->to_block, to);
    char *params = weir_take_printf(
        scope, "[{\"address\":\"%s\",\"topics\":[\"%s\"],\"fromBlock\":\"%s\",\"toBlock\":\"%s\"}]",
        account, topic, from, to);
    return into(add(scope, batch, "eth_getLogs", params, WEIR_RPC_WANT_LOGS), out);
}

static enum weir_err print_call(struct weir_scope *scope,
                                const struct weir_rpc_batch *batch,
                                size_t index,
                                struct weir_buffer *body)
{
    const struct weir_rpc_call *call = &batch->calls[index];
    enum weir_err err = weir_buffer_printf(
        scope, body, "{\"jsonrpc\":\"2.0\",\"id\":%" PRIu64 ",\"method\":\"%s\",\"params\":",
        batch->first_id + index, call->method);
    if (err == WEIR_OK)
        err = weir_buffer_text(scope, body, call->params);
    if (err == WEIR_OK)
        err = weir_buffer_text(scope, body, "}");
    return err;
}

enum weir_err weir_rpc_print(struct weir_scope *scope,
                             const struct weir_rpc_batch *batch,
                             struct weir_slice *body)
{
    assert(batch->count > 0 && batch->count <= WEIR_RPC_CALLS_MAX);
    assert(batch->first_id <= INT64_MAX - WEIR_RPC_CALLS_MAX);
    struct weir_buffer buffer = {.capacity_max = BODY_BYTES_MAX};
    bool is_list = batch->count > 1;
    enum weir_err err = is_list ? weir_buffer_text(scope, &buffer, "[") : WEIR_OK;
    for (size_t i = 0; err == WEIR_OK && i < batch->count; i++) {
        if (i > 0)
            err = weir_buffer_text(scope, &buffer, ",");
        if (err == WEIR_OK)
            err = print_call(scope, batch, i, &buffer);
    }
    if (err == WEIR_OK && is_list)
        err = weir_buffer_text(scope, &buffer, "]");
    if (err == WEIR_OK)
        *body = weir_buffer_slice(&buffer);
    return err;
}
