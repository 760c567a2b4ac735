#include "node/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <seccomp.h>

#define NAMES_MAX 96

#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED 1
#endif
#endif

/* What the signer needs, with the reason.  SQLite: its own open files. */
static const char *const signer_calls[NAMES_MAX] = {
    /* frames */ "poll",
    "ppoll",
    "recvfrom",
    "sendto",
    "read",
    "write",
    "readv",
    "writev",
    /* the signing database */ "pread64",
    "pwrite64",
    "fsync",
    "fdatasync",
    "ftruncate",
    "fcntl",
    "openat",
    "open",
    "close",
    "lseek",
    "fstat",
    "newfstatat",
    "stat",
    "lstat",
    "statx",
    "access",
    "faccessat",
    "faccessat2",
    "unlink",
    "unlinkat",
    "fchmod",
    "fchown",
    "geteuid",
    "getcwd",
    "readlink",
    "readlinkat",
    "fallocate",
    "utimensat",
    /* memory, with guard pages around keys */ "brk",
    "mmap",
    "munmap",
    "mprotect",
    "mremap",
    "madvise",
    "mlock",
    "munlock",
    /* time and chance */ "clock_gettime",
    "gettimeofday",
    "time",
    "clock_nanosleep",
    "nanosleep",
    "getrandom",
    /* the process itself */ "getpid",
    "gettid",
    "exit",
    "exit_group",
    "futex",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sigaltstack",
    "restart_syscall",
    "tgkill",
    "sched_yield",
    "sched_getaffinity",
    "getrusage",
    "prlimit64",
    "uname",
    "sysinfo",
    "prctl",
    "rseq",
};

/* Sanitizer builds start a helper when they report; no other build may make a process. */
static const char *const sanitizer_calls[NAMES_MAX] = {
#ifdef IS_SANITIZED
    "clone", "clone3", "wait4", "set_robust_list",
#endif
    NULL,
};

/* Taken from the other duties.  io_uring would do the rest behind the filter's back. */
static const char *const never[] = {
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "pidfd_getfd",
    "open_by_handle_at",
    "execve",
    "execveat",
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "bpf",
    "perf_event_open",
    "keyctl",
    "init_module",
    "finit_module",
    "mount",
    "pivot_root",
    "chroot",
    "setns",
    "unshare",
    "reboot",
    "kexec_load",
    "swapon",
    "userfaultfd",
    "add_key",
    NULL,
};
static const char *const no_listening[] = {"listen", "accept", "accept4", NULL};
static const char *const no_calling[] = {"socket", "socketpair", "connect", NULL};

int weir_sandbox_landlock_version(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return version > 0 ? (int)version : 0;
}

/* From now on only files beneath `directory` can be opened. */
static enum weir_err confine_files(struct weir_scope *scope, const char *directory)
{
    if (weir_sandbox_landlock_version() < 1)
        return WEIR_OK; /* told by `weir doctor`; the system-call filter still holds */
    const struct landlock_ruleset_attr handled = {
        .handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1, /* all rights of version 1 */
    };
    int rules = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0);
    struct landlock_path_beneath_attr own = {
        .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                          LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                          LANDLOCK_ACCESS_FS_REMOVE_FILE,
        .parent_fd = open(directory, O_PATH | O_CLOEXEC),
    };
    long done = rules < 0 || own.parent_fd < 0
                    ? -1
                    : syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &own, 0);
    if (done == 0)
        done = syscall(SYS_landlock_restrict_self, rules, 0);
    int cause = errno;
    if (own.parent_fd >= 0)
        (void)close(own.parent_fd); /* only a handle to name the place */
    if (rules >= 0)
        (void)close(rules);
    if (done != 0)
        return weir_fail(scope, WEIR_E_DENIED, "Landlock for '%s': %s", directory, strerror(cause));
    return WEIR_OK;
}

/* Adds `action` for every name; a name this kernel or architecture does not have is no error. */
static int filter_add(scmp_filter_ctx filter, uint32_t action, const char *const *names)
{
    for (size_t i = 0; i < NAMES_MAX && names[i] != NULL; i++) {
        int number = seccomp_syscall_resolve_name(names[i]);
        if (number == __NR_SCMP_ERROR)
            continue;
        int failure = seccomp_rule_add(filter, action, number, 0);
        if (failure != 0 && failure != -EDOM)
            return failure;
    }
    return 0;
}

static enum weir_err confine_calls(struct weir_scope *scope, enum weir_duty_id id)
{
    bool is_signer = id == WEIR_DUTY_SIGNER;
    uint32_t refuse = SCMP_ACT_ERRNO(EPERM);
    scmp_filter_ctx filter = seccomp_init(is_signer ? refuse : SCMP_ACT_ALLOW);
    if (filter == NULL)
        return weir_fail(scope, WEIR_E_DENIED, "libseccomp gives no filter");
    int failure;
    if (is_signer) {
        failure = filter_add(filter, SCMP_ACT_ALLOW, signer_calls);
        if (failure == 0)
            failure = filter_add(filter, SCMP_ACT_ALLOW, sanitizer_calls);
    } else {
        failure = filter_add(filter, refuse, never);
        if (failure == 0)
            failure = filter_add(filter, refuse, id == WEIR_DUTY_API ? no_calling : no_listening);
    }
    if (failure == 0)
        failure = seccomp_load(filter);
    seccomp_release(filter);
    if (failure != 0)
        return weir_fail(scope, WEIR_E_DENIED, "the system-call filter: %s", strerror(-failure));
    return WEIR_OK;
}

enum weir_err
weir_sandbox_enter(struct weir_scope *scope, enum weir_duty_id id, const char *directory)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return weir_fail(scope, WEIR_E_DENIED, "no_new_privs: %s", strerror(errno));
    if (id == WEIR_DUTY_SIGNER && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return weir_fail(scope, WEIR_E_DENIED, "not dumpable: %s", strerror(errno));
    if (directory != NULL) {
        enum weir_err err = confine_files(scope, directory);
        if (err != WEIR_OK)
            return err;
    }
    return confine_calls(scope, id);
}
