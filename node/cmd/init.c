/* weir init: the files of a new node. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "config/config.h"
#include "node/command.h"
#include "node/example.h"
#include "node/file.h"
#include "node/json_out.h"
#include "node/kdf.h"
#include "node/keyfile.h"
#include "node/passphrase.h"
#include "node/record.h"

/* The last part of a path, which may end in slashes. */
static const char *last_part(struct weir_scope *scope, const char *path)
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
        end--;
    size_t begin = end;
    while (begin > 0 && path[begin - 1] != '/')
        begin--;
    return weir_take_text(scope, path + begin, end - begin);
}

/* The example with the name of this node in it, checked as `config check` would. */
static enum weir_err
config_make(struct weir_scope *scope, const char *name, struct weir_slice *text)
{
    const char *place = strstr(weir_example_yaml, WEIR_EXAMPLE_NAME);
    struct weir_buffer buffer = {0};
    if (place == NULL)
        return weir_fail(scope, WEIR_E_CORRUPT, "the example has no place for the node's name");
    enum weir_err err =
        weir_buffer_put(scope, &buffer, weir_example_yaml, (size_t)(place - weir_example_yaml));
    if (err == WEIR_OK)
        err = weir_buffer_text(scope, &buffer, name);
    if (err == WEIR_OK)
        err = weir_buffer_text(scope, &buffer, place + sizeof(WEIR_EXAMPLE_NAME) - 1);
    if (err != WEIR_OK)
        return err;
    *text = weir_buffer_slice(&buffer);
    struct weir_config *config;
    const struct weir_config_input input = {.file = "weir.yaml", .text = *text};
    err = weir_config_load(scope, &input, &config);
    /* A name with a line end in it would be more than a name. */
    if (err == WEIR_OK && strcmp(config->node.name, name) != 0)
        err = weir_fail(scope, WEIR_E_USAGE, "'%s' is not a name", name);
    return err;
}

struct paths {
    const char *folder;
    const char *config;
    const char *passphrase;
    const char *keys;
    const char *data;
};

static enum weir_err paths_make(struct weir_scope *scope, const char *folder, struct paths *paths)
{
    paths->folder = folder;
    paths->config = weir_file_inside(scope, folder, "weir.yaml");
    paths->passphrase = weir_file_inside(scope, folder, "weir.passphrase");
    paths->keys = weir_file_inside(scope, folder, "weir.keys");
    paths->data = weir_file_inside(scope, folder, "data");
    if (paths->config == NULL || paths->passphrase == NULL || paths->keys == NULL ||
        paths->data == NULL)
        return scope->err;
    struct stat status;
    const char *all[] = {paths->config, paths->passphrase, paths->keys, paths->data};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (lstat(all[i], &status) == 0)
            return weir_fail(scope, WEIR_E_EXISTS, "'%s' is there already; nothing was changed",
                             all[i]);
    }
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return weir_fail(scope, WEIR_E_IO, "cannot make '%s': %s", folder, strerror(errno));
    return WEIR_OK;
}

static enum weir_err files_write(struct weir_scope *scope,
                                 const struct paths *paths,
                                 struct weir_slice config,
                                 enum weir_kdf kdf)
{
    struct weir_passphrase *passphrase = NULL;
    enum weir_err err = weir_passphrase_create(scope, paths->passphrase, &passphrase);
    if (err == WEIR_OK)
        err = weir_keys_create(scope, paths->keys, passphrase, kdf);
    weir_passphrase_free(passphrase);
    if (err == WEIR_OK)
        err = weir_record_create(scope, paths->data);
    if (err == WEIR_OK)
        err = weir_file_write(scope, paths->config, config, 0600, false);
    return err;
}

static int report(struct weir_command *command, const struct paths *paths, const char *name)
{
    if (!command->wants_json) {
        (void)printf("Made the node %s in %s:\n"
                     "  weir.yaml        the configuration, with every option explained\n"
                     "  weir.keys        its keys, encrypted\n"
                     "  weir.passphrase  what opens them; keep a copy elsewhere\n"
                     "  data/            the ledger and the signer's record, still empty\n"
                     "Next:\n"
                     "  edit %s\n"
                     "  weir config check --config %s\n"
                     "  weir key show --config %s\n"
                     "  weir run --config %s\n",
                     name, paths->folder, paths->config, paths->config, paths->config,
                     paths->config);
        return WEIR_EXIT_OK;
    }
    struct weir_json json;
    weir_json_begin(&json, command->scope, 0);
    weir_json_object(&json, NULL);
    weir_json_text(&json, "node", name);
    weir_json_text(&json, "config", paths->config);
    weir_json_text(&json, "key_file", paths->keys);
    weir_json_text(&json, "passphrase_file", paths->passphrase);
    return weir_command_print_json(command, &json);
}

int weir_cmd_init(struct weir_command *command)
{
    struct weir_scope *scope = command->scope;
    const char *name = weir_command_option(command, "name");
    struct paths paths;
    struct weir_slice config;
    enum weir_kdf kdf;
    if (name == NULL)
        name = last_part(scope, command->operands[0]);
    if (name == NULL ||
        weir_kdf_find(scope, weir_command_option(command, "kdf"), &kdf) != WEIR_OK ||
        config_make(scope, name, &config) != WEIR_OK ||
        paths_make(scope, command->operands[0], &paths) != WEIR_OK ||
        files_write(scope, &paths, config, kdf) != WEIR_OK)
        return weir_command_fail(command);
    return report(command, &paths, name);
}
