/* Law: a statement that is read, under whatever purpose the first byte says, is written to the same
 * bytes and prints. */
#include <stdlib.h>

#include "attest/statement.h"
#include "base/arena.h"

#define ARENA_BYTES ((size_t)1 << 22)

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct weir_arena *arena = weir_arena_new(ARENA_BYTES);
    require(arena != NULL);
    struct weir_scope scope = {.arena = arena};
    struct weir_slice payload = {data + 1, size - 1};
    struct weir_statement statement;
    if (weir_statement_read(&scope, data[0], payload, &statement) == WEIR_OK) {
        struct weir_buffer again = {.capacity_max = 0};
        struct weir_buffer text = {.capacity_max = 0};
        require(weir_statement_write(&scope, &statement, &again) == WEIR_OK);
        require(weir_slice_equal(weir_buffer_slice(&again), payload));
        require(weir_statement_print(&scope, &statement, &text) == WEIR_OK);
    }
    weir_arena_free(arena);
    return 0;
}
