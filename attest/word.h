/* One 256-bit word as the EVM sees it, big-endian: a number, an address, a hash or a set of bits.
 * Only what codecs and the arithmetic of bit masks need; amounts are computed in 128 bits, because
 * every amount of an agreement fits 96.  Small value, passed by value.  Floor 1: pure. */
#ifndef WEIR_ATTEST_WORD_H
#define WEIR_ATTEST_WORD_H

#include <stdbool.h>
#include <stdint.h>

#include "attest/address.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"

#define WEIR_WORD_BYTES 32
#define WEIR_WORD_BITS 256
#define WEIR_WORD_TEXT_BYTES 67 /* "0x", 64 digits, NUL */

struct weir_word {
    uint8_t bytes[WEIR_WORD_BYTES];
};

struct weir_word weir_word_u64(uint64_t value);
struct weir_word weir_word_u128(unsigned __int128 value);
struct weir_word weir_word_address(const struct weir_address *address);
struct weir_word weir_word_hash(const struct weir_hash *hash);

/* False when the value does not fit; the output is then untouched. */
bool weir_word_get_u64(struct weir_word word, uint64_t max, uint64_t *value);
bool weir_word_get_u128(struct weir_word word, unsigned __int128 *value);
bool weir_word_get_address(struct weir_word word, struct weir_address *address);
struct weir_hash weir_word_get_hash(struct weir_word word);

bool weir_word_equal(struct weir_word a, struct weir_word b);
bool weir_word_is_zero(struct weir_word word);

/* Bits: number 0 is the lowest, 255 the highest. */
struct weir_word weir_word_bit(unsigned bit);
bool weir_word_has(struct weir_word word, unsigned bit);
struct weir_word weir_word_or(struct weir_word a, struct weir_word b);
/* a without the bits of b. */
struct weir_word weir_word_minus(struct weir_word a, struct weir_word b);
/* By 0 .. 255 bits towards the high or the low end. */
struct weir_word weir_word_shift_left(struct weir_word word, unsigned bits);
struct weir_word weir_word_shift_right(struct weir_word word, unsigned bits);
unsigned weir_word_count(struct weir_word word);
/* Number of the lowest or highest bit set; the word is not zero (asserted). */
unsigned weir_word_lowest(struct weir_word word);
unsigned weir_word_highest(struct weir_word word);

/* "0x" and 64 lowercase digits. */
void weir_word_print(struct weir_word word, char text[static WEIR_WORD_TEXT_BYTES]);
/* Exactly that form.  Errors: PARSE. */
WEIR_CHECKED enum weir_err
weir_word_parse(struct weir_scope *scope, struct weir_slice text, struct weir_word *word);

#endif /* WEIR_ATTEST_WORD_H */
