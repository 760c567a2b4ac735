#include "node/control.h"

#include <string.h>
#include <sys/un.h>

#include <curl/curl.h>

#include "base/arena.h"
#include "config/config.h"

#define ANSWER_BYTES_MAX ((size_t)16 * 1024 * 1024)
#define WAIT_MS 25000L /* the node may wait for its signer */
#define CONNECT_MS 2000L

/* The body as it comes. */
struct receiving {
    struct weir_scope *scope;
    struct weir_buffer body;
};

static size_t receive(char *data, size_t one, size_t count, void *context)
{
    struct receiving *receiving = context;
    if (weir_buffer_put(receiving->scope, &receiving->body, data, one * count) != WEIR_OK)
        return 0; /* the scope knows why; libcurl gives up */
    return one * count;
}

static enum weir_err prepare(struct weir_scope *scope,
                             CURL *curl,
                             const struct weir_config *config,
                             const char *url,
                             struct receiving *receiving)
{
    CURLcode code = curl_easy_setopt(curl, CURLOPT_URL, url);
    if (code == CURLE_OK)
        code = curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, config->node.control_socket);
    if (code == CURLE_OK)
        code = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
    if (code == CURLE_OK)
        code = curl_easy_setopt(curl, CURLOPT_PROXY, "");
    if (code == CURLE_OK)
        code = curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    if (code == CURLE_OK)
        code = curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    if (code == CURLE_OK)
        code = curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, WAIT_MS);
    if (code == CURLE_OK)
        code = curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
    if (code == CURLE_OK)
        code = curl_easy_setopt(curl, CURLOPT_WRITEDATA, receiving);
    return code == CURLE_OK
               ? WEIR_OK
               : weir_fail(scope, WEIR_E_UNREACHABLE, "libcurl: %s", curl_easy_strerror(code));
}

static enum weir_err ask(struct weir_scope *scope, CURL *curl, struct weir_control_answer *answer)
{
    long status = 0;
    CURLcode code = curl_easy_perform(curl);
    if (scope->err != WEIR_OK)
        return scope->err; /* the body did not fit */
    if (code == CURLE_OK)
        code = curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK)
        return weir_fail(scope, WEIR_E_UNREACHABLE, "the node is not running or does not answer");
    answer->status = (unsigned)status;
    return WEIR_OK;
}

enum weir_err weir_control_get(struct weir_scope *scope,
                               const struct weir_config *config,
                               const char *path,
                               struct weir_control_answer *answer)
{
    struct sockaddr_un address;
    struct receiving receiving = {.scope = scope, .body = {.capacity_max = ANSWER_BYTES_MAX}};
    const char *url = weir_take_printf(scope, "http://localhost%s", path);
    if (url == NULL)
        return scope->err;
    if (strlen(config->node.control_socket) >= sizeof(address.sun_path))
        return weir_fail(scope, WEIR_E_UNREACHABLE, "the control socket's path is too long");
    CURL *curl = curl_easy_init();
    if (curl == NULL)
        return weir_fail(scope, WEIR_E_MEMORY, "no HTTP client");
    enum weir_err err = prepare(scope, curl, config, url, &receiving);
    if (err == WEIR_OK)
        err = ask(scope, curl, answer);
    curl_easy_cleanup(curl);
    if (err == WEIR_OK)
        answer->body = weir_buffer_slice(&receiving.body);
    return err;
}
