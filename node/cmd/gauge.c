/* weir gauge list, weir gauge show: definitions and the window of now. */
#include <inttypes.h>
#include <stdio.h>

#include "base/arena.h"
#include "config/config.h"
#include "ledger/log.h"
#include "ledger/store.h"
#include "node/agreement.h"
#include "node/clock.h"
#include "node/command.h"
#include "node/gauge_print.h"
#include "node/json_out.h"
#include "node/ledger_command.h"
#include "node/worker.h"

/* A gauge with what the ledger knows of it. */
struct shown_gauge {
    const struct weir_config_gauge *configured;
    struct weir_slice text;
    struct weir_hash hash;
    const char *origin;
    bool has_log;
    struct weir_log log;
    bool has_row;
    struct weir_gauge_row row; /* the window of now */
};

static const char *kind_name(const struct weir_gauge *gauge)
{
    return gauge->kind == WEIR_GAUGE_OTIF ? "otif" : "availability";
}

/* The ledger, if there is one already: a gauge can be looked at before it was ever measured. */
static enum weir_err
open_if_there(struct weir_scope *scope, const struct weir_config *config, struct weir_store **store)
{
    enum weir_err err = weir_ledger_open(scope, config, false, store);
    if (err != WEIR_E_NOT_FOUND)
        return err;
    weir_scope_recover(scope);
    *store = NULL;
    return WEIR_OK;
}

static enum weir_err
look_up(struct weir_scope *scope, struct weir_store *store, struct shown_gauge *shown)
{
    const struct weir_gauge *gauge = &shown->configured->definition;
    enum weir_err err = weir_log_find_gauge(store, scope, gauge->name, &shown->log);
    if (err == WEIR_E_NOT_FOUND) {
        weir_scope_recover(scope);
        return WEIR_OK;
    }
    if (err != WEIR_OK)
        return err;
    shown->has_log = true;
    const struct weir_gauge_query query = {
        .gauge = gauge, .log_id = shown->log.log_id, .as_of_ms = weir_clock_now()};
    err = weir_gauge_row_now(store, scope, &query, &shown->row);
    shown->has_row = err == WEIR_OK;
    if (err != WEIR_E_RANGE)
        return err;
    weir_scope_recover(scope); /* now lies outside the frozen boundaries */
    return WEIR_OK;
}

static enum weir_err make_shown(struct weir_scope *scope,
                                const struct weir_config *config,
                                struct weir_store *store,
                                const struct weir_config_gauge *configured,
                                struct shown_gauge *shown)
{
    struct weir_buffer text = {.capacity_max = WEIR_GAUGE_TEXT_MAX};
    *shown = (struct shown_gauge){.configured = configured};
    shown->origin = weir_origin_of(scope, config->node.name, configured->definition.name);
    if (shown->origin == NULL || weir_gauge_print(scope, &configured->definition, &text) != WEIR_OK)
        return scope->err;
    shown->text = weir_buffer_slice(&text);
    shown->hash = weir_sha256_of(shown->text.data, shown->text.length);
    return store == NULL ? WEIR_OK : look_up(scope, store, shown);
}

static void
write_json(struct weir_json *json, const struct shown_gauge *shown, bool with_definition)
{
    const struct weir_gauge *gauge = &shown->configured->definition;
    weir_json_object(json, NULL);
    weir_json_text(json, "gauge", gauge->name);
    weir_json_text(json, "kind", kind_name(gauge));
    weir_json_text(json, "description", shown->configured->description);
    weir_json_text(json, "target_percent", shown->configured->target_percent);
    weir_json_hash(json, "definition_hash", &shown->hash);
    if (with_definition)
        weir_json_slice(json, "definition", shown->text);
    weir_json_text(json, "origin", shown->origin);
    if (shown->has_log)
        weir_json_u64(json, "leaves", shown->log.head.size);
    else
        weir_json_null(json, "leaves");
    if (shown->has_row)
        weir_gauge_print_json(json, "now", gauge, &shown->row);
    else
        weir_json_null(json, "now");
    weir_json_close(json);
}

static void write_line(const struct shown_gauge *shown)
{
    const struct weir_gauge *gauge = &shown->configured->definition;
    char share[WEIR_SHARE_TEXT_BYTES] = "-";
    if (shown->has_row)
        weir_share_print(shown->row.verdict.ratio, share);
    (void)printf("%-32s %-12s %8s %%  %-24s %12s  %s\n", gauge->name, kind_name(gauge),
                 shown->configured->target_percent, shown->has_row ? shown->row.label : "-", share,
                 shown->has_row ? weir_judgement_name(shown->row.verdict.judgement)
                                : "not measured");
}

static int list_gauges(struct weir_command *command,
                       const struct weir_config *config,
                       struct weir_store *store)
{
    struct weir_json json;
    struct shown_gauge shown;
    weir_json_begin(&json, command->scope, 0);
    weir_json_object(&json, NULL);
    weir_json_array(&json, "gauges");
    if (!command->wants_json)
        (void)printf("%-32s %-12s %10s  %-24s %12s  %s\n", "gauge", "kind", "target", "window",
                     "value", "verdict");
    for (size_t i = 0; i < config->gauge_count; i++) {
        if (make_shown(command->scope, config, store, &config->gauges[i], &shown) != WEIR_OK)
            return weir_command_fail(command);
        if (command->wants_json)
            write_json(&json, &shown, false);
        else
            write_line(&shown);
    }
    return command->wants_json ? weir_command_print_json(command, &json) : WEIR_EXIT_OK;
}

int weir_cmd_gauge_list(struct weir_command *command)
{
    struct weir_config *config = NULL;
    struct weir_store *store = NULL;
    if (weir_command_config(command, &config) != WEIR_OK ||
        open_if_there(command->scope, config, &store) != WEIR_OK)
        return weir_command_fail(command);
    int status = list_gauges(command, config, store);
    weir_store_close(store);
    return status;
}

static void write_gauge(const struct weir_command *command, const struct shown_gauge *shown)
{
    const struct weir_gauge *gauge = &shown->configured->definition;
    char hash[WEIR_HASH_HEX_BYTES];
    weir_hash_hex(&shown->hash, hash);
    (void)printf("%s: %s\nhash    %s\norigin  %s\n", gauge->name, shown->configured->description,
                 hash, shown->origin);
    if (shown->has_log)
        (void)printf("leaves  %" PRIu64 "\n", shown->log.head.size);
    (void)putchar('\n');
    /* Whether it arrived is seen when standard output is flushed at the end. */
    (void)fwrite(shown->text.data, 1, shown->text.length, stdout);
    if (!shown->has_row)
        return;
    (void)putchar('\n');
    weir_gauge_print_table(&command->terminal, gauge, &shown->row, 1);
}

int weir_cmd_gauge_show(struct weir_command *command)
{
    struct weir_config *config = NULL;
    const struct weir_config_gauge *gauge = NULL;
    struct weir_store *store = NULL;
    struct shown_gauge shown;
    struct weir_json json;
    if (weir_command_config(command, &config) != WEIR_OK ||
        weir_gauge_for_command(command->scope, config, command->operands[0], &gauge) != WEIR_OK ||
        open_if_there(command->scope, config, &store) != WEIR_OK)
        return weir_command_fail(command);
    enum weir_err err = make_shown(command->scope, config, store, gauge, &shown);
    weir_store_close(store);
    if (err != WEIR_OK)
        return weir_command_fail(command);
    if (!command->wants_json) {
        write_gauge(command, &shown);
        return WEIR_EXIT_OK;
    }
    weir_json_begin(&json, command->scope, 0);
    write_json(&json, &shown, true);
    return weir_command_print_json(command, &json);
}
