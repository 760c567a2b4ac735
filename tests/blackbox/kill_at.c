/* kill_at TRACE PROCESS CALL PROGRAM [ARGUMENTS]: runs a program with all its children and writes
 * every system call, as it is about to be made, as a line "process number" to TRACE.  Processes are
 * counted from 0 in the order of their birth.  The CALL-th call (from 1) of the PROCESS-th is never
 * made: that process dies of SIGKILL there; the others go on untraced.  CALL 0: nobody dies.
 *
 * A tool of its own because strace counts the calls of all processes alike, and the interesting
 * ones must die alone.  The exit status is that of PROGRAM, 128 + the signal when one ended it. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

#define PROCESSES_MAX 64

struct watch {
    FILE *trace;
    long process; /* who dies */
    long call;    /* before which call; 0: never */
    bool has_killed;
    pid_t pids[PROCESSES_MAX];
    long calls[PROCESSES_MAX];
    int count;
};

static void give_up(const char *what)
{
    (void)fprintf(stderr, "kill_at: %s: %s\n", what, strerror(errno));
    exit(125);
}

/* The number of a process, which is given on first sight. */
static int number_of(struct watch *watch, pid_t pid)
{
    for (int i = 0; i < watch->count; i++)
        if (watch->pids[i] == pid)
            return i;
    if (watch->count == PROCESSES_MAX) {
        errno = ENOSPC;
        give_up("too many processes");
    }
    watch->pids[watch->count] = pid;
    return watch->count++;
}

/* At a stop for a system call: counts and writes its beginning; kills when it is the one. */
static void look_at_call(struct watch *watch, pid_t pid)
{
    struct ptrace_syscall_info info;
    if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) < 0 ||
        info.op != PTRACE_SYSCALL_INFO_ENTRY)
        return;
    int number = number_of(watch, pid);
    watch->calls[number]++;
    (void)fprintf(watch->trace, "%d %llu\n", number, (unsigned long long)info.entry.nr);
    if (number != watch->process || watch->calls[number] != watch->call)
        return;
    watch->has_killed = true;
    if (kill(pid, SIGKILL) != 0)
        give_up("kill");
}

/* Lets a stopped process go on; the signal that stopped it, if it was one, is delivered. */
static void go_on(struct watch *watch, pid_t pid, int status)
{
    int signal = WSTOPSIG(status);
    int event = status >> 16;
    if (signal == (SIGTRAP | 0x80))
        look_at_call(watch, pid);
    else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
             event == PTRACE_EVENT_CLONE) {
        unsigned long born = 0;
        if (ptrace(PTRACE_GETEVENTMSG, pid, 0, &born) == 0)
            (void)number_of(watch, (pid_t)born);
    }
    bool is_ours = signal == (SIGTRAP | 0x80) || signal == SIGTRAP || signal == SIGSTOP;
    /* ESRCH: it died meanwhile, which the next wait tells. */
    if (ptrace(watch->has_killed ? PTRACE_CONT : PTRACE_SYSCALL, pid, 0, is_ours ? 0 : signal) !=
            0 &&
        errno != ESRCH)
        give_up("ptrace");
}

static int follow(struct watch *watch, pid_t first)
{
    int outcome = 125;
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, __WALL)) > 0;) {
        if (WIFSTOPPED(status)) {
            go_on(watch, pid, status);
        } else if (pid == first) {
            outcome = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
    }
    return outcome;
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        (void)fputs("usage: kill_at TRACE PROCESS CALL PROGRAM [ARGUMENTS]\n", stderr);
        return 125;
    }
    struct watch watch = {
        .trace = fopen(argv[1], "w"),
        .process = strtol(argv[2], NULL, 10),
        .call = strtol(argv[3], NULL, 10),
    };
    if (watch.trace == NULL)
        give_up(argv[1]);
    pid_t first = fork();
    if (first == 0) {
        if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0 || raise(SIGSTOP) != 0)
            _exit(125);
        (void)execv(argv[4], argv + 4);
        _exit(125);
    }
    int status;
    const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                         PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
    if (first < 0 || waitpid(first, &status, 0) != first ||
        ptrace(PTRACE_SETOPTIONS, first, 0, options) != 0)
        give_up("cannot trace");
    (void)number_of(&watch, first);
    if (ptrace(PTRACE_SYSCALL, first, 0, 0) != 0)
        give_up("ptrace");
    int outcome = follow(&watch, first);
    return fclose(watch.trace) == 0 ? outcome : 125;
}
