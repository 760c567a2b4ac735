#include "ledger/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ledger/sql.h"
#include "ledger/store_private.h"

#define BUSY_MS_DEFAULT 10000
#define BUSY_MS_EXCLUSIVE 1000 /* whoever has an exclusive file keeps it */
#define PATH_BYTES_MAX 4096
#define VALUE_BYTES_MAX (96 * 1024 * 1024) /* a proof file has at most 64 MiB */

/* A switch of the connection and the value it must have. */
struct hardening {
    int option;
    int value;
    const char *name;
};

static const struct hardening HARDENING[] = {
    {SQLITE_DBCONFIG_DEFENSIVE, 1, "DEFENSIVE"},
    {SQLITE_DBCONFIG_DQS_DML, 0, "DQS_DML"},
    {SQLITE_DBCONFIG_DQS_DDL, 0, "DQS_DDL"},
    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, "TRUSTED_SCHEMA"},
    {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, "ENABLE_LOAD_EXTENSION"},
    {SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0, "WRITABLE_SCHEMA"},
    {SQLITE_DBCONFIG_ENABLE_TRIGGER, 1, "ENABLE_TRIGGER"},
    {SQLITE_DBCONFIG_ENABLE_FKEY, 1, "ENABLE_FKEY"},
};

/* A pragma that is set and the text it then reads back as. */
struct pragma {
    const char *set;
    const char *get;
    const char *value;
};

/* recursive_triggers makes REPLACE fire the triggers that guard evidence. */
static const struct pragma PRAGMAS[] = {
    {"PRAGMA journal_mode = WAL", "PRAGMA journal_mode", "wal"},
    {"PRAGMA synchronous = FULL", "PRAGMA synchronous", "2"},
    {"PRAGMA foreign_keys = ON", "PRAGMA foreign_keys", "1"},
    {"PRAGMA recursive_triggers = ON", "PRAGMA recursive_triggers", "1"},
    {"PRAGMA trusted_schema = OFF", "PRAGMA trusted_schema", "0"},
    {"PRAGMA cell_size_check = ON", "PRAGMA cell_size_check", "1"},
    {"PRAGMA temp_store = MEMORY", "PRAGMA temp_store", "2"},
    {"PRAGMA cache_size = -8000", "PRAGMA cache_size", "-8000"},
    {"PRAGMA journal_size_limit = 67108864", "PRAGMA journal_size_limit", "67108864"},
};

/* Before journal_mode: then the side file with shared memory is never made. */
static const struct pragma EXCLUSIVE = {"PRAGMA locking_mode = EXCLUSIVE", "PRAGMA locking_mode",
                                        "exclusive"};
static const struct pragma READ_ONLY = {"PRAGMA query_only = ON", "PRAGMA query_only", "1"};

static enum weir_err harden_options(struct weir_store *store, struct weir_scope *scope)
{
    for (size_t i = 0; i < sizeof(HARDENING) / sizeof(HARDENING[0]); i++) {
        const struct hardening *wanted = &HARDENING[i];
        int value = -1;
        int result = sqlite3_db_config(store->db, wanted->option, wanted->value, &value);
        if (result == SQLITE_OK)
            result = sqlite3_db_config(store->db, wanted->option, -1, &value);
        if (result != SQLITE_OK || value != wanted->value)
            return weir_fail(scope, WEIR_E_STORE, "SQLite refuses to set %s", wanted->name);
    }
    (void)sqlite3_limit(store->db, SQLITE_LIMIT_ATTACHED, 0); /* returns the limit before */
    (void)sqlite3_limit(store->db, SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX);
    return WEIR_OK;
}

static enum weir_err
pragma_check(struct weir_store *store, struct weir_scope *scope, const char *get, const char *value)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(store->db, get, -1, &statement, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(statement);
    const char *text = NULL;
    if (result == SQLITE_ROW)
        text = (const char *)sqlite3_column_text(statement, 0);
    enum weir_err err = WEIR_OK;
    if (result != SQLITE_ROW)
        err = weir_sql_fail(store, scope, result, get);
    else if (text == NULL || strcmp(text, value) != 0)
        err = weir_fail(scope,
                        strcmp(get, "PRAGMA quick_check(1)") == 0 ? WEIR_E_CORRUPT : WEIR_E_STORE,
                        "%s says '%s', not '%s'", get, text == NULL ? "" : text, value);
    (void)sqlite3_finalize(statement); /* repeats the error of the step */
    return err;
}

static enum weir_err
pragma_set(struct weir_store *store, struct weir_scope *scope, const struct pragma *pragma)
{
    enum weir_err err = weir_sql_script(store, scope, pragma->set);
    return err != WEIR_OK ? err : pragma_check(store, scope, pragma->get, pragma->value);
}

static enum weir_err harden_pragmas(struct weir_store *store, struct weir_scope *scope)
{
    enum weir_err err = WEIR_OK;
    if (store->schema == WEIR_SCHEMA_VAULT)
        err = pragma_set(store, scope, &EXCLUSIVE);
    for (size_t i = 0; i < sizeof(PRAGMAS) / sizeof(PRAGMAS[0]) && err == WEIR_OK; i++)
        err = pragma_set(store, scope, &PRAGMAS[i]);
    if (err == WEIR_OK && store->is_read_only)
        err = pragma_set(store, scope, &READ_ONLY);
    return err;
}

/* Remembers how long the write-ahead log is; ledger/transaction.c decides when to shorten it. */
static int wal_hook(void *context, sqlite3 *db, const char *schema, int pages)
{
    (void)db;
    (void)schema;
    struct weir_store *store = context;
    store->wal_pages = pages;
    return SQLITE_OK;
}

/* The file is made with mode 0600 before SQLite opens it: SQLite would leave it readable, and gives
 * its side files the mode of the file. */
static enum weir_err
file_make(struct weir_scope *scope, const char *path, enum weir_store_mode mode)
{
    int flags = mode == WEIR_STORE_CREATE ? O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC : 0;
    if (access(path, F_OK) == 0)
        return WEIR_OK;
    if (mode != WEIR_STORE_CREATE)
        return weir_fail(scope, WEIR_E_NOT_FOUND, "there is no ledger at %s", path);
    int file = open(path, flags, 0600);
    if (file < 0 && errno == EEXIST)
        return WEIR_OK;
    if (file < 0)
        return weir_fail(scope, WEIR_E_STORE, "%s: %s", path, strerror(errno));
    (void)close(file); /* empty, nothing can be lost */
    return WEIR_OK;
}

static enum weir_err
database_open(struct weir_store *store, struct weir_scope *scope, const char *path)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int result = sqlite3_open_v2(path, &store->db, flags, NULL);
    if (store->db == NULL)
        return weir_fail(scope, WEIR_E_MEMORY, "no memory for SQLite");
    if (result != SQLITE_OK)
        return weir_fail(scope, WEIR_E_STORE, "%s", sqlite3_errmsg(store->db));
    (void)sqlite3_busy_timeout(store->db, (int)store->busy_ms); /* fails only on misuse */
    (void)sqlite3_wal_hook(store->db, wal_hook, store);         /* returns the hook before */
    return WEIR_OK;
}

static enum weir_err
turnstile_open(struct weir_store *store, struct weir_scope *scope, const char *path)
{
    char side[PATH_BYTES_MAX];
    int length = snprintf(side, sizeof(side), "%s.turnstile", path);
    if (length < 0 || (size_t)length >= sizeof(side))
        return weir_fail(scope, WEIR_E_STORE, "the path of the ledger is too long");
    return weir_turnstile_open(&store->turnstile, scope, side);
}

static enum weir_err open_steps(struct weir_store *store,
                                struct weir_scope *scope,
                                const char *path,
                                const struct weir_store_options *options)
{
    enum weir_err err = file_make(scope, path, options->mode);
    if (err == WEIR_OK)
        err = database_open(store, scope, path);
    if (err == WEIR_OK)
        err = turnstile_open(store, scope, path);
    if (err == WEIR_OK)
        err = harden_options(store, scope);
    if (err == WEIR_OK)
        err = harden_pragmas(store, scope);
    if (err == WEIR_OK && !options->skip_quick_check)
        err = pragma_check(store, scope, "PRAGMA quick_check(1)", "ok");
    if (err == WEIR_OK && options->page_count_max > 0) {
        char limit[64];
        (void)snprintf(/* always fits */
                       limit, sizeof(limit), "PRAGMA max_page_count = %u", options->page_count_max);
        err = weir_sql_script(store, scope, limit);
    }
    return err == WEIR_OK ? weir_migrate(store, scope) : err;
}

enum weir_err weir_store_open(struct weir_scope *scope,
                              const char *path,
                              const struct weir_store_options *options,
                              struct weir_store **store)
{
    struct weir_store *made = calloc(1, sizeof(*made));
    if (made == NULL)
        return weir_fail(scope, WEIR_E_MEMORY, "no memory for the ledger");
    made->turnstile.file = -1;
    made->is_read_only = options->mode == WEIR_STORE_READ;
    made->schema = options->schema;
    made->busy_ms = BUSY_MS_DEFAULT;
    if (options->schema == WEIR_SCHEMA_VAULT)
        made->busy_ms = BUSY_MS_EXCLUSIVE;
    if (options->busy_ms > 0)
        made->busy_ms = options->busy_ms;
    if (made->busy_ms > INT32_MAX)
        made->busy_ms = INT32_MAX;
    enum weir_err err = open_steps(made, scope, path, options);
    if (err != WEIR_OK) {
        weir_store_close(made);
        return weir_note(scope, "ledger %s", path);
    }
    *store = made;
    return WEIR_OK;
}

void weir_store_close(struct weir_store *store)
{
    if (store == NULL)
        return;
    if (store->is_writing)
        weir_store_rollback(store);
    weir_logs_free(store);
    for (size_t i = 0; i < WEIR_STATEMENTS_MAX; i++)
        (void)sqlite3_finalize(store->statements[i].statement); /* repeats an old error */
    int result = sqlite3_close(store->db);
    assert(result == SQLITE_OK); /* every statement is finalized */
    (void)result;
    weir_turnstile_close(&store->turnstile);
    free(store);
}
