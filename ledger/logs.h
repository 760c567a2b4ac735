/* What a handle remembers about the node's own logs between transactions, so that appending does
 * not read it again: the edge, the salts, the gauge, the newest tick.  A state is used only when
 * its size is still the stored one; after a rollback everything is forgotten.  Also the leaf hashes
 * of the unfinished tile of the log that was appended to last.  Private to the ledger. */
#ifndef WEIR_LEDGER_LOGS_H
#define WEIR_LEDGER_LOGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attest/merkle.h"
#include "attest/salt.h"
#include "attest/tile.h"
#include "base/err.h"
#include "metrics/gauge.h"
#include "metrics/maintenance.h"
#include "metrics/tick.h"

struct weir_store;

#define WEIR_LOG_SEQ_BITS 40 /* observation.position = log_id << 40 | seq */

struct weir_log_state {
    int64_t log_id;
    struct weir_gauge gauge; /* texts in the cache's arena */
    struct weir_edge edge;
    uint8_t salt_root[WEIR_SALT_SEED_BYTES];
    struct weir_salt_stream salts; /* next == edge.size when has_salts */
    bool has_salts;
    int64_t tick_ms;       /* of the newest tick, -1: none */
    struct weir_tick tick; /* the newest, when has_tick */
    bool has_tick;
    bool has_maintenance; /* `maintenance` is loaded */
    struct weir_maintenance_list maintenance;
};

/* The unfinished tile of one log: hashes of its leaves [from, size). */
struct weir_open_tile {
    int64_t log_id; /* 0: nothing is remembered */
    uint64_t from;
    uint64_t size;
    struct weir_hash hashes[WEIR_TILE_WIDTH];
};

/* The state as the file has it now.  Lives until the next call for another log, a rollback or the
 * end of the handle.  Errors: NOT_FOUND (no own log of this number), CORRUPT, STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_log_state_get(struct weir_store *store,
                                              struct weir_scope *scope,
                                              int64_t log_id,
                                              struct weir_log_state **state);

/* While leaves are being appended the state is ahead of its row: it is what everybody gets until it
 * is let go (NULL) or forgotten by a rollback. */
void weir_log_state_hold(struct weir_store *store, struct weir_log_state *state);

struct weir_open_tile *weir_open_tile_get(struct weir_store *store);

/* Memory for one batch: cleared by whoever starts the next one.  NULL after recording MEMORY. */
struct weir_arena *weir_batch_arena(struct weir_store *store, struct weir_scope *scope);

/* Memory that lives as long as the states do. */
struct weir_arena *weir_lasting_arena(struct weir_store *store);

/* The jobs known of one log (ledger/jobs_known.h): the struct, memory for its places, and emptying
 * it. */
struct weir_known_jobs;
struct weir_known_jobs *weir_known_jobs(struct weir_store *store);
WEIR_CHECKED enum weir_err weir_known_jobs_reserve(struct weir_store *store,
                                                   struct weir_scope *scope);
void weir_known_jobs_forget(struct weir_store *store);

/* The sums of the batch being recorded. */
struct weir_sums;
struct weir_sums *weir_batch_sums(struct weir_store *store);

#endif /* WEIR_LEDGER_LOGS_H */
