#include "node/worker.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "config/config.h"
#include "ledger/agreements.h"
#include "ledger/log.h"
#include "ledger/store.h"
#include "node/clock.h"
#include "node/file.h"
#include "node/log.h"

#define WORKER_BYTES ((size_t)64 * 1024 * 1024)
#define SCRATCH_BYTES ((size_t)512 * 1024 * 1024)
#define LEDGER_FILE "ledger.db"

static enum weir_err open_ledger(struct weir_scope *scope,
                                 const struct weir_config *config,
                                 struct weir_store_options options,
                                 struct weir_store **store)
{
    const char *path = weir_take_printf(scope, "%s/" LEDGER_FILE, config->node.data_dir);
    return path == NULL ? scope->err : weir_store_open(scope, path, &options, store);
}

enum weir_err weir_ledger_open(struct weir_scope *scope,
                               const struct weir_config *config,
                               bool may_write,
                               struct weir_store **store)
{
    const struct weir_store_options options = {
        .mode = may_write ? WEIR_STORE_WRITE : WEIR_STORE_READ, .skip_quick_check = true};
    return open_ledger(scope, config, options, store);
}

/* The log of one configured gauge, made if it is new. */
static enum weir_err open_log(struct weir_scope *scope,
                              struct weir_store *store,
                              const struct weir_config *config,
                              const struct weir_config_gauge *gauge,
                              int64_t *log_id)
{
    struct weir_buffer text = {.capacity_max = WEIR_GAUGE_TEXT_MAX};
    const char *origin = weir_origin_of(scope, config->node.name, gauge->definition.name);
    if (origin == NULL)
        return scope->err;
    enum weir_err err = weir_gauge_print(scope, &gauge->definition, &text);
    if (err == WEIR_OK)
        err = weir_log_open(store, scope, origin, weir_buffer_slice(&text), NULL, log_id);
    return err == WEIR_OK ? err : weir_note(scope, "gauge '%s'", gauge->definition.name);
}

static enum weir_err register_asset(struct weir_scope *scope,
                                    struct weir_store *store,
                                    const struct weir_config_asset *configured,
                                    uint16_t *asset)
{
    struct weir_asset_row row = {
        .chain_id = configured->chain->chain_id,
        .symbol = configured->name,
        .decimals = configured->decimals,
    };
    memcpy(row.token.bytes, configured->address.bytes, sizeof(row.token.bytes));
    enum weir_err err = weir_asset_open(store, scope, &row, asset);
    return err == WEIR_OK ? err : weir_note(scope, "asset '%s'", configured->name);
}

static enum weir_err register_agreement(struct weir_scope *scope,
                                        struct weir_store *store,
                                        const struct weir_config *config,
                                        const struct weir_agreement *agreement)
{
    const struct weir_config_agreement *configured = agreement->configured;
    struct weir_buffer terms = {.capacity_max = WEIR_TERMS_BYTES_MAX};
    struct weir_agreement_row row = {
        .name = agreement->name,
        .terms_hash = agreement->hash,
        .chain_id = agreement->domain.chain_id,
        .clone = agreement->domain.contract,
        .factory = agreement->factory,
        .implementation = agreement->implementation,
        .made_ms = weir_clock_now(),
    };
    const struct weir_config_gauge *gauge = weir_config_find_gauge(config, agreement->gauge.name);
    enum weir_err err = weir_terms_write(scope, &agreement->terms, &terms);
    row.terms = weir_buffer_slice(&terms);
    if (err == WEIR_OK)
        err = open_log(scope, store, config, gauge, &row.log_id);
    if (err == WEIR_OK)
        err = register_asset(scope, store, configured->asset, &row.asset);
    int64_t agreement_id;
    if (err == WEIR_OK)
        err = weir_agreement_put(store, scope, &row, &agreement_id);
    return err == WEIR_OK ? err : weir_note(scope, "agreement '%s'", agreement->name);
}

static enum weir_err
fill_ledger(struct weir_scope *scope, struct weir_store *store, const struct weir_config *config)
{
    enum weir_err err = weir_store_begin(store, scope, WEIR_WRITE_SHORT);
    if (err != WEIR_OK)
        return err;
    int64_t log_id;
    for (size_t i = 0; err == WEIR_OK && i < config->gauge_count; i++)
        err = open_log(scope, store, config, &config->gauges[i], &log_id);
    uint16_t asset;
    for (size_t i = 0; err == WEIR_OK && i < config->asset_count; i++)
        err = register_asset(scope, store, &config->assets[i], &asset);
    struct weir_agreements agreements = {NULL, 0, NULL};
    const struct weir_self nobody = {config->node.name, NULL};
    if (err == WEIR_OK)
        err = weir_agreements_load(scope, config, nobody, &agreements);
    for (size_t i = 0; err == WEIR_OK && i < agreements.count; i++)
        err = register_agreement(scope, store, config, &agreements.items[i]);
    if (err != WEIR_OK) {
        weir_store_rollback(store);
        return err;
    }
    return weir_store_commit(store, scope);
}

enum weir_err weir_ledger_prepare(struct weir_scope *scope, const struct weir_config *config)
{
    struct weir_store *store = NULL;
    const struct weir_store_options options = {.mode = WEIR_STORE_CREATE};
    if (mkdir(config->node.data_dir, 0700) != 0 && errno != EEXIST)
        return weir_fail(scope, WEIR_E_IO, "cannot make '%s': %s", config->node.data_dir,
                         strerror(errno));
    int64_t began_ms = weir_clock_monotonic_ms();
    enum weir_err err = open_ledger(scope, config, options, &store);
    if (err != WEIR_OK)
        return err;
    weir_log(WEIR_LOG_INFO, "ledger_checked", "after_ms=%lld",
             (long long)(weir_clock_monotonic_ms() - began_ms));
    err = fill_ledger(scope, store, config);
    weir_store_close(store);
    return err;
}

/* The key set beside the ledger, for commands that need to know who this node is and must not open
 * the key file. */
static enum weir_err write_key_set(struct weir_worker *worker)
{
    struct weir_scope *scope = &worker->scope;
    struct weir_buffer text = {.capacity_max = WEIR_KEY_SET_FILE_BYTES_MAX};
    const char *path =
        weir_take_printf(scope, "%s/" WEIR_OWN_KEY_SET, worker->config->node.data_dir);
    enum weir_err err =
        path == NULL ? scope->err : weir_key_set_print(scope, &worker->keys.set, &text);
    return err != WEIR_OK ? err
                          : weir_file_write(scope, path, weir_buffer_slice(&text), 0644, true);
}

static enum weir_err open_parts(struct weir_worker *worker)
{
    struct weir_scope *scope = &worker->scope;
    const struct weir_config *config = worker->config;
    enum weir_err err = weir_ask_keys(scope, worker->duty->signer, &worker->keys);
    if (err == WEIR_OK)
        err = weir_ledger_open(scope, config, true, &worker->store);
    if (err == WEIR_OK && worker->duty->id == WEIR_DUTY_SETTLER)
        err = write_key_set(worker);
    const struct weir_self self = {config->node.name, &worker->keys.set};
    if (err == WEIR_OK)
        err = weir_agreements_load(scope, config, self, &worker->agreements);
    worker->log_ids = weir_take(scope, config->gauge_count, sizeof(*worker->log_ids));
    for (size_t i = 0; err == WEIR_OK && worker->log_ids != NULL && i < config->gauge_count; i++)
        err = open_log(scope, worker->store, config, &config->gauges[i], &worker->log_ids[i]);
    return err != WEIR_OK ? err : scope->err;
}

enum weir_err weir_worker_start(struct weir_worker *worker, struct weir_duty *duty)
{
    *worker = (struct weir_worker){
        .duty = duty,
        .config = duty->config,
        .arena = weir_arena_new(WORKER_BYTES),
        .scratch = weir_arena_new(SCRATCH_BYTES),
    };
    worker->scope.arena = worker->arena;
    if (worker->arena == NULL || worker->scratch == NULL)
        return weir_fail(&worker->scope, WEIR_E_MEMORY, "the system gives no memory");
    return open_parts(worker);
}

void weir_worker_end(struct weir_worker *worker)
{
    weir_store_close(worker->store);
    weir_arena_free(worker->scratch);
    weir_arena_free(worker->arena);
}

int64_t weir_worker_log(const struct weir_worker *worker, const char *gauge)
{
    for (size_t i = 0; i < worker->config->gauge_count; i++)
        if (strcmp(worker->config->gauges[i].definition.name, gauge) == 0)
            return worker->log_ids[i];
    return 0;
}
