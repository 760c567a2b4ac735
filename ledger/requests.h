/* Work that a command or a request asked for, as rows: a duty takes them in order and appends the
 * outcome.  A request can be made twice with one key and then is one request.  Floor 2: I/O. */
#ifndef WEIR_LEDGER_REQUESTS_H
#define WEIR_LEDGER_REQUESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct weir_store;

struct weir_request_row {
    int64_t request_id;
    const char *kind;       /* e.g. "agreement.fund" */
    const char *key;        /* unique per kind: the caller's idempotency key */
    struct weir_slice body; /* arguments, as the kind defines them */
    int64_t made_ms;
    bool is_done;
    bool is_refused; /* done, and the answer says why it was not carried out */
    struct weir_slice answer;
};

/* `*request_id` is that of the first request with this kind and key.
 * Errors: CONFLICT (the same key with another body), STORE, BUSY. */
WEIR_CHECKED enum weir_err weir_request_put(struct weir_store *store,
                                            struct weir_scope *scope,
                                            const struct weir_request_row *row,
                                            int64_t *request_id);

/* Those of a kind without an outcome, oldest first.  Errors: STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_request_list_open(struct weir_store *store,
                                                  struct weir_scope *scope,
                                                  const char *kind,
                                                  struct weir_request_row **rows,
                                                  size_t *row_count);

/* Errors: NOT_FOUND, STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_request_load(struct weir_store *store,
                                             struct weir_scope *scope,
                                             int64_t request_id,
                                             struct weir_request_row *row);

/* Appends the outcome (request_id, is_refused, answer, made_ms = now); the first one stays.
 * Errors: NOT_FOUND, STORE, BUSY. */
WEIR_CHECKED enum weir_err weir_request_answer(struct weir_store *store,
                                               struct weir_scope *scope,
                                               const struct weir_request_row *outcome);

#endif /* WEIR_LEDGER_REQUESTS_H */
