#include "node/proofs.h"

#include <string.h>

#include "attest/due.h"
#include "attest/leaf.h"
#include "attest/report.h"
#include "attest/rows.h"
#include "base/arena.h"
#include "ledger/checkpoints.h"
#include "ledger/evidence.h"
#include "ledger/log.h"
#include "ledger/observations.h"
#include "metrics/gauge.h"
#include "node/ask.h"
#include "node/notices.h"

/* What is needed while one section is put together. */
struct section_maker {
    struct weir_store *store;
    struct weir_scope *scope;
    const struct weir_agreement *agreement;
    const struct weir_proof_part *part;
    struct weir_log log;
    bool is_own;
};

static enum weir_err keep_path(struct weir_scope *scope,
                               const struct weir_merkle_proof *proof,
                               struct weir_proof_path *path)
{
    struct weir_hash *hashes = weir_take(scope, proof->count, sizeof(*hashes));
    if (hashes == NULL)
        return scope->err;
    memcpy(hashes, proof->hashes, proof->count * sizeof(*hashes));
    *path = (struct weir_proof_path){hashes, proof->count};
    return WEIR_OK;
}

static enum weir_err
prove_leaf(struct section_maker *maker, uint64_t seq, struct weir_proof_path *path)
{
    struct weir_merkle_proof proof;
    struct weir_range leaf = {seq, seq + 1, maker->part->opinion->tree_size};
    enum weir_err err =
        weir_log_prove_inclusion(maker->store, maker->scope, maker->log.log_id, leaf, &proof);
    return err != WEIR_OK ? err : keep_path(maker->scope, &proof, path);
}

static int64_t row_interval_ms(const struct weir_gauge *gauge)
{
    return weir_gauge_is_scheduled(gauge) ? gauge->availability.probe.interval_ms : 0;
}

/* Rows that show the commitments only. */
static enum weir_err
put_sealed(struct section_maker *maker, struct weir_salt_range range, struct weir_buffer *rows)
{
    struct weir_slice leaves;
    enum weir_err err =
        weir_log_leaves(maker->store, maker->scope, maker->log.log_id, range, &leaves);
    struct weir_leaf_rows state =
        weir_leaf_rows_open((struct weir_slice){NULL, 0}, range.start,
                            row_interval_ms(&maker->agreement->gauge), false);
    for (uint64_t i = 0; err == WEIR_OK && i < range.end - range.start; i++) {
        struct weir_leaf_row row = {.payload = {NULL, 0}};
        err = weir_leaf_read(
            maker->scope, (struct weir_slice){leaves.data + i * WEIR_LEAF_BYTES, WEIR_LEAF_BYTES},
            &row.leaf);
        if (err == WEIR_OK)
            err = weir_leaf_rows_put(maker->scope, &state, &row, rows);
    }
    return err;
}

/* Rows that show the payloads, with the salts that open their commitments. */
static enum weir_err put_open(struct section_maker *maker,
                              struct weir_salt_range range,
                              struct weir_proof_section *section,
                              struct weir_buffer *rows)
{
    struct weir_observation *observations;
    size_t count;
    enum weir_err err = weir_observations(maker->store, maker->scope, maker->log.log_id, range,
                                          &observations, &count);
    struct weir_leaf_rows state = weir_leaf_rows_open(
        (struct weir_slice){NULL, 0}, range.start, row_interval_ms(&maker->agreement->gauge), true);
    for (size_t i = 0; err == WEIR_OK && i < count; i++) {
        const struct weir_leaf_row row = {
            .leaf = {.kind = observations[i].kind,
                     .flags = observations[i].flags,
                     .seq = observations[i].seq,
                     .tick_ms = observations[i].tick_ms},
            .payload = observations[i].payload,
        };
        err = weir_leaf_rows_put(maker->scope, &state, &row, rows);
    }
    struct weir_salt_seed *seeds = weir_take(maker->scope, WEIR_SALT_COVER_MAX, sizeof(*seeds));
    if (err != WEIR_OK || seeds == NULL)
        return maker->scope->err;
    section->seeds = seeds;
    return weir_log_salts(maker->store, maker->scope, maker->log.log_id, range, seeds,
                          &section->seed_count);
}

static enum weir_err put_leaves(struct section_maker *maker, struct weir_proof_section *section)
{
    const struct weir_opinion *opinion = maker->part->opinion;
    struct weir_salt_range range = {opinion->first_leaf, opinion->end_leaf};
    struct weir_buffer rows = {.capacity_max = WEIR_PROOF_BYTES_MAX};
    section->leaves = (struct weir_proof_leaves){
        .first = range.start, .count = range.end - range.start, .is_open = maker->part->is_open};
    enum weir_err err = maker->part->is_open ? put_open(maker, range, section, &rows)
                                             : put_sealed(maker, range, &rows);
    section->leaves.rows = weir_buffer_slice(&rows);
    return err;
}

/* The salt of one leaf: our own secret, or what the log's owner has shown. */
static enum weir_err
find_shown(struct section_maker *maker, uint64_t seq, struct weir_shown_leaf *shown)
{
    struct weir_shown_leaf *leaves;
    size_t count;
    enum weir_err err =
        weir_shown_leaf_list(maker->store, maker->scope, &maker->log.origin_hash, &leaves, &count);
    for (size_t i = 0; err == WEIR_OK && i < count; i++)
        if (leaves[i].seq == seq) {
            *shown = leaves[i];
            return WEIR_OK;
        }
    return err != WEIR_OK ? err
                          : weir_fail(maker->scope, WEIR_E_NOT_FOUND,
                                      "leaf %llu of '%s' was never shown to us",
                                      (unsigned long long)seq, maker->log.origin);
}

static enum weir_err put_definition(struct section_maker *maker,
                                    struct weir_proof_definition *definition)
{
    struct weir_slice bytes;
    struct weir_leaf leaf;
    struct weir_shown_leaf shown = {.seq = 0};
    struct weir_salt_range first = {0, 1};
    enum weir_err err =
        weir_log_leaves(maker->store, maker->scope, maker->log.log_id, first, &bytes);
    if (err == WEIR_OK)
        err = weir_leaf_read(maker->scope, bytes, &leaf);
    if (err == WEIR_OK && maker->is_own)
        err = weir_log_salt(maker->store, maker->scope, maker->log.log_id, 0, &shown.salt);
    else if (err == WEIR_OK)
        err = find_shown(maker, 0, &shown);
    if (err != WEIR_OK)
        return err;
    definition->tick_ms = leaf.tick_ms;
    definition->salt = shown.salt;
    return prove_leaf(maker, 0, &definition->inclusion);
}

/* One maintenance notice with its place in the log. */
static enum weir_err put_notice(struct section_maker *maker,
                                const struct weir_shown_leaf *shown,
                                struct weir_proof_notice *notice)
{
    struct weir_slice bytes;
    struct weir_leaf leaf;
    struct weir_salt_range range = {shown->seq, shown->seq + 1};
    enum weir_err err =
        weir_log_leaves(maker->store, maker->scope, maker->log.log_id, range, &bytes);
    if (err == WEIR_OK)
        err = weir_leaf_read(maker->scope, bytes, &leaf);
    if (err != WEIR_OK)
        return err;
    *notice = (struct weir_proof_notice){
        .index = shown->seq,
        .tick_ms = leaf.tick_ms,
        .payload = shown->payload,
        .salt = shown->salt,
    };
    return prove_leaf(maker, shown->seq, &notice->inclusion);
}

static enum weir_err put_notices(struct section_maker *maker, struct weir_proof_section *section)
{
    struct weir_notices own = {.leaves = NULL};
    struct weir_shown_leaf *leaves = NULL;
    size_t count = 0;
    const struct weir_notice_query query = {
        .agreement = maker->agreement,
        .window = weir_window_of_terms(&maker->agreement->schedule, maker->part->opinion->window),
        .size = maker->part->opinion->tree_size,
    };
    enum weir_err err;
    if (maker->is_own) {
        err = weir_notices_own(maker->store, maker->scope, maker->log.log_id, &query, &own);
        leaves = own.leaves;
        count = own.count;
    } else {
        err = weir_shown_leaf_list(maker->store, maker->scope, &maker->log.origin_hash, &leaves,
                                   &count);
    }
    if (err != WEIR_OK)
        return err;
    struct weir_proof_notice *notices = weir_take(maker->scope, count, sizeof(*notices));
    if (notices == NULL)
        return maker->scope->err;
    section->notices = notices;
    for (size_t i = 0; err == WEIR_OK && i < count; i++) {
        if (!weir_notice_counts(&query, &leaves[i]))
            continue;
        if (section->notice_count == WEIR_PROOF_NOTICES_MAX)
            return weir_fail(maker->scope, WEIR_E_LIMIT, "more than %d notices for one window",
                             WEIR_PROOF_NOTICES_MAX);
        err = put_notice(maker, &leaves[i], &notices[section->notice_count]);
        section->notice_count++;
    }
    return err;
}

/* The inputs of an event gauge's window, in the order of their digests. */
static enum weir_err put_events(struct section_maker *maker, struct weir_proof_section *section)
{
    struct weir_event_list list;
    struct weir_interval window =
        weir_window_of_terms(&maker->agreement->schedule, section->window);
    enum weir_err err =
        weir_window_events(maker->store, maker->scope, maker->log.log_id, window, &list);
    if (err != WEIR_OK)
        return err;
    section->events = list.texts;
    section->event_count = list.count;
    return WEIR_OK;
}

enum weir_err weir_proof_section_make(struct weir_store *store,
                                      struct weir_scope *scope,
                                      const struct weir_agreement *agreement,
                                      const struct weir_proof_part *part,
                                      struct weir_proof_section *section)
{
    const struct weir_witness *witness = &agreement->witnesses[part->witness];
    struct section_maker maker = {
        .store = store,
        .scope = scope,
        .agreement = agreement,
        .part = part,
        .is_own = (int)part->witness == agreement->own,
    };
    *section = (struct weir_proof_section){
        .window = part->opinion->window,
        .witness = part->witness,
        .opinion = *part->opinion,
        .checkpoint = part->checkpoint,
    };
    if (part->signature != NULL)
        section->signature = *part->signature;
    struct weir_range range = {part->opinion->first_leaf, part->opinion->end_leaf,
                               part->opinion->tree_size};
    struct weir_merkle_proof proof;
    enum weir_err err = weir_log_find_hash(store, scope, &part->opinion->origin, &maker.log);
    if (err == WEIR_OK && part->checkpoint.data == NULL)
        err = maker.is_own ? weir_checkpoint_note(store, scope, maker.log.log_id, range.size,
                                                  &section->checkpoint)
                           : weir_head_note_load(store, scope, &maker.log.origin_hash, range.size,
                                                 &section->checkpoint);
    if (err == WEIR_OK)
        err = put_leaves(&maker, section);
    if (err == WEIR_OK)
        err = put_definition(&maker, &section->definition);
    if (err == WEIR_OK)
        err = put_notices(&maker, section);
    if (err == WEIR_OK && part->is_open && !weir_gauge_is_scheduled(&agreement->gauge))
        err = put_events(&maker, section);
    if (err == WEIR_OK)
        err = weir_log_prove_range(store, scope, maker.log.log_id, range, &proof);
    if (err == WEIR_OK)
        err = keep_path(scope, &proof, &section->range);
    if (err != WEIR_OK)
        return weir_note(scope, "evidence of '%s'",
                         witness->origin == NULL ? "an unknown witness" : witness->origin);
    return WEIR_OK;
}

static void
put_keys(const struct weir_agreement *agreement, uint8_t witness, struct weir_proof *proof)
{
    const struct weir_key_set *keys = agreement->witnesses[witness].keys;
    if (keys != NULL)
        proof->keys[witness] = (struct weir_proof_keys){keys->bytes, keys->proofs};
}

enum weir_err weir_proof_make(struct weir_store *store,
                              struct weir_scope *scope,
                              const struct weir_agreement *agreement,
                              struct weir_proof_parts parts,
                              struct weir_proof *proof)
{
    struct weir_proof_section *sections = weir_take(scope, parts.count, sizeof(*sections));
    struct weir_evidence_item items[WEIR_WITNESSES_MAX];
    if (sections == NULL)
        return scope->err;
    *proof = (struct weir_proof){
        .domain = agreement->domain,
        .factory = agreement->factory,
        .implementation = agreement->implementation,
        .terms = agreement->terms,
        .gauge = agreement->gauge_text,
        .sections = sections,
        .section_count = parts.count,
    };
    /* Key sets of all witnesses we know: their cosignatures count even where they did not measure.
     */
    for (uint8_t i = 0; i < agreement->witness_count; i++)
        put_keys(agreement, i, proof);
    enum weir_err err = WEIR_OK;
    for (size_t i = 0; err == WEIR_OK && i < parts.count; i++) {
        err = weir_proof_section_make(store, scope, agreement, &parts.items[i], &sections[i]);
        items[i] = (struct weir_evidence_item){
            .window = parts.items[i].opinion->window,
            .witness = parts.items[i].witness,
            .digest = weir_opinion_digest(&agreement->domain, parts.items[i].opinion),
        };
    }
    uint64_t window = parts.items[0].opinion->window;
    proof->report.breach = (struct weir_breach){
        .terms = agreement->hash,
        .word = weir_window_word(&agreement->terms, window),
        .mask = weir_window_mask(&agreement->terms, window),
        .tier = parts.tier,
    };
    if (err == WEIR_OK)
        err = weir_evidence_root(scope, items, parts.count, &proof->report.breach.evidence_root);
    return err;
}

enum weir_err weir_proof_payment_write(struct weir_scope *scope,
                                       const struct weir_proof_payment *payment,
                                       struct weir_buffer *buffer)
{
    enum weir_err err = weir_buffer_put(scope, buffer, payment->tx.bytes, WEIR_HASH_BYTES);
    if (err == WEIR_OK)
        err = weir_buffer_put(scope, buffer, payment->block.bytes, WEIR_HASH_BYTES);
    if (err == WEIR_OK)
        err = weir_buffer_u64(scope, buffer, payment->block_number);
    if (err == WEIR_OK)
        err = weir_buffer_u64(scope, buffer, payment->tx_index);
    if (err == WEIR_OK)
        err = weir_buffer_u64(scope, buffer, payment->log_index);
    if (err == WEIR_OK)
        err = weir_buffer_u32(scope, buffer, (uint32_t)payment->header.length);
    if (err == WEIR_OK)
        err = weir_buffer_put(scope, buffer, payment->header.data, payment->header.length);
    if (err == WEIR_OK)
        err = weir_buffer_u32(scope, buffer, (uint32_t)payment->node_count);
    for (size_t i = 0; err == WEIR_OK && i < payment->node_count; i++) {
        err = weir_buffer_u32(scope, buffer, (uint32_t)payment->nodes[i].length);
        if (err == WEIR_OK)
            err = weir_buffer_put(scope, buffer, payment->nodes[i].data, payment->nodes[i].length);
    }
    return err;
}

enum weir_err weir_proof_payment_read(struct weir_scope *scope,
                                      struct weir_slice bytes,
                                      struct weir_proof_payment *payment)
{
    struct weir_body body = {.scope = scope, .rest = bytes};
    weir_body_bytes(&body, payment->tx.bytes, WEIR_HASH_BYTES);
    weir_body_bytes(&body, payment->block.bytes, WEIR_HASH_BYTES);
    payment->block_number = weir_body_uint(&body, 8);
    payment->tx_index = weir_body_uint(&body, 8);
    payment->log_index = weir_body_uint(&body, 8);
    payment->header = weir_body_slice(&body);
    payment->node_count = (size_t)weir_body_uint(&body, 4);
    if (scope->err == WEIR_OK && payment->node_count > WEIR_PROOF_NODES_MAX)
        return weir_fail(scope, WEIR_E_CORRUPT, "a payment with %zu trie nodes",
                         payment->node_count);
    struct weir_slice *nodes = weir_take(scope, payment->node_count, sizeof(*nodes));
    payment->nodes = nodes;
    for (size_t i = 0; nodes != NULL && i < payment->node_count; i++)
        nodes[i] = weir_body_slice(&body);
    return weir_body_end(&body);
}

/* Puts our own part of a received or made proof in its open form. */
static enum weir_err open_own(struct weir_store *store,
                              struct weir_scope *scope,
                              const struct weir_agreement *agreement,
                              struct weir_proof *proof)
{
    struct weir_proof_section *sections = weir_take(scope, proof->section_count, sizeof(*sections));
    if (sections == NULL)
        return scope->err;
    memcpy(sections, proof->sections, proof->section_count * sizeof(*sections));
    for (size_t i = 0; i < proof->section_count; i++) {
        if ((int)sections[i].witness != agreement->own)
            continue;
        const struct weir_proof_section shown = sections[i];
        const struct weir_proof_part part = {
            .witness = shown.witness,
            .opinion = &shown.opinion,
            .signature = &shown.signature,
            .is_open = true,
            .checkpoint = shown.checkpoint,
        };
        enum weir_err err = weir_proof_section_make(store, scope, agreement, &part, &sections[i]);
        if (err != WEIR_OK)
            return err;
    }
    proof->sections = sections;
    return WEIR_OK;
}

static enum weir_err put_payments(struct weir_store *store,
                                  struct weir_scope *scope,
                                  const struct weir_hash *report,
                                  struct weir_proof *proof)
{
    struct weir_slice *stored;
    size_t count;
    enum weir_err err = weir_payment_list(store, scope, report, &stored, &count);
    if (err != WEIR_OK)
        return err;
    if (count > WEIR_PROOF_PAYMENTS_MAX)
        count = WEIR_PROOF_PAYMENTS_MAX;
    struct weir_proof_payment *payments = weir_take(scope, count, sizeof(*payments));
    if (payments == NULL)
        return scope->err;
    for (size_t i = 0; err == WEIR_OK && i < count; i++)
        err = weir_proof_payment_read(scope, stored[i], &payments[i]);
    proof->payments = payments;
    proof->payment_count = count;
    return err;
}

enum weir_err weir_proof_export(struct weir_store *store,
                                struct weir_scope *scope,
                                const struct weir_agreement *agreement,
                                const struct weir_hash *report,
                                struct weir_slice *bytes)
{
    struct weir_report_row row;
    struct weir_proof proof;
    struct weir_buffer buffer = {.capacity_max = WEIR_PROOF_BYTES_MAX};
    enum weir_err err = weir_report_find(store, scope, report, &row);
    if (err == WEIR_OK && row.complete.length == 0)
        return weir_fail(scope, WEIR_E_NOT_FOUND,
                         "this report has not been signed by enough witnesses yet");
    if (err == WEIR_OK)
        err = weir_proof_read(scope, row.complete, &proof);
    if (err == WEIR_OK)
        err = open_own(store, scope, agreement, &proof);
    if (err == WEIR_OK)
        err = put_payments(store, scope, report, &proof);
    if (err == WEIR_OK)
        err = weir_proof_write(scope, &proof, &buffer);
    if (err == WEIR_OK)
        *bytes = weir_buffer_slice(&buffer);
    return err;
}
