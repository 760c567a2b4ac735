/* The ledger: one SQLite file per node, shared by its duties, one handle per process.  It is opened
 * hardened (WAL, synchronous=FULL, foreign keys, DEFENSIVE, no trusted schema, no double-quoted
 * texts, no extensions), and every switch is read back.  Its tables are STRICT; rows that are
 * evidence are never updated or deleted (triggers refuse it).
 * A process that got STORE from a commit must end: after a failed fsync nothing about the file is
 * certain, and the next start recovers from the log.  Floor 2: I/O, may block. */
#ifndef WEIR_LEDGER_STORE_H
#define WEIR_LEDGER_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct weir_store;

enum weir_store_mode {
    WEIR_STORE_READ,   /* never writes; refuses a file of an older schema */
    WEIR_STORE_WRITE,  /* the file must exist; pending migrations are applied */
    WEIR_STORE_CREATE, /* as WRITE, and makes the file when there is none */
};

/* Which tables the file has: those of a node's ledger, or those of the signer's own memory
 * (ledger/vault.h). */
enum weir_store_schema {
    WEIR_SCHEMA_LEDGER = 0,
    WEIR_SCHEMA_VAULT,
};

struct weir_store_options {
    enum weir_store_schema schema;
    enum weir_store_mode mode;
    bool skip_quick_check;   /* another duty of this node has checked the file at this start */
    uint32_t busy_ms;        /* longest wait for another writer; 0: 10,000 */
    uint32_t page_count_max; /* size limit of the file in pages of 4096 bytes; 0: none */
};

/* How long the writer will hold the file: a SHORT one never waits behind more than one batch of a
 * STREAM, however many batches follow each other (the turnstile of the design). */
enum weir_write {
    WEIR_WRITE_SHORT,
    WEIR_WRITE_STREAM,
};

/* Opens and checks the ledger.  `*store` is the caller's, to be closed.  Not to be carried over a
 * fork.  Errors: NOT_FOUND (no such file), STORE (the system refuses), BUSY, CORRUPT (quick_check,
 * or a file that is no ledger), CONFLICT (a newer schema, or a released migration was changed). */
WEIR_CHECKED enum weir_err weir_store_open(struct weir_scope *scope,
                                           const char *path,
                                           const struct weir_store_options *options,
                                           struct weir_store **store);

/* Rolls back what is open.  NULL is fine. */
void weir_store_close(struct weir_store *store);

/* Begins a write transaction.  Functions of this floor that write make a SHORT transaction of their
 * own when none is open, and join the open one otherwise.  Errors: BUSY, STORE. */
WEIR_CHECKED enum weir_err
weir_store_begin(struct weir_store *store, struct weir_scope *scope, enum weir_write kind);

/* Durable when it returns OK; on every failure nothing of the transaction is kept and none is open.
 * After a step of the transaction failed with STORE, BUSY or CORRUPT it refuses with STORE and
 * rolls back.  Errors: BUSY, STORE (disk full, fsync failed: nothing was lost but this
 * transaction). */
WEIR_CHECKED enum weir_err weir_store_commit(struct weir_store *store, struct weir_scope *scope);

/* Gives up the open transaction, if there is one. */
void weir_store_rollback(struct weir_store *store);

/* Between these two, reads see one state of the file.  Nests within a write transaction at no cost.
 * Errors: BUSY, STORE. */
WEIR_CHECKED enum weir_err weir_store_read_begin(struct weir_store *store,
                                                 struct weir_scope *scope);
void weir_store_read_end(struct weir_store *store);

/* A number that changes whenever another process or handle committed something: a cheap "anything
 * new?" for a duty that was woken.  Errors: STORE. */
WEIR_CHECKED enum weir_err
weir_store_version(struct weir_store *store, struct weir_scope *scope, uint64_t *version);

/* Moves the write-ahead log into the file as far as readers allow; for idle moments and shutdown.
 * Errors: STORE. */
WEIR_CHECKED enum weir_err weir_store_checkpoint(struct weir_store *store,
                                                 struct weir_scope *scope);

#endif /* WEIR_LEDGER_STORE_H */
