/* Questions between duties: bounded frames over a socketpair that the supervisor made.
 * Question: u32 length | u8 type | body.  Answer: u32 length | u8 error number | body, where the
 * body of a failed answer is its text.  Lengths are big-endian and count what follows them.
 * One question is under way per socket; the asking duty waits with a deadline. */
#ifndef WEIR_NODE_FRAME_H
#define WEIR_NODE_FRAME_H

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

#define WEIR_FRAME_BODY_MAX ((size_t)24 * 1024 * 1024) /* evidence of a month from 16 witnesses */

/* What the signer can be asked; which duty may ask what is decided in node/signer.c. */
enum weir_frame_type {
    WEIR_FRAME_KEYS = 1,       /* -> public keys and the signed key set */
    WEIR_FRAME_CHECKPOINT = 2, /* a head of an own log -> signed note */
    WEIR_FRAME_COSIGN = 3,     /* an add-checkpoint body -> cosignature line */
    WEIR_FRAME_OPINION = 4,    /* an own verdict with its evidence -> what is signed, signature */
    WEIR_FRAME_REPORT = 5,     /* unsigned proof -> signature over Breach */
    WEIR_FRAME_STATEMENT = 6,  /* a statement to sign in Nautilus form */
    WEIR_FRAME_TX = 7,         /* an unsigned transaction of an intent -> raw bytes */
};

/* Sends one question and waits for its answer, at most `timeout_ms`.  `*answer` lives in the
 * scope's arena.  When the channel fails it is shut down for good, which poll shows as POLLHUP; the
 * duty must then end.  Errors: LIMIT (nothing was sent), the signer's own refusal with its text;
 * IO, TIMEOUT, UNREACHABLE, PARSE or MEMORY when the channel failed. */
WEIR_CHECKED enum weir_err weir_frame_ask(struct weir_scope *scope,
                                          int socket,
                                          enum weir_frame_type type,
                                          struct weir_slice body,
                                          int timeout_ms,
                                          struct weir_slice *answer);

/* The signer's side.  Reads one question that poll has announced; `*type` is not yet judged.
 * Errors: UNREACHABLE (the other side is gone), PARSE (too long or empty), IO, MEMORY. */
WEIR_CHECKED enum weir_err
weir_frame_receive(struct weir_scope *scope, int socket, uint8_t *type, struct weir_slice *body);

/* Answers with a body, or with the failure recorded in `outcome`.  Errors: IO. */
WEIR_CHECKED enum weir_err weir_frame_answer(struct weir_scope *scope,
                                             int socket,
                                             const struct weir_scope *outcome,
                                             struct weir_slice body);

#endif /* WEIR_NODE_FRAME_H */
