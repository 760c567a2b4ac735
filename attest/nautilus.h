/* The signed message and the answer of Nautilus (facts: common.rs, enclave.move): Ed25519 over
 * BCS {intent u8, timestamp_ms u64, payload}, without hash or prefix, so that the Move package
 * `enclave::enclave` checks our statements as it checks any enclave's.  Floor 1: pure. */
#ifndef WEIR_ATTEST_NAUTILUS_H
#define WEIR_ATTEST_NAUTILUS_H

#include <stdint.h>

#include "attest/ed25519.h"
#include "base/err.h"
#include "base/slice.h"

/* Appends the bytes that are signed.  Errors: LIMIT, MEMORY. */
WEIR_CHECKED enum weir_err weir_nautilus_write(struct weir_scope *scope,
                                               uint8_t intent,
                                               uint64_t timestamp_ms,
                                               struct weir_slice payload,
                                               struct weir_buffer *buffer);

/* Splits signed bytes; the payload is checked by whoever knows its type.  Errors: PARSE. */
WEIR_CHECKED enum weir_err weir_nautilus_read(struct weir_scope *scope,
                                              struct weir_slice message,
                                              uint8_t *intent,
                                              uint64_t *timestamp_ms,
                                              struct weir_slice *payload);

/* Signing is weir_ed25519_sign over the bytes of weir_nautilus_write.  Errors: SIGNATURE. */
WEIR_CHECKED enum weir_err weir_nautilus_verify(struct weir_scope *scope,
                                                struct weir_slice message,
                                                const struct weir_ed25519_key *key,
                                                const struct weir_ed25519_signature *signature);

/* Appends what POST /process_data of a Nautilus server answers for these signed bytes:
 * {"response":{"intent":..,"timestamp_ms":..,"data":..},"signature":".."} with `data` the JSON form
 * of the payload.  No newline.  Errors: PARSE (message), LIMIT, MEMORY. */
WEIR_CHECKED enum weir_err weir_nautilus_print(struct weir_scope *scope,
                                               struct weir_slice message,
                                               struct weir_slice data,
                                               const struct weir_ed25519_signature *signature,
                                               struct weir_buffer *buffer);

#endif /* WEIR_ATTEST_NAUTILUS_H */
