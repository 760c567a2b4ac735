/* Goal: keccak-256 is the function that Ethereum uses, for every length and every cut.
 * Method: published digests, all messages of the ethers vectors, and each prefix of a message
 * absorbed in two parts at every place. */
#include "attest/keccak.h"

#include "tests/unit/with_evm.h"

static void check(const char *message, const char *digest)
{
    struct weir_hash hash = weir_keccak_of(message, strlen(message));
    evm_same((struct weir_slice){hash.bytes, sizeof(hash.bytes)}, digest);
}

static void known_messages_have_their_digests(void **state)
{
    (void)state;
    check("", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    check("abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
    check("Transfer(address,address,uint256)",
          "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");
}

static void all_messages_of_the_vectors_have_their_digests(void **state)
{
    (void)state;
    json_t *vectors = evm_load(EVM_VECTORS "/ethers-testcases/hashes.json.gz");
    assert_int_equal(json_array_size(vectors), 516);
    size_t i;
    json_t *vector;
    json_array_foreach(vectors, i, vector)
    {
        struct weir_slice data = evm_bytes(vector, "data");
        struct weir_hash hash = weir_keccak_of(data.data, data.length);
        evm_same((struct weir_slice){hash.bytes, sizeof(hash.bytes)},
                 evm_text(vector, "keccak256"));
    }
    json_decref(vectors);
}

static void a_message_in_parts_has_the_digest_of_the_whole(void **state)
{
    (void)state;
    uint8_t message[3 * WEIR_KECCAK_RATE_BYTES + 1];
    for (size_t i = 0; i < sizeof(message); i++)
        message[i] = (uint8_t)(i * 7);
    for (size_t length = 0; length <= sizeof(message); length++) {
        struct weir_hash whole = weir_keccak_of(message, length);
        for (size_t cut = 0; cut <= length; cut += 1 + length / 16) {
            struct weir_keccak parts;
            weir_keccak_init(&parts);
            weir_keccak_update(&parts, message, cut);
            weir_keccak_update(&parts, message + cut, length - cut);
            struct weir_hash hash = weir_keccak_final(&parts);
            assert_true(weir_hash_equal(&hash, &whole));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        evm_test(known_messages_have_their_digests),
        evm_test(all_messages_of_the_vectors_have_their_digests),
        evm_test(a_message_in_parts_has_the_digest_of_the_whole),
    };
    return evm_finish(cmocka_run_group_tests_name("keccak", tests, NULL, NULL));
}
