/* A witness of test proofs: its keys and its log.  Keys come from numbers, so that every run makes
 * the same bytes.  The log is kept as leaves with their payloads; hashes and salts are made when it
 * is asked for a proof.  Test code: any surprise ends the program. */
#ifndef WEIR_TESTS_UNIT_ATTEST_WITH_WITNESS_H
#define WEIR_TESTS_UNIT_ATTEST_WITH_WITNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attest/ed25519.h"
#include "attest/leaf.h"
#include "attest/merkle.h"
#include "attest/proof.h"
#include "attest/range.h"
#include "attest/secp.h"
#include "base/err.h"
#include "metrics/interval.h"
#include "metrics/tick.h"

/* Ends the program, saying why, when a step of the making fails. */
#define witness_must(scope, call) witness_check((scope), (call), __FILE__, __LINE__)
void witness_check(const struct weir_scope *scope, enum weir_err err, const char *file, int line);

struct witness_leaf {
    enum weir_leaf_kind kind;
    enum weir_leaf_flags flags;
    int64_t tick_ms;
    struct weir_slice payload;
};

struct proof_witness {
    uint8_t identity[WEIR_ED25519_SECRET_BYTES];
    uint8_t statement[WEIR_ED25519_SECRET_BYTES];
    uint8_t log_key[WEIR_ED25519_SECRET_BYTES];
    uint8_t cosign[WEIR_ED25519_SECRET_BYTES];
    uint8_t report[WEIR_SECP_SECRET_BYTES];
    uint8_t salt_root[WEIR_SALT_SEED_BYTES];
    struct weir_address address;
    struct weir_proof_keys keys;
    const char *origin;
    const char *cosigner;
    struct witness_leaf *leaves;
    size_t leaf_count;
    size_t leaf_room;
    struct weir_hash *hashes; /* of the leaves, once the log is sealed */
    struct weir_merkle_leaves tree;
};

/* Keys, names and an empty log for the node of that number. */
void witness_make(struct weir_scope *scope,
                  const struct weir_secp *secp,
                  unsigned number,
                  struct proof_witness *witness);

/* Makes `keys` again from the present secrets. */
void witness_sign_keys(struct weir_scope *scope,
                       const struct weir_secp *secp,
                       struct proof_witness *witness);

void witness_log(struct weir_scope *scope, struct proof_witness *witness, struct witness_leaf leaf);

/* A tick leaf whose payload has that reason. */
void witness_log_tick(struct weir_scope *scope,
                      struct proof_witness *witness,
                      struct weir_tick tick);

/* Ticks every `interval_ms` in [span.start, span.end): down inside `down`, else up. */
void witness_log_ticks(struct weir_scope *scope,
                       struct proof_witness *witness,
                       struct weir_interval span,
                       int64_t interval_ms,
                       struct weir_interval down);

/* Computes the hashes of all leaves; to be called after the last change and before what follows. */
void witness_seal(struct weir_scope *scope, struct proof_witness *witness);

struct weir_salt
witness_salt(struct weir_scope *scope, const struct proof_witness *witness, uint64_t seq);
struct weir_hash
witness_root(struct weir_scope *scope, struct proof_witness *witness, uint64_t size);
struct weir_proof_path witness_inclusion(struct weir_scope *scope,
                                         struct proof_witness *witness,
                                         uint64_t seq,
                                         uint64_t size);
struct weir_proof_path
witness_range(struct weir_scope *scope, struct proof_witness *witness, struct weir_range range);

/* The rows and, when they are open, the seeds of the leaves [first, end). */
void witness_show(struct weir_scope *scope,
                  const struct proof_witness *witness,
                  int64_t interval_ms,
                  bool is_open,
                  struct weir_proof_section *section);

#endif /* WEIR_TESTS_UNIT_ATTEST_WITH_WITNESS_H */
