/* Signed requests to peers, several at once, each bounded; a peer that fails is left alone for a
 * growing while and holds nobody up. */
#include "node/settler.h"

#include <poll.h>
#include <string.h>

#include "base/arena.h"
#include "config/config.h"
#include "node/clock.h"
#include "node/exchange.h"
#include "node/log.h"
#include "node/peer_sign.h"

#define QUIET_MS_MIN 500
#define QUIET_MS_MAX 30000
#define HEADERS 4
#define WAIT_MS_MAX 60000                    /* longer than the deadline of any request */
#define ANSWER_BYTES_MAX ((size_t)64 * 1024) /* a line, a signature or a reason */

void weir_peer_failed(struct weir_contact *contact, const char *why)
{
    unsigned doublings = contact->failures < 6 ? contact->failures : 6;
    int64_t quiet_ms = (int64_t)QUIET_MS_MIN << doublings;
    if (quiet_ms > QUIET_MS_MAX)
        quiet_ms = QUIET_MS_MAX;
    contact->failures++;
    contact->quiet_until_ms = weir_clock_monotonic_ms() + quiet_ms;
    weir_log(contact->failures == 1 ? WEIR_LOG_WARN : WEIR_LOG_DEBUG, "peer_unreachable",
             "peer=%s reason=%s quiet_ms=%lld", contact->peer->name, why, (long long)quiet_ms);
}

const char *
weir_peer_url(struct weir_scope *scope, const struct weir_contact *contact, const char *path)
{
    size_t base = strlen(contact->peer->url); /* "https://w2.example/" and without the slash */
    if (path == NULL)
        return NULL;
    if (base > 0 && contact->peer->url[base - 1] == '/')
        base--;
    return weir_take_printf(scope, "%.*s%s", (int)base, contact->peer->url, path);
}

enum weir_err weir_peer_call_start(struct weir_settler *settler,
                                   struct weir_scope *scope,
                                   struct weir_peer_call *call)
{
    struct weir_contact *contact = call->contact;
    call->ticket = 0;
    if (settler->must_stop || weir_clock_monotonic_ms() < contact->quiet_until_ms)
        return WEIR_OK;
    const char **headers = weir_take(scope, HEADERS, sizeof(*headers));
    struct weir_http_request *request = weir_take(scope, 1, sizeof(*request));
    const char *url = weir_peer_url(scope, contact, call->path);
    if (headers == NULL || request == NULL || url == NULL)
        return scope->err;
    const struct weir_peer_request signed_request = {"POST", call->path, call->body};
    enum weir_err err = weir_peer_sign(scope, settler->worker.duty->signer,
                                       &contact->keys->set.node, &signed_request, headers);
    if (err != WEIR_OK)
        return err;
    headers[3] = "Content-Type: text/plain; charset=utf-8";
    *request = (struct weir_http_request){
        .method = "POST",
        .url = url,
        .headers = headers,
        .header_count = HEADERS,
        .body = call->body,
        .limits = {.total_ms = (uint32_t)contact->peer->timeout_ms,
                   .first_byte_ms = (uint32_t)contact->peer->timeout_ms,
                   .body_bytes_max = ANSWER_BYTES_MAX},
        .allow_private = contact->peer->private_is_allowed,
    };
    return weir_http_submit(settler->http, scope, request, &call->ticket);
}

/* Copies what must outlive the release. */
static enum weir_err
take_result(struct weir_scope *scope, struct weir_peer_call *call, struct weir_http_result *result)
{
    call->result = *result;
    const char *body = weir_take_text(scope, result->body.data, result->body.length);
    call->result.content_type =
        weir_take_text(scope, result->content_type, strlen(result->content_type));
    call->result.detail = weir_take_text(scope, result->detail, strlen(result->detail));
    call->result.body = (struct weir_slice){(const uint8_t *)body, result->body.length};
    call->is_answered = result->reason == WEIR_HTTP_ANSWERED;
    if (call->is_answered && result->status == 200) {
        call->contact->failures = 0;
        call->contact->quiet_until_ms = 0;
    } else if (!call->is_answered) {
        weir_peer_failed(call->contact, weir_http_reason_name(result->reason));
    }
    return scope->err;
}

static struct weir_peer_call *
call_of(struct weir_peer_call *calls, size_t call_count, uint32_t ticket)
{
    for (size_t i = 0; i < call_count; i++)
        if (calls[i].ticket == ticket)
            return &calls[i];
    return NULL;
}

/* One wait over calls under way. */
struct waiting {
    const struct weir_peer_patience *patience;
    struct weir_peer_call *calls;
    size_t call_count;
    size_t open;
    int64_t deadline_ms; /* monotonic */
    bool is_enough;
};

/* Hands out what has ended. */
static enum weir_err
take_ended(struct weir_settler *settler, struct weir_scope *scope, struct waiting *waiting)
{
    const struct weir_peer_patience *patience = waiting->patience;
    struct weir_http_result result;
    enum weir_err err = WEIR_OK;
    while (err == WEIR_OK && weir_http_next(settler->http, &result)) {
        struct weir_peer_call *call = call_of(waiting->calls, waiting->call_count, result.ticket);
        if (call != NULL)
            err = take_result(scope, call, &result);
        weir_http_release(settler->http, result.ticket);
        if (call == NULL || err != WEIR_OK)
            continue;
        call->ticket = 0;
        waiting->open--;
        if (waiting->is_enough || patience->is_enough == NULL ||
            !patience->is_enough(patience->context, call))
            continue;
        waiting->is_enough = true;
        int64_t until_ms = weir_clock_monotonic_ms() + patience->grace_ms;
        if (until_ms < waiting->deadline_ms)
            waiting->deadline_ms = until_ms;
    }
    return err;
}

enum weir_err weir_peer_calls_finish(struct weir_settler *settler,
                                     struct weir_scope *scope,
                                     struct weir_peer_call *calls,
                                     size_t call_count,
                                     const struct weir_peer_patience *patience)
{
    int64_t now_ms = weir_clock_monotonic_ms();
    struct waiting waiting = {.patience = patience, .calls = calls, .call_count = call_count};
    waiting.deadline_ms =
        patience->longest_ms > 0 ? now_ms + patience->longest_ms : now_ms + WAIT_MS_MAX;
    for (size_t i = 0; i < call_count; i++)
        waiting.open += calls[i].ticket != 0;
    struct pollfd stop = {.fd = settler->worker.duty->stop_in, .events = POLLIN};
    enum weir_err err = WEIR_OK;
    while (err == WEIR_OK && waiting.open > 0 && now_ms < waiting.deadline_ms &&
           !settler->must_stop) {
        err = weir_http_wait(settler->http, scope, &stop, 1, (int)(waiting.deadline_ms - now_ms));
        if (err == WEIR_OK)
            err = take_ended(settler, scope, &waiting);
        settler->must_stop = stop.revents != 0;
        now_ms = weir_clock_monotonic_ms();
    }
    for (size_t i = 0; i < call_count; i++) {
        if (calls[i].ticket == 0)
            continue;
        weir_http_release(settler->http, calls[i].ticket);
        calls[i].ticket = 0;
        if (waiting.is_enough && patience->grace_ms > 0 && !settler->must_stop)
            weir_peer_failed(calls[i].contact, "slower than the others");
    }
    return err;
}
