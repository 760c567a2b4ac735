/* weir verify: the same check as weir-verify, as a command. */
#include <stdio.h>

#include "node/cmd/verify.h"
#include "node/command.h"

int weir_cmd_verify(struct weir_command *command)
{
    const struct weir_verify_options options = {
        .file = command->operands[0],
        .block_hash = weir_command_option(command, "block-hash"),
        .terms = weir_command_option(command, "terms"),
        .contract = weir_command_option(command, "contract"),
        .chain = weir_command_option(command, "chain"),
        .wants_json = command->wants_json,
    };
    return weir_verify_file(&options, stdout);
}
