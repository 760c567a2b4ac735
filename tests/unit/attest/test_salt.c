/* Goal: every salt is the one of the definition, a window opens with its minimal seeds and with no
 * others, and nothing outside the window can be derived.
 * Method: vectors of an independent program (with another domain), the tree word for word with
 * plain HMACs, and every way to spoil a list of seeds. */
#include "attest/salt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "tests/unit/attest/with_tlog.h"

static const uint8_t root_seed[WEIR_SALT_SEED_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8};

/* salt(index) by plain HMACs from the root. */
static struct weir_salt reference_salt(struct weir_slice domain, uint64_t index)
{
    struct weir_hash seed;
    memcpy(seed.bytes, root_seed, sizeof(seed.bytes));
    for (int level = WEIR_SALT_DEPTH - 1; level >= 0; level--) {
        uint8_t message[64];
        memcpy(message, domain.data, domain.length);
        message[domain.length] = (uint8_t)(index >> level & 1);
        seed = weir_hmac_sha256(seed.bytes, sizeof(seed.bytes), message, domain.length + 1);
    }
    struct weir_salt salt;
    memcpy(salt.bytes, seed.bytes, sizeof(salt.bytes));
    return salt;
}

static void assert_salt(struct weir_salt salt, struct weir_salt expected)
{
    assert_memory_equal(salt.bytes, expected.bytes, WEIR_SALT_BYTES);
}

static void the_domain_ends_with_a_zero(void **state)
{
    (void)state;
    struct weir_slice domain = weir_salt_domain();
    assert_int_equal(domain.length, 13);
    assert_memory_equal(domain.data, "weir/salt/v1\0", 13);
}

static void a_salt_is_that_of_the_definition(void **state)
{
    (void)state;
    const uint64_t indexes[] = {0, 1, 2, 255, 8640, 123456789, WEIR_SALT_INDEX_END - 1};
    for (size_t i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++) {
        struct weir_scope scope = {0};
        struct weir_salt salt;
        assert_int_equal(weir_salt_make(&scope, root_seed, weir_salt_domain(), indexes[i], &salt),
                         WEIR_OK);
        assert_salt(salt, reference_salt(weir_salt_domain(), indexes[i]));
    }
}

static void a_stream_goes_on_where_it_is_started(void **state)
{
    (void)state;
    const uint64_t starts[] = {0, 1, 7, 255, 256, 4095, WEIR_SALT_INDEX_END - 20};
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        struct weir_scope scope = {0};
        struct weir_salt_stream stream;
        struct weir_salt salt;
        assert_int_equal(
            weir_salt_stream_init(&stream, &scope, root_seed, weir_salt_domain(), starts[i]),
            WEIR_OK);
        for (uint64_t index = starts[i]; index < starts[i] + 20; index++) {
            assert_true(weir_salt_stream_next(&stream, &salt));
            assert_salt(salt, reference_salt(weir_salt_domain(), index));
        }
        if (starts[i] + 20 == WEIR_SALT_INDEX_END)
            assert_false(weir_salt_stream_next(&stream, &salt));
        weir_salt_stream_clear(&stream);
    }
}

static void indexes_beyond_the_tree_are_refused(void **state)
{
    (void)state;
    struct weir_scope scope = {0};
    struct weir_salt salt;
    struct weir_salt_stream stream;
    struct weir_salt_seed seeds[WEIR_SALT_COVER_MAX];
    size_t count;
    struct weir_slice domain = weir_salt_domain();
    assert_int_equal(weir_salt_make(&scope, root_seed, domain, WEIR_SALT_INDEX_END, &salt),
                     WEIR_E_RANGE);
    weir_scope_recover(&scope);
    assert_int_equal(weir_salt_stream_init(&stream, &scope, root_seed, domain, WEIR_SALT_INDEX_END),
                     WEIR_E_RANGE);
    const struct weir_salt_range ranges[] = {
        {0, 0}, {5, 5}, {6, 5}, {0, WEIR_SALT_INDEX_END + 1}, {UINT64_MAX, 1}};
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        weir_scope_recover(&scope);
        assert_int_equal(weir_salt_cover(&scope, root_seed, domain, ranges[i], seeds, &count),
                         WEIR_E_RANGE);
        weir_scope_recover(&scope);
        assert_int_equal(weir_salt_stream_open(&stream, &scope, domain, ranges[i], seeds, 0),
                         WEIR_E_RANGE);
    }
}

static void the_largest_cover_fits(void **state)
{
    (void)state;
    struct weir_scope scope = {0};
    struct weir_salt_seed seeds[WEIR_SALT_COVER_MAX];
    size_t count;
    struct weir_salt_range range = {1, WEIR_SALT_INDEX_END - 1};
    assert_int_equal(weir_salt_cover(&scope, root_seed, weir_salt_domain(), range, seeds, &count),
                     WEIR_OK);
    assert_int_equal(count, WEIR_SALT_COVER_MAX);
    range.start = 0;
    range.end = WEIR_SALT_INDEX_END;
    assert_int_equal(weir_salt_cover(&scope, root_seed, weir_salt_domain(), range, seeds, &count),
                     WEIR_OK);
    assert_int_equal(count, 1);
    assert_memory_equal(seeds[0].bytes, root_seed, WEIR_SALT_SEED_BYTES);
}

static void every_small_window_opens_with_its_cover(void **state)
{
    (void)state;
    struct weir_scope scope = {0};
    struct weir_slice domain = weir_salt_domain();
    for (uint64_t start = 0; start < 17; start++) {
        for (uint64_t end = start + 1; end <= 34; end++) {
            struct weir_salt_seed seeds[WEIR_SALT_COVER_MAX];
            size_t count;
            struct weir_salt_range range = {start, end};
            struct weir_salt_stream stream;
            struct weir_salt salt;
            assert_int_equal(weir_salt_cover(&scope, root_seed, domain, range, seeds, &count),
                             WEIR_OK);
            assert_int_equal(count, weir_salt_cover_count(range));
            assert_int_equal(weir_salt_stream_open(&stream, &scope, domain, range, seeds, count),
                             WEIR_OK);
            for (uint64_t i = start; i < end; i++) {
                assert_true(weir_salt_stream_next(&stream, &salt));
                assert_salt(salt, reference_salt(domain, i));
            }
            assert_false(weir_salt_stream_next(&stream, &salt));
        }
    }
}

static void
assert_refused(struct weir_salt_range range, const struct weir_salt_seed *seeds, size_t count)
{
    struct weir_scope scope = {0};
    struct weir_salt_stream stream;
    assert_int_equal(
        weir_salt_stream_open(&stream, &scope, weir_salt_domain(), range, seeds, count),
        WEIR_E_PARSE);
}

static void seeds_that_are_not_exactly_the_cover_are_refused(void **state)
{
    (void)state;
    struct weir_scope scope = {0};
    struct weir_salt_seed seeds[WEIR_SALT_COVER_MAX] = {0};
    size_t count;
    struct weir_salt_range range = {5, 13};
    assert_int_equal(weir_salt_cover(&scope, root_seed, weir_salt_domain(), range, seeds, &count),
                     WEIR_OK);
    assert_int_equal(count, 4);
    assert_refused(range, seeds, 3);
    assert_refused(range, seeds + 1, 3);
    assert_refused(range, seeds, 5);
    assert_refused(range, NULL, 0);
    for (size_t i = 0; i < count; i++) {
        struct weir_salt_seed spoilt[WEIR_SALT_COVER_MAX];
        memcpy(spoilt, seeds, sizeof(spoilt));
        spoilt[i].index++;
        assert_refused(range, spoilt, count);
        spoilt[i].index--;
        spoilt[i].level++;
        assert_refused(range, spoilt, count);
        spoilt[i].level = 255;
        assert_refused(range, spoilt, count);
        memcpy(spoilt, seeds, sizeof(spoilt));
        spoilt[i] = seeds[(i + 1) % count];
        spoilt[(i + 1) % count] = seeds[i];
        assert_refused(range, spoilt, count);
    }
    struct weir_salt_seed parent = {.level = 3, .index = 1}; /* covers [8, 16): too much */
    struct weir_salt_range eight = {8, 15};
    assert_refused(eight, &parent, 1);
}

static void probe_window(struct weir_slice domain, const uint8_t *root, const json_t *vector)
{
    struct weir_scope scope = {0};
    struct weir_salt_range range = {tlog_u64(vector, "start"), tlog_u64(vector, "end")};
    struct weir_salt_seed seeds[WEIR_SALT_COVER_MAX];
    size_t count;
    assert_int_equal(weir_salt_cover(&scope, root, domain, range, seeds, &count), WEIR_OK);
    const json_t *expected = tlog_get(vector, "seeds");
    assert_int_equal(count, json_array_size(expected));
    for (size_t i = 0; i < count; i++) {
        const json_t *seed = json_array_get(expected, i);
        uint8_t bytes[WEIR_SALT_SEED_BYTES];
        tlog_hex(seed, "seed", bytes, sizeof(bytes));
        assert_int_equal(seeds[i].level, tlog_u64(seed, "level"));
        assert_int_equal(seeds[i].index, tlog_u64(seed, "index"));
        assert_memory_equal(seeds[i].bytes, bytes, sizeof(bytes));
    }
    struct weir_salt_stream open;
    struct weir_salt_stream secret;
    struct weir_sha256 all;
    struct weir_salt first;
    struct weir_salt last;
    weir_sha256_init(&all);
    assert_int_equal(weir_salt_stream_open(&open, &scope, domain, range, seeds, count), WEIR_OK);
    assert_int_equal(weir_salt_stream_init(&secret, &scope, root, domain, range.start), WEIR_OK);
    for (uint64_t i = range.start; i < range.end; i++) {
        struct weir_salt salt;
        assert_true(weir_salt_stream_next(&open, &last));
        assert_true(weir_salt_stream_next(&secret, &salt));
        assert_salt(last, salt);
        weir_sha256_update(&all, last.bytes, sizeof(last.bytes));
        if (i == range.start)
            first = last;
    }
    struct weir_hash hash = weir_sha256_final(&all);
    struct weir_hash expected_hash;
    struct weir_salt salt;
    tlog_hex(vector, "sha256_of_all_salts", expected_hash.bytes, WEIR_HASH_BYTES);
    assert_true(weir_hash_equal(&hash, &expected_hash));
    tlog_hex(vector, "first_salt", salt.bytes, sizeof(salt.bytes));
    assert_salt(first, salt);
    tlog_hex(vector, "last_salt", salt.bytes, sizeof(salt.bytes));
    assert_salt(last, salt);
}

static void the_vectors_come_out(void **state)
{
    (void)state;
    tlog_require();
    json_t *file = tlog_load("generated/ggm-salt-vectors.json");
    uint8_t root[WEIR_SALT_SEED_BYTES];
    tlog_hex(file, "root", root, sizeof(root));
    struct weir_slice domain = {(const uint8_t *)"wn-salt/v1", sizeof("wn-salt/v1")};
    size_t index;
    const json_t *vector;
    json_array_foreach(tlog_get(file, "vectors"), index, vector)
    {
        probe_window(domain, root, vector);
    }
    assert_int_equal(index, 5);
    json_decref(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_domain_ends_with_a_zero),
        cmocka_unit_test(a_salt_is_that_of_the_definition),
        cmocka_unit_test(a_stream_goes_on_where_it_is_started),
        cmocka_unit_test(indexes_beyond_the_tree_are_refused),
        cmocka_unit_test(the_largest_cover_fits),
        cmocka_unit_test(every_small_window_opens_with_its_cover),
        cmocka_unit_test(seeds_that_are_not_exactly_the_cover_are_refused),
        cmocka_unit_test(the_vectors_come_out),
    };
    return tlog_finish(cmocka_run_group_tests_name("salt", tests, NULL, NULL));
}
