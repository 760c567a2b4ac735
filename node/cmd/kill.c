/* weir kill show, weir kill ack: the latched kill signal of deliveries. */
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "config/config.h"
#include "ledger/kill.h"
#include "ledger/log.h"
#include "ledger/store.h"
#include "metrics/calendar.h"
#include "node/clock.h"
#include "node/command.h"
#include "node/json_out.h"
#include "node/ledger_command.h"
#include "node/worker.h"

#define REASON_BYTES_MAX 1024

/* A run with its names instead of numbers. */
struct shown_run {
    const struct weir_kill_row *row;
    const char *gauge;
    char window[WEIR_WINDOW_LABEL_BYTES];
};

static enum weir_err
name_run(struct weir_scope *scope, struct weir_store *store, struct shown_run *run)
{
    struct weir_log log;
    struct weir_gauge gauge;
    struct weir_interval window;
    if (weir_log_load(store, scope, run->row->log_id, &log) != WEIR_OK ||
        weir_gauge_parse(scope, log.definition, &gauge) != WEIR_OK ||
        weir_window_at(scope, &gauge.windows, run->row->window_start_ms, &window) != WEIR_OK)
        return scope->err;
    run->gauge = log.gauge;
    weir_window_print(&gauge.windows, window, run->window);
    return WEIR_OK;
}

static void write_json(struct weir_json *json, const struct shown_run *run)
{
    const struct weir_kill_row *row = run->row;
    weir_json_object(json, NULL);
    weir_json_text(json, "gauge", run->gauge);
    weir_json_text(json, "class", row->class_name);
    weir_json_text(json, "window", run->window);
    weir_json_i64(json, "fired_ms", row->fired_ms);
    weir_json_text(json, "detail", row->detail);
    weir_json_bool(json, "latched", row->acked_ms < 0);
    if (row->acked_ms < 0) {
        weir_json_null(json, "acked_ms");
    } else {
        weir_json_i64(json, "acked_ms", row->acked_ms);
        weir_json_text(json, "acked_by", row->acked_by);
        weir_json_text(json, "reason", row->reason);
    }
    weir_json_close(json);
}

static void write_line(const struct weir_command *command, const struct shown_run *run)
{
    const struct weir_kill_row *row = run->row;
    const struct weir_terminal *terminal = &command->terminal;
    char fired[WEIR_TIME_TEXT_BYTES];
    weir_time_print(row->fired_ms, fired);
    bool is_on = row->acked_ms < 0;
    (void)printf("%s%s%s %s, class %s, at %s: %s; recorded %s\n",
                 weir_terminal_begin(terminal, is_on ? WEIR_COLOUR_BAD : WEIR_COLOUR_DIM),
                 is_on ? "KILL" : "acknowledged", weir_terminal_end(terminal), run->gauge,
                 row->class_name, run->window, row->detail, fired);
    if (!is_on)
        (void)printf("     by %s: %s\n", row->acked_by, row->reason);
}

static int show_runs(struct weir_command *command, struct weir_store *store, int64_t log_id)
{
    struct weir_kill_row *rows = NULL;
    size_t count = 0;
    size_t shown = 0;
    struct weir_json json;
    bool wants_all = weir_command_flag(command, "all");
    if (weir_kill_list(store, command->scope, log_id, &rows, &count) != WEIR_OK)
        return weir_command_fail(command);
    weir_json_begin(&json, command->scope, 0);
    weir_json_object(&json, NULL);
    weir_json_array(&json, "runs");
    for (size_t i = 0; i < count; i++) {
        struct shown_run run = {.row = &rows[i]};
        if (rows[i].acked_ms >= 0 && !wants_all)
            continue;
        if (name_run(command->scope, store, &run) != WEIR_OK)
            return weir_command_fail(command);
        shown++;
        if (command->wants_json)
            write_json(&json, &run);
        else
            write_line(command, &run);
    }
    if (command->wants_json)
        return weir_command_print_json(command, &json);
    if (shown == 0)
        (void)puts("no kill signal is on");
    return WEIR_EXIT_OK;
}

/* The log of the gauge that --gauge names; 0 without the option. */
static enum weir_err find_log(struct weir_command *command,
                              const struct weir_config *config,
                              struct weir_store *store,
                              int64_t *log_id)
{
    const char *name = weir_command_option(command, "gauge");
    const struct weir_config_gauge *gauge = NULL;
    struct weir_log log;
    *log_id = 0;
    if (name == NULL)
        return WEIR_OK;
    if (weir_gauge_for_command(command->scope, config, name, &gauge) != WEIR_OK ||
        weir_log_find_gauge(store, command->scope, name, &log) != WEIR_OK)
        return command->scope->err;
    *log_id = log.log_id;
    return WEIR_OK;
}

int weir_cmd_kill_show(struct weir_command *command)
{
    struct weir_config *config = NULL;
    struct weir_store *store = NULL;
    int64_t log_id = 0;
    if (weir_command_config(command, &config) != WEIR_OK ||
        weir_ledger_open(command->scope, config, false, &store) != WEIR_OK)
        return weir_command_fail(command);
    int status = find_log(command, config, store, &log_id) == WEIR_OK
                     ? show_runs(command, store, log_id)
                     : weir_command_fail(command);
    weir_store_close(store);
    return status;
}

/* Who is at the keyboard, as the system knows it. */
static const char *user_name(struct weir_scope *scope)
{
    const struct passwd *user = getpwuid(getuid());
    if (user == NULL)
        return weir_take_printf(scope, "uid %u", (unsigned)getuid());
    return weir_take_text(scope, user->pw_name, strlen(user->pw_name));
}

static enum weir_err acknowledge(struct weir_command *command,
                                 const struct weir_config *config,
                                 struct weir_store *store)
{
    struct weir_kill_row ack = {
        .class_name = command->operands[0],
        .reason = weir_command_option(command, "reason"),
        .acked_ms = weir_clock_now(),
        .acked_by = user_name(command->scope),
    };
    if (ack.acked_by == NULL || find_log(command, config, store, &ack.log_id) != WEIR_OK)
        return command->scope->err;
    return weir_kill_ack(store, command->scope, &ack);
}

static enum weir_err check_options(struct weir_command *command)
{
    const char *reason = weir_command_option(command, "reason");
    if (weir_command_option(command, "gauge") == NULL)
        return weir_fail(command->scope, WEIR_E_USAGE, "--gauge NAME is needed");
    if (reason == NULL || *reason == '\0')
        return weir_fail(command->scope, WEIR_E_USAGE,
                         "--reason TEXT is needed: it is kept beside the signal");
    if (strlen(reason) > REASON_BYTES_MAX)
        return weir_fail(command->scope, WEIR_E_USAGE, "--reason is longer than %d bytes",
                         REASON_BYTES_MAX);
    return WEIR_OK;
}

int weir_cmd_kill_ack(struct weir_command *command)
{
    struct weir_config *config = NULL;
    struct weir_store *store = NULL;
    struct weir_json json;
    if (check_options(command) != WEIR_OK || weir_command_config(command, &config) != WEIR_OK ||
        weir_ledger_open(command->scope, config, true, &store) != WEIR_OK)
        return weir_command_fail(command);
    enum weir_err err = acknowledge(command, config, store);
    weir_store_close(store);
    if (err != WEIR_OK)
        return weir_command_fail(command);
    if (!command->wants_json) {
        (void)printf("acknowledged: the signal of class %s is armed again from the next final "
                     "window on\n",
                     command->operands[0]);
        return WEIR_EXIT_OK;
    }
    weir_json_begin(&json, command->scope, 0);
    weir_json_object(&json, NULL);
    weir_json_text(&json, "gauge", weir_command_option(command, "gauge"));
    weir_json_text(&json, "class", command->operands[0]);
    weir_json_bool(&json, "acknowledged", true);
    return weir_command_print_json(command, &json);
}
