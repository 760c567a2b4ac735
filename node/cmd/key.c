/* weir key new, weir key show. */
#include <stdio.h>
#include <string.h>

#include "attest/address.h"
#include "base/text.h"
#include "config/config.h"
#include "node/command.h"
#include "node/json_out.h"
#include "node/kdf.h"
#include "node/key_set.h"
#include "node/keyfile.h"
#include "node/passphrase.h"
#include "node/record.h"

int weir_cmd_key_new(struct weir_command *command)
{
    struct weir_config *config;
    struct weir_passphrase *passphrase = NULL;
    enum weir_kdf kdf;
    struct weir_scope *scope = command->scope;
    enum weir_err err = weir_kdf_find(scope, weir_command_option(command, "kdf"), &kdf);
    if (err == WEIR_OK)
        err = weir_command_config(command, &config);
    if (err == WEIR_OK)
        err = weir_passphrase_load(scope, config->node.passphrase_file, &passphrase);
    if (err == WEIR_OK)
        err = weir_keys_create(scope, config->node.key_file, passphrase, kdf);
    weir_passphrase_free(passphrase);
    if (err != WEIR_OK)
        return weir_command_fail(command);
    if (!command->wants_json) {
        (void)printf("Made %s. Keep it and its passphrase apart, and back up both.\n"
                     "Next: weir key show --config %s\n",
                     config->node.key_file, command->config_path);
        return WEIR_EXIT_OK;
    }
    struct weir_json json;
    weir_json_begin(&json, scope, 0);
    weir_json_object(&json, NULL);
    weir_json_text(&json, "key_file", config->node.key_file);
    return weir_command_print_json(command, &json);
}

int weir_cmd_key_new_record(struct weir_command *command)
{
    struct weir_config *config;
    struct weir_scope *scope = command->scope;
    if (weir_command_config(command, &config) != WEIR_OK)
        return weir_command_fail(command);
    if (!weir_command_flag(command, "nothing-was-signed")) {
        (void)weir_fail(scope, WEIR_E_USAGE,
                        "an empty record forgets what these keys have signed, and signing again "
                        "can contradict it in public. Only if they have signed nothing yet, say "
                        "--nothing-was-signed");
        return weir_command_fail(command);
    }
    if (weir_record_create(scope, config->node.data_dir) != WEIR_OK)
        return weir_command_fail(command);
    if (!command->wants_json) {
        (void)printf("Made an empty record for the signer in %s.\nNext: weir run --config %s\n",
                     config->node.data_dir, command->config_path);
        return WEIR_EXIT_OK;
    }
    struct weir_json json;
    weir_json_begin(&json, scope, 0);
    weir_json_object(&json, NULL);
    weir_json_text(&json, "data_dir", config->node.data_dir);
    return weir_command_print_json(command, &json);
}

static enum weir_err
keys_load(struct weir_command *command, const struct weir_config *config, struct weir_keys **keys)
{
    struct weir_passphrase *passphrase = NULL;
    struct weir_scope *scope = command->scope;
    enum weir_err err = weir_passphrase_load(scope, config->node.passphrase_file, &passphrase);
    if (err == WEIR_OK)
        err = weir_keys_open(scope, config->node.key_file, passphrase, keys);
    weir_passphrase_free(passphrase);
    return err;
}

static int show_key_set(struct weir_command *command, struct weir_keys *keys, const char *name)
{
    struct weir_key_set set;
    struct weir_buffer buffer = {0};
    if (weir_key_set_make(command->scope, keys, name, &set) != WEIR_OK ||
        weir_key_set_print(command->scope, &set, &buffer) != WEIR_OK)
        return weir_command_fail(command);
    /* Whether it arrived is seen when standard output is flushed at the end. */
    (void)fwrite(buffer.data, 1, buffer.length, stdout);
    return WEIR_EXIT_OK;
}

/* What a key is called in public: 64 digits, or an address. */
static void key_print(const struct weir_keys *keys, enum weir_key_role role, char text[static 65])
{
    if (role < WEIR_KEY_REPORT) {
        weir_hex_print(weir_keys_ed25519(keys, role), WEIR_ED25519_PUBLIC_BYTES, text);
        return;
    }
    struct weir_address address = weir_keys_address(keys, role);
    weir_address_print(&address, text);
}

static int show_keys(struct weir_command *command, struct weir_keys *keys, const char *name)
{
    struct weir_json json;
    weir_json_begin(&json, command->scope, 0);
    weir_json_object(&json, NULL);
    weir_json_text(&json, "node", name);
    if (!command->wants_json)
        (void)printf("%-10s %s\n", "node", name);
    for (unsigned i = 0; i < WEIR_KEY_ROLES; i++) {
        char shown[65];
        enum weir_key_role role = (enum weir_key_role)i;
        key_print(keys, role, shown);
        weir_json_text(&json, weir_key_role_name(role), shown);
        if (!command->wants_json)
            (void)printf("%-10s %s\n", weir_key_role_name(role), shown);
    }
    if (!command->wants_json)
        return WEIR_EXIT_OK;
    return weir_command_print_json(command, &json);
}

int weir_cmd_key_show(struct weir_command *command)
{
    struct weir_config *config;
    struct weir_keys *keys = NULL;
    if (weir_command_config(command, &config) != WEIR_OK ||
        keys_load(command, config, &keys) != WEIR_OK)
        return weir_command_fail(command);
    int status = weir_command_flag(command, "keyset")
                     ? show_key_set(command, keys, config->node.name)
                     : show_keys(command, keys, config->node.name);
    weir_keys_free(keys);
    return status;
}
