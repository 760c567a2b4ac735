/* Goal: a maintenance notice is its provider's, of one agreement, and has one encoding.
 * Method: written and read; every byte changed; times at the ends of their range; other signers,
 * terms, chains and contracts. */
#include "attest/notice.h"

#include "base/arena.h"
#include "tests/unit/attest/with_account.h"

static void
expect_notice(struct proof_world *world, const struct weir_notice *notice, enum weir_err expected)
{
    struct weir_hash terms = weir_terms_hash(&world->proof.terms);
    enum weir_err err = weir_notice_verify(&world->scope, notice, &world->proof.domain, &terms,
                                           &world->proof.terms.provider);
    assert_int_equal(err, expected);
    weir_scope_recover(&world->scope);
}

static void a_notice_is_read_as_it_was_written(void **state)
{
    (void)state;
    struct proof_world world;
    struct weir_notice read;
    uint8_t bytes[WEIR_NOTICE_BYTES];
    uint8_t again[WEIR_NOTICE_BYTES];
    proof_begin(&world, proof_defaults(), WORLD_BYTES);
    struct weir_notice notice = proof_notice(&world, 5, 9, 77);
    weir_notice_write(&notice, bytes);
    const struct weir_slice slice = {bytes, sizeof(bytes)};
    assert_int_equal(weir_notice_read(&world.scope, slice, &read), WEIR_OK);
    assert_true(read.maintenance.from_ms == 5 && read.maintenance.to_ms == 9);
    assert_true(read.maintenance.nonce == 77);
    weir_notice_write(&read, again);
    assert_memory_equal(bytes, again, sizeof(bytes));
    expect_notice(&world, &read, WEIR_OK);
    for (size_t at = 0; at < sizeof(bytes); at++) {
        bytes[at] ^= 1;
        if (weir_notice_read(&world.scope, slice, &read) == WEIR_OK)
            expect_notice(&world, &read, at < 32 ? WEIR_E_EVIDENCE : WEIR_E_SIGNATURE);
        weir_scope_recover(&world.scope);
        bytes[at] ^= 1;
    }
    proof_free(&world);
}

static void other_lengths_and_times_are_refused(void **state)
{
    (void)state;
    struct weir_scope scope = {.arena = NULL};
    struct weir_notice notice = {.maintenance = {.from_ms = 5, .to_ms = 9}};
    struct weir_notice read = {.maintenance = {.nonce = 3}};
    uint8_t bytes[WEIR_NOTICE_BYTES + 1] = {0};
    weir_notice_write(&notice, bytes);
    for (size_t length = 0; length <= sizeof(bytes); length++) {
        enum weir_err err = weir_notice_read(&scope, (struct weir_slice){bytes, length}, &read);
        assert_int_equal(err, length == WEIR_NOTICE_BYTES ? WEIR_OK : WEIR_E_PARSE);
        weir_scope_recover(&scope);
    }
    const struct weir_slice slice = {bytes, WEIR_NOTICE_BYTES};
    const struct {
        uint64_t from_ms;
        uint64_t to_ms;
        enum weir_err err;
    } times[] = {
        {5, 5, WEIR_E_RANGE},
        {6, 5, WEIR_E_RANGE},
        {0, 1, WEIR_OK},
        {0, INT64_MAX, WEIR_OK},
        {0, (uint64_t)INT64_MAX + 1, WEIR_E_RANGE},
        {UINT64_MAX - 1, UINT64_MAX, WEIR_E_RANGE},
    };
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        notice.maintenance.from_ms = times[i].from_ms;
        notice.maintenance.to_ms = times[i].to_ms;
        weir_notice_write(&notice, bytes);
        assert_int_equal(weir_notice_read(&scope, slice, &read), times[i].err);
        weir_scope_recover(&scope);
    }
}

static void only_the_provider_announces_and_only_here(void **state)
{
    (void)state;
    struct proof_world world;
    proof_begin(&world, proof_defaults(), WORLD_BYTES);
    struct weir_notice notice = proof_notice(&world, 5, 9, 1);
    expect_notice(&world, &notice, WEIR_OK);
    world.provider[0] ^= 1;
    struct weir_notice forged = proof_notice(&world, 5, 9, 1);
    expect_notice(&world, &forged, WEIR_E_SIGNATURE);
    world.proof.domain.chain_id++;
    expect_notice(&world, &notice, WEIR_E_SIGNATURE);
    world.proof.domain.chain_id--;
    world.proof.domain.contract.bytes[0] ^= 1;
    expect_notice(&world, &notice, WEIR_E_SIGNATURE);
    world.proof.domain.contract.bytes[0] ^= 1;
    world.proof.terms.nonce++;
    expect_notice(&world, &notice, WEIR_E_EVIDENCE);
    proof_free(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_notice_is_read_as_it_was_written),
        cmocka_unit_test(other_lengths_and_times_are_refused),
        cmocka_unit_test(only_the_provider_announces_and_only_here),
    };
    return cmocka_run_group_tests_name("notice", tests, NULL, NULL);
}
