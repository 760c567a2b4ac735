/* GET /metrics: what duties count, as they last said, and the state of gauges and payouts as the
 * ledger has it at this moment. */
#include "node/api_public.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <microhttpd.h>

#include "base/arena.h"
#include "config/config.h"
#include "ledger/intents.h"
#include "ledger/kill.h"
#include "ledger/log.h"
#include "ledger/observations.h"
#include "ledger/opinions.h"
#include "ledger/status.h"
#include "ledger/store.h"
#include "node/api_health.h"
#include "node/clock.h"
#include "node/exposition.h"
#include "node/gauge_rows.h"
#include "node/sandbox.h"

#define BYTES_MAX ((size_t)32 * 1024 * 1024)
#define STATUS_ROWS_MAX 4096
#define CLASSES_MAX 256 /* of one gauge; with more only the sum is shown */
#define INTENTS_MAX 100000

/* One row of one gauge on its way out. */
struct shown {
    const struct weir_gauge *gauge;
    const struct weir_gauge_row *row;
    const char *which; /* "current" or "previous" */
};

struct scrape {
    struct weir_api *api;
    struct weir_scope *scope;
    struct weir_exposition out;
    int64_t now_ms;
    struct shown *shown;
    size_t shown_count;
    size_t shown_capacity;
};

/* --- the program ------------------------------------------------------------------------------ */

static void put_build(struct scrape *scrape)
{
    const struct weir_config *config = scrape->api->worker.config;
    const struct weir_label labels[] = {
        {"version", WEIR_VERSION}, {"node", config->node.name}, {NULL, NULL}};
    weir_exposition_family(&scrape->out, "weir_build_info");
    weir_exposition_i64(&scrape->out, "weir_build_info", labels, 1);
    weir_exposition_family(&scrape->out, "weir_start_time_seconds");
    weir_exposition_ms(&scrape->out, "weir_start_time_seconds", NULL, scrape->api->started_ms);
    weir_exposition_family(&scrape->out, "weir_landlock_version");
    weir_exposition_i64(&scrape->out, "weir_landlock_version", NULL,
                        weir_sandbox_landlock_version());
}

static enum weir_err put_health(struct scrape *scrape)
{
    struct weir_health *health = weir_take(scrape->scope, 1, sizeof(*health));
    if (health == NULL || weir_api_health(scrape->api, scrape->scope, health) != WEIR_OK)
        return scrape->scope->err;
    weir_exposition_family(&scrape->out, "weir_ready");
    weir_exposition_i64(&scrape->out, "weir_ready", NULL, health->is_well);
    weir_exposition_family(&scrape->out, "weir_health");
    for (size_t i = 0; i < health->count; i++) {
        const struct weir_label labels[] = {{"part", health->points[i].name}, {NULL, NULL}};
        weir_exposition_i64(&scrape->out, "weir_health", labels, health->points[i].is_well);
    }
    return WEIR_OK;
}

static int64_t file_bytes(struct weir_scope *scope, const char *folder, const char *name)
{
    struct stat file;
    const char *path = weir_take_printf(scope, "%s/%s", folder, name);
    return path != NULL && stat(path, &file) == 0 ? (int64_t)file.st_size : 0;
}

static void put_files(struct scrape *scrape)
{
    const char *folder = scrape->api->worker.config->node.data_dir;
    struct statvfs disk;
    int64_t bytes = file_bytes(scrape->scope, folder, "ledger.db") +
                    file_bytes(scrape->scope, folder, "ledger.db-wal");
    weir_exposition_family(&scrape->out, "weir_ledger_bytes");
    weir_exposition_i64(&scrape->out, "weir_ledger_bytes", NULL, bytes);
    if (statvfs(folder, &disk) != 0)
        return;
    weir_exposition_family(&scrape->out, "weir_disk_free_bytes");
    weir_exposition_i64(&scrape->out, "weir_disk_free_bytes", NULL,
                        (int64_t)((uint64_t)disk.f_bavail * (uint64_t)disk.f_frsize));
}

/* --- what duties say -------------------------------------------------------------------------- */

static bool same_family(const char *a, const char *b)
{
    size_t length = weir_exposition_family_length(a);
    return length == weir_exposition_family_length(b) && strncmp(a, b, length) == 0;
}

/* The first of its series; two duties that count the same thing would make the text invalid. */
static bool is_first_series(const struct weir_status_row *rows, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (strcmp(rows[i].name, rows[at].name) == 0)
            return false;
    return true;
}

static void
put_family_rows(struct scrape *scrape, const struct weir_status_row *rows, size_t count, size_t at)
{
    size_t length = weir_exposition_family_length(rows[at].name);
    const char *name = weir_take_text(scrape->scope, rows[at].name, length);
    if (name == NULL)
        return; /* the scope remembers */
    weir_exposition_family(&scrape->out, name);
    for (size_t i = at; i < count; i++)
        if (same_family(rows[i].name, rows[at].name) && rows[i].text[0] == '\0' &&
            weir_exposition_is_series(rows[i].name) && is_first_series(rows, i))
            weir_exposition_raw(&scrape->out, rows[i].name, rows[i].value);
}

static void put_rows(struct scrape *scrape, const struct weir_status_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool is_new = rows[i].text[0] == '\0' && weir_exposition_is_series(rows[i].name);
        for (size_t k = 0; is_new && k < i; k++)
            is_new = !same_family(rows[k].name, rows[i].name);
        if (is_new)
            put_family_rows(scrape, rows, count, i);
    }
}

/* Rows come by duty. */
static void put_report_ages(struct scrape *scrape, const struct weir_status_row *rows, size_t count)
{
    static const char family[] = "weir_duty_report_age_seconds";
    int64_t newest_ms = 0;
    weir_exposition_family(&scrape->out, family);
    for (size_t i = 0; i < count; i++) {
        newest_ms = rows[i].updated_ms > newest_ms ? rows[i].updated_ms : newest_ms;
        if (i + 1 < count && strcmp(rows[i].duty, rows[i + 1].duty) == 0)
            continue;
        const struct weir_label labels[] = {{"duty", rows[i].duty}, {NULL, NULL}};
        weir_exposition_ms(&scrape->out, family, labels, scrape->now_ms - newest_ms);
        newest_ms = 0;
    }
}

static enum weir_err put_status_rows(struct scrape *scrape)
{
    struct weir_status_row *rows = NULL;
    size_t count = 0;
    enum weir_err err = weir_status_list(scrape->api->worker.store, scrape->scope, &rows, &count);
    if (err != WEIR_OK)
        return err;
    count = count < STATUS_ROWS_MAX ? count : STATUS_ROWS_MAX;
    put_report_ages(scrape, rows, count);
    put_rows(scrape, rows, count);
    return WEIR_OK;
}

/* --- gauges ----------------------------------------------------------------------------------- */

static enum weir_err add_shown(struct scrape *scrape, const struct shown *shown)
{
    if (scrape->shown_count == scrape->shown_capacity) {
        size_t capacity = scrape->shown_capacity == 0 ? 256 : scrape->shown_capacity * 2;
        struct shown *items = weir_take(scrape->scope, capacity, sizeof(*items));
        if (items == NULL)
            return scrape->scope->err;
        if (scrape->shown_count > 0)
            memcpy(items, scrape->shown, scrape->shown_count * sizeof(*items));
        scrape->shown = items;
        scrape->shown_capacity = capacity;
    }
    scrape->shown[scrape->shown_count++] = *shown;
    return WEIR_OK;
}

/* The rows of one window, by class; those of too many classes are left out but for the sum. */
static enum weir_err
collect_window(struct scrape *scrape, struct weir_gauge_query *query, const char *which)
{
    struct weir_gauge_row *rows = NULL;
    size_t count = 0;
    enum weir_err err =
        weir_gauge_rows(scrape->api->worker.store, scrape->scope, query, &rows, &count);
    for (size_t i = 0; err == WEIR_OK && i < count; i++) {
        const struct shown shown = {query->gauge, &rows[i], which};
        bool is_sum = strcmp(rows[i].class_name, WEIR_CLASS_ALL) == 0;
        if (rows[i].window.start_ms == query->span.start_ms && (is_sum || count <= CLASSES_MAX))
            err = add_shown(scrape, &shown);
    }
    return err;
}

/* A window without anything in it is shown too: a series that is there from the start can be
 * alerted on. */
static enum weir_err collect_empty(struct scrape *scrape, const struct weir_gauge_query *query)
{
    for (size_t i = scrape->shown_count; i > 0 && scrape->shown[i - 1].gauge == query->gauge; i--)
        if (strcmp(scrape->shown[i - 1].row->class_name, WEIR_CLASS_ALL) == 0)
            return WEIR_OK;
    struct weir_gauge_row *row = weir_take(scrape->scope, 1, sizeof(*row));
    if (row == NULL)
        return scrape->scope->err;
    const struct weir_view view = {query->span, query->as_of_ms};
    row->class_name = WEIR_CLASS_ALL;
    row->window = query->span;
    row->verdict = query->gauge->kind == WEIR_GAUGE_OTIF
                       ? weir_verdict_of_tally(query->gauge, view, &row->tally)
                       : weir_verdict_of_availability(query->gauge, view, &row->availability);
    const struct shown shown = {query->gauge, row, "current"};
    return add_shown(scrape, &shown);
}

static enum weir_err collect_gauge(struct scrape *scrape, size_t number)
{
    const struct weir_worker *worker = &scrape->api->worker;
    struct weir_gauge_query query = {
        .gauge = &worker->config->gauges[number].definition,
        .log_id = worker->log_ids[number],
        .as_of_ms = scrape->now_ms,
    };
    const struct weir_windows *calendar = &query.gauge->windows;
    enum weir_err err = weir_window_at(scrape->scope, calendar, scrape->now_ms, &query.span);
    if (err == WEIR_OK)
        err = collect_window(scrape, &query, "current");
    if (err == WEIR_OK)
        err = collect_empty(scrape, &query);
    if (err == WEIR_OK)
        err = weir_window_previous(scrape->scope, calendar, query.span, &query.span);
    if (err == WEIR_OK)
        err = collect_window(scrape, &query, "previous");
    if (err != WEIR_E_RANGE)
        return err;
    weir_scope_recover(scrape->scope); /* outside the frozen boundaries nothing is defined */
    return WEIR_OK;
}

enum value { VALUE_NUM, VALUE_DEN, VALUE_UP, VALUE_DOWN, VALUE_UNKNOWN, VALUE_MAINTENANCE };

static const struct {
    enum value value;
    const char *family;
} values[] = {
    {VALUE_NUM, "weir_window_num"},
    {VALUE_DEN, "weir_window_den"},
    {VALUE_UP, "weir_window_up_seconds"},
    {VALUE_DOWN, "weir_window_down_seconds"},
    {VALUE_UNKNOWN, "weir_window_unknown_seconds"},
    {VALUE_MAINTENANCE, "weir_window_maintenance_seconds"},
};

static void put_value(struct scrape *scrape, const struct shown *shown, size_t which)
{
    const struct weir_label labels[] = {{"gauge", shown->gauge->name},
                                        {"class", shown->row->class_name},
                                        {"window", shown->which},
                                        {NULL, NULL}};
    const struct weir_availability *time = &shown->row->availability;
    const char *family = values[which].family;
    bool is_time = shown->gauge->kind == WEIR_GAUGE_AVAILABILITY;
    switch (values[which].value) {
    case VALUE_NUM:
        weir_exposition_i64(&scrape->out, family, labels, (int64_t)shown->row->verdict.ratio.num);
        return;
    case VALUE_DEN:
        weir_exposition_i64(&scrape->out, family, labels, (int64_t)shown->row->verdict.ratio.den);
        return;
    case VALUE_UP:
        if (is_time)
            weir_exposition_ms(&scrape->out, family, labels, (int64_t)time->up_ms);
        return;
    case VALUE_DOWN:
        if (is_time)
            weir_exposition_ms(&scrape->out, family, labels, (int64_t)time->down_ms);
        return;
    case VALUE_UNKNOWN:
        if (is_time)
            weir_exposition_ms(&scrape->out, family, labels, (int64_t)time->unknown_ms);
        return;
    case VALUE_MAINTENANCE:
        if (is_time)
            weir_exposition_ms(&scrape->out, family, labels, (int64_t)time->maintenance_ms);
        return;
    }
}

static void put_verdicts(struct scrape *scrape)
{
    static const enum weir_judgement judgements[] = {WEIR_JUDGEMENT_MET, WEIR_JUDGEMENT_BREACHED,
                                                     WEIR_JUDGEMENT_INSUFFICIENT,
                                                     WEIR_JUDGEMENT_NO_DATA};
    weir_exposition_family(&scrape->out, "weir_window_verdict");
    for (size_t i = 0; i < scrape->shown_count; i++) {
        const struct shown *shown = &scrape->shown[i];
        for (size_t k = 0; k < sizeof(judgements) / sizeof(judgements[0]); k++) {
            const struct weir_label labels[] = {{"gauge", shown->gauge->name},
                                                {"class", shown->row->class_name},
                                                {"window", shown->which},
                                                {"verdict", weir_judgement_name(judgements[k])},
                                                {NULL, NULL}};
            weir_exposition_i64(&scrape->out, "weir_window_verdict", labels,
                                shown->row->verdict.judgement == judgements[k]);
        }
    }
}

static void put_budgets(struct scrape *scrape)
{
    static const char family[] = "weir_window_budget_seconds";
    weir_exposition_family(&scrape->out, family);
    for (size_t i = 0; i < scrape->shown_count; i++) {
        const struct shown *shown = &scrape->shown[i];
        uint64_t length_ms = weir_interval_ms(shown->row->window);
        uint64_t off_ms = shown->row->availability.maintenance_ms;
        if (shown->gauge->kind != WEIR_GAUGE_AVAILABILITY || off_ms > length_ms)
            continue;
        const struct weir_label labels[] = {
            {"gauge", shown->gauge->name}, {"window", shown->which}, {NULL, NULL}};
        weir_exposition_ms(&scrape->out, family, labels,
                           (int64_t)weir_budget_ms_floor(length_ms - off_ms, shown->gauge->target));
    }
}

static void put_targets(struct scrape *scrape)
{
    const struct weir_config *config = scrape->api->worker.config;
    for (int is_den = 0; is_den < 2; is_den++) {
        const char *family = is_den ? "weir_target_den" : "weir_target_num";
        weir_exposition_family(&scrape->out, family);
        for (size_t i = 0; i < config->gauge_count; i++) {
            const struct weir_gauge *gauge = &config->gauges[i].definition;
            const struct weir_label labels[] = {{"gauge", gauge->name}, {NULL, NULL}};
            weir_exposition_i64(&scrape->out, family, labels,
                                (int64_t)(is_den ? gauge->target.den : gauge->target.num));
        }
    }
}

static enum weir_err put_logs(struct scrape *scrape)
{
    struct weir_log *logs = NULL;
    size_t count = 0;
    enum weir_err err = weir_log_list(scrape->api->worker.store, scrape->scope, &logs, &count);
    if (err != WEIR_OK)
        return err;
    weir_exposition_family(&scrape->out, "weir_log_leaves");
    for (size_t i = 0; i < count; i++) {
        const struct weir_label labels[] = {{"gauge", logs[i].gauge}, {NULL, NULL}};
        if (logs[i].is_own)
            weir_exposition_i64(&scrape->out, "weir_log_leaves", labels,
                                (int64_t)logs[i].head.size);
    }
    weir_exposition_family(&scrape->out, "weir_source_age_seconds");
    for (size_t i = 0; i < count; i++) {
        const struct weir_label labels[] = {{"gauge", logs[i].gauge}, {NULL, NULL}};
        if (logs[i].is_own && logs[i].last_tick_ms >= 0)
            weir_exposition_ms(&scrape->out, "weir_source_age_seconds", labels,
                               scrape->now_ms - logs[i].last_tick_ms);
    }
    return WEIR_OK;
}

static enum weir_err put_gauges(struct scrape *scrape)
{
    enum weir_err err = WEIR_OK;
    for (size_t i = 0; err == WEIR_OK && i < scrape->api->worker.config->gauge_count; i++)
        err = collect_gauge(scrape, i);
    if (err != WEIR_OK)
        return err;
    for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
        weir_exposition_family(&scrape->out, values[v].family);
        for (size_t i = 0; i < scrape->shown_count; i++)
            put_value(scrape, &scrape->shown[i], v);
    }
    put_verdicts(scrape);
    put_budgets(scrape);
    put_targets(scrape);
    return put_logs(scrape);
}

/* --- alarms and money ------------------------------------------------------------------------- */

static void put_kill(struct scrape *scrape, const char *gauge, const char *class_name, bool is_on)
{
    const struct weir_label labels[] = {{"gauge", gauge}, {"class", class_name}, {NULL, NULL}};
    weir_exposition_i64(&scrape->out, "weir_kill_signal", labels, is_on);
}

/* Latched classes with 1, each once; the sum of all classes always. */
static void put_gauge_kills(struct scrape *scrape,
                            const struct weir_gauge *gauge,
                            const struct weir_kill_row *rows,
                            size_t count)
{
    bool has_sum = false;
    for (size_t i = 0; i < count; i++) {
        bool is_new = rows[i].acked_ms < 0;
        for (size_t k = 0; is_new && k < i; k++)
            is_new = rows[k].acked_ms >= 0 || strcmp(rows[k].class_name, rows[i].class_name) != 0;
        if (!is_new)
            continue;
        put_kill(scrape, gauge->name, rows[i].class_name, true);
        has_sum = has_sum || strcmp(rows[i].class_name, WEIR_CLASS_ALL) == 0;
    }
    if (!has_sum)
        put_kill(scrape, gauge->name, WEIR_CLASS_ALL, false);
}

static enum weir_err put_kills(struct scrape *scrape)
{
    const struct weir_worker *worker = &scrape->api->worker;
    weir_exposition_family(&scrape->out, "weir_kill_signal");
    for (size_t g = 0; g < worker->config->gauge_count; g++) {
        const struct weir_gauge *gauge = &worker->config->gauges[g].definition;
        struct weir_kill_row *rows = NULL;
        size_t count = 0;
        if (gauge->kind != WEIR_GAUGE_OTIF || gauge->otif.kill_rule == WEIR_KILL_NONE)
            continue;
        enum weir_err err =
            weir_kill_list(worker->store, scrape->scope, worker->log_ids[g], &rows, &count);
        if (err != WEIR_OK)
            return err;
        put_gauge_kills(scrape, gauge, rows, count);
    }
    return WEIR_OK;
}

static enum weir_err put_payouts(struct scrape *scrape)
{
    struct weir_intent *intents = NULL;
    size_t count = 0;
    int64_t oldest_ms = scrape->now_ms;
    enum weir_err err = weir_intent_list(scrape->api->worker.store, scrape->scope, 0, INTENTS_MAX,
                                         &intents, &count);
    if (err != WEIR_OK)
        return err;
    weir_exposition_family(&scrape->out, "weir_payouts");
    for (int state = WEIR_INTENT_OPEN; state <= WEIR_INTENT_SUPERSEDED; state++) {
        int64_t in_state = 0;
        for (size_t i = 0; i < count; i++)
            in_state += (int)intents[i].state == state;
        const struct weir_label labels[] = {
            {"state", weir_intent_state_name((enum weir_intent_state)state)}, {NULL, NULL}};
        weir_exposition_i64(&scrape->out, "weir_payouts", labels, in_state);
    }
    for (size_t i = 0; i < count; i++)
        if ((intents[i].state == WEIR_INTENT_OPEN || intents[i].state == WEIR_INTENT_HELD) &&
            intents[i].made_ms < oldest_ms)
            oldest_ms = intents[i].made_ms;
    weir_exposition_family(&scrape->out, "weir_payout_oldest_open_seconds");
    weir_exposition_ms(&scrape->out, "weir_payout_oldest_open_seconds", NULL,
                       scrape->now_ms - oldest_ms);
    return WEIR_OK;
}

static enum weir_err put_equivocations(struct scrape *scrape)
{
    struct weir_equivocation_row *rows = NULL;
    size_t count = 0;
    enum weir_err err =
        weir_equivocation_list(scrape->api->worker.store, scrape->scope, &rows, &count);
    if (err != WEIR_OK)
        return err;
    weir_exposition_family(&scrape->out, "weir_equivocations");
    weir_exposition_i64(&scrape->out, "weir_equivocations", NULL, (int64_t)count);
    return WEIR_OK;
}

/* --- the handler ------------------------------------------------------------------------------ */

enum weir_err weir_api_metrics(struct weir_api *api,
                               struct weir_scope *scope,
                               const struct weir_api_request *request,
                               struct weir_api_answer *answer)
{
    struct scrape scrape = {.api = api, .scope = scope, .now_ms = weir_clock_now()};
    struct weir_slice text = {NULL, 0};
    bool is_openmetrics =
        weir_exposition_wants_openmetrics(weir_api_header(request, MHD_HTTP_HEADER_ACCEPT));
    weir_exposition_begin(&scrape.out, scope, is_openmetrics, BYTES_MAX);
    put_build(&scrape);
    put_files(&scrape);
    enum weir_err err = put_health(&scrape);
    if (err == WEIR_OK)
        err = put_status_rows(&scrape);
    if (err == WEIR_OK)
        err = put_gauges(&scrape);
    if (err == WEIR_OK)
        err = put_kills(&scrape);
    if (err == WEIR_OK)
        err = put_payouts(&scrape);
    if (err == WEIR_OK)
        err = put_equivocations(&scrape);
    if (err == WEIR_OK)
        err = weir_exposition_end(&scrape.out, &text);
    if (err != WEIR_OK)
        return err;
    *answer = (struct weir_api_answer){.status = MHD_HTTP_OK,
                                       .content_type = is_openmetrics ? WEIR_EXPOSITION_OPENMETRICS
                                                                      : WEIR_EXPOSITION_TEXT,
                                       .body = text};
    return WEIR_OK;
}
