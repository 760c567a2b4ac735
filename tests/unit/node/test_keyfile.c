/* Goal: keys come back only with their passphrase from an unharmed file of ours that nobody else
 * can read, each kind of failure says which it is, and each key signs one kind of message. Method:
 * one file made with the cheap derivation, then harmed in every way. */
#include "node/keyfile.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "attest/ed25519.h"
#include "base/arena.h"
#include "node/file.h"
#include "node/keys.h"
#include "node/passphrase.h"

#define PASSPHRASE "correct horse battery"

struct fixture {
    char folder[64];
    char path[96];
    struct weir_scope scope;
    struct weir_passphrase *passphrase;
    struct weir_slice file;
};

static int fixture_make(void **state)
{
    static struct fixture fixture;
    (void)snprintf(fixture.folder, sizeof(fixture.folder), "/tmp/weir-keyfile-XXXXXX");
    assert_non_null(mkdtemp(fixture.folder));
    (void)snprintf(fixture.path, sizeof(fixture.path), "%s/weir.keys", fixture.folder);
    fixture.scope = (struct weir_scope){.arena = weir_arena_new(1 << 20)};
    struct weir_scope *scope = &fixture.scope;
    assert_int_equal(
        weir_passphrase_take(scope, PASSPHRASE, strlen(PASSPHRASE), &fixture.passphrase), WEIR_OK);
    assert_int_equal(
        weir_keys_create(scope, fixture.path, fixture.passphrase, WEIR_KDF_INTERACTIVE), WEIR_OK);
    assert_int_equal(weir_file_read(scope, fixture.path, 4096, &fixture.file), WEIR_OK);
    *state = &fixture;
    return 0;
}

static int fixture_drop(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(unlink(fixture->path), 0);
    assert_int_equal(rmdir(fixture->folder), 0);
    weir_passphrase_free(fixture->passphrase);
    weir_arena_free(fixture->scope.arena);
    return 0;
}

/* A copy of the file's bytes to harm. */
static uint8_t *copy(struct fixture *fixture)
{
    uint8_t *bytes = weir_take(&fixture->scope, fixture->file.length + 1, 1);
    assert_non_null(bytes);
    memcpy(bytes, fixture->file.data, fixture->file.length);
    return bytes;
}

static void
expect_refused(struct fixture *fixture, const uint8_t *bytes, size_t length, const char *reason)
{
    struct weir_keys *keys = NULL;
    struct weir_slice file = {bytes, length};
    weir_scope_recover(&fixture->scope);
    assert_int_equal(weir_keys_decrypt(&fixture->scope, file, fixture->passphrase, &keys),
                     WEIR_E_KEY);
    if (strstr(fixture->scope.fault, reason) == NULL)
        fail_msg("expected '%s', got '%s'", reason, fixture->scope.fault);
    assert_null(keys);
    weir_scope_recover(&fixture->scope);
}

static void keys_come_back_as_they_were_made(void **state)
{
    struct fixture *fixture = *state;
    struct weir_keys *first = NULL;
    struct weir_keys *second = NULL;
    assert_int_equal(weir_keys_open(&fixture->scope, fixture->path, fixture->passphrase, &first),
                     WEIR_OK);
    assert_int_equal(weir_keys_open(&fixture->scope, fixture->path, fixture->passphrase, &second),
                     WEIR_OK);
    for (unsigned i = 0; i < 4; i++) {
        enum weir_key_role role = (enum weir_key_role)i;
        assert_memory_equal(weir_keys_ed25519(first, role), weir_keys_ed25519(second, role), 32);
        assert_false(sodium_is_zero(weir_keys_ed25519(first, role), 32));
    }
    struct weir_address report = weir_keys_address(first, WEIR_KEY_REPORT);
    struct weir_address gas = weir_keys_address(first, WEIR_KEY_GAS);
    struct weir_address again = weir_keys_address(second, WEIR_KEY_REPORT);
    assert_true(weir_address_equal(&report, &again));
    assert_false(weir_address_equal(&report, &gas));
    weir_keys_free(first);
    weir_keys_free(second);
}

static void a_file_that_exists_is_never_overwritten(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(
        weir_keys_create(&fixture->scope, fixture->path, fixture->passphrase, WEIR_KDF_INTERACTIVE),
        WEIR_E_EXISTS);
    weir_scope_recover(&fixture->scope);
    struct weir_slice now;
    assert_int_equal(weir_file_read(&fixture->scope, fixture->path, 4096, &now), WEIR_OK);
    assert_true(weir_slice_equal(now, fixture->file));
}

static void a_file_open_to_others_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct weir_keys *keys = NULL;
    struct stat status;
    assert_int_equal(stat(fixture->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(chmod(fixture->path, 0640), 0);
    assert_int_equal(weir_keys_open(&fixture->scope, fixture->path, fixture->passphrase, &keys),
                     WEIR_E_KEY);
    assert_non_null(strstr(fixture->scope.fault, "open to others (mode 640)"));
    weir_scope_recover(&fixture->scope);
    assert_int_equal(chmod(fixture->path, 0600), 0);
}

static void every_truncation_is_named_so(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(fixture->file.length, WEIR_KEYFILE_BYTES);
    for (size_t length = 1; length < fixture->file.length; length++)
        expect_refused(fixture, fixture->file.data, length, "truncated");
    expect_refused(fixture, fixture->file.data, 0, "empty");
    expect_refused(fixture, copy(fixture), fixture->file.length + 1, "321 bytes, 320 are right");
}

static void every_flipped_byte_is_noticed(void **state)
{
    struct fixture *fixture = *state;
    uint8_t *bytes = copy(fixture);
    for (size_t i = 0; i < fixture->file.length; i++) {
        bytes[i] ^= 0x20;
        const char *reason = i < 16 ? "not a weir key file" : i < 20 ? "version" : "damaged";
        expect_refused(fixture, bytes, fixture->file.length, reason);
        bytes[i] ^= 0x20;
    }
    const uint8_t text[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
    expect_refused(fixture, text, sizeof(text), "not a weir key file");
}

/* What an attacker can do who also mends the checksum. */
static void checksum_mend(uint8_t *bytes)
{
    struct weir_hash checksum = weir_sha256_of(bytes, WEIR_KEYFILE_BYTES - 32);
    memcpy(bytes + WEIR_KEYFILE_BYTES - 32, checksum.bytes, 32);
}

static void a_forged_file_with_a_mended_checksum_does_not_open(void **state)
{
    struct fixture *fixture = *state;
    uint8_t *bytes = copy(fixture);
    bytes[100] ^= 1; /* the box */
    checksum_mend(bytes);
    expect_refused(fixture, bytes, WEIR_KEYFILE_BYTES, "the passphrase does not open it");
    bytes[100] ^= 1;
    bytes[31] = 1; /* fewer passes */
    checksum_mend(bytes);
    expect_refused(fixture, bytes, WEIR_KEYFILE_BYTES, "the passphrase does not open it");
}

static void absurd_derivation_costs_are_refused_before_they_are_paid(void **state)
{
    struct fixture *fixture = *state;
    uint8_t *bytes = copy(fixture);
    weir_put_u64(bytes + 32, (uint64_t)1 << 40);
    checksum_mend(bytes);
    expect_refused(fixture, bytes, WEIR_KEYFILE_BYTES, "outside what this program does");
    weir_put_u64(bytes + 32, 67108864);
    weir_put_u64(bytes + 24, 1000000);
    checksum_mend(bytes);
    expect_refused(fixture, bytes, WEIR_KEYFILE_BYTES, "outside what this program does");
}

static void a_wrong_passphrase_says_so(void **state)
{
    struct fixture *fixture = *state;
    struct weir_passphrase *wrong = NULL;
    struct weir_keys *keys = NULL;
    assert_int_equal(weir_passphrase_take(&fixture->scope, "wrong horse battery", 19, &wrong),
                     WEIR_OK);
    assert_int_equal(weir_keys_open(&fixture->scope, fixture->path, wrong, &keys), WEIR_E_KEY);
    assert_non_null(strstr(fixture->scope.fault, "the passphrase does not open it"));
    assert_non_null(strstr(fixture->scope.fault, fixture->path));
    weir_scope_recover(&fixture->scope);
    weir_passphrase_free(wrong);
}

static void equal_keys_are_refused(void **state)
{
    struct fixture *fixture = *state;
    uint8_t seeds[WEIR_KEY_ROLES * WEIR_KEY_SEED_BYTES];
    for (size_t i = 0; i < sizeof(seeds); i++)
        seeds[i] = (uint8_t)(i * 7 + 1);
    memcpy(seeds + 2 * WEIR_KEY_SEED_BYTES, seeds + 5 * WEIR_KEY_SEED_BYTES, WEIR_KEY_SEED_BYTES);
    struct weir_keys *keys = NULL;
    assert_int_equal(weir_keys_make(&fixture->scope, seeds, &keys), WEIR_E_KEY);
    assert_string_equal(fixture->scope.fault, "the log key and the gas key are equal");
    weir_scope_recover(&fixture->scope);
    memset(seeds, 0xff, WEIR_KEY_SEED_BYTES); /* fine for Ed25519, no secp256k1 key */
    memset(seeds + 2 * WEIR_KEY_SEED_BYTES, 1, WEIR_KEY_SEED_BYTES);
    assert_int_equal(weir_keys_make(&fixture->scope, seeds, &keys), WEIR_OK);
    weir_keys_free(keys);
    keys = NULL;
    memset(seeds, 2, WEIR_KEY_SEED_BYTES);
    memset(seeds + 4 * WEIR_KEY_SEED_BYTES, 0xff, WEIR_KEY_SEED_BYTES);
    assert_int_equal(weir_keys_make(&fixture->scope, seeds, &keys), WEIR_E_KEY);
    assert_null(keys);
    weir_scope_recover(&fixture->scope);
}

static void each_key_signs_only_what_is_meant_for_it(void **state)
{
    struct fixture *fixture = *state;
    static const uint8_t nautilus[20] = {2};
    static const char possession[19 + 32 + 1] = "weir/possession/v1\n";
    const struct weir_slice set = weir_slice_text("weir/keys/v1\n and the rest");
    const struct weir_slice note = weir_slice_text("w1.example/gauge/web\n7\nq83v\n");
    const struct weir_slice cosignature = weir_slice_text("cosignature/v1\ntime 7\nw1\n7\nq83v\n");
    const struct weir_slice proof = {(const uint8_t *)possession, 51};
    const struct weir_slice statement = {nautilus, sizeof(nautilus)};
    const struct {
        enum weir_key_use use;
        enum weir_key_role role;
        struct weir_slice message;
    } rows[] = {
        {WEIR_KEY_USE_KEY_SET, WEIR_KEY_IDENTITY, set},
        {WEIR_KEY_USE_STATEMENT, WEIR_KEY_STATEMENT, statement},
        {WEIR_KEY_USE_CHECKPOINT, WEIR_KEY_LOG, note},
        {WEIR_KEY_USE_COSIGNATURE, WEIR_KEY_COSIGN, cosignature},
        {WEIR_KEY_USE_POSSESSION_LOG, WEIR_KEY_LOG, proof},
    };
    struct weir_keys *keys = NULL;
    assert_int_equal(weir_keys_open(&fixture->scope, fixture->path, fixture->passphrase, &keys),
                     WEIR_OK);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
            struct weir_ed25519_signature signature = {{0}};
            enum weir_err err = weir_keys_sign(&fixture->scope, keys, rows[i].use, rows[k].message,
                                               signature.bytes);
            weir_scope_recover(&fixture->scope);
            assert_int_equal(err, i == k ? WEIR_OK : WEIR_E_DENIED);
            if (i != k)
                continue;
            struct weir_ed25519_key key;
            memcpy(key.bytes, weir_keys_ed25519(keys, rows[i].role), sizeof(key.bytes));
            assert_true(weir_ed25519_verify(&key, rows[k].message, &signature));
        }
    }
    weir_keys_free(keys);
}

static void digests_are_signed_by_the_key_of_their_use(void **state)
{
    struct fixture *fixture = *state;
    struct weir_keys *keys = NULL;
    struct weir_hash digest = weir_sha256_of("digest", 6);
    assert_int_equal(weir_keys_open(&fixture->scope, fixture->path, fixture->passphrase, &keys),
                     WEIR_OK);
    for (unsigned i = 0; i < 2; i++) {
        enum weir_key_digest_use use = i == 0 ? WEIR_KEY_USE_REPORT : WEIR_KEY_USE_TRANSACTION;
        struct weir_address signer =
            weir_keys_address(keys, i == 0 ? WEIR_KEY_REPORT : WEIR_KEY_GAS);
        struct weir_signature signature;
        assert_int_equal(
            weir_keys_sign_digest(&fixture->scope, keys, use, digest.bytes, &signature), WEIR_OK);
        assert_int_equal(weir_secp_verify(&fixture->scope, &digest, &signature, &signer), WEIR_OK);
    }
    weir_keys_free(keys);
}

/* The structure starts with the pointer to the secrets; a child looks at them and must die. */
static void secrets_cannot_be_read_between_signatures(void **state)
{
    struct fixture *fixture = *state;
    struct weir_keys *keys = NULL;
    assert_int_equal(weir_keys_open(&fixture->scope, fixture->path, fixture->passphrase, &keys),
                     WEIR_OK);
    const volatile uint8_t *secret;
    memcpy(&secret, keys, sizeof(secret));
    pid_t child = fork();
    if (child == 0) {
        (void)signal(SIGSEGV, SIG_DFL); /* cmocka and the sanitizer would go on from here */
        uint8_t seen = *secret;
        _exit(seen == 0 ? 1 : 2);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSEGV);
    weir_keys_free(keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_come_back_as_they_were_made),
        cmocka_unit_test(a_file_that_exists_is_never_overwritten),
        cmocka_unit_test(a_file_open_to_others_is_refused),
        cmocka_unit_test(every_truncation_is_named_so),
        cmocka_unit_test(every_flipped_byte_is_noticed),
        cmocka_unit_test(a_forged_file_with_a_mended_checksum_does_not_open),
        cmocka_unit_test(absurd_derivation_costs_are_refused_before_they_are_paid),
        cmocka_unit_test(a_wrong_passphrase_says_so),
        cmocka_unit_test(equal_keys_are_refused),
        cmocka_unit_test(each_key_signs_only_what_is_meant_for_it),
        cmocka_unit_test(digests_are_signed_by_the_key_of_their_use),
        cmocka_unit_test(secrets_cannot_be_read_between_signatures),
    };
    return cmocka_run_group_tests_name("keyfile", tests, fixture_make, fixture_drop);
}
