/* weir config check, weir config show. */
#include <stdio.h>

#include "attest/address.h"
#include "base/arena.h"
#include "config/config.h"
#include "config/show.h"
#include "node/command.h"
#include "node/json_out.h"

int weir_cmd_config_check(struct weir_command *command)
{
    struct weir_config *config;
    if (weir_command_config(command, &config) != WEIR_OK)
        return weir_command_fail(command);
    if (!command->wants_json) {
        (void)printf("%s%s is right%s: node %s, %zu gauges, %zu sources, %zu peers, %zu "
                     "agreements\n",
                     weir_terminal_begin(&command->terminal, WEIR_COLOUR_GOOD),
                     command->config_path, weir_terminal_end(&command->terminal), config->node.name,
                     config->gauge_count, config->source_count, config->peer_count,
                     config->agreement_count);
        return WEIR_EXIT_OK;
    }
    struct weir_json json;
    weir_json_begin(&json, command->scope, 0);
    weir_json_object(&json, NULL);
    weir_json_text(&json, "config", command->config_path);
    weir_json_text(&json, "node", config->node.name);
    weir_json_count(&json, "gauges", (uint32_t)config->gauge_count);
    weir_json_count(&json, "sources", (uint32_t)config->source_count);
    weir_json_count(&json, "peers", (uint32_t)config->peer_count);
    weir_json_count(&json, "agreements", (uint32_t)config->agreement_count);
    return weir_command_print_json(command, &json);
}

/* Addresses are shown as people write them, with the checksum the pure floor does not know. */
static enum weir_err
addresses_dress(struct weir_scope *scope, struct weir_shown *items, size_t item_count)
{
    for (size_t i = 0; i < item_count; i++) {
        struct weir_slice text = weir_slice_text(items[i].value == NULL ? "" : items[i].value);
        bool is_address =
            items[i].option == WEIR_OPTION_ADDRESS ||
            (items[i].option == WEIR_OPTION_ASSET && !weir_slice_equals_text(text, "native"));
        if (items[i].kind != WEIR_SHOWN_VALUE || !is_address)
            continue;
        struct weir_address address;
        char dressed[WEIR_ADDRESS_TEXT_BYTES];
        if (weir_address_parse_hex(scope, text, &address) != WEIR_OK)
            return scope->err;
        weir_address_print(&address, dressed);
        items[i].value = weir_take_text(scope, dressed, sizeof(dressed) - 1);
        if (items[i].value == NULL)
            return scope->err;
    }
    return WEIR_OK;
}

static int
show_json(struct weir_command *command, const struct weir_shown *items, size_t item_count)
{
    struct weir_json json;
    weir_json_begin(&json, command->scope, 0);
    weir_json_object(&json, NULL);
    for (size_t i = 0; i < item_count; i++) {
        const struct weir_shown *item = &items[i];
        switch (item->kind) {
        case WEIR_SHOWN_VALUE:
            if (item->option == WEIR_OPTION_BOOL)
                weir_json_bool(&json, item->key, item->value[0] == 't');
            else
                weir_json_text(&json, item->key, item->value);
            break;
        case WEIR_SHOWN_SECTION:
            weir_json_object(&json, item->key);
            break;
        case WEIR_SHOWN_LIST:
            weir_json_array(&json, item->key);
            break;
        case WEIR_SHOWN_END:
            weir_json_close(&json);
            break;
        }
    }
    return weir_command_print_json(command, &json);
}

int weir_cmd_config_show(struct weir_command *command)
{
    struct weir_config *config;
    struct weir_shown *items;
    size_t item_count;
    struct weir_buffer buffer = {0};
    if (weir_command_config(command, &config) != WEIR_OK ||
        weir_config_show(command->scope, config, &items, &item_count) != WEIR_OK ||
        addresses_dress(command->scope, items, item_count) != WEIR_OK)
        return weir_command_fail(command);
    if (command->wants_json)
        return show_json(command, items, item_count);
    if (weir_shown_print(command->scope, items, item_count, &buffer) != WEIR_OK)
        return weir_command_fail(command);
    /* Whether it arrived is seen when standard output is flushed at the end. */
    (void)fwrite(buffer.data, 1, buffer.length, stdout);
    return WEIR_EXIT_OK;
}
