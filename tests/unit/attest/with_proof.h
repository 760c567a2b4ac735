/* Complete valid proofs in memory, made from test keys: several witnesses with logs of their own,
 * probe gauge or event gauge, open and sealed sections, maintenance notices, one or several
 * windows, signatures, and a payment in a block made for the purpose.  A test takes the steps it
 * needs, spoils something on the way and signs again where a lying witness could.  Test code: any
 * surprise ends the program. */
#ifndef WEIR_TESTS_UNIT_ATTEST_WITH_PROOF_H
#define WEIR_TESTS_UNIT_ATTEST_WITH_PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attest/account.h"
#include "attest/notice.h"
#include "attest/proof.h"
#include "tests/unit/attest/with_witness.h"

#define PROOF_WITNESSES_MAX 5
#define PROOF_SECTIONS_MAX 16
#define PROOF_CHAIN_ID 31337
#define PROOF_START_S UINT64_C(1767571200) /* 2026-01-05T00:00:00Z, a Monday */
#define PROOF_START_MS ((int64_t)PROOF_START_S * 1000)

struct proof_options {
    unsigned witness_count;
    unsigned m;
    bool is_event; /* OTIF by days, else availability */
    bool is_early;
    uint32_t window_s;
    uint32_t window_count;
    int64_t interval_ms;
    int64_t notice_ms;
    int64_t allowance_ms;
    unsigned open; /* bit i: witness i shows its payloads */
};

struct proof_world {
    struct weir_scope scope;
    struct weir_secp *secp;
    struct proof_options options;
    struct weir_gauge gauge;
    uint8_t provider[WEIR_SECP_SECRET_BYTES];
    struct proof_witness witnesses[PROOF_WITNESSES_MAX]; /* by index in the terms */
    struct weir_proof proof;
    struct weir_proof_section sections[PROOF_SECTIONS_MAX];
    struct weir_proof_payment payments[2];
    struct weir_hash block; /* of the last payment */
    struct weir_slice event_texts[16];
    size_t event_count;
};

/* Three witnesses of which two must agree, windows of ten seconds, a tick per second; two tiers:
 * below 95/100 pays 25000000, below 60/100 60000000.  Witness 0 is open, the others are sealed. */
struct proof_options proof_defaults(void);
struct proof_options proof_event_defaults(void);

/* Keys, gauge, terms and contract; every log has its definition.  `arena_bytes` for everything. */
void proof_begin(struct proof_world *world, struct proof_options options, size_t arena_bytes);
void proof_free(struct proof_world *world);

/* Signs terms and address again after a change of `world->proof.terms`. */
void proof_place(struct proof_world *world);

/* Ticks from two before the first window to two after the last, down in every window from 3/10 to
 * 8/10 of it.  Each witness probes some milliseconds after the one before. */
void proof_log_outages(struct proof_world *world);

/* Event gauge: four jobs due on the first day, two of them late, and the leaf that closes it. */
void proof_log_jobs(struct proof_world *world);

/* A notice of the provider in one log. */
struct weir_notice
proof_notice(struct proof_world *world, uint64_t from_ms, uint64_t to_ms, uint64_t nonce);
void proof_log_notice(struct proof_world *world,
                      unsigned witness,
                      const struct weir_notice *notice,
                      int64_t logged_ms);

/* Seals all logs and makes the sections of all witnesses for the windows of `mask`. */
void proof_make_sections(struct proof_world *world, uint64_t mask);

/* One section from its witness's log. */
void proof_make_section(struct proof_world *world,
                        uint64_t window,
                        unsigned witness,
                        struct weir_proof_section *section);

/* The steps of the above, for tests that change something between them.  `proof_show` makes rows,
 * seeds, paths and checkpoint for the range and tree that the opinion names. */
void proof_judge(struct proof_world *world, struct weir_proof_section *section);
void proof_show(struct proof_world *world, struct weir_proof_section *section);
void proof_sign_opinion(struct proof_world *world, struct weir_proof_section *section);
void proof_checkpoint(struct proof_world *world,
                      struct weir_proof_section *section,
                      unsigned cosigners);

/* Evidence root over the sections and the signatures of `who`. */
void proof_report(struct proof_world *world, uint8_t tier, unsigned who);

/* Everything from begin to report, of the first window at tier 2, signed by the first m. */
void proof_make(struct proof_world *world, struct proof_options options);

/* A receipt that settles the report with these amounts, in a block of its own. */
void proof_pay(struct proof_world *world, uint64_t due, uint64_t paid);

/* What proof_pay puts into the receipt; for tests that put in something else. */
struct weir_settled proof_settled(const struct proof_world *world, uint64_t due, uint64_t paid);
void proof_pay_with(struct proof_world *world,
                    const struct weir_address *emitter,
                    const struct weir_settled *settled);

/* The file. */
struct weir_slice proof_bytes(struct proof_world *world);

/* Makes the two digests of a changed file right again. */
void proof_reseal(uint8_t *bytes, size_t length);

/* Checks the file; the failure's text stays in `world->scope`. */
enum weir_err proof_verify(struct proof_world *world,
                           const struct weir_proof_rules *rules,
                           struct weir_account *account);

#endif /* WEIR_TESTS_UNIT_ATTEST_WITH_PROOF_H */
