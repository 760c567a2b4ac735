#include "tests/unit/attest/with_witness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/checkpoint.h"
#include "attest/keyset.h"
#include "attest/rows.h"
#include "base/arena.h"

void witness_check(const struct weir_scope *scope, enum weir_err err, const char *file, int line)
{
    if (err == WEIR_OK)
        return;
    (void)fprintf(stderr, "%s:%d: %s: %s\n", file, line, weir_err_name(err), scope->fault);
    abort();
}

static void *take(struct weir_scope *scope, size_t count, size_t item_bytes)
{
    void *taken = weir_take(scope, count, item_bytes);
    if (taken == NULL)
        witness_check(scope, WEIR_E_MEMORY, __FILE__, __LINE__);
    return taken;
}

/* 32 bytes that nobody else has. */
static struct weir_hash seed_of(unsigned number, const char *use)
{
    char text[64];
    int length = snprintf(text, sizeof(text), "test key %u %s", number, use);
    return weir_sha256_of(text, (size_t)length);
}

static void ed25519_make(unsigned number, const char *use, uint8_t *secret)
{
    weir_ed25519_from_seed(seed_of(number, use).bytes, secret);
}

static void put_key(struct weir_keyset *set, enum weir_key_purpose purpose, const uint8_t *secret)
{
    struct weir_ed25519_key key = weir_ed25519_public(secret);
    struct weir_key *listed = &set->keys[set->key_count++];
    *listed = (struct weir_key){.purpose = (uint8_t)purpose,
                                .type = WEIR_KEYSET_ED25519,
                                .length_bytes = sizeof(key.bytes)};
    memcpy(listed->bytes, key.bytes, sizeof(key.bytes));
}

/* The secret behind a listed key. */
static const uint8_t *secret_of(const struct proof_witness *witness, const struct weir_key *key)
{
    const uint8_t *const secrets[] = {witness->statement, witness->log_key, witness->cosign};
    for (size_t i = 0; i < 3; i++) {
        struct weir_ed25519_key own = weir_ed25519_public(secrets[i]);
        if (memcmp(own.bytes, key->bytes, sizeof(own.bytes)) == 0)
            return secrets[i];
    }
    abort();
}

void witness_sign_keys(struct weir_scope *scope,
                       const struct weir_secp *secp,
                       struct proof_witness *witness)
{
    struct weir_keyset set = {.node = weir_ed25519_public(witness->identity)};
    struct weir_secp_key point;
    put_key(&set, WEIR_PURPOSE_STATEMENT, witness->statement);
    put_key(&set, WEIR_PURPOSE_LOG, witness->log_key);
    put_key(&set, WEIR_PURPOSE_COSIGN, witness->cosign);
    witness_must(scope, weir_secp_key_of(secp, scope, witness->report, &point));
    set.keys[set.key_count] = (struct weir_key){.purpose = WEIR_PURPOSE_REPORT,
                                                .type = WEIR_KEYSET_SECP256K1,
                                                .length_bytes = sizeof(point.bytes)};
    memcpy(set.keys[set.key_count++].bytes, point.bytes, sizeof(point.bytes));
    weir_keyset_sort(&set);
    struct weir_buffer bytes = {.capacity_max = WEIR_KEYSET_BYTES_MAX};
    witness_must(scope, weir_keyset_write(scope, &set, &bytes));

    uint8_t *proofs = take(scope, 1 + set.key_count, WEIR_KEYSET_PROOF_BYTES);
    uint8_t message[WEIR_POSSESSION_BYTES];
    struct weir_ed25519_signature identity =
        weir_ed25519_sign(witness->identity, weir_buffer_slice(&bytes));
    memcpy(proofs, identity.bytes, sizeof(identity.bytes));
    weir_possession_message(weir_buffer_slice(&bytes), message);
    for (size_t i = 0; i < set.key_count; i++) {
        uint8_t *proof = proofs + (1 + i) * WEIR_KEYSET_PROOF_BYTES;
        struct weir_hash digest = weir_possession_digest(&set.node, weir_buffer_slice(&bytes));
        struct weir_signature signature;
        if (set.keys[i].purpose == WEIR_PURPOSE_REPORT) {
            witness_must(scope, weir_secp_sign(secp, scope, witness->report, &digest, &signature));
            memcpy(proof, signature.bytes, sizeof(signature.bytes));
            continue;
        }
        struct weir_ed25519_signature possession = weir_ed25519_sign(
            secret_of(witness, &set.keys[i]), (struct weir_slice){message, sizeof(message)});
        memcpy(proof, possession.bytes, sizeof(possession.bytes));
    }
    witness->keys.set = weir_buffer_slice(&bytes);
    witness->keys.proofs =
        (struct weir_slice){proofs, (1 + set.key_count) * WEIR_KEYSET_PROOF_BYTES};
}

void witness_make(struct weir_scope *scope,
                  const struct weir_secp *secp,
                  unsigned number,
                  struct proof_witness *witness)
{
    struct weir_secp_key point;
    *witness = (struct proof_witness){.leaf_count = 0};
    ed25519_make(number, "identity", witness->identity);
    ed25519_make(number, "statement", witness->statement);
    ed25519_make(number, "log", witness->log_key);
    ed25519_make(number, "cosign", witness->cosign);
    memcpy(witness->report, seed_of(number, "report").bytes, sizeof(witness->report));
    memcpy(witness->salt_root, seed_of(number, "salts").bytes, sizeof(witness->salt_root));
    witness->origin = weir_take_printf(scope, "w%u.example/gauge/web", number);
    witness->cosigner = weir_take_printf(scope, "w%u.example/cosign", number);
    witness_must(scope, weir_secp_key_of(secp, scope, witness->report, &point));
    witness_must(scope, weir_secp_address(scope, &point, &witness->address));
    witness_sign_keys(scope, secp, witness);
}

void witness_log(struct weir_scope *scope, struct proof_witness *witness, struct witness_leaf leaf)
{
    if (witness->leaf_count == witness->leaf_room) {
        size_t room = witness->leaf_room == 0 ? 64 : 2 * witness->leaf_room;
        struct witness_leaf *leaves = take(scope, room, sizeof(*leaves));
        if (witness->leaf_count > 0)
            memcpy(leaves, witness->leaves, witness->leaf_count * sizeof(*leaves));
        witness->leaves = leaves;
        witness->leaf_room = room;
    }
    witness->leaves[witness->leaf_count++] = leaf;
}

void witness_log_tick(struct weir_scope *scope,
                      struct proof_witness *witness,
                      struct weir_tick tick)
{
    uint8_t *payload = take(scope, 1, WEIR_TICK_PAYLOAD_BYTES);
    weir_tick_write(&tick, payload);
    const struct witness_leaf leaf = {
        .kind = tick.reason == WEIR_REASON_MISSED ? WEIR_LEAF_MISSED : WEIR_LEAF_TICK,
        .flags = (enum weir_leaf_flags)tick.state,
        .tick_ms = tick.tick_ms,
        .payload = {payload, WEIR_TICK_PAYLOAD_BYTES},
    };
    witness_log(scope, witness, leaf);
}

void witness_log_ticks(struct weir_scope *scope,
                       struct proof_witness *witness,
                       struct weir_interval span,
                       int64_t interval_ms,
                       struct weir_interval down)
{
    for (int64_t at_ms = span.start_ms; at_ms < span.end_ms; at_ms += interval_ms) {
        bool is_down = at_ms >= down.start_ms && at_ms < down.end_ms;
        witness_log_tick(scope, witness,
                         weir_tick_make(at_ms, is_down ? WEIR_REASON_TIMEOUT : WEIR_REASON_OK,
                                        is_down ? 0 : 200, 17));
    }
}

void witness_seal(struct weir_scope *scope, struct proof_witness *witness)
{
    struct weir_salt_stream salts;
    struct weir_salt salt;
    witness_must(scope,
                 weir_salt_stream_init(&salts, scope, witness->salt_root, weir_salt_domain(), 0));
    witness->hashes = take(scope, witness->leaf_count, sizeof(*witness->hashes));
    for (size_t i = 0; i < witness->leaf_count; i++) {
        const struct witness_leaf *kept = &witness->leaves[i];
        uint8_t bytes[WEIR_LEAF_BYTES];
        if (!weir_salt_stream_next(&salts, &salt))
            abort();
        const struct weir_leaf leaf = {
            .kind = kept->kind,
            .flags = kept->flags,
            .seq = i,
            .tick_ms = kept->tick_ms,
            .commit = weir_leaf_commit(&salt, kept->payload),
        };
        weir_leaf_write(&leaf, bytes);
        witness->hashes[i] = weir_leaf_hash(bytes);
    }
    witness->tree = (struct weir_merkle_leaves){witness->hashes, witness->leaf_count};
}

struct weir_salt
witness_salt(struct weir_scope *scope, const struct proof_witness *witness, uint64_t seq)
{
    struct weir_salt salt;
    witness_must(scope, weir_salt_make(scope, witness->salt_root, weir_salt_domain(), seq, &salt));
    return salt;
}

struct weir_hash
witness_root(struct weir_scope *scope, struct proof_witness *witness, uint64_t size)
{
    (void)scope;
    return weir_merkle_root(witness->hashes, size);
}

static struct weir_proof_path keep(struct weir_scope *scope, const struct weir_merkle_proof *proof)
{
    struct weir_hash *hashes = take(scope, proof->count, sizeof(*hashes));
    if (proof->count > 0)
        memcpy(hashes, proof->hashes, proof->count * sizeof(*hashes));
    return (struct weir_proof_path){hashes, proof->count};
}

struct weir_proof_path witness_inclusion(struct weir_scope *scope,
                                         struct proof_witness *witness,
                                         uint64_t seq,
                                         uint64_t size)
{
    struct weir_merkle_source source = weir_merkle_leaves_source(&witness->tree);
    struct weir_merkle_proof proof;
    witness_must(scope, weir_merkle_inclusion_make(&source, scope, seq, size, &proof));
    return keep(scope, &proof);
}

struct weir_proof_path
witness_range(struct weir_scope *scope, struct proof_witness *witness, struct weir_range range)
{
    struct weir_merkle_source source = weir_merkle_leaves_source(&witness->tree);
    struct weir_merkle_proof proof;
    witness_must(scope, weir_range_make(&source, scope, range, &proof));
    return keep(scope, &proof);
}

void witness_show(struct weir_scope *scope,
                  const struct proof_witness *witness,
                  int64_t interval_ms,
                  bool is_open,
                  struct weir_proof_section *section)
{
    struct weir_salt_range range = {section->opinion.first_leaf, section->opinion.end_leaf};
    struct weir_buffer rows = {.capacity_max = WEIR_PROOF_BYTES_MAX};
    struct weir_leaf_rows state =
        weir_leaf_rows_open((struct weir_slice){NULL, 0}, range.start, interval_ms, is_open);
    struct weir_salt_stream salts;
    struct weir_salt salt;
    witness_must(scope, weir_salt_stream_init(&salts, scope, witness->salt_root, weir_salt_domain(),
                                              range.start));
    for (uint64_t seq = range.start; seq < range.end; seq++) {
        const struct witness_leaf *leaf = &witness->leaves[seq];
        struct weir_leaf_row row = {
            .leaf = {.kind = leaf->kind,
                     .flags = leaf->flags,
                     .seq = seq,
                     .tick_ms = leaf->tick_ms},
            .payload = leaf->payload,
        };
        if (!weir_salt_stream_next(&salts, &salt))
            abort();
        if (!is_open)
            row.leaf.commit = weir_leaf_commit(&salt, leaf->payload);
        witness_must(scope, weir_leaf_rows_put(scope, &state, &row, &rows));
    }
    section->leaves = (struct weir_proof_leaves){range.start, range.end - range.start, is_open,
                                                 weir_buffer_slice(&rows)};
    section->seeds = NULL;
    section->seed_count = 0;
    if (!is_open)
        return;
    struct weir_salt_seed *seeds = take(scope, WEIR_SALT_COVER_MAX, sizeof(*seeds));
    witness_must(scope, weir_salt_cover(scope, witness->salt_root, weir_salt_domain(), range, seeds,
                                        &section->seed_count));
    section->seeds = seeds;
}
