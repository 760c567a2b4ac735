/* Goal: a definition has exactly one text, and no other text is accepted.
 * Method: print and parse of every kind; each line left out, doubled, moved or replaced; every byte
 * changed: what is still accepted must print back to the same bytes. */
#include "metrics/gauge.h"

#include <string.h>

#include "metrics/calendar.h"
#include "tests/unit/metrics/with_scope.h"

#define SAMPLE_COUNT 5

static const int64_t seoul_weeks_s[] = {1766934000, 1767538800, 1768143600, 1768748400};

static struct weir_gauge sample(unsigned which)
{
    struct weir_gauge gauge;
    weir_gauge_init(&gauge, which < 3 ? WEIR_GAUGE_AVAILABILITY : WEIR_GAUGE_OTIF);
    gauge.name = "payments-api";
    gauge.target = (struct weir_ratio){999, 1000};
    gauge.windows.calendar = WEIR_CALENDAR_MONTH;
    gauge.availability.hold_ms = which < 3 ? 70000 : 0;
    if (which == 0 || which == 1) {
        struct weir_probe *probe = &gauge.availability.probe;
        probe->url = "https://pay.example/health?deep=1";
        probe->interval_ms = 30000;
        probe->timeout_ms = 10000;
    }
    if (which == 0) {
        gauge.windows = (struct weir_windows){WEIR_CALENDAR_FIXED, 10000, 1767607200000, NULL, 0};
        gauge.availability.maintenance_notice_ms = WEIR_DAY_MS;
        gauge.availability.maintenance_allowance_ms = 4 * WEIR_HOUR_MS;
        gauge.availability.probe.expect_body = "status: ok";
        gauge.availability.probe.expect_status[0] = (struct weir_status_range){200, 204};
        gauge.availability.probe.expect_status[1] = (struct weir_status_range){302, 302};
        gauge.availability.probe.expect_status_count = 2;
    }
    if (which == 2) {
        gauge.subject = "api-functionality";
        gauge.source = "upptime";
        gauge.availability.hold_ms = WEIR_UNLIMITED_MS;
        gauge.windows.calendar = WEIR_CALENDAR_ISO_WEEK;
        gauge.windows.boundaries_s = seoul_weeks_s;
        gauge.windows.boundary_count = 4;
        gauge.zone = "Asia/Seoul";
    }
    if (which == 4) {
        gauge.otif.unit = WEIR_UNIT_COMMITMENT;
        gauge.otif.measure = WEIR_MEASURE_FILL;
        gauge.otif.class_name = "Air Charter";
        gauge.otif.early_ms = 5 * WEIR_DAY_MS;
        gauge.otif.return_ms = 14 * WEIR_DAY_MS;
        gauge.otif.quantity_short_ppm = 20000;
        gauge.otif.kill_rule = WEIR_KILL_NONE;
        gauge.otif.kill_min_due = 0;
    }
    return gauge;
}

static struct weir_slice printed(struct weir_scope *scope, unsigned which)
{
    struct weir_gauge gauge = sample(which);
    struct weir_buffer buffer = {0};
    with_scope_expect(scope, weir_gauge_print(scope, &gauge, &buffer));
    return weir_buffer_slice(&buffer);
}

static void the_text_of_a_probed_gauge_is_this(void **state)
{
    struct weir_scope *scope = *state;
    static const char text[] = "anchor_ms 1767607200000\n"
                               "body_bytes_max 1048576\n"
                               "calendar fixed\n"
                               "expect_body status: ok\n"
                               "expect_status 200-204 302\n"
                               "format weir-gauge-1\n"
                               "hold_ms 70000\n"
                               "interval_ms 30000\n"
                               "kind availability\n"
                               "lateness_ms 600000\n"
                               "length_ms 10000\n"
                               "maintenance_allowance_ms 14400000\n"
                               "maintenance_notice_ms 86400000\n"
                               "method GET\n"
                               "name payments-api\n"
                               "redirects_max 0\n"
                               "target 999/1000\n"
                               "timeout_ms 10000\n"
                               "url https://pay.example/health?deep=1\n"
                               "zone UTC\n";
    assert_true(weir_slice_equals_text(printed(scope, 0), text));
}

static void every_kind_reads_back(void **state)
{
    struct weir_scope *scope = *state;
    for (unsigned which = 0; which < SAMPLE_COUNT; which++) {
        struct weir_slice text = printed(scope, which);
        struct weir_gauge gauge;
        struct weir_buffer again = {0};
        struct weir_hash hash;
        struct weir_hash wanted = weir_sha256_of(text.data, text.length);
        with_scope_expect(scope, weir_gauge_parse(scope, text, &gauge));
        with_scope_expect(scope, weir_gauge_print(scope, &gauge, &again));
        assert_true(weir_slice_equal(weir_buffer_slice(&again), text));
        with_scope_expect(scope, weir_gauge_hash(scope, &gauge, &hash));
        assert_true(weir_hash_equal(&hash, &wanted));
        assert_int_equal(weir_gauge_is_scheduled(&gauge), which < 2);
    }
}

/* Accepted means: it prints back to the same bytes. */
static bool is_refused(struct weir_scope *scope, struct weir_slice text)
{
    struct weir_gauge gauge;
    struct weir_buffer again = {0};
    bool is_accepted = weir_gauge_parse(scope, text, &gauge) == WEIR_OK;
    weir_scope_recover(scope);
    if (!is_accepted)
        return true;
    with_scope_expect(scope, weir_gauge_print(scope, &gauge, &again));
    assert_true(weir_slice_equal(weir_buffer_slice(&again), text));
    return false;
}

static void no_changed_byte_is_read_as_the_same_definition(void **state)
{
    struct weir_scope *scope = *state;
    for (unsigned which = 0; which < SAMPLE_COUNT; which++) {
        uint8_t bytes[2048];
        struct weir_slice text = printed(scope, which);
        assert_true(text.length < sizeof(bytes));
        memcpy(bytes, text.data, text.length);
        for (size_t at = 0; at < text.length; at++) {
            for (unsigned bit = 0; bit < 8; bit++) {
                bytes[at] ^= (uint8_t)(1U << bit);
                (void)is_refused(scope, (struct weir_slice){bytes, text.length});
                bytes[at] ^= (uint8_t)(1U << bit);
            }
        }
        for (size_t length = 0; length < text.length; length++)
            assert_true(is_refused(scope, (struct weir_slice){bytes, length}));
        weir_arena_clear(scope->arena);
    }
}

/* Cuts line `number` out, or puts it in twice. */
static struct weir_slice
with_line(struct weir_scope *scope, struct weir_slice text, unsigned number, unsigned copies)
{
    struct weir_buffer buffer = {0};
    struct weir_slice line;
    for (unsigned i = 0; weir_slice_line(&text, &line); i++) {
        for (unsigned k = 0; k < (i == number ? copies : 1); k++) {
            with_scope_expect(scope, weir_buffer_put(scope, &buffer, line.data, line.length));
            with_scope_expect(scope, weir_buffer_text(scope, &buffer, "\n"));
        }
    }
    return weir_buffer_slice(&buffer);
}

static bool is_optional(struct weir_slice text, unsigned number)
{
    static const char *const optional[] = {"expect_body", "source", "class"};
    struct weir_slice line;
    for (unsigned i = 0; i <= number; i++)
        assert_true(weir_slice_line(&text, &line));
    for (size_t i = 0; i < 3; i++)
        if (memcmp(line.data, optional[i], strlen(optional[i])) == 0)
            return true;
    return false;
}

static void a_line_too_few_or_too_many_is_refused(void **state)
{
    struct weir_scope *scope = *state;
    for (unsigned which = 0; which < SAMPLE_COUNT; which++) {
        struct weir_slice text = printed(scope, which);
        unsigned lines = 0;
        for (size_t i = 0; i < text.length; i++)
            lines += text.data[i] == '\n';
        for (unsigned i = 0; i < lines; i++) {
            assert_true(is_refused(scope, with_line(scope, text, i, 2)));
            assert_int_equal(is_refused(scope, with_line(scope, text, i, 0)),
                             !is_optional(text, i));
        }
    }
}

/* One line is replaced by another of the same key; the error names the reason. */
static void expect_fault(struct weir_scope *scope,
                         unsigned which,
                         const char *old_line,
                         const char *new_line,
                         const char *fault)
{
    struct weir_slice text = printed(scope, which);
    struct weir_buffer buffer = {0};
    struct weir_slice line;
    struct weir_gauge gauge;
    bool is_replaced = false;
    while (weir_slice_line(&text, &line)) {
        bool is_line = weir_slice_equals_text(line, old_line);
        is_replaced |= is_line;
        struct weir_slice shown = is_line ? weir_slice_text(new_line) : line;
        with_scope_expect(scope, weir_buffer_put(scope, &buffer, shown.data, shown.length));
        with_scope_expect(scope, weir_buffer_text(scope, &buffer, "\n"));
    }
    assert_true(is_replaced);
    enum weir_err err = weir_gauge_parse(scope, weir_buffer_slice(&buffer), &gauge);
    if (err == WEIR_OK || strstr(scope->fault, fault) == NULL)
        fail_msg("'%s': wanted '%s', got '%s'", new_line, fault, scope->fault);
    weir_scope_recover(scope);
}

static void bad_values_are_refused_with_the_reason(void **state)
{
    struct weir_scope *scope = *state;
    static const struct {
        unsigned which;
        const char *old_line;
        const char *new_line;
        const char *fault;
    } rows[] = {
        {0, "target 999/1000", "target 1001/1000", "at most 1"},
        {0, "target 999/1000", "target 0.999", "95/100"},
        {0, "target 999/1000", "target 999/01000", "target"},
        {0, "interval_ms 30000", "interval_ms 5x", "interval_ms"},
        {0, "interval_ms 30000", "interval_ms 1e999", "interval_ms"},
        {0, "interval_ms 30000", "interval_ms NaN", "interval_ms"},
        {0, "interval_ms 30000", "interval_ms -1", "interval_ms"},
        {0, "interval_ms 30000", "interval_ms 0", "interval_ms"},
        {0, "interval_ms 30000", "interval_ms none", "interval_ms"},
        {0, "timeout_ms 10000", "timeout_ms 30001", "timeout_ms"},
        {0, "hold_ms 70000", "hold_ms none", "without end"},
        {0, "hold_ms 70000", "hold_ms 0", "hold_ms"},
        {0, "length_ms 10000", "length_ms 999", "length_ms"},
        {0, "kind availability", "kind uptime", "not one of the words"},
        {0, "format weir-gauge-1", "format weir-gauge-2", "format"},
        {0, "method GET", "method POST", "GET or HEAD"},
        {0, "method GET", "method HEAD", "method GET"},
        {0, "name payments-api", "name Payments", "name"},
        {0, "name payments-api", "name -api", "name"},
        {0, "url https://pay.example/health?deep=1", "url ftp://pay.example/", "url"},
        {0, "url https://pay.example/health?deep=1", "url https://", "url"},
        {0, "expect_status 200-204 302", "expect_status 302 200", "ascending"},
        {0, "expect_status 200-204 302", "expect_status 200-204 204", "ascending"},
        {0, "expect_status 200-204 302", "expect_status 200-200", "canonical"},
        {0, "expect_status 200-204 302", "expect_status 600", "expect_status"},
        {0, "expect_status 200-204 302", "expect_status 99", "100 to 599"},
        {0, "redirects_max 0", "redirects_max 11", "redirects_max"},
        {0, "zone UTC", "zone Asia/Seoul", "frozen boundaries"},
        {0, "zone UTC", "zoom UTC", "unknown key"},
        {0, "calendar fixed", "calendar month", "anchor_ms"},
        {0, "expect_body status: ok", "expect_body  status", "space"},
        {2, "boundaries_s 1766934000 1767538800 1768143600 1768748400",
         "boundaries_s 1766934000 1767538800 1768748400", "not the edges"},
        {2, "zone Asia/Seoul", "zone UTC", "UTC has no frozen boundaries"},
        {2, "zone Asia/Seoul", "url http://a.example/", "missing"},
        {3, "kill_rule a", "kill_rule none", "kill_min_due"},
        {3, "kill_rule a", "kill_rule c", "not one of the words"},
        {3, "minimum 20", "minimum 9223372036854775808", "minimum"},
        {4, "class Air Charter", "class _all", "class"},
        {4, "quantity_short_ppm 20000", "quantity_short_ppm 1000000", "999999"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect_fault(scope, rows[i].which, rows[i].old_line, rows[i].new_line, rows[i].fault);
}

static void an_impossible_gauge_is_not_printed(void **state)
{
    struct weir_scope *scope = *state;
    struct weir_gauge gauge = sample(3);
    struct weir_buffer buffer = {0};
    gauge.name = NULL;
    with_scope_expect_error(scope, weir_gauge_print(scope, &gauge, &buffer), WEIR_E_RANGE, "name");
    gauge = sample(1);
    gauge.minimum = 20;
    with_scope_expect_error(scope, weir_gauge_print(scope, &gauge, &buffer), WEIR_E_RANGE,
                            "minimum");
    gauge = sample(1);
    gauge.source = "erp";
    with_scope_expect_error(scope, weir_gauge_print(scope, &gauge, &buffer), WEIR_E_RANGE,
                            "takes no events");
    gauge.kind = (enum weir_gauge_kind)7;
    gauge.source = NULL;
    with_scope_expect_error(scope, weir_gauge_print(scope, &gauge, &buffer), WEIR_E_RANGE, "kind");
    assert_int_equal(buffer.length, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scope(the_text_of_a_probed_gauge_is_this),
        with_scope(every_kind_reads_back),
        with_scope(no_changed_byte_is_read_as_the_same_definition),
        with_scope(a_line_too_few_or_too_many_is_refused),
        with_scope(bad_values_are_refused_with_the_reason),
        with_scope(an_impossible_gauge_is_not_printed),
    };
    return cmocka_run_group_tests_name("gauge", tests, NULL, NULL);
}
