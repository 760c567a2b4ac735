#include "metrics/verdict.h"

#include <assert.h>

#define MILLION 1000000

enum weir_stage
weir_stage_at(const struct weir_gauge *gauge, struct weir_interval window, int64_t as_of_ms)
{
    int64_t final_ms;
    if (__builtin_add_overflow(window.end_ms, gauge->lateness_ms, &final_ms))
        return WEIR_STAGE_PROVISIONAL;
    return as_of_ms >= final_ms ? WEIR_STAGE_FINAL : WEIR_STAGE_PROVISIONAL;
}

/* The best ratio the whole window can still reach is below target. */
static bool is_budget_spent(const struct weir_gauge *gauge,
                            struct weir_interval window,
                            const struct weir_availability *availability)
{
    struct weir_ratio best = {.den = weir_interval_ms(window) - availability->maintenance_ms};
    assert(availability->down_ms <= best.den);
    best.num = best.den - availability->down_ms;
    return weir_ratio_is_below(best, gauge->target);
}

static bool is_too_unknown(const struct weir_availability *availability)
{
    uint64_t counted_ms = availability->up_ms + availability->down_ms + availability->unknown_ms;
    return (unsigned __int128)availability->unknown_ms * MILLION >
           (unsigned __int128)counted_ms * WEIR_UNKNOWN_MAX_PPM;
}

struct weir_verdict weir_verdict_of_availability(const struct weir_gauge *gauge,
                                                 struct weir_view view,
                                                 const struct weir_availability *availability)
{
    struct weir_verdict verdict = {
        .judgement = WEIR_JUDGEMENT_MET,
        .stage = weir_stage_at(gauge, view.window, view.as_of_ms),
        .ratio = weir_availability_ratio(availability),
    };
    bool is_final = verdict.stage == WEIR_STAGE_FINAL;
    verdict.is_below = weir_ratio_is_below(verdict.ratio, gauge->target);
    /* Events may still arrive late and turn down time into up time; probes are logged in order. */
    verdict.is_certain = (is_final || weir_gauge_is_scheduled(gauge)) &&
                         is_budget_spent(gauge, view.window, availability);
    bool is_known = !is_too_unknown(availability);
    if (verdict.is_certain || (is_final && verdict.is_below && is_known))
        verdict.judgement = WEIR_JUDGEMENT_BREACHED;
    else if (verdict.ratio.den == 0)
        verdict.judgement = WEIR_JUDGEMENT_NO_DATA;
    else if (!is_known)
        verdict.judgement = WEIR_JUDGEMENT_INSUFFICIENT;
    return verdict;
}

struct weir_verdict weir_verdict_of_tally(const struct weir_gauge *gauge,
                                          struct weir_view view,
                                          const struct weir_tally *tally)
{
    struct weir_verdict verdict = {
        .judgement = WEIR_JUDGEMENT_MET,
        .stage = weir_stage_at(gauge, view.window, view.as_of_ms),
        .ratio = weir_tally_ratio(tally),
        .is_thin = tally->units < gauge->minimum,
    };
    verdict.is_below = weir_ratio_is_below(verdict.ratio, gauge->target);
    if (verdict.ratio.den == 0)
        verdict.judgement = WEIR_JUDGEMENT_NO_DATA;
    else if (verdict.is_below)
        verdict.judgement = verdict.stage == WEIR_STAGE_FINAL ? WEIR_JUDGEMENT_BREACHED
                                                              : WEIR_JUDGEMENT_INSUFFICIENT;
    return verdict;
}

const char *weir_judgement_name(enum weir_judgement judgement)
{
    switch (judgement) {
    case WEIR_JUDGEMENT_MET:
        return "met";
    case WEIR_JUDGEMENT_BREACHED:
        return "breached";
    case WEIR_JUDGEMENT_INSUFFICIENT:
        return "insufficient";
    case WEIR_JUDGEMENT_NO_DATA:
        return "no_data";
    }
    return NULL;
}

const char *weir_stage_name(enum weir_stage stage)
{
    switch (stage) {
    case WEIR_STAGE_PROVISIONAL:
        return "provisional";
    case WEIR_STAGE_FINAL:
        return "final";
    }
    return NULL;
}
