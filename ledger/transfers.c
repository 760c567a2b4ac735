#include "ledger/transfers.h"

#include <assert.h>

#include "ledger/amounts.h"
#include "ledger/balances.h"
#include "ledger/sql.h"

struct weir_hash weir_transfer_id(const struct weir_hash *cause, enum weir_transfer_kind kind)
{
    static const char domain[] = "weir/transfer/v1"; /* its NUL belongs to it */
    uint8_t number = (uint8_t)kind;
    struct weir_sha256 state;
    weir_sha256_init(&state);
    weir_sha256_update(&state, domain, sizeof(domain));
    weir_sha256_update(&state, cause->bytes, sizeof(cause->bytes));
    weir_sha256_update(&state, &number, sizeof(number));
    return weir_sha256_final(&state);
}

static const char TRANSFERS[] =
    "SELECT transfer_id, kind, cause, debit, credit, asset, amount, detail, made_ms FROM transfer "
    "WHERE cause = ? ORDER BY transfer_number";

static void transfer_read(struct weir_rows *rows, struct weir_transfer *transfer)
{
    uint16_t asset = weir_row_u16(rows, 5);
    *transfer = (struct weir_transfer){
        .id = weir_row_hash(rows, 0),
        .kind = (enum weir_transfer_kind)weir_row_u8(rows, 1),
        .cause = weir_row_hash(rows, 2),
        .debit = weir_row_i64(rows, 3),
        .credit = weir_row_i64(rows, 4),
        .amount = weir_money_make(asset == 0 ? 1 : asset, weir_row_amount(rows, 6)),
        .detail = weir_row_text(rows, 7),
        .made_ms = weir_row_i64(rows, 8),
    };
}

enum weir_err weir_transfer_list(struct weir_store *store,
                                 struct weir_scope *scope,
                                 const struct weir_hash *cause,
                                 struct weir_transfer **transfers,
                                 size_t *transfer_count)
{
    struct weir_collected found = {.item_bytes = sizeof(struct weir_transfer)};
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope, TRANSFERS, WEIR_VALUES(weir_value_hash(cause)));
    while (weir_rows_next(&rows)) {
        struct weir_transfer *transfer = weir_rows_collect(&rows, &found);
        if (transfer != NULL)
            transfer_read(&rows, transfer);
    }
    enum weir_err err = weir_rows_end(&rows);
    if (err != WEIR_OK)
        return err;
    *transfers = found.items;
    *transfer_count = found.count;
    return WEIR_OK;
}

/* The transfer of this kind, if its cause has one. */
static enum weir_err find_kind(struct weir_store *store,
                               struct weir_scope *scope,
                               const struct weir_hash *cause,
                               enum weir_transfer_kind kind,
                               struct weir_transfer *found)
{
    struct weir_transfer *all = NULL;
    size_t count = 0;
    enum weir_err err = weir_transfer_list(store, scope, cause, &all, &count);
    for (size_t i = 0; err == WEIR_OK && i < count; i++) {
        if (all[i].kind == kind) {
            *found = all[i];
            return WEIR_OK;
        }
    }
    return err == WEIR_OK ? WEIR_E_NOT_FOUND : err;
}

static bool is_same(const struct weir_transfer *a, const struct weir_transfer *b)
{
    return a->debit == b->debit && a->credit == b->credit && a->amount.asset == b->amount.asset &&
           weir_money_compare(a->amount, b->amount) == 0;
}

/* The row, and what it does to the balances of both accounts. */
static enum weir_err transfer_insert(struct weir_store *store,
                                     struct weir_scope *scope,
                                     const struct weir_transfer *transfer,
                                     struct weir_money released)
{
    uint8_t amount[WEIR_AMOUNT_BYTES];
    struct weir_hash id = weir_transfer_id(&transfer->cause, transfer->kind);
    struct weir_hash pending = weir_transfer_id(&transfer->cause, WEIR_TRANSFER_PENDING);
    bool is_end = transfer->kind == WEIR_TRANSFER_POST || transfer->kind == WEIR_TRANSFER_VOID;
    weir_amount_write(weir_money_units(transfer->amount), amount);
    enum weir_err err = weir_sql_run(
        store, scope,
        "INSERT INTO transfer(transfer_id, kind, cause, pending_id, debit, credit, asset, amount, "
        "detail, made_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        WEIR_VALUES(weir_value_hash(&id), weir_value_i64((int64_t)transfer->kind),
                    weir_value_hash(&transfer->cause),
                    is_end ? weir_value_hash(&pending) : weir_value_null(),
                    weir_value_i64(transfer->debit), weir_value_i64(transfer->credit),
                    weir_value_u64(transfer->amount.asset), weir_value_blob(amount, sizeof(amount)),
                    weir_value_text(transfer->detail), weir_value_i64(transfer->made_ms)));
    return err == WEIR_OK ? weir_balance_move(store, scope, transfer, released) : err;
}

static enum weir_err
book(struct weir_store *store, struct weir_scope *scope, const struct weir_transfer *transfer)
{
    struct weir_transfer known;
    enum weir_err err = find_kind(store, scope, &transfer->cause, transfer->kind, &known);
    if (err == WEIR_OK && is_same(&known, transfer))
        return WEIR_OK;
    if (err == WEIR_OK)
        return weir_fail(scope, WEIR_E_CONFLICT,
                         "this movement was booked before, with another amount or other accounts");
    if (err != WEIR_E_NOT_FOUND)
        return err;
    err = weir_balance_check(store, scope, transfer->debit, transfer->amount.asset);
    if (err == WEIR_OK)
        err = weir_balance_check(store, scope, transfer->credit, transfer->amount.asset);
    if (err != WEIR_OK)
        return err;
    return transfer_insert(store, scope, transfer, weir_money_make(transfer->amount.asset, 0));
}

enum weir_err weir_transfer_book(struct weir_store *store,
                                 struct weir_scope *scope,
                                 const struct weir_transfer *transfer)
{
    struct weir_work work;
    assert(transfer->kind == WEIR_TRANSFER_PENDING || transfer->kind == WEIR_TRANSFER_DIRECT);
    assert(transfer->debit != transfer->credit);
    enum weir_err err = weir_work_begin(store, scope, &work);
    if (err != WEIR_OK)
        return err;
    err = book(store, scope, transfer);
    return weir_work_end(store, scope, &work, err);
}

/* Ends the pending transfer with a POST or a VOID, which has kind, cause, amount, detail, time. */
static enum weir_err
end(struct weir_store *store, struct weir_scope *scope, struct weir_transfer *ending)
{
    struct weir_transfer pending;
    struct weir_transfer known;
    enum weir_err err = find_kind(store, scope, &ending->cause, WEIR_TRANSFER_PENDING, &pending);
    if (err == WEIR_E_NOT_FOUND)
        return weir_fail(scope, err, "nothing is pending for this cause");
    if (err != WEIR_OK)
        return err;
    enum weir_transfer_kind other =
        ending->kind == WEIR_TRANSFER_POST ? WEIR_TRANSFER_VOID : WEIR_TRANSFER_POST;
    ending->debit = pending.debit;
    ending->credit = pending.credit;
    if (ending->kind == WEIR_TRANSFER_VOID)
        ending->amount = weir_money_make(pending.amount.asset, 0);
    err = find_kind(store, scope, &ending->cause, other, &known);
    if (err == WEIR_OK)
        return weir_fail(scope, WEIR_E_CONFLICT, "the pending transfer has ended otherwise");
    if (err == WEIR_E_NOT_FOUND)
        err = find_kind(store, scope, &ending->cause, ending->kind, &known);
    if (err == WEIR_OK && is_same(&known, ending))
        return WEIR_OK;
    if (err == WEIR_OK)
        return weir_fail(scope, WEIR_E_CONFLICT, "it was posted before with another amount");
    if (err != WEIR_E_NOT_FOUND)
        return err;
    if (ending->amount.asset != pending.amount.asset ||
        weir_money_compare(ending->amount, pending.amount) > 0)
        return weir_fail(scope, WEIR_E_CONFLICT, "more would be posted than was pending");
    return transfer_insert(store, scope, ending, pending.amount);
}

static enum weir_err
end_in_work(struct weir_store *store, struct weir_scope *scope, struct weir_transfer *ending)
{
    struct weir_work work;
    enum weir_err err = weir_work_begin(store, scope, &work);
    if (err != WEIR_OK)
        return err;
    err = end(store, scope, ending);
    return weir_work_end(store, scope, &work, err);
}

enum weir_err weir_transfer_post(struct weir_store *store,
                                 struct weir_scope *scope,
                                 const struct weir_hash *cause,
                                 struct weir_money amount,
                                 int64_t now_ms,
                                 const char *detail)
{
    struct weir_transfer posting = {.kind = WEIR_TRANSFER_POST,
                                    .cause = *cause,
                                    .amount = amount,
                                    .detail = detail,
                                    .made_ms = now_ms};
    return end_in_work(store, scope, &posting);
}

enum weir_err weir_transfer_void(struct weir_store *store,
                                 struct weir_scope *scope,
                                 const struct weir_hash *cause,
                                 int64_t now_ms,
                                 const char *detail)
{
    struct weir_transfer voiding = {
        .kind = WEIR_TRANSFER_VOID, .cause = *cause, .detail = detail, .made_ms = now_ms};
    return end_in_work(store, scope, &voiding);
}
