#include "attest/keyset.h"

#include <assert.h>
#include <string.h>

#include "attest/eip712.h"

#define PREFIX "weir/keys/v1\n"
#define PREFIX_BYTES (sizeof(PREFIX) - 1)
#define POSSESSION_PREFIX "weir/possession/v1\n"
#define HEAD_BYTES (PREFIX_BYTES + 32 + 8 + WEIR_HASH_BYTES + 8 + 1)
#define KEY_HEAD_BYTES 3

_Static_assert(sizeof(POSSESSION_PREFIX) - 1 + WEIR_HASH_BYTES == WEIR_POSSESSION_BYTES,
               "length of the possession message");
_Static_assert(WEIR_KEYSET_PROOF_BYTES == sizeof(struct weir_signature) &&
                   WEIR_KEYSET_PROOF_BYTES == sizeof(struct weir_ed25519_signature),
               "both kinds of signature have the length of a proof");

/* Purposes, and the one type that each takes. */
static const struct {
    const char *name;
    uint8_t type;
    uint8_t key_bytes;
} purposes[] = {
    [WEIR_PURPOSE_STATEMENT] = {"statement", WEIR_KEYSET_ED25519, 32},
    [WEIR_PURPOSE_LOG] = {"log", WEIR_KEYSET_ED25519, 32},
    [WEIR_PURPOSE_COSIGN] = {"cosign", WEIR_KEYSET_ED25519, 32},
    [WEIR_PURPOSE_REPORT] = {"report", WEIR_KEYSET_SECP256K1, WEIR_SECP_KEY_BYTES},
};

const char *weir_key_purpose_name(uint8_t purpose)
{
    return purpose < sizeof(purposes) / sizeof(purposes[0]) ? purposes[purpose].name : NULL;
}

/* In the order of their bytes in the set. */
static int compare_keys(const struct weir_key *a, const struct weir_key *b)
{
    if (a->purpose != b->purpose)
        return a->purpose < b->purpose ? -1 : 1;
    if (a->type != b->type)
        return a->type < b->type ? -1 : 1;
    if (a->length_bytes != b->length_bytes)
        return a->length_bytes < b->length_bytes ? -1 : 1;
    return memcmp(a->bytes, b->bytes, a->length_bytes);
}

static bool is_same_key(const struct weir_key *a, const struct weir_key *b)
{
    return a->length_bytes == b->length_bytes && memcmp(a->bytes, b->bytes, a->length_bytes) == 0;
}

void weir_keyset_sort(struct weir_keyset *set)
{
    assert(set->key_count <= WEIR_KEYSET_KEYS_MAX);
    for (size_t i = 1; i < set->key_count; i++)
        for (size_t j = i; j > 0 && compare_keys(&set->keys[j - 1], &set->keys[j]) > 0; j--) {
            struct weir_key lower = set->keys[j];
            set->keys[j] = set->keys[j - 1];
            set->keys[j - 1] = lower;
        }
}

/* Key number `place`: of the table, above the one before, and used for nothing else. */
static enum weir_err
check_key(struct weir_scope *scope, const struct weir_keyset *set, size_t place)
{
    const struct weir_key *key = &set->keys[place];
    const char *name = weir_key_purpose_name(key->purpose);
    if (name == NULL)
        return weir_fail(scope, WEIR_E_PARSE, "key %zu has the unknown purpose %u", place,
                         key->purpose);
    if (key->type != purposes[key->purpose].type ||
        key->length_bytes != purposes[key->purpose].key_bytes)
        return weir_fail(scope, WEIR_E_PARSE, "%s key %zu has type %u and %u bytes", name, place,
                         key->type, key->length_bytes);
    if (place > 0 && compare_keys(&set->keys[place - 1], key) >= 0)
        return weir_fail(scope, WEIR_E_PARSE, "%s key %zu is not above the one before", name,
                         place);
    for (size_t i = 0; i < place; i++)
        if (is_same_key(&set->keys[i], key))
            return weir_fail(scope, WEIR_E_PARSE, "keys %zu and %zu are the same key", i, place);
    if (key->type == WEIR_KEYSET_ED25519 &&
        memcmp(key->bytes, set->node.bytes, sizeof(set->node.bytes)) == 0)
        return weir_fail(scope, WEIR_E_PARSE, "%s key %zu is the identity", name, place);
    return WEIR_OK;
}

static enum weir_err check_set(struct weir_scope *scope, const struct weir_keyset *set)
{
    if (set->key_count > WEIR_KEYSET_KEYS_MAX)
        return weir_fail(scope, WEIR_E_PARSE, "%zu keys, of at most %d", set->key_count,
                         WEIR_KEYSET_KEYS_MAX);
    if ((set->sequence == 0) != weir_hash_is_zero(&set->previous))
        return weir_fail(scope, WEIR_E_PARSE,
                         "a key set names a previous one exactly when its sequence is above 0");
    for (size_t i = 0; i < set->key_count; i++)
        if (check_key(scope, set, i) != WEIR_OK)
            return scope->err;
    return WEIR_OK;
}

enum weir_err weir_keyset_write(struct weir_scope *scope,
                                const struct weir_keyset *set,
                                struct weir_buffer *buffer)
{
    if (check_set(scope, set) != WEIR_OK)
        return weir_note(scope, "key set");
    enum weir_err err = weir_buffer_put(scope, buffer, PREFIX, PREFIX_BYTES);
    if (err == WEIR_OK)
        err = weir_buffer_put(scope, buffer, set->node.bytes, sizeof(set->node.bytes));
    if (err == WEIR_OK)
        err = weir_buffer_u64(scope, buffer, set->sequence);
    if (err == WEIR_OK)
        err = weir_buffer_put(scope, buffer, set->previous.bytes, WEIR_HASH_BYTES);
    if (err == WEIR_OK)
        err = weir_buffer_u64(scope, buffer, set->not_before_ms);
    if (err == WEIR_OK)
        err = weir_buffer_u8(scope, buffer, (uint8_t)set->key_count);
    for (size_t i = 0; i < set->key_count && err == WEIR_OK; i++) {
        const struct weir_key *key = &set->keys[i];
        const uint8_t head[KEY_HEAD_BYTES] = {key->purpose, key->type, key->length_bytes};
        err = weir_buffer_put(scope, buffer, head, sizeof(head));
        if (err == WEIR_OK)
            err = weir_buffer_put(scope, buffer, key->bytes, key->length_bytes);
    }
    return err;
}

/* The keys behind the head, to the last byte. */
static enum weir_err
read_keys(struct weir_scope *scope, struct weir_slice rest, struct weir_keyset *set)
{
    for (size_t i = 0; i < set->key_count; i++) {
        struct weir_key *key = &set->keys[i];
        if (rest.length < KEY_HEAD_BYTES)
            return weir_fail(scope, WEIR_E_PARSE, "it ends within key %zu", i);
        key->purpose = rest.data[0];
        key->type = rest.data[1];
        key->length_bytes = rest.data[2];
        if (key->length_bytes > sizeof(key->bytes) ||
            rest.length - KEY_HEAD_BYTES < key->length_bytes)
            return weir_fail(scope, WEIR_E_PARSE, "key %zu of %u bytes", i, key->length_bytes);
        memcpy(key->bytes, rest.data + KEY_HEAD_BYTES, key->length_bytes);
        rest.data += KEY_HEAD_BYTES + key->length_bytes;
        rest.length -= KEY_HEAD_BYTES + key->length_bytes;
    }
    if (rest.length != 0)
        return weir_fail(scope, WEIR_E_PARSE, "%zu bytes behind the last key", rest.length);
    return WEIR_OK;
}

enum weir_err
weir_keyset_read(struct weir_scope *scope, struct weir_slice bytes, struct weir_keyset *set)
{
    if (bytes.length < HEAD_BYTES || memcmp(bytes.data, PREFIX, PREFIX_BYTES) != 0)
        return weir_fail(scope, WEIR_E_PARSE, "key set: %zu bytes that do not begin as one",
                         bytes.length);
    const uint8_t *at = bytes.data + PREFIX_BYTES;
    struct weir_keyset parsed = {0};
    memcpy(parsed.node.bytes, at, sizeof(parsed.node.bytes));
    at += sizeof(parsed.node.bytes);
    parsed.sequence = weir_get_u64(at);
    memcpy(parsed.previous.bytes, at + 8, WEIR_HASH_BYTES);
    at += 8 + WEIR_HASH_BYTES;
    parsed.not_before_ms = weir_get_u64(at);
    parsed.key_count = at[8];
    assert(at + 9 == bytes.data + HEAD_BYTES);
    if (parsed.key_count > WEIR_KEYSET_KEYS_MAX)
        return weir_fail(scope, WEIR_E_PARSE, "key set: %zu keys, of at most %d", parsed.key_count,
                         WEIR_KEYSET_KEYS_MAX);
    struct weir_slice rest = {bytes.data + HEAD_BYTES, bytes.length - HEAD_BYTES};
    if (read_keys(scope, rest, &parsed) != WEIR_OK || check_set(scope, &parsed) != WEIR_OK)
        return weir_note(scope, "key set");
    *set = parsed;
    return WEIR_OK;
}

void weir_possession_message(struct weir_slice set_bytes,
                             uint8_t message[static WEIR_POSSESSION_BYTES])
{
    struct weir_hash hash = weir_sha256_of(set_bytes.data, set_bytes.length);
    memcpy(message, POSSESSION_PREFIX, sizeof(POSSESSION_PREFIX) - 1);
    memcpy(message + sizeof(POSSESSION_PREFIX) - 1, hash.bytes, WEIR_HASH_BYTES);
}

struct weir_hash weir_possession_digest(const struct weir_ed25519_key *node,
                                        struct weir_slice set_bytes)
{
    struct weir_hash set_hash = weir_sha256_of(set_bytes.data, set_bytes.length);
    struct weir_word fields[2];
    memcpy(fields[0].bytes, node->bytes, WEIR_WORD_BYTES);
    fields[1] = weir_word_hash(&set_hash);
    struct weir_hash separator = weir_eip712_plain_domain("weir keys", "1");
    struct weir_hash struct_hash =
        weir_eip712_struct("KeySet(bytes32 node,bytes32 set)", fields, 2);
    return weir_eip712_digest(&separator, &struct_hash);
}

/* That the holder of the key knew this very set. */
static enum weir_err check_possession(struct weir_scope *scope,
                                      const struct weir_keyset *set,
                                      struct weir_slice bytes,
                                      const struct weir_key *key,
                                      const uint8_t proof[static WEIR_KEYSET_PROOF_BYTES])
{
    if (key->type == WEIR_KEYSET_SECP256K1) {
        struct weir_secp_key point;
        struct weir_signature signature;
        struct weir_address address;
        memcpy(point.bytes, key->bytes, sizeof(point.bytes));
        memcpy(signature.bytes, proof, sizeof(signature.bytes));
        enum weir_err err = weir_secp_address(scope, &point, &address);
        if (err != WEIR_OK)
            return err;
        struct weir_hash digest = weir_possession_digest(&set->node, bytes);
        return weir_secp_verify(scope, &digest, &signature, &address);
    }
    uint8_t message[WEIR_POSSESSION_BYTES];
    weir_possession_message(bytes, message);
    struct weir_ed25519_key own;
    struct weir_ed25519_signature signature;
    memcpy(own.bytes, key->bytes, sizeof(own.bytes));
    memcpy(signature.bytes, proof, sizeof(signature.bytes));
    if (!weir_ed25519_verify(&own, (struct weir_slice){message, sizeof(message)}, &signature))
        return weir_fail(scope, WEIR_E_SIGNATURE, "the proof of possession does not verify");
    return WEIR_OK;
}

enum weir_err weir_keyset_verify(struct weir_scope *scope,
                                 struct weir_slice bytes,
                                 struct weir_slice proofs,
                                 struct weir_keyset *set)
{
    struct weir_keyset parsed;
    enum weir_err err = weir_keyset_read(scope, bytes, &parsed);
    if (err != WEIR_OK)
        return err;
    if (proofs.length != WEIR_KEYSET_PROOF_BYTES * (1 + parsed.key_count))
        return weir_fail(scope, WEIR_E_PARSE, "key set: %zu bytes of proofs for %zu keys",
                         proofs.length, parsed.key_count);
    struct weir_ed25519_signature identity;
    memcpy(identity.bytes, proofs.data, sizeof(identity.bytes));
    if (!weir_ed25519_verify(&parsed.node, bytes, &identity))
        return weir_fail(scope, WEIR_E_SIGNATURE, "key set: not signed by the node's identity");
    for (size_t i = 0; i < parsed.key_count; i++) {
        const uint8_t *proof = proofs.data + WEIR_KEYSET_PROOF_BYTES * (1 + i);
        if (check_possession(scope, &parsed, bytes, &parsed.keys[i], proof) != WEIR_OK)
            return weir_note(scope, "key set: %s key %zu",
                             weir_key_purpose_name(parsed.keys[i].purpose), i);
    }
    *set = parsed;
    return WEIR_OK;
}

enum weir_err weir_keyset_check_rotation(struct weir_scope *scope,
                                         struct weir_slice previous,
                                         const struct weir_keyset *next)
{
    struct weir_keyset old;
    enum weir_err err = weir_keyset_read(scope, previous, &old);
    if (err != WEIR_OK)
        return err;
    if (memcmp(old.node.bytes, next->node.bytes, sizeof(old.node.bytes)) != 0)
        return weir_fail(scope, WEIR_E_CONFLICT, "the next key set is of another node");
    if (old.sequence == UINT64_MAX || next->sequence != old.sequence + 1)
        return weir_fail(scope, WEIR_E_CONFLICT, "key set %llu cannot follow key set %llu",
                         (unsigned long long)next->sequence, (unsigned long long)old.sequence);
    struct weir_hash hash = weir_sha256_of(previous.data, previous.length);
    if (!weir_hash_equal(&hash, &next->previous))
        return weir_fail(scope, WEIR_E_CONFLICT, "the next key set names another previous one");
    if (next->not_before_ms < old.not_before_ms)
        return weir_fail(scope, WEIR_E_CONFLICT, "the next key set is valid before the previous");
    return WEIR_OK;
}

const struct weir_key *
weir_keyset_find(const struct weir_keyset *set, enum weir_key_purpose purpose, size_t place)
{
    for (size_t i = 0; i < set->key_count; i++) {
        if (set->keys[i].purpose != purpose)
            continue;
        if (place-- == 0)
            return &set->keys[i];
    }
    return NULL;
}

bool weir_keyset_has(const struct weir_keyset *set,
                     enum weir_key_purpose purpose,
                     const struct weir_ed25519_key *key)
{
    const struct weir_key *found;
    for (size_t i = 0; (found = weir_keyset_find(set, purpose, i)) != NULL; i++)
        if (found->type == WEIR_KEYSET_ED25519 &&
            memcmp(found->bytes, key->bytes, sizeof(key->bytes)) == 0)
            return true;
    return false;
}

bool weir_keyset_has_report(const struct weir_keyset *set, const struct weir_address *address)
{
    const struct weir_key *found;
    for (size_t i = 0; (found = weir_keyset_find(set, WEIR_PURPOSE_REPORT, i)) != NULL; i++) {
        struct weir_scope scope = {0}; /* a key that is no point has no address: not this one */
        struct weir_secp_key point;
        struct weir_address own;
        memcpy(point.bytes, found->bytes, sizeof(point.bytes));
        if (weir_secp_address(&scope, &point, &own) == WEIR_OK && weir_address_equal(&own, address))
            return true;
    }
    return false;
}
