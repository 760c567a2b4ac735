/* weir ledger check: recomputes the ledger from its rows. */
#include <inttypes.h>
#include <stdio.h>

#include "config/config.h"
#include "ledger/check.h"
#include "ledger/store.h"
#include "node/command.h"
#include "node/json_out.h"
#include "node/worker.h"

static void tell(void *context, const char *part, uint64_t done, uint64_t total)
{
    weir_terminal_progress(context, part, done, total);
}

/* What was looked at, by name. */
static const struct {
    const char *name;
    size_t offset;
} counts[] = {
    {"logs", offsetof(struct weir_ledger_report, logs)},
    {"leaves", offsetof(struct weir_ledger_report, leaves)},
    {"checkpoints", offsetof(struct weir_ledger_report, checkpoints)},
    {"windows", offsetof(struct weir_ledger_report, windows)},
    {"units", offsetof(struct weir_ledger_report, units)},
    {"opinions", offsetof(struct weir_ledger_report, opinions)},
    {"intents", offsetof(struct weir_ledger_report, intents)},
    {"attempts", offsetof(struct weir_ledger_report, attempts)},
    {"accounts", offsetof(struct weir_ledger_report, accounts)},
    {"transfers", offsetof(struct weir_ledger_report, transfers)},
};

#define COUNTS (sizeof(counts) / sizeof(counts[0]))

static uint64_t count_of(const struct weir_ledger_report *report, size_t which)
{
    return *(const uint64_t *)(const void *)((const char *)report + counts[which].offset);
}

static int print_json(struct weir_command *command, const struct weir_ledger_report *report)
{
    struct weir_json json;
    weir_json_begin(&json, command->scope, 0);
    weir_json_object(&json, NULL);
    weir_json_bool(&json, "agrees", true);
    for (size_t i = 0; i < COUNTS; i++)
        weir_json_u64(&json, counts[i].name, count_of(report, i));
    return weir_command_print_json(command, &json);
}

static int print_text(const struct weir_ledger_report *report)
{
    (void)printf("Everything in the ledger agrees with itself:\n");
    for (size_t i = 0; i < COUNTS; i++)
        (void)printf("  %12" PRIu64 " %s\n", count_of(report, i), counts[i].name);
    return WEIR_EXIT_OK;
}

int weir_cmd_ledger_check(struct weir_command *command)
{
    struct weir_config *config;
    struct weir_store *store = NULL;
    struct weir_ledger_report report = {0};
    const struct weir_progress progress = {tell, &command->terminal};
    if (weir_command_config(command, &config) != WEIR_OK ||
        weir_ledger_open(command->scope, config, false, &store) != WEIR_OK)
        return weir_command_fail(command);
    enum weir_err err = weir_ledger_check(store, command->scope, &progress, &report);
    weir_terminal_progress_end(&command->terminal);
    weir_store_close(store);
    if (err != WEIR_OK)
        return weir_command_fail(command);
    return command->wants_json ? print_json(command, &report) : print_text(&report);
}
