#include "ledger/agreements.h"

#include <string.h>

#include "ledger/sql.h"

#define AGREEMENT_COLUMNS                                                                          \
    "SELECT agreement_id, name, terms_hash, terms, chain_id, clone, factory, implementation, "     \
    "log_id, asset, made_ms FROM agreement "

static void agreement_read(struct weir_rows *rows, struct weir_agreement_row *row)
{
    *row = (struct weir_agreement_row){
        .agreement_id = weir_row_i64(rows, 0),
        .name = weir_row_text(rows, 1),
        .terms_hash = weir_row_hash(rows, 2),
        .terms = weir_row_slice(rows, 3),
        .chain_id = weir_row_u64(rows, 4),
        .log_id = weir_row_is_null(rows, 8) ? 0 : weir_row_i64(rows, 8),
        .asset = weir_row_u16(rows, 9),
        .made_ms = weir_row_i64(rows, 10),
    };
    weir_row_bytes(rows, 5, row->clone.bytes, sizeof(row->clone.bytes));
    weir_row_bytes(rows, 6, row->factory.bytes, sizeof(row->factory.bytes));
    weir_row_bytes(rows, 7, row->implementation.bytes, sizeof(row->implementation.bytes));
}

/* The one agreement the statement finds. */
static enum weir_err agreement_one(struct weir_store *store,
                                   struct weir_scope *scope,
                                   const char *sql,
                                   struct weir_value key,
                                   struct weir_agreement_row *row)
{
    struct weir_rows rows;
    struct weir_agreement_row found;
    weir_rows_begin(&rows, store, scope, sql, &key, 1);
    bool is_found = weir_rows_next(&rows);
    if (is_found)
        agreement_read(&rows, &found);
    enum weir_err err = weir_rows_end(&rows);
    if (err != WEIR_OK)
        return err;
    if (!is_found)
        return weir_fail(scope, WEIR_E_NOT_FOUND, "there is no such agreement");
    *row = found;
    return WEIR_OK;
}

enum weir_err weir_agreement_load(struct weir_store *store,
                                  struct weir_scope *scope,
                                  int64_t agreement_id,
                                  struct weir_agreement_row *row)
{
    return agreement_one(store, scope, AGREEMENT_COLUMNS "WHERE agreement_id = ?",
                         weir_value_i64(agreement_id), row);
}

enum weir_err weir_agreement_find(struct weir_store *store,
                                  struct weir_scope *scope,
                                  const char *name,
                                  struct weir_agreement_row *row)
{
    enum weir_err err =
        agreement_one(store, scope, AGREEMENT_COLUMNS "WHERE name = ?", weir_value_text(name), row);
    return err == WEIR_OK ? err : weir_note(scope, "'%s'", name);
}

enum weir_err weir_agreement_find_terms(struct weir_store *store,
                                        struct weir_scope *scope,
                                        const struct weir_hash *terms_hash,
                                        struct weir_agreement_row *row)
{
    return agreement_one(store, scope,
                         AGREEMENT_COLUMNS "WHERE terms_hash = ? ORDER BY agreement_id LIMIT 1",
                         weir_value_hash(terms_hash), row);
}

static enum weir_err agreement_insert(struct weir_store *store,
                                      struct weir_scope *scope,
                                      const struct weir_agreement_row *row)
{
    return weir_sql_run(
        store, scope,
        "INSERT INTO agreement(name, terms_hash, terms, chain_id, clone, factory, implementation, "
        "log_id, asset, made_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        WEIR_VALUES(weir_value_text(row->name), weir_value_hash(&row->terms_hash),
                    weir_value_slice(row->terms), weir_value_u64(row->chain_id),
                    weir_value_blob(row->clone.bytes, sizeof(row->clone.bytes)),
                    weir_value_blob(row->factory.bytes, sizeof(row->factory.bytes)),
                    weir_value_blob(row->implementation.bytes, sizeof(row->implementation.bytes)),
                    row->log_id == 0 ? weir_value_null() : weir_value_i64(row->log_id),
                    weir_value_u64(row->asset), weir_value_i64(row->made_ms)));
}

/* That what stands under the name is what was to be registered. */
static enum weir_err agreement_compare(struct weir_store *store,
                                       struct weir_scope *scope,
                                       const struct weir_agreement_row *row,
                                       int64_t *agreement_id)
{
    struct weir_agreement_row found;
    struct weir_scope aside = {.arena = scope->arena};
    enum weir_err err = weir_agreement_find(store, &aside, row->name, &found);
    if (err == WEIR_E_NOT_FOUND)
        return weir_fail(scope, WEIR_E_CONFLICT, "the address of '%s' belongs to another agreement",
                         row->name);
    if (err != WEIR_OK)
        return weir_fail(scope, err, "%s", aside.fault);
    if (!weir_hash_equal(&found.terms_hash, &row->terms_hash) || found.chain_id != row->chain_id ||
        !weir_address_equal(&found.clone, &row->clone))
        return weir_fail(scope, WEIR_E_CONFLICT, "agreement '%s' is registered with other terms",
                         row->name);
    *agreement_id = found.agreement_id;
    return WEIR_OK;
}

enum weir_err weir_agreement_put(struct weir_store *store,
                                 struct weir_scope *scope,
                                 const struct weir_agreement_row *row,
                                 int64_t *agreement_id)
{
    struct weir_work work;
    int64_t found = 0;
    enum weir_err err = weir_work_begin(store, scope, &work);
    if (err != WEIR_OK)
        return err;
    err = agreement_insert(store, scope, row);
    if (err == WEIR_OK)
        err = agreement_compare(store, scope, row, &found);
    err = weir_work_end(store, scope, &work, err);
    if (err == WEIR_OK)
        *agreement_id = found;
    return err;
}

enum weir_err weir_agreement_list(struct weir_store *store,
                                  struct weir_scope *scope,
                                  struct weir_agreement_row **agreements,
                                  size_t *agreement_count)
{
    struct weir_collected found = {.item_bytes = sizeof(struct weir_agreement_row)};
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope, AGREEMENT_COLUMNS "ORDER BY name", NULL, 0);
    while (weir_rows_next(&rows)) {
        struct weir_agreement_row *row = weir_rows_collect(&rows, &found);
        if (row != NULL)
            agreement_read(&rows, row);
    }
    enum weir_err err = weir_rows_end(&rows);
    if (err != WEIR_OK)
        return err;
    *agreements = found.items;
    *agreement_count = found.count;
    return WEIR_OK;
}

static void asset_read(struct weir_rows *rows, struct weir_asset_row *row)
{
    *row = (struct weir_asset_row){
        .asset = weir_row_u16(rows, 0),
        .chain_id = weir_row_u64(rows, 1),
        .symbol = weir_row_text(rows, 3),
        .decimals = weir_row_u8(rows, 4),
    };
    weir_row_bytes(rows, 2, row->token.bytes, sizeof(row->token.bytes));
}

static enum weir_err asset_open(struct weir_store *store,
                                struct weir_scope *scope,
                                const struct weir_asset_row *row,
                                uint16_t *asset)
{
    struct weir_value chain = weir_value_u64(row->chain_id);
    struct weir_value token = weir_value_blob(row->token.bytes, sizeof(row->token.bytes));
    struct weir_asset_row found = {.symbol = ""};
    enum weir_err err = weir_sql_run(
        store, scope,
        "INSERT INTO asset(asset, chain_id, token, symbol, decimals) "
        "SELECT coalesce(max(asset), 0) + 1, ?1, ?2, ?3, ?4 FROM asset WHERE true "
        "ON CONFLICT(chain_id, token) DO NOTHING",
        WEIR_VALUES(chain, token, weir_value_text(row->symbol), weir_value_u64(row->decimals)));
    if (err == WEIR_E_EXISTS) {
        weir_scope_recover(scope);
        return weir_fail(scope, WEIR_E_LIMIT, "there are 65,535 assets");
    }
    if (err != WEIR_OK)
        return err;
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    "SELECT asset, chain_id, token, symbol, decimals FROM asset "
                    "WHERE chain_id = ? AND token = ?",
                    WEIR_VALUES(chain, token));
    if (weir_rows_next(&rows))
        asset_read(&rows, &found);
    err = weir_rows_end(&rows);
    if (err != WEIR_OK)
        return err;
    if (strcmp(found.symbol, row->symbol) != 0 || found.decimals != row->decimals)
        return weir_fail(scope, WEIR_E_CONFLICT, "the asset is known as %s with %u decimals",
                         found.symbol, found.decimals);
    *asset = found.asset;
    return WEIR_OK;
}

enum weir_err weir_asset_open(struct weir_store *store,
                              struct weir_scope *scope,
                              const struct weir_asset_row *row,
                              uint16_t *asset)
{
    struct weir_work work;
    uint16_t found = 0;
    enum weir_err err = weir_work_begin(store, scope, &work);
    if (err != WEIR_OK)
        return err;
    err = asset_open(store, scope, row, &found);
    err = weir_work_end(store, scope, &work, err);
    if (err == WEIR_OK)
        *asset = found;
    return err;
}

enum weir_err weir_asset_load(struct weir_store *store,
                              struct weir_scope *scope,
                              uint16_t asset,
                              struct weir_asset_row *row)
{
    struct weir_rows rows;
    struct weir_asset_row found;
    weir_rows_begin(&rows, store, scope,
                    "SELECT asset, chain_id, token, symbol, decimals FROM asset WHERE asset = ?",
                    WEIR_VALUES(weir_value_u64(asset)));
    bool is_found = weir_rows_next(&rows);
    if (is_found)
        asset_read(&rows, &found);
    enum weir_err err = weir_rows_end(&rows);
    if (err == WEIR_OK && !is_found)
        err = weir_fail(scope, WEIR_E_NOT_FOUND, "there is no asset %u", asset);
    if (err == WEIR_OK)
        *row = found;
    return err;
}
