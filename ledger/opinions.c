#include "ledger/opinions.h"

#include <string.h>

#include "base/arena.h"
#include "ledger/sql.h"
#include "ledger/store.h"

#define OPINION_COLUMNS "SELECT node, fields, digest, signature, stored_ms FROM opinion "

static void opinion_read(struct weir_rows *rows, struct weir_opinion_row *row)
{
    *row = (struct weir_opinion_row){
        .digest = weir_row_hash(rows, 2),
        .stored_ms = weir_row_i64(rows, 4),
    };
    weir_row_bytes(rows, 0, row->node, sizeof(row->node));
    weir_row_bytes(rows, 3, row->signature.bytes, sizeof(row->signature.bytes));
    if (rows->err == WEIR_OK)
        rows->err = weir_opinion_read(rows->scope, weir_row_peek(rows, 1), &row->opinion);
}

static enum weir_err opinion_insert(struct weir_store *store,
                                    struct weir_scope *scope,
                                    const struct weir_opinion_row *row)
{
    uint8_t fields[WEIR_OPINION_BYTES];
    weir_opinion_write(&row->opinion, fields);
    return weir_sql_run(
        store, scope,
        "INSERT INTO opinion(terms, window, node, revision, digest, fields, signature, stored_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        WEIR_VALUES(weir_value_hash(&row->opinion.terms), weir_value_u64(row->opinion.window),
                    weir_value_blob(row->node, sizeof(row->node)),
                    weir_value_u64(row->opinion.revision), weir_value_hash(&row->digest),
                    weir_value_blob(fields, sizeof(fields)),
                    weir_value_blob(row->signature.bytes, sizeof(row->signature.bytes)),
                    weir_value_i64(row->stored_ms)));
}

/* What stands under the key of an opinion; `*is_found` false when nothing does. */
static enum weir_err opinion_at(struct weir_store *store,
                                struct weir_scope *scope,
                                const struct weir_opinion_row *key,
                                bool *is_found,
                                struct weir_opinion_row *row)
{
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    OPINION_COLUMNS "WHERE terms = ? AND window = ? AND node = ? AND revision = ?",
                    WEIR_VALUES(weir_value_hash(&key->opinion.terms),
                                weir_value_u64(key->opinion.window),
                                weir_value_blob(key->node, sizeof(key->node)),
                                weir_value_u64(key->opinion.revision)));
    *is_found = weir_rows_next(&rows);
    if (*is_found)
        opinion_read(&rows, row);
    return weir_rows_end(&rows);
}

/* The signed bytes of an opinion as evidence: its fields, then the signature. */
static enum weir_err
signed_bytes(struct weir_scope *scope, const struct weir_opinion_row *row, struct weir_slice *bytes)
{
    uint8_t *joined = weir_take(scope, 1, WEIR_OPINION_BYTES + sizeof(row->signature.bytes));
    if (joined == NULL)
        return scope->err;
    weir_opinion_write(&row->opinion, joined);
    memcpy(joined + WEIR_OPINION_BYTES, row->signature.bytes, sizeof(row->signature.bytes));
    *bytes = (struct weir_slice){joined, WEIR_OPINION_BYTES + sizeof(row->signature.bytes)};
    return WEIR_OK;
}

static enum weir_err contradiction_put(struct weir_store *store,
                                       struct weir_scope *scope,
                                       const struct weir_opinion_row *known,
                                       const struct weir_opinion_row *row)
{
    struct weir_equivocation_row found = {
        .kind = "opinion", .subject = row->opinion.terms, .found_ms = row->stored_ms};
    memcpy(found.node, row->node, sizeof(found.node));
    enum weir_err err = signed_bytes(scope, known, &found.first);
    if (err == WEIR_OK)
        err = signed_bytes(scope, row, &found.second);
    return err == WEIR_OK ? weir_equivocation_put(store, scope, &found) : err;
}

static enum weir_err opinion_put(struct weir_store *store,
                                 struct weir_scope *scope,
                                 const struct weir_opinion_row *row,
                                 enum weir_opinion_put *outcome)
{
    struct weir_opinion_row known;
    bool is_found = false;
    enum weir_err err = opinion_at(store, scope, row, &is_found, &known);
    if (err != WEIR_OK)
        return err;
    *outcome = WEIR_OPINION_STORED;
    if (!is_found)
        return opinion_insert(store, scope, row);
    *outcome = WEIR_OPINION_KNOWN;
    if (weir_hash_equal(&known.digest, &row->digest))
        return WEIR_OK;
    *outcome = WEIR_OPINION_CONTRADICTS;
    return contradiction_put(store, scope, &known, row);
}

enum weir_err weir_opinion_put(struct weir_store *store,
                               struct weir_scope *scope,
                               const struct weir_opinion_row *row,
                               enum weir_opinion_put *outcome)
{
    struct weir_work work;
    enum weir_opinion_put found = WEIR_OPINION_STORED;
    enum weir_err err = weir_work_begin(store, scope, &work);
    if (err != WEIR_OK)
        return err;
    err = opinion_put(store, scope, row, &found);
    err = weir_work_end(store, scope, &work, err);
    if (err == WEIR_OK)
        *outcome = found;
    return err;
}

enum weir_err weir_opinion_list(struct weir_store *store,
                                struct weir_scope *scope,
                                const struct weir_hash *terms,
                                uint64_t window,
                                struct weir_opinion_row **opinions,
                                size_t *opinion_count)
{
    struct weir_collected found = {.item_bytes = sizeof(struct weir_opinion_row)};
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    OPINION_COLUMNS "WHERE terms = ? AND window = ? ORDER BY node, revision",
                    WEIR_VALUES(weir_value_hash(terms), weir_value_u64(window)));
    while (weir_rows_next(&rows)) {
        struct weir_opinion_row *row = weir_rows_collect(&rows, &found);
        if (row != NULL)
            opinion_read(&rows, row);
    }
    enum weir_err err = weir_rows_end(&rows);
    if (err != WEIR_OK)
        return err;
    *opinions = found.items;
    *opinion_count = found.count;
    return WEIR_OK;
}

/* The one opinion that rows already begun find. */
static enum weir_err
opinion_one(struct weir_rows *rows, struct weir_scope *scope, struct weir_opinion_row *row)
{
    struct weir_opinion_row found;
    bool is_found = weir_rows_next(rows);
    if (is_found)
        opinion_read(rows, &found);
    enum weir_err err = weir_rows_end(rows);
    if (err == WEIR_OK && !is_found)
        err = weir_fail(scope, WEIR_E_NOT_FOUND, "there is no such opinion");
    if (err == WEIR_OK)
        *row = found;
    return err;
}

enum weir_err weir_opinion_last(struct weir_store *store,
                                struct weir_scope *scope,
                                const struct weir_hash *terms,
                                const uint8_t node[static WEIR_HASH_BYTES],
                                uint64_t window,
                                struct weir_opinion_row *row)
{
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    OPINION_COLUMNS "WHERE terms = ? AND window = ? AND node = ? "
                                    "ORDER BY revision DESC LIMIT 1",
                    WEIR_VALUES(weir_value_hash(terms), weir_value_u64(window),
                                weir_value_blob(node, WEIR_HASH_BYTES)));
    return opinion_one(&rows, scope, row);
}

enum weir_err weir_opinion_find(struct weir_store *store,
                                struct weir_scope *scope,
                                const struct weir_hash *digest,
                                struct weir_opinion_row *row)
{
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope, OPINION_COLUMNS "WHERE digest = ?",
                    WEIR_VALUES(weir_value_hash(digest)));
    return opinion_one(&rows, scope, row);
}

enum weir_err weir_equivocation_put(struct weir_store *store,
                                    struct weir_scope *scope,
                                    const struct weir_equivocation_row *row)
{
    struct weir_work work;
    bool is_ascending = weir_slice_compare(row->first, row->second) < 0;
    struct weir_slice first = is_ascending ? row->first : row->second;
    struct weir_slice second = is_ascending ? row->second : row->first;
    enum weir_err err = weir_work_begin(store, scope, &work);
    if (err != WEIR_OK)
        return err;
    err = weir_sql_run(
        store, scope,
        "INSERT INTO equivocation(kind, node, subject, first, second, found_ms) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT(node, kind, subject, first, second) DO NOTHING",
        WEIR_VALUES(weir_value_text(row->kind), weir_value_blob(row->node, sizeof(row->node)),
                    weir_value_hash(&row->subject), weir_value_slice(first),
                    weir_value_slice(second), weir_value_i64(row->found_ms)));
    return weir_work_end(store, scope, &work, err);
}

enum weir_err weir_equivocation_list(struct weir_store *store,
                                     struct weir_scope *scope,
                                     struct weir_equivocation_row **equivocations,
                                     size_t *equivocation_count)
{
    struct weir_collected found = {.item_bytes = sizeof(struct weir_equivocation_row)};
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    "SELECT kind, node, subject, first, second, found_ms FROM equivocation "
                    "ORDER BY equivocation_id",
                    NULL, 0);
    while (weir_rows_next(&rows)) {
        struct weir_equivocation_row *row = weir_rows_collect(&rows, &found);
        if (row == NULL)
            break;
        *row = (struct weir_equivocation_row){
            .kind = weir_row_text(&rows, 0),
            .subject = weir_row_hash(&rows, 2),
            .first = weir_row_slice(&rows, 3),
            .second = weir_row_slice(&rows, 4),
            .found_ms = weir_row_i64(&rows, 5),
        };
        weir_row_bytes(&rows, 1, row->node, sizeof(row->node));
    }
    enum weir_err err = weir_rows_end(&rows);
    if (err != WEIR_OK)
        return err;
    *equivocations = found.items;
    *equivocation_count = found.count;
    return WEIR_OK;
}

enum weir_err weir_equivocator_is_known(struct weir_store *store,
                                        struct weir_scope *scope,
                                        const uint8_t node[static WEIR_HASH_BYTES],
                                        bool *is_known)
{
    int64_t exists = 0;
    enum weir_err err =
        weir_sql_i64(store, scope, "SELECT EXISTS (SELECT 1 FROM equivocation WHERE node = ?)",
                     WEIR_VALUES(weir_value_blob(node, WEIR_HASH_BYTES)), &exists);
    if (err == WEIR_OK)
        *is_known = exists != 0;
    return err;
}
