/* The passphrase of the key file, in guarded memory.  It comes from a file that nobody else can
 * read or from a credential of the service manager, never from the command line or the environment
 * itself.  Owned by the caller, wiped by weir_passphrase_free.  Floor 3. */
#ifndef WEIR_NODE_PASSPHRASE_H
#define WEIR_NODE_PASSPHRASE_H

#include <stddef.h>

#include "base/err.h"

#define WEIR_PASSPHRASE_BYTES_MIN 12
#define WEIR_PASSPHRASE_BYTES_MAX 1024
#define WEIR_PASSPHRASE_CREDENTIAL "weir-passphrase"

struct weir_passphrase;

/* From `path` (a regular file of ours with no right for others), or when `path` is NULL from
 * "$CREDENTIALS_DIRECTORY/weir-passphrase".  One line end at the end is left out.
 * Errors: KEY (mode, owner, too short or long, no source), NOT_FOUND, IO, MEMORY. */
WEIR_CHECKED enum weir_err weir_passphrase_load(struct weir_scope *scope,
                                                const char *path,
                                                struct weir_passphrase **passphrase);

/* A fresh random one (43 characters), written to `path`, which must not exist, with mode 0600.
 * Errors: EXISTS, IO, MEMORY. */
WEIR_CHECKED enum weir_err weir_passphrase_create(struct weir_scope *scope,
                                                  const char *path,
                                                  struct weir_passphrase **passphrase);

/* A copy of text at hand, for tests and for asking at a terminal.  Errors: KEY, MEMORY. */
WEIR_CHECKED enum weir_err weir_passphrase_take(struct weir_scope *scope,
                                                const char *text,
                                                size_t length,
                                                struct weir_passphrase **passphrase);

const char *weir_passphrase_bytes(const struct weir_passphrase *passphrase, size_t *length);

/* NULL is allowed. */
void weir_passphrase_free(struct weir_passphrase *passphrase);

#endif /* WEIR_NODE_PASSPHRASE_H */
