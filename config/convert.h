/* From texts to values: walks schema and tree together, fills in defaults, and writes every value
 * to its place.  What needs two options at once is left to check.h.  Floor 1: pure. */
#ifndef WEIR_CONFIG_CONVERT_H
#define WEIR_CONFIG_CONVERT_H

#include "base/err.h"
#include "config/position.h"
#include "config/read.h"
#include "config/schema.h"
#include "config/tree.h"

struct weir_convert {
    struct weir_scope *scope;
    const struct weir_positions *positions;
    struct weir_address_check address;
};

/* `target` is a zeroed struct of schema->bytes bytes.  Errors: CONFIG, MEMORY. */
WEIR_CHECKED enum weir_err weir_convert(const struct weir_convert *convert,
                                        const struct weir_section *schema,
                                        const struct weir_tree *tree,
                                        void *target);

#endif /* WEIR_CONFIG_CONVERT_H */
