/* Goal: a file is read the same wherever its bytes are cut, every record knows its line, what is
 * too long costs no memory, and an import counts each event once. Method: files made by the test,
 * larger than the reader's pieces; every line end; records and lines at and above their limits; an
 * import into a ledger, again, and in other batches. */
#include "node/import.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "ledger/sources.h"
#include "ledger/windows.h"
#include "metrics/calendar.h"
#include "metrics/csv.h"
#include "tests/unit/node/with_measuring.h"

#define RECEIVED_MS INT64_C(4102444800000)
#define LINE_MAX_BYTES 4096

static struct weir_config_csv_field fields[] = {
    {.field = "id", .column = "id", .prefix = "plan-"},
    {.field = "subject", .column = "id"},
    {.field = "class", .column = "class"},
    {.field = "occurred", .column = "made"},
    {.field = "due", .column = "due"},
    {.field = "rev", .value = "3"},
};
static struct weir_config_csv_field done_fields[] = {
    {.field = "id", .column = "id", .prefix = "done-"},
    {.field = "subject", .column = "id"},
    {.field = "occurred", .column = "done"},
};
static struct weir_config_csv_row rows[] = {
    {.type = "job.promised", .fields = fields, .field_count = 6},
    {.type = "job.delivered", .when_column = "done", .fields = done_fields, .field_count = 3},
};
static struct weir_config_csv csv = {.separator = ';',
                                     .date_format = "YYYY-MM-DD",
                                     .zone = "UTC",
                                     .rows = rows,
                                     .row_count = 2};
static const char *types[] = {"job.promised", "job.delivered"};
static struct weir_config_source source = {.name = "erp", .event_types = {types, 2}, .csv = &csv};

static const char *path_of(struct with_measuring *with, const char *name)
{
    return weir_take_printf(&with->scope, "%s/%s", with->folder, name);
}

/* Writes a file, which the test removes at its end. */
static const char *
write_file(struct with_measuring *with, const char *name, struct weir_slice bytes)
{
    const char *path = path_of(with, name);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    for (size_t at = 0; at < bytes.length;) {
        ssize_t written = write(file, bytes.data + at, bytes.length - at);
        assert_true(written > 0);
        at += (size_t)written;
    }
    assert_int_equal(close(file), 0);
    return path;
}

static struct weir_event_reader *
open_reader(struct with_measuring *with, const char *path, uint64_t line_bytes_max)
{
    struct weir_event_reader *reader = NULL;
    const struct weir_event_file file = {.path = path,
                                         .source = &source,
                                         .line_bytes_max = line_bytes_max,
                                         .received_ms = RECEIVED_MS};
    with_measuring_expect(with, weir_event_reader_open(&with->scope, &file, &reader));
    return reader;
}

static struct weir_reading next(struct with_measuring *with, struct weir_event_reader *reader)
{
    struct weir_reading reading;
    with_measuring_expect(with, weir_event_reader_next(reader, &with->scope, &reading));
    return reading;
}

static void end(struct weir_event_reader *reader, const char *path)
{
    weir_event_reader_close(reader);
    assert_int_equal(unlink(path), 0);
}

#define HEADER "id;class;made;due;done\n"

static void a_line_makes_one_event_per_row_that_applies(void **state)
{
    struct with_measuring *with = *state;
    const char *path =
        write_file(with, "a.csv",
                   weir_slice_text(
                       HEADER "1;Air;2026-01-02;2026-02-01;2026-02-01\n2;;2026-01-02;2026-02-01;"));
    struct weir_event_reader *reader = open_reader(with, path, LINE_MAX_BYTES);
    struct weir_reading reading = next(with, reader);
    assert_int_equal(reading.kind, WEIR_READING_EVENT);
    assert_int_equal(reading.line, 2);
    assert_int_equal(reading.event.type, WEIR_EVENT_JOB_PROMISED);
    assert_true(weir_slice_equals_text(reading.event.id, "plan-1"));
    assert_true(weir_slice_equals_text(reading.event.subject, "1"));
    assert_true(weir_slice_equals_text(reading.event.source, "erp"));
    assert_int_equal(reading.event.rev, 3);
    reading = next(with, reader);
    assert_int_equal(reading.event.type, WEIR_EVENT_JOB_DELIVERED);
    assert_true(weir_slice_equals_text(reading.event.id, "done-1"));
    reading = next(with, reader);
    assert_int_equal(reading.line, 3);
    assert_int_equal(reading.event.class_name.length, 0);
    assert_int_equal(next(with, reader).kind, WEIR_READING_END);
    assert_int_equal(next(with, reader).kind, WEIR_READING_END);
    assert_int_equal(weir_event_reader_progress(reader).records, 2);
    end(reader, path);
}

static void a_line_is_refused_as_a_whole(void **state)
{
    struct with_measuring *with = *state;
    const char *path = write_file(
        with, "a.csv", weir_slice_text(HEADER "1;Air;2026-01-02;2026-02-01;2026-02-31\n"));
    struct weir_event_reader *reader = open_reader(with, path, LINE_MAX_BYTES);
    struct weir_reading reading = next(with, reader);
    assert_int_equal(reading.kind, WEIR_READING_REFUSED);
    assert_string_equal(reading.reason, "time");
    assert_non_null(strstr(reading.detail, "done '2026-02-31'"));
    assert_true(weir_slice_equals_text(reading.raw, "1;Air;2026-01-02;2026-02-01;2026-02-31"));
    assert_int_equal(next(with, reader).kind, WEIR_READING_END);
    end(reader, path);
}

/* Records of growing length over several pieces of the reader, so that every kind of cut occurs. */
static void records_are_read_the_same_wherever_the_bytes_are_cut(void **state)
{
    struct with_measuring *with = *state;
    static const char *const ends[] = {"\n", "\r\n", "\r"};
    for (size_t kind = 0; kind < 3; kind++) {
        struct weir_buffer text = {.capacity_max = 0};
        const unsigned count = 3000;
        with_measuring_expect(
            with, weir_buffer_printf(&with->scope, &text, "id;class;made;due;done%s", ends[kind]));
        for (unsigned i = 0; i < count; i++)
            with_measuring_expect(with,
                                  weir_buffer_printf(&with->scope, &text,
                                                     "%u;\"A%0*u;\"\"x\";2026-01-02;2026-02-01;%s",
                                                     i, (int)(i % 90), 1, ends[kind]));
        const char *path = write_file(with, "a.csv", weir_buffer_slice(&text));
        struct weir_event_reader *reader = open_reader(with, path, LINE_MAX_BYTES);
        for (unsigned i = 0; i < count; i++) {
            char id[32];
            struct weir_reading reading = next(with, reader);
            (void)snprintf(id, sizeof(id), "plan-%u", i);
            assert_int_equal(reading.kind, WEIR_READING_EVENT);
            assert_int_equal(reading.line, i + 2);
            assert_true(weir_slice_equals_text(reading.event.id, id));
            assert_int_equal(reading.event.class_name.data[reading.event.class_name.length - 2],
                             '"');
        }
        assert_int_equal(next(with, reader).kind, WEIR_READING_END);
        end(reader, path);
        weir_arena_clear(with->scope.arena);
    }
}

static void lines_are_counted_through_quotes_and_empty_lines(void **state)
{
    struct with_measuring *with = *state;
    const char *path = write_file(
        with, "a.csv",
        weir_slice_text("\n\n" HEADER "\n1;\"A\nB\";2026-01-02;2026-02-01;\n\r\n\r\nbroken\n"));
    struct weir_event_reader *reader = open_reader(with, path, LINE_MAX_BYTES);
    struct weir_reading reading = next(with, reader);
    assert_int_equal(reading.line, 5);
    assert_int_equal(reading.kind, WEIR_READING_REFUSED); /* a line end is no part of a class */
    reading = next(with, reader);
    assert_int_equal(reading.line, 9);
    assert_string_equal(reading.reason, "columns");
    end(reader, path);
}

static void a_record_may_be_as_long_as_its_limit(void **state)
{
    struct with_measuring *with = *state;
    static char line[WEIR_CSV_RECORD_MAX + 256];
    struct weir_buffer text = {.capacity_max = 0};
    const uint64_t limits[] = {100, LINE_MAX_BYTES, WEIR_CSV_RECORD_MAX};
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        text.length = 0;
        with_measuring_expect(with, weir_buffer_text(&with->scope, &text, HEADER));
        for (int64_t more = 0; more < 2; more++) {
            size_t length = (size_t)limits[i] + (size_t)more;
            int head = snprintf(line, sizeof(line), "1;");
            memset(line + head, 'x', length - (size_t)head);
            line[length] = '\n';
            with_measuring_expect(with, weir_buffer_put(&with->scope, &text, line, length + 1));
        }
        const char *path = write_file(with, "a.csv", weir_buffer_slice(&text));
        struct weir_event_reader *reader = open_reader(with, path, limits[i]);
        assert_string_equal(next(with, reader).reason, "columns");
        struct weir_reading reading = next(with, reader);
        assert_string_equal(reading.reason, "too_long");
        assert_int_equal(reading.line, 3);
        assert_int_equal(next(with, reader).kind, WEIR_READING_END);
        end(reader, path);
    }
}

static void a_long_line_of_json_is_skipped_and_one_without_end_ends_the_file(void **state)
{
    struct with_measuring *with = *state;
    static const char event[] =
        "{\"specversion\":\"1.0\",\"id\":\"p\",\"source\":\"erp\",\"type\":\"job.delivered\","
        "\"subject\":\"j\",\"time\":\"2026-01-05T09:30:00Z\"}\n";
    struct weir_reading reading;
    for (unsigned is_endless = 0; is_endless < 2; is_endless++) {
        size_t length = is_endless ? (size_t)WEIR_READER_SKIP_MAX + 200000 : 300000;
        uint8_t *line = weir_take(&with->scope, length, 1);
        struct weir_buffer text = {.capacity_max = 0};
        assert_non_null(line);
        memset(line, 'x', length);
        with_measuring_expect(with, weir_buffer_text(&with->scope, &text, event));
        with_measuring_expect(with, weir_buffer_put(&with->scope, &text, line, length));
        with_measuring_expect(with, weir_buffer_text(&with->scope, &text, "\n\r\n"));
        with_measuring_expect(with, weir_buffer_text(&with->scope, &text, event));
        const char *path = write_file(with, "a.ndjson", weir_buffer_slice(&text));
        struct weir_event_reader *reader = open_reader(with, path, LINE_MAX_BYTES);
        assert_int_equal(next(with, reader).kind, WEIR_READING_EVENT);
        reading = next(with, reader);
        assert_string_equal(reading.reason, "too_long");
        assert_int_equal(reading.line, 2);
        assert_int_equal(reading.raw.length, LINE_MAX_BYTES);
        if (is_endless) {
            assert_int_equal(weir_event_reader_next(reader, &with->scope, &reading), WEIR_E_LIMIT);
            weir_scope_recover(&with->scope);
        } else {
            reading = next(with, reader);
            assert_int_equal(reading.kind, WEIR_READING_EVENT);
            assert_int_equal(reading.line, 4);
            assert_int_equal(next(with, reader).kind, WEIR_READING_END);
        }
        end(reader, path);
    }
}

static void files_that_are_none_are_refused(void **state)
{
    struct with_measuring *with = *state;
    struct weir_event_reader *reader = NULL;
    static const struct {
        const char *content;
        enum weir_err err;
    } cases[] = {
        {"", WEIR_E_PARSE},       {"\n\n", WEIR_E_PARSE},         {"id;class\n", WEIR_E_CONFIG},
        {"\"id\n", WEIR_E_PARSE}, {"id;cl\"ass\n", WEIR_E_PARSE},
    };
    struct weir_event_file file = {
        .source = &source, .line_bytes_max = LINE_MAX_BYTES, .received_ms = RECEIVED_MS};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        file.path = write_file(with, "a.csv", weir_slice_text(cases[i].content));
        assert_int_equal(weir_event_reader_open(&with->scope, &file, &reader), cases[i].err);
        weir_scope_recover(&with->scope);
        assert_int_equal(unlink(file.path), 0);
    }
    file.path = with->folder;
    assert_int_equal(weir_event_reader_open(&with->scope, &file, &reader), WEIR_E_IO);
    weir_scope_recover(&with->scope);
    file.path = path_of(with, "absent.csv");
    assert_int_equal(weir_event_reader_open(&with->scope, &file, &reader), WEIR_E_NOT_FOUND);
    weir_scope_recover(&with->scope);
}

/* --- into a ledger ---------------------------------------------------------------------------- */

static struct weir_config config_of(struct weir_config_gauge *gauge, uint32_t batch)
{
    return (struct weir_config){
        .gauges = gauge,
        .gauge_count = 1,
        .limits = {.batch_events_max = batch,
                   .line_bytes_max = LINE_MAX_BYTES,
                   .event_ahead_max_ms = WEIR_EVENT_SKEW_MS},
    };
}

static struct weir_import_summary
import_file(struct with_measuring *with, const struct weir_config *config, const char *path)
{
    struct weir_import *import = NULL;
    const struct weir_import_options options = {.config = config, .source = &source};
    with_measuring_expect(with, weir_import_new(&with->scope, with->store, &options, &import));
    with_measuring_expect(with, weir_import_file(import, &with->scope, path));
    with_measuring_expect(with, weir_import_publish(import, &with->scope));
    struct weir_import_summary summary = *weir_import_summary(import);
    struct weir_import_gauge *gauges = weir_take(&with->scope, 1, sizeof(*gauges));
    assert_int_equal(summary.gauge_count, 1);
    *gauges = summary.gauges[0];
    summary.gauges = gauges;
    weir_import_free(import);
    return summary;
}

static void an_import_counts_each_event_once_in_every_batch_size(void **state)
{
    struct with_measuring *with = *state;
    with_measuring_counted(with);
    struct weir_config_gauge gauge = {.definition = with->gauge};
    struct weir_buffer text = {.capacity_max = 0};
    with_measuring_expect(with, weir_buffer_text(&with->scope, &text, HEADER));
    for (unsigned i = 0; i < 50; i++)
        with_measuring_expect(
            with, weir_buffer_printf(&with->scope, &text, "%u;Air;2026-01-02;2026-01-03;%s\n%s", i,
                                     i % 2 == 0 ? "2026-01-03" : "", i % 10 == 9 ? "bad\n" : ""));
    const char *path = write_file(with, "a.csv", weir_buffer_slice(&text));
    const uint32_t batches[] = {7, 1, 1000};
    for (size_t i = 0; i < sizeof(batches) / sizeof(batches[0]); i++) {
        struct weir_config config = config_of(&gauge, batches[i]);
        struct weir_import_summary summary = import_file(with, &config, path);
        assert_int_equal(summary.records, 55);
        assert_int_equal(summary.refused, 5);
        assert_int_equal(summary.events, 75);
        assert_int_equal(summary.unused, 0);
        assert_int_equal(summary.gauges[0].counts.added, i == 0 ? 75 : 0);
        assert_int_equal(summary.gauges[0].counts.known, i == 0 ? 0 : 75);
        assert_int_equal(summary.published.closes, i == 0 ? 1 : 0);
    }
    struct weir_refused_row *refused = NULL;
    size_t count = 0;
    with_measuring_expect(with,
                          weir_refused_list(with->store, &with->scope, 100, &refused, &count));
    assert_int_equal(count, 5);
    assert_true(weir_slice_equals_text(refused[0].bytes, "bad"));
    assert_non_null(strstr(refused[0].origin, "erp "));
    assert_non_null(strstr(refused[0].reason, "columns"));
    assert_int_equal(unlink(path), 0);
}

static void events_that_feed_nothing_are_counted_as_such(void **state)
{
    struct with_measuring *with = *state;
    with_measuring_fed(with);
    struct weir_config_gauge gauge = {.definition = with->gauge};
    struct weir_config config = config_of(&gauge, 10);
    const char *path = write_file(
        with, "a.csv", weir_slice_text(HEADER "1;Air;2026-01-02;2026-02-01;2026-02-01\n"));
    struct weir_import_summary summary = import_file(with, &config, path);
    assert_int_equal(summary.events, 2);
    assert_int_equal(summary.unused, 2);
    assert_int_equal(summary.gauges[0].counts.added, 0);
    assert_int_equal(unlink(path), 0);
}

static void an_import_under_way_is_seen(void **state)
{
    struct with_measuring *with = *state;
    struct weir_config config = {.node = {.data_dir = with->folder}};
    assert_false(weir_import_is_under_way(&config));
    int first = weir_import_lock(&config);
    int second = weir_import_lock(&config);
    assert_true(first >= 0 && second >= 0);
    assert_true(weir_import_is_under_way(&config));
    assert_int_equal(close(first), 0);
    assert_true(weir_import_is_under_way(&config));
    assert_int_equal(close(second), 0);
    assert_false(weir_import_is_under_way(&config));
    assert_int_equal(unlink(path_of(with, "import.lock")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_measuring(a_line_makes_one_event_per_row_that_applies),
        with_measuring(a_line_is_refused_as_a_whole),
        with_measuring(records_are_read_the_same_wherever_the_bytes_are_cut),
        with_measuring(lines_are_counted_through_quotes_and_empty_lines),
        with_measuring(a_record_may_be_as_long_as_its_limit),
        with_measuring(a_long_line_of_json_is_skipped_and_one_without_end_ends_the_file),
        with_measuring(files_that_are_none_are_refused),
        with_measuring(an_import_counts_each_event_once_in_every_batch_size),
        with_measuring(events_that_feed_nothing_are_counted_as_such),
        with_measuring(an_import_under_way_is_seen),
    };
    return cmocka_run_group_tests_name("import", tests, NULL, NULL);
}
