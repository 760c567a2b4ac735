/* Goal: our signed bytes and answers are those of a Nautilus enclave.
 * Method: the golden messages of its examples, one signature of a real enclave, and the answer text
 * of its server. */
#include "attest/nautilus.h"

#include "attest/bcs.h"
#include "tests/unit/with_evm.h"

static void
check_message(uint8_t intent, uint64_t time_ms, struct weir_slice payload, const char *hex)
{
    struct weir_buffer message = {.capacity_max = 0};
    evm_ok(weir_nautilus_write(&evm.scope, intent, time_ms, payload, &message));
    evm_same(weir_buffer_slice(&message), hex);
    uint8_t intent_read;
    uint64_t time_read;
    struct weir_slice payload_read;
    evm_ok(weir_nautilus_read(&evm.scope, weir_buffer_slice(&message), &intent_read, &time_read,
                              &payload_read));
    assert_true(intent_read == intent && time_read == time_ms);
    assert_true(weir_slice_equal(payload, payload_read));
}

static void messages_are_those_of_the_examples(void **state)
{
    (void)state;
    struct weir_buffer weather = {.capacity_max = 0};
    evm_ok(weir_bcs_put_text(&evm.scope, &weather, weir_slice_text("San Francisco")));
    evm_ok(weir_bcs_put_u64(&evm.scope, &weather, 13));
    check_message(0, 1744038900000, weir_buffer_slice(&weather),
                  "0020b1d110960100000d53616e204672616e636973636f0d00000000000000");

    struct weir_buffer twitter = {.capacity_max = 0};
    evm_ok(weir_bcs_put_bytes(&evm.scope, &twitter, weir_slice_text("mystenintern")));
    evm_ok(weir_bcs_put_bytes(
        &evm.scope, &twitter,
        evm_unhex("101ce8865558e08408b83f60ee9e78843d03d547c850cbe12cb599e17833dd3e")));
    check_message(0, 1743989326143, weir_buffer_slice(&twitter),
                  "003f41dd0d960100000c6d797374656e696e7465726e"
                  "20101ce8865558e08408b83f60ee9e78843d03d547c850cbe12cb599e17833dd3e");

    struct weir_buffer seal = {.capacity_max = 0};
    evm_ok(weir_bcs_put_bytes(
        &evm.scope, &seal,
        evm_unhex("b8b91c7c3afff7e75e44ce64c11455e60989697a37d16421d727e4d01607cfda")));
    check_message(1, 1767627884584, weir_buffer_slice(&seal),
                  "012808d58e9b010000"
                  "20b8b91c7c3afff7e75e44ce64c11455e60989697a37d16421d727e4d01607cfda");
}

/* What the enclave of the weather example signed. */
static const char key_hex[] = "e8e62201dbe293b703c759f653107acbc2c911fa1d2e66f2c747bec95971a2af";
static const char message_hex[] = "00a0743a37960100000d53616e204672616e636973636f0d00000000000000";
static const char signature_hex[] =
    "77b6d8be225440d00f3d6eb52e91076a8927cebfb520e58c19daf31ecf06b379"
    "8ec3d3ce9630a9eceee46d24f057794a60dd781657cb06d952269cfc5ae19500";

static void a_signature_of_a_real_enclave_verifies(void **state)
{
    (void)state;
    struct weir_ed25519_key key;
    struct weir_ed25519_signature signature;
    struct weir_slice message = evm_unhex(message_hex);
    memcpy(key.bytes, evm_unhex(key_hex).data, sizeof(key.bytes));
    memcpy(signature.bytes, evm_unhex(signature_hex).data, sizeof(signature.bytes));
    evm_ok(weir_nautilus_verify(&evm.scope, message, &key, &signature));
    signature.bytes[0] ^= 1;
    evm_refused(weir_nautilus_verify(&evm.scope, message, &key, &signature), WEIR_E_SIGNATURE);
}

static void the_answer_is_the_text_of_the_server(void **state)
{
    (void)state;
    struct weir_ed25519_signature signature;
    memcpy(signature.bytes, evm_unhex(signature_hex).data, sizeof(signature.bytes));
    struct weir_buffer answer = {.capacity_max = 0};
    evm_ok(
        weir_nautilus_print(&evm.scope, evm_unhex(message_hex),
                            weir_slice_text("{\"location\":\"San Francisco\",\"temperature\":13}"),
                            &signature, &answer));
    char *expected = weir_take_printf(
        &evm.scope,
        "{\"response\":{\"intent\":0,\"timestamp_ms\":1744683300000,\"data\":{\"location\":"
        "\"San Francisco\",\"temperature\":13}},\"signature\":\"%s\"}",
        signature_hex);
    assert_true(weir_slice_equals_text(weir_buffer_slice(&answer), expected));
}

static void a_message_without_intent_or_time_is_refused(void **state)
{
    (void)state;
    uint8_t intent;
    uint64_t time_ms;
    struct weir_slice payload;
    struct weir_slice message = evm_unhex(message_hex);
    for (size_t cut = 0; cut < 9; cut++)
        evm_refused(weir_nautilus_read(&evm.scope, (struct weir_slice){message.data, cut}, &intent,
                                       &time_ms, &payload),
                    WEIR_E_PARSE);
    evm_ok(weir_nautilus_read(&evm.scope, (struct weir_slice){message.data, 9}, &intent, &time_ms,
                              &payload));
    assert_int_equal(payload.length, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        evm_test(messages_are_those_of_the_examples),
        evm_test(a_signature_of_a_real_enclave_verifies),
        evm_test(the_answer_is_the_text_of_the_server),
        evm_test(a_message_without_intent_or_time_is_refused),
    };
    return evm_finish(cmocka_run_group_tests_name("nautilus", tests, NULL, NULL));
}
