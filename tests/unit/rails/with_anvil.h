/* A local chain of our own for one test program: anvil picks a free port and says on its own output
 * which, so another process on that port is never taken for it. */
#ifndef WEIR_TESTS_UNIT_RAILS_WITH_ANVIL_H
#define WEIR_TESTS_UNIT_RAILS_WITH_ANVIL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/slice.h"

struct weir_http;

struct with_anvil {
    pid_t pid;
    int output; /* its standard output */
    char url[64];
    struct weir_http *http;
    struct weir_scope *scope;
};

/* False when anvil is not installed. */
bool with_anvil_start(struct with_anvil *anvil, struct weir_http *http, struct weir_scope *scope);
void with_anvil_stop(struct with_anvil *anvil);

/* A method that only test chains have; its result as JSON text.  `params` is JSON. */
struct weir_slice with_anvil_do(struct with_anvil *anvil, const char *method, const char *params);

#endif /* WEIR_TESTS_UNIT_RAILS_WITH_ANVIL_H */
