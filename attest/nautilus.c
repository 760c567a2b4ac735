#include "attest/nautilus.h"

#include <inttypes.h>

#include "attest/bcs.h"
#include "base/text.h"

enum weir_err weir_nautilus_write(struct weir_scope *scope,
                                  uint8_t intent,
                                  uint64_t timestamp_ms,
                                  struct weir_slice payload,
                                  struct weir_buffer *buffer)
{
    enum weir_err err = weir_bcs_put_u8(scope, buffer, intent);
    if (err == WEIR_OK)
        err = weir_bcs_put_u64(scope, buffer, timestamp_ms);
    if (err == WEIR_OK)
        err = weir_buffer_put(scope, buffer, payload.data, payload.length);
    return err;
}

enum weir_err weir_nautilus_read(struct weir_scope *scope,
                                 struct weir_slice message,
                                 uint8_t *intent,
                                 uint64_t *timestamp_ms,
                                 struct weir_slice *payload)
{
    struct weir_slice rest = message;
    uint8_t scope_of_intent;
    uint64_t time_ms;
    enum weir_err err = weir_bcs_get_u8(scope, &rest, &scope_of_intent);
    if (err == WEIR_OK)
        err = weir_bcs_get_u64(scope, &rest, &time_ms);
    if (err != WEIR_OK)
        return err;
    *intent = scope_of_intent;
    *timestamp_ms = time_ms;
    *payload = rest;
    return WEIR_OK;
}

enum weir_err weir_nautilus_verify(struct weir_scope *scope,
                                   struct weir_slice message,
                                   const struct weir_ed25519_key *key,
                                   const struct weir_ed25519_signature *signature)
{
    if (!weir_ed25519_verify(key, message, signature))
        return weir_fail(scope, WEIR_E_SIGNATURE, "a statement's signature does not verify");
    return WEIR_OK;
}

enum weir_err weir_nautilus_print(struct weir_scope *scope,
                                  struct weir_slice message,
                                  struct weir_slice data,
                                  const struct weir_ed25519_signature *signature,
                                  struct weir_buffer *buffer)
{
    uint8_t intent;
    uint64_t timestamp_ms;
    struct weir_slice payload;
    enum weir_err err = weir_nautilus_read(scope, message, &intent, &timestamp_ms, &payload);
    if (err == WEIR_OK)
        err = weir_buffer_printf(
            scope, buffer,
            "{\"response\":{\"intent\":%u,\"timestamp_ms\":%" PRIu64 ",\"data\":", intent,
            timestamp_ms);
    if (err == WEIR_OK)
        err = weir_buffer_put(scope, buffer, data.data, data.length);
    char hex[2 * sizeof(signature->bytes) + 1];
    weir_hex_print(signature->bytes, sizeof(signature->bytes), hex);
    if (err == WEIR_OK)
        err = weir_buffer_printf(scope, buffer, "},\"signature\":\"%s\"}", hex);
    return err;
}
