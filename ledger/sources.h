/* Who may send events, and what was sent but not taken.  A source's token is known only by its
 * hash. Refused input is kept with the reason, so that nothing disappears silently.  Floor 2: I/O.
 */
#ifndef WEIR_LEDGER_SOURCES_H
#define WEIR_LEDGER_SOURCES_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"

struct weir_store;

struct weir_source_row {
    int64_t source_id;
    const char *name;
    struct weir_hash token_hash; /* SHA-256 of the token; zero: cannot send over the network */
    const char *types;           /* permitted event types, separated by one space; "" means none */
    int64_t made_ms;
};

/* Makes the source or replaces its token and types; the name is the key.  Errors: CONFLICT (the
 * token belongs to another source), STORE, BUSY. */
WEIR_CHECKED enum weir_err weir_source_put(struct weir_store *store,
                                           struct weir_scope *scope,
                                           const struct weir_source_row *row,
                                           int64_t *source_id);

/* Whose token it is.  Errors: NOT_FOUND, STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_source_by_token(struct weir_store *store,
                                                struct weir_scope *scope,
                                                const struct weir_hash *token_hash,
                                                struct weir_source_row *row);

/* By name.  Errors: STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_source_list(struct weir_store *store,
                                            struct weir_scope *scope,
                                            struct weir_source_row **rows,
                                            size_t *row_count);

#define WEIR_REFUSED_BYTES_MAX ((size_t)64 * 1024) /* kept of one refused input */

struct weir_refused_row {
    uint64_t refused_id;
    const char *origin; /* where it came from: a source, a file, a gauge */
    const char *reason;
    struct weir_slice bytes; /* cut at WEIR_REFUSED_BYTES_MAX */
    uint64_t length;         /* before the cut */
    uint64_t times;          /* how often it came */
    int64_t received_ms;
};

/* Keeps it; the same bytes refused for the same reason from the same origin are counted once more,
 * not stored again.  Errors: STORE, BUSY. */
WEIR_CHECKED enum weir_err weir_refused_put(struct weir_store *store,
                                            struct weir_scope *scope,
                                            const struct weir_refused_row *row);

/* Newest first, at most `limit`.  Errors: STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_refused_list(struct weir_store *store,
                                             struct weir_scope *scope,
                                             size_t limit,
                                             struct weir_refused_row **rows,
                                             size_t *row_count);

#endif /* WEIR_LEDGER_SOURCES_H */
