#include <stdio.h>

#include "base/hash.h"
#include "ledger/migrations.h"
#include "ledger/sql.h"
#include "ledger/store_private.h"

/* The steps as applied: number, name, SHA-256 of the text. */
static const char CREATE_MIGRATION[] =
    "CREATE TABLE IF NOT EXISTS migration(\n"
    "  number INTEGER PRIMARY KEY CHECK(number >= 1),\n"
    "  name TEXT NOT NULL,\n"
    "  checksum BLOB NOT NULL CHECK(length(checksum) = 32)\n"
    ") STRICT;\n"
    "CREATE TRIGGER IF NOT EXISTS migration_is_not_updated BEFORE UPDATE ON migration\n"
    " BEGIN SELECT RAISE(ABORT, 'migration is append-only'); END;\n"
    "CREATE TRIGGER IF NOT EXISTS migration_is_not_deleted BEFORE DELETE ON migration\n"
    " BEGIN SELECT RAISE(ABORT, 'migration is append-only'); END;\n";

static enum weir_err mark(struct weir_store *store, struct weir_scope *scope)
{
    char script[sizeof(CREATE_MIGRATION) + 64];
    (void)snprintf(script, /* always fits */
                   sizeof(script), "%sPRAGMA application_id = %u;", CREATE_MIGRATION,
                   weir_migrations_of(store->schema)->application_id);
    return weir_sql_script(store, scope, script);
}

/* A file with anything in it that does not carry our mark belongs to somebody else. */
static enum weir_err owner_check(struct weir_store *store, struct weir_scope *scope, bool *is_new)
{
    int64_t found = 0;
    int64_t tables = 0;
    enum weir_err err = weir_sql_i64(store, scope, "PRAGMA application_id", NULL, 0, &found);
    if (err == WEIR_OK)
        err = weir_sql_i64(store, scope, "SELECT count(*) FROM sqlite_schema", NULL, 0, &tables);
    if (err != WEIR_OK)
        return err;
    *is_new = tables == 0;
    if (!*is_new && found != (int64_t)weir_migrations_of(store->schema)->application_id)
        return weir_fail(scope, WEIR_E_CORRUPT,
                         "this is an SQLite file of something else, or the other file of the node");
    return WEIR_OK;
}

/* Compares the steps that were applied with those of this program; `*applied` counts them. */
static enum weir_err
applied_check(struct weir_store *store, struct weir_scope *scope, size_t *applied)
{
    const struct weir_migrations *ours = weir_migrations_of(store->schema);
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope, "SELECT number, checksum FROM migration ORDER BY number",
                    NULL, 0);
    size_t count = 0;
    while (weir_rows_next(&rows)) {
        uint64_t number = weir_row_u64(&rows, 0);
        struct weir_hash stored = weir_row_hash(&rows, 1);
        if (rows.err == WEIR_OK && number > ours->step_count)
            rows.err = weir_fail(scope, WEIR_E_CONFLICT,
                                 "the ledger has schema %llu, this program knows %zu: use a newer "
                                 "program",
                                 (unsigned long long)number, ours->step_count);
        if (rows.err != WEIR_OK)
            break;
        const struct weir_migration *step = &ours->steps[number - 1];
        struct weir_hash checksum = weir_migration_checksum(step);
        if (number != count + 1 || !weir_hash_equal(&checksum, &stored))
            rows.err = weir_fail(scope, WEIR_E_CONFLICT,
                                 "schema step %llu (%s) was changed after this ledger was made",
                                 (unsigned long long)number, step->name);
        count++;
    }
    *applied = count;
    return weir_rows_end(&rows);
}

static enum weir_err apply(struct weir_store *store, struct weir_scope *scope, size_t applied)
{
    const struct weir_migrations *ours = weir_migrations_of(store->schema);
    for (size_t i = applied; i < ours->step_count; i++) {
        const struct weir_migration *step = &ours->steps[i];
        struct weir_hash checksum = weir_migration_checksum(step);
        enum weir_err err = WEIR_OK;
        for (size_t part = 0; part < step->part_count && err == WEIR_OK; part++)
            err = weir_sql_script(store, scope, step->parts[part]);
        if (err == WEIR_OK)
            err = weir_sql_run(
                store, scope, "INSERT INTO migration(number, name, checksum) VALUES (?, ?, ?)",
                WEIR_VALUES(weir_value_u64(step->number), weir_value_text(step->name),
                            weir_value_hash(&checksum)));
        if (err != WEIR_OK)
            return weir_note(scope, "schema step %u (%s)", step->number, step->name);
    }
    return WEIR_OK;
}

/* All pending steps in one transaction: a killed migration has not happened. */
static enum weir_err migrate_locked(struct weir_store *store, struct weir_scope *scope)
{
    bool is_new = false;
    size_t applied = 0;
    enum weir_err err = owner_check(store, scope, &is_new);
    if (err == WEIR_OK && is_new)
        err = mark(store, scope);
    if (err == WEIR_OK)
        err = applied_check(store, scope, &applied);
    return err == WEIR_OK ? apply(store, scope, applied) : err;
}

enum weir_err weir_migrate(struct weir_store *store, struct weir_scope *scope)
{
    bool is_new = false;
    size_t applied = 0;
    enum weir_err err = owner_check(store, scope, &is_new);
    if (err == WEIR_OK && !is_new)
        err = applied_check(store, scope, &applied);
    if (err != WEIR_OK || (!is_new && applied == weir_migrations_of(store->schema)->step_count))
        return err;
    if (store->is_read_only)
        return weir_fail(scope, WEIR_E_CONFLICT,
                         "the ledger has an older schema; run the node first");
    err = weir_store_begin(store, scope, WEIR_WRITE_SHORT);
    if (err != WEIR_OK)
        return err;
    err = migrate_locked(store, scope);
    if (err == WEIR_OK)
        return weir_store_commit(store, scope);
    weir_store_rollback(store);
    return err;
}
