/* The signer's memory: one SQLite file of its own, opened by nobody else, in which every signature
 * stands before it is released.  It refuses what would contradict an earlier one (equivocation),
 * counts reports, binds nonces to jobs and keeps the spending of each day.  The same question again
 * gets the same stored answer.  Losing this file means that the node must not sign any more until
 * its peers have shown that nothing newer exists.  Floor 2: I/O. */
#ifndef WEIR_LEDGER_VAULT_H
#define WEIR_LEDGER_VAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "attest/merkle.h"
#include "attest/opinion.h"
#include "attest/secp.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"

struct weir_store;

/* Inside the data directory: a folder of its own, to which the signer is confined. */
#define WEIR_VAULT_FOLDER "signer"
#define WEIR_VAULT_PATH WEIR_VAULT_FOLDER "/signer.db"
#define WEIR_VAULT_REPORTS_MAX 64 /* per (terms, window, tier), protocol 9.4 */

/* Opens the file, making it when `may_create`; exclusively: a second signer is refused.
 * Errors: NOT_FOUND (also a file in which there never was a record), BUSY, STORE, CORRUPT,
 * CONFLICT.
 */
WEIR_CHECKED enum weir_err weir_vault_open(struct weir_scope *scope,
                                           const char *path,
                                           bool may_create,
                                           struct weir_store **vault);

/* Own logs: records that this head is about to be signed.  Sizes only grow; one size, one root.
 * Errors: STALE (a larger one was signed), CONFLICT (this size with another root), STORE. */
WEIR_CHECKED enum weir_err weir_vault_head_put(struct weir_store *vault,
                                               struct weir_scope *scope,
                                               struct weir_slice origin,
                                               const struct weir_merkle_head *head);

struct weir_vault_cosigned {
    struct weir_merkle_head head; /* size 0: never cosigned */
    uint64_t time_s;
};

/* Foreign logs: what was cosigned last.  Errors: STORE. */
WEIR_CHECKED enum weir_err weir_vault_cosigned_load(struct weir_store *vault,
                                                    struct weir_scope *scope,
                                                    struct weir_slice origin,
                                                    struct weir_vault_cosigned *cosigned);
/* Replaces the record whose size was `old_size`.  Errors: STALE (it is not any more), STORE. */
WEIR_CHECKED enum weir_err weir_vault_cosigned_put(struct weir_store *vault,
                                                   struct weir_scope *scope,
                                                   struct weir_slice origin,
                                                   uint64_t old_size,
                                                   const struct weir_vault_cosigned *cosigned);

/* An opinion of this node. */
struct weir_vault_opinion {
    struct weir_opinion opinion;
    struct weir_hash digest;
    struct weir_signature signature;
};
/* The one given for this window and revision, whatever it says; `*is_given` false when there is
 * none.  Errors: STORE. */
WEIR_CHECKED enum weir_err weir_vault_opinion_find(struct weir_store *vault,
                                                   struct weir_scope *scope,
                                                   const struct weir_opinion *asked,
                                                   bool *is_given,
                                                   struct weir_vault_opinion *given);
/* Records one before it is released.  Where the agreement pays early none may follow a final one,
 * nor fall below the tier of an earlier one.
 * Errors: CONFLICT (that, or this or a later revision exists: equivocation, protocol 10), STORE. */
WEIR_CHECKED enum weir_err weir_vault_opinion_put(struct weir_store *vault,
                                                  struct weir_scope *scope,
                                                  const struct weir_vault_opinion *row,
                                                  bool pays_early);

/* Errors: STORE. */
WEIR_CHECKED enum weir_err weir_vault_report_find(struct weir_store *vault,
                                                  struct weir_scope *scope,
                                                  const struct weir_hash *digest,
                                                  bool *is_signed,
                                                  struct weir_signature *signature);
/* A report and the windows it speaks about.  Errors: POLICY (64 for one of them already), STORE. */
struct weir_vault_report {
    struct weir_hash terms;
    struct weir_hash digest;
    uint8_t tier;
    const uint64_t *windows;
    size_t window_count;
    struct weir_signature signature;
};
WEIR_CHECKED enum weir_err weir_vault_report_put(struct weir_store *vault,
                                                 struct weir_scope *scope,
                                                 const struct weir_vault_report *report);

/* A transaction about to be released. */
struct weir_vault_transaction {
    struct weir_hash digest; /* of the unsigned transaction */
    struct weir_hash job;
    uint64_t chain_id;
    uint64_t nonce;
    int64_t day; /* days since 1970-01-01 */
    struct weir_slice raw;
    const char *asset; /* NULL: it pays nothing */
    unsigned __int128 amount;
};

/* The bytes released for this digest before.  Empty when there are none.  Errors: STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_vault_transaction_find(struct weir_store *vault,
                                                       struct weir_scope *scope,
                                                       const struct weir_hash *digest,
                                                       struct weir_slice *raw);
/* Spending since the day began in one asset, not counting what this nonce may spend already; and
 * transactions signed since.  Days that a wrong clock took for later count too.
 * Errors: STORE, OVERFLOW. */
WEIR_CHECKED enum weir_err weir_vault_day(struct weir_store *vault,
                                          struct weir_scope *scope,
                                          const struct weir_vault_transaction *transaction,
                                          unsigned __int128 *spent,
                                          uint64_t *transaction_count);
/* Errors: CONFLICT (the nonce belongs to another job), STORE. */
WEIR_CHECKED enum weir_err
weir_vault_transaction_put(struct weir_store *vault,
                           struct weir_scope *scope,
                           const struct weir_vault_transaction *transaction);

/* The chain of statements. */
struct weir_vault_statement {
    uint64_t sequence;
    struct weir_hash hash;    /* of the payload: what the next one names as previous */
    struct weir_hash subject; /* what it is about, so that it is said once */
    struct weir_slice message;
    uint8_t signature[64];
};
/* By subject; `*is_made` false when there is none.  Errors: STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_vault_statement_find(struct weir_store *vault,
                                                     struct weir_scope *scope,
                                                     const struct weir_hash *subject,
                                                     bool *is_made,
                                                     struct weir_vault_statement *statement);
/* The newest; sequence and hash of what comes next follow from it.  Errors: STORE. */
WEIR_CHECKED enum weir_err weir_vault_statement_next(struct weir_store *vault,
                                                     struct weir_scope *scope,
                                                     uint64_t *sequence,
                                                     struct weir_hash *previous);
/* Errors: CONFLICT (not the next one), STORE. */
WEIR_CHECKED enum weir_err weir_vault_statement_put(struct weir_store *vault,
                                                    struct weir_scope *scope,
                                                    const struct weir_vault_statement *statement);

#endif /* WEIR_LEDGER_VAULT_H */
