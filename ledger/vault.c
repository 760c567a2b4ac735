#include "ledger/vault.h"

#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "ledger/sql.h"
#include "ledger/store.h"

/* An empty file would be filled with empty tables: a signer that has forgotten everything.  Asked
 * before the ledger's own opening, which makes what is missing. */
static enum weir_err record_check(struct weir_scope *scope, const char *path)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    int64_t steps = 0;
    if (access(path, F_OK) != 0)
        return weir_fail(scope, WEIR_E_NOT_FOUND, "there is no file %s", path);
    int result = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_prepare_v2(
            db, "SELECT count(*) FROM sqlite_schema WHERE name IN ('head', 'opinion', 'spend')", -1,
            &statement, NULL);
    if (result == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
        steps = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement); /* repeats the error of the step */
    (void)sqlite3_close(db);           /* only read from */
    if ((result & 0xff) == SQLITE_BUSY || (result & 0xff) == SQLITE_LOCKED)
        return WEIR_OK; /* whoever has it open has made it; the opening that follows says BUSY */
    if (result == SQLITE_OK && steps != 3)
        return weir_fail(scope, WEIR_E_NOT_FOUND, "%s holds no record", path);
    return WEIR_OK; /* what else is wrong with the file, the opening that follows says better */
}

enum weir_err weir_vault_open(struct weir_scope *scope,
                              const char *path,
                              bool may_create,
                              struct weir_store **vault)
{
    enum weir_err err = may_create ? WEIR_OK : record_check(scope, path);
    if (err != WEIR_OK)
        return weir_note(scope, "the signer's own file");
    const struct weir_store_options options = {
        .mode = may_create ? WEIR_STORE_CREATE : WEIR_STORE_WRITE,
        .schema = WEIR_SCHEMA_VAULT,
    };
    err = weir_store_open(scope, path, &options, vault);
    return err == WEIR_OK ? err : weir_note(scope, "the signer's own file");
}

enum weir_err weir_vault_head_put(struct weir_store *vault,
                                  struct weir_scope *scope,
                                  struct weir_slice origin,
                                  const struct weir_merkle_head *head)
{
    uint64_t size = 0;
    struct weir_hash root = {{0}};
    bool is_known = false;
    struct weir_rows rows;
    weir_rows_begin(&rows, vault, scope, "SELECT size, root FROM head WHERE origin = ?",
                    WEIR_VALUES(weir_value_text_slice(origin)));
    if (weir_rows_next(&rows)) {
        is_known = true;
        size = weir_row_u64(&rows, 0);
        root = weir_row_hash(&rows, 1);
    }
    enum weir_err err = weir_rows_end(&rows);
    if (err != WEIR_OK)
        return err;
    if (is_known && head->size < size)
        return weir_fail(scope, WEIR_E_STALE,
                         "a head of %llu leaves was signed for this log; %llu is older",
                         (unsigned long long)size, (unsigned long long)head->size);
    if (is_known && head->size == size) {
        if (weir_hash_equal(&head->root, &root))
            return WEIR_OK;
        return weir_fail(scope, WEIR_E_CONFLICT,
                         "another root was signed for this log at size %llu",
                         (unsigned long long)size);
    }
    return weir_sql_run(vault, scope,
                        "INSERT INTO head(origin, size, root) VALUES(?, ?, ?) "
                        "ON CONFLICT(origin) DO UPDATE SET size = excluded.size, "
                        "root = excluded.root WHERE excluded.size > head.size",
                        WEIR_VALUES(weir_value_text_slice(origin), weir_value_u64(head->size),
                                    weir_value_hash(&head->root)));
}

enum weir_err weir_vault_cosigned_load(struct weir_store *vault,
                                       struct weir_scope *scope,
                                       struct weir_slice origin,
                                       struct weir_vault_cosigned *cosigned)
{
    struct weir_vault_cosigned found = {.head = {0, weir_merkle_empty()}};
    struct weir_rows rows;
    weir_rows_begin(&rows, vault, scope, "SELECT size, root, time_s FROM cosigned WHERE origin = ?",
                    WEIR_VALUES(weir_value_text_slice(origin)));
    if (weir_rows_next(&rows)) {
        found.head.size = weir_row_u64(&rows, 0);
        found.head.root = weir_row_hash(&rows, 1);
        found.time_s = weir_row_u64(&rows, 2);
    }
    enum weir_err err = weir_rows_end(&rows);
    if (err == WEIR_OK)
        *cosigned = found;
    return err;
}

enum weir_err weir_vault_cosigned_put(struct weir_store *vault,
                                      struct weir_scope *scope,
                                      struct weir_slice origin,
                                      uint64_t old_size,
                                      const struct weir_vault_cosigned *cosigned)
{
    enum weir_err err = weir_sql_run(
        vault, scope,
        "INSERT INTO cosigned(origin, size, root, time_s) VALUES(?, ?, ?, ?) "
        "ON CONFLICT(origin) DO UPDATE SET size = excluded.size, root = excluded.root, "
        "time_s = excluded.time_s WHERE cosigned.size = ?",
        WEIR_VALUES(weir_value_text_slice(origin), weir_value_u64(cosigned->head.size),
                    weir_value_hash(&cosigned->head.root), weir_value_u64(cosigned->time_s),
                    weir_value_u64(old_size)));
    if (err == WEIR_OK && weir_sql_changes(vault) != 1)
        return weir_fail(scope, WEIR_E_STALE, "the last cosigned size is not %llu any more",
                         (unsigned long long)old_size);
    return err;
}

enum weir_err weir_vault_opinion_find(struct weir_store *vault,
                                      struct weir_scope *scope,
                                      const struct weir_opinion *asked,
                                      bool *is_given,
                                      struct weir_vault_opinion *given)
{
    struct weir_rows rows;
    *is_given = false;
    weir_rows_begin(&rows, vault, scope,
                    "SELECT digest, fields, signature FROM opinion "
                    "WHERE terms = ? AND window = ? AND revision = ?",
                    WEIR_VALUES(weir_value_hash(&asked->terms), weir_value_u64(asked->window),
                                weir_value_u64(asked->revision)));
    if (weir_rows_next(&rows)) {
        given->digest = weir_row_hash(&rows, 0);
        weir_row_bytes(&rows, 2, given->signature.bytes, sizeof(given->signature.bytes));
        if (rows.err == WEIR_OK)
            rows.err = weir_opinion_read(scope, weir_row_peek(&rows, 1), &given->opinion);
        *is_given = rows.err == WEIR_OK;
    }
    return weir_rows_end(&rows);
}

/* Protocol section 10.  Where nothing is paid early a later revision may say anything. */
static enum weir_err opinion_follows(struct weir_scope *scope,
                                     struct weir_rows *rows,
                                     const struct weir_opinion *opinion,
                                     bool pays_early)
{
    while (weir_rows_next(rows)) {
        uint32_t revision = weir_row_u32(rows, 0);
        bool was_final = weir_row_u8(rows, 1) == WEIR_PHASE_FINAL;
        uint8_t tier = weir_row_u8(rows, 2);
        if (opinion->revision <= revision)
            return weir_fail(scope, WEIR_E_CONFLICT,
                             "revision %u of this window was signed already", revision);
        if (pays_early && was_final)
            return weir_fail(scope, WEIR_E_CONFLICT, "a final opinion of this window was signed");
        if (pays_early && opinion->tier < tier)
            return weir_fail(scope, WEIR_E_CONFLICT,
                             "an opinion at tier %u of this window was signed; tier %u is milder",
                             tier, opinion->tier);
    }
    return WEIR_OK;
}

enum weir_err weir_vault_opinion_put(struct weir_store *vault,
                                     struct weir_scope *scope,
                                     const struct weir_vault_opinion *row,
                                     bool pays_early)
{
    const struct weir_opinion *opinion = &row->opinion;
    struct weir_rows rows;
    weir_rows_begin(&rows, vault, scope,
                    "SELECT revision, phase, tier FROM opinion WHERE terms = ? AND window = ? "
                    "ORDER BY revision DESC",
                    WEIR_VALUES(weir_value_hash(&opinion->terms), weir_value_u64(opinion->window)));
    enum weir_err err = opinion_follows(scope, &rows, opinion, pays_early);
    enum weir_err end = weir_rows_end(&rows);
    if (err != WEIR_OK || end != WEIR_OK)
        return err != WEIR_OK ? err : end;
    uint8_t fields[WEIR_OPINION_BYTES];
    weir_opinion_write(opinion, fields);
    return weir_sql_run(
        vault, scope,
        "INSERT INTO opinion(terms, window, revision, phase, tier, digest, fields, signature) "
        "VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
        WEIR_VALUES(weir_value_hash(&opinion->terms), weir_value_u64(opinion->window),
                    weir_value_u64(opinion->revision), weir_value_u64(opinion->phase),
                    weir_value_u64(opinion->tier), weir_value_hash(&row->digest),
                    weir_value_blob(fields, sizeof(fields)),
                    weir_value_blob(row->signature.bytes, sizeof(row->signature.bytes))));
}

enum weir_err weir_vault_report_find(struct weir_store *vault,
                                     struct weir_scope *scope,
                                     const struct weir_hash *digest,
                                     bool *is_signed,
                                     struct weir_signature *signature)
{
    struct weir_rows rows;
    *is_signed = false;
    weir_rows_begin(&rows, vault, scope, "SELECT signature FROM report WHERE digest = ?",
                    WEIR_VALUES(weir_value_hash(digest)));
    if (weir_rows_next(&rows)) {
        weir_row_bytes(&rows, 0, signature->bytes, sizeof(signature->bytes));
        *is_signed = true;
    }
    return weir_rows_end(&rows);
}

/* One window of a report, unless too many reports speak about it already. */
static enum weir_err report_window_put(struct weir_store *vault,
                                       struct weir_scope *scope,
                                       const struct weir_vault_report *report,
                                       uint64_t window)
{
    int64_t count = 0;
    enum weir_err err = weir_sql_i64(
        vault, scope,
        "SELECT count(*) FROM report_window WHERE terms = ? AND window = ? AND tier = ?",
        WEIR_VALUES(weir_value_hash(&report->terms), weir_value_u64(window),
                    weir_value_u64(report->tier)),
        &count);
    if (err != WEIR_OK)
        return err;
    if (count >= WEIR_VAULT_REPORTS_MAX)
        return weir_fail(scope, WEIR_E_POLICY,
                         "%d reports about window %llu at tier %u were signed already",
                         WEIR_VAULT_REPORTS_MAX, (unsigned long long)window, report->tier);
    return weir_sql_run(vault, scope,
                        "INSERT INTO report_window(terms, window, tier, digest) "
                        "VALUES(?, ?, ?, ?)",
                        WEIR_VALUES(weir_value_hash(&report->terms), weir_value_u64(window),
                                    weir_value_u64(report->tier),
                                    weir_value_hash(&report->digest)));
}

enum weir_err weir_vault_report_put(struct weir_store *vault,
                                    struct weir_scope *scope,
                                    const struct weir_vault_report *report)
{
    struct weir_work work;
    enum weir_err err = weir_work_begin(vault, scope, &work);
    if (err != WEIR_OK)
        return err;
    err = weir_sql_run(
        vault, scope, "INSERT INTO report(digest, signature) VALUES(?, ?)",
        WEIR_VALUES(weir_value_hash(&report->digest),
                    weir_value_blob(report->signature.bytes, sizeof(report->signature.bytes))));
    for (size_t i = 0; err == WEIR_OK && i < report->window_count; i++)
        err = report_window_put(vault, scope, report, report->windows[i]);
    return weir_work_end(vault, scope, &work, err);
}

enum weir_err weir_vault_transaction_find(struct weir_store *vault,
                                          struct weir_scope *scope,
                                          const struct weir_hash *digest,
                                          struct weir_slice *raw)
{
    struct weir_rows rows;
    *raw = (struct weir_slice){NULL, 0};
    weir_rows_begin(&rows, vault, scope, "SELECT raw FROM transaction_signed WHERE digest = ?",
                    WEIR_VALUES(weir_value_hash(digest)));
    if (weir_rows_next(&rows))
        *raw = weir_row_slice(&rows, 0);
    return weir_rows_end(&rows);
}

/* Big-endian, so that blobs compare as the numbers do. */
static void amount_write(unsigned __int128 amount, uint8_t bytes[static 16])
{
    weir_put_u64(bytes, (uint64_t)(amount >> 64));
    weir_put_u64(bytes + 8, (uint64_t)amount);
}

enum weir_err weir_vault_day(struct weir_store *vault,
                             struct weir_scope *scope,
                             const struct weir_vault_transaction *transaction,
                             unsigned __int128 *spent,
                             uint64_t *transaction_count)
{
    int64_t count = 0;
    enum weir_err err =
        weir_sql_i64(vault, scope, "SELECT count(*) FROM transaction_signed WHERE day >= ?",
                     WEIR_VALUES(weir_value_i64(transaction->day)), &count);
    if (err != WEIR_OK)
        return err;
    *transaction_count = (uint64_t)count;
    *spent = 0;
    struct weir_rows rows;
    weir_rows_begin(
        &rows, vault, scope,
        "SELECT amount FROM spend "
        "WHERE day >= ? AND asset = ? AND NOT (chain_id = ? AND nonce = ?)",
        WEIR_VALUES(weir_value_i64(transaction->day), weir_value_text(transaction->asset),
                    weir_value_u64(transaction->chain_id), weir_value_u64(transaction->nonce)));
    bool is_too_much = false;
    while (weir_rows_next(&rows)) {
        uint8_t bytes[16];
        weir_row_bytes(&rows, 0, bytes, sizeof(bytes));
        unsigned __int128 amount =
            (unsigned __int128)weir_get_u64(bytes) << 64 | weir_get_u64(bytes + 8);
        is_too_much = is_too_much || __builtin_add_overflow(*spent, amount, spent);
    }
    err = weir_rows_end(&rows);
    if (err == WEIR_OK && is_too_much)
        return weir_fail(scope, WEIR_E_OVERFLOW, "the spending of one day in '%s'",
                         transaction->asset);
    return err;
}

/* A nonce belongs to one job for ever. */
static enum weir_err nonce_bind(struct weir_store *vault,
                                struct weir_scope *scope,
                                const struct weir_vault_transaction *transaction)
{
    enum weir_err err = weir_sql_run(
        vault, scope,
        "INSERT INTO nonce(chain_id, nonce, job) VALUES(?, ?, ?) ON CONFLICT DO NOTHING",
        WEIR_VALUES(weir_value_u64(transaction->chain_id), weir_value_u64(transaction->nonce),
                    weir_value_hash(&transaction->job)));
    if (err != WEIR_OK)
        return err;
    struct weir_rows rows;
    struct weir_hash owner = {{0}};
    weir_rows_begin(
        &rows, vault, scope, "SELECT job FROM nonce WHERE chain_id = ? AND nonce = ?",
        WEIR_VALUES(weir_value_u64(transaction->chain_id), weir_value_u64(transaction->nonce)));
    if (weir_rows_next(&rows))
        owner = weir_row_hash(&rows, 0);
    err = weir_rows_end(&rows);
    if (err == WEIR_OK && !weir_hash_equal(&owner, &transaction->job))
        return weir_fail(scope, WEIR_E_CONFLICT, "nonce %llu was used for another job",
                         (unsigned long long)transaction->nonce);
    return err;
}

/* What this nonce may spend at most.  A dearer attempt counts on its own day. */
static enum weir_err spend_put(struct weir_store *vault,
                               struct weir_scope *scope,
                               const struct weir_vault_transaction *transaction)
{
    uint8_t amount[16];
    amount_write(transaction->amount, amount);
    return weir_sql_run(
        vault, scope,
        "INSERT INTO spend(chain_id, nonce, asset, day, amount) VALUES(?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET day = max(day, excluded.day), amount = excluded.amount "
        "WHERE excluded.amount > spend.amount",
        WEIR_VALUES(weir_value_u64(transaction->chain_id), weir_value_u64(transaction->nonce),
                    weir_value_text(transaction->asset), weir_value_i64(transaction->day),
                    weir_value_blob(amount, sizeof(amount))));
}

enum weir_err weir_vault_transaction_put(struct weir_store *vault,
                                         struct weir_scope *scope,
                                         const struct weir_vault_transaction *transaction)
{
    struct weir_work work;
    enum weir_err err = weir_work_begin(vault, scope, &work);
    if (err != WEIR_OK)
        return err;
    err = nonce_bind(vault, scope, transaction);
    if (err == WEIR_OK)
        err = weir_sql_run(
            vault, scope,
            "INSERT INTO transaction_signed(digest, job, day, raw) "
            "VALUES(?, ?, ?, ?)",
            WEIR_VALUES(weir_value_hash(&transaction->digest), weir_value_hash(&transaction->job),
                        weir_value_i64(transaction->day), weir_value_slice(transaction->raw)));
    if (err == WEIR_OK && transaction->asset != NULL)
        err = spend_put(vault, scope, transaction);
    return weir_work_end(vault, scope, &work, err);
}

enum weir_err weir_vault_statement_find(struct weir_store *vault,
                                        struct weir_scope *scope,
                                        const struct weir_hash *subject,
                                        bool *is_made,
                                        struct weir_vault_statement *statement)
{
    struct weir_rows rows;
    *is_made = false;
    weir_rows_begin(&rows, vault, scope,
                    "SELECT sequence, hash, message, signature FROM statement WHERE subject = ?",
                    WEIR_VALUES(weir_value_hash(subject)));
    if (weir_rows_next(&rows)) {
        *is_made = true;
        statement->sequence = weir_row_u64(&rows, 0);
        statement->hash = weir_row_hash(&rows, 1);
        statement->subject = *subject;
        statement->message = weir_row_slice(&rows, 2);
        weir_row_bytes(&rows, 3, statement->signature, sizeof(statement->signature));
    }
    return weir_rows_end(&rows);
}

enum weir_err weir_vault_statement_next(struct weir_store *vault,
                                        struct weir_scope *scope,
                                        uint64_t *sequence,
                                        struct weir_hash *previous)
{
    struct weir_rows rows;
    *sequence = 0;
    *previous = (struct weir_hash){{0}};
    weir_rows_begin(&rows, vault, scope,
                    "SELECT sequence, hash FROM statement ORDER BY sequence DESC LIMIT 1", NULL, 0);
    if (weir_rows_next(&rows)) {
        *sequence = weir_row_u64(&rows, 0) + 1;
        *previous = weir_row_hash(&rows, 1);
    }
    return weir_rows_end(&rows);
}

enum weir_err weir_vault_statement_put(struct weir_store *vault,
                                       struct weir_scope *scope,
                                       const struct weir_vault_statement *statement)
{
    enum weir_err err = weir_sql_run(
        vault, scope,
        "INSERT INTO statement(sequence, hash, subject, message, signature) "
        "SELECT ?1, ?2, ?3, ?4, ?5 WHERE ?1 = (SELECT count(*) FROM statement)",
        WEIR_VALUES(weir_value_u64(statement->sequence), weir_value_hash(&statement->hash),
                    weir_value_hash(&statement->subject), weir_value_slice(statement->message),
                    weir_value_blob(statement->signature, sizeof(statement->signature))));
    if (err == WEIR_OK && weir_sql_changes(vault) != 1)
        return weir_fail(scope, WEIR_E_CONFLICT, "statement %llu is not the next one",
                         (unsigned long long)statement->sequence);
    return err;
}
