/* Goal: typed data hashes as every other client hashes it, and a word holds what was put in.
 * Method: the example of the EIP put together from our parts, separators by an independent client,
 * and the laws of bits and widths. */
#include "attest/eip712.h"

#include "attest/keccak.h"
#include "tests/unit/with_evm.h"

static struct weir_hash person(const char *name, const char *wallet)
{
    struct weir_address address;
    evm_ok(weir_address_parse(&evm.scope, weir_slice_text(wallet), &address));
    const struct weir_word fields[] = {weir_eip712_text(name), weir_word_address(&address)};
    return weir_eip712_struct("Person(string name,address wallet)", fields, 2);
}

static void the_mail_of_the_eip_has_its_digest(void **state)
{
    (void)state;
    json_t *file = evm_load(EVM_VECTORS "/eip/eip712_ether_mail.json");
    struct weir_hash from = person("Cow", "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826");
    struct weir_hash to = person("Bob", "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB");
    const struct weir_word mail[] = {weir_word_hash(&from), weir_word_hash(&to),
                                     weir_eip712_text("Hello, Bob!")};
    struct weir_hash struct_hash = weir_eip712_struct(
        "Mail(Person from,Person to,string contents)Person(string name,address wallet)", mail, 3);
    evm_same((struct weir_slice){struct_hash.bytes, 32}, evm_text(file, "structHash"));

    struct weir_address contract;
    evm_ok(weir_address_parse(
        &evm.scope, weir_slice_text("0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC"), &contract));
    const struct weir_word domain[] = {weir_eip712_text("Ether Mail"), weir_eip712_text("1"),
                                       weir_word_u64(1), weir_word_address(&contract)};
    struct weir_hash separator = weir_eip712_struct(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)",
        domain, 4);
    evm_same((struct weir_slice){separator.bytes, 32}, evm_text(file, "domainSeparator"));
    struct weir_hash digest = weir_eip712_digest(&separator, &struct_hash);
    evm_same((struct weir_slice){digest.bytes, 32}, evm_text(file, "digest"));
    json_decref(file);
}

static void separators_equal_those_of_another_client(void **state)
{
    (void)state;
    struct weir_domain domain = {.chain_id = 31337};
    evm_ok(weir_address_parse_hex(&evm.scope,
                                  weir_slice_text("0x5fbdb2315678afecb367f032d93f642f64180aa3"),
                                  &domain.contract));
    struct weir_hash separator = weir_domain_separator(&domain);
    evm_same((struct weir_slice){separator.bytes, 32},
             "f3b7b5e3dde175a5f61663e45cb921f6d4650165b1ae2dde4d8491d2fa4b3cc9");
    struct weir_hash plain = weir_eip712_plain_domain("weir keys", "1");
    evm_same((struct weir_slice){plain.bytes, 32},
             "26cebfb02adefc7c17480db1d8781819f6be2ee19053e60f9c36b955fbb1f79c");
}

static void an_empty_array_hashes_as_nothing(void **state)
{
    (void)state;
    struct weir_hash empty = weir_eip712_array(NULL, 0);
    struct weir_hash nothing = weir_keccak_of("", 0);
    assert_true(weir_hash_equal(&empty, &nothing));
}

static void a_word_gives_back_what_fits_and_nothing_else(void **state)
{
    (void)state;
    uint64_t number = 7;
    unsigned __int128 wide = 7;
    struct weir_address address;
    assert_true(weir_word_get_u64(weir_word_u64(UINT64_MAX), UINT64_MAX, &number));
    assert_true(number == UINT64_MAX);
    assert_false(weir_word_get_u64(weir_word_u64(256), 255, &number));
    assert_true(number == UINT64_MAX);
    const unsigned __int128 large = (unsigned __int128)1 << 64;
    assert_false(weir_word_get_u64(weir_word_u128(large), UINT64_MAX, &number));
    assert_true(weir_word_get_u128(weir_word_u128(large), &wide));
    assert_true(wide == large);
    assert_false(weir_word_get_u128(weir_word_bit(128), &wide));
    assert_true(weir_word_get_address(weir_word_bit(159), &address));
    assert_false(weir_word_get_address(weir_word_bit(160), &address));
}

static void bits_move_as_numbers_do(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < WEIR_WORD_BITS; bit++) {
        struct weir_word one = weir_word_bit(bit);
        assert_true(weir_word_count(one) == 1 && weir_word_has(one, bit));
        assert_true(weir_word_lowest(one) == bit && weir_word_highest(one) == bit);
        for (unsigned by = 0; by < WEIR_WORD_BITS; by++) {
            struct weir_word left = weir_word_shift_left(one, by);
            struct weir_word right = weir_word_shift_right(one, by);
            assert_true(bit + by < WEIR_WORD_BITS ? weir_word_equal(left, weir_word_bit(bit + by))
                                                  : weir_word_is_zero(left));
            assert_true(bit >= by ? weir_word_equal(right, weir_word_bit(bit - by))
                                  : weir_word_is_zero(right));
        }
    }
    struct weir_word both = weir_word_or(weir_word_bit(3), weir_word_bit(200));
    assert_true(weir_word_lowest(both) == 3 && weir_word_highest(both) == 200);
    assert_true(weir_word_equal(weir_word_minus(both, weir_word_bit(3)), weir_word_bit(200)));
}

static void a_word_is_read_as_it_is_printed(void **state)
{
    (void)state;
    char text[WEIR_WORD_TEXT_BYTES];
    struct weir_word word = weir_word_or(weir_word_bit(255), weir_word_u64(0xabcdef));
    struct weir_word found;
    weir_word_print(word, text);
    evm_ok(weir_word_parse(&evm.scope, weir_slice_text(text), &found));
    assert_true(weir_word_equal(word, found));
    text[65] = 'F';
    evm_refused(weir_word_parse(&evm.scope, weir_slice_text(text), &found), WEIR_E_PARSE);
    text[65] = '\0';
    evm_refused(weir_word_parse(&evm.scope, weir_slice_text(text), &found), WEIR_E_PARSE);
    evm_refused(weir_word_parse(&evm.scope, weir_slice_text("0x1"), &found), WEIR_E_PARSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        evm_test(the_mail_of_the_eip_has_its_digest),
        evm_test(separators_equal_those_of_another_client),
        evm_test(an_empty_array_hashes_as_nothing),
        evm_test(a_word_gives_back_what_fits_and_nothing_else),
        evm_test(bits_move_as_numbers_do),
        evm_test(a_word_is_read_as_it_is_printed),
    };
    return evm_finish(cmocka_run_group_tests_name("eip712", tests, NULL, NULL));
}
