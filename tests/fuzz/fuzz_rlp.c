/* Law: what passes the whole check is read item by item to its end, and each item that is written
 * anew has the same bytes; numbers too. */
#include <stdlib.h>

#include "attest/rlp.h"
#include "base/arena.h"

#define ARENA_BYTES ((size_t)1 << 24)

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static void write_again(struct weir_scope *scope, const struct weir_rlp *item)
{
    struct weir_buffer again = {.capacity_max = 0};
    require(item->is_list
                ? weir_rlp_put_list(scope, &again, item->body) == WEIR_OK
                : weir_rlp_put_bytes(scope, &again, item->body.data, item->body.length) == WEIR_OK);
    require(weir_slice_equal(weir_buffer_slice(&again), item->whole));
}

static void read_number(struct weir_scope *scope, struct weir_slice whole)
{
    struct weir_slice rest = whole;
    struct weir_word word;
    if (weir_rlp_get_word(scope, &rest, &word) == WEIR_OK) {
        struct weir_buffer again = {.capacity_max = 0};
        require(weir_rlp_put_word(scope, &again, word) == WEIR_OK);
        require(weir_slice_equal(weir_buffer_slice(&again), whole));
    }
    weir_scope_recover(scope);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct weir_arena *arena = weir_arena_new(ARENA_BYTES);
    require(arena != NULL);
    struct weir_scope scope = {.arena = arena};
    struct weir_slice bytes = {data, size};
    struct weir_rlp item;
    bool is_good = weir_rlp_check(&scope, bytes) == WEIR_OK;
    weir_scope_recover(&scope);
    if (is_good) {
        struct weir_slice rest = bytes;
        require(weir_rlp_next(&scope, &rest, &item) == WEIR_OK && rest.length == 0);
        write_again(&scope, &item);
        read_number(&scope, bytes);
        struct weir_slice inner = item.is_list ? item.body : (struct weir_slice){NULL, 0};
        while (inner.length > 0) {
            require(weir_rlp_next(&scope, &inner, &item) == WEIR_OK);
            write_again(&scope, &item);
        }
    }
    weir_arena_free(arena);
    return 0;
}
