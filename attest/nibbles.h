/* The path to an item of a trie: the RLP of its position, cut into nibbles.  Shared by the verifier
 * and the prover of attest/trie.h.  Floor 1: pure. */
#ifndef WEIR_ATTEST_NIBBLES_H
#define WEIR_ATTEST_NIBBLES_H

#include <stddef.h>
#include <stdint.h>

#define WEIR_NIBBLES_MAX 18 /* RLP of a 64-bit number has at most nine bytes */

/* Flags in the first nibble of a written path (Yellow Paper, appendix C). */
#define WEIR_NIBBLES_ODD 1u
#define WEIR_NIBBLES_LEAF 2u

struct weir_nibbles {
    uint8_t items[WEIR_NIBBLES_MAX];
    size_t count;
};

struct weir_nibbles weir_nibbles_of(uint64_t position);

#endif /* WEIR_ATTEST_NIBBLES_H */
