#include "node/kdf.h"

#include <string.h>

enum weir_err weir_kdf_find(struct weir_scope *scope, const char *word, enum weir_kdf *kdf)
{
    if (word == NULL || strcmp(word, "moderate") == 0)
        *kdf = WEIR_KDF_MODERATE;
    else if (strcmp(word, "interactive") == 0)
        *kdf = WEIR_KDF_INTERACTIVE;
    else
        return weir_fail(scope, WEIR_E_USAGE, "--kdf is moderate or interactive, not '%s'", word);
    return WEIR_OK;
}
