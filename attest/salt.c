#include "attest/salt.h"

#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "base/hash.h"

#define BLOCK_BYTES 64
#define PAD_INNER 0x36
#define PAD_OUTER 0x5c

struct weir_slice weir_salt_domain(void)
{
    static const char domain[] = "weir/salt/v1"; /* its NUL belongs to it */
    return (struct weir_slice){(const uint8_t *)domain, sizeof(domain)};
}

/* HMAC-SHA-256 (RFC 2104) with one key for two messages: both start from the same two states.  All
 * that is secret on the way stands in here, so that one call wipes it. */
struct keyed {
    struct weir_sha256 inner;
    struct weir_sha256 outer;
    struct weir_sha256 state;
    struct weir_hash hash;
    uint8_t pad[BLOCK_BYTES];
    uint8_t message[WEIR_SALT_DOMAIN_BYTES_MAX + 1]; /* the domain; the bit comes behind it */
    size_t message_bytes;
};

static void keyed_init(struct keyed *keyed,
                       struct weir_slice domain,
                       const uint8_t key[static WEIR_SALT_SEED_BYTES])
{
    memset(keyed->pad, PAD_INNER, sizeof(keyed->pad));
    for (size_t i = 0; i < WEIR_SALT_SEED_BYTES; i++)
        keyed->pad[i] ^= key[i];
    weir_sha256_init(&keyed->inner);
    weir_sha256_update(&keyed->inner, keyed->pad, sizeof(keyed->pad));
    for (size_t i = 0; i < sizeof(keyed->pad); i++)
        keyed->pad[i] ^= PAD_INNER ^ PAD_OUTER;
    weir_sha256_init(&keyed->outer);
    weir_sha256_update(&keyed->outer, keyed->pad, sizeof(keyed->pad));
    memcpy(keyed->message, domain.data, domain.length);
    keyed->message_bytes = domain.length + 1;
}

/* child(seed, bit) */
static void child_make(struct keyed *keyed, uint8_t bit, struct weir_salt_seed *child)
{
    keyed->message[keyed->message_bytes - 1] = bit;
    keyed->state = keyed->inner;
    weir_sha256_update(&keyed->state, keyed->message, keyed->message_bytes);
    keyed->hash = weir_sha256_final(&keyed->state);
    keyed->state = keyed->outer;
    weir_sha256_update(&keyed->state, keyed->hash.bytes, sizeof(keyed->hash.bytes));
    keyed->hash = weir_sha256_final(&keyed->state);
    memcpy(child->bytes, keyed->hash.bytes, sizeof(child->bytes));
}

/* Replaces `*node` by its right child and sets `*left`. */
static void
split(struct weir_slice domain, struct weir_salt_seed *node, struct weir_salt_seed *left)
{
    assert(node->level > 0 && domain.length <= WEIR_SALT_DOMAIN_BYTES_MAX);
    struct keyed keyed;
    keyed_init(&keyed, domain, node->bytes);
    node->level--;
    node->index *= 2;
    left->level = node->level;
    left->index = node->index++;
    child_make(&keyed, 0, left);
    child_make(&keyed, 1, node);
    sodium_memzero(&keyed, sizeof(keyed));
}

/* Replaces `*node` by that of its descendants on `level` which covers `index` of that level. */
static void
descend(struct weir_slice domain, struct weir_salt_seed *node, uint8_t level, uint64_t index)
{
    assert(node->level >= level && domain.length <= WEIR_SALT_DOMAIN_BYTES_MAX);
    struct keyed keyed;
    while (node->level > level) {
        keyed_init(&keyed, domain, node->bytes);
        node->level--;
        uint8_t bit = (uint8_t)(index >> (node->level - level) & 1);
        node->index = 2 * node->index + bit;
        child_make(&keyed, bit, node);
    }
    sodium_memzero(&keyed, sizeof(keyed));
}

static void root_take(struct weir_salt_seed *node, const uint8_t root[static WEIR_SALT_SEED_BYTES])
{
    node->level = WEIR_SALT_DEPTH;
    node->index = 0;
    memcpy(node->bytes, root, WEIR_SALT_SEED_BYTES);
}

static enum weir_err index_refuse(struct weir_scope *scope, uint64_t index)
{
    return weir_fail(scope, WEIR_E_RANGE, "salt %llu of a tree of 2^%d", (unsigned long long)index,
                     WEIR_SALT_DEPTH);
}

enum weir_err weir_salt_make(struct weir_scope *scope,
                             const uint8_t root[static WEIR_SALT_SEED_BYTES],
                             struct weir_slice domain,
                             uint64_t index,
                             struct weir_salt *salt)
{
    if (index >= WEIR_SALT_INDEX_END)
        return index_refuse(scope, index);
    struct weir_salt_seed node;
    root_take(&node, root);
    descend(domain, &node, 0, index);
    memcpy(salt->bytes, node.bytes, WEIR_SALT_BYTES);
    sodium_memzero(&node, sizeof(node));
    return WEIR_OK;
}

enum weir_err weir_salt_stream_init(struct weir_salt_stream *stream,
                                    struct weir_scope *scope,
                                    const uint8_t root[static WEIR_SALT_SEED_BYTES],
                                    struct weir_slice domain,
                                    uint64_t start)
{
    if (start >= WEIR_SALT_INDEX_END)
        return index_refuse(scope, start);
    *stream = (struct weir_salt_stream){
        .domain = domain, .next = start, .end = WEIR_SALT_INDEX_END, .waiting_count = 1};
    /* Walk down to `start`, keeping what lies right of the way for later. */
    struct weir_salt_seed *node = &stream->waiting[0];
    root_take(node, root);
    while (node->level > 0) {
        uint64_t bit = start >> (node->level - 1) & 1;
        struct weir_salt_seed left;
        split(domain, node, &left);
        if (bit == 0) {
            node = &stream->waiting[stream->waiting_count++];
            *node = left;
        }
        sodium_memzero(&left, sizeof(left));
    }
    assert(stream->waiting_count <= WEIR_SALT_DEPTH + 1 && node->index == start);
    return WEIR_OK;
}

/* The level of the largest aligned block that starts at `start` and ends by `end`. */
static uint8_t block_level(uint64_t start, uint64_t end)
{
    assert(start < end && end <= WEIR_SALT_INDEX_END);
    unsigned level = start == 0 ? WEIR_SALT_DEPTH : (unsigned)__builtin_ctzll(start);
    while (((uint64_t)1 << level) > end - start)
        level--;
    return (uint8_t)level;
}

static enum weir_err range_check(struct weir_scope *scope, struct weir_salt_range range)
{
    if (range.start < range.end && range.end <= WEIR_SALT_INDEX_END)
        return WEIR_OK;
    return weir_fail(scope, WEIR_E_RANGE, "salts [%llu, %llu) of a tree of 2^%d",
                     (unsigned long long)range.start, (unsigned long long)range.end,
                     WEIR_SALT_DEPTH);
}

enum weir_err weir_salt_stream_open(struct weir_salt_stream *stream,
                                    struct weir_scope *scope,
                                    struct weir_slice domain,
                                    struct weir_salt_range range,
                                    const struct weir_salt_seed *seeds,
                                    size_t seed_count)
{
    enum weir_err err = range_check(scope, range);
    if (err != WEIR_OK)
        return err;
    assert(domain.length <= WEIR_SALT_DOMAIN_BYTES_MAX);
    size_t wanted = weir_salt_cover_count(range);
    if (seed_count != wanted)
        return weir_fail(scope, WEIR_E_PARSE, "%zu salt seeds where %zu cover [%llu, %llu)",
                         seed_count, wanted, (unsigned long long)range.start,
                         (unsigned long long)range.end);
    uint64_t position = range.start;
    for (size_t i = 0; i < seed_count; i++) {
        uint8_t level = block_level(position, range.end);
        if (seeds[i].level != level || seeds[i].index != position >> level)
            return weir_fail(scope, WEIR_E_PARSE,
                             "salt seed %zu is not that of level %u, index %llu", i, level,
                             (unsigned long long)(position >> level));
        position += (uint64_t)1 << level;
    }
    *stream = (struct weir_salt_stream){.domain = domain,
                                        .seeds = seeds,
                                        .seed_count = seed_count,
                                        .next = range.start,
                                        .end = range.end};
    return WEIR_OK;
}

bool weir_salt_stream_next(struct weir_salt_stream *stream, struct weir_salt *salt)
{
    if (stream->next == stream->end)
        return false;
    if (stream->waiting_count == 0) {
        assert(stream->seed_count > 0);
        stream->waiting[stream->waiting_count++] = *stream->seeds++;
        stream->seed_count--;
    }
    struct weir_salt_seed *top = &stream->waiting[stream->waiting_count - 1];
    while (top->level > 0) {
        assert(stream->waiting_count <= WEIR_SALT_DEPTH);
        split(stream->domain, top, top + 1);
        top++;
        stream->waiting_count++;
    }
    assert(top->index == stream->next);
    memcpy(salt->bytes, top->bytes, WEIR_SALT_BYTES);
    sodium_memzero(top->bytes, sizeof(top->bytes));
    stream->waiting_count--;
    stream->next++;
    return true;
}

void weir_salt_stream_clear(struct weir_salt_stream *stream)
{
    sodium_memzero(stream, sizeof(*stream));
}

size_t weir_salt_cover_count(struct weir_salt_range range)
{
    size_t count = 0;
    for (uint64_t position = range.start; position < range.end; count++)
        position += (uint64_t)1 << block_level(position, range.end);
    assert(count <= WEIR_SALT_COVER_MAX);
    return count;
}

enum weir_err weir_salt_cover(struct weir_scope *scope,
                              const uint8_t root[static WEIR_SALT_SEED_BYTES],
                              struct weir_slice domain,
                              struct weir_salt_range range,
                              struct weir_salt_seed seeds[static WEIR_SALT_COVER_MAX],
                              size_t *seed_count)
{
    enum weir_err err = range_check(scope, range);
    if (err != WEIR_OK)
        return err;
    size_t count = 0;
    for (uint64_t position = range.start; position < range.end;) {
        uint8_t level = block_level(position, range.end);
        assert(count < WEIR_SALT_COVER_MAX);
        struct weir_salt_seed *seed = &seeds[count++];
        root_take(seed, root);
        descend(domain, seed, level, position >> level);
        position += (uint64_t)1 << level;
    }
    *seed_count = count;
    return WEIR_OK;
}
