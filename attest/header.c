#include "attest/header.h"

#include <string.h>

#include "attest/keccak.h"
#include "attest/rlp.h"

#define BLOOM_BYTES 256
#define COINBASE_BYTES 20
#define NONCE_BYTES 8
#define EXTRA_BYTES_MAX 1024 /* 32 on the main chain; proof-of-authority chains put seals there */

/* How a member of the header is written; what is kept of it is decided where it is read. */
enum member {
    HASH,
    COINBASE,
    BLOOM,
    NUMBER, /* up to 256 bits */
    EXTRA,
    NONCE,
};

/* The 15 members that every header has; those of later forks stand behind them. */
static const enum member members[] = {
    HASH,             /* 0 parent */
    HASH,             /* 1 uncles */
    COINBASE, HASH,   /* 3 state root */
    HASH,             /* 4 transactions root */
    HASH,             /* 5 receipts root */
    BLOOM,    NUMBER, /* 7 difficulty */
    NUMBER,           /* 8 number */
    NUMBER,           /* 9 gas limit */
    NUMBER,           /* 10 gas used */
    NUMBER,           /* 11 time */
    EXTRA,    HASH,   /* 13 mix */
    NONCE,
};

static enum weir_err read_member(struct weir_scope *scope,
                                 enum member kind,
                                 struct weir_slice *rest,
                                 struct weir_hash *hash,
                                 struct weir_word *number)
{
    uint8_t skipped[BLOOM_BYTES];
    struct weir_slice extra;
    enum weir_err err;
    switch (kind) {
    case HASH:
        return weir_rlp_get_fixed(scope, rest, hash->bytes, WEIR_HASH_BYTES);
    case COINBASE:
        return weir_rlp_get_fixed(scope, rest, skipped, COINBASE_BYTES);
    case BLOOM:
        return weir_rlp_get_fixed(scope, rest, skipped, BLOOM_BYTES);
    case NONCE:
        return weir_rlp_get_fixed(scope, rest, skipped, NONCE_BYTES);
    case NUMBER:
        return weir_rlp_get_word(scope, rest, number);
    case EXTRA:
        err = weir_rlp_get_bytes(scope, rest, &extra);
        if (err == WEIR_OK && extra.length > EXTRA_BYTES_MAX)
            return weir_fail(scope, WEIR_E_LIMIT, "%zu bytes of extra data", extra.length);
        return err;
    }
    return weir_fail(scope, WEIR_E_PARSE, "a kind of member that does not exist");
}

enum weir_err
weir_header_read(struct weir_scope *scope, struct weir_slice rlp, struct weir_header *header)
{
    enum { COUNT = sizeof(members) / sizeof(members[0]) };
    if (rlp.length > WEIR_HEADER_BYTES_MAX)
        return weir_fail(scope, WEIR_E_LIMIT, "a block header of %zu bytes", rlp.length);
    struct weir_slice behind = rlp;
    struct weir_slice rest;
    enum weir_err err = weir_rlp_get_list(scope, &behind, &rest);
    if (err == WEIR_OK)
        err = weir_rlp_get_end(scope, behind);
    if (err != WEIR_OK)
        return weir_note(scope, "block header");

    struct weir_hash hashes[COUNT] = {0};
    struct weir_word numbers[COUNT] = {0};
    for (unsigned i = 0; i < COUNT; i++)
        if (read_member(scope, members[i], &rest, &hashes[i], &numbers[i]) != WEIR_OK)
            return weir_note(scope, "member %u of the block header", i);
    while (rest.length > 0) {
        struct weir_slice later;
        if (weir_rlp_get_bytes(scope, &rest, &later) != WEIR_OK)
            return weir_note(scope, "a later member of the block header");
    }
    struct weir_header parsed = {
        .hash = weir_keccak_of(rlp.data, rlp.length),
        .parent = hashes[0],
        .transactions_root = hashes[4],
        .receipts_root = hashes[5],
    };
    if (!weir_word_get_u64(numbers[8], UINT64_MAX, &parsed.number) ||
        !weir_word_get_u64(numbers[11], UINT64_MAX, &parsed.time_s))
        return weir_fail(scope, WEIR_E_PARSE, "number or time of the block header is too large");
    *header = parsed;
    return WEIR_OK;
}
