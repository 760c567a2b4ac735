/* A scope with an arena for every test, and bytes compared so that the first difference is seen. */
#ifndef WEIR_TESTS_UNIT_METRICS_WITH_SCOPE_H
#define WEIR_TESTS_UNIT_METRICS_WITH_SCOPE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

/* cmocka set-up and tear-down: `*state` is a struct weir_scope. */
int with_scope_setup(void **state);
int with_scope_teardown(void **state);

#define with_scope(test)                                                                           \
    cmocka_unit_test_setup_teardown(test, with_scope_setup, with_scope_teardown)

/* Fails the test with the scope's text unless `err` is WEIR_OK. */
void with_scope_expect(struct weir_scope *scope, enum weir_err err);

/* Expects exactly this error and a text that contains `part`, then forgets it. */
void with_scope_expect_error(struct weir_scope *scope,
                             enum weir_err err,
                             enum weir_err wanted,
                             const char *part);

/* A generator of numbers that is the same everywhere (splitmix64); tests print its seed. */
struct with_dice {
    uint64_t state;
};
uint64_t with_dice_next(struct with_dice *random);

/* 0 .. limit - 1 */
uint64_t with_dice_below(struct with_dice *random, uint64_t limit);

#endif /* WEIR_TESTS_UNIT_METRICS_WITH_SCOPE_H */
