#include "tests/unit/ledger/with_ledger.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "ledger/check.h"
#include "ledger/log.h"

#define ARENA_BYTES ((size_t)256 << 20)

static void open_store(struct with_ledger *ledger)
{
    struct weir_store_options options = {.mode = WEIR_STORE_CREATE, .busy_ms = 2000};
    with_ledger_expect(ledger,
                       weir_store_open(&ledger->scope, ledger->path, &options, &ledger->store));
}

int with_ledger_setup(void **state)
{
    struct with_ledger *ledger = calloc(1, sizeof(*ledger));
    assert_non_null(ledger);
    ledger->scope.arena = weir_arena_new(ARENA_BYTES);
    assert_non_null(ledger->scope.arena);
    (void)snprintf(ledger->folder, sizeof(ledger->folder), "ledger-test-XXXXXX");
    assert_non_null(mkdtemp(ledger->folder));
    (void)snprintf(ledger->path, sizeof(ledger->path), "%s/ledger.db", ledger->folder);
    open_store(ledger);
    *state = ledger;
    return 0;
}

int with_ledger_teardown(void **state)
{
    struct with_ledger *ledger = *state;
    weir_store_close(ledger->store);
    DIR *folder = opendir(ledger->folder);
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        char path[sizeof(ledger->folder) + sizeof(entry->d_name) + 2];
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof(path), "%s/%s", ledger->folder, entry->d_name);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(closedir(folder), 0);
    assert_int_equal(rmdir(ledger->folder), 0);
    weir_arena_free(ledger->scope.arena);
    free(ledger);
    return 0;
}

void with_ledger_expect(struct with_ledger *ledger, enum weir_err err)
{
    if (err != WEIR_OK)
        fail_msg("%s: %s", weir_err_name(err), ledger->scope.fault);
}

void with_ledger_refused(struct with_ledger *ledger,
                         enum weir_err err,
                         enum weir_err wanted,
                         const char *part)
{
    if (err != wanted || strstr(ledger->scope.fault, part) == NULL)
        fail_msg("%s where %s was expected: %s", weir_err_name(err), weir_err_name(wanted),
                 ledger->scope.fault);
    weir_scope_recover(&ledger->scope);
}

void with_ledger_close(struct with_ledger *ledger)
{
    weir_store_close(ledger->store);
    ledger->store = NULL;
}

void with_ledger_reopen(struct with_ledger *ledger)
{
    with_ledger_close(ledger);
    open_store(ledger);
}

static sqlite3 *plain_open(struct with_ledger *ledger)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(ledger->path, &db), SQLITE_OK);
    (void)sqlite3_busy_timeout(db, 2000); /* fails only on misuse */
    return db;
}

void with_ledger_sql(struct with_ledger *ledger, const char *script, const char *part)
{
    sqlite3 *db = plain_open(ledger);
    char *message = NULL;
    int result = sqlite3_exec(db, script, NULL, NULL, &message);
    if (part == NULL && result != SQLITE_OK)
        fail_msg("%s: %s", script, message);
    if (part != NULL && (result == SQLITE_OK || strstr(message, part) == NULL))
        fail_msg("%s: '%s' was expected, not '%s'", script, part,
                 message == NULL ? "no error" : message);
    sqlite3_free(message);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

int64_t with_ledger_number(struct with_ledger *ledger, const char *query)
{
    sqlite3 *db = plain_open(ledger);
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, query, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t number = sqlite3_column_int64(statement, 0);
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return number;
}

void with_ledger_damage(struct with_ledger *ledger, const char *table, const char *script)
{
    char drop[256];
    (void)snprintf(drop, sizeof(drop),
                   "DROP TRIGGER IF EXISTS %s_is_not_updated; "
                   "DROP TRIGGER IF EXISTS %s_is_not_deleted",
                   table, table);
    with_ledger_sql(ledger, drop, NULL);
    with_ledger_sql(ledger, script, NULL);
}

const char *with_ledger_text(struct with_ledger *ledger, const char *query)
{
    sqlite3 *db = plain_open(ledger);
    sqlite3_stmt *statement = NULL;
    struct weir_buffer text = {0};
    assert_int_equal(sqlite3_prepare_v2(db, query, -1, &statement, NULL), SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(statement); i++) {
            const char *cell = (const char *)sqlite3_column_text(statement, i);
            with_ledger_expect(
                ledger, weir_buffer_printf(&ledger->scope, &text, "%s|", cell == NULL ? "" : cell));
        }
        with_ledger_expect(ledger, weir_buffer_text(&ledger->scope, &text, "\n"));
    }
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    with_ledger_expect(ledger, weir_buffer_u8(&ledger->scope, &text, 0));
    return (const char *)text.data;
}

void with_ledger_check(struct with_ledger *ledger, const char *part)
{
    struct weir_ledger_report report;
    enum weir_err err = weir_ledger_check(ledger->store, &ledger->scope, NULL, &report);
    if (part == NULL)
        with_ledger_expect(ledger, err);
    else
        with_ledger_refused(ledger, err, WEIR_E_CORRUPT, part);
}

struct weir_gauge with_ledger_probed(const char *name, int64_t window_ms, int64_t interval_ms)
{
    struct weir_gauge gauge;
    weir_gauge_init(&gauge, WEIR_GAUGE_AVAILABILITY);
    gauge.name = name;
    gauge.windows = (struct weir_windows){.calendar = WEIR_CALENDAR_FIXED, .length_ms = window_ms};
    gauge.target = (struct weir_ratio){.num = 95, .den = 100};
    gauge.availability.probe.url = "http://127.0.0.1:8080/";
    gauge.availability.probe.interval_ms = interval_ms;
    gauge.availability.probe.timeout_ms = interval_ms / 2;
    gauge.availability.hold_ms = 2 * interval_ms + interval_ms / 2;
    return gauge;
}

struct weir_gauge with_ledger_reported(const char *name)
{
    struct weir_gauge gauge;
    weir_gauge_init(&gauge, WEIR_GAUGE_AVAILABILITY);
    gauge.name = name;
    gauge.subject = "site";
    gauge.windows = (struct weir_windows){.calendar = WEIR_CALENDAR_FIXED, .length_ms = 60000};
    gauge.target = (struct weir_ratio){.num = 99, .den = 100};
    gauge.availability.hold_ms = WEIR_UNLIMITED_MS;
    gauge.availability.maintenance_allowance_ms = 60000;
    return gauge;
}

struct weir_gauge with_ledger_otif(const char *name, enum weir_gauge_unit unit)
{
    struct weir_gauge gauge;
    weir_gauge_init(&gauge, WEIR_GAUGE_OTIF);
    gauge.name = name;
    gauge.windows = (struct weir_windows){.calendar = WEIR_CALENDAR_ISO_WEEK};
    gauge.target = (struct weir_ratio){.num = 95, .den = 100};
    gauge.otif.unit = unit;
    return gauge;
}

int64_t with_ledger_log(struct with_ledger *ledger, const struct weir_gauge *gauge)
{
    static const uint8_t salt_root[32] = {7};
    struct weir_buffer text = {0};
    int64_t log_id = 0;
    char *origin = weir_take_printf(&ledger->scope, "node.example/gauge/%s", gauge->name);
    with_ledger_expect(ledger, weir_gauge_print(&ledger->scope, gauge, &text));
    with_ledger_expect(ledger, weir_log_open(ledger->store, &ledger->scope, origin,
                                             weir_buffer_slice(&text), salt_root, &log_id));
    return log_id;
}

uint64_t with_ledger_random(uint64_t *seed)
{
    *seed += 0x9e3779b97f4a7c15u;
    uint64_t value = *seed;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    return value ^ (value >> 31);
}
