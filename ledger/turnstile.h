/* The order of writers of one ledger: two advisory locks on a file beside it.  A writer takes
 * *next*, then *write*, and gives *next* back; so while one writes, exactly one other stands first
 * in line, and a stream of batches cannot overtake it again and again.  Open file description
 * locks: the kernel releases them when a process dies.  Private to the ledger.  Floor 2: I/O. */
#ifndef WEIR_LEDGER_TURNSTILE_H
#define WEIR_LEDGER_TURNSTILE_H

#include <stdint.h>

#include "base/err.h"

struct weir_turnstile {
    int file; /* -1: not open */
};

/* Errors: IO. */
WEIR_CHECKED enum weir_err
weir_turnstile_open(struct weir_turnstile *turnstile, struct weir_scope *scope, const char *path);
void weir_turnstile_close(struct weir_turnstile *turnstile);

/* Waits for the turn, at most `wait_ms`.  Errors: BUSY, IO. */
WEIR_CHECKED enum weir_err
weir_turnstile_enter(struct weir_turnstile *turnstile, struct weir_scope *scope, uint32_t wait_ms);
void weir_turnstile_leave(struct weir_turnstile *turnstile);

#endif /* WEIR_LEDGER_TURNSTILE_H */
