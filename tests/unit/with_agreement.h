/* Reads tests/chain/vectors/agreement.json: agreements with all that follows from their terms, made
 * by ethers and proved against the contracts.  Test code for two floors; see with_evm.h. */
#ifndef WEIR_TESTS_UNIT_WITH_AGREEMENT_H
#define WEIR_TESTS_UNIT_WITH_AGREEMENT_H

#include "attest/report.h"
#include "base/number.h"
#include "tests/unit/with_evm.h"

#define AGREEMENTS WEIR_SOURCE_DIR "/tests/chain/vectors/agreement.json"

static inline unsigned __int128 agreement_number(const json_t *object, const char *key)
{
    unsigned __int128 value = 0;
    const char *text = evm_text(object, key);
    assert_non_null(text);
    evm_ok(weir_u128_parse(&evm.scope, weir_slice_text(text), &value));
    return value;
}

static inline struct weir_address agreement_address(const json_t *object, const char *key)
{
    struct weir_address address;
    evm_fixed(object, key, address.bytes, sizeof(address.bytes));
    return address;
}

static inline struct weir_terms agreement_terms(const json_t *agreement)
{
    const json_t *object = json_object_get(agreement, "terms");
    struct weir_terms terms = {
        .provider = agreement_address(object, "provider"),
        .customer = agreement_address(object, "customer"),
        .asset = agreement_address(object, "asset"),
        .calendar = (uint8_t)agreement_number(object, "calendar"),
        .length_s = (uint32_t)agreement_number(object, "length"),
        .start_s = (uint64_t)agreement_number(object, "start"),
        .count = (uint32_t)agreement_number(object, "count"),
        .early = json_is_true(json_object_get(object, "early")),
        .settle_delay_s = (uint32_t)agreement_number(object, "settleDelay"),
        .claim_window_s = (uint32_t)agreement_number(object, "claimWindow"),
        .max_skew_ms = (uint32_t)agreement_number(object, "maxSkewMs"),
        .cap = agreement_number(object, "cap"),
        .cap_windows = (uint32_t)agreement_number(object, "capWindows"),
        .m = (uint8_t)agreement_number(object, "m"),
        .nonce = (uint64_t)agreement_number(object, "nonce"),
    };
    evm_fixed(object, "gauge", terms.gauge.bytes, 32);
    evm_fixed(object, "document", terms.document.bytes, 32);
    size_t i;
    const json_t *item;
    json_array_foreach(json_object_get(object, "witnesses"), i, item)
    {
        assert_true(i < WEIR_WITNESSES_MAX);
        terms.witnesses[i].key = agreement_address(item, "key");
        evm_fixed(item, "node", terms.witnesses[i].node, WEIR_NODE_BYTES);
        terms.witness_count = i + 1;
    }
    json_array_foreach(json_object_get(object, "tiers"), i, item)
    {
        assert_true(i < WEIR_TIER_MAX);
        terms.tiers[i].ratio.num = (uint64_t)agreement_number(item, "num");
        terms.tiers[i].ratio.den = (uint64_t)agreement_number(item, "den");
        terms.tiers[i].payout = agreement_number(item, "payout");
        terms.tier_count = i + 1;
    }
    return terms;
}

static inline struct weir_domain agreement_domain(const json_t *agreement)
{
    return (struct weir_domain){
        .chain_id = (uint64_t)agreement_number(agreement, "chainId"),
        .contract = agreement_address(agreement, "address"),
    };
}

/* The signed report of the agreement. */
static inline struct weir_report agreement_report(const json_t *agreement)
{
    const json_t *object = json_object_get(agreement, "breach");
    struct weir_report report = {
        .breach =
            {
                .epoch = (uint64_t)agreement_number(object, "epoch"),
                .word = (uint64_t)agreement_number(object, "word"),
                .mask = weir_word_u128(agreement_number(object, "mask")),
                .tier = (uint8_t)agreement_number(object, "tier"),
            },
        .who = (uint32_t)agreement_number(agreement, "who"),
    };
    evm_fixed(object, "terms", report.breach.terms.bytes, 32);
    evm_fixed(object, "evidenceRoot", report.breach.evidence_root.bytes, 32);
    struct weir_slice signatures = evm_bytes(agreement, "sigs");
    assert_true(signatures.length <= sizeof(report.signatures));
    memcpy(report.signatures, signatures.data, signatures.length);
    report.signature_count = signatures.length / WEIR_SECP_SIGNATURE_BYTES;
    return report;
}

/* Calls `probe` with each agreement of the file. */
static inline void agreement_each(void (*probe)(const json_t *agreement))
{
    json_t *file = evm_load(AGREEMENTS);
    assert_true(json_array_size(file) >= 3);
    size_t i;
    json_t *agreement;
    json_array_foreach(file, i, agreement) probe(agreement);
    json_decref(file);
}

#endif /* WEIR_TESTS_UNIT_WITH_AGREEMENT_H */
