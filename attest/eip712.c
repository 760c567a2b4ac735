#include "attest/eip712.h"

#include <string.h>

#include "attest/keccak.h"

#define DOMAIN_TYPE                                                                                \
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
#define PLAIN_DOMAIN_TYPE "EIP712Domain(string name,string version)"

struct weir_hash
weir_eip712_struct(const char *type, const struct weir_word *fields, size_t field_count)
{
    struct weir_hash type_hash = weir_keccak_of(type, strlen(type));
    struct weir_keccak state;
    weir_keccak_init(&state);
    weir_keccak_update(&state, type_hash.bytes, WEIR_HASH_BYTES);
    weir_keccak_update(&state, fields, field_count * sizeof(fields[0]));
    return weir_keccak_final(&state);
}

struct weir_hash weir_eip712_array(const struct weir_word *items, size_t item_count)
{
    return weir_keccak_of(items, item_count * sizeof(items[0]));
}

struct weir_word weir_eip712_text(const char *text)
{
    struct weir_hash hash = weir_keccak_of(text, strlen(text));
    return weir_word_hash(&hash);
}

struct weir_hash weir_domain_separator(const struct weir_domain *domain)
{
    const struct weir_word fields[] = {
        weir_eip712_text("weir"),
        weir_eip712_text("1"),
        weir_word_u64(domain->chain_id),
        weir_word_address(&domain->contract),
    };
    return weir_eip712_struct(DOMAIN_TYPE, fields, sizeof(fields) / sizeof(fields[0]));
}

struct weir_hash weir_eip712_plain_domain(const char *name, const char *version)
{
    const struct weir_word fields[] = {weir_eip712_text(name), weir_eip712_text(version)};
    return weir_eip712_struct(PLAIN_DOMAIN_TYPE, fields, sizeof(fields) / sizeof(fields[0]));
}

struct weir_hash weir_eip712_digest(const struct weir_hash *separator,
                                    const struct weir_hash *struct_hash)
{
    struct weir_keccak state;
    weir_keccak_init(&state);
    weir_keccak_update(&state, "\x19\x01", 2);
    weir_keccak_update(&state, separator->bytes, WEIR_HASH_BYTES);
    weir_keccak_update(&state, struct_hash->bytes, WEIR_HASH_BYTES);
    return weir_keccak_final(&state);
}
