#include "ledger/sql.h"

#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "ledger/store_private.h"

struct weir_value weir_value_i64(int64_t value)
{
    return (struct weir_value){.kind = WEIR_VALUE_INTEGER, .integer = value};
}

struct weir_value weir_value_u64(uint64_t value)
{
    assert(value <= (uint64_t)INT64_MAX);
    return weir_value_i64((int64_t)value);
}

struct weir_value weir_value_text(const char *text)
{
    const char *bytes = text == NULL ? "" : text;
    return (struct weir_value){.kind = WEIR_VALUE_TEXT, .bytes = bytes, .length = strlen(bytes)};
}

struct weir_value weir_value_text_slice(struct weir_slice text)
{
    return (struct weir_value){.kind = WEIR_VALUE_TEXT,
                               .bytes = text.length == 0 ? (const void *)"" : text.data,
                               .length = text.length};
}

struct weir_value weir_value_blob(const void *bytes, size_t length)
{
    return (struct weir_value){
        .kind = WEIR_VALUE_BLOB, .bytes = length == 0 ? "" : bytes, .length = length};
}

struct weir_value weir_value_slice(struct weir_slice bytes)
{
    return weir_value_blob(bytes.data, bytes.length);
}

struct weir_value weir_value_hash(const struct weir_hash *hash)
{
    return weir_value_blob(hash->bytes, sizeof(hash->bytes));
}

struct weir_value weir_value_null(void)
{
    return (struct weir_value){.kind = WEIR_VALUE_NULL};
}

static int bind(sqlite3_stmt *statement, int place, const struct weir_value *value)
{
    switch (value->kind) {
    case WEIR_VALUE_NULL:
        return sqlite3_bind_null(statement, place);
    case WEIR_VALUE_INTEGER:
        return sqlite3_bind_int64(statement, place, value->integer);
    case WEIR_VALUE_TEXT:
        return sqlite3_bind_text64(statement, place, value->bytes, value->length, SQLITE_STATIC,
                                   SQLITE_UTF8);
    case WEIR_VALUE_BLOB:
        return sqlite3_bind_blob64(statement, place, value->bytes, value->length, SQLITE_STATIC);
    }
    return SQLITE_MISUSE;
}

static enum weir_err bind_all(struct weir_store *store,
                              struct weir_scope *scope,
                              sqlite3_stmt *statement,
                              const struct weir_value *values,
                              size_t value_count)
{
    assert((size_t)sqlite3_bind_parameter_count(statement) == value_count);
    for (size_t i = 0; i < value_count; i++) {
        int result = bind(statement, (int)i + 1, &values[i]);
        if (result != SQLITE_OK)
            return weir_sql_fail(store, scope, result, "binding a value");
    }
    return WEIR_OK;
}

enum weir_err weir_sql_prepare(struct weir_store *store,
                               struct weir_scope *scope,
                               const char *sql,
                               sqlite3_stmt **statement)
{
    if (store->is_dead)
        return weir_fail(scope, WEIR_E_STORE,
                         "the ledger failed to reach the disk earlier; this process must end");
    size_t place = ((uintptr_t)sql >> 3) % WEIR_STATEMENTS_MAX;
    while (store->statements[place].sql != NULL && store->statements[place].sql != sql)
        place = (place + 1) % WEIR_STATEMENTS_MAX;
    struct weir_cached_statement *cached = &store->statements[place];
    if (cached->sql == NULL) {
        assert(store->statement_count < WEIR_STATEMENTS_MAX - 1); /* one place stays empty */
        int result = sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                        &cached->statement, NULL);
        if (result != SQLITE_OK)
            return weir_sql_fail(store, scope, result, sql);
        cached->sql = sql;
        store->statement_count++;
    }
    assert(!sqlite3_stmt_busy(cached->statement));
    *statement = cached->statement;
    return WEIR_OK;
}

enum weir_err weir_sql_run(struct weir_store *store,
                           struct weir_scope *scope,
                           const char *sql,
                           const struct weir_value *values,
                           size_t value_count)
{
    sqlite3_stmt *statement = NULL;
    enum weir_err err = weir_sql_prepare(store, scope, sql, &statement);
    if (err == WEIR_OK)
        err = bind_all(store, scope, statement, values, value_count);
    if (err != WEIR_OK)
        return err;
    int result = sqlite3_step(statement);
    assert(result != SQLITE_ROW);
    if (result != SQLITE_DONE)
        err = weir_sql_fail(store, scope, result, sql);
    (void)sqlite3_reset(statement); /* repeats the error of the step */
    return err;
}

int64_t weir_sql_changes(const struct weir_store *store)
{
    return sqlite3_changes64(store->db);
}

int64_t weir_sql_last_id(const struct weir_store *store)
{
    return sqlite3_last_insert_rowid(store->db);
}

enum weir_err weir_sql_script(struct weir_store *store, struct weir_scope *scope, const char *sql)
{
    int result = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    if (result != SQLITE_OK)
        return weir_sql_fail(store, scope, result, "a script");
    return WEIR_OK;
}

/* What a primary result code means to the caller. */
static enum weir_err meaning(int result)
{
    switch (result & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return WEIR_E_BUSY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return WEIR_E_CORRUPT;
    case SQLITE_CONSTRAINT:
        return WEIR_E_EXISTS;
    case SQLITE_NOMEM:
        return WEIR_E_MEMORY;
    default:
        return WEIR_E_STORE;
    }
}

enum weir_err
weir_sql_fail(struct weir_store *store, struct weir_scope *scope, int result, const char *doing)
{
    int extended = sqlite3_extended_errcode(store->db);
    enum weir_err err = meaning(result);
    if (err != WEIR_E_EXISTS)
        store->is_doomed = true;
    if ((extended & 0xff) == SQLITE_IOERR && extended != SQLITE_IOERR_NOMEM)
        store->is_dead = true;
    if ((result & 0xff) == SQLITE_FULL)
        return weir_fail(scope, WEIR_E_STORE,
                         "the disk is full (or the size limit of the ledger is reached); nothing "
                         "that was stored is lost");
    if (store->is_dead)
        return weir_fail(scope, err, "%s (code %d): the file system failed; this process must end",
                         sqlite3_errmsg(store->db), extended);
    return weir_fail(scope, err, "%s (code %d) in: %.120s", sqlite3_errmsg(store->db), extended,
                     doing);
}

void weir_rows_begin(struct weir_rows *rows,
                     struct weir_store *store,
                     struct weir_scope *scope,
                     const char *sql,
                     const struct weir_value *values,
                     size_t value_count)
{
    *rows = (struct weir_rows){.store = store, .scope = scope, .sql = sql};
    rows->err = weir_sql_prepare(store, scope, sql, &rows->statement);
    if (rows->err == WEIR_OK)
        rows->err = bind_all(store, scope, rows->statement, values, value_count);
}

bool weir_rows_next(struct weir_rows *rows)
{
    if (rows->err != WEIR_OK)
        return false;
    int result = sqlite3_step(rows->statement);
    if (result == SQLITE_ROW)
        return true;
    if (result != SQLITE_DONE)
        rows->err = weir_sql_fail(rows->store, rows->scope, result, rows->sql);
    return false;
}

enum weir_err weir_rows_end(struct weir_rows *rows)
{
    if (rows->statement != NULL)
        (void)sqlite3_reset(rows->statement); /* repeats the error of the last step */
    return rows->err;
}

static void row_fail(struct weir_rows *rows, int column, const char *why)
{
    if (rows->err == WEIR_OK)
        rows->err = weir_fail(rows->scope, WEIR_E_CORRUPT, "column %s %s, in: %.120s",
                              sqlite3_column_name(rows->statement, column), why, rows->sql);
}

int64_t weir_row_i64(struct weir_rows *rows, int column)
{
    if (sqlite3_column_type(rows->statement, column) != SQLITE_INTEGER)
        row_fail(rows, column, "is no whole number");
    return sqlite3_column_int64(rows->statement, column);
}

static uint64_t row_bounded(struct weir_rows *rows, int column, uint64_t max)
{
    int64_t value = weir_row_i64(rows, column);
    if (value < 0 || (uint64_t)value > max) {
        row_fail(rows, column, "is out of range");
        return 0;
    }
    return (uint64_t)value;
}

uint64_t weir_row_u64(struct weir_rows *rows, int column)
{
    return row_bounded(rows, column, INT64_MAX);
}

uint8_t weir_row_u8(struct weir_rows *rows, int column)
{
    return (uint8_t)row_bounded(rows, column, UINT8_MAX);
}

uint16_t weir_row_u16(struct weir_rows *rows, int column)
{
    return (uint16_t)row_bounded(rows, column, UINT16_MAX);
}

uint32_t weir_row_u32(struct weir_rows *rows, int column)
{
    return (uint32_t)row_bounded(rows, column, UINT32_MAX);
}

bool weir_row_is_null(struct weir_rows *rows, int column)
{
    return sqlite3_column_type(rows->statement, column) == SQLITE_NULL;
}

struct weir_slice weir_row_peek(struct weir_rows *rows, int column)
{
    const void *bytes = sqlite3_column_blob(rows->statement, column);
    int length = sqlite3_column_bytes(rows->statement, column);
    return (struct weir_slice){.data = bytes, .length = bytes == NULL ? 0 : (size_t)length};
}

const char *weir_row_text(struct weir_rows *rows, int column)
{
    struct weir_slice bytes = weir_row_peek(rows, column);
    char *text = weir_take_text(rows->scope, bytes.data == NULL ? (const void *)"" : bytes.data,
                                bytes.length);
    if (text == NULL && rows->err == WEIR_OK)
        rows->err = WEIR_E_MEMORY;
    return text;
}

struct weir_slice weir_row_slice(struct weir_rows *rows, int column)
{
    size_t length = weir_row_peek(rows, column).length;
    const char *copy = weir_row_text(rows, column);
    return (struct weir_slice){.data = (const uint8_t *)copy, .length = copy == NULL ? 0 : length};
}

void weir_row_bytes(struct weir_rows *rows, int column, void *bytes, size_t length)
{
    struct weir_slice stored = weir_row_peek(rows, column);
    if (stored.length != length) {
        row_fail(rows, column, "has a wrong length");
        memset(bytes, 0, length);
        return;
    }
    if (length > 0)
        memcpy(bytes, stored.data, length);
}

struct weir_hash weir_row_hash(struct weir_rows *rows, int column)
{
    struct weir_hash hash;
    weir_row_bytes(rows, column, hash.bytes, sizeof(hash.bytes));
    return hash;
}

enum weir_err weir_sql_i64(struct weir_store *store,
                           struct weir_scope *scope,
                           const char *sql,
                           const struct weir_value *values,
                           size_t value_count,
                           int64_t *number)
{
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope, sql, values, value_count);
    bool is_found = weir_rows_next(&rows);
    int64_t found = is_found ? weir_row_i64(&rows, 0) : 0;
    enum weir_err err = weir_rows_end(&rows);
    if (err != WEIR_OK)
        return err;
    if (!is_found)
        return WEIR_E_NOT_FOUND;
    *number = found;
    return WEIR_OK;
}

void *weir_collect(struct weir_scope *scope, struct weir_collected *collected)
{
    if (collected->count == collected->capacity) {
        size_t capacity = collected->capacity == 0 ? 16 : 2 * collected->capacity;
        uint8_t *items = weir_take(scope, capacity, collected->item_bytes);
        if (items == NULL)
            return NULL;
        if (collected->count > 0)
            memcpy(items, collected->items, collected->count * collected->item_bytes);
        collected->items = items;
        collected->capacity = capacity;
    }
    return (uint8_t *)collected->items + collected->item_bytes * collected->count++;
}

void *weir_rows_collect(struct weir_rows *rows, struct weir_collected *collected)
{
    void *item = weir_collect(rows->scope, collected);
    if (item == NULL && rows->err == WEIR_OK)
        rows->err = rows->scope->err;
    return item;
}

struct weir_value weir_value_limit(size_t limit)
{
    return weir_value_i64(limit > INT64_MAX ? INT64_MAX : (int64_t)limit);
}

enum weir_err
weir_work_begin(struct weir_store *store, struct weir_scope *scope, struct weir_work *work)
{
    work->is_own = !store->is_writing;
    if (work->is_own)
        return weir_store_begin(store, scope, WEIR_WRITE_SHORT);
    return weir_sql_run(store, scope, "SAVEPOINT work", NULL, 0);
}

enum weir_err weir_work_end(struct weir_store *store,
                            struct weir_scope *scope,
                            struct weir_work *work,
                            enum weir_err err)
{
    if (work->is_own) {
        if (err == WEIR_OK)
            return weir_store_commit(store, scope);
        weir_store_rollback(store);
        return err;
    }
    if (err == WEIR_OK)
        return weir_sql_run(store, scope, "RELEASE work", NULL, 0);
    weir_logs_forget(store); /* what is remembered may be what is undone here */
    struct weir_scope aside = {0};
    if (weir_sql_run(store, &aside, "ROLLBACK TO work", NULL, 0) != WEIR_OK ||
        weir_sql_run(store, &aside, "RELEASE work", NULL, 0) != WEIR_OK)
        store->is_doomed = true;
    return err;
}
