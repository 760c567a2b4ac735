/* What one option alone cannot tell: names that refer to each other, values that exclude each
 * other, the rules of the terms, and the defaults that depend on another option.  Resolves
 * references in place.  Floor 1: pure. */
#ifndef WEIR_CONFIG_CHECK_H
#define WEIR_CONFIG_CHECK_H

#include <stddef.h>

#include "base/err.h"
#include "base/money.h"
#include "config/config.h"
#include "config/position.h"

struct weir_check {
    struct weir_scope *scope;
    const struct weir_positions *positions;
    struct weir_config *config;
};

/* Everything below, in order.  Errors: CONFIG, MEMORY. */
WEIR_CHECKED enum weir_err weir_check_config(const struct weir_check *check);
WEIR_CHECKED enum weir_err weir_check_sources(const struct weir_check *check);
WEIR_CHECKED enum weir_err weir_check_gauges(const struct weir_check *check);
WEIR_CHECKED enum weir_err weir_check_agreements(const struct weir_check *check);
WEIR_CHECKED enum weir_err weir_check_policy(const struct weir_check *check);

/* Fails at "list[index].key" (key "" : the item itself). */
enum weir_err weir_check_refuse(const struct weir_check *check,
                                const char *list,
                                size_t index,
                                const char *key,
                                const char *fmt,
                                ...) __attribute__((format(printf, 5, 6)));

/* A list of structs, by the name each has at `name_offset`. */
struct weir_names {
    const char *what; /* "chain" */
    const void *items;
    size_t count;
    size_t stride;
    size_t name_offset;
};

/* A key that names a member of such a list. */
struct weir_reference {
    const char *list; /* where the key stands: "list[index].key" */
    size_t index;
    const char *key;
    const char *name; /* what it says */
};

/* Position of the name, or a failure with the nearest one. */
WEIR_CHECKED enum weir_err weir_check_find(const struct weir_check *check,
                                           const struct weir_names *names,
                                           struct weir_reference reference,
                                           size_t *found);

/* Position of `name`; the count of the list when it has none. */
size_t weir_names_find(const struct weir_names *names, const char *name);

/* All lists of the configuration that other lists name. */
struct weir_names weir_names_of_chains(const struct weir_config *config);
struct weir_names weir_names_of_assets(const struct weir_config *config);
struct weir_names weir_names_of_sources(const struct weir_config *config);
struct weir_names weir_names_of_gauges(const struct weir_config *config);
struct weir_names weir_names_of_peers(const struct weir_config *config);
struct weir_names weir_names_of_agreements(const struct weir_config *config);

/* An amount in the decimals of its asset; fits the 96 bits of the terms. */
WEIR_CHECKED enum weir_err weir_check_amount(const struct weir_check *check,
                                             const char *path,
                                             const struct weir_config_asset *asset,
                                             const char *text,
                                             struct weir_money *money);

#endif /* WEIR_CONFIG_CHECK_H */
