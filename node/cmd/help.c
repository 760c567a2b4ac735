/* weir help: the manual, on a terminal and in the forms it is published in. */
#include <stdio.h>

#include "base/slice.h"
#include "config/manual.h"
#include "node/command.h"
#include "node/commands.h"
#include "node/manual.h"

int weir_cmd_help(struct weir_command *command)
{
    static const struct {
        const char *option;
        enum weir_err (*write)(struct weir_scope *, struct weir_buffer *);
    } pages[] = {
        {"man", weir_manual_write_man},
        {"markdown", weir_manual_write_markdown},
        {"exit-codes", weir_manual_write_exit_codes},
        {"configuration", weir_config_manual_write},
    };
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        if (!weir_command_flag(command, pages[i].option))
            continue;
        struct weir_buffer buffer = {0};
        if (pages[i].write(command->scope, &buffer) != WEIR_OK)
            return weir_command_fail(command);
        /* Whether it arrived is seen when standard output is flushed at the end. */
        (void)fwrite(buffer.data, 1, buffer.length, stdout);
        return WEIR_EXIT_OK;
    }
    if (command->operand_count == 0)
        return weir_manual_print_overview(command);
    int word_count = 0;
    const struct weir_command_definition *definition =
        weir_commands_find(command->operand_count, command->operands, &word_count);
    if (definition == NULL || word_count != command->operand_count) {
        const char *nearest = weir_commands_nearest(command->operand_count, command->operands);
        (void)weir_fail(command->scope, WEIR_E_USAGE, "there is no such command%s%s%s",
                        nearest == NULL ? "; `weir help` lists them" : "; did you mean '",
                        nearest == NULL ? "" : nearest, nearest == NULL ? "" : "'?");
        return weir_command_fail(command);
    }
    command->definition = definition;
    return weir_manual_print_command(command);
}
