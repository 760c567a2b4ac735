/* What a handle of the ledger consists of.  Only for the ledger's own files; everybody else has the
 * opaque struct of ledger/store.h. */
#ifndef WEIR_LEDGER_STORE_PRIVATE_H
#define WEIR_LEDGER_STORE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "ledger/store.h"
#include "ledger/turnstile.h"

#define WEIR_STATEMENTS_MAX 512 /* places of the cache; one always stays empty */

struct weir_log_cache;

struct weir_cached_statement {
    const char *sql; /* a string literal, known by its address */
    sqlite3_stmt *statement;
};

struct weir_store {
    sqlite3 *db;
    struct weir_turnstile turnstile;
    enum weir_write writing; /* kind of the open transaction */
    uint32_t busy_ms;
    enum weir_store_schema schema;
    bool is_read_only;
    bool is_writing;  /* a write transaction is open */
    bool is_doomed;   /* a step of it failed: it can only be rolled back */
    bool is_dead;     /* the file system failed: nothing about the file is certain any more */
    unsigned readers; /* depth of weir_store_read_begin */
    int wal_pages;    /* in the write-ahead log after the last commit */
    size_t statement_count;
    struct weir_cached_statement statements[WEIR_STATEMENTS_MAX];
    struct weir_log_cache *logs; /* made by ledger/store_logs.c at first use */
};

/* Brings the schema to the newest version (or refuses, see weir_store_open). */
WEIR_CHECKED enum weir_err weir_migrate(struct weir_store *store, struct weir_scope *scope);

/* Forgets what is remembered about logs between transactions. */
void weir_logs_forget(struct weir_store *store);
void weir_logs_free(struct weir_store *store);

#endif /* WEIR_LEDGER_STORE_PRIVATE_H */
