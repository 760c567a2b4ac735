/* JSON-RPC 2.0 with a node of an EVM chain: a batch of typed calls printed to one request body, and
 * the strict reading of its answer.  Quantities are hex texts without leading zeros, data has whole
 * bytes, every id is answered exactly once, nothing is ever a float.  Each call ends with its own
 * class, so that one refused call leaves the others usable.  Printing and reading are pure; only
 * weir_rpc_call does I/O.  Limits: WEIR_RPC_CALLS_MAX calls, the body cap of the request.  Floor 2.
 */
#ifndef WEIR_RAILS_EVM_RPC_H
#define WEIR_RAILS_EVM_RPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attest/address.h"
#include "attest/receipt.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"

#define WEIR_RPC_CALLS_MAX 64
#define WEIR_RPC_URL_BYTES_MAX 1024
#define WEIR_RPC_TEXT_BYTES 200
#define WEIR_RPC_LOGS_MAX 4096
#define WEIR_RPC_RECEIPTS_MAX 4096

struct weir_http;
struct weir_http_result;

/* How a call ended.  The texts of clients that lead to each class are a table in rpc_class.c. */
enum weir_rpc_class {
    WEIR_RPC_ANSWERED = 0, /* a result, perhaps null */
    WEIR_RPC_NONCE_LOW = 1,
    WEIR_RPC_NONCE_HIGH = 2,
    WEIR_RPC_UNDERPRICED = 3, /* replacement, pool minimum, or below the base fee */
    WEIR_RPC_KNOWN = 4,       /* the same transaction is in the pool or the chain already */
    WEIR_RPC_FUNDS = 5,
    WEIR_RPC_REVERTED = 6, /* `data` holds what the contract said */
    WEIR_RPC_LIMIT = 7,    /* rate, pool or size limit of the node */
    WEIR_RPC_UNSUPPORTED = 8,
    WEIR_RPC_FATAL = 9,    /* the transaction itself is wrong: chain id, signature, gas */
    WEIR_RPC_NETWORK = 10, /* no or no proper answer: transport, HTTP status, JSON, ids */
    WEIR_RPC_OTHER = 11,   /* an error text nobody wrote a rule for */
};

const char *weir_rpc_class_name(enum weir_rpc_class class);

/* Pure: by code and by text, anywhere in message and nested data, in any case. */
enum weir_rpc_class
weir_rpc_classify(int64_t code, struct weir_slice message, struct weir_slice data);

/* What a result must look like, and the type behind `out`. */
enum weir_rpc_want {
    WEIR_RPC_WANT_U64 = 1,      /* uint64_t */
    WEIR_RPC_WANT_U128 = 2,     /* unsigned __int128; larger numbers saturate */
    WEIR_RPC_WANT_HASH = 3,     /* struct weir_hash */
    WEIR_RPC_WANT_BYTES = 4,    /* struct weir_slice in the arena */
    WEIR_RPC_WANT_BLOCK = 5,    /* struct weir_rpc_block */
    WEIR_RPC_WANT_RECEIPT = 6,  /* struct weir_rpc_receipt */
    WEIR_RPC_WANT_RECEIPTS = 7, /* struct weir_rpc_receipts */
    WEIR_RPC_WANT_TIP = 8,   /* unsigned __int128 from eth_feeHistory: the median nonzero reward */
    WEIR_RPC_WANT_TX = 9,    /* struct weir_rpc_tx */
    WEIR_RPC_WANT_LOGS = 10, /* struct weir_rpc_logs */
};

struct weir_rpc_block {
    uint64_t number;
    struct weir_hash hash;
    struct weir_hash parent;
    struct weir_hash receipts_root;
    uint64_t timestamp_s;
    unsigned __int128 base_fee; /* 0 before London */
    struct weir_slice
        header; /* RLP whose keccak is `hash`; empty when the fields do not lead there */
    uint32_t tx_count;
    struct weir_hash *tx_hashes; /* tx_count of them, in order */
};

struct weir_rpc_log {
    struct weir_chain_log log;
    struct weir_hash tx_hash;
    struct weir_hash block_hash;
    uint64_t index; /* in its block */
};

struct weir_rpc_receipt {
    struct weir_hash tx_hash;
    struct weir_hash block_hash;
    uint64_t block_number;
    uint64_t index; /* in its block */
    uint8_t type;
    bool succeeded;
    uint64_t gas_used;
    uint64_t gas_used_cumulative;
    unsigned __int128 gas_price; /* effective */
    bool has_contract;
    struct weir_address contract; /* created */
    uint8_t bloom[WEIR_BLOOM_BYTES];
    struct weir_rpc_log *logs;
    size_t log_count;
};

struct weir_rpc_receipts {
    struct weir_rpc_receipt *items; /* in the order of their index, none missing */
    size_t count;
};

struct weir_rpc_logs {
    struct weir_rpc_log *items;
    size_t count;
};

struct weir_rpc_tx {
    struct weir_hash hash;
    bool is_mined;
    struct weir_hash block_hash;
    uint64_t block_number;
    uint64_t nonce;
    struct weir_address from;
};

/* One call of a batch. */
struct weir_rpc_call {
    const char *method;
    const char *params; /* JSON text */
    enum weir_rpc_want want;
    void *out; /* written only when `class` is ANSWERED and the result is not null */
    /* Set by reading the answer. */
    enum weir_rpc_class class;
    bool is_null; /* answered, and there is no such thing */
    int64_t code;
    char text[WEIR_RPC_TEXT_BYTES]; /* of an error, printable ASCII */
    struct weir_slice data;         /* of an error: revert data, in the arena */
};

/* `{0}` is a valid empty batch. */
struct weir_rpc_batch {
    struct weir_rpc_call calls[WEIR_RPC_CALLS_MAX];
    size_t count;
    uint64_t first_id;
    uint32_t retry_after_s; /* asked for by the node; 0 when not */
};

/* Which block a state is read at. */
enum weir_rpc_at {
    WEIR_RPC_LATEST = 0,
    WEIR_RPC_PENDING = 1,
    WEIR_RPC_FINALIZED = 2,
    WEIR_RPC_NUMBER = 3,
};

struct weir_rpc_tag {
    enum weir_rpc_at at;
    uint64_t number; /* NUMBER */
};

/* A message call or a creation as eth_call takes it. */
struct weir_rpc_message {
    bool has_from;
    struct weir_address from;
    bool is_creation;
    struct weir_address to;
    uint64_t gas;              /* 0: the node's own */
    unsigned __int128 fee_cap; /* 0: not said */
    unsigned __int128 tip;
    unsigned __int128 value;
    struct weir_slice data;
};

/* Add one call and return it, or NULL after recording LIMIT or MEMORY.  `out` must outlive the
 * reading.  Addresses and hashes are copied. */
struct weir_rpc_call *
weir_rpc_chain_id(struct weir_scope *scope, struct weir_rpc_batch *batch, uint64_t *out);
struct weir_rpc_call *
weir_rpc_block_number(struct weir_scope *scope, struct weir_rpc_batch *batch, uint64_t *out);
struct weir_rpc_call *weir_rpc_block_at(struct weir_scope *scope,
                                        struct weir_rpc_batch *batch,
                                        struct weir_rpc_tag tag,
                                        struct weir_rpc_block *out);
struct weir_rpc_call *weir_rpc_block_by_hash(struct weir_scope *scope,
                                             struct weir_rpc_batch *batch,
                                             const struct weir_hash *hash,
                                             struct weir_rpc_block *out);
struct weir_rpc_call *weir_rpc_nonce(struct weir_scope *scope,
                                     struct weir_rpc_batch *batch,
                                     const struct weir_address *address,
                                     struct weir_rpc_tag tag,
                                     uint64_t *out);
struct weir_rpc_call *weir_rpc_balance(struct weir_scope *scope,
                                       struct weir_rpc_batch *batch,
                                       const struct weir_address *address,
                                       struct weir_rpc_tag tag,
                                       unsigned __int128 *out);
struct weir_rpc_call *weir_rpc_code(struct weir_scope *scope,
                                    struct weir_rpc_batch *batch,
                                    const struct weir_address *address,
                                    struct weir_rpc_tag tag,
                                    struct weir_slice *out);
struct weir_rpc_call *weir_rpc_eth_call(struct weir_scope *scope,
                                        struct weir_rpc_batch *batch,
                                        const struct weir_rpc_message *message,
                                        struct weir_rpc_tag tag,
                                        struct weir_slice *out);
struct weir_rpc_call *weir_rpc_estimate(struct weir_scope *scope,
                                        struct weir_rpc_batch *batch,
                                        const struct weir_rpc_message *message,
                                        struct weir_rpc_tag tag,
                                        uint64_t *out);
/* Median nonzero reward at the 50th percentile of the last 8 blocks. */
struct weir_rpc_call *
weir_rpc_tip(struct weir_scope *scope, struct weir_rpc_batch *batch, unsigned __int128 *out);
struct weir_rpc_call *
weir_rpc_gas_price(struct weir_scope *scope, struct weir_rpc_batch *batch, unsigned __int128 *out);
struct weir_rpc_call *weir_rpc_send_raw(struct weir_scope *scope,
                                        struct weir_rpc_batch *batch,
                                        struct weir_slice raw,
                                        struct weir_hash *out);
struct weir_rpc_call *weir_rpc_receipt_of(struct weir_scope *scope,
                                          struct weir_rpc_batch *batch,
                                          const struct weir_hash *tx,
                                          struct weir_rpc_receipt *out);
struct weir_rpc_call *weir_rpc_block_receipts(struct weir_scope *scope,
                                              struct weir_rpc_batch *batch,
                                              const struct weir_hash *block,
                                              struct weir_rpc_receipts *out);
struct weir_rpc_call *weir_rpc_tx_of(struct weir_scope *scope,
                                     struct weir_rpc_batch *batch,
                                     const struct weir_hash *tx,
                                     struct weir_rpc_tx *out);

/* Which logs; blocks from..to, both included. */
struct weir_rpc_filter {
    struct weir_address address;
    struct weir_hash topic; /* the first */
    uint64_t from_block;
    uint64_t to_block;
};
struct weir_rpc_call *weir_rpc_logs(struct weir_scope *scope,
                                    struct weir_rpc_batch *batch,
                                    const struct weir_rpc_filter *filter,
                                    struct weir_rpc_logs *out);

/* Pure.  The body of the request; a batch of one is a plain object.  Errors: MEMORY, LIMIT. */
WEIR_CHECKED enum weir_err weir_rpc_print(struct weir_scope *scope,
                                          const struct weir_rpc_batch *batch,
                                          struct weir_slice *body);

/* Pure.  Reads an answer into every call of the batch.  Bytes that are no proper answer to exactly
 * this batch (JSON, ids, shape of a result) give every call it concerns the class NETWORK and are
 * no failure of the function.  Errors: MEMORY. */
WEIR_CHECKED enum weir_err
weir_rpc_read(struct weir_scope *scope, struct weir_rpc_batch *batch, struct weir_slice answer);

/* Gives every call the class NETWORK (or LIMIT for 429) for an HTTP exchange without an answer,
 * else reads the body.  Errors: MEMORY. */
WEIR_CHECKED enum weir_err weir_rpc_take(struct weir_scope *scope,
                                         struct weir_rpc_batch *batch,
                                         const struct weir_http_result *result);

/* Where and how to ask. */
struct weir_rpc_endpoint {
    const char *url;
    bool allow_private;
    uint32_t timeout_ms;   /* of one exchange; 0: 10 s */
    size_t body_bytes_max; /* 0: 8 MiB */
};

/* Prints the batch and submits it to `http`.  Errors: those of weir_rpc_print, weir_http_submit. */
WEIR_CHECKED enum weir_err weir_rpc_submit(struct weir_http *http,
                                           struct weir_scope *scope,
                                           const struct weir_rpc_endpoint *endpoint,
                                           struct weir_rpc_batch *batch,
                                           uint32_t *ticket);

/* Submits, waits, reads.  Errors: as above; what the node answered is in the calls. */
WEIR_CHECKED enum weir_err weir_rpc_exchange(struct weir_http *http,
                                             struct weir_scope *scope,
                                             const struct weir_rpc_endpoint *endpoint,
                                             struct weir_rpc_batch *batch);

/* OK when the call was answered and is not null; otherwise records NETWORK, RPC, REVERT, FUNDS or
 * NOT_FOUND with the method and the text. */
WEIR_CHECKED enum weir_err weir_rpc_require(struct weir_scope *scope,
                                            const struct weir_rpc_call *call);

#endif /* WEIR_RAILS_EVM_RPC_H */
