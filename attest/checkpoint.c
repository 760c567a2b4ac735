#include "attest/checkpoint.h"

#include <assert.h>

#include "base/arena.h"
#include "base/number.h"
#include "base/text.h"

static enum weir_err origin_check(struct weir_scope *scope, struct weir_slice origin)
{
    if (origin.length > WEIR_ORIGIN_BYTES_MAX)
        return weir_fail(scope, WEIR_E_LIMIT, "an origin of %zu bytes", origin.length);
    if (origin.length == 0 || !weir_utf8_is_valid(origin))
        return weir_fail(scope, WEIR_E_PARSE, "an origin that is empty or not UTF-8");
    for (size_t i = 0; i < origin.length; i++)
        if (origin.data[i] < 0x20)
            return weir_fail(scope, WEIR_E_PARSE, "byte 0x%02x in an origin", origin.data[i]);
    return WEIR_OK;
}

enum weir_err weir_checkpoint_parse(struct weir_scope *scope,
                                    struct weir_slice text,
                                    struct weir_checkpoint *checkpoint)
{
    struct weir_checkpoint parsed;
    struct weir_slice rest = text;
    struct weir_slice size;
    struct weir_slice root;
    if (!weir_slice_line(&rest, &parsed.origin) || !weir_slice_line(&rest, &size) ||
        !weir_slice_line(&rest, &root))
        return weir_fail(scope, WEIR_E_PARSE, "a checkpoint has three lines");
    if (rest.length != 0)
        return weir_fail(scope, WEIR_E_PARSE, "a checkpoint with extension lines");
    enum weir_err err = origin_check(scope, parsed.origin);
    if (err != WEIR_OK)
        return err;
    err = weir_u64_parse(scope, size, WEIR_MERKLE_SIZE_MAX, &parsed.head.size);
    if (err != WEIR_OK)
        return weir_note(scope, "size of a checkpoint");
    err = weir_base64_parse(scope, root, parsed.head.root.bytes, WEIR_HASH_BYTES);
    if (err != WEIR_OK)
        return weir_note(scope, "root of a checkpoint");
    *checkpoint = parsed;
    return WEIR_OK;
}

enum weir_err weir_checkpoint_note_parse(struct weir_scope *scope,
                                         struct weir_slice bytes,
                                         struct weir_note *note,
                                         struct weir_checkpoint *checkpoint)
{
    struct weir_note parsed;
    enum weir_err err = weir_note_parse(scope, bytes, &parsed);
    if (err == WEIR_OK)
        err = weir_checkpoint_parse(scope, parsed.text, checkpoint);
    if (err == WEIR_OK)
        *note = parsed;
    return err;
}

enum weir_err weir_checkpoint_print(struct weir_scope *scope,
                                    const struct weir_checkpoint *checkpoint,
                                    struct weir_buffer *buffer)
{
    assert(checkpoint->head.size <= WEIR_MERKLE_SIZE_MAX);
    enum weir_err err = origin_check(scope, checkpoint->origin);
    if (err != WEIR_OK)
        return err;
    char *root = weir_take_base64(scope, checkpoint->head.root.bytes, WEIR_HASH_BYTES);
    if (root == NULL)
        return scope->err;
    return weir_buffer_printf(scope, buffer, "%.*s\n%llu\n%s\n", (int)checkpoint->origin.length,
                              (const char *)checkpoint->origin.data,
                              (unsigned long long)checkpoint->head.size, root);
}

enum weir_err weir_checkpoint_sign(struct weir_scope *scope,
                                   const struct weir_checkpoint *checkpoint,
                                   const uint8_t secret[static WEIR_ED25519_SECRET_BYTES],
                                   struct weir_buffer *buffer)
{
    if (!weir_key_name_is_valid(checkpoint->origin))
        return weir_fail(scope, WEIR_E_PARSE, "the origin '%.*s' cannot be a key name",
                         (int)checkpoint->origin.length, (const char *)checkpoint->origin.data);
    struct weir_buffer text = {.capacity_max = WEIR_CHECKPOINT_BYTES_MAX + 1};
    enum weir_err err = weir_checkpoint_print(scope, checkpoint, &text);
    if (err == WEIR_OK)
        err = weir_buffer_put(scope, buffer, text.data, text.length);
    if (err == WEIR_OK)
        err = weir_buffer_text(scope, buffer, "\n");
    if (err != WEIR_OK)
        return err;
    return weir_note_sign(scope, weir_buffer_slice(&text), checkpoint->origin, secret, buffer);
}

bool weir_checkpoint_root_is_possible(const struct weir_checkpoint *checkpoint)
{
    struct weir_hash empty = weir_merkle_empty();
    return checkpoint->head.size != 0 || weir_hash_equal(&checkpoint->head.root, &empty);
}

struct weir_hash weir_origin_hash(struct weir_slice origin)
{
    return weir_sha256_of(origin.data, origin.length);
}
