#define OPENSSL_SUPPRESS_DEPRECATED /* the low-level calls need no heap and are the fast ones */
#include "base/hash.h"

#include <assert.h>
#include <string.h>

#include <openssl/sha.h>

#include "base/text.h"

#define BLOCK_BYTES 64

_Static_assert(sizeof(struct weir_sha256) >= sizeof(SHA256_CTX), "room for libcrypto's state");
_Static_assert(_Alignof(struct weir_sha256) >= _Alignof(SHA256_CTX), "aligned for it");

static SHA256_CTX *context(struct weir_sha256 *state)
{
    return (SHA256_CTX *)(void *)state;
}

void weir_sha256_init(struct weir_sha256 *state)
{
    int done = SHA256_Init(context(state));
    assert(done == 1);
    (void)done; /* these three calls cannot fail; the assertion documents it */
}

void weir_sha256_update(struct weir_sha256 *state, const void *bytes, size_t length)
{
    if (length == 0)
        return;
    int done = SHA256_Update(context(state), bytes, length);
    assert(done == 1);
    (void)done;
}

void weir_sha256_u32(struct weir_sha256 *state, uint32_t big_endian)
{
    uint8_t bytes[4];
    weir_put_u32(bytes, big_endian);
    weir_sha256_update(state, bytes, sizeof(bytes));
}

void weir_sha256_u64(struct weir_sha256 *state, uint64_t big_endian)
{
    uint8_t bytes[8];
    weir_put_u64(bytes, big_endian);
    weir_sha256_update(state, bytes, sizeof(bytes));
}

struct weir_hash weir_sha256_final(struct weir_sha256 *state)
{
    struct weir_hash hash;
    int done = SHA256_Final(hash.bytes, context(state));
    assert(done == 1);
    (void)done;
    return hash;
}

struct weir_hash weir_sha256_of(const void *bytes, size_t length)
{
    SHA256_CTX state;
    struct weir_hash hash;
    int done = SHA256_Init(&state) && (length == 0 || SHA256_Update(&state, bytes, length)) &&
               SHA256_Final(hash.bytes, &state);
    assert(done == 1);
    (void)done; /* as above */
    return hash;
}

struct weir_hash
weir_hmac_sha256(const uint8_t *key, size_t key_bytes, const void *message, size_t length)
{
    assert(key_bytes <= BLOCK_BYTES);
    uint8_t pad[BLOCK_BYTES] = {0};
    memcpy(pad, key, key_bytes);
    for (size_t i = 0; i < BLOCK_BYTES; i++)
        pad[i] ^= 0x36;
    struct weir_sha256 state;
    weir_sha256_init(&state);
    weir_sha256_update(&state, pad, sizeof(pad));
    weir_sha256_update(&state, message, length);
    struct weir_hash inner = weir_sha256_final(&state);

    for (size_t i = 0; i < BLOCK_BYTES; i++)
        pad[i] ^= 0x36 ^ 0x5c;
    weir_sha256_init(&state);
    weir_sha256_update(&state, pad, sizeof(pad));
    weir_sha256_update(&state, inner.bytes, sizeof(inner.bytes));
    return weir_sha256_final(&state);
}

bool weir_hash_equal(const struct weir_hash *a, const struct weir_hash *b)
{
    return memcmp(a->bytes, b->bytes, WEIR_HASH_BYTES) == 0;
}

int weir_hash_compare(const struct weir_hash *a, const struct weir_hash *b)
{
    return memcmp(a->bytes, b->bytes, WEIR_HASH_BYTES);
}

bool weir_hash_is_zero(const struct weir_hash *hash)
{
    static const struct weir_hash zero;
    return weir_hash_equal(hash, &zero);
}

void weir_hash_hex(const struct weir_hash *hash, char text[static WEIR_HASH_HEX_BYTES])
{
    weir_hex_print(hash->bytes, WEIR_HASH_BYTES, text);
}
