#include "attest/note.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "attest/cosign.h"
#include "base/arena.h"
#include "base/hash.h"
#include "base/text.h"

#define ID_BYTES 4
#define ID_HEX_BYTES 8

/* U+2014 and a space. */
static const char line_prefix[] = "\xe2\x80\x94 ";
#define PREFIX_BYTES (sizeof(line_prefix) - 1)

/* Bytes of the Unicode space (White_Space) at the front of valid UTF-8, or 0. */
static size_t unicode_space(struct weir_slice text)
{
    const uint8_t *at = text.data;
    if (at[0] == ' ' || (at[0] >= '\t' && at[0] <= '\r'))
        return 1;
    if (text.length >= 2 && at[0] == 0xc2 && (at[1] == 0x85 || at[1] == 0xa0))
        return 2; /* U+0085, U+00A0 */
    if (text.length < 3)
        return 0;
    if (at[0] == 0xe1 && at[1] == 0x9a && at[2] == 0x80)
        return 3; /* U+1680 */
    if (at[0] == 0xe2 && at[1] == 0x80 &&
        ((at[2] >= 0x80 && at[2] <= 0x8a) || at[2] == 0xa8 || at[2] == 0xa9 || at[2] == 0xaf))
        return 3; /* U+2000..U+200A, U+2028, U+2029, U+202F */
    if (at[0] == 0xe2 && at[1] == 0x81 && at[2] == 0x9f)
        return 3; /* U+205F */
    if (at[0] == 0xe3 && at[1] == 0x80 && at[2] == 0x80)
        return 3; /* U+3000 */
    return 0;
}

bool weir_key_name_is_valid(struct weir_slice name)
{
    if (name.length == 0 || name.length > WEIR_KEY_NAME_BYTES_MAX || !weir_utf8_is_valid(name))
        return false;
    for (size_t i = 0; i < name.length; i++) {
        struct weir_slice rest = {name.data + i, name.length - i};
        if (name.data[i] < 0x20 || name.data[i] == '+' || unicode_space(rest) != 0)
            return false;
    }
    return true;
}

uint32_t
weir_key_id(struct weir_slice name, enum weir_key_type type, const struct weir_ed25519_key *key)
{
    uint8_t separator_and_type[2] = {'\n', (uint8_t)type};
    struct weir_sha256 state;
    weir_sha256_init(&state);
    weir_sha256_update(&state, name.data, name.length);
    weir_sha256_update(&state, separator_and_type, sizeof(separator_and_type));
    weir_sha256_update(&state, key->bytes, sizeof(key->bytes));
    struct weir_hash hash = weir_sha256_final(&state);
    return weir_get_u32(hash.bytes);
}

struct weir_vkey
weir_vkey_make(struct weir_slice name, enum weir_key_type type, const struct weir_ed25519_key *key)
{
    assert(weir_key_name_is_valid(name));
    return (struct weir_vkey){
        .name = name, .id = weir_key_id(name, type, key), .type = type, .key = *key};
}

/* Eight lowercase hex digits. */
static enum weir_err id_parse(struct weir_scope *scope, struct weir_slice text, uint32_t *id)
{
    uint8_t bytes[ID_BYTES];
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] >= 'A' && text.data[i] <= 'F')
            return weir_fail(scope, WEIR_E_PARSE, "a key id in capital letters");
    enum weir_err err = weir_hex_parse(scope, text, bytes, sizeof(bytes));
    if (err != WEIR_OK)
        return weir_note(scope, "key id");
    *id = weir_get_u32(bytes);
    return WEIR_OK;
}

enum weir_err
weir_vkey_parse(struct weir_scope *scope, struct weir_slice text, struct weir_vkey *vkey)
{
    struct weir_slice rest = text;
    struct weir_slice name;
    struct weir_slice id_text;
    /* The base64 part may contain '+': only the first two separate. */
    if (text.length > WEIR_VKEY_BYTES_MAX || !weir_slice_cut(&rest, '+', &name) ||
        !weir_slice_cut(&rest, '+', &id_text) || !weir_key_name_is_valid(name))
        return weir_fail(scope, WEIR_E_PARSE, "a verifier key is name+id+base64");
    uint32_t id = 0;
    enum weir_err err = id_parse(scope, id_text, &id);
    if (err != WEIR_OK)
        return err;
    uint8_t typed_key[1 + sizeof(vkey->key.bytes)];
    err = weir_base64_parse(scope, rest, typed_key, sizeof(typed_key));
    if (err != WEIR_OK)
        return weir_note(scope, "verifier key '%.*s'", (int)name.length, (const char *)name.data);
    if (typed_key[0] != WEIR_KEY_ED25519 && typed_key[0] != WEIR_KEY_COSIGNATURE)
        return weir_fail(scope, WEIR_E_RANGE, "verifier key '%.*s' has the unknown type 0x%02x",
                         (int)name.length, (const char *)name.data, typed_key[0]);
    struct weir_ed25519_key key;
    memcpy(key.bytes, typed_key + 1, sizeof(key.bytes));
    struct weir_vkey made = weir_vkey_make(name, (enum weir_key_type)typed_key[0], &key);
    if (made.id != id)
        return weir_fail(scope, WEIR_E_PARSE, "verifier key '%.*s' has the id %08x, not %08x",
                         (int)name.length, (const char *)name.data, made.id, id);
    *vkey = made;
    return WEIR_OK;
}

enum weir_err
weir_vkey_print(struct weir_scope *scope, const struct weir_vkey *vkey, struct weir_buffer *buffer)
{
    uint8_t typed_key[1 + sizeof(vkey->key.bytes)];
    typed_key[0] = (uint8_t)vkey->type;
    memcpy(typed_key + 1, vkey->key.bytes, sizeof(vkey->key.bytes));
    char *base64 = weir_take_base64(scope, typed_key, sizeof(typed_key));
    if (base64 == NULL)
        return scope->err;
    return weir_buffer_printf(scope, buffer, "%.*s+%08x+%s", (int)vkey->name.length,
                              (const char *)vkey->name.data, vkey->id, base64);
}

/* Valid UTF-8 without control bytes but '\n', within the limit. */
static enum weir_err bytes_check(struct weir_scope *scope, struct weir_slice bytes)
{
    if (bytes.length > WEIR_NOTE_BYTES_MAX)
        return weir_fail(scope, WEIR_E_LIMIT, "a signed note of %zu bytes", bytes.length);
    for (size_t i = 0; i < bytes.length; i++)
        if (bytes.data[i] < 0x20 && bytes.data[i] != '\n')
            return weir_fail(scope, WEIR_E_PARSE, "byte 0x%02x in a signed note", bytes.data[i]);
    if (!weir_utf8_is_valid(bytes))
        return weir_fail(scope, WEIR_E_PARSE, "a signed note that is not UTF-8");
    return WEIR_OK;
}

/* Clears the unused bits in the last quantum of padded base64, in place; false when it has none. */
static bool unused_bits_clear(uint8_t *text, size_t length)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (length < 4 || text[length - 1] != '=')
        return false;
    bool is_double = text[length - 2] == '=';
    uint8_t *last = &text[length - (is_double ? 3 : 2)];
    const char *found = memchr(alphabet, *last, sizeof(alphabet) - 1);
    if (found == NULL)
        return false;
    size_t unused = is_double ? 0x0f : 0x03;
    *last = (uint8_t)alphabet[(size_t)(found - alphabet) & ~unused];
    return true;
}

/* Whether a line is kept whose base64 is not canonical in its unused bits. */
enum strictness { STRICT, FOREIGN };

/* Decodes id || signature; the signature of a FOREIGN line that is not canonical is left empty. */
static enum weir_err payload_parse(struct weir_scope *scope,
                                   struct weir_slice base64,
                                   enum strictness strictness,
                                   struct weir_note_line *line)
{
    struct weir_slice payload;
    bool is_canonical = true;
    enum weir_err err = weir_take_unbase64(scope, base64, &payload);
    if (err == WEIR_E_PARSE && strictness == FOREIGN) {
        uint8_t *copy = (uint8_t *)weir_take_text(scope, base64.data, base64.length);
        if (copy == NULL)
            return scope->err;
        if (!unused_bits_clear(copy, base64.length))
            return err;
        is_canonical = false;
        weir_scope_recover(scope);
        err = weir_take_unbase64(scope, (struct weir_slice){copy, base64.length}, &payload);
    }
    if (err != WEIR_OK)
        return err;
    if (payload.length <= ID_BYTES)
        return weir_fail(scope, WEIR_E_PARSE, "is too short for a key id and a signature");
    line->id = weir_get_u32(payload.data);
    size_t signature_bytes = is_canonical ? payload.length - ID_BYTES : 0;
    line->signature = (struct weir_slice){payload.data + ID_BYTES, signature_bytes};
    return WEIR_OK;
}

/* "(em dash) name base64", without its '\n'. */
static enum weir_err line_parse(struct weir_scope *scope,
                                struct weir_slice text,
                                enum strictness strictness,
                                struct weir_note_line *line)
{
    if (text.length < PREFIX_BYTES || memcmp(text.data, line_prefix, PREFIX_BYTES) != 0)
        return weir_fail(scope, WEIR_E_PARSE, "does not begin with an em dash and a space");
    struct weir_slice rest = {text.data + PREFIX_BYTES, text.length - PREFIX_BYTES};
    if (!weir_slice_cut(&rest, ' ', &line->name) || !weir_key_name_is_valid(line->name))
        return weir_fail(scope, WEIR_E_PARSE, "has no valid key name");
    return payload_parse(scope, rest, strictness, line);
}

static enum weir_err lines_parse(struct weir_scope *scope,
                                 struct weir_slice bytes,
                                 enum strictness strictness,
                                 struct weir_note *note)
{
    size_t count = 0;
    for (size_t i = 0; i < bytes.length; i++)
        count += bytes.data[i] == '\n';
    if (bytes.length == 0 || bytes.data[bytes.length - 1] != '\n')
        return weir_fail(scope, WEIR_E_PARSE, "signature lines that do not end with a line end");
    if (count > WEIR_NOTE_LINES_MAX)
        return weir_fail(scope, WEIR_E_LIMIT, "%zu signature lines", count);
    note->lines = weir_take(scope, count, sizeof(note->lines[0]));
    if (note->lines == NULL)
        return scope->err;
    note->line_count = count;
    struct weir_slice text;
    for (size_t i = 0; weir_slice_line(&bytes, &text); i++) {
        assert(i < count);
        enum weir_err err = line_parse(scope, text, strictness, &note->lines[i]);
        if (err != WEIR_OK)
            return weir_note(scope, "signature line %zu", i + 1);
    }
    return WEIR_OK;
}

static enum weir_err note_parse(struct weir_scope *scope,
                                struct weir_slice bytes,
                                enum strictness strictness,
                                struct weir_note *note)
{
    enum weir_err err = bytes_check(scope, bytes);
    if (err != WEIR_OK)
        return err;
    size_t at = bytes.length; /* just behind the last empty line: the text may have others */
    while (at >= 2 && (bytes.data[at - 1] != '\n' || bytes.data[at - 2] != '\n'))
        at--;
    if (at < 2)
        return weir_fail(scope, WEIR_E_PARSE, "no empty line parts text and signatures");
    struct weir_note parsed = {.text = {bytes.data, at - 1}};
    struct weir_slice lines = {bytes.data + at, bytes.length - at};
    err = lines_parse(scope, lines, strictness, &parsed);
    if (err == WEIR_OK)
        *note = parsed;
    return err;
}

enum weir_err
weir_note_parse(struct weir_scope *scope, struct weir_slice bytes, struct weir_note *note)
{
    return note_parse(scope, bytes, STRICT, note);
}

enum weir_err
weir_note_parse_foreign(struct weir_scope *scope, struct weir_slice bytes, struct weir_note *note)
{
    return note_parse(scope, bytes, FOREIGN, note);
}

enum weir_err weir_note_lines_parse(struct weir_scope *scope,
                                    struct weir_slice text,
                                    struct weir_slice lines,
                                    struct weir_note *note)
{
    struct weir_note parsed = {.text = text};
    enum weir_err err = bytes_check(scope, lines);
    if (err == WEIR_OK)
        err = lines_parse(scope, lines, STRICT, &parsed);
    if (err == WEIR_OK)
        *note = parsed;
    return err;
}

enum weir_err weir_note_line_print(struct weir_scope *scope,
                                   const struct weir_note_line *line,
                                   struct weir_buffer *buffer)
{
    assert(weir_key_name_is_valid(line->name) && line->signature.length > 0);
    uint8_t *payload = weir_take(scope, ID_BYTES + line->signature.length, 1);
    if (payload == NULL)
        return scope->err;
    weir_put_u32(payload, line->id);
    memcpy(payload + ID_BYTES, line->signature.data, line->signature.length);
    char *base64 = weir_take_base64(scope, payload, ID_BYTES + line->signature.length);
    if (base64 == NULL)
        return scope->err;
    return weir_buffer_printf(scope, buffer, "%s%.*s %s\n", line_prefix, (int)line->name.length,
                              (const char *)line->name.data, base64);
}

enum weir_err
weir_note_print(struct weir_scope *scope, const struct weir_note *note, struct weir_buffer *buffer)
{
    assert(note->text.length > 0 && note->text.data[note->text.length - 1] == '\n');
    enum weir_err err = weir_buffer_put(scope, buffer, note->text.data, note->text.length);
    if (err == WEIR_OK)
        err = weir_buffer_text(scope, buffer, "\n");
    for (size_t i = 0; err == WEIR_OK && i < note->line_count; i++)
        err = weir_note_line_print(scope, &note->lines[i], buffer);
    return err;
}

static enum weir_err ed25519_line_verify(struct weir_scope *scope,
                                         struct weir_slice text,
                                         const struct weir_vkey *key,
                                         const struct weir_note_line *line)
{
    struct weir_ed25519_signature signature;
    if (line->signature.length != sizeof(signature.bytes))
        return weir_fail(scope, WEIR_E_SIGNATURE, "a signature of %zu bytes",
                         line->signature.length);
    memcpy(signature.bytes, line->signature.data, sizeof(signature.bytes));
    if (!weir_ed25519_verify(&key->key, text, &signature))
        return weir_fail(scope, WEIR_E_SIGNATURE, "it does not verify");
    return WEIR_OK;
}

/* SIGNATURE or MEMORY when the line of this known key is not good. */
static enum weir_err line_verify(struct weir_scope *scope,
                                 struct weir_slice text,
                                 const struct weir_vkey *key,
                                 const struct weir_note_line *line)
{
    enum weir_err err = WEIR_E_SIGNATURE;
    struct weir_cosignature cosignature;
    switch (key->type) {
    case WEIR_KEY_ED25519:
        err = ed25519_line_verify(scope, text, key, line);
        break;
    case WEIR_KEY_COSIGNATURE:
        err = weir_cosignature_verify(scope, key, text, line, &cosignature);
        break;
    }
    if (err == WEIR_OK)
        return WEIR_OK;
    (void)weir_note(scope, "signature of '%.*s'", (int)key->name.length,
                    (const char *)key->name.data); /* returns what is recorded already */
    return err;
}

static bool line_is_of(const struct weir_note_line *line, const struct weir_vkey *key)
{
    return line->id == key->id && weir_slice_equal(line->name, key->name);
}

enum weir_err weir_note_verify(struct weir_scope *scope,
                               const struct weir_note *note,
                               const struct weir_vkey *keys,
                               size_t key_count,
                               const struct weir_note_line **verified)
{
    bool is_signed = false;
    for (size_t k = 0; k < key_count; k++) {
        const struct weir_note_line *first = NULL;
        for (size_t i = 0; i < note->line_count; i++) {
            const struct weir_note_line *line = &note->lines[i];
            if (!line_is_of(line, &keys[k]))
                continue;
            enum weir_err err = line_verify(scope, note->text, &keys[k], line);
            if (err != WEIR_OK)
                return err;
            if (first == NULL)
                first = line;
        }
        if (verified != NULL)
            verified[k] = first;
        is_signed = is_signed || first != NULL;
    }
    if (!is_signed)
        return weir_fail(scope, WEIR_E_SIGNATURE, "no known key has signed the note");
    return WEIR_OK;
}

enum weir_err weir_note_sign(struct weir_scope *scope,
                             struct weir_slice text,
                             struct weir_slice name,
                             const uint8_t secret[static WEIR_ED25519_SECRET_BYTES],
                             struct weir_buffer *buffer)
{
    struct weir_ed25519_key key = weir_ed25519_public(secret);
    struct weir_ed25519_signature signature = weir_ed25519_sign(secret, text);
    struct weir_note_line line = {
        .name = name,
        .id = weir_key_id(name, WEIR_KEY_ED25519, &key),
        .signature = {signature.bytes, sizeof(signature.bytes)},
    };
    return weir_note_line_print(scope, &line, buffer);
}
