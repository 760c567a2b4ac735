/* What checking a month proof costs: 8,640 observations of each of three witnesses, one shown open
 * with its salts and two sealed, two of whom must agree - beside its floor in the same run: the
 * SHA-256 of its leaves, of the nodes above them and of the commitments, the salt HMACs, and its
 * signatures, as plain library loops over the same bytes.  Both take turns and the time is the
 * processor's, so that a busy machine changes little.  Usage: bench_verify [turns, default 41]. */
#define OPENSSL_SUPPRESS_DEPRECATED /* the low-level calls are the fast ones: a low floor */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/sha.h>
#include <secp256k1.h>
#include <secp256k1_recovery.h>
#include <sodium.h>

#include "attest/cosign.h"
#include "base/arena.h"
#include "base/number.h"
#include "tests/unit/attest/with_proof.h"

#define OBSERVATIONS 8640
#define MONTH_S (30 * 86400)
#define WORLD_BYTES ((size_t)512 * 1024 * 1024)
#define ARENA_BYTES ((size_t)256 * 1024 * 1024)
#define TURNS_MAX 1001
#define MESSAGE_BYTES 1024
#define HMAC_BLOCK 64
#define LEAF_NODE_BYTES (1 + WEIR_LEAF_BYTES)
#define PAIR_BYTES (1 + 2 * WEIR_HASH_BYTES)

/* What the floor hashes of one section: the leaves as they stand in the tree, and what is committed
 * to in the open one. */
struct floor_section {
    uint8_t (*leaves)[LEAF_NODE_BYTES];
    struct weir_slice *commits;
    size_t leaf_count;
    const struct weir_salt_seed *seeds;
    size_t seed_count;
};

struct floor_ed25519 {
    uint8_t key[32];
    uint8_t signature[64];
    uint8_t message[MESSAGE_BYTES];
    size_t length;
};

struct floor_secp {
    uint8_t compact[64];
    int parity;
    uint8_t digest[32];
};

struct floor_work {
    struct floor_section sections[3];
    struct floor_ed25519 ed25519[64];
    size_t ed25519_count;
    struct floor_secp secp[32];
    size_t secp_count;
    uint8_t (*hashes)[WEIR_HASH_BYTES];
};

static struct proof_world world;
static struct floor_work work;
static volatile uint8_t sink; /* keeps the loops from being left out */

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now); /* cannot fail for this clock */
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void *take(size_t count, size_t item_bytes)
{
    void *taken = weir_take(&world.scope, count, item_bytes);
    witness_must(&world.scope, world.scope.err);
    return taken;
}

static void make_world(void)
{
    struct proof_options options = proof_defaults();
    options.window_s = MONTH_S;
    options.window_count = 1;
    options.interval_ms = (int64_t)MONTH_S * 1000 / OBSERVATIONS;
    proof_begin(&world, options, WORLD_BYTES);
    proof_log_outages(&world);
    proof_make_sections(&world, 1);
    proof_report(&world, 2, 3);
    proof_pay(&world, 60000000, 60000000);
}

/* The leaves of a section as bytes, and what the open ones commit to. */
static void gather_section(const struct weir_proof_section *section, struct floor_section *floor)
{
    struct proof_witness *witness = &world.witnesses[section->witness];
    size_t count = (size_t)section->leaves.count;
    floor->leaf_count = count;
    floor->leaves = take(count, sizeof(*floor->leaves));
    floor->commits = section->leaves.is_open ? take(count, sizeof(*floor->commits)) : NULL;
    floor->seeds = section->seeds;
    floor->seed_count = section->seed_count;
    for (size_t i = 0; i < count; i++) {
        uint64_t seq = section->leaves.first + i;
        const struct witness_leaf *kept = &witness->leaves[seq];
        struct weir_salt salt = witness_salt(&world.scope, witness, seq);
        const struct weir_leaf leaf = {
            .kind = kept->kind,
            .flags = kept->flags,
            .seq = seq,
            .tick_ms = kept->tick_ms,
            .commit = weir_leaf_commit(&salt, kept->payload),
        };
        weir_leaf_write(&leaf, floor->leaves[i] + 1);
        if (floor->commits == NULL)
            continue;
        size_t length = WEIR_LEAF_DOMAIN_BYTES + WEIR_SALT_BYTES + kept->payload.length;
        uint8_t *text = take(length, 1);
        memcpy(text, WEIR_LEAF_DOMAIN, WEIR_LEAF_DOMAIN_BYTES);
        memcpy(text + WEIR_LEAF_DOMAIN_BYTES, salt.bytes, WEIR_SALT_BYTES);
        memcpy(text + WEIR_LEAF_DOMAIN_BYTES + WEIR_SALT_BYTES, kept->payload.data,
               kept->payload.length);
        floor->commits[i] = (struct weir_slice){text, length};
    }
}

static void add_ed25519(const uint8_t *secret, struct weir_slice message)
{
    struct floor_ed25519 *item = &work.ed25519[work.ed25519_count++];
    assert(message.length <= sizeof(item->message));
    struct weir_ed25519_key key = weir_ed25519_public(secret);
    struct weir_ed25519_signature signature = weir_ed25519_sign(secret, message);
    memcpy(item->key, key.bytes, sizeof(item->key));
    memcpy(item->signature, signature.bytes, sizeof(item->signature));
    memcpy(item->message, message.data, message.length);
    item->length = message.length;
}

static void add_secp(const struct weir_signature *signature, const struct weir_hash *digest)
{
    struct floor_secp *item = &work.secp[work.secp_count++];
    unsigned parity;
    weir_signature_split(signature, item->compact, item->compact + 32, &parity);
    item->parity = (int)parity;
    memcpy(item->digest, digest->bytes, sizeof(item->digest));
}

/* Key sets: identity and possession; heads: log and cosigners; opinions; the report. */
static void gather_signatures(void)
{
    struct weir_hash breach = weir_breach_digest(&world.proof.domain, &world.proof.report.breach);
    for (unsigned w = 0; w < 3; w++) {
        const struct proof_witness *witness = &world.witnesses[w];
        const struct weir_proof_section *section = &world.proof.sections[w];
        uint8_t message[WEIR_POSSESSION_BYTES];
        struct weir_note note;
        struct weir_ed25519_key node = weir_ed25519_public(witness->identity);
        struct weir_hash possession = weir_possession_digest(&node, witness->keys.set);
        struct weir_signature signature;
        weir_possession_message(witness->keys.set, message);
        add_ed25519(witness->identity, witness->keys.set);
        add_ed25519(witness->statement, (struct weir_slice){message, sizeof(message)});
        add_ed25519(witness->log_key, (struct weir_slice){message, sizeof(message)});
        add_ed25519(witness->cosign, (struct weir_slice){message, sizeof(message)});
        witness_must(&world.scope, weir_secp_sign(world.secp, &world.scope, witness->report,
                                                  &possession, &signature));
        add_secp(&signature, &possession);
        witness_must(&world.scope, weir_note_parse(&world.scope, section->checkpoint, &note));
        add_ed25519(witness->log_key, note.text);
        for (unsigned other = 0; other < 3; other++) {
            struct weir_buffer text = {.capacity_max = MESSAGE_BYTES};
            if (other == w)
                continue;
            witness_must(&world.scope,
                         weir_cosignature_message(&world.scope, note.text, PROOF_START_S, &text));
            add_ed25519(world.witnesses[other].cosign, weir_buffer_slice(&text));
        }
        struct weir_hash opinion = weir_opinion_digest(&world.proof.domain, &section->opinion);
        add_secp(&section->signature, &opinion);
        if (w < world.proof.report.signature_count)
            add_secp(&world.proof.report.signatures[w], &breach);
    }
}

static void sha256(const void *bytes, size_t length, uint8_t *hash)
{
    SHA256_CTX state;
    SHA256_Init(&state);
    SHA256_Update(&state, bytes, length);
    SHA256_Final(hash, &state);
}

/* One HMAC-SHA-256 (RFC 2104) of the domain and a bit, by itself.  (libcrypto's own HMAC functions
 * take memory for every call and would make a much higher floor.) */
static void hmac_child(const uint8_t *key, uint8_t bit, uint8_t *child)
{
    static const char domain[] = "weir/salt/v1";
    uint8_t pad[HMAC_BLOCK];
    uint8_t message[sizeof(domain) + 1];
    SHA256_CTX state;
    memcpy(message, domain, sizeof(domain));
    message[sizeof(domain)] = bit;
    for (size_t i = 0; i < sizeof(pad); i++)
        pad[i] = 0x36 ^ (i < WEIR_SALT_SEED_BYTES ? key[i] : 0);
    SHA256_Init(&state);
    SHA256_Update(&state, pad, sizeof(pad));
    SHA256_Update(&state, message, sizeof(message));
    SHA256_Final(child, &state);
    for (size_t i = 0; i < sizeof(pad); i++)
        pad[i] ^= 0x36 ^ 0x5c;
    SHA256_Init(&state);
    SHA256_Update(&state, pad, sizeof(pad));
    SHA256_Update(&state, child, WEIR_HASH_BYTES);
    SHA256_Final(child, &state);
}

/* All salts below a seed, level by level in one array. */
static void expand_seed(const struct weir_salt_seed *seed, uint8_t (*nodes)[WEIR_HASH_BYTES])
{
    memcpy(nodes[0], seed->bytes, WEIR_HASH_BYTES);
    for (size_t width = 1; width < (size_t)1 << seed->level; width *= 2)
        for (size_t i = width; i > 0; i--) {
            uint8_t key[WEIR_HASH_BYTES];
            memcpy(key, nodes[i - 1], sizeof(key));
            hmac_child(key, 0, nodes[2 * (i - 1)]);
            hmac_child(key, 1, nodes[2 * (i - 1) + 1]);
        }
}

/* Leaves, then pairs of pairs until one hash is left: as many nodes as the tree over them has. */
static void hash_tree(const struct floor_section *section)
{
    uint8_t pair[PAIR_BYTES] = {0x01};
    for (size_t i = 0; i < section->leaf_count; i++)
        sha256(section->leaves[i], LEAF_NODE_BYTES, work.hashes[i]);
    for (size_t count = section->leaf_count; count > 1; count = (count + 1) / 2) {
        for (size_t i = 0; i + 1 < count; i += 2) {
            memcpy(pair + 1, work.hashes[i], sizeof(pair) - 1);
            sha256(pair, sizeof(pair), work.hashes[i / 2]);
        }
        if (count % 2 == 1)
            memcpy(work.hashes[count / 2], work.hashes[count - 1], WEIR_HASH_BYTES);
    }
    sink ^= work.hashes[0][0];
}

static void run_floor(void)
{
    uint8_t hash[WEIR_HASH_BYTES];
    for (size_t s = 0; s < 3; s++) {
        const struct floor_section *section = &work.sections[s];
        hash_tree(section);
        for (size_t i = 0; i < section->seed_count; i++)
            expand_seed(&section->seeds[i], work.hashes);
        for (size_t i = 0; section->commits != NULL && i < section->leaf_count; i++) {
            sha256(section->commits[i].data, section->commits[i].length, hash);
            sink ^= hash[0];
        }
    }
    for (size_t i = 0; i < work.ed25519_count; i++)
        sink ^=
            (uint8_t)crypto_sign_verify_detached(work.ed25519[i].signature, work.ed25519[i].message,
                                                 work.ed25519[i].length, work.ed25519[i].key);
    for (size_t i = 0; i < work.secp_count; i++) {
        secp256k1_ecdsa_recoverable_signature signature;
        secp256k1_pubkey point;
        int done =
            secp256k1_ecdsa_recoverable_signature_parse_compact(
                secp256k1_context_static, &signature, work.secp[i].compact, work.secp[i].parity) &&
            secp256k1_ecdsa_recover(secp256k1_context_static, &point, &signature,
                                    work.secp[i].digest);
        assert(done == 1);
        sink ^= (uint8_t)done;
    }
}

static size_t run_check(struct weir_slice bytes)
{
    static struct weir_account account;
    const struct weir_proof_rules rules = {.needs_signatures = true, .trusted_block = &world.block};
    struct weir_arena *arena = weir_arena_new(ARENA_BYTES);
    struct weir_scope scope = {.arena = arena};
    witness_must(&scope, weir_proof_verify(&scope, bytes, &rules, &account));
    size_t used = weir_arena_used(arena);
    weir_arena_free(arena);
    return used;
}

static int by_value(const void *left, const void *right)
{
    const int64_t *a = left;
    const int64_t *b = right;
    return *a < *b ? -1 : *a > *b;
}

int main(int argc, char **argv)
{
    static int64_t checks[TURNS_MAX];
    static int64_t floors[TURNS_MAX];
    uint64_t turns = 41;
    size_t memory = 0;
    struct weir_scope scope = {.arena = NULL};
    if (argc > 1 &&
        weir_u64_parse(&scope, weir_slice_text(argv[1]), TURNS_MAX, &turns) != WEIR_OK) {
        (void)fprintf(stderr, "bench_verify: %s\n", scope.fault);
        return 3;
    }
    make_world();
    struct weir_slice bytes = proof_bytes(&world);
    for (size_t s = 0; s < 3; s++)
        gather_section(&world.proof.sections[s], &work.sections[s]);
    gather_signatures();
    work.hashes = take((size_t)1 << 14, WEIR_HASH_BYTES);
    for (uint64_t i = 0; i < turns; i++) {
        int64_t start = now_ns();
        memory = run_check(bytes);
        int64_t middle = now_ns();
        run_floor();
        checks[i] = middle - start;
        floors[i] = now_ns() - middle;
    }
    qsort(checks, turns, sizeof(checks[0]), by_value);
    qsort(floors, turns, sizeof(floors[0]), by_value);
    int64_t check = checks[turns / 2];
    int64_t floor = floors[turns / 2];
    (void)printf("month proof     3 witnesses of %d observations, 1 open, 2 sealed\n",
                 OBSERVATIONS);
    (void)printf("file            %zu bytes; memory for checking %zu bytes\n", bytes.length,
                 memory);
    (void)printf("signatures      %zu Ed25519, %zu secp256k1\n", work.ed25519_count,
                 work.secp_count);
    (void)printf("check           %lld.%03lld ms (median of %llu)\n", (long long)(check / 1000000),
                 (long long)(check / 1000 % 1000), (unsigned long long)turns);
    (void)printf("floor           %lld.%03lld ms\n", (long long)(floor / 1000000),
                 (long long)(floor / 1000 % 1000));
    (void)printf("ratio           %lld.%02lld (goal 1.30 at most)\n", (long long)(check / floor),
                 (long long)(check * 100 / floor % 100));
    proof_free(&world);
    return 0;
}
