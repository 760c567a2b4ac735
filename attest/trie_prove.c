#include <assert.h>
#include <string.h>

#include "attest/keccak.h"
#include "attest/nibbles.h"
#include "attest/rlp.h"
#include "attest/trie.h"
#include "base/arena.h"

#define BRANCHES 16
#define DEPTH_MAX 6              /* nibbles: RLP of a position below 65536 has at most 3 bytes */
#define INNER_NODE_BYTES_MAX 640 /* 17 references of 33 bytes and a prefix */
#define SELF_CODED_POSITIONS 128 /* positions whose RLP is one byte */

/* What a parent writes for a child: a hash with its RLP prefix, or the short child itself. */
struct reference {
    uint8_t bytes[1 + WEIR_HASH_BYTES];
    size_t length;
};

struct prover {
    struct weir_scope *scope;
    const struct weir_slice *items;
    size_t count;
    size_t target;                    /* place in sorted order */
    struct weir_buffer items_of_leaf; /* scratch, used again for every leaf */
    struct weir_buffer leaf;
    size_t node_count;
    struct weir_slice nodes[WEIR_TRIE_NODES_MAX]; /* of the target's path, deepest first */
};

/* The sorted keys: RLP of 1 to 127 is one byte below 0x80, which is RLP of 0; the rest follow. */
static size_t position_at(size_t place, size_t count)
{
    size_t before_zero =
        count < SELF_CODED_POSITIONS ? count - 1 : (size_t)SELF_CODED_POSITIONS - 1;
    if (place < before_zero)
        return place + 1;
    return place == before_zero ? 0 : place;
}

static size_t place_of(size_t position, size_t count)
{
    size_t before_zero =
        count < SELF_CODED_POSITIONS ? count - 1 : (size_t)SELF_CODED_POSITIONS - 1;
    if (position == 0)
        return before_zero;
    return position <= before_zero ? position - 1 : position;
}

static struct weir_nibbles path_at(size_t place, size_t count)
{
    return weir_nibbles_of(position_at(place, count));
}

/* Hex-prefix coding of a part of a path. */
static enum weir_err put_path(struct weir_scope *scope,
                              struct weir_buffer *buffer,
                              const uint8_t *nibbles,
                              size_t length,
                              unsigned kind)
{
    uint8_t packed[1 + DEPTH_MAX / 2];
    size_t odd = length % 2;
    packed[0] =
        (uint8_t)((kind | (odd != 0 ? WEIR_NIBBLES_ODD : 0)) << 4 | (odd != 0 ? nibbles[0] : 0));
    for (size_t i = odd; i < length; i += 2)
        packed[1 + i / 2] = (uint8_t)(nibbles[i] << 4 | nibbles[i + 1]);
    return weir_rlp_put_bytes(scope, buffer, packed, 1 + length / 2);
}

/* Keeps the node when the target is below it, and says how its parent refers to it. */
static enum weir_err
refer(struct prover *prover, struct weir_slice node, bool is_on_path, struct reference *reference)
{
    bool is_short = node.length < WEIR_HASH_BYTES;
    if (is_on_path && !is_short) {
        uint8_t *kept = weir_take(prover->scope, node.length, 1);
        if (kept == NULL)
            return prover->scope->err;
        memcpy(kept, node.data, node.length);
        assert(prover->node_count < WEIR_TRIE_NODES_MAX);
        prover->nodes[prover->node_count++] = (struct weir_slice){kept, node.length};
    }
    if (is_short) {
        memcpy(reference->bytes, node.data, node.length);
        reference->length = node.length;
        return WEIR_OK;
    }
    struct weir_hash hash = weir_keccak_of(node.data, node.length);
    reference->bytes[0] = 0x80 + WEIR_HASH_BYTES;
    memcpy(reference->bytes + 1, hash.bytes, WEIR_HASH_BYTES);
    reference->length = sizeof(reference->bytes);
    return WEIR_OK;
}

static enum weir_err
build_leaf(struct prover *prover, size_t place, size_t depth, struct reference *reference)
{
    struct weir_scope *scope = prover->scope;
    struct weir_nibbles path = path_at(place, prover->count);
    struct weir_slice value = prover->items[position_at(place, prover->count)];
    prover->items_of_leaf.length = 0;
    prover->leaf.length = 0;
    enum weir_err err = put_path(scope, &prover->items_of_leaf, path.items + depth,
                                 path.count - depth, WEIR_NIBBLES_LEAF);
    if (err == WEIR_OK)
        err = weir_rlp_put_bytes(scope, &prover->items_of_leaf, value.data, value.length);
    if (err == WEIR_OK)
        err = weir_rlp_put_list(scope, &prover->leaf, weir_buffer_slice(&prover->items_of_leaf));
    if (err != WEIR_OK)
        return err;
    return refer(prover, weir_buffer_slice(&prover->leaf), place == prover->target, reference);
}

/* The node over the keys [first, end) behind their common `depth` nibbles. */
static enum weir_err
build(struct prover *prover, size_t first, size_t end, size_t depth, struct reference *reference);

/* Appends the 16 references and the empty value of a branch. */
static enum weir_err put_branches(struct prover *prover,
                                  size_t first,
                                  size_t end,
                                  size_t depth,
                                  struct weir_buffer *items)
{
    enum weir_err err = WEIR_OK;
    for (unsigned nibble = 0; nibble < BRANCHES && err == WEIR_OK; nibble++) {
        size_t next = first;
        while (next < end && path_at(next, prover->count).items[depth] == nibble)
            next++;
        if (next == first) {
            err = weir_rlp_put_bytes(prover->scope, items, NULL, 0);
            continue;
        }
        struct reference child = {.length = 0};
        err = build(prover, first, next, depth + 1, &child);
        if (err == WEIR_OK)
            err = weir_buffer_put(prover->scope, items, child.bytes, child.length);
        first = next;
    }
    assert(err != WEIR_OK || first == end);
    if (err == WEIR_OK)
        err = weir_rlp_put_bytes(prover->scope, items, NULL, 0);
    return err;
}

/* Recursion ends because every level takes at least one of at most DEPTH_MAX nibbles. */
static enum weir_err
build(struct prover *prover, size_t first, size_t end, size_t depth, struct reference *reference)
{
    assert(first < end && depth <= DEPTH_MAX);
    if (end - first == 1)
        return build_leaf(prover, first, depth, reference);
    struct weir_nibbles lowest = path_at(first, prover->count);
    struct weir_nibbles highest = path_at(end - 1, prover->count);
    size_t common = 0;
    while (lowest.items[depth + common] == highest.items[depth + common])
        common++; /* ends, because no key is the beginning of another */

    uint8_t items_bytes[INNER_NODE_BYTES_MAX];
    uint8_t node_bytes[INNER_NODE_BYTES_MAX];
    struct weir_buffer items = {.data = items_bytes, .capacity = sizeof(items_bytes)};
    struct weir_buffer node = {.data = node_bytes, .capacity = sizeof(node_bytes)};
    enum weir_err err;
    if (common > 0) {
        struct reference child = {.length = 0};
        err = build(prover, first, end, depth + common, &child);
        if (err == WEIR_OK)
            err = put_path(prover->scope, &items, lowest.items + depth, common, 0);
        if (err == WEIR_OK)
            err = weir_buffer_put(prover->scope, &items, child.bytes, child.length);
    } else {
        err = put_branches(prover, first, end, depth, &items);
    }
    if (err == WEIR_OK)
        err = weir_rlp_put_list(prover->scope, &node, weir_buffer_slice(&items));
    if (err != WEIR_OK)
        return err;
    bool is_on_path = first <= prover->target && prover->target < end;
    return refer(prover, weir_buffer_slice(&node), is_on_path, reference);
}

enum weir_err weir_trie_prove(struct weir_scope *scope,
                              const struct weir_slice *items,
                              size_t item_count,
                              size_t position,
                              struct weir_trie_proof *proof,
                              struct weir_hash *root)
{
    if (item_count > WEIR_TRIE_ITEMS_MAX)
        return weir_fail(scope, WEIR_E_LIMIT, "%zu items in one trie", item_count);
    if (position >= item_count)
        return weir_fail(scope, WEIR_E_RANGE, "position %zu of %zu", position, item_count);
    struct prover prover = {
        .scope = scope,
        .items = items,
        .count = item_count,
        .target = place_of(position, item_count),
    };
    struct reference top = {.length = 0};
    enum weir_err err = build(&prover, 0, item_count, 0, &top);
    if (err != WEIR_OK)
        return err;
    if (top.length < sizeof(top.bytes)) { /* a short root is hashed all the same */
        uint8_t *kept = weir_take(scope, top.length, 1);
        if (kept == NULL)
            return scope->err;
        memcpy(kept, top.bytes, top.length);
        prover.nodes[prover.node_count++] = (struct weir_slice){kept, top.length};
    }
    struct weir_trie_proof made = {.node_count = prover.node_count};
    for (size_t i = 0; i < made.node_count; i++)
        made.nodes[i] = prover.nodes[made.node_count - 1 - i];
    *proof = made;
    *root = weir_keccak_of(made.nodes[0].data, made.nodes[0].length);
    return WEIR_OK;
}
