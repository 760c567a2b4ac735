#include "node/import.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/arena.h"
#include "config/config.h"
#include "ledger/log.h"
#include "ledger/sources.h"
#include "ledger/store.h"
#include "node/clock.h"
#include "node/file.h"
#include "node/terminal.h"

#define BATCH_ARENA_BYTES ((size_t)256 * 1024 * 1024)
#define IMPORT_ARENA_BYTES ((size_t)16 * 1024 * 1024)
#define LOCK_FILE "import.lock"
#define PATH_BYTES 4096

/* What one transaction will hold. */
struct batch {
    struct weir_scope scope; /* texts; cleared with the batch */
    struct weir_event *events;
    size_t event_count;
    struct weir_refused_row *refused;
    size_t refused_count;

    size_t capacity;
};

struct weir_import {
    struct weir_scope own; /* over the arena this lies in */
    struct weir_store *store;
    struct weir_import_options options;
    struct weir_import_summary summary;
    struct batch batch;
    struct weir_event *feeding; /* of one gauge */
    uint64_t kept;              /* refused lines so far */
    int64_t received_ms;
};

/* --- making ----------------------------------------------------------------------------------- */

static enum weir_err find_gauges(struct weir_import *import, struct weir_scope *scope)
{
    const struct weir_config *config = import->options.config;
    struct weir_import_summary *summary = &import->summary;
    summary->gauges = weir_take(&import->own, config->gauge_count, sizeof(*summary->gauges));
    if (summary->gauges == NULL)
        return weir_fail(scope, WEIR_E_MEMORY, "%s", import->own.fault);
    for (size_t i = 0; i < config->gauge_count; i++) {
        const struct weir_gauge *gauge = &config->gauges[i].definition;
        struct weir_log log;
        if (weir_gauge_is_scheduled(gauge))
            continue;
        if (gauge->source != NULL && strcmp(gauge->source, import->options.source->name) != 0)
            continue;
        if (weir_log_find_gauge(import->store, scope, gauge->name, &log) != WEIR_OK)
            return weir_note(scope, "gauge '%s'", gauge->name);
        summary->gauges[summary->gauge_count++] = (struct weir_import_gauge){
            .gauge = gauge,
            .log_id = log.log_id,
            .publication = {.gauge = gauge, .log_id = log.log_id},
        };
    }
    return WEIR_OK;
}

static enum weir_err make_batch(struct weir_import *import, struct weir_scope *scope)
{
    struct batch *batch = &import->batch;
    batch->capacity = import->options.config->limits.batch_events_max;
    batch->events = weir_take(&import->own, batch->capacity, sizeof(*batch->events));
    batch->refused = weir_take(&import->own, batch->capacity, sizeof(*batch->refused));
    import->feeding = weir_take(&import->own, batch->capacity, sizeof(*import->feeding));
    batch->scope.arena = weir_arena_new(BATCH_ARENA_BYTES);
    if (import->own.err != WEIR_OK || batch->scope.arena == NULL)
        return weir_fail(scope, WEIR_E_MEMORY, "no memory for a batch of %zu events",
                         batch->capacity);
    return WEIR_OK;
}

enum weir_err weir_import_new(struct weir_scope *scope,
                              struct weir_store *store,
                              const struct weir_import_options *options,
                              struct weir_import **import)
{
    size_t batch_bytes = (size_t)options->config->limits.batch_events_max *
                         (2 * sizeof(struct weir_event) + sizeof(struct weir_refused_row));
    struct weir_scope own = {.arena = weir_arena_new(IMPORT_ARENA_BYTES + batch_bytes)};
    struct weir_import *made = own.arena == NULL ? NULL : weir_take(&own, 1, sizeof(*made));
    if (made == NULL) {
        weir_arena_free(own.arena);
        return weir_fail(scope, WEIR_E_MEMORY, "the system gives no memory");
    }
    *made = (struct weir_import){
        .own = own, .store = store, .options = *options, .received_ms = weir_clock_now()};
    /* The core allows a fixed skew between clocks; the configuration may allow another. */
    made->received_ms += options->config->limits.event_ahead_max_ms - WEIR_EVENT_SKEW_MS;
    if (find_gauges(made, scope) != WEIR_OK || make_batch(made, scope) != WEIR_OK) {
        weir_import_free(made);
        return scope->err;
    }
    *import = made;
    return WEIR_OK;
}

void weir_import_free(struct weir_import *import)
{
    if (import == NULL)
        return;
    weir_arena_free(import->batch.scope.arena);
    struct weir_arena *own = import->own.arena; /* the import itself lies in it */
    weir_arena_free(own);
}

/* --- one batch -------------------------------------------------------------------------------- */

static bool copy(struct weir_scope *scope, struct weir_slice *text)
{
    if (text->length == 0)
        return true;
    uint8_t *bytes = weir_take(scope, text->length, 1);
    if (bytes == NULL)
        return false;
    memcpy(bytes, text->data, text->length);
    text->data = bytes;
    return true;
}

/* The reader's bytes move on; those of the batch stay until it is recorded. */
static enum weir_err add_event(struct weir_import *import, const struct weir_reading *reading)
{
    struct batch *batch = &import->batch;
    struct weir_event event = reading->event;
    assert(batch->event_count < batch->capacity);
    if (!copy(&batch->scope, &event.source) || !copy(&batch->scope, &event.id) ||
        !copy(&batch->scope, &event.subject) || !copy(&batch->scope, &event.order) ||
        !copy(&batch->scope, &event.class_name))
        return batch->scope.err;
    batch->events[batch->event_count++] = event;
    return WEIR_OK;
}

static enum weir_err
add_refused(struct weir_import *import, const char *path, const struct weir_reading *reading)
{
    struct batch *batch = &import->batch;
    struct weir_refused_row row = {
        .length = reading->raw_bytes,
        .bytes = reading->raw,
        .received_ms = weir_clock_now(),
    };
    import->summary.refused++;
    if (import->summary.refused <= WEIR_IMPORT_SHOWN_MAX)
        (void)fprintf(stderr, "weir: %s:%llu: %s: %s\n", path, (unsigned long long)reading->line,
                      reading->reason, reading->detail);
    if (import->kept == WEIR_IMPORT_REFUSED_MAX)
        return WEIR_OK;
    import->kept++;
    if (row.bytes.length > WEIR_REFUSED_BYTES_MAX)
        row.bytes.length = WEIR_REFUSED_BYTES_MAX;
    row.origin = weir_take_printf(&batch->scope, "%s %s:%llu", import->options.source->name, path,
                                  (unsigned long long)reading->line);
    row.reason = weir_take_printf(&batch->scope, "%s: %s", reading->reason, reading->detail);
    if (row.origin == NULL || row.reason == NULL || !copy(&batch->scope, &row.bytes))
        return batch->scope.err;
    batch->refused[batch->refused_count++] = row;
    return WEIR_OK;
}

/* Those of the batch that feed one gauge. */
static size_t select_feeding(struct weir_import *import, const struct weir_gauge *gauge)
{
    const struct batch *batch = &import->batch;
    size_t count = 0;
    for (size_t i = 0; i < batch->event_count; i++)
        if (weir_event_feeds(&batch->events[i], gauge))
            import->feeding[count++] = batch->events[i];
    return count;
}

static enum weir_err record_batch(struct weir_import *import,
                                  struct weir_scope *scope,
                                  struct weir_record_counts *counts)
{
    struct weir_import_summary *summary = &import->summary;
    enum weir_err err = WEIR_OK;
    for (size_t i = 0; err == WEIR_OK && i < import->batch.refused_count; i++)
        err = weir_refused_put(import->store, scope, &import->batch.refused[i]);
    for (size_t i = 0; err == WEIR_OK && i < summary->gauge_count; i++) {
        struct weir_import_gauge *gauge = &summary->gauges[i];
        const struct weir_events events = {
            .items = import->feeding,
            .count = select_feeding(import, gauge->gauge),
            .received_ms = import->received_ms,
        };
        counts[i] = gauge->counts;
        if (events.count > 0)
            err = weir_record_events(import->store, scope, gauge->log_id, &events, &counts[i]);
        if (err != WEIR_OK)
            return weir_note(scope, "gauge '%s'", gauge->gauge->name);
    }
    return err;
}

static void count_unused(struct weir_import *import)
{
    const struct batch *batch = &import->batch;
    struct weir_import_summary *summary = &import->summary;
    for (size_t i = 0; i < batch->event_count; i++) {
        bool is_used = false;
        for (size_t k = 0; !is_used && k < summary->gauge_count; k++)
            is_used = weir_event_feeds(&batch->events[i], summary->gauges[k].gauge);
        summary->unused += !is_used;
    }
    summary->events += batch->event_count;
}

/* One transaction: all of the batch is kept or nothing. */
static enum weir_err flush(struct weir_import *import, struct weir_scope *scope)
{
    struct batch *batch = &import->batch;
    struct weir_import_summary *summary = &import->summary;
    if (batch->event_count == 0 && batch->refused_count == 0)
        return WEIR_OK;
    struct weir_record_counts *counts =
        weir_take(&batch->scope, summary->gauge_count, sizeof(*counts));
    if (counts == NULL)
        return weir_fail(scope, WEIR_E_MEMORY, "%s", batch->scope.fault);
    enum weir_err err = weir_store_begin(import->store, scope, WEIR_WRITE_STREAM);
    if (err != WEIR_OK)
        return err;
    err = record_batch(import, scope, counts);
    if (err == WEIR_OK)
        err = weir_store_commit(import->store, scope);
    else
        weir_store_rollback(import->store);
    if (err != WEIR_OK)
        return err;
    for (size_t i = 0; i < summary->gauge_count; i++)
        summary->gauges[i].counts = counts[i];
    count_unused(import);
    batch->event_count = 0;
    batch->refused_count = 0;
    weir_arena_clear(batch->scope.arena);
    return WEIR_OK;
}

/* --- one file --------------------------------------------------------------------------------- */

static void show_progress(const struct weir_import *import,
                          const struct weir_event_reader *reader,
                          const char *path)
{
    struct weir_reader_progress progress = weir_event_reader_progress(reader);
    if (import->options.terminal != NULL)
        weir_terminal_progress(import->options.terminal, path, progress.bytes_read,
                               progress.bytes_total);
}

static enum weir_err import_readings(struct weir_import *import,
                                     struct weir_scope *scope,
                                     struct weir_event_reader *reader,
                                     const char *path)
{
    struct batch *batch = &import->batch;
    struct weir_reading reading;
    enum weir_err err = weir_event_reader_next(reader, scope, &reading);
    while (err == WEIR_OK && reading.kind != WEIR_READING_END) {
        enum weir_err added = reading.kind == WEIR_READING_EVENT
                                  ? add_event(import, &reading)
                                  : add_refused(import, path, &reading);
        if (added != WEIR_OK)
            return weir_fail(scope, added, "%s", batch->scope.fault);
        if (batch->event_count == batch->capacity || batch->refused_count == batch->capacity) {
            err = flush(import, scope);
            show_progress(import, reader, path);
        }
        if (err == WEIR_OK)
            err = weir_event_reader_next(reader, scope, &reading);
    }
    return err;
}

enum weir_err
weir_import_file(struct weir_import *import, struct weir_scope *scope, const char *path)
{
    const struct weir_event_file file = {
        .path = path,
        .format = import->options.format,
        .source = import->options.source,
        .line_bytes_max = import->options.config->limits.line_bytes_max,
        .received_ms = import->received_ms,
    };
    struct weir_event_reader *reader = NULL;
    struct weir_scope inner = {.arena = scope->arena};
    if (weir_event_reader_open(scope, &file, &reader) != WEIR_OK)
        return scope->err;
    enum weir_err err = import_readings(import, scope, reader, path);
    import->summary.files++;
    import->summary.records += weir_event_reader_progress(reader).records;
    weir_event_reader_close(reader);
    if (import->options.terminal != NULL)
        weir_terminal_progress_end(import->options.terminal);
    if (err == WEIR_OK)
        return flush(import, scope);
    /* What came before the place where reading had to end counts all the same. */
    if ((err == WEIR_E_LIMIT || err == WEIR_E_IO) && flush(import, &inner) != WEIR_OK)
        return weir_note(scope, "%s", inner.fault);
    return err;
}

enum weir_err weir_import_publish(struct weir_import *import, struct weir_scope *scope)
{
    struct weir_import_summary *summary = &import->summary;
    int64_t now_ms = weir_clock_now();
    for (size_t i = 0; i < summary->gauge_count; i++) {
        struct weir_published *published = &summary->published;
        do {
            struct weir_scope one = {.arena = import->batch.scope.arena};
            weir_arena_clear(one.arena);
            if (weir_publish_gauge(import->store, &one, &summary->gauges[i].publication, now_ms,
                                   published) != WEIR_OK)
                return weir_fail(scope, one.err, "%s", one.fault);
            if (import->options.terminal != NULL)
                weir_terminal_progress(import->options.terminal, "judging windows",
                                       summary->published.verdicts, 0);
        } while (published->is_partial);
    }
    if (import->options.terminal != NULL)
        weir_terminal_progress_end(import->options.terminal);
    return WEIR_OK;
}

const struct weir_import_summary *weir_import_summary(const struct weir_import *import)
{
    return &import->summary;
}

/* --- the lock --------------------------------------------------------------------------------- */

static int open_lock(const struct weir_config *config)
{
    char path[PATH_BYTES];
    int length = snprintf(path, sizeof(path), "%s/" LOCK_FILE, config->node.data_dir);
    if (length < 0 || (size_t)length >= sizeof(path))
        return -1;
    return open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

int weir_import_lock(const struct weir_config *config)
{
    int lock = open_lock(config);
    /* Several imports may run at once; who judges takes it exclusively for an instant. */
    while (lock >= 0 && flock(lock, LOCK_SH) != 0 && errno == EINTR)
        ;
    return lock;
}

bool weir_import_is_under_way(const struct weir_config *config)
{
    int lock = open_lock(config);
    if (lock < 0)
        return false;
    bool is_held = flock(lock, LOCK_EX | LOCK_NB) != 0;
    (void)close(lock); /* releases it */
    return is_held;
}
