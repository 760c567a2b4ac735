/* Asking the running node of this configuration over its control socket; only a process of the same
 * user or root is answered.  Floor 3: I/O. */
#ifndef WEIR_NODE_CONTROL_H
#define WEIR_NODE_CONTROL_H

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct weir_config;

struct weir_control_answer {
    unsigned status; /* HTTP */
    struct weir_slice body;
};

/* GET of one path; the body lives in the arena.  Errors: UNREACHABLE (nobody listens, or no answer
 * in time), LIMIT, MEMORY. */
WEIR_CHECKED enum weir_err weir_control_get(struct weir_scope *scope,
                                            const struct weir_config *config,
                                            const char *path,
                                            struct weir_control_answer *answer);

#endif /* WEIR_NODE_CONTROL_H */
