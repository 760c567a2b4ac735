/* Receipts and their logs, as they stand in a block's receipt trie, and the one log that matters
 * here: `Settled` of an agreement.  With weir_trie_verify and a block header this shows a payment
 * from a file alone; what remains to trust is the block's hash.  Floor 1: pure. */
#ifndef WEIR_ATTEST_RECEIPT_H
#define WEIR_ATTEST_RECEIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attest/address.h"
#include "attest/header.h"
#include "attest/trie.h"
#include "attest/word.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"

#define WEIR_RECEIPT_LOGS_MAX 65536
#define WEIR_LOG_TOPICS_MAX 4
#define WEIR_BLOOM_BYTES 256
#define WEIR_SETTLED_EVENT "Settled(uint64,uint256,uint8,bytes32,uint256,uint256)"

struct weir_chain_log {
    struct weir_address address;
    size_t topic_count;
    struct weir_hash topics[WEIR_LOG_TOPICS_MAX];
    struct weir_slice data;
};

struct weir_receipt {
    uint8_t type; /* 0 legacy, 1 to 4 by EIP-2718 */
    bool has_succeeded;
    uint64_t cumulative_gas;
    uint8_t bloom[WEIR_BLOOM_BYTES];
    size_t log_count;
    struct weir_slice logs; /* RLP items; see weir_receipt_log */
};

/* `Settled(word indexed, fresh, tier, evidenceRoot, due, paid)`. */
struct weir_settled {
    uint64_t word;
    struct weir_word fresh;
    uint8_t tier;
    struct weir_hash evidence_root;
    unsigned __int128 due; /* base units */
    unsigned __int128 paid;
};

/* A payment, as it is shown without asking anybody. */
struct weir_payment {
    struct weir_slice header; /* RLP of the block header */
    uint64_t transaction_index;
    uint64_t log_index; /* of the Settled log within the receipt, from 0 */
    struct weir_trie_proof proof;
};

/* Canonical bytes of a trie item: legacy RLP, or type byte and RLP.  Every log is checked.  Slices
 * point into `bytes`.  Errors: PARSE, LIMIT. */
WEIR_CHECKED enum weir_err
weir_receipt_read(struct weir_scope *scope, struct weir_slice bytes, struct weir_receipt *receipt);

/* The bytes of a receipt from its members, as the prover needs them: `logs` holds the RLP items.
 * Errors: RANGE (type), LIMIT, MEMORY. */
WEIR_CHECKED enum weir_err weir_receipt_write(struct weir_scope *scope,
                                              const struct weir_receipt *receipt,
                                              struct weir_buffer *buffer);
/* Appends one log to a buffer that becomes `logs`. */
WEIR_CHECKED enum weir_err weir_receipt_put_log(struct weir_scope *scope,
                                                const struct weir_chain_log *log,
                                                struct weir_buffer *logs);

/* Log number `index` of a receipt that was read.  Errors: RANGE, PARSE. */
WEIR_CHECKED enum weir_err weir_receipt_log(struct weir_scope *scope,
                                            const struct weir_receipt *receipt,
                                            uint64_t index,
                                            struct weir_chain_log *log);

/* Errors: PARSE (it is another event, or not encoded as Solidity does). */
WEIR_CHECKED enum weir_err weir_settled_read(struct weir_scope *scope,
                                             const struct weir_chain_log *log,
                                             struct weir_settled *settled);

/* From the file alone: header -> receipts root -> receipt of a transaction that succeeded -> log of
 * `agreement` -> Settled.  `header` gets what was read, its hash computed; comparing that with a
 * trusted hash is the caller's step.  Errors: PARSE, INCLUSION, PAYMENT (another contract's log, a
 * failed transaction). */
WEIR_CHECKED enum weir_err weir_payment_verify(struct weir_scope *scope,
                                               const struct weir_payment *payment,
                                               const struct weir_address *agreement,
                                               struct weir_header *header,
                                               struct weir_settled *settled);

/* Builds `payment->proof` from all receipts of the block (canonical bytes, in order) and checks
 * that they lead to the header's receipts root.  Errors: INCLUSION, and those of weir_trie_prove
 * and weir_header_read. */
WEIR_CHECKED enum weir_err weir_receipt_prove(struct weir_scope *scope,
                                              const struct weir_slice *receipts,
                                              size_t receipt_count,
                                              struct weir_payment *payment);

#endif /* WEIR_ATTEST_RECEIPT_H */
