/* Goal: each door leads to one handler with a bounded body, what changes something is behind a
 * token or a signature, and every failure becomes an HTTP error with code, message and hint.
 * Method: the table of routes and the table of errors, entry by entry. */
#include "node/api.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/arena.h"

#define BODY_MAX ((size_t)32 * 1024 * 1024)

static const enum weir_err errors[] = {
#define WEIR_ERROR(name, number, retryable, text) WEIR_E_##name,
#include "base/errors.def"
#undef WEIR_ERROR
};

static void no_two_routes_are_the_same(void **state)
{
    (void)state;
    size_t count;
    const struct weir_api_route *routes = weir_api_routes(&count);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            assert_false(strcmp(routes[i].method, routes[k].method) == 0 &&
                         strcmp(routes[i].path, routes[k].path) == 0);
    assert_string_equal(routes[count - 1].path, "/*"); /* it would hide what comes after it */
}

static void what_takes_a_body_is_bounded_and_guarded(void **state)
{
    (void)state;
    size_t count;
    const struct weir_api_route *routes = weir_api_routes(&count);
    for (size_t i = 0; i < count; i++) {
        bool is_read = strcmp(routes[i].method, "GET") == 0;
        assert_int_equal(routes[i].path[0], '/');
        assert_non_null(routes[i].handle);
        assert_true(routes[i].text[0] != '\0');
        assert_true(routes[i].body_bytes_max <= BODY_MAX);
        assert_int_equal(routes[i].body_bytes_max == 0, is_read);
        /* The witness protocol is open by design: what it takes carries a log's signature. */
        if (!is_read && strcmp(routes[i].path, "/add-checkpoint") != 0)
            assert_int_not_equal(routes[i].door, WEIR_DOOR_PUBLIC);
    }
}

static void every_error_has_an_http_status(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        unsigned status = weir_api_status_of(errors[i]);
        assert_true(status >= 400 && status <= 503);
        if (errors[i] != WEIR_OK && weir_err_retryable(errors[i]))
            assert_true(status >= 500 || errors[i] == WEIR_E_CLOCK);
    }
}

static void a_failure_becomes_code_message_and_hint(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        struct weir_scope scope = {.arena = weir_arena_new(1 << 20)};
        struct weir_api_answer answer = {.status = 0};
        if (errors[i] == WEIR_OK) {
            weir_arena_free(scope.arena);
            continue;
        }
        (void)weir_fail(&scope, errors[i], "the \"place\" <%zu>\n", i);
        weir_api_fail(&scope, &answer);
        assert_int_equal(scope.err, WEIR_OK);
        assert_int_equal(answer.status, weir_api_status_of(errors[i]));
        assert_string_equal(answer.content_type, "application/json");
        json_t *root = json_loadb((const char *)answer.body.data, answer.body.length, 0, NULL);
        json_t *error = json_object_get(root, "error");
        assert_int_equal(json_object_size(error), 3);
        assert_string_equal(json_string_value(json_object_get(error, "code")),
                            weir_err_name(errors[i]));
        assert_non_null(strstr(json_string_value(json_object_get(error, "message")), "place"));
        assert_true(json_string_length(json_object_get(error, "hint")) > 10);
        json_decref(root);
        weir_arena_free(scope.arena);
    }
}

static void a_failure_without_memory_is_still_an_answer(void **state)
{
    (void)state;
    struct weir_scope scope = {.arena = NULL};
    struct weir_api_answer answer = {.status = 0};
    (void)weir_fail(&scope, WEIR_E_MEMORY, "nothing is left");
    weir_api_fail(&scope, &answer);
    assert_int_equal(answer.status, 503);
    json_t *root = json_loadb((const char *)answer.body.data, answer.body.length, 0, NULL);
    assert_non_null(json_object_get(root, "error"));
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_two_routes_are_the_same),
        cmocka_unit_test(what_takes_a_body_is_bounded_and_guarded),
        cmocka_unit_test(every_error_has_an_http_status),
        cmocka_unit_test(a_failure_becomes_code_message_and_hint),
        cmocka_unit_test(a_failure_without_memory_is_still_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
