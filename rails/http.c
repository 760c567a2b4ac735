#include "rails/http.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include <curl/curl.h>

#include "base/arena.h"
#include "rails/http_transfer.h"

#define EXTRA_MAX 64
#define SLOT_BITS 8
#define POLL_MS_MAX 1000 /* libcurl's own deadlines wake it earlier */

_Static_assert(WEIR_HTTP_SLOTS_MAX <= 1 << SLOT_BITS, "a ticket names its slot");

struct weir_http {
    struct weir_arena *arena; /* holds this and the transfers */
    CURLM *multi;
    const char *ca_file;
    size_t slot_count;
    size_t running;
    size_t done; /* complete, not yet handed out */
    int stop_in; /* -1: nobody will say stop */
    uint32_t serial;
    struct weir_http_transfer *transfers;
};

static const char *const reason_names[] = {
    [WEIR_HTTP_ANSWERED] = "answered",
    [WEIR_HTTP_BAD_URL] = "bad_url",
    [WEIR_HTTP_DNS] = "dns",
    [WEIR_HTTP_REFUSED] = "refused",
    [WEIR_HTTP_PRIVATE] = "private",
    [WEIR_HTTP_TLS] = "tls",
    [WEIR_HTTP_TIMEOUT] = "timeout",
    [WEIR_HTTP_SLOW] = "slow",
    [WEIR_HTTP_TOO_LARGE] = "too_large",
    [WEIR_HTTP_REDIRECTS] = "redirects",
    [WEIR_HTTP_ENCODED] = "encoded",
    [WEIR_HTTP_MALFORMED] = "malformed",
    [WEIR_HTTP_OWN_NETWORK] = "own_network",
};

const char *weir_http_reason_name(enum weir_http_reason reason)
{
    assert((size_t)reason < sizeof(reason_names) / sizeof(reason_names[0]));
    return reason_names[reason];
}

struct weir_http_limits weir_http_limits_default(void)
{
    return (struct weir_http_limits){
        .connect_ms = 3000,
        .first_byte_ms = 10000,
        .total_ms = 15000,
        .rate_bytes_s_min = 256,
        .rate_grace_ms = 2000,
        .header_bytes_max = 32 * 1024,
        .body_bytes_max = (size_t)1024 * 1024,
        .redirects_max = 0,
    };
}

struct weir_http *weir_http_new(size_t slots, const char *ca_file)
{
    assert(slots >= 1 && slots <= WEIR_HTTP_SLOTS_MAX);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return NULL;
    size_t bytes = sizeof(struct weir_http) + slots * sizeof(struct weir_http_transfer);
    struct weir_scope scope = {.arena = weir_arena_new(bytes + 16 * 1024)};
    struct weir_http *http = scope.arena == NULL ? NULL : weir_take(&scope, 1, sizeof(*http));
    struct weir_http_transfer *transfers =
        http == NULL ? NULL : weir_take(&scope, slots, sizeof(*transfers));
    CURLM *multi = transfers == NULL ? NULL : curl_multi_init();
    if (multi == NULL) {
        weir_arena_free(scope.arena);
        curl_global_cleanup();
        return NULL;
    }
    *http = (struct weir_http){.arena = scope.arena,
                               .multi = multi,
                               .ca_file = ca_file,
                               .slot_count = slots,
                               .stop_in = -1,
                               .transfers = transfers};
    return http;
}

void weir_http_free(struct weir_http *http)
{
    if (http == NULL)
        return;
    for (size_t i = 0; i < http->slot_count; i++) {
        struct weir_http_transfer *transfer = &http->transfers[i];
        if (transfer->state == WEIR_HTTP_TRANSFER_RUNNING)
            (void)curl_multi_remove_handle(http->multi, transfer->easy); /* it is in there */
        weir_http_transfer_clear(transfer);
        curl_easy_cleanup(transfer->easy);
    }
    (void)curl_multi_cleanup(http->multi); /* every handle was removed */
    weir_arena_free(http->arena);
    curl_global_cleanup();
}

static struct weir_http_transfer *find_free(struct weir_http *http, size_t *slot)
{
    for (size_t i = 0; i < http->slot_count; i++) {
        if (http->transfers[i].state == WEIR_HTTP_TRANSFER_FREE) {
            *slot = i;
            return &http->transfers[i];
        }
    }
    return NULL;
}

enum weir_err weir_http_submit(struct weir_http *http,
                               struct weir_scope *scope,
                               const struct weir_http_request *request,
                               uint32_t *ticket)
{
    size_t slot = 0;
    struct weir_http_transfer *transfer = find_free(http, &slot);
    if (transfer == NULL)
        return weir_fail(scope, WEIR_E_LIMIT, "%zu requests are under way", http->slot_count);
    enum weir_err err = weir_http_transfer_start(transfer, scope, request, http->ca_file);
    if (err == WEIR_OK && curl_multi_add_handle(http->multi, transfer->easy) != CURLM_OK)
        err = weir_fail(scope, WEIR_E_MEMORY, "libcurl has no memory for a request");
    if (err != WEIR_OK) {
        weir_http_transfer_clear(transfer);
        return err;
    }
    http->serial = (http->serial + 1) & (UINT32_MAX >> SLOT_BITS);
    if (http->serial == 0)
        http->serial = 1; /* so that no ticket is ever 0 */
    transfer->ticket = http->serial << SLOT_BITS | (uint32_t)slot;
    transfer->state = WEIR_HTTP_TRANSFER_RUNNING;
    http->running++;
    *ticket = transfer->ticket;
    return WEIR_OK;
}

static struct weir_http_transfer *transfer_of(struct weir_http *http, const CURL *easy)
{
    for (size_t i = 0; i < http->slot_count; i++)
        if (http->transfers[i].easy == easy)
            return &http->transfers[i];
    assert(0 && "libcurl reports a handle that is not ours");
    return NULL;
}

/* Moves every request as far as it goes without waiting, and collects what became complete. */
static enum weir_err run(struct weir_http *http, struct weir_scope *scope)
{
    int running = 0;
    CURLMcode code = curl_multi_perform(http->multi, &running);
    if (code != CURLM_OK)
        return weir_fail(scope, WEIR_E_IO, "libcurl: %s", curl_multi_strerror(code));
    int left = 0;
    CURLMsg *message;
    while ((message = curl_multi_info_read(http->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE)
            continue;
        struct weir_http_transfer *transfer = transfer_of(http, message->easy_handle);
        CURLcode result = message->data.result;
        weir_http_transfer_finish(transfer, result);
        (void)curl_multi_remove_handle(http->multi, transfer->easy); /* it is in there */
        assert(http->running > 0);
        http->running--;
        http->done++;
    }
    return WEIR_OK;
}

static int patience_ms(const struct weir_http *http, int timeout_ms)
{
    int least = timeout_ms < 0 || timeout_ms > POLL_MS_MAX ? POLL_MS_MAX : timeout_ms;
    for (size_t i = 0; i < http->slot_count; i++) {
        if (http->transfers[i].state != WEIR_HTTP_TRANSFER_RUNNING)
            continue;
        int wanted = weir_http_transfer_patience_ms(&http->transfers[i]);
        if (wanted < least)
            least = wanted;
    }
    return least;
}

static enum weir_err poll_all(struct weir_http *http,
                              struct weir_scope *scope,
                              const struct pollfd *extra,
                              size_t extra_count,
                              int timeout_ms)
{
    struct curl_waitfd watched[EXTRA_MAX];
    for (size_t i = 0; i < extra_count; i++)
        watched[i] = (struct curl_waitfd){
            .fd = extra[i].fd,
            .events = (short)((extra[i].events & POLLIN ? CURL_WAIT_POLLIN : 0) |
                              (extra[i].events & POLLOUT ? CURL_WAIT_POLLOUT : 0)),
        };
    errno = 0;
    CURLMcode code = curl_multi_poll(http->multi, watched, (unsigned)extra_count,
                                     patience_ms(http, timeout_ms), NULL);
    if (code != CURLM_OK && errno != EINTR) /* a signal only ends the waiting */
        return weir_fail(scope, WEIR_E_IO, "libcurl: %s", curl_multi_strerror(code));
    return WEIR_OK;
}

/* libcurl does not report a hang-up, so the answer for the caller's descriptors is poll's own. */
static enum weir_err
look_at_extra(struct weir_scope *scope, struct pollfd *extra, size_t extra_count)
{
    if (extra_count == 0)
        return WEIR_OK;
    if (poll(extra, (nfds_t)extra_count, 0) < 0 && errno != EINTR)
        return weir_fail(scope, WEIR_E_IO, "poll: %s", strerror(errno));
    return WEIR_OK;
}

void weir_http_stop_on(struct weir_http *http, int fd)
{
    http->stop_in = fd;
}

enum weir_err weir_http_wait(struct weir_http *http,
                             struct weir_scope *scope,
                             struct pollfd *extra,
                             size_t extra_count,
                             int timeout_ms)
{
    assert(extra_count <= EXTRA_MAX);
    for (size_t i = 0; i < extra_count; i++)
        extra[i].revents = 0;
    enum weir_err err = run(http, scope);
    if (err == WEIR_OK && http->done == 0) {
        err = poll_all(http, scope, extra, extra_count, timeout_ms);
        if (err == WEIR_OK)
            err = run(http, scope);
    }
    if (err == WEIR_OK)
        err = look_at_extra(scope, extra, extra_count);
    return err;
}

bool weir_http_next(struct weir_http *http, struct weir_http_result *result)
{
    for (size_t i = 0; i < http->slot_count; i++) {
        struct weir_http_transfer *transfer = &http->transfers[i];
        if (transfer->state != WEIR_HTTP_TRANSFER_DONE)
            continue;
        transfer->state = WEIR_HTTP_TRANSFER_HANDED;
        http->done--;
        weir_http_transfer_result(transfer, result);
        return true;
    }
    return false;
}

static struct weir_http_transfer *find_ticket(struct weir_http *http, uint32_t ticket)
{
    size_t slot = ticket & ((1U << SLOT_BITS) - 1);
    if (slot >= http->slot_count || ticket == 0 || http->transfers[slot].ticket != ticket)
        return NULL;
    return &http->transfers[slot];
}

void weir_http_release(struct weir_http *http, uint32_t ticket)
{
    struct weir_http_transfer *transfer = find_ticket(http, ticket);
    if (transfer == NULL)
        return;
    if (transfer->state == WEIR_HTTP_TRANSFER_RUNNING) {
        (void)curl_multi_remove_handle(http->multi, transfer->easy); /* it is in there */
        http->running--;
    }
    if (transfer->state == WEIR_HTTP_TRANSFER_DONE)
        http->done--;
    weir_http_transfer_clear(transfer);
}

size_t weir_http_pending(const struct weir_http *http)
{
    return http->running;
}

/* What a result points to, moved into the arena of the caller. */
static enum weir_err copy_result(struct weir_scope *scope,
                                 const struct weir_http_result *from,
                                 struct weir_http_result *result)
{
    struct weir_http_result own = *from;
    uint8_t *body = weir_take(scope, own.body.length, 1);
    char *type =
        body == NULL ? NULL : weir_take_text(scope, own.content_type, strlen(own.content_type));
    char *ip = type == NULL ? NULL : weir_take_text(scope, own.remote_ip, strlen(own.remote_ip));
    char *detail = ip == NULL ? NULL : weir_take_text(scope, own.detail, strlen(own.detail));
    if (detail == NULL)
        return scope->err;
    if (own.body.length > 0)
        memcpy(body, own.body.data, own.body.length);
    own.body.data = body;
    own.content_type = type;
    own.remote_ip = ip;
    own.detail = detail;
    *result = own;
    return WEIR_OK;
}

enum weir_err weir_http_finish(struct weir_http *http,
                               struct weir_scope *scope,
                               uint32_t ticket,
                               struct weir_http_result *result)
{
    struct weir_http_transfer *transfer = find_ticket(http, ticket);
    assert(transfer != NULL);
    struct pollfd stop = {.fd = http->stop_in, .events = POLLIN};
    size_t stop_count = http->stop_in >= 0 ? 1 : 0;
    /* Ends: the total deadline of the request completes it. */
    while (transfer->state == WEIR_HTTP_TRANSFER_RUNNING) {
        enum weir_err err = run(http, scope);
        if (err == WEIR_OK && transfer->state == WEIR_HTTP_TRANSFER_RUNNING)
            err = poll_all(http, scope, &stop, stop_count, POLL_MS_MAX);
        if (err == WEIR_OK)
            err = look_at_extra(scope, &stop, stop_count);
        if (err == WEIR_OK && stop.revents != 0)
            err = weir_fail(scope, WEIR_E_UNREACHABLE, "no more waiting: this duty is to stop");
        if (err != WEIR_OK)
            return err;
    }
    if (transfer->state == WEIR_HTTP_TRANSFER_DONE) {
        transfer->state = WEIR_HTTP_TRANSFER_HANDED;
        http->done--;
    }
    weir_http_transfer_result(transfer, result);
    return WEIR_OK;
}

enum weir_err weir_http_call(struct weir_http *http,
                             struct weir_scope *scope,
                             const struct weir_http_request *request,
                             struct weir_http_result *result)
{
    uint32_t ticket = 0;
    struct weir_http_result own;
    enum weir_err err = weir_http_submit(http, scope, request, &ticket);
    if (err == WEIR_OK)
        err = weir_http_finish(http, scope, ticket, &own);
    if (err == WEIR_OK)
        err = copy_result(scope, &own, result);
    weir_http_release(http, ticket);
    return err;
}

enum weir_err weir_http_require_ok(struct weir_scope *scope, const struct weir_http_result *result)
{
    if (result->reason == WEIR_HTTP_ANSWERED && result->status == 200)
        return WEIR_OK;
    if (result->reason == WEIR_HTTP_ANSWERED)
        return weir_fail(scope, WEIR_E_NETWORK, "answered with status %u", result->status);
    enum weir_err err = WEIR_E_NETWORK;
    if (result->reason == WEIR_HTTP_TIMEOUT || result->reason == WEIR_HTTP_SLOW)
        err = WEIR_E_TIMEOUT;
    if (result->reason == WEIR_HTTP_TOO_LARGE)
        err = WEIR_E_LIMIT;
    if (result->reason == WEIR_HTTP_PRIVATE)
        err = WEIR_E_DENIED;
    return weir_fail(scope, err, "%s: %s", weir_http_reason_name(result->reason), result->detail);
}
