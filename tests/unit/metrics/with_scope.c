#include "tests/unit/metrics/with_scope.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES ((size_t)512 << 20)

int with_scope_setup(void **state)
{
    struct weir_scope *scope = calloc(1, sizeof(*scope));
    if (scope == NULL)
        return 1;
    scope->arena = weir_arena_new(ARENA_BYTES);
    *state = scope;
    return scope->arena == NULL;
}

int with_scope_teardown(void **state)
{
    struct weir_scope *scope = *state;
    weir_arena_free(scope->arena);
    free(scope);
    return 0;
}

void with_scope_expect(struct weir_scope *scope, enum weir_err err)
{
    if (err != WEIR_OK)
        fail_msg("%s: %s", weir_err_name(err), scope->fault);
}

void with_scope_expect_error(struct weir_scope *scope,
                             enum weir_err err,
                             enum weir_err wanted,
                             const char *part)
{
    if (err != wanted || strstr(scope->fault, part) == NULL)
        fail_msg("wanted %s with '%s', got %s: %s", weir_err_name(wanted), part, weir_err_name(err),
                 scope->fault);
    weir_scope_recover(scope);
}

uint64_t with_dice_next(struct with_dice *random)
{
    uint64_t mixed = random->state += UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

uint64_t with_dice_below(struct with_dice *random, uint64_t limit)
{
    return with_dice_next(random) % limit;
}
