/* Reading and writing texts made of lines of words separated by single spaces, where every spelling
 * but one is refused.  The reader keeps the line number for errors; after the first failure every
 * call returns it again, so a parser is a plain list of calls that ends with one check.
 * Floor 1: pure. */
#ifndef WEIR_ATTEST_LEXER_H
#define WEIR_ATTEST_LEXER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attest/address.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"

#define WEIR_LEXER_BASE64_COLUMNS 76

struct weir_lexer {
    struct weir_scope *scope;
    struct weir_slice rest; /* what follows the current line */
    struct weir_slice line; /* the words of the current line that are not read yet */
    uint64_t number;        /* of the current line, from 1 */
    bool has_words;
};

void weir_lexer_begin(struct weir_lexer *lines, struct weir_scope *scope, struct weir_slice text);

/* Goes to the next line, which must be `keyword` alone or followed by words. */
void weir_lexer_expect(struct weir_lexer *lines, const char *keyword);
/* True when the next line begins with that keyword; nothing is consumed. */
bool weir_lexer_peek(const struct weir_lexer *lines, const char *keyword);
/* Goes to the next line, whatever it is: its words are then read like any others. */
void weir_lexer_next(struct weir_lexer *lines);
/* The current line must have no more words. */
void weir_lexer_finish_line(struct weir_lexer *lines);

/* Words of the current line.  A failed read gives an empty or zero value. */
struct weir_slice weir_lexer_word(struct weir_lexer *lines);
uint64_t weir_lexer_u64(struct weir_lexer *lines, uint64_t max);
void weir_lexer_hex(struct weir_lexer *lines, uint8_t *bytes, size_t length); /* lowercase */
void weir_lexer_0x(struct weir_lexer *lines, uint8_t *bytes, size_t length);  /* "0x" before it */
struct weir_slice weir_lexer_base64(struct weir_lexer *lines);

/* The following lines, each alone on its line: `count` base64 hashes into the arena. */
const struct weir_hash *weir_lexer_hashes(struct weir_lexer *lines, uint64_t count);
/* The following lines as one base64 block of exactly `length` bytes, 76 columns to a line. */
struct weir_slice weir_lexer_block(struct weir_lexer *lines, uint64_t length);
/* The following `count` lines verbatim, with their line ends. */
struct weir_slice weir_lexer_verbatim(struct weir_lexer *lines, uint64_t count);

/* Records "line N: what"; the first failure stays. */
void weir_lexer_refuse(struct weir_lexer *lines, enum weir_err err, const char *what);
enum weir_err weir_lexer_err(const struct weir_lexer *lines);

/* Writing: a base64 block as weir_lexer_block reads it, and hashes line by line. */
WEIR_CHECKED enum weir_err
weir_lexer_put_block(struct weir_scope *scope, struct weir_buffer *buffer, struct weir_slice bytes);
WEIR_CHECKED enum weir_err weir_lexer_put_hashes(struct weir_scope *scope,
                                                 struct weir_buffer *buffer,
                                                 const struct weir_hash *hashes,
                                                 size_t count);
/* base64 without line end. */
WEIR_CHECKED enum weir_err weir_lexer_put_base64(struct weir_scope *scope,
                                                 struct weir_buffer *buffer,
                                                 struct weir_slice bytes);
WEIR_CHECKED enum weir_err weir_lexer_put_hex(struct weir_scope *scope,
                                              struct weir_buffer *buffer,
                                              const uint8_t *bytes,
                                              size_t length);

#endif /* WEIR_ATTEST_LEXER_H */
