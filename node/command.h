/* The command line of `weir`: one table (cmd/commands.def) from which dispatch, --help, the man
 * page and docs/commands.md are made.  A command is one function `int weir_cmd_<function>(command)`
 * in node/cmd/, and one entry of the table; it returns one of the exit codes of exit_codes.def.
 * Every command takes --json, --config FILE and --help.  Floor 3. */
#ifndef WEIR_NODE_COMMAND_H
#define WEIR_NODE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/slice.h"
#include "node/terminal.h"

enum weir_exit {
#define WEIR_EXIT_CODE(name, number, text) WEIR_EXIT_##name = (number),
#include "node/exit_codes.def"
#undef WEIR_EXIT_CODE
};

struct weir_config;
struct weir_json;
struct weir_command;

struct weir_command_option {
    const char *name;  /* without dashes; NULL ends a list */
    const char *value; /* what the manual calls the value; NULL: a flag */
    const char *help;
};

#define WEIR_COMMAND_OPTIONS_MAX 16

struct weir_command_definition {
    const char *group;    /* heading in the manual */
    const char *name;     /* "gauge show" */
    const char *operands; /* "NAME [FILE...]", "" when there are none */
    int operands_min;
    int operands_max; /* -1: any number */
    const char *summary;
    const char *details; /* paragraphs separated by an empty line */
    const char *example;
    const char *exits; /* names of exit_codes.def: "OK FAILED CONFIG" */
    int (*run)(struct weir_command *);
    struct weir_command_option options[WEIR_COMMAND_OPTIONS_MAX];
};

/* What a handler gets.  The scope has a 64 MiB arena and is reported by the framework. */
struct weir_command {
    const struct weir_command_definition *definition;
    struct weir_scope *scope;
    struct weir_terminal terminal;
    const char
        *config_path; /* --config, else $WEIR_CONFIG, else ./weir.yaml, /etc/weir/weir.yaml */
    bool wants_json;
    int operand_count;
    char *const *operands;
    const char *values[WEIR_COMMAND_OPTIONS_MAX]; /* in the order of definition->options */
};

/* Value of an option, or NULL when it was not given; a flag that was given has "".  The name must
 * be in the command's table (asserted). */
const char *weir_command_option(const struct weir_command *command, const char *name);
bool weir_command_flag(const struct weir_command *command, const char *name);

/* Loads and checks the configuration the command line names; lives in the command's arena.
 * Errors: CONFIG, NOT_FOUND, IO, MEMORY. */
WEIR_CHECKED enum weir_err weir_command_config(struct weir_command *command,
                                               struct weir_config **config);

/* Prints JSON text and a line end to standard output. */
void weir_command_print(struct weir_slice text);

/* Ends the JSON text and prints it with a line end; returns an exit code. */
int weir_command_print_json(struct weir_command *command, struct weir_json *json);

/* Writes the scope's failure to standard error (with --json as {"error":{...}} to standard output)
 * and returns the exit code that belongs to it: `return weir_command_fail(command);`. */
int weir_command_fail(struct weir_command *command);

/* The exit code for an error when a command has no better one. */
int weir_exit_of(enum weir_err err);

/* Finds, parses and runs; the whole of main(). */
int weir_command_main(int argc, char **argv);

/* The handlers, declared by the table itself. */
#define WEIR_FLAG(name, help)
#define WEIR_VALUE(name, value, help)
#define WEIR_COMMAND(function, ...) int weir_cmd_##function(struct weir_command *command);
#include "node/cmd/commands.def"
#undef WEIR_COMMAND
#undef WEIR_FLAG
#undef WEIR_VALUE

#endif /* WEIR_NODE_COMMAND_H */
