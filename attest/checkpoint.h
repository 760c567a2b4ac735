/* C2SP tlog-checkpoint: the text of a note that names a log, its size and its root, three lines.
 * Extension lines are refused and never made: nobody can audit them and not all cosignatures cover
 * them.  Parse and print are inverse to each other.  Plain data.  Floor 1: pure. */
#ifndef WEIR_ATTEST_CHECKPOINT_H
#define WEIR_ATTEST_CHECKPOINT_H

#include <stdbool.h>

#include "attest/merkle.h"
#include "attest/note.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"

#define WEIR_ORIGIN_BYTES_MAX 255
/* origin, 19 digits of a size, base64 of the root, three '\n' */
#define WEIR_CHECKPOINT_BYTES_MAX (WEIR_ORIGIN_BYTES_MAX + 19 + 44 + 3)

struct weir_checkpoint {
    struct weir_slice origin; /* borrowed from the text */
    struct weir_merkle_head head;
};

/* Errors: PARSE (not exactly three lines, a decimal or base64 that is not canonical, an origin that
 * is empty or no clean UTF-8), RANGE (size above 2^63-1), LIMIT (origin above 255 bytes). */
WEIR_CHECKED enum weir_err weir_checkpoint_parse(struct weir_scope *scope,
                                                 struct weir_slice text,
                                                 struct weir_checkpoint *checkpoint);

/* The note and the checkpoint that is its text.  Errors: as weir_note_parse and above. */
WEIR_CHECKED enum weir_err weir_checkpoint_note_parse(struct weir_scope *scope,
                                                      struct weir_slice bytes,
                                                      struct weir_note *note,
                                                      struct weir_checkpoint *checkpoint);

/* Appends the text.  Errors: PARSE, LIMIT (an origin that could not be parsed again), MEMORY. */
WEIR_CHECKED enum weir_err weir_checkpoint_print(struct weir_scope *scope,
                                                 const struct weir_checkpoint *checkpoint,
                                                 struct weir_buffer *buffer);

/* Appends the whole note: text, empty line, and the log's own signature (type 0x01, key name equal
 * to the origin, as all logs of this program have it).  Errors: as weir_checkpoint_print. */
WEIR_CHECKED enum weir_err
weir_checkpoint_sign(struct weir_scope *scope,
                     const struct weir_checkpoint *checkpoint,
                     const uint8_t secret[static WEIR_ED25519_SECRET_BYTES],
                     struct weir_buffer *buffer);

/* A tree without leaves has the root SHA-256(""); true for every other size. */
bool weir_checkpoint_root_is_possible(const struct weir_checkpoint *checkpoint);

/* SHA-256 of the origin line without '\n': the folder name of the witness protocol and the `origin`
 * of an opinion. */
struct weir_hash weir_origin_hash(struct weir_slice origin);

#endif /* WEIR_ATTEST_CHECKPOINT_H */
