/* One leaf of a gauge's log: 51 bytes that show when something was observed and whether the service
 * was up, and commit to the rest without showing it.  All integers big-endian:
 *   ver=1 u8 | kind u8 | seq u64 | tick_ms u64 | flags u8 | commit[32]
 * with commit = SHA-256("weir/obs/v1\0" || salt16 || payload).  There is one encoding per leaf: a
 * reader refuses every byte that the writer would not have written.  Plain data.  Floor 1: pure. */
#ifndef WEIR_ATTEST_LEAF_H
#define WEIR_ATTEST_LEAF_H

#include <stdint.h>

#include "attest/salt.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"

#define WEIR_LEAF_BYTES 51
#define WEIR_LEAF_VERSION 1
#define WEIR_LEAF_DOMAIN "weir/obs/v1" /* its NUL belongs to it */
#define WEIR_LEAF_DOMAIN_BYTES sizeof(WEIR_LEAF_DOMAIN)

enum weir_leaf_kind {
    WEIR_LEAF_DEFINITION = 1,  /* seq 0, and only there; payload is the gauge definition text */
    WEIR_LEAF_TICK = 2,        /* a probe ran, or could not through our own fault (UNKNOWN) */
    WEIR_LEAF_MISSED = 3,      /* a scheduled tick that never ran; always UNKNOWN */
    WEIR_LEAF_EVENT = 4,       /* tick is when the event occurred */
    WEIR_LEAF_MAINTENANCE = 5, /* tick is when the notice was logged */
    WEIR_LEAF_CLOSE = 6,       /* tick is the end of the window that is closed */
    WEIR_LEAF_STATEMENT = 7,   /* tick is when the statement was made */
};

/* Ticks carry UP, DOWN or UNKNOWN, missed ticks UNKNOWN, all other kinds NONE. */
enum weir_leaf_flags {
    WEIR_LEAF_NONE = 0,
    WEIR_LEAF_UP = 1,
    WEIR_LEAF_DOWN = 2,
    WEIR_LEAF_UNKNOWN = 3,
};

struct weir_leaf {
    enum weir_leaf_kind kind;
    enum weir_leaf_flags flags;
    uint64_t seq;    /* position in the log */
    int64_t tick_ms; /* >= 0 */
    struct weir_hash commit;
};

/* The 51 bytes.  The leaf must keep the rules above (asserted): only a bug can make another one. */
void weir_leaf_write(const struct weir_leaf *leaf, uint8_t bytes[static WEIR_LEAF_BYTES]);

/* The inverse, of exactly 51 bytes.  Errors: PARSE (length, version, kind, flags of this kind,
 * a definition elsewhere than at 0), RANGE (time above 2^63-1). */
WEIR_CHECKED enum weir_err
weir_leaf_read(struct weir_scope *scope, struct weir_slice bytes, struct weir_leaf *leaf);

/* SHA-256("weir/obs/v1\0" || salt || payload). */
struct weir_hash weir_leaf_commit(const struct weir_salt *salt, struct weir_slice payload);

/* SHA-256(0x00 || bytes), RFC 6962 2.1. */
struct weir_hash weir_leaf_hash(const uint8_t bytes[static WEIR_LEAF_BYTES]);

#endif /* WEIR_ATTEST_LEAF_H */
