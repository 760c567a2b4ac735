#include "ledger/check.h"

#include <string.h>

#include "base/arena.h"
#include "ledger/check_parts.h"
#include "ledger/sql.h"
#include "ledger/store.h"
#include "metrics/gauge.h"

void weir_check_tell(const struct weir_ledger_check *check,
                     const char *part,
                     uint64_t done,
                     uint64_t total)
{
    if (check->progress != NULL)
        check->progress->tell(check->progress->context, part, done, total);
}

/* What SQLite itself can tell about the file. */
static enum weir_err check_file(const struct weir_ledger_check *check)
{
    struct weir_rows rows;
    weir_check_tell(check, "the file", 0, 0);
    weir_rows_begin(&rows, check->store, check->scope, "PRAGMA integrity_check(1)", NULL, 0);
    if (weir_rows_next(&rows) && !weir_slice_equals_text(weir_row_peek(&rows, 0), "ok"))
        rows.err = weir_fail(check->scope, WEIR_E_CORRUPT, "SQLite: %s", weir_row_text(&rows, 0));
    enum weir_err err = weir_rows_end(&rows);
    if (err != WEIR_OK)
        return err;
    weir_rows_begin(&rows, check->store, check->scope, "PRAGMA foreign_key_check", NULL, 0);
    if (weir_rows_next(&rows))
        rows.err = weir_fail(check->scope, WEIR_E_CORRUPT,
                             "a row of table %s refers to a row that is not there",
                             weir_row_text(&rows, 0));
    return weir_rows_end(&rows);
}

static enum weir_err check_gauge(const struct weir_ledger_check *check, const struct weir_log *log)
{
    struct weir_gauge gauge;
    enum weir_err err = weir_gauge_parse(check->scope, log->definition, &gauge);
    if (err != WEIR_OK)
        return err;
    err = weir_check_events(check, log);
    if (err != WEIR_OK)
        return err;
    return gauge.kind == WEIR_GAUGE_OTIF ? weir_check_jobs(check, log)
                                         : weir_check_ticks(check, log);
}

static enum weir_err check_one(const struct weir_ledger_check *check, const struct weir_log *log)
{
    enum weir_err err = weir_check_log(check, log);
    if (err == WEIR_OK && log->is_own)
        err = check_gauge(check, log);
    check->report->logs++;
    return err == WEIR_OK ? err : weir_note(check->scope, "log %s", log->origin);
}

static enum weir_err check_all(const struct weir_ledger_check *check)
{
    struct weir_log *logs = NULL;
    size_t count = 0;
    enum weir_err err = check_file(check);
    if (err == WEIR_OK)
        err = weir_log_list(check->store, check->scope, &logs, &count);
    for (size_t i = 0; err == WEIR_OK && i < count; i++)
        err = check_one(check, &logs[i]);
    if (err == WEIR_OK)
        err = weir_check_settlement(check);
    return err == WEIR_OK ? weir_check_money(check) : err;
}

/* Whatever a function below found wrong with stored bytes, here it means that they are damaged. */
static enum weir_err difference(struct weir_scope *scope)
{
    char text[WEIR_FAULT_BYTES];
    if (scope->err == WEIR_E_STORE || scope->err == WEIR_E_BUSY || scope->err == WEIR_E_MEMORY)
        return scope->err;
    memcpy(text, scope->fault, sizeof(text));
    weir_scope_recover(scope);
    return weir_fail(scope, WEIR_E_CORRUPT, "%s", text);
}

enum weir_err weir_ledger_check(struct weir_store *store,
                                struct weir_scope *scope,
                                const struct weir_progress *progress,
                                struct weir_ledger_report *report)
{
    struct weir_ledger_report found = {0};
    struct weir_ledger_check check = {
        .store = store, .scope = scope, .progress = progress, .report = &found};
    enum weir_err err = weir_store_read_begin(store, scope);
    if (err != WEIR_OK)
        return err;
    err = check_all(&check);
    weir_store_read_end(store);
    if (err == WEIR_OK)
        *report = found;
    return err == WEIR_OK ? err : difference(scope);
}
