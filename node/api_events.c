/* POST /v1/events: CloudEvents from a source that shows its token.  Everything that counts, and
 * everything that is put aside, is durable before the answer is given. */
#include "node/api_public.h"

#include <string.h>
#include <strings.h>

#include <microhttpd.h>
#include <sodium.h>

#include "base/arena.h"
#include "config/config.h"
#include "ledger/record.h"
#include "ledger/sources.h"
#include "ledger/store.h"
#include "node/clock.h"
#include "node/cloudevents.h"
#include "node/json_out.h"

#define REASONS_SHOWN 100
#define STRUCTURED "application/cloudevents+json"
#define BATCH "application/cloudevents-batch+json"

/* One request being taken. */
struct taking {
    struct weir_api *api;
    struct weir_scope *scope;
    const struct weir_api_request *request;
    const struct weir_config_source *source;
    int64_t received_ms;
    struct weir_cloudevents events;
    const char **reasons; /* of each event: why it was not taken, or NULL */
    bool *is_used;        /* it feeds some gauge */
    uint64_t denied;      /* events the source may not send */
    uint64_t put_aside;   /* events with a reason */
    uint64_t unused;      /* events that no gauge counts */
    struct weir_record_counts counts;
};

/* --- who sends -------------------------------------------------------------------------------- */

/* The source whose token this is.  Every source is compared, each in constant time, so that the
 * time tells nothing. */
static const struct weir_config_source *find_source(const struct weir_config *config,
                                                    const char *authorization)
{
    static const char scheme[] = "Bearer ";
    const struct weir_config_source *found = NULL;
    if (authorization == NULL || strncasecmp(authorization, scheme, sizeof(scheme) - 1) != 0)
        return NULL;
    const char *token = authorization + sizeof(scheme) - 1;
    struct weir_hash hash = weir_sha256_of(token, strlen(token));
    for (size_t i = 0; i < config->source_count; i++) {
        const struct weir_config_source *source = &config->sources[i];
        bool is_same = sodium_memcmp(hash.bytes, source->token_sha256.bytes, WEIR_HASH_BYTES) == 0;
        if (source->has_token && is_same)
            found = source;
    }
    return found;
}

/* Answers with an error under another status than its own. */
static enum weir_err
refuse_with(struct weir_scope *scope, struct weir_api_answer *answer, unsigned status)
{
    weir_api_fail(scope, answer);
    answer->status = status;
    return WEIR_OK;
}

/* --- what is sent ----------------------------------------------------------------------------- */

/* The media type without its parameters is `wanted`. */
static bool is_type(const char *content_type, const char *wanted)
{
    size_t length = strcspn(content_type, "; \t");
    return length == strlen(wanted) && strncasecmp(content_type, wanted, length) == 0;
}

/* Headers of the request as the reader of binary mode wants them. */
struct header_list {
    struct weir_cloudevent_header items[WEIR_CLOUDEVENT_HEADERS_MAX];
    size_t count;
    bool is_full;
};

static enum MHD_Result
take_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void)kind;
    struct header_list *list = context;
    if (list->count == WEIR_CLOUDEVENT_HEADERS_MAX) {
        list->is_full = true;
        return MHD_NO;
    }
    list->items[list->count++] = (struct weir_cloudevent_header){
        weir_slice_text(name), weir_slice_text(value == NULL ? "" : value)};
    return MHD_YES;
}

static enum weir_err read_binary(struct taking *taking)
{
    struct weir_scope *scope = taking->scope;
    struct header_list *list = weir_take(scope, 1, sizeof(*list));
    taking->events.items = weir_take(scope, 1, sizeof(*taking->events.items));
    taking->events.count = 1;
    if (list == NULL || taking->events.items == NULL)
        return scope->err;
    (void)MHD_get_connection_values(taking->request->connection, MHD_HEADER_KIND, take_header,
                                    list); /* the number says nothing that `list` does not */
    if (list->is_full)
        return weir_fail(scope, WEIR_E_LIMIT, "more than %d headers", WEIR_CLOUDEVENT_HEADERS_MAX);
    const struct weir_cloudevent_request binary = {list->items, list->count, taking->request->body};
    return weir_cloudevent_binary(scope, &binary, taking->received_ms, &taking->events.items[0]);
}

static enum weir_err read_structured(struct taking *taking)
{
    taking->events.items = weir_take(taking->scope, 1, sizeof(*taking->events.items));
    taking->events.count = 1;
    if (taking->events.items == NULL)
        return taking->scope->err;
    return weir_cloudevent_parse(taking->scope, taking->request->body, taking->received_ms,
                                 &taking->events.items[0]);
}

/* `*is_known` is false for a content type that carries no event. */
static enum weir_err read_events(struct taking *taking, bool *is_known)
{
    const char *type = weir_api_header(taking->request, MHD_HTTP_HEADER_CONTENT_TYPE);
    *is_known = true;
    if (type != NULL && is_type(type, STRUCTURED))
        return read_structured(taking);
    if (type != NULL && is_type(type, BATCH))
        return weir_cloudevents_parse_batch(
            taking->scope, taking->request->body, taking->received_ms,
            taking->api->worker.config->limits.batch_events_max, &taking->events);
    if (weir_api_header(taking->request, "ce-specversion") != NULL)
        return read_binary(taking);
    *is_known = false;
    return WEIR_OK;
}

/* The reason, and what exactly was found when the reader knows more. */
static const char *reason_of(struct weir_scope *scope, const struct weir_cloudevent *event)
{
    const char *text = weir_refusal_text(event->refusal);
    if (event->detail[0] == '\0' || strcmp(event->detail, text) == 0)
        return text;
    return weir_take_printf(scope, "%s: %s", text, event->detail);
}

/* Says of each event why it cannot be taken, if so. */
static enum weir_err judge_events(struct taking *taking)
{
    const struct weir_config *config = taking->api->worker.config;
    taking->reasons = weir_take(taking->scope, taking->events.count, sizeof(*taking->reasons));
    taking->is_used = weir_take(taking->scope, taking->events.count, sizeof(*taking->is_used));
    if (taking->reasons == NULL || taking->is_used == NULL)
        return taking->scope->err;
    for (size_t i = 0; i < taking->events.count; i++) {
        const struct weir_cloudevent *event = &taking->events.items[i];
        const char *denial = event->refusal == WEIR_REFUSAL_NONE
                                 ? weir_source_denial(taking->source, &event->event)
                                 : NULL;
        if (event->raw.length > config->limits.event_bytes_max)
            taking->reasons[i] = weir_refusal_text(WEIR_REFUSAL_TOO_LONG);
        else if (event->refusal != WEIR_REFUSAL_NONE)
            taking->reasons[i] = reason_of(taking->scope, event);
        else
            taking->reasons[i] = denial;
        taking->denied += denial != NULL && taking->reasons[i] == denial;
        taking->put_aside += taking->reasons[i] != NULL;
    }
    return taking->scope->err;
}

/* --- keeping it ------------------------------------------------------------------------------- */

static enum weir_err keep_refused(struct taking *taking)
{
    enum weir_err err = WEIR_OK;
    for (size_t i = 0; err == WEIR_OK && i < taking->events.count; i++) {
        if (taking->reasons[i] == NULL)
            continue;
        const struct weir_refused_row row = {
            .origin = taking->source->name,
            .reason = taking->reasons[i],
            .bytes = taking->events.items[i].raw,
            .length = taking->events.items[i].raw.length,
            .received_ms = taking->received_ms,
        };
        err = weir_refused_put(taking->api->worker.store, taking->scope, &row);
    }
    return err;
}

/* Gives one gauge the events that bear on it. */
static enum weir_err feed_gauge(struct taking *taking, size_t number, struct weir_event *feeding)
{
    const struct weir_worker *worker = &taking->api->worker;
    const struct weir_gauge *gauge = &worker->config->gauges[number].definition;
    struct weir_events events = {.items = feeding, .received_ms = taking->received_ms};
    if (weir_gauge_is_scheduled(gauge))
        return WEIR_OK;
    for (size_t i = 0; i < taking->events.count; i++) {
        const struct weir_event *event = &taking->events.items[i].event;
        if (taking->reasons[i] != NULL || !weir_event_feeds(event, gauge))
            continue;
        feeding[events.count++] = *event;
        taking->is_used[i] = true;
    }
    if (events.count == 0)
        return WEIR_OK;
    enum weir_err err = weir_record_events(worker->store, taking->scope, worker->log_ids[number],
                                           &events, &taking->counts);
    return err == WEIR_OK ? err : weir_note(taking->scope, "gauge '%s'", gauge->name);
}

/* All or nothing, in one transaction. */
static enum weir_err keep(struct taking *taking)
{
    const struct weir_worker *worker = &taking->api->worker;
    struct weir_event *feeding = weir_take(taking->scope, taking->events.count, sizeof(*feeding));
    if (feeding == NULL)
        return taking->scope->err;
    enum weir_err err = weir_store_begin(worker->store, taking->scope, WEIR_WRITE_SHORT);
    if (err != WEIR_OK)
        return err;
    for (size_t i = 0; err == WEIR_OK && i < worker->config->gauge_count; i++)
        err = feed_gauge(taking, i, feeding);
    if (err == WEIR_OK)
        err = keep_refused(taking);
    if (err != WEIR_OK) {
        weir_store_rollback(worker->store);
        return err;
    }
    return weir_store_commit(worker->store, taking->scope);
}

/* --- the answer ------------------------------------------------------------------------------- */

static void write_reasons(const struct taking *taking, struct weir_json *json)
{
    size_t shown = 0;
    weir_json_array(json, "reasons");
    for (size_t i = 0; i < taking->events.count && shown < REASONS_SHOWN; i++) {
        if (taking->reasons[i] == NULL)
            continue;
        weir_json_object(json, NULL);
        weir_json_u64(json, "index", i);
        weir_json_slice(json, "id", taking->events.items[i].event.id);
        weir_json_text(json, "reason", taking->reasons[i]);
        weir_json_close(json);
        shown++;
    }
    weir_json_close(json);
}

/* Nothing of the request was taken: the error names the first reason. */
static void write_error(const struct taking *taking, struct weir_json *json)
{
    const char *first = "";
    for (size_t i = taking->events.count; i > 0; i--)
        if (taking->reasons[i - 1] != NULL)
            first = taking->reasons[i - 1];
    bool is_denied = taking->denied == taking->events.count;
    weir_json_object(json, "error");
    weir_json_text(json, "code", weir_err_name(is_denied ? WEIR_E_DENIED : WEIR_E_PARSE));
    weir_json_text(json, "message", first);
    weir_json_text(json, "hint",
                   is_denied ? "the configuration names the event types this source may send"
                             : "correct the event and send it again; it was kept for the operator");
    weir_json_close(json);
}

static enum weir_err answer_with(const struct taking *taking, struct weir_api_answer *answer)
{
    struct weir_json json;
    struct weir_slice text = {NULL, 0};
    bool is_refused = taking->events.count > 0 && taking->put_aside == taking->events.count;
    unsigned status = MHD_HTTP_OK;
    if (is_refused)
        status = taking->denied == taking->events.count ? MHD_HTTP_FORBIDDEN : MHD_HTTP_BAD_REQUEST;
    weir_json_begin(&json, taking->scope, 0);
    weir_json_object(&json, NULL);
    if (is_refused)
        write_error(taking, &json);
    weir_json_u64(&json, "events", taking->events.count);
    weir_json_u64(&json, "added", taking->counts.added);
    weir_json_u64(&json, "known", taking->counts.known);
    weir_json_u64(&json, "superseded", taking->counts.superseded);
    weir_json_u64(&json, "refused", taking->counts.refused + taking->put_aside);
    weir_json_u64(&json, "unused", taking->unused);
    write_reasons(taking, &json);
    enum weir_err err = weir_json_end(&json, &text);
    if (err == WEIR_OK)
        weir_api_json(answer, status, text);
    return err;
}

static enum weir_err take(struct taking *taking, struct weir_api_answer *answer)
{
    enum weir_err err = judge_events(taking);
    if (err == WEIR_OK)
        err = keep(taking);
    if (err != WEIR_OK)
        return err;
    for (size_t i = 0; i < taking->events.count; i++)
        taking->unused += taking->reasons[i] == NULL && !taking->is_used[i];
    if (taking->counts.added > 0) {
        weir_duty_wake(taking->api->worker.duty, WEIR_DUTY_COLLECTOR);
        weir_duty_wake(taking->api->worker.duty, WEIR_DUTY_SETTLER);
    }
    return answer_with(taking, answer);
}

enum weir_err weir_api_v1_events(struct weir_api *api,
                                 struct weir_scope *scope,
                                 const struct weir_api_request *request,
                                 struct weir_api_answer *answer)
{
    const struct weir_config *config = api->worker.config;
    struct taking taking = {
        .api = api,
        .scope = scope,
        .request = request,
        .source = find_source(config, weir_api_header(request, MHD_HTTP_HEADER_AUTHORIZATION)),
        /* The reader allows its own distance ahead of this; the configuration decides it. */
        .received_ms = weir_clock_now() + config->limits.event_ahead_max_ms - WEIR_EVENT_SKEW_MS,
    };
    bool is_known = true;
    if (taking.source == NULL) {
        (void)weir_fail(scope, WEIR_E_DENIED,
                        "no configured source has this bearer token"); /* the answer says it */
        return refuse_with(scope, answer, MHD_HTTP_UNAUTHORIZED);
    }
    enum weir_err err = read_events(&taking, &is_known);
    if (err != WEIR_OK)
        return err;
    if (!is_known) {
        (void)weir_fail(scope, WEIR_E_PARSE,
                        "the content type is neither " STRUCTURED " nor " BATCH
                        ", and there are no ce- headers"); /* the answer says it */
        return refuse_with(scope, answer, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE);
    }
    return take(&taking, answer);
}
