/* CloudEvents 1.0 in JSON and HTTP form, read strictly into events of the metrics core
 * (docs/formats-events.md).  An event that must be put aside is no failure: it comes back with the
 * reason and its bytes, and the others of its batch count.  Who sent it is not looked at here; see
 * weir_source_denial.  Pure: no clock, no file.  Floor 3. */
#ifndef WEIR_NODE_CLOUDEVENTS_H
#define WEIR_NODE_CLOUDEVENTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "metrics/event.h"

struct weir_config_source;

#define WEIR_CLOUDEVENT_BYTES_MAX ((size_t)1024 * 1024) /* of one event */
#define WEIR_CLOUDEVENT_HEADERS_MAX 64

struct weir_cloudevent {
    enum weir_refusal refusal; /* WEIR_REFUSAL_NONE: the event counts */
    const char *detail;        /* what is wrong, for people; "" when nothing is */
    struct weir_event event;   /* texts in the arena; incomplete when refused */
    struct weir_slice raw;     /* its bytes: borrowed, or of a batch in the arena */
};

/* One event in structured mode (`application/cloudevents+json`) or a line of an NDJSON file.
 * Errors: MEMORY. */
WEIR_CHECKED enum weir_err weir_cloudevent_parse(struct weir_scope *scope,
                                                 struct weir_slice json,
                                                 int64_t received_ms,
                                                 struct weir_cloudevent *event);

struct weir_cloudevents {
    struct weir_cloudevent *items;
    size_t count;
};

/* An array of events (`application/cloudevents-batch+json`).  Errors: PARSE (not a JSON array),
 * LIMIT (more than count_max), MEMORY. */
WEIR_CHECKED enum weir_err weir_cloudevents_parse_batch(struct weir_scope *scope,
                                                        struct weir_slice json,
                                                        int64_t received_ms,
                                                        size_t count_max,
                                                        struct weir_cloudevents *events);

struct weir_cloudevent_header {
    struct weir_slice name; /* any case */
    struct weir_slice value;
};

/* An HTTP request in binary mode: attributes as `ce-` headers, the body is the data. */
struct weir_cloudevent_request {
    const struct weir_cloudevent_header *headers;
    size_t header_count;
    struct weir_slice body;
};

/* Headers that do not begin with `ce-` are skipped, but content-type must name JSON when there is a
 * body.  Errors: MEMORY. */
WEIR_CHECKED enum weir_err weir_cloudevent_binary(struct weir_scope *scope,
                                                  const struct weir_cloudevent_request *request,
                                                  int64_t received_ms,
                                                  struct weir_cloudevent *event);

/* Why the source may not send this event: a sentence, or NULL when it may.  Its events bear its
 * own name and are of its permitted types. */
const char *weir_source_denial(const struct weir_config_source *source,
                               const struct weir_event *event);

#endif /* WEIR_NODE_CLOUDEVENTS_H */
