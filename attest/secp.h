/* secp256k1 signatures with a recoverable signer, in the 64-byte form of EIP-2098: r, then s with
 * the parity of the point in its highest bit.  s is always in the lower half of the order, both
 * when made and when checked, so one message and one key have one accepted encoding per nonce.
 * Checking needs no state.  Making needs `struct weir_secp`, which only the signer (and a program
 * that makes keys) has; it is owned by whoever called weir_secp_new.  Floor 1: pure. */
#ifndef WEIR_ATTEST_SECP_H
#define WEIR_ATTEST_SECP_H

#include <stdint.h>

#include "attest/address.h"
#include "base/err.h"
#include "base/hash.h"

#define WEIR_SECP_SECRET_BYTES 32
#define WEIR_SECP_KEY_BYTES 33
#define WEIR_SECP_SIGNATURE_BYTES 64

struct weir_signature {
    uint8_t bytes[WEIR_SECP_SIGNATURE_BYTES];
};

/* Compressed public key: 02 or 03, then the x coordinate. */
struct weir_secp_key {
    uint8_t bytes[WEIR_SECP_KEY_BYTES];
};

/* The address whose key made this signature over `digest`.
 * Errors: SIGNATURE (r or s zero or not below the order, s in the upper half, no such point). */
WEIR_CHECKED enum weir_err weir_secp_recover(struct weir_scope *scope,
                                             const struct weir_hash *digest,
                                             const struct weir_signature *signature,
                                             struct weir_address *address);

/* That `signer` made the signature.  Errors: SIGNATURE (as above, or another key made it). */
WEIR_CHECKED enum weir_err weir_secp_verify(struct weir_scope *scope,
                                            const struct weir_hash *digest,
                                            const struct weir_signature *signature,
                                            const struct weir_address *signer);

/* The address that belongs to a public key.  Errors: PARSE (not a point of the curve). */
WEIR_CHECKED enum weir_err weir_secp_address(struct weir_scope *scope,
                                             const struct weir_secp_key *key,
                                             struct weir_address *address);

/* The two numbers and the parity (0 or 1) of a signature, for transactions. */
void weir_signature_split(const struct weir_signature *signature,
                          uint8_t r[static 32],
                          uint8_t s[static 32],
                          unsigned *parity);
/* The inverse.  Errors: SIGNATURE (r or s out of range, s in the upper half, parity above 1). */
WEIR_CHECKED enum weir_err weir_signature_join(struct weir_scope *scope,
                                               const uint8_t r[static 32],
                                               const uint8_t s[static 32],
                                               unsigned parity,
                                               struct weir_signature *signature);

struct weir_secp;

/* Blinded by 32 random bytes against side channels.  Caller owns; NULL when memory is short. */
struct weir_secp *weir_secp_new(const uint8_t random[static 32]);
void weir_secp_free(struct weir_secp *secp);

/* Signs with the deterministic nonce of RFC 6979.  `secret` points into guarded memory and is read
 * only.  Errors: KEY (zero or not below the order). */
WEIR_CHECKED enum weir_err weir_secp_sign(const struct weir_secp *secp,
                                          struct weir_scope *scope,
                                          const uint8_t secret[static WEIR_SECP_SECRET_BYTES],
                                          const struct weir_hash *digest,
                                          struct weir_signature *signature);

/* The public key of a secret.  Errors: KEY. */
WEIR_CHECKED enum weir_err weir_secp_key_of(const struct weir_secp *secp,
                                            struct weir_scope *scope,
                                            const uint8_t secret[static WEIR_SECP_SECRET_BYTES],
                                            struct weir_secp_key *key);

#endif /* WEIR_ATTEST_SECP_H */
