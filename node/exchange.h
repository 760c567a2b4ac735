/* What nodes send each other, as text: the signed heads, leaves and opinions of a log
 * (`POST /peer/v1/log`).
 *   weir/exchange@v1
 *   request <lines>          then an add-checkpoint body, verbatim
 *   leaves <first> <count>   then their bytes as a base64 block
 *   shown <count>            then `leaf <seq> <salt hex> <payload base64>`
 *   opinions <count>         then `opinion <words base64> <signature hex>`
 * Strict and bounded; slices point into the input and the arena.  Floor 3, pure. */
#ifndef WEIR_NODE_EXCHANGE_H
#define WEIR_NODE_EXCHANGE_H

#include <stddef.h>
#include <stdint.h>

#include "attest/opinion.h"
#include "attest/secp.h"
#include "base/err.h"
#include "base/slice.h"
#include "ledger/evidence.h"

#define WEIR_EXCHANGE_BYTES_MAX ((size_t)16 * 1024 * 1024)
#define WEIR_EXCHANGE_LEAVES_MAX ((uint64_t)131072)
#define WEIR_EXCHANGE_SHOWN_MAX 1024
#define WEIR_EXCHANGE_OPINIONS_MAX 4096

#define WEIR_PATH_LOG "/peer/v1/log"
#define WEIR_PATH_COSIGNED "/peer/v1/cosigned"
#define WEIR_PATH_REPORT "/peer/v1/report"
#define WEIR_PATH_COMPLETE "/peer/v1/complete"

struct weir_exchange_opinion {
    struct weir_opinion opinion;
    struct weir_signature signature;
};

struct weir_exchange {
    struct weir_slice request; /* add-checkpoint body */
    uint64_t first;
    struct weir_slice leaves; /* WEIR_LEAF_BYTES each */
    const struct weir_shown_leaf *shown;
    size_t shown_count;
    const struct weir_exchange_opinion *opinions;
    size_t opinion_count;
};

/* Errors: LIMIT, MEMORY. */
WEIR_CHECKED enum weir_err weir_exchange_print(struct weir_scope *scope,
                                               const struct weir_exchange *exchange,
                                               struct weir_buffer *buffer);
/* Errors: PARSE, RANGE, LIMIT, MEMORY. */
WEIR_CHECKED enum weir_err weir_exchange_parse(struct weir_scope *scope,
                                               struct weir_slice text,
                                               struct weir_exchange *exchange);

#endif /* WEIR_NODE_EXCHANGE_H */
