/* Strict readers of the values that chain nodes put into JSON: quantities ("0x1f", no leading
 * zeros, never a number), data ("0x" and whole bytes), hashes and addresses.  Private to the RPC
 * files.  Each returns false for anything else and leaves its output alone.  Floor 2, pure. */
#ifndef WEIR_RAILS_EVM_RPC_JSON_H
#define WEIR_RAILS_EVM_RPC_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attest/address.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"
#include "rails/evm/rpc.h"

bool weir_rpc_json_u64(const json_t *value, uint64_t *out);
/* Numbers of 2^128 and more (up to 256 bits) become 2^128 - 1. */
bool weir_rpc_json_u128(const json_t *value, unsigned __int128 *out);
/* Exactly `length` bytes. */
bool weir_rpc_json_fixed(const json_t *value, uint8_t *bytes, size_t length);
bool weir_rpc_json_hash(const json_t *value, struct weir_hash *out);
bool weir_rpc_json_address(const json_t *value, struct weir_address *out);
/* Into the arena; also false when the memory is used up, which the scope then says. */
bool weir_rpc_json_bytes(struct weir_scope *scope, const json_t *value, struct weir_slice *out);

/* Reads a result of the wanted shape into call->out.  False when it has another shape. */
bool weir_rpc_decode(struct weir_scope *scope, struct weir_rpc_call *call, const json_t *result);

#endif /* WEIR_RAILS_EVM_RPC_JSON_H */
