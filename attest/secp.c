#include "attest/secp.h"

#include <assert.h>
#include <string.h>

#include <secp256k1.h>
#include <secp256k1_recovery.h>

#include "attest/keccak.h"

#define UNCOMPRESSED_BYTES 65
#define PARITY_BIT 0x80

/* Half of the order of the group, rounded down: the largest s that is accepted (EIP-2). */
static const uint8_t half_order[32] = {
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
};

/* The two share an address: the library's context is our object. */
static const secp256k1_context *context(const struct weir_secp *secp)
{
    return (const secp256k1_context *)(const void *)secp;
}

static bool is_zero(const uint8_t number[static 32])
{
    static const uint8_t zero[32];
    return memcmp(number, zero, sizeof(zero)) == 0;
}

static struct weir_address address_of(const secp256k1_pubkey *point)
{
    uint8_t bytes[UNCOMPRESSED_BYTES];
    size_t length = sizeof(bytes);
    int done = secp256k1_ec_pubkey_serialize(secp256k1_context_static, bytes, &length, point,
                                             SECP256K1_EC_UNCOMPRESSED);
    assert(done == 1 && length == sizeof(bytes));
    (void)done; /* the library documents that it always returns 1 */
    struct weir_hash hash = weir_keccak_of(bytes + 1, sizeof(bytes) - 1);
    struct weir_address address;
    memcpy(address.bytes, hash.bytes + WEIR_HASH_BYTES - WEIR_ADDRESS_BYTES, WEIR_ADDRESS_BYTES);
    return address;
}

enum weir_err weir_secp_recover(struct weir_scope *scope,
                                const struct weir_hash *digest,
                                const struct weir_signature *signature,
                                struct weir_address *address)
{
    uint8_t compact[64];
    unsigned parity;
    weir_signature_split(signature, compact, compact + 32, &parity);
    struct weir_signature checked;
    enum weir_err err = weir_signature_join(scope, compact, compact + 32, parity, &checked);
    if (err != WEIR_OK)
        return err;
    secp256k1_ecdsa_recoverable_signature recoverable;
    secp256k1_pubkey point;
    if (!secp256k1_ecdsa_recoverable_signature_parse_compact(secp256k1_context_static, &recoverable,
                                                             compact, (int)parity) ||
        !secp256k1_ecdsa_recover(secp256k1_context_static, &point, &recoverable, digest->bytes))
        return weir_fail(scope, WEIR_E_SIGNATURE, "no key can have made this signature");
    *address = address_of(&point);
    return WEIR_OK;
}

enum weir_err weir_secp_verify(struct weir_scope *scope,
                               const struct weir_hash *digest,
                               const struct weir_signature *signature,
                               const struct weir_address *signer)
{
    struct weir_address address;
    enum weir_err err = weir_secp_recover(scope, digest, signature, &address);
    if (err != WEIR_OK)
        return err;
    if (weir_address_equal(&address, signer))
        return WEIR_OK;
    char expected[WEIR_ADDRESS_TEXT_BYTES];
    char found[WEIR_ADDRESS_TEXT_BYTES];
    weir_address_print(signer, expected);
    weir_address_print(&address, found);
    return weir_fail(scope, WEIR_E_SIGNATURE,
                     "the signature is by %s or over other bytes, not by %s", found, expected);
}

enum weir_err weir_secp_address(struct weir_scope *scope,
                                const struct weir_secp_key *key,
                                struct weir_address *address)
{
    secp256k1_pubkey point;
    if (!secp256k1_ec_pubkey_parse(secp256k1_context_static, &point, key->bytes,
                                   WEIR_SECP_KEY_BYTES))
        return weir_fail(scope, WEIR_E_PARSE, "33 bytes that are no point of secp256k1");
    *address = address_of(&point);
    return WEIR_OK;
}

void weir_signature_split(const struct weir_signature *signature,
                          uint8_t r[static 32],
                          uint8_t s[static 32],
                          unsigned *parity)
{
    memcpy(r, signature->bytes, 32);
    memcpy(s, signature->bytes + 32, 32);
    *parity = s[0] >> 7;
    s[0] &= (uint8_t)~PARITY_BIT;
}

enum weir_err weir_signature_join(struct weir_scope *scope,
                                  const uint8_t r[static 32],
                                  const uint8_t s[static 32],
                                  unsigned parity,
                                  struct weir_signature *signature)
{
    if (parity > 1)
        return weir_fail(scope, WEIR_E_SIGNATURE, "parity %u of a signature", parity);
    if (memcmp(s, half_order, sizeof(half_order)) > 0)
        return weir_fail(scope, WEIR_E_SIGNATURE, "s of a signature is in the upper half");
    struct weir_signature joined;
    memcpy(joined.bytes, r, 32);
    memcpy(joined.bytes + 32, s, 32);
    /* The library's reader refuses numbers that are not below the order. */
    secp256k1_ecdsa_signature parsed;
    if (is_zero(r) || is_zero(s) ||
        !secp256k1_ecdsa_signature_parse_compact(secp256k1_context_static, &parsed, joined.bytes))
        return weir_fail(scope, WEIR_E_SIGNATURE, "r or s of a signature is out of range");
    if (parity == 1)
        joined.bytes[32] |= PARITY_BIT;
    *signature = joined;
    return WEIR_OK;
}

struct weir_secp *weir_secp_new(const uint8_t random[static 32])
{
    secp256k1_context *made = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    if (made != NULL && !secp256k1_context_randomize(made, random)) {
        secp256k1_context_destroy(made);
        made = NULL;
    }
    return (struct weir_secp *)(void *)made;
}

void weir_secp_free(struct weir_secp *secp)
{
    if (secp != NULL)
        secp256k1_context_destroy((secp256k1_context *)(void *)secp);
}

enum weir_err weir_secp_sign(const struct weir_secp *secp,
                             struct weir_scope *scope,
                             const uint8_t secret[static WEIR_SECP_SECRET_BYTES],
                             const struct weir_hash *digest,
                             struct weir_signature *signature)
{
    assert(secp != NULL);
    secp256k1_ecdsa_recoverable_signature made;
    if (!secp256k1_ecdsa_sign_recoverable(context(secp), &made, digest->bytes, secret,
                                          secp256k1_nonce_function_rfc6979, NULL))
        return weir_fail(scope, WEIR_E_KEY, "the secret is no key of secp256k1");
    uint8_t compact[64];
    int parity = 0;
    int done = secp256k1_ecdsa_recoverable_signature_serialize_compact(context(secp), compact,
                                                                       &parity, &made);
    assert(done == 1);
    (void)done;     /* documented to return 1 always */
    if (parity > 1) /* r overflowed the order: once in 2^127 nonces, and no 64-byte form exists */
        return weir_fail(scope, WEIR_E_CRYPTO, "a signature that EIP-2098 cannot hold");
    return weir_signature_join(scope, compact, compact + 32, (unsigned)parity, signature);
}

enum weir_err weir_secp_key_of(const struct weir_secp *secp,
                               struct weir_scope *scope,
                               const uint8_t secret[static WEIR_SECP_SECRET_BYTES],
                               struct weir_secp_key *key)
{
    assert(secp != NULL);
    secp256k1_pubkey point;
    if (!secp256k1_ec_pubkey_create(context(secp), &point, secret))
        return weir_fail(scope, WEIR_E_KEY, "the secret is no key of secp256k1");
    size_t length = WEIR_SECP_KEY_BYTES;
    int done = secp256k1_ec_pubkey_serialize(context(secp), key->bytes, &length, &point,
                                             SECP256K1_EC_COMPRESSED);
    assert(done == 1 && length == WEIR_SECP_KEY_BYTES);
    (void)done; /* documented to return 1 always */
    return WEIR_OK;
}
