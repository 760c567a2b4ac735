#include "ledger/balances.h"

#include "ledger/amounts.h"
#include "ledger/sql.h"

#define ACCOUNT_COLUMNS                                                                            \
    "SELECT account.account_id, account.name, account.asset, balance.debits_pending, "             \
    "balance.debits_posted, balance.credits_pending, balance.credits_posted FROM account "         \
    "JOIN balance ON balance.account_id = account.account_id "

static void account_read(struct weir_rows *rows, struct weir_account_row *row)
{
    uint16_t asset = weir_row_u16(rows, 2);
    if (asset == 0)
        asset = 1; /* the row is damaged: the rows end with CORRUPT */
    *row = (struct weir_account_row){
        .account_id = weir_row_i64(rows, 0),
        .name = weir_row_text(rows, 1),
        .debits_pending = weir_money_make(asset, weir_row_amount(rows, 3)),
        .debits_posted = weir_money_make(asset, weir_row_amount(rows, 4)),
        .credits_pending = weir_money_make(asset, weir_row_amount(rows, 5)),
        .credits_posted = weir_money_make(asset, weir_row_amount(rows, 6)),
    };
}

enum weir_err weir_account_load(struct weir_store *store,
                                struct weir_scope *scope,
                                int64_t account_id,
                                struct weir_account_row *row)
{
    struct weir_rows rows;
    struct weir_account_row found;
    weir_rows_begin(&rows, store, scope, ACCOUNT_COLUMNS "WHERE account.account_id = ?",
                    WEIR_VALUES(weir_value_i64(account_id)));
    bool is_found = weir_rows_next(&rows);
    if (is_found)
        account_read(&rows, &found);
    enum weir_err err = weir_rows_end(&rows);
    if (err == WEIR_OK && !is_found)
        err = weir_fail(scope, WEIR_E_NOT_FOUND, "there is no account %lld", (long long)account_id);
    if (err == WEIR_OK)
        *row = found;
    return err;
}

enum weir_err weir_account_list(struct weir_store *store,
                                struct weir_scope *scope,
                                struct weir_account_row **accounts,
                                size_t *account_count)
{
    struct weir_collected found = {.item_bytes = sizeof(struct weir_account_row)};
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope, ACCOUNT_COLUMNS "ORDER BY account.name, account.asset",
                    NULL, 0);
    while (weir_rows_next(&rows)) {
        struct weir_account_row *row = weir_rows_collect(&rows, &found);
        if (row != NULL)
            account_read(&rows, row);
    }
    enum weir_err err = weir_rows_end(&rows);
    if (err != WEIR_OK)
        return err;
    *accounts = found.items;
    *account_count = found.count;
    return WEIR_OK;
}

static enum weir_err
account_open(struct weir_store *store, struct weir_scope *scope, const char *name, uint16_t asset)
{
    uint8_t zero[WEIR_AMOUNT_BYTES];
    weir_amount_write(0, zero);
    struct weir_value nothing = weir_value_blob(zero, sizeof(zero));
    enum weir_err err = weir_sql_run(
        store, scope,
        "INSERT INTO account(name, asset) VALUES (?, ?) ON CONFLICT(name, asset) DO NOTHING",
        WEIR_VALUES(weir_value_text(name), weir_value_u64(asset)));
    if (err == WEIR_E_EXISTS) {
        weir_scope_recover(scope);
        return weir_fail(scope, WEIR_E_ASSET, "there is no asset %u", asset);
    }
    if (err != WEIR_OK || weir_sql_changes(store) == 0)
        return err;
    return weir_sql_run(
        store, scope,
        "INSERT INTO balance(account_id, debits_pending, debits_posted, "
        "credits_pending, credits_posted) VALUES (?, ?, ?, ?, ?)",
        WEIR_VALUES(weir_value_i64(weir_sql_last_id(store)), nothing, nothing, nothing, nothing));
}

enum weir_err weir_account_open(struct weir_store *store,
                                struct weir_scope *scope,
                                const char *name,
                                uint16_t asset,
                                int64_t *account_id)
{
    struct weir_work work;
    int64_t found = 0;
    enum weir_err err = weir_work_begin(store, scope, &work);
    if (err != WEIR_OK)
        return err;
    err = account_open(store, scope, name, asset);
    if (err == WEIR_OK)
        err = weir_sql_i64(store, scope,
                           "SELECT account_id FROM account WHERE name = ? AND asset = ?",
                           WEIR_VALUES(weir_value_text(name), weir_value_u64(asset)), &found);
    err = weir_work_end(store, scope, &work, err);
    if (err == WEIR_OK)
        *account_id = found;
    return err;
}

enum weir_err weir_balance_check(struct weir_store *store,
                                 struct weir_scope *scope,
                                 int64_t account_id,
                                 uint16_t asset)
{
    int64_t found = 0;
    enum weir_err err = weir_sql_i64(store, scope, "SELECT asset FROM account WHERE account_id = ?",
                                     WEIR_VALUES(weir_value_i64(account_id)), &found);
    if (err == WEIR_E_NOT_FOUND)
        return weir_fail(scope, err, "there is no account %lld", (long long)account_id);
    if (err == WEIR_OK && found != asset)
        return weir_fail(scope, WEIR_E_ASSET, "account %lld counts asset %lld, not %u",
                         (long long)account_id, (long long)found, asset);
    return err;
}

enum weir_err weir_balance_apply(struct weir_scope *scope,
                                 struct weir_account_row *account,
                                 const struct weir_transfer *transfer,
                                 struct weir_money released,
                                 bool is_debit)
{
    struct weir_money *pending = is_debit ? &account->debits_pending : &account->credits_pending;
    struct weir_money *posted = is_debit ? &account->debits_posted : &account->credits_posted;
    enum weir_err err = weir_money_subtract(scope, *pending, released, pending);
    if (err != WEIR_OK)
        return weir_note(scope, "account '%s' has less pending than is released", account->name);
    if (transfer->kind == WEIR_TRANSFER_PENDING)
        err = weir_money_add(scope, *pending, transfer->amount, pending);
    else
        err = weir_money_add(scope, *posted, transfer->amount, posted);
    return err == WEIR_OK ? err : weir_note(scope, "account '%s'", account->name);
}

static enum weir_err balance_store(struct weir_store *store,
                                   struct weir_scope *scope,
                                   const struct weir_account_row *account)
{
    const struct weir_money sums[4] = {account->debits_pending, account->debits_posted,
                                       account->credits_pending, account->credits_posted};
    uint8_t bytes[4][WEIR_AMOUNT_BYTES];
    for (size_t i = 0; i < 4; i++)
        weir_amount_write(weir_money_units(sums[i]), bytes[i]);
    return weir_sql_run(store, scope,
                        "UPDATE balance SET debits_pending = ?, debits_posted = ?, "
                        "credits_pending = ?, credits_posted = ? WHERE account_id = ?",
                        WEIR_VALUES(weir_value_blob(bytes[0], WEIR_AMOUNT_BYTES),
                                    weir_value_blob(bytes[1], WEIR_AMOUNT_BYTES),
                                    weir_value_blob(bytes[2], WEIR_AMOUNT_BYTES),
                                    weir_value_blob(bytes[3], WEIR_AMOUNT_BYTES),
                                    weir_value_i64(account->account_id)));
}

static enum weir_err one_side(struct weir_store *store,
                              struct weir_scope *scope,
                              const struct weir_transfer *transfer,
                              struct weir_money released,
                              bool is_debit)
{
    struct weir_account_row account;
    int64_t account_id = is_debit ? transfer->debit : transfer->credit;
    enum weir_err err = weir_account_load(store, scope, account_id, &account);
    if (err == WEIR_OK)
        err = weir_balance_apply(scope, &account, transfer, released, is_debit);
    return err == WEIR_OK ? balance_store(store, scope, &account) : err;
}

enum weir_err weir_balance_move(struct weir_store *store,
                                struct weir_scope *scope,
                                const struct weir_transfer *transfer,
                                struct weir_money released)
{
    enum weir_err err = one_side(store, scope, transfer, released, true);
    return err == WEIR_OK ? one_side(store, scope, transfer, released, false) : err;
}
