#include "attest/report.h"

#include <assert.h>
#include <string.h>

#include "attest/keccak.h"
#include "attest/merkle.h"

#define EVIDENCE_VERSION 1
#define EVIDENCE_LEAF_BYTES (2 + WEIR_HASH_BYTES)

static bool comes_before(const struct weir_evidence_item *a, const struct weir_evidence_item *b)
{
    return a->window < b->window || (a->window == b->window && a->witness < b->witness);
}

enum weir_err weir_evidence_root(struct weir_scope *scope,
                                 const struct weir_evidence_item *items,
                                 size_t item_count,
                                 struct weir_hash *root)
{
    if (item_count == 0 || item_count > WEIR_EVIDENCE_MAX)
        return weir_fail(scope, WEIR_E_RANGE, "%zu opinions as evidence", item_count);
    struct weir_edge edge = {0};
    for (size_t i = 0; i < item_count; i++) {
        if (i > 0 && !comes_before(&items[i - 1], &items[i]))
            return weir_fail(scope, WEIR_E_RANGE,
                             "opinion %zu of the evidence is not in order of window and witness",
                             i);
        uint8_t leaf[EVIDENCE_LEAF_BYTES] = {EVIDENCE_VERSION, items[i].witness};
        memcpy(leaf + 2, items[i].digest.bytes, WEIR_HASH_BYTES);
        struct weir_hash hash = weir_merkle_leaf((struct weir_slice){leaf, sizeof(leaf)});
        weir_edge_append(&edge, &hash);
    }
    *root = weir_edge_root(&edge);
    return WEIR_OK;
}

static struct weir_hash
rank_hash(const struct weir_hash *terms_hash, uint64_t lo, uint8_t tier, uint8_t index)
{
    uint8_t bytes[WEIR_HASH_BYTES + 8 + 1 + 1];
    memcpy(bytes, terms_hash->bytes, WEIR_HASH_BYTES);
    weir_put_u64(bytes + WEIR_HASH_BYTES, lo);
    bytes[WEIR_HASH_BYTES + 8] = tier;
    bytes[WEIR_HASH_BYTES + 9] = index;
    return weir_keccak_of(bytes, sizeof(bytes));
}

unsigned weir_report_rank(const struct weir_hash *terms_hash,
                          size_t witness_count,
                          uint64_t lo,
                          uint8_t tier,
                          uint8_t index)
{
    assert(index < witness_count && witness_count <= WEIR_WITNESSES_MAX);
    struct weir_hash own = rank_hash(terms_hash, lo, tier, index);
    unsigned rank = 0;
    for (size_t i = 0; i < witness_count; i++) {
        struct weir_hash other = rank_hash(terms_hash, lo, tier, (uint8_t)i);
        rank += weir_hash_compare(&other, &own) < 0;
    }
    return rank;
}

enum weir_err weir_report_pack(struct weir_scope *scope,
                               const struct weir_terms *terms,
                               const struct weir_signature *signatures,
                               uint32_t have,
                               struct weir_report *report)
{
    assert(terms->m >= 1 && terms->witness_count <= WEIR_WITNESSES_MAX);
    uint32_t who = 0;
    size_t count = 0;
    struct weir_signature packed[WEIR_WITNESSES_MAX];
    for (size_t i = 0; i < terms->witness_count && count < terms->m; i++) {
        if ((have >> i & 1) == 0)
            continue;
        who |= UINT32_C(1) << i;
        packed[count++] = signatures[i];
    }
    if (count < terms->m)
        return weir_fail(scope, WEIR_E_QUORUM, "%zu of the %u signatures that a report needs",
                         count, terms->m);
    report->who = who;
    report->signature_count = count;
    memcpy(report->signatures, packed, count * sizeof(packed[0]));
    return WEIR_OK;
}

enum weir_err weir_report_check(struct weir_scope *scope,
                                const struct weir_terms *terms,
                                const struct weir_domain *domain,
                                const struct weir_report *report)
{
    assert(terms->m >= 1 && terms->witness_count <= WEIR_WITNESSES_MAX);
    if (report->who >> terms->witness_count != 0 ||
        (unsigned)__builtin_popcount(report->who) != terms->m ||
        report->signature_count != terms->m)
        return weir_fail(scope, WEIR_E_QUORUM,
                         "signers %#x with %zu signatures, where %u of %zu witnesses must sign",
                         report->who, report->signature_count, terms->m, terms->witness_count);
    struct weir_hash own = weir_terms_hash(terms);
    if (!weir_hash_equal(&own, &report->breach.terms) || report->breach.epoch != 0)
        return weir_fail(scope, WEIR_E_RANGE, "the report is about other terms or another epoch");
    struct weir_hash digest = weir_breach_digest(domain, &report->breach);
    size_t place = 0;
    for (size_t i = 0; i < terms->witness_count; i++) {
        if ((report->who >> i & 1) == 0)
            continue;
        enum weir_err err = weir_secp_verify(scope, &digest, &report->signatures[place++],
                                             &terms->witnesses[i].key);
        if (err != WEIR_OK)
            return weir_note(scope, "witness %zu", i);
    }
    return WEIR_OK;
}
