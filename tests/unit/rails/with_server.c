#include "tests/unit/rails/with_server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define BACKLOG 64
#define LIFE_S 120 /* no server outlives its test by more */

void with_write(int connection, const void *bytes, size_t length)
{
    const char *at = bytes;
    while (length > 0) {
        ssize_t written = send(connection, at, length, MSG_NOSIGNAL);
        if (written <= 0)
            _exit(0);
        at += written;
        length -= (size_t)written;
    }
}

void with_text(int connection, const char *text)
{
    with_write(connection, text, strlen(text));
}

void with_answer(int connection, const char *status, const char *headers, const char *body)
{
    char head[1024];
    (void)snprintf(head, sizeof(head), "HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s\r\n", status,
                   strlen(body), headers);
    with_text(connection, head);
    with_text(connection, body);
}

void with_pause(int milliseconds)
{
    (void)poll(NULL, 0, milliseconds);
}

/* The request up to the end of its announced body; NULL when the client gave up. */
static char *receive(int connection, char *buffer, size_t capacity)
{
    size_t length = 0;
    while (length + 1 < capacity) {
        ssize_t got = recv(connection, buffer + length, capacity - 1 - length, 0);
        if (got <= 0)
            return NULL;
        length += (size_t)got;
        buffer[length] = '\0';
        char *body = strstr(buffer, "\r\n\r\n");
        if (body == NULL)
            continue;
        const char *field = strstr(buffer, "Content-Length: ");
        size_t wanted = field == NULL ? 0 : (size_t)atol(field + 16);
        if (strlen(body + 4) >= wanted)
            return body + 4;
    }
    return NULL;
}

/* The second word of the request line. */
static bool read_path(const char *request, char *path, size_t capacity)
{
    const char *start = strchr(request, ' ');
    const char *end = start == NULL ? NULL : strchr(start + 1, ' ');
    if (end == NULL || (size_t)(end - start) > capacity)
        return false;
    memcpy(path, start + 1, (size_t)(end - start - 1));
    path[end - start - 1] = '\0';
    return true;
}

static void serve(int connection, void (*handle)(const struct with_request *))
{
    static char buffer[WITH_SERVER_REQUEST_BYTES];
    struct with_request request = {.connection = connection};
    request.body = receive(connection, buffer, sizeof(buffer));
    if (request.body != NULL && read_path(buffer, request.path, sizeof(request.path)))
        handle(&request);
    (void)shutdown(connection, SHUT_RDWR);
    _exit(0);
}

static void accept_all(int listener, void (*handle)(const struct with_request *))
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)alarm(LIFE_S);
    (void)signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int connection = accept(listener, NULL, NULL);
        if (connection < 0)
            _exit(1);
        if (fork() == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
            (void)alarm(LIFE_S);
            serve(connection, handle);
        }
        (void)close(connection);
    }
}

void with_server_start(struct with_server *server, void (*handle)(const struct with_request *))
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int status = bind(listener, (struct sockaddr *)&address, sizeof(address));
    assert(listener >= 0 && status == 0);
    status = listen(listener, BACKLOG);
    assert(status == 0);
    status = getsockname(listener, (struct sockaddr *)&address, &length);
    assert(status == 0);
    server->port = ntohs(address.sin_port);
    server->pid = fork();
    assert(server->pid >= 0);
    if (server->pid == 0)
        accept_all(listener, handle);
    (void)close(listener);
}

void with_server_stop(struct with_server *server)
{
    (void)kill(server->pid, SIGKILL);
    (void)waitpid(server->pid, NULL, 0);
}

void with_server_url(const struct with_server *server,
                     const char *path,
                     char url[static WITH_SERVER_URL_BYTES])
{
    (void)snprintf(url, WITH_SERVER_URL_BYTES, "http://127.0.0.1:%u%s", server->port, path);
}
