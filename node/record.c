#include "node/record.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "ledger/store.h"
#include "ledger/vault.h"
#include "node/file.h"

static enum weir_err folder_make(struct weir_scope *scope, const char *path)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return WEIR_OK;
    return weir_fail(scope, WEIR_E_IO, "cannot make '%s': %s", path, strerror(errno));
}

enum weir_err weir_record_create(struct weir_scope *scope, const char *data_dir)
{
    const char *folder = weir_file_inside(scope, data_dir, WEIR_VAULT_FOLDER);
    const char *path = weir_file_inside(scope, data_dir, WEIR_VAULT_PATH);
    struct stat status;
    if (folder == NULL || path == NULL)
        return scope->err;
    if (lstat(path, &status) == 0)
        return weir_fail(scope, WEIR_E_EXISTS, "the signer's record '%s' is there already", path);
    if (folder_make(scope, data_dir) != WEIR_OK || folder_make(scope, folder) != WEIR_OK)
        return scope->err;
    struct weir_store *vault = NULL;
    enum weir_err err = weir_vault_open(scope, path, true, &vault);
    if (err == WEIR_OK)
        weir_store_close(vault);
    return err;
}
