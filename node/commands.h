/* The table of commands made from cmd/commands.def, and finding one in it.  Constant data.
 * Floor 3. */
#ifndef WEIR_NODE_COMMANDS_H
#define WEIR_NODE_COMMANDS_H

#include <stddef.h>

#include "node/command.h"

/* Ends with an entry whose name is NULL. */
extern const struct weir_command_definition weir_commands[];

/* Options that every command takes; ends with a NULL name. */
extern const struct weir_command_option weir_command_common[];

/* Exit codes, in the order of exit_codes.def; ends with a NULL name. */
struct weir_exit_text {
    const char *name;
    int number;
    const char *text;
};
extern const struct weir_exit_text weir_exit_texts[];

/* The command that the first words name ("gauge", "show"); `*word_count` gets how many words that
 * took.  NULL when there is none. */
const struct weir_command_definition *
weir_commands_find(int word_count_max, char *const *words, int *word_count);

/* The nearest command name, for typos; NULL when nothing is near. */
const char *weir_commands_nearest(int word_count_max, char *const *words);

/* Whether `word` begins the name of several commands ("gauge"). */
int weir_commands_is_group(const char *word);

#endif /* WEIR_NODE_COMMANDS_H */
