/* Goal: every duty of every witness derives the same agreement from its own configuration, and a
 * stranger's or a swapped key is noticed.
 * Method: three configurations of one agreement compared; key sets exchanged for wrong ones. */
#include "node/agreement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "config/config.h"
#include "tests/unit/node/with_witnesses.h"

static struct with_witnesses world;

static int world_make(void **state)
{
    (void)state;
    with_witnesses_make(&world);
    return 0;
}

static int world_drop(void **state)
{
    (void)state;
    with_witnesses_drop(&world);
    return 0;
}

static void all_witnesses_see_the_same_agreement_and_themselves_in_it(void **state)
{
    (void)state;
    const struct weir_agreement *first = with_witnesses_agreement(&world, 0, 0);
    unsigned seen = 0;
    for (size_t w = 0; w < WITNESSES; w++) {
        const struct weir_agreement *agreement = with_witnesses_agreement(&world, w, 0);
        assert_true(weir_hash_equal(&agreement->hash, &first->hash));
        assert_true(weir_address_equal(&agreement->domain.contract, &first->domain.contract));
        assert_true(agreement->own >= 0);
        seen |= 1U << agreement->own;
        for (size_t i = 0; i < WITNESSES; i++) {
            const struct weir_witness *witness = &agreement->witnesses[i];
            assert_non_null(witness->keys);
            assert_true(weir_hash_equal(&witness->origin_hash, &first->witnesses[i].origin_hash));
            assert_int_equal(witness->peer == NULL, (int)i == agreement->own);
            assert_ptr_equal(weir_agreement_witness(agreement, &witness->origin_hash), witness);
        }
    }
    assert_int_equal(seen, (1U << WITNESSES) - 1);
}

static void agreements_are_found_by_hash_and_name(void **state)
{
    (void)state;
    const struct weir_agreements *all = &world.items[0].agreements;
    assert_int_equal(all->count, 2);
    assert_ptr_equal(weir_agreement_by_name(all, "on-COIN"), &all->items[1]);
    assert_ptr_equal(weir_agreement_by_hash(all, &all->items[1].hash), &all->items[1]);
    assert_null(weir_agreement_by_name(all, "on-NOTHING"));
    const struct weir_hash nobody = {{1}};
    assert_null(weir_agreement_by_hash(all, &nobody));
    assert_null(weir_agreement_witness(&all->items[0], &nobody));
    assert_false(weir_hash_equal(&all->items[0].hash, &all->items[1].hash));
}

static void who_is_not_named_has_no_place(void **state)
{
    (void)state;
    struct weir_agreements agreements;
    const struct weir_self nobody = {"w1.example", NULL};
    with_witnesses_expect(
        &world, weir_agreements_load(&world.scope, world.items[0].config, nobody, &agreements));
    assert_int_equal(agreements.items[0].own, -1);
    struct weir_config fewer = *world.items[0].config;
    fewer.peer_count = 1;
    with_witnesses_expect(&world, weir_agreements_load(&world.scope, &fewer, nobody, &agreements));
    unsigned known = 0;
    for (size_t i = 0; i < WITNESSES; i++)
        known += agreements.items[0].witnesses[i].keys != NULL;
    assert_int_equal(known, 1);
}

static void a_peer_with_another_report_key_is_refused(void **state)
{
    (void)state;
    struct weir_agreements agreements;
    struct weir_config bent = *world.items[0].config;
    const struct weir_self self = {"w1.example", &world.items[0].set};
    struct weir_config_agreement *deals =
        weir_take(&world.scope, bent.agreement_count, sizeof(*deals));
    memcpy(deals, bent.agreements, bent.agreement_count * sizeof(*deals));
    struct weir_config_witness *witnesses = weir_take(&world.scope, WITNESSES, sizeof(*witnesses));
    memcpy(witnesses, deals[0].witnesses, WITNESSES * sizeof(*witnesses));
    struct weir_hash node = witnesses[0].node; /* keys stay, nodes change places */
    witnesses[0].node = witnesses[1].node;
    witnesses[1].node = node;
    deals[0].witnesses = witnesses;
    bent.agreements = deals;
    assert_int_equal(weir_agreements_load(&world.scope, &bent, self, &agreements), WEIR_E_CONFIG);
    assert_non_null(strstr(world.scope.fault, "not with its report key"));
    weir_scope_recover(&world.scope);
}

static void a_missing_key_set_names_the_peer(void **state)
{
    (void)state;
    struct weir_agreements agreements;
    const struct weir_self self = {"w1.example", &world.items[0].set};
    const char *path = weir_take_printf(&world.scope, "%s/w2.example.keyset", world.folder);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(weir_agreements_load(&world.scope, world.items[0].config, self, &agreements),
                     WEIR_E_NOT_FOUND);
    assert_non_null(strstr(world.scope.fault, "peer 'w2.example'"));
    weir_scope_recover(&world.scope);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_witnesses_see_the_same_agreement_and_themselves_in_it),
        cmocka_unit_test(agreements_are_found_by_hash_and_name),
        cmocka_unit_test(who_is_not_named_has_no_place),
        cmocka_unit_test(a_peer_with_another_report_key_is_refused),
        cmocka_unit_test(a_missing_key_set_names_the_peer),
    };
    return cmocka_run_group_tests_name("agreement", tests, world_make, world_drop);
}
