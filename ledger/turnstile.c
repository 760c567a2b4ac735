#include "ledger/turnstile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NEXT 0  /* byte of the lock to stand first in line */
#define WRITE 1 /* byte of the lock to write */
#define NAP_MIN_US 50
#define NAP_MAX_US 500

enum weir_err
weir_turnstile_open(struct weir_turnstile *turnstile, struct weir_scope *scope, const char *path)
{
    turnstile->file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (turnstile->file < 0)
        return weir_fail(scope, WEIR_E_IO, "%s: %s", path, strerror(errno));
    return WEIR_OK;
}

void weir_turnstile_close(struct weir_turnstile *turnstile)
{
    if (turnstile->file >= 0)
        (void)close(turnstile->file); /* nothing was written to it */
    turnstile->file = -1;
}

static int lock_set(const struct weir_turnstile *turnstile, short type, off_t byte)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    int result;
    do
        result = fcntl(turnstile->file, F_OFD_SETLK, &lock);
    while (result != 0 && errno == EINTR);
    return result;
}

static int64_t monotonic_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Tries again and again with short naps instead of waiting in the kernel: a process that was
 * stopped while it held a lock must not stop the others for ever. */
static enum weir_err lock_wait(const struct weir_turnstile *turnstile,
                               struct weir_scope *scope,
                               off_t byte,
                               int64_t deadline_us)
{
    long nap_us = NAP_MIN_US;
    while (lock_set(turnstile, F_WRLCK, byte) != 0) {
        if (errno != EAGAIN && errno != EACCES)
            return weir_fail(scope, WEIR_E_IO, "the ledger's turnstile: %s", strerror(errno));
        if (monotonic_us() >= deadline_us)
            return weir_fail(scope, WEIR_E_BUSY, "another process is writing to the ledger");
        struct timespec nap = {.tv_nsec = nap_us * 1000};
        (void)nanosleep(&nap, NULL); /* woken early is as good */
        if (nap_us < NAP_MAX_US)
            nap_us *= 2;
    }
    return WEIR_OK;
}

enum weir_err
weir_turnstile_enter(struct weir_turnstile *turnstile, struct weir_scope *scope, uint32_t wait_ms)
{
    int64_t deadline_us = monotonic_us() + (int64_t)wait_ms * 1000;
    enum weir_err err = lock_wait(turnstile, scope, NEXT, deadline_us);
    if (err != WEIR_OK)
        return err;
    err = lock_wait(turnstile, scope, WRITE, deadline_us);
    (void)lock_set(turnstile, F_UNLCK, NEXT); /* releasing a lock that is held cannot fail */
    return err;
}

void weir_turnstile_leave(struct weir_turnstile *turnstile)
{
    (void)lock_set(turnstile, F_UNLCK, WRITE); /* releasing a lock that is held cannot fail */
}
