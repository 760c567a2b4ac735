/* Intents: what must happen exactly once.  A payout intent is keyed by (agreement, window, tier)
 * and its id follows from chain, contract, window and tier alone, so two processes, two starts or
 * two replays make the same one.  States are appended, never overwritten.  Floor 2: I/O. */
#ifndef WEIR_LEDGER_INTENTS_H
#define WEIR_LEDGER_INTENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attest/address.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/money.h"

struct weir_store;

/* Where a payout stands.  OPEN may become any other; HELD goes back to OPEN; the last three end. */
enum weir_intent_state {
    WEIR_INTENT_OPEN = 1,       /* to be settled */
    WEIR_INTENT_HELD = 2,       /* waits for something a person must change */
    WEIR_INTENT_SETTLED = 3,    /* the effect was read in a finalized block */
    WEIR_INTENT_EXPIRED = 4,    /* the claim window is over */
    WEIR_INTENT_SUPERSEDED = 5, /* a higher tier of the same window settled it */
};

struct weir_intent {
    struct weir_hash id;
    int64_t agreement_id;
    uint64_t window;
    uint8_t tier;
    enum weir_intent_state state;
    int64_t made_ms;
    int64_t state_ms;
    const char *detail; /* of the last state, "" when there is none */
};

/* SHA-256("weir/intent/v1\0" || u64 chain || address || u64 window || u8 tier). */
struct weir_hash weir_intent_id(uint64_t chain_id,
                                const struct weir_address *contract,
                                uint64_t window,
                                uint8_t tier);

/* Makes the intent in state OPEN, or finds it: `*is_new` tells.  `*id` is set in both cases.
 * Errors: NOT_FOUND (agreement), STORE, BUSY. */
WEIR_CHECKED enum weir_err weir_intent_put(struct weir_store *store,
                                           struct weir_scope *scope,
                                           const struct weir_intent *intent,
                                           struct weir_hash *id,
                                           bool *is_new);

/* Errors: NOT_FOUND, STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_intent_load(struct weir_store *store,
                                            struct weir_scope *scope,
                                            const struct weir_hash *id,
                                            struct weir_intent *intent);

/* Those OPEN or HELD, oldest first; agreement_id 0 means of all agreements.
 * Errors: STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_intent_list_open(struct weir_store *store,
                                                 struct weir_scope *scope,
                                                 int64_t agreement_id,
                                                 struct weir_intent **intents,
                                                 size_t *intent_count);
/* All, newest first, at most `limit`.  Errors: STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_intent_list(struct weir_store *store,
                                            struct weir_scope *scope,
                                            int64_t agreement_id,
                                            size_t limit,
                                            struct weir_intent **intents,
                                            size_t *intent_count);

/* Appends a state.  The same state again only when the detail differs.
 * Errors: CONFLICT (the table above forbids it), NOT_FOUND, STORE, BUSY. */
WEIR_CHECKED enum weir_err weir_intent_step(struct weir_store *store,
                                            struct weir_scope *scope,
                                            const struct weir_hash *id,
                                            enum weir_intent_state state,
                                            int64_t now_ms,
                                            const char *detail);

const char *weir_intent_state_name(enum weir_intent_state state);

#endif /* WEIR_LEDGER_INTENTS_H */
