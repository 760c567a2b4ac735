/* RLP, the encoding of Ethereum's transactions, blocks and tries.  The reader accepts only the one
 * canonical form: shortest lengths, single bytes below 0x80 as themselves, integers without leading
 * zeros, nothing behind the end.  It walks with a cursor and never recurses.  Floor 1: pure. */
#ifndef WEIR_ATTEST_RLP_H
#define WEIR_ATTEST_RLP_H

#include <stdbool.h>
#include <stdint.h>

#include "attest/word.h"
#include "base/err.h"
#include "base/slice.h"

#define WEIR_RLP_DEPTH_MAX 64

struct weir_rlp {
    bool is_list;
    struct weir_slice body;  /* what is inside */
    struct weir_slice whole; /* with its prefix */
};

/* Cuts one item off the front of `*rest`; the slices point into it.  What is inside a list is not
 * looked at.  Errors of this and all readers below: PARSE; nothing is then cut off. */
WEIR_CHECKED enum weir_err
weir_rlp_next(struct weir_scope *scope, struct weir_slice *rest, struct weir_rlp *item);

/* One item of a known kind. */
WEIR_CHECKED enum weir_err
weir_rlp_get_list(struct weir_scope *scope, struct weir_slice *rest, struct weir_slice *body);
WEIR_CHECKED enum weir_err
weir_rlp_get_bytes(struct weir_scope *scope, struct weir_slice *rest, struct weir_slice *bytes);
/* Exactly `length` bytes. */
WEIR_CHECKED enum weir_err weir_rlp_get_fixed(struct weir_scope *scope,
                                              struct weir_slice *rest,
                                              uint8_t *bytes,
                                              size_t length);
WEIR_CHECKED enum weir_err
weir_rlp_get_u64(struct weir_scope *scope, struct weir_slice *rest, uint64_t *value);
WEIR_CHECKED enum weir_err
weir_rlp_get_u128(struct weir_scope *scope, struct weir_slice *rest, unsigned __int128 *value);
/* An integer of at most 32 bytes. */
WEIR_CHECKED enum weir_err
weir_rlp_get_word(struct weir_scope *scope, struct weir_slice *rest, struct weir_word *value);
/* That nothing is left. */
WEIR_CHECKED enum weir_err weir_rlp_get_end(struct weir_scope *scope, struct weir_slice rest);

/* That `bytes` is exactly one item, canonical down to its last leaf, at most WEIR_RLP_DEPTH_MAX
 * lists deep.  Errors: PARSE, LIMIT. */
WEIR_CHECKED enum weir_err weir_rlp_check(struct weir_scope *scope, struct weir_slice bytes);

/* Writers append one item.  Errors: LIMIT, MEMORY. */
WEIR_CHECKED enum weir_err weir_rlp_put_bytes(struct weir_scope *scope,
                                              struct weir_buffer *buffer,
                                              const void *bytes,
                                              size_t length);
WEIR_CHECKED enum weir_err
weir_rlp_put_u64(struct weir_scope *scope, struct weir_buffer *buffer, uint64_t value);
WEIR_CHECKED enum weir_err
weir_rlp_put_u128(struct weir_scope *scope, struct weir_buffer *buffer, unsigned __int128 value);
WEIR_CHECKED enum weir_err
weir_rlp_put_word(struct weir_scope *scope, struct weir_buffer *buffer, struct weir_word value);
/* A list whose items were written into a buffer of their own. */
WEIR_CHECKED enum weir_err
weir_rlp_put_list(struct weir_scope *scope, struct weir_buffer *buffer, struct weir_slice items);

#endif /* WEIR_ATTEST_RLP_H */
