#include "attest/lexer.h"

#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "base/number.h"
#include "base/text.h"

#define BLOCK_LINE_BYTES (WEIR_LEXER_BASE64_COLUMNS / 4 * 3)
#define HASH_BASE64_BYTES 44

/* Digit of each byte plus one; 0: none.  The texts are public and long: base/text.h decodes in
 * constant time, which takes ten times as long. */
static const uint8_t digits_plus_1[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};

void weir_lexer_begin(struct weir_lexer *lines, struct weir_scope *scope, struct weir_slice text)
{
    *lines = (struct weir_lexer){.scope = scope, .rest = text};
}

enum weir_err weir_lexer_err(const struct weir_lexer *lines)
{
    return lines->scope->err;
}

void weir_lexer_refuse(struct weir_lexer *lines, enum weir_err err, const char *what)
{
    if (lines->scope->err == WEIR_OK)
        (void)weir_fail(lines->scope, err, "line %llu: %s", (unsigned long long)lines->number,
                        what);
}

/* Puts the line number before a failure that a parser below has just recorded. */
static void note_line(struct weir_lexer *lines)
{
    (void)weir_note(lines->scope, "line %llu", (unsigned long long)lines->number);
}

void weir_lexer_next(struct weir_lexer *lines)
{
    if (weir_lexer_err(lines) != WEIR_OK)
        return;
    lines->number++;
    lines->has_words = true;
    if (!weir_slice_line(&lines->rest, &lines->line))
        weir_lexer_refuse(lines, WEIR_E_PARSE, "the text ends here, too early");
}

bool weir_lexer_peek(const struct weir_lexer *lines, const char *keyword)
{
    size_t length = strlen(keyword);
    if (weir_lexer_err(lines) != WEIR_OK || lines->rest.length <= length ||
        memcmp(lines->rest.data, keyword, length) != 0)
        return false;
    return lines->rest.data[length] == ' ' || lines->rest.data[length] == '\n';
}

void weir_lexer_expect(struct weir_lexer *lines, const char *keyword)
{
    weir_lexer_next(lines);
    struct weir_slice word = weir_lexer_word(lines);
    if (weir_lexer_err(lines) == WEIR_OK && !weir_slice_equals_text(word, keyword))
        (void)weir_fail(lines->scope, WEIR_E_PARSE, "line %llu: '%s' belongs here",
                        (unsigned long long)lines->number, keyword);
}

void weir_lexer_finish_line(struct weir_lexer *lines)
{
    if (weir_lexer_err(lines) == WEIR_OK && lines->has_words)
        weir_lexer_refuse(lines, WEIR_E_PARSE, "more words than belong here");
}

struct weir_slice weir_lexer_word(struct weir_lexer *lines)
{
    struct weir_slice word = {NULL, 0};
    if (weir_lexer_err(lines) != WEIR_OK)
        return word;
    if (!lines->has_words) {
        weir_lexer_refuse(lines, WEIR_E_PARSE, "a word is missing");
        return word;
    }
    if (!weir_slice_cut(&lines->line, ' ', &word)) {
        word = lines->line;
        lines->has_words = false;
    }
    if (word.length == 0)
        weir_lexer_refuse(lines, WEIR_E_PARSE, "an empty word");
    return word;
}

uint64_t weir_lexer_u64(struct weir_lexer *lines, uint64_t max)
{
    struct weir_slice word = weir_lexer_word(lines);
    uint64_t value = 0;
    if (weir_lexer_err(lines) == WEIR_OK &&
        weir_u64_parse(lines->scope, word, max, &value) != WEIR_OK)
        note_line(lines);
    return value;
}

void weir_lexer_hex(struct weir_lexer *lines, uint8_t *bytes, size_t length)
{
    struct weir_slice word = weir_lexer_word(lines);
    memset(bytes, 0, length);
    if (weir_lexer_err(lines) != WEIR_OK)
        return;
    for (size_t i = 0; i < word.length; i++)
        if (word.data[i] >= 'A' && word.data[i] <= 'F') {
            weir_lexer_refuse(lines, WEIR_E_PARSE, "hex digits are lowercase here");
            return;
        }
    if (weir_hex_parse(lines->scope, word, bytes, length) != WEIR_OK)
        note_line(lines);
}

void weir_lexer_0x(struct weir_lexer *lines, uint8_t *bytes, size_t length)
{
    memset(bytes, 0, length);
    if (weir_lexer_err(lines) != WEIR_OK)
        return;
    if (!lines->has_words || lines->line.length < 2 || memcmp(lines->line.data, "0x", 2) != 0) {
        weir_lexer_refuse(lines, WEIR_E_PARSE, "'0x' and hex digits belong here");
        return;
    }
    lines->line.data += 2;
    lines->line.length -= 2;
    weir_lexer_hex(lines, bytes, length);
}

struct weir_slice weir_lexer_base64(struct weir_lexer *lines)
{
    struct weir_slice word = weir_lexer_word(lines);
    struct weir_slice bytes = {NULL, 0};
    if (weir_lexer_err(lines) == WEIR_OK &&
        weir_take_unbase64(lines->scope, word, &bytes) != WEIR_OK)
        note_line(lines);
    return bytes;
}

/* Four digits at `text` as 24 bits; above 2^24 when one of them is none. */
static uint32_t quantum(const uint8_t *text)
{
    uint32_t a = digits_plus_1[text[0]] - 1U;
    uint32_t b = digits_plus_1[text[1]] - 1U;
    uint32_t c = digits_plus_1[text[2]] - 1U;
    uint32_t d = digits_plus_1[text[3]] - 1U;
    return a << 18 | b << 12 | c << 6 | d | ((a | b | c | d) & 0xff000000U);
}

/* Exactly `length` bytes from canonical base64: padded, unused bits zero; false otherwise. */
static bool base64_read(struct weir_slice text, uint8_t *bytes, size_t length)
{
    if (text.length != (length + 2) / 3 * 4)
        return false;
    const uint8_t *at = text.data;
    uint32_t faults = 0;
    for (size_t i = 0; i < length / 3; i++, at += 4, bytes += 3) {
        uint32_t bits = quantum(at);
        faults |= bits;
        bytes[0] = (uint8_t)(bits >> 16);
        bytes[1] = (uint8_t)(bits >> 8);
        bytes[2] = (uint8_t)bits;
    }
    size_t rest = length % 3;
    if (rest != 0) {
        /* one byte takes two digits, two take three; the bits beyond must be zero */
        uint8_t last[4] = {at[0], at[1], rest == 2 ? at[2] : 'A', 'A'};
        uint32_t bits = quantum(last);
        faults |= bits;
        if (at[3] != '=' || (rest == 1 && at[2] != '=') || (bits & (rest == 1 ? 0xffffU : 0xffU)))
            return false;
        bytes[0] = (uint8_t)(bits >> 16);
        if (rest == 2)
            bytes[1] = (uint8_t)(bits >> 8);
    }
    return faults >> 24 == 0;
}

/* The next line, all of it base64 of exactly `length` bytes. */
static bool read_base64_line(struct weir_lexer *lines, uint8_t *bytes, size_t length)
{
    weir_lexer_next(lines);
    lines->has_words = false;
    if (weir_lexer_err(lines) == WEIR_OK && !base64_read(lines->line, bytes, length))
        (void)weir_fail(lines->scope, WEIR_E_PARSE, "line %llu: not the base64 of %zu bytes",
                        (unsigned long long)lines->number, length);
    return weir_lexer_err(lines) == WEIR_OK;
}

const struct weir_hash *weir_lexer_hashes(struct weir_lexer *lines, uint64_t count)
{
    if (weir_lexer_err(lines) != WEIR_OK)
        return NULL;
    if (count > lines->rest.length / HASH_BASE64_BYTES) {
        weir_lexer_refuse(lines, WEIR_E_PARSE, "fewer hashes follow than it says");
        return NULL;
    }
    struct weir_hash *hashes = weir_take(lines->scope, count, sizeof(*hashes));
    for (uint64_t i = 0; hashes != NULL && i < count; i++)
        if (!read_base64_line(lines, hashes[i].bytes, WEIR_HASH_BYTES))
            return NULL;
    return hashes;
}

struct weir_slice weir_lexer_block(struct weir_lexer *lines, uint64_t length)
{
    struct weir_slice block = {NULL, 0};
    if (weir_lexer_err(lines) != WEIR_OK)
        return block;
    if (length > lines->rest.length) {
        weir_lexer_refuse(lines, WEIR_E_PARSE, "fewer bytes follow than it says");
        return block;
    }
    uint8_t *data = weir_take(lines->scope, length, 1);
    if (data == NULL)
        return block;
    for (uint64_t at = 0; at < length;) {
        size_t part = length - at < BLOCK_LINE_BYTES ? (size_t)(length - at) : BLOCK_LINE_BYTES;
        if (!read_base64_line(lines, data + at, part))
            return block;
        at += part;
    }
    return (struct weir_slice){data, (size_t)length};
}

struct weir_slice weir_lexer_verbatim(struct weir_lexer *lines, uint64_t count)
{
    struct weir_slice text = {lines->rest.data, 0};
    for (uint64_t i = 0; i < count && weir_lexer_err(lines) == WEIR_OK; i++) {
        weir_lexer_next(lines);
        text.length += lines->line.length + 1;
    }
    lines->has_words = false;
    if (weir_lexer_err(lines) != WEIR_OK)
        return (struct weir_slice){NULL, 0};
    return text;
}

enum weir_err
weir_lexer_put_base64(struct weir_scope *scope, struct weir_buffer *buffer, struct weir_slice bytes)
{
    const char *text = weir_take_base64(scope, bytes.data, bytes.length);
    return text == NULL ? scope->err : weir_buffer_text(scope, buffer, text);
}

enum weir_err
weir_lexer_put_block(struct weir_scope *scope, struct weir_buffer *buffer, struct weir_slice bytes)
{
    const char *text = weir_take_base64(scope, bytes.data, bytes.length);
    if (text == NULL)
        return scope->err;
    size_t length = strlen(text);
    for (size_t at = 0; at < length; at += WEIR_LEXER_BASE64_COLUMNS) {
        size_t part = length - at;
        if (part > WEIR_LEXER_BASE64_COLUMNS)
            part = WEIR_LEXER_BASE64_COLUMNS;
        enum weir_err err = weir_buffer_put(scope, buffer, text + at, part);
        if (err == WEIR_OK)
            err = weir_buffer_u8(scope, buffer, '\n');
        if (err != WEIR_OK)
            return err;
    }
    return WEIR_OK;
}

enum weir_err weir_lexer_put_hashes(struct weir_scope *scope,
                                    struct weir_buffer *buffer,
                                    const struct weir_hash *hashes,
                                    size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct weir_slice bytes = {hashes[i].bytes, WEIR_HASH_BYTES};
        enum weir_err err = weir_lexer_put_base64(scope, buffer, bytes);
        if (err == WEIR_OK)
            err = weir_buffer_u8(scope, buffer, '\n');
        if (err != WEIR_OK)
            return err;
    }
    return WEIR_OK;
}

enum weir_err weir_lexer_put_hex(struct weir_scope *scope,
                                 struct weir_buffer *buffer,
                                 const uint8_t *bytes,
                                 size_t length)
{
    const char *text = weir_take_hex(scope, bytes, length);
    return text == NULL ? scope->err : weir_buffer_text(scope, buffer, text);
}
