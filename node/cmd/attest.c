/* weir attest job: what this node signed about finished work. */
#include <stdio.h>
#include <string.h>

#include "attest/nautilus.h"
#include "attest/statement.h"
#include "config/config.h"
#include "ledger/statements.h"
#include "ledger/store.h"
#include "node/command.h"
#include "node/worker.h"

static enum weir_err put_statement(struct weir_scope *scope,
                                   const struct weir_statement_row *row,
                                   struct weir_buffer *text)
{
    struct weir_statement statement;
    struct weir_slice payload;
    struct weir_buffer data = {.capacity_max = 0};
    struct weir_ed25519_signature signature;
    uint8_t intent;
    uint64_t time_ms;
    enum weir_err err = weir_nautilus_read(scope, row->message, &intent, &time_ms, &payload);
    if (err == WEIR_OK)
        err = weir_statement_read(scope, intent, payload, &statement);
    if (err == WEIR_OK)
        err = weir_statement_print(scope, &statement, &data);
    memcpy(signature.bytes, row->signature, sizeof(signature.bytes));
    if (err == WEIR_OK)
        err = weir_nautilus_print(scope, row->message, weir_buffer_slice(&data), &signature, text);
    return err != WEIR_OK ? err : weir_buffer_text(scope, text, "\n");
}

int weir_cmd_attest_job(struct weir_command *command)
{
    struct weir_config *config;
    struct weir_store *store = NULL;
    struct weir_statement_row *rows = NULL;
    struct weir_buffer text = {.capacity_max = 0};
    size_t count = 0;
    struct weir_scope *scope = command->scope;
    enum weir_err err = weir_command_config(command, &config);
    if (err == WEIR_OK)
        err = weir_ledger_open(scope, config, false, &store);
    if (err == WEIR_OK)
        err = weir_statement_list(store, scope, command->operands[0], &rows, &count);
    if (err == WEIR_OK && count == 0)
        err = weir_fail(scope, WEIR_E_NOT_FOUND,
                        "no attestation of job '%s': it was not delivered in full, or the node has "
                        "not run since",
                        command->operands[0]);
    for (size_t i = 0; err == WEIR_OK && i < count; i++)
        err = put_statement(scope, &rows[i], &text);
    int status = err == WEIR_OK ? WEIR_EXIT_OK : weir_command_fail(command);
    if (err == WEIR_OK && fwrite(text.data, 1, text.length, stdout) != text.length)
        status = WEIR_EXIT_FAILED;
    weir_store_close(store);
    return status;
}
