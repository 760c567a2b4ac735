/* Law: packed leaves that are read are written to the same bytes, every leaf read can be hashed,
 * and no row is larger than what it was read from.  The first byte says open or sealed and the
 * interval.
 */
#include <stdlib.h>

#include "attest/rows.h"
#include "base/arena.h"

#define ARENA_BYTES ((size_t)1 << 22)
#define FIRST_SEQ 3

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
    bool is_open = (data[0] & 1) != 0;
    int64_t interval_ms = data[0] >> 1;
    uint64_t first = (data[0] & 2) != 0 ? 0 : FIRST_SEQ;
    const struct weir_slice bytes = {data + 1, size - 1};
    struct weir_leaf_rows rows = weir_leaf_rows_open(bytes, first, interval_ms, is_open);
    struct weir_leaf_rows again =
        weir_leaf_rows_open((struct weir_slice){NULL, 0}, first, interval_ms, is_open);
    struct weir_buffer written = {.capacity_max = ARENA_BYTES};
    while (rows.rest.length > 0) {
        struct weir_leaf_row row;
        uint8_t leaf[WEIR_LEAF_BYTES];
        if (weir_leaf_rows_next(&scope, &rows, &row) != WEIR_OK)
            break;
        weir_leaf_write(&row.leaf, leaf);
        require(row.payload.length <= size);
        require(weir_leaf_rows_put(&scope, &again, &row, &written) == WEIR_OK);
    }
    if (scope.err == WEIR_OK)
        require(weir_slice_equal(weir_buffer_slice(&written), bytes));
    else
        require(scope.err == WEIR_E_PARSE || scope.err == WEIR_E_RANGE);
    weir_arena_free(arena);
    return 0;
}
