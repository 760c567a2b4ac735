/* What anybody may read: the state of the node as JSON, and complete reports. */
#include "node/api_public.h"

#include <microhttpd.h>

#include "base/arena.h"
#include "base/number.h"
#include "base/text.h"
#include "config/config.h"
#include "ledger/reports.h"
#include "node/api_health.h"
#include "node/clock.h"
#include "node/overview.h"

#define PAYOUTS_USUAL 100

static struct weir_overview overview_of(const struct weir_api *api)
{
    return (struct weir_overview){
        .config = api->worker.config,
        .store = api->worker.store,
        .now_ms = weir_clock_now(),
        .started_ms = api->started_ms,
        .keys = &api->worker.keys,
    };
}

/* Ends the text and answers with it. */
static enum weir_err finish(struct weir_json *json, struct weir_api_answer *answer)
{
    struct weir_slice text = {NULL, 0};
    enum weir_err err = weir_json_end(json, &text);
    if (err == WEIR_OK)
        weir_api_json(answer, MHD_HTTP_OK, text);
    return err;
}

enum weir_err weir_api_v1_status(struct weir_api *api,
                                 struct weir_scope *scope,
                                 const struct weir_api_request *request,
                                 struct weir_api_answer *answer)
{
    (void)request;
    struct weir_overview overview = overview_of(api);
    struct weir_health *health = weir_take(scope, 1, sizeof(*health));
    struct weir_json json;
    enum weir_err err = health == NULL ? scope->err : weir_api_health(api, scope, health);
    overview.health = health;
    weir_json_begin(&json, scope, 0);
    if (err == WEIR_OK)
        err = weir_overview_status(&overview, scope, &json);
    return err == WEIR_OK ? finish(&json, answer) : err;
}

enum weir_err weir_api_v1_gauges(struct weir_api *api,
                                 struct weir_scope *scope,
                                 const struct weir_api_request *request,
                                 struct weir_api_answer *answer)
{
    (void)request;
    const struct weir_overview overview = overview_of(api);
    struct weir_json json;
    weir_json_begin(&json, scope, 0);
    weir_json_object(&json, NULL);
    enum weir_err err = weir_overview_gauges(&overview, scope, &json);
    weir_json_close(&json);
    return err == WEIR_OK ? finish(&json, answer) : err;
}

/* A number of the query; `*value` stays when it is not there. */
static enum weir_err query_number(struct weir_scope *scope,
                                  const struct weir_api_request *request,
                                  const char *name,
                                  uint32_t max,
                                  uint32_t *value)
{
    const char *text = weir_api_query(request, name);
    uint64_t number;
    if (text == NULL)
        return WEIR_OK;
    if (weir_u64_parse(scope, weir_slice_text(text), max, &number) != WEIR_OK)
        return weir_note(scope, "query '%s'", name);
    *value = (uint32_t)number;
    return WEIR_OK;
}

enum weir_err weir_api_v1_gauge(struct weir_api *api,
                                struct weir_scope *scope,
                                const struct weir_api_request *request,
                                struct weir_api_answer *answer)
{
    const char *name = weir_api_rest(request, "/v1/gauges/");
    const struct weir_overview overview = overview_of(api);
    struct weir_overview_gauge_query query = {
        .gauge = weir_config_find_gauge(api->worker.config, name),
        .class_name = weir_api_query(request, "class"),
        .window = weir_api_query(request, "window"),
    };
    struct weir_json json;
    if (query.gauge == NULL)
        return weir_fail(scope, WEIR_E_NOT_FOUND, "no gauge '%.64s'", name);
    enum weir_err err =
        query_number(scope, request, "last", WEIR_OVERVIEW_WINDOWS_MAX, &query.last);
    weir_json_begin(&json, scope, 0);
    if (err == WEIR_OK)
        err = weir_overview_gauge(&overview, scope, &query, &json);
    return err == WEIR_OK ? finish(&json, answer) : err;
}

enum weir_err weir_api_v1_agreements(struct weir_api *api,
                                     struct weir_scope *scope,
                                     const struct weir_api_request *request,
                                     struct weir_api_answer *answer)
{
    (void)request;
    const struct weir_overview overview = overview_of(api);
    struct weir_json json;
    weir_json_begin(&json, scope, 0);
    weir_json_object(&json, NULL);
    enum weir_err err = weir_overview_agreements(&overview, scope, &json);
    weir_json_close(&json);
    return err == WEIR_OK ? finish(&json, answer) : err;
}

enum weir_err weir_api_v1_payouts(struct weir_api *api,
                                  struct weir_scope *scope,
                                  const struct weir_api_request *request,
                                  struct weir_api_answer *answer)
{
    const struct weir_overview overview = overview_of(api);
    struct weir_overview_payout_query query = {
        .agreement = weir_api_query(request, "agreement"),
        .limit = PAYOUTS_USUAL,
    };
    struct weir_json json;
    enum weir_err err =
        query_number(scope, request, "limit", WEIR_OVERVIEW_PAYOUTS_MAX, &query.limit);
    weir_json_begin(&json, scope, 0);
    weir_json_object(&json, NULL);
    if (err == WEIR_OK)
        err = weir_overview_payouts(&overview, scope, &query, &json);
    weir_json_close(&json);
    return err == WEIR_OK ? finish(&json, answer) : err;
}

enum weir_err weir_api_v1_report(struct weir_api *api,
                                 struct weir_scope *scope,
                                 const struct weir_api_request *request,
                                 struct weir_api_answer *answer)
{
    const char *name = weir_api_rest(request, "/v1/reports/");
    struct weir_hash digest;
    struct weir_report_row row;
    if (weir_hex_parse(scope, weir_slice_text(name), digest.bytes, WEIR_HASH_BYTES) != WEIR_OK)
        return weir_note(scope, "a report is named by 64 hexadecimal digits");
    enum weir_err err = weir_report_find(api->worker.store, scope, &digest, &row);
    if (err != WEIR_OK)
        return err;
    if (row.complete.length == 0)
        return weir_fail(scope, WEIR_E_NOT_FOUND, "this report has not enough signatures yet");
    weir_api_text(answer, MHD_HTTP_OK, row.complete);
    return WEIR_OK;
}
