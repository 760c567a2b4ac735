/* weir maintenance message|add: a provider's announcement, from wallet to log (protocol section 4).
 */
#include <stdio.h>
#include <string.h>

#include "attest/notice.h"
#include "base/number.h"
#include "base/text.h"
#include "config/config.h"
#include "ledger/log.h"
#include "ledger/record.h"
#include "ledger/store.h"
#include "metrics/calendar.h"
#include "node/agreement.h"
#include "node/clock.h"
#include "node/command.h"
#include "node/json_out.h"
#include "node/ledger_command.h"

struct announcement {
    struct weir_config *config;
    const struct weir_agreement *agreement;
    struct weir_notice notice;
};

static enum weir_err time_option(struct weir_command *command, const char *name, uint64_t *unix_ms)
{
    const char *text = weir_command_option(command, name);
    if (text == NULL)
        return weir_fail(command->scope, WEIR_E_USAGE,
                         "--%s TIME is needed, such as 2026-03-01T02:00:00Z", name);
    int64_t time_ms;
    if (weir_time_parse(command->scope, weir_slice_text(text), &time_ms) != WEIR_OK)
        return weir_note(command->scope, "--%s", name);
    if (time_ms < 0)
        return weir_fail(command->scope, WEIR_E_USAGE, "--%s lies before 1970", name);
    *unix_ms = (uint64_t)time_ms;
    return WEIR_OK;
}

static enum weir_err load_agreement(struct weir_command *command, struct announcement *announcement)
{
    struct weir_agreements agreements;
    if (weir_command_config(command, &announcement->config) != WEIR_OK)
        return command->scope->err;
    const struct weir_self nobody = {announcement->config->node.name, NULL};
    if (weir_agreements_load(command->scope, announcement->config, nobody, &agreements) != WEIR_OK)
        return command->scope->err;
    announcement->agreement = weir_agreement_by_name(&agreements, command->operands[0]);
    if (announcement->agreement == NULL)
        return weir_fail(command->scope, WEIR_E_NOT_FOUND, "no agreement '%s' in %s",
                         command->operands[0], command->config_path);
    return WEIR_OK;
}

static enum weir_err read_message(struct weir_command *command, struct announcement *announcement)
{
    struct weir_maintenance_message *message = &announcement->notice.maintenance;
    enum weir_err err = load_agreement(command, announcement);
    if (err == WEIR_OK)
        err = time_option(command, "from", &message->from_ms);
    if (err == WEIR_OK)
        err = time_option(command, "to", &message->to_ms);
    if (err != WEIR_OK)
        return err;
    const struct weir_gauge *gauge = &announcement->agreement->gauge;
    if (message->from_ms >= message->to_ms)
        return weir_fail(command->scope, WEIR_E_USAGE, "--from is not before --to");
    if (gauge->kind != WEIR_GAUGE_AVAILABILITY)
        return weir_fail(command->scope, WEIR_E_CONFLICT,
                         "gauge '%s' does not measure availability; only that knows maintenance",
                         gauge->name);
    message->terms = announcement->agreement->hash;
    message->nonce = message->from_ms; /* the same words give the same message */
    const char *nonce = weir_command_option(command, "nonce");
    if (nonce != NULL && weir_u64_parse(command->scope, weir_slice_text(nonce), UINT64_MAX,
                                        &message->nonce) != WEIR_OK)
        return weir_note(command->scope, "--nonce");
    return WEIR_OK;
}

static void put_member(struct weir_json *json, const char *type, const char *name)
{
    weir_json_object(json, NULL);
    weir_json_text(json, "name", name);
    weir_json_text(json, "type", type);
    weir_json_close(json);
}

static void put_types(struct weir_json *json)
{
    weir_json_object(json, "types");
    weir_json_array(json, "EIP712Domain");
    put_member(json, "string", "name");
    put_member(json, "string", "version");
    put_member(json, "uint256", "chainId");
    put_member(json, "address", "verifyingContract");
    weir_json_close(json);
    weir_json_array(json, "Maintenance");
    put_member(json, "bytes32", "terms");
    put_member(json, "uint64", "from");
    put_member(json, "uint64", "to");
    put_member(json, "uint64", "nonce");
    weir_json_close(json);
    weir_json_close(json);
}

/* The argument of eth_signTypedData_v4. */
int weir_cmd_maintenance_message(struct weir_command *command)
{
    struct announcement announcement = {.config = NULL};
    if (read_message(command, &announcement) != WEIR_OK)
        return weir_command_fail(command);
    const struct weir_domain *domain = &announcement.agreement->domain;
    const struct weir_maintenance_message *message = &announcement.notice.maintenance;
    char terms[2 + WEIR_HASH_HEX_BYTES] = "0x";
    weir_hash_hex(&message->terms, terms + 2);
    struct weir_json json;
    weir_json_begin(&json, command->scope, 0);
    weir_json_object(&json, NULL);
    put_types(&json);
    weir_json_text(&json, "primaryType", "Maintenance");
    weir_json_object(&json, "domain");
    weir_json_text(&json, "name", "weir");
    weir_json_text(&json, "version", "1");
    weir_json_u64(&json, "chainId", domain->chain_id);
    weir_json_0x(&json, "verifyingContract", domain->contract.bytes, WEIR_ADDRESS_BYTES);
    weir_json_close(&json);
    weir_json_object(&json, "message");
    weir_json_text(&json, "terms", terms);
    weir_json_u64(&json, "from", message->from_ms);
    weir_json_u64(&json, "to", message->to_ms);
    weir_json_u64(&json, "nonce", message->nonce);
    weir_json_close(&json);
    return weir_command_print_json(command, &json);
}

static enum weir_err read_signature(struct weir_command *command, struct weir_notice *notice)
{
    const char *text = weir_command_option(command, "signature");
    if (text == NULL)
        return weir_fail(command->scope, WEIR_E_USAGE,
                         "--signature is needed: what the provider's wallet answered to the "
                         "message of `weir maintenance message`");
    struct weir_slice hex = weir_slice_text(text);
    if (hex.length >= 2 && memcmp(hex.data, "0x", 2) == 0)
        hex = (struct weir_slice){hex.data + 2, hex.length - 2};
    uint8_t bytes[65]; /* r, s, v as wallets write it; or the 64 bytes of EIP-2098 */
    size_t length = hex.length == 2 * WEIR_SECP_SIGNATURE_BYTES ? WEIR_SECP_SIGNATURE_BYTES : 65;
    if (weir_hex_parse(command->scope, hex, bytes, length) != WEIR_OK)
        return weir_note(command->scope, "--signature");
    if (length == WEIR_SECP_SIGNATURE_BYTES) {
        memcpy(notice->signature.bytes, bytes, length);
        return WEIR_OK;
    }
    unsigned parity = bytes[64] >= 27 ? bytes[64] - 27U : bytes[64];
    return weir_signature_join(command->scope, bytes, bytes + 32, parity, &notice->signature);
}

static enum weir_err record(struct weir_command *command,
                            const struct announcement *announcement,
                            struct weir_record_counts *counts)
{
    uint8_t payload[WEIR_NOTICE_BYTES];
    weir_notice_write(&announcement->notice, payload);
    const struct weir_maintenance declared = {
        .logged_ms = weir_clock_now(),
        .planned = {(int64_t)announcement->notice.maintenance.from_ms,
                    (int64_t)announcement->notice.maintenance.to_ms},
    };
    struct weir_store *store = NULL;
    struct weir_log log;
    enum weir_err err = weir_ledger_for_command(command->scope, announcement->config, &store);
    if (err == WEIR_OK)
        err = weir_log_find_gauge(store, command->scope, announcement->agreement->gauge.name, &log);
    if (err == WEIR_OK)
        err = weir_record_maintenance(store, command->scope, log.log_id, &declared,
                                      (struct weir_slice){payload, sizeof(payload)}, counts);
    weir_store_close(store);
    return err;
}

static int tell(struct weir_command *command, bool is_new, bool is_in_time)
{
    if (command->wants_json) {
        struct weir_json json;
        weir_json_begin(&json, command->scope, 0);
        weir_json_object(&json, NULL);
        weir_json_bool(&json, "added", is_new);
        if (is_new)
            weir_json_bool(&json, "in_time", is_in_time);
        return weir_command_print_json(command, &json);
    }
    (void)printf("%s\n", !is_new      ? "known already"
                         : is_in_time ? "logged"
                                      : "logged, but too late: without the gauge's notice it does "
                                        "not count");
    return WEIR_EXIT_OK;
}

int weir_cmd_maintenance_add(struct weir_command *command)
{
    struct announcement announcement = {.config = NULL};
    struct weir_record_counts counts = {0};
    enum weir_err err = read_message(command, &announcement);
    if (err == WEIR_OK)
        err = read_signature(command, &announcement.notice);
    if (err == WEIR_OK)
        err = weir_notice_verify(command->scope, &announcement.notice,
                                 &announcement.agreement->domain, &announcement.agreement->hash,
                                 &announcement.agreement->terms.provider);
    if (err == WEIR_OK)
        err = record(command, &announcement, &counts);
    if (err != WEIR_OK)
        return weir_command_fail(command);
    int64_t start_ms = (int64_t)announcement.notice.maintenance.from_ms;
    int64_t notice_ms = announcement.agreement->gauge.availability.maintenance_notice_ms;
    return tell(command, counts.added > 0, weir_clock_now() < start_ms - notice_ms);
}
