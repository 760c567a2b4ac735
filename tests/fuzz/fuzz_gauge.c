/* Law: a definition that is accepted prints back to the same bytes and names windows that tile. */
#include <stdlib.h>

#include "base/arena.h"
#include "metrics/gauge.h"

#define ARENA_BYTES ((size_t)1 << 22)

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static void try_definition(struct weir_scope *scope, struct weir_slice text)
{
    struct weir_gauge gauge;
    struct weir_buffer printed = {0};
    struct weir_interval window;
    struct weir_interval next;
    if (weir_gauge_parse(scope, text, &gauge) != WEIR_OK)
        return;
    require(weir_gauge_print(scope, &gauge, &printed) == WEIR_OK);
    require(weir_slice_equal(weir_buffer_slice(&printed), text));
    if (weir_window_at(scope, &gauge.windows, 0, &window) != WEIR_OK)
        return;
    require(window.start_ms <= 0 && window.end_ms > 0);
    if (weir_window_next(scope, &gauge.windows, window, &next) == WEIR_OK)
        require(next.start_ms == window.end_ms && next.end_ms > next.start_ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct weir_scope scope = {.arena = weir_arena_new(ARENA_BYTES)};
    require(scope.arena != NULL);
    try_definition(&scope, (struct weir_slice){data, size});
    weir_arena_free(scope.arena);
    return 0;
}
