/* Law: whatever the bytes, each form gives an event or a reason and never crashes; an event that is
 * taken prints as canonical text and is read back from it the same; a batch of one takes what the
 * structured form takes. */
#include <stdlib.h>
#include <string.h>

#include "node/cloudevents.h"

#include "base/arena.h"

#define ARENA_BYTES ((size_t)1 << 24)
#define RECEIVED_MS INT64_C(4102444800000)
#define HEADERS_MAX 16

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static void check(struct weir_scope *scope, const struct weir_cloudevent *event)
{
    struct weir_buffer text = {.capacity_max = WEIR_EVENT_TEXT_MAX};
    struct weir_event read;
    require(event->detail != NULL);
    require((event->refusal == WEIR_REFUSAL_NONE) == (event->detail[0] == '\0'));
    if (event->refusal != WEIR_REFUSAL_NONE)
        return;
    require(weir_event_print(scope, &event->event, &text) == WEIR_OK);
    require(weir_event_parse(scope, weir_buffer_slice(&text), &read) == WEIR_OK);
    require(weir_slice_equal(read.id, event->event.id) && read.rev == event->event.rev);
}

static void
try_batch(struct weir_scope *scope, struct weir_slice bytes, const struct weir_cloudevent *alone)
{
    struct weir_cloudevents events;
    uint8_t *batch = weir_take(scope, bytes.length + 2, 1);
    if (batch == NULL)
        return;
    batch[0] = '[';
    if (bytes.length > 0)
        memcpy(batch + 1, bytes.data, bytes.length);
    batch[bytes.length + 1] = ']';
    const struct weir_slice json = {batch, bytes.length + 2};
    enum weir_err err = weir_cloudevents_parse_batch(scope, json, RECEIVED_MS, 64, &events);
    require(alone->refusal != WEIR_REFUSAL_NONE || err == WEIR_OK);
    for (size_t i = 0; err == WEIR_OK && i < events.count; i++)
        check(scope, &events.items[i]);
    if (err == WEIR_OK && events.count == 1)
        require((events.items[0].refusal == WEIR_REFUSAL_NONE) ==
                (alone->refusal == WEIR_REFUSAL_NONE));
    weir_scope_recover(scope);
}

/* Lines "name: value" are headers, what follows an empty line is the body. */
static void try_binary(struct weir_scope *scope, struct weir_slice bytes)
{
    struct weir_cloudevent_header headers[HEADERS_MAX];
    struct weir_cloudevent_request request = {.headers = headers};
    struct weir_cloudevent event;
    struct weir_slice line;
    while (request.header_count < HEADERS_MAX && weir_slice_line(&bytes, &line) &&
           line.length > 0) {
        struct weir_cloudevent_header *header = &headers[request.header_count];
        if (!weir_slice_cut(&line, ':', &header->name))
            continue;
        header->value = line;
        request.header_count++;
    }
    request.body = bytes;
    require(weir_cloudevent_binary(scope, &request, RECEIVED_MS, &event) == WEIR_OK);
    check(scope, &event);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct weir_arena *arena = weir_arena_new(ARENA_BYTES);
    require(arena != NULL);
    struct weir_scope scope = {.arena = arena};
    const struct weir_slice bytes = {data, size};
    struct weir_cloudevent event;
    require(weir_cloudevent_parse(&scope, bytes, RECEIVED_MS, &event) == WEIR_OK);
    check(&scope, &event);
    try_batch(&scope, bytes, &event);
    try_binary(&scope, bytes);
    weir_arena_free(arena);
    return 0;
}
