/* Small whole files: configuration, key sets, proofs.  Floor 3. */
#ifndef WEIR_NODE_FILE_H
#define WEIR_NODE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/slice.h"

/* The whole file into the arena.  Errors: NOT_FOUND, LIMIT (more than bytes_max), IO, MEMORY. */
WEIR_CHECKED enum weir_err weir_file_read(struct weir_scope *scope,
                                          const char *path,
                                          size_t bytes_max,
                                          struct weir_slice *bytes);

/* Writes a file that must not exist (or, with `may_replace`, through a new one that takes its
 * place), synchronised with its folder before it returns.  `mode` as open(2).
 * Errors: EXISTS, IO. */
WEIR_CHECKED enum weir_err weir_file_write(struct weir_scope *scope,
                                           const char *path,
                                           struct weir_slice bytes,
                                           unsigned mode,
                                           bool may_replace);

/* `path` itself when it is absolute, else inside `folder`; in the arena.  NULL as weir_take. */
const char *weir_file_inside(struct weir_scope *scope, const char *folder, const char *path);

#endif /* WEIR_NODE_FILE_H */
