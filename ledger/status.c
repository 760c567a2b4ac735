#include "ledger/status.h"

#include <string.h>

#include "ledger/sql.h"

enum weir_err weir_status_put(struct weir_store *store,
                              struct weir_scope *scope,
                              const struct weir_status_row *rows,
                              size_t row_count)
{
    struct weir_work work;
    enum weir_err err = weir_work_begin(store, scope, &work);
    if (err != WEIR_OK)
        return err;
    for (size_t i = 0; i < row_count && err == WEIR_OK; i++)
        err = weir_sql_run(
            store, scope,
            "INSERT INTO duty_status(duty, name, value, text, updated_ms) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET value = excluded.value, text = excluded.text, "
            "updated_ms = excluded.updated_ms",
            WEIR_VALUES(weir_value_text(rows[i].duty), weir_value_text(rows[i].name),
                        weir_value_i64(rows[i].value), weir_value_text(rows[i].text),
                        weir_value_i64(rows[i].updated_ms)));
    return weir_work_end(store, scope, &work, err);
}

enum weir_err weir_status_list(struct weir_store *store,
                               struct weir_scope *scope,
                               struct weir_status_row **statuses,
                               size_t *status_count)
{
    struct weir_collected found = {.item_bytes = sizeof(struct weir_status_row)};
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    "SELECT duty, name, value, text, updated_ms FROM duty_status "
                    "ORDER BY duty, name",
                    NULL, 0);
    while (weir_rows_next(&rows)) {
        struct weir_status_row *row = weir_collect(scope, &found);
        if (row == NULL) {
            rows.err = scope->err;
            break;
        }
        *row = (struct weir_status_row){
            .duty = weir_row_text(&rows, 0),
            .name = weir_row_text(&rows, 1),
            .value = weir_row_i64(&rows, 2),
            .text = weir_row_text(&rows, 3),
            .updated_ms = weir_row_i64(&rows, 4),
        };
    }
    enum weir_err err = weir_rows_end(&rows);
    if (err != WEIR_OK)
        return err;
    *statuses = found.items;
    *status_count = found.count;
    return WEIR_OK;
}

/* The value, or NULL when the fact is not recorded. */
static enum weir_err
meta_find(struct weir_store *store, struct weir_scope *scope, const char *name, const char **value)
{
    struct weir_rows rows;
    *value = NULL;
    weir_rows_begin(&rows, store, scope, "SELECT value FROM meta WHERE name = ?",
                    WEIR_VALUES(weir_value_text(name)));
    if (weir_rows_next(&rows))
        *value = weir_row_text(&rows, 0);
    return weir_rows_end(&rows);
}

static enum weir_err
meta_set(struct weir_store *store, struct weir_scope *scope, const char *name, const char *value)
{
    const char *known = NULL;
    enum weir_err err = meta_find(store, scope, name, &known);
    if (err != WEIR_OK)
        return err;
    if (known == NULL)
        return weir_sql_run(store, scope, "INSERT INTO meta(name, value) VALUES (?, ?)",
                            WEIR_VALUES(weir_value_text(name), weir_value_text(value)));
    if (strcmp(known, value) != 0)
        return weir_fail(scope, WEIR_E_CONFLICT, "the ledger's %s is '%s', not '%s'", name, known,
                         value);
    return WEIR_OK;
}

enum weir_err weir_meta_set(struct weir_store *store,
                            struct weir_scope *scope,
                            const char *name,
                            const char *value)
{
    struct weir_work work;
    enum weir_err err = weir_work_begin(store, scope, &work);
    if (err != WEIR_OK)
        return err;
    err = meta_set(store, scope, name, value);
    return weir_work_end(store, scope, &work, err);
}

enum weir_err weir_meta_get(struct weir_store *store,
                            struct weir_scope *scope,
                            const char *name,
                            const char **value)
{
    const char *found = NULL;
    enum weir_err err = meta_find(store, scope, name, &found);
    if (err == WEIR_OK && found == NULL)
        err = weir_fail(scope, WEIR_E_NOT_FOUND, "the ledger does not know its %s", name);
    if (err == WEIR_OK)
        *value = found;
    return err;
}
