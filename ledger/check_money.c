#include "base/arena.h"
#include "ledger/balances.h"
#include "ledger/check_parts.h"
#include "ledger/sql.h"
#include "ledger/transfers.h"

/* The balances being folded anew, one per account. */
struct books {
    const struct weir_ledger_check *check;
    struct weir_account_row *stored;
    struct weir_account_row *made;
    size_t count;
};

static struct weir_account_row *made_of(const struct books *books, int64_t account_id)
{
    for (size_t i = 0; i < books->count; i++)
        if (books->made[i].account_id == account_id)
            return &books->made[i];
    return NULL;
}

/* The pending transfer that an ending one belongs to. */
static enum weir_err pending_of(const struct books *books,
                                const struct weir_transfer *transfer,
                                struct weir_money *released)
{
    struct weir_transfer *of_cause = NULL;
    size_t count = 0;
    *released = weir_money_make(transfer->amount.asset, 0);
    if (transfer->kind != WEIR_TRANSFER_POST && transfer->kind != WEIR_TRANSFER_VOID)
        return WEIR_OK;
    enum weir_err err = weir_transfer_list(books->check->store, books->check->scope,
                                           &transfer->cause, &of_cause, &count);
    for (size_t i = 0; err == WEIR_OK && i < count; i++) {
        if (of_cause[i].kind != WEIR_TRANSFER_PENDING)
            continue;
        *released = of_cause[i].amount;
        if (of_cause[i].debit == transfer->debit && of_cause[i].credit == transfer->credit &&
            of_cause[i].amount.asset == transfer->amount.asset &&
            weir_money_compare(transfer->amount, *released) <= 0)
            return WEIR_OK;
    }
    if (err != WEIR_OK)
        return err;
    return weir_fail(books->check->scope, WEIR_E_CORRUPT, "it ends nothing that was pending");
}

static enum weir_err transfer_fold(const struct books *books, const struct weir_transfer *transfer)
{
    struct weir_scope *scope = books->check->scope;
    struct weir_money released;
    struct weir_hash id = weir_transfer_id(&transfer->cause, transfer->kind);
    struct weir_account_row *debit = made_of(books, transfer->debit);
    struct weir_account_row *credit = made_of(books, transfer->credit);
    if (!weir_hash_equal(&id, &transfer->id))
        return weir_fail(scope, WEIR_E_CORRUPT, "its id does not follow from its cause");
    if (debit == NULL || credit == NULL || debit->debits_posted.asset != transfer->amount.asset ||
        credit->debits_posted.asset != transfer->amount.asset)
        return weir_fail(scope, WEIR_E_CORRUPT, "an account of it is missing or of another asset");
    enum weir_err err = pending_of(books, transfer, &released);
    if (err == WEIR_OK)
        err = weir_balance_apply(scope, debit, transfer, released, true);
    return err == WEIR_OK ? weir_balance_apply(scope, credit, transfer, released, false) : err;
}

/* All causes, in the order of their first transfer. */
static enum weir_err causes_load(const struct books *books, struct weir_collected *causes)
{
    struct weir_rows rows;
    weir_rows_begin(&rows, books->check->store, books->check->scope,
                    "SELECT cause FROM transfer GROUP BY cause ORDER BY min(transfer_number)", NULL,
                    0);
    while (weir_rows_next(&rows)) {
        struct weir_hash *cause = weir_rows_collect(&rows, causes);
        if (cause != NULL)
            *cause = weir_row_hash(&rows, 0);
    }
    return weir_rows_end(&rows);
}

static enum weir_err transfers_fold(const struct books *books)
{
    struct weir_collected causes = {.item_bytes = sizeof(struct weir_hash)};
    enum weir_err err = causes_load(books, &causes);
    const struct weir_hash *items = causes.items;
    for (size_t i = 0; err == WEIR_OK && i < causes.count; i++) {
        struct weir_transfer *transfers = NULL;
        size_t count = 0;
        err = weir_transfer_list(books->check->store, books->check->scope, &items[i], &transfers,
                                 &count);
        for (size_t k = 0; err == WEIR_OK && k < count; k++) {
            err = transfer_fold(books, &transfers[k]);
            books->check->report->transfers++;
        }
        char text[WEIR_HASH_HEX_BYTES];
        weir_hash_hex(&items[i], text);
        if (err != WEIR_OK)
            return weir_note(books->check->scope, "transfers of %s", text);
    }
    return err;
}

static bool is_same(struct weir_money a, struct weir_money b)
{
    return weir_money_compare(a, b) == 0;
}

static enum weir_err balances_compare(const struct books *books)
{
    for (size_t i = 0; i < books->count; i++) {
        const struct weir_account_row *stored = &books->stored[i];
        const struct weir_account_row *made = &books->made[i];
        books->check->report->accounts++;
        if (!is_same(stored->debits_pending, made->debits_pending) ||
            !is_same(stored->debits_posted, made->debits_posted) ||
            !is_same(stored->credits_pending, made->credits_pending) ||
            !is_same(stored->credits_posted, made->credits_posted))
            return weir_fail(books->check->scope, WEIR_E_CORRUPT,
                             "balance of account '%s' is not the sum of its transfers",
                             stored->name);
    }
    return WEIR_OK;
}

enum weir_err weir_check_money(const struct weir_ledger_check *check)
{
    struct books books = {.check = check};
    weir_check_tell(check, "accounts", 0, 0);
    enum weir_err err = weir_account_list(check->store, check->scope, &books.stored, &books.count);
    if (err != WEIR_OK)
        return err;
    books.made = weir_take(check->scope, books.count, sizeof(*books.made));
    if (books.made == NULL)
        return check->scope->err;
    for (size_t i = 0; i < books.count; i++) {
        struct weir_money zero = weir_money_make(books.stored[i].debits_posted.asset, 0);
        books.made[i] = (struct weir_account_row){
            .account_id = books.stored[i].account_id,
            .name = books.stored[i].name,
            .debits_pending = zero,
            .debits_posted = zero,
            .credits_pending = zero,
            .credits_posted = zero,
        };
    }
    err = transfers_fold(&books);
    return err == WEIR_OK ? balances_compare(&books) : err;
}
