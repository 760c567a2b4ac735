#include "node/supervisor.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/clock.h"
#include "node/duty.h"
#include "node/log.h"
#include "node/notify.h"

#define STOP_GRACE_MS 8000
#define RESTART_DELAY_MS_MIN 100
#define RESTART_DELAY_MS_MAX 30000
#define FAILURES_MAX 20 /* in a row, each within CALM_MS of the last */
#define CALM_MS 60000
#define LARGE_BYTES (128 * 1024)

static const struct {
    const char *name;
    int (*run)(struct weir_duty *duty);
} duties[WEIR_DUTY_COUNT] = {
    [WEIR_DUTY_SIGNER] = {"signer", weir_signer_run},
    [WEIR_DUTY_COLLECTOR] = {"collector", weir_collector_run},
    [WEIR_DUTY_API] = {"api", weir_api_run},
    [WEIR_DUTY_SETTLER] = {"settler", weir_settler_run},
};

/* One generation of duties: they share sockets, so they start and end together. */
struct crew {
    pid_t pids[WEIR_DUTY_COUNT]; /* 0: not running */
    bool is_idle[WEIR_DUTY_COUNT];
    int stop_out;
    int ready_in;
    unsigned ready_count;
    int64_t started_ms;
};

struct supervisor {
    const struct weir_config *config;
    struct weir_run_options options;
    int signals;
    struct crew crew;
    bool is_stopping;
    bool was_ready; /* some generation has worked: what fails later may be passing */
    unsigned failures;
    int64_t last_failure_ms;
};

/* Every descriptor a crew needs, before it is handed out; -1 where there is none. */
struct plumbing {
    int wake[WEIR_DUTY_COUNT][2];
    int ask[WEIR_DUTY_COUNT][2]; /* [0] the duty's end, [1] the signer's */
    int stop[2];
    int ready[2];
};

static bool is_wanted(const struct supervisor *supervisor, enum weir_duty_id id)
{
    if (!supervisor->options.is_settler_only)
        return true;
    return id == WEIR_DUTY_SIGNER || id == WEIR_DUTY_SETTLER;
}

static bool pipe_or_log(int ends[2], int flags)
{
    if (pipe2(ends, O_CLOEXEC | flags) == 0)
        return true;
    weir_log(WEIR_LOG_ERROR, "pipe_failed", "text=\"%s\"", strerror(errno));
    return false;
}

static bool plumbing_make(struct plumbing *pipes)
{
    memset(pipes, 0xff, sizeof(*pipes)); /* all -1 */
    for (int i = 0; i < WEIR_DUTY_COUNT; i++) {
        if (!pipe_or_log(pipes->wake[i], O_NONBLOCK))
            return false;
        if (i != WEIR_DUTY_SIGNER &&
            socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pipes->ask[i]) != 0) {
            weir_log(WEIR_LOG_ERROR, "socketpair_failed", "text=\"%s\"", strerror(errno));
            return false;
        }
    }
    return pipe_or_log(pipes->stop, 0) && pipe_or_log(pipes->ready, 0);
}

static void close_end(int *end)
{
    if (*end >= 0)
        (void)close(*end); /* pipes and sockets: nothing is lost */
    *end = -1;
}

/* All of it, when not all could be made. */
static void plumbing_close(struct plumbing *pipes)
{
    for (int i = 0; i < WEIR_DUTY_COUNT; i++)
        for (int end = 0; end < 2; end++) {
            close_end(&pipes->wake[i][end]);
            close_end(&pipes->ask[i][end]);
        }
    for (int end = 0; end < 2; end++) {
        close_end(&pipes->stop[end]);
        close_end(&pipes->ready[end]);
    }
}

/* Closes what the process `mine` (or the supervisor: -1) has no business with. */
static void plumbing_trim(struct plumbing *pipes, int mine)
{
    for (int i = 0; i < WEIR_DUTY_COUNT; i++) {
        if (i != mine) {
            close_end(&pipes->wake[i][0]);
            close_end(&pipes->ask[i][0]);
        }
        if (mine != WEIR_DUTY_SIGNER)
            close_end(&pipes->ask[i][1]);
        if (mine < 0 || mine == WEIR_DUTY_SIGNER)
            close_end(&pipes->wake[i][1]);
    }
    if (mine >= 0) {
        close_end(&pipes->stop[1]);
        close_end(&pipes->ready[0]);
    } else {
        close_end(&pipes->stop[0]);
        close_end(&pipes->ready[1]);
    }
}

/* The life of a duty's process after the fork. */
static int
duty_main(const struct supervisor *supervisor, enum weir_duty_id id, struct plumbing *pipes)
{
    plumbing_trim(pipes, (int)id);
    struct weir_duty duty = {
        .id = id,
        .name = duties[id].name,
        .config = supervisor->config,
        .wake_in = pipes->wake[id][0],
        .stop_in = pipes->stop[0],
        .ready_out = pipes->ready[1],
        .signer = pipes->ask[id][0],
        .until_idle = supervisor->options.until_idle,
    };
    for (int i = 0; i < WEIR_DUTY_COUNT; i++) {
        duty.wake_out[i] = i == WEIR_DUTY_SIGNER ? -1 : pipes->wake[i][1];
        duty.signer_clients[i] = pipes->ask[i][1];
    }
    close(supervisor->signals);
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGINT, SIG_IGN); /* Ctrl-C reaches the group; the supervisor ends us in order */
    (void)signal(SIGPIPE, SIG_IGN);
    (void)prctl(PR_SET_NAME, duties[id].name, 0, 0, 0);
    const struct rlimit no_core = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &no_core); /* a core of any duty may hold tokens or bodies */
    /* A fixed threshold, or the first large answer teaches the allocator to keep what is freed. */
    (void)mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
    weir_log_duty(duties[id].name);
    return duties[id].run(&duty);
}

static bool crew_start(struct supervisor *supervisor)
{
    struct crew *crew = &supervisor->crew;
    struct plumbing pipes;
    *crew = (struct crew){.stop_out = -1, .ready_in = -1};
    bool is_complete = true;
    if (!plumbing_make(&pipes)) {
        plumbing_close(&pipes);
        return false;
    }
    crew->started_ms = weir_clock_monotonic_ms();
    for (int i = 0; i < WEIR_DUTY_COUNT; i++) {
        if (!is_wanted(supervisor, (enum weir_duty_id)i)) {
            crew->is_idle[i] = true;
            continue;
        }
        pid_t pid = fork();
        if (pid == 0)
            _exit(duty_main(supervisor, (enum weir_duty_id)i, &pipes));
        if (pid < 0) {
            weir_log(WEIR_LOG_ERROR, "fork_failed", "text=\"%s\"", strerror(errno));
            is_complete = false;
            break;
        }
        crew->pids[i] = pid;
    }
    plumbing_trim(&pipes, -1);
    crew->stop_out = pipes.stop[1];
    crew->ready_in = pipes.ready[0];
    return is_complete;
}

static unsigned crew_alive(const struct crew *crew)
{
    unsigned alive = 0;
    for (int i = 0; i < WEIR_DUTY_COUNT; i++)
        alive += crew->pids[i] != 0;
    return alive;
}

static unsigned crew_wanted(const struct supervisor *supervisor)
{
    unsigned wanted = 0;
    for (int i = 0; i < WEIR_DUTY_COUNT; i++)
        wanted += is_wanted(supervisor, (enum weir_duty_id)i);
    return wanted;
}

static int duty_of(const struct crew *crew, pid_t pid)
{
    for (int i = 0; i < WEIR_DUTY_COUNT; i++)
        if (crew->pids[i] == pid)
            return i;
    return -1;
}

/* Takes the ended children; returns true when one of them ended without being asked to. */
static bool crew_reap(struct supervisor *supervisor)
{
    struct crew *crew = &supervisor->crew;
    bool has_failed = false;
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        int i = duty_of(crew, pid);
        if (i < 0)
            continue;
        crew->pids[i] = 0;
        bool is_clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
        crew->is_idle[i] = is_clean && supervisor->options.until_idle;
        if (supervisor->is_stopping || crew->is_idle[i])
            continue;
        weir_log(WEIR_LOG_ERROR, "duty_ended", "who=%s %s=%d", duties[i].name,
                 WIFSIGNALED(status) ? "signal" : "status",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
        has_failed = true;
    }
    return has_failed;
}

/* Ends the generation: end of file at every stop_in, then patience, then force. */
static void crew_stop(struct supervisor *supervisor)
{
    struct crew *crew = &supervisor->crew;
    bool was_stopping = supervisor->is_stopping;
    supervisor->is_stopping = true;
    close_end(&crew->stop_out);
    int64_t deadline_ms = weir_clock_monotonic_ms() + STOP_GRACE_MS;
    (void)crew_reap(supervisor);
    while (crew_alive(crew) > 0 && weir_clock_monotonic_ms() < deadline_ms) {
        struct pollfd waiting = {.fd = supervisor->signals, .events = POLLIN};
        if (poll(&waiting, 1, 100) > 0) {
            struct signalfd_siginfo info;
            ssize_t got = read(supervisor->signals, &info, sizeof(info));
            (void)got; /* whatever it was, we are stopping */
        }
        (void)crew_reap(supervisor);
    }
    for (int i = 0; i < WEIR_DUTY_COUNT; i++)
        if (crew->pids[i] != 0) {
            weir_log(WEIR_LOG_WARN, "duty_killed", "who=%s", duties[i].name);
            (void)kill(crew->pids[i], SIGKILL);
            (void)waitpid(crew->pids[i], NULL, 0);
            crew->pids[i] = 0;
        }
    close_end(&crew->ready_in);
    supervisor->is_stopping = was_stopping;
}

/* Waits before the next start, longer after each failure in a row; false when it is time to give
 * up or to stop. */
static bool restart_is_due(struct supervisor *supervisor)
{
    int64_t now_ms = weir_clock_monotonic_ms();
    bool is_calm = now_ms - supervisor->last_failure_ms > CALM_MS;
    supervisor->failures = is_calm ? 1 : supervisor->failures + 1;
    supervisor->last_failure_ms = now_ms;
    if (supervisor->failures > FAILURES_MAX) {
        weir_log(WEIR_LOG_ERROR, "giving_up", "failures=%u", supervisor->failures);
        return false;
    }
    unsigned doublings = supervisor->failures < 9 ? supervisor->failures - 1 : 8;
    int delay_ms = RESTART_DELAY_MS_MIN << doublings;
    if (delay_ms > RESTART_DELAY_MS_MAX)
        delay_ms = RESTART_DELAY_MS_MAX;
    weir_log(WEIR_LOG_WARN, "restarting", "in_ms=%d failures=%u", delay_ms, supervisor->failures);
    struct pollfd waiting = {.fd = supervisor->signals, .events = POLLIN};
    for (int64_t until_ms = now_ms + delay_ms; weir_clock_monotonic_ms() < until_ms;) {
        struct signalfd_siginfo info;
        if (poll(&waiting, 1, delay_ms) > 0 &&
            read(supervisor->signals, &info, sizeof(info)) == (ssize_t)sizeof(info) &&
            info.ssi_signo != SIGCHLD && info.ssi_signo != SIGHUP)
            return false;
    }
    return true;
}

static void note_ready(struct supervisor *supervisor)
{
    struct crew *crew = &supervisor->crew;
    char bytes[WEIR_DUTY_COUNT];
    ssize_t got = read(crew->ready_in, bytes, sizeof(bytes));
    if (got <= 0) {
        close_end(&crew->ready_in); /* every duty has said its word or ended */
        return;
    }
    crew->ready_count += (unsigned)got;
    if (crew->ready_count == crew_wanted(supervisor)) {
        supervisor->was_ready = true;
        weir_log(WEIR_LOG_INFO, "ready", "after_ms=%lld",
                 (long long)(weir_clock_monotonic_ms() - crew->started_ms));
        weir_notify("READY=1");
    }
}

enum next { NEXT_WAIT, NEXT_RESTART, NEXT_STOP, NEXT_FAILED };

static enum next wait_for_news(struct supervisor *supervisor)
{
    struct crew *crew = &supervisor->crew;
    struct pollfd waiting[] = {
        {.fd = supervisor->signals, .events = POLLIN},
        {.fd = crew->ready_in, .events = POLLIN}, /* poll ignores -1 */
    };
    if (poll(waiting, 2, -1) < 0 && errno != EINTR)
        return NEXT_STOP;
    if (waiting[1].revents != 0)
        note_ready(supervisor);
    if ((waiting[0].revents & POLLIN) == 0)
        return NEXT_WAIT;
    struct signalfd_siginfo info;
    if (read(supervisor->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return NEXT_WAIT;
    if (info.ssi_signo == SIGINT || info.ssi_signo == SIGTERM)
        return NEXT_STOP;
    if (crew_reap(supervisor))
        return supervisor->options.until_idle || !supervisor->was_ready ? NEXT_FAILED
                                                                        : NEXT_RESTART;
    /* The signer serves until it is told; all others idle means that the work is done. */
    bool is_done = supervisor->options.until_idle;
    for (int i = 0; i < WEIR_DUTY_COUNT; i++)
        is_done = is_done && (i == WEIR_DUTY_SIGNER || crew->is_idle[i]);
    return is_done ? NEXT_STOP : NEXT_WAIT;
}

static int signals_open(void)
{
    sigset_t watched;
    (void)sigemptyset(&watched);
    (void)sigaddset(&watched, SIGCHLD);
    (void)sigaddset(&watched, SIGINT);
    (void)sigaddset(&watched, SIGTERM);
    (void)sigaddset(&watched, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &watched, NULL);
    return signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
}

int weir_supervisor_run(const struct weir_config *config, struct weir_run_options options)
{
    struct supervisor supervisor = {
        .config = config,
        .options = options,
        .signals = signals_open(),
    };
    if (supervisor.signals < 0) {
        weir_log(WEIR_LOG_ERROR, "signalfd_failed", "text=\"%s\"", strerror(errno));
        return 1;
    }
    int status = crew_start(&supervisor) ? 0 : 1;
    while (status == 0) {
        enum next next = wait_for_news(&supervisor);
        if (next == NEXT_WAIT)
            continue;
        if (next == NEXT_FAILED)
            status = 1; /* who asked for an end of its own wants to hear of it */
        if (next != NEXT_RESTART)
            break;
        crew_stop(&supervisor);
        if (!restart_is_due(&supervisor)) {
            status = supervisor.failures > FAILURES_MAX ? 1 : 0;
            break; /* told to stop, or given up */
        }
        if (!crew_start(&supervisor))
            status = 1;
    }
    weir_notify("STOPPING=1");
    crew_stop(&supervisor);
    close_end(&supervisor.signals);
    return status;
}
