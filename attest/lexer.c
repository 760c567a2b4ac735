#include "attest/lexer.h"

#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "base/number.h"
#include "base/text.h"

#define BLOCK_LINE_BYTES (WEIR_LEXER_BASE64_COLUMNS / 4 * 3)
#define HASH_BASE64_BYTES 44

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

const struct weir_hash *weir_lexer_hashes(struct weir_lexer *lines, uint64_t count)
{
    if (weir_lexer_err(lines) != WEIR_OK)
        return NULL;
    if (count > lines->rest.length / HASH_BASE64_BYTES) {
        weir_lexer_refuse(lines, WEIR_E_PARSE, "fewer hashes follow than it says");
        return NULL;
    }
    struct weir_hash *hashes = weir_take(lines->scope, count, sizeof(*hashes));
    for (uint64_t i = 0; hashes != NULL && i < count; i++) {
        weir_lexer_next(lines);
        if (weir_lexer_err(lines) == WEIR_OK &&
            weir_base64_parse(lines->scope, lines->line, hashes[i].bytes, WEIR_HASH_BYTES) !=
                WEIR_OK)
            note_line(lines);
        lines->has_words = false;
        if (weir_lexer_err(lines) != WEIR_OK)
            return NULL;
    }
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
        weir_lexer_next(lines);
        if (weir_lexer_err(lines) == WEIR_OK &&
            weir_base64_parse(lines->scope, lines->line, data + at, part) != WEIR_OK)
            note_line(lines);
        if (weir_lexer_err(lines) != WEIR_OK)
            return block;
        at += part;
    }
    lines->has_words = false;
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
