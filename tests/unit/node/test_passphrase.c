/* Goal: a passphrase comes only from a file that is ours alone or from a credential, and is what
 * the file says but for one line end. Method: files in a fresh folder with every kind of wrong
 * content and mode. */
#include "node/passphrase.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"

struct fixture {
    char folder[64];
    char path[96];
    struct weir_scope scope;
};

static int fixture_make(void **state)
{
    static struct fixture fixture;
    (void)snprintf(fixture.folder, sizeof(fixture.folder), "/tmp/weir-passphrase-XXXXXX");
    assert_non_null(mkdtemp(fixture.folder));
    (void)snprintf(fixture.path, sizeof(fixture.path), "%s/weir-passphrase", fixture.folder);
    fixture.scope = (struct weir_scope){.arena = weir_arena_new(1 << 20)};
    *state = &fixture;
    return 0;
}

static int fixture_drop(void **state)
{
    struct fixture *fixture = *state;
    (void)unlink(fixture->path); /* a test may have left none */
    assert_int_equal(rmdir(fixture->folder), 0);
    weir_arena_free(fixture->scope.arena);
    return 0;
}

static void write_file(struct fixture *fixture, const char *text, size_t length, mode_t mode)
{
    (void)unlink(fixture->path); /* it need not be there */
    FILE *file = fopen(fixture->path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(fixture->path, mode), 0);
    weir_scope_recover(&fixture->scope);
}

static void expect_refused(struct fixture *fixture, const char *path, const char *reason)
{
    struct weir_passphrase *passphrase = NULL;
    weir_scope_recover(&fixture->scope);
    assert_int_not_equal(weir_passphrase_load(&fixture->scope, path, &passphrase), WEIR_OK);
    assert_null(passphrase);
    if (strstr(fixture->scope.fault, reason) == NULL)
        fail_msg("expected '%s', got '%s'", reason, fixture->scope.fault);
    weir_scope_recover(&fixture->scope);
}

static void expect_text(struct weir_passphrase *passphrase, const char *text)
{
    size_t length;
    const char *bytes = weir_passphrase_bytes(passphrase, &length);
    assert_int_equal(length, strlen(text));
    assert_memory_equal(bytes, text, length);
    weir_passphrase_free(passphrase);
}

static void one_line_end_is_left_out_and_nothing_else(void **state)
{
    struct fixture *fixture = *state;
    struct weir_passphrase *passphrase = NULL;
    write_file(fixture, " twelve and more \n", 18, 0600);
    assert_int_equal(weir_passphrase_load(&fixture->scope, fixture->path, &passphrase), WEIR_OK);
    expect_text(passphrase, " twelve and more ");
    write_file(fixture, "twelve and more", 15, 0400);
    assert_int_equal(weir_passphrase_load(&fixture->scope, fixture->path, &passphrase), WEIR_OK);
    expect_text(passphrase, "twelve and more");
}

static void wrong_files_are_refused_with_the_reason(void **state)
{
    struct fixture *fixture = *state;
    char text[WEIR_PASSPHRASE_BYTES_MAX + 2];
    memset(text, 'x', sizeof(text));
    expect_refused(fixture, "/nonexistent/weir-passphrase", "cannot open");
    expect_refused(fixture, fixture->folder, "is not a file");
    write_file(fixture, text, 20, 0640);
    expect_refused(fixture, fixture->path, "open to others (mode 640); chmod 600 it");
    write_file(fixture, text, 20, 0604);
    expect_refused(fixture, fixture->path, "open to others (mode 604)");
    write_file(fixture, "short", 5, 0600);
    expect_refused(fixture, fixture->path, "has 5 characters; at least 12");
    write_file(fixture, text, WEIR_PASSPHRASE_BYTES_MAX + 1, 0600);
    expect_refused(fixture, fixture->path, "longer than 1024");
    write_file(fixture, "first line here\nsecond line\n", 28, 0600);
    expect_refused(fixture, fixture->path, "more than one line");
}

static void a_credential_is_taken_when_no_file_is_named(void **state)
{
    struct fixture *fixture = *state;
    struct weir_passphrase *passphrase = NULL;
    assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
    expect_refused(fixture, NULL, "no passphrase: set node.passphrase_file");
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", fixture->folder, 1), 0);
    write_file(fixture, "twelve and more", 15,
               0440); /* as a service manager with an ACL shows it */
    assert_int_equal(weir_passphrase_load(&fixture->scope, NULL, &passphrase), WEIR_OK);
    expect_text(passphrase, "twelve and more");
    write_file(fixture, "twelve and more", 15, 0444);
    expect_refused(fixture, NULL, "open to others");
    assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
}

static void a_fresh_one_is_written_once_and_reads_back(void **state)
{
    struct fixture *fixture = *state;
    struct weir_passphrase *made = NULL;
    struct weir_passphrase *again = NULL;
    (void)unlink(fixture->path); /* it need not be there */
    weir_scope_recover(&fixture->scope);
    assert_int_equal(weir_passphrase_create(&fixture->scope, fixture->path, &made), WEIR_OK);
    struct stat status;
    assert_int_equal(stat(fixture->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(weir_passphrase_load(&fixture->scope, fixture->path, &again), WEIR_OK);
    size_t length;
    const char *bytes = weir_passphrase_bytes(made, &length);
    assert_int_equal(length, 43);
    char copy[64] = "";
    memcpy(copy, bytes, length);
    expect_text(again, copy);
    weir_passphrase_free(made);
    made = NULL;
    assert_int_equal(weir_passphrase_create(&fixture->scope, fixture->path, &made), WEIR_E_EXISTS);
    assert_null(made);
    weir_scope_recover(&fixture->scope);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_line_end_is_left_out_and_nothing_else),
        cmocka_unit_test(wrong_files_are_refused_with_the_reason),
        cmocka_unit_test(a_credential_is_taken_when_no_file_is_named),
        cmocka_unit_test(a_fresh_one_is_written_once_and_reads_back),
    };
    return cmocka_run_group_tests_name("passphrase", tests, fixture_make, fixture_drop);
}
