/* The inside of the duty "settler", shared by the files node/settler*.c only.  It turns measured
 * windows into opinions, exchanges them with peers, proposes reports, and drives the rails.  It
 * calls out and never listens; what must survive is in the ledger, so it may be killed anywhere and
 * the next start goes on.  Protocol sections 5, 6, 9 and 10. */
#ifndef WEIR_NODE_SETTLER_H
#define WEIR_NODE_SETTLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attest/merkle.h"
#include "attest/proof.h"
#include "base/err.h"
#include "ledger/opinions.h"
#include "node/job_codec.h"
#include "node/worker.h"
#include "rails/evm/rail.h"
#include "rails/http.h"

#define WEIR_TRACKED_MAX 4096 /* windows of one agreement under watch at once */
#define WEIR_PEERS_MAX 64

/* One window of one agreement while something is still to be done about it. */
struct weir_tracked {
    uint64_t window;
    uint8_t level;    /* on chain, as last read */
    uint8_t own_tier; /* of our newest opinion */
    bool has_opinion;
    bool is_final;             /* our final opinion is made */
    bool is_done;              /* nothing more will come of it */
    uint32_t revision;         /* the next one of ours */
    uint64_t tree_size;        /* of our newest opinion */
    uint64_t serial;           /* when that was made; peers are told what is newer than they know */
    uint8_t right_tier;        /* the tier for which a report is right; 0: none */
    int64_t right_ms;          /* since when (monotonic) */
    int64_t proposed_ms;       /* when we proposed last (monotonic), 0: never */
    uint8_t job_tier;          /* a payout job of ours exists at this tier */
    struct weir_hash proposed; /* our last proposal at `right_tier`, once proposed_ms is set */
    uint32_t backers;          /* who could have signed that */
};

/* What the settler knows about one agreement. */
struct weir_book {
    const struct weir_agreement *agreement;
    int64_t agreement_id;
    int64_t log_id;
    struct weir_evm_rail *rail;
    struct weir_tracked *tracked;
    size_t tracked_count;
    uint64_t next_window; /* the first that is not tracked yet */
    int64_t levels_read_ms;
    uint64_t cosigned_size; /* largest head with cosignatures of m - 1 others */
    int64_t exchanged_ms;   /* monotonic */
    bool must_exchange;
    uint64_t serial; /* counts opinions of ours */
};

/* A peer as the settler sees it. */
struct weir_contact {
    const struct weir_config_peer *peer;
    const struct weir_key_set *keys;
    unsigned failures;
    unsigned corrections;   /* answers in a row that only named another size */
    int64_t quiet_until_ms; /* monotonic: do not ask before */
    uint64_t *known_size;   /* of our log, by book; UINT64_MAX: ask */
    uint64_t *known_serial; /* newest opinion it has, by book */
};

/* A chain's node that does not answer is asked less and less often: whoever waits for it cannot do
 * the rest. */
struct weir_silence {
    unsigned failures;
    int64_t until_ms; /* monotonic */
};

#define WEIR_RUNS_MAX 256
#define WEIR_RUN_BYTES 64

/* What this process has seen of a job (struct weir_rail_job, `run`). */
struct weir_run {
    struct weir_hash job;
    uint8_t seen[WEIR_RUN_BYTES];
};

struct weir_settler {
    struct weir_worker worker;
    struct weir_http *http;
    int64_t started_ms; /* wall clock */
    struct weir_book *books;
    size_t book_count;
    struct weir_contact *contacts;
    size_t contact_count;
    struct weir_evm_rail *rails; /* one per configured chain */
    size_t rail_count;
    struct weir_silence *silences; /* by rail */
    uint64_t *next_nonce;          /* by rail: one above the highest ever given */
    struct weir_run runs[WEIR_RUNS_MAX];
    size_t next_run;
    int64_t payouts_at_ms; /* monotonic: when intents are looked at next */
    size_t open_intents;   /* as last seen */
    size_t open_requests;
    int64_t status_at_ms; /* monotonic */
    bool did_something;   /* in this round: look again at once */
    bool must_stop;       /* stop_in said so while we waited for somebody */
    bool is_cut_off;      /* the signer is not to be reached any more */
    int64_t wake_at_ms;   /* monotonic: nothing to do before */
};

/* settler_windows.c: keeps the list of windows, reads levels, makes our opinions. */
WEIR_CHECKED enum weir_err
weir_settler_track(struct weir_settler *settler, struct weir_scope *scope, struct weir_book *book);
WEIR_CHECKED enum weir_err weir_settler_read_levels(struct weir_settler *settler,
                                                    struct weir_scope *scope,
                                                    struct weir_book *book);
WEIR_CHECKED enum weir_err
weir_settler_judge(struct weir_settler *settler, struct weir_scope *scope, struct weir_book *book);

/* A head of our log of `size` leaves (0: all there are), signed and stored. */
WEIR_CHECKED enum weir_err weir_settler_head(struct weir_settler *settler,
                                             struct weir_scope *scope,
                                             const struct weir_book *book,
                                             uint64_t size,
                                             struct weir_merkle_head *head);

/* settler_exchange.c: shows our log and opinions to the peers, collects cosignatures. */
WEIR_CHECKED enum weir_err weir_settler_exchange(struct weir_settler *settler,
                                                 struct weir_scope *scope,
                                                 struct weir_book *book);

/* One signed request to a peer; the answer lives in the arena.  A peer that fails is left alone for
 * a growing while. */
struct weir_peer_call {
    struct weir_contact *contact;
    const char *path;
    struct weir_slice body;
    uint32_t ticket;                /* 0: not under way */
    bool is_answered;               /* an HTTP answer came */
    struct weir_http_result result; /* copied; body in the arena */
};
/* Starts it; `call->ticket` stays 0 when the peer is to be left alone. */
WEIR_CHECKED enum weir_err weir_peer_call_start(struct weir_settler *settler,
                                                struct weir_scope *scope,
                                                struct weir_peer_call *call);
/* How long answers are waited for.  `{0}`: until every call has ended. */
struct weir_peer_patience {
    bool (*is_enough)(void *context, struct weir_peer_call *ended); /* asked after each end */
    void *context;
    int grace_ms;   /* once it is enough: for the others, which then count as failed */
    int longest_ms; /* for all of them; 0: as long as their own deadlines */
};
/* A call that is given up is not answered.  When the duty is to stop all are given up at once. */
WEIR_CHECKED enum weir_err weir_peer_calls_finish(struct weir_settler *settler,
                                                  struct weir_scope *scope,
                                                  struct weir_peer_call *calls,
                                                  size_t call_count,
                                                  const struct weir_peer_patience *patience);
/* The address of a path at the peer; NULL as weir_take. */
const char *
weir_peer_url(struct weir_scope *scope, const struct weir_contact *contact, const char *path);
/* Leaves the peer alone for a while, longer after each failure in a row. */
void weir_peer_failed(struct weir_contact *contact, const char *why);

/* settler_reports.c: finds out which reports are right, collects signatures, makes payout jobs. */
WEIR_CHECKED enum weir_err
weir_settler_report(struct weir_settler *settler, struct weir_scope *scope, struct weir_book *book);

/* settler_jobs.c: drives jobs on their rails. */
WEIR_CHECKED enum weir_err weir_settler_jobs_start(struct weir_settler *settler,
                                                   struct weir_scope *scope);
WEIR_CHECKED enum weir_err weir_settler_jobs(struct weir_settler *settler,
                                             struct weir_scope *scope);
/* Makes the payout job of a complete report about one window, unless there is one. */
WEIR_CHECKED enum weir_err weir_settler_pay(struct weir_settler *settler,
                                            struct weir_scope *scope,
                                            struct weir_book *book,
                                            const struct weir_proof *proof);
/* Makes a job of an order and stores it in its first state. */
WEIR_CHECKED enum weir_err weir_settler_order(struct weir_settler *settler,
                                              struct weir_scope *scope,
                                              struct weir_evm_rail *rail,
                                              const struct weir_hash *id,
                                              const struct weir_rail_order *order,
                                              const struct weir_job_subject *subject);

/* settler_payouts.c: books what is to be paid, finds out how it was, closes intents. */
WEIR_CHECKED enum weir_err weir_settler_book_payout(struct weir_settler *settler,
                                                    struct weir_scope *scope,
                                                    const struct weir_book *book,
                                                    const struct weir_hash *intent,
                                                    unsigned __int128 amount);
WEIR_CHECKED enum weir_err weir_settler_payouts(struct weir_settler *settler,
                                                struct weir_scope *scope);

/* settler_requests.c: what operators asked for: opening and funding agreements. */
WEIR_CHECKED enum weir_err weir_settler_requests(struct weir_settler *settler,
                                                 struct weir_scope *scope);

/* settler_statements.c: has finished work attested. */
WEIR_CHECKED enum weir_err weir_settler_attest(struct weir_settler *settler,
                                               struct weir_scope *scope);

/* Whether the rail's node is left alone for now; the duty is then woken when that is over. */
bool weir_settler_is_silent(struct weir_settler *settler, const struct weir_evm_rail *rail);
/* What came of asking it. */
void weir_settler_heard(struct weir_settler *settler,
                        const struct weir_evm_rail *rail,
                        enum weir_err err);

/* The duty has something to do at `at_ms` (monotonic) at the latest. */
void weir_settler_wake_at(struct weir_settler *settler, int64_t at_ms);

/* The book of an agreement; NULL when it is not ours. */
struct weir_book *weir_settler_book(struct weir_settler *settler, const struct weir_hash *terms);

#endif /* WEIR_NODE_SETTLER_H */
