/* Has finished work attested: one signed statement per job that was delivered in full, stored with
 * its leaf in the gauge's log. */
#include "node/settler.h"

#include <string.h>

#include "attest/statement.h"
#include "base/arena.h"
#include "config/config.h"
#include "ledger/observations.h"
#include "ledger/statements.h"
#include "ledger/store.h"
#include "metrics/event.h"
#include "metrics/otif.h"
#include "node/clock.h"
#include "node/log.h"

#define BATCH 64

/* Places in the table of fields of WORK_COMPLETED. */
enum {
    FIELD_GAUGE,
    FIELD_DEFINITION,
    FIELD_SOURCE,
    FIELD_JOB,
    FIELD_QUANTITY,
    FIELD_DUE,
    FIELD_DELIVERED,
    FIELD_EVENT,
    FIELDS
};

/* The event that completed the job: the last delivery by time, then by id. */
static const struct weir_event *completing(const struct weir_event_list *events, size_t *place)
{
    const struct weir_event *last = NULL;
    for (size_t i = 0; i < events->count; i++) {
        const struct weir_event *event = &events->items[i];
        if (event->type != WEIR_EVENT_JOB_DELIVERED)
            continue;
        if (last == NULL || event->occurred_ms >= last->occurred_ms) {
            last = event;
            *place = i;
        }
    }
    return last;
}

static enum weir_err attest_job(struct weir_settler *settler,
                                struct weir_scope *scope,
                                const struct weir_config_gauge *gauge,
                                int64_t log_id,
                                const char *subject)
{
    struct weir_store *store = settler->worker.store;
    struct weir_event_list events;
    struct weir_outcome outcome;
    struct weir_hash definition;
    size_t place = 0;
    enum weir_err err = weir_job_events(store, scope, log_id, weir_slice_text(subject), &events);
    if (err == WEIR_OK)
        err = weir_job_fold(scope, &gauge->definition, events.items, events.count, &outcome);
    if (err == WEIR_OK)
        err = weir_gauge_hash(scope, &gauge->definition, &definition);
    const struct weir_event *event = err == WEIR_OK ? completing(&events, &place) : NULL;
    if (err != WEIR_OK || event == NULL || !outcome.completed)
        return err;
    struct weir_hash payload = weir_event_payload_hash(events.texts[place]);
    const struct weir_statement_value values[FIELDS] = {
        [FIELD_GAUGE] = {.bytes = weir_slice_text(gauge->definition.name)},
        [FIELD_DEFINITION] = {.bytes = {definition.bytes, WEIR_HASH_BYTES}},
        [FIELD_SOURCE] = {.bytes = event->source},
        [FIELD_JOB] = {.bytes = weir_slice_text(subject)},
        [FIELD_QUANTITY] = {.number = outcome.promised},
        [FIELD_DUE] = {.number = (uint64_t)outcome.due.end_ms},
        [FIELD_DELIVERED] = {.number = (uint64_t)outcome.completed_ms},
        [FIELD_EVENT] = {.bytes = {payload.bytes, WEIR_HASH_BYTES}},
    };
    struct weir_signed_statement made;
    err = weir_ask_statement(scope, settler->worker.duty->signer, WEIR_STATEMENT_WORK_COMPLETED,
                             values, &made);
    if (err != WEIR_OK)
        return err;
    struct weir_statement_row row = {
        .log_id = log_id,
        .subject = subject,
        .purpose = WEIR_STATEMENT_WORK_COMPLETED,
        .message = made.message,
        .made_ms = weir_clock_now(),
    };
    memcpy(row.signature, made.signature, sizeof(row.signature));
    uint64_t leaf;
    return weir_statement_put(store, scope, &row, &leaf);
}

enum weir_err weir_settler_attest(struct weir_settler *settler, struct weir_scope *scope)
{
    const struct weir_config *config = settler->worker.config;
    for (size_t g = 0; g < config->gauge_count; g++) {
        const struct weir_config_gauge *gauge = &config->gauges[g];
        const char **subjects;
        size_t count;
        if (gauge->definition.kind != WEIR_GAUGE_OTIF)
            continue;
        enum weir_err err = weir_statement_due(
            settler->worker.store, scope, settler->worker.log_ids[g], BATCH, &subjects, &count);
        for (size_t i = 0; err == WEIR_OK && i < count; i++) {
            err = attest_job(settler, scope, gauge, settler->worker.log_ids[g], subjects[i]);
            if (err != WEIR_OK)
                (void)weir_note(scope, "job '%s'", subjects[i]);
        }
        if (err != WEIR_OK)
            return err;
        if (count == BATCH)
            settler->did_something = true;
    }
    return WEIR_OK;
}
