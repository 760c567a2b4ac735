#include "tests/unit/rails/with_anvil.h"

#include <fcntl.h>
#include <glob.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "rails/http.h"

#define ANVIL WEIR_SOURCE_DIR "/tests/chain/node_modules/@foundry-rs/anvil-linux-*/bin/anvil"
#define ANNOUNCEMENT "Listening on "
#define OUTPUT_BYTES 65536

static void become_anvil(const char *path, int output)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)dup2(output, STDOUT_FILENO);
    (void)close(STDERR_FILENO);
    (void)execl(path, path, "--port", "0", "--host", "127.0.0.1", "--chain-id", "31337",
                "--hardfork", "prague", "--slots-in-an-epoch", "1", (char *)NULL);
    _exit(127);
}

/* Reads until the address is announced. */
static void read_url(struct with_anvil *anvil)
{
    static char text[OUTPUT_BYTES];
    size_t length = 0;
    for (;;) {
        ssize_t got = read(anvil->output, text + length, sizeof(text) - 1 - length);
        if (got <= 0)
            fail_msg("anvil ended: %s", text);
        length += (size_t)got;
        text[length] = '\0';
        const char *found = strstr(text, ANNOUNCEMENT);
        const char *end = found == NULL ? NULL : strchr(found, '\n');
        if (end == NULL)
            continue;
        found += strlen(ANNOUNCEMENT);
        (void)snprintf(anvil->url, sizeof(anvil->url), "http://%.*s", (int)(end - found), found);
        return;
    }
}

bool with_anvil_start(struct with_anvil *anvil, struct weir_http *http, struct weir_scope *scope)
{
    glob_t found;
    int pipes[2];
    if (glob(ANVIL, 0, NULL, &found) != 0)
        return false;
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    anvil->pid = fork();
    assert_true(anvil->pid >= 0);
    if (anvil->pid == 0)
        become_anvil(found.gl_pathv[0], pipes[1]);
    globfree(&found);
    (void)close(pipes[1]);
    anvil->output = pipes[0];
    anvil->http = http;
    anvil->scope = scope;
    read_url(anvil);
    /* Nobody reads on; a full pipe would stop anvil, so its log goes nowhere from here. */
    with_anvil_do(anvil, "anvil_setLoggingEnabled", "[false]");
    return true;
}

void with_anvil_stop(struct with_anvil *anvil)
{
    (void)kill(anvil->pid, SIGKILL);
    (void)waitpid(anvil->pid, NULL, 0);
    (void)close(anvil->output);
}

struct weir_slice with_anvil_do(struct with_anvil *anvil, const char *method, const char *params)
{
    static const char *const headers[] = {"Content-Type: application/json"};
    char *body = weir_take_printf(anvil->scope,
                                  "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}",
                                  method, params);
    assert_non_null(body);
    struct weir_http_request request = {.method = "POST",
                                        .url = anvil->url,
                                        .headers = headers,
                                        .header_count = 1,
                                        .body = weir_slice_text(body),
                                        .allow_private = true};
    struct weir_http_result result;
    assert_int_equal(weir_http_call(anvil->http, anvil->scope, &request, &result), WEIR_OK);
    assert_int_equal(weir_http_require_ok(anvil->scope, &result), WEIR_OK);
    const char *text = weir_take_text(anvil->scope, result.body.data, result.body.length);
    if (strstr(text, "\"error\"") != NULL)
        fail_msg("%s%s: %s", method, params, text);
    return result.body;
}
