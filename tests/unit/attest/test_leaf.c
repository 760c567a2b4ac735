/* Goal: a leaf has exactly one encoding of 51 bytes, and what the encoder would not write is
 * refused. Method: one leaf byte for byte, the whole table of kinds and flags, and every byte of a
 * leaf set to every value: what is read must be written the same. */
#include "attest/leaf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "attest/merkle.h"
#include "base/text.h"

static struct weir_leaf sample(void)
{
    struct weir_salt salt;
    memset(salt.bytes, 0x11, sizeof(salt.bytes));
    return (struct weir_leaf){
        .kind = WEIR_LEAF_TICK,
        .flags = WEIR_LEAF_DOWN,
        .seq = 0x0102030405060708,
        .tick_ms = 1767139200000,
        .commit = weir_leaf_commit(&salt, weir_slice_text("payload")),
    };
}

static void a_leaf_has_the_bytes_of_its_definition(void **state)
{
    (void)state;
    struct weir_leaf leaf = sample();
    uint8_t bytes[WEIR_LEAF_BYTES];
    weir_leaf_write(&leaf, bytes);
    char hex[2 * 19 + 1];
    weir_hex_print(bytes, 19, hex);
    assert_string_equal(hex, "01020102030405060708"
                             "0000019b71b44c0002");
    assert_memory_equal(bytes + 19, leaf.commit.bytes, WEIR_HASH_BYTES);
}

static void a_commitment_is_the_hash_of_domain_salt_and_payload(void **state)
{
    (void)state;
    uint8_t bytes[12 + 16 + 7];
    memcpy(bytes, "weir/obs/v1\0", 12);
    memset(bytes + 12, 0x11, 16);
    memcpy(bytes + 28, "payload", 7);
    struct weir_hash expected = weir_sha256_of(bytes, sizeof(bytes));
    struct weir_hash commit = sample().commit;
    assert_true(weir_hash_equal(&commit, &expected));
}

static void a_leaf_hash_is_that_of_the_tree(void **state)
{
    (void)state;
    struct weir_leaf leaf = sample();
    uint8_t bytes[WEIR_LEAF_BYTES];
    weir_leaf_write(&leaf, bytes);
    struct weir_hash hash = weir_leaf_hash(bytes);
    struct weir_hash expected = weir_merkle_leaf((struct weir_slice){bytes, sizeof(bytes)});
    assert_true(weir_hash_equal(&hash, &expected));
}

static bool is_read(uint8_t *bytes)
{
    struct weir_scope scope = {0};
    struct weir_leaf leaf;
    if (weir_leaf_read(&scope, (struct weir_slice){bytes, WEIR_LEAF_BYTES}, &leaf) != WEIR_OK)
        return false;
    uint8_t again[WEIR_LEAF_BYTES];
    weir_leaf_write(&leaf, again);
    assert_memory_equal(bytes, again, WEIR_LEAF_BYTES);
    return true;
}

static void what_is_read_is_written_the_same(void **state)
{
    (void)state;
    struct weir_leaf leaf = sample();
    uint8_t bytes[WEIR_LEAF_BYTES];
    weir_leaf_write(&leaf, bytes);
    for (size_t at = 0; at < WEIR_LEAF_BYTES; at++) {
        uint8_t kept = bytes[at];
        for (unsigned value = 0; value < 256; value++) {
            bytes[at] = (uint8_t)value;
            (void)is_read(bytes); /* it may be refused; if not, it must come back */
        }
        bytes[at] = kept;
    }
}

static void kinds_and_flags_are_those_of_the_table(void **state)
{
    (void)state;
    uint8_t bytes[WEIR_LEAF_BYTES] = {1};
    unsigned count = 0;
    for (unsigned kind = 0; kind < 256; kind++) {
        for (unsigned flags = 0; flags < 256; flags++) {
            bytes[1] = (uint8_t)kind;
            bytes[18] = (uint8_t)flags;
            bool is_expected = (kind == 2 && flags >= 1 && flags <= 3) ||
                               (kind == 3 && flags == 3) ||
                               ((kind == 1 || (kind >= 4 && kind <= 7)) && flags == 0);
            assert_int_equal(is_read(bytes), is_expected);
            count += is_expected;
        }
    }
    assert_int_equal(count, 9);
}

static void a_definition_is_only_the_first_leaf(void **state)
{
    (void)state;
    uint8_t bytes[WEIR_LEAF_BYTES] = {1, WEIR_LEAF_DEFINITION};
    assert_true(is_read(bytes));
    bytes[9] = 1;
    assert_false(is_read(bytes));
}

static void another_version_length_or_time_is_refused(void **state)
{
    (void)state;
    struct weir_leaf leaf = sample();
    struct weir_leaf read;
    uint8_t bytes[WEIR_LEAF_BYTES + 1] = {0};
    weir_leaf_write(&leaf, bytes);
    for (size_t length = 0; length <= WEIR_LEAF_BYTES + 1; length++) {
        struct weir_scope scope = {0};
        enum weir_err err = weir_leaf_read(&scope, (struct weir_slice){bytes, length}, &read);
        assert_int_equal(err, length == WEIR_LEAF_BYTES ? WEIR_OK : WEIR_E_PARSE);
    }
    bytes[0] = 2;
    assert_false(is_read(bytes));
    bytes[0] = 1;
    bytes[10] = 0x80; /* a time of 2^63 ms and more */
    struct weir_scope scope = {0};
    assert_int_equal(weir_leaf_read(&scope, (struct weir_slice){bytes, WEIR_LEAF_BYTES}, &read),
                     WEIR_E_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_leaf_has_the_bytes_of_its_definition),
        cmocka_unit_test(a_commitment_is_the_hash_of_domain_salt_and_payload),
        cmocka_unit_test(a_leaf_hash_is_that_of_the_tree),
        cmocka_unit_test(what_is_read_is_written_the_same),
        cmocka_unit_test(kinds_and_flags_are_those_of_the_table),
        cmocka_unit_test(a_definition_is_only_the_first_leaf),
        cmocka_unit_test(another_version_length_or_time_is_refused),
    };
    return cmocka_run_group_tests_name("leaf", tests, NULL, NULL);
}
