/* The configuration as libcyaml loads it: the shape of the schema with every scalar still a text.
 * libcyaml would read `5x` as 5, so it only ever sees strings.  Owned by the scope's arena;
 * libcyaml allocates from it and frees nothing.  Floor 1: pure. */
#ifndef WEIR_CONFIG_TREE_H
#define WEIR_CONFIG_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "config/schema.h"

/* One option's value; a section is an array of these, in the order of its options. */
struct weir_tree {
    void *value; /* NULL: absent; else text, struct weir_tree[], or an array of pointers to them */
    uint64_t count; /* items of a list */
};

/* `text` has passed weir_positions_find.  Errors: CONFIG, MEMORY. */
WEIR_CHECKED enum weir_err weir_tree_load(struct weir_scope *scope,
                                          struct weir_slice text,
                                          const struct weir_section *schema,
                                          const struct weir_tree **tree);

#endif /* WEIR_CONFIG_TREE_H */
