/* Strict numbers from foreign text, and exact comparison of ratios.  No float, no locale, no sign
 * or leading zero that was not asked for.  Floor 0: pure. */
#ifndef WEIR_BASE_NUMBER_H
#define WEIR_BASE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

#define WEIR_U128_TEXT_BYTES 40 /* 39 digits and NUL */

/* Whole canonical decimal: digits only, no leading zero but "0" itself.
 * Errors: PARSE (not such a text), RANGE (does not fit, or above `max`). */
WEIR_CHECKED enum weir_err
weir_u64_parse(struct weir_scope *scope, struct weir_slice text, uint64_t max, uint64_t *value);
WEIR_CHECKED enum weir_err
weir_u128_parse(struct weir_scope *scope, struct weir_slice text, unsigned __int128 *value);

/* As weir_u64_parse with an optional leading '-' ("-0" is refused).  Errors: PARSE, RANGE. */
WEIR_CHECKED enum weir_err weir_i64_parse(struct weir_scope *scope,
                                          struct weir_slice text,
                                          int64_t min,
                                          int64_t max,
                                          int64_t *value);

/* "99.95" -> 9995 / 100; at most `decimals_max` (<= 18) decimals, digits on both sides of a point.
 * `*den` is the power of ten of the decimals written.  Errors: PARSE, RANGE. */
WEIR_CHECKED enum weir_err weir_decimal_parse(struct weir_scope *scope,
                                              struct weir_slice text,
                                              unsigned decimals_max,
                                              uint64_t *num,
                                              uint64_t *den);

void weir_u128_print(unsigned __int128 value, char text[static WEIR_U128_TEXT_BYTES]);

/* a/b < c/d by 128-bit cross multiplication; b and d > 0. */
bool weir_ratio_less(uint64_t a, uint64_t b, uint64_t c, uint64_t d);

/* Parts per million, rounded half up: for display only, never compared.  den > 0, num <= 2^63. */
uint64_t weir_ratio_ppm(uint64_t num, uint64_t den);

#endif /* WEIR_BASE_NUMBER_H */
