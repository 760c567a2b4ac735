/* Statements: what a node's statement key signs, each with a purpose from the one table
 * statements.def.  The payload is BCS and begins with tag, node, running number, hash of the
 * statement before and configuration digest, so that nothing can be replayed as something else.
 * A statement moves no money.  Floor 1: pure. */
#ifndef WEIR_ATTEST_STATEMENT_H
#define WEIR_ATTEST_STATEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"

#define WEIR_STATEMENT_FIELDS_MAX 8
#define WEIR_STATEMENT_BYTES_MAX 8192
#define WEIR_STATEMENT_NODE_BYTES 32

enum weir_statement_purpose {
#define WEIR_STATEMENT(name, number, tag, chained, text) WEIR_STATEMENT_##name = (number),
#define WEIR_STATEMENT_FIELD(statement, name, kind, text)
#include "attest/statements.def"
#undef WEIR_STATEMENT_FIELD
#undef WEIR_STATEMENT
};

enum weir_field_kind {
    WEIR_FIELD_U64 = 1,
    WEIR_FIELD_TEXT = 2,  /* Move String, JSON string */
    WEIR_FIELD_BYTES = 3, /* Move vector<u8>, JSON array of numbers */
};

struct weir_statement_field {
    const char *name;
    enum weir_field_kind kind;
    const char *text;
};

/* One row of the table. */
struct weir_statement_type {
    enum weir_statement_purpose purpose;
    const char *name; /* "WORK_COMPLETED" */
    const char *tag;
    bool is_chained;
    const char *text;
};

/* A field's value: the member that its kind names. */
struct weir_statement_value {
    uint64_t number;
    struct weir_slice bytes; /* TEXT and BYTES; borrowed */
};

struct weir_statement {
    uint8_t purpose; /* enum weir_statement_purpose */
    uint8_t node[WEIR_STATEMENT_NODE_BYTES];
    uint64_t sequence;
    struct weir_hash previous; /* SHA-256 of the payload before; zeros for the first */
    struct weir_hash config;
    struct weir_statement_value values[WEIR_STATEMENT_FIELDS_MAX];
};

/* The row of a purpose, or NULL; and all rows, for help and manual. */
const struct weir_statement_type *weir_statement_type(uint8_t purpose);
const struct weir_statement_type *weir_statement_types(size_t *count);

/* Field number `place` (from 0) of a purpose, which is also its place in `values`; NULL behind the
 * last. */
const struct weir_statement_field *weir_statement_field(uint8_t purpose, size_t place);

/* Appends the BCS payload.  Errors: RANGE (purpose outside the table; chain members in a statement
 * that is not chained), PARSE (a text is not UTF-8), LIMIT (WEIR_STATEMENT_BYTES_MAX), MEMORY. */
WEIR_CHECKED enum weir_err weir_statement_write(struct weir_scope *scope,
                                                const struct weir_statement *statement,
                                                struct weir_buffer *buffer);

/* Strict; `purpose` is the Nautilus intent that the payload came under.  Values borrow from
 * `payload`.  Errors: PARSE. */
WEIR_CHECKED enum weir_err weir_statement_read(struct weir_scope *scope,
                                               uint8_t purpose,
                                               struct weir_slice payload,
                                               struct weir_statement *statement);

/* Appends the statement as the JSON object that serde prints for the same Rust struct: no white
 * space, members in order, byte vectors as arrays of numbers.  Errors: RANGE, LIMIT, MEMORY. */
WEIR_CHECKED enum weir_err weir_statement_print(struct weir_scope *scope,
                                                const struct weir_statement *statement,
                                                struct weir_buffer *buffer);

#endif /* WEIR_ATTEST_STATEMENT_H */
