#include "node/key_set.h"

#include <string.h>

#include "attest/lexer.h"
#include "attest/note.h"
#include "base/arena.h"
#include "node/file.h"
#include "node/keyfile.h"

#define MAGIC "weir/keyset@v1"

static void list_key(struct weir_keyset *set,
                     enum weir_key_purpose purpose,
                     enum weir_keyset_type type,
                     const uint8_t *bytes,
                     uint8_t length)
{
    struct weir_key *key = &set->keys[set->key_count++];
    *key = (struct weir_key){
        .purpose = (uint8_t)purpose, .type = (uint8_t)type, .length_bytes = length};
    memcpy(key->bytes, bytes, length);
}

/* The proof of possession that belongs to one listed key. */
static enum weir_err possession(struct weir_scope *scope,
                                struct weir_keys *keys,
                                const struct weir_key_set *made,
                                const struct weir_key *key,
                                uint8_t proof[static WEIR_KEYSET_PROOF_BYTES])
{
    if (key->purpose == WEIR_PURPOSE_REPORT) {
        struct weir_hash digest = weir_possession_digest(&made->set.node, made->bytes);
        struct weir_signature signature;
        enum weir_err err =
            weir_keys_sign_digest(scope, keys, WEIR_KEY_USE_REPORT, digest.bytes, &signature);
        if (err == WEIR_OK)
            memcpy(proof, signature.bytes, sizeof(signature.bytes));
        return err;
    }
    enum weir_key_use use = key->purpose == WEIR_PURPOSE_STATEMENT
                                ? WEIR_KEY_USE_POSSESSION_STATEMENT
                            : key->purpose == WEIR_PURPOSE_LOG ? WEIR_KEY_USE_POSSESSION_LOG
                                                               : WEIR_KEY_USE_POSSESSION_COSIGN;
    uint8_t message[WEIR_POSSESSION_BYTES];
    weir_possession_message(made->bytes, message);
    return weir_keys_sign(scope, keys, use, (struct weir_slice){message, sizeof(message)}, proof);
}

enum weir_err weir_key_set_make(struct weir_scope *scope,
                                struct weir_keys *keys,
                                const char *name,
                                struct weir_key_set *made)
{
    *made = (struct weir_key_set){.name = weir_slice_text(name)};
    struct weir_keyset *set = &made->set;
    memcpy(set->node.bytes, weir_keys_ed25519(keys, WEIR_KEY_IDENTITY), sizeof(set->node.bytes));
    list_key(set, WEIR_PURPOSE_STATEMENT, WEIR_KEYSET_ED25519,
             weir_keys_ed25519(keys, WEIR_KEY_STATEMENT), WEIR_ED25519_PUBLIC_BYTES);
    list_key(set, WEIR_PURPOSE_LOG, WEIR_KEYSET_ED25519, weir_keys_ed25519(keys, WEIR_KEY_LOG),
             WEIR_ED25519_PUBLIC_BYTES);
    list_key(set, WEIR_PURPOSE_COSIGN, WEIR_KEYSET_ED25519,
             weir_keys_ed25519(keys, WEIR_KEY_COSIGN), WEIR_ED25519_PUBLIC_BYTES);
    list_key(set, WEIR_PURPOSE_REPORT, WEIR_KEYSET_SECP256K1, weir_keys_secp(keys, WEIR_KEY_REPORT),
             WEIR_SECP_PUBLIC_BYTES);
    weir_keyset_sort(set);
    struct weir_buffer bytes = {.capacity_max = WEIR_KEYSET_BYTES_MAX};
    enum weir_err err = weir_keyset_write(scope, set, &bytes);
    if (err != WEIR_OK)
        return err;
    made->bytes = weir_buffer_slice(&bytes);
    size_t proof_count = set->key_count + 1;
    uint8_t *proofs = weir_take(scope, proof_count, WEIR_KEYSET_PROOF_BYTES);
    if (proofs == NULL)
        return scope->err;
    made->proofs = (struct weir_slice){proofs, proof_count * WEIR_KEYSET_PROOF_BYTES};
    err = weir_keys_sign(scope, keys, WEIR_KEY_USE_KEY_SET, made->bytes, proofs);
    for (size_t i = 0; err == WEIR_OK && i < set->key_count; i++)
        err = possession(scope, keys, made, &set->keys[i],
                         proofs + (i + 1) * WEIR_KEYSET_PROOF_BYTES);
    if (err == WEIR_OK)
        err = weir_keyset_verify(scope, made->bytes, made->proofs, set);
    return err == WEIR_OK ? err : weir_note(scope, "this node's key set");
}

enum weir_err weir_key_set_print(struct weir_scope *scope,
                                 const struct weir_key_set *set,
                                 struct weir_buffer *buffer)
{
    enum weir_err err = weir_buffer_printf(scope, buffer, MAGIC "\nnode %.*s\nset ",
                                           (int)set->name.length, (const char *)set->name.data);
    if (err == WEIR_OK)
        err = weir_lexer_put_base64(scope, buffer, set->bytes);
    if (err == WEIR_OK)
        err = weir_buffer_text(scope, buffer, "\nproofs ");
    if (err == WEIR_OK)
        err = weir_lexer_put_base64(scope, buffer, set->proofs);
    return err != WEIR_OK ? err : weir_buffer_text(scope, buffer, "\n");
}

enum weir_err
weir_key_set_parse(struct weir_scope *scope, struct weir_slice text, struct weir_key_set *set)
{
    struct weir_lexer lines;
    struct weir_key_set read = {.name = {NULL, 0}};
    weir_lexer_begin(&lines, scope, text);
    weir_lexer_expect(&lines, MAGIC);
    weir_lexer_finish_line(&lines);
    weir_lexer_expect(&lines, "node");
    read.name = weir_lexer_word(&lines);
    weir_lexer_finish_line(&lines);
    weir_lexer_expect(&lines, "set");
    read.bytes = weir_lexer_base64(&lines);
    weir_lexer_finish_line(&lines);
    weir_lexer_expect(&lines, "proofs");
    read.proofs = weir_lexer_base64(&lines);
    weir_lexer_finish_line(&lines);
    if (weir_lexer_err(&lines) == WEIR_OK && lines.rest.length != 0)
        weir_lexer_refuse(&lines, WEIR_E_PARSE, "something follows the proofs");
    if (weir_lexer_err(&lines) == WEIR_OK && !weir_key_name_is_valid(read.name))
        weir_lexer_refuse(&lines, WEIR_E_PARSE, "the node's name cannot be a key name");
    if (weir_lexer_err(&lines) != WEIR_OK)
        return weir_lexer_err(&lines);
    enum weir_err err = weir_keyset_verify(scope, read.bytes, read.proofs, &read.set);
    if (err == WEIR_OK)
        *set = read;
    return err;
}

enum weir_err
weir_key_set_load(struct weir_scope *scope, const char *path, struct weir_key_set *set)
{
    struct weir_slice text;
    enum weir_err err = weir_file_read(scope, path, WEIR_KEY_SET_FILE_BYTES_MAX, &text);
    if (err == WEIR_OK)
        err = weir_key_set_parse(scope, text, set);
    return err == WEIR_OK ? err : weir_note(scope, "key set file '%s'", path);
}
