/* Goal: the file is opened hardened or not at all; nothing that was evidence can be changed; a full
 * disk loses nothing; a disk that fails ends the handle; writers take turns.
 * Method: real files, plain SQLite as the intruder, a VFS that fails on demand, forked writers. */
#include "ledger/store.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/hash.h"
#include "ledger/log.h"
#include "ledger/migrations.h"
#include "ledger/record.h"
#include "ledger/sql.h"
#include "ledger/status.h"
#include "tests/unit/ledger/with_ledger.h"

/* Tables that hold what can be computed again, or the present only; all others are evidence. */
static const char *const CHANGING[] = {
    "head",        "event_superseded", "tick",        "maintenance",   "commitment", "gauge_window",
    "open_window", "statement_cursor", "open_intent", "open_rail_job", "balance",    "source",
    "refused",     "duty_status",      "head_note",
};

static void a_new_ledger_is_for_its_owner_alone(void **state)
{
    struct with_ledger *ledger = *state;
    static const char *const ends[] = {"", "-wal", "-shm", ".turnstile"};
    for (size_t i = 0; i < 4; i++) {
        struct stat status;
        char *path = weir_take_printf(&ledger->scope, "%s%s", ledger->path, ends[i]);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
    }
}

static void the_switches_are_set(void **state)
{
    struct with_ledger *ledger = *state;
    static const struct {
        const char *pragma;
        int64_t value;
    } wanted[] = {
        {"PRAGMA synchronous", 2},        {"PRAGMA foreign_keys", 1},
        {"PRAGMA recursive_triggers", 1}, {"PRAGMA trusted_schema", 0},
        {"PRAGMA cell_size_check", 1},    {"PRAGMA query_only", 0},
    };
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        int64_t value = -1;
        with_ledger_expect(
            ledger, weir_sql_i64(ledger->store, &ledger->scope, wanted[i].pragma, NULL, 0, &value));
        assert_int_equal(value, wanted[i].value);
    }
    assert_string_equal(with_ledger_text(ledger, "PRAGMA journal_mode"), "wal|\n");
    with_ledger_refused(ledger, weir_sql_script(ledger->store, &ledger->scope, "SELECT \"typo\""),
                        WEIR_E_STORE, "no such column");
    with_ledger_refused(ledger,
                        weir_sql_script(ledger->store, &ledger->scope,
                                        "UPDATE sqlite_schema SET sql = '' WHERE name = 'log'"),
                        WEIR_E_STORE, "may not be modified");
    with_ledger_refused(
        ledger,
        weir_sql_script(ledger->store, &ledger->scope, "ATTACH DATABASE 'other.db' AS other"),
        WEIR_E_STORE, "too many attached");
}

static void every_table_is_strict_and_evidence_is_guarded(void **state)
{
    struct with_ledger *ledger = *state;
    struct weir_buffer list = {0};
    for (size_t i = 0; i < sizeof(CHANGING) / sizeof(CHANGING[0]); i++)
        with_ledger_expect(ledger, weir_buffer_printf(&ledger->scope, &list, "%s'%s'",
                                                      i == 0 ? "" : ",", CHANGING[i]));
    assert_string_equal(
        "", with_ledger_text(ledger, "SELECT name FROM pragma_table_list WHERE type = 'table' AND "
                                     "strict = 0 AND name NOT LIKE 'sqlite_%'"));
    char *query = weir_take_printf(
        &ledger->scope,
        "SELECT name FROM sqlite_schema AS t WHERE type = 'table' AND name NOT IN (%.*s) AND "
        "(SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = t.name AND "
        "sql LIKE '%%RAISE(ABORT%%') <> 2",
        (int)list.length, (const char *)list.data);
    assert_string_equal("", with_ledger_text(ledger, query));
}

static int64_t log_with_ticks(struct with_ledger *ledger, size_t count)
{
    struct weir_gauge gauge = with_ledger_probed("api", 10000, 250);
    int64_t log_id = with_ledger_log(ledger, &gauge);
    struct weir_record_counts counts = {0};
    for (size_t i = 0; i < count; i++) {
        struct weir_tick tick =
            weir_tick_make(1767225600000 + (int64_t)i * 250, WEIR_REASON_OK, 200, 1);
        with_ledger_expect(
            ledger, weir_record_ticks(ledger->store, &ledger->scope, log_id, &tick, 1, &counts));
    }
    return log_id;
}

static void evidence_is_neither_updated_nor_deleted_nor_replaced(void **state)
{
    struct with_ledger *ledger = *state;
    (void)log_with_ticks(ledger, 300);
    with_ledger_sql(ledger, "UPDATE observation SET flags = 2", "append-only");
    with_ledger_sql(ledger, "DELETE FROM observation WHERE kind = 2", "append-only");
    with_ledger_sql(ledger, "DELETE FROM tile", "append-only");
    with_ledger_sql(ledger, "UPDATE log SET gauge = 'x'", "append-only");
    with_ledger_sql(ledger, "UPDATE migration SET name = 'x'", "append-only");
    with_ledger_refused(ledger,
                        weir_sql_script(ledger->store, &ledger->scope,
                                        "REPLACE INTO observation SELECT * FROM observation"),
                        WEIR_E_EXISTS, "append-only");
    with_ledger_check(ledger, NULL);
}

static void what_is_no_ledger_is_left_alone(void **state)
{
    struct with_ledger *ledger = *state;
    struct weir_store *other = NULL;
    struct weir_store_options options = {.mode = WEIR_STORE_WRITE};
    with_ledger_refused(ledger,
                        weir_store_open(&ledger->scope, "no/such/file.db", &options, &other),
                        WEIR_E_NOT_FOUND, "there is no ledger");
    char *path = weir_take_printf(&ledger->scope, "%s/other.db", ledger->folder);
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "CREATE TABLE theirs(x)", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    with_ledger_refused(ledger, weir_store_open(&ledger->scope, path, &options, &other),
                        WEIR_E_CORRUPT, "something else");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fprintf(file, "%4096s", "this is no database") > 0);
    assert_int_equal(fclose(file), 0);
    with_ledger_refused(ledger, weir_store_open(&ledger->scope, path, &options, &other),
                        WEIR_E_CORRUPT, "not a database");
}

static void a_newer_or_changed_schema_is_refused(void **state)
{
    struct with_ledger *ledger = *state;
    struct weir_store *other = NULL;
    struct weir_store_options options = {.mode = WEIR_STORE_WRITE};
    with_ledger_sql(ledger, "INSERT INTO migration VALUES (2, 'later', zeroblob(32))", NULL);
    with_ledger_refused(ledger, weir_store_open(&ledger->scope, ledger->path, &options, &other),
                        WEIR_E_CONFLICT, "use a newer program");
    with_ledger_damage(ledger, "migration",
                       "DELETE FROM migration WHERE number = 2; "
                       "UPDATE migration SET checksum = zeroblob(32)");
    with_ledger_refused(ledger, weir_store_open(&ledger->scope, ledger->path, &options, &other),
                        WEIR_E_CONFLICT, "was changed after");
}

static void the_vault_and_the_ledger_are_not_mixed_up(void **state)
{
    struct with_ledger *ledger = *state;
    struct weir_store *vault = NULL;
    struct weir_store *second = NULL;
    struct weir_store_options options = {.mode = WEIR_STORE_CREATE, .schema = WEIR_SCHEMA_VAULT};
    with_ledger_refused(ledger, weir_store_open(&ledger->scope, ledger->path, &options, &vault),
                        WEIR_E_BUSY, "locked");
    with_ledger_close(ledger);
    with_ledger_refused(ledger, weir_store_open(&ledger->scope, ledger->path, &options, &vault),
                        WEIR_E_CORRUPT, "something else");
    char *path = weir_take_printf(&ledger->scope, "%s/vault.db", ledger->folder);
    options.busy_ms = 50;
    with_ledger_expect(ledger, weir_store_open(&ledger->scope, path, &options, &vault));
    with_ledger_refused(ledger, weir_store_open(&ledger->scope, path, &options, &second),
                        WEIR_E_BUSY, "locked");
    weir_store_close(vault);
}

static void reading_only_reads(void **state)
{
    struct with_ledger *ledger = *state;
    struct weir_store *reader = NULL;
    struct weir_store_options options = {.mode = WEIR_STORE_READ};
    const char *value = NULL;
    with_ledger_expect(ledger, weir_meta_set(ledger->store, &ledger->scope, "node", "ab"));
    with_ledger_expect(ledger, weir_store_open(&ledger->scope, ledger->path, &options, &reader));
    with_ledger_expect(ledger, weir_meta_get(reader, &ledger->scope, "node", &value));
    assert_string_equal(value, "ab");
    with_ledger_refused(ledger, weir_meta_set(reader, &ledger->scope, "other", "x"), WEIR_E_STORE,
                        "reading only");
    with_ledger_refused(ledger, weir_meta_set(ledger->store, &ledger->scope, "node", "cd"),
                        WEIR_E_CONFLICT, "'ab', not 'cd'");
    weir_store_close(reader);
}

static void a_full_disk_is_said_and_loses_nothing(void **state)
{
    struct with_ledger *ledger = *state;
    int64_t log_id = log_with_ticks(ledger, 300);
    with_ledger_close(ledger);
    int64_t pages = with_ledger_number(ledger, "PRAGMA page_count");
    struct weir_store_options options = {.mode = WEIR_STORE_WRITE,
                                         .page_count_max = (uint32_t)pages + 4};
    with_ledger_expect(ledger,
                       weir_store_open(&ledger->scope, ledger->path, &options, &ledger->store));
    static struct weir_tick ticks[3000];
    for (size_t i = 0; i < 3000; i++)
        ticks[i] = weir_tick_make(1767225600000 + (int64_t)(300 + i) * 250, WEIR_REASON_OK, 200, 1);
    struct weir_record_counts counts = {0};
    with_ledger_refused(
        ledger, weir_record_ticks(ledger->store, &ledger->scope, log_id, ticks, 3000, &counts),
        WEIR_E_STORE, "the disk is full");
    assert_int_equal(with_ledger_number(ledger, "SELECT size FROM head"), 301);
    with_ledger_expect(
        ledger, weir_record_ticks(ledger->store, &ledger->scope, log_id, ticks, 10, &counts));
    with_ledger_check(ledger, NULL);
    with_ledger_reopen(ledger);
    with_ledger_expect(
        ledger, weir_record_ticks(ledger->store, &ledger->scope, log_id, ticks, 3000, &counts));
    assert_int_equal(counts.added, 3000);
    assert_int_equal(counts.known, 10);
    with_ledger_check(ledger, NULL);
}

/* A VFS over the usual one whose files fail when told to. */
enum fault { FAULT_NONE, FAULT_FULL, FAULT_SYNC };
static enum fault fault;
static sqlite3_vfs failing_vfs;
static sqlite3_vfs *real_vfs;

/* The usual VFS has several sets of methods; each gets its failing twin. */
struct twin {
    const sqlite3_io_methods *real;
    sqlite3_io_methods failing;
};
static struct twin twins[4];

static const struct twin *twin_of(const sqlite3_file *file)
{
    for (size_t i = 0; i < 4; i++)
        if (file->pMethods == &twins[i].failing)
            return &twins[i];
    fail_msg("a file that was not opened here");
    return NULL;
}

static int failing_write(sqlite3_file *file, const void *bytes, int length, sqlite3_int64 offset)
{
    if (fault == FAULT_FULL)
        return SQLITE_FULL;
    return twin_of(file)->real->xWrite(file, bytes, length, offset);
}

static int failing_sync(sqlite3_file *file, int flags)
{
    if (fault == FAULT_SYNC)
        return SQLITE_IOERR_FSYNC;
    return twin_of(file)->real->xSync(file, flags);
}

static int
failing_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
    (void)vfs;
    int result = real_vfs->xOpen(real_vfs, name, file, flags, out_flags);
    if (result != SQLITE_OK)
        return result;
    size_t place = 0;
    while (twins[place].real != NULL && twins[place].real != file->pMethods)
        place++;
    assert_true(place < 4);
    if (twins[place].real == NULL) {
        twins[place].real = file->pMethods;
        twins[place].failing = *file->pMethods;
        twins[place].failing.xWrite = failing_write;
        twins[place].failing.xSync = failing_sync;
    }
    file->pMethods = &twins[place].failing;
    return SQLITE_OK;
}

static void failing_install(void)
{
    real_vfs = sqlite3_vfs_find(NULL);
    failing_vfs = *real_vfs;
    failing_vfs.zName = "failing";
    failing_vfs.pNext = NULL;
    failing_vfs.xOpen = failing_open;
    fault = FAULT_NONE;
    assert_int_equal(sqlite3_vfs_register(&failing_vfs, 1), SQLITE_OK);
}

static void failing_remove(void)
{
    fault = FAULT_NONE;
    assert_int_equal(sqlite3_vfs_unregister(&failing_vfs), SQLITE_OK);
    assert_int_equal(sqlite3_vfs_register(real_vfs, 1), SQLITE_OK);
}

static void after_no_space_is_left_the_same_handle_goes_on(void **state)
{
    struct with_ledger *ledger = *state;
    with_ledger_close(ledger);
    failing_install();
    struct weir_store_options options = {.mode = WEIR_STORE_WRITE};
    with_ledger_expect(ledger,
                       weir_store_open(&ledger->scope, ledger->path, &options, &ledger->store));
    with_ledger_expect(ledger, weir_meta_set(ledger->store, &ledger->scope, "before", "x"));
    fault = FAULT_FULL;
    with_ledger_refused(ledger, weir_meta_set(ledger->store, &ledger->scope, "lost", "x"),
                        WEIR_E_STORE, "the disk is full");
    fault = FAULT_NONE;
    with_ledger_expect(ledger, weir_meta_set(ledger->store, &ledger->scope, "after", "x"));
    with_ledger_close(ledger);
    failing_remove();
    with_ledger_reopen(ledger);
    assert_string_equal(with_ledger_text(ledger, "SELECT name FROM meta ORDER BY name"),
                        "after|\nbefore|\n");
}

static void after_a_failed_fsync_the_handle_does_nothing_any_more(void **state)
{
    struct with_ledger *ledger = *state;
    with_ledger_close(ledger);
    failing_install();
    struct weir_store_options options = {.mode = WEIR_STORE_WRITE};
    with_ledger_expect(ledger,
                       weir_store_open(&ledger->scope, ledger->path, &options, &ledger->store));
    with_ledger_expect(ledger, weir_meta_set(ledger->store, &ledger->scope, "before", "x"));
    fault = FAULT_SYNC;
    with_ledger_refused(ledger, weir_meta_set(ledger->store, &ledger->scope, "lost", "x"),
                        WEIR_E_STORE, "this process must end");
    fault = FAULT_NONE;
    with_ledger_refused(ledger, weir_meta_set(ledger->store, &ledger->scope, "after", "x"),
                        WEIR_E_STORE, "this process must end");
    with_ledger_close(ledger);
    failing_remove();
    with_ledger_reopen(ledger);
    with_ledger_check(ledger, NULL);
    assert_int_equal(with_ledger_number(ledger, "SELECT count(*) FROM meta WHERE name = 'before'"),
                     1);
    assert_int_equal(with_ledger_number(ledger, "SELECT count(*) FROM meta WHERE name = 'after'"),
                     0);
}

static void a_damaged_file_is_not_opened(void **state)
{
    struct with_ledger *ledger = *state;
    (void)log_with_ticks(ledger, 500);
    with_ledger_close(ledger);
    int64_t root =
        with_ledger_number(ledger, "SELECT rootpage FROM sqlite_schema WHERE name = 'observation'");
    with_ledger_sql(ledger, "PRAGMA wal_checkpoint(TRUNCATE)", NULL);
    FILE *file = fopen(ledger->path, "r+");
    assert_non_null(file);
    assert_int_equal(fseek(file, (long)(root - 1) * 4096 + 3, SEEK_SET), 0);
    assert_int_equal(fwrite("\xff\xff\xff", 1, 3, file), 3);
    assert_int_equal(fclose(file), 0);
    struct weir_store_options options = {.mode = WEIR_STORE_WRITE};
    enum weir_err err = weir_store_open(&ledger->scope, ledger->path, &options, &ledger->store);
    with_ledger_refused(ledger, err, WEIR_E_CORRUPT, "ledger ");
}

/* A child writes batch after batch; `ready` gets a byte for each. */
static pid_t stream_start(struct with_ledger *ledger, const int ready[2], const int stop[2])
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child != 0)
        return child;
    (void)close(stop[1]); /* only the parent's end counts */
    struct weir_store *store = NULL;
    struct weir_store_options options = {.mode = WEIR_STORE_WRITE, .skip_quick_check = true};
    if (weir_store_open(&ledger->scope, ledger->path, &options, &store) != WEIR_OK)
        _exit(1);
    struct pollfd end = {.fd = stop[0], .events = POLLIN};
    for (int64_t batch = 0; poll(&end, 1, 0) == 0; batch++) {
        if (weir_store_begin(store, &ledger->scope, WEIR_WRITE_STREAM) != WEIR_OK)
            _exit(2);
        for (int64_t i = 0; i < 2000; i++) {
            struct weir_status_row row = {.duty = "collector",
                                          .name = i % 2 == 0 ? "even" : "odd",
                                          .value = batch * 2000 + i,
                                          .text = ""};
            if (weir_status_put(store, &ledger->scope, &row, 1) != WEIR_OK)
                _exit(3);
        }
        if (weir_store_commit(store, &ledger->scope) != WEIR_OK || write(ready[1], "x", 1) != 1)
            _exit(4);
    }
    weir_store_close(store);
    _exit(0);
}

static void a_short_writer_is_not_starved_by_a_stream(void **state)
{
    struct with_ledger *ledger = *state;
    int ready[2];
    int stop[2];
    char bytes[4096];
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(stop), 0);
    with_ledger_close(ledger);
    pid_t child = stream_start(ledger, ready, stop);
    with_ledger_reopen(ledger);
    assert_int_equal(read(ready[0], bytes, 1), 1);
    struct pollfd pending = {.fd = ready[0], .events = POLLIN};
    size_t batches = 0;
    for (int i = 0; i < 30; i++) {
        struct weir_status_row row = {.duty = "settler", .name = "beat", .value = i, .text = ""};
        while (poll(&pending, 1, 0) > 0)
            (void)!read(ready[0], bytes, sizeof(bytes)); /* forget what was before */
        with_ledger_expect(ledger, weir_status_put(ledger->store, &ledger->scope, &row, 1));
        if (poll(&pending, 1, 0) > 0)
            batches += (size_t)read(ready[0], bytes, sizeof(bytes));
    }
    /* Each waits for the batch that is running and perhaps the one after it, never for many. */
    assert_true(batches <= 90);
    assert_int_equal(close(stop[1]), 0);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void a_writer_that_waits_too_long_is_told_busy(void **state)
{
    struct with_ledger *ledger = *state;
    struct weir_store *other = NULL;
    struct weir_store_options options = {.mode = WEIR_STORE_WRITE, .busy_ms = 50};
    with_ledger_expect(ledger, weir_store_open(&ledger->scope, ledger->path, &options, &other));
    with_ledger_expect(ledger, weir_store_begin(ledger->store, &ledger->scope, WEIR_WRITE_SHORT));
    with_ledger_refused(ledger, weir_meta_set(other, &ledger->scope, "x", "y"), WEIR_E_BUSY,
                        "another process is writing");
    weir_store_rollback(ledger->store);
    with_ledger_expect(ledger, weir_meta_set(other, &ledger->scope, "x", "y"));
    weir_store_close(other);
}

static void a_step_that_fails_within_a_transaction_undoes_itself_only(void **state)
{
    struct with_ledger *ledger = *state;
    with_ledger_expect(ledger, weir_store_begin(ledger->store, &ledger->scope, WEIR_WRITE_SHORT));
    with_ledger_expect(ledger, weir_meta_set(ledger->store, &ledger->scope, "a", "1"));
    with_ledger_refused(ledger, weir_meta_set(ledger->store, &ledger->scope, "a", "2"),
                        WEIR_E_CONFLICT, "not '2'");
    with_ledger_expect(ledger, weir_meta_set(ledger->store, &ledger->scope, "b", "1"));
    with_ledger_expect(ledger, weir_store_commit(ledger->store, &ledger->scope));
    assert_string_equal(with_ledger_text(ledger, "SELECT * FROM meta ORDER BY name"),
                        "a|1|\nb|1|\n");
}

static void the_embedded_schema_is_the_one_in_the_source(void **state)
{
    struct with_ledger *ledger = *state;
    static const struct {
        const char *name;
        const char *sql;
    } parts[] = {
        {"ledger_0001_logs", weir_migration_ledger_0001_logs},
        {"ledger_0001_gauges", weir_migration_ledger_0001_gauges},
        {"ledger_0001_settlement", weir_migration_ledger_0001_settlement},
        {"ledger_0001_node", weir_migration_ledger_0001_node},
        {"ledger_0001_evidence", weir_migration_ledger_0001_evidence},
        {"vault_0001", weir_migration_vault_0001},
    };
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        static char text[65536];
        char *path = weir_take_printf(&ledger->scope, "%s/ledger/migrations/%s.sql",
                                      WEIR_SOURCE_DIR, parts[i].name);
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        size_t length = fread(text, 1, sizeof(text) - 1, file);
        assert_int_equal(fclose(file), 0);
        text[length] = '\0';
        assert_string_equal(text, parts[i].sql);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_ledger(a_new_ledger_is_for_its_owner_alone),
        with_ledger(the_switches_are_set),
        with_ledger(every_table_is_strict_and_evidence_is_guarded),
        with_ledger(evidence_is_neither_updated_nor_deleted_nor_replaced),
        with_ledger(what_is_no_ledger_is_left_alone),
        with_ledger(a_newer_or_changed_schema_is_refused),
        with_ledger(the_vault_and_the_ledger_are_not_mixed_up),
        with_ledger(reading_only_reads),
        with_ledger(a_full_disk_is_said_and_loses_nothing),
        with_ledger(after_no_space_is_left_the_same_handle_goes_on),
        with_ledger(after_a_failed_fsync_the_handle_does_nothing_any_more),
        with_ledger(a_damaged_file_is_not_opened),
        with_ledger(a_short_writer_is_not_starved_by_a_stream),
        with_ledger(a_writer_that_waits_too_long_is_told_busy),
        with_ledger(a_step_that_fails_within_a_transaction_undoes_itself_only),
        with_ledger(the_embedded_schema_is_the_one_in_the_source),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
