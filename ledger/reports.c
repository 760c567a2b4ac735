#include "ledger/reports.h"

#include "ledger/sql.h"

static void breach_read(struct weir_rows *rows, struct weir_report_row *row)
{
    *row = (struct weir_report_row){
        .digest = weir_row_hash(rows, 0),
        .breach = {.terms = weir_row_hash(rows, 1),
                   .epoch = weir_row_u64(rows, 2),
                   .word = weir_row_u64(rows, 3),
                   .tier = weir_row_u8(rows, 5),
                   .evidence_root = weir_row_hash(rows, 6)},
        .is_own = weir_row_i64(rows, 7) != 0,
        .made_ms = weir_row_i64(rows, 8),
    };
    weir_row_bytes(rows, 4, row->breach.mask.bytes, sizeof(row->breach.mask.bytes));
}

#define REPORT_COLUMNS                                                                             \
    "SELECT report.digest, report.terms, report.epoch, report.word, report.mask, report.tier, "    \
    "report.evidence_root, report.is_own, report.made_ms"

enum weir_err weir_report_put(struct weir_store *store,
                              struct weir_scope *scope,
                              const struct weir_report_row *row)
{
    struct weir_work work;
    const struct weir_breach *breach = &row->breach;
    enum weir_err err = weir_work_begin(store, scope, &work);
    if (err != WEIR_OK)
        return err;
    err = weir_sql_run(
        store, scope,
        "INSERT INTO report(digest, terms, epoch, word, mask, tier, evidence_root, is_own, "
        "made_ms, "
        "proof) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(digest) DO NOTHING",
        WEIR_VALUES(weir_value_hash(&row->digest), weir_value_hash(&breach->terms),
                    weir_value_u64(breach->epoch), weir_value_u64(breach->word),
                    weir_value_blob(breach->mask.bytes, sizeof(breach->mask.bytes)),
                    weir_value_u64(breach->tier), weir_value_hash(&breach->evidence_root),
                    weir_value_i64(row->is_own ? 1 : 0), weir_value_i64(row->made_ms),
                    weir_value_slice(row->proof)));
    return weir_work_end(store, scope, &work, err);
}

enum weir_err weir_report_find(struct weir_store *store,
                               struct weir_scope *scope,
                               const struct weir_hash *digest,
                               struct weir_report_row *row)
{
    struct weir_rows rows;
    struct weir_report_row found;
    weir_rows_begin(&rows, store, scope,
                    REPORT_COLUMNS ", report.proof, report_complete.proof FROM report "
                                   "LEFT JOIN report_complete USING (digest) "
                                   "WHERE report.digest = ?",
                    WEIR_VALUES(weir_value_hash(digest)));
    bool is_found = weir_rows_next(&rows);
    if (is_found) {
        breach_read(&rows, &found);
        found.proof = weir_row_slice(&rows, 9);
        found.complete = weir_row_slice(&rows, 10);
    }
    enum weir_err err = weir_rows_end(&rows);
    if (err == WEIR_OK && !is_found)
        err = weir_fail(scope, WEIR_E_NOT_FOUND, "there is no such report");
    if (err == WEIR_OK)
        *row = found;
    return err;
}

enum weir_err weir_report_list(struct weir_store *store,
                               struct weir_scope *scope,
                               const struct weir_hash *terms,
                               uint64_t word,
                               struct weir_report_row **reports,
                               size_t *report_count)
{
    struct weir_collected found = {.item_bytes = sizeof(struct weir_report_row)};
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    REPORT_COLUMNS " FROM report WHERE terms = ? AND word = ? "
                                   "ORDER BY made_ms DESC, rowid DESC",
                    WEIR_VALUES(weir_value_hash(terms), weir_value_u64(word)));
    while (weir_rows_next(&rows)) {
        struct weir_report_row *row = weir_rows_collect(&rows, &found);
        if (row != NULL)
            breach_read(&rows, row);
    }
    enum weir_err err = weir_rows_end(&rows);
    if (err != WEIR_OK)
        return err;
    *reports = found.items;
    *report_count = found.count;
    return WEIR_OK;
}

/* A row that hangs on a report: without the report the foreign key refuses it. */
static enum weir_err
hang(struct weir_store *store, struct weir_scope *scope, struct weir_work *work, enum weir_err err)
{
    if (err == WEIR_E_EXISTS) {
        weir_scope_recover(scope);
        err = weir_fail(scope, WEIR_E_NOT_FOUND, "there is no such report");
    }
    return weir_work_end(store, scope, work, err);
}

enum weir_err weir_report_signature_put(struct weir_store *store,
                                        struct weir_scope *scope,
                                        const struct weir_hash *digest,
                                        uint8_t witness,
                                        const struct weir_signature *signature)
{
    struct weir_work work;
    enum weir_err err = weir_work_begin(store, scope, &work);
    if (err != WEIR_OK)
        return err;
    err = weir_sql_run(store, scope,
                       "INSERT INTO report_signature(digest, witness, signature) VALUES (?, ?, ?) "
                       "ON CONFLICT(digest, witness) DO NOTHING",
                       WEIR_VALUES(weir_value_hash(digest), weir_value_u64(witness),
                                   weir_value_blob(signature->bytes, sizeof(signature->bytes))));
    return hang(store, scope, &work, err);
}

enum weir_err weir_report_signatures(struct weir_store *store,
                                     struct weir_scope *scope,
                                     const struct weir_hash *digest,
                                     struct weir_signature *signatures,
                                     uint32_t *have)
{
    struct weir_rows rows;
    uint32_t found = 0;
    weir_rows_begin(&rows, store, scope,
                    "SELECT witness, signature FROM report_signature WHERE digest = ?",
                    WEIR_VALUES(weir_value_hash(digest)));
    while (weir_rows_next(&rows)) {
        uint8_t witness = weir_row_u8(&rows, 0);
        if (witness > 15)
            continue; /* the table's CHECK forbids it */
        weir_row_bytes(&rows, 1, signatures[witness].bytes, sizeof(signatures[witness].bytes));
        found |= (uint32_t)1 << witness;
    }
    enum weir_err err = weir_rows_end(&rows);
    if (err == WEIR_OK)
        *have = found;
    return err;
}

enum weir_err weir_report_complete(struct weir_store *store,
                                   struct weir_scope *scope,
                                   const struct weir_hash *digest,
                                   struct weir_slice complete,
                                   int64_t made_ms)
{
    struct weir_work work;
    enum weir_err err = weir_work_begin(store, scope, &work);
    if (err != WEIR_OK)
        return err;
    err = weir_sql_run(
        store, scope,
        "INSERT INTO report_complete(digest, made_ms, proof) VALUES (?, ?, ?) "
        "ON CONFLICT(digest) DO NOTHING",
        WEIR_VALUES(weir_value_hash(digest), weir_value_i64(made_ms), weir_value_slice(complete)));
    return hang(store, scope, &work, err);
}
