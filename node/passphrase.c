#include "node/passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "base/arena.h"
#include "base/slice.h"
#include "node/file.h"

#define RANDOM_BYTES 32

/* Lies in guarded memory as a whole. */
struct weir_passphrase {
    size_t length;
    char bytes[WEIR_PASSPHRASE_BYTES_MAX + 2]; /* room to notice a file that is too long */
};

static struct weir_passphrase *passphrase_new(struct weir_scope *scope)
{
    struct weir_passphrase *made = sodium_init() < 0 ? NULL : sodium_malloc(sizeof(*made));
    if (made == NULL) {
        (void)weir_fail(scope, WEIR_E_MEMORY, "no guarded memory for the passphrase");
        return NULL;
    }
    sodium_memzero(made, sizeof(*made));
    return made;
}

void weir_passphrase_free(struct weir_passphrase *passphrase)
{
    sodium_free(passphrase);
}

const char *weir_passphrase_bytes(const struct weir_passphrase *passphrase, size_t *length)
{
    *length = passphrase->length;
    return passphrase->bytes;
}

static enum weir_err length_check(struct weir_scope *scope, size_t length)
{
    if (length < WEIR_PASSPHRASE_BYTES_MIN)
        return weir_fail(scope, WEIR_E_KEY,
                         "the passphrase has %zu characters; at least %d are wanted", length,
                         WEIR_PASSPHRASE_BYTES_MIN);
    if (length > WEIR_PASSPHRASE_BYTES_MAX)
        return weir_fail(scope, WEIR_E_KEY, "the passphrase is longer than %d characters",
                         WEIR_PASSPHRASE_BYTES_MAX);
    return WEIR_OK;
}

enum weir_err weir_passphrase_take(struct weir_scope *scope,
                                   const char *text,
                                   size_t length,
                                   struct weir_passphrase **passphrase)
{
    if (length_check(scope, length) != WEIR_OK)
        return scope->err;
    struct weir_passphrase *made = passphrase_new(scope);
    if (made == NULL)
        return scope->err;
    memcpy(made->bytes, text, length);
    made->length = length;
    *passphrase = made;
    return WEIR_OK;
}

/* A credential may show group bits: the service manager lets the user in by an access list. */
static enum weir_err
access_check(struct weir_scope *scope, int fd, const char *path, bool is_credential)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return weir_fail(scope, WEIR_E_IO, "cannot look at '%s': %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return weir_fail(scope, WEIR_E_KEY, "'%s' is not a file", path);
    if (status.st_uid != geteuid() && status.st_uid != 0)
        return weir_fail(scope, WEIR_E_KEY, "'%s' belongs to another user (%u)", path,
                         (unsigned)status.st_uid);
    mode_t forbidden = is_credential ? S_IRWXO : S_IRWXG | S_IRWXO;
    if ((status.st_mode & forbidden) != 0)
        return weir_fail(scope, WEIR_E_KEY, "'%s' is open to others (mode %03o); chmod 600 it",
                         path, (unsigned)(status.st_mode & 0777));
    return WEIR_OK;
}

static enum weir_err
passphrase_fill(struct weir_scope *scope, int fd, const char *path, struct weir_passphrase *made)
{
    while (made->length < sizeof(made->bytes)) {
        ssize_t got = read(fd, made->bytes + made->length, sizeof(made->bytes) - made->length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return weir_fail(scope, WEIR_E_IO, "cannot read '%s': %s", path, strerror(errno));
        if (got == 0)
            break;
        made->length += (size_t)got;
    }
    if (made->length > 0 && made->bytes[made->length - 1] == '\n')
        made->length--;
    if (memchr(made->bytes, '\n', made->length) != NULL)
        return weir_fail(scope, WEIR_E_KEY, "'%s' has more than one line", path);
    if (length_check(scope, made->length) != WEIR_OK)
        return weir_note(scope, "'%s'", path);
    return WEIR_OK;
}

static enum weir_err passphrase_read(struct weir_scope *scope,
                                     const char *path,
                                     bool is_credential,
                                     struct weir_passphrase **passphrase)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return weir_fail(scope, errno == ENOENT ? WEIR_E_NOT_FOUND : WEIR_E_IO,
                         "cannot open the passphrase file '%s': %s", path, strerror(errno));
    struct weir_passphrase *made = NULL;
    enum weir_err err = access_check(scope, fd, path, is_credential);
    if (err == WEIR_OK) {
        made = passphrase_new(scope);
        err = made == NULL ? scope->err : passphrase_fill(scope, fd, path, made);
    }
    (void)close(fd); /* nothing was written */
    if (err != WEIR_OK) {
        weir_passphrase_free(made);
        return err;
    }
    *passphrase = made;
    return WEIR_OK;
}

enum weir_err weir_passphrase_load(struct weir_scope *scope,
                                   const char *path,
                                   struct weir_passphrase **passphrase)
{
    if (path != NULL)
        return passphrase_read(scope, path, false, passphrase);
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    if (folder == NULL || *folder == '\0')
        return weir_fail(scope, WEIR_E_KEY,
                         "no passphrase: set node.passphrase_file, or let the service manager load "
                         "the credential " WEIR_PASSPHRASE_CREDENTIAL);
    const char *credential = weir_file_inside(scope, folder, WEIR_PASSPHRASE_CREDENTIAL);
    if (credential == NULL)
        return scope->err;
    return passphrase_read(scope, credential, true, passphrase);
}

enum weir_err weir_passphrase_create(struct weir_scope *scope,
                                     const char *path,
                                     struct weir_passphrase **passphrase)
{
    struct weir_passphrase *made = passphrase_new(scope);
    if (made == NULL)
        return scope->err;
    uint8_t *random = sodium_malloc(RANDOM_BYTES);
    if (random == NULL) {
        weir_passphrase_free(made);
        return weir_fail(scope, WEIR_E_MEMORY, "no guarded memory for the passphrase");
    }
    randombytes_buf(random, RANDOM_BYTES);
    (void)sodium_bin2base64(made->bytes, sizeof(made->bytes), random, RANDOM_BYTES,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_free(random);
    made->length = strlen(made->bytes);
    made->bytes[made->length] = '\n';
    struct weir_slice line = {(const uint8_t *)made->bytes, made->length + 1};
    enum weir_err err = weir_file_write(scope, path, line, 0600, false);
    made->bytes[made->length] = '\0';
    if (err != WEIR_OK) {
        weir_passphrase_free(made);
        return err;
    }
    *passphrase = made;
    return WEIR_OK;
}
