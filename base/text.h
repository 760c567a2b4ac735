/* Text encodings of bytes: hex and base64 (RFC 4648 section 4, padded), both canonical: what is
 * accepted prints back to the same characters.  Plus UTF-8 and edit-distance helpers for input
 * checks and "did you mean".  Floor 0: pure; libsodium underneath. */
#ifndef WEIR_BASE_TEXT_H
#define WEIR_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

/* 2 * length lowercase digits and NUL. */
void weir_hex_print(const uint8_t *bytes, size_t length, char *text);
char *weir_take_hex(struct weir_scope *scope, const uint8_t *bytes, size_t length);

/* Exactly `length` bytes from 2 * length digits of either case, without prefix.  Errors: PARSE. */
WEIR_CHECKED enum weir_err
weir_hex_parse(struct weir_scope *scope, struct weir_slice text, uint8_t *bytes, size_t length);

/* Any even number of digits; the slice lives in the arena.  Errors: PARSE, MEMORY. */
WEIR_CHECKED enum weir_err
weir_take_unhex(struct weir_scope *scope, struct weir_slice text, struct weir_slice *bytes);

size_t weir_base64_bytes(size_t length); /* characters, without NUL */
char *weir_take_base64(struct weir_scope *scope, const uint8_t *bytes, size_t length);

/* Strict: padded, no white space, unused bits zero.  Errors: PARSE, MEMORY. */
WEIR_CHECKED enum weir_err
weir_take_unbase64(struct weir_scope *scope, struct weir_slice text, struct weir_slice *bytes);
/* As above, exactly `length` bytes.  Errors: PARSE. */
WEIR_CHECKED enum weir_err
weir_base64_parse(struct weir_scope *scope, struct weir_slice text, uint8_t *bytes, size_t length);

/* Well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool weir_utf8_is_valid(struct weir_slice text);

/* The candidate nearest to `text` by edit distance, or NULL when none is within a third of the
 * length.  For "did you mean". */
const char *weir_nearest(const char *text, const char *const *candidates, size_t candidate_count);

#endif /* WEIR_BASE_TEXT_H */
