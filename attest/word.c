#include "attest/word.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"

#define PREFIX_BYTES 2

struct weir_word weir_word_u64(uint64_t value)
{
    struct weir_word word = {{0}};
    weir_put_u64(word.bytes + 24, value);
    return word;
}

struct weir_word weir_word_u128(unsigned __int128 value)
{
    struct weir_word word = {{0}};
    weir_put_u64(word.bytes + 16, (uint64_t)(value >> 64));
    weir_put_u64(word.bytes + 24, (uint64_t)value);
    return word;
}

struct weir_word weir_word_address(const struct weir_address *address)
{
    struct weir_word word = {{0}};
    memcpy(word.bytes + WEIR_WORD_BYTES - WEIR_ADDRESS_BYTES, address->bytes, WEIR_ADDRESS_BYTES);
    return word;
}

struct weir_word weir_word_hash(const struct weir_hash *hash)
{
    struct weir_word word;
    memcpy(word.bytes, hash->bytes, WEIR_WORD_BYTES);
    return word;
}

/* Whether the first `count` bytes are zero. */
static bool begins_with_zeros(const struct weir_word *word, size_t count)
{
    uint8_t any = 0;
    for (size_t i = 0; i < count; i++)
        any |= word->bytes[i];
    return any == 0;
}

bool weir_word_get_u64(struct weir_word word, uint64_t max, uint64_t *value)
{
    uint64_t number = weir_get_u64(word.bytes + 24);
    if (!begins_with_zeros(&word, 24) || number > max)
        return false;
    *value = number;
    return true;
}

bool weir_word_get_u128(struct weir_word word, unsigned __int128 *value)
{
    if (!begins_with_zeros(&word, 16))
        return false;
    *value = (unsigned __int128)weir_get_u64(word.bytes + 16) << 64 | weir_get_u64(word.bytes + 24);
    return true;
}

bool weir_word_get_address(struct weir_word word, struct weir_address *address)
{
    if (!begins_with_zeros(&word, WEIR_WORD_BYTES - WEIR_ADDRESS_BYTES))
        return false;
    memcpy(address->bytes, word.bytes + WEIR_WORD_BYTES - WEIR_ADDRESS_BYTES, WEIR_ADDRESS_BYTES);
    return true;
}

struct weir_hash weir_word_get_hash(struct weir_word word)
{
    struct weir_hash hash;
    memcpy(hash.bytes, word.bytes, WEIR_HASH_BYTES);
    return hash;
}

bool weir_word_equal(struct weir_word a, struct weir_word b)
{
    return memcmp(a.bytes, b.bytes, WEIR_WORD_BYTES) == 0;
}

bool weir_word_is_zero(struct weir_word word)
{
    return begins_with_zeros(&word, WEIR_WORD_BYTES);
}

struct weir_word weir_word_bit(unsigned bit)
{
    assert(bit < WEIR_WORD_BITS);
    struct weir_word word = {{0}};
    word.bytes[WEIR_WORD_BYTES - 1 - bit / 8] = (uint8_t)(1u << bit % 8);
    return word;
}

bool weir_word_has(struct weir_word word, unsigned bit)
{
    assert(bit < WEIR_WORD_BITS);
    return (word.bytes[WEIR_WORD_BYTES - 1 - bit / 8] >> bit % 8 & 1) != 0;
}

struct weir_word weir_word_or(struct weir_word a, struct weir_word b)
{
    for (unsigned i = 0; i < WEIR_WORD_BYTES; i++)
        a.bytes[i] |= b.bytes[i];
    return a;
}

struct weir_word weir_word_minus(struct weir_word a, struct weir_word b)
{
    for (unsigned i = 0; i < WEIR_WORD_BYTES; i++)
        a.bytes[i] = (uint8_t)(a.bytes[i] & ~b.bytes[i]);
    return a;
}

/* The 16 bits that begin at byte `at`; bytes outside the word are zero. */
static unsigned pair_at(const struct weir_word *word, int at)
{
    unsigned high = at >= 0 && at < WEIR_WORD_BYTES ? word->bytes[at] : 0;
    unsigned low = at + 1 >= 0 && at + 1 < WEIR_WORD_BYTES ? word->bytes[at + 1] : 0;
    return high << 8 | low;
}

struct weir_word weir_word_shift_left(struct weir_word word, unsigned bits)
{
    assert(bits < WEIR_WORD_BITS);
    struct weir_word shifted;
    for (int i = 0; i < WEIR_WORD_BYTES; i++)
        shifted.bytes[i] = (uint8_t)(pair_at(&word, i + (int)(bits / 8)) >> (8 - bits % 8));
    return shifted;
}

struct weir_word weir_word_shift_right(struct weir_word word, unsigned bits)
{
    assert(bits < WEIR_WORD_BITS);
    struct weir_word shifted;
    for (int i = 0; i < WEIR_WORD_BYTES; i++)
        shifted.bytes[i] = (uint8_t)(pair_at(&word, i - (int)(bits / 8) - 1) >> bits % 8);
    return shifted;
}

unsigned weir_word_count(struct weir_word word)
{
    unsigned count = 0;
    for (unsigned i = 0; i < WEIR_WORD_BYTES; i++)
        count += (unsigned)__builtin_popcount(word.bytes[i]);
    return count;
}

unsigned weir_word_lowest(struct weir_word word)
{
    assert(!weir_word_is_zero(word));
    unsigned bit = 0;
    while (!weir_word_has(word, bit))
        bit++;
    return bit;
}

unsigned weir_word_highest(struct weir_word word)
{
    assert(!weir_word_is_zero(word));
    unsigned bit = WEIR_WORD_BITS - 1;
    while (!weir_word_has(word, bit))
        bit--;
    return bit;
}

void weir_word_print(struct weir_word word, char text[static WEIR_WORD_TEXT_BYTES])
{
    memcpy(text, "0x", PREFIX_BYTES);
    weir_hex_print(word.bytes, WEIR_WORD_BYTES, text + PREFIX_BYTES);
}

enum weir_err
weir_word_parse(struct weir_scope *scope, struct weir_slice text, struct weir_word *word)
{
    struct weir_word parsed;
    if (text.length != WEIR_WORD_TEXT_BYTES - 1 || memcmp(text.data, "0x", PREFIX_BYTES) != 0)
        return weir_fail(scope, WEIR_E_PARSE, "a word is 0x and 64 lowercase digits");
    struct weir_slice digits = {text.data + PREFIX_BYTES, text.length - PREFIX_BYTES};
    enum weir_err err = weir_hex_parse(scope, digits, parsed.bytes, WEIR_WORD_BYTES);
    if (err != WEIR_OK)
        return err;
    char canonical[WEIR_WORD_TEXT_BYTES];
    weir_word_print(parsed, canonical);
    if (!weir_slice_equals_text(text, canonical))
        return weir_fail(scope, WEIR_E_PARSE, "a word is 0x and 64 lowercase digits");
    *word = parsed;
    return WEIR_OK;
}
