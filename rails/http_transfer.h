/* One request under way: a libcurl handle with its limits, and what came back so far.  Private to
 * rails/http.c, which owns the transfers and moves them.  Floor 2: I/O. */
#ifndef WEIR_RAILS_HTTP_TRANSFER_H
#define WEIR_RAILS_HTTP_TRANSFER_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "rails/http.h"

#define WEIR_HTTP_TRANSFER_IP_BYTES 64
#define WEIR_HTTP_TRANSFER_TYPE_BYTES 128
#define WEIR_HTTP_TRANSFER_DETAIL_BYTES 256

enum weir_http_transfer_state {
    WEIR_HTTP_TRANSFER_FREE = 0,
    WEIR_HTTP_TRANSFER_RUNNING = 1,
    WEIR_HTTP_TRANSFER_DONE = 2,   /* complete, not yet handed out */
    WEIR_HTTP_TRANSFER_HANDED = 3, /* the caller reads its result */
};

struct weir_http_transfer {
    enum weir_http_transfer_state state;
    uint32_t ticket;
    uint64_t tag;
    CURL *easy; /* kept for the next request */
    struct curl_slist *headers;
    struct weir_scope scope; /* with an arena of its own while in use */
    struct weir_http_limits limits;
    bool allow_private;
    struct weir_buffer body;
    size_t header_bytes;
    uint64_t body_started_us; /* when the first byte of the body came; 0 before */
    uint32_t retry_after_s;
    enum weir_http_reason
        refused; /* by a callback of ours, which libcurl then reports as its own */
    enum weir_http_reason reason;
    uint16_t status;
    int os_errno;
    struct weir_http_times times;
    char content_type[WEIR_HTTP_TRANSFER_TYPE_BYTES];
    char remote_ip[WEIR_HTTP_TRANSFER_IP_BYTES];
    char detail[WEIR_HTTP_TRANSFER_DETAIL_BYTES];
    char curl_text[CURL_ERROR_SIZE];
};

/* Makes the handle ready for `request`.  Errors: RANGE, LIMIT, MEMORY. */
WEIR_CHECKED enum weir_err weir_http_transfer_start(struct weir_http_transfer *transfer,
                                                    struct weir_scope *scope,
                                                    const struct weir_http_request *request,
                                                    const char *ca_file);

/* Takes libcurl's verdict into reason, status, times and texts. */
void weir_http_transfer_finish(struct weir_http_transfer *transfer, CURLcode code);

/* Milliseconds until one of our own deadlines has to be looked at. */
int weir_http_transfer_patience_ms(const struct weir_http_transfer *transfer);

void weir_http_transfer_result(const struct weir_http_transfer *transfer,
                               struct weir_http_result *result);

/* Back to FREE; keeps the handle and with it nothing of the request. */
void weir_http_transfer_clear(struct weir_http_transfer *transfer);

#endif /* WEIR_RAILS_HTTP_TRANSFER_H */
