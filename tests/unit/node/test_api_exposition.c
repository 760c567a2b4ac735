/* Goal: what is exposed is what Prometheus reads, in the format it asked for; no label, no row of
 * another duty can break the text.
 * Method: tables of Accept headers and series; one text in both formats, whole. */
#include "node/exposition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static void the_format_follows_the_accept_header(void **state)
{
    (void)state;
    static const struct {
        const char *accept;
        bool is_openmetrics;
    } table[] = {
        {NULL, false},
        {"", false},
        {"*/*", false},
        {"text/plain", false},
        {"application/openmetrics-text", true},
        {"application/openmetrics-text; version=1.0.0", true},
        {"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0"
         ".75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
         true},
        {"Application/OpenMetrics-Text ; Version=1.0.0 ; Q=0.9 , text/plain;q=0.8", true},
        {"application/openmetrics-text;version=1.0.0;q=0.3,text/plain;q=0.8", false},
        {"application/openmetrics-text;version=0.0.1,text/plain;q=0.2", false},
        {"application/openmetrics-text;version=1.0.0;q=0", false},
        {"application/openmetrics-text;version=1.0.0;q=nonsense", false},
        {"application/openmetrics-textual", false},
        {"application/json", false},
        {",,;;=,", false},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        assert_int_equal(weir_exposition_wants_openmetrics(table[i].accept),
                         table[i].is_openmetrics);
}

static void only_well_formed_series_of_others_are_shown(void **state)
{
    (void)state;
    static const char *const good[] = {
        "weir_x",
        "weir_x_total",
        "weir_x{a=\"\"}",
        "weir_x{a=\"b\",c=\"d e\"}",
        "weir_x{a=\"quote \\\" backslash \\\\ line \\n\"}",
    };
    static const char *const bad[] = {
        "",
        "1x",
        "weir-x",
        "weir_x{",
        "weir_x{}",
        "weir_x{a}",
        "weir_x{a=b}",
        "weir_x{a=\"b}",
        "weir_x{a=\"b\"",
        "weir_x{a=\"b\"}x",
        "weir_x{a=\"b\",}",
        "weir_x{a=\"b\" c=\"d\"}",
        "weir_x{a=\"line\nend\"}",
        "weir_x{a=\"\\t\"}",
        "weir_x{a=\"\\",
        "weir_x 1\nweir_y",
        "weir_x{1a=\"b\"}",
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(weir_exposition_is_series(good[i]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(weir_exposition_is_series(bad[i]));
    assert_int_equal(weir_exposition_family_length("weir_x{a=\"b\"}"), 6);
    assert_int_equal(weir_exposition_family_length("weir_x"), 6);
}

static struct weir_slice write_all(struct weir_scope *scope, bool is_openmetrics, size_t bytes_max)
{
    struct weir_exposition out;
    struct weir_slice text = {NULL, 0};
    const struct weir_label labels[] = {{"gauge", "a\"b\\c\nd"}, {"class", "_all"}, {NULL, NULL}};
    weir_exposition_begin(&out, scope, is_openmetrics, bytes_max);
    weir_exposition_family(&out, "weir_api_requests_total");
    weir_exposition_raw(&out, "weir_api_requests_total", INT64_MAX);
    weir_exposition_family(&out, "weir_window_up_seconds");
    weir_exposition_ms(&out, "weir_window_up_seconds", labels, 1005);
    weir_exposition_ms(&out, "weir_window_up_seconds", NULL, -1);
    weir_exposition_family(&out, "weir_of_somebody_else");
    weir_exposition_i64(&out, "weir_of_somebody_else", NULL, INT64_MIN);
    if (weir_exposition_end(&out, &text) != WEIR_OK)
        text = (struct weir_slice){NULL, 0};
    return text;
}

static void both_formats_say_the_same(void **state)
{
    (void)state;
    struct weir_scope scope = {.arena = weir_arena_new(1 << 20)};
    static const char plain[] =
        "# HELP weir_api_requests_total Requests answered by the API.\n"
        "# TYPE weir_api_requests_total counter\n"
        "weir_api_requests_total 9223372036854775807\n"
        "# HELP weir_window_up_seconds Time up in the window.\n"
        "# TYPE weir_window_up_seconds gauge\n"
        "weir_window_up_seconds{gauge=\"a\\\"b\\\\c\\nd\",class=\"_all\"} 1.005\n"
        "weir_window_up_seconds -0.001\n"
        "# TYPE weir_of_somebody_else untyped\n"
        "weir_of_somebody_else -9223372036854775808\n";
    static const char openmetrics[] =
        "# HELP weir_api_requests Requests answered by the API.\n"
        "# TYPE weir_api_requests counter\n"
        "weir_api_requests_total 9223372036854775807\n"
        "# HELP weir_window_up_seconds Time up in the window.\n"
        "# TYPE weir_window_up_seconds gauge\n"
        "weir_window_up_seconds{gauge=\"a\\\"b\\\\c\\nd\",class=\"_all\"} 1.005\n"
        "weir_window_up_seconds -0.001\n"
        "# TYPE weir_of_somebody_else unknown\n"
        "weir_of_somebody_else -9223372036854775808\n"
        "# EOF\n";
    struct weir_slice text = write_all(&scope, false, 0);
    assert_true(weir_slice_equals_text(text, plain));
    text = write_all(&scope, true, 0);
    assert_true(weir_slice_equals_text(text, openmetrics));
    weir_arena_free(scope.arena);
}

static void a_text_that_grows_too_large_is_an_error(void **state)
{
    (void)state;
    struct weir_scope scope = {.arena = weir_arena_new(1 << 20)};
    assert_null(write_all(&scope, true, 100).data);
    assert_int_equal(scope.err, WEIR_E_LIMIT);
    weir_arena_free(scope.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_format_follows_the_accept_header),
        cmocka_unit_test(only_well_formed_series_of_others_are_shown),
        cmocka_unit_test(both_formats_say_the_same),
        cmocka_unit_test(a_text_that_grows_too_large_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
