/* Mirrors of peers' logs: the leaves a peer has shown, the tree over them, the checkpoint this node
 * last cosigned for it, and when a head that covers a leaf was first cosigned here (protocol 9.2).
 * Tiles and proofs are those of ledger/log.h.  Floor 2: I/O. */
#ifndef WEIR_LEDGER_MIRROR_H
#define WEIR_LEDGER_MIRROR_H

#include <stddef.h>
#include <stdint.h>

#include "attest/merkle.h"
#include "attest/salt.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"

struct weir_store;

/* Leaves that a peer has sent: `leaves` are [first, first + length / WEIR_LEAF_BYTES) of its log,
 * and with them the tree must have the head `head`, which the caller has taken from a checkpoint
 * with the peer's verified signature. */
struct weir_mirror_part {
    const char *origin;
    uint64_t first;
    struct weir_slice leaves;
    struct weir_merkle_head head;
};

/* Appends the part, making the mirror with its first one.  Leaves known already must be the same
 * bytes.  `*log_id` gets the mirror's log.  Nothing is stored unless the root agrees.
 * Errors: PARSE (a leaf), STALE (a gap: `first` is beyond what is stored; `*known_size` is set to
 * it), CONFLICT (another leaf is stored at a place: the peer's log forked), INCLUSION (the root
 * differs), STORE, BUSY. */
WEIR_CHECKED enum weir_err weir_mirror_append(struct weir_store *store,
                                              struct weir_scope *scope,
                                              const struct weir_mirror_part *part,
                                              uint64_t *known_size,
                                              int64_t *log_id);

/* What this node cosigned last for an origin. */
struct weir_mirror_note {
    struct weir_merkle_head head; /* size 0 when there is none */
    struct weir_slice note;       /* as served to others: verified lines and ours */
    int64_t cosigned_ms;
};

/* Records that the head of `note` is about to be cosigned, in place of the one of size `old_size`;
 * the commit comes before the release of the cosignature.  Heads only grow.
 * Errors: STALE (another process was faster: the head is not old_size any more), CONFLICT (the same
 * size with another root), STORE, BUSY. */
WEIR_CHECKED enum weir_err weir_mirror_note_put(struct weir_store *store,
                                                struct weir_scope *scope,
                                                const char *origin,
                                                uint64_t old_size,
                                                const struct weir_mirror_note *note);

/* The last one; head.size 0 when nothing was cosigned for this origin.  Errors: STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_mirror_note_load(struct weir_store *store,
                                                 struct weir_scope *scope,
                                                 const char *origin,
                                                 struct weir_mirror_note *note);

/* A head and when it was first cosigned here: it covers the leaves below `size`. */
struct weir_mirror_cover {
    uint64_t size;
    struct weir_hash root;
    int64_t cosigned_ms;
};

/* The heads cosigned here with size above `first`, ascending, up to and with the first that covers
 * `end`.  A leaf was first cosigned with the first head whose size exceeds its number.
 * Errors: STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_mirror_covers(struct weir_store *store,
                                              struct weir_scope *scope,
                                              const char *origin,
                                              struct weir_salt_range range,
                                              struct weir_mirror_cover **covers,
                                              size_t *cover_count);

#endif /* WEIR_LEDGER_MIRROR_H */
