/* The words of --kdf.  Floor 3. */
#ifndef WEIR_NODE_KDF_H
#define WEIR_NODE_KDF_H

#include "base/err.h"
#include "node/keyfile.h"

/* NULL: moderate.  Errors: USAGE. */
WEIR_CHECKED enum weir_err
weir_kdf_find(struct weir_scope *scope, const char *word, enum weir_kdf *kdf);

#endif /* WEIR_NODE_KDF_H */
