#include "metrics/kill.h"

#include <assert.h>

static bool is_empty(struct weir_interval window)
{
    return window.start_ms == window.end_ms;
}

bool weir_kill_run_next(struct weir_kill_run *run,
                        const struct weir_gauge *gauge,
                        const struct weir_final_window *next)
{
    assert(is_empty(run->previous) || run->previous.end_ms <= next->window.start_ms);
    if (next->tally.units == 0 || next->tally.units < gauge->otif.kill_min_due)
        return false;
    bool follows = run->previous.end_ms == next->window.start_ms && !is_empty(run->previous);
    run->previous = next->window;
    if (!weir_ratio_is_below(weir_tally_ratio(&next->tally), gauge->target)) {
        run->length = 0;
        run->first = (struct weir_interval){0};
        return false;
    }
    if (run->length > 0 && (follows || gauge->otif.kill_rule == WEIR_KILL_B)) {
        run->length++;
    } else {
        run->length = 1;
        run->first = next->window;
    }
    return run->length == WEIR_KILL_RUN;
}

void weir_kill_evaluate(struct weir_kill_signal *signal,
                        const struct weir_gauge *gauge,
                        const struct weir_final_window *windows,
                        size_t window_count)
{
    struct weir_kill_run run = {0};
    if (gauge->otif.kill_rule == WEIR_KILL_NONE)
        return;
    for (size_t i = 0; i < window_count && !signal->is_on; i++) {
        struct weir_interval before = run.previous;
        (void)weir_kill_run_next(&run, gauge, &windows[i]); /* longer runs count here, too */
        bool was_taken = before.start_ms != run.previous.start_ms || is_empty(before);
        if (!was_taken || run.length < WEIR_KILL_RUN ||
            windows[i].window.end_ms <= signal->acknowledged_until_ms)
            continue;
        signal->is_on = 1;
        signal->first = before;
        signal->fired = windows[i].window;
    }
}

void weir_kill_acknowledge(struct weir_kill_signal *signal, int64_t final_until_ms)
{
    signal->is_on = 0;
    signal->first = (struct weir_interval){0};
    signal->fired = (struct weir_interval){0};
    if (final_until_ms > signal->acknowledged_until_ms)
        signal->acknowledged_until_ms = final_until_ms;
}
