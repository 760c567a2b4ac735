/* Goal: transactions of ours are those of every other client, and of theirs exactly the valid ones
 * are read, with the right sender and hash.
 * Method: the ethers vectors both ways (type 2) and read (legacy, with and without chain id), the
 * Ethereum transaction tests for chain 1, and every bit of a signed transaction changed. */
#include "rails/evm/tx.h"

#include <dirent.h>

#include "attest/rlp.h"
#include "tests/unit/with_evm.h"

#define TRANSACTION_TESTS EVM_VECTORS "/ethereum-tests/TransactionTests"
#define FORK "Cancun"
#define PATH_BYTES 512

/* Numbers of the vectors: hex text, or a JSON integer; absent is 0. */
static unsigned __int128 number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (json_is_integer(value))
        return (unsigned __int128)json_integer_value(value);
    struct weir_slice bytes = evm_bytes(object, key);
    unsigned __int128 sum = 0;
    for (size_t i = 0; i < bytes.length; i++)
        sum = sum << 8 | bytes.data[i];
    return sum;
}

static void put_access_list(const json_t *list, struct weir_buffer *items)
{
    size_t i;
    json_t *entry;
    json_array_foreach(list, i, entry)
    {
        struct weir_buffer keys = {.capacity_max = 0};
        struct weir_buffer pair = {.capacity_max = 0};
        size_t k;
        json_t *key;
        json_array_foreach(json_object_get(entry, "storageKeys"), k, key)
        {
            struct weir_slice bytes = evm_unhex(json_string_value(key));
            evm_ok(weir_rlp_put_bytes(&evm.scope, &keys, bytes.data, bytes.length));
        }
        struct weir_slice address = evm_bytes(entry, "address");
        evm_ok(weir_rlp_put_bytes(&evm.scope, &pair, address.data, address.length));
        evm_ok(weir_rlp_put_list(&evm.scope, &pair, weir_buffer_slice(&keys)));
        evm_ok(weir_rlp_put_list(&evm.scope, items, weir_buffer_slice(&pair)));
    }
}

static struct weir_evm_tx transaction(const json_t *object)
{
    struct weir_evm_tx tx = {
        .type = WEIR_EVM_TX_DYNAMIC_FEE,
        .chain_id = (uint64_t)number(object, "chainId"),
        .nonce = (uint64_t)number(object, "nonce"),
        .max_priority_fee = number(object, "maxPriorityFeePerGas"),
        .max_fee = number(object, "maxFeePerGas"),
        .gas_limit = (uint64_t)number(object, "gasLimit"),
        .is_creation = evm_text(object, "to") == NULL,
        .value = number(object, "value"),
        .data = evm_bytes(object, "data"),
    };
    if (!tx.is_creation)
        evm_fixed(object, "to", tx.to.bytes, sizeof(tx.to.bytes));
    struct weir_buffer items = {.capacity_max = 0};
    put_access_list(json_object_get(object, "accessList"), &items);
    tx.access_list = weir_buffer_slice(&items);
    return tx;
}

/* Writes, signs and reads one transaction of the vectors. */
static void check_typed(const struct weir_secp *secp, const json_t *vector)
{
    struct weir_evm_tx tx = transaction(json_object_get(vector, "tx"));
    struct weir_buffer unsigned_bytes = {.capacity_max = 0};
    struct weir_buffer signed_bytes = {.capacity_max = 0};
    struct weir_hash digest;
    struct weir_signature signature;
    struct weir_evm_signed_tx read;
    evm_ok(weir_evm_tx_write(&evm.scope, &tx, NULL, &unsigned_bytes));
    evm_same(weir_buffer_slice(&unsigned_bytes), evm_text(vector, "unsigned"));
    evm_ok(weir_evm_tx_digest(&evm.scope, &tx, &digest));
    evm_ok(weir_secp_sign(secp, &evm.scope, evm_bytes(vector, "key").data, &digest, &signature));
    evm_ok(weir_evm_tx_write(&evm.scope, &tx, &signature, &signed_bytes));
    evm_same(weir_buffer_slice(&signed_bytes), evm_text(vector, "signed"));

    evm_ok(weir_evm_tx_read(&evm.scope, weir_buffer_slice(&signed_bytes), &read));
    evm_same((struct weir_slice){read.sender.bytes, 20}, evm_text(vector, "address"));
    struct weir_buffer again = {.capacity_max = 0};
    evm_ok(weir_evm_tx_write(&evm.scope, &read.tx, &read.signature, &again));
    assert_true(weir_slice_equal(weir_buffer_slice(&again), weir_buffer_slice(&signed_bytes)));
    struct weir_hash hash = weir_evm_tx_hash(weir_buffer_slice(&signed_bytes));
    assert_true(weir_hash_equal(&hash, &read.hash));
}

static void all_type_2_transactions_of_the_vectors_are_made_and_read(void **state)
{
    (void)state;
    json_t *vectors = evm_load(EVM_VECTORS "/ethers-testcases/typed-transactions.json.gz");
    const uint8_t random[32] = {0};
    struct weir_secp *secp = weir_secp_new(random);
    size_t checked = 0;
    size_t i;
    json_t *vector;
    json_array_foreach(vectors, i, vector)
    {
        const json_t *type = json_object_get(json_object_get(vector, "tx"), "type");
        if (json_integer_value(type) != WEIR_EVM_TX_DYNAMIC_FEE)
            continue;
        weir_arena_clear(evm.scope.arena);
        check_typed(secp, vector);
        checked++;
    }
    assert_int_equal(checked, 1024);
    weir_secp_free(secp);
    json_decref(vectors);
}

static void check_legacy(const json_t *vector, const char *key, uint64_t chain_id)
{
    struct weir_evm_signed_tx read;
    evm_ok(weir_evm_tx_read(&evm.scope, evm_bytes(vector, key), &read));
    evm_same((struct weir_slice){read.sender.bytes, 20}, evm_text(vector, "accountAddress"));
    assert_true(read.tx.type == WEIR_EVM_TX_LEGACY && read.tx.chain_id == chain_id);
    assert_true(read.tx.nonce == number(vector, "nonce"));
    assert_true(read.tx.max_fee == number(vector, "gasPrice"));
    assert_true(read.tx.gas_limit == number(vector, "gasLimit"));
    assert_true(read.tx.value == number(vector, "value"));
    assert_true(weir_slice_equal(read.tx.data, evm_bytes(vector, "data")));
}

/* Amounts of 2^128 wei and more, which no chain holds, are refused; some vectors have them. */
static bool is_beyond_money(const json_t *vector)
{
    return evm_bytes(vector, "value").length > 16 || evm_bytes(vector, "gasPrice").length > 16 ||
           evm_bytes(vector, "gasLimit").length > 8 || evm_bytes(vector, "nonce").length > 8;
}

static void all_legacy_transactions_of_the_vectors_are_read(void **state)
{
    (void)state;
    json_t *vectors = evm_load(EVM_VECTORS "/ethers-testcases/transactions.json.gz");
    size_t checked = 0;
    size_t i;
    json_t *vector;
    json_array_foreach(vectors, i, vector)
    {
        weir_arena_clear(evm.scope.arena);
        if (is_beyond_money(vector)) {
            struct weir_evm_signed_tx read;
            struct weir_slice bytes = evm_bytes(vector, "signedTransaction");
            evm_refused(weir_evm_tx_read(&evm.scope, bytes, &read), WEIR_E_PARSE);
            continue;
        }
        check_legacy(vector, "signedTransaction", 0);
        check_legacy(vector, "signedTransactionChainId5", 5);
        checked++;
    }
    assert_int_equal(json_array_size(vectors), 1067);
    assert_true(checked > 500);
    json_decref(vectors);
}

/* One of the Ethereum tests, all of which are about chain 1. */
static void check_ethereum(const char *name, const json_t *test)
{
    const json_t *result = json_object_get(json_object_get(test, "result"), FORK);
    const char *sender = evm_text(result, "sender");
    struct weir_evm_signed_tx read;
    struct weir_scope *scope = &evm.scope;
    enum weir_err err = weir_evm_tx_read(scope, evm_bytes(test, "txbytes"), &read);
    bool is_for_chain_1 =
        err == WEIR_OK &&
        (read.tx.chain_id == 1 || (read.tx.chain_id == 0 && read.tx.type == WEIR_EVM_TX_LEGACY));
    /* valid, with a price of 2^128 wei and more per gas */
    bool is_dear = strcmp(name, "GasLimitPriceProductOverflowtMinusOne") == 0 ||
                   strcmp(name, "V_equals38") == 0;
    if (sender == NULL || is_dear) {
        if (is_for_chain_1)
            fail_msg("%s is accepted", name);
        weir_scope_recover(scope);
        return;
    }
    if (!is_for_chain_1)
        fail_msg("%s is refused: %s", name, scope->fault);
    evm_same((struct weir_slice){read.sender.bytes, 20}, sender);
    evm_same((struct weir_slice){read.hash.bytes, 32}, evm_text(result, "hash"));
}

static size_t check_folder(const char *folder)
{
    char path[PATH_BYTES];
    size_t checked = 0;
    snprintf(path, sizeof(path), "%s/%s", TRANSACTION_TESTS, folder);
    DIR *directory = opendir(path);
    struct dirent *entry;
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        const char *name;
        json_t *test;
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s/%s", TRANSACTION_TESTS, folder, entry->d_name);
        json_t *file = evm_load(path);
        json_object_foreach(file, name, test) check_ethereum(name, test);
        json_decref(file);
        checked++;
    }
    if (directory != NULL)
        closedir(directory);
    return checked;
}

static void ethereum_transactions_are_judged_as_there(void **state)
{
    (void)state;
    json_decref(evm_load(EVM_VECTORS "/ethereum-tests/txtest.json")); /* or skip here */
    assert_int_equal(check_folder("ttEIP1559"), 9);
    assert_int_equal(check_folder("ttSignature"), 34);
    assert_int_equal(check_folder("ttVValue"), 28);
    assert_int_equal(check_folder("ttNonce"), 10);
}

/* A transaction of ours, signed. */
static struct weir_evm_signed_tx own(struct weir_buffer *bytes)
{
    const uint8_t random[32] = {0};
    const uint8_t secret[32] = {1};
    struct weir_evm_signed_tx made = {
        .tx = {.type = WEIR_EVM_TX_DYNAMIC_FEE,
               .chain_id = 31337,
               .nonce = 7,
               .max_priority_fee = 1000000000,
               .max_fee = 2000000000,
               .gas_limit = 250000,
               .to = {{0x5f, 0xbd}},
               .data = weir_slice_text("data")},
    };
    struct weir_secp *secp = weir_secp_new(random);
    struct weir_hash digest;
    struct weir_secp_key key;
    evm_ok(weir_evm_tx_digest(&evm.scope, &made.tx, &digest));
    evm_ok(weir_secp_sign(secp, &evm.scope, secret, &digest, &made.signature));
    evm_ok(weir_secp_key_of(secp, &evm.scope, secret, &key));
    evm_ok(weir_secp_address(&evm.scope, &key, &made.sender));
    evm_ok(weir_evm_tx_write(&evm.scope, &made.tx, &made.signature, bytes));
    weir_secp_free(secp);
    return made;
}

static void a_changed_bit_never_leaves_the_sender(void **state)
{
    (void)state;
    struct weir_buffer bytes = {.capacity_max = 0};
    struct weir_evm_signed_tx made = own(&bytes);
    struct weir_evm_signed_tx read;
    for (size_t bit = 0; bit < 8 * bytes.length; bit++) {
        bytes.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (weir_evm_tx_read(&evm.scope, weir_buffer_slice(&bytes), &read) == WEIR_OK)
            assert_false(weir_address_equal(&read.sender, &made.sender));
        weir_scope_recover(&evm.scope);
        bytes.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t cut = 0; cut < bytes.length; cut++)
        evm_refused(weir_evm_tx_read(&evm.scope, (struct weir_slice){bytes.data, cut}, &read),
                    WEIR_E_PARSE);
    evm_ok(weir_evm_tx_read(&evm.scope, weir_buffer_slice(&bytes), &read));
    assert_true(weir_address_equal(&read.sender, &made.sender));
}

static void other_types_are_not_written_and_too_large_ones_not_at_all(void **state)
{
    (void)state;
    struct weir_buffer bytes = {.capacity_max = 0};
    struct weir_evm_signed_tx made = own(&bytes);
    made.tx.type = WEIR_EVM_TX_LEGACY;
    evm_refused(weir_evm_tx_write(&evm.scope, &made.tx, NULL, &bytes), WEIR_E_RANGE);
    made.tx.type = WEIR_EVM_TX_DYNAMIC_FEE;
    made.tx.data.data = weir_take(&evm.scope, WEIR_EVM_TX_BYTES_MAX, 1);
    made.tx.data.length = WEIR_EVM_TX_BYTES_MAX;
    evm_refused(weir_evm_tx_write(&evm.scope, &made.tx, NULL, &bytes), WEIR_E_LIMIT);
    struct weir_evm_signed_tx read;
    struct weir_slice large = {made.tx.data.data, WEIR_EVM_TX_BYTES_MAX + 1};
    evm_refused(weir_evm_tx_read(&evm.scope, large, &read), WEIR_E_LIMIT);
}

static void a_created_contract_has_the_address_of_other_clients(void **state)
{
    (void)state;
    struct weir_address sender;
    struct weir_address created;
    evm_ok(weir_address_parse(
        &evm.scope, weir_slice_text("0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F"), &sender));
    evm_ok(weir_evm_created_address(&evm.scope, &sender, 200, &created));
    evm_same((struct weir_slice){created.bytes, 20}, "44b724eaec400b62784e82738b21b74141a4aeea");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        evm_test(all_type_2_transactions_of_the_vectors_are_made_and_read),
        evm_test(all_legacy_transactions_of_the_vectors_are_read),
        evm_test(ethereum_transactions_are_judged_as_there),
        evm_test(a_changed_bit_never_leaves_the_sender),
        evm_test(other_types_are_not_written_and_too_large_ones_not_at_all),
        evm_test(a_created_contract_has_the_address_of_other_clients),
    };
    return evm_finish(cmocka_run_group_tests_name("tx", tests, NULL, NULL));
}
