/* Goal: a run of leaves is accepted exactly where it stands, and every checkpoint inside the run is
 * checked on the way.
 * Method: all 86 vectors, the running hash over all 374,660 proofs of trees up to 130 leaves, every
 * intermediate root of many runs, and a tree of a million leaves behind tiles that counts reads. */
#include "attest/range.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "attest/tile.h"
#include "base/arena.h"
#include "tests/unit/attest/with_tlog.h"

#define LEAVES_MAX 130
#define LEVELS 8
#define CASES 374660
#define HASHES_MAX 13
#define CHECK_EVERY 7 /* of all those proofs, every seventh is also verified */
#define VECTOR_LEAVES_MAX 512

/* All complete subtrees of a small tree whose leaf i is the single byte i. */
static struct weir_hash subtrees[LEVELS][LEAVES_MAX];
static struct weir_hash roots[LEAVES_MAX + 1];

static int make_subtrees(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEAVES_MAX; i++) {
        uint8_t byte = (uint8_t)i;
        subtrees[0][i] = weir_merkle_leaf((struct weir_slice){&byte, 1});
    }
    for (unsigned level = 1; level < LEVELS; level++)
        for (size_t i = 0; i < (size_t)LEAVES_MAX >> level; i++)
            subtrees[level][i] =
                weir_merkle_node(&subtrees[level - 1][2 * i], &subtrees[level - 1][2 * i + 1]);
    for (size_t size = 0; size <= LEAVES_MAX; size++)
        roots[size] = weir_merkle_root(subtrees[0], size);
    return 0;
}

static enum weir_err small_subtree(void *context,
                                   struct weir_scope *scope,
                                   unsigned level,
                                   uint64_t index,
                                   struct weir_hash *hash)
{
    (void)context;
    (void)scope;
    assert_true(level < LEVELS && index < (uint64_t)LEAVES_MAX >> level);
    *hash = subtrees[level][index];
    return WEIR_OK;
}

static const struct weir_merkle_source small = {.subtree = small_subtree};

/* Verifies a run of the small tree and every root on the way. */
static void assert_run_verifies(struct weir_range range, const struct weir_merkle_proof *proof)
{
    struct weir_scope scope = {0};
    struct weir_range_check check;
    assert_int_equal(weir_range_begin(&check, &scope, range, proof->hashes, proof->count), WEIR_OK);
    for (uint64_t i = range.start; i < range.end; i++) {
        assert_int_equal(weir_range_next(&check), i);
        assert_int_equal(weir_range_push(&check, &scope, &subtrees[0][i]), WEIR_OK);
        struct weir_hash here = weir_range_root_here(&check);
        assert_true(weir_hash_equal(&here, &roots[i + 1]));
    }
    assert_int_equal(weir_range_finish(&check, &scope, &roots[range.size]), WEIR_OK);
}

/* Makes one proof and adds its line to the running hash. */
static void
add_proof(struct weir_sha256 *running, struct weir_range range, struct weir_merkle_proof *proof)
{
    struct weir_scope scope = {0};
    char line[32 + HASHES_MAX * WEIR_HASH_HEX_BYTES + 2];
    assert_int_equal(weir_range_make(&small, &scope, range, proof), WEIR_OK);
    assert_true(proof->count <= HASHES_MAX);
    assert_int_equal(proof->count, weir_range_hash_count(range));
    int at = snprintf(line, 32, "[%d, %d) %d", (int)range.start, (int)range.end, (int)range.size);
    for (size_t i = 0; i < proof->count; i++, at += WEIR_HASH_HEX_BYTES) {
        line[at] = ' ';
        weir_hash_hex(&proof->hashes[i], line + at + 1);
    }
    line[at++] = '\n';
    weir_sha256_update(running, line, (size_t)at);
}

static void every_proof_of_small_trees_is_the_known_one(void **state)
{
    (void)state;
    tlog_require();
    struct weir_sha256 running;
    size_t count = 0;
    weir_sha256_init(&running);
    for (uint64_t size = 1; size <= LEAVES_MAX; size++) {
        for (uint64_t end = 1; end <= size; end++) {
            for (uint64_t start = 0; start < end; start++, count++) {
                struct weir_range range = {start, end, size};
                struct weir_merkle_proof proof;
                add_proof(&running, range, &proof);
                if (count % CHECK_EVERY == 0)
                    assert_run_verifies(range, &proof);
            }
        }
    }
    assert_int_equal(count, CASES);
    struct weir_hash hash = weir_sha256_final(&running);
    struct weir_hash expected;
    json_t *root = tlog_load("generated/range-proof-accumulated.json");
    tlog_hex(root, "sha256", expected.bytes, WEIR_HASH_BYTES);
    json_decref(root);
    assert_true(weir_hash_equal(&hash, &expected));
}

static bool vector_is_accepted(const json_t *vector)
{
    static struct weir_hash leaves[VECTOR_LEAVES_MAX];
    struct weir_hash proof[WEIR_MERKLE_PROOF_MAX];
    struct weir_hash root;
    size_t leaf_count;
    size_t proof_count;
    if (!tlog_hashes(tlog_get(vector, "leafHashes"), leaves, VECTOR_LEAVES_MAX, &leaf_count) ||
        !tlog_hashes(tlog_get(vector, "proof"), proof, WEIR_MERKLE_PROOF_MAX, &proof_count) ||
        !tlog_hash(tlog_get(vector, "root"), &root))
        return false;
    struct weir_range range = {tlog_u64(vector, "start"), tlog_u64(vector, "end"),
                               tlog_u64(vector, "size")};
    struct weir_scope scope = {0};
    struct weir_range_check check;
    enum weir_err err = weir_range_begin(&check, &scope, range, proof, proof_count);
    for (size_t i = 0; err == WEIR_OK && i < leaf_count; i++)
        err = weir_range_push(&check, &scope, &leaves[i]);
    return err == WEIR_OK && weir_range_finish(&check, &scope, &root) == WEIR_OK;
}

static void all_vectors_have_the_outcome_they_should(void **state)
{
    (void)state;
    tlog_require();
    json_t *root = tlog_load("generated/range-proof-vectors.json");
    const json_t *cases = tlog_get(root, "cases");
    assert_int_equal(json_array_size(cases), 86);
    size_t index;
    const json_t *vector;
    json_array_foreach(cases, index, vector)
    {
        bool is_accepted = vector_is_accepted(vector);
        if (is_accepted == json_is_true(tlog_get(vector, "wantErr")))
            fail_msg("case %zu (%s) is %s", index, tlog_text(vector, "desc"),
                     is_accepted ? "accepted" : "refused");
    }
    json_decref(root);
}

static void impossible_ranges_are_refused(void **state)
{
    (void)state;
    const struct weir_range ranges[] = {
        {0, 0, 0}, {0, 0, 5}, {3, 3, 5}, {4, 3, 5}, {0, 6, 5}, {0, 1, UINT64_MAX},
    };
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        struct weir_scope scope = {0};
        struct weir_merkle_proof proof;
        struct weir_range_check check;
        assert_int_equal(weir_range_make(&small, &scope, ranges[i], &proof), WEIR_E_RANGE);
        weir_scope_recover(&scope);
        assert_int_equal(weir_range_begin(&check, &scope, ranges[i], NULL, 0), WEIR_E_RANGE);
    }
}

static void a_leaf_too_many_or_too_few_is_refused(void **state)
{
    (void)state;
    struct weir_scope scope = {0};
    struct weir_range range = {5, 8, 11};
    struct weir_merkle_proof proof;
    struct weir_range_check check;
    assert_int_equal(weir_range_make(&small, &scope, range, &proof), WEIR_OK);
    assert_int_equal(weir_range_begin(&check, &scope, range, proof.hashes, proof.count), WEIR_OK);
    assert_int_equal(weir_range_push(&check, &scope, &subtrees[0][5]), WEIR_OK);
    assert_int_equal(weir_range_push(&check, &scope, &subtrees[0][6]), WEIR_OK);
    assert_int_equal(weir_range_finish(&check, &scope, &roots[11]), WEIR_E_INCLUSION);
    weir_scope_recover(&scope);
    assert_int_equal(weir_range_push(&check, &scope, &subtrees[0][7]), WEIR_OK);
    assert_int_equal(weir_range_push(&check, &scope, &subtrees[0][8]), WEIR_E_INCLUSION);
}

/* A log of a million leaves as a ledger keeps it: tiles. */
#define MANY 1000000
#define TILE_LEVELS 3
static struct weir_hash *stored[TILE_LEVELS];
static unsigned tile_reads;

static enum weir_err stored_read(void *context,
                                 struct weir_scope *scope,
                                 struct weir_tile tile,
                                 struct weir_hash *hashes)
{
    (void)context;
    (void)scope;
    assert_true(tile.level < TILE_LEVELS);
    uint64_t first = tile.index * WEIR_TILE_WIDTH;
    assert_true(first + tile.width <= weir_tile_hashes(MANY, tile.level));
    memcpy(hashes, &stored[tile.level][first], tile.width * sizeof(*hashes));
    tile_reads++;
    return WEIR_OK;
}

static void make_stored(void)
{
    for (unsigned level = 0; level < TILE_LEVELS; level++) {
        size_t count = (size_t)weir_tile_hashes(MANY, level);
        stored[level] = calloc(count, sizeof(struct weir_hash));
        assert_non_null(stored[level]);
        for (size_t i = 0; i < count; i++) {
            if (level == 0)
                weir_put_u64(stored[0][i].bytes, i * 0x9e3779b97f4a7c15u);
            else
                stored[level][i] = weir_tile_root(&stored[level - 1][i * WEIR_TILE_WIDTH]);
        }
    }
}

static void a_proof_over_a_million_leaves_reads_a_few_tiles(void **state)
{
    (void)state;
    make_stored();
    struct weir_hash root = weir_merkle_root(stored[0], MANY);
    const struct weir_range ranges[] = {
        {0, 1, MANY},
        {0, 8640, MANY},
        {123457, 132097, MANY},
        {999999, 1000000, MANY},
        {MANY - 8640, MANY, MANY},
        {65535, 65537, MANY},
    };
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        struct weir_arena *arena = weir_arena_new(1 << 20);
        struct weir_scope scope = {.arena = arena};
        struct weir_tile_source tiles = {.read = stored_read, .size = MANY};
        struct weir_merkle_source source = weir_tile_source(&tiles);
        struct weir_merkle_proof proof;
        tile_reads = 0;
        assert_int_equal(weir_range_make(&source, &scope, ranges[i], &proof), WEIR_OK);
        /* Left of the run, right of it, and at the ragged end: a tile per level each. */
        assert_true(tile_reads <= 3 * TILE_LEVELS);
        assert_true(proof.count <= 40);
        struct weir_range_check check;
        assert_int_equal(weir_range_begin(&check, &scope, ranges[i], proof.hashes, proof.count),
                         WEIR_OK);
        for (uint64_t leaf = ranges[i].start; leaf < ranges[i].end; leaf++)
            assert_int_equal(weir_range_push(&check, &scope, &stored[0][leaf]), WEIR_OK);
        assert_int_equal(weir_range_finish(&check, &scope, &root), WEIR_OK);
        struct weir_merkle_head old;
        struct weir_merkle_head head = {MANY, root};
        old.size = ranges[i].end;
        assert_int_equal(weir_merkle_fetch_root(&source, &scope, old.size, &old.root), WEIR_OK);
        assert_int_equal(weir_merkle_consistency_make(&source, &scope, old.size, MANY, &proof),
                         WEIR_OK);
        assert_int_equal(
            weir_merkle_consistency_check(&scope, &old, &head, proof.hashes, proof.count), WEIR_OK);
        weir_arena_free(arena);
    }
    for (unsigned level = 0; level < TILE_LEVELS; level++)
        free(stored[level]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_proof_of_small_trees_is_the_known_one),
        cmocka_unit_test(all_vectors_have_the_outcome_they_should),
        cmocka_unit_test(impossible_ranges_are_refused),
        cmocka_unit_test(a_leaf_too_many_or_too_few_is_refused),
        cmocka_unit_test(a_proof_over_a_million_leaves_reads_a_few_tiles),
    };
    return tlog_finish(cmocka_run_group_tests_name("range", tests, make_subtrees, NULL));
}
