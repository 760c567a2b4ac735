/* Goal: witnesses sign exactly the messages of the protocol, and an opinion has one byte form.
 * Method: digests and ABI bytes made by an independent client, and each word of an opinion spoilt
 * in turn. */
#include "attest/opinion.h"

#include "tests/unit/with_evm.h"

static struct weir_hash repeated(uint8_t byte)
{
    struct weir_hash hash;
    memset(hash.bytes, byte, sizeof(hash.bytes));
    return hash;
}

static struct weir_domain domain(void)
{
    struct weir_domain made = {.chain_id = 31337};
    evm_ok(weir_address_parse_hex(
        &evm.scope, weir_slice_text("0x5fbdb2315678afecb367f032d93f642f64180aa3"), &made.contract));
    return made;
}

static struct weir_opinion sample(void)
{
    return (struct weir_opinion){
        .terms = repeated(0x11),
        .window = 7,
        .revision = 3,
        .phase = WEIR_PHASE_FINAL,
        .tier = 2,
        .num = 9000,
        .den = 10000,
        .inputs = repeated(0x22),
        .origin = repeated(0x33),
        .first_leaf = 40,
        .end_leaf = 81,
        .tree_size = 0x123456789a,
        .tree_root = repeated(0x44),
        .made_at_ms = 1767225600123,
    };
}

static void check(struct weir_hash digest, const char *hex)
{
    evm_same((struct weir_slice){digest.bytes, sizeof(digest.bytes)}, hex);
}

static void digests_equal_those_of_another_client(void **state)
{
    (void)state;
    const struct weir_domain here = domain();
    const struct weir_opinion opinion = sample();
    const struct weir_word mask = weir_word_or(weir_word_bit(84), weir_word_u64(6));
    const struct weir_breach breach = {repeated(0x11), 0, 5, mask, 2, repeated(0x55)};
    const struct weir_clean clean = {repeated(0x11), 0, 5, mask, repeated(0x55)};
    const struct weir_maintenance_message maintenance = {repeated(0x11), 1767225600000,
                                                         1767229200000, 9};
    check(weir_opinion_digest(&here, &opinion),
          "cc716a157d92df004f52a32f178e8e0a3a5518219503f88dc024ed8a3c890394");
    check(weir_breach_digest(&here, &breach),
          "9c116a1978b7b816c436d07ab06901da8615d215627adea7f06b972e4a0bd961");
    check(weir_clean_digest(&here, &clean),
          "1db41cfec8ee1eda2acbdf58164d3443aef85ad1a97e1ea7826827c7f8109e2d");
    check(weir_maintenance_digest(&here, &maintenance),
          "56f574561891ccbfb41625b23e91e8d8700e41bd09a4f0b383e626347a31d60b");
}

static void a_digest_is_of_one_chain_and_one_contract(void **state)
{
    (void)state;
    const struct weir_domain here = domain();
    struct weir_domain elsewhere = here;
    const struct weir_opinion opinion = sample();
    struct weir_hash digest = weir_opinion_digest(&here, &opinion);
    elsewhere.chain_id++;
    struct weir_hash other = weir_opinion_digest(&elsewhere, &opinion);
    assert_false(weir_hash_equal(&digest, &other));
    elsewhere = here;
    elsewhere.contract.bytes[19] ^= 1;
    other = weir_opinion_digest(&elsewhere, &opinion);
    assert_false(weir_hash_equal(&digest, &other));
}

static void an_opinion_has_the_bytes_of_another_client(void **state)
{
    (void)state;
    const struct weir_opinion opinion = sample();
    uint8_t bytes[WEIR_OPINION_BYTES];
    weir_opinion_write(&opinion, bytes);
    evm_same((struct weir_slice){bytes, sizeof(bytes)},
             "1111111111111111111111111111111111111111111111111111111111111111"
             "0000000000000000000000000000000000000000000000000000000000000007"
             "0000000000000000000000000000000000000000000000000000000000000003"
             "0000000000000000000000000000000000000000000000000000000000000001"
             "0000000000000000000000000000000000000000000000000000000000000002"
             "0000000000000000000000000000000000000000000000000000000000002328"
             "0000000000000000000000000000000000000000000000000000000000002710"
             "2222222222222222222222222222222222222222222222222222222222222222"
             "3333333333333333333333333333333333333333333333333333333333333333"
             "0000000000000000000000000000000000000000000000000000000000000028"
             "0000000000000000000000000000000000000000000000000000000000000051"
             "000000000000000000000000000000000000000000000000000000123456789a"
             "4444444444444444444444444444444444444444444444444444444444444444"
             "0000000000000000000000000000000000000000000000000000019b76daa87b");
    struct weir_opinion read;
    evm_ok(weir_opinion_read(&evm.scope, (struct weir_slice){bytes, sizeof(bytes)}, &read));
    uint8_t again[WEIR_OPINION_BYTES];
    weir_opinion_write(&read, again);
    assert_memory_equal(bytes, again, sizeof(bytes));
}

static void a_member_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    const struct weir_opinion opinion = sample();
    static const bool may_hold_anything[WEIR_OPINION_WORDS] = {
        [0] = true, [7] = true, [8] = true, [12] = true};
    for (size_t word = 0; word < WEIR_OPINION_WORDS; word++) {
        uint8_t bytes[WEIR_OPINION_BYTES];
        struct weir_opinion read;
        weir_opinion_write(&opinion, bytes);
        bytes[word * WEIR_WORD_BYTES] = 1;
        evm_refused(weir_opinion_read(&evm.scope, (struct weir_slice){bytes, sizeof(bytes)}, &read),
                    may_hold_anything[word] ? WEIR_OK : WEIR_E_PARSE);
        evm_refused(
            weir_opinion_read(&evm.scope, (struct weir_slice){bytes, sizeof(bytes) - 1}, &read),
            WEIR_E_PARSE);
    }
}

static void refuse(struct weir_opinion opinion)
{
    uint8_t bytes[WEIR_OPINION_BYTES];
    struct weir_opinion read;
    weir_opinion_write(&opinion, bytes);
    evm_refused(weir_opinion_read(&evm.scope, (struct weir_slice){bytes, sizeof(bytes)}, &read),
                WEIR_E_PARSE);
}

static void an_opinion_that_contradicts_itself_is_refused(void **state)
{
    (void)state;
    struct weir_opinion opinion = sample();
    opinion.num = opinion.den + 1;
    refuse(opinion);
    opinion = sample();
    opinion.end_leaf = opinion.first_leaf;
    refuse(opinion);
    opinion = sample();
    opinion.tree_size = opinion.end_leaf - 1;
    refuse(opinion);
    opinion = sample();
    opinion.phase = 2;
    refuse(opinion);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        evm_test(digests_equal_those_of_another_client),
        evm_test(a_digest_is_of_one_chain_and_one_contract),
        evm_test(an_opinion_has_the_bytes_of_another_client),
        evm_test(a_member_that_does_not_fit_is_refused),
        evm_test(an_opinion_that_contradicts_itself_is_refused),
    };
    return evm_finish(cmocka_run_group_tests_name("opinion", tests, NULL, NULL));
}
