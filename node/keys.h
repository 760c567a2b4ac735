/* The keys while they are open: made from six seeds, used by node/keyfile.h's signing functions.
 * Floor 3. */
#ifndef WEIR_NODE_KEYS_H
#define WEIR_NODE_KEYS_H

#include <stdint.h>

#include "base/err.h"
#include "node/keyfile.h"

/* From WEIR_KEY_ROLES seeds of WEIR_KEY_SEED_BYTES each, in the order of the roles; they are
 * copied, the caller wipes its own.  Errors: KEY (two equal keys, no secp256k1 key), CRYPTO, MEMORY
 * (guarded memory cannot be had or locked). */
WEIR_CHECKED enum weir_err
weir_keys_make(struct weir_scope *scope, const uint8_t *seeds, struct weir_keys **keys);

#endif /* WEIR_NODE_KEYS_H */
