/* Typed data hashing (EIP-712) for structs whose members are one word each, which is all that the
 * protocol has: dynamic members (texts, arrays) enter as the hash that EIP-712 says.  The type
 * strings themselves stand beside the structs they describe.  Floor 1: pure. */
#ifndef WEIR_ATTEST_EIP712_H
#define WEIR_ATTEST_EIP712_H

#include <stddef.h>
#include <stdint.h>

#include "attest/address.h"
#include "attest/word.h"
#include "base/hash.h"

/* Where an agreement's messages are valid: its contract on its chain.  Name and version are those
 * of protocol section 5. */
struct weir_domain {
    uint64_t chain_id;
    struct weir_address contract;
};

/* keccak(keccak(type) || fields). */
struct weir_hash
weir_eip712_struct(const char *type, const struct weir_word *fields, size_t field_count);

/* hashStruct of an array of structs or words: keccak over the joined words. */
struct weir_hash weir_eip712_array(const struct weir_word *items, size_t item_count);

/* The word of a `string` or `bytes` member. */
struct weir_word weir_eip712_text(const char *text);

/* Separator of {name:"weir", version:"1", chainId, verifyingContract}. */
struct weir_hash weir_domain_separator(const struct weir_domain *domain);

/* Separator of {name, version} alone. */
struct weir_hash weir_eip712_plain_domain(const char *name, const char *version);

/* What is signed: keccak(0x1901 || separator || struct hash). */
struct weir_hash weir_eip712_digest(const struct weir_hash *separator,
                                    const struct weir_hash *struct_hash);

#endif /* WEIR_ATTEST_EIP712_H */
