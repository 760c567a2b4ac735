#include "node/keys.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <sodium.h>

#include "attest/ed25519.h"

#define ED25519_ROLES 4
#define SECP_ROLES 2

_Static_assert(ED25519_ROLES == WEIR_KEY_REPORT, "the Ed25519 roles come first");
_Static_assert(ED25519_ROLES + SECP_ROLES == WEIR_KEY_ROLES, "every role has a type");
_Static_assert(sizeof(struct weir_ed25519_key) == WEIR_ED25519_PUBLIC_BYTES, "public key");

/* Lies in pages of its own; inaccessible except between secrets_open and secrets_close. */
struct secrets {
    uint8_t ed25519[ED25519_ROLES][WEIR_ED25519_SECRET_BYTES];
    uint8_t secp[SECP_ROLES][WEIR_SECP_SECRET_BYTES];
};

struct weir_keys {
    struct secrets *secrets;
    struct weir_secp *secp;
    struct weir_ed25519_key ed25519_public[ED25519_ROLES];
    struct weir_secp_key secp_public[SECP_ROLES];
    struct weir_address address[SECP_ROLES];
};

static void secrets_open(const struct weir_keys *keys)
{
    int failed = sodium_mprotect_readonly(keys->secrets);
    assert(failed == 0);
    (void)failed; /* only a bug can make it fail */
}

static void secrets_close(const struct weir_keys *keys)
{
    int failed = sodium_mprotect_noaccess(keys->secrets);
    assert(failed == 0);
    (void)failed; /* as above */
}

const char *weir_key_role_name(enum weir_key_role role)
{
    switch (role) {
    case WEIR_KEY_IDENTITY:
        return "identity";
    case WEIR_KEY_STATEMENT:
        return "statement";
    case WEIR_KEY_LOG:
        return "log";
    case WEIR_KEY_COSIGN:
        return "cosign";
    case WEIR_KEY_REPORT:
        return "report";
    case WEIR_KEY_GAS:
        return "gas";
    }
    return "unknown";
}

/* Equal seeds are refused too: one secret must not serve two curves. */
static enum weir_err seeds_check(struct weir_scope *scope, const uint8_t *seeds)
{
    for (unsigned i = 0; i < WEIR_KEY_ROLES; i++) {
        const uint8_t *seed = seeds + i * WEIR_KEY_SEED_BYTES;
        if (sodium_is_zero(seed, WEIR_KEY_SEED_BYTES))
            return weir_fail(scope, WEIR_E_KEY, "the %s key is zero",
                             weir_key_role_name((enum weir_key_role)i));
        for (unsigned k = 0; k < i; k++) {
            if (sodium_memcmp(seed, seeds + k * WEIR_KEY_SEED_BYTES, WEIR_KEY_SEED_BYTES) == 0)
                return weir_fail(scope, WEIR_E_KEY, "the %s key and the %s key are equal",
                                 weir_key_role_name((enum weir_key_role)k),
                                 weir_key_role_name((enum weir_key_role)i));
        }
    }
    return WEIR_OK;
}

/* `keys->secrets` is writable. */
static enum weir_err
keys_fill(struct weir_scope *scope, const uint8_t *seeds, struct weir_keys *keys)
{
    for (unsigned i = 0; i < ED25519_ROLES; i++) {
        uint8_t *secret = keys->secrets->ed25519[i];
        weir_ed25519_from_seed(seeds + i * WEIR_KEY_SEED_BYTES, secret);
        keys->ed25519_public[i] = weir_ed25519_public(secret);
    }
    for (unsigned i = 0; i < SECP_ROLES; i++) {
        uint8_t *secret = keys->secrets->secp[i];
        memcpy(secret, seeds + (ED25519_ROLES + i) * WEIR_KEY_SEED_BYTES, WEIR_SECP_SECRET_BYTES);
        enum weir_err err = weir_secp_key_of(keys->secp, scope, secret, &keys->secp_public[i]);
        if (err == WEIR_OK)
            err = weir_secp_address(scope, &keys->secp_public[i], &keys->address[i]);
        if (err != WEIR_OK)
            return weir_note(scope, "%s key",
                             weir_key_role_name((enum weir_key_role)(ED25519_ROLES + i)));
    }
    return WEIR_OK;
}

enum weir_err
weir_keys_make(struct weir_scope *scope, const uint8_t *seeds, struct weir_keys **keys)
{
    if (seeds_check(scope, seeds) != WEIR_OK)
        return scope->err;
    uint8_t blinding[32];
    randombytes_buf(blinding, sizeof(blinding));
    struct weir_keys *made = sodium_malloc(sizeof(*made));
    if (made == NULL)
        return weir_fail(scope, WEIR_E_MEMORY, "no guarded memory for the keys");
    *made = (struct weir_keys){.secrets = sodium_malloc(sizeof(struct secrets)),
                               .secp = weir_secp_new(blinding)};
    sodium_memzero(blinding, sizeof(blinding));
    enum weir_err err = WEIR_OK;
    if (made->secrets == NULL || made->secp == NULL)
        err = weir_fail(scope, WEIR_E_MEMORY, "no guarded memory for the keys");
    else if (sodium_mlock(made->secrets, sizeof(struct secrets)) != 0)
        err = weir_fail(scope, WEIR_E_MEMORY,
                        "the keys cannot be locked into memory (%s); raise the limit on locked "
                        "memory",
                        strerror(errno));
    else
        err = keys_fill(scope, seeds, made);
    if (err != WEIR_OK) {
        weir_keys_free(made);
        return err;
    }
    secrets_close(made);
    *keys = made;
    return WEIR_OK;
}

void weir_keys_free(struct weir_keys *keys)
{
    if (keys == NULL)
        return;
    sodium_free(keys->secrets);
    weir_secp_free(keys->secp);
    sodium_free(keys);
}

/* What tells the messages of one use from all others.  A message that begins with another use's
 * prefix is refused whatever it was called. */
struct use {
    enum weir_key_role role;
    const char *prefix; /* NULL: recognised by its first byte */
    size_t length;      /* exact, or 0 */
};

#define POSSESSION_PREFIX "weir/possession/v1\n"
#define POSSESSION_BYTES (sizeof(POSSESSION_PREFIX) - 1 + 32)

static const struct use uses[] = {
    [WEIR_KEY_USE_KEY_SET] = {WEIR_KEY_IDENTITY, "weir/keys/v1\n", 0},
    [WEIR_KEY_USE_STATEMENT] = {WEIR_KEY_STATEMENT, NULL, 0},
    [WEIR_KEY_USE_CHECKPOINT] = {WEIR_KEY_LOG, NULL, 0},
    [WEIR_KEY_USE_COSIGNATURE] = {WEIR_KEY_COSIGN, "cosignature/v1\n", 0},
    [WEIR_KEY_USE_POSSESSION_STATEMENT] = {WEIR_KEY_STATEMENT, POSSESSION_PREFIX, POSSESSION_BYTES},
    [WEIR_KEY_USE_POSSESSION_LOG] = {WEIR_KEY_LOG, POSSESSION_PREFIX, POSSESSION_BYTES},
    [WEIR_KEY_USE_POSSESSION_COSIGN] = {WEIR_KEY_COSIGN, POSSESSION_PREFIX, POSSESSION_BYTES},
};
#define USE_COUNT (sizeof(uses) / sizeof(uses[0]))

static bool has_prefix(struct weir_slice message, const char *prefix)
{
    size_t length = strlen(prefix);
    return message.length >= length && memcmp(message.data, prefix, length) == 0;
}

/* A Nautilus message begins with a small intent number and a time; a note is lines of text. */
static bool is_recognised(struct weir_slice message, enum weir_key_use use)
{
    if (message.length == 0)
        return false;
    if (uses[use].prefix != NULL)
        return has_prefix(message, uses[use].prefix) &&
               (uses[use].length == 0 || uses[use].length == message.length);
    for (size_t i = 0; i < USE_COUNT; i++) {
        if (uses[i].prefix != NULL && has_prefix(message, uses[i].prefix))
            return false;
    }
    if (use == WEIR_KEY_USE_STATEMENT)
        return message.data[0] < ' ' && message.length > 1 + sizeof(uint64_t);
    return message.data[0] > ' ' && message.data[message.length - 1] == '\n';
}

enum weir_err weir_keys_sign(struct weir_scope *scope,
                             struct weir_keys *keys,
                             enum weir_key_use use,
                             struct weir_slice message,
                             uint8_t signature[static WEIR_ED25519_SIGNATURE_BYTES])
{
    assert((size_t)use < USE_COUNT);
    if (!is_recognised(message, use))
        return weir_fail(scope, WEIR_E_DENIED,
                         "the %s key does not sign this: the message is not what it is said to be",
                         weir_key_role_name(uses[use].role));
    secrets_open(keys);
    struct weir_ed25519_signature made =
        weir_ed25519_sign(keys->secrets->ed25519[uses[use].role], message);
    secrets_close(keys);
    memcpy(signature, made.bytes, sizeof(made.bytes));
    return WEIR_OK;
}

enum weir_err weir_keys_sign_digest(struct weir_scope *scope,
                                    struct weir_keys *keys,
                                    enum weir_key_digest_use use,
                                    const uint8_t digest[static 32],
                                    struct weir_signature *signature)
{
    size_t which = use == WEIR_KEY_USE_REPORT ? 0 : 1;
    struct weir_hash hash;
    memcpy(hash.bytes, digest, sizeof(hash.bytes));
    secrets_open(keys);
    enum weir_err err =
        weir_secp_sign(keys->secp, scope, keys->secrets->secp[which], &hash, signature);
    secrets_close(keys);
    return err;
}

const uint8_t *weir_keys_ed25519(const struct weir_keys *keys, enum weir_key_role role)
{
    assert(role < ED25519_ROLES);
    return keys->ed25519_public[role].bytes;
}

const uint8_t *weir_keys_secp(const struct weir_keys *keys, enum weir_key_role role)
{
    assert(role >= ED25519_ROLES && role < WEIR_KEY_ROLES);
    return keys->secp_public[role - ED25519_ROLES].bytes;
}

struct weir_address weir_keys_address(const struct weir_keys *keys, enum weir_key_role role)
{
    assert(role >= ED25519_ROLES && role < WEIR_KEY_ROLES);
    return keys->address[role - ED25519_ROLES];
}
