#include "attest/trie.h"

#include <assert.h>
#include <string.h>

#include "attest/keccak.h"
#include "attest/nibbles.h"
#include "attest/rlp.h"

#define BRANCHES 16
#define BRANCH_ITEMS 17
#define PAIR_ITEMS 2

/* Where the verifier stands. */
struct walk {
    const struct weir_trie_proof *proof;
    size_t used; /* nodes of the proof */
    struct weir_nibbles path;
    size_t depth;           /* nibbles of the path already followed */
    struct weir_slice node; /* to be looked at next */
    bool is_done;
    struct weir_slice value;
};

/* The node of the proof that hashes to `hash`. */
static enum weir_err
enter(struct weir_scope *scope, struct walk *walk, const uint8_t hash[static WEIR_HASH_BYTES])
{
    if (walk->used == walk->proof->node_count)
        return weir_fail(scope, WEIR_E_INCLUSION, "the trie proof ends after %zu nodes",
                         walk->used);
    struct weir_slice node = walk->proof->nodes[walk->used];
    struct weir_hash found = weir_keccak_of(node.data, node.length);
    if (memcmp(found.bytes, hash, WEIR_HASH_BYTES) != 0)
        return weir_fail(scope, WEIR_E_INCLUSION, "node %zu of the trie proof has another hash",
                         walk->used);
    if (walk->used > 0 && node.length < WEIR_HASH_BYTES)
        return weir_fail(scope, WEIR_E_PARSE, "node %zu is short and belongs into its parent",
                         walk->used);
    walk->used++;
    walk->node = node;
    return WEIR_OK;
}

/* What stands in a parent for a child: nothing, its hash, or the child itself. */
static enum weir_err check_child(struct weir_scope *scope, const struct weir_rlp *child)
{
    if (child->is_list ? child->whole.length < WEIR_HASH_BYTES
                       : child->body.length == 0 || child->body.length == WEIR_HASH_BYTES)
        return WEIR_OK;
    return weir_fail(scope, WEIR_E_PARSE, "a child of %zu bytes", child->whole.length);
}

static enum weir_err
descend(struct weir_scope *scope, struct walk *walk, const struct weir_rlp *child)
{
    enum weir_err err = check_child(scope, child);
    if (err != WEIR_OK)
        return err;
    if (!child->is_list && child->body.length == 0)
        return weir_fail(scope, WEIR_E_INCLUSION, "the trie has no item at this position");
    if (!child->is_list)
        return enter(scope, walk, child->body.data);
    walk->node = child->whole;
    return WEIR_OK;
}

static enum weir_err
finish(struct weir_scope *scope, struct walk *walk, const struct weir_rlp *value)
{
    if (value->is_list)
        return weir_fail(scope, WEIR_E_PARSE, "a list where a trie has an item");
    if (value->body.length == 0)
        return weir_fail(scope, WEIR_E_INCLUSION, "the trie has no item at this position");
    walk->is_done = true;
    walk->value = value->body;
    return WEIR_OK;
}

static enum weir_err follow_branch(struct weir_scope *scope,
                                   struct walk *walk,
                                   const struct weir_rlp items[static BRANCH_ITEMS])
{
    for (unsigned i = 0; i < BRANCHES; i++)
        if (check_child(scope, &items[i]) != WEIR_OK)
            return weir_note(scope, "branch %u", i);
    if (walk->depth == walk->path.count)
        return finish(scope, walk, &items[BRANCHES]);
    return descend(scope, walk, &items[walk->path.items[walk->depth++]]);
}

/* A leaf or an extension: the path's first nibble tells which, and whether their number is odd. */
static enum weir_err follow_pair(struct weir_scope *scope,
                                 struct walk *walk,
                                 const struct weir_rlp items[static PAIR_ITEMS])
{
    struct weir_slice packed = items[0].body;
    if (items[0].is_list || packed.length == 0 ||
        packed.data[0] >> 4 > (WEIR_NIBBLES_LEAF | WEIR_NIBBLES_ODD))
        return weir_fail(scope, WEIR_E_PARSE, "a path that is not hex-prefixed");
    unsigned flags = packed.data[0] >> 4;
    if ((flags & WEIR_NIBBLES_ODD) == 0 && (packed.data[0] & 15) != 0)
        return weir_fail(scope, WEIR_E_PARSE, "a path with filled padding");
    size_t at = (flags & WEIR_NIBBLES_ODD) != 0 ? 1 : 2;
    size_t length = 2 * packed.length - at;
    if (length > walk->path.count - walk->depth)
        return weir_fail(scope, WEIR_E_INCLUSION, "the trie leads to another position");
    for (size_t i = 0; i < length; i++, at++) {
        unsigned nibble = at % 2 == 0 ? packed.data[at / 2] >> 4 : packed.data[at / 2] & 15u;
        if (nibble != walk->path.items[walk->depth++])
            return weir_fail(scope, WEIR_E_INCLUSION, "the trie leads to another position");
    }
    if ((flags & WEIR_NIBBLES_LEAF) == 0) {
        if (length == 0)
            return weir_fail(scope, WEIR_E_PARSE, "an extension by nothing");
        return descend(scope, walk, &items[1]);
    }
    if (walk->depth != walk->path.count)
        return weir_fail(scope, WEIR_E_INCLUSION, "the trie leads to another position");
    return finish(scope, walk, &items[1]);
}

static enum weir_err follow(struct weir_scope *scope, struct walk *walk)
{
    struct weir_slice behind = walk->node;
    struct weir_slice rest;
    enum weir_err err = weir_rlp_get_list(scope, &behind, &rest);
    if (err == WEIR_OK)
        err = weir_rlp_get_end(scope, behind);
    struct weir_rlp items[BRANCH_ITEMS];
    size_t count = 0;
    while (err == WEIR_OK && rest.length > 0) {
        if (count == BRANCH_ITEMS)
            return weir_fail(scope, WEIR_E_PARSE, "a trie node of more than 17 items");
        err = weir_rlp_next(scope, &rest, &items[count++]);
    }
    if (err != WEIR_OK)
        return err;
    if (count == BRANCH_ITEMS)
        return follow_branch(scope, walk, items);
    if (count == PAIR_ITEMS)
        return follow_pair(scope, walk, items);
    return weir_fail(scope, WEIR_E_PARSE, "a trie node of %zu items", count);
}

enum weir_err weir_trie_verify(struct weir_scope *scope,
                               const struct weir_hash *root,
                               uint64_t position,
                               const struct weir_trie_proof *proof,
                               struct weir_slice *value)
{
    assert(proof->node_count <= WEIR_TRIE_NODES_MAX);
    struct walk walk = {.proof = proof, .path = weir_nibbles_of(position)};
    enum weir_err err = enter(scope, &walk, root->bytes);
    /* every turn but the last follows at least one nibble, so the path's length bounds the loop */
    while (err == WEIR_OK && !walk.is_done) {
        err = follow(scope, &walk);
        if (err != WEIR_OK)
            return weir_note(scope, "node %zu of the trie proof", walk.used - 1);
    }
    if (err != WEIR_OK)
        return err;
    if (walk.used != proof->node_count)
        return weir_fail(scope, WEIR_E_INCLUSION, "%zu nodes of the trie proof are not used",
                         proof->node_count - walk.used);
    *value = walk.value;
    return WEIR_OK;
}
