#include "tests/unit/metrics/with_scms.h"

#include <inttypes.h>
#include <string.h>

#include "base/number.h"
#include "metrics/calendar.h"
#include "metrics/event_field.h"
#include "tests/unit/metrics/with_scope.h"
#include "tests/unit/metrics/with_vectors.h"

static void set(struct weir_event *event, const char *name, struct weir_slice text)
{
    struct weir_time_format format = {.text = "YYYY-MM-DD"};
    enum weir_refusal refusal = weir_event_field_set(event, name, text, &format);
    if (refusal != WEIR_REFUSAL_NONE)
        fail_msg("%s: %s", name, weir_refusal_text(refusal));
}

static struct weir_slice joined(struct weir_scope *scope, const char *prefix, struct weir_slice id)
{
    char *text = weir_take_printf(scope, "%s%.*s", prefix, (int)id.length, (const char *)id.data);
    assert_non_null(text);
    return weir_slice_text(text);
}

struct with_events with_scms_jobs(struct weir_scope *scope)
{
    struct with_table table = with_vectors_table(scope, WITH_SCMS_FOLDER "/jobs.csv");
    struct with_events events = {.items =
                                     weir_take(scope, 2 * table.row_count, sizeof(*events.items))};
    assert_non_null(events.items);
    for (size_t i = 0; i < table.row_count; i++) {
        struct weir_slice line = with_table_get(&table, i, "line_id");
        struct weir_event promised = {
            .type = WEIR_EVENT_JOB_PROMISED,
            .source = weir_slice_text("erp"),
            .id = joined(scope, "plan-", line),
            .rev = 1,
            .subject = line,
        };
        struct weir_event delivered = promised;
        set(&promised, "order", with_table_get(&table, i, "order_id"));
        set(&promised, "class", with_table_get(&table, i, "class"));
        set(&promised, "due", with_table_get(&table, i, "due_date"));
        set(&promised, "occurred", with_table_get(&table, i, "due_date"));
        set(&promised, "quantity", with_table_get(&table, i, "qty"));
        delivered.type = WEIR_EVENT_JOB_DELIVERED;
        delivered.id = joined(scope, "done-", line);
        set(&delivered, "occurred", with_table_get(&table, i, "done_date"));
        set(&delivered, "quantity", with_table_get(&table, i, "qty"));
        events.items[events.count++] = promised;
        events.items[events.count++] = delivered;
    }
    return events;
}

struct with_events with_scms_stream(struct weir_scope *scope)
{
    static const char *const stream = "metrics/vectors/scms_events_shuffled.csv";
    struct with_table table = with_vectors_table(scope, stream);
    struct with_events events = {.items = weir_take(scope, table.row_count, sizeof(*events.items))};
    assert_non_null(events.items);
    for (size_t i = 0; i < table.row_count; i++) {
        struct weir_event event = {0};
        bool is_plan = weir_slice_equals_text(with_table_get(&table, i, "type"), "job.planned");
        event.type = is_plan ? WEIR_EVENT_JOB_PROMISED : WEIR_EVENT_JOB_DELIVERED;
        set(&event, "source", with_table_get(&table, i, "source"));
        set(&event, "id", with_table_get(&table, i, "id"));
        set(&event, "rev", with_table_get(&table, i, "rev"));
        set(&event, "subject", with_table_get(&table, i, "subject"));
        set(&event, "class", with_table_get(&table, i, "cls"));
        set(&event, "quantity", with_table_get(&table, i, "qty"));
        set(&event, "due", with_table_get(&table, i, "due"));
        set(&event, "occurred", with_table_get(&table, i, is_plan ? "time" : "done"));
        events.items[events.count++] = event;
    }
    return events;
}

struct weir_gauge with_scms_gauge(enum weir_gauge_unit unit, enum weir_gauge_measure measure)
{
    struct weir_gauge gauge;
    weir_gauge_init(&gauge, WEIR_GAUGE_OTIF);
    gauge.name = "otif";
    gauge.windows.calendar = WEIR_CALENDAR_ISO_WEEK;
    gauge.target = (struct weir_ratio){95, 100};
    gauge.otif.unit = unit;
    gauge.otif.measure = measure;
    return gauge;
}

struct weir_slice with_scms_print(struct weir_scope *scope,
                                  const struct weir_gauge *gauge,
                                  const struct weir_tally_rows *rows)
{
    struct weir_buffer buffer = {0};
    bool is_fill = gauge->otif.measure == WEIR_MEASURE_FILL;
    with_scope_expect(scope,
                      weir_buffer_text(scope, &buffer,
                                       is_fill ? "class,iso_week,qty_on_time,qty_due,fill_ppm\n"
                                               : "class,iso_week,otif_n,due_n,otif_ppm,"
                                                 "below_95\n"));
    for (size_t i = 0; i < rows->count; i++) {
        const struct weir_tally_row *row = &rows->items[i];
        char label[WEIR_WINDOW_LABEL_BYTES];
        weir_window_print(&gauge->windows, row->window, label);
        with_scope_expect(
            scope,
            weir_buffer_printf(scope, &buffer, "%.*s,%s,%" PRIu64 ",%" PRIu64 ",%" PRIu64,
                               (int)row->class_name.length, (const char *)row->class_name.data,
                               label, row->tally.num, row->tally.den,
                               weir_ratio_ppm(row->tally.num, row->tally.den)));
        bool is_below = weir_ratio_is_below(weir_tally_ratio(&row->tally), gauge->target);
        with_scope_expect(scope, weir_buffer_text(scope, &buffer,
                                                  is_fill    ? "\n"
                                                  : is_below ? ",1\n"
                                                             : ",0\n"));
    }
    return weir_buffer_slice(&buffer);
}
