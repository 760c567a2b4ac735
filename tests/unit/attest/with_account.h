/* What the tests of the verifier share: one expectation, and cmocka.  Static inline, because each
 * test program is one file. */
#ifndef WEIR_TESTS_UNIT_ATTEST_WITH_ACCOUNT_H
#define WEIR_TESTS_UNIT_ATTEST_WITH_ACCOUNT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/attest/with_proof.h"

#define WORLD_BYTES ((size_t)64 * 1024 * 1024)
#define DUE 60000000
#define ALL_THREE 7U

static const struct weir_proof_rules signed_rules = {.needs_signatures = true};

/* The account of the last check; too large for the stack of every test. */
static struct weir_account account;

/* The file of this world is checked with that result, and the text says `part`. */
static inline void expect_rules(struct proof_world *world,
                                const struct weir_proof_rules *rules,
                                enum weir_err expected,
                                const char *part)
{
    enum weir_err err = proof_verify(world, rules, &account);
    if (err != expected)
        fail_msg("%s: %s, expected %s", weir_err_name(err), world->scope.fault,
                 weir_err_name(expected));
    if (strstr(world->scope.fault, part) == NULL)
        fail_msg("'%s' does not say '%s'", world->scope.fault, part);
    weir_scope_recover(&world->scope);
}

static inline void expect(struct proof_world *world, enum weir_err expected, const char *part)
{
    expect_rules(world, &signed_rules, expected, part);
}

/* Signs what was changed in section `place`, and the report over all, as a lying witness can. */
static inline void lie(struct proof_world *world, size_t place)
{
    proof_sign_opinion(world, &world->sections[place]);
    proof_report(world, world->proof.report.breach.tier, world->proof.report.who);
}

/* Lets a witness log an outage of its own in the first window, up before and after. */
static inline void log_outage(struct proof_world *world, unsigned witness, int64_t from, int64_t to)
{
    int64_t interval_ms = world->options.interval_ms;
    int64_t window_ms = (int64_t)world->options.window_s * 1000;
    const struct weir_interval span = {PROOF_START_MS - 2 * interval_ms,
                                       PROOF_START_MS + window_ms + 2 * interval_ms};
    const struct weir_interval down = {PROOF_START_MS + from, PROOF_START_MS + to};
    witness_log_ticks(&world->scope, &world->witnesses[witness], span, interval_ms, down);
}

#endif /* WEIR_TESTS_UNIT_ATTEST_WITH_ACCOUNT_H */
