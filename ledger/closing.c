#include <string.h>

#include "base/arena.h"
#include "ledger/observations.h"
#include "ledger/recorder.h"
#include "ledger/sql.h"
#include "ledger/windows.h"
#include "metrics/close.h"
#include "metrics/settlement.h"

/* The count and digest of what a window rests on. */
static enum weir_err inputs_of(struct weir_store *store,
                               struct weir_scope *scope,
                               int64_t log_id,
                               struct weir_interval window,
                               struct weir_closing *closing)
{
    struct weir_event_list events;
    enum weir_err err = weir_window_events(store, scope, log_id, window, &events);
    if (err != WEIR_OK)
        return err;
    struct weir_hash *digests = weir_take(scope, events.count, sizeof(*digests));
    if (digests == NULL)
        return scope->err;
    for (size_t i = 0; i < events.count; i++) {
        struct weir_hash payload = weir_event_payload_hash(events.texts[i]);
        digests[i] = weir_event_digest(&events.items[i], &payload);
    }
    closing->input_count = events.count;
    closing->inputs = weir_inputs_digest_set(digests, events.count);
    return WEIR_OK;
}

/* The newest close of the window; `*is_closed` false when there is none. */
static enum weir_err last_close(struct weir_store *store,
                                struct weir_scope *scope,
                                int64_t log_id,
                                int64_t start_ms,
                                bool *is_closed,
                                struct weir_closing *last)
{
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    "SELECT revision, seq, inputs, input_count FROM window_close "
                    "WHERE log_id = ? AND start_ms = ? ORDER BY revision DESC LIMIT 1",
                    WEIR_VALUES(weir_value_i64(log_id), weir_value_i64(start_ms)));
    *is_closed = weir_rows_next(&rows);
    if (*is_closed)
        *last = (struct weir_closing){
            .revision = weir_row_u32(&rows, 0),
            .leaf = weir_row_u64(&rows, 1),
            .inputs = weir_row_hash(&rows, 2),
            .input_count = weir_row_u64(&rows, 3),
        };
    return weir_rows_end(&rows);
}

/* The text of the close leaf, from the stored tallies of the window. */
static enum weir_err close_text(struct weir_store *store,
                                struct weir_scope *scope,
                                const struct weir_log_state *state,
                                const struct weir_close *close,
                                struct weir_buffer *buffer)
{
    struct weir_gauge_window *windows = NULL;
    size_t count = 0;
    enum weir_err err =
        weir_gauge_windows(store, scope, state->log_id, NULL, close->window, &windows, &count);
    if (err != WEIR_OK)
        return err;
    struct weir_close_class *classes = weir_take(scope, count, sizeof(*classes));
    if (classes == NULL)
        return scope->err;
    for (size_t i = 0; i < count; i++)
        classes[i] = (struct weir_close_class){.class_name = weir_slice_text(windows[i].class_name),
                                               .tally = windows[i].tally};
    struct weir_close full = *close;
    full.classes = classes;
    full.class_count = count;
    err = weir_gauge_hash(scope, &state->gauge, &full.gauge);
    return err == WEIR_OK ? weir_close_print(scope, &full, buffer) : err;
}

static enum weir_err close_append(struct weir_recorder *recorder,
                                  struct weir_scope *scope,
                                  struct weir_interval window,
                                  struct weir_closing *closing)
{
    const struct weir_log_state *state = recorder->append.state;
    struct weir_buffer text = {.capacity_max = WEIR_CLOSE_TEXT_MAX};
    struct weir_close close = {
        .window = window,
        .revision = closing->revision,
        .input_count = closing->input_count,
        .inputs = closing->inputs,
    };
    enum weir_err err = close_text(recorder->store, scope, state, &close, &text);
    if (err != WEIR_OK)
        return err;
    struct weir_append_leaf leaf = {
        .kind = WEIR_LEAF_CLOSE, .tick_ms = window.end_ms, .payload = weir_buffer_slice(&text)};
    err = weir_append_add(&recorder->append, scope, &leaf, &closing->leaf);
    if (err != WEIR_OK)
        return err;
    return weir_sql_run(
        recorder->store, scope,
        "INSERT INTO window_close(log_id, start_ms, revision, seq, inputs, input_count) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        WEIR_VALUES(weir_value_i64(state->log_id), weir_value_i64(window.start_ms),
                    weir_value_u64(closing->revision), weir_value_u64(closing->leaf),
                    weir_value_hash(&closing->inputs), weir_value_u64(closing->input_count)));
}

static enum weir_err close_locked(struct weir_recorder *recorder,
                                  struct weir_scope *scope,
                                  struct weir_interval window,
                                  struct weir_closing *closing)
{
    const struct weir_log_state *state = recorder->append.state;
    struct weir_store *store = recorder->store;
    if (state->gauge.kind != WEIR_GAUGE_OTIF)
        return weir_fail(scope, WEIR_E_CONFLICT, "gauge '%s' has no windows to close",
                         state->gauge.name);
    struct weir_closing last = {0};
    bool is_closed = false;
    enum weir_err err = inputs_of(store, scope, state->log_id, window, closing);
    if (err == WEIR_OK)
        err = last_close(store, scope, state->log_id, window.start_ms, &is_closed, &last);
    if (err != WEIR_OK)
        return err;
    closing->is_new = !is_closed || !weir_hash_equal(&last.inputs, &closing->inputs);
    closing->revision = is_closed ? last.revision + 1 : 0;
    if (closing->is_new)
        err = close_append(recorder, scope, window, closing);
    else
        *closing = last;
    if (err != WEIR_OK)
        return err;
    return weir_sql_run(store, scope,
                        "DELETE FROM open_window WHERE log_id = ? AND end_ms = ? AND start_ms = ?",
                        WEIR_VALUES(weir_value_i64(state->log_id), weir_value_i64(window.end_ms),
                                    weir_value_i64(window.start_ms)));
}

enum weir_err weir_window_close(struct weir_store *store,
                                struct weir_scope *scope,
                                int64_t log_id,
                                struct weir_interval window,
                                struct weir_closing *closing)
{
    struct weir_work work;
    struct weir_recorder recorder;
    struct weir_closing made = {0};
    enum weir_err err = weir_work_begin(store, scope, &work);
    if (err != WEIR_OK)
        return err;
    err = weir_recorder_begin(&recorder, store, scope, log_id);
    if (err == WEIR_OK) {
        err = close_locked(&recorder, &recorder.batch, window, &made);
        if (err != WEIR_OK)
            err = weir_recorder_fail(&recorder, scope);
    }
    if (err == WEIR_OK)
        err = weir_recorder_end(&recorder, scope);
    err = weir_work_end(store, scope, &work, err);
    if (err == WEIR_OK)
        *closing = made;
    return err;
}

enum weir_err weir_window_unclosed(struct weir_store *store,
                                   struct weir_scope *scope,
                                   const struct weir_unclosed_query *query,
                                   struct weir_unclosed_list *windows)
{
    struct weir_collected found = {.item_bytes = sizeof(struct weir_interval)};
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    "SELECT start_ms, end_ms FROM open_window WHERE log_id = ? AND end_ms <= ? "
                    "ORDER BY end_ms, start_ms LIMIT ?",
                    WEIR_VALUES(weir_value_i64(query->log_id), weir_value_i64(query->end_ms),
                                weir_value_limit(query->limit)));
    while (weir_rows_next(&rows)) {
        struct weir_interval *window = weir_rows_collect(&rows, &found);
        if (window != NULL)
            *window = (struct weir_interval){.start_ms = weir_row_i64(&rows, 0),
                                             .end_ms = weir_row_i64(&rows, 1)};
    }
    enum weir_err err = weir_rows_end(&rows);
    if (err == WEIR_OK)
        *windows = (struct weir_unclosed_list){.items = found.items, .count = found.count};
    return err;
}
