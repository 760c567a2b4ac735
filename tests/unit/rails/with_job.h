/* A signer and ready-made jobs for the tests of the transaction manager. */
#ifndef WEIR_TESTS_UNIT_RAILS_WITH_JOB_H
#define WEIR_TESTS_UNIT_RAILS_WITH_JOB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "rails/evm/manager.h"
#include "rails/evm/tx.h"
#include "rails/job.h"

#define WITH_GWEI ((unsigned __int128)1000000000)
#define WITH_CHAIN_ID 31337

struct with_signer {
    struct weir_scope scope;
    struct weir_secp *secp;
    struct weir_address address;
};

void with_signer_open(struct with_signer *signer);
void with_signer_close(struct with_signer *signer);

/* Signs the attempt as node/signer does; the bytes live in the signer's arena. */
void with_sign(struct with_signer *signer,
               const struct weir_rail_job *job,
               uint32_t attempt,
               struct weir_rail_event *event);

/* Quick and small, so that tests can count in round numbers. */
struct weir_evm_policy with_policy(void);

/* A generator of numbers that is the same everywhere (splitmix64). */
struct with_random {
    uint64_t state;
};
uint64_t with_random_next(struct with_random *random);
/* 0 .. limit - 1 */
uint64_t with_random_below(struct with_random *random, uint64_t limit);
/* True once in `often` on average. */
bool with_random_once_in(struct with_random *random, uint64_t often);

#endif /* WEIR_TESTS_UNIT_RAILS_WITH_JOB_H */
