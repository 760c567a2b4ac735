/* docs/configuration.md, made from the option tables.  Floor 1: pure. */
#ifndef WEIR_CONFIG_MANUAL_H
#define WEIR_CONFIG_MANUAL_H

#include "base/err.h"
#include "base/slice.h"

/* Errors: MEMORY. */
WEIR_CHECKED enum weir_err weir_config_manual_write(struct weir_scope *scope,
                                                    struct weir_buffer *buffer);

#endif /* WEIR_CONFIG_MANUAL_H */
