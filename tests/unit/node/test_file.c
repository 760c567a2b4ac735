/* Goal: a whole file is read within its bound, and a written one is whole or not there.
 * Method: files, folders, pipes and links in a folder of its own. */
#include "node/file.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"

static struct weir_scope scope;
static char folder[64];

static int folder_make(void **state)
{
    (void)state;
    scope = (struct weir_scope){.arena = weir_arena_new(1 << 20)};
    (void)snprintf(folder, sizeof(folder), "/tmp/weir-file-XXXXXX");
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int folder_drop(void **state)
{
    (void)state;
    weir_arena_free(scope.arena);
    return rmdir(folder); /* every test has tidied up */
}

static const char *inside(const char *name)
{
    return weir_file_inside(&scope, folder, name);
}

static void what_was_written_is_read_back_with_its_mode(void **state)
{
    (void)state;
    struct weir_slice bytes;
    struct stat status;
    const char *path = inside("a");
    assert_int_equal(weir_file_write(&scope, path, weir_slice_text("one"), 0600, false), WEIR_OK);
    assert_int_equal(weir_file_read(&scope, path, 3, &bytes), WEIR_OK);
    assert_true(weir_slice_equals_text(bytes, "one"));
    assert_int_equal(weir_file_read(&scope, path, 2, &bytes), WEIR_E_LIMIT);
    weir_scope_recover(&scope);
    assert_int_equal(weir_file_write(&scope, path, weir_slice_text("two"), 0600, false),
                     WEIR_E_EXISTS);
    weir_scope_recover(&scope);
    assert_int_equal(weir_file_write(&scope, path, weir_slice_text(""), 0640, true), WEIR_OK);
    assert_int_equal(weir_file_read(&scope, path, 0, &bytes), WEIR_OK);
    assert_int_equal(bytes.length, 0);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0640);
    assert_int_equal(unlink(path), 0);
}

static void what_is_no_file_is_not_read(void **state)
{
    (void)state;
    struct weir_slice bytes;
    const char *pipe = inside("pipe");
    assert_int_equal(mkfifo(pipe, 0600), 0);
    assert_int_equal(weir_file_read(&scope, pipe, 10, &bytes), WEIR_E_IO); /* and does not hang */
    weir_scope_recover(&scope);
    assert_int_equal(weir_file_read(&scope, folder, 10, &bytes), WEIR_E_IO);
    weir_scope_recover(&scope);
    assert_int_equal(weir_file_read(&scope, inside("none"), 10, &bytes), WEIR_E_NOT_FOUND);
    weir_scope_recover(&scope);
    assert_int_equal(unlink(pipe), 0);
}

static void leftovers_of_a_kill_neither_hinder_nor_leak(void **state)
{
    (void)state;
    struct stat status;
    struct weir_slice bytes;
    const char *path = inside("secret");
    const char *left = inside("secret.new");
    const char *victim = inside("victim");
    assert_int_equal(weir_file_write(&scope, left, weir_slice_text("old"), 0666, false), WEIR_OK);
    assert_int_equal(chmod(left, 0666), 0);
    assert_int_equal(weir_file_write(&scope, path, weir_slice_text("new"), 0600, true), WEIR_OK);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    /* A link in its place is not followed. */
    assert_int_equal(weir_file_write(&scope, victim, weir_slice_text("mine"), 0600, false),
                     WEIR_OK);
    assert_int_equal(symlink(victim, left), 0);
    assert_int_equal(weir_file_write(&scope, path, weir_slice_text("next"), 0600, true), WEIR_OK);
    assert_int_equal(weir_file_read(&scope, victim, 10, &bytes), WEIR_OK);
    assert_true(weir_slice_equals_text(bytes, "mine"));
    assert_int_equal(access(left, F_OK), -1);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(unlink(victim), 0);
}

static void half_a_file_is_no_file(void **state)
{
    (void)state;
    const char *path = inside("large");
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        const struct rlimit small = {4096, 4096};
        uint8_t *bytes = weir_take(&scope, 8192, 1);
        (void)signal(SIGXFSZ, SIG_IGN);
        int failed = setrlimit(RLIMIT_FSIZE, &small);
        enum weir_err err =
            weir_file_write(&scope, path, (struct weir_slice){bytes, 8192}, 0600, false);
        _exit(failed == 0 && err == WEIR_E_IO ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(access(path, F_OK), -1);
}

static void relative_paths_lie_inside(void **state)
{
    (void)state;
    assert_string_equal(weir_file_inside(&scope, "/a", "b"), "/a/b");
    assert_string_equal(weir_file_inside(&scope, "/a", "/b"), "/b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read_back_with_its_mode),
        cmocka_unit_test(what_is_no_file_is_not_read),
        cmocka_unit_test(leftovers_of_a_kill_neither_hinder_nor_leak),
        cmocka_unit_test(half_a_file_is_no_file),
        cmocka_unit_test(relative_paths_lie_inside),
    };
    return cmocka_run_group_tests_name("file", tests, folder_make, folder_drop);
}
