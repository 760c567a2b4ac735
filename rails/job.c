#include "rails/job.h"

#include <assert.h>

static const char *const stage_names[] = {
    [WEIR_STAGE_INTENT] = "intent",
    [WEIR_STAGE_PREPARED] = "prepared",
    [WEIR_STAGE_SIGNED] = "signed",
    [WEIR_STAGE_SENT] = "sent",
    [WEIR_STAGE_MINED] = "mined",
    [WEIR_STAGE_FINAL] = "final",
    [WEIR_STAGE_HELD] = "held",
    [WEIR_STAGE_REVERTED] = "reverted",
    [WEIR_STAGE_SUPERSEDED] = "superseded",
};

static const char *const alarm_names[] = {
    [WEIR_ALARM_NONE] = "none",
    [WEIR_ALARM_FUNDS] = "funds",
    [WEIR_ALARM_FEE_CEILING] = "fee_ceiling",
    [WEIR_ALARM_FOREIGN_NONCE] = "foreign_nonce",
    [WEIR_ALARM_POLICY] = "policy",
    [WEIR_ALARM_CHAIN] = "chain",
    [WEIR_ALARM_EFFECT_MISSING] = "effect_missing",
    [WEIR_ALARM_STUCK] = "stuck",
    [WEIR_ALARM_NETWORK] = "network",
    [WEIR_ALARM_PREFLIGHT] = "preflight",
};

const char *weir_job_stage_name(enum weir_job_stage stage)
{
    assert((size_t)stage < sizeof(stage_names) / sizeof(stage_names[0]));
    return stage_names[stage];
}

const char *weir_job_alarm_name(enum weir_job_alarm alarm)
{
    assert((size_t)alarm < sizeof(alarm_names) / sizeof(alarm_names[0]));
    return alarm_names[alarm];
}

bool weir_job_is_over(enum weir_job_stage stage)
{
    return stage == WEIR_STAGE_FINAL || stage == WEIR_STAGE_REVERTED ||
           stage == WEIR_STAGE_SUPERSEDED;
}

void weir_account_add(struct weir_account *account, const struct weir_job *job)
{
    for (uint32_t i = 0; i < job->attempt_count; i++)
        if (job->attempts[i].nonce >= account->next_nonce)
            account->next_nonce = job->attempts[i].nonce + 1;
    if (!job->has_nonce || weir_job_is_over(job->stage))
        return;
    account->open_nonces++;
    if (!account->has_lowest || job->nonce < account->lowest_open_nonce)
        account->lowest_open_nonce = job->nonce;
    account->has_lowest = true;
}
