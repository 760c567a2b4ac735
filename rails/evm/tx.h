/* Ethereum transactions as bytes: building and reading the fee-market type (EIP-1559, type 2), and
 * reading legacy ones (with or without the chain id of EIP-155).  One transaction has one byte
 * sequence; the reader refuses every other.  Pure: no key, no clock, no network. */
#ifndef WEIR_RAILS_EVM_TX_H
#define WEIR_RAILS_EVM_TX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attest/address.h"
#include "attest/secp.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"

#define WEIR_EVM_TX_BYTES_MAX 131072 /* what nodes accept from a stranger */

enum weir_evm_tx_type {
    WEIR_EVM_TX_LEGACY = 0,
    WEIR_EVM_TX_DYNAMIC_FEE = 2,
};

struct weir_evm_tx {
    uint8_t type;      /* enum weir_evm_tx_type */
    uint64_t chain_id; /* 0: a legacy transaction without one */
    uint64_t nonce;
    unsigned __int128 max_priority_fee; /* wei per gas; a legacy gas price stands in both */
    unsigned __int128 max_fee;
    uint64_t gas_limit;
    bool is_creation; /* then `to` means nothing */
    struct weir_address to;
    unsigned __int128 value; /* wei */
    struct weir_slice data;
    struct weir_slice access_list; /* RLP items, without their list prefix; borrowed */
};

struct weir_evm_signed_tx {
    struct weir_evm_tx tx; /* slices point into the bytes that were read */
    struct weir_signature signature;
    struct weir_address sender;
    struct weir_hash hash;
};

/* What the sender signs, for type 2.  Errors: RANGE (another type), LIMIT, MEMORY. */
WEIR_CHECKED enum weir_err weir_evm_tx_digest(struct weir_scope *scope,
                                              const struct weir_evm_tx *tx,
                                              struct weir_hash *digest);

/* Appends the transaction, type 2: with `signature` as it is sent (eth_sendRawTransaction), without
 * (NULL) as it is hashed for signing.  Errors: RANGE, LIMIT, MEMORY. */
WEIR_CHECKED enum weir_err weir_evm_tx_write(struct weir_scope *scope,
                                             const struct weir_evm_tx *tx,
                                             const struct weir_signature *signature,
                                             struct weir_buffer *buffer);

/* Reads a signed transaction and recovers its sender.  Also refused: a priority fee above the fee,
 * a nonce of 2^64 - 1 (EIP-2681), numbers that fit no amount of money (2^128 wei and more).
 * Errors: PARSE, RANGE, SIGNATURE, LIMIT. */
WEIR_CHECKED enum weir_err
weir_evm_tx_read(struct weir_scope *scope, struct weir_slice bytes, struct weir_evm_signed_tx *tx);

/* The transaction hash of signed bytes. */
struct weir_hash weir_evm_tx_hash(struct weir_slice bytes);

/* Address of the contract that `sender` creates with `nonce`.  Errors: MEMORY. */
WEIR_CHECKED enum weir_err weir_evm_created_address(struct weir_scope *scope,
                                                    const struct weir_address *sender,
                                                    uint64_t nonce,
                                                    struct weir_address *created);

#endif /* WEIR_RAILS_EVM_TX_H */
