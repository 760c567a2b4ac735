#include "metrics/otif.h"

#include <assert.h>

#include "base/arena.h"
#include "metrics/settlement.h"
#include "metrics/sort.h"

#define MILLION 1000000
#define DOMAIN_COMMITMENT "weir/commitment/v1\n"

/* In time; at one moment the promise comes before its re-planning, and that before the delivery. */
static int by_time(const void *left, const void *right)
{
    const struct weir_event *a = left;
    const struct weir_event *b = right;
    if (a->occurred_ms != b->occurred_ms)
        return a->occurred_ms < b->occurred_ms ? -1 : 1;
    if (a->type != b->type)
        return a->type < b->type ? -1 : 1;
    int order = weir_slice_compare(a->source, b->source);
    return order != 0 ? order : weir_slice_compare(a->id, b->id);
}

/* What was promised, after all re-planning. */
struct promise {
    const struct weir_event *first; /* NULL: nothing was promised */
    struct weir_interval due;       /* moved only by the customer */
    struct weir_interval last_due;  /* moved by anybody */
    uint64_t quantity;
    uint8_t replanned;
    uint8_t withdrawn;
};

/* A later promise of the same job, or a new plan.  What the customer asks for after the due date
 * has passed cannot undo a miss. */
static void replan(struct promise *promise, const struct weir_event *event)
{
    bool is_wish = event->by == WEIR_PARTY_CUSTOMER;
    if (is_wish && event->occurred_ms < promise->due.end_ms) {
        promise->due = event->due;
        promise->last_due = event->due;
        if (event->quantity != 0)
            promise->quantity = event->quantity;
        return;
    }
    if (event->due.start_ms != promise->last_due.start_ms ||
        event->due.end_ms != promise->last_due.end_ms)
        promise->replanned = 1;
    promise->last_due = event->due;
}

static struct promise read_promise(const struct weir_event *events, size_t event_count)
{
    struct promise promise = {0};
    for (size_t i = 0; i < event_count; i++) {
        const struct weir_event *event = &events[i];
        bool is_plan =
            event->type == WEIR_EVENT_JOB_PROMISED || event->type == WEIR_EVENT_JOB_REPLANNED;
        if (promise.first == NULL && event->type == WEIR_EVENT_JOB_PROMISED) {
            promise.first = event;
            promise.due = event->due;
            promise.last_due = event->due;
            promise.quantity = event->quantity == 0 ? 1 : event->quantity;
        } else if (promise.first != NULL && is_plan) {
            replan(&promise, event);
        } else if (promise.first != NULL && event->type == WEIR_EVENT_JOB_CANCELLED &&
                   event->by == WEIR_PARTY_CUSTOMER && event->occurred_ms < promise.due.end_ms) {
            promise.withdrawn = 1;
        }
        /* Cancelled by us changes nothing: what is not delivered is a miss at its due date. */
    }
    return promise;
}

/* Deliveries inside `accepted`, less what came back in time. */
struct delivered {
    unsigned __int128 quantity;
    int64_t full_ms; /* since when it is in full, if it is */
    uint8_t is_full;
};

static bool
is_full(const struct weir_otif_rules *rules, unsigned __int128 quantity, uint64_t wanted)
{
    return quantity * MILLION >= (unsigned __int128)wanted * (MILLION - rules->quantity_short_ppm);
}

static struct delivered read_deliveries(const struct weir_otif_rules *rules,
                                        const struct weir_event *events,
                                        size_t event_count,
                                        const struct promise *promise,
                                        struct weir_interval accepted)
{
    struct delivered delivered = {0};
    bool has_delivery = false;
    int64_t last_ms = 0;
    for (size_t i = 0; i < event_count; i++) {
        const struct weir_event *event = &events[i];
        unsigned __int128 quantity = event->quantity;
        if (event->type == WEIR_EVENT_JOB_DELIVERED) {
            if (event->occurred_ms < accepted.start_ms || event->occurred_ms >= accepted.end_ms)
                continue;
            /* Without a quantity the delivery is the whole promise. */
            delivered.quantity += quantity == 0 ? promise->quantity : quantity;
            last_ms = event->occurred_ms;
            has_delivery = true;
        } else if (event->type == WEIR_EVENT_JOB_RETURNED) {
            if (!has_delivery || rules->return_ms == 0 ||
                event->occurred_ms - last_ms > rules->return_ms)
                continue;
            bool is_all = quantity == 0 || quantity > delivered.quantity;
            delivered.quantity -= is_all ? delivered.quantity : quantity;
        } else {
            continue;
        }
        bool was_full = delivered.is_full;
        delivered.is_full = is_full(rules, delivered.quantity, promise->quantity);
        if (delivered.is_full && !was_full)
            delivered.full_ms = event->occurred_ms;
    }
    return delivered;
}

/* When a delivery for this due date counts. */
static struct weir_interval accepted_for(const struct weir_otif_rules *rules,
                                         struct weir_interval due)
{
    struct weir_interval accepted = {.start_ms = INT64_MIN, .end_ms = due.end_ms};
    if (rules->early_ms != WEIR_UNLIMITED_MS)
        accepted.start_ms = due.start_ms - rules->early_ms;
    return accepted;
}

static uint64_t at_most(unsigned __int128 quantity, uint64_t limit)
{
    return quantity < limit ? (uint64_t)quantity : limit;
}

static bool is_other_class(const struct weir_gauge *gauge, struct weir_slice class_name)
{
    return gauge->otif.class_name != NULL &&
           !weir_slice_equals_text(class_name, gauge->otif.class_name);
}

/* Folds `*count` events, which are reduced to the current ones and put in the order of time. */
static enum weir_err fold(struct weir_scope *scope,
                          const struct weir_gauge *gauge,
                          struct weir_event *events,
                          size_t *count,
                          struct weir_outcome *outcome)
{
    const struct weir_otif_rules *rules = &gauge->otif;
    struct weir_interval ever = {INT64_MIN, INT64_MAX};
    *outcome = (struct weir_outcome){0};
    if (weir_event_keep_current(scope, events, count) != WEIR_OK)
        return scope->err;
    weir_sort(events, *count, sizeof(*events), by_time);
    struct promise promise = read_promise(events, *count);
    if (promise.first == NULL)
        return WEIR_OK;
    struct weir_slice class_name = promise.first->class_name;
    if (class_name.length == 0)
        class_name = weir_slice_text(WEIR_CLASS_NONE);
    if (is_other_class(gauge, class_name))
        return WEIR_OK;
    struct weir_interval window = {0};
    if (weir_window_at(scope, &gauge->windows, promise.due.end_ms - 1, &window) != WEIR_OK)
        return scope->err;
    struct delivered first =
        read_deliveries(rules, events, *count, &promise, accepted_for(rules, promise.due));
    struct delivered last =
        read_deliveries(rules, events, *count, &promise, accepted_for(rules, promise.last_due));
    struct delivered any = read_deliveries(rules, events, *count, &promise, ever);
    bool has_order = promise.first->order.length > 0;
    *outcome = (struct weir_outcome){
        .standing = promise.withdrawn ? WEIR_JOB_WITHDRAWN : WEIR_JOB_COUNTED,
        .subject = promise.first->subject,
        .order = has_order ? promise.first->order : promise.first->subject,
        .class_name = class_name,
        .due = promise.due,
        .window = window,
        .promised = promise.quantity,
        .on_time = at_most(first.quantity, promise.quantity),
        .last_on_time = at_most(last.quantity, promise.quantity),
        .kept = first.is_full,
        .last_kept = last.is_full,
        .replanned = promise.replanned,
        .completed = any.is_full,
        .completed_ms = any.full_ms,
    };
    return WEIR_OK;
}

enum weir_err weir_job_fold(struct weir_scope *scope,
                            const struct weir_gauge *gauge,
                            const struct weir_event *events,
                            size_t event_count,
                            struct weir_outcome *outcome)
{
    assert(gauge->kind == WEIR_GAUGE_OTIF);
    struct weir_event *copies = weir_take(scope, event_count, sizeof(*copies));
    if (copies == NULL)
        return scope->err;
    size_t count = 0;
    for (size_t i = 0; i < event_count; i++) {
        assert(weir_slice_equal(events[i].subject, events[0].subject));
        if (weir_event_feeds(&events[i], gauge))
            copies[count++] = events[i];
    }
    struct weir_outcome folded;
    if (fold(scope, gauge, copies, &count, &folded) != WEIR_OK)
        return scope->err;
    *outcome = folded;
    return WEIR_OK;
}

struct weir_tally weir_outcome_tally(const struct weir_gauge *gauge,
                                     const struct weir_outcome *outcome)
{
    struct weir_commitment alone = {0};
    if (outcome->standing != WEIR_JOB_COUNTED)
        return (struct weir_tally){0};
    alone = (struct weir_commitment){
        .lines = 1,
        .lines_kept = outcome->kept,
        .lines_last_kept = outcome->last_kept,
        .lines_replanned = outcome->replanned,
        .promised = outcome->promised,
        .on_time = outcome->on_time,
        .last_on_time = outcome->last_on_time,
    };
    return weir_commitment_tally(gauge, &alone);
}

enum weir_err weir_commitment_add(struct weir_scope *scope,
                                  struct weir_commitment *commitment,
                                  const struct weir_outcome *outcome)
{
    struct weir_commitment sum = *commitment;
    if (outcome->standing != WEIR_JOB_COUNTED)
        return WEIR_OK;
    sum.lines++;
    sum.lines_kept += outcome->kept;
    sum.lines_last_kept += outcome->last_kept;
    sum.lines_replanned += outcome->replanned;
    if (__builtin_add_overflow(sum.promised, outcome->promised, &sum.promised) ||
        sum.promised > WEIR_TALLY_MAX)
        return weir_fail(scope, WEIR_E_OVERFLOW, "the quantity of a commitment exceeds 2^63");
    sum.on_time += outcome->on_time; /* at most what was promised */
    sum.last_on_time += outcome->last_on_time;
    *commitment = sum;
    return WEIR_OK;
}

enum weir_err weir_commitment_subtract(struct weir_scope *scope,
                                       struct weir_commitment *commitment,
                                       const struct weir_outcome *outcome)
{
    struct weir_commitment rest;
    if (outcome->standing != WEIR_JOB_COUNTED)
        return WEIR_OK;
    if (__builtin_sub_overflow(commitment->lines, 1, &rest.lines) ||
        __builtin_sub_overflow(commitment->lines_kept, outcome->kept, &rest.lines_kept) ||
        __builtin_sub_overflow(commitment->lines_last_kept, outcome->last_kept,
                               &rest.lines_last_kept) ||
        __builtin_sub_overflow(commitment->lines_replanned, outcome->replanned,
                               &rest.lines_replanned) ||
        __builtin_sub_overflow(commitment->promised, outcome->promised, &rest.promised) ||
        __builtin_sub_overflow(commitment->on_time, outcome->on_time, &rest.on_time) ||
        __builtin_sub_overflow(commitment->last_on_time, outcome->last_on_time, &rest.last_on_time))
        return weir_fail(scope, WEIR_E_CORRUPT, "a commitment would have less than nothing");
    *commitment = rest;
    return WEIR_OK;
}

struct weir_tally weir_commitment_tally(const struct weir_gauge *gauge,
                                        const struct weir_commitment *commitment)
{
    struct weir_tally tally = {0};
    if (commitment->lines == 0)
        return tally;
    tally.units = 1;
    tally.replanned = commitment->lines_replanned > 0;
    switch (gauge->otif.measure) {
    case WEIR_MEASURE_OTIF:
        tally.den = 1;
        tally.num = commitment->lines_kept == commitment->lines;
        tally.last_num = commitment->lines_last_kept == commitment->lines;
        return tally;
    case WEIR_MEASURE_FILL:
        tally.den = commitment->promised;
        tally.num = commitment->on_time;
        tally.last_num = commitment->last_on_time;
        return tally;
    }
    assert(0 && "a measure of the table");
    return tally;
}

struct weir_hash weir_commitment_key(const struct weir_outcome *outcome)
{
    struct weir_sha256 state;
    weir_sha256_init(&state);
    weir_sha256_update(&state, DOMAIN_COMMITMENT, sizeof(DOMAIN_COMMITMENT) - 1);
    weir_sha256_u32(&state, (uint32_t)outcome->order.length);
    weir_sha256_update(&state, outcome->order.data, outcome->order.length);
    weir_sha256_u64(&state, (uint64_t)outcome->due.start_ms);
    weir_sha256_u64(&state, (uint64_t)outcome->due.end_ms);
    weir_sha256_u32(&state, (uint32_t)outcome->class_name.length);
    weir_sha256_update(&state, outcome->class_name.data, outcome->class_name.length);
    return weir_sha256_final(&state);
}

/* --- whole arrays ----------------------------------------------------------------------------- */

/* The events of a gauge, job by job. */
struct jobs {
    const struct weir_event **sorted; /* by subject */
    size_t count;
    size_t at;
    struct weir_event *current; /* of the job just folded */
    size_t current_count;
};

static int by_subject(const void *left, const void *right)
{
    const struct weir_event *const *a = left;
    const struct weir_event *const *b = right;
    return weir_slice_compare((*a)->subject, (*b)->subject);
}

static enum weir_err jobs_init(struct weir_scope *scope,
                               const struct weir_gauge *gauge,
                               const struct weir_event *events,
                               size_t event_count,
                               struct jobs *jobs)
{
    assert(gauge->kind == WEIR_GAUGE_OTIF);
    struct weir_event *fed = weir_take(scope, event_count, sizeof(*fed));
    *jobs = (struct jobs){
        .sorted = weir_take(scope, event_count, sizeof(*jobs->sorted)),
        .current = weir_take(scope, event_count, sizeof(*jobs->current)),
    };
    if (fed == NULL || jobs->sorted == NULL || jobs->current == NULL)
        return scope->err;
    for (size_t i = 0; i < event_count; i++)
        if (weir_event_feeds(&events[i], gauge))
            fed[jobs->count++] = events[i];
    /* Before the jobs are told apart: a later revision may name another job. */
    if (weir_event_keep_current(scope, fed, &jobs->count) != WEIR_OK)
        return scope->err;
    for (size_t i = 0; i < jobs->count; i++)
        jobs->sorted[i] = &fed[i];
    weir_sort(jobs->sorted, jobs->count, sizeof(*jobs->sorted), by_subject);
    return WEIR_OK;
}

/* Folds the next job; the caller stops when `at` has reached `count`. */
static enum weir_err jobs_next(struct weir_scope *scope,
                               const struct weir_gauge *gauge,
                               struct jobs *jobs,
                               struct weir_outcome *outcome)
{
    struct weir_slice subject = jobs->sorted[jobs->at]->subject;
    jobs->current_count = 0;
    for (; jobs->at < jobs->count; jobs->at++) {
        if (!weir_slice_equal(jobs->sorted[jobs->at]->subject, subject))
            break;
        jobs->current[jobs->current_count++] = *jobs->sorted[jobs->at];
    }
    return fold(scope, gauge, jobs->current, &jobs->current_count, outcome);
}

static int by_commitment(const void *left, const void *right)
{
    const struct weir_outcome *a = left;
    const struct weir_outcome *b = right;
    int order = weir_slice_compare(a->order, b->order);
    if (order != 0)
        return order;
    if (a->due.end_ms != b->due.end_ms)
        return a->due.end_ms < b->due.end_ms ? -1 : 1;
    if (a->due.start_ms != b->due.start_ms)
        return a->due.start_ms < b->due.start_ms ? -1 : 1;
    return weir_slice_compare(a->class_name, b->class_name);
}

static int by_class_and_window(const void *left, const void *right)
{
    const struct weir_tally_row *a = left;
    const struct weir_tally_row *b = right;
    int order = weir_slice_compare(a->class_name, b->class_name);
    if (order != 0)
        return order;
    return a->window.start_ms < b->window.start_ms ? -1 : a->window.start_ms > b->window.start_ms;
}

/* One unit counts in its class and in the class of all. */
static void
put_unit(struct weir_tally_rows *rows, const struct weir_outcome *outcome, struct weir_tally tally)
{
    struct weir_tally_row row = {outcome->class_name, outcome->window, tally};
    rows->items[rows->count++] = row;
    row.class_name = weir_slice_text(WEIR_CLASS_ALL);
    rows->items[rows->count++] = row;
}

static enum weir_err put_units(struct weir_scope *scope,
                               const struct weir_gauge *gauge,
                               struct weir_outcome *outcomes,
                               size_t outcome_count,
                               struct weir_tally_rows *rows)
{
    if (gauge->otif.unit == WEIR_UNIT_LINE) {
        for (size_t i = 0; i < outcome_count; i++)
            put_unit(rows, &outcomes[i], weir_outcome_tally(gauge, &outcomes[i]));
        return WEIR_OK;
    }
    weir_sort(outcomes, outcome_count, sizeof(*outcomes), by_commitment);
    for (size_t i = 0; i < outcome_count;) {
        struct weir_commitment commitment = {0};
        size_t first = i;
        for (; i < outcome_count && by_commitment(&outcomes[first], &outcomes[i]) == 0; i++)
            if (weir_commitment_add(scope, &commitment, &outcomes[i]) != WEIR_OK)
                return scope->err;
        put_unit(rows, &outcomes[first], weir_commitment_tally(gauge, &commitment));
    }
    return WEIR_OK;
}

/* Sums the rows of one class and window. */
static enum weir_err merge_rows(struct weir_scope *scope, struct weir_tally_rows *rows)
{
    size_t kept = 0;
    weir_sort(rows->items, rows->count, sizeof(*rows->items), by_class_and_window);
    for (size_t i = 0; i < rows->count; i++) {
        if (kept == 0 || by_class_and_window(&rows->items[kept - 1], &rows->items[i]) != 0)
            rows->items[kept++] = rows->items[i];
        else if (weir_tally_add(scope, &rows->items[kept - 1].tally, &rows->items[i].tally) !=
                 WEIR_OK)
            return scope->err;
    }
    rows->count = kept;
    return WEIR_OK;
}

enum weir_err weir_otif_compute(struct weir_scope *scope,
                                const struct weir_gauge *gauge,
                                const struct weir_event *events,
                                size_t event_count,
                                struct weir_tally_rows *rows)
{
    struct jobs jobs = {0};
    if (jobs_init(scope, gauge, events, event_count, &jobs) != WEIR_OK)
        return scope->err;
    struct weir_outcome *outcomes = weir_take(scope, jobs.count, sizeof(*outcomes));
    if (outcomes == NULL)
        return scope->err;
    size_t counted = 0;
    while (jobs.at < jobs.count) {
        if (jobs_next(scope, gauge, &jobs, &outcomes[counted]) != WEIR_OK)
            return scope->err;
        counted += outcomes[counted].standing == WEIR_JOB_COUNTED;
    }
    struct weir_tally_rows result = {
        .items = weir_take(scope, 2 * counted, sizeof(*result.items)),
    };
    if (result.items == NULL || put_units(scope, gauge, outcomes, counted, &result) != WEIR_OK ||
        merge_rows(scope, &result) != WEIR_OK)
        return scope->err;
    *rows = result;
    return WEIR_OK;
}

enum weir_err weir_otif_inputs(struct weir_scope *scope,
                               const struct weir_gauge *gauge,
                               const struct weir_event *events,
                               size_t event_count,
                               struct weir_interval window,
                               struct weir_input_set *inputs)
{
    struct jobs jobs = {0};
    struct weir_buffer text = {0};
    if (jobs_init(scope, gauge, events, event_count, &jobs) != WEIR_OK)
        return scope->err;
    struct weir_hash *digests = weir_take(scope, jobs.count, sizeof(*digests));
    if (digests == NULL)
        return scope->err;
    size_t count = 0;
    while (jobs.at < jobs.count) {
        struct weir_outcome outcome;
        if (jobs_next(scope, gauge, &jobs, &outcome) != WEIR_OK)
            return scope->err;
        if (outcome.standing == WEIR_JOB_UNPROMISED || outcome.window.start_ms != window.start_ms)
            continue;
        for (size_t i = 0; i < jobs.current_count; i++) {
            text.length = 0;
            if (weir_event_print(scope, &jobs.current[i], &text) != WEIR_OK)
                return scope->err;
            struct weir_hash payload = weir_event_payload_hash(weir_buffer_slice(&text));
            digests[count++] = weir_event_digest(&jobs.current[i], &payload);
        }
    }
    *inputs = (struct weir_input_set){
        .count = count,
        .digest = weir_inputs_digest_set(digests, count),
    };
    return WEIR_OK;
}
