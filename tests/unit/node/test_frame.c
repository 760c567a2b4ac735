/* Goal: a frame arrives whole or not at all, whatever the other end does, and a channel that failed
 * stays shut.
 * Method: a socketpair whose other end writes good frames, every prefix of one, and lies. */
#include "node/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"

#define LARGE_BYTES ((size_t)4 << 20)
#define WAIT_MS 5000

struct fixture {
    struct weir_scope scope;
    int ends[2];
};

static int fixture_make(void **state)
{
    static struct fixture fixture;
    fixture.scope = (struct weir_scope){.arena = weir_arena_new((size_t)64 << 20)};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fixture.ends), 0);
    *state = &fixture;
    return 0;
}

static int fixture_drop(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 2; i++)
        if (fixture->ends[i] >= 0)
            (void)close(fixture->ends[i]); /* some tests have shut them */
    weir_arena_free(fixture->scope.arena);
    return 0;
}

/* A signer for one question: answers with the body it got, or with a failure. */
static void serve(struct fixture *fixture, enum weir_err err, const char *text)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid != 0)
        return;
    uint8_t type;
    struct weir_slice body = {NULL, 0};
    struct weir_scope sending = {.arena = NULL};
    struct weir_scope outcome = {.arena = NULL};
    if (err != WEIR_OK)
        (void)weir_fail(&outcome, err, "%s", text);
    int status = weir_frame_receive(&fixture->scope, fixture->ends[1], &type, &body) != WEIR_OK;
    status += weir_frame_answer(&sending, fixture->ends[1], &outcome, body) != WEIR_OK;
    _exit(status);
}

static void served(void)
{
    int status = -1;
    assert_true(wait(&status) > 0);
    assert_int_equal(status, 0);
}

static void a_question_is_answered_whatever_its_size(void **state)
{
    struct fixture *fixture = *state;
    static const size_t sizes[] = {0, 1, 4095, LARGE_BYTES};
    uint8_t *bytes = weir_take(&fixture->scope, LARGE_BYTES, 1);
    memset(bytes, 0x5a, LARGE_BYTES);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct weir_slice answer;
        serve(fixture, WEIR_OK, NULL);
        assert_int_equal(weir_frame_ask(&fixture->scope, fixture->ends[0], WEIR_FRAME_KEYS,
                                        (struct weir_slice){bytes, sizes[i]}, WAIT_MS, &answer),
                         WEIR_OK);
        assert_true(weir_slice_equal(answer, (struct weir_slice){bytes, sizes[i]}));
        served();
    }
}

static void a_refusal_arrives_with_its_number_and_text(void **state)
{
    struct fixture *fixture = *state;
    struct weir_slice answer = {NULL, 0};
    serve(fixture, WEIR_E_POLICY, "policy max-fee: too dear");
    assert_int_equal(weir_frame_ask(&fixture->scope, fixture->ends[0], WEIR_FRAME_TX,
                                    weir_slice_text("x"), WAIT_MS, &answer),
                     WEIR_E_POLICY);
    assert_string_equal(fixture->scope.fault, "policy max-fee: too dear");
    assert_null(answer.data);
    served();
}

static void an_unknown_error_number_is_still_a_failure(void **state)
{
    struct fixture *fixture = *state;
    struct weir_slice answer;
    const uint8_t frame[] = {0, 0, 0, 2, 250, 'x'};
    assert_int_equal(send(fixture->ends[1], frame, sizeof(frame), 0), sizeof(frame));
    assert_int_equal(weir_frame_ask(&fixture->scope, fixture->ends[0], WEIR_FRAME_TX,
                                    weir_slice_text("x"), WAIT_MS, &answer),
                     WEIR_E_IO);
}

static void too_long_a_question_is_refused_before_anything_is_sent(void **state)
{
    struct fixture *fixture = *state;
    struct weir_slice answer;
    uint8_t byte = 0;
    assert_int_equal(weir_frame_ask(&fixture->scope, fixture->ends[0], WEIR_FRAME_TX,
                                    (struct weir_slice){&byte, WEIR_FRAME_BODY_MAX + 1}, WAIT_MS,
                                    &answer),
                     WEIR_E_LIMIT);
    assert_int_equal(recv(fixture->ends[1], &byte, 1, MSG_DONTWAIT), -1);
    weir_scope_recover(&fixture->scope);
    serve(fixture, WEIR_OK, NULL);
    assert_int_equal(weir_frame_ask(&fixture->scope, fixture->ends[0], WEIR_FRAME_TX,
                                    weir_slice_text("x"), WAIT_MS, &answer),
                     WEIR_OK); /* the channel is still good */
    served();
}

static void every_prefix_of_a_frame_ends_with_the_other_side(void **state)
{
    struct fixture *fixture = *state;
    const uint8_t frame[] = {0, 0, 0, 5, WEIR_FRAME_KEYS, 'b', 'o', 'd', 'y'};
    for (size_t length = 0; length < sizeof(frame); length++) {
        int ends[2];
        uint8_t type;
        struct weir_slice body;
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        assert_int_equal(send(ends[0], frame, length, 0), length);
        assert_int_equal(close(ends[0]), 0);
        assert_int_equal(weir_frame_receive(&fixture->scope, ends[1], &type, &body),
                         WEIR_E_UNREACHABLE);
        weir_scope_recover(&fixture->scope);
        assert_int_equal(close(ends[1]), 0);
    }
}

static void lengths_that_lie_are_refused_without_taking_memory(void **state)
{
    struct fixture *fixture = *state;
    static const uint8_t heads[][5] = {
        {0, 0, 0, 0, 1}, {0xff, 0xff, 0xff, 0xff, 1}, {0x01, 0x80, 0, 2, 1}};
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        uint8_t type;
        struct weir_slice body;
        size_t used = weir_arena_used(fixture->scope.arena);
        assert_int_equal(send(fixture->ends[0], heads[i], sizeof(heads[i]), 0), sizeof(heads[i]));
        assert_int_equal(weir_frame_receive(&fixture->scope, fixture->ends[1], &type, &body),
                         WEIR_E_PARSE);
        weir_scope_recover(&fixture->scope);
        assert_int_equal(weir_arena_used(fixture->scope.arena), used);
    }
}

static void a_late_answer_is_never_taken_for_that_of_the_next_question(void **state)
{
    struct fixture *fixture = *state;
    struct weir_slice answer = {NULL, 0};
    const uint8_t late[] = {0, 0, 0, 5, 0, 'l', 'a', 't', 'e'};
    assert_int_equal(weir_frame_ask(&fixture->scope, fixture->ends[0], WEIR_FRAME_TX,
                                    weir_slice_text("first"), 1, &answer),
                     WEIR_E_TIMEOUT);
    weir_scope_recover(&fixture->scope);
    assert_int_equal(send(fixture->ends[1], late, sizeof(late), MSG_NOSIGNAL), -1);
    enum weir_err err = weir_frame_ask(&fixture->scope, fixture->ends[0], WEIR_FRAME_TX,
                                       weir_slice_text("second"), WAIT_MS, &answer);
    assert_true(err == WEIR_E_IO || err == WEIR_E_UNREACHABLE);
    assert_null(answer.data);
}

static void a_dead_signer_is_noticed_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct weir_slice answer;
    assert_int_equal(close(fixture->ends[1]), 0);
    fixture->ends[1] = -1;
    enum weir_err err = weir_frame_ask(&fixture->scope, fixture->ends[0], WEIR_FRAME_TX,
                                       weir_slice_text("x"), WAIT_MS, &answer);
    assert_true(err == WEIR_E_IO || err == WEIR_E_UNREACHABLE);
}

#define with_fixture(test) cmocka_unit_test_setup_teardown(test, fixture_make, fixture_drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_fixture(a_question_is_answered_whatever_its_size),
        with_fixture(a_refusal_arrives_with_its_number_and_text),
        with_fixture(an_unknown_error_number_is_still_a_failure),
        with_fixture(too_long_a_question_is_refused_before_anything_is_sent),
        with_fixture(every_prefix_of_a_frame_ends_with_the_other_side),
        with_fixture(lengths_that_lie_are_refused_without_taking_memory),
        with_fixture(a_late_answer_is_never_taken_for_that_of_the_next_question),
        with_fixture(a_dead_signer_is_noticed_at_once),
    };
    return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
