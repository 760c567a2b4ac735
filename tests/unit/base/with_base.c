#include "tests/unit/base/with_base.h"

#define ARENA_BYTES ((size_t)16 * 1024 * 1024)

int with_base_setup(void **state)
{
    static struct weir_scope scope;
    scope = (struct weir_scope){.arena = weir_arena_new(ARENA_BYTES)};
    *state = &scope;
    return scope.arena == NULL ? -1 : 0;
}

int with_base_teardown(void **state)
{
    struct weir_scope *scope = *state;
    weir_arena_free(scope->arena);
    return 0;
}

void with_base_expect(struct weir_scope *scope, enum weir_err err)
{
    if (err != WEIR_OK)
        fail_msg("%s: %s", weir_err_name(err), scope->fault);
}

void with_base_refused(struct weir_scope *scope, enum weir_err err, enum weir_err wanted)
{
    if (err != wanted || scope->err != wanted)
        fail_msg("%s instead of %s: %s", weir_err_name(err), weir_err_name(wanted), scope->fault);
    assert_true(scope->fault[0] != '\0');
    weir_scope_recover(scope);
}

uint64_t with_base_random(uint64_t *random)
{
    uint64_t mixed = (*random += UINT64_C(0x9e3779b97f4a7c15));
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}
