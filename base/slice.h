/* Borrowed bytes with their length, and a bounded buffer that grows inside an arena.
 * A slice owns nothing: it lives as long as the bytes it points to.  Floor 0. */
#ifndef WEIR_BASE_SLICE_H
#define WEIR_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct weir_slice {
    const uint8_t *data; /* may be NULL when length is 0 */
    size_t length;
};

/* Of a NUL-terminated text; the NUL is not part of the slice. */
struct weir_slice weir_slice_text(const char *text);
bool weir_slice_equal(struct weir_slice a, struct weir_slice b);
bool weir_slice_equals_text(struct weir_slice slice, const char *text);

/* Bytewise order, the shorter first when one is a prefix: <0, 0, >0. */
int weir_slice_compare(struct weir_slice a, struct weir_slice b);

/* Cuts the next line (without '\n') off the front of `*rest`.  False when nothing is left or the
 * last line has no '\n': a text that ends without one is not accepted silently. */
bool weir_slice_line(struct weir_slice *rest, struct weir_slice *line);

/* Cuts up to the first `separator` (not included); false when there is none. */
bool weir_slice_cut(struct weir_slice *rest, uint8_t separator, struct weir_slice *head);

/* Bytes being written: grows in the scope's arena up to `capacity_max`.  `{.capacity_max = n}` is a
 * valid empty buffer. */
struct weir_buffer {
    uint8_t *data;
    size_t length;
    size_t capacity;
    size_t capacity_max; /* 0 means no limit but the arena's */
};

/* Errors: LIMIT (capacity_max), MEMORY. */
WEIR_CHECKED enum weir_err weir_buffer_put(struct weir_scope *scope,
                                           struct weir_buffer *buffer,
                                           const void *bytes,
                                           size_t length);
WEIR_CHECKED enum weir_err
weir_buffer_text(struct weir_scope *scope, struct weir_buffer *buffer, const char *text);
WEIR_CHECKED enum weir_err
weir_buffer_printf(struct weir_scope *scope, struct weir_buffer *buffer, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Big-endian integers. */
WEIR_CHECKED enum weir_err
weir_buffer_u8(struct weir_scope *scope, struct weir_buffer *buffer, uint8_t value);
WEIR_CHECKED enum weir_err
weir_buffer_u32(struct weir_scope *scope, struct weir_buffer *buffer, uint32_t value);
WEIR_CHECKED enum weir_err
weir_buffer_u64(struct weir_scope *scope, struct weir_buffer *buffer, uint64_t value);

struct weir_slice weir_buffer_slice(const struct weir_buffer *buffer);

/* Fixed big-endian access; the caller vouches for the bytes being there. */
void weir_put_u16(uint8_t *bytes, uint16_t value);
void weir_put_u32(uint8_t *bytes, uint32_t value);
void weir_put_u64(uint8_t *bytes, uint64_t value);
uint16_t weir_get_u16(const uint8_t *bytes);
uint32_t weir_get_u32(const uint8_t *bytes);
uint64_t weir_get_u64(const uint8_t *bytes);

#endif /* WEIR_BASE_SLICE_H */
