/* C2SP tlog-witness, add-checkpoint: the request as text, and the answer as a pure decision over
 * what the witness has stored.  The caller holds the transaction: decide, store, commit durably,
 * and only then release the cosignature.  Log side: printing the request, reading the answers.
 * Plain data.  Floor 1: pure. */
#ifndef WEIR_ATTEST_WITNESS_H
#define WEIR_ATTEST_WITNESS_H

#include <stddef.h>
#include <stdint.h>

#include "attest/checkpoint.h"
#include "attest/merkle.h"
#include "attest/note.h"
#include "base/err.h"
#include "base/slice.h"

#define WEIR_WITNESS_HASHES_MAX 63
#define WEIR_WITNESS_BODY_BYTES_MAX ((size_t)64 * 1024)
#define WEIR_WITNESS_SIZE_TYPE "text/x.tlog.size" /* Content-Type of a 409 */

/* "old N\n", up to 63 lines base64(hash), an empty line, the checkpoint note. */
struct weir_add_checkpoint {
    uint64_t old_size;
    size_t hash_count;
    const struct weir_hash *hashes; /* in the arena, or the caller's when printing */
    struct weir_note note;
    struct weir_checkpoint checkpoint; /* the note's text, parsed */
};

/* Slices point into `body`.  Errors: PARSE, RANGE (old size above the checkpoint's), LIMIT (64 KiB,
 * 63 hashes), MEMORY; all of them are the answer 400. */
WEIR_CHECKED enum weir_err weir_add_checkpoint_parse(struct weir_scope *scope,
                                                     struct weir_slice body,
                                                     struct weir_add_checkpoint *request);

/* The inverse of the parser, byte for byte; `checkpoint` is not looked at.  Errors: LIMIT, MEMORY.
 */
WEIR_CHECKED enum weir_err weir_add_checkpoint_print(struct weir_scope *scope,
                                                     const struct weir_add_checkpoint *request,
                                                     struct weir_buffer *buffer);

/* What a witness knows of one log. */
struct weir_witness_log {
    const struct weir_vkey *keys; /* trusted for this origin */
    size_t key_count;
    struct weir_merkle_head head; /* last cosigned; size 0 when there is none */
};

enum weir_witness_status {
    WEIR_WITNESS_OK = 200,
    WEIR_WITNESS_MALFORMED = 400,
    WEIR_WITNESS_UNTRUSTED = 403,
    WEIR_WITNESS_UNKNOWN_LOG = 404,
    WEIR_WITNESS_WRONG_SIZE = 409,
    WEIR_WITNESS_INCONSISTENT = 422,
};

struct weir_witness_answer {
    enum weir_witness_status status;
    uint64_t size;      /* body of a 409 ("N\n"): last cosigned */
    const char *reason; /* static, for logs and error bodies */
};

/* The table of the protocol, in its order:
 *   400 `request` is NULL: it did not parse        404 `log` is NULL: origin unknown
 *   403 no trusted signature, or one that fails    409 old size is not the one last cosigned
 *   422 size 0 with another root than SHA-256(""), a proof from size 0, a proof that does not
 *       verify, the same size with another root    200 store `request->checkpoint`, then cosign
 * A failure recorded in the scope on the way is forgotten.  Errors: MEMORY only. */
WEIR_CHECKED enum weir_err weir_witness_decide(struct weir_scope *scope,
                                               const struct weir_add_checkpoint *request,
                                               const struct weir_witness_log *log,
                                               struct weir_witness_answer *answer);

/* After a 200: the note to store and serve, made anew from what was parsed: the text, the verified
 * lines of trusted keys, the witness's own `cosignature_lines`.  Never a line that nobody verified.
 * Errors: SIGNATURE, LIMIT, MEMORY. */
WEIR_CHECKED enum weir_err weir_witness_note(struct weir_scope *scope,
                                             const struct weir_add_checkpoint *request,
                                             const struct weir_witness_log *log,
                                             struct weir_slice cosignature_lines,
                                             struct weir_buffer *buffer);

/* Log side: the body of a 409, "N\n".  Errors: PARSE, RANGE. */
WEIR_CHECKED enum weir_err
weir_witness_size_parse(struct weir_scope *scope, struct weir_slice body, uint64_t *size);

#endif /* WEIR_ATTEST_WITNESS_H */
