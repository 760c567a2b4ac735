/* How long a connection may take, whatever it trickles: libmicrohttpd closes what is silent, this
 * closes what is slow.  A request's header lines must be complete soon after the connection was
 * made or the last request ended; body and answer have the time of the configuration.  One set per
 * listener; its places are taken once.  Private to node/api*.c.  Floor 3. */
#ifndef WEIR_NODE_API_DEADLINE_H
#define WEIR_NODE_API_DEADLINE_H

#include <stddef.h>
#include <stdint.h>

#include <microhttpd.h>

#include "base/err.h"

struct weir_deadline {
    int socket;       /* -1: the place is free */
    int64_t until_ms; /* monotonic */
};

struct weir_deadlines {
    struct weir_deadline *places;
    size_t count;
    int64_t header_ms;
    int64_t request_ms;
    uint64_t closed; /* connections that were too slow */
};

/* `connections`: as many as the listener may hold.  Errors: MEMORY. */
WEIR_CHECKED enum weir_err weir_deadlines_init(struct weir_deadlines *deadlines,
                                               struct weir_scope *scope,
                                               size_t connections,
                                               int64_t request_ms);

/* For MHD_OPTION_NOTIFY_CONNECTION, with the set as context. */
void weir_deadline_notify(void *context,
                          struct MHD_Connection *connection,
                          void **socket_context,
                          enum MHD_ConnectionNotificationCode what);

/* The header lines are there; the request has ended. */
void weir_deadline_received(const struct weir_deadlines *deadlines,
                            struct MHD_Connection *connection,
                            int64_t now_ms);
void weir_deadline_ended(const struct weir_deadlines *deadlines,
                         struct MHD_Connection *connection,
                         int64_t now_ms);

/* Shuts the sockets of those whose time is over; the server then sees their end. */
void weir_deadlines_enforce(struct weir_deadlines *deadlines, int64_t now_ms);

#endif /* WEIR_NODE_API_DEADLINE_H */
