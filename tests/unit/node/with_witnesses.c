#include "tests/unit/node/with_witnesses.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ftw.h>

#include "attest/checkpoint.h"
#include "attest/cosign.h"
#include "attest/due.h"
#include "attest/note.h"
#include "attest/report.h"
#include "base/text.h"
#include "config/config.h"
#include "ledger/log.h"
#include "ledger/observations.h"
#include "ledger/record.h"
#include "ledger/store.h"
#include "ledger/vault.h"
#include "metrics/settlement.h"
#include "metrics/tick.h"
#include "node/file.h"
#include "node/keys.h"
#include "node/passphrase.h"
#include "node/proofs.h"

#define PASSPHRASE "correct horse battery staple"
#define ARENA_BYTES ((size_t)256 << 20)
#define COSIGNED_S (WITNESSES_START_MS / 1000 + 70)

static const char *const names[WITNESSES] = {"w1.example", "w2.example", "w3.example"};

void with_witnesses_expect(struct with_witnesses *with, enum weir_err err)
{
    if (err != WEIR_OK)
        fail_msg("%s", with->scope.fault);
}

static void put_file(struct with_witnesses *with, const char *path, const char *text)
{
    with_witnesses_expect(with,
                          weir_file_write(&with->scope, path, weir_slice_text(text), 0600, true));
}

/* Witness 0 gets a key file, the others keys from fixed seeds. */
static void make_keys(struct with_witnesses *with, size_t w)
{
    struct one_witness *witness = &with->items[w];
    struct weir_scope *scope = &with->scope;
    uint8_t seeds[WEIR_KEY_ROLES * WEIR_KEY_SEED_BYTES];
    for (size_t i = 0; i < sizeof(seeds); i++)
        seeds[i] = (uint8_t)(1 + w * 37 + i * 7 + i / 32);
    if (w != 0) {
        with_witnesses_expect(with, weir_keys_make(scope, seeds, &witness->keys));
    } else {
        const char *path = weir_take_printf(scope, "%s/weir.keys", witness->folder);
        struct weir_passphrase *passphrase = NULL;
        put_file(with, weir_take_printf(scope, "%s/weir.passphrase", witness->folder), PASSPHRASE);
        with_witnesses_expect(
            with, weir_passphrase_take(scope, PASSPHRASE, strlen(PASSPHRASE), &passphrase));
        with_witnesses_expect(with,
                              weir_keys_create(scope, path, passphrase, WEIR_KDF_INTERACTIVE));
        with_witnesses_expect(with, weir_keys_open(scope, path, passphrase, &witness->keys));
        weir_passphrase_free(passphrase);
    }
    with_witnesses_expect(with,
                          weir_key_set_make(scope, witness->keys, witness->name, &witness->set));
    struct weir_buffer text = {.capacity_max = WEIR_KEY_SET_FILE_BYTES_MAX};
    with_witnesses_expect(with, weir_key_set_print(scope, &witness->set, &text));
    const char *path = weir_take_printf(scope, "%s/%s.keyset", with->folder, witness->name);
    with_witnesses_expect(with,
                          weir_file_write(scope, path, weir_buffer_slice(&text), 0600, false));
}

static const char config_head[] =
    "node:\n  name: %s\n  data_dir: %s/data\n  key_file: %s/weir.keys\n"
    "  passphrase_file: %s/weir.passphrase\n  control_socket: %s/data/control.sock\n"
    "api:\n  listen: \"127.0.0.1:0\"\n"
    "gauges:\n  - name: web\n    kind: availability\n    window:\n      calendar: fixed\n"
    "      length: 60s\n      anchor: 1970-01-01T00:00:00Z\n    target_percent: \"95\"\n"
    "    probe:\n      url: http://127.0.0.1:9/\n      interval: 1s\n      timeout: 500ms\n"
    "      allow_private: true\n"
    "chains:\n  - name: local\n    chain_id: 31337\n    rpc_url: http://127.0.0.1:9/\n"
    "    factory: \"0x1000000000000000000000000000000000000001\"\n"
    "    implementation: \"0x1000000000000000000000000000000000000002\"\n"
    "    max_fee_per_gas: 100gwei\n    allow_private: true\n"
    "assets:\n  - name: PLAY\n    chain: local\n"
    "    address: \"0x1000000000000000000000000000000000000003\"\n    decimals: 6\n"
    "  - name: COIN\n    chain: local\n    address: native\n    decimals: 18\n"
    "peers:\n";

static const char config_peer[] =
    "  - name: %s\n    url: http://127.0.0.1:9/\n    key_set_file: %s/%s.keyset\n"
    "    allow_private: true\n";

static const char config_agreement[] =
    "  - name: on-%s\n    chain: local\n    gauge: web\n    asset: %s\n"
    "    provider: \"0x2000000000000000000000000000000000000001\"\n"
    "    customer: \"0x2000000000000000000000000000000000000002\"\n"
    "    start: 2026-02-01T00:00:00Z\n    windows: 1000\n    early: true\n"
    "    settle_delay: 0s\n    claim_window: 10m\n    max_skew: 2s\n    cap: \"%s\"\n"
    "    threshold: 2\n    tiers:\n"
    "      - below_percent: \"95\"\n        payout: \"%s\"\n"
    "      - below_percent: \"60\"\n        payout: \"%s\"\n    witnesses:\n";

static const char config_policy[] =
    "policy:\n  spending:\n    - asset: PLAY\n      max_per_payout: \"100.00\"\n"
    "      max_per_day: \"150.00\"\n    - asset: COIN\n      max_per_payout: \"1\"\n"
    "      max_per_day: \"2\"\n"
    "  max_fee_per_gas: 50gwei\n  max_gas: 1000000\n  max_transactions_per_day: 8\n";

static const char *witness_list(struct with_witnesses *with)
{
    const char *list = "";
    for (size_t i = 0; i < WITNESSES; i++) {
        char node[WEIR_HASH_HEX_BYTES];
        char key[WEIR_ADDRESS_TEXT_BYTES];
        struct weir_address report = weir_keys_address(with->items[i].keys, WEIR_KEY_REPORT);
        struct weir_hash identity;
        memcpy(identity.bytes, with->items[i].set.set.node.bytes, sizeof(identity.bytes));
        weir_hash_hex(&identity, node);
        weir_address_print_hex(&report, key);
        list = weir_take_printf(&with->scope, "%s      - key: \"%s\"\n        node: %s\n", list,
                                key, node);
    }
    return list;
}

static void load_config(struct with_witnesses *with, size_t w)
{
    static const struct {
        const char *asset;
        const char *cap;
        const char *payouts[2];
    } deals[] = {{"PLAY", "1000.00", {"25.00", "60.00"}}, {"COIN", "10", {"0.5", "0.75"}}};
    struct one_witness *witness = &with->items[w];
    struct weir_scope *scope = &with->scope;
    const char *folder = witness->folder;
    struct weir_buffer text = {.capacity_max = 0};
    with_witnesses_expect(with, weir_buffer_printf(scope, &text, config_head, witness->name, folder,
                                                   folder, folder, folder));
    for (size_t p = 0; p < WITNESSES; p++)
        if (p != w)
            with_witnesses_expect(with, weir_buffer_printf(scope, &text, config_peer, names[p],
                                                           with->folder, names[p]));
    with_witnesses_expect(with, weir_buffer_text(scope, &text, "agreements:\n"));
    for (size_t d = 0; d < sizeof(deals) / sizeof(deals[0]); d++) {
        with_witnesses_expect(with, weir_buffer_printf(scope, &text, config_agreement,
                                                       deals[d].asset, deals[d].asset, deals[d].cap,
                                                       deals[d].payouts[0], deals[d].payouts[1]));
        with_witnesses_expect(with, weir_buffer_text(scope, &text, witness_list(with)));
    }
    with_witnesses_expect(with, weir_buffer_text(scope, &text, config_policy));
    const struct weir_config_input input = {.file = "weir.yaml", .text = weir_buffer_slice(&text)};
    with_witnesses_expect(with, weir_config_load(scope, &input, &witness->config));
    const struct weir_self self = {witness->name, &witness->set};
    with_witnesses_expect(with,
                          weir_agreements_load(scope, witness->config, self, &witness->agreements));
}

static void open_ledger(struct with_witnesses *with, size_t w)
{
    struct one_witness *witness = &with->items[w];
    struct weir_scope *scope = &with->scope;
    const struct weir_store_options options = {.mode = WEIR_STORE_CREATE};
    const char *path = weir_take_printf(scope, "%s/mine.db", witness->folder);
    const char *origin = weir_origin_of(scope, witness->name, "web");
    with_witnesses_expect(with, weir_store_open(scope, path, &options, &witness->store));
    with_witnesses_expect(with, weir_log_open(witness->store, scope, origin,
                                              witness->agreements.items[0].gauge_text, NULL,
                                              &witness->log_id));
}

static void make_record(struct with_witnesses *with)
{
    struct weir_scope *scope = &with->scope;
    struct weir_store *vault = NULL;
    const char *folder = with->items[0].folder;
    assert_int_equal(mkdir(weir_take_printf(scope, "%s/data", folder), 0700), 0);
    assert_int_equal(mkdir(weir_take_printf(scope, "%s/data/" WEIR_VAULT_FOLDER, folder), 0700), 0);
    const char *path = weir_take_printf(scope, "%s/data/" WEIR_VAULT_PATH, folder);
    with_witnesses_expect(with, weir_vault_open(scope, path, true, &vault));
    weir_store_close(vault);
}

void with_witnesses_make(struct with_witnesses *with)
{
    *with = (struct with_witnesses){.scope = {.arena = weir_arena_new(ARENA_BYTES)}};
    (void)snprintf(with->folder, sizeof(with->folder), "/tmp/weir-witnesses-XXXXXX");
    assert_non_null(mkdtemp(with->folder));
    for (size_t w = 0; w < WITNESSES; w++) {
        struct one_witness *witness = &with->items[w];
        witness->name = names[w];
        (void)snprintf(witness->folder, sizeof(witness->folder), "%.40s/%zu", with->folder, w);
        assert_int_equal(mkdir(witness->folder, 0700), 0);
        make_keys(with, w);
    }
    for (size_t w = 0; w < WITNESSES; w++) {
        load_config(with, w);
        open_ledger(with, w);
    }
    make_record(with);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

void with_witnesses_drop(struct with_witnesses *with)
{
    for (size_t w = 0; w < WITNESSES; w++) {
        weir_store_close(with->items[w].store);
        weir_keys_free(with->items[w].keys);
    }
    assert_int_equal(nftw(with->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
    weir_arena_free(with->scope.arena);
}

const struct weir_agreement *
with_witnesses_agreement(const struct with_witnesses *with, size_t w, size_t place)
{
    return &with->items[w].agreements.items[place];
}

uint8_t with_witnesses_index(const struct with_witnesses *with, size_t w)
{
    return (uint8_t)with_witnesses_agreement(with, w, 0)->own;
}

void with_witnesses_tick(struct with_witnesses *with, size_t w, struct with_seconds seconds)
{
    struct one_witness *witness = &with->items[w];
    for (int64_t s = seconds.from; s < seconds.to; s++) {
        bool is_down = s >= seconds.down_from && s < seconds.down_to;
        struct weir_record_counts counts = {0};
        struct weir_tick tick =
            weir_tick_make(WITNESSES_START_MS + s * 1000,
                           is_down ? WEIR_REASON_STATUS : WEIR_REASON_OK, is_down ? 503 : 200, 3);
        with_witnesses_expect(with, weir_record_ticks(witness->store, &with->scope, witness->log_id,
                                                      &tick, 1, &counts));
        assert_int_equal(counts.added, 1);
    }
}

struct weir_opinion with_witnesses_opinion(struct with_witnesses *with,
                                           size_t w,
                                           uint64_t window,
                                           uint32_t revision,
                                           int64_t made_at_ms)
{
    struct one_witness *witness = &with->items[w];
    struct weir_scope *scope = &with->scope;
    const struct weir_agreement *agreement = with_witnesses_agreement(with, w, 0);
    struct weir_interval interval = weir_window_of_terms(&agreement->schedule, window);
    struct weir_window_ticks found;
    struct weir_own_verdict verdict;
    with_witnesses_expect(
        with, weir_window_ticks(witness->store, scope, witness->log_id, interval, &found));
    const struct weir_evidence evidence = {.ticks = found.ticks};
    with_witnesses_expect(
        with, weir_own_verdict_compute(scope, &agreement->gauge, interval, &evidence, &verdict));
    struct weir_opinion opinion = {
        .terms = agreement->hash,
        .window = window,
        .revision = revision,
        .phase = verdict.is_final != 0 ? WEIR_PHASE_FINAL : WEIR_PHASE_EARLY,
        .tier = (uint8_t)weir_own_verdict_tier(&verdict, agreement->tiers, agreement->tier_count),
        .num = verdict.num,
        .den = verdict.den,
        .inputs = verdict.inputs,
        .origin = agreement->witnesses[agreement->own].origin_hash,
        .first_leaf = found.first,
        .end_leaf = verdict.is_final != 0 ? found.end : found.size,
        .tree_size = found.size,
        .made_at_ms = (uint64_t)made_at_ms,
    };
    with_witnesses_expect(with, weir_log_root(witness->store, scope, witness->log_id, found.size,
                                              &opinion.tree_root));
    return opinion;
}

void with_witnesses_sign(struct with_witnesses *with,
                         size_t w,
                         const struct weir_opinion *opinion,
                         struct weir_signature *signature)
{
    struct weir_hash digest =
        weir_opinion_digest(&with_witnesses_agreement(with, w, 0)->domain, opinion);
    with_witnesses_expect(with,
                          weir_keys_sign_digest(&with->scope, with->items[w].keys,
                                                WEIR_KEY_USE_REPORT, digest.bytes, signature));
}

/* Appends the line that one witness puts under the text. */
static void put_cosignature(struct with_witnesses *with,
                            size_t w,
                            struct weir_slice text,
                            struct weir_buffer *note)
{
    struct weir_scope *scope = &with->scope;
    uint8_t payload[WEIR_COSIGNATURE_BYTES];
    struct weir_ed25519_key key;
    struct weir_buffer message = {.capacity_max = WEIR_NOTE_BYTES_MAX};
    const char *name = weir_take_printf(scope, "%s/cosign", with->items[w].name);
    memcpy(key.bytes, weir_keys_ed25519(with->items[w].keys, WEIR_KEY_COSIGN), sizeof(key.bytes));
    with_witnesses_expect(with, weir_cosignature_message(scope, text, COSIGNED_S, &message));
    weir_put_u64(payload, COSIGNED_S);
    with_witnesses_expect(with, weir_keys_sign(scope, with->items[w].keys, WEIR_KEY_USE_COSIGNATURE,
                                               weir_buffer_slice(&message), payload + 8));
    const struct weir_note_line line = {
        .name = weir_slice_text(name),
        .id = weir_key_id(weir_slice_text(name), WEIR_KEY_COSIGNATURE, &key),
        .signature = {payload, sizeof(payload)},
    };
    with_witnesses_expect(with, weir_note_line_print(scope, &line, note));
}

struct weir_slice
with_witnesses_note(struct with_witnesses *with, size_t w, uint64_t size, unsigned cosigners)
{
    struct one_witness *witness = &with->items[w];
    struct weir_scope *scope = &with->scope;
    const char *origin = weir_origin_of(scope, witness->name, "web");
    struct weir_checkpoint checkpoint = {.origin = weir_slice_text(origin), .head = {.size = size}};
    struct weir_ed25519_key key;
    uint8_t signature[WEIR_ED25519_SIGNATURE_BYTES];
    struct weir_buffer text = {.capacity_max = WEIR_CHECKPOINT_BYTES_MAX};
    struct weir_buffer note = {.capacity_max = WEIR_NOTE_BYTES_MAX};
    with_witnesses_expect(
        with, weir_log_root(witness->store, scope, witness->log_id, size, &checkpoint.head.root));
    with_witnesses_expect(with, weir_checkpoint_print(scope, &checkpoint, &text));
    with_witnesses_expect(with, weir_keys_sign(scope, witness->keys, WEIR_KEY_USE_CHECKPOINT,
                                               weir_buffer_slice(&text), signature));
    memcpy(key.bytes, weir_keys_ed25519(witness->keys, WEIR_KEY_LOG), sizeof(key.bytes));
    const struct weir_note_line line = {
        .name = checkpoint.origin,
        .id = weir_key_id(checkpoint.origin, WEIR_KEY_ED25519, &key),
        .signature = {signature, sizeof(signature)},
    };
    with_witnesses_expect(with, weir_buffer_put(scope, &note, text.data, text.length));
    with_witnesses_expect(with, weir_buffer_text(scope, &note, "\n"));
    with_witnesses_expect(with, weir_note_line_print(scope, &line, &note));
    for (size_t i = 0; i < WITNESSES; i++)
        if ((cosigners >> i & 1) != 0)
            put_cosignature(with, i, weir_buffer_slice(&text), &note);
    return weir_buffer_slice(&note);
}

struct weir_proof_section
with_witnesses_section(struct with_witnesses *with, size_t w, const struct weir_opinion *opinion)
{
    unsigned others = ((1U << WITNESSES) - 1) & ~(1U << w);
    struct weir_signature signature;
    struct weir_proof_section section;
    with_witnesses_sign(with, w, opinion, &signature);
    struct weir_opinion *kept = weir_take(&with->scope, 1, sizeof(*kept));
    *kept = *opinion;
    const struct weir_proof_part part = {
        .witness = with_witnesses_index(with, w),
        .opinion = kept,
        .signature = &signature,
        .checkpoint = with_witnesses_note(with, w, opinion->tree_size, others),
    };
    with_witnesses_expect(with, weir_proof_section_make(with->items[w].store, &with->scope,
                                                        with_witnesses_agreement(with, w, 0), &part,
                                                        &section));
    return section;
}

struct weir_proof with_witnesses_proof(struct with_witnesses *with,
                                       const struct weir_proof_section *sections,
                                       size_t section_count,
                                       uint8_t tier)
{
    const struct weir_agreement *agreement = with_witnesses_agreement(with, 0, 0);
    struct weir_proof_section *sorted = weir_take(&with->scope, section_count, sizeof(*sorted));
    struct weir_evidence_item items[WITNESSES];
    assert_non_null(sorted);
    size_t count = 0;
    for (unsigned index = 0; index < WITNESSES; index++)
        for (size_t i = 0; i < section_count; i++)
            if (sections[i].witness == index) {
                items[count] = (struct weir_evidence_item){
                    sections[i].window, sections[i].witness,
                    weir_opinion_digest(&agreement->domain, &sections[i].opinion)};
                sorted[count++] = sections[i];
            }
    assert_int_equal(count, section_count);
    struct weir_proof proof = {
        .domain = agreement->domain,
        .factory = agreement->factory,
        .implementation = agreement->implementation,
        .terms = agreement->terms,
        .gauge = agreement->gauge_text,
        .sections = sorted,
        .section_count = section_count,
    };
    for (size_t w = 0; w < WITNESSES; w++)
        proof.keys[with_witnesses_index(with, w)] =
            (struct weir_proof_keys){with->items[w].set.bytes, with->items[w].set.proofs};
    proof.report.breach = (struct weir_breach){
        .terms = agreement->hash,
        .word = weir_window_word(&agreement->terms, sections[0].window),
        .mask = weir_window_mask(&agreement->terms, sections[0].window),
        .tier = tier,
    };
    with_witnesses_expect(
        with, weir_evidence_root(&with->scope, items, count, &proof.report.breach.evidence_root));
    return proof;
}

struct weir_slice with_witnesses_bytes(struct with_witnesses *with, struct weir_proof *proof)
{
    struct weir_buffer bytes = {.capacity_max = WEIR_PROOF_BYTES_MAX};
    with_witnesses_expect(with, weir_proof_write(&with->scope, proof, &bytes));
    return weir_buffer_slice(&bytes);
}
