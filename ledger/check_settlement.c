#include <string.h>

#include "attest/keccak.h"
#include "attest/opinion.h"
#include "attest/secp.h"
#include "attest/terms.h"
#include "ledger/agreements.h"
#include "ledger/check_parts.h"
#include "ledger/intents.h"
#include "ledger/sql.h"

static enum weir_err agreement_check(const struct weir_ledger_check *check,
                                     const struct weir_agreement_row *row)
{
    struct weir_terms terms;
    struct weir_scope *scope = check->scope;
    enum weir_err err = weir_terms_read(scope, row->terms, &terms);
    if (err != WEIR_OK)
        return weir_note(scope, "agreement '%s'", row->name);
    struct weir_hash hash = weir_terms_hash(&terms);
    if (!weir_hash_equal(&hash, &row->terms_hash))
        return weir_fail(scope, WEIR_E_CORRUPT,
                         "agreement '%s': terms_hash is not that of its terms", row->name);
    struct weir_address clone =
        weir_terms_clone_address(&terms, &row->factory, &row->implementation);
    if (!weir_address_equal(&clone, &row->clone))
        return weir_fail(scope, WEIR_E_CORRUPT,
                         "agreement '%s': clone does not follow from its terms", row->name);
    return WEIR_OK;
}

/* The key of the terms' witness `node`; NULL when it is none. */
static const struct weir_address *witness_key(const struct weir_terms *terms,
                                              const uint8_t node[static WEIR_NODE_BYTES])
{
    for (size_t i = 0; i < terms->witness_count; i++)
        if (memcmp(terms->witnesses[i].node, node, WEIR_NODE_BYTES) == 0)
            return &terms->witnesses[i].key;
    return NULL;
}

/* One row of `opinion` against what it is signed as. */
static enum weir_err opinion_check(const struct weir_ledger_check *check,
                                   struct weir_rows *rows,
                                   const struct weir_agreement_row *agreement,
                                   const struct weir_terms *terms)
{
    struct weir_opinion opinion;
    struct weir_signature signature;
    uint8_t node[WEIR_NODE_BYTES];
    struct weir_hash digest = weir_row_hash(rows, 3);
    struct weir_domain domain = {.chain_id = agreement->chain_id, .contract = agreement->clone};
    weir_row_bytes(rows, 1, node, sizeof(node));
    weir_row_bytes(rows, 5, signature.bytes, sizeof(signature.bytes));
    enum weir_err err = rows->err;
    if (err == WEIR_OK)
        err = weir_opinion_read(check->scope, weir_row_peek(rows, 4), &opinion);
    if (err != WEIR_OK)
        return err;
    struct weir_hash made = weir_opinion_digest(&domain, &opinion);
    const struct weir_address *key = witness_key(terms, node);
    check->report->opinions++;
    if (opinion.window != weir_row_u64(rows, 0) || opinion.revision != weir_row_u64(rows, 2) ||
        !weir_hash_equal(&opinion.terms, &agreement->terms_hash) ||
        !weir_hash_equal(&made, &digest))
        return weir_fail(check->scope, WEIR_E_CORRUPT,
                         "opinion of window %llu revision %u: the row is not what was signed",
                         (unsigned long long)opinion.window, opinion.revision);
    if (key == NULL || weir_secp_verify(check->scope, &digest, &signature, key) != WEIR_OK)
        return weir_fail(check->scope, WEIR_E_CORRUPT,
                         "opinion of window %llu revision %u: no witness signed it",
                         (unsigned long long)opinion.window, opinion.revision);
    return WEIR_OK;
}

static enum weir_err opinions_check(const struct weir_ledger_check *check,
                                    const struct weir_agreement_row *agreement)
{
    struct weir_terms terms;
    struct weir_rows rows;
    enum weir_err err = weir_terms_read(check->scope, agreement->terms, &terms);
    if (err != WEIR_OK)
        return err;
    weir_rows_begin(&rows, check->store, check->scope,
                    "SELECT window, node, revision, digest, fields, signature FROM opinion "
                    "WHERE terms = ? ORDER BY window, node, revision",
                    WEIR_VALUES(weir_value_hash(&agreement->terms_hash)));
    while (weir_rows_next(&rows))
        rows.err = opinion_check(check, &rows, agreement, &terms);
    return weir_rows_end(&rows);
}

/* An intent's id follows from its agreement; it is in open_intent exactly while it has not ended.
 * SQL finds the rows whose steps have a gap or go on after an end. */
static enum weir_err intents_check(const struct weir_ledger_check *check)
{
    struct weir_rows rows;
    weir_rows_begin(
        &rows, check->store, check->scope,
        "SELECT intent.intent_id, agreement.chain_id, agreement.clone, intent.window, intent.tier, "
        "(SELECT count(*) FROM intent_step WHERE intent_step.intent_id = intent.intent_id), "
        "(SELECT max(step) + 1 FROM intent_step WHERE intent_step.intent_id = intent.intent_id), "
        "(SELECT count(*) FROM intent_step WHERE intent_step.intent_id = intent.intent_id AND "
        "state >= 3), EXISTS (SELECT 1 FROM open_intent WHERE open_intent.intent_id = "
        "intent.intent_id) FROM intent JOIN agreement USING (agreement_id)",
        NULL, 0);
    while (weir_rows_next(&rows)) {
        struct weir_address clone;
        struct weir_hash stored = weir_row_hash(&rows, 0);
        weir_row_bytes(&rows, 2, clone.bytes, sizeof(clone.bytes));
        uint64_t window = weir_row_u64(&rows, 3);
        uint8_t tier = weir_row_u8(&rows, 4);
        struct weir_hash id = weir_intent_id(weir_row_u64(&rows, 1), &clone, window, tier);
        int64_t steps = weir_row_i64(&rows, 5);
        int64_t ends = weir_row_i64(&rows, 7);
        bool is_open = weir_row_i64(&rows, 8) != 0;
        check->report->intents++;
        if (rows.err == WEIR_OK &&
            (!weir_hash_equal(&id, &stored) || steps == 0 || steps != weir_row_i64(&rows, 6) ||
             ends > 1 || is_open != (ends == 0)))
            rows.err = weir_fail(check->scope, WEIR_E_CORRUPT,
                                 "intent of window %llu tier %u: its id or its steps are wrong",
                                 (unsigned long long)window, tier);
    }
    return weir_rows_end(&rows);
}

/* The bytes of an attempt are those of its hash, its nonce belongs to its intent, its steps have no
 * gap. */
static enum weir_err attempts_check(const struct weir_ledger_check *check)
{
    struct weir_rows rows;
    weir_rows_begin(
        &rows, check->store, check->scope,
        "SELECT attempt.hash, attempt.raw, attempt.intent_id, nonce.intent_id, attempt.nonce, "
        "(SELECT count(*) FROM attempt_step WHERE attempt_step.hash = attempt.hash), "
        "(SELECT coalesce(max(step) + 1, -1) FROM attempt_step WHERE "
        "attempt_step.hash = attempt.hash) FROM attempt "
        "LEFT JOIN nonce USING (chain_id, sender, nonce)",
        NULL, 0);
    while (weir_rows_next(&rows)) {
        struct weir_slice raw = weir_row_peek(&rows, 1);
        struct weir_hash hash = weir_row_hash(&rows, 0);
        struct weir_hash made = weir_keccak_of(raw.data, raw.length);
        check->report->attempts++;
        if (!weir_hash_equal(&hash, &made) ||
            !weir_slice_equal(weir_row_peek(&rows, 2), weir_row_peek(&rows, 3)) ||
            weir_row_i64(&rows, 5) != weir_row_i64(&rows, 6))
            rows.err = weir_fail(check->scope, WEIR_E_CORRUPT,
                                 "attempt with nonce %lld: its hash, nonce or steps are wrong",
                                 (long long)sqlite3_column_int64(rows.statement, 4));
    }
    return weir_rows_end(&rows);
}

enum weir_err weir_check_settlement(const struct weir_ledger_check *check)
{
    struct weir_agreement_row *agreements = NULL;
    size_t count = 0;
    weir_check_tell(check, "agreements", 0, 0);
    enum weir_err err = weir_agreement_list(check->store, check->scope, &agreements, &count);
    for (size_t i = 0; err == WEIR_OK && i < count; i++) {
        err = agreement_check(check, &agreements[i]);
        if (err == WEIR_OK)
            err = opinions_check(check, &agreements[i]);
    }
    if (err == WEIR_OK)
        err = intents_check(check);
    return err == WEIR_OK ? attempts_check(check) : err;
}
