/* Goal: there is one rule for Ed25519 signatures, and it is the strict one.
 * Method: the 914 edge cases of CCTV, where libraries differ by design: exactly those are accepted
 * whose key and R are canonical and not of small order and whose equation holds without cofactor.
 * Whatever this rule accepts, OpenSSL accepts too: a proof good here is good there. */
#include "attest/ed25519.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "tests/unit/attest/with_tlog.h"

#define CASES 914
#define ACCEPTED 43 /* no flags, or low-order components only */

static bool openssl_verify(const struct weir_ed25519_key *key,
                           struct weir_slice message,
                           const struct weir_ed25519_signature *signature)
{
    EVP_PKEY *pkey =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key->bytes, sizeof(key->bytes));
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert_non_null(pkey);
    assert_non_null(context);
    bool is_good = EVP_DigestVerifyInit(context, NULL, NULL, NULL, pkey) == 1 &&
                   EVP_DigestVerify(context, signature->bytes, sizeof(signature->bytes),
                                    message.data, message.length) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(pkey);
    return is_good;
}

/* Whether the rule refuses a signature with this flag. */
static bool flag_is_fatal(const char *flag)
{
    static const char *const fatal[] = {
        "low_order_A", "low_order_R", "non_canonical_A", "non_canonical_R", "low_order_residue",
    };
    for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
        if (strcmp(flag, fatal[i]) == 0)
            return true;
    return false;
}

static void the_edge_cases_follow_one_rule(void **state)
{
    (void)state;
    tlog_require();
    json_t *cases = tlog_load("cctv/ed25519vectors.json");
    assert_int_equal(json_array_size(cases), CASES);
    size_t accepted_count = 0;
    size_t index;
    json_t *vector;
    json_array_foreach(cases, index, vector)
    {
        struct weir_ed25519_key key;
        struct weir_ed25519_signature signature;
        tlog_hex(vector, "key", key.bytes, sizeof(key.bytes));
        tlog_hex(vector, "sig", signature.bytes, sizeof(signature.bytes));
        struct weir_slice message = weir_slice_text(tlog_text(vector, "msg"));
        bool is_expected = true;
        size_t flag;
        json_t *name;
        json_array_foreach(json_object_get(vector, "flags"), flag, name)
        {
            is_expected = is_expected && !flag_is_fatal(json_string_value(name));
        }
        bool is_accepted = weir_ed25519_verify(&key, message, &signature);
        if (is_accepted != is_expected)
            fail_msg("case %zu is %s", index, is_accepted ? "accepted" : "refused");
        if (is_accepted)
            assert_true(openssl_verify(&key, message, &signature));
        accepted_count += is_accepted;
    }
    assert_int_equal(accepted_count, ACCEPTED);
    json_decref(cases);
}

static void a_signature_verifies_and_every_spoilt_bit_is_noticed(void **state)
{
    (void)state;
    uint8_t seed[32] = {7};
    uint8_t secret[WEIR_ED25519_SECRET_BYTES];
    weir_ed25519_from_seed(seed, secret);
    struct weir_ed25519_key key = weir_ed25519_public(secret);
    struct weir_slice message = weir_slice_text("measured");
    struct weir_ed25519_signature signature = weir_ed25519_sign(secret, message);
    assert_true(weir_ed25519_verify(&key, message, &signature));
    assert_true(openssl_verify(&key, message, &signature));
    assert_false(weir_ed25519_verify(&key, weir_slice_text("measureD"), &signature));
    for (size_t bit = 0; bit < 8 * sizeof(signature.bytes); bit++) {
        struct weir_ed25519_signature spoilt = signature;
        spoilt.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(weir_ed25519_verify(&key, message, &spoilt));
    }
}

/* S + L gives the same equation; a second text for one signature must not exist. */
static void a_signature_with_s_above_the_order_is_refused(void **state)
{
    (void)state;
    static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
                                      0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
                                      0,    0,    0,    0,    0,    0,    0,    0,
                                      0,    0,    0,    0,    0,    0,    0,    0x10};
    uint8_t seed[32] = {8};
    uint8_t secret[WEIR_ED25519_SECRET_BYTES];
    weir_ed25519_from_seed(seed, secret);
    struct weir_ed25519_key key = weir_ed25519_public(secret);
    struct weir_slice message = weir_slice_text("measured");
    struct weir_ed25519_signature signature = weir_ed25519_sign(secret, message);
    unsigned carry = 0;
    for (size_t i = 0; i < sizeof(order); i++) {
        carry += (unsigned)signature.bytes[32 + i] + order[i];
        signature.bytes[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    assert_int_equal(carry, 0);
    assert_false(weir_ed25519_verify(&key, message, &signature));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_edge_cases_follow_one_rule),
        cmocka_unit_test(a_signature_verifies_and_every_spoilt_bit_is_noticed),
        cmocka_unit_test(a_signature_with_s_above_the_order_is_refused),
    };
    return tlog_finish(cmocka_run_group_tests_name("ed25519", tests, NULL, NULL));
}
