#include "base/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES_MIN ((size_t)16 * 1024)
#define ALIGNMENT ((size_t)16)

struct block {
    struct block *older;
    size_t size_bytes;
    size_t used_bytes;
    size_t padding; /* keeps the payload aligned to 16 */
};

struct weir_arena {
    struct block *newest;
    size_t capacity_bytes;
    size_t reserved_bytes;
    size_t used_bytes;
};

struct weir_arena *weir_arena_new(size_t capacity_bytes)
{
    assert(capacity_bytes > 0);
    struct weir_arena *arena = calloc(1, sizeof(*arena));
    if (arena != NULL)
        arena->capacity_bytes = capacity_bytes;
    return arena;
}

void weir_arena_clear(struct weir_arena *arena)
{
    while (arena->newest != NULL && arena->newest->older != NULL) {
        struct block *block = arena->newest;
        arena->newest = block->older;
        arena->reserved_bytes -= block->size_bytes;
        free(block);
    }
    if (arena->newest != NULL)
        arena->newest->used_bytes = 0;
    arena->used_bytes = 0;
}

void weir_arena_free(struct weir_arena *arena)
{
    if (arena == NULL)
        return;
    weir_arena_clear(arena);
    free(arena->newest);
    free(arena);
}

size_t weir_arena_used(const struct weir_arena *arena)
{
    return arena->used_bytes;
}

/* A new block large enough for `bytes`, or NULL when the capacity or the system refuses. */
static struct block *block_add(struct weir_arena *arena, size_t bytes)
{
    size_t left = arena->capacity_bytes - arena->reserved_bytes;
    size_t wanted = arena->newest == NULL ? BLOCK_BYTES_MIN : 2 * arena->newest->size_bytes;
    if (wanted < bytes)
        wanted = bytes;
    if (wanted > left)
        wanted = left;
    if (wanted < bytes)
        return NULL;
    struct block *block = malloc(sizeof(*block) + wanted);
    if (block == NULL)
        return NULL;
    *block = (struct block){.older = arena->newest, .size_bytes = wanted};
    arena->newest = block;
    arena->reserved_bytes += wanted;
    return block;
}

void *weir_take(struct weir_scope *scope, size_t count, size_t item_bytes)
{
    struct weir_arena *arena = scope->arena;
    size_t bytes;
    if (arena == NULL) {
        (void)weir_fail(scope, WEIR_E_MEMORY, "this work was given no memory");
        return NULL;
    }
    if (__builtin_mul_overflow(count, item_bytes, &bytes) || bytes > SIZE_MAX - 2 * ALIGNMENT) {
        (void)weir_fail(scope, WEIR_E_MEMORY, "%zu items of %zu bytes", count, item_bytes);
        return NULL;
    }
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT + (bytes == 0 ? ALIGNMENT : 0);
    struct block *block = arena->newest;
    if (block == NULL || block->size_bytes - block->used_bytes < bytes)
        block = block_add(arena, bytes);
    if (block == NULL) {
        (void)weir_fail(scope, WEIR_E_MEMORY, "%zu more bytes do not fit into the %zu set aside",
                        bytes, arena->capacity_bytes);
        return NULL;
    }
    unsigned char *taken = (unsigned char *)(block + 1) + block->used_bytes;
    block->used_bytes += bytes;
    arena->used_bytes += bytes;
    return memset(taken, 0, bytes);
}

char *weir_take_text(struct weir_scope *scope, const void *bytes, size_t length)
{
    char *text = length == SIZE_MAX ? NULL : weir_take(scope, length + 1, 1);
    if (text != NULL && length > 0)
        memcpy(text, bytes, length);
    return text;
}

char *weir_take_printf(struct weir_scope *scope, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int length = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    assert(length >= 0);
    char *text = weir_take(scope, (size_t)length + 1, 1);
    if (text == NULL)
        return NULL;
    va_start(args, fmt);
    (void)vsnprintf(text, (size_t)length + 1, fmt, args); /* measured just above */
    va_end(args);
    return text;
}
