/* What recording costs: batches of 1,000 observations made durable with leaf, salts, Merkle tree
 * and gauge windows, beside plain SQLite inserting the same bytes under the same unique key in the
 * same batches with the same journal settings; and how long a small commit of another process takes
 * meanwhile.  Both sides run in turns of a few batches, so that a busy machine slows both.
 * Usage: bench_append [thousands of rows, default 300].  Works in the current folder. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/arena.h"
#include "base/number.h"
#include "ledger/log.h"
#include "ledger/record.h"
#include "ledger/status.h"
#include "ledger/store.h"
#include "metrics/event.h"
#include "metrics/gauge.h"

#define BATCH 1000
#define TURN 10 /* batches of one side before the other side's turn */
#define START_MS INT64_C(1767225600000)
#define INTERVAL_MS 1000
#define LATENCIES_MAX 20000

static struct weir_scope scope;

static void must(enum weir_err err)
{
    if (err == WEIR_OK)
        return;
    (void)fprintf(stderr, "bench_append: %s: %s\n", weir_err_name(err), scope.fault);
    _exit(1);
}

static void must_sql(sqlite3 *db, int result)
{
    if (result == SQLITE_OK || result == SQLITE_DONE)
        return;
    (void)fprintf(stderr, "bench_append: plain SQLite: %s\n", sqlite3_errmsg(db));
    _exit(1);
}

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* One side of a comparison: writes batches and counts its own time. */
struct side {
    const char *name;
    void (*batch)(struct side *side, size_t first);
    struct weir_store *store;
    int64_t log_id;
    sqlite3 *db;
    sqlite3_stmt *insert;
    int64_t spent_ns;
    size_t rows;
};

static struct weir_tick tick_of(size_t number)
{
    enum weir_reason reason = number % 97 == 0 ? WEIR_REASON_STATUS : WEIR_REASON_OK;
    return weir_tick_make(START_MS + (int64_t)number * INTERVAL_MS, reason,
                          reason == WEIR_REASON_OK ? 200 : 503, (uint32_t)(number % 300));
}

/* Two events per job: promised, and a week of jobs later delivered; one in nine is late. */
#define DELAY 2000
struct texts {
    char id[24];
    char subject[24];
};

static struct weir_event event_of(size_t number, struct texts *texts)
{
    bool is_promise = number % 2 == 0;
    size_t job = is_promise || number / 2 < DELAY ? number / 2 : number / 2 - DELAY;
    if (!is_promise && number / 2 < DELAY)
        job += 100000000; /* deliveries of jobs that were promised before the log began */
    (void)snprintf(texts->subject, sizeof(texts->subject), "job-%09zu", job);
    (void)snprintf(texts->id, sizeof(texts->id), "e-%09zu", number);
    int64_t occurred_ms = START_MS + (int64_t)number * 60000;
    struct weir_event event = {
        .type = is_promise ? WEIR_EVENT_JOB_PROMISED : WEIR_EVENT_JOB_DELIVERED,
        .source = weir_slice_text("erp.example"),
        .id = weir_slice_text(texts->id),
        .subject = weir_slice_text(texts->subject),
        .occurred_ms = occurred_ms,
        .quantity = 10,
    };
    int64_t lead_ms = (int64_t)(2 * DELAY + 1) * 60000 + (job % 9 == 0 ? -3600000 : 3600000);
    if (is_promise) {
        event.class_name = weir_slice_text(job % 3 == 0 ? "milling" : "turning");
        event.due = weir_due_of_instant(occurred_ms + lead_ms);
    }
    return event;
}

static void ours_ticks(struct side *side, size_t first)
{
    static struct weir_tick ticks[BATCH];
    struct weir_record_counts counts = {0};
    for (size_t i = 0; i < BATCH; i++)
        ticks[i] = tick_of(first + i);
    int64_t began_ns = now_ns();
    must(weir_store_begin(side->store, &scope, WEIR_WRITE_STREAM));
    must(weir_record_ticks(side->store, &scope, side->log_id, ticks, BATCH, &counts));
    must(weir_store_commit(side->store, &scope));
    side->spent_ns += now_ns() - began_ns;
    side->rows += counts.added;
}

static void plain_ticks(struct side *side, size_t first)
{
    int64_t began_ns = now_ns();
    must_sql(side->db, sqlite3_exec(side->db, "BEGIN IMMEDIATE", NULL, NULL, NULL));
    for (size_t i = 0; i < BATCH; i++) {
        struct weir_tick tick = tick_of(first + i);
        uint8_t payload[WEIR_TICK_PAYLOAD_BYTES];
        weir_tick_write(&tick, payload);
        (void)sqlite3_bind_int64(side->insert, 1, tick.tick_ms);
        (void)sqlite3_bind_int(side->insert, 2, 2);
        (void)sqlite3_bind_int(side->insert, 3, tick.state);
        (void)sqlite3_bind_blob(side->insert, 4, payload, sizeof(payload), SQLITE_STATIC);
        must_sql(side->db, sqlite3_step(side->insert));
        must_sql(side->db, sqlite3_reset(side->insert));
    }
    must_sql(side->db, sqlite3_exec(side->db, "COMMIT", NULL, NULL, NULL));
    side->spent_ns += now_ns() - began_ns;
    side->rows += BATCH;
}

static void ours_events(struct side *side, size_t first)
{
    static struct weir_event items[BATCH];
    static struct texts texts[BATCH];
    struct weir_record_counts counts = {0};
    for (size_t i = 0; i < BATCH; i++)
        items[i] = event_of(first + i, &texts[i]);
    struct weir_events events = {.items = items, .count = BATCH, .received_ms = INT64_MAX / 2};
    int64_t began_ns = now_ns();
    must(weir_store_begin(side->store, &scope, WEIR_WRITE_STREAM));
    must(weir_record_events(side->store, &scope, side->log_id, &events, &counts));
    must(weir_store_commit(side->store, &scope));
    side->spent_ns += now_ns() - began_ns;
    side->rows += counts.added;
}

static void plain_events(struct side *side, size_t first)
{
    static struct weir_event items[BATCH];
    static struct texts texts[BATCH];
    static struct weir_buffer payloads[BATCH];
    for (size_t i = 0; i < BATCH; i++) {
        items[i] = event_of(first + i, &texts[i]);
        payloads[i] = (struct weir_buffer){0};
        must(weir_event_print(&scope, &items[i], &payloads[i]));
    }
    int64_t began_ns = now_ns();
    must_sql(side->db, sqlite3_exec(side->db, "BEGIN IMMEDIATE", NULL, NULL, NULL));
    for (size_t i = 0; i < BATCH; i++) {
        const struct weir_event *event = &items[i];
        (void)sqlite3_bind_int(side->insert, 1, 4);
        (void)sqlite3_bind_int(side->insert, 2, 0);
        (void)sqlite3_bind_int64(side->insert, 3, event->occurred_ms);
        (void)sqlite3_bind_blob(side->insert, 4, payloads[i].data, (int)payloads[i].length,
                                SQLITE_STATIC);
        (void)sqlite3_bind_int(side->insert, 5, 1);
        (void)sqlite3_bind_text(side->insert, 6, (const char *)event->id.data,
                                (int)event->id.length, SQLITE_STATIC);
        (void)sqlite3_bind_int64(side->insert, 7, (int64_t)event->rev);
        (void)sqlite3_bind_text(side->insert, 8, (const char *)event->subject.data,
                                (int)event->subject.length, SQLITE_STATIC);
        must_sql(side->db, sqlite3_step(side->insert));
        must_sql(side->db, sqlite3_reset(side->insert));
    }
    must_sql(side->db, sqlite3_exec(side->db, "COMMIT", NULL, NULL, NULL));
    side->spent_ns += now_ns() - began_ns;
    side->rows += BATCH;
}

static void plain_open(struct side *side, const char *path, const char *table, const char *insert)
{
    must_sql(NULL, sqlite3_open(path, &side->db));
    must_sql(side->db, sqlite3_exec(side->db,
                                    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; "
                                    "PRAGMA cache_size = -8000",
                                    NULL, NULL, NULL));
    must_sql(side->db, sqlite3_exec(side->db, table, NULL, NULL, NULL));
    must_sql(side->db, sqlite3_prepare_v2(side->db, insert, -1, &side->insert, NULL));
}

static void plain_close(struct side *side)
{
    must_sql(side->db, sqlite3_finalize(side->insert));
    must_sql(side->db, sqlite3_close(side->db));
}

static struct weir_slice definition(const struct weir_gauge *gauge)
{
    struct weir_buffer text = {0};
    must(weir_gauge_print(&scope, gauge, &text));
    return weir_buffer_slice(&text);
}

static void ours_open(struct side *side, struct weir_store *store, const struct weir_gauge *gauge)
{
    char *origin = weir_take_printf(&scope, "bench.example/gauge/%s", gauge->name);
    side->store = store;
    must(weir_log_open(store, &scope, origin, definition(gauge), NULL, &side->log_id));
}

static struct weir_gauge probe_gauge(void)
{
    struct weir_gauge gauge;
    weir_gauge_init(&gauge, WEIR_GAUGE_AVAILABILITY);
    gauge.name = "ticks";
    gauge.windows = (struct weir_windows){.calendar = WEIR_CALENDAR_MONTH};
    gauge.target = (struct weir_ratio){.num = 999, .den = 1000};
    gauge.availability.probe.url = "http://127.0.0.1:8080/";
    gauge.availability.probe.interval_ms = INTERVAL_MS;
    gauge.availability.probe.timeout_ms = INTERVAL_MS / 2;
    gauge.availability.hold_ms = 3 * INTERVAL_MS;
    return gauge;
}

static struct weir_gauge job_gauge(void)
{
    struct weir_gauge gauge;
    weir_gauge_init(&gauge, WEIR_GAUGE_OTIF);
    gauge.name = "jobs";
    gauge.windows = (struct weir_windows){.calendar = WEIR_CALENDAR_ISO_WEEK};
    gauge.target = (struct weir_ratio){.num = 95, .den = 100};
    return gauge;
}

/* Alternates both sides and prints their line of the table. */
static void compare(struct side *ours, struct side *plain, size_t rows)
{
    size_t done = 0;
    for (bool is_ours = true; done < rows; is_ours = !is_ours) {
        struct side *side = is_ours ? ours : plain;
        for (size_t i = 0; i < TURN; i++)
            side->batch(side, done + i * BATCH);
        if (!is_ours)
            done += TURN * BATCH;
        weir_arena_clear(scope.arena);
    }
    double ours_rate = (double)ours->rows * 1e9 / (double)ours->spent_ns;
    double plain_rate = (double)plain->rows * 1e9 / (double)plain->spent_ns;
    (void)printf("%-28s %12.0f %12.0f %8.2f\n", ours->name, ours_rate, plain_rate,
                 ours_rate / plain_rate);
}

static int by_size(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* Another duty: one small commit every few milliseconds until the pipe closes. */
static void commit_small(const char *path, int until, int report)
{
    static int64_t latencies[LATENCIES_MAX];
    size_t count = 0;
    struct weir_store *store = NULL;
    struct weir_store_options options = {.mode = WEIR_STORE_WRITE, .skip_quick_check = true};
    must(weir_store_open(&scope, path, &options, &store));
    struct pollfd end = {.fd = until, .events = POLLIN};
    while (count < LATENCIES_MAX && poll(&end, 1, 5) == 0) {
        struct weir_status_row row = {
            .duty = "settler", .name = "beats", .value = (int64_t)count, .text = ""};
        int64_t began_ns = now_ns();
        must(weir_status_put(store, &scope, &row, 1));
        latencies[count++] = now_ns() - began_ns;
    }
    weir_store_close(store);
    qsort(latencies, count, sizeof(latencies[0]), by_size);
    int64_t found[3] = {(int64_t)count, 0, 0};
    if (count > 0) {
        found[1] = latencies[count / 2];
        found[2] = latencies[count * 99 / 100];
    }
    if (write(report, found, sizeof(found)) != (ssize_t)sizeof(found))
        _exit(1);
    _exit(0);
}

/* The same stream again, with the other process beside it. */
static void latency(struct side *stream, const char *path, size_t first, size_t rows)
{
    int until[2];
    int report[2];
    int64_t found[3];
    if (pipe(until) != 0 || pipe(report) != 0)
        _exit(1);
    (void)fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        (void)close(until[1]);
        commit_small(path, until[0], report[1]);
    }
    int64_t began_ns = now_ns();
    for (size_t done = 0; done < rows; done += BATCH)
        stream->batch(stream, first + done);
    double seconds = (double)(now_ns() - began_ns) / 1e9;
    (void)close(until[1]);
    if (read(report[0], found, sizeof(found)) != (ssize_t)sizeof(found))
        _exit(1);
    (void)waitpid(child, NULL, 0);
    (void)printf("\nsmall commit of another process beside that stream (%.0f rows/s meanwhile)\n",
                 (double)rows / seconds);
    (void)printf("%-28s %12s %12s\n", "commits", "p50 ms", "p99 ms");
    (void)printf("%-28lld %12.2f %12.2f\n", (long long)found[0], (double)found[1] / 1e6,
                 (double)found[2] / 1e6);
}

static void bench(struct weir_store *store, const char *path, size_t rows)
{
    struct weir_gauge probe = probe_gauge();
    struct weir_gauge jobs = job_gauge();
    struct side ticks = {.name = "ticks, 7-byte payload", .batch = ours_ticks};
    struct side plain = {.batch = plain_ticks};
    struct side events = {.name = "job events, ~190-byte text", .batch = ours_events};
    struct side texts = {.batch = plain_events};
    ours_open(&ticks, store, &probe);
    ours_open(&events, store, &jobs);
    plain_open(&plain, "plain-ticks.db",
               "CREATE TABLE tick(tick_ms INTEGER NOT NULL UNIQUE, kind INTEGER NOT NULL, "
               "flags INTEGER NOT NULL, payload BLOB NOT NULL) STRICT",
               "INSERT INTO tick(tick_ms, kind, flags, payload) VALUES (?, ?, ?, ?) "
               "ON CONFLICT DO NOTHING");
    plain_open(&texts, "plain-events.db",
               "CREATE TABLE event(kind INTEGER NOT NULL, flags INTEGER NOT NULL, "
               "occurred_ms INTEGER NOT NULL, payload BLOB NOT NULL, source_id INTEGER NOT NULL, "
               "id TEXT NOT NULL, rev INTEGER NOT NULL, subject TEXT NOT NULL, "
               "UNIQUE(source_id, id, rev)) STRICT",
               "INSERT INTO event(kind, flags, occurred_ms, payload, source_id, id, rev, subject) "
               "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING");
    (void)printf("%-28s %12s %12s %8s\n", "batches of 1,000", "ours rows/s", "plain rows/s",
                 "ratio");
    compare(&ticks, &plain, rows);
    compare(&events, &texts, rows);
    latency(&ticks, path, rows, rows);
    plain_close(&plain);
    plain_close(&texts);
}

int main(int argc, char **argv)
{
    uint64_t thousands = 300;
    char folder[] = "bench-append-XXXXXX";
    scope.arena = weir_arena_new((size_t)256 << 20);
    if (argc > 1)
        must(weir_u64_parse(&scope, weir_slice_text(argv[1]), 1000000, &thousands));
    if (scope.arena == NULL || mkdtemp(folder) == NULL || chdir(folder) != 0) {
        (void)fprintf(stderr, "bench_append: %s\n", strerror(errno));
        return 1;
    }
    struct weir_store *store = NULL;
    struct weir_store_options options = {.mode = WEIR_STORE_CREATE};
    must(weir_store_open(&scope, "ledger.db", &options, &store));
    bench(store, "ledger.db", (size_t)thousands * 1000);
    weir_store_close(store);
    weir_arena_free(scope.arena);
    static const char *const files[] = {"ledger.db", "plain-ticks.db", "plain-events.db"};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        static const char *const ends[] = {"", "-wal", "-shm", ".turnstile"};
        for (size_t k = 0; k < sizeof(ends) / sizeof(ends[0]); k++) {
            char path[64];
            (void)snprintf(path, sizeof(path), "%s%s", files[i], ends[k]);
            (void)unlink(path); /* may not exist */
        }
    }
    return chdir("..") == 0 && rmdir(folder) == 0 ? 0 : 1;
}
