/* Goal: a report carries the root, the signers and the signatures that the contract and every other
 * witness compute.
 * Method: signed reports of an independent client, a root and ranks computed apart, and each part
 * of a good report spoilt. */
#include "attest/report.h"

#include "tests/unit/with_agreement.h"

static struct weir_hash repeated(uint8_t byte)
{
    struct weir_hash hash;
    memset(hash.bytes, byte, sizeof(hash.bytes));
    return hash;
}

static void the_evidence_root_is_the_tree_hash_over_the_opinions(void **state)
{
    (void)state;
    struct weir_evidence_item items[] = {
        {7, 0, repeated(0xa0)}, {7, 1, repeated(0xa1)}, {7, 2, repeated(0xa2)},
        {8, 0, repeated(0xa3)}, {8, 2, repeated(0xa4)},
    };
    struct weir_hash root;
    evm_ok(weir_evidence_root(&evm.scope, items, 5, &root));
    evm_same((struct weir_slice){root.bytes, 32},
             "88da349d341e804a375a88e38d92a4bd5698de51d7c34db736c725cc45de6a7e");
    evm_ok(weir_evidence_root(&evm.scope, items, 1, &root));
    evm_same((struct weir_slice){root.bytes, 32},
             "0f729c067afdb0c6a42855d8220075b2f8dcfb69bd654f46627f054d0d625867");
    evm_refused(weir_evidence_root(&evm.scope, items, 0, &root), WEIR_E_RANGE);
    items[4] = items[3];
    evm_refused(weir_evidence_root(&evm.scope, items, 5, &root), WEIR_E_RANGE);
    items[4].window = 6;
    evm_refused(weir_evidence_root(&evm.scope, items, 5, &root), WEIR_E_RANGE);
}

static void the_order_of_senders_is_the_order_of_their_hashes(void **state)
{
    (void)state;
    static const unsigned ranks_of_7[] = {1, 0, 2, 4, 3};
    static const unsigned ranks_of_8[] = {0, 4, 3, 2, 1};
    struct weir_hash terms = repeated(0x11);
    for (uint8_t i = 0; i < 5; i++) {
        assert_int_equal(weir_report_rank(&terms, 5, 7, 2, i), ranks_of_7[i]);
        assert_int_equal(weir_report_rank(&terms, 5, 8, 2, i), ranks_of_8[i]);
    }
}

static void check_digest_and_signers(const json_t *agreement)
{
    struct weir_terms terms = agreement_terms(agreement);
    struct weir_domain domain = agreement_domain(agreement);
    struct weir_report report = agreement_report(agreement);
    struct weir_hash separator = weir_domain_separator(&domain);
    evm_same((struct weir_slice){separator.bytes, 32}, evm_text(agreement, "domainSeparator"));
    struct weir_hash digest = weir_breach_digest(&domain, &report.breach);
    evm_same((struct weir_slice){digest.bytes, 32}, evm_text(agreement, "breachDigest"));
    evm_ok(weir_report_check(&evm.scope, &terms, &domain, &report));

    struct weir_report bent = report;
    bent.breach.tier++;
    evm_refused(weir_report_check(&evm.scope, &terms, &domain, &bent), WEIR_E_SIGNATURE);
    bent = report;
    bent.breach.epoch = 1;
    evm_refused(weir_report_check(&evm.scope, &terms, &domain, &bent), WEIR_E_RANGE);
    bent = report;
    bent.breach.terms.bytes[0] ^= 1;
    evm_refused(weir_report_check(&evm.scope, &terms, &domain, &bent), WEIR_E_RANGE);
    bent = report;
    bent.signature_count--;
    evm_refused(weir_report_check(&evm.scope, &terms, &domain, &bent), WEIR_E_QUORUM);
    bent = report;
    bent.who |= UINT32_C(1) << terms.witness_count;
    evm_refused(weir_report_check(&evm.scope, &terms, &domain, &bent), WEIR_E_QUORUM);
    struct weir_domain elsewhere = domain;
    elsewhere.chain_id++;
    evm_refused(weir_report_check(&evm.scope, &terms, &elsewhere, &report), WEIR_E_SIGNATURE);
    if (report.signature_count < 2)
        return;
    bent = report;
    bent.signatures[0] = report.signatures[1];
    evm_refused(weir_report_check(&evm.scope, &terms, &domain, &bent), WEIR_E_SIGNATURE);
}

static void reports_of_another_client_verify_and_bent_ones_do_not(void **state)
{
    (void)state;
    agreement_each(check_digest_and_signers);
}

/* Every witness signs with its own key; the report takes the m lowest. */
static void check_packing(const json_t *agreement)
{
    struct weir_terms terms = agreement_terms(agreement);
    struct weir_domain domain = agreement_domain(agreement);
    struct weir_report report = agreement_report(agreement);
    struct weir_hash digest = weir_breach_digest(&domain, &report.breach);
    const uint8_t random[32] = {0};
    struct weir_secp *secp = weir_secp_new(random);
    assert_non_null(secp);
    struct weir_signature signatures[WEIR_WITNESSES_MAX] = {0};
    uint32_t have = 0;
    size_t i;
    json_t *secret;
    json_array_foreach(json_object_get(agreement, "witnessPrivateKeys"), i, secret)
    {
        const uint8_t *bytes = evm_unhex(json_string_value(secret)).data;
        evm_ok(weir_secp_sign(secp, &evm.scope, bytes, &digest, &signatures[i]));
        have |= UINT32_C(1) << i;
        if (i + 1 < terms.m)
            evm_refused(weir_report_pack(&evm.scope, &terms, signatures, have, &report),
                        WEIR_E_QUORUM);
    }
    weir_secp_free(secp);
    evm_ok(weir_report_pack(&evm.scope, &terms, signatures, have, &report));
    assert_int_equal(report.who, (UINT32_C(1) << terms.m) - 1);
    evm_ok(weir_report_check(&evm.scope, &terms, &domain, &report));
    uint32_t theirs = (uint32_t)agreement_number(agreement, "who");
    evm_ok(weir_report_pack(&evm.scope, &terms, signatures, theirs, &report));
    assert_int_equal(report.who, theirs);
    struct weir_slice packed = {report.signatures[0].bytes,
                                report.signature_count * sizeof(report.signatures[0])};
    evm_same(packed, evm_text(agreement, "sigs"));
}

static void the_lowest_m_signatures_are_packed_in_order(void **state)
{
    (void)state;
    agreement_each(check_packing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        evm_test(the_evidence_root_is_the_tree_hash_over_the_opinions),
        evm_test(the_order_of_senders_is_the_order_of_their_hashes),
        evm_test(reports_of_another_client_verify_and_bent_ones_do_not),
        evm_test(the_lowest_m_signatures_are_packed_in_order),
    };
    return evm_finish(cmocka_run_group_tests_name("report", tests, NULL, NULL));
}
