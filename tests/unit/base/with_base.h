/* A scope with an arena for every test, expected errors, and numbers that are the same everywhere.
 */
#ifndef WEIR_TESTS_UNIT_BASE_WITH_BASE_H
#define WEIR_TESTS_UNIT_BASE_WITH_BASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

/* cmocka set-up and tear-down: `*state` is a struct weir_scope. */
int with_base_setup(void **state);
int with_base_teardown(void **state);

#define with_base(test) cmocka_unit_test_setup_teardown(test, with_base_setup, with_base_teardown)

/* Fails the test with the scope's text unless `err` is WEIR_OK. */
void with_base_expect(struct weir_scope *scope, enum weir_err err);

/* Expects exactly this error, recorded in the scope, then forgets it. */
void with_base_refused(struct weir_scope *scope, enum weir_err err, enum weir_err wanted);

/* splitmix64; a test prints the seed it begins with. */
uint64_t with_base_random(uint64_t *random);

#endif /* WEIR_TESTS_UNIT_BASE_WITH_BASE_H */
