#include "attest/tile.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/number.h"

#define LEVEL_BITS 8 /* 256 hashes per tile */
#define GROUP 1000   /* three digits per part of a path */
#define GROUPS_MAX 6 /* 2^55 tiles of level 0 */

void weir_tile_path_print(struct weir_tile tile, char path[static WEIR_TILE_PATH_BYTES])
{
    assert(tile.level <= WEIR_TILE_LEVEL_MAX && tile.index <= WEIR_MERKLE_SIZE_MAX >> LEVEL_BITS);
    assert(tile.width >= 1 && tile.width <= WEIR_TILE_WIDTH);
    unsigned groups[GROUPS_MAX];
    unsigned count = 0;
    uint64_t rest = tile.index;
    do {
        assert(count < GROUPS_MAX);
        groups[count++] = (unsigned)(rest % GROUP);
        rest /= GROUP;
    } while (rest > 0);
    size_t at = (size_t)snprintf(path, WEIR_TILE_PATH_BYTES, "tile/%u", tile.level);
    while (count-- > 0)
        at += (size_t)snprintf(path + at, WEIR_TILE_PATH_BYTES - at, "/%s%03u",
                               count > 0 ? "x" : "", groups[count]);
    if (tile.width < WEIR_TILE_WIDTH)
        at += (size_t)snprintf(path + at, WEIR_TILE_PATH_BYTES - at, ".p/%u", tile.width);
    assert(at < WEIR_TILE_PATH_BYTES);
}

/* The number whose digits are those of `rest` up to `.p/`, read leniently: the caller prints the
 * tile and compares, which refuses everything that is not canonical. */
static uint64_t index_of(struct weir_slice rest, struct weir_slice *tail)
{
    uint64_t index = 0;
    size_t at = 0;
    for (; at < rest.length && rest.data[at] != '.'; at++)
        if (rest.data[at] >= '0' && rest.data[at] <= '9')
            index = index * 10 + (uint64_t)(rest.data[at] - '0');
    *tail = (struct weir_slice){rest.data + at, rest.length - at};
    return index;
}

enum weir_err
weir_tile_path_parse(struct weir_scope *scope, struct weir_slice path, struct weir_tile *tile)
{
    static const char prefix[] = "tile/";
    size_t prefix_bytes = sizeof(prefix) - 1;
    if (path.length <= prefix_bytes || path.length >= WEIR_TILE_PATH_BYTES ||
        memcmp(path.data, prefix, prefix_bytes) != 0)
        return weir_fail(scope, WEIR_E_PARSE, "not the path of a tile");
    struct weir_slice rest = {path.data + prefix_bytes, path.length - prefix_bytes};
    struct weir_slice part;
    if (!weir_slice_cut(&rest, '/', &part))
        return weir_fail(scope, WEIR_E_PARSE, "a tile's path without an index");
    uint64_t level;
    enum weir_err err = weir_u64_parse(scope, part, WEIR_TILE_LEVEL_MAX, &level);
    if (err != WEIR_OK)
        return weir_note(scope, "level of a tile");
    struct weir_tile read = {.level = (unsigned)level, .width = WEIR_TILE_WIDTH};
    if (rest.length > 4 * GROUPS_MAX + sizeof(".p/255"))
        return weir_fail(scope, WEIR_E_PARSE, "a tile's path that is too long");
    read.index = index_of(rest, &part);
    if (read.index > WEIR_MERKLE_SIZE_MAX >> LEVEL_BITS)
        return weir_fail(scope, WEIR_E_RANGE, "a tile beyond the largest tree");
    if (part.length > 3) {
        struct weir_slice digits = {part.data + 3, part.length - 3};
        uint64_t width;
        err = weir_u64_parse(scope, digits, WEIR_TILE_WIDTH - 1, &width);
        if (err != WEIR_OK)
            return weir_note(scope, "width of a tile");
        if (width == 0)
            return weir_fail(scope, WEIR_E_RANGE, "a tile without hashes");
        read.width = (unsigned)width;
    }
    char canonical[WEIR_TILE_PATH_BYTES];
    weir_tile_path_print(read, canonical);
    if (!weir_slice_equals_text(path, canonical))
        return weir_fail(scope, WEIR_E_PARSE, "a tile's path that is not canonical; perhaps '%s'",
                         canonical);
    *tile = read;
    return WEIR_OK;
}

uint64_t weir_tile_hashes(uint64_t size, unsigned level)
{
    assert(level <= WEIR_TILE_LEVEL_MAX);
    return size >> (LEVEL_BITS * level);
}

struct weir_hash weir_tile_root(const struct weir_hash hashes[static WEIR_TILE_WIDTH])
{
    return weir_merkle_root(hashes, WEIR_TILE_WIDTH);
}

static bool tile_is_same(struct weir_tile a, struct weir_tile b)
{
    return a.level == b.level && a.index == b.index && a.width == b.width;
}

/* The hashes of a tile, from the last few or read anew. */
static enum weir_err tile_get(struct weir_tile_source *tiles,
                              struct weir_scope *scope,
                              struct weir_tile tile,
                              const struct weir_hash **hashes)
{
    unsigned kept = tiles->read_count < WEIR_TILE_CACHE ? tiles->read_count : WEIR_TILE_CACHE;
    for (unsigned i = 0; i < kept; i++) {
        if (tile_is_same(tiles->cached[i], tile)) {
            *hashes = tiles->hashes[i];
            return WEIR_OK;
        }
    }
    unsigned slot = tiles->read_count % WEIR_TILE_CACHE;
    if (tiles->hashes[slot] == NULL)
        tiles->hashes[slot] = weir_take(scope, WEIR_TILE_WIDTH, sizeof(struct weir_hash));
    if (tiles->hashes[slot] == NULL)
        return scope->err;
    tiles->cached[slot].width = 0; /* what was there is lost even when reading fails */
    enum weir_err err = tiles->read(tiles->context, scope, tile, tiles->hashes[slot]);
    if (err != WEIR_OK)
        return err;
    tiles->cached[slot] = tile;
    tiles->read_count++;
    *hashes = tiles->hashes[slot];
    return WEIR_OK;
}

static enum weir_err tile_subtree(void *context,
                                  struct weir_scope *scope,
                                  unsigned level,
                                  uint64_t index,
                                  struct weir_hash *hash)
{
    struct weir_tile_source *tiles = context;
    struct weir_tile tile = {.level = level / LEVEL_BITS};
    assert(tile.level <= WEIR_TILE_LEVEL_MAX);
    unsigned span_bits = level % LEVEL_BITS;
    uint64_t known = weir_tile_hashes(tiles->size, tile.level);
    if (index >= known >> span_bits)
        return weir_fail(scope, WEIR_E_RANGE, "subtree %llu of level %u of a tree with %llu leaves",
                         (unsigned long long)index, level, (unsigned long long)tiles->size);
    uint64_t first = index << span_bits;
    tile.index = first / WEIR_TILE_WIDTH;
    uint64_t left = known - tile.index * WEIR_TILE_WIDTH;
    tile.width = left < WEIR_TILE_WIDTH ? (unsigned)left : WEIR_TILE_WIDTH;
    const struct weir_hash *hashes = NULL;
    enum weir_err err = tile_get(tiles, scope, tile, &hashes);
    if (err == WEIR_OK)
        *hash = weir_merkle_root(hashes + first % WEIR_TILE_WIDTH, (size_t)1 << span_bits);
    return err;
}

struct weir_merkle_source weir_tile_source(struct weir_tile_source *tiles)
{
    return (struct weir_merkle_source){.subtree = tile_subtree, .context = tiles};
}
