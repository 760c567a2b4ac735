/* A provider's maintenance notice as a log keeps it: the fixed payload of a MAINTENANCE leaf.
 *   terms[32] | from_ms u64 | to_ms u64 | nonce u64 | signature[64]        (120 bytes, big-endian)
 * The signature is the provider's over `Maintenance` in the agreement's domain (protocol section
 * 4), so anybody can tell later that the provider itself had announced it.  Plain data.  Floor 1:
 * pure.
 */
#ifndef WEIR_ATTEST_NOTICE_H
#define WEIR_ATTEST_NOTICE_H

#include <stdint.h>

#include "attest/opinion.h"
#include "attest/secp.h"
#include "base/err.h"
#include "base/slice.h"

#define WEIR_NOTICE_BYTES 120

struct weir_notice {
    struct weir_maintenance_message maintenance;
    struct weir_signature signature;
};

void weir_notice_write(const struct weir_notice *notice, uint8_t bytes[static WEIR_NOTICE_BYTES]);

/* Errors: PARSE (length), RANGE (from is not before to, or a time above 2^63-1). */
WEIR_CHECKED enum weir_err
weir_notice_read(struct weir_scope *scope, struct weir_slice bytes, struct weir_notice *notice);

/* That `provider` signed it for the agreement of this domain and these terms.
 * Errors: SIGNATURE, EVIDENCE (a notice of another agreement). */
WEIR_CHECKED enum weir_err weir_notice_verify(struct weir_scope *scope,
                                              const struct weir_notice *notice,
                                              const struct weir_domain *domain,
                                              const struct weir_hash *terms_hash,
                                              const struct weir_address *provider);

#endif /* WEIR_ATTEST_NOTICE_H */
