/* What the files of the transaction manager share.  Floor 2, pure. */
#ifndef WEIR_RAILS_EVM_MANAGER_PRIVATE_H
#define WEIR_RAILS_EVM_MANAGER_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "rails/evm/manager.h"
#include "rails/job.h"

#define WEIR_EVM_CLEARING_GAS 21000 /* what a transfer without data costs */

/* Everything a decision may look at besides the job. */
struct weir_evm_step {
    const struct weir_evm_policy *policy;
    const struct weir_rail_account *account;
    const struct weir_rail_view *view; /* NULL when the event is no view */
    int64_t now_ms;
};

/* Whether somebody else's transaction can make the same effect, so that making it twice does no
 * harm: levels and code, but not a transfer of money. */
bool weir_evm_effect_is_shared(const struct weir_rail_job *job);

/* The last attempt of the job's nonce, or NULL. */
struct weir_rail_attempt *weir_evm_last_attempt(struct weir_rail_job *job);

/* `alarm` with a sentence; NONE clears both. */
void weir_evm_alarm(struct weir_rail_job *job, enum weir_rail_alarm alarm, const char *text);

/* Nothing before so many milliseconds from now. */
void weir_evm_wait(const struct weir_evm_step *step, struct weir_rail_job *job, uint32_t wait_ms);

/* Takes what the chain showed. */
void weir_evm_take_view(const struct weir_evm_step *step, struct weir_rail_job *job);

/* The part of it for a job whose transactions are out. */
void weir_evm_take_sent(const struct weir_evm_step *step, struct weir_rail_job *job);
void weir_evm_take_mined(const struct weir_evm_step *step, struct weir_rail_job *job);

/* Appends an unsigned attempt with the job's nonce.  False, with an alarm, when a ceiling or the
 * number of attempts forbids it. */
bool weir_evm_add_attempt(const struct weir_evm_step *step,
                          struct weir_rail_job *job,
                          bool is_clearing);

/* Takes the nonce from the job: a final transaction used it up. */
void weir_evm_lose_nonce(struct weir_rail_job *job);

#endif /* WEIR_RAILS_EVM_MANAGER_PRIVATE_H */
