/* The configuration of a file: read, loaded with the address check of the chain side, and with its
 * relative paths led back to the folder of the file (the control socket: to data_dir), so that
 * every duty can use them as they are.  Floor 3. */
#ifndef WEIR_NODE_CONFIG_FILE_H
#define WEIR_NODE_CONFIG_FILE_H

#include <stdbool.h>

#include "base/err.h"

struct weir_config;

/* Lives in the scope's arena.  Errors: CONFIG, NOT_FOUND, LIMIT, IO, MEMORY. */
WEIR_CHECKED enum weir_err
weir_config_file_load(struct weir_scope *scope, const char *path, struct weir_config **config);

/* Whether "0x" and 40 digits carry a right checksum (EIP-55). */
bool weir_address_text_is_sound(const char *text);

#endif /* WEIR_NODE_CONFIG_FILE_H */
