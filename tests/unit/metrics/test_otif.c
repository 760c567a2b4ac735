/* Goal: each rule of on time in full is kept: first promise, partial, cancelled, re-planned,
 * returned, early, over-delivered, attributed to the week of the due date.
 * Method: one table row per rule, its events in every order; the whole-array computation against
 * sums kept per commitment while random events arrive and are revised. */
#include "metrics/otif.h"

#include <stdio.h>
#include <string.h>

#include "metrics/calendar.h"
#include "tests/unit/metrics/with_scope.h"

#define S(text) weir_slice_text(text)
#define DAY(n) ((n)*WEIR_DAY_MS)
#define NOON(n) (DAY(n) + 12 * WEIR_HOUR_MS)
#define EVENTS_MAX 5

static struct weir_gauge gauge_of(enum weir_gauge_unit unit, enum weir_gauge_measure measure)
{
    struct weir_gauge gauge;
    weir_gauge_init(&gauge, WEIR_GAUGE_OTIF);
    gauge.name = "otif";
    gauge.windows.calendar = WEIR_CALENDAR_ISO_WEEK;
    gauge.target = (struct weir_ratio){95, 100};
    gauge.otif.unit = unit;
    gauge.otif.measure = measure;
    gauge.otif.return_ms = DAY(14);
    return gauge;
}

/* Constant events; due dates are whole days of UTC. */
#define DUE(day)                                                                                   \
    {                                                                                              \
        DAY(day), DAY((day) + 1)                                                                   \
    }
#define PROMISED(at, day, count)                                                                   \
    {                                                                                              \
        .type = WEIR_EVENT_JOB_PROMISED, .occurred_ms = (at), .due = DUE(day), .quantity = (count) \
    }
#define REPLANNED(at, day, party)                                                                  \
    {                                                                                              \
        .type = WEIR_EVENT_JOB_REPLANNED, .occurred_ms = (at), .due = DUE(day), .by = (party)      \
    }
#define OTHER(kind, at, count)                                                                     \
    {                                                                                              \
        .type = (kind), .occurred_ms = (at), .quantity = (count)                                   \
    }
#define CANCELLED(at, party)                                                                       \
    {                                                                                              \
        .type = WEIR_EVENT_JOB_CANCELLED, .occurred_ms = (at), .by = (party)                       \
    }

#define DELIVERED WEIR_EVENT_JOB_DELIVERED
#define RETURNED WEIR_EVENT_JOB_RETURNED

static void expect_same(const struct weir_outcome *a, const struct weir_outcome *b)
{
    assert_true(a->standing == b->standing && weir_slice_equal(a->subject, b->subject));
    assert_true(weir_slice_equal(a->order, b->order));
    assert_true(weir_slice_equal(a->class_name, b->class_name));
    assert_true(a->due.start_ms == b->due.start_ms && a->due.end_ms == b->due.end_ms);
    assert_true(a->window.start_ms == b->window.start_ms && a->promised == b->promised);
    assert_true(a->on_time == b->on_time && a->last_on_time == b->last_on_time);
    assert_true(a->kept == b->kept && a->last_kept == b->last_kept);
    assert_true(a->replanned == b->replanned && a->completed == b->completed);
    assert_true(a->completed_ms == b->completed_ms);
}

/* Folds the events in every order; all must give the same outcome. */
static struct weir_outcome fold_all_orders(struct weir_scope *scope,
                                           const struct weir_gauge *gauge,
                                           struct weir_event *events,
                                           size_t count)
{
    static const char *const ids[EVENTS_MAX] = {"a", "b", "c", "d", "e"};
    struct weir_outcome first;
    unsigned orders = 1;
    for (unsigned i = 0; i < count; i++) {
        events[i].source = S("erp");
        events[i].id = S(ids[i]);
        events[i].subject = S("job");
        orders *= i + 1;
    }
    for (unsigned order = 0; order < orders; order++) {
        struct weir_event arranged[EVENTS_MAX];
        struct weir_outcome outcome;
        unsigned rest = order;
        memcpy(arranged, events, count * sizeof(*events));
        for (unsigned i = (unsigned)count; i > 1; i--) {
            struct weir_event held = arranged[i - 1];
            arranged[i - 1] = arranged[rest % i];
            arranged[rest % i] = held;
            rest /= i;
        }
        with_scope_expect(scope, weir_job_fold(scope, gauge, arranged, count, &outcome));
        if (order == 0)
            first = outcome;
        expect_same(&outcome, &first);
    }
    return first;
}

struct rule {
    const char *name;
    size_t count;
    struct weir_event events[EVENTS_MAX];
    unsigned standing;
    unsigned kept;
    unsigned last_kept;
    unsigned replanned;
    uint64_t on_time;
};

static const struct rule rules[] = {
    {"on time", 2, {PROMISED(0, 10, 5), OTHER(DELIVERED, NOON(9), 5)}, 2, 1, 1, 0, 5},
    {"on the due day", 2, {PROMISED(0, 10, 5), OTHER(DELIVERED, NOON(10), 5)}, 2, 1, 1, 0, 5},
    {"a day late", 2, {PROMISED(0, 10, 5), OTHER(DELIVERED, DAY(11), 5)}, 2, 0, 0, 0, 0},
    {"open", 1, {PROMISED(0, 10, 5)}, 2, 0, 0, 0, 0},
    {"in two parts",
     3,
     {PROMISED(0, 10, 5), OTHER(DELIVERED, NOON(8), 2), OTHER(DELIVERED, NOON(9), 3)},
     2,
     1,
     1,
     0,
     5},
    {"partly late",
     3,
     {PROMISED(0, 10, 5), OTHER(DELIVERED, NOON(8), 2), OTHER(DELIVERED, NOON(11), 3)},
     2,
     0,
     0,
     0,
     2},
    {"too much is capped", 2, {PROMISED(0, 10, 5), OTHER(DELIVERED, NOON(8), 9)}, 2, 1, 1, 0, 5},
    {"no quantities", 2, {PROMISED(0, 10, 0), OTHER(DELIVERED, NOON(8), 0)}, 2, 1, 1, 0, 1},
    {"delivered whole", 2, {PROMISED(0, 10, 7), OTHER(DELIVERED, NOON(8), 0)}, 2, 1, 1, 0, 7},
    {"re-planned by us and late",
     3,
     {PROMISED(0, 10, 5), REPLANNED(NOON(5), 12, WEIR_PARTY_US), OTHER(DELIVERED, NOON(11), 5)},
     2,
     0,
     1,
     1,
     0},
    {"a second promise is our re-planning",
     3,
     {PROMISED(0, 10, 5), PROMISED(NOON(5), 12, 5), OTHER(DELIVERED, NOON(11), 5)},
     2,
     0,
     1,
     1,
     0},
    {"the customer asked for it",
     3,
     {PROMISED(0, 10, 5), REPLANNED(NOON(5), 12, WEIR_PARTY_CUSTOMER),
      OTHER(DELIVERED, NOON(11), 5)},
     2,
     1,
     1,
     0,
     5},
    {"the customer asked too late",
     3,
     {PROMISED(0, 10, 5), REPLANNED(DAY(11), 12, WEIR_PARTY_CUSTOMER),
      OTHER(DELIVERED, NOON(11), 5)},
     2,
     0,
     1,
     1,
     0},
    {"cancelled by the customer",
     2,
     {PROMISED(0, 10, 5), CANCELLED(NOON(10), WEIR_PARTY_CUSTOMER)},
     1,
     0,
     0,
     0,
     0},
    {"cancelled by the customer too late",
     2,
     {PROMISED(0, 10, 5), CANCELLED(DAY(11), WEIR_PARTY_CUSTOMER)},
     2,
     0,
     0,
     0,
     0},
    {"cancelled by us", 2, {PROMISED(0, 10, 5), CANCELLED(NOON(5), WEIR_PARTY_US)}, 2, 0, 0, 0, 0},
    {"returned in time",
     3,
     {PROMISED(0, 10, 5), OTHER(DELIVERED, NOON(9), 5), OTHER(RETURNED, NOON(23), 1)},
     2,
     0,
     0,
     0,
     4},
    {"returned whole",
     3,
     {PROMISED(0, 10, 5), OTHER(DELIVERED, NOON(9), 5), OTHER(RETURNED, NOON(10), 0)},
     2,
     0,
     0,
     0,
     0},
    {"returned too late to count",
     3,
     {PROMISED(0, 10, 5), OTHER(DELIVERED, NOON(9), 5), OTHER(RETURNED, NOON(23) + 1, 5)},
     2,
     1,
     1,
     0,
     5},
    {"returned and replaced in time",
     4,
     {PROMISED(0, 10, 5), OTHER(DELIVERED, NOON(7), 5), OTHER(RETURNED, NOON(8), 5),
      OTHER(DELIVERED, NOON(9), 5)},
     2,
     1,
     1,
     0,
     5},
    {"returned before any delivery",
     3,
     {PROMISED(0, 10, 5), OTHER(RETURNED, NOON(8), 5), OTHER(DELIVERED, NOON(9), 5)},
     2,
     1,
     1,
     0,
     5},
    {"never promised", 1, {OTHER(DELIVERED, NOON(9), 5)}, 0, 0, 0, 0, 0},
};

static void every_rule_of_the_table_is_kept(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_gauge gauge = gauge_of(WEIR_UNIT_LINE, WEIR_MEASURE_OTIF);
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        const struct rule *rule = &rules[i];
        struct weir_event events[EVENTS_MAX];
        memcpy(events, rule->events, sizeof(events));
        struct weir_outcome outcome = fold_all_orders(scope, &gauge, events, rule->count);
        bool is_same = outcome.standing == rule->standing && outcome.on_time == rule->on_time;
        if (outcome.standing == WEIR_JOB_COUNTED)
            is_same = is_same && outcome.kept == rule->kept &&
                      outcome.last_kept == rule->last_kept && outcome.replanned == rule->replanned;
        if (!is_same)
            fail_msg("%s: standing %d kept %u last %u on time %u", rule->name, outcome.standing,
                     outcome.kept, outcome.last_kept, (unsigned)outcome.on_time);
    }
}

static void tolerances_are_those_of_the_definition(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_gauge gauge = gauge_of(WEIR_UNIT_LINE, WEIR_MEASURE_OTIF);
    gauge.otif.early_ms = DAY(2);
    gauge.otif.quantity_short_ppm = 20000; /* 98 of 100 will do */
    struct weir_event early[] = {PROMISED(0, 10, 100), OTHER(DELIVERED, DAY(8) - 1, 100)};
    struct weir_event just[] = {PROMISED(0, 10, 100), OTHER(DELIVERED, DAY(8), 98)};
    struct weir_event less[] = {PROMISED(0, 10, 100), OTHER(DELIVERED, DAY(8), 97)};
    assert_int_equal(fold_all_orders(scope, &gauge, early, 2).kept, 0);
    assert_int_equal(fold_all_orders(scope, &gauge, just, 2).kept, 1);
    assert_int_equal(fold_all_orders(scope, &gauge, less, 2).kept, 0);
}

static void a_job_counts_in_the_week_and_class_of_its_first_promise(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_gauge gauge = gauge_of(WEIR_UNIT_LINE, WEIR_MEASURE_OTIF);
    struct weir_event events[] = {PROMISED(0, 10, 5), REPLANNED(NOON(5), 40, WEIR_PARTY_US),
                                  OTHER(DELIVERED, NOON(45), 5)};
    char label[WEIR_WINDOW_LABEL_BYTES];
    events[0].class_name = S("Air");
    events[2].class_name = S("Truck");
    struct weir_outcome outcome = fold_all_orders(scope, &gauge, events, 3);
    weir_window_print(&gauge.windows, outcome.window, label);
    assert_string_equal(label, "1970-W02"); /* 11 January, a Sunday */
    assert_true(weir_slice_equals_text(outcome.class_name, "Air"));
    assert_true(weir_slice_equals_text(outcome.order, "job"));
    gauge.otif.class_name = "Truck";
    assert_int_equal(fold_all_orders(scope, &gauge, events, 3).standing, WEIR_JOB_UNPROMISED);
    gauge.otif.class_name = "Air";
    assert_int_equal(fold_all_orders(scope, &gauge, events, 3).standing, WEIR_JOB_COUNTED);
    events[0].class_name.length = 0;
    gauge.otif.class_name = NULL;
    assert_true(weir_slice_equals_text(fold_all_orders(scope, &gauge, events, 3).class_name,
                                       WEIR_CLASS_NONE));
}

static void completion_is_when_the_last_part_came(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_gauge gauge = gauge_of(WEIR_UNIT_LINE, WEIR_MEASURE_OTIF);
    struct weir_event events[] = {PROMISED(0, 10, 5), OTHER(DELIVERED, NOON(8), 2),
                                  OTHER(DELIVERED, NOON(30), 3)};
    struct weir_outcome outcome = fold_all_orders(scope, &gauge, events, 3);
    assert_int_equal(outcome.completed, 1);
    assert_true(outcome.completed_ms == NOON(30));
    assert_int_equal(outcome.kept, 0);
    outcome = fold_all_orders(scope, &gauge, events, 2);
    assert_int_equal(outcome.completed, 0);
}

static void superseded_revisions_are_not_counted(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_gauge gauge = gauge_of(WEIR_UNIT_LINE, WEIR_MEASURE_OTIF);
    struct weir_event events[] = {PROMISED(0, 10, 5), OTHER(DELIVERED, NOON(9), 5),
                                  OTHER(DELIVERED, NOON(12), 5), OTHER(DELIVERED, NOON(9), 5)};
    for (unsigned i = 0; i < 4; i++) {
        events[i].source = S("erp");
        events[i].subject = S("job");
        events[i].id = i == 0 ? S("plan") : S("done");
        events[i].rev = i;
    }
    events[3].rev = 1; /* an exact repeat of an old revision */
    struct weir_outcome outcome;
    with_scope_expect(scope, weir_job_fold(scope, &gauge, events, 4, &outcome));
    assert_int_equal(outcome.kept, 0);
    assert_int_equal(outcome.on_time, 0);
}

/* Revision 1 corrects the job the promise was about: only that job is owed. */
static void a_revision_that_names_another_job_leaves_the_first(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_gauge gauge = gauge_of(WEIR_UNIT_LINE, WEIR_MEASURE_OTIF);
    struct weir_event events[] = {PROMISED(0, 10, 5), PROMISED(0, 10, 5),
                                  OTHER(DELIVERED, NOON(9), 5)};
    for (unsigned i = 0; i < 3; i++) {
        events[i].source = S("erp");
        events[i].subject = i == 0 ? S("wrong") : S("right");
        events[i].id = i == 2 ? S("done") : S("plan");
        events[i].rev = i == 1;
    }
    struct weir_tally_rows rows;
    with_scope_expect(scope, weir_otif_compute(scope, &gauge, events, 3, &rows));
    assert_int_equal(rows.count, 2); /* the class and all classes */
    for (size_t i = 0; i < rows.count; i++) {
        assert_int_equal(rows.items[i].tally.units, 1);
        assert_int_equal(rows.items[i].tally.num, 1);
    }
    struct weir_interval window = rows.items[0].window;
    struct weir_input_set inputs;
    struct weir_input_set wanted;
    with_scope_expect(scope, weir_otif_inputs(scope, &gauge, events, 3, window, &inputs));
    with_scope_expect(scope, weir_otif_inputs(scope, &gauge, events + 1, 2, window, &wanted));
    assert_int_equal(inputs.count, 2);
    assert_true(weir_hash_equal(&inputs.digest, &wanted.digest));
}

static void a_due_date_outside_the_frozen_zone_is_an_error(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_gauge gauge = gauge_of(WEIR_UNIT_LINE, WEIR_MEASURE_OTIF);
    const int64_t boundaries_s[] = {1766934000, 1767538800};
    struct weir_event event = PROMISED(0, 10, 5);
    struct weir_outcome outcome;
    event.source = event.id = event.subject = S("x");
    gauge.windows.boundaries_s = boundaries_s;
    gauge.windows.boundary_count = 2;
    with_scope_expect_error(scope, weir_job_fold(scope, &gauge, &event, 1, &outcome), WEIR_E_RANGE,
                            "frozen boundaries");
}

/* --- commitments, kept up to date
 * ----------------------------------------------------------------- */

#define JOBS 12
#define ORDERS 4
#define JOB_EVENTS_MAX 6
#define KEYS_MAX 256
#define STEPS 48

struct store {
    struct weir_event events[JOBS][JOB_EVENTS_MAX];
    size_t counts[JOBS];
    struct weir_outcome outcomes[JOBS];
    struct weir_hash keys[KEYS_MAX];
    struct weir_commitment commitments[KEYS_MAX];
    struct weir_outcome examples[KEYS_MAX]; /* to know class and window of a key */
    size_t key_count;
};

static size_t key_of(struct store *store, const struct weir_outcome *outcome)
{
    struct weir_hash key = weir_commitment_key(outcome);
    size_t at = 0;
    while (at < store->key_count && !weir_hash_equal(&store->keys[at], &key))
        at++;
    if (at == store->key_count) {
        assert_true(store->key_count < KEYS_MAX);
        store->keys[store->key_count++] = key;
    }
    store->examples[at] = *outcome;
    return at;
}

static void put_event(struct weir_scope *scope,
                      const struct weir_gauge *gauge,
                      struct store *store,
                      size_t job,
                      struct weir_event event)
{
    struct weir_outcome *outcome = &store->outcomes[job];
    if (outcome->standing == WEIR_JOB_COUNTED) {
        struct weir_commitment *old = &store->commitments[key_of(store, outcome)];
        with_scope_expect(scope, weir_commitment_subtract(scope, old, outcome));
    }
    store->events[job][store->counts[job]++] = event;
    with_scope_expect(scope,
                      weir_job_fold(scope, gauge, store->events[job], store->counts[job], outcome));
    if (outcome->standing == WEIR_JOB_COUNTED) {
        struct weir_commitment *new = &store->commitments[key_of(store, outcome)];
        with_scope_expect(scope, weir_commitment_add(scope, new, outcome));
    }
}

static struct weir_event
random_event(struct weir_scope *scope, struct with_dice *random, size_t job, size_t number)
{
    static const enum weir_event_type types[] = {WEIR_EVENT_JOB_PROMISED,  WEIR_EVENT_JOB_PROMISED,
                                                 WEIR_EVENT_JOB_DELIVERED, WEIR_EVENT_JOB_DELIVERED,
                                                 WEIR_EVENT_JOB_REPLANNED, WEIR_EVENT_JOB_RETURNED,
                                                 WEIR_EVENT_JOB_CANCELLED, WEIR_EVENT_JOB_STARTED};
    struct weir_event event = {
        .type = types[with_dice_below(random, 8)],
        .source = S("erp"),
        .id =
            S(weir_take_printf(scope, "%zu-%zu", job, (size_t)with_dice_below(random, number + 1))),
        .rev = with_dice_below(random, 3),
        .subject = S(weir_take_printf(scope, "job-%zu", job)),
        .occurred_ms = (int64_t)with_dice_below(random, (uint64_t)DAY(30)),
    };
    bool is_plan = event.type == WEIR_EVENT_JOB_PROMISED || event.type == WEIR_EVENT_JOB_REPLANNED;
    if (is_plan)
        event.due = weir_due_of_day(5 + (int64_t)with_dice_below(random, 25), 0, 0);
    if (is_plan || event.type == WEIR_EVENT_JOB_DELIVERED || event.type == WEIR_EVENT_JOB_RETURNED)
        event.quantity = with_dice_below(random, 6);
    if (event.type == WEIR_EVENT_JOB_PROMISED) {
        event.order = S(weir_take_printf(scope, "order-%zu", job % ORDERS));
        event.due = weir_due_of_day(10 + (int64_t)with_dice_below(random, 2), 0, 0);
        event.class_name = with_dice_below(random, 2) == 0 ? S("Air") : S("Truck");
    }
    if (event.type == WEIR_EVENT_JOB_REPLANNED || event.type == WEIR_EVENT_JOB_CANCELLED)
        event.by = with_dice_below(random, 2) == 0 ? WEIR_PARTY_CUSTOMER : WEIR_PARTY_US;
    return event;
}

/* The sum of all commitments of a class and window, as a store would have it. */
static struct weir_tally stored_tally(struct weir_scope *scope,
                                      const struct weir_gauge *gauge,
                                      const struct store *store,
                                      const struct weir_tally_row *row)
{
    struct weir_tally sum = {0};
    for (size_t i = 0; i < store->key_count; i++) {
        bool is_class = weir_slice_equals_text(row->class_name, WEIR_CLASS_ALL) ||
                        weir_slice_equal(store->examples[i].class_name, row->class_name);
        if (!is_class || store->examples[i].window.start_ms != row->window.start_ms)
            continue;
        struct weir_tally tally = weir_commitment_tally(gauge, &store->commitments[i]);
        with_scope_expect(scope, weir_tally_add(scope, &sum, &tally));
    }
    return sum;
}

static void commitments_kept_up_to_date_agree_with_the_whole(void **state)
{
    struct weir_scope *scope = *state;
    struct with_dice random = {.state = 33};
    printf("seed 33\n");
    for (unsigned round = 0; round < 120; round++) {
        struct weir_gauge gauge =
            gauge_of(WEIR_UNIT_COMMITMENT, round % 2 == 0 ? WEIR_MEASURE_OTIF : WEIR_MEASURE_FILL);
        struct store *store = weir_take(scope, 1, sizeof(*store));
        struct weir_event all[STEPS];
        size_t count = 0;
        struct weir_tally_rows rows;
        assert_non_null(store);
        for (unsigned step = 0; step < STEPS; step++) {
            size_t job = with_dice_below(&random, JOBS);
            if (store->counts[job] == JOB_EVENTS_MAX)
                continue;
            all[count] = random_event(scope, &random, job, store->counts[job]);
            put_event(scope, &gauge, store, job, all[count]);
            count++;
        }
        with_scope_expect(scope, weir_otif_compute(scope, &gauge, all, count, &rows));
        uint64_t units = 0;
        for (size_t i = 0; i < rows.count; i++) {
            struct weir_tally stored = stored_tally(scope, &gauge, store, &rows.items[i]);
            assert_memory_equal(&stored, &rows.items[i].tally, sizeof(stored));
            if (weir_slice_equals_text(rows.items[i].class_name, WEIR_CLASS_ALL))
                units += stored.units;
        }
        for (size_t i = 0; i < store->key_count; i++)
            units -= weir_commitment_tally(&gauge, &store->commitments[i]).units;
        assert_int_equal(units, 0);
        weir_arena_clear(scope->arena);
    }
}

static void sums_neither_overflow_nor_fall_below_nothing(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_outcome outcome = {.standing = WEIR_JOB_COUNTED, .promised = 5};
    struct weir_commitment full = {.promised = WEIR_TALLY_MAX};
    struct weir_commitment empty = {0};
    struct weir_tally most = {.num = WEIR_TALLY_MAX};
    struct weir_tally one = {.num = 1};
    with_scope_expect_error(scope, weir_commitment_add(scope, &full, &outcome), WEIR_E_OVERFLOW,
                            "2^63");
    with_scope_expect_error(scope, weir_commitment_subtract(scope, &empty, &outcome),
                            WEIR_E_CORRUPT, "less than nothing");
    with_scope_expect_error(scope, weir_tally_add(scope, &most, &one), WEIR_E_OVERFLOW, "2^63");
    with_scope_expect_error(scope, weir_tally_subtract(scope, &one, &most), WEIR_E_CORRUPT,
                            "less than nothing");
    assert_true(full.promised == WEIR_TALLY_MAX && full.lines == 0 && empty.lines == 0);
    assert_true(most.num == WEIR_TALLY_MAX && one.num == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scope(every_rule_of_the_table_is_kept),
        with_scope(tolerances_are_those_of_the_definition),
        with_scope(a_job_counts_in_the_week_and_class_of_its_first_promise),
        with_scope(completion_is_when_the_last_part_came),
        with_scope(superseded_revisions_are_not_counted),
        with_scope(a_revision_that_names_another_job_leaves_the_first),
        with_scope(a_due_date_outside_the_frozen_zone_is_an_error),
        with_scope(commitments_kept_up_to_date_agree_with_the_whole),
        with_scope(sums_neither_overflow_nor_fall_below_nothing),
    };
    return cmocka_run_group_tests_name("otif", tests, NULL, NULL);
}
