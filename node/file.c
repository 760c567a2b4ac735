#include "node/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"

static enum weir_err io_failure(struct weir_scope *scope, const char *what, const char *path)
{
    return weir_fail(scope, WEIR_E_IO, "%s '%s': %s", what, path, strerror(errno));
}

static enum weir_err read_open_file(struct weir_scope *scope,
                                    int fd,
                                    const char *path,
                                    size_t bytes_max,
                                    struct weir_slice *bytes)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return io_failure(scope, "cannot look at", path);
    if (!S_ISREG(status.st_mode))
        return weir_fail(scope, WEIR_E_IO, "'%s' is not a file", path);
    if ((uint64_t)status.st_size > bytes_max)
        return weir_fail(scope, WEIR_E_LIMIT, "'%s' has %lld bytes; at most %zu are read", path,
                         (long long)status.st_size, bytes_max);
    size_t size = (size_t)status.st_size;
    uint8_t *data = weir_take(scope, size + 1, 1);
    if (data == NULL)
        return scope->err;
    size_t at = 0;
    for (;;) {
        ssize_t got = read(fd, data + at, size + 1 - at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return io_failure(scope, "cannot read", path);
        at += (size_t)got;
        if (got == 0 || at > size)
            break;
    }
    if (at > size)
        return weir_fail(scope, WEIR_E_IO, "'%s' grew while it was read", path);
    *bytes = (struct weir_slice){data, at};
    return WEIR_OK;
}

enum weir_err weir_file_read(struct weir_scope *scope,
                             const char *path,
                             size_t bytes_max,
                             struct weir_slice *bytes)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not hold us */
    if (fd < 0 && errno == ENOENT)
        return weir_fail(scope, WEIR_E_NOT_FOUND, "there is no file '%s'", path);
    if (fd < 0)
        return io_failure(scope, "cannot open", path);
    enum weir_err err = read_open_file(scope, fd, path, bytes_max, bytes);
    (void)close(fd); /* only read from */
    return err;
}

static enum weir_err sync_folder(struct weir_scope *scope, const char *path)
{
    char *copy = weir_take_text(scope, path, strlen(path));
    if (copy == NULL)
        return scope->err;
    const char *folder = dirname(copy);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return io_failure(scope, "cannot open the folder", folder);
    int failed = fsync(fd);
    (void)close(fd); /* only a handle for fsync */
    return failed != 0 ? io_failure(scope, "cannot synchronise", folder) : WEIR_OK;
}

static enum weir_err
write_and_sync(struct weir_scope *scope, int fd, const char *path, struct weir_slice bytes)
{
    for (size_t at = 0; at < bytes.length;) {
        ssize_t put = write(fd, bytes.data + at, bytes.length - at);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return io_failure(scope, "cannot write", path);
        at += (size_t)put;
    }
    if (fsync(fd) != 0)
        return io_failure(scope, "cannot synchronise", path);
    return WEIR_OK;
}

enum weir_err weir_file_write(struct weir_scope *scope,
                              const char *path,
                              struct weir_slice bytes,
                              unsigned mode,
                              bool may_replace)
{
    const char *target = path;
    if (may_replace)
        target = weir_take_printf(scope, "%s.new", path);
    if (target == NULL)
        return scope->err;
    if (may_replace)
        (void)unlink(target); /* left by a kill, with who knows what mode; most often absent */
    int fd = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
    if (fd < 0 && errno == EEXIST)
        return weir_fail(scope, WEIR_E_EXISTS, "'%s' exists already and is left as it is", target);
    if (fd < 0)
        return io_failure(scope, "cannot create", target);
    enum weir_err err = write_and_sync(scope, fd, target, bytes);
    if (close(fd) != 0 && err == WEIR_OK)
        err = io_failure(scope, "cannot close", target);
    if (err == WEIR_OK && may_replace && rename(target, path) != 0)
        err = io_failure(scope, "cannot replace", path);
    if (err != WEIR_OK) {
        (void)unlink(target); /* half a file must not pass for a whole one */
        return err;
    }
    return sync_folder(scope, path);
}

const char *weir_file_inside(struct weir_scope *scope, const char *folder, const char *path)
{
    if (path[0] == '/')
        return path;
    return weir_take_printf(scope, "%s/%s", folder, path);
}
