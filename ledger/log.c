#include "ledger/log.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "attest/checkpoint.h"
#include "base/arena.h"
#include "ledger/append.h"
#include "ledger/sql.h"
#include "metrics/gauge.h"

#define LOG_COLUMNS                                                                                \
    "SELECT log.log_id, log.is_own, log.origin, log.origin_hash, log.gauge, log.definition, "      \
    "log.definition_hash, head.edge, head.tick_ms FROM log JOIN head ON head.log_id = log.log_id "

static void log_read(struct weir_rows *rows, struct weir_log *log)
{
    struct weir_edge edge;
    *log = (struct weir_log){
        .log_id = weir_row_i64(rows, 0),
        .is_own = weir_row_i64(rows, 1) != 0,
        .origin = weir_row_text(rows, 2),
        .origin_hash = weir_row_hash(rows, 3),
        .gauge = weir_row_text(rows, 4),
        .definition = weir_row_slice(rows, 5),
        .definition_hash = weir_row_hash(rows, 6),
        .last_tick_ms = weir_row_i64(rows, 8),
    };
    if (rows->err == WEIR_OK)
        rows->err = weir_edge_read(rows->scope, weir_row_peek(rows, 7), &edge);
    if (rows->err == WEIR_OK)
        log->head = (struct weir_merkle_head){.size = edge.size, .root = weir_edge_root(&edge)};
}

/* The one log that the statement finds. */
static enum weir_err log_one(struct weir_store *store,
                             struct weir_scope *scope,
                             const char *sql,
                             struct weir_value key,
                             struct weir_log *log)
{
    struct weir_rows rows;
    struct weir_log found;
    weir_rows_begin(&rows, store, scope, sql, &key, 1);
    bool is_found = weir_rows_next(&rows);
    if (is_found)
        log_read(&rows, &found);
    enum weir_err err = weir_rows_end(&rows);
    if (err != WEIR_OK)
        return err;
    if (!is_found)
        return weir_fail(scope, WEIR_E_NOT_FOUND, "there is no such log");
    *log = found;
    return WEIR_OK;
}

enum weir_err weir_log_load(struct weir_store *store,
                            struct weir_scope *scope,
                            int64_t log_id,
                            struct weir_log *log)
{
    return log_one(store, scope, LOG_COLUMNS "WHERE log.log_id = ?", weir_value_i64(log_id), log);
}

enum weir_err weir_log_find(struct weir_store *store,
                            struct weir_scope *scope,
                            const char *origin,
                            struct weir_log *log)
{
    enum weir_err err =
        log_one(store, scope, LOG_COLUMNS "WHERE log.origin = ?", weir_value_text(origin), log);
    return err == WEIR_OK ? err : weir_note(scope, "log '%s'", origin);
}

enum weir_err weir_log_find_gauge(struct weir_store *store,
                                  struct weir_scope *scope,
                                  const char *gauge,
                                  struct weir_log *log)
{
    enum weir_err err = log_one(store, scope, LOG_COLUMNS "WHERE log.gauge = ? AND log.is_own = 1",
                                weir_value_text(gauge), log);
    return err == WEIR_OK ? err : weir_note(scope, "gauge '%s'", gauge);
}

enum weir_err weir_log_find_hash(struct weir_store *store,
                                 struct weir_scope *scope,
                                 const struct weir_hash *origin_hash,
                                 struct weir_log *log)
{
    return log_one(store, scope, LOG_COLUMNS "WHERE log.origin_hash = ?",
                   weir_value_hash(origin_hash), log);
}

enum weir_err weir_log_list(struct weir_store *store,
                            struct weir_scope *scope,
                            struct weir_log **logs,
                            size_t *log_count)
{
    struct weir_collected found = {.item_bytes = sizeof(struct weir_log)};
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope, LOG_COLUMNS "ORDER BY log.origin", NULL, 0);
    while (weir_rows_next(&rows)) {
        struct weir_log *log = weir_collect(scope, &found);
        if (log == NULL)
            rows.err = scope->err;
        else
            log_read(&rows, log);
    }
    enum weir_err err = weir_rows_end(&rows);
    if (err != WEIR_OK)
        return err;
    *logs = found.items;
    *log_count = found.count;
    return WEIR_OK;
}

/* Whether the log exists already: with the same definition, with another, or not. */
static enum weir_err find_same(struct weir_store *store,
                               struct weir_scope *scope,
                               const char *origin,
                               struct weir_slice definition,
                               int64_t *log_id)
{
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    "SELECT log_id, definition, is_own FROM log WHERE origin = ?",
                    WEIR_VALUES(weir_value_text(origin)));
    int64_t found = 0;
    if (weir_rows_next(&rows)) {
        found = weir_row_i64(&rows, 0);
        if (weir_row_i64(&rows, 2) == 0)
            rows.err =
                weir_fail(scope, WEIR_E_CONFLICT, "'%s' is a mirror of a peer's log", origin);
        else if (!weir_slice_equal(weir_row_peek(&rows, 1), definition))
            rows.err = weir_fail(scope, WEIR_E_CONFLICT,
                                 "log '%s' was begun with another gauge definition; a changed "
                                 "definition needs a new gauge name",
                                 origin);
    }
    enum weir_err err = weir_rows_end(&rows);
    if (err == WEIR_OK)
        *log_id = found;
    return err;
}

/* The row of a new log and an empty head. */
static enum weir_err log_insert(struct weir_store *store,
                                struct weir_scope *scope,
                                const char *origin,
                                struct weir_slice definition,
                                const uint8_t salt_root[static WEIR_SALT_SEED_BYTES])
{
    struct weir_gauge gauge;
    enum weir_err err = weir_gauge_parse(scope, definition, &gauge);
    if (err != WEIR_OK)
        return weir_note(scope, "the gauge definition of log '%s'", origin);
    struct weir_hash origin_hash = weir_origin_hash(weir_slice_text(origin));
    struct weir_hash definition_hash = weir_sha256_of(definition.data, definition.length);
    err = weir_sql_run(
        store, scope,
        "INSERT INTO log(is_own, origin, origin_hash, gauge, definition, definition_hash, "
        "salt_root) VALUES (1, ?, ?, ?, ?, ?, ?)",
        WEIR_VALUES(weir_value_text(origin), weir_value_hash(&origin_hash),
                    weir_value_text(gauge.name), weir_value_slice(definition),
                    weir_value_hash(&definition_hash),
                    weir_value_blob(salt_root, WEIR_SALT_SEED_BYTES)));
    if (err == WEIR_E_EXISTS) {
        weir_scope_recover(scope);
        return weir_fail(scope, WEIR_E_CONFLICT, "gauge '%s' has a log already", gauge.name);
    }
    if (err != WEIR_OK)
        return err;
    uint8_t edge[WEIR_EDGE_BYTES_MAX];
    struct weir_edge empty = {0};
    size_t length = weir_edge_write(&empty, edge);
    return weir_sql_run(
        store, scope, "INSERT INTO head(log_id, size, edge, tick_ms) VALUES (?, 0, ?, -1)",
        WEIR_VALUES(weir_value_i64(weir_sql_last_id(store)), weir_value_blob(edge, length)));
}

static enum weir_err log_make(struct weir_store *store,
                              struct weir_scope *scope,
                              const char *origin,
                              struct weir_slice definition,
                              const uint8_t *salt_root)
{
    uint8_t root[WEIR_SALT_SEED_BYTES];
    if (salt_root != NULL)
        memcpy(root, salt_root, sizeof(root));
    else if (getrandom(root, sizeof(root), 0) != (ssize_t)sizeof(root))
        return weir_fail(scope, WEIR_E_IO, "the system gives no random bytes: %s", strerror(errno));
    enum weir_err err = log_insert(store, scope, origin, definition, root);
    explicit_bzero(root, sizeof(root));
    return err;
}

static enum weir_err log_open_locked(struct weir_store *store,
                                     struct weir_scope *scope,
                                     const char *origin,
                                     struct weir_slice definition,
                                     const uint8_t *salt_root)
{
    int64_t log_id = 0;
    enum weir_err err = find_same(store, scope, origin, definition, &log_id);
    if (err != WEIR_OK || log_id != 0)
        return err;
    err = log_make(store, scope, origin, definition, salt_root);
    if (err == WEIR_OK)
        err = find_same(store, scope, origin, definition, &log_id);
    struct weir_append append;
    if (err == WEIR_OK)
        err = weir_append_begin(&append, store, scope, log_id);
    struct weir_append_leaf leaf = {.kind = WEIR_LEAF_DEFINITION, .payload = definition};
    if (err == WEIR_OK)
        err = weir_append_add(&append, scope, &leaf, NULL);
    return err == WEIR_OK ? weir_append_end(&append, scope) : err;
}

enum weir_err weir_log_open(struct weir_store *store,
                            struct weir_scope *scope,
                            const char *origin,
                            struct weir_slice definition,
                            const uint8_t *salt_root,
                            int64_t *log_id)
{
    int64_t found = 0;
    enum weir_err err = find_same(store, scope, origin, definition, &found);
    if (err != WEIR_OK)
        return err;
    if (found == 0) {
        struct weir_work work;
        err = weir_work_begin(store, scope, &work);
        if (err != WEIR_OK)
            return err;
        err = log_open_locked(store, scope, origin, definition, salt_root);
        err = weir_work_end(store, scope, &work, err);
        if (err == WEIR_OK)
            err = find_same(store, scope, origin, definition, &found);
    }
    if (err == WEIR_OK)
        *log_id = found;
    return err;
}
