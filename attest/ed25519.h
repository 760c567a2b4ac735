/* Ed25519 with one rule for accepting a signature, everywhere in this program: libsodium's.  The
 * key and R are canonical and not of small order, S < L, and the equation holds without cofactor.
 * Other libraries accept more; a proof judged by two rules would be two proofs. A secret key is
 * libsodium's 64 bytes (seed || public key): functions take a pointer to it and copy nothing into
 * an arena.  Floor 1: pure. */
#ifndef WEIR_ATTEST_ED25519_H
#define WEIR_ATTEST_ED25519_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

#define WEIR_ED25519_SECRET_BYTES 64

struct weir_ed25519_key {
    uint8_t bytes[32];
};

struct weir_ed25519_signature {
    uint8_t bytes[64];
};

bool weir_ed25519_verify(const struct weir_ed25519_key *key,
                         struct weir_slice message,
                         const struct weir_ed25519_signature *signature);

struct weir_ed25519_signature
weir_ed25519_sign(const uint8_t secret[static WEIR_ED25519_SECRET_BYTES],
                  struct weir_slice message);

/* The public half of a secret key. */
struct weir_ed25519_key weir_ed25519_public(const uint8_t secret[static WEIR_ED25519_SECRET_BYTES]);

/* Fills `secret` from a 32-byte seed; the caller guards and wipes both. */
void weir_ed25519_from_seed(const uint8_t seed[static 32],
                            uint8_t secret[static WEIR_ED25519_SECRET_BYTES]);

#endif /* WEIR_ATTEST_ED25519_H */
