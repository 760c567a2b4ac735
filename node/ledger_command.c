#include "node/ledger_command.h"

#include "base/arena.h"
#include "base/text.h"
#include "config/config.h"
#include "ledger/log.h"
#include "ledger/store.h"
#include "node/log.h"
#include "node/worker.h"

/* Whether every gauge has its log.  Errors: STORE. */
static enum weir_err logs_are_there(struct weir_scope *scope,
                                    struct weir_store *store,
                                    const struct weir_config *config,
                                    bool *are_there)
{
    *are_there = true;
    for (size_t i = 0; *are_there && i < config->gauge_count; i++) {
        struct weir_log log;
        enum weir_err err =
            weir_log_find_gauge(store, scope, config->gauges[i].definition.name, &log);
        if (err == WEIR_E_NOT_FOUND)
            weir_scope_recover(scope);
        else if (err != WEIR_OK)
            return err;
        *are_there = err == WEIR_OK;
    }
    return WEIR_OK;
}

enum weir_err weir_ledger_for_command(struct weir_scope *scope,
                                      const struct weir_config *config,
                                      struct weir_store **store)
{
    struct weir_store *opened = NULL;
    bool are_there = false;
    enum weir_err err = weir_ledger_open(scope, config, true, &opened);
    if (err == WEIR_OK)
        err = logs_are_there(scope, opened, config, &are_there);
    else if (err == WEIR_E_NOT_FOUND) {
        weir_scope_recover(scope);
        err = WEIR_OK;
    }
    if (err == WEIR_OK && !are_there) {
        weir_store_close(opened);
        opened = NULL;
        weir_log_threshold(WEIR_LOG_WARN); /* a command's voice is its own */
        err = weir_ledger_prepare(scope, config);
        if (err == WEIR_OK)
            err = weir_ledger_open(scope, config, true, &opened);
    }
    if (err != WEIR_OK) {
        weir_store_close(opened);
        return err;
    }
    *store = opened;
    return WEIR_OK;
}

enum weir_err weir_gauge_for_command(struct weir_scope *scope,
                                     const struct weir_config *config,
                                     const char *name,
                                     const struct weir_config_gauge **gauge)
{
    *gauge = weir_config_find_gauge(config, name);
    if (*gauge != NULL)
        return WEIR_OK;
    const char **names = weir_take(scope, config->gauge_count, sizeof(*names));
    if (names == NULL)
        return scope->err;
    for (size_t i = 0; i < config->gauge_count; i++)
        names[i] = config->gauges[i].definition.name;
    const char *nearest = weir_nearest(name, names, config->gauge_count);
    if (nearest != NULL)
        return weir_fail(scope, WEIR_E_CONFIG, "there is no gauge '%s'; did you mean '%s'?", name,
                         nearest);
    return weir_fail(scope, WEIR_E_CONFIG, "there is no gauge '%s' in the configuration", name);
}
