#include "ledger/record.h"

#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "ledger/append.h"
#include "ledger/fold_ticks.h"
#include "ledger/recorder.h"
#include "ledger/sources.h"
#include "ledger/sql.h"
#include "ledger/store.h"
#include "ledger/tick_rows.h"
#include "ledger/tree.h"

enum weir_err weir_recorder_begin(struct weir_recorder *recorder,
                                  struct weir_store *store,
                                  struct weir_scope *scope,
                                  int64_t log_id)
{
    *recorder = (struct weir_recorder){.store = store};
    recorder->batch = (struct weir_scope){.arena = weir_batch_arena(store, scope)};
    if (recorder->batch.arena == NULL)
        return scope->err;
    weir_arena_clear(recorder->batch.arena);
    enum weir_err err = weir_append_begin(&recorder->append, store, scope, log_id);
    if (err != WEIR_OK)
        return err;
    recorder->fold = (struct weir_fold){
        .store = store, .state = recorder->append.state, .sums = weir_batch_sums(store)};
    weir_sums_init(recorder->fold.sums, log_id);
    return WEIR_OK;
}

enum weir_err weir_recorder_end(struct weir_recorder *recorder, struct weir_scope *scope)
{
    enum weir_err err = weir_sums_flush(recorder->fold.sums, recorder->store, scope);
    return err == WEIR_OK ? weir_append_end(&recorder->append, scope) : err;
}

enum weir_err weir_recorder_fail(struct weir_recorder *recorder, struct weir_scope *scope)
{
    return weir_fail(scope, recorder->batch.err, "%s", recorder->batch.fault);
}

enum weir_err weir_recorder_refuse(struct weir_recorder *recorder,
                                   struct weir_scope *scope,
                                   const struct weir_refused_row *row)
{
    recorder->counts.refused++;
    return weir_refused_put(recorder->store, scope, row);
}

void weir_record_counts_add(struct weir_record_counts *sum, const struct weir_record_counts *more)
{
    sum->added += more->added;
    sum->known += more->known;
    sum->superseded += more->superseded;
    sum->refused += more->refused;
}

/* A tick that is not newer than the newest: stored already, or too late. */
static enum weir_err old_tick(struct weir_recorder *recorder, const struct weir_tick *tick)
{
    struct weir_scope *scope = &recorder->batch;
    const struct weir_log_state *state = recorder->append.state;
    struct weir_placed_tick found;
    uint64_t size = state->edge.size;
    struct weir_salt_range range = {.end = size};
    enum weir_err err =
        weir_tick_seek(recorder->store, scope, state->log_id, size, tick->tick_ms, &range.start);
    if (err == WEIR_OK)
        err =
            weir_tick_beside(recorder->store, scope, WEIR_TICK_FIRST, range, state->log_id, &found);
    if (err != WEIR_OK && err != WEIR_E_NOT_FOUND)
        return err;
    const char *reason = "older than the newest tick of its log";
    if (err == WEIR_OK && found.tick.tick_ms == tick->tick_ms) {
        uint8_t stored[WEIR_TICK_PAYLOAD_BYTES];
        uint8_t given[WEIR_TICK_PAYLOAD_BYTES];
        weir_tick_write(&found.tick, stored);
        weir_tick_write(tick, given);
        if (memcmp(stored, given, sizeof(stored)) == 0 && found.tick.state == tick->state) {
            recorder->counts.known++;
            return WEIR_OK;
        }
        reason = "another tick is stored at its time";
    }
    char *text = weir_take_printf(scope, "tick_ms %lld state %u reason %u status %u latency_ms %u",
                                  (long long)tick->tick_ms, tick->state, tick->reason,
                                  tick->http_status, tick->latency_ms);
    if (text == NULL)
        return scope->err;
    struct weir_refused_row row = {
        .origin = state->gauge.name,
        .reason = reason,
        .bytes = weir_slice_text(text),
        .length = strlen(text),
        .received_ms = tick->tick_ms,
    };
    return weir_recorder_refuse(recorder, scope, &row);
}

static enum weir_err new_tick(struct weir_recorder *recorder, const struct weir_tick *tick)
{
    struct weir_log_state *state = recorder->append.state;
    uint8_t payload[WEIR_TICK_PAYLOAD_BYTES];
    weir_tick_write(tick, payload);
    struct weir_append_leaf leaf = {
        .kind = tick->reason == WEIR_REASON_MISSED ? WEIR_LEAF_MISSED : WEIR_LEAF_TICK,
        .flags = (enum weir_leaf_flags)tick->state,
        .tick_ms = tick->tick_ms,
        .payload = {payload, sizeof(payload)},
    };
    struct weir_insertion insertion = {.previous = state->has_tick ? &state->tick : NULL,
                                       .tick = tick};
    enum weir_err err = weir_fold_insertion(&recorder->fold, &recorder->batch, &insertion, 1);
    if (err == WEIR_OK)
        err = weir_append_add(&recorder->append, &recorder->batch, &leaf, NULL);
    if (err != WEIR_OK)
        return err;
    state->tick = *tick;
    state->has_tick = true;
    state->tick_ms = tick->tick_ms;
    recorder->counts.added++;
    return WEIR_OK;
}

static enum weir_err
ticks_record(struct weir_recorder *recorder, const struct weir_tick *ticks, size_t tick_count)
{
    const struct weir_log_state *state = recorder->append.state;
    struct weir_scope *scope = &recorder->batch;
    if (!weir_gauge_is_scheduled(&state->gauge))
        return weir_fail(scope, WEIR_E_CONFLICT, "gauge '%s' is not probed by schedule",
                         state->gauge.name);
    enum weir_err err = weir_fold_newest(&recorder->fold, scope);
    if (err == WEIR_OK)
        err = weir_fold_maintenance(&recorder->fold, scope);
    for (size_t i = 0; i < tick_count && err == WEIR_OK; i++) {
        const struct weir_tick *tick = &ticks[i];
        if (tick->tick_ms < 0 || weir_reason_state(tick->reason) != tick->state || tick->state == 0)
            return weir_fail(scope, WEIR_E_RANGE, "tick %zu is no tick", i);
        err = tick->tick_ms > state->tick_ms ? new_tick(recorder, tick) : old_tick(recorder, tick);
    }
    return err;
}

enum weir_err weir_record_ticks(struct weir_store *store,
                                struct weir_scope *scope,
                                int64_t log_id,
                                const struct weir_tick *ticks,
                                size_t tick_count,
                                struct weir_record_counts *counts)
{
    struct weir_work work;
    struct weir_recorder recorder;
    enum weir_err err = weir_work_begin(store, scope, &work);
    if (err != WEIR_OK)
        return err;
    err = weir_recorder_begin(&recorder, store, scope, log_id);
    if (err == WEIR_OK) {
        err = ticks_record(&recorder, ticks, tick_count);
        if (err != WEIR_OK)
            err = weir_recorder_fail(&recorder, scope);
    }
    if (err == WEIR_OK)
        err = weir_recorder_end(&recorder, scope);
    err = weir_work_end(store, scope, &work, err);
    if (err == WEIR_OK)
        weir_record_counts_add(counts, &recorder.counts);
    return err;
}

/* Whether this payload is a maintenance leaf of the log already. */
static enum weir_err
notice_is_known(struct weir_recorder *recorder, struct weir_slice payload, bool *is_known)
{
    int64_t log_id = recorder->append.state->log_id;
    int64_t position = 0;
    enum weir_err err = weir_sql_i64(
        recorder->store, &recorder->batch,
        "SELECT position FROM observation JOIN maintenance ON maintenance.log_id = ?1 AND "
        "observation.position = (?1 << 40) + maintenance.seq WHERE observation.payload = ?2",
        WEIR_VALUES(weir_value_i64(log_id), weir_value_slice(payload)), &position);
    *is_known = err == WEIR_OK;
    return err == WEIR_E_NOT_FOUND ? WEIR_OK : err;
}

enum weir_err weir_maintenance_row_add(struct weir_recorder *recorder,
                                       struct weir_scope *scope,
                                       uint64_t seq,
                                       const struct weir_maintenance *declared)
{
    return weir_sql_run(
        recorder->store, scope,
        "INSERT INTO maintenance(log_id, seq, logged_ms, start_ms, end_ms) VALUES (?, ?, ?, ?, ?)",
        WEIR_VALUES(weir_value_i64(recorder->append.state->log_id), weir_value_u64(seq),
                    weir_value_i64(declared->logged_ms), weir_value_i64(declared->planned.start_ms),
                    weir_value_i64(declared->planned.end_ms)));
}

/* It counts as logged no earlier than the newest tick: nobody can date a notice back behind what
 * was measured already. */
static enum weir_err notice_record(struct weir_recorder *recorder,
                                   const struct weir_maintenance *given,
                                   struct weir_slice payload)
{
    struct weir_scope *scope = &recorder->batch;
    const struct weir_log_state *state = recorder->append.state;
    if (!weir_gauge_is_scheduled(&state->gauge))
        return weir_fail(scope, WEIR_E_CONFLICT, "gauge '%s' is not probed by schedule",
                         state->gauge.name);
    if (weir_interval_ms(given->planned) == 0)
        return weir_fail(scope, WEIR_E_RANGE, "maintenance that ends before it starts");
    bool is_known = false;
    enum weir_err err = notice_is_known(recorder, payload, &is_known);
    if (err != WEIR_OK || is_known) {
        recorder->counts.known += is_known ? 1 : 0;
        return err;
    }
    struct weir_maintenance declared = *given;
    if (declared.logged_ms < state->tick_ms)
        declared.logged_ms = state->tick_ms;
    struct weir_append_leaf leaf = {
        .kind = WEIR_LEAF_MAINTENANCE, .tick_ms = declared.logged_ms, .payload = payload};
    uint64_t seq = 0;
    err = weir_append_add(&recorder->append, scope, &leaf, &seq);
    if (err == WEIR_OK)
        err = weir_maintenance_row_add(recorder, scope, seq, &declared);
    if (err == WEIR_OK)
        err = weir_fold_windows_again(&recorder->fold, scope, declared.planned);
    recorder->counts.added++;
    return err;
}

enum weir_err weir_record_maintenance(struct weir_store *store,
                                      struct weir_scope *scope,
                                      int64_t log_id,
                                      const struct weir_maintenance *declared,
                                      struct weir_slice payload,
                                      struct weir_record_counts *counts)
{
    struct weir_work work;
    struct weir_recorder recorder;
    enum weir_err err = weir_work_begin(store, scope, &work);
    if (err != WEIR_OK)
        return err;
    err = weir_recorder_begin(&recorder, store, scope, log_id);
    if (err == WEIR_OK) {
        err = notice_record(&recorder, declared, payload);
        if (err != WEIR_OK)
            err = weir_recorder_fail(&recorder, scope);
    }
    if (err == WEIR_OK)
        err = weir_recorder_end(&recorder, scope);
    err = weir_work_end(store, scope, &work, err);
    if (err == WEIR_OK)
        weir_record_counts_add(counts, &recorder.counts);
    return err;
}
