/* The one place that reads clocks.  Everything below floor 3 gets `now_ms` as a parameter.
 * A test gives the wall clock as a file (`--clock=FILE`, one decimal number of unix milliseconds,
 * read anew at each call); monotonic time is always the system's. */
#ifndef WEIR_NODE_CLOCK_H
#define WEIR_NODE_CLOCK_H

#include <stdint.h>

/* NULL returns to the system's clock.  The path is borrowed for the life of the process. */
void weir_clock_use_file(const char *path);

/* Unix milliseconds, UTC.  A clock file that cannot be read or parsed ends the process: a wrong
 * time must never be signed. */
int64_t weir_clock_now(void);

/* Milliseconds since some fixed instant; never steps. */
int64_t weir_clock_monotonic_ms(void);

#endif /* WEIR_NODE_CLOCK_H */
