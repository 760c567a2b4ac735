#include "tests/unit/node/with_signer.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "ledger/vault.h"
#include "node/clock.h"
#include "node/file.h"

#define READY_MS 60000

static const char *clock_path(const struct with_witnesses *with, char path[static 128])
{
    (void)snprintf(path, 128, "%s/data/" WEIR_VAULT_FOLDER "/clock", with->items[0].folder);
    return path;
}

/* Renamed into place: the signer may be reading the time for its log at this moment. */
void with_signer_clock(struct with_signer *signer, int64_t now_ms)
{
    char path[128];
    char text[32];
    (void)snprintf(text, sizeof(text), "%lld", (long long)now_ms);
    with_witnesses_expect(signer->with,
                          weir_file_write(&signer->with->scope, clock_path(signer->with, path),
                                          weir_slice_text(text), 0600, true));
}

/* The life of the child: only the signer's ends stay open. */
static int run(const struct with_signer *signer, struct weir_duty *duty)
{
    char path[128];
    for (int i = 0; i < WEIR_DUTY_COUNT; i++)
        if (signer->ask[i] >= 0)
            (void)close(signer->ask[i]); /* the parent's */
    (void)close(signer->stop);
    (void)signal(SIGPIPE, SIG_IGN);
    weir_clock_use_file(clock_path(signer->with, path));
    return weir_signer_run(duty);
}

void with_signer_start(struct with_signer *signer, struct with_witnesses *with, int64_t now_ms)
{
    int stop[2];
    int ready[2];
    *signer = (struct with_signer){.with = with};
    with_signer_clock(signer, now_ms);
    assert_int_equal(pipe2(stop, O_CLOEXEC), 0);
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    struct weir_duty duty = {
        .id = WEIR_DUTY_SIGNER,
        .name = "signer",
        .config = with->items[0].config,
        .wake_in = -1,
        .stop_in = stop[0],
        .ready_out = ready[1],
        .signer = -1,
    };
    for (int i = 0; i < WEIR_DUTY_COUNT; i++) {
        int ends[2] = {-1, -1};
        if (i != WEIR_DUTY_SIGNER)
            assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        signer->ask[i] = ends[0];
        duty.signer_clients[i] = ends[1];
        duty.wake_out[i] = -1;
    }
    signer->stop = stop[1];
    signer->pid = fork();
    assert_true(signer->pid >= 0);
    if (signer->pid == 0)
        _exit(run(signer, &duty));
    for (int i = 0; i < WEIR_DUTY_COUNT; i++)
        if (duty.signer_clients[i] >= 0)
            assert_int_equal(close(duty.signer_clients[i]), 0);
    assert_int_equal(close(stop[0]), 0);
    assert_int_equal(close(ready[1]), 0);
    struct pollfd waiting = {.fd = ready[0], .events = POLLIN};
    char byte = 0;
    assert_int_equal(poll(&waiting, 1, READY_MS), 1);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(close(ready[0]), 0);
}

static int end(struct with_signer *signer)
{
    int status;
    for (int i = 0; i < WEIR_DUTY_COUNT; i++)
        if (signer->ask[i] >= 0)
            assert_int_equal(close(signer->ask[i]), 0);
    assert_int_equal(waitpid(signer->pid, &status, 0), signer->pid);
    return status;
}

int with_signer_stop(struct with_signer *signer)
{
    assert_int_equal(close(signer->stop), 0);
    int status = end(signer);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

void with_signer_kill(struct with_signer *signer)
{
    assert_int_equal(kill(signer->pid, SIGKILL), 0);
    int status = end(signer);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(close(signer->stop), 0);
}

void with_signer_refused(struct with_signer *signer,
                         enum weir_err given,
                         enum weir_err expected,
                         const char *text)
{
    struct weir_scope *scope = &signer->with->scope;
    if (given != expected || strstr(scope->fault, text) == NULL)
        fail_msg("expected %s with '%s', got %s: %s", weir_err_name(expected), text,
                 weir_err_name(given), scope->fault);
    weir_scope_recover(scope);
}
