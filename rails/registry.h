/* The rails this program knows, by name.  Floor 2. */
#ifndef WEIR_RAILS_REGISTRY_H
#define WEIR_RAILS_REGISTRY_H

#include <stddef.h>

struct weir_rail_ops;

/* NULL for a name nobody registered. */
const struct weir_rail_ops *weir_rail_find(const char *name);

/* All names, for "did you mean"; `*count` of them. */
const char *const *weir_rail_names(size_t *count);

#endif /* WEIR_RAILS_REGISTRY_H */
