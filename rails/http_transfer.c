#include "rails/http_transfer.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "rails/guard.h"

#define ARENA_SPARE_BYTES ((size_t)64 * 1024)
#define RETRY_AFTER_MAX_S 86400
#define LOOK_MS 50 /* how often the body rate is looked at */
#define MS_PER_S 1000
#define US_PER_MS 1000

static uint64_t elapsed_us(const struct weir_http_transfer *transfer)
{
    curl_off_t total = 0;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_TOTAL_TIME_T, &total); /* 0 when unknown */
    return total > 0 ? (uint64_t)total : 0;
}

static void
refuse(struct weir_http_transfer *transfer, enum weir_http_reason reason, const char *detail)
{
    if (transfer->refused != WEIR_HTTP_ANSWERED)
        return;
    transfer->refused = reason;
    (void)snprintf(transfer->detail, sizeof(transfer->detail), "%s", detail); /* cut is fine */
}

/* libcurl asks for a socket for the very address it is about to connect to. */
static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct weir_http_transfer *transfer = user;
    if (purpose != CURLSOCKTYPE_IPCXN)
        return CURL_SOCKET_BAD;
    if (!transfer->allow_private && !weir_sockaddr_is_public(&address->addr)) {
        refuse(transfer, WEIR_HTTP_PRIVATE, "the name leads to an address that is not public");
        return CURL_SOCKET_BAD;
    }
    int kind = address->socktype | SOCK_CLOEXEC;
    int opened = socket(address->family, kind, address->protocol);
    if (opened < 0)
        transfer->os_errno = errno;
    return opened < 0 ? CURL_SOCKET_BAD : opened;
}

/* Called on a new and on a reused connection: a kept one may be of a request with more rights. */
static int
before_request(void *user, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
    (void)local_ip;
    (void)remote_port;
    (void)local_port;
    struct weir_http_transfer *transfer = user;
    (void)snprintf(transfer->remote_ip, sizeof(transfer->remote_ip), "%s", remote_ip);
    if (transfer->allow_private || weir_ip_text_is_public(remote_ip))
        return CURL_PREREQFUNC_OK;
    refuse(transfer, WEIR_HTTP_PRIVATE, "the connection leads to an address that is not public");
    return CURL_PREREQFUNC_ABORT;
}

/* The value of header `name` in a line, or NULL; surrounding blanks are not part of it. */
static const char *
header_value(const char *line, size_t length, const char *name, size_t *value_length)
{
    size_t name_length = strlen(name);
    if (length <= name_length || strncasecmp(line, name, name_length) != 0 ||
        line[name_length] != ':')
        return NULL;
    const char *at = line + name_length + 1;
    const char *end = line + length;
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    while (end > at && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' ' || end[-1] == '\t'))
        end--;
    *value_length = (size_t)(end - at);
    return at;
}

static void note_retry_after(struct weir_http_transfer *transfer, const char *value, size_t length)
{
    uint32_t seconds = 0;
    for (size_t i = 0; i < length; i++) {
        if (value[i] < '0' || value[i] > '9')
            return; /* the date form is not worth a clock here */
        seconds = seconds * 10 + (uint32_t)(value[i] - '0');
        if (seconds > RETRY_AFTER_MAX_S)
            seconds = RETRY_AFTER_MAX_S;
    }
    transfer->retry_after_s = seconds;
}

static void note_content_type(struct weir_http_transfer *transfer, const char *value, size_t length)
{
    size_t kept = 0;
    for (size_t i = 0; i < length && kept + 1 < sizeof(transfer->content_type); i++)
        if (value[i] >= ' ' && value[i] <= '~')
            transfer->content_type[kept++] = value[i];
    transfer->content_type[kept] = '\0';
}

static size_t take_header(char *line, size_t size, size_t count, void *user)
{
    struct weir_http_transfer *transfer = user;
    size_t length = size * count;
    transfer->header_bytes += length;
    if (transfer->header_bytes > transfer->limits.header_bytes_max) {
        refuse(transfer, WEIR_HTTP_TOO_LARGE, "the headers are larger than allowed");
        return 0;
    }
    size_t value_length = 0;
    const char *value = header_value(line, length, "Retry-After", &value_length);
    if (value != NULL)
        note_retry_after(transfer, value, value_length);
    value = header_value(line, length, "Content-Type", &value_length);
    if (value != NULL)
        note_content_type(transfer, value, value_length);
    value = header_value(line, length, "Content-Encoding", &value_length);
    if (value != NULL && value_length > 0 &&
        (value_length != 8 || strncasecmp(value, "identity", 8) != 0)) {
        refuse(transfer, WEIR_HTTP_ENCODED, "the body is compressed although nobody asked for it");
        return 0;
    }
    return length;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *user)
{
    struct weir_http_transfer *transfer = user;
    size_t length = size * count;
    if (transfer->body_started_us == 0)
        transfer->body_started_us = elapsed_us(transfer) + 1; /* never 0 */
    if (length > transfer->limits.body_bytes_max - transfer->body.length) {
        refuse(transfer, WEIR_HTTP_TOO_LARGE, "the body is larger than allowed");
        return 0;
    }
    if (weir_buffer_put(&transfer->scope, &transfer->body, bytes, length) != WEIR_OK) {
        refuse(transfer, WEIR_HTTP_OWN_NETWORK, "no memory for the body");
        return 0;
    }
    return length;
}

/* Deadlines that libcurl does not have: first byte, and a mean rate with a period of grace. */
static int
check_progress(void *user, curl_off_t total, curl_off_t now, curl_off_t up, curl_off_t sent)
{
    (void)total;
    (void)up;
    (void)sent;
    struct weir_http_transfer *transfer = user;
    uint64_t elapsed = elapsed_us(transfer);
    if (transfer->header_bytes == 0) {
        if (elapsed <= (uint64_t)transfer->limits.first_byte_ms * US_PER_MS)
            return 0;
        refuse(transfer, WEIR_HTTP_TIMEOUT, "no first byte in time");
        return 1;
    }
    if (transfer->body_started_us == 0 || elapsed < transfer->body_started_us)
        return 0;
    uint64_t body_ms = (elapsed - transfer->body_started_us) / US_PER_MS;
    if (body_ms < transfer->limits.rate_grace_ms)
        return 0;
    uint64_t wanted = transfer->limits.rate_bytes_s_min * body_ms / MS_PER_S;
    if (now >= 0 && (uint64_t)now >= wanted)
        return 0;
    refuse(transfer, WEIR_HTTP_SLOW, "the body comes slower than allowed");
    return 1;
}

int weir_http_transfer_patience_ms(const struct weir_http_transfer *transfer)
{
    if (transfer->header_bytes != 0)
        return LOOK_MS;
    uint64_t elapsed_ms = elapsed_us(transfer) / US_PER_MS;
    uint64_t limit_ms = transfer->limits.first_byte_ms;
    return elapsed_ms >= limit_ms ? 1 : (int)(limit_ms - elapsed_ms) + 1;
}

/* Only http and https, and no user information: it would end up in logs. */
static bool url_is_acceptable(const char *url)
{
    if (url == NULL || strnlen(url, WEIR_HTTP_URL_BYTES_MAX + 1) > WEIR_HTTP_URL_BYTES_MAX)
        return false;
    CURLU *parts = curl_url();
    char *scheme = NULL;
    char *user = NULL;
    bool is_good = parts != NULL && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
                   curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                   (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0) &&
                   curl_url_get(parts, CURLUPART_USER, &user, 0) == CURLUE_NO_USER;
    curl_free(scheme);
    curl_free(user);
    curl_url_cleanup(parts);
    return is_good;
}

static void take_defaults(struct weir_http_limits *limits)
{
    const struct weir_http_limits standard = weir_http_limits_default();
    if (limits->connect_ms == 0)
        limits->connect_ms = standard.connect_ms;
    if (limits->first_byte_ms == 0)
        limits->first_byte_ms = standard.first_byte_ms;
    if (limits->total_ms == 0)
        limits->total_ms = standard.total_ms;
    if (limits->rate_bytes_s_min == 0)
        limits->rate_bytes_s_min = standard.rate_bytes_s_min;
    if (limits->rate_grace_ms == 0)
        limits->rate_grace_ms = standard.rate_grace_ms;
    if (limits->header_bytes_max == 0)
        limits->header_bytes_max = standard.header_bytes_max;
    if (limits->body_bytes_max == 0)
        limits->body_bytes_max = standard.body_bytes_max;
}

/* An option that cannot fail but by a bug; a guard must never be dropped silently. */
static void must(CURLcode code)
{
    assert(code == CURLE_OK);
    (void)code;
}

static void set_guards(struct weir_http_transfer *transfer, const char *ca_file)
{
    CURL *easy = transfer->easy;
    must(curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https"));
    must(curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https"));
    must(curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1));
    must(curl_easy_setopt(easy, CURLOPT_PROXY, "")); /* also forgets http_proxy and its kin */
    must(curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED));
    must(curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L));
    must(curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L));
    must(curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L));
    must(curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L));
    if (ca_file != NULL)
        must(curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file));
    must(curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket));
    must(curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer));
    must(curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request));
    must(curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer));
    must(curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header));
    must(curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer));
    must(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body));
    must(curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer));
    must(curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, check_progress));
    must(curl_easy_setopt(easy, CURLOPT_XFERINFODATA, transfer));
    must(curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L));
    must(curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->curl_text));
}

static void set_limits(struct weir_http_transfer *transfer, bool fresh)
{
    CURL *easy = transfer->easy;
    const struct weir_http_limits *limits = &transfer->limits;
    must(curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)limits->connect_ms));
    must(curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)limits->total_ms));
    must(curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)limits->body_bytes_max));
    must(curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, limits->redirects_max > 0 ? 1L : 0L));
    must(curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)limits->redirects_max));
    must(curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, fresh ? 1L : 0L));
    must(curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, fresh ? 1L : 0L));
}

static enum weir_err set_request(struct weir_http_transfer *transfer,
                                 struct weir_scope *scope,
                                 const struct weir_http_request *request)
{
    static const char *const always[] = {"Expect:", "User-Agent: weir/" WEIR_VERSION};
    const char *method = request->method == NULL ? "GET" : request->method;
    size_t header_count = request->header_count + sizeof(always) / sizeof(always[0]);
    for (size_t i = 0; i < header_count; i++) {
        const char *line =
            i < request->header_count ? request->headers[i] : always[i - request->header_count];
        struct curl_slist *longer = curl_slist_append(transfer->headers, line);
        if (longer == NULL)
            return weir_fail(scope, WEIR_E_MEMORY, "no memory for a header");
        transfer->headers = longer;
    }
    must(curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers));
    if (strcmp(method, "POST") == 0) {
        must(curl_easy_setopt(transfer->easy, CURLOPT_POST, 1L));
        must(curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDS,
                              request->body.length == 0 ? "" : (const char *)request->body.data));
        must(curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                              (curl_off_t)request->body.length));
    } else if (strcmp(method, "HEAD") == 0) {
        must(curl_easy_setopt(transfer->easy, CURLOPT_NOBODY, 1L));
    } else if (strcmp(method, "GET") != 0) {
        return weir_fail(scope, WEIR_E_RANGE, "this client does not send the method '%.16s'",
                         method);
    }
    if (curl_easy_setopt(transfer->easy, CURLOPT_URL, request->url) != CURLE_OK)
        return weir_fail(scope, WEIR_E_MEMORY, "no memory for a URL");
    return WEIR_OK;
}

enum weir_err weir_http_transfer_start(struct weir_http_transfer *transfer,
                                       struct weir_scope *scope,
                                       const struct weir_http_request *request,
                                       const char *ca_file)
{
    assert(transfer->state == WEIR_HTTP_TRANSFER_FREE && transfer->scope.arena == NULL);
    transfer->limits = request->limits;
    take_defaults(&transfer->limits);
    if (transfer->limits.body_bytes_max > WEIR_HTTP_BODY_BYTES_MAX)
        return weir_fail(scope, WEIR_E_RANGE, "a body cap of %zu bytes is above %zu",
                         transfer->limits.body_bytes_max, WEIR_HTTP_BODY_BYTES_MAX);
    if (request->header_count > WEIR_HTTP_HEADERS_MAX)
        return weir_fail(scope, WEIR_E_RANGE, "more than %d request headers",
                         WEIR_HTTP_HEADERS_MAX);
    if (!url_is_acceptable(request->url))
        return weir_fail(scope, WEIR_E_RANGE, "not an http or https URL without user information");
    /* A growing buffer leaves its smaller selves behind: twice the cap, and the arena doubles. */
    transfer->scope.arena = weir_arena_new(4 * transfer->limits.body_bytes_max + ARENA_SPARE_BYTES);
    if (transfer->scope.arena == NULL)
        return weir_fail(scope, WEIR_E_MEMORY, "no memory for a request");
    if (transfer->easy == NULL)
        transfer->easy = curl_easy_init();
    if (transfer->easy == NULL)
        return weir_fail(scope, WEIR_E_MEMORY, "libcurl has no memory for a request");
    transfer->allow_private = request->allow_private;
    transfer->tag = request->tag;
    set_guards(transfer, ca_file);
    set_limits(transfer, request->fresh_connection);
    return set_request(transfer, scope, request);
}

static bool is_own_fault(int os_errno)
{
    return os_errno == ENETUNREACH || os_errno == ENETDOWN || os_errno == EADDRNOTAVAIL ||
           os_errno == EMFILE || os_errno == ENFILE || os_errno == ENOBUFS || os_errno == ENOMEM ||
           os_errno == EACCES || os_errno == EPERM;
}

struct verdict {
    CURLcode code;
    enum weir_http_reason reason;
};

static const struct verdict verdicts[] = {
    {CURLE_OK, WEIR_HTTP_ANSWERED},
    {CURLE_URL_MALFORMAT, WEIR_HTTP_BAD_URL},
    {CURLE_COULDNT_RESOLVE_HOST, WEIR_HTTP_DNS},
    {CURLE_COULDNT_CONNECT, WEIR_HTTP_REFUSED},
    {CURLE_GOT_NOTHING, WEIR_HTTP_REFUSED},
    {CURLE_SEND_ERROR, WEIR_HTTP_REFUSED},
    {CURLE_OPERATION_TIMEDOUT, WEIR_HTTP_TIMEOUT},
    {CURLE_FILESIZE_EXCEEDED, WEIR_HTTP_TOO_LARGE},
    {CURLE_TOO_MANY_REDIRECTS, WEIR_HTTP_REDIRECTS},
    {CURLE_OUT_OF_MEMORY, WEIR_HTTP_OWN_NETWORK},
    {CURLE_SSL_CONNECT_ERROR, WEIR_HTTP_TLS},
    {CURLE_PEER_FAILED_VERIFICATION, WEIR_HTTP_TLS},
    {CURLE_SSL_CERTPROBLEM, WEIR_HTTP_TLS},
    {CURLE_SSL_CIPHER, WEIR_HTTP_TLS},
    {CURLE_SSL_CACERT_BADFILE, WEIR_HTTP_TLS},
    {CURLE_SSL_ISSUER_ERROR, WEIR_HTTP_TLS},
    {CURLE_SSL_ENGINE_NOTFOUND, WEIR_HTTP_TLS},
    {CURLE_SSL_INVALIDCERTSTATUS, WEIR_HTTP_TLS},
    {CURLE_USE_SSL_FAILED, WEIR_HTTP_TLS},
};

/* Whatever is not in the table came over the wire and was not HTTP. */
static enum weir_http_reason judge(const struct weir_http_transfer *transfer, CURLcode code)
{
    if (transfer->refused != WEIR_HTTP_ANSWERED)
        return transfer->refused;
    if (code == CURLE_COULDNT_CONNECT && is_own_fault(transfer->os_errno))
        return WEIR_HTTP_OWN_NETWORK;
    if (code == CURLE_RECV_ERROR && transfer->header_bytes == 0)
        return WEIR_HTTP_REFUSED;
    for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
        if (verdicts[i].code == code)
            return verdicts[i].reason;
    return WEIR_HTTP_MALFORMED;
}

static uint64_t time_of(CURL *easy, CURLINFO info)
{
    curl_off_t value = 0;
    (void)curl_easy_getinfo(easy, info, &value); /* stays 0 when it never came that far */
    return value > 0 ? (uint64_t)value : 0;
}

void weir_http_transfer_finish(struct weir_http_transfer *transfer, CURLcode code)
{
    long status = 0;
    long os_errno = 0;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &os_errno);
    if (code == CURLE_COULDNT_CONNECT && transfer->os_errno == 0)
        transfer->os_errno = (int)os_errno;
    transfer->reason = judge(transfer, code);
    transfer->status = status > 0 && status <= 999 ? (uint16_t)status : 0;
    if (transfer->reason == WEIR_HTTP_ANSWERED && transfer->status == 0)
        transfer->reason = WEIR_HTTP_MALFORMED;
    transfer->times = (struct weir_http_times){
        .resolved_us = time_of(transfer->easy, CURLINFO_NAMELOOKUP_TIME_T),
        .connected_us = time_of(transfer->easy, CURLINFO_CONNECT_TIME_T),
        .tls_us = time_of(transfer->easy, CURLINFO_APPCONNECT_TIME_T),
        .first_byte_us = time_of(transfer->easy, CURLINFO_STARTTRANSFER_TIME_T),
        .total_us = time_of(transfer->easy, CURLINFO_TOTAL_TIME_T),
    };
    if (transfer->detail[0] == '\0')
        (void)snprintf(transfer->detail, sizeof(transfer->detail), "%s",
                       transfer->curl_text[0] != '\0' ? transfer->curl_text
                                                      : curl_easy_strerror(code));
    transfer->state = WEIR_HTTP_TRANSFER_DONE;
}

void weir_http_transfer_result(const struct weir_http_transfer *transfer,
                               struct weir_http_result *result)
{
    *result = (struct weir_http_result){
        .tag = transfer->tag,
        .ticket = transfer->ticket,
        .reason = transfer->reason,
        .status = transfer->status,
        .body = weir_buffer_slice(&transfer->body),
        .content_type = transfer->content_type,
        .remote_ip = transfer->remote_ip,
        .detail = transfer->detail,
        .retry_after_s = transfer->retry_after_s,
        .os_errno = transfer->os_errno,
        .times = transfer->times,
    };
}

void weir_http_transfer_clear(struct weir_http_transfer *transfer)
{
    CURL *easy = transfer->easy;
    if (easy != NULL)
        curl_easy_reset(easy);
    curl_slist_free_all(transfer->headers);
    weir_arena_free(transfer->scope.arena);
    *transfer = (struct weir_http_transfer){.easy = easy};
}
