#include "rails/evm/client.h"

#include <assert.h>
#include <inttypes.h>

#include "base/arena.h"
#include "rails/evm/abi.h"
#include "rails/evm/artifacts/selectors.h"

#define BLOCKS_AT_ONCE 1024                    /* what public nodes allow for logs */
#define CALLS_AT_ONCE (WEIR_RPC_CALLS_MAX - 2) /* leaves room for the chain id */
#define RECEIPT_BYTES_MAX ((size_t)8 * 1024 * 1024)

static const struct weir_hash settled_topic = {WEIR_EVM_AGREEMENT_TOPIC_SETTLED};
static const struct weir_hash owed_topic = {WEIR_EVM_AGREEMENT_TOPIC_OWED};

/* Fetches the receipt of a mined transaction. */
static enum weir_err fetch_receipt(struct weir_client *client,
                                   struct weir_scope *scope,
                                   const struct weir_hash *tx,
                                   struct weir_rpc_receipt *receipt)
{
    struct weir_rpc_batch batch = {0};
    if (weir_rpc_receipt_of(scope, &batch, tx, receipt) == NULL)
        return scope->err;
    enum weir_err err = weir_client_exchange(client, scope, &batch);
    if (err == WEIR_OK)
        err = weir_rpc_require(scope, &batch.calls[0]);
    if (err == WEIR_OK && !weir_hash_equal(&receipt->tx_hash, tx))
        err = weir_fail(scope, WEIR_E_NETWORK, "the receipt of another transaction");
    return err;
}

static bool is_event(const struct weir_rpc_log *log,
                     const struct weir_address *agreement,
                     const struct weir_hash *topic)
{
    return weir_address_equal(&log->log.address, agreement) && log->log.topic_count > 0 &&
           weir_hash_equal(&log->log.topics[0], topic);
}

/* Settled events of the agreement, each with the Owed right behind it. */
static enum weir_err read_logs(struct weir_scope *scope,
                               const struct weir_address *agreement,
                               const struct weir_rpc_receipt *receipt,
                               struct weir_settlement *settlement)
{
    struct weir_settled_log *logs = weir_take(scope, receipt->log_count, sizeof(*logs));
    size_t count = 0;
    enum weir_err err = logs == NULL ? scope->err : WEIR_OK;
    for (size_t i = 0; err == WEIR_OK && i < receipt->log_count; i++) {
        const struct weir_rpc_log *log = &receipt->logs[i];
        if (is_event(log, agreement, &settled_topic)) {
            logs[count].log_index = i;
            err = weir_settled_read(scope, &log->log, &logs[count].settled);
            count++;
        } else if (count > 0 && is_event(log, agreement, &owed_topic)) {
            logs[count - 1].has_owed = true;
            err = weir_abi_read_owed(scope, &log->log, &logs[count - 1].owed);
        }
    }
    settlement->logs = logs;
    settlement->log_count = count;
    return err;
}

enum weir_err weir_client_settlement(struct weir_client *client,
                                     struct weir_scope *scope,
                                     const struct weir_address *agreement,
                                     const struct weir_hash *tx,
                                     struct weir_settlement *settlement)
{
    struct weir_rpc_receipt receipt;
    struct weir_settlement found = {0};
    enum weir_err err = fetch_receipt(client, scope, tx, &receipt);
    if (err == WEIR_OK)
        err = read_logs(scope, agreement, &receipt, &found);
    if (err != WEIR_OK)
        return err;
    found.block_number = receipt.block_number;
    found.block_hash = receipt.block_hash;
    found.gas_used = receipt.gas_used;
    found.gas_price = receipt.gas_price;
    found.has_succeeded = receipt.succeeded;
    *settlement = found;
    return WEIR_OK;
}

static bool answers_query(const struct weir_settled_query *query,
                          const struct weir_settled *settled)
{
    struct weir_word others = weir_word_minus(settled->fresh, query->mask);
    return settled->word == query->word && settled->tier >= query->tier &&
           !weir_word_equal(others, settled->fresh);
}

static bool find_in_logs(const struct weir_settled_query *query,
                         const struct weir_rpc_logs *logs,
                         struct weir_hash *tx)
{
    for (size_t i = 0; i < logs->count; i++) {
        struct weir_scope quiet = {0}; /* a log we cannot read is not the one */
        struct weir_settled settled;
        if (!is_event(&logs->items[i], &query->agreement, &settled_topic) ||
            weir_settled_read(&quiet, &logs->items[i].log, &settled) != WEIR_OK ||
            !answers_query(query, &settled))
            continue;
        *tx = logs->items[i].tx_hash;
        return true;
    }
    return false;
}

/* What is found is looked at again by its receipt, so a node that leaves logs out only delays. */
enum weir_err weir_client_find_settled(struct weir_client *client,
                                       struct weir_scope *scope,
                                       const struct weir_settled_query *query,
                                       struct weir_hash *tx)
{
    if (query->to_block < query->from_block ||
        query->to_block - query->from_block >= WEIR_CLIENT_BLOCKS_MAX)
        return weir_fail(scope, WEIR_E_RANGE, "blocks %" PRIu64 " to %" PRIu64 " are no range",
                         query->from_block, query->to_block);
    for (uint64_t from = query->from_block; from <= query->to_block; from += BLOCKS_AT_ONCE) {
        struct weir_rpc_batch batch = {0};
        struct weir_rpc_logs logs = {0};
        struct weir_rpc_filter filter = {query->agreement, settled_topic, from,
                                         from + BLOCKS_AT_ONCE - 1};
        if (filter.to_block > query->to_block)
            filter.to_block = query->to_block;
        if (weir_rpc_logs(scope, &batch, &filter, &logs) == NULL)
            return scope->err;
        enum weir_err err = weir_client_exchange(client, scope, &batch);
        if (err == WEIR_OK)
            err = weir_rpc_require(scope, &batch.calls[0]);
        if (err != WEIR_OK)
            return err;
        if (find_in_logs(query, &logs, tx))
            return WEIR_OK;
    }
    return weir_fail(scope, WEIR_E_NOT_FOUND, "no settlement in blocks %" PRIu64 " to %" PRIu64,
                     query->from_block, query->to_block);
}

static enum weir_err fetch_block_of(struct weir_client *client,
                                    struct weir_scope *scope,
                                    const struct weir_rpc_receipt *receipt,
                                    struct weir_rpc_block *block)
{
    struct weir_rpc_batch batch = {0};
    if (weir_rpc_block_by_hash(scope, &batch, &receipt->block_hash, block) == NULL)
        return scope->err;
    enum weir_err err = weir_client_exchange(client, scope, &batch);
    if (err == WEIR_OK)
        err = weir_rpc_require(scope, &batch.calls[0]);
    if (err == WEIR_OK && block->header.length == 0)
        err = weir_fail(scope, WEIR_E_RECOMPUTE,
                        "the header members of block %" PRIu64 " do not lead to its hash",
                        receipt->block_number);
    if (err == WEIR_OK && receipt->index >= block->tx_count)
        err = weir_fail(scope, WEIR_E_RECOMPUTE, "transaction %" PRIu64 " of %u", receipt->index,
                        block->tx_count);
    return err;
}

/* One receipt per transaction, for nodes that do not give them all at once. */
static enum weir_err fetch_each_receipt(struct weir_client *client,
                                        struct weir_scope *scope,
                                        const struct weir_rpc_block *block,
                                        struct weir_rpc_receipts *receipts)
{
    receipts->items = weir_take(scope, block->tx_count, sizeof(*receipts->items));
    receipts->count = block->tx_count;
    enum weir_err err = receipts->items == NULL ? scope->err : WEIR_OK;
    for (size_t first = 0; err == WEIR_OK && first < block->tx_count; first += CALLS_AT_ONCE) {
        size_t left = block->tx_count - first;
        size_t count = left < CALLS_AT_ONCE ? left : CALLS_AT_ONCE;
        struct weir_rpc_batch batch = {0};
        for (size_t i = 0; i < count; i++)
            if (weir_rpc_receipt_of(scope, &batch, &block->tx_hashes[first + i],
                                    &receipts->items[first + i]) == NULL)
                return scope->err;
        err = weir_client_exchange(client, scope, &batch);
        for (size_t i = 0; err == WEIR_OK && i < count; i++)
            err = weir_rpc_require(scope, &batch.calls[i]);
    }
    return err;
}

static enum weir_err fetch_receipts(struct weir_client *client,
                                    struct weir_scope *scope,
                                    const struct weir_rpc_block *block,
                                    struct weir_rpc_receipts *receipts)
{
    struct weir_rpc_batch batch = {0};
    if (block->tx_count > WEIR_RPC_RECEIPTS_MAX)
        return weir_fail(scope, WEIR_E_LIMIT, "a block of %u transactions", block->tx_count);
    if (weir_rpc_block_receipts(scope, &batch, &block->hash, receipts) == NULL)
        return scope->err;
    enum weir_err err = weir_client_exchange(client, scope, &batch);
    if (err != WEIR_OK)
        return err;
    const struct weir_rpc_call *call = &batch.calls[0];
    bool is_whole =
        call->class == WEIR_RPC_ANSWERED && !call->is_null && receipts->count == block->tx_count;
    return is_whole ? WEIR_OK : fetch_each_receipt(client, scope, block, receipts);
}

/* The bytes of a receipt as they stand in the trie. */
static enum weir_err write_receipt(struct weir_scope *scope,
                                   const struct weir_rpc_receipt *from,
                                   struct weir_slice *bytes)
{
    struct weir_buffer logs = {.capacity_max = RECEIPT_BYTES_MAX};
    struct weir_buffer buffer = {.capacity_max = RECEIPT_BYTES_MAX};
    struct weir_receipt receipt = {.type = from->type,
                                   .has_succeeded = from->succeeded,
                                   .cumulative_gas = from->gas_used_cumulative,
                                   .log_count = from->log_count};
    for (size_t i = 0; i < WEIR_BLOOM_BYTES; i++)
        receipt.bloom[i] = from->bloom[i];
    enum weir_err err = WEIR_OK;
    for (size_t i = 0; err == WEIR_OK && i < from->log_count; i++)
        err = weir_receipt_put_log(scope, &from->logs[i].log, &logs);
    receipt.logs = weir_buffer_slice(&logs);
    if (err == WEIR_OK)
        err = weir_receipt_write(scope, &receipt, &buffer);
    *bytes = weir_buffer_slice(&buffer);
    return err;
}

static enum weir_err prove(struct weir_scope *scope,
                           const struct weir_rpc_receipts *receipts,
                           struct weir_payment *payment)
{
    struct weir_slice *items = weir_take(scope, receipts->count, sizeof(*items));
    enum weir_err err = items == NULL ? scope->err : WEIR_OK;
    for (size_t i = 0; err == WEIR_OK && i < receipts->count; i++)
        err = write_receipt(scope, &receipts->items[i], &items[i]);
    if (err == WEIR_OK)
        err = weir_receipt_prove(scope, items, receipts->count, payment);
    return err;
}

enum weir_err weir_client_payment(struct weir_client *client,
                                  struct weir_scope *scope,
                                  const struct weir_address *agreement,
                                  const struct weir_hash *tx,
                                  struct weir_payment *payment)
{
    struct weir_rpc_receipt receipt;
    struct weir_rpc_block block;
    struct weir_rpc_receipts receipts = {0};
    struct weir_settlement settlement = {0};
    struct weir_header header;
    struct weir_settled settled;
    enum weir_err err = fetch_receipt(client, scope, tx, &receipt);
    if (err == WEIR_OK)
        err = read_logs(scope, agreement, &receipt, &settlement);
    if (err == WEIR_OK && settlement.log_count == 0)
        err = weir_fail(scope, WEIR_E_PAYMENT, "the transaction settled nothing of the agreement");
    if (err == WEIR_OK)
        err = fetch_block_of(client, scope, &receipt, &block);
    if (err == WEIR_OK)
        err = fetch_receipts(client, scope, &block, &receipts);
    if (err != WEIR_OK)
        return err;
    struct weir_payment found = {.header = block.header,
                                 .transaction_index = receipt.index,
                                 .log_index = settlement.logs[0].log_index};
    err = prove(scope, &receipts, &found);
    if (err == WEIR_OK)
        err = weir_payment_verify(scope, &found, agreement, &header, &settled);
    if (err == WEIR_OK)
        *payment = found;
    return err;
}
