#include "ledger/statements.h"

#include <string.h>

#include "base/arena.h"
#include "ledger/append.h"
#include "ledger/fold_jobs.h"
#include "ledger/sql.h"
#include "ledger/store.h"
#include "ledger/tree.h"
#include "metrics/otif.h"

/* The leaf of a statement that is stored already. */
static enum weir_err known_leaf(struct weir_store *store,
                                struct weir_scope *scope,
                                const struct weir_statement_row *row,
                                int64_t *seq)
{
    return weir_sql_i64(store, scope,
                        "SELECT seq FROM statement WHERE log_id = ? AND purpose = ? "
                        "AND subject = ? AND message = ?",
                        WEIR_VALUES(weir_value_i64(row->log_id), weir_value_u64(row->purpose),
                                    weir_value_text(row->subject), weir_value_slice(row->message)),
                        seq);
}

static enum weir_err leaf_append(struct weir_store *store,
                                 struct weir_scope *scope,
                                 const struct weir_statement_row *row,
                                 uint64_t *seq)
{
    struct weir_append append;
    struct weir_append_leaf leaf = {
        .kind = WEIR_LEAF_STATEMENT, .tick_ms = row->made_ms, .payload = row->message};
    enum weir_err err = weir_append_begin(&append, store, scope, row->log_id);
    if (err == WEIR_OK)
        err = weir_append_add(&append, scope, &leaf, seq);
    return err == WEIR_OK ? weir_append_end(&append, scope) : err;
}

static enum weir_err statement_put(struct weir_store *store,
                                   struct weir_scope *scope,
                                   const struct weir_statement_row *row,
                                   uint64_t *leaf)
{
    int64_t known = 0;
    enum weir_err err = known_leaf(store, scope, row, &known);
    *leaf = (uint64_t)known;
    if (err != WEIR_E_NOT_FOUND)
        return err;
    err = leaf_append(store, scope, row, leaf);
    if (err != WEIR_OK)
        return err;
    return weir_sql_run(
        store, scope,
        "INSERT INTO statement(log_id, subject, purpose, message, signature, seq, made_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        WEIR_VALUES(weir_value_i64(row->log_id), weir_value_text(row->subject),
                    weir_value_u64(row->purpose), weir_value_slice(row->message),
                    weir_value_blob(row->signature, sizeof(row->signature)), weir_value_u64(*leaf),
                    weir_value_i64(row->made_ms)));
}

enum weir_err weir_statement_put(struct weir_store *store,
                                 struct weir_scope *scope,
                                 const struct weir_statement_row *row,
                                 uint64_t *leaf)
{
    struct weir_work work;
    uint64_t found = 0;
    enum weir_err err = weir_work_begin(store, scope, &work);
    if (err != WEIR_OK)
        return err;
    err = statement_put(store, scope, row, &found);
    err = weir_work_end(store, scope, &work, err);
    if (err == WEIR_OK)
        *leaf = found;
    return err;
}

enum weir_err weir_statement_list(struct weir_store *store,
                                  struct weir_scope *scope,
                                  const char *subject,
                                  struct weir_statement_row **statements,
                                  size_t *statement_count)
{
    struct weir_collected found = {.item_bytes = sizeof(struct weir_statement_row)};
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    "SELECT log_id, subject, purpose, message, signature, seq, made_ms "
                    "FROM statement WHERE subject = ? ORDER BY statement_id",
                    WEIR_VALUES(weir_value_text(subject)));
    while (weir_rows_next(&rows)) {
        struct weir_statement_row *row = weir_rows_collect(&rows, &found);
        if (row == NULL)
            break;
        *row = (struct weir_statement_row){
            .log_id = weir_row_i64(&rows, 0),
            .subject = weir_row_text(&rows, 1),
            .purpose = weir_row_u8(&rows, 2),
            .message = weir_row_slice(&rows, 3),
            .leaf = weir_row_u64(&rows, 5),
            .made_ms = weir_row_i64(&rows, 6),
        };
        weir_row_bytes(&rows, 4, row->signature, sizeof(row->signature));
    }
    enum weir_err err = weir_rows_end(&rows);
    if (err != WEIR_OK)
        return err;
    *statements = found.items;
    *statement_count = found.count;
    return WEIR_OK;
}

#define DUE_SCAN_ROWS 1000 /* job events looked at in one call */

/* A job event behind the cursor, without a statement yet. */
struct due_row {
    uint64_t seq;
    const char *subject;
};

/* The next job events of jobs that nobody made a statement about. */
static enum weir_err due_rows(struct weir_store *store,
                              struct weir_scope *scope,
                              int64_t log_id,
                              uint64_t from,
                              struct weir_collected *found)
{
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    "SELECT position, subject FROM observation WHERE position >= ?1 AND "
                    "position < ?2 AND kind = 4 AND subject IS NOT NULL AND NOT EXISTS (SELECT 1 "
                    "FROM statement WHERE statement.subject = observation.subject AND "
                    "statement.log_id = ?3) ORDER BY position LIMIT ?4",
                    WEIR_VALUES(weir_value_i64(weir_position(log_id, from)),
                                weir_value_i64(weir_position(log_id, WEIR_SALT_INDEX_END)),
                                weir_value_i64(log_id), weir_value_i64(DUE_SCAN_ROWS)));
    while (weir_rows_next(&rows)) {
        struct due_row *row = weir_rows_collect(&rows, found);
        if (row == NULL)
            break;
        row->seq = weir_position_seq(weir_row_i64(&rows, 0));
        row->subject = weir_row_text(&rows, 1);
    }
    return weir_rows_end(&rows);
}

static enum weir_err is_completed(struct weir_store *store,
                                  struct weir_scope *scope,
                                  const struct weir_log_state *state,
                                  const char *subject,
                                  bool *is_done)
{
    struct weir_stored_events stored;
    struct weir_outcome outcome = {.completed = 0};
    enum weir_err err =
        weir_stored_events_of_job(store, scope, state->log_id, weir_slice_text(subject), &stored);
    if (err != WEIR_OK)
        return err;
    struct weir_event *events = weir_take(scope, stored.count, sizeof(*events));
    if (events == NULL)
        return scope->err;
    for (size_t i = 0; i < stored.count; i++)
        events[i] = stored.items[i].event;
    if (stored.count > 0)
        err = weir_job_fold(scope, &state->gauge, events, stored.count, &outcome);
    *is_done = err == WEIR_OK && outcome.standing == WEIR_JOB_COUNTED && outcome.completed != 0;
    return err;
}

static bool is_listed(const struct weir_collected *subjects, const char *subject)
{
    const char *const *items = subjects->items;
    for (size_t i = 0; i < subjects->count; i++)
        if (strcmp(items[i], subject) == 0)
            return true;
    return false;
}

/* Looks at events from the cursor on.  `*next` becomes the first event that a later call must look
 * at again: that of the first job listed, or the end of what was seen. */
static enum weir_err due_collect(struct weir_store *store,
                                 struct weir_scope *scope,
                                 const struct weir_log_state *state,
                                 size_t limit,
                                 uint64_t *next,
                                 struct weir_collected *subjects)
{
    struct weir_collected rows = {.item_bytes = sizeof(struct due_row)};
    enum weir_err err = due_rows(store, scope, state->log_id, *next, &rows);
    const struct due_row *items = rows.items;
    for (size_t i = 0; err == WEIR_OK && i < rows.count && subjects->count < limit; i++) {
        bool is_done = false;
        if (is_listed(subjects, items[i].subject))
            continue;
        err = is_completed(store, scope, state, items[i].subject, &is_done);
        if (err == WEIR_OK && is_done) {
            const char **place = weir_collect(scope, subjects);
            if (place == NULL)
                return scope->err;
            *place = items[i].subject;
        }
        if (subjects->count == 0)
            *next = items[i].seq + 1;
    }
    return err;
}

static enum weir_err
cursor_store(struct weir_store *store, struct weir_scope *scope, int64_t log_id, uint64_t next)
{
    struct weir_work work;
    enum weir_err err = weir_work_begin(store, scope, &work);
    if (err != WEIR_OK)
        return err;
    err = weir_sql_run(store, scope,
                       "INSERT INTO statement_cursor(log_id, seq) VALUES (?, ?) "
                       "ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)",
                       WEIR_VALUES(weir_value_i64(log_id), weir_value_u64(next)));
    return weir_work_end(store, scope, &work, err);
}

enum weir_err weir_statement_due(struct weir_store *store,
                                 struct weir_scope *scope,
                                 int64_t log_id,
                                 size_t limit,
                                 const char ***subjects,
                                 size_t *subject_count)
{
    struct weir_collected found = {.item_bytes = sizeof(const char *)};
    struct weir_log_state *state = NULL;
    int64_t cursor = 0;
    enum weir_err err = weir_log_state_get(store, scope, log_id, &state);
    if (err == WEIR_OK)
        err = weir_sql_i64(store, scope, "SELECT seq FROM statement_cursor WHERE log_id = ?",
                           WEIR_VALUES(weir_value_i64(log_id)), &cursor);
    if (err != WEIR_OK && err != WEIR_E_NOT_FOUND)
        return err;
    uint64_t next = (uint64_t)cursor;
    err = due_collect(store, scope, state, limit, &next, &found);
    if (err == WEIR_OK && next > (uint64_t)cursor)
        err = cursor_store(store, scope, log_id, next);
    if (err != WEIR_OK)
        return err;
    *subjects = found.items;
    *subject_count = found.count;
    return WEIR_OK;
}
