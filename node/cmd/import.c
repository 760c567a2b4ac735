/* weir import: events from files into the ledger. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "config/config.h"
#include "ledger/store.h"
#include "node/command.h"
#include "node/import.h"
#include "node/json_out.h"
#include "node/ledger_command.h"

/* The configured source that --source names, or the only one there is. */
static enum weir_err find_source(struct weir_command *command,
                                 const struct weir_config *config,
                                 const struct weir_config_source **source)
{
    const char *name = weir_command_option(command, "source");
    if (name == NULL && config->source_count == 1) {
        *source = &config->sources[0];
        return WEIR_OK;
    }
    if (name == NULL)
        return weir_fail(command->scope, WEIR_E_USAGE,
                         "--source NAME is needed: %zu sources are configured",
                         config->source_count);
    *source = weir_config_find_source(config, name);
    if (*source == NULL)
        return weir_fail(command->scope, WEIR_E_USAGE, "no source '%s' is configured", name);
    return WEIR_OK;
}

static enum weir_err find_format(struct weir_command *command, enum weir_event_format *format)
{
    const char *name = weir_command_option(command, "format");
    *format = WEIR_FORMAT_AUTO;
    if (name == NULL)
        return WEIR_OK;
    *format = weir_event_format_find(name);
    if (*format == WEIR_FORMAT_AUTO)
        return weir_fail(command->scope, WEIR_E_USAGE, "the format '%s' is neither csv nor ndjson",
                         name);
    return WEIR_OK;
}

static void add_counts(struct weir_record_counts *sum, const struct weir_record_counts *more)
{
    sum->added += more->added;
    sum->known += more->known;
    sum->superseded += more->superseded;
    sum->refused += more->refused;
}

static void print_counts(struct weir_json *json, const struct weir_record_counts *counts)
{
    weir_json_u64(json, "added", counts->added);
    weir_json_u64(json, "known", counts->known);
    weir_json_u64(json, "superseded", counts->superseded);
    weir_json_u64(json, "refused", counts->refused);
}

static int print_json(struct weir_command *command, const struct weir_import_summary *summary)
{
    struct weir_json json;
    weir_json_begin(&json, command->scope, 0);
    weir_json_object(&json, NULL);
    weir_json_u64(&json, "files", summary->files);
    weir_json_u64(&json, "lines", summary->records);
    weir_json_u64(&json, "lines_refused", summary->refused);
    weir_json_u64(&json, "events", summary->events);
    weir_json_u64(&json, "events_unused", summary->unused);
    weir_json_array(&json, "gauges");
    for (size_t i = 0; i < summary->gauge_count; i++) {
        weir_json_object(&json, NULL);
        weir_json_text(&json, "gauge", summary->gauges[i].gauge->name);
        print_counts(&json, &summary->gauges[i].counts);
        weir_json_close(&json);
    }
    weir_json_close(&json);
    weir_json_u64(&json, "windows_closed", summary->published.closes);
    weir_json_u64(&json, "verdicts", summary->published.verdicts);
    weir_json_u64(&json, "kill_signals", summary->published.kills);
    return weir_command_print_json(command, &json);
}

static int print_text(const struct weir_import_summary *summary)
{
    (void)printf("%" PRIu64 " events from %" PRIu64 " lines, %" PRIu64 " lines refused, %" PRIu64
                 " events feed no gauge\n",
                 summary->events, summary->records, summary->refused, summary->unused);
    (void)printf("%-32s %10s %10s %10s %10s\n", "gauge", "added", "known", "superseded", "refused");
    for (size_t i = 0; i < summary->gauge_count; i++) {
        const struct weir_record_counts *counts = &summary->gauges[i].counts;
        (void)printf("%-32s %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64 "\n",
                     summary->gauges[i].gauge->name, counts->added, counts->known,
                     counts->superseded, counts->refused);
    }
    (void)printf("%" PRIu64 " windows closed, %" PRIu64 " verdicts, %" PRIu64 " kill signals\n",
                 summary->published.closes, summary->published.verdicts, summary->published.kills);
    return WEIR_EXIT_OK;
}

/* Reads all files, then judges; a file that cannot be read to its end does not keep the others
 * out. */
static enum weir_err run_files(struct weir_command *command, struct weir_import *import)
{
    enum weir_err first = WEIR_OK;
    for (int i = 0; i < command->operand_count; i++) {
        struct weir_scope one = {.arena = command->scope->arena};
        if (weir_import_file(import, &one, command->operands[i]) == WEIR_OK)
            continue;
        first = weir_fail(command->scope, one.err, "%s", one.fault);
        if (one.err == WEIR_E_STORE || one.err == WEIR_E_BUSY || one.err == WEIR_E_MEMORY)
            return first;
    }
    if (first != WEIR_OK) { /* the first failure is the one that is told */
        struct weir_scope rest = {.arena = command->scope->arena};
        if (weir_import_publish(import, &rest) != WEIR_OK)
            return weir_note(command->scope, "%s", rest.fault);
        return first;
    }
    return weir_import_publish(import, command->scope);
}

static int report(struct weir_command *command, const struct weir_import_summary *summary)
{
    struct weir_record_counts sum = {0};
    for (size_t i = 0; i < summary->gauge_count; i++)
        add_counts(&sum, &summary->gauges[i].counts);
    uint64_t refused = summary->refused + sum.refused;
    int status = command->wants_json ? print_json(command, summary) : print_text(summary);
    if (summary->refused > WEIR_IMPORT_SHOWN_MAX)
        (void)fprintf(stderr, "weir: %" PRIu64 " more lines were refused\n",
                      summary->refused - WEIR_IMPORT_SHOWN_MAX);
    return status == WEIR_EXIT_OK && refused > 0 ? WEIR_EXIT_FAILED : status;
}

static int import_into(struct weir_command *command,
                       struct weir_store *store,
                       const struct weir_import_options *options)
{
    struct weir_import *import = NULL;
    if (weir_import_new(command->scope, store, options, &import) != WEIR_OK)
        return weir_command_fail(command);
    int lock = weir_import_lock(options->config);
    enum weir_err err = run_files(command, import);
    int status = WEIR_EXIT_FAILED;
    if (err == WEIR_OK)
        status = report(command, weir_import_summary(import));
    else
        status = weir_command_fail(command);
    if (lock >= 0)
        (void)close(lock); /* nothing was written to it */
    weir_import_free(import);
    return status;
}

int weir_cmd_import(struct weir_command *command)
{
    struct weir_config *config = NULL;
    struct weir_store *store = NULL;
    struct weir_import_options options = {.terminal = &command->terminal};
    if (weir_command_config(command, &config) != WEIR_OK ||
        find_source(command, config, &options.source) != WEIR_OK ||
        find_format(command, &options.format) != WEIR_OK ||
        weir_ledger_for_command(command->scope, config, &store) != WEIR_OK)
        return weir_command_fail(command);
    options.config = config;
    int status = import_into(command, store, &options);
    weir_store_close(store);
    return status;
}
