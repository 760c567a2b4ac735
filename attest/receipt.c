#include "attest/receipt.h"

#include <assert.h>
#include <string.h>

#include "attest/rlp.h"

#define TYPE_MAX 4        /* EIP-2930, 1559, 4844, 7702 */
#define LIST_PREFIX 0xc0u /* first byte of a legacy receipt, and above every type */

static enum weir_err
read_log(struct weir_scope *scope, struct weir_slice *rest, struct weir_chain_log *log)
{
    struct weir_chain_log parsed = {.topic_count = 0};
    struct weir_slice members;
    struct weir_slice topics;
    enum weir_err err = weir_rlp_get_list(scope, rest, &members);
    if (err == WEIR_OK)
        err = weir_rlp_get_fixed(scope, &members, parsed.address.bytes, WEIR_ADDRESS_BYTES);
    if (err == WEIR_OK)
        err = weir_rlp_get_list(scope, &members, &topics);
    while (err == WEIR_OK && topics.length > 0) {
        if (parsed.topic_count == WEIR_LOG_TOPICS_MAX)
            return weir_fail(scope, WEIR_E_PARSE, "a log of more than %d topics",
                             WEIR_LOG_TOPICS_MAX);
        err = weir_rlp_get_fixed(scope, &topics, parsed.topics[parsed.topic_count++].bytes,
                                 WEIR_HASH_BYTES);
    }
    if (err == WEIR_OK)
        err = weir_rlp_get_bytes(scope, &members, &parsed.data);
    if (err == WEIR_OK)
        err = weir_rlp_get_end(scope, members);
    if (err == WEIR_OK)
        *log = parsed;
    return err;
}

/* The four members, and every log to the end. */
static enum weir_err
read_members(struct weir_scope *scope, struct weir_slice rest, struct weir_receipt *receipt)
{
    uint64_t status = 0;
    enum weir_err err = weir_rlp_get_u64(scope, &rest, &status);
    if (err == WEIR_OK && status > 1)
        return weir_fail(scope, WEIR_E_PARSE, "status %llu", (unsigned long long)status);
    if (err == WEIR_OK)
        err = weir_rlp_get_u64(scope, &rest, &receipt->cumulative_gas);
    if (err == WEIR_OK)
        err = weir_rlp_get_fixed(scope, &rest, receipt->bloom, WEIR_BLOOM_BYTES);
    if (err == WEIR_OK)
        err = weir_rlp_get_list(scope, &rest, &receipt->logs);
    if (err == WEIR_OK)
        err = weir_rlp_get_end(scope, rest);
    if (err != WEIR_OK)
        return err;
    receipt->has_succeeded = status == 1;
    struct weir_slice logs = receipt->logs;
    struct weir_chain_log log;
    while (logs.length > 0) {
        if (receipt->log_count == WEIR_RECEIPT_LOGS_MAX)
            return weir_fail(scope, WEIR_E_LIMIT, "more than %d logs", WEIR_RECEIPT_LOGS_MAX);
        if (read_log(scope, &logs, &log) != WEIR_OK)
            return weir_note(scope, "log %zu", receipt->log_count);
        receipt->log_count++;
    }
    return WEIR_OK;
}

enum weir_err
weir_receipt_read(struct weir_scope *scope, struct weir_slice bytes, struct weir_receipt *receipt)
{
    struct weir_receipt parsed = {.type = 0};
    struct weir_slice rest = bytes;
    if (rest.length > 0 && rest.data[0] < LIST_PREFIX) {
        parsed.type = rest.data[0];
        if (parsed.type == 0 || parsed.type > TYPE_MAX)
            return weir_fail(scope, WEIR_E_PARSE, "receipt: unknown type %u", parsed.type);
        rest.data++;
        rest.length--;
    }
    struct weir_slice members;
    enum weir_err err = weir_rlp_get_list(scope, &rest, &members);
    if (err == WEIR_OK)
        err = weir_rlp_get_end(scope, rest);
    if (err == WEIR_OK)
        err = read_members(scope, members, &parsed);
    if (err != WEIR_OK)
        return weir_note(scope, "receipt");
    *receipt = parsed;
    return WEIR_OK;
}

enum weir_err weir_receipt_write(struct weir_scope *scope,
                                 const struct weir_receipt *receipt,
                                 struct weir_buffer *buffer)
{
    if (receipt->type > TYPE_MAX)
        return weir_fail(scope, WEIR_E_RANGE, "a receipt of type %u", receipt->type);
    struct weir_buffer members = {.capacity_max = buffer->capacity_max};
    enum weir_err err = weir_rlp_put_u64(scope, &members, receipt->has_succeeded);
    if (err == WEIR_OK)
        err = weir_rlp_put_u64(scope, &members, receipt->cumulative_gas);
    if (err == WEIR_OK)
        err = weir_rlp_put_bytes(scope, &members, receipt->bloom, WEIR_BLOOM_BYTES);
    if (err == WEIR_OK)
        err = weir_rlp_put_list(scope, &members, receipt->logs);
    if (err == WEIR_OK && receipt->type != 0)
        err = weir_buffer_u8(scope, buffer, receipt->type);
    if (err == WEIR_OK)
        err = weir_rlp_put_list(scope, buffer, weir_buffer_slice(&members));
    return err;
}

enum weir_err weir_receipt_put_log(struct weir_scope *scope,
                                   const struct weir_chain_log *log,
                                   struct weir_buffer *logs)
{
    if (log->topic_count > WEIR_LOG_TOPICS_MAX)
        return weir_fail(scope, WEIR_E_RANGE, "a log of %zu topics", log->topic_count);
    struct weir_buffer topics = {.capacity_max = 0};
    struct weir_buffer members = {.capacity_max = 0};
    enum weir_err err = WEIR_OK;
    for (size_t i = 0; i < log->topic_count && err == WEIR_OK; i++)
        err = weir_rlp_put_bytes(scope, &topics, log->topics[i].bytes, WEIR_HASH_BYTES);
    if (err == WEIR_OK)
        err = weir_rlp_put_bytes(scope, &members, log->address.bytes, WEIR_ADDRESS_BYTES);
    if (err == WEIR_OK)
        err = weir_rlp_put_list(scope, &members, weir_buffer_slice(&topics));
    if (err == WEIR_OK)
        err = weir_rlp_put_bytes(scope, &members, log->data.data, log->data.length);
    if (err == WEIR_OK)
        err = weir_rlp_put_list(scope, logs, weir_buffer_slice(&members));
    return err;
}

enum weir_err weir_receipt_log(struct weir_scope *scope,
                               const struct weir_receipt *receipt,
                               uint64_t index,
                               struct weir_chain_log *log)
{
    if (index >= receipt->log_count)
        return weir_fail(scope, WEIR_E_RANGE, "log %llu of %zu", (unsigned long long)index,
                         receipt->log_count);
    struct weir_slice rest = receipt->logs;
    struct weir_chain_log found;
    for (uint64_t i = 0; i <= index; i++)
        if (read_log(scope, &rest, &found) != WEIR_OK)
            return weir_note(scope, "log %llu", (unsigned long long)i);
    *log = found;
    return WEIR_OK;
}
