#include "attest/lexer.h"

#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "base/number.h"
#include "base/text.h"

#define BLOCK_LINE_BYTES (WEIR_LEXER_BASE64_COLUMNS / 4 * 3)
#define HASH_BASE64_BYTES 44

/* Value of each base64 digit, marked; 0: no digit.  The texts are public and long: base/text.h
 * decodes in constant time, which takes ten times as long. */
#define DIGIT(value) (0x80 | (value))
static const uint8_t digits[256] = {
    ['A'] = DIGIT(0),  ['B'] = DIGIT(1),  ['C'] = DIGIT(2),  ['D'] = DIGIT(3),  ['E'] = DIGIT(4),
    ['F'] = DIGIT(5),  ['G'] = DIGIT(6),  ['H'] = DIGIT(7),  ['I'] = DIGIT(8),  ['J'] = DIGIT(9),
    ['K'] = DIGIT(10), ['L'] = DIGIT(11), ['M'] = DIGIT(12), ['N'] = DIGIT(13), ['O'] = DIGIT(14),
    ['P'] = DIGIT(15), ['Q'] = DIGIT(16), ['R'] = DIGIT(17), ['S'] = DIGIT(18), ['T'] = DIGIT(19),
    ['U'] = DIGIT(20), ['V'] = DIGIT(21), ['W'] = DIGIT(22), ['X'] = DIGIT(23), ['Y'] = DIGIT(24),
    ['Z'] = DIGIT(25), ['a'] = DIGIT(26), ['b'] = DIGIT(27), ['c'] = DIGIT(28), ['d'] = DIGIT(29),
    ['e'] = DIGIT(30), ['f'] = DIGIT(31), ['g'] = DIGIT(32), ['h'] = DIGIT(33), ['i'] = DIGIT(34),
    ['j'] = DIGIT(35), ['k'] = DIGIT(36), ['l'] = DIGIT(37), ['m'] = DIGIT(38), ['n'] = DIGIT(39),
    ['o'] = DIGIT(40), ['p'] = DIGIT(41), ['q'] = DIGIT(42), ['r'] = DIGIT(43), ['s'] = DIGIT(44),
    ['t'] = DIGIT(45), ['u'] = DIGIT(46), ['v'] = DIGIT(47), ['w'] = DIGIT(48), ['x'] = DIGIT(49),
    ['y'] = DIGIT(50), ['z'] = DIGIT(51), ['0'] = DIGIT(52), ['1'] = DIGIT(53), ['2'] = DIGIT(54),
    ['3'] = DIGIT(55), ['4'] = DIGIT(56), ['5'] = DIGIT(57), ['6'] = DIGIT(58), ['7'] = DIGIT(59),
    ['8'] = DIGIT(60), ['9'] = DIGIT(61), ['+'] = DIGIT(62), ['/'] = DIGIT(63),
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

/* Four digits at `text` as 24 bits; `*marks` keeps its mark only while all are digits. */
static uint32_t quantum(const uint8_t *text, uint8_t *marks)
{
    const uint8_t a = digits[text[0]];
    const uint8_t b = digits[text[1]];
    const uint8_t c = digits[text[2]];
    const uint8_t d = digits[text[3]];
    *marks &= a & b & c & d;
    return (a & 0x3fU) << 18 | (b & 0x3fU) << 12 | (c & 0x3fU) << 6 | (d & 0x3fU);
}

/* Exactly `length` bytes from canonical base64: padded, unused bits zero; false otherwise. */
static bool base64_read(struct weir_slice text, uint8_t *bytes, size_t length)
{
    if (text.length != (length + 2) / 3 * 4)
        return false;
    const uint8_t *at = text.data;
    uint8_t marks = DIGIT(0);
    size_t left = length;
    for (; left >= 8; left -= 6, at += 8, bytes += 6) /* writes two bytes more than it gained */
        weir_put_u64(bytes, ((uint64_t)quantum(at, &marks) << 24 | quantum(at + 4, &marks)) << 16);
    for (; left >= 3; left -= 3, at += 4, bytes += 3) {
        uint32_t bits = quantum(at, &marks);
        bytes[0] = (uint8_t)(bits >> 16);
        bytes[1] = (uint8_t)(bits >> 8);
        bytes[2] = (uint8_t)bits;
    }
    size_t rest = length % 3;
    if (rest != 0) {
        /* one byte takes two digits, two take three; the bits beyond must be zero */
        const uint8_t last[4] = {at[0], at[1], rest == 2 ? at[2] : 'A', 'A'};
        uint32_t bits = quantum(last, &marks);
        if (at[3] != '=' || (rest == 1 && at[2] != '=') || (bits & (rest == 1 ? 0xffffU : 0xffU)))
            return false;
        bytes[0] = (uint8_t)(bits >> 16);
        if (rest == 2)
            bytes[1] = (uint8_t)(bits >> 8);
    }
    return (marks & DIGIT(0)) != 0;
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
