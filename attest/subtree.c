#include "attest/subtree.h"

#include <assert.h>
#include <string.h>

/* Smallest power of two >= length; length in 1 .. 2^63-1. */
static uint64_t power_ceil(uint64_t length)
{
    assert(length > 0 && length <= WEIR_MERKLE_SIZE_MAX);
    return length == 1 ? 1 : (uint64_t)1 << (64 - __builtin_clzll(length - 1));
}

/* Largest power of two < length, where RFC 6962 2.1 splits; length >= 2. */
static uint64_t split_of(uint64_t length)
{
    assert(length >= 2);
    return (uint64_t)1 << (63 - __builtin_clzll(length - 1));
}

bool weir_subtree_is_valid(struct weir_subtree subtree)
{
    if (subtree.start > subtree.end || subtree.end > WEIR_MERKLE_SIZE_MAX)
        return false;
    return subtree.start == subtree.end ||
           subtree.start % power_ceil(subtree.end - subtree.start) == 0;
}

void weir_subtree_cover(struct weir_subtree interval, struct weir_subtree cover[static 2])
{
    uint64_t start = interval.start;
    uint64_t end = interval.end;
    assert(start <= end && end <= WEIR_MERKLE_SIZE_MAX);
    cover[0] = interval;
    cover[1] = (struct weir_subtree){.start = end, .end = end};
    if (end - start <= 1)
        return;
    /* The highest bit in which the first and the last index differ names the node that parts them.
     */
    uint64_t last = end - 1;
    unsigned bit = 63 - (unsigned)__builtin_clzll(start ^ last);
    uint64_t below = ((uint64_t)1 << bit) - 1;
    uint64_t middle = last & ~below;
    /* On the left, the smallest aligned subtree that reaches to the middle. */
    uint64_t left_gap = ~start & below;
    unsigned left_bits = left_gap == 0 ? 0 : 64 - (unsigned)__builtin_clzll(left_gap);
    cover[0] =
        (struct weir_subtree){.start = start & ~(((uint64_t)1 << left_bits) - 1), .end = middle};
    cover[1] = (struct weir_subtree){.start = middle, .end = end};
}

/* A source as seen from `base`, a multiple of any subtree's width that is asked for. */
struct shifted {
    const struct weir_merkle_source *source;
    uint64_t base;
};

static enum weir_err shifted_subtree(void *context,
                                     struct weir_scope *scope,
                                     unsigned level,
                                     uint64_t index,
                                     struct weir_hash *hash)
{
    const struct shifted *view = context;
    return view->source->subtree(view->source->context, scope, level, (view->base >> level) + index,
                                 hash);
}

/* MTH(D[start:end]) of a valid subtree. */
static enum weir_err fetch(const struct weir_merkle_source *source,
                           struct weir_scope *scope,
                           uint64_t start,
                           uint64_t end,
                           struct weir_hash *hash)
{
    struct shifted view = {.source = source, .base = start};
    struct weir_merkle_source from_start = {.subtree = shifted_subtree, .context = &view};
    return weir_merkle_fetch_root(&from_start, scope, end - start, hash);
}

enum weir_err weir_subtree_root(const struct weir_merkle_source *source,
                                struct weir_scope *scope,
                                struct weir_subtree subtree,
                                struct weir_hash *root)
{
    if (!weir_subtree_is_valid(subtree))
        return weir_fail(scope, WEIR_E_RANGE, "[%llu, %llu) is no subtree",
                         (unsigned long long)subtree.start, (unsigned long long)subtree.end);
    return fetch(source, scope, subtree.start, subtree.end, root);
}

/* The hashes that lead from `inner` to the root of the tree over [tree.start, tree.end), top-down.
 * Walks down to `inner`; where a split cuts through it, only its right part is not yet known. */
static enum weir_err descend(const struct weir_merkle_source *source,
                             struct weir_scope *scope,
                             struct weir_subtree inner,
                             struct weir_subtree tree,
                             struct weir_merkle_proof *proof)
{
    bool is_whole = true; /* the verifier knows the hash of `inner` */
    enum weir_err err = WEIR_OK;
    proof->count = 0;
    while (err == WEIR_OK && (inner.start != tree.start || inner.end != tree.end)) {
        assert(proof->count < WEIR_MERKLE_PATH_MAX);
        uint64_t middle = tree.start + split_of(tree.end - tree.start);
        struct weir_hash *next = &proof->hashes[proof->count++];
        if (inner.end <= middle) {
            err = fetch(source, scope, middle, tree.end, next);
            tree.end = middle;
            continue;
        }
        err = fetch(source, scope, tree.start, middle, next);
        tree.start = middle;
        if (inner.start < middle) {
            is_whole = false;
            inner.start = middle;
        }
    }
    if (err == WEIR_OK && !is_whole)
        err = fetch(source, scope, inner.start, inner.end, &proof->hashes[proof->count++]);
    return err;
}

/* Turns a top-down path into RFC order. */
static void reverse(struct weir_merkle_proof *proof)
{
    for (size_t i = 0; i < proof->count / 2; i++) {
        struct weir_hash hash = proof->hashes[i];
        proof->hashes[i] = proof->hashes[proof->count - 1 - i];
        proof->hashes[proof->count - 1 - i] = hash;
    }
}

enum weir_err weir_subtree_inclusion_make(const struct weir_merkle_source *source,
                                          struct weir_scope *scope,
                                          struct weir_subtree subtree,
                                          uint64_t index,
                                          struct weir_merkle_proof *proof)
{
    if (!weir_subtree_is_valid(subtree) || index < subtree.start || index >= subtree.end)
        return weir_fail(scope, WEIR_E_RANGE, "leaf %llu of [%llu, %llu)",
                         (unsigned long long)index, (unsigned long long)subtree.start,
                         (unsigned long long)subtree.end);
    struct weir_subtree single = {.start = index, .end = index + 1};
    enum weir_err err = descend(source, scope, single, subtree, proof);
    if (err == WEIR_OK)
        reverse(proof);
    return err;
}

enum weir_err weir_subtree_consistency_make(const struct weir_merkle_source *source,
                                            struct weir_scope *scope,
                                            struct weir_subtree subtree,
                                            uint64_t size,
                                            struct weir_merkle_proof *proof)
{
    if (!weir_subtree_is_valid(subtree) || subtree.end > size || size > WEIR_MERKLE_SIZE_MAX)
        return weir_fail(scope, WEIR_E_RANGE, "[%llu, %llu) of a tree of %llu leaves",
                         (unsigned long long)subtree.start, (unsigned long long)subtree.end,
                         (unsigned long long)size);
    proof->count = 0;
    if (subtree.start == subtree.end)
        return WEIR_OK; /* nothing is part of every tree */
    struct weir_subtree tree = {.start = 0, .end = size};
    enum weir_err err = descend(source, scope, subtree, tree, proof);
    if (err == WEIR_OK)
        reverse(proof);
    return err;
}

/* The walk up of draft-ietf-plants-merkle-tree-certs 4.4.3: positions of the subtree's first and
 * last node and of the tree's last node on the present level, and the two hashes so far. */
struct climb {
    uint64_t first;
    uint64_t last;
    uint64_t tree_last;
    struct weir_hash part;
    struct weir_hash whole;
};

static void rise(struct climb *climb)
{
    climb->first >>= 1;
    climb->last >>= 1;
    climb->tree_last >>= 1;
}

static void climb_step(struct climb *climb, const struct weir_hash *hash)
{
    if ((climb->last & 1) != 0 || climb->last == climb->tree_last) {
        if (climb->first < climb->last)
            climb->part = weir_merkle_node(hash, &climb->part);
        climb->whole = weir_merkle_node(hash, &climb->whole);
        while ((climb->last & 1) == 0 && climb->last != 0)
            rise(climb);
    } else {
        climb->whole = weir_merkle_node(&climb->whole, hash);
    }
    rise(climb);
}

enum weir_err weir_subtree_consistency_check(struct weir_scope *scope,
                                             struct weir_subtree subtree,
                                             const struct weir_hash *root,
                                             const struct weir_merkle_head *head,
                                             struct weir_hash_list path)
{
    if (!weir_subtree_is_valid(subtree) || subtree.end > head->size ||
        head->size > WEIR_MERKLE_SIZE_MAX)
        return weir_fail(scope, WEIR_E_INCLUSION,
                         "[%llu, %llu) is no part of a tree of %llu leaves",
                         (unsigned long long)subtree.start, (unsigned long long)subtree.end,
                         (unsigned long long)head->size);
    if (path.count > WEIR_MERKLE_PATH_MAX)
        return weir_fail(scope, WEIR_E_INCLUSION, "%zu hashes in a Merkle path", path.count);
    if (subtree.start == subtree.end) {
        struct weir_hash empty = weir_merkle_empty();
        if (path.count == 0 && weir_hash_equal(root, &empty))
            return WEIR_OK;
        return weir_fail(scope, WEIR_E_INCLUSION, "a part without leaves has a root or a proof");
    }
    struct climb climb = {
        .first = subtree.start, .last = subtree.end - 1, .tree_last = head->size - 1};
    bool ends_with_tree = climb.last == climb.tree_last;
    while (climb.first != climb.last && (ends_with_tree || (climb.last & 1) != 0))
        rise(&climb);
    size_t used = 0;
    climb.part = *root;
    if (climb.first != climb.last) {
        if (path.count == 0)
            return weir_fail(scope, WEIR_E_INCLUSION, "the Merkle proof has no hashes");
        climb.part = path.hashes[used++];
    }
    climb.whole = climb.part;
    for (; used < path.count; used++) {
        if (climb.tree_last == 0)
            return weir_fail(scope, WEIR_E_INCLUSION, "the Merkle proof has too many hashes");
        climb_step(&climb, &path.hashes[used]);
    }
    if (climb.tree_last != 0)
        return weir_fail(scope, WEIR_E_INCLUSION, "the Merkle proof has too few hashes");
    if (!weir_hash_equal(&climb.part, root) || !weir_hash_equal(&climb.whole, &head->root))
        return weir_fail(scope, WEIR_E_INCLUSION, "the Merkle proof leads to another root");
    return WEIR_OK;
}

enum weir_err weir_subtree_inclusion_check(struct weir_scope *scope,
                                           struct weir_subtree subtree,
                                           uint64_t index,
                                           const struct weir_hash *leaf,
                                           struct weir_hash_list path,
                                           const struct weir_hash *root)
{
    if (!weir_subtree_is_valid(subtree) || index < subtree.start || index >= subtree.end)
        return weir_fail(scope, WEIR_E_INCLUSION, "leaf %llu of [%llu, %llu)",
                         (unsigned long long)index, (unsigned long long)subtree.start,
                         (unsigned long long)subtree.end);
    struct weir_merkle_head head = {.size = subtree.end - subtree.start, .root = *root};
    uint64_t place = index - subtree.start;
    return weir_merkle_inclusion_check(scope, &head, place, leaf, path.hashes, path.count);
}
