/* weir run: starts the node and stays until it is told to end. */
#include <stdio.h>

#include "base/arena.h"
#include "config/config.h"
#include "node/clock.h"
#include "node/command.h"
#include "node/log.h"
#include "node/supervisor.h"
#include "node/worker.h"

static enum weir_log_level level_of(enum weir_config_log_level configured)
{
    switch (configured) {
    case WEIR_CONFIG_LOG_DEBUG:
        return WEIR_LOG_DEBUG;
    case WEIR_CONFIG_LOG_INFO:
        return WEIR_LOG_INFO;
    case WEIR_CONFIG_LOG_WARNING:
        return WEIR_LOG_WARN;
    case WEIR_CONFIG_LOG_ERROR:
        return WEIR_LOG_ERROR;
    }
    return WEIR_LOG_INFO;
}

int weir_cmd_run(struct weir_command *command)
{
    struct weir_config *config;
    if (weir_command_config(command, &config) != WEIR_OK)
        return weir_command_fail(command);
    weir_log_duty("supervisor");
    weir_log_threshold(level_of(config->node.log_level));
    weir_log_json(config->node.log_format == WEIR_CONFIG_LOG_JSON);
    weir_log(WEIR_LOG_INFO, "starting", "node=%s version=%s", config->node.name, WEIR_VERSION);
    if (weir_ledger_prepare(command->scope, config) != WEIR_OK)
        return weir_command_fail(command);
    const struct weir_run_options options = {
        .until_idle = weir_command_flag(command, "until-idle"),
        .is_settler_only = weir_command_flag(command, "settle-only"),
    };
    return weir_supervisor_run(config, options) == 0 ? WEIR_EXIT_OK : WEIR_EXIT_FAILED;
}
