#include "attest/proof.h"

#include <assert.h>
#include <string.h>

#include "attest/lexer.h"
#include "base/text.h"

/* The writer's state: after the first failure every call does nothing. */
struct writer {
    struct weir_scope *scope;
    struct weir_buffer *buffer;
    enum weir_err err;
};

static void put_text(struct writer *writer, const char *text)
{
    if (writer->err == WEIR_OK)
        writer->err = weir_buffer_text(writer->scope, writer->buffer, text);
}

static void put_u64(struct writer *writer, uint64_t value)
{
    if (writer->err == WEIR_OK)
        writer->err =
            weir_buffer_printf(writer->scope, writer->buffer, " %llu", (unsigned long long)value);
}

static void put_hex(struct writer *writer, const char *prefix, const uint8_t *bytes, size_t length)
{
    put_text(writer, prefix);
    if (writer->err == WEIR_OK)
        writer->err = weir_lexer_put_hex(writer->scope, writer->buffer, bytes, length);
}

static void put_base64(struct writer *writer, struct weir_slice bytes)
{
    put_text(writer, " ");
    if (writer->err == WEIR_OK)
        writer->err = weir_lexer_put_base64(writer->scope, writer->buffer, bytes);
}

static void put_path(struct writer *writer, struct weir_proof_path path)
{
    put_u64(writer, path.count);
    put_text(writer, "\n");
    if (writer->err == WEIR_OK)
        writer->err = weir_lexer_put_hashes(writer->scope, writer->buffer, path.hashes, path.count);
}

static void put_head(struct writer *writer, const struct weir_proof *proof)
{
    put_text(writer, WEIR_PROOF_MAGIC "\nchain");
    put_u64(writer, proof->domain.chain_id);
    put_hex(writer, " 0x", proof->domain.contract.bytes, WEIR_ADDRESS_BYTES);
    put_hex(writer, " 0x", proof->factory.bytes, WEIR_ADDRESS_BYTES);
    put_hex(writer, " 0x", proof->implementation.bytes, WEIR_ADDRESS_BYTES);
    put_text(writer, "\nterms");
    struct weir_buffer terms = {.capacity_max = WEIR_TERMS_BYTES_MAX};
    if (writer->err == WEIR_OK)
        writer->err = weir_terms_write(writer->scope, &proof->terms, &terms);
    put_base64(writer, weir_buffer_slice(&terms));
    put_text(writer, "\ngauge");
    put_base64(writer, proof->gauge);
    put_text(writer, "\n");
}

static void put_report(struct writer *writer, const struct weir_report *report)
{
    put_text(writer, "report");
    put_u64(writer, report->breach.epoch);
    put_u64(writer, report->breach.word);
    put_hex(writer, " 0x", report->breach.mask.bytes, WEIR_WORD_BYTES);
    put_u64(writer, report->breach.tier);
    put_hex(writer, " ", report->breach.evidence_root.bytes, WEIR_HASH_BYTES);
    put_text(writer, "\nwho");
    put_u64(writer, report->who);
    put_text(writer, "\n");
    assert(report->signature_count == (size_t)__builtin_popcount(report->who));
    for (size_t i = 0; i < report->signature_count; i++) {
        put_hex(writer, "signature ", report->signatures[i].bytes, WEIR_SECP_SIGNATURE_BYTES);
        put_text(writer, "\n");
    }
}

static void put_key_sets(struct writer *writer, const struct weir_proof *proof)
{
    for (unsigned i = 0; i < WEIR_WITNESSES_MAX; i++) {
        if (proof->keys[i].set.length == 0)
            continue;
        put_text(writer, "keyset");
        put_u64(writer, i);
        put_base64(writer, proof->keys[i].set);
        put_base64(writer, proof->keys[i].proofs);
        put_text(writer, "\n");
    }
}

static void put_leaves(struct writer *writer, const struct weir_proof_section *section)
{
    const struct weir_proof_leaves *leaves = &section->leaves;
    put_text(writer, "leaves");
    put_u64(writer, leaves->first);
    put_u64(writer, leaves->count);
    put_text(writer, leaves->is_open ? " open" : " sealed");
    put_u64(writer, leaves->rows.length);
    put_text(writer, "\n");
    if (writer->err == WEIR_OK)
        writer->err = weir_lexer_put_block(writer->scope, writer->buffer, leaves->rows);
    if (!leaves->is_open)
        return;
    put_text(writer, "salts");
    put_u64(writer, section->seed_count);
    put_text(writer, "\n");
    for (size_t i = 0; i < section->seed_count; i++) {
        put_text(writer, "seed");
        put_u64(writer, section->seeds[i].level);
        put_u64(writer, section->seeds[i].index);
        put_hex(writer, " ", section->seeds[i].bytes,
                weir_proof_seed_bytes(section->seeds[i].level));
        put_text(writer, "\n");
    }
}

static void put_notices(struct writer *writer, const struct weir_proof_section *section)
{
    put_text(writer, "notices");
    put_u64(writer, section->notice_count);
    put_text(writer, "\n");
    for (size_t i = 0; i < section->notice_count; i++) {
        const struct weir_proof_notice *notice = &section->notices[i];
        put_text(writer, "notice");
        put_u64(writer, notice->index);
        put_u64(writer, (uint64_t)notice->tick_ms);
        put_base64(writer, notice->payload);
        put_hex(writer, " ", notice->salt.bytes, WEIR_SALT_BYTES);
        put_path(writer, notice->inclusion);
    }
}

static uint64_t line_count(struct weir_slice text)
{
    uint64_t count = 0;
    for (size_t i = 0; i < text.length; i++)
        count += text.data[i] == '\n';
    return count;
}

static void put_section(struct writer *writer, const struct weir_proof_section *section)
{
    put_text(writer, "window");
    put_u64(writer, section->window);
    put_u64(writer, section->witness);
    put_text(writer, "\nopinion");
    uint8_t words[WEIR_OPINION_BYTES];
    weir_opinion_write(&section->opinion, words);
    put_base64(writer, (struct weir_slice){words, sizeof(words)});
    put_hex(writer, " ", section->signature.bytes, WEIR_SECP_SIGNATURE_BYTES);
    put_text(writer, "\n");
    put_leaves(writer, section);
    put_text(writer, "definition");
    put_u64(writer, (uint64_t)section->definition.tick_ms);
    put_hex(writer, " ", section->definition.salt.bytes, WEIR_SALT_BYTES);
    put_path(writer, section->definition.inclusion);
    put_notices(writer, section);
    put_text(writer, "events");
    put_u64(writer, section->event_count);
    put_text(writer, "\n");
    for (size_t i = 0; i < section->event_count; i++) {
        put_text(writer, "event");
        put_base64(writer, section->events[i]);
        put_text(writer, "\n");
    }
    put_text(writer, "range");
    put_path(writer, section->range);
    put_text(writer, "checkpoint");
    put_u64(writer, line_count(section->checkpoint));
    put_text(writer, "\n");
    if (writer->err == WEIR_OK)
        writer->err = weir_buffer_put(writer->scope, writer->buffer, section->checkpoint.data,
                                      section->checkpoint.length);
}

static void put_payment(struct writer *writer, const struct weir_proof_payment *payment)
{
    put_hex(writer, "payment 0x", payment->tx.bytes, WEIR_HASH_BYTES);
    put_hex(writer, " 0x", payment->block.bytes, WEIR_HASH_BYTES);
    put_u64(writer, payment->block_number);
    put_u64(writer, payment->tx_index);
    put_u64(writer, payment->log_index);
    put_u64(writer, payment->node_count);
    put_text(writer, "\nheader");
    put_base64(writer, payment->header);
    put_text(writer, "\n");
    for (size_t i = 0; i < payment->node_count; i++) {
        put_text(writer, "node");
        put_base64(writer, payment->nodes[i]);
        put_text(writer, "\n");
    }
}

/* The digest of what this proof has put into the buffer so far, which began at `start`. */
static struct weir_hash put_digest(struct writer *writer, size_t start, const char *keyword)
{
    struct weir_hash digest =
        weir_sha256_of(writer->buffer->data + start, writer->buffer->length - start);
    put_text(writer, keyword);
    put_hex(writer, " ", digest.bytes, WEIR_HASH_BYTES);
    put_text(writer, "\n");
    return digest;
}

enum weir_err
weir_proof_write(struct weir_scope *scope, struct weir_proof *proof, struct weir_buffer *buffer)
{
    struct writer writer = {.scope = scope, .buffer = buffer};
    size_t start = buffer->length;
    put_head(&writer, proof);
    put_report(&writer, &proof->report);
    put_key_sets(&writer, proof);
    for (size_t i = 0; i < proof->section_count; i++)
        put_section(&writer, &proof->sections[i]);
    if (writer.err != WEIR_OK)
        return writer.err;
    struct weir_hash evidence = put_digest(&writer, start, "evidence");
    put_text(&writer, "payments");
    put_u64(&writer, proof->payment_count);
    put_text(&writer, "\n");
    for (size_t i = 0; i < proof->payment_count; i++)
        put_payment(&writer, &proof->payments[i]);
    if (writer.err == WEIR_OK)
        (void)put_digest(&writer, start, "end");
    if (writer.err == WEIR_OK && buffer->length - start > WEIR_PROOF_BYTES_MAX)
        writer.err = weir_fail(scope, WEIR_E_LIMIT, "a proof of %zu bytes", buffer->length - start);
    if (writer.err == WEIR_OK)
        proof->evidence = evidence;
    return writer.err;
}
