/* weir proof export. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attest/due.h"
#include "base/arena.h"
#include "base/number.h"
#include "config/config.h"
#include "ledger/reports.h"
#include "ledger/store.h"
#include "node/agreement.h"
#include "node/command.h"
#include "node/file.h"
#include "node/json_out.h"
#include "node/keyfile.h"
#include "node/proofs.h"
#include "node/worker.h"

/* What is asked for. */
struct wanted {
    const struct weir_agreement *agreement;
    uint64_t window;
    uint64_t tier; /* 0: the worst */
};

/* The complete report about the window: at the tier asked for, else the worst one. */
static enum weir_err find_report(struct weir_scope *scope,
                                 struct weir_store *store,
                                 const struct wanted *wanted,
                                 struct weir_report_row *found)
{
    const struct weir_terms *terms = &wanted->agreement->terms;
    struct weir_word mask = weir_window_mask(terms, wanted->window);
    struct weir_report_row *rows;
    size_t count;
    bool is_found = false;
    enum weir_err err = weir_report_list(store, scope, &wanted->agreement->hash,
                                         weir_window_word(terms, wanted->window), &rows, &count);
    for (size_t i = 0; err == WEIR_OK && i < count; i++) {
        struct weir_report_row row;
        const struct weir_breach *breach = &rows[i].breach;
        bool is_wanted = wanted->tier == 0 ? !is_found || breach->tier > found->breach.tier
                                           : breach->tier == wanted->tier;
        if (!is_wanted || !weir_word_has(breach->mask, weir_word_lowest(mask)))
            continue;
        err = weir_report_find(store, scope, &rows[i].digest, &row);
        if (err == WEIR_OK && row.complete.length > 0) {
            *found = row;
            is_found = true;
        }
    }
    if (err == WEIR_OK && !is_found)
        return weir_fail(scope, WEIR_E_NOT_FOUND,
                         "no report about window %llu of '%s' was signed by enough witnesses",
                         (unsigned long long)wanted->window, wanted->agreement->name);
    return err;
}

/* The agreement as this node sees it.  Which witness it is follows from the node's identity, which
 * stands in the ledger's key set; without it the proof is exported with sealed observations. */
static enum weir_err read_wanted(struct weir_command *command,
                                 const struct weir_config *config,
                                 struct weir_agreements *agreements,
                                 struct wanted *wanted)
{
    struct weir_scope *scope = command->scope;
    struct weir_key_set *own = weir_take(scope, 1, sizeof(*own));
    const char *tier = weir_command_option(command, "tier");
    const char *path = weir_take_printf(scope, "%s/" WEIR_OWN_KEY_SET, config->node.data_dir);
    if (own == NULL || path == NULL)
        return scope->err;
    enum weir_err err = weir_key_set_load(scope, path, own);
    const struct weir_self self = {config->node.name, own};
    if (err == WEIR_OK)
        err = weir_agreements_load(scope, config, self, agreements);
    if (err == WEIR_OK)
        err = weir_u64_parse(scope, weir_slice_text(command->operands[1]), UINT32_MAX,
                             &wanted->window);
    if (err == WEIR_OK && tier != NULL)
        err = weir_u64_parse(scope, weir_slice_text(tier), WEIR_TIER_MAX, &wanted->tier);
    if (err != WEIR_OK)
        return err;
    wanted->agreement = weir_agreement_by_name(agreements, command->operands[0]);
    if (wanted->agreement == NULL)
        return weir_fail(scope, WEIR_E_NOT_FOUND, "no agreement '%s' in %s", command->operands[0],
                         command->config_path);
    if (wanted->window >= wanted->agreement->terms.count)
        return weir_fail(scope, WEIR_E_RANGE, "'%s' has windows 0 to %u", wanted->agreement->name,
                         wanted->agreement->terms.count - 1);
    return WEIR_OK;
}

static int write_out(struct weir_command *command,
                     const struct wanted *wanted,
                     const struct weir_report_row *report,
                     struct weir_slice bytes)
{
    const char *output = weir_command_option(command, "output");
    if (output == NULL)
        output = weir_take_printf(command->scope, "%s-%llu.weir-proof", wanted->agreement->name,
                                  (unsigned long long)wanted->window);
    if (output == NULL)
        return weir_command_fail(command);
    if (strcmp(output, "-") == 0)
        return fwrite(bytes.data, 1, bytes.length, stdout) == bytes.length ? WEIR_EXIT_OK
                                                                           : WEIR_EXIT_FAILED;
    if (weir_file_write(command->scope, output, bytes, 0644, true) != WEIR_OK)
        return weir_command_fail(command);
    if (!command->wants_json) {
        (void)printf("%s: window %llu at tier %u, %zu bytes\nnext: weir-verify %s\n", output,
                     (unsigned long long)wanted->window, report->breach.tier, bytes.length, output);
        return WEIR_EXIT_OK;
    }
    struct weir_json json;
    weir_json_begin(&json, command->scope, 0);
    weir_json_object(&json, NULL);
    weir_json_text(&json, "file", output);
    weir_json_hash(&json, "report", &report->digest);
    weir_json_count(&json, "tier", report->breach.tier);
    weir_json_u64(&json, "bytes", bytes.length);
    return weir_command_print_json(command, &json);
}

int weir_cmd_proof_export(struct weir_command *command)
{
    struct weir_config *config;
    struct weir_agreements agreements;
    struct wanted wanted = {.tier = 0};
    struct weir_store *store = NULL;
    struct weir_report_row report = {.is_own = false};
    struct weir_slice bytes = {NULL, 0};
    enum weir_err err = weir_command_config(command, &config);
    if (err == WEIR_OK)
        err = read_wanted(command, config, &agreements, &wanted);
    if (err == WEIR_OK)
        err = weir_ledger_open(command->scope, config, false, &store);
    if (err == WEIR_OK)
        err = find_report(command->scope, store, &wanted, &report);
    if (err == WEIR_OK)
        err = weir_proof_export(store, command->scope, wanted.agreement, &report.digest, &bytes);
    int status =
        err == WEIR_OK ? write_out(command, &wanted, &report, bytes) : weir_command_fail(command);
    weir_store_close(store);
    return status;
}
