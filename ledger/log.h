/* The append-only logs in the ledger: the node's own, one per gauge, and its mirrors of the logs of
 * peers.  Both are RFC 6962 trees with the same proofs.  An own log keeps observations, from which
 * every leaf can be made again; a mirror keeps the peers' leaves (ledger/mirror.h).
 * Complete tiles of 256 hashes and the growing edge are stored.  Floor 2: I/O. */
#ifndef WEIR_LEDGER_LOG_H
#define WEIR_LEDGER_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attest/leaf.h"
#include "attest/merkle.h"
#include "attest/range.h"
#include "attest/salt.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"

struct weir_store;

struct weir_log {
    int64_t log_id;
    bool is_own;
    const char *origin;
    struct weir_hash origin_hash; /* SHA-256 of the origin line: its name in HTTP and opinions */
    const char *gauge;            /* name; "" for a mirror */
    struct weir_slice definition; /* canonical gauge text; empty for a mirror */
    struct weir_hash definition_hash; /* zero for a mirror */
    struct weir_merkle_head head;     /* all that is stored */
    int64_t last_tick_ms;             /* highest time of a tick or missed leaf; -1: none yet */
};

/* Makes the node's own log `origin` for the gauge of this canonical definition text, with leaf 0 =
 * the definition, or finds it again.  `salt_root` is the secret from which all salts of the log
 * come; it is used only when the log is made, NULL makes a random one.
 * Errors: PARSE (definition), CONFLICT (the log exists with another definition: a changed
 * definition needs a new gauge name), STORE, BUSY. */
WEIR_CHECKED enum weir_err weir_log_open(struct weir_store *store,
                                         struct weir_scope *scope,
                                         const char *origin,
                                         struct weir_slice definition,
                                         const uint8_t *salt_root,
                                         int64_t *log_id);

/* By number, by origin line, by gauge name (own logs), by SHA-256 of the origin line.
 * Texts live in the arena.  Errors: NOT_FOUND, STORE. */
WEIR_CHECKED enum weir_err weir_log_load(struct weir_store *store,
                                         struct weir_scope *scope,
                                         int64_t log_id,
                                         struct weir_log *log);
WEIR_CHECKED enum weir_err weir_log_find(struct weir_store *store,
                                         struct weir_scope *scope,
                                         const char *origin,
                                         struct weir_log *log);
WEIR_CHECKED enum weir_err weir_log_find_gauge(struct weir_store *store,
                                               struct weir_scope *scope,
                                               const char *gauge,
                                               struct weir_log *log);
WEIR_CHECKED enum weir_err weir_log_find_hash(struct weir_store *store,
                                              struct weir_scope *scope,
                                              const struct weir_hash *origin_hash,
                                              struct weir_log *log);

/* All of them, by origin.  Errors: STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_log_list(struct weir_store *store,
                                         struct weir_scope *scope,
                                         struct weir_log **logs,
                                         size_t *log_count);

/* The exact bytes of the leaves [range.start, range.end), WEIR_LEAF_BYTES each, in the arena.
 * Errors: RANGE (beyond the log), STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_log_leaves(struct weir_store *store,
                                           struct weir_scope *scope,
                                           int64_t log_id,
                                           struct weir_salt_range range,
                                           struct weir_slice *leaves);

/* Roots and proofs as attest/merkle.h and attest/range.h define them, for any size the log had.
 * Errors: RANGE, STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_log_root(struct weir_store *store,
                                         struct weir_scope *scope,
                                         int64_t log_id,
                                         uint64_t size,
                                         struct weir_hash *root);
WEIR_CHECKED enum weir_err weir_log_prove_inclusion(struct weir_store *store,
                                                    struct weir_scope *scope,
                                                    int64_t log_id,
                                                    struct weir_range leaf_and_size,
                                                    struct weir_merkle_proof *proof);
WEIR_CHECKED enum weir_err weir_log_prove_consistency(struct weir_store *store,
                                                      struct weir_scope *scope,
                                                      int64_t log_id,
                                                      struct weir_range old_and_size,
                                                      struct weir_merkle_proof *proof);
WEIR_CHECKED enum weir_err weir_log_prove_range(struct weir_store *store,
                                                struct weir_scope *scope,
                                                int64_t log_id,
                                                struct weir_range range,
                                                struct weir_merkle_proof *proof);

/* What opens the payloads of an own log: the seeds that give exactly the salts of `range`.
 * Secrets until disclosed.  Errors: RANGE, NOT_FOUND (no such own log), STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_log_salts(struct weir_store *store,
                                          struct weir_scope *scope,
                                          int64_t log_id,
                                          struct weir_salt_range range,
                                          struct weir_salt_seed seeds[static WEIR_SALT_COVER_MAX],
                                          size_t *seed_count);
WEIR_CHECKED enum weir_err weir_log_salt(struct weir_store *store,
                                         struct weir_scope *scope,
                                         int64_t log_id,
                                         uint64_t seq,
                                         struct weir_salt *salt);

#endif /* WEIR_LEDGER_LOG_H */
