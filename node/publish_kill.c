#include "node/publish_kill.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "ledger/kill.h"
#include "ledger/windows.h"
#include "metrics/calendar.h"
#include "metrics/kill.h"
#include "metrics/significance.h"

#define LOOK_BACK_WINDOWS 512 /* a longer run of breaches has fired long ago */

/* One pass over the final windows of a gauge. */
struct evaluation {
    struct weir_store *store;
    struct weir_scope *scope;
    const struct weir_kill_work *work;
    struct weir_kill_row *known; /* runs recorded so far */
    size_t known_count;
    int64_t from_ms; /* what is before was not looked at; WEIR_TIME_MIN_MS: all was */
    uint64_t fired;
};

static int64_t look_back(struct weir_scope *scope, const struct weir_kill_work *work)
{
    struct weir_interval window;
    if (weir_window_at(scope, &work->gauge->windows, work->changed_ms, &window) != WEIR_OK) {
        weir_scope_recover(scope);
        return WEIR_TIME_MIN_MS;
    }
    for (size_t i = 0; i < LOOK_BACK_WINDOWS; i++)
        if (weir_window_previous(scope, &work->gauge->windows, window, &window) != WEIR_OK) {
            weir_scope_recover(scope); /* the first frozen boundary */
            return WEIR_TIME_MIN_MS;
        }
    return window.start_ms;
}

/* Windows that were final when somebody acknowledged the class no longer set its signal. */
static bool is_acknowledged(const struct evaluation *evaluation,
                            const char *class_name,
                            struct weir_interval window)
{
    int64_t final_since_ms = window.end_ms + evaluation->work->gauge->lateness_ms;
    for (size_t i = 0; i < evaluation->known_count; i++) {
        const struct weir_kill_row *row = &evaluation->known[i];
        if (strcmp(row->class_name, class_name) == 0 && row->acked_ms >= final_since_ms)
            return true;
    }
    return false;
}

static const char *significance_text(enum weir_significance significance)
{
    switch (significance) {
    case WEIR_SIGNIFICANCE_NOT_COMPUTED:
        return "too many to test";
    case WEIR_SIGNIFICANCE_CHANCE:
        return "could be chance (5 %)";
    case WEIR_SIGNIFICANCE_SIGNIFICANT:
        return "significant (5 %)";
    }
    return "";
}

/* "2007-W51 3/4, 2007-W52 1/2, target 95/100; together 2 of 6 missed: significant (5 %)" */
static const char *describe(struct evaluation *evaluation,
                            const struct weir_gauge_window *before,
                            const struct weir_gauge_window *fired)
{
    const struct weir_gauge *gauge = evaluation->work->gauge;
    char first[WEIR_WINDOW_LABEL_BYTES];
    char last[WEIR_WINDOW_LABEL_BYTES];
    char target[WEIR_RATIO_TEXT_BYTES];
    weir_window_print(&gauge->windows, before->window, first);
    weir_window_print(&gauge->windows, fired->window, last);
    weir_ratio_print(gauge->target, target);
    const char *ratios = weir_take_printf(
        evaluation->scope, "%s %" PRIu64 "/%" PRIu64 ", %s %" PRIu64 "/%" PRIu64 ", target %s",
        first, before->tally.num, before->tally.den, last, fired->tally.num, fired->tally.den,
        target);
    /* A share of a quantity is no count of cases. */
    if (ratios == NULL || gauge->otif.measure != WEIR_MEASURE_OTIF)
        return ratios;
    uint64_t units = before->tally.units + fired->tally.units;
    uint64_t missed = units - before->tally.num - fired->tally.num;
    enum weir_significance significance;
    if (weir_significance_compute(evaluation->scope, gauge->target, missed, units, &significance) !=
        WEIR_OK)
        return NULL;
    return weir_take_printf(evaluation->scope, "%s; together %" PRIu64 " of %" PRIu64 " missed: %s",
                            ratios, missed, units, significance_text(significance));
}

static enum weir_err fire(struct evaluation *evaluation,
                          const struct weir_gauge_window *before,
                          const struct weir_gauge_window *fired)
{
    bool is_new = false;
    struct weir_kill_row row = {
        .log_id = evaluation->work->log_id,
        .class_name = fired->class_name,
        .window_start_ms = fired->window.start_ms,
        .fired_ms = evaluation->work->now_ms,
        .acked_ms = -1,
        .acked_by = "",
        .reason = "",
    };
    if (is_acknowledged(evaluation, fired->class_name, fired->window))
        return WEIR_OK;
    row.detail = describe(evaluation, before, fired);
    if (row.detail == NULL)
        return evaluation->scope->err;
    enum weir_err err = weir_kill_fire(evaluation->store, evaluation->scope, &row, &is_new);
    evaluation->fired += is_new;
    return err;
}

/* One class: `windows` ascending in time. */
static enum weir_err
evaluate_class(struct evaluation *evaluation, const struct weir_gauge_window *windows, size_t count)
{
    struct weir_kill_run run = {0};
    const struct weir_gauge_window *before = NULL; /* the last that was taken */
    for (size_t i = 0; i < count; i++) {
        const struct weir_gauge_window *window = &windows[i];
        const struct weir_final_window next = {window->window, window->tally};
        if (window->window.end_ms > evaluation->work->final_ms)
            break;
        bool has_fired = weir_kill_run_next(&run, evaluation->work->gauge, &next);
        /* A run that begins where the looking back ended may be older and longer. */
        bool is_cut = windows[0].window.start_ms == evaluation->from_ms &&
                      run.first.start_ms == evaluation->from_ms;
        if (has_fired && !is_cut && fire(evaluation, before, window) != WEIR_OK)
            return evaluation->scope->err;
        if (run.previous.start_ms == window->window.start_ms)
            before = window;
    }
    return WEIR_OK;
}

static enum weir_err evaluate(struct evaluation *evaluation)
{
    struct weir_gauge_window *windows = NULL;
    size_t count = 0;
    const struct weir_kill_work *work = evaluation->work;
    const struct weir_interval span = {evaluation->from_ms, work->final_ms};
    enum weir_err err = weir_kill_list(evaluation->store, evaluation->scope, work->log_id,
                                       &evaluation->known, &evaluation->known_count);
    if (err == WEIR_OK)
        err = weir_gauge_windows(evaluation->store, evaluation->scope, work->log_id, NULL, span,
                                 &windows, &count);
    for (size_t i = 0; err == WEIR_OK && i < count;) {
        size_t end = i + 1;
        while (end < count && strcmp(windows[end].class_name, windows[i].class_name) == 0)
            end++;
        err = evaluate_class(evaluation, windows + i, end - i);
        i = end;
    }
    return err;
}

enum weir_err weir_kill_publish(struct weir_store *store,
                                struct weir_scope *scope,
                                const struct weir_kill_work *work,
                                uint64_t *fired)
{
    struct evaluation evaluation = {.store = store, .scope = scope, .work = work};
    if (work->gauge->otif.kill_rule == WEIR_KILL_NONE)
        return WEIR_OK;
    evaluation.from_ms = look_back(scope, work);
    enum weir_err err = evaluate(&evaluation);
    if (err == WEIR_OK)
        *fired += evaluation.fired;
    return err;
}
