#include "node/api_deadline.h"

#include <sys/socket.h>

#include "base/arena.h"
#include "node/clock.h"

#define HEADER_MS 5000

enum weir_err weir_deadlines_init(struct weir_deadlines *deadlines,
                                  struct weir_scope *scope,
                                  size_t connections,
                                  int64_t request_ms)
{
    struct weir_deadline *places = weir_take(scope, connections, sizeof(*places));
    if (places == NULL)
        return scope->err;
    for (size_t i = 0; i < connections; i++)
        places[i].socket = -1;
    *deadlines = (struct weir_deadlines){
        .places = places,
        .count = connections,
        .header_ms = HEADER_MS < request_ms ? HEADER_MS : request_ms,
        .request_ms = request_ms,
    };
    return WEIR_OK;
}

static int socket_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info == NULL ? -1 : info->connect_fd;
}

void weir_deadline_notify(void *context,
                          struct MHD_Connection *connection,
                          void **socket_context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct weir_deadlines *deadlines = context;
    struct weir_deadline *place = *socket_context;
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (place != NULL)
            place->socket = -1;
        *socket_context = NULL;
        return;
    }
    for (size_t i = 0; i < deadlines->count; i++)
        if (deadlines->places[i].socket < 0) {
            deadlines->places[i] = (struct weir_deadline){
                socket_of(connection), weir_clock_monotonic_ms() + deadlines->header_ms};
            *socket_context = &deadlines->places[i];
            return;
        }
}

static void set(struct MHD_Connection *connection, int64_t until_ms)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct weir_deadline *place = info == NULL ? NULL : info->socket_context;
    if (place != NULL)
        place->until_ms = until_ms;
}

void weir_deadline_received(const struct weir_deadlines *deadlines,
                            struct MHD_Connection *connection,
                            int64_t now_ms)
{
    set(connection, now_ms + deadlines->request_ms);
}

void weir_deadline_ended(const struct weir_deadlines *deadlines,
                         struct MHD_Connection *connection,
                         int64_t now_ms)
{
    set(connection, now_ms + deadlines->header_ms);
}

void weir_deadlines_enforce(struct weir_deadlines *deadlines, int64_t now_ms)
{
    for (size_t i = 0; i < deadlines->count; i++) {
        struct weir_deadline *place = &deadlines->places[i];
        if (place->socket < 0 || now_ms < place->until_ms)
            continue;
        (void)shutdown(place->socket, SHUT_RDWR); /* fails only when the other side has gone */
        place->until_ms = INT64_MAX;
        deadlines->closed++;
    }
}
