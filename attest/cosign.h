/* C2SP cosignature/v1 (note type 0x04): "as of this second, the largest consistent tree I saw for
 * this origin has this root".  The signature line carries u64 seconds || Ed25519 over
 * "cosignature/v1\ntime N\n" || the checkpoint text.  It does not name the cosigner: one key per
 * cosigner.  Making and checking; the witness's side is attest/witness.h.  Floor 1: pure. */
#ifndef WEIR_ATTEST_COSIGN_H
#define WEIR_ATTEST_COSIGN_H

#include <stdint.h>

#include "attest/ed25519.h"
#include "attest/note.h"
#include "base/err.h"
#include "base/slice.h"

#define WEIR_COSIGNATURE_BYTES 72 /* u64 seconds || signature */

struct weir_cosignature {
    uint64_t time_s; /* unix; 1 .. 2^63-1 */
    struct weir_ed25519_signature signature;
};

/* Appends the bytes that are signed.  Errors: LIMIT, MEMORY. */
WEIR_CHECKED enum weir_err weir_cosignature_message(struct weir_scope *scope,
                                                    struct weir_slice text,
                                                    uint64_t time_s,
                                                    struct weir_buffer *buffer);

/* Who cosigns, and the key to do it with; both borrowed. */
struct weir_cosigner {
    struct weir_slice name; /* a valid key name (asserted) */
    const uint8_t *secret;  /* WEIR_ED25519_SECRET_BYTES */
};

/* Appends the signature line over a checkpoint text.  Errors: RANGE (time not in 1 .. 2^63-1),
 * LIMIT, MEMORY. */
WEIR_CHECKED enum weir_err weir_cosignature_sign(struct weir_scope *scope,
                                                 const struct weir_cosigner *cosigner,
                                                 struct weir_slice text,
                                                 uint64_t time_s,
                                                 struct weir_buffer *buffer);

/* The time and signature that a line carries.  Errors: PARSE (not 72 bytes), RANGE (time). */
WEIR_CHECKED enum weir_err weir_cosignature_read(struct weir_scope *scope,
                                                 const struct weir_note_line *line,
                                                 struct weir_cosignature *cosignature);

/* Reads and verifies one line; the name and id are the caller's to compare (weir_note_verify does).
 * Errors: PARSE, RANGE, SIGNATURE, MEMORY. */
WEIR_CHECKED enum weir_err weir_cosignature_verify(struct weir_scope *scope,
                                                   const struct weir_vkey *key,
                                                   struct weir_slice text,
                                                   const struct weir_note_line *line,
                                                   struct weir_cosignature *cosignature);

/* The second to write into the next cosignature for one origin: that of `now_ms`, never below the
 * last one issued.  Errors: CLOCK (the clock is behind `last_s`, or before 1970-01-01T00:00:01). */
WEIR_CHECKED enum weir_err
weir_cosignature_time(struct weir_scope *scope, int64_t now_ms, uint64_t last_s, uint64_t *time_s);

#endif /* WEIR_ATTEST_COSIGN_H */
