/* A rail carries an intent onto a chain exactly once.  It never stores anything: the caller
 * (node/settler) keeps each `weir_rail_job` as ledger rows and obeys one law:
 *
 *     action = next(job, account, now);   do it, which gives an event;
 *     apply(job, account, event, now);    store the changed job (one commit), then call next again.
 *
 * `next` and `apply` are pure, so a process killed anywhere loads the rows and calls `next`:
 * nothing is signed before its fields are durable, nor sent before its bytes are durable. One
 * writer per key: all jobs of one account are driven by one process, one step at a time. Floor 2.
 */
#ifndef WEIR_RAILS_RAIL_H
#define WEIR_RAILS_RAIL_H

#include <stdint.h>

#include "attest/address.h"
#include "base/err.h"
#include "rails/job.h"

struct weir_http_result;
struct weir_report;
struct weir_terms;

/* A complete report as it goes to the contract (protocol section 7). */
struct weir_rail_report_order {
    struct weir_address agreement;
    const struct weir_terms *terms;
    const struct weir_report *report;
};

struct weir_rail_open_order {
    struct weir_address factory;
    struct weir_address agreement; /* where it will be */
    const struct weir_terms *terms;
};

struct weir_rail_fund_order {
    struct weir_address agreement;
    struct weir_address asset; /* zero: native */
    unsigned __int128 amount;  /* base units */
};

enum weir_rail_deploy_what { WEIR_RAIL_DEPLOY_FACTORY = 1, WEIR_RAIL_DEPLOY_TOKEN = 2 };

struct weir_rail_mint_order {
    struct weir_address token;
    struct weir_address to;
    unsigned __int128 amount; /* base units */
};

/* What is wanted; `kind` chooses the member. */
struct weir_rail_order {
    enum weir_rail_kind kind;
    union {
        struct weir_rail_report_order report; /* PAYOUT */
        struct weir_rail_open_order open;     /* OPEN */
        struct weir_rail_fund_order fund;     /* FUND */
        enum weir_rail_deploy_what deploy;    /* DEPLOY */
        struct weir_rail_mint_order mint;     /* CALL: play money of the demo token */
    } of;
};

struct weir_rail {
    const struct weir_rail_ops *ops;
};

/* A question under way.  Lives in the scope's arena that `begin` was given; the rail's own part
 * follows it. */
struct weir_rail_talk {
    uint32_t ticket; /* of the request in the rail's weir_http; 0 once the event is complete */
};

struct weir_http_result;

struct weir_rail_ops {
    const char *name;

    /* Pure: same order, same bytes.  `*call` and `*effect` live in the scope's arena.
     * Errors: RANGE, MEMORY. */
    enum weir_err (*prepare)(struct weir_rail *rail,
                             struct weir_scope *scope,
                             const struct weir_rail_order *order,
                             struct weir_rail_call *call,
                             struct weir_rail_effect *effect);

    /* Pure. */
    struct weir_rail_action (*next)(const struct weir_rail *rail,
                                    const struct weir_rail_job *job,
                                    const struct weir_rail_account *account,
                                    int64_t now_ms);

    /* Pure; changes `job` only.  Errors: CORRUPT (an event the stage cannot have). */
    enum weir_err (*apply)(const struct weir_rail *rail,
                           struct weir_scope *scope,
                           struct weir_rail_job *job,
                           const struct weir_rail_account *account,
                           const struct weir_rail_event *event,
                           int64_t now_ms);

    /* Starts what a LOOK or SEND asks for without waiting.  The scope's arena must live until the
     * talk is over; `job`, `account` and the action's attempt as well.  Errors: LIMIT, MEMORY. */
    enum weir_err (*begin)(struct weir_rail *rail,
                           struct weir_scope *scope,
                           const struct weir_rail_job *job,
                           const struct weir_rail_account *account,
                           struct weir_rail_action action,
                           struct weir_rail_talk **talk);

    /* Takes the answer to `talk->ticket`.  Afterwards either `*event` is complete and the ticket is
     * 0, or another question is under way with a new ticket.  A bad answer is an event (NO_ANSWER),
     * not an error.  The caller releases the result.  Errors: LIMIT, MEMORY. */
    enum weir_err (*finish)(struct weir_rail *rail,
                            struct weir_scope *scope,
                            struct weir_rail_talk *talk,
                            const struct weir_http_result *result,
                            struct weir_rail_event *event);

    /* begin and finish, waiting in between. */
    enum weir_err (*perform)(struct weir_rail *rail,
                             struct weir_scope *scope,
                             const struct weir_rail_job *job,
                             const struct weir_rail_account *account,
                             struct weir_rail_action action,
                             struct weir_rail_event *event);

    void (*free)(struct weir_rail *rail);
};

#endif /* WEIR_RAILS_RAIL_H */
