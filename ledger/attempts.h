/* Attempts: signed transactions of an intent, each stored with its raw bytes before it is sent. All
 * attempts of one intent by one key share one nonce, and a nonce belongs to one intent for ever.
 * States are appended.  Floor 2: I/O. */
#ifndef WEIR_LEDGER_ATTEMPTS_H
#define WEIR_LEDGER_ATTEMPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attest/address.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"

struct weir_store;

/* A key on a chain, whose nonces this node counts. */
struct weir_sender {
    uint64_t chain_id;
    struct weir_address key;
};

enum weir_attempt_state {
    WEIR_ATTEMPT_SIGNED = 1,   /* raw bytes durable, may be on the wire at any moment from here */
    WEIR_ATTEMPT_SENT = 2,     /* a node has taken it */
    WEIR_ATTEMPT_MINED = 3,    /* in the block that is named; may go back to SENT */
    WEIR_ATTEMPT_FINAL = 4,    /* its block is final */
    WEIR_ATTEMPT_REVERTED = 5, /* in a final block, without effect */
    WEIR_ATTEMPT_REPLACED = 6, /* another attempt with its nonce is final */
};

struct weir_attempt {
    struct weir_hash hash; /* of the transaction: the key */
    struct weir_hash intent;
    struct weir_sender sender;
    uint64_t nonce;
    struct weir_slice raw;
    unsigned __int128 fee_per_gas; /* maxFeePerGas, wei: what a bump must exceed */
    unsigned __int128 tip_per_gas;
    int64_t made_ms;
    enum weir_attempt_state state;
    int64_t state_ms;
    struct weir_hash block_hash; /* zero unless MINED, FINAL or REVERTED */
    uint64_t block_number;
    const char *detail;
};

/* The nonce of the intent at this key: the one it has already, else the larger of `chain_next` and
 * one above the highest ever given, reserved for it from now on.  Errors: STORE, BUSY. */
WEIR_CHECKED enum weir_err weir_nonce_reserve(struct weir_store *store,
                                              struct weir_scope *scope,
                                              const struct weir_sender *sender,
                                              const struct weir_hash *intent,
                                              uint64_t chain_next,
                                              uint64_t *nonce);

/* The highest nonce ever reserved at this key.  Errors: NOT_FOUND (none), STORE. */
WEIR_CHECKED enum weir_err weir_nonce_last(struct weir_store *store,
                                           struct weir_scope *scope,
                                           const struct weir_sender *sender,
                                           uint64_t *nonce);

/* Stores the signed bytes, state SIGNED.  The same hash again changes nothing.
 * Errors: CONFLICT (the nonce is not the one reserved for its intent), STORE, BUSY. */
WEIR_CHECKED enum weir_err weir_attempt_put(struct weir_store *store,
                                            struct weir_scope *scope,
                                            const struct weir_attempt *attempt);

/* Of one intent, oldest first.  Errors: STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_attempt_list(struct weir_store *store,
                                             struct weir_scope *scope,
                                             const struct weir_hash *intent,
                                             struct weir_attempt **attempts,
                                             size_t *attempt_count);
/* Those of a sender that are not FINAL, REVERTED or REPLACED, by nonce, then age.
 * Errors: STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_attempt_list_open(struct weir_store *store,
                                                  struct weir_scope *scope,
                                                  const struct weir_sender *sender,
                                                  struct weir_attempt **attempts,
                                                  size_t *attempt_count);

struct weir_attempt_step {
    enum weir_attempt_state state;
    struct weir_hash block_hash;
    uint64_t block_number;
    int64_t now_ms;
    const char *detail; /* NULL: none */
};

/* Appends a state; the same state and block again changes nothing.
 * Errors: CONFLICT (FINAL, REVERTED and REPLACED end), NOT_FOUND, STORE, BUSY. */
WEIR_CHECKED enum weir_err weir_attempt_step(struct weir_store *store,
                                             struct weir_scope *scope,
                                             const struct weir_hash *hash,
                                             const struct weir_attempt_step *step);

const char *weir_attempt_state_name(enum weir_attempt_state state);

#endif /* WEIR_LEDGER_ATTEMPTS_H */
