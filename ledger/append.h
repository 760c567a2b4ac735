/* One batch of leaves being appended to an own log, within a write transaction: rows, edge and
 * complete tiles.  Private to the ledger. */
#ifndef WEIR_LEDGER_APPEND_H
#define WEIR_LEDGER_APPEND_H

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#include "attest/leaf.h"
#include "base/err.h"
#include "base/slice.h"
#include "ledger/logs.h"

struct weir_append {
    struct weir_store *store;
    struct weir_log_state *state;
    sqlite3_stmt *insert;
    sqlite3_stmt *insert_event;
    struct weir_open_tile *tile;
};

/* What finds an event's row again. */
struct weir_append_key {
    int64_t source_id;
    struct weir_slice event_id;
    uint64_t ordinal;          /* of its revisions, in the order of arrival */
    struct weir_slice subject; /* empty: none */
    uint64_t job_ordinal;      /* of the events with this subject, likewise */
    bool has_window;
    int64_t window_ms; /* start of the window a promise is due in */
};

/* What a leaf says; its number follows from the log. */
struct weir_append_leaf {
    enum weir_leaf_kind kind;
    enum weir_leaf_flags flags;
    int64_t tick_ms;
    struct weir_slice payload;
    const struct weir_append_key *key; /* events only, else NULL */
};

/* A write transaction is open.  Errors: NOT_FOUND, CORRUPT, STORE. */
WEIR_CHECKED enum weir_err weir_append_begin(struct weir_append *append,
                                             struct weir_store *store,
                                             struct weir_scope *scope,
                                             int64_t log_id);

/* `*seq` is the number of the new leaf.  Errors: LIMIT (the log is full), RANGE (a time before
 * 1970), EXISTS (its key is taken; nothing is appended, nothing recorded in the scope), STORE. */
WEIR_CHECKED enum weir_err weir_append_add(struct weir_append *append,
                                           struct weir_scope *scope,
                                           const struct weir_append_leaf *leaf,
                                           uint64_t *seq);

/* Stores the new head. */
WEIR_CHECKED enum weir_err weir_append_end(struct weir_append *append, struct weir_scope *scope);

#endif /* WEIR_LEDGER_APPEND_H */
