/* Law: a stored job that is read is written to the same bytes, and what it points to is there. */
#include <stdlib.h>

#include "base/arena.h"
#include "node/job_codec.h"

#define ARENA_BYTES ((size_t)16 << 20)

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct weir_stored_job stored; /* large */
    struct weir_arena *arena = weir_arena_new(ARENA_BYTES);
    require(arena != NULL);
    struct weir_scope scope = {.arena = arena};
    struct weir_slice bytes = {data, size};
    if (weir_job_read(&scope, bytes, &stored) == WEIR_OK) {
        struct weir_buffer again = {.capacity_max = 0};
        require(stored.job.attempt_count <= WEIR_RAIL_ATTEMPTS_MAX);
        require(!stored.job.is_mined || stored.job.mined.attempt < stored.job.attempt_count);
        require(weir_rail_stage_name(stored.job.stage) != NULL);
        require(weir_rail_alarm_name(stored.job.alarm) != NULL);
        require(weir_job_write(&scope, &stored, &again) == WEIR_OK);
        require(weir_slice_equal(weir_buffer_slice(&again), bytes));
    }
    weir_arena_free(arena);
    return 0;
}
