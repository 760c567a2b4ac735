#include "attest/nibbles.h"

#include <assert.h>

#include "attest/rlp.h"

struct weir_nibbles weir_nibbles_of(uint64_t position)
{
    uint8_t bytes[WEIR_NIBBLES_MAX / 2];
    struct weir_buffer key = {.data = bytes, .capacity = sizeof(bytes)};
    struct weir_scope scope = {0};
    enum weir_err err = weir_rlp_put_u64(&scope, &key, position);
    assert(err == WEIR_OK);
    (void)err; /* nine bytes hold every key; the assertion documents it */
    struct weir_nibbles nibbles = {.count = 2 * key.length};
    for (size_t i = 0; i < key.length; i++) {
        nibbles.items[2 * i] = bytes[i] >> 4;
        nibbles.items[2 * i + 1] = bytes[i] & 15;
    }
    return nibbles;
}
