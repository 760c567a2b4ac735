/* Goal: trees, their edge, and inclusion and consistency proofs are exactly those of RFC 6962.
 * Method: the 518 probes of transparency-dev/merkle, the running hashes of the draft on subtrees,
 * real tiles of a public log, and round trips over all small trees. */
#include "attest/merkle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "attest/subtree.h"
#include "base/arena.h"
#include "base/text.h"
#include "tests/unit/attest/with_tlog.h"

#define LEAVES_MAX 130
#define PROBES 518

/* Hashes of trees whose leaf i is the single byte i. */
static struct weir_hash small_leaves[LEAVES_MAX];
static struct weir_merkle_leaves small = {.leaves = small_leaves, .count = LEAVES_MAX};

static int make_small_leaves(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEAVES_MAX; i++) {
        uint8_t byte = (uint8_t)i;
        small_leaves[i] = weir_merkle_leaf((struct weir_slice){&byte, 1});
    }
    return 0;
}

/* MTH of RFC 6962 2.1, word for word. */
static struct weir_hash reference_root(const struct weir_hash *leaves, size_t count)
{
    if (count == 0)
        return weir_merkle_empty();
    if (count == 1)
        return leaves[0];
    size_t split = 1;
    while (2 * split < count)
        split *= 2;
    struct weir_hash left = reference_root(leaves, split);
    struct weir_hash right = reference_root(leaves + split, count - split);
    return weir_merkle_node(&left, &right);
}

static void assert_hash(const struct weir_hash *hash, const char *hex)
{
    char text[WEIR_HASH_HEX_BYTES];
    weir_hash_hex(hash, text);
    assert_string_equal(text, hex);
}

static void the_empty_tree_has_the_hash_of_nothing(void **state)
{
    (void)state;
    struct weir_edge edge = {0};
    struct weir_hash root = weir_edge_root(&edge);
    assert_hash(&root, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void every_small_tree_has_the_root_of_the_definition(void **state)
{
    (void)state;
    struct weir_scope scope = {0};
    struct weir_merkle_source source = weir_merkle_leaves_source(&small);
    struct weir_edge edge = {0};
    for (size_t size = 0; size <= LEAVES_MAX; size++) {
        struct weir_hash expected = reference_root(small_leaves, size);
        struct weir_hash root = weir_edge_root(&edge);
        assert_true(weir_hash_equal(&root, &expected));
        root = weir_merkle_root(small_leaves, size);
        assert_true(weir_hash_equal(&root, &expected));
        assert_int_equal(weir_merkle_fetch_root(&source, &scope, size, &root), WEIR_OK);
        assert_true(weir_hash_equal(&root, &expected));
        if (size < LEAVES_MAX)
            weir_edge_append(&edge, &small_leaves[size]);
    }
}

static void an_edge_survives_writing_and_reading(void **state)
{
    (void)state;
    struct weir_scope scope = {0};
    struct weir_merkle_source source = weir_merkle_leaves_source(&small);
    for (size_t size = 0; size <= LEAVES_MAX; size++) {
        struct weir_edge edge = {0};
        struct weir_edge fetched;
        uint8_t bytes[WEIR_EDGE_BYTES_MAX];
        uint8_t other[WEIR_EDGE_BYTES_MAX];
        weir_edge_append_many(&edge, small_leaves, size);
        size_t length = weir_edge_write(&edge, bytes);
        assert_int_equal(weir_edge_fetch(&source, &scope, size, &fetched), WEIR_OK);
        assert_int_equal(weir_edge_write(&fetched, other), length);
        assert_memory_equal(bytes, other, length);
        struct weir_edge read;
        assert_int_equal(weir_edge_read(&scope, (struct weir_slice){bytes, length}, &read),
                         WEIR_OK);
        struct weir_hash root = weir_edge_root(&read);
        struct weir_hash expected = reference_root(small_leaves, size);
        assert_true(weir_hash_equal(&root, &expected));
        struct weir_slice cut = {bytes, length - 1};
        assert_int_equal(weir_edge_read(&scope, cut, &read), WEIR_E_PARSE);
        weir_scope_recover(&scope);
    }
}

static void an_edge_grows_by_whole_subtrees(void **state)
{
    (void)state;
    struct weir_edge edge = {0};
    for (size_t at = 0; at < 128; at += 32) {
        struct weir_hash subtree = reference_root(small_leaves + at, 32);
        weir_edge_append_subtree(&edge, 5, &subtree);
    }
    weir_edge_append(&edge, &small_leaves[128]);
    struct weir_hash root = weir_edge_root(&edge);
    struct weir_hash expected = reference_root(small_leaves, 129);
    assert_true(weir_hash_equal(&root, &expected));
}

/* A root of 32 bytes, or what stands for one of another length: some probes with equal roots of odd
 * lengths are accepted.  The name keeps it apart from all others. */
static void root_read(const json_t *text, struct weir_hash *hash)
{
    if (tlog_hash(text, hash))
        return;
    struct weir_sha256 state;
    weir_sha256_init(&state);
    weir_sha256_update(&state, "odd", 3);
    weir_sha256_update(&state, json_string_value(text), json_string_length(text));
    *hash = weir_sha256_final(&state);
}

/* What the probes have in common. */
struct probe {
    struct weir_hash proof[WEIR_MERKLE_PROOF_MAX];
    struct weir_hash first;
    struct weir_hash second;
    size_t proof_count;
};

/* False when a hash has a wrong length. */
static bool proof_read(const json_t *vector, struct probe *probe)
{
    return tlog_hashes(tlog_get(vector, "proof"), probe->proof, WEIR_MERKLE_PROOF_MAX,
                       &probe->proof_count);
}

static bool inclusion_read(const json_t *vector, struct probe *probe)
{
    return proof_read(vector, probe) && tlog_hash(tlog_get(vector, "leafHash"), &probe->first) &&
           tlog_hash(tlog_get(vector, "root"), &probe->second);
}

static bool consistency_read(const json_t *vector, struct probe *probe)
{
    root_read(tlog_get(vector, "root1"), &probe->first);
    root_read(tlog_get(vector, "root2"), &probe->second);
    return proof_read(vector, probe);
}

static void judge(const char *name, const json_t *vector, bool is_accepted)
{
    if (is_accepted == json_is_true(tlog_get(vector, "wantErr")))
        fail_msg("%s is %s", name, is_accepted ? "accepted" : "refused");
}

static void probe_inclusion(const char *name, const json_t *vector)
{
    struct weir_scope scope = {0};
    struct probe probe;
    bool is_accepted = inclusion_read(vector, &probe);
    if (is_accepted) {
        struct weir_merkle_head head = {.size = tlog_u64(vector, "treeSize"), .root = probe.second};
        is_accepted =
            weir_merkle_inclusion_check(&scope, &head, tlog_u64(vector, "leafIdx"), &probe.first,
                                        probe.proof, probe.proof_count) == WEIR_OK;
    }
    judge(name, vector, is_accepted);
}

static void probe_consistency(const char *name, const json_t *vector)
{
    struct weir_scope scope = {0};
    struct probe probe;
    bool is_accepted = consistency_read(vector, &probe);
    if (is_accepted) {
        struct weir_merkle_head old = {.size = tlog_u64(vector, "size1"), .root = probe.first};
        struct weir_merkle_head head = {.size = tlog_u64(vector, "size2"), .root = probe.second};
        is_accepted = weir_merkle_consistency_check(&scope, &old, &head, probe.proof,
                                                    probe.proof_count) == WEIR_OK;
    }
    judge(name, vector, is_accepted);
}

static struct weir_subtree vector_subtree(const json_t *vector)
{
    return (struct weir_subtree){.start = tlog_u64(vector, "start"),
                                 .end = tlog_u64(vector, "end")};
}

static void probe_subtree_inclusion(const char *name, const json_t *vector)
{
    struct weir_scope scope = {0};
    struct probe probe;
    bool is_accepted = inclusion_read(vector, &probe);
    if (is_accepted) {
        struct weir_hash_list path = {probe.proof, probe.proof_count};
        is_accepted = weir_subtree_inclusion_check(&scope, vector_subtree(vector),
                                                   tlog_u64(vector, "leafIdx"), &probe.first, path,
                                                   &probe.second) == WEIR_OK;
    }
    judge(name, vector, is_accepted);
}

static void probe_subtree_consistency(const char *name, const json_t *vector)
{
    struct weir_scope scope = {0};
    struct probe probe;
    bool is_accepted = consistency_read(vector, &probe);
    if (is_accepted) {
        struct weir_hash_list path = {probe.proof, probe.proof_count};
        struct weir_merkle_head head = {.size = tlog_u64(vector, "size"), .root = probe.second};
        is_accepted = weir_subtree_consistency_check(&scope, vector_subtree(vector), &probe.first,
                                                     &head, path) == WEIR_OK;
    }
    judge(name, vector, is_accepted);
}

static void all_probes_have_the_outcome_they_should(void **state)
{
    (void)state;
    tlog_require();
    size_t count = tlog_walk("merkle/inclusion", probe_inclusion);
    count += tlog_walk("merkle/consistency", probe_consistency);
    count += tlog_walk("merkle/subtreeinclusion", probe_subtree_inclusion);
    count += tlog_walk("merkle/subtreeconsistency", probe_subtree_consistency);
    assert_int_equal(count, PROBES);
}

/* A running SHA-256 over lines of text. */
struct running {
    struct weir_sha256 sha;
};

static void add_text(struct running *running, const char *text)
{
    weir_sha256_update(&running->sha, text, strlen(text));
}

static void add_hashes(struct running *running, const struct weir_hash *hashes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char text[1 + WEIR_HASH_HEX_BYTES] = " ";
        weir_hash_hex(&hashes[i], text + 1);
        add_text(running, text);
    }
    add_text(running, "\n");
}

static void add_subtree(struct running *running, struct weir_subtree subtree)
{
    char text[64];
    snprintf(text, sizeof(text), "[%d, %d)", (int)subtree.start, (int)subtree.end);
    add_text(running, text);
}

static void assert_running(struct running *running, const char *name)
{
    struct weir_hash hash = weir_sha256_final(&running->sha);
    json_t *root = tlog_load("plants/accumulated.json");
    size_t index;
    json_t *vector;
    bool is_found = false;
    json_array_foreach(json_object_get(root, "vectors"), index, vector)
    {
        if (strcmp(tlog_text(vector, "name"), name) != 0)
            continue;
        assert_hash(&hash, tlog_text(vector, "sha256"));
        is_found = true;
    }
    assert_true(is_found);
    json_decref(root);
}

static void subtree_hashes_are_those_of_the_draft(void **state)
{
    (void)state;
    tlog_require();
    struct weir_scope scope = {0};
    struct weir_merkle_source source = weir_merkle_leaves_source(&small);
    struct running running;
    weir_sha256_init(&running.sha);
    for (uint64_t end = 0; end <= LEAVES_MAX; end++) {
        for (uint64_t start = 0; start <= end; start++) {
            struct weir_subtree subtree = {start, end};
            struct weir_hash root;
            if (!weir_subtree_is_valid(subtree))
                continue;
            assert_int_equal(weir_subtree_root(&source, &scope, subtree, &root), WEIR_OK);
            add_subtree(&running, subtree);
            add_hashes(&running, &root, 1);
        }
    }
    assert_running(&running, "subtree hashes");
}

static void inclusion_proofs_are_those_of_the_draft_and_verify(void **state)
{
    (void)state;
    tlog_require();
    struct weir_scope scope = {0};
    struct weir_merkle_source source = weir_merkle_leaves_source(&small);
    struct running running;
    weir_sha256_init(&running.sha);
    for (uint64_t end = 0; end <= LEAVES_MAX; end++) {
        for (uint64_t start = 0; start <= end; start++) {
            struct weir_subtree subtree = {start, end};
            struct weir_hash root = reference_root(small_leaves + start, (size_t)(end - start));
            for (uint64_t i = start; i < end && weir_subtree_is_valid(subtree); i++) {
                struct weir_merkle_proof proof;
                char text[32];
                assert_int_equal(weir_subtree_inclusion_make(&source, &scope, subtree, i, &proof),
                                 WEIR_OK);
                snprintf(text, sizeof(text), "%d ", (int)i);
                add_text(&running, text);
                add_subtree(&running, subtree);
                add_hashes(&running, proof.hashes, proof.count);
                struct weir_hash_list path = {proof.hashes, proof.count};
                assert_int_equal(
                    weir_subtree_inclusion_check(&scope, subtree, i, &small_leaves[i], path, &root),
                    WEIR_OK);
            }
        }
    }
    assert_running(&running, "subtree inclusion proofs");
}

static void consistency_proofs_are_those_of_the_draft_and_verify(void **state)
{
    (void)state;
    tlog_require();
    struct weir_scope scope = {0};
    struct weir_merkle_source source = weir_merkle_leaves_source(&small);
    struct running running;
    weir_sha256_init(&running.sha);
    for (uint64_t size = 0; size <= LEAVES_MAX; size++) {
        struct weir_merkle_head head = {size, reference_root(small_leaves, (size_t)size)};
        for (uint64_t end = 0; end <= size; end++) {
            for (uint64_t start = 0; start <= end; start++) {
                struct weir_subtree subtree = {start, end};
                if (!weir_subtree_is_valid(subtree))
                    continue;
                struct weir_merkle_proof proof;
                struct weir_hash root = reference_root(small_leaves + start, (size_t)(end - start));
                char text[32];
                assert_int_equal(
                    weir_subtree_consistency_make(&source, &scope, subtree, size, &proof), WEIR_OK);
                add_subtree(&running, subtree);
                snprintf(text, sizeof(text), " %d", (int)size);
                add_text(&running, text);
                add_hashes(&running, proof.hashes, proof.count);
                struct weir_hash_list path = {proof.hashes, proof.count};
                assert_int_equal(
                    weir_subtree_consistency_check(&scope, subtree, &root, &head, path), WEIR_OK);
            }
        }
    }
    assert_running(&running, "subtree consistency proofs");
}

static void covers_are_those_of_the_draft(void **state)
{
    (void)state;
    tlog_require();
    struct running running;
    weir_sha256_init(&running.sha);
    for (uint64_t end = 0; end <= LEAVES_MAX; end++) {
        for (uint64_t start = 0; start <= end; start++) {
            struct weir_subtree cover[2];
            weir_subtree_cover((struct weir_subtree){start, end}, cover);
            assert_true(weir_subtree_is_valid(cover[0]) && weir_subtree_is_valid(cover[1]));
            add_subtree(&running, cover[0]);
            add_text(&running, " ");
            add_subtree(&running, cover[1]);
            add_text(&running, "\n");
        }
    }
    assert_running(&running, "covering subtrees");
}

static void a_proof_from_the_empty_tree_is_refused(void **state)
{
    (void)state;
    struct weir_scope scope = {0};
    struct weir_merkle_head old = {0, weir_merkle_empty()};
    struct weir_merkle_head head = {1, small_leaves[0]};
    assert_int_equal(weir_merkle_consistency_check(&scope, &old, &head, NULL, 0), WEIR_E_INCLUSION);
}

static void a_leaf_of_the_sample_proof_is_included(void **state)
{
    (void)state;
    tlog_require();
    struct weir_arena *arena = weir_arena_new(1 << 20);
    struct weir_scope scope = {.arena = arena};
    struct weir_hash leaves[300];
    for (int i = 0; i < 300; i++) {
        char text[32];
        snprintf(text, sizeof(text), "obs %d\n", i);
        leaves[i] = weir_merkle_leaf(weir_slice_text(text));
    }
    struct weir_merkle_leaves list = {leaves, 300};
    struct weir_merkle_source source = weir_merkle_leaves_source(&list);
    struct weir_merkle_proof proof;
    assert_int_equal(weir_merkle_inclusion_make(&source, &scope, 137, 300, &proof), WEIR_OK);
    struct weir_slice rest = tlog_read(&scope, "generated/sample.tlog-proof");
    struct weir_slice line;
    assert_true(weir_slice_line(&rest, &line) && weir_slice_line(&rest, &line));
    for (size_t i = 0; i < proof.count; i++) {
        struct weir_hash hash;
        assert_true(weir_slice_line(&rest, &line));
        json_t *text = json_stringn((const char *)line.data, line.length);
        assert_true(tlog_hash(text, &hash));
        json_decref(text);
        assert_true(weir_hash_equal(&hash, &proof.hashes[i]));
    }
    assert_true(weir_slice_line(&rest, &line) && line.length == 0);
    weir_arena_free(arena);
}

static struct weir_hash tile_folder_root(struct weir_scope *scope, const char *const *names)
{
    struct weir_edge edge = {0};
    for (size_t i = 0; names[i] != NULL; i++) {
        struct weir_slice tile = tlog_read(scope, names[i]);
        assert_int_equal(tile.length % WEIR_HASH_BYTES, 0);
        for (size_t at = 0; at < tile.length; at += WEIR_HASH_BYTES) {
            struct weir_hash leaf;
            memcpy(leaf.bytes, tile.data + at, WEIR_HASH_BYTES);
            weir_edge_append(&edge, &leaf);
        }
    }
    return weir_edge_root(&edge);
}

static void assert_base64(struct weir_scope *scope, const struct weir_hash *hash, const char *text)
{
    const char *printed = weir_take_base64(scope, hash->bytes, WEIR_HASH_BYTES);
    assert_non_null(printed);
    assert_string_equal(printed, text);
}

static void tiles_of_public_logs_have_their_roots(void **state)
{
    (void)state;
    tlog_require();
    struct weir_arena *arena = weir_arena_new(1 << 20);
    struct weir_scope scope = {.arena = arena};
#define CT "sunlight/navigli2025h2/tile/0/"
#define MIRROR                                                                                     \
    "sunlight/witness/mirror/000de184301123b9278c086a7d9f68c9577e83872224c197058fd90784ea9706/"    \
    "tile/"
    const char *const ct[] = {CT "000", CT "001", CT "002", CT "003", NULL};
    struct weir_hash root = tile_folder_root(&scope, ct);
    assert_base64(&scope, &root, "EMfGG85uIddeOXt5/wdQGP3IQd0COCqoLg9Q6CsPLJA=");
    const char *const mirror[] = {MIRROR "0/000", MIRROR "0/001.p/44", NULL};
    root = tile_folder_root(&scope, mirror);
    assert_base64(&scope, &root, "gw31yQrqZZCcEOPrzX+bpy3nJ6QgngTKn8G1m0i62uU=");
    const char *const first[] = {MIRROR "0/000", NULL};
    struct weir_slice above = tlog_read(&scope, MIRROR "1/000.p/1");
    root = tile_folder_root(&scope, first);
    assert_int_equal(above.length, WEIR_HASH_BYTES);
    assert_memory_equal(above.data, root.bytes, WEIR_HASH_BYTES);
    weir_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_empty_tree_has_the_hash_of_nothing),
        cmocka_unit_test(every_small_tree_has_the_root_of_the_definition),
        cmocka_unit_test(an_edge_survives_writing_and_reading),
        cmocka_unit_test(an_edge_grows_by_whole_subtrees),
        cmocka_unit_test(all_probes_have_the_outcome_they_should),
        cmocka_unit_test(subtree_hashes_are_those_of_the_draft),
        cmocka_unit_test(inclusion_proofs_are_those_of_the_draft_and_verify),
        cmocka_unit_test(consistency_proofs_are_those_of_the_draft_and_verify),
        cmocka_unit_test(covers_are_those_of_the_draft),
        cmocka_unit_test(a_proof_from_the_empty_tree_is_refused),
        cmocka_unit_test(a_leaf_of_the_sample_proof_is_included),
        cmocka_unit_test(tiles_of_public_logs_have_their_roots),
    };
    return tlog_finish(cmocka_run_group_tests_name("merkle", tests, make_small_leaves, NULL));
}
