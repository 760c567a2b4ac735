/* Goal: "paid" is said only about a payment of this very report in a block whose hash the caller
 * trusts, and everything else is named for what it is.
 * Method: a receipt in a block made for the purpose, with each value of it wrong once. */
#include "attest/account.h"

#include "base/arena.h"
#include "tests/unit/attest/with_account.h"

/* A proof that shows one payment of these values. */
static void make_paid(struct proof_world *world, uint64_t due, uint64_t paid)
{
    proof_make(world, proof_defaults());
    proof_pay(world, due, paid);
}

static void a_payment_is_named_until_its_block_is_trusted(void **state)
{
    (void)state;
    struct proof_world world;
    make_paid(&world, DUE, DUE - 5);
    expect(&world, WEIR_OK, "");
    assert_int_equal(account.payment_state, WEIR_PAYMENT_NAMED);
    assert_true(account.payments[0].settled.due == DUE);
    assert_true(account.payments[0].settled.paid == DUE - 5);
    struct weir_hash block = world.block;
    const struct weir_proof_rules rules = {.needs_signatures = true, .trusted_block = &block};
    expect_rules(&world, &rules, WEIR_OK, "");
    assert_int_equal(account.payment_state, WEIR_PAYMENT_TRUSTED);
    block.bytes[31] ^= 1;
    expect_rules(&world, &rules, WEIR_E_PAYMENT, "no payment in the file lies in the block");
    world.proof.payment_count = 0;
    expect_rules(&world, &rules, WEIR_E_PAYMENT, "the file shows no payment");
    expect(&world, WEIR_OK, "");
    assert_int_equal(account.payment_state, WEIR_PAYMENT_NONE);
    proof_free(&world);
}

static void one_of_two_payments_can_be_the_trusted_one(void **state)
{
    (void)state;
    struct proof_world world;
    make_paid(&world, DUE, 1);
    struct weir_hash first = world.block;
    proof_pay(&world, DUE - 1, DUE - 1);
    assert_false(weir_hash_equal(&first, &world.block));
    const struct weir_proof_rules rules = {.needs_signatures = true, .trusted_block = &first};
    expect_rules(&world, &rules, WEIR_OK, "");
    assert_int_equal(account.payments[0].state, WEIR_PAYMENT_TRUSTED);
    assert_int_equal(account.payments[1].state, WEIR_PAYMENT_NAMED);
    world.payments[1] = world.payments[0];
    expect(&world, WEIR_E_PAYMENT, "payment 2 stands in the file twice");
    proof_free(&world);
}

static void a_receipt_of_another_report_is_refused(void **state)
{
    (void)state;
    for (int which = 0; which < 6; which++) {
        struct proof_world world;
        proof_make(&world, proof_defaults());
        struct weir_settled settled = proof_settled(&world, DUE, DUE);
        struct weir_address emitter = world.proof.domain.contract;
        const char *part = which < 3 ? "settles another report" : "settles more than";
        settled.word += which == 0;
        settled.tier = (uint8_t)(settled.tier - (which == 1));
        settled.evidence_root.bytes[0] ^= which == 2;
        if (which == 3)
            settled.fresh = weir_word_u64(3);
        if (which == 4)
            settled.fresh = weir_word_u64(0);
        settled.due += which == 5;
        proof_pay_with(&world, &emitter, &settled);
        expect(&world, WEIR_E_PAYMENT, part);
        proof_free(&world);
    }
}

static void a_log_of_another_contract_is_no_payment(void **state)
{
    (void)state;
    struct proof_world world;
    proof_make(&world, proof_defaults());
    struct weir_settled settled = proof_settled(&world, DUE, DUE);
    struct weir_address other = world.proof.domain.contract;
    other.bytes[19] ^= 1;
    proof_pay_with(&world, &other, &settled);
    expect(&world, WEIR_E_PAYMENT, "payment 1: the log is of contract");
    proof_free(&world);
}

static void a_payment_stands_where_it_says(void **state)
{
    (void)state;
    struct proof_world world;
    make_paid(&world, DUE, DUE);
    struct weir_proof_payment good = world.payments[0];
    world.payments[0].block.bytes[0] ^= 1;
    expect(&world, WEIR_E_PAYMENT, "another block than it says");
    world.payments[0] = good;
    world.payments[0].block_number++;
    expect(&world, WEIR_E_PAYMENT, "another block than it says");
    world.payments[0] = good;
    world.payments[0].log_index = 0;
    expect(&world, WEIR_E_PAYMENT, "the log is of contract");
    world.payments[0].log_index = 2;
    expect(&world, WEIR_E_RANGE, "payment 1");
    world.payments[0] = good;
    world.payments[0].tx_index = 0;
    assert_int_not_equal(proof_verify(&world, &signed_rules, &account), WEIR_OK);
    world.payments[0] = good;
    world.payments[0].node_count--;
    assert_int_not_equal(proof_verify(&world, &signed_rules, &account), WEIR_OK);
    proof_free(&world);
}

static void a_header_with_another_receipts_root_is_refused(void **state)
{
    (void)state;
    struct proof_world world;
    make_paid(&world, DUE, DUE);
    struct weir_slice header = world.payments[0].header;
    uint8_t *bent = weir_take(&world.scope, header.length, 1);
    world.payments[0].header.data = bent;
    unsigned named = 0;
    for (size_t at = 0; at < header.length; at += 5) {
        memcpy(bent, header.data, header.length);
        bent[at] ^= 1;
        const struct weir_proof_rules rules = {.needs_signatures = true,
                                               .trusted_block = &world.block};
        /* another header has another hash: whatever it says, it is not the trusted one */
        assert_int_not_equal(proof_verify(&world, &rules, &account), WEIR_OK);
        named += proof_verify(&world, &signed_rules, &account) == WEIR_OK;
    }
    assert_int_equal(named, 0); /* the file names the hash too */
    proof_free(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_payment_is_named_until_its_block_is_trusted),
        cmocka_unit_test(one_of_two_payments_can_be_the_trusted_one),
        cmocka_unit_test(a_receipt_of_another_report_is_refused),
        cmocka_unit_test(a_log_of_another_contract_is_no_payment),
        cmocka_unit_test(a_payment_stands_where_it_says),
        cmocka_unit_test(a_header_with_another_receipts_root_is_refused),
    };
    return cmocka_run_group_tests_name("account_payment", tests, NULL, NULL);
}
