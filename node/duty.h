/* What every duty of a running node has in its hands: the configuration, its pipes and sockets.
 * The supervisor makes one per process before it forks; the duty owns its file descriptors.
 *
 * wake_in   anybody may write a byte: "there are new rows, look".  The byte means nothing else.
 * stop_in   end of file when the node shall stop or the supervisor has died; nothing is ever sent.
 * ready_out one byte when the duty can do its work; then closed.
 * signer    questions to the signer (node/frame.h); -1 where the duty may ask nothing. */
#ifndef WEIR_NODE_DUTY_H
#define WEIR_NODE_DUTY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct weir_config;

enum weir_duty_id {
    WEIR_DUTY_SIGNER,
    WEIR_DUTY_COLLECTOR,
    WEIR_DUTY_API,
    WEIR_DUTY_SETTLER,
};
#define WEIR_DUTY_COUNT 4

struct weir_duty {
    enum weir_duty_id id;
    const char *name;
    const struct weir_config *config;
    int wake_in;
    int wake_out[WEIR_DUTY_COUNT]; /* by enum weir_duty_id; -1 for the signer, which never waits */
    int stop_in;
    int ready_out;
    int signer;
    int signer_clients[WEIR_DUTY_COUNT]; /* the signer's ends, by asking duty; -1 elsewhere */
    bool until_idle;                     /* end with 0 as soon as nothing is left to do */
};

/* Each runs until stop_in ends and returns an exit status: 0 stopped as asked (or idle with
 * until_idle), else the duty could not go on; the supervisor then starts it anew. */
int weir_collector_run(struct weir_duty *duty);
int weir_api_run(struct weir_duty *duty);
int weir_settler_run(struct weir_duty *duty);
int weir_signer_run(struct weir_duty *duty);

/* Tells the supervisor that this duty works; at most once. */
void weir_duty_ready(struct weir_duty *duty);

/* Wakes another duty; never blocks, a full pipe already says the same. */
void weir_duty_wake(const struct weir_duty *duty, enum weir_duty_id who);

/* Empties wake_in after poll has announced it. */
void weir_duty_wake_clear(const struct weir_duty *duty);

#endif /* WEIR_NODE_DUTY_H */
