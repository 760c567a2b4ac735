/* Goal: SHA-256 and HMAC-SHA-256 are those of the standards, however the bytes are cut.
 * Method: the examples of FIPS 180-4 and RFC 4231, every cut of one message, a million bytes. */
#include "base/hash.h"

#include <string.h>

#include "base/text.h"
#include "tests/unit/base/with_base.h"

static void expect_hex(const struct weir_hash *hash, const char *expected)
{
    char text[WEIR_HASH_HEX_BYTES];
    weir_hash_hex(hash, text);
    assert_string_equal(text, expected);
}

static void the_examples_of_the_standard_agree(void **state)
{
    (void)state;
    static const struct {
        const char *message;
        const char *hash;
    } cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct weir_hash hash = weir_sha256_of(cases[i].message, strlen(cases[i].message));
        expect_hex(&hash, cases[i].hash);
    }
}

static void a_million_letters_agree(void **state)
{
    (void)state;
    struct weir_sha256 running;
    char piece[1000];
    memset(piece, 'a', sizeof(piece));
    weir_sha256_init(&running);
    for (unsigned i = 0; i < 1000; i++)
        weir_sha256_update(&running, piece, sizeof(piece));
    struct weir_hash hash = weir_sha256_final(&running);
    expect_hex(&hash, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void every_cut_gives_the_same(void **state)
{
    (void)state;
    uint8_t message[200];
    for (size_t i = 0; i < sizeof(message); i++)
        message[i] = (uint8_t)(i * 7);
    struct weir_hash whole = weir_sha256_of(message, sizeof(message));
    for (size_t first = 0; first <= sizeof(message); first++)
        for (size_t second = first; second <= sizeof(message); second += 13) {
            struct weir_sha256 running;
            weir_sha256_init(&running);
            weir_sha256_update(&running, message, first);
            weir_sha256_update(&running, message + first, second - first);
            weir_sha256_update(&running, message + second, sizeof(message) - second);
            struct weir_hash hash = weir_sha256_final(&running);
            assert_true(weir_hash_equal(&hash, &whole));
        }
}

static void integers_are_hashed_big_endian(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    struct weir_sha256 running;
    weir_sha256_init(&running);
    weir_sha256_u32(&running, 0x01020304);
    weir_sha256_u64(&running, UINT64_C(0x05060708090a0b0c));
    struct weir_hash hash = weir_sha256_final(&running);
    struct weir_hash expected = weir_sha256_of(bytes, sizeof(bytes));
    assert_true(weir_hash_equal(&hash, &expected));
}

static void the_examples_of_hmac_agree(void **state)
{
    (void)state;
    uint8_t key[20];
    uint8_t message[50];
    memset(key, 0x0b, sizeof(key));
    struct weir_hash hash = weir_hmac_sha256(key, sizeof(key), "Hi There", 8);
    expect_hex(&hash, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    hash = weir_hmac_sha256((const uint8_t *)"Jefe", 4, "what do ya want for nothing?", 28);
    expect_hex(&hash, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof(key));
    memset(message, 0xdd, sizeof(message));
    hash = weir_hmac_sha256(key, sizeof(key), message, sizeof(message));
    expect_hex(&hash, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
}

static void keys_of_every_permitted_length_differ(void **state)
{
    (void)state;
    uint8_t key[64];
    struct weir_hash previous = {{0}};
    memset(key, 1, sizeof(key));
    for (size_t length = 0; length <= sizeof(key); length++) {
        struct weir_hash hash = weir_hmac_sha256(key, length, "m", 1);
        assert_false(weir_hash_equal(&hash, &previous));
        previous = hash;
    }
}

static void comparison_sees_every_bit(void **state)
{
    (void)state;
    const struct weir_hash zero = {{0}};
    assert_true(weir_hash_is_zero(&zero));
    for (unsigned bit = 0; bit < 8 * WEIR_HASH_BYTES; bit++) {
        struct weir_hash other = {{0}};
        other.bytes[bit / 8] = (uint8_t)(1U << (bit % 8));
        assert_false(weir_hash_equal(&zero, &other));
        assert_false(weir_hash_is_zero(&other));
        assert_true(weir_hash_compare(&zero, &other) < 0);
        assert_true(weir_hash_compare(&other, &zero) > 0);
        assert_int_equal(weir_hash_compare(&other, &other), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_base(the_examples_of_the_standard_agree),
        with_base(a_million_letters_agree),
        with_base(every_cut_gives_the_same),
        with_base(integers_are_hashed_big_endian),
        with_base(the_examples_of_hmac_agree),
        with_base(keys_of_every_permitted_length_differ),
        with_base(comparison_sees_every_bit),
    };
    return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
