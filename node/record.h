/* The signer's record of what it signed, made empty for new keys: without it the signer does not
 * start, because an old record that was lost must not be replaced unnoticed.  Floor 3. */
#ifndef WEIR_NODE_RECORD_H
#define WEIR_NODE_RECORD_H

#include "base/err.h"

/* Makes `data_dir`, the signer's folder in it (mode 0700) and an empty record.
 * Errors: EXISTS (there is one), IO, STORE, MEMORY. */
WEIR_CHECKED enum weir_err weir_record_create(struct weir_scope *scope, const char *data_dir);

#endif /* WEIR_NODE_RECORD_H */
