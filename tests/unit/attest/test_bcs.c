/* Goal: BCS values have one form and come back as they were.
 * Method: the published lengths, every border of the length format, and every other form of each
 * value refused. */
#include "attest/bcs.h"

#include "tests/unit/with_evm.h"

static struct weir_buffer written;

static int setup(void **state)
{
    written = (struct weir_buffer){.capacity_max = 0};
    return evm_setup(state);
}

static void lengths_have_their_published_forms(void **state)
{
    (void)state;
    static const struct {
        uint32_t value;
        const char *hex;
    } cases[] = {
        {0, "00"},       {1, "01"},         {127, "7f"},         {128, "8001"},
        {16383, "ff7f"}, {16384, "808001"}, {2097151, "ffff7f"}, {UINT32_MAX, "ffffffff0f"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t read = 1;
        written.length = 0;
        evm_ok(weir_bcs_put_length(&evm.scope, &written, cases[i].value));
        evm_same(weir_buffer_slice(&written), cases[i].hex);
        struct weir_slice rest = weir_buffer_slice(&written);
        evm_ok(weir_bcs_get_length(&evm.scope, &rest, UINT32_MAX, &read));
        assert_true(read == cases[i].value && rest.length == 0);
        if (cases[i].value == 0)
            continue;
        rest = weir_buffer_slice(&written);
        evm_refused(weir_bcs_get_length(&evm.scope, &rest, cases[i].value - 1, &read),
                    WEIR_E_PARSE);
        assert_int_equal(rest.length, written.length);
    }
}

static void other_forms_of_a_length_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",         "80",           "8000",       "ff00",
                                      "808000",   "808080",       "ffffffff1f", "ffffffff80",
                                      "80808080", "ffffffffff0f", "8080808000"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct weir_slice rest = evm_unhex(bad[i]);
        uint32_t value;
        evm_refused(weir_bcs_get_length(&evm.scope, &rest, UINT32_MAX, &value), WEIR_E_PARSE);
    }
}

static void numbers_are_little_endian_and_whole(void **state)
{
    (void)state;
    evm_ok(weir_bcs_put_u8(&evm.scope, &written, 1));
    evm_ok(weir_bcs_put_u32(&evm.scope, &written, 0x02030405));
    evm_ok(weir_bcs_put_u64(&evm.scope, &written, 0x060708090a0b0c0d));
    evm_ok(weir_bcs_put_bool(&evm.scope, &written, true));
    evm_same(weir_buffer_slice(&written), "01050403020d0c0b0a0908070601");
    struct weir_slice rest = weir_buffer_slice(&written);
    uint8_t small;
    uint32_t middle;
    uint64_t large;
    bool truth;
    evm_ok(weir_bcs_get_u8(&evm.scope, &rest, &small));
    evm_ok(weir_bcs_get_u32(&evm.scope, &rest, &middle));
    evm_ok(weir_bcs_get_u64(&evm.scope, &rest, &large));
    evm_ok(weir_bcs_get_bool(&evm.scope, &rest, &truth));
    evm_ok(weir_bcs_get_end(&evm.scope, rest));
    assert_true(small == 1 && middle == 0x02030405 && large == 0x060708090a0b0c0d && truth);
    struct weir_slice two = evm_unhex("02");
    evm_refused(weir_bcs_get_bool(&evm.scope, &two, &truth), WEIR_E_PARSE);
    evm_refused(weir_bcs_get_u32(&evm.scope, &two, &middle), WEIR_E_PARSE);
    evm_refused(weir_bcs_get_end(&evm.scope, two), WEIR_E_PARSE);
}

static void sequences_come_back_and_texts_are_utf8(void **state)
{
    (void)state;
    struct weir_slice found;
    evm_ok(weir_bcs_put_text(&evm.scope, &written, weir_slice_text("Z\xc3\xbcrich")));
    evm_ok(weir_bcs_put_bytes(&evm.scope, &written, (struct weir_slice){NULL, 0}));
    struct weir_slice rest = weir_buffer_slice(&written);
    evm_ok(weir_bcs_get_text(&evm.scope, &rest, &found));
    assert_true(weir_slice_equals_text(found, "Z\xc3\xbcrich"));
    evm_ok(weir_bcs_get_bytes(&evm.scope, &rest, &found));
    assert_true(found.length == 0 && rest.length == 0);

    struct weir_slice bad = evm_unhex("02c328");
    evm_refused(weir_bcs_get_text(&evm.scope, &bad, &found), WEIR_E_PARSE);
    assert_int_equal(bad.length, 3);
    evm_refused(weir_bcs_put_text(&evm.scope, &written, (struct weir_slice){bad.data + 1, 2}),
                WEIR_E_PARSE);
    struct weir_slice cut = evm_unhex("0561626364");
    evm_refused(weir_bcs_get_bytes(&evm.scope, &cut, &found), WEIR_E_PARSE);
    assert_int_equal(cut.length, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(lengths_have_their_published_forms, setup),
        cmocka_unit_test_setup(other_forms_of_a_length_are_refused, setup),
        cmocka_unit_test_setup(numbers_are_little_endian_and_whole, setup),
        cmocka_unit_test_setup(sequences_come_back_and_texts_are_utf8, setup),
    };
    return evm_finish(cmocka_run_group_tests_name("bcs", tests, NULL, NULL));
}
