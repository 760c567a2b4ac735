/* Helpers of the configuration tests: a scope with memory, files of the source tree, and texts with
 * one piece replaced. */
#ifndef WEIR_TESTS_UNIT_CONFIG_WITH_CONFIG_H
#define WEIR_TESTS_UNIT_CONFIG_WITH_CONFIG_H

#include "base/err.h"
#include "config/config.h"

/* A scope with an arena of 64 MiB. */
struct weir_scope with_scope(void);
void without_scope(struct weir_scope *scope);

/* config/example/weir.yaml, with the lines that are switched off switched on when `is_full`. */
char *with_example(struct weir_scope *scope, bool is_full);

/* `text` with the first `piece` replaced; the test fails when it is not there. */
char *with_replaced(struct weir_scope *scope, const char *text, const char *piece, const char *by);

/* Loads as "weir.yaml", with an address check that only knows that "...bad" is wrong. */
enum weir_err with_loaded(struct weir_scope *scope, const char *text, struct weir_config **config);

#endif /* WEIR_TESTS_UNIT_CONFIG_WITH_CONFIG_H */
