#include "node/api.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <microhttpd.h>

#include "base/arena.h"
#include "config/config.h"
#include "ledger/status.h"
#include "node/clock.h"
#include "node/log.h"
#include "node/sandbox.h"

#define ANSWER_BYTES ((size_t)256 * 1024 * 1024)
#define HEADER_BYTES ((size_t)32 * 1024)
#define RECEIVING_BYTES_MAX ((size_t)128 * 1024 * 1024)
#define WAIT_MS_MAX 2000
#define STATUS_MS 2000
#define CONTROL_CONNECTIONS 16

/* A request being received; lives in its own arena. */
struct call {
    struct weir_arena *arena;
    struct weir_scope scope;
    const struct weir_api_route *route; /* NULL: nobody serves this path */
    struct weir_buffer body;
    bool is_too_large;
    bool is_path_known; /* but not with this method */
};

static const char *const json_type = "application/json";
static const char *const text_type = "text/plain; charset=utf-8";

void weir_api_text(struct weir_api_answer *answer, unsigned status, struct weir_slice text)
{
    *answer = (struct weir_api_answer){status, text_type, text};
}

void weir_api_json(struct weir_api_answer *answer, unsigned status, struct weir_slice json)
{
    *answer = (struct weir_api_answer){status, json_type, json};
}

const char *weir_api_query(const struct weir_api_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

const char *weir_api_header(const struct weir_api_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *weir_api_rest(const struct weir_api_request *request, const char *fixed)
{
    assert(strncmp(request->path, fixed, strlen(fixed)) == 0);
    return request->path + strlen(fixed);
}

static bool path_fits(const char *pattern, const char *path)
{
    size_t length = strlen(pattern);
    if (pattern[length - 1] != '*')
        return strcmp(pattern, path) == 0;
    return strncmp(pattern, path, length - 1) == 0 && path[length - 1] != '\0';
}

static void find_route(struct call *call, const char *method, const char *path, bool is_operator)
{
    size_t count;
    const struct weir_api_route *routes = weir_api_routes(&count);
    for (size_t i = 0; i < count; i++) {
        if (!path_fits(routes[i].path, path) ||
            (routes[i].door == WEIR_DOOR_OPERATOR && !is_operator))
            continue;
        call->is_path_known = true;
        bool is_head = strcmp(method, "HEAD") == 0 && strcmp(routes[i].method, "GET") == 0;
        if (is_head || strcmp(routes[i].method, method) == 0) {
            call->route = &routes[i];
            return;
        }
    }
}

/* Only a process of this user, or root, gives operator commands. */
static bool is_operator_allowed(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct ucred credentials;
    socklen_t length = sizeof(credentials);
    if (info == NULL ||
        getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0)
        return false;
    return credentials.uid == geteuid() || credentials.uid == 0;
}

static enum MHD_Result send_answer(struct MHD_Connection *connection,
                                   const struct weir_api_answer *answer)
{
    union {
        const uint8_t *given;
        void *wanted; /* libmicrohttpd reads only, but does not say const */
    } body = {.given = answer->body.data};
    struct MHD_Response *response =
        MHD_create_response_from_buffer(answer->body.length, body.wanted, MHD_RESPMEM_PERSISTENT);
    if (response == NULL)
        return MHD_NO;
    enum MHD_Result done =
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->content_type);
    if (done == MHD_YES)
        done = MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (done == MHD_YES)
        done = MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (done == MHD_YES)
        done = MHD_queue_response(connection, answer->status, response);
    MHD_destroy_response(response);
    return done;
}

/* What a route takes, and never more than the configuration allows. */
static size_t body_bytes_max(const struct weir_api *api, const struct weir_api_route *route)
{
    uint64_t most = api->worker.config->api.body_bytes_max;
    size_t limit = route == NULL ? 0 : route->body_bytes_max;
    return limit < most ? limit : (size_t)most;
}

/* Judges what was received and lets the handler answer. */
static void answer_call(struct weir_api *api,
                        struct call *call,
                        struct weir_api_request *request,
                        struct weir_api_answer *answer)
{
    struct weir_scope *scope = &call->scope;
    enum weir_err err;
    request->body = weir_buffer_slice(&call->body);
    if (call->route == NULL && call->is_path_known) {
        (void)weir_fail(scope, WEIR_E_DENIED, "this path does not take %s", request->method);
        weir_api_fail(scope, answer);
        answer->status = MHD_HTTP_METHOD_NOT_ALLOWED;
        return;
    }
    if (call->route == NULL)
        err = weir_fail(scope, WEIR_E_NOT_FOUND, "nothing is served at this path");
    else if (call->is_too_large)
        err = weir_fail(scope, WEIR_E_LIMIT, "the body is larger than %zu bytes",
                        body_bytes_max(api, call->route));
    else
        err = call->route->handle(api, scope, request, answer);
    if (err != WEIR_OK)
        weir_api_fail(scope, answer);
    assert(answer->status != 0);
}

/* Which of the two listeners a connection came in by. */
static struct weir_deadlines *deadlines_of(struct weir_api *api, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_DAEMON);
    bool is_control = info != NULL && info->daemon == api->control_daemon;
    return is_control ? &api->control_deadlines : &api->public_deadlines;
}

static enum MHD_Result begin_call(struct MHD_Connection *connection,
                                  const char *method,
                                  const char *path,
                                  bool is_operator,
                                  void **state)
{
    struct weir_arena *arena = weir_arena_new(ANSWER_BYTES);
    if (arena == NULL)
        return MHD_NO;
    struct weir_scope scope = {.arena = arena};
    struct call *call = weir_take(&scope, 1, sizeof(*call));
    if (call == NULL || (is_operator && !is_operator_allowed(connection))) {
        weir_arena_free(arena);
        return MHD_NO;
    }
    call->arena = arena;
    call->scope.arena = arena;
    find_route(call, method, path, is_operator);
    *state = call;
    return MHD_YES;
}

/* Nobody is known before the whole body is here, so all senders together get so much and no more.
 */
static void receive(struct weir_api *api, struct call *call, const char *data, size_t length)
{
    size_t limit = body_bytes_max(api, call->route);
    if (call->is_too_large || call->body.length + length > limit ||
        api->receiving_bytes + length > RECEIVING_BYTES_MAX ||
        weir_buffer_put(&call->scope, &call->body, data, length) != WEIR_OK) {
        call->is_too_large = true; /* the rest is read and dropped, then refused */
        weir_scope_recover(&call->scope);
        return;
    }
    api->receiving_bytes += length;
}

/* libmicrohttpd's signature. NOLINTNEXTLINE(readability-function-size) */
static enum MHD_Result handle(void *context,
                              struct MHD_Connection *connection,
                              const char *path,
                              const char *method,
                              const char *version,
                              const char *data,
                              size_t *length,
                              void **state)
{
    (void)version;
    struct weir_api *api = context;
    struct weir_deadlines *deadlines = deadlines_of(api, connection);
    bool is_operator = deadlines == &api->control_deadlines;
    if (*state == NULL) {
        weir_deadline_received(deadlines, connection, weir_clock_monotonic_ms());
        return begin_call(connection, method, path, is_operator, state);
    }
    struct call *call = *state;
    if (*length > 0) {
        receive(api, call, data, *length);
        *length = 0;
        return MHD_YES;
    }
    struct weir_api_request request = {
        .connection = connection, .method = method, .path = path, .is_operator = is_operator};
    struct weir_api_answer answer = {.status = 0};
    answer_call(api, call, &request, &answer);
    api->requests++;
    api->refused += answer.status >= 400 && answer.status < 500;
    return send_answer(connection, &answer);
}

static void end_call(void *context,
                     struct MHD_Connection *connection,
                     void **state,
                     enum MHD_RequestTerminationCode reason)
{
    (void)reason;
    struct weir_api *api = context;
    struct call *call = *state;
    weir_deadline_ended(deadlines_of(api, connection), connection, weir_clock_monotonic_ms());
    if (call != NULL) {
        api->receiving_bytes -= call->body.length;
        weir_arena_free(call->arena);
    }
    *state = NULL;
}

static enum weir_err open_listener(struct weir_api *api, struct weir_scope *scope)
{
    const struct weir_config_api *door = &api->worker.config->api;
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(door->listen_port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(door->listen_port)};
    bool is_v4 = inet_pton(AF_INET, door->listen_host, &v4.sin_addr) == 1;
    if (!is_v4 && inet_pton(AF_INET6, door->listen_host, &v6.sin6_addr) != 1)
        return weir_fail(scope, WEIR_E_CONFIG, "api.listen: '%s' is no numeric address",
                         door->listen_host);
    int one = 1;
    int fd = socket(is_v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const struct sockaddr *address =
        is_v4 ? (const struct sockaddr *)&v4 : (const struct sockaddr *)&v6;
    socklen_t length = is_v4 ? sizeof(v4) : sizeof(v6);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
        bind(fd, address, length) != 0 || listen(fd, SOMAXCONN) != 0) {
        int cause = errno;
        if (fd >= 0)
            (void)close(fd); /* never used */
        return weir_fail(scope, WEIR_E_IO, "cannot listen on %s port %u: %s", door->listen_host,
                         door->listen_port, strerror(cause));
    }
    api->listen_socket = fd;
    return WEIR_OK;
}

static enum weir_err open_control(struct weir_api *api, struct weir_scope *scope)
{
    const char *path = api->worker.config->node.control_socket;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path))
        return weir_fail(scope, WEIR_E_CONFIG, "the control socket's path '%s' is too long", path);
    memcpy(address.sun_path, path, strlen(path));
    (void)unlink(path); /* of an earlier run; the ledger's lock tells whether one is still there */
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t before = umask(0177);
    bool is_bound = fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
                    listen(fd, CONTROL_CONNECTIONS) == 0;
    int cause = errno;
    (void)umask(before);
    if (!is_bound) {
        if (fd >= 0)
            (void)close(fd); /* never used */
        return weir_fail(scope, WEIR_E_IO, "cannot listen on '%s': %s", path, strerror(cause));
    }
    api->control_socket = fd;
    return WEIR_OK;
}

static struct MHD_Daemon *start_daemon(struct weir_api *api, int fd, bool is_control)
{
    const struct weir_config_api *door = &api->worker.config->api;
    unsigned connections = is_control ? CONTROL_CONNECTIONS : door->connections_max;
    unsigned per_address = is_control ? 0 : door->connections_per_address_max;
    struct weir_deadlines *deadlines =
        is_control ? &api->control_deadlines : &api->public_deadlines;
    if (weir_deadlines_init(deadlines, &api->worker.scope, connections, door->timeout_ms) !=
        WEIR_OK)
        return NULL;
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, NULL, NULL, handle, api, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, connections, MHD_OPTION_PER_IP_CONNECTION_LIMIT, per_address,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)(door->timeout_ms / 1000),
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEADER_BYTES, MHD_OPTION_NOTIFY_COMPLETED, end_call,
        api, MHD_OPTION_NOTIFY_CONNECTION, weir_deadline_notify, deadlines, MHD_OPTION_END);
}

static enum weir_err start(struct weir_api *api, struct weir_duty *duty)
{
    struct weir_scope *scope = &api->worker.scope;
    enum weir_err err = weir_worker_start(&api->worker, duty);
    api->started_ms = weir_clock_now();
    if (err == WEIR_OK)
        err = open_listener(api, scope);
    if (err == WEIR_OK)
        err = open_control(api, scope);
    if (err != WEIR_OK)
        return err;
    api->public_daemon = start_daemon(api, api->listen_socket, false);
    api->control_daemon = start_daemon(api, api->control_socket, true);
    if (api->public_daemon == NULL || api->control_daemon == NULL)
        return weir_fail(scope, WEIR_E_IO, "the HTTP server does not start");
    struct sockaddr_storage bound;
    socklen_t length = sizeof(bound);
    uint16_t port = api->worker.config->api.listen_port;
    if (getsockname(api->listen_socket, (struct sockaddr *)&bound, &length) == 0)
        port = ntohs(bound.ss_family == AF_INET ? ((struct sockaddr_in *)&bound)->sin_port
                                                : ((struct sockaddr_in6 *)&bound)->sin6_port);
    weir_log(WEIR_LOG_INFO, "listening", "host=%s port=%u control=%s",
             api->worker.config->api.listen_host, port, api->worker.config->node.control_socket);
    return weir_sandbox_enter(scope, WEIR_DUTY_API, NULL);
}

static void put_status(struct weir_api *api)
{
    int64_t now_ms = weir_clock_monotonic_ms();
    if (now_ms < api->status_at_ms)
        return;
    api->status_at_ms = now_ms + STATUS_MS;
    int64_t updated_ms = weir_clock_now();
    const struct weir_status_row rows[] = {
        {"api", "weir_api_requests_total", (int64_t)api->requests, "", updated_ms},
        {"api", "weir_api_refused_total", (int64_t)api->refused, "", updated_ms},
        {"api", "weir_api_slow_total", (int64_t)api->public_deadlines.closed, "", updated_ms},
    };
    struct weir_scope scope = {.arena = api->worker.scratch};
    if (weir_status_put(api->worker.store, &scope, rows, sizeof(rows) / sizeof(rows[0])) != WEIR_OK)
        weir_log_failure(WEIR_LOG_WARN, "status", &scope);
    weir_arena_clear(api->worker.scratch);
}

static int epoll_of(struct MHD_Daemon *daemon)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    return info == NULL ? -1 : info->epoll_fd;
}

/* The duty's one waiting place.  1 when it cannot go on. */
static int loop(struct weir_api *api)
{
    const struct weir_duty *duty = api->worker.duty;
    for (;;) {
        MHD_UNSIGNED_LONG_LONG wait_ms = WAIT_MS_MAX;
        MHD_UNSIGNED_LONG_LONG wanted;
        if (MHD_get_timeout(api->public_daemon, &wanted) == MHD_YES && wanted < wait_ms)
            wait_ms = wanted;
        if (MHD_get_timeout(api->control_daemon, &wanted) == MHD_YES && wanted < wait_ms)
            wait_ms = wanted;
        struct pollfd waiting[] = {
            {.fd = duty->stop_in, .events = POLLIN},
            {.fd = duty->wake_in, .events = POLLIN},
            {.fd = epoll_of(api->public_daemon), .events = POLLIN},
            {.fd = epoll_of(api->control_daemon), .events = POLLIN},
            {.fd = duty->signer, .events = POLLIN}, /* readable: gone, or out of step with us */
        };
        if (poll(waiting, 5, (int)wait_ms) < 0 && errno != EINTR)
            return 1;
        if (waiting[0].revents != 0)
            return 0;
        if (waiting[4].revents != 0)
            return 1;
        if (waiting[1].revents != 0)
            weir_duty_wake_clear(duty);
        (void)MHD_run(api->public_daemon); /* fails only for daemons with a thread of their own */
        (void)MHD_run(api->control_daemon);
        weir_deadlines_enforce(&api->public_deadlines, weir_clock_monotonic_ms());
        weir_deadlines_enforce(&api->control_deadlines, weir_clock_monotonic_ms());
        put_status(api);
    }
}

int weir_api_run(struct weir_duty *duty)
{
    struct weir_api api = {.listen_socket = -1, .control_socket = -1};
    int status = 1;
    if (duty->until_idle) {
        /* Nothing that is already in the ledger waits for a listener. */
        weir_duty_ready(duty);
        return 0;
    }
    if (start(&api, duty) == WEIR_OK) {
        weir_duty_ready(duty);
        status = loop(&api);
    } else {
        weir_log_failure(WEIR_LOG_ERROR, "cannot_start", &api.worker.scope);
    }
    if (api.public_daemon != NULL)
        MHD_stop_daemon(api.public_daemon);
    if (api.control_daemon != NULL)
        MHD_stop_daemon(api.control_daemon);
    if (api.control_socket >= 0)
        (void)unlink(duty->config->node.control_socket); /* a stale one is no error either */
    weir_worker_end(&api.worker);
    return status;
}
