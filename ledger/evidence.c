#include "ledger/evidence.h"

#include "ledger/sql.h"
#include "ledger/store.h"

enum weir_err weir_head_note_put(struct weir_store *store,
                                 struct weir_scope *scope,
                                 const struct weir_hash *origin_hash,
                                 uint64_t size,
                                 struct weir_slice note)
{
    return weir_sql_run(
        store, scope,
        "INSERT INTO head_note(origin_hash, size, note) VALUES(?, ?, ?) "
        "ON CONFLICT DO UPDATE SET note = excluded.note "
        "WHERE length(excluded.note) > length(head_note.note)",
        WEIR_VALUES(weir_value_hash(origin_hash), weir_value_u64(size), weir_value_slice(note)));
}

enum weir_err weir_head_note_load(struct weir_store *store,
                                  struct weir_scope *scope,
                                  const struct weir_hash *origin_hash,
                                  uint64_t size,
                                  struct weir_slice *note)
{
    struct weir_rows rows;
    bool is_found = false;
    weir_rows_begin(&rows, store, scope,
                    "SELECT note FROM head_note WHERE origin_hash = ? AND size = ?",
                    WEIR_VALUES(weir_value_hash(origin_hash), weir_value_u64(size)));
    if (weir_rows_next(&rows)) {
        *note = weir_row_slice(&rows, 0);
        is_found = true;
    }
    enum weir_err err = weir_rows_end(&rows);
    if (err == WEIR_OK && !is_found)
        return weir_fail(scope, WEIR_E_NOT_FOUND, "no note of this log at size %llu",
                         (unsigned long long)size);
    return err;
}

enum weir_err weir_head_shown_before(struct weir_store *store,
                                     struct weir_scope *scope,
                                     const char *origin,
                                     uint64_t size,
                                     int64_t *cosigned_ms)
{
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    "SELECT cosigned_ms FROM mirror_note WHERE origin = ? AND size <= ? "
                    "ORDER BY size DESC LIMIT 1",
                    WEIR_VALUES(weir_value_text(origin), weir_value_u64(size)));
    if (weir_rows_next(&rows))
        *cosigned_ms = weir_row_i64(&rows, 0);
    return weir_rows_end(&rows);
}

enum weir_err weir_shown_leaf_put(struct weir_store *store,
                                  struct weir_scope *scope,
                                  const struct weir_hash *origin_hash,
                                  const struct weir_shown_leaf *leaf)
{
    return weir_sql_run(store, scope,
                        "INSERT INTO shown_leaf(origin_hash, seq, salt, payload) "
                        "VALUES(?, ?, ?, ?) ON CONFLICT DO NOTHING",
                        WEIR_VALUES(weir_value_hash(origin_hash), weir_value_u64(leaf->seq),
                                    weir_value_blob(leaf->salt.bytes, sizeof(leaf->salt.bytes)),
                                    weir_value_slice(leaf->payload)));
}

enum weir_err weir_shown_leaf_list(struct weir_store *store,
                                   struct weir_scope *scope,
                                   const struct weir_hash *origin_hash,
                                   struct weir_shown_leaf **leaves,
                                   size_t *leaf_count)
{
    struct weir_collected found = {.item_bytes = sizeof(struct weir_shown_leaf)};
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    "SELECT seq, salt, payload FROM shown_leaf WHERE origin_hash = ? ORDER BY seq",
                    WEIR_VALUES(weir_value_hash(origin_hash)));
    while (weir_rows_next(&rows)) {
        struct weir_shown_leaf *leaf = weir_collect(scope, &found);
        if (leaf == NULL)
            break;
        leaf->seq = weir_row_u64(&rows, 0);
        weir_row_bytes(&rows, 1, leaf->salt.bytes, sizeof(leaf->salt.bytes));
        leaf->payload = weir_row_slice(&rows, 2);
    }
    enum weir_err err = weir_rows_end(&rows);
    *leaves = found.items;
    *leaf_count = found.count;
    return err != WEIR_OK ? err : scope->err;
}

enum weir_err weir_payment_put(struct weir_store *store,
                               struct weir_scope *scope,
                               const struct weir_hash *report,
                               const struct weir_hash *tx,
                               struct weir_slice bytes)
{
    return weir_sql_run(
        store, scope,
        "INSERT INTO payment(report, tx, bytes) VALUES(?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        WEIR_VALUES(weir_value_hash(report), weir_value_hash(tx), weir_value_slice(bytes)));
}

enum weir_err weir_payment_list(struct weir_store *store,
                                struct weir_scope *scope,
                                const struct weir_hash *report,
                                struct weir_slice **payments,
                                size_t *payment_count)
{
    struct weir_collected found = {.item_bytes = sizeof(struct weir_slice)};
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope, "SELECT bytes FROM payment WHERE report = ? ORDER BY tx",
                    WEIR_VALUES(weir_value_hash(report)));
    while (weir_rows_next(&rows)) {
        struct weir_slice *payment = weir_collect(scope, &found);
        if (payment == NULL)
            break;
        *payment = weir_row_slice(&rows, 0);
    }
    enum weir_err err = weir_rows_end(&rows);
    *payments = found.items;
    *payment_count = found.count;
    return err != WEIR_OK ? err : scope->err;
}
