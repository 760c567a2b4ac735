#include "config/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/number.h"
#include "base/slice.h"
#include "base/text.h"

enum weir_err weir_check_refuse(const struct weir_check *check,
                                const char *list,
                                size_t index,
                                const char *key,
                                const char *fmt,
                                ...)
{
    char text[512];
    char path[256];
    va_list arguments;
    va_start(arguments, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, arguments); /* a text that is cut is still a text */
    va_end(arguments);
    (void)snprintf(path, sizeof(path), "%s[%zu]%s%s", list, index, *key == '\0' ? "" : ".", key);
    (void)weir_fail(check->scope, WEIR_E_CONFIG, "%s", text);
    return weir_positions_note(check->scope, check->positions, path);
}

static const char *name_at(const struct weir_names *names, size_t i)
{
    const uint8_t *item = (const uint8_t *)names->items + i * names->stride;
    return *(const char *const *)(item + names->name_offset);
}

size_t weir_names_find(const struct weir_names *names, const char *name)
{
    size_t i = 0;
    while (i < names->count && strcmp(name_at(names, i), name) != 0)
        i++;
    return i;
}

enum weir_err weir_check_find(const struct weir_check *check,
                              const struct weir_names *names,
                              struct weir_reference reference,
                              size_t *found)
{
    size_t position = weir_names_find(names, reference.name);
    if (position < names->count) {
        *found = position;
        return WEIR_OK;
    }
    const char **candidates = weir_take(check->scope, names->count, sizeof(*candidates));
    if (candidates == NULL)
        return WEIR_E_MEMORY;
    for (size_t i = 0; i < names->count; i++)
        candidates[i] = name_at(names, i);
    const char *nearest = weir_nearest(reference.name, candidates, names->count);
    return weir_check_refuse(check, reference.list, reference.index, reference.key,
                             "there is no %s named '%s'%s%s%s", names->what, reference.name,
                             nearest == NULL ? "" : "; did you mean '",
                             nearest == NULL ? "" : nearest, nearest == NULL ? "" : "'?");
}

struct weir_names weir_names_of_chains(const struct weir_config *config)
{
    return (struct weir_names){"chain", config->chains, config->chain_count,
                               sizeof(config->chains[0]), offsetof(struct weir_config_chain, name)};
}

struct weir_names weir_names_of_assets(const struct weir_config *config)
{
    return (struct weir_names){"asset", config->assets, config->asset_count,
                               sizeof(config->assets[0]), offsetof(struct weir_config_asset, name)};
}

struct weir_names weir_names_of_sources(const struct weir_config *config)
{
    return (struct weir_names){"source", config->sources, config->source_count,
                               sizeof(config->sources[0]),
                               offsetof(struct weir_config_source, name)};
}

struct weir_names weir_names_of_gauges(const struct weir_config *config)
{
    return (struct weir_names){"gauge", config->gauges, config->gauge_count,
                               sizeof(config->gauges[0]),
                               offsetof(struct weir_config_gauge, definition.name)};
}

struct weir_names weir_names_of_peers(const struct weir_config *config)
{
    return (struct weir_names){"peer", config->peers, config->peer_count, sizeof(config->peers[0]),
                               offsetof(struct weir_config_peer, name)};
}

struct weir_names weir_names_of_agreements(const struct weir_config *config)
{
    return (struct weir_names){"agreement", config->agreements, config->agreement_count,
                               sizeof(config->agreements[0]),
                               offsetof(struct weir_config_agreement, name)};
}

/* No name twice in one list.  At most a few thousand names, so comparing all is quick enough. */
static enum weir_err check_unique(const struct weir_check *check, const struct weir_names *names)
{
    char list[32];
    (void)snprintf(list, sizeof(list), "%ss", names->what);
    for (size_t i = 1; i < names->count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (strcmp(name_at(names, i), name_at(names, k)) == 0)
                return weir_check_refuse(check, list, i, "name",
                                         "the name '%s' is taken by %s[%zu]", name_at(names, i),
                                         list, k);
        }
    }
    return WEIR_OK;
}

static enum weir_err check_names(const struct weir_check *check)
{
    const struct weir_names lists[] = {
        weir_names_of_chains(check->config),  weir_names_of_assets(check->config),
        weir_names_of_sources(check->config), weir_names_of_gauges(check->config),
        weir_names_of_peers(check->config),   weir_names_of_agreements(check->config),
    };
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        if (check_unique(check, &lists[i]) != WEIR_OK)
            return check->scope->err;
    }
    const struct weir_config *config = check->config;
    for (size_t i = 0; i < config->peer_count; i++) {
        if (strcmp(config->peers[i].name, config->node.name) == 0)
            return weir_check_refuse(check, "peers", i, "name", "'%s' is this node itself",
                                     config->node.name);
    }
    return WEIR_OK;
}

static enum weir_err check_listen(const struct weir_check *check)
{
    const struct weir_config_api *api = &check->config->api;
    bool is_loopback =
        strncmp(api->listen_host, "127.", 4) == 0 || strcmp(api->listen_host, "::1") == 0;
    if (is_loopback || api->remote_is_allowed)
        return WEIR_OK;
    (void)weir_fail(check->scope, WEIR_E_CONFIG,
                    "%s is not a loopback address; to open this door to others say "
                    "'allow_remote: true'",
                    api->listen_host);
    return weir_positions_note(check->scope, check->positions, "api.listen");
}

/* "host:port", where the port is a number. */
static enum weir_err check_references(const struct weir_check *check)
{
    const struct weir_config_texts *references = &check->config->collector.references;
    for (size_t i = 0; i < references->count; i++) {
        const char *colon = strrchr(references->items[i], ':');
        struct weir_scope inner = {0};
        uint64_t port = 0;
        if (colon != NULL && colon != references->items[i] &&
            weir_u64_parse(&inner, weir_slice_text(colon + 1), UINT16_MAX, &port) == WEIR_OK &&
            port > 0)
            continue;
        return weir_check_refuse(check, "collector.references", i, "",
                                 "'%s' is not a host and port such as example.org:443",
                                 references->items[i]);
    }
    return WEIR_OK;
}

static enum weir_err check_assets(const struct weir_check *check)
{
    struct weir_config *config = check->config;
    struct weir_names chains = weir_names_of_chains(config);
    for (size_t i = 0; i < config->asset_count; i++) {
        struct weir_config_asset *asset = &config->assets[i];
        const struct weir_reference chain = {"assets", i, "chain", asset->chain_name};
        size_t found = 0;
        if (weir_check_find(check, &chains, chain, &found) != WEIR_OK)
            return check->scope->err;
        asset->chain = &config->chains[found];
        asset->number = (uint16_t)(i + 1);
        static const struct weir_config_address zero;
        if (!asset->is_native && memcmp(&asset->address, &zero, sizeof(zero)) == 0)
            return weir_check_refuse(check, "assets", i, "address",
                                     "the zero address is no token; write native");
    }
    return WEIR_OK;
}

enum weir_err weir_check_amount(const struct weir_check *check,
                                const char *path,
                                const struct weir_config_asset *asset,
                                const char *text,
                                struct weir_money *money)
{
    struct weir_scope inner = {0};
    enum weir_err err =
        weir_money_parse(&inner, weir_slice_text(text), asset->number, asset->decimals, money);
    if (err != WEIR_OK)
        (void)weir_fail(check->scope, WEIR_E_CONFIG,
                        "'%s' is not an amount of %s, which has %u decimals: %s", text, asset->name,
                        asset->decimals, inner.fault);
    else if (weir_money_units(*money) >> 96 != 0)
        (void)weir_fail(check->scope, WEIR_E_CONFIG, "'%s' is more than a contract can hold", text);
    else
        return WEIR_OK;
    return weir_positions_note(check->scope, check->positions, path);
}

enum weir_err weir_check_config(const struct weir_check *check)
{
    enum weir_err (*const steps[])(const struct weir_check *) = {
        check_names,        check_listen,      check_references,      check_assets,
        weir_check_sources, weir_check_gauges, weir_check_agreements, weir_check_policy,
    };
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        enum weir_err err = steps[i](check);
        if (err != WEIR_OK)
            return err;
    }
    return WEIR_OK;
}
