/* The header of an Ethereum block, read from its RLP: its hash is the keccak of the exact bytes, so
 * a header is as good as the hash it is compared with.  Floor 1: pure. */
#ifndef WEIR_ATTEST_HEADER_H
#define WEIR_ATTEST_HEADER_H

#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"

#define WEIR_HEADER_BYTES_MAX 4096

struct weir_header {
    struct weir_hash hash; /* computed */
    struct weir_hash parent;
    struct weir_hash transactions_root;
    struct weir_hash receipts_root;
    uint64_t number;
    uint64_t time_s;
};

/* All 15 first members in their widths; members that later forks append are skipped, but must be
 * well-formed.  Errors: PARSE, LIMIT. */
WEIR_CHECKED enum weir_err
weir_header_read(struct weir_scope *scope, struct weir_slice rlp, struct weir_header *header);

#endif /* WEIR_ATTEST_HEADER_H */
