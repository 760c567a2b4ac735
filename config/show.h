/* A loaded configuration as a flat list of what would be written to say it in full: defaults filled
 * in, secrets masked.  `config show` prints the list as YAML (here) or JSON (floor 3).  Owned by
 * the scope's arena.  Floor 1: pure. */
#ifndef WEIR_CONFIG_SHOW_H
#define WEIR_CONFIG_SHOW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/slice.h"
#include "config/config.h"
#include "config/schema.h"

enum weir_shown_kind {
    WEIR_SHOWN_VALUE,   /* `key: value`, or an item of a list when `key` is NULL */
    WEIR_SHOWN_SECTION, /* until the END that belongs to it; an item when `key` is NULL */
    WEIR_SHOWN_LIST,
    WEIR_SHOWN_END
};

struct weir_shown {
    enum weir_shown_kind kind;
    enum weir_option_kind option; /* of a value */
    const char *key;
    const char *value;
};

/* Errors: MEMORY. */
WEIR_CHECKED enum weir_err weir_config_show(struct weir_scope *scope,
                                            const struct weir_config *config,
                                            struct weir_shown **items,
                                            size_t *item_count);

/* Appends the items as YAML that loads back to the same configuration, but for masked secrets.
 * Errors: MEMORY. */
WEIR_CHECKED enum weir_err weir_shown_print(struct weir_scope *scope,
                                            const struct weir_shown *items,
                                            size_t item_count,
                                            struct weir_buffer *buffer);

#endif /* WEIR_CONFIG_SHOW_H */
