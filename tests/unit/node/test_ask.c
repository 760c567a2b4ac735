/* Goal: bodies are read strictly, statements form one chain and are made once.
 * Method: every cut of a body; a real signer asked for statements before and after a restart. */
#include "node/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "attest/ed25519.h"
#include "attest/nautilus.h"
#include "base/arena.h"
#include "base/hash.h"
#include "node/frame.h"
#include "tests/unit/node/with_signer.h"

#define NOW_MS (WITNESSES_START_MS + 1000)
#define FIELDS 8

static struct with_witnesses world;
static struct with_signer signer;

static int world_make(void **state)
{
    (void)state;
    with_witnesses_make(&world);
    with_signer_start(&signer, &world, NOW_MS);
    return 0;
}

static int world_drop(void **state)
{
    (void)state;
    assert_int_equal(with_signer_stop(&signer), 0);
    with_witnesses_drop(&world);
    return 0;
}

static void a_body_that_is_cut_or_too_long_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[64] = {0, 0, 0, 3, 'a', 'b', 'c', 7, 0, 0, 0, 0, 0, 0, 1, 0};
    for (size_t length = 0; length <= 17; length++) {
        struct weir_scope scope = {.arena = world.scope.arena};
        struct weir_body body = {.scope = &scope, .rest = {bytes, length}};
        struct weir_slice text = weir_body_slice(&body);
        uint64_t one = weir_body_uint(&body, 1);
        uint64_t eight = weir_body_uint(&body, 8);
        enum weir_err err = weir_body_end(&body);
        assert_int_equal(err, length == 16 ? WEIR_OK : WEIR_E_PARSE);
        if (length == 16) {
            assert_true(weir_slice_equals_text(text, "abc"));
            assert_int_equal(one, 7);
            assert_int_equal(eight, 256);
        }
    }
    struct weir_scope scope = {.arena = world.scope.arena};
    memset(bytes, 0xff, 4); /* a slice that claims four gigabytes */
    struct weir_body body = {.scope = &scope, .rest = {bytes, sizeof(bytes)}};
    assert_int_equal(weir_body_slice(&body).length, 0);
    assert_int_equal(weir_body_end(&body), WEIR_E_PARSE);
}

/* A finished job, told by its name. */
static void values_of(const char *job, struct weir_statement_value values[static FIELDS])
{
    static const uint8_t hash[WEIR_HASH_BYTES] = {9};
    const struct weir_statement_value made[FIELDS] = {
        {.bytes = weir_slice_text("deliveries")},
        {.bytes = {hash, sizeof(hash)}},
        {.bytes = weir_slice_text("erp")},
        {.bytes = weir_slice_text(job)},
        {.number = 12},
        {.number = 1000},
        {.number = 900},
        {.bytes = {hash, sizeof(hash)}},
    };
    memcpy(values, made, sizeof(made));
}

static struct weir_statement read_statement(const struct weir_signed_statement *made,
                                            struct weir_hash *payload_hash)
{
    struct weir_statement statement;
    struct weir_slice payload;
    struct weir_ed25519_key key;
    struct weir_ed25519_signature signature;
    uint8_t intent;
    uint64_t time_ms;
    memcpy(key.bytes, weir_keys_ed25519(world.items[0].keys, WEIR_KEY_STATEMENT),
           sizeof(key.bytes));
    memcpy(signature.bytes, made->signature, sizeof(signature.bytes));
    assert_true(weir_ed25519_verify(&key, made->message, &signature));
    with_witnesses_expect(
        &world, weir_nautilus_read(&world.scope, made->message, &intent, &time_ms, &payload));
    with_witnesses_expect(&world, weir_statement_read(&world.scope, intent, payload, &statement));
    assert_int_equal(time_ms, NOW_MS);
    *payload_hash = weir_sha256_of(payload.data, payload.length);
    return statement;
}

static enum weir_err say(const char *job, struct weir_signed_statement *made)
{
    struct weir_statement_value values[FIELDS];
    values_of(job, values);
    return weir_ask_statement(&world.scope, signer.ask[WEIR_DUTY_SETTLER],
                              WEIR_STATEMENT_WORK_COMPLETED, values, made);
}

static void statements_form_one_chain_and_are_made_once(void **state)
{
    (void)state;
    struct weir_signed_statement first;
    struct weir_signed_statement second;
    struct weir_signed_statement again;
    struct weir_hash first_hash;
    struct weir_hash second_hash;
    with_witnesses_expect(&world, say("job-1", &first));
    with_witnesses_expect(&world, say("job-2", &second));
    struct weir_statement one = read_statement(&first, &first_hash);
    struct weir_statement two = read_statement(&second, &second_hash);
    assert_int_equal(one.sequence, 0);
    assert_int_equal(two.sequence, 1);
    assert_memory_equal(&two.previous, &first_hash, sizeof(first_hash));
    assert_int_equal(with_signer_stop(&signer), 0);
    with_signer_start(&signer, &world, NOW_MS);
    with_witnesses_expect(&world, say("job-1", &again));
    assert_true(weir_slice_equal(first.message, again.message));
    assert_memory_equal(first.signature, again.signature, sizeof(first.signature));
    with_witnesses_expect(&world, say("job-3", &again));
    struct weir_hash third_hash;
    struct weir_statement three = read_statement(&again, &third_hash);
    assert_int_equal(three.sequence, 2);
    assert_memory_equal(&three.previous, &second_hash, sizeof(second_hash));
}

static void statements_outside_the_table_are_refused(void **state)
{
    (void)state;
    static const uint8_t purposes[] = {0, 3, 255};
    for (size_t i = 0; i < sizeof(purposes); i++) {
        struct weir_slice answer;
        enum weir_err err =
            weir_frame_ask(&world.scope, signer.ask[WEIR_DUTY_SETTLER], WEIR_FRAME_STATEMENT,
                           (struct weir_slice){&purposes[i], 1}, WEIR_ASK_TIMEOUT_MS, &answer);
        with_signer_refused(&signer, err, WEIR_E_DENIED, "policy purpose");
    }
    struct weir_signed_statement made;
    with_signer_refused(&signer, say("\xff\xfe", &made), WEIR_E_PARSE, "");
    char long_name[9000];
    memset(long_name, 'x', sizeof(long_name));
    long_name[sizeof(long_name) - 1] = '\0';
    with_signer_refused(&signer, say(long_name, &made), WEIR_E_LIMIT, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_that_is_cut_or_too_long_is_refused),
        cmocka_unit_test(statements_form_one_chain_and_are_made_once),
        cmocka_unit_test(statements_outside_the_table_are_refused),
    };
    return cmocka_run_group_tests_name("ask", tests, world_make, world_drop);
}
