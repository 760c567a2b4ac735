#include "ledger/jobs_known.h"

#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "ledger/fold_jobs.h"
#include "ledger/logs.h"
#include "ledger/sql.h"
#include "ledger/tree.h"

#define ARENA_BYTES_KEPT ((size_t)48 << 20) /* beyond it all jobs are forgotten */

void weir_jobs_begin(struct weir_store *store, int64_t log_id, uint64_t size)
{
    struct weir_known_jobs *jobs = weir_known_jobs(store);
    if (jobs->log_id != log_id || jobs->size != size)
        weir_known_jobs_forget(store);
    jobs->log_id = log_id;
}

void weir_jobs_end(struct weir_store *store, uint64_t size)
{
    weir_known_jobs(store)->size = size;
}

enum weir_err weir_jobs_trim(struct weir_store *store, struct weir_scope *scope)
{
    struct weir_known_jobs *jobs = weir_known_jobs(store);
    int64_t log_id = jobs->log_id;
    if (jobs->places == NULL)
        return weir_known_jobs_reserve(store, scope);
    if (jobs->used_count < WEIR_JOBS_PLACES / 2 && weir_arena_used(jobs->arena) < ARENA_BYTES_KEPT)
        return WEIR_OK;
    weir_known_jobs_forget(store);
    jobs->log_id = log_id;
    return WEIR_OK;
}

/* The place of a subject: its own, or the empty one where it belongs. */
static struct weir_known_job *place_of(struct weir_known_jobs *jobs, struct weir_slice subject)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < subject.length; i++)
        hash = (hash ^ subject.data[i]) * 0x100000001b3u;
    size_t place = (size_t)(hash ^ (hash >> 32)) % WEIR_JOBS_PLACES;
    while (jobs->places[place].subject.length > 0 &&
           !weir_slice_equal(jobs->places[place].subject, subject))
        place = (place + 1) % WEIR_JOBS_PLACES;
    return &jobs->places[place];
}

struct weir_known_job *weir_job_peek(struct weir_store *store, struct weir_slice subject)
{
    struct weir_known_job *job = place_of(weir_known_jobs(store), subject);
    return job->subject.length > 0 ? job : NULL;
}

static enum weir_err
copy(const struct weir_known_jobs *jobs, struct weir_scope *scope, struct weir_slice *text)
{
    struct weir_scope lasting = {.arena = jobs->arena};
    if (text->length == 0)
        return WEIR_OK;
    char *copied = weir_take_text(&lasting, text->data, text->length);
    if (copied == NULL)
        return weir_fail(scope, lasting.err, "%s", lasting.fault);
    text->data = (const uint8_t *)copied;
    return WEIR_OK;
}

enum weir_err weir_job_new(struct weir_store *store,
                           struct weir_scope *scope,
                           struct weir_slice subject,
                           struct weir_known_job **job)
{
    struct weir_known_jobs *jobs = weir_known_jobs(store);
    struct weir_known_job *place = place_of(jobs, subject);
    assert(place->subject.length == 0 && subject.length > 0);
    enum weir_err err = copy(jobs, scope, &subject);
    if (err != WEIR_OK)
        return err;
    *place = (struct weir_known_job){.subject = subject};
    jobs->used_count++;
    *job = place;
    return WEIR_OK;
}

enum weir_err weir_job_get(struct weir_store *store,
                           struct weir_scope *scope,
                           struct weir_slice subject,
                           struct weir_known_job **job)
{
    struct weir_stored_events stored;
    struct weir_known_job *found = weir_job_peek(store, subject);
    int64_t log_id = weir_known_jobs(store)->log_id;
    int64_t rows = 0;
    *job = found;
    if (found != NULL)
        return WEIR_OK;
    enum weir_err err =
        weir_sql_i64(store, scope,
                     "SELECT coalesce(max(job_ordinal) + 1, 0) FROM observation "
                     "WHERE position >> 40 = ? AND subject = ?",
                     WEIR_VALUES(weir_value_i64(log_id), weir_value_text_slice(subject)), &rows);
    if (err == WEIR_OK && rows > 0)
        err = weir_stored_events_of_job(store, scope, log_id, subject, &stored);
    if (err == WEIR_OK)
        err = weir_job_new(store, scope, subject, job);
    if (err != WEIR_OK || rows == 0)
        return err;
    (*job)->row_count = (uint64_t)rows;
    for (size_t i = 0; err == WEIR_OK && i < stored.count; i++)
        err = weir_job_event_add(store, scope, *job, &stored.items[i].event, stored.items[i].seq);
    return err;
}

/* Room for one more. */
static enum weir_err
job_grow(const struct weir_known_jobs *jobs, struct weir_scope *scope, struct weir_known_job *job)
{
    struct weir_scope lasting = {.arena = jobs->arena};
    size_t capacity = job->capacity == 0 ? 2 : 2 * job->capacity;
    if (job->event_count < job->capacity)
        return WEIR_OK;
    struct weir_job_event *events = weir_take(&lasting, capacity, sizeof(*events));
    if (events == NULL)
        return weir_fail(scope, lasting.err, "%s", lasting.fault);
    if (job->event_count > 0)
        memcpy(events, job->events, job->event_count * sizeof(*events));
    job->events = events;
    job->capacity = capacity;
    return WEIR_OK;
}

enum weir_err weir_job_event_add(struct weir_store *store,
                                 struct weir_scope *scope,
                                 struct weir_known_job *job,
                                 const struct weir_event *event,
                                 uint64_t seq)
{
    const struct weir_known_jobs *jobs = weir_known_jobs(store);
    struct weir_job_event kept = {.event = *event, .seq = seq};
    enum weir_err err = job_grow(jobs, scope, job);
    if (err == WEIR_OK)
        err = copy(jobs, scope, &kept.event.source);
    if (err == WEIR_OK)
        err = copy(jobs, scope, &kept.event.id);
    if (err == WEIR_OK)
        err = copy(jobs, scope, &kept.event.order);
    if (err == WEIR_OK)
        err = copy(jobs, scope, &kept.event.class_name);
    if (err != WEIR_OK)
        return err;
    kept.event.subject = job->subject;
    job->events[job->event_count++] = kept;
    return WEIR_OK;
}

void weir_job_event_remove(struct weir_known_job *job, uint64_t seq)
{
    size_t kept = 0;
    for (size_t i = 0; i < job->event_count; i++)
        if (job->events[i].seq != seq)
            job->events[kept++] = job->events[i];
    assert(kept + 1 == job->event_count);
    job->event_count = kept;
}
