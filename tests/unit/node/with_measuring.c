#include "tests/unit/node/with_measuring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ledger/log.h"
#include "ledger/record.h"
#include "ledger/store.h"

#define ARENA_BYTES ((size_t)256 * 1024 * 1024)
#define RECEIVED_MS INT64_C(4102444800000)

void with_measuring_expect(struct with_measuring *with, enum weir_err err)
{
    if (err != WEIR_OK)
        fail_msg("%s: %s", weir_err_name(err), with->scope.fault);
}

static void path_of(const struct with_measuring *with, const char *ending, char path[static 96])
{
    (void)snprintf(path, 96, "%s/ledger.db%s", with->folder, ending);
}

int with_measuring_setup(void **state)
{
    static struct with_measuring with;
    char path[96];
    const struct weir_store_options options = {.mode = WEIR_STORE_CREATE};
    with = (struct with_measuring){.scope = {.arena = weir_arena_new(ARENA_BYTES)}};
    (void)snprintf(with.folder, sizeof(with.folder), "/tmp/weir-unit-XXXXXX");
    if (mkdtemp(with.folder) == NULL)
        return -1;
    path_of(&with, "", path);
    with_measuring_expect(&with, weir_store_open(&with.scope, path, &options, &with.store));
    *state = &with;
    return 0;
}

int with_measuring_teardown(void **state)
{
    struct with_measuring *with = *state;
    static const char *const endings[] = {"", "-wal", "-shm", ".turnstile", ".lock", "-lock"};
    weir_store_close(with->store);
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        char path[96];
        path_of(with, endings[i], path);
        (void)unlink(path); /* not all of them exist */
    }
    weir_arena_free(with->scope.arena);
    return rmdir(with->folder);
}

static void open_log(struct with_measuring *with)
{
    struct weir_buffer text = {.capacity_max = WEIR_GAUGE_TEXT_MAX};
    with_measuring_expect(with, weir_gauge_print(&with->scope, &with->gauge, &text));
    with_measuring_expect(with, weir_log_open(with->store, &with->scope, "w1/gauge/test",
                                              weir_buffer_slice(&text), NULL, &with->log_id));
}

static void begin(struct with_measuring *with, enum weir_gauge_kind kind)
{
    struct weir_gauge *gauge = &with->gauge;
    weir_gauge_init(gauge, kind);
    gauge->name = "test";
    gauge->windows.calendar = WEIR_CALENDAR_FIXED;
    gauge->windows.length_ms = 10000;
    gauge->target = (struct weir_ratio){90, 100};
    gauge->lateness_ms = 5000;
}

void with_measuring_probed(struct with_measuring *with)
{
    begin(with, WEIR_GAUGE_AVAILABILITY);
    with->gauge.availability.hold_ms = 3000;
    with->gauge.availability.probe.url = "http://127.0.0.1/";
    with->gauge.availability.probe.interval_ms = 1000;
    with->gauge.availability.probe.timeout_ms = 500;
    open_log(with);
}

void with_measuring_fed(struct with_measuring *with)
{
    begin(with, WEIR_GAUGE_AVAILABILITY);
    with->gauge.availability.probe = (struct weir_probe){.url = NULL};
    with->gauge.availability.hold_ms = WEIR_UNLIMITED_MS;
    with->gauge.subject = "site";
    open_log(with);
}

void with_measuring_counted(struct with_measuring *with)
{
    begin(with, WEIR_GAUGE_OTIF);
    with->gauge.minimum = 1;
    with->gauge.otif.kill_min_due = 1;
    open_log(with);
}

void with_measuring_ticks(struct with_measuring *with, int64_t from_s, int64_t to_s, uint8_t reason)
{
    for (int64_t at_s = from_s; at_s < to_s; at_s++) {
        struct weir_record_counts counts = {0};
        const struct weir_tick tick = weir_tick_make(at_s * 1000, (enum weir_reason)reason,
                                                     reason == WEIR_REASON_OK ? 200 : 0, 1);
        with_measuring_expect(
            with, weir_record_ticks(with->store, &with->scope, with->log_id, &tick, 1, &counts));
        assert_int_equal(counts.added, 1);
    }
}

static void record(struct with_measuring *with, const struct weir_event *event)
{
    struct weir_record_counts counts = {0};
    const struct weir_events events = {.items = event, .count = 1, .received_ms = RECEIVED_MS};
    with_measuring_expect(
        with, weir_record_events(with->store, &with->scope, with->log_id, &events, &counts));
    assert_int_equal(counts.added, 1);
}

void with_measuring_result(struct with_measuring *with, int64_t at_s, uint8_t reason)
{
    char id[32];
    (void)snprintf(id, sizeof(id), "r%lld", (long long)at_s);
    const struct weir_event event = {
        .type = WEIR_EVENT_PROBE_RESULT,
        .source = weir_slice_text("monitor"),
        .id = weir_slice_text(id),
        .subject = weir_slice_text("site"),
        .occurred_ms = at_s * 1000,
        .state = weir_reason_state(reason),
        .reason = reason,
    };
    record(with, &event);
}

void with_measuring_job(struct with_measuring *with,
                        const char *name,
                        int64_t due_s,
                        int64_t late_ms,
                        uint64_t rev)
{
    char id[64];
    struct weir_event event = {
        .type = WEIR_EVENT_JOB_PROMISED,
        .source = weir_slice_text("erp"),
        .rev = rev,
        .subject = weir_slice_text(name),
        .class_name = weir_slice_text("Air"),
        .occurred_ms = due_s * 1000,
        .due = weir_due_of_instant(due_s * 1000),
    };
    (void)snprintf(id, sizeof(id), "plan-%s", name);
    event.id = weir_slice_text(id);
    record(with, &event);
    if (late_ms == INT64_MAX)
        return;
    event.type = WEIR_EVENT_JOB_DELIVERED;
    event.due = (struct weir_interval){0};
    event.occurred_ms = due_s * 1000 + late_ms;
    (void)snprintf(id, sizeof(id), "done-%s", name);
    event.id = weir_slice_text(id);
    record(with, &event);
}
