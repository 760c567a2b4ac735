/* A ledger in a folder of its own for every test, gauges to measure with, and a second way into the
 * file (plain SQLite) to look at rows and to damage them. */
#ifndef WEIR_TESTS_UNIT_LEDGER_WITH_LEDGER_H
#define WEIR_TESTS_UNIT_LEDGER_WITH_LEDGER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"
#include "ledger/store.h"
#include "metrics/gauge.h"

struct with_ledger {
    struct weir_scope scope;
    struct weir_store *store;
    char folder[64];
    char path[96];
};

/* cmocka set-up and tear-down: `*state` is a struct with_ledger with the file made and open. */
int with_ledger_setup(void **state);
int with_ledger_teardown(void **state);

#define with_ledger(test)                                                                          \
    cmocka_unit_test_setup_teardown(test, with_ledger_setup, with_ledger_teardown)

/* Fails the test with the scope's text unless `err` is WEIR_OK. */
void with_ledger_expect(struct with_ledger *ledger, enum weir_err err);
/* Expects exactly this error and a text that contains `part`, then forgets it. */
void with_ledger_refused(struct with_ledger *ledger,
                         enum weir_err err,
                         enum weir_err wanted,
                         const char *part);

void with_ledger_close(struct with_ledger *ledger);
void with_ledger_reopen(struct with_ledger *ledger);

/* Plain SQLite on the same file: runs a script, or gives one number.  The script may fail when
 * `part` is given: its message must then contain it. */
void with_ledger_sql(struct with_ledger *ledger, const char *script, const char *part);
int64_t with_ledger_number(struct with_ledger *ledger, const char *query);
/* Drops the guards of a table first, so that damage can be done. */
void with_ledger_damage(struct with_ledger *ledger, const char *table, const char *script);

/* Rows of a query as text, "|" between columns, one line each; in the arena. */
const char *with_ledger_text(struct with_ledger *ledger, const char *query);

/* weir_ledger_check must find nothing, or (part given) this. */
void with_ledger_check(struct with_ledger *ledger, const char *part);

/* Gauges: probed every `interval_ms` in fixed windows; fed by results about "site"; OTIF by weeks.
 */
struct weir_gauge with_ledger_probed(const char *name, int64_t window_ms, int64_t interval_ms);
struct weir_gauge with_ledger_reported(const char *name);
struct weir_gauge with_ledger_otif(const char *name, enum weir_gauge_unit unit);

/* The log of a gauge, `node.example/gauge/<name>`, made when it is not there; fixed salts. */
int64_t with_ledger_log(struct with_ledger *ledger, const struct weir_gauge *gauge);

/* A generator of numbers that is the same everywhere (splitmix64); tests print its seed. */
uint64_t with_ledger_random(uint64_t *seed);

#endif /* WEIR_TESTS_UNIT_LEDGER_WITH_LEDGER_H */
