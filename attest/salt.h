/* Salts of a log's leaves from one secret seed, so that a window can be opened with a few seeds and
 * nothing outside of it (a GGM tree of depth 40): child(seed, bit) = HMAC-SHA256(seed, domain ||
 * bit), salt(i) = the first 16 bytes of leaf i.  A node of the tree is named by its level (0 are
 * the leaves, 40 the root) and its index within the level.  The root seed is a secret of the node
 * that keeps the log; nothing here puts a seed into an arena.  Floor 1: pure. */
#ifndef WEIR_ATTEST_SALT_H
#define WEIR_ATTEST_SALT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

#define WEIR_SALT_BYTES 16
#define WEIR_SALT_SEED_BYTES 32
#define WEIR_SALT_DEPTH 40
#define WEIR_SALT_INDEX_END ((uint64_t)1 << WEIR_SALT_DEPTH)
#define WEIR_SALT_COVER_MAX 78 /* seeds of the largest minimal cover: 2 * (depth - 1) */
#define WEIR_SALT_DOMAIN_BYTES_MAX 32

struct weir_salt {
    uint8_t bytes[WEIR_SALT_BYTES];
};

struct weir_salt_seed {
    uint64_t index; /* covers the salts [index << level, (index + 1) << level) */
    uint8_t level;
    uint8_t bytes[WEIR_SALT_SEED_BYTES];
};

/* Gives consecutive salts for about one and a half HMACs each.  Holds secrets: clear it. */
struct weir_salt_stream {
    struct weir_slice domain;           /* borrowed */
    const struct weir_salt_seed *seeds; /* borrowed; the rest of a cover */
    size_t seed_count;
    uint64_t next;
    uint64_t end;
    unsigned waiting_count;
    struct weir_salt_seed waiting[WEIR_SALT_DEPTH + 1]; /* the leftmost on top */
};

/* "weir/salt/v1\0", the domain of all logs; functions take it as a parameter. */
struct weir_slice weir_salt_domain(void);

/* Salt `index` alone, 40 HMACs deep.  Errors: RANGE (index >= 2^40). */
WEIR_CHECKED enum weir_err weir_salt_make(struct weir_scope *scope,
                                          const uint8_t root[static WEIR_SALT_SEED_BYTES],
                                          struct weir_slice domain,
                                          uint64_t index,
                                          struct weir_salt *salt);

/* Prepares the salts [start, 2^40) of a log; `domain` must outlive the stream, `root` need not.
 * Errors: RANGE (start >= 2^40). */
WEIR_CHECKED enum weir_err weir_salt_stream_init(struct weir_salt_stream *stream,
                                                 struct weir_scope *scope,
                                                 const uint8_t root[static WEIR_SALT_SEED_BYTES],
                                                 struct weir_slice domain,
                                                 uint64_t start);

/* A half-open range of salts. */
struct weir_salt_range {
    uint64_t start;
    uint64_t end;
};

/* Prepares the salts of `range` from seeds that somebody disclosed; `domain` and `seeds` must
 * outlive the stream.  Errors: PARSE (the seeds are not exactly the minimal cover of the range,
 * left to right), RANGE (not 0 <= start < end <= 2^40). */
WEIR_CHECKED enum weir_err weir_salt_stream_open(struct weir_salt_stream *stream,
                                                 struct weir_scope *scope,
                                                 struct weir_slice domain,
                                                 struct weir_salt_range range,
                                                 const struct weir_salt_seed *seeds,
                                                 size_t seed_count);

/* The next salt; false when the range is used up. */
bool weir_salt_stream_next(struct weir_salt_stream *stream, struct weir_salt *salt);

/* Wipes the seeds. */
void weir_salt_stream_clear(struct weir_salt_stream *stream);

/* The seeds of the minimal aligned cover of `range`, left to right: they open exactly its salts.
 * Errors: RANGE (not 0 <= start < end <= 2^40). */
WEIR_CHECKED enum weir_err weir_salt_cover(struct weir_scope *scope,
                                           const uint8_t root[static WEIR_SALT_SEED_BYTES],
                                           struct weir_slice domain,
                                           struct weir_salt_range range,
                                           struct weir_salt_seed seeds[static WEIR_SALT_COVER_MAX],
                                           size_t *seed_count);

/* How many seeds that cover has; start < end <= 2^40 (asserted). */
size_t weir_salt_cover_count(struct weir_salt_range range);

#endif /* WEIR_ATTEST_SALT_H */
