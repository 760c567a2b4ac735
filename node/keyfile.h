/* The six keys of a node in one encrypted file, and in guarded memory while they are open.
 * Argon2id turns the passphrase into the key of an XChaCha20-Poly1305 box whose associated data is
 * the whole header; a plain checksum behind it tells a damaged file from a wrong passphrase.
 * Secrets live in pages of their own that are locked, left out of core dumps and inaccessible
 * except while one signature is made; no secret byte ever enters an arena.  Each key signs one kind
 * of thing only (protocol section 1): callers name the use, never the key.  Duty "signer" and the
 * `key` commands only.  Floor 3. */
#ifndef WEIR_NODE_KEYFILE_H
#define WEIR_NODE_KEYFILE_H

#include <stddef.h>
#include <stdint.h>

#include "attest/secp.h"
#include "base/err.h"
#include "base/slice.h"

#define WEIR_KEYFILE_BYTES 320
#define WEIR_KEY_SEED_BYTES 32
#define WEIR_ED25519_PUBLIC_BYTES 32
#define WEIR_ED25519_SIGNATURE_BYTES 64
#define WEIR_SECP_PUBLIC_BYTES 33

enum weir_key_role {
    WEIR_KEY_IDENTITY,  /* Ed25519 */
    WEIR_KEY_STATEMENT, /* Ed25519 */
    WEIR_KEY_LOG,       /* Ed25519 */
    WEIR_KEY_COSIGN,    /* Ed25519 */
    WEIR_KEY_REPORT,    /* secp256k1 */
    WEIR_KEY_GAS        /* secp256k1 */
};
#define WEIR_KEY_ROLES 6

/* What an Ed25519 signature is for.  The message must be recognisable as exactly that. */
enum weir_key_use {
    WEIR_KEY_USE_KEY_SET,              /* identity; "weir/keys/v1\n..." */
    WEIR_KEY_USE_STATEMENT,            /* statement; a Nautilus message */
    WEIR_KEY_USE_CHECKPOINT,           /* log; the text of a signed note */
    WEIR_KEY_USE_COSIGNATURE,          /* cosign; "cosignature/v1\n..." */
    WEIR_KEY_USE_POSSESSION_STATEMENT, /* "weir/possession/v1\n" || 32 bytes, by each listed key */
    WEIR_KEY_USE_POSSESSION_LOG,
    WEIR_KEY_USE_POSSESSION_COSIGN
};

/* What a secp256k1 signature over a 32-byte digest is for. */
enum weir_key_digest_use {
    WEIR_KEY_USE_REPORT,     /* report key; EIP-712 digests of protocol sections 1, 5, 6 and 10 */
    WEIR_KEY_USE_TRANSACTION /* gas key; hash of an unsigned transaction */
};

/* How hard guessing the passphrase is made; the file records the parameters. */
enum weir_kdf { WEIR_KDF_MODERATE /* 256 MiB, 3 passes */, WEIR_KDF_INTERACTIVE /* 64 MiB, 2 */ };

struct weir_keys;
struct weir_passphrase;

/* Makes six fresh keys and writes them to `path`, which must not exist: mode 0600, file and folder
 * synchronised.  Errors: EXISTS, KEY (passphrase too short), IO, CRYPTO, MEMORY. */
WEIR_CHECKED enum weir_err weir_keys_create(struct weir_scope *scope,
                                            const char *path,
                                            const struct weir_passphrase *passphrase,
                                            enum weir_kdf kdf);

/* Reads and decrypts the file; the caller frees `*keys`.  Takes up to a second.
 * Errors: KEY (with the reason: foreign, truncated, damaged, wrong passphrase, open to others, two
 * equal keys), NOT_FOUND, IO, CRYPTO, MEMORY. */
WEIR_CHECKED enum weir_err weir_keys_open(struct weir_scope *scope,
                                          const char *path,
                                          const struct weir_passphrase *passphrase,
                                          struct weir_keys **keys);

/* The same for bytes at hand; no file, no file mode. */
WEIR_CHECKED enum weir_err weir_keys_decrypt(struct weir_scope *scope,
                                             struct weir_slice file,
                                             const struct weir_passphrase *passphrase,
                                             struct weir_keys **keys);

/* Wipes and unlocks.  NULL is allowed. */
void weir_keys_free(struct weir_keys *keys);

/* Errors: DENIED (the message is not recognised as `use`, or could be another), CRYPTO. */
WEIR_CHECKED enum weir_err weir_keys_sign(struct weir_scope *scope,
                                          struct weir_keys *keys,
                                          enum weir_key_use use,
                                          struct weir_slice message,
                                          uint8_t signature[static WEIR_ED25519_SIGNATURE_BYTES]);

/* Deterministic (RFC 6979), low s, EIP-2098.  Errors: CRYPTO. */
WEIR_CHECKED enum weir_err weir_keys_sign_digest(struct weir_scope *scope,
                                                 struct weir_keys *keys,
                                                 enum weir_key_digest_use use,
                                                 const uint8_t digest[static 32],
                                                 struct weir_signature *signature);

/* Public parts; borrowed until weir_keys_free.  Role: one of the first four / of the last two. */
const uint8_t *weir_keys_ed25519(const struct weir_keys *keys, enum weir_key_role role);
const uint8_t *weir_keys_secp(const struct weir_keys *keys, enum weir_key_role role);
struct weir_address weir_keys_address(const struct weir_keys *keys, enum weir_key_role role);

const char *weir_key_role_name(enum weir_key_role role);

#endif /* WEIR_NODE_KEYFILE_H */
