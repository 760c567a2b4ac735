/* C2SP tlog-tiles: a tile holds up to 256 hashes; number `index` of level l has the hashes of
 * complete subtrees of 256^l leaves.  Names of tiles as paths, which tiles a tree has, and a source
 * for provers that reads a few tiles and keeps the last ones.  Floor 1: pure. */
#ifndef WEIR_ATTEST_TILE_H
#define WEIR_ATTEST_TILE_H

#include <stddef.h>
#include <stdint.h>

#include "attest/merkle.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"

#define WEIR_TILE_WIDTH 256
#define WEIR_TILE_LEVEL_MAX 7 /* 256^7 leaves per hash are enough for 2^63 leaves */
#define WEIR_TILE_PATH_BYTES 64

struct weir_tile {
    unsigned level;
    uint64_t index;
    unsigned width; /* 1..256; below 256 it is the partial tile of some tree size */
};

/* "tile/0/x001/x234/067" or "tile/1/000.p/17", NUL-terminated. */
void weir_tile_path_print(struct weir_tile tile, char path[static WEIR_TILE_PATH_BYTES]);
/* Errors: PARSE (not exactly such a path), RANGE. */
WEIR_CHECKED enum weir_err
weir_tile_path_parse(struct weir_scope *scope, struct weir_slice path, struct weir_tile *tile);

/* How many hashes of level `level` (complete subtrees of 256^level leaves) a tree of `size` has. */
uint64_t weir_tile_hashes(uint64_t size, unsigned level);

/* The tile's root when it is complete: the hash it contributes to the level above. */
struct weir_hash weir_tile_root(const struct weir_hash hashes[static WEIR_TILE_WIDTH]);

#define WEIR_TILE_CACHE 8

/* A prover's source over tiles of a tree of `size` leaves.  `read` fills the first `tile.width`
 * hashes; the width is the one the tile has at that size. */
struct weir_tile_source {
    enum weir_err (*read)(void *context,
                          struct weir_scope *scope,
                          struct weir_tile tile,
                          struct weir_hash *hashes);
    void *context; /* borrowed */
    uint64_t size;
    unsigned read_count; /* start with 0; slot n % WEIR_TILE_CACHE has the n-th tile read */
    struct weir_tile cached[WEIR_TILE_CACHE];
    struct weir_hash *hashes[WEIR_TILE_CACHE]; /* taken from the scope's arena on first use */
};

/* `tiles` must outlive the source, and every use must have the same scope's arena. */
struct weir_merkle_source weir_tile_source(struct weir_tile_source *tiles);

#endif /* WEIR_ATTEST_TILE_H */
