#include "attest/merkle.h"

#include <assert.h>
#include <string.h>

#include "attest/subtree.h"

#define LEVELS 64

struct weir_hash weir_merkle_leaf(struct weir_slice bytes)
{
    static const uint8_t prefix = 0x00;
    struct weir_sha256 state;
    weir_sha256_init(&state);
    weir_sha256_update(&state, &prefix, 1);
    weir_sha256_update(&state, bytes.data, bytes.length);
    return weir_sha256_final(&state);
}

struct weir_hash weir_merkle_node(const struct weir_hash *left, const struct weir_hash *right)
{
    uint8_t bytes[1 + 2 * WEIR_HASH_BYTES]; /* one update is faster than three */
    bytes[0] = 0x01;
    memcpy(bytes + 1, left->bytes, WEIR_HASH_BYTES);
    memcpy(bytes + 1 + WEIR_HASH_BYTES, right->bytes, WEIR_HASH_BYTES);
    return weir_sha256_of(bytes, sizeof(bytes));
}

struct weir_hash weir_merkle_empty(void)
{
    return weir_sha256_of(NULL, 0);
}

struct weir_hash weir_merkle_root(const struct weir_hash *leaves, size_t count)
{
    struct weir_edge edge = {0};
    weir_edge_append_many(&edge, leaves, count);
    return weir_edge_root(&edge);
}

static unsigned stack_height(uint64_t size)
{
    return (unsigned)__builtin_popcountll(size);
}

void weir_edge_append_subtree(struct weir_edge *edge,
                              unsigned level,
                              const struct weir_hash *subtree)
{
    assert(level < LEVELS - 1 && edge->size % ((uint64_t)1 << level) == 0);
    assert(edge->size <= WEIR_MERKLE_SIZE_MAX - ((uint64_t)1 << level));
    unsigned height = stack_height(edge->size);
    struct weir_hash hash = *subtree;
    for (uint64_t blocks = edge->size >> level; (blocks & 1) != 0; blocks >>= 1)
        hash = weir_merkle_node(&edge->stack[--height], &hash);
    edge->stack[height] = hash;
    edge->size += (uint64_t)1 << level;
}

void weir_edge_append(struct weir_edge *edge, const struct weir_hash *leaf)
{
    weir_edge_append_subtree(edge, 0, leaf);
}

void weir_edge_append_many(struct weir_edge *edge, const struct weir_hash *leaves, size_t count)
{
    for (size_t i = 0; i < count; i++)
        weir_edge_append(edge, &leaves[i]);
}

struct weir_hash weir_edge_root(const struct weir_edge *edge)
{
    unsigned height = stack_height(edge->size);
    if (height == 0)
        return weir_merkle_empty();
    struct weir_hash root = edge->stack[--height];
    while (height > 0)
        root = weir_merkle_node(&edge->stack[--height], &root);
    return root;
}

size_t weir_edge_write(const struct weir_edge *edge, uint8_t bytes[static WEIR_EDGE_BYTES_MAX])
{
    assert(edge->size <= WEIR_MERKLE_SIZE_MAX);
    size_t stack_bytes = (size_t)stack_height(edge->size) * WEIR_HASH_BYTES;
    weir_put_u64(bytes, edge->size);
    memcpy(bytes + 8, edge->stack, stack_bytes);
    return 8 + stack_bytes;
}

enum weir_err
weir_edge_read(struct weir_scope *scope, struct weir_slice bytes, struct weir_edge *edge)
{
    if (bytes.length < 8 || bytes.length > WEIR_EDGE_BYTES_MAX)
        return weir_fail(scope, WEIR_E_PARSE, "a tree edge of %zu bytes", bytes.length);
    uint64_t size = weir_get_u64(bytes.data);
    size_t stack_bytes = (size_t)stack_height(size) * WEIR_HASH_BYTES;
    if (size > WEIR_MERKLE_SIZE_MAX || bytes.length != 8 + stack_bytes)
        return weir_fail(scope, WEIR_E_PARSE, "a tree edge of %zu bytes for %llu leaves",
                         bytes.length, (unsigned long long)size);
    edge->size = size;
    memcpy(edge->stack, bytes.data + 8, stack_bytes);
    return WEIR_OK;
}

static enum weir_err leaves_subtree(void *context,
                                    struct weir_scope *scope,
                                    unsigned level,
                                    uint64_t index,
                                    struct weir_hash *hash)
{
    const struct weir_merkle_leaves *leaves = context;
    assert(level < LEVELS - 1);
    uint64_t width = (uint64_t)1 << level;
    if (width > leaves->count || index > (leaves->count - width) / width)
        return weir_fail(scope, WEIR_E_RANGE, "subtree %llu of level %u of a tree with %zu leaves",
                         (unsigned long long)index, level, leaves->count);
    *hash = weir_merkle_root(leaves->leaves + index * width, (size_t)width);
    return WEIR_OK;
}

struct weir_merkle_source weir_merkle_leaves_source(struct weir_merkle_leaves *leaves)
{
    return (struct weir_merkle_source){.subtree = leaves_subtree, .context = leaves};
}

enum weir_err weir_edge_fetch(const struct weir_merkle_source *source,
                              struct weir_scope *scope,
                              uint64_t size,
                              struct weir_edge *edge)
{
    assert(size <= WEIR_MERKLE_SIZE_MAX);
    struct weir_edge fetched = {.size = size};
    unsigned height = 0;
    uint64_t position = 0;
    for (unsigned level = LEVELS - 1; level-- > 0;) {
        if ((size >> level & 1) == 0)
            continue;
        enum weir_err err = source->subtree(source->context, scope, level, position >> level,
                                            &fetched.stack[height++]);
        if (err != WEIR_OK)
            return err;
        position += (uint64_t)1 << level;
    }
    *edge = fetched;
    return WEIR_OK;
}

enum weir_err weir_merkle_fetch_root(const struct weir_merkle_source *source,
                                     struct weir_scope *scope,
                                     uint64_t size,
                                     struct weir_hash *root)
{
    struct weir_edge edge;
    enum weir_err err = weir_edge_fetch(source, scope, size, &edge);
    if (err == WEIR_OK)
        *root = weir_edge_root(&edge);
    return err;
}

enum weir_err weir_merkle_inclusion_make(const struct weir_merkle_source *source,
                                         struct weir_scope *scope,
                                         uint64_t index,
                                         uint64_t size,
                                         struct weir_merkle_proof *proof)
{
    struct weir_subtree tree = {.start = 0, .end = size};
    return weir_subtree_inclusion_make(source, scope, tree, index, proof);
}

enum weir_err weir_merkle_consistency_make(const struct weir_merkle_source *source,
                                           struct weir_scope *scope,
                                           uint64_t old_size,
                                           uint64_t size,
                                           struct weir_merkle_proof *proof)
{
    struct weir_subtree tree = {.start = 0, .end = old_size};
    return weir_subtree_consistency_make(source, scope, tree, size, proof);
}

enum weir_err weir_merkle_inclusion_check(struct weir_scope *scope,
                                          const struct weir_merkle_head *head,
                                          uint64_t index,
                                          const struct weir_hash *leaf,
                                          const struct weir_hash *hashes,
                                          size_t hash_count)
{
    if (index >= head->size)
        return weir_fail(scope, WEIR_E_INCLUSION, "leaf %llu in a tree of %llu",
                         (unsigned long long)index, (unsigned long long)head->size);
    struct weir_subtree single = {.start = index, .end = index + 1};
    struct weir_hash_list path = {.hashes = hashes, .count = hash_count};
    return weir_subtree_consistency_check(scope, single, leaf, head, path);
}

enum weir_err weir_merkle_consistency_check(struct weir_scope *scope,
                                            const struct weir_merkle_head *old,
                                            const struct weir_merkle_head *head,
                                            const struct weir_hash *hashes,
                                            size_t hash_count)
{
    if (old->size == 0)
        return weir_fail(scope, WEIR_E_INCLUSION, "a proof from the empty tree shows nothing");
    struct weir_subtree tree = {.start = 0, .end = old->size};
    struct weir_hash_list path = {.hashes = hashes, .count = hash_count};
    return weir_subtree_consistency_check(scope, tree, &old->root, head, path);
}
