/* weir gauge history, weir gauge test: the numbers of a gauge window by window, from the ledger or
 * from a file that is not stored. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "config/config.h"
#include "ledger/log.h"
#include "ledger/store.h"
#include "metrics/calendar.h"
#include "metrics/event.h"
#include "metrics/time_format.h"
#include "node/clock.h"
#include "node/command.h"
#include "node/gauge_print.h"
#include "node/gauge_trial.h"
#include "node/import_reader.h"
#include "node/json_out.h"
#include "node/ledger_command.h"
#include "node/worker.h"

#define ROWS_ARENA_BYTES ((size_t)4 * 1024 * 1024 * 1024)

/* The rows wanted and how they are wanted. */
struct wish {
    struct weir_scope scope; /* over an arena of its own: rows can be many */
    struct weir_config *config;
    const struct weir_config_gauge *gauge;
    struct weir_gauge_query query;
    struct weir_interval shown; /* windows that meet it */
    const char *class_name;     /* NULL: all */
};

/* --- what is asked for ------------------------------------------------------------------------ */

/* A window's label, a date or a time.  Leaves `*interval` alone when the option was not given. */
static enum weir_err read_time(struct weir_command *command,
                               const struct wish *wish,
                               const char *option,
                               struct weir_interval *interval)
{
    const char *text = weir_command_option(command, option);
    struct weir_scope inner = {.arena = command->scope->arena};
    const struct weir_time_format rfc3339 = {.text = NULL};
    if (text == NULL || weir_window_parse(&inner, &wish->gauge->definition.windows,
                                          weir_slice_text(text), interval) == WEIR_OK)
        return WEIR_OK;
    weir_scope_recover(&inner);
    if (weir_time_format_parse(&inner, &rfc3339, weir_slice_text(text), interval) == WEIR_OK)
        return WEIR_OK;
    return weir_fail(command->scope, WEIR_E_USAGE,
                     "--%s '%s' is neither a window of the gauge nor a date or time", option, text);
}

/* Up to an instant, or to the end of a window or day. */
static int64_t end_of(struct weir_interval interval)
{
    return weir_due_is_instant(interval) ? interval.start_ms : interval.end_ms;
}

static enum weir_err wish_begin(struct weir_command *command, struct wish *wish)
{
    struct weir_scope *scope = command->scope;
    struct weir_interval from = {WEIR_TIME_MIN_MS, WEIR_TIME_MIN_MS};
    struct weir_interval to = {WEIR_TIME_END_MS, WEIR_TIME_END_MS};
    if (weir_command_config(command, &wish->config) != WEIR_OK ||
        weir_gauge_for_command(scope, wish->config, command->operands[0], &wish->gauge) != WEIR_OK)
        return scope->err;
    int64_t now_ms = weir_clock_now();
    struct weir_interval as_of = {now_ms, now_ms + 1};
    if (read_time(command, wish, "from", &from) != WEIR_OK ||
        read_time(command, wish, "to", &to) != WEIR_OK ||
        read_time(command, wish, "as-of", &as_of) != WEIR_OK)
        return scope->err;
    wish->class_name = weir_command_option(command, "class");
    wish->shown = (struct weir_interval){from.start_ms, end_of(to)};
    wish->query = (struct weir_gauge_query){
        .gauge = &wish->gauge->definition,
        .as_of_ms = end_of(as_of),
        .span = {WEIR_TIME_MIN_MS, WEIR_TIME_END_MS},
    };
    wish->scope.arena = weir_arena_new(ROWS_ARENA_BYTES);
    if (wish->scope.arena == NULL)
        return weir_fail(scope, WEIR_E_MEMORY, "the system gives no memory");
    return WEIR_OK;
}

/* The kill signal looks at all windows, so what is not shown is dropped only now. */
static size_t keep_wanted(const struct wish *wish, struct weir_gauge_row *rows, size_t row_count)
{
    size_t kept = 0;
    for (size_t i = 0; i < row_count; i++) {
        bool is_wanted = rows[i].window.start_ms < wish->shown.end_ms &&
                         rows[i].window.end_ms > wish->shown.start_ms;
        if (wish->class_name != NULL && strcmp(wish->class_name, rows[i].class_name) != 0)
            is_wanted = false;
        if (is_wanted)
            rows[kept++] = rows[i];
    }
    return kept;
}

static int print_rows(struct weir_command *command,
                      struct wish *wish,
                      struct weir_gauge_row *rows,
                      size_t row_count)
{
    struct weir_json json;
    struct weir_slice text;
    const struct weir_gauge *gauge = wish->query.gauge;
    size_t count = keep_wanted(wish, rows, row_count);
    if (weir_command_flag(command, "csv")) {
        weir_gauge_print_csv(gauge, rows, count);
        return WEIR_EXIT_OK;
    }
    if (!command->wants_json) {
        weir_gauge_print_table(&command->terminal, gauge, rows, count);
        return WEIR_EXIT_OK;
    }
    weir_json_begin(&json, &wish->scope, 0);
    weir_json_object(&json, NULL);
    weir_json_text(&json, "gauge", gauge->name);
    weir_json_array(&json, "windows");
    for (size_t i = 0; i < count; i++)
        weir_gauge_print_json(&json, NULL, gauge, &rows[i]);
    if (weir_json_end(&json, &text) != WEIR_OK) {
        (void)weir_fail(command->scope, wish->scope.err, "%s", wish->scope.fault);
        return weir_command_fail(command);
    }
    weir_command_print(text);
    return WEIR_EXIT_OK;
}

static int finish(struct weir_command *command,
                  struct wish *wish,
                  enum weir_err err,
                  struct weir_gauge_row *rows,
                  size_t row_count)
{
    int status;
    if (err == WEIR_OK) {
        status = print_rows(command, wish, rows, row_count);
    } else {
        (void)weir_fail(command->scope, err, "%s", wish->scope.fault);
        status = weir_command_fail(command);
    }
    weir_arena_free(wish->scope.arena);
    return status;
}

/* --- from the ledger -------------------------------------------------------------------------- */

static enum weir_err read_ledger(struct wish *wish, struct weir_gauge_row **rows, size_t *row_count)
{
    struct weir_store *store = NULL;
    struct weir_log log;
    enum weir_err err = weir_ledger_open(&wish->scope, wish->config, false, &store);
    if (err == WEIR_OK)
        err = weir_log_find_gauge(store, &wish->scope, wish->query.gauge->name, &log);
    if (err == WEIR_OK) {
        wish->query.log_id = log.log_id;
        /* Availability has no classes and no runs: only what is shown need be read. */
        if (wish->query.gauge->kind == WEIR_GAUGE_AVAILABILITY)
            wish->query.span = wish->shown;
        err = weir_gauge_rows(store, &wish->scope, &wish->query, rows, row_count);
    }
    weir_store_close(store);
    return err;
}

int weir_cmd_gauge_history(struct weir_command *command)
{
    struct wish wish = {.config = NULL};
    struct weir_gauge_row *rows = NULL;
    size_t row_count = 0;
    if (wish_begin(command, &wish) != WEIR_OK)
        return weir_command_fail(command);
    enum weir_err err = read_ledger(&wish, &rows, &row_count);
    return finish(command, &wish, err, rows, row_count);
}

/* --- from a file ------------------------------------------------------------------------------ */

/* Events of a file, all at once. */
struct gathered {
    struct weir_event *items;
    size_t count;
    size_t capacity;
    uint64_t refused;
};

static bool copy(struct weir_scope *scope, struct weir_slice *text)
{
    const char *copied = weir_take_text(scope, text->data, text->length);
    text->data = (const uint8_t *)copied;
    return copied != NULL;
}

static enum weir_err
add_event(struct weir_scope *scope, struct gathered *gathered, const struct weir_event *event)
{
    struct weir_event kept = *event;
    if (gathered->count == gathered->capacity) {
        size_t capacity = gathered->capacity == 0 ? 1024 : gathered->capacity * 2;
        struct weir_event *items = weir_take(scope, capacity, sizeof(*items));
        if (items == NULL)
            return scope->err;
        if (gathered->count > 0)
            memcpy(items, gathered->items, gathered->count * sizeof(*items));
        gathered->items = items;
        gathered->capacity = capacity;
    }
    if (!copy(scope, &kept.source) || !copy(scope, &kept.id) || !copy(scope, &kept.subject) ||
        !copy(scope, &kept.order) || !copy(scope, &kept.class_name))
        return scope->err;
    gathered->items[gathered->count++] = kept;
    return WEIR_OK;
}

static enum weir_err
gather(struct wish *wish, const struct weir_event_file *file, struct gathered *gathered)
{
    struct weir_event_reader *reader = NULL;
    struct weir_reading reading = {.kind = WEIR_READING_EVENT};
    enum weir_err err = weir_event_reader_open(&wish->scope, file, &reader);
    while (err == WEIR_OK && reading.kind != WEIR_READING_END) {
        err = weir_event_reader_next(reader, &wish->scope, &reading);
        if (err == WEIR_OK && reading.kind == WEIR_READING_REFUSED) {
            gathered->refused++;
            (void)fprintf(stderr, "weir: %s:%llu: %s: %s\n", file->path,
                          (unsigned long long)reading.line, reading.reason, reading.detail);
        }
        if (err == WEIR_OK && reading.kind == WEIR_READING_EVENT)
            err = add_event(&wish->scope, gathered, &reading.event);
    }
    weir_event_reader_close(reader);
    return err;
}

/* The source that --source or the definition names, or the only one. */
static const struct weir_config_source *find_source(const struct weir_command *command,
                                                    const struct wish *wish)
{
    const char *name = weir_command_option(command, "source");
    if (name == NULL)
        name = wish->query.gauge->source;
    if (name != NULL)
        return weir_config_find_source(wish->config, name);
    return wish->config->source_count == 1 ? &wish->config->sources[0] : NULL;
}

int weir_cmd_gauge_test(struct weir_command *command)
{
    struct wish wish = {.config = NULL};
    struct gathered gathered = {.items = NULL};
    struct weir_gauge_row *rows = NULL;
    size_t row_count = 0;
    if (wish_begin(command, &wish) != WEIR_OK)
        return weir_command_fail(command);
    const struct weir_event_file file = {
        .path = command->operands[1],
        .source = find_source(command, &wish),
        .line_bytes_max = wish.config->limits.line_bytes_max,
        .received_ms =
            weir_clock_now() + wish.config->limits.event_ahead_max_ms - WEIR_EVENT_SKEW_MS,
    };
    enum weir_err err = WEIR_OK;
    if (file.source == NULL)
        err = weir_fail(&wish.scope, WEIR_E_USAGE, "--source must name a configured source");
    if (err == WEIR_OK)
        err = gather(&wish, &file, &gathered);
    if (err == WEIR_OK)
        err = weir_gauge_trial(&wish.scope, &wish.query, gathered.items, gathered.count, &rows,
                               &row_count);
    int status = finish(command, &wish, err, rows, row_count);
    return status == WEIR_EXIT_OK && gathered.refused > 0 ? WEIR_EXIT_FAILED : status;
}
