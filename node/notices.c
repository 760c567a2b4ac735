#include "node/notices.h"

#include "attest/notice.h"
#include "base/arena.h"
#include "ledger/log.h"
#include "ledger/observations.h"
#include "ledger/store.h"

bool weir_notice_counts(const struct weir_notice_query *query, const struct weir_shown_leaf *leaf)
{
    struct weir_scope scope = {.arena = NULL};
    struct weir_notice notice;
    const struct weir_agreement *agreement = query->agreement;
    if (leaf->seq == 0 || leaf->seq >= query->size ||
        weir_notice_read(&scope, leaf->payload, &notice) != WEIR_OK ||
        weir_notice_verify(&scope, &notice, &agreement->domain, &agreement->hash,
                           &agreement->terms.provider) != WEIR_OK)
        return false;
    return (int64_t)notice.maintenance.from_ms < query->window.end_ms &&
           (int64_t)notice.maintenance.to_ms > query->window.start_ms;
}

enum weir_err weir_notices_own(struct weir_store *store,
                               struct weir_scope *scope,
                               int64_t log_id,
                               const struct weir_notice_query *query,
                               struct weir_notices *notices)
{
    struct weir_logged_maintenance logged;
    enum weir_err err = weir_window_maintenance(store, scope, log_id, query->window, &logged);
    if (err != WEIR_OK)
        return err;
    *notices = (struct weir_notices){
        .leaves = weir_take(scope, logged.list.count, sizeof(*notices->leaves)),
        .items = weir_take(scope, logged.list.count, sizeof(*notices->items)),
    };
    if (notices->leaves == NULL || notices->items == NULL)
        return scope->err;
    for (size_t i = 0; i < logged.list.count; i++) {
        struct weir_observation *observation;
        size_t found;
        struct weir_salt_range at = {logged.seqs[i], logged.seqs[i] + 1};
        struct weir_shown_leaf *leaf = &notices->leaves[notices->count];
        leaf->seq = logged.seqs[i];
        err = weir_observations(store, scope, log_id, at, &observation, &found);
        if (err == WEIR_OK)
            err = weir_log_salt(store, scope, log_id, leaf->seq, &leaf->salt);
        if (err != WEIR_OK)
            return err;
        leaf->payload = observation->payload;
        if (!weir_notice_counts(query, leaf))
            continue;
        notices->items[notices->count] = logged.list.items[i];
        notices->count++;
    }
    return WEIR_OK;
}
