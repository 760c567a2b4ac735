/* Goal: after weir_sandbox_enter a duty can do its work and nothing that it must never do.
 * Method: a child per duty and deed; what it could before, it cannot any more. */
#include "node/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/arena.h"
#include "ledger/store.h"
#include "ledger/vault.h"

#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED 1
#endif
#endif

/* What a child tries; made before it enters. */
struct trial {
    char folder[64];
    char own[96];     /* inside */
    char foreign[96]; /* outside */
    int listener;
    int pair[2];
    struct weir_store *vault;
};

static struct trial trial;
static struct weir_scope scope;

static int trial_make(void **state)
{
    (void)state;
    char path[128];
    scope = (struct weir_scope){.arena = weir_arena_new((size_t)16 << 20)};
    (void)snprintf(trial.folder, sizeof(trial.folder), "/tmp/weir-sandbox-XXXXXX");
    assert_non_null(mkdtemp(trial.folder));
    (void)snprintf(trial.own, sizeof(trial.own), "%s/own", trial.folder);
    (void)snprintf(trial.foreign, sizeof(trial.foreign), "%s.outside", trial.folder);
    int fd = open(trial.foreign, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    struct sockaddr_in address = {.sin_family = AF_INET};
    trial.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(trial.listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(trial.listener, 4), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, trial.pair), 0);
    (void)snprintf(path, sizeof(path), "%s/record.db", trial.folder);
    assert_int_equal(weir_vault_open(&scope, path, true, &trial.vault), WEIR_OK);
    weir_store_close(trial.vault);
    return sodium_init() < 0 ? -1 : 0;
}

static int trial_drop(void **state)
{
    (void)state;
    static const char *const names[] = {"record.db", "record.db-wal", "record.db-shm",
                                        "record.db.turnstile", "own"};
    char path[128];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", trial.folder, names[i]);
        (void)unlink(path); /* not all of them are always there */
    }
    assert_int_equal(rmdir(trial.folder), 0);
    assert_int_equal(unlink(trial.foreign), 0);
    (void)close(trial.listener); /* nothing is lost with it */
    weir_arena_free(scope.arena);
    return 0;
}

/* The deeds: 0 done, else the errno of the refusal. */
static int deed_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) >= 0 ? 0 : errno;
}

static int deed_connect(void)
{
    struct sockaddr_in address;
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return errno;
    if (getsockname(trial.listener, (struct sockaddr *)&address, &length) != 0)
        return errno;
    int failed = connect(fd, (struct sockaddr *)&address, length);
    return failed == 0 || errno == EINPROGRESS ? 0 : errno;
}

static int deed_listen(void)
{
    return listen(trial.listener, 8) == 0 ? 0 : errno;
}

static int deed_accept(void)
{
    int fd = accept4(trial.listener, NULL, NULL, SOCK_NONBLOCK);
    return fd >= 0 || errno == EAGAIN ? 0 : errno;
}

static int deed_exec(void)
{
    char *const arguments[] = {(char *)(uintptr_t) "true", NULL};
    char *const environment[] = {NULL};
    (void)execve("/bin/true", arguments, environment); /* returns only when it fails */
    return errno;
}

static int deed_fork(void)
{
    long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (pid == 0)
        _exit(0);
    if (pid < 0)
        return errno;
    return waitpid((pid_t)pid, NULL, 0) == pid ? 0 : errno;
}

static int deed_ptrace(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? 0 : errno;
}

static int deed_ring(void)
{
    char parameters[120] = {0};
    long fd = syscall(SYS_io_uring_setup, 1, parameters);
    return fd >= 0 || errno == ENOSYS ? 0 : errno;
}

static int deed_open_outside(void)
{
    return open(trial.foreign, O_RDONLY | O_CLOEXEC) >= 0 ? 0 : errno;
}

static int deed_open_own(void)
{
    int fd = open(trial.own, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    return fd >= 0 && write(fd, "x", 1) == 1 && fsync(fd) == 0 && unlink(trial.own) == 0 ? 0
                                                                                         : errno;
}

static int deed_frames(void)
{
    char byte = 'f';
    return send(trial.pair[0], &byte, 1, MSG_NOSIGNAL) == 1 && recv(trial.pair[1], &byte, 1, 0) == 1
               ? 0
               : errno;
}

static int deed_record(void)
{
    const struct weir_merkle_head head = {.size = 1};
    return weir_vault_head_put(trial.vault, &scope, weir_slice_text("log"), &head) == WEIR_OK
               ? 0
               : 1000 + (int)scope.err;
}

static int deed_keys(void)
{
    void *secret = sodium_malloc(32);
    if (secret == NULL || sodium_mprotect_noaccess(secret) != 0 ||
        sodium_mprotect_readonly(secret) != 0)
        return errno == 0 ? 1 : errno;
    sodium_free(secret);
    return 0;
}

/* Runs one deed in a child inside (or outside) the sandbox of a duty. */
static int outcome(enum weir_duty_id id, bool inside, int (*deed)(void))
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/record.db", trial.folder);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        const char *folder = id == WEIR_DUTY_SIGNER ? trial.folder : NULL;
        if (id == WEIR_DUTY_SIGNER && weir_vault_open(&scope, path, false, &trial.vault) != WEIR_OK)
            _exit(251);
        if (inside && weir_sandbox_enter(&scope, id, folder) != WEIR_OK)
            _exit(250);
        errno = 0;
        _exit(deed());
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static const struct {
    const char *name;
    int (*deed)(void);
    bool may[WEIR_DUTY_COUNT]; /* signer, collector, api, settler */
} table[] = {
    {"socket", deed_socket, {false, true, false, true}},
    {"connect", deed_connect, {false, true, false, true}},
    {"listen", deed_listen, {false, false, true, false}},
    {"accept", deed_accept, {false, false, true, false}},
    {"execve", deed_exec, {false, false, false, false}},
    {"ptrace", deed_ptrace, {false, false, false, false}},
    {"io_uring", deed_ring, {false, false, false, false}},
    {"open outside", deed_open_outside, {false, true, true, true}},
    {"open inside", deed_open_own, {true, true, true, true}},
    {"frames", deed_frames, {true, true, true, true}},
    {"guarded memory", deed_keys, {true, true, true, true}},
#ifndef IS_SANITIZED
    {"fork", deed_fork, {false, true, true, true}},
#endif
};

static void each_duty_can_do_its_work_and_nothing_that_it_must_never_do(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        for (int id = 0; id < WEIR_DUTY_COUNT; id++) {
            int refusal = outcome((enum weir_duty_id)id, true, table[i].deed);
            bool is_landlock = table[i].deed == deed_open_outside;
            if (is_landlock && weir_sandbox_landlock_version() < 1)
                continue; /* this kernel cannot confine files; `weir doctor` says so */
            bool is_refused = refusal == EPERM || (is_landlock && refusal == EACCES);
            if (table[i].may[id] ? refusal != 0 : !is_refused)
                fail_msg("%s by duty %d: %s (%d)", table[i].name, id, strerror(refusal), refusal);
        }
}

static void without_the_sandbox_the_deeds_would_succeed(void **state)
{
    (void)state;
    static int (*const deeds[])(void) = {deed_socket,       deed_connect, deed_listen, deed_accept,
                                         deed_open_outside, deed_fork,    deed_exec};
    for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++)
        assert_int_equal(outcome(WEIR_DUTY_COLLECTOR, false, deeds[i]), 0);
}

static void the_signer_goes_on_writing_its_record(void **state)
{
    (void)state;
    assert_int_equal(outcome(WEIR_DUTY_SIGNER, true, deed_record), 0);
}

static void the_signer_cannot_be_dumped_and_gains_no_rights(void **state)
{
    (void)state;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (weir_sandbox_enter(&scope, WEIR_DUTY_SIGNER, trial.folder) != WEIR_OK)
            _exit(2);
        _exit(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1
                  ? 0
                  : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void a_folder_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    if (weir_sandbox_landlock_version() < 1)
        return;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(weir_sandbox_enter(&scope, WEIR_DUTY_SIGNER, "/nonexistent") == WEIR_E_DENIED ? 0
                                                                                            : 1);
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_the_sandbox_the_deeds_would_succeed),
        cmocka_unit_test(each_duty_can_do_its_work_and_nothing_that_it_must_never_do),
        cmocka_unit_test(the_signer_goes_on_writing_its_record),
        cmocka_unit_test(the_signer_cannot_be_dumped_and_gains_no_rights),
        cmocka_unit_test(a_folder_that_is_not_there_is_an_error),
    };
    return cmocka_run_group_tests_name("sandbox", tests, trial_make, trial_drop);
}
