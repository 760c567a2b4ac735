/* Folds ticks and maintenance into the windows of an availability gauge.  Private to the ledger. */
#ifndef WEIR_LEDGER_FOLD_TICKS_H
#define WEIR_LEDGER_FOLD_TICKS_H

#include <stdint.h>

#include "base/err.h"
#include "ledger/logs.h"
#include "ledger/sums.h"
#include "metrics/availability.h"
#include "metrics/event.h"
#include "metrics/interval.h"

struct weir_store;

/* One batch. */
struct weir_fold {
    struct weir_store *store;
    struct weir_log_state *state;
    struct weir_sums *sums;
    struct weir_interval window; /* of the last tick; empty at first */
};

/* What the tick changes between its neighbours; sign -1 takes it away again. */
WEIR_CHECKED enum weir_err weir_fold_insertion(struct weir_fold *fold,
                                               struct weir_scope *scope,
                                               const struct weir_insertion *insertion,
                                               int sign);

/* Loads state->tick, the newest tick of a scheduled gauge, unless it is known. */
WEIR_CHECKED enum weir_err weir_fold_newest(struct weir_fold *fold, struct weir_scope *scope);

/* Loads state->maintenance unless it is known. */
WEIR_CHECKED enum weir_err weir_fold_maintenance(struct weir_fold *fold, struct weir_scope *scope);

/* A probe.result that counts now, or no longer, as leaf `seq`. */
WEIR_CHECKED enum weir_err weir_fold_result_add(struct weir_fold *fold,
                                                struct weir_scope *scope,
                                                const struct weir_event *event,
                                                uint64_t seq);
WEIR_CHECKED enum weir_err weir_fold_result_remove(struct weir_fold *fold,
                                                   struct weir_scope *scope,
                                                   const struct weir_event *event,
                                                   uint64_t seq);

/* Computes the closed time of the windows that meet `planned` anew: a declaration came or went. */
WEIR_CHECKED enum weir_err weir_fold_windows_again(struct weir_fold *fold,
                                                   struct weir_scope *scope,
                                                   struct weir_interval planned);

#endif /* WEIR_LEDGER_FOLD_TICKS_H */
