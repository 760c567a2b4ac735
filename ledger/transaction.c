#include <assert.h>

#include "ledger/sql.h"
#include "ledger/store.h"
#include "ledger/store_private.h"

/* Pages of the write-ahead log above which it is moved into the file.  A short writer leaves that
 * to a stream as long as it can: it must not pay for what others wrote. */
#define WAL_PAGES_STREAM 4000
#define WAL_PAGES_SHORT 8000

enum weir_err
weir_store_begin(struct weir_store *store, struct weir_scope *scope, enum weir_write kind)
{
    assert(!store->is_writing && store->readers == 0);
    if (store->is_read_only)
        return weir_fail(scope, WEIR_E_STORE, "the ledger was opened for reading only");
    enum weir_err err = weir_turnstile_enter(&store->turnstile, scope, store->busy_ms);
    if (err != WEIR_OK)
        return err;
    store->is_doomed = false;
    err = weir_sql_run(store, scope, "BEGIN IMMEDIATE", NULL, 0);
    if (err != WEIR_OK) {
        weir_turnstile_leave(&store->turnstile);
        return err;
    }
    store->is_writing = true;
    store->writing = kind;
    return WEIR_OK;
}

/* After the turn was given back, so that nobody waits for it. */
static void wal_shorten(struct weir_store *store)
{
    int limit = store->writing == WEIR_WRITE_STREAM ? WAL_PAGES_STREAM : WAL_PAGES_SHORT;
    if (store->wal_pages < limit || store->readers > 0)
        return;
    /* What cannot be moved now (a reader needs it) is moved next time; a failing disk shows at the
     * next commit. */
    (void)sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

enum weir_err weir_store_commit(struct weir_store *store, struct weir_scope *scope)
{
    assert(store->is_writing);
    if (store->is_doomed || sqlite3_get_autocommit(store->db) != 0) {
        weir_store_rollback(store);
        return weir_fail(scope, WEIR_E_STORE, "a step of this transaction failed: nothing is kept");
    }
    enum weir_err err = weir_sql_run(store, scope, "COMMIT", NULL, 0);
    if (err != WEIR_OK) {
        weir_store_rollback(store);
        return err;
    }
    store->is_writing = false;
    weir_turnstile_leave(&store->turnstile);
    wal_shorten(store);
    return WEIR_OK;
}

void weir_store_rollback(struct weir_store *store)
{
    if (!store->is_writing)
        return;
    weir_logs_forget(store);
    if (sqlite3_get_autocommit(store->db) == 0) {
        /* Cannot fail in a way that keeps anything: what was not committed is not valid. */
        (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    }
    store->is_writing = false;
    weir_turnstile_leave(&store->turnstile);
}

enum weir_err weir_store_read_begin(struct weir_store *store, struct weir_scope *scope)
{
    if (!store->is_writing && store->readers == 0) {
        enum weir_err err = weir_sql_run(store, scope, "BEGIN", NULL, 0);
        if (err != WEIR_OK)
            return err;
    }
    store->readers++;
    return WEIR_OK;
}

void weir_store_read_end(struct weir_store *store)
{
    assert(store->readers > 0);
    store->readers--;
    if (!store->is_writing && store->readers == 0) {
        /* Nothing was written, so there is nothing that could fail to be kept. */
        (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    }
}

enum weir_err
weir_store_version(struct weir_store *store, struct weir_scope *scope, uint64_t *version)
{
    int64_t number = 0;
    enum weir_err err = weir_sql_i64(store, scope, "PRAGMA data_version", NULL, 0, &number);
    if (err != WEIR_OK)
        return err;
    *version = (uint64_t)number;
    return WEIR_OK;
}

enum weir_err weir_store_checkpoint(struct weir_store *store, struct weir_scope *scope)
{
    int result = sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (result != SQLITE_OK && result != SQLITE_BUSY)
        return weir_sql_fail(store, scope, result, "moving the write-ahead log");
    return WEIR_OK;
}
