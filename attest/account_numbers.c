#include "attest/account_section.h"

#include <string.h>

#include "base/arena.h"
#include "metrics/close.h"
#include "metrics/event.h"
#include "metrics/otif.h"
#include "metrics/settlement.h"

static struct weir_interval window_of(const struct weir_account *account, uint64_t window)
{
    struct weir_schedule schedule = weir_terms_schedule(&account->proof.terms);
    return weir_window_of_terms(&schedule, window);
}

/* The run must reach beyond the window on both sides: from a tick before it (or the beginning of
 * the log) to a tick at or after its end when all is sealed, else to the end of the tree. */
static enum weir_err check_neighbours(struct weir_scope *scope,
                                      const struct weir_proof_section *section,
                                      const struct weir_walk *walk,
                                      struct weir_interval window)
{
    const struct weir_opinion *opinion = &section->opinion;
    if (walk->tick_count == 0)
        return weir_fail(scope, WEIR_E_COMPLETENESS, "there is no tick among the leaves");
    if (opinion->first_leaf != 0 && walk->ticks[0].tick_ms >= window.start_ms)
        return weir_fail(scope, WEIR_E_COMPLETENESS,
                         "the neighbour before the window is not shown");
    int64_t last_ms = walk->ticks[walk->tick_count - 1].tick_ms;
    if (opinion->phase == WEIR_PHASE_FINAL && last_ms < window.end_ms)
        return weir_fail(scope, WEIR_E_COMPLETENESS, "the neighbour after the window is not shown");
    if (opinion->phase == WEIR_PHASE_EARLY && opinion->end_leaf != opinion->tree_size)
        return weir_fail(scope, WEIR_E_COMPLETENESS,
                         "an early opinion must show all leaves to the end of the tree");
    return WEIR_OK;
}

/* Only the ticks that bear on the window: the last before it, those inside, the first after. */
static struct weir_tick_list
trim(const struct weir_walk *walk, struct weir_tick *ticks, struct weir_interval window)
{
    size_t first = 0;
    while (first + 1 < walk->tick_count && ticks[first + 1].tick_ms < window.start_ms)
        first++;
    size_t end = first;
    while (end < walk->tick_count && ticks[end].tick_ms < window.end_ms)
        end++;
    if (end < walk->tick_count)
        end++;
    return (struct weir_tick_list){ticks + first, end - first};
}

/* Ticks of leaves that came too late are unknown (protocol 9.2); true when there are any. */
static bool mark_stale(const struct weir_proof_rules *rules,
                       const struct weir_proof_section *section,
                       const struct weir_walk *walk,
                       struct weir_tick *ticks)
{
    bool has_stale = false;
    memcpy(ticks, walk->ticks, walk->tick_count * sizeof(*ticks));
    for (size_t s = 0; s < rules->stale_count; s++) {
        const struct weir_stale_leaves *stale = &rules->stale[s];
        if (!weir_hash_equal(&stale->origin, &section->opinion.origin))
            continue;
        for (size_t i = 0; i < walk->tick_count; i++)
            if (walk->seqs[i] >= stale->first && walk->seqs[i] < stale->end) {
                ticks[i].state = WEIR_STATE_UNKNOWN;
                has_stale = true;
            }
    }
    return has_stale;
}

static enum weir_err compare_verdict(struct weir_scope *scope,
                                     const struct weir_opinion *opinion,
                                     const struct weir_own_verdict *verdict,
                                     unsigned tier)
{
    const char *what = NULL;
    if (opinion->num != verdict->num || opinion->den != verdict->den)
        what = "numbers";
    else if (!weir_hash_equal(&opinion->inputs, &verdict->inputs))
        what = "down time";
    else if (opinion->tier != tier)
        what = "tier";
    else if ((opinion->phase == WEIR_PHASE_FINAL) != (verdict->is_final != 0))
        what = "phase";
    if (what == NULL)
        return WEIR_OK;
    return weir_fail(scope, WEIR_E_RECOMPUTE,
                     "the opinion's %s differ: it says %llu/%llu at tier %u, the leaves say "
                     "%llu/%llu at tier %u",
                     what, (unsigned long long)opinion->num, (unsigned long long)opinion->den,
                     opinion->tier, (unsigned long long)verdict->num,
                     (unsigned long long)verdict->den, tier);
}

enum weir_err weir_section_ticks(struct weir_scope *scope,
                                 const struct weir_account *account,
                                 const struct weir_proof_rules *rules,
                                 const struct weir_proof_section *section,
                                 const struct weir_walk *walk,
                                 const struct weir_maintenance_list *declared,
                                 struct weir_account_opinion *opinion)
{
    struct weir_interval window = window_of(account, section->window);
    enum weir_err err = check_neighbours(scope, section, walk, window);
    if (err != WEIR_OK)
        return err;
    struct weir_ratio tiers[WEIR_TIER_MAX];
    size_t tier_count = weir_terms_ratios(&account->proof.terms, tiers);
    struct weir_evidence evidence = {
        .ticks = trim(walk, walk->ticks, window),
        .maintenance = *declared,
        .skew_max_ms = account->proof.terms.max_skew_ms,
    };
    struct weir_own_verdict verdict;
    err = weir_own_verdict_compute(scope, &account->gauge, window, &evidence, &verdict);
    if (err != WEIR_OK)
        return err;
    unsigned tier = weir_own_verdict_tier(&verdict, tiers, tier_count);
    err = compare_verdict(scope, &section->opinion, &verdict, tier);
    if (err != WEIR_OK)
        return err;
    struct weir_tick *ticks = weir_take(scope, walk->tick_count, sizeof(*ticks));
    if (ticks == NULL)
        return scope->err;
    if (mark_stale(rules, section, walk, ticks)) {
        evidence.ticks = trim(walk, ticks, window);
        err = weir_own_verdict_compute(scope, &account->gauge, window, &evidence, &verdict);
        if (err != WEIR_OK)
            return err;
        tier = weir_own_verdict_tier(&verdict, tiers, tier_count);
    }
    opinion->tier_counted = (uint8_t)tier;
    opinion->down = verdict.down;
    for (size_t i = 0; i < evidence.ticks.count; i++) {
        const struct weir_tick *tick = &evidence.ticks.items[i];
        if (tick->tick_ms < window.start_ms || tick->tick_ms >= window.end_ms)
            continue;
        opinion->ticks_up += tick->state == WEIR_STATE_UP;
        opinion->ticks_down += tick->state == WEIR_STATE_DOWN;
        opinion->ticks_unknown += tick->state == WEIR_STATE_UNKNOWN;
    }
    return WEIR_OK;
}

/* The events shown, parsed; their digests must give the close leaf's. */
static enum weir_err check_events(struct weir_scope *scope,
                                  const struct weir_account *account,
                                  const struct weir_proof_section *section,
                                  const struct weir_close *close)
{
    struct weir_event *events = weir_take(scope, section->event_count, sizeof(*events));
    if (events == NULL)
        return scope->err;
    for (size_t i = 0; i < section->event_count; i++) {
        enum weir_err err = weir_event_parse(scope, section->events[i], &events[i]);
        if (err != WEIR_OK)
            return weir_note(scope, "event %zu", i + 1);
    }
    struct weir_input_set inputs;
    enum weir_err err = weir_otif_inputs(scope, &account->gauge, events, section->event_count,
                                         close->window, &inputs);
    if (err != WEIR_OK)
        return err;
    if (inputs.count != section->event_count || inputs.count != close->input_count ||
        !weir_hash_equal(&inputs.digest, &close->inputs))
        return weir_fail(scope, WEIR_E_COMPLETENESS,
                         "the events shown are not exactly those that the window was closed with");
    struct weir_tally_rows rows;
    err = weir_otif_compute(scope, &account->gauge, events, section->event_count, &rows);
    if (err != WEIR_OK)
        return err;
    struct weir_slice all = weir_slice_text(WEIR_CLASS_ALL);
    struct weir_tally computed = {0};
    for (size_t i = 0; i < rows.count; i++)
        if (weir_slice_equal(rows.items[i].class_name, all) &&
            rows.items[i].window.start_ms == close->window.start_ms)
            computed = rows.items[i].tally;
    if (computed.num != section->opinion.num || computed.den != section->opinion.den)
        return weir_fail(
            scope, WEIR_E_RECOMPUTE, "the opinion says %llu/%llu, the events say %llu/%llu",
            (unsigned long long)section->opinion.num, (unsigned long long)section->opinion.den,
            (unsigned long long)computed.num, (unsigned long long)computed.den);
    return WEIR_OK;
}

enum weir_err weir_section_events(struct weir_scope *scope,
                                  const struct weir_account *account,
                                  const struct weir_proof_section *section,
                                  const struct weir_walk *walk,
                                  struct weir_account_opinion *opinion)
{
    const struct weir_opinion *claim = &section->opinion;
    if (claim->phase != WEIR_PHASE_FINAL || section->leaves.count != 1)
        return weir_fail(scope, WEIR_E_COMPLETENESS,
                         "an event gauge is judged from one window-close leaf, when it is final");
    struct weir_ratio tiers[WEIR_TIER_MAX];
    size_t tier_count = weir_terms_ratios(&account->proof.terms, tiers);
    struct weir_tally tally = {.num = claim->num, .den = claim->den, .units = claim->den};
    if (section->leaves.is_open) {
        struct weir_interval window = window_of(account, section->window);
        struct weir_close close;
        if (walk->close.length == 0)
            return weir_fail(scope, WEIR_E_COMPLETENESS, "the leaf shown closes no window");
        enum weir_err err = weir_close_parse(scope, walk->close, &close);
        if (err != WEIR_OK)
            return weir_note(scope, "the window-close leaf");
        if (!weir_hash_equal(&close.gauge, &account->proof.terms.gauge) ||
            close.window.start_ms != window.start_ms || close.window.end_ms != window.end_ms ||
            !weir_hash_equal(&close.inputs, &claim->inputs))
            return weir_fail(scope, WEIR_E_EVIDENCE, "the close leaf is of something else");
        err = check_events(scope, account, section, &close);
        if (err != WEIR_OK)
            return err;
        const struct weir_tally *all = weir_close_find(&close, weir_slice_text(WEIR_CLASS_ALL));
        if (all != NULL)
            tally = *all;
        unsigned tier = weir_tally_tier(&account->gauge, &tally, tiers, tier_count);
        if (tier != claim->tier)
            return weir_fail(scope, WEIR_E_RECOMPUTE,
                             "the opinion says tier %u, the events tier %u", claim->tier, tier);
    }
    opinion->tier_counted = claim->tier;
    return WEIR_OK;
}
