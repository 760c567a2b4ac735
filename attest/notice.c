#include "attest/notice.h"

#include <string.h>

void weir_notice_write(const struct weir_notice *notice, uint8_t bytes[static WEIR_NOTICE_BYTES])
{
    const struct weir_maintenance_message *maintenance = &notice->maintenance;
    memcpy(bytes, maintenance->terms.bytes, WEIR_HASH_BYTES);
    weir_put_u64(bytes + 32, maintenance->from_ms);
    weir_put_u64(bytes + 40, maintenance->to_ms);
    weir_put_u64(bytes + 48, maintenance->nonce);
    memcpy(bytes + 56, notice->signature.bytes, WEIR_SECP_SIGNATURE_BYTES);
}

enum weir_err
weir_notice_read(struct weir_scope *scope, struct weir_slice bytes, struct weir_notice *notice)
{
    if (bytes.length != WEIR_NOTICE_BYTES)
        return weir_fail(scope, WEIR_E_PARSE, "a maintenance notice has %d bytes, not %zu",
                         WEIR_NOTICE_BYTES, bytes.length);
    struct weir_notice read = {
        .maintenance = {.from_ms = weir_get_u64(bytes.data + 32),
                        .to_ms = weir_get_u64(bytes.data + 40),
                        .nonce = weir_get_u64(bytes.data + 48)},
    };
    memcpy(read.maintenance.terms.bytes, bytes.data, WEIR_HASH_BYTES);
    memcpy(read.signature.bytes, bytes.data + 56, WEIR_SECP_SIGNATURE_BYTES);
    if (read.maintenance.from_ms >= read.maintenance.to_ms || read.maintenance.to_ms > INT64_MAX)
        return weir_fail(scope, WEIR_E_RANGE,
                         "a maintenance notice that does not begin before its "
                         "end");
    *notice = read;
    return WEIR_OK;
}

enum weir_err weir_notice_verify(struct weir_scope *scope,
                                 const struct weir_notice *notice,
                                 const struct weir_domain *domain,
                                 const struct weir_hash *terms_hash,
                                 const struct weir_address *provider)
{
    if (!weir_hash_equal(&notice->maintenance.terms, terms_hash))
        return weir_fail(scope, WEIR_E_EVIDENCE, "the maintenance notice is of another agreement");
    struct weir_hash digest = weir_maintenance_digest(domain, &notice->maintenance);
    enum weir_err err = weir_secp_verify(scope, &digest, &notice->signature, provider);
    return err == WEIR_OK ? err : weir_note(scope, "the provider's maintenance notice");
}
