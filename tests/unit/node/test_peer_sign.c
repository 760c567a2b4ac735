/* Goal: a request of a peer counts only for its receiver, method, path, body and moment.
 * Method: one request signed by a real signer, then everything about it changed in turn. */
#include "node/peer_sign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/text.h"
#include "node/ask.h"
#include "tests/unit/node/with_signer.h"

#define NOW_MS (WITNESSES_START_MS + 1000)

static struct with_witnesses world;
static struct with_signer signer;
static const struct weir_peer_request asked = {"POST",
                                               "/peer/v1/log",
                                               {(const uint8_t *)"body", 4}};
static const char *values[3]; /* of the headers, without their names */

static int world_make(void **state)
{
    (void)state;
    with_witnesses_make(&world);
    with_signer_start(&signer, &world, NOW_MS);
    const char *lines[3];
    with_witnesses_expect(&world, weir_peer_sign(&world.scope, signer.ask[WEIR_DUTY_SETTLER],
                                                 &world.items[1].set.set.node, &asked, lines));
    for (size_t i = 0; i < 3; i++)
        values[i] = strchr(lines[i], ' ') + 1;
    return 0;
}

static int world_drop(void **state)
{
    (void)state;
    assert_int_equal(with_signer_stop(&signer), 0);
    with_witnesses_drop(&world);
    return 0;
}

static struct weir_peer_check check(void)
{
    return (struct weir_peer_check){.sender = &world.items[0].set.set,
                                    .receiver = &world.items[1].set.set.node,
                                    .now_ms = NOW_MS};
}

static enum weir_err verify(const struct weir_peer_check *checked,
                            const struct weir_peer_request *request,
                            const char *const given[static 3])
{
    const struct weir_peer_headers headers = {given[0], given[1], given[2]};
    int64_t sent_ms = -1;
    enum weir_err err = weir_peer_verify(&world.scope, checked, request, &headers, &sent_ms);
    assert_int_equal(sent_ms, err == WEIR_OK ? NOW_MS : -1);
    weir_scope_recover(&world.scope);
    return err;
}

static void what_was_signed_is_accepted(void **state)
{
    (void)state;
    struct weir_peer_check checked = check();
    assert_int_equal(verify(&checked, &asked, values), WEIR_OK);
}

static void another_receiver_method_path_or_body_is_refused(void **state)
{
    (void)state;
    struct weir_peer_check checked = check();
    const struct weir_peer_request others[] = {
        {"GET", "/peer/v1/log", {(const uint8_t *)"body", 4}},
        {"POST", "/peer/v1/report", {(const uint8_t *)"body", 4}},
        {"POST", "/peer/v1/log/", {(const uint8_t *)"body", 4}},
        {"POST", "/peer/v1/log", {(const uint8_t *)"bodY", 4}},
        {"POST", "/peer/v1/log", {NULL, 0}},
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_int_equal(verify(&checked, &others[i], values), WEIR_E_DENIED);
    checked.receiver = &world.items[2].set.set.node;
    assert_int_equal(verify(&checked, &asked, values), WEIR_E_DENIED);
    checked = check();
    checked.sender = &world.items[2].set.set;
    assert_int_equal(verify(&checked, &asked, values), WEIR_E_SIGNATURE);
}

static void a_recorded_request_is_worth_nothing_soon(void **state)
{
    (void)state;
    static const int64_t ages[] = {-WEIR_PEER_AGE_MAX_MS, -1, 0, 1, WEIR_PEER_AGE_MAX_MS};
    for (size_t i = 0; i < sizeof(ages) / sizeof(ages[0]); i++) {
        struct weir_peer_check checked = check();
        checked.now_ms += ages[i];
        assert_int_equal(verify(&checked, &asked, values), WEIR_OK);
    }
    struct weir_peer_check checked = check();
    checked.now_ms += WEIR_PEER_AGE_MAX_MS + 1;
    assert_int_equal(verify(&checked, &asked, values), WEIR_E_CLOCK);
    checked.now_ms = NOW_MS - WEIR_PEER_AGE_MAX_MS - 1;
    assert_int_equal(verify(&checked, &asked, values), WEIR_E_CLOCK);
    checked.now_ms = 0;
    assert_int_equal(verify(&checked, &asked, values), WEIR_E_CLOCK);
}

static void missing_cut_and_bent_headers_are_refused(void **state)
{
    (void)state;
    struct weir_peer_check checked = check();
    for (size_t h = 0; h < 3; h++) {
        const char *given[3] = {values[0], values[1], values[2]};
        given[h] = NULL;
        assert_int_equal(verify(&checked, &asked, given), WEIR_E_DENIED);
    }
    for (size_t h = 1; h < 3; h++) /* the node's name only finds the keys to verify with */
        for (size_t i = 0; i < strlen(values[h]); i++) {
            const char *given[3] = {values[0], values[1], values[2]};
            char *bent = weir_take_text(&world.scope, values[h], strlen(values[h]));
            bent[i] = bent[i] == 'A' ? 'B' : 'A';
            given[h] = bent;
            assert_int_not_equal(verify(&checked, &asked, given), WEIR_OK);
            bent[i] = '\0';
            assert_int_not_equal(verify(&checked, &asked, given), WEIR_OK);
        }
}

static void a_statement_about_something_else_is_no_request(void **state)
{
    (void)state;
    static const uint8_t hash[32] = {1};
    const struct weir_statement_value job[] = {
        {.bytes = weir_slice_text("g")},
        {.bytes = {hash, 32}},
        {.bytes = weir_slice_text("s")},
        {.bytes = weir_slice_text("j")},
        {.number = 1},
        {.number = 1},
        {.number = 1},
        {.bytes = {hash, 32}},
    };
    struct weir_signed_statement made;
    with_witnesses_expect(&world, weir_ask_statement(&world.scope, signer.ask[WEIR_DUTY_SETTLER],
                                                     WEIR_STATEMENT_WORK_COMPLETED, job, &made));
    const char *given[3] = {values[0],
                            weir_take_base64(&world.scope, made.message.data, made.message.length),
                            weir_take_base64(&world.scope, made.signature, sizeof(made.signature))};
    struct weir_peer_check checked = check();
    assert_int_equal(verify(&checked, &asked, given), WEIR_E_DENIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_signed_is_accepted),
        cmocka_unit_test(another_receiver_method_path_or_body_is_refused),
        cmocka_unit_test(a_recorded_request_is_worth_nothing_soon),
        cmocka_unit_test(missing_cut_and_bent_headers_are_refused),
        cmocka_unit_test(a_statement_about_something_else_is_no_request),
    };
    return cmocka_run_group_tests_name("peer_sign", tests, world_make, world_drop);
}
