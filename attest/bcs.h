/* BCS (Binary Canonical Serialization), the encoding that Move contracts sign and check: integers
 * little-endian and fixed, lengths as minimal ULEB128, no padding, no trailing bytes.  A writer
 * over a buffer and a strict reader over a slice.  Floor 1: pure. */
#ifndef WEIR_ATTEST_BCS_H
#define WEIR_ATTEST_BCS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

#define WEIR_BCS_LENGTH_MAX 0x7fffffffu /* 2^31 - 1 items in a sequence */

/* Errors of all writers: LIMIT, MEMORY. */
WEIR_CHECKED enum weir_err
weir_bcs_put_u8(struct weir_scope *scope, struct weir_buffer *buffer, uint8_t value);
WEIR_CHECKED enum weir_err
weir_bcs_put_bool(struct weir_scope *scope, struct weir_buffer *buffer, bool value);
WEIR_CHECKED enum weir_err
weir_bcs_put_u32(struct weir_scope *scope, struct weir_buffer *buffer, uint32_t value);
WEIR_CHECKED enum weir_err
weir_bcs_put_u64(struct weir_scope *scope, struct weir_buffer *buffer, uint64_t value);
WEIR_CHECKED enum weir_err
weir_bcs_put_length(struct weir_scope *scope, struct weir_buffer *buffer, uint32_t value);
/* vector<u8>: length and bytes. */
WEIR_CHECKED enum weir_err
weir_bcs_put_bytes(struct weir_scope *scope, struct weir_buffer *buffer, struct weir_slice bytes);
/* String: as bytes, but well-formed UTF-8, since Move aborts otherwise.  Errors: PARSE. */
WEIR_CHECKED enum weir_err
weir_bcs_put_text(struct weir_scope *scope, struct weir_buffer *buffer, struct weir_slice text);

/* Each reader cuts one value off the front of `*rest`; slices point into it.
 * Errors of all readers: PARSE; nothing is then cut off. */
WEIR_CHECKED enum weir_err
weir_bcs_get_u8(struct weir_scope *scope, struct weir_slice *rest, uint8_t *value);
WEIR_CHECKED enum weir_err
weir_bcs_get_bool(struct weir_scope *scope, struct weir_slice *rest, bool *value);
WEIR_CHECKED enum weir_err
weir_bcs_get_u32(struct weir_scope *scope, struct weir_slice *rest, uint32_t *value);
WEIR_CHECKED enum weir_err
weir_bcs_get_u64(struct weir_scope *scope, struct weir_slice *rest, uint64_t *value);
/* The shortest form only, at most `max`. */
WEIR_CHECKED enum weir_err weir_bcs_get_length(struct weir_scope *scope,
                                               struct weir_slice *rest,
                                               uint32_t max,
                                               uint32_t *value);
WEIR_CHECKED enum weir_err
weir_bcs_get_bytes(struct weir_scope *scope, struct weir_slice *rest, struct weir_slice *bytes);
WEIR_CHECKED enum weir_err
weir_bcs_get_text(struct weir_scope *scope, struct weir_slice *rest, struct weir_slice *text);
/* That nothing is left. */
WEIR_CHECKED enum weir_err weir_bcs_get_end(struct weir_scope *scope, struct weir_slice rest);

#endif /* WEIR_ATTEST_BCS_H */
