/* Law: a type 2 transaction that is read is written to the same bytes, and its signature is by the
 * sender that was found. */
#include <stdlib.h>

#include "base/arena.h"
#include "rails/evm/tx.h"

#define ARENA_BYTES ((size_t)1 << 22)

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
    struct weir_slice bytes = {data, size};
    struct weir_evm_signed_tx read;
    if (weir_evm_tx_read(&scope, bytes, &read) == WEIR_OK &&
        read.tx.type == WEIR_EVM_TX_DYNAMIC_FEE) {
        struct weir_buffer again = {.capacity_max = 0};
        struct weir_hash digest;
        require(weir_evm_tx_write(&scope, &read.tx, &read.signature, &again) == WEIR_OK);
        require(weir_slice_equal(weir_buffer_slice(&again), bytes));
        require(weir_evm_tx_digest(&scope, &read.tx, &digest) == WEIR_OK);
        require(weir_secp_verify(&scope, &digest, &read.signature, &read.sender) == WEIR_OK);
    }
    weir_arena_free(arena);
    return 0;
}
