#include "attest/leaf.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

/* Offsets of the fields. */
enum { AT_VERSION = 0, AT_KIND = 1, AT_SEQ = 2, AT_TICK = 10, AT_FLAGS = 18, AT_COMMIT = 19 };

_Static_assert(AT_COMMIT + WEIR_HASH_BYTES == WEIR_LEAF_BYTES, "the fields fill the leaf");

static bool kind_is_known(enum weir_leaf_kind kind)
{
    return kind >= WEIR_LEAF_DEFINITION && kind <= WEIR_LEAF_STATEMENT;
}

static bool flags_fit(enum weir_leaf_kind kind, enum weir_leaf_flags flags)
{
    switch (kind) {
    case WEIR_LEAF_TICK:
        return flags == WEIR_LEAF_UP || flags == WEIR_LEAF_DOWN || flags == WEIR_LEAF_UNKNOWN;
    case WEIR_LEAF_MISSED:
        return flags == WEIR_LEAF_UNKNOWN;
    case WEIR_LEAF_DEFINITION:
    case WEIR_LEAF_EVENT:
    case WEIR_LEAF_MAINTENANCE:
    case WEIR_LEAF_CLOSE:
    case WEIR_LEAF_STATEMENT:
        return flags == WEIR_LEAF_NONE;
    }
    return false;
}

static bool seq_fits(enum weir_leaf_kind kind, uint64_t seq)
{
    return kind != WEIR_LEAF_DEFINITION || seq == 0;
}

void weir_leaf_write(const struct weir_leaf *leaf, uint8_t bytes[static WEIR_LEAF_BYTES])
{
    assert(kind_is_known(leaf->kind) && flags_fit(leaf->kind, leaf->flags));
    assert(seq_fits(leaf->kind, leaf->seq) && leaf->tick_ms >= 0);
    bytes[AT_VERSION] = WEIR_LEAF_VERSION;
    bytes[AT_KIND] = (uint8_t)leaf->kind;
    weir_put_u64(bytes + AT_SEQ, leaf->seq);
    weir_put_u64(bytes + AT_TICK, (uint64_t)leaf->tick_ms);
    bytes[AT_FLAGS] = (uint8_t)leaf->flags;
    memcpy(bytes + AT_COMMIT, leaf->commit.bytes, WEIR_HASH_BYTES);
}

enum weir_err
weir_leaf_read(struct weir_scope *scope, struct weir_slice bytes, struct weir_leaf *leaf)
{
    if (bytes.length != WEIR_LEAF_BYTES)
        return weir_fail(scope, WEIR_E_PARSE, "a leaf of %zu bytes", bytes.length);
    const uint8_t *data = bytes.data;
    if (data[AT_VERSION] != WEIR_LEAF_VERSION)
        return weir_fail(scope, WEIR_E_PARSE, "a leaf of version %u", data[AT_VERSION]);
    enum weir_leaf_kind kind = (enum weir_leaf_kind)data[AT_KIND];
    enum weir_leaf_flags flags = (enum weir_leaf_flags)data[AT_FLAGS];
    if (!kind_is_known(kind))
        return weir_fail(scope, WEIR_E_PARSE, "a leaf of kind %u", data[AT_KIND]);
    if (!flags_fit(kind, flags))
        return weir_fail(scope, WEIR_E_PARSE, "a leaf of kind %u with flags %u", data[AT_KIND],
                         data[AT_FLAGS]);
    uint64_t seq = weir_get_u64(data + AT_SEQ);
    uint64_t tick_ms = weir_get_u64(data + AT_TICK);
    if (!seq_fits(kind, seq))
        return weir_fail(scope, WEIR_E_PARSE, "a gauge definition at leaf %llu",
                         (unsigned long long)seq);
    if (tick_ms > (uint64_t)INT64_MAX)
        return weir_fail(scope, WEIR_E_RANGE, "a leaf with a time above 2^63-1");
    *leaf =
        (struct weir_leaf){.kind = kind, .flags = flags, .seq = seq, .tick_ms = (int64_t)tick_ms};
    memcpy(leaf->commit.bytes, data + AT_COMMIT, WEIR_HASH_BYTES);
    return WEIR_OK;
}

struct weir_hash weir_leaf_commit(const struct weir_salt *salt, struct weir_slice payload)
{
    struct weir_sha256 state;
    weir_sha256_init(&state);
    weir_sha256_update(&state, WEIR_LEAF_DOMAIN, WEIR_LEAF_DOMAIN_BYTES);
    weir_sha256_update(&state, salt->bytes, sizeof(salt->bytes));
    weir_sha256_update(&state, payload.data, payload.length);
    return weir_sha256_final(&state);
}

struct weir_hash weir_leaf_hash(const uint8_t bytes[static WEIR_LEAF_BYTES])
{
    uint8_t prefixed[1 + WEIR_LEAF_BYTES]; /* one update is faster than two */
    prefixed[0] = 0x00;
    memcpy(prefixed + 1, bytes, WEIR_LEAF_BYTES);
    return weir_sha256_of(prefixed, sizeof(prefixed));
}
