/* Goal: a key set has one byte form, every listed key has proved that it knows the set, and a set
 * follows exactly one other.
 * Method: a set built by hand byte for byte, every byte of set and proofs changed, each rule
 * broken, and a possession digest of an independent client. */
#include "attest/keyset.h"

#include "tests/unit/with_evm.h"

#define KEYS 4

/* A node with all its secrets. */
struct node {
    uint8_t identity[WEIR_ED25519_SECRET_BYTES];
    uint8_t secrets[3][WEIR_ED25519_SECRET_BYTES]; /* statement, log, cosign */
    uint8_t report[WEIR_SECP_SECRET_BYTES];
    struct weir_secp *secp;
    struct weir_keyset set;
    struct weir_buffer bytes;
    uint8_t proofs[WEIR_KEYSET_PROOF_BYTES * (1 + KEYS)];
};

static struct node node;

static void make_secret(uint8_t byte, uint8_t secret[static WEIR_ED25519_SECRET_BYTES])
{
    uint8_t seed[32];
    memset(seed, byte, sizeof(seed));
    weir_ed25519_from_seed(seed, secret);
}

/* Proofs of the identity and the keys over node.bytes. */
static void prove(void)
{
    struct weir_slice bytes = weir_buffer_slice(&node.bytes);
    struct weir_ed25519_signature identity = weir_ed25519_sign(node.identity, bytes);
    memcpy(node.proofs, identity.bytes, 64);
    uint8_t message[WEIR_POSSESSION_BYTES];
    weir_possession_message(bytes, message);
    for (size_t i = 0; i < 3; i++) {
        struct weir_ed25519_signature proof =
            weir_ed25519_sign(node.secrets[i], (struct weir_slice){message, sizeof(message)});
        memcpy(node.proofs + 64 * (1 + i), proof.bytes, 64);
    }
    struct weir_hash digest = weir_possession_digest(&node.set.node, bytes);
    struct weir_signature proof;
    evm_ok(weir_secp_sign(node.secp, &evm.scope, node.report, &digest, &proof));
    memcpy(node.proofs + (size_t)64 * KEYS, proof.bytes, 64);
}

static struct weir_slice proofs(void)
{
    return (struct weir_slice){node.proofs, sizeof(node.proofs)};
}

static int setup(void **state)
{
    if (evm_setup(state) != 0)
        return -1;
    memset(&node, 0, sizeof(node));
    const uint8_t random[32] = {0};
    node.secp = weir_secp_new(random);
    make_secret(0x10, node.identity);
    memset(node.report, 0x46, sizeof(node.report));
    node.set.node = weir_ed25519_public(node.identity);
    node.set.not_before_ms = 1767225600000;
    node.set.key_count = KEYS;
    for (uint8_t i = 0; i < 3; i++) {
        make_secret((uint8_t)(0x20 + i), node.secrets[i]);
        struct weir_ed25519_key key = weir_ed25519_public(node.secrets[i]);
        node.set.keys[i] = (struct weir_key){(uint8_t)(i + 1), WEIR_KEYSET_ED25519, 32, {0}};
        memcpy(node.set.keys[i].bytes, key.bytes, 32);
    }
    struct weir_secp_key report;
    evm_ok(weir_secp_key_of(node.secp, &evm.scope, node.report, &report));
    node.set.keys[3] = (struct weir_key){WEIR_PURPOSE_REPORT, WEIR_KEYSET_SECP256K1, 33, {0}};
    memcpy(node.set.keys[3].bytes, report.bytes, 33);
    evm_ok(weir_keyset_write(&evm.scope, &node.set, &node.bytes));
    prove();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    weir_secp_free(node.secp);
    return 0;
}

static void a_set_has_the_bytes_of_the_protocol(void **state)
{
    (void)state;
    struct weir_buffer expected = {.capacity_max = 0};
    evm_ok(weir_buffer_text(&evm.scope, &expected, "weir/keys/v1\n"));
    evm_ok(weir_buffer_put(&evm.scope, &expected, node.set.node.bytes, 32));
    evm_ok(weir_buffer_u64(&evm.scope, &expected, 0));
    const uint8_t zeros[32] = {0};
    evm_ok(weir_buffer_put(&evm.scope, &expected, zeros, 32));
    evm_ok(weir_buffer_u64(&evm.scope, &expected, 1767225600000));
    evm_ok(weir_buffer_u8(&evm.scope, &expected, KEYS));
    for (uint8_t i = 0; i < KEYS; i++) {
        evm_ok(weir_buffer_u8(&evm.scope, &expected, (uint8_t)(i + 1)));
        evm_ok(weir_buffer_u8(&evm.scope, &expected, i < 3 ? 1 : 2));
        evm_ok(weir_buffer_u8(&evm.scope, &expected, i < 3 ? 32 : 33));
        evm_ok(weir_buffer_put(&evm.scope, &expected, node.set.keys[i].bytes, i < 3 ? 32 : 33));
    }
    assert_true(weir_slice_equal(weir_buffer_slice(&node.bytes), weir_buffer_slice(&expected)));
}

static void a_proved_set_verifies_and_answers_for_its_keys(void **state)
{
    (void)state;
    struct weir_keyset read;
    evm_ok(weir_keyset_verify(&evm.scope, weir_buffer_slice(&node.bytes), proofs(), &read));
    assert_int_equal(read.key_count, KEYS);
    struct weir_ed25519_key log = weir_ed25519_public(node.secrets[1]);
    assert_true(weir_keyset_has(&read, WEIR_PURPOSE_LOG, &log));
    assert_false(weir_keyset_has(&read, WEIR_PURPOSE_COSIGN, &log));
    assert_null(weir_keyset_find(&read, WEIR_PURPOSE_LOG, 1));
    struct weir_address address;
    evm_ok(weir_address_parse(
        &evm.scope, weir_slice_text("0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F"), &address));
    assert_true(weir_keyset_has_report(&read, &address));
    address.bytes[0] ^= 1;
    assert_false(weir_keyset_has_report(&read, &address));
}

static void any_changed_byte_of_set_or_proofs_is_refused(void **state)
{
    (void)state;
    struct weir_keyset read;
    for (size_t i = 0; i < node.bytes.length; i++) {
        node.bytes.data[i] ^= 1;
        assert_int_not_equal(
            weir_keyset_verify(&evm.scope, weir_buffer_slice(&node.bytes), proofs(), &read),
            WEIR_OK);
        weir_scope_recover(&evm.scope);
        node.bytes.data[i] ^= 1;
    }
    for (size_t i = 0; i < sizeof(node.proofs); i++) {
        node.proofs[i] ^= 1;
        evm_refused(weir_keyset_verify(&evm.scope, weir_buffer_slice(&node.bytes), proofs(), &read),
                    WEIR_E_SIGNATURE);
        node.proofs[i] ^= 1;
    }
    struct weir_slice bytes = weir_buffer_slice(&node.bytes);
    for (; bytes.length > 0; bytes.length--)
        evm_refused(
            weir_keyset_read(&evm.scope, (struct weir_slice){bytes.data, bytes.length - 1}, &read),
            WEIR_E_PARSE);
    evm_refused(weir_keyset_verify(&evm.scope, weir_buffer_slice(&node.bytes),
                                   (struct weir_slice){node.proofs, 64}, &read),
                WEIR_E_PARSE);
}

static void refuse_set(const struct weir_keyset *set)
{
    struct weir_buffer buffer = {.capacity_max = 0};
    evm_refused(weir_keyset_write(&evm.scope, set, &buffer), WEIR_E_PARSE);
}

static void each_rule_about_a_set_is_enforced(void **state)
{
    (void)state;
    struct weir_keyset set = node.set;
    set.sequence = 1;
    refuse_set(&set); /* without the hash of a set before */
    set = node.set;
    set.previous.bytes[0] = 1;
    refuse_set(&set);
    set = node.set;
    set.keys[1] = set.keys[0];
    refuse_set(&set); /* twice */
    set.keys[1].purpose = WEIR_PURPOSE_LOG;
    refuse_set(&set); /* one key for two purposes */
    set = node.set;
    memcpy(set.keys[0].bytes, set.node.bytes, 32);
    refuse_set(&set); /* the identity */
    set = node.set;
    set.keys[0].purpose = 9;
    refuse_set(&set);
    set = node.set;
    set.keys[0].type = WEIR_KEYSET_SECP256K1;
    refuse_set(&set);
    set = node.set;
    set.keys[0] = node.set.keys[1];
    set.keys[1] = node.set.keys[0];
    refuse_set(&set); /* not ascending */
    weir_keyset_sort(&set);
    struct weir_buffer buffer = {.capacity_max = 0};
    evm_ok(weir_keyset_write(&evm.scope, &set, &buffer));
    assert_true(weir_slice_equal(weir_buffer_slice(&buffer), weir_buffer_slice(&node.bytes)));
}

static void a_set_follows_exactly_the_one_before(void **state)
{
    (void)state;
    struct weir_slice previous = weir_buffer_slice(&node.bytes);
    struct weir_keyset next = node.set;
    next.sequence = 1;
    next.previous = weir_sha256_of(previous.data, previous.length);
    evm_ok(weir_keyset_check_rotation(&evm.scope, previous, &next));
    next.sequence = 2;
    evm_refused(weir_keyset_check_rotation(&evm.scope, previous, &next), WEIR_E_CONFLICT);
    next.sequence = 1;
    next.previous.bytes[0] ^= 1;
    evm_refused(weir_keyset_check_rotation(&evm.scope, previous, &next), WEIR_E_CONFLICT);
    next.previous.bytes[0] ^= 1;
    next.not_before_ms--;
    evm_refused(weir_keyset_check_rotation(&evm.scope, previous, &next), WEIR_E_CONFLICT);
    next.not_before_ms++;
    next.node.bytes[0] ^= 1;
    evm_refused(weir_keyset_check_rotation(&evm.scope, previous, &next), WEIR_E_CONFLICT);
}

static void the_digest_of_a_report_key_is_that_of_another_client(void **state)
{
    (void)state;
    /* the client hashed KeySet(0x66.., sha256 of "weir/keys/v1\n" alone) */
    struct weir_ed25519_key identity;
    memset(identity.bytes, 0x66, sizeof(identity.bytes));
    struct weir_hash digest = weir_possession_digest(&identity, weir_slice_text("weir/keys/v1\n"));
    evm_same((struct weir_slice){digest.bytes, 32},
             "3561049408f3f9b4fd316e36b5ffe05037ece8e80663d5eacf159f5223b2fdb2");
}

int main(void)
{
#define node_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
    const struct CMUnitTest tests[] = {
        node_test(a_set_has_the_bytes_of_the_protocol),
        node_test(a_proved_set_verifies_and_answers_for_its_keys),
        node_test(any_changed_byte_of_set_or_proofs_is_refused),
        node_test(each_rule_about_a_set_is_enforced),
        node_test(a_set_follows_exactly_the_one_before),
        node_test(the_digest_of_a_report_key_is_that_of_another_client),
    };
    return evm_finish(cmocka_run_group_tests_name("keyset", tests, NULL, NULL));
}
