/* Law: a window close that is accepted prints back to the same bytes and finds its own classes. */
#include <stdlib.h>

#include "base/arena.h"
#include "metrics/close.h"

#define ARENA_BYTES ((size_t)1 << 22)

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static void try_close(struct weir_scope *scope, struct weir_slice text)
{
    struct weir_close close;
    struct weir_buffer printed = {0};
    if (weir_close_parse(scope, text, &close) != WEIR_OK)
        return;
    require(weir_close_print(scope, &close, &printed) == WEIR_OK);
    require(weir_slice_equal(weir_buffer_slice(&printed), text));
    for (size_t i = 0; i < close.class_count; i++)
        require(weir_close_find(&close, close.classes[i].class_name) == &close.classes[i].tally);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct weir_scope scope = {.arena = weir_arena_new(ARENA_BYTES)};
    require(scope.arena != NULL);
    try_close(&scope, (struct weir_slice){data, size});
    weir_arena_free(scope.arena);
    return 0;
}
