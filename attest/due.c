#include "attest/due.h"

#include <assert.h>

#define WORD_WINDOWS 255 /* bit 255 holds no window */

unsigned weir_lane_windows(const struct weir_terms *terms)
{
    assert(terms->tier_count >= 1 && terms->tier_count <= WEIR_TIER_MAX);
    return WORD_WINDOWS / (unsigned)terms->tier_count;
}

uint64_t weir_window_word(const struct weir_terms *terms, uint64_t window)
{
    return window / weir_lane_windows(terms);
}

struct weir_word weir_window_mask(const struct weir_terms *terms, uint64_t window)
{
    return weir_word_bit((unsigned)(window % weir_lane_windows(terms)));
}

uint32_t weir_cap_windows(const struct weir_terms *terms)
{
    assert(terms->tier_count >= 1 && terms->tier_count <= WEIR_TIER_MAX);
    bool is_whole = terms->cap_windows == 0 || terms->cap_windows > terms->count;
    uint32_t period = is_whole ? terms->count : terms->cap_windows;
    unsigned __int128 dearest = period * terms->tiers[terms->tier_count - 1].payout;
    return dearest > terms->cap ? period : 0;
}

unsigned weir_lanes_level(const struct weir_terms *terms, struct weir_word bits, uint64_t window)
{
    unsigned windows = weir_lane_windows(terms);
    unsigned bit = (unsigned)(window % windows);
    unsigned level = 0;
    while (level < terms->tier_count && weir_word_has(bits, level * windows + bit))
        level++;
    return level;
}

enum weir_err weir_due_range(struct weir_scope *scope,
                             const struct weir_terms *terms,
                             uint64_t word,
                             struct weir_word mask,
                             unsigned tier,
                             uint64_t windows[static 2])
{
    unsigned lane = weir_lane_windows(terms);
    if (tier < 1 || tier > terms->tier_count)
        return weir_fail(scope, WEIR_E_RANGE, "tier %u of %zu", tier, terms->tier_count);
    if (weir_word_is_zero(mask) || weir_word_highest(mask) >= lane)
        return weir_fail(scope, WEIR_E_RANGE, "a mask without windows or beyond its word");
    /* word <= count / lane keeps the products below within 64 bits */
    if (word > terms->count / lane || word * lane + weir_word_highest(mask) >= terms->count)
        return weir_fail(scope, WEIR_E_RANGE, "a window beyond the last of %u", terms->count);
    uint64_t lo = word * lane + weir_word_lowest(mask);
    uint64_t hi = word * lane + weir_word_highest(mask);
    uint32_t period = weir_cap_windows(terms);
    if (period != 0 && lo / period != hi / period)
        return weir_fail(scope, WEIR_E_RANGE, "windows of two cap periods in one report");
    windows[0] = lo;
    windows[1] = hi;
    return WEIR_OK;
}

enum weir_err weir_due_compute(struct weir_scope *scope,
                               const struct weir_terms *terms,
                               const struct weir_lanes *before,
                               const struct weir_breach *breach,
                               struct weir_due *due)
{
    uint64_t windows[2];
    enum weir_err err =
        weir_due_range(scope, terms, breach->word, breach->mask, breach->tier, windows);
    if (err != WEIR_OK)
        return err;
    unsigned lane = weir_lane_windows(terms);
    struct weir_due made = {.after = *before};
    unsigned __int128 previous = 0;
    for (unsigned j = 0; j < breach->tier; j++) {
        struct weir_word raised = weir_word_shift_left(breach->mask, j * lane);
        struct weir_word fresh = weir_word_minus(raised, before->bits);
        /* at most 255 windows of less than 2^96: far below 2^128 */
        made.amount += weir_word_count(fresh) * (terms->tiers[j].payout - previous);
        made.after.bits = weir_word_or(made.after.bits, raised);
        made.fresh = weir_word_shift_right(fresh, j * lane);
        previous = terms->tiers[j].payout;
    }
    if (weir_cap_windows(terms) != 0) {
        assert(before->used <= terms->cap);
        unsigned __int128 room = terms->cap - before->used;
        if (made.amount > room)
            made.amount = room;
        made.after.used = before->used + made.amount;
    }
    *due = made;
    return WEIR_OK;
}
