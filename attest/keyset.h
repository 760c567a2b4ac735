/* Key sets (protocol section 1): which keys a node uses for what, signed by its identity.  A key
 * set is public and travels as its exact bytes with its proofs behind it: the identity's signature,
 * then one proof of possession per listed key, 64 bytes each.  A node may list several keys of one
 * purpose, for example a report key of older terms beside a newer one.  Floor 1: pure. */
#ifndef WEIR_ATTEST_KEYSET_H
#define WEIR_ATTEST_KEYSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attest/ed25519.h"
#include "attest/secp.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"

#define WEIR_KEYSET_KEYS_MAX 16
#define WEIR_KEYSET_BYTES_MAX (13 + 32 + 8 + 32 + 8 + 1 + WEIR_KEYSET_KEYS_MAX * (3 + 33))
#define WEIR_KEYSET_PROOF_BYTES 64
#define WEIR_POSSESSION_BYTES (19 + WEIR_HASH_BYTES)

enum weir_key_purpose {
    WEIR_PURPOSE_STATEMENT = 1,
    WEIR_PURPOSE_LOG = 2,
    WEIR_PURPOSE_COSIGN = 3,
    WEIR_PURPOSE_REPORT = 4,
};

enum weir_keyset_type {
    WEIR_KEYSET_ED25519 = 1,
    WEIR_KEYSET_SECP256K1 = 2, /* compressed */
};

struct weir_key {
    uint8_t purpose;
    uint8_t type;
    uint8_t length_bytes;
    uint8_t bytes[WEIR_SECP_KEY_BYTES]; /* the first length_bytes */
};

struct weir_keyset {
    struct weir_ed25519_key node; /* identity */
    uint64_t sequence;
    struct weir_hash previous; /* SHA-256 of the set before; zeros at sequence 0 */
    uint64_t not_before_ms;
    size_t key_count;
    struct weir_key keys[WEIR_KEYSET_KEYS_MAX]; /* ascending by their bytes in the set */
};

/* "statement", "log", "cosign", "report"; NULL for a number outside the table. */
const char *weir_key_purpose_name(uint8_t purpose);

/* Appends the bytes of the set; sorts nothing.  Errors: those of weir_keyset_read for sets that it
 * would refuse, LIMIT, MEMORY. */
WEIR_CHECKED enum weir_err weir_keyset_write(struct weir_scope *scope,
                                             const struct weir_keyset *set,
                                             struct weir_buffer *buffer);

/* Brings the keys into the order of the format. */
void weir_keyset_sort(struct weir_keyset *set);

/* Strict: purposes and types of the table that fit each other, keys strictly ascending, none twice
 * and none equal to the identity, a previous set exactly when the sequence is above 0.
 * Does not check signatures.  Errors: PARSE. */
WEIR_CHECKED enum weir_err
weir_keyset_read(struct weir_scope *scope, struct weir_slice bytes, struct weir_keyset *set);

/* Reads the set and checks all proofs: `proofs` holds 64 * (1 + keys) bytes.
 * Errors: PARSE, SIGNATURE (naming the key). */
WEIR_CHECKED enum weir_err weir_keyset_verify(struct weir_scope *scope,
                                              struct weir_slice bytes,
                                              struct weir_slice proofs,
                                              struct weir_keyset *set);

/* That `next` may follow the set whose bytes are `previous`: same node, next sequence, its hash,
 * and not valid before it.  Both sets were verified.  Errors: CONFLICT (naming what differs). */
WEIR_CHECKED enum weir_err weir_keyset_check_rotation(struct weir_scope *scope,
                                                      struct weir_slice previous,
                                                      const struct weir_keyset *next);

/* What an Ed25519 key signs to prove possession. */
void weir_possession_message(struct weir_slice set_bytes,
                             uint8_t message[static WEIR_POSSESSION_BYTES]);
/* What a report key signs instead: the EIP-712 digest of KeySet(bytes32 node,bytes32 set). */
struct weir_hash weir_possession_digest(const struct weir_ed25519_key *node,
                                        struct weir_slice set_bytes);

/* Whether the set lists this key for the purpose; a report key is asked for by its address. */
bool weir_keyset_has(const struct weir_keyset *set,
                     enum weir_key_purpose purpose,
                     const struct weir_ed25519_key *key);
bool weir_keyset_has_report(const struct weir_keyset *set, const struct weir_address *address);

/* Key number `place` (from 0) of a purpose; NULL when there are not so many. */
const struct weir_key *
weir_keyset_find(const struct weir_keyset *set, enum weir_key_purpose purpose, size_t place);

#endif /* WEIR_ATTEST_KEYSET_H */
