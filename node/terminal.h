/* What a person at a terminal sees: colour on standard output, progress on standard error, both
 * only when that is a terminal; NO_COLOR and TERM=dumb are obeyed.  Results go to standard output,
 * everything else to standard error.  Floor 3. */
#ifndef WEIR_NODE_TERMINAL_H
#define WEIR_NODE_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>

enum weir_colour {
    WEIR_COLOUR_PLAIN,
    WEIR_COLOUR_GOOD,
    WEIR_COLOUR_BAD,
    WEIR_COLOUR_WARN,
    WEIR_COLOUR_DIM,
    WEIR_COLOUR_BOLD
};

struct weir_terminal {
    bool output_has_colour;
    bool error_has_colour;
    bool has_progress;
    bool progress_is_shown;
    int64_t progress_next_ms;
};

/* `is_quiet` (JSON wanted): neither colour nor progress. */
void weir_terminal_init(struct weir_terminal *terminal, bool is_quiet);

/* The sequences around coloured text on standard output; "" without colour. */
const char *weir_terminal_begin(const struct weir_terminal *terminal, enum weir_colour colour);
const char *weir_terminal_end(const struct weir_terminal *terminal);

/* "checking trees  42 % (4,200 of 10,000)", at most ten times a second; total 0: unknown. */
void weir_terminal_progress(struct weir_terminal *terminal,
                            const char *what,
                            uint64_t done,
                            uint64_t total);
/* Removes the progress line. */
void weir_terminal_progress_end(struct weir_terminal *terminal);

#endif /* WEIR_NODE_TERMINAL_H */
