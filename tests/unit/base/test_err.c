/* Goal: a failure keeps its first cause and reads outside-in.
 * Method: chains of fail and note, and the longest texts. */
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void the_first_cause_stays(void **state)
{
    (void)state;
    struct weir_scope scope = {0};
    assert_int_equal(weir_fail(&scope, WEIR_E_PARSE, "line %d", 7), WEIR_E_PARSE);
    assert_int_equal(weir_fail(&scope, WEIR_E_IO, "later"), WEIR_E_PARSE);
    assert_string_equal(scope.fault, "line 7");
}

static void a_note_reads_outside_in(void **state)
{
    (void)state;
    struct weir_scope scope = {0};
    (void)weir_fail(&scope, WEIR_E_PARSE, "line 7");
    assert_int_equal(weir_note(&scope, "gauge '%s'", "api"), WEIR_E_PARSE);
    assert_string_equal(scope.fault, "gauge 'api': line 7");
}

static void a_text_that_is_too_long_is_cut_not_overrun(void **state)
{
    (void)state;
    struct weir_scope scope = {0};
    char text[2 * WEIR_FAULT_BYTES];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    (void)weir_fail(&scope, WEIR_E_LIMIT, "%s", text);
    (void)weir_note(&scope, "%s", text);
    assert_int_equal(strlen(scope.fault), WEIR_FAULT_BYTES - 1);
}

static void names_come_from_the_table(void **state)
{
    (void)state;
    assert_string_equal(weir_err_name(WEIR_E_NO_BREACH), "NO_BREACH");
    assert_true(weir_err_retryable(WEIR_E_NETWORK));
    assert_false(weir_err_retryable(WEIR_E_CORRUPT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_cause_stays),
        cmocka_unit_test(a_note_reads_outside_in),
        cmocka_unit_test(a_text_that_is_too_long_is_cut_not_overrun),
        cmocka_unit_test(names_come_from_the_table),
    };
    return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
