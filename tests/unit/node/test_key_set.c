/* Goal: a key set file is accepted only as its node printed it, with every proof of possession.
 * Method: a set made from keys; every truncation and every changed byte of the file. */
#include "node/key_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/arena.h"
#include "node/keyfile.h"
#include "node/keys.h"

static struct weir_scope scope;
static struct weir_keys *keys;

static int keys_make(void **state)
{
    (void)state;
    uint8_t seeds[WEIR_KEY_ROLES * WEIR_KEY_SEED_BYTES];
    for (size_t i = 0; i < sizeof(seeds); i++)
        seeds[i] = (uint8_t)(i * 5 + i / 32 + 1);
    scope = (struct weir_scope){.arena = weir_arena_new((size_t)64 << 20)};
    if (sodium_init() < 0)
        return -1;
    return weir_keys_make(&scope, seeds, &keys) == WEIR_OK ? 0 : -1;
}

static int keys_drop(void **state)
{
    (void)state;
    weir_keys_free(keys);
    weir_arena_free(scope.arena);
    return 0;
}

static struct weir_slice printed(const char *name)
{
    struct weir_key_set set;
    struct weir_buffer text = {.capacity_max = WEIR_KEY_SET_FILE_BYTES_MAX};
    assert_int_equal(weir_key_set_make(&scope, keys, name, &set), WEIR_OK);
    assert_int_equal(weir_key_set_print(&scope, &set, &text), WEIR_OK);
    return weir_buffer_slice(&text);
}

static void a_set_is_the_same_every_time_and_read_back(void **state)
{
    (void)state;
    struct weir_key_set set;
    struct weir_slice text = printed("w1.example");
    assert_true(weir_slice_equal(text, printed("w1.example")));
    assert_int_equal(weir_key_set_parse(&scope, text, &set), WEIR_OK);
    assert_true(weir_slice_equals_text(set.name, "w1.example"));
    assert_memory_equal(set.set.node.bytes, weir_keys_ed25519(keys, WEIR_KEY_IDENTITY), 32);
    struct weir_address report = weir_keys_address(keys, WEIR_KEY_REPORT);
    assert_true(weir_keyset_has_report(&set.set, &report));
    assert_memory_equal(weir_keyset_find(&set.set, WEIR_PURPOSE_LOG, 0)->bytes,
                        weir_keys_ed25519(keys, WEIR_KEY_LOG), 32);
}

static void every_truncation_and_changed_byte_is_refused(void **state)
{
    (void)state;
    struct weir_key_set set;
    struct weir_slice text = printed("w1.example");
    uint8_t *bent = (uint8_t *)weir_take_text(&scope, text.data, text.length);
    size_t name = 20; /* bytes of the name may spell another name */
    assert_memory_equal(text.data + name, "w1.example", 10);
    for (size_t i = 0; i < text.length; i++) {
        assert_int_not_equal(weir_key_set_parse(&scope, (struct weir_slice){bent, i}, &set),
                             WEIR_OK);
        weir_scope_recover(&scope);
        bent[i] ^= 1;
        enum weir_err err =
            weir_key_set_parse(&scope, (struct weir_slice){bent, text.length}, &set);
        assert_true(err != WEIR_OK || (i >= name && i < name + 10));
        weir_scope_recover(&scope);
        bent[i] ^= 1;
    }
}

static void names_that_are_no_key_names_are_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"", "a b", "a+b", "a\nb"};
    struct weir_key_set set;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(weir_key_set_parse(&scope, printed(names[i]), &set), WEIR_E_PARSE);
        weir_scope_recover(&scope);
    }
    assert_int_equal(weir_key_set_load(&scope, "/nonexistent/w.keyset", &set), WEIR_E_NOT_FOUND);
    weir_scope_recover(&scope);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_is_the_same_every_time_and_read_back),
        cmocka_unit_test(every_truncation_and_changed_byte_is_refused),
        cmocka_unit_test(names_that_are_no_key_names_are_refused),
    };
    return cmocka_run_group_tests_name("key_set", tests, keys_make, keys_drop);
}
