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

static bool
is_stale(const struct weir_proof_rules *rules, const struct weir_hash *origin, uint64_t seq)
{
    for (size_t s = 0; s < rules->stale_count; s++)
        if (seq >= rules->stale[s].first && seq < rules->stale[s].end &&
            weir_hash_equal(&rules->stale[s].origin, origin))
            return true;
    return false;
}

/* Ticks of leaves that came too late are unknown (protocol 9.2); true when there are any. */
static bool mark_stale(const struct weir_proof_rules *rules,
                       const struct weir_proof_section *section,
                       const struct weir_walk *walk)
{
    bool has_stale = false;
    for (size_t i = 0; rules->stale_count > 0 && i < walk->tick_count; i++)
        if (is_stale(rules, &section->opinion.origin, walk->range.range.start + walk->places[i])) {
            walk->ticks[i].state = WEIR_STATE_UNKNOWN;
            has_stale = true;
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

static void count_ticks(const struct weir_walk *walk,
                        struct weir_interval window,
                        struct weir_account_opinion *opinion)
{
    uint64_t counts[WEIR_STATE_UNKNOWN + 1] = {0};
    for (size_t i = 0; i < walk->tick_count; i++)
        if (walk->ticks[i].tick_ms >= window.start_ms && walk->ticks[i].tick_ms < window.end_ms)
            counts[walk->ticks[i].state]++;
    opinion->ticks_up = counts[WEIR_STATE_UP];
    opinion->ticks_down = counts[WEIR_STATE_DOWN];
    opinion->ticks_unknown = counts[WEIR_STATE_UNKNOWN];
}

enum weir_err weir_section_ticks(struct weir_scope *scope,
                                 const struct weir_account *account,
                                 const struct weir_proof_rules *rules,
                                 const struct weir_proof_section *section,
                                 const struct weir_walk *walk,
                                 struct weir_account_opinion *opinion)
{
    struct weir_interval window = window_of(account, section->window);
    if (section->event_count != 0)
        return weir_fail(scope, WEIR_E_COMPLETENESS, "a probe gauge has no events to show");
    enum weir_err err = check_neighbours(scope, section, walk, window);
    if (err != WEIR_OK)
        return err;
    struct weir_ratio tiers[WEIR_TIER_MAX];
    size_t tier_count = weir_terms_ratios(&account->proof.terms, tiers);
    const struct weir_evidence evidence = {
        .ticks = {walk->ticks, walk->tick_count},
        .maintenance = walk->declared,
    };
    struct weir_own_verdict verdict;
    err = weir_own_verdict_compute(scope, &account->gauge, window, &evidence, &verdict);
    if (err != WEIR_OK)
        return err;
    unsigned tier = weir_own_verdict_tier(&verdict, tiers, tier_count);
    err = compare_verdict(scope, &section->opinion, &verdict, tier);
    if (err == WEIR_OK && mark_stale(rules, section, walk))
        err = weir_own_verdict_compute(scope, &account->gauge, window, &evidence, &verdict);
    if (err != WEIR_OK)
        return err;
    opinion->tier_counted = (uint8_t)weir_own_verdict_tier(&verdict, tiers, tier_count);
    opinion->down = verdict.down;
    count_ticks(walk, window, opinion);
    return WEIR_OK;
}

static int compare_names(const struct weir_event *a, const struct weir_event *b)
{
    int order = weir_slice_compare(a->source, b->source);
    return order != 0 ? order : weir_slice_compare(a->id, b->id);
}

/* The events shown, parsed; they stand by source, then id, each once. */
static enum weir_err read_events(struct weir_scope *scope,
                                 const struct weir_proof_section *section,
                                 struct weir_event **events)
{
    *events = weir_take(scope, section->event_count, sizeof(**events));
    if (*events == NULL)
        return scope->err;
    for (size_t i = 0; i < section->event_count; i++) {
        if (weir_event_parse(scope, section->events[i], &(*events)[i]) != WEIR_OK)
            return weir_note(scope, "event %zu", i + 1);
        if (i > 0 && compare_names(&(*events)[i - 1], &(*events)[i]) >= 0)
            return weir_fail(scope, WEIR_E_PARSE, "event %zu is not in order", i + 1);
    }
    return WEIR_OK;
}

/* What the events give for the window that was closed, class by class for all together. */
static enum weir_err count_events(struct weir_scope *scope,
                                  const struct weir_account *account,
                                  const struct weir_proof_section *section,
                                  const struct weir_close *close,
                                  struct weir_tally *tally)
{
    struct weir_event *events;
    struct weir_input_set inputs;
    struct weir_tally_rows rows;
    enum weir_err err = read_events(scope, section, &events);
    if (err == WEIR_OK)
        err = weir_otif_inputs(scope, &account->gauge, events, section->event_count, close->window,
                               &inputs);
    if (err != WEIR_OK)
        return err;
    if (inputs.count != section->event_count || inputs.count != close->input_count ||
        !weir_hash_equal(&inputs.digest, &close->inputs))
        return weir_fail(scope, WEIR_E_COMPLETENESS,
                         "the events shown are not exactly those that the window was closed with");
    err = weir_otif_compute(scope, &account->gauge, events, section->event_count, &rows);
    if (err != WEIR_OK)
        return err;
    *tally = (struct weir_tally){0};
    for (size_t i = 0; i < rows.count; i++)
        if (weir_slice_equals_text(rows.items[i].class_name, WEIR_CLASS_ALL) &&
            rows.items[i].window.start_ms == close->window.start_ms)
            *tally = rows.items[i].tally;
    return WEIR_OK;
}

/* An open section: the close leaf, the events behind it, and what they count to. */
static enum weir_err check_close(struct weir_scope *scope,
                                 const struct weir_account *account,
                                 const struct weir_proof_section *section,
                                 struct weir_slice text)
{
    const struct weir_opinion *claim = &section->opinion;
    struct weir_interval window = window_of(account, section->window);
    struct weir_ratio tiers[WEIR_TIER_MAX];
    size_t tier_count = weir_terms_ratios(&account->proof.terms, tiers);
    struct weir_close close;
    struct weir_tally tally;
    enum weir_err err = weir_close_parse(scope, text, &close);
    if (err != WEIR_OK)
        return weir_note(scope, "the window-close leaf");
    if (!weir_hash_equal(&close.gauge, &account->proof.terms.gauge) ||
        close.window.start_ms != window.start_ms || close.window.end_ms != window.end_ms ||
        !weir_hash_equal(&close.inputs, &claim->inputs))
        return weir_fail(scope, WEIR_E_EVIDENCE, "the close leaf is of something else");
    err = count_events(scope, account, section, &close, &tally);
    if (err != WEIR_OK)
        return err;
    unsigned tier = weir_tally_tier(&account->gauge, &tally, tiers, tier_count);
    if (tally.num != claim->num || tally.den != claim->den || tier != claim->tier)
        return weir_fail(scope, WEIR_E_RECOMPUTE,
                         "the opinion says %llu/%llu at tier %u, the events say %llu/%llu at %u",
                         (unsigned long long)claim->num, (unsigned long long)claim->den,
                         claim->tier, (unsigned long long)tally.num, (unsigned long long)tally.den,
                         tier);
    return WEIR_OK;
}

enum weir_err weir_section_events(struct weir_scope *scope,
                                  const struct weir_account *account,
                                  const struct weir_proof_section *section,
                                  const struct weir_walk *walk,
                                  struct weir_account_opinion *opinion)
{
    const struct weir_opinion *claim = &section->opinion;
    struct weir_interval window = window_of(account, section->window);
    if (claim->phase != WEIR_PHASE_FINAL || section->leaves.count != 1 ||
        walk->close_ms != window.end_ms)
        return weir_fail(scope, WEIR_E_COMPLETENESS,
                         "an event gauge is judged from the one leaf that closes the window");
    if (section->notice_count != 0 || (!section->leaves.is_open && section->event_count != 0))
        return weir_fail(scope, WEIR_E_COMPLETENESS,
                         "notices, or events of a sealed section, where none belong");
    if (claim->made_at_ms < (uint64_t)(window.end_ms + account->gauge.lateness_ms))
        return weir_fail(scope, WEIR_E_COMPLETENESS,
                         "the opinion was made before the last event could come");
    if (section->leaves.is_open) {
        enum weir_err err = check_close(scope, account, section, walk->close);
        if (err != WEIR_OK)
            return err;
    }
    opinion->tier_counted = claim->tier;
    return WEIR_OK;
}
