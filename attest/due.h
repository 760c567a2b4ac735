/* What a report is worth (protocol section 7, steps 3, 4, 7, 8, 11 and 12), computed as the
 * contract does, so that node and verifier can say every amount before and after the fact.  Windows
 * are bits: with T tiers a word holds L = 255/T windows, lane j the windows reported at tier >= j.
 * Floor 1: pure. */
#ifndef WEIR_ATTEST_DUE_H
#define WEIR_ATTEST_DUE_H

#include <stdint.h>

#include "attest/opinion.h"
#include "attest/terms.h"
#include "attest/word.h"
#include "base/err.h"

/* What the contract remembers about one word and its cap period. */
struct weir_lanes {
    struct weir_word bits;  /* bit 255 of word 0 means nothing */
    unsigned __int128 used; /* due so far in the cap period; ignored where the cap cannot bind */
};

struct weir_due {
    struct weir_word fresh; /* windows of the mask that stood below the tier */
    unsigned __int128 amount;
    struct weir_lanes after; /* as the contract remembers it from then on */
};

/* L: windows per word. */
unsigned weir_lane_windows(const struct weir_terms *terms);

/* The word of a window and its bit in it. */
uint64_t weir_window_word(const struct weir_terms *terms, uint64_t window);
struct weir_word weir_window_mask(const struct weir_terms *terms, uint64_t window);

/* Windows per cap period, 0 where even the dearest period stays within the cap. */
uint32_t weir_cap_windows(const struct weir_terms *terms);

/* Tier at which the window stands; 0: not reported. */
unsigned weir_lanes_level(const struct weir_terms *terms, struct weir_word bits, uint64_t window);

/* Lowest and highest window of a mask.  Errors: RANGE (tier not of the terms, no window, a bit
 * beyond the word, a window beyond the last, windows of two cap periods). */
WEIR_CHECKED enum weir_err weir_due_range(struct weir_scope *scope,
                                          const struct weir_terms *terms,
                                          uint64_t word,
                                          struct weir_word mask,
                                          unsigned tier,
                                          uint64_t windows[static 2]);

/* What raising the windows of `mask` to `tier` costs.  `before` {0} is an untouched agreement.
 * fresh zero (and amount zero) is what the contract refuses as NothingNew.
 * Errors: those of weir_due_range. */
WEIR_CHECKED enum weir_err weir_due_compute(struct weir_scope *scope,
                                            const struct weir_terms *terms,
                                            const struct weir_lanes *before,
                                            const struct weir_breach *breach,
                                            struct weir_due *due);

#endif /* WEIR_ATTEST_DUE_H */
