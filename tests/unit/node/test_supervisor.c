/* Goal: a node gets ready, comes back when a duty is killed, ends quickly when asked, and leaves no
 * process behind, not even when the supervisor itself is killed.
 * Method: a real supervisor with all duties in a folder of its own; facts are waited for at the
 * notification socket and at process descriptors. */
#include "node/supervisor.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/number.h"
#include "node/clock.h"
#include "node/duty.h"
#include "node/file.h"
#include "node/worker.h"
#include "tests/unit/node/with_witnesses.h"

#define READY_MS 120000
#define END_MS 2000
#define ORPHAN_MS 30000

static struct with_witnesses world;
static pid_t supervisor;
static int notices; /* datagrams of weir_notify */

static int world_make(void **state)
{
    (void)state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    with_witnesses_make(&world);
    with_witnesses_expect(&world, weir_ledger_prepare(&world.scope, world.items[0].config));
    const char *path = weir_take_printf(&world.scope, "%s/notify", world.folder);
    memcpy(address.sun_path, path, strlen(path));
    notices = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(notices, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
    return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); /* orphans come to us */
}

static int world_drop(void **state)
{
    (void)state;
    (void)close(notices); /* nothing is read any more */
    with_witnesses_drop(&world);
    return 0;
}

static void wait_for(const char *word)
{
    char text[64] = "";
    while (strstr(text, word) == NULL) {
        struct pollfd waiting = {.fd = notices, .events = POLLIN};
        assert_int_equal(poll(&waiting, 1, READY_MS), 1);
        ssize_t got = recv(notices, text, sizeof(text) - 1, 0);
        assert_true(got > 0);
        text[got] = '\0';
    }
}

static void start(void)
{
    supervisor = fork();
    assert_true(supervisor >= 0);
    if (supervisor == 0)
        _exit(weir_supervisor_run(world.items[0].config, (struct weir_run_options){false, false}));
    wait_for("READY=1");
}

/* Parent and name of a process; false when it is gone. */
static bool look_at(pid_t pid, pid_t *parent, char name[static 32])
{
    const char *path = weir_take_printf(&world.scope, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    char line[256] = "";
    if (file == NULL)
        return false;
    bool is_read = fgets(line, sizeof(line), file) != NULL;
    assert_int_equal(fclose(file), 0);
    char *from = strchr(line, '(');
    char *to = strrchr(line, ')');
    if (!is_read || from == NULL || to == NULL)
        return false;
    (void)snprintf(name, 32, "%.*s", (int)(to - from - 1), from + 1);
    struct weir_slice rest = weir_slice_text(to + 4); /* ") S " */
    struct weir_slice digits;
    uint64_t number = 0;
    assert_true(weir_slice_cut(&rest, ' ', &digits));
    with_witnesses_expect(&world, weir_u64_parse(&world.scope, digits, INT32_MAX, &number));
    *parent = (pid_t)number;
    return true;
}

/* The process of a duty under the present supervisor; 0 when there is none. */
static pid_t find_duty(const char *duty)
{
    DIR *folder = opendir("/proc");
    pid_t found = 0;
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        uint64_t pid = 0;
        pid_t parent = 0;
        char name[32];
        struct weir_scope scope = {0};
        if (weir_u64_parse(&scope, weir_slice_text(entry->d_name), INT32_MAX, &pid) == WEIR_OK &&
            look_at((pid_t)pid, &parent, name) && parent == supervisor && strcmp(name, duty) == 0)
            found = (pid_t)pid;
    }
    assert_int_equal(closedir(folder), 0);
    return found;
}

/* Waits for the end of a process that may be no child of ours. */
static void wait_for_end(int descriptor, int limit_ms)
{
    struct pollfd waiting = {.fd = descriptor, .events = POLLIN};
    assert_int_equal(poll(&waiting, 1, limit_ms), 1);
    assert_int_equal(close(descriptor), 0);
}

static int descriptor_of(pid_t pid)
{
    int descriptor = (int)syscall(SYS_pidfd_open, pid, 0);
    assert_true(descriptor >= 0);
    return descriptor;
}

/* Ends it as an operator does; how long it took. */
static int64_t stop(int signal_number)
{
    int status = -1;
    int descriptor = descriptor_of(supervisor);
    int64_t began_ms = weir_clock_monotonic_ms();
    assert_int_equal(kill(supervisor, signal_number), 0);
    wait_for_end(descriptor, READY_MS);
    int64_t took_ms = weir_clock_monotonic_ms() - began_ms;
    assert_int_equal(waitpid(supervisor, &status, 0), supervisor);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    return took_ms;
}

static void expect_no_orphans(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static const char *const duties[] = {"signer", "collector", "api", "settler"};

static void it_gets_ready_and_ends_soon_without_leaving_a_process(void **state)
{
    (void)state;
    static const int signals[] = {SIGTERM, SIGINT};
    for (size_t i = 0; i < 2; i++) {
        start();
        for (size_t d = 0; d < WEIR_DUTY_COUNT; d++)
            assert_int_not_equal(find_duty(duties[d]), 0);
        assert_true(stop(signals[i]) <= END_MS);
        expect_no_orphans();
    }
}

static void a_killed_duty_comes_back_with_all_others(void **state)
{
    (void)state;
    start();
    for (size_t d = 0; d < WEIR_DUTY_COUNT; d++) {
        pid_t before = find_duty(duties[d]);
        assert_int_not_equal(before, 0);
        assert_int_equal(kill(before, SIGKILL), 0);
        wait_for("READY=1");
        pid_t after = find_duty(duties[d]);
        assert_int_not_equal(after, 0);
        assert_int_not_equal(after, before);
    }
    assert_true(stop(SIGTERM) <= END_MS);
    expect_no_orphans();
}

static void the_duties_end_when_their_supervisor_is_killed(void **state)
{
    (void)state;
    int descriptors[WEIR_DUTY_COUNT];
    start();
    for (size_t d = 0; d < WEIR_DUTY_COUNT; d++)
        descriptors[d] = descriptor_of(find_duty(duties[d]));
    assert_int_equal(kill(supervisor, SIGKILL), 0);
    assert_int_equal(waitpid(supervisor, NULL, 0), supervisor);
    for (size_t d = 0; d < WEIR_DUTY_COUNT; d++)
        wait_for_end(descriptors[d], ORPHAN_MS);
    while (waitpid(-1, NULL, 0) > 0)
        ; /* we are their parent now */
    assert_int_equal(errno, ECHILD);
}

static void a_second_node_on_the_same_folder_gives_up(void **state)
{
    (void)state;
    start();
    pid_t first = supervisor;
    pid_t second = fork();
    assert_true(second >= 0);
    if (second == 0) {
        (void)unsetenv("NOTIFY_SOCKET");
        _exit(weir_supervisor_run(world.items[0].config, (struct weir_run_options){true, false}));
    }
    int status = -1;
    assert_int_equal(waitpid(second, &status, 0), second);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    supervisor = first;
    assert_int_not_equal(find_duty("signer"), 0);
    assert_true(stop(SIGTERM) <= END_MS);
    expect_no_orphans();
}

static void without_the_record_of_the_signer_nothing_starts(void **state)
{
    (void)state;
    const char *record =
        weir_take_printf(&world.scope, "%s/data/signer/signer.db", world.items[0].folder);
    const char *aside = weir_take_printf(&world.scope, "%s.aside", record);
    assert_int_equal(rename(record, aside), 0);
    supervisor = fork();
    assert_true(supervisor >= 0);
    if (supervisor == 0)
        _exit(weir_supervisor_run(world.items[0].config, (struct weir_run_options){true, false}));
    int status = -1;
    assert_int_equal(waitpid(supervisor, &status, 0), supervisor);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    assert_int_equal(access(record, F_OK), -1);
    assert_int_equal(rename(aside, record), 0);
    expect_no_orphans();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_gets_ready_and_ends_soon_without_leaving_a_process),
        cmocka_unit_test(a_killed_duty_comes_back_with_all_others),
        cmocka_unit_test(the_duties_end_when_their_supervisor_is_killed),
        cmocka_unit_test(a_second_node_on_the_same_folder_gives_up),
        cmocka_unit_test(without_the_record_of_the_signer_nothing_starts),
    };
    return cmocka_run_group_tests_name("supervisor", tests, world_make, world_drop);
}
