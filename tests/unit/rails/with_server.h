/* A hostile HTTP server on loopback for the tests of this floor: a child process that hands each
 * connection to a handler in a process of its own.  It dies with the test.  */
#ifndef WEIR_TESTS_UNIT_RAILS_WITH_SERVER_H
#define WEIR_TESTS_UNIT_RAILS_WITH_SERVER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define WITH_SERVER_REQUEST_BYTES 65536
#define WITH_SERVER_URL_BYTES 128

struct with_request {
    int connection;
    char path[256];
    const char *body; /* NUL-terminated */
};

struct with_server {
    pid_t pid;
    uint16_t port;
};

/* `handle` answers one request and returns; the connection is then closed. */
void with_server_start(struct with_server *server, void (*handle)(const struct with_request *));
void with_server_stop(struct with_server *server);

/* "http://127.0.0.1:PORT/path" */
void with_server_url(const struct with_server *server,
                     const char *path,
                     char url[static WITH_SERVER_URL_BYTES]);

/* For handlers.  Writing to a client that went away ends the process. */
void with_write(int connection, const void *bytes, size_t length);
void with_text(int connection, const char *text);
/* A whole answer with its length. */
void with_answer(int connection, const char *status, const char *headers, const char *body);
/* Lets time pass, then goes on. */
void with_pause(int milliseconds);

#endif /* WEIR_TESTS_UNIT_RAILS_WITH_SERVER_H */
