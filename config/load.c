#include "base/arena.h"
#include "config/check.h"
#include "config/config.h"
#include "config/convert.h"

enum weir_err weir_config_load(struct weir_scope *scope,
                               const struct weir_config_input *input,
                               struct weir_config **config)
{
    if (input->text.length > WEIR_CONFIG_FILE_BYTES_MAX)
        return weir_fail(scope, WEIR_E_CONFIG, "%s has %zu bytes, more than %u", input->file,
                         input->text.length, WEIR_CONFIG_FILE_BYTES_MAX);
    struct weir_positions positions;
    const struct weir_tree *tree;
    struct weir_config *made = weir_take(scope, 1, sizeof(*made));
    if (made == NULL || weir_positions_find(scope, input->file, input->text, &weir_config_schema,
                                            &positions) != WEIR_OK)
        return scope->err;
    if (weir_tree_load(scope, input->text, &weir_config_schema, &tree) != WEIR_OK)
        return weir_note(scope, "%s", input->file);
    const struct weir_convert convert = {
        .scope = scope, .positions = &positions, .address = {input->address_is_sound}};
    if (weir_convert(&convert, &weir_config_schema, tree, made) != WEIR_OK)
        return scope->err;
    const struct weir_check check = {.scope = scope, .positions = &positions, .config = made};
    if (weir_check_config(&check) != WEIR_OK)
        return scope->err;
    *config = made;
    return WEIR_OK;
}

const struct weir_config_chain *weir_config_find_chain(const struct weir_config *config,
                                                       const char *name)
{
    struct weir_names names = weir_names_of_chains(config);
    size_t i = weir_names_find(&names, name);
    return i == names.count ? NULL : &config->chains[i];
}

const struct weir_config_asset *weir_config_find_asset(const struct weir_config *config,
                                                       const char *name)
{
    struct weir_names names = weir_names_of_assets(config);
    size_t i = weir_names_find(&names, name);
    return i == names.count ? NULL : &config->assets[i];
}

const struct weir_config_source *weir_config_find_source(const struct weir_config *config,
                                                         const char *name)
{
    struct weir_names names = weir_names_of_sources(config);
    size_t i = weir_names_find(&names, name);
    return i == names.count ? NULL : &config->sources[i];
}

const struct weir_config_gauge *weir_config_find_gauge(const struct weir_config *config,
                                                       const char *name)
{
    struct weir_names names = weir_names_of_gauges(config);
    size_t i = weir_names_find(&names, name);
    return i == names.count ? NULL : &config->gauges[i];
}

const struct weir_config_peer *weir_config_find_peer(const struct weir_config *config,
                                                     const char *name)
{
    struct weir_names names = weir_names_of_peers(config);
    size_t i = weir_names_find(&names, name);
    return i == names.count ? NULL : &config->peers[i];
}

const struct weir_config_agreement *weir_config_find_agreement(const struct weir_config *config,
                                                               const char *name)
{
    struct weir_names names = weir_names_of_agreements(config);
    size_t i = weir_names_find(&names, name);
    return i == names.count ? NULL : &config->agreements[i];
}
