#include "node/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/clock.h"

#define PROGRESS_INTERVAL_MS 100

void weir_terminal_init(struct weir_terminal *terminal, bool is_quiet)
{
    const char *no_colour = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    bool is_dumb = term == NULL || strcmp(term, "dumb") == 0;
    bool is_plain = is_quiet || is_dumb || (no_colour != NULL && *no_colour != '\0');
    *terminal = (struct weir_terminal){
        .output_has_colour = !is_plain && isatty(STDOUT_FILENO) == 1,
        .error_has_colour = !is_plain && isatty(STDERR_FILENO) == 1,
        .has_progress = !is_quiet && !is_dumb && isatty(STDERR_FILENO) == 1,
    };
}

const char *weir_terminal_begin(const struct weir_terminal *terminal, enum weir_colour colour)
{
    if (!terminal->output_has_colour)
        return "";
    switch (colour) {
    case WEIR_COLOUR_PLAIN:
        return "";
    case WEIR_COLOUR_GOOD:
        return "\033[32m";
    case WEIR_COLOUR_BAD:
        return "\033[31m";
    case WEIR_COLOUR_WARN:
        return "\033[33m";
    case WEIR_COLOUR_DIM:
        return "\033[2m";
    case WEIR_COLOUR_BOLD:
        return "\033[1m";
    }
    return "";
}

const char *weir_terminal_end(const struct weir_terminal *terminal)
{
    return terminal->output_has_colour ? "\033[0m" : "";
}

void weir_terminal_progress(struct weir_terminal *terminal,
                            const char *what,
                            uint64_t done,
                            uint64_t total)
{
    if (!terminal->has_progress)
        return;
    int64_t now_ms = weir_clock_monotonic_ms();
    if (terminal->progress_is_shown && now_ms < terminal->progress_next_ms)
        return;
    terminal->progress_is_shown = true;
    terminal->progress_next_ms = now_ms + PROGRESS_INTERVAL_MS;
    unsigned long long shown = done;
    if (total == 0)
        (void)fprintf(stderr, "\r\033[K%s  %llu", what, shown);
    else
        (void)fprintf(stderr, "\r\033[K%s  %llu %% (%llu of %llu)", what,
                      (unsigned long long)((unsigned __int128)done * 100 / total), shown,
                      (unsigned long long)total);
    (void)fflush(stderr); /* progress that cannot be shown is no failure */
}

void weir_terminal_progress_end(struct weir_terminal *terminal)
{
    if (!terminal->progress_is_shown)
        return;
    terminal->progress_is_shown = false;
    (void)fputs("\r\033[K", stderr);
}
