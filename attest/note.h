/* C2SP signed notes: a text, an empty line, and signature lines "(em dash) name base64(id || sig)".
 * Parsing is strict and keeps slices into the input, so parse and print are inverse to each other.
 * A line whose name and id belong to a known key must verify, else the whole note is refused;
 * lines of unknown keys are ignored.  Verifier keys ("vkey") of types 0x01 (Ed25519) and 0x04
 * (cosignature/v1) are understood.  Plain data.  Floor 1: pure. */
#ifndef WEIR_ATTEST_NOTE_H
#define WEIR_ATTEST_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attest/ed25519.h"
#include "base/err.h"
#include "base/slice.h"

#define WEIR_NOTE_BYTES_MAX ((size_t)64 * 1024)
#define WEIR_NOTE_LINES_MAX 100
#define WEIR_KEY_NAME_BYTES_MAX 255
#define WEIR_VKEY_BYTES_MAX (WEIR_KEY_NAME_BYTES_MAX + 1 + 8 + 1 + 44)

enum weir_key_type {
    WEIR_KEY_ED25519 = 0x01,
    WEIR_KEY_COSIGNATURE = 0x04,
};

/* Whom to believe.  `name` is borrowed from the text it was parsed from. */
struct weir_vkey {
    struct weir_slice name;
    uint32_t id;
    enum weir_key_type type;
    struct weir_ed25519_key key;
};

struct weir_note_line {
    struct weir_slice name;
    uint32_t id;
    struct weir_slice signature; /* decoded, without the id; at least one byte */
};

struct weir_note {
    struct weir_slice text; /* with its last '\n' */
    struct weir_note_line *lines;
    size_t line_count;
};

/* Non-empty UTF-8 without control bytes, Unicode spaces and '+', at most 255 bytes. */
bool weir_key_name_is_valid(struct weir_slice name);

/* First 4 bytes of SHA-256(name || '\n' || type || key). */
uint32_t
weir_key_id(struct weir_slice name, enum weir_key_type type, const struct weir_ed25519_key *key);

/* A vkey with its id computed.  `name` must be valid (asserted) and outlive the result. */
struct weir_vkey
weir_vkey_make(struct weir_slice name, enum weir_key_type type, const struct weir_ed25519_key *key);

/* "name+0123abcd+base64(type || key)".  Errors: PARSE (form, id that is not the key's), RANGE (a
 * type that this program does not know). */
WEIR_CHECKED enum weir_err
weir_vkey_parse(struct weir_scope *scope, struct weir_slice text, struct weir_vkey *vkey);
WEIR_CHECKED enum weir_err
weir_vkey_print(struct weir_scope *scope, const struct weir_vkey *vkey, struct weir_buffer *buffer);

/* The lines live in the arena and point into `bytes` and the arena.
 * Errors: PARSE, LIMIT (64 KiB, 100 lines), MEMORY. */
WEIR_CHECKED enum weir_err
weir_note_parse(struct weir_scope *scope, struct weir_slice bytes, struct weir_note *note);

/* For a witness: as above, but a line with unused bits set in its base64 is kept with an empty
 * signature, which verifies under no key.  Other implementations answer such a line as a wrong
 * signature, not as a malformed note.  Such a note cannot be printed (asserted). */
WEIR_CHECKED enum weir_err
weir_note_parse_foreign(struct weir_scope *scope, struct weir_slice bytes, struct weir_note *note);

/* Signature lines alone (at least one), as a witness answers, made into a note with `text`.
 * Errors: as weir_note_parse. */
WEIR_CHECKED enum weir_err weir_note_lines_parse(struct weir_scope *scope,
                                                 struct weir_slice text,
                                                 struct weir_slice lines,
                                                 struct weir_note *note);

/* The inverse of weir_note_parse, byte for byte.  Errors: LIMIT, MEMORY. */
WEIR_CHECKED enum weir_err
weir_note_print(struct weir_scope *scope, const struct weir_note *note, struct weir_buffer *buffer);
WEIR_CHECKED enum weir_err weir_note_line_print(struct weir_scope *scope,
                                                const struct weir_note_line *line,
                                                struct weir_buffer *buffer);

/* Verifies every line of a known key.  `verified` (room for `key_count`, may be NULL) gets for each
 * key its first line, or NULL when it did not sign.
 * Errors: SIGNATURE (a known key's line does not verify, or no known key signed), MEMORY. */
WEIR_CHECKED enum weir_err weir_note_verify(struct weir_scope *scope,
                                            const struct weir_note *note,
                                            const struct weir_vkey *keys,
                                            size_t key_count,
                                            const struct weir_note_line **verified);

/* Appends the type 0x01 signature line over `text`.  `name` must be valid (asserted).
 * Errors: LIMIT, MEMORY. */
WEIR_CHECKED enum weir_err weir_note_sign(struct weir_scope *scope,
                                          struct weir_slice text,
                                          struct weir_slice name,
                                          const uint8_t secret[static WEIR_ED25519_SECRET_BYTES],
                                          struct weir_buffer *buffer);

#endif /* WEIR_ATTEST_NOTE_H */
