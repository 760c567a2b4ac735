#include "attest/range.h"

#include <assert.h>

#include "attest/subtree.h"

static enum weir_err range_refuse(struct weir_scope *scope, struct weir_range range)
{
    return weir_fail(scope, WEIR_E_RANGE, "leaves [%llu, %llu) of a tree of %llu",
                     (unsigned long long)range.start, (unsigned long long)range.end,
                     (unsigned long long)range.size);
}

static bool range_is_valid(struct weir_range range)
{
    return range.start < range.end && range.end <= range.size && range.size <= WEIR_MERKLE_SIZE_MAX;
}

/* The maximal subtree that starts at `position` > 0 within `size`; only the last may be ragged. */
static struct weir_subtree right_of(uint64_t position, uint64_t size)
{
    assert(position > 0 && position < size);
    uint64_t width = position & -position;
    if (width > size - position)
        width = size - position;
    return (struct weir_subtree){.start = position, .end = position + width};
}

static bool is_complete(struct weir_subtree subtree)
{
    return subtree.end - subtree.start == (subtree.start & -subtree.start);
}

size_t weir_range_hash_count(struct weir_range range)
{
    assert(range_is_valid(range));
    size_t count = (size_t)__builtin_popcountll(range.start);
    for (uint64_t position = range.end; position < range.size; count++)
        position = right_of(position, range.size).end;
    assert(count <= WEIR_MERKLE_PROOF_MAX);
    return count;
}

enum weir_err weir_range_make(const struct weir_merkle_source *source,
                              struct weir_scope *scope,
                              struct weir_range range,
                              struct weir_merkle_proof *proof)
{
    if (!range_is_valid(range))
        return range_refuse(scope, range);
    struct weir_edge left;
    enum weir_err err = weir_edge_fetch(source, scope, range.start, &left);
    proof->count = (size_t)__builtin_popcountll(range.start);
    for (size_t i = 0; err == WEIR_OK && i < proof->count; i++)
        proof->hashes[i] = left.stack[i];
    for (uint64_t position = range.end; err == WEIR_OK && position < range.size;) {
        assert(proof->count < WEIR_MERKLE_PROOF_MAX);
        struct weir_subtree right = right_of(position, range.size);
        err = weir_subtree_root(source, scope, right, &proof->hashes[proof->count++]);
        position = right.end;
    }
    return err;
}

enum weir_err weir_range_begin(struct weir_range_check *check,
                               struct weir_scope *scope,
                               struct weir_range range,
                               const struct weir_hash *hashes,
                               size_t hash_count)
{
    if (!range_is_valid(range))
        return range_refuse(scope, range);
    size_t wanted = weir_range_hash_count(range);
    if (hash_count != wanted)
        return weir_fail(scope, WEIR_E_INCLUSION,
                         "%zu hashes where the proof of leaves [%llu, %llu) of %llu has %zu",
                         hash_count, (unsigned long long)range.start, (unsigned long long)range.end,
                         (unsigned long long)range.size, wanted);
    size_t left_count = (size_t)__builtin_popcountll(range.start);
    check->range = range;
    check->hashes = hashes + left_count;
    check->hash_count = hash_count - left_count;
    check->edge.size = range.start;
    for (size_t i = 0; i < left_count; i++)
        check->edge.stack[i] = hashes[i];
    return WEIR_OK;
}

enum weir_err weir_range_push(struct weir_range_check *check,
                              struct weir_scope *scope,
                              const struct weir_hash *leaf)
{
    assert(check->edge.size >= check->range.start);
    if (check->edge.size >= check->range.end)
        return weir_fail(scope, WEIR_E_INCLUSION, "more leaves than the %llu that were announced",
                         (unsigned long long)(check->range.end - check->range.start));
    weir_edge_append(&check->edge, leaf);
    return WEIR_OK;
}

uint64_t weir_range_next(const struct weir_range_check *check)
{
    return check->edge.size;
}

struct weir_hash weir_range_root_here(const struct weir_range_check *check)
{
    assert(check->edge.size <= check->range.end);
    return weir_edge_root(&check->edge);
}

/* The root of the whole tree: the hashes right of the run, then the ragged end, if any, folded in.
 */
static struct weir_hash whole_root(struct weir_range_check *check)
{
    size_t used = 0;
    while (check->edge.size < check->range.size) {
        struct weir_subtree right = right_of(check->edge.size, check->range.size);
        const struct weir_hash *hash = &check->hashes[used++];
        assert(used <= check->hash_count);
        if (is_complete(right)) {
            unsigned level = (unsigned)__builtin_ctzll(right.start);
            weir_edge_append_subtree(&check->edge, level, hash);
            continue;
        }
        struct weir_hash root = *hash; /* the last one; it is never merged before the fold */
        for (int i = __builtin_popcountll(check->edge.size); i > 0; i--)
            root = weir_merkle_node(&check->edge.stack[i - 1], &root);
        return root;
    }
    return weir_edge_root(&check->edge);
}

enum weir_err weir_range_finish(struct weir_range_check *check,
                                struct weir_scope *scope,
                                const struct weir_hash *root)
{
    if (check->edge.size != check->range.end)
        return weir_fail(scope, WEIR_E_INCLUSION, "%llu leaves where %llu were announced",
                         (unsigned long long)(check->edge.size - check->range.start),
                         (unsigned long long)(check->range.end - check->range.start));
    struct weir_hash found = whole_root(check);
    if (!weir_hash_equal(&found, root))
        return weir_fail(scope, WEIR_E_INCLUSION,
                         "leaves [%llu, %llu) do not lead to the root of the tree of %llu",
                         (unsigned long long)check->range.start,
                         (unsigned long long)check->range.end,
                         (unsigned long long)check->range.size);
    return WEIR_OK;
}
