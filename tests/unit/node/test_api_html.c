/* Goal: nothing from outside becomes markup, and no number is rounded in anybody's favour.
 * Method: texts of all bytes, tables of ratios, durations and times. */
#include "node/html_out.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/text.h"

static struct weir_scope scope;
static struct weir_html html;

static int setup(void **state)
{
    (void)state;
    scope = (struct weir_scope){.arena = weir_arena_new(1 << 20)};
    weir_html_begin(&html, &scope, 1 << 16);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    weir_arena_free(scope.arena);
    return 0;
}

/* What was written since the last call. */
static const char *written(void)
{
    struct weir_slice text = {NULL, 0};
    assert_int_equal(weir_html_end(&html, &text), WEIR_OK);
    const char *copy = weir_take_text(&scope, text.data, text.length);
    assert_non_null(copy);
    weir_html_begin(&html, &scope, 1 << 16);
    return copy;
}

static void texts_are_escaped(void **state)
{
    (void)state;
    weir_html_text(&html, "<a href=\"x\" onclick='y'>&amp; ü …</a>");
    assert_string_equal(written(), "&lt;a href=&quot;x&quot; onclick=&#39;y&#39;&gt;&amp;amp; ü "
                                   "…&lt;/a&gt;");
    weir_html_text(&html, NULL);
    weir_html_text(&html, "");
    assert_string_equal(written(), "");
    weir_html_text(&html, "a\xff\xc3(b\ncut \xe2\x82");
    assert_string_equal(written(), "a\xef\xbf\xbd\xef\xbf\xbd(b cut \xef\xbf\xbd\xef\xbf\xbd");
}

static void every_byte_gives_text_without_markup(void **state)
{
    (void)state;
    for (unsigned a = 1; a < 256; a++) {
        char text[4] = {(char)a, '<', (char)(256 - a), '\0'};
        weir_html_text(&html, text);
        const char *out = written();
        assert_null(strpbrk(out, "<>\"'"));
        assert_true(weir_utf8_is_valid(weir_slice_text(out)));
    }
}

static void percents_are_rounded_down(void **state)
{
    (void)state;
    static const struct {
        struct weir_ratio ratio;
        const char *text;
    } table[] = {
        {{0, 0}, "–"},
        {{0, 1}, "0.0000 %"},
        {{1, 1}, "100.0000 %"},
        {{999999999, 1000000000}, "99.9999 %"},
        {{2, 3}, "66.6666 %"},
        {{UINT64_MAX - 1, UINT64_MAX}, "99.9999 %"},
        {{UINT64_MAX, UINT64_MAX}, "100.0000 %"},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        weir_html_percent(&html, table[i].ratio);
        assert_string_equal(written(), table[i].text);
    }
}

static void durations_name_their_unit(void **state)
{
    (void)state;
    static const struct {
        uint64_t ms;
        const char *text;
    } table[] = {
        {0, "0 s"},          {999, "0.9 s"},     {1000, "1 s"},
        {119999, "119.9 s"}, {120000, "2 min"},  {2592000, "43.2 min"},
        {7200000, "2 h"},    {172800000, "2 d"}, {UINT64_C(31536000000), "365 d"},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        weir_html_duration(&html, table[i].ms);
        assert_string_equal(written(), table[i].text);
    }
}

static void times_outside_the_calendar_are_a_dash(void **state)
{
    (void)state;
    weir_html_time(&html, 0);
    assert_string_equal(written(),
                        "<time datetime=\"1970-01-01T00:00:00Z\">1970-01-01T00:00:00Z</time>");
    weir_html_age(&html, 1);
    assert_string_equal(written(), "<time datetime=\"1970-01-01T00:00:00.001Z\" data-age=\"1\">"
                                   "1970-01-01T00:00:00.001Z</time>");
    weir_html_time(&html, INT64_MAX);
    weir_html_age(&html, INT64_MIN);
    assert_string_equal(written(), "––");
}

static void long_names_are_shortened_and_kept_in_the_title(void **state)
{
    (void)state;
    weir_html_short(&html, "0x1234");
    assert_string_equal(written(), "<code>0x1234</code>");
    weir_html_short(&html, "0x123456789012345678901234");
    assert_string_equal(written(), "<code title=\"0x123456789012345678901234\">0x12345678…901234"
                                   "</code>");
}

static void a_page_that_grows_too_large_is_an_error(void **state)
{
    (void)state;
    struct weir_slice text;
    weir_html_begin(&html, &scope, 64);
    for (int i = 0; i < 100; i++)
        weir_html_put(&html, "<p>%d</p>", i);
    assert_int_equal(weir_html_end(&html, &text), WEIR_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(texts_are_escaped, setup, teardown),
        cmocka_unit_test_setup_teardown(every_byte_gives_text_without_markup, setup, teardown),
        cmocka_unit_test_setup_teardown(percents_are_rounded_down, setup, teardown),
        cmocka_unit_test_setup_teardown(durations_name_their_unit, setup, teardown),
        cmocka_unit_test_setup_teardown(times_outside_the_calendar_are_a_dash, setup, teardown),
        cmocka_unit_test_setup_teardown(long_names_are_shortened_and_kept_in_the_title, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_page_that_grows_too_large_is_an_error, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
