#include "rails/job.h"

#include <assert.h>

static const char *const stage_names[] = {
    [WEIR_RAIL_STAGE_INTENT] = "intent",
    [WEIR_RAIL_STAGE_PREPARED] = "prepared",
    [WEIR_RAIL_STAGE_SIGNED] = "signed",
    [WEIR_RAIL_STAGE_SENT] = "sent",
    [WEIR_RAIL_STAGE_MINED] = "mined",
    [WEIR_RAIL_STAGE_FINAL] = "final",
    [WEIR_RAIL_STAGE_HELD] = "held",
    [WEIR_RAIL_STAGE_REVERTED] = "reverted",
    [WEIR_RAIL_STAGE_SUPERSEDED] = "superseded",
};

static const char *const alarm_names[] = {
    [WEIR_RAIL_ALARM_NONE] = "none",
    [WEIR_RAIL_ALARM_FUNDS] = "funds",
    [WEIR_RAIL_ALARM_FEE_CEILING] = "fee_ceiling",
    [WEIR_RAIL_ALARM_FOREIGN_NONCE] = "foreign_nonce",
    [WEIR_RAIL_ALARM_POLICY] = "policy",
    [WEIR_RAIL_ALARM_CHAIN] = "chain",
    [WEIR_RAIL_ALARM_EFFECT_MISSING] = "effect_missing",
    [WEIR_RAIL_ALARM_STUCK] = "stuck",
    [WEIR_RAIL_ALARM_NETWORK] = "network",
    [WEIR_RAIL_ALARM_PREFLIGHT] = "preflight",
    [WEIR_RAIL_ALARM_GAP] = "gap",
};

const char *weir_rail_stage_name(enum weir_rail_stage stage)
{
    assert((size_t)stage < sizeof(stage_names) / sizeof(stage_names[0]));
    return stage_names[stage];
}

const char *weir_rail_alarm_name(enum weir_rail_alarm alarm)
{
    assert((size_t)alarm < sizeof(alarm_names) / sizeof(alarm_names[0]));
    return alarm_names[alarm];
}

bool weir_rail_is_over(enum weir_rail_stage stage)
{
    return stage == WEIR_RAIL_STAGE_FINAL || stage == WEIR_RAIL_STAGE_REVERTED ||
           stage == WEIR_RAIL_STAGE_SUPERSEDED;
}

void weir_rail_account_add(struct weir_rail_account *account, const struct weir_rail_job *job)
{
    for (uint32_t i = 0; i < job->attempt_count; i++)
        if (job->attempts[i].nonce >= account->next_nonce)
            account->next_nonce = job->attempts[i].nonce + 1;
    if (job->has_nonce && job->nonce >= account->next_nonce)
        account->next_nonce = job->nonce + 1;
    if (!job->has_nonce || weir_rail_is_over(job->stage))
        return;
    account->open_nonces++;
    if (!account->has_lowest || job->nonce < account->lowest_open_nonce)
        account->lowest_open_nonce = job->nonce;
    account->has_lowest = true;
}
