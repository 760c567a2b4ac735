/* Goal: our calls are those of other clients, answers are read only as Solidity gives them, and a
 * revert is named.
 * Method: the agreements' calls, single answers of the ethers vectors, every word of a call spoilt,
 * and each row of the error table. */
#include "rails/evm/abi.h"

#include "attest/keccak.h"
#include "tests/unit/with_agreement.h"

static void check_calls(const json_t *agreement)
{
    struct weir_terms terms = agreement_terms(agreement);
    struct weir_report report = agreement_report(agreement);
    struct weir_buffer open = {.capacity_max = 0};
    struct weir_buffer call = {.capacity_max = 0};
    evm_ok(weir_abi_open(&evm.scope, &terms, &open));
    evm_same(weir_buffer_slice(&open), evm_text(agreement, "openCalldata"));
    evm_ok(weir_abi_report(&evm.scope, &report, &call));
    evm_same(weir_buffer_slice(&call), evm_text(agreement, "reportCalldata"));

    struct weir_report read;
    struct weir_hash hash = weir_terms_hash(&terms);
    evm_ok(weir_abi_read_report(&evm.scope, weir_buffer_slice(&call), &hash, &read));
    assert_true(weir_word_equal(read.breach.mask, report.breach.mask));
    assert_true(read.who == report.who && read.breach.tier == report.breach.tier);
    struct weir_domain domain = agreement_domain(agreement);
    evm_ok(weir_report_check(&evm.scope, &terms, &domain, &read));
}

static void calls_are_those_of_other_clients(void **state)
{
    (void)state;
    agreement_each(check_calls);
}

static void check_bent_report(const json_t *agreement)
{
    struct weir_slice good = evm_bytes(agreement, "reportCalldata");
    uint8_t *bent = weir_take(&evm.scope, good.length, 1);
    struct weir_hash hash = {{0}};
    struct weir_report read;
    memcpy(bent, good.data, good.length);
    for (size_t bit = 0; bit < 8 * good.length; bit++) {
        bent[bit / 8] ^= (uint8_t)(1u << bit % 8);
        struct weir_slice bytes = {bent, good.length};
        if (weir_abi_read_report(&evm.scope, bytes, &hash, &read) == WEIR_OK) {
            struct weir_buffer again = {.capacity_max = 0};
            evm_ok(weir_abi_report(&evm.scope, &read, &again));
            assert_true(weir_slice_equal(weir_buffer_slice(&again), bytes));
        }
        weir_scope_recover(&evm.scope);
        bent[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t cut = 0; cut < good.length; cut++)
        evm_refused(weir_abi_read_report(&evm.scope, (struct weir_slice){bent, cut}, &hash, &read),
                    WEIR_E_PARSE);
}

static void a_report_is_read_only_in_its_one_form(void **state)
{
    (void)state;
    agreement_each(check_bent_report);
}

/* The call and its text in hex; arguments are the words 1 and 2. */
static void same_call(struct weir_buffer *buffer, const char *hex)
{
    evm_same(weir_buffer_slice(buffer), hex);
    buffer->length = 0;
}

#define WORD_1 "0000000000000000000000000000000000000000000000000000000000000001"
#define WORD_2 "0000000000000000000000000000000000000000000000000000000000000002"
#define WORD_0 "0000000000000000000000000000000000000000000000000000000000000000"
#define WORD_32 "0000000000000000000000000000000000000000000000000000000000000020"
#define WORD_33 "0000000000000000000000000000000000000000000000000000000000000021"
#define WORD_64 "0000000000000000000000000000000000000000000000000000000000000040"
#define WORD_ONES "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define WORD_TO "0000000000000000000000009d8a62f656a8d1615c1294fd71e9cfb3e4855a4f"

static void small_calls_have_their_selectors_and_words(void **state)
{
    (void)state;
    struct weir_scope *scope = &evm.scope;
    struct weir_buffer call = {.capacity_max = 0};
    struct weir_address to;
    evm_ok(weir_address_parse(scope, weir_slice_text("0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F"),
                              &to));
    evm_ok(weir_abi_pay_owed(scope, &call));
    same_call(&call, "49853376");
    evm_ok(weir_abi_claim(scope, &to, &call));
    same_call(&call, "1e83409a" WORD_TO);
    evm_ok(weir_abi_withdraw(scope, &to, &call));
    same_call(&call, "51cff8d9" WORD_TO);
    evm_ok(weir_abi_level(scope, 1, &call));
    same_call(&call, "b3dbde58" WORD_1);
    evm_ok(weir_abi_window_start(scope, 1, &call));
    same_call(&call, "bfba7eb0" WORD_1);
    evm_ok(weir_abi_lanes(scope, 1, &call));
    same_call(&call, "5ae62b92" WORD_1);
    evm_ok(weir_abi_used(scope, 1, &call));
    same_call(&call, "020fe6e5" WORD_1);
    evm_ok(weir_abi_owed(scope, &call));
    same_call(&call, "c87d6779");
    evm_ok(weir_abi_terms_hash(scope, &call));
    same_call(&call, "b311d9fd");
    evm_ok(weir_abi_implementation(scope, &call));
    same_call(&call, "5c60da1b");
    evm_ok(weir_abi_preview(scope, 1, weir_word_u64(2), 1, &call));
    same_call(&call, "3c95bd00" WORD_1 WORD_2 WORD_1);
    evm_ok(weir_abi_transfer(scope, &to, 2, &call));
    same_call(&call, "a9059cbb" WORD_TO WORD_2);
    evm_ok(weir_abi_approve(scope, &to, 1, &call));
    same_call(&call, "095ea7b3" WORD_TO WORD_1);
    evm_ok(weir_abi_balance_of(scope, &to, &call));
    same_call(&call, "70a08231" WORD_TO);
    evm_ok(weir_abi_decimals(scope, &call));
    same_call(&call, "313ce567");
    evm_ok(weir_abi_symbol(scope, &call));
    same_call(&call, "95d89b41");
}

/* The one value of a vector, of the type asked for; NULL for other vectors.  The
 * caller frees it. */
static json_t *only_value(const json_t *vector, const char *type)
{
    if (strcmp(evm_text(vector, "types"), type) != 0)
        return NULL;
    json_t *values = json_loads(evm_text(vector, "normalizedValues"), 0, NULL);
    json_t *value = json_incref(json_object_get(json_array_get(values, 0), "value"));
    json_decref(values);
    return value;
}

static void check_texts(const json_t *vector)
{
    struct weir_slice result = evm_bytes(vector, "result");
    struct weir_slice found;
    json_t *text = only_value(vector, "[\"string\"]");
    json_t *bytes = only_value(vector, "[\"bytes\"]");
    if (text != NULL) {
        evm_ok(weir_abi_read_bytes(&evm.scope, result, &found));
        assert_true(weir_slice_equals_text(found, json_string_value(text)));
    }
    if (bytes != NULL) {
        evm_ok(weir_abi_read_bytes(&evm.scope, result, &found));
        evm_same(found, json_string_value(bytes));
    }
    json_decref(text);
    json_decref(bytes);
}

static void check_address(const json_t *vector)
{
    struct weir_address address;
    char printed[WEIR_ADDRESS_TEXT_BYTES];
    json_t *value = only_value(vector, "[\"address\"]");
    if (value == NULL)
        return;
    evm_ok(weir_abi_read_address(&evm.scope, evm_bytes(vector, "result"), &address));
    weir_address_print(&address, printed);
    assert_string_equal(printed, json_string_value(value));
    json_decref(value);
}

static void answers_of_the_vectors_are_read(void **state)
{
    (void)state;
    json_t *vectors = evm_load(EVM_VECTORS "/ethers-testcases/contract-interface.json.gz");
    size_t i;
    json_t *vector;
    json_array_foreach(vectors, i, vector)
    {
        weir_arena_clear(evm.scope.arena);
        check_texts(vector);
        check_address(vector);
    }
    assert_int_equal(json_array_size(vectors), 2045);
    json_decref(vectors);
}

static void answers_in_another_form_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        WORD_1,
        (WORD_64 WORD_1 WORD_1),  /* another offset */
        (WORD_32 WORD_33 WORD_1), /* longer than what is there */
        (WORD_32 WORD_1 WORD_1),  /* filled padding */
        (WORD_32 WORD_0 WORD_1),  /* words behind it */
        (WORD_32 WORD_ONES),      /* longer than all there is */
        (WORD_32 WORD_ONES WORD_1),
    };
    struct weir_slice found;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        evm_refused(weir_abi_read_bytes(&evm.scope, evm_unhex(bad[i]), &found), WEIR_E_PARSE);
    uint64_t number;
    unsigned __int128 wide;
    struct weir_address address;
    struct weir_slice large = evm_unhex("01" WORD_1);
    evm_refused(weir_abi_read_u64(&evm.scope, large, &number), WEIR_E_PARSE);
    large.length--;
    evm_refused(weir_abi_read_u64(&evm.scope, large, &number), WEIR_E_RANGE);
    evm_refused(weir_abi_read_u128(&evm.scope, large, &wide), WEIR_E_RANGE);
    evm_refused(weir_abi_read_address(&evm.scope, large, &address), WEIR_E_RANGE);
}

static void events_are_read_and_others_refused(void **state)
{
    (void)state;
    static const char *const topics[] = {"Owed(uint256)",
                                         "Opened(address,bytes32,address,address)"};
    struct weir_chain_log log = {.topic_count = 1, .data = evm_unhex(WORD_2)};
    unsigned __int128 owed;
    log.topics[0] = weir_keccak_of(topics[0], strlen(topics[0]));
    evm_ok(weir_abi_read_owed(&evm.scope, &log, &owed));
    assert_true(owed == 2);

    struct weir_address agreement;
    struct weir_hash terms;
    evm_refused(weir_abi_read_opened(&evm.scope, &log, &agreement, &terms), WEIR_E_PARSE);
    log.topics[0] = weir_keccak_of(topics[1], strlen(topics[1]));
    log.topic_count = 4;
    log.topics[1] = weir_word_get_hash(weir_word_u64(5));
    log.topics[2].bytes[3] = 9;
    evm_ok(weir_abi_read_opened(&evm.scope, &log, &agreement, &terms));
    assert_true(agreement.bytes[19] == 5 && terms.bytes[3] == 9);
    evm_refused(weir_abi_read_owed(&evm.scope, &log, &owed), WEIR_E_PARSE);
    log.topics[1].bytes[0] = 1;
    evm_refused(weir_abi_read_opened(&evm.scope, &log, &agreement, &terms), WEIR_E_PARSE);
}

static void check_revert(const char *hex, const char *text)
{
    assert_string_equal(weir_abi_revert_text(&evm.scope, evm_unhex(hex)), text);
}

static void a_revert_is_put_into_words(void **state)
{
    (void)state;
    check_revert("", "reverted without saying why");
    check_revert("351050a4", "NothingNew(): every window of the mask already stands at this tier "
                             "or a worse one");
    check_revert("a1c97319" WORD_2,
                 "BadSignature(2): the signature that should be by witness `index` is not");
    check_revert("71cd1941" WORD_TO,
                 "AlreadyOpen(0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F): equal terms were opened "
                 "before, at `agreement`; another `nonce` tells them apart");
    check_revert("4e487b71" WORD_1, "Panic(1): a contract met a state that it holds impossible");
    check_revert("08c379a0"
                 "0000000000000000000000000000000000000000000000000000000000000020"
                 "0000000000000000000000000000000000000000000000000000000000000003"
                 "6f0a6f0000000000000000000000000000000000000000000000000000000000",
                 "a contract refused: \"o?o\"");
    check_revert("08c379a000", "a contract refused, in words that cannot be read");
    check_revert("12345678", "reverted with the unknown data 0x12345678");
    check_revert("351050a4" WORD_1,
                 "reverted with the unknown data "
                 "0x351050a400000000000000000000000000000000000000000000000000000000...");
}

static void each_row_has_the_selector_of_its_signature(void **state)
{
    (void)state;
    static const struct {
        uint32_t selector;
        const char *signature;
    } rows[] = {
#define WEIR_EVM_ERROR(selector, signature, text) {selector, signature},
#include "rails/evm/artifacts/errors.def"
#undef WEIR_EVM_ERROR
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct weir_hash hash = weir_keccak_of(rows[i].signature, strlen(rows[i].signature));
        assert_int_equal(weir_get_u32(hash.bytes), rows[i].selector);
    }
}

static void meanings_tell_done_from_later_and_never(void **state)
{
    (void)state;
    struct weir_revert revert;
    assert_true(weir_abi_revert(evm_unhex("351050a4"), &revert)); /* NothingNew */
    assert_int_equal(revert.meaning, WEIR_REVERT_DONE);
    assert_true(weir_abi_revert(evm_unhex("085de625"), &revert)); /* TooEarly */
    assert_int_equal(revert.meaning, WEIR_REVERT_LATER);
    assert_true(weir_abi_revert(evm_unhex("ecdd1c29"), &revert)); /* TooLate */
    assert_int_equal(revert.meaning, WEIR_REVERT_FATAL);
    assert_false(weir_abi_revert(evm_unhex("ecdd1c2900"), &revert));
    assert_false(weir_abi_revert(evm_unhex("ecdd1c"), &revert));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        evm_test(calls_are_those_of_other_clients),
        evm_test(a_report_is_read_only_in_its_one_form),
        evm_test(small_calls_have_their_selectors_and_words),
        evm_test(answers_of_the_vectors_are_read),
        evm_test(answers_in_another_form_are_refused),
        evm_test(events_are_read_and_others_refused),
        evm_test(a_revert_is_put_into_words),
        evm_test(each_row_has_the_selector_of_its_signature),
        evm_test(meanings_tell_done_from_later_and_never),
    };
    return evm_finish(cmocka_run_group_tests_name("abi", tests, NULL, NULL));
}
