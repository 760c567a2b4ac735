#include "node/frame.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/arena.h"
#include "node/clock.h"

#define HEAD_BYTES 5

/* Waits until the socket is ready for `events` or the deadline passes. */
static enum weir_err
wait_ready(struct weir_scope *scope, int socket, short events, int64_t deadline_ms)
{
    for (;;) {
        int64_t left = deadline_ms - weir_clock_monotonic_ms();
        if (left <= 0)
            return weir_fail(scope, WEIR_E_TIMEOUT, "the signer did not answer in time");
        struct pollfd waiting = {.fd = socket, .events = events};
        int ready = poll(&waiting, 1, left > 60000 ? 60000 : (int)left);
        if (ready > 0)
            return WEIR_OK;
        if (ready < 0 && errno != EINTR)
            return weir_fail(scope, WEIR_E_IO, "poll: %s", strerror(errno));
    }
}

static enum weir_err
read_all(struct weir_scope *scope, int socket, uint8_t *bytes, size_t length, int64_t deadline_ms)
{
    for (size_t at = 0; at < length;) {
        enum weir_err err = wait_ready(scope, socket, POLLIN, deadline_ms);
        if (err != WEIR_OK)
            return err;
        ssize_t got = recv(socket, bytes + at, length - at, 0);
        if (got == 0)
            return weir_fail(scope, WEIR_E_UNREACHABLE, "the other duty has ended");
        if (got < 0 && errno != EINTR)
            return weir_fail(scope, WEIR_E_IO, "recv: %s", strerror(errno));
        if (got > 0)
            at += (size_t)got;
    }
    return WEIR_OK;
}

static enum weir_err write_all(struct weir_scope *scope,
                               int socket,
                               const uint8_t *bytes,
                               size_t length,
                               int64_t deadline_ms)
{
    for (size_t at = 0; at < length;) {
        ssize_t sent = send(socket, bytes + at, length - at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            at += (size_t)sent;
            continue;
        }
        if (errno != EINTR && errno != EAGAIN)
            return weir_fail(scope, WEIR_E_IO, "send: %s", strerror(errno));
        enum weir_err err = wait_ready(scope, socket, POLLOUT, deadline_ms);
        if (err != WEIR_OK)
            return err;
    }
    return WEIR_OK;
}

static enum weir_err frame_write(struct weir_scope *scope,
                                 int socket,
                                 uint8_t tag,
                                 struct weir_slice body,
                                 int64_t deadline_ms)
{
    if (body.length > WEIR_FRAME_BODY_MAX)
        return weir_fail(scope, WEIR_E_LIMIT, "a frame of %zu bytes", body.length);
    uint8_t head[HEAD_BYTES];
    weir_put_u32(head, (uint32_t)body.length + 1);
    head[4] = tag;
    enum weir_err err = write_all(scope, socket, head, sizeof(head), deadline_ms);
    return err != WEIR_OK ? err : write_all(scope, socket, body.data, body.length, deadline_ms);
}

static enum weir_err frame_read(struct weir_scope *scope,
                                int socket,
                                int64_t deadline_ms,
                                uint8_t *tag,
                                struct weir_slice *body)
{
    uint8_t head[HEAD_BYTES];
    enum weir_err err = read_all(scope, socket, head, sizeof(head), deadline_ms);
    if (err != WEIR_OK)
        return err;
    uint32_t length = weir_get_u32(head);
    if (length == 0 || length - 1 > WEIR_FRAME_BODY_MAX)
        return weir_fail(scope, WEIR_E_PARSE, "a frame that claims %u bytes", length);
    uint8_t *data = weir_take(scope, length, 1);
    if (data == NULL)
        return scope->err;
    err = read_all(scope, socket, data, length - 1, deadline_ms);
    if (err != WEIR_OK)
        return err;
    *tag = head[4];
    *body = (struct weir_slice){data, length - 1};
    return WEIR_OK;
}

/* The refusal of the other side becomes the failure of this scope. */
static enum weir_err refusal(struct weir_scope *scope, uint8_t number, struct weir_slice text)
{
    switch ((enum weir_err)number) {
#define WEIR_ERROR(name, value, retryable, sentence) case WEIR_E_##name:
#include "base/errors.def"
#undef WEIR_ERROR
        return weir_fail(scope, (enum weir_err)number, "%.*s",
                         (int)(text.length < WEIR_FAULT_BYTES ? text.length : WEIR_FAULT_BYTES),
                         (const char *)text.data);
    }
    return weir_fail(scope, WEIR_E_IO, "the signer answered with error number %u", number);
}

enum weir_err weir_frame_ask(struct weir_scope *scope,
                             int socket,
                             enum weir_frame_type type,
                             struct weir_slice body,
                             int timeout_ms,
                             struct weir_slice *answer)
{
    if (body.length > WEIR_FRAME_BODY_MAX)
        return weir_fail(scope, WEIR_E_LIMIT, "a question of %zu bytes", body.length);
    int64_t deadline_ms = weir_clock_monotonic_ms() + timeout_ms;
    uint8_t outcome = 0;
    struct weir_slice received = {NULL, 0};
    enum weir_err err = frame_write(scope, socket, (uint8_t)type, body, deadline_ms);
    if (err == WEIR_OK)
        err = frame_read(scope, socket, deadline_ms, &outcome, &received);
    if (err != WEIR_OK) {
        /* A late answer must never be taken for that of the next question. */
        (void)shutdown(socket, SHUT_RDWR);
        return err;
    }
    if (outcome != WEIR_OK)
        return refusal(scope, outcome, received);
    *answer = received;
    return WEIR_OK;
}

/* A duty that has begun a frame must finish it soon: the signer serves several. */
#define FRAME_REST_MS 5000

enum weir_err
weir_frame_receive(struct weir_scope *scope, int socket, uint8_t *type, struct weir_slice *body)
{
    return frame_read(scope, socket, weir_clock_monotonic_ms() + FRAME_REST_MS, type, body);
}

enum weir_err weir_frame_answer(struct weir_scope *scope,
                                int socket,
                                const struct weir_scope *outcome,
                                struct weir_slice body)
{
    int64_t deadline_ms = weir_clock_monotonic_ms() + FRAME_REST_MS;
    if (outcome->err == WEIR_OK)
        return frame_write(scope, socket, 0, body, deadline_ms);
    return frame_write(scope, socket, (uint8_t)outcome->err, weir_slice_text(outcome->fault),
                       deadline_ms);
}
