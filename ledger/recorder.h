/* One batch being recorded: leaves appended, windows folded, counts.  Private to the ledger. */
#ifndef WEIR_LEDGER_RECORDER_H
#define WEIR_LEDGER_RECORDER_H

#include "base/err.h"
#include "ledger/append.h"
#include "ledger/fold_ticks.h"
#include "ledger/record.h"
#include "metrics/maintenance.h"

struct weir_store;
struct weir_refused_row;

struct weir_recorder {
    struct weir_store *store;
    struct weir_append append;
    struct weir_fold fold;
    struct weir_scope batch; /* with the store's own memory, dropped with the batch */
    struct weir_record_counts counts;
};

/* A write transaction is open. */
WEIR_CHECKED enum weir_err weir_recorder_begin(struct weir_recorder *recorder,
                                               struct weir_store *store,
                                               struct weir_scope *scope,
                                               int64_t log_id);
/* Writes the sums and the head. */
WEIR_CHECKED enum weir_err weir_recorder_end(struct weir_recorder *recorder,
                                             struct weir_scope *scope);

/* Carries a failure of the batch's own scope over to the caller's. */
enum weir_err weir_recorder_fail(struct weir_recorder *recorder, struct weir_scope *scope);

WEIR_CHECKED enum weir_err weir_recorder_refuse(struct weir_recorder *recorder,
                                                struct weir_scope *scope,
                                                const struct weir_refused_row *row);

void weir_record_counts_add(struct weir_record_counts *sum, const struct weir_record_counts *more);

WEIR_CHECKED enum weir_err weir_maintenance_row_add(struct weir_recorder *recorder,
                                                    struct weir_scope *scope,
                                                    uint64_t seq,
                                                    const struct weir_maintenance *declared);

#endif /* WEIR_LEDGER_RECORDER_H */
