/* Goal: every value has one RLP form, the writer makes it and the reader takes no other.
 * Method: the Ethereum and ethers vectors both ways, and each length around the borders of the
 * format. */
#include "attest/rlp.h"

#include "tests/unit/with_evm.h"

/* A decimal of any size: digit by digit into 33 bytes, of which the leading zeros are left out. */
static void put_decimal(struct weir_buffer *buffer, const char *decimal)
{
    uint8_t bytes[33] = {0};
    for (; *decimal != '\0'; decimal++) {
        unsigned carry = (unsigned)(*decimal - '0');
        for (size_t i = sizeof(bytes); i-- > 0; carry >>= 8) {
            carry += bytes[i] * 10u;
            bytes[i] = (uint8_t)carry;
        }
    }
    size_t zeros = 0;
    while (bytes[zeros] == 0)
        zeros++;
    evm_ok(weir_rlp_put_bytes(&evm.scope, buffer, bytes + zeros, sizeof(bytes) - zeros));
}

/* Writes a vector's value: text (hex or plain, "#" for large decimals), number, or list. */
static void put_value(struct weir_buffer *buffer, const json_t *value, bool is_hex)
{
    if (json_is_array(value)) {
        struct weir_buffer items = {.capacity_max = 0};
        size_t i;
        json_t *item;
        json_array_foreach(value, i, item) put_value(&items, item, is_hex);
        evm_ok(weir_rlp_put_list(&evm.scope, buffer, weir_buffer_slice(&items)));
        return;
    }
    if (json_is_integer(value)) {
        evm_ok(weir_rlp_put_u64(&evm.scope, buffer, (uint64_t)json_integer_value(value)));
        return;
    }
    const char *text = json_string_value(value);
    size_t length = json_string_length(value);
    if (is_hex) {
        struct weir_slice bytes = evm_unhex(text);
        evm_ok(weir_rlp_put_bytes(&evm.scope, buffer, bytes.data, bytes.length));
        return;
    }
    if (length > 0 && text[0] == '#') {
        put_decimal(buffer, text + 1);
        return;
    }
    evm_ok(weir_rlp_put_bytes(&evm.scope, buffer, text, length));
}

static void ethereum_values_are_written_as_there(void **state)
{
    (void)state;
    json_t *file = evm_load(EVM_VECTORS "/ethereum-tests/RLPTests/rlptest.json");
    const char *name;
    json_t *vector;
    json_object_foreach(file, name, vector)
    {
        struct weir_buffer buffer = {.capacity_max = 0};
        put_value(&buffer, json_object_get(vector, "in"), false);
        evm_same(weir_buffer_slice(&buffer), evm_text(vector, "out"));
        evm_ok(weir_rlp_check(&evm.scope, weir_buffer_slice(&buffer)));
    }
    json_decref(file);
}

static void ethers_values_are_written_as_there(void **state)
{
    (void)state;
    json_t *file = evm_load(EVM_VECTORS "/ethers-testcases/rlp-coder.json.gz");
    size_t i;
    json_t *vector;
    json_array_foreach(file, i, vector)
    {
        struct weir_buffer buffer = {.capacity_max = 0};
        put_value(&buffer, json_object_get(vector, "decoded"), true);
        evm_same(weir_buffer_slice(&buffer), evm_text(vector, "encoded"));
        evm_ok(weir_rlp_check(&evm.scope, weir_buffer_slice(&buffer)));
    }
    assert_int_equal(json_array_size(file), 61);
    json_decref(file);
}

static void invalid_bytes_of_the_vectors_are_refused(void **state)
{
    (void)state;
    json_t *file = evm_load(EVM_VECTORS "/ethereum-tests/RLPTests/invalidRLPTest.json");
    const char *name;
    json_t *vector;
    json_object_foreach(file, name, vector)
    {
        if (weir_rlp_check(&evm.scope, evm_bytes(vector, "out")) == WEIR_OK)
            fail_msg("%s is accepted", name);
        weir_scope_recover(&evm.scope);
    }
    assert_int_equal(json_object_size(file), 26);
    json_decref(file);
    file = evm_load(EVM_VECTORS "/ethereum-tests/RLPTests/RandomRLPTests/example.json");
    json_object_foreach(file, name, vector)
        evm_ok(weir_rlp_check(&evm.scope, evm_bytes(vector, "out")));
    json_decref(file);
}

static void every_length_around_the_borders_comes_back(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 2, 54, 55, 56, 57, 255, 256, 257, 65535, 65536};
    uint8_t *bytes = weir_take(&evm.scope, 65536, 1);
    assert_non_null(bytes);
    memset(bytes, 0xab, 65536);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct weir_buffer buffer = {.capacity_max = 0};
        struct weir_slice found;
        evm_ok(weir_rlp_put_bytes(&evm.scope, &buffer, bytes, lengths[i]));
        struct weir_slice rest = weir_buffer_slice(&buffer);
        evm_ok(weir_rlp_get_bytes(&evm.scope, &rest, &found));
        evm_ok(weir_rlp_get_end(&evm.scope, rest));
        assert_int_equal(found.length, lengths[i]);
        for (size_t cut = 0; cut < buffer.length; cut += 1 + buffer.length / 64) {
            struct weir_slice part = {buffer.data, cut};
            evm_refused(weir_rlp_get_bytes(&evm.scope, &part, &found), WEIR_E_PARSE);
            assert_int_equal(part.length, cut);
        }
    }
}

static void numbers_come_back_and_other_forms_of_them_are_refused(void **state)
{
    (void)state;
    static const uint64_t numbers[] = {0, 1, 127, 128, 255, 256, 65535, 1ull << 32, UINT64_MAX};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct weir_buffer buffer = {.capacity_max = 0};
        uint64_t found = 1;
        evm_ok(weir_rlp_put_u64(&evm.scope, &buffer, numbers[i]));
        struct weir_slice rest = weir_buffer_slice(&buffer);
        evm_ok(weir_rlp_get_u64(&evm.scope, &rest, &found));
        assert_true(found == numbers[i] && rest.length == 0);
        unsigned __int128 wide = 1;
        rest = weir_buffer_slice(&buffer);
        evm_ok(weir_rlp_get_u128(&evm.scope, &rest, &wide));
        assert_true(wide == numbers[i]);
    }
    static const char *const bad[] = {"00", "8100", "820001", "c0", "89010000000000000000"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint64_t found;
        struct weir_slice rest = evm_unhex(bad[i]);
        evm_refused(weir_rlp_get_u64(&evm.scope, &rest, &found), WEIR_E_PARSE);
    }
}

static void lists_may_be_deep_but_not_without_end(void **state)
{
    (void)state;
    for (unsigned depth = 1; depth <= WEIR_RLP_DEPTH_MAX + 2; depth++) {
        struct weir_buffer inner = {.capacity_max = 0};
        for (unsigned i = 0; i < depth; i++) {
            struct weir_buffer outer = {.capacity_max = 0};
            evm_ok(weir_rlp_put_list(&evm.scope, &outer, weir_buffer_slice(&inner)));
            inner = outer;
        }
        bool is_deep = depth > WEIR_RLP_DEPTH_MAX + 1;
        evm_refused(weir_rlp_check(&evm.scope, weir_buffer_slice(&inner)),
                    is_deep ? WEIR_E_LIMIT : WEIR_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        evm_test(ethereum_values_are_written_as_there),
        evm_test(ethers_values_are_written_as_there),
        evm_test(invalid_bytes_of_the_vectors_are_refused),
        evm_test(every_length_around_the_borders_comes_back),
        evm_test(numbers_come_back_and_other_forms_of_them_are_refused),
        evm_test(lists_may_be_deep_but_not_without_end),
    };
    return evm_finish(cmocka_run_group_tests_name("rlp", tests, NULL, NULL));
}
