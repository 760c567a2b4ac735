/* Statements this node has signed about finished work, by job: the bytes that were signed and the
 * signature.  Append-only; the log leaf that commits to one is written by ledger/record.h.
 * Floor 2: I/O. */
#ifndef WEIR_LEDGER_STATEMENTS_H
#define WEIR_LEDGER_STATEMENTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct weir_store;

#define WEIR_STATEMENT_SIGNATURE_BYTES 64

struct weir_statement_row {
    int64_t log_id;
    const char *subject;       /* e.g. the job */
    uint8_t purpose;           /* of statements.def */
    struct weir_slice message; /* the signed bytes */
    uint8_t signature[WEIR_STATEMENT_SIGNATURE_BYTES];
    uint64_t leaf; /* in the log */
    int64_t made_ms;
};

/* Stores the statement and its leaf (payload = message) in one transaction.  One per (log, purpose,
 * subject, message): the same again changes nothing.  `row->leaf` is ignored, `*leaf` is set.
 * Errors: NOT_FOUND (log), STORE, BUSY. */
WEIR_CHECKED enum weir_err weir_statement_put(struct weir_store *store,
                                              struct weir_scope *scope,
                                              const struct weir_statement_row *row,
                                              uint64_t *leaf);

/* Of one subject in all logs, oldest first.  Errors: STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_statement_list(struct weir_store *store,
                                               struct weir_scope *scope,
                                               const char *subject,
                                               struct weir_statement_row **rows,
                                               size_t *row_count);

/* Jobs of an OTIF gauge that are delivered in full and about which there is no statement in this
 * log yet, at most `limit`: the work list of the duty that has them signed.  Looks at a bounded
 * number of events per call and remembers how far all are dealt with, so it may return none
 * although a later call will.  Errors: STORE, BUSY, MEMORY. */
WEIR_CHECKED enum weir_err weir_statement_due(struct weir_store *store,
                                              struct weir_scope *scope,
                                              int64_t log_id,
                                              size_t limit,
                                              const char ***subjects,
                                              size_t *subject_count);

#endif /* WEIR_LEDGER_STATEMENTS_H */
