/* Goal: what is shown is what is in effect, loads back to the same, and holds no secret.
 * Method: show the full example, load what was shown, show it again. */
#include "config/show.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/manual.h"
#include "tests/unit/config/with_config.h"

static const char *shown(struct weir_scope *scope, const char *text)
{
    struct weir_config *config = NULL;
    struct weir_shown *items = NULL;
    size_t count = 0;
    struct weir_buffer buffer = {0};
    enum weir_err err = with_loaded(scope, text, &config);
    assert_string_equal(scope->fault, "");
    assert_int_equal(err, WEIR_OK);
    assert_int_equal(weir_config_show(scope, config, &items, &count), WEIR_OK);
    assert_int_equal(weir_shown_print(scope, items, count, &buffer), WEIR_OK);
    assert_int_equal(weir_buffer_put(scope, &buffer, "", 1), WEIR_OK);
    return (const char *)buffer.data;
}

#define TOKEN "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

static void what_is_shown_loads_back_to_the_same(void **state)
{
    (void)state;
    struct weir_scope scope = with_scope();
    const char *first = shown(&scope, with_example(&scope, true));
    const char *second = shown(&scope, with_replaced(&scope, first, "9f86...", TOKEN));
    assert_string_equal(first, second);
    without_scope(&scope);
}

static void defaults_are_shown_and_secrets_are_masked(void **state)
{
    (void)state;
    struct weir_scope scope = with_scope();
    const char *text = shown(&scope, with_example(&scope, true));
    assert_null(strstr(text, "access-key"));
    assert_null(strstr(text, TOKEN));
    assert_non_null(strstr(text, "rpc_url: \"https://rpc.example.org/***\"\n"));
    assert_non_null(strstr(text, "hold: 700ms\n"));
    assert_non_null(strstr(text, "lateness: 10m\n"));
    text = with_replaced(&scope, with_example(&scope, true), "rpc.example.org/v2/access-key",
                         "user:word@rpc.example.org");
    text = shown(&scope, text);
    assert_null(strstr(text, "word"));
    assert_non_null(strstr(text, "rpc_url: \"https://***@rpc.example.org\"\n"));
    without_scope(&scope);
}

static void text_is_quoted_so_that_it_stays_text(void **state)
{
    (void)state;
    struct weir_scope scope = with_scope();
    const char *text =
        with_replaced(&scope, with_example(&scope, false), "description: the public web site",
                      "description: \"a \\\"b\\\" \\\\ #c: ~\"");
    const char *first = shown(&scope, text);
    assert_non_null(strstr(first, "description: \"a \\\"b\\\" \\\\ #c: ~\"\n"));
    assert_string_equal(first, shown(&scope, first));
    without_scope(&scope);
}

static void the_manual_names_every_section(void **state)
{
    (void)state;
    struct weir_scope scope = with_scope();
    struct weir_buffer page = {0};
    assert_int_equal(weir_config_manual_write(&scope, &page), WEIR_OK);
    assert_int_equal(weir_buffer_put(&scope, &page, "", 1), WEIR_OK);
    const char *text = (const char *)page.data;
    assert_non_null(strstr(text, "\n## node\n"));
    assert_non_null(strstr(text, "\n## sources[].csv.rows[].fields[]\n"));
    assert_non_null(strstr(text, "| `interval` | duration | `30s` |"));
    without_scope(&scope);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_shown_loads_back_to_the_same),
        cmocka_unit_test(defaults_are_shown_and_secrets_are_masked),
        cmocka_unit_test(text_is_quoted_so_that_it_stays_text),
        cmocka_unit_test(the_manual_names_every_section),
    };
    return cmocka_run_group_tests_name("show", tests, NULL, NULL);
}
