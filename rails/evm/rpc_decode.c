#include "rails/evm/rpc_json.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "attest/header.h"
#include "attest/keccak.h"
#include "attest/rlp.h"
#include "attest/word.h"
#include "base/arena.h"

#define FEE_BLOCKS_MAX 64
#define HEADER_TXS_MAX 65536

enum field_kind { FIELD_DATA, FIELD_NUMBER };

struct header_field {
    const char *name;
    enum field_kind kind;
};

/* The members of a block header in the order of their RLP: the 15 of the yellow paper, then what
 * each fork appended (London, Shanghai, Cancun three times, Prague). */
static const struct header_field header_fields[] = {
    {"parentHash", FIELD_DATA},
    {"sha3Uncles", FIELD_DATA},
    {"miner", FIELD_DATA},
    {"stateRoot", FIELD_DATA},
    {"transactionsRoot", FIELD_DATA},
    {"receiptsRoot", FIELD_DATA},
    {"logsBloom", FIELD_DATA},
    {"difficulty", FIELD_NUMBER},
    {"number", FIELD_NUMBER},
    {"gasLimit", FIELD_NUMBER},
    {"gasUsed", FIELD_NUMBER},
    {"timestamp", FIELD_NUMBER},
    {"extraData", FIELD_DATA},
    {"mixHash", FIELD_DATA},
    {"nonce", FIELD_DATA},
    {"baseFeePerGas", FIELD_NUMBER},
    {"withdrawalsRoot", FIELD_DATA},
    {"blobGasUsed", FIELD_NUMBER},
    {"excessBlobGas", FIELD_NUMBER},
    {"parentBeaconBlockRoot", FIELD_DATA},
    {"requestsHash", FIELD_DATA},
};
#define HEADER_FIELDS_ALWAYS 15

static bool put_header_field(struct weir_scope *scope,
                             const json_t *value,
                             enum field_kind kind,
                             struct weir_buffer *items)
{
    if (kind == FIELD_NUMBER) {
        unsigned __int128 number = 0;
        return weir_rpc_json_u128(value, &number) &&
               weir_rlp_put_u128(scope, items, number) == WEIR_OK;
    }
    struct weir_slice bytes = {0};
    return weir_rpc_json_bytes(scope, value, &bytes) &&
           weir_rlp_put_bytes(scope, items, bytes.data, bytes.length) == WEIR_OK;
}

/* The RLP of the header from its JSON members, when its keccak is the block's hash; empty where a
 * chain hashes more or other members than this table knows. */
static struct weir_slice
header_of(struct weir_scope *scope, const json_t *block, const struct weir_hash *hash)
{
    struct weir_buffer items = {.capacity_max = WEIR_HEADER_BYTES_MAX};
    struct weir_buffer header = {.capacity_max = WEIR_HEADER_BYTES_MAX};
    struct weir_scope quiet = {.arena = scope->arena};
    for (size_t i = 0; i < sizeof(header_fields) / sizeof(header_fields[0]); i++) {
        const json_t *value = json_object_get(block, header_fields[i].name);
        if ((value == NULL || json_is_null(value)) && i >= HEADER_FIELDS_ALWAYS)
            break;
        if (!put_header_field(&quiet, value, header_fields[i].kind, &items))
            return (struct weir_slice){0};
    }
    if (weir_rlp_put_list(&quiet, &header, weir_buffer_slice(&items)) != WEIR_OK)
        return (struct weir_slice){0};
    struct weir_hash computed = weir_keccak_of(header.data, header.length);
    return weir_hash_equal(&computed, hash) ? weir_buffer_slice(&header) : (struct weir_slice){0};
}

static bool
decode_tx_hashes(struct weir_scope *scope, const json_t *list, struct weir_rpc_block *block)
{
    size_t count = json_array_size(list);
    if (!json_is_array(list) || count > HEADER_TXS_MAX)
        return false;
    struct weir_hash *hashes = weir_take(scope, count, sizeof(*hashes));
    if (hashes == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!weir_rpc_json_hash(json_array_get(list, i), &hashes[i]))
            return false;
    block->tx_hashes = hashes;
    block->tx_count = (uint32_t)count;
    return true;
}

static bool decode_block(struct weir_scope *scope, const json_t *result, struct weir_rpc_block *out)
{
    struct weir_rpc_block block = {0};
    const json_t *base_fee = json_object_get(result, "baseFeePerGas");
    bool is_good =
        weir_rpc_json_u64(json_object_get(result, "number"), &block.number) &&
        weir_rpc_json_hash(json_object_get(result, "hash"), &block.hash) &&
        weir_rpc_json_hash(json_object_get(result, "parentHash"), &block.parent) &&
        weir_rpc_json_hash(json_object_get(result, "receiptsRoot"), &block.receipts_root) &&
        weir_rpc_json_u64(json_object_get(result, "timestamp"), &block.timestamp_s) &&
        (base_fee == NULL || weir_rpc_json_u128(base_fee, &block.base_fee)) &&
        decode_tx_hashes(scope, json_object_get(result, "transactions"), &block);
    if (!is_good)
        return false;
    block.header = header_of(scope, result, &block.hash);
    *out = block;
    return true;
}

static bool decode_log(struct weir_scope *scope, const json_t *value, struct weir_rpc_log *out)
{
    struct weir_rpc_log log = {0};
    const json_t *topics = json_object_get(value, "topics");
    log.log.topic_count = json_array_size(topics);
    if (!json_is_array(topics) || log.log.topic_count > WEIR_LOG_TOPICS_MAX)
        return false;
    for (size_t i = 0; i < log.log.topic_count; i++)
        if (!weir_rpc_json_hash(json_array_get(topics, i), &log.log.topics[i]))
            return false;
    bool is_good = weir_rpc_json_address(json_object_get(value, "address"), &log.log.address) &&
                   weir_rpc_json_bytes(scope, json_object_get(value, "data"), &log.log.data) &&
                   weir_rpc_json_hash(json_object_get(value, "transactionHash"), &log.tx_hash) &&
                   weir_rpc_json_hash(json_object_get(value, "blockHash"), &log.block_hash) &&
                   weir_rpc_json_u64(json_object_get(value, "logIndex"), &log.index);
    if (is_good)
        *out = log;
    return is_good;
}

static bool decode_logs(struct weir_scope *scope, const json_t *list, struct weir_rpc_logs *out)
{
    size_t count = json_array_size(list);
    if (!json_is_array(list) || count > WEIR_RPC_LOGS_MAX)
        return false;
    struct weir_rpc_log *items = weir_take(scope, count, sizeof(*items));
    if (items == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!decode_log(scope, json_array_get(list, i), &items[i]))
            return false;
    *out = (struct weir_rpc_logs){items, count};
    return true;
}

static bool decode_outcome(const json_t *value, struct weir_rpc_receipt *receipt)
{
    uint64_t status = 0;
    uint64_t type = 0;
    const json_t *type_text = json_object_get(value, "type");
    const json_t *price = json_object_get(value, "effectiveGasPrice");
    bool is_good =
        weir_rpc_json_u64(json_object_get(value, "status"), &status) && status <= 1 &&
        (type_text == NULL || weir_rpc_json_u64(type_text, &type)) && type < 128 &&
        weir_rpc_json_u64(json_object_get(value, "gasUsed"), &receipt->gas_used) &&
        weir_rpc_json_u64(json_object_get(value, "cumulativeGasUsed"),
                          &receipt->gas_used_cumulative) &&
        (price == NULL || weir_rpc_json_u128(price, &receipt->gas_price)) &&
        weir_rpc_json_fixed(json_object_get(value, "logsBloom"), receipt->bloom, WEIR_BLOOM_BYTES);
    receipt->succeeded = status == 1;
    receipt->type = (uint8_t)type;
    return is_good;
}

static bool
decode_receipt(struct weir_scope *scope, const json_t *value, struct weir_rpc_receipt *out)
{
    struct weir_rpc_receipt receipt = {0};
    struct weir_rpc_logs logs = {0};
    const json_t *created = json_object_get(value, "contractAddress");
    receipt.has_contract = created != NULL && !json_is_null(created);
    bool is_good =
        weir_rpc_json_hash(json_object_get(value, "transactionHash"), &receipt.tx_hash) &&
        weir_rpc_json_hash(json_object_get(value, "blockHash"), &receipt.block_hash) &&
        weir_rpc_json_u64(json_object_get(value, "blockNumber"), &receipt.block_number) &&
        weir_rpc_json_u64(json_object_get(value, "transactionIndex"), &receipt.index) &&
        (!receipt.has_contract || weir_rpc_json_address(created, &receipt.contract)) &&
        decode_outcome(value, &receipt) &&
        decode_logs(scope, json_object_get(value, "logs"), &logs);
    if (!is_good)
        return false;
    receipt.logs = logs.items;
    receipt.log_count = logs.count;
    *out = receipt;
    return true;
}

static bool
decode_receipts(struct weir_scope *scope, const json_t *list, struct weir_rpc_receipts *out)
{
    size_t count = json_array_size(list);
    if (!json_is_array(list) || count > WEIR_RPC_RECEIPTS_MAX)
        return false;
    struct weir_rpc_receipt *items = weir_take(scope, count, sizeof(*items));
    if (items == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!decode_receipt(scope, json_array_get(list, i), &items[i]) || items[i].index != i)
            return false;
    *out = (struct weir_rpc_receipts){items, count};
    return true;
}

static int compare_amounts(const void *a, const void *b)
{
    unsigned __int128 x;
    unsigned __int128 y;
    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return (x > y) - (x < y);
}

/* Zeros are left out: they come from empty blocks and say nothing about the price. */
static bool decode_tip(const json_t *result, unsigned __int128 *out)
{
    unsigned __int128 rewards[FEE_BLOCKS_MAX];
    size_t count = 0;
    if (!json_is_object(result))
        return false;
    const json_t *list = json_object_get(result, "reward"); /* left out by nodes without blocks */
    for (size_t i = 0; i < json_array_size(list) && i < FEE_BLOCKS_MAX; i++) {
        unsigned __int128 reward = 0;
        if (!weir_rpc_json_u128(json_array_get(json_array_get(list, i), 0), &reward))
            return false;
        if (reward != 0)
            rewards[count++] = reward;
    }
    qsort(rewards, count, sizeof(rewards[0]), compare_amounts);
    *out = count == 0 ? 0 : rewards[count / 2];
    return true;
}

static bool decode_tx(const json_t *value, struct weir_rpc_tx *out)
{
    struct weir_rpc_tx tx = {0};
    const json_t *block = json_object_get(value, "blockHash");
    tx.is_mined = block != NULL && !json_is_null(block);
    bool is_good = weir_rpc_json_hash(json_object_get(value, "hash"), &tx.hash) &&
                   weir_rpc_json_u64(json_object_get(value, "nonce"), &tx.nonce) &&
                   weir_rpc_json_address(json_object_get(value, "from"), &tx.from);
    if (is_good && tx.is_mined)
        is_good = weir_rpc_json_hash(block, &tx.block_hash) &&
                  weir_rpc_json_u64(json_object_get(value, "blockNumber"), &tx.block_number);
    if (is_good)
        *out = tx;
    return is_good;
}

bool weir_rpc_decode(struct weir_scope *scope, struct weir_rpc_call *call, const json_t *result)
{
    switch (call->want) {
    case WEIR_RPC_WANT_U64:
        return weir_rpc_json_u64(result, call->out);
    case WEIR_RPC_WANT_U128:
        return weir_rpc_json_u128(result, call->out);
    case WEIR_RPC_WANT_HASH:
        return weir_rpc_json_hash(result, call->out);
    case WEIR_RPC_WANT_BYTES:
        return weir_rpc_json_bytes(scope, result, call->out);
    case WEIR_RPC_WANT_BLOCK:
        return decode_block(scope, result, call->out);
    case WEIR_RPC_WANT_RECEIPT:
        return decode_receipt(scope, result, call->out);
    case WEIR_RPC_WANT_RECEIPTS:
        return decode_receipts(scope, result, call->out);
    case WEIR_RPC_WANT_TIP:
        return decode_tip(result, call->out);
    case WEIR_RPC_WANT_TX:
        return decode_tx(result, call->out);
    case WEIR_RPC_WANT_LOGS:
        return decode_logs(scope, result, call->out);
    }
    assert(0 && "a result that enum weir_rpc_want does not have");
    return false;
}
