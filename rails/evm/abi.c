#include "rails/evm/abi.h"

#include <assert.h>
#include <string.h>

#include "attest/keccak.h"
#include "rails/evm/artifacts/selectors.h"

#define SELECTOR_BYTES 4
#define REPORT_HEAD_WORDS 7 /* six numbers and the offset of the signatures */

enum weir_err weir_abi_call(struct weir_scope *scope,
                            uint32_t selector,
                            const struct weir_word *words,
                            size_t word_count,
                            struct weir_buffer *buffer)
{
    enum weir_err err = weir_buffer_u32(scope, buffer, selector);
    if (err == WEIR_OK)
        err = weir_buffer_put(scope, buffer, words, word_count * sizeof(words[0]));
    return err;
}

/* A call with one argument. */
static enum weir_err call_one(struct weir_scope *scope,
                              uint32_t selector,
                              struct weir_word word,
                              struct weir_buffer *buffer)
{
    return weir_abi_call(scope, selector, &word, 1, buffer);
}

enum weir_err
weir_abi_open(struct weir_scope *scope, const struct weir_terms *terms, struct weir_buffer *buffer)
{
    enum weir_err err = weir_buffer_u32(scope, buffer, WEIR_EVM_FACTORY_OPEN);
    if (err == WEIR_OK)
        err = weir_terms_write(scope, terms, buffer);
    return err;
}

enum weir_err weir_abi_report(struct weir_scope *scope,
                              const struct weir_report *report,
                              struct weir_buffer *buffer)
{
    assert(report->signature_count <= WEIR_WITNESSES_MAX);
    const size_t signature_bytes = report->signature_count * WEIR_SECP_SIGNATURE_BYTES;
    const struct weir_word head[] = {
        weir_word_u64(report->breach.epoch),
        weir_word_u64(report->breach.word),
        report->breach.mask,
        weir_word_u64(report->breach.tier),
        weir_word_hash(&report->breach.evidence_root),
        weir_word_u64(report->who),
        weir_word_u64(REPORT_HEAD_WORDS * WEIR_WORD_BYTES),
        weir_word_u64(signature_bytes),
    };
    enum weir_err err = weir_abi_call(scope, WEIR_EVM_AGREEMENT_REPORT, head,
                                      sizeof(head) / sizeof(head[0]), buffer);
    if (err == WEIR_OK) /* 64 bytes each: no padding is ever needed */
        err = weir_buffer_put(scope, buffer, report->signatures, signature_bytes);
    return err;
}

enum weir_err weir_abi_pay_owed(struct weir_scope *scope, struct weir_buffer *buffer)
{
    return weir_abi_call(scope, WEIR_EVM_AGREEMENT_PAY_OWED, NULL, 0, buffer);
}

enum weir_err
weir_abi_claim(struct weir_scope *scope, const struct weir_address *to, struct weir_buffer *buffer)
{
    return call_one(scope, WEIR_EVM_AGREEMENT_CLAIM, weir_word_address(to), buffer);
}

enum weir_err weir_abi_withdraw(struct weir_scope *scope,
                                const struct weir_address *to,
                                struct weir_buffer *buffer)
{
    return call_one(scope, WEIR_EVM_AGREEMENT_WITHDRAW, weir_word_address(to), buffer);
}

enum weir_err weir_abi_level(struct weir_scope *scope, uint64_t window, struct weir_buffer *buffer)
{
    return call_one(scope, WEIR_EVM_AGREEMENT_LEVEL, weir_word_u64(window), buffer);
}

enum weir_err
weir_abi_window_start(struct weir_scope *scope, uint64_t window, struct weir_buffer *buffer)
{
    return call_one(scope, WEIR_EVM_AGREEMENT_WINDOW_START, weir_word_u64(window), buffer);
}

enum weir_err weir_abi_lanes(struct weir_scope *scope, uint64_t word, struct weir_buffer *buffer)
{
    return call_one(scope, WEIR_EVM_AGREEMENT_LANES, weir_word_u64(word), buffer);
}

enum weir_err weir_abi_used(struct weir_scope *scope, uint64_t period, struct weir_buffer *buffer)
{
    return call_one(scope, WEIR_EVM_AGREEMENT_USED, weir_word_u64(period), buffer);
}

enum weir_err weir_abi_owed(struct weir_scope *scope, struct weir_buffer *buffer)
{
    return weir_abi_call(scope, WEIR_EVM_AGREEMENT_OWED, NULL, 0, buffer);
}

enum weir_err weir_abi_terms_hash(struct weir_scope *scope, struct weir_buffer *buffer)
{
    return weir_abi_call(scope, WEIR_EVM_AGREEMENT_TERMS_HASH, NULL, 0, buffer);
}

enum weir_err weir_abi_implementation(struct weir_scope *scope, struct weir_buffer *buffer)
{
    return weir_abi_call(scope, WEIR_EVM_FACTORY_IMPLEMENTATION, NULL, 0, buffer);
}

enum weir_err weir_abi_preview(struct weir_scope *scope,
                               uint64_t word,
                               struct weir_word mask,
                               uint8_t tier,
                               struct weir_buffer *buffer)
{
    const struct weir_word words[] = {weir_word_u64(word), mask, weir_word_u64(tier)};
    return weir_abi_call(scope, WEIR_EVM_AGREEMENT_PREVIEW, words, 3, buffer);
}

enum weir_err weir_abi_transfer(struct weir_scope *scope,
                                const struct weir_address *to,
                                unsigned __int128 amount,
                                struct weir_buffer *buffer)
{
    const struct weir_word words[] = {weir_word_address(to), weir_word_u128(amount)};
    return weir_abi_call(scope, WEIR_EVM_TOKEN_TRANSFER, words, 2, buffer);
}

enum weir_err weir_abi_approve(struct weir_scope *scope,
                               const struct weir_address *spender,
                               unsigned __int128 amount,
                               struct weir_buffer *buffer)
{
    const struct weir_word words[] = {weir_word_address(spender), weir_word_u128(amount)};
    return weir_abi_call(scope, WEIR_EVM_TOKEN_APPROVE, words, 2, buffer);
}

enum weir_err weir_abi_balance_of(struct weir_scope *scope,
                                  const struct weir_address *holder,
                                  struct weir_buffer *buffer)
{
    return call_one(scope, WEIR_EVM_TOKEN_BALANCE_OF, weir_word_address(holder), buffer);
}

enum weir_err weir_abi_decimals(struct weir_scope *scope, struct weir_buffer *buffer)
{
    return weir_abi_call(scope, WEIR_EVM_TOKEN_DECIMALS, NULL, 0, buffer);
}

enum weir_err weir_abi_symbol(struct weir_scope *scope, struct weir_buffer *buffer)
{
    return weir_abi_call(scope, WEIR_EVM_TOKEN_SYMBOL, NULL, 0, buffer);
}

enum weir_err weir_abi_read_words(struct weir_scope *scope,
                                  struct weir_slice bytes,
                                  struct weir_word *words,
                                  size_t word_count)
{
    if (bytes.length != word_count * WEIR_WORD_BYTES)
        return weir_fail(scope, WEIR_E_PARSE, "an answer of %zu bytes where %zu words should be",
                         bytes.length, word_count);
    if (word_count > 0)
        memcpy(words, bytes.data, bytes.length);
    return WEIR_OK;
}

enum weir_err weir_abi_read_u64(struct weir_scope *scope, struct weir_slice bytes, uint64_t *value)
{
    struct weir_word word;
    enum weir_err err = weir_abi_read_words(scope, bytes, &word, 1);
    if (err != WEIR_OK)
        return err;
    if (!weir_word_get_u64(word, UINT64_MAX, value))
        return weir_fail(scope, WEIR_E_RANGE, "an answer of 2^64 or more");
    return WEIR_OK;
}

enum weir_err
weir_abi_read_u128(struct weir_scope *scope, struct weir_slice bytes, unsigned __int128 *value)
{
    struct weir_word word;
    enum weir_err err = weir_abi_read_words(scope, bytes, &word, 1);
    if (err != WEIR_OK)
        return err;
    if (!weir_word_get_u128(word, value))
        return weir_fail(scope, WEIR_E_RANGE, "an answer of 2^128 or more");
    return WEIR_OK;
}

enum weir_err
weir_abi_read_address(struct weir_scope *scope, struct weir_slice bytes, struct weir_address *value)
{
    struct weir_word word;
    enum weir_err err = weir_abi_read_words(scope, bytes, &word, 1);
    if (err != WEIR_OK)
        return err;
    if (!weir_word_get_address(word, value))
        return weir_fail(scope, WEIR_E_RANGE, "an answer that is no address");
    return WEIR_OK;
}

enum weir_err
weir_abi_read_tail(struct weir_scope *scope, struct weir_slice tail, struct weir_slice *value)
{
    struct weir_word word;
    uint64_t length = 0;
    if (tail.length < WEIR_WORD_BYTES)
        return weir_fail(scope, WEIR_E_PARSE, "a byte string without its length");
    memcpy(word.bytes, tail.data, WEIR_WORD_BYTES);
    const size_t room = tail.length - WEIR_WORD_BYTES;
    if (!weir_word_get_u64(word, room, &length) ||
        (length + WEIR_WORD_BYTES - 1) / WEIR_WORD_BYTES * WEIR_WORD_BYTES != room)
        return weir_fail(scope, WEIR_E_PARSE,
                         "a byte string whose length does not fit its %zu bytes", room);
    for (size_t i = (size_t)length; i < room; i++)
        if (tail.data[WEIR_WORD_BYTES + i] != 0)
            return weir_fail(scope, WEIR_E_PARSE, "a byte string with filled padding");
    *value = (struct weir_slice){tail.data + WEIR_WORD_BYTES, (size_t)length};
    return WEIR_OK;
}

enum weir_err
weir_abi_read_bytes(struct weir_scope *scope, struct weir_slice bytes, struct weir_slice *value)
{
    struct weir_word word;
    uint64_t offset = 0;
    if (bytes.length < WEIR_WORD_BYTES)
        return weir_fail(scope, WEIR_E_PARSE, "an answer of %zu bytes", bytes.length);
    memcpy(word.bytes, bytes.data, WEIR_WORD_BYTES);
    if (!weir_word_get_u64(word, WEIR_WORD_BYTES, &offset) || offset != WEIR_WORD_BYTES)
        return weir_fail(scope, WEIR_E_PARSE, "a byte string at another offset than 32");
    const struct weir_slice tail = {bytes.data + WEIR_WORD_BYTES, bytes.length - WEIR_WORD_BYTES};
    return weir_abi_read_tail(scope, tail, value);
}

/* The six numbers of a report. */
static bool read_report_head(const struct weir_word head[static REPORT_HEAD_WORDS],
                             struct weir_report *report)
{
    uint64_t tier = 0;
    uint64_t who = 0;
    uint64_t offset = 0;
    report->breach.mask = head[2];
    report->breach.evidence_root = weir_word_get_hash(head[4]);
    bool fits = weir_word_get_u64(head[0], UINT64_MAX, &report->breach.epoch) &&
                weir_word_get_u64(head[1], UINT64_MAX, &report->breach.word) &&
                weir_word_get_u64(head[3], UINT8_MAX, &tier) &&
                weir_word_get_u64(head[5], UINT32_MAX, &who) &&
                weir_word_get_u64(head[6], UINT64_MAX, &offset);
    report->breach.tier = (uint8_t)tier;
    report->who = (uint32_t)who;
    return fits && offset == REPORT_HEAD_WORDS * WEIR_WORD_BYTES;
}

enum weir_err weir_abi_read_report(struct weir_scope *scope,
                                   struct weir_slice call,
                                   const struct weir_hash *terms_hash,
                                   struct weir_report *report)
{
    const size_t head_bytes = REPORT_HEAD_WORDS * WEIR_WORD_BYTES;
    if (call.length < SELECTOR_BYTES + head_bytes ||
        weir_get_u32(call.data) != WEIR_EVM_AGREEMENT_REPORT)
        return weir_fail(scope, WEIR_E_PARSE, "the call is no report");
    struct weir_word head[REPORT_HEAD_WORDS];
    memcpy(head, call.data + SELECTOR_BYTES, sizeof(head));
    struct weir_report read = {.breach = {.terms = *terms_hash}};
    if (!read_report_head(head, &read))
        return weir_fail(scope, WEIR_E_PARSE, "a report with a value out of range");
    struct weir_slice tail = {call.data + SELECTOR_BYTES + head_bytes,
                              call.length - SELECTOR_BYTES - head_bytes};
    struct weir_slice signatures;
    enum weir_err err = weir_abi_read_tail(scope, tail, &signatures);
    if (err != WEIR_OK)
        return weir_note(scope, "report");
    if (signatures.length % WEIR_SECP_SIGNATURE_BYTES != 0 ||
        signatures.length > sizeof(read.signatures))
        return weir_fail(scope, WEIR_E_PARSE, "a report with %zu bytes of signatures",
                         signatures.length);
    read.signature_count = signatures.length / WEIR_SECP_SIGNATURE_BYTES;
    memcpy(read.signatures, signatures.data, signatures.length);
    *report = read;
    return WEIR_OK;
}

enum weir_err weir_abi_read_owed(struct weir_scope *scope,
                                 const struct weir_chain_log *log,
                                 unsigned __int128 *owed)
{
    static const uint8_t topic[WEIR_HASH_BYTES] = WEIR_EVM_AGREEMENT_TOPIC_OWED;
    if (log->topic_count != 1 || memcmp(log->topics[0].bytes, topic, sizeof(topic)) != 0)
        return weir_fail(scope, WEIR_E_PARSE, "the log is no Owed event");
    return weir_abi_read_u128(scope, log->data, owed);
}

enum weir_err weir_abi_read_opened(struct weir_scope *scope,
                                   const struct weir_chain_log *log,
                                   struct weir_address *agreement,
                                   struct weir_hash *terms_hash)
{
    static const uint8_t topic[WEIR_HASH_BYTES] = WEIR_EVM_FACTORY_TOPIC_OPENED;
    struct weir_address opened;
    struct weir_address customer;
    if (log->topic_count != 4 || memcmp(log->topics[0].bytes, topic, sizeof(topic)) != 0)
        return weir_fail(scope, WEIR_E_PARSE, "the log is no Opened event");
    if (!weir_word_get_address(weir_word_hash(&log->topics[1]), &opened) ||
        weir_abi_read_address(scope, log->data, &customer) != WEIR_OK)
        return weir_fail(scope, WEIR_E_PARSE, "an Opened event without addresses");
    *agreement = opened;
    *terms_hash = log->topics[2];
    return WEIR_OK;
}
