#include <string.h>

#include "attest/keccak.h"
#include "attest/receipt.h"
#include "metrics/ratio.h"

#define DATA_WORDS 5

enum weir_err weir_settled_read(struct weir_scope *scope,
                                const struct weir_chain_log *log,
                                struct weir_settled *settled)
{
    struct weir_hash topic = weir_keccak_of(WEIR_SETTLED_EVENT, sizeof(WEIR_SETTLED_EVENT) - 1);
    if (log->topic_count != 2 || !weir_hash_equal(&log->topics[0], &topic))
        return weir_fail(scope, WEIR_E_PARSE, "the log is no Settled event");
    if (log->data.length != DATA_WORDS * WEIR_WORD_BYTES)
        return weir_fail(scope, WEIR_E_PARSE, "a Settled event with %zu bytes of data",
                         log->data.length);
    struct weir_word words[DATA_WORDS];
    memcpy(words, log->data.data, sizeof(words));
    struct weir_settled parsed = {
        .fresh = words[0],
        .evidence_root = weir_word_get_hash(words[2]),
    };
    uint64_t tier = 0;
    if (!weir_word_get_u64(weir_word_hash(&log->topics[1]), UINT64_MAX, &parsed.word) ||
        !weir_word_get_u64(words[1], WEIR_TIER_MAX, &tier) || tier == 0 ||
        !weir_word_get_u128(words[3], &parsed.due) || !weir_word_get_u128(words[4], &parsed.paid) ||
        parsed.paid > parsed.due)
        return weir_fail(scope, WEIR_E_PARSE, "a Settled event with a value out of range");
    parsed.tier = (uint8_t)tier;
    *settled = parsed;
    return WEIR_OK;
}

/* The log of the payment in the receipt that the header commits to. */
static enum weir_err find_log(struct weir_scope *scope,
                              const struct weir_payment *payment,
                              const struct weir_header *header,
                              struct weir_chain_log *log)
{
    struct weir_slice item;
    enum weir_err err = weir_trie_verify(scope, &header->receipts_root, payment->transaction_index,
                                         &payment->proof, &item);
    if (err != WEIR_OK)
        return err;
    struct weir_receipt receipt;
    err = weir_receipt_read(scope, item, &receipt);
    if (err != WEIR_OK)
        return err;
    if (!receipt.has_succeeded)
        return weir_fail(scope, WEIR_E_PAYMENT, "the transaction failed");
    return weir_receipt_log(scope, &receipt, payment->log_index, log);
}

enum weir_err weir_payment_verify(struct weir_scope *scope,
                                  const struct weir_payment *payment,
                                  const struct weir_address *agreement,
                                  struct weir_header *header,
                                  struct weir_settled *settled)
{
    struct weir_header block;
    struct weir_chain_log log;
    struct weir_settled found;
    enum weir_err err = weir_header_read(scope, payment->header, &block);
    if (err == WEIR_OK)
        err = find_log(scope, payment, &block, &log);
    if (err != WEIR_OK)
        return err;
    if (!weir_address_equal(&log.address, agreement)) {
        char expected[WEIR_ADDRESS_TEXT_BYTES];
        char other[WEIR_ADDRESS_TEXT_BYTES];
        weir_address_print(agreement, expected);
        weir_address_print(&log.address, other);
        return weir_fail(scope, WEIR_E_PAYMENT, "the log is of contract %s, not of agreement %s",
                         other, expected);
    }
    err = weir_settled_read(scope, &log, &found);
    if (err != WEIR_OK)
        return err;
    *header = block;
    *settled = found;
    return WEIR_OK;
}

enum weir_err weir_receipt_prove(struct weir_scope *scope,
                                 const struct weir_slice *receipts,
                                 size_t receipt_count,
                                 struct weir_payment *payment)
{
    struct weir_header header;
    struct weir_hash root;
    struct weir_trie_proof proof;
    enum weir_err err = weir_header_read(scope, payment->header, &header);
    if (err != WEIR_OK)
        return err;
    if (payment->transaction_index >= receipt_count)
        return weir_fail(scope, WEIR_E_RANGE, "receipt %llu of a block with %zu",
                         (unsigned long long)payment->transaction_index, receipt_count);
    err = weir_trie_prove(scope, receipts, receipt_count, (size_t)payment->transaction_index,
                          &proof, &root);
    if (err != WEIR_OK)
        return err;
    if (!weir_hash_equal(&root, &header.receipts_root))
        return weir_fail(scope, WEIR_E_INCLUSION,
                         "the receipts of block %llu do not lead to its receipts root",
                         (unsigned long long)header.number);
    payment->proof = proof;
    return WEIR_OK;
}
