/* Law: whatever the signer is asked, it lives, says why it refuses, and gives no secret away.
 * The first byte chooses the question; the rest is its body, as it comes from another process. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "base/arena.h"
#include "base/hash.h"
#include "config/config.h"
#include "ledger/store.h"
#include "ledger/vault.h"
#include "node/file.h"
#include "node/keyfile.h"
#include "node/keys.h"
#include "node/signer.h"

#define NODES 3
#define SEEDS_BYTES ((size_t)WEIR_KEY_ROLES * WEIR_KEY_SEED_BYTES)
#define PIECE_BYTES 12 /* of a seed: no answer holds so much of it by chance */

static uint8_t seeds[NODES][SEEDS_BYTES];
static char folder[] = "/tmp/weir-fuzz-XXXXXX";
static struct weir_scope lasting;
static struct weir_signer signer;

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static const char config_text[] =
    "node:\n  name: w0.example\n  data_dir: %s\n"
    "gauges:\n  - name: web\n    kind: availability\n    window:\n      calendar: fixed\n"
    "      length: 60s\n      anchor: 1970-01-01T00:00:00Z\n    target_percent: \"95\"\n"
    "    probe:\n      url: http://127.0.0.1:9/\n      interval: 1s\n      timeout: 500ms\n"
    "      allow_private: true\n"
    "chains:\n  - name: local\n    chain_id: 31337\n    rpc_url: http://127.0.0.1:9/\n"
    "    factory: \"0x1000000000000000000000000000000000000001\"\n"
    "    implementation: \"0x1000000000000000000000000000000000000002\"\n"
    "    allow_private: true\n"
    "assets:\n  - name: COIN\n    chain: local\n    address: native\n    decimals: 18\n"
    "peers:\n"
    "  - name: w1.example\n    url: http://127.0.0.1:9/\n    key_set_file: %s/1.keyset\n"
    "    allow_private: true\n"
    "  - name: w2.example\n    url: http://127.0.0.1:9/\n    key_set_file: %s/2.keyset\n"
    "    allow_private: true\n"
    "agreements:\n  - name: deal\n    chain: local\n    gauge: web\n    asset: COIN\n"
    "    provider: \"0x2000000000000000000000000000000000000001\"\n"
    "    customer: \"0x2000000000000000000000000000000000000002\"\n"
    "    start: 2026-02-01T00:00:00Z\n    windows: 1000\n    early: true\n"
    "    settle_delay: 0s\n    claim_window: 10m\n    max_skew: 2s\n    cap: \"10\"\n"
    "    threshold: 2\n    tiers:\n      - below_percent: \"95\"\n        payout: \"1\"\n"
    "    witnesses:\n";
static const char policy_text[] =
    "policy:\n  spending:\n    - asset: COIN\n      max_per_payout: \"1\"\n"
    "      max_per_day: \"2\"\n";

/* Keys of one node from fixed seeds; a peer's key set becomes a file, its line a witness. */
static struct weir_keys *make_node(unsigned i, struct weir_key_set *set, struct weir_buffer *config)
{
    struct weir_keys *keys;
    char name[16];
    char node[WEIR_HASH_HEX_BYTES];
    char key[WEIR_ADDRESS_TEXT_BYTES];
    struct weir_hash identity;
    struct weir_buffer text = {.capacity_max = WEIR_KEY_SET_FILE_BYTES_MAX};
    for (size_t b = 0; b < SEEDS_BYTES; b++)
        seeds[i][b] = (uint8_t)(b * 101 + b / 32 + i * 17 + 3);
    require(weir_keys_make(&lasting, seeds[i], &keys) == WEIR_OK);
    (void)snprintf(name, sizeof(name), "w%u.example", i);
    require(weir_key_set_make(&lasting, keys, weir_take_text(&lasting, name, strlen(name)), set) ==
            WEIR_OK);
    require(weir_key_set_print(&lasting, set, &text) == WEIR_OK);
    require(weir_file_write(&lasting, weir_take_printf(&lasting, "%s/%u.keyset", folder, i),
                            weir_buffer_slice(&text), 0600, true) == WEIR_OK);
    memcpy(identity.bytes, set->set.node.bytes, sizeof(identity.bytes));
    weir_hash_hex(&identity, node);
    struct weir_address report = weir_keys_address(keys, WEIR_KEY_REPORT);
    weir_address_print_hex(&report, key);
    require(weir_buffer_printf(&lasting, config, "      - key: \"%s\"\n        node: %s\n", key,
                               node) == WEIR_OK);
    return keys;
}

static void tidy_up(void)
{
    static const char *const names[] = {"0.keyset",          "1.keyset",     "2.keyset",
                                        "vault.db",          "vault.db-wal", "vault.db-shm",
                                        "vault.db.turnstile"};
    char path[64];
    weir_store_close(signer.vault);
    weir_keys_free(signer.keys);
    weir_arena_free(lasting.arena);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        (void)unlink(path); /* not all of them are there */
    }
    (void)rmdir(folder); /* best effort: it is a temporary folder */
}

static void make_signer(void)
{
    struct weir_key_set sets[NODES];
    struct weir_config *config;
    struct weir_buffer text = {.capacity_max = 0};
    lasting.arena = weir_arena_new((size_t)64 << 20);
    require(lasting.arena != NULL && sodium_init() >= 0 && mkdtemp(folder) != NULL);
    require(weir_buffer_printf(&lasting, &text, config_text, folder, folder, folder) == WEIR_OK);
    for (unsigned i = 0; i < NODES; i++) {
        struct weir_keys *keys = make_node(i, &sets[i], &text);
        if (i == 0)
            signer.keys = keys;
        else
            weir_keys_free(keys);
    }
    require(weir_buffer_text(&lasting, &text, policy_text) == WEIR_OK);
    const struct weir_config_input input = {.file = "weir.yaml", .text = weir_buffer_slice(&text)};
    require(weir_config_load(&lasting, &input, &config) == WEIR_OK);
    signer.config = config;
    signer.set = sets[0];
    const struct weir_self self = {"w0.example", &signer.set};
    require(weir_agreements_load(&lasting, config, self, &signer.agreements) == WEIR_OK);
    const char *path = weir_take_printf(&lasting, "%s/vault.db", folder);
    require(weir_vault_open(&lasting, path, true, &signer.vault) == WEIR_OK);
    (void)atexit(tidy_up);
}

static enum weir_err
ask(struct weir_scope *scope, uint8_t type, struct weir_slice body, struct weir_buffer *answer)
{
    switch (type % 7) {
    case 0:
        return weir_signer_keys(&signer, scope, answer);
    case 1:
        return weir_signer_checkpoint(&signer, scope, body, answer);
    case 2:
        return weir_signer_cosign(&signer, scope, body, answer);
    case 3:
        return weir_signer_opinion(&signer, scope, body, answer);
    case 4:
        return weir_signer_report(&signer, scope, body, answer);
    case 5:
        return weir_signer_statement(&signer, scope, body, answer);
    default:
        return weir_signer_transaction(&signer, scope, body, answer);
    }
}

/* Compared by hand: libFuzzer watches memmem and would put the secret into the questions itself. */
static bool is_secret(const uint8_t *bytes, const uint8_t *secret)
{
    uint8_t differs = 0;
    for (size_t i = 0; i < PIECE_BYTES; i++)
        differs |= (uint8_t)(bytes[i] ^ secret[i]);
    return differs == 0;
}

static bool holds_secret(struct weir_slice bytes)
{
    for (size_t from = 0; from + PIECE_BYTES <= bytes.length; from++)
        for (size_t at = 0; at + PIECE_BYTES <= SEEDS_BYTES; at += PIECE_BYTES)
            if (is_secret(bytes.data + from, seeds[0] + at))
                return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (signer.vault == NULL)
        make_signer();
    if (size == 0)
        return 0;
    struct weir_arena *arena = weir_arena_new((size_t)64 << 20);
    require(arena != NULL);
    struct weir_scope scope = {.arena = arena};
    struct weir_buffer answer = {.capacity_max = (size_t)24 << 20};
    enum weir_err err = ask(&scope, data[0], (struct weir_slice){data + 1, size - 1}, &answer);
    require(err == scope.err);
    require((err == WEIR_OK) == (scope.fault[0] == '\0'));
    require(err != WEIR_E_STORE && err != WEIR_E_CORRUPT);
    require(!holds_secret(weir_buffer_slice(&answer)));
    require(!holds_secret(weir_slice_text(scope.fault)));
    weir_arena_free(arena);
    return 0;
}
