/* Bounded HTTP client over libcurl's multi interface: probes, peers and chain nodes all go through
 * it.  Every request has deadlines, a least rate, caps on headers and body, and a guard that checks
 * the very address the socket connects to, so a name that resolves differently the second time
 * gains nothing.  Only http and https; no proxy or netrc from the environment, no cookies, no
 * compression asked for or accepted, no redirects unless allowed (each hop is guarded again).
 * Owned by one duty; not for several threads.  Floor 2: I/O. */
#ifndef WEIR_RAILS_HTTP_H
#define WEIR_RAILS_HTTP_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

#define WEIR_HTTP_SLOTS_MAX 256
#define WEIR_HTTP_HEADERS_MAX 16
#define WEIR_HTTP_URL_BYTES_MAX 2048
#define WEIR_HTTP_BODY_BYTES_MAX ((size_t)256 * 1024 * 1024)

/* What became of a request.  Only ANSWERED has a usable status and body; everything else is the
 * reason why not.  OWN_NETWORK blames this machine (no route, no descriptors), never the server. */
enum weir_http_reason {
    WEIR_HTTP_ANSWERED = 0,
    WEIR_HTTP_BAD_URL = 1,    /* of a redirect: not one this client follows */
    WEIR_HTTP_DNS = 2,        /* the name does not resolve */
    WEIR_HTTP_REFUSED = 3,    /* nobody listens, or the connection was cut before an answer */
    WEIR_HTTP_PRIVATE = 4,    /* it resolves to an address this request may not connect to */
    WEIR_HTTP_TLS = 5,        /* handshake or certificate */
    WEIR_HTTP_TIMEOUT = 6,    /* connect, first byte or total deadline */
    WEIR_HTTP_SLOW = 7,       /* the body came slower than the least rate */
    WEIR_HTTP_TOO_LARGE = 8,  /* headers or body above their cap */
    WEIR_HTTP_REDIRECTS = 9,  /* more hops than allowed (allowed > 0) */
    WEIR_HTTP_ENCODED = 10,   /* compressed although not asked to */
    WEIR_HTTP_MALFORMED = 11, /* not HTTP, or cut before its announced end */
    WEIR_HTTP_OWN_NETWORK = 12,
};

/* Stable word ("timeout"). */
const char *weir_http_reason_name(enum weir_http_reason reason);

struct weir_http_limits {
    uint32_t connect_ms;       /* name, TCP and TLS; 0: the default of weir_http_limits_default */
    uint32_t first_byte_ms;    /* from the start of the request to the first byte of the answer */
    uint32_t total_ms;         /* everything */
    uint32_t rate_bytes_s_min; /* mean body rate asked for after rate_grace_ms of body */
    uint32_t rate_grace_ms;
    uint32_t header_bytes_max; /* all header lines of one answer together */
    size_t body_bytes_max;     /* <= WEIR_HTTP_BODY_BYTES_MAX */
    uint32_t redirects_max;    /* 0: a 3xx is an answer like any other */
};

/* 3 s, 10 s, 15 s, 256 B/s after 2 s, 32 KiB, 1 MiB, no redirects. */
struct weir_http_limits weir_http_limits_default(void);

/* One request; every pointer is borrowed until its result was released. */
struct weir_http_request {
    const char *method;             /* "GET", "HEAD" or "POST"; NULL is GET */
    const char *url;                /* http or https, no user information */
    const char *const *headers;     /* "Name: value" */
    size_t header_count;            /* <= WEIR_HTTP_HEADERS_MAX */
    struct weir_slice body;         /* POST only */
    struct weir_http_limits limits; /* a 0 field takes the default */
    bool allow_private;             /* explicit permission for loopback and private addresses */
    bool fresh_connection;          /* neither reuse a connection nor keep this one */
    uint64_t tag;                   /* the caller's, handed back in the result */
};

/* Microseconds since the start of the request; 0 where it never came that far. */
struct weir_http_times {
    uint64_t resolved_us;
    uint64_t connected_us;
    uint64_t tls_us;
    uint64_t first_byte_us;
    uint64_t total_us;
};

/* `body` and the texts live until weir_http_release (asynchronous) or in the scope's arena
 * (weir_http_call). */
struct weir_http_result {
    uint64_t tag;
    uint32_t ticket;
    enum weir_http_reason reason;
    uint16_t status; /* 0 when there was no status line */
    struct weir_slice body;
    const char *content_type; /* "" when none was sent */
    const char *remote_ip;    /* "" before a connection */
    const char *detail;       /* one sentence for the log, without URL */
    uint32_t retry_after_s;   /* of a Retry-After header in seconds; 0 when none, capped at a day */
    int os_errno;             /* of the failed connect; 0 otherwise */
    struct weir_http_times times;
};

struct weir_http;

/* `slots`: requests under way at once, 1..WEIR_HTTP_SLOTS_MAX.  `ca_file`: PEM bundle, NULL for the
 * system's.  NULL when the system has no memory.  Caller owns. */
struct weir_http *weir_http_new(size_t slots, const char *ca_file);
void weir_http_free(struct weir_http *http);

/* From now on weir_http_finish and weir_http_call give up with UNREACHABLE as soon as `fd` is
 * readable or its other end is closed: a duty that is to stop must not wait for a server. */
void weir_http_stop_on(struct weir_http *http, int fd);

/* Starts a request; it progresses inside weir_http_wait only.
 * Errors: LIMIT (no free slot), RANGE (a limit, the URL or the method), MEMORY. */
WEIR_CHECKED enum weir_err weir_http_submit(struct weir_http *http,
                                            struct weir_scope *scope,
                                            const struct weir_http_request *request,
                                            uint32_t *ticket);

/* The duty's one waiting place: waits until some request moved, one of the caller's `extra`
 * descriptors (at most 64; see their revents) is ready, or `timeout_ms` has passed; 0 does not
 * wait, below 0 sets no limit.  May return early with nothing; returns at once while completed
 * results wait in weir_http_next.  Errors: IO (poll itself failed). */
WEIR_CHECKED enum weir_err weir_http_wait(struct weir_http *http,
                                          struct weir_scope *scope,
                                          struct pollfd *extra,
                                          size_t extra_count,
                                          int timeout_ms);

/* The next completed request not yet handed out; false when there is none.  It keeps its slot until
 * released. */
bool weir_http_next(struct weir_http *http, struct weir_http_result *result);

/* Waits for this one request; other requests of the pool progress meanwhile and stay for
 * weir_http_next.  The result keeps its slot until released.  Errors: IO,
 * UNREACHABLE (weir_http_stop_on). */
WEIR_CHECKED enum weir_err weir_http_finish(struct weir_http *http,
                                            struct weir_scope *scope,
                                            uint32_t ticket,
                                            struct weir_http_result *result);

/* Forgets a result, or abandons a request under way. An unknown ticket is ignored. */
void weir_http_release(struct weir_http *http, uint32_t ticket);

/* Requests under way (submitted, not completed). */
size_t weir_http_pending(const struct weir_http *http);

/* Submits, finishes and releases: body and texts are copied into the scope's arena.  A refused or
 * failed request is an OK call with its reason.  Errors: as weir_http_submit, weir_http_finish. */
WEIR_CHECKED enum weir_err weir_http_call(struct weir_http *http,
                                          struct weir_scope *scope,
                                          const struct weir_http_request *request,
                                          struct weir_http_result *result);

/* Records the failure that `result` stands for, when it is not a 200 answer: NETWORK or TIMEOUT,
 * LIMIT (too large), DENIED (private); OK otherwise. */
WEIR_CHECKED enum weir_err weir_http_require_ok(struct weir_scope *scope,
                                                const struct weir_http_result *result);

#endif /* WEIR_RAILS_HTTP_H */
