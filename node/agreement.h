/* The agreements of a configuration as the duties need them: terms, names and addresses that follow
 * from them, the gauge, and who the witnesses are.  Made once at the start of a duty, owned by the
 * arena it was made in, never changed.  Floor 3. */
#ifndef WEIR_NODE_AGREEMENT_H
#define WEIR_NODE_AGREEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attest/eip712.h"
#include "attest/note.h"
#include "attest/terms.h"
#include "base/err.h"
#include "base/hash.h"
#include "metrics/gauge.h"
#include "metrics/window.h"
#include "node/key_set.h"

struct weir_config;
struct weir_config_agreement;
struct weir_config_peer;

/* One witness of an agreement. */
struct weir_witness {
    uint8_t index;
    const struct weir_config_peer *peer; /* NULL: this node itself, or nobody we are told about */
    const struct weir_key_set *keys;     /* NULL: unknown to this configuration */
    const char *origin;                  /* of its log of this gauge; NULL without keys */
    struct weir_hash origin_hash;
    struct weir_vkey log_key; /* verifies that log's checkpoints */
    struct weir_vkey cosign_key;
};

struct weir_agreement {
    const struct weir_config_agreement *configured;
    const char *name;
    struct weir_terms terms;
    struct weir_hash hash;
    struct weir_domain domain;
    struct weir_address factory;
    struct weir_address implementation;
    struct weir_gauge gauge;
    struct weir_slice gauge_text;
    struct weir_schedule schedule;
    struct weir_ratio tiers[WEIR_TIER_MAX];
    size_t tier_count;
    int own; /* index of this node among the witnesses, -1: none */
    struct weir_witness witnesses[WEIR_WITNESSES_MAX];
    size_t witness_count;
};

struct weir_agreements {
    struct weir_agreement *items;
    size_t count;
    struct weir_key_set *peer_keys; /* one per configured peer */
};

/* What every duty knows of the node itself. */
struct weir_self {
    const char *name;
    const struct weir_key_set *keys;
};

/* The log of a gauge kept by a node: "<node>/gauge/<gauge>"; NULL as weir_take. */
const char *weir_origin_of(struct weir_scope *scope, const char *node, const char *gauge);

/* Terms of one configured agreement; no key sets needed.  `gauge` gets the definition, `text` its
 * canonical bytes.  Errors: CONFIG (what the terms refuse), MEMORY. */
WEIR_CHECKED enum weir_err weir_agreement_terms(struct weir_scope *scope,
                                                const struct weir_config_agreement *configured,
                                                struct weir_terms *terms,
                                                struct weir_gauge *gauge,
                                                struct weir_slice *text);

/* All of them, with the key sets of the peers read from their files.
 * Errors: CONFIG, PARSE, SIGNATURE, NOT_FOUND, IO, MEMORY. */
WEIR_CHECKED enum weir_err weir_agreements_load(struct weir_scope *scope,
                                                const struct weir_config *config,
                                                struct weir_self self,
                                                struct weir_agreements *agreements);

/* By terms hash or name; NULL when there is none. */
const struct weir_agreement *weir_agreement_by_hash(const struct weir_agreements *agreements,
                                                    const struct weir_hash *terms);
const struct weir_agreement *weir_agreement_by_name(const struct weir_agreements *agreements,
                                                    const char *name);

/* The witness whose log has this origin; NULL when nobody's. */
const struct weir_witness *weir_agreement_witness(const struct weir_agreement *agreement,
                                                  const struct weir_hash *origin_hash);

#endif /* WEIR_NODE_AGREEMENT_H */
