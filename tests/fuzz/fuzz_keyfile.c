/* Law: no bytes but those that were made with a passphrase open with it, and none does harm.
 * Method: the input over a file's place, with a cheap derivation and a mended checksum when that is
 * what it takes to get past the first checks. */
#include "node/keyfile.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "node/passphrase.h"

#define PASSES_AT 24
#define MEMORY_AT 32
#define MEMORY_BYTES 8192 /* the least that libsodium takes */
#define CHECKSUM_AT (WEIR_KEYFILE_BYTES - WEIR_HASH_BYTES)

static void try_file(struct weir_scope *scope, struct weir_slice file)
{
    static const char text[] = "a passphrase to fuzz with";
    struct weir_passphrase *passphrase = NULL;
    struct weir_keys *keys = NULL;
    if (weir_passphrase_take(scope, text, sizeof(text) - 1, &passphrase) != WEIR_OK)
        abort();
    if (weir_keys_decrypt(scope, file, passphrase, &keys) == WEIR_OK)
        abort(); /* somebody forged an authenticated box */
    if (keys != NULL || scope->fault[0] == '\0')
        abort();
    weir_passphrase_free(passphrase);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct weir_scope scope = {.arena = weir_arena_new((size_t)1 << 20)};
    uint8_t file[WEIR_KEYFILE_BYTES];
    if (scope.arena == NULL)
        return 0;
    if (size == sizeof(file)) {
        memcpy(file, data, sizeof(file));
        weir_put_u64(file + PASSES_AT, 1);
        weir_put_u64(file + MEMORY_AT, MEMORY_BYTES);
        struct weir_hash checksum = weir_sha256_of(file, CHECKSUM_AT);
        memcpy(file + CHECKSUM_AT, checksum.bytes, sizeof(checksum.bytes));
        try_file(&scope, (struct weir_slice){file, sizeof(file)});
    } else
        try_file(&scope, (struct weir_slice){data, size});
    weir_arena_free(scope.arena);
    return 0;
}
