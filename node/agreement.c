#include "node/agreement.h"

#include <string.h>

#include "attest/checkpoint.h"
#include "base/arena.h"
#include "config/config.h"

const char *weir_origin_of(struct weir_scope *scope, const char *node, const char *gauge)
{
    return weir_take_printf(scope, "%s/gauge/%s", node, gauge);
}

static struct weir_address address_of(const struct weir_config_address *configured)
{
    struct weir_address address;
    memcpy(address.bytes, configured->bytes, sizeof(address.bytes));
    return address;
}

#define WEEK_S 604800

/* As the terms write it: seconds for fixed windows and weeks, 0 for months. */
static uint32_t length_s(const struct weir_windows *windows)
{
    switch (windows->calendar) {
    case WEIR_CALENDAR_FIXED:
        return (uint32_t)(windows->length_ms / 1000);
    case WEIR_CALENDAR_ISO_WEEK:
        return WEEK_S;
    case WEIR_CALENDAR_MONTH:
        break;
    }
    return 0;
}

static void copy_witnesses(const struct weir_config_agreement *configured, struct weir_terms *terms)
{
    terms->witness_count = configured->witness_count;
    for (size_t i = 0; i < configured->witness_count; i++) {
        terms->witnesses[i].key = address_of(&configured->witnesses[i].key);
        memcpy(terms->witnesses[i].node, configured->witnesses[i].node.bytes, WEIR_NODE_BYTES);
    }
    terms->tier_count = configured->tier_count;
    for (size_t j = 0; j < configured->tier_count; j++)
        terms->tiers[j] = (struct weir_terms_tier){
            .ratio = configured->tiers[j].ratio,
            .payout = weir_money_units(configured->tiers[j].payout),
        };
}

enum weir_err weir_agreement_terms(struct weir_scope *scope,
                                   const struct weir_config_agreement *configured,
                                   struct weir_terms *terms,
                                   struct weir_gauge *gauge,
                                   struct weir_slice *text)
{
    struct weir_buffer definition = {.capacity_max = WEIR_GAUGE_TEXT_MAX};
    *gauge = configured->gauge->definition;
    enum weir_err err = weir_gauge_print(scope, gauge, &definition);
    if (err != WEIR_OK)
        return weir_note(scope, "agreement '%s'", configured->name);
    *text = weir_buffer_slice(&definition);
    const struct weir_windows *windows = &gauge->windows;
    *terms = (struct weir_terms){
        .provider = address_of(&configured->provider),
        .customer = address_of(&configured->customer),
        .asset = address_of(&configured->asset->address),
        .gauge = weir_sha256_of(text->data, text->length),
        .document = configured->document,
        .calendar = (uint8_t)windows->calendar,
        .length_s = length_s(windows),
        .start_s = (uint64_t)(configured->start_ms / 1000),
        .count = configured->window_count,
        .early = configured->pays_early,
        .settle_delay_s = (uint32_t)(configured->settle_delay_ms / 1000),
        .claim_window_s = (uint32_t)(configured->claim_window_ms / 1000),
        .max_skew_ms = (uint32_t)configured->skew_max_ms,
        .cap = weir_money_units(configured->cap),
        .cap_windows = configured->cap_windows,
        .m = configured->threshold,
        .nonce = configured->nonce,
    };
    copy_witnesses(configured, terms);
    err = weir_terms_check(scope, terms, !weir_gauge_is_scheduled(gauge));
    return err == WEIR_OK ? err : weir_note(scope, "agreement '%s'", configured->name);
}

/* The key of a set as a verifier key under a name. */
static struct weir_vkey vkey_of(const struct weir_key_set *keys,
                                enum weir_key_purpose purpose,
                                enum weir_key_type type,
                                const char *name)
{
    const struct weir_key *listed = weir_keyset_find(&keys->set, purpose, 0);
    struct weir_ed25519_key key;
    memcpy(key.bytes, listed->bytes, sizeof(key.bytes));
    return weir_vkey_make(weir_slice_text(name), type, &key);
}

static enum weir_err name_witness(struct weir_scope *scope,
                                  const struct weir_agreement *agreement,
                                  const char *node_name,
                                  struct weir_witness *witness)
{
    witness->origin = weir_origin_of(scope, node_name, agreement->gauge.name);
    const char *cosigner = weir_take_printf(scope, "%s/cosign", node_name);
    if (witness->origin == NULL || cosigner == NULL)
        return scope->err;
    if (weir_keyset_find(&witness->keys->set, WEIR_PURPOSE_LOG, 0) == NULL ||
        weir_keyset_find(&witness->keys->set, WEIR_PURPOSE_COSIGN, 0) == NULL)
        return weir_fail(scope, WEIR_E_CONFIG, "the key set of '%s' lists no log or cosign key",
                         node_name);
    const struct weir_address *key = &agreement->terms.witnesses[witness->index].key;
    if (!weir_keyset_has_report(&witness->keys->set, key))
        return weir_fail(scope, WEIR_E_CONFIG,
                         "agreement '%s': witness %u is node '%s', but not with its report key",
                         agreement->name, witness->index, node_name);
    witness->origin_hash = weir_origin_hash(weir_slice_text(witness->origin));
    witness->log_key = vkey_of(witness->keys, WEIR_PURPOSE_LOG, WEIR_KEY_ED25519, witness->origin);
    witness->cosign_key =
        vkey_of(witness->keys, WEIR_PURPOSE_COSIGN, WEIR_KEY_COSIGNATURE, cosigner);
    return WEIR_OK;
}

/* Finds out who witness number i is: this node, a configured peer, or a stranger. */
static enum weir_err find_witness(struct weir_scope *scope,
                                  const struct weir_config *config,
                                  struct weir_self self,
                                  const struct weir_key_set *peer_keys,
                                  struct weir_agreement *agreement,
                                  size_t i)
{
    struct weir_witness *witness = &agreement->witnesses[i];
    const uint8_t *node = agreement->terms.witnesses[i].node;
    witness->index = (uint8_t)i;
    if (self.keys != NULL && memcmp(self.keys->set.node.bytes, node, WEIR_NODE_BYTES) == 0) {
        agreement->own = (int)i;
        witness->keys = self.keys;
        return name_witness(scope, agreement, self.name, witness);
    }
    for (size_t p = 0; p < config->peer_count; p++) {
        if (memcmp(peer_keys[p].set.node.bytes, node, WEIR_NODE_BYTES) != 0)
            continue;
        witness->keys = &peer_keys[p];
        witness->peer = &config->peers[p];
        return name_witness(scope, agreement, config->peers[p].name, witness);
    }
    return WEIR_OK;
}

static enum weir_err agreement_load(struct weir_scope *scope,
                                    const struct weir_config *config,
                                    struct weir_self self,
                                    const struct weir_key_set *peer_keys,
                                    const struct weir_config_agreement *configured,
                                    struct weir_agreement *agreement)
{
    *agreement = (struct weir_agreement){
        .configured = configured,
        .name = configured->name,
        .factory = address_of(&configured->chain->factory),
        .implementation = address_of(&configured->chain->implementation),
        .own = -1,
    };
    enum weir_err err = weir_agreement_terms(scope, configured, &agreement->terms,
                                             &agreement->gauge, &agreement->gauge_text);
    if (err != WEIR_OK)
        return err;
    agreement->hash = weir_terms_hash(&agreement->terms);
    agreement->domain = (struct weir_domain){
        .chain_id = configured->chain->chain_id,
        .contract = weir_terms_clone_address(&agreement->terms, &agreement->factory,
                                             &agreement->implementation),
    };
    agreement->schedule = weir_terms_schedule(&agreement->terms);
    agreement->tier_count = weir_terms_ratios(&agreement->terms, agreement->tiers);
    agreement->witness_count = agreement->terms.witness_count;
    for (size_t i = 0; err == WEIR_OK && i < agreement->witness_count; i++)
        err = find_witness(scope, config, self, peer_keys, agreement, i);
    return err;
}

enum weir_err weir_agreements_load(struct weir_scope *scope,
                                   const struct weir_config *config,
                                   struct weir_self self,
                                   struct weir_agreements *agreements)
{
    *agreements = (struct weir_agreements){
        .items = weir_take(scope, config->agreement_count, sizeof(*agreements->items)),
        .count = config->agreement_count,
        .peer_keys = weir_take(scope, config->peer_count, sizeof(*agreements->peer_keys)),
    };
    if (agreements->items == NULL || agreements->peer_keys == NULL)
        return scope->err;
    enum weir_err err = WEIR_OK;
    for (size_t p = 0; err == WEIR_OK && p < config->peer_count; p++) {
        err = weir_key_set_load(scope, config->peers[p].key_set_file, &agreements->peer_keys[p]);
        if (err != WEIR_OK)
            return weir_note(scope, "peer '%s'", config->peers[p].name);
    }
    for (size_t i = 0; err == WEIR_OK && i < config->agreement_count; i++)
        err = agreement_load(scope, config, self, agreements->peer_keys, &config->agreements[i],
                             &agreements->items[i]);
    return err;
}

const struct weir_agreement *weir_agreement_by_hash(const struct weir_agreements *agreements,
                                                    const struct weir_hash *terms)
{
    for (size_t i = 0; i < agreements->count; i++)
        if (weir_hash_equal(&agreements->items[i].hash, terms))
            return &agreements->items[i];
    return NULL;
}

const struct weir_agreement *weir_agreement_by_name(const struct weir_agreements *agreements,
                                                    const char *name)
{
    for (size_t i = 0; i < agreements->count; i++)
        if (strcmp(agreements->items[i].name, name) == 0)
            return &agreements->items[i];
    return NULL;
}

const struct weir_witness *weir_agreement_witness(const struct weir_agreement *agreement,
                                                  const struct weir_hash *origin_hash)
{
    for (size_t i = 0; i < agreement->witness_count; i++)
        if (agreement->witnesses[i].keys != NULL &&
            weir_hash_equal(&agreement->witnesses[i].origin_hash, origin_hash))
            return &agreement->witnesses[i];
    return NULL;
}
