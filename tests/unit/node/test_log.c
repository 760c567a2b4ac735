/* Goal: one event is one line in both forms, and the JSON form is JSON whatever the fields hold.
 * Method: standard error into a file, jansson as an independent reader. */
#include "node/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

static char line[16384];

/* Calls weir_log with standard error in a file; `line` is what it wrote. */
static void log_fields(const char *fields)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    int kept = dup(STDERR_FILENO);
    assert_true(kept >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
    weir_log(WEIR_LOG_INFO, "report_signed", "%s", fields);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    assert_int_equal(close(kept), 0);
    rewind(file);
    size_t length = fread(line, 1, sizeof(line) - 1, file);
    line[length] = 0;
    assert_true(length > 0 && line[length - 1] == '\n');
    assert_ptr_equal(strchr(line, '\n'), line + length - 1);
    assert_int_equal(fclose(file), 0);
}

static void assert_json_field(const char *fields, const char *key, const char *wanted)
{
    log_fields(fields);
    json_error_t error;
    json_t *read = json_loads(line, JSON_REJECT_DUPLICATES, &error);
    if (read == NULL)
        fail_msg("%s: %s", error.text, line);
    assert_string_equal(json_string_value(json_object_get(read, "event")), "report_signed");
    assert_string_equal(json_string_value(json_object_get(read, "duty")), "settler");
    const char *value = json_string_value(json_object_get(read, key));
    assert_non_null(value);
    assert_string_equal(value, wanted);
    json_decref(read);
}

static void logfmt_is_one_line(void **state)
{
    (void)state;
    weir_log_json(false);
    log_fields("agreement=shop text=\"a\nlevel=error\" ");
    assert_non_null(strstr(line, " level=info duty=settler event=report_signed agreement=shop "
                                 "text=\"a?level=error\"\n"));
}

static void json_has_every_field(void **state)
{
    (void)state;
    weir_log_json(true);
    assert_json_field("agreement=shop window=3", "agreement", "shop");
    assert_json_field("agreement=shop window=3", "window", "3");
    assert_json_field("text=\"two words, a=b and \\ here\"", "text", "two words, a=b and \\ here");
    assert_json_field("text=\"\" window=3", "text", "");
    assert_json_field("tx=0xab\" window=3", "tx", "0xab\"");
    assert_json_field("alone", "alone", "");
    assert_json_field("", "level", "info");
    static char longest[8192];
    memset(longest, '"', sizeof(longest) - 1);
    memcpy(longest, "text=x", 6);
    log_fields(longest);
    json_t *read = json_loads(line, 0, NULL);
    assert_non_null(read);
    json_decref(read);
    weir_log_json(false);
}

int main(void)
{
    weir_log_duty("settler");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logfmt_is_one_line),
        cmocka_unit_test(json_has_every_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
