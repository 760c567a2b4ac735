#include "node/keyfile.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "base/arena.h"
#include "node/file.h"
#include "node/keys.h"
#include "node/passphrase.h"

/* The file, front to back:
 *   magic[16] | version u32 | kdf u32 (2: Argon2id) | passes u64 | memory bytes u64 | salt[16]
 *   | nonce[24]                                         80 bytes: the associated data
 *   box[192 + 16]                                       six seeds in the order of the roles
 *   SHA-256 of all before                               32 bytes, tells damage from a wrong
 * passphrase
 */
#define MAGIC "weir key file\r\n\032"
#define MAGIC_BYTES 16
#define VERSION 1
#define KDF_ARGON2ID 2
#define SALT_AT 40
#define NONCE_AT 56
#define HEADER_BYTES 80
#define BOX_BYTES (WEIR_KEY_ROLES * WEIR_KEY_SEED_BYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES)
#define CHECKSUM_AT (HEADER_BYTES + BOX_BYTES)
#define PASSES_MAX 16
#define MEMORY_BYTES_MAX ((uint64_t)1 << 30)

_Static_assert(CHECKSUM_AT + WEIR_HASH_BYTES == WEIR_KEYFILE_BYTES, "the parts of the file");
_Static_assert(sizeof(MAGIC) - 1 == MAGIC_BYTES, "the magic");
_Static_assert(SALT_AT + crypto_pwhash_SALTBYTES == NONCE_AT, "the salt");
_Static_assert(NONCE_AT + crypto_aead_xchacha20poly1305_ietf_NPUBBYTES == HEADER_BYTES, "nonce");

/* The box key made from the passphrase, in guarded memory; NULL after a recorded failure. */
static uint8_t *box_key_new(struct weir_scope *scope,
                            const struct weir_passphrase *passphrase,
                            const uint8_t header[static HEADER_BYTES])
{
    uint8_t *key = sodium_malloc(crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
    if (key == NULL) {
        (void)weir_fail(scope, WEIR_E_MEMORY, "no guarded memory for the key of the key file");
        return NULL;
    }
    size_t length;
    const char *text = weir_passphrase_bytes(passphrase, &length);
    uint64_t passes = weir_get_u64(header + 24);
    uint64_t memory_bytes = weir_get_u64(header + 32);
    if (crypto_pwhash(key, crypto_aead_xchacha20poly1305_ietf_KEYBYTES, text, length,
                      header + SALT_AT, passes, (size_t)memory_bytes,
                      crypto_pwhash_ALG_ARGON2ID13) != 0) {
        sodium_free(key);
        (void)weir_fail(scope, WEIR_E_MEMORY,
                        "turning the passphrase into a key takes %llu MiB of memory, which the "
                        "system does not give",
                        (unsigned long long)(memory_bytes >> 20));
        return NULL;
    }
    return key;
}

static void header_write(uint8_t header[static HEADER_BYTES], enum weir_kdf kdf)
{
    bool is_cheap = kdf == WEIR_KDF_INTERACTIVE;
    memcpy(header, MAGIC, MAGIC_BYTES);
    weir_put_u32(header + 16, VERSION);
    weir_put_u32(header + 20, KDF_ARGON2ID);
    weir_put_u64(header + 24,
                 is_cheap ? crypto_pwhash_OPSLIMIT_INTERACTIVE : crypto_pwhash_OPSLIMIT_MODERATE);
    weir_put_u64(header + 32,
                 is_cheap ? crypto_pwhash_MEMLIMIT_INTERACTIVE : crypto_pwhash_MEMLIMIT_MODERATE);
    randombytes_buf(header + SALT_AT, HEADER_BYTES - SALT_AT);
}

/* Encrypts six seeds.  Everything in `file` afterwards may be seen by anybody. */
static enum weir_err file_write(struct weir_scope *scope,
                                const uint8_t *seeds,
                                const struct weir_passphrase *passphrase,
                                enum weir_kdf kdf,
                                uint8_t file[static WEIR_KEYFILE_BYTES])
{
    header_write(file, kdf);
    uint8_t *key = box_key_new(scope, passphrase, file);
    if (key == NULL)
        return scope->err;
    unsigned long long box_bytes = 0;
    int failed = crypto_aead_xchacha20poly1305_ietf_encrypt(
        file + HEADER_BYTES, &box_bytes, seeds, WEIR_KEY_ROLES * WEIR_KEY_SEED_BYTES, file,
        HEADER_BYTES, NULL, file + NONCE_AT, key);
    sodium_free(key);
    if (failed != 0 || box_bytes != BOX_BYTES)
        return weir_fail(scope, WEIR_E_CRYPTO, "the keys cannot be encrypted");
    struct weir_hash checksum = weir_sha256_of(file, CHECKSUM_AT);
    memcpy(file + CHECKSUM_AT, checksum.bytes, sizeof(checksum.bytes));
    return WEIR_OK;
}

enum weir_err weir_keys_create(struct weir_scope *scope,
                               const char *path,
                               const struct weir_passphrase *passphrase,
                               enum weir_kdf kdf)
{
    uint8_t *seeds = sodium_init() < 0 ? NULL : sodium_malloc(WEIR_KEY_ROLES * WEIR_KEY_SEED_BYTES);
    if (seeds == NULL)
        return weir_fail(scope, WEIR_E_MEMORY, "no guarded memory for new keys");
    struct weir_keys *keys = NULL;
    enum weir_err err;
    /* A random number is no secp256k1 key once in 2^128 times; then the next one is. */
    do {
        weir_keys_free(keys);
        weir_scope_recover(scope);
        randombytes_buf(seeds, WEIR_KEY_ROLES * WEIR_KEY_SEED_BYTES);
        err = weir_keys_make(scope, seeds, &keys);
    } while (err == WEIR_E_KEY);
    weir_keys_free(keys);
    uint8_t file[WEIR_KEYFILE_BYTES];
    if (err == WEIR_OK)
        err = file_write(scope, seeds, passphrase, kdf, file);
    sodium_free(seeds);
    if (err != WEIR_OK)
        return err;
    struct weir_slice bytes = {file, sizeof(file)};
    return weir_file_write(scope, path, bytes, 0600, false);
}

/* What can be said before the passphrase is needed. */
static enum weir_err file_check(struct weir_scope *scope, struct weir_slice file)
{
    size_t magic = file.length < MAGIC_BYTES ? file.length : MAGIC_BYTES;
    if (file.length == 0)
        return weir_fail(scope, WEIR_E_KEY, "the file is empty");
    if (memcmp(file.data, MAGIC, magic) != 0)
        return weir_fail(scope, WEIR_E_KEY, "this is not a weir key file");
    if (file.length < WEIR_KEYFILE_BYTES)
        return weir_fail(scope, WEIR_E_KEY, "the file is truncated: %zu of %d bytes", file.length,
                         WEIR_KEYFILE_BYTES);
    uint32_t version = weir_get_u32(file.data + 16);
    if (version != VERSION)
        return weir_fail(scope, WEIR_E_KEY,
                         "the file has version %u; this program knows version %d", version,
                         VERSION);
    if (file.length > WEIR_KEYFILE_BYTES)
        return weir_fail(scope, WEIR_E_KEY, "the file has %zu bytes, %d are right", file.length,
                         WEIR_KEYFILE_BYTES);
    struct weir_hash checksum = weir_sha256_of(file.data, CHECKSUM_AT);
    if (memcmp(checksum.bytes, file.data + CHECKSUM_AT, sizeof(checksum.bytes)) != 0)
        return weir_fail(scope, WEIR_E_KEY, "the file is damaged: its checksum is wrong");
    uint64_t passes = weir_get_u64(file.data + 24);
    uint64_t memory_bytes = weir_get_u64(file.data + 32);
    if (weir_get_u32(file.data + 20) != KDF_ARGON2ID || passes < crypto_pwhash_OPSLIMIT_MIN ||
        passes > PASSES_MAX || memory_bytes < crypto_pwhash_MEMLIMIT_MIN ||
        memory_bytes > MEMORY_BYTES_MAX)
        return weir_fail(scope, WEIR_E_KEY,
                         "the file asks for %llu passes over %llu bytes of memory, outside what "
                         "this program does",
                         (unsigned long long)passes, (unsigned long long)memory_bytes);
    return WEIR_OK;
}

enum weir_err weir_keys_decrypt(struct weir_scope *scope,
                                struct weir_slice file,
                                const struct weir_passphrase *passphrase,
                                struct weir_keys **keys)
{
    if (sodium_init() < 0)
        return weir_fail(scope, WEIR_E_CRYPTO, "libsodium does not start");
    if (file_check(scope, file) != WEIR_OK)
        return scope->err;
    uint8_t *key = box_key_new(scope, passphrase, file.data);
    if (key == NULL)
        return scope->err;
    uint8_t *seeds = sodium_malloc(WEIR_KEY_ROLES * WEIR_KEY_SEED_BYTES);
    if (seeds == NULL) {
        sodium_free(key);
        return weir_fail(scope, WEIR_E_MEMORY, "no guarded memory for the keys");
    }
    unsigned long long seed_bytes = 0;
    int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(
        seeds, &seed_bytes, NULL, file.data + HEADER_BYTES, BOX_BYTES, file.data, HEADER_BYTES,
        file.data + NONCE_AT, key);
    sodium_free(key);
    enum weir_err err;
    if (failed != 0 || seed_bytes != WEIR_KEY_ROLES * WEIR_KEY_SEED_BYTES)
        err = weir_fail(scope, WEIR_E_KEY, "the passphrase does not open it");
    else
        err = weir_keys_make(scope, seeds, keys);
    sodium_free(seeds);
    return err;
}

/* Only this user may have a right to the file. */
static enum weir_err access_check(struct weir_scope *scope, int fd)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return weir_fail(scope, WEIR_E_IO, "cannot look at it: %s", strerror(errno));
    if (!S_ISREG(status.st_mode))
        return weir_fail(scope, WEIR_E_KEY, "it is not a file");
    if (status.st_uid != geteuid() && status.st_uid != 0)
        return weir_fail(scope, WEIR_E_KEY, "it belongs to another user (%u)",
                         (unsigned)status.st_uid);
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return weir_fail(scope, WEIR_E_KEY, "it is open to others (mode %03o); chmod 600 it",
                         (unsigned)(status.st_mode & 0777));
    return WEIR_OK;
}

/* Encrypted bytes: they may lie anywhere.  One byte more than a key file shows a longer one. */
static enum weir_err
file_read(struct weir_scope *scope, int fd, uint8_t *file, size_t capacity, size_t *length)
{
    *length = 0;
    while (*length < capacity) {
        ssize_t got = read(fd, file + *length, capacity - *length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return weir_fail(scope, WEIR_E_IO, "cannot read it: %s", strerror(errno));
        if (got == 0)
            break;
        *length += (size_t)got;
    }
    return WEIR_OK;
}

enum weir_err weir_keys_open(struct weir_scope *scope,
                             const char *path,
                             const struct weir_passphrase *passphrase,
                             struct weir_keys **keys)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return weir_fail(scope, errno == ENOENT ? WEIR_E_NOT_FOUND : WEIR_E_IO, "key file '%s': %s",
                         path, strerror(errno));
    uint8_t file[WEIR_KEYFILE_BYTES + 1];
    size_t length = 0;
    enum weir_err err = access_check(scope, fd);
    if (err == WEIR_OK)
        err = file_read(scope, fd, file, sizeof(file), &length);
    (void)close(fd); /* nothing was written */
    if (err == WEIR_OK)
        err = weir_keys_decrypt(scope, (struct weir_slice){.data = file, .length = length},
                                passphrase, keys);
    return err == WEIR_OK ? WEIR_OK : weir_note(scope, "key file '%s'", path);
}
