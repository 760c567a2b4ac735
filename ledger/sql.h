/* How the ledger's files talk to SQLite: statements prepared once per handle and kept, values bound
 * in order, columns read strictly, and a bracket that makes each writing function all or nothing.
 * Statement texts are string literals: the cache knows them by their address.
 * Private to the ledger.  Floor 2: I/O. */
#ifndef WEIR_LEDGER_SQL_H
#define WEIR_LEDGER_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"

struct weir_store;

enum weir_value_kind { WEIR_VALUE_NULL, WEIR_VALUE_INTEGER, WEIR_VALUE_TEXT, WEIR_VALUE_BLOB };

/* One parameter of a statement; bytes are borrowed until the statement has run. */
struct weir_value {
    enum weir_value_kind kind;
    int64_t integer;
    const void *bytes;
    size_t length;
};

struct weir_value weir_value_i64(int64_t value);
/* At most INT64_MAX (asserted): callers have checked what comes from outside. */
struct weir_value weir_value_u64(uint64_t value);
struct weir_value weir_value_text(const char *text); /* NULL becomes "" */
struct weir_value weir_value_text_slice(struct weir_slice text);
struct weir_value weir_value_blob(const void *bytes, size_t length);
struct weir_value weir_value_slice(struct weir_slice bytes);
struct weir_value weir_value_hash(const struct weir_hash *hash);
struct weir_value weir_value_null(void);

/* The parameters of a statement and their number. */
#define WEIR_VALUES(...)                                                                           \
    (const struct weir_value[]){__VA_ARGS__},                                                      \
        sizeof((const struct weir_value[]){__VA_ARGS__}) / sizeof(struct weir_value)

/* The statement from the cache, reset.  Errors: STORE, CORRUPT. */
WEIR_CHECKED enum weir_err weir_sql_prepare(struct weir_store *store,
                                            struct weir_scope *scope,
                                            const char *sql,
                                            sqlite3_stmt **statement);

/* Runs a statement that gives no rows.  Errors: BUSY, STORE, CORRUPT; EXISTS when a constraint
 * refuses the row. */
WEIR_CHECKED enum weir_err weir_sql_run(struct weir_store *store,
                                        struct weir_scope *scope,
                                        const char *sql,
                                        const struct weir_value *values,
                                        size_t value_count);

/* Rows that the last statement changed. */
int64_t weir_sql_changes(const struct weir_store *store);
int64_t weir_sql_last_id(const struct weir_store *store);

/* Several statements without parameters, not kept. */
WEIR_CHECKED enum weir_err
weir_sql_script(struct weir_store *store, struct weir_scope *scope, const char *sql);

/* Records what SQLite says as a failure of the scope; a failed write dooms the transaction. */
enum weir_err
weir_sql_fail(struct weir_store *store, struct weir_scope *scope, int result, const char *doing);

/* Rows being read.  The first failure, also of a column, ends the rows and is what
 * weir_rows_end returns. */
struct weir_rows {
    struct weir_store *store;
    struct weir_scope *scope;
    sqlite3_stmt *statement;
    const char *sql;
    enum weir_err err;
};

void weir_rows_begin(struct weir_rows *rows,
                     struct weir_store *store,
                     struct weir_scope *scope,
                     const char *sql,
                     const struct weir_value *values,
                     size_t value_count);
bool weir_rows_next(struct weir_rows *rows);
enum weir_err weir_rows_end(struct weir_rows *rows);

int64_t weir_row_i64(struct weir_rows *rows, int column);
/* A negative number is CORRUPT. */
uint64_t weir_row_u64(struct weir_rows *rows, int column);
uint8_t weir_row_u8(struct weir_rows *rows, int column);
uint16_t weir_row_u16(struct weir_rows *rows, int column);
uint32_t weir_row_u32(struct weir_rows *rows, int column);
bool weir_row_is_null(struct weir_rows *rows, int column);
/* Copies into the arena; texts end with NUL, which is not counted. */
const char *weir_row_text(struct weir_rows *rows, int column);
struct weir_slice weir_row_slice(struct weir_rows *rows, int column);
/* Borrowed until the next row. */
struct weir_slice weir_row_peek(struct weir_rows *rows, int column);
/* Exactly `length` bytes, else CORRUPT. */
void weir_row_bytes(struct weir_rows *rows, int column, void *bytes, size_t length);
struct weir_hash weir_row_hash(struct weir_rows *rows, int column);

/* One number, from a statement that gives one row or none.  Errors: NOT_FOUND (no row; not
 * recorded in the scope), those of the rows. */
WEIR_CHECKED enum weir_err weir_sql_i64(struct weir_store *store,
                                        struct weir_scope *scope,
                                        const char *sql,
                                        const struct weir_value *values,
                                        size_t value_count,
                                        int64_t *number);

/* Items of one size collected in the arena. */
struct weir_collected {
    void *items;
    size_t count;
    size_t capacity;
    size_t item_bytes;
};

/* A new zeroed item, NULL after recording MEMORY. */
void *weir_collect(struct weir_scope *scope, struct weir_collected *collected);

/* The same for the row being read; on NULL the rows end with MEMORY. */
void *weir_rows_collect(struct weir_rows *rows, struct weir_collected *collected);

/* The limit of a list as a parameter. */
struct weir_value weir_value_limit(size_t limit);

/* The bracket around the writes of one function: its own SHORT transaction, or a savepoint of the
 * open one.  `end` keeps everything when `err` is OK and nothing otherwise, and returns the
 * outcome.
 */
struct weir_work {
    bool is_own;
};
WEIR_CHECKED enum weir_err
weir_work_begin(struct weir_store *store, struct weir_scope *scope, struct weir_work *work);
WEIR_CHECKED enum weir_err weir_work_end(struct weir_store *store,
                                         struct weir_scope *scope,
                                         struct weir_work *work,
                                         enum weir_err err);

#endif /* WEIR_LEDGER_SQL_H */
