/* Goal: only canonical low-s signatures are made and accepted, and each leads to its signer; an
 * address is read from people only with its checksum.
 * Method: the ERC-2098, ERC-55 and Wycheproof vectors (there the SHA-256 of the message is signed),
 * signatures by an independent client, and every way to bend a good signature. */
#include "attest/secp.h"

#include <secp256k1.h>

#include "attest/keccak.h"
#include "tests/unit/with_evm.h"

static const char secret_hex[] = "4646464646464646464646464646464646464646464646464646464646464646";

static struct weir_secp *secp;

static int make_secp(void **state)
{
    (void)state;
    const uint8_t random[32] = {1};
    secp = weir_secp_new(random);
    return secp == NULL ? -1 : 0;
}

static int free_secp(void **state)
{
    (void)state;
    weir_secp_free(secp);
    return 0;
}

static void a_secret_has_the_key_and_address_of_other_clients(void **state)
{
    (void)state;
    struct weir_secp_key key;
    struct weir_address address;
    char text[WEIR_ADDRESS_TEXT_BYTES];
    evm_ok(weir_secp_key_of(secp, &evm.scope, evm_unhex(secret_hex).data, &key));
    evm_same((struct weir_slice){key.bytes, sizeof(key.bytes)},
             "024bc2a31265153f07e70e0bab08724e6b85e217f8cd628ceb62974247bb493382");
    evm_ok(weir_secp_address(&evm.scope, &key, &address));
    weir_address_print(&address, text);
    assert_string_equal(text, "0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F");
    key.bytes[0] = 4;
    evm_refused(weir_secp_address(&evm.scope, &key, &address), WEIR_E_PARSE);
}

static void all_key_pairs_of_the_vectors_have_their_addresses(void **state)
{
    (void)state;
    json_t *vectors = evm_load(EVM_VECTORS "/ethereum-tests/keyaddrtest.json");
    size_t i;
    json_t *vector;
    json_array_foreach(vectors, i, vector)
    {
        struct weir_secp_key key;
        struct weir_address address;
        evm_ok(weir_secp_key_of(secp, &evm.scope, evm_bytes(vector, "key").data, &key));
        evm_ok(weir_secp_address(&evm.scope, &key, &address));
        evm_same((struct weir_slice){address.bytes, sizeof(address.bytes)},
                 evm_text(vector, "addr"));
    }
    json_decref(vectors);
}

static void a_signature_equals_that_of_another_client(void **state)
{
    (void)state;
    struct weir_hash digest;
    memcpy(digest.bytes,
           evm_unhex("cc716a157d92df004f52a32f178e8e0a3a5518219503f88dc024ed8a3c890394").data, 32);
    struct weir_signature signature;
    evm_ok(weir_secp_sign(secp, &evm.scope, evm_unhex(secret_hex).data, &digest, &signature));
    evm_same((struct weir_slice){signature.bytes, sizeof(signature.bytes)},
             "8c80390e9991a8b4dd64bfa035d4a1dbaa56407df6e9633d613a7c2f48ee9f52"
             "22bc0c3a444156d74c789d008786c4c554ade5aaa6c164f655e4958e271b4686");
    struct weir_address signer;
    evm_ok(weir_secp_recover(&evm.scope, &digest, &signature, &signer));
    evm_ok(weir_secp_verify(&evm.scope, &digest, &signature, &signer));
}

static void compact_signatures_of_erc_2098_are_made_and_read(void **state)
{
    (void)state;
    json_t *file = evm_load(EVM_VECTORS "/eip/eip2098.json");
    struct weir_slice secret = evm_bytes(file, "privateKey");
    size_t i;
    json_t *vector;
    json_array_foreach(json_object_get(file, "cases"), i, vector)
    {
        const char *message = evm_text(vector, "message");
        char *signed_text = weir_take_printf(&evm.scope,
                                             "\x19"
                                             "Ethereum Signed Message:\n%zu%s",
                                             strlen(message), message);
        struct weir_hash digest = weir_keccak_of(signed_text, strlen(signed_text));
        struct weir_signature signature;
        evm_ok(weir_secp_sign(secp, &evm.scope, secret.data, &digest, &signature));
        evm_same((struct weir_slice){signature.bytes, 32}, evm_text(vector, "r"));
        evm_same((struct weir_slice){signature.bytes + 32, 32}, evm_text(vector, "yParityAndS"));

        uint8_t r[32];
        uint8_t s[32];
        unsigned parity;
        struct weir_signature joined;
        weir_signature_split(&signature, r, s, &parity);
        evm_same((struct weir_slice){s, 32}, evm_text(vector, "s"));
        assert_int_equal(parity + 27, json_integer_value(json_object_get(vector, "v")));
        evm_ok(weir_signature_join(&evm.scope, r, s, parity, &joined));
        assert_memory_equal(&joined, &signature, sizeof(signature));
    }
    json_decref(file);
}

enum judgement {
    ACCEPTED,
    REFUSED,
    HIGH_S, /* refused, because ours must be low */
};

/* What our verifier says of a DER signature: read by the library's strict reader, brought into the
 * compact form without touching s, recovered with both parities. */
static enum judgement judge(const json_t *test, const struct weir_address *signer)
{
    struct weir_slice der = evm_bytes(test, "sig");
    struct weir_slice message = evm_bytes(test, "msg");
    struct weir_hash digest = weir_sha256_of(message.data, message.length);
    secp256k1_ecdsa_signature parsed;
    uint8_t compact[64];
    if (!secp256k1_ecdsa_signature_parse_der(secp256k1_context_static, &parsed, der.data,
                                             der.length))
        return REFUSED;
    secp256k1_ecdsa_signature_serialize_compact(secp256k1_context_static, compact, &parsed);
    for (unsigned parity = 0; parity < 2; parity++) {
        struct weir_scope scope = {0};
        struct weir_signature signature;
        if (weir_signature_join(&scope, compact, compact + 32, parity, &signature) == WEIR_OK &&
            weir_secp_verify(&scope, &digest, &signature, signer) == WEIR_OK)
            return ACCEPTED;
    }
    return secp256k1_ecdsa_signature_normalize(secp256k1_context_static, NULL, &parsed) ? HIGH_S
                                                                                        : REFUSED;
}

static struct weir_address address_of_point(const char *uncompressed)
{
    struct weir_slice point = evm_unhex(uncompressed);
    assert_int_equal(point.length, 65);
    struct weir_hash hash = weir_keccak_of(point.data + 1, 64);
    struct weir_address address;
    memcpy(address.bytes, hash.bytes + 12, 20);
    return address;
}

/* Counts the judgements and ends the test where ours is not theirs.  One valid signature has no
 * 64-byte form: its point has an x coordinate above the order, which no parity can say. */
static void run_wycheproof(const char *path, size_t counts[static 3])
{
    json_t *file = evm_load(path);
    size_t g;
    size_t t;
    json_t *group;
    json_t *test;
    json_array_foreach(json_object_get(file, "testGroups"), g, group)
    {
        const json_t *key = json_object_get(group, "publicKey");
        struct weir_address signer = address_of_point(evm_text(key, "uncompressed"));
        json_array_foreach(json_object_get(group, "tests"), t, test)
        {
            bool is_valid = strcmp(evm_text(test, "result"), "valid") == 0;
            bool has_form = strcmp(evm_text(test, "comment"), "k*G has a large x-coordinate") != 0;
            enum judgement judgement = judge(test, &signer);
            if (is_valid ? judgement == REFUSED && has_form : judgement == ACCEPTED)
                fail_msg("test %d", (int)json_integer_value(json_object_get(test, "tcId")));
            counts[judgement]++;
            weir_arena_clear(evm.scope.arena);
        }
    }
    json_decref(file);
}

static void wycheproof_bitcoin_signatures_are_judged_as_there(void **state)
{
    (void)state;
    size_t counts[3] = {0};
    run_wycheproof(EVM_VECTORS "/wycheproof/ecdsa_secp256k1_sha256_bitcoin_test.json", counts);
    assert_int_equal(counts[ACCEPTED] + counts[REFUSED] + counts[HIGH_S], 463);
    assert_int_equal(counts[ACCEPTED], 161);
}

static void wycheproof_der_signatures_are_judged_as_there_but_for_high_s(void **state)
{
    (void)state;
    size_t counts[3] = {0};
    run_wycheproof(EVM_VECTORS "/wycheproof/ecdsa_secp256k1_sha256_test.json", counts);
    assert_int_equal(counts[ACCEPTED] + counts[REFUSED] + counts[HIGH_S], 476);
    assert_true(counts[ACCEPTED] > 50 && counts[HIGH_S] > 50);
}

static void a_bent_signature_is_refused(void **state)
{
    (void)state;
    struct weir_hash digest = weir_keccak_of("digest", 6);
    struct weir_signature good;
    struct weir_address signer;
    evm_ok(weir_secp_sign(secp, &evm.scope, evm_unhex(secret_hex).data, &digest, &good));
    evm_ok(weir_secp_recover(&evm.scope, &digest, &good, &signer));
    for (size_t bit = 0; bit < 8 * sizeof(good.bytes); bit++) {
        struct weir_signature bent = good;
        bent.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        evm_refused(weir_secp_verify(&evm.scope, &digest, &bent, &signer), WEIR_E_SIGNATURE);
    }
    struct weir_signature zero_r = good;
    memset(zero_r.bytes, 0, 32);
    evm_refused(weir_secp_verify(&evm.scope, &digest, &zero_r, &signer), WEIR_E_SIGNATURE);
    struct weir_signature zero_s = good;
    memset(zero_s.bytes + 32, 0, 32);
    evm_refused(weir_secp_verify(&evm.scope, &digest, &zero_s, &signer), WEIR_E_SIGNATURE);
    digest.bytes[0] ^= 1;
    evm_refused(weir_secp_verify(&evm.scope, &digest, &good, &signer), WEIR_E_SIGNATURE);
}

static void s_in_the_upper_half_is_refused_and_its_mirror_is_not(void **state)
{
    (void)state;
    uint8_t r[32] = {0};
    uint8_t s[32];
    struct weir_signature joined;
    r[31] = 1;
    memcpy(s, evm_unhex("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0").data,
           32);
    evm_ok(weir_signature_join(&evm.scope, r, s, 1, &joined));
    s[31]++;
    evm_refused(weir_signature_join(&evm.scope, r, s, 1, &joined), WEIR_E_SIGNATURE);
    s[31]--;
    evm_refused(weir_signature_join(&evm.scope, r, s, 2, &joined), WEIR_E_SIGNATURE);
    memset(r, 0xff, sizeof(r));
    evm_refused(weir_signature_join(&evm.scope, r, s, 0, &joined), WEIR_E_SIGNATURE);
}

static void secrets_outside_the_order_are_refused(void **state)
{
    (void)state;
    const uint8_t zero[32] = {0};
    uint8_t large[32];
    memset(large, 0xff, sizeof(large));
    struct weir_hash digest = weir_keccak_of("digest", 6);
    struct weir_signature signature;
    struct weir_secp_key key;
    evm_refused(weir_secp_sign(secp, &evm.scope, zero, &digest, &signature), WEIR_E_KEY);
    evm_refused(weir_secp_sign(secp, &evm.scope, large, &digest, &signature), WEIR_E_KEY);
    evm_refused(weir_secp_key_of(secp, &evm.scope, zero, &key), WEIR_E_KEY);
}

static void addresses_of_erc_55_are_read_and_printed(void **state)
{
    (void)state;
    json_t *file = evm_load(EVM_VECTORS "/eip/eip55.json");
    size_t i;
    json_t *text;
    json_array_foreach(json_object_get(file, "valid"), i, text)
    {
        struct weir_address address;
        char printed[WEIR_ADDRESS_TEXT_BYTES];
        evm_ok(weir_address_parse(&evm.scope, weir_slice_text(json_string_value(text)), &address));
        weir_address_print(&address, printed);
        assert_string_equal(printed, json_string_value(text));
    }
    json_decref(file);
}

static void all_accounts_of_the_vectors_print_with_their_checksum(void **state)
{
    (void)state;
    json_t *vectors = evm_load(EVM_VECTORS "/ethers-testcases/accounts.json.gz");
    size_t i;
    json_t *vector;
    json_array_foreach(vectors, i, vector)
    {
        struct weir_address address;
        char printed[WEIR_ADDRESS_TEXT_BYTES];
        evm_ok(weir_address_parse_hex(&evm.scope, weir_slice_text(evm_text(vector, "address")),
                                      &address));
        weir_address_print(&address, printed);
        assert_string_equal(printed, evm_text(vector, "checksumAddress"));
        weir_address_print_hex(&address, printed);
        assert_string_equal(printed, evm_text(vector, "address"));
    }
    assert_int_equal(json_array_size(vectors), 1038);
    json_decref(vectors);
}

static void an_address_with_one_letter_in_the_wrong_case_is_refused(void **state)
{
    (void)state;
    static const char good[] = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
    struct weir_address address;
    for (size_t i = 2; i < sizeof(good) - 1; i++) {
        char bent[sizeof(good)];
        memcpy(bent, good, sizeof(good));
        if (bent[i] <= '9')
            continue;
        bent[i] ^= 0x20;
        evm_refused(weir_address_parse(&evm.scope, weir_slice_text(bent), &address), WEIR_E_PARSE);
    }
    const char *const bad[] = {"",
                               "0x",
                               "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
                               "0X5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
                               "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
                               "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe",
                               "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAedd",
                               "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeg"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        evm_refused(weir_address_parse(&evm.scope, weir_slice_text(bad[i]), &address),
                    WEIR_E_PARSE);
    evm_refused(weir_address_parse_hex(&evm.scope, weir_slice_text(good), &address), WEIR_E_PARSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        evm_test(a_secret_has_the_key_and_address_of_other_clients),
        evm_test(all_key_pairs_of_the_vectors_have_their_addresses),
        evm_test(a_signature_equals_that_of_another_client),
        evm_test(compact_signatures_of_erc_2098_are_made_and_read),
        evm_test(wycheproof_bitcoin_signatures_are_judged_as_there),
        evm_test(wycheproof_der_signatures_are_judged_as_there_but_for_high_s),
        evm_test(a_bent_signature_is_refused),
        evm_test(s_in_the_upper_half_is_refused_and_its_mirror_is_not),
        evm_test(secrets_outside_the_order_are_refused),
        evm_test(addresses_of_erc_55_are_read_and_printed),
        evm_test(all_accounts_of_the_vectors_print_with_their_checksum),
        evm_test(an_address_with_one_letter_in_the_wrong_case_is_refused),
    };
    return evm_finish(cmocka_run_group_tests_name("secp", tests, make_secp, free_secp));
}
