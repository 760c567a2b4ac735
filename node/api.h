/* The inside of the duty "api", shared by the files node/api*.c only.  It listens: the public read
 * API and status page, event sources with their tokens, peers with their signatures, witnesses of
 * the C2SP protocol, and operators on the control socket.  It never calls out and has no key; what
 * it cannot decide from the ledger it asks the signer.
 * One request has one arena, which lives until its answer is sent.  A handler fills the answer or
 * records a failure in the scope, which becomes {"error":{"code","message","hint"}}. */
#ifndef WEIR_NODE_API_H
#define WEIR_NODE_API_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "node/api_deadline.h"
#include "node/worker.h"

struct MHD_Connection;
struct MHD_Daemon;

/* Who may come through a door. */
enum weir_api_door {
    WEIR_DOOR_PUBLIC = 1,   /* anybody who reaches the listening address */
    WEIR_DOOR_PEER = 2,     /* a configured peer, by signature */
    WEIR_DOOR_SOURCE = 3,   /* an event source, by token */
    WEIR_DOOR_OPERATOR = 4, /* the control socket, by the credentials of the process */
};

struct weir_api {
    struct weir_worker worker;
    int64_t started_ms; /* wall clock */
    int listen_socket;
    int control_socket;
    struct MHD_Daemon *public_daemon;
    struct MHD_Daemon *control_daemon;
    struct weir_deadlines public_deadlines;
    struct weir_deadlines control_deadlines;
    size_t receiving_bytes; /* of all bodies that are here and not answered yet */
    uint64_t requests;      /* answered, for the counters */
    uint64_t refused;       /* with 4xx */
    int64_t status_at_ms;
};

/* One request with all of its body. */
struct weir_api_request {
    struct MHD_Connection *connection;
    const char *method;
    const char *path;
    struct weir_slice body;
    bool is_operator;
};

struct weir_api_answer {
    unsigned status;          /* 0 until somebody decided */
    const char *content_type; /* static or in the arena */
    struct weir_slice body;
};

struct weir_api_route {
    const char *method;
    const char *path; /* a trailing '*' takes any rest, which must not be empty */
    enum weir_api_door door;
    size_t body_bytes_max;
    enum weir_err (*handle)(struct weir_api *api,
                            struct weir_scope *scope,
                            const struct weir_api_request *request,
                            struct weir_api_answer *answer);
    const char *text; /* for `weir doctor` and the manual */
};

/* All doors of this program; `*count` of them. */
const struct weir_api_route *weir_api_routes(size_t *count);

/* Of a query or a header; NULL when it is not there. */
const char *weir_api_query(const struct weir_api_request *request, const char *name);
const char *weir_api_header(const struct weir_api_request *request, const char *name);

/* What follows the fixed part of a route's path. */
const char *weir_api_rest(const struct weir_api_request *request, const char *fixed);

void weir_api_text(struct weir_api_answer *answer, unsigned status, struct weir_slice text);
void weir_api_json(struct weir_api_answer *answer, unsigned status, struct weir_slice json);

/* The HTTP status that fits an error. */
unsigned weir_api_status_of(enum weir_err err);

/* Prints the failure of the scope as the JSON error into the answer and recovers the scope. */
void weir_api_fail(struct weir_scope *scope, struct weir_api_answer *answer);

/* api_peers.c */
WEIR_CHECKED enum weir_err weir_api_peer_log(struct weir_api *api,
                                             struct weir_scope *scope,
                                             const struct weir_api_request *request,
                                             struct weir_api_answer *answer);
WEIR_CHECKED enum weir_err weir_api_peer_cosigned(struct weir_api *api,
                                                  struct weir_scope *scope,
                                                  const struct weir_api_request *request,
                                                  struct weir_api_answer *answer);
/* api_reports.c */
WEIR_CHECKED enum weir_err weir_api_peer_report(struct weir_api *api,
                                                struct weir_scope *scope,
                                                const struct weir_api_request *request,
                                                struct weir_api_answer *answer);
WEIR_CHECKED enum weir_err weir_api_peer_complete(struct weir_api *api,
                                                  struct weir_scope *scope,
                                                  const struct weir_api_request *request,
                                                  struct weir_api_answer *answer);
/* api_witness.c: the C2SP witness protocol. */
WEIR_CHECKED enum weir_err weir_api_add_checkpoint(struct weir_api *api,
                                                   struct weir_scope *scope,
                                                   const struct weir_api_request *request,
                                                   struct weir_api_answer *answer);
WEIR_CHECKED enum weir_err weir_api_get_checkpoint(struct weir_api *api,
                                                   struct weir_scope *scope,
                                                   const struct weir_api_request *request,
                                                   struct weir_api_answer *answer);

/* Asks the signer to cosign and keeps the note before anybody sees the line.  `answer` gets what
 * the protocol says.  Errors: those of signer and ledger. */
WEIR_CHECKED enum weir_err weir_api_cosign(struct weir_api *api,
                                           struct weir_scope *scope,
                                           struct weir_slice add_checkpoint,
                                           struct weir_api_answer *answer);

/* The configured peer whose signature the request carries.  Errors: DENIED, SIGNATURE, CLOCK. */
struct weir_api_peer {
    const struct weir_config_peer *peer;
    const struct weir_key_set *keys;
    int64_t sent_ms; /* its clock */
};
WEIR_CHECKED enum weir_err weir_api_peer_find(struct weir_api *api,
                                              struct weir_scope *scope,
                                              const struct weir_api_request *request,
                                              struct weir_api_peer *peer);

#endif /* WEIR_NODE_API_H */
