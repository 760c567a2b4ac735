/* A ledger in a temporary folder with the log of one gauge, and short ways to feed it. */
#ifndef WEIR_TESTS_UNIT_NODE_WITH_MEASURING_H
#define WEIR_TESTS_UNIT_NODE_WITH_MEASURING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "metrics/event.h"
#include "metrics/gauge.h"
#include "metrics/tick.h"

struct weir_store;

struct with_measuring {
    struct weir_scope scope;
    struct weir_store *store;
    struct weir_gauge gauge;
    int64_t log_id;
    char folder[64];
};

/* cmocka set-up and tear-down: `*state` is a struct with_measuring without a gauge. */
int with_measuring_setup(void **state);
int with_measuring_teardown(void **state);

#define with_measuring(test)                                                                       \
    cmocka_unit_test_setup_teardown(test, with_measuring_setup, with_measuring_teardown)

/* Fails the test with the scope's text unless `err` is WEIR_OK. */
void with_measuring_expect(struct with_measuring *with, enum weir_err err);

/* The gauge of the test: fixed windows of 10 s from 0, target 90 %. */
void with_measuring_probed(struct with_measuring *with);  /* every second, held for 3 s */
void with_measuring_fed(struct with_measuring *with);     /* by events about "site", held */
void with_measuring_counted(struct with_measuring *with); /* OTIF, kill rule A, all count */

/* One tick per second in [from_s, to_s). */
void with_measuring_ticks(struct with_measuring *with,
                          int64_t from_s,
                          int64_t to_s,
                          uint8_t reason);

/* A probe result at a second. */
void with_measuring_result(struct with_measuring *with, int64_t at_s, uint8_t reason);

/* A job promised for a second, delivered `late_ms` after it; INT64_MAX: not delivered.  `rev` of
 * both events. */
void with_measuring_job(struct with_measuring *with,
                        const char *name,
                        int64_t due_s,
                        int64_t late_ms,
                        uint64_t rev);

#endif /* WEIR_TESTS_UNIT_NODE_WITH_MEASURING_H */
