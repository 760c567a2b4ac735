/* weir status: the node at a glance, from its ledger, and from the node itself when it runs. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "config/config.h"
#include "ledger/store.h"
#include "metrics/calendar.h"
#include "node/clock.h"
#include "node/command.h"
#include "node/control.h"
#include "node/gauge_print.h"
#include "node/job_codec.h"
#include "node/json_out.h"
#include "node/overview.h"
#include "node/worker.h"

#define PAYOUTS_SHOWN 10

/* What a call of the command works with. */
struct view {
    struct weir_command *command;
    struct weir_overview overview;
    bool is_running;
    struct weir_control_answer ready; /* text of /-/ready?verbose */
};

/* --- from the ledger -------------------------------------------------------------------------- */

static enum weir_colour colour_of(enum weir_judgement judgement)
{
    switch (judgement) {
    case WEIR_JUDGEMENT_MET:
        return WEIR_COLOUR_GOOD;
    case WEIR_JUDGEMENT_BREACHED:
        return WEIR_COLOUR_BAD;
    case WEIR_JUDGEMENT_INSUFFICIENT:
        return WEIR_COLOUR_WARN;
    case WEIR_JUDGEMENT_NO_DATA:
        break;
    }
    return WEIR_COLOUR_DIM;
}

static enum weir_err print_gauge(struct view *view, const struct weir_config_gauge *gauge)
{
    const struct weir_overview_gauge_query query = {.gauge = gauge};
    struct weir_gauge_row *rows = NULL;
    size_t count = 0;
    int64_t log_id;
    char share[WEIR_SHARE_TEXT_BYTES];
    const struct weir_terminal *terminal = &view->command->terminal;
    enum weir_err err =
        weir_overview_rows(&view->overview, view->command->scope, &query, &log_id, &rows, &count);
    if (err == WEIR_E_RANGE) {
        weir_scope_recover(view->command->scope);
        (void)printf("%-24s now lies outside its frozen boundaries\n", gauge->definition.name);
        return WEIR_OK;
    }
    if (err != WEIR_OK)
        return err;
    const struct weir_verdict *verdict = &rows[0].verdict;
    weir_share_print(verdict->ratio, share);
    (void)printf("%-24s %-24s %14s %8s %%  %s%s%s, %s%s\n", gauge->definition.name, rows[0].label,
                 share, gauge->target_percent,
                 weir_terminal_begin(terminal, colour_of(verdict->judgement)),
                 weir_judgement_name(verdict->judgement), weir_terminal_end(terminal),
                 weir_stage_name(verdict->stage), verdict->is_thin ? ", thin" : "");
    return WEIR_OK;
}

static enum weir_err print_gauges(struct view *view)
{
    const struct weir_config *config = view->overview.config;
    enum weir_err err = WEIR_OK;
    if (config->gauge_count > 0)
        (void)printf("\n%-24s %-24s %14s %10s  %s\n", "GAUGE", "WINDOW", "NOW", "PROMISED",
                     "VERDICT");
    for (size_t i = 0; err == WEIR_OK && i < config->gauge_count; i++)
        err = print_gauge(view, &config->gauges[i]);
    return err;
}

static void print_payout(const struct weir_known_payout *payout)
{
    char amount[WEIR_MONEY_TEXT_BYTES] = "-";
    char id[WEIR_HASH_HEX_BYTES];
    const char *tx = payout->tx[0] == '\0' ? "-" : payout->tx;
    if (payout->has_paid || payout->has_due)
        weir_money_print(payout->has_paid ? payout->paid : payout->due,
                         payout->agreement->asset.decimals, amount);
    weir_hash_hex(&payout->intent.id, id);
    (void)printf("%.12s %-20s %8llu %4u %16s %-8s %-10s %s\n", id, payout->agreement->row.name,
                 (unsigned long long)payout->intent.window, payout->intent.tier, amount,
                 payout->agreement->asset.symbol, weir_intent_state_name(payout->intent.state), tx);
    if (payout->job != NULL && payout->intent.state == WEIR_INTENT_OPEN)
        (void)printf("%12s %s %s\n", "", weir_rail_stage_name(payout->job->job.stage),
                     payout->job->job.reason);
}

static enum weir_err print_payouts(struct view *view)
{
    const struct weir_overview_payout_query query = {.limit = PAYOUTS_SHOWN};
    struct weir_known_payout *payouts = NULL;
    size_t count = 0;
    enum weir_err err =
        weir_overview_load_payouts(&view->overview, view->command->scope, &query, &payouts, &count);
    if (err != WEIR_OK || count == 0)
        return err;
    (void)printf("\n%-12s %-20s %8s %4s %16s %-8s %-10s %s\n", "PAYOUT", "AGREEMENT", "WINDOW",
                 "TIER", "AMOUNT", "ASSET", "STATE", "TRANSACTION");
    for (size_t i = 0; i < count; i++)
        print_payout(&payouts[i]);
    return WEIR_OK;
}

/* --- from the node ---------------------------------------------------------------------------- */

/* The lines of the node about its parts; those that do not work in red. */
static void print_parts(const struct view *view)
{
    struct weir_slice rest = view->ready.body;
    struct weir_slice line;
    const struct weir_terminal *terminal = &view->command->terminal;
    bool is_first = true;
    while (weir_slice_line(&rest, &line)) {
        if (!is_first) {
            bool is_well = line.length > 1 && line.data[1] == '+';
            (void)printf(
                "  %s%.*s%s\n",
                weir_terminal_begin(terminal, is_well ? WEIR_COLOUR_PLAIN : WEIR_COLOUR_BAD),
                (int)line.length, (const char *)line.data, weir_terminal_end(terminal));
        }
        is_first = false;
    }
}

static void print_head(const struct view *view)
{
    const struct weir_terminal *terminal = &view->command->terminal;
    bool is_ready = view->is_running && view->ready.status == 200;
    const char *word = is_ready ? "running, ready" : "running, not ready";
    if (!view->is_running)
        word = "not running; this is what its ledger knows";
    (void)printf("%s: %s%s%s\n", view->overview.config->node.name,
                 weir_terminal_begin(terminal, is_ready ? WEIR_COLOUR_GOOD : WEIR_COLOUR_BAD), word,
                 weir_terminal_end(terminal));
    if (view->is_running)
        print_parts(view);
}

static enum weir_err find_node(struct view *view)
{
    struct weir_scope *scope = view->command->scope;
    enum weir_err err =
        weir_control_get(scope, view->overview.config, "/-/ready?verbose", &view->ready);
    view->is_running = err == WEIR_OK;
    if (err != WEIR_E_UNREACHABLE)
        return err;
    weir_scope_recover(scope);
    return WEIR_OK;
}

/* --- the command ------------------------------------------------------------------------------ */

static int print_json(struct view *view)
{
    struct weir_json json;
    struct weir_control_answer answer;
    struct weir_scope *scope = view->command->scope;
    if (view->is_running) {
        if (weir_control_get(scope, view->overview.config, "/v1/status", &answer) != WEIR_OK)
            return weir_command_fail(view->command);
        weir_command_print(answer.body);
        return answer.status == 200 ? WEIR_EXIT_OK : WEIR_EXIT_FAILED;
    }
    weir_json_begin(&json, scope, 0);
    if (weir_overview_status(&view->overview, scope, &json) != WEIR_OK)
        return weir_command_fail(view->command);
    int status = weir_command_print_json(view->command, &json);
    return status == WEIR_EXIT_OK ? WEIR_EXIT_UNREACHABLE : status;
}

static int print_text(struct view *view)
{
    print_head(view);
    if (print_gauges(view) != WEIR_OK || print_payouts(view) != WEIR_OK)
        return weir_command_fail(view->command);
    return view->is_running ? WEIR_EXIT_OK : WEIR_EXIT_UNREACHABLE;
}

int weir_cmd_status(struct weir_command *command)
{
    struct weir_config *config;
    struct weir_store *store = NULL;
    if (weir_command_config(command, &config) != WEIR_OK)
        return weir_command_fail(command);
    struct view view = {.command = command,
                        .overview = {.config = config, .now_ms = weir_clock_now()}};
    enum weir_err err = find_node(&view);
    if (err == WEIR_OK)
        err = weir_ledger_open(command->scope, config, false, &store);
    if (err == WEIR_E_NOT_FOUND) {
        weir_scope_recover(command->scope);
        err = weir_fail(command->scope, WEIR_E_UNREACHABLE,
                        "the node never ran: there is no ledger in '%s'", config->node.data_dir);
    }
    if (err != WEIR_OK)
        return weir_command_fail(command);
    view.overview.store = store;
    int status = command->wants_json ? print_json(&view) : print_text(&view);
    weir_store_close(store);
    return status;
}
