/* Law: an event text that is accepted prints back to the same bytes, is found complete, and folds
 * without a fault. */
#include <stdlib.h>

#include "base/arena.h"
#include "metrics/otif.h"

#define ARENA_BYTES ((size_t)1 << 20)

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static void fold(struct weir_scope *scope, const struct weir_event *event)
{
    struct weir_gauge gauge;
    struct weir_outcome outcome;
    weir_gauge_init(&gauge, WEIR_GAUGE_OTIF);
    gauge.name = "otif";
    gauge.windows.calendar = WEIR_CALENDAR_MONTH;
    require(weir_job_fold(scope, &gauge, event, 1, &outcome) == WEIR_OK);
    require(outcome.standing ==
            (event->type == WEIR_EVENT_JOB_PROMISED ? WEIR_JOB_COUNTED : WEIR_JOB_UNPROMISED));
    require(!outcome.kept);
}

static void try_event(struct weir_scope *scope, struct weir_slice text)
{
    struct weir_event event;
    struct weir_buffer printed = {0};
    if (weir_event_parse(scope, text, &event) != WEIR_OK)
        return;
    require(weir_event_check(&event, INT64_MAX) == WEIR_REFUSAL_NONE);
    require(weir_event_print(scope, &event, &printed) == WEIR_OK);
    require(weir_slice_equal(weir_buffer_slice(&printed), text));
    fold(scope, &event);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct weir_scope scope = {.arena = weir_arena_new(ARENA_BYTES)};
    require(scope.arena != NULL);
    try_event(&scope, (struct weir_slice){data, size});
    weir_arena_free(scope.arena);
    return 0;
}
