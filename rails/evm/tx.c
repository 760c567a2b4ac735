#include "rails/evm/tx.h"

#include <string.h>

#include "attest/keccak.h"
#include "attest/rlp.h"

#define LIST_PREFIX 0xc0u
#define LEGACY_V 27 /* plus the parity, before EIP-155 */
#define EIP155_V 35 /* plus twice the chain id and the parity */
#define ACCESS_ITEMS_MAX 4096

/* The members of type 2 up to the access list. */
static enum weir_err
put_members(struct weir_scope *scope, const struct weir_evm_tx *tx, struct weir_buffer *members)
{
    enum weir_err err = weir_rlp_put_u64(scope, members, tx->chain_id);
    if (err == WEIR_OK)
        err = weir_rlp_put_u64(scope, members, tx->nonce);
    if (err == WEIR_OK)
        err = weir_rlp_put_u128(scope, members, tx->max_priority_fee);
    if (err == WEIR_OK)
        err = weir_rlp_put_u128(scope, members, tx->max_fee);
    if (err == WEIR_OK)
        err = weir_rlp_put_u64(scope, members, tx->gas_limit);
    if (err == WEIR_OK)
        err = weir_rlp_put_bytes(scope, members, tx->to.bytes,
                                 tx->is_creation ? 0 : WEIR_ADDRESS_BYTES);
    if (err == WEIR_OK)
        err = weir_rlp_put_u128(scope, members, tx->value);
    if (err == WEIR_OK)
        err = weir_rlp_put_bytes(scope, members, tx->data.data, tx->data.length);
    if (err == WEIR_OK)
        err = weir_rlp_put_list(scope, members, tx->access_list);
    return err;
}

static enum weir_err put_signature(struct weir_scope *scope,
                                   const struct weir_signature *signature,
                                   struct weir_buffer *members)
{
    struct weir_word r;
    struct weir_word s;
    unsigned parity;
    weir_signature_split(signature, r.bytes, s.bytes, &parity);
    enum weir_err err = weir_rlp_put_u64(scope, members, parity);
    if (err == WEIR_OK)
        err = weir_rlp_put_word(scope, members, r);
    if (err == WEIR_OK)
        err = weir_rlp_put_word(scope, members, s);
    return err;
}

enum weir_err weir_evm_tx_write(struct weir_scope *scope,
                                const struct weir_evm_tx *tx,
                                const struct weir_signature *signature,
                                struct weir_buffer *buffer)
{
    if (tx->type != WEIR_EVM_TX_DYNAMIC_FEE)
        return weir_fail(scope, WEIR_E_RANGE, "transactions of type %u are only read", tx->type);
    struct weir_buffer members = {.capacity_max = WEIR_EVM_TX_BYTES_MAX};
    enum weir_err err = put_members(scope, tx, &members);
    if (err == WEIR_OK && signature != NULL)
        err = put_signature(scope, signature, &members);
    if (err == WEIR_OK)
        err = weir_buffer_u8(scope, buffer, WEIR_EVM_TX_DYNAMIC_FEE);
    if (err == WEIR_OK)
        err = weir_rlp_put_list(scope, buffer, weir_buffer_slice(&members));
    return err;
}

enum weir_err
weir_evm_tx_digest(struct weir_scope *scope, const struct weir_evm_tx *tx, struct weir_hash *digest)
{
    struct weir_buffer unsigned_bytes = {.capacity_max = WEIR_EVM_TX_BYTES_MAX};
    enum weir_err err = weir_evm_tx_write(scope, tx, NULL, &unsigned_bytes);
    if (err == WEIR_OK)
        *digest = weir_keccak_of(unsigned_bytes.data, unsigned_bytes.length);
    return err;
}

struct weir_hash weir_evm_tx_hash(struct weir_slice bytes)
{
    return weir_keccak_of(bytes.data, bytes.length);
}

/* Empty bytes create a contract. */
static enum weir_err
get_recipient(struct weir_scope *scope, struct weir_slice *rest, struct weir_evm_tx *tx)
{
    struct weir_slice bytes;
    enum weir_err err = weir_rlp_get_bytes(scope, rest, &bytes);
    if (err != WEIR_OK)
        return err;
    if (bytes.length != 0 && bytes.length != WEIR_ADDRESS_BYTES)
        return weir_fail(scope, WEIR_E_PARSE, "a recipient of %zu bytes", bytes.length);
    tx->is_creation = bytes.length == 0;
    if (!tx->is_creation)
        memcpy(tx->to.bytes, bytes.data, WEIR_ADDRESS_BYTES);
    return WEIR_OK;
}

/* Gas limit, recipient, value and data stand in this order in every type. */
static enum weir_err
get_call(struct weir_scope *scope, struct weir_slice *rest, struct weir_evm_tx *tx)
{
    enum weir_err err = weir_rlp_get_u64(scope, rest, &tx->gas_limit);
    if (err == WEIR_OK)
        err = get_recipient(scope, rest, tx);
    if (err == WEIR_OK)
        err = weir_rlp_get_u128(scope, rest, &tx->value);
    if (err == WEIR_OK)
        err = weir_rlp_get_bytes(scope, rest, &tx->data);
    return err;
}

static enum weir_err get_numbers(struct weir_scope *scope,
                                 struct weir_slice *rest,
                                 struct weir_word *r,
                                 struct weir_word *s)
{
    enum weir_err err = weir_rlp_get_word(scope, rest, r);
    if (err == WEIR_OK)
        err = weir_rlp_get_word(scope, rest, s);
    if (err == WEIR_OK)
        err = weir_rlp_get_end(scope, *rest);
    return err;
}

/* EIP-2930: a list of pairs of an address and a list of 32-byte keys. */
static enum weir_err check_access_list(struct weir_scope *scope, struct weir_slice list)
{
    size_t items = 0;
    while (list.length > 0) {
        struct weir_slice pair;
        struct weir_slice keys;
        uint8_t address[WEIR_ADDRESS_BYTES];
        uint8_t key[WEIR_WORD_BYTES];
        enum weir_err err = weir_rlp_get_list(scope, &list, &pair);
        if (err == WEIR_OK)
            err = weir_rlp_get_fixed(scope, &pair, address, sizeof(address));
        if (err == WEIR_OK)
            err = weir_rlp_get_list(scope, &pair, &keys);
        if (err == WEIR_OK)
            err = weir_rlp_get_end(scope, pair);
        while (err == WEIR_OK && keys.length > 0 && items++ < ACCESS_ITEMS_MAX)
            err = weir_rlp_get_fixed(scope, &keys, key, sizeof(key));
        if (err != WEIR_OK)
            return weir_note(scope, "access list");
        if (items++ >= ACCESS_ITEMS_MAX)
            return weir_fail(scope, WEIR_E_LIMIT, "an access list of more than %d items",
                             ACCESS_ITEMS_MAX);
    }
    return WEIR_OK;
}

static enum weir_err
read_dynamic_fee(struct weir_scope *scope, struct weir_slice rest, struct weir_evm_signed_tx *read)
{
    struct weir_evm_tx *tx = &read->tx;
    tx->type = WEIR_EVM_TX_DYNAMIC_FEE;
    uint64_t parity = 0;
    struct weir_word r;
    struct weir_word s;
    enum weir_err err = weir_rlp_get_u64(scope, &rest, &tx->chain_id);
    if (err == WEIR_OK)
        err = weir_rlp_get_u64(scope, &rest, &tx->nonce);
    if (err == WEIR_OK)
        err = weir_rlp_get_u128(scope, &rest, &tx->max_priority_fee);
    if (err == WEIR_OK)
        err = weir_rlp_get_u128(scope, &rest, &tx->max_fee);
    if (err == WEIR_OK)
        err = get_call(scope, &rest, tx);
    if (err == WEIR_OK)
        err = weir_rlp_get_list(scope, &rest, &tx->access_list);
    if (err == WEIR_OK)
        err = check_access_list(scope, tx->access_list);
    if (err == WEIR_OK)
        err = weir_rlp_get_u64(scope, &rest, &parity);
    if (err == WEIR_OK)
        err = get_numbers(scope, &rest, &r, &s);
    if (err != WEIR_OK)
        return err;
    if (parity > 1)
        return weir_fail(scope, WEIR_E_SIGNATURE, "a parity above 1");
    if (tx->max_priority_fee > tx->max_fee)
        return weir_fail(scope, WEIR_E_RANGE, "the priority fee is above the fee");
    err = weir_signature_join(scope, r.bytes, s.bytes, (unsigned)parity, &read->signature);
    if (err != WEIR_OK)
        return err;
    struct weir_hash digest;
    err = weir_evm_tx_digest(scope, tx, &digest);
    if (err != WEIR_OK)
        return err;
    return weir_secp_recover(scope, &digest, &read->signature, &read->sender);
}

/* v carries the parity, and since EIP-155 the chain id. */
static enum weir_err
read_v(struct weir_scope *scope, struct weir_word word, uint64_t *chain_id, unsigned *parity)
{
    uint64_t v = 0;
    if (!weir_word_get_u64(word, UINT64_MAX, &v) || v < LEGACY_V ||
        (v > LEGACY_V + 1 && v < EIP155_V))
        return weir_fail(scope, WEIR_E_SIGNATURE, "a value of v that no signature has");
    bool has_chain = v >= EIP155_V;
    *chain_id = has_chain ? (v - EIP155_V) / 2 : 0;
    *parity = (unsigned)(has_chain ? (v - EIP155_V) % 2 : v - LEGACY_V);
    if (has_chain && *chain_id == 0)
        return weir_fail(scope, WEIR_E_SIGNATURE, "a transaction for chain 0");
    return WEIR_OK;
}

/* The first six members stand in what was read; what is signed ends with them or, since EIP-155,
 * with the chain id and two zeros. */
static enum weir_err legacy_digest(struct weir_scope *scope,
                                   struct weir_slice members,
                                   uint64_t chain_id,
                                   struct weir_hash *digest)
{
    struct weir_buffer items = {.capacity_max = WEIR_EVM_TX_BYTES_MAX};
    struct weir_buffer list = {.capacity_max = WEIR_EVM_TX_BYTES_MAX};
    enum weir_err err = weir_buffer_put(scope, &items, members.data, members.length);
    if (err == WEIR_OK && chain_id != 0) {
        err = weir_rlp_put_u64(scope, &items, chain_id);
        for (int zero = 0; zero < 2 && err == WEIR_OK; zero++)
            err = weir_rlp_put_u64(scope, &items, 0);
    }
    if (err == WEIR_OK)
        err = weir_rlp_put_list(scope, &list, weir_buffer_slice(&items));
    if (err == WEIR_OK)
        *digest = weir_keccak_of(list.data, list.length);
    return err;
}

static enum weir_err
read_legacy(struct weir_scope *scope, struct weir_slice rest, struct weir_evm_signed_tx *read)
{
    struct weir_evm_tx *tx = &read->tx;
    tx->type = WEIR_EVM_TX_LEGACY;
    const uint8_t *first = rest.data;
    struct weir_word v;
    struct weir_word r;
    struct weir_word s;
    unsigned parity = 0;
    struct weir_hash digest;
    enum weir_err err = weir_rlp_get_u64(scope, &rest, &tx->nonce);
    if (err == WEIR_OK)
        err = weir_rlp_get_u128(scope, &rest, &tx->max_fee);
    if (err == WEIR_OK)
        err = get_call(scope, &rest, tx);
    const struct weir_slice members = {first, (size_t)(rest.data - first)};
    if (err == WEIR_OK)
        err = weir_rlp_get_word(scope, &rest, &v);
    if (err == WEIR_OK)
        err = get_numbers(scope, &rest, &r, &s);
    if (err == WEIR_OK)
        err = read_v(scope, v, &tx->chain_id, &parity);
    if (err == WEIR_OK)
        err = weir_signature_join(scope, r.bytes, s.bytes, parity, &read->signature);
    if (err == WEIR_OK)
        err = legacy_digest(scope, members, tx->chain_id, &digest);
    if (err != WEIR_OK)
        return err;
    tx->max_priority_fee = tx->max_fee;
    return weir_secp_recover(scope, &digest, &read->signature, &read->sender);
}

enum weir_err
weir_evm_tx_read(struct weir_scope *scope, struct weir_slice bytes, struct weir_evm_signed_tx *tx)
{
    if (bytes.length > WEIR_EVM_TX_BYTES_MAX)
        return weir_fail(scope, WEIR_E_LIMIT, "a transaction of %zu bytes", bytes.length);
    struct weir_evm_signed_tx read = {.hash = weir_evm_tx_hash(bytes)};
    struct weir_slice rest = bytes;
    bool is_legacy = rest.length > 0 && rest.data[0] >= LIST_PREFIX;
    if (!is_legacy && (rest.length == 0 || rest.data[0] != WEIR_EVM_TX_DYNAMIC_FEE))
        return weir_fail(scope, WEIR_E_PARSE, "a transaction that is neither legacy nor type 2");
    if (!is_legacy) {
        rest.data++;
        rest.length--;
    }
    struct weir_slice members;
    enum weir_err err = weir_rlp_get_list(scope, &rest, &members);
    if (err == WEIR_OK)
        err = weir_rlp_get_end(scope, rest);
    if (err == WEIR_OK)
        err = is_legacy ? read_legacy(scope, members, &read)
                        : read_dynamic_fee(scope, members, &read);
    if (err != WEIR_OK)
        return weir_note(scope, "transaction");
    if (read.tx.nonce == UINT64_MAX)
        return weir_fail(scope, WEIR_E_RANGE, "transaction: the nonce is 2^64 - 1 (EIP-2681)");
    *tx = read;
    return WEIR_OK;
}

enum weir_err weir_evm_created_address(struct weir_scope *scope,
                                       const struct weir_address *sender,
                                       uint64_t nonce,
                                       struct weir_address *created)
{
    struct weir_buffer items = {.capacity_max = 0};
    struct weir_buffer list = {.capacity_max = 0};
    enum weir_err err = weir_rlp_put_bytes(scope, &items, sender->bytes, WEIR_ADDRESS_BYTES);
    if (err == WEIR_OK)
        err = weir_rlp_put_u64(scope, &items, nonce);
    if (err == WEIR_OK)
        err = weir_rlp_put_list(scope, &list, weir_buffer_slice(&items));
    if (err != WEIR_OK)
        return err;
    struct weir_hash hash = weir_keccak_of(list.data, list.length);
    memcpy(created->bytes, hash.bytes + WEIR_HASH_BYTES - WEIR_ADDRESS_BYTES, WEIR_ADDRESS_BYTES);
    return WEIR_OK;
}
