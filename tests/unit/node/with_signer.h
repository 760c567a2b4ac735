/* A real signer in a process of its own, in its sandbox, with a socket per asking duty and a clock
 * in a file.  Runs on witness 0 of tests/unit/node/with_witnesses.h. */
#ifndef WEIR_TESTS_UNIT_NODE_WITH_SIGNER_H
#define WEIR_TESTS_UNIT_NODE_WITH_SIGNER_H

#include <sys/types.h>

#include "node/duty.h"
#include "tests/unit/node/with_witnesses.h"

struct with_signer {
    struct with_witnesses *with;
    pid_t pid;
    int ask[WEIR_DUTY_COUNT]; /* our ends, by duty */
    int stop;
};

/* Starts it and waits until it is ready. */
void with_signer_start(struct with_signer *signer, struct with_witnesses *with, int64_t now_ms);
/* Sets what it takes for the time. */
void with_signer_clock(struct with_signer *signer, int64_t now_ms);
/* Ends it in order and returns its exit status. */
int with_signer_stop(struct with_signer *signer);
/* Kills it where it stands. */
void with_signer_kill(struct with_signer *signer);

/* The failure of the last question is `err` and its text contains `text`; it is then forgotten. */
void with_signer_refused(struct with_signer *signer,
                         enum weir_err given,
                         enum weir_err expected,
                         const char *text);

#endif /* WEIR_TESTS_UNIT_NODE_WITH_SIGNER_H */
