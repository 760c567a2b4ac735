#include "node/publish.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "ledger/log.h"
#include "ledger/observations.h"
#include "ledger/store.h"
#include "ledger/windows.h"
#include "metrics/calendar.h"
#include "metrics/event.h"
#include "node/publish_kill.h"

#define GROUP_WINDOWS 32 /* closed in one transaction */
#define LOOK_AT_MAX 4096 /* new events; for more all windows are looked at */

/* One call: what it works on. */
struct publishing {
    struct weir_store *store;
    struct weir_scope *scope;
    struct weir_publication *publication;
    const struct weir_gauge *gauge;
    int64_t log_id;
    int64_t now_ms;
    int64_t final_ms; /* windows that end at or before are final */
    struct weir_published *published;
};

/* The newest verdicts of some windows, as far as they matter. */
struct known_verdicts {
    struct weir_verdict_row *rows;
    size_t count;
};

/* --- transactions ----------------------------------------------------------------------------- */

static enum weir_err work_begin(struct publishing *work)
{
    if (work->publication->joins)
        return WEIR_OK;
    return weir_store_begin(work->store, work->scope, WEIR_WRITE_STREAM);
}

static enum weir_err work_end(struct publishing *work, enum weir_err err)
{
    if (work->publication->joins)
        return err;
    if (err == WEIR_OK)
        return weir_store_commit(work->store, work->scope);
    weir_store_rollback(work->store);
    return err;
}

/* --- verdicts --------------------------------------------------------------------------------- */

static enum weir_err put_verdict(struct publishing *work,
                                 const char *class_name,
                                 struct weir_interval window,
                                 const struct weir_verdict *verdict)
{
    bool is_new = false;
    const struct weir_verdict_row row = {
        .class_name = class_name,
        .window = window,
        .verdict = *verdict,
        .made_ms = work->now_ms,
    };
    enum weir_err err = weir_verdict_put(work->store, work->scope, work->log_id, &row, &is_new);
    work->published->verdicts += is_new;
    return err;
}

static enum weir_err
load_known(struct publishing *work, struct weir_interval span, struct known_verdicts *known)
{
    return weir_verdict_list(work->store, work->scope, work->log_id, span, &known->rows,
                             &known->count);
}

/* The newest of a class and window; NULL when there is none. */
static const struct weir_verdict *
newest_of(const struct known_verdicts *known, const char *class_name, struct weir_interval window)
{
    for (size_t i = known->count; i > 0; i--) {
        const struct weir_verdict_row *row = &known->rows[i - 1];
        if (row->window.start_ms == window.start_ms && strcmp(row->class_name, class_name) == 0)
            return &row->verdict;
    }
    return NULL;
}

/* A running window changes its number with every observation; what is kept as history are changes
 * of what is said about it. */
static enum weir_err put_provisional(struct publishing *work,
                                     const struct known_verdicts *known,
                                     const char *class_name,
                                     struct weir_interval window,
                                     const struct weir_verdict *verdict)
{
    const struct weir_verdict *newest = newest_of(known, class_name, window);
    if (newest != NULL && newest->stage == WEIR_STAGE_FINAL)
        return WEIR_OK; /* the clock was set back */
    if (newest != NULL && newest->judgement == verdict->judgement &&
        newest->is_thin == verdict->is_thin && newest->is_below == verdict->is_below &&
        newest->is_certain == verdict->is_certain)
        return WEIR_OK;
    return put_verdict(work, class_name, window, verdict);
}

/* --- availability ----------------------------------------------------------------------------- */

static enum weir_err judge_availability(struct publishing *work,
                                        struct weir_interval window,
                                        const struct weir_tick *newest,
                                        struct weir_verdict *verdict)
{
    struct weir_scope *scope = work->scope;
    struct weir_gauge_window *windows = NULL;
    size_t count = 0;
    struct weir_logged_maintenance logged;
    struct weir_availability availability;
    struct weir_measured measured = {.newest = newest};
    const struct weir_view view = {window, work->now_ms};
    if (weir_gauge_windows(work->store, scope, work->log_id, WEIR_CLASS_ALL, window, &windows,
                           &count) != WEIR_OK ||
        weir_window_maintenance(work->store, scope, work->log_id, window, &logged) != WEIR_OK)
        return scope->err;
    if (count > 0)
        measured.closed = windows[0].closed;
    if (weir_availability_at(scope, work->gauge, view, &measured, &logged.list, &availability) !=
        WEIR_OK)
        return scope->err;
    *verdict = weir_verdict_of_availability(work->gauge, view, &availability);
    return WEIR_OK;
}

/* Where the verdicts of earlier calls end: behind the newest final one.  They were made one after
 * the other, so nothing before it is missing. */
static enum weir_err find_final(struct publishing *work, int64_t from_ms, bool *is_found)
{
    struct known_verdicts known;
    const struct weir_interval span = {from_ms, WEIR_TIME_END_MS};
    enum weir_err err = load_known(work, span, &known);
    for (size_t i = 0; err == WEIR_OK && i < known.count; i++) {
        const struct weir_verdict_row *row = &known.rows[i];
        if (row->verdict.stage != WEIR_STAGE_FINAL)
            continue;
        if (!*is_found || row->window.end_ms > work->publication->next_ms)
            work->publication->next_ms = row->window.end_ms;
        *is_found = true;
    }
    return err;
}

/* Looks at the last windows first: a long history need not be read. */
static enum weir_err find_last(struct publishing *work, bool *is_found)
{
    static const int64_t steps[] = {8, 1024};
    enum weir_err err = WEIR_OK;
    int64_t length_ms = work->gauge->windows.calendar == WEIR_CALENDAR_FIXED
                            ? work->gauge->windows.length_ms
                            : 31 * WEIR_DAY_MS;
    for (size_t i = 0; err == WEIR_OK && !*is_found && i < sizeof(steps) / sizeof(steps[0]); i++)
        err = find_final(work, work->final_ms - steps[i] * length_ms, is_found);
    if (err == WEIR_OK && !*is_found)
        err = find_final(work, WEIR_TIME_MIN_MS, is_found);
    return err;
}

/* The window that contains a time; false outside the frozen boundaries. */
static bool window_around(struct publishing *work, int64_t at_ms, struct weir_interval *window)
{
    if (weir_window_at(work->scope, &work->gauge->windows, at_ms, window) == WEIR_OK)
        return true;
    weir_scope_recover(work->scope);
    return false;
}

/* The first window that may need a final verdict.  What events feed may have changed anywhere while
 * nobody looked. */
static enum weir_err find_next(struct publishing *work)
{
    struct weir_publication *publication = work->publication;
    struct weir_window_ticks ticks;
    struct weir_interval first;
    bool is_found = false;
    const struct weir_interval nothing = {WEIR_TIME_MIN_MS, WEIR_TIME_MIN_MS};
    enum weir_err err = weir_gauge_is_scheduled(work->gauge) ? find_last(work, &is_found) : WEIR_OK;
    if (err == WEIR_OK && !is_found)
        err = weir_window_ticks(work->store, work->scope, work->log_id, nothing, &ticks);
    if (err != WEIR_OK)
        return err;
    if (!is_found && ticks.ticks.count > 0 &&
        window_around(work, ticks.ticks.items[0].tick_ms, &first)) {
        publication->next_ms = first.start_ms;
        is_found = true;
    }
    publication->is_known = is_found;
    return WEIR_OK;
}

/* Goes back to the first window that events since the last call can have changed.  A revision may
 * have taken its event from anywhere. */
static enum weir_err rewind_to_change(struct publishing *work, uint64_t size)
{
    struct weir_publication *publication = work->publication;
    struct weir_observation *new = NULL;
    struct weir_interval window;
    size_t count = 0;
    const struct weir_salt_range range = {publication->size, size};
    if (weir_gauge_is_scheduled(work->gauge) || publication->size == size)
        return WEIR_OK;
    if (size - publication->size > LOOK_AT_MAX) {
        publication->is_known = false;
        return WEIR_OK;
    }
    enum weir_err err =
        weir_observations(work->store, work->scope, work->log_id, range, &new, &count);
    for (size_t i = 0; err == WEIR_OK && i < count; i++) {
        struct weir_event event;
        if (new[i].kind != WEIR_LEAF_EVENT)
            continue;
        err = weir_event_read(work->scope, new[i].payload, &event);
        if (err == WEIR_OK && event.rev > 0) {
            publication->is_known = false;
            return WEIR_OK;
        }
        if (err == WEIR_OK && window_around(work, new[i].tick_ms, &window) &&
            window.start_ms < publication->next_ms)
            publication->next_ms = window.start_ms;
    }
    return err;
}

/* Whether the window is final and will not be measured any more.  Between two ticks nothing is
 * certain: the next one may say that some were missed. */
static bool is_settled(const struct publishing *work,
                       struct weir_interval window,
                       const struct weir_tick *newest)
{
    bool is_sealed = !weir_gauge_is_scheduled(work->gauge) || window.end_ms <= newest->tick_ms;
    return is_sealed && window.end_ms <= work->final_ms;
}

/* Final windows one after the other. */
static enum weir_err finish_sequence(struct publishing *work, const struct weir_tick *newest)
{
    struct weir_interval window;
    int64_t next_ms = work->publication->next_ms;
    size_t count = 0;
    if (!window_around(work, next_ms, &window) || !is_settled(work, window, newest))
        return WEIR_OK;
    enum weir_err err = work_begin(work);
    if (err != WEIR_OK)
        return err;
    while (err == WEIR_OK && window_around(work, next_ms, &window) &&
           is_settled(work, window, newest)) {
        struct weir_verdict verdict;
        if (count++ == WEIR_PUBLISH_WINDOWS_MAX) {
            work->published->is_partial = true;
            break;
        }
        err = judge_availability(work, window, newest, &verdict);
        if (err == WEIR_OK)
            err = put_verdict(work, WEIR_CLASS_ALL, window, &verdict);
        next_ms = window.end_ms;
    }
    err = work_end(work, err);
    if (err == WEIR_OK)
        work->publication->next_ms = next_ms;
    return err;
}

static enum weir_err provisional_availability(struct publishing *work,
                                              const struct weir_tick *newest)
{
    struct weir_interval window;
    struct known_verdicts known;
    const struct weir_interval span = {work->publication->next_ms, WEIR_TIME_END_MS};
    enum weir_err err = load_known(work, span, &known);
    int64_t start_ms = span.start_ms;
    for (size_t count = 0; err == WEIR_OK && count < WEIR_PUBLISH_WINDOWS_MAX; count++) {
        struct weir_verdict verdict;
        if (!window_around(work, start_ms, &window) || window.start_ms >= work->now_ms)
            break;
        err = judge_availability(work, window, newest, &verdict);
        if (err == WEIR_OK && verdict.stage == WEIR_STAGE_PROVISIONAL)
            err = put_provisional(work, &known, WEIR_CLASS_ALL, window, &verdict);
        start_ms = window.end_ms;
    }
    return err;
}

static enum weir_err publish_availability(struct publishing *work, uint64_t size)
{
    struct weir_publication *publication = work->publication;
    struct weir_tick newest;
    uint64_t seq = 0;
    enum weir_err err = weir_tick_last(work->store, work->scope, work->log_id, &newest, &seq);
    if (err == WEIR_E_NOT_FOUND) {
        weir_scope_recover(work->scope); /* nothing was measured yet */
        return WEIR_OK;
    }
    if (err == WEIR_OK && publication->is_known)
        err = rewind_to_change(work, size);
    if (err == WEIR_OK && !publication->is_known)
        err = find_next(work);
    if (err != WEIR_OK || !publication->is_known)
        return err;
    publication->size = size; /* what it changed is remembered in next_ms now */
    err = finish_sequence(work, &newest);
    if (err != WEIR_OK || work->published->is_partial)
        return err;
    return provisional_availability(work, &newest);
}

/* --- OTIF ------------------------------------------------------------------------------------- */

static bool has_class(const struct weir_gauge_window *windows, size_t count, const char *class_name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(windows[i].class_name, class_name) == 0)
            return true;
    return false;
}

static enum weir_err put_tally(struct publishing *work,
                               const struct known_verdicts *known,
                               const char *class_name,
                               struct weir_interval window,
                               const struct weir_tally *tally)
{
    const struct weir_view view = {window, work->now_ms};
    struct weir_verdict verdict = weir_verdict_of_tally(work->gauge, view, tally);
    if (tally->den == 0 && newest_of(known, class_name, window) == NULL)
        return WEIR_OK; /* nothing was ever due, so nothing is said */
    if (verdict.stage == WEIR_STAGE_FINAL)
        return put_verdict(work, class_name, window, &verdict);
    return put_provisional(work, known, class_name, window, &verdict);
}

static enum weir_err close_window(struct publishing *work, struct weir_interval window)
{
    struct weir_closing closing;
    enum weir_err err = weir_window_close(work->store, work->scope, work->log_id, window, &closing);
    if (err == WEIR_OK)
        work->published->closes += closing.is_new;
    return err;
}

/* All classes of one final window, also such that have lost all they had. */
static enum weir_err finish_tallies(struct publishing *work, struct weir_interval window)
{
    struct weir_gauge_window *windows = NULL;
    size_t count = 0;
    struct known_verdicts known;
    const struct weir_tally nothing = {0};
    enum weir_err err = close_window(work, window);
    if (err == WEIR_OK)
        err = weir_gauge_windows(work->store, work->scope, work->log_id, NULL, window, &windows,
                                 &count);
    if (err == WEIR_OK)
        err = load_known(work, window, &known);
    for (size_t i = 0; err == WEIR_OK && i < count; i++)
        err = put_tally(work, &known, windows[i].class_name, window, &windows[i].tally);
    for (size_t i = 0; err == WEIR_OK && i < known.count; i++) {
        const char *class_name = known.rows[i].class_name;
        bool is_newest =
            i + 1 == known.count || strcmp(class_name, known.rows[i + 1].class_name) != 0;
        if (is_newest && !has_class(windows, count, class_name))
            err = put_tally(work, &known, class_name, window, &nothing);
    }
    return err;
}

/* One transaction for some windows. */
static enum weir_err
finish_group(struct publishing *work, const struct weir_interval *windows, size_t count)
{
    enum weir_err err = work_begin(work);
    for (size_t i = 0; err == WEIR_OK && i < count; i++)
        err = finish_tallies(work, windows[i]);
    return work_end(work, err);
}

/* Fires what the new final windows complete, then closes them: closing is what makes them done, so
 * whoever is interrupted fires again, which changes nothing. */
static enum weir_err finish_otif(struct publishing *work)
{
    struct weir_interval *windows = NULL;
    size_t count = 0;
    enum weir_err err =
        weir_window_list_unclosed(work->store, work->scope, work->log_id, work->final_ms,
                                  WEIR_PUBLISH_WINDOWS_MAX, &windows, &count);
    if (err != WEIR_OK || count == 0)
        return err;
    const struct weir_kill_work kills = {
        .gauge = work->gauge,
        .log_id = work->log_id,
        .now_ms = work->now_ms,
        .changed_ms = windows[0].start_ms,
        .final_ms = work->final_ms,
    };
    err = work_begin(work);
    if (err == WEIR_OK)
        err = weir_kill_publish(work->store, work->scope, &kills, &work->published->kills);
    err = work_end(work, err);
    for (size_t i = 0; err == WEIR_OK && i < count; i += GROUP_WINDOWS)
        err =
            finish_group(work, windows + i, count - i < GROUP_WINDOWS ? count - i : GROUP_WINDOWS);
    if (count == WEIR_PUBLISH_WINDOWS_MAX)
        work->published->is_partial = true;
    return err;
}

static enum weir_err provisional_otif(struct publishing *work)
{
    struct weir_gauge_window *windows = NULL;
    size_t count = 0;
    struct known_verdicts known;
    const struct weir_interval span = {work->final_ms, work->now_ms + 1};
    enum weir_err err =
        weir_gauge_windows(work->store, work->scope, work->log_id, NULL, span, &windows, &count);
    if (err == WEIR_OK)
        err = load_known(work, span, &known);
    for (size_t i = 0; err == WEIR_OK && i < count; i++)
        if (windows[i].window.end_ms > work->final_ms)
            err = put_tally(work, &known, windows[i].class_name, windows[i].window,
                            &windows[i].tally);
    return err;
}

static enum weir_err publish_otif(struct publishing *work)
{
    enum weir_err err = finish_otif(work);
    if (err != WEIR_OK || work->published->is_partial)
        return err;
    return provisional_otif(work);
}

/* --- when --------------------------------------------------------------------------------------*/

/* The next time at which something changes without an observation: a window ends, or becomes
 * final. */
static int64_t next_change(struct publishing *work)
{
    struct weir_interval running;
    struct weir_interval waiting;
    int64_t due_ms = INT64_MAX;
    if (window_around(work, work->now_ms, &running))
        due_ms = running.end_ms;
    if (window_around(work, work->final_ms, &waiting) &&
        waiting.end_ms + work->gauge->lateness_ms < due_ms)
        due_ms = waiting.end_ms + work->gauge->lateness_ms;
    return due_ms;
}

enum weir_err weir_publish_gauge(struct weir_store *store,
                                 struct weir_scope *scope,
                                 struct weir_publication *publication,
                                 int64_t now_ms,
                                 struct weir_published *published)
{
    struct weir_log log;
    struct publishing work = {
        .store = store,
        .scope = scope,
        .publication = publication,
        .gauge = publication->gauge,
        .log_id = publication->log_id,
        .now_ms = now_ms,
        .final_ms = now_ms - publication->gauge->lateness_ms,
        .published = published,
    };
    published->is_partial = false;
    enum weir_err err = weir_log_load(store, scope, publication->log_id, &log);
    if (err != WEIR_OK || (log.head.size == publication->size && now_ms < publication->due_ms))
        return err;
    publication->due_ms = now_ms; /* until this call has succeeded */
    err = work.gauge->kind == WEIR_GAUGE_OTIF ? publish_otif(&work)
                                              : publish_availability(&work, log.head.size);
    if (err != WEIR_OK)
        return weir_note(scope, "gauge '%s'", work.gauge->name);
    if (published->is_partial)
        return WEIR_OK;
    publication->size = log.head.size;
    publication->due_ms = next_change(&work);
    return WEIR_OK;
}
