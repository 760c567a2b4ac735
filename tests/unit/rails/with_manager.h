/* One job before a hand-made chain, for the tests of the transaction manager. */
#ifndef WEIR_TESTS_UNIT_RAILS_WITH_MANAGER_H
#define WEIR_TESTS_UNIT_RAILS_WITH_MANAGER_H

#include "tests/unit/rails/with_job.h"

#define WITH_START_MS INT64_C(1700000000000)
#define WITH_NONCE 5

struct with_manager {
    struct with_signer signer;
    struct weir_evm_policy policy;
    struct weir_rail_call call;
    struct weir_rail_effect effect;
    struct weir_rail_job job;
    struct weir_rail_account account;
    uint64_t others_next; /* nonces that other jobs of the key hold */
    int64_t now_ms;
};

struct with_manager *with_begin(void **state);
const struct weir_rail_account *with_account(struct with_manager *f);
struct weir_rail_action with_next(struct with_manager *f);
void with_apply(struct with_manager *f, const struct weir_rail_event *event);
struct weir_hash with_hash(uint64_t number);
/* A healthy chain on which nothing of ours has happened. */
struct weir_rail_event with_view(struct with_manager *f);
void with_look(struct with_manager *f, const struct weir_rail_event *event);
/* The process dies and starts again: only what rows hold is left. */
void with_restart(struct with_manager *f);
void with_prepared(struct with_manager *f);
void with_signed(struct with_manager *f);
void with_sent(struct with_manager *f, enum weir_rail_sent sent);
void with_to_sent(struct with_manager *f);
/* The view in which attempt `index` is mined in block `number`. */
struct weir_rail_event
with_mined_view(struct with_manager *f, uint32_t index, uint64_t number, bool succeeded);
void with_to_mined(struct with_manager *f);
struct weir_rail_event with_final_view(struct with_manager *f, uint32_t index, bool succeeded);
/* Brings the job to an unsigned replacement. */
void with_bump(struct with_manager *f);

int with_manager_setup(void **state);
int with_manager_teardown(void **state);

#endif /* WEIR_TESTS_UNIT_RAILS_WITH_MANAGER_H */
