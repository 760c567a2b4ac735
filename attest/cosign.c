#include "attest/cosign.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#define TIME_BYTES 8
#define MS_PER_S 1000

_Static_assert(TIME_BYTES + sizeof(struct weir_ed25519_signature) == WEIR_COSIGNATURE_BYTES,
               "a time and a signature");

static bool time_is_valid(uint64_t time_s)
{
    return time_s > 0 && time_s <= (uint64_t)INT64_MAX;
}

enum weir_err weir_cosignature_message(struct weir_scope *scope,
                                       struct weir_slice text,
                                       uint64_t time_s,
                                       struct weir_buffer *buffer)
{
    assert(text.length > 0 && text.data[text.length - 1] == '\n');
    enum weir_err err = weir_buffer_printf(scope, buffer, "cosignature/v1\ntime %llu\n",
                                           (unsigned long long)time_s);
    if (err != WEIR_OK)
        return err;
    return weir_buffer_put(scope, buffer, text.data, text.length);
}

enum weir_err weir_cosignature_sign(struct weir_scope *scope,
                                    const struct weir_cosigner *cosigner,
                                    struct weir_slice text,
                                    uint64_t time_s,
                                    struct weir_buffer *buffer)
{
    if (!time_is_valid(time_s))
        return weir_fail(scope, WEIR_E_RANGE, "a cosignature at second %llu",
                         (unsigned long long)time_s);
    struct weir_buffer message = {0};
    enum weir_err err = weir_cosignature_message(scope, text, time_s, &message);
    if (err != WEIR_OK)
        return err;
    struct weir_ed25519_key key = weir_ed25519_public(cosigner->secret);
    struct weir_ed25519_signature signature =
        weir_ed25519_sign(cosigner->secret, weir_buffer_slice(&message));
    uint8_t payload[WEIR_COSIGNATURE_BYTES];
    weir_put_u64(payload, time_s);
    memcpy(payload + TIME_BYTES, signature.bytes, sizeof(signature.bytes));
    struct weir_note_line line = {
        .name = cosigner->name,
        .id = weir_key_id(cosigner->name, WEIR_KEY_COSIGNATURE, &key),
        .signature = {payload, sizeof(payload)},
    };
    return weir_note_line_print(scope, &line, buffer);
}

enum weir_err weir_cosignature_read(struct weir_scope *scope,
                                    const struct weir_note_line *line,
                                    struct weir_cosignature *cosignature)
{
    if (line->signature.length != WEIR_COSIGNATURE_BYTES)
        return weir_fail(scope, WEIR_E_PARSE, "a cosignature of %zu bytes", line->signature.length);
    uint64_t time_s = weir_get_u64(line->signature.data);
    if (!time_is_valid(time_s))
        return weir_fail(scope, WEIR_E_RANGE, "a cosignature at second %llu",
                         (unsigned long long)time_s);
    cosignature->time_s = time_s;
    memcpy(cosignature->signature.bytes, line->signature.data + TIME_BYTES,
           sizeof(cosignature->signature.bytes));
    return WEIR_OK;
}

enum weir_err weir_cosignature_verify(struct weir_scope *scope,
                                      const struct weir_vkey *key,
                                      struct weir_slice text,
                                      const struct weir_note_line *line,
                                      struct weir_cosignature *cosignature)
{
    assert(key->type == WEIR_KEY_COSIGNATURE);
    struct weir_cosignature read;
    enum weir_err err = weir_cosignature_read(scope, line, &read);
    if (err != WEIR_OK)
        return err;
    struct weir_buffer message = {0};
    err = weir_cosignature_message(scope, text, read.time_s, &message);
    if (err != WEIR_OK)
        return err;
    if (!weir_ed25519_verify(&key->key, weir_buffer_slice(&message), &read.signature))
        return weir_fail(scope, WEIR_E_SIGNATURE, "the cosignature does not verify");
    *cosignature = read;
    return WEIR_OK;
}

enum weir_err
weir_cosignature_time(struct weir_scope *scope, int64_t now_ms, uint64_t last_s, uint64_t *time_s)
{
    if (now_ms < MS_PER_S)
        return weir_fail(scope, WEIR_E_CLOCK, "the clock shows the first second of 1970");
    uint64_t now_s = (uint64_t)(now_ms / MS_PER_S);
    if (now_s < last_s)
        return weir_fail(scope, WEIR_E_CLOCK,
                         "the clock is %llu s behind the last cosignature given",
                         (unsigned long long)(last_s - now_s));
    *time_s = now_s;
    return WEIR_OK;
}
