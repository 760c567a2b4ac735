/* Law: a key set that is read is written to the same bytes, and no fuzzer finds its proofs. */
#include <stdlib.h>

#include "attest/keyset.h"
#include "base/arena.h"

#define ARENA_BYTES ((size_t)1 << 20)

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
    struct weir_keyset set;
    if (weir_keyset_read(&scope, bytes, &set) == WEIR_OK) {
        static const uint8_t zeros[WEIR_KEYSET_PROOF_BYTES * (1 + WEIR_KEYSET_KEYS_MAX)];
        struct weir_slice proofs = {zeros, WEIR_KEYSET_PROOF_BYTES * (1 + set.key_count)};
        struct weir_buffer again = {.capacity_max = WEIR_KEYSET_BYTES_MAX};
        struct weir_keyset verified;
        require(weir_keyset_write(&scope, &set, &again) == WEIR_OK);
        require(weir_slice_equal(weir_buffer_slice(&again), bytes));
        require(weir_keyset_verify(&scope, bytes, proofs, &verified) == WEIR_E_SIGNATURE);
    }
    weir_arena_free(arena);
    return 0;
}
