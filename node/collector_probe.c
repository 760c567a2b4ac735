#include <errno.h>
#include <string.h>

#include "node/collector.h"

static bool is_expected(const struct weir_probe *probe, uint16_t status)
{
    for (size_t i = 0; i < probe->expect_status_count; i++)
        if (status >= probe->expect_status[i].first && status <= probe->expect_status[i].last)
            return true;
    return false;
}

static bool has_text(struct weir_slice body, const char *text)
{
    return text == NULL ||
           (body.length > 0 && memmem(body.data, body.length, text, strlen(text)) != NULL);
}

static enum weir_reason judge_answer(const struct weir_gauge *gauge,
                                     const struct weir_http_result *result)
{
    const struct weir_probe *probe = &gauge->availability.probe;
    if (!is_expected(probe, result->status))
        return result->status >= 300 && result->status < 400 ? WEIR_REASON_REDIRECT
                                                             : WEIR_REASON_STATUS;
    return has_text(result->body, probe->expect_body) ? WEIR_REASON_OK : WEIR_REASON_BODY;
}

enum weir_reason weir_probe_judge(const struct weir_gauge *gauge,
                                  const struct weir_http_result *result)
{
    switch (result->reason) {
    case WEIR_HTTP_ANSWERED:
        return judge_answer(gauge, result);
    case WEIR_HTTP_BAD_URL:
    case WEIR_HTTP_REDIRECTS:
        return WEIR_REASON_REDIRECT;
    case WEIR_HTTP_DNS:
        return WEIR_REASON_DNS;
    case WEIR_HTTP_REFUSED:
        return WEIR_REASON_REFUSED;
    case WEIR_HTTP_PRIVATE:
        return WEIR_REASON_FORBIDDEN;
    case WEIR_HTTP_TLS:
        return WEIR_REASON_TLS;
    case WEIR_HTTP_TIMEOUT:
    case WEIR_HTTP_SLOW:
        return WEIR_REASON_TIMEOUT;
    case WEIR_HTTP_TOO_LARGE:
        return WEIR_REASON_TOO_LARGE;
    case WEIR_HTTP_ENCODED:
    case WEIR_HTTP_MALFORMED:
        return WEIR_REASON_PROTOCOL;
    case WEIR_HTTP_OWN_NETWORK:
        return WEIR_REASON_OWN_NETWORK;
    }
    return WEIR_REASON_OWN_LIMIT;
}

bool weir_probe_is_doubtful(const struct weir_http_result *result)
{
    if (result->reason == WEIR_HTTP_TIMEOUT || result->reason == WEIR_HTTP_SLOW ||
        result->reason == WEIR_HTTP_DNS)
        return true;
    /* Whoever refuses has been reached; a cut connection may have been cut anywhere. */
    return result->reason == WEIR_HTTP_REFUSED && result->os_errno != ECONNREFUSED;
}

int64_t weir_tick_floor(int64_t at_ms, int64_t interval_ms)
{
    int64_t rest = at_ms % interval_ms;
    return at_ms - (rest < 0 ? rest + interval_ms : rest);
}

int64_t weir_tick_after(int64_t at_ms, int64_t interval_ms)
{
    return weir_tick_floor(at_ms, interval_ms) + interval_ms;
}
