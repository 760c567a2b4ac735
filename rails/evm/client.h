/* Reading an agreement and its chain as the node needs it, over one endpoint.  Remembers the
 * highest head and final block it was shown and refuses to go back (repeatable read); asks for the
 * chain id with every batch and refuses another one.  Owned by one duty.  Floor 2: I/O. */
#ifndef WEIR_RAILS_EVM_CLIENT_H
#define WEIR_RAILS_EVM_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attest/address.h"
#include "attest/receipt.h"
#include "attest/word.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"
#include "rails/evm/rpc.h"
#include "rails/job.h"

#define WEIR_CLIENT_WINDOWS_MAX 48 /* levels read by one call of weir_client_levels */
#define WEIR_CLIENT_BLOCKS_MAX 4096

struct weir_http;

/* What the final block was last time; to survive a restart the caller may store it. */
struct weir_client {
    struct weir_http *http; /* borrowed */
    struct weir_rpc_endpoint endpoint;
    uint64_t chain_id;
    uint32_t depth;  /* 0: the node's `finalized` */
    uint64_t serial; /* of the next call */
    bool has_final;
    struct weir_rail_head final_seen;
    bool is_violated; /* a final block changed: nothing may be signed until an operator says so */
};

/* Checks the chain id.  Errors: NETWORK, TIMEOUT, RPC, CHAIN. */
WEIR_CHECKED enum weir_err weir_client_connect(struct weir_client *client,
                                               struct weir_scope *scope);

/* One batch, waited for, with a question for the chain id that the caller does not see.  How each
 * call ended is in the call (weir_rpc_require).  Errors: NETWORK, RPC, CHAIN, LIMIT. */
WEIR_CHECKED enum weir_err weir_client_exchange(struct weir_client *client,
                                                struct weir_scope *scope,
                                                struct weir_rpc_batch *batch);

/* Takes a new final block; `seen` is the one of last time as the node shows it now, NULL when it
 * was not asked.  Errors: STALE (it went back), CHAIN (it was replaced; stays so). */
WEIR_CHECKED enum weir_err weir_client_take_final(struct weir_client *client,
                                                  struct weir_scope *scope,
                                                  const struct weir_rail_head *final,
                                                  const struct weir_rail_head *seen);

/* The heads now; `*final` is the genesis block on a chain shorter than the depth.
 * Errors: NETWORK, RPC, CHAIN, STALE (the node fell behind what it showed before). */
WEIR_CHECKED enum weir_err weir_client_heads(struct weir_client *client,
                                             struct weir_scope *scope,
                                             struct weir_rail_head *head,
                                             struct weir_rail_head *final);

/* Where the contract's state is read. */
enum weir_client_at { WEIR_CLIENT_PENDING, WEIR_CLIENT_LATEST, WEIR_CLIENT_FINAL };

/* Windows of one agreement, 1..WEIR_CLIENT_WINDOWS_MAX. */
struct weir_client_windows {
    struct weir_address agreement;
    const uint64_t *windows; /* borrowed */
    size_t window_count;
};

/* Tiers at which the windows stand; `levels` has window_count places.
 * Errors: as weir_client_heads, REVERT (no agreement there). */
WEIR_CHECKED enum weir_err weir_client_levels(struct weir_client *client,
                                              struct weir_scope *scope,
                                              const struct weir_client_windows *windows,
                                              enum weir_client_at at,
                                              uint8_t *levels);

/* One agreement as its chain shows it at one block. */
struct weir_agreement_state {
    struct weir_hash terms;    /* termsHash() */
    unsigned __int128 owed;    /* base units */
    unsigned __int128 balance; /* base units of the asset the agreement holds */
    bool has_code;
    struct weir_hash code_hash; /* keccak of its code */
};

/* `asset` zero: native.  Errors: as weir_client_levels. */
WEIR_CHECKED enum weir_err weir_client_agreement(struct weir_client *client,
                                                 struct weir_scope *scope,
                                                 const struct weir_address *agreement,
                                                 const struct weir_address *asset,
                                                 enum weir_client_at at,
                                                 struct weir_agreement_state *state);

/* The implementation that `factory` clones, with both codes checked: the implementation's against
 * the pinned hash.  Errors: as weir_client_levels, CONFLICT (other code than this program's). */
WEIR_CHECKED enum weir_err weir_client_factory(struct weir_client *client,
                                               struct weir_scope *scope,
                                               const struct weir_address *factory,
                                               struct weir_address *implementation);

/* Base units that `account` holds of `asset` (zero: native).  Errors: as weir_client_levels. */
WEIR_CHECKED enum weir_err weir_client_balance(struct weir_client *client,
                                               struct weir_scope *scope,
                                               const struct weir_address *asset,
                                               const struct weir_address *account,
                                               enum weir_client_at at,
                                               unsigned __int128 *base_units);

/* Decimals and symbol of a token; 18 and "native" for the zero address.  `symbol` lives in the
 * arena, printable ASCII, at most 32 bytes.  Errors: as weir_client_levels, PARSE. */
WEIR_CHECKED enum weir_err weir_client_token(struct weir_client *client,
                                             struct weir_scope *scope,
                                             const struct weir_address *asset,
                                             uint8_t *decimals,
                                             const char **symbol);

/* `Settled` as a transaction wrote it, with the `Owed` that followed. */
struct weir_settled_log {
    struct weir_settled settled;
    bool has_owed;
    unsigned __int128 owed; /* base units, of the agreement in total */
    uint64_t log_index;     /* of Settled within the transaction's receipt, from 0 */
};

/* One transaction's doing. */
struct weir_settlement {
    uint64_t block_number;
    struct weir_hash block_hash;
    uint64_t gas_used;
    unsigned __int128 gas_price; /* wei per gas */
    bool has_succeeded;
    struct weir_settled_log *logs; /* of one agreement, in order */
    size_t log_count;
};

/* What `agreement` wrote in one transaction.  `settlement->logs` lives in the arena.
 * Errors: NETWORK, RPC, NOT_FOUND (no such transaction, or not mined), PARSE. */
WEIR_CHECKED enum weir_err weir_client_settlement(struct weir_client *client,
                                                  struct weir_scope *scope,
                                                  const struct weir_address *agreement,
                                                  const struct weir_hash *tx,
                                                  struct weir_settlement *settlement);

/* Which report is looked for. */
struct weir_settled_query {
    struct weir_address agreement;
    uint64_t word;
    struct weir_word mask; /* a fresh window of it is enough */
    uint8_t tier;          /* this one or a worse one */
    uint64_t from_block;
    uint64_t to_block; /* at most WEIR_CLIENT_BLOCKS_MAX blocks */
};

/* The first transaction whose Settled answers the query: how a payout sent by somebody else is
 * found.  Errors: NETWORK, RPC, NOT_FOUND, RANGE. */
WEIR_CHECKED enum weir_err weir_client_find_settled(struct weir_client *client,
                                                    struct weir_scope *scope,
                                                    const struct weir_settled_query *query,
                                                    struct weir_hash *tx);

/* Header and all receipts of the block a transaction was mined in, checked against each other, as
 * the payment that a proof file carries; `log_index` is that of the first Settled of `agreement`.
 * Everything it points to lives in the arena.
 * Errors: NETWORK, RPC, NOT_FOUND, RECOMPUTE (the node's fields do not lead to its hashes),
 * PAYMENT (no Settled of the agreement). */
WEIR_CHECKED enum weir_err weir_client_payment(struct weir_client *client,
                                               struct weir_scope *scope,
                                               const struct weir_address *agreement,
                                               const struct weir_hash *tx,
                                               struct weir_payment *payment);

#endif /* WEIR_RAILS_EVM_CLIENT_H */
