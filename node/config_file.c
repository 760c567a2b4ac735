#include "node/config_file.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "attest/address.h"
#include "base/arena.h"
#include "base/slice.h"
#include "config/config.h"
#include "node/file.h"

bool weir_address_text_is_sound(const char *text)
{
    struct weir_scope inner = {0};
    struct weir_address address;
    return weir_address_parse(&inner, weir_slice_text(text), &address) == WEIR_OK;
}

/* The folder of a path, absolute, so that it stays right wherever a duty goes; NULL after a
 * recorded failure. */
static const char *folder_of(struct weir_scope *scope, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *folder = ".";
    if (slash == path)
        folder = "/";
    else if (slash != NULL)
        folder = weir_take_text(scope, path, (size_t)(slash - path));
    if (folder == NULL)
        return NULL;
    char absolute[PATH_MAX];
    if (realpath(folder, absolute) == NULL) {
        (void)weir_fail(scope, WEIR_E_IO, "cannot find '%s': %s", folder, strerror(errno));
        return NULL;
    }
    return weir_take_text(scope, absolute, strlen(absolute));
}

static enum weir_err path_settle(struct weir_scope *scope, const char *folder, const char **path)
{
    if (*path == NULL)
        return WEIR_OK;
    *path = weir_file_inside(scope, folder, *path);
    return *path == NULL ? scope->err : WEIR_OK;
}

static enum weir_err
paths_settle(struct weir_scope *scope, const char *folder, struct weir_config *config)
{
    enum weir_err err = path_settle(scope, folder, &config->node.data_dir);
    if (err == WEIR_OK)
        err = path_settle(scope, folder, &config->node.key_file);
    if (err == WEIR_OK)
        err = path_settle(scope, folder, &config->node.passphrase_file);
    if (err == WEIR_OK)
        err = path_settle(scope, config->node.data_dir, &config->node.control_socket);
    for (size_t i = 0; err == WEIR_OK && i < config->peer_count; i++)
        err = path_settle(scope, folder, &config->peers[i].key_set_file);
    return err;
}

enum weir_err
weir_config_file_load(struct weir_scope *scope, const char *path, struct weir_config **config)
{
    struct weir_config_input input = {.file = path, .address_is_sound = weir_address_text_is_sound};
    struct weir_config *loaded = NULL;
    enum weir_err err = weir_file_read(scope, path, WEIR_CONFIG_FILE_BYTES_MAX, &input.text);
    if (err != WEIR_OK)
        return weir_note(scope, "configuration");
    err = weir_config_load(scope, &input, &loaded);
    const char *folder = err == WEIR_OK ? folder_of(scope, path) : NULL;
    if (folder == NULL)
        return scope->err;
    err = paths_settle(scope, folder, loaded);
    if (err == WEIR_OK)
        *config = loaded;
    return err;
}
