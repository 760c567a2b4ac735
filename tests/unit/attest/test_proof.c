/* Goal: a proof file has one spelling, and nobody can change a byte of it unseen.
 * Method: read and written again; every byte changed and every length cut, with the digests left
 * and with the digests made right again; spoilt lines one by one.  With arguments
 * `write FOLDER` the program writes sample files for other programs' tests instead. */
#include "tests/unit/attest/with_proof.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "attest/report.h"
#include "base/arena.h"

#define SCRATCH_BYTES ((size_t)8 * 1024 * 1024)
#define PATH_BYTES 4096
#define DUE 60000000

static const struct weir_proof_rules signed_rules = {.needs_signatures = true};

static void expect_same_bytes(struct weir_slice a, struct weir_slice b)
{
    assert_int_equal(a.length, b.length);
    assert_memory_equal(a.data, b.data, a.length);
}

static void read_and_write_again(struct proof_world *world)
{
    struct weir_slice bytes = proof_bytes(world);
    struct weir_proof read;
    struct weir_buffer again = {.capacity_max = WEIR_PROOF_BYTES_MAX};
    assert_int_equal(weir_proof_read(&world->scope, bytes, &read), WEIR_OK);
    assert_int_equal(weir_proof_write(&world->scope, &read, &again), WEIR_OK);
    expect_same_bytes(weir_buffer_slice(&again), bytes);
    assert_int_equal(read.section_count, world->proof.section_count);
    assert_true(weir_hash_equal(&read.evidence, &world->proof.evidence));
}

static void writing_what_was_read_gives_the_same_bytes(void **state)
{
    (void)state;
    struct proof_world world;
    proof_make(&world, proof_defaults());
    read_and_write_again(&world);
    proof_pay(&world, DUE, DUE);
    read_and_write_again(&world);
    proof_report(&world, 2, 0);
    read_and_write_again(&world);
    proof_free(&world);
    proof_make(&world, proof_event_defaults());
    read_and_write_again(&world);
    proof_free(&world);
}

static void the_evidence_digest_leaves_the_payment_out(void **state)
{
    (void)state;
    struct proof_world world;
    proof_make(&world, proof_defaults());
    (void)proof_bytes(&world);
    struct weir_hash before = world.proof.evidence;
    proof_pay(&world, DUE, DUE);
    (void)proof_bytes(&world);
    assert_true(weir_hash_equal(&before, &world.proof.evidence));
    proof_free(&world);
}

/* One small file and what is needed to try changes of it quickly. */
struct target {
    struct proof_world world;
    struct weir_arena *arena; /* of one try */
    struct weir_account *account;
    uint8_t *bytes;
    size_t length;
};

static void target_make(struct target *target, struct proof_options options)
{
    proof_make(&target->world, options);
    proof_pay(&target->world, DUE, DUE);
    struct weir_slice bytes = proof_bytes(&target->world);
    target->bytes = weir_take(&target->world.scope, bytes.length, 1);
    target->account = weir_take(&target->world.scope, 1, sizeof(*target->account));
    target->arena = weir_arena_new(SCRATCH_BYTES);
    assert_true(target->bytes != NULL && target->account != NULL && target->arena != NULL);
    memcpy(target->bytes, bytes.data, bytes.length);
    target->length = bytes.length;
}

static void target_free(struct target *target)
{
    weir_arena_free(target->arena);
    proof_free(&target->world);
}

static enum weir_err try_bytes(struct target *target, const uint8_t *bytes, size_t length)
{
    weir_arena_clear(target->arena);
    struct weir_scope scope = {.arena = target->arena};
    struct weir_slice slice = {bytes, length};
    enum weir_err err = weir_proof_verify(&scope, slice, &signed_rules, target->account);
    assert_true(err == WEIR_OK || scope.fault[0] != '\0');
    assert_int_not_equal(err, WEIR_E_MEMORY);
    return err;
}

/* The smallest proof: one witness, one window. */
static struct proof_options smallest(void)
{
    struct proof_options options = proof_defaults();
    options.witness_count = 1;
    options.m = 1;
    options.window_count = 1;
    return options;
}

static void every_changed_byte_is_refused(void **state)
{
    (void)state;
    static const uint8_t changes[] = {0x01, 0x80};
    struct target target;
    target_make(&target, proof_defaults());
    assert_int_equal(try_bytes(&target, target.bytes, target.length), WEIR_OK);
    for (size_t at = 0; at < target.length; at++)
        for (size_t i = 0; i < sizeof(changes); i++) {
            target.bytes[at] ^= changes[i];
            assert_int_not_equal(try_bytes(&target, target.bytes, target.length), WEIR_OK);
            target.bytes[at] ^= changes[i];
        }
    target_free(&target);
}

/* What nobody can vouch for without a trusted block hash: the payment's lines. */
static size_t payments_begin(const struct target *target)
{
    static const char line[] = "\npayments ";
    for (size_t at = 0; at + sizeof(line) < target->length; at++)
        if (memcmp(target->bytes + at, line, sizeof(line) - 1) == 0)
            return at;
    fail();
    return 0;
}

/* The account says what the unchanged file says: same report, same opinions. */
static bool tells_the_same(const struct target *target)
{
    const struct weir_proof *proof = &target->world.proof;
    struct weir_hash breach = weir_breach_digest(&proof->domain, &proof->report.breach);
    bool is_same = weir_hash_equal(&target->account->breach, &breach);
    for (size_t i = 0; is_same && i < proof->section_count; i++) {
        struct weir_hash digest = weir_opinion_digest(&proof->domain, &proof->sections[i].opinion);
        is_same = weir_hash_equal(&target->account->opinions[i].digest, &digest) &&
                  target->account->opinions[i].num == proof->sections[i].opinion.num;
    }
    return is_same;
}

/* Changes a byte, makes the digests right again and tries: whoever does this can write any file.
 * What still passes is the payment, as long as nobody trusts its block, and a cosignature beyond
 * the needed ones, which then is a stranger's. */
static void change_and_reseal(struct target *target, uint8_t *copy, size_t at, uint8_t change)
{
    memcpy(copy, target->bytes, target->length);
    copy[at] ^= change;
    proof_reseal(copy, target->length);
    if (try_bytes(target, copy, target->length) != WEIR_OK)
        return;
    assert_true(tells_the_same(target));
    assert_int_not_equal(target->account->payment_state, WEIR_PAYMENT_TRUSTED);
    unsigned cosigners = 0;
    for (size_t i = 0; i < target->world.proof.section_count; i++)
        cosigners += target->account->opinions[i].cosigner_count;
    unsigned all =
        (unsigned)target->world.proof.section_count * (target->world.options.witness_count - 1);
    bool is_unchanged = memcmp(copy, target->bytes, target->length) == 0;
    if (!is_unchanged && at < payments_begin(target) && cosigners == all)
        fail_msg("byte %zu may be changed by 0x%02x", at, change);
}

static void
change_many_and_reseal(struct proof_options options, size_t step, uint8_t first, uint8_t second)
{
    const uint8_t changes[] = {first, second};
    struct target target;
    target_make(&target, options);
    uint8_t *copy = weir_take(&target.world.scope, target.length, 1);
    assert_non_null(copy);
    for (size_t at = 0; at < target.length; at += step)
        for (size_t i = 0; i < sizeof(changes); i++)
            change_and_reseal(&target, copy, at, changes[i]);
    target_free(&target);
}

static void every_changed_byte_is_refused_though_the_digests_are_made_right(void **state)
{
    (void)state;
    change_many_and_reseal(smallest(), 1, 0x01, 0x20);
    change_many_and_reseal(proof_defaults(), 29, 0x02, 0x40);
    change_many_and_reseal(proof_event_defaults(), 31, 0x01, 0x04);
}

static void every_shorter_file_is_refused(void **state)
{
    (void)state;
    struct target target;
    target_make(&target, smallest());
    for (size_t length = 0; length < target.length; length++) {
        /* a copy of its own, so that reading behind the end is seen */
        uint8_t *exact = weir_take(&target.world.scope, length, 1);
        assert_non_null(exact);
        memcpy(exact, target.bytes, length);
        assert_int_equal(try_bytes(&target, exact, length), WEIR_E_PARSE);
    }
    uint8_t *longer = weir_take(&target.world.scope, target.length + 1, 1);
    assert_non_null(longer);
    memcpy(longer, target.bytes, target.length);
    longer[target.length] = '\n';
    assert_int_equal(try_bytes(&target, longer, target.length + 1), WEIR_E_PARSE);
    target_free(&target);
}

/* Replaces the first `from` by `to` in a copy, with digests made right, and tries it. */
static enum weir_err try_replaced(struct target *target, const char *from, const char *to)
{
    size_t from_bytes = strlen(from);
    size_t to_bytes = strlen(to);
    for (size_t at = 0; at + from_bytes <= target->length; at++) {
        if (memcmp(target->bytes + at, from, from_bytes) != 0)
            continue;
        size_t length = target->length - from_bytes + to_bytes;
        uint8_t *copy = weir_take(&target->world.scope, length, 1);
        assert_non_null(copy);
        memcpy(copy, target->bytes, at);
        memcpy(copy + at, to, to_bytes);
        memcpy(copy + at + to_bytes, target->bytes + at + from_bytes,
               target->length - at - from_bytes);
        proof_reseal(copy, length);
        return try_bytes(target, copy, length);
    }
    fail_msg("the file has no '%s'", from);
    return WEIR_OK;
}

static void other_spellings_of_the_same_are_refused(void **state)
{
    (void)state;
    static const char *const spellings[][2] = {
        {"weir/proof@v1\n", "weir/proof@v2\n"},
        {"weir/proof@v1\n", "weir/proof@v1 \n"},
        {"\nchain 31337 ", "\nchain 031337 "},
        {"\nchain 31337 ", "\nchain  31337 "},
        {"\nchain 31337 0x", "\nchain 31337 0X"},
        {"\nreport 0 0 ", "\nreport 00 0 "},
        {"\nwho 3\n", "\nwho 03\n"},
        {"\nwho 3\n", "\nwho 3\r\n"},
        {"\nwho 3\n", "\nwho 131072\n"},
        {"\nkeyset 0 ", "\nkeyset 1 "},
        {"\nkeyset 2 ", "\nkeyset 16 "},
        {"\nwindow 0 1\n", "\nwindow 0 0\n"},
        {"\nwindow 0 2\n", "\nwindow 0 17\n"},
        {" open ", " shut "},
        {"\nevents 0\n", "\nevents 1\n"},
        {"\nevents 0\n", "\nevents 9999999999\n"},
        {"\nnotices 0\n", "\nnotices 4097\n"},
        {"\nnotices 0\n", "\nnotices 1\n"},
        {"\npayments 1\n", "\npayments 2\n"},
        {"\npayments 1\n", "\npayments 17\n"},
        {"\npayments 1\n", "\npayments 0\n"},
        {"\nseed ", "\nSeed "},
        {"\nrange ", "\n\nrange "},
    };
    struct target target;
    target_make(&target, proof_defaults());
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
        enum weir_err err = try_replaced(&target, spellings[i][0], spellings[i][1]);
        if (err != WEIR_E_PARSE && err != WEIR_E_RANGE)
            fail_msg("'%s': %s", spellings[i][1], weir_err_name(err));
    }
    target_free(&target);
}

static void a_claim_of_millions_of_leaves_costs_no_memory(void **state)
{
    (void)state;
    struct target target;
    target_make(&target, smallest());
    struct weir_proof_section *section = &target.world.sections[0];
    target.world.options.open = 1;
    section->opinion.end_leaf = section->opinion.first_leaf + WEIR_PROOF_LEAVES_MAX;
    section->opinion.tree_size = section->opinion.end_leaf;
    section->leaves.count = WEIR_PROOF_LEAVES_MAX;
    struct weir_slice bytes = proof_bytes(&target.world);
    assert_int_equal(try_bytes(&target, bytes.data, bytes.length), WEIR_E_PARSE);
    assert_true(weir_arena_used(target.arena) < 16 * bytes.length);
    target_free(&target);
}

static void checking_takes_a_bounded_multiple_of_the_file(void **state)
{
    (void)state;
    struct target target;
    target_make(&target, proof_defaults());
    assert_int_equal(try_bytes(&target, target.bytes, target.length), WEIR_OK);
    assert_true(weir_arena_used(target.arena) < 8 * target.length);
    target_free(&target);
}

static void a_failed_reading_leaves_the_proof_alone(void **state)
{
    (void)state;
    struct target target;
    target_make(&target, smallest());
    struct weir_proof proof = {.section_count = 99};
    struct weir_scope scope = {.arena = target.arena};
    target.bytes[target.length / 2] ^= 1;
    const struct weir_slice bytes = {target.bytes, target.length};
    assert_int_not_equal(weir_proof_read(&scope, bytes, &proof), WEIR_OK);
    assert_int_equal(proof.section_count, 99);
    target_free(&target);
}

static void write_file(const char *folder, const char *name, struct weir_slice bytes)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes.data, 1, bytes.length, file) != bytes.length ||
        fclose(file) != 0)
        witness_check(&(struct weir_scope){.fault = "cannot write"}, WEIR_E_IO, __FILE__, __LINE__);
}

/* A sample, and beside it the hash of the block that its payment lies in. */
static void write_sample(struct proof_world *world, const char *folder, const char *name)
{
    char hex[WEIR_HASH_HEX_BYTES];
    char block[64];
    write_file(folder, name, proof_bytes(world));
    weir_hash_hex(&world->block, hex);
    (void)snprintf(block, sizeof(block), "%s.block", name);
    write_file(folder, block, weir_slice_text(hex));
    proof_free(world);
}

/* Files that are refused, one for each reason a verifier can give; named by their exit status. */
static void write_refused(const char *folder)
{
    struct proof_world world;
    proof_make(&world, proof_defaults());
    world.sections[1].signature = world.sections[0].signature;
    write_sample(&world, folder, "bad-11.weir-proof");
    proof_make(&world, proof_defaults());
    proof_checkpoint(&world, &world.sections[1], 0);
    write_sample(&world, folder, "bad-12.weir-proof");
    proof_make(&world, proof_defaults());
    world.sections[1].definition.tick_ms++;
    write_sample(&world, folder, "bad-13.weir-proof");
    proof_make(&world, proof_defaults());
    world.sections[1].opinion.first_leaf++;
    proof_show(&world, &world.sections[1]);
    proof_sign_opinion(&world, &world.sections[1]);
    proof_report(&world, 2, 3);
    write_sample(&world, folder, "bad-14.weir-proof");
    proof_make(&world, proof_defaults());
    world.sections[1].opinion.num--;
    proof_sign_opinion(&world, &world.sections[1]);
    proof_report(&world, 2, 3);
    write_sample(&world, folder, "bad-15.weir-proof");
    proof_begin(&world, proof_defaults(), SCRATCH_BYTES);
    for (unsigned w = 0; w < 3; w++) { /* each saw a fault of its own */
        const struct weir_interval span = {PROOF_START_MS - 2000, PROOF_START_MS + 12000};
        const struct weir_interval down = {PROOF_START_MS + 3000 * (int64_t)w,
                                           PROOF_START_MS + 3000 * (int64_t)w + 3000};
        witness_log_ticks(&world.scope, &world.witnesses[w], span, 1000, down);
    }
    proof_make_sections(&world, 1);
    proof_report(&world, 1, 3);
    write_sample(&world, folder, "bad-16.weir-proof");
    proof_make(&world, proof_defaults());
    world.proof.factory.bytes[0] ^= 1;
    write_sample(&world, folder, "bad-17.weir-proof");
    proof_make(&world, proof_defaults());
    struct weir_settled other = proof_settled(&world, DUE, DUE);
    other.word++;
    proof_pay_with(&world, &world.proof.domain.contract, &other);
    write_sample(&world, folder, "bad-18.weir-proof");
}

static int write_samples(const char *folder)
{
    struct proof_world world;
    proof_make(&world, proof_defaults());
    write_sample(&world, folder, "unpaid.weir-proof");
    proof_make(&world, proof_defaults());
    proof_pay(&world, DUE, DUE);
    write_sample(&world, folder, "paid.weir-proof");
    proof_make(&world, proof_defaults());
    proof_pay(&world, DUE, 1);
    write_sample(&world, folder, "owed.weir-proof");
    proof_make(&world, proof_event_defaults());
    proof_pay(&world, DUE, DUE);
    write_sample(&world, folder, "events.weir-proof");
    proof_make(&world, smallest());
    write_sample(&world, folder, "smallest.weir-proof");
    struct proof_options three = proof_defaults();
    proof_begin(&world, three, SCRATCH_BYTES);
    proof_log_outages(&world);
    proof_make_sections(&world, 0x0d);
    proof_report(&world, 1, 5);
    write_sample(&world, folder, "windows.weir-proof");
    write_refused(folder);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "write") == 0)
        return write_samples(argv[2]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writing_what_was_read_gives_the_same_bytes),
        cmocka_unit_test(the_evidence_digest_leaves_the_payment_out),
        cmocka_unit_test(every_changed_byte_is_refused),
        cmocka_unit_test(every_changed_byte_is_refused_though_the_digests_are_made_right),
        cmocka_unit_test(every_shorter_file_is_refused),
        cmocka_unit_test(other_spellings_of_the_same_are_refused),
        cmocka_unit_test(a_claim_of_millions_of_leaves_costs_no_memory),
        cmocka_unit_test(checking_takes_a_bounded_multiple_of_the_file),
        cmocka_unit_test(a_failed_reading_leaves_the_proof_alone),
    };
    return cmocka_run_group_tests_name("proof", tests, NULL, NULL);
}
