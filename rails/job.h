/* An intent on its way onto a chain, as plain data: the job and its attempts, what to do next, what
 * was seen, and the sending key.  The rail's pure functions (rail.h) move a job; the caller stores
 * it.  Everything but `run` is durable.  Numbers of the enums are stored and never reused.
 * Floor 2: no functions with effects here. */
#ifndef WEIR_RAILS_JOB_H
#define WEIR_RAILS_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attest/address.h"
#include "attest/word.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"

#define WEIR_RAIL_ATTEMPTS_MAX 24 /* signed transactions of one intent, ever */
#define WEIR_RAIL_REASON_BYTES 200

/* Numbers are stored; never reused. */
enum weir_rail_kind {
    WEIR_RAIL_PAYOUT = 1, /* report a breach; effect: the levels on chain */
    WEIR_RAIL_OPEN = 2,   /* open an agreement; effect: code at its address */
    WEIR_RAIL_FUND = 3,   /* transfer the asset to it; effect: the own receipt */
    WEIR_RAIL_DEPLOY = 4, /* create a contract; effect: code at the created address */
    WEIR_RAIL_CALL = 5,   /* any other call (mint, payOwed); effect: the own receipt */
};

enum weir_rail_stage {
    WEIR_RAIL_STAGE_INTENT = 0,   /* known; nothing bound to it */
    WEIR_RAIL_STAGE_PREPARED = 1, /* nonce and all fields durable; nothing signed */
    WEIR_RAIL_STAGE_SIGNED = 2,   /* raw bytes durable; they may already be out */
    WEIR_RAIL_STAGE_SENT = 3,     /* out, or of unknown outcome */
    WEIR_RAIL_STAGE_MINED = 4,    /* in a block that may still be reorganised away */
    WEIR_RAIL_STAGE_FINAL = 5,    /* effect seen in a final block, made by this job */
    WEIR_RAIL_STAGE_HELD = 6,     /* nothing is out; policy or money stops it; tried again later */
    WEIR_RAIL_STAGE_REVERTED = 7, /* the contract refuses for good; final */
    WEIR_RAIL_STAGE_SUPERSEDED = 8, /* effect final, made by somebody else: success */
};

/* Why an operator should look; the job goes on all the same unless it is HELD. */
enum weir_rail_alarm {
    WEIR_RAIL_ALARM_NONE = 0,
    WEIR_RAIL_ALARM_FUNDS = 1,          /* the gas account is too poor */
    WEIR_RAIL_ALARM_FEE_CEILING = 2,    /* the market is above the policy's ceiling */
    WEIR_RAIL_ALARM_FOREIGN_NONCE = 3,  /* somebody else used the key */
    WEIR_RAIL_ALARM_POLICY = 4,         /* the signer refuses */
    WEIR_RAIL_ALARM_CHAIN = 5,          /* wrong chain id, or a final block changed */
    WEIR_RAIL_ALARM_EFFECT_MISSING = 6, /* final and successful, yet the effect does not show */
    WEIR_RAIL_ALARM_STUCK = 7,          /* all attempts are used up */
    WEIR_RAIL_ALARM_NETWORK = 8,        /* the chain's node does not answer */
    WEIR_RAIL_ALARM_PREFLIGHT = 9,      /* simulation fails for a reason that may pass */
    WEIR_RAIL_ALARM_GAP = 10,           /* a nonce below all of ours is missing on the chain */
};

const char *weir_rail_stage_name(enum weir_rail_stage stage);
const char *weir_rail_alarm_name(enum weir_rail_alarm alarm);

/* FINAL, REVERTED or SUPERSEDED: nothing more will happen. */
bool weir_rail_is_over(enum weir_rail_stage stage);

/* The call an intent makes; constant for its life.  Amounts in base units of the native coin. */
struct weir_rail_call {
    bool is_creation; /* `to` is unused */
    struct weir_address to;
    unsigned __int128 value;
    struct weir_slice data;
    uint64_t gas; /* fixed computed bound, the same for every attempt */
};

enum weir_rail_effect_kind {
    WEIR_RAIL_EFFECT_LEVELS = 1,  /* every window of (word, mask) stands at `tier` or worse */
    WEIR_RAIL_EFFECT_CODE = 2,    /* `contract` has code */
    WEIR_RAIL_EFFECT_CREATED = 3, /* the address created by (account, nonce) has code */
    WEIR_RAIL_EFFECT_RECEIPT = 4, /* a successful receipt of our own */
};

/* How the chain shows that the intent is done, whoever did it. */
struct weir_rail_effect {
    enum weir_rail_effect_kind kind;
    struct weir_address contract;
    uint64_t word;         /* LEVELS */
    struct weir_word mask; /* LEVELS */
    uint8_t tier;          /* LEVELS */
};

enum weir_rail_attempt_state {
    WEIR_RAIL_ATTEMPT_PREPARED = 0, /* fields durable */
    WEIR_RAIL_ATTEMPT_SIGNED = 1,   /* raw durable */
    WEIR_RAIL_ATTEMPT_SENT = 2,     /* a pool took it at least once, or may have */
    WEIR_RAIL_ATTEMPT_DEAD = 3,     /* its nonce went to another transaction, finally */
};

/* One signed transaction.  Attempts of one nonce replace each other; at most one is ever mined. */
struct weir_rail_attempt {
    enum weir_rail_attempt_state state;
    bool is_clearing; /* an empty transaction to ourselves that only uses up the nonce */
    uint64_t nonce;
    uint64_t gas;
    unsigned __int128 fee_cap; /* wei per gas */
    unsigned __int128 tip;     /* wei per gas */
    struct weir_hash hash;     /* once signed */
    struct weir_slice raw;     /* once signed; borrowed from the caller's memory */
    int64_t signed_ms;         /* or when its replacement was refused: bumping counts from here */
    int64_t sent_ms;           /* of the last send */
};

/* Where a transaction of ours was mined, as last seen. */
struct weir_rail_mined {
    uint32_t attempt;
    bool succeeded;
    uint64_t block_number;
    struct weir_hash block_hash;
    uint64_t gas_used;
    unsigned __int128 gas_price; /* effective, wei per gas */
};

/* One intent on its way.  The caller stores everything except `run`, and keeps `call` and `effect`
 * (or what they are rebuilt from) with the intent.  A caller that stores of a PREPARED job only its
 * nonce may load it as INTENT with `has_nonce`: it is then prepared anew with that nonce. A nonce
 * is never given back; when its intent no longer needs it, an empty transaction uses it up. */
struct weir_rail_job {
    struct weir_hash id;
    enum weir_rail_kind kind;
    enum weir_rail_stage stage;
    enum weir_rail_alarm alarm;
    const struct weir_rail_call *call;     /* borrowed */
    const struct weir_rail_effect *effect; /* borrowed */
    struct weir_rail_attempt attempts[WEIR_RAIL_ATTEMPTS_MAX];
    uint32_t attempt_count;
    bool has_nonce;
    uint64_t nonce;
    struct weir_rail_mined mined;
    bool is_mined;      /* `mined` holds something */
    bool is_superseded; /* the effect is final by another hand; only the nonce is being cleared */
    bool trusts_chain_nonce;             /* an operator said so after FOREIGN_NONCE */
    uint32_t revert_count;               /* own transactions that were mined and failed, finally */
    char reason[WEIR_RAIL_REASON_BYTES]; /* of the alarm or the end, for people */

    /* What this process saw since it loaded the job; zero after a load. */
    struct {
        int64_t looked_ms; /* last view */
        int64_t wait_ms;   /* nothing to do before this */
        uint32_t failures; /* consecutive calls without an answer */
        uint32_t missing;  /* consecutive views in which our nonce is used but no receipt shows */
        bool may_sign;     /* the last view allows a signature */
        bool must_bump;    /* a node found the last attempt too cheap */
    } run;
};

/* The sending key, over all its jobs. */
struct weir_rail_account {
    struct weir_address address;
    uint64_t next_nonce;        /* 1 + the highest nonce of any job of this key; 0 when none */
    uint32_t open_nonces;       /* jobs holding a nonce that are not over */
    bool has_lowest;            /* some job holds one */
    uint64_t lowest_open_nonce; /* the smallest of them: only this one may be replaced */
    bool is_frozen;             /* an operator or an alarm forbids new nonces */
};

enum weir_rail_action_kind {
    WEIR_RAIL_ACTION_NONE = 0, /* the job is over */
    WEIR_RAIL_ACTION_WAIT = 1, /* nothing before until_ms */
    WEIR_RAIL_ACTION_LOOK = 2, /* ask the chain: ops->begin */
    WEIR_RAIL_ACTION_SIGN = 3, /* ask the signer for attempts[attempt] */
    WEIR_RAIL_ACTION_SEND = 4, /* broadcast attempts[attempt].raw: ops->begin */
};

struct weir_rail_action {
    enum weir_rail_action_kind kind;
    uint32_t attempt;
    int64_t until_ms;
};

/* One head of the chain. */
struct weir_rail_head {
    uint64_t number;
    struct weir_hash hash;
    uint64_t timestamp_s;
    unsigned __int128 base_fee;
};

enum weir_rail_known { WEIR_RAIL_KNOWN_NOT = 0, WEIR_RAIL_KNOWN_NO = 1, WEIR_RAIL_KNOWN_YES = 2 };

enum weir_rail_preflight {
    WEIR_RAIL_PREFLIGHT_NOT_ASKED = 0,
    WEIR_RAIL_PREFLIGHT_PASSES = 1,
    WEIR_RAIL_PREFLIGHT_NOTHING_NEW = 2, /* the effect is there, or about to be */
    WEIR_RAIL_PREFLIGHT_TRANSIENT = 3,   /* TooEarly, LowGas, Locked: may pass later */
    WEIR_RAIL_PREFLIGHT_REVERTS = 4,     /* for good */
    WEIR_RAIL_PREFLIGHT_FUNDS = 5,
    WEIR_RAIL_PREFLIGHT_UNKNOWN = 6, /* no usable answer: fail closed */
};

struct weir_rail_sighting {
    bool is_found;
    struct weir_rail_mined mined; /* `attempt` is set too */
};

/* What the chain showed in one look. */
struct weir_rail_view {
    uint64_t chain_id;
    struct weir_rail_head head;
    bool has_final;
    struct weir_rail_head final;
    uint64_t nonce_latest;
    bool has_nonce_final;
    uint64_t nonce_final;
    unsigned __int128 balance; /* of the account, wei; saturated */
    unsigned __int128 tip;     /* what recent blocks paid, wei per gas */
    enum weir_rail_known effect_latest;
    enum weir_rail_known effect_final;
    enum weir_rail_preflight preflight;
    char preflight_text[WEIR_RAIL_REASON_BYTES];
    struct weir_rail_sighting receipts[WEIR_RAIL_ATTEMPTS_MAX];
    bool has_mined_block; /* the canonical block at job->mined.block_number was found */
    struct weir_hash mined_block_hash;
};

enum weir_rail_event_kind {
    WEIR_RAIL_EVENT_VIEW = 1,      /* LOOK answered */
    WEIR_RAIL_EVENT_NO_ANSWER = 2, /* LOOK or SEND got no usable answer; `err` and `text` say why */
    WEIR_RAIL_EVENT_SIGNED = 3,    /* SIGN answered: raw and hash */
    WEIR_RAIL_EVENT_SIGN_REFUSED = 4, /* SIGN answered with `err` */
    WEIR_RAIL_EVENT_SENT = 5,         /* SEND answered: `sent` */
};

/* How a node answered a raw transaction. */
enum weir_rail_sent {
    WEIR_RAIL_SENT_ACCEPTED = 0, /* also "already known" */
    WEIR_RAIL_SENT_NONCE_LOW = 1,
    WEIR_RAIL_SENT_NONCE_HIGH = 2,
    WEIR_RAIL_SENT_UNDERPRICED = 3, /* replacement or pool minimum, or below the base fee */
    WEIR_RAIL_SENT_FUNDS = 4,
    WEIR_RAIL_SENT_REFUSED = 5, /* the bytes are wrong for this node; another may differ */
    WEIR_RAIL_SENT_UNKNOWN = 6, /* lost answer, limit, unrecognised text: it may be out */
};

struct weir_rail_event {
    enum weir_rail_event_kind kind;
    bool is_send;               /* NO_ANSWER: to a SEND, not to a LOOK */
    uint32_t attempt;           /* SIGNED, SIGN_REFUSED, SENT, or NO_ANSWER to a SEND */
    struct weir_rail_view view; /* VIEW */
    struct weir_slice raw; /* SIGNED; must outlive the job's use, so keep it in the job's memory */
    struct weir_hash hash; /* SIGNED */
    enum weir_rail_sent sent; /* SENT */
    enum weir_err err;        /* NO_ANSWER, SIGN_REFUSED */
    char text[WEIR_RAIL_REASON_BYTES];
};

/* Counts a job of this key, over or not, into `account`, which starts as {.address = ...}.  A
 * caller that counts every job it ever stored for a key has the account that `next` and `apply`
 * need. */
void weir_rail_account_add(struct weir_rail_account *account, const struct weir_rail_job *job);

#endif /* WEIR_RAILS_JOB_H */
