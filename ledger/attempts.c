#include "ledger/attempts.h"

#include "ledger/amounts.h"
#include "ledger/sql.h"

const char *weir_attempt_state_name(enum weir_attempt_state state)
{
    switch (state) {
    case WEIR_ATTEMPT_SIGNED:
        return "signed";
    case WEIR_ATTEMPT_SENT:
        return "sent";
    case WEIR_ATTEMPT_MINED:
        return "mined";
    case WEIR_ATTEMPT_FINAL:
        return "final";
    case WEIR_ATTEMPT_REVERTED:
        return "reverted";
    case WEIR_ATTEMPT_REPLACED:
        return "replaced";
    }
    return "?"; /* a number from a damaged row */
}

static struct weir_value key_value(const struct weir_sender *sender)
{
    return weir_value_blob(sender->key.bytes, sizeof(sender->key.bytes));
}

/* The newest nonce of an intent at a key that is not over: some attempt with it may still happen,
 * or none was made. */
#define NONCE_OF_INTENT                                                                            \
    "SELECT nonce.nonce FROM nonce WHERE nonce.intent_id = ?1 AND nonce.chain_id = ?2 "            \
    "AND nonce.sender = ?3 AND (NOT EXISTS (SELECT 1 FROM attempt WHERE "                          \
    "attempt.chain_id = nonce.chain_id AND attempt.sender = nonce.sender "                         \
    "AND attempt.nonce = nonce.nonce) OR EXISTS (SELECT 1 FROM attempt JOIN attempt_step AS "      \
    "step ON step.hash = attempt.hash AND step.step = (SELECT max(step) FROM attempt_step "        \
    "WHERE attempt_step.hash = attempt.hash) WHERE attempt.chain_id = nonce.chain_id "             \
    "AND attempt.sender = nonce.sender AND attempt.nonce = nonce.nonce "                           \
    "AND step.state NOT IN (5, 6))) ORDER BY nonce.nonce DESC LIMIT 1"

static enum weir_err nonce_reserve(struct weir_store *store,
                                   struct weir_scope *scope,
                                   const struct weir_sender *sender,
                                   const struct weir_hash *intent,
                                   uint64_t *nonce)
{
    int64_t found = 0;
    struct weir_value chain = weir_value_u64(sender->chain_id);
    enum weir_err err =
        weir_sql_i64(store, scope, NONCE_OF_INTENT,
                     WEIR_VALUES(weir_value_hash(intent), chain, key_value(sender)), &found);
    if (err == WEIR_OK)
        *nonce = (uint64_t)found;
    if (err != WEIR_E_NOT_FOUND)
        return err;
    err = weir_sql_i64(store, scope,
                       "SELECT coalesce(max(nonce) + 1, 0) FROM nonce "
                       "WHERE chain_id = ? AND sender = ?",
                       WEIR_VALUES(chain, key_value(sender)), &found);
    if (err != WEIR_OK)
        return err;
    if ((uint64_t)found > *nonce)
        *nonce = (uint64_t)found;
    return weir_sql_run(
        store, scope, "INSERT INTO nonce(chain_id, sender, nonce, intent_id) VALUES (?, ?, ?, ?)",
        WEIR_VALUES(chain, key_value(sender), weir_value_u64(*nonce), weir_value_hash(intent)));
}

enum weir_err weir_nonce_reserve(struct weir_store *store,
                                 struct weir_scope *scope,
                                 const struct weir_sender *sender,
                                 const struct weir_hash *intent,
                                 uint64_t chain_next,
                                 uint64_t *nonce)
{
    struct weir_work work;
    uint64_t found = chain_next;
    enum weir_err err = weir_work_begin(store, scope, &work);
    if (err != WEIR_OK)
        return err;
    err = nonce_reserve(store, scope, sender, intent, &found);
    err = weir_work_end(store, scope, &work, err);
    if (err == WEIR_OK)
        *nonce = found;
    return err;
}

enum weir_err weir_nonce_last(struct weir_store *store,
                              struct weir_scope *scope,
                              const struct weir_sender *sender,
                              uint64_t *nonce)
{
    int64_t found = 0;
    enum weir_err err = weir_sql_i64(
        store, scope,
        "SELECT nonce FROM nonce WHERE chain_id = ? AND sender = ? ORDER BY nonce DESC LIMIT 1",
        WEIR_VALUES(weir_value_u64(sender->chain_id), key_value(sender)), &found);
    if (err == WEIR_E_NOT_FOUND)
        return weir_fail(scope, err, "no nonce was reserved at this key yet");
    if (err == WEIR_OK)
        *nonce = (uint64_t)found;
    return err;
}

/* That the nonce is the intent's. */
static enum weir_err
nonce_check(struct weir_store *store, struct weir_scope *scope, const struct weir_attempt *attempt)
{
    int64_t count = 0;
    enum weir_err err = weir_sql_i64(
        store, scope,
        "SELECT count(*) FROM nonce WHERE chain_id = ? AND sender = ? AND nonce = ? "
        "AND intent_id = ?",
        WEIR_VALUES(weir_value_u64(attempt->sender.chain_id), key_value(&attempt->sender),
                    weir_value_u64(attempt->nonce), weir_value_hash(&attempt->intent)),
        &count);
    if (err == WEIR_OK && count != 1)
        err = weir_fail(scope, WEIR_E_CONFLICT, "nonce %llu is not reserved for this intent",
                        (unsigned long long)attempt->nonce);
    return err;
}

static enum weir_err
attempt_put(struct weir_store *store, struct weir_scope *scope, const struct weir_attempt *attempt)
{
    uint8_t fee[WEIR_AMOUNT_BYTES];
    uint8_t tip[WEIR_AMOUNT_BYTES];
    static const struct weir_hash none = {{0}};
    weir_amount_write(attempt->fee_per_gas, fee);
    weir_amount_write(attempt->tip_per_gas, tip);
    enum weir_err err = nonce_check(store, scope, attempt);
    if (err != WEIR_OK)
        return err;
    err = weir_sql_run(
        store, scope,
        "INSERT INTO attempt(hash, intent_id, chain_id, sender, nonce, raw, fee_per_gas, "
        "tip_per_gas, made_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(hash) DO NOTHING",
        WEIR_VALUES(weir_value_hash(&attempt->hash), weir_value_hash(&attempt->intent),
                    weir_value_u64(attempt->sender.chain_id), key_value(&attempt->sender),
                    weir_value_u64(attempt->nonce), weir_value_slice(attempt->raw),
                    weir_value_blob(fee, sizeof(fee)), weir_value_blob(tip, sizeof(tip)),
                    weir_value_i64(attempt->made_ms)));
    if (err != WEIR_OK || weir_sql_changes(store) == 0)
        return err;
    return weir_sql_run(store, scope,
                        "INSERT INTO attempt_step(hash, step, state, at_ms, block_hash, "
                        "block_number, detail) VALUES (?, 0, 1, ?, ?, 0, '')",
                        WEIR_VALUES(weir_value_hash(&attempt->hash),
                                    weir_value_i64(attempt->made_ms), weir_value_hash(&none)));
}

enum weir_err weir_attempt_put(struct weir_store *store,
                               struct weir_scope *scope,
                               const struct weir_attempt *attempt)
{
    struct weir_work work;
    enum weir_err err = weir_work_begin(store, scope, &work);
    if (err != WEIR_OK)
        return err;
    err = attempt_put(store, scope, attempt);
    return weir_work_end(store, scope, &work, err);
}

#define ATTEMPT_COLUMNS                                                                            \
    "SELECT attempt.hash, attempt.intent_id, attempt.chain_id, attempt.sender, attempt.nonce, "    \
    "attempt.raw, attempt.fee_per_gas, attempt.tip_per_gas, attempt.made_ms, step.state, "         \
    "step.at_ms, step.block_hash, step.block_number, step.detail FROM attempt "                    \
    "JOIN attempt_step AS step ON step.hash = attempt.hash AND step.step = (SELECT max(step) "     \
    "FROM attempt_step WHERE attempt_step.hash = attempt.hash) "

static void attempt_read(struct weir_rows *rows, struct weir_attempt *attempt)
{
    *attempt = (struct weir_attempt){
        .hash = weir_row_hash(rows, 0),
        .intent = weir_row_hash(rows, 1),
        .sender = {.chain_id = weir_row_u64(rows, 2)},
        .nonce = weir_row_u64(rows, 4),
        .raw = weir_row_slice(rows, 5),
        .fee_per_gas = weir_row_amount(rows, 6),
        .tip_per_gas = weir_row_amount(rows, 7),
        .made_ms = weir_row_i64(rows, 8),
        .state = (enum weir_attempt_state)weir_row_u8(rows, 9),
        .state_ms = weir_row_i64(rows, 10),
        .block_hash = weir_row_hash(rows, 11),
        .block_number = weir_row_u64(rows, 12),
        .detail = weir_row_text(rows, 13),
    };
    weir_row_bytes(rows, 3, attempt->sender.key.bytes, sizeof(attempt->sender.key.bytes));
}

/* Collects what rows already begun give. */
static enum weir_err
collect(struct weir_rows *rows, struct weir_attempt **attempts, size_t *attempt_count)
{
    struct weir_collected found = {.item_bytes = sizeof(struct weir_attempt)};
    while (weir_rows_next(rows)) {
        struct weir_attempt *attempt = weir_rows_collect(rows, &found);
        if (attempt != NULL)
            attempt_read(rows, attempt);
    }
    enum weir_err err = weir_rows_end(rows);
    if (err != WEIR_OK)
        return err;
    *attempts = found.items;
    *attempt_count = found.count;
    return WEIR_OK;
}

enum weir_err weir_attempt_list(struct weir_store *store,
                                struct weir_scope *scope,
                                const struct weir_hash *intent,
                                struct weir_attempt **attempts,
                                size_t *attempt_count)
{
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    ATTEMPT_COLUMNS "WHERE attempt.intent_id = ? ORDER BY attempt.attempt_id",
                    WEIR_VALUES(weir_value_hash(intent)));
    return collect(&rows, attempts, attempt_count);
}

enum weir_err weir_attempt_list_open(struct weir_store *store,
                                     struct weir_scope *scope,
                                     const struct weir_sender *sender,
                                     struct weir_attempt **attempts,
                                     size_t *attempt_count)
{
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    ATTEMPT_COLUMNS "WHERE attempt.chain_id = ? AND attempt.sender = ? "
                                    "AND step.state < 4 ORDER BY attempt.nonce, attempt.attempt_id",
                    WEIR_VALUES(weir_value_u64(sender->chain_id), key_value(sender)));
    return collect(&rows, attempts, attempt_count);
}

static enum weir_err attempt_step(struct weir_store *store,
                                  struct weir_scope *scope,
                                  const struct weir_hash *hash,
                                  const struct weir_attempt_step *step)
{
    struct weir_attempt *found = NULL;
    size_t count = 0;
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope, ATTEMPT_COLUMNS "WHERE attempt.hash = ?",
                    WEIR_VALUES(weir_value_hash(hash)));
    enum weir_err err = collect(&rows, &found, &count);
    if (err == WEIR_OK && count == 0)
        err = weir_fail(scope, WEIR_E_NOT_FOUND, "there is no such attempt");
    if (err != WEIR_OK)
        return err;
    if (found->state == step->state && weir_hash_equal(&found->block_hash, &step->block_hash))
        return WEIR_OK;
    if (found->state >= WEIR_ATTEMPT_FINAL)
        return weir_fail(scope, WEIR_E_CONFLICT, "the attempt is %s and cannot become %s",
                         weir_attempt_state_name(found->state),
                         weir_attempt_state_name(step->state));
    return weir_sql_run(
        store, scope,
        "INSERT INTO attempt_step(hash, step, state, at_ms, block_hash, block_number, detail) "
        "SELECT ?1, max(step) + 1, ?2, ?3, ?4, ?5, ?6 FROM attempt_step WHERE hash = ?1",
        WEIR_VALUES(weir_value_hash(hash), weir_value_i64((int64_t)step->state),
                    weir_value_i64(step->now_ms), weir_value_hash(&step->block_hash),
                    weir_value_u64(step->block_number), weir_value_text(step->detail)));
}

enum weir_err weir_attempt_step(struct weir_store *store,
                                struct weir_scope *scope,
                                const struct weir_hash *hash,
                                const struct weir_attempt_step *step)
{
    struct weir_work work;
    enum weir_err err = weir_work_begin(store, scope, &work);
    if (err != WEIR_OK)
        return err;
    err = attempt_step(store, scope, hash, step);
    return weir_work_end(store, scope, &work, err);
}
