/* Bounded bump memory: everything a request makes comes from one arena and is dropped at once.
 * The capacity is an upper bound, reserved in blocks as needed; exhaustion is an error, not growth
 * without end.  Owned by whoever made it.  Floor 0; with node start-up the only place that calls
 * malloc and free. */
#ifndef WEIR_BASE_ARENA_H
#define WEIR_BASE_ARENA_H

#include <stddef.h>

#include "base/err.h"

/* Caller owns; NULL when the system has no memory.  capacity_bytes: 1 .. 2^40. */
struct weir_arena *weir_arena_new(size_t capacity_bytes);
void weir_arena_free(struct weir_arena *arena);

/* Drops everything taken, keeps the first block for the next request. */
void weir_arena_clear(struct weir_arena *arena);

/* Bytes taken since the last clear (with alignment). */
size_t weir_arena_used(const struct weir_arena *arena);

/* Zeroed memory for `count` items of `item_bytes`, aligned for any type, living until the arena is
 * cleared.  NULL after recording MEMORY in the scope (capacity used up, or the product overflows,
 * or the scope has no arena).  A count of 0 gives a valid, empty pointer. */
void *weir_take(struct weir_scope *scope, size_t count, size_t item_bytes);

/* A NUL-terminated copy of `length` bytes; NULL as weir_take. */
char *weir_take_text(struct weir_scope *scope, const void *bytes, size_t length);

/* A formatted NUL-terminated text; NULL as weir_take. */
char *weir_take_printf(struct weir_scope *scope, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif /* WEIR_BASE_ARENA_H */
