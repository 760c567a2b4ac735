#include "node/cloudevents.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

#include "base/arena.h"
#include "config/config.h"
#include "metrics/event_field.h"

#define DETAIL_BYTES 256
#define SHOWN_BYTES 64 /* of a foreign value in a sentence */
#define NUMBER_BYTES 32
#define EXTENSION_BYTES_MAX 64

static void release(json_t **value)
{
    json_decref(*value);
}
#define WEIR_AUTO_JSON __attribute__((cleanup(release))) json_t

/* The context attributes that mean something here; NULL data: absent. */
struct attributes {
    struct weir_slice specversion;
    struct weir_slice id;
    struct weir_slice source;
    struct weir_slice type;
    struct weir_slice time;
    struct weir_slice subject;
    struct weir_slice content_type;
};

/* The members of `data`, by the names of metrics/event_field.h. */
static const struct {
    const char *name;
    bool is_number;
} members[] = {
    {"order", false}, {"class", false},  {"due", false},        {"quantity", true},
    {"by", false},    {"rev", true},     {"from", false},       {"to", false},
    {"state", false}, {"reason", false}, {"http_status", true}, {"latency_ms", true},
};
#define MEMBER_COUNT (sizeof(members) / sizeof(members[0]))

/* Puts the event aside; the first reason stays. */
static void refuse(struct weir_scope *scope,
                   struct weir_cloudevent *event,
                   enum weir_refusal refusal,
                   const char *fmt,
                   ...) __attribute__((format(printf, 4, 5)));
static void refuse(struct weir_scope *scope,
                   struct weir_cloudevent *event,
                   enum weir_refusal refusal,
                   const char *fmt,
                   ...)
{
    char detail[DETAIL_BYTES];
    if (event->refusal != WEIR_REFUSAL_NONE)
        return;
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(detail, sizeof(detail), fmt, args); /* cut is fine */
    va_end(args);
    event->refusal = refusal;
    event->detail = weir_take_text(scope, detail, strlen(detail));
}

static int shown(struct weir_slice text)
{
    return text.length > SHOWN_BYTES ? SHOWN_BYTES : (int)text.length;
}

static void set_field(struct weir_scope *scope,
                      struct weir_cloudevent *event,
                      const char *name,
                      struct weir_slice text)
{
    const struct weir_time_format rfc3339 = {.text = NULL};
    enum weir_refusal refusal = weir_event_field_set(&event->event, name, text, &rfc3339);
    if (refusal != WEIR_REFUSAL_NONE)
        refuse(scope, event, refusal, "%s '%.*s': %s", name, shown(text), (const char *)text.data,
               weir_refusal_text(refusal));
}

/* --- attributes ------------------------------------------------------------------------------- */

static struct weir_slice *attribute_of(struct attributes *attributes, struct weir_slice name)
{
    const struct {
        const char *name;
        struct weir_slice *text;
    } known[] = {
        {"specversion", &attributes->specversion},
        {"id", &attributes->id},
        {"source", &attributes->source},
        {"type", &attributes->type},
        {"time", &attributes->time},
        {"subject", &attributes->subject},
        {"datacontenttype", &attributes->content_type},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (weir_slice_equals_text(name, known[i].name))
            return known[i].text;
    return NULL;
}

/* Extension attributes are allowed and mean nothing here, but they must be well named. */
static bool is_extension_name(struct weir_slice name)
{
    if (name.length == 0 || name.length > EXTENSION_BYTES_MAX)
        return false;
    for (size_t i = 0; i < name.length; i++)
        if ((name.data[i] < 'a' || name.data[i] > 'z') &&
            (name.data[i] < '0' || name.data[i] > '9'))
            return false;
    return true;
}

static void set_attribute(struct weir_scope *scope,
                          struct weir_cloudevent *event,
                          struct attributes *attributes,
                          struct weir_slice name,
                          struct weir_slice text)
{
    struct weir_slice *place = attribute_of(attributes, name);
    if (place == NULL) {
        if (!is_extension_name(name))
            refuse(scope, event, WEIR_REFUSAL_FOREIGN_FIELD, "there is no attribute '%.*s'",
                   shown(name), (const char *)name.data);
        return;
    }
    if (place->data != NULL)
        refuse(scope, event, WEIR_REFUSAL_SYNTAX, "the attribute '%.*s' is there twice",
               shown(name), (const char *)name.data);
    *place = text;
}

/* "application/json", "application/problem+json; charset=utf-8". */
static bool names_json(struct weir_slice type)
{
    size_t length = 0;
    while (length < type.length && type.data[length] != ';' && type.data[length] != ' ')
        length++;
    const char *text = (const char *)type.data;
    static const char plain[] = "application/json";
    bool has_suffix = length > 5 && strncasecmp(text + length - 5, "+json", 5) == 0;
    return has_suffix || (length == sizeof(plain) - 1 && strncasecmp(text, plain, length) == 0);
}

static void set_attributes(struct weir_scope *scope,
                           struct weir_cloudevent *event,
                           const struct attributes *attributes)
{
    const struct {
        const char *name;
        struct weir_slice text;
    } needed[] = {
        {"specversion", attributes->specversion}, {"type", attributes->type},
        {"source", attributes->source},           {"id", attributes->id},
        {"subject", attributes->subject},         {"time", attributes->time},
    };
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        if (needed[i].text.length == 0)
            refuse(scope, event, WEIR_REFUSAL_MISSING_FIELD, "the attribute '%s' is missing",
                   needed[i].name);
    if (event->refusal != WEIR_REFUSAL_NONE)
        return;
    if (!weir_slice_equals_text(attributes->specversion, "1.0"))
        refuse(scope, event, WEIR_REFUSAL_SYNTAX, "specversion '%.*s' is not 1.0",
               shown(attributes->specversion), (const char *)attributes->specversion.data);
    if (attributes->content_type.length > 0 && !names_json(attributes->content_type))
        refuse(scope, event, WEIR_REFUSAL_SYNTAX, "the data are '%.*s', not JSON",
               shown(attributes->content_type), (const char *)attributes->content_type.data);
    set_field(scope, event, "type", attributes->type);
    set_field(scope, event, "source", attributes->source);
    set_field(scope, event, "id", attributes->id);
    set_field(scope, event, "subject", attributes->subject);
    set_field(scope, event, "occurred", attributes->time);
}

/* --- data ------------------------------------------------------------------------------------- */

static struct weir_slice copy_string(struct weir_scope *scope, const json_t *value)
{
    size_t length = json_string_length(value);
    const char *text = weir_take_text(scope, json_string_value(value), length);
    return text == NULL ? (struct weir_slice){NULL, 0}
                        : (struct weir_slice){(const uint8_t *)text, length};
}

static void set_member(struct weir_scope *scope,
                       struct weir_cloudevent *event,
                       const char *name,
                       const json_t *value)
{
    size_t at = 0;
    while (at < MEMBER_COUNT && strcmp(members[at].name, name) != 0)
        at++;
    if (at == MEMBER_COUNT) {
        refuse(scope, event, WEIR_REFUSAL_FOREIGN_FIELD, "data has no member '%.*s'", SHOWN_BYTES,
               name);
        return;
    }
    if (json_is_null(value))
        return;
    if (json_is_string(value)) {
        set_field(scope, event, name, copy_string(scope, value));
        return;
    }
    if (!json_is_integer(value) || !members[at].is_number) {
        refuse(scope, event, WEIR_REFUSAL_SYNTAX, "data.%s must be %s", name,
               members[at].is_number ? "a whole number" : "a text");
        return;
    }
    char digits[NUMBER_BYTES];
    (void)snprintf(digits, sizeof(digits), "%lld", (long long)json_integer_value(value));
    set_field(scope, event, name, weir_slice_text(digits)); /* numbers are not borrowed */
}

static void set_data(struct weir_scope *scope, struct weir_cloudevent *event, json_t *data)
{
    const char *name;
    json_t *value;
    if (data == NULL || json_is_null(data))
        return;
    if (!json_is_object(data)) {
        refuse(scope, event, WEIR_REFUSAL_SYNTAX, "data is not a JSON object");
        return;
    }
    json_object_foreach(data, name, value)
    {
        set_member(scope, event, name, value);
    }
}

static enum weir_err
finish(struct weir_scope *scope, struct weir_cloudevent *event, int64_t received_ms)
{
    if (event->refusal == WEIR_REFUSAL_NONE) {
        enum weir_refusal refusal = weir_event_check(&event->event, received_ms);
        if (refusal != WEIR_REFUSAL_NONE)
            refuse(scope, event, refusal, "%s", weir_refusal_text(refusal));
    }
    return scope->err;
}

/* --- modes ------------------------------------------------------------------------------------ */

static void set_object(struct weir_scope *scope, struct weir_cloudevent *event, json_t *object)
{
    struct attributes attributes = {0};
    json_t *data = NULL;
    const char *name;
    json_t *value;
    if (!json_is_object(object)) {
        refuse(scope, event, WEIR_REFUSAL_SYNTAX, "it is not a JSON object");
        return;
    }
    json_object_foreach(object, name, value)
    {
        if (strcmp(name, "data") == 0)
            data = value;
        else if (strcmp(name, "data_base64") == 0)
            refuse(scope, event, WEIR_REFUSAL_FOREIGN_FIELD, "data_base64 is not taken, only JSON");
        else if (json_is_string(value))
            set_attribute(scope, event, &attributes, weir_slice_text(name),
                          copy_string(scope, value));
        else if (!json_is_null(value) &&
                 (attribute_of(&attributes, weir_slice_text(name)) != NULL ||
                  !is_extension_name(weir_slice_text(name)) || json_is_object(value) ||
                  json_is_array(value)))
            refuse(scope, event, WEIR_REFUSAL_SYNTAX, "the attribute '%.*s' is not a text",
                   SHOWN_BYTES, name);
    }
    set_attributes(scope, event, &attributes);
    set_data(scope, event, data);
}

static json_t *load(struct weir_slice json, json_error_t *error)
{
    return json_loadb((const char *)json.data, json.length, JSON_REJECT_DUPLICATES, error);
}

enum weir_err weir_cloudevent_parse(struct weir_scope *scope,
                                    struct weir_slice json,
                                    int64_t received_ms,
                                    struct weir_cloudevent *event)
{
    json_error_t error;
    struct weir_cloudevent parsed = {.detail = "", .raw = json};
    if (json.length > WEIR_CLOUDEVENT_BYTES_MAX) {
        refuse(scope, &parsed, WEIR_REFUSAL_TOO_LONG, "an event of %zu bytes", json.length);
    } else {
        WEIR_AUTO_JSON *root = load(json, &error);
        if (root == NULL)
            refuse(scope, &parsed, WEIR_REFUSAL_SYNTAX, "column %d: %s", error.column, error.text);
        else
            set_object(scope, &parsed, root);
    }
    if (finish(scope, &parsed, received_ms) != WEIR_OK)
        return scope->err;
    *event = parsed;
    return WEIR_OK;
}

/* The bytes of one element, as the parser understood it. */
static enum weir_err dump(struct weir_scope *scope, const json_t *element, struct weir_slice *raw)
{
    size_t flags = JSON_COMPACT | JSON_ENCODE_ANY;
    size_t length = json_dumpb(element, NULL, 0, flags);
    char *bytes = weir_take(scope, length + 1, 1);
    if (bytes == NULL)
        return scope->err;
    *raw = (struct weir_slice){(const uint8_t *)bytes, json_dumpb(element, bytes, length, flags)};
    return WEIR_OK;
}

enum weir_err weir_cloudevents_parse_batch(struct weir_scope *scope,
                                           struct weir_slice json,
                                           int64_t received_ms,
                                           size_t count_max,
                                           struct weir_cloudevents *events)
{
    json_error_t error;
    WEIR_AUTO_JSON *root = load(json, &error);
    if (root == NULL)
        return weir_fail(scope, WEIR_E_PARSE, "the batch, line %d, column %d: %s", error.line,
                         error.column, error.text);
    if (!json_is_array(root))
        return weir_fail(scope, WEIR_E_PARSE, "the batch is not a JSON array");
    size_t count = json_array_size(root);
    if (count > count_max)
        return weir_fail(scope, WEIR_E_LIMIT, "a batch of %zu events, allowed are %zu", count,
                         count_max);
    struct weir_cloudevent *items = weir_take(scope, count, sizeof(*items));
    if (items == NULL)
        return scope->err;
    for (size_t i = 0; i < count; i++) {
        items[i].detail = "";
        if (dump(scope, json_array_get(root, i), &items[i].raw) != WEIR_OK)
            return scope->err;
        set_object(scope, &items[i], json_array_get(root, i));
        if (finish(scope, &items[i], received_ms) != WEIR_OK)
            return scope->err;
    }
    *events = (struct weir_cloudevents){.items = items, .count = count};
    return WEIR_OK;
}

static int hex_digit(uint8_t byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    uint8_t lower = byte | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Header values are percent-encoded (CloudEvents HTTP binding 3.1.3.2).  False when they are not
 * well-formed. */
static bool decode(struct weir_scope *scope, struct weir_slice value, struct weir_slice *text)
{
    uint8_t *bytes = weir_take(scope, value.length + 1, 1);
    size_t count = 0;
    if (bytes == NULL)
        return false;
    for (size_t i = 0; i < value.length; i++) {
        uint8_t byte = value.data[i];
        if (byte == '%') {
            int high = i + 2 < value.length ? hex_digit(value.data[i + 1]) : -1;
            int low = i + 2 < value.length ? hex_digit(value.data[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            byte = (uint8_t)(high * 16 + low);
            i += 2;
        }
        bytes[count++] = byte;
    }
    *text = (struct weir_slice){bytes, count};
    return true;
}

/* Header names compare without case; attribute names are lower case. */
static struct weir_slice lower(struct weir_scope *scope, struct weir_slice name)
{
    uint8_t *bytes = weir_take(scope, name.length, 1);
    if (bytes == NULL)
        return (struct weir_slice){NULL, 0};
    for (size_t i = 0; i < name.length; i++) {
        bool is_upper = name.data[i] >= 'A' && name.data[i] <= 'Z';
        bytes[i] = is_upper ? (uint8_t)(name.data[i] | 0x20) : name.data[i];
    }
    return (struct weir_slice){bytes, name.length};
}

static void set_header(struct weir_scope *scope,
                       struct weir_cloudevent *event,
                       struct attributes *attributes,
                       const struct weir_cloudevent_header *header)
{
    static const char prefix[] = "ce-";
    struct weir_slice name = lower(scope, header->name);
    struct weir_slice text = {NULL, 0};
    if (weir_slice_equals_text(name, "content-type")) {
        set_attribute(scope, event, attributes, weir_slice_text("datacontenttype"), header->value);
        return;
    }
    if (name.length <= strlen(prefix) || memcmp(name.data, prefix, strlen(prefix)) != 0)
        return;
    name.data += strlen(prefix);
    name.length -= strlen(prefix);
    if (!decode(scope, header->value, &text))
        refuse(scope, event, WEIR_REFUSAL_SYNTAX, "the header ce-%.*s is not percent-encoded",
               shown(name), (const char *)name.data);
    else
        set_attribute(scope, event, attributes, name, text);
}

enum weir_err weir_cloudevent_binary(struct weir_scope *scope,
                                     const struct weir_cloudevent_request *request,
                                     int64_t received_ms,
                                     struct weir_cloudevent *event)
{
    json_error_t error;
    struct attributes attributes = {0};
    struct weir_cloudevent parsed = {.detail = "", .raw = request->body};
    WEIR_AUTO_JSON *data = NULL;
    if (request->header_count > WEIR_CLOUDEVENT_HEADERS_MAX)
        refuse(scope, &parsed, WEIR_REFUSAL_TOO_LONG, "%zu headers", request->header_count);
    for (size_t i = 0; i < request->header_count && parsed.refusal == WEIR_REFUSAL_NONE; i++)
        set_header(scope, &parsed, &attributes, &request->headers[i]);
    if (request->body.length > WEIR_CLOUDEVENT_BYTES_MAX)
        refuse(scope, &parsed, WEIR_REFUSAL_TOO_LONG, "data of %zu bytes", request->body.length);
    if (parsed.refusal == WEIR_REFUSAL_NONE)
        set_attributes(scope, &parsed, &attributes);
    if (parsed.refusal == WEIR_REFUSAL_NONE && request->body.length > 0) {
        data = load(request->body, &error);
        if (data == NULL)
            refuse(scope, &parsed, WEIR_REFUSAL_SYNTAX, "data, line %d, column %d: %s", error.line,
                   error.column, error.text);
        else
            set_data(scope, &parsed, data);
    }
    if (finish(scope, &parsed, received_ms) != WEIR_OK)
        return scope->err;
    *event = parsed;
    return WEIR_OK;
}

const char *weir_source_denial(const struct weir_config_source *source,
                               const struct weir_event *event)
{
    const char *type = weir_event_type_name(event->type);
    if (!weir_slice_equals_text(event->source, source->name))
        return "the event names another source than the one that sends it";
    for (size_t i = 0; type != NULL && i < source->event_types.count; i++)
        if (strcmp(source->event_types.items[i], type) == 0)
            return NULL;
    return "the source may not send events of this type";
}
