/* SHA-256 (FIPS 180-4), HMAC-SHA-256 (RFC 2104) and the 32-byte digest type.  A thin cover of
 * libcrypto's streaming functions, which use the processor's SHA instructions.  Floor 0: pure. */
#ifndef WEIR_BASE_HASH_H
#define WEIR_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

#define WEIR_HASH_BYTES 32
#define WEIR_HASH_HEX_BYTES 65 /* 64 lowercase digits and NUL */

struct weir_hash {
    uint8_t bytes[WEIR_HASH_BYTES];
};

struct weir_sha256 {
    uint64_t opaque[14];
};

void weir_sha256_init(struct weir_sha256 *state);
void weir_sha256_update(struct weir_sha256 *state, const void *bytes, size_t length);
void weir_sha256_u32(struct weir_sha256 *state, uint32_t big_endian);
void weir_sha256_u64(struct weir_sha256 *state, uint64_t big_endian);
struct weir_hash weir_sha256_final(struct weir_sha256 *state);

/* Of one piece. */
struct weir_hash weir_sha256_of(const void *bytes, size_t length);

/* HMAC with a key of at most 64 bytes (asserted). */
struct weir_hash
weir_hmac_sha256(const uint8_t *key, size_t key_bytes, const void *message, size_t length);

bool weir_hash_equal(const struct weir_hash *a, const struct weir_hash *b);
int weir_hash_compare(const struct weir_hash *a, const struct weir_hash *b);
bool weir_hash_is_zero(const struct weir_hash *hash);
void weir_hash_hex(const struct weir_hash *hash, char text[static WEIR_HASH_HEX_BYTES]);

#endif /* WEIR_BASE_HASH_H */
