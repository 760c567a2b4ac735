/* Goal: the path of a tile is one text and no other, and tiles answer what a prover asks.
 * Method: paths of golang/mod and of the specification, spoilt paths, and proofs from tiles
 * compared with proofs from leaves. */
#include "attest/tile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "tests/unit/attest/with_tlog.h"

#define LEAVES 700

static void assert_path(struct weir_tile tile, const char *path)
{
    struct weir_scope scope = {0};
    char text[WEIR_TILE_PATH_BYTES];
    weir_tile_path_print(tile, text);
    assert_string_equal(text, path);
    struct weir_tile parsed;
    assert_int_equal(weir_tile_path_parse(&scope, weir_slice_text(path), &parsed), WEIR_OK);
    assert_true(parsed.level == tile.level && parsed.index == tile.index &&
                parsed.width == tile.width);
}

static void paths_are_those_of_the_specification(void **state)
{
    (void)state;
    assert_path((struct weir_tile){0, 1234067, 256}, "tile/0/x001/x234/067");
    assert_path((struct weir_tile){0, 273, 112}, "tile/0/273.p/112");
    assert_path((struct weir_tile){1, 1, 17}, "tile/1/001.p/17");
    assert_path((struct weir_tile){2, 0, 1}, "tile/2/000.p/1");
    assert_path((struct weir_tile){0, 999, 256}, "tile/0/999");
    assert_path((struct weir_tile){0, 1000, 255}, "tile/0/x001/000.p/255");
    assert_path((struct weir_tile){7, WEIR_MERKLE_SIZE_MAX >> 8, 256},
                "tile/7/x036/x028/x797/x018/x963/967");
}

/* The vectors have a height between "tile" and the level, and widths of lower tiles. */
static void paths_of_golang_mod_agree(void **state)
{
    (void)state;
    tlog_require();
    json_t *root = tlog_load("golang-mod/note-vectors.json");
    const json_t *paths = tlog_get(root, "tile_paths");
    size_t index;
    const json_t *vector;
    json_array_foreach(paths, index, vector)
    {
        uint64_t height = (uint64_t)json_integer_value(json_array_get(vector, 1));
        uint64_t width = (uint64_t)json_integer_value(json_array_get(vector, 4));
        bool is_full = width == (uint64_t)1 << height;
        struct weir_tile tile = {
            .level = (unsigned)json_integer_value(json_array_get(vector, 2)),
            .index = (uint64_t)json_integer_value(json_array_get(vector, 3)),
            .width = is_full ? WEIR_TILE_WIDTH : (unsigned)width,
        };
        const char *path = json_string_value(json_array_get(vector, 0));
        char expected[WEIR_TILE_PATH_BYTES];
        snprintf(expected, sizeof(expected), "tile/%s", strchr(path + strlen("tile/"), '/') + 1);
        assert_path(tile, expected);
    }
    json_decref(root);
}

static void other_texts_are_no_paths(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "tile/00/001",
        "tile/8/001",
        "tile/-1/001",
        "tile/0/1",
        "tile/0/0001",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/123/456/078",
        "tile/0/x123/x456/x078",
        "tile/0/001.p/0",
        "tile/0/001.p/256",
        "tile/0/001.p/07",
        "tile/0/001.p/",
        "tile/0/001.p",
        "tile/0/001.q/7",
        "tile/0/001 ",
        "tile/0/../001",
        "/tile/0/001",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
        "tile/0/x036/x028/x797/x018/x963/968",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct weir_scope scope = {0};
        struct weir_tile tile;
        if (weir_tile_path_parse(&scope, weir_slice_text(texts[i]), &tile) == WEIR_OK)
            fail_msg("'%s' is taken for a path", texts[i]);
    }
}

static void a_tree_has_the_tiles_of_the_specification(void **state)
{
    (void)state;
    assert_int_equal(weir_tile_hashes(70000, 0), 70000);
    assert_int_equal(weir_tile_hashes(70000, 1), 273);
    assert_int_equal(weir_tile_hashes(70000, 2), 1);
    assert_int_equal(weir_tile_hashes(70000, 3), 0);
}

static struct weir_hash leaves[LEAVES];

static enum weir_err
leaf_tiles(void *context, struct weir_scope *scope, struct weir_tile tile, struct weir_hash *hashes)
{
    const int *failing = context;
    if (*failing != 0)
        return weir_fail(scope, WEIR_E_STORE, "no disk");
    for (unsigned i = 0; i < tile.width; i++) {
        size_t at = (size_t)tile.index * WEIR_TILE_WIDTH + i;
        hashes[i] = tile.level == 0 ? leaves[at] : weir_tile_root(&leaves[at * WEIR_TILE_WIDTH]);
    }
    return WEIR_OK;
}

static void proofs_from_tiles_are_those_from_leaves(void **state)
{
    (void)state;
    struct weir_arena *arena = weir_arena_new(1 << 20);
    struct weir_scope scope = {.arena = arena};
    for (size_t i = 0; i < LEAVES; i++)
        weir_put_u64(leaves[i].bytes, i);
    int failing = 0;
    struct weir_merkle_leaves list = {leaves, LEAVES};
    struct weir_merkle_source plain = weir_merkle_leaves_source(&list);
    struct weir_tile_source tiles = {.read = leaf_tiles, .context = &failing, .size = LEAVES};
    struct weir_merkle_source tiled = weir_tile_source(&tiles);
    for (uint64_t index = 0; index < LEAVES; index += 13) {
        struct weir_merkle_proof a;
        struct weir_merkle_proof b;
        assert_int_equal(weir_merkle_inclusion_make(&plain, &scope, index, LEAVES, &a), WEIR_OK);
        assert_int_equal(weir_merkle_inclusion_make(&tiled, &scope, index, LEAVES, &b), WEIR_OK);
        assert_int_equal(a.count, b.count);
        assert_memory_equal(a.hashes, b.hashes, a.count * sizeof(a.hashes[0]));
    }
    struct weir_merkle_proof proof;
    assert_int_equal(weir_merkle_inclusion_make(&tiled, &scope, 0, LEAVES + 1, &proof),
                     WEIR_E_RANGE); /* the tiles end before that */
    weir_arena_free(arena);
}

static void a_failing_store_is_reported_and_may_recover(void **state)
{
    (void)state;
    struct weir_arena *arena = weir_arena_new(1 << 20);
    struct weir_scope scope = {.arena = arena};
    int failing = 1;
    struct weir_tile_source tiles = {.read = leaf_tiles, .context = &failing, .size = LEAVES};
    struct weir_merkle_source source = weir_tile_source(&tiles);
    struct weir_hash root;
    assert_int_equal(weir_merkle_fetch_root(&source, &scope, LEAVES, &root), WEIR_E_STORE);
    weir_scope_recover(&scope);
    failing = 0;
    assert_int_equal(weir_merkle_fetch_root(&source, &scope, LEAVES, &root), WEIR_OK);
    struct weir_hash expected = weir_merkle_root(leaves, LEAVES);
    assert_true(weir_hash_equal(&root, &expected));
    weir_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_those_of_the_specification),
        cmocka_unit_test(paths_of_golang_mod_agree),
        cmocka_unit_test(other_texts_are_no_paths),
        cmocka_unit_test(a_tree_has_the_tiles_of_the_specification),
        cmocka_unit_test(proofs_from_tiles_are_those_from_leaves),
        cmocka_unit_test(a_failing_store_is_reported_and_may_recover),
    };
    return tlog_finish(cmocka_run_group_tests_name("tile", tests, NULL, NULL));
}
