/* Keccak-256 as Ethereum uses it: Keccak[c=512] with the original padding byte 0x01, which is not
 * SHA3-256 (FIPS 202 pads with 0x06).  Own code because Debian's libcrypto has only the latter.
 * Floor 1: pure, no heap. */
#ifndef WEIR_ATTEST_KECCAK_H
#define WEIR_ATTEST_KECCAK_H

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

#define WEIR_KECCAK_RATE_BYTES 136

/* Open only so that it can live on the stack; use the functions. */
struct weir_keccak {
    uint64_t lanes[25];
    uint8_t block[WEIR_KECCAK_RATE_BYTES];
    size_t filled; /* bytes waiting in `block`, always less than a whole one */
};

void weir_keccak_init(struct weir_keccak *state);
void weir_keccak_update(struct weir_keccak *state, const void *bytes, size_t length);
struct weir_hash weir_keccak_final(struct weir_keccak *state);

/* Of one piece. */
struct weir_hash weir_keccak_of(const void *bytes, size_t length);

#endif /* WEIR_ATTEST_KECCAK_H */
