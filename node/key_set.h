/* The key set of a node as a file, and the making of this node's own: what peers put beside their
 * configuration.  The file is text:
 *   weir/keyset@v1
 *   node <name>
 *   set <base64 of the signed bytes>
 *   proofs <base64 of identity signature and possession proofs>
 * Floor 3. */
#ifndef WEIR_NODE_KEY_SET_H
#define WEIR_NODE_KEY_SET_H

#include "attest/keyset.h"
#include "base/err.h"
#include "base/slice.h"

struct weir_keys;

#define WEIR_KEY_SET_FILE_BYTES_MAX 16384

struct weir_key_set {
    struct weir_slice name; /* of the node, as its operator says */
    struct weir_slice bytes;
    struct weir_slice proofs;
    struct weir_keyset set; /* verified */
};

/* The set of sequence 0 of these keys: always the same bytes, so it needs no storage.
 * Errors: CRYPTO, DENIED, MEMORY. */
WEIR_CHECKED enum weir_err weir_key_set_make(struct weir_scope *scope,
                                             struct weir_keys *keys,
                                             const char *name,
                                             struct weir_key_set *made);

/* The text of the file.  Errors: LIMIT, MEMORY. */
WEIR_CHECKED enum weir_err weir_key_set_print(struct weir_scope *scope,
                                              const struct weir_key_set *set,
                                              struct weir_buffer *buffer);

/* Strict, and verified.  Slices point into the arena.  Errors: PARSE, SIGNATURE, LIMIT. */
WEIR_CHECKED enum weir_err
weir_key_set_parse(struct weir_scope *scope, struct weir_slice text, struct weir_key_set *set);

/* Reads and parses.  Errors: as above, NOT_FOUND, IO. */
WEIR_CHECKED enum weir_err
weir_key_set_load(struct weir_scope *scope, const char *path, struct weir_key_set *set);

#endif /* WEIR_NODE_KEY_SET_H */
