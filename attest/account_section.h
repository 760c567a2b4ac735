/* The parts of checking one section of a proof, shared by the files attest/account*.c only. */
#ifndef WEIR_ATTEST_ACCOUNT_SECTION_H
#define WEIR_ATTEST_ACCOUNT_SECTION_H

#include <stddef.h>
#include <stdint.h>

#include "attest/account.h"
#include "attest/range.h"
#include "attest/salt.h"
#include "base/err.h"
#include "metrics/interval.h"
#include "metrics/maintenance.h"
#include "metrics/tick.h"

/* What one pass over the leaves leaves behind. */
struct weir_walk {
    struct weir_range_check range;
    struct weir_salt_stream *salts; /* NULL: the rows carry commitments */
    struct weir_tick *ticks;        /* TICK and MISSED leaves */
    uint32_t *places;               /* their positions, counted from the first leaf */
    size_t tick_count;
    int64_t close_ms;                      /* of the last CLOSE leaf; -1: there is none */
    struct weir_slice close;               /* its payload, when it is open */
    struct weir_maintenance_list declared; /* the notices shown */
};

/* Every leaf stands where the opinion says.  Errors: COMPLETENESS, PARSE, INCLUSION, MEMORY. */
WEIR_CHECKED enum weir_err weir_walk_leaves(struct weir_scope *scope,
                                            const struct weir_account *account,
                                            const struct weir_proof_section *section,
                                            struct weir_walk *walk);

/* Recomputes a probe gauge's verdict.
 * Errors: COMPLETENESS (neighbours, events where none belong), RECOMPUTE, MEMORY. */
WEIR_CHECKED enum weir_err weir_section_ticks(struct weir_scope *scope,
                                              const struct weir_account *account,
                                              const struct weir_proof_rules *rules,
                                              const struct weir_proof_section *section,
                                              const struct weir_walk *walk,
                                              struct weir_account_opinion *opinion);

/* Recomputes an event gauge's verdict from the events shown (open sections), or takes the numbers
 * of a sealed one as claimed: it counts only beside an equal open one.
 * Errors: COMPLETENESS, RECOMPUTE, MEMORY, and those of the parsers. */
WEIR_CHECKED enum weir_err weir_section_events(struct weir_scope *scope,
                                               const struct weir_account *account,
                                               const struct weir_proof_section *section,
                                               const struct weir_walk *walk,
                                               struct weir_account_opinion *opinion);

#endif /* WEIR_ATTEST_ACCOUNT_SECTION_H */
