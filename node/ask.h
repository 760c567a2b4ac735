/* What duties ask the signer, as typed calls over node/frame.h.  Every call waits for the answer;
 * what it returns is durable in the signer's own file.  The bodies' formats stand in docs/tour.md
 * and here: integers big-endian, lengths before bytes.  Floor 3. */
#ifndef WEIR_NODE_ASK_H
#define WEIR_NODE_ASK_H

#include <stdbool.h>
#include <stdint.h>

#include "attest/account.h"
#include "attest/checkpoint.h"
#include "attest/opinion.h"
#include "attest/secp.h"
#include "attest/statement.h"
#include "attest/witness.h"
#include "base/err.h"
#include "base/slice.h"
#include "node/key_set.h"

#define WEIR_ASK_TIMEOUT_MS 20000

/* Public keys of this node. */
struct weir_ask_keys {
    struct weir_key_set set;
    struct weir_address gas;
    struct weir_address report;
};
WEIR_CHECKED enum weir_err
weir_ask_keys(struct weir_scope *scope, int signer, struct weir_ask_keys *keys);

/* Signs the head of an own log.  Errors: STALE, CONFLICT, DENIED (not an own log). */
WEIR_CHECKED enum weir_err weir_ask_checkpoint(struct weir_scope *scope,
                                               int signer,
                                               const struct weir_checkpoint *checkpoint,
                                               struct weir_slice *note);

/* What a witness says to an add-checkpoint request: the status, and the line when it is 200. */
struct weir_ask_cosigned {
    struct weir_witness_answer answer; /* reason lives in the arena */
    struct weir_slice line;
};
WEIR_CHECKED enum weir_err weir_ask_cosign(struct weir_scope *scope,
                                           int signer,
                                           struct weir_slice add_checkpoint_body,
                                           struct weir_ask_cosigned *cosigned);

/* Has the one opinion signed that `proof` carries with its evidence.  `*given` is what is signed
 * for that window and revision: the same, or the one that was given first and never stored because
 * this process was killed.  Errors: CONFLICT (it contradicts an earlier one), DENIED, CLOCK, and
 * those of weir_account_section. */
WEIR_CHECKED enum weir_err weir_ask_opinion(struct weir_scope *scope,
                                            int signer,
                                            struct weir_slice proof,
                                            struct weir_opinion *given,
                                            struct weir_signature *signature);

/* Signs the report that `proof` proposes.  Errors: POLICY, DENIED, CLOCK, and those of
 * weir_proof_verify. */
WEIR_CHECKED enum weir_err weir_ask_report(struct weir_scope *scope,
                                           int signer,
                                           struct weir_slice proof,
                                           const struct weir_stale_leaves *stale,
                                           size_t stale_count,
                                           struct weir_signature *signature);

/* A signed statement in Nautilus form. */
struct weir_signed_statement {
    struct weir_slice message; /* intent, time, payload */
    uint8_t signature[64];
};
/* `values` in the order of the purpose's fields.  A chained statement about the same values is made
 * once and then returned again.  Errors: RANGE, STORE. */
WEIR_CHECKED enum weir_err weir_ask_statement(struct weir_scope *scope,
                                              int signer,
                                              enum weir_statement_purpose purpose,
                                              const struct weir_statement_value *values,
                                              struct weir_signed_statement *made);

/* One attempt of a job, to be signed with the gas key. */
struct weir_ask_transaction {
    struct weir_hash job;
    uint8_t kind; /* enum weir_rail_kind */
    uint64_t chain_id;
    uint64_t nonce;
    unsigned __int128 tip;     /* wei per gas */
    unsigned __int128 fee_cap; /* wei per gas */
    uint64_t gas;
    bool is_clearing; /* an empty transaction to ourselves that only uses up the nonce */
    struct weir_address to;
    unsigned __int128 value;
    struct weir_slice data;
};
/* Errors: POLICY (naming the rule), CONFLICT (nonce), DENIED, SIGNATURE (the report in the call).
 */
WEIR_CHECKED enum weir_err weir_ask_sign_transaction(struct weir_scope *scope,
                                                     int signer,
                                                     const struct weir_ask_transaction *transaction,
                                                     struct weir_slice *raw);

/* A reader over a body: after the first failure every call gives zeros. */
struct weir_body {
    struct weir_scope *scope;
    struct weir_slice rest;
};
uint64_t weir_body_uint(struct weir_body *body, size_t bytes); /* 1, 2, 4 or 8 */
unsigned __int128 weir_body_u128(struct weir_body *body);
void weir_body_bytes(struct weir_body *body, void *bytes, size_t length);
struct weir_slice weir_body_slice(struct weir_body *body); /* u32 length before it */
/* PARSE unless everything was read and nothing failed. */
WEIR_CHECKED enum weir_err weir_body_end(struct weir_body *body);

#endif /* WEIR_NODE_ASK_H */
