#include <assert.h>
#include <string.h>

#include "attest/due.h"
#include "attest/keccak.h"
#include "attest/terms.h"

/* The immutable arguments of a clone: head, tiers, witnesses (rails/evm/contracts/TermsCode.sol).
 */
#define HEAD_BYTES 217
#define TIER_BYTES 28
#define WITNESS_BYTES 52
#define ARGUMENTS_MAX (HEAD_BYTES + TIER_BYTES * WEIR_TIER_MAX + WITNESS_BYTES * WEIR_WITNESSES_MAX)
#define PROXY_BYTES 45
#define AMOUNT_BYTES (WEIR_AMOUNT_BITS / 8)

/* EIP-1167 with arguments behind it: creation code, proxy, implementation, proxy. */
static const uint8_t creation[] = {0x3d, 0x81, 0x60, 0x0a, 0x3d, 0x39, 0xf3};
static const uint8_t proxy_head[] = {0x36, 0x3d, 0x3d, 0x37, 0x3d, 0x3d, 0x3d, 0x36, 0x3d, 0x73};
static const uint8_t proxy_tail[] = {0x5a, 0xf4, 0x3d, 0x82, 0x80, 0x3e, 0x90, 0x3d,
                                     0x91, 0x60, 0x2b, 0x57, 0xfd, 0x5b, 0xf3};

struct packer {
    uint8_t bytes[ARGUMENTS_MAX];
    size_t length;
};

static void pack(struct packer *packer, const void *bytes, size_t length)
{
    assert(length <= sizeof(packer->bytes) - packer->length);
    memcpy(packer->bytes + packer->length, bytes, length);
    packer->length += length;
}

/* The low `width` bytes of a number, big-endian. */
static void pack_number(struct packer *packer, unsigned __int128 value, size_t width)
{
    uint8_t bytes[16];
    assert(width <= sizeof(bytes));
    weir_put_u64(bytes, (uint64_t)(value >> 64));
    weir_put_u64(bytes + 8, (uint64_t)value);
    pack(packer, bytes + sizeof(bytes) - width, width);
}

static void
pack_terms(const struct weir_terms *terms, const struct weir_hash *hash, struct packer *packer)
{
    pack(packer, hash->bytes, WEIR_HASH_BYTES);
    pack(packer, terms->provider.bytes, WEIR_ADDRESS_BYTES);
    pack(packer, terms->customer.bytes, WEIR_ADDRESS_BYTES);
    pack(packer, terms->asset.bytes, WEIR_ADDRESS_BYTES);
    pack_number(packer, terms->start_s, 8);
    pack_number(packer, terms->length_s, 4);
    pack_number(packer, terms->count, 4);
    pack_number(packer, terms->settle_delay_s, 4);
    pack_number(packer, terms->claim_window_s, 4);
    pack_number(packer, weir_cap_windows(terms), 4);
    pack_number(packer, terms->cap, AMOUNT_BYTES);
    pack_number(packer, terms->calendar, 1);
    pack_number(packer, terms->early, 1);
    pack_number(packer, terms->m, 1);
    pack_number(packer, terms->witness_count, 1);
    pack_number(packer, terms->tier_count, 1);
    pack_number(packer, terms->nonce, 8);
    pack_number(packer, terms->max_skew_ms, 4);
    pack_number(packer, terms->cap_windows, 4);
    pack(packer, terms->gauge.bytes, WEIR_HASH_BYTES);
    pack(packer, terms->document.bytes, WEIR_HASH_BYTES);
    assert(packer->length == HEAD_BYTES);
    for (size_t j = 0; j < terms->tier_count; j++) {
        pack_number(packer, terms->tiers[j].payout, AMOUNT_BYTES);
        pack_number(packer, terms->tiers[j].ratio.num, 8);
        pack_number(packer, terms->tiers[j].ratio.den, 8);
    }
    for (size_t i = 0; i < terms->witness_count; i++) {
        pack(packer, terms->witnesses[i].key.bytes, WEIR_ADDRESS_BYTES);
        pack(packer, terms->witnesses[i].node, WEIR_NODE_BYTES);
    }
}

struct weir_address weir_terms_clone_address(const struct weir_terms *terms,
                                             const struct weir_address *factory,
                                             const struct weir_address *implementation)
{
    assert(terms->witness_count <= WEIR_WITNESSES_MAX);
    struct weir_hash salt = weir_terms_hash(terms);
    struct packer arguments = {.length = 0};
    pack_terms(terms, &salt, &arguments);

    uint8_t push_length[3] = {0x61}; /* PUSH2 of the length of the code */
    weir_put_u16(push_length + 1, (uint16_t)(arguments.length + PROXY_BYTES));
    struct weir_keccak state;
    weir_keccak_init(&state);
    weir_keccak_update(&state, push_length, sizeof(push_length));
    weir_keccak_update(&state, creation, sizeof(creation));
    weir_keccak_update(&state, proxy_head, sizeof(proxy_head));
    weir_keccak_update(&state, implementation->bytes, WEIR_ADDRESS_BYTES);
    weir_keccak_update(&state, proxy_tail, sizeof(proxy_tail));
    weir_keccak_update(&state, arguments.bytes, arguments.length);
    struct weir_hash init_code = weir_keccak_final(&state);

    weir_keccak_init(&state); /* EIP-1014 */
    weir_keccak_update(&state, "\xff", 1);
    weir_keccak_update(&state, factory->bytes, WEIR_ADDRESS_BYTES);
    weir_keccak_update(&state, salt.bytes, WEIR_HASH_BYTES);
    weir_keccak_update(&state, init_code.bytes, WEIR_HASH_BYTES);
    struct weir_hash hash = weir_keccak_final(&state);
    struct weir_address clone;
    memcpy(clone.bytes, hash.bytes + WEIR_HASH_BYTES - WEIR_ADDRESS_BYTES, WEIR_ADDRESS_BYTES);
    return clone;
}
