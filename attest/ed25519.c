#include "attest/ed25519.h"

#include <assert.h>
#include <string.h>

#include <sodium.h>

_Static_assert(crypto_sign_BYTES == sizeof(struct weir_ed25519_signature), "size of a signature");
_Static_assert(crypto_sign_PUBLICKEYBYTES == sizeof(struct weir_ed25519_key), "size of a key");
_Static_assert(crypto_sign_SECRETKEYBYTES == WEIR_ED25519_SECRET_BYTES, "size of a secret key");
_Static_assert(crypto_sign_SEEDBYTES == 32, "size of a seed");

bool weir_ed25519_verify(const struct weir_ed25519_key *key,
                         struct weir_slice message,
                         const struct weir_ed25519_signature *signature)
{
    return crypto_sign_verify_detached(signature->bytes, message.data, message.length,
                                       key->bytes) == 0;
}

struct weir_ed25519_signature
weir_ed25519_sign(const uint8_t secret[static WEIR_ED25519_SECRET_BYTES], struct weir_slice message)
{
    struct weir_ed25519_signature signature;
    int failed = crypto_sign_detached(signature.bytes, NULL, message.data, message.length, secret);
    assert(failed == 0);
    (void)failed; /* it has no way to fail; the assertion documents it */
    return signature;
}

struct weir_ed25519_key weir_ed25519_public(const uint8_t secret[static WEIR_ED25519_SECRET_BYTES])
{
    struct weir_ed25519_key key;
    memcpy(key.bytes, secret + crypto_sign_SEEDBYTES, sizeof(key.bytes));
    return key;
}

void weir_ed25519_from_seed(const uint8_t seed[static 32],
                            uint8_t secret[static WEIR_ED25519_SECRET_BYTES])
{
    struct weir_ed25519_key key;
    int failed = crypto_sign_seed_keypair(key.bytes, secret, seed);
    assert(failed == 0);
    (void)failed; /* as above */
}
