/* Law: an exchange that is read prints to the same bytes. */
#include <stdlib.h>

#include "base/arena.h"
#include "node/exchange.h"

#define ARENA_BYTES ((size_t)64 << 20)

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct weir_arena *arena = weir_arena_new(ARENA_BYTES);
    require(arena != NULL);
    struct weir_scope scope = {.arena = arena};
    struct weir_slice text = {data, size};
    struct weir_exchange exchange;
    if (weir_exchange_parse(&scope, text, &exchange) == WEIR_OK) {
        struct weir_buffer again = {.capacity_max = WEIR_EXCHANGE_BYTES_MAX};
        require(weir_exchange_print(&scope, &exchange, &again) == WEIR_OK);
        require(weir_slice_equal(weir_buffer_slice(&again), text));
    }
    weir_arena_free(arena);
    return 0;
}
