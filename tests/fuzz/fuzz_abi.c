/* Law: reports, terms and opinions that are read are written to the same bytes; terms that pass the
 * contract's checks have amounts for every window; every revert has a text. */
#include <stdlib.h>

#include "attest/due.h"
#include "base/arena.h"
#include "rails/evm/abi.h"

#define ARENA_BYTES ((size_t)1 << 20)

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static void try_report(struct weir_scope *scope, struct weir_slice bytes)
{
    const struct weir_hash terms = {{0}};
    struct weir_report report;
    struct weir_buffer again = {.capacity_max = 0};
    if (weir_abi_read_report(scope, bytes, &terms, &report) == WEIR_OK) {
        require(weir_abi_report(scope, &report, &again) == WEIR_OK);
        require(weir_slice_equal(weir_buffer_slice(&again), bytes));
    }
    weir_scope_recover(scope);
}

/* The last window at the worst tier, and once more. */
static void try_amounts(struct weir_scope *scope, const struct weir_terms *terms)
{
    const struct weir_lanes untouched = {.used = 0};
    const uint64_t window = terms->count - 1;
    struct weir_due due;
    struct weir_breach breach = {
        .word = weir_window_word(terms, window),
        .mask = weir_window_mask(terms, window),
        .tier = (uint8_t)terms->tier_count,
    };
    require(weir_due_compute(scope, terms, &untouched, &breach, &due) == WEIR_OK);
    require(due.amount == terms->tiers[terms->tier_count - 1].payout);
    require(weir_lanes_level(terms, due.after.bits, window) == terms->tier_count);
    require(weir_due_compute(scope, terms, &due.after, &breach, &due) == WEIR_OK);
    require(due.amount == 0);
    require(weir_terms_payable_s(terms, window) < weir_terms_closed_s(terms, window));
}

static void try_terms(struct weir_scope *scope, struct weir_slice bytes)
{
    struct weir_terms terms;
    struct weir_buffer again = {.capacity_max = WEIR_TERMS_BYTES_MAX};
    if (weir_terms_read(scope, bytes, &terms) == WEIR_OK) {
        require(weir_terms_write(scope, &terms, &again) == WEIR_OK);
        require(weir_slice_equal(weir_buffer_slice(&again), bytes));
        if (weir_terms_check_open(scope, &terms) == WEIR_OK)
            try_amounts(scope, &terms);
    }
    weir_scope_recover(scope);
}

static void try_opinion(struct weir_scope *scope, struct weir_slice bytes)
{
    struct weir_opinion opinion;
    uint8_t again[WEIR_OPINION_BYTES];
    if (weir_opinion_read(scope, bytes, &opinion) == WEIR_OK) {
        weir_opinion_write(&opinion, again);
        require(weir_slice_equal((struct weir_slice){again, sizeof(again)}, bytes));
    }
    weir_scope_recover(scope);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct weir_arena *arena = weir_arena_new(ARENA_BYTES);
    require(arena != NULL);
    struct weir_scope scope = {.arena = arena};
    struct weir_slice bytes = {data, size};
    try_report(&scope, bytes);
    try_terms(&scope, bytes);
    try_opinion(&scope, bytes);
    struct weir_slice found;
    if (weir_abi_read_bytes(&scope, bytes, &found) != WEIR_OK)
        weir_scope_recover(&scope);
    require(weir_abi_revert_text(&scope, bytes) != NULL);
    weir_arena_free(arena);
    return 0;
}
