#include "attest/proof.h"

#include <string.h>

#include "attest/lexer.h"
#include "base/arena.h"

#define KEY_SET_BYTES_MAX 8192
#define NOTICE_PAYLOAD_MAX 4096
#define NOTE_LINES_MAX 128
#define PATH_MAX_HASHES WEIR_MERKLE_PROOF_MAX

static struct weir_proof_path read_path(struct weir_lexer *lines)
{
    struct weir_proof_path path = {.count = weir_lexer_u64(lines, PATH_MAX_HASHES)};
    weir_lexer_finish_line(lines);
    path.hashes = weir_lexer_hashes(lines, path.count);
    return path;
}

static void read_terms(struct weir_lexer *lines, struct weir_proof *proof)
{
    weir_lexer_expect(lines, "terms");
    struct weir_slice bytes = weir_lexer_base64(lines);
    weir_lexer_finish_line(lines);
    if (weir_lexer_err(lines) == WEIR_OK &&
        weir_terms_read(lines->scope, bytes, &proof->terms) != WEIR_OK)
        (void)weir_note(lines->scope, "line %llu: the terms", (unsigned long long)lines->number);
    weir_lexer_expect(lines, "gauge");
    proof->gauge = weir_lexer_base64(lines);
    weir_lexer_finish_line(lines);
}

static void read_report(struct weir_lexer *lines, struct weir_proof *proof)
{
    struct weir_breach *breach = &proof->report.breach;
    weir_lexer_expect(lines, "report");
    breach->terms = weir_terms_hash(&proof->terms);
    breach->epoch = weir_lexer_u64(lines, UINT64_MAX);
    breach->word = weir_lexer_u64(lines, UINT64_MAX);
    weir_lexer_0x(lines, breach->mask.bytes, WEIR_WORD_BYTES);
    breach->tier = (uint8_t)weir_lexer_u64(lines, WEIR_TIER_MAX);
    weir_lexer_hex(lines, breach->evidence_root.bytes, WEIR_HASH_BYTES);
    weir_lexer_finish_line(lines);
    weir_lexer_expect(lines, "who");
    proof->report.who = (uint32_t)weir_lexer_u64(lines, (1U << WEIR_WITNESSES_MAX) - 1);
    weir_lexer_finish_line(lines);
    proof->report.signature_count = (size_t)__builtin_popcount(proof->report.who);
    for (size_t i = 0; i < proof->report.signature_count; i++) {
        weir_lexer_expect(lines, "signature");
        weir_lexer_hex(lines, proof->report.signatures[i].bytes, WEIR_SECP_SIGNATURE_BYTES);
        weir_lexer_finish_line(lines);
    }
}

static void read_key_sets(struct weir_lexer *lines, struct weir_proof *proof)
{
    unsigned lowest = 0;
    while (weir_lexer_peek(lines, "keyset")) {
        weir_lexer_expect(lines, "keyset");
        unsigned index = (unsigned)weir_lexer_u64(lines, WEIR_WITNESSES_MAX - 1);
        struct weir_proof_keys keys = {.set = weir_lexer_base64(lines)};
        keys.proofs = weir_lexer_base64(lines);
        weir_lexer_finish_line(lines);
        if (weir_lexer_err(lines) != WEIR_OK)
            return;
        if (index < lowest || index >= proof->terms.witness_count ||
            keys.set.length > KEY_SET_BYTES_MAX || keys.proofs.length > KEY_SET_BYTES_MAX) {
            weir_lexer_refuse(lines, WEIR_E_PARSE, "key sets stand once each, by rising index");
            return;
        }
        proof->keys[index] = keys;
        lowest = index + 1;
    }
}

size_t weir_proof_seed_bytes(uint8_t level)
{
    return level == 0 ? WEIR_SALT_BYTES : WEIR_SALT_SEED_BYTES;
}

static void read_leaves(struct weir_lexer *lines, struct weir_proof_section *section)
{
    weir_lexer_expect(lines, "leaves");
    section->leaves.first = weir_lexer_u64(lines, WEIR_MERKLE_SIZE_MAX);
    section->leaves.count = weir_lexer_u64(lines, WEIR_PROOF_LEAVES_MAX);
    struct weir_slice form = weir_lexer_word(lines);
    section->leaves.is_open = weir_slice_equals_text(form, "open");
    if (!section->leaves.is_open && !weir_slice_equals_text(form, "sealed"))
        weir_lexer_refuse(lines, WEIR_E_PARSE, "'open' or 'sealed' belongs here");
    uint64_t length = weir_lexer_u64(lines, WEIR_PROOF_BYTES_MAX);
    weir_lexer_finish_line(lines);
    if (section->leaves.count > length)
        weir_lexer_refuse(lines, WEIR_E_PARSE, "fewer bytes than leaves");
    section->leaves.rows = weir_lexer_block(lines, length);
    if (!section->leaves.is_open || weir_lexer_err(lines) != WEIR_OK)
        return;
    weir_lexer_expect(lines, "salts");
    section->seed_count = weir_lexer_u64(lines, WEIR_SALT_COVER_MAX);
    weir_lexer_finish_line(lines);
    struct weir_salt_seed *seeds = weir_take(lines->scope, section->seed_count, sizeof(*seeds));
    section->seeds = seeds;
    for (size_t i = 0; seeds != NULL && i < section->seed_count; i++) {
        weir_lexer_expect(lines, "seed");
        seeds[i].level = (uint8_t)weir_lexer_u64(lines, WEIR_SALT_DEPTH);
        seeds[i].index = weir_lexer_u64(lines, WEIR_SALT_INDEX_END);
        weir_lexer_hex(lines, seeds[i].bytes, weir_proof_seed_bytes(seeds[i].level));
        weir_lexer_finish_line(lines);
    }
}

static void read_notices(struct weir_lexer *lines, struct weir_proof_section *section)
{
    weir_lexer_expect(lines, "notices");
    section->notice_count = weir_lexer_u64(lines, WEIR_PROOF_NOTICES_MAX);
    weir_lexer_finish_line(lines);
    struct weir_proof_notice *notices =
        weir_take(lines->scope, section->notice_count, sizeof(*notices));
    section->notices = notices;
    for (size_t i = 0; notices != NULL && i < section->notice_count; i++) {
        weir_lexer_expect(lines, "notice");
        notices[i].index = weir_lexer_u64(lines, WEIR_MERKLE_SIZE_MAX);
        notices[i].tick_ms = (int64_t)weir_lexer_u64(lines, INT64_MAX);
        notices[i].payload = weir_lexer_base64(lines);
        weir_lexer_hex(lines, notices[i].salt.bytes, WEIR_SALT_BYTES);
        if (notices[i].payload.length > NOTICE_PAYLOAD_MAX)
            weir_lexer_refuse(lines, WEIR_E_LIMIT, "a notice above the limit");
        notices[i].inclusion = read_path(lines);
        if (i > 0 && notices[i].index <= notices[i - 1].index)
            weir_lexer_refuse(lines, WEIR_E_PARSE, "notices stand by rising index");
    }
}

static void read_events(struct weir_lexer *lines, struct weir_proof_section *section)
{
    weir_lexer_expect(lines, "events");
    section->event_count = weir_lexer_u64(lines, WEIR_PROOF_EVENTS_MAX);
    weir_lexer_finish_line(lines);
    if (weir_lexer_err(lines) == WEIR_OK && section->event_count > lines->rest.length) {
        weir_lexer_refuse(lines, WEIR_E_PARSE, "fewer events follow than it says");
        return;
    }
    struct weir_slice *events = weir_take(lines->scope, section->event_count, sizeof(*events));
    section->events = events;
    for (size_t i = 0; events != NULL && i < section->event_count; i++) {
        weir_lexer_expect(lines, "event");
        events[i] = weir_lexer_base64(lines);
        weir_lexer_finish_line(lines);
        if (weir_lexer_err(lines) != WEIR_OK)
            return;
    }
}

static void read_section(struct weir_lexer *lines, struct weir_proof_section *section)
{
    weir_lexer_expect(lines, "window");
    section->window = weir_lexer_u64(lines, UINT32_MAX);
    section->witness = (uint8_t)weir_lexer_u64(lines, WEIR_WITNESSES_MAX - 1);
    weir_lexer_finish_line(lines);
    weir_lexer_expect(lines, "opinion");
    struct weir_slice words = weir_lexer_base64(lines);
    weir_lexer_hex(lines, section->signature.bytes, WEIR_SECP_SIGNATURE_BYTES);
    weir_lexer_finish_line(lines);
    if (weir_lexer_err(lines) == WEIR_OK &&
        weir_opinion_read(lines->scope, words, &section->opinion) != WEIR_OK)
        (void)weir_note(lines->scope, "line %llu: the opinion", (unsigned long long)lines->number);
    read_leaves(lines, section);
    weir_lexer_expect(lines, "definition");
    section->definition.tick_ms = (int64_t)weir_lexer_u64(lines, INT64_MAX);
    weir_lexer_hex(lines, section->definition.salt.bytes, WEIR_SALT_BYTES);
    section->definition.inclusion = read_path(lines);
    read_notices(lines, section);
    read_events(lines, section);
    weir_lexer_expect(lines, "range");
    section->range = read_path(lines);
    weir_lexer_expect(lines, "checkpoint");
    uint64_t note_lines = weir_lexer_u64(lines, NOTE_LINES_MAX);
    weir_lexer_finish_line(lines);
    section->checkpoint = weir_lexer_verbatim(lines, note_lines);
}

/* How many sections there can be at the most: one per window of the mask and witness. */
static size_t sections_max(const struct weir_proof *proof)
{
    return weir_word_count(proof->report.breach.mask) * proof->terms.witness_count;
}

static void read_sections(struct weir_lexer *lines, struct weir_proof *proof)
{
    if (weir_lexer_err(lines) != WEIR_OK)
        return;
    struct weir_proof_section *sections =
        weir_take(lines->scope, sections_max(proof), sizeof(*sections));
    if (sections == NULL)
        return;
    proof->sections = sections;
    while (weir_lexer_peek(lines, "window")) {
        size_t i = proof->section_count;
        if (i == sections_max(proof)) {
            weir_lexer_refuse(lines, WEIR_E_LIMIT, "more sections than windows and witnesses");
            return;
        }
        read_section(lines, &sections[i]);
        if (weir_lexer_err(lines) != WEIR_OK)
            return;
        if (i > 0 && (sections[i].window < sections[i - 1].window ||
                      (sections[i].window == sections[i - 1].window &&
                       sections[i].witness <= sections[i - 1].witness))) {
            weir_lexer_refuse(lines, WEIR_E_PARSE, "sections stand by window, then witness");
            return;
        }
        proof->section_count++;
    }
}

/* What the digests cover: the text up to `at` has gone into the state. */
struct covered {
    struct weir_sha256 state;
    const uint8_t *at;
};

/* A digest line covers every byte before it. */
static void read_digest(struct weir_lexer *lines,
                        struct covered *covered,
                        const char *keyword,
                        struct weir_hash *digest)
{
    if (weir_lexer_err(lines) != WEIR_OK)
        return;
    weir_sha256_update(&covered->state, covered->at, (size_t)(lines->rest.data - covered->at));
    covered->at = lines->rest.data;
    struct weir_sha256 ended = covered->state;
    struct weir_hash computed = weir_sha256_final(&ended);
    weir_lexer_expect(lines, keyword);
    weir_lexer_hex(lines, digest->bytes, WEIR_HASH_BYTES);
    weir_lexer_finish_line(lines);
    if (weir_lexer_err(lines) == WEIR_OK && !weir_hash_equal(&computed, digest))
        weir_lexer_refuse(lines, WEIR_E_PARSE,
                          "the digest does not fit the bytes before it: the file is damaged");
}

static void read_payment(struct weir_lexer *lines, struct weir_proof_payment *payment)
{
    weir_lexer_expect(lines, "payment");
    weir_lexer_0x(lines, payment->tx.bytes, WEIR_HASH_BYTES);
    weir_lexer_0x(lines, payment->block.bytes, WEIR_HASH_BYTES);
    payment->block_number = weir_lexer_u64(lines, INT64_MAX);
    payment->tx_index = weir_lexer_u64(lines, UINT32_MAX);
    payment->log_index = weir_lexer_u64(lines, UINT32_MAX);
    payment->node_count = weir_lexer_u64(lines, WEIR_PROOF_NODES_MAX);
    weir_lexer_finish_line(lines);
    weir_lexer_expect(lines, "header");
    payment->header = weir_lexer_base64(lines);
    weir_lexer_finish_line(lines);
    struct weir_slice *nodes = weir_take(lines->scope, payment->node_count, sizeof(*nodes));
    payment->nodes = nodes;
    for (size_t i = 0; nodes != NULL && i < payment->node_count; i++) {
        weir_lexer_expect(lines, "node");
        nodes[i] = weir_lexer_base64(lines);
        weir_lexer_finish_line(lines);
    }
}

static void read_payments(struct weir_lexer *lines, struct weir_proof *proof)
{
    weir_lexer_expect(lines, "payments");
    proof->payment_count = weir_lexer_u64(lines, WEIR_PROOF_PAYMENTS_MAX);
    weir_lexer_finish_line(lines);
    if (weir_lexer_err(lines) != WEIR_OK)
        return;
    struct weir_proof_payment *payments =
        weir_take(lines->scope, proof->payment_count, sizeof(*payments));
    proof->payments = payments;
    for (size_t i = 0; payments != NULL && i < proof->payment_count; i++)
        read_payment(lines, &payments[i]);
}

enum weir_err
weir_proof_read(struct weir_scope *scope, struct weir_slice bytes, struct weir_proof *proof)
{
    if (bytes.length > WEIR_PROOF_BYTES_MAX)
        return weir_fail(scope, WEIR_E_LIMIT, "a proof of %zu bytes; at most %zu are read",
                         bytes.length, WEIR_PROOF_BYTES_MAX);
    struct weir_lexer lines;
    struct weir_proof read = {.section_count = 0};
    struct weir_hash end;
    struct covered covered = {.at = bytes.data};
    weir_sha256_init(&covered.state);
    weir_lexer_begin(&lines, scope, bytes);
    weir_lexer_expect(&lines, WEIR_PROOF_MAGIC);
    weir_lexer_finish_line(&lines);
    weir_lexer_expect(&lines, "chain");
    read.domain.chain_id = weir_lexer_u64(&lines, UINT64_MAX);
    weir_lexer_0x(&lines, read.domain.contract.bytes, WEIR_ADDRESS_BYTES);
    weir_lexer_0x(&lines, read.factory.bytes, WEIR_ADDRESS_BYTES);
    weir_lexer_0x(&lines, read.implementation.bytes, WEIR_ADDRESS_BYTES);
    weir_lexer_finish_line(&lines);
    read_terms(&lines, &read);
    if (weir_lexer_err(&lines) == WEIR_OK)
        read_report(&lines, &read);
    read_key_sets(&lines, &read);
    read_sections(&lines, &read);
    read_digest(&lines, &covered, "evidence", &read.evidence);
    read_payments(&lines, &read);
    read_digest(&lines, &covered, "end", &end);
    if (weir_lexer_err(&lines) == WEIR_OK && lines.rest.length != 0)
        weir_lexer_refuse(&lines, WEIR_E_PARSE, "something follows the end");
    if (weir_lexer_err(&lines) != WEIR_OK)
        return weir_lexer_err(&lines);
    *proof = read;
    return WEIR_OK;
}
