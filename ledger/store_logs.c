#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "ledger/jobs_known.h"
#include "ledger/logs.h"
#include "ledger/sql.h"
#include "ledger/store_private.h"
#include "ledger/sums.h"

#define PLACES 4096                          /* logs remembered at once; two with one place evict */
#define TEXT_BYTES_MAX ((size_t)64 << 20)    /* gauges and maintenance of all of them */
#define JOBS_BYTES_MAX ((size_t)256 << 20)   /* never reached: jobs are forgotten long before */
#define BATCH_BYTES_MAX ((size_t)1024 << 20) /* what one batch may need */

struct weir_log_cache {
    struct weir_arena *arena;
    struct weir_arena *batch;
    struct weir_open_tile tile;
    struct weir_sums sums;
    struct weir_known_jobs jobs;
    struct weir_log_state *appending; /* ahead of its head row until the batch ends */
    struct weir_log_state *places[PLACES];
};

static struct weir_log_cache *cache_get(struct weir_store *store, struct weir_scope *scope)
{
    if (store->logs != NULL)
        return store->logs;
    struct weir_log_cache *cache = calloc(1, sizeof(*cache));
    if (cache != NULL) {
        cache->arena = weir_arena_new(TEXT_BYTES_MAX);
        cache->batch = weir_arena_new(BATCH_BYTES_MAX);
    }
    store->logs = cache;
    if (cache == NULL || cache->arena == NULL || cache->batch == NULL) {
        weir_logs_free(store);
        (void)weir_fail(scope, WEIR_E_MEMORY, "no memory to remember logs");
        return NULL;
    }
    return cache;
}

/* Salts are secrets until somebody discloses them. */
static void state_free(struct weir_log_state *state)
{
    if (state == NULL)
        return;
    weir_salt_stream_clear(&state->salts);
    explicit_bzero(state->salt_root, sizeof(state->salt_root));
    free(state);
}

void weir_logs_forget(struct weir_store *store)
{
    struct weir_log_cache *cache = store->logs;
    if (cache == NULL)
        return;
    for (size_t i = 0; i < PLACES; i++) {
        state_free(cache->places[i]);
        cache->places[i] = NULL;
    }
    cache->tile.log_id = 0;
    cache->appending = NULL;
    weir_arena_clear(cache->arena);
    weir_known_jobs_forget(store);
}

struct weir_known_jobs *weir_known_jobs(struct weir_store *store)
{
    assert(store->logs != NULL); /* a state was got before */
    return &store->logs->jobs;
}

enum weir_err weir_known_jobs_reserve(struct weir_store *store, struct weir_scope *scope)
{
    struct weir_known_jobs *jobs = weir_known_jobs(store);
    jobs->arena = weir_arena_new(JOBS_BYTES_MAX);
    jobs->places = calloc(WEIR_JOBS_PLACES, sizeof(*jobs->places));
    if (jobs->arena != NULL && jobs->places != NULL)
        return WEIR_OK;
    weir_arena_free(jobs->arena);
    free(jobs->places);
    jobs->arena = NULL;
    jobs->places = NULL;
    return weir_fail(scope, WEIR_E_MEMORY, "no memory to remember jobs");
}

void weir_known_jobs_forget(struct weir_store *store)
{
    struct weir_known_jobs *jobs = weir_known_jobs(store);
    jobs->log_id = 0;
    if (jobs->places == NULL)
        return;
    if (jobs->used_count > 0)
        memset(jobs->places, 0, WEIR_JOBS_PLACES * sizeof(*jobs->places));
    jobs->used_count = 0;
    weir_arena_clear(jobs->arena);
}

void weir_logs_free(struct weir_store *store)
{
    if (store->logs == NULL)
        return;
    if (store->logs->arena != NULL)
        weir_logs_forget(store);
    weir_arena_free(store->logs->arena);
    weir_arena_free(store->logs->batch);
    weir_arena_free(store->logs->jobs.arena);
    free(store->logs->jobs.places);
    free(store->logs);
    store->logs = NULL;
}

void weir_log_state_hold(struct weir_store *store, struct weir_log_state *state)
{
    assert(store->logs != NULL); /* a state was got before */
    store->logs->appending = state;
}

struct weir_open_tile *weir_open_tile_get(struct weir_store *store)
{
    assert(store->logs != NULL); /* a state was got before */
    return &store->logs->tile;
}

struct weir_arena *weir_batch_arena(struct weir_store *store, struct weir_scope *scope)
{
    struct weir_log_cache *cache = cache_get(store, scope);
    return cache == NULL ? NULL : cache->batch;
}

struct weir_arena *weir_lasting_arena(struct weir_store *store)
{
    assert(store->logs != NULL); /* a state was got before */
    return store->logs->arena;
}

struct weir_sums *weir_batch_sums(struct weir_store *store)
{
    assert(store->logs != NULL); /* a state was got before */
    return &store->logs->sums;
}

/* The parts that never change. */
static enum weir_err load_log(struct weir_store *store,
                              struct weir_scope *scope,
                              struct weir_arena *arena,
                              struct weir_log_state *state)
{
    struct weir_scope lasting = {.arena = arena};
    struct weir_rows rows;
    weir_rows_begin(&rows, store, &lasting,
                    "SELECT definition, salt_root FROM log WHERE log_id = ? AND is_own = 1",
                    WEIR_VALUES(weir_value_i64(state->log_id)));
    bool is_found = weir_rows_next(&rows);
    if (is_found) {
        struct weir_slice definition = weir_row_slice(&rows, 0);
        weir_row_bytes(&rows, 1, state->salt_root, sizeof(state->salt_root));
        if (rows.err == WEIR_OK)
            rows.err = weir_gauge_parse(&lasting, definition, &state->gauge);
    }
    enum weir_err err = weir_rows_end(&rows);
    if (err != WEIR_OK)
        return weir_fail(scope, err, "%s", lasting.fault);
    if (!is_found)
        return weir_fail(scope, WEIR_E_NOT_FOUND, "there is no own log %lld",
                         (long long)state->log_id);
    return WEIR_OK;
}

/* The parts that grow. */
static enum weir_err
load_head(struct weir_store *store, struct weir_scope *scope, struct weir_log_state *state)
{
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope, "SELECT edge, tick_ms, size FROM head WHERE log_id = ?",
                    WEIR_VALUES(weir_value_i64(state->log_id)));
    bool is_found = weir_rows_next(&rows);
    if (is_found) {
        rows.err = weir_edge_read(scope, weir_row_peek(&rows, 0), &state->edge);
        state->tick_ms = weir_row_i64(&rows, 1);
        if (rows.err == WEIR_OK && weir_row_u64(&rows, 2) != state->edge.size)
            rows.err = weir_fail(scope, WEIR_E_CORRUPT, "log %lld: head.size and head.edge differ",
                                 (long long)state->log_id);
    }
    enum weir_err err = weir_rows_end(&rows);
    if (err == WEIR_OK && !is_found)
        err = weir_fail(scope, WEIR_E_CORRUPT, "log %lld has no head", (long long)state->log_id);
    state->has_tick = false;
    state->has_maintenance = false;
    return err;
}

static enum weir_err state_make(struct weir_store *store,
                                struct weir_scope *scope,
                                int64_t log_id,
                                struct weir_log_state **made)
{
    struct weir_log_cache *cache = store->logs;
    struct weir_log_state *state = calloc(1, sizeof(*state));
    if (state == NULL)
        return weir_fail(scope, WEIR_E_MEMORY, "no memory to remember a log");
    state->log_id = log_id;
    enum weir_err err = load_log(store, scope, cache->arena, state);
    if (err == WEIR_OK)
        err = load_head(store, scope, state);
    if (err != WEIR_OK) {
        state_free(state);
        return err;
    }
    *made = state;
    return WEIR_OK;
}

enum weir_err weir_log_state_get(struct weir_store *store,
                                 struct weir_scope *scope,
                                 int64_t log_id,
                                 struct weir_log_state **state)
{
    struct weir_log_cache *cache = cache_get(store, scope);
    if (cache == NULL)
        return scope->err;
    if (cache->appending != NULL) {
        assert(cache->appending->log_id == log_id); /* a batch is about one log */
        *state = cache->appending;
        return WEIR_OK;
    }
    if (weir_arena_used(cache->arena) > TEXT_BYTES_MAX / 2)
        weir_logs_forget(store);
    struct weir_log_state **place = &cache->places[(uint64_t)log_id % PLACES];
    if (*place == NULL || (*place)->log_id != log_id) {
        struct weir_log_state *made = NULL;
        enum weir_err err = state_make(store, scope, log_id, &made);
        if (err != WEIR_OK)
            return err;
        state_free(*place);
        *place = made;
    }
    int64_t size = 0;
    enum weir_err err = weir_sql_i64(store, scope, "SELECT size FROM head WHERE log_id = ?",
                                     WEIR_VALUES(weir_value_i64(log_id)), &size);
    if (err == WEIR_OK && (uint64_t)size != (*place)->edge.size)
        err = load_head(store, scope, *place);
    if (err == WEIR_OK)
        *state = *place;
    return err;
}
