/* The manual in its forms, all made from the tables of commands, options and exit codes: --help on
 * a terminal, the man page, and the pages below docs/.  Pure but for the two that print.  Floor 3.
 */
#ifndef WEIR_NODE_MANUAL_H
#define WEIR_NODE_MANUAL_H

#include "base/err.h"
#include "base/slice.h"
#include "node/command.h"

/* --help of the command at hand, to standard output.  Returns an exit code. */
int weir_manual_print_command(struct weir_command *command);
/* The list of all commands, to standard output. */
int weir_manual_print_overview(struct weir_command *command);

/* Errors of all: MEMORY. */
WEIR_CHECKED enum weir_err weir_manual_write_man(struct weir_scope *scope,
                                                 struct weir_buffer *buffer);
WEIR_CHECKED enum weir_err weir_manual_write_markdown(struct weir_scope *scope,
                                                      struct weir_buffer *buffer);
WEIR_CHECKED enum weir_err weir_manual_write_exit_codes(struct weir_scope *scope,
                                                        struct weir_buffer *buffer);

#endif /* WEIR_NODE_MANUAL_H */
