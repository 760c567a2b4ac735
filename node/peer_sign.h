/* Requests between nodes are signed: three headers carry who asks, when, and the statement key's
 * signature over a PEER_REQUEST statement (attest/statements.def) about receiver, method, path and
 * body.  A request older or newer than the bound is refused, so a recorded one is worth nothing
 * soon; what it asks is idempotent besides.  Floor 3. */
#ifndef WEIR_NODE_PEER_SIGN_H
#define WEIR_NODE_PEER_SIGN_H

#include <stdint.h>

#include "attest/keyset.h"
#include "base/err.h"
#include "base/slice.h"

#define WEIR_HEADER_NODE "Weir-Node"
#define WEIR_HEADER_MESSAGE "Weir-Statement"   /* base64 of the signed Nautilus message */
#define WEIR_HEADER_SIGNATURE "Weir-Signature" /* base64 */
#define WEIR_PEER_AGE_MAX_MS 30000

struct weir_peer_request {
    const char *method;
    const char *path;
    struct weir_slice body;
};

/* The three header lines, "Name: value", in the arena.  Asks the signer.  Errors: its own. */
WEIR_CHECKED enum weir_err weir_peer_sign(struct weir_scope *scope,
                                          int signer,
                                          const struct weir_ed25519_key *receiver,
                                          const struct weir_peer_request *request,
                                          const char *headers[static 3]);

/* What arrived, to be checked by the receiver. */
struct weir_peer_headers {
    const char *node; /* NULL: the header is missing */
    const char *message;
    const char *signature;
};

/* Who asks whom, when. */
struct weir_peer_check {
    const struct weir_keyset *sender;
    const struct weir_ed25519_key *receiver;
    int64_t now_ms; /* the receiver's clock */
};

/* That the node of `sender` asks exactly this of `receiver`, now.  `*sent_ms` gets the sender's
 * clock.  Errors: DENIED (missing or malformed headers, another receiver, method, path or body),
 * SIGNATURE, CLOCK (too old, or from the future). */
WEIR_CHECKED enum weir_err weir_peer_verify(struct weir_scope *scope,
                                            const struct weir_peer_check *check,
                                            const struct weir_peer_request *request,
                                            const struct weir_peer_headers *headers,
                                            int64_t *sent_ms);

#endif /* WEIR_NODE_PEER_SIGN_H */
