#include "ledger/intents.h"

#include <string.h>

#include "ledger/sql.h"

const char *weir_intent_state_name(enum weir_intent_state state)
{
    switch (state) {
    case WEIR_INTENT_OPEN:
        return "open";
    case WEIR_INTENT_HELD:
        return "held";
    case WEIR_INTENT_SETTLED:
        return "settled";
    case WEIR_INTENT_EXPIRED:
        return "expired";
    case WEIR_INTENT_SUPERSEDED:
        return "superseded";
    }
    return "?"; /* a number from a damaged row */
}

struct weir_hash weir_intent_id(uint64_t chain_id,
                                const struct weir_address *contract,
                                uint64_t window,
                                uint8_t tier)
{
    static const char domain[] = "weir/intent/v1"; /* its NUL belongs to it */
    struct weir_sha256 state;
    weir_sha256_init(&state);
    weir_sha256_update(&state, domain, sizeof(domain));
    weir_sha256_u64(&state, chain_id);
    weir_sha256_update(&state, contract->bytes, sizeof(contract->bytes));
    weir_sha256_u64(&state, window);
    weir_sha256_update(&state, &tier, sizeof(tier));
    return weir_sha256_final(&state);
}

#define INTENT_COLUMNS                                                                             \
    "SELECT intent.intent_id, intent.agreement_id, intent.window, intent.tier, intent.made_ms, "   \
    "step.state, step.at_ms, step.detail FROM intent JOIN intent_step AS step ON "                 \
    "step.intent_id = intent.intent_id AND step.step = (SELECT max(step) FROM intent_step "        \
    "WHERE intent_step.intent_id = intent.intent_id) "

static void intent_read(struct weir_rows *rows, struct weir_intent *intent)
{
    *intent = (struct weir_intent){
        .id = weir_row_hash(rows, 0),
        .agreement_id = weir_row_i64(rows, 1),
        .window = weir_row_u64(rows, 2),
        .tier = weir_row_u8(rows, 3),
        .made_ms = weir_row_i64(rows, 4),
        .state = (enum weir_intent_state)weir_row_u8(rows, 5),
        .state_ms = weir_row_i64(rows, 6),
        .detail = weir_row_text(rows, 7),
    };
}

enum weir_err weir_intent_load(struct weir_store *store,
                               struct weir_scope *scope,
                               const struct weir_hash *id,
                               struct weir_intent *intent)
{
    struct weir_rows rows;
    struct weir_intent found;
    weir_rows_begin(&rows, store, scope, INTENT_COLUMNS "WHERE intent.intent_id = ?",
                    WEIR_VALUES(weir_value_hash(id)));
    bool is_found = weir_rows_next(&rows);
    if (is_found)
        intent_read(&rows, &found);
    enum weir_err err = weir_rows_end(&rows);
    if (err == WEIR_OK && !is_found)
        err = weir_fail(scope, WEIR_E_NOT_FOUND, "there is no such intent");
    if (err == WEIR_OK)
        *intent = found;
    return err;
}

static enum weir_err step_add(struct weir_store *store,
                              struct weir_scope *scope,
                              const struct weir_hash *id,
                              const struct weir_intent *state)
{
    return weir_sql_run(
        store, scope,
        "INSERT INTO intent_step(intent_id, step, state, at_ms, detail) "
        "SELECT ?1, coalesce(max(step) + 1, 0), ?2, ?3, ?4 FROM intent_step WHERE intent_id = ?1",
        WEIR_VALUES(weir_value_hash(id), weir_value_i64((int64_t)state->state),
                    weir_value_i64(state->state_ms), weir_value_text(state->detail)));
}

/* The chain and the contract of the agreement decide the id. */
static enum weir_err id_of(struct weir_store *store,
                           struct weir_scope *scope,
                           const struct weir_intent *intent,
                           struct weir_hash *id)
{
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    "SELECT chain_id, clone FROM agreement WHERE agreement_id = ?",
                    WEIR_VALUES(weir_value_i64(intent->agreement_id)));
    bool is_found = weir_rows_next(&rows);
    if (is_found) {
        struct weir_address clone;
        weir_row_bytes(&rows, 1, clone.bytes, sizeof(clone.bytes));
        *id = weir_intent_id(weir_row_u64(&rows, 0), &clone, intent->window, intent->tier);
    }
    enum weir_err err = weir_rows_end(&rows);
    if (err == WEIR_OK && !is_found)
        err = weir_fail(scope, WEIR_E_NOT_FOUND, "there is no agreement %lld",
                        (long long)intent->agreement_id);
    return err;
}

static enum weir_err intent_put(struct weir_store *store,
                                struct weir_scope *scope,
                                const struct weir_intent *intent,
                                struct weir_hash *id,
                                bool *is_new)
{
    enum weir_err err = id_of(store, scope, intent, id);
    if (err != WEIR_OK)
        return err;
    err = weir_sql_run(store, scope,
                       "INSERT INTO intent(intent_id, agreement_id, window, tier, made_ms) "
                       "VALUES (?, ?, ?, ?, ?) ON CONFLICT(intent_id) DO NOTHING",
                       WEIR_VALUES(weir_value_hash(id), weir_value_i64(intent->agreement_id),
                                   weir_value_u64(intent->window), weir_value_u64(intent->tier),
                                   weir_value_i64(intent->made_ms)));
    *is_new = err == WEIR_OK && weir_sql_changes(store) == 1;
    if (err != WEIR_OK || !*is_new)
        return err;
    struct weir_intent open = {
        .state = WEIR_INTENT_OPEN, .state_ms = intent->made_ms, .detail = intent->detail};
    err = step_add(store, scope, id, &open);
    if (err != WEIR_OK)
        return err;
    return weir_sql_run(store, scope, "INSERT INTO open_intent(intent_id) VALUES (?)",
                        WEIR_VALUES(weir_value_hash(id)));
}

enum weir_err weir_intent_put(struct weir_store *store,
                              struct weir_scope *scope,
                              const struct weir_intent *intent,
                              struct weir_hash *id,
                              bool *is_new)
{
    struct weir_work work;
    struct weir_hash found;
    bool is_added = false;
    enum weir_err err = weir_work_begin(store, scope, &work);
    if (err != WEIR_OK)
        return err;
    err = intent_put(store, scope, intent, &found, &is_added);
    err = weir_work_end(store, scope, &work, err);
    if (err == WEIR_OK) {
        *id = found;
        *is_new = is_added;
    }
    return err;
}

/* Collects what rows already begun give. */
static enum weir_err
collect(struct weir_rows *rows, struct weir_intent **intents, size_t *intent_count)
{
    struct weir_collected found = {.item_bytes = sizeof(struct weir_intent)};
    while (weir_rows_next(rows)) {
        struct weir_intent *intent = weir_rows_collect(rows, &found);
        if (intent != NULL)
            intent_read(rows, intent);
    }
    enum weir_err err = weir_rows_end(rows);
    if (err != WEIR_OK)
        return err;
    *intents = found.items;
    *intent_count = found.count;
    return WEIR_OK;
}

enum weir_err weir_intent_list_open(struct weir_store *store,
                                    struct weir_scope *scope,
                                    int64_t agreement_id,
                                    struct weir_intent **intents,
                                    size_t *intent_count)
{
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    INTENT_COLUMNS "WHERE intent.intent_id IN (SELECT intent_id FROM open_intent) "
                                   "AND (?1 = 0 OR intent.agreement_id = ?1) "
                                   "ORDER BY intent.made_ms, intent.rowid",
                    WEIR_VALUES(weir_value_i64(agreement_id)));
    return collect(&rows, intents, intent_count);
}

enum weir_err weir_intent_list(struct weir_store *store,
                               struct weir_scope *scope,
                               int64_t agreement_id,
                               size_t limit,
                               struct weir_intent **intents,
                               size_t *intent_count)
{
    struct weir_rows rows;
    weir_rows_begin(&rows, store, scope,
                    INTENT_COLUMNS "WHERE ?1 = 0 OR intent.agreement_id = ?1 "
                                   "ORDER BY intent.made_ms DESC, intent.rowid DESC LIMIT ?2",
                    WEIR_VALUES(weir_value_i64(agreement_id), weir_value_limit(limit)));
    return collect(&rows, intents, intent_count);
}

static bool is_end(enum weir_intent_state state)
{
    return state == WEIR_INTENT_SETTLED || state == WEIR_INTENT_EXPIRED ||
           state == WEIR_INTENT_SUPERSEDED;
}

static enum weir_err intent_step(struct weir_store *store,
                                 struct weir_scope *scope,
                                 const struct weir_hash *id,
                                 const struct weir_intent *next)
{
    struct weir_intent now;
    enum weir_err err = weir_intent_load(store, scope, id, &now);
    if (err != WEIR_OK)
        return err;
    if (now.state == next->state && strcmp(now.detail, next->detail) == 0)
        return WEIR_OK;
    if (is_end(now.state) && now.state == next->state)
        return WEIR_OK; /* ended so already; the first detail stays */
    if (is_end(now.state))
        return weir_fail(scope, WEIR_E_CONFLICT, "the intent is %s and cannot become %s",
                         weir_intent_state_name(now.state), weir_intent_state_name(next->state));
    err = step_add(store, scope, id, next);
    if (err != WEIR_OK || !is_end(next->state))
        return err;
    return weir_sql_run(store, scope, "DELETE FROM open_intent WHERE intent_id = ?",
                        WEIR_VALUES(weir_value_hash(id)));
}

enum weir_err weir_intent_step(struct weir_store *store,
                               struct weir_scope *scope,
                               const struct weir_hash *id,
                               enum weir_intent_state state,
                               int64_t now_ms,
                               const char *detail)
{
    struct weir_work work;
    struct weir_intent next = {
        .state = state, .state_ms = now_ms, .detail = detail == NULL ? "" : detail};
    enum weir_err err = weir_work_begin(store, scope, &work);
    if (err != WEIR_OK)
        return err;
    err = intent_step(store, scope, id, &next);
    return weir_work_end(store, scope, &work, err);
}
